// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sin() and cos() of float: the instructions are within 0.502 units of the last place for arguments
 * of any size (npu_sem_math.h), where 4 are allowed. tan() is not their quotient: libclc's is faster. */

#include "overrides.h"

float OVERRIDE
sin(float x)
{
   return native_sin(x);
}

float OVERRIDE
cos(float x)
{
   return native_cos(x);
}

OVERRIDE_VECTORS(sin, float)
OVERRIDE_VECTORS(cos, float)
