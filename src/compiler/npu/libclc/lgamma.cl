// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* lgamma() and lgamma_r() of float in double: Stirling's series from 8 on,
 *
 *    lgamma(x) = (x - 1/2) ln(x) - x + ln(2 pi) / 2 + 1/(12 x) - 1/(360 x^3) + ...
 *
 * below by gamma(x) = gamma(x + 8) / (x (x + 1) ... (x + 7)), and for negative arguments by
 * reflection, gamma(x) gamma(-x) = -pi / (x sin(pi x)). Near the zeros of the function the terms
 * cancel: there the error is 2^-46, not that part of the result. libclc takes the branches of nine
 * ranges, is wrong for -inf and infinite for tiny negative numbers. */

#include "log.cl"
#include "stirling.cl"

/* |sin(pi x)|: an odd polynomial for the distance from the next integer, error 2^-43.9 of itself. */
static double
npu_abs_sinpi(double x)
{
   double t = fabs(x - rint(x));
   double w = t * t;
   double sum = 0x1.d4ec7808b551bp-12;

   sum = fma(sum, w, -0x1.e297d0948ce32p-8);
   sum = fma(sum, w, 0x1.5076fea33ab4ap-4);
   sum = fma(sum, w, -0x1.32d2c96c7400cp-1);
   sum = fma(sum, w, 0x1.466bc66dc833cp+1);
   sum = fma(sum, w, -0x1.4abbce6247edcp+2);
   sum = fma(sum, w, 0x1.921fb54442b5fp+1);
   return t * sum;
}

float OVERRIDE
lgamma(float x)
{
   const double pi = 0x1.921fb54442d18p+1, half_ln_2pi = 0x1.d67f1c864beb5p-1;
   double size = fabs(x), z = size, divisor = 1;

   if (size < 8) {
      divisor = size * (size + 1) * (size + 2) * (size + 3);
      divisor *= (size + 4) * (size + 5) * (size + 6) * (size + 7);
      z = size + 8;
   }
   if (x < 0) /* infinite for integers */
      divisor *= pi / (size * npu_abs_sinpi(size));

   double reciprocal = 1 / z, series = npu_stirling_series(reciprocal * reciprocal);
   double y = fma(z - 0.5, npu_log(z), fma(series, reciprocal, half_ln_2pi) - z);

   y -= npu_log(divisor);
   return isinf(x) ? INFINITY : (float)(x < 0 ? -y : y);
}

OVERRIDE_VECTORS(lgamma, float)

/* The sign of gamma(x): that of an even integer below, 1 for positive x. A comparison of vectors is
 * -1 where it is true, of scalars 1. */
#define LGAMMA_R_N(space, n)                                                                       \
   float##n OVERRIDE lgamma_r(float##n x, space int##n *sign)                                      \
   {                                                                                               \
      float##n below = floor(x) * 0.5f;                                                            \
      *sign = 1 + 2 * (x < 0 & below != rint(below));                                              \
      return lgamma(x);                                                                            \
   }

#define LGAMMA_R(space)                                                                            \
   float OVERRIDE lgamma_r(float x, space int *sign)                                               \
   {                                                                                               \
      float below = floor(x) * 0.5f;                                                               \
      *sign = 1 - 2 * (x < 0 & below != rint(below));                                              \
      return lgamma(x);                                                                            \
   }                                                                                               \
   LGAMMA_R_N(space, 2)                                                                            \
   LGAMMA_R_N(space, 3)                                                                            \
   LGAMMA_R_N(space, 4)                                                                            \
   LGAMMA_R_N(space, 8)                                                                            \
   LGAMMA_R_N(space, 16)

LGAMMA_R(private)
LGAMMA_R(global)
LGAMMA_R(local)
