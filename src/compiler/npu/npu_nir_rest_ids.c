/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Ids of the rest of a launch that the driver has divided in two.
 *
 * Rows of work-items that no good number divides are cut: into groups of 256, say, and what is left at their ends, which
 * becomes a launch of its own with one shorter group in each row (npu_shape.c in the driver). That is for kernels that
 * look at global ids only, so it is enough if those are right: in the second launch
 *
 *    group id.x = 0
 *    local id.x = first x of the rest + local id.x
 *
 * where the first x is the launch's, 32 bits behind the image descriptors of the arguments. Sums have no-wrap
 * flags, as ids of launches that are divided have 31 bits.
 */

#include "npu_nir.h"

static nir_def *
local_x(nir_builder *b, nir_def *x, unsigned first_x_offset_B)
{
   nir_def *first = nir_load_ubo(b, 1, 32, nir_imm_int(b, 0), nir_imm_int(b, first_x_offset_B),
                                 .align_mul = 4, .range_base = first_x_offset_B, .range = 4);
   nir_def *sum = nir_iadd(b, first, x);
   nir_instr_as_alu(sum->parent_instr)->no_unsigned_wrap = true;
   nir_instr_as_alu(sum->parent_instr)->no_signed_wrap = true;
   return sum;
}

static bool
rest_ids(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   const struct npu_nir_launch *launch = data;
   nir_def *x;

   b->cursor = nir_after_instr(&intrin->instr);
   switch (intrin->intrinsic) {
   case nir_intrinsic_load_workgroup_id:
      x = nir_imm_int(b, 0);
      break;
   case nir_intrinsic_load_local_invocation_id:
      x = local_x(b, nir_channel(b, &intrin->def, 0), launch->first_x_offset_B);
      break;
   default:
      return false;
   }
   nir_def *ids = nir_vec3(b, x, nir_channel(b, &intrin->def, 1), nir_channel(b, &intrin->def, 2));
   nir_def_rewrite_uses_after(&intrin->def, ids, ids->parent_instr);
   return true;
}

bool
npu_nir_rest_ids(nir_shader *nir, const struct npu_nir_launch *launch)
{
   return launch->is_rest &&
          nir_shader_intrinsics_pass(nir, rest_ids, nir_metadata_control_flow, (void *)launch);
}
