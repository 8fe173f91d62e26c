// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Sub-groups (optional in OpenCL C 3.0, feature __opencl_c_subgroups) and the extensions
 * cl_khr_subgroup_shuffle and cl_khr_subgroup_shuffle_relative, in work-groups of many shapes
 * (cl_group.h); and the host's queries about them. Sums of floats are of small integers, so their
 * order is free. */

#include "cl_group.h"
#include "cl_values.h"

#include <string.h>

/* ---- ids and sizes ---- */

static void
test_ids(const void *arg)
{
   static const char source[] =
      "kernel void test(global uint *out) {\n"
      "   BEGIN\n"
      "   out[6 * at] = get_sub_group_size(); out[6 * at + 1] = get_max_sub_group_size();\n"
      "   out[6 * at + 2] = get_num_sub_groups(); out[6 * at + 3] = "
      "get_enqueued_num_sub_groups();\n"
      "   out[6 * at + 4] = get_sub_group_id(); out[6 * at + 5] = get_sub_group_local_id();\n"
      "}\n";
   static const char *const names[] = {"get_sub_group_size", "get_max_sub_group_size",
                                       "get_num_sub_groups", "get_enqueued_num_sub_groups",
                                       "get_sub_group_id",   "get_sub_group_local_id"};
   const struct clt_shape *s = arg;
   size_t size = clt_group_size(s), n = clt_num_items(s);
   uint32_t(*out)[6] = clt_alloc(n * sizeof(*out));

   clt_need_sub_groups();
   uint32_t max = clt_max_sub_group_size(), count = (size + max - 1) / max;
   cl_kernel kernel = clt_group_kernel(source);
   cl_mem mem = clt_buffer(n * sizeof(*out), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_group_launch(kernel, s);
   clt_read(mem, 0, n * sizeof(*out), out);
   for (size_t i = 0; i < n; i++) {
      uint32_t id = i % size / max;
      uint32_t rest = size - id * max;
      const uint32_t want[6] = {rest < max ? rest : max, max, count, count, id, i % size % max};

      for (int k = 0; k < 6; k++)
         CLT_CHECK(out[i][k] == want[k], "item %zu: %s() is %u, expected %u", i, names[k],
                   out[i][k], want[k]);
   }
}

static void
test_queries(const void *arg)
{
   const struct clt_shape *s = arg;

   clt_need_sub_groups();
   size_t size = clt_group_size(s), max = clt_max_sub_group_size(), value = 0, block[3] = {0};
   size_t count = (size + max - 1) / max;
   cl_kernel kernel = clt_group_kernel(
      "kernel void test(global uint *out) { BEGIN out[at] = sub_group_any(at); }");

   CLT_CALL(clGetKernelSubGroupInfo(kernel, clt.device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE,
                                    s->dim * sizeof(size_t), s->local, sizeof(value), &value,
                                    NULL));
   CLT_CHECK(value == max, "sub-group size for %s is %zu, expected %zu", s->name, value, max);
   CLT_CALL(clGetKernelSubGroupInfo(kernel, clt.device, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE,
                                    s->dim * sizeof(size_t), s->local, sizeof(value), &value,
                                    NULL));
   CLT_CHECK(value == count, "%s has %zu sub-groups, expected %zu", s->name, value, count);
   CLT_CALL(clGetKernelSubGroupInfo(kernel, clt.device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
                                    sizeof(count), &count, sizeof(block), block, NULL));
   CLT_CHECK(block[0] == count * max && block[1] == 1 && block[2] == 1,
             "local size for %zu sub-groups is %zux%zux%zu", count, block[0], block[1], block[2]);
   CLT_CALL(clGetKernelSubGroupInfo(kernel, clt.device, CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL,
                                    sizeof(value), &value, NULL));
   CLT_CHECK(value * max >= clt_max_group(), "at most %zu sub-groups of %zu", value, max);
}

/* ---- values of other work-items ---- */

static void
test_votes(const void *arg)
{
   static const char source[] =
      "kernel void test(global const int *in, global int *out) {\n"
      "   BEGIN\n"
      "   out[4 * at] = sub_group_any(in[at] == 5);\n"
      "   out[4 * at + 1] = sub_group_all(in[at] != 7);\n"
      "   out[4 * at + 2] = sub_group_broadcast(in[at], get_sub_group_size() - 1);\n"
      "   out[4 * at + 3] = sub_group_broadcast(in[at], 0) + sub_group_any(0) - sub_group_all(1);\n"
      "}\n";
   const struct clt_shape *s = arg;
   size_t n = clt_num_items(s);
   int32_t *in = clt_alloc(n * 4), (*out)[4] = clt_alloc(n * sizeof(*out));
   uint64_t random = clt.seed;

   clt_need_sub_groups();
   for (size_t i = 0; i < n; i++)
      in[i] = clt_random(&random) % 50;
   cl_kernel kernel = clt_group_kernel(source);
   cl_mem mem = clt_buffer(n * sizeof(*out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(n * 4, in));
   clt_arg_mem(kernel, 1, mem);
   clt_group_launch(kernel, s);
   clt_read(mem, 0, n * sizeof(*out), out);
   for (size_t i = 0; i < n; i++) {
      struct clt_group_item it = clt_group_item(s, i);
      bool any = false, all = true;

      for (size_t j = it.first; j <= it.last; j++) {
         any |= in[j] == 5;
         all &= in[j] != 7;
      }
      CLT_CHECK(!out[i][0] == !any, "item %zu: any is %d", i, out[i][0]);
      CLT_CHECK(!out[i][1] == !all, "item %zu: all is %d", i, out[i][1]);
      CLT_CHECK(out[i][2] == in[it.last], "item %zu: got %d of the last, expected %d", i, out[i][2],
                in[it.last]);
      CLT_CHECK(out[i][3] == in[it.first] - 1, "item %zu: got %d of the first, expected %d", i,
                out[i][3], in[it.first] - 1);
   }
}

struct arithmetic {
   const struct clt_shape *shape;
   const char *type, *extension;
};

/* All numbers fit into the smallest type (int, or half with its 11 bits) as doubles. */
static double
combine(int op, double a, double b)
{
   return op == 0 ? a + b : op == 1 ? (a < b ? a : b) : (a > b ? a : b);
}

static void
test_arithmetic(const void *arg)
{
   static const char *const ops[] = {"add", "min", "max"};
   const struct arithmetic *a = arg;
   const struct clt_shape *s = a->shape;
   size_t n = clt_num_items(s);
   int32_t *in = clt_alloc(n * 4);
   float(*out)[9] = clt_alloc(n * sizeof(*out));
   bool is_unsigned = a->type[0] == 'u';
   struct clt_text t = {0};
   uint64_t random = clt.seed;

   clt_need_sub_groups();
   if (a->extension && !clt_has_extension(a->extension))
      clt_skip("the device has no %s", a->extension);
   for (size_t i = 0; i < n; i++)
      in[i] = (int)(clt_random(&random) % 60) - (is_unsigned ? 0 : 20);
   clt_append(&t,
              "kernel void test(global const int *in, global float *out) {\n   BEGIN\n"
              "   %s x = in[at];\n",
              a->type);
   for (int op = 0; op < 3; op++) {
      clt_append(&t, "   out[9 * at + %d] = sub_group_reduce_%s(x);\n", 3 * op, ops[op]);
      clt_append(&t, "   out[9 * at + %d] = sub_group_scan_inclusive_%s(x);\n", 3 * op + 1,
                 ops[op]);
      clt_append(&t, "   { %s e = sub_group_scan_exclusive_%s(x);\n", a->type, ops[op]);
      /* The identity of min and max is an extreme value: only that the first item has it. */
      clt_append(&t, "     out[9 * at + %d] = get_sub_group_local_id() == 0 ? (e %s 59) : e; }\n",
                 3 * op + 2,
                 op == 0   ? "=="
                 : op == 1 ? ">"
                           : "<");
   }
   clt_append(&t, "}\n");
   cl_kernel kernel = clt_group_kernel(t.text);
   cl_mem mem = clt_buffer(n * sizeof(*out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(n * 4, in));
   clt_arg_mem(kernel, 1, mem);
   clt_group_launch(kernel, s);
   clt_read(mem, 0, n * sizeof(*out), out);
   for (size_t i = 0; i < n; i++) {
      struct clt_group_item it = clt_group_item(s, i);

      for (int op = 0; op < 3; op++) {
         double all = in[it.first], inclusive = in[it.first], exclusive = 0;

         for (size_t j = it.first + 1; j <= it.last; j++) {
            if (j == i)
               exclusive = inclusive;
            all = combine(op, all, in[j]);
            if (j <= i)
               inclusive = combine(op, inclusive, in[j]);
         }
         if (it.lane == 0)
            exclusive = op != 0; /* 0 == 59 is false, the extremes compare true */
         const double want[3] = {all, inclusive, exclusive};
         for (int k = 0; k < 3; k++)
            CLT_CHECK(out[i][3 * op + k] == want[k], "item %zu, %s, %s: got %g, expected %g", i,
                      ops[op],
                      k == 0   ? "reduce"
                      : k == 1 ? "inclusive"
                               : "exclusive",
                      out[i][3 * op + k], want[k]);
      }
   }
}

struct shuffle {
   const struct clt_shape *shape;
   const char *type, *extension;
   unsigned size_B;
};

/* Each type by its bits: what a move between work-items must keep. */
static void
test_shuffle(const void *arg)
{
   const struct shuffle *p = arg;
   const struct clt_shape *s = p->shape;
   size_t n = clt_num_items(s), size_B = n * p->size_B;
   uint8_t *in = clt_alloc(size_B), *out = clt_alloc(4 * size_B);
   uint32_t *index = clt_alloc(n * 4);
   uint64_t random = clt.seed;

   clt_need_sub_groups();
   if (!clt_has_extension("cl_khr_subgroup_shuffle") ||
       !clt_has_extension("cl_khr_subgroup_shuffle_relative"))
      clt_skip("the device has no shuffles");
   if (p->extension && !clt_has_extension(p->extension))
      clt_skip("the device has no %s", p->extension);
   for (size_t i = 0; i < n; i++) {
      struct clt_group_item it = clt_group_item(s, i);

      index[i] = clt_random(&random) % (it.last - it.first + 1);
      for (unsigned b = 0; b < p->size_B; b++)
         in[i * p->size_B + b] = clt_random(&random) & 0xbb; /* no NaN of any size */
   }
   cl_kernel kernel = clt_group_kernel(clt_format(
      "kernel void test(global const %s *in, global const uint *index, global %s *out, uint n)"
      " {\n   BEGIN\n"
      "   out[at] = sub_group_shuffle(in[at], index[at]);\n"
      "   out[at + n] = sub_group_shuffle_xor(in[at], 5);\n"
      "   out[at + 2 * n] = sub_group_shuffle_up(in[at], 3);\n"
      "   out[at + 3 * n] = sub_group_shuffle_down(in[at], 2);\n}\n",
      p->type, p->type));
   cl_mem mem = clt_buffer(4 * size_B, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(size_B, in));
   clt_arg_mem(kernel, 1, clt_buffer(n * 4, index));
   clt_arg_mem(kernel, 2, mem);
   clt_arg_i32(kernel, 3, n);
   clt_group_launch(kernel, s);
   clt_read(mem, 0, 4 * size_B, out);
   for (size_t i = 0; i < n; i++) {
      static const char *const names[] = {"shuffle", "shuffle_xor", "shuffle_up", "shuffle_down"};
      struct clt_group_item it = clt_group_item(s, i);
      const size_t from[4] = {it.first + index[i], it.first + (it.lane ^ 5), i - 3, i + 2};

      for (int k = 0; k < 4; k++) {
         if (from[k] < it.first || from[k] > it.last || (k == 2 && it.lane < 3))
            continue; /* no such item: undefined */
         CLT_CHECK(!memcmp(out + (k * n + i) * p->size_B, in + from[k] * p->size_B, p->size_B),
                   "item %zu: %s did not get the value of item %zu", i, names[k], from[k]);
      }
   }
}

/* Neighbours exchange values through memory, with nothing but a sub-group's barrier in between. */
static void
test_barrier(const void *arg)
{
   static const char source[] =
      "kernel void test(global int *out, global int *scratch) {\n"
      "   BEGIN\n"
      "   local int tile[1024];\n"
      "   uint lane = get_sub_group_local_id(), width = get_sub_group_size(), sum = 0;\n"
      "   for (int k = 0; k < 5; k++) {\n"
      "      tile[linear] = at * 7 + k; scratch[at] = at * 11 + k;\n"
      "      sub_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
      "      uint other = (lane + k + 1) % width;\n"
      "      sum += tile[linear - lane + other] + scratch[at - lane + other];\n"
      "      sub_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
      "   }\n"
      "   out[at] = sum;\n"
      "}\n";
   const struct clt_shape *s = arg;
   size_t n = clt_num_items(s);
   uint32_t *out = clt_alloc(n * 4);

   clt_need_sub_groups();
   cl_kernel kernel = clt_group_kernel(source);
   cl_mem mem = clt_buffer(n * 4, NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_arg_mem(kernel, 1, clt_buffer(n * 4, NULL));
   clt_group_launch(kernel, s);
   clt_read(mem, 0, n * 4, out);
   for (size_t i = 0; i < n; i++) {
      struct clt_group_item it = clt_group_item(s, i);
      uint32_t sum = 0;

      for (uint32_t k = 0; k < 5; k++) {
         size_t other = it.first + (it.lane + k + 1) % (it.last - it.first + 1);
         sum += other * 7 + k + other * 11 + k;
      }
      CLT_CHECK(out[i] == sum, "item %zu: got %u, expected %u", i, out[i], sum);
   }
}

int
main(int argc, char **argv)
{
   static const struct {
      const char *type, *extension;
      unsigned size_B;
   } types[] = {
      {"int", NULL, 4},
      {"uint", NULL, 4},
      {"long", NULL, 8},
      {"ulong", NULL, 8},
      {"float", NULL, 4},
      {"half", "cl_khr_fp16", 2},
      {"double", "cl_khr_fp64", 8},
      {"char", NULL, 1},
      {"ushort", NULL, 2},
   };

   clt_init(argc, argv, "sub-groups and shuffles");
   for (size_t i = 0; i < CLT_NUM_SHAPES; i++) {
      const struct clt_shape *s = &clt_shapes[i];

      clt_run(test_ids, s, "ids.%s", s->name);
      clt_run(test_queries, s, "queries.%s", s->name);
      clt_run(test_votes, s, "votes.%s", s->name);
      clt_run(test_barrier, s, "barrier.%s", s->name);
   }
   for (size_t t = 0; t < CLT_ARRAY_SIZE(types); t++) {
      for (size_t i = 1; i < CLT_NUM_SHAPES; i += 4) {
         const struct arithmetic a = {&clt_shapes[i], types[t].type, types[t].extension};
         const struct shuffle sh = {&clt_shapes[i], types[t].type, types[t].extension,
                                    types[t].size_B};

         if (types[t].size_B == 8 || types[t].size_B == 4 || types[t].extension)
            clt_run(test_arithmetic, &a, "arithmetic.%s.%zu", types[t].type,
                    clt_group_size(&clt_shapes[i]));
         clt_run(test_shuffle, &sh, "shuffle.%s.%zu", types[t].type,
                 clt_group_size(&clt_shapes[i]));
      }
   }
   return clt_done();
}
