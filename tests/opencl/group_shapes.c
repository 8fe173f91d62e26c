// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Work-groups whose rows have any length: what their items tell each other through local and global memory and
 * barriers, with items that leave early, others that loop longer than their neighbours, and groups that meet at more
 * barriers than others. Each width is a binary of its own on a device that pads rows. The shape is given by the launch,
 * or by the kernel as well. */

#include "cl_values.h"

#include <string.h>

#define MIN_ROUNDS 3

struct shape {
   size_t width, height;
   bool required;
};

#define SENTINEL 7

/* tile[] is a permutation of all items after each round, and a sentinel; late items find what early ones have left. */
static const char source[] =
   "#ifdef W\n"
   "__attribute__((reqd_work_group_size(W, H, 1)))\n"
   "#endif\n"
   "kernel void test(global uint *out, global uint *groups, global uint *board, local uint *tile)\n"
   "{\n"
   "   uint x = get_local_id(0), y = get_local_id(1), w = get_local_size(0), h = "
   "get_local_size(1);\n"
   "   uint i = get_local_linear_id(), n = w * h;\n"
   "   uint gx = get_global_id(0), gy = get_global_id(1), sum = 0;\n"
   "   uint rounds = 3 + (get_group_id(0) + get_group_id(1)) % 2;\n"
   "   tile[y * w + x] = gx * 1000 + gy;\n"
   "   if (i == 0)\n"
   "      tile[n] = 7;\n"
   "   for (uint round = 0; round < rounds; round++) {\n"
   "      barrier(CLK_LOCAL_MEM_FENCE);\n"
   "      uint other = tile[(i + 1) % n], row = tile[y * w + (w - 1 - x)];\n"
   "      sum += tile[i + 1];\n"
   "      barrier(CLK_LOCAL_MEM_FENCE);\n"
   "      for (uint k = 0; k < x % 5; k++)\n"
   "         other = other * 3 + k;\n"
   "      tile[i] = other ^ (row << 7);\n"
   "      sum = sum * 31 + other + row;\n"
   "   }\n"
   "   uint pitch = get_global_size(0), first = (gy - y) * pitch + gx - x, next = (i + 3) % n;\n"
   "   board[first + y * pitch + x] = sum;\n"
   "   barrier(CLK_GLOBAL_MEM_FENCE);\n"
   "   sum -= board[first + next / w * pitch + next % w];\n"
   "   atomic_inc(&groups[get_group_id(1) * get_num_groups(0) + get_group_id(0)]);\n"
   "   if ((x + y) % 3 == 2)\n"
   "      return;\n"
   "   out[gy * pitch + gx] = sum + tile[i];\n"
   "}\n";

/* What a group at (first_x, first_y) computes in so many rounds. */
static void
expect_group(const struct shape *s, unsigned rounds, size_t first_x, size_t first_y, size_t pitch,
             uint32_t *out)
{
   const size_t w = s->width, n = w * s->height;
   uint32_t tile[1024 + 1], next[1024], sum[1024] = {0};

   tile[n] = SENTINEL;
   for (size_t i = 0; i < n; i++)
      tile[i] = (uint32_t)((first_x + i % w) * 1000 + first_y + i / w);
   for (unsigned round = 0; round < rounds; round++) {
      for (size_t i = 0; i < n; i++) {
         const size_t x = i % w, y = i / w;
         uint32_t other = tile[(i + 1) % n], row = tile[y * w + (w - 1 - x)];
         for (uint32_t k = 0; k < x % 5; k++)
            other = other * 3 + k;
         next[i] = other ^ (row << 7);
         sum[i] = (sum[i] + tile[i + 1]) * 31 + other + row;
      }
      memcpy(tile, next, n * sizeof(tile[0]));
   }
   for (size_t i = 0; i < n; i++) {
      const size_t x = i % w, y = i / w;
      out[(first_y + y) * pitch + first_x + x] = (x + y) % 3 == 2
                                                    ? 0xabababab
                                                    : sum[i] - sum[(i + 3) % n] + tile[i];
   }
}

static void
test_shape(const void *arg)
{
   const struct shape *s = arg;
   const size_t columns = 3, rows = 2, n = s->width * s->height;
   const size_t global[2] = {columns * s->width, rows * s->height};
   const size_t local[2] = {s->width, s->height}, count = global[0] * global[1];

   if (n > clt_max_group())
      clt_skip("the device allows %zu work-items per group", clt_max_group());
   const char *options = s->required
                            ? clt_format("-cl-std=CL3.0 -DW=%zu -DH=%zu", s->width, s->height)
                            : "-cl-std=CL3.0";
   cl_kernel kernel = clt_kernel(source, options, "test");
   uint32_t *out = clt_alloc(count * 4), *want = clt_alloc(count * 4);
   uint32_t groups[6] = {0};
   memset(out, 0xab, count * 4);
   cl_mem out_mem = clt_buffer(count * 4, out), groups_mem = clt_buffer(sizeof(groups), groups);
   clt_arg_mem(kernel, 0, out_mem);
   clt_arg_mem(kernel, 1, groups_mem);
   clt_arg_mem(kernel, 2, clt_buffer(count * 4, NULL));
   clt_arg_local(kernel, 3, (n + 1) * 4);
   clt_launch(kernel, 2, NULL, global, local);
   clt_read(out_mem, 0, count * 4, out);
   clt_read(groups_mem, 0, sizeof(groups), groups);

   for (size_t g = 0; g < columns * rows; g++) {
      expect_group(s, MIN_ROUNDS + (g % columns + g / columns) % 2, g % columns * s->width,
                   g / columns * s->height, global[0], want);
      CLT_CHECK(groups[g] == n, "group %zu had %u items, expected %zu", g, groups[g], n);
   }
   for (size_t i = 0; i < count && !clt_failed(); i++)
      CLT_CHECK(out[i] == want[i], "item (%zu, %zu) says %#x, expected %#x", i % global[0],
                i / global[0], out[i], want[i]);
}

int
main(int argc, char **argv)
{
   static const size_t widths[] = {1,  2,  3,  5,  6,  7,  8,  9,  11, 12, 15, 16, 17, 20,
                                   23, 24, 31, 32, 33, 40, 47, 48, 63, 64, 65, 96, 100};
   static const size_t heights[] = {1, 2, 3, 4, 10, 16, 31};

   clt_init(argc, argv, "work-groups with rows of any length");
   clt_keep_programs(true);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(widths); i++) {
      for (unsigned k = 0; k < CLT_ARRAY_SIZE(heights); k++) {
         struct shape s = {widths[i], heights[k], false};
         if (s.width * s.height > 1024)
            continue;
         clt_run(test_shape, &s, "launch.%zux%zu", s.width, s.height);
         s.required = true;
         if (k % 2 == 1)
            clt_run(test_shape, &s, "kernel.%zux%zu", s.width, s.height);
      }
   }
   return clt_done();
}
