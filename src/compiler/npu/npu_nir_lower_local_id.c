/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Local ids as lane number plus uniform values.
 *
 * A wave is 32 work-items with consecutive linear indices, so the linear index is 32 * wave + lane.
 * If moreover every wave lies in one row of work-items - the group is one-dimensional, or its width
 * is a multiple of 32 -, then with first = 32 * wave
 *
 *    id.x = first % width + lane
 *    id.y = first / width % height
 *    id.z = first / (width * height)
 *
 * where all but `lane` is uniform: y and z drop out of the vector unit altogether, and addresses
 * that are linear in x become unit-stride accesses (npu_nir_lower_address.c). Whether that holds is
 * known when the program fixes the group size, or when the launch promises it (struct
 * npu_nir_launch); a kernel compiled for any group reads the ids from special registers.
 *
 * The sums carry no-wrap flags, which is what lets address analysis look through them: an id is
 * below 1024.
 */

#include "npu_compile.h"
#include "npu_nir.h"

static nir_def *
add_lane(nir_builder *b, nir_def *uniform)
{
   nir_def *sum = nir_iadd(b, uniform, nir_load_subgroup_invocation(b));
   nir_alu_instr *alu = nir_instr_as_alu(sum->parent_instr);
   alu->no_signed_wrap = true;
   alu->no_unsigned_wrap = true;
   return sum;
}

static nir_def *
first_index(nir_builder *b)
{
   return nir_imul_imm(b, nir_load_subgroup_id(b), NPU_SUBGROUP_SIZE);
}

static bool
lower(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   const bool *rows = data;
   nir_def *def;

   b->cursor = nir_before_instr(&intrin->instr);

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_local_invocation_index:
      def = add_lane(b, first_index(b));
      break;

   case nir_intrinsic_load_local_invocation_id: {
      if (!*rows)
         return false;

      nir_def *size, *first = first_index(b);
      if (b->shader->info.workgroup_size_variable) {
         size = nir_load_workgroup_size(b);
      } else {
         const uint16_t *fixed = b->shader->info.workgroup_size;
         size = nir_imm_ivec3(b, fixed[0], fixed[1], fixed[2]);
      }
      nir_def *width = nir_channel(b, size, 0), *height = nir_channel(b, size, 1);
      nir_def *row = nir_udiv(b, first, width);

      def = nir_vec3(b, add_lane(b, nir_umod(b, first, width)), nir_umod(b, row, height),
                     nir_udiv(b, row, height));
      break;
   }

   default:
      return false;
   }

   nir_def_replace(&intrin->def, def);
   return true;
}

bool
npu_nir_lower_local_id(nir_shader *nir, const struct npu_nir_launch *launch)
{
   bool rows = launch->wave_rows;

   if (!nir->info.workgroup_size_variable) {
      const uint16_t *size = nir->info.workgroup_size;
      rows = size[0] % NPU_SUBGROUP_SIZE == 0 || (size[1] == 1 && size[2] == 1);
   }

   return nir_shader_intrinsics_pass(nir, lower, nir_metadata_control_flow, &rows);
}
