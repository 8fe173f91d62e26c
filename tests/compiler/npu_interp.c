/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The interpreter of the IR for tests. Values are kept as the registers they would take, 32 dwords
 * each; an SSA value has registers of its own, so that both forms of the IR are read and written in
 * the same way.
 */
#include "npu_interp.h"

#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_sem.h"
#include "npu_passes.h"

/* Address of the argument block, which ends with the 4 GiB it is in. */
#define ARGS (1ull << 32)

typedef uint32_t vreg[NPU_WAVE_SIZE];

struct machine {
   const struct npu_shader *shader;
   struct npu_interp_state *state;
   vreg *regs;      /* SSA form: of all values; register form: of the files */
   uint32_t *first; /* SSA form: first register of each value */
   uint32_t exec;
   uint64_t seed, poison;
   uint8_t args[NPU_INTERP_MEM_B]; /* the argument block: nobody can write it */
   uint8_t lost;
   const struct npu_block *came_from;
};

static uint64_t
mix(uint64_t x)
{
   x ^= x >> 33;
   x *= 0xff51afd7ed558ccdull;
   x ^= x >> 33;
   x *= 0xc4ceb9fe1a85ec53ull;
   return x ^ x >> 33;
}

static uint64_t
next_poison(struct machine *m)
{
   return m->poison = mix(m->poison + 0x9e3779b97f4a7c15ull);
}

/* ---- registers ---- */

static vreg *
registers(struct machine *m, struct npu_ref ref)
{
   if (npu_is_ssa(ref))
      return m->regs + m->first[ref.value];

   static const unsigned base[NPU_NUM_FILES] = {0, NPU_NUM_VREGS, NPU_NUM_VREGS + NPU_NUM_SREGS};
   return m->regs + base[ref.file] + ref.value;
}

/* Component c of lane `lane`, all bits of the register(s). */
static uint64_t
read_lane(struct machine *m, struct npu_ref ref, unsigned c, unsigned lane)
{
   vreg *regs = registers(m, ref);

   switch (ref.file) {
   case NPU_FILE_V:
      if (ref.bits != 64)
         return regs[c][lane];
      vreg *half = &regs[2 * c + lane / 16];
      return (*half)[lane % 16 * 2] | (uint64_t)(*half)[lane % 16 * 2 + 1] << 32;
   case NPU_FILE_S:
      return regs[c][0] | (uint64_t)regs[c][1] << 32;
   case NPU_FILE_M:
      return regs[c][0];
   case NPU_NUM_FILES:
      break;
   }
   unreachable("no such file");
}

static void
write_lane(struct machine *m, struct npu_ref ref, unsigned c, unsigned lane, uint64_t value)
{
   vreg *regs = registers(m, ref);

   switch (ref.file) {
   case NPU_FILE_V:
      if (ref.bits != 64) {
         regs[c][lane] = value;
      } else {
         vreg *half = &regs[2 * c + lane / 16];
         (*half)[lane % 16 * 2] = value;
         (*half)[lane % 16 * 2 + 1] = value >> 32;
      }
      break;
   case NPU_FILE_S:
      regs[c][0] = value;
      regs[c][1] = value >> 32;
      break;
   case NPU_FILE_M:
      regs[c][0] = value;
      break;
   case NPU_NUM_FILES:
      break;
   }
}

/* A source operand in a lane; masks give all their bits. */
static uint64_t
read_src(struct machine *m, struct npu_ref ref, unsigned c, unsigned lane)
{
   switch (ref.kind) {
   case NPU_REF_SSA:
   case NPU_REF_REG:
      return read_lane(m, ref, c, lane);
   case NPU_REF_IMM:
      return ref.imm;
   case NPU_REF_EXEC:
      return m->exec;
   case NPU_REF_UNDEF:
      return next_poison(m) & (ref.bits < 64 ? (1ull << ref.bits) - 1 : ~0ull);
   case NPU_REF_NULL:
      return 0;
   }
   unreachable("no such operand");
}

static bool
active(const struct machine *m, unsigned lane)
{
   return m->exec >> lane & 1;
}

/* ---- memory ---- */

static bool
is_argument(unsigned space, uint64_t address)
{
   return space != NPU_SPACE_LOCAL && space != NPU_SPACE_PRIVATE && address >> 32 == ARGS >> 32;
}

static uint8_t *
byte_at(struct machine *m, unsigned space, uint64_t address, unsigned lane)
{
   unsigned at = address % NPU_INTERP_MEM_B;

   if (is_argument(space, address)) {
      m->lost = m->args[at];
      return &m->lost;
   }

   switch (space) {
   case NPU_SPACE_LOCAL:
      return &m->state->local[at];
   case NPU_SPACE_PRIVATE:
      return &m->state->private_mem[lane][address % NPU_INTERP_PRIVATE_B];
   default:
      return &m->state->global[at];
   }
}

static uint64_t
lane_address(struct machine *m, const struct npu_instr *instr, unsigned lane)
{
   uint64_t base = read_src(m, instr->src[NPU_MEM_BASE], 0, lane);
   uint64_t index = read_src(m, instr->src[NPU_MEM_INDEX], 0, lane);
   unsigned size_B = instr->count << instr->width_log2;

   switch (npu_ir_op_info(instr->op)->format) {
   case NPU_FORMAT_MEM_U:
      return base + instr->imm + (instr->space == NPU_SPACE_PRIVATE ? 0 : lane * size_B);
   case NPU_FORMAT_MEM_X:
      return base + instr->imm + lane * index;
   case NPU_FORMAT_MEM_O:
   case NPU_FORMAT_ATOM_O:
      index = instr->sx ? (uint64_t)(int32_t)index : (uint32_t)index;
      return base + (index << instr->scale_log2) + instr->imm;
   case NPU_FORMAT_MEM_A:
   case NPU_FORMAT_ATOM_A:
      return index + instr->imm;
   default: /* s, w */
      return base + instr->imm;
   }
}

/* Loaded values: written to the destination when all lanes have read their sources. */
typedef uint64_t loaded[NPU_WAVE_SIZE][NPU_MAX_COMPS];

static void
access_lane(struct machine *m, const struct npu_instr *instr, unsigned lane, loaded values)
{
   bool store = npu_ir_op_info(instr->op)->is_store;
   unsigned width_B = 1u << instr->width_log2;
   uint64_t address = lane_address(m, instr, lane);

   for (unsigned c = 0; c < instr->count; ++c) {
      uint64_t value = store ? read_src(m, instr->src[NPU_MEM_DATA], c, lane) : 0;

      for (unsigned i = 0; i < width_B; ++i) {
         uint8_t *byte = byte_at(m, instr->space, address + c * width_B + i, lane);
         if (store)
            *byte = value >> 8 * i;
         else
            value |= (uint64_t)*byte << 8 * i;
      }
      values[lane][c] = value;
   }
}

/* Inactive lanes of a result: the old value, or undefined. In register form the old value is there.
 */
static void
finish_inactive(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref dest = instr->dest[0];
   int tied = npu_instr_tied_src(instr);

   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
      for (unsigned c = 0; c < dest.comps && !active(m, lane); ++c) {
         uint64_t value = tied >= 0 ? read_src(m, instr->src[tied], c, lane) : next_poison(m);
         if (tied < 0 && dest.bits < 64)
            value &= (1ull << dest.bits) - 1;
         write_lane(m, dest, c, lane, value);
      }
   }
}

static void
run_memory(struct machine *m, const struct npu_instr *instr)
{
   enum npu_format format = npu_ir_op_info(instr->op)->format;
   bool scalar = format == NPU_FORMAT_MEM_S, whole = format == NPU_FORMAT_MEM_W;
   loaded values;

   if (scalar) {
      if (instr->num_dests || m->exec || instr->space == NPU_SPACE_PRIVATE)
         access_lane(m, instr, 0, values);
   }
   for (unsigned lane = 0; lane < NPU_WAVE_SIZE && !scalar; ++lane) {
      if (active(m, lane) || whole)
         access_lane(m, instr, lane, values);
   }
   if (instr->num_dests == 0)
      return;
   for (unsigned lane = 0; lane < (scalar ? 1 : NPU_WAVE_SIZE); ++lane) {
      for (unsigned c = 0; c < instr->count && (active(m, lane) || whole || scalar); ++c)
         write_lane(m, instr->dest[0], c, lane, values[lane][c]);
   }
   if (!scalar && !whole)
      finish_inactive(m, instr);
}

/* Integer addition and exchange stand for all atomics. */
static void
run_atomic(struct machine *m, const struct npu_instr *instr)
{
   unsigned width_B = npu_ir_op_info(instr->op)->dst.bits / 8;
   uint64_t olds[NPU_WAVE_SIZE];

   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
      if (!active(m, lane))
         continue;
      uint64_t address = lane_address(m, instr, lane), old = 0;
      uint64_t data = read_src(m, instr->src[NPU_MEM_DATA], 0, lane);
      for (unsigned i = 0; i < width_B; ++i)
         old |= (uint64_t)*byte_at(m, instr->space, address + i, lane) << 8 * i;
      uint64_t value = instr->op == NPU_OP_ATOM_IADD_O_I32 || instr->op == NPU_OP_ATOM_IADD_A_I32
                          ? old + data
                          : data;
      for (unsigned i = 0; i < width_B; ++i)
         *byte_at(m, instr->space, address + i, lane) = value >> 8 * i;
      olds[lane] = old;
   }
   for (unsigned lane = 0; lane < NPU_WAVE_SIZE && instr->num_dests; ++lane) {
      if (active(m, lane))
         write_lane(m, instr->dest[0], 0, lane, olds[lane]);
   }
   if (instr->num_dests)
      finish_inactive(m, instr);
}

/* ---- ALU ---- */

static struct npu_inst
modifiers(const struct npu_instr *instr)
{
   struct npu_inst mods = {.round = instr->round, .sat = instr->sat};

   for (unsigned s = 0; s < instr->num_srcs && s < NPU_MAX_SRCS; ++s) {
      mods.neg |= instr->src[s].neg << s;
      mods.abs |= instr->src[s].abs << s;
   }
   return mods;
}

static uint64_t
eval(struct machine *m, const struct npu_instr *instr, unsigned lane)
{
   struct npu_inst mods = modifiers(instr);
   uint64_t src[3] = {0}, result = 0;
   unsigned num = npu_ir_op_info(instr->op)->num_srcs;
   bool lane_op = instr->dest[0].kind != NPU_REF_EXEC &&
                  (instr->dest[0].file == NPU_FILE_V || npu_ir_op_info(instr->op)->compare);

   for (unsigned s = 0; s < num; ++s) {
      src[s] = read_src(m, instr->src[s], 0, lane);
      /* Only sel reads a mask in a lane operation. */
      if (lane_op && npu_src_info(instr, s)->kind == NPU_KIND_MASK &&
          (instr->src[s].kind == NPU_REF_EXEC || instr->src[s].file == NPU_FILE_M))
         src[s] = src[s] >> lane & 1;
   }
   if (!npu_sem_eval(instr->op, &mods, src, &result)) {
      fprintf(stderr, "the test interpreter does not know this operation:\n");
      npu_print_instr(stderr, instr);
      abort();
   }
   return result;
}

static bool
all_lanes(const struct npu_instr *instr)
{
   return instr->op == NPU_OP_MOV_B32 || instr->op == NPU_OP_MOV_B64 ||
          instr->op == NPU_OP_SEL_B32 || instr->op == NPU_OP_SEL_B64;
}

static void
write_mask(struct machine *m, struct npu_ref dest, uint32_t value)
{
   if (dest.kind == NPU_REF_EXEC)
      m->exec = value;
   else
      write_lane(m, dest, 0, 0, value);
}

static void
run_vector_alu(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref dest = instr->dest[0];
   uint64_t results[NPU_WAVE_SIZE];

   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
      results[lane] = eval(m, instr, lane);
   bool all = all_lanes(instr) && !instr->masked;
   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
      if (active(m, lane) || all)
         write_lane(m, dest, 0, lane, results[lane]);
   }
   if (!all)
      finish_inactive(m, instr);
}

static void
run_alu(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref dest = instr->dest[0];

   if (dest.file == NPU_FILE_S) {
      write_lane(m, dest, 0, 0, eval(m, instr, 0));
   } else if (dest.file == NPU_FILE_V) {
      run_vector_alu(m, instr);
   } else {
      uint32_t result = 0;
      if (npu_ir_op_info(instr->op)->compare) {
         for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
            result |= (uint32_t)(eval(m, instr, lane) & active(m, lane)) << lane;
      } else {
         result = eval(m, instr, 0);
      }
      if (instr->masked) {
         uint32_t old = read_src(m, instr->src[instr->num_srcs - 1], 0, 0);
         result = (result & m->exec) | (old & ~m->exec);
      }
      write_mask(m, dest, result);
   }
}

/* ---- others ---- */

static void
run_rdsr(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref dest = instr->dest[0];

   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
      uint64_t value = mix(m->seed + instr->sr_or_code) & 0xff;
      if (instr->sr_or_code == NPU_SR_ARGS)
         value = ARGS;
      if (dest.file == NPU_FILE_V)
         value = instr->sr_or_code == NPU_SR_LANE_ID ? lane : (value + 7 * lane) & 0xffff;
      write_lane(m, dest, 0, lane, value);
   }
   if (dest.file == NPU_FILE_V)
      finish_inactive(m, instr);
}

static void
run_cross_lane(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref dest = instr->dest[0];
   unsigned lane = 0;
   uint64_t values[NPU_WAVE_SIZE];

   switch (instr->op) {
   case NPU_OP_READFIRST_B32:
   case NPU_OP_READFIRST_B64:
      while (lane < 31 && m->exec && !active(m, lane))
         ++lane;
      write_lane(m, dest, 0, 0, read_src(m, instr->src[0], 0, m->exec ? lane : 0));
      break;
   case NPU_OP_READLANE_B32:
   case NPU_OP_READLANE_B64:
      lane = read_src(m, instr->src[1], 0, 0) % NPU_WAVE_SIZE;
      write_lane(m, dest, 0, 0, read_src(m, instr->src[0], 0, lane));
      break;
   case NPU_OP_SHUFFLE_B32:
   case NPU_OP_SHUFFLE_B64:
      for (lane = 0; lane < NPU_WAVE_SIZE; ++lane)
         values[lane] = read_src(m, instr->src[0], 0,
                                 read_src(m, instr->src[1], 0, lane) % NPU_WAVE_SIZE);
      for (lane = 0; lane < NPU_WAVE_SIZE; ++lane)
         write_lane(m, dest, 0, lane, values[lane]);
      finish_inactive(m, instr);
      break;
   default:
      unreachable("not a cross-lane operation of the tests");
   }
}

/* dest[d] <- src[s], all at once, whole values. */
static void
run_copies(struct machine *m, const struct npu_ref *dest, const struct npu_ref *src, unsigned count)
{
   uint64_t(*values)[NPU_MAX_COMPS][NPU_WAVE_SIZE] = malloc(count * sizeof(*values));

   for (unsigned i = 0; i < count; ++i) {
      for (unsigned c = 0; c < dest[i].comps; ++c) {
         for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
            values[i][c][lane] = read_src(m, src[i], c, lane);
      }
   }
   for (unsigned i = 0; i < count; ++i) {
      for (unsigned c = 0; c < dest[i].comps && !npu_is_null(dest[i]); ++c) {
         for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
            write_lane(m, dest[i], c, lane, values[i][c][lane]);
      }
   }
   free(values);
}

static void
run_collect_split(struct machine *m, const struct npu_instr *instr)
{
   uint64_t values[NPU_MAX_COMPS][NPU_WAVE_SIZE];
   bool collect = instr->op == NPU_OP_COLLECT;
   unsigned comps = collect ? instr->num_srcs : instr->num_dests;

   for (unsigned c = 0; c < comps; ++c) {
      for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
         values[c][lane] = collect ? read_src(m, instr->src[c], 0, lane)
                                   : read_src(m, instr->src[0], c, lane);
   }
   for (unsigned c = 0; c < comps; ++c) {
      for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
         if (collect)
            write_lane(m, instr->dest[0], c, lane, values[c][lane]);
         else if (!npu_is_null(instr->dest[c]))
            write_lane(m, instr->dest[c], 0, lane, values[c][lane]);
      }
   }
}

static void
run_unit_test(struct machine *m, const struct npu_instr *instr)
{
   uint64_t *trace = &m->state->trace;

   npu_foreach_src(instr, s) {
      struct npu_ref src = instr->src[s];
      for (unsigned c = 0; c < src.comps; ++c) {
         for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane) {
            if (src.file == NPU_FILE_V && !active(m, lane))
               continue;
            uint64_t value = read_src(m, src, c, lane);
            if (src.file == NPU_FILE_M)
               value &= m->exec;
            *trace = mix(*trace ^ value ^ lane);
         }
      }
   }
   *trace = mix(*trace ^ m->exec);
}

static void
run_pseudo(struct machine *m, const struct npu_instr *instr)
{
   struct npu_ref swapped[2];

   switch (instr->op) {
   case NPU_OP_COLLECT:
   case NPU_OP_SPLIT:
      run_collect_split(m, instr);
      break;
   case NPU_OP_PARALLEL_COPY:
      run_copies(m, instr->dest, instr->src, instr->num_dests);
      break;
   case NPU_OP_SWAP:
      swapped[0] = instr->src[1];
      swapped[1] = instr->src[0];
      run_copies(m, instr->dest, swapped, 2);
      break;
   case NPU_OP_SPILL:
   case NPU_OP_FILL: {
      /* As npu_lower_pseudo() lowers them, at the top of private memory. */
      struct npu_ref ref = instr->op == NPU_OP_FILL ? instr->dest[0] : instr->src[0];
      for (unsigned lane = 0; lane < (ref.file == NPU_FILE_V ? NPU_WAVE_SIZE : 1u); ++lane) {
         unsigned width_B = ref.file == NPU_FILE_S || ref.bits == 64 ? 8 : 4;
         for (unsigned c = 0; c < ref.comps; ++c) {
            uint64_t value = 0;
            unsigned at = m->shader->info.private_size_B + instr->imm * 4 + c * width_B;
            if (instr->op == NPU_OP_FILL) {
               memcpy(&value, &m->state->private_mem[lane][at], width_B);
               write_lane(m, ref, c, lane, value);
            } else {
               value = read_src(m, ref, c, lane);
               memcpy(&m->state->private_mem[lane][at], &value, width_B);
            }
         }
      }
      break;
   }
   case NPU_OP_UNIT_TEST:
      run_unit_test(m, instr);
      break;
   default:
      unreachable("phis are executed on entry to their block");
   }
}

static void
run_instr(struct machine *m, const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   if (npu_op_is_pseudo(instr->op))
      run_pseudo(m, instr);
   else if (info->is_atomic)
      run_atomic(m, instr);
   else if (info->is_memory)
      run_memory(m, instr);
   else if (info->is_special)
      run_rdsr(m, instr);
   else if (info->cross_lane && instr->num_dests)
      run_cross_lane(m, instr);
   else if (instr->num_dests)
      run_alu(m, instr);
}

static bool
branch_taken(struct machine *m, const struct npu_instr *instr)
{
   uint64_t cond = read_src(m, instr->src[0], 0, 0);

   return (instr->op == NPU_OP_BR_ANY || instr->op == NPU_OP_BR_NZ) == (cond != 0);
}

static void
enter_block(struct machine *m, const struct npu_block *block)
{
   struct npu_ref dest[256], src[256];
   unsigned n = 0;

   npu_foreach_instr_in_block(block, phi) {
      if (phi->op != NPU_OP_PHI)
         break;
      assert(n < ARRAY_SIZE(dest) && "few phis");
      dest[n] = phi->dest[0];
      src[n++] = phi->src[npu_block_pred_index(block, m->came_from)];
   }
   run_copies(m, dest, src, n);
}

static const struct npu_block *
run_block(struct machine *m, const struct npu_block *block, unsigned max_steps)
{
   enter_block(m, block);
   npu_foreach_instr_in_block(block, instr) {
      if (instr->op == NPU_OP_PHI)
         continue;
      if (++m->state->steps > max_steps) {
         m->state->overran = true;
         return NULL;
      }
      if (instr->op == NPU_OP_END)
         return NULL;
      if (instr->op == NPU_OP_JMP)
         return instr->target;
      if (npu_instr_is_cond_branch(instr)) {
         if (branch_taken(m, instr))
            return instr->target;
         continue;
      }
      run_instr(m, instr);
   }
   return npu_next_block(m->shader, block);
}

static void
init_memory(struct npu_interp_state *state, uint64_t seed)
{
   memset(state, 0, sizeof(*state));
   for (unsigned i = 0; i < NPU_INTERP_MEM_B; ++i) {
      state->global[i] = mix(seed + i);
      state->local[i] = mix(seed * 3 + i);
   }
}

void
npu_interp_run(const struct npu_shader *shader, uint64_t seed, uint64_t poison, unsigned max_steps,
               unsigned kernel_private_B, struct npu_interp_state *state)
{
   struct machine m = {.shader = shader, .state = state, .seed = seed, .poison = poison};
   unsigned num_regs = NPU_NUM_VREGS + NPU_NUM_SREGS + NPU_NUM_MREGS;

   init_memory(state, seed);
   for (unsigned i = 0; i < NPU_INTERP_MEM_B; ++i)
      m.args[i] = mix(seed * 5 + i);
   m.exec = seed % 3 ? UINT32_MAX : (uint32_t)mix(seed);
   if (shader->is_ssa) {
      m.first = malloc((shader->num_values + 1) * sizeof(*m.first));
      num_regs = 0;
      for (unsigned v = 0; v < shader->num_values; ++v) {
         m.first[v] = num_regs;
         num_regs += npu_value_regs(&shader->values[v]);
      }
   }
   m.regs = malloc((num_regs + 1) * sizeof(vreg));
   for (unsigned r = 0; r < num_regs; ++r) {
      for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
         m.regs[r][lane] = next_poison(&m);
   }

   const struct npu_block *block = npu_first_block(shader);
   while (block) {
      const struct npu_block *next = run_block(&m, block, max_steps);
      m.came_from = block;
      block = next;
   }
   for (unsigned lane = 0; lane < NPU_WAVE_SIZE; ++lane)
      memset(state->private_mem[lane] + kernel_private_B, 0,
             NPU_INTERP_PRIVATE_B - kernel_private_B);
   free(m.first);
   free(m.regs);
}
