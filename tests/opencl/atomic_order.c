// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The order of atomics in OpenCL C 3.0 (section 6.15.12): acquire and release, sequentially consistent, as part of the
 * operation and as a fence, for the work-group and for the device. These are the litmus tests "message passing" and
 * "store buffering": work-items in pairs of two waves, or two work-groups, many at once and many times over. Which of
 * the allowed outcomes a pair sees is a matter of luck; the forbidden one may not happen. */

#include "cl_values.h"

#include <string.h>

#define WAVE     32 /* pairs of two waves */
#define LAUNCHES 4
#define SPIN     200
#define STRIDE                                                                                     \
   16 /* words from one variable to the next: in global memory each has a cache line of its own */

struct litmus {
   const char *name;
   const char *first, *second; /* what the two do with int variables x and y; `r` is the result */
   int forbidden_first, forbidden_second;
   bool local; /* two waves of a group, else two groups */
};

/* How many times each pair does the test, and how many waves there are, of which each second one begins: local memory
 * has room for 4 words of 3200 times. */
static unsigned
num_rounds(const struct litmus *t)
{
   return t->local ? 100 : 60;
}

static unsigned
num_waves(const struct litmus *t)
{
   return t->local ? 2 : 64;
}

/* Message passing: who sees the flag y sees the data x. Store buffering: one of the two sees the other's store. */
static const struct litmus tests[] = {
   {"message_passing.device",
    "*(A int *)x = 1; atomic_store_explicit(y, 1, memory_order_release, SCOPE);",
    "r = atomic_load_explicit(y, memory_order_acquire, SCOPE); if (r) r += *(A int *)x;", 0, 1,
    false},
   {"message_passing.group",
    "*(A int *)x = 1; atomic_store_explicit(y, 1, memory_order_release, SCOPE);",
    "r = atomic_load_explicit(y, memory_order_acquire, SCOPE); if (r) r += *(A int *)x;", 0, 1,
    true},
   {"message_passing.exchange",
    "*(A int *)x = 1; atomic_exchange_explicit(y, 1, memory_order_acq_rel, SCOPE);",
    "r = atomic_fetch_or_explicit(y, 0, memory_order_acq_rel, SCOPE); if (r) r += *(A int *)x;", 0,
    1, false},
   {"message_passing.fences",
    "*(A int *)x = 1; atomic_work_item_fence(FLAGS, memory_order_release, SCOPE); "
    "atomic_store_explicit(y, 1, memory_order_relaxed, SCOPE);",
    "r = atomic_load_explicit(y, memory_order_relaxed, SCOPE); "
    "atomic_work_item_fence(FLAGS, memory_order_acquire, SCOPE); if (r) r += *(A int *)x;",
    0, 1, false},
   {"store_buffering.device",
    "atomic_store_explicit(x, 1, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(y, memory_order_seq_cst, SCOPE);",
    "atomic_store_explicit(y, 1, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(x, memory_order_seq_cst, SCOPE);",
    0, 0, false},
   {"store_buffering.group",
    "atomic_store_explicit(x, 1, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(y, memory_order_seq_cst, SCOPE);",
    "atomic_store_explicit(y, 1, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(x, memory_order_seq_cst, SCOPE);",
    0, 0, true},
   {"store_buffering.defaults", "atomic_store(x, 1); r = atomic_load(y);",
    "atomic_store(y, 1); r = atomic_load(x);", 0, 0, false},
   {"store_buffering.fences",
    "atomic_store_explicit(x, 1, memory_order_relaxed, SCOPE); "
    "atomic_work_item_fence(FLAGS, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(y, memory_order_relaxed, SCOPE);",
    "atomic_store_explicit(y, 1, memory_order_relaxed, SCOPE); "
    "atomic_work_item_fence(FLAGS, memory_order_seq_cst, SCOPE); "
    "r = atomic_load_explicit(x, memory_order_relaxed, SCOPE);",
    0, 0, false},
};

/* Partners have to run at the same time: groups become partners in the order in which they start, and the two
 * work-items of a pair wait for each other for a while in each round. (That another wave makes progress is more than
 * OpenCL promises.) Waves of a group share its local memory, groups the global one. */
static const char *
make_source(const struct litmus *t)
{
   struct clt_text text = {0};

   clt_append(&text,
              "#define A      %s\n"
              "#define FLAGS  %s\n"
              "#define SCOPE  %s\n"
              "#define STRIDE %d\n"
              "kernel void test(global int *out, global int *memory, local int *tile) {\n"
              "   uint lane = get_local_id(0) %% %d, wave = get_local_id(0) / %d, rounds = %d, k;\n"
              "   local uint ticket;\n",
              t->local ? "local" : "global",
              t->local ? "CLK_LOCAL_MEM_FENCE" : "CLK_GLOBAL_MEM_FENCE",
              t->local ? "memory_scope_work_group" : "memory_scope_device", t->local ? 1 : STRIDE,
              WAVE, WAVE, num_rounds(t));
   if (t->local)
      clt_append(&text,
                 "   for (k = get_local_id(0); k < 4 * %d * rounds; k += get_local_size(0))\n"
                 "      tile[k] = 0;\n",
                 WAVE);
   else
      clt_append(&text, "   if (lane == 0)\n"
                        "      ticket = atomic_inc(memory);\n"
                        "   memory += STRIDE;\n");
   clt_append(
      &text,
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   if (!%d)\n"
      "      wave = ticket;\n"
      "   bool first = wave %% 2 == 0;\n"
      "   uint pair = wave / 2 * %d + lane;\n"
      "   for (k = 0; k < rounds; k++) {\n"
      "      volatile A atomic_int *own = (volatile A atomic_int *)%s + 4 * STRIDE * (pair * "
      "rounds + k);\n"
      "      volatile A atomic_int *x = own + 2 * STRIDE, *y = x + STRIDE, *other = own + STRIDE;\n"
      "      int r = 0;\n"
      "      if (first) {\n"
      "         atomic_store_explicit(own, 1, memory_order_relaxed, SCOPE);\n"
      "         for (uint t = 0; t < %d && !atomic_load_explicit(other, memory_order_relaxed, "
      "SCOPE); t++);\n"
      "         %s\n"
      "      } else {\n"
      "         atomic_store_explicit(other, 1, memory_order_relaxed, SCOPE);\n"
      "         for (uint t = 0; t < %d && !atomic_load_explicit(own, memory_order_relaxed, "
      "SCOPE); t++);\n"
      "         %s\n"
      "      }\n"
      "      out[2 * (pair * rounds + k) + !first] = r;\n"
      "   }\n"
      "}\n",
      t->local, WAVE, t->local ? "tile" : "memory", SPIN, t->first, SPIN, t->second);
   return text.text;
}

static void
test_litmus(const void *arg)
{
   const struct litmus *t = arg;
   const size_t items = num_waves(t) * WAVE, tests = items / 2 * num_rounds(t);
   const size_t memory_B = (1 + 4 * tests) * STRIDE * 4;
   const int zero = 0;
   const cl_device_atomic_capabilities needed = CL_DEVICE_ATOMIC_ORDER_ACQ_REL |
                                                CL_DEVICE_ATOMIC_ORDER_SEQ_CST |
                                                CL_DEVICE_ATOMIC_SCOPE_DEVICE;
   cl_device_atomic_capabilities has = 0;
   int32_t(*out)[2] = clt_alloc(tests * sizeof(*out));

   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES, sizeof(has), &has,
                               NULL),
               "clGetDeviceInfo(CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES)");
   if ((has & needed) != needed)
      clt_skip("the device has atomics of relaxed order only");
   cl_kernel kernel = clt_kernel(make_source(t), "-cl-std=CL3.0", "test");
   cl_mem result = clt_buffer(tests * sizeof(*out), NULL), memory = clt_buffer(memory_B, NULL);
   clt_arg_mem(kernel, 0, result);
   clt_arg_mem(kernel, 1, memory);
   CLT_CALL(clSetKernelArg(kernel, 2, t->local ? 4 * tests * 4 : 4, NULL));

   for (int launch = 0; launch < LAUNCHES; launch++) {
      CLT_CALL(clEnqueueFillBuffer(clt.queue, memory, &zero, 4, 0, memory_B, 0, NULL, NULL));
      clt_launch_1d(kernel, items, t->local ? items : WAVE);
      clt_read(result, 0, tests * sizeof(*out), out);
      for (size_t i = 0; i < tests; i++)
         CLT_CHECK(out[i][0] != t->forbidden_first || out[i][1] != t->forbidden_second,
                   "launch %d, pair %zu, round %zu: got %d and %d, which no order gives", launch,
                   i / num_rounds(t), i % num_rounds(t), out[i][0], out[i][1]);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "the order of atomics");
   for (size_t t = 0; t < CLT_ARRAY_SIZE(tests); t++)
      clt_run(test_litmus, &tests[t], "%s", tests[t].name);
   return clt_done();
}
