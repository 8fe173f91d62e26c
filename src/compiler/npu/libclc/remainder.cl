// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* fmod(), remainder() and remquo() of float, which in libclc are wrong as soon as denormals take
 * part: long division of the significands, 29 bits of the quotient at a time.
 *
 * In double each step is exact. The rest is below the divisor, an integer below 2^24, so the
 * dividend is one below 2^53 and the quotient below 2^29. A quotient that is no integer is 2^-24 or
 * more from the next one, and doubles below 2^29 are not further apart: division does not round it
 * up to that. */

#include "overrides.h"

struct npu_quotient {
   double rest;   /* significand of the remainder, an integer less than that of y */
   int exponent;  /* what it counts is 2^exponent */
   uint quotient; /* its low 32 bits, truncated */
};

/* 2^n, a normal number */
static double
npu_power_of_two(int n)
{
   return as_double((long)(n + 1023) << 52);
}

/* x, y: bits of positive finite numbers, x >= y > 0 */
static struct npu_quotient
npu_divide(uint x, uint y)
{
   int ex = max(x >> 23, 1u), ey = max(y >> 23, 1u);
   double rest = (x & 0x7fffff) | (x >= 0x800000 ? 0x800000 : 0);
   double divisor = (y & 0x7fffff) | (y >= 0x800000 ? 0x800000 : 0);
   double part = trunc(rest / divisor);
   uint quotient = (uint)part;

   rest = fma(-part, divisor, rest);
   for (int n = ex - ey; n > 0; n -= 29) {
      int step = min(n, 29);

      rest *= npu_power_of_two(step);
      part = trunc(rest / divisor);
      quotient = (quotient << step) + (uint)part;
      rest = fma(-part, divisor, rest);
   }
   struct npu_quotient q = {rest, ey - 150, quotient};
   return q;
}

/* What q says is left, as a float: exact. */
static float
npu_rest(struct npu_quotient q)
{
   return (float)(q.rest * npu_power_of_two(q.exponent));
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
   return copysign(npu_rest(q), x);
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
      rest = npu_rest(q);
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

OVERRIDE_VECTORS_2(fmod, float, float)
OVERRIDE_VECTORS_2(remainder, float, float)

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
