// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Shared virtual memory, coarse and fine grain buffers: allocations of many sizes, pointers inside
 * of the memory that both sides follow, copies, fills and maps in the order of the queue, buffers
 * made of such memory, and addresses of the host that are none of the device's business. */

#include "cl_api.h"

#include <stdlib.h>
#include <string.h>

static cl_device_svm_capabilities
need_svm(cl_device_svm_capabilities wanted)
{
   cl_device_svm_capabilities caps = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps, NULL));
   if ((caps & wanted) != wanted)
      clt_skip("the device's SVM capabilities are only 0x%llx", (unsigned long long)caps);
   return caps;
}

static void
free_svm(void *memory)
{
   clFinish(clt.queue);
   clSVMFree(clt.context, memory);
}

static void *
svm_alloc(cl_svm_mem_flags flags, size_t size_B)
{
   void *memory = clSVMAlloc(clt.context, CL_MEM_READ_WRITE | flags, size_B, 0);

   if (!memory)
      clt_fatal("clSVMAlloc of %zu bytes failed", size_B);
   clt_defer(free_svm, memory);
   return memory;
}

static void
map(void *memory, size_t size_B)
{
   CLT_CALL(clEnqueueSVMMap(clt.queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, memory, size_B, 0, NULL,
                            NULL));
}

static void
unmap(void *memory)
{
   CLT_CALL(clEnqueueSVMUnmap(clt.queue, memory, 0, NULL, NULL));
}

struct node {
   cl_ulong next; /* struct node * on both sides */
   cl_int value, sum;
};

/* A list that the host links and the device walks, and the other way round. */
static void
test_list(const void *arg)
{
   static const char source[] =
      "typedef struct node { global struct node *next; int value, sum; } node;\n"
      "kernel void walk(global node *first) {\n"
      "   int sum = 0;\n"
      "   for (global node *n = first; n; n = n->next) { sum += n->value; n->sum = sum; }\n"
      "}\n"
      "kernel void link(global node *nodes, int step, int count) {\n"
      "   int i = get_global_id(0);\n"
      "   nodes[i].next = i == count - 1 ? 0 : &nodes[i + step];\n"
      "   if (i == count - 1) nodes[0].value = -1;\n"
      "}\n";
   enum {
      COUNT = 300
   };

   need_svm(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
   struct node *nodes = svm_alloc(0, COUNT * sizeof(*nodes));
   struct node *other = svm_alloc(0, COUNT * sizeof(*other));
   cl_program program = clt_program(source, "");
   cl_kernel walk = clt_kernel_of(program, "walk");

   map(nodes, COUNT * sizeof(*nodes));
   map(other, COUNT * sizeof(*other));
   for (int i = 0; i < COUNT; i++) { /* alternates between the allocations */
      struct node *from = i & 1 ? other : nodes, *to = i & 1 ? nodes : other;
      from[i] = (struct node){i == COUNT - 1 ? 0 : (uintptr_t)&to[i + 1], i * 3 - 100, 0};
   }
   unmap(nodes);
   unmap(other);
   const void *both[] = {nodes, other};
   CLT_CALL(clSetKernelExecInfo(walk, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(both), both));
   CLT_CALL(clSetKernelArgSVMPointer(walk, 0, nodes));
   clt_launch_1d(walk, 1, 1);
   map(nodes, COUNT * sizeof(*nodes));
   map(other, COUNT * sizeof(*other));
   int sum = 0;
   for (int i = 0; i < COUNT; i++) {
      sum += i * 3 - 100;
      const struct node *n = &(i & 1 ? other : nodes)[i];
      CLT_CHECK(n->sum == sum, "node %d: sum is %d, expected %d", i, n->sum, sum);
   }

   /* The device links, the host walks. */
   struct node *linked = svm_alloc(0, COUNT * sizeof(*linked));
   cl_kernel link = clt_kernel_of(program, "link");
   CLT_CALL(clSetKernelArgSVMPointer(link, 0, linked));
   clt_arg_i32(link, 1, 1);
   clt_arg_i32(link, 2, COUNT);
   clt_launch_1d(link, COUNT, 0);
   map(linked, COUNT * sizeof(*linked));
   int steps = 0;
   for (const struct node *n = linked; n && steps <= COUNT;
        n = (const struct node *)(uintptr_t)n->next, steps++)
      CLT_CHECK(n == &linked[steps], "step %d is not node %d", steps, steps);
   CLT_CHECK(steps == COUNT, "the list has %d nodes", steps);
   CLT_CHECK(linked[0].value == -1, "value %d", linked[0].value);
}

/* Commands on SVM happen in the order of the queue, also those the CPU executes. */
static void
test_order(const void *arg)
{
   static const char source[] =
      "kernel void add(global uint *p, uint n) { p[get_global_id(0)] += n; }\n";
   enum {
      COUNT = 1 << 18
   };
   const size_t size_B = COUNT * 4;
   const cl_uint pattern = 7;

   need_svm(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
   uint32_t *a = svm_alloc(0, size_B), *b = svm_alloc(0, size_B);
   cl_kernel add = clt_kernel(source, "", "add");
   size_t global = COUNT;

   CLT_CALL(clEnqueueSVMMemFill(clt.queue, a, &pattern, sizeof(pattern), size_B, 0, NULL, NULL));
   for (int round = 0; round < 3; round++) {
      CLT_CALL(clSetKernelArgSVMPointer(add, 0, a));
      clt_arg_i32(add, 1, 5);
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, add, 1, NULL, &global, NULL, 0, NULL, NULL));
      CLT_CALL(clEnqueueSVMMemcpy(clt.queue, CL_FALSE, b, a, size_B, 0, NULL, NULL));
      CLT_CALL(clSetKernelArgSVMPointer(add, 0, b));
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, add, 1, NULL, &global, NULL, 0, NULL, NULL));
      CLT_CALL(clEnqueueSVMMemcpy(clt.queue, CL_FALSE, a, b, size_B, 0, NULL, NULL));
   }
   map(a, size_B);
   for (size_t i = 0; i < COUNT && !clt_failed(); i++)
      CLT_CHECK(a[i] == 7 + 6 * 5, "a[%zu] is %u, expected %u", i, a[i], 7 + 6 * 5);
}

/* Fine grain: no maps, the host writes and reads between the commands. */
static void
test_fine_grain(const void *arg)
{
   static const char source[] = "kernel void twice(global int *p) { p[get_global_id(0)] *= 2; }\n";

   need_svm(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
   int32_t *p = svm_alloc(CL_MEM_SVM_FINE_GRAIN_BUFFER, 5000 * 4);
   cl_kernel kernel = clt_kernel(source, "", "twice");
   CLT_CALL(clSetKernelArgSVMPointer(kernel, 0, p + 1000));
   for (int round = 1; round < 5; round++) {
      for (int i = 0; i < 5000; i++)
         p[i] = i * round;
      clt_launch_1d(kernel, 3000, 0);
      for (int i = 0; i < 5000 && !clt_failed(); i++) {
         int want = i * round * (i >= 1000 && i < 4000 ? 2 : 1);
         CLT_CHECK(p[i] == want, "round %d: p[%d] is %d, expected %d", round, i, p[i], want);
      }
   }
}

/* A buffer object in SVM is that memory. */
static void
test_buffer(const void *arg)
{
   static const char source[] = "kernel void test(global int *a, global int *b) { "
                                "a[get_global_id(0)] += 1; b[get_global_id(0)] += 10; }\n";

   need_svm(CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
   int32_t *p = svm_alloc(CL_MEM_SVM_FINE_GRAIN_BUFFER, 1000 * 4);
   cl_bool uses_svm = 0;

   memset(p, 0, 1000 * 4);
   cl_mem buffer = clt_mem(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, 1000 * 4, p);
   CLT_CALL(clGetMemObjectInfo(buffer, CL_MEM_USES_SVM_POINTER, sizeof(uses_svm), &uses_svm, NULL));
   CLT_CHECK(uses_svm, "CL_MEM_USES_SVM_POINTER is false");
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_mem(kernel, 0, buffer);
   CLT_CALL(clSetKernelArgSVMPointer(kernel, 1, p + 500));
   clt_launch_1d(kernel, 500, 0);
   for (int i = 0; i < 1000; i++)
      CLT_CHECK(p[i] == (i < 500 ? 1 : 10), "p[%d] is %d", i, p[i]);
   CLT_CALL(clEnqueueFillBuffer(clt.queue, buffer, &(cl_int){77}, 4, 400, 800, 0, NULL, NULL));
   CLT_CALL(clFinish(clt.queue));
   for (int i = 100; i < 300; i++)
      CLT_CHECK(p[i] == 77, "after the fill p[%d] is %d", i, p[i]);
}

/* Many sizes, freed in another order, never two at one place; the last through the queue. */
static void
test_allocations(const void *arg)
{
   static const size_t sizes_B[] = {1,    3,     64,      4095,          4096,
                                    4097, 65536, 1 << 20, (1 << 21) + 5, 6 << 20};
   enum {
      COUNT = 40
   };
   struct {
      unsigned char *memory;
      size_t size_B;
   } all[COUNT];

   need_svm(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
   cl_kernel kernel = clt_kernel(
      "kernel void mark(global uchar *p, ulong last) { p[0] = 1; p[last] += 2; }", "", "mark");
   for (int round = 0; round < 2; round++) {
      for (int i = 0; i < COUNT; i++) {
         all[i].size_B = sizes_B[(i * 7 + round) % CLT_ARRAY_SIZE(sizes_B)];
         all[i].memory = clSVMAlloc(clt.context, CL_MEM_READ_WRITE, all[i].size_B, i & 1 ? 64 : 0);
         if (!all[i].memory)
            clt_fatal("clSVMAlloc of %zu bytes failed", all[i].size_B);
         CLT_CHECK((uintptr_t)all[i].memory % 128 == 0, "address %p", (void *)all[i].memory);
         cl_ulong last = all[i].size_B - 1;
         CLT_CALL(clSetKernelArgSVMPointer(kernel, 0, all[i].memory));
         clt_arg(kernel, 1, sizeof(last), &last);
         clt_launch_1d(kernel, 1, 1);
      }
      for (int i = 0; i < COUNT; i++) {
         map(all[i].memory, all[i].size_B);
         int want = all[i].size_B == 1 ? 3 : 2;
         CLT_CHECK(all[i].memory[all[i].size_B - 1] == want,
                   "size %zu: last byte is %d, expected %d", all[i].size_B,
                   all[i].memory[all[i].size_B - 1], want);
         unmap(all[i].memory);
      }
      CLT_CALL(clFinish(clt.queue));
      for (int i = 0; i < COUNT; i++) {
         void *memory = all[(i * 3) % COUNT].memory;
         if (i & 1)
            CLT_CALL(clEnqueueSVMFree(clt.queue, 1, &memory, NULL, NULL, 0, NULL, NULL));
         else
            clSVMFree(clt.context, memory);
      }
      CLT_CALL(clFinish(clt.queue));
   }
   CLT_CHECK(!clSVMAlloc(clt.context, CL_MEM_READ_WRITE, 0, 0), "0 bytes were allocated");
   CLT_CHECK(!clSVMAlloc(clt.context, CL_MEM_READ_WRITE, 64, 3), "an alignment of 3 was accepted");
}

/* Memory of the host that is not SVM stays out of reach: the launch fails, the memory is the same. */
static void
test_host_memory(const void *arg)
{
   cl_device_svm_capabilities caps = need_svm(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
   int *host = malloc(4096);
   size_t global = 1;

   if (caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM) {
      free(host);
      clt_skip("the device may access all memory of the host");
   }
   clt_fresh_context();
   clt_defer(free, host);
   host[0] = 1234;
   cl_kernel kernel = clt_kernel("kernel void test(global int *p) { p[0] = 1; }", "", "test");
   CLT_CALL(clSetKernelArgSVMPointer(kernel, 0, host));
   cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL);
   if (!error)
      error = clFinish(clt.queue);
   CLT_CHECK(error != CL_SUCCESS, "a kernel stored to memory of the host");
   CLT_CHECK(host[0] == 1234, "the host's memory is %d now", host[0]);
}

/* What clSetKernelExecInfo accepts: lists of pointers, an empty one to take them back, and the promise of
 * pointers to all memory only from a device that can reach it. */
static void
test_exec_info(const void *arg)
{
   cl_device_svm_capabilities caps = need_svm(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
   cl_kernel kernel = clt_kernel("kernel void test(global int *p) { p[0] = 1; }", "", "test");
   void *pointers[2] = {svm_alloc(0, 64), svm_alloc(0, 64)};
   cl_bool yes = CL_TRUE, no = CL_FALSE;
   const struct {
      const char *what;
      cl_kernel_exec_info name;
      size_t size_B;
      const void *value;
      cl_int want;
   } cases[] = {
      {"two pointers", CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(pointers), pointers, CL_SUCCESS},
      {"no pointers", CL_KERNEL_EXEC_INFO_SVM_PTRS, 0, NULL, CL_SUCCESS},
      {"pointers at NULL", CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(pointers), NULL, CL_INVALID_VALUE},
      {"half a pointer", CL_KERNEL_EXEC_INFO_SVM_PTRS, 4, pointers, CL_INVALID_VALUE},
      {"no fine grain", CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(no), &no, CL_SUCCESS},
      {"fine grain", CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(yes), &yes,
       (caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM) ? CL_SUCCESS : CL_INVALID_OPERATION},
      {"fine grain at NULL", CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(yes), NULL,
       CL_INVALID_VALUE},
      {"unknown", 0, sizeof(no), &no, CL_INVALID_VALUE},
   };

   for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      cl_int error = clSetKernelExecInfo(kernel, cases[i].name, cases[i].size_B, cases[i].value);
      CLT_CHECK(error == cases[i].want, "%s: %d, expected %d", cases[i].what, error, cases[i].want);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "shared virtual memory");
   clt_run(test_list, NULL, "list");
   clt_run(test_order, NULL, "order");
   clt_run(test_fine_grain, NULL, "fine_grain");
   clt_run(test_buffer, NULL, "buffer");
   clt_run(test_allocations, NULL, "allocations");
   clt_run(test_host_memory, NULL, "host_memory");
   clt_run(test_exec_info, NULL, "exec_info");
   return clt_done();
}
