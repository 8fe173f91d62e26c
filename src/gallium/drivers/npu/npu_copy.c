/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Copies and fills of buffers on the device, in order with everything else.
 *
 * Fills: a pattern whose size is a power of two is one FILL packet. Any other size (texels of three
 * components) is repeated into upload memory and copied from there piece by piece, each piece a
 * whole number of patterns.
 *
 * Copies: one COPY packet. If the ranges overlap, the packet's result would be undefined, so the
 * copy goes through a temporary buffer.
 */

#include "npu_resource.h"

#include <string.h>

#include "util/u_inlines.h"
#include "util/u_math.h"

#include "npu_isa/npu_regs.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_pool.h"
#include "npu_texture.h"

/* Repeated patterns fill at most this much upload memory. */
#define PATTERN_CHUNK_B (32u << 10)

void
npu_copy_from_va(struct npu_context *ctx, struct npu_resource *dst, uint32_t dst_offset_B,
                 uint64_t src_va, uint32_t size_B)
{
   struct npu_packet_copy packet = {
      .type = NPU_PACKET_COPY,
      .src_va = src_va,
      .dst_va = dst->bo->va + dst_offset_B,
      .size_B = size_B,
   };

   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, dst, NPU_USAGE_WRITE);
   npu_batch_emit(ctx->batch, &packet);
}

static void
copy(struct npu_context *ctx, struct npu_resource *dst, uint32_t dst_offset_B,
     struct npu_resource *src, uint32_t src_offset_B, uint32_t size_B)
{
   struct npu_packet_copy packet = {
      .type = NPU_PACKET_COPY,
      .src_va = src->bo->va + src_offset_B,
      .dst_va = dst->bo->va + dst_offset_B,
      .size_B = size_B,
   };

   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, src, NPU_USAGE_READ);
   npu_batch_access(ctx->batch, dst, NPU_USAGE_WRITE);
   npu_batch_emit(ctx->batch, &packet);
}

static void
copy_overlapping(struct npu_context *ctx, struct npu_resource *res, uint32_t dst_offset_B,
                 uint32_t src_offset_B, uint32_t size_B)
{
   struct npu_bo *temp = npu_bo_create(ctx->screen->dev, size_B, NPU_BO_UNINITIALIZED,
                                       "overlapping copy");
   if (!temp) {
      npu_context_lose(ctx, "out of memory for an overlapping copy of %u bytes", size_B);
      return;
   }

   struct npu_packet_copy packet = {
      .type = NPU_PACKET_COPY,
      .src_va = res->bo->va + src_offset_B,
      .dst_va = temp->va,
      .size_B = size_B,
   };
   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, res, NPU_USAGE_READ);
   npu_batch_keep_bo(ctx->batch, temp);
   npu_batch_emit(ctx->batch, &packet);

   /* Writing what the first packet reads makes the second one wait for it. */
   npu_copy_from_va(ctx, res, dst_offset_B, temp->va, size_B);
   npu_bo_unref(temp);
}

static void
resource_copy_region(struct pipe_context *pctx, struct pipe_resource *pdst, unsigned dst_level,
                     unsigned dst_x, unsigned dst_y, unsigned dst_z, struct pipe_resource *psrc,
                     unsigned src_level, const struct pipe_box *box)
{
   struct npu_context *ctx = npu_context(pctx);
   uint32_t src_x = box->x, size_B = box->width;

   if (pdst->target != PIPE_BUFFER || psrc->target != PIPE_BUFFER) {
      npu_texture_copy(ctx, npu_resource(pdst), dst_x, dst_y, dst_z, npu_resource(psrc), box);
      npu_batch_flush_if_large(ctx);
      return;
   }
   assert((uint64_t)src_x + size_B <= psrc->width0 && (uint64_t)dst_x + size_B <= pdst->width0 &&
          "a copy must stay inside of its buffers");
   if (!size_B || (psrc == pdst && src_x == dst_x))
      return;

   bool overlap = psrc == pdst && src_x < (uint64_t)dst_x + size_B &&
                  dst_x < (uint64_t)src_x + size_B;
   if (overlap)
      copy_overlapping(ctx, npu_resource(pdst), dst_x, src_x, size_B);
   else
      copy(ctx, npu_resource(pdst), dst_x, npu_resource(psrc), src_x, size_B);
   npu_batch_flush_if_large(ctx);
}

/* Patterns of 1, 2, 4 ... 128 bytes. */
static void
fill(struct npu_context *ctx, struct npu_resource *res, uint32_t offset_B, uint32_t size_B,
     const void *pattern, uint32_t pattern_size_B)
{
   struct npu_packet_fill packet = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = pattern_size_B,
      .dst_va = res->bo->va + offset_B,
      .size_B = size_B,
   };

   if (pattern_size_B <= NPU_FILL_INLINE_B) {
      memcpy(packet.pattern, pattern, pattern_size_B);
   } else {
      uint64_t va;
      void *upload = npu_pool_alloc(ctx->batch, pattern_size_B, pattern_size_B, &va);
      if (!upload) {
         npu_context_lose(ctx, "out of memory for a fill pattern");
         return;
      }
      memcpy(upload, pattern, pattern_size_B);
      packet.pattern_va = va;
   }
   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, res, NPU_USAGE_WRITE);
   npu_batch_emit(ctx->batch, &packet);
}

/* Patterns of any size. */
static void
fill_by_copies(struct npu_context *ctx, struct npu_resource *res, uint32_t offset_B,
               uint32_t size_B, const void *pattern, uint32_t pattern_size_B)
{
   uint32_t repeats = MAX2(PATTERN_CHUNK_B / pattern_size_B, 1);
   repeats = MIN2(repeats, DIV_ROUND_UP(size_B, pattern_size_B));
   uint32_t chunk_B = repeats * pattern_size_B;
   uint64_t va;

   uint8_t *upload = npu_pool_alloc(ctx->batch, chunk_B, 64, &va);
   if (!upload) {
      npu_context_lose(ctx, "out of memory for a fill pattern");
      return;
   }
   for (uint32_t i = 0; i < repeats; i++)
      memcpy(upload + i * pattern_size_B, pattern, pattern_size_B);

   for (uint32_t done_B = 0; done_B < size_B; done_B += chunk_B) {
      struct npu_packet_copy packet = {
         .type = NPU_PACKET_COPY,
         .src_va = va,
         .dst_va = res->bo->va + offset_B + done_B,
         .size_B = MIN2(chunk_B, size_B - done_B),
      };
      npu_batch_begin(ctx->batch);
      if (!done_B) /* the pieces do not overlap: only the first one waits */
         npu_batch_access(ctx->batch, res, NPU_USAGE_WRITE);
      if (!npu_batch_emit(ctx->batch, &packet))
         return;
   }
}

static void
clear_buffer(struct pipe_context *pctx, struct pipe_resource *pres, unsigned offset_B,
             unsigned size_B, const void *pattern, int pattern_size_B)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_resource *res = npu_resource(pres);

   assert(pattern_size_B > 0 && "a fill needs a pattern");
   assert((uint64_t)offset_B + size_B <= pres->width0 && "a fill must stay inside of its buffer");
   if (!size_B)
      return;

   if (util_is_power_of_two_nonzero(pattern_size_B) && pattern_size_B <= NPU_MAX_FILL_PATTERN_B)
      fill(ctx, res, offset_B, size_B, pattern, pattern_size_B);
   else
      fill_by_copies(ctx, res, offset_B, size_B, pattern, pattern_size_B);
   npu_batch_flush_if_large(ctx);
}

void
npu_copy_context_init(struct npu_context *ctx)
{
   ctx->base.resource_copy_region = resource_copy_region;
   ctx->base.clear_buffer = clear_buffer;
}
