/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The compiler's entry point and the second half of the NIR pipeline, which depends on the launch
 * and on which values are uniform. npu_nir_finalize.c is the first half; npu_isel.c makes IR of the
 * result and npu_backend.c code of that.
 */

#include "npu_compile.h"

#include <stdlib.h>
#include <string.h>

#include "npu_backend.h"
#include "npu_debug.h"
#include "npu_isel.h"
#include "npu_nir.h"
#include "npu_passes.h"

/* Goes into every cache key: change it when the output changes for reasons other than the flags. */
#define NPU_COMPILER_VERSION 15

uint64_t
npu_compile_cache_key(void)
{
   return (uint64_t)NPU_COMPILER_VERSION << 32 | (npu_debug() & NPU_DEBUG_CODE_FLAGS);
}

static void
set_error(char **error, const char *format, ...)
{
   va_list args;

   if (!error)
      return;
   va_start(args, format);
   if (vasprintf(error, format, args) < 0)
      *error = NULL;
   va_end(args);
}

/* Things selection could not even walk over. */
static bool
check_shader(const nir_shader *nir, char **error)
{
   if (nir->info.stage != MESA_SHADER_KERNEL && nir->info.stage != MESA_SHADER_COMPUTE) {
      set_error(error, "not a compute kernel");
      return false;
   }

   unsigned num_entry_points = 0, num_bodies = 0;
   nir_foreach_function(function, nir) {
      num_entry_points += function->is_entrypoint && function->impl;
      num_bodies += function->impl != NULL;
   }
   if (num_entry_points != 1 || num_bodies != 1) {
      set_error(error, "kernel must be one entry point with all functions inlined");
      return false;
   }
   return true;
}

/* Loops whose iterations read side by side. Their limits have to be known, so invariant loads first. */
static void
unroll(nir_shader *nir)
{
   bool progress = false;

   NIR_PASS(_, nir, nir_opt_licm);
   NIR_PASS(progress, nir, npu_nir_opt_loop_loads);
   if (progress)
      NIR_PASS(_, nir, nir_opt_licm);
   progress = false;
   NIR_PASS(progress, nir, npu_nir_opt_unroll);
   if (progress) {
      NIR_PASS(_, nir, nir_opt_constant_folding);
      NIR_PASS(_, nir, nir_copy_prop);
      NIR_PASS(_, nir, nir_opt_cse);
      NIR_PASS(_, nir, nir_opt_dce);
      NIR_PASS(_, nir, nir_opt_licm);
   }
}

static void
lower_late(nir_shader *nir, const struct npu_nir_launch *launch)
{
   bool progress;

   /* What is known of the launch, before anything depends on how ids are made. */
   NIR_PASS(_, nir, npu_nir_rest_ids, launch);
   NIR_PASS(_, nir, npu_nir_pad_rows, launch);
   NIR_PASS(_, nir, npu_nir_one_wave, launch);
   NIR_PASS(_, nir, npu_nir_lower_local_id, launch);
   npu_nir_optimize(nir);
   for (unsigned round = 0; round < 4; round++) {
      progress = false;
      NIR_PASS(progress, nir, npu_nir_opt_sign, launch);
      NIR_PASS(progress, nir, npu_nir_opt_bits, launch);
      if (!progress)
         break;
      npu_nir_optimize(nir);
   }
   unroll(nir);

   /* Addresses and comparisons need to know what is uniform; divergence analysis wants LCSSA form.
    * Not before here: the passes above would take the regrouped sums apart. Not later: sums lose
    * their no-wrap flags when they become imad. */
   NIR_PASS(_, nir, nir_convert_to_lcssa, true, true);
   nir_divergence_analysis(nir);
   NIR_PASS(_, nir, npu_nir_lower_address, launch);
   NIR_PASS(_, nir, npu_nir_opt_compare, launch);
   NIR_PASS(_, nir, npu_nir_opt_uniform_address);
   NIR_PASS(_, nir, nir_opt_remove_phis);
   NIR_PASS(_, nir, nir_copy_prop);
   NIR_PASS(_, nir, nir_opt_cse);
   NIR_PASS(_, nir, nir_opt_dce);

   /* Once more: what are neighbours can be seen now. */
   NIR_PASS(_, nir, npu_nir_opt_mem_vectorize);
   NIR_PASS(_, nir, nir_lower_alu_to_scalar, NULL, NULL);
   NIR_PASS(_, nir, nir_copy_prop);
   NIR_PASS(_, nir, nir_opt_dce);

   /* Operations of the machine that NIR's rules take apart as long as they run: fsub, isub, imad,
    * ffma from inexact sums. */
   do {
      progress = false;
      NIR_PASS(progress, nir, nir_opt_algebraic_late);
      if (progress) {
         NIR_PASS(_, nir, nir_opt_constant_folding);
         NIR_PASS(_, nir, nir_copy_prop);
         NIR_PASS(_, nir, nir_opt_dce);
         NIR_PASS(_, nir, nir_opt_cse);
      }
   } while (progress);

   NIR_PASS(_, nir, nir_opt_constant_folding);
   NIR_PASS(_, nir, nir_opt_cse);
   NIR_PASS(_, nir, nir_opt_licm);
   NIR_PASS(_, nir, nir_opt_dce);

   /* The form selection reads. Without exceptions for invariants: every use of a value behind its
    * loop is then a phi, and scalar registers need care only there. */
   NIR_PASS(_, nir, nir_lower_load_const_to_scalar);
   NIR_PASS(_, nir, nir_convert_to_lcssa, false, false);
   NIR_PASS(_, nir, nir_lower_phis_to_scalar,
            true); /* of vectors that memory accesses behind a loop use */
   nir_divergence_analysis(nir);
   NIR_PASS(_, nir, npu_nir_opt_loop_values);
}

static struct npu_compile_debug
debug_options(const struct npu_compile_options *opts)
{
   struct npu_compile_debug debug = {.flags = npu_debug(), .out = opts->out ? opts->out : stderr};

   debug.flags |= opts->print_nir ? NPU_DEBUG_PRINT_NIR : 0;
   debug.flags |= opts->print_ir ? NPU_DEBUG_PRINT_IR : 0;
   debug.flags |= opts->print_asm ? NPU_DEBUG_PRINT_ASM : 0;
   debug.flags |= opts->print_stats ? NPU_DEBUG_PRINT_STATS : 0;
   return debug;
}

/* The first step, because it leaves arithmetic of all kinds behind. */
static struct npu_nir_image_use
lower_images(nir_shader *nir, const struct npu_compile_options *opts)
{
   struct npu_nir_image_use use = npu_nir_count_images(nir);
   struct npu_image_key guess;
   const struct npu_image_key *key = opts->images;

   if (!npu_nir_uses_images(&use))
      return use;
   if (!key) {
      npu_image_key_guess(nir, &guess);
      key = &guess;
   }
   NIR_PASS(_, nir, npu_nir_lower_images, key, &use);
   return use;
}

static void
set_image_info(struct npu_kernel_info *info, const struct npu_nir_image_use *use)
{
   info->descs_offset_B = use->descs_B;
   info->num_textures = use->num_textures;
   info->num_images = use->num_images;
   info->num_samplers = use->num_samplers;
}

/* Selection and back end on a shader that is ours. */
static struct npu_binary *
compile(nir_shader *nir, const struct npu_compile_options *opts, void *mem_ctx, char **error)
{
   struct npu_compile_debug debug = debug_options(opts);
   const char *name = opts->name ? opts->name : nir->info.name;
   char *message = NULL;

   struct npu_nir_image_use images = lower_images(nir, opts);
   npu_nir_finalize(nir);
   lower_late(nir,
              &(struct npu_nir_launch){.wave_rows = opts->wave_rows,
                                       .one_row = opts->one_row,
                                       .width_log2 = opts->width_log2,
                                       .padded_width = opts->padded_width,
                                       .deep = opts->deep,
                                       .one_wave = opts->one_wave,
                                       .few_groups = opts->few_groups,
                                       .is_rest = opts->is_rest,
                                       .first_x_offset_B = npu_descs_end_B(images.descs_B,
                                                                           images.num_textures +
                                                                              images.num_images)});
   if (debug.flags & NPU_DEBUG_PRINT_NIR)
      nir_print_shader(nir, debug.out);

   struct npu_shader *shader = npu_isel(nir, mem_ctx, name, &message);
   struct npu_binary *bin = NULL;

   /* Memory forms leave the address arithmetic they replace without a use. */
   if (shader && !(debug.flags & NPU_DEBUG_NO_DCE))
      npu_opt_dce(shader);

   if (shader) {
      set_image_info(&shader->info, &images);
      bin = calloc(1, sizeof(*bin));
      if (!bin || !npu_compile_backend(shader, &debug, bin, &message)) {
         free(bin);
         bin = NULL;
      }
   }

   if (!bin)
      set_error(error, "%s: %s", name ? name : "kernel", message ? message : "out of memory");
   free(message);
   return bin;
}

struct npu_binary *
npu_compile(const nir_shader *nir, const struct npu_compile_options *opts, char **error)
{
   static const struct npu_compile_options defaults = {0};

   if (error)
      *error = NULL;
   if (!check_shader(nir, error))
      return NULL;

   void *mem_ctx = ralloc_context(NULL);
   nir_shader *clone = nir_shader_clone(mem_ctx, nir);
   struct npu_binary *bin = compile(clone, opts ? opts : &defaults, mem_ctx, error);

   ralloc_free(mem_ctx);
   return bin;
}
