// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Kernels that move memory and hardly compute. */

kernel void
copy(uint n, global const float *x, global float *y)
{
   size_t i = get_global_id(0);
   if (i < n)
      y[i] = x[i];
}

kernel void
saxpy(uint n, float a, global const float *x, global float *y)
{
   size_t i = get_global_id(0);
   if (i < n)
      y[i] = a * x[i] + y[i];
}

kernel void
triad(float s, global const float *b, global const float *c, global float *a)
{
   size_t i = get_global_id(0);
   a[i] = b[i] + s * c[i];
}

/* The same with the vectors of the language. */
kernel void
triad4(float s, global const float4 *b, global const float4 *c, global float4 *a)
{
   size_t i = get_global_id(0);
   a[i] = b[i] + s * c[i];
}
