/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What is known about the execution mask at each place: equal masks have equal numbers, and a
 * region knows a region whose mask includes its own.
 */
#ifndef NPU_EXEC_REGIONS_H
#define NPU_EXEC_REGIONS_H

#include "npu_ir.h"

#define NPU_NO_REGION UINT32_MAX

struct npu_exec_regions {
   uint32_t *parent; /* by region: one whose mask includes this one's, or NPU_NO_REGION */
   unsigned count;
};

/* Numbers the regions; instr->index becomes the region in which each instruction executes. */
struct npu_exec_regions *npu_exec_regions_create(void *mem_ctx, struct npu_shader *shader);

/* Is the mask of `inner` known to be part of that of `outer`? */
bool npu_exec_region_within(const struct npu_exec_regions *regions, uint32_t inner, uint32_t outer);

#endif
