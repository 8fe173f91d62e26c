/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The compiled kernel: code plus everything a driver needs to launch it. The same bytes serve the
 * disk cache, clGetProgramInfo(CL_PROGRAM_BINARIES) and the ".npu" files of the tools.
 */
#ifndef NPU_BINARY_H
#define NPU_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct blob;
struct blob_reader;

/* What a launch must know about a kernel, and the statistics tools print. Instruction selection
 * fills in the needs, the back end the statistics (and the spill slots' share of private_size_B).
 */
struct npu_kernel_info {
   char name[128]; /* entry point, always terminated; longer names are cut */

   /* Statistics. */
   uint32_t num_instrs;                      /* machine instructions, pseudo-ops gone */
   uint32_t num_spills, num_fills;           /* stores to / loads from spill slots, static count */
   uint16_t num_vregs, num_sregs, num_mregs; /* highest register used + 1, per file */

   /* Needs. */
   uint32_t local_size_B;   /* static local memory of a work-group */
   uint32_t private_size_B; /* private memory of one lane incl. spill slots, a multiple of 4 */
   uint32_t args_size_B;    /* argument bytes the code may read: a launch pads them with zeroes */
   uint32_t descs_offset_B; /* where image descriptors stand in the arguments: textures, images */
   uint16_t num_textures;   /* image slots the code may look at, see npu_image.h */
   uint16_t num_images;
   uint16_t num_samplers;
   uint16_t block[3];    /* required work-group size, {0, 0, 0} = any */
   uint16_t max_threads; /* work-items per work-group that can run, >= 1 */
   bool uses_barrier;    /* a work-group barrier occurs */
   bool prefers_tiles; /* lanes of a wave should be neighbours in all dimensions, not in one: they access global
                            memory in several places, or leave loops at different times */
};

/* A compiled kernel. Create with npu_compile() or npu_binary_deserialize(), free with
 * npu_binary_destroy(); immutable in between, so it may be shared by threads.
 */
struct npu_binary {
   struct npu_kernel_info info;
   uint32_t code_size_B; /* a multiple of 8 */
   uint8_t *code;        /* little-endian instruction words, owned by the binary */
};

/* Writes the container that is also a tool's ".npu" file: magic, version, size, checksum, info,
 * code. An out-of-memory condition shows in blob->out_of_memory.
 */
void npu_binary_serialize(const struct npu_binary *bin, struct blob *blob);

/* Reads a container. Returns NULL for anything but an intact container of this version; then *error
 * (if error is not NULL) is a malloc()ed message, and otherwise *error is NULL. The reader stands
 * behind the container afterwards.
 */
struct npu_binary *npu_binary_deserialize(struct blob_reader *reader, char **error);

/* The same for a block of memory that holds exactly one container, for instance a whole file. */
struct npu_binary *npu_binary_from_memory(const void *data, size_t size_B, char **error);

/* Frees a binary; NULL is allowed. */
void npu_binary_destroy(struct npu_binary *bin);

#ifdef __cplusplus
}
#endif

#endif
