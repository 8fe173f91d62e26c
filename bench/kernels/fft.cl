// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Fourier transforms of 1024 complex points, one work-group of 256 each: five radix-4 steps of
 * Stockham's algorithm, which sorts by itself, between two halves of local memory. */

#define POINTS 1024

float2
product(float2 a, float2 b)
{
   return (float2)(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

/* roots[k] = exp(-2 pi i k / POINTS) */
kernel __attribute__((reqd_work_group_size(POINTS / 4, 1, 1))) void
fft1024(global const float2 *roots, global const float2 *in, global float2 *out)
{
   local float2 data[2][POINTS];
   uint id = get_local_id(0), quarter = POINTS / 4, from = 0;

   in += get_group_id(0) * POINTS;
   out += get_group_id(0) * POINTS;
   for (uint i = 0; i < 4; i++)
      data[0][id + i * quarter] = in[id + i * quarter];
   barrier(CLK_LOCAL_MEM_FENCE);

   for (uint stride = 1; stride < POINTS; stride *= 4) {
      uint k = id & (stride - 1);
      uint turn = k * (POINTS / 4 / stride);
      float2 a = data[from][id];
      float2 b = product(data[from][id + quarter], roots[turn]);
      float2 c = product(data[from][id + 2 * quarter], roots[2 * turn]);
      float2 d = product(data[from][id + 3 * quarter], roots[3 * turn]);
      float2 even = a + c, odd = a - c, sum = b + d, difference = b - d;
      float2 rotated = (float2)(difference.y, -difference.x);
      local float2 *to = &data[1 - from][(id - k) * 4 + k];

      to[0] = even + sum;
      to[stride] = odd + rotated;
      to[2 * stride] = even - sum;
      to[3 * stride] = odd - rotated;
      barrier(CLK_LOCAL_MEM_FENCE);
      from = 1 - from;
   }
   for (uint i = 0; i < 4; i++)
      out[id + i * quarter] = data[from][id + i * quarter];
}
