// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Kernel arguments: scalars and vectors of every type by value, structures, pointers in every
 * address space, NULL buffers, many arguments, one kernel with changing arguments, and constant
 * memory. */

#include "cl_values.h"

#include <stdlib.h>
#include <string.h>

/* A scalar and a vector of every width of one type, with odd gaps between them. */
static void
test_values(const void *arg)
{
   const struct clt_type *type = arg;
   const char *n = type->name;
   struct clt_text t = {0};
   uint8_t values[64 * 8], out[64 * 8] = {0};
   unsigned at = 0;
   uint64_t random = clt.seed;

   clt_append(&t, "kernel void test(");
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++)
      clt_append(&t, "char gap%u, %s a%u, ", w, clt_vec(n, clt_widths[w]), w);
   clt_append(&t, "global %s *out, global int *gaps)\n{\n", n);
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
      if (w == 0)
         clt_append(&t, "   out[0] = a0;\n");
      else
         clt_append(&t, "   vstore%u(a%u, 0, out + %u);\n", clt_widths[w], w, at);
      at += clt_widths[w];
   }
   clt_append(&t, "   *gaps = gap0 + gap1 * 3 + gap2 * 5 + gap3 * 7 + gap4 * 11 + gap5 * 13;\n}\n");

   for (unsigned i = 0; i < at * type->size_B; i++)
      values[i] = clt_random(&random) & 0xbf; /* no NaN */
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem out_mem = clt_buffer(sizeof(out), NULL), gaps_mem = clt_buffer(4, NULL);
   at = 0;
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
      char gap = w * 20 - 50;
      uint8_t padded[16 * 8] = {0}; /* a 3-vector takes the space of a 4-vector */

      memcpy(padded, values + at * type->size_B, clt_widths[w] * type->size_B);
      clt_arg(kernel, 2 * w, 1, &gap);
      clt_arg(kernel, 2 * w + 1, (clt_widths[w] == 3 ? 4 : clt_widths[w]) * type->size_B, padded);
      at += clt_widths[w];
   }
   clt_arg_mem(kernel, 12, out_mem);
   clt_arg_mem(kernel, 13, gaps_mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(out_mem, 0, sizeof(out), out);
   int gaps, want = -50 - 30 * 3 - 10 * 5 + 10 * 7 + 30 * 11 + 50 * 13;
   clt_read(gaps_mem, 0, 4, &gaps);
   for (unsigned i = 0; i < at; i++) {
      uint64_t got = clt_get(type, out, i), expected = clt_get(type, values, i);
      CLT_CHECK(got == expected, "component %u: got %s, expected %s", i, clt_show(type, got),
                clt_show(type, expected));
   }
   CLT_CHECK(gaps == want, "the char arguments between sum up to %d, expected %d", gaps, want);
}

struct inner {
   cl_short s;
   cl_float f[3];
};

struct outer {
   cl_char c;
   cl_long l;
   struct inner in[2];
   cl_uchar tail[5];
   cl_float4 v;
};

static void
test_struct(const void *arg)
{
   static const char source[] =
      "struct inner { short s; float f[3]; };\n"
      "struct outer { char c; long l; struct inner in[2]; uchar tail[5]; float4 v; };\n"
      "kernel void test(int before, struct outer o, int after, int k, global struct outer *copy,\n"
      "                 global float *out, global uint *layout) {\n"
      "   *copy = o;\n"
      "   out[0] = before; out[1] = after; out[2] = o.c; out[3] = o.in[k].f[k + 1]; out[4] = "
      "o.tail[k * 4];\n"
      "   o.in[k].f[2] += 1; out[5] = o.in[1].f[2]; out[6] = o.v.w + o.in[0].s;\n"
      "   layout[0] = sizeof(struct outer);\n"
      "   layout[1] = (uint)((size_t)&copy->in[1] - (size_t)copy);\n"
      "   layout[2] = (uint)((size_t)&copy->v - (size_t)copy);\n"
      "}\n";
   struct outer o = {-7,
                     0x123456789abcdef0,
                     {{300, {1.5f, 2.5f, 3.5f}}, {-300, {4.5f, 5.5f, 6.5f}}},
                     {10, 20, 30, 40, 50},
                     {{0.25f, 0.5f, 0.75f, 8}}};
   struct outer copy;
   cl_int before = 11, after = 22;
   float out[7], want[7] = {11, 22, -7, 6.5f, 50, 7.5f, 308};
   uint32_t layout[3];

   memset(&copy, 0, sizeof(copy));
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem copy_mem = clt_buffer(sizeof(copy), NULL), out_mem = clt_buffer(sizeof(out), NULL);
   cl_mem layout_mem = clt_buffer(sizeof(layout), NULL);
   clt_arg(kernel, 0, 4, &before);
   clt_arg(kernel, 1, sizeof(o), &o);
   clt_arg(kernel, 2, 4, &after);
   clt_arg_i32(kernel, 3, 1);
   clt_arg_mem(kernel, 4, copy_mem);
   clt_arg_mem(kernel, 5, out_mem);
   clt_arg_mem(kernel, 6, layout_mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(copy_mem, 0, sizeof(copy), &copy);
   clt_read(out_mem, 0, sizeof(out), out);
   clt_read(layout_mem, 0, sizeof(layout), layout);
   CLT_CHECK(layout[0] == sizeof(struct outer) && layout[1] == offsetof(struct outer, in[1]) &&
                layout[2] == offsetof(struct outer, v),
             "layout: size %u, offsets %u and %u; expected %zu, %zu, %zu", layout[0], layout[1],
             layout[2], sizeof(struct outer), offsetof(struct outer, in[1]),
             offsetof(struct outer, v));
   CLT_CHECK(copy.c == o.c && copy.l == o.l && !memcmp(copy.in, o.in, sizeof(o.in[0].s)) &&
                copy.in[1].f[2] == o.in[1].f[2] && copy.in[1].s == o.in[1].s &&
                !memcmp(copy.tail, o.tail, 5) && !memcmp(&copy.v, &o.v, 16),
             "the copy of the structure differs");
   for (int i = 0; i < 7; i++)
      CLT_CHECK(out[i] == want[i], "value %d: got %g, expected %g", i, out[i], want[i]);
}

/* 1024 bytes of arguments is what every full profile device takes at least. */
static void
test_many(const void *arg)
{
   enum {
      COUNT = 100
   };
   struct clt_text t = {0};
   int64_t want = 0, got = 0;

   clt_append(&t, "kernel void test(");
   for (int i = 0; i < COUNT; i++)
      clt_append(&t, "%s a%d, ", i % 3 == 0 ? "long" : i % 3 == 1 ? "int" : "short", i);
   clt_append(&t, "global long *out)\n{\n   long sum = 0;\n");
   for (int i = 0; i < COUNT; i++)
      clt_append(&t, "   sum += a%d * %d;\n", i, i + 1);
   clt_append(&t, "   *out = sum;\n}\n");
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem mem = clt_buffer(8, NULL);
   for (int i = 0; i < COUNT; i++) {
      int64_t v = i * 331 - 9000;
      clt_arg(kernel, i, i % 3 == 0 ? 8 : i % 3 == 1 ? 4 : 2, &v);
      want += v * (i + 1);
   }
   clt_arg_mem(kernel, COUNT, mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(mem, 0, 8, &got);
   CLT_CHECK(got == want, "got %lld, expected %lld", (long long)got, (long long)want);
}

/* Sixty buffers in one kernel. */
static void
test_many_buffers(const void *arg)
{
   enum {
      COUNT = 60
   };
   struct clt_text t = {0};
   cl_mem mems[COUNT];

   clt_append(&t, "kernel void test(");
   for (int i = 0; i < COUNT; i++)
      clt_append(&t, "global int *p%d%s", i,
                 i < COUNT - 1 ? ", " : ")\n{\n   int i = get_global_id(0);\n");
   for (int i = 0; i < COUNT; i++)
      clt_append(&t, "   p%d[i] += p%d[i] + %d;\n", i, (i + 1) % COUNT, i);
   clt_append(&t, "}\n");
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   int host[COUNT][8];
   for (int i = 0; i < COUNT; i++) {
      for (int k = 0; k < 8; k++)
         host[i][k] = i * 100 + k;
      mems[i] = clt_buffer(sizeof(host[i]), host[i]);
      clt_arg_mem(kernel, i, mems[i]);
   }
   clt_launch_1d(kernel, 8, 8);
   for (int i = 0; i < COUNT; i++) {
      int out[8];
      clt_read(mems[i], 0, sizeof(out), out);
      for (int k = 0; k < 8; k++) {
         host[i][k] += host[(i + 1) % COUNT][k] + i;
         CLT_CHECK(out[k] == host[i][k], "buffer %d, element %d: got %d, expected %d", i, k, out[k],
                   host[i][k]);
      }
   }
}

/* NULL for a buffer argument is a null pointer in the kernel. */
static void
test_null_buffer(const void *arg)
{
   static const char source[] =
      "kernel void test(global int *a, constant int *b, global int *out) {\n"
      "   out[0] = a == 0; out[1] = b == 0; out[2] = a ? a[0] : -5; }\n";
   int out[3], value = 42;

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL), some = clt_buffer(4, &value);
   for (int pass = 0; pass < 2; pass++) {
      clt_arg(kernel, 0, sizeof(cl_mem), pass ? &some : NULL);
      clt_arg(kernel, 1, sizeof(cl_mem), pass ? &some : NULL);
      clt_arg_mem(kernel, 2, mem);
      clt_launch_1d(kernel, 1, 1);
      clt_read(mem, 0, sizeof(out), out);
      CLT_CHECK(out[0] == !pass && out[1] == !pass && out[2] == (pass ? 42 : -5),
                "%s: got %d, %d, %d", pass ? "buffers" : "NULL", out[0], out[1], out[2]);
   }
}

/* Arguments are taken at the time of the launch. */
static void
test_changing(const void *arg)
{
   static const char source[] = "kernel void test(int i, int v, global int *out) { out[i] = v; }\n";
   int out[64];
   size_t one = 1;

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 2, mem);
   for (int i = 0; i < 64; i++) {
      clt_arg_i32(kernel, 0, i);
      clt_arg_i32(kernel, 1, i * i);
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
   }
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 64; i++)
      CLT_CHECK(out[i] == i * i, "launch %d: got %d", i, out[i]);
}

/* A sub-buffer argument points into its parent. */
static void
test_sub_buffer(const void *arg)
{
   static const char source[] = "kernel void test(global int *a, global int *b) {\n"
                                "   a[get_global_id(0)] += b[get_global_id(0)]; }\n";
   cl_uint align_bits = 0;
   cl_int error;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, 4, &align_bits, NULL));
   size_t align = align_bits / 8, words = align / 4;
   int *host = clt_alloc(4 * align), *out = clt_alloc(4 * align);
   for (size_t i = 0; i < 4 * words; i++)
      host[i] = i;
   cl_mem parent = clt_buffer(4 * align, host);
   cl_buffer_region first = {align, align}, second = {3 * align, align};
   cl_mem a = clCreateSubBuffer(parent, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &first,
                                &error);
   CLT_CALL(error);
   cl_mem b = clCreateSubBuffer(parent, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &second,
                                &error);
   CLT_CALL(error);
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_mem(kernel, 0, a);
   clt_arg_mem(kernel, 1, b);
   clt_launch_1d(kernel, words, 0);
   clt_read(parent, 0, 4 * align, out);
   clReleaseMemObject(a);
   clReleaseMemObject(b);
   for (size_t i = 0; i < 4 * words; i++) {
      int want = i / words == 1 ? (int)(2 * i + 2 * words) : (int)i;
      CLT_CHECK(out[i] == want, "word %zu: got %d, expected %d", i, out[i], want);
   }
}

/* Program-scope constants, constant arguments, string literals, tables indexed by the item. */
static void
test_constant(const void *arg)
{
   static const char source[] =
      "constant int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};\n"
      "constant float3 vectors[2] = {(float3)(1, 2, 3), (float3)(4, 5, 6)};\n"
      "constant struct { char tag; long value; } records[3] = {{'a', 100}, {'b', -200}, {'c', "
      "300000000000l}};\n"
      "constant char text[] = \"accelerator\";\n"
      "int walk(constant char *s, int c) { int n = 0; while (*s) n += *s++ == c; return n; }\n"
      "kernel void test(constant int *given, constant float4 *v, global long *out) {\n"
      "   constant int inside[4] = {10, 20, 30, 40};\n"
      "   int i = get_global_id(0);\n"
      "   out[i] = table[i % 8] + inside[i & 3] * 100 + given[i] * 10000 + (long)v[i & 1].y * "
      "1000000;\n"
      "   out[64 + i] = records[i % 3].value + records[i % 3].tag + (long)vectors[i & 1].z;\n"
      "   out[128 + i] = walk(text, \"aclt\"[i & 3]);\n"
      "}\n";
   static const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6}, counts[4] = {2, 2, 1, 1};
   static const int64_t records[3] = {100 + 'a', -200 + 'b', 300000000000 + 'c'};
   int given[64];
   float v[8] = {0, 7, 0, 0, 0, -8, 0, 0};
   int64_t out[192];

   for (int i = 0; i < 64; i++)
      given[i] = i - 30;
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(given), given));
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(v), v));
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, 64, 0);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 64 && !clt_failed(); i++) {
      const int64_t want[3] = {
         table[i % 8] + (i % 4 + 1) * 1000 + given[i] * 10000ll +
            (int64_t)v[(i & 1) * 4 + 1] * 1000000,
         records[i % 3] + (i & 1 ? 6 : 3),
         counts[i & 3],
      };
      for (int k = 0; k < 3; k++)
         CLT_CHECK(out[k * 64 + i] == want[k], "item %d, value %d: got %lld, expected %lld", i, k,
                   (long long)out[k * 64 + i], (long long)want[k]);
   }
}

/* A constant table of pointers to constants. */
static void
test_constant_pointers(const void *arg)
{
   static const char source[] = "constant int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};\n"
                                "constant int *constant chosen[2] = {table, table + 4};\n"
                                "kernel void test(global int *out) { int i = get_global_id(0); "
                                "out[i] = chosen[i & 1][i & 3]; }\n";
   static const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
   int out[8];

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, 8, 0);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 8; i++)
      CLT_CHECK(out[i] == table[(i & 1) * 4 + (i & 3)], "item %d: got %d", i, out[i]);
}

/* The largest constant buffer the device promises. */
static void
test_large_constant(const void *arg)
{
   static const char source[] =
      "kernel void test(constant uint *c, uint words, global uint *out) {\n"
      "   uint sum = 0, i = get_global_id(0);\n"
      "   for (uint k = 0; k < 64; k++) sum += c[(i * 7919 + k * 104729) % words];\n"
      "   out[i] = sum + c[words - 1];\n"
      "}\n";
   cl_ulong size_B = 0;
   uint32_t out[128];

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE, 8, &size_B, NULL));
   CLT_CHECK(size_B >= 64 << 10,
             "constant buffers of %llu bytes are too small for the full profile",
             (unsigned long long)size_B);
   if (size_B > 1 << 20)
      size_B = 1 << 20;
   uint32_t words = size_B / 4, *c = clt_alloc(words * 4ull);
   for (uint32_t i = 0; i < words; i++)
      c[i] = i * 2654435761u;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(words * 4ull, c));
   clt_arg_i32(kernel, 1, words);
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, 128, 0);
   clt_read(mem, 0, sizeof(out), out);
   for (uint32_t i = 0; i < 128; i++) {
      uint32_t want = c[words - 1];
      for (uint32_t k = 0; k < 64; k++)
         want += c[(i * 7919 + k * 104729) % words];
      CLT_CHECK(out[i] == want, "item %u: got %u, expected %u", i, out[i], want);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "kernel arguments of every type, and constant memory");
   for (int t = 0; t < CLT_NUM_SCALARS; t++)
      clt_run(test_values, &clt_types[t], "by_value.%s", clt_types[t].name);
   clt_run(test_struct, NULL, "struct_by_value");
   clt_run(test_many, NULL, "hundred_arguments");
   clt_run(test_many_buffers, NULL, "sixty_buffers");
   clt_run(test_null_buffer, NULL, "null_buffer");
   clt_run(test_changing, NULL, "changing_arguments");
   clt_run(test_sub_buffer, NULL, "sub_buffer");
   clt_run(test_constant, NULL, "constant");
   clt_run(test_large_constant, NULL, "large_constant");
   clt_run(test_constant_pointers, NULL, "constant_pointers");
   return clt_done();
}
