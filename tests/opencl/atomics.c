// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Atomic functions on int, uint, long and ulong in global and local memory: the OpenCL 1.x ones (atomic_add,
 * ..., atom_add for 64 bits) and the C11 ones of OpenCL C 3.0 that every device has (relaxed order). Many items hit the
 * same few words. Where operations commute the final value is known; where they do not, the
 * returned old values must form one chain: that is what atomic means. */

#include "cl_values.h"

#include <CL/cl_ext.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP  96
#define GROUPS 8
#define ITEMS  (GROUP * GROUPS)
#define WORDS  5 /* each item uses word id % WORDS */

enum op {
   OP_ADD,
   OP_SUB,
   OP_INC,
   OP_DEC,
   OP_MIN,
   OP_MAX,
   OP_AND,
   OP_OR,
   OP_XOR,
   NUM_OPS,
};

static const struct {
   const char *name, *old_call /* with "atomic_" or "atom_" in front */, *new_call;
} ops[NUM_OPS] = {
   {"add", "add(p, v)", "atomic_fetch_add_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"sub", "sub(p, v)", "atomic_fetch_sub_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"inc", "inc(p)", NULL},
   {"dec", "dec(p)", NULL},
   {"min", "min(p, v)", "atomic_fetch_min_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"max", "max(p, v)", "atomic_fetch_max_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"and", "and(p, v)", "atomic_fetch_and_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"or", "or(p, v)", "atomic_fetch_or_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"xor", "xor(p, v)", "atomic_fetch_xor_explicit(q, v, memory_order_relaxed, SCOPE)"},
};

struct params {
   enum op op;
   const struct clt_type *type;
   bool local, c11;
};

/* Values are those of clt_get(). */
static bool
is_less(const struct params *p, uint64_t a, uint64_t b)
{
   return p->type->is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static uint64_t
apply(const struct params *p, uint64_t old, uint64_t v)
{
   switch (p->op) {
   case OP_ADD:
      return clt_wrap(p->type, old + v);
   case OP_SUB:
      return clt_wrap(p->type, old - v);
   case OP_INC:
      return clt_wrap(p->type, old + 1);
   case OP_DEC:
      return clt_wrap(p->type, old - 1);
   case OP_MIN:
      return is_less(p, old, v) ? old : v;
   case OP_MAX:
      return is_less(p, v, old) ? old : v;
   case OP_AND:
      return old & v;
   case OP_OR:
      return old | v;
   case OP_XOR:
      return old ^ v;
   case NUM_OPS:
      break;
   }
   return 0;
}

static uint64_t
initial(const struct params *p)
{
   switch (p->op) {
   case OP_MIN:
      return clt_max(p->type);
   case OP_MAX:
      return clt_min(p->type);
   case OP_AND:
      return clt_wrap(p->type, ~0ull);
   default:
      return clt_wrap(p->type, 0x0fedcba912345678);
   }
}

/* Functions of OpenCL 1.x are named by their width. */
static const char *
prefix(const struct params *p)
{
   return p->type->size_B == 8 ? "atom_" : "atomic_";
}

/* A kernel of one of the tests; skips those of 64 bits on devices without. */
static cl_kernel
build(const struct params *p, const char *source)
{
   bool wide = p->type->size_B == 8;

   if (wide && (!clt_has_extension("cl_khr_int64_base_atomics") ||
                !clt_has_extension("cl_khr_int64_extended_atomics")))
      clt_skip("the device has no atomics of 64 bits");
   if (wide)
      source = clt_format("#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable\n"
                          "#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable\n%s",
                          source);
   return clt_kernel(source, p->c11 ? "-cl-std=CL3.0" : "", "test");
}

/* The values returned to the items of one word must be a permutation of a chain initial -> ... ->
 * final, each step by one item's value. For add, sub, inc, dec, xor with values that make every
 * partial result differ a chain is followed by lookup; for min, max, and, or the old values are
 * monotonic. Here the check that holds for all of them: starting with the initial value, repeatedly
 * take an unused item whose old value is the current one; items that do not change the value may be
 * taken any time they match. All must be used. */
static bool
is_chain(const struct params *p, const uint64_t *old, const uint64_t *value, unsigned n,
         uint64_t start, uint64_t *end)
{
   bool *used = clt_alloc(n);
   uint64_t current = start;
   unsigned done = 0;

   while (done < n) {
      int change = -1;
      unsigned before = done;

      for (unsigned i = 0; i < n; i++) {
         if (used[i] || old[i] != current)
            continue;
         if (apply(p, current, value[i]) == current) {
            used[i] = true;
            done++;
         } else if (change < 0) {
            change = i;
         }
      }
      if (change >= 0) {
         used[change] = true;
         done++;
         current = apply(p, current, value[change]);
      } else if (done == before) {
         return false;
      }
   }
   *end = current;
   return true;
}

static void
test_op(const void *arg)
{
   const struct params *p = arg;
   const char *type = p->type->name;
   const char *space = p->local ? "local" : "global";
   const char *source = clt_format(
      "#define SCOPE %s\n"
      "kernel void test(global %s *words, global const %s *values, global %s *old) {\n"
      "   local %s mine[%d];\n"
      "   size_t id = get_global_id(0), word = id %% %d;\n"
      "   for (uint k = get_local_id(0); k < %d; k += get_local_size(0)) mine[k] = words[k];\n"
      "   barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
      "   volatile %s %s *p = &%s[word];\n"
      "   volatile %s %s *q = (volatile %s %s *)p;\n"
      "   %s v = values[id];\n"
      "   old[id] = %s;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
      "   if (%d) for (uint k = get_local_id(0); k < %d; k += get_local_size(0)) words[k] = "
      "mine[k];\n"
      "}\n",
      p->local ? "memory_scope_work_group" : "memory_scope_device", type, type, type, type, WORDS,
      WORDS, WORDS, space, type, p->local ? "mine" : "words", space,
      p->c11 ? clt_format("atomic_%s", type) : type, space,
      p->c11 ? clt_format("atomic_%s", type) : type, type,
      p->c11 ? ops[p->op].new_call : clt_format("%s%s", prefix(p), ops[p->op].old_call), p->local,
      WORDS);
   unsigned groups = p->local ? 1 : GROUPS, items = GROUP * groups;
   const struct clt_type *t = p->type;
   uint64_t words[WORDS], values[ITEMS], old[ITEMS]; /* as memory of the type */
   uint64_t random = clt.seed;

   for (int i = 0; i < WORDS; i++)
      clt_put(t, words, i, initial(p));
   for (int i = 0; i < ITEMS; i++)
      clt_put(t, values, i, clt_random(&random));
   cl_kernel kernel = build(p, source);
   cl_mem words_mem = clt_buffer(sizeof(words), words), old_mem = clt_buffer(sizeof(old), NULL);
   clt_arg_mem(kernel, 0, words_mem);
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(values), values));
   clt_arg_mem(kernel, 2, old_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(words_mem, 0, sizeof(words), words);
   clt_read(old_mem, 0, sizeof(old), old);

   for (unsigned w = 0; w < WORDS; w++) {
      uint64_t o[ITEMS], v[ITEMS], want = initial(p), end = 0;
      unsigned n = 0;

      for (unsigned i = w; i < items; i += WORDS) {
         o[n] = clt_get(t, old, i);
         v[n] = clt_get(t, values, i);
         want = apply(p, want, v[n++]); /* the order does not matter for the final value */
      }
      CLT_CHECK(clt_get(t, words, w) == want, "word %u ends as %s, expected %s", w,
                clt_show(t, clt_get(t, words, w)), clt_show(t, want));
      if (!is_chain(p, o, v, n, initial(p), &end))
         clt_fail("word %u: the old values returned to its %u items do not form a chain", w, n);
      else
         CLT_CHECK(end == want, "word %u: the chain of old values ends with %s, expected %s", w,
                   clt_show(t, end), clt_show(t, want));
   }
}

/* Exchange: the values that come back, and what is left in the word, are the values that went in. */
static void
test_exchange(const void *arg)
{
   const struct params *p = arg;
   const char *type = p->type->name, *space = p->local ? "local" : "global";
   const char *source = clt_format(
      "kernel void test(global %s *word, global %s *old) {\n"
      "   local %s mine;\n"
      "   if (get_local_id(0) == 0) mine = 0;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   %s *p = %s;\n"
      "   old[get_global_id(0)] = %s;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   if (%d && get_local_id(0) == 0) *word = mine;\n"
      "}\n",
      type, type, type,
      p->c11 ? clt_format("volatile %s atomic_%s", space, type)
             : clt_format("volatile %s %s", space, type),
      p->c11 ? clt_format("(volatile %s atomic_%s *)%s", space, type, p->local ? "&mine" : "word")
      : p->local ? "&mine"
                 : "word",
      p->c11 ? clt_format(
                  "atomic_exchange_explicit(p, (%s)get_global_id(0) + 1, memory_order_relaxed, %s)",
                  type, p->local ? "memory_scope_work_group" : "memory_scope_device")
             : clt_format("%sxchg(p, (%s)get_global_id(0) + 1)", prefix(p), type),
      p->local);
   unsigned items = p->local ? GROUP : ITEMS;
   uint64_t word = 0, old[ITEMS]; /* as memory of the type */
   bool seen[ITEMS + 1] = {false};

   cl_kernel kernel = build(p, source);
   cl_mem word_mem = clt_buffer(8, &word), old_mem = clt_buffer(sizeof(old), NULL);
   clt_arg_mem(kernel, 0, word_mem);
   clt_arg_mem(kernel, 1, old_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(word_mem, 0, 8, &word);
   clt_read(old_mem, 0, sizeof(old), old);
   for (unsigned i = 0; i <= items; i++) {
      uint64_t v = i < items ? clt_get(p->type, old, i) : clt_get(p->type, &word, 0);
      if (v > items || seen[v]) {
         clt_fail("%s %s came back %s", i < items ? "value" : "final value", clt_show(p->type, v),
                  v > items ? "but was never stored" : "twice");
         return;
      }
      seen[v] = true;
   }
}

/* Compare-and-swap in a loop: a saturating counter with a floating-point sum beside it. */
static void
test_compare_exchange(const void *arg)
{
   const struct params *p = arg;
   const char *type = p->type->name, *space = p->local ? "local" : "global";
   const char *loop =
      p->c11
         ? clt_format("%s seen = atomic_load_explicit(p, memory_order_relaxed, SCOPE);\n"
                      "   while (!atomic_compare_exchange_strong_explicit(p, &seen, seen * 5 + v,\n"
                      "             memory_order_relaxed, memory_order_relaxed, SCOPE)) tries++;\n",
                      type)
         : clt_format("%s seen = *p, was;\n"
                      "   while ((was = %scmpxchg(p, seen, seen * 5 + v)) != seen) { seen = "
                      "was; tries++; }\n",
                      type, prefix(p));
   const char *source =
      clt_format("#define SCOPE %s\n"
                 "kernel void test(global %s *word, global %s *old, global uint *total) {\n"
                 "   local %s mine;\n"
                 "   if (get_local_id(0) == 0) mine = 1;\n"
                 "   barrier(CLK_LOCAL_MEM_FENCE);\n"
                 "   volatile %s %s%s *p = (volatile %s %s%s *)%s;\n"
                 "   %s v = get_global_id(0) + 1;\n"
                 "   uint tries = 1;\n"
                 "   %s"
                 "   old[get_global_id(0)] = seen;\n"
                 "   atomic_add(total, tries);\n"
                 "   barrier(CLK_LOCAL_MEM_FENCE);\n"
                 "   if (%d && get_local_id(0) == 0) *word = mine;\n"
                 "}\n",
                 p->local ? "memory_scope_work_group" : "memory_scope_device", type, type, type,
                 space, p->c11 ? "atomic_" : "", type, space, p->c11 ? "atomic_" : "", type,
                 p->local ? "&mine" : "word", type, loop, p->local);
   unsigned items = p->local ? GROUP : ITEMS;
   const struct clt_type *t = p->type;
   uint64_t word = 1, old[ITEMS], current = 1; /* word and old as memory of the type */
   uint32_t total = 0;
   bool used[ITEMS] = {false};

   cl_kernel kernel = build(p, source);
   cl_mem word_mem = clt_buffer(8, &word), old_mem = clt_buffer(sizeof(old), NULL);
   cl_mem total_mem = clt_buffer(4, &total);
   clt_arg_mem(kernel, 0, word_mem);
   clt_arg_mem(kernel, 1, old_mem);
   clt_arg_mem(kernel, 2, total_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(word_mem, 0, 8, &word);
   clt_read(old_mem, 0, sizeof(old), old);
   clt_read(total_mem, 0, 4, &total);
   CLT_CHECK(total >= items, "%u attempts for %u items", total, items);

   /* x -> 5 x + v reaches different values in practice; follow the chain */
   for (unsigned step = 0; step < items; step++) {
      unsigned i = 0;
      while (i < items && (used[i] || clt_get(t, old, i) != current))
         i++;
      if (i == items)
         clt_fatal("step %u: no item saw the value %s", step, clt_show(t, current));
      used[i] = true;
      current = clt_wrap(t, current * 5 + i + 1);
   }
   CLT_CHECK(clt_get(t, &word, 0) == current, "the word ends as %s, the chain of old values as %s",
             clt_show(t, clt_get(t, &word, 0)), clt_show(t, current));
}

/* ---- floating point (cl_ext_float_atomics) ---- */

struct float_params {
   const char *op, *type; /* "add", "float" */
   bool local;
};

/* Every item adds 1, or brings a number of its own to a minimum or maximum. What it gets back then tells how many came
 * before it, or is something another one brought; integers keep sums exact. */
static void
test_float(const void *arg)
{
   const struct float_params *p = arg;
   bool is_double = !strcmp(p->type, "double"), sums = strcmp(p->op, "min") && strcmp(p->op, "max");
   cl_device_fp_atomic_capabilities_ext have = 0;
   const cl_device_fp_atomic_capabilities_ext add = p->local ? CL_DEVICE_LOCAL_FP_ATOMIC_ADD_EXT
                                                             : CL_DEVICE_GLOBAL_FP_ATOMIC_ADD_EXT,
                                              min_max = p->local
                                                           ? CL_DEVICE_LOCAL_FP_ATOMIC_MIN_MAX_EXT
                                                           : CL_DEVICE_GLOBAL_FP_ATOMIC_MIN_MAX_EXT;

   if (!clt_has_extension("cl_ext_float_atomics"))
      clt_skip("the device has no cl_ext_float_atomics");
   CLT_CALL(clGetDeviceInfo(clt.device,
                            is_double ? CL_DEVICE_DOUBLE_FP_ATOMIC_CAPABILITIES_EXT
                                      : CL_DEVICE_SINGLE_FP_ATOMIC_CAPABILITIES_EXT,
                            sizeof(have), &have, NULL));
   if (!(have & (sums ? add : min_max)))
      clt_skip("the device has no such atomic function");

   const char *source = clt_format(
      "kernel void test(global %s *word, global const %s *values, global %s *old) {\n"
      "   local atomic_%s mine;\n"
      "   if (get_local_id(0) == 0) atomic_store_explicit(&mine, *word, memory_order_relaxed, "
      "memory_scope_work_group);\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   volatile %s atomic_%s *p = (volatile %s atomic_%s *)%s;\n"
      "   old[get_global_id(0)] = atomic_fetch_%s_explicit(p, values[get_global_id(0)], "
      "memory_order_relaxed,\n"
      "                                                    memory_scope_%s);\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   if (%d && get_local_id(0) == 0) *word = atomic_load_explicit(&mine, "
      "memory_order_relaxed,\n"
      "                                                                memory_scope_work_group);\n"
      "}\n",
      p->type, p->type, p->type, p->type, p->local ? "local" : "global", p->type,
      p->local ? "local" : "global", p->type, p->local ? "&mine" : "word", p->op,
      p->local ? "work_group" : "device", p->local);
   unsigned items = p->local ? GROUP : ITEMS;
   double start = sums                    ? 5
                  : !strcmp(p->op, "min") ? INFINITY
                                          : -INFINITY,
          want = start, values[ITEMS];
   double as_double[ITEMS];
   float as_float[ITEMS];
   bool seen[ITEMS] = {false};
   uint64_t random = clt.seed;

   for (unsigned i = 0; i < items; i++) {
      values[i] = sums ? 1 : (int)(clt_random(&random) % 20001) - 10000.25;
      as_float[i] = values[i];
      want = !strcmp(p->op, "add")   ? want + values[i]
             : !strcmp(p->op, "sub") ? want - values[i]
             : !strcmp(p->op, "min") ? fmin(want, values[i])
                                     : fmax(want, values[i]);
   }
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   size_t size_B = is_double ? 8 : 4;
   cl_mem word_mem = clt_buffer(size_B, is_double ? (void *)&start : &(float){start}),
          old_mem = clt_buffer(items * size_B, NULL);
   clt_arg_mem(kernel, 0, word_mem);
   clt_arg_mem(kernel, 1, clt_buffer(items * size_B, is_double ? (void *)values : as_float));
   clt_arg_mem(kernel, 2, old_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(old_mem, 0, items * size_B, is_double ? (void *)as_double : as_float);
   for (unsigned i = 0; i < items && !is_double; i++)
      as_double[i] = as_float[i];
   for (unsigned i = 0; i < items; i++) {
      double before = fabs(as_double[i] - start);
      if (sums && (before >= items || before != floor(before) || seen[(int)before]))
         clt_fatal("item %u: %g came back, which is no sum before it, or another item's", i,
                   as_double[i]);
      if (sums)
         seen[(int)before] = true;
      bool found = sums || as_double[i] == start;
      for (unsigned k = 0; k < items && !found; k++)
         found = values[k] == as_double[i];
      CLT_CHECK(found, "item %u: %g came back, which no item brought", i, as_double[i]);
   }
   clt_read(word_mem, 0, size_B, is_double ? (void *)as_double : as_float);
   CLT_CHECK((is_double ? as_double[0] : as_float[0]) == want, "the word ends as %g, not %g",
             is_double ? as_double[0] : as_float[0], want);
}

/* Slots from a counter: every item gets its own, without holes, when only some items ask. */
static void
test_append(const void *arg)
{
   static const char source[] =
      "kernel void test(global const uint *in, global uint *count, global uint *out) {\n"
      "   uint v = in[get_global_id(0)];\n"
      "   if (v % 3 == 0) out[atomic_inc(count)] = v;\n"
      "   else if (v % 7 == 1) out[atomic_add(count, 2)] = v;\n"
      "}\n";
   enum {
      COUNT = 4096
   };
   uint32_t *in = clt_alloc(COUNT * 4), *out = clt_alloc(2 * COUNT * 4), count = 0, want = 0;
   uint64_t sum = 0, want_sum = 0, random = clt.seed;

   for (int i = 0; i < COUNT; i++) {
      in[i] = clt_random(&random);
      want += in[i] % 3 == 0 ? 1 : in[i] % 7 == 1 ? 2 : 0;
      want_sum += in[i] % 3 == 0 || in[i] % 7 == 1 ? in[i] : 0;
   }
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem count_mem = clt_buffer(4, &count), out_mem = clt_buffer(2 * COUNT * 4, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(COUNT * 4, in));
   clt_arg_mem(kernel, 1, count_mem);
   clt_arg_mem(kernel, 2, out_mem);
   clt_launch_1d(kernel, COUNT, 0);
   clt_read(count_mem, 0, 4, &count);
   clt_read(out_mem, 0, 2 * COUNT * 4, out);
   for (int i = 0; i < 2 * COUNT; i++)
      sum += out[i];
   CLT_CHECK(count == want, "%u slots were taken, expected %u", count, want);
   CLT_CHECK(sum == want_sum, "the sum of the slots is %llu, expected %llu",
             (unsigned long long)sum, (unsigned long long)want_sum);
}

/* The last group to finish sees what all others wrote (fence and counter, the usual one-pass
 * reduction). */
static void
test_last_group(const void *arg)
{
   static const char source[] =
      "kernel void test(global const uint *in, global volatile uint *partial, global uint *count, "
      "global uint *out) {\n"
      "   local uint sum, last;\n"
      "   if (get_local_id(0) == 0) sum = 0;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   atomic_add(&sum, in[get_global_id(0)]);\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   if (get_local_id(0) == 0) {\n"
      "      partial[get_group_id(0)] = sum;\n"
      "      atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acq_rel, "
      "memory_scope_device);\n"
      "      last = atomic_inc(count) == get_num_groups(0) - 1;\n"
      "      atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acq_rel, "
      "memory_scope_device);\n"
      "      if (last) {\n"
      "         uint total = 0;\n"
      "         for (uint g = 0; g < get_num_groups(0); g++) total += partial[g];\n"
      "         out[0] = total; out[1] = get_num_groups(0);\n"
      "      }\n"
      "   }\n"
      "}\n";
   enum {
      COUNT = 64 * 40
   };
   uint32_t in[COUNT], out[2] = {0}, want = 0;
   uint64_t random = clt.seed;
   size_t fence_size = 0;
   cl_device_atomic_capabilities fence = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_ATOMIC_FENCE_CAPABILITIES, sizeof(fence), &fence,
                            &fence_size));
   if (!(fence & CL_DEVICE_ATOMIC_SCOPE_DEVICE) || !(fence & CL_DEVICE_ATOMIC_ORDER_ACQ_REL))
      clt_skip("the device has no acquire-release fence of device scope");
   for (int i = 0; i < COUNT; i++)
      want += in[i] = clt_random(&random);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   cl_mem out_mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, clt_buffer(40 * 4, NULL));
   clt_arg_mem(kernel, 2, clt_buffer(4, NULL));
   clt_arg_mem(kernel, 3, out_mem);
   clt_launch_1d(kernel, COUNT, 64);
   clt_read(out_mem, 0, sizeof(out), out);
   CLT_CHECK(out[1] == 40 && out[0] == want, "got %u from %u groups, expected %u from 40", out[0],
             out[1], want);
}

int
main(int argc, char **argv)
{
   static const enum clt_scalar types[] = {CLT_INT, CLT_UINT, CLT_LONG, CLT_ULONG};

   clt_init(argc, argv, "atomic functions in global and local memory");
   for (int c11 = 0; c11 < 2; c11++) {
      for (int local = 0; local < 2; local++) {
         for (unsigned t = 0; t < CLT_ARRAY_SIZE(types); t++) {
            const char *where = local ? "local" : "global";
            const char *type = clt_types[types[t]].name, *version = c11 ? "c11" : "cl1";
            struct params p = {0, &clt_types[types[t]], local, c11};

            for (int op = 0; op < NUM_OPS; op++) {
               p.op = op;
               if (!c11 || ops[op].new_call)
                  clt_run(test_op, &p, "%s.%s.%s.%s", version, ops[op].name, where, type);
            }
            clt_run(test_exchange, &p, "%s.exchange.%s.%s", version, where, type);
            clt_run(test_compare_exchange, &p, "%s.compare_exchange.%s.%s", version, where, type);
         }
      }
   }
   for (int i = 0; i < 12; i++) { /* minima and maxima of double are not on offer */
      static const char *const float_ops[] = {"add", "sub", "min", "max", "add", "sub"};
      const struct float_params p = {float_ops[i % 6], i % 6 >= 4 ? "double" : "float", i >= 6};

      clt_run(test_float, &p, "float.%s.%s.%s", p.op, p.local ? "local" : "global", p.type);
   }
   clt_run(test_append, NULL, "append");
   clt_run(test_last_group, NULL, "last_group");
   return clt_done();
}
