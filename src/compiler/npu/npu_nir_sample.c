/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Samplers: from coordinates to texels and their weights, after the OpenCL C specification, section
 * "Image addressing and filtering".
 *
 * Each axis gives one texel (nearest) or two and a weight (linear); a linear read is the weighted sum
 * over all combinations. Whatever the coordinates are - infinite, not a number, far outside - the
 * texels that are read are inside of the image: results outside of the specification are undefined,
 * but never a fault. The border is zero in memory; the components a format lacks then come out as the
 * specification wants them, (0, 0, 0, 1) for CL_R and (0, 0, 0, 0) for CL_A.
 *
 * Kernels often read at integer coordinates, which the front end turns into x + 0.5 in float. Such
 * axes are recognised and stay integers, which is shorter and exact beyond 2^23, too.
 */

#include "npu_nir_image.h"

#include "util/format/u_format.h"

/* The texels of one axis: one, or two with the weight of the second. */
struct axis {
   nir_def *texel[2];  /* inside of the image */
   nir_def *inside[2]; /* NULL: always; otherwise the border shows where it is false */
   nir_def *weight;    /* NULL: one texel */
};

static nir_def *
clamp(nir_builder *b, nir_def *x, nir_def *low, nir_def *high)
{
   return nir_fmin(b, nir_fmax(b, x, low), high);
}

/* x of a coordinate that is (float)x + offset for an integer x; NULL if it is not. */
static nir_def *
integer_coord(nir_builder *b, nir_def *coord, float offset)
{
   nir_scalar s = nir_scalar_chase_movs(nir_get_scalar(coord, 0));

   if (offset != 0.0f) {
      if (!nir_scalar_is_alu(s) || nir_scalar_alu_op(s) != nir_op_fadd)
         return NULL;
      unsigned constant = nir_scalar_is_const(nir_scalar_chase_alu_src(s, 0)) ? 0 : 1;
      nir_scalar c = nir_scalar_chase_alu_src(s, constant);
      if (!nir_scalar_is_const(c) || nir_scalar_as_float(c) != offset)
         return NULL;
      s = nir_scalar_chase_movs(nir_scalar_chase_alu_src(s, !constant));
   }

   if (!nir_scalar_is_alu(s) || nir_scalar_alu_op(s) != nir_op_i2f32)
      return NULL;
   nir_scalar i = nir_scalar_chase_alu_src(s, 0);
   return i.def->bit_size == 32 ? nir_channel(b, i.def, i.comp) : NULL;
}

/* Notes texel i, which may be outside, with a border around the image. */
static void
set_bordered(nir_builder *b, struct axis *axis, unsigned n, nir_def *i, nir_def *size)
{
   axis->inside[n] = nir_ult(b, i, size);
   axis->texel[n] = nir_umin(b, i, nir_iadd_imm(b, size, -1));
}

static struct axis
integer_axis(nir_builder *b, enum npu_wrap wrap, nir_def *i, nir_def *size)
{
   struct axis axis = {0};

   if (wrap == NPU_WRAP_BORDER) {
      set_bordered(b, &axis, 0, i, size);
   } else {
      nir_def *last = nir_iadd_imm(b, size, -1);
      axis.texel[0] = nir_imin(b, nir_imax_imm(b, i, 0), last);
   }
   return axis;
}

/* The coordinate in texels, for repeat and mirror folded into 0 .. size. */
static nir_def *
scaled_coord(nir_builder *b, const struct npu_sampler_key *sampler, nir_def *s, nir_def *fsize)
{
   if (sampler->unnormalized)
      return s;

   switch ((enum npu_wrap)sampler->wrap) {
   case NPU_WRAP_EDGE:
   case NPU_WRAP_BORDER:
      break;
   case NPU_WRAP_REPEAT:
      s = nir_fsub(b, s, nir_ffloor(b, s));
      break;
   case NPU_WRAP_MIRROR: {
      nir_def *nearest_even = nir_fmul_imm(b, nir_fround_even(b, nir_fmul_imm(b, s, 0.5)), 2.0);
      s = nir_fabs(b, nir_fsub(b, s, nearest_even));
      break;
   }
   }
   return nir_fmul(b, s, fsize);
}

/* f: the floor of the coordinate. */
static void
nearest_texel(nir_builder *b, struct axis *axis, enum npu_wrap wrap, nir_def *f, nir_def *size,
              nir_def *fsize)
{
   nir_def *zero = nir_imm_float(b, 0.0f);

   switch (wrap) {
   case NPU_WRAP_EDGE:
   case NPU_WRAP_MIRROR: {
      nir_def *last = nir_fadd_imm(b, fsize, -1.0f);
      axis->texel[0] = nir_f2i32(b, clamp(b, f, zero, last));
      break;
   }
   case NPU_WRAP_BORDER:
      set_bordered(b, axis, 0, nir_f2i32(b, clamp(b, f, nir_imm_float(b, -1.0f), fsize)), size);
      break;
   case NPU_WRAP_REPEAT: {
      /* Rounding may carry a coordinate up to the size itself. */
      nir_def *i = nir_f2i32(b, clamp(b, f, zero, fsize));
      axis->texel[0] = nir_bcsel(b, nir_ilt(b, i, size), i, nir_imm_int(b, 0));
      break;
   }
   }
}

/* f: the floor of the coordinate minus one half; the second texel is the next one. */
static void
linear_texels(nir_builder *b, struct axis *axis, enum npu_wrap wrap, nir_def *f, nir_def *size,
              nir_def *fsize)
{
   nir_def *zero = nir_imm_float(b, 0.0f);

   switch (wrap) {
   case NPU_WRAP_EDGE:
   case NPU_WRAP_MIRROR: {
      nir_def *last = nir_fadd_imm(b, fsize, -1.0f);
      axis->texel[0] = nir_f2i32(b, clamp(b, f, zero, last));
      axis->texel[1] = nir_f2i32(b, clamp(b, nir_fadd_imm(b, f, 1.0f), zero, last));
      break;
   }
   case NPU_WRAP_BORDER: {
      nir_def *i = nir_f2i32(b, clamp(b, f, nir_imm_float(b, -2.0f), fsize));
      set_bordered(b, axis, 0, i, size);
      set_bordered(b, axis, 1, nir_iadd_imm(b, i, 1), size);
      break;
   }
   case NPU_WRAP_REPEAT: {
      nir_def *last_int = nir_iadd_imm(b, size, -1);
      nir_def *last = nir_fadd_imm(b, fsize, -1.0f);
      nir_def *i = nir_f2i32(b, clamp(b, f, nir_imm_float(b, -1.0f), last));
      axis->texel[0] = nir_umin(b, i, last_int); /* -1 is the last one */
      axis->texel[1] = nir_bcsel(b, nir_ilt(b, i, last_int), nir_iadd_imm(b, i, 1),
                                 nir_imm_int(b, 0));
      break;
   }
   }
}

static struct axis
float_axis(nir_builder *b, const struct npu_sampler_key *sampler, bool linear, nir_def *s,
           nir_def *size)
{
   enum npu_wrap wrap = sampler->wrap;
   nir_def *fsize = nir_u2f32(b, size);
   struct axis axis = {0};

   /* Not allowed; whatever it gives, it is inside of the image. */
   if (sampler->unnormalized && (wrap == NPU_WRAP_REPEAT || wrap == NPU_WRAP_MIRROR))
      wrap = NPU_WRAP_EDGE;

   nir_def *u = scaled_coord(b, sampler, s, fsize);
   if (!linear) {
      nearest_texel(b, &axis, wrap, nir_ffloor(b, u), size, fsize);
      return axis;
   }

   nir_def *v = nir_fadd_imm(b, u, -0.5f);
   nir_def *f = nir_ffloor(b, v);
   axis.weight = nir_fsub(b, v, f);
   linear_texels(b, &axis, wrap, f, size, fsize);
   return axis;
}

static struct axis
layer_axis(nir_builder *b, nir_def *s, nir_def *size)
{
   nir_def *layer = integer_coord(b, s, 0.0f);
   if (layer)
      return integer_axis(b, NPU_WRAP_EDGE, layer, size);

   struct axis axis = {0};
   nir_def *last = nir_u2f32(b, nir_iadd_imm(b, size, -1));
   axis.texel[0] = nir_f2i32(b, clamp(b, nir_fround_even(b, s), nir_imm_float(b, 0.0f), last));
   return axis;
}

/* The texel that `pick`, a bit per axis, chooses: words with the border applied, unpacked. */
static nir_def *
fetch(nir_builder *b, const struct npu_nir_image *image, const struct axis *axes, unsigned pick)
{
   nir_def *coord[3], *inside = NULL;

   for (unsigned i = 0; i < image->dims; i++) {
      unsigned n = (pick >> i) & 1;

      coord[i] = axes[i].texel[n];
      if (axes[i].inside[n])
         inside = inside ? nir_iand(b, inside, axes[i].inside[n]) : axes[i].inside[n];
   }

   nir_def *words = npu_nir_load_texel(b, image, coord);
   if (inside)
      words = nir_bcsel(b, inside, words, nir_imm_zero(b, words->num_components, words->bit_size));
   return npu_nir_unpack_texel(b, image->format, words);
}

/* The weighted sum over the axes below `axis`, for the choice `pick` of those from it on. */
static nir_def *
filter(nir_builder *b, const struct npu_nir_image *image, const struct axis *axes, unsigned axis,
       unsigned pick)
{
   if (axis == 0)
      return fetch(b, image, axes, pick);

   unsigned i = axis - 1;
   nir_def *x = filter(b, image, axes, i, pick);
   if (!axes[i].weight)
      return x;

   nir_def *y = filter(b, image, axes, i, pick | 1u << i);
   nir_def *weight = nir_replicate(b, axes[i].weight, 4);
   nir_def *rest = nir_fsub_imm(b, 1.0, weight);
   return nir_fadd(b, nir_fmul(b, x, rest), nir_fmul(b, y, weight));
}

nir_def *
npu_nir_sample(nir_builder *b, const struct npu_nir_image *image,
               const struct npu_sampler_key *sampler, nir_def *coord, bool is_array)
{
   /* Integers cannot be filtered: OpenCL leaves open what comes out. */
   bool linear = sampler->linear && !util_format_is_pure_integer(image->format);
   struct axis axes[3];

   if (image->format == PIPE_FORMAT_NONE)
      return nir_imm_zero(b, 4, 32);

   /* The formulas as they stand, without contraction: which texel is read is a matter of ulps. */
   bool was_exact = b->exact;
   b->exact = true;
   for (unsigned i = 0; i < image->dims; i++) {
      nir_def *s = nir_channel(b, coord, i), *texel = NULL;

      if (is_array && i == image->dims - 1) {
         axes[i] = layer_axis(b, s, image->size[i]);
         continue;
      }
      if (!linear && sampler->unnormalized)
         texel = integer_coord(b, s, 0.5f);
      axes[i] = texel ? integer_axis(b, sampler->wrap, texel, image->size[i])
                      : float_axis(b, sampler, linear, s, image->size[i]);
   }
   b->exact = was_exact;
   return filter(b, image, axes, image->dims, 0);
}
