/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Compute state objects: from NIR to code in device memory.
 *
 * A kernel has several binaries (npu_variant.h), with images several for each combination of formats and
 * samplers. The one that most launches need is made at once, so that a build does the work it
 * promises; the others at the first launch that needs them, from the serialized NIR that is kept for
 * this purpose. A kernel that cannot be compiled still gives a state
 * object, because Rusticl does not check for NULL: launching it fails with the compiler's message.
 */

#include "npu_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nir/nir_serialize.h"
#include "pipe/p_state.h"
#include "util/blob.h"
#include "util/log.h"
#include "util/ralloc.h"
#include "util/u_memory.h"

#include "compiler/npu/npu_compile.h"

#include "npu_context.h"
#include "npu_drv_debug.h"
#include "npu_shape.h"
#include "npu_variant.h"

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

/* The blob keeps the shader for later variants, and is the key of the disk cache. */
static bool
serialize(struct npu_program *program, const nir_shader *nir)
{
   struct blob blob;
   size_t size_B;

   blob_init(&blob);
   nir_serialize(&blob, nir, true);
   if (blob.out_of_memory) {
      blob_finish(&blob);
      return false;
   }
   blob_finish_get_buffer(&blob, &program->nir, &size_B);
   program->nir_size_B = size_B;
   return true;
}

/* What the compiler rejects it will always reject: that is remembered. A lack of memory may be over
 * at the next launch. Needs the lock, unless nobody else knows the program yet.
 */
static struct npu_variant *
create_variant(struct npu_program *program, const nir_shader *nir, enum npu_variant_kind kind,
               const struct npu_image_key *images)
{
   char *error;
   struct npu_variant *variant = npu_variant_create(program->screen, nir, program->nir,
                                                    program->nir_size_B, program->name, kind,
                                                    images, &error);
   if (error) {
      program->error = error;
      if (!(program->screen->debug & NPU_DRV_QUIET))
         mesa_loge("%s", error);
   }
   return variant;
}

/* A variant of a kernel whose shader is gone. Needs the lock. */
static struct npu_variant *
create_late_variant(struct npu_program *program, enum npu_variant_kind kind,
                    const struct npu_image_key *images)
{
   struct blob_reader reader;

   blob_reader_init(&reader, program->nir, program->nir_size_B);
   nir_shader *nir = nir_deserialize(NULL, npu_nir_options(), &reader);
   struct npu_variant *variant = create_variant(program, nir, kind, images);
   ralloc_free(nir);
   return variant;
}

/* A new, empty set. Needs the lock, unless nobody else knows the program yet. */
static struct npu_variant_set *
add_set(struct npu_program *program, const struct npu_image_key *images)
{
   struct npu_variant_set *set = CALLOC_STRUCT(npu_variant_set);
   if (!set)
      return NULL;
   if (images) {
      set->images = MALLOC_STRUCT(npu_image_key);
      if (!set->images) {
         FREE(set);
         return NULL;
      }
      *set->images = *images;
   }
   set->next = program->sets;
   p_atomic_set(&program->sets, set);
   return set;
}

static struct npu_variant_set *
find_set(struct npu_program *program, const struct npu_image_key *images)
{
   struct npu_variant_set *set = p_atomic_read(&program->sets);

   while (set && set->images && memcmp(set->images, images, sizeof(*images)))
      set = set->next;
   return set;
}

static enum npu_variant_kind
choose_kind(const struct npu_program *program, const struct npu_shape *shape)
{
   if (shape->first_x)
      return npu_variant_choose_rest(shape->block);
   if (program->has_fixed_block)
      return npu_variant_choose_fixed(shape->block, shape->grid, program->may_pad);

   const enum npu_variant_kind kind = npu_variant_choose(shape->block, shape->grid,
                                                         program->may_pad);
   const bool has_barriers = program->first && program->first->binary->info.uses_barrier;
   return has_barriers ? npu_variant_choose_one_wave(kind, shape->block) : kind;
}

const struct npu_variant *
npu_program_variant(struct npu_program *program, const struct npu_shape *shape,
                    const struct npu_image_key *images)
{
   const enum npu_variant_kind kind = choose_kind(program, shape);
   images = program->uses_images ? images : NULL;

   struct npu_variant_set *set = find_set(program, images);
   struct npu_variant *variant = set ? p_atomic_read(&set->variants[kind]) : NULL;
   if (variant)
      return variant;

   simple_mtx_lock(&program->lock);
   set = find_set(program, images);
   if (!set && !program->error && program->nir)
      set = add_set(program, images);
   variant = set ? set->variants[kind] : NULL;
   if (set && !variant && !program->error && program->nir) {
      variant = create_late_variant(program, kind, images);
      p_atomic_set(&set->variants[kind], variant);
   }
   simple_mtx_unlock(&program->lock);
   return variant;
}

/* The variant that most launches will need. */
static void
create_first_variant(struct npu_program *program, const nir_shader *nir)
{
   enum npu_variant_kind kind = program->has_fixed_block ? NPU_VARIANT_FEW : NPU_VARIANT_ONE_ROW;
   struct npu_image_key guess;

   program->uses_images = npu_uses_images(nir);
   if (program->uses_images)
      npu_image_key_guess(nir, &guess);

   const struct npu_image_key *images = program->uses_images ? &guess : NULL;
   struct npu_variant_set *set = add_set(program, images);
   if (set)
      program->first = set->variants[kind] = create_variant(program, nir, kind, images);
}

/* The state object that stands for all for which there is no memory. */
struct npu_program *
npu_program_create_empty(struct npu_screen *screen)
{
   struct npu_program *program = CALLOC_STRUCT(npu_program);

   if (program) {
      program->refcount = 1;
      program->screen = screen;
      simple_mtx_init(&program->lock, mtx_plain);
   }
   return program;
}

/* What the kernel says of the shape of its groups, and whether that matters to it. */
static void
find_block(struct npu_program *program, nir_shader *nir)
{
   program->free_dims = npu_nir_free_dims(nir);
   if (nir->info.workgroup_size_variable)
      return;

   for (unsigned i = 0; i < 3; i++)
      program->block[i] = nir->info.workgroup_size[i];
   if (program->free_dims & 1 && !npu_shape_is_good(program->block, false))
      npu_nir_free_block(nir, program->free_dims);
   program->has_fixed_block = !nir->info.workgroup_size_variable;
}

static void *
create_compute_state(struct pipe_context *pctx, const struct pipe_compute_state *state)
{
   struct npu_screen *screen = npu_context(pctx)->screen;
   nir_shader *nir = (nir_shader *)state->prog; /* ours now */

   assert(state->ir_type == PIPE_SHADER_IR_NIR && "the only IR the screen supports");

   struct npu_program *program = npu_program_create_empty(screen);
   if (!program) {
      ralloc_free(nir);
      return npu_program_ref(screen->no_program);
   }
   program->shared_B = MAX2(state->static_shared_mem, nir->info.shared_size);
   find_block(program, nir);
   program->may_pad = !npu_nir_uses_subgroups(nir);
   program->name = strdup(kernel_name(nir));

   if (program->name && serialize(program, nir))
      create_first_variant(program, nir);
   ralloc_free(nir);

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

   for (struct npu_variant_set *set = program->sets, *next; set; set = next) {
      next = set->next;
      for (unsigned i = 0; i < NPU_NUM_VARIANTS; i++)
         npu_variant_destroy(set->variants[i]);
      FREE(set->images);
      FREE(set);
   }
   simple_mtx_destroy(&program->lock);
   free(program->nir);
   free(program->name);
   free(program->error);
   FREE(program);
}

void
npu_program_name(struct npu_screen *screen, uint32_t kernel_id, char *buf, unsigned size)
{
   simple_mtx_lock(&screen->programs_lock);
   const struct npu_program *program = _mesa_hash_table_u64_search(screen->programs, kernel_id);
   snprintf(buf, size, "%s", program && program->name ? program->name : "?");
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
   const struct npu_binary *binary = program->first ? program->first->binary : NULL;

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
