// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

#ifndef NPU_LIBCLC_STIRLING
#define NPU_LIBCLC_STIRLING

#include "overrides.h"

/* Of Stirling's series 1/(12 x) - 1/(360 x^3) + 1/(1260 x^5) - ..., six terms times x. w: 1 / x^2 */
static double
npu_stirling_series(double w)
{
   double series = -691.0 / 360360;

   series = fma(series, w, 1.0 / 1188);
   series = fma(series, w, -1.0 / 1680);
   series = fma(series, w, 1.0 / 1260);
   series = fma(series, w, -1.0 / 360);
   return fma(series, w, 1.0 / 12);
}

#endif
