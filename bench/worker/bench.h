// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What a benchmark is, and what it may call. One worker process runs one benchmark on one device:
 * setup(), then run() again and again, then reset(), run() and check(). An OpenCL error anywhere
 * ends the process with a message that the caller of the worker reports, so nothing here returns
 * an error, and whatever a benchmark allocates lives until the process ends. */

#ifndef BENCH_H
#define BENCH_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PRINTF(f, a) __attribute__((format(printf, f, a)))

#define BENCH_MEMS    12
#define BENCH_KERNELS 8

/* One benchmark on one device. */
struct run {
   /* From the worker. */
   const struct benchmark *benchmark;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue; /* in order */
   size_t n;               /* the problem's size; what it counts, the benchmark's text says */
   size_t local[3];        /* the work-group's shape */

   /* From setup(). */
   double work; /* of one run(), in the benchmark's unit (a rate: without "per second") */
   cl_program program;
   cl_kernel kernel[BENCH_KERNELS];
   cl_mem mem[BENCH_MEMS];
   void *host[BENCH_MEMS]; /* initial content of mem[i], or what the benchmark likes */
   size_t size_B[BENCH_MEMS];
   unsigned count; /* free for the benchmark */
   double excluded_s;
   char *reason; /* of a failed check() */
};

enum bench_kind {
   BENCH_KERNEL,   /* speed of device code: counts in the geometric mean */
   BENCH_LOOP,     /* many small dependent launches: counts, too */
   BENCH_OVERHEAD, /* launches, builds, transfers */
};

struct benchmark {
   const char *name, *unit, *what;
   enum bench_kind kind;
   bool less_is_better; /* the figure is time * work instead of work / time */
   size_t n, quick_n, multiple;
   unsigned dims;
   size_t local[3];
   bool fixed_local; /* the kernel demands this shape */
   void (*setup)(struct run *r);
   void (*run)(struct run *r);   /* enqueues, need not wait */
   void (*reset)(struct run *r); /* brings buffers back to their initial content; may be NULL */
   bool (*check)(struct run *r); /* after one run(); false: bench_wrong() has said why */
};

/* The benchmarks, in order; the last one has no name. */
const struct benchmark *bench_find(const char *name);
void bench_list(void);

/* Ends the process with a message. */
_Noreturn void bench_die(const char *format, ...) BENCH_PRINTF(1, 2);
void bench_require(cl_int error, const char *call);
#define BENCH_CALL(call) bench_require((call), #call)

double bench_now_s(void);

/* Memory, zeroed, for as long as the process lives. */
void *bench_alloc(size_t size_B);

/* Deterministic numbers; the state starts as anything. */
uint32_t bench_random(uint64_t *state);
/* count whole numbers in [-most, most] as floats: sums of their products are exact. */
float *bench_small_floats(size_t count, int most, uint64_t seed);

void bench_build(struct run *r, const char *source, const char *options);
void bench_kernel(struct run *r, unsigned k, const char *name);

/* mem[m]: size_B bytes, a copy of init (which becomes host[m]) or zero. */
void bench_buffer(struct run *r, unsigned m, size_t size_B, const void *init);
/* Writes host[m] (zeros if there is none) into mem[m]. */
void bench_restore(struct run *r, unsigned m);
/* mem[m]'s content, after all that is enqueued. */
void *bench_read(struct run *r, unsigned m);

/* Sets kernel k's arguments from the first on. One letter each: m a buffer's number, u and i
 * (unsigned) int, f double for a float, l size_t: bytes of local memory. */
void bench_args(struct run *r, unsigned k, const char *types, ...);

/* Enqueues kernel k over x * y * z work-items in groups of r->local (which must divide them). */
void bench_launch(struct run *r, unsigned k, size_t x, size_t y, size_t z);
/* A benchmark's run(): kernel 0 over n work-items. */
void bench_run_items(struct run *r);
/* The same with local1 work-items in a one-dimensional group. */
void bench_launch_1d(struct run *r, unsigned k, size_t x, size_t local1);

/* Notes why a result is wrong; returns false. */
bool bench_wrong(struct run *r, const char *format, ...) BENCH_PRINTF(2, 3);
/* Compares count numbers; |a - b| must be <= absolute + relative * |b|. */
bool bench_compare(struct run *r, const char *what, const float *result, const float *expected,
                   size_t count, double relative, double absolute);
bool bench_compare_u32(struct run *r, const char *what, const uint32_t *result,
                       const uint32_t *expected, size_t count);

size_t bench_round_up(size_t a, size_t multiple);

#endif
