// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Neighbourhoods in grids. All numbers are small and whole or eighths, so every order of the sums
 * gives the same bits. */

#include "groups.h"

#include "stencil.cl.h"

static void
setup_stencil7(struct run *r)
{
   size_t points = r->n * r->n * r->n;

   bench_build(r, stencil_cl, "");
   bench_kernel(r, 0, "stencil7");
   bench_buffer(r, 0, points * 4, bench_small_floats(points, 1000, 1));
   bench_buffer(r, 1, points * 4, r->host[0]);
   bench_args(r, 0, "iiiffmm", (int)r->n, (int)r->n, (int)r->n, 0.25, 0.125, 0, 1);
   r->work = points * 1e-9;
}

static void
run_stencil7(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, r->n);
}

static void
reset_out(struct run *r)
{
   bench_restore(r, 1);
}

static bool
check_stencil7(struct run *r)
{
   const float *in = r->host[0];
   size_t n = r->n, nn = n * n;
   float *expected = bench_alloc(n * nn * 4);

   for (size_t z = 0; z < n; z++) {
      for (size_t y = 0; y < n; y++) {
         for (size_t x = 0; x < n; x++) {
            size_t i = x + n * (y + n * z);
            bool edge = !x || !y || !z || x == n - 1 || y == n - 1 || z == n - 1;

            expected[i] = edge ? in[i]
                               : 0.25f * in[i] + 0.125f * (in[i - 1] + in[i + 1] + in[i - n] +
                                                           in[i + n] + in[i - nn] + in[i + nn]);
         }
      }
   }
   return bench_compare(r, "out", bench_read(r, 1), expected, n * nn, 0, 0);
}

static const float weights[9] = {1, -2, 3, 0, 5, -1, 2, 4, -3};

static void
setup_conv3x3(struct run *r)
{
   bench_build(r, stencil_cl, "");
   bench_kernel(r, 0, "conv3x3");
   bench_buffer(r, 0, r->n * r->n * 4, bench_small_floats(r->n * r->n, 255, 1));
   bench_buffer(r, 1, r->n * r->n * 4, NULL);
   bench_buffer(r, 2, sizeof(weights), weights);
   bench_args(r, 0, "iimmm", (int)r->n, (int)r->n, 2, 0, 1);
   r->work = r->n * r->n * 1e-9;
}

static void
run_conv3x3(struct run *r)
{
   bench_launch(r, 0, r->n, r->n, 1);
}

static int
limit(int v, int most)
{
   return v < 0 ? 0 : v > most ? most : v;
}

static bool
check_conv3x3(struct run *r)
{
   const float *in = r->host[0];
   int n = r->n;
   float *expected = bench_alloc(r->n * r->n * 4);

   for (int y = 0; y < n; y++) {
      for (int x = 0; x < n; x++) {
         for (int k = 0; k < 9; k++) {
            int v = limit(y + k / 3 - 1, n - 1), u = limit(x + k % 3 - 1, n - 1);
            expected[y * n + x] += weights[k] * in[v * n + u];
         }
      }
   }
   return bench_compare(r, "out", bench_read(r, 1), expected, r->n * r->n, 0, 0);
}

const struct benchmark bench_stencil[] = {
   {"stencil7",
    "Gpoint/s",
    "7-point stencil in an n^3 box",
    BENCH_KERNEL,
    false,
    128,
    32,
    32,
    3,
    {32, 4, 1},
    false,
    setup_stencil7,
    run_stencil7,
    reset_out,
    check_stencil7},
   {"conv3x3",
    "Gpixel/s",
    "3x3 filter of n^2 pixels",
    BENCH_KERNEL,
    false,
    2048,
    128,
    32,
    2,
    {16, 16},
    false,
    setup_conv3x3,
    run_conv3x3,
    reset_out,
    check_conv3x3},
   {0},
};
