// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The NPU beside the devices of other OpenCL implementations in one process. */

#include "cl_api.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
   N = 2000,
   ROUNDS = 10
};

static const char source[] =
   "kernel void scramble(global const uint *a, global uint *b, uint k)\n"
   "{ size_t i = get_global_id(0); uint x = a[i];\n"
   "  for (uint r = 0; r < k; r++) x = (x ^ (x >> 15)) * 0x2c1b3c6du + r;\n"
   "  b[i] = x; }\n";

static void
model(const uint32_t *a, uint32_t *b, uint32_t k)
{
   for (int i = 0; i < N; i++) {
      uint32_t x = a[i];
      for (uint32_t r = 0; r < k; r++)
         x = (x ^ (x >> 15)) * 0x2c1b3c6du + r;
      b[i] = x;
   }
}

struct peer {
   pthread_t thread;
   cl_device_id device;
   char name[128];
   uint32_t in[N], out[ROUNDS][N];
   cl_int error;
};

static void *
run_peer(void *data)
{
   struct peer *p = data;
   const char *text = source;
   const size_t global = N;
   cl_int error = CL_SUCCESS;

   cl_context context = clCreateContext(NULL, 1, &p->device, NULL, NULL, &p->error);
   if (p->error != CL_SUCCESS)
      return NULL;
   cl_command_queue queue = clCreateCommandQueueWithProperties(context, p->device, NULL, &error);
   cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &error);
   error = clBuildProgram(program, 1, &p->device, "", NULL, NULL);
   cl_kernel kernel = error == CL_SUCCESS ? clCreateKernel(program, "scramble", &error) : NULL;
   cl_mem in = clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, sizeof(p->in),
                              p->in, NULL);
   cl_mem out = clCreateBuffer(context, CL_MEM_WRITE_ONLY, sizeof(p->out[0]), NULL, NULL);

   for (cl_uint r = 0; r < ROUNDS && error == CL_SUCCESS; r++) {
      clSetKernelArg(kernel, 0, sizeof(in), &in);
      clSetKernelArg(kernel, 1, sizeof(out), &out);
      clSetKernelArg(kernel, 2, sizeof(r), &r);
      error = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL);
      if (error == CL_SUCCESS)
         error = clEnqueueReadBuffer(queue, out, CL_TRUE, 0, sizeof(p->out[r]), p->out[r], 0, NULL,
                                     NULL);
   }
   clReleaseMemObject(in);
   clReleaseMemObject(out);
   if (kernel)
      clReleaseKernel(kernel);
   clReleaseProgram(program);
   clReleaseCommandQueue(queue);
   clReleaseContext(context);
   p->error = error;
   return NULL;
}

/* All devices of all platforms, this one first. */
static unsigned
all_devices(struct peer *peers, unsigned max)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;
   unsigned count = 1;

   peers[0].device = clt.device;
   CLT_CALL(clGetPlatformIDs(16, platforms, &num_platforms));
   for (cl_uint i = 0; i < num_platforms && i < 16; i++) {
      cl_device_id devices[8];
      cl_uint num_devices = 0;

      if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 8, devices, &num_devices) != CL_SUCCESS)
         continue;
      for (cl_uint d = 0; d < num_devices && d < 8 && count < max; d++) {
         if (devices[d] != clt.device)
            peers[count++].device = devices[d];
      }
   }
   for (unsigned i = 0; i < count; i++)
      CLT_CALL(clGetDeviceInfo(peers[i].device, CL_DEVICE_NAME, sizeof(peers[i].name),
                               peers[i].name, NULL));
   return count;
}

enum {
   MAX_PEERS = 4
};

static unsigned
prepare(struct peer *peers)
{
   unsigned count = all_devices(peers, MAX_PEERS);

   if (count < 2)
      clt_skip("no other OpenCL device is installed");
   for (unsigned i = 0; i < count; i++)
      clt_random_bytes(peers[i].in, sizeof(peers[i].in), i);
   return count;
}

static void
check(struct peer *peers, unsigned count)
{
   uint32_t *want = clt_alloc(N * 4);

   for (unsigned i = 0; i < count; i++) {
      CLT_CHECK(peers[i].error == CL_SUCCESS, "%s: %s", peers[i].name,
                cl_error_name(peers[i].error));
      for (uint32_t r = 0; r < ROUNDS && !clt_failed(); r++) {
         model(peers[i].in, want, r);
         clt_same_u32(peers[i].name, peers[i].out[r], want, N);
      }
   }
}

static void
one_after_the_other(const void *arg)
{
   struct peer *peers = clt_alloc(MAX_PEERS * sizeof(*peers));
   unsigned count = prepare(peers);

   for (unsigned i = 0; i < count; i++)
      run_peer(&peers[i]);
   check(peers, count);
}

static void
at_the_same_time(const void *arg)
{
   struct peer *peers = clt_alloc(MAX_PEERS * sizeof(*peers));
   unsigned count = prepare(peers);

   for (unsigned i = 0; i < count; i++) {
      if (pthread_create(&peers[i].thread, NULL, run_peer, &peers[i]))
         clt_fatal("pthread_create failed");
   }
   for (unsigned i = 0; i < count; i++)
      pthread_join(peers[i].thread, NULL);
   check(peers, count);
}

/* A fault on this device leaves the others alone. */
static void
others_survive_a_fault(const void *arg)
{
   struct peer *peers = clt_alloc(MAX_PEERS * sizeof(*peers));
   unsigned count = prepare(peers);
   const size_t one = 1;
   cl_event event;

   clt_fresh_context();
   cl_kernel k = clt_kernel("kernel void f(global int *p) { p[1024] = 1; }", "", "f");
   clt_arg_mem(k, 0, clt_buffer(4096, NULL));
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, &event));
   clt_own_event(event);
   CLT_EXPECT(clWaitForEvents(1, &event), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   for (unsigned i = 0; i < count; i++)
      run_peer(&peers[i]);
   check(peers, count);
}

/* The default device of the platform, and how it is found by type. */
static void
found_by_type(const void *arg)
{
   static const struct {
      cl_device_type type;
      const char *name;
   } types[] = {
      {CL_DEVICE_TYPE_ACCELERATOR, "ACCELERATOR"},
      {CL_DEVICE_TYPE_ALL, "ALL"},
      {CL_DEVICE_TYPE_DEFAULT, "DEFAULT"},
   };

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(types); i++) {
      cl_device_id devices[8];
      cl_uint count = 0;
      bool found = false;

      CLT_CALL(clGetDeviceIDs(clt.platform, types[i].type, 8, devices, &count));
      for (cl_uint d = 0; d < count && d < 8; d++)
         found |= devices[d] == clt.device;
      CLT_CHECK(found, "CL_DEVICE_TYPE_%s does not give the device", types[i].name);
   }
   cl_uint count = 0;
   CLT_EXPECT(clGetDeviceIDs(clt.platform, CL_DEVICE_TYPE_CUSTOM, 0, NULL, &count),
              CL_DEVICE_NOT_FOUND);
   CLT_EXPECT(clGetDeviceIDs(clt.platform, 0, 0, NULL, &count), CL_INVALID_DEVICE_TYPE);
}

/* Where add_system_drivers() puts links to drivers. */
static char directory[] = "/tmp/npu-vendors-XXXXXX";

static void
remove_links(void)
{
   char path[PATH_MAX];

   DIR *dir = opendir(directory);
   for (struct dirent *e; dir && (e = readdir(dir));) {
      snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
      if (strstr(e->d_name, ".icd"))
         unlink(path);
   }
   if (dir)
      closedir(dir);
   rmdir(directory);
}

/* A test run names the NPU's driver alone in OCL_ICD_VENDORS. This test wants the others as well: it makes a
 * directory of all. Before the first OpenCL call.
 */
static void
add_system_drivers(void)
{
   static const char system_drivers[] = "/etc/OpenCL/vendors";
   const char *only = getenv("OCL_ICD_VENDORS");
   size_t length = only ? strlen(only) : 0;
   char path[PATH_MAX];

   if (length < 4 || strcmp(only + length - 4, ".icd") || !mkdtemp(directory))
      return;
   atexit(remove_links);
   snprintf(path, sizeof(path), "%s/tested.icd", directory);
   if (symlink(only, path))
      return;
   DIR *dir = opendir(system_drivers);
   for (struct dirent *e; dir && (e = readdir(dir));) {
      char target[PATH_MAX];

      if (!strstr(e->d_name, ".icd"))
         continue;
      snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
      snprintf(target, sizeof(target), "%s/%s", system_drivers, e->d_name);
      if (symlink(target, path))
         fprintf(stderr, "%s: %s\n", path, strerror(errno));
   }
   if (dir)
      closedir(dir);
   setenv("OCL_ICD_VENDORS", directory, 1);
}

int
main(int argc, char **argv)
{
   add_system_drivers();
   clt_init(argc, argv, "the device beside others");
   clt_run_fresh(found_by_type, NULL);
   clt_run_fresh(one_after_the_other, NULL);
   clt_run_fresh(at_the_same_time, NULL);
   clt_run_fresh(others_survive_a_fault, NULL);
   return clt_done();
}
