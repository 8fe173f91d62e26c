// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

#include "cl_group.h"

#define SHAPE(dim, x, y, z) {dim, {x, y, z}, #x "x" #y "x" #z}

const struct clt_shape clt_shapes[CLT_NUM_SHAPES] = {
   SHAPE(1, 1, 1, 1),    SHAPE(1, 31, 1, 1),  SHAPE(1, 32, 1, 1),  SHAPE(1, 33, 1, 1),
   SHAPE(1, 64, 1, 1),   SHAPE(1, 100, 1, 1), SHAPE(1, 256, 1, 1), SHAPE(1, 1023, 1, 1),
   SHAPE(1, 1024, 1, 1), SHAPE(2, 16, 4, 1),  SHAPE(2, 5, 9, 1),   SHAPE(2, 64, 3, 1),
   SHAPE(3, 7, 5, 3),    SHAPE(3, 4, 4, 4),   SHAPE(3, 1, 1, 50),
};

size_t
clt_group_size(const struct clt_shape *s)
{
   size_t size = 1;

   for (cl_uint d = 0; d < s->dim; d++)
      size *= s->local[d];
   return size;
}

size_t
clt_num_items(const struct clt_shape *s)
{
   return CLT_NUM_GROUPS * clt_group_size(s);
}

cl_kernel
clt_group_kernel(const char *source)
{
   static const char prologue[] =
      "#ifdef cl_khr_fp16\n#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n#endif\n"
      "#define BEGIN size_t group = get_group_id(0), linear = get_local_linear_id(), \\\n"
      "                     size = get_local_size(0) * get_local_size(1) * get_local_size(2), \\\n"
      "                     at = group * size + linear;\n";

   return clt_kernel(clt_format("%s%s", prologue, source), "-cl-std=CL3.0", "test");
}

void
clt_group_launch(cl_kernel kernel, const struct clt_shape *s)
{
   size_t global[3] = {CLT_NUM_GROUPS * s->local[0], s->local[1], s->local[2]};

   clt_launch(kernel, s->dim, NULL, global, s->local);
}

size_t
clt_max_sub_group_size(void)
{
   size_t sizes[16] = {0}, size_B = 0;

   /* CL_DEVICE_SUB_GROUP_SIZES_INTEL, which Rusticl answers without the extension. */
   if (clGetDeviceInfo(clt.device, 0x4108, sizeof(sizes), sizes, &size_B) ||
       size_B < sizeof(size_t))
      return 0;
   return sizes[0];
}

void
clt_need_sub_groups(void)
{
   cl_uint max = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_MAX_NUM_SUB_GROUPS, sizeof(max), &max, NULL));
   if (!max)
      clt_skip("the device has no sub-groups");
   if (!clt_max_sub_group_size())
      clt_skip("the device does not tell the size of sub-groups");
}

struct clt_group_item
clt_group_item(const struct clt_shape *s, size_t i)
{
   size_t size = clt_group_size(s), max = clt_max_sub_group_size(), start = i - i % size;
   size_t first = start + i % size / max * max, last = first + max - 1;

   if (last >= start + size)
      last = start + size - 1;
   return (struct clt_group_item){first, last, i - first};
}
