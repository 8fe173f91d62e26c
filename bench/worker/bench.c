// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What the benchmarks share; see bench.h. */

#include "bench.h"

#include "../../examples/cl_error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
bench_die(const char *format, ...)
{
   va_list args;

   va_start(args, format);
   printf("error ");
   vprintf(format, args);
   printf("\n");
   fflush(stdout);
   va_end(args);
   _Exit(1);
}

void
bench_require(cl_int error, const char *call)
{
   if (error != CL_SUCCESS)
      bench_die("%s: %.*s", cl_error_name(error), (int)strcspn(call, "("), call);
}

double
bench_now_s(void)
{
   struct timespec t;

   clock_gettime(CLOCK_MONOTONIC, &t);
   return t.tv_sec + t.tv_nsec * 1e-9;
}

void *
bench_alloc(size_t size_B)
{
   void *memory = calloc(1, size_B);

   if (!memory)
      bench_die("no memory for %zu bytes", size_B);
   return memory;
}

uint32_t
bench_random(uint64_t *state)
{
   *state = *state * 6364136223846793005ull + 1442695040888963407ull;
   return *state >> 32;
}

float *
bench_small_floats(size_t count, int most, uint64_t seed)
{
   float *numbers = bench_alloc(count * sizeof(float));

   for (size_t i = 0; i < count; i++)
      numbers[i] = (int)(bench_random(&seed) >> 8) % (2 * most + 1) - most;
   return numbers;
}

void
bench_build(struct run *r, const char *source, const char *options)
{
   cl_int error;

   r->program = clCreateProgramWithSource(r->context, 1, &source, NULL, &error);
   bench_require(error, "clCreateProgramWithSource");
   error = clBuildProgram(r->program, 1, &r->device, options, NULL, NULL);
   if (error != CL_SUCCESS) {
      char log[4096] = "";

      clGetProgramBuildInfo(r->program, r->device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
      fprintf(stderr, "%s\n", log);
      bench_require(error, "clBuildProgram");
   }
}

void
bench_kernel(struct run *r, unsigned k, const char *name)
{
   cl_int error;

   r->kernel[k] = clCreateKernel(r->program, name, &error);
   bench_require(error, "clCreateKernel");
}

void
bench_buffer(struct run *r, unsigned m, size_t size_B, const void *init)
{
   cl_int error;

   r->mem[m] = clCreateBuffer(r->context, CL_MEM_READ_WRITE, size_B, NULL, &error);
   bench_require(error, "clCreateBuffer");
   r->size_B[m] = size_B;
   r->host[m] = (void *)init;
   bench_restore(r, m);
}

void
bench_restore(struct run *r, unsigned m)
{
   const cl_uint zero = 0;

   if (r->host[m]) {
      BENCH_CALL(clEnqueueWriteBuffer(r->queue, r->mem[m], CL_TRUE, 0, r->size_B[m], r->host[m], 0,
                                      NULL, NULL));
   } else {
      BENCH_CALL(
         clEnqueueFillBuffer(r->queue, r->mem[m], &zero, 4, 0, r->size_B[m] & ~3ul, 0, NULL, NULL));
   }
}

void *
bench_read(struct run *r, unsigned m)
{
   void *to = bench_alloc(r->size_B[m]);

   BENCH_CALL(
      clEnqueueReadBuffer(r->queue, r->mem[m], CL_TRUE, 0, r->size_B[m], to, 0, NULL, NULL));
   return to;
}

void
bench_args(struct run *r, unsigned k, const char *types, ...)
{
   va_list args;

   va_start(args, types);
   for (unsigned i = 0; types[i]; i++) {
      const void *value = NULL;
      size_t size_B = 4;
      cl_uint u;
      cl_int s;
      cl_float f;

      switch (types[i]) {
      case 'm':
         value = &r->mem[va_arg(args, int)];
         size_B = sizeof(cl_mem);
         break;
      case 'u':
         u = va_arg(args, unsigned);
         value = &u;
         break;
      case 'i':
         s = va_arg(args, int);
         value = &s;
         break;
      case 'f':
         f = va_arg(args, double);
         value = &f;
         break;
      case 'l':
         size_B = va_arg(args, size_t);
         break;
      default:
         bench_die("bench_args: '%c' is no type", types[i]);
      }
      BENCH_CALL(clSetKernelArg(r->kernel[k], i, size_B, value));
   }
   va_end(args);
}

void
bench_launch(struct run *r, unsigned k, size_t x, size_t y, size_t z)
{
   const size_t global[3] = {x, y, z};

   BENCH_CALL(clEnqueueNDRangeKernel(r->queue, r->kernel[k],
                                     z > 1   ? 3
                                     : y > 1 ? 2
                                             : 1,
                                     NULL, global, r->local, 0, NULL, NULL));
}

void
bench_run_items(struct run *r)
{
   bench_launch(r, 0, r->n, 1, 1);
}

void
bench_launch_1d(struct run *r, unsigned k, size_t x, size_t local1)
{
   BENCH_CALL(clEnqueueNDRangeKernel(r->queue, r->kernel[k], 1, NULL, &x, &local1, 0, NULL, NULL));
}

bool
bench_wrong(struct run *r, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   if (vasprintf(&r->reason, format, args) < 0)
      r->reason = NULL;
   va_end(args);
   return false;
}

bool
bench_compare(struct run *r, const char *what, const float *result, const float *expected,
              size_t count, double relative, double absolute)
{
   for (size_t i = 0; i < count; i++) {
      double bound = absolute + relative * fabs(expected[i]);

      if (!(fabs((double)result[i] - expected[i]) <= bound))
         return bench_wrong(r, "%s[%zu] is %.9g, not %.9g", what, i, result[i], expected[i]);
   }
   return true;
}

bool
bench_compare_u32(struct run *r, const char *what, const uint32_t *result, const uint32_t *expected,
                  size_t count)
{
   for (size_t i = 0; i < count; i++) {
      if (result[i] != expected[i])
         return bench_wrong(r, "%s[%zu] is %u, not %u", what, i, result[i], expected[i]);
   }
   return true;
}

size_t
bench_round_up(size_t a, size_t multiple)
{
   return (a + multiple - 1) / multiple * multiple;
}
