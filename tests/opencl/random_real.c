// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The arithmetic of random programs' one real type, computed in double: the sum and the product of two values that
 * have at most half its precision lose nothing by being rounded twice (Figueroa, "When is double rounding innocuous?",
 * 1995). A fused multiply-add needs care: see round_to_odd(). */

#include "random_ast.h"

#include <math.h>
#include <string.h>

const char *const random_real_names[NUM_REALS] = {
   [REAL_FLOAT] = "float",
   [REAL_DOUBLE] = "double",
   [REAL_HALF] = "half",
};

uint64_t
random_real_value(double x)
{
   uint64_t value;

   memcpy(&value, &x, sizeof(value));
   return value;
}

double
random_real(uint64_t value)
{
   double x;

   memcpy(&x, &value, sizeof(x));
   return x;
}

/* log2 of the distance between halfs around x, which is neither 0 nor infinite. */
static int
half_quantum_log2(double x)
{
   int exponent = ilogb(x);

   return (exponent < -14 ? -14 : exponent) - 10;
}

double
random_real_round(enum random_real real, double x)
{
   if (real == REAL_FLOAT)
      return (float)x;
   if (real == REAL_DOUBLE || x == 0 || !isfinite(x))
      return x;

   int quantum_log2 = half_quantum_log2(x);
   double rounded = ldexp(rint(ldexp(x, -quantum_log2)), quantum_log2);
   return fabs(rounded) > 65504 ? copysign(INFINITY, x) : rounded;
}

/* a + b, where a number that double cannot hold becomes the neighbour whose last bit is set: it lies on the same side
 * of whatever a shorter type rounds at (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008). */
static double
round_to_odd(double a, double b)
{
   double sum = a + b, a_part = sum - b, error = (a - a_part) + (b - (sum - a_part));
   uint64_t bits = random_real_value(sum);

   if (!isfinite(sum) || error == 0 || (bits & 1))
      return sum;
   return random_real(bits + ((error > 0) == (sum > 0) ? 1 : -1));
}

double
random_real_fma(enum random_real real, double x, double y, double z)
{
   if (real == REAL_FLOAT)
      return fmaf(x, y, z);
   if (real == REAL_DOUBLE)
      return fma(x, y, z);
   return random_real_round(real, round_to_odd(x * y, z)); /* the product is exact */
}

uint64_t
random_real_bits(enum random_real real, double x)
{
   uint64_t sign = signbit(x) ? 0x8000 : 0;

   if (real == REAL_FLOAT)
      return isnan(x) ? 0x7fc00000 : clt_bits(x);
   if (real == REAL_DOUBLE)
      return isnan(x) ? 0x7ff8000000000000 : random_real_value(x);
   if (isnan(x))
      return 0x7e00;
   if (isinf(x))
      return sign | 0x7c00;
   if (x == 0)
      return sign;

   /* the leading bit of a normal number adds one to the exponent field */
   int quantum_log2 = half_quantum_log2(x);
   return sign | ((uint64_t)ldexp(fabs(x), -quantum_log2) + ((uint64_t)(quantum_log2 + 24) << 10));
}
