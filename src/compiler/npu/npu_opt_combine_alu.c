/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Peephole rules for arithmetic; npu_opt_combine.c has the invariants. In the comments x is any
 * value, k a constant.
 */
#include "npu_opt_combine.h"

#include "npu_isa/npu_sem.h"
#include "util/u_math.h"

static bool
is_const(struct npu_ref ref, unsigned bits, int64_t value)
{
   uint64_t mask = bits < 64 ? BITFIELD64_MASK(bits) : UINT64_MAX;

   return npu_is_imm(ref) && ((ref.imm ^ (uint64_t)value) & mask) == 0;
}

/* Index of the source of a commutative operation that is this constant, -1 if none is. */
static int
find_const(const struct npu_instr *instr, int64_t value)
{
   unsigned bits = npu_src_bits(instr, 0);

   for (unsigned s = 0; s < 2; ++s) {
      if (is_const(instr->src[s], bits, value))
         return s;
   }
   return -1;
}

/* Bits of a float constant in the operand's format; doubles that are exact in all formats only. */
static uint64_t
float_bits(unsigned bits, double value)
{
   switch (bits) {
   case 16:
      return npu_f16_bits(value);
   case 32:
      return npu_f32_bits(value);
   default:
      return npu_f64_bits(value);
   }
}

static int
find_float(const struct npu_instr *instr, double value)
{
   unsigned bits = npu_src_bits(instr, 0);

   for (unsigned s = 0; s < 2; ++s) {
      if (npu_is_imm(instr->src[s]) && instr->src[s].imm == float_bits(bits, value))
         return s;
   }
   return -1;
}

/* The operation becomes its operand - or cannot, where the operand has another type. */
static bool
becomes(struct npu_combine *c, struct npu_instr *instr, struct npu_ref ref)
{
   if (npu_is_imm(ref)) {
      npu_combine_to_move(c, instr, ref);
      return true;
   }
   if (ref.kind != NPU_REF_SSA)
      return false;
   /* A mov takes the operand's low bits; the operation may have taken fewer. */
   unsigned width = instr->dest[0].bits == 64 ? 64 : 32;
   unsigned read = npu_dest_bits(instr);
   if (ref.bits > read && read < width)
      return false;
   if (instr->dest[0].file == NPU_FILE_S && ref.file != NPU_FILE_S)
      return false;
   if (ref.bits < instr->dest[0].bits && (ref.neg || ref.abs))
      return false;
   npu_combine_to_move(c, instr, ref);
   return true;
}

/* op' of the remaining two sources: drops source s of three. */
static bool
drop_source(struct npu_combine *c, struct npu_instr *instr, unsigned s, unsigned op)
{
   if (npu_is_ssa(instr->src[s]))
      --c->uses[instr->src[s].value];
   for (; s + 1 < instr->num_srcs; ++s)
      instr->src[s] = instr->src[s + 1];
   --instr->num_srcs;
   instr->op = op;
   return true;
}

static unsigned
sibling(const struct npu_instr *instr, enum npu_alu base)
{
   return npu_op_for(base, npu_ir_op_info(instr->op)->type);
}

/* ---- integers ---- */

/* x * y + z in one, if nobody else wants the product. */
static bool
add_of_product(struct npu_combine *c, struct npu_instr *instr, unsigned s)
{
   struct npu_instr *mul = npu_combine_single_use_def(c, instr, s, sibling(instr, NPU_ALU_IMUL));

   /* In one block only: exec may be another elsewhere, and a product may have left a loop. */
   if (!mul || mul->dest[0].file != instr->dest[0].file || mul->block != instr->block)
      return false;

   struct npu_instr mad = *instr;
   struct npu_ref srcs[3] = {mul->src[0], mul->src[1], instr->src[1 - s]};
   mad.op = sibling(instr, NPU_ALU_IMAD);
   mad.num_srcs = 3;
   mad.src = srcs;
   npu_foreach_src(&mad, i) {
      if (!npu_src_allowed(&mad, i, srcs[i]))
         return false;
   }

   --c->uses[instr->src[s].value];
   for (unsigned i = 0; i < 2; ++i) {
      if (npu_is_ssa(srcs[i]))
         ++c->uses[srcs[i].value];
   }
   instr->op = mad.op;
   instr->num_srcs = 3;
   instr->src = ralloc_memdup(c->shader, srcs, sizeof(srcs));
   return true;
}

static bool
combine_add(struct npu_combine *c, struct npu_instr *instr)
{
   int zero = find_const(instr, 0);

   if (zero >= 0) /* x + 0 = x */
      return becomes(c, instr, instr->src[1 - zero]);

   for (unsigned s = 0; s < 2; ++s) {
      if (add_of_product(c, instr, s))
         return true;
   }
   return false;
}

static bool
combine_mul(struct npu_combine *c, struct npu_instr *instr)
{
   int one = find_const(instr, 1), zero = find_const(instr, 0);

   if (zero >= 0) /* x * 0 = 0 */
      return becomes(c, instr, npu_imm(0));
   if (one >= 0) /* x * 1 = x */
      return becomes(c, instr, instr->src[1 - one]);

   for (unsigned s = 0; s < 2; ++s) { /* x * 2^k = x << k */
      if (!npu_is_imm(instr->src[s]) || !util_is_power_of_two_nonzero64(instr->src[s].imm))
         continue;
      struct npu_ref shift = {.kind = NPU_REF_IMM,
                              .bits = 32,
                              .comps = 1,
                              .imm = util_logbase2_64(instr->src[s].imm)};
      instr->src[0] = instr->src[1 - s];
      instr->src[1] = shift;
      instr->op = sibling(instr, NPU_ALU_ISHL);
      return true;
   }
   return false;
}

static bool
combine_mad(struct npu_combine *c, struct npu_instr *instr)
{
   unsigned bits = npu_src_bits(instr, 0);
   int one = find_const(instr, 1), zero = find_const(instr, 0);

   if (zero >= 0) { /* 0 * x + y = y */
      struct npu_ref y = instr->src[2];
      return becomes(c, instr, y);
   }
   if (one >= 0) /* 1 * x + y = x + y */
      return drop_source(c, instr, one, sibling(instr, NPU_ALU_IADD));
   if (is_const(instr->src[2], bits, 0)) /* x * y + 0 */
      return drop_source(c, instr, 2, sibling(instr, NPU_ALU_IMUL));
   return false;
}

static bool
combine_sub(struct npu_combine *c, struct npu_instr *instr)
{
   unsigned bits = npu_src_bits(instr, 0);
   struct npu_ref y = instr->src[1];

   if (npu_is_imm(y)) { /* x - k = x + -k */
      y.imm = -y.imm & (bits < 64 ? BITFIELD64_MASK(bits) : UINT64_MAX);
      if (!npu_combine_set_src(c, instr, 1, y))
         return false;
      instr->op = sibling(instr, NPU_ALU_IADD);
      return true;
   }
   if (is_const(instr->src[0], bits, 0)) /* 0 - x = -x */
      return drop_source(c, instr, 0, sibling(instr, NPU_ALU_INEG));
   return false;
}

static bool
combine_bitwise(struct npu_combine *c, struct npu_instr *instr, enum npu_alu base)
{
   int zero = find_const(instr, 0), ones = find_const(instr, -1);
   bool same = npu_is_ssa(instr->src[0]) && npu_refs_equal(instr->src[0], instr->src[1]);

   switch (base) {
   case NPU_ALU_IAND:
      if (zero >= 0) /* x & 0 = 0 */
         return becomes(c, instr, npu_imm(0));
      if (ones >= 0) /* x & ~0 = x */
         return becomes(c, instr, instr->src[1 - ones]);
      /* x & k = x where k covers all bits that x has */
      for (unsigned s = 0; s < 2; ++s) {
         struct npu_ref x = instr->src[1 - s];
         if (npu_is_imm(instr->src[s]) && npu_is_ssa(x) && x.bits < npu_src_bits(instr, 0) &&
             (BITFIELD64_MASK(x.bits) & ~instr->src[s].imm) == 0)
            return becomes(c, instr, x);
      }
      return same && becomes(c, instr, instr->src[0]);
   case NPU_ALU_IOR:
      if (zero >= 0) /* x | 0 = x */
         return becomes(c, instr, instr->src[1 - zero]);
      return same && becomes(c, instr, instr->src[0]);
   default:
      if (zero >= 0) /* x ^ 0 = x */
         return becomes(c, instr, instr->src[1 - zero]);
      return same && becomes(c, instr, npu_imm(0));
   }
}

static bool
combine_shift(struct npu_combine *c, struct npu_instr *instr)
{
   unsigned bits = npu_dest_bits(instr);

   /* x << 0 = x; counts are masked to the width */
   if (npu_is_imm(instr->src[1]) && (instr->src[1].imm & (bits - 1)) == 0)
      return becomes(c, instr, instr->src[0]);
   return false;
}

/* ---- floats ---- */

static bool
combine_fmul(struct npu_combine *c, struct npu_instr *instr)
{
   int one = find_float(instr, 1.0);

   if (one >= 0) /* x * 1 = x */
      return becomes(c, instr, instr->src[1 - one]);
   return false;
}

static bool
combine_fadd(struct npu_combine *c, struct npu_instr *instr)
{
   int zero = find_float(instr, -0.0);

   if (zero >= 0) /* x + -0 = x */
      return becomes(c, instr, instr->src[1 - zero]);
   return false;
}

static bool
combine_ffma(struct npu_combine *c, struct npu_instr *instr)
{
   int one = find_float(instr, 1.0);
   unsigned bits = npu_src_bits(instr, 0);

   if (one >= 0) /* 1 * x + y rounds once, as x + y does */
      return drop_source(c, instr, one, sibling(instr, NPU_ALU_FADD));
   if (npu_is_imm(instr->src[2]) && instr->src[2].imm == float_bits(bits, -0.0)) /* x * y + -0 */
      return drop_source(c, instr, 2, sibling(instr, NPU_ALU_FMUL));
   return false;
}

/* x - y = x + -y: one operation less to know about, and commutative. */
static bool
combine_fsub(struct npu_combine *c, struct npu_instr *instr)
{
   struct npu_ref y = npu_neg(instr->src[1]);

   if (!npu_combine_set_src(c, instr, 1, y))
      return false;
   instr->op = sibling(instr, NPU_ALU_FADD);
   return true;
}

/* ---- selections, conditions, conversions ---- */

static bool
combine_sel(struct npu_combine *c, struct npu_instr *instr)
{
   if (npu_refs_equal(instr->src[1], instr->src[2])) /* c ? x : x */
      return becomes(c, instr, instr->src[1]);
   if (instr->src[2].kind == NPU_REF_UNDEF)
      return becomes(c, instr, instr->src[1]);
   if (instr->src[1].kind == NPU_REF_UNDEF)
      return becomes(c, instr, instr->src[2]);
   return false;
}

/* A uniform condition that is x != 0 or x == 0, all of x: reads x itself; *inverted says which. */
static bool
condition_source(const struct npu_combine *c, struct npu_ref cond, struct npu_ref *x,
                 bool *inverted)
{
   struct npu_instr *def = npu_combine_def(c, cond);

   if (!def || cond.file != NPU_FILE_S || npu_op_is_pseudo(def->op))
      return false;
   enum npu_alu base = npu_ir_op_info(def->op)->base;
   if (base != NPU_ALU_ICMP_NE && base != NPU_ALU_ICMP_EQ)
      return false;
   int zero = find_const(def, 0);
   if (zero < 0 || !npu_is_ssa(def->src[1 - zero]) || def->src[1 - zero].file != NPU_FILE_S ||
       def->src[1 - zero].bits > npu_src_bits(def, 0))
      return false;
   *x = def->src[1 - zero];
   *inverted = base == NPU_ALU_ICMP_EQ;
   return true;
}

static bool
combine_condition(struct npu_combine *c, struct npu_instr *instr)
{
   struct npu_ref x;
   bool inverted;

   if (!condition_source(c, instr->src[0], &x, &inverted))
      return false;
   if (!npu_combine_set_src(c, instr, 0, x))
      return false;
   if (!inverted)
      return true;
   if (instr->op == NPU_OP_BR_NZ || instr->op == NPU_OP_BR_Z) {
      instr->op = instr->op == NPU_OP_BR_NZ ? NPU_OP_BR_Z : NPU_OP_BR_NZ;
   } else {
      struct npu_ref swap = instr->src[1];
      instr->src[1] = instr->src[2];
      instr->src[2] = swap;
   }
   return true;
}

/* A conversion to a wider unsigned type of a value that has no more bits: they are zero already. */
static bool
combine_cvt(struct npu_combine *c, struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   struct npu_ref x = instr->src[0];
   bool is_unsigned = npu_type_infos[info->src_type].kind == NPU_KIND_UINT;

   if (info->src[0].kind == NPU_KIND_FLOAT || info->dst.kind == NPU_KIND_FLOAT || !npu_is_ssa(x) ||
       info->dst.bits < info->src[0].bits || x.bits > info->src[0].bits ||
       instr->dest[0].file != x.file || (!is_unsigned && x.bits >= info->src[0].bits))
      return false;
   if (x.file == NPU_FILE_V && (x.bits == 64) != (instr->dest[0].bits == 64))
      return false;
   if (instr->sat && npu_type_infos[info->type].kind != NPU_KIND_UINT &&
       info->dst.bits == info->src[0].bits)
      return false;
   return becomes(c, instr, x);
}

/* lo and hi of a pair that was packed; the pair of the halves of one value. */
static bool
combine_halves(struct npu_combine *c, struct npu_instr *instr)
{
   if (instr->op == NPU_OP_PACK_B64) {
      struct npu_instr *lo = npu_combine_def(c, instr->src[0]);
      struct npu_instr *hi = npu_combine_def(c, instr->src[1]);

      if (lo && hi && lo->op == NPU_OP_LO_B64 && hi->op == NPU_OP_HI_B64 && !lo->masked &&
          !hi->masked && npu_refs_equal(lo->src[0], hi->src[0]))
         return becomes(c, instr, lo->src[0]);
      /* The upper half is zero: a scalar of at most 32 bits is that already. */
      if (is_const(instr->src[1], 32, 0) && npu_is_ssa(instr->src[0]) && instr->src[0].bits <= 32 &&
          instr->src[0].file == NPU_FILE_S)
         return becomes(c, instr, instr->src[0]);
      return false;
   }
   struct npu_instr *pack = npu_combine_def(c, instr->src[0]);
   if (!pack || pack->op != NPU_OP_PACK_B64 || pack->masked)
      return false;
   return becomes(c, instr, pack->src[instr->op == NPU_OP_HI_B64]);
}

/* ---- masks ---- */

/* x & ~y and x & ~~y; x may be exec, y is not: exec may have been another where it was inverted. */
static bool
combine_mask(struct npu_combine *c, struct npu_instr *instr)
{
   bool and_not = instr->op == NPU_OP_MANDN;

   for (unsigned s = 0; s < 2; ++s) {
      struct npu_instr *not = npu_combine_def(c, instr->src[s]);

      if (!not|| not->op != NPU_OP_MNOT || not->masked || !npu_is_ssa(not->src[0]) ||
          (and_not && s == 0))
         continue;
      struct npu_ref x = instr->src[1 - s];
      if (!npu_combine_set_src(c, instr, s, not->src[0]))
         continue;
      instr->src[0] = x;
      instr->src[1] = not->src[0];
      instr->op = and_not ? NPU_OP_MAND : NPU_OP_MANDN;
      return true;
   }
   return false;
}

bool
npu_combine_alu(struct npu_combine *c, struct npu_instr *instr)
{
   if (npu_op_is_pseudo(instr->op) || instr->masked || !instr->block)
      return false;
   if (instr->op == NPU_OP_BR_NZ || instr->op == NPU_OP_BR_Z)
      return combine_condition(c, instr);
   if (instr->op == NPU_OP_MAND || instr->op == NPU_OP_MANDN)
      return combine_mask(c, instr);
   if (!npu_ir_op_info(instr->op)->pure || instr->dest[0].kind == NPU_REF_EXEC)
      return false;

   enum npu_alu base = npu_ir_op_info(instr->op)->base;
   switch (base) {
   case NPU_ALU_IADD:
      return combine_add(c, instr);
   case NPU_ALU_ISUB:
      return combine_sub(c, instr);
   case NPU_ALU_IMUL:
      return combine_mul(c, instr);
   case NPU_ALU_IMAD:
      return combine_mad(c, instr);
   case NPU_ALU_IAND:
   case NPU_ALU_IOR:
   case NPU_ALU_IXOR:
      return combine_bitwise(c, instr, base);
   case NPU_ALU_ISHL:
   case NPU_ALU_ISHR:
   case NPU_ALU_USHR:
      return combine_shift(c, instr);
   case NPU_ALU_FMUL:
      return combine_fmul(c, instr);
   case NPU_ALU_FADD:
      return combine_fadd(c, instr);
   case NPU_ALU_FSUB:
      return combine_fsub(c, instr);
   case NPU_ALU_FFMA:
      return combine_ffma(c, instr);
   case NPU_ALU_SEL:
      return combine_sel(c, instr) || combine_condition(c, instr);
   case NPU_ALU_CVT:
      return combine_cvt(c, instr);
   case NPU_ALU_PACK:
   case NPU_ALU_LO:
   case NPU_ALU_HI:
      return combine_halves(c, instr);
   default:
      return false;
   }
}
