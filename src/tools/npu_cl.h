/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * OpenCL C to NIR without OpenCL: what the tools and the compiler's tests use to get from a source
 * file to the shader the driver would be given. The steps and the order of the argument block are
 * those of Mesa's OpenCL frontend.
 */

#ifndef NPU_CL_H
#define NPU_CL_H

#include <stdbool.h>

#include "compiler/nir/nir.h"

struct npu_cl_program;

/* What an argument is, and where it lies in the argument block. */
enum npu_cl_arg_kind {
   NPU_CL_ARG_VALUE,     /* size_B bytes */
   NPU_CL_ARG_GLOBAL,    /* virtual address of global or constant memory, 8 bytes */
   NPU_CL_ARG_LOCAL,     /* offset in local memory, 8 bytes; bit 62 tells generic pointers so */
   NPU_CL_ARG_CONSTANTS, /* hidden: address of the program's constant data (nir->constant_data) */
   NPU_CL_ARG_GLOBALS,   /* hidden: address of the program scope variables */
   NPU_CL_ARG_PRINTF,    /* hidden: address of the printf buffer */
   NPU_CL_ARG_GLOBAL_OFFSET, /* hidden: 3 x 8 bytes, global work offset */
   NPU_CL_ARG_GLOBAL_SIZE,   /* hidden: 3 x 8 bytes */
   NPU_CL_ARG_GROUP_OFFSET,  /* hidden: 3 x 8 bytes, first group of this launch */
   NPU_CL_ARG_NUM_GROUPS,    /* hidden: 3 x 4 bytes */
   NPU_CL_ARG_WORK_DIM,      /* hidden: 1 byte */
};

struct npu_cl_arg {
   enum npu_cl_arg_kind kind;
   unsigned offset_B, size_B;
   bool dead; /* the kernel does not read it: it has no place */
};

struct npu_cl_kernel {
   nir_shader *nir;
   struct npu_cl_arg *args; /* the kernel's own in order, then hidden ones */
   unsigned num_args, num_own_args;
   unsigned args_size_B;
};

/* Compiles OpenCL C, version 1.2 unless the options say otherwise. options: compiler options such as
 * "-DN=4", may be NULL if num_options is 0. Returns NULL if it fails; the compiler's messages are in *log (malloc()ed, or NULL if there are
 * none) either way. Not thread-safe against itself in what LLVM keeps per process. */
struct npu_cl_program *npu_cl_program_create(const char *source, const char *name,
                                             const char *const *options, unsigned num_options,
                                             char **log);

unsigned npu_cl_program_num_kernels(const struct npu_cl_program *program);
const char *npu_cl_program_kernel_name(const struct npu_cl_program *program, unsigned i);

/* SPIR-V of the program, 32-bit words. */
const void *npu_cl_program_spirv(const struct npu_cl_program *program, size_t *size_B);

/* One kernel as the driver gets it before npu_nir_finalize(). offsets: the variant that reads
 * global and group offsets; otherwise they are 0. Owned by mem_ctx (its address is a ralloc
 * context). NULL with a message in *log if there is no such kernel or it cannot be translated. */
struct npu_cl_kernel *npu_cl_kernel_create(struct npu_cl_program *program, const char *name,
                                           bool offsets, void *mem_ctx, char **log);

void npu_cl_program_destroy(struct npu_cl_program *program);

#endif /* NPU_CL_H */
