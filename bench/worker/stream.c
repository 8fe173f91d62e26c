// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Memory-bound kernels. Bytes counted are those the kernel must move: reads and writes, once each. */

#include "groups.h"

#include "stream.cl.h"

static void
setup_two(struct run *r, const char *kernel, unsigned accesses)
{
   bench_build(r, stream_cl, "");
   bench_kernel(r, 0, kernel);
   bench_buffer(r, 0, r->n * 4, bench_small_floats(r->n, 1000, 1));
   bench_buffer(r, 1, r->n * 4, bench_small_floats(r->n, 1000, 2));
   r->work = r->n * 4e-9 * accesses;
}

static void
setup_copy(struct run *r)
{
   setup_two(r, "copy", 2);
   bench_args(r, 0, "umm", (unsigned)r->n, 0, 1);
}

static void
setup_saxpy(struct run *r)
{
   /* With a = 1 repeated runs make the numbers grow by whole numbers, and none ever overflows. */
   setup_two(r, "saxpy", 3);
   bench_args(r, 0, "ufmm", (unsigned)r->n, 1.0, 0, 1);
}

static void
run_rounded(struct run *r)
{
   bench_launch(r, 0, bench_round_up(r->n, r->local[0]), 1, 1);
}

static void
reset_two(struct run *r)
{
   bench_restore(r, 1);
}

static bool
check_copy(struct run *r)
{
   return bench_compare(r, "y", bench_read(r, 1), r->host[0], r->n, 0, 0);
}

static bool
check_saxpy(struct run *r)
{
   const float *x = r->host[0], *y = r->host[1];
   float *expected = bench_alloc(r->n * 4);

   for (size_t i = 0; i < r->n; i++)
      expected[i] = x[i] + y[i];
   return bench_compare(r, "y", bench_read(r, 1), expected, r->n, 0, 0);
}

static void
setup_triad_kernel(struct run *r, const char *kernel)
{
   setup_two(r, kernel, 3);
   bench_buffer(r, 2, r->n * 4, NULL);
   bench_args(r, 0, "fmmm", 3.0, 0, 1, 2);
}

static void
setup_triad(struct run *r)
{
   setup_triad_kernel(r, "triad");
}

static void
setup_triad4(struct run *r)
{
   setup_triad_kernel(r, "triad4");
}

static void
run_triad4(struct run *r)
{
   bench_launch(r, 0, r->n / 4, 1, 1);
}

static void
reset_triad(struct run *r)
{
   bench_restore(r, 2);
}

static bool
check_triad(struct run *r)
{
   const float *b = r->host[0], *c = r->host[1];
   float *expected = bench_alloc(r->n * 4);

   r->host[2] = NULL;
   for (size_t i = 0; i < r->n; i++)
      expected[i] = b[i] + 3 * c[i];
   return bench_compare(r, "a", bench_read(r, 2), expected, r->n, 0, 0);
}

const struct benchmark bench_stream[] = {
   {"copy",
    "GB/s",
    "y = x, floats",
    BENCH_KERNEL,
    false,
    8 << 20,
    1 << 16,
    1,
    1,
    {256},
    false,
    setup_copy,
    run_rounded,
    reset_two,
    check_copy},
   {"saxpy",
    "GB/s",
    "y = a x + y, floats",
    BENCH_KERNEL,
    false,
    4 << 20,
    1 << 16,
    1,
    1,
    {256},
    false,
    setup_saxpy,
    run_rounded,
    reset_two,
    check_saxpy},
   {"triad",
    "GB/s",
    "a = b + s c, floats",
    BENCH_KERNEL,
    false,
    8 << 20,
    1 << 16,
    1024,
    1,
    {256},
    false,
    setup_triad,
    bench_run_items,
    reset_triad,
    check_triad},
   {"triad4",
    "GB/s",
    "the same with float4",
    BENCH_KERNEL,
    false,
    8 << 20,
    1 << 16,
    1024,
    1,
    {64},
    false,
    setup_triad4,
    run_triad4,
    reset_triad,
    check_triad},
   {0},
};
