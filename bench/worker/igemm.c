// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Matrices of 8-bit integers. */

#include "groups.h"

#include "igemm.cl.h"

static void
setup_igemm8(struct run *r)
{
   uint64_t seed = 1;
   size_t elements = r->n * r->n;

   bench_build(r, igemm_cl, "-cl-std=CL3.0");
   bench_kernel(r, 0, "igemm8");
   for (unsigned m = 0; m < 2; m++) {
      int8_t *numbers = bench_alloc(elements);

      for (size_t i = 0; i < elements; i++)
         numbers[i] = bench_random(&seed) >> 13;
      bench_buffer(r, m, elements, numbers);
   }
   bench_buffer(r, 2, elements * 4, NULL);
   bench_args(r, 0, "immm", (int)(r->n / 4), 0, 1, 2);
   r->work = 2e-9 * elements * r->n;
}

static void
run_igemm8(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, 1);
}

static void
reset_igemm8(struct run *r)
{
   bench_restore(r, 2);
}

static bool
check_igemm8(struct run *r)
{
   const int8_t *a = r->host[0], *b = r->host[1];
   size_t n = r->n;
   uint32_t *expected = bench_alloc(n * n * 4);

   for (size_t y = 0; y < n; y++)
      for (size_t x = 0; x < n; x++)
         for (size_t k = 0; k < n; k++)
            expected[y * n + x] += a[y * n + k] * b[x * n + k];
   return bench_compare_u32(r, "c", bench_read(r, 2), expected, n * n);
}

const struct benchmark bench_igemm[] = {
   {"igemm8",
    "Gop/s",
    "n^2 matrices of bytes, 4-way dot products",
    BENCH_KERNEL,
    false,
    512,
    64,
    64,
    2,
    {16, 16},
    true,
    setup_igemm8,
    run_igemm8,
    reset_igemm8,
    check_igemm8},
   {0},
};
