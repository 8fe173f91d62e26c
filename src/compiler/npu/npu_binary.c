/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The container of compiled kernels. All numbers little-endian, offsets in bytes:
 *
 *    0  magic "NPUB"
 *    4  version of the container, 1
 *    8  version of the instruction set
 *   12  size of the payload
 *   16  CRC-32 of the payload
 *   20  payload: kernel info (fixed size fields in the order of serialize_info()), code size, code
 *
 * Reading trusts nothing: sizes are checked against what is there, the checksum before the
 * contents, and the contents against the ranges the rest of the stack relies on.
 */
#include "npu_binary.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_opcodes.h"
#include "util/blob.h"
#include "util/crc32.h"
#include "util/macros.h"

#include "npu_image.h"

#define NPU_BINARY_MAGIC   0x4255504eu /* "NPUB" */
#define NPU_BINARY_VERSION 2

#define NPU_BINARY_HEADER_B 20

/* More than arguments and descriptors have. */
#define MAX_OFFSET_B (1u << 16)

/* Longest code that is read: far beyond what compiles, short enough to be no danger. */
#define NPU_BINARY_MAX_CODE_B (256u << 20)

static void
put_u32(struct blob *blob, uint32_t value)
{
   uint8_t bytes[4] = {value, value >> 8, value >> 16, value >> 24};

   blob_write_bytes(blob, bytes, sizeof(bytes));
}

static uint32_t
get_u32(struct blob_reader *reader)
{
   const uint8_t *bytes = blob_read_bytes(reader, 4);

   if (!bytes)
      return 0;
   return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void
serialize_info(struct blob *blob, const struct npu_kernel_info *info)
{
   blob_write_bytes(blob, info->name, sizeof(info->name));
   put_u32(blob, info->num_instrs);
   put_u32(blob, info->num_spills);
   put_u32(blob, info->num_fills);
   put_u32(blob, info->num_vregs);
   put_u32(blob, info->num_sregs);
   put_u32(blob, info->num_mregs);
   put_u32(blob, info->local_size_B);
   put_u32(blob, info->private_size_B);
   put_u32(blob, info->args_size_B);
   put_u32(blob, info->descs_offset_B);
   put_u32(blob, info->num_textures);
   put_u32(blob, info->num_images);
   put_u32(blob, info->num_samplers);
   for (unsigned i = 0; i < 3; ++i)
      put_u32(blob, info->block[i]);
   put_u32(blob, info->max_threads);
   put_u32(blob, info->uses_barrier | info->prefers_tiles << 1);
}

void
npu_binary_serialize(const struct npu_binary *bin, struct blob *blob)
{
   struct blob payload;

   blob_init(&payload);
   serialize_info(&payload, &bin->info);
   put_u32(&payload, bin->code_size_B);
   blob_write_bytes(&payload, bin->code, bin->code_size_B);

   put_u32(blob, NPU_BINARY_MAGIC);
   put_u32(blob, NPU_BINARY_VERSION);
   put_u32(blob, NPU_ISA_VERSION);
   put_u32(blob, payload.size);
   put_u32(blob, util_hash_crc32(payload.data, payload.size));
   blob_write_bytes(blob, payload.data, payload.size);
   blob->out_of_memory |= payload.out_of_memory;
   blob_finish(&payload);
}

/* ---- reading ---- */

/* Sets *error, returns NULL. */
static void *PRINTFLIKE(2, 3) fail(char **error, const char *format, ...)
{
   va_list args;

   if (error) {
      va_start(args, format);
      if (vasprintf(error, format, args) < 0)
         *error = NULL;
      va_end(args);
   }
   return NULL;
}

/* A number of the payload that must be at most max. */
static uint32_t
get_bounded(struct blob_reader *reader, uint32_t max, const char *what, const char **bad)
{
   uint32_t value = get_u32(reader);

   if (value > max && !*bad)
      *bad = what;
   return value;
}

/* Returns NULL, or the name of the field that is out of range. */
static const char *
deserialize_info(struct blob_reader *reader, struct npu_kernel_info *info)
{
   const char *bad = NULL;

   blob_copy_bytes(reader, info->name, sizeof(info->name));
   if (!memchr(info->name, 0, sizeof(info->name)))
      bad = "name";
   info->num_instrs = get_u32(reader);
   info->num_spills = get_u32(reader);
   info->num_fills = get_u32(reader);
   info->num_vregs = get_bounded(reader, NPU_NUM_VREGS, "number of vector registers", &bad);
   info->num_sregs = get_bounded(reader, NPU_NUM_SREGS, "number of scalar registers", &bad);
   info->num_mregs = get_bounded(reader, NPU_NUM_MREGS, "number of mask registers", &bad);
   info->local_size_B = get_u32(reader);
   info->private_size_B = get_u32(reader);
   if (info->private_size_B % 4 && !bad)
      bad = "private size";
   info->args_size_B = get_u32(reader);
   info->descs_offset_B = get_bounded(reader, MAX_OFFSET_B, "offset of descriptors", &bad);
   info->num_textures = get_bounded(reader, NPU_MAX_TEXTURES, "number of textures", &bad);
   info->num_images = get_bounded(reader, NPU_MAX_IMAGES, "number of images", &bad);
   info->num_samplers = get_bounded(reader, NPU_MAX_SAMPLERS, "number of samplers", &bad);
   for (unsigned i = 0; i < 3; ++i)
      info->block[i] = get_bounded(reader, 1024, "work-group size", &bad);
   info->max_threads = get_bounded(reader, 1024, "maximum work-group size", &bad);
   if (info->max_threads == 0 && !bad)
      bad = "maximum work-group size";

   uint32_t flags = get_bounded(reader, 3, "flags", &bad);
   info->uses_barrier = flags & 1;
   info->prefers_tiles = flags & 2;
   return bad;
}

static struct npu_binary *
deserialize_payload(const uint8_t *payload, size_t size_B, char **error)
{
   struct npu_binary *bin = calloc(1, sizeof(*bin));
   struct blob_reader reader;

   if (!bin)
      return fail(error, "NPU binary: out of memory");

   blob_reader_init(&reader, payload, size_B);
   const char *bad = deserialize_info(&reader, &bin->info);
   bin->code_size_B = get_u32(&reader);

   if (reader.overrun)
      fail(error, "NPU binary: the kernel info is truncated");
   else if (bad)
      fail(error, "NPU binary: %s out of range", bad);
   else if (bin->code_size_B == 0 || bin->code_size_B % 8 ||
            bin->code_size_B > NPU_BINARY_MAX_CODE_B ||
            bin->code_size_B != (size_t)(reader.end - reader.current))
      fail(error, "NPU binary: bad code size %u", bin->code_size_B);
   else if (!(bin->code = malloc(bin->code_size_B)))
      fail(error, "NPU binary: out of memory");
   else {
      memcpy(bin->code, reader.current, bin->code_size_B);
      return bin;
   }
   free(bin);
   return NULL;
}

struct npu_binary *
npu_binary_deserialize(struct blob_reader *reader, char **error)
{
   if (error)
      *error = NULL;

   uint32_t magic = get_u32(reader);
   uint32_t version = get_u32(reader);
   uint32_t isa_version = get_u32(reader);
   uint32_t size_B = get_u32(reader);
   uint32_t crc = get_u32(reader);

   if (reader->overrun)
      return fail(error, "NPU binary: the header is truncated");
   if (magic != NPU_BINARY_MAGIC)
      return fail(error, "not an NPU binary: wrong magic number 0x%08x", magic);
   if (version != NPU_BINARY_VERSION)
      return fail(error, "NPU binary: container version %u, expected %u", version,
                  NPU_BINARY_VERSION);
   if (isa_version != NPU_ISA_VERSION)
      return fail(error, "NPU binary: instruction set version %u, expected %u", isa_version,
                  NPU_ISA_VERSION);

   size_t left = reader->end - reader->current;
   if (size_B > left)
      return fail(error, "NPU binary: truncated, %u bytes expected, %zu present", size_B, left);

   const uint8_t *payload = blob_read_bytes(reader, size_B);
   if (util_hash_crc32(payload, size_B) != crc)
      return fail(error, "NPU binary: checksum mismatch");
   return deserialize_payload(payload, size_B, error);
}

struct npu_binary *
npu_binary_from_memory(const void *data, size_t size_B, char **error)
{
   struct blob_reader reader;

   blob_reader_init(&reader, data, size_B);
   struct npu_binary *bin = npu_binary_deserialize(&reader, error);
   if (bin && reader.current != reader.end) {
      npu_binary_destroy(bin);
      return fail(error, "NPU binary: %zu bytes too many", (size_t)(reader.end - reader.current));
   }
   return bin;
}

void
npu_binary_destroy(struct npu_binary *bin)
{
   if (!bin)
      return;
   free(bin->code);
   free(bin);
}
