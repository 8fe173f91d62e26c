// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The peak of single-precision arithmetic. */

#include "groups.h"

#include "alu.cl.h"

#include <math.h>

enum {
   ROUNDS = 64
};

static void
setup_alu(struct run *r)
{
   bench_build(r, alu_cl, "");
   bench_kernel(r, 0, "alu");
   bench_buffer(r, 0, r->n * 4, NULL);
   bench_args(r, 0, "ffim", 0.5, 1.0, ROUNDS, 0);
   r->work = 2e-9 * r->n * ROUNDS * 4 * 8;
}

/* fma is correctly rounded everywhere; the sum of eight may be made in any order. */
static bool
check_alu(struct run *r)
{
   float *expected = bench_alloc(r->n * 4);

   for (size_t i = 0; i < r->n; i++) {
      for (int c = 0; c < 8; c++) {
         float a = (float)i + c;
         for (int j = 0; j < ROUNDS * 4; j++)
            a = fmaf(a, 0.5f, 1.0f);
         expected[i] += a;
      }
   }
   return bench_compare(r, "out", bench_read(r, 0), expected, r->n, 8 * 0x1p-24, 0);
}

const struct benchmark bench_alu[] = {
   {"alu",
    "GFLOP/s",
    "chains of fused multiply-adds",
    BENCH_KERNEL,
    false,
    1 << 16,
    1 << 12,
    1024,
    1,
    {256},
    false,
    setup_alu,
    bench_run_items,
    NULL,
    check_alu},
   {0},
};
