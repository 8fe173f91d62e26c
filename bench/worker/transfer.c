// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Data on their way: copies between host and buffers, between buffers, and mapping. */

#include "groups.h"

#include <string.h>

static void
setup_transfer(struct run *r)
{
   uint32_t *words = bench_alloc(r->n);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n / 4; i++)
      words[i] = bench_random(&seed);
   bench_buffer(r, 0, r->n, words);
   bench_buffer(r, 1, r->n, NULL);
   r->host[2] = bench_alloc(r->n);
   memset(r->host[2], 1, r->n);
   r->work = r->n * 1e-9;
}

static void
run_write(struct run *r)
{
   BENCH_CALL(
      clEnqueueWriteBuffer(r->queue, r->mem[1], CL_TRUE, 0, r->n, r->host[0], 0, NULL, NULL));
}

static void
run_read(struct run *r)
{
   BENCH_CALL(
      clEnqueueReadBuffer(r->queue, r->mem[0], CL_TRUE, 0, r->n, r->host[2], 0, NULL, NULL));
}

static void
run_copy(struct run *r)
{
   BENCH_CALL(clEnqueueCopyBuffer(r->queue, r->mem[0], r->mem[1], 0, 0, r->n, 0, NULL, NULL));
}

static void
setup_copy(struct run *r)
{
   setup_transfer(r);
   r->work *= 2; /* read and written */
}

static bool
check_same(struct run *r, const void *data)
{
   return !memcmp(data, r->host[0], r->n) || bench_wrong(r, "the copy differs");
}

static bool
check_buffer(struct run *r)
{
   return check_same(r, bench_read(r, 1));
}

static bool
check_host(struct run *r)
{
   return check_same(r, r->host[2]);
}

static void
reset_buffer(struct run *r)
{
   bench_restore(r, 1);
}

static void
setup_map(struct run *r)
{
   setup_transfer(r);
   r->work = 1e3; /* milliseconds */
}

/* Mapped for reading and writing, one word touched, unmapped. */
static void
run_map(struct run *r)
{
   cl_int error;
   uint32_t *words = clEnqueueMapBuffer(r->queue, r->mem[0], CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                        r->n, 0, NULL, NULL, &error);

   bench_require(error, "clEnqueueMapBuffer");
   if (words[r->n / 8] != ((uint32_t *)r->host[0])[r->n / 8])
      bench_die("the mapped buffer has other content");
   words[0] = r->count++;
   BENCH_CALL(clEnqueueUnmapMemObject(r->queue, r->mem[0], words, 0, NULL, NULL));
   BENCH_CALL(clFinish(r->queue));
}

static bool
check_map(struct run *r)
{
   const uint32_t *words = bench_read(r, 0), *expected = r->host[0];

   if (words[0] != r->count - 1)
      return bench_wrong(r, "what was written is not there");
   return !memcmp(words + 1, expected + 1, r->n - 4) || bench_wrong(r, "content was lost");
}

const struct benchmark bench_transfer[] = {
   {"write",
    "GB/s",
    "n bytes from host to buffer",
    BENCH_OVERHEAD,
    false,
    64 << 20,
    1 << 20,
    4096,
    1,
    {1},
    false,
    setup_transfer,
    run_write,
    reset_buffer,
    check_buffer},
   {"read",
    "GB/s",
    "n bytes from buffer to host",
    BENCH_OVERHEAD,
    false,
    64 << 20,
    1 << 20,
    4096,
    1,
    {1},
    false,
    setup_transfer,
    run_read,
    NULL,
    check_host},
   {"copy_buffer",
    "GB/s",
    "n bytes from buffer to buffer",
    BENCH_OVERHEAD,
    false,
    64 << 20,
    1 << 20,
    4096,
    1,
    {1},
    false,
    setup_copy,
    run_copy,
    reset_buffer,
    check_buffer},
   {"map",
    "ms",
    "mapping and unmapping n bytes",
    BENCH_OVERHEAD,
    true,
    64 << 20,
    1 << 20,
    4096,
    1,
    {1},
    false,
    setup_map,
    run_map,
    NULL,
    check_map},
   {0},
};
