// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The Mandelbrot set. Contraction is off so that every implementation counts the same. */

#pragma OPENCL FP_CONTRACT OFF

kernel void
mandelbrot(float left, float top, float step, uint limit, global uint *counts)
{
   uint px = get_global_id(0), py = get_global_id(1);
   float cx = left + px * step, cy = top - py * step;
   float x = 0, y = 0, x2 = 0, y2 = 0;
   uint i;

   for (i = 0; i < limit && x2 + y2 <= 4; i++) {
      y = 2 * x * y + cy;
      x = x2 - y2 + cx;
      x2 = x * x;
      y2 = y * y;
   }
   counts[py * get_global_size(0) + px] = i;
}
