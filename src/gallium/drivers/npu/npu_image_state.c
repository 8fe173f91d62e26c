/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Bindings of images and samplers.
 *
 * What is bound is kept as the compiler wants it (npu_image.h): a descriptor for each image, written
 * behind the arguments of a launch, and one image key for formats and samplers, which chooses the
 * kernel's variant. Views convert at their creation; a launch copies.
 *
 * An empty slot has the format NONE, so kernels do not touch memory through it; its descriptor is an
 * image of one texel, because queries still answer.
 *
 * What it misses: swizzles of views and textures of levels, which Rusticl never asks for; border
 * colours other than zero; samplers that differ between axes (the first one's mode counts).
 */

#include "npu_image_state.h"

#include <string.h>

#include "util/format/u_format.h"
#include "util/u_inlines.h"
#include "util/u_math.h"
#include "util/u_memory.h"

#include "compiler/npu/npu_binary.h"

#include "npu_context.h"
#include "npu_resource.h"

/*
 * Descriptors
 */

/* Texels of a buffer from offset_B on, at most size_B of it. */
static struct npu_image_desc
describe_buffer(const struct npu_resource *res, enum pipe_format format, unsigned offset_B,
                unsigned size_B)
{
   unsigned first_B = MIN2(offset_B, res->base.width0);
   unsigned texels = MIN2(size_B, res->base.width0 - first_B) / util_format_get_blocksize(format);

   return (struct npu_image_desc){
      .va = res->bo->va + first_B,
      .size = {MAX2(texels, 1), 1, 1},
   };
}

/* An image with rows in a buffer; the offset and the strides count texels. */
static struct npu_image_desc
describe_rows(const struct npu_resource *res, enum pipe_format format, unsigned offset,
              unsigned row_stride, unsigned layer_stride, const unsigned size[3])
{
   unsigned texel_B = util_format_get_blocksize(format);

   return (struct npu_image_desc){
      .va = res->bo->va + (uint64_t)offset * texel_B,
      .size = {size[0], size[1], MAX2(size[2], 1)},
      .stride_B = {row_stride * texel_B, layer_stride * texel_B},
   };
}

/* Both kinds of views have the same fields. */
#define DESCRIBE_ROWS(res, view)                                                                   \
   describe_rows(res, (view)->format, (view)->u.tex2d_from_buf.offset,                             \
                 (view)->u.tex2d_from_buf.row_stride, (view)->u.tex2d_from_buf.layer_stride,       \
                 (const unsigned[]){(view)->u.tex2d_from_buf.width,                                \
                                    (view)->u.tex2d_from_buf.height,                               \
                                    (view)->u.tex2d_from_buf.layers})

static struct npu_image_desc
describe_texture(const struct npu_resource *res, unsigned first_layer, unsigned last_layer)
{
   const struct pipe_resource *base = &res->base;
   unsigned layers = last_layer - first_layer + 1;
   struct npu_image_desc desc = {
      .va = res->bo->va + (uint64_t)first_layer * res->layer_stride_B,
      .size = {base->width0, base->height0, layers},
      .stride_B = {res->row_stride_B, res->layer_stride_B},
   };

   /* The layer is the second coordinate. */
   if (base->target == PIPE_TEXTURE_1D_ARRAY)
      desc.size[1] = layers;
   return desc;
}

static void
bind_slot(struct npu_image_binding *slot, struct npu_resource *res, enum npu_usage access,
          const struct npu_image_desc *desc)
{
   struct pipe_resource *old = slot->res ? &slot->res->base : NULL;

   pipe_resource_reference(&old, res ? &res->base : NULL);
   slot->res = res;
   slot->access = access;
   slot->desc = res ? *desc : (struct npu_image_desc){.size = {1, 1, 1}};
}

/* The number of slots up to the last one in use. */
static unsigned
count_slots(const struct npu_image_binding *slots, unsigned max)
{
   while (max && !slots[max - 1].res)
      max--;
   return max;
}

/*
 * Textures
 */

struct npu_sampler_view {
   struct pipe_sampler_view base;
   struct npu_image_desc desc;
};

static struct pipe_sampler_view *
create_sampler_view(struct pipe_context *pctx, struct pipe_resource *pres,
                    const struct pipe_sampler_view *templ)
{
   const struct npu_resource *res = npu_resource(pres);
   struct npu_sampler_view *view;

   if (!npu_image_format_supported(templ->format))
      return NULL;
   view = CALLOC_STRUCT_CL(npu_sampler_view);
   if (!view)
      return NULL;

   view->base = *templ;
   pipe_reference_init(&view->base.reference, 1);
   view->base.context = pctx;
   view->base.texture = NULL;
   pipe_resource_reference(&view->base.texture, pres);
   if (pres->target != PIPE_BUFFER)
      view->desc = describe_texture(res, templ->u.tex.first_layer, templ->u.tex.last_layer);
   else if (templ->is_tex2d_from_buf)
      view->desc = DESCRIBE_ROWS(res, templ);
   else
      view->desc = describe_buffer(res, templ->format, templ->u.buf.offset, templ->u.buf.size);
   return &view->base;
}

static void
sampler_view_destroy(struct pipe_context *pctx, struct pipe_sampler_view *view)
{
   pipe_resource_reference(&view->texture, NULL);
   FREE_CL(view);
}

static void
set_texture(struct npu_image_state *state, unsigned slot, struct pipe_sampler_view *pview)
{
   const struct npu_sampler_view *view = (const struct npu_sampler_view *)pview;

   bind_slot(&state->textures[slot], view ? npu_resource(pview->texture) : NULL, NPU_USAGE_READ,
             view ? &view->desc : NULL);
   state->key.texture_formats[slot] = view ? view->base.format : PIPE_FORMAT_NONE;
}

static void
set_sampler_views(struct pipe_context *pctx, enum pipe_shader_type shader, unsigned first,
                  unsigned count, unsigned unbind_trailing, bool take_ownership,
                  struct pipe_sampler_view **views)
{
   struct npu_image_state *state = npu_context(pctx)->images;
   unsigned total = count + unbind_trailing;

   if (shader != PIPE_SHADER_COMPUTE)
      return;
   assert(first + total <= NPU_MAX_TEXTURES && "more textures than the screen promises");
   for (unsigned i = 0; i < total; i++) {
      struct pipe_sampler_view *view = views && i < count ? views[i] : NULL;

      set_texture(state, first + i, view);
      if (take_ownership)
         pipe_sampler_view_reference(&view, NULL);
   }
   state->num_textures = count_slots(state->textures, NPU_MAX_TEXTURES);
}

/*
 * Images
 */

static struct npu_image_desc
describe_image(const struct pipe_image_view *view)
{
   const struct npu_resource *res = npu_resource(view->resource);

   if (view->resource->target != PIPE_BUFFER)
      return describe_texture(res, view->u.tex.first_layer, view->u.tex.last_layer);
   if (view->access & PIPE_IMAGE_ACCESS_TEX2D_FROM_BUFFER)
      return DESCRIBE_ROWS(res, view);
   return describe_buffer(res, view->format, view->u.buf.offset, view->u.buf.size);
}

static void
set_image(struct npu_image_state *state, unsigned slot, const struct pipe_image_view *view)
{
   if (!view || !view->resource || !npu_image_format_supported(view->format)) {
      bind_slot(&state->images[slot], NULL, 0, NULL);
      state->key.image_formats[slot] = PIPE_FORMAT_NONE;
      return;
   }

   struct npu_image_desc desc = describe_image(view);
   bool reads = view->shader_access & PIPE_IMAGE_ACCESS_READ;
   bind_slot(&state->images[slot], npu_resource(view->resource),
             reads ? NPU_USAGE_READ_WRITE : NPU_USAGE_WRITE, &desc);
   state->key.image_formats[slot] = view->format;
}

static void
set_shader_images(struct pipe_context *pctx, enum pipe_shader_type shader, unsigned first,
                  unsigned count, unsigned unbind_trailing, const struct pipe_image_view *views)
{
   struct npu_image_state *state = npu_context(pctx)->images;

   if (shader != PIPE_SHADER_COMPUTE)
      return;
   assert(first + count + unbind_trailing <= NPU_MAX_IMAGES &&
          "more images than the screen promises");
   for (unsigned i = 0; i < count + unbind_trailing; i++)
      set_image(state, first + i, views && i < count ? &views[i] : NULL);
   state->num_images = count_slots(state->images, NPU_MAX_IMAGES);
}

/*
 * Samplers
 */

static enum npu_wrap
translate_wrap(unsigned wrap)
{
   switch (wrap) {
   case PIPE_TEX_WRAP_REPEAT:
      return NPU_WRAP_REPEAT;
   case PIPE_TEX_WRAP_MIRROR_REPEAT:
      return NPU_WRAP_MIRROR;
   case PIPE_TEX_WRAP_CLAMP:
   case PIPE_TEX_WRAP_CLAMP_TO_BORDER:
      return NPU_WRAP_BORDER;
   default:
      return NPU_WRAP_EDGE;
   }
}

static void *
create_sampler_state(struct pipe_context *pctx, const struct pipe_sampler_state *state)
{
   struct npu_sampler_key *key = CALLOC_STRUCT(npu_sampler_key);
   if (!key)
      return NULL;

   key->wrap = translate_wrap(state->wrap_s);
   key->linear = state->min_img_filter == PIPE_TEX_FILTER_LINEAR;
   key->unnormalized = state->unnormalized_coords;
   return key;
}

static void
delete_sampler_state(struct pipe_context *pctx, void *state)
{
   FREE(state);
}

static void
bind_sampler_states(struct pipe_context *pctx, enum pipe_shader_type shader, unsigned first,
                    unsigned count, void **states)
{
   struct npu_image_state *state = npu_context(pctx)->images;

   if (shader != PIPE_SHADER_COMPUTE)
      return;
   assert(first + count <= NPU_MAX_SAMPLERS && "more samplers than the screen promises");
   for (unsigned i = 0; i < count; i++) {
      const struct npu_sampler_key *key = states ? states[i] : NULL;
      state->key.samplers[first + i] = key ? *key : (struct npu_sampler_key){0};
   }
}

/*
 * Launches
 */

void
npu_image_state_write_descs(const struct npu_context *ctx, const struct npu_kernel_info *info,
                            struct npu_image_desc *descs)
{
   const struct npu_image_state *state = ctx->images;

   for (unsigned i = 0; i < info->num_textures; i++)
      *descs++ = state->textures[i].desc;
   for (unsigned i = 0; i < info->num_images; i++)
      *descs++ = state->images[i].desc;
}

void
npu_image_state_access(struct npu_context *ctx, const struct npu_kernel_info *info)
{
   const struct npu_image_state *state = ctx->images;

   for (unsigned i = 0; i < MIN2(info->num_textures, state->num_textures); i++) {
      if (state->textures[i].res)
         npu_batch_access(ctx->batch, state->textures[i].res, state->textures[i].access);
   }
   for (unsigned i = 0; i < MIN2(info->num_images, state->num_images); i++) {
      if (state->images[i].res)
         npu_batch_access(ctx->batch, state->images[i].res, state->images[i].access);
   }
}

void
npu_image_state_fini(struct npu_context *ctx)
{
   struct npu_image_state *state = ctx->images;

   for (unsigned i = 0; i < state->num_textures; i++)
      bind_slot(&state->textures[i], NULL, 0, NULL);
   for (unsigned i = 0; i < state->num_images; i++)
      bind_slot(&state->images[i], NULL, 0, NULL);
}

void
npu_image_state_context_init(struct npu_context *ctx)
{
   for (unsigned i = 0; i < NPU_MAX_TEXTURES; i++)
      bind_slot(&ctx->images->textures[i], NULL, 0, NULL);
   for (unsigned i = 0; i < NPU_MAX_IMAGES; i++)
      bind_slot(&ctx->images->images[i], NULL, 0, NULL);
   ctx->base.create_sampler_view = create_sampler_view;
   ctx->base.sampler_view_destroy = sampler_view_destroy;
   ctx->base.set_sampler_views = set_sampler_views;
   ctx->base.set_shader_images = set_shader_images;
   ctx->base.create_sampler_state = create_sampler_state;
   ctx->base.delete_sampler_state = delete_sampler_state;
   ctx->base.bind_sampler_states = bind_sampler_states;
}
