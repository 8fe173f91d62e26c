// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What the tests of groups share: work-groups of many shapes, most of which leave the last sub-group incomplete, and
 * who is in which sub-group. Work-items fill sub-groups in the order of their linear local id: OpenCL leaves that to
 * the device, these tests rely on it. */

#ifndef CL_GROUP_H
#define CL_GROUP_H

#include "cl_test.h"

struct clt_shape {
   cl_uint dim;
   size_t local[3];
   const char *name; /* "16x4x1" */
};

#define CLT_NUM_SHAPES 15
extern const struct clt_shape clt_shapes[CLT_NUM_SHAPES];

#define CLT_NUM_GROUPS 3 /* of a launch, in x; one in the other dimensions */

/* Work-items of a group, and of a launch. */
size_t clt_group_size(const struct clt_shape *s);
size_t clt_num_items(const struct clt_shape *s);

/* The kernel `test` of an OpenCL C 3.0 source whose kernels begin with BEGIN. That declares the work-item's `group` and
 * `linear` local id, the group's `size`, and `at`, which is unique in the launch and ascends in sub-group order. */
cl_kernel clt_group_kernel(const char *source);
void clt_group_launch(cl_kernel kernel, const struct clt_shape *s);

/* Work-items of a sub-group, or 0 if the device has none or does not tell. */
size_t clt_max_sub_group_size(void);
/* Skips the case if that is 0. */
void clt_need_sub_groups(void);

/* The sub-group of a work-item, by `at`. */
struct clt_group_item {
   size_t first, last; /* of its sub-group; indices of items */
   uint32_t lane;
};

struct clt_group_item clt_group_item(const struct clt_shape *s, size_t i);

#endif
