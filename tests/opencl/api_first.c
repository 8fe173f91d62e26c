/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The smallest whole path: a device is there, a buffer keeps its bytes, a kernel computes.
 * Everything else under tests/opencl assumes these.
 */

#include "cl_test.h"

#include <string.h>

static void
device_is_accelerator(struct cl_test *t)
{
   cl_device_type type = CL_DEVICE_VALUE(t, cl_device_type, CL_DEVICE_TYPE);
   CL_CHECK(t, type & CL_DEVICE_TYPE_ACCELERATOR, "type is 0x%llx", (unsigned long long)type);
   CL_CHECK(t, CL_DEVICE_VALUE(t, cl_bool, CL_DEVICE_AVAILABLE), "device is not available");
   char version[128] = "";
   CL_OK(t, clGetDeviceInfo(t->device, CL_DEVICE_VERSION, sizeof(version), version, NULL));
   CL_CHECK(t, !strncmp(version, "OpenCL 3.0", 10), "version is \"%s\"", version);
}

static void
buffer_keeps_bytes(struct cl_test *t)
{
   uint8_t in[1234], out[sizeof(in)];
   cl_test_rand_fill(t, in, sizeof(in));
   cl_mem buf = cl_test_buffer(t, CL_MEM_READ_WRITE, sizeof(in), NULL);
   cl_test_write(t, buf, 0, sizeof(in), in);
   memset(out, 0, sizeof(out));
   cl_test_read(t, buf, 0, sizeof(out), out);
   cl_test_same_bytes(t, "buffer", out, in, sizeof(in));
}

static void
kernel_computes(struct cl_test *t)
{
   cl_test_computes(t, (struct cl_test_pair){t->context, t->queue}, "first kernel");
}

static void
saxpy(struct cl_test *t)
{
   enum {
      N = 4099
   };
   cl_kernel k =
      cl_test_kernel(t,
                     "kernel void saxpy(float a, global const float *x, global float *y)\n"
                     "{ size_t i = get_global_id(0); y[i] = fma(a, x[i], y[i]); }\n",
                     "saxpy");
   static float x[N], y[N], want[N];
   const float a = 1.5f;
   for (int i = 0; i < N; i++) {
      x[i] = (float)i * 0.25f;
      y[i] = 1000.0f - (float)i;
      want[i] = __builtin_fmaf(a, x[i], y[i]);
   }
   cl_mem bx = cl_test_buffer(t, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, sizeof(x), x);
   cl_mem by = cl_test_buffer(t, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof(y), y);
   CL_ARG(t, k, 0, a);
   CL_ARG(t, k, 1, bx);
   CL_ARG(t, k, 2, by);
   cl_test_launch(t, k, N, 0);
   cl_test_read(t, by, 0, sizeof(y), y);
   cl_test_same_f32(t, "y", y, want, N, 0);
}

static const struct cl_test_case cases[] = {
   CL_CASE(device_is_accelerator),
   CL_CASE(buffer_keeps_bytes),
   CL_CASE(kernel_computes),
   CL_CASE(saxpy),
};
CL_TEST_MAIN("first path", cases)
