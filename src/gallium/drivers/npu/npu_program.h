/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_PROGRAM_H
#define NPU_PROGRAM_H

#include <stdint.h>

#include "util/u_atomic.h"

struct npu_binary;
struct npu_bo;
struct npu_context;
struct npu_screen;

/* A compiled kernel: Gallium's compute state object. Immutable after its creation, so contexts and
 * threads share it; whoever launches it holds a reference until the device is done.
 */
struct npu_program {
   int32_t refcount; /* atomic */
   struct npu_screen *screen;

   uint32_t kernel_id;        /* cookie of its dispatches, unique in the screen, never 0 */
   struct npu_binary *binary; /* NULL: it could not be compiled, `error` says why */
   struct npu_bo *code;       /* NULL if binary is */
   uint32_t shared_B;         /* static local memory: the front end's count or the compiler's */
   char *error;               /* malloc()ed, or NULL */
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

/* A state object without code: what an application gets when there is no memory for a real one.
 * NULL when out of memory.
 */
struct npu_program *npu_program_create_empty(struct npu_screen *screen);

/* Copies the name of the kernel with this id into buf; "?" if there is none. */
void npu_program_name(struct npu_screen *screen, uint32_t kernel_id, char *buf, unsigned size);

void npu_program_context_init(struct npu_context *ctx);

#endif
