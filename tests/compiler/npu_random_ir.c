/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Random programs in the shape that instruction selection gives: uniform branches and counted loops
 * with phis in all files, divergent ifs and loops with exec and sel, vectors of all sizes, memory.
 *
 * What a divergent region computes is out of scope behind it, except through sel with a value from
 * before: its inactive lanes are undefined. Uniform control flow and readfirst stay out of regions
 * that may run with exec = 0.
 */
#include "npu_random_ir.h"

#include <stdlib.h>

#include "npu_builder.h"

#define MAX_LIVE 4096
#define MAX_PHIS 24 /* of a loop: more than a small register file holds */

struct scope {
   struct npu_ref value[MAX_LIVE];
   unsigned count;
};

struct generator {
   struct npu_builder b;
   uint64_t state;
   unsigned left; /* instructions still to be made */
   unsigned depth, loop_depth;
   bool may_be_empty; /* exec may be 0 here */
   struct scope scope;
};

static uint32_t
rnd(struct generator *g, uint32_t bound)
{
   g->state = g->state * 6364136223846793005ull + 1442695040888963407ull;
   return (uint32_t)((g->state >> 33) % bound);
}

static struct npu_ref
add(struct generator *g, struct npu_ref value)
{
   if (g->scope.count < MAX_LIVE)
      g->scope.value[g->scope.count++] = value;
   return value;
}

/* A value in scope of this type, recent ones preferred; a new constant if there is none. */
static struct npu_ref
pick(struct generator *g, enum npu_file file, unsigned bits, unsigned comps)
{
   unsigned window = rnd(g, 4) ? 24 : MAX_LIVE;

   for (unsigned tries = 0; tries < 60; ++tries) {
      unsigned back = rnd(g, MIN2(window, g->scope.count));
      struct npu_ref v = g->scope.value[g->scope.count - 1 - back];
      if (v.file == file && v.bits == bits && v.comps == comps)
         return v;
   }
   if (comps > 1) {
      struct npu_ref parts[NPU_MAX_COMPS];
      for (unsigned i = 0; i < comps; ++i)
         parts[i] = pick(g, file, bits, 1);
      return add(g, npu_build_collect(&g->b, parts, comps));
   }
   if (file == NPU_FILE_M)
      return add(g, npu_ucmp_lt_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), npu_imm(rnd(g, 1000))));
   return add(g, npu_build_copy(&g->b, file, bits, npu_imm(rnd(g, 200) - 100)));
}

static struct npu_ref
source(struct generator *g, enum npu_file file, unsigned bits)
{
   unsigned choice = rnd(g, 10);

   if (choice == 0)
      return npu_imm(rnd(g, 128) - 64);
   if (file == NPU_FILE_V && choice < 4)
      return pick(g, NPU_FILE_S, bits, 1);
   return pick(g, file, bits, 1);
}

static enum npu_file
any_alu_file(struct generator *g)
{
   return rnd(g, 4) ? NPU_FILE_V : NPU_FILE_S;
}

static void
alu_instr(struct generator *g)
{
   static const uint16_t ops32[] = {
      NPU_OP_IADD_I32, NPU_OP_ISUB_I32, NPU_OP_IMUL_I32, NPU_OP_IXOR_I32,
      NPU_OP_IAND_I32, NPU_OP_IOR_I32,  NPU_OP_INOT_I32, NPU_OP_INEG_I32,
      NPU_OP_UMIN_I32, NPU_OP_ISHL_I32, NPU_OP_USHR_I32, NPU_OP_IMAD_I32,
   };
   static const uint16_t ops64[] = {NPU_OP_IADD_I64, NPU_OP_ISUB_I64, NPU_OP_IXOR_I64,
                                    NPU_OP_IMAD_I64, NPU_OP_UMAX_I64};
   bool wide = rnd(g, 4) == 0;
   unsigned op = wide ? ops64[rnd(g, ARRAY_SIZE(ops64))] : ops32[rnd(g, ARRAY_SIZE(ops32))];
   const struct npu_op_info *info = npu_ir_op_info(op);
   enum npu_file file = any_alu_file(g);
   struct npu_ref srcs[3];

   for (unsigned s = 0; s < info->num_srcs; ++s)
      srcs[s] = source(g, file, info->src[s].bits);
   add(g, npu_build_alu(&g->b, op, file, srcs, info->num_srcs));
}

/* Floats are made of converted integers: a NaN is then always the result of a float operation, and
 * all of those give the same one. (Of NaNs made of arbitrary bits the ISA promises neither sign nor
 * payload.)
 */
static struct npu_ref
float_expression(struct generator *g, enum npu_file file, unsigned depth)
{
   static const uint16_t ops[] = {NPU_OP_FADD_F32, NPU_OP_FSUB_F32, NPU_OP_FMUL_F32,
                                  NPU_OP_FFMA_F32, NPU_OP_FMOV_F32, NPU_OP_FMIN_F32};
   static const float constants[] = {0.0f, -0.0f, 1.0f, -1.0f, 2.5f, 1e30f};
   unsigned op = ops[rnd(g, ARRAY_SIZE(ops))];
   struct npu_ref srcs[3];

   if (depth == 0) {
      struct npu_ref src = pick(g, file, 32, 1);
      return npu_build_alu(&g->b, NPU_OP_CVT_F32_I32, file, &src, 1);
   }
   for (unsigned s = 0; s < npu_ir_op_info(op)->num_srcs; ++s) {
      if (rnd(g, 4) == 0) {
         srcs[s] = npu_imm_f32(constants[rnd(g, ARRAY_SIZE(constants))]);
         continue;
      }
      srcs[s] = float_expression(g, file, depth - 1);
      srcs[s].neg = rnd(g, 3) == 0;
      srcs[s].abs = rnd(g, 5) == 0;
   }
   return npu_build_alu(&g->b, op, file, srcs, npu_ir_op_info(op)->num_srcs);
}

static void
mixed_instr(struct generator *g)
{
   enum npu_file file = any_alu_file(g);

   switch (rnd(g, 17)) {
   case 0:
      add(g, npu_lo_b64(&g->b, pick(g, file, 64, 1)));
      break;
   case 1:
      add(g, npu_pack_b64(&g->b, pick(g, file, 32, 1), pick(g, file, 32, 1)));
      break;
   case 2: {
      struct npu_ref src = pick(g, NPU_FILE_S, 32, 1);
      add(g, npu_build_copy(&g->b, NPU_FILE_V, 32, src));
      break;
   }
   case 3:
      add(g, npu_icmp_lt_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), source(g, NPU_FILE_V, 32)));
      break;
   case 4:
      add(g, npu_mandn(&g->b, pick(g, NPU_FILE_M, 1, 1), pick(g, NPU_FILE_M, 1, 1)));
      break;
   case 5: {
      unsigned bits = rnd(g, 2) ? 32 : 64;
      struct npu_ref x = pick(g, NPU_FILE_V, bits, 1), y = source(g, NPU_FILE_V, bits);
      struct npu_ref cond = rnd(g, 3) ? pick(g, NPU_FILE_M, 1, 1) : npu_exec();
      add(g, npu_build_sel(&g->b, NPU_FILE_V, bits, cond, x, y));
      break;
   }
   case 6:
      add(g, npu_hi_b64(&g->b, pick(g, file, 64, 1)));
      break;
   case 7:
      add(g, npu_cvt_i64_i32(&g->b, pick(g, file, 32, 1)));
      break;
   case 8:
      add(g, npu_cvt_u64_u32(&g->b, pick(g, file, 32, 1)));
      break;
   case 9:
      /* Constants that are known to be some: food for folding. */
      add(g, npu_build_copy(&g->b, file, rnd(g, 2) ? 32 : 64, npu_imm(rnd(g, 40) - 4)));
      break;
   case 10:
      add(g, npu_mnot(&g->b, pick(g, NPU_FILE_M, 1, 1)));
      break;
   case 11: {
      struct npu_ref cond = npu_icmp_eq_i32(&g->b, pick(g, NPU_FILE_S, 32, 1), npu_imm(rnd(g, 2)));
      add(g, npu_build_sel(&g->b, file, 32, cond, pick(g, file, 32, 1), npu_imm(rnd(g, 9))));
      break;
   }
   case 12:
      add(g, npu_ishl_i64(&g->b, pick(g, file, 64, 1), npu_imm(rnd(g, 12))));
      break;
   case 13: {
      /* Bits of a scalar or a constant, one for each lane. */
      struct npu_ref bits = rnd(g, 3) ? pick(g, NPU_FILE_S, 32, 1) : npu_imm(rnd(g, 40) - 4);
      struct npu_ref mask = npu_mfroms(&g->b, bits);
      add(g, mask);
      add(g, npu_build_sel(&g->b, NPU_FILE_V, 32, mask, pick(g, NPU_FILE_V, 32, 1), npu_imm(1)));
      break;
   }
   case 14:
      /* The bits of lanes that are not active mean nothing. */
      add(g, npu_mtos(&g->b, npu_mand(&g->b, npu_exec(), pick(g, NPU_FILE_M, 1, 1))));
      break;
   case 15:
      add(g, npu_mbcast(&g->b, pick(g, NPU_FILE_S, 64, 1)));
      break;
   default:
      if (!g->may_be_empty)
         add(g, npu_readfirst_b32(&g->b, pick(g, NPU_FILE_V, 32, 1)));
      break;
   }
}

static void
vector_instr(struct generator *g)
{
   enum npu_file file = any_alu_file(g);
   unsigned bits = rnd(g, 3) ? 32 : 64, comps = 2 + rnd(g, 3);
   struct npu_ref parts[NPU_MAX_COMPS];

   if (rnd(g, 2)) {
      for (unsigned i = 0; i < comps; ++i)
         parts[i] = pick(g, file, bits, 1);
      add(g, npu_build_collect(&g->b, parts, comps));
   } else {
      npu_build_split(&g->b, pick(g, file, bits, comps), parts);
      for (unsigned i = 0; i < comps; ++i)
         add(g, parts[i]);
   }
}

/* A masked instruction: what npu_opt_masked() makes of sel with exec. */
static void
masked_instr(struct generator *g)
{
   struct npu_ref srcs[3] = {pick(g, NPU_FILE_V, 32, 1), pick(g, NPU_FILE_V, 32, 1),
                             pick(g, NPU_FILE_V, 32, 1)};
   struct npu_ref dest = npu_temp(&g->b, NPU_FILE_V, 32, 1);

   npu_build(&g->b, NPU_OP_IADD_I32, &dest, 1, srcs, 3)->masked = true;
   add(g, dest);
}

/* 64-bit lane addresses in the shape that has an offset form, or nearly. */
static struct npu_ref
lane_address(struct generator *g)
{
   struct npu_ref index = npu_iand_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), npu_imm(0xff));
   struct npu_ref wide = rnd(g, 2) ? npu_cvt_i64_i32(&g->b, index) : npu_cvt_u64_u32(&g->b, index);

   if (rnd(g, 2))
      wide = npu_ishl_i64(&g->b, wide, npu_imm(rnd(g, 9)));
   wide = npu_iadd_i64(&g->b, wide, rnd(g, 2) ? pick(g, NPU_FILE_S, 64, 1) : npu_imm(rnd(g, 99)));
   return rnd(g, 2) ? npu_iadd_i64(&g->b, wide, npu_imm(rnd(g, 70000))) : wide;
}

static void
atomic_instr(struct generator *g)
{
   struct npu_ref index = npu_iand_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), npu_imm(0xff));
   struct npu_mem_fields mem = {.space = rnd(g, 2), .scale_log2 = 2};
   bool want_result = rnd(g, 2);
   struct npu_ref result;

   if (rnd(g, 3) == 0)
      result = npu_build_atomic(&g->b, NPU_OP_ATOM_IADD_A_I32, npu_null(), lane_address(g),
                                source(g, NPU_FILE_V, 32), npu_null(), (struct npu_mem_fields){0},
                                want_result);
   else
      result = npu_build_atomic(&g->b, rnd(g, 2) ? NPU_OP_ATOM_IADD_O_I32 : NPU_OP_ATOM_XCHG_O_I32,
                                npu_imm(0), index, source(g, NPU_FILE_V, 32), npu_null(), mem,
                                want_result);
   if (want_result)
      add(g, result);
}

static void
order_instr(struct generator *g)
{
   if (rnd(g, 2))
      npu_barrier(&g->b);
   else
      npu_fence_group(&g->b);
}

/* Arguments, as selection loads them. */
static void
argument_instr(struct generator *g)
{
   struct npu_mem_fields mem = {.width_log2 = 2 + rnd(g, 2),
                                .count = 1 + rnd(g, 4),
                                .imm = (int)rnd(g, 64) * 8};
   struct npu_ref comps[NPU_MAX_COMPS];

   npu_build_split(&g->b,
                   npu_build_load(&g->b, NPU_OP_LD_S, npu_build_rdsr(&g->b, NPU_SR_ARGS),
                                  npu_null(), mem),
                   comps);
   for (unsigned c = 0; c < mem.count; ++c)
      add(g, comps[c]);
}

static void
memory_instr(struct generator *g)
{
   unsigned width_log2 = rnd(g, 4), count = 1 + rnd(g, 4), bits = 8u << width_log2;
   struct npu_mem_fields mem = {.width_log2 = width_log2,
                                .count = count,
                                .space = rnd(g, 3),
                                .imm = (int)rnd(g, 64)};
   bool store = rnd(g, 3) == 0;

   if (store && bits < 32) {
      mem.width_log2 = 2;
      bits = 32;
   }
   if (mem.space != NPU_SPACE_PRIVATE && rnd(g, 4) == 0) {
      struct npu_ref base = rnd(g, 2) ? npu_imm(rnd(g, 60)) : pick(g, NPU_FILE_S, 64, 1);
      if (store)
         npu_build_store(&g->b, NPU_OP_ST_S, base, npu_null(), pick(g, NPU_FILE_S, bits, count),
                         mem);
      else
         add(g, npu_build_load(&g->b, NPU_OP_LD_S, base, npu_null(), mem));
      return;
   }

   if (rnd(g, 6) == 0) {
      struct npu_ref address = lane_address(g);
      mem.space = rnd(g, 2) ? NPU_SPACE_GENERIC : NPU_SPACE_GLOBAL;
      if (store)
         npu_build_store(&g->b, NPU_OP_ST_A, npu_null(), address, pick(g, NPU_FILE_V, bits, count),
                         mem);
      else if (bits >= 32)
         add(g, npu_build_load(&g->b, NPU_OP_LD_A, npu_null(), address, mem));
      return;
   }

   struct npu_ref base = npu_imm(rnd(g, 60)), index = npu_null();
   bool offset = rnd(g, 2);
   if (offset) {
      index = npu_iand_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), npu_imm(0xff));
      mem.scale_log2 = rnd(g, 2);
   }
   if (store) {
      npu_build_store(&g->b, offset ? NPU_OP_ST_O : NPU_OP_ST_U, base, index,
                      pick(g, NPU_FILE_V, bits, count), mem);
   } else {
      struct npu_ref value = npu_build_load(&g->b, offset ? NPU_OP_LD_O : NPU_OP_LD_U, base, index,
                                            mem);
      /* Narrow values are read as 32 bits. */
      if (bits >= 32)
         add(g, value);
      else if (count == 1)
         add(g, npu_iadd_i32(&g->b, value, npu_imm(1)));
   }
}

static void
effect_instr(struct generator *g)
{
   struct npu_ref srcs[3] = {pick(g, NPU_FILE_V, 32, 1), pick(g, NPU_FILE_S, 64, 1),
                             pick(g, NPU_FILE_M, 1, 1)};

   npu_build(&g->b, NPU_OP_UNIT_TEST, NULL, 0, srcs, 1 + rnd(g, 3));
}

static void block_of_code(struct generator *g, unsigned size);

static struct npu_block *
new_block(struct generator *g)
{
   struct npu_block *block = npu_block_create(g->b.shader);

   block->loop_depth = g->loop_depth;
   return block;
}

static void
start_block(struct generator *g, struct npu_block *block)
{
   npu_block_append(g->b.shader, block);
   block->loop_depth = g->loop_depth;
   g->b.cursor = npu_after_block(block);
}

static struct npu_block *
current(const struct generator *g)
{
   return npu_cursor_block(g->b.cursor);
}

static struct npu_ref
random_type(struct generator *g)
{
   static const uint8_t bits[] = {32, 32, 64};
   enum npu_file file = rnd(g, NPU_NUM_FILES);

   if (file == NPU_FILE_M)
      return npu_undef(file, 1, 1);
   return npu_undef(file, bits[rnd(g, 3)], rnd(g, 5) ? 1 : 1 + rnd(g, 4));
}

static void
uniform_if(struct generator *g, unsigned size)
{
   struct npu_block *then_block = new_block(g), *else_block = new_block(g), *merge = new_block(g);
   struct npu_ref cond = npu_iand_i32(&g->b, pick(g, NPU_FILE_S, 32, 1), npu_imm(1));
   unsigned outer = g->scope.count, num_phis = rnd(g, 4);
   struct npu_ref type[4], from_then[4], from_else[4];

   npu_build_branch(&g->b, NPU_OP_BR_Z, cond, else_block);
   npu_build_fallthrough(&g->b, then_block);

   start_block(g, then_block);
   block_of_code(g, size / 2);
   for (unsigned i = 0; i < num_phis; ++i) {
      type[i] = random_type(g);
      from_then[i] = pick(g, type[i].file, type[i].bits, type[i].comps);
   }
   npu_build_jmp(&g->b, merge);
   g->scope.count = outer;

   start_block(g, else_block);
   block_of_code(g, size / 2);
   for (unsigned i = 0; i < num_phis; ++i)
      from_else[i] = rnd(g, 6) || type[i].comps > 1 || type[i].file == NPU_FILE_M
                        ? pick(g, type[i].file, type[i].bits, type[i].comps)
                        : npu_imm(rnd(g, 100));
   npu_build_fallthrough(&g->b, merge);
   g->scope.count = outer;

   start_block(g, merge);
   for (unsigned i = 0; i < num_phis; ++i) {
      struct npu_ref dest = npu_temp(&g->b, type[i].file, type[i].bits, type[i].comps);
      struct npu_instr *phi = npu_build_phi(&g->b, dest);
      phi->src[0] = from_then[i];
      phi->src[1] = from_else[i];
      phi->src[1].bits = type[i].bits;
      add(g, dest);
   }
   g->b.cursor = npu_after_block(merge);
}

static void
uniform_loop(struct generator *g, unsigned size)
{
   unsigned num_phis = rnd(g, 4) ? rnd(g, 6) : rnd(g, MAX_PHIS), outer;
   struct npu_ref type[MAX_PHIS], init[MAX_PHIS], next[MAX_PHIS], dest[MAX_PHIS];
   struct npu_instr *phis[MAX_PHIS];
   struct npu_ref count = npu_iand_i32(&g->b, pick(g, NPU_FILE_S, 32, 1), npu_imm(3));

   for (unsigned i = 0; i < num_phis; ++i) {
      type[i] = random_type(g);
      init[i] = pick(g, type[i].file, type[i].bits, type[i].comps);
   }
   ++g->loop_depth;
   struct npu_block *before = current(g), *header = new_block(g), *exit = new_block(g);
   npu_build_fallthrough(&g->b, header);
   start_block(g, header);
   outer = g->scope.count;

   struct npu_ref counter = npu_temp(&g->b, NPU_FILE_S, 32, 1);
   struct npu_instr *counter_phi = npu_instr_create(g->b.shader, NPU_OP_PHI, 1, 2);
   counter_phi->dest[0] = counter;
   npu_insert(&g->b.cursor, counter_phi);
   for (unsigned i = 0; i < num_phis; ++i) {
      dest[i] = add(g, npu_temp(&g->b, type[i].file, type[i].bits, type[i].comps));
      phis[i] = npu_instr_create(g->b.shader, NPU_OP_PHI, 1, 2);
      phis[i]->dest[0] = dest[i];
      npu_insert(&g->b.cursor, phis[i]);
   }
   block_of_code(g, size);
   for (unsigned i = 0; i < num_phis; ++i) {
      /* Sometimes another phi of the loop: values that change places. */
      unsigned other = rnd(g, num_phis);
      bool same_type = type[other].file == type[i].file && type[other].bits == type[i].bits &&
                       type[other].comps == type[i].comps;
      next[i] = rnd(g, 3) == 0 && same_type ? dest[other]
                                            : pick(g, type[i].file, type[i].bits, type[i].comps);
   }
   struct npu_ref bumped = npu_iadd_i32(&g->b, counter, npu_imm(1));
   struct npu_ref again = npu_ucmp_lt_i32(&g->b, bumped, count);
   npu_build_branch(&g->b, NPU_OP_BR_NZ, again, header);

   --g->loop_depth;
   npu_build_fallthrough(&g->b, exit);
   *npu_phi_src(counter_phi,
                before) = (struct npu_ref){.kind = NPU_REF_IMM, .bits = 32, .comps = 1};
   *npu_phi_src(counter_phi, current(g)) = bumped;
   for (unsigned i = 0; i < num_phis; ++i) {
      *npu_phi_src(phis[i], before) = init[i];
      *npu_phi_src(phis[i], current(g)) = next[i];
   }
   start_block(g, exit);
   (void)outer; /* what the loop computed dominates what follows */
}

static void
divergent_if(struct generator *g, unsigned size)
{
   struct npu_ref cond = pick(g, NPU_FILE_M, 1, 1);
   struct npu_ref saved = npu_mmov(&g->b, npu_exec());
   struct npu_ref old[3], merged[3];
   unsigned num = rnd(g, 4), outer = g->scope.count;
   bool branch = rnd(g, 3), was_empty = g->may_be_empty;
   struct npu_block *body = new_block(g), *rest = new_block(g), *before;

   for (unsigned i = 0; i < num; ++i)
      old[i] = pick(g, NPU_FILE_V, rnd(g, 2) ? 32 : 64, 1);
   outer = g->scope.count;
   before = current(g);
   npu_mand_to(&g->b, npu_exec(), npu_exec(), cond);
   if (branch) {
      npu_build_branch(&g->b, NPU_OP_BR_NONE, npu_exec(), rest);
      npu_build_fallthrough(&g->b, body);
      start_block(g, body);
   } else {
      g->may_be_empty = true;
   }
   block_of_code(g, size);
   for (unsigned i = 0; i < num; ++i)
      merged[i] = npu_build_sel(&g->b, NPU_FILE_V, old[i].bits, npu_exec(),
                                pick(g, NPU_FILE_V, old[i].bits, 1), old[i]);
   g->scope.count = outer;
   g->may_be_empty = was_empty;
   if (branch) {
      struct npu_block *end = current(g);
      npu_build_fallthrough(&g->b, rest);
      start_block(g, rest);
      for (unsigned i = 0; i < num; ++i) {
         struct npu_ref dest = npu_temp(&g->b, NPU_FILE_V, old[i].bits, 1);
         struct npu_instr *phi = npu_build_phi(&g->b, dest);
         *npu_phi_src(phi, before) = old[i];
         *npu_phi_src(phi, end) = merged[i];
         merged[i] = dest;
      }
      g->b.cursor = npu_after_block(rest);
   }
   npu_build_set_exec(&g->b, saved);
   for (unsigned i = 0; i < num; ++i)
      add(g, merged[i]);
}

/* Lanes leave one after the other; each keeps what it had when it left. */
static void
divergent_loop(struct generator *g, unsigned size)
{
   struct npu_ref saved = npu_mmov(&g->b, npu_exec());
   struct npu_ref init = pick(g, NPU_FILE_V, 32, 1);
   struct npu_ref trips = npu_iand_i32(&g->b, pick(g, NPU_FILE_V, 32, 1), npu_imm(3));
   struct npu_ref zero = npu_build_copy(&g->b, NPU_FILE_V, 32, npu_imm(0));
   unsigned outer;

   ++g->loop_depth;
   struct npu_block *before = current(g), *header = new_block(g), *exit = new_block(g);
   npu_build_fallthrough(&g->b, header);
   start_block(g, header);
   outer = g->scope.count;

   struct npu_instr *phi = npu_instr_create(g->b.shader, NPU_OP_PHI, 1, 2);
   struct npu_instr *count_phi = npu_instr_create(g->b.shader, NPU_OP_PHI, 1, 2);
   struct npu_ref value = add(g, npu_temp(&g->b, NPU_FILE_V, 32, 1));
   struct npu_ref counter = npu_temp(&g->b, NPU_FILE_V, 32, 1);
   phi->dest[0] = value;
   count_phi->dest[0] = counter;
   npu_insert(&g->b.cursor, phi);
   npu_insert(&g->b.cursor, count_phi);

   block_of_code(g, size);
   struct npu_ref next = npu_build_sel(&g->b, NPU_FILE_V, 32, npu_exec(),
                                       pick(g, NPU_FILE_V, 32, 1), value);
   struct npu_ref bumped = npu_iadd_i32(&g->b, counter, npu_imm(1));
   struct npu_ref count = npu_build_sel(&g->b, NPU_FILE_V, 32, npu_exec(), bumped, counter);
   struct npu_ref more = npu_ucmp_lt_i32(&g->b, bumped, trips);
   npu_mand_to(&g->b, npu_exec(), npu_exec(), more);
   npu_build_branch(&g->b, NPU_OP_BR_ANY, npu_exec(), header);
   npu_build_fallthrough(&g->b, exit);
   --g->loop_depth;

   *npu_phi_src(phi, before) = init;
   *npu_phi_src(phi, current(g)) = next;
   *npu_phi_src(count_phi, before) = zero;
   *npu_phi_src(count_phi, current(g)) = count;
   g->scope.count = outer;
   start_block(g, exit);
   npu_build_set_exec(&g->b, saved);
   add(g, next);
}

static void
block_of_code(struct generator *g, unsigned size)
{
   ++g->depth;
   while (size > 0 && g->left > 0) {
      unsigned choice = rnd(g, 40), part = MIN2(size, 1 + rnd(g, size + 1));
      bool nest = g->depth < 6 && size > 4;

      --g->left;
      if (choice == 0 && nest && !g->may_be_empty)
         uniform_if(g, part);
      else if (choice == 1 && nest && !g->may_be_empty && g->loop_depth < 3)
         uniform_loop(g, part);
      else if (choice == 2 && nest)
         divergent_if(g, part);
      else if (choice == 3 && nest && g->loop_depth < 3)
         divergent_loop(g, part);
      else if (choice < 17)
         part = 1, alu_instr(g);
      else if (choice < 20)
         part = 1, add(g, float_expression(g, any_alu_file(g), 1 + rnd(g, 3)));
      else if (choice < 26)
         part = 1, mixed_instr(g);
      else if (choice < 30)
         part = 1, vector_instr(g);
      else if (choice < 32)
         part = 1, masked_instr(g);
      else if (choice < 35)
         part = 1, memory_instr(g);
      else if (choice < 36)
         part = 1, argument_instr(g);
      else if (choice < 37)
         part = 1, atomic_instr(g);
      else if (choice < 38)
         part = 1, order_instr(g);
      else
         part = 1, effect_instr(g);
      size -= MIN2(size, part);
   }
   --g->depth;
}

struct npu_shader *
npu_random_ir(void *mem_ctx, uint64_t seed, unsigned size)
{
   struct generator *g = calloc(1, sizeof(*g));
   struct npu_shader *shader = npu_shader_create(mem_ctx, "random");

   g->b = npu_builder_at(shader, npu_after_block(npu_first_block(shader)));
   g->state = seed * 2 + 1;
   g->left = size;
   shader->info.private_size_B = NPU_RANDOM_PRIVATE_B;

   add(g, npu_build_rdsr(&g->b, NPU_SR_LANE_ID));
   add(g, npu_build_rdsr(&g->b, NPU_SR_LOCAL_ID_X));
   add(g, npu_build_rdsr(&g->b, NPU_SR_GROUP_ID_X));
   add(g, npu_build_rdsr(&g->b, NPU_SR_WAVE_ID));
   add(g, npu_build_rdsr(&g->b, NPU_SR_ARGS));
   add(g, npu_build_rdsr(&g->b, NPU_SR_CLOCK));
   block_of_code(g, size);
   /* Of what is left in scope, each by itself: long live ranges. */
   for (unsigned i = 0; i < g->scope.count; i += 1 + rnd(g, 6)) {
      struct npu_ref value = g->scope.value[i];
      struct npu_mem_fields mem = {.width_log2 = value.bits == 64 ? 3 : 2,
                                   .count = value.comps,
                                   .imm = (int)rnd(g, 3000)};
      unsigned store = value.file == NPU_FILE_V ? NPU_OP_ST_U : NPU_OP_ST_S;

      if (value.file != NPU_FILE_M && value.bits >= 32 && rnd(g, 2))
         npu_build_store(&g->b, store, npu_imm(0), npu_null(), value, mem);
      else
         npu_build(&g->b, NPU_OP_UNIT_TEST, NULL, 0, &value, 1);
   }
   npu_build_end(&g->b);
   npu_index_blocks(shader);
   free(g);
   return shader;
}
