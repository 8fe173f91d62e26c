/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Register accesses that never wait. Some writes wait for accesses to memory that are under way (RESET,
 * TLB_CONTROL, VM_TABLE_BASE), and where such an access needs the thread that brought the write, both would wait
 * for ever. Here a worker carries them out, and what comes behind them, in order.
 *
 * Threads: npu_posted_write() and npu_posted_reset() come from one thread at a time, the rest from any.
 */

#ifndef NPU_POSTED_H
#define NPU_POSTED_H

#include <stdbool.h>
#include <stdint.h>

struct npu_posted;
struct npu_sim;

/* The model stays the caller's and must outlive it. NULL without memory or threads. */
struct npu_posted *npu_posted_create(struct npu_sim *sim);
/* Waits until everything is done. NULL is allowed. */
void npu_posted_destroy(struct npu_posted *posted);

/* Writes a register, now or later. may_wait: the caller can wait until that is done; without, it is not kept
 * waiting. Later writes come behind earlier ones, but for those behind an invalidation, which they would not wait
 * for on hardware either.
 */
void npu_posted_write(struct npu_posted *posted, uint32_t offset, uint64_t value, bool may_wait);

/* Resets the model behind what is under way; what was to follow that is forgotten. may_wait as above. */
void npu_posted_reset(struct npu_posted *posted, bool may_wait);
/* Whether npu_posted_reset() has not come to its end. */
bool npu_posted_in_reset(struct npu_posted *posted);

/* Reads a register as it is after all writes: BUSY where they have not come to their end. */
uint64_t npu_posted_read(struct npu_posted *posted, uint32_t offset);

/* Returns when all writes are done. */
void npu_posted_wait(struct npu_posted *posted);

#endif
