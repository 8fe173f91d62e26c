// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Every atomic, in both address forms and all spaces, with and without result and M, with lanes
// that meet at the same address (they execute in ascending order), against an independent model;
// and many groups on several cores that add to common words.
//
// Usage: atomic_test [CONFIGURATION] (as in NPU_SIM)

#include <inttypes.h>

#include "npu_isa/npu_disasm.h"
#include "../isa/sem_ref.h"
#include "sim_check.h"

#define LANES     32u
#define WORDS     64u /* of memory under test, 8 bytes each */
#define MEMORY_B  (WORDS * 8)
#define REPEATS   16
#define PRIVATE_B MEMORY_B

struct input {
   uint64_t data[2][LANES];
   uint64_t address[LANES];
   uint32_t offset[LANES];
   uint64_t old[LANES];
   uint64_t base, scalar, exec, unused;
   uint8_t local[MEMORY_B];
};

struct output {
   uint64_t result[LANES];
   uint8_t local[MEMORY_B];
};

static uint64_t seed = 3;
static uint64_t global_va, scratch_va;

static uint64_t
random_below(uint64_t bound)
{
   return (tap_random(&seed) >> 8) % bound;
}

/* "atom_iadd_o.i32" -> what is stored, by the model of the plain operation. */
static uint64_t
new_value(const struct npu_op_info *info, uint64_t old, uint64_t a, uint64_t b)
{
   char name[64];
   uint64_t src[3] = {old, a, 0}, result = 0;
   int length = (int)strlen(info->base_name) - 7; /* without "atom_" and "_o" */

   if (!strncmp(info->base_name, "atom_xchg", 9))
      return a;
   if (!strncmp(info->base_name, "atom_cmpxchg", 12))
      return old == a ? b : old;
   snprintf(name, sizeof(name), "%.*s.%s", length, info->base_name + 5,
            npu_type_infos[info->type].name);
   enum npu_op op = npu_op_by_name(name, (unsigned)strlen(name));
   const struct npu_inst mods = {.op = op};
   if (op == NPU_OP_NONE || !(sem_ref_int(&npu_op_infos[op], &mods, src, &result) ||
                              sem_ref_float(&npu_op_infos[op], &mods, src, &result)))
   {
      fprintf(stderr, "no model of %s\n", info->name);
      abort();
   }
   return result;
}

/* A number that atomics of the type do something with. */
static uint64_t
random_value(const struct npu_op_info *info)
{
   uint64_t value = tap_random(&seed);
   bool small = random_below(2);

   if (npu_type_infos[info->type].kind != NPU_KIND_FLOAT)
      return small ? value >> 60 : value;
   if (!small)
      return value;
   return info->src[2].bits == 32 ? 0x3f800000 + (value >> 40) : 0x3ff0000000000000 + (value >> 12);
}

/* ---- the program ---------------------------------------------------------------------------- */

static void
copy_local(struct sim_code *code, enum npu_op op, unsigned base, uint64_t offset)
{
   struct npu_inst add = {.op = NPU_OP_IADD_I64, .dst = NPU_REG_S(20), .src = {(uint16_t)base}};

   add.src[1] = sim_code_value(&add, offset, NPU_TYPE_I64);
   sim_code_emit(code, add);
   sim_code_const(code, NPU_REG_S(22), 1ull << 32 | MEMORY_B);
   sim_code_const(code, NPU_REG_S(23), 0);
   sim_code_emit(code, (struct npu_inst){.op = op,
                                         .src = {NPU_SRC_INT(0), NPU_REG_S(20), NPU_REG_S(22)}});
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_DMA_WAIT});
}

static void
build(struct sim_code *code, const struct npu_inst *inst)
{
   unsigned bits = npu_op_infos[inst->op].src[2].bits;

   sim_fixture_begin(code);
   copy_local(code, NPU_OP_DMA_LD, NPU_REG_S(2), offsetof(struct input, local));
   sim_code_memory(code, NPU_OP_LD_U, 4, NPU_REG_S(2), 0, bits, 1);
   sim_code_memory(code, NPU_OP_LD_U, 6, NPU_REG_S(2), sizeof(uint64_t[LANES]), bits, 1);
   sim_code_memory(code, NPU_OP_LD_U, 8, NPU_REG_S(2), offsetof(struct input, address), 64, 1);
   sim_code_memory(code, NPU_OP_LD_U, 10, NPU_REG_S(2), offsetof(struct input, offset), 32, 1);
   sim_code_memory(code, NPU_OP_LD_U, 2, NPU_REG_S(2), offsetof(struct input, old), bits, 1);
   sim_code_memory(code, NPU_OP_LD_S, NPU_REG_S(8), NPU_REG_S(2), offsetof(struct input, base), 64,
                   4);
   sim_code_mask(code, NPU_REG_EXEC, NPU_REG_S(10));
   sim_code_emit(code, *inst);
   sim_code_mask_value(code, NPU_REG_EXEC, UINT32_MAX);
   sim_code_memory(code, NPU_OP_ST_U, 2, NPU_REG_S(3), 0, bits, 1);
   copy_local(code, NPU_OP_DMA_ST, NPU_REG_S(3), offsetof(struct output, local));
   sim_code_end(code);
}

/* Where byte o of a lane's private memory is in the scratch buffer. */
static uint8_t *
private_byte(uint8_t *scratch, unsigned lane, uint64_t o)
{
   return scratch + (o & ~3ull) * LANES + lane * 4 + (o & 3);
}

static uint64_t
load(const uint8_t *memory, uint8_t *scratch, unsigned lane, uint64_t offset, unsigned bytes)
{
   uint64_t value = 0;

   for (unsigned b = 0; b < bytes; b++)
      ((uint8_t *)&value)[b] = scratch ? *private_byte(scratch, lane, offset + b)
                                       : memory[offset + b];
   return value;
}

static void
store(uint8_t *memory, uint8_t *scratch, unsigned lane, uint64_t offset, unsigned bytes,
      uint64_t value)
{
   for (unsigned b = 0; b < bytes; b++) {
      if (scratch)
         *private_byte(scratch, lane, offset + b) = ((uint8_t *)&value)[b];
      else
         memory[offset + b] = ((uint8_t *)&value)[b];
   }
}

/* ---- one instruction ------------------------------------------------------------------------ */

static void
run_one(struct tap *tap, struct sim_fixture *fixture, const struct npu_inst *inst,
        enum npu_space where)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   const unsigned bytes = info->src[2].bits / 8;
   const bool form_o = info->src[0].files;
   struct input *input = (struct input *)fixture->in;
   struct output *output = (struct output *)fixture->out;
   static uint8_t global[MEMORY_B], scratch[LANES * PRIVATE_B];
   uint64_t start = where == NPU_SPACE_GLOBAL          ? global_va
                    : inst->space != NPU_SPACE_GENERIC ? 0
                    : where == NPU_SPACE_LOCAL         ? NPU_LOCAL_WINDOW_VA
                                                       : NPU_PRIVATE_WINDOW_VA;
   uint64_t wanted[LANES];
   struct sim_code code = {0};
   char text[256];

   npu_disasm_inst(text, sizeof(text), inst);
   for (unsigned i = 0; i < MEMORY_B / bytes; i++) {
      store(input->local, NULL, 0, i * bytes, bytes, random_value(info));
      store(global, NULL, 0, i * bytes, bytes, random_value(info));
      for (unsigned l = 0; l < LANES; l++)
         store(NULL, scratch, l, i * bytes, bytes, random_value(info));
   }
   memcpy(npu_rig_ptr(fixture->rig, global_va), global, sizeof(global));
   memcpy(npu_rig_ptr(fixture->rig, scratch_va), scratch, sizeof(scratch));
   input->exec = random_below(4) ? (uint32_t)tap_random(&seed) : UINT32_MAX;
   input->scalar = random_value(info);
   /* Few words, so that lanes meet. */
   uint64_t num_words = 1 + random_below(MEMORY_B / bytes);
   input->base = start + (inst->sx ? MEMORY_B / 2 : 0);
   for (unsigned l = 0; l < LANES; l++) {
      uint64_t offset = random_below(num_words) * bytes;
      input->address[l] = start + offset;
      input->offset[l] = (uint32_t)((int64_t)(start + offset - input->base) >> inst->scale_log2);
      store((uint8_t *)input->old, NULL, 0, l * bytes, bytes, tap_random(&seed));
      store((uint8_t *)input->data[0], NULL, 0, l * bytes, bytes, random_value(info));
      store((uint8_t *)input->data[1], NULL, 0, l * bytes, bytes, random_value(info));
   }

   build(&code, inst);
   sim_fixture_load(fixture, &code);
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(fixture->code_va, fixture->args_va, 1,
                                                          LANES);
   dispatch.local_size_B = MEMORY_B;
   dispatch.private_size_B = PRIVATE_B;
   dispatch.scratch_va = scratch_va;
   /* A comparison that succeeds now and then: lane data equal to memory. */
   uint8_t *memory = where == NPU_SPACE_GLOBAL ? global : input->local;
   for (unsigned l = 0; info->num_srcs > 3 && l < LANES; l += 2) {
      uint64_t value = load(memory, where == NPU_SPACE_PRIVATE ? scratch : NULL, l,
                            input->address[l] - start, bytes);
      store((uint8_t *)input->data[0], NULL, 0, l * bytes, bytes, value);
   }
   uint8_t local[MEMORY_B];
   memcpy(local, input->local, sizeof(local));
   if (!sim_fixture_run(tap, fixture, &dispatch)) {
      tap_problem(tap, "%s", text);
      return;
   }

   memory = where == NPU_SPACE_GLOBAL ? global : local;
   for (unsigned l = 0; l < LANES; l++) {
      uint8_t *private = where == NPU_SPACE_PRIVATE ? scratch : NULL;
      uint64_t address = form_o ? start + (((uint64_t)(int64_t)(int32_t)input->offset[l]
                                            << inst->scale_log2) +
                                           input->base - start)
                                : input->address[l];
      uint64_t offset = address - start;
      wanted[l] = load((uint8_t *)input->old, NULL, 0, l * bytes, bytes);
      if (!(input->exec >> l & 1))
         continue;
      uint64_t src[2] = {0};
      for (unsigned i = 0; i < info->num_srcs - 2u; i++) {
         unsigned reg = inst->src[2 + i];
         if (npu_reg_is_v(reg))
            src[i] = load((uint8_t *)input->data[i], NULL, 0, l * bytes, bytes);
         else if (npu_reg_is_s(reg))
            src[i] = bytes == 8 ? input->scalar : (uint32_t)input->scalar;
         else
            src[i] = reg == NPU_SRC_LITERAL ? inst->literal
                                            : npu_src_inline_value(reg, (enum npu_type)info->type);
      }
      uint64_t old = load(memory, private, l, offset, bytes);
      store(memory, private, l, offset, bytes, new_value(info, old, src[0], src[1]));
      if (!inst->noret)
         wanted[l] = old;
   }
   for (unsigned l = 0; l < LANES; l++) {
      uint64_t found = load((uint8_t *)output->result, NULL, 0, l * bytes, bytes);
      bool defined = (input->exec >> l & 1) || inst->masked || inst->noret;
      if (defined && found != wanted[l]) {
         tap_problem(tap, "%s: lane %u: %#" PRIx64 ", expected %#" PRIx64, text, l, found,
                     wanted[l]);
         break;
      }
   }
   if (memcmp(npu_rig_ptr(fixture->rig, global_va), global, sizeof(global)))
      tap_problem(tap, "%s: wrong global memory", text);
   if (memcmp(output->local, local, sizeof(local)))
      tap_problem(tap, "%s: wrong local memory", text);
   if (memcmp(npu_rig_ptr(fixture->rig, scratch_va), scratch, sizeof(scratch)))
      tap_problem(tap, "%s: wrong private memory", text);
}

static void
test_op(struct tap *tap, struct sim_fixture *fixture, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   const bool form_o = info->src[0].files;
   unsigned runs = 0;

   for (unsigned i = 0; i < REPEATS * 12; i++) {
      enum npu_space space = (enum npu_space)(i % 4), where = (enum npu_space)(i / 4 % 3);
      if (space != NPU_SPACE_GENERIC && space != where)
         continue;
      struct npu_inst inst = {
         .op = op,
         .dst = 2,
         .src = {form_o ? NPU_REG_S(8) : NPU_SRC_INT(0), form_o ? 10 : 8},
         .space = (uint8_t)space,
         .noret = random_below(3) == 0,
         .sx = form_o && random_below(2),
         .scale_log2 = form_o ? (uint8_t)random_below(info->src[2].bits == 32 ? 3 : 4) : 0,
      };
      inst.masked = !inst.noret && random_below(2);
      if (inst.noret)
         inst.dst = 0;
      for (unsigned s = 2; s < info->num_srcs; s++) {
         unsigned r = (unsigned)random_below(6);
         inst.src[s] = (uint16_t)(r < 4 ? 4 + 2 * (s - 2) : r == 4 ? NPU_REG_S(9) : NPU_SRC_INT(1));
      }
      if (npu_inst_check(&inst))
         continue;
      run_one(tap, fixture, &inst, where);
      runs++;
   }
   if (runs < REPEATS)
      tap_problem(tap, "only %u runs", runs);
   tap_case(tap, "%s", info->name);
}

/* Words that all lanes of all groups on all cores change. */
static void
test_contention(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(4);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t code_va = sim_assemble(rig, "rdsr s0, args\n"
                                        "mov.b32 s1, 100\n"
                                        "rdsr v0, local_index\n"
                                        "iand.i32 v0, v0, 3\n"
                                        "loop:\n"
                                        "atom_iadd_o.i32.noret [s0 + zx(v0)<<2], 1\n"
                                        "iadd.i64 s2, s0, 64\n"
                                        "atom_iadd_o.i64.noret [s2 + zx(v0)<<3], 0x100000001\n"
                                        "iadd.i64 s2, s0, 128\n"
                                        "atom_fadd_o.f32.noret [s2 + zx(v0)<<2], 1.0\n"
                                        "iadd.i64 s2, s0, 192\n"
                                        "atom_fadd_o.f64.noret [s2 + zx(v0)<<3], 1.0\n"
                                        "isub.i32 s1, s1, 1\n"
                                        "br.nz s1, loop\n"
                                        "end\n");
   struct npu_packet_dispatch d = npu_rig_dispatch(code_va, va, 64, 96);
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
   const uint64_t times = 64 * 96 / 4 * 100;
   const uint8_t *memory = npu_rig_ptr(rig, va);
   for (unsigned i = 0; i < 4; i++) {
      uint32_t word;
      uint64_t wide;
      float single;
      double real;
      memcpy(&word, memory + 4 * i, 4);
      memcpy(&wide, memory + 64 + 8 * i, 8);
      memcpy(&single, memory + 128 + 4 * i, 4);
      memcpy(&real, memory + 192 + 8 * i, 8);
      CHECK_EQ(word, times);
      CHECK_EQ(wide, times * 0x100000001);
      CHECK(single == (float)times);
      CHECK(real == (double)times);
   }
   npu_rig_destroy(rig);
   tap_case(tap, "atomics of several cores on the same words");
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct sim_fixture fixture;
   struct npu_sim_config config;

   if (!npu_sim_config_parse(&config, argc > 1 ? argv[1] : ""))
      return 2;
   config.num_cores = 1; /* private memory is that of core 0 */
   if (!sim_fixture_init(&fixture, &config))
      return 1;
   global_va = npu_rig_alloc(fixture.rig, MEMORY_B, NPU_RIG_RW);
   scratch_va = npu_rig_alloc(fixture.rig, NPU_WAVES_PER_CORE * LANES * PRIVATE_B, NPU_RIG_RW);
   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (npu_op_valid(op) && npu_op_infos[op].is_atomic)
         test_op(&tap, &fixture, (enum npu_op)op);
   }
   npu_rig_destroy(fixture.rig);
   test_contention(&tap);
   return tap_done(&tap);
}
