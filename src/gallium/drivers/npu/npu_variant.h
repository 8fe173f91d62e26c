/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_VARIANT_H
#define NPU_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

struct nir_shader;
struct npu_image_key;
struct npu_binary;
struct npu_bo;
struct npu_screen;

/* What the compiler may assume of the launches of one binary. All but ANY: less than NPU_FEW_GROUPS
 * work-groups in each dimension. A kernel that fixes its group size has ANY and FEW only, and PADDED ones: the
 * compiler knows the shape already.
 */
enum npu_variant_kind {
   NPU_VARIANT_ANY,     /* nothing */
   NPU_VARIANT_FEW,     /* nothing of the shape */
   NPU_VARIANT_ONE_ROW, /* work-groups of one dimension */
   NPU_VARIANT_ROWS,    /* every wave lies in one row of work-items */
   NPU_VARIANT_WIDTH_4, /* two dimensions, so wide; and so on in powers of two */
   NPU_VARIANT_WIDTH_8,
   NPU_VARIANT_WIDTH_16,
   NPU_VARIANT_WIDTH_32,
   NPU_VARIANT_WIDTH_64,
   NPU_VARIANT_DEEP_4, /* three dimensions, so wide, no wave in two planes */
   NPU_VARIANT_DEEP_8,
   NPU_VARIANT_DEEP_16,
   NPU_VARIANT_REST,     /* the rest of a divided launch; nothing of the shape */
   NPU_VARIANT_REST_ROW, /* the same, one dimension */
   NPU_VARIANT_PADDED, /* two dimensions, as many wide as one adds to this number, padded to a power of two */
   NPU_VARIANT_ONE_WAVE = 128, /* added to any of these: and groups are one wave */
   NPU_NUM_VARIANTS = 2 * NPU_VARIANT_ONE_WAVE,
};

/* One binary of a kernel, in device memory. Immutable. */
struct npu_variant {
   enum npu_variant_kind kind;
   struct npu_binary *binary;
   struct npu_bo *code;
};

/* The best variant for so many groups of this shape, of a kernel that does not fix the shape. may_pad: PADDED is
 * allowed. */
enum npu_variant_kind npu_variant_choose(const uint32_t block[3], const uint32_t grid[3],
                                         bool may_pad);

/* The same for a kernel that does. */
enum npu_variant_kind npu_variant_choose_fixed(const uint32_t block[3], const uint32_t grid[3],
                                               bool may_pad);

/* The same for the second part of a launch that is divided. */
enum npu_variant_kind npu_variant_choose_rest(const uint32_t block[3]);

/* The same kind, for groups of this shape that are one wave the one that knows so. Only of use to kernels with
 * barriers that do not fix the shape. */
enum npu_variant_kind npu_variant_choose_one_wave(enum npu_variant_kind kind,
                                                  const uint32_t block[3]);

/* The x size of groups as the device is to see it, where it is `width` to the application. */
uint32_t npu_variant_width(enum npu_variant_kind kind, uint32_t width);

/* What the variant assumes, for messages; of one wave it says nothing. */
const char *npu_variant_name(enum npu_variant_kind kind);

/* Takes the binary from the disk cache, or compiles it (and keeps it there), and uploads it. The
 * shader is only read; `name` is that of the kernel, `serialized` the shader's bytes, which are the
 * cache's key; images is NULL if the kernel has none. NULL: *error is the compiler's
 * malloc()ed message, or NULL when out of memory. Any thread.
 */
struct npu_variant *npu_variant_create(struct npu_screen *screen, const struct nir_shader *nir,
                                       const void *serialized, uint32_t serialized_B,
                                       const char *name, enum npu_variant_kind kind,
                                       const struct npu_image_key *images, char **error);

/* The device must be done with it. NULL is allowed. */
void npu_variant_destroy(struct npu_variant *variant);

#endif
