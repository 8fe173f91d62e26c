// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Softmax of rows of 1024 numbers. */

#include "groups.h"

#include "softmax.cl.h"

#include <math.h>

enum {
   COLUMNS = 1024
};

static void
setup_softmax(struct run *r)
{
   float *in = bench_alloc(r->n * COLUMNS * 4);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n * COLUMNS; i++)
      in[i] = bench_random(&seed) * 0x1p-29f - 4;
   bench_build(r, softmax_cl, "");
   bench_kernel(r, 0, "softmax");
   bench_buffer(r, 0, r->n * COLUMNS * 4, in);
   bench_buffer(r, 1, r->n * COLUMNS * 4, NULL);
   bench_args(r, 0, "umml", (unsigned)COLUMNS, 0, 1, r->local[0] * 4);
   r->work = 1e-9 * r->n * COLUMNS;
}

static void
run_softmax(struct run *r)
{
   bench_launch(r, 0, r->n * r->local[0], 1, 1);
}

/* exp may be wrong by 3 ulp (OpenCL), twice; its argument's rounding, at most 2^-21 for |x| <= 8;
 * the sum of 1024 numbers in two stages by at most 16 ulp; the quotient by 2.5 ulp. */
static bool
check_softmax(struct run *r)
{
   const float *in = r->host[0];
   float *expected = bench_alloc(r->n * COLUMNS * 4);

   for (size_t row = 0; row < r->n; row++) {
      const float *from = in + row * COLUMNS;
      double most = -INFINITY, sum = 0;

      for (unsigned i = 0; i < COLUMNS; i++)
         most = fmax(most, from[i]);
      for (unsigned i = 0; i < COLUMNS; i++)
         sum += exp(from[i] - most);
      for (unsigned i = 0; i < COLUMNS; i++)
         expected[row * COLUMNS + i] = exp(from[i] - most) / sum;
   }
   return bench_compare(r, "out", bench_read(r, 1), expected, r->n * COLUMNS,
                        (3 + 3 + 16 + 3) * 0x1p-23 + 0x1p-20, 0);
}

const struct benchmark bench_softmax[] = {
   {"softmax",
    "G/s",
    "n rows of 1024 numbers",
    BENCH_KERNEL,
    false,
    1024,
    32,
    1,
    1,
    {256},
    false,
    setup_softmax,
    run_softmax,
    NULL,
    check_softmax},
   {0},
};
