// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What a launch costs: alone (enqueue until clFinish() returns) and in bulk (1000 between two
 * clFinish()). */

#include "groups.h"

#include "empty.cl.h"

enum {
   BULK = 1000
};

static void
setup_empty(struct run *r)
{
   bench_build(r, empty_cl, "");
   bench_kernel(r, 0, "empty");
   r->work = 1e6; /* microseconds */
}

static void
setup_bulk(struct run *r)
{
   setup_empty(r);
   r->work = 1e6 / BULK;
}

static void
run_alone(struct run *r)
{
   bench_launch(r, 0, r->local[0], 1, 1);
   BENCH_CALL(clFinish(r->queue));
}

static void
run_bulk(struct run *r)
{
   for (unsigned i = 0; i < BULK; i++)
      bench_launch(r, 0, r->local[0], 1, 1);
   BENCH_CALL(clFinish(r->queue));
}

const struct benchmark bench_overhead[] = {
   {"launch",
    "us",
    "an empty kernel alone, until it is finished",
    BENCH_OVERHEAD,
    true,
    1,
    1,
    1,
    1,
    {32},
    false,
    setup_empty,
    run_alone,
    NULL,
    NULL},
   {"launch_bulk",
    "us",
    "one of 1000 empty kernels",
    BENCH_OVERHEAD,
    true,
    1,
    1,
    1,
    1,
    {32},
    false,
    setup_bulk,
    run_bulk,
    NULL,
    NULL},
   {0},
};
