/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * How far away the next use of a value is: what Belady's rule, and so the spiller, decides by.
 *
 * Backward dataflow like liveness, with minimum instead of union and a length on every edge; the
 * edge out of a loop is long, so that values which are merely live through a loop are the first to
 * go. Only values that are live across a block boundary take part, and distances only fall: it ends
 * after as many rounds as loops are nested, plus two.
 */
#include "npu_spill.h"

static bool
tracked(const struct npu_next_uses *uses, struct npu_ref ref)
{
   return npu_is_ssa(ref) && ref.file == uses->file;
}

static uint32_t
add_distance(uint32_t a, uint32_t b)
{
   return a == NPU_SPILL_NEVER || b == NPU_SPILL_NEVER ? NPU_SPILL_NEVER
                                                       : MIN2((uint64_t)a + b, NPU_SPILL_NEVER - 1);
}

static uint32_t
edge_length(const struct npu_block *from, const struct npu_block *to)
{
   return to->loop_depth < from->loop_depth
             ? NPU_SPILL_LOOP_EXIT * (from->loop_depth - to->loop_depth)
             : 0;
}

static void
number_globals(struct npu_next_uses *uses)
{
   const struct npu_shader *shader = uses->shader;

   for (unsigned v = 0; v < shader->num_values; ++v)
      uses->global[v] = -1;
   npu_foreach_block(shader, block) {
      unsigned v;
      BITSET_FOREACH_SET(v, block->live_out, shader->num_values)
      {
         if (shader->values[v].file == uses->file && uses->global[v] < 0)
            uses->global[v] = uses->num_globals++;
      }
   }
}

/* Distances from the block's end into uses->next; for all values of live_out. */
static void
start_at_end(struct npu_next_uses *uses, const struct npu_block *block, uint32_t length)
{
   unsigned v;

   BITSET_FOREACH_SET(v, block->live_out, uses->num_values)
   {
      if (uses->global[v] < 0)
         continue;
      uint32_t best = NPU_SPILL_NEVER;
      npu_foreach_succ(block, succ) {
         uint32_t in = uses->in[succ->index * uses->num_globals + uses->global[v]];
         best = MIN2(best, add_distance(in, edge_length(block, succ)));
      }
      uses->next[v] = add_distance(best, length);
   }
   npu_foreach_succ(block, succ) {
      unsigned p = npu_block_pred_index(succ, block);
      npu_foreach_phi(succ, phi) {
         if (tracked(uses, phi->src[p]))
            uses->next[phi->src[p].value] = length;
      }
   }
}

static unsigned
block_length(const struct npu_block *block)
{
   return list_length(&block->instrs);
}

/* One round for a block; true if a distance fell. */
static bool
update_block(struct npu_next_uses *uses, const struct npu_block *block)
{
   unsigned at = block_length(block);
   bool changed = false;

   start_at_end(uses, block, at);
   npu_foreach_instr_in_block_rev(block, instr) {
      --at;
      npu_foreach_dest(instr, d) {
         if (tracked(uses, instr->dest[d]))
            uses->next[instr->dest[d].value] = NPU_SPILL_NEVER;
      }
      if (instr->op == NPU_OP_PHI)
         continue;
      npu_foreach_src(instr, s) {
         if (tracked(uses, instr->src[s]))
            uses->next[instr->src[s].value] = at;
      }
   }

   unsigned v;
   BITSET_FOREACH_SET(v, block->live_in, uses->num_values)
   {
      if (uses->global[v] < 0)
         continue;
      uint32_t *in = &uses->in[block->index * uses->num_globals + uses->global[v]];
      changed |= uses->next[v] != *in;
      *in = uses->next[v];
   }
   return changed;
}

struct npu_next_uses *
npu_next_uses_create(void *mem_ctx, const struct npu_shader *shader, enum npu_file file)
{
   struct npu_next_uses *uses = rzalloc(mem_ctx, struct npu_next_uses);
   bool changed = true;

   uses->shader = shader;
   uses->file = file;
   uses->num_values = shader->num_values;
   uses->global = ralloc_array(uses, int, shader->num_values);
   uses->next = ralloc_array(uses, uint32_t, shader->num_values);
   number_globals(uses);

   size_t count = (size_t)shader->num_blocks * uses->num_globals;
   uses->in = ralloc_array(uses, uint32_t, count);
   memset(uses->in, 0xff, count * sizeof(uint32_t));
   memset(uses->next, 0xff, shader->num_values * sizeof(uint32_t));
   while (changed) {
      changed = false;
      npu_foreach_block_rev(shader, block)
         changed |= update_block(uses, block);
   }
   return uses;
}

void
npu_next_uses_of_block(struct npu_next_uses *uses, const struct npu_block *block,
                       struct util_dynarray *out)
{
   unsigned at = block_length(block), total = 0;

   npu_foreach_instr_in_block(block, instr)
      total += instr->num_srcs + instr->num_dests;
   util_dynarray_clear(out);
   uint32_t *end = util_dynarray_grow(out, uint32_t, total);
   end += total;

   memset(uses->next, 0xff, uses->num_values * sizeof(uint32_t));
   start_at_end(uses, block, at);
   npu_foreach_instr_in_block_rev(block, instr) {
      --at;
      end -= instr->num_dests;
      npu_foreach_dest(instr, d) {
         end[d] = NPU_SPILL_NEVER;
         if (tracked(uses, instr->dest[d])) {
            end[d] = uses->next[instr->dest[d].value];
            if (instr->op != NPU_OP_PHI)
               uses->next[instr->dest[d].value] = NPU_SPILL_NEVER;
         }
      }
      end -= instr->num_srcs;
      npu_foreach_src(instr, s)
         end[s] = tracked(uses, instr->src[s]) ? uses->next[instr->src[s].value] : NPU_SPILL_NEVER;
      if (instr->op == NPU_OP_PHI)
         continue;
      npu_foreach_src(instr, s) {
         if (tracked(uses, instr->src[s]))
            uses->next[instr->src[s].value] = at;
      }
   }
}
