// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* reduction: the sum of a long vector, as floats and as unsigned integers, by a tree in local
 * memory.
 *
 * Check: the integer sum is exact modulo 2^32. A float that goes through at most d additions on its
 * way to the root contributes an error of at most d u / (1 - d u) of its magnitude, u = 2^-24; here
 * d is the number of elements per item plus the depth of the trees of both passes, far less than a
 * sum in one loop has. */

#include "common.h"
#include "reduction.cl.h"

#include <math.h>
#include <stdio.h>

#define GROUP  256
#define GROUPS 64

/* Runs both passes and reads the number they end with; 4-byte elements. Returns the time in ms. */
static double
run(struct example *ex, cl_kernel kernel, cl_uint n, const void *data, void *sum)
{
   cl_mem in = ex_buffer(ex, CL_MEM_READ_ONLY, n * 4ull, data);
   cl_mem partial = ex_buffer(ex, CL_MEM_READ_WRITE, GROUPS * 4, NULL);
   cl_mem out = ex_buffer(ex, CL_MEM_WRITE_ONLY, 4, NULL);
   size_t local = GROUP, global = GROUP * GROUPS;
   cl_uint groups = GROUPS;

   ex_arg(kernel, 0, n);
   ex_arg(kernel, 1, in);
   ex_arg(kernel, 2, partial);
   ex_set_arg(kernel, 3, GROUP * 4, NULL);
   double time_ms = ex_launch(ex, kernel, 1, &global, &local);

   ex_arg(kernel, 0, groups);
   ex_arg(kernel, 1, partial);
   ex_arg(kernel, 2, out);
   time_ms += ex_launch(ex, kernel, 1, &local, &local);

   ex_read(ex, out, 4, sum);
   return time_ms;
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "reduction",
      .what = "the sum of a vector, by a tree in local memory",
      .size = 1 << 22,
      .size_help = "number of elements, 1 to 2^28",
      .min_size = 1,
      .max_size = 1 << 28,
   };
   ex_open(&ex, argc, argv);

   cl_uint n = ex.size;
   float *floats = ex_alloc(n * sizeof(float));
   cl_uint *integers = ex_alloc(n * sizeof(cl_uint)), integer_exact = 0;
   double exact = 0, magnitude = 0;
   uint64_t random = 1;
   for (cl_uint i = 0; i < n; i++) {
      floats[i] = ex_random(&random) - 0.25f;
      integers[i] = i * 2654435761u;
      exact += floats[i];
      magnitude += fabsf(floats[i]);
      integer_exact += integers[i];
   }

   cl_program program = ex_program(&ex, reduction_cl, "");
   cl_uint integer_sum;
   float sum;
   double float_ms = run(&ex, ex_kernel(program, "sum_float"), n, floats, &sum);
   double integer_ms = run(&ex, ex_kernel(program, "sum_uint"), n, integers, &integer_sum);

   ex_report("size", "%u elements, %d work-groups of %d", n, GROUPS, GROUP);
   ex_report("time", "%.2f ms for floats (%.3f GB/s), %.2f ms for integers (%.3f GB/s)", float_ms,
             4e-6 * n / float_ms, integer_ms, 4e-6 * n / integer_ms);

   double additions = n / (GROUP * GROUPS) + 1 + 1 + log2(GROUP) * 2;
   double allowed = additions * 0x1p-24 / (1 - additions * 0x1p-24) * magnitude;
   double error = fabs(sum - exact);
   ex_report("check", "sum %.9g, error %.2e of allowed %.2e; integer sum 0x%08x, expected 0x%08x",
             sum, error, allowed, integer_sum, integer_exact);
   if (integer_sum != integer_exact)
      return ex_finish(&ex, false, "the integer sum is wrong");
   return ex_finish(&ex, error <= allowed, "the float sum is further off than rounding allows");
}
