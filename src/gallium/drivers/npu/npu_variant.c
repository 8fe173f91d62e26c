/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Variants of a kernel: binaries that differ in what they assume of a launch.
 *
 * A wave is 32 consecutive work-items. If the groups of a launch are 32 wide (or a multiple), or
 * have one row only, no wave spans two rows: then y and z are the same for a whole wave, go to the
 * scalar unit, and accesses along x need no gather. In narrower groups of a known width, ids are
 * simple functions of the lane number; where the width is no power of two, the launch makes it one
 * (npu_nir_pad_rows.c). Barriers of groups that are one wave cost nothing (npu_nir_one_wave.c). And if the grid is not huge, 32-bit arithmetic with ids does
 * not wrap, which proves much about addresses. Most launches are like that, but Gallium creates a
 * kernel before anybody knows how it will be launched; so the variant is chosen by the launch.
 *
 * Formats of images and samplers are a part of the code, too (npu_image.h).
 *
 * The binary comes from the disk cache if the same NIR was compiled for the same launch before (the
 * cache's own name covers compiler, flags and architecture, see npu_screen.c).
 */

#include "npu_variant.h"

#include <stdlib.h>
#include <string.h>

#include "util/blob.h"
#include "util/disk_cache.h"
#include "util/u_math.h"
#include "util/u_memory.h"

#include "compiler/npu/npu_compile.h"

#include "npu_drv_debug.h"
#include "npu_screen.h"

/* What a variant assumes, as in struct npu_compile_options. */
struct promise {
   const char *name;
   bool wave_rows, one_row, deep, one_wave, is_rest;
   uint8_t width_log2, padded_width;
};

static const struct promise kinds[NPU_VARIANT_PADDED] = {
   [NPU_VARIANT_ANY] = {.name = "any"},
   [NPU_VARIANT_FEW] = {.name = "few groups"},
   [NPU_VARIANT_ONE_ROW] = {.name = "one row", .wave_rows = true, .one_row = true},
   [NPU_VARIANT_ROWS] = {.name = "waves in rows", .wave_rows = true},
   [NPU_VARIANT_WIDTH_4] = {.name = "4 wide", .width_log2 = 2},
   [NPU_VARIANT_WIDTH_8] = {.name = "8 wide", .width_log2 = 3},
   [NPU_VARIANT_WIDTH_16] = {.name = "16 wide", .width_log2 = 4},
   [NPU_VARIANT_WIDTH_32] = {.name = "32 wide", .wave_rows = true, .width_log2 = 5},
   [NPU_VARIANT_WIDTH_64] = {.name = "64 wide", .wave_rows = true, .width_log2 = 6},
   [NPU_VARIANT_DEEP_4] = {.name = "4 wide, deep", .width_log2 = 2, .deep = true},
   [NPU_VARIANT_DEEP_8] = {.name = "8 wide, deep", .width_log2 = 3, .deep = true},
   [NPU_VARIANT_DEEP_16] = {.name = "16 wide, deep", .width_log2 = 4, .deep = true},
   [NPU_VARIANT_REST] = {.name = "rest", .is_rest = true},
   [NPU_VARIANT_REST_ROW] = {.name = "rest of a row",
                             .wave_rows = true,
                             .one_row = true,
                             .is_rest = true},
};

static struct promise
promise_of(enum npu_variant_kind kind)
{
   if (kind & NPU_VARIANT_ONE_WAVE) {
      struct promise promise = promise_of(kind & ~NPU_VARIANT_ONE_WAVE);
      promise.one_wave = true;
      return promise;
   }
   if (kind < NPU_VARIANT_PADDED)
      return kinds[kind];

   const unsigned width = kind - NPU_VARIANT_PADDED, log2 = util_logbase2_ceil(width);
   return (struct promise){
      .name = "rows padded",
      .wave_rows = 1u << log2 >= NPU_SUBGROUP_SIZE,
      .width_log2 = log2,
      .padded_width = width,
   };
}

const char *
npu_variant_name(enum npu_variant_kind kind)
{
   return promise_of(kind).name;
}

uint32_t
npu_variant_width(enum npu_variant_kind kind, uint32_t width)
{
   const struct promise promise = promise_of(kind);

   return promise.padded_width ? 1u << promise.width_log2 : width;
}

/* Whether rows of the group are to be padded: a wave must have a lane in it, and all of it must fit. Of rows of 4,
 * which hosts have no vectors for, nothing would be gained. */
static bool
is_padded(const uint32_t block[3])
{
   return block[0] > 4 && block[0] < 64 && !util_is_power_of_two_nonzero(block[0]) &&
          block[1] > 1 && block[2] == 1 &&
          (uint64_t)block[1] << util_logbase2_ceil(block[0]) <= NPU_MAX_THREADS;
}

enum npu_variant_kind
npu_variant_choose_fixed(const uint32_t block[3], const uint32_t grid[3], bool may_pad)
{
   if (grid[0] > NPU_FEW_GROUPS || grid[1] > NPU_FEW_GROUPS || grid[2] > NPU_FEW_GROUPS)
      return NPU_VARIANT_ANY;
   return may_pad && is_padded(block) ? NPU_VARIANT_PADDED + block[0] : NPU_VARIANT_FEW;
}

enum npu_variant_kind
npu_variant_choose(const uint32_t block[3], const uint32_t grid[3], bool may_pad)
{
   const enum npu_variant_kind fixed = npu_variant_choose_fixed(block, grid, may_pad);

   if (fixed != NPU_VARIANT_FEW)
      return fixed;
   if (block[1] == 1 && block[2] == 1)
      return NPU_VARIANT_ONE_ROW;
   for (unsigned kind = NPU_VARIANT_WIDTH_4; kind < NPU_VARIANT_REST; kind++) {
      const unsigned width = 1u << kinds[kind].width_log2;
      const bool fits = kinds[kind].deep ? block[1] % (NPU_SUBGROUP_SIZE / width) == 0
                                         : block[2] == 1;
      if (block[0] == width && fits)
         return kind;
   }
   return block[0] % NPU_SUBGROUP_SIZE == 0 ? NPU_VARIANT_ROWS : NPU_VARIANT_FEW;
}

enum npu_variant_kind
npu_variant_choose_rest(const uint32_t block[3])
{
   return block[1] == 1 && block[2] == 1 ? NPU_VARIANT_REST_ROW : NPU_VARIANT_REST;
}

enum npu_variant_kind
npu_variant_choose_one_wave(enum npu_variant_kind kind, const uint32_t block[3])
{
   const uint64_t items = (uint64_t)npu_variant_width(kind, block[0]) * block[1] * block[2];

   return items <= NPU_SUBGROUP_SIZE ? kind | NPU_VARIANT_ONE_WAVE : kind;
}

/* The name goes into the binary but not into stripped NIR, so it is a part of the key. */
static bool
compute_key(struct disk_cache *cache, const void *serialized, uint32_t serialized_B,
            const char *name, enum npu_variant_kind kind, const struct npu_image_key *images,
            cache_key key)
{
   struct blob blob;

   blob_init(&blob);
   blob_write_string(&blob, "npu binary");
   blob_write_string(&blob, name);
   blob_write_uint8(&blob, kind);
   if (images)
      blob_write_bytes(&blob, images, sizeof(*images));
   blob_write_bytes(&blob, serialized, serialized_B);
   bool ok = !blob.out_of_memory;
   if (ok)
      disk_cache_compute_key(cache, blob.data, blob.size, key);
   blob_finish(&blob);
   return ok;
}

static struct npu_binary *
load_binary(struct disk_cache *cache, const cache_key key)
{
   size_t size_B;
   void *data = disk_cache_get(cache, key, &size_B);
   if (!data)
      return NULL;

   struct blob_reader reader;
   blob_reader_init(&reader, data, size_B);
   struct npu_binary *binary = npu_binary_deserialize(&reader, NULL); /* damaged: compile again */
   free(data);
   return binary;
}

static void
store_binary(struct disk_cache *cache, const cache_key key, const struct npu_binary *binary)
{
   struct blob blob;

   blob_init(&blob);
   npu_binary_serialize(binary, &blob);
   if (!blob.out_of_memory)
      disk_cache_put(cache, key, blob.data, blob.size, NULL);
   blob_finish(&blob);
}

static struct npu_bo *
upload_code(struct npu_screen *screen, const struct npu_binary *binary)
{
   struct npu_bo *code = npu_bo_create(screen->dev, MAX2(binary->code_size_B, 1), NPU_BO_EXEC,
                                       binary->info.name);
   void *map = code ? npu_bo_map(code) : NULL;
   if (!map) {
      npu_bo_unref(code);
      return NULL;
   }
   memcpy(map, binary->code, binary->code_size_B);
   return code;
}

struct npu_variant *
npu_variant_create(struct npu_screen *screen, const struct nir_shader *nir, const void *serialized,
                   uint32_t serialized_B, const char *name, enum npu_variant_kind kind,
                   const struct npu_image_key *images, char **error)
{
   struct disk_cache *cache = screen->disk_cache;
   cache_key key;

   *error = NULL;
   struct npu_variant *variant = CALLOC_STRUCT(npu_variant);
   if (!variant)
      return NULL;

   variant->kind = kind;

   bool cached = cache && compute_key(cache, serialized, serialized_B, name, kind, images, key);
   variant->binary = cached ? load_binary(cache, key) : NULL;
   if (!variant->binary) {
      const struct promise promise = promise_of(kind);
      const struct npu_compile_options options = {
         .name = name,
         .wave_rows = promise.wave_rows,
         .one_row = promise.one_row,
         .deep = promise.deep,
         .one_wave = promise.one_wave,
         .width_log2 = promise.width_log2,
         .padded_width = promise.padded_width,
         .is_rest = promise.is_rest,
         .few_groups = (kind & ~NPU_VARIANT_ONE_WAVE) != NPU_VARIANT_ANY,
         .images = images,
         .print_stats = (screen->debug & NPU_DRV_STATS) != 0,
      };
      variant->binary = npu_compile(nir, &options, error);
      if (variant->binary && cached)
         store_binary(cache, key, variant->binary);
   }
   if (variant->binary)
      variant->code = upload_code(screen, variant->binary);
   if (!variant->code) {
      npu_variant_destroy(variant);
      return NULL;
   }
   return variant;
}

void
npu_variant_destroy(struct npu_variant *variant)
{
   if (!variant)
      return;
   npu_bo_unref(variant->code);
   npu_binary_destroy(variant->binary);
   FREE(variant);
}
