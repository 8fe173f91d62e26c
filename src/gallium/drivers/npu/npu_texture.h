/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_TEXTURE_H
#define NPU_TEXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipe/p_defines.h"
#include "util/format/u_formats.h"

struct npu_context;
struct npu_resource;
struct pipe_box;
struct pipe_resource;
struct pipe_screen;

/* Limits of images, in texels and layers. */
#define NPU_MAX_IMAGE_SIZE      16384
#define NPU_MAX_IMAGE_3D_LEVELS 12 /* 2048 */
#define NPU_MAX_IMAGE_LAYERS    2048

/* pipe_screen::is_format_supported. */
bool npu_is_format_supported(struct pipe_screen *pscreen, enum pipe_format format,
                             enum pipe_texture_target target, unsigned sample_count,
                             unsigned storage_sample_count, unsigned bindings);

/* Sets the strides of a texture; returns its size in bytes, or 0 if there can be no such texture. */
uint64_t npu_texture_layout(struct npu_resource *res);

/* Bytes from the start of a resource, buffer or texture, to a texel (buffers: byte x). */
uint64_t npu_texture_offset_B(const struct npu_resource *res, unsigned x, unsigned y, unsigned z);

/* texture_map, texture_unmap, texture_subdata, clear_texture. */
void npu_texture_context_init(struct npu_context *ctx);

/* resource_copy_region if one of the resources is a texture. */
void npu_texture_copy(struct npu_context *ctx, struct npu_resource *dst, unsigned dst_x,
                      unsigned dst_y, unsigned dst_z, struct npu_resource *src,
                      const struct pipe_box *box);

#endif
