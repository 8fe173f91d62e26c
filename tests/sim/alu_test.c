// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Every pure and cross-lane operation through the interpreter, in all its forms.
//
// For each operation a program is generated that executes it many times: vector and scalar form,
// with and without M, sources from every file that is allowed, literals and inline constants,
// modifiers, rounding modes, destinations that overlap sources. Inputs are edge values and random
// bits, with garbage above narrow operands. Results are compared lane by lane with the independent
// model of tests/isa (sem_ref); the transcendentals, which it does not know, with npu_sem_eval().
// At the end an operation that was not executed in one of its forms is an error.
//
// Usage: alu_test [CONFIGURATION] (as in NPU_SIM)

#include <inttypes.h>
#include <string.h>

#include "npu_isa/npu_disasm.h"
#include "npu_isa/npu_sem.h"
#include "../isa/sem_ref.h"
#include "../isa/tap.h"
#include "npu_rig.h"
#include "sim_code.h"

#define INSTANCES    48
#define IN_STRIDE_B  1152
#define OUT_STRIDE_B 256

/* Registers of the test program. The 64-bit scalar registers are numbered from 128 on, masks from
 * 192. */
#define BASE_IN  NPU_REG_S(2)
#define BASE_OUT NPU_REG_S(3)
#define OLD_V    0u              /* destination */
#define SRC_V(i) (4u + 4u * (i)) /* v4, v8, v12 */
#define DST_S    NPU_REG_S(7)
#define SRC_S(i) NPU_REG_S(8 + (i))
#define MASKS_S  NPU_REG_S(12) /* three masks and exec, as loaded */
#define SRC_M(i) NPU_REG_M(i)
#define DST_M    NPU_REG_M(4)

/* What one instance reads; the layout of the input buffer. */
struct input {
   uint64_t lanes[3][32]; /* 32-bit registers use half of it */
   uint64_t old[32];
   uint64_t scalar[4]; /* the last one: old mask */
   uint64_t mask[3], exec;
};
static_assert(sizeof(struct input) <= IN_STRIDE_B, "stride");

static uint64_t seed = 1;

static uint64_t
random_bits(void)
{
   return tap_random(&seed);
}

/* The model: parts from tests/isa. */
bool
sem_ref(enum npu_op op, const struct npu_inst *mods, const uint64_t src[3], uint64_t *dst)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   uint64_t clean[3] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      unsigned bits = info->src[i].kind == NPU_KIND_MASK ? 32 : info->src[i].bits;
      clean[i] = bits == 64 ? src[i] : src[i] & ((1ull << bits) - 1);
      if (info->float_mods >> i & 1)
         clean[i] = npu_sem_modify(clean[i], bits, mods->neg >> i & 1, mods->abs >> i & 1);
   }
   return sem_ref_int(info, mods, clean, dst) || sem_ref_float(info, mods, clean, dst);
}

static uint64_t
reference(const struct npu_inst *inst, const uint64_t src[3])
{
   uint64_t result = 0;

   if (!sem_ref(inst->op, inst, src, &result) && !npu_sem_eval(inst->op, inst, src, &result)) {
      fprintf(stderr, "no model of %s\n", npu_op_infos[inst->op].name);
      abort();
   }
   return result;
}

/* ---- inputs --------------------------------------------------------------------------------- */

static uint64_t
edge_value(const struct npu_operand_info *operand)
{
   static const uint64_t f16[] = {0,      0x8000, 1,      0x03ff, 0x0400, 0x3bff, 0x3c00, 0xbc00,
                                  0x3e00, 0x4000, 0x5800, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00};
   static const uint64_t f32[] = {0,          0x80000000, 1,          0x007fffff,
                                  0x00800000, 0x3f7fffff, 0x3f800000, 0xbf800000,
                                  0x3fc00000, 0x4b000000, 0x4f000000, 0x7f7fffff,
                                  0x7f800000, 0xff800000, 0x7fc00000, 0xffa00001};
   static const uint64_t f64[] = {0,
                                  1ull << 63,
                                  1,
                                  0x000fffffffffffff,
                                  0x0010000000000000,
                                  0x3fefffffffffffff,
                                  0x3ff0000000000000,
                                  0xbff0000000000000,
                                  0x3ff8000000000000,
                                  0x4330000000000000,
                                  0x43e0000000000000,
                                  0x7fefffffffffffff,
                                  0x7ff0000000000000,
                                  0xfff0000000000000,
                                  0x7ff8000000000000,
                                  0x41dfffffffc00000};
   uint64_t r = random_bits();

   if (operand->kind == NPU_KIND_FLOAT)
      return operand->bits == 16 ? f16[r & 15] : operand->bits == 32 ? f32[r & 15] : f64[r & 15];
   switch (r & 7) {
   case 0:
      return 0;
   case 1:
      return 1;
   case 2:
      return UINT64_MAX;
   case 3:
      return 1ull << (operand->bits - 1);
   case 4:
      return (1ull << (operand->bits - 1)) - 1;
   default:
      return (r >> 8) & 63;
   }
}

static uint64_t
input_value(const struct npu_operand_info *operand)
{
   uint64_t garbage = random_bits(), value = random_bits();

   if ((random_bits() >> 20) % 3 == 0)
      value = edge_value(operand);
   /* A float near 1 meets others more often. */
   if (operand->kind == NPU_KIND_FLOAT && (garbage >> 60) < 6) {
      uint64_t one = operand->bits == 16   ? 0x3c00
                     : operand->bits == 32 ? 0x3f800000
                                           : 0x3ff0000000000000;
      value = one ^
              (value & ((operand->bits == 64 ? 1ull << 54 : 1ull << (operand->bits * 3 / 4)) - 1));
   }
   if (operand->bits >= 8 && operand->bits < 64) {
      uint64_t mask = (1ull << operand->bits) - 1;
      value = (value & mask) | (garbage & ~mask);
   }
   return value;
}

static unsigned
reg_bits(const struct npu_operand_info *operand)
{
   return operand->bits == 64 ? 64 : 32;
}

static void
set_lane(uint64_t *reg, unsigned bits, unsigned lane, uint64_t value)
{
   if (bits == 64)
      reg[lane] = value;
   else
      ((uint32_t *)reg)[lane] = (uint32_t)value;
}

static uint64_t
get_lane(const uint64_t *reg, unsigned bits, unsigned lane)
{
   return bits == 64 ? reg[lane] : ((const uint32_t *)reg)[lane];
}

static void
make_input(struct input *input, const struct npu_op_info *info)
{
   memset(input, 0, sizeof(*input));
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind == NPU_KIND_MASK) {
         input->scalar[i] = random_bits() & 1 ? 0 : random_bits() & ~UINT32_MAX;
         continue;
      }
      for (unsigned l = 0; l < 32; l++)
         set_lane(input->lanes[i], reg_bits(&info->src[i]), l, input_value(&info->src[i]));
      input->scalar[i] = input_value(&info->src[i]);
   }
   for (unsigned l = 0; l < 32; l++)
      input->old[l] = random_bits();
   input->scalar[3] = random_bits();
   for (unsigned i = 0; i < 3; i++)
      input->mask[i] = random_bits();
   switch (random_bits() % 4) {
   case 0:
      input->exec = UINT32_MAX;
      break;
   case 1:
      input->exec = 0;
      break;
   default:
      input->exec = (uint32_t)random_bits();
   }
}

/* ---- instances ------------------------------------------------------------------------------ */

/* A legal instruction of the operation. scalar, masked: what is wanted. plain: vector sources. */
static bool
try_instance(struct npu_inst *inst, enum npu_op op, bool scalar, bool masked, bool plain)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   bool mask_dst = info->dst.files & NPU_FILES_M && !scalar;

   *inst = (struct npu_inst){.op = op, .masked = masked};
   inst->dst = (uint8_t)(scalar ? DST_S : mask_dst ? DST_M : OLD_V);
   for (unsigned i = 0; i < info->num_srcs; i++) {
      const struct npu_operand_info *operand = &info->src[i];
      unsigned r = (unsigned)(random_bits() >> 32) % 8;
      if (operand->files & NPU_FILES_M && (!scalar || !(operand->files & NPU_FILES_S)) &&
          (plain || r < 6 || !(operand->files & NPU_FILES_S)))
      {
         inst->src[i] = (uint16_t)(r == 0 ? NPU_REG_EXEC : SRC_M(i));
      } else if (operand->files & NPU_FILES_V && !scalar && (plain || r < 4)) {
         inst->src[i] = (uint16_t)SRC_V(i);
      } else if (operand->files & NPU_FILES_IMM && r >= 6 && !plain) {
         uint64_t value = random_bits();
         unsigned shape = (unsigned)(value >> 60);
         if (shape < 4)
            inst->src[i] = NPU_SRC_INT((int)(value % 128) - 64);
         else if (shape < 8 && operand->kind == NPU_KIND_FLOAT)
            inst->src[i] = (uint16_t)(NPU_SRC_FLOAT_FIRST + value % 8);
         else if (!inst->has_literal) {
            inst->has_literal = true;
            inst->src[i] = NPU_SRC_LITERAL;
            value = random_bits();
            inst->literal = operand->bits == 64 ? value : value & ((1ull << operand->bits) - 1);
         } else {
            inst->src[i] = NPU_SRC_INT(7);
         }
      } else if (operand->files & NPU_FILES_S) {
         inst->src[i] = (uint16_t)SRC_S(i);
      } else {
         inst->src[i] = (uint16_t)SRC_V(i);
      }
   }
   if (!plain) {
      inst->neg = (uint8_t)(random_bits() & info->float_mods);
      inst->abs = (uint8_t)(random_bits() & info->float_mods);
      inst->round = info->has_round ? (random_bits() >> 9) & 3 : 0;
      inst->sat = info->has_sat && (random_bits() >> 7) & 1;
      /* The destination may be a source, or half of one. */
      if (!scalar && !mask_dst && random_bits() % 4 == 0)
         inst->dst = (uint8_t)SRC_V(random_bits() % 3);
      if (mask_dst && random_bits() % 4 == 0)
         inst->dst = (uint8_t)(random_bits() & 1 ? SRC_M(0) : NPU_REG_EXEC);
   }
   return npu_inst_check(inst) == NULL;
}

static bool
make_instance(struct npu_inst *inst, enum npu_op op, unsigned number)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   bool can_scalar = info->scalar_form_ok || !(info->dst.files & (NPU_FILES_V | NPU_FILES_M));
   bool can_vector = info->dst.files & (NPU_FILES_V | NPU_FILES_M);

   for (unsigned attempt = 0; attempt < 1000; attempt++) {
      bool scalar = can_scalar && (!can_vector || number % 4 == 3);
      bool masked = info->maskable && !scalar && number % 2 == 1;
      if (try_instance(inst, op, scalar, masked, number < 4))
         return true;
   }
   return false;
}

static void
emit_instance(struct sim_code *code, const struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   unsigned dst_bits = reg_bits(&info->dst);

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind != NPU_KIND_MASK)
         sim_code_memory(code, NPU_OP_LD_U, SRC_V(i), BASE_IN,
                         (int)(offsetof(struct input, lanes) + i * sizeof(uint64_t[32])),
                         reg_bits(&info->src[i]), 1);
   }
   /* The old value of the destination, wherever it is. */
   if (npu_reg_is_v(inst->dst))
      sim_code_memory(code, NPU_OP_LD_U, OLD_V, BASE_IN, offsetof(struct input, old), dst_bits, 1);
   sim_code_memory(code, NPU_OP_LD_S, SRC_S(0), BASE_IN, offsetof(struct input, scalar), 64, 4);
   sim_code_memory(code, NPU_OP_LD_S, MASKS_S, BASE_IN, offsetof(struct input, mask), 64, 4);
   for (unsigned i = 0; i < 3; i++)
      sim_code_mask(code, SRC_M(i), MASKS_S + i);
   sim_code_mask(code, DST_M, SRC_S(3));
   sim_code_mask(code, NPU_REG_EXEC, MASKS_S + 3);
   sim_code_emit(code, *inst);

   if (npu_reg_is_m(inst->dst))
      sim_code_emit(code, (struct npu_inst){.op = NPU_OP_MTOS, .dst = DST_S, .src = {inst->dst}});
   sim_code_mask_value(code, NPU_REG_EXEC, UINT32_MAX);
   if (npu_reg_is_v(inst->dst))
      sim_code_memory(code, NPU_OP_ST_U, inst->dst, BASE_OUT, 0, dst_bits, 1);
   else
      sim_code_memory(code, NPU_OP_ST_S, DST_S, BASE_OUT, 0, 64, 1);

   static const struct {
      uint8_t reg;
      uint64_t stride_B;
   } steps[] = {{BASE_IN, IN_STRIDE_B}, {BASE_OUT, OUT_STRIDE_B}};
   for (unsigned i = 0; i < 2; i++) {
      struct npu_inst step = {.op = NPU_OP_IADD_I64, .dst = steps[i].reg, .src = {steps[i].reg}};
      step.src[1] = sim_code_value(&step, steps[i].stride_B, NPU_TYPE_I64);
      sim_code_emit(code, step);
   }
}

/* ---- expectations --------------------------------------------------------------------------- */

/* Value of source i in a lane (scalar form: lane 0). */
static uint64_t
source_value(const struct npu_inst *inst, const struct input *input, unsigned i, unsigned lane)
{
   const struct npu_operand_info *operand = &npu_op_infos[inst->op].src[i];
   unsigned reg = inst->src[i];

   if (reg == NPU_SRC_LITERAL)
      return inst->literal;
   if (npu_src_is_imm(reg))
      return npu_src_inline_value(reg, (enum npu_type)operand->type);
   if (reg == NPU_REG_EXEC)
      return (uint32_t)input->exec;
   if (npu_reg_is_m(reg))
      return (uint32_t)input->mask[i];
   if (npu_reg_is_s(reg))
      return input->scalar[i];
   return get_lane(input->lanes[i], reg_bits(operand), lane);
}

/* The identity of a reduction, from its text in the manual. */
static uint64_t
identity_of(enum npu_alu op, enum npu_type type)
{
   unsigned bits = npu_type_infos[type].bits;
   uint64_t all = bits == 64 ? UINT64_MAX : (1ull << bits) - 1, top = 1ull << (bits - 1);
   uint64_t one = bits == 16 ? 0x3c00 : bits == 32 ? 0x3f800000 : 0x3ff0000000000000;
   uint64_t infinity = bits == 16 ? 0x7c00 : bits == 32 ? 0x7f800000 : 0x7ff0000000000000;

   switch (op) {
   case NPU_ALU_IMUL:
      return 1;
   case NPU_ALU_IMIN:
      return top - 1;
   case NPU_ALU_IMAX:
      return top;
   case NPU_ALU_UMIN:
   case NPU_ALU_IAND:
      return all;
   case NPU_ALU_FADD:
      return top;
   case NPU_ALU_FMUL:
      return one;
   case NPU_ALU_FMIN:
      return infinity;
   case NPU_ALU_FMAX:
      return infinity | top;
   default:
      return 0;
   }
}

/* "reduce_iadd" -> iadd, with the length of the prefix's name checked. */
static enum npu_op
combining_op(const struct npu_op_info *info, const char *prefix)
{
   char name[64];
   size_t length = strlen(prefix);

   if (strncmp(info->base_name, prefix, length))
      return NPU_OP_NONE;
   snprintf(name, sizeof(name), "%s.%s", info->base_name + length, npu_type_infos[info->type].name);
   return npu_op_by_name(name, (unsigned)strlen(name));
}

/* Results of a cross-lane operation, independently of the table. */
static void
expect_wave(const struct npu_inst *inst, const struct input *input, uint64_t result[32])
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   uint32_t exec = (uint32_t)input->exec;
   enum npu_op op;

   switch ((enum npu_alu)info->base) {
   case NPU_ALU_SHUFFLE:
      for (unsigned l = 0; l < 32; l++) {
         unsigned from = source_value(inst, input, 1, l) % 32;
         result[l] = source_value(inst, input, 0, from);
      }
      return;
   case NPU_ALU_READLANE:
      result[0] = source_value(inst, input, 0, source_value(inst, input, 1, 0) % 32);
      return;
   case NPU_ALU_READFIRST:
      result[0] = source_value(inst, input, 0, exec ? (unsigned)__builtin_ctz(exec) : 0);
      return;
   case NPU_ALU_ELECT:
      result[0] = exec & -exec;
      return;
   default:
      break;
   }

   bool inclusive = (op = combining_op(info, "scan_inc_")) != NPU_OP_NONE;
   bool exclusive = !inclusive && (op = combining_op(info, "scan_exc_")) != NPU_OP_NONE;
   if (!inclusive && !exclusive)
      op = combining_op(info, "reduce_");
   if (op == NPU_OP_NONE) {
      fprintf(stderr, "no model of %s\n", info->name);
      abort();
   }
   const struct npu_inst mods = {.op = op};
   uint64_t sum = identity_of((enum npu_alu)npu_op_infos[op].base, (enum npu_type)info->type);
   for (unsigned l = 0; l < 32; l++) {
      if (exclusive)
         result[l] = sum;
      if (exec >> l & 1) {
         uint64_t src[3] = {sum, source_value(inst, input, 0, l)};
         sum = reference(&mods, src);
      }
      if (inclusive)
         result[l] = sum;
   }
   if (!inclusive && !exclusive)
      result[0] = sum;
}

static bool
is_wave_op(const struct npu_op_info *info)
{
   return info->cross_lane && info->has_dst;
}

/* Result bits, lane by lane (masks: bit by bit), as if all lanes were active. */
static void
expect_all(const struct npu_inst *inst, const struct input *input, uint64_t result[32])
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   uint64_t src[3];

   if (is_wave_op(info)) {
      expect_wave(inst, input, result);
      return;
   }
   for (unsigned l = 0; l < 32; l++) {
      for (unsigned i = 0; i < info->num_srcs; i++) {
         src[i] = source_value(inst, input, i, l);
         /* The condition of a select is one lane's bit. */
         if (info->base == NPU_ALU_SEL && npu_reg_is_m(inst->src[i]))
            src[i] = src[i] >> l & 1;
      }
      result[l] = reference(inst, src);
   }
}

static void
check_instance(struct tap *tap, const struct npu_inst *inst, const struct input *input,
               const uint64_t *out)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   uint32_t exec = (uint32_t)input->exec;
   uint64_t result[32] = {0};
   char text[256];

   expect_all(inst, input, result);
   npu_disasm_inst(text, sizeof(text), inst);

   if (npu_reg_is_s(inst->dst)) {
      if (out[0] != result[0])
         tap_problem(tap, "%s: %#" PRIx64 ", expected %#" PRIx64 " (exec %#x)", text, out[0],
                     result[0], exec);
      return;
   }
   if (npu_reg_is_m(inst->dst)) {
      uint32_t bits = (uint32_t)result[0];
      uint32_t old = inst->dst == NPU_REG_EXEC ? exec
                     : inst->dst == DST_M      ? (uint32_t)input->scalar[3]
                                               : (uint32_t)input->mask[0];
      if (info->compare) {
         bits = 0;
         for (unsigned l = 0; l < 32; l++)
            bits |= (uint32_t)(result[l] & 1) << l;
         bits &= exec;
      }
      if (inst->masked)
         bits = (old & ~exec) | (bits & exec);
      if (out[0] != bits)
         tap_problem(tap, "%s: %#" PRIx64 ", expected %#x (exec %#x)", text, out[0], bits, exec);
      return;
   }

   unsigned bits = reg_bits(&info->dst);
   bool all_lanes = info->base == NPU_ALU_MOV || info->base == NPU_ALU_SEL;
   for (unsigned l = 0; l < 32; l++) {
      uint64_t wanted = result[l];
      if (!(exec >> l & 1)) {
         if (inst->masked && inst->dst != OLD_V)
            continue; /* the old value is a source, of another width perhaps */
         if (inst->masked)
            wanted = bits == 64 ? input->old[l] : ((const uint32_t *)input->old)[l];
         else if (!all_lanes)
            continue;
      }
      uint64_t found = get_lane(out, bits, l);
      if (found != wanted) {
         tap_problem(tap,
                     "%s: lane %u: %#" PRIx64 ", expected %#" PRIx64 " (%#" PRIx64 ", %#" PRIx64
                     ", %#" PRIx64 ")",
                     text, l, found, wanted, source_value(inst, input, 0, l),
                     info->num_srcs > 1 ? source_value(inst, input, 1, l) : 0,
                     info->num_srcs > 2 ? source_value(inst, input, 2, l) : 0);
         return;
      }
   }
}

/* ---- one operation -------------------------------------------------------------------------- */

struct fixture {
   struct npu_rig *rig;
   uint64_t code_va, in_va, out_va, args_va;
};

#define CODE_SIZE_B (64 * 1024)

static void
test_op(struct tap *tap, struct fixture *fixture, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   struct npu_inst insts[INSTANCES];
   uint8_t *in = npu_rig_ptr(fixture->rig, fixture->in_va);
   uint8_t *out = npu_rig_ptr(fixture->rig, fixture->out_va);
   struct sim_code code = {0};

   sim_code_emit(&code, (struct npu_inst){.op = NPU_OP_RDSR,
                                          .dst = NPU_REG_S(0),
                                          .sr_or_code = NPU_SR_ARGS});
   sim_code_memory(&code, NPU_OP_LD_S, BASE_IN, NPU_REG_S(0), 0, 64, 2);
   for (unsigned i = 0; i < INSTANCES; i++) {
      if (!make_instance(&insts[i], op, i)) {
         tap_problem(tap, "%s: no legal instruction was found (%s)", info->name,
                     npu_inst_check(&insts[i]));
         tap_case(tap, "%s", info->name);
         return;
      }
      make_input((struct input *)(in + i * IN_STRIDE_B), info);
      emit_instance(&code, &insts[i]);
   }
   sim_code_end(&code);
   assert(code.num_words * 8 <= CODE_SIZE_B);
   memcpy(npu_rig_ptr(fixture->rig, fixture->code_va), code.words, code.num_words * 8);
   free(code.words);
   memset(out, 0xcc, INSTANCES * OUT_STRIDE_B);

   struct npu_packet_dispatch dispatch = npu_rig_dispatch(fixture->code_va, fixture->args_va, 1,
                                                          32);
   uint64_t seqno = npu_rig_submit(fixture->rig, 0, NPU_RIG_ASID, &dispatch, 1);
   struct npu_rig_fault fault;
   char text[256];
   if (!npu_rig_wait(fixture->rig, 0, seqno, 10000)) {
      tap_problem(tap, "not finished after 10 s");
   } else if (npu_rig_pop_fault(fixture->rig, &fault)) {
      npu_rig_describe_fault(&fault, text, sizeof(text));
      tap_problem(tap, "%s", text);
   } else {
      for (unsigned i = 0; i < INSTANCES; i++)
         check_instance(tap, &insts[i], (const struct input *)(in + i * IN_STRIDE_B),
                        (const uint64_t *)(out + i * OUT_STRIDE_B));
   }

   unsigned covered = npu_sim_op_coverage(npu_rig_sim(fixture->rig), op);
   if (info->dst.files & (NPU_FILES_V | NPU_FILES_M) && !(covered & NPU_SIM_COVERED_VECTOR))
      tap_problem(tap, "the vector form was not executed");
   if (info->scalar_form_ok && !(covered & NPU_SIM_COVERED_SCALAR))
      tap_problem(tap, "the scalar form was not executed");
   if (info->maskable && !(covered & NPU_SIM_COVERED_MASKED))
      tap_problem(tap, "the masked form was not executed");
   tap_case(tap, "%s", info->name);
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct fixture fixture;
   struct npu_sim_config config;
   char *error;

   if (!npu_sim_config_parse(&config, argc > 1 ? argv[1] : "cores=1"))
      return 2;
   config.coverage = true;
   fixture.rig = npu_rig_create(&config, &error);
   if (!fixture.rig) {
      printf("Bail out! %s\n", error);
      return 1;
   }
   fixture.code_va = npu_rig_alloc(fixture.rig, CODE_SIZE_B, NPU_RIG_RX);
   fixture.in_va = npu_rig_alloc(fixture.rig, INSTANCES * IN_STRIDE_B, NPU_RIG_R);
   fixture.out_va = npu_rig_alloc(fixture.rig, INSTANCES * OUT_STRIDE_B, NPU_RIG_RW);
   fixture.args_va = npu_rig_alloc(fixture.rig, 16, NPU_RIG_R);
   uint64_t *args = npu_rig_ptr(fixture.rig, fixture.args_va);
   args[0] = fixture.in_va;
   args[1] = fixture.out_va;

   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (npu_op_valid(op) && (npu_op_infos[op].pure || is_wave_op(&npu_op_infos[op])))
         test_op(&tap, &fixture, (enum npu_op)op);
   }
   npu_rig_destroy(fixture.rig);
   return tap_done(&tap);
}
