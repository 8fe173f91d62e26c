/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_VARIANT_H
#define NPU_VARIANT_H

#include <stdint.h>

struct nir_shader;
struct npu_image_key;
struct npu_binary;
struct npu_bo;
struct npu_screen;

/* What the compiler may assume of the launches of one binary. A kernel that fixes its group size
 * has ANY only: the compiler knows everything already.
 */
enum npu_variant_kind {
   NPU_VARIANT_ANY,  /* nothing */
   NPU_VARIANT_ROWS, /* every wave lies in one row of work-items */
   NPU_NUM_VARIANTS,
};

/* One binary of a kernel, in device memory. Immutable. */
struct npu_variant {
   enum npu_variant_kind kind;
   struct npu_binary *binary;
   struct npu_bo *code;
};

/* The best variant for groups of this shape. */
enum npu_variant_kind npu_variant_choose(const uint32_t block[3]);

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
