/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Liveness of SSA values and the exact register demand.
 *
 * The CFG is the linear one: a vector value is live wherever the program counter can be while some
 * lane still needs it, whether or not that lane is active. That is what makes it safe to leave
 * inactive lanes of results undefined.
 *
 * Phis: a source is live out of its predecessor and not live in its own block because of the phi;
 * the destination is defined at the block's entry, before the first instruction, and so not live in
 * either.
 *
 * Backward dataflow over a worklist until nothing changes: O(loop nesting * size of the program)
 * for structured control flow. Bit sets cost blocks * values / 4 bytes.
 */
#include "npu_passes.h"

#include "util/u_worklist.h"

static void
make_live(BITSET_WORD *live, struct npu_ref ref)
{
   if (npu_is_ssa(ref))
      BITSET_SET(live, ref.value);
}

/* Turns `live` from the set after the instruction into the set before it; sets kill flags. */
static void
step_backward(BITSET_WORD *live, struct npu_instr *instr)
{
   npu_foreach_dest(instr, d) {
      if (npu_is_ssa(instr->dest[d])) {
         instr->dest[d].kill = !BITSET_TEST(live, instr->dest[d].value);
         BITSET_CLEAR(live, instr->dest[d].value);
      }
   }
   if (instr->op == NPU_OP_PHI) {
      npu_foreach_src(instr, s)
         instr->src[s].kill = false;
      return;
   }

   npu_foreach_src(instr, s) {
      struct npu_ref *src = &instr->src[s];
      src->kill = npu_is_ssa(*src) && !BITSET_TEST(live, src->value);
   }
   npu_foreach_src(instr, s)
      make_live(live, instr->src[s]);
}

void
npu_liveness_of_block(struct npu_block *block, BITSET_WORD *live)
{
   npu_foreach_instr_in_block_rev(block, instr)
      step_backward(live, instr);
}

/* Adds live_in of a successor and the sources of its phis to live_out; true if that grew. */
static bool
propagate(struct npu_block *block, struct npu_block *succ, unsigned words)
{
   bool grew = false;
   unsigned pred_index = npu_block_pred_index(succ, block);

   for (unsigned w = 0; w < words; ++w) {
      BITSET_WORD merged = block->live_out[w] | succ->live_in[w];
      grew |= merged != block->live_out[w];
      block->live_out[w] = merged;
   }
   npu_foreach_phi(succ, phi) {
      struct npu_ref src = phi->src[pred_index];
      if (npu_is_ssa(src) && !BITSET_TEST(block->live_out, src.value)) {
         BITSET_SET(block->live_out, src.value);
         grew = true;
      }
   }
   return grew;
}

void
npu_compute_liveness(struct npu_shader *shader)
{
   unsigned words = BITSET_WORDS(shader->num_values);
   u_worklist worklist;

   npu_index_blocks(shader);
   u_worklist_init(&worklist, shader->num_blocks, NULL);
   npu_foreach_block(shader, block) {
      ralloc_free(block->live_in);
      ralloc_free(block->live_out);
      block->live_in = rzalloc_array(block, BITSET_WORD, words);
      block->live_out = rzalloc_array(block, BITSET_WORD, words);
      u_worklist_push_head(&worklist, block, index);
   }

   while (!u_worklist_is_empty(&worklist)) {
      struct npu_block *block = u_worklist_pop_head(&worklist, struct npu_block, index);

      memcpy(block->live_in, block->live_out, words * sizeof(BITSET_WORD));
      npu_liveness_of_block(block, block->live_in);

      npu_foreach_pred(block, pred) {
         if (propagate(*pred, block, words))
            u_worklist_push_tail(&worklist, *pred, index);
      }
   }
   u_worklist_fini(&worklist);
}

/* ---- demand ---- */

struct demand {
   const struct npu_shader *shader;
   unsigned now[NPU_NUM_FILES];
   unsigned *max;
};

static void
account(struct demand *d, const BITSET_WORD *live)
{
   memset(d->now, 0, sizeof(d->now));
   unsigned i;
   BITSET_FOREACH_SET(i, live, d->shader->num_values)
   {
      const struct npu_value *value = &d->shader->values[i];
      d->now[value->file] += npu_value_regs(value);
   }
}

static void
raise_max(struct demand *d)
{
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      d->max[f] = MAX2(d->max[f], d->now[f]);
}

static void
define(struct demand *d, const struct npu_instr *instr)
{
   npu_foreach_dest(instr, i) {
      if (npu_is_ssa(instr->dest[i]))
         d->now[instr->dest[i].file] += npu_ref_regs(instr->dest[i]);
   }
}

static void
release_unused(struct demand *d, const struct npu_instr *instr)
{
   npu_foreach_dest(instr, i) {
      if (npu_is_ssa(instr->dest[i]) && instr->dest[i].kill)
         d->now[instr->dest[i].file] -= npu_ref_regs(instr->dest[i]);
   }
}

static void
release_killed(struct demand *d, const struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      bool counted = !instr->src[s].kill;
      for (unsigned earlier = 0; earlier < s && !counted; ++earlier)
         counted = npu_is_ssa(instr->src[earlier]) &&
                   instr->src[earlier].value == instr->src[s].value;
      if (!counted)
         d->now[instr->src[s].file] -= npu_ref_regs(instr->src[s]);
   }
}

static void
demand_of_block(struct demand *d, const struct npu_block *block)
{
   account(d, block->live_in);

   /* Phis are all written together at the entry. */
   npu_foreach_phi(block, phi)
      define(d, phi);
   raise_max(d);
   npu_foreach_phi(block, phi)
      release_unused(d, phi);

   npu_foreach_instr_in_block(block, instr) {
      if (instr->op == NPU_OP_PHI)
         continue;
      /* Destinations may take the registers of killed sources. */
      release_killed(d, instr);
      define(d, instr);
      raise_max(d);
      release_unused(d, instr);
   }
}

void
npu_calc_block_demand(const struct npu_shader *shader, const struct npu_block *block,
                      unsigned demand[NPU_NUM_FILES])
{
   struct demand d = {.shader = shader, .max = demand};

   memset(demand, 0, NPU_NUM_FILES * sizeof(demand[0]));
   demand_of_block(&d, block);
}

void
npu_calc_demand(const struct npu_shader *shader, unsigned demand[NPU_NUM_FILES])
{
   struct demand d = {.shader = shader, .max = demand};

   memset(demand, 0, NPU_NUM_FILES * sizeof(demand[0]));
   npu_foreach_block(shader, block)
      demand_of_block(&d, block);
}
