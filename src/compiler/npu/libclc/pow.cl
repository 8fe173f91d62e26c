// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* pow(), powr(), pown() and rootn() of float in double, which the device does as fast per operation
 * and in which no care is needed: |x|^y = 2^(y log2 |x|). The logarithm is within 2^-50 of itself,
 * its product with y below 150 (more overflows), so 2^-42 of the result is lost before it is
 * rounded to float. That is also why no argument needs a way of its own: the rules of section 7.5.1
 * of the OpenCL C specification for powr() are what infinities and zeros give; the others differ by
 * a sign and where the power is 1 whatever the other argument.
 *
 * libclc carries the logarithm in two floats instead, with tables: ten times the time.
 *
 * Polynomials: fpminimax of Sollya. */

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

/* 2^x as a float; NaN of NaN. A polynomial for the fraction, error 2^-45.7, and the integer added
 * to its exponent. */
static float
npu_exp2(double x)
{
   x = x > 200 ? 200 : x; /* beyond both, float has infinity and 0 */
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
   return (float)as_double(as_long(sum) + ((long)(int)n << 52));
}

/* -power if x has a minus sign and the exponent is odd */
static float
npu_with_sign(float power, float x, bool odd)
{
   return odd ? copysign(power, x) : power;
}

float OVERRIDE
pow(float x, float y)
{
   float power = npu_exp2(y * npu_log2(fabs(x)));
   bool whole = y == rint(y);
   float half_y = y * 0.5f;

   if (x < 0 && isfinite(x) && !whole)
      return NAN;
   if (x == 1 || y == 0 || (x == -1 && isinf(y)))
      return 1;
   return npu_with_sign(power, x, whole && half_y != rint(half_y));
}

float OVERRIDE
powr(float x, float y)
{
   return x < 0 ? NAN : npu_exp2(y * npu_log2(fabs(x)));
}

float OVERRIDE
pown(float x, int y)
{
   float power = npu_exp2(y * npu_log2(fabs(x)));

   return y == 0 ? 1 : npu_with_sign(power, x, y & 1);
}

float OVERRIDE
rootn(float x, int y)
{
   float root = npu_exp2(npu_log2(fabs(x)) / y);

   return y == 0 || (x < 0 && !(y & 1)) ? NAN : npu_with_sign(root, x, y & 1);
}

OVERRIDE_VECTORS_2(pow, float, float)
OVERRIDE_VECTORS_2(powr, float, float)
OVERRIDE_VECTORS_2(pown, float, int)
OVERRIDE_VECTORS_2(rootn, float, int)
