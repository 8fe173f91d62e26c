/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Loads of memory that a loop does not write move in front of it, when their address is the same in every
 * iteration: `i < ends[row]` reads `ends[row]` once.
 *
 * NIR moves only loads that may be reordered with everything. Here a look at the loop says as much: no
 * store or atomic to memory that may be the same (global, local and private memory are apart), no barrier,
 * and an access that is neither volatile nor coherent. Nothing is loaded that would not have been: the block
 * has to dominate the loop's exit, and so is executed if the loop is entered.
 *
 * What it misses: stores in the loop that are known to be elsewhere (restrict).
 */

#include "npu_nir.h"

static nir_variable_mode
memory_of(const nir_intrinsic_instr *intrin)
{
   switch (intrin->intrinsic) {
   case nir_intrinsic_load_global:
   case nir_intrinsic_load_global_constant:
      return nir_var_mem_global;
   case nir_intrinsic_load_shared:
      return nir_var_mem_shared;
   case nir_intrinsic_load_scratch:
      return nir_var_function_temp;
   default:
      return 0;
   }
}

/* What an instruction may write, or make others' writes visible of. */
static nir_variable_mode
written_by(const nir_intrinsic_instr *intrin)
{
   if (memory_of(intrin))
      return 0;

   switch (intrin->intrinsic) {
   case nir_intrinsic_store_shared:
   case nir_intrinsic_shared_atomic:
   case nir_intrinsic_shared_atomic_swap:
      return nir_var_mem_shared;
   case nir_intrinsic_store_scratch:
      return nir_var_function_temp;
   default:
      return nir_intrinsic_infos[intrin->intrinsic].flags & NIR_INTRINSIC_CAN_ELIMINATE
                ? 0
                : nir_var_all;
   }
}

static nir_variable_mode
written_in(nir_loop *loop)
{
   nir_variable_mode modes = 0;

   nir_foreach_block_in_cf_node(block, &loop->cf_node)
   {
      nir_foreach_instr(instr, block) {
         if (instr->type == nir_instr_type_intrinsic)
            modes |= written_by(nir_instr_as_intrinsic(instr));
         else if (instr->type == nir_instr_type_call)
            modes |= nir_var_all;
      }
   }
   return modes;
}

static bool
hoist_from(nir_loop *loop)
{
   nir_block *preheader = nir_cf_node_as_block(nir_cf_node_prev(&loop->cf_node));
   nir_block *exit = nir_cf_node_as_block(nir_cf_node_next(&loop->cf_node));
   nir_variable_mode written = written_in(loop);
   bool progress = false;

   nir_foreach_block_in_cf_node_safe(block, &loop->cf_node)
   {
      if (!exit->predecessors->entries || !nir_block_dominates(block, exit))
         continue;
      nir_foreach_instr_safe(instr, block) {
         if (instr->type != nir_instr_type_intrinsic)
            continue;
         nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
         nir_variable_mode mode = memory_of(intrin);
         if (!mode || (mode & written) ||
             !nir_foreach_src(instr, npu_nir_src_is_before, preheader) ||
             (nir_intrinsic_has_access(intrin) &&
              nir_intrinsic_access(intrin) & (ACCESS_VOLATILE | ACCESS_COHERENT)))
            continue;
         nir_instr_remove(instr);
         nir_instr_insert_after_block(preheader, instr);
         progress = true;
      }
   }
   return progress;
}

bool
npu_nir_opt_loop_loads(nir_shader *nir)
{
   nir_function_impl *impl = nir_shader_get_entrypoint(nir);

   nir_metadata_require(impl, nir_metadata_block_index | nir_metadata_dominance);
   bool progress = npu_nir_hoist(&impl->body, hoist_from);
   nir_metadata_preserve(impl, progress ? nir_metadata_control_flow : nir_metadata_all);
   return progress;
}
