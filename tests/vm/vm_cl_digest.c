/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Digests of what kernels compute, to compare the stack on two transports: every kernel runs over the same
 * pseudo-random numbers in several shapes, and a line is printed for each buffer it wrote. The lines must not
 * depend on the transport, the number of cores or the host's processor. NaNs are counted as one value each:
 * sign and payload are the device's choice.
 */

#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 4096u
#define WORDS (ITEMS * 4)

/* Each takes (in, out, n): in and out are WORDS words of 32 bits. */
static const char *const names[] = {
   "integers", "longs",    "floats",    "halves", "math",  "convert",
   "selects",  "shuffles", "local_sum", "atomic", "loops", "gather",
};
#define NUM_KERNELS (sizeof(names) / sizeof(names[0]))

static const char source[] =
   "#define I uint g = get_global_id(0), l = get_local_id(0)\n"
   "kernel void integers(global const uint4 *in, global uint4 *out, uint n) { I;\n"
   "  uint4 a = in[g], b = in[(g + 1) % n];\n"
   "  out[g] = a * b + mul_hi(a, b) + rotate(a, b) - popcount(a) + a / (b | 1) + a % (b | 3) +\n"
   "           clz(b) + abs_diff(a, b) + add_sat(a, b) + hadd(a, b); }\n"
   "kernel void longs(global const ulong2 *in, global ulong2 *out, uint n) { I;\n"
   "  ulong2 a = in[g], b = in[(g + 7) % n];\n"
   "  out[g] = a * b + mul_hi(a, b) + (a >> (b & 63)) - a / (b | 1) + rotate(a, b); }\n"
   "kernel void floats(global const float4 *in, global float4 *out, uint n) { I;\n"
   "  float4 a = in[g], b = in[(g + 3) % n];\n"
   "  out[g] = fma(a, b, a - b) / (a + b) + sqrt(fabs(b)) + fmod(a, b) + floor(a) * rint(b); }\n"
   "kernel void halves(global const float4 *in, global float4 *out, uint n) { I;\n"
   "  global half *h = (global half *)out; float4 a = in[g] * 0.01f;\n"
   "  vstore_half4_rte(a, 2 * g, h); vstore_half4_rtz(a, 2 * g + 1, h);\n"
   "  out[g] = vload_half4(2 * g, h) - vload_half4(2 * g + 1, h) * 2; }\n"
   "kernel void math(global const float4 *in, global float4 *out, uint n) { I;\n"
   "  float4 a = in[g] * 1e-3f;\n"
   "  out[g] = sin(a) + exp(-fabs(a)) * log(fabs(a) + 1) + atan2(a, a.yzwx) + pow(fabs(a), 0.3f) "
   "+\n"
   "           tanh(a) + cbrt(a) + native_rsqrt(fabs(a) + 1); }\n"
   "kernel void convert(global const float4 *in, global int4 *out, uint n) { I;\n"
   "  float4 a = in[g];\n"
   "  out[g] = convert_int4_sat_rtz(a) ^ convert_int4_sat_rtp(a * 0.1f) ^\n"
   "           convert_int4(convert_short4_sat(a)) ^ convert_int4(convert_uchar4_sat_rte(a)) ^\n"
   "           as_int4(convert_float4_rtn(convert_int4_sat(a * 1e5f))); }\n"
   "kernel void selects(global const int4 *in, global int4 *out, uint n) { I;\n"
   "  int4 a = in[g], b = in[(g + 11) % n], r = a;\n"
   "  if (a.x > b.x) { r = max(a, b); if (a.y & 1) r += b; else r -= b; }\n"
   "  else if (a.z < 0) r = min(a, b) * 3; else if (g & 2) r = ~a;\n"
   "  out[g] = r; }\n"
   "kernel void shuffles(global const uchar16 *in, global uchar16 *out, uint n) { I;\n"
   "  uchar16 a = in[g]; out[g] = shuffle2(a, in[(g + 1) % n], a & (uchar16)(31)); }\n"
   "kernel void local_sum(global const uint4 *in, global uint4 *out, uint n) { I;\n"
   "  local uint4 t[256]; t[l] = in[g]; barrier(CLK_LOCAL_MEM_FENCE);\n"
   "  for (uint s = get_local_size(0) / 2; s; s /= 2) {\n"
   "    if (l < s) t[l] += t[l + s]; barrier(CLK_LOCAL_MEM_FENCE); }\n"
   "  out[g] = t[0] + in[g]; }\n"
   "kernel void atomic(global const uint4 *in, volatile global uint *out, uint n) { I;\n"
   "  atomic_add(&out[in[g].x % 64], in[g].y); atomic_max(&out[64 + in[g].y % 64], in[g].z);\n"
   "  atomic_xor(&out[128 + in[g].z % 64], in[g].w); atomic_inc(&out[192]); }\n"
   "kernel void loops(global const uint4 *in, global uint4 *out, uint n) { I;\n"
   "  uint4 a = in[g]; uint r = 0; float f = 1;\n"
   "  for (uint i = 0; i < (a.x & 63); i++) { r = r * 33 + a.y; if ((r & 255) == 7) break;\n"
   "    for (uint j = i; j < (a.z & 7); j++) f = f * 0.99f + j; }\n"
   "  out[g] = (uint4)(r, as_uint(f), a.x, r ^ a.w); }\n"
   "kernel void gather(global const uint *in, global uint4 *out, uint n) { I;\n"
   "  uint p = g; for (uint i = 0; i < 8; i++) p = (in[p] ^ p) % (n * 4);\n"
   "  out[g] = vload4(p % n, in) + in[p]; }\n";

static uint64_t random_state = 1;

static uint64_t
next_random(void)
{
   uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

   z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
   z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
   return z ^ (z >> 31);
}

static void
check(cl_int error, const char *what)
{
   if (error) {
      fprintf(stderr, "vm-cl-digest: %s: error %d\n", what, error);
      exit(1);
   }
}

/* FNV-1a. */
static uint64_t
digest(uint8_t *data, size_t size_B, bool floats)
{
   uint64_t hash = 0xcbf29ce484222325ull;

   for (size_t i = 0; floats && i < size_B; i += 4) {
      float f;
      memcpy(&f, data + i, 4);
      if (f != f)
         memset(data + i, 0xff, 4);
   }
   for (size_t i = 0; i < size_B; i++)
      hash = (hash ^ data[i]) * 0x100000001b3ull;
   return hash;
}

static cl_device_id
find_npu(void)
{
   cl_platform_id platforms[16];
   cl_uint count = 0;

   check(clGetPlatformIDs(16, platforms, &count), "clGetPlatformIDs");
   for (cl_uint i = 0; i < count && i < 16; i++) {
      cl_device_id device;
      char name[256] = "";
      if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ACCELERATOR, 1, &device, NULL))
         continue;
      clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(name), name, NULL);
      if (strstr(name, "NPU"))
         return device;
   }
   fprintf(stderr, "vm-cl-digest: there is no NPU\n");
   exit(1);
}

int
main(void)
{
   static const size_t local_sizes[] = {32, 64, 256};
   static uint32_t in[WORDS], out[WORDS];
   cl_device_id device = find_npu();
   const char *text = source;
   cl_int error;

   cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
   check(error, "clCreateContext");
   cl_command_queue queue = clCreateCommandQueueWithProperties(context, device, NULL, &error);
   check(error, "clCreateCommandQueueWithProperties");
   cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &error);
   check(error, "clCreateProgramWithSource");
   if (clBuildProgram(program, 1, &device, "-cl-std=CL3.0", NULL, NULL)) {
      static char log[8192];
      clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log) - 1, log, NULL);
      fprintf(stderr, "vm-cl-digest: %s\n", log);
      return 1;
   }
   cl_mem from = clCreateBuffer(context, CL_MEM_READ_ONLY, sizeof(in), NULL, &error);
   check(error, "clCreateBuffer");
   cl_mem to = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof(out), NULL, &error);
   check(error, "clCreateBuffer");

   for (unsigned k = 0; k < NUM_KERNELS; k++) {
      /* Of the kernels above: floats, halves, math; convert takes floats and gives integers. */
      bool takes_floats = k >= 2 && k <= 5, gives_floats = k >= 2 && k <= 4;
      const cl_uint n = ITEMS, zero = 0;
      cl_kernel kernel = clCreateKernel(program, names[k], &error);
      check(error, names[k]);

      for (unsigned i = 0; i < WORDS; i++) {
         in[i] = (uint32_t)next_random();
         float f = (float)(int32_t)in[i] * 1e-6f;
         if (takes_floats && i % 97)
            memcpy(&in[i], &f, 4);
      }
      check(clEnqueueWriteBuffer(queue, from, CL_TRUE, 0, sizeof(in), in, 0, NULL, NULL), "write");
      check(clSetKernelArg(kernel, 0, sizeof(from), &from), "clSetKernelArg");
      check(clSetKernelArg(kernel, 1, sizeof(to), &to), "clSetKernelArg");
      check(clSetKernelArg(kernel, 2, sizeof(n), &n), "clSetKernelArg");
      for (unsigned s = 0; s < sizeof(local_sizes) / sizeof(local_sizes[0]); s++) {
         const size_t global = ITEMS;
         check(clEnqueueFillBuffer(queue, to, &zero, sizeof(zero), 0, sizeof(out), 0, NULL, NULL),
               "clEnqueueFillBuffer");
         check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local_sizes[s], 0, NULL,
                                      NULL),
               "clEnqueueNDRangeKernel");
         check(clEnqueueReadBuffer(queue, to, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL),
               "clEnqueueReadBuffer");
         printf("%s %zu %016llx\n", names[k], local_sizes[s],
                (unsigned long long)digest((uint8_t *)out, sizeof(out), gives_floats));
      }
      clReleaseKernel(kernel);
   }
   clReleaseMemObject(to);
   clReleaseMemObject(from);
   clReleaseProgram(program);
   clReleaseCommandQueue(queue);
   clReleaseContext(context);
   return 0;
}
