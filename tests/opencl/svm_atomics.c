// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Atomics of the device and the host on the same memory (CL_DEVICE_SVM_ATOMICS): both change the same words at the same
 * time and no change is lost, and they hand data to each other by flags with acquire and release, in a kernel that runs
 * all the while. Needs NPU_DEBUG=svmatomics. */

#include "cl_api.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum {
   ITEMS = 256,
   ROUNDS = 200,    /* changes of each work-item */
   HANDOVERS = 200, /* from the host to the device and back */
   TIMEOUT_S = 20,
};

static void
free_svm(void *memory)
{
   clFinish(clt.queue);
   clSVMFree(clt.context, memory);
}

static void *
shared(size_t size_B)
{
   const cl_device_svm_capabilities wanted = CL_DEVICE_SVM_FINE_GRAIN_BUFFER |
                                             CL_DEVICE_SVM_ATOMICS;
   cl_device_svm_capabilities caps = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps), &caps, NULL));
   if ((caps & wanted) != wanted)
      clt_skip("the device's SVM capabilities are only 0x%llx", (unsigned long long)caps);

   void *memory = clSVMAlloc(clt.context,
                             CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS,
                             size_B, 0);
   if (!memory)
      clt_fatal("clSVMAlloc of %zu bytes failed", size_B);
   clt_defer(free_svm, memory);
   memset(memory, 0, size_B);
   return memory;
}

/* Starts a kernel whose only argument is the memory. */
static void
start(const char *source, void *memory, size_t items)
{
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");

   CLT_CALL(clSetKernelArgSVMPointer(kernel, 0, memory));
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL));
   CLT_CALL(clFlush(clt.queue));
}

static void
test_capabilities(const void *arg)
{
   cl_device_atomic_capabilities memory = 0, fences = 0;

   shared(64);
   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES, sizeof(memory),
                            &memory, NULL));
   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_ATOMIC_FENCE_CAPABILITIES, sizeof(fences),
                            &fences, NULL));
   CLT_CHECK(memory & fences & CL_DEVICE_ATOMIC_SCOPE_ALL_DEVICES,
             "no scope of all devices: 0x%" PRIx64 ", 0x%" PRIx64, memory, fences);
   clt_program("#ifndef __opencl_c_atomic_scope_all_devices\n"
               "#error the feature is missing\n"
               "#endif\n"
               "kernel void f(global int *p) { p[0] = memory_scope_all_devices; }\n",
               "-cl-std=CL3.0");
}

struct counters {
   _Atomic uint32_t sum, exchanged, bits;
   _Atomic int32_t least, most;
   _Atomic uint64_t wide;
   _Atomic uint32_t started;
};

/* What a work-item does, the host does as well, as if it were one more. */
static void
test_no_change_is_lost(const void *arg)
{
   static const char source[] =
      "#define ALL memory_order_relaxed, memory_scope_all_devices\n"
      "struct counters { atomic_uint sum, exchanged, bits; atomic_int least, most; atomic_ulong "
      "wide;\n"
      "                  atomic_uint started; };\n"
      "kernel void test(global struct counters *c) {\n"
      "   int item = get_global_id(0);\n"
      "   atomic_store_explicit(&c->started, 1, ALL);\n"
      "   for (int i = 0; i < 200; i++) {\n"
      "      atomic_fetch_add_explicit(&c->sum, 3, ALL);\n"
      "      atomic_fetch_xor_explicit(&c->bits, 1u << (item & 31), ALL);\n"
      "      atomic_fetch_min_explicit(&c->least, -(item + i), ALL);\n"
      "      atomic_fetch_max_explicit(&c->most, item * 10 + i, ALL);\n"
      "      atomic_fetch_add_explicit(&c->wide, 1ul << 33, ALL);\n"
      "      uint old = atomic_load_explicit(&c->exchanged, ALL);\n"
      "      while (!atomic_compare_exchange_weak_explicit(&c->exchanged, &old, old + 5,\n"
      "                memory_order_relaxed, memory_order_relaxed, memory_scope_all_devices)) {}\n"
      "   }\n"
      "}\n";
   struct counters *c = shared(sizeof(*c));
   const double end = clt_seconds() + TIMEOUT_S;

   start(source, c, ITEMS);
   while (!atomic_load(&c->started) && clt_seconds() < end)
      ;
   for (unsigned i = 0; i < ROUNDS * 100; i++) {
      uint32_t old = atomic_load(&c->exchanged);

      atomic_fetch_add(&c->sum, 3);
      atomic_fetch_xor(&c->bits, 1u << (i & 31));
      atomic_fetch_add(&c->wide, UINT64_C(1) << 33);
      while (!atomic_compare_exchange_weak(&c->exchanged, &old, old + 5))
         ;
   }
   CLT_CALL(clFinish(clt.queue));

   const uint32_t changes = ITEMS * ROUNDS + ROUNDS * 100;
   uint32_t bits = 0;
   for (unsigned i = 0; i < ROUNDS * 100; i++)
      bits ^= 1u << (i & 31);
   CLT_CHECK(c->sum == 3 * changes, "the sum is %u, expected %u", c->sum, 3 * changes);
   CLT_CHECK(c->exchanged == 5 * changes, "exchanges give %u, expected %u", c->exchanged,
             5 * changes);
   CLT_CHECK(c->wide == (uint64_t)changes << 33, "the wide sum is 0x%" PRIx64, c->wide);
   CLT_CHECK(c->bits == bits, "the bits are 0x%08x, expected 0x%08x", c->bits, bits);
   CLT_CHECK(c->least == -(ITEMS - 1 + ROUNDS - 1), "the least is %d", c->least);
   CLT_CHECK(c->most == (ITEMS - 1) * 10 + ROUNDS - 1, "the most is %d", c->most);
}

struct mailbox {
   _Atomic uint32_t turn; /* odd: the device's; 0xffffffff: stop */
   uint32_t data[16];
};

static void
test_handover(const void *arg)
{
   static const char source[] =
      "struct mailbox { atomic_uint turn; uint data[16]; };\n"
      "kernel void test(global struct mailbox *m) {\n"
      "   for (uint mine = 1; mine < 400; mine += 2) {\n"
      "      uint turn;\n"
      "      do {\n"
      "         turn = atomic_load_explicit(&m->turn, memory_order_acquire, "
      "memory_scope_all_devices);\n"
      "         if (turn == 0xffffffff) return;\n"
      "      } while (turn != mine);\n"
      "      for (int i = 0; i < 16; i++) m->data[i] = m->data[i] * 3 + i;\n"
      "      atomic_store_explicit(&m->turn, mine + 1, memory_order_release, "
      "memory_scope_all_devices);\n"
      "   }\n"
      "}\n";
   struct mailbox *m = shared(sizeof(*m));
   const double end = clt_seconds() + TIMEOUT_S;

   start(source, m, 1);
   for (uint32_t i = 0; i < HANDOVERS && !clt_failed(); i++) {
      for (uint32_t j = 0; j < 16; j++)
         m->data[j] = i * 100 + j;
      atomic_store_explicit(&m->turn, 2 * i + 1, memory_order_release);
      while (atomic_load_explicit(&m->turn, memory_order_acquire) != 2 * i + 2) {
         if (clt_seconds() > end) {
            clt_fail("the device does not answer to message %u", i);
            break;
         }
      }
      for (uint32_t j = 0; j < 16 && !clt_failed(); j++)
         CLT_CHECK(m->data[j] == (i * 100 + j) * 3 + j, "message %u: word %u is %u", i, j,
                   m->data[j]);
   }
   if (clt_failed())
      atomic_store(&m->turn, 0xffffffff);
   CLT_CALL(clFinish(clt.queue));
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "atomics on shared virtual memory");
   clt_run(test_capabilities, NULL, "capabilities");
   clt_run(test_no_change_is_lost, NULL, "no_change_is_lost");
   clt_run(test_handover, NULL, "handover");
   return clt_done();
}
