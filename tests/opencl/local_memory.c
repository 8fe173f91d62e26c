// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Local memory and barriers: exchange between the items of a group, for group sizes that fill
 * waves, do not, and are as large as the device allows; static, dynamic and several arrays;
 * barriers in loops; work_group independence. */

#include "cl_values.h"

#include <string.h>

struct shape {
   size_t group, groups;
};

/* Everybody writes, everybody reads another one's value, several times with barriers in a loop. */
static void
test_rotate(const void *arg)
{
   const struct shape *s = arg;
   static const char source[] =
      "kernel void test(local uint *buf, global uint *out) {\n"
      "   uint n = get_local_size(0), i = get_local_id(0), value = get_global_id(0) * 7 + 1;\n"
      "   for (uint round = 1; round <= 5; round++) {\n"
      "      buf[i] = value;\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "      value = value * 3 + buf[(i + round * round) % n];\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   }\n"
      "   out[get_global_id(0)] = value;\n"
      "}\n";
   size_t total = s->group * s->groups;
   uint32_t *out = clt_alloc(total * 4), *v = clt_alloc(total * 4), *next = clt_alloc(total * 4);

   if (s->group > clt_max_group())
      clt_skip("the device allows %zu work-items per group", clt_max_group());
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(total * 4, NULL);
   clt_arg_local(kernel, 0, s->group * 4);
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, total, s->group);
   clt_read(mem, 0, total * 4, out);

   for (size_t i = 0; i < total; i++)
      v[i] = i * 7 + 1;
   for (uint32_t round = 1; round <= 5; round++) {
      for (size_t i = 0; i < total; i++) {
         size_t base = i / s->group * s->group;
         next[i] = v[i] * 3 + v[base + (i - base + round * round) % s->group];
      }
      memcpy(v, next, total * 4);
   }
   for (size_t i = 0; i < total && !clt_failed(); i++)
      CLT_CHECK(out[i] == v[i], "item %zu: got %u, expected %u", i, out[i], v[i]);
}

/* Sum by a tree; the group size need not be a power of two. */
static void
test_tree(const void *arg)
{
   const struct shape *s = arg;
   static const char source[] =
      "kernel void test(global const long *in, global long *out, local long *buf) {\n"
      "   uint i = get_local_id(0), n = get_local_size(0);\n"
      "   buf[i] = in[get_global_id(0)];\n"
      "   while (n > 1) {\n"
      "      uint half_n = (n + 1) / 2;\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "      if (i < n - half_n) buf[i] += buf[i + half_n];\n"
      "      n = half_n;\n"
      "   }\n"
      "   if (i == 0) out[get_group_id(0)] = buf[0];\n"
      "}\n";
   size_t total = s->group * s->groups;
   int64_t *in = clt_alloc(total * 8), *out = clt_alloc(s->groups * 8);
   uint64_t random = clt.seed;

   if (s->group > clt_max_group())
      clt_skip("the device allows %zu work-items per group", clt_max_group());
   for (size_t i = 0; i < total; i++)
      in[i] = (int64_t)clt_random(&random) >> 8;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(s->groups * 8, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(total * 8, in));
   clt_arg_mem(kernel, 1, mem);
   clt_arg_local(kernel, 2, s->group * 8);
   clt_launch_1d(kernel, total, s->group);
   clt_read(mem, 0, s->groups * 8, out);
   for (size_t g = 0; g < s->groups; g++) {
      int64_t want = 0;
      for (size_t i = 0; i < s->group; i++)
         want += in[g * s->group + i];
      CLT_CHECK(out[g] == want, "group %zu: got %lld, expected %lld", g, (long long)out[g],
                (long long)want);
   }
}

/* Static arrays of several types beside two dynamic ones: none may overlap. */
static void
test_many_arrays(const void *arg)
{
   static const char source[] =
      "kernel void test(local char *d1, local long *d2, global long *out) {\n"
      "   local char a[33]; local int b[32]; local long c[32]; local short d[3][11]; local float4 "
      "e[32];\n"
      "   local struct { char t; int v; } s[32];\n"
      "   int i = get_local_id(0), j = 31 - i;\n"
      "   a[i] = i + 1; b[i] = i * 1000; c[i] = i * 1000000000000l; e[i] = (float4)(i, i + 1, i + "
      "2, i + 3);\n"
      "   d[i % 3][i / 3] = i * 11; s[i].t = -i; s[i].v = i * i; d1[i] = i * 2; d2[i] = i * 3l;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   out[get_global_id(0)] = a[j] + b[j] + c[j] + d[j % 3][j / 3] + (long)(e[j].x + e[j].w) + "
      "s[j].t +\n"
      "                           s[j].v * 7 + d1[j] * 13 + d2[j] * 1001;\n"
      "}\n";
   int64_t out[96];

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_local(kernel, 0, 32);
   clt_arg_local(kernel, 1, 32 * 8);
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, 96, 32);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 96; i++) {
      int64_t j = 31 - i % 32;
      int64_t want = j + 1 + j * 1000 + j * 1000000000000 + j * 11 + (2 * j + 3) - j + j * j * 7 +
                     j * 2 * 13 + j * 3 * 1001;
      CLT_CHECK(out[i] == want, "item %d: got %lld, expected %lld", i, (long long)out[i],
                (long long)want);
   }
}

/* All of the device's local memory in one group. */
static void
test_all_memory(const void *arg)
{
   static const char source[] =
      "kernel void test(local uint *buf, uint words, global uint *wrong) {\n"
      "   uint i = get_local_id(0), n = get_local_size(0), bad = 0;\n"
      "   for (uint k = i; k < words; k += n) buf[k] = k * 2654435761u + get_group_id(0);\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   for (uint k = i; k < words; k += n) {\n"
      "      uint m = words - 1 - k;\n"
      "      bad += buf[m] != m * 2654435761u + get_group_id(0);\n"
      "   }\n"
      "   wrong[get_global_id(0)] = bad + 1;\n" /* + 1: shows that the item ran */
      "}\n";
   cl_ulong size_B = 0;
   uint32_t wrong[4 * 64];

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(size_B), &size_B, NULL));
   CLT_CHECK(size_B >= 32 << 10, "a full profile device must have 32 KiB of local memory, not %llu",
             (unsigned long long)size_B);
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(wrong), NULL);
   clt_arg_local(kernel, 0, size_B);
   clt_arg_i32(kernel, 1, size_B / 4);
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, 256, 64);
   clt_read(mem, 0, sizeof(wrong), wrong);
   for (int i = 0; i < 256 && !clt_failed(); i++)
      CLT_CHECK(wrong[i] == 1, "item %d: %d wrong words", i, (int)wrong[i] - 1);
}

/* One item more than there is memory for must be an error of the launch, not of the process. */
static void
test_too_much(const void *arg)
{
   static const char source[] = "kernel void test(local uint *buf, global uint *out) {\n"
                                "   buf[get_local_id(0)] = 1; out[get_global_id(0)] = buf[0];\n}\n";
   cl_ulong size_B = 0;
   size_t global = 64;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(size_B), &size_B, NULL));
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_mem(kernel, 1, clt_buffer(256, NULL));
   cl_int set = clSetKernelArg(kernel, 0, size_B + 4, NULL);
   if (set == CL_SUCCESS) {
      cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &global, &global, 0, NULL,
                                            NULL);
      CLT_CHECK(error == CL_OUT_OF_RESOURCES || error == CL_INVALID_WORK_GROUP_SIZE,
                "%llu bytes of local memory: got %s, expected CL_OUT_OF_RESOURCES",
                (unsigned long long)size_B + 4, cl_error_name(error));
      if (error == CL_SUCCESS)
         clFinish(clt.queue);
   } else {
      CLT_CHECK(set == CL_INVALID_ARG_SIZE || set == CL_OUT_OF_RESOURCES, "clSetKernelArg: got %s",
                cl_error_name(set));
   }
}

/* Matrix transposition through a tile, in two dimensions. */
static void
test_transpose(const void *arg)
{
   static const char source[] =
      "kernel void test(uint w, uint h, global const int *in, global int *out, local int *tile) {\n"
      "   uint x = get_global_id(0), y = get_global_id(1);\n"
      "   uint lx = get_local_id(0), ly = get_local_id(1), sx = get_local_size(0), sy = "
      "get_local_size(1);\n"
      "   tile[ly * sx + lx] = in[y * w + x];\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   uint k = ly * sx + lx, tx = k % sy, ty = k / sy;\n"
      "   out[(get_group_id(0) * sx + ty) * h + get_group_id(1) * sy + tx] = tile[tx * sx + ty];\n"
      "}\n";
   static const size_t tiles[][2] = {{16, 16}, {8, 4}, {5, 3}, {32, 1}, {1, 32}, {33, 2}};
   cl_kernel kernel = clt_kernel(source, "", "test");

   for (unsigned t = 0; t < CLT_ARRAY_SIZE(tiles); t++) {
      size_t w = tiles[t][0] * 5, h = tiles[t][1] * 3, global[2] = {w, h}, bytes = w * h * 4;
      int *in = clt_alloc(bytes), *out = clt_alloc(bytes);

      for (size_t i = 0; i < w * h; i++)
         in[i] = i * 3 + 1;
      cl_mem mem = clt_buffer(bytes, NULL);
      clt_arg_i32(kernel, 0, w);
      clt_arg_i32(kernel, 1, h);
      clt_arg_mem(kernel, 2, clt_buffer(bytes, in));
      clt_arg_mem(kernel, 3, mem);
      clt_arg_local(kernel, 4, tiles[t][0] * tiles[t][1] * 4);
      clt_launch(kernel, 2, NULL, global, tiles[t]);
      clt_read(mem, 0, bytes, out);
      for (size_t y = 0; y < h; y++) {
         for (size_t x = 0; x < w; x++) {
            if (out[x * h + y] != in[y * w + x]) {
               clt_fail("tile %zu x %zu: element (%zu, %zu): got %d, expected %d", tiles[t][0],
                        tiles[t][1], x, y, out[x * h + y], in[y * w + x]);
               return;
            }
         }
      }
   }
}

/* Items that leave before the last barrier has been passed by all: allowed, because every barrier is
 * reached by all items of the group. And a barrier inside a uniform branch and a uniform loop. */
static void
test_uniform_flow(const void *arg)
{
   static const char source[] =
      "kernel void test(int mode, local int *buf, global int *out) {\n"
      "   int i = get_local_id(0), n = get_local_size(0), g = get_group_id(0), sum = 0;\n"
      "   buf[i] = i;\n"
      "   if (g & 1) {\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "      sum = buf[n - 1 - i];\n"
      "   } else {\n"
      "      for (int k = 0; k < g + mode; k++) {\n"
      "         barrier(CLK_LOCAL_MEM_FENCE);\n"
      "         sum += buf[(i + k) % n];\n"
      "         if (k == 3) break;\n"
      "      }\n"
      "   }\n"
      "   out[get_global_id(0)] = sum;\n"
      "   if (i & 1) return;\n"
      "   out[get_global_id(0)] += 1000;\n"
      "}\n";
   enum {
      GROUP = 48,
      GROUPS = 9
   };
   int out[GROUP * GROUPS];

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_i32(kernel, 0, 1);
   clt_arg_local(kernel, 1, GROUP * 4);
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, GROUP * GROUPS, GROUP);
   clt_read(mem, 0, sizeof(out), out);
   for (int g = 0; g < GROUPS; g++) {
      for (int i = 0; i < GROUP; i++) {
         int want = 0, steps = g + 1 < 4 ? g + 1 : 4;
         if (g & 1)
            want = GROUP - 1 - i;
         else
            for (int k = 0; k < steps; k++)
               want += (i + k) % GROUP;
         want += i & 1 ? 0 : 1000;
         CLT_CHECK(out[g * GROUP + i] == want, "group %d, item %d: got %d, expected %d", g, i,
                   out[g * GROUP + i], want);
      }
   }
}

/* A pointer to local memory chosen at run time, and passed to functions. */
static void
test_pointers(const void *arg)
{
   static const char source[] =
      "void put(local int *p, int v) { *p = v; }\n"
      "int get(local const int *p, int i) { return p[i]; }\n"
      "kernel void test(global int *out, local int *c) {\n"
      "   local int a[64], b[64];\n"
      "   int i = get_local_id(0);\n"
      "   local int *p = i % 3 == 0 ? a : i % 3 == 1 ? b : c;\n"
      "   a[i] = -1; b[i] = -2; c[i] = -3;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   put(p + i, i * 5);\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   int j = 63 - i;\n"
      "   out[i] = get(a, j) * 10000 + get(b, j) * 100 + get(c, j);\n"
      "   out[64 + i] = c - b == a - b;\n" /* distinct arrays have distinct addresses */
      "}\n";
   int out[128];

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_arg_local(kernel, 1, 256);
   clt_launch_1d(kernel, 64, 64);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 64; i++) {
      int j = 63 - i;
      int a = j % 3 == 0 ? j * 5 : -1, b = j % 3 == 1 ? j * 5 : -2, c = j % 3 == 2 ? j * 5 : -3;
      int want = a * 10000 + b * 100 + c;
      CLT_CHECK(out[i] == want, "item %d: got %d, expected %d", i, out[i], want);
      CLT_CHECK(out[64 + i] == 0, "two arrays share an address");
   }
}

int
main(int argc, char **argv)
{
   static const struct shape shapes[] = {{1, 40},  {2, 17},   {7, 9},   {31, 5},  {32, 6},
                                         {33, 5},  {64, 4},   {65, 3},  {100, 3}, {128, 3},
                                         {255, 3}, {256, 2},  {257, 2}, {500, 2}, {512, 2},
                                         {768, 2}, {1000, 2}, {1024, 2}};

   clt_init(argc, argv, "local memory and barriers");
   clt_keep_programs(true);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(shapes); i++)
      clt_run(test_rotate, &shapes[i], "rotate.%zu", shapes[i].group);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(shapes); i++)
      clt_run(test_tree, &shapes[i], "tree.%zu", shapes[i].group);
   clt_run(test_many_arrays, NULL, "many_arrays");
   clt_run(test_all_memory, NULL, "all_memory");
   clt_run(test_too_much, NULL, "too_much");
   clt_run(test_transpose, NULL, "transpose");
   clt_run(test_uniform_flow, NULL, "uniform_flow");
   clt_run(test_pointers, NULL, "pointers");
   return clt_done();
}
