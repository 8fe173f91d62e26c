// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The groups of benchmarks, one file each; every array ends with one that has no name. */

#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

#include "bench.h"

extern const struct benchmark bench_stream[], bench_alu[], bench_stencil[], bench_gemm[],
   bench_igemm[], bench_collective[], bench_sort[], bench_sparse[], bench_softmax[], bench_nbody[],
   bench_finance[], bench_colour[], bench_fractal[], bench_hash[], bench_fft[], bench_graph[],
   bench_overhead[], bench_build_time[], bench_transfer[];

#endif
