// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Atomic functions on int and uint in global and local memory: the OpenCL 1.x ones (atomic_add,
 * ...) and the C11 ones of OpenCL C 3.0 that every device has (relaxed order). Many items hit the
 * same few words. Where operations commute the final value is known; where they do not, the
 * returned old values must form one chain: that is what atomic means. */

#include "cl_values.h"

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
   const char *name, *old_call, *new_call;
} ops[NUM_OPS] = {
   {"add", "atomic_add(p, v)", "atomic_fetch_add_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"sub", "atomic_sub(p, v)", "atomic_fetch_sub_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"inc", "atomic_inc(p)", NULL},
   {"dec", "atomic_dec(p)", NULL},
   {"min", "atomic_min(p, v)", "atomic_fetch_min_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"max", "atomic_max(p, v)", "atomic_fetch_max_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"and", "atomic_and(p, v)", "atomic_fetch_and_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"or", "atomic_or(p, v)", "atomic_fetch_or_explicit(q, v, memory_order_relaxed, SCOPE)"},
   {"xor", "atomic_xor(p, v)", "atomic_fetch_xor_explicit(q, v, memory_order_relaxed, SCOPE)"},
};

struct params {
   enum op op;
   bool is_signed, local, c11;
};

static uint32_t
apply(const struct params *p, uint32_t old, uint32_t v)
{
   switch (p->op) {
   case OP_ADD:
      return old + v;
   case OP_SUB:
      return old - v;
   case OP_INC:
      return old + 1;
   case OP_DEC:
      return old - 1;
   case OP_MIN:
      return p->is_signed ? ((int32_t)old < (int32_t)v ? old : v) : (old < v ? old : v);
   case OP_MAX:
      return p->is_signed ? ((int32_t)old > (int32_t)v ? old : v) : (old > v ? old : v);
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

static uint32_t
initial(const struct params *p)
{
   switch (p->op) {
   case OP_MIN:
      return p->is_signed ? 0x7fffffff : 0xffffffff;
   case OP_MAX:
      return p->is_signed ? 0x80000000 : 0;
   case OP_AND:
      return 0xffffffff;
   default:
      return 0x12345678;
   }
}

/* The values returned to the items of one word must be a permutation of a chain initial -> ... ->
 * final, each step by one item's value. For add, sub, inc, dec, xor with values that make every
 * partial result differ a chain is followed by lookup; for min, max, and, or the old values are
 * monotonic. Here the check that holds for all of them: starting with the initial value, repeatedly
 * take an unused item whose old value is the current one; items that do not change the value may be
 * taken any time they match. All must be used. */
static bool
is_chain(const struct params *p, const uint32_t *old, const uint32_t *value, unsigned n,
         uint32_t start, uint32_t *end)
{
   bool *used = clt_alloc(n);
   uint32_t current = start;
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
   const char *type = p->is_signed ? "int" : "uint";
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
      p->c11 ? ops[p->op].new_call : ops[p->op].old_call, p->local, WORDS);
   unsigned groups = p->local ? 1 : GROUPS, items = GROUP * groups;
   uint32_t words[WORDS], values[ITEMS], old[ITEMS];
   uint64_t random = clt.seed;

   for (int i = 0; i < WORDS; i++)
      words[i] = initial(p);
   for (int i = 0; i < ITEMS; i++)
      values[i] = clt_random(&random);
   cl_kernel kernel = clt_kernel(source, p->c11 ? "-cl-std=CL3.0" : "", "test");
   cl_mem words_mem = clt_buffer(sizeof(words), words), old_mem = clt_buffer(sizeof(old), NULL);
   clt_arg_mem(kernel, 0, words_mem);
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(values), values));
   clt_arg_mem(kernel, 2, old_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(words_mem, 0, sizeof(words), words);
   clt_read(old_mem, 0, sizeof(old), old);

   for (unsigned w = 0; w < WORDS; w++) {
      uint32_t o[ITEMS], v[ITEMS], want = initial(p), end = 0;
      unsigned n = 0;

      for (unsigned i = w; i < items; i += WORDS) {
         o[n] = old[i];
         v[n++] = values[i];
         want = apply(p, want, values[i]); /* the order does not matter for the final value */
      }
      CLT_CHECK(words[w] == want, "word %u ends as 0x%08x, expected 0x%08x", w, words[w], want);
      if (!is_chain(p, o, v, n, initial(p), &end))
         clt_fail("word %u: the old values returned to its %u items do not form a chain", w, n);
      else
         CLT_CHECK(end == want,
                   "word %u: the chain of old values ends with 0x%08x, expected 0x%08x", w, end,
                   want);
   }
}

/* Exchange: the values that come back, and what is left in the word, are the values that went in. */
static void
test_exchange(const void *arg)
{
   const struct params *p = arg;
   const char *type = p->is_signed ? "int" : "uint", *space = p->local ? "local" : "global";
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
             : clt_format("atomic_xchg(p, (%s)get_global_id(0) + 1)", type),
      p->local);
   unsigned items = p->local ? GROUP : ITEMS;
   uint32_t word = 0, old[ITEMS];
   bool seen[ITEMS + 1] = {false};

   cl_kernel kernel = clt_kernel(source, p->c11 ? "-cl-std=CL3.0" : "", "test");
   cl_mem word_mem = clt_buffer(4, &word), old_mem = clt_buffer(sizeof(old), NULL);
   clt_arg_mem(kernel, 0, word_mem);
   clt_arg_mem(kernel, 1, old_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(word_mem, 0, 4, &word);
   clt_read(old_mem, 0, sizeof(old), old);
   for (unsigned i = 0; i <= items; i++) {
      uint32_t v = i < items ? old[i] : word;
      if (v > items || seen[v]) {
         clt_fail("%s %u came back %s", i < items ? "value" : "final value", v,
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
   const char *type = p->is_signed ? "int" : "uint", *space = p->local ? "local" : "global";
   const char *loop =
      p->c11
         ? clt_format("%s seen = atomic_load_explicit(p, memory_order_relaxed, SCOPE);\n"
                      "   while (!atomic_compare_exchange_strong_explicit(p, &seen, seen * 5 + v,\n"
                      "             memory_order_relaxed, memory_order_relaxed, SCOPE)) tries++;\n",
                      type)
         : clt_format("%s seen = *p, was;\n"
                      "   while ((was = atomic_cmpxchg(p, seen, seen * 5 + v)) != seen) { seen = "
                      "was; tries++; }\n",
                      type);
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
   uint32_t word = 1, old[ITEMS], total = 0, current = 1;
   bool used[ITEMS] = {false};

   cl_kernel kernel = clt_kernel(source, p->c11 ? "-cl-std=CL3.0" : "", "test");
   cl_mem word_mem = clt_buffer(4, &word), old_mem = clt_buffer(sizeof(old), NULL);
   cl_mem total_mem = clt_buffer(4, &total);
   clt_arg_mem(kernel, 0, word_mem);
   clt_arg_mem(kernel, 1, old_mem);
   clt_arg_mem(kernel, 2, total_mem);
   clt_launch_1d(kernel, items, GROUP);
   clt_read(word_mem, 0, 4, &word);
   clt_read(old_mem, 0, sizeof(old), old);
   clt_read(total_mem, 0, 4, &total);
   CLT_CHECK(total >= items, "%u attempts for %u items", total, items);

   /* x -> 5 x + v reaches different values in practice; follow the chain */
   for (unsigned step = 0; step < items; step++) {
      unsigned i = 0;
      while (i < items && (used[i] || old[i] != current))
         i++;
      if (i == items)
         clt_fatal("step %u: no item saw the value 0x%08x", step, current);
      used[i] = true;
      current = current * 5 + i + 1;
   }
   CLT_CHECK(word == current, "the word ends as 0x%08x, the chain of old values as 0x%08x", word,
             current);
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
   clt_init(argc, argv, "atomic functions in global and local memory");
   for (int c11 = 0; c11 < 2; c11++) {
      for (int local = 0; local < 2; local++) {
         for (int is_signed = 0; is_signed < 2; is_signed++) {
            const char *where = local ? "local" : "global";
            const char *type = is_signed ? "int" : "uint", *version = c11 ? "c11" : "cl1";
            struct params p = {0, is_signed, local, c11};

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
   clt_run(test_append, NULL, "append");
   clt_run(test_last_group, NULL, "last_group");
   return clt_done();
}
