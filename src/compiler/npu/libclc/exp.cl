// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* exp(), exp2(), exp10() and expm1() of float in double. libclc takes denormal results for zero. */

#ifndef NPU_LIBCLC_EXP
#define NPU_LIBCLC_EXP

#include "log2_exp2.cl"

/* exp(x), in double */
static double
npu_exp(double x)
{
   const double log2_e = 0x1.71547652b82fep+0;

   return npu_exp2(x * log2_e);
}

float OVERRIDE
exp(float x)
{
   return (float)npu_exp(x);
}

float OVERRIDE
exp2(float x)
{
   return (float)npu_exp2(x);
}

float OVERRIDE
exp10(float x)
{
   const double log2_10 = 0x1.a934f0979a371p+1;

   return (float)npu_exp2(x * log2_10);
}

/* Where the difference would lose more than 10 bits: Taylor's series, up to 2^-47 of the result. */
float OVERRIDE
expm1(float x)
{
   double a = x;
   double series = fma(fma(fma(a, 1.0 / 24, 1.0 / 6), a, 0.5), a * a, a);
   double y = fabs(a) < 0x1p-10 ? series : npu_exp(a) - 1;

   return copysign((float)y, x);
}

OVERRIDE_VECTORS(exp, float)
OVERRIDE_VECTORS(exp2, float)
OVERRIDE_VECTORS(exp10, float)
OVERRIDE_VECTORS(expm1, float)

#endif
