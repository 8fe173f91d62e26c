// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* tgamma() on float and double. Libclc computes exp(lgamma(x)), whose error grows with the
 * logarithm of the result - hundreds of units of the last place - while 16 are allowed.
 *
 * Up to STIRLING the argument is moved to [1, 2) by the recurrence gamma(x + 1) = x gamma(x), and
 * 1 / gamma, an entire function, is a polynomial there (Chebyshev interpolation around 1.5, error
 * 2^-55.9). The product of the factors is kept together with its rounding errors. Floats go that
 * way whatever their size, in double, and need no such care. Above STIRLING:
 *
 *    gamma(x) = sqrt(2 pi) x^(x - 1/2) exp(-x) exp(1/(12 x) - 1/(360 x^3) + 1/(1260 x^5) - ...)
 *
 * with the power as a square, so that nothing overflows before the result. Below -STIRLING the
 * reflection: gamma(-x) = -pi / (x sin(pi x) gamma(x)). */

#include "stirling.cl"

#define STIRLING 20.0

/* 1 / gamma(1.5 + t), -0.5 <= t <= 0.5 */
static double
npu_reciprocal_gamma(double t)
{
   double sum = -0x1.d1ef021f75d5fp-31;

   sum = fma(sum, t, 0x1.20d9fdfbd2eb4p-26);
   sum = fma(sum, t, -0x1.7f00ba844a794p-24);
   sum = fma(sum, t, 0x1.f2d1ffa705fd8p-25);
   sum = fma(sum, t, 0x1.2166ec0f27beep-19);
   sum = fma(sum, t, -0x1.d24ce8544922ap-17);
   sum = fma(sum, t, 0x1.a963c507b6f6p-16);
   sum = fma(sum, t, 0x1.3f84607e32d73p-13);
   sum = fma(sum, t, -0x1.232bd878712a9p-10);
   sum = fma(sum, t, 0x1.15f7f0605918p-9);
   sum = fma(sum, t, 0x1.b16203e5e1898p-8);
   sum = fma(sum, t, -0x1.5955cc3971e02p-5);
   sum = fma(sum, t, 0x1.a18540be32cbdp-5);
   sum = fma(sum, t, 0x1.669be41a9388dp-3);
   sum = fma(sum, t, -0x1.0da5a671c048ap-1);
   sum = fma(sum, t, -0x1.514d3d90584b3p-5);
   sum = fma(sum, t, 0x1.20dd750429b6dp+0);
   return sum;
}

/* No integer below 1, -60 < x < 60. */
static double
npu_gamma_by_recurrence(double x)
{
   double t = x, product = 1, error = 0; /* the product is product + error */

   while (t >= 2) {
      t -= 1;
      double next = product * t;
      error = fma(error, t, fma(product, t, -next));
      product = next;
   }
   if (x >= 1)
      return (product + error) / npu_reciprocal_gamma(t - 1.5);

   while (t < 1) {
      double next = product * t;
      error = fma(error, t, fma(product, t, -next));
      product = next;
      t += 1;
   }
   return 1 / ((product + error) * npu_reciprocal_gamma(t - 1.5));
}

/* gamma(x) = first * second, x > STIRLING */
static double
npu_stirling(double x, double *second)
{
   const double sqrt_2pi = 0x1.40d931ff62706p+1;
   double z = 1 / x;
   double power = pow(x, 0.5 * x - 0.25);
   *second = power;
   return power * exp(-x) * sqrt_2pi * exp(npu_stirling_series(z * z) * z);
}

double OVERRIDE
tgamma(double x)
{
   const double pi = 0x1.921fb54442d18p+1;
   bool odd = fmod(floor(x), 2.0) != 0;
   double second;

   if (isnan(x) || (x < 0 && x == floor(x)))
      return NAN;
   if (x == 0)
      return 1 / x;
   if (x > 172)
      return INFINITY;
   if (x < -190)
      return odd ? -0.0 : 0.0;
   if (fabs(x) <= STIRLING)
      return npu_gamma_by_recurrence(x);

   double first = npu_stirling(fabs(x), &second);
   if (x > 0)
      return first * second;
   return pi / (-x * fabs(sinpi(x))) / first / second * (odd ? -1 : 1);
}

float OVERRIDE
tgamma(float x)
{
   if (isnan(x) || (x < 0 && x == floor(x)))
      return NAN;
   if (x == 0)
      return 1 / x;
   if (x > 36)
      return INFINITY;
   if (x < -46)
      return fmod(floor(x), 2.0f) != 0 ? -0.0f : 0.0f;
   return (float)npu_gamma_by_recurrence(x);
}

OVERRIDE_VECTORS(tgamma, float)
OVERRIDE_VECTORS(tgamma, double)
