// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Float lane operations as LLVM IR: the sequences of IEEE operations of npu_sem_float.h and
// npu_sem_math.h. No fast-math flag is ever set, so LLVM neither fuses nor reorders them.
//
// binary16 is computed in binary32 and rounded, as the specification does. Where the host has no
// instruction for a conversion or for fma, the integer sequences of npu_sem_float.h are generated.
//
// What it misses: ffma.f64 on hosts without fma, sine and cosine of large angles: left to the handlers.

#include "npu_jit_gen.h"

/* Short names for what the sequences are made of. */
#define B             (t.g->builder)
#define I32C(v)       npu_jit_const(t, 32, (v))
#define I64C(v)       npu_jit_const(t, 64, (v))
#define F32C(v)       npu_jit_fconst(t, 32, (v))
#define F64C(v)       npu_jit_fconst(t, 64, (v))
#define ADD(x, y)     LLVMBuildFAdd(B, x, y, "")
#define SUB(x, y)     LLVMBuildFSub(B, x, y, "")
#define MUL(x, y)     LLVMBuildFMul(B, x, y, "")
#define IADD(x, y)    LLVMBuildAdd(B, x, y, "")
#define ISUB(x, y)    LLVMBuildSub(B, x, y, "")
#define AND(x, y)     LLVMBuildAnd(B, x, y, "")
#define OR(x, y)      LLVMBuildOr(B, x, y, "")
#define XOR(x, y)     LLVMBuildXor(B, x, y, "")
#define SHL(x, n)     LLVMBuildShl(B, x, n, "")
#define SHR(x, n)     LLVMBuildLShr(B, x, n, "")
#define SAR(x, n)     LLVMBuildAShr(B, x, n, "")
#define SEL(c, x, y)  LLVMBuildSelect(B, c, x, y, "")
#define FCMP(p, x, y) LLVMBuildFCmp(B, LLVMReal##p, x, y, "")
#define ICMP(p, x, y) LLVMBuildICmp(B, LLVMInt##p, x, y, "")

static LLVMValueRef
to_f32(struct npu_jit_shape t, LLVMValueRef bits)
{
   return LLVMBuildBitCast(B, bits, npu_jit_float_type(t, 32), "");
}

static LLVMValueRef
to_f64(struct npu_jit_shape t, LLVMValueRef bits)
{
   return LLVMBuildBitCast(B, bits, npu_jit_float_type(t, 64), "");
}

static LLVMValueRef
to_bits(struct npu_jit_shape t, LLVMValueRef value, unsigned bits)
{
   return LLVMBuildBitCast(B, value, npu_jit_type(t, bits), "");
}

static LLVMValueRef
widen(struct npu_jit_shape t, LLVMValueRef x)
{
   return LLVMBuildFPExt(B, x, npu_jit_float_type(t, 64), "");
}

static LLVMValueRef
narrow(struct npu_jit_shape t, LLVMValueRef x)
{
   return LLVMBuildFPTrunc(B, x, npu_jit_float_type(t, 32), "");
}

static LLVMTypeRef
half_type(struct npu_jit_shape t)
{
   LLVMTypeRef half = LLVMHalfTypeInContext(t.g->context);

   return t.width ? LLVMVectorType(half, t.width) : half;
}

/* ---- formats ----------------------------------------------------------------------------- */

/* npu_f16_value(). LLVM would rather compare, round or take the square root of halves than of what they are
 * extended to, and then does it lane by lane, since hosts without AVX512-FP16 cannot: the fence hides the halves. */
static LLVMValueRef
f16_value(struct npu_jit_shape t, LLVMValueRef bits)
{
   if (t.g->host->has_f16c) {
      LLVMValueRef half = LLVMBuildBitCast(B, bits, half_type(t), "");
      LLVMValueRef value = LLVMBuildFPExt(B, half, npu_jit_float_type(t, 32), "");
      return LLVMIsConstant(value) ? value : npu_jit_call1(t.g, "llvm.arithmetic.fence", value);
   }
   bits = LLVMBuildZExt(B, bits, npu_jit_type(t, 32), "");
   LLVMValueRef magnitude = AND(bits, I32C(0x7fff));
   LLVMValueRef sign = SHL(AND(bits, I32C(0x8000)), I32C(16));
   LLVMValueRef shifted = SHL(magnitude, I32C(13));
   LLVMValueRef finite = to_bits(t, MUL(to_f32(t, shifted), F32C(0x1p112)), 32);
   LLVMValueRef special = OR(shifted, I32C(0x7f800000));
   LLVMValueRef is_special = ICMP(UGE, magnitude, I32C(0x7c00));
   return to_f32(t, OR(SEL(is_special, special, finite), sign));
}

/* npu_f16_bits() */
static LLVMValueRef
f16_bits(struct npu_jit_shape t, LLVMValueRef value)
{
   if (t.g->host->has_f16c) {
      LLVMValueRef half = LLVMBuildFPTrunc(B, value, half_type(t), "");
      return to_bits(t, half, 16);
   }
   LLVMValueRef bits = to_bits(t, value, 32);
   LLVMValueRef sign = AND(SHR(bits, I32C(16)), I32C(0x8000));
   LLVMValueRef magnitude = AND(bits, I32C(0x7fffffff));
   LLVMValueRef odd = AND(SHR(magnitude, I32C(13)), I32C(1));
   LLVMValueRef normal = IADD(IADD(magnitude, I32C(0xfff)), odd);
   normal = SHR(ISUB(normal, I32C(0x38000000)), I32C(13));
   LLVMValueRef denormal = to_bits(t, ADD(to_f32(t, magnitude), F32C(0.5)), 32);
   denormal = ISUB(denormal, I32C(0x3f000000));
   LLVMValueRef half = SEL(ICMP(ULT, magnitude, I32C(0x38800000)), denormal, normal);
   half = SEL(ICMP(UGE, magnitude, I32C(0x477ff000)), I32C(0x7c00), half);
   half = OR(half, sign);
   half = SEL(ICMP(UGT, magnitude, I32C(0x7f800000)), I32C(0x7e00), half);
   return LLVMBuildTrunc(B, half, npu_jit_type(t, 16), "");
}

LLVMValueRef
npu_jit_to_float(struct npu_jit_shape t, enum npu_type type, LLVMValueRef bits)
{
   switch (type) {
   case NPU_TYPE_F16:
      return f16_value(t, bits);
   case NPU_TYPE_BF16:
      return to_f32(t, SHL(LLVMBuildZExt(B, bits, npu_jit_type(t, 32), ""), I32C(16)));
   case NPU_TYPE_F64:
      return to_f64(t, bits);
   default:
      return to_f32(t, bits);
   }
}

LLVMValueRef
npu_jit_from_float(struct npu_jit_shape t, enum npu_type type, LLVMValueRef value)
{
   static const uint64_t nans[] = {
      [NPU_TYPE_F16] = 0x7e00,
      [NPU_TYPE_F32] = 0x7fc00000,
      [NPU_TYPE_F64] = 0x7ff8000000000000,
   };
   unsigned bits = npu_type_infos[type].bits;
   LLVMValueRef raw = type == NPU_TYPE_F16 ? f16_bits(t, value) : to_bits(t, value, bits);

   if (t.g->canonical_nans)
      raw = SEL(FCMP(UNO, value, value), npu_jit_const(t, bits, nans[type]), raw);
   return raw;
}

/* A NaN made quiet: the canonical one. */
static LLVMValueRef
quiet(struct npu_jit_shape t, LLVMValueRef x, unsigned bits)
{
   LLVMTypeRef type = npu_jit_float_type(t, bits);
   LLVMValueRef nan = npu_jit_const(t, bits, bits == 64 ? 0x7ff8000000000000 : 0x7fc00000);

   return SEL(FCMP(UNO, x, x), LLVMBuildBitCast(B, nan, type, ""), x);
}

/* ---- arithmetic -------------------------------------------------------------------------- */

/* `nearest`, rounded to nearest with the error given, rounded to odd instead: one less if the error
 * has the other sign (that is rounded to zero), then the last bit set. Without an error, or with NaN
 * for one behind an infinity, it stays. `bits`: 32 or 64. */
static LLVMValueRef
make_odd(struct npu_jit_shape t, unsigned bits, LLVMValueRef nearest, LLVMValueRef error)
{
   LLVMValueRef raw = to_bits(t, nearest, bits), top = npu_jit_const(t, bits, bits - 1);
   LLVMValueRef inexact = FCMP(ONE, error, npu_jit_fconst(t, bits, 0));
   LLVMValueRef beyond = SHR(XOR(to_bits(t, error, bits), raw), top);
   LLVMValueRef odd = OR(ISUB(raw, beyond), npu_jit_const(t, bits, 1));

   return LLVMBuildBitCast(B, SEL(inexact, odd, raw), npu_jit_float_type(t, bits), "");
}

/* npu_add_odd(): a sum rounded to odd. The error is Knuth's TwoSum. */
static LLVMValueRef
add_odd(struct npu_jit_shape t, unsigned bits, LLVMValueRef a, LLVMValueRef b)
{
   LLVMValueRef sum = ADD(a, b);
   LLVMValueRef b_part = SUB(sum, a);
   LLVMValueRef error = ADD(SUB(a, SUB(sum, b_part)), SUB(b, b_part));

   return make_odd(t, bits, sum, error);
}

LLVMValueRef
npu_jit_f32_odd(struct npu_jit_shape t, LLVMValueRef x)
{
   /* The last bit that a float has is set if any behind it is, which are then cut off. */
   LLVMValueRef bits = to_bits(t, x, 64), lost = npu_jit_const(t, 64, (1 << 29) - 1);
   LLVMValueRef carry = IADD(AND(bits, lost), lost);
   LLVMValueRef odd = AND(OR(bits, carry), npu_jit_const(t, 64, ~0ull << 29));

   return narrow(t, to_f64(t, odd));
}

/* AVX-512 rounds as an instruction says: where down and up differ, the result towards zero gets its
 * last bit set. */
static LLVMValueRef
fused_odd_avx512(struct npu_jit_shape t, const LLVMValueRef *f)
{
   enum {
      DOWN = 9,
      UP = 10,
      ZERO = 11
   }; /* of the instruction, without exceptions */
   LLVMValueRef rounded[ZERO + 1];

   for (unsigned mode = DOWN; mode <= ZERO; mode++) {
      LLVMValueRef args[4] = {f[0], f[1], f[2], npu_jit_i32(t.g, mode)};
      rounded[mode] = npu_jit_intrinsic(t.g, "llvm.x86.avx512.vfmadd.ps.512", NULL, 0, args, 4);
   }
   LLVMValueRef raw = to_bits(t, rounded[ZERO], 32);
   LLVMValueRef inexact = FCMP(ONE, rounded[DOWN], rounded[UP]);
   return to_f32(t, SEL(inexact, OR(raw, I32C(1)), raw));
}

static LLVMValueRef
fused(struct npu_jit_shape t, enum npu_type type, const LLVMValueRef *f)
{
   /* The product of halves has 22 bits, so it is exact in float, and nothing over- or underflows;
    * float has more than the two bits more than half that rounding to odd needs. */
   if (type == NPU_TYPE_F16 && t.g->host->has_avx512 && t.width == 16)
      return fused_odd_avx512(t, f);
   if (type == NPU_TYPE_F16)
      return add_odd(t, 32, MUL(f[0], f[1]), f[2]);
   if (t.g->host->has_fma)
      return npu_jit_call3(t.g, "llvm.fma", f[0], f[1], f[2]);
   if (type == NPU_TYPE_F64)
      return NULL;
   LLVMValueRef product = MUL(widen(t, f[0]), widen(t, f[1]));
   return narrow(t, add_odd(t, 64, product, widen(t, f[2])));
}

/* npu_min_*(), npu_max_*() */
static LLVMValueRef
min_max(struct npu_jit_shape t, unsigned bits, LLVMValueRef a, LLVMValueRef b, bool is_max)
{
   LLVMTypeRef type = npu_jit_float_type(t, bits);
   LLVMValueRef raw_a = to_bits(t, a, bits), raw_b = to_bits(t, b, bits);
   LLVMValueRef chosen = is_max ? SEL(FCMP(OGT, a, b), a, b) : SEL(FCMP(OLT, a, b), a, b);
   LLVMValueRef both = is_max ? AND(raw_a, raw_b) : OR(raw_a, raw_b);

   both = LLVMBuildBitCast(B, both, type, "");
   chosen = SEL(FCMP(OEQ, a, b), both, chosen);
   return SEL(FCMP(UNO, b, b), a, chosen);
}

/* floor, ceil, trunc, rint; NULL where it would be a call of libm. */
static LLVMValueRef
to_integral(struct npu_jit_shape t, const char *name, LLVMValueRef x)
{
   return t.g->host->has_sse41 ? npu_jit_call1(t.g, name, x) : NULL;
}

/* npu_rsq_f32(), also for f16; npu_rsq_f64() */
static LLVMValueRef
reciprocal_root(struct npu_jit_shape t, LLVMValueRef x, unsigned bits)
{
   LLVMValueRef wide = bits == 64 ? x : widen(t, x);
   LLVMValueRef r = LLVMBuildFDiv(B, F64C(1.0), npu_jit_call1(t.g, "llvm.sqrt", wide), "");

   return bits == 64 ? r : narrow(t, r);
}

/* What ldexp and frexp make of a double: a significand of the exponent of 1, and its own exponent. */
struct parts {
   LLVMValueRef one, exponent; /* sign and significand in [1, 2); i64 */
   LLVMValueRef special;       /* zero, infinity or NaN: neither means anything */
};

static struct parts
split_f64(struct npu_jit_shape t, LLVMValueRef x)
{
   LLVMValueRef magnitude = AND(to_bits(t, x, 64), I64C(INT64_MAX)), zero = I64C(0);
   LLVMValueRef denormal = ICMP(ULT, magnitude, I64C(1ull << 52));
   LLVMValueRef raw = to_bits(t, SEL(denormal, MUL(x, F64C(0x1p54)), x), 64);
   struct parts p;

   p.exponent = AND(SHR(raw, I64C(52)), I64C(0x7ff));
   p.exponent = ISUB(p.exponent, SEL(denormal, I64C(1023 + 54), I64C(1023)));
   p.one = to_f64(t, OR(AND(raw, I64C(~(0x7ffull << 52))), I64C(1023ull << 52)));
   p.special = OR(ICMP(EQ, magnitude, zero), ICMP(UGE, magnitude, I64C(0x7ffull << 52)));
   return p;
}

/* 2^n of a normal exponent. */
static LLVMValueRef
power_of_two(struct npu_jit_shape t, LLVMValueRef n)
{
   return to_f64(t, SHL(IADD(n, I64C(1023)), I64C(52)));
}

/* The first product has a normal exponent and is exact, so the result rounds once. */
static LLVMValueRef
load_exponent_f64(struct npu_jit_shape t, LLVMValueRef x, LLVMValueRef n)
{
   struct parts p = split_f64(t, x);

   n = npu_jit_call2(t.g, "llvm.smax", n, I32C((uint32_t)-4200));
   n = npu_jit_call2(t.g, "llvm.smin", n, I32C(4200));
   n = IADD(p.exponent, LLVMBuildSExt(B, n, npu_jit_type(t, 64), ""));
   n = npu_jit_call2(t.g, "llvm.smax", n, I64C((uint64_t)-2000));
   n = npu_jit_call2(t.g, "llvm.smin", n, I64C(2000));
   LLVMValueRef half = ISUB(SHR(IADD(n, I64C(4096)), I64C(1)), I64C(2048));
   LLVMValueRef product = MUL(p.one, power_of_two(t, half));
   product = MUL(product, power_of_two(t, ISUB(n, half)));
   return SEL(p.special, quiet(t, x, 64), product);
}

/* npu_frexp_e_*(): i32 */
static LLVMValueRef
exponent_of(struct npu_jit_shape t, LLVMValueRef x)
{
   struct parts p = split_f64(t, x);
   LLVMValueRef e = LLVMBuildTrunc(B, IADD(p.exponent, I64C(1)), npu_jit_type(t, 32), "");

   return SEL(p.special, I32C(0), e);
}

/* npu_frexp_m_*() */
static LLVMValueRef
significand_of(struct npu_jit_shape t, LLVMValueRef x)
{
   struct parts p = split_f64(t, x);

   return SEL(p.special, quiet(t, x, 64), MUL(p.one, F64C(0.5)));
}

static LLVMValueRef
load_exponent(struct npu_jit_shape t, enum npu_type type, LLVMValueRef x, LLVMValueRef n)
{
   int32_t limit = type == NPU_TYPE_F16 ? 60 : 400;

   if (type == NPU_TYPE_F64)
      return load_exponent_f64(t, x, n);
   n = npu_jit_call2(t.g, "llvm.smax", n, I32C((uint32_t)-limit));
   n = npu_jit_call2(t.g, "llvm.smin", n, I32C((uint32_t)limit));
   if (type == NPU_TYPE_F16)
      return MUL(x, to_f32(t, SHL(IADD(n, I32C(127)), I32C(23))));
   n = LLVMBuildZExt(B, IADD(n, I32C(1023)), npu_jit_type(t, 64), "");
   return narrow(t, MUL(widen(t, x), to_f64(t, SHL(n, npu_jit_const(t, 64, 52)))));
}

/* ---- transcendentals --------------------------------------------------------------------- */

/* q = q * r + c for each coefficient. */
static LLVMValueRef
polynomial(struct npu_jit_shape t, unsigned bits, LLVMValueRef r, const double *c, unsigned count)
{
   LLVMValueRef q = npu_jit_fconst(t, bits, c[0]);

   for (unsigned i = 1; i < count; i++)
      q = ADD(MUL(q, r), npu_jit_fconst(t, bits, c[i]));
   return q;
}

/* npu_exp2_f32() */
static LLVMValueRef
exp2_f32(struct npu_jit_shape t, LLVMValueRef x)
{
   static const double c[] = {0x1.470b68p-13,
                              0x1.5f7276p-10,
                              0x1.3b270ep-7,
                              0x1.c6ae72p-5,
                              0x1.ebfbe2p-3,
                              0x1.62e432p-1,
                              1.0};
   LLVMValueRef magic = F32C(0x1.8p23), bound = F32C(192.0), minus = F32C(-192.0);
   LLVMValueRef low = SEL(FCMP(OLT, x, minus), minus, x);
   LLVMValueRef clamped = SEL(FCMP(OGT, low, bound), bound, low);
   LLVMValueRef shifted = ADD(clamped, magic);
   LLVMValueRef r = SUB(clamped, SUB(shifted, magic));
   LLVMValueRef q = polynomial(t, 32, r, c, 7);
   LLVMValueRef n = ISUB(to_bits(t, shifted, 32), I32C(0x4b400000));
   LLVMValueRef n1 = SAR(n, I32C(1)), n2 = ISUB(n, n1);

   n1 = SHL(AND(IADD(n1, I32C(127)), I32C(0xff)), I32C(23));
   n2 = SHL(AND(IADD(n2, I32C(127)), I32C(0xff)), I32C(23));
   return MUL(MUL(q, to_f32(t, n1)), to_f32(t, n2));
}

/* npu_log2_f32() */
static LLVMValueRef
log2_f32(struct npu_jit_shape t, LLVMValueRef x)
{
   static const double c[] = {-0x1.c25a8ep-4, 0x1.7d49dcp-3, -0x1.874c30p-3, 0x1.a3059ap-3,
                              -0x1.eabc7ep-3, 0x1.277e36p-2, -0x1.715a76p-2, 0x1.ec7096p-2,
                              -0x1.715470p-1, 0x1.c551dap-2};
   LLVMValueRef zero = F32C(0), infinity = to_f32(t, I32C(0x7f800000));
   LLVMValueRef denormal = FCMP(OLT, x, F32C(0x1p-126));
   LLVMValueRef scaled = SEL(denormal, MUL(x, F32C(0x1p24)), x);
   LLVMValueRef offset = ISUB(to_bits(t, scaled, 32), I32C(0x3f3504f3));
   LLVMValueRef e = ISUB(SAR(offset, I32C(23)), SEL(denormal, I32C(24), I32C(0)));
   LLVMValueRef m = to_f32(t, IADD(AND(offset, I32C(0x7fffff)), I32C(0x3f3504f3)));
   LLVMValueRef r = SUB(m, F32C(1.0));
   LLVMValueRef q = polynomial(t, 32, r, c, 10);
   LLVMValueRef real_e = LLVMBuildSIToFP(B, e, npu_jit_float_type(t, 32), "");
   LLVMValueRef finite = ADD(real_e, ADD(r, MUL(r, q)));
   LLVMValueRef positive = FCMP(OGT, x, zero), below = FCMP(OLT, x, infinity);
   LLVMValueRef special = SEL(positive, x, to_f32(t, I32C(0x7fc00000)));

   special = SEL(FCMP(OEQ, x, zero), to_f32(t, I32C(0xff800000)), special);
   return SEL(AND(positive, below), finite, special);
}

/* npu_sin_f32(), npu_cos_f32() of |x| < 2^20 */
static LLVMValueRef
sine_f32(struct npu_jit_shape t, LLVMValueRef x, bool cosine)
{
   static const double cs[] = {0x1.6cd1a100c25ddp-19, -0x1.a00f7dd4c243fp-13, 0x1.11110868bdef9p-7,
                               -0x1.5555554c6f92fp-3};
   static const double cc[] = {0x1.99162a5c6abefp-16, -0x1.6c07ef7711e02p-10, 0x1.55553c73ae305p-5,
                               -0x1.ffffffcb75027p-2};
   LLVMValueRef magic = F64C(0x1.8p52), wide = widen(t, x), one = F64C(1.0);
   LLVMValueRef shifted = ADD(MUL(wide, F64C(0x1.45f306dc9c883p-1)), magic);
   LLVMValueRef k = SUB(shifted, magic);
   LLVMValueRef r = SUB(SUB(wide, MUL(k, F64C(0x1.921fb544p+0))),
                        MUL(k, F64C(0x1.0b4611a626331p-34)));
   LLVMValueRef quadrant = to_bits(t, shifted, 64), zero = npu_jit_const(t, 64, 0);
   LLVMValueRef z = MUL(r, r);
   LLVMValueRef s = MUL(r, ADD(one, MUL(z, polynomial(t, 64, z, cs, 4))));
   LLVMValueRef c = ADD(one, MUL(z, polynomial(t, 64, z, cc, 4)));

   if (cosine)
      quadrant = IADD(quadrant, npu_jit_const(t, 64, 1));
   LLVMValueRef odd = ICMP(NE, AND(quadrant, npu_jit_const(t, 64, 1)), zero);
   LLVMValueRef half = SHL(AND(quadrant, npu_jit_const(t, 64, 2)), npu_jit_const(t, 64, 62));
   LLVMValueRef magnitude = to_bits(t, SEL(odd, c, s), 64);
   return narrow(t, to_f64(t, XOR(magnitude, half)));
}

/* ---- the operations ---------------------------------------------------------------------- */

static LLVMValueRef
compare(struct npu_jit_shape t, enum npu_alu base, const LLVMValueRef *f)
{
   switch (base) {
   case NPU_ALU_FCMP_EQ:
      return FCMP(OEQ, f[0], f[1]);
   case NPU_ALU_FCMP_NE:
      return FCMP(UNE, f[0], f[1]);
   case NPU_ALU_FCMP_LT:
      return FCMP(OLT, f[0], f[1]);
   default:
      return FCMP(OLE, f[0], f[1]);
   }
}

static LLVMValueRef
arithmetic(struct npu_jit_shape t, const struct npu_op_info *info, const LLVMValueRef *f,
           LLVMValueRef n)
{
   enum npu_type type = (enum npu_type)info->type;
   unsigned bits = type == NPU_TYPE_F64 ? 64 : 32; /* computed in */
   LLVMValueRef x = f[0], y = f[1], one = npu_jit_fconst(t, bits, 1.0);
   LLVMValueRef zero = npu_jit_fconst(t, bits, 0.0);

   switch ((enum npu_alu)info->base) {
   case NPU_ALU_FADD:
      return ADD(x, y);
   case NPU_ALU_FSUB:
      return SUB(x, y);
   case NPU_ALU_FMUL:
      return MUL(x, y);
   case NPU_ALU_FFMA:
      return fused(t, type, f);
   case NPU_ALU_FDIV:
      return LLVMBuildFDiv(B, x, y, "");
   case NPU_ALU_FSQRT:
      return npu_jit_call1(t.g, "llvm.sqrt", x);
   case NPU_ALU_FRCP:
      return LLVMBuildFDiv(B, one, x, "");
   case NPU_ALU_FRSQ:
      return reciprocal_root(t, x, bits);
   case NPU_ALU_FMIN:
      return min_max(t, bits, x, y, false);
   case NPU_ALU_FMAX:
      return min_max(t, bits, x, y, true);
   case NPU_ALU_FFLOOR:
      return to_integral(t, "llvm.floor", x);
   case NPU_ALU_FCEIL:
      return to_integral(t, "llvm.ceil", x);
   case NPU_ALU_FTRUNC:
      return to_integral(t, "llvm.trunc", x);
   case NPU_ALU_FRNE:
      return to_integral(t, "llvm.rint", x);
   case NPU_ALU_FFRACT: {
      LLVMValueRef floor = to_integral(t, "llvm.floor", x);
      return floor ? SUB(x, floor) : NULL;
   }
   case NPU_ALU_FMOV:
      return quiet(t, x, bits);
   case NPU_ALU_FSAT:
      return SEL(FCMP(OGT, x, zero), SEL(FCMP(OLT, x, one), x, one), zero);
   case NPU_ALU_FREXP_M:
      return bits == 64 ? significand_of(t, x) : narrow(t, significand_of(t, widen(t, x)));
   case NPU_ALU_LDEXP:
      return load_exponent(t, type, x, n);
   case NPU_ALU_FEXP2:
      return exp2_f32(t, x);
   case NPU_ALU_FLOG2:
      return log2_f32(t, x);
   case NPU_ALU_FSIN:
   case NPU_ALU_FCOS:
      /* Angles of halves are small enough; npu_jit_alu() has excluded larger ones. */
      return sine_f32(t, x, info->base == NPU_ALU_FCOS);
   default:
      return NULL;
   }
}

LLVMValueRef
npu_jit_float_op(struct npu_jit_shape t, const struct npu_inst *inst, const LLVMValueRef *a)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   enum npu_type type = (enum npu_type)info->type;
   LLVMValueRef f[3] = {0}, n = NULL;

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind == NPU_KIND_FLOAT)
         f[i] = npu_jit_to_float(t, type, a[i]);
      else
         n = a[i];
   }
   if (!f[0])
      return NULL;
   if (info->compare)
      return compare(t, (enum npu_alu)info->base, f);
   if (info->base == NPU_ALU_FREXP_E)
      return exponent_of(t, type == NPU_TYPE_F64 ? f[0] : widen(t, f[0]));
   LLVMValueRef result = arithmetic(t, info, f, n);
   return result ? npu_jit_from_float(t, type, result) : NULL;
}
