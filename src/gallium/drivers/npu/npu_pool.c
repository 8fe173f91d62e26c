/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Upload memory of batches, see npu_pool.h.
 */

#include "npu_context.h"
#include "npu_batch.h"
#include "npu_pool.h"

#include "util/u_math.h"

/* Pools a context keeps for later batches. */
#define MAX_FREE_POOLS 16

#define POOL_FLAGS (NPU_BO_READ_ONLY | NPU_BO_UNINITIALIZED)

bool
npu_pool_get(struct npu_context *ctx, struct npu_pool *pool)
{
   if (ctx->free_pools.size) {
      *pool = util_dynarray_pop(&ctx->free_pools, struct npu_pool);
      pool->used_B = 0;
      return true;
   }

   struct npu_bo *bo = npu_bo_create(ctx->screen->dev, NPU_POOL_SIZE_B, POOL_FLAGS, "command pool");
   uint8_t *map = bo ? npu_bo_map(bo) : NULL;
   if (!map) {
      npu_bo_unref(bo);
      return false;
   }
   *pool = (struct npu_pool){.bo = bo, .map = map};
   return true;
}

void
npu_pool_put(struct npu_context *ctx, struct npu_pool pool)
{
   if (util_dynarray_num_elements(&ctx->free_pools, struct npu_pool) < MAX_FREE_POOLS)
      util_dynarray_append(&ctx->free_pools, struct npu_pool, pool);
   else
      npu_bo_unref(pool.bo);
}

void *
npu_pool_alloc(struct npu_batch *batch, uint32_t size_B, uint32_t align_B, uint64_t *va)
{
   if (size_B > NPU_POOL_SIZE_B) {
      struct npu_bo *bo = npu_bo_create(batch->ctx->screen->dev, size_B, POOL_FLAGS,
                                        "large upload");
      void *map = bo ? npu_bo_map(bo) : NULL;
      if (!map) {
         npu_bo_unref(bo);
         return NULL;
      }
      util_dynarray_append(&batch->bos, struct npu_bo *, bo);
      *va = bo->va;
      return map;
   }

   struct npu_pool *pool = NULL;
   uint32_t offset_B = 0;
   if (batch->pools.size) {
      pool = util_dynarray_top_ptr(&batch->pools, struct npu_pool);
      offset_B = ALIGN_POT(pool->used_B, align_B);
   }
   if (!pool || offset_B + size_B > NPU_POOL_SIZE_B) {
      struct npu_pool fresh;
      if (!npu_pool_get(batch->ctx, &fresh))
         return NULL;
      util_dynarray_append(&batch->pools, struct npu_pool, fresh);
      pool = util_dynarray_top_ptr(&batch->pools, struct npu_pool);
      offset_B = 0;
   }
   pool->used_B = offset_B + size_B;
   *va = pool->bo->va + offset_B;
   return pool->map + offset_B;
}

void
npu_pool_fini(struct npu_context *ctx)
{
   util_dynarray_foreach(&ctx->free_pools, struct npu_pool, pool)
      npu_bo_unref(pool->bo);
   util_dynarray_fini(&ctx->free_pools);
}
