// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Shortest paths: as many dependent launches as there are vertices. */

#include "groups.h"

#include "graph.cl.h"

#include <string.h>

enum {
   FAR = 1 << 20
};

static void
setup_floyd(struct run *r)
{
   uint32_t *distances = bench_alloc(r->n * r->n * 4);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n * r->n; i++)
      distances[i] = i / r->n == i % r->n      ? 0
                     : bench_random(&seed) % 8 ? FAR
                                               : 1 + bench_random(&seed) % 1000;
   bench_build(r, graph_cl, "");
   bench_kernel(r, 0, "floyd");
   bench_buffer(r, 0, r->n * r->n * 4, distances);
   bench_buffer(r, 1, r->n * r->n * 4, NULL);
   r->work = 1e6 / r->n; /* microseconds per launch */
}

static void
run_floyd(struct run *r)
{
   BENCH_CALL(
      clEnqueueCopyBuffer(r->queue, r->mem[0], r->mem[1], 0, 0, r->n * r->n * 4, 0, NULL, NULL));
   for (unsigned k = 0; k < r->n; k++) {
      bench_args(r, 0, "uum", (unsigned)r->n, k, 1);
      bench_launch(r, 0, r->n, r->n, 1);
   }
}

static bool
check_floyd(struct run *r)
{
   size_t n = r->n;
   uint32_t *d = bench_alloc(n * n * 4);

   memcpy(d, r->host[0], n * n * 4);
   for (size_t k = 0; k < n; k++) {
      for (size_t y = 0; y < n; y++) {
         for (size_t x = 0; x < n; x++) {
            uint32_t through = d[y * n + k] + d[k * n + x];
            d[y * n + x] = through < d[y * n + x] ? through : d[y * n + x];
         }
      }
   }
   return bench_compare_u32(r, "distance", bench_read(r, 1), d, n * n);
}

const struct benchmark bench_graph[] = {
   {"floyd",
    "us",
    "one of n launches for n^2 distances",
    BENCH_LOOP,
    true,
    256,
    64,
    16,
    2,
    {16, 16},
    false,
    setup_floyd,
    run_floyd,
    NULL,
    check_floyd},
   {0},
};
