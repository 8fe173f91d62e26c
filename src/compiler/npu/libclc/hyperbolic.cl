// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sinh(), cosh(), tanh() and their inverses of float in double, by exp() and log(). Where these would
 * cancel, below 2^-8, Taylor's series up to 2^-60 of the result: the rest loses 8 bits of 52. */

#include "exp.cl"
#include "log.cl"

#define SERIES_BELOW 0x1p-8

/* x + c3 x^3 + c5 x^5 + c7 x^7 */
static double
npu_odd_series(double x, double c3, double c5, double c7)
{
   double w = x * x;

   return fma(fma(fma(c7, w, c5), w, c3), w * x, x);
}

float OVERRIDE
cosh(float x)
{
   return (float)(0.5 * npu_exp(x) + 0.5 * npu_exp(-x));
}

float OVERRIDE
sinh(float x)
{
   double a = fabs(x);
   double y = a < SERIES_BELOW ? npu_odd_series(a, 1.0 / 6, 1.0 / 120, 1.0 / 5040)
                               : 0.5 * npu_exp(a) - 0.5 * npu_exp(-a);

   return copysign((float)y, x);
}

float OVERRIDE
tanh(float x)
{
   double a = fabs(x), square = npu_exp(2 * a);
   double y = a < SERIES_BELOW ? npu_odd_series(a, -1.0 / 3, 2.0 / 15, -17.0 / 315)
                               : (square - 1) / (square + 1);

   return copysign((float)y, x);
}

float OVERRIDE
acosh(float x)
{
   double a = x;

   return x < 1 ? NAN : (float)npu_log(a + sqrt((a - 1) * (a + 1)));
}

float OVERRIDE
asinh(float x)
{
   double a = fabs(x);
   double y = a < SERIES_BELOW ? npu_odd_series(a, -1.0 / 6, 3.0 / 40, -15.0 / 336)
                               : npu_log(a + sqrt(fma(a, a, 1.0)));

   return copysign((float)y, x);
}

float OVERRIDE
atanh(float x)
{
   double a = fabs(x);
   double y = a < SERIES_BELOW ? npu_odd_series(a, 1.0 / 3, 1.0 / 5, 1.0 / 7)
                               : 0.5 * npu_log((1 + a) / (1 - a));

   return copysign((float)y, x);
}

OVERRIDE_VECTORS(cosh, float)
OVERRIDE_VECTORS(sinh, float)
OVERRIDE_VECTORS(tanh, float)
OVERRIDE_VECTORS(acosh, float)
OVERRIDE_VECTORS(asinh, float)
OVERRIDE_VECTORS(atanh, float)
