// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Products of dense matrices and vectors of small whole numbers, whose sums are exact. */

#include "groups.h"

#include "gemm.cl.h"

static void
setup_sgemm(struct run *r, const char *kernel)
{
   size_t elements = r->n * r->n;

   bench_build(r, gemm_cl, "");
   bench_kernel(r, 0, kernel);
   bench_buffer(r, 0, elements * 4, bench_small_floats(elements, 8, 1));
   bench_buffer(r, 1, elements * 4, bench_small_floats(elements, 8, 2));
   bench_buffer(r, 2, elements * 4, NULL);
   bench_args(r, 0, "immm", (int)r->n, 0, 1, 2);
   r->work = 2e-9 * elements * r->n;
}

static void
setup_naive(struct run *r)
{
   setup_sgemm(r, "sgemm_naive");
}

static void
setup_tiled(struct run *r)
{
   setup_sgemm(r, "sgemm_tiled");
}

static void
setup_blocked(struct run *r)
{
   setup_sgemm(r, "sgemm_blocked");
}

static void
run_sgemm(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, 1);
}

static void
run_blocked(struct run *r)
{
   bench_launch(r, 0, r->n / 4, r->n / 4, 1);
}

static void
reset_sgemm(struct run *r)
{
   bench_restore(r, 2);
}

static bool
check_sgemm(struct run *r)
{
   const float *a = r->host[0], *b = r->host[1];
   size_t n = r->n;
   float *expected = bench_alloc(n * n * 4);

   for (size_t y = 0; y < n; y++)
      for (size_t k = 0; k < n; k++)
         for (size_t x = 0; x < n; x++)
            expected[y * n + x] += a[y * n + k] * b[k * n + x];
   return bench_compare(r, "c", bench_read(r, 2), expected, n * n, 0, 0);
}

static void
setup_gemv(struct run *r, const char *kernel)
{
   bench_build(r, gemm_cl, "");
   bench_kernel(r, 0, kernel);
   bench_buffer(r, 0, r->n * r->n * 4, bench_small_floats(r->n * r->n, 8, 1));
   bench_buffer(r, 1, r->n * 4, bench_small_floats(r->n, 8, 2));
   bench_buffer(r, 2, r->n * 4, NULL);
   bench_args(r, 0, "immm", (int)r->n, 0, 1, 2);
   r->work = 4e-9 * r->n * r->n;
}

static void
setup_gemv_rows(struct run *r)
{
   setup_gemv(r, "gemv_rows");
}

static void
setup_gemv_columns(struct run *r)
{
   setup_gemv(r, "gemv_columns");
}

static bool
check_gemv(struct run *r, size_t row_stride, size_t column_stride)
{
   const float *a = r->host[0], *x = r->host[1];
   float *expected = bench_alloc(r->n * 4);

   for (size_t row = 0; row < r->n; row++)
      for (size_t k = 0; k < r->n; k++)
         expected[row] += a[row * row_stride + k * column_stride] * x[k];
   return bench_compare(r, "y", bench_read(r, 2), expected, r->n, 0, 0);
}

static bool
check_gemv_rows(struct run *r)
{
   return check_gemv(r, r->n, 1);
}

static bool
check_gemv_columns(struct run *r)
{
   return check_gemv(r, 1, r->n);
}

const struct benchmark bench_gemm[] = {
   {"sgemm_naive",
    "GFLOP/s",
    "n^2 matrices, one dot product per item",
    BENCH_KERNEL,
    false,
    512,
    64,
    64,
    2,
    {16, 16},
    false,
    setup_naive,
    run_sgemm,
    reset_sgemm,
    check_sgemm},
   {"sgemm_tiled",
    "GFLOP/s",
    "n^2 matrices, tiles in local memory",
    BENCH_KERNEL,
    false,
    512,
    64,
    64,
    2,
    {16, 16},
    true,
    setup_tiled,
    run_sgemm,
    reset_sgemm,
    check_sgemm},
   {"sgemm_blocked",
    "GFLOP/s",
    "n^2 matrices, tiles and 4x4 registers",
    BENCH_KERNEL,
    false,
    1024,
    128,
    64,
    2,
    {16, 16},
    true,
    setup_blocked,
    run_blocked,
    reset_sgemm,
    check_sgemm},
   {"gemv_rows",
    "GB/s",
    "n^2 matrix by vector, one row per item",
    BENCH_KERNEL,
    false,
    2048,
    128,
    64,
    1,
    {64},
    false,
    setup_gemv_rows,
    bench_run_items,
    reset_sgemm,
    check_gemv_rows},
   {"gemv_columns",
    "GB/s",
    "the same, matrix stored by columns",
    BENCH_KERNEL,
    false,
    2048,
    128,
    64,
    1,
    {64},
    false,
    setup_gemv_columns,
    bench_run_items,
    reset_sgemm,
    check_gemv_columns},
   {0},
};
