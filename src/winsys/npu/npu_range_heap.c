/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Why: device addresses, device memory and mmap offsets all need "give me N aligned numbers".
 *
 * Algorithm: an ascending array of holes; allocation is first fit, so that use stays dense at the
 * low end, and freeing merges with both neighbours. Both are linear in the number of holes (binary
 * search, then one memmove), and holes are few: they appear only between live ranges of different
 * age.
 *
 * Invariant: n ranges handed out can separate at most n + 1 holes. The array always has room for
 * that many, so freeing cannot fail.
 *
 * What it misses: no size classes; a heap with 100,000 scattered holes would be slow.
 */

#include "npu_range_heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t
align_up(uint64_t value, uint64_t align)
{
   return (value + align - 1) & ~(align - 1);
}

/* Makes room for one more allocation (see the invariant above). */
static bool
reserve(struct npu_range_heap *heap)
{
   size_t needed = heap->num_allocs + 2;

   if (needed <= heap->capacity)
      return true;

   size_t capacity = heap->capacity ? heap->capacity * 2 : 16;
   struct npu_range *holes = realloc(heap->holes, capacity * sizeof(*holes));
   if (!holes)
      return false;

   heap->holes = holes;
   heap->capacity = capacity;
   return true;
}

/* Index of the first hole that ends behind position. */
static size_t
find_hole(const struct npu_range_heap *heap, uint64_t position)
{
   size_t low = 0, high = heap->num_holes;

   while (low < high) {
      size_t middle = low + (high - low) / 2;
      if (heap->holes[middle].start + heap->holes[middle].size <= position)
         low = middle + 1;
      else
         high = middle;
   }
   return low;
}

static void
insert_hole(struct npu_range_heap *heap, size_t index, uint64_t start, uint64_t size)
{
   assert(heap->num_holes < heap->capacity && "reserve() was not called");
   memmove(&heap->holes[index + 1], &heap->holes[index],
           (heap->num_holes - index) * sizeof(heap->holes[0]));
   heap->holes[index] = (struct npu_range){start, size};
   heap->num_holes++;
}

static void
remove_hole(struct npu_range_heap *heap, size_t index)
{
   heap->num_holes--;
   memmove(&heap->holes[index], &heap->holes[index + 1],
           (heap->num_holes - index) * sizeof(heap->holes[0]));
}

/* Cuts a range, which lies in hole number index, out of it. */
static void
carve(struct npu_range_heap *heap, size_t index, uint64_t start, uint64_t size)
{
   struct npu_range hole = heap->holes[index];
   uint64_t before = start - hole.start;
   uint64_t after = hole.start + hole.size - (start + size);

   heap->num_allocs++;
   heap->free_size -= size;

   if (before && after) {
      heap->holes[index].size = before;
      insert_hole(heap, index + 1, start + size, after);
   } else if (before) {
      heap->holes[index].size = before;
   } else if (after) {
      heap->holes[index] = (struct npu_range){start + size, after};
   } else {
      remove_hole(heap, index);
   }
}

bool
npu_range_heap_init(struct npu_range_heap *heap, uint64_t start, uint64_t size)
{
   assert(start + size >= start && "range overflows");
   *heap = (struct npu_range_heap){.start = start, .size = size};
   if (!reserve(heap))
      return false;
   if (size) {
      heap->free_size = size;
      insert_hole(heap, 0, start, size);
   }
   return true;
}

void
npu_range_heap_fini(struct npu_range_heap *heap)
{
   free(heap->holes);
   *heap = (struct npu_range_heap){0};
}

bool
npu_range_heap_alloc(struct npu_range_heap *heap, uint64_t size, uint64_t align,
                     uint64_t *out_start)
{
   assert(size && align && !(align & (align - 1)) && "bad size or alignment");
   if (size > heap->free_size || !reserve(heap))
      return false;

   for (size_t i = 0; i < heap->num_holes; i++) {
      struct npu_range hole = heap->holes[i];
      uint64_t start = align_up(hole.start, align);

      /* start < hole.start: the rounding wrapped around. */
      if (start < hole.start || start - hole.start > hole.size ||
          hole.size - (start - hole.start) < size)
         continue;

      carve(heap, i, start, size);
      *out_start = start;
      return true;
   }
   return false;
}

bool
npu_range_heap_alloc_at(struct npu_range_heap *heap, uint64_t start, uint64_t size)
{
   if (!size || start + size < start || !reserve(heap))
      return false;

   size_t i = find_hole(heap, start);
   if (i == heap->num_holes || heap->holes[i].start > start ||
       heap->holes[i].start + heap->holes[i].size < start + size)
      return false;

   carve(heap, i, start, size);
   return true;
}

bool
npu_range_heap_alloc_most(struct npu_range_heap *heap, uint64_t max_size, uint64_t align,
                          struct npu_range *out)
{
   size_t best = heap->num_holes;
   struct npu_range range = {0};

   max_size &= ~(align - 1);
   if (!max_size || !reserve(heap))
      return false;

   for (size_t i = 0; i < heap->num_holes && range.size < max_size; i++) {
      struct npu_range hole = heap->holes[i];
      uint64_t start = align_up(hole.start, align);

      if (start < hole.start || start - hole.start >= hole.size)
         continue;

      uint64_t size = (hole.size - (start - hole.start)) & ~(align - 1);
      if (size > max_size)
         size = max_size;
      if (size > range.size) {
         range = (struct npu_range){start, size};
         best = i;
      }
   }

   if (best == heap->num_holes)
      return false;
   carve(heap, best, range.start, range.size);
   *out = range;
   return true;
}

void
npu_range_heap_free(struct npu_range_heap *heap, uint64_t start, uint64_t size)
{
   size_t i = find_hole(heap, start);
   bool joins_before = i > 0 && heap->holes[i - 1].start + heap->holes[i - 1].size == start;
   bool joins_after = i < heap->num_holes && heap->holes[i].start == start + size;

   assert(heap->num_allocs > 0 && "freed more ranges than allocated");
   assert((i == heap->num_holes || heap->holes[i].start >= start + size) &&
          "range is free already");
   assert(start >= heap->start && start + size <= heap->start + heap->size && "foreign range");

   heap->num_allocs--;
   heap->free_size += size;

   if (joins_before && joins_after) {
      heap->holes[i - 1].size += size + heap->holes[i].size;
      remove_hole(heap, i);
   } else if (joins_before) {
      heap->holes[i - 1].size += size;
   } else if (joins_after) {
      heap->holes[i].start = start;
      heap->holes[i].size += size;
   } else {
      insert_hole(heap, i, start, size);
   }
}
