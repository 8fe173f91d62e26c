/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The parts of image lowering among each other; npu_nir_lower_images.c is the pass.
 */
#ifndef NPU_NIR_IMAGE_H
#define NPU_NIR_IMAGE_H

#include "npu_image.h"
#include "npu_nir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An image whose descriptor is at hand: uniform values, the format known now. */
struct npu_nir_image {
   enum pipe_format format;
   unsigned dims;      /* coordinates, the layer included */
   bool read_only;     /* nothing in the kernel writes it */
   nir_def *va;        /* 64 bits */
   nir_def *size[3];   /* 32 bits; dims of them */
   nir_def *stride[2]; /* bytes, 32 bits; dims - 1 of them */
};

/* ---- npu_nir_image_format.c ---- */

/* How texels of a format stand in memory: count words of bits each, count 0 for format NONE. */
struct npu_nir_texel_words {
   unsigned bits, count;
};

struct npu_nir_texel_words npu_nir_texel_words(enum pipe_format format);

/* Four components of 32 bits, float or integer as the format is, from the words of a texel. */
nir_def *npu_nir_unpack_texel(nir_builder *b, enum pipe_format format, nir_def *words);

/* The words of a texel from four components of 32 bits, float or integer as the format is:
 * converted as OpenCL C says, out of range clamped. */
nir_def *npu_nir_pack_texel(nir_builder *b, enum pipe_format format, nir_def *color);

/* ---- npu_nir_lower_images.c ---- */

/* The words of the texel at integer coordinates that are inside of the image. */
nir_def *npu_nir_load_texel(nir_builder *b, const struct npu_nir_image *image, nir_def **coord);

/* ---- npu_nir_sample.c ---- */

/* What a sampler reads: four components of 32 bits, float or integer as the format is.
 *
 * coord: image->dims components of 32-bit float; the last one is the layer if is_array. */
nir_def *npu_nir_sample(nir_builder *b, const struct npu_nir_image *image,
                        const struct npu_sampler_key *sampler, nir_def *coord, bool is_array);

#ifdef __cplusplus
}
#endif

#endif
