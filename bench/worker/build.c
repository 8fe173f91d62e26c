// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* From source to the end of the first launch. Cold: the source has never been seen (a constant with
 * a new number is in it), so no cache helps. Cached: the same source again and again, each time as
 * a new program object, as a program that is started again finds it. */

#include "groups.h"

#include "gemm.cl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
setup_build(struct run *r)
{
   bench_buffer(r, 0, 64 * 64 * 4, NULL);
   bench_buffer(r, 1, 64 * 64 * 4, NULL);
   bench_buffer(r, 2, 64 * 64 * 4, NULL);
   r->work = 1e3; /* milliseconds */
}

static void
build_and_launch(struct run *r, unsigned long long unique)
{
   char *source;

   if (asprintf(&source,
                "constant ulong unique = %lluul;\n%s\nkernel void which(global ulong *x) { *x = "
                "unique; }\n",
                unique, gemm_cl) < 0)
      bench_die("no memory");
   bench_build(r, source, "");
   bench_kernel(r, 0, "sgemm_tiled");
   bench_args(r, 0, "immm", 64, 0, 1, 2);
   bench_launch(r, 0, 64, 64, 1);
   BENCH_CALL(clFinish(r->queue));
   clReleaseKernel(r->kernel[0]);
   clReleaseProgram(r->program);
   free(source);
}

static void
run_cold(struct run *r)
{
   build_and_launch(r, (unsigned long long)(bench_now_s() * 1e9) ^ (unsigned long long)getpid()
                                                                      << 40);
}

static void
run_cached(struct run *r)
{
   build_and_launch(r, 0);
}

const struct benchmark bench_build_time[] = {
   {"build_cold",
    "ms",
    "a new source, built and launched once",
    BENCH_OVERHEAD,
    true,
    64,
    64,
    64,
    2,
    {16, 16},
    true,
    setup_build,
    run_cold,
    NULL,
    NULL},
   {"build_cached",
    "ms",
    "a known source, built and launched once",
    BENCH_OVERHEAD,
    true,
    64,
    64,
    64,
    2,
    {16, 16},
    true,
    setup_build,
    run_cached,
    NULL,
    NULL},
   {0},
};
