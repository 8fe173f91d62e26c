/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Memory for what the driver itself hands to the device: packets, kernel arguments, patterns.
 *
 * A pool is one buffer the CPU fills from the bottom up and the device only reads (a stray store of
 * a kernel cannot change packets or arguments). A batch owns the pools it uses until it is
 * finished; then the context keeps some for the next batches.
 */

#ifndef NPU_POOL_H
#define NPU_POOL_H

#include <stdint.h>

struct npu_batch;
struct npu_bo;
struct npu_context;

#define NPU_POOL_SIZE_B (64u << 10)

struct npu_pool {
   struct npu_bo *bo; /* a reference */
   uint8_t *map;
   uint32_t used_B;
};

/* An empty pool of NPU_POOL_SIZE_B; false: out of memory. Owned by the caller. */
bool npu_pool_get(struct npu_context *ctx, struct npu_pool *pool);

/* Gives a pool back; the device must be done with it. */
void npu_pool_put(struct npu_context *ctx, struct npu_pool pool);

/* Memory that stays valid until the batch is finished. Any size; align_B is a power of two up to
 * 4096. The content is undefined. Returns the CPU's pointer and writes the device's address to *va,
 * or NULL.
 */
void *npu_pool_alloc(struct npu_batch *batch, uint32_t size_B, uint32_t align_B, uint64_t *va);

/* Frees the pools that the context keeps. */
void npu_pool_fini(struct npu_context *ctx);

#endif
