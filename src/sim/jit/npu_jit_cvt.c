// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Conversions as LLVM IR.
//
// The host rounds to nearest even. Where another rounding mode is asked for, that result is one of the two
// floats beside the exact number, so it is compared with the exact number and, if it lies on the wrong side,
// moved to its neighbour, which is one more or less as an integer (directed()). The exact number is a float
// of the source's type, or for integers the unevaluated sum of two doubles (Dekker's Fast2Sum).

#include "npu_jit_gen.h"

#define B (t.g->builder)

static bool
is_signed(enum npu_type type)
{
   return npu_type_infos[type].kind == NPU_KIND_INT;
}

static bool
is_float(enum npu_type type)
{
   return npu_type_infos[type].kind == NPU_KIND_FLOAT;
}

static LLVMValueRef
resize(struct npu_jit_shape t, LLVMValueRef x, enum npu_type from, unsigned bits)
{
   unsigned now = npu_type_infos[from].bits;

   if (now == bits)
      return x;
   if (now > bits)
      return LLVMBuildTrunc(B, x, npu_jit_type(t, bits), "");
   return is_signed(from) ? LLVMBuildSExt(B, x, npu_jit_type(t, bits), "")
                          : LLVMBuildZExt(B, x, npu_jit_type(t, bits), "");
}

/* Largest value of an integer type. */
static uint64_t
maximum(enum npu_type type)
{
   unsigned bits = npu_type_infos[type].bits;

   return UINT64_MAX >> (64 - bits + is_signed(type));
}

static uint64_t
minimum(enum npu_type type)
{
   return is_signed(type) ? ~maximum(type) : 0;
}

static LLVMValueRef
int_to_int(struct npu_jit_shape t, const struct npu_inst *inst, enum npu_type to,
           enum npu_type from, LLVMValueRef x)
{
   unsigned bits = npu_type_infos[to].bits;

   if (!inst->sat)
      return resize(t, x, from, bits);
   x = resize(t, x, from, 64);
   if (is_signed(from)) {
      uint64_t top = maximum(to) > INT64_MAX ? INT64_MAX : maximum(to);
      x = npu_jit_call2(t.g, "llvm.smax", x, npu_jit_const(t, 64, minimum(to)));
      x = npu_jit_call2(t.g, "llvm.smin", x, npu_jit_const(t, 64, top));
   } else {
      x = npu_jit_call2(t.g, "llvm.umin", x, npu_jit_const(t, 64, maximum(to)));
   }
   return bits == 64 ? x : LLVMBuildTrunc(B, x, npu_jit_type(t, bits), "");
}

/* A number before it is rounded: a float, and what an integer has besides the nearest double (or NULL). */
struct exact {
   LLVMValueRef value, rest;
};

/* Whether the exact number is above (LLVMRealOGT) or below (LLVMRealOLT) the float y of the same type. */
static LLVMValueRef
is_beside(struct npu_jit_shape t, LLVMRealPredicate side, struct exact x, LLVMValueRef y)
{
   LLVMValueRef beside = LLVMBuildFCmp(B, side, x.value, y, "");

   if (x.rest) {
      LLVMValueRef same = LLVMBuildFCmp(B, LLVMRealOEQ, x.value, y, "");
      LLVMValueRef rest = LLVMBuildFCmp(B, side, x.rest, npu_jit_fconst(t, 64, 0.0), "");
      beside = LLVMBuildOr(B, beside, LLVMBuildAnd(B, same, rest, ""), "");
   }
   return beside;
}

/* The bits of a float that was rounded to nearest, rounded as asked instead. */
static LLVMValueRef
directed(struct npu_jit_shape t, enum npu_round round, enum npu_type to, LLVMValueRef nearest,
         struct exact x)
{
   unsigned bits = npu_type_infos[to].bits;

   if (round == NPU_ROUND_RTE)
      return nearest;
   LLVMValueRef y = npu_jit_to_float(t, to, nearest);
   if (LLVMTypeOf(y) != LLVMTypeOf(x.value))
      y = LLVMBuildFPExt(B, y, LLVMTypeOf(x.value), "");
   LLVMValueRef negative = LLVMBuildICmp(B, LLVMIntSLT, nearest, npu_jit_const(t, bits, 0), "");
   LLVMValueRef out = npu_jit_const(t, bits, 1), in = npu_jit_const(t, bits, UINT64_MAX);
   LLVMValueRef wrong, step;

   if (round == NPU_ROUND_RTZ) {
      wrong = LLVMBuildSelect(B, negative, is_beside(t, LLVMRealOGT, x, y),
                              is_beside(t, LLVMRealOLT, x, y), "");
      step = in;
   } else if (round == NPU_ROUND_RTP) {
      wrong = is_beside(t, LLVMRealOGT, x, y);
      step = LLVMBuildSelect(B, negative, in, out, "");
   } else {
      wrong = is_beside(t, LLVMRealOLT, x, y);
      step = LLVMBuildSelect(B, negative, out, in, "");
   }
   return LLVMBuildSelect(B, wrong, LLVMBuildAdd(B, nearest, step, ""), nearest, "");
}

/* An integer of 32 or 64 bits as doubles. */
static struct exact
exact_int(struct npu_jit_shape t, bool is_signed, unsigned bits, LLVMValueRef x)
{
   LLVMTypeRef type = npu_jit_float_type(t, 64);
   LLVMOpcode convert = is_signed ? LLVMSIToFP : LLVMUIToFP;

   if (bits == 32)
      return (struct exact){LLVMBuildCast(B, convert, x, type, ""), NULL};

   LLVMValueRef half = npu_jit_const(t, 64, 32), low_mask = npu_jit_const(t, 64, UINT32_MAX);
   LLVMValueRef high = is_signed ? LLVMBuildAShr(B, x, half, "") : LLVMBuildLShr(B, x, half, "");
   LLVMValueRef low = LLVMBuildUIToFP(B, LLVMBuildAnd(B, x, low_mask, ""), type, "");
   high = LLVMBuildFMul(B, LLVMBuildCast(B, convert, high, type, ""), npu_jit_fconst(t, 64, 0x1p32),
                        "");
   LLVMValueRef sum = LLVMBuildFAdd(B, high, low, "");
   return (struct exact){sum, LLVMBuildFSub(B, low, LLVMBuildFSub(B, sum, high, ""), "")};
}

static LLVMValueRef
int_to_float(struct npu_jit_shape t, const struct npu_inst *inst, enum npu_type to,
             enum npu_type from, LLVMValueRef x)
{
   LLVMTypeRef type = npu_jit_float_type(t, to == NPU_TYPE_F64 ? 64 : 32);
   unsigned bits = npu_type_infos[from].bits < 32 ? 32 : npu_type_infos[from].bits;

   x = resize(t, x, from, bits);
   /* Integers that f32 does not hold exactly are infinite in f16: two roundings are one. */
   LLVMValueRef value = is_signed(from) ? LLVMBuildSIToFP(B, x, type, "")
                                        : LLVMBuildUIToFP(B, x, type, "");
   LLVMValueRef nearest = npu_jit_from_float(t, to, value);
   if (inst->round == NPU_ROUND_RTE)
      return nearest;
   return directed(t, inst->round, to, nearest, exact_int(t, is_signed(from), bits, x));
}

static LLVMValueRef
float_to_int(struct npu_jit_shape t, const struct npu_inst *inst, enum npu_type to,
             enum npu_type from, LLVMValueRef raw)
{
   static const char *const names[] = {
      [NPU_ROUND_RTE] = "llvm.rint",
      [NPU_ROUND_RTZ] = "llvm.trunc",
      [NPU_ROUND_RTP] = "llvm.ceil",
      [NPU_ROUND_RTN] = "llvm.floor",
   };
   unsigned bits = from == NPU_TYPE_F64 ? 64 : 32, to_bits = npu_type_infos[to].bits;
   unsigned work_bits = to_bits < 32 ? 32 : to_bits;
   double above = is_signed(to) ? (double)(1ull << (to_bits - 1)) : 2.0 * (1ull << (to_bits - 1));
   LLVMValueRef low = npu_jit_fconst(t, bits, is_signed(to) ? -above : 0.0);
   LLVMValueRef high = npu_jit_fconst(t, bits, above), zero = npu_jit_fconst(t, bits, 0.0);

   if (!t.g->host->has_sse41)
      return NULL; /* rounding would be a call of libm */
   LLVMValueRef r = npu_jit_call1(t.g, names[inst->round], npu_jit_to_float(t, from, raw));
   LLVMValueRef is_high = LLVMBuildFCmp(B, LLVMRealOGE, r, high, "");
   LLVMValueRef is_low = LLVMBuildFCmp(B, LLVMRealOLT, r, low, "");
   LLVMValueRef inside = LLVMBuildAnd(B, LLVMBuildFCmp(B, LLVMRealOGE, r, low, ""),
                                      LLVMBuildFCmp(B, LLVMRealOLT, r, high, ""), "");
   r = LLVMBuildSelect(B, inside, r, zero, "");
   LLVMTypeRef type = npu_jit_type(t, work_bits);
   LLVMValueRef value = is_signed(to) ? LLVMBuildFPToSI(B, r, type, "")
                                      : LLVMBuildFPToUI(B, r, type, "");
   if (work_bits != to_bits)
      value = LLVMBuildTrunc(B, value, npu_jit_type(t, to_bits), "");
   value = LLVMBuildSelect(B, is_high, npu_jit_const(t, to_bits, maximum(to)), value, "");
   if (is_signed(to))
      value = LLVMBuildSelect(B, is_low, npu_jit_const(t, to_bits, minimum(to)), value, "");
   return value;
}

/* npu_bf16_from_f32() */
static LLVMValueRef
to_bf16(struct npu_jit_shape t, LLVMValueRef raw)
{
   LLVMValueRef odd = LLVMBuildLShr(B, raw, npu_jit_const(t, 32, 16), "");
   LLVMValueRef magnitude = LLVMBuildAnd(B, raw, npu_jit_const(t, 32, 0x7fffffff), "");
   LLVMValueRef nan = LLVMBuildICmp(B, LLVMIntUGT, magnitude, npu_jit_const(t, 32, 0x7f800000), "");

   odd = LLVMBuildAnd(B, odd, npu_jit_const(t, 32, 1), "");
   raw = LLVMBuildAdd(B, raw, npu_jit_const(t, 32, 0x7fff), "");
   raw = LLVMBuildAdd(B, raw, odd, "");
   raw = LLVMBuildLShr(B, raw, npu_jit_const(t, 32, 16), "");
   raw = LLVMBuildSelect(B, nan, npu_jit_const(t, 32, 0x7fc0), raw, "");
   return LLVMBuildTrunc(B, raw, npu_jit_type(t, 16), "");
}

static LLVMValueRef
float_to_float(struct npu_jit_shape t, const struct npu_inst *inst, enum npu_type to,
               enum npu_type from, LLVMValueRef raw)
{
   LLVMValueRef value = npu_jit_to_float(t, from, raw);
   struct exact exact = {value, NULL};

   if (to == NPU_TYPE_BF16)
      return directed(t, inst->round, to, to_bf16(t, raw), exact);
   if (from == NPU_TYPE_BF16 || (to == NPU_TYPE_F16 && from == NPU_TYPE_F16)) {
      /* A bit copy would keep a signalling NaN. */
      LLVMValueRef nan = LLVMBuildFCmp(B, LLVMRealUNO, value, value, "");
      LLVMValueRef canonical = npu_jit_const(t, 32, 0x7fc00000);
      canonical = LLVMBuildBitCast(B, canonical, npu_jit_float_type(t, 32), "");
      value = LLVMBuildSelect(B, nan, canonical, value, "");
      return npu_jit_from_float(t, to, value);
   }
   if (to == from) {
      LLVMTypeRef type = npu_jit_float_type(t, to == NPU_TYPE_F64 ? 64 : 32);
      unsigned bits = to == NPU_TYPE_F64 ? 64 : 32;
      LLVMValueRef nan = LLVMBuildFCmp(B, LLVMRealUNO, value, value, "");
      LLVMValueRef canonical = npu_jit_const(t, bits, bits == 64 ? 0x7ff8000000000000 : 0x7fc00000);
      canonical = LLVMBuildBitCast(B, canonical, type, "");
      return npu_jit_from_float(t, to, LLVMBuildSelect(B, nan, canonical, value, ""));
   }
   if (to == NPU_TYPE_F64)
      value = LLVMBuildFPExt(B, value, npu_jit_float_type(t, 64), "");
   else if (from == NPU_TYPE_F64 && to == NPU_TYPE_F16)
      value = npu_jit_f32_odd(t, value); /* so that it rounds once */
   else if (from == NPU_TYPE_F64)
      value = LLVMBuildFPTrunc(B, value, npu_jit_float_type(t, 32), "");
   LLVMValueRef nearest = npu_jit_from_float(t, to, value);
   if (npu_type_infos[to].bits > npu_type_infos[from].bits)
      return nearest;
   return directed(t, inst->round, to, nearest, exact);
}

LLVMValueRef
npu_jit_cvt_op(struct npu_jit_shape t, const struct npu_inst *inst, const LLVMValueRef *a)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   enum npu_type to = (enum npu_type)info->type, from = (enum npu_type)info->src_type;

   if (is_float(to))
      return is_float(from) ? float_to_float(t, inst, to, from, a[0])
                            : int_to_float(t, inst, to, from, a[0]);
   return is_float(from) ? float_to_int(t, inst, to, from, a[0])
                         : int_to_int(t, inst, to, from, a[0]);
}
