// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Functions of libclc that are fine but for a few arguments:
 *
 *  - several functions of double lose the sign of a zero;
 *  - sinpi, cospi and tanpi give zeros other signs than section 7.5.1 of the OpenCL C specification
 *    says: cospi(n + 0.5) is +0, sinpi(n) has the sign of n, tanpi(n) that of n if n is even, else
 *    the other one. */

#include "overrides.h"

#define KEEP_ZERO(name, type)                                                                      \
   ORIGINAL(name, type);                                                                           \
   type OVERRIDE name(type x)                                                                      \
   {                                                                                               \
      return x == 0 ? x : libclc_##name(x);                                                        \
   }                                                                                               \
   OVERRIDE_VECTORS(name, type)

KEEP_ZERO(atan, double)
KEEP_ZERO(atanpi, double)
KEEP_ZERO(erf, double)
KEEP_ZERO(expm1, double)
KEEP_ZERO(sin, double)
KEEP_ZERO(tan, double)

#define PI_ZEROS(type, two)                                                                        \
   ORIGINAL(sinpi, type);                                                                          \
   type OVERRIDE sinpi(type x)                                                                     \
   {                                                                                               \
      return x == trunc(x) && isfinite(x) ? copysign(0, x) : libclc_sinpi(x);                      \
   }                                                                                               \
   OVERRIDE_VECTORS(sinpi, type)                                                                   \
   ORIGINAL(cospi, type);                                                                          \
   type OVERRIDE cospi(type x)                                                                     \
   {                                                                                               \
      return fabs(x - trunc(x)) == 1 / two ? 0 : libclc_cospi(x);                                  \
   }                                                                                               \
   OVERRIDE_VECTORS(cospi, type)                                                                   \
   ORIGINAL(tanpi, type);                                                                          \
   type OVERRIDE tanpi(type x)                                                                     \
   {                                                                                               \
      if (x == trunc(x) && isfinite(x))                                                            \
         return copysign(0, x / two == trunc(x / two) ? x : -x);                                   \
      return libclc_tanpi(x);                                                                      \
   }                                                                                               \
   OVERRIDE_VECTORS(tanpi, type)

PI_ZEROS(float, 2.0f)
PI_ZEROS(double, 2.0)
