// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* All benchmarks, in the order of the report. */

#include "bench.h"

#include "groups.h"

#include <stdio.h>
#include <string.h>

static const struct benchmark *const groups[] = {
   bench_stream,     bench_alu,      bench_stencil,    bench_gemm,     bench_igemm,
   bench_collective, bench_sort,     bench_sparse,     bench_softmax,  bench_nbody,
   bench_finance,    bench_colour,   bench_fractal,    bench_hash,     bench_fft,
   bench_graph,      bench_overhead, bench_build_time, bench_transfer,
};

const struct benchmark *
bench_find(const char *name)
{
   for (unsigned g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
      for (const struct benchmark *b = groups[g]; b->name; b++) {
         if (!strcmp(b->name, name))
            return b;
      }
   }
   return NULL;
}

void
bench_list(void)
{
   static const char *const kinds[] = {
      [BENCH_KERNEL] = "kernel", [BENCH_LOOP] = "loop", [BENCH_OVERHEAD] = "overhead"};

   for (unsigned g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
      for (const struct benchmark *b = groups[g]; b->name; b++)
         printf("%s\t%s\t%s\t%zu\t%s\n", b->name, kinds[b->kind], b->unit, b->n, b->what);
   }
}
