// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* device-query: lists every OpenCL device, tells what the chosen one can do, and runs one kernel on
 * it.
 *
 * Check: the kernel sees the same version, sizes, byte order and address width that the API
 * reports. */

#include "common.h"
#include "device-query.cl.h"

#include <stdio.h>
#include <string.h>

static const char *
text_info(cl_device_id device, cl_device_info info)
{
   static char text[8192];

   memset(text, 0, sizeof(text));
   EX_CALL(clGetDeviceInfo(device, info, sizeof(text) - 1, text, NULL));
   return text;
}

static uint64_t
number_info(cl_device_id device, cl_device_info info)
{
   uint64_t value = 0; /* 32-bit answers fill the low half: hosts are little-endian */

   EX_CALL(clGetDeviceInfo(device, info, sizeof(value), &value, NULL));
   return value;
}

static const char *
type_name(cl_device_type type)
{
   return type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
          : type & CL_DEVICE_TYPE_GPU       ? "GPU"
          : type & CL_DEVICE_TYPE_CPU       ? "CPU"
                                            : "custom";
}

static void
list_devices(void)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;

   EX_CALL(clGetPlatformIDs(16, platforms, &num_platforms));
   for (cl_uint p = 0; p < num_platforms && p < 16; p++) {
      cl_device_id devices[16];
      cl_uint num_devices = 0;
      char name[256] = "", version[256] = "";

      EX_CALL(clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof(name), name, NULL));
      EX_CALL(clGetPlatformInfo(platforms[p], CL_PLATFORM_VERSION, sizeof(version), version, NULL));
      ex_report("platform", "%s, %s", name, version);
      if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 16, devices, &num_devices) != CL_SUCCESS)
         continue;
      for (cl_uint d = 0; d < num_devices && d < 16; d++)
         ex_report("", "- %s: %s", type_name(number_info(devices[d], CL_DEVICE_TYPE)),
                   text_info(devices[d], CL_DEVICE_NAME));
   }
}

static void
describe(cl_device_id d)
{
   ex_report("vendor", "%s", text_info(d, CL_DEVICE_VENDOR));
   ex_report("version", "%s", text_info(d, CL_DEVICE_VERSION));
   ex_report("driver", "%s", text_info(d, CL_DRIVER_VERSION));
   ex_report("profile", "%s", text_info(d, CL_DEVICE_PROFILE));
   ex_report("cores", "%u at %u MHz", (unsigned)number_info(d, CL_DEVICE_MAX_COMPUTE_UNITS),
             (unsigned)number_info(d, CL_DEVICE_MAX_CLOCK_FREQUENCY));
   ex_report("memory", "%.1f GB, largest buffer %.1f GB, %u KiB local",
             number_info(d, CL_DEVICE_GLOBAL_MEM_SIZE) * 1e-9,
             number_info(d, CL_DEVICE_MAX_MEM_ALLOC_SIZE) * 1e-9,
             (unsigned)(number_info(d, CL_DEVICE_LOCAL_MEM_SIZE) >> 10));
   ex_report("groups", "up to %u work-items",
             (unsigned)number_info(d, CL_DEVICE_MAX_WORK_GROUP_SIZE));
   ex_report("doubles", "%s", number_info(d, CL_DEVICE_DOUBLE_FP_CONFIG) ? "yes" : "no");
   ex_report("images", "%s", (cl_bool)number_info(d, CL_DEVICE_IMAGE_SUPPORT) ? "yes" : "no");
   ex_report("extends", "%s", text_info(d, CL_DEVICE_EXTENSIONS));
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "device-query",
      .what = "the OpenCL devices of this machine, and a kernel that asks the chosen one",
   };
   ex_open(&ex, argc, argv);
   list_devices();
   describe(ex.device);

   const size_t global = 64, local = 16;
   uint32_t seen[7] = {0};
   cl_mem out = ex_buffer(&ex, CL_MEM_READ_WRITE, sizeof(seen), seen);
   cl_kernel kernel = ex_kernel(ex_program(&ex, device_query_cl, "-cl-std=CL3.0"), "query");
   ex_arg(kernel, 0, out);
   double time_ms = ex_launch(&ex, kernel, 1, &global, &local);
   ex_read(&ex, out, sizeof(seen), seen);

   unsigned major = 0, minor = 0;
   sscanf(text_info(ex.device, CL_DEVICE_VERSION), "OpenCL %u.%u", &major, &minor);
   const uint32_t expected[7] = {
      major * 100 + minor * 10,
      global,
      local,
      global / local,
      1,
      (cl_bool)number_info(ex.device, CL_DEVICE_ENDIAN_LITTLE),
      (cl_uint)number_info(ex.device, CL_DEVICE_ADDRESS_BITS),
   };
   ex_report("time", "%.3f ms on the device", time_ms);
   for (int i = 0; i < 7; i++) {
      static const char *const names[7] = {"the OpenCL version", "the global size",
                                           "the local size",     "the number of groups",
                                           "the dimensions",     "the byte order",
                                           "the address width"};
      if (seen[i] != expected[i])
         return ex_finish(&ex, false, "%s: the kernel sees %u, the API says %u", names[i], seen[i],
                          expected[i]);
   }
   return ex_finish(&ex, true, " ");
}
