/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * OpenCL C -> SPIR-V -> NIR through Mesa's compiler libraries, in the steps of Mesa's OpenCL
 * frontend: translate, inline with the built-in library (libclc), lower printf, assign arguments,
 * make hidden arguments of what a launch knows, lower memory to explicit addresses, optimise.
 * Differences: no images and samplers.
 */

#include "npu_cl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clc.h"
#include "nir_clc_helpers.h"
#include "compiler/nir/nir_builder.h"
#include "compiler/spirv/nir_spirv.h"
#include "compiler/spirv/spirv_info.h"
#include "util/disk_cache.h"
#include "util/hex.h"
#include "util/mesa-sha1.h"
#include "util/ralloc.h"
#include "util/u_printf.h"

#include "npu_compile.h"

#define PRINTF_BUFFER_B (1024 * 1024)

struct npu_cl_program {
   struct clc_binary spirv;
   struct clc_parsed_spirv info;
   nir_shader *libclc;
};

/* ---- messages ---- */

static void
append_log(char **log, const char *text)
{
   char *both;

   if (asprintf(&both, "%s%s", *log ? *log : "", text) < 0)
      return;
   free(*log);
   *log = both;
}

static void
on_message(void *log, const char *text)
{
   append_log(log, text);
}

static void
on_spirv_message(void *log, enum nir_spirv_debug_level level, size_t offset, const char *text)
{
   if (level >= NIR_SPIRV_DEBUG_LEVEL_ERROR) {
      append_log(log, text);
      append_log(log, "\n");
   }
}

/* ---- programs ---- */

static const struct spirv_capabilities capabilities = {
   .Addresses = true,
   .BitInstructions = true,
   .DotProduct = true,
   .DotProductInput4x8Bit = true,
   .DotProductInput4x8BitPacked = true,
   .Float16 = true,
   .Float16Buffer = true,
   .Float64 = true,
   .GenericPointer = true,
   .Groups = true,
   .GroupNonUniform = true,
   .GroupNonUniformArithmetic = true,
   .GroupNonUniformBallot = true,
   .GroupNonUniformClustered = true,
   .GroupNonUniformRotateKHR = true,
   .GroupNonUniformShuffle = true,
   .GroupNonUniformShuffleRelative = true,
   .GroupNonUniformVote = true,
   .Int8 = true,
   .Int16 = true,
   .Int64 = true,
   .Int64Atomics = true,
   .AtomicFloat32AddEXT = true,
   .AtomicFloat32MinMaxEXT = true,
   .AtomicFloat64AddEXT = true,
   .AtomicFloat64MinMaxEXT = true,
   .Kernel = true,
   .Linkage = true,
   .Pipes = true,
   .ShaderClockKHR = true,
   .Vector16 = true,
};

static struct spirv_to_nir_options
spirv_options(const nir_shader *libclc, char **log)
{
   return (struct spirv_to_nir_options){
      .environment = NIR_SPIRV_OPENCL,
      .clc_shader = libclc,
      .float_controls_execution_mode = FLOAT_CONTROLS_DENORM_PRESERVE_FP16 |
                                       FLOAT_CONTROLS_DENORM_PRESERVE_FP32 |
                                       FLOAT_CONTROLS_DENORM_PRESERVE_FP64 |
                                       FLOAT_CONTROLS_SIGNED_ZERO_INF_NAN_PRESERVE_FP16 |
                                       FLOAT_CONTROLS_SIGNED_ZERO_INF_NAN_PRESERVE_FP32 |
                                       FLOAT_CONTROLS_SIGNED_ZERO_INF_NAN_PRESERVE_FP64,
      .printf = true,
      .capabilities = &capabilities,
      .max_subgroups = NPU_MAX_THREADS / NPU_SUBGROUP_SIZE,
      .constant_addr_format = nir_address_format_64bit_global,
      .global_addr_format = nir_address_format_62bit_generic,
      .shared_addr_format = nir_address_format_62bit_generic,
      .temp_addr_format = nir_address_format_62bit_generic,
      .skip_os_break_in_debug_build = true,
      .debug = {.func = log ? on_spirv_message : NULL, .private_data = log},
   };
}

/* The built-in library takes a second to translate: Mesa's disk cache keeps the result of this build
 * of the tool. */
static nir_shader *
load_libclc(void)
{
   struct spirv_to_nir_options options = spirv_options(NULL, NULL);
   struct disk_cache *cache = NULL;
   struct mesa_sha1 sha1;
   uint8_t digest[SHA1_DIGEST_LENGTH];
   char id[2 * SHA1_DIGEST_LENGTH + 1];

   _mesa_sha1_init(&sha1);
   if (disk_cache_get_function_identifier(load_libclc, &sha1)) {
      _mesa_sha1_final(&sha1, digest);
      mesa_bytes_to_hex(id, digest, sizeof(digest));
      cache = disk_cache_create("npu-tools", id, 0);
   }

   npu_libclc_register();
   nir_shader *libclc = nir_load_libclc_shader(64, cache, &options, npu_nir_options(), true);

   if (cache)
      disk_cache_destroy(cache);
   return libclc;
}

/* The options the frontend adds: the version of OpenCL and, if the program asks for none, of the
 * language. The array is malloc()ed, the strings are not. */
static const char **
complete_options(const char *const *options, unsigned num_options, unsigned *num_complete)
{
   const char **complete = malloc((num_options + 2) * sizeof(*complete));
   unsigned num = 0;
   bool has_std = false;

   if (!complete)
      return NULL;
   for (unsigned i = 0; i < num_options; i++) {
      has_std |= !strncmp(options[i], "-cl-std=", 8);
      complete[num++] = options[i];
   }
   if (!has_std)
      complete[num++] = "-cl-std=CL1.2";
   complete[num++] = "-D__OPENCL_VERSION__=300";
   *num_complete = num;
   return complete;
}

static bool
compile_source(struct npu_cl_program *program, const char *source, const char *name,
               const char *const *options, unsigned num_options, const struct clc_logger *logger)
{
   /* Those of the frontend. */
   static const char *const extensions[] = {
      "SPV_EXT_shader_atomic_float_add",
      "SPV_EXT_shader_atomic_float_min_max",
      "SPV_KHR_bit_instructions",
      "SPV_KHR_expect_assume",
      "SPV_KHR_float_controls",
      "SPV_KHR_integer_dot_product",
      "SPV_KHR_no_integer_wrap_decoration",
      "SPV_KHR_shader_clock",
      "SPV_KHR_subgroup_rotate",
      NULL,
   };
   const struct clc_compile_args args = {
      .source = {.name = name, .value = source},
      .args = options,
      .num_args = num_options,
      .features = {.fp16 = true,
                   .fp64 = true,
                   .int64 = true,
                   .atomic_orders_device_scope = true,
                   .atomic_scope_all_devices = true,
                   .atomic_float = true,
                   .atomic_int64 = true,
                   .extended_bit_ops = true,
                   .generic_address_space = true,
                   .pipes = true,
                   .program_scope_variables = true,
                   .integer_dot_product = true,
                   .kernel_clock = true,
                   .work_group_collectives = true,
                   .subgroups = true,
                   .subgroups_ballot = true,
                   .subgroups_clustered_reduce = true,
                   .subgroups_extended_types = true,
                   .subgroups_non_uniform_arithmetic = true,
                   .subgroups_non_uniform_vote = true,
                   .subgroups_rotate = true,
                   .subgroups_shuffle = true,
                   .subgroups_shuffle_relative = true},
      .allowed_spirv_extensions = extensions,
      .address_bits = 64,
   };
   struct clc_binary object = {0};

   if (!clc_compile_c_to_spirv(&args, logger, &object, NULL))
      return false;

   const struct clc_binary *objects[] = {&object};
   const struct clc_linker_args link = {.in_objs = objects, .num_in_objs = 1};
   bool linked = clc_link_spirv(&link, logger, &program->spirv) &&
                 clc_parse_spirv(&program->spirv, logger, &program->info);

   clc_free_spirv(&object);
   return linked;
}

struct npu_cl_program *
npu_cl_program_create(const char *source, const char *name, const char *const *options,
                      unsigned num_options, char **log)
{
   const struct clc_logger logger = {.priv = log, .error = on_message, .warning = on_message};
   struct npu_cl_program *program = calloc(1, sizeof(*program));

   *log = NULL;
   if (!program)
      return NULL;

   glsl_type_singleton_init_or_ref();
   const char **complete = complete_options(options, num_options, &num_options);
   bool compiled = complete &&
                   compile_source(program, source, name, complete, num_options, &logger);

   free(complete);
   if (!compiled) {
      npu_cl_program_destroy(program);
      return NULL;
   }

   program->libclc = load_libclc();
   if (!program->libclc) {
      append_log(log, "the OpenCL built-in library (libclc) was not found\n");
      npu_cl_program_destroy(program);
      return NULL;
   }
   return program;
}

void
npu_cl_program_destroy(struct npu_cl_program *program)
{
   ralloc_free(program->libclc);
   clc_free_parsed_spirv(&program->info);
   clc_free_spirv(&program->spirv);
   glsl_type_singleton_decref();
   free(program);
}

unsigned
npu_cl_program_num_kernels(const struct npu_cl_program *program)
{
   return program->info.num_kernels;
}

const char *
npu_cl_program_kernel_name(const struct npu_cl_program *program, unsigned i)
{
   return program->info.kernels[i].name;
}

const void *
npu_cl_program_spirv(const struct npu_cl_program *program, size_t *size_B)
{
   *size_B = program->spirv.size;
   return program->spirv.data;
}

/* ---- passes of the frontend ---- */

static void
optimize(nir_shader *nir, bool explicit_types)
{
   bool progress;

   do {
      progress = false;
      NIR_PASS(progress, nir, nir_copy_prop);
      NIR_PASS(progress, nir, nir_opt_copy_prop_vars);
      NIR_PASS(progress, nir, nir_opt_dead_write_vars);
      NIR_PASS(_, nir, nir_lower_alu_to_scalar, NULL, NULL);
      NIR_PASS(_, nir, nir_lower_phis_to_scalar, false);
      NIR_PASS(progress, nir, nir_opt_deref);
      if (explicit_types)
         NIR_PASS(progress, nir, nir_opt_memcpy);
      NIR_PASS(progress, nir, nir_opt_dce);
      NIR_PASS(progress, nir, nir_opt_undef);
      NIR_PASS(progress, nir, nir_opt_constant_folding);
      NIR_PASS(progress, nir, nir_opt_cse);
      NIR_PASS(_, nir, nir_split_var_copies);
      NIR_PASS(progress, nir, nir_lower_var_copies);
      NIR_PASS(progress, nir, nir_lower_vars_to_ssa);
      NIR_PASS(_, nir, nir_lower_alu);
      NIR_PASS(progress, nir, nir_opt_phi_precision);
      NIR_PASS(progress, nir, nir_opt_algebraic);
      NIR_PASS(progress, nir, nir_opt_if, nir_opt_if_optimize_phi_true_false);
      NIR_PASS(progress, nir, nir_opt_dead_cf);
      NIR_PASS(progress, nir, nir_opt_remove_phis);
      NIR_PASS(progress, nir, nir_opt_peephole_select, 8, true, true);
      NIR_PASS(progress, nir, nir_lower_vec3_to_vec4, nir_var_mem_generic | nir_var_uniform);
      NIR_PASS(progress, nir, nir_opt_loop_unroll);
   } while (progress);
}

/* Functions inlined, variables of the program's own initialised. */
static void
link_functions(nir_shader *nir, const nir_shader *libclc)
{
   bool progress;

   nir->info.float_controls_execution_mode |= FLOAT_CONTROLS_DENORM_PRESERVE_FP16 |
                                              FLOAT_CONTROLS_ROUNDING_MODE_RTE_FP16 |
                                              FLOAT_CONTROLS_ROUNDING_MODE_RTE_FP32 |
                                              FLOAT_CONTROLS_ROUNDING_MODE_RTE_FP64;
   if (nir->info.workgroup_size[0] == 0)
      nir->info.workgroup_size_variable = true;

   NIR_PASS(_, nir, nir_scale_fdiv);
   NIR_PASS(_, nir, nir_lower_goto_ifs);
   NIR_PASS(_, nir, nir_opt_dead_cf);
   NIR_PASS(_, nir, nir_lower_variable_initializers, nir_var_function_temp);
   do {
      progress = false;
      NIR_PASS(_, nir, nir_split_var_copies);
      NIR_PASS(progress, nir, nir_copy_prop);
      NIR_PASS(progress, nir, nir_opt_copy_prop_vars);
      NIR_PASS(progress, nir, nir_opt_dead_write_vars);
      NIR_PASS(progress, nir, nir_opt_deref);
      NIR_PASS(progress, nir, nir_opt_dce);
      NIR_PASS(progress, nir, nir_opt_undef);
      NIR_PASS(progress, nir, nir_opt_constant_folding);
      NIR_PASS(progress, nir, nir_opt_cse);
      NIR_PASS(progress, nir, nir_lower_vars_to_ssa);
      NIR_PASS(progress, nir, nir_opt_algebraic);
   } while (progress);

   NIR_PASS(_, nir, nir_lower_returns);
   NIR_PASS(_, nir, nir_link_shader_functions, libclc);
   NIR_PASS(_, nir, nir_inline_functions);
   nir_cleanup_functions(nir);
   nir_sweep(nir);

   const nir_lower_printf_options printf_options = {
      .max_buffer_size = PRINTF_BUFFER_B,
      .string_modes = nir_var_mem_generic,
   };
   NIR_PASS(_, nir, nir_lower_printf, &printf_options);
   optimize(nir, false);
}

/* ---- hidden arguments ---- */

static nir_variable *
add_hidden(struct npu_cl_kernel *kernel, enum npu_cl_arg_kind kind, const struct glsl_type *type,
           const char *name)
{
   unsigned location = kernel->num_args++;
   nir_variable *var = nir_variable_create(kernel->nir, nir_var_uniform, type, name);

   kernel->args = reralloc(kernel, kernel->args, struct npu_cl_arg, kernel->num_args);
   kernel->args[location] = (struct npu_cl_arg){.kind = kind, .dead = true};
   var->data.location = location;
   return var;
}

static nir_def *
lower_hidden(nir_builder *b, nir_instr *instr, void *data)
{
   struct npu_cl_kernel *kernel = data;
   nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
   enum npu_cl_arg_kind kind;

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_base_global_invocation_id:
      kind = NPU_CL_ARG_GLOBAL_OFFSET;
      break;
   case nir_intrinsic_load_base_workgroup_id:
      kind = NPU_CL_ARG_GROUP_OFFSET;
      break;
   case nir_intrinsic_load_global_size:
      kind = NPU_CL_ARG_GLOBAL_SIZE;
      break;
   case nir_intrinsic_load_num_workgroups:
      kind = NPU_CL_ARG_NUM_GROUPS;
      break;
   case nir_intrinsic_load_constant_base_ptr:
      kind = NPU_CL_ARG_CONSTANTS;
      break;
   case nir_intrinsic_load_global_base_ptr:
      kind = NPU_CL_ARG_GLOBALS;
      break;
   case nir_intrinsic_load_printf_buffer_address:
      kind = NPU_CL_ARG_PRINTF;
      break;
   case nir_intrinsic_load_work_dim:
      kind = NPU_CL_ARG_WORK_DIM;
      break;
   default:
      return NULL;
   }

   for (unsigned i = kernel->num_own_args; i < kernel->num_args; i++) {
      if (kernel->args[i].kind == kind) {
         nir_variable *var = nir_find_variable_with_location(b->shader, nir_var_uniform, i);
         return nir_u2uN(b, nir_load_var(b, var), intrin->def.bit_size);
      }
   }
   return NULL;
}

static bool
is_intrinsic(const nir_instr *instr, const void *data)
{
   return instr->type == nir_instr_type_intrinsic;
}

static bool
reads(const nir_shader *nir, gl_system_value value)
{
   return BITSET_TEST(nir->info.system_values_read, value);
}

static void
add_hidden_args(struct npu_cl_kernel *kernel)
{
   nir_shader *nir = kernel->nir;
   const struct glsl_type *u64 = glsl_uint64_t_type();
   const struct glsl_type *u64x3 = glsl_vector_type(GLSL_TYPE_UINT64, 3);

   if (reads(nir, SYSTEM_VALUE_BASE_GLOBAL_INVOCATION_ID))
      add_hidden(kernel, NPU_CL_ARG_GLOBAL_OFFSET, u64x3, "base_global_invocation_id");
   if (reads(nir, SYSTEM_VALUE_GLOBAL_GROUP_SIZE))
      add_hidden(kernel, NPU_CL_ARG_GLOBAL_SIZE, u64x3, "global_size");
   if (reads(nir, SYSTEM_VALUE_BASE_WORKGROUP_ID))
      add_hidden(kernel, NPU_CL_ARG_GROUP_OFFSET, u64x3, "base_workgroup_id");
   if (reads(nir, SYSTEM_VALUE_NUM_WORKGROUPS))
      add_hidden(kernel, NPU_CL_ARG_NUM_GROUPS, glsl_vector_type(GLSL_TYPE_UINT, 3),
                 "num_workgroups");
   if (nir->constant_data_size > 0)
      add_hidden(kernel, NPU_CL_ARG_CONSTANTS, u64, "constant_buffer_addr");
   if (nir->global_mem_size > 0)
      add_hidden(kernel, NPU_CL_ARG_GLOBALS, u64, "global_variables_addr");
   if (nir->printf_info_count > 0)
      add_hidden(kernel, NPU_CL_ARG_PRINTF, u64, "printf_buffer_addr");
   if (reads(nir, SYSTEM_VALUE_WORK_DIM))
      add_hidden(kernel, NPU_CL_ARG_WORK_DIM, glsl_uint8_t_type(), "work_dim");
}

/* ---- kernels ---- */

static void
add_own_args(struct npu_cl_kernel *kernel, const struct clc_kernel_info *info)
{
   kernel->num_args = kernel->num_own_args = info->num_args;
   kernel->args = rzalloc_array(kernel, struct npu_cl_arg, info->num_args);
   for (unsigned i = 0; i < info->num_args; i++) {
      enum npu_cl_arg_kind kind = NPU_CL_ARG_VALUE;

      switch (info->args[i].address_qualifier) {
      case CLC_KERNEL_ARG_ADDRESS_PRIVATE:
         break;
      case CLC_KERNEL_ARG_ADDRESS_CONSTANT:
      case CLC_KERNEL_ARG_ADDRESS_GLOBAL:
         kind = NPU_CL_ARG_GLOBAL;
         break;
      case CLC_KERNEL_ARG_ADDRESS_LOCAL:
         kind = NPU_CL_ARG_LOCAL;
         break;
      }
      kernel->args[i] = (struct npu_cl_arg){.kind = kind, .dead = true};
   }
}

static void
place_args(struct npu_cl_kernel *kernel)
{
   nir_foreach_variable_with_modes(var, kernel->nir, nir_var_uniform) {
      struct npu_cl_arg *arg = &kernel->args[var->data.location];

      arg->dead = false;
      arg->offset_B = var->data.driver_location;
      arg->size_B = glsl_get_cl_size(var->type);
   }
   kernel->args_size_B = kernel->nir->num_uniforms;
}

static void
lower_kernel(struct npu_cl_kernel *kernel, bool offsets)
{
   nir_shader *nir = kernel->nir;
   const nir_variable_mode memory = nir_var_mem_shared | nir_var_function_temp |
                                    nir_var_mem_generic;

   NIR_PASS(_, nir, nir_remove_dead_variables,
            nir_var_uniform | nir_var_mem_constant | nir_var_mem_shared | nir_var_function_temp,
            NULL);
   NIR_PASS(_, nir, nir_lower_vars_to_explicit_types, nir_var_mem_constant,
            glsl_get_cl_type_size_align);
   if (nir->constant_data_size > 0) {
      nir->constant_data = rzalloc_size(nir, nir->constant_data_size);
      nir_gather_explicit_io_initializers(nir, nir->constant_data, nir->constant_data_size,
                                          nir_var_mem_constant);
   }
   NIR_PASS(_, nir, nir_lower_system_values);
   nir_shader_gather_info(nir, nir_shader_get_entrypoint(nir));

   const nir_lower_compute_system_values_options sysvals = {
      .has_global_size = true,
      .has_base_global_invocation_id = offsets,
      .has_base_workgroup_id = offsets,
   };
   NIR_PASS(_, nir, nir_lower_compute_system_values, &sysvals);
   nir_shader_gather_info(nir, nir_shader_get_entrypoint(nir));
   add_hidden_args(kernel);

   NIR_PASS(_, nir, nir_lower_vars_to_explicit_types,
            memory | nir_var_shader_temp | nir_var_uniform | nir_var_mem_global,
            glsl_get_cl_type_size_align);
   optimize(nir, true);
   NIR_PASS(_, nir, nir_lower_memcpy);

   /* Variables that optimisation removed need no room. */
   nir->scratch_size = 0;
   nir->info.shared_size = 0;
   NIR_PASS(_, nir, nir_remove_dead_variables, nir_var_function_temp | nir_var_mem_shared, NULL);
   NIR_PASS(_, nir, nir_lower_vars_to_explicit_types, memory, glsl_get_cl_type_size_align);

   NIR_PASS(_, nir, nir_lower_explicit_io, nir_var_mem_generic, nir_address_format_62bit_generic);
   NIR_PASS(_, nir, nir_lower_explicit_io, nir_var_mem_constant, nir_address_format_64bit_global);
   NIR_PASS(_, nir, nir_shader_lower_instructions, is_intrinsic, lower_hidden, kernel);
   NIR_PASS(_, nir, nir_lower_explicit_io, nir_var_uniform,
            nir_address_format_32bit_offset_as_64bit);
   NIR_PASS(_, nir, nir_lower_convert_alu_types, NULL);
   optimize(nir, true);
   place_args(kernel);
}

struct npu_cl_kernel *
npu_cl_kernel_create(struct npu_cl_program *program, const char *name, bool offsets, void *mem_ctx,
                     char **log)
{
   const struct clc_kernel_info *info = NULL;

   *log = NULL;
   for (unsigned i = 0; i < program->info.num_kernels; i++) {
      if (!strcmp(program->info.kernels[i].name, name))
         info = &program->info.kernels[i];
   }
   if (!info) {
      append_log(log, "there is no such kernel\n");
      return NULL;
   }

   /* Nobody runs these kernels with program scope variables, so their contents are of no interest. */
   struct spirv_global_data global_data = {0};
   struct spirv_to_nir_options options = spirv_options(program->libclc, log);
   options.global_data = &global_data;
   nir_shader *nir = spirv_to_nir(program->spirv.data, program->spirv.size / 4, NULL, 0,
                                  MESA_SHADER_KERNEL, name, &options, npu_nir_options());
   spirv_global_data_finish(&global_data);
   if (!nir)
      return NULL;

   struct npu_cl_kernel *kernel = rzalloc(mem_ctx, struct npu_cl_kernel);
   kernel->nir = nir;
   ralloc_steal(kernel, nir);
   add_own_args(kernel, info);
   link_functions(nir, program->libclc);
   lower_kernel(kernel, offsets);
   return kernel;
}
