/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Arithmetic that the lane semantics of npu.xml call: conversions with every rounding mode,
 * binary16, exact fma and friends. Everything is an explicit sequence of IEEE operations of float
 * and double and of integer operations, so another engine (a JIT, hardware) can reproduce each bit.
 * Nothing depends on libm except fma, sqrt, floor, ceil, trunc and rint, which are exact, and
 * nothing on the host's rounding mode except that it is round to nearest even. Compile with
 * -ffp-contract=off. The functions are pure and made to be vectorised where the hardware of a host
 * allows.
 *
 * binary16 is computed in float: for +, -, *, / and sqrt rounding first to 24 bits and then to 11
 * is the same as rounding once (24 >= 2 * 11 + 2; Figueroa 1995, "When is double rounding
 * innocuous?"). fma is not in that list: it rounds to odd.
 */

#ifndef NPU_SEM_FLOAT_H
#define NPU_SEM_FLOAT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "npu_isa/npu_opcodes.h"

#ifdef __FAST_MATH__
#error "the semantics need IEEE arithmetic: do not compile with -ffast-math"
#endif

/* Values the semantics of reductions begin with. */
#define NPU_F16_NEG_ZERO UINT64_C(0x8000)
#define NPU_F16_ONE      UINT64_C(0x3c00)
#define NPU_F16_INF      UINT64_C(0x7c00)
#define NPU_F16_NEG_INF  UINT64_C(0xfc00)
#define NPU_F32_NEG_ZERO UINT64_C(0x80000000)
#define NPU_F32_ONE      UINT64_C(0x3f800000)
#define NPU_F32_INF      UINT64_C(0x7f800000)
#define NPU_F32_NEG_INF  UINT64_C(0xff800000)
#define NPU_F64_NEG_ZERO UINT64_C(0x8000000000000000)
#define NPU_F64_ONE      UINT64_C(0x3ff0000000000000)
#define NPU_F64_INF      UINT64_C(0x7ff0000000000000)
#define NPU_F64_NEG_INF  UINT64_C(0xfff0000000000000)

/* What the reference gives for NaN. */
#define NPU_F16_NAN  UINT16_C(0x7e00)
#define NPU_BF16_NAN UINT16_C(0x7fc0)
#define NPU_F32_NAN  UINT32_C(0x7fc00000)
#define NPU_F64_NAN  UINT64_C(0x7ff8000000000000)

/* ------------------------------------------------------------------------------------- bits and
 * values */

static inline uint32_t
npu_f32_raw(float x)
{
   uint32_t bits;
   memcpy(&bits, &x, sizeof(bits));
   return bits;
}

static inline uint64_t
npu_f64_raw(double x)
{
   uint64_t bits;
   memcpy(&bits, &x, sizeof(bits));
   return bits;
}

static inline float
npu_f32_value(uint64_t bits)
{
   const uint32_t low = (uint32_t)bits;
   float x;
   memcpy(&x, &low, sizeof(x));
   return x;
}

static inline double
npu_f64_value(uint64_t bits)
{
   double x;
   memcpy(&x, &bits, sizeof(x));
   return x;
}

/* binary16 -> float, exact: the exponent is corrected by a multiplication, which normalises
 * denormals too. */
static inline float
npu_f16_value(uint64_t bits)
{
   const uint32_t magnitude = (uint32_t)bits & 0x7fff;
   const uint32_t sign = ((uint32_t)bits & 0x8000) << 16;
   const uint32_t finite = npu_f32_raw(npu_f32_value((uint64_t)magnitude << 13) * 0x1p112f);
   const uint32_t special = 0x7f800000u | magnitude << 13;

   return npu_f32_value((magnitude >= 0x7c00 ? special : finite) | sign);
}

static inline float
npu_bf16_value(uint64_t bits)
{
   return npu_f32_value((uint32_t)bits << 16);
}

/* Results as bits, with the canonical NaN. */
static inline uint64_t
npu_f32_bits(float x)
{
   return x != x ? NPU_F32_NAN : npu_f32_raw(x);
}

static inline uint64_t
npu_f64_bits(double x)
{
   return x != x ? NPU_F64_NAN : npu_f64_raw(x);
}

/*
 * float -> binary16, to nearest even. Normal results round by an integer addition that carries into
 * the exponent; denormal ones by adding a float whose last place is the last place of the result.
 */
static inline uint64_t
npu_f16_bits(float x)
{
   const uint32_t bits = npu_f32_raw(x);
   const uint32_t sign = bits >> 16 & 0x8000;
   const uint32_t magnitude = bits & 0x7fffffff;
   const uint32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000u) >> 13;
   const uint32_t denormal = npu_f32_raw(npu_f32_value(magnitude) + 0.5f) - 0x3f000000u;
   uint32_t half = magnitude < 0x38800000u ? denormal : normal;

   half = magnitude >= 0x477ff000u ? 0x7c00 : half;
   half |= sign;
   return magnitude > 0x7f800000u ? NPU_F16_NAN : half;
}

/* ------------------------------------------------------------------------------------- rounding */

/*
 * The value (-1)^sign * m * 2^exponent (m > 0, its lowest bit may stand for lost bits below) in a
 * format of `fraction_bits` and `exponent_bits`, as bits, rounded in `mode` (enum npu_round).
 * Overflow gives infinity or the largest number as the mode says; underflow is gradual.
 */
static inline uint64_t
npu_round_pack(bool sign, uint64_t m, int exponent, unsigned fraction_bits, unsigned exponent_bits,
               unsigned mode)
{
   const int bias = (1 << (exponent_bits - 1)) - 1;
   const uint64_t infinity = ((UINT64_C(1) << exponent_bits) - 1) << fraction_bits;
   const uint64_t sign_bit = (uint64_t)sign << (fraction_bits + exponent_bits);

   if (m == 0)
      return sign_bit;
   const int zeros = __builtin_clzll(m);
   m <<= zeros;
   /* Now m is in [2^63, 2^64); biased is the exponent of its top bit. */
   const int unlimited = exponent - zeros + 63 + bias;
   const int biased = unlimited > 2 * bias + 1 ? 2 * bias + 1 : unlimited;
   int shift = 63 - (int)fraction_bits + (biased < 1 ? 1 - biased : 0);
   if (shift > 65)
      shift = 65;
   const uint64_t kept = shift >= 64 ? 0 : m >> shift;
   const bool guard = shift <= 64 ? m >> (shift - 1) & 1 : false;
   const bool sticky = shift <= 64 ? (m & ((UINT64_C(1) << (shift - 1)) - 1)) != 0 : true;
   const bool inexact = guard || sticky;
   bool up = false;

   switch (mode) {
   case NPU_ROUND_RTE:
      up = guard && (sticky || (kept & 1));
      break;
   case NPU_ROUND_RTP:
      up = inexact && !sign;
      break;
   case NPU_ROUND_RTN:
      up = inexact && sign;
      break;
   default:
      break;
   }
   /* `kept` has the implicit bit, which adds one to the exponent field; a carry adds another. */
   const uint64_t exponent_field = biased < 1 ? 0 : (uint64_t)(biased - 1) << fraction_bits;
   uint64_t bits = exponent_field + kept + up;
   if (bits >= infinity) {
      const bool to_infinity = mode == NPU_ROUND_RTE || (mode == NPU_ROUND_RTP && !sign) ||
                               (mode == NPU_ROUND_RTN && sign);
      bits = to_infinity ? infinity : infinity - 1;
   }
   return sign_bit | bits;
}

/* A double in a narrower format. NaN gives the format's quiet NaN. */
static inline uint64_t
npu_narrow_f64(double x, unsigned fraction_bits, unsigned exponent_bits, unsigned mode)
{
   const uint64_t bits = npu_f64_raw(x);
   const bool sign = bits >> 63;
   const unsigned exponent = bits >> 52 & 0x7ff;
   const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
   const uint64_t infinity = ((UINT64_C(1) << exponent_bits) - 1) << fraction_bits;

   if (exponent == 0x7ff) {
      if (fraction != 0)
         return infinity | UINT64_C(1) << (fraction_bits - 1);
      return (uint64_t)sign << (fraction_bits + exponent_bits) | infinity;
   }
   const uint64_t m = exponent == 0 ? fraction : fraction | UINT64_C(1) << 52;
   return npu_round_pack(sign, m, (exponent == 0 ? 1 : (int)exponent) - 1075, fraction_bits,
                         exponent_bits, mode);
}

static inline uint16_t
npu_f16_from_f64(double x, unsigned mode)
{
   return (uint16_t)npu_narrow_f64(x, 10, 5, mode);
}

static inline uint16_t
npu_f16_from_f32(float x, unsigned mode)
{
   return mode == NPU_ROUND_RTE ? (uint16_t)npu_f16_bits(x) : npu_f16_from_f64(x, mode);
}

static inline uint16_t
npu_bf16_from_f32(float x, unsigned mode)
{
   const uint32_t bits = npu_f32_raw(x);

   if (x != x)
      return NPU_BF16_NAN;
   if (mode == NPU_ROUND_RTE)
      return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
   return (uint16_t)npu_narrow_f64(x, 7, 8, mode);
}

static inline float
npu_f32_from_f64(double x, unsigned mode)
{
   return npu_f32_value(npu_narrow_f64(x, 23, 8, mode));
}

static inline uint16_t
npu_f16_from_u64(uint64_t x, unsigned mode)
{
   return (uint16_t)npu_round_pack(false, x, 0, 10, 5, mode);
}

static inline uint16_t
npu_f16_from_i64(int64_t x, unsigned mode)
{
   return (uint16_t)npu_round_pack(x < 0, x < 0 ? 0u - (uint64_t)x : (uint64_t)x, 0, 10, 5, mode);
}

static inline float
npu_f32_from_u64(uint64_t x, unsigned mode)
{
   return npu_f32_value(npu_round_pack(false, x, 0, 23, 8, mode));
}

static inline float
npu_f32_from_i64(int64_t x, unsigned mode)
{
   return npu_f32_value(
      npu_round_pack(x < 0, x < 0 ? 0u - (uint64_t)x : (uint64_t)x, 0, 23, 8, mode));
}

static inline double
npu_f64_from_u64(uint64_t x, unsigned mode)
{
   return npu_f64_value(npu_round_pack(false, x, 0, 52, 11, mode));
}

static inline double
npu_f64_from_i64(int64_t x, unsigned mode)
{
   return npu_f64_value(
      npu_round_pack(x < 0, x < 0 ? 0u - (uint64_t)x : (uint64_t)x, 0, 52, 11, mode));
}

/* ------------------------------------------------------------------------------------- integers */

static inline uint64_t
npu_bit_reverse_64(uint64_t x)
{
   x = (x >> 1 & UINT64_C(0x5555555555555555)) | (x & UINT64_C(0x5555555555555555)) << 1;
   x = (x >> 2 & UINT64_C(0x3333333333333333)) | (x & UINT64_C(0x3333333333333333)) << 2;
   x = (x >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) | (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
   return __builtin_bswap64(x);
}

/* npu_clamp_<to>_from_<i64 or u64>(x): x clamped to the range of <to>. */
#define NPU_DEFINE_CLAMPS(name, ctype, minimum, maximum)                                           \
   static inline ctype npu_clamp_##name##_from_i64(int64_t x)                                      \
   {                                                                                               \
      const int64_t top = (uint64_t)(maximum) > INT64_MAX ? INT64_MAX : (int64_t)(maximum);        \
      if (x < (int64_t)(minimum))                                                                  \
         return (minimum);                                                                         \
      return x > top ? (maximum) : (ctype)x;                                                       \
   }                                                                                               \
   static inline ctype npu_clamp_##name##_from_u64(uint64_t x)                                     \
   {                                                                                               \
      return x > (uint64_t)(maximum) ? (maximum) : (ctype)x;                                       \
   }

NPU_DEFINE_CLAMPS(i8, int8_t, INT8_MIN, INT8_MAX)
NPU_DEFINE_CLAMPS(i16, int16_t, INT16_MIN, INT16_MAX)
NPU_DEFINE_CLAMPS(i32, int32_t, INT32_MIN, INT32_MAX)
NPU_DEFINE_CLAMPS(i64, int64_t, INT64_MIN, INT64_MAX)
NPU_DEFINE_CLAMPS(u8, uint8_t, 0, UINT8_MAX)
NPU_DEFINE_CLAMPS(u16, uint16_t, 0, UINT16_MAX)
NPU_DEFINE_CLAMPS(u32, uint32_t, 0, UINT32_MAX)
NPU_DEFINE_CLAMPS(u64, uint64_t, 0, UINT64_MAX)

static inline double
npu_round_f64(double x, unsigned mode)
{
   switch (mode) {
   case NPU_ROUND_RTE:
      return __builtin_rint(x);
   case NPU_ROUND_RTP:
      return __builtin_ceil(x);
   case NPU_ROUND_RTN:
      return __builtin_floor(x);
   default:
      return __builtin_trunc(x);
   }
}

/* npu_<to>_from_f64(x, mode): rounded, clamped, 0 for NaN. `above` is the lowest double beyond the
 * range. */
#define NPU_DEFINE_FROM_FLOAT(name, ctype, minimum, maximum, above)                                \
   static inline ctype npu_##name##_from_f64(double x, unsigned mode)                              \
   {                                                                                               \
      const double r = npu_round_f64(x, mode);                                                     \
      const bool inside = r >= (double)(minimum) && r < (above);                                   \
      const ctype value = (ctype)(inside ? r : 0.0);                                               \
      return inside ? value : r >= (above) ? (maximum) : r < 0.0 ? (minimum) : 0;                  \
   }

NPU_DEFINE_FROM_FLOAT(i8, int8_t, INT8_MIN, INT8_MAX, 0x1p7)
NPU_DEFINE_FROM_FLOAT(i16, int16_t, INT16_MIN, INT16_MAX, 0x1p15)
NPU_DEFINE_FROM_FLOAT(i32, int32_t, INT32_MIN, INT32_MAX, 0x1p31)
NPU_DEFINE_FROM_FLOAT(i64, int64_t, INT64_MIN, INT64_MAX, 0x1p63)
NPU_DEFINE_FROM_FLOAT(u8, uint8_t, 0, UINT8_MAX, 0x1p8)
NPU_DEFINE_FROM_FLOAT(u16, uint16_t, 0, UINT16_MAX, 0x1p16)
NPU_DEFINE_FROM_FLOAT(u32, uint32_t, 0, UINT32_MAX, 0x1p32)
NPU_DEFINE_FROM_FLOAT(u64, uint64_t, 0, UINT64_MAX, 0x1p64)

/* ------------------------------------------------------------------------------------- arithmetic */

/*
 * a + b rounded to odd: if the sum is inexact, the one of the two neighbouring doubles whose last
 * bit is 1. Rounding that to a format at least two bits shorter gives the correctly rounded sum
 * (Boldo and Melquiond 2008). The error of the sum is Knuth's TwoSum. No overflow may occur.
 */
static inline double
npu_add_odd(double a, double b)
{
   const double sum = a + b;
   const double b_part = sum - a;
   const double error = (a - (sum - b_part)) + (b - b_part);
   const uint64_t bits = npu_f64_raw(sum);
   const bool inexact = error > 0 || error < 0;
   const bool away = (error > 0) == (sum > 0);

   return npu_f64_value(inexact && !(bits & 1) ? (away ? bits + 1 : bits - 1) : bits);
}

/* x as a float, rounded to odd. */
static inline float
npu_f32_odd(double x)
{
   const float nearest = (float)x;
   const double error = x - (double)nearest;
   const uint32_t bits = npu_f32_raw(nearest);
   const bool inexact = error > 0 || error < 0;
   const bool away = (error > 0) == (nearest > 0);

   return npu_f32_value(inexact && !(bits & 1) ? (away ? bits + 1 : bits - 1) : bits);
}

/* The product of two halves is exact in double; the sum is rounded to odd twice, then by the caller
 * to half. */
static inline float
npu_fma_f16(float a, float b, float c)
{
   return npu_f32_odd(npu_add_odd((double)a * b, c));
}

/* With hardware fma one instruction; else the product of two floats is exact in double and the sum
 * rounds to odd. */
static inline float
npu_fma_f32(float a, float b, float c)
{
#ifdef __FMA__
   return __builtin_fmaf(a, b, c);
#else
   return (float)npu_add_odd((double)a * b, c);
#endif
}

static inline double
npu_fma_f64(double a, double b, double c)
{
   return __builtin_fma(a, b, c);
}

static inline float
npu_sqrt_f32(float x)
{
   return __builtin_sqrtf(x);
}

static inline float
npu_sqrt_f16(float x)
{
   return __builtin_sqrtf(x);
}

static inline double
npu_sqrt_f64(double x)
{
   return __builtin_sqrt(x);
}

static inline float
npu_rsq_f32(float x)
{
   return (float)(1.0 / __builtin_sqrt((double)x));
}

static inline float
npu_rsq_f16(float x)
{
   return npu_rsq_f32(x);
}

static inline double
npu_rsq_f64(double x)
{
   return 1.0 / __builtin_sqrt(x);
}

/* Equal operands differ in the sign of a zero at most: "or" gives -0, "and" +0. */
static inline float
npu_min_f32(float a, float b)
{
   const float smaller = a < b ? a : b;
   const float ordered = a == b ? npu_f32_value(npu_f32_raw(a) | npu_f32_raw(b)) : smaller;

   return b != b ? a : ordered;
}

static inline float
npu_max_f32(float a, float b)
{
   const float larger = a > b ? a : b;
   const float ordered = a == b ? npu_f32_value(npu_f32_raw(a) & npu_f32_raw(b)) : larger;

   return b != b ? a : ordered;
}

static inline float
npu_min_f16(float a, float b)
{
   return npu_min_f32(a, b);
}

static inline float
npu_max_f16(float a, float b)
{
   return npu_max_f32(a, b);
}

static inline double
npu_min_f64(double a, double b)
{
   const double smaller = a < b ? a : b;
   const double ordered = a == b ? npu_f64_value(npu_f64_raw(a) | npu_f64_raw(b)) : smaller;

   return b != b ? a : ordered;
}

static inline double
npu_max_f64(double a, double b)
{
   const double larger = a > b ? a : b;
   const double ordered = a == b ? npu_f64_value(npu_f64_raw(a) & npu_f64_raw(b)) : larger;

   return b != b ? a : ordered;
}

#define NPU_DEFINE_TO_INTEGRAL(name, function)                                                     \
   static inline float npu_##name##_f16(float x)                                                   \
   {                                                                                               \
      return __builtin_##function##f(x);                                                           \
   }                                                                                               \
   static inline float npu_##name##_f32(float x)                                                   \
   {                                                                                               \
      return __builtin_##function##f(x);                                                           \
   }                                                                                               \
   static inline double npu_##name##_f64(double x)                                                 \
   {                                                                                               \
      return __builtin_##function(x);                                                              \
   }

NPU_DEFINE_TO_INTEGRAL(floor, floor)
NPU_DEFINE_TO_INTEGRAL(ceil, ceil)
NPU_DEFINE_TO_INTEGRAL(trunc, trunc)
NPU_DEFINE_TO_INTEGRAL(rne, rint)

/* ------------------------------------------------------------------------------------- exponents */

/* 2^n as a double, n in -1022..1023. */
static inline double
npu_power_of_two(int32_t n)
{
   return npu_f64_value((uint64_t)(n + 1023) << 52);
}

/* Beyond +-400 the result is infinite or zero whatever x; within, the product is exact in double
 * and rounds once. */
static inline float
npu_ldexp_f32(float x, int32_t n)
{
   const int32_t clamped = n < -400 ? -400 : n > 400 ? 400 : n;

   return (float)((double)x * npu_power_of_two(clamped));
}

/* The same with +-60 and float: halves have exponents from -24 to 15. */
static inline float
npu_ldexp_f16(float x, int32_t n)
{
   const int32_t clamped = n < -60 ? -60 : n > 60 ? 60 : n;

   return x * (float)npu_power_of_two(clamped);
}

static inline double
npu_ldexp_f64(double x, int32_t n)
{
   const uint64_t bits = npu_f64_raw(x);
   const unsigned exponent = bits >> 52 & 0x7ff;
   const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
   const int32_t clamped = n < -4200 ? -4200 : n > 4200 ? 4200 : n;

   if (exponent == 0x7ff)
      return x;
   const uint64_t m = exponent == 0 ? fraction : fraction | UINT64_C(1) << 52;
   const int e = (exponent == 0 ? 1 : (int)exponent) - 1075;
   return npu_f64_value(npu_round_pack(bits >> 63, m, e + clamped, 52, 11, NPU_ROUND_RTE));
}

static inline bool
npu_has_exponent(double x)
{
   return x - x == 0 && x != 0;
}

static inline int32_t
npu_frexp_e_f64(double x)
{
   const bool denormal = (npu_f64_raw(x) >> 52 & 0x7ff) == 0;
   const uint64_t bits = npu_f64_raw(denormal ? x * 0x1p54 : x);
   const int32_t e = (int32_t)(bits >> 52 & 0x7ff) - 1022 - (denormal ? 54 : 0);

   return npu_has_exponent(x) ? e : 0;
}

static inline double
npu_frexp_m_f64(double x)
{
   const bool denormal = (npu_f64_raw(x) >> 52 & 0x7ff) == 0;
   const uint64_t bits = npu_f64_raw(denormal ? x * 0x1p54 : x);
   const double m = npu_f64_value((bits & ~(UINT64_C(0x7ff) << 52)) | UINT64_C(1022) << 52);

   return npu_has_exponent(x) ? m : x;
}

static inline int32_t
npu_frexp_e_f32(float x)
{
   return npu_frexp_e_f64(x);
}

static inline int32_t
npu_frexp_e_f16(float x)
{
   return npu_frexp_e_f64(x);
}

static inline float
npu_frexp_m_f32(float x)
{
   return (float)npu_frexp_m_f64(x);
}

static inline float
npu_frexp_m_f16(float x)
{
   return (float)npu_frexp_m_f64(x);
}

#endif
