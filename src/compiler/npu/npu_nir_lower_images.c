/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Images without a texture unit: reads, writes and queries become address arithmetic, loads and
 * stores of memory, and conversions between texels and colours.
 *
 * Sizes, pitches and addresses are uniform loads from descriptors behind the arguments; formats and
 * samplers come from the image key of the compilation (npu_image.h). Coordinates of reads without a
 * sampler are clamped into the image, so that a wrong one is no fault; a write outside is dropped, as
 * OpenCL promises.
 *
 * What it misses: mipmaps, several samples per texel and image atomics, which OpenCL C cannot
 * express without extensions the frontend does not have. Such an instruction stays and is an error
 * of selection.
 */

#include "npu_nir_image.h"

#include "util/format/u_format.h"

struct state {
   const struct npu_image_key *key;
   unsigned descs_B;      /* offset of the first descriptor in the argument block */
   unsigned num_textures; /* descriptors before those of images */
};

/* ---- descriptors ---- */

static nir_def *
load_desc(nir_builder *b, unsigned offset_B, unsigned comps, unsigned bits)
{
   return nir_load_ubo(b, comps, bits, nir_imm_int(b, 0), nir_imm_int(b, offset_B), .align_mul = 8,
                       .align_offset = offset_B % 8, .range_base = offset_B,
                       .range = comps * bits / 8);
}

/* slot counts all descriptors. dims as in npu_nir_image. */
static struct npu_nir_image
load_image(nir_builder *b, const struct state *s, unsigned slot, enum pipe_format format,
           unsigned dims)
{
   unsigned base_B = s->descs_B + slot * sizeof(struct npu_image_desc);
   struct npu_nir_image image = {.format = format, .dims = dims};

   image.va = load_desc(b, base_B + offsetof(struct npu_image_desc, va), 1, 64);
   for (unsigned i = 0; i < dims; i++)
      image.size[i] = load_desc(b, base_B + offsetof(struct npu_image_desc, size) + 4 * i, 1, 32);
   for (unsigned i = 0; i + 1 < dims; i++)
      image.stride[i] = load_desc(b, base_B + offsetof(struct npu_image_desc, stride_B) + 4 * i, 1,
                                  32);
   return image;
}

static unsigned
count_dims(enum glsl_sampler_dim dim, bool is_array)
{
   switch (dim) {
   case GLSL_SAMPLER_DIM_1D:
   case GLSL_SAMPLER_DIM_BUF:
      return 1 + is_array;
   case GLSL_SAMPLER_DIM_2D:
      return 2 + is_array;
   case GLSL_SAMPLER_DIM_3D:
      return 3;
   default:
      return 0;
   }
}

/* ---- texels ---- */

static nir_def *
no_wrap(nir_def *def)
{
   if (def->parent_instr->type == nir_instr_type_alu)
      nir_instr_as_alu(def->parent_instr)->no_unsigned_wrap = true;
   return def;
}

static nir_def *
texel_address(nir_builder *b, const struct npu_nir_image *image, nir_def **coord)
{
   unsigned texel_B = util_format_get_blocksize(image->format);
   nir_def *offset = util_is_power_of_two_nonzero(texel_B)
                        ? nir_ishl_imm(b, coord[0], util_logbase2(texel_B))
                        : nir_imul_imm(b, coord[0], texel_B);

   no_wrap(offset);
   for (unsigned i = 1; i < image->dims; i++)
      offset = no_wrap(nir_iadd(b, no_wrap(nir_imul(b, coord[i], image->stride[i - 1])), offset));
   return nir_iadd(b, image->va, nir_u2u64(b, offset));
}

nir_def *
npu_nir_load_texel(nir_builder *b, const struct npu_nir_image *image, nir_def **coord)
{
   struct npu_nir_texel_words words = npu_nir_texel_words(image->format);
   nir_def *address = texel_address(b, image, coord);

   if (image->read_only)
      return nir_load_global_constant(b, address, words.bits / 8, words.count, words.bits);
   return nir_load_global(b, address, words.bits / 8, words.count, words.bits);
}

/* The texel at integer coordinates, clamped into the image, as four components. */
static nir_def *
fetch_clamped(nir_builder *b, const struct npu_nir_image *image, nir_def *coord)
{
   nir_def *texel[3];

   if (image->format == PIPE_FORMAT_NONE)
      return nir_imm_zero(b, 4, 32);
   for (unsigned i = 0; i < image->dims; i++)
      texel[i] = nir_umin(b, nir_channel(b, coord, i), nir_iadd_imm(b, image->size[i], -1));
   return npu_nir_unpack_texel(b, image->format, npu_nir_load_texel(b, image, texel));
}

static nir_def *
image_size(nir_builder *b, const struct npu_nir_image *image, const nir_def *def)
{
   nir_def *size[4];

   for (unsigned i = 0; i < def->num_components; i++)
      size[i] = i < image->dims ? image->size[i] : nir_imm_int(b, 1);
   return nir_u2uN(b, nir_vec(b, size, def->num_components), def->bit_size);
}

/* A colour in the shape the instruction's users expect. */
static nir_def *
fit_color(nir_builder *b, nir_def *color, const nir_def *def, nir_alu_type type)
{
   color = nir_trim_vector(b, color, def->num_components);
   if (def->bit_size == color->bit_size)
      return color;
   return nir_alu_type_get_base_type(type) == nir_type_float ? nir_f2fN(b, color, def->bit_size)
                                                             : nir_u2uN(b, color, def->bit_size);
}

/* ---- instructions ---- */

static bool
lower_tex(nir_builder *b, nir_tex_instr *tex, const struct state *s)
{
   unsigned dims = count_dims(tex->sampler_dim, tex->is_array);

   if (!dims || tex->is_shadow || tex->is_sparse || tex->texture_index >= NPU_MAX_TEXTURES ||
       nir_tex_instr_src_index(tex, nir_tex_src_texture_offset) >= 0 ||
       nir_tex_instr_src_index(tex, nir_tex_src_sampler_offset) >= 0)
      return false;

   b->cursor = nir_before_instr(&tex->instr);
   struct npu_nir_image image = load_image(b, s, tex->texture_index,
                                           s->key->texture_formats[tex->texture_index], dims);
   int coord_src = nir_tex_instr_src_index(tex, nir_tex_src_coord);
   nir_def *coord = coord_src >= 0 ? tex->src[coord_src].src.ssa : NULL, *result;
   image.read_only = true;

   switch (tex->op) {
   case nir_texop_txs:
      result = image_size(b, &image, &tex->def);
      break;
   case nir_texop_txf:
      result = fit_color(b, fetch_clamped(b, &image, coord), &tex->def, tex->dest_type);
      break;
   case nir_texop_tex:
   case nir_texop_txl:
      if (tex->sampler_index >= NPU_MAX_SAMPLERS)
         return false;
      result = npu_nir_sample(b, &image, &s->key->samplers[tex->sampler_index], coord,
                              tex->is_array);
      result = fit_color(b, result, &tex->def, tex->dest_type);
      break;
   default:
      return false;
   }

   nir_def_replace(&tex->def, result);
   return true;
}

static void
store_texel(nir_builder *b, const struct npu_nir_image *image, nir_def *coord, nir_def *color,
            nir_alu_type type)
{
   nir_def *texel[3], *inside = NULL;

   if (image->format == PIPE_FORMAT_NONE)
      return;
   for (unsigned i = 0; i < image->dims; i++) {
      texel[i] = nir_channel(b, coord, i);
      nir_def *in = nir_ult(b, texel[i], image->size[i]);
      inside = inside ? nir_iand(b, inside, in) : in;
   }
   if (color->bit_size != 32)
      color = nir_alu_type_get_base_type(type) == nir_type_float ? nir_f2f32(b, color)
                                                                 : nir_i2i32(b, color);

   /* Conversions first: exec masks make the region costly, not what is in front of it. */
   nir_def *words = npu_nir_pack_texel(b, image->format, nir_pad_vector(b, color, 4));
   nir_push_if(b, inside);
   nir_store_global(b, texel_address(b, image, texel), words->bit_size / 8, words,
                    nir_component_mask(words->num_components));
   nir_pop_if(b, NULL);
}

static bool
lower_image(nir_builder *b, nir_intrinsic_instr *intrin, const struct state *s)
{
   unsigned dims = count_dims(nir_intrinsic_image_dim(intrin), nir_intrinsic_image_array(intrin));

   if (!dims || !nir_src_is_const(intrin->src[0]) ||
       nir_src_as_uint(intrin->src[0]) >= NPU_MAX_IMAGES)
      return false;

   unsigned index = nir_src_as_uint(intrin->src[0]);
   b->cursor = nir_before_instr(&intrin->instr);
   struct npu_nir_image image = load_image(b, s, s->num_textures + index,
                                           s->key->image_formats[index], dims);

   switch (intrin->intrinsic) {
   case nir_intrinsic_image_size:
      nir_def_replace(&intrin->def, image_size(b, &image, &intrin->def));
      return true;
   case nir_intrinsic_image_load: {
      nir_def *color = fetch_clamped(b, &image, intrin->src[1].ssa);
      color = fit_color(b, color, &intrin->def, nir_intrinsic_dest_type(intrin));
      nir_def_replace(&intrin->def, color);
      return true;
   }
   case nir_intrinsic_image_store:
      store_texel(b, &image, intrin->src[1].ssa, intrin->src[3].ssa,
                  nir_intrinsic_src_type(intrin));
      nir_instr_remove(&intrin->instr);
      return true;
   default:
      unreachable("not an image instruction");
   }
}

/* Images are global memory from here on, and so is what orders their accesses. */
static bool
widen_barrier(nir_intrinsic_instr *intrin)
{
   nir_variable_mode modes = nir_intrinsic_memory_modes(intrin);

   if (!(modes & nir_var_image) || (modes & nir_var_mem_global))
      return false;
   nir_intrinsic_set_memory_modes(intrin, modes | nir_var_mem_global);
   return true;
}

static bool
lower(nir_builder *b, nir_instr *instr, void *data)
{
   if (instr->type == nir_instr_type_tex)
      return lower_tex(b, nir_instr_as_tex(instr), data);
   if (instr->type != nir_instr_type_intrinsic)
      return false;

   nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
   switch (intrin->intrinsic) {
   case nir_intrinsic_image_load:
   case nir_intrinsic_image_store:
   case nir_intrinsic_image_size:
      return lower_image(b, intrin, data);
   case nir_intrinsic_barrier:
      return widen_barrier(intrin);
   default:
      return false;
   }
}

bool
npu_nir_lower_images(nir_shader *nir, const struct npu_image_key *key,
                     const struct npu_nir_image_use *use)
{
   struct state state = {
      .key = key,
      .descs_B = use->descs_B,
      .num_textures = use->num_textures,
   };

   return nir_shader_instructions_pass(nir, lower, nir_metadata_none, &state);
}
