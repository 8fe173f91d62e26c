/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Allocator of ranges of a number space: device addresses, pages of device memory, mmap offsets. It
 * never looks at what the numbers mean.
 *
 * No locks: the owner serialises all calls.
 */

#ifndef NPU_RANGE_HEAP_H
#define NPU_RANGE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct npu_range {
   uint64_t start; /* first number */
   uint64_t size;  /* count of numbers, not 0 */
};

struct npu_range_heap {
   struct npu_range *holes; /* free ranges, ascending, never touching each other */
   size_t num_holes;
   size_t capacity;    /* of holes[]; > num_allocs, so that freeing never needs memory */
   size_t num_allocs;  /* ranges handed out and not freed */
   uint64_t free_size; /* sum of the holes */
   uint64_t start, size;
};

/* Makes a heap with everything free. start + size must not overflow. Returns false without memory. */
bool npu_range_heap_init(struct npu_range_heap *heap, uint64_t start, uint64_t size);

/* Forgets everything. A zeroed heap is allowed. */
void npu_range_heap_fini(struct npu_range_heap *heap);

/* Takes the lowest range of that size (not 0) whose start is a multiple of align (a power of two).
 * Returns false if there is none, or without memory.
 */
bool npu_range_heap_alloc(struct npu_range_heap *heap, uint64_t size, uint64_t align,
                          uint64_t *out_start);

/* Takes the given range. Returns false if a part of it is not free, or without memory. */
bool npu_range_heap_alloc_at(struct npu_range_heap *heap, uint64_t start, uint64_t size);

/* Takes the largest range there is, but not more than max_size, starting at a multiple of align;
 * its size is a multiple of align as well. For owners who can live with pieces. Returns false if
 * there is none.
 */
bool npu_range_heap_alloc_most(struct npu_range_heap *heap, uint64_t max_size, uint64_t align,
                               struct npu_range *out);

/* Gives back a whole range as it was allocated. Never fails. */
void npu_range_heap_free(struct npu_range_heap *heap, uint64_t start, uint64_t size);

#endif
