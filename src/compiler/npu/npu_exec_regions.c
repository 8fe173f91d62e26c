/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A forward walk that gives every value of exec a number ("region"):
 *
 *  - exec = mand(a, b) narrows: the new region is within that of a or b, where these are exec
 *    itself or a saved mask of known region (mandn(a, b): within a);
 *  - exec = mmov(saved), where saved = mmov exec was executed in region r, restores r;
 *  - anything else starts a region about which nothing is known.
 *
 * At a block's entry the predecessors that were walked must agree, else a new region starts. A loop
 * header continues its predecessor's region if the loop does not write exec; if the loop only
 * narrows exec, or restores what it saved inside, the header starts a region within it.
 *
 * A program has one region more than it has such places. O(program) plus a scan of every loop.
 */
#include "npu_exec_regions.h"

struct walk {
   struct npu_shader *shader;
   struct npu_exec_regions *regions;
   uint32_t *saved;              /* by value: region whose exec a mask is a copy of */
   uint32_t *exit;               /* by block: region at the end */
   struct npu_block **def_block; /* by value, for masks that are saved exec */
};

static uint32_t
new_region(struct walk *w, uint32_t parent)
{
   struct npu_exec_regions *r = w->regions;

   r->parent = reralloc(r, r->parent, uint32_t, r->count + 1);
   r->parent[r->count] = parent;
   return r->count++;
}

bool
npu_exec_region_within(const struct npu_exec_regions *regions, uint32_t inner, uint32_t outer)
{
   while (inner != outer && inner != NPU_NO_REGION)
      inner = regions->parent[inner];
   return inner == outer;
}

static uint32_t
region_of_mask(const struct walk *w, struct npu_ref ref, uint32_t now)
{
   if (ref.kind == NPU_REF_EXEC)
      return now;
   return npu_is_ssa(ref) ? w->saved[ref.value] : NPU_NO_REGION;
}

static uint32_t
after_write(struct walk *w, const struct npu_instr *instr, uint32_t now)
{
   uint32_t x, y;

   if (instr->masked)
      return new_region(w, NPU_NO_REGION);
   switch (instr->op) {
   case NPU_OP_MMOV:
      x = region_of_mask(w, instr->src[0], now);
      return x != NPU_NO_REGION ? x : new_region(w, NPU_NO_REGION);
   case NPU_OP_MAND:
      x = region_of_mask(w, instr->src[0], now);
      y = region_of_mask(w, instr->src[1], now);
      /* The inner one of two, if they are comparable. */
      if (x == NPU_NO_REGION || (y != NPU_NO_REGION && npu_exec_region_within(w->regions, y, x)))
         x = y;
      return new_region(w, x);
   case NPU_OP_MANDN:
      return new_region(w, region_of_mask(w, instr->src[0], now));
   default:
      return new_region(w, NPU_NO_REGION);
   }
}

/* ---- loops ---- */

static bool
is_inside(const struct walk *w, struct npu_ref ref, unsigned first, unsigned last)
{
   if (ref.kind == NPU_REF_EXEC)
      return true;
   if (!npu_is_ssa(ref) || !w->def_block[ref.value])
      return false;
   unsigned index = w->def_block[ref.value]->index;
   return index >= first && index <= last;
}

enum loop_kind {
   LOOP_KEEPS,   /* does not write exec */
   LOOP_NARROWS, /* exec at the back edge is within exec at the header */
   LOOP_UNKNOWN,
};

static enum loop_kind
classify_loop(const struct walk *w, const struct npu_block *header)
{
   unsigned first = header->index, last = header->index;
   enum loop_kind kind = LOOP_KEEPS;

   for (unsigned p = 0; p < npu_block_num_preds(header); ++p)
      last = MAX2(last, npu_block_pred(header, p)->index);
   for (const struct npu_block *block = header; block && block->index <= last;
        block = npu_next_block(w->shader, block))
   {
      npu_foreach_instr_in_block(block, instr) {
         if (!npu_instr_writes_exec(instr))
            continue;
         bool narrows = !instr->masked &&
                        ((instr->op == NPU_OP_MMOV && is_inside(w, instr->src[0], first, last)) ||
                         (instr->op == NPU_OP_MAND && (is_inside(w, instr->src[0], first, last) ||
                                                       is_inside(w, instr->src[1], first, last))) ||
                         (instr->op == NPU_OP_MANDN && is_inside(w, instr->src[0], first, last)));
         if (!narrows)
            return LOOP_UNKNOWN;
         kind = LOOP_NARROWS;
      }
   }
   return kind;
}

static uint32_t
entry_region(struct walk *w, const struct npu_block *block)
{
   uint32_t region = NPU_NO_REGION;
   bool agree = true;

   for (unsigned p = 0; p < npu_block_num_preds(block); ++p) {
      const struct npu_block *pred = npu_block_pred(block, p);
      if (pred->index >= block->index)
         continue;
      agree &= region == NPU_NO_REGION || region == w->exit[pred->index];
      region = w->exit[pred->index];
   }
   if (region == NPU_NO_REGION || !agree)
      return new_region(w, NPU_NO_REGION);
   if (!npu_block_is_loop_header(block))
      return region;

   switch (classify_loop(w, block)) {
   case LOOP_KEEPS:
      return region;
   case LOOP_NARROWS:
      return new_region(w, region);
   case LOOP_UNKNOWN:
      return new_region(w, NPU_NO_REGION);
   }
   unreachable("no such kind of loop");
}

static bool
saves_exec(const struct npu_instr *instr)
{
   return instr->op == NPU_OP_MMOV && npu_is_ssa(instr->dest[0]) && !instr->masked &&
          instr->src[0].kind == NPU_REF_EXEC;
}

struct npu_exec_regions *
npu_exec_regions_create(void *mem_ctx, struct npu_shader *shader)
{
   struct npu_exec_regions *regions = rzalloc(mem_ctx, struct npu_exec_regions);
   void *scratch = ralloc_context(NULL);
   struct walk w = {.shader = shader, .regions = regions};

   npu_index_blocks(shader);
   w.saved = ralloc_array(scratch, uint32_t, shader->num_values);
   memset(w.saved, 0xff, shader->num_values * sizeof(*w.saved));
   w.exit = ralloc_array(scratch, uint32_t, shader->num_blocks);
   w.def_block = rzalloc_array(scratch, struct npu_block *, shader->num_values);
   npu_foreach_instr(shader, instr) {
      if (saves_exec(instr))
         w.def_block[instr->dest[0].value] = instr->block;
   }

   npu_foreach_block(shader, block) {
      uint32_t now = entry_region(&w, block);

      npu_foreach_instr_in_block(block, instr) {
         instr->index = now;
         if (npu_instr_writes_exec(instr))
            now = after_write(&w, instr, now);
         else if (saves_exec(instr))
            w.saved[instr->dest[0].value] = now;
      }
      w.exit[block->index] = now;
   }
   ralloc_free(scratch);
   return regions;
}
