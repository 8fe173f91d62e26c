// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* All functions that replace those of libclc, as one module. */

#include "overrides.h"

/* First, while no function it calls is defined: a definition for one type hides the compiler's own
 * declarations for the others. */
#include "tgamma.cl"

#include "erf.cl"
#include "exp.cl"
#include "hyperbolic.cl"
#include "lgamma.cl"
#include "log.cl"
#include "plane.cl"
#include "pow.cl"
#include "remainder.cl"
#include "sin.cl"
#include "zeros.cl"
