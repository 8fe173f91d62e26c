/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Walks over loops for the passes that take something out of them: npu_nir_opt_loop_loads() and
 * npu_nir_opt_loop_values() say what.
 */

#include "npu_nir.h"

bool
npu_nir_hoist(struct exec_list *list, bool (*hoist_from)(nir_loop *loop))
{
   bool progress = false;

   foreach_list_typed(nir_cf_node, node, node, list) {
      if (node->type == nir_cf_node_if) {
         nir_if *nif = nir_cf_node_as_if(node);
         progress |= npu_nir_hoist(&nif->then_list, hoist_from);
         progress |= npu_nir_hoist(&nif->else_list, hoist_from);
      } else if (node->type == nir_cf_node_loop) {
         nir_loop *loop = nir_cf_node_as_loop(node);
         progress |= npu_nir_hoist(&loop->body, hoist_from);
         progress |= hoist_from(loop);
      }
   }
   return progress;
}

bool
npu_nir_src_is_before(nir_src *src, void *block)
{
   return src->ssa->parent_instr->block->index <= ((const nir_block *)block)->index;
}
