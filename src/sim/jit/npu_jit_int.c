// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Integer lane operations as LLVM IR: for each what npu.xml says, on operand bits.
//
// Divisions of up to 32 bits are done in double (or float), where the quotient of such integers is
// exact enough to truncate: hosts have no integer division of vectors. For |a| < 2^32 a quotient
// that is not an integer is at least 1/|a| (relative) away from the next one, more than the
// rounding error.

#include "npu_jit_gen.h"

#define BIN(op)  LLVMBuild##op(b, x, y, "")
#define CONST(v) npu_jit_const(t, bits, v)
#define ICMP(p)  LLVMBuildICmp(b, LLVMInt##p, x, y, "")
#define SELECT   LLVMBuildSelect

static LLVMValueRef
resize(struct npu_jit_shape t, LLVMValueRef value, unsigned from, unsigned to, bool is_signed)
{
   LLVMTypeRef type = npu_jit_type(t, to);

   if (from == to)
      return value;
   if (from > to)
      return LLVMBuildTrunc(t.g->builder, value, type, "");
   return is_signed ? LLVMBuildSExt(t.g->builder, value, type, "")
                    : LLVMBuildZExt(t.g->builder, value, type, "");
}

/* A 32-bit shift count modulo `bits`, in the type shifted. */
static LLVMValueRef
shift_count(struct npu_jit_shape t, LLVMValueRef count, unsigned bits)
{
   count = resize(t, count, 32, bits, false);
   return LLVMBuildAnd(t.g->builder, count, npu_jit_const(t, bits, bits - 1), "");
}

static LLVMValueRef
high_product(struct npu_jit_shape t, LLVMValueRef x, LLVMValueRef y, unsigned bits, bool is_signed)
{
   LLVMBuilderRef b = t.g->builder;
   LLVMValueRef product = LLVMBuildMul(b, resize(t, x, bits, 2 * bits, is_signed),
                                       resize(t, y, bits, 2 * bits, is_signed), "");

   product = LLVMBuildLShr(b, product, npu_jit_const(t, 2 * bits, bits), "");
   return resize(t, product, 2 * bits, bits, false);
}

/* Quotient where the divisor is neither 0 nor -1. */
static LLVMValueRef
quotient(struct npu_jit_shape t, LLVMValueRef x, LLVMValueRef y, unsigned bits, bool is_signed)
{
   LLVMBuilderRef b = t.g->builder;

   if (bits == 64 || !t.width)
      return is_signed ? LLVMBuildSDiv(b, x, y, "") : LLVMBuildUDiv(b, x, y, "");
   LLVMTypeRef real = npu_jit_float_type(t, bits == 32 ? 64 : 32), whole = npu_jit_type(t, 32);
   x = resize(t, x, bits, 32, is_signed);
   y = resize(t, y, bits, 32, is_signed);
   LLVMValueRef q;
   if (is_signed) {
      q = LLVMBuildFDiv(b, LLVMBuildSIToFP(b, x, real, ""), LLVMBuildSIToFP(b, y, real, ""), "");
      q = LLVMBuildFPToSI(b, q, whole, "");
   } else {
      q = LLVMBuildFDiv(b, LLVMBuildUIToFP(b, x, real, ""), LLVMBuildUIToFP(b, y, real, ""), "");
      q = LLVMBuildFPToUI(b, q, whole, "");
   }
   return resize(t, q, 32, bits, false);
}

static LLVMValueRef
divide(struct npu_jit_shape t, LLVMValueRef x, LLVMValueRef y, unsigned bits, bool is_signed,
       bool remainder)
{
   LLVMBuilderRef b = t.g->builder;
   LLVMValueRef zero = CONST(0), one = CONST(1), ones = CONST(UINT64_MAX);
   LLVMValueRef is_zero = LLVMBuildICmp(b, LLVMIntEQ, y, zero, "");
   LLVMValueRef is_minus = LLVMBuildICmp(b, LLVMIntEQ, y, ones, "");
   LLVMValueRef bad = is_signed ? LLVMBuildOr(b, is_zero, is_minus, "") : is_zero;
   LLVMValueRef q = quotient(t, x, SELECT(b, bad, one, y, ""), bits, is_signed);

   if (is_signed)
      q = SELECT(b, is_minus, LLVMBuildNeg(b, x, ""), q, "");
   if (!remainder)
      return SELECT(b, is_zero, ones, q, "");
   LLVMValueRef rest = LLVMBuildSub(b, x, LLVMBuildMul(b, q, y, ""), "");
   return SELECT(b, is_zero, x, rest, "");
}

/* Signed or unsigned byte (16-bit) `k` of 32-bit lanes, extended. */
static LLVMValueRef
part(struct npu_jit_shape t, LLVMValueRef x, unsigned k, unsigned part_bits, bool is_signed)
{
   LLVMBuilderRef b = t.g->builder;
   LLVMValueRef up = npu_jit_const(t, 32, 32 - part_bits * (k + 1));
   LLVMValueRef down = npu_jit_const(t, 32, 32 - part_bits);

   x = LLVMBuildShl(b, x, up, "");
   return is_signed ? LLVMBuildAShr(b, x, down, "") : LLVMBuildLShr(b, x, down, "");
}

static LLVMValueRef
dot(struct npu_jit_shape t, const struct npu_inst *inst, const LLVMValueRef *a)
{
   LLVMBuilderRef b = t.g->builder;
   bool halves = inst->op == NPU_OP_DP2A_I32 || inst->op == NPU_OP_DP2A_U32;
   bool a_signed = inst->op != NPU_OP_DP4A_U32 && inst->op != NPU_OP_DP2A_U32;
   bool b_signed = a_signed && inst->op != NPU_OP_DP4A_SU_I32;
   unsigned part_bits = halves ? 16 : 8, bits = inst->sat ? 64 : 32;
   LLVMValueRef sum = resize(t, a[2], 32, bits, a_signed);

   for (unsigned k = 0; k < 32 / part_bits; k++) {
      LLVMValueRef x = resize(t, part(t, a[0], k, part_bits, a_signed), 32, bits, a_signed);
      LLVMValueRef y = resize(t, part(t, a[1], k, part_bits, b_signed), 32, bits, b_signed);
      sum = LLVMBuildAdd(b, sum, LLVMBuildMul(b, x, y, ""), "");
   }
   if (inst->sat && a_signed) {
      sum = npu_jit_call2(t.g, "llvm.smax", sum, CONST((uint64_t)INT32_MIN));
      sum = npu_jit_call2(t.g, "llvm.smin", sum, CONST(INT32_MAX));
   } else if (inst->sat) {
      sum = npu_jit_call2(t.g, "llvm.umin", sum, CONST(UINT32_MAX));
   }
   return resize(t, sum, bits, 32, false);
}

static LLVMValueRef
permute(struct npu_jit_shape t, const LLVMValueRef *a)
{
   LLVMBuilderRef b = t.g->builder;
   const unsigned bits = 32;
   LLVMValueRef result = NULL, zero = CONST(0), low = CONST(0xff);

   for (unsigned k = 0; k < 32; k += 8) {
      LLVMValueRef s = LLVMBuildLShr(b, a[2], CONST(k), "");
      LLVMValueRef high = LLVMBuildICmp(b, LLVMIntNE, LLVMBuildAnd(b, s, CONST(4), ""), zero, "");
      LLVMValueRef none = LLVMBuildICmp(b, LLVMIntNE, LLVMBuildAnd(b, s, CONST(0x80), ""), zero,
                                        "");
      LLVMValueRef shift = LLVMBuildShl(b, LLVMBuildAnd(b, s, CONST(3), ""), CONST(3), "");
      LLVMValueRef byte = LLVMBuildLShr(b, SELECT(b, high, a[1], a[0], ""), shift, "");
      byte = SELECT(b, none, zero, LLVMBuildAnd(b, byte, low, ""), "");
      byte = LLVMBuildShl(b, byte, CONST(k), "");
      result = result ? LLVMBuildOr(b, result, byte, "") : byte;
   }
   return result;
}

static LLVMValueRef
bit_field(struct npu_jit_shape t, enum npu_op op, const LLVMValueRef *a)
{
   LLVMBuilderRef b = t.g->builder;
   const unsigned bits = 32;
   LLVMValueRef one = CONST(1), top = CONST(31), full = CONST(32), zero = CONST(0);
   LLVMValueRef first = LLVMBuildAnd(b, op == NPU_OP_BFM_I32 ? a[0] : a[1], top, "");
   LLVMValueRef second;

   if (op == NPU_OP_BFM_I32) {
      second = LLVMBuildAnd(b, a[1], top, "");
      return LLVMBuildShl(b, LLVMBuildSub(b, LLVMBuildShl(b, one, first, ""), one, ""), second, "");
   }
   second = LLVMBuildAnd(b, a[2], top, "");
   if (op == NPU_OP_UBFE_I32) {
      LLVMValueRef mask = LLVMBuildSub(b, LLVMBuildShl(b, one, second, ""), one, "");
      return LLVMBuildAnd(b, LLVMBuildLShr(b, a[0], first, ""), mask, "");
   }
   LLVMValueRef used = npu_jit_call2(t.g, "llvm.umin", second, LLVMBuildSub(b, full, first, ""));
   LLVMValueRef up = LLVMBuildSub(b, LLVMBuildSub(b, full, first, ""), used, "");
   LLVMValueRef down = LLVMBuildAnd(b, LLVMBuildSub(b, full, used, ""), top, "");
   LLVMValueRef field = LLVMBuildShl(b, a[0], LLVMBuildAnd(b, up, top, ""), "");
   field = LLVMBuildAShr(b, field, down, "");
   return SELECT(b, LLVMBuildICmp(b, LLVMIntEQ, used, zero, ""), zero, field, "");
}

/* Bits of a count (popcnt, clz, ctz) as 32 bits. */
static LLVMValueRef
count_bits(struct npu_jit_shape t, const char *name, LLVMValueRef x, unsigned bits, bool has_flag)
{
   LLVMValueRef defined = LLVMConstInt(t.g->i1, 0, false);
   LLVMValueRef count = has_flag ? npu_jit_call2(t.g, name, x, defined)
                                 : npu_jit_call1(t.g, name, x);

   return resize(t, count, bits, 32, false);
}

LLVMValueRef
npu_jit_int_op(struct npu_jit_shape t, const struct npu_inst *inst, const LLVMValueRef *a)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct npu_jit_gen *g = t.g;
   LLVMBuilderRef b = g->builder;
   LLVMValueRef x = a[0], y = a[1], z = a[2], n;
   const unsigned bits = info->src[0].bits;

   switch ((enum npu_alu)info->base) {
   case NPU_ALU_MOV:
      return x;
   case NPU_ALU_SEL:
      return SELECT(b, x, y, z, "");
   case NPU_ALU_PACK:
      n = LLVMBuildShl(b, resize(t, y, 32, 64, false), npu_jit_const(t, 64, 32), "");
      return LLVMBuildOr(b, n, resize(t, x, 32, 64, false), "");
   case NPU_ALU_LO:
      return resize(t, x, 64, 32, false);
   case NPU_ALU_HI:
      return resize(t, LLVMBuildLShr(b, x, npu_jit_const(t, 64, 32), ""), 64, 32, false);
   case NPU_ALU_PERM:
      return permute(t, a);
   case NPU_ALU_UBFE:
   case NPU_ALU_IBFE:
   case NPU_ALU_BFM:
      return bit_field(t, inst->op, a);
   case NPU_ALU_BFI:
      n = LLVMBuildAnd(b, x, LLVMBuildNeg(b, x, ""), "");
      n = LLVMBuildAnd(b, LLVMBuildMul(b, y, n, ""), x, "");
      return LLVMBuildOr(b, LLVMBuildAnd(b, z, LLVMBuildNot(b, x, ""), ""), n, "");
   case NPU_ALU_IMULW:
      return LLVMBuildMul(b, resize(t, x, 32, 64, true), resize(t, y, 32, 64, true), "");
   case NPU_ALU_UMULW:
      return LLVMBuildMul(b, resize(t, x, 32, 64, false), resize(t, y, 32, 64, false), "");
   case NPU_ALU_DP4A:
   case NPU_ALU_DP4A_SU:
   case NPU_ALU_DP2A:
      return dot(t, inst, a);
   case NPU_ALU_IADD:
      return BIN(Add);
   case NPU_ALU_ISUB:
      return BIN(Sub);
   case NPU_ALU_IMUL:
      return BIN(Mul);
   case NPU_ALU_IMAD:
      return LLVMBuildAdd(b, BIN(Mul), z, "");
   case NPU_ALU_IMULH:
      return high_product(t, x, y, bits, true);
   case NPU_ALU_UMULH:
      return high_product(t, x, y, bits, false);
   case NPU_ALU_IAND:
      return BIN(And);
   case NPU_ALU_IOR:
      return BIN(Or);
   case NPU_ALU_IXOR:
      return BIN(Xor);
   case NPU_ALU_INOT:
      return LLVMBuildNot(b, x, "");
   case NPU_ALU_INEG:
      return LLVMBuildNeg(b, x, "");
   case NPU_ALU_IABS:
      return npu_jit_call2(g, "llvm.abs", x, LLVMConstInt(g->i1, 0, false));
   case NPU_ALU_ISHL:
      return LLVMBuildShl(b, x, shift_count(t, y, bits), "");
   case NPU_ALU_ISHR:
      return LLVMBuildAShr(b, x, shift_count(t, y, bits), "");
   case NPU_ALU_USHR:
      return LLVMBuildLShr(b, x, shift_count(t, y, bits), "");
   case NPU_ALU_ROTL:
      return npu_jit_call3(g, "llvm.fshl", x, x, shift_count(t, y, bits));
   case NPU_ALU_IMIN:
      return npu_jit_call2(g, "llvm.smin", x, y);
   case NPU_ALU_IMAX:
      return npu_jit_call2(g, "llvm.smax", x, y);
   case NPU_ALU_UMIN:
      return npu_jit_call2(g, "llvm.umin", x, y);
   case NPU_ALU_UMAX:
      return npu_jit_call2(g, "llvm.umax", x, y);
   case NPU_ALU_IADD_SAT:
      return npu_jit_call2(g, "llvm.sadd.sat", x, y);
   case NPU_ALU_UADD_SAT:
      return npu_jit_call2(g, "llvm.uadd.sat", x, y);
   case NPU_ALU_ISUB_SAT:
      return npu_jit_call2(g, "llvm.ssub.sat", x, y);
   case NPU_ALU_USUB_SAT:
      return npu_jit_call2(g, "llvm.usub.sat", x, y);
   case NPU_ALU_IHADD:
      return LLVMBuildAdd(b, BIN(And), LLVMBuildAShr(b, BIN(Xor), CONST(1), ""), "");
   case NPU_ALU_UHADD:
      return LLVMBuildAdd(b, BIN(And), LLVMBuildLShr(b, BIN(Xor), CONST(1), ""), "");
   case NPU_ALU_IRHADD:
      return LLVMBuildSub(b, BIN(Or), LLVMBuildAShr(b, BIN(Xor), CONST(1), ""), "");
   case NPU_ALU_URHADD:
      return LLVMBuildSub(b, BIN(Or), LLVMBuildLShr(b, BIN(Xor), CONST(1), ""), "");
   case NPU_ALU_IDIV:
      return divide(t, x, y, bits, true, false);
   case NPU_ALU_UDIV:
      return divide(t, x, y, bits, false, false);
   case NPU_ALU_IREM:
      return divide(t, x, y, bits, true, true);
   case NPU_ALU_UREM:
      return divide(t, x, y, bits, false, true);
   case NPU_ALU_POPCNT:
      return count_bits(t, "llvm.ctpop", x, bits, false);
   case NPU_ALU_CLZ:
      return count_bits(t, "llvm.ctlz", x, bits, true);
   case NPU_ALU_CTZ:
      return count_bits(t, "llvm.cttz", x, bits, true);
   case NPU_ALU_BREV:
      return npu_jit_call1(g, "llvm.bitreverse", x);
   case NPU_ALU_IABSDIFF:
      return SELECT(b, ICMP(SGT), BIN(Sub), LLVMBuildSub(b, y, x, ""), "");
   case NPU_ALU_UABSDIFF:
      return SELECT(b, ICMP(UGT), BIN(Sub), LLVMBuildSub(b, y, x, ""), "");
   case NPU_ALU_ICMP_EQ:
      return ICMP(EQ);
   case NPU_ALU_ICMP_NE:
      return ICMP(NE);
   case NPU_ALU_ICMP_LT:
      return ICMP(SLT);
   case NPU_ALU_ICMP_LE:
      return ICMP(SLE);
   case NPU_ALU_UCMP_LT:
      return ICMP(ULT);
   case NPU_ALU_UCMP_LE:
      return ICMP(ULE);
   default:
      return NULL;
   }
}
