// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* hypot() and the angles atan(), atan2(), atanpi(), atan2pi() of float in double, where nothing
 * overflows and no denormal is in the way. libclc scales the arguments of hypot() and divides in
 * float for atan2(), which takes it several times as long.
 *
 * Polynomial: fpminimax of Sollya. */

#include "overrides.h"

#define ONE_OVER_PI 0x1.45f306dc9c883p-2

float OVERRIDE
hypot(float x, float y)
{
   double a = x, b = y;

   return isinf(x) || isinf(y) ? INFINITY : (float)sqrt(fma(a, a, b * b));
}

/* The angle of (|x|, |y|), if x has a plus sign, and of (-|x|, |y|); error 2^-36 of itself.
 *
 * The arc tangent of the smaller coordinate over the larger one is an odd polynomial; two mirrors
 * give the others. Two zeros are on the axis, two infinities on the diagonal. */
static double
npu_angle(double x, double y)
{
   const double pi = 0x1.921fb54442d18p+1;
   double a = fabs(x), b = fabs(y);
   bool steep = b > a;
   double small = steep ? a : b, large = steep ? b : a;
   double t = small / large;

   if (small == large)
      t = large == 0 ? 0 : 1;
   double w = t * t;
   double sum = 0x1.cc03b1caadbb3p-12;

   sum = fma(sum, w, -0x1.b26ab9e082a36p-9);
   sum = fma(sum, w, 0x1.80e576b46b812p-7);
   sum = fma(sum, w, -0x1.b222e7a8a46e3p-6);
   sum = fma(sum, w, 0x1.6982f39e71b47p-5);
   sum = fma(sum, w, -0x1.efec4c3c2b3bep-5);
   sum = fma(sum, w, 0x1.3392bb9fb192p-4);
   sum = fma(sum, w, -0x1.72d1f08a6e6ap-4);
   sum = fma(sum, w, 0x1.c6e791d795d72p-4);
   sum = fma(sum, w, -0x1.24902e156dccep-3);
   sum = fma(sum, w, 0x1.999983cb09d75p-3);
   sum = fma(sum, w, -0x1.5555552d707fep-2);
   sum = fma(sum, w, 1.0);
   double angle = t * sum;

   angle = steep ? 0.5 * pi - angle : angle;
   return signbit(x) ? pi - angle : angle;
}

float OVERRIDE
atan(float x)
{
   return copysign((float)npu_angle(1, x), x);
}

float OVERRIDE
atanpi(float x)
{
   return copysign((float)(npu_angle(1, x) * ONE_OVER_PI), x);
}

float OVERRIDE
atan2(float y, float x)
{
   return copysign((float)npu_angle(x, y), y);
}

float OVERRIDE
atan2pi(float y, float x)
{
   return copysign((float)(npu_angle(x, y) * ONE_OVER_PI), y);
}

OVERRIDE_VECTORS(atan, float)
OVERRIDE_VECTORS(atanpi, float)
OVERRIDE_VECTORS_2(hypot, float, float)
OVERRIDE_VECTORS_2(atan2, float, float)
OVERRIDE_VECTORS_2(atan2pi, float, float)
