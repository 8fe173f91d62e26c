// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Helpers of the api_* tests, see cl_api.h. */

#include "cl_api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_DIFFERENCES 4

/* What clt_fresh_context() replaced. */
struct saved {
   cl_context context;
   cl_command_queue queue;
};

static void
restore(void *handle)
{
   struct saved *saved = handle;

   clReleaseCommandQueue(clt.queue);
   clReleaseContext(clt.context);
   clt.context = saved->context;
   clt.queue = saved->queue;
   free(saved);
}

void
clt_fresh_context(void)
{
   const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
   cl_int error;

   cl_context context = clCreateContext(NULL, 1, &clt.device, NULL, NULL, &error);
   clt_require(error, "clCreateContext");
   cl_command_queue queue = clCreateCommandQueueWithProperties(context, clt.device, properties,
                                                               &error);
   struct saved *saved = malloc(sizeof(*saved));
   if (error != CL_SUCCESS || !saved) {
      clReleaseContext(context);
      free(saved);
      clt_require(error, "clCreateCommandQueueWithProperties");
      clt_fatal("out of memory");
   }
   *saved = (struct saved){clt.context, clt.queue};
   clt.context = context;
   clt.queue = queue;
   clt_defer(restore, saved);
}

void
clt_call_fresh(const void *arg)
{
   const struct clt_fresh_call *call = arg;

   clt_fresh_context();
   call->fn(call->arg);
}

static void
release_queue(void *handle)
{
   clReleaseCommandQueue(handle);
}

cl_command_queue
clt_queue(cl_command_queue_properties bits)
{
   const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, bits, 0};
   cl_int error;
   cl_command_queue queue = clCreateCommandQueueWithProperties(clt.context, clt.device, properties,
                                                               &error);

   clt_require(error, "clCreateCommandQueueWithProperties");
   clt_defer(release_queue, queue);
   return queue;
}

static void
release_mem(void *handle)
{
   clReleaseMemObject(handle);
}

cl_mem
clt_own_mem(cl_mem mem)
{
   clt_defer(release_mem, mem);
   return mem;
}

cl_mem
clt_mem(cl_mem_flags flags, size_t size_B, void *host_ptr)
{
   cl_int error;
   cl_mem mem = clCreateBuffer(clt.context, flags, size_B, host_ptr, &error);

   if (error != CL_SUCCESS)
      clt_fatal("clCreateBuffer(flags 0x%llx, %zu bytes): %s", (unsigned long long)flags, size_B,
                cl_error_name(error));
   return clt_own_mem(mem);
}

static void
release_event(void *handle)
{
   clReleaseEvent(handle);
}

cl_event
clt_own_event(cl_event event)
{
   clt_defer(release_event, event);
   return event;
}

cl_event
clt_user_event(void)
{
   cl_int error;
   cl_event event = clCreateUserEvent(clt.context, &error);

   clt_require(error, "clCreateUserEvent");
   return clt_own_event(event);
}

void *
clt_alloc_aligned(size_t size_B, size_t align_B)
{
   void *p;

   if (posix_memalign(&p, align_B, size_B))
      clt_fatal("out of memory (%zu bytes)", size_B);
   memset(p, 0, size_B);
   clt_defer(free, p);
   return p;
}

void
clt_random_bytes(void *to, size_t size_B, uint64_t number)
{
   uint64_t state = clt.seed * 0x9e3779b97f4a7c15ull + number;
   uint8_t *bytes = to;

   for (size_t i = 0; i < size_B; i += 8) {
      uint64_t r = clt_random(&state);
      memcpy(bytes + i, &r, size_B - i < 8 ? size_B - i : 8);
   }
}

bool
clt_same(const char *what, const void *got_v, const void *want_v, size_t size_B)
{
   const uint8_t *got = got_v, *want = want_v;
   size_t differ = 0;

   for (size_t i = 0; i < size_B; i++) {
      if (got[i] == want[i])
         continue;
      if (differ++ < MAX_DIFFERENCES)
         clt_fail("%s: byte %zu is 0x%02x, expected 0x%02x", what, i, got[i], want[i]);
   }
   if (differ)
      clt_fail("%s: %zu of %zu bytes differ", what, differ, size_B);
   return !differ;
}

bool
clt_same_u32(const char *what, const uint32_t *got, const uint32_t *want, size_t count)
{
   size_t differ = 0;

   for (size_t i = 0; i < count; i++) {
      if (got[i] == want[i])
         continue;
      if (differ++ < MAX_DIFFERENCES)
         clt_fail("%s: element %zu is 0x%08" PRIx32 ", expected 0x%08" PRIx32, what, i, got[i],
                  want[i]);
   }
   if (differ)
      clt_fail("%s: %zu of %zu elements differ", what, differ, count);
   return !differ;
}

bool
clt_computes(const char *when)
{
   enum {
      N = 1000
   };
   static const char source[] = "kernel void affine(global const uint *a, global uint *b, uint k)\n"
                                "{ size_t i = get_global_id(0); b[i] = a[i] * k + (uint)i; }\n";
   uint32_t a[N], got[N], want[N], k = 2654435761u;

   clt_random_bytes(a, sizeof(a), 77);
   memset(got, 0xee, sizeof(got));
   for (uint32_t i = 0; i < N; i++)
      want[i] = a[i] * k + i;

   cl_kernel kernel = clt_kernel(source, "", "affine");
   cl_mem in = clt_buffer(sizeof(a), a), out = clt_buffer(sizeof(got), NULL);
   clt_arg_mem(kernel, 0, in);
   clt_arg_mem(kernel, 1, out);
   clt_arg(kernel, 2, sizeof(k), &k);

   size_t global = N;
   cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL);
   if (error == CL_SUCCESS)
      error = clEnqueueReadBuffer(clt.queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL);
   if (error != CL_SUCCESS) {
      clt_fail("%s: the device does not compute any more: %s", when, cl_error_name(error));
      return false;
   }
   return clt_same_u32(when, got, want, N);
}

double
clt_seconds(void)
{
   struct timespec now;

   clock_gettime(CLOCK_MONOTONIC, &now);
   return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
