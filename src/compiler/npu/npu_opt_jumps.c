/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Tidies the CFG behind register allocation, when the blocks made for copies that never came are
 * empty and there are no phis that tell edges apart:
 *
 *  1. an edge to a block that does nothing but go on goes on itself;
 *  2. a conditional branch around a jump is inverted and takes the jump's way;
 *  3. a block that cannot be reached goes;
 *  4. a jump to the next block goes.
 *
 * Each rule removes an edge, a block or an instruction, so repeating them ends.
 */
#include "npu_passes.h"

#include "npu_build.h"

static void
remove_pred(struct npu_block *block, const struct npu_block *pred)
{
   unsigned i = npu_block_pred_index(block, pred), count = npu_block_num_preds(block);

   for (; i + 1 < count; ++i) {
      *util_dynarray_element(&block->preds, struct npu_block *, i) = npu_block_pred(block, i + 1);
   }
   (void)util_dynarray_pop(&block->preds, struct npu_block *);
}

/* The block does nothing but go to succs[0]. */
static bool
is_empty(const struct npu_block *block)
{
   if (!block->succs[0] || block->succs[1] || block->succs[0] == block)
      return false;
   npu_foreach_instr_in_block(block, instr) {
      if (instr->op != NPU_OP_JMP)
         return false;
   }
   return true;
}

/* block -> succs[which] becomes block -> to, which must not be a successor yet. */
static void
redirect(struct npu_shader *shader, struct npu_block *block, unsigned which, struct npu_block *to)
{
   struct npu_instr *branch = npu_block_branch(block), *jmp = npu_block_jmp(block);

   remove_pred(block->succs[which], block);
   block->succs[which] = to;
   util_dynarray_append(&to->preds, struct npu_block *, block);

   if (which == 1) {
      branch->target = to;
   } else if (jmp) {
      jmp->target = to;
   } else if (to != npu_next_block(shader, block)) {
      struct npu_builder b = npu_builder_at(shader, npu_after_block(block));
      npu_build(&b, NPU_OP_JMP, NULL, 0, NULL, 0)->target = to;
   }
}

/* The conditional branch goes where control goes anyway. */
static void
drop_branch(struct npu_block *block)
{
   npu_instr_remove(npu_block_branch(block));
   remove_pred(block->succs[1], block);
   block->succs[1] = NULL;
}

static bool
skip_empty_blocks(struct npu_shader *shader, struct npu_block *block)
{
   bool progress = false;

   for (unsigned which = 0; which < 2; ++which) {
      struct npu_block *succ = block->succs[which];
      if (!succ || succ == block || !is_empty(succ))
         continue;

      struct npu_block *to = succ->succs[0];
      if (to == block->succs[1 - which]) {
         /* Both ways lead there: no decision is left. */
         if (which == 1) {
            drop_branch(block);
         } else {
            drop_branch(block);
            redirect(shader, block, 0, to);
         }
         progress = true;
         break;
      }
      /* Falling through an empty block costs nothing; jumping instead may. */
      if (which == 0 && !npu_block_jmp(block) && !npu_block_jmp(succ))
         continue;
      redirect(shader, block, which, to);
      progress = true;
   }
   return progress;
}

/* br c, X; jmp Y; X: ...   becomes   br !c, Y; X: ... */
static bool
invert_over_jump(struct npu_shader *shader, struct npu_block *block)
{
   if (!block->succs[1] || !npu_block_jmp(block) ||
       block->succs[1] != npu_next_block(shader, block))
      return false;
   npu_invert_branch(block);
   return true;
}

static bool
remove_unreachable(struct npu_shader *shader, struct npu_block *block)
{
   if (block == npu_first_block(shader) || npu_block_num_preds(block) > 0)
      return false;
   npu_foreach_succ(block, succ)
      remove_pred(succ, block);
   list_del(&block->link);
   return true;
}

static bool
remove_jump_to_next(struct npu_shader *shader, struct npu_block *block)
{
   struct npu_instr *jmp = npu_block_jmp(block);

   if (!jmp || jmp->target != npu_next_block(shader, block))
      return false;
   npu_instr_remove(jmp);
   return true;
}

bool
npu_opt_jumps(struct npu_shader *shader)
{
   bool progress = false, again = true;

   assert(!shader->is_ssa && "phis would tell edges apart");
   while (again) {
      again = false;
      npu_foreach_block_safe(shader, block) {
         if (remove_unreachable(shader, block)) {
            again = true;
            continue;
         }
         again |= skip_empty_blocks(shader, block);
         again |= invert_over_jump(shader, block);
         again |= remove_jump_to_next(shader, block);
      }
      progress |= again;
   }
   npu_index_blocks(shader);
   return progress;
}
