/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Arguments and system values.
 *
 * Rusticl hands over kernel arguments, and most of what OpenCL C can ask about a launch, as bytes
 * of constant buffer 0, which the hardware makes available at the address in the special register
 * ARGS. So after this pass a kernel has only load_ubo of block 0 (32-bit byte offset), the 32-bit
 * system values that are special registers: workgroup_id, num_workgroups, workgroup_size, work_dim,
 * local_invocation_id/index, subgroup_id, num_subgroups, subgroup_invocation. Users of the compiler
 * without Rusticl's hidden arguments (npu-compile, tests) get what those would have said for a
 * launch without offset: base ids are zero, the global size is groups times group size.
 */

#include "npu_nir.h"

static nir_def *
global_size(nir_builder *b, unsigned bit_size)
{
   return nir_imul(b, nir_u2uN(b, nir_load_num_workgroups(b), bit_size),
                   nir_u2uN(b, nir_load_workgroup_size(b), bit_size));
}

/* The 32-bit twin of a system value asked for with 64 bits. */
static nir_def *
narrow_sysval(nir_builder *b, nir_intrinsic_instr *intrin)
{
   if (intrin->def.bit_size != 64)
      return NULL;

   nir_intrinsic_instr *twin = nir_intrinsic_instr_create(b->shader, intrin->intrinsic);
   nir_def_init(&twin->instr, &twin->def, intrin->def.num_components, 32);
   nir_builder_instr_insert(b, &twin->instr);
   return nir_u2u64(b, &twin->def);
}

static nir_def *
lower_kernel_input(nir_builder *b, nir_intrinsic_instr *intrin)
{
   unsigned base = nir_intrinsic_base(intrin);
   unsigned range = nir_intrinsic_range(intrin);

   return nir_load_ubo(b, intrin->def.num_components, intrin->def.bit_size, nir_imm_int(b, 0),
                       nir_iadd_imm(b, nir_u2u32(b, intrin->src[0].ssa), base),
                       .align_mul = nir_intrinsic_align_mul(intrin),
                       .align_offset = nir_intrinsic_align_offset(intrin), .range_base = base,
                       .range = range ? range : ~0u);
}

static bool
lower(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   nir_def *def = NULL;
   b->cursor = nir_before_instr(&intrin->instr);

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_kernel_input:
      def = lower_kernel_input(b, intrin);
      break;

   case nir_intrinsic_load_workgroup_size:
      if (!b->shader->info.workgroup_size_variable) {
         const uint16_t *size = b->shader->info.workgroup_size;
         def = nir_u2uN(b, nir_imm_ivec3(b, size[0], size[1], size[2]), intrin->def.bit_size);
      } else {
         def = narrow_sysval(b, intrin);
      }
      break;

   case nir_intrinsic_load_local_invocation_id:
   case nir_intrinsic_load_local_invocation_index:
   case nir_intrinsic_load_workgroup_id:
   case nir_intrinsic_load_num_workgroups:
   case nir_intrinsic_load_num_subgroups:
   case nir_intrinsic_load_subgroup_id:
   case nir_intrinsic_load_subgroup_invocation:
   case nir_intrinsic_load_work_dim:
      def = narrow_sysval(b, intrin);
      break;

   case nir_intrinsic_load_base_workgroup_id:
   case nir_intrinsic_load_base_global_invocation_id:
      def = nir_imm_zero(b, intrin->def.num_components, intrin->def.bit_size);
      break;

   case nir_intrinsic_load_global_size:
      def = global_size(b, intrin->def.bit_size);
      break;

   case nir_intrinsic_load_global_invocation_id: {
      unsigned bits = intrin->def.bit_size;
      nir_def *first = nir_imul(b, nir_u2uN(b, nir_load_workgroup_id(b), bits),
                                nir_u2uN(b, nir_load_workgroup_size(b), bits));
      def = nir_iadd(b, first, nir_u2uN(b, nir_load_local_invocation_id(b), bits));
      break;
   }

   default:
      return false;
   }

   if (!def)
      return false;

   nir_def_replace(&intrin->def, def);
   return true;
}

bool
npu_nir_lower_abi(nir_shader *nir)
{
   return nir_shader_intrinsics_pass(nir, lower, nir_metadata_control_flow, NULL);
}
