// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Fourier transforms in local memory. */

#include "groups.h"

#include "fft.cl.h"

#include <math.h>

enum {
   POINTS = 1024
};

static void
setup_fft(struct run *r)
{
   float *in = bench_alloc(r->n * POINTS * 8), *roots = bench_alloc(POINTS * 8);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n * POINTS * 2; i++)
      in[i] = bench_random(&seed) * 0x1p-31f - 1;
   for (unsigned k = 0; k < POINTS; k++) {
      roots[2 * k] = cos(2 * M_PI * k / POINTS);
      roots[2 * k + 1] = -sin(2 * M_PI * k / POINTS);
   }
   bench_build(r, fft_cl, "");
   bench_kernel(r, 0, "fft1024");
   bench_buffer(r, 0, POINTS * 8, roots);
   bench_buffer(r, 1, r->n * POINTS * 8, in);
   bench_buffer(r, 2, r->n * POINTS * 8, NULL);
   bench_args(r, 0, "mmm", 0, 1, 2);
   r->work = 5e-9 * r->n * POINTS * 10; /* the customary 5 n log2 n */
}

static void
run_fft(struct run *r)
{
   bench_launch(r, 0, r->n * POINTS / 4, 1, 1);
}

/* A transform from the definition, for the first and the last row. Each of the five steps adds a few
 * roundings of numbers whose mean square is that of the result: 5 * 4 * 2^-24 of its norm, times 5
 * for the largest of 2048 random errors. */
static bool
check_fft(struct run *r)
{
   const float *in = r->host[1], *out = bench_read(r, 2);
   const double bound = 5 * 5 * 4 * 0x1p-24 * sqrt(POINTS * 2.0 / 3);

   for (unsigned end = 0; end < 2; end++) {
      size_t first = end ? (r->n - 1) * POINTS : 0;

      for (unsigned k = 0; k < POINTS; k++) {
         double re = 0, im = 0;

         for (unsigned i = 0; i < POINTS; i++) {
            double c = cos(2 * M_PI * (k * i % POINTS) / POINTS);
            double s = -sin(2 * M_PI * (k * i % POINTS) / POINTS);
            const float *x = in + 2 * (first + i);
            re += x[0] * c - x[1] * s;
            im += x[0] * s + x[1] * c;
         }
         const float *y = out + 2 * (first + k);
         if (!(fabs(y[0] - re) <= bound && fabs(y[1] - im) <= bound))
            return bench_wrong(r, "point %u is (%g, %g), not (%g, %g)", k, y[0], y[1], re, im);
      }
   }
   return true;
}

const struct benchmark bench_fft[] = {
   {"fft",
    "GFLOP/s",
    "n transforms of 1024 points",
    BENCH_KERNEL,
    false,
    1024,
    16,
    1,
    1,
    {256},
    true,
    setup_fft,
    run_fft,
    NULL,
    check_fft},
   {0},
};
