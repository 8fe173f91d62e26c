// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What functions of float are made of here: logarithm and power in double, to a good deal more than
 * float needs and less than double has.
 *
 * Polynomials here and in the files that include this one: fpminimax of Sollya. */

#ifndef NPU_LIBCLC_LOG2_EXP2
#define NPU_LIBCLC_LOG2_EXP2

#include "overrides.h"

/* log2(x) of x >= 0 that is no denormal of double; NaN of NaN.
 *
 * x = 2^e m with sqrt(1/2) <= m < sqrt(2), and log2(m) = 2 / ln(2) atanh((m - 1) / (m + 1)):
 * an odd polynomial, error 2^-52.3. */
static double
npu_log2(double x)
{
   const long sqrt_half = 0x3fe6a09e667f3bcd;
   long above = as_long(x) - sqrt_half;
   int e = (int)(above >> 52);
   double m = as_double(as_long(x) - (above & ((long)-1 << 52)));
   double f = (m - 1) / (m + 1);
   double w = f * f;
   double sum = 0x1.f171916d324b5p-3;

   sum = fma(sum, w, 0x1.0bb8b295a575ap-2);
   sum = fma(sum, w, 0x1.484fa2c5f6263p-2);
   sum = fma(sum, w, 0x1.a61756a2fd1fap-2);
   sum = fma(sum, w, 0x1.2776c5167757fp-1);
   sum = fma(sum, w, 0x1.ec709dc39ccfp-1);
   sum = fma(sum, w, 0x1.71547652b82ffp+1);
   double y = fma(sum, f, (double)e);
   y = x < INFINITY ? y : x;
   return x == 0 ? -INFINITY : y;
}

/* 2^x, but of +-200 beyond that, where float has infinity and 0; NaN of NaN. A polynomial for the
 * fraction, error 2^-45.7, and the integer added to its exponent. */
static double
npu_exp2(double x)
{
   x = x > 200 ? 200 : x;
   x = x < -200 ? -200 : x;

   double n = rint(x), t = x - n;
   double sum = 0x1.b364f246980c2p-24;

   sum = fma(sum, t, 0x1.63e73e07c42e2p-20);
   sum = fma(sum, t, 0x1.ffcec518128b1p-17);
   sum = fma(sum, t, 0x1.43089746fccc1p-13);
   sum = fma(sum, t, 0x1.5d87fd53fbbd9p-10);
   sum = fma(sum, t, 0x1.3b2ab72480407p-7);
   sum = fma(sum, t, 0x1.c6b08d70f33e8p-5);
   sum = fma(sum, t, 0x1.ebfbdff81b8b6p-3);
   sum = fma(sum, t, 0x1.62e42fefa36b3p-1);
   sum = fma(sum, t, 1.0);
   return as_double(as_long(sum) + ((long)(int)n << 52));
}

#endif
