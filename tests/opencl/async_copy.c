// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* async_work_group_copy and async_work_group_strided_copy in both directions, for every element
 * type and several widths; several copies under one event; copies in a loop; prefetch. */

#include "cl_values.h"

#include <string.h>

#define GROUP  40
#define GROUPS 5
#define PIECE  97 /* elements per group: no multiple of anything */

struct params {
   const struct clt_type *type;
   unsigned width;
};

static void
test_copy(const void *arg)
{
   const struct params *p = arg;
   unsigned stride = p->width == 3 ? 4 : p->width; /* a 3-vector takes the space of a 4-vector */
   const char *vec = clt_vec(p->type->name, p->width);
   const char *source =
      clt_format("kernel void test(global const %s *in, global %s *out, local %s *buf) {\n"
                 "   size_t base = get_group_id(0) * %d;\n"
                 "   event_t e = async_work_group_copy(buf, in + base, %d, 0);\n"
                 "   wait_group_events(1, &e);\n"
                 "   for (uint k = get_local_id(0); k < %d / 2; k += get_local_size(0)) {\n"
                 "      %s t = buf[k]; buf[k] = buf[%d - 1 - k]; buf[%d - 1 - k] = t;\n"
                 "   }\n"
                 "   barrier(CLK_LOCAL_MEM_FENCE);\n"
                 "   e = async_work_group_copy(out + base, buf, %d, 0);\n"
                 "   wait_group_events(1, &e);\n"
                 "}\n",
                 vec, vec, vec, PIECE, PIECE, PIECE, vec, PIECE, PIECE, PIECE);
   size_t unit = stride * p->type->size_B, bytes = PIECE * GROUPS * unit;
   uint8_t *in = clt_alloc(bytes), *out = clt_alloc(bytes);
   uint64_t random = clt.seed;

   for (size_t i = 0; i < bytes; i++)
      in[i] = clt_random(&random) & (p->type->is_float ? 0xbf : 0xff);
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(bytes, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(bytes, in));
   clt_arg_mem(kernel, 1, mem);
   clt_arg_local(kernel, 2, PIECE * unit);
   clt_launch_1d(kernel, GROUP * GROUPS, GROUP);
   clt_read(mem, 0, bytes, out);
   for (int g = 0; g < GROUPS; g++) {
      for (int k = 0; k < PIECE; k++) {
         const uint8_t *from = in + (g * PIECE + PIECE - 1 - k) * unit,
                       *to = out + (g * PIECE + k) * unit;
         if (memcmp(from, to, p->width * p->type->size_B)) {
            clt_fail("group %d, element %d differs", g, k);
            return;
         }
      }
   }
}

static void
test_strided(const void *arg)
{
   const struct params *p = arg;
   const char *vec = clt_vec(p->type->name, p->width);
   const char *source = clt_format(
      "kernel void test(global const %s *in, global %s *out, local %s *buf, uint in_stride, uint "
      "out_stride) {\n"
      "   size_t base = get_group_id(0) * %d;\n"
      "   event_t e = async_work_group_strided_copy(buf, in + base * in_stride, %d, in_stride, "
      "0);\n"
      "   wait_group_events(1, &e);\n"
      "   e = async_work_group_strided_copy(out + base * out_stride, buf, %d, out_stride, 0);\n"
      "   wait_group_events(1, &e);\n"
      "}\n",
      vec, vec, vec, PIECE, PIECE, PIECE);
   cl_uint in_stride = 3, out_stride = 5;
   size_t unit = p->width * p->type->size_B, count = PIECE * GROUPS;
   uint8_t *in = clt_alloc(count * in_stride * unit), *out = clt_alloc(count * out_stride * unit);
   uint64_t random = clt.seed;

   for (size_t i = 0; i < count * in_stride * unit; i++)
      in[i] = clt_random(&random) & (p->type->is_float ? 0xbf : 0xff);
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(count * out_stride * unit, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(count * in_stride * unit, in));
   clt_arg_mem(kernel, 1, mem);
   clt_arg_local(kernel, 2, PIECE * unit);
   clt_arg(kernel, 3, 4, &in_stride);
   clt_arg(kernel, 4, 4, &out_stride);
   clt_launch_1d(kernel, GROUP * GROUPS, GROUP);
   clt_read(mem, 0, count * out_stride * unit, out);
   uint8_t *zero = clt_alloc(unit);
   for (size_t i = 0; i < count * out_stride; i++) {
      const uint8_t *want = i % out_stride ? zero : in + i / out_stride * in_stride * unit;
      if (memcmp(out + i * unit, want, unit)) {
         clt_fail("element %zu %s", i, i % out_stride ? "was written" : "differs");
         return;
      }
   }
}

/* Two buffers in turn: the next piece is on its way while this one is worked on. */
static void
test_double_buffer(const void *arg)
{
   static const char source[] = "kernel void test(global const int *in, global int *out) {\n"
                                "   local int a[64], b[64];\n"
                                "   int i = get_local_id(0), sum = 0;\n"
                                "   in += get_group_id(0) * 64 * 8;\n"
                                "   event_t e[2];\n"
                                "   e[0] = async_work_group_copy(a, in, 64, 0);\n"
                                "   for (int k = 0; k < 8; k++) {\n"
                                "      if (k < 7) e[(k + 1) & 1] = async_work_group_copy(k & 1 ? a "
                                ": b, in + (k + 1) * 64, 64, 0);\n"
                                "      wait_group_events(1, &e[k & 1]);\n"
                                "      sum = sum * 3 + (k & 1 ? b : a)[63 - i];\n"
                                "      barrier(CLK_LOCAL_MEM_FENCE);\n"
                                "   }\n"
                                "   out[get_global_id(0)] = sum;\n"
                                "}\n";
   int in[64 * 8 * 3], out[64 * 3];

   for (int i = 0; i < 64 * 8 * 3; i++)
      in[i] = i * 7 % 1001;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, 64 * 3, 64);
   clt_read(mem, 0, sizeof(out), out);
   for (int g = 0; g < 3; g++) {
      for (int i = 0; i < 64; i++) {
         int want = 0;
         for (int k = 0; k < 8; k++)
            want = want * 3 + in[g * 512 + k * 64 + 63 - i];
         CLT_CHECK(out[g * 64 + i] == want, "group %d, item %d: got %d, expected %d", g, i,
                   out[g * 64 + i], want);
      }
   }
}

static void
test_one_event(const void *arg)
{
   static const char source[] = "kernel void test(global const float *a, global const float *b, "
                                "global float *out, local float *la,\n"
                                "                 local float *lb) {\n"
                                "   prefetch(a, 100); prefetch(b, 100);\n"
                                "   event_t e = async_work_group_copy(la, a, 100, 0);\n"
                                "   e = async_work_group_copy(lb, b, 100, e);\n"
                                "   wait_group_events(1, &e);\n"
                                "   for (int k = get_local_id(0); k < 100; k += get_local_size(0)) "
                                "out[k] = la[99 - k] - lb[k];\n"
                                "}\n";
   float a[100], b[100], out[100];

   for (int i = 0; i < 100; i++)
      a[i] = i * 3, b[i] = i * i;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(a), a));
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(b), b));
   clt_arg_mem(kernel, 2, mem);
   clt_arg_local(kernel, 3, sizeof(a));
   clt_arg_local(kernel, 4, sizeof(b));
   clt_launch_1d(kernel, 37, 37);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 100; i++)
      CLT_CHECK(out[i] == a[99 - i] - b[i], "element %d: got %g, expected %g", i, out[i],
                a[99 - i] - b[i]);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "asynchronous copies between global and local memory");
   for (int t = 0; t < CLT_NUM_SCALARS; t++) {
      static const unsigned other[] = {2, 4, 8, 16, 3, 2, 4, 2, 16};
      for (int w = 0; w < 2; w++) {
         const struct params p = {&clt_types[t], w ? other[t] : 1};
         clt_run(test_copy, &p, "copy.%s.%u", p.type->name, p.width);
      }
   }
   for (int t = 0; t < CLT_NUM_SCALARS; t += 2) {
      const struct params p = {&clt_types[t], t == CLT_INT ? 4 : 1};
      clt_run(test_strided, &p, "strided.%s.%u", p.type->name, p.width);
   }
   clt_run(test_double_buffer, NULL, "double_buffer");
   clt_run(test_one_event, NULL, "one_event");
   return clt_done();
}
