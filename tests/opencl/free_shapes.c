// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What kernels see of work-groups of shapes that do not suit the device. Drivers may run a kernel that does not look at
 * its group in groups of another shape; so here are kernels that look at one thing or another, or at nothing, in one
 * dimension or all, and each item says what it has seen and that it has run once. Shapes come from the launch or from
 * the kernel. And items of groups of one that wait for each other. */

#include "cl_image.h"
#include "cl_values.h"

#include <string.h>

/* What an item can ask. */
enum quantity {
   GLOBAL_ID,
   GLOBAL_ID_WIDE, /* in arithmetic of 64 bits */
   GROUP_ID,
   LOCAL_ID,
   LOCAL_SIZE,
   ENQUEUED_LOCAL_SIZE,
   NUM_GROUPS,
   GLOBAL_SIZE,
   GLOBAL_OFFSET,
   LOCAL_LINEAR_ID, /* one for all dimensions */
   NUM_QUANTITIES
};

static const char *const texts[NUM_QUANTITIES] = {
   [GLOBAL_ID] = "get_global_id(%u)",
   [GLOBAL_ID_WIDE] = "(get_global_id(%u) * 0x123456789abUL >> 21)",
   [GROUP_ID] = "get_group_id(%u)",
   [LOCAL_ID] = "get_local_id(%u)",
   [LOCAL_SIZE] = "get_local_size(%u)",
   [ENQUEUED_LOCAL_SIZE] = "get_enqueued_local_size(%u)",
   [NUM_GROUPS] = "get_num_groups(%u)",
   [GLOBAL_SIZE] = "get_global_size(%u)",
   [GLOBAL_OFFSET] = "get_global_offset(%u)",
   [LOCAL_LINEAR_ID] = "(get_local_linear_id() + %u)",
};

#define IN(quantity, dim) (1u << (3 * (quantity) + (dim)))
#define ALL(quantity)     (7u << (3 * (quantity)))

static const struct view {
   const char *name;
   uint32_t asks; /* IN() and ALL() */
   bool offset;   /* the launch has one */
} views[] = {
   {"nothing", 0},
   {"global_ids", ALL(GLOBAL_ID)},
   {"wide", ALL(GLOBAL_ID) | ALL(GLOBAL_ID_WIDE)},
   {"counts", ALL(GLOBAL_ID) | ALL(NUM_GROUPS) | ALL(GLOBAL_SIZE)},
   {"offset", ALL(GLOBAL_ID) | ALL(GLOBAL_OFFSET), true},
   {"offset_and_group", ALL(GROUP_ID) | IN(LOCAL_ID, 0), true},
   {"group_ids", ALL(GROUP_ID)},
   {"group_x", IN(GROUP_ID, 0) | ALL(GLOBAL_ID)},
   {"group_y", IN(GROUP_ID, 1) | ALL(GLOBAL_ID_WIDE)},
   {"group_z", IN(GROUP_ID, 2)},
   {"local_ids", ALL(LOCAL_ID)},
   {"local_x", IN(LOCAL_ID, 0)},
   {"local_y", IN(LOCAL_ID, 1) | ALL(GLOBAL_ID)},
   {"sizes", ALL(LOCAL_SIZE) | ALL(GLOBAL_ID)},
   {"size_x", IN(LOCAL_SIZE, 0) | ALL(GLOBAL_ID_WIDE)},
   {"size_y", IN(LOCAL_SIZE, 1)},
   {"enqueued", ALL(ENQUEUED_LOCAL_SIZE)},
   {"linear", IN(LOCAL_LINEAR_ID, 0)},
};

struct launch {
   const struct view *view;
   size_t local[3], groups[3];
   bool required;
};

struct item {
   size_t group[3], local[3];
};

static uint64_t
answer(const struct launch *l, const size_t offset[3], const struct item *item,
       enum quantity quantity, unsigned dim)
{
   const size_t id = offset[dim] + item->group[dim] * l->local[dim] + item->local[dim];

   switch (quantity) {
   case GLOBAL_ID:
      return id;
   case GLOBAL_ID_WIDE:
      return id * 0x123456789abull >> 21;
   case GROUP_ID:
      return item->group[dim];
   case LOCAL_ID:
      return item->local[dim];
   case LOCAL_SIZE:
   case ENQUEUED_LOCAL_SIZE:
      return l->local[dim];
   case NUM_GROUPS:
      return l->groups[dim];
   case GLOBAL_SIZE:
      return l->groups[dim] * l->local[dim];
   case GLOBAL_OFFSET:
      return offset[dim];
   case LOCAL_LINEAR_ID:
      return (item->local[2] * l->local[1] + item->local[1]) * l->local[0] + item->local[0] + dim;
   case NUM_QUANTITIES:
      break;
   }
   clt_fatal("no such quantity: %d", (int)quantity);
}

static cl_kernel
make_kernel(const struct launch *l)
{
   struct clt_text t = {0};

   if (l->required)
      clt_append(&t, "__attribute__((reqd_work_group_size(%zu, %zu, %zu)))\n", l->local[0],
                 l->local[1], l->local[2]);
   clt_append(&t,
              "kernel void look(global uint *out, global uint *runs, uint pitch, uint rows)\n{\n"
              "   uint x = get_global_id(0) - get_global_offset(0);\n"
              "   uint y = get_global_id(1) - get_global_offset(1);\n"
              "   size_t z = get_global_id(2) - get_global_offset(2);\n"
              "   uint i = (z * rows + y) * pitch + x, v = 1;\n");
   for (unsigned bit = 0; bit < 3 * NUM_QUANTITIES; bit++) {
      if (!(l->view->asks & 1u << bit))
         continue;
      clt_append(&t, "   v = v * 31 + (uint)");
      clt_append(&t, texts[bit / 3], bit % 3);
      clt_append(&t, ";\n");
   }
   clt_append(&t, "   out[i] = v;\n   atomic_inc(&runs[i]);\n}\n");
   return clt_kernel(t.text, "-cl-std=CL3.0", "look");
}

static void
test_view(const void *arg)
{
   const struct launch *l = arg;
   const size_t offset[3] = {l->view->offset ? 5 : 0, l->view->offset ? 1 : 0,
                             l->view->offset ? 3 : 0};
   size_t global[3], count = 1;

   for (unsigned i = 0; i < 3; i++) {
      global[i] = l->local[i] * l->groups[i];
      count *= global[i];
   }
   if (l->local[0] * l->local[1] * l->local[2] > clt_max_group())
      clt_skip("the device allows %zu work-items per group", clt_max_group());

   uint32_t *out = clt_alloc(count * 4), *runs = clt_alloc(count * 4);
   memset(out, 0xab, count * 4);
   memset(runs, 0, count * 4);
   cl_kernel kernel = make_kernel(l);
   cl_mem out_mem = clt_buffer(count * 4, out), runs_mem = clt_buffer(count * 4, runs);
   clt_arg_mem(kernel, 0, out_mem);
   clt_arg_mem(kernel, 1, runs_mem);
   clt_arg_i32(kernel, 2, global[0]);
   clt_arg_i32(kernel, 3, global[1]);
   clt_launch(kernel, 3, l->view->offset ? offset : NULL, global, l->local);
   clt_read(out_mem, 0, count * 4, out);
   clt_read(runs_mem, 0, count * 4, runs);

   for (size_t i = 0; i < count && !clt_failed(); i++) {
      const size_t id[3] = {i % global[0], i / global[0] % global[1], i / global[0] / global[1]};
      struct item item;
      uint32_t want = 1;
      for (unsigned d = 0; d < 3; d++) {
         item.group[d] = id[d] / l->local[d];
         item.local[d] = id[d] % l->local[d];
      }
      for (unsigned bit = 0; bit < 3 * NUM_QUANTITIES; bit++) {
         if (l->view->asks & 1u << bit)
            want = want * 31 + (uint32_t)answer(l, offset, &item, bit / 3, bit % 3);
      }
      CLT_CHECK(runs[i] == 1, "item (%zu, %zu, %zu) ran %u times", id[0], id[1], id[2], runs[i]);
      CLT_CHECK(out[i] == want, "item (%zu, %zu, %zu) says %#x, expected %#x", id[0], id[1], id[2],
                out[i], want);
   }
}

/* One item has the lock at a time, and what it does is no atomic operation. OpenCL does not promise that groups make
 * progress beside each other, but one item of a group that has the lock and nobody else in it can always go on. */
static void
test_lock(const void *arg)
{
   static const char source[] =
      "kernel void count(volatile global int *lock, volatile global int *counter)\n"
      "{\n"
      "   if (get_global_id(0) >= 96)\n"
      "      return;\n"
      "   while (atomic_cmpxchg(lock, 0, 1) != 0)\n"
      "      ;\n"
      "   mem_fence(CLK_GLOBAL_MEM_FENCE);\n"
      "   *counter = *counter + 1;\n"
      "   mem_fence(CLK_GLOBAL_MEM_FENCE);\n"
      "   atomic_xchg(lock, 0);\n"
      "}\n";
   int zero = 0, counter;
   cl_kernel kernel = clt_kernel(source, "", "count");
   cl_mem lock_mem = clt_buffer(4, &zero), counter_mem = clt_buffer(4, &zero);

   clt_arg_mem(kernel, 0, lock_mem);
   clt_arg_mem(kernel, 1, counter_mem);
   clt_launch_1d(kernel, 128, 1);
   clt_read(counter_mem, 0, 4, &counter);
   CLT_CHECK(counter == 96, "the counter is %d, expected 96", counter);
}

/* Images beside the arguments; the width is a prime number. */
static void
test_image(const void *arg)
{
   static const char source[] =
      "kernel void copy(read_only image2d_t from, global uint4 *to, write_only image2d_t there)\n"
      "{\n"
      "   int2 at = (int2)(get_global_id(0), get_global_id(1));\n"
      "   uint4 color = read_imageui(from, at);\n"
      "   to[at.y * get_image_width(from) + at.x] = color;\n"
      "   write_imageui(there, at, color + 1);\n"
      "}\n";
   static const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT32};
   const struct clt_image_type *type = clt_image_type(CL_MEM_OBJECT_IMAGE2D);
   const size_t size[3] = {541, 9, 1}, count = size[0] * size[1], local[3] = {1, 1, 1};
   uint64_t random = 1;

   cl_uint(*texels)[4] = clt_alloc(count * 16), (*result)[4] = clt_alloc(count * 16);
   clt_image_random(&format, texels, count, &random);
   cl_kernel kernel = clt_kernel(source, "", "copy");
   cl_mem from = clt_image(type, &format, size, CL_MEM_READ_ONLY, texels);
   cl_mem there = clt_image(type, &format, size, CL_MEM_WRITE_ONLY, NULL);
   cl_mem to = clt_buffer(count * 16, NULL);
   clt_arg_mem(kernel, 0, from);
   clt_arg_mem(kernel, 1, to);
   clt_arg_mem(kernel, 2, there);
   clt_launch(kernel, 2, NULL, size, local);

   clt_read(to, 0, count * 16, result);
   CLT_CHECK(!memcmp(result, texels, count * 16), "the buffer is not what was in the image");
   clt_image_read(there, type, size, result);
   for (size_t i = 0; i < count && !clt_failed(); i++) {
      for (unsigned c = 0; c < 4; c++)
         CLT_CHECK(result[i][c] == texels[i][c] + 1, "texel %zu is %#x, expected %#x", i,
                   result[i][c], texels[i][c] + 1);
   }
}

int
main(int argc, char **argv)
{
   static const struct {
      size_t local[3], groups[3];
   } shapes[] = {
      {{1, 1, 1}, {64, 3, 2}},
      {{1, 1, 1}, {1, 5, 7}},
      {{3, 3, 1}, {32, 2, 2}},
      {{3, 3, 1}, {7, 5, 1}},
      {{8, 8, 1}, {8, 3, 2}},
      {{8, 8, 1}, {15, 2, 1}},
      {{16, 16, 1}, {6, 2, 1}},
      {{7, 5, 3}, {5, 2, 2}},
      {{4, 4, 4}, {16, 3, 2}},
      {{1, 64, 1}, {96, 2, 1}},
      {{31, 1, 1}, {3, 2, 2}},
      {{5, 1, 1}, {50, 3, 1}},
      {{2, 1, 30}, {64, 2, 1}},
      {{32, 1, 1}, {9, 2, 2}},
      {{100, 1, 1}, {3, 3, 1}},
      {{16, 31, 2}, {10, 1, 1}},
      {{64, 4, 1}, {2, 2, 1}},
      {{1, 128, 2}, {256, 1, 1}},
      /* rows that no good number divides */
      {{1, 1, 1}, {1009, 3, 1}},
      {{1, 3, 2}, {331, 2, 2}},
      {{2, 1, 1}, {211, 7, 1}},
      {{37, 2, 1}, {1, 64, 1}},
      {{7, 1, 1}, {67, 1, 1}},
      {{1, 8, 2}, {37, 5, 1}},
   };

   clt_init(argc, argv, "what kernels see of work-groups of all shapes");
   for (unsigned v = 0; v < CLT_ARRAY_SIZE(views); v++) {
      for (unsigned i = 0; i < CLT_ARRAY_SIZE(shapes); i++) {
         struct launch l = {.view = &views[v]};
         memcpy(l.local, shapes[i].local, sizeof(l.local));
         memcpy(l.groups, shapes[i].groups, sizeof(l.groups));
         clt_run(test_view, &l, "%s.%zux%zux%zu_of_%zux%zux%zu", l.view->name, l.groups[0],
                 l.groups[1], l.groups[2], l.local[0], l.local[1], l.local[2]);
         l.required = true;
         if ((i + v) % 3 == 0)
            clt_run(test_view, &l, "%s.required.%zux%zux%zu_of_%zux%zux%zu", l.view->name,
                    l.groups[0], l.groups[1], l.groups[2], l.local[0], l.local[1], l.local[2]);
      }
   }
   clt_run(test_lock, NULL, "lock_between_groups_of_one");
   clt_run(test_image, NULL, "images");
   return clt_done();
}
