// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* erf() and erfc() of float in double. libclc's erfc() is up to 48 units of the last place off
 * around x = 8, where 16 are allowed, and both take their time for five ranges of arguments. */

#include "exp.cl"

/* erfc(x), x >= 0: exp(-x^2) times a polynomial in (x - 3) / (x + 3), error 2^-42.3 of itself. */
static double
npu_erfc(double x)
{
   const double end = 10.1; /* from there on, float has 0 */

   x = x > end ? end : x;
   double t = (x - 3) / (x + 3);
   double sum = 0x1.9c655116d8ebbp-23;

   sum = fma(sum, t, 0x1.773dae8259da5p-20);
   sum = fma(sum, t, 0x1.c8a810a985f14p-20);
   sum = fma(sum, t, -0x1.1668a9584397bp-17);
   sum = fma(sum, t, -0x1.ab5b38f454bb8p-17);
   sum = fma(sum, t, 0x1.0d5e128de2f95p-14);
   sum = fma(sum, t, 0x1.7b8b2e66b52efp-15);
   sum = fma(sum, t, -0x1.390dc6a28456ap-11);
   sum = fma(sum, t, 0x1.730fe9cc95064p-11);
   sum = fma(sum, t, 0x1.17c84f87f71fcp-8);
   sum = fma(sum, t, -0x1.8fa58e6546869p-6);
   sum = fma(sum, t, 0x1.258b13990dabap-4);
   sum = fma(sum, t, -0x1.336ffbef75feep-3);
   sum = fma(sum, t, 0x1.f6ff20414e524p-3);
   sum = fma(sum, t, -0x1.4e102b9cf7f48p-2);
   sum = fma(sum, t, 0x1.6e9827d22987ap-3);
   return npu_exp(-x * x) * sum;
}

/* erf(x), -1 <= x <= 1: an odd polynomial, error 2^-40.1 of itself. */
static double
npu_erf(double x)
{
   double w = x * x;
   double sum = 0x1.1b8c52c03a4aap-20;

   sum = fma(sum, w, -0x1.d25cfa52e061bp-17);
   sum = fma(sum, w, 0x1.f56be66f2c486p-14);
   sum = fma(sum, w, -0x1.bfdf58e28a87dp-11);
   sum = fma(sum, w, 0x1.56586cda066ddp-8);
   sum = fma(sum, w, -0x1.b82cb8f1df643p-6);
   sum = fma(sum, w, 0x1.ce2f20974e0dcp-4);
   sum = fma(sum, w, -0x1.812746adb209ep-2);
   sum = fma(sum, w, 0x1.20dd750428b1fp+0);
   return x * sum;
}

float OVERRIDE
erf(float x)
{
   return fabs(x) < 1 ? (float)npu_erf(x) : copysign((float)(1 - npu_erfc(fabs(x))), x);
}

float OVERRIDE
erfc(float x)
{
   double y = npu_erfc(fabs(x));

   return (float)(x < 0 ? 2 - y : y);
}

OVERRIDE_VECTORS(erf, float)
OVERRIDE_VECTORS(erfc, float)
