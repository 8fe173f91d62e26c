// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Work-group collective functions (OpenCL C 3.0 section 6.15.17, feature __opencl_c_work_group_collective_functions):
 * votes, broadcasts, reductions and scans, in work-groups of many shapes (cl_group.h). Scans go by the linear local id. Sums of floats are of small integers, so their order is free. */

#include "cl_group.h"
#include "cl_values.h"

#include <inttypes.h>

static void
need_functions(void)
{
   cl_bool has = CL_FALSE;

   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT,
                               sizeof(has), &has, NULL),
               "clGetDeviceInfo(CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT)");
   if (!has)
      clt_skip("the device has no work-group collective functions");
}

/* Runs a kernel with a buffer of the input and one for the output, which it returns. */
static void *
run(const struct clt_shape *s, const char *source, const void *in, size_t in_B, size_t out_B)
{
   cl_kernel kernel = clt_group_kernel(source);
   cl_mem mem = clt_buffer(out_B, NULL);
   void *out = clt_alloc(out_B);

   clt_arg_mem(kernel, 0, clt_buffer(in_B, in));
   clt_arg_mem(kernel, 1, mem);
   clt_group_launch(kernel, s);
   clt_read(mem, 0, out_B, out);
   return out;
}

static void
test_votes(const void *arg)
{
   static const char source[] = "kernel void test(global const int *in, global int *out) {\n"
                                "   BEGIN\n"
                                "   out[2 * at] = work_group_any(in[at] == 5);\n"
                                "   out[2 * at + 1] = work_group_all(in[at] != 7);\n"
                                "}\n";
   const struct clt_shape *s = arg;
   const size_t size = clt_group_size(s), n = CLT_NUM_GROUPS * size;
   int32_t *in = clt_alloc(n * 4);
   uint64_t random = clt.seed;

   need_functions();
   /* About one of a group says so. */
   for (size_t i = 0; i < n; i++)
      in[i] = clt_random(&random) % (size + 1) ? 1 : clt_random(&random) % 2 ? 5 : 7;
   const int32_t(*out)[2] = run(s, source, in, n * 4, n * sizeof(*out));
   for (size_t i = 0; i < n; i++) {
      bool any = false, all = true;

      for (size_t j = i - i % size; j < i - i % size + size; j++) {
         any |= in[j] == 5;
         all &= in[j] != 7;
      }
      CLT_CHECK(!out[i][0] == !any, "item %zu: any is %d", i, out[i][0]);
      CLT_CHECK(!out[i][1] == !all, "item %zu: all is %d", i, out[i][1]);
   }
}

/* Each item in turn is the source, at first with 64 bits, then as a double. */
static void
test_broadcast(const void *arg)
{
   static const char *const ids[] = {"k", "k % get_local_size(0), k / get_local_size(0)",
                                     "k % get_local_size(0), "
                                     "k / get_local_size(0) % get_local_size(1), "
                                     "k / get_local_size(0) / get_local_size(1)"};
   const struct clt_shape *s = arg;
   const size_t size = clt_group_size(s), n = CLT_NUM_GROUPS * size;
   int64_t *in = clt_alloc(n * 8);
   uint64_t random = clt.seed;

   need_functions();
   for (size_t i = 0; i < n; i++)
      in[i] = (int64_t)(clt_random(&random) >> 12);
   const char *source =
      clt_format("kernel void test(global const long *in, global long *out) {\n"
                 "   BEGIN\n"
                 "   long sum = 0;\n"
                 "   for (size_t k = 0; k < size; k += 1 + size / 20) {\n"
                 "      sum += work_group_broadcast(in[at], %s) * (long)(k + 1);\n"
                 "      sum ^= (long)work_group_broadcast((double)in[at], %s);\n"
                 "   }\n"
                 "   out[at] = sum;\n"
                 "}\n",
                 ids[s->dim - 1], ids[s->dim - 1]);
   const int64_t *out = run(s, source, in, n * 8, n * 8);
   for (size_t i = 0; i < n; i++) {
      uint64_t sum = 0;

      for (size_t k = 0; k < size; k += 1 + size / 20) {
         sum += (uint64_t)in[i - i % size + k] * (k + 1);
         sum ^= (uint64_t)in[i - i % size + k];
      }
      CLT_CHECK((uint64_t)out[i] == sum, "item %zu: got %" PRIx64 ", expected %" PRIx64, i,
                (uint64_t)out[i], sum);
   }
}

struct arithmetic {
   const struct clt_shape *shape;
   const char *type, *extension;
};

static double
combine(int op, double a, double b)
{
   return op == 0 ? a + b : op == 1 ? (a < b ? a : b) : (a > b ? a : b);
}

/* All sums fit into the smallest type, half with its 11 bits, as doubles. */
static void
test_arithmetic(const void *arg)
{
   static const char *const ops[] = {"add", "min", "max"};
   const struct arithmetic *a = arg;
   const struct clt_shape *s = a->shape;
   const size_t size = clt_group_size(s), n = CLT_NUM_GROUPS * size;
   int32_t *in = clt_alloc(n * 4);
   bool is_unsigned = a->type[0] == 'u';
   struct clt_text t = {0};
   uint64_t random = clt.seed;

   need_functions();
   if (a->extension && !clt_has_extension(a->extension))
      clt_skip("the device has no %s", a->extension);
   for (size_t i = 0; i < n; i++)
      in[i] = (int)(clt_random(&random) % 4) - (is_unsigned ? 0 : 2);
   clt_append(&t,
              "kernel void test(global const int *in, global float *out) {\n   BEGIN\n"
              "   %s x = in[at];\n",
              a->type);
   for (int op = 0; op < 3; op++) {
      clt_append(&t, "   out[9 * at + %d] = work_group_reduce_%s(x);\n", 3 * op, ops[op]);
      clt_append(&t, "   out[9 * at + %d] = work_group_scan_inclusive_%s(x);\n", 3 * op + 1,
                 ops[op]);
      /* The identity of min and max is an extreme value: only that the first item has it. */
      clt_append(&t,
                 "   { %s e = work_group_scan_exclusive_%s(x);\n"
                 "     out[9 * at + %d] = linear == 0 ? (e %s) : e; }\n",
                 a->type, ops[op], 3 * op + 2,
                 op == 0       ? "== 0"
                 : op == 1     ? "> 9"
                 : is_unsigned ? "== 0"
                               : "< -9");
   }
   clt_append(&t, "}\n");
   const float(*out)[9] = run(s, t.text, in, n * 4, n * sizeof(*out));
   for (size_t first = 0; first < n; first += size) {
      for (int op = 0; op < 3; op++) {
         double all = in[first], before = 0;

         for (size_t i = first + 1; i < first + size; i++)
            all = combine(op, all, in[i]);
         for (size_t i = first; i < first + size; i++) {
            double upto = i == first ? in[i] : combine(op, before, in[i]);

            CLT_CHECK(out[i][3 * op] == all, "item %zu, reduce_%s: got %g, expected %g", i, ops[op],
                      out[i][3 * op], all);
            CLT_CHECK(out[i][3 * op + 1] == upto,
                      "item %zu, scan_inclusive_%s: got %g, expected %g", i, ops[op],
                      out[i][3 * op + 1], upto);
            CLT_CHECK(out[i][3 * op + 2] == (i == first ? 1 : before),
                      "item %zu, scan_exclusive_%s: got %g, expected %g", i, ops[op],
                      out[i][3 * op + 2], i == first ? 1 : before);
            before = upto;
         }
      }
   }
}

/* Beside local memory of the kernel's own, in a condition that holds for the whole group, and again and again: a result
 * must have been read by all before the next one takes its place. */
static void
test_repeated(const void *arg)
{
   static const char source[] =
      "kernel void test(global const int *in, global int *out) {\n"
      "   BEGIN\n"
      "   local int tile[1024];\n"
      "   tile[linear] = in[at];\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   int sum = 0;\n"
      "   for (int k = 0; k < 20; k++) {\n"
      "      int v = tile[(linear + k) % size] + k;\n"
      "      if ((group + k) % 3 != 0)\n"
      "         sum = sum * 3 + work_group_reduce_max(v) + work_group_scan_inclusive_add(v);\n"
      "      else if (work_group_any(v == 3))\n"
      "         sum -= work_group_reduce_add(sum);\n"
      "   }\n"
      "   out[at] = sum + tile[linear];\n"
      "}\n";
   const struct clt_shape *s = arg;
   const size_t size = clt_group_size(s), n = CLT_NUM_GROUPS * size;
   int32_t *in = clt_alloc(n * 4);
   uint32_t *sum = clt_alloc(n * 4);
   uint64_t random = clt.seed;

   need_functions();
   for (size_t i = 0; i < n; i++)
      in[i] = clt_random(&random) % 1000;
   const uint32_t *out = run(s, source, in, n * 4, n * 4);
   for (size_t first = 0; first < n; first += size) {
      for (size_t k = 0; k < 20; k++) {
         int32_t max = INT32_MIN;
         uint32_t scan = 0, sums = 0;
         bool any = false;

         for (size_t i = 0; i < size; i++) {
            int32_t v = in[first + (i + k) % size] + (int)k;

            max = v > max ? v : max;
            any |= v == 3;
            sums += sum[first + i];
         }
         for (size_t i = 0; i < size; i++) {
            scan += (uint32_t)in[first + (i + k) % size] + k;
            if ((first / size + k) % 3 != 0)
               sum[first + i] = sum[first + i] * 3 + (uint32_t)max + scan;
            else if (any)
               sum[first + i] -= sums;
         }
      }
   }
   for (size_t i = 0; i < n; i++)
      CLT_CHECK(out[i] == sum[i] + (uint32_t)in[i], "item %zu: got %u, expected %u", i, out[i],
                sum[i] + (uint32_t)in[i]);
}

int
main(int argc, char **argv)
{
   static const struct {
      const char *type, *extension;
   } types[] = {
      {"int", NULL},
      {"uint", NULL},
      {"long", NULL},
      {"ulong", NULL},
      {"float", NULL},
      {"half", "cl_khr_fp16"},
      {"double", "cl_khr_fp64"},
   };

   clt_init(argc, argv, "work-group collective functions");
   for (size_t i = 0; i < CLT_NUM_SHAPES; i++) {
      const struct clt_shape *s = &clt_shapes[i];

      clt_run(test_votes, s, "votes.%s", s->name);
      clt_run(test_broadcast, s, "broadcast.%s", s->name);
      clt_run(test_repeated, s, "repeated.%s", s->name);
   }
   for (size_t t = 0; t < CLT_ARRAY_SIZE(types); t++) {
      for (size_t i = t % 2; i < CLT_NUM_SHAPES; i += 3) {
         const struct arithmetic a = {&clt_shapes[i], types[t].type, types[t].extension};

         clt_run(test_arithmetic, &a, "arithmetic.%s.%zu", types[t].type,
                 clt_group_size(&clt_shapes[i]));
      }
   }
   return clt_done();
}
