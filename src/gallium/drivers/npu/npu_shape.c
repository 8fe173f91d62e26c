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
 * A width of large prime factors has no such divisor: a million and three is a prime, and the front end can make nothing of it
 * but groups of one item. Then the launch is divided: into rows of GROUP items, and what is left at their ends, by a binary
 * whose ids begin there (npu_compile_options.is_rest).
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

/* Work-groups of the application from which on it pays to divide a launch, which takes another binary. */
#define MIN_DIVIDED_GROUPS 64

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

/* How a launch may be divided. */
struct freedom {
   uint32_t size;                  /* work-items a group should have */
   uint32_t max_row;               /* those a row of it may have */
   bool y;                         /* the height is free */
   uint32_t min_height, min_depth; /* what has to stay */
};

static struct freedom
find_freedom(const struct npu_shape *given, unsigned free_dims, uint32_t max_threads,
             uint64_t items)
{
   struct freedom f = {
      .size = CLAMP(items / MIN_GROUPS, NPU_SUBGROUP_SIZE, GROUP),
      .y = free_dims & 2,
      .min_height = free_dims & 2 ? 1 : given->block[1],
      .min_depth = free_dims & 4 ? 1 : given->block[2],
   };
   f.max_row = MIN2(f.size, max_threads / (f.min_height * f.min_depth));
   return f;
}

static uint32_t
items_of(const struct npu_shape *shape, unsigned dim)
{
   return shape->block[dim] * shape->grid[dim];
}

/* The groups of a shape that begins at x and has `width` of the given items in each row. */
static bool
fill(const struct npu_shape *given, uint32_t x, uint32_t width, struct npu_shape *shape)
{
   shape->first_x = x;
   for (unsigned i = 0; i < 3; i++) {
      shape->grid[i] = (i ? items_of(given, i) : width) / shape->block[i];
      if (shape->grid[i] > NPU_FEW_GROUPS)
         return false;
   }
   return true;
}

/* Whether no row begins within a wave. */
static bool
fits_waves(const struct freedom *f, uint32_t row)
{
   return row % NPU_SUBGROUP_SIZE == 0 || f->min_height * f->min_depth == 1;
}

/* Rows that a number divides. */
static bool
choose_one(const struct npu_shape *given, const struct freedom *f, uint32_t row,
           struct npu_shape *better)
{
   const uint32_t *block = given->block;

   if (!row || !fits_waves(f, row))
      return false;
   if (block[1] * block[2] == 1 && block[0] >= 2 * NPU_SUBGROUP_SIZE &&
       unused_percent(row) >= unused_percent(block[0]))
      return false;

   *better = (struct npu_shape){.block = {row, f->min_height, f->min_depth}};
   /* Other widths would cost each wave divisions to find its row. */
   const bool is_known = row == NPU_SUBGROUP_SIZE || row == 2 * NPU_SUBGROUP_SIZE;
   if (is_known && f->y)
      better->block[1] = part(block[1], f->size / (row * f->min_depth));
   return memcmp(better->block, block, sizeof(better->block)) &&
          fill(given, 0, items_of(given, 0), better);
}

/* Rows of whole waves, and what they leave. */
static bool
choose_two(const struct npu_shape *given, const struct freedom *f, struct npu_shape better[2])
{
   const uint32_t width = items_of(given, 0), row = MIN2(width, f->max_row) & -NPU_SUBGROUP_SIZE;
   if (!row || width % row == 0)
      return false;

   const uint32_t rest = width % row;
   better[0] = (struct npu_shape){.block = {row, f->min_height, f->min_depth}};
   better[1] = (struct npu_shape){.block = {rest, f->min_height, f->min_depth}};
   if (f->y)
      better[1].block[1] = part(items_of(given, 1), f->size / (rest * f->min_depth));
   return fill(given, 0, width - rest, &better[0]) && fill(given, width - rest, rest, &better[1]);
}

unsigned
npu_shape_choose(const struct npu_shape *given, unsigned free_dims, bool prefers_tiles,
                 uint32_t max_threads, struct npu_shape better[NPU_MAX_SHAPES])
{
   uint64_t items = 1, groups = 1;

   if (!(free_dims & 1) || npu_shape_is_good(given->block, prefers_tiles))
      return 0;
   for (unsigned i = 0; i < 3; i++) {
      if (!given->grid[i] || (uint64_t)given->block[i] * given->grid[i] > INT32_MAX)
         return 0;
      items = MIN2(items * items_of(given, i), UINT32_MAX);
      groups = MIN2(groups * given->grid[i], UINT32_MAX);
   }
   const struct freedom f = find_freedom(given, free_dims, max_threads, items);
   const uint32_t row = choose_row(items_of(given, 0), f.max_row);

   const bool is_good = row >= 2 * NPU_SUBGROUP_SIZE && fits_waves(&f, row);
   if (!is_good && groups >= MIN_DIVIDED_GROUPS && choose_two(given, &f, better))
      return 2;
   return choose_one(given, &f, row, better);
}
