/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_IMAGE_STATE_H
#define NPU_IMAGE_STATE_H

#include <stdint.h>

#include "pipe/p_state.h"

#include "compiler/npu/npu_image.h"

#include "npu_batch.h"

struct npu_context;
struct npu_kernel_info;

/* An image slot of a kernel. */
struct npu_image_binding {
   struct npu_resource *res; /* a reference; NULL: nothing is bound */
   enum npu_usage access;
   struct npu_image_desc desc;
};

/* The images and samplers that are bound: part of a context. */
struct npu_image_state {
   struct npu_image_binding textures[NPU_MAX_TEXTURES];
   struct npu_image_binding images[NPU_MAX_IMAGES];
   unsigned num_textures, num_images; /* slots from here on are empty */
   struct npu_image_key key;          /* formats and samplers of the slots */
};

/* create_sampler_view, set_sampler_views, set_shader_images, sampler states. */
void npu_image_state_context_init(struct npu_context *ctx);

/* Unbinds everything. */
void npu_image_state_fini(struct npu_context *ctx);

/* Writes the descriptors of the slots a kernel has: its textures, then its images. */
void npu_image_state_write_descs(const struct npu_context *ctx, const struct npu_kernel_info *info,
                                 struct npu_image_desc *descs);

/* The next packet accesses the images a kernel has. */
void npu_image_state_access(struct npu_context *ctx, const struct npu_kernel_info *info);

#endif
