/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Access of the CPU to buffers: maps and uploads.
 *
 * Device memory is mapped coherently, so a map is a pointer into it and an unmap does nothing. A map
 * waits for the work it conflicts with: reading for work that writes, writing for any. Bytes of the
 * box that a write map leaves alone keep their values. A small upload into a buffer that is in use
 * does not wait: the data goes into the batch and a copy packet brings it to its place in order.
 */

#include "npu_resource.h"

#include <string.h>

#include "util/u_inlines.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_pool.h"

/* Uploads up to this size are recorded instead of waiting. */
#define MAX_RECORDED_UPLOAD_B (16u << 10)

static bool
box_is_inside(const struct pipe_resource *pres, const struct pipe_box *box)
{
   return box->x >= 0 && box->width >= 0 && (uint64_t)box->x + box->width <= pres->width0;
}

static void *
buffer_map(struct pipe_context *pctx, struct pipe_resource *pres, unsigned level, unsigned usage,
           const struct pipe_box *box, struct pipe_transfer **out)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_resource *res = npu_resource(pres);

   *out = NULL;
   if (!box_is_inside(pres, box))
      return NULL;
   uint8_t *map = npu_resource_map_sync(ctx, res, usage);
   if (!map)
      return NULL;

   struct pipe_transfer *transfer = slab_zalloc(&ctx->transfers);
   if (!transfer)
      return NULL;
   pipe_resource_reference(&transfer->resource, pres);
   transfer->usage = usage;
   transfer->box = *box;
   transfer->stride = box->width;
   transfer->layer_stride = box->width;
   *out = transfer;
   return map + box->x;
}

static void
buffer_unmap(struct pipe_context *pctx, struct pipe_transfer *transfer)
{
   pipe_resource_reference(&transfer->resource, NULL);
   slab_free(&npu_context(pctx)->transfers, transfer);
}

static void
transfer_flush_region(struct pipe_context *pctx, struct pipe_transfer *transfer,
                      const struct pipe_box *box)
{
   /* Maps are coherent. */
}

static void
buffer_subdata(struct pipe_context *pctx, struct pipe_resource *pres, unsigned usage,
               unsigned offset_B, unsigned size_B, const void *data)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_resource *res = npu_resource(pres);

   if (!size_B)
      return;
   assert((uint64_t)offset_B + size_B <= pres->width0 && "subdata must be inside of the buffer");

   if (!(usage & PIPE_MAP_UNSYNCHRONIZED) && size_B <= MAX_RECORDED_UPLOAD_B &&
       (npu_batch_conflicts(ctx->batch, res, NPU_USAGE_WRITE) ||
        !npu_resource_wait(ctx, res, NPU_USAGE_READ_WRITE, 0)))
   {
      uint64_t va;
      void *staging = npu_pool_alloc(ctx->batch, size_B, 64, &va);
      if (staging) {
         memcpy(staging, data, size_B);
         npu_copy_from_va(ctx, res, offset_B, va, size_B);
         return;
      }
   }

   uint8_t *map = npu_resource_map(res);
   if (!map) {
      npu_context_lose(ctx, "a buffer cannot be mapped for writing");
      return;
   }
   if (!(usage & PIPE_MAP_UNSYNCHRONIZED))
      npu_resource_wait(ctx, res, NPU_USAGE_READ_WRITE, INT64_MAX);
   memcpy(map + offset_B, data, size_B);
}

void
npu_transfer_context_init(struct npu_context *ctx)
{
   ctx->base.buffer_map = buffer_map;
   ctx->base.buffer_unmap = buffer_unmap;
   ctx->base.transfer_flush_region = transfer_flush_region;
   ctx->base.buffer_subdata = buffer_subdata;
}
