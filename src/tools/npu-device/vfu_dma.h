/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The memory of the virtual machine as the device sees it: a table of I/O address ranges, each a
 * piece of a file the monitor has passed.
 *
 * Threads: all functions may be called from any thread. vfu_dma_unmap() returns when no access to
 * the range is under way any more, but for those the client is asked for: it knows of both.
 */

#ifndef VFU_DMA_H
#define VFU_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfu_dma;

/* Accesses memory of the client that has no file; one of to and from is NULL. */
typedef bool (*vfu_dma_ask)(void *data, uint64_t address, void *to, const void *from,
                            size_t size_B);

/* ask NULL: such memory cannot be accessed. NULL without memory. */
struct vfu_dma *vfu_dma_create(vfu_dma_ask ask, void *data);
void vfu_dma_destroy(struct vfu_dma *dma);

/* Adds [address, address + size_B). fd is the caller's still; -1 for memory without a file
 * (the client is asked). prot: VFU_DMA_MAP_*. 0, -EINVAL (sizes, or a file that is too short), -EEXIST
 * (overlap), -ENOSPC (too many), -ENOMEM, or the errno of mmap.
 */
int vfu_dma_map(struct vfu_dma *dma, uint64_t address, uint64_t size_B, int fd, uint64_t offset,
                uint32_t prot);

/* Removes the range, whatever part of it is mapped. address + size_B may be past 2^64: to the end.
 * 0 or -ENOMEM (a map in the middle of which the range lies could not be split; nothing is changed).
 */
int vfu_dma_unmap(struct vfu_dma *dma, uint64_t address, uint64_t size_B);
void vfu_dma_unmap_all(struct vfu_dma *dma);

/* Copies all size_B bytes, or returns false if a part is not mapped or not allowed. An aligned
 * access of 8 bytes is atomic.
 */
bool vfu_dma_read(struct vfu_dma *dma, uint64_t address, void *to, size_t size_B);
bool vfu_dma_write(struct vfu_dma *dma, uint64_t address, const void *from, size_t size_B);

/* Maps in the table. */
size_t vfu_dma_count(struct vfu_dma *dma);

#endif
