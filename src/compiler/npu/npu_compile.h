/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The compiler's public interface: one NIR kernel in, one NPU binary out.
 *
 * Users are the Gallium driver and the tools; nobody else includes a header of this directory. The
 * library keeps no state between calls apart from the flags of NPU_COMPILER_DEBUG, read once: every
 * function here may be called from any thread at any time.
 *
 * Machine contract of a compiled kernel ("ABI"):
 *  - The code starts at word 0 with exec = the lanes that exist and ends with `end`.
 *  - The special register ARGS holds the virtual address of the argument block: Rusticl's constant
 *    buffer 0, byte for byte, with at least args_size_B readable bytes (an 8-byte aligned base; 64
 * is recommended). The kernel never writes it.
 *  - A kernel with images finds their descriptors in the argument block: info.num_textures +
 *    info.num_images of struct npu_image_desc from info.descs_offset_B on, and behind those, if the code is for a
 *    rest (npu_compile_options.is_rest), the first x id at npu_descs_end_B().
 *  - Group and local ids, the block size and the grid size come from special registers.
 *  - Local memory: info.local_size_B static bytes from offset 0, then whatever the launch adds.
 *  - Private memory: info.private_size_B bytes per lane, spill slots included.
 */

#ifndef NPU_COMPILE_H
#define NPU_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/nir/nir.h"

#include "npu_binary.h"
#include "npu_image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lanes of a wave; an OpenCL sub-group is a wave. */
#define NPU_SUBGROUP_SIZE 32

/* Work-items a work-group may have. */
#define NPU_MAX_THREADS 1024

/* See npu_compile_options.few_groups. */
#define NPU_FEW_GROUPS (1u << 20)

/* Arguments of npu_compile() beside the shader. Zero-initialise; all fields are optional. */
struct npu_compile_options {
   const char *name; /* entry point name for info.name; NULL = nir->info.name */

   /* The launch promises that every wave lies in one row of work-items: the group's x size is a
    * multiple of NPU_SUBGROUP_SIZE, or its y and z sizes are 1. Makes y and z ids uniform and
    * accesses along x unit-stride. Need not be set if the kernel fixes its group size. The binary
    * must not be launched with a group that breaks the promise. */
   bool wave_rows;

   /* More promises of the same kind: the group has one dimension (y and z sizes are 1); or it has
    * two and its x size is 1 << width_log2, 0: no such promise; the launch has at most
    * NPU_FEW_GROUPS groups in each dimension, so that global ids without an offset are far from
    * 2^31. */
   bool one_row;
   uint8_t width_log2;
   bool few_groups;

   /* With width_log2 up to 4: the group has three dimensions instead, and its y size is a multiple of
    * the rows of a wave, NPU_SUBGROUP_SIZE >> width_log2. */
   bool deep;

   /* The group has at most NPU_SUBGROUP_SIZE work-items, those of padded rows counted: its barriers cost nothing. Need
    * not be set if the kernel fixes its group size. */
   bool one_wave;

   /* Not 0, with width_log2: rows of the group are that long, 1 << (width_log2 - 1) < padded_width <
    * 1 << width_log2, and the launch pads them to 1 << width_log2, also if the kernel fixes its group
    * size; info.block is the padded size then. Not for kernels that npu_nir_uses_subgroups(). */
   uint8_t padded_width;

   /* The launch has one group in x, and its x ids begin at a number that it puts at npu_descs_end_B() of the
    * arguments, 32 bits; the last x id is less than 2^31. Only for kernels of which npu_nir_free_dims() has x. */
   bool is_rest;

   /* What the kernel's images and samplers will be; the binary must be launched with nothing else.
    * NULL = what npu_image_key_guess() says. */
   const struct npu_image_key *images;

   /* Where the NPU_COMPILER_DEBUG print flags, and the print_* requests below, write. NULL =
    * stderr. */
   FILE *out;
   bool print_nir;   /* the NIR instruction selection sees */
   bool print_ir;    /* the IR after instruction selection and at the end of the back end */
   bool print_asm;   /* the encoded program, disassembled */
   bool print_stats; /* one line for shader-db style comparison */
};

/* Options for clc/Rusticl and every NIR pass. Static storage, the same pointer every time. */
const nir_shader_compiler_options *npu_nir_options(void);

/* Makes Mesa's loader of the OpenCL library (nir_load_libclc_shader() with npu_nir_options()) take
 * over the functions this compiler brings. Once before the first load; any thread.
 */
void npu_libclc_register(void);

/* Whether anything depends on which work-items are a wave. Any thread. */
bool npu_nir_uses_subgroups(const nir_shader *nir);

/* A bit for each of the three dimensions. */
#define NPU_ALL_DIMS 7u

/* Dimensions, 1 << dimension, in which a launch of the kernel may be divided into other work-groups than the
 * application asks for, of any size the kernel allows: it cannot tell. As create_compute_state() gets it, lowered and
 * optimised. Any thread. */
unsigned npu_nir_free_dims(const nir_shader *nir);

/* Makes a kernel that fixes its group size one that takes the launch's, for launches with other sizes in these
 * dimensions, which must be free, and the fixed size in the others. Not thread-safe on ONE shader. */
void npu_nir_free_block(nir_shader *nir, unsigned dims);

/* Last machine-independent step, for pipe_screen::finalize_nir: lowers what every NPU kernel needs
 * lowered and optimises. Idempotent (a second call changes nothing), deterministic, and everything
 * it leaves behind survives nir_serialize(), so the result may come out of a disk cache of another
 * process. Works on MESA_SHADER_KERNEL and MESA_SHADER_COMPUTE. Not thread-safe on ONE shader. */
void npu_nir_finalize(nir_shader *nir);

/* Whether a kernel uses images or samplers: its binaries then depend on the image key. */
bool npu_uses_images(const nir_shader *nir);

/* The likeliest image key of a kernel: four channels of 8 bits, integer or normalized as the
 * kernel's instructions ask, and samplers that clamp to the edge and do not filter. */
void npu_image_key_guess(const nir_shader *nir, struct npu_image_key *key);

/* Bits of NPU_COMPILER_DEBUG that change what npu_nir_finalize() and npu_compile() produce, and the
 * version of the binary format: goes into the key of any cache of their results. */
uint64_t npu_compile_cache_key(void);

/* Compiles the single entry point of nir, which is only read (a clone is compiled; it need not have
 * passed npu_nir_finalize() before).
 *
 * opts may be NULL. Returns a binary owned by the caller, or NULL; then *error (if error is not
 * NULL) is a malloc()ed one-line message, and otherwise *error is NULL. */
struct npu_binary *npu_compile(const nir_shader *nir, const struct npu_compile_options *opts,
                               char **error);

#ifdef __cplusplus
}
#endif

#endif /* NPU_COMPILE_H */
