/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * From selected IR to code.
 */
#ifndef NPU_BACKEND_H
#define NPU_BACKEND_H

#include "npu_ir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a compilation looks at besides its input. */
struct npu_compile_debug {
   uint32_t flags; /* enum npu_debug_flag; npu_debug() for those of the environment */
   FILE *out;      /* where print flags write; NULL: stderr */
};

/* Compiles shader, which instruction selection made: legal SSA form is not needed, what
 * npu_validate() accepts is. The shader is consumed: afterwards it is in register form (or in the
 * form in which an error was found) and good for printing only.
 *
 * debug may be NULL: flags of the environment, output to stderr. On success returns true and fills
 * *out (code from malloc, owned by the caller: npu_binary_destroy() for a binary from malloc). On
 * failure returns false and sets *error to a malloc'ed text; *out is untouched. Threads: any, one
 * per shader.
 */
bool npu_compile_backend(struct npu_shader *shader, const struct npu_compile_debug *debug,
                         struct npu_binary *out, char **error);

#ifdef __cplusplus
}
#endif

#endif
