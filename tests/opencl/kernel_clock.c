// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* cl_khr_kernel_clock: the clock of each scope never goes back for a work-item, across a barrier of the work-group
 * (scopes work-group and device), and from one command to the next (scope device); it goes on in a loop. Its value as
 * ulong and as two uint are the same clock. */

#include "cl_test.h"

#include <CL/cl_ext.h>

#include <inttypes.h>

/* Debian's headers are older than the extension. */
#ifndef CL_DEVICE_KERNEL_CLOCK_CAPABILITIES_KHR
#define CL_DEVICE_KERNEL_CLOCK_CAPABILITIES_KHR     0x1076
#define CL_DEVICE_KERNEL_CLOCK_SCOPE_DEVICE_KHR     (1 << 0)
#define CL_DEVICE_KERNEL_CLOCK_SCOPE_WORK_GROUP_KHR (1 << 1)
#define CL_DEVICE_KERNEL_CLOCK_SCOPE_SUB_GROUP_KHR  (1 << 2)
typedef cl_bitfield cl_device_kernel_clock_capabilities_khr;
#endif

#define NUM_ITEMS  256
#define GROUP_SIZE 64
#define NUM_READS  16

struct scope {
   const char *name; /* end of the functions' names */
   cl_device_kernel_clock_capabilities_khr capability;
};

static const struct scope scopes[] = {
   {"device", CL_DEVICE_KERNEL_CLOCK_SCOPE_DEVICE_KHR},
   {"work_group", CL_DEVICE_KERNEL_CLOCK_SCOPE_WORK_GROUP_KHR},
   {"sub_group", CL_DEVICE_KERNEL_CLOCK_SCOPE_SUB_GROUP_KHR},
};

static void
need_clock(const struct scope *scope)
{
   cl_device_kernel_clock_capabilities_khr has = 0;

   if (!clt_has_extension("cl_khr_kernel_clock"))
      clt_skip("the device has no cl_khr_kernel_clock");
   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_KERNEL_CLOCK_CAPABILITIES_KHR, sizeof(has),
                               &has, NULL),
               "clGetDeviceInfo(CL_DEVICE_KERNEL_CLOCK_CAPABILITIES_KHR)");
   if (!(has & scope->capability))
      clt_skip("the device has no clock of this scope");
}

/* The kernel "test" with the clock of a scope; NOW is the one as ulong, HILO as two uint. */
static cl_kernel
clock_kernel(const struct scope *scope, const char *source)
{
   const char *options = clt_format("-DNOW=clock_read_%s -DHILO=clock_read_hilo_%s "
                                    "-DHAS=__opencl_c_kernel_clock_scope_%s",
                                    scope->name, scope->name, scope->name);

   return clt_kernel(source, options, "test");
}

/* Runs the kernel on the buffer of its results, which it returns. */
static uint64_t *
run(cl_kernel kernel, size_t num)
{
   uint64_t *out = clt_alloc(num * sizeof(*out));
   cl_mem mem = clt_buffer(num * sizeof(*out), NULL);

   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, NUM_ITEMS, GROUP_SIZE);
   clt_read(mem, 0, num * sizeof(*out), out);
   return out;
}

/* Both functions in turn, in a loop that other work is in as well. */
static void
test_reads(const void *arg)
{
   static const char source[] = "#if !defined(cl_khr_kernel_clock) || !HAS\n"
                                "#error the macros of the extension are missing\n"
                                "#endif\n"
                                "kernel void test(global ulong *out) {\n"
                                "   global ulong *to = out + get_global_id(0) * 16;\n"
                                "   for (int i = 0; i < 16; i += 2) {\n"
                                "      to[i] = NOW();\n"
                                "      uint2 now = HILO();\n"
                                "      to[i + 1] = (ulong)now.hi << 32 | now.lo;\n"
                                "   }\n"
                                "}\n";
   need_clock(arg);
   const uint64_t *out = run(clock_kernel(arg, source), NUM_ITEMS * NUM_READS);

   for (unsigned item = 0; item < NUM_ITEMS; item++) {
      const uint64_t *t = out + item * NUM_READS;

      for (unsigned i = 1; i < NUM_READS; i++)
         CLT_CHECK(t[i] >= t[i - 1], "item %u: read %u gives %" PRIu64 " after %" PRIu64, item, i,
                   t[i], t[i - 1]);
      CLT_CHECK(t[NUM_READS - 1] > t[0], "item %u: the clock stands at %" PRIu64, item, t[0]);
   }
}

/* Only some work-items read it, and these not each time. */
static void
test_branches(const void *arg)
{
   static const char source[] = "kernel void test(global ulong *out) {\n"
                                "   size_t item = get_global_id(0);\n"
                                "   ulong first = NOW(), last = first;\n"
                                "   for (size_t i = 0; i < item % 7; i++)\n"
                                "      if ((item + i) % 3 == 0) last = NOW();\n"
                                "   out[2 * item] = first;\n"
                                "   out[2 * item + 1] = last;\n"
                                "}\n";
   need_clock(arg);
   const uint64_t *out = run(clock_kernel(arg, source), NUM_ITEMS * 2);

   for (unsigned item = 0; item < NUM_ITEMS; item++) {
      bool reads_again = false;

      for (unsigned i = 0; i < item % 7; i++)
         reads_again |= (item + i) % 3 == 0;
      CLT_CHECK(reads_again ? out[2 * item + 1] >= out[2 * item]
                            : out[2 * item + 1] == out[2 * item],
                "item %u: %" PRIu64 " and then %" PRIu64, item, out[2 * item], out[2 * item + 1]);
   }
}

/* What any work-item read before a barrier is not after what any of its group read behind it. */
static void
test_barrier(const void *arg)
{
   static const char source[] = "kernel void test(global ulong *out) {\n"
                                "   size_t item = get_global_id(0);\n"
                                "   out[2 * item] = NOW();\n"
                                "   barrier(CLK_LOCAL_MEM_FENCE);\n"
                                "   out[2 * item + 1] = NOW();\n"
                                "}\n";
   need_clock(arg);
   const uint64_t *out = run(clock_kernel(arg, source), NUM_ITEMS * 2);

   for (unsigned group = 0; group < NUM_ITEMS; group += GROUP_SIZE) {
      uint64_t last_before = 0, first_after = UINT64_MAX;

      for (unsigned item = group; item < group + GROUP_SIZE; item++) {
         if (out[2 * item] > last_before)
            last_before = out[2 * item];
         if (out[2 * item + 1] < first_after)
            first_after = out[2 * item + 1];
      }
      CLT_CHECK(last_before <= first_after,
                "group at %u: %" PRIu64 " before the barrier, %" PRIu64 " after it", group,
                last_before, first_after);
   }
}

/* The clock of the device is one for all its commands. */
static void
test_commands(const void *arg)
{
   static const char source[] =
      "kernel void test(global ulong *out) { out[get_global_id(0)] = NOW(); }\n";
   uint64_t last = 0;

   need_clock(arg);
   cl_kernel kernel = clock_kernel(arg, source);
   for (unsigned i = 0; i < 8; i++) {
      const uint64_t *out = run(kernel, NUM_ITEMS);
      uint64_t first = UINT64_MAX, end = 0;

      for (unsigned item = 0; item < NUM_ITEMS; item++) {
         if (out[item] < first)
            first = out[item];
         if (out[item] > end)
            end = out[item];
      }
      CLT_CHECK(first >= last, "command %u reads %" PRIu64 " after %" PRIu64, i, first, last);
      last = end;
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "the clocks of kernels");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(scopes); i++) {
      clt_run(test_reads, &scopes[i], "%s: reads", scopes[i].name);
      clt_run(test_branches, &scopes[i], "%s: branches", scopes[i].name);
   }
   for (unsigned i = 0; i < 2; i++)
      clt_run(test_barrier, &scopes[i], "%s: barrier", scopes[i].name);
   clt_run(test_commands, &scopes[0], "device: commands");
   return clt_done();
}
