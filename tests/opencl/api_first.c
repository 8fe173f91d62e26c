// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The smallest whole path: a device is there, a buffer keeps its bytes, a kernel computes.
 * Everything else under tests/opencl assumes these. */

#include "cl_test.h"

#include <math.h>
#include <string.h>

static void
device_is_accelerator(const void *arg)
{
   cl_device_type type = 0;
   char version[128] = "";

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_TYPE, sizeof(type), &type, NULL));
   CLT_CHECK(type & CL_DEVICE_TYPE_ACCELERATOR, "type is 0x%llx", (unsigned long long)type);
   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_VERSION, sizeof(version), version, NULL));
   CLT_CHECK(!strncmp(version, "OpenCL 3.0", 10), "version is \"%s\"", version);
}

static void
buffer_keeps_bytes(const void *arg)
{
   uint8_t in[1235], out[sizeof(in)];
   uint64_t rng = clt.seed;

   for (size_t i = 0; i < sizeof(in); i++)
      in[i] = (uint8_t)clt_random(&rng);
   memset(out, 0, sizeof(out));
   cl_mem buf = clt_buffer(sizeof(in), NULL);
   clt_write(buf, 0, sizeof(in), in);
   clt_read(buf, 0, sizeof(out), out);
   CLT_CHECK(!memcmp(in, out, sizeof(in)), "the buffer does not hold what was written");
}

static void
saxpy(const void *arg)
{
   enum {
      N = 4099
   };
   static float x[N], y[N], want[N];
   const float a = 1.5f;
   cl_kernel k = clt_kernel("kernel void saxpy(float a, global const float *x, global float *y)\n"
                            "{ size_t i = get_global_id(0); y[i] = fma(a, x[i], y[i]); }\n",
                            "", "saxpy");

   for (int i = 0; i < N; i++) {
      x[i] = (float)i * 0.25f;
      y[i] = 1000.0f - (float)i;
      want[i] = fmaf(a, x[i], y[i]);
   }
   cl_mem bx = clt_buffer(sizeof(x), x), by = clt_buffer(sizeof(y), y);
   clt_arg(k, 0, sizeof(a), &a);
   clt_arg_mem(k, 1, bx);
   clt_arg_mem(k, 2, by);
   clt_launch_1d(k, N, 0);
   clt_read(by, 0, sizeof(y), y);
   for (int i = 0; i < N; i++)
      CLT_CHECK(y[i] == want[i], "y[%d] is %a, expected %a", i, y[i], want[i]);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "the first path through the whole stack");
   clt_run(device_is_accelerator, NULL, "device_is_accelerator");
   clt_run(buffer_keeps_bytes, NULL, "buffer_keeps_bytes");
   clt_run(saxpy, NULL, "saxpy");
   return clt_done();
}
