/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Textures: images as memory.
 *
 * All images are linear: rows of texels, slices (or layers) of rows. Kernels compute addresses with
 * the strides of a descriptor, so tiling would cost instructions and gain nothing without a texture
 * cache; and maps are plain pointers. Rows begin at multiples of 16 bytes, the largest texel.
 *
 * A layer of a 1D array is a row: its row stride and layer stride are the same, which Rusticl relies
 * on when it reads such an image.
 *
 * Copies and fills are packets, in order with everything else. A fill is the copy of one row of
 * texels, prepared by the CPU, with source strides of zero.
 *
 * What it misses: mipmaps and several samples per texel, which OpenCL images have with extensions
 * only.
 */

#include "npu_texture.h"

#include <string.h>

#include "util/format/u_format.h"
#include "util/u_inlines.h"
#include "util/u_math.h"
#include "util/u_transfer.h"

#include "compiler/npu/npu_image.h"
#include "npu_isa/npu_regs.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_pool.h"
#include "npu_resource.h"

#define ROW_ALIGN_B 16

/* What OpenCL allows of the formats the compiler can do: three channels exist in packed formats
 * only, and luminance and intensity have no integers.
 */
static bool
is_opencl_format(enum pipe_format format)
{
   const struct util_format_description *desc = util_format_description(format);

   if (desc->nr_channels == 3)
      return false;
   bool grey = util_format_is_luminance(format) || util_format_is_intensity(format);
   return !(grey && util_format_is_pure_integer(format));
}

bool
npu_is_format_supported(struct pipe_screen *pscreen, enum pipe_format format,
                        enum pipe_texture_target target, unsigned sample_count,
                        unsigned storage_sample_count, unsigned bindings)
{
   const unsigned image_bindings = PIPE_BIND_SAMPLER_VIEW | PIPE_BIND_SHADER_IMAGE |
                                   PIPE_BIND_LINEAR;

   if (sample_count > 1 || storage_sample_count > 1)
      return false;
   if (target == PIPE_BUFFER && !(bindings & ~PIPE_BIND_GLOBAL))
      return true; /* the bytes of a buffer, whatever they mean */

   switch (target) {
   case PIPE_BUFFER:
   case PIPE_TEXTURE_1D:
   case PIPE_TEXTURE_1D_ARRAY:
   case PIPE_TEXTURE_2D:
   case PIPE_TEXTURE_2D_ARRAY:
   case PIPE_TEXTURE_3D:
      break;
   default:
      return false;
   }
   return !(bindings & ~image_bindings) && npu_image_format_supported(format) &&
          is_opencl_format(format);
}

uint64_t
npu_texture_layout(struct npu_resource *res)
{
   const struct pipe_resource *base = &res->base;
   unsigned layers = base->target == PIPE_TEXTURE_3D ? base->depth0 : base->array_size;

   if (base->last_level || !base->width0 || !base->height0 || !layers ||
       !npu_is_format_supported(base->screen, base->format, base->target, base->nr_samples,
                                base->nr_storage_samples, PIPE_BIND_SAMPLER_VIEW) ||
       base->width0 > NPU_MAX_BUFFER_B)
      return 0;

   uint64_t row_B = align64((uint64_t)base->width0 * util_format_get_blocksize(base->format),
                            ROW_ALIGN_B);
   uint64_t layer_B = row_B * base->height0;
   if (layer_B > NPU_MAX_BUFFER_B || layer_B * layers > NPU_MAX_BUFFER_B)
      return 0;
   res->row_stride_B = row_B;
   res->layer_stride_B = layer_B;
   return layer_B * layers;
}

uint64_t
npu_texture_offset_B(const struct npu_resource *res, unsigned x, unsigned y, unsigned z)
{
   if (res->base.target == PIPE_BUFFER)
      return x;
   return (uint64_t)x * util_format_get_blocksize(res->base.format) +
          (uint64_t)y * res->row_stride_B + (uint64_t)z * res->layer_stride_B;
}

static bool
box_is_inside(const struct pipe_resource *pres, const struct pipe_box *box)
{
   unsigned layers = pres->target == PIPE_TEXTURE_3D ? pres->depth0 : pres->array_size;

   return box->x >= 0 && box->y >= 0 && box->z >= 0 && box->width >= 0 && box->height >= 0 &&
          box->depth >= 0 && (uint64_t)box->x + box->width <= pres->width0 &&
          (unsigned)box->y + box->height <= pres->height0 &&
          (unsigned)box->z + box->depth <= layers;
}

/*
 * Maps
 */

static void *
texture_map(struct pipe_context *pctx, struct pipe_resource *pres, unsigned level, unsigned usage,
            const struct pipe_box *box, struct pipe_transfer **out)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_resource *res = npu_resource(pres);

   *out = NULL;
   if (level || !box_is_inside(pres, box))
      return NULL;
   uint8_t *map = npu_resource_map_sync(ctx, res, usage);
   struct pipe_transfer *transfer = map ? slab_zalloc(&ctx->transfers) : NULL;
   if (!transfer)
      return NULL;

   pipe_resource_reference(&transfer->resource, pres);
   transfer->usage = usage;
   transfer->box = *box;
   transfer->stride = res->row_stride_B;
   transfer->layer_stride = res->layer_stride_B;
   *out = transfer;
   return map + npu_texture_offset_B(res, box->x, box->y, box->z);
}

static void
texture_unmap(struct pipe_context *pctx, struct pipe_transfer *transfer)
{
   pipe_resource_reference(&transfer->resource, NULL);
   slab_free(&npu_context(pctx)->transfers, transfer);
}

/*
 * Copies and fills
 */

void
npu_texture_copy(struct npu_context *ctx, struct npu_resource *dst, unsigned dst_x, unsigned dst_y,
                 unsigned dst_z, struct npu_resource *src, const struct pipe_box *box)
{
   bool from_buffer = src->base.target == PIPE_BUFFER;
   enum pipe_format format = from_buffer ? dst->base.format : src->base.format;
   unsigned texel_B = util_format_get_blocksize(format);

   /* Buffers count bytes, so a copy between a buffer and a texture is one row. */
   struct npu_packet_copy_rect packet = {
      .type = NPU_PACKET_COPY_RECT,
      .row_size_B = from_buffer ? box->width : box->width * texel_B,
      .num_rows = box->height,
      .num_slices = box->depth,
      .src_va = src->bo->va + npu_texture_offset_B(src, box->x, box->y, box->z),
      .dst_va = dst->bo->va + npu_texture_offset_B(dst, dst_x, dst_y, dst_z),
      .src_row_stride_B = src->row_stride_B,
      .dst_row_stride_B = dst->row_stride_B,
      .src_slice_stride_B = src->layer_stride_B,
      .dst_slice_stride_B = dst->layer_stride_B,
   };

   struct pipe_box dst_box = *box;
   dst_box.x = dst_x;
   dst_box.y = dst_y;
   dst_box.z = dst_z;
   if (!box_is_inside(&src->base, box) || !box_is_inside(&dst->base, &dst_box)) {
      npu_context_lose(ctx, "a copy leaves its image");
      return;
   }
   if (!box->width || !box->height || !box->depth)
      return;
   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, src, NPU_USAGE_READ);
   npu_batch_access(ctx->batch, dst, NPU_USAGE_WRITE);
   npu_batch_emit(ctx->batch, &packet);
}

static void
clear_texture(struct pipe_context *pctx, struct pipe_resource *pres, unsigned level,
              const struct pipe_box *box, const void *texel)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_resource *res = npu_resource(pres);
   unsigned texel_B = util_format_get_blocksize(pres->format);
   unsigned row_B = box->width * texel_B;
   uint64_t row_va;

   if (level || !box_is_inside(pres, box)) {
      npu_context_lose(ctx, "a fill leaves its image");
      return;
   }
   if (!box->width || !box->height || !box->depth)
      return;

   uint8_t *row = npu_pool_alloc(ctx->batch, row_B, ROW_ALIGN_B, &row_va);
   if (!row) {
      npu_context_lose(ctx, "out of memory for a row of %u bytes to fill an image with", row_B);
      return;
   }
   for (unsigned i = 0; i < row_B; i += texel_B)
      memcpy(row + i, texel, texel_B);

   struct npu_packet_copy_rect packet = {
      .type = NPU_PACKET_COPY_RECT,
      .row_size_B = row_B,
      .num_rows = box->height,
      .num_slices = box->depth,
      .src_va = row_va,
      .dst_va = res->bo->va + npu_texture_offset_B(res, box->x, box->y, box->z),
      .dst_row_stride_B = res->row_stride_B,
      .dst_slice_stride_B = res->layer_stride_B,
   };
   npu_batch_begin(ctx->batch);
   npu_batch_access(ctx->batch, res, NPU_USAGE_WRITE);
   npu_batch_emit(ctx->batch, &packet);
   npu_batch_flush_if_large(ctx);
}

void
npu_texture_context_init(struct npu_context *ctx)
{
   ctx->base.texture_map = texture_map;
   ctx->base.texture_unmap = texture_unmap;
   ctx->base.texture_subdata = u_default_texture_subdata;
   ctx->base.clear_texture = clear_texture;
}
