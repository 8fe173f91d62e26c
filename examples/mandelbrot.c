// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* mandelbrot: a picture of the Mandelbrot set, one work-item per pixel; strongly divergent control
 * flow.
 *
 * Check: iteration counts and final magnitudes are compared with the same loop on the host, bit for
 * bit (mandelbrot.cl says why they must agree). */

#include "common.h"
#include "mandelbrot.cl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 256

/* The same arithmetic as the kernel; this file is compiled with -ffp-contract=off. */
static uint32_t
reference(float c_re, float c_im, float *magnitude)
{
   float re = 0, im = 0, re2 = 0, im2 = 0;
   uint32_t n = 0;

   while (n < LIMIT && re2 + im2 <= 256.0f) {
      im = 2.0f * re * im + c_im;
      re = re2 - im2 + c_re;
      re2 = re * re;
      im2 = im * im;
      n++;
   }
   *magnitude = re2 + im2;
   return n;
}

/* Colour of a pixel: black inside, a smooth cycle from blue over white to gold outside. */
static void
colour(uint32_t iterations, float magnitude, uint8_t rgb[3])
{
   if (iterations >= LIMIT) {
      rgb[0] = rgb[1] = rgb[2] = 0;
      return;
   }
   double smooth = iterations + 1 - log2(log2(magnitude) / 2);
   double t = sqrt(smooth < 0 ? 0 : smooth) * 1.15;
   static const double phase[3] = {1.2, 0.75, 0.1};
   for (int i = 0; i < 3; i++)
      rgb[i] = 255 * (0.5 + 0.5 * cos(t + phase[i]));
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "mandelbrot",
      .what = "a picture of the Mandelbrot set, one work-item per pixel",
      .size = 640,
      .size_help = "width in pixels, 4 to 16384; the height is 3/4 of it",
      .min_size = 4,
      .max_size = 16384,
      .output = "mandelbrot.png",
   };
   ex_open(&ex, argc, argv);

   size_t width = ex.size, height = width * 3 / 4, pixels = width * height;
   float step = 3.2f / width, left = -2.35f, top = step * height * 0.5f;
   cl_uint limit = LIMIT;
   uint32_t *iterations = ex_alloc(pixels * 4);
   float *magnitude = ex_alloc(pixels * 4);

   cl_mem iterations_mem = ex_buffer(&ex, CL_MEM_WRITE_ONLY, pixels * 4, NULL);
   cl_mem magnitude_mem = ex_buffer(&ex, CL_MEM_WRITE_ONLY, pixels * 4, NULL);
   cl_kernel kernel = ex_kernel(ex_program(&ex, mandelbrot_cl, ""), "mandelbrot");
   ex_arg(kernel, 0, left);
   ex_arg(kernel, 1, top);
   ex_arg(kernel, 2, step);
   ex_arg(kernel, 3, limit);
   ex_arg(kernel, 4, iterations_mem);
   ex_arg(kernel, 5, magnitude_mem);

   size_t global[2] = {width, height};
   double time_ms = ex_launch(&ex, kernel, 2, global, NULL);
   ex_read(&ex, iterations_mem, pixels * 4, iterations);
   ex_read(&ex, magnitude_mem, pixels * 4, magnitude);

   uint64_t total = 0;
   size_t wrong = 0;
   uint8_t *rgb = ex_alloc(pixels * 3);
   for (size_t y = 0; y < height; y++) {
      for (size_t x = 0; x < width; x++) {
         size_t i = y * width + x;
         float m;
         uint32_t n = reference(left + (float)x * step, top - (float)y * step, &m);

         if (n != iterations[i] || memcmp(&m, &magnitude[i], 4))
            wrong++;
         total += iterations[i];
         colour(iterations[i], magnitude[i], rgb + 3 * i);
      }
   }
   ex_report("size", "%zu x %zu pixels, at most %d iterations", width, height, LIMIT);
   ex_report("time", "%.2f ms on the device, %.1f million iterations per second", time_ms,
             total / time_ms * 1e-3);
   ex_report("check", "%zu of %zu pixels are the same to the bit", pixels - wrong, pixels);
   ex_write_png(ex.output, rgb, 3, width, height);
   return ex_finish(&ex, wrong == 0, "%zu pixels differ from the host's", wrong);
}
