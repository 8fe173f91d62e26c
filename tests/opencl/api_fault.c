// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Kernels that do what they must not: the command fails with an error, the process and every other
 * context live on, and a new context of the same process computes right results at once. */

#include "cl_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WATCHDOG_MS 500

static cl_int
status_of(cl_event event)
{
   cl_int status = 999;

   CLT_CALL(
      clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
   return status;
}

/* Launches and returns how the command ended. */
static cl_int
outcome(cl_kernel k, size_t global, size_t local)
{
   cl_event event;

   cl_int error = clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, local ? &local : NULL, 0,
                                         NULL, &event);
   if (error != CL_SUCCESS)
      return error; /* refused at once */
   clt_own_event(event);
   clWaitForEvents(1, &event);
   return status_of(event);
}

static void
expect_fault(cl_kernel k, size_t global, size_t local)
{
   cl_int status = outcome(k, global, local);

   CLT_CHECK(status == CL_OUT_OF_RESOURCES,
             "the command ended with %s, expected CL_OUT_OF_RESOURCES",
             status == CL_COMPLETE ? "CL_COMPLETE" : cl_error_name(status));
   clt_fresh_context();
   clt_computes("in a new context");
}

struct fault_case {
   const char *name, *source;
   size_t global, local;
};

/* Argument 0: a buffer of 4096 bytes; argument 1: a long, 0. */
static const struct fault_case fault_cases[] = {
   {"write past the end", "kernel void f(global int *p, long z) { p[1024 + z] = 1; }", 1, 1},
   {"read past the end", "kernel void f(global int *p, long z) { p[0] = p[1024 + z]; }", 1, 1},
   {"write before the start", "kernel void f(global int *p, long z) { p[z - 1] = 1; }", 1, 1},
   {"last item runs over", "kernel void f(global int *p, long z) { p[get_global_id(0) + z] = 1; }",
    1025, 205},
   {"far past the end", "kernel void f(global int *p, long z) { p[(1L << 33) + z] = 1; }", 1, 1},
   {"null pointer write", "kernel void f(global int *p, long z) { *(global int *)z = 1; }", 1, 1},
   {"null pointer read", "kernel void f(global int *p, long z) { p[0] = *(global int *)z; }", 1, 1},
   {"null pointer plus offset",
    "kernel void f(global int *p, long z) { ((global int *)z)[get_global_id(0) * 4] = 1; }", 256,
    64},
   {"wild pointer",
    "kernel void f(global int *p, long z) { *(global int *)(z + 0xdeadbeefcafe0) = 1; }", 1, 1},
   {"pointer with high bits",
    "kernel void f(global int *p, long z) { *(global int *)((long)p | 1L << 63) = 1; }", 1, 1},
   {"one lane of many",
    "kernel void f(global int *p, long z)\n"
    "{ long i = get_global_id(0); p[i == 77 ? z - 100000 : i] = 1; }",
    128, 128},
   {"wild atomic", "kernel void f(global int *p, long z) { atomic_inc(p + 4096 + z); }", 64, 64},
   {"wild vector load",
    "kernel void f(global int *p, long z) { vstore4(vload4(256 + z, p), 0, p); }", 1, 1},
   {"wild byte store", "kernel void f(global int *p, long z) { ((global char *)p)[4096 + z] = 1; }",
    1, 1},
   {"write to constant data",
    "constant int table[4] = {1, 2, 3, 4};\n"
    "kernel void f(global int *p, long z)\n"
    "{ p[0] = table[z]; *(global int *)((long)table - 4096) = 1; }",
    1, 1},
   {"endless loop",
    "kernel void f(global int *p, long z) { while (z == 0) { p[0] += 1; z &= p[0]; } }", 1, 1},
   {"endless loop of some lanes",
    "kernel void f(global int *p, long z)\n"
    "{ while (get_global_id(0) % 7 == 3 && z == 0) ((volatile global int *)p)[1] = 1; }",
    64, 64},
};

static void
fault(const void *arg)
{
   const struct fault_case *c = arg;

   clt_fresh_context();
   cl_kernel k = clt_kernel(c->source, "", "f");
   cl_mem mem = clt_buffer(4096, NULL);
   const cl_long zero = 0;

   clt_arg_mem(k, 0, mem);
   clt_arg(k, 1, sizeof(zero), &zero);
   expect_fault(k, c->global, c->local);
}

/* Local memory: static, as an argument, and both together; just what there is works. */
static void
local_memory_limits(const void *arg)
{
   cl_ulong local_B = CLT_DEVICE_INFO(cl_ulong, CL_DEVICE_LOCAL_MEM_SIZE);
   cl_kernel k =
      clt_kernel("kernel void f(local int *l, global int *p)\n"
                 "{ l[get_local_id(0)] = 5; barrier(CLK_LOCAL_MEM_FENCE); p[0] = l[0]; }",
                 "", "f");
   cl_mem mem = clt_buffer(64, NULL);
   cl_int got = 0;
   size_t one = 1;

   clt_arg_mem(k, 1, mem);
   clt_arg_local(k, 0, local_B);
   clt_launch_1d(k, 1, 1);
   clt_read(mem, 0, sizeof(got), &got);
   CLT_CHECK(got == 5, "with all local memory the kernel wrote %d", got);

   /* more is refused: by the argument, the launch, or the event */
   cl_int error = clSetKernelArg(k, 0, local_B + 1024, NULL);
   if (error == CL_SUCCESS) {
      cl_event event = NULL;
      error = clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, &one, 0, NULL, &event);
      if (error == CL_SUCCESS) {
         clWaitForEvents(1, &event);
         error = status_of(event);
         clReleaseEvent(event);
      }
   }
   CLT_CHECK(error == CL_OUT_OF_RESOURCES || error == CL_MAX_SIZE_RESTRICTION_EXCEEDED,
             "too much local memory gives %s", cl_error_name(error));
   clt_fresh_context();
   clt_computes("in a new context");
}

static void
static_local_memory_too_large(const void *arg)
{
   char *source = clt_format(
      "kernel void f(global int *p)\n"
      "{ local int l[%llu]; l[get_local_id(0)] = p[1];\n"
      "  barrier(CLK_LOCAL_MEM_FENCE); p[0] = l[p[2]]; }",
      (unsigned long long)CLT_DEVICE_INFO(cl_ulong, CL_DEVICE_LOCAL_MEM_SIZE) / 4 + 1024);
   const char *text = source;
   cl_int error;
   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);

   clt_require(error, "clCreateProgramWithSource");
   error = clBuildProgram(program, 1, &clt.device, "", NULL, NULL);
   if (error == CL_SUCCESS) {
      cl_kernel k = clt_kernel_of(program, "f");
      clt_arg_mem(k, 0, clt_buffer(64, NULL));
      error = outcome(k, 1, 1);
   }
   CLT_CHECK(error == CL_BUILD_PROGRAM_FAILURE || error == CL_OUT_OF_RESOURCES, "ends with %s",
             error == CL_COMPLETE ? "CL_COMPLETE" : cl_error_name(error));
   clReleaseProgram(program);
   clt_fresh_context();
   clt_computes("in a new context");
}

/* Out-of-bounds local and private accesses stay inside of the work-group or end in a fault; either
 * way other buffers keep their content.
 */
static void
wild_local_access(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *p, long z)\n"
                            "{ local int l[16]; l[get_local_id(0) & 15] = 1;\n"
                            "  barrier(CLK_LOCAL_MEM_FENCE); l[(1 << 20) + z] = 2; p[0] = l[z]; }",
                            "", "f");
   const cl_long zero = 0;

   clt_arg_mem(k, 0, clt_buffer(64, NULL));
   clt_arg(k, 1, sizeof(zero), &zero);
   expect_fault(k, 32, 32);
}

/* The NPU's driver counts local memory in units of 16 bytes: what is beyond the last one faults. */
static void
local_memory_end(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(local char *l, global int *p)\n"
                            "{ int i = p[1]; l[i] = (char)p[2]; p[0] = l[i]; }",
                            "", "f");
   const cl_int inside[3] = {0, 15, 77}, outside[3] = {0, 16, 77};
   cl_mem mem = clt_buffer(sizeof(inside), inside);
   cl_int got = 0;

   clt_arg_local(k, 0, 5);
   clt_arg_mem(k, 1, mem);
   clt_launch_1d(k, 1, 1);
   clt_read(mem, 0, sizeof(got), &got);
   CLT_CHECK(got == 77, "in the last unit of local memory the kernel wrote %d", got);

   clt_write(mem, 0, sizeof(outside), outside);
   expect_fault(k, 1, 1);
}

/* Large private arrays work; absurd ones are refused. */
static void
private_memory_limits(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *p)\n"
                            "{ int a[4000]; int s = get_global_id(0);\n"
                            "  for (int i = 0; i < 4000; i++) a[i] = i * s;\n"
                            "  int sum = 0;\n"
                            "  for (int i = 0; i < 4000; i += p[100]) sum += a[(i * 7) % 4000];\n"
                            "  p[get_global_id(0)] = sum; }",
                            "", "f");
   cl_int data[128] = {[100] = 13}, got[128];
   cl_mem mem = clt_buffer(sizeof(data), data);

   clt_arg_mem(k, 0, mem);
   clt_launch_1d(k, 40, 20);
   clt_read(mem, 0, sizeof(got), got);
   for (int s = 0; s < 40; s++) {
      cl_int want = 0;
      for (int i = 0; i < 4000; i += 13)
         want += i * 7 % 4000 * s;
      CLT_CHECK(got[s] == want, "item %d: %d, expected %d", s, got[s], want);
   }
}

static void
integer_division_by_zero(const void *arg)
{
   cl_kernel k =
      clt_kernel("kernel void f(global int *p, global long *q, int z)\n"
                 "{ int i = get_global_id(0); p[i] = i / z + i % z; q[i] = (long)i / z;\n"
                 "  p[i] = 1000 + i; }",
                 "", "f");
   cl_int got[64];
   cl_mem mem = clt_buffer(sizeof(got), NULL);

   clt_arg_mem(k, 0, mem);
   clt_arg_mem(k, 1, clt_buffer(64 * 8, NULL));
   clt_arg_i32(k, 2, 0);
   clt_launch_1d(k, 64, 64);
   clt_read(mem, 0, sizeof(got), got);
   for (int i = 0; i < 64; i++)
      CLT_CHECK(got[i] == 1000 + i, "element %d is %d", i, got[i]);
}

/* Work that waits for the faulting command fails; what came before keeps its result. */
static void
fault_fails_what_follows(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *p, long i) { p[i] = 7; }", "", "f");
   cl_mem mem = clt_buffer(4096, NULL);
   const cl_long inside = 3, outside = 1024;
   const size_t one = 1;
   cl_event before, bad, after, copy;
   cl_mem other = clt_buffer(4096, NULL);

   clt_arg_mem(k, 0, mem);
   clt_arg(k, 1, sizeof(inside), &inside);
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, &before));
   clt_own_event(before);
   CLT_CALL(clWaitForEvents(1, &before));
   clt_arg(k, 1, sizeof(outside), &outside);
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, &bad));
   clt_own_event(bad);
   clt_arg(k, 1, sizeof(inside), &inside);
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, &after));
   clt_own_event(after);
   cl_command_queue queue = clt_queue(0);
   CLT_CALL(clEnqueueCopyBuffer(queue, mem, other, 0, 0, 64, 1, &bad, &copy));
   clt_own_event(copy);
   CLT_CALL(clFlush(queue));
   clFinish(clt.queue);
   clFinish(queue);

   CLT_CHECK(status_of(before) == CL_COMPLETE, "the command before ended with %d",
             status_of(before));
   CLT_CHECK(status_of(bad) < 0, "the faulting command ended with %d", status_of(bad));
   CLT_CHECK(status_of(after) < 0, "the command after it ended with %d", status_of(after));
   CLT_CHECK(status_of(copy) < 0, "the copy that waits for it ended with %d", status_of(copy));
}

/* clFinish fails after a fault, however long ago that was and though nobody holds the event. */
static void
finish_reports_faults(const void *arg)
{
   const size_t one = 1;

   for (int i = 0; i < 20 && !clt_failed(); i++) {
      clt_fresh_context();
      cl_kernel k = clt_kernel("kernel void f(global int *p) { p[1024] = 1; }", "", "f");
      clt_arg_mem(k, 0, clt_buffer(4096, NULL));
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL));
      CLT_CALL(clFlush(clt.queue));
      usleep(i * 300);
      CLT_EXPECT(clFinish(clt.queue), CL_OUT_OF_RESOURCES);
      CLT_EXPECT(clFinish(clt.queue), CL_OUT_OF_RESOURCES);
   }
}

/* A fault in one context does not disturb another one at work. */
static void
fault_beside_other_context(const void *arg)
{
   cl_context context_a = clt.context;
   cl_command_queue queue_a = clt.queue;
   cl_kernel good = clt_kernel("kernel void g(global uint *p)\n"
                               "{ uint x = get_global_id(0);\n"
                               "  for (int i = 0; i < 2000; i++) x = x * 1664525u + 1013904223u;\n"
                               "  p[get_global_id(0)] = x; }",
                               "", "g");
   uint32_t got[512], want[512];
   cl_mem mem = clt_buffer(sizeof(got), NULL);
   const size_t global = 512;

   for (uint32_t g = 0; g < 512; g++) {
      want[g] = g;
      for (int i = 0; i < 2000; i++)
         want[g] = want[g] * 1664525u + 1013904223u;
   }
   clt_arg_mem(good, 0, mem);
   CLT_CALL(clEnqueueNDRangeKernel(queue_a, good, 1, NULL, &global, NULL, 0, NULL, NULL));
   CLT_CALL(clFlush(queue_a));

   clt_fresh_context();
   CLT_CHECK(clt.context != context_a, "the second context is the first one");
   cl_kernel bad = clt_kernel("kernel void f(global int *p) { p[1024] = 1; }", "", "f");
   clt_arg_mem(bad, 0, clt_buffer(4096, NULL));
   cl_int status = outcome(bad, 1, 1);
   CLT_CHECK(status == CL_OUT_OF_RESOURCES, "the bad kernel ended with %d", status);

   CLT_CALL(clEnqueueReadBuffer(queue_a, mem, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL));
   clt_same_u32("result of the other context", got, want, 512);
}

/* Fault after fault. */
static void
many_faults(const void *arg)
{
   for (int i = 0; i < 20 && !clt_failed(); i++) {
      clt_fresh_context();
      cl_kernel k = clt_kernel("kernel void f(global int *p, long i) { p[i] = 1; }", "", "f");
      const cl_long wild = 1024 + 50 * i; /* the page behind the buffer is never mapped */

      clt_arg_mem(k, 0, clt_buffer(4096, NULL));
      clt_arg(k, 1, sizeof(wild), &wild);
      expect_fault(k, 1 + i * 10, 1);
   }
}

/* The watchdog must not take a long kernel that makes progress for an endless one. */
static void
long_kernel_is_no_hang(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global uint *p, int n)\n"
                            "{ uint x = get_global_id(0);\n"
                            "  for (int i = 0; i < n; i++) x = x * 1664525u + 1013904223u;\n"
                            "  p[get_global_id(0) & 63] = x; }",
                            "", "f");
   double begin = clt_seconds();
   size_t global = 64 * 64;

   clt_arg_mem(k, 0, clt_buffer(64 * 4, NULL));
   clt_arg_i32(k, 1, 1000);
   while (clt_seconds() - begin < 3 * WATCHDOG_MS / 1000.0 && !clt_failed()) {
      cl_int status = outcome(k, global, 64);

      CLT_CHECK(status == CL_COMPLETE, "a kernel of %zu items ended with %d", global, status);
      if (global < 1 << 20)
         global *= 2;
   }
}

int
main(int argc, char **argv)
{
   /* Hangs are found quickly, unless the caller wants something else. */
   char config[64];
   snprintf(config, sizeof(config), "watchdog=%d", WATCHDOG_MS);
   setenv("NPU_SIM", config, 0);
   setenv("NPU_DEBUG", "quiet", 0);

   clt_init(argc, argv, "kernels that fault, and life after them");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(fault_cases); i++)
      clt_run(fault, &fault_cases[i], "fault: %s", fault_cases[i].name);
   clt_run_fresh(local_memory_limits, NULL);
   clt_run_fresh(static_local_memory_too_large, NULL);
   clt_run_fresh(wild_local_access, NULL);
   clt_run_fresh(local_memory_end, NULL);
   clt_run_fresh(private_memory_limits, NULL);
   clt_run_fresh(integer_division_by_zero, NULL);
   clt_run_fresh(fault_fails_what_follows, NULL);
   clt_run_fresh(finish_reports_faults, NULL);
   clt_run_fresh(fault_beside_other_context, NULL);
   clt_run_fresh(many_faults, NULL);
   clt_run_fresh(long_kernel_is_no_hang, NULL);
   return clt_done();
}
