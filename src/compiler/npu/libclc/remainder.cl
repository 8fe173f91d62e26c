// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* fmod(), remainder() and remquo() of float, which in libclc are wrong as soon as denormals take
 * part. Long division of the significands, up to 40 bits of the quotient at a time. */

#include "overrides.h"

struct npu_quotient {
   uint rest;     /* significand of the remainder, less than that of y */
   int exponent;  /* what it counts is 2^exponent */
   uint quotient; /* its low 32 bits, truncated */
};

/* x, y: bits of positive finite numbers, x >= y > 0 */
static struct npu_quotient
npu_divide(uint x, uint y)
{
   int ex = max(x >> 23, 1u), ey = max(y >> 23, 1u);
   ulong rest = (x & 0x7fffff) | (x >= 0x800000 ? 0x800000 : 0);
   ulong divisor = (y & 0x7fffff) | (y >= 0x800000 ? 0x800000 : 0);
   uint quotient = rest / divisor;

   rest %= divisor;
   for (int n = ex - ey; n > 0; n -= 40) {
      int step = min(n, 40);

      rest <<= step;
      quotient = (step < 32 ? quotient << step : 0) + (uint)(rest / divisor);
      rest %= divisor;
   }
   struct npu_quotient q = {rest, ey - 150, quotient};
   return q;
}

static bool
npu_no_remainder(float x, float y)
{
   return isnan(x) || isinf(x) || isnan(y) || y == 0;
}

float OVERRIDE
fmod(float x, float y)
{
   if (npu_no_remainder(x, y))
      return NAN;
   if (fabs(x) < fabs(y))
      return x;
   struct npu_quotient q = npu_divide(as_uint(fabs(x)), as_uint(fabs(y)));
   return copysign(ldexp((float)q.rest, q.exponent), x);
}

/* remquo() with the low seven bits of the quotient, which has the sign of x / y */
static float
npu_remquo(float x, float y, int *quotient)
{
   *quotient = 0;
   if (npu_no_remainder(x, y))
      return NAN;
   if (isinf(y))
      return x;

   float size = fabs(x), unit = fabs(y);
   float rest = size;
   uint n = 0;
   if (size >= unit) {
      struct npu_quotient q = npu_divide(as_uint(size), as_uint(unit));
      rest = ldexp((float)q.rest, q.exponent);
      n = q.quotient;
   }

   /* Is rest more than half of unit? The difference is exact from there on, by Sterbenz's lemma,
    * and below it is larger than rest also when it is rounded. */
   if (rest > unit - rest || (rest == unit - rest && (n & 1))) {
      rest -= unit;
      n++;
   }
   n &= 0x7f;
   *quotient = (as_int(x) ^ as_int(y)) < 0 ? -(int)n : (int)n;
   if (rest == 0)
      return copysign(0, x);
   return x < 0 ? -rest : rest;
}

float OVERRIDE
remainder(float x, float y)
{
   int quotient;

   return npu_remquo(x, y, &quotient);
}

#define VECTORS_2(name)                                                                            \
   float2 OVERRIDE name(float2 x, float2 y)                                                        \
   {                                                                                               \
      return (float2)(name(x.x, y.x), name(x.y, y.y));                                             \
   }                                                                                               \
   float3 OVERRIDE name(float3 x, float3 y)                                                        \
   {                                                                                               \
      return (float3)(name(x.xy, y.xy), name(x.z, y.z));                                           \
   }                                                                                               \
   float4 OVERRIDE name(float4 x, float4 y)                                                        \
   {                                                                                               \
      return (float4)(name(x.lo, y.lo), name(x.hi, y.hi));                                         \
   }                                                                                               \
   float8 OVERRIDE name(float8 x, float8 y)                                                        \
   {                                                                                               \
      return (float8)(name(x.lo, y.lo), name(x.hi, y.hi));                                         \
   }                                                                                               \
   float16 OVERRIDE name(float16 x, float16 y)                                                     \
   {                                                                                               \
      return (float16)(name(x.lo, y.lo), name(x.hi, y.hi));                                        \
   }

VECTORS_2(fmod)
VECTORS_2(remainder)

#define REMQUO_HALVES(space, n, half)                                                              \
   float##n OVERRIDE remquo(float##n x, float##n y, space int##n *quotient)                        \
   {                                                                                               \
      int##half lo, hi;                                                                            \
      float##n r = (float##n)(remquo(x.lo, y.lo, &lo), remquo(x.hi, y.hi, &hi));                   \
      *quotient = (int##n)(lo, hi);                                                                \
      return r;                                                                                    \
   }

#define REMQUO(space)                                                                              \
   float OVERRIDE remquo(float x, float y, space int *quotient)                                    \
   {                                                                                               \
      int n;                                                                                       \
      float r = npu_remquo(x, y, &n);                                                              \
      *quotient = n;                                                                               \
      return r;                                                                                    \
   }                                                                                               \
   float3 OVERRIDE remquo(float3 x, float3 y, space int3 *quotient)                                \
   {                                                                                               \
      int a, b, c;                                                                                 \
      float3 r = (float3)(npu_remquo(x.x, y.x, &a), npu_remquo(x.y, y.y, &b),                      \
                          npu_remquo(x.z, y.z, &c));                                               \
      *quotient = (int3)(a, b, c);                                                                 \
      return r;                                                                                    \
   }

REMQUO(private)
REMQUO_HALVES(private, 2, )
REMQUO_HALVES(private, 4, 2)
REMQUO_HALVES(private, 8, 4)
REMQUO_HALVES(private, 16, 8)
REMQUO(global)
REMQUO_HALVES(global, 2, )
REMQUO_HALVES(global, 4, 2)
REMQUO_HALVES(global, 8, 4)
REMQUO_HALVES(global, 16, 8)
REMQUO(local)
REMQUO_HALVES(local, 2, )
REMQUO_HALVES(local, 4, 2)
REMQUO_HALVES(local, 8, 4)
REMQUO_HALVES(local, 16, 8)
