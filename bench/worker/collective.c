// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Work-groups that work together: sums, prefix sums, counts. */

#include "groups.h"

#include "collective.cl.h"

enum {
   GROUPS = 64, /* that share a whole array */
   BINS = 256,
};

static void
setup_reduction(struct run *r)
{
   bench_build(r, collective_cl, "");
   bench_kernel(r, 0, "reduction");
   bench_buffer(r, 0, r->n * 4, bench_small_floats(r->n, 1, 1)); /* sums stay exact */
   bench_buffer(r, 1, GROUPS * 4, NULL);
   bench_args(r, 0, "umml", (unsigned)r->n, 0, 1, r->local[0] * 4);
   r->work = r->n * 4e-9;
}

static void
run_groups(struct run *r)
{
   bench_launch(r, 0, GROUPS * r->local[0], 1, 1);
}

static bool
check_reduction(struct run *r)
{
   const float *in = r->host[0], *sums = bench_read(r, 1);
   double expected = 0, sum = 0;

   for (size_t i = 0; i < r->n; i++)
      expected += in[i];
   for (unsigned i = 0; i < GROUPS; i++)
      sum += sums[i];
   return sum == expected || bench_wrong(r, "the sum is %g, not %g", sum, expected);
}

/* Blocks of one work-group each, then the blocks' sums in the same way, then all together. */
static void
setup_scan(struct run *r)
{
   uint32_t *numbers = bench_alloc(r->n * 4);
   uint64_t seed = 1;
   size_t size = r->local[0], blocks = r->n / size, parts = bench_round_up(blocks, size);
   size_t local_B = size * 4;

   for (size_t i = 0; i < r->n; i++)
      numbers[i] = bench_random(&seed) >> 24;
   if (parts > size * size)
      bench_die("the size must be at most the work-group's to the power of 3");
   bench_build(r, collective_cl, "");
   for (unsigned k = 0; k < 3; k++)
      bench_kernel(r, k, "scan_blocks");
   bench_kernel(r, 3, "scan_add");
   bench_kernel(r, 4, "scan_add");
   bench_buffer(r, 0, r->n * 4, numbers);
   bench_buffer(r, 1, r->n * 4, NULL);  /* out */
   bench_buffer(r, 2, parts * 4, NULL); /* sums of blocks */
   bench_buffer(r, 3, parts * 4, NULL); /* their prefix sums */
   bench_buffer(r, 4, size * 4, NULL);  /* sums of blocks of sums */
   bench_buffer(r, 5, size * 4, NULL);
   bench_buffer(r, 6, 4, NULL);
   bench_args(r, 0, "mmmll", 0, 1, 2, local_B, local_B);
   bench_args(r, 1, "mmmll", 2, 3, 4, local_B, local_B);
   bench_args(r, 2, "mmmll", 4, 5, 6, local_B, local_B);
   bench_args(r, 3, "mm", 3, 5);
   bench_args(r, 4, "mm", 1, 3);
   r->count = parts;
   r->work = r->n * 8e-9;
}

static void
run_scan(struct run *r)
{
   bench_launch(r, 0, r->n, 1, 1);
   bench_launch(r, 1, r->count, 1, 1);
   bench_launch(r, 2, r->local[0], 1, 1);
   bench_launch(r, 3, r->count, 1, 1);
   bench_launch(r, 4, r->n, 1, 1);
}

static bool
check_scan(struct run *r)
{
   const uint32_t *in = r->host[0];
   uint32_t *expected = bench_alloc(r->n * 4), sum = 0;

   for (size_t i = 0; i < r->n; i++)
      expected[i] = sum += in[i];
   return bench_compare_u32(r, "out", bench_read(r, 1), expected, r->n);
}

static void
setup_histogram(struct run *r)
{
   uint8_t *bytes = bench_alloc(r->n);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n; i++)
      bytes[i] = bench_random(&seed) >> 11 & bench_random(&seed) >> 12;
   bench_build(r, collective_cl, "");
   bench_kernel(r, 0, "histogram");
   bench_buffer(r, 0, r->n, bytes);
   bench_buffer(r, 1, BINS * 4, NULL);
   bench_args(r, 0, "umm", (unsigned)r->n, 0, 1);
   r->work = r->n * 1e-9;
}

static void
reset_histogram(struct run *r)
{
   bench_restore(r, 1);
}

static bool
check_histogram(struct run *r)
{
   const uint8_t *in = r->host[0];
   uint32_t expected[BINS] = {0};

   for (size_t i = 0; i < r->n; i++)
      expected[in[i]]++;
   return bench_compare_u32(r, "bins", bench_read(r, 1), expected, BINS);
}

const struct benchmark bench_collective[] = {
   {"reduction",
    "GB/s",
    "sum of n floats",
    BENCH_KERNEL,
    false,
    8 << 20,
    1 << 16,
    1024,
    1,
    {256},
    false,
    setup_reduction,
    run_groups,
    NULL,
    check_reduction},
   {"scan",
    "GB/s",
    "prefix sum of n integers",
    BENCH_KERNEL,
    false,
    1 << 20,
    1 << 14,
    1024,
    1,
    {256},
    false,
    setup_scan,
    run_scan,
    NULL,
    check_scan},
   {"histogram",
    "GB/s",
    "n bytes, local atomics",
    BENCH_KERNEL,
    false,
    8 << 20,
    1 << 16,
    1024,
    1,
    {256},
    false,
    setup_histogram,
    run_groups,
    reset_histogram,
    check_histogram},
   {0},
};
