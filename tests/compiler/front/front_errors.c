/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the compiler cannot compile ends in a message, and the next compilation works. TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/nir/nir_builder.h"
#include "util/ralloc.h"

#include "npu_compile.h"

static unsigned num_tests, num_failed;

static void
result(bool good, const char *what)
{
   printf("%sok %u - %s\n", good ? "" : "not ", ++num_tests, what);
   num_failed += !good;
}

static nir_builder
kernel(gl_shader_stage stage)
{
   nir_builder b = nir_builder_init_simple_shader(stage, npu_nir_options(), "test");

   b.shader->info.workgroup_size_variable = true;
   return b;
}

/* A value that differs between lanes, and an address made of it. */
static nir_def *
varying(nir_builder *b)
{
   return nir_channel(b, nir_load_local_invocation_id(b), 0);
}

static nir_def *
somewhere(nir_builder *b)
{
   return nir_iadd(b,
                   nir_load_ubo(b, 1, 64, nir_imm_int(b, 0), nir_imm_int(b, 0), .align_mul = 8,
                                .range = ~0u),
                   nir_u2u64(b, varying(b)));
}

/* ---- shaders that cannot be compiled ---- */

static void
no_kernel(nir_builder *b)
{
}

static void
image_samples(nir_builder *b)
{
   /* Inside of loops and branches: giving up half-way must leave nothing behind. */
   nir_push_loop(b);
   nir_push_if(b, nir_ilt_imm(b, varying(b), 3));
   nir_def *zero = nir_imm_int(b, 0);
   nir_def *old = nir_image_samples(b, 32, zero, .image_dim = GLSL_SAMPLER_DIM_MS);
   nir_store_global(b, somewhere(b), 4, old, 1);
   nir_jump(b, nir_jump_break);
   nir_pop_if(b, NULL);
   nir_pop_loop(b, NULL);
}

static void
gather(nir_builder *b)
{
   nir_tex_instr *tex = nir_tex_instr_create(b->shader, 1);

   tex->op = nir_texop_tg4;
   tex->sampler_dim = GLSL_SAMPLER_DIM_2D;
   tex->dest_type = nir_type_int32;
   tex->src[0] = nir_tex_src_for_ssa(nir_tex_src_coord, nir_imm_vec2(b, 0, 0));
   tex->coord_components = 2;
   nir_def_init(&tex->instr, &tex->def, 4, 32);
   nir_builder_instr_insert(b, &tex->instr);
   nir_store_global(b, somewhere(b), 4, nir_channel(b, &tex->def, 0), 1);
}

static void
narrow_atomic(nir_builder *b)
{
   nir_global_atomic(b, 16, somewhere(b), nir_imm_intN_t(b, 1, 16),
                     .atomic_op = nir_atomic_op_iadd);
}

static void
unknown_atomic(nir_builder *b)
{
   nir_global_atomic(b, 32, somewhere(b), nir_imm_int(b, 1), .atomic_op = nir_atomic_op_inc_wrap);
}

static void
second_buffer(nir_builder *b)
{
   nir_def *value = nir_load_ubo(b, 1, 32, nir_imm_int(b, 1), nir_imm_int(b, 0), .align_mul = 4,
                                 .range = ~0u);
   nir_store_global(b, somewhere(b), 4, value, 1);
}

static void
foreign_operation(nir_builder *b)
{
   nir_def *value = nir_fsin_agx(b, nir_u2f32(b, varying(b)));

   nir_store_global(b, somewhere(b), 4, value, 1);
}

static void
foreign_intrinsic(nir_builder *b)
{
   nir_store_global(b, somewhere(b), 4, nir_load_vertex_id(b), 1);
}

static const struct {
   const char *what;
   gl_shader_stage stage;
   void (*build)(nir_builder *b);
   const char *message;
} cases[] = {
   {"a vertex shader", MESA_SHADER_VERTEX, no_kernel, "not a compute kernel"},
   {"samples of an image", MESA_SHADER_KERNEL, image_samples,
    "test: intrinsic image_samples is not supported"},
   {"a texture gather", MESA_SHADER_KERNEL, gather, "test: texture operation 10 is not supported"},
   {"a 16-bit atomic", MESA_SHADER_KERNEL, narrow_atomic,
    "test: this atomic operation on 16 bits is not supported"},
   {"an unknown atomic", MESA_SHADER_KERNEL, unknown_atomic,
    "test: this atomic operation on 32 bits is not supported"},
   {"a second constant buffer", MESA_SHADER_KERNEL, second_buffer,
    "test: constant buffer other than 0"},
   {"another driver's operation", MESA_SHADER_KERNEL, foreign_operation,
    "test: operation fsin_agx on 32-bit values is not supported"},
   {"another stage's intrinsic", MESA_SHADER_COMPUTE, foreign_intrinsic,
    "test: intrinsic load_vertex_id is not supported"},
};

/* ---- checks ---- */

static bool
fails_with(const nir_shader *nir, const char *message)
{
   const struct npu_compile_options options = {.name = "test"};
   char *error = NULL;
   struct npu_binary *bin = npu_compile(nir, &options, &error);
   bool good = !bin && error && !strcmp(error, message);

   if (!good)
      printf("# %s, expected: %s\n", bin ? "compiled" : error, message);
   npu_binary_destroy(bin);
   free(error);

   /* Without anybody to tell. */
   bin = npu_compile(nir, &options, NULL);
   good &= !bin;
   npu_binary_destroy(bin);
   return good;
}

static bool
good_one_compiles(void)
{
   nir_builder b = kernel(MESA_SHADER_KERNEL);

   nir_store_global(&b, somewhere(&b), 4, varying(&b), 1);

   char *error = NULL;
   struct npu_binary *bin = npu_compile(b.shader, NULL, &error);
   bool good = bin && !error && bin->info.args_size_B == 8;

   if (error)
      printf("# %s\n", error);
   npu_binary_destroy(bin);
   free(error);
   ralloc_free(b.shader);
   return good;
}

static bool
needs_inlining(void)
{
   nir_builder b = kernel(MESA_SHADER_KERNEL);
   nir_function *helper = nir_function_create(b.shader, "helper");

   nir_function_impl_create(helper);
   bool good = fails_with(b.shader, "kernel must be one entry point with all functions inlined");
   ralloc_free(b.shader);
   return good;
}

int
main(void)
{
   setvbuf(stdout, NULL, _IOLBF, 0);
   glsl_type_singleton_init_or_ref();
   printf("1..%u\n", (unsigned)ARRAY_SIZE(cases) + 2);

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      nir_builder b = kernel(cases[i].stage);

      cases[i].build(&b);
      result(fails_with(b.shader, cases[i].message) && good_one_compiles(), cases[i].what);
      ralloc_free(b.shader);
   }
   result(needs_inlining(), "a function that is not inlined");
   result(good_one_compiles(), "a good kernel");

   glsl_type_singleton_decref();
   return num_failed != 0;
}
