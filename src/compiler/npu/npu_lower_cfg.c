/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Brings the CFG into the form register allocation wants:
 *
 *  1. No critical edges. Copies that implement phis (and that make the predecessors of a block
 *     agree on where values are) stand at the end of a predecessor, which is right only if that
 *     block has no other successor. An edge from a block with two successors to one with several
 *     predecessors gets a block of its own, directly behind its source: control falls into it, so a
 *     conditional branch along the edge is inverted. npu_opt_jumps removes those that stayed empty.
 *  2. No phi in a block with a single predecessor: it becomes a copy.
 */
#include "npu_passes.h"

#include "npu_build.h"

/* A block on the edge block -> block->succs[which], directly behind block. */
static struct npu_block *
split_edge(struct npu_shader *shader, struct npu_block *block, unsigned which)
{
   struct npu_block *succ = block->succs[which];
   struct npu_block *edge = npu_block_create(shader);

   edge->loop_depth = MIN2(block->loop_depth, succ->loop_depth);
   npu_block_replace_pred(succ, block, edge);
   edge->succs[0] = succ;
   util_dynarray_append(&edge->preds, struct npu_block *, block);
   block->succs[which] = edge;

   if (which == 1) {
      npu_invert_branch(block);
   } else {
      /* Control falls into the new block, whether it jumped or fell before. */
      struct npu_instr *jmp = npu_block_jmp(block);
      if (jmp)
         npu_instr_remove(jmp);
   }
   npu_block_insert_after(shader, block, edge);

   struct npu_instr *jmp = npu_instr_create(shader, NPU_OP_JMP, 0, 0);
   struct npu_cursor cursor = npu_after_block(edge);
   jmp->target = succ;
   npu_insert(&cursor, jmp);
   return edge;
}

static bool
split_critical_edges(struct npu_shader *shader)
{
   bool progress = false;

   npu_foreach_block_safe(shader, block) {
      if (!block->succs[0] || !block->succs[1])
         continue;
      /* Both ways to one block: its phis could not tell the edges apart. */
      for (unsigned which = 0; which < 2; ++which) {
         if (npu_block_num_preds(block->succs[which]) > 1) {
            split_edge(shader, block, which);
            progress = true;
            /* Splitting way 1 exchanges the two; way 0 has been dealt with then. */
         }
      }
   }
   return progress;
}

static bool
lower_single_phis(struct npu_shader *shader)
{
   bool progress = false;

   npu_foreach_block(shader, block) {
      if (npu_block_num_preds(block) != 1)
         continue;
      npu_foreach_phi(block, phi) {
         phi->op = NPU_OP_PARALLEL_COPY;
         progress = true;
      }
   }
   return progress;
}

bool
npu_lower_cfg(struct npu_shader *shader)
{
   bool progress = split_critical_edges(shader);

   npu_index_blocks(shader);
   progress |= lower_single_phis(shader);
   return progress;
}
