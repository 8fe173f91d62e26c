/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Sub-group operations. A sub-group is a wave of 32 lanes; the machine has shuffle with any index,
 * readlane, readfirst, reductions and scans over the active lanes for 32- and 64-bit integers and
 * all floats, elect, and moves between masks and scalars (ballot). This pass brings everything else
 * down to these:
 *  - vectors component by component, relative shuffles and rotations to shuffle;
 *  - votes on equality and boolean reductions to ballots;
 *  - 8- and 16-bit integer reductions to 32 bits;
 *  - clustered reductions to shuffles.
 */

#include "npu_compile.h"
#include "npu_nir.h"

static bool
is_clustered(const nir_instr *instr, const void *data)
{
   if (instr->type != nir_instr_type_intrinsic)
      return false;

   const nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
   return intrin->intrinsic == nir_intrinsic_reduce && nir_intrinsic_cluster_size(intrin) != 0 &&
          nir_intrinsic_cluster_size(intrin) < NPU_SUBGROUP_SIZE;
}

static unsigned
wider_reduction(const nir_instr *instr, void *data)
{
   if (instr->type != nir_instr_type_intrinsic)
      return 0;

   const nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
   switch (intrin->intrinsic) {
   case nir_intrinsic_reduce:
   case nir_intrinsic_inclusive_scan:
   case nir_intrinsic_exclusive_scan: {
      nir_alu_type type = nir_op_infos[nir_intrinsic_reduction_op(intrin)].input_types[0];
      bool small_int = nir_alu_type_get_base_type(type) != nir_type_float &&
                       (intrin->def.bit_size == 8 || intrin->def.bit_size == 16);
      return small_int ? 32 : 0;
   }
   default:
      return 0;
   }
}

bool
npu_nir_lower_subgroups(nir_shader *nir)
{
   const nir_lower_subgroups_options base = {
      .subgroup_size = NPU_SUBGROUP_SIZE,
      .ballot_bit_size = 32,
      .ballot_components = 1,
      .lower_to_scalar = true,
      .lower_vote_eq = true,
      .lower_vote_bool_eq = true,
      .lower_first_invocation_to_ballot = true,
      .lower_subgroup_masks = true,
      .lower_relative_shuffle = true,
      .lower_rotate_to_shuffle = true,
      .lower_rotate_clustered_to_shuffle = true,
      .lower_quad = true,
      .lower_quad_vote = true,
      .lower_quad_broadcast_dynamic = true,
      .lower_boolean_reduce = true,
      .lower_boolean_shuffle = true,
   };
   nir_lower_subgroups_options clustered = base;
   clustered.filter = is_clustered;
   clustered.lower_reduce = true;

   bool progress = false;
   progress |= nir_lower_subgroups(nir, &clustered);
   progress |= nir_lower_subgroups(nir, &base);
   progress |= nir_lower_bit_size(nir, wider_reduction, NULL);
   return progress;
}
