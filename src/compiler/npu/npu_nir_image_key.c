/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What a kernel uses of images and samplers, and the image key it will most likely be launched with.
 *
 * A kernel is compiled when it is built, long before anybody binds an image to it; the guess makes
 * that compilation one that may be of use. Samplers in the source are known; instructions say
 * whether a format is of integers, and four channels of eight bits are what most images have.
 */

#include <string.h>

#include "npu_compile.h"
#include "npu_nir.h"

static enum pipe_format
guess_format(nir_alu_type type)
{
   switch (nir_alu_type_get_base_type(type)) {
   case nir_type_int:
      return PIPE_FORMAT_R8G8B8A8_SINT;
   case nir_type_uint:
      return PIPE_FORMAT_R8G8B8A8_UINT;
   default:
      return PIPE_FORMAT_R8G8B8A8_UNORM;
   }
}

static void
see_tex(const nir_tex_instr *tex, struct npu_nir_image_use *use, struct npu_image_key *key)
{
   bool is_query = nir_tex_instr_is_query(tex);

   use->num_textures = MAX2(use->num_textures, tex->texture_index + 1);
   if (nir_tex_instr_need_sampler(tex))
      use->num_samplers = MAX2(use->num_samplers, tex->sampler_index + 1);
   if (key && !is_query && tex->texture_index < NPU_MAX_TEXTURES)
      key->texture_formats[tex->texture_index] = guess_format(tex->dest_type);
}

static void
see_image(nir_intrinsic_instr *intrin, nir_alu_type type, struct npu_nir_image_use *use,
          struct npu_image_key *key)
{
   if (!nir_src_is_const(intrin->src[0]))
      return;

   unsigned index = nir_src_as_uint(intrin->src[0]);
   use->num_images = MAX2(use->num_images, index + 1);
   if (key && type != nir_type_invalid && index < NPU_MAX_IMAGES)
      key->image_formats[index] = guess_format(type);
}

static void
see_instr(nir_instr *instr, struct npu_nir_image_use *use, struct npu_image_key *key)
{
   if (instr->type == nir_instr_type_tex) {
      see_tex(nir_instr_as_tex(instr), use, key);
      return;
   }
   if (instr->type != nir_instr_type_intrinsic)
      return;

   nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
   switch (intrin->intrinsic) {
   case nir_intrinsic_image_load:
      see_image(intrin, nir_intrinsic_dest_type(intrin), use, key);
      break;
   case nir_intrinsic_image_store:
      see_image(intrin, nir_intrinsic_src_type(intrin), use, key);
      break;
   case nir_intrinsic_image_size:
      see_image(intrin, nir_type_invalid, use, key);
      break;
   default:
      break;
   }
}

/* key may be NULL. */
static struct npu_nir_image_use
see_shader(const nir_shader *nir, struct npu_image_key *key)
{
   struct npu_nir_image_use use = {.descs_B = align(nir->num_uniforms, 8)};

   nir_foreach_function_impl(impl, nir) {
      nir_foreach_block(block, impl) {
         nir_foreach_instr(instr, block)
            see_instr(instr, &use, key);
      }
   }

   /* What is beyond the limits is not lowered, and an error then. */
   use.num_textures = MIN2(use.num_textures, NPU_MAX_TEXTURES);
   use.num_images = MIN2(use.num_images, NPU_MAX_IMAGES);
   use.num_samplers = MIN2(use.num_samplers, NPU_MAX_SAMPLERS);
   return use;
}

struct npu_nir_image_use
npu_nir_count_images(const nir_shader *nir)
{
   return see_shader(nir, NULL);
}

bool
npu_uses_images(const nir_shader *nir)
{
   struct npu_nir_image_use use = npu_nir_count_images(nir);

   return npu_nir_uses_images(&use);
}

/* A sampler that the kernel's source defines: no guess. */
static void
see_constant_sampler(const nir_variable *var, struct npu_image_key *key)
{
   static const enum npu_wrap wraps[] = {
      [SAMPLER_ADDRESSING_MODE_NONE] = NPU_WRAP_EDGE,
      [SAMPLER_ADDRESSING_MODE_CLAMP_TO_EDGE] = NPU_WRAP_EDGE,
      [SAMPLER_ADDRESSING_MODE_CLAMP] = NPU_WRAP_BORDER,
      [SAMPLER_ADDRESSING_MODE_REPEAT] = NPU_WRAP_REPEAT,
      [SAMPLER_ADDRESSING_MODE_REPEAT_MIRRORED] = NPU_WRAP_MIRROR,
   };
   unsigned mode = var->data.sampler.addressing_mode;

   if (var->data.binding >= NPU_MAX_SAMPLERS || mode >= ARRAY_SIZE(wraps))
      return;
   key->samplers[var->data.binding] = (struct npu_sampler_key){
      .wrap = wraps[mode],
      .linear = var->data.sampler.filter_mode == SAMPLER_FILTER_MODE_LINEAR,
      .unnormalized = !var->data.sampler.normalized_coordinates,
   };
}

void
npu_image_key_guess(const nir_shader *nir, struct npu_image_key *key)
{
   memset(key, 0, sizeof(*key));
   see_shader(nir, key);
   nir_foreach_uniform_variable(var, nir)
   {
      if (glsl_type_is_sampler(var->type) && var->data.sampler.is_inline_sampler)
         see_constant_sampler(var, key);
   }
}
