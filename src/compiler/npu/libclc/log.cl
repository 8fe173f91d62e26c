// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* log(), log2(), log10() and log1p() of float in double. */

#ifndef NPU_LIBCLC_LOG
#define NPU_LIBCLC_LOG

#include "log2_exp2.cl"

/* log2(x) for all x */
static double
npu_log2_or_nan(double x)
{
   return x < 0 ? NAN : npu_log2(fabs(x));
}

/* log(x) for all x, in double */
static double
npu_log(double x)
{
   const double ln_2 = 0x1.62e42fefa39efp-1;

   return npu_log2_or_nan(x) * ln_2;
}

float OVERRIDE
log(float x)
{
   return (float)npu_log(x);
}

float OVERRIDE
log2(float x)
{
   return (float)npu_log2_or_nan(x);
}

float OVERRIDE
log10(float x)
{
   const double log10_2 = 0x1.34413509f79ffp-2;

   return (float)(npu_log2_or_nan(x) * log10_2);
}

/* Where the sum would lose more than 12 bits: Taylor's series, up to 2^-50 of the result. */
float OVERRIDE
log1p(float x)
{
   double a = x;
   double series = fma(fma(fma(a, -0.25, 1.0 / 3), a, -0.5), a * a, a);
   double y = fabs(a) < 0x1p-12 ? series : npu_log(1 + a);

   return copysign((float)y, x);
}

OVERRIDE_VECTORS(log, float)
OVERRIDE_VECTORS(log2, float)
OVERRIDE_VECTORS(log10, float)
OVERRIDE_VECTORS(log1p, float)

#endif
