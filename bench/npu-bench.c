// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* npu-bench: the same kernels on every OpenCL device of the machine, as one table of medians with
 * the ratio of each device to the first.
 *
 * Each measurement repeats for a fixed time (at least 3 times after one run that does not count)
 * and takes the median, so a busy moment of the machine does not count. "launch" is host time from
 * enqueueing an empty kernel until clFinish() returns; "build" is clBuildProgram() of a source that
 * was never seen before; copies are blocking host transfers; the rest is kernel time from profiling
 * events. Results are not checked here: that is the work of the examples and tests. */

#include "../examples/cl_error.h"

#include "histogram.cl.h"
#include "mandelbrot.cl.h"
#include "nbody.cl.h"
#include "reduction.cl.h"
#include "saxpy.cl.h"
#include "sgemm.cl.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_DEVICES 8
#define MAX_SAMPLES 256

struct device {
   cl_device_id id;
   cl_context context;
   cl_command_queue queue;
   char name[128];
};

static struct {
   double seconds; /* for one measurement */
   bool json;
   const char *only;   /* benchmark names that contain this */
   const char *wanted; /* devices whose names contain this */
} options = {.seconds = 0.5};

static _Noreturn void
die(const char *what, cl_int error)
{
   fprintf(stderr, "npu-bench: %s: %s\n", what, cl_error_name(error));
   exit(1);
}

static void
check(cl_int error, const char *what)
{
   if (error != CL_SUCCESS)
      die(what, error);
}

static double
now_s(void)
{
   struct timespec t;

   clock_gettime(CLOCK_MONOTONIC, &t);
   return t.tv_sec + t.tv_nsec * 1e-9;
}

/* ---- what is measured ---- */

/* One run in progress: made by setup(), used by run(), released by release_run(). */
struct run {
   const struct device *d;
   cl_program program;
   cl_kernel kernel;
   cl_mem mem[4];
   void *host;
   size_t size_B;
   unsigned count;
   double work; /* units per run, in the benchmark's own unit */
};

struct benchmark {
   const char *name, *unit, *what;
   bool smaller_is_better;
   void (*setup)(struct run *r);
   double (*run)(struct run *r); /* seconds */
};

static cl_mem
buffer(struct run *r, size_t size_B)
{
   cl_int error;
   void *zero = calloc(1, size_B);
   if (!zero)
      die("calloc", CL_OUT_OF_HOST_MEMORY);
   cl_mem mem = clCreateBuffer(r->d->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, size_B,
                               zero, &error);
   check(error, "clCreateBuffer");
   free(zero);
   return mem;
}

static void
build(struct run *r, const char *source, const char *kernel)
{
   cl_int error;

   r->program = clCreateProgramWithSource(r->d->context, 1, &source, NULL, &error);
   check(error, "clCreateProgramWithSource");
   check(clBuildProgram(r->program, 1, &r->d->id, "", NULL, NULL), "clBuildProgram");
   r->kernel = clCreateKernel(r->program, kernel, &error);
   check(error, "clCreateKernel");
}

static void
arg(struct run *r, cl_uint index, size_t size_B, const void *value)
{
   check(clSetKernelArg(r->kernel, index, size_B, value), "clSetKernelArg");
}

static double
launch(struct run *r, cl_uint dim, const size_t *global, const size_t *local)
{
   cl_ulong start_ns, end_ns;
   cl_event event;

   check(clEnqueueNDRangeKernel(r->d->queue, r->kernel, dim, NULL, global, local, 0, NULL, &event),
         "clEnqueueNDRangeKernel");
   check(clWaitForEvents(1, &event), "clWaitForEvents");
   check(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, 8, &start_ns, NULL),
         "profiling");
   check(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, 8, &end_ns, NULL), "profiling");
   clReleaseEvent(event);
   return (end_ns - start_ns) * 1e-9;
}

static void
setup_launch(struct run *r)
{
   build(r, "kernel void empty(void) {}", "empty");
   r->work = 1e6; /* microseconds */
}

static double
run_launch(struct run *r)
{
   enum {
      LAUNCHES = 32
   };
   size_t one = 1;
   double start = now_s();

   for (int i = 0; i < LAUNCHES; i++) {
      check(clEnqueueNDRangeKernel(r->d->queue, r->kernel, 1, NULL, &one, &one, 0, NULL, NULL),
            "clEnqueueNDRangeKernel");
      check(clFinish(r->d->queue), "clFinish");
   }
   return (now_s() - start) / LAUNCHES;
}

static void
setup_build(struct run *r)
{
   r->work = 1e3; /* milliseconds */
}

static double
run_build(struct run *r)
{
   char *source;
   cl_int error;
   const char *const text = sgemm_cl;

   /* a comment with a number that never comes back keeps every cache out of it */
   if (asprintf(&source, "constant int unique = %u;\n%s",
                (unsigned)(now_s() * 1e7) ^ (unsigned)getpid() ^ r->count++ << 20, text) < 0)
      die("asprintf", CL_OUT_OF_HOST_MEMORY);
   double start = now_s();
   cl_program program = clCreateProgramWithSource(r->d->context, 1, (const char **)&source, NULL,
                                                  &error);
   check(error, "clCreateProgramWithSource");
   check(clBuildProgram(program, 1, &r->d->id, "", NULL, NULL), "clBuildProgram");
   double time = now_s() - start;
   clReleaseProgram(program);
   free(source);
   return time;
}

static void
setup_copy(struct run *r)
{
   r->size_B = 16 << 20;
   r->mem[0] = buffer(r, r->size_B);
   r->host = calloc(1, r->size_B);
   if (!r->host)
      die("calloc", CL_OUT_OF_HOST_MEMORY);
   r->work = r->size_B * 1e-9;
}

static double
run_write(struct run *r)
{
   double start = now_s();
   check(clEnqueueWriteBuffer(r->d->queue, r->mem[0], CL_TRUE, 0, r->size_B, r->host, 0, NULL,
                              NULL),
         "clEnqueueWriteBuffer");
   return now_s() - start;
}

static double
run_read(struct run *r)
{
   double start = now_s();
   check(clEnqueueReadBuffer(r->d->queue, r->mem[0], CL_TRUE, 0, r->size_B, r->host, 0, NULL, NULL),
         "clEnqueueReadBuffer");
   return now_s() - start;
}

static void
setup_saxpy(struct run *r)
{
   const float a = 2;

   r->count = 1 << 20;
   build(r, saxpy_cl, "saxpy");
   r->mem[0] = buffer(r, r->count * 4);
   r->mem[1] = buffer(r, r->count * 4);
   arg(r, 0, 4, &r->count);
   arg(r, 1, 4, &a);
   arg(r, 2, sizeof(cl_mem), &r->mem[0]);
   arg(r, 3, sizeof(cl_mem), &r->mem[1]);
   r->work = r->count * 12e-9;
}

static double
run_1d(struct run *r)
{
   size_t global = r->count, local = 128;
   return launch(r, 1, &global, &local);
}

static void
setup_sgemm(struct run *r)
{
   r->count = 256;
   build(r, sgemm_cl, "sgemm");
   arg(r, 0, 4, &r->count);
   for (int i = 0; i < 3; i++) {
      r->mem[i] = buffer(r, r->count * r->count * 4);
      arg(r, 1 + i, sizeof(cl_mem), &r->mem[i]);
   }
   r->work = 2e-9 * r->count * r->count * r->count;
}

static double
run_sgemm(struct run *r)
{
   size_t global[2] = {r->count / 4, r->count / 4}, local[2] = {16, 16};
   return launch(r, 2, global, local);
}

static void
setup_nbody(struct run *r)
{
   const float dt = 0.01f, eps2 = 0.01f;

   r->count = 1024;
   build(r, nbody_cl, "nbody_step");
   arg(r, 0, 4, &r->count);
   arg(r, 1, 4, &dt);
   arg(r, 2, 4, &eps2);
   for (int i = 0; i < 3; i++) {
      r->mem[i] = buffer(r, r->count * 16);
      arg(r, 3 + i, sizeof(cl_mem), &r->mem[i]);
   }
   arg(r, 6, 128 * 16, NULL);
   r->work = 1e-6 * r->count * r->count;
}

static void
setup_mandelbrot(struct run *r)
{
   const float left = -0.8f, top = 0.2f,
               step = 0.4f / 256; /* at the edge of the set: much divergence */
   const cl_uint limit = 100;

   r->count = 256;
   build(r, mandelbrot_cl, "mandelbrot");
   r->mem[0] = buffer(r, r->count * r->count * 4);
   r->mem[1] = buffer(r, r->count * r->count * 4);
   arg(r, 0, 4, &left);
   arg(r, 1, 4, &top);
   arg(r, 2, 4, &step);
   arg(r, 3, 4, &limit);
   arg(r, 4, sizeof(cl_mem), &r->mem[0]);
   arg(r, 5, sizeof(cl_mem), &r->mem[1]);
   r->work = 1e-6 * r->count * r->count;
}

static double
run_mandelbrot(struct run *r)
{
   size_t global[2] = {r->count, r->count}, local[2] = {16, 8};
   return launch(r, 2, global, local);
}

static void
setup_reduction(struct run *r)
{
   r->count = 1 << 20;
   build(r, reduction_cl, "sum_float");
   r->mem[0] = buffer(r, r->count * 4);
   r->mem[1] = buffer(r, 32 * 4);
   arg(r, 0, 4, &r->count);
   arg(r, 1, sizeof(cl_mem), &r->mem[0]);
   arg(r, 2, sizeof(cl_mem), &r->mem[1]);
   arg(r, 3, 256 * 4, NULL);
   r->work = r->count * 4e-9;
}

static double
run_32_groups(struct run *r)
{
   size_t global = 32 * 256, local = 256;
   return launch(r, 1, &global, &local);
}

static void
setup_histogram(struct run *r)
{
   r->count = 1 << 20;
   build(r, histogram_cl, "histogram");
   r->mem[0] = buffer(r, r->count);
   r->mem[1] = buffer(r, 256 * 4);
   r->host = malloc(r->count);
   if (!r->host)
      die("malloc", CL_OUT_OF_HOST_MEMORY);
   for (unsigned i = 0; i < r->count; i++)
      ((uint8_t *)r->host)[i] = i * 2654435761u >> 24;
   check(clEnqueueWriteBuffer(r->d->queue, r->mem[0], CL_TRUE, 0, r->count, r->host, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
   arg(r, 0, 4, &r->count);
   arg(r, 1, sizeof(cl_mem), &r->mem[0]);
   arg(r, 2, sizeof(cl_mem), &r->mem[1]);
   r->work = r->count * 1e-9;
}

/* 64 dependent multiply-adds per item in four chains. */
static void
setup_alu(struct run *r)
{
   r->count = 1 << 16;
   build(r,
         "kernel void alu(global float4 *out) {\n"
         "   float4 a = (float4)(1, 2, 3, 4) + (float)get_global_id(0), b = a * 0.5f;\n"
         "   for (int i = 0; i < 16; i++) { a = fma(a, b, b); a = fma(a, b, b); a = fma(a, b, b); "
         "a = fma(a, b, b); }\n"
         "   if (a.x + a.y + a.z + a.w == 1234.5f) out[get_global_id(0)] = a;\n"
         "}\n",
         "alu");
   r->mem[0] = buffer(r, r->count * 16);
   arg(r, 0, sizeof(cl_mem), &r->mem[0]);
   r->work = 2e-9 * r->count * 64 * 4;
}

static void
release_run(struct run *r)
{
   for (int i = 0; i < 4; i++) {
      if (r->mem[i])
         clReleaseMemObject(r->mem[i]);
   }
   if (r->kernel)
      clReleaseKernel(r->kernel);
   if (r->program)
      clReleaseProgram(r->program);
   free(r->host);
}

static const struct benchmark benchmarks[] = {
   {"launch", "us", "an empty kernel, from enqueue to finish", true, setup_launch, run_launch},
   {"build", "ms", "compiling the sgemm kernel", true, setup_build, run_build},
   {"write", "GB/s", "host to buffer, 16 MiB", false, setup_copy, run_write},
   {"read", "GB/s", "buffer to host, 16 MiB", false, setup_copy, run_read},
   {"alu", "GFLOP/s", "chains of fused multiply-adds", false, setup_alu, run_1d},
   {"saxpy", "GB/s", "y = a x + y, a million floats", false, setup_saxpy, run_1d},
   {"sgemm", "GFLOP/s", "256 x 256, tiles in local memory", false, setup_sgemm, run_sgemm},
   {"nbody", "M/s", "interactions of 1024 bodies", false, setup_nbody, run_1d},
   {"mandelbrot", "Mpixel/s", "divergent loops", false, setup_mandelbrot, run_mandelbrot},
   {"reduction", "GB/s", "sum of a million floats", false, setup_reduction, run_32_groups},
   {"histogram", "GB/s", "a million bytes, local atomics", false, setup_histogram, run_32_groups},
};
#define NUM_BENCHMARKS (sizeof(benchmarks) / sizeof(benchmarks[0]))

static int
compare_doubles(const void *a, const void *b)
{
   double x = *(const double *)a, y = *(const double *)b;
   return (x > y) - (x < y);
}

/* The benchmark's figure: time in its unit, or units of work per second. */
static double
measure(const struct benchmark *b, const struct device *d)
{
   struct run r = {.d = d};
   double samples[MAX_SAMPLES], start;
   unsigned n = 0;

   b->setup(&r);
   b->run(&r);
   start = now_s();
   while (n < MAX_SAMPLES && (n < 3 || now_s() - start < options.seconds))
      samples[n++] = b->run(&r);
   double work = r.work;
   release_run(&r);
   qsort(samples, n, sizeof(samples[0]), compare_doubles);
   return b->smaller_is_better ? samples[n / 2] * work : work / fmax(samples[n / 2], 1e-9);
}

static unsigned
open_devices(struct device *devices)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;
   unsigned n = 0;

   check(clGetPlatformIDs(16, platforms, &num_platforms), "clGetPlatformIDs");
   /* accelerators first: the ratios are to the first device */
   for (int pass = 0; pass < 2; pass++) {
      for (cl_uint p = 0; p < num_platforms && p < 16; p++) {
         cl_device_id ids[16];
         cl_uint num_ids = 0;

         if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 16, ids, &num_ids) != CL_SUCCESS)
            continue;
         for (cl_uint i = 0; i < num_ids && i < 16 && n < MAX_DEVICES; i++) {
            struct device *d = &devices[n];
            cl_device_type type = 0;
            cl_int error;

            clGetDeviceInfo(ids[i], CL_DEVICE_TYPE, sizeof(type), &type, NULL);
            if (!!(type & CL_DEVICE_TYPE_ACCELERATOR) != (pass == 0))
               continue;
            d->id = ids[i];
            check(clGetDeviceInfo(ids[i], CL_DEVICE_NAME, sizeof(d->name), d->name, NULL),
                  "CL_DEVICE_NAME");
            if (options.wanted && !strcasestr(d->name, options.wanted))
               continue;
            d->context = clCreateContext(NULL, 1, &d->id, NULL, NULL, &error);
            check(error, "clCreateContext");
            const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES,
                                                      CL_QUEUE_PROFILING_ENABLE, 0};
            d->queue = clCreateCommandQueueWithProperties(d->context, d->id, properties, &error);
            check(error, "clCreateCommandQueueWithProperties");
            n++;
         }
      }
   }
   return n;
}

static void
print_table(const struct device *devices, unsigned n, double (*results)[MAX_DEVICES])
{
   printf("%-12s %-9s", "benchmark", "unit");
   for (unsigned d = 0; d < n; d++)
      printf(d == 0 ? " %12s" : " %12s    ratio", d == 0 ? "[1]" : (char[]){'[', '1' + d, ']', 0});
   printf("\n");
   for (unsigned b = 0; b < NUM_BENCHMARKS; b++) {
      if (isnan(results[b][0]))
         continue;
      printf("%-12s %-9s", benchmarks[b].name, benchmarks[b].unit);
      for (unsigned d = 0; d < n; d++) {
         printf(" %12.4g", results[b][d]);
         if (d > 0)
            printf(" %8.3g", benchmarks[b].smaller_is_better ? results[b][d] / results[b][0]
                                                             : results[b][0] / results[b][d]);
      }
      printf("   %s\n", benchmarks[b].what);
   }
   if (n > 1)
      printf("ratio: speed of [1] relative to that device; more than 1 means that [1] is faster\n");
}

static void
print_json(const struct device *devices, unsigned n, double (*results)[MAX_DEVICES])
{
   printf("{\n  \"devices\": [");
   for (unsigned d = 0; d < n; d++)
      printf("%s\"%s\"", d ? ", " : "", devices[d].name);
   printf("],\n  \"benchmarks\": [\n");
   bool first = true;
   for (unsigned b = 0; b < NUM_BENCHMARKS; b++) {
      if (isnan(results[b][0]))
         continue;
      printf("%s    {\"name\": \"%s\", \"unit\": \"%s\", \"smaller_is_better\": %s, \"results\": [",
             first ? "" : ",\n", benchmarks[b].name, benchmarks[b].unit,
             benchmarks[b].smaller_is_better ? "true" : "false");
      first = false;
      for (unsigned d = 0; d < n; d++)
         printf("%s%.6g", d ? ", " : "", results[b][d]);
      printf("]}");
   }
   printf("\n  ]\n}\n");
}

static void
usage(void)
{
   printf("usage: npu-bench [OPTION...]\n\n"
          "Runs the same kernels on every OpenCL device and prints medians and ratios.\n\n"
          "  --device=TEXT   only devices whose name contains TEXT\n"
          "  --only=TEXT     only benchmarks whose name contains TEXT\n"
          "  --seconds=S     time for one measurement (default 0.5)\n"
          "  --json          print JSON instead of a table\n"
          "  --help          this text\n\nbenchmarks:\n");
   for (unsigned b = 0; b < NUM_BENCHMARKS; b++)
      printf("  %-12s %-9s %s\n", benchmarks[b].name, benchmarks[b].unit, benchmarks[b].what);
}

int
main(int argc, char **argv)
{
   struct device devices[MAX_DEVICES];
   double results[NUM_BENCHMARKS][MAX_DEVICES];

   for (int i = 1; i < argc; i++) {
      if (!strcmp(argv[i], "--help")) {
         usage();
         return 0;
      } else if (!strcmp(argv[i], "--json")) {
         options.json = true;
      } else if (!strncmp(argv[i], "--device=", 9)) {
         options.wanted = argv[i] + 9;
      } else if (!strncmp(argv[i], "--only=", 7)) {
         options.only = argv[i] + 7;
      } else if (!strncmp(argv[i], "--seconds=", 10) && atof(argv[i] + 10) > 0) {
         options.seconds = atof(argv[i] + 10);
      } else {
         fprintf(stderr, "npu-bench: bad option \"%s\" (see --help)\n", argv[i]);
         return 2;
      }
   }
   unsigned n = open_devices(devices);
   if (n == 0) {
      fprintf(stderr, "npu-bench: there is no OpenCL device%s%s\n",
              options.wanted ? " with a name like " : "", options.wanted ? options.wanted : "");
      return 1;
   }
   for (unsigned d = 0; d < n && !options.json; d++)
      printf("[%u] %s\n", d + 1, devices[d].name);

   for (unsigned b = 0; b < NUM_BENCHMARKS; b++) {
      for (unsigned d = 0; d < n; d++) {
         bool chosen = !options.only || strstr(benchmarks[b].name, options.only);
         if (chosen && isatty(STDERR_FILENO))
            fprintf(stderr, "\r%s on [%u]...\033[K", benchmarks[b].name, d + 1);
         results[b][d] = chosen ? measure(&benchmarks[b], &devices[d]) : NAN;
      }
   }
   if (isatty(STDERR_FILENO))
      fprintf(stderr, "\r\033[K");
   if (options.json)
      print_json(devices, n, results);
   else
      print_table(devices, n, results);
   for (unsigned d = 0; d < n; d++) {
      clReleaseCommandQueue(devices[d].queue);
      clReleaseContext(devices[d].context);
   }
   return 0;
}
