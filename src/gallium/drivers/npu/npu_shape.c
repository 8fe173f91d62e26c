/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Better shapes of work-groups than the application's.
 *
 * A wave is 32 consecutive work-items of a group. A group of 8 x 8 is two waves of four short rows each, a group of 3 x 3
 * or of one item a wave that is mostly empty; and beginning a group has a price, whatever is in it. Memory likes long
 * rows even more: of 32 x 8, each wave goes to another place. So where a kernel cannot tell (npu_nir_free_dims()), the
 * launch makes rows of the grid into rows of groups: of the divisors of the grid's width the one that leaves the fewest
 * lanes of waves unused, up to GROUP items. A short row keeps some of the height that the application gave it.
 *
 * A kernel that accesses global memory across rows, as in a transposition, or whose loops end when they like, as that of
 * the Mandelbrot set, may have tiles for a reason (npu_kernel_info.prefers_tiles). It keeps them unless they leave lanes
 * unused.
 */

#include "npu_shape.h"

#include <string.h>

#include "util/u_math.h"

#include "compiler/npu/npu_compile.h"

/* Work-items of a group from which on larger ones are no faster. A small launch gets smaller ones, that there are some for
 * each core.
 */
#define GROUP      256
#define MIN_GROUPS 16

/* Rows that leave more of their waves unused, in percent, are not worth making, and others worth another try. */
#define MAX_UNUSED  25
#define GOOD_UNUSED 10

static uint32_t
unused_percent(uint32_t row)
{
   const uint32_t lanes = align(row, NPU_SUBGROUP_SIZE);

   return 100 * (lanes - row) / lanes;
}

/* The best divisor of a width, 0: none is good. */
static uint32_t
choose_row(uint32_t width, uint32_t max)
{
   uint32_t best = 0;

   for (uint32_t row = max & -NPU_SUBGROUP_SIZE; row; row -= NPU_SUBGROUP_SIZE) {
      if (width % row == 0)
         return row;
   }
   for (uint32_t row = max; row > NPU_SUBGROUP_SIZE / 2; row--) {
      if (width % row == 0 && unused_percent(row) <= MAX_UNUSED &&
          (!best || unused_percent(row) < unused_percent(best)))
         best = row;
   }
   return best;
}

/* The largest divisor of a dimension of the block up to max. */
static uint32_t
part(uint32_t size, uint32_t max)
{
   uint32_t divisor = MIN2(size, MAX2(max, 1));

   while (size % divisor)
      divisor--;
   return divisor;
}

bool
npu_shape_is_good(const uint32_t block[3], bool prefers_tiles)
{
   const uint32_t rows = block[1] * block[2];

   if (block[0] * rows < 2 * NPU_SUBGROUP_SIZE)
      return false;
   if (rows == 1)
      return unused_percent(block[0]) <= GOOD_UNUSED;
   if (!prefers_tiles)
      return false;
   return block[0] % NPU_SUBGROUP_SIZE == 0 ||
          (block[0] >= 4 && NPU_SUBGROUP_SIZE % block[0] == 0 &&
           block[0] * rows % NPU_SUBGROUP_SIZE == 0);
}

bool
npu_shape_choose(const struct npu_shape *given, unsigned free_dims, bool prefers_tiles,
                 uint32_t max_threads, struct npu_shape *better)
{
   const uint32_t *block = given->block;
   uint64_t items = 1;

   if (!(free_dims & 1) || npu_shape_is_good(block, prefers_tiles))
      return false;
   for (unsigned i = 0; i < 3; i++) {
      if (!given->grid[i] || (uint64_t)block[i] * given->grid[i] > INT32_MAX)
         return false;
      items = MIN2(items * block[i] * given->grid[i], UINT32_MAX);
   }
   const uint32_t size = CLAMP(items / MIN_GROUPS, NPU_SUBGROUP_SIZE, GROUP);

   /* what has to stay as it is, and then as much of the rest as is useful */
   const uint32_t min_height = free_dims & 2 ? 1 : block[1];
   const uint32_t min_depth = free_dims & 4 ? 1 : block[2];
   const uint32_t max_row = MIN2(size, max_threads / (min_height * min_depth));
   const uint32_t row = choose_row(block[0] * given->grid[0], max_row);
   const bool is_waves = row % NPU_SUBGROUP_SIZE == 0;
   if (!row || (!is_waves && min_height * min_depth > 1))
      return false;
   if (block[1] * block[2] == 1 && block[0] >= 2 * NPU_SUBGROUP_SIZE &&
       unused_percent(row) >= unused_percent(block[0]))
      return false;

   *better = (struct npu_shape){.block = {row, min_height, min_depth}};
   /* Other widths would cost each wave divisions to find its row. */
   const bool is_known = row == NPU_SUBGROUP_SIZE || row == 2 * NPU_SUBGROUP_SIZE;
   if (is_known && free_dims & 2)
      better->block[1] = part(block[1], size / (row * min_depth));
   if (!memcmp(better->block, block, sizeof(better->block)))
      return false;
   for (unsigned i = 0; i < 3; i++) {
      better->grid[i] = block[i] * given->grid[i] / better->block[i];
      if (better->grid[i] > NPU_FEW_GROUPS)
         return false;
   }
   return true;
}
