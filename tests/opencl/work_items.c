// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Work-item functions for grids of one to three dimensions: global, local and group ids, sizes,
 * offsets, the linear ids, sizes that divide nothing, groups chosen by the implementation,
 * dimensions that do not exist, and every item exactly once. */

#include "cl_values.h"

#include <CL/cl_ext.h>

#include <string.h>

struct grid {
   cl_uint dim;
   size_t offset[3], global[3], local[3]; /* local[0] = 0: the implementation's choice */
};

/* Each item writes what it sees into a record at its linear place. */
static const char source[] =
   "kernel void test(global uint *out, global uint *visits) {\n"
   "   size_t x = get_global_id(0) - get_global_offset(0), y = get_global_id(1) - "
   "get_global_offset(1),\n"
   "          z = get_global_id(2) - get_global_offset(2);\n"
   "   size_t at = (z * get_global_size(1) + y) * get_global_size(0) + x;\n"
   "   global uint *o = out + at * 32;\n"
   "   for (uint d = 0; d < 3; d++) {\n"
   "      o[d] = get_global_id(d); o[3 + d] = get_local_id(d); o[6 + d] = get_group_id(d);\n"
   "      o[9 + d] = get_global_size(d); o[12 + d] = get_local_size(d); o[15 + d] = "
   "get_num_groups(d);\n"
   "      o[18 + d] = get_global_offset(d);\n"
   "   }\n"
   "   o[21] = get_work_dim();\n"
   "#if __OPENCL_C_VERSION__ >= 200\n"
   "   o[26] = get_global_linear_id(); o[27] = get_local_linear_id(); o[28] = "
   "get_enqueued_local_size(0);\n"
   "#endif\n"
   "   atomic_inc(&visits[at]);\n"
   "}\n";

static void
test_grid(const void *arg)
{
   const struct grid *g = arg;
   size_t count = g->global[0] * g->global[1] * g->global[2], bytes = count * 32 * 4;
   uint32_t *out = clt_alloc(bytes), *visits = clt_alloc(count * 4);
   size_t group = g->local[0] * (g->dim > 1 ? g->local[1] : 1) * (g->dim > 2 ? g->local[2] : 1);

   if (group > clt_max_group())
      clt_skip("the device allows %zu work-items per group", clt_max_group());
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   cl_mem out_mem = clt_buffer(bytes, NULL), visits_mem = clt_buffer(count * 4, NULL);
   clt_arg_mem(kernel, 0, out_mem);
   clt_arg_mem(kernel, 1, visits_mem);
   clt_launch(kernel, g->dim, g->offset, g->global, g->local[0] ? g->local : NULL);
   clt_read(out_mem, 0, bytes, out);
   clt_read(visits_mem, 0, count * 4, visits);

   size_t local[3];
   for (int d = 0; d < 3; d++)
      local[d] = g->local[0] ? g->local[d] : out[12 + d];
   for (int d = 0; d < 3; d++) {
      if (local[d] == 0 || g->global[d] % local[d])
         clt_fatal("dimension %d: the local size %zu does not divide the global size %zu", d,
                   local[d], g->global[d]);
   }
   for (size_t i = 0; i < count && !clt_failed(); i++) {
      const uint32_t *o = out + 32 * i;
      size_t id[3] = {i % g->global[0], i / g->global[0] % g->global[1],
                      i / g->global[0] / g->global[1]};
      size_t l[3];

      CLT_CHECK(visits[i] == 1, "item %zu ran %u times", i, visits[i]);
      for (int d = 0; d < 3; d++) {
         l[d] = id[d] % local[d];
         const struct {
            const char *name;
            size_t want;
         } facts[7] = {
            {"get_global_id", id[d] + g->offset[d]},
            {"get_local_id", l[d]},
            {"get_group_id", id[d] / local[d]},
            {"get_global_size", g->global[d]},
            {"get_local_size", local[d]},
            {"get_num_groups", g->global[d] / local[d]},
            {"get_global_offset", g->offset[d]},
         };
         for (int k = 0; k < 7; k++)
            CLT_CHECK(o[3 * k + d] == facts[k].want,
                      "item (%zu, %zu, %zu): %s(%d) is %u, expected %zu", id[0], id[1], id[2],
                      facts[k].name, d, o[3 * k + d], facts[k].want);
      }
      CLT_CHECK(o[21] == g->dim, "get_work_dim() is %u, expected %u", o[21], g->dim);
      CLT_CHECK(o[26] == i, "get_global_linear_id() is %u, expected %zu", o[26], i);
      CLT_CHECK(o[27] == l[0] + local[0] * (l[1] + local[1] * l[2]),
                "get_local_linear_id() is %u, expected %zu", o[27],
                l[0] + local[0] * (l[1] + local[1] * l[2]));
      CLT_CHECK(o[28] == local[0], "get_enqueued_local_size(0) is %u, expected %zu", o[28],
                local[0]);
   }
}

/* Dimensions that no grid has: ids and offsets are 0, sizes and counts are 1. */
static void
test_no_such_dimension(const void *arg)
{
   static const char text[] =
      "kernel void test(uint d, global uint *out) {\n"
      "   out[0] = get_global_id(3); out[1] = get_local_id(5); out[2] = get_group_id(4);\n"
      "   out[3] = get_global_offset(77); out[4] = get_global_size(3); out[5] = "
      "get_local_size(4);\n"
      "   out[6] = get_num_groups(1000);\n"
      "   out[7] = get_global_id(d); out[8] = get_global_size(d); out[9] = "
      "get_local_size(d - 1);\n" /* not constant */
      "}\n";
   static const uint32_t want[10] = {0, 0, 0, 0, 1, 1, 1, 0, 1, 7};
   uint32_t out[10];
   size_t offset[3] = {1, 2, 3}, global[3] = {1, 1, 7};

   cl_kernel kernel = clt_kernel(text, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_i32(kernel, 0, 3);
   clt_arg_mem(kernel, 1, mem);
   clt_launch(kernel, 3, offset, global, global);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 10; i++)
      CLT_CHECK(out[i] == want[i], "value %d is %u, expected %u", i, out[i], want[i]);
}

/* Two launches with offsets write the two halves of one buffer. */
static void
test_halves(const void *arg)
{
   static const char text[] =
      "kernel void test(global uint *out) {\n"
      "   out[get_global_id(0)] += get_global_id(0) + get_global_size(0) * 1000; }\n";
   enum {
      COUNT = 1000
   };
   uint32_t out[COUNT];
   size_t offset = 0, size = 300, second = 700;

   cl_kernel kernel = clt_kernel(text, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, mem);
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, kernel, 1, &offset, &size, NULL, 0, NULL, NULL));
   offset = 300;
   CLT_CALL(clEnqueueNDRangeKernel(clt.queue, kernel, 1, &offset, &second, NULL, 0, NULL, NULL));
   clt_read(mem, 0, sizeof(out), out);
   for (uint32_t i = 0; i < COUNT; i++)
      CLT_CHECK(out[i] == i + (i < 300 ? 300000 : 700000), "element %u: got %u", i, out[i]);
}

/* reqd_work_group_size and work_group_size_hint. */
static void
test_required(const void *arg)
{
   static const char text[] =
      "kernel __attribute__((reqd_work_group_size(8, 4, 2))) void required(global uint *out) {\n"
      "   size_t at = (get_global_id(2) * get_global_size(1) + get_global_id(1)) * "
      "get_global_size(0) +\n"
      "               get_global_id(0);\n"
      "   out[at] = get_local_size(0) * 10000 + get_local_size(1) * 100 + get_local_size(2);\n"
      "}\n"
      "kernel __attribute__((work_group_size_hint(64, 1, 1))) void hinted(global uint *out) {\n"
      "   out[get_global_id(0)] = get_local_size(0); }\n";
   const size_t global[3] = {16, 8, 4}, good[3] = {8, 4, 2}, bad[3] = {4, 4, 2}, hinted = 512,
                other = 16;
   uint32_t out[512];
   size_t reported[3] = {0};

   cl_program program = clt_program(text, "");
   cl_kernel kernel = clt_kernel_of(program, "required");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   CLT_CALL(clGetKernelWorkGroupInfo(kernel, clt.device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                     sizeof(reported), reported, NULL));
   CLT_CHECK(reported[0] == 8 && reported[1] == 4 && reported[2] == 2,
             "CL_KERNEL_COMPILE_WORK_GROUP_SIZE is %zu, %zu, %zu", reported[0], reported[1],
             reported[2]);
   clt_arg_mem(kernel, 0, mem);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, kernel, 3, NULL, global, bad, 0, NULL, NULL),
              CL_INVALID_WORK_GROUP_SIZE);
   for (int pass = 0; pass < 2; pass++) { /* the second time without naming the size */
      cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 3, NULL, global, pass ? NULL : good,
                                            0, NULL, NULL);
      if (pass && error == CL_INVALID_WORK_GROUP_SIZE)
         break; /* that is how OpenCL 1.x wants it; a size of the implementation's choice never is */
      clt_require(error, "clEnqueueNDRangeKernel");
      clt_read(mem, 0, sizeof(out), out);
      for (int i = 0; i < 512 && !clt_failed(); i++)
         CLT_CHECK(out[i] == 80402, "local size %s: item %d sees %u, expected 80402",
                   pass ? "not named" : "named", i, out[i]);
   }
   clGetKernelSuggestedLocalWorkSizeKHR_fn suggest = (clGetKernelSuggestedLocalWorkSizeKHR_fn)
      clGetExtensionFunctionAddressForPlatform(clt.platform,
                                               "clGetKernelSuggestedLocalWorkSizeKHR");
   CLT_CHECK(suggest, "no clGetKernelSuggestedLocalWorkSizeKHR");
   if (suggest) {
      size_t size[3] = {0};
      CLT_EXPECT(suggest(clt.queue, kernel, 3, NULL, global, size), CL_SUCCESS);
      CLT_CHECK(size[0] == 8 && size[1] == 4 && size[2] == 2, "suggests %zu, %zu, %zu", size[0],
                size[1], size[2]);
   }
   kernel = clt_kernel_of(program, "hinted");
   clt_arg_mem(kernel, 0, mem);
   clt_launch(kernel, 1, NULL, &hinted, &other);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 512 && !clt_failed(); i++)
      CLT_CHECK(out[i] == 16, "a hint is not a rule: item %d sees local size %u, expected 16", i,
                out[i]);
}

/* Groups of the implementation's choice fill its vectors: at least three quarters of the items of the sub-groups
 * that a group takes, where some divisor of the width does. */
static void
test_suggested(const void *arg)
{
   static const char text[] = "kernel void test(global uint *out) { out[get_global_id(0)] = 1; }\n";
   static const size_t widths[] = {90, 300, 500, 997, 1000, 1080, 1200, 1366, 1920, 2500, 65536};
   clGetKernelSuggestedLocalWorkSizeKHR_fn suggest = (clGetKernelSuggestedLocalWorkSizeKHR_fn)
      clGetExtensionFunctionAddressForPlatform(clt.platform,
                                               "clGetKernelSuggestedLocalWorkSizeKHR");

   if (!suggest)
      clt_skip("no clGetKernelSuggestedLocalWorkSizeKHR");
   cl_kernel kernel = clt_kernel(text, "", "test");
   size_t lanes;
   CLT_CALL(clGetKernelWorkGroupInfo(kernel, clt.device,
                                     CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof(lanes),
                                     &lanes, NULL));
   clt_arg_mem(kernel, 0, clt_buffer(65536 * 4, NULL));
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(widths); i++) {
      const size_t global[2] = {widths[i], 12};
      size_t local[2] = {0};
      CLT_CALL(suggest(clt.queue, kernel, 2, NULL, global, local));
      if (!local[0] || !local[1] || global[0] % local[0] || global[1] % local[1])
         clt_fatal("for %zu x 12 items: %zu x %zu does not divide that", global[0], local[0],
                   local[1]);
      const size_t n = local[0] * local[1], whole = (n + lanes - 1) / lanes * lanes;
      CLT_CHECK(4 * n >= 3 * whole, "for %zu x 12 items: %zu x %zu, in sub-groups of %zu",
                global[0], local[0], local[1], lanes);
      CLT_CHECK(local[0] % lanes == 0 || local[1] == 1,
                "for %zu x 12 items: %zu x %zu, rows begin anywhere in a sub-group of %zu",
                global[0], local[0], local[1], lanes);
   }
}

/* Sizes the API must refuse. */
static void
test_refused(const void *arg)
{
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   size_t global[3] = {64, 1, 1}, local[3] = {64, 1, 1}, large = clt_max_group() * 2, zero = 0;
   cl_mem mem = clt_buffer(64 * 32 * 4, NULL), visits = clt_buffer(256, NULL);

   clt_arg_mem(kernel, 0, mem);
   clt_arg_mem(kernel, 1, visits);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, kernel, 0, NULL, global, local, 0, NULL, NULL),
              CL_INVALID_WORK_DIMENSION);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, kernel, 4, NULL, global, local, 0, NULL, NULL),
              CL_INVALID_WORK_DIMENSION);
   /* both rules are broken: too many items in the group, too many in one dimension */
   cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &large, &large, 0, NULL, NULL);
   CLT_CHECK(error == CL_INVALID_WORK_GROUP_SIZE || error == CL_INVALID_WORK_ITEM_SIZE,
             "a group of %zu items: got %s", large, cl_error_name(error));
   local[0] = 48; /* does not divide 64, and the kernel is built for uniform groups */
   cl_kernel uniform = clt_kernel(source, "-cl-std=CL1.2", "test");
   clt_arg_mem(uniform, 0, mem);
   clt_arg_mem(uniform, 1, visits);
   CLT_EXPECT(clEnqueueNDRangeKernel(clt.queue, uniform, 1, NULL, global, local, 0, NULL, NULL),
              CL_INVALID_WORK_GROUP_SIZE);
   clt_launch(kernel, 1, NULL, &zero, NULL); /* nothing to do is allowed since OpenCL 2.1 */
   clt_launch(kernel, 1, NULL, global, NULL);
   uint32_t count[64];
   clt_read(visits, 0, sizeof(count), count);
   for (int i = 0; i < 64; i++)
      CLT_CHECK(count[i] == 1, "item %d ran %u times after the refused launches", i, count[i]);
}

int
main(int argc, char **argv)
{
   static const struct grid grids[] = {
      {1, {0}, {1, 1, 1}, {1, 1, 1}},
      {1, {0}, {33, 1, 1}, {33, 1, 1}},
      {1, {5}, {1000, 1, 1}, {8, 1, 1}},
      {1, {1u << 20}, {640, 1, 1}, {64, 1, 1}},
      {1, {0}, {997, 1, 1}, {0}},
      {1, {3}, {4096, 1, 1}, {0}},
      {1, {0}, {2048, 1, 1}, {1024, 1, 1}},
      {2, {0}, {16, 16, 1}, {16, 16, 1}},
      {2, {7, 9}, {30, 21, 1}, {10, 3, 1}},
      {2, {0}, {1, 64, 1}, {1, 32, 1}},
      {2, {0, 4}, {37, 41, 1}, {37, 1, 1}},
      {2, {0}, {64, 48, 1}, {0}},
      {2, {11, 0}, {13, 17, 1}, {0}},
      {3, {0}, {8, 8, 8}, {4, 4, 4}},
      {3, {1, 2, 3}, {6, 10, 15}, {3, 5, 5}},
      {3, {0}, {1, 1, 50}, {1, 1, 25}},
      {3, {0}, {5, 7, 11}, {1, 7, 11}},
      {3, {100, 0, 1000}, {12, 10, 14}, {0}},
      {3, {0}, {2, 3, 64}, {1, 1, 64}},
      {3, {0}, {32, 4, 4}, {32, 4, 4}},
      {3, {0}, {16, 16, 12}, {8, 8, 4}},
      {3, {1, 0, 7}, {32, 16, 4}, {16, 4, 2}},
      {3, {0, 2, 0}, {8, 24, 6}, {4, 24, 3}},
      {3, {0}, {16, 24, 4}, {8, 12, 2}},
      {3, {0}, {16, 12, 4}, {8, 6, 4}},
      {3, {0}, {24, 6, 6}, {12, 3, 6}},
   };

   clt_init(argc, argv, "work-item functions over grids of one to three dimensions");
   clt_keep_programs(true);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(grids); i++) {
      const struct grid *g = &grids[i];
      clt_run(test_grid, g, "grid.%zux%zux%zu.%s", g->global[0], g->global[1], g->global[2],
              g->local[0] ? "given" : "chosen");
   }
   clt_run(test_no_such_dimension, NULL, "no_such_dimension");
   clt_run(test_halves, NULL, "offset_halves");
   clt_run(test_required, NULL, "required_size");
   clt_run(test_suggested, NULL, "suggested_sizes");
   clt_run(test_refused, NULL, "refused_sizes");
   return clt_done();
}
