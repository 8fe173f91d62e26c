/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * An OpenCL program with a kernel that faults: "vm-cl-fault stray" writes far past the end of a buffer
 * in one work-item of a two-dimensional grid, "vm-cl-fault spin" does not end. It checks that the
 * command fails, and leaves; what the kernel made of it is looked at by coredump.sh.
 */

#define CL_TARGET_OPENCL_VERSION 300

#include <CL/cl.h>
#include <stdio.h>
#include <string.h>

static const char source[] = "kernel void stray(global uint *p, uint n)\n"
                             "{\n"
                             "   uint x = get_global_id(0), y = get_global_id(1);\n"
                             "   p[x == 37 && y == 5 ? n : y * 64 + x] = x ^ y;\n"
                             "}\n"
                             "kernel void spin(global uint *p, uint n)\n"
                             "{\n"
                             "   while (p[n & 1] == 0)\n"
                             "      p[2] += 1;\n"
                             "}\n";

#define TRY(call)                                                                                  \
   do {                                                                                            \
      cl_int error_ = (call);                                                                      \
      if (error_ != CL_SUCCESS) {                                                                  \
         printf("%s: error %d\n", #call, error_);                                                  \
         return 1;                                                                                 \
      }                                                                                            \
   } while (0)

int
main(int argc, char **argv)
{
   const char *name = argc == 2 ? argv[1] : "stray";
   const size_t global[2] = {64, 8}, local[2] = {16, 4};
   const cl_uint n = 200000, zeros[512] = {0};
   cl_platform_id platform;
   cl_device_id device;
   cl_event event;
   cl_int error, status;

   TRY(clGetPlatformIDs(1, &platform, NULL));
   TRY(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device, NULL));
   cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
   TRY(error);
   cl_command_queue queue = clCreateCommandQueueWithProperties(context, device, NULL, &error);
   TRY(error);
   const char *text = source;
   cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &error);
   TRY(error);
   TRY(clBuildProgram(program, 1, &device, "", NULL, NULL));
   cl_kernel kernel = clCreateKernel(program, name, &error);
   TRY(error);
   cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof(zeros), (void *)zeros,
                                  &error);
   TRY(error);
   TRY(clSetKernelArg(kernel, 0, sizeof(buffer), &buffer));
   TRY(clSetKernelArg(kernel, 1, sizeof(n), &n));
   TRY(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, global, local, 0, NULL, &event));

   cl_int waited = clWaitForEvents(1, &event);
   TRY(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
   printf("clWaitForEvents says %d, the command ended with %d\n", waited, status);
   return waited == CL_SUCCESS || status >= 0;
}
