// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Launches: arguments of every kind, shapes of grids, and what kernels see of buffers. The
 * arithmetic is simple on purpose; tests of the language are elsewhere. */

#include "cl_api.h"

#include <stdlib.h>
#include <string.h>

/* Arguments */

struct __attribute__((aligned(8))) params {
   cl_int i;
   cl_char c[3];
   cl_long l;
   cl_float f[2];
};

/* By value: every width, vectors with their padding, and structures. */
static void
arguments_by_value(const void *arg)
{
   static const char source[] =
      "typedef struct __attribute__((aligned(8))) { int i; char c[3]; long l; float f[2]; } "
      "params;\n"
      "kernel void f(char a, uchar b, short c, ushort d, int e, uint f, long g, ulong h, float i,\n"
      "              char3 j, short4 k, int2 l, long2 m, float8 n, params p, global long *out)\n"
      "{\n"
      "   int o = 0;\n"
      "   out[o++] = a; out[o++] = b; out[o++] = c; out[o++] = d; out[o++] = e; out[o++] = f;\n"
      "   out[o++] = g; out[o++] = (long)h; out[o++] = as_int(i);\n"
      "   out[o++] = j.x; out[o++] = j.y; out[o++] = j.z;\n"
      "   out[o++] = k.x; out[o++] = k.w; out[o++] = l.y; out[o++] = m.x; out[o++] = m.y;\n"
      "   out[o++] = as_int(n.s0); out[o++] = as_int(n.s7);\n"
      "   out[o++] = p.i; out[o++] = p.c[0]; out[o++] = p.c[2]; out[o++] = p.l;\n"
      "   out[o++] = as_int(p.f[1]);\n"
      "}\n";
   cl_kernel k = clt_kernel(source, "", "f");
   const cl_char a = -3;
   const cl_uchar b = 250;
   const cl_short c = -30000;
   const cl_ushort d = 60000;
   const cl_int e = -2000000000;
   const cl_uint f = 4000000000u;
   const cl_long g = -5000000000000000000;
   const cl_ulong h = 10000000000000000000u;
   const cl_float i = 1.5f;
   const cl_char3 j = {{-1, 2, -3}};
   const cl_short4 l4 = {{-100, 0, 0, 32767}};
   const cl_int2 l = {{0, -12345}};
   const cl_long2 m = {{-1, INT64_MIN}};
   const cl_float8 n = {{0.25f, 0, 0, 0, 0, 0, 0, -8.0f}};
   const struct params p = {-7, {-8, 0, 9}, -(1ll << 40), {0, 3.0f}};
   cl_long got[24];
   const cl_long want[24] = {a,
                             b,
                             c,
                             d,
                             e,
                             f,
                             g,
                             (cl_long)h,
                             0x3fc00000,
                             -1,
                             2,
                             -3,
                             -100,
                             32767,
                             -12345,
                             -1,
                             INT64_MIN,
                             0x3e800000,
                             (cl_int)0xc1000000,
                             -7,
                             -8,
                             9,
                             -(1ll << 40),
                             0x40400000};
   cl_mem out = clt_buffer(sizeof(got), NULL);

   clt_arg(k, 0, sizeof(a), &a);
   clt_arg(k, 1, sizeof(b), &b);
   clt_arg(k, 2, sizeof(c), &c);
   clt_arg(k, 3, sizeof(d), &d);
   clt_arg(k, 4, sizeof(e), &e);
   clt_arg(k, 5, sizeof(f), &f);
   clt_arg(k, 6, sizeof(g), &g);
   clt_arg(k, 7, sizeof(h), &h);
   clt_arg(k, 8, sizeof(i), &i);
   clt_arg(k, 9, sizeof(j), &j);
   clt_arg(k, 10, sizeof(l4), &l4);
   clt_arg(k, 11, sizeof(l), &l);
   clt_arg(k, 12, sizeof(m), &m);
   clt_arg(k, 13, sizeof(n), &n);
   clt_arg(k, 14, sizeof(p), &p);
   clt_arg_mem(k, 15, out);
   clt_launch_1d(k, 1, 1);
   clt_read(out, 0, sizeof(got), got);
   for (unsigned at = 0; at < CLT_ARRAY_SIZE(want); at++)
      CLT_CHECK(got[at] == want[at], "value %u is %lld, expected %lld", at, (long long)got[at],
                (long long)want[at]);
}

/* A launch keeps the arguments of its moment. */
static void
arguments_change_after_launch(const void *arg)
{
   enum {
      N = 300
   };
   cl_kernel k = clt_kernel("kernel void f(global uint *out, uint at, uint value)\n"
                            "{ out[at] = value; }\n",
                            "", "f");
   cl_mem out = clt_buffer(N * sizeof(uint32_t), NULL);
   uint32_t got[N], want[N];
   const size_t one = 1;

   clt_arg_mem(k, 0, out);
   for (uint32_t i = 0; i < N; i++) {
      want[i] = i * i + 1;
      clt_arg(k, 1, sizeof(i), &i);
      clt_arg(k, 2, sizeof(i), &want[i]);
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   }
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("out", got, want, N);
}

static void
null_pointer_argument(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *maybe, global int *out)\n"
                            "{ out[0] = maybe ? 1 : 2; }\n",
                            "", "f");
   cl_mem out = clt_buffer(sizeof(cl_int), NULL), full = clt_buffer(64, NULL), none = NULL;
   cl_int got = 0;

   clt_arg(k, 0, sizeof(none), &none);
   clt_arg_mem(k, 1, out);
   clt_launch_1d(k, 1, 1);
   clt_read(out, 0, sizeof(got), &got);
   CLT_CHECK(got == 2, "got %d for a null pointer", got);
   clt_arg_mem(k, 0, full);
   clt_launch_1d(k, 1, 1);
   clt_read(out, 0, sizeof(got), &got);
   CLT_CHECK(got == 1, "got %d for a pointer", got);
}

/* As many pointers as fit into the smallest parameter space a device may have. */
static void
many_pointer_arguments(const void *arg)
{
   enum {
      N = 100
   };
   struct clt_text text = {0};
   cl_mem mem[N];
   uint32_t got;

   clt_append(&text, "kernel void f(global uint *out");
   for (int i = 0; i < N; i++)
      clt_append(&text, ", global const uint *p%d", i);
   clt_append(&text, ") { uint sum = 0;\n");
   for (int i = 0; i < N; i++)
      clt_append(&text, "sum = sum * 3 + p%d[0];\n", i);
   clt_append(&text, "out[0] = sum; }\n");

   cl_kernel k = clt_kernel(text.text, "", "f");
   cl_mem out = clt_buffer(sizeof(got), NULL);
   uint32_t want = 0;
   clt_arg_mem(k, 0, out);
   for (uint32_t i = 0; i < N; i++) {
      uint32_t value = i * 7919 + 1;
      mem[i] = clt_buffer(sizeof(value), &value);
      clt_arg_mem(k, i + 1, mem[i]);
      want = want * 3 + value;
   }
   clt_launch_1d(k, 1, 1);
   clt_read(out, 0, sizeof(got), &got);
   CLT_CHECK(got == want, "sum is %u, expected %u", got, want);
}

static void
local_arguments(const void *arg)
{
   enum {
      GROUP = 64,
      GROUPS = 5
   };
   cl_kernel k =
      clt_kernel("kernel void f(local uint *a, global uint *out, local ulong *b, local uchar *c)\n"
                 "{\n"
                 "   uint l = get_local_id(0), n = get_local_size(0);\n"
                 "   a[l] = l + get_group_id(0) * 1000; b[l] = (ulong)l << 33; c[l] = l * 3;\n"
                 "   barrier(CLK_LOCAL_MEM_FENCE);\n"
                 "   uint o = n - 1 - l;\n"
                 "   out[get_global_id(0)] = a[o] + (uint)(b[o] >> 32) + c[o];\n"
                 "}\n",
                 "", "f");
   cl_mem out = clt_buffer(GROUP * GROUPS * sizeof(uint32_t), NULL);
   uint32_t got[GROUP * GROUPS], want[GROUP * GROUPS];

   for (uint32_t i = 0; i < GROUP * GROUPS; i++) {
      uint32_t o = GROUP - 1 - i % GROUP;
      want[i] = o + i / GROUP * 1000 + 2 * o + (uint8_t)(o * 3);
   }
   clt_arg_local(k, 0, GROUP * 4);
   clt_arg_mem(k, 1, out);
   clt_arg_local(k, 2, GROUP * 8);
   clt_arg_local(k, 3, GROUP);
   clt_launch_1d(k, GROUP * GROUPS, GROUP);
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("out", got, want, GROUP * GROUPS);
}

static void
constant_arguments(const void *arg)
{
   enum {
      N = 256
   };
   cl_kernel k = clt_kernel("constant int table[8] = {1, -2, 3, -4, 5, -6, 7, -8};\n"
                            "kernel void f(constant int *a, global int *out)\n"
                            "{ int i = get_global_id(0); out[i] = a[i ^ 1] * table[i & 7]; }\n",
                            "", "f");
   static const int table[8] = {1, -2, 3, -4, 5, -6, 7, -8};
   cl_int a[N], got[N], want[N];

   clt_random_bytes(a, sizeof(a), 1);
   for (int i = 0; i < N; i++)
      want[i] = (cl_int)((cl_uint)a[i ^ 1] * (cl_uint)table[i & 7]);
   cl_mem in = clt_buffer(sizeof(a), a), out = clt_buffer(sizeof(got), NULL);
   clt_arg_mem(k, 0, in);
   clt_arg_mem(k, 1, out);
   clt_launch_1d(k, N, 0);
   clt_read(out, 0, sizeof(got), got);
   clt_same("out", got, want, sizeof(got));
}

static void
argument_errors(const void *arg)
{
   cl_kernel k = clt_kernel(
      "kernel void f(global int *p, int v, local int *l) { p[0] = v + l[0]; }\n", "", "f");
   cl_mem mem = clt_buffer(64, NULL);
   cl_int v = 1;
   const size_t one = 1;

   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL),
              CL_INVALID_KERNEL_ARGS);
   CLT_EXPECT(clSetKernelArg(k, 3, sizeof(v), &v), CL_INVALID_ARG_INDEX);
   CLT_EXPECT(clSetKernelArg(k, 1, 8, &v), CL_INVALID_ARG_SIZE);
   CLT_EXPECT(clSetKernelArg(k, 1, sizeof(v), NULL), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(k, 2, 0, NULL), CL_INVALID_ARG_SIZE);
   CLT_EXPECT(clSetKernelArg(k, 2, 16, &v), CL_INVALID_ARG_VALUE);
   clt_arg_mem(k, 0, mem);
   clt_arg_i32(k, 1, v);
   clt_arg_local(k, 2, 16);
   clt_launch_1d(k, 1, 1);
}

/* Grids */

/* Each work-item writes where it is; the result is compared with the shape. */
static const char shape_source[] =
   "kernel void f(global uint *out, uint sx, uint sy)\n"
   "{\n"
   "   size_t x = get_global_id(0) - get_global_offset(0);\n"
   "   size_t y = get_global_id(1) - get_global_offset(1);\n"
   "   size_t z = get_global_id(2) - get_global_offset(2);\n"
   "   size_t i = x + sx * (y + (size_t)sy * z);\n"
   "   bool ok = get_global_id(0) == get_group_id(0) * get_local_size(0) + get_local_id(0) +\n"
   "                                 get_global_offset(0) &&\n"
   "             get_global_id(1) == get_group_id(1) * get_local_size(1) + get_local_id(1) +\n"
   "                                 get_global_offset(1) &&\n"
   "             get_global_id(2) == get_group_id(2) * get_local_size(2) + get_local_id(2) +\n"
   "                                 get_global_offset(2) &&\n"
   "             get_num_groups(0) * get_local_size(0) == get_global_size(0) &&\n"
   "             get_num_groups(1) * get_local_size(1) == get_global_size(1) &&\n"
   "             get_num_groups(2) * get_local_size(2) == get_global_size(2) &&\n"
   "             get_global_size(0) == sx && get_global_size(1) == sy;\n"
   "   out[i] += ok ? 1 + (uint)(get_global_id(0) * 3 + get_global_id(1) * 5 + get_global_id(2) * "
   "7)\n"
   "                : 0x80000000u;\n"
   "}\n";

struct shape {
   cl_uint dim;
   size_t offset[3], global[3], local[3]; /* local[0] == 0: the implementation chooses */
};

static void
check_shape(const struct shape *s)
{
   cl_kernel k = clt_kernel(shape_source, "", "f");
   size_t n[3];
   for (unsigned d = 0; d < 3; d++)
      n[d] = d < s->dim ? s->global[d] : 1;
   size_t count = n[0] * n[1] * n[2];
   uint32_t *got = clt_alloc(count * 4), *want = clt_alloc(count * 4);
   const cl_uint sx = n[0], sy = n[1];
   cl_mem out = clt_buffer(count * 4, NULL);

   for (size_t i = 0; i < count; i++) {
      size_t x = i % n[0], y = i / n[0] % n[1], z = i / n[0] / n[1];
      want[i] = 1 + (uint32_t)((x + s->offset[0]) * 3 + (y + s->offset[1]) * 5 +
                               (z + s->offset[2]) * 7);
   }
   clt_arg_mem(k, 0, out);
   clt_arg(k, 1, sizeof(sx), &sx);
   clt_arg(k, 2, sizeof(sy), &sy);
   clt_launch(k, s->dim, s->offset, s->global, s->local[0] ? s->local : NULL);
   clt_read(out, 0, count * 4, got);
   clt_same_u32("out", got, want, count);
}

static void
shapes(const void *arg)
{
   check_shape(arg);
}

static const struct {
   const char *name;
   struct shape shape;
} shape_cases[] = {
   {"one item", {1, {0}, {1}, {1}}},
   {"one wave", {1, {0}, {32}, {32}}},
   {"less than a wave", {1, {0}, {21}, {7}}},
   {"full group", {1, {0}, {2048}, {1024}}},
   {"odd group", {1, {0}, {999}, {333}}},
   {"prime size, free group", {1, {0}, {1009}, {0}}},
   {"large, free group", {1, {0}, {100000}, {0}}},
   {"offset", {1, {12345}, {640}, {64}}},
   {"two dimensions", {2, {0}, {48, 36}, {16, 4}}},
   {"two dimensions, free group", {2, {0}, {50, 30}, {0}}},
   {"two dimensions, offset", {2, {7, 9}, {20, 30}, {5, 10}}},
   {"column", {2, {0}, {1, 500}, {1, 100}}},
   {"three dimensions", {3, {0}, {12, 10, 6}, {4, 5, 3}}},
   {"three dimensions, free group", {3, {0}, {13, 11, 5}, {0}}},
   {"three dimensions, offset", {3, {100, 200, 300}, {8, 8, 8}, {8, 8, 8}}},
   {"deep", {3, {0}, {1, 1, 256}, {1, 1, 32}}},
};

static void
large_global_offset(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global ulong *out) { out[get_local_id(0)] = "
                            "get_global_id(0); }\n",
                            "", "f");
   const size_t offset = 0x123456789abu, global = 8, local = 8;
   cl_ulong got[8];
   cl_mem out = clt_buffer(sizeof(got), NULL);

   clt_arg_mem(k, 0, out);
   clt_launch(k, 1, &offset, &global, &local);
   clt_read(out, 0, sizeof(got), got);
   for (unsigned i = 0; i < 8; i++)
      CLT_CHECK(got[i] == offset + i, "id %u is 0x%llx", i, (unsigned long long)got[i]);
}

static void
required_group_size(const void *arg)
{
   cl_kernel k = clt_kernel("kernel __attribute__((reqd_work_group_size(8, 4, 2)))\n"
                            "void f(global uint *out)\n"
                            "{ uint i = get_global_id(0) + 16 * (get_global_id(1) + 8 * "
                            "get_global_id(2));\n"
                            "  out[i] = get_local_size(0) * 100 + get_local_size(1) * 10 + "
                            "get_local_size(2); }\n",
                            "", "f");
   const size_t global[3] = {16, 8, 4}, wrong[3] = {4, 4, 4}, right[3] = {8, 4, 2};
   uint32_t got[16 * 8 * 4], want[16 * 8 * 4];
   cl_mem out = clt_buffer(sizeof(got), NULL);
   size_t size[3];

   CLT_CALL(clGetKernelWorkGroupInfo(k, clt.device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(size),
                                     size, NULL));
   CLT_CHECK(size[0] == 8 && size[1] == 4 && size[2] == 2,
             "required size is reported as %zu %zu %zu", size[0], size[1], size[2]);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(want); i++)
      want[i] = 842;
   clt_arg_mem(k, 0, out);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 3, NULL, global, wrong, 0, NULL, NULL),
              CL_INVALID_WORK_GROUP_SIZE);
   clt_launch(k, 3, NULL, global, right);
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("given size", got, want, CLT_ARRAY_SIZE(want));

   memset(got, 0, sizeof(got));
   clt_write(out, 0, sizeof(got), got);
   clt_launch(k, 3, NULL, global, NULL);
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("chosen size", got, want, CLT_ARRAY_SIZE(want));
}

static void
grid_errors(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *p) { p[0] = 1; }\n", "", "f");
   size_t max = clt_max_group();
   const size_t over[2] = {max * 2, 1}, product[2] = {max, 2}, six = 6, four = 4;
   const size_t global[2] = {max * 2, 2};

   clt_arg_mem(k, 0, clt_buffer(64, NULL));
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 2, NULL, global, over, 0, NULL, NULL),
              CL_INVALID_WORK_ITEM_SIZE);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 2, NULL, global, product, 0, NULL, NULL),
              CL_INVALID_WORK_GROUP_SIZE);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &six, &four, 0, NULL, NULL),
              CL_INVALID_WORK_GROUP_SIZE);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, k, 4, NULL, global, NULL, 0, NULL, NULL),
              CL_INVALID_WORK_DIMENSION);
   clt_launch_1d(k, 1, 1);
}

/* Buffers as kernels see them */

static void
kernel_on_sub_buffer(const void *arg)
{
   size_t align = CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
   cl_kernel k = clt_kernel("kernel void f(global uint *p, uint v) { p[get_global_id(0)] += v; }\n",
                            "", "f");
   size_t words = align / 4 * 4;
   uint32_t *got = clt_alloc(words * 4), *want = clt_alloc(words * 4);
   cl_mem mem = clt_buffer(words * 4, NULL);
   cl_int error;

   for (cl_uint i = 0; i < 4; i++) {
      cl_buffer_region region = {align * i, align};
      cl_mem sub = clCreateSubBuffer(mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region,
                                     &error);
      clt_require(error, "clCreateSubBuffer");
      clt_own_mem(sub);
      cl_uint v = i + 1;
      clt_arg_mem(k, 0, sub);
      clt_arg(k, 1, sizeof(v), &v);
      clt_launch_1d(k, align / 4, 0);
      for (size_t w = 0; w < align / 4; w++)
         want[align / 4 * i + w] = v;
   }
   clt_read(mem, 0, words * 4, got);
   clt_same_u32("parent", got, want, words);
}

/* The same buffer twice among the arguments. */
static void
same_buffer_twice(const void *arg)
{
   enum {
      N = 128
   };
   cl_kernel k =
      clt_kernel("kernel void f(global uint *a, global uint *b)\n"
                 "{ uint i = get_global_id(0); b[i + get_global_size(0)] = a[i] * 2; }\n",
                 "", "f");
   uint32_t data[2 * N], got[2 * N];

   clt_random_bytes(data, sizeof(data), 5);
   cl_mem mem = clt_buffer(sizeof(data), data);
   for (int i = 0; i < N; i++)
      data[i + N] = data[i] * 2;
   clt_arg_mem(k, 0, mem);
   clt_arg_mem(k, 1, mem);
   clt_launch_1d(k, N, 0);
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("buffer", got, data, 2 * N);
}

/* Fills, copies, launches and writes on one buffer, enqueued at once, happen in order. */
static void
commands_stay_in_order(const void *arg)
{
   enum {
      N = 2000,
      ROUNDS = 20
   };
   cl_kernel k = clt_kernel("kernel void f(global uint *p, uint m)\n"
                            "{ size_t i = get_global_id(0); p[i] = p[i] * m + (uint)i; }\n",
                            "", "f");
   uint32_t *model = clt_alloc(N * 4), *got = clt_alloc(N * 4), *writes = clt_alloc(ROUNDS * 40);
   cl_mem a = clt_buffer(N * 4, NULL), b = clt_buffer(N * 4, NULL);
   const size_t global = N;

   for (cl_uint r = 0; r < ROUNDS; r++) {
      cl_uint m = r * 2 + 3;
      cl_mem mem = r % 2 ? b : a, other = r % 2 ? a : b;

      /* a fill, a small write, a launch, and a copy into the other buffer */
      CLT_CALL(clEnqueueFillBuffer(clt.queue, mem, &m, 4, 400 * 4, 100 * 4, 0, NULL, NULL));
      for (int i = 400; i < 500; i++)
         model[i] = m;
      for (int i = 0; i < 10; i++)
         model[r * 10 + i] = writes[r * 10 + i] = r * 1000 + i;
      CLT_CALL(clEnqueueWriteBuffer(clt.queue, mem, CL_FALSE, r * 40, 40, writes + r * 10, 0, NULL,
                                    NULL));
      clt_arg_mem(k, 0, mem);
      clt_arg(k, 1, sizeof(m), &m);
      CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, NULL, 0, NULL, NULL));
      for (uint32_t i = 0; i < N; i++)
         model[i] = model[i] * m + i;
      CLT_CALL(clEnqueueCopyBuffer(clt.queue, mem, other, 0, 0, N * 4, 0, NULL, NULL));
   }
   clt_read(ROUNDS % 2 ? b : a, 0, N * 4, got);
   clt_same_u32("buffer", got, model, N);
}

static void
kernel_writes_host_pointer_buffer(const void *arg)
{
   enum {
      N = 1000
   };
   cl_kernel k = clt_kernel("kernel void f(global uint *p) { p[get_global_id(0)] += 5; }\n", "",
                            "f");
   uint32_t *host = clt_alloc_aligned(N * 4, 4096), *want = clt_alloc(N * 4);
   cl_int error;

   for (uint32_t i = 0; i < N; i++) {
      host[i] = i;
      want[i] = i + 10;
   }
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, N * 4, host);
   clt_arg_mem(k, 0, mem);
   clt_launch_1d(k, N, 0);
   clt_launch_1d(k, N, 0);
   void *map = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_READ, 0, N * 4, 0, NULL, NULL,
                                  &error);
   clt_require(error, "clEnqueueMapBuffer");
   clt_same_u32("mapped memory", map, want, N);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, map, 0, NULL, NULL));
   CLT_CALL(clFinish(clt.queue));
}

static void
sixty_four_bit_addresses(const void *arg)
{
   enum {
      N = 64
   };
   /* offsets beyond 4 GiB / 8 are computed, not reached */
   cl_kernel k =
      clt_kernel("kernel void f(global ulong *p, ulong far)\n"
                 "{ ulong i = get_global_id(0); global ulong *q = p + far + i; q[-(long)far] = "
                 "(ulong)(q - p) * 0x100000001UL; }\n",
                 "", "f");
   const cl_ulong far = 0x40000000u;
   cl_ulong got[N];
   cl_mem mem = clt_buffer(sizeof(got), NULL);

   clt_arg_mem(k, 0, mem);
   clt_arg(k, 1, sizeof(far), &far);
   clt_launch_1d(k, N, 0);
   clt_read(mem, 0, sizeof(got), got);
   for (cl_ulong i = 0; i < N; i++)
      CLT_CHECK(got[i] == (far + i) * 0x100000001u, "element %u is 0x%llx", (unsigned)i,
                (unsigned long long)got[i]);
}

static void
kernel_queries(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global float *p, local int *l, constant int *c)\n"
                            "{ local int fixed[100]; fixed[get_local_id(0)] = c[0];\n"
                            "  barrier(CLK_LOCAL_MEM_FENCE); l[0] = fixed[3]; p[0] = l[0]; }\n",
                            "-cl-kernel-arg-info", "f");
   char name[64] = "", type[64] = "";
   cl_uint args = 0;
   size_t group = 0, multiple = 0;
   cl_ulong local_B = 0;

   CLT_CALL(clGetKernelInfo(k, CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL));
   CLT_CHECK(!strcmp(name, "f"), "name is \"%s\"", name);
   CLT_CALL(clGetKernelInfo(k, CL_KERNEL_NUM_ARGS, sizeof(args), &args, NULL));
   CLT_CHECK(args == 3, "%u arguments, expected 3", args);
   CLT_CALL(clGetKernelArgInfo(k, 0, CL_KERNEL_ARG_TYPE_NAME, sizeof(type), type, NULL));
   CLT_CHECK(!strcmp(type, "float*"), "type of argument 0 is \"%s\"", type);
   CLT_CALL(clGetKernelWorkGroupInfo(k, clt.device, CL_KERNEL_WORK_GROUP_SIZE, sizeof(group),
                                     &group, NULL));
   CLT_CHECK(group >= 1 && group <= clt_max_group(), "work-group size is %zu", group);
   CLT_CALL(clGetKernelWorkGroupInfo(k, clt.device, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
                                     sizeof(multiple), &multiple, NULL));
   CLT_CHECK(multiple >= 1, "preferred multiple is %zu", multiple);
   CLT_CALL(clGetKernelWorkGroupInfo(k, clt.device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof(local_B),
                                     &local_B, NULL));
   CLT_CHECK(local_B >= 400, "local memory is %llu bytes", (unsigned long long)local_B);
}

static void
cloned_kernel_has_its_own_arguments(const void *arg)
{
   cl_kernel k = clt_kernel("kernel void f(global int *p, int v) { p[0] = v; }\n", "", "f");
   cl_mem a = clt_buffer(4, NULL), b = clt_buffer(4, NULL);
   cl_int error, got = 0;
   const size_t one = 1;

   clt_arg_mem(k, 0, a);
   clt_arg_i32(k, 1, 11);
   cl_kernel clone = clCloneKernel(k, &error);
   clt_require(error, "clCloneKernel");
   error = clSetKernelArg(clone, 0, sizeof(b), &b);
   if (error == CL_SUCCESS)
      error = clEnqueueNDRangeKernel(clt.queue, clone, 1, NULL, &one, NULL, 0, NULL, NULL);
   clReleaseKernel(clone);
   clt_require(error, "launch of the clone");
   clt_arg_i32(k, 1, 22);
   clt_launch_1d(k, 1, 1);
   clt_read(a, 0, sizeof(got), &got);
   CLT_CHECK(got == 22, "the original wrote %d", got);
   clt_read(b, 0, sizeof(got), &got);
   CLT_CHECK(got == 11, "the clone wrote %d", got);
}

/* Released before they ran, kernel, program and buffers stay alive until the command is done. */
static void
objects_released_after_enqueue(const void *arg)
{
   static const char source[] = "kernel void f(global uint *a, global uint *b)\n"
                                "{ size_t i = get_global_id(0); b[i] = a[i] + 1; }\n";
   const char *text = source;
   cl_event gate = clt_user_event();
   cl_int error;
   uint32_t in[64], got[64], want[64];
   const size_t global = 64;

   for (uint32_t i = 0; i < 64; i++) {
      in[i] = i * i;
      want[i] = i * i + 1;
   }
   cl_mem out = clt_buffer(sizeof(got), NULL);
   cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, sizeof(in), in,
                               &error);
   clt_require(error, "clCreateBuffer");
   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);
   clt_require(error, "clCreateProgramWithSource");
   clt_require(clBuildProgram(program, 0, NULL, "", NULL, NULL), "clBuildProgram");
   cl_kernel k = clCreateKernel(program, "f", &error);
   clt_require(error, "clCreateKernel");
   clt_arg_mem(k, 0, mem);
   clt_arg_mem(k, 1, out);
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, NULL, 1, &gate, NULL));
   CLT_CALL(clReleaseMemObject(mem));
   CLT_CALL(clReleaseKernel(k));
   CLT_CALL(clReleaseProgram(program));
   CLT_CALL(clFlush(clt.queue));
   CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("out", got, want, 64);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "kernel launches");
   clt_run_fresh(arguments_by_value, NULL);
   clt_run_fresh(arguments_change_after_launch, NULL);
   clt_run_fresh(null_pointer_argument, NULL);
   clt_run_fresh(many_pointer_arguments, NULL);
   clt_run_fresh(local_arguments, NULL);
   clt_run_fresh(constant_arguments, NULL);
   clt_run_fresh(argument_errors, NULL);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(shape_cases); i++)
      clt_run(shapes, &shape_cases[i].shape, "shape: %s", shape_cases[i].name);
   clt_run_fresh(large_global_offset, NULL);
   clt_run_fresh(required_group_size, NULL);
   clt_run_fresh(grid_errors, NULL);
   clt_run_fresh(kernel_on_sub_buffer, NULL);
   clt_run_fresh(same_buffer_twice, NULL);
   clt_run_fresh(commands_stay_in_order, NULL);
   clt_run_fresh(kernel_writes_host_pointer_buffer, NULL);
   clt_run_fresh(sixty_four_bit_addresses, NULL);
   clt_run_fresh(kernel_queries, NULL);
   clt_run_fresh(cloned_kernel_has_its_own_arguments, NULL);
   clt_run_fresh(objects_released_after_enqueue, NULL);
   return clt_done();
}
