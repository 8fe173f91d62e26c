// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* erfc() of float by that of double: libclc's own is up to 48 units of the last place off around
 * x = 8, where 16 are allowed. */

#include "overrides.h"

double __attribute__((overloadable)) erfc(double x);

float OVERRIDE
erfc(float x)
{
   return (float)erfc((double)x);
}

OVERRIDE_VECTORS(erfc, float)
