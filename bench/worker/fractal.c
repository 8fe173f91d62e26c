// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Divergent loops: the Mandelbrot set at its edge. */

#include "groups.h"

#include "mandelbrot.cl.h"

enum {
   LIMIT = 256
};

#define LEFT  -0.8f
#define TOP   0.2f
#define RANGE 0.4f

static void
setup_mandelbrot(struct run *r)
{
   bench_build(r, mandelbrot_cl, "");
   bench_kernel(r, 0, "mandelbrot");
   bench_buffer(r, 0, r->n * r->n * 4, NULL);
   bench_args(r, 0, "fffum", (double)LEFT, (double)TOP, (double)(RANGE / r->n), (unsigned)LIMIT, 0);
   r->work = 1e-9 * r->n * r->n;
}

static void
run_mandelbrot(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, 1);
}

static bool
check_mandelbrot(struct run *r)
{
   uint32_t *expected = bench_alloc(r->n * r->n * 4);
   const float step = RANGE / r->n;

   for (size_t py = 0; py < r->n; py++) {
      for (size_t px = 0; px < r->n; px++) {
         float cx = LEFT + px * step, cy = TOP - py * step, x = 0, y = 0, x2 = 0, y2 = 0;
         uint32_t i;

         for (i = 0; i < LIMIT && x2 + y2 <= 4; i++) {
            y = 2 * x * y + cy;
            x = x2 - y2 + cx;
            x2 = x * x;
            y2 = y * y;
         }
         expected[py * r->n + px] = i;
      }
   }
   return bench_compare_u32(r, "counts", bench_read(r, 0), expected, r->n * r->n);
}

const struct benchmark bench_fractal[] = {
   {"mandelbrot",
    "Gpixel/s",
    "n^2 pixels, at most 256 iterations",
    BENCH_KERNEL,
    false,
    512,
    64,
    16,
    2,
    {16, 16},
    false,
    setup_mandelbrot,
    run_mandelbrot,
    NULL,
    check_mandelbrot},
   {0},
};
