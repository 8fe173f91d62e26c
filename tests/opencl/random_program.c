// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Random OpenCL C programs against their own evaluation on the host, to the bit. One case per
 * program; its name is its seed, so "random_program --seed=17 -- 1" runs program 17 again. After
 * "--":
 *
 *    N          number of programs, from the seed on (default 40)
 *    print      print the programs
 *    noreduce   do not make failing programs smaller
 *
 * A failing program is reduced (at most 400 tries) and printed with the first item that differs. A
 * program whose kernel the device cannot build fails, too. Nothing is caught when the process dies:
 * the comment before the case tells the seed. */

#include "random_ast.h"

#include <CL/cl_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome {
   RUN_SAME,
   RUN_DIFFERENT,
   RUN_NOT_BUILT,
   RUN_NOT_LAUNCHED,
   RUN_TOO_LONG, /* for the host: not run */
};

struct run {
   struct random_program *program;
   uint64_t input[RANDOM_INPUTS];
   enum outcome outcome;
   char message[512];
};

static bool print_programs, no_reduce;

void
random_input(uint64_t seed, uint64_t input[RANDOM_INPUTS])
{
   uint64_t random = ~seed;

   for (int i = 0; i < RANDOM_INPUTS; i++) { /* half of them small */
      input[i] = clt_random(&random);
      if (i & 1)
         input[i] = (int64_t)input[i] >> 56;
   }
}

/* Objects of one run; released in every case, because a reduction makes hundreds of runs. Each run has a queue
 * of its own: a queue that met a fault is of no use to the next one. */
struct buffers {
   cl_command_queue queue;
   cl_program program;
   cl_kernel kernel;
   cl_mem mem[4];
};

static void
release(struct buffers *b)
{
   for (int i = 0; i < 4; i++) {
      if (b->mem[i])
         clReleaseMemObject(b->mem[i]);
   }
   if (b->kernel)
      clReleaseKernel(b->kernel);
   if (b->program)
      clReleaseProgram(b->program);
   if (b->queue)
      clReleaseCommandQueue(b->queue);
}

static cl_int
run_on_device(struct run *run, struct buffers *b, struct random_result *got)
{
   const struct random_program *p = run->program;
   size_t count = p->group * p->groups, local = p->group;
   size_t mem_bytes = count * RANDOM_MEM_SLOTS * clt_types[p->mem_type].size_B;
   const char *source = random_print(p);
   cl_int error;

   got->out = clt_alloc(count * 8);
   got->mem = clt_alloc(mem_bytes);
   memcpy(got->counters, random_counters_start, sizeof(got->counters));
   const struct {
      size_t size_B;
      void *init;
   } parts[4] = {{sizeof(run->input), run->input},
                 {count * 8, got->out},
                 {mem_bytes, got->mem},
                 {sizeof(got->counters), got->counters}};

   b->program = clCreateProgramWithSource(clt.context, 1, &source, NULL, &error);
   if (error == CL_SUCCESS)
      error = clBuildProgram(b->program, 1, &clt.device, "", NULL, NULL);
   if (error == CL_SUCCESS)
      b->kernel = clCreateKernel(b->program, "test", &error);
   if (error != CL_SUCCESS) {
      run->outcome = RUN_NOT_BUILT;
      return error;
   }
   run->outcome = RUN_NOT_LAUNCHED;
   b->queue = clCreateCommandQueueWithProperties(clt.context, clt.device, NULL, &error);
   for (int i = 0; i < 4 && error == CL_SUCCESS; i++) {
      b->mem[i] = clCreateBuffer(clt.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                 parts[i].size_B, parts[i].init, &error);
      if (error == CL_SUCCESS)
         error = clSetKernelArg(b->kernel, i, sizeof(cl_mem), &b->mem[i]);
   }
   if (error == CL_SUCCESS)
      error = clEnqueueNDRangeKernel(b->queue, b->kernel, 1, NULL, &count, &local, 0, NULL, NULL);
   for (int i = 1; i < 4 && error == CL_SUCCESS; i++)
      error = clEnqueueReadBuffer(b->queue, b->mem[i], CL_TRUE, 0, parts[i].size_B, parts[i].init,
                                  0, NULL, NULL);
   return error;
}

/* Runs the program on the device and compares. */
static void
run_program(struct run *run)
{
   const struct random_program *p = run->program;
   struct random_result want = {0}, got = {0};
   struct buffers b = {0};

   if (!random_evaluate(p, run->input, &want)) {
      run->outcome = RUN_TOO_LONG;
      return;
   }
   cl_int error = run_on_device(run, &b, &got);
   release(&b);
   if (error != CL_SUCCESS) {
      snprintf(run->message, sizeof(run->message), "%s: %s",
               run->outcome == RUN_NOT_BUILT ? "building" : "running", cl_error_name(error));
      return;
   }

   run->outcome = RUN_DIFFERENT;
   unsigned count = p->group * p->groups, wrong = 0;
   for (unsigned i = 0; i < count; i++) {
      if (got.out[i] != want.out[i] && !wrong++)
         snprintf(run->message, sizeof(run->message),
                  "result of item %u: got 0x%016llx, expected 0x%016llx", i,
                  (unsigned long long)got.out[i], (unsigned long long)want.out[i]);
   }
   for (unsigned i = 0; i < count * RANDOM_MEM_SLOTS; i++) {
      uint64_t g = clt_get(&clt_types[p->mem_type], got.mem, i);
      uint64_t w = clt_get(&clt_types[p->mem_type], want.mem, i);
      if (g != w && !wrong++)
         snprintf(run->message, sizeof(run->message), "mem[%u] of item %u: got %s, expected %s",
                  i % RANDOM_MEM_SLOTS, i / RANDOM_MEM_SLOTS, clt_show(&clt_types[p->mem_type], g),
                  clt_show(&clt_types[p->mem_type], w));
   }
   for (unsigned i = 0; i < RANDOM_COUNTERS; i++) {
      if (got.counters[i] != want.counters[i] && !wrong++)
         snprintf(run->message, sizeof(run->message), "counter %u: got 0x%08x, expected 0x%08x", i,
                  got.counters[i], want.counters[i]);
   }
   if (!wrong)
      run->outcome = RUN_SAME;
}

static bool
fails_the_same(void *data)
{
   struct run *run = data, again = *run;

   again.message[0] = '\0';
   run_program(&again);
   return again.outcome == run->outcome;
}

static void
print_source(const struct random_program *p)
{
   clt_diag("%u groups of %u items", p->groups, p->group);
   clt_diag("%s", random_print(p));
}

/* The types of which the device keeps denormals. */
static unsigned
usable_reals(void)
{
   static const cl_device_info infos[NUM_REALS] = {
      [REAL_FLOAT] = CL_DEVICE_SINGLE_FP_CONFIG,
      [REAL_DOUBLE] = CL_DEVICE_DOUBLE_FP_CONFIG,
      [REAL_HALF] = CL_DEVICE_HALF_FP_CONFIG,
   };
   unsigned usable = 0;

   for (unsigned real = 0; real < NUM_REALS; real++) {
      cl_device_fp_config config = 0;
      if (real == REAL_HALF && !clt_has_extension("cl_khr_fp16"))
         continue;
      CLT_CALL(clGetDeviceInfo(clt.device, infos[real], sizeof(config), &config, NULL));
      if (config & CL_FP_DENORM)
         usable |= 1u << real;
   }
   return usable;
}

static void
test_program(const void *arg)
{
   struct run run = {.program = NULL};
   uint64_t seed = *(const uint64_t *)arg;
   unsigned reals = usable_reals();

   random_input(seed, run.input);
   /* A program that takes too long on the host is replaced by another one of the same seed. */
   for (uint64_t attempt = 0; attempt == 0 || run.outcome == RUN_TOO_LONG; attempt++) {
      run.program = random_generate(seed + (attempt << 40), reals);
      if (print_programs)
         print_source(run.program);
      run_program(&run);
   }
   switch (run.outcome) {
   case RUN_SAME:
      return;
   case RUN_TOO_LONG:
   case RUN_DIFFERENT:
   case RUN_NOT_BUILT:
   case RUN_NOT_LAUNCHED:
      break;
   }
   clt_fail("seed %llu: %s", (unsigned long long)seed, run.message);
   if (!no_reduce) {
      random_reduce(run.program, fails_the_same, &run, 400);
      run_program(&run);
      clt_diag("reduced: %s", run.message);
   }
   print_source(run.program);
}

int
main(int argc, char **argv)
{
   unsigned count = 40;

   clt_init(argc, argv, "random programs, compared with their evaluation on the host");
   for (int i = 0; i < clt.argc; i++) {
      if (!strcmp(clt.argv[i], "print"))
         print_programs = true;
      else if (!strcmp(clt.argv[i], "noreduce"))
         no_reduce = true;
      else if (atoi(clt.argv[i]) > 0)
         count = atoi(clt.argv[i]);
      else
         clt_diag("\"%s\" is not understood (N, print, noreduce)", clt.argv[i]);
   }
   clt_diag("seeds %llu to %llu", (unsigned long long)clt.seed,
            (unsigned long long)clt.seed + count - 1);
   for (unsigned i = 0; i < count; i++) {
      uint64_t seed = clt.seed + i;
      clt_run(test_program, &seed, "seed.%llu", (unsigned long long)seed);
   }
   return clt_done();
}
