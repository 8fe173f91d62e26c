/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Texels: between the bytes of a format in memory and the four components of OpenCL C.
 *
 * A texel travels as few wide words, not as many narrow ones (RGBA of 8 bits is one 32-bit word),
 * because the cost of a gather is in its lanes, not in its bytes; shifts take it apart. Conversions
 * are those of the OpenCL C specification, section "Conversion rules": to memory, round to nearest
 * even and saturate; from memory, within 1.5 ulp, and exactly 0, 1 and -1 where it asks for them.
 * Multiplying by the rounded reciprocal of the largest value fulfils that for 8 and 16 bits (worst
 * case 1.25 ulp at 8 bits).
 *
 * What it misses: packed formats (565, 1010102) and sRGB.
 */

#include "npu_nir_image.h"

#include "util/format/u_format.h"

bool
npu_image_format_supported(enum pipe_format format)
{
   const struct util_format_description *desc = util_format_description(format);

   if (format == PIPE_FORMAT_NONE || !desc || desc->layout != UTIL_FORMAT_LAYOUT_PLAIN ||
       desc->colorspace != UTIL_FORMAT_COLORSPACE_RGB)
      return false;

   const struct util_format_channel_description *first = &desc->channel[0];
   for (unsigned i = 0; i < desc->nr_channels; i++) {
      const struct util_format_channel_description *ch = &desc->channel[i];

      if (ch->size != first->size || ch->type != first->type ||
          ch->normalized != first->normalized || ch->pure_integer != first->pure_integer ||
          ch->shift != i * first->size)
         return false;
   }

   switch (first->type) {
   case UTIL_FORMAT_TYPE_FLOAT:
      return first->size == 16 || first->size == 32;
   case UTIL_FORMAT_TYPE_SIGNED:
   case UTIL_FORMAT_TYPE_UNSIGNED:
      return first->pure_integer ? first->size == 8 || first->size == 16 || first->size == 32
                                 : first->normalized && (first->size == 8 || first->size == 16);
   default:
      return false;
   }
}

struct npu_nir_texel_words
npu_nir_texel_words(enum pipe_format format)
{
   if (format == PIPE_FORMAT_NONE)
      return (struct npu_nir_texel_words){.bits = 32};

   const struct util_format_description *desc = util_format_description(format);
   unsigned total = desc->block.bits;

   /* Three channels: as they are. */
   if (!util_is_power_of_two_nonzero(total))
      return (struct npu_nir_texel_words){.bits = desc->channel[0].size, .count = 3};
   return (struct npu_nir_texel_words){.bits = MIN2(total, 32), .count = DIV_ROUND_UP(total, 32)};
}

static bool
is_float_format(const struct util_format_channel_description *ch)
{
   return !ch->pure_integer;
}

/* The largest value of a normalized channel. */
static float
norm_max(const struct util_format_channel_description *ch)
{
   return (1u << (ch->size - (ch->type == UTIL_FORMAT_TYPE_SIGNED))) - 1;
}

/* Channel i, extended to 32 bits. */
static nir_def *
extract(nir_builder *b, const struct util_format_channel_description *ch, nir_def *words,
        unsigned i)
{
   unsigned bit = i * ch->size;
   nir_def *word = nir_u2u32(b, nir_channel(b, words, bit / words->bit_size));
   unsigned shift = bit % words->bit_size;

   if (ch->size == 32)
      return word;
   if (ch->type == UTIL_FORMAT_TYPE_SIGNED)
      return nir_ishr_imm(b, nir_ishl_imm(b, word, 32 - ch->size - shift), 32 - ch->size);
   word = nir_ushr_imm(b, word, shift);
   return shift + ch->size == words->bit_size ? word
                                              : nir_iand_imm(b, word, BITFIELD_MASK(ch->size));
}

static nir_def *
unpack_channel(nir_builder *b, const struct util_format_channel_description *ch, nir_def *bits)
{
   if (ch->type == UTIL_FORMAT_TYPE_FLOAT)
      return ch->size == 32 ? bits : nir_f2f32(b, nir_u2u16(b, bits));
   if (!ch->normalized)
      return bits;
   if (ch->type == UTIL_FORMAT_TYPE_UNSIGNED)
      return nir_fmul_imm(b, nir_u2f32(b, bits), 1.0f / norm_max(ch));

   /* The most negative value is -1, too. */
   return nir_fmax(b, nir_fmul_imm(b, nir_i2f32(b, bits), 1.0f / norm_max(ch)),
                   nir_imm_float(b, -1.0f));
}

nir_def *
npu_nir_unpack_texel(nir_builder *b, enum pipe_format format, nir_def *words)
{
   if (format == PIPE_FORMAT_NONE)
      return nir_imm_zero(b, 4, 32);

   const struct util_format_description *desc = util_format_description(format);
   const struct util_format_channel_description *ch = &desc->channel[0];
   nir_def *channels[4], *color[4];

   for (unsigned i = 0; i < desc->nr_channels; i++)
      channels[i] = unpack_channel(b, ch, extract(b, ch, words, i));

   for (unsigned c = 0; c < 4; c++) {
      switch (desc->swizzle[c]) {
      case PIPE_SWIZZLE_1:
         color[c] = is_float_format(ch) ? nir_imm_float(b, 1.0f) : nir_imm_int(b, 1);
         break;
      case PIPE_SWIZZLE_X:
      case PIPE_SWIZZLE_Y:
      case PIPE_SWIZZLE_Z:
      case PIPE_SWIZZLE_W:
         color[c] = channels[desc->swizzle[c]];
         break;
      default:
         color[c] = nir_imm_int(b, 0);
      }
   }
   return nir_vec(b, color, 4);
}

/* One channel as the low bits of 32; the bits above may be anything. */
static nir_def *
pack_channel(nir_builder *b, const struct util_format_channel_description *ch, nir_def *value)
{
   bool is_signed = ch->type == UTIL_FORMAT_TYPE_SIGNED;

   if (ch->type == UTIL_FORMAT_TYPE_FLOAT)
      return ch->size == 32 ? value : nir_u2u32(b, nir_f2f16_rtne(b, value));

   if (ch->normalized) {
      float low = is_signed ? -1.0f : 0.0f;

      /* A NaN is written as zero, like convert_char_sat() has it. */
      if (is_signed)
         value = nir_bcsel(b, nir_feq(b, value, value), value, nir_imm_float(b, 0.0f));
      value = nir_fmin(b, nir_fmax(b, value, nir_imm_float(b, low)), nir_imm_float(b, 1.0f));
      value = nir_fround_even(b, nir_fmul_imm(b, value, norm_max(ch)));
      return is_signed ? nir_f2i32(b, value) : nir_f2u32(b, value);
   }

   if (ch->size == 32)
      return value;
   if (!is_signed)
      return nir_umin_imm(b, value, u_uintN_max(ch->size));
   return nir_imax_imm(b, nir_imin_imm(b, value, u_intN_max(ch->size)), u_intN_min(ch->size));
}

/* The component of a colour that goes into channel i. */
static unsigned
source_of_channel(const struct util_format_description *desc, unsigned i)
{
   for (unsigned c = 0; c < 4; c++) {
      if (desc->swizzle[c] == PIPE_SWIZZLE_X + i)
         return c;
   }
   unreachable("every channel is a component");
}

nir_def *
npu_nir_pack_texel(nir_builder *b, enum pipe_format format, nir_def *color)
{
   const struct util_format_description *desc = util_format_description(format);
   const struct util_format_channel_description *ch = &desc->channel[0];
   struct npu_nir_texel_words layout = npu_nir_texel_words(format);
   nir_def *words[4] = {NULL};

   for (unsigned i = 0; i < desc->nr_channels; i++) {
      unsigned bit = i * ch->size, shift = bit % layout.bits;
      nir_def *value = nir_channel(b, color, source_of_channel(desc, i));
      nir_def *bits = pack_channel(b, ch, value);
      nir_def **word = &words[bit / layout.bits];

      /* Unsigned results are clean; signed ones are sign-extended, and the top one needs nothing. */
      if (ch->type == UTIL_FORMAT_TYPE_SIGNED && shift + ch->size < layout.bits)
         bits = nir_iand_imm(b, bits, BITFIELD_MASK(ch->size));
      bits = nir_ishl_imm(b, bits, shift);
      *word = *word ? nir_ior(b, *word, bits) : bits;
   }
   for (unsigned w = 0; w < layout.count; w++)
      words[w] = nir_u2uN(b, words[w], layout.bits);
   return nir_vec(b, words, layout.count);
}
