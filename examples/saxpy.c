// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* saxpy: y = a * x + y, the smallest useful OpenCL program: two buffers, one kernel, one result
 * read back.
 *
 * Check: a device may round a * x before the addition or not (fused multiply-add); both are allowed
 * by the OpenCL C default. So a result may differ from the exact value by half an ulp of the
 * product and half an ulp of the sum, which is at most 2^-24 * (|a x| + |a x + y|). */

#include "common.h"
#include "saxpy.cl.h"

#include <math.h>
#include <stdio.h>

#define GROUP 128

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "saxpy",
      .what = "y = a * x + y over two vectors of floats",
      .size = 1 << 20,
      .size_help = "number of elements, 1 to 2^28",
      .min_size = 1,
      .max_size = 1 << 28,
   };
   ex_open(&ex, argc, argv);

   cl_uint n = ex.size;
   float a = 2.5f;
   float *x = ex_alloc(n * sizeof(float));
   float *y = ex_alloc(n * sizeof(float));
   float *result = ex_alloc(n * sizeof(float));
   uint64_t random = 1;
   for (cl_uint i = 0; i < n; i++) {
      x[i] = ex_random(&random) * 2 - 1;
      y[i] = ex_random(&random) * 2 - 1;
   }

   cl_mem x_mem = ex_buffer(&ex, CL_MEM_READ_ONLY, n * sizeof(float), x);
   cl_mem y_mem = ex_buffer(&ex, CL_MEM_READ_WRITE, n * sizeof(float), y);
   cl_kernel kernel = ex_kernel(ex_program(&ex, saxpy_cl, ""), "saxpy");
   ex_arg(kernel, 0, n);
   ex_arg(kernel, 1, a);
   ex_arg(kernel, 2, x_mem);
   ex_arg(kernel, 3, y_mem);

   size_t local = GROUP, global = ex_round_up(n, GROUP);
   double time_ms = ex_launch(&ex, kernel, 1, &global, &local);
   ex_read(&ex, y_mem, n * sizeof(float), result);

   ex_report("size", "%u elements, 2 buffers of %.1f MB", n, n * 4e-6);
   ex_report("time", "%.2f ms on the device, %.3f GB/s, %.3f GFLOP/s", time_ms,
             3.0 * n * sizeof(float) / time_ms * 1e-6, 2.0 * n / time_ms * 1e-6);

   double max_error = 0, worst_ratio = 0;
   for (cl_uint i = 0; i < n; i++) {
      double product = (double)a * x[i], exact = product + y[i];
      double error = fabs(result[i] - exact);
      double allowed = 0x1p-24 * (fabs(product) + fabs(exact)) * (1 + 0x1p-20);

      max_error = fmax(max_error, error);
      if (!(error <= allowed * worst_ratio))
         worst_ratio = error == 0 ? worst_ratio : error / allowed;
   }
   ex_report("check", "max error %.2e, %.2f of what rounding allows", max_error, worst_ratio);
   return ex_finish(&ex, worst_ratio <= 1, "an element is %.2f times as far off as rounding allows",
                    worst_ratio);
}
