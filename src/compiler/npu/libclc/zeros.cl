// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Functions of double that in libclc are fine but for the signs of zeros: several lose the one of
 * their argument; those of turns have others than section 7.5.1 of the OpenCL C specification says
 * (turn.cl). */

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

ORIGINAL(sinpi, double);
double OVERRIDE
sinpi(double x)
{
   return x == trunc(x) && isfinite(x) ? copysign(0, x) : libclc_sinpi(x);
}

ORIGINAL(cospi, double);
double OVERRIDE
cospi(double x)
{
   return fabs(x - trunc(x)) == 0.5 ? 0 : libclc_cospi(x);
}

ORIGINAL(tanpi, double);
double OVERRIDE
tanpi(double x)
{
   if (x == trunc(x) && isfinite(x))
      return copysign(0, 0.5 * x == trunc(0.5 * x) ? x : -x);
   return libclc_tanpi(x);
}

OVERRIDE_VECTORS(sinpi, double)
OVERRIDE_VECTORS(cospi, double)
OVERRIDE_VECTORS(tanpi, double)
