// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* exp() and exp2() of float where the result is a denormal, which libclc takes for zero: the square
 * of the function of half the argument. The argument's half is exact, so the error is twice that of
 * the function plus one rounding. */

#include "overrides.h"

#define DENORMAL_RESULTS(name, below)                                                              \
   ORIGINAL(name, float);                                                                          \
   float OVERRIDE name(float x)                                                                    \
   {                                                                                               \
      bool small = x < below;                                                                      \
      float y = libclc_##name(small ? x * 0.5f : x);                                               \
      return small ? y * y : y;                                                                    \
   }                                                                                               \
   OVERRIDE_VECTORS(name, float)

DENORMAL_RESULTS(exp, -87.0f)
DENORMAL_RESULTS(exp2, -125.0f)
