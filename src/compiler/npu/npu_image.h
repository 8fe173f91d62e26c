/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Images and samplers as the compiler and the driver share them.
 *
 * The machine has no texture unit. A kernel reads what varies from launch to launch - address,
 * sizes, pitches - from descriptors that stand behind its arguments (npu_kernel_info says where),
 * and everything that decides which code is needed - formats and samplers - is a part of the
 * compilation, the image key. So a kernel with images has one binary for each combination it is
 * launched with: no tests of formats at run time, and a texel of four bytes is one load.
 */
#ifndef NPU_IMAGE_H
#define NPU_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/format/u_formats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a kernel may be bound to at most: OpenCL's limits for the full profile, and more samplers. */
#define NPU_MAX_TEXTURES 128
#define NPU_MAX_IMAGES   64
#define NPU_MAX_SAMPLERS 32

/* One image in memory, as a kernel sees it: 32 bytes, little-endian, 8-byte aligned.
 *
 * Texel (x, y, z) stands at va + x * texel size + y * stride_B[0] + z * stride_B[1]. Coordinates are
 * those of NIR: the layer of a 1D array is y, that of a 2D array z. Coordinates an image does not
 * have are never looked at. All offsets are below 4 GiB.
 */
struct npu_image_desc {
   uint64_t va;
   uint32_t size[3]; /* texels, at least 1 each */
   uint32_t stride_B[2];
   uint32_t reserved; /* zero */
};

/* The offset behind the descriptors of an argument block. */
static inline uint32_t
npu_descs_end_B(uint32_t descs_offset_B, unsigned num_descs)
{
   return descs_offset_B + num_descs * (uint32_t)sizeof(struct npu_image_desc);
}

enum npu_wrap {
   NPU_WRAP_EDGE,   /* clamp to edge; also for CLK_ADDRESS_NONE */
   NPU_WRAP_BORDER, /* out of range is the border colour, zero before swizzles */
   NPU_WRAP_REPEAT, /* this and the next: normalized coordinates only */
   NPU_WRAP_MIRROR,
};

struct npu_sampler_key {
   uint8_t wrap; /* enum npu_wrap, of all axes */
   bool linear;
   bool unnormalized;
};

/* What a binary with images is compiled for. All bytes count when keys are compared: zero-initialise
 * it and leave unbound slots zero. A format NONE reads as zero, and writes to it are dropped.
 *
 * Textures are images a kernel only reads, images those it writes or reads and writes, each numbered
 * from 0 in the order of the arguments.
 */
struct npu_image_key {
   uint16_t texture_formats[NPU_MAX_TEXTURES]; /* enum pipe_format */
   uint16_t image_formats[NPU_MAX_IMAGES];     /* enum pipe_format */
   struct npu_sampler_key samplers[NPU_MAX_SAMPLERS];
};

/* Whether kernels can read and write texels of this format: one array of one to four channels of 8,
 * 16 or 32 bits, unorm and snorm up to 16, float from 16.
 */
bool npu_image_format_supported(enum pipe_format format);

#ifdef __cplusplus
}
#endif

#endif
