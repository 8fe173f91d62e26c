/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Common subexpressions: a pure instruction whose result an earlier one has already computed is
 * replaced by that result.
 *
 * The earlier instruction must dominate the later one - and it must have computed the lanes that
 * the later one would compute. Results are defined in the lanes that were active then (npu_ir.h,
 * rule 4), so:
 *
 *  - mov, sel and operations between masks compute everything: no condition;
 *  - what depends on exec itself (npu_exec() as a source, comparisons, which write 0 in inactive
 *    lanes) needs the same mask;
 *  - everything else, scalar operations included, needs a mask that includes the later one.
 *
 * npu_exec_regions says what is known about masks.
 *
 * One walk over the blocks with a hash table; two instructions are the same if npu_instr_equal()
 * says so, which compares all operands and fields. Loads are not touched: NIR has done that with
 * knowledge about memory.
 */
#include "npu_exec_regions.h"
#include "npu_passes.h"

#include "util/hash_table.h"
#include "util/set.h"

struct cse {
   struct npu_shader *shader;
   struct npu_exec_regions *regions;
   unsigned *idom;        /* by block index */
   uint32_t *replacement; /* by value */
   struct set *table;
};

/* ---- dominance ---- */

/* Immediate dominators by Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm. Blocks stand
 * behind their dominators, so block numbers do for the postorder.
 */
static unsigned
intersect(const unsigned *idom, unsigned a, unsigned b)
{
   while (a != b) {
      if (a > b)
         a = idom[a];
      else
         b = idom[b];
   }
   return a;
}

static unsigned *
calc_idoms(void *mem_ctx, const struct npu_shader *shader)
{
   unsigned *idom = ralloc_array(mem_ctx, unsigned, shader->num_blocks);
   bool changed = true;

   memset(idom, 0xff, shader->num_blocks * sizeof(*idom));
   idom[0] = 0;
   while (changed) {
      changed = false;
      npu_foreach_block(shader, block) {
         unsigned best = UINT32_MAX;
         npu_foreach_pred(block, pred) {
            if (idom[(*pred)->index] != UINT32_MAX)
               best = best == UINT32_MAX ? (*pred)->index : intersect(idom, best, (*pred)->index);
         }
         if (block->index > 0 && best != idom[block->index]) {
            idom[block->index] = best;
            changed = true;
         }
      }
   }
   return idom;
}

static bool
dominates(const struct cse *cse, const struct npu_block *a, const struct npu_block *b)
{
   unsigned at = b->index;

   while (at > a->index && cse->idom[at] != UINT32_MAX)
      at = cse->idom[at];
   return at == a->index;
}

/* ---- instructions ---- */

static bool
can_share(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   bool special = info->is_special && instr->sr_or_code != NPU_SR_CLOCK;

   if ((!info->pure && !special) || instr->masked || instr->num_dests == 0)
      return false;
   npu_foreach_dest(instr, d) {
      if (!npu_is_ssa(instr->dest[d]))
         return false;
   }
   npu_foreach_src(instr, s) {
      if (instr->src[s].kind == NPU_REF_UNDEF)
         return false;
   }
   return true;
}

static bool
reads_exec_operand(const struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      if (instr->src[s].kind == NPU_REF_EXEC)
         return true;
   }
   return false;
}

/* Has `earlier` computed all lanes that `later` would? */
static bool
lanes_suffice(const struct cse *cse, const struct npu_instr *earlier, const struct npu_instr *later)
{
   bool compare = npu_ir_op_info(later->op)->compare && later->dest[0].file == NPU_FILE_M;

   if (compare || reads_exec_operand(later))
      return earlier->index == later->index;
   if (later->dest[0].file != NPU_FILE_S && !npu_instr_reads_exec(later))
      return true;
   return npu_exec_region_within(cse->regions, later->index, earlier->index);
}

static uint32_t
hash_key(const void *key)
{
   return npu_instr_hash(key);
}

static bool
keys_equal(const void *a, const void *b)
{
   return npu_instr_equal(a, b);
}

static void
rewrite_sources(const struct cse *cse, struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      if (npu_is_ssa(instr->src[s]))
         instr->src[s].value = cse->replacement[instr->src[s].value];
   }
}

static bool
visit(struct cse *cse, struct npu_instr *instr)
{
   if (!can_share(instr))
      return false;

   struct set_entry *entry = _mesa_set_search(cse->table, instr);
   if (entry) {
      const struct npu_instr *earlier = entry->key;
      bool dominated = dominates(cse, earlier->block, instr->block);

      if (dominated && lanes_suffice(cse, earlier, instr)) {
         npu_foreach_dest(instr, d)
            cse->replacement[instr->dest[d].value] = earlier->dest[d].value;
         npu_instr_remove(instr);
         return true;
      }
      /* What stands here serves what follows better than something from another branch or a
       * narrower mask; where it is the narrower one, the code behind it will be glad of the other.
       * */
      if (dominated && npu_exec_region_within(cse->regions, instr->index, earlier->index))
         return false;
      _mesa_set_remove(cse->table, entry);
   }
   _mesa_set_add(cse->table, instr);
   return false;
}

bool
npu_opt_cse(struct npu_shader *shader)
{
   void *mem_ctx = ralloc_context(NULL);
   struct cse cse = {.shader = shader};
   bool progress = false;

   cse.regions = npu_exec_regions_create(mem_ctx, shader);
   cse.idom = calc_idoms(mem_ctx, shader);
   cse.replacement = ralloc_array(mem_ctx, uint32_t, shader->num_values);
   cse.table = _mesa_set_create(mem_ctx, hash_key, keys_equal);
   for (unsigned v = 0; v < shader->num_values; ++v)
      cse.replacement[v] = v;

   npu_foreach_instr_safe(shader, instr) {
      rewrite_sources(&cse, instr);
      progress |= visit(&cse, instr);
   }
   /* Phis of loops read values that were replaced behind them. */
   npu_foreach_block(shader, block) {
      npu_foreach_phi(block, phi)
         rewrite_sources(&cse, phi);
   }
   ralloc_free(mem_ctx);
   return progress;
}
