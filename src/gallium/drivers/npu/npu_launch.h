/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_LAUNCH_H
#define NPU_LAUNCH_H

struct npu_context;

/* set_global_binding, set_constant_buffer, memory_barrier, launch_grid. */
void npu_launch_context_init(struct npu_context *ctx);

#endif
