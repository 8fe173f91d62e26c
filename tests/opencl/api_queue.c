// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Many queues, contexts and threads at the same time. */

#include "cl_api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char step_source[] = "kernel void advance(global uint *p, uint m)\n"
                                  "{ size_t i = get_global_id(0); p[i] = p[i] * m + (uint)i; }\n";

enum {
   N = 500
};

static void
model_step(uint32_t *p, uint32_t m)
{
   for (uint32_t i = 0; i < N; i++)
      p[i] = p[i] * m + i;
}

/* What one thread does and what came of it; threads must not call the harness. */
struct worker {
   pthread_t thread;
   cl_context context;
   cl_program program;
   cl_mem mem; /* NULL: one of its own */
   uint32_t number, rounds;
   char error[512]; /* empty: fine */
};

#define WORKER_CALL(w, call)                                                                       \
   do {                                                                                            \
      cl_int error_ = (call);                                                                      \
      if (error_ != CL_SUCCESS && !(w)->error[0])                                                  \
         snprintf((w)->error, sizeof((w)->error), "%s: %s", #call, cl_error_name(error_));         \
   } while (0)

/* Launches `rounds` steps on a queue of its own and checks the buffer. */
static void
run_steps(struct worker *w)
{
   uint32_t model[N], got[N];
   const size_t global = N;
   cl_int error;

   cl_command_queue queue = clCreateCommandQueueWithProperties(w->context, clt.device, NULL,
                                                               &error);
   WORKER_CALL(w, error);
   cl_kernel kernel = clCreateKernel(w->program, "advance", &error);
   WORKER_CALL(w, error);
   cl_mem mem = clCreateBuffer(w->context, CL_MEM_READ_WRITE, sizeof(model), NULL, &error);
   WORKER_CALL(w, error);
   if (w->error[0])
      return;

   for (uint32_t i = 0; i < N; i++)
      model[i] = w->number * 1000 + i;
   WORKER_CALL(w,
               clEnqueueWriteBuffer(queue, mem, CL_FALSE, 0, sizeof(model), model, 0, NULL, NULL));
   WORKER_CALL(w, clFinish(queue));
   for (uint32_t r = 0; r < w->rounds; r++) {
      cl_uint m = 2 * r + w->number + 1;

      WORKER_CALL(w, clSetKernelArg(kernel, 0, sizeof(mem), &mem));
      WORKER_CALL(w, clSetKernelArg(kernel, 1, sizeof(m), &m));
      WORKER_CALL(w, clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
      model_step(model, m);
      if (r % 7 == 0)
         WORKER_CALL(w, clFlush(queue));
   }
   WORKER_CALL(w, clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL));
   for (uint32_t i = 0; i < N && !w->error[0]; i++) {
      if (got[i] != model[i])
         snprintf(w->error, sizeof(w->error), "element %u is %u, expected %u", i, got[i], model[i]);
   }
   clReleaseMemObject(mem);
   clReleaseKernel(kernel);
   clReleaseCommandQueue(queue);
}

static void *
shared_context_thread(void *data)
{
   run_steps(data);
   return NULL;
}

/* Context, program and all in the thread itself. */
static void *
own_context_thread(void *data)
{
   struct worker *w = data;
   const char *source = step_source;
   cl_int error;

   w->context = clCreateContext(NULL, 1, &clt.device, NULL, NULL, &error);
   WORKER_CALL(w, error);
   if (w->error[0])
      return NULL;
   w->program = clCreateProgramWithSource(w->context, 1, &source, NULL, &error);
   WORKER_CALL(w, error);
   WORKER_CALL(w, clBuildProgram(w->program, 0, NULL, "", NULL, NULL));
   if (!w->error[0])
      run_steps(w);
   clReleaseProgram(w->program);
   clReleaseContext(w->context);
   return NULL;
}

static void
run_threads(void *(*fn)(void *), struct worker *workers, unsigned count)
{
   for (unsigned i = 0; i < count; i++) {
      workers[i].number = i;
      if (pthread_create(&workers[i].thread, NULL, fn, &workers[i]))
         clt_fatal("pthread_create failed");
   }
   for (unsigned i = 0; i < count; i++)
      pthread_join(workers[i].thread, NULL);
   for (unsigned i = 0; i < count; i++)
      CLT_CHECK(!workers[i].error[0], "thread %u: %s", i, workers[i].error);
}

static void
threads_share_a_context(const void *arg)
{
   enum {
      THREADS = 8
   };
   struct worker *workers = clt_alloc(THREADS * sizeof(*workers));
   cl_program program = clt_program(step_source, "");

   for (unsigned i = 0; i < THREADS; i++)
      workers[i] = (struct worker){.context = clt.context, .program = program, .rounds = 40};
   run_threads(shared_context_thread, workers, THREADS);
}

static void
threads_with_contexts_of_their_own(const void *arg)
{
   enum {
      THREADS = 6
   };
   struct worker *workers = clt_alloc(THREADS * sizeof(*workers));

   for (unsigned i = 0; i < THREADS; i++)
      workers[i].rounds = 20;
   run_threads(own_context_thread, workers, THREADS);
}

/* Threads that build different programs at the same time. */
static void *
building_thread(void *data)
{
   struct worker *w = data;
   char text[256];
   const char *source = text;
   cl_int error, got = 0;
   const size_t one = 1;

   for (uint32_t r = 0; r < w->rounds && !w->error[0]; r++) {
      cl_int want = w->number * 100 + r;
      snprintf(text, sizeof(text), "kernel void f%u_%u(global int *p) { p[0] = %d; }", w->number, r,
               want);
      cl_program program = clCreateProgramWithSource(w->context, 1, &source, NULL, &error);
      WORKER_CALL(w, error);
      WORKER_CALL(w, clBuildProgram(program, 0, NULL, "", NULL, NULL));
      snprintf(text, sizeof(text), "f%u_%u", w->number, r);
      cl_kernel kernel = clCreateKernel(program, text, &error);
      WORKER_CALL(w, error);
      cl_command_queue queue = clCreateCommandQueueWithProperties(w->context, clt.device, NULL,
                                                                  &error);
      WORKER_CALL(w, error);
      cl_mem mem = clCreateBuffer(w->context, CL_MEM_READ_WRITE, 4, NULL, &error);
      WORKER_CALL(w, error);
      WORKER_CALL(w, clSetKernelArg(kernel, 0, sizeof(mem), &mem));
      WORKER_CALL(w, clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
      WORKER_CALL(w, clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, sizeof(got), &got, 0, NULL, NULL));
      if (got != want && !w->error[0])
         snprintf(w->error, sizeof(w->error), "kernel %s wrote %d, expected %d", text, got, want);
      clReleaseMemObject(mem);
      clReleaseCommandQueue(queue);
      clReleaseKernel(kernel);
      clReleaseProgram(program);
   }
   return NULL;
}

static void
threads_build_programs(const void *arg)
{
   enum {
      THREADS = 4
   };
   struct worker *workers = clt_alloc(THREADS * sizeof(*workers));

   for (unsigned i = 0; i < THREADS; i++)
      workers[i] = (struct worker){.context = clt.context, .rounds = 4};
   run_threads(building_thread, workers, THREADS);
}

/* One queue used by several threads at once: all commands take place, each whole. */
struct adder {
   pthread_t thread;
   cl_kernel kernel; /* each thread its own: arguments belong to the kernel object */
   cl_mem mem;
   cl_int error;
};

enum {
   ADDS = 50
};

static void *
adding_thread(void *data)
{
   struct adder *a = data;
   const size_t global = N;

   a->error = clSetKernelArg(a->kernel, 0, sizeof(a->mem), &a->mem);
   for (int i = 0; i < ADDS && a->error == CL_SUCCESS; i++)
      a->error = clEnqueueNDRangeKernel(clt.queue, a->kernel, 1, NULL, &global, NULL, 0, NULL,
                                        NULL);
   return NULL;
}

static void
threads_share_a_queue(const void *arg)
{
   enum {
      THREADS = 4
   };
   cl_program program = clt_program("kernel void add(global uint *p) { p[get_global_id(0)] += 1; }",
                                    "");
   struct adder adders[THREADS];
   cl_mem mem = clt_buffer(N * sizeof(uint32_t), NULL);
   uint32_t got[N], want[N];

   for (unsigned i = 0; i < THREADS; i++) {
      adders[i] = (struct adder){.kernel = clt_kernel_of(program, "add"), .mem = mem};
      if (pthread_create(&adders[i].thread, NULL, adding_thread, &adders[i]))
         clt_fatal("pthread_create failed");
   }
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(adders[i].thread, NULL);
   for (unsigned i = 0; i < THREADS; i++)
      CLT_CHECK(adders[i].error == CL_SUCCESS, "thread %u: %s", i, cl_error_name(adders[i].error));
   for (uint32_t i = 0; i < N; i++)
      want[i] = THREADS * ADDS;
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("counters", got, want, N);
}

static void
many_queues(const void *arg)
{
   enum {
      QUEUES = 40
   };
   cl_kernel k = clt_kernel(step_source, "", "advance");
   cl_command_queue queues[QUEUES];
   cl_mem mem[QUEUES];
   uint32_t model[N], got[N];
   const size_t global = N;

   for (cl_uint q = 0; q < QUEUES; q++) {
      queues[q] = clt_queue(0);
      mem[q] = clt_buffer(sizeof(got), NULL);
   }
   for (cl_uint q = 0; q < QUEUES; q++) {
      clt_arg_mem(k, 0, mem[q]);
      clt_arg(k, 1, sizeof(q), &q);
      CLT_CALL(clEnqueueNDRangeKernel(queues[q], k, 1, NULL, &global, NULL, 0, NULL, NULL));
      CLT_CALL(clFlush(queues[q]));
   }
   for (cl_uint q = 0; q < QUEUES; q++) {
      CLT_CALL(clEnqueueReadBuffer(queues[q], mem[q], CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL));
      memset(model, 0, sizeof(model));
      model_step(model, q);
      clt_same_u32(clt_format("queue %u", q), got, model, N);
   }
}

/* Work of a queue that is released before it is done takes place. */
static void
queue_released_while_working(const void *arg)
{
   enum {
      ROUNDS = 20
   };
   cl_kernel k = clt_kernel(step_source, "", "advance");
   uint32_t model[N] = {0}, got[N];
   cl_mem mem = clt_buffer(sizeof(got), NULL);
   const size_t global = N;
   cl_event event;

   for (cl_uint r = 0; r < ROUNDS; r++) {
      cl_int error;
      cl_command_queue queue = clCreateCommandQueueWithProperties(clt.context, clt.device, NULL,
                                                                  &error);
      clt_require(error, "clCreateCommandQueueWithProperties");
      clt_arg_mem(k, 0, mem);
      clt_arg(k, 1, sizeof(r), &r);
      error = clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, NULL, 0, NULL, &event);
      clReleaseCommandQueue(queue);
      clt_require(error, "clEnqueueNDRangeKernel");
      error = clWaitForEvents(1, &event);
      clReleaseEvent(event);
      clt_require(error, "clWaitForEvents");
      model_step(model, r);
   }
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("buffer", got, model, N);
}

static void
contexts_come_and_go(const void *arg)
{
   enum {
      ROUNDS = 30
   };

   for (int r = 0; r < ROUNDS && !clt_failed(); r++) {
      cl_int error;
      cl_context context = clCreateContext(NULL, 1, &clt.device, NULL, NULL, &error);
      clt_require(error, "clCreateContext");
      cl_command_queue queue = clCreateCommandQueueWithProperties(context, clt.device, NULL,
                                                                  &error);
      cl_mem mem = clCreateBuffer(context, CL_MEM_READ_WRITE, 4, NULL, NULL);
      uint32_t word = r, got = ~0u;

      clEnqueueFillBuffer(queue, mem, &word, 4, 0, 4, 0, NULL, NULL);
      error = clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, 4, &got, 0, NULL, NULL);
      CLT_CHECK(error == CL_SUCCESS && got == word, "round %d: %s, read %u", r,
                cl_error_name(error), got);
      clReleaseMemObject(mem);
      clReleaseCommandQueue(queue);
      clReleaseContext(context);
   }
}

/* Thousands of commands in one flush. */
static void
long_batch(const void *arg)
{
   enum {
      COMMANDS = 6000
   };
   cl_kernel k = clt_kernel("kernel void add(global uint *p, uint v) { p[get_global_id(0)] += v; }",
                            "", "add");
   cl_mem mem = clt_buffer(64 * 4, NULL);
   uint32_t got[64], want[64];
   uint32_t sum = 0;
   const size_t global = 64;

   clt_arg_mem(k, 0, mem);
   for (cl_uint i = 0; i < COMMANDS; i++) {
      clt_arg(k, 1, sizeof(i), &i);
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, NULL, 0, NULL, NULL));
      sum += i;
   }
   for (int i = 0; i < 64; i++)
      want[i] = sum;
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("sums", got, want, 64);
}

static void
long_batch_without_profiling(const void *arg)
{
   cl_command_queue saved = clt.queue;

   clt.queue = clt_queue(0);
   long_batch(arg);
   clt.queue = saved;
}

/* Properties that no version of OpenCL has. */
static void
invalid_properties(const void *arg)
{
   const cl_queue_properties properties[] = {(cl_queue_properties)-1, (cl_queue_properties)-1, 0};
   cl_int error = CL_SUCCESS;

   clCreateCommandQueueWithProperties(clt.context, clt.device, properties, &error);
   CLT_CHECK(error == CL_INVALID_VALUE, "got %s", cl_error_name(error));
}

/* Memory of the process that is in use, in bytes. */
static size_t
resident_B(void)
{
   unsigned long total, resident = 0;
   FILE *file = fopen("/proc/self/statm", "r");

   if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
      clt_fail("/proc/self/statm cannot be read");
   if (file)
      fclose(file);
   return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* A hundred thousand launches, waited for one by one, in small and in large batches, with and without events:
 * what each of them needed is given back.
 */
static void
launches_leave_nothing(const void *arg)
{
   enum {
      ROUNDS = 10,
      LAUNCHES = 10000,
      LIMIT_B = 2 << 20
   };
   static const int batches[ROUNDS] = {1, 10, 500, 10000, 7, 1, 10, 500, 10000, 7};
   cl_kernel k = clt_kernel("kernel void add(global uint *p, uint v) { p[get_global_id(0)] += v; }",
                            "", "add");
   cl_command_queue queue = clt_queue(0);
   cl_mem mem = clt_buffer(32 * 4, NULL);
   uint32_t got[32], want[32], sum = 0;
   const size_t global = 32;
   size_t before_B = 0;

   clt_arg_mem(k, 0, mem);
   for (int round = 0; round < ROUNDS; round++) {
      for (cl_uint i = 0; i < LAUNCHES; i++) {
         cl_event event = NULL;

         clt_arg(k, 1, sizeof(i), &i);
         sum += i;
         CLT_CALL(clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, NULL, 0, NULL,
                                         i % 3 ? NULL : &event));
         if (i % batches[round] == 0)
            CLT_CALL(clFinish(queue));
         if (event)
            clReleaseEvent(event);
      }
      CLT_CALL(clFinish(queue));
      if (round == ROUNDS / 2 - 1)
         before_B = resident_B(); /* every kind of batch was there once */
   }
   size_t after_B = resident_B();
   CLT_CHECK(after_B < before_B + LIMIT_B, "%zu KiB after 50,000 launches, %zu KiB after 100,000",
             before_B >> 10, after_B >> 10);

   for (int i = 0; i < 32; i++)
      want[i] = sum;
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("sums", got, want, 32);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "many queues, contexts and threads");
   clt_run_fresh(threads_share_a_context, NULL);
   clt_run_fresh(threads_with_contexts_of_their_own, NULL);
   clt_run_fresh(threads_build_programs, NULL);
   clt_run_fresh(threads_share_a_queue, NULL);
   clt_run_fresh(many_queues, NULL);
   clt_run_fresh(queue_released_while_working, NULL);
   clt_run_fresh(contexts_come_and_go, NULL);
   clt_run_fresh(long_batch_without_profiling, NULL);
   clt_run_fresh(invalid_properties, NULL);
   clt_run_fresh(launches_leave_nothing, NULL);
   return clt_done();
}
