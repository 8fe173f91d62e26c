// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sobel: edge detection on a picture file. scene.png beside this file was drawn for it by
 * make-scene.py.
 *
 * Check: integer arithmetic, so every pixel must equal the host's. */

#include "common.h"
#include "sobel.cl.h"

#include <stdio.h>
#include <stdlib.h>

#define EDGE 16

static int
pixel(const uint8_t *in, int width, int height, int x, int y)
{
   x = x < 0 ? 0 : x >= width ? width - 1 : x;
   y = y < 0 ? 0 : y >= height ? height - 1 : y;
   return in[y * width + x];
}

static uint8_t
reference(const uint8_t *in, int width, int height, int x, int y)
{
   static const int kernel[3][3] = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}};
   int gx = 0, gy = 0;

   for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
         int p = pixel(in, width, height, x + dx, y + dy);
         gx += kernel[dy + 1][dx + 1] * p;
         gy += kernel[dx + 1][dy + 1] * p;
      }
   }
   int result = (abs(gx) + abs(gy)) / 2;
   return result > 255 ? 255 : result;
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "sobel",
      .what = "edges in a picture file, pixels shared through local memory",
      .input = EXAMPLES_DIR "/scene.png",
      .output = "sobel.png",
   };
   ex_open(&ex, argc, argv);

   unsigned w, h;
   uint8_t *in = ex_read_png(ex.input, 1, &w, &h);
   cl_int width = w, height = h;
   size_t pixels = (size_t)w * h;
   uint8_t *out = ex_alloc(pixels);

   cl_mem in_mem = ex_buffer(&ex, CL_MEM_READ_ONLY, pixels, in);
   cl_mem out_mem = ex_buffer(&ex, CL_MEM_WRITE_ONLY, pixels, NULL);
   cl_kernel kernel = ex_kernel(ex_program(&ex, sobel_cl, ""), "sobel");
   ex_arg(kernel, 0, width);
   ex_arg(kernel, 1, height);
   ex_arg(kernel, 2, in_mem);
   ex_arg(kernel, 3, out_mem);

   size_t global[2] = {ex_round_up(w, EDGE), ex_round_up(h, EDGE)}, local[2] = {EDGE, EDGE};
   double time_ms = ex_launch(&ex, kernel, 2, global, local);
   ex_read(&ex, out_mem, pixels, out);

   size_t wrong = 0;
   for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++)
         wrong += out[y * width + x] != reference(in, width, height, x, y);
   }
   ex_report("size", "%s, %u x %u pixels", ex.input, w, h);
   ex_report("time", "%.2f ms on the device, %.2f million pixels per second", time_ms,
             pixels / time_ms * 1e-3);
   ex_report("check", "%zu of %zu pixels equal the host's", pixels - wrong, pixels);
   ex_write_png(ex.output, out, 1, w, h);
   return ex_finish(&ex, wrong == 0, "%zu pixels differ from the host's", wrong);
}
