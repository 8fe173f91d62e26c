// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Sparse matrices: the product with a vector, and the conjugate gradient method as a loop of many
 * small dependent launches. */

#include "groups.h"

#include "sparse.cl.h"

#include <math.h>
#include <stdlib.h>

enum {
   PER_ROW = 16,
   ITERATIONS = 25,
   PARTS = 16, /* work-groups of a dot product */
};

/* Rows of PER_ROW entries on average (from 1 to twice that), most of them near the diagonal. */
static void
setup_spmv(struct run *r)
{
   size_t rows = r->n, most = rows * 2 * PER_ROW, n = 0;
   uint32_t *starts = bench_alloc((rows + 1) * 4), *columns = bench_alloc(most * 4);
   uint64_t seed = 1;

   for (size_t row = 0; row < rows; row++) {
      unsigned entries = 1 + bench_random(&seed) % (2 * PER_ROW - 1);

      for (unsigned i = 0; i < entries; i++) {
         bool near = bench_random(&seed) % 8 != 0;
         columns[n++] = near ? (row + bench_random(&seed) % 256) % rows
                             : bench_random(&seed) % rows;
      }
      starts[row + 1] = n;
   }
   bench_build(r, sparse_cl, "");
   bench_kernel(r, 0, "spmv");
   bench_buffer(r, 0, (rows + 1) * 4, starts);
   bench_buffer(r, 1, n * 4, columns);
   bench_buffer(r, 2, n * 4, bench_small_floats(n, 8, 2));
   bench_buffer(r, 3, rows * 4, bench_small_floats(rows, 8, 3));
   bench_buffer(r, 4, rows * 4, NULL);
   bench_args(r, 0, "ummmmm", (unsigned)rows, 0, 1, 2, 3, 4);
   r->work = 2e-9 * n;
}

static void
run_spmv(struct run *r)
{
   bench_launch(r, 0, bench_round_up(r->n, r->local[0]), 1, 1);
}

static bool
check_spmv(struct run *r)
{
   const uint32_t *starts = r->host[0], *columns = r->host[1];
   const float *values = r->host[2], *x = r->host[3];
   float *expected = bench_alloc(r->n * 4);

   for (size_t row = 0; row < r->n; row++)
      for (uint32_t i = starts[row]; i < starts[row + 1]; i++)
         expected[row] += values[i] * x[columns[i]];
   return bench_compare(r, "y", bench_read(r, 4), expected, r->n, 0, 0);
}

/* The Laplacian of an m^2 grid plus the identity, m^2 = n: symmetric, well conditioned. */
static size_t
make_laplacian(struct run *r)
{
   size_t m = sqrt((double)r->n) + 0.5, n = 0;
   uint32_t *starts = bench_alloc((r->n + 1) * 4), *columns = bench_alloc(r->n * 5 * 4);
   float *values = bench_alloc(r->n * 5 * 4);

   if (m * m != r->n)
      bench_die("the size must be a square");
   for (size_t i = 0; i < r->n; i++) {
      size_t x = i % m, y = i / m;
      const size_t at[5] = {i - m, i - 1, i, i + 1, i + m};
      const bool there[5] = {y > 0, x > 0, true, x < m - 1, y < m - 1};

      for (unsigned k = 0; k < 5; k++) {
         if (there[k]) {
            columns[n] = at[k];
            values[n++] = k == 2 ? 5 : -1;
         }
      }
      starts[i + 1] = n;
   }
   bench_buffer(r, 0, (r->n + 1) * 4, starts);
   bench_buffer(r, 1, n * 4, columns);
   bench_buffer(r, 2, n * 4, values);
   return n;
}

/* Buffers: 3 b  4 x  5 r  6 p  7 q  8 parts  9 scalars. */
static void
setup_cg(struct run *r)
{
   size_t local_B = r->local[0] * 4;

   bench_build(r, sparse_cl, "");
   make_laplacian(r);
   bench_buffer(r, 3, r->n * 4, bench_small_floats(r->n, 100, 1));
   for (unsigned m = 4; m < 8; m++)
      bench_buffer(r, m, r->n * 4, NULL);
   bench_buffer(r, 8, PARTS * 4, NULL);
   bench_buffer(r, 9, 16, NULL);
   static const char *const names[] = {"spmv",    "dot_parts", "dot_parts",   "cg_alpha",
                                       "cg_beta", "cg_step",   "cg_direction"};
   for (unsigned k = 0; k < 7; k++)
      bench_kernel(r, k, names[k]);
   bench_args(r, 0, "ummmmm", (unsigned)r->n, 0, 1, 2, 6, 7);
   bench_args(r, 1, "ummml", (unsigned)r->n, 6, 7, 8, local_B);
   bench_args(r, 2, "ummml", (unsigned)r->n, 5, 5, 8, local_B);
   bench_args(r, 3, "umm", (unsigned)PARTS, 8, 9);
   bench_args(r, 4, "umm", (unsigned)PARTS, 8, 9);
   bench_args(r, 5, "mmmmm", 9, 6, 7, 4, 5);
   bench_args(r, 6, "mmm", 9, 5, 6);
   r->work = 1e6 / ITERATIONS; /* microseconds per iteration */
}

static void
run_cg(struct run *r)
{
   const cl_uint zero = 0;
   size_t parts = PARTS * r->local[0];

   BENCH_CALL(clEnqueueFillBuffer(r->queue, r->mem[4], &zero, 4, 0, r->n * 4, 0, NULL, NULL));
   BENCH_CALL(clEnqueueFillBuffer(r->queue, r->mem[9], &zero, 4, 0, 16, 0, NULL, NULL));
   BENCH_CALL(clEnqueueCopyBuffer(r->queue, r->mem[3], r->mem[5], 0, 0, r->n * 4, 0, NULL, NULL));
   BENCH_CALL(clEnqueueCopyBuffer(r->queue, r->mem[3], r->mem[6], 0, 0, r->n * 4, 0, NULL, NULL));
   bench_launch(r, 2, parts, 1, 1);
   bench_launch_1d(r, 4, 1, 1);
   for (unsigned i = 0; i < ITERATIONS; i++) {
      bench_launch(r, 0, r->n, 1, 1);
      bench_launch(r, 1, parts, 1, 1);
      bench_launch_1d(r, 3, 1, 1);
      bench_launch(r, 5, r->n, 1, 1);
      bench_launch(r, 2, parts, 1, 1);
      bench_launch_1d(r, 4, 1, 1);
      bench_launch(r, 6, r->n, 1, 1);
   }
}

/* The residual b - A x, computed in double precision, must have shrunk as 25 iterations on a matrix
 * with condition number 9 make it: 2 ((3 - 1) / (3 + 1))^25 * 9 is below 1e-6; float rounding adds
 * a few 1e-6. */
static bool
check_cg(struct run *r)
{
   const uint32_t *starts = r->host[0], *columns = r->host[1];
   const float *values = r->host[2], *b = r->host[3], *x = bench_read(r, 4);
   double residual = 0, norm = 0;

   for (size_t row = 0; row < r->n; row++) {
      double sum = b[row];

      for (uint32_t i = starts[row]; i < starts[row + 1]; i++)
         sum -= (double)values[i] * x[columns[i]];
      residual += sum * sum;
      norm += (double)b[row] * b[row];
   }
   double ratio = sqrt(residual / norm);
   return ratio < 1e-5 || bench_wrong(r, "the residual is %g of the right side", ratio);
}

const struct benchmark bench_sparse[] = {
   {"spmv",
    "GFLOP/s",
    "sparse matrix by vector, n rows of 16",
    BENCH_KERNEL,
    false,
    1 << 17,
    1 << 12,
    1,
    1,
    {128},
    false,
    setup_spmv,
    run_spmv,
    NULL,
    check_spmv},
   {"cg",
    "us",
    "one step of conjugate gradients, n unknowns",
    BENCH_LOOP,
    true,
    128 * 128,
    32 * 32,
    256,
    1,
    {256},
    false,
    setup_cg,
    run_cg,
    NULL,
    check_cg},
   {0},
};
