/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_PROGRAM_H
#define NPU_PROGRAM_H

#include <stdint.h>

#include "util/simple_mtx.h"
#include "util/u_atomic.h"

#include "npu_variant.h"

struct npu_context;
struct npu_image_key;
struct npu_screen;
struct npu_shape;

/* The variants for one set of image formats and samplers. */
struct npu_variant_set {
   struct npu_variant_set *next;
   struct npu_image_key *images;                   /* NULL: the kernel has none */
   struct npu_variant *variants[NPU_NUM_VARIANTS]; /* atomic; NULL: not made yet. lock to add one */
};

/* A kernel: Gallium's compute state object. Immutable after its creation but for a variant that is
 * added later, so contexts and threads share it; whoever launches it holds a reference until the
 * device is done.
 */
struct npu_program {
   int32_t refcount; /* atomic */
   struct npu_screen *screen;

   uint32_t kernel_id;   /* cookie of its dispatches, unique in the screen, never 0 */
   char *name;           /* in the source; malloc()ed */
   uint32_t shared_B;    /* static local memory: the front end's count */
   uint32_t block[3];    /* the size of groups the kernel requires; 0: any */
   bool has_fixed_block; /* that is in its code, too */
   uint8_t free_dims;    /* in which the launch may choose the shape of groups, bits */
   bool may_pad;         /* rows of groups: nothing depends on which work-items are a wave */

   void *nir; /* serialized, malloc()ed */
   uint32_t nir_size_B;

   const struct npu_variant *first; /* the one made at creation; NULL: failed, see `error` */
   simple_mtx_t lock;
   bool uses_images;             /* several sets, otherwise one */
   struct npu_variant_set *sets; /* atomic; sets are added in front, under the lock */
   char *error;                  /* the compiler's, malloc()ed, or NULL; set once, under the lock */
};

static inline struct npu_program *
npu_program_ref(struct npu_program *program)
{
   if (program)
      p_atomic_inc(&program->refcount);
   return program;
}

/* NULL is allowed. */
void npu_program_unref(struct npu_program *program);

/* The binary for a launch, or a part of one, of this shape and with these images, made if there is none yet. NULL: it
 * could not be made, program->error says why (NULL: out of memory). Lives as long as the program. Any
 * thread.
 */
const struct npu_variant *npu_program_variant(struct npu_program *program,
                                              const struct npu_shape *shape,
                                              const struct npu_image_key *images);

/* A state object without code: what an application gets when there is no memory for a real one.
 * NULL when out of memory.
 */
struct npu_program *npu_program_create_empty(struct npu_screen *screen);

/* Copies the name of the kernel with this id into buf; "?" if there is none. */
void npu_program_name(struct npu_screen *screen, uint32_t kernel_id, char *buf, unsigned size);

void npu_program_context_init(struct npu_context *ctx);

#endif
