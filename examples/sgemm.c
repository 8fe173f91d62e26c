// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sgemm: a product of two square matrices with tiles in local memory; sgemm.cl explains the tiling.
 *
 * Check: against double precision. A sum of n products of floats, in any order, with or without
 * fused multiply-add, differs from the exact sum by at most n u / (1 - n u) * sum |a_ik b_kj|, u =
 * 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). All rows are
 * compared up to n = 512, 64 rows spread over the matrix above. */

#include "common.h"
#include "sgemm.cl.h"

#include <math.h>
#include <stdio.h>

#define TILE 64
#define EDGE 16

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "sgemm",
      .what = "C = A * B for square matrices of floats, tiles in local memory",
      .size = 256,
      .size_help = "rows and columns, 1 to 16384",
      .min_size = 1,
      .max_size = 16384,
   };
   ex_open(&ex, argc, argv);

   cl_uint n = ex.size;
   size_t count = (size_t)n * n, bytes = count * sizeof(float);
   float *a = ex_alloc(bytes), *b = ex_alloc(bytes), *c = ex_alloc(bytes);
   uint64_t random = 1;
   for (size_t i = 0; i < count; i++) {
      a[i] = ex_random(&random) * 2 - 1;
      b[i] = ex_random(&random) * 2 - 1;
   }

   cl_mem a_mem = ex_buffer(&ex, CL_MEM_READ_ONLY, bytes, a);
   cl_mem b_mem = ex_buffer(&ex, CL_MEM_READ_ONLY, bytes, b);
   cl_mem c_mem = ex_buffer(&ex, CL_MEM_WRITE_ONLY, bytes, NULL);
   cl_kernel kernel = ex_kernel(ex_program(&ex, sgemm_cl, ""), "sgemm");
   ex_arg(kernel, 0, n);
   ex_arg(kernel, 1, a_mem);
   ex_arg(kernel, 2, b_mem);
   ex_arg(kernel, 3, c_mem);

   size_t tiles = ex_round_up(n, TILE) / TILE;
   size_t global[2] = {tiles * EDGE, tiles * EDGE}, local[2] = {EDGE, EDGE};
   double time_ms = ex_launch(&ex, kernel, 2, global, local);
   ex_read(&ex, c_mem, bytes, c);

   ex_report("size", "%u x %u, %zu work-groups of %d x %d", n, n, tiles * tiles, EDGE, EDGE);
   ex_report("time", "%.2f ms on the device, %.3f GFLOP/s", time_ms,
             2.0 * n * n * n / time_ms * 1e-6);

   double nu = n * 0x1p-24, gamma = nu / (1 - nu), max_error = 0, worst_ratio = 0;
   cl_uint rows = n <= 512 ? n : 64;
   double *exact = ex_alloc(n * sizeof(double)), *magnitude = ex_alloc(n * sizeof(double));
   for (cl_uint r = 0; r < rows; r++) {
      cl_uint row = (uint64_t)r * n / rows;

      for (cl_uint j = 0; j < n; j++)
         exact[j] = magnitude[j] = 0;
      for (cl_uint k = 0; k < n; k++) {
         for (cl_uint j = 0; j < n; j++) {
            double product = (double)a[(size_t)row * n + k] * b[(size_t)k * n + j];
            exact[j] += product;
            magnitude[j] += fabs(product);
         }
      }
      for (cl_uint j = 0; j < n; j++) {
         double error = fabs(c[(size_t)row * n + j] - exact[j]);
         double ratio = error == 0 ? 0 : error / (gamma * magnitude[j]);

         max_error = fmax(max_error, error);
         if (!(ratio <= worst_ratio))
            worst_ratio = ratio;
      }
   }
   ex_report("check", "%u rows, max error %.2e, %.2f of what rounding allows", rows, max_error,
             worst_ratio);
   return ex_finish(&ex, worst_ratio <= 1, "an element is %.2f times as far off as rounding allows",
                    worst_ratio);
}
