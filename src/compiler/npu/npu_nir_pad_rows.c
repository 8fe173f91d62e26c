/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Work-groups whose rows are padded to a power of two.
 *
 * A wave is 32 consecutive work-items. In groups 24 wide, say, rows begin anywhere in a wave: no address is
 * known to be consecutive, every access is a gather. So the launch says that groups are 32 wide
 * (npu_compile_options.padded_width), and the kernel's code is for the lanes that are in the real group: all of
 * it goes into
 *
 *    if (id.x < real width) { ... }
 *
 * Barriers count waves, and each wave has a lane in the group, so they may well be in there.
 *
 * Sizes and the linear index are those of the real group; ids are the same in both (npu_nir_lower_local_id.c). What is
 * made of waves - sub-groups - is not what OpenCL says, so kernels that use them are not padded (npu_nir_uses_subgroups()).
 */

#include "npu_compile.h"
#include "npu_nir.h"

#include "compiler/nir/nir_builder.h"
#include "compiler/nir/nir_control_flow.h"

bool
npu_nir_pad_rows(nir_shader *nir, const struct npu_nir_launch *launch)
{
   if (!launch->padded_width)
      return false;
   nir_function_impl *impl = nir_shader_get_entrypoint(nir);
   nir_cf_list body;
   nir_cf_list_extract(&body, &impl->body);
   nir_builder b = nir_builder_at(nir_before_impl(impl));
   nir_def *x = nir_channel(&b, nir_load_local_invocation_id(&b), 0);
   nir_if *nif = nir_push_if(&b, nir_ult_imm(&b, x, launch->padded_width));
   nir_pop_if(&b, nif);
   nir_cf_reinsert(&body, nir_before_cf_list(&nif->then_list));
   nir_metadata_preserve(impl, nir_metadata_none);

   if (!nir->info.workgroup_size_variable)
      nir->info.workgroup_size[0] = 1u << launch->width_log2;
   return true;
}

bool
npu_nir_uses_subgroups(const nir_shader *nir)
{
   nir_foreach_function_impl(impl, (nir_shader *)nir) {
      nir_foreach_block(block, impl) {
         nir_foreach_instr(instr, block) {
            if (instr->type != nir_instr_type_intrinsic)
               continue;
            switch (nir_instr_as_intrinsic(instr)->intrinsic) {
            case nir_intrinsic_load_subgroup_id:
            case nir_intrinsic_load_subgroup_invocation:
            case nir_intrinsic_load_subgroup_size:
            case nir_intrinsic_load_num_subgroups:
            case nir_intrinsic_load_subgroup_eq_mask:
            case nir_intrinsic_load_subgroup_ge_mask:
            case nir_intrinsic_load_subgroup_gt_mask:
            case nir_intrinsic_load_subgroup_le_mask:
            case nir_intrinsic_load_subgroup_lt_mask:
            case nir_intrinsic_elect:
            case nir_intrinsic_first_invocation:
            case nir_intrinsic_last_invocation:
            case nir_intrinsic_vote_any:
            case nir_intrinsic_vote_all:
            case nir_intrinsic_vote_feq:
            case nir_intrinsic_vote_ieq:
            case nir_intrinsic_ballot:
            case nir_intrinsic_ballot_relaxed:
            case nir_intrinsic_inverse_ballot:
            case nir_intrinsic_ballot_bitfield_extract:
            case nir_intrinsic_ballot_bit_count_reduce:
            case nir_intrinsic_ballot_bit_count_inclusive:
            case nir_intrinsic_ballot_bit_count_exclusive:
            case nir_intrinsic_ballot_find_lsb:
            case nir_intrinsic_ballot_find_msb:
            case nir_intrinsic_read_invocation:
            case nir_intrinsic_read_first_invocation:
            case nir_intrinsic_shuffle:
            case nir_intrinsic_shuffle_xor:
            case nir_intrinsic_shuffle_up:
            case nir_intrinsic_shuffle_down:
            case nir_intrinsic_rotate:
            case nir_intrinsic_reduce:
            case nir_intrinsic_inclusive_scan:
            case nir_intrinsic_exclusive_scan:
               return true;
            default:
               break;
            }
         }
      }
   }
   return false;
}
