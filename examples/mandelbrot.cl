// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Iterations of z -> z^2 + c until |z| > 16, at most "limit", for each pixel of a picture; and |z|^2 then,
 * for smooth colours. Neighbouring pixels leave the loop at different times: the loop of a wave goes on
 * until its last lane has left.
 *
 * Contraction to fused multiply-adds is off, so that each operation is rounded by itself and the result is
 * the same, to the bit, on every device and on the host. */

#pragma OPENCL FP_CONTRACT OFF

kernel void
mandelbrot(float left, float top, float step, uint limit, global uint *iterations, global float *magnitude)
{
   size_t x = get_global_id(0), y = get_global_id(1);
   size_t pixel = y * get_global_size(0) + x;
   float c_re = left + (float)x * step, c_im = top - (float)y * step;
   float re = 0, im = 0, re2 = 0, im2 = 0;
   uint n = 0;

   while (n < limit && re2 + im2 <= 256.0f) {
      im = 2.0f * re * im + c_im;
      re = re2 - im2 + c_re;
      re2 = re * re;
      im2 = im * im;
      n++;
   }
   iterations[pixel] = n;
   magnitude[pixel] = re2 + im2;
}
