/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_SHAPE_H
#define NPU_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

/* Blocks of work-items, and how many of them, in three dimensions. */
struct npu_shape {
   uint32_t block[3], grid[3];
   uint32_t first_x; /* the x id of the first work-item; if it is not 0, grid[0] is 1 */
};

#define NPU_MAX_SHAPES 2

/* Whether groups of this shape are worth keeping. prefers_tiles: npu_kernel_info.prefers_tiles */
bool npu_shape_is_good(const uint32_t block[3], bool prefers_tiles);

/* The shape of work-groups a launch should have instead of the given one, which begins at 0; or the shapes of two
 * launches it should be divided into, of which the second has what the first leaves of each row. The work-items are the
 * same. free_dims: where a kernel cannot tell (npu_nir_free_dims()); max_threads: how many work-items a group may have.
 * Returns how many; 0: npu_shape_is_good(), or there is nothing better. Any thread.
 */
unsigned npu_shape_choose(const struct npu_shape *given, unsigned free_dims, bool prefers_tiles,
                          uint32_t max_threads, struct npu_shape better[NPU_MAX_SHAPES]);

#endif
