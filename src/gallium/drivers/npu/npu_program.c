/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Compute state objects: from NIR to code in device memory.
 *
 * The binary comes from the disk cache if the same NIR was compiled before (the cache's own name
 * covers compiler, flags and architecture, see npu_screen.c). A kernel that cannot be compiled
 * still gives a state object, because Rusticl does not check for NULL: launching it fails with the
 * compiler's message.
 */

#include "npu_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nir/nir_serialize.h"
#include "pipe/p_state.h"
#include "util/blob.h"
#include "util/disk_cache.h"
#include "util/log.h"
#include "util/ralloc.h"
#include "util/u_memory.h"

#include "compiler/npu/npu_compile.h"

#include "npu_context.h"
#include "npu_drv_debug.h"

/* The name goes into the binary but not into stripped NIR, so it is a part of the key. */
static bool
compute_key(struct disk_cache *cache, const nir_shader *nir, const char *name, cache_key key)
{
   struct blob blob;

   blob_init(&blob);
   blob_write_string(&blob, "npu binary");
   blob_write_string(&blob, name);
   nir_serialize(&blob, nir, true);
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

/* The name of the kernel in its source. The SPIR-V front end names only the entry point, and wraps
 * it. */
static const char *
kernel_name(const nir_shader *nir)
{
   static const char wrapped[] = "__wrapped_";

   if (nir->info.name)
      return nir->info.name;
   nir_foreach_function(function, nir) {
      if (!function->is_entrypoint || !function->name)
         continue;
      bool is_wrapped = !strncmp(function->name, wrapped, strlen(wrapped));
      return function->name + (is_wrapped ? strlen(wrapped) : 0);
   }
   return "kernel";
}

static struct npu_binary *
get_binary(struct npu_screen *screen, const nir_shader *nir, char **error)
{
   const char *name = kernel_name(nir);
   struct disk_cache *cache = screen->disk_cache;
   cache_key key;
   bool cached = cache && compute_key(cache, nir, name, key);

   struct npu_binary *binary = cached ? load_binary(cache, key) : NULL;
   if (binary)
      return binary;

   const struct npu_compile_options options = {
      .name = name,
      .print_stats = (screen->debug & NPU_DRV_STATS) != 0,
   };
   binary = npu_compile(nir, &options, error);
   if (binary && cached)
      store_binary(cache, key, binary);
   return binary;
}

static bool
upload_code(struct npu_program *program)
{
   const struct npu_binary *binary = program->binary;

   program->code = npu_bo_create(program->screen->dev, MAX2(binary->code_size_B, 1), NPU_BO_EXEC,
                                 binary->info.name);
   void *map = program->code ? npu_bo_map(program->code) : NULL;
   if (!map)
      return false;
   memcpy(map, binary->code, binary->code_size_B);
   return true;
}

static void
set_error(struct npu_program *program, char *error, const char *fallback)
{
   npu_binary_destroy(program->binary);
   program->binary = NULL;
   program->error = error ? error : strdup(fallback);
   if (!(program->screen->debug & NPU_DRV_QUIET))
      mesa_loge("%s", program->error ? program->error : fallback);
}

/* The state object that stands for all for which there is no memory. */
struct npu_program *
npu_program_create_empty(struct npu_screen *screen)
{
   struct npu_program *program = CALLOC_STRUCT(npu_program);

   if (program) {
      program->refcount = 1;
      program->screen = screen;
   }
   return program;
}

static void *
create_compute_state(struct pipe_context *pctx, const struct pipe_compute_state *state)
{
   struct npu_screen *screen = npu_context(pctx)->screen;
   nir_shader *nir = (nir_shader *)state->prog; /* ours now */
   char *error = NULL;

   assert(state->ir_type == PIPE_SHADER_IR_NIR && "the only IR the screen supports");

   struct npu_program *program = CALLOC_STRUCT(npu_program);
   if (!program) {
      ralloc_free(nir);
      return npu_program_ref(screen->no_program);
   }
   program->refcount = 1;
   program->screen = screen;
   program->shared_B = MAX2(state->static_shared_mem, nir->info.shared_size);

   program->binary = get_binary(screen, nir, &error);
   ralloc_free(nir);
   if (!program->binary) {
      set_error(program, error, "the compiler failed");
   } else if (!upload_code(program)) {
      set_error(program, NULL, "out of memory for the code of a kernel");
   } else {
      program->shared_B = MAX2(program->shared_B, program->binary->info.local_size_B);
   }

   simple_mtx_lock(&screen->programs_lock);
   program->kernel_id = screen->next_kernel_id++;
   _mesa_hash_table_u64_insert(screen->programs, program->kernel_id, program);
   simple_mtx_unlock(&screen->programs_lock);
   return program;
}

void
npu_program_unref(struct npu_program *program)
{
   if (!program || !p_atomic_dec_zero(&program->refcount))
      return;

   struct npu_screen *screen = program->screen;
   if (program->kernel_id) {
      simple_mtx_lock(&screen->programs_lock);
      _mesa_hash_table_u64_remove(screen->programs, program->kernel_id);
      simple_mtx_unlock(&screen->programs_lock);
   }

   npu_bo_unref(program->code);
   npu_binary_destroy(program->binary);
   free(program->error);
   FREE(program);
}

void
npu_program_name(struct npu_screen *screen, uint32_t kernel_id, char *buf, unsigned size)
{
   simple_mtx_lock(&screen->programs_lock);
   const struct npu_program *program = _mesa_hash_table_u64_search(screen->programs, kernel_id);
   snprintf(buf, size, "%s", program && program->binary ? program->binary->info.name : "?");
   simple_mtx_unlock(&screen->programs_lock);
}

static void
bind_compute_state(struct pipe_context *pctx, void *state)
{
   struct npu_context *ctx = npu_context(pctx);

   npu_program_ref(state);
   npu_program_unref(ctx->program);
   ctx->program = state;
}

static void
delete_compute_state(struct pipe_context *pctx, void *state)
{
   npu_program_unref(state);
}

static void
get_compute_state_info(struct pipe_context *pctx, void *state,
                       struct pipe_compute_state_object_info *info)
{
   const struct npu_program *program = state;
   const struct npu_binary *binary = program->binary;

   /* A kernel that did not compile says what any kernel could: its launch is the one to fail. */
   *info = (struct pipe_compute_state_object_info){
      .max_threads = npu_context(pctx)->screen->info->max_group_size,
      .preferred_simd_size = NPU_SUBGROUP_SIZE,
      .simd_sizes = NPU_SUBGROUP_SIZE,
   };
   if (binary) {
      info->max_threads = CLAMP(binary->info.max_threads, 1, info->max_threads);
      info->private_memory = binary->info.private_size_B;
   }
}

void
npu_program_context_init(struct npu_context *ctx)
{
   ctx->base.create_compute_state = create_compute_state;
   ctx->base.bind_compute_state = bind_compute_state;
   ctx->base.delete_compute_state = delete_compute_state;
   ctx->base.get_compute_state_info = get_compute_state_info;
}
