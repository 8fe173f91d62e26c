// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* One work-item per element. The host rounds the number of work-items up to whole work-groups, so the last
 * ones have nothing to do. */
kernel void
saxpy(uint n, float a, global const float *x, global float *y)
{
   size_t i = get_global_id(0);

   if (i < n)
      y[i] = a * x[i] + y[i];
}
