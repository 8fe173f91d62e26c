// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sinpi(), cospi() and tanpi() of float in double. Zeros and infinities have the signs of section
 * 7.5.1 of the OpenCL C specification, which libclc gives other signs: cospi(n + 0.5) is +0, sinpi(n)
 * has the sign of n, tanpi(n) that of n if n is even, else the other one; tanpi(n + 0.5) is positive
 * if n is even.
 *
 * Polynomials: fpminimax of Sollya. */

#include "overrides.h"

struct npu_turn {
   double sine, cosine; /* of pi times the rest; NaN of NaN and infinities */
   uint quarter;        /* the argument is the rest and this many quarters of a turn, 0 to 3 */
};

/* The rest is between -1/4 and 1/4 and exact; errors are 2^-47.6 and 2^-43.5 of the results. */
static struct npu_turn
npu_divide_turn(double x)
{
   double quarters = rint(2 * x);
   double t = fma(-0.5, quarters, x), w = t * t;
   double sine = -0x1.dd4e0ae5ba3d6p-8, cosine = -0x1.a0efd57eda727p-6;

   sine = fma(sine, w, 0x1.5071be0a2d3dep-4);
   sine = fma(sine, w, -0x1.32d2c627f47dap-1);
   sine = fma(sine, w, 0x1.466bc670fa464p+1);
   sine = fma(sine, w, -0x1.4abbce6257778p+2);
   sine = fma(sine, w, 0x1.921fb54442cf8p+1);
   cosine = fma(cosine, w, 0x1.e1e7e2bd156e2p-3);
   cosine = fma(cosine, w, -0x1.55d3ba7af2e4ep+0);
   cosine = fma(cosine, w, 0x1.03c1f075a8c76p+2);
   cosine = fma(cosine, w, -0x1.3bd3cc9bd6184p+2);
   cosine = fma(cosine, w, 1.0);
   struct npu_turn turn = {sine * t, cosine, (int)fma(-4.0, floor(0.25 * quarters), quarters)};
   return turn;
}

float OVERRIDE
sinpi(float x)
{
   struct npu_turn turn = npu_divide_turn(x);
   double y = turn.quarter & 1 ? turn.cosine : turn.sine;

   y = turn.quarter & 2 ? -y : y;
   return y == 0 ? copysign(0, x) : (float)y;
}

float OVERRIDE
cospi(float x)
{
   struct npu_turn turn = npu_divide_turn(x);
   double y = turn.quarter & 1 ? -turn.sine : turn.cosine;

   y = turn.quarter & 2 ? -y : y;
   return y == 0 ? 0 : (float)y;
}

float OVERRIDE
tanpi(float x)
{
   struct npu_turn turn = npu_divide_turn(x);
   bool second_half = turn.quarter & 2;

   if (turn.sine == 0 && turn.quarter & 1)
      return second_half ? -INFINITY : INFINITY;
   if (turn.sine == 0)
      return copysign(0, second_half ? -x : x);
   return (float)(turn.quarter & 1 ? -turn.cosine / turn.sine : turn.sine / turn.cosine);
}

OVERRIDE_VECTORS(sinpi, float)
OVERRIDE_VECTORS(cospi, float)
OVERRIDE_VECTORS(tanpi, float)
