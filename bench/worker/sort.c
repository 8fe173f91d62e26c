// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Data that change places: transposition and sorting. */

#include "groups.h"

#include "sort.cl.h"
#include "transpose.cl.h"

#include <stdlib.h>
#include <string.h>

static void
setup_transpose(struct run *r)
{
   bench_build(r, transpose_cl, "");
   bench_kernel(r, 0, "transpose");
   bench_buffer(r, 0, r->n * r->n * 4, bench_small_floats(r->n * r->n, 1 << 20, 1));
   bench_buffer(r, 1, r->n * r->n * 4, NULL);
   bench_args(r, 0, "imm", (int)r->n, 0, 1);
   r->work = 8e-9 * r->n * r->n;
}

static void
run_transpose(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, 1);
}

static bool
check_transpose(struct run *r)
{
   const float *in = r->host[0];
   float *expected = bench_alloc(r->n * r->n * 4);

   for (size_t y = 0; y < r->n; y++)
      for (size_t x = 0; x < r->n; x++)
         expected[x * r->n + y] = in[y * r->n + x];
   return bench_compare(r, "out", bench_read(r, 1), expected, r->n * r->n, 0, 0);
}

static void
setup_bitonic(struct run *r)
{
   uint32_t *keys = bench_alloc(r->n * 4);
   uint64_t seed = 1;

   if (r->n & (r->n - 1) || r->local[0] & (r->local[0] - 1) || r->n < 2 * r->local[0])
      bench_die("size and work-group must be powers of two");
   for (size_t i = 0; i < r->n; i++)
      keys[i] = bench_random(&seed);
   bench_build(r, sort_cl, "");
   bench_kernel(r, 0, "bitonic_step");
   bench_kernel(r, 1, "bitonic_local");
   bench_buffer(r, 0, r->n * 4, keys);
   r->work = r->n * 1e-6;
}

/* Sorted keys take the same steps as unsorted ones, so they need not be restored between runs. */
static void
run_bitonic(struct run *r)
{
   unsigned part = 2 * r->local[0];

   bench_args(r, 1, "uuml", 2u, part, 0, (size_t)part * 4);
   bench_launch(r, 1, r->n / 2, 1, 1);
   for (unsigned k = 2 * part; k <= r->n; k *= 2) {
      for (unsigned j = k / 2; j >= part; j /= 2) {
         bench_args(r, 0, "uum", j, k, 0);
         bench_launch(r, 0, r->n / 2, 1, 1);
      }
      bench_args(r, 1, "uuml", k, k, 0, (size_t)part * 4);
      bench_launch(r, 1, r->n / 2, 1, 1);
   }
}

static void
reset_bitonic(struct run *r)
{
   bench_restore(r, 0);
}

static int
compare_keys(const void *a, const void *b)
{
   uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
   return (x > y) - (x < y);
}

static bool
check_bitonic(struct run *r)
{
   uint32_t *expected = bench_alloc(r->n * 4);

   memcpy(expected, r->host[0], r->n * 4);
   qsort(expected, r->n, 4, compare_keys);
   return bench_compare_u32(r, "keys", bench_read(r, 0), expected, r->n);
}

const struct benchmark bench_sort[] = {
   {"transpose",
    "GB/s",
    "n^2 matrix, tiles in local memory",
    BENCH_KERNEL,
    false,
    2048,
    128,
    16,
    2,
    {16, 16},
    true,
    setup_transpose,
    run_transpose,
    NULL,
    check_transpose},
   {"bitonic",
    "Mkey/s",
    "sort of n 32-bit keys",
    BENCH_KERNEL,
    false,
    1 << 18,
    1 << 12,
    1024,
    1,
    {256},
    false,
    setup_bitonic,
    run_bitonic,
    reset_bitonic,
    check_bitonic},
   {0},
};
