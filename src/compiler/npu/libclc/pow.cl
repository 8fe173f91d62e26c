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
 */

#include "log2_exp2.cl"

/* -power if x has a minus sign and the exponent is odd */
static float
npu_with_sign(float power, float x, bool odd)
{
   return odd ? copysign(power, x) : power;
}

float OVERRIDE
pow(float x, float y)
{
   float power = (float)npu_exp2(y * npu_log2(fabs(x)));
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
   return x < 0 ? NAN : (float)npu_exp2(y * npu_log2(fabs(x)));
}

float OVERRIDE
pown(float x, int y)
{
   float power = (float)npu_exp2(y * npu_log2(fabs(x)));

   return y == 0 ? 1 : npu_with_sign(power, x, y & 1);
}

float OVERRIDE
rootn(float x, int y)
{
   float root = (float)npu_exp2(npu_log2(fabs(x)) / y);

   return y == 0 || (x < 0 && !(y & 1)) ? NAN : npu_with_sign(root, x, y & 1);
}

OVERRIDE_VECTORS_2(pow, float, float)
OVERRIDE_VECTORS_2(powr, float, float)
OVERRIDE_VECTORS_2(pown, float, int)
OVERRIDE_VECTORS_2(rootn, float, int)
