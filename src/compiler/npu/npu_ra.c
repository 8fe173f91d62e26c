/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Register allocation on SSA form.
 *
 * Promise: if npu_calc_demand() is at most the limit of each file (and one less than the limit in
 * V, see below), allocation succeeds. It never spills, that is npu_spill()'s work.
 *
 * Form. Before: SSA, no critical edges, no phi in a block with one predecessor (npu_lower_cfg),
 * tied sources killed (npu_lower_tied), liveness computed. After: every operand is a register, phis
 * are gone, parallel_copy instructions move values between blocks and around instructions; collect,
 * split and parallel_copy are still there, with registers as operands, and
 * npu_lower_parallel_copy() makes moves of them.
 *
 * Algorithm. SSA interference graphs are chordal: walking the blocks in an order in which
 * definitions come before uses, and giving each value a free register where it is defined, needs no
 * more registers than the demand (Hack, Grund, Goos: Register allocation for programs in SSA form,
 * 2006). Vectors and aligned pairs break that: enough registers may be free, but not side by side.
 * Then values that are live move (a live range is split by a parallel copy before the instruction):
 *
 *   npu_ra_evict()   clears the cheapest window for the value, if those it held find other places;
 *   npu_ra_repack()  lays out the whole file: live pairs first, then one region that values dying
 *                    at this instruction and its destinations share - pairs first in it - then live
 *                    singles. All pairs come in even sizes, so nothing is lost to alignment, and
 *                    the whole has live + max(dying, written) registers: the demand at this place.
 *                    That is the proof.
 *
 * At a block with one predecessor values are where that left them. At another block they are where
 * the first allocated predecessor left them, phis get the register of their source there if they
 * can, and all predecessors - those of back edges when they are done - end with a parallel copy
 * that agrees.
 *
 * Choice of registers: values of one phi web want the same register; components want to be where
 * the vector they are collected into (or split from) has them; otherwise the lowest that fits,
 * which keeps the count of registers small.
 *
 * Invariants: file->owner[] holds exactly the values live at the cursor; ra->reg[] of a live value
 * is its first register; a value never sits in the registers of two files.
 *
 * Copies in V move all lanes (mov computes every lane, npu_ir.h rule 4) and a cycle of them needs
 * one free register: the demand in V stays one below the limit, and each copy carries the number of
 * a register free at that place in `imm`. In S and M cycles are broken by exclusive-or.
 *
 * Complexity: O(instructions * file size) without splits, each split O(file size^2) at worst.
 */
#include "npu_ra.h"

#include "util/hash_table.h"

struct affinity {
   uint32_t vector; /* value this one is a component of, or NPU_RA_NONE */
   uint8_t comp;
   uint32_t web;     /* union-find parent of the phi web */
   unsigned web_reg; /* at the root: register last given to a member */
};

/* Where values are at the end of a block, or expected at its entry. */
struct location {
   uint32_t value;
   unsigned reg;
};

struct block_state {
   bool entered, left;
   struct util_dynarray entry; /* struct location */
   struct util_dynarray exit;
};

struct context {
   struct npu_ra ra;
   struct npu_shader *shader;
   struct npu_ra_record *record;
   struct affinity *affinity;
   struct block_state *blocks; /* by block index */
   unsigned *exit_reg;         /* scratch: value -> register at the end of one predecessor */
};

/* ---- affinities ---- */

static uint32_t
web_root(struct context *ctx, uint32_t value)
{
   while (ctx->affinity[value].web != value) {
      ctx->affinity[value].web = ctx->affinity[ctx->affinity[value].web].web;
      value = ctx->affinity[value].web;
   }
   return value;
}

static void
join_webs(struct context *ctx, struct npu_ref a, struct npu_ref b)
{
   if (npu_is_ssa(a) && npu_is_ssa(b))
      ctx->affinity[web_root(ctx, a.value)].web = web_root(ctx, b.value);
}

static void
collect_affinities(struct context *ctx)
{
   for (unsigned v = 0; v < ctx->shader->num_values; ++v) {
      ctx->affinity[v] = (struct affinity){.vector = NPU_RA_NONE, .web = v, .web_reg = NPU_RA_NONE};
   }
   npu_foreach_instr(ctx->shader, instr) {
      int tied = npu_instr_tied_src(instr);

      if (instr->op == NPU_OP_PHI) {
         npu_foreach_src(instr, s)
            join_webs(ctx, instr->dest[0], instr->src[s]);
      } else if (instr->op == NPU_OP_PARALLEL_COPY) {
         npu_foreach_src(instr, s)
            join_webs(ctx, instr->dest[s], instr->src[s]);
      } else if (instr->op == NPU_OP_COLLECT) {
         npu_foreach_src(instr, s) {
            if (npu_is_ssa(instr->src[s])) {
               ctx->affinity[instr->src[s].value].vector = instr->dest[0].value;
               ctx->affinity[instr->src[s].value].comp = s;
            }
         }
      } else if (tied >= 0) {
         join_webs(ctx, instr->dest[0], instr->src[tied]);
      }
   }
}

static void
remember_web(struct context *ctx, uint32_t value, unsigned reg)
{
   ctx->affinity[web_root(ctx, value)].web_reg = reg;
}

/* Is value wanted at reg possible? */
static bool
fits(struct context *ctx, uint32_t value, unsigned reg)
{
   return reg != NPU_RA_NONE && reg % npu_ra_align(&ctx->ra, value) == 0 &&
          npu_ra_is_free(npu_ra_file_of(&ctx->ra, value), reg, npu_ra_size(&ctx->ra, value));
}

/* Where the value would lie in the vector it is going to be collected into: beside the components
 * that already have registers (the web register of the vector remembers them), or in a free place
 * for all.
 */
static unsigned
place_in_vector(struct context *ctx, uint32_t value)
{
   struct affinity *a = &ctx->affinity[value];

   if (a->vector == NPU_RA_NONE)
      return NPU_RA_NONE;

   unsigned offset = a->comp * npu_ra_size(&ctx->ra, value);
   unsigned base = ctx->affinity[web_root(ctx, a->vector)].web_reg;
   if (base != NPU_RA_NONE && fits(ctx, value, base + offset))
      return base + offset;

   base = npu_ra_find(npu_ra_file_of(&ctx->ra, value), npu_ra_size(&ctx->ra, a->vector),
                      npu_ra_align(&ctx->ra, a->vector), true);
   if (base == NPU_RA_NONE)
      return NPU_RA_NONE;
   remember_web(ctx, a->vector, base);
   return base + offset;
}

/* A free place for value, the preferred one if possible. */
static unsigned
choose(struct context *ctx, uint32_t value, unsigned preferred)
{
   if (!ctx->ra.round_robin) {
      if (fits(ctx, value, preferred))
         return preferred;

      unsigned web_reg = ctx->affinity[web_root(ctx, value)].web_reg;
      if (fits(ctx, value, web_reg))
         return web_reg;

      unsigned reg = place_in_vector(ctx, value);
      if (fits(ctx, value, reg))
         return reg;
   }
   return npu_ra_find(npu_ra_file_of(&ctx->ra, value), npu_ra_size(&ctx->ra, value),
                      npu_ra_align(&ctx->ra, value), true);
}

/* ---- copies ---- */

/* A V register that no copy at this place may disturb is not in `busy`. */
static unsigned
free_vreg(const struct npu_ra *ra, const BITSET_WORD *busy)
{
   for (unsigned i = 0; i < ra->files[NPU_FILE_V].size; ++i) {
      if (!BITSET_TEST(busy, i))
         return i;
   }
   unreachable("the demand in V is below the limit");
}

/* Registers of live values; those of instr's destinations are left out if instr is not NULL. */
static void
mark_busy(const struct npu_ra *ra, const struct npu_instr *instr, BITSET_WORD *busy)
{
   const struct npu_ra_file *file = &ra->files[NPU_FILE_V];

   for (unsigned i = 0; i < file->size; ++i) {
      bool live = file->owner[i] != NPU_RA_NONE;
      for (unsigned d = 0; instr && live && d < instr->num_dests; ++d)
         live = !npu_is_ssa(instr->dest[d]) || instr->dest[d].value != file->owner[i];
      if (live)
         BITSET_SET(busy, i);
   }
}

static struct npu_ref
value_reg(const struct context *ctx, uint32_t value, unsigned reg)
{
   const struct npu_value *v = &ctx->shader->values[value];

   return npu_reg(v->file, reg, v->bits, v->comps);
}

/* A value may have been moved twice: only its first and last place count. */
static unsigned
merge_moves(struct util_dynarray *moves)
{
   struct npu_ra_move *list = moves->data;
   unsigned num = util_dynarray_num_elements(moves, struct npu_ra_move), kept = 0;

   for (unsigned i = 0; i < num; ++i) {
      bool first = true;
      for (unsigned j = 0; j < kept && first; ++j) {
         if (list[j].value == list[i].value) {
            list[j].to = list[i].to;
            first = false;
         }
      }
      if (first)
         list[kept++] = list[i];
   }
   unsigned real = 0;
   for (unsigned i = 0; i < kept; ++i) {
      if (list[i].from != list[i].to)
         list[real++] = list[i];
   }
   return real;
}

static void
insert_moves(struct context *ctx, struct npu_instr *before, struct util_dynarray *moves,
             const BITSET_WORD *busy)
{
   unsigned num = merge_moves(moves);
   const struct npu_ra_move *list = moves->data;

   if (num == 0)
      return;
   struct npu_instr *copy = npu_instr_create(ctx->shader, NPU_OP_PARALLEL_COPY, num, num);
   for (unsigned i = 0; i < num; ++i) {
      copy->src[i] = value_reg(ctx, list[i].value, list[i].from);
      copy->dest[i] = value_reg(ctx, list[i].value, list[i].to);
   }
   copy->imm = free_vreg(&ctx->ra, busy);

   struct npu_cursor cursor = npu_before_instr(before);
   npu_insert(&cursor, copy);
}

/* ---- instructions ---- */

/* The operands of one instruction in one file. */
struct operands {
   uint32_t dying[UINT8_MAX], dests[UINT8_MAX];
   unsigned num_dying, num_dests;
   unsigned dest_index[UINT8_MAX];
};

static void
gather_operands(struct context *ctx, const struct npu_instr *instr, enum npu_file file,
                struct operands *ops)
{
   ops->num_dying = ops->num_dests = 0;
   npu_foreach_src(instr, s) {
      struct npu_ref src = instr->src[s];
      bool seen = !npu_is_ssa(src) || !src.kill || src.file != file;
      for (unsigned i = 0; i < ops->num_dying && !seen; ++i)
         seen = ops->dying[i] == src.value;
      if (!seen)
         ops->dying[ops->num_dying++] = src.value;
   }
   npu_foreach_dest(instr, d) {
      if (npu_is_ssa(instr->dest[d]) && instr->dest[d].file == file) {
         ops->dest_index[ops->num_dests] = d;
         ops->dests[ops->num_dests++] = instr->dest[d].value;
      }
   }
}

/* The register the parts of vectors and copies would like for destination d. */
static unsigned
preferred_reg(struct context *ctx, const struct npu_instr *instr, unsigned d)
{
   struct npu_ref dest = instr->dest[d];
   unsigned comp_regs = npu_comp_regs(dest.file, dest.bits);

   switch (instr->op) {
   case NPU_OP_COLLECT:
      npu_foreach_src(instr, s) {
         struct npu_ref src = instr->src[s];
         if (npu_is_ssa(src) && src.kill && ctx->ra.reg[src.value] >= s * comp_regs &&
             fits(ctx, dest.value, ctx->ra.reg[src.value] - s * comp_regs))
            return ctx->ra.reg[src.value] - s * comp_regs;
      }
      return NPU_RA_NONE;
   case NPU_OP_SPLIT:
      return npu_is_ssa(instr->src[0]) ? ctx->ra.reg[instr->src[0].value] + d * comp_regs
                                       : NPU_RA_NONE;
   case NPU_OP_PARALLEL_COPY:
      return npu_is_ssa(instr->src[d]) ? ctx->ra.reg[instr->src[d].value] : NPU_RA_NONE;
   default:
      return NPU_RA_NONE;
   }
}

static void
repack_for(struct context *ctx, enum npu_file f, const struct operands *ops, unsigned placed,
           uint32_t tied, struct util_dynarray *moves)
{
   unsigned dest_regs[UINT8_MAX];

   for (unsigned i = 0; i < placed; ++i)
      npu_ra_release(&ctx->ra, ops->dests[i]);
   npu_ra_repack(&ctx->ra, f, ops->dying, ops->num_dying, ops->dests, ops->num_dests, tied,
                 dest_regs, moves);
   for (unsigned i = 0; i < ops->num_dests; ++i)
      npu_ra_place(&ctx->ra, ops->dests[i], dest_regs[i]);
}

/* Places for the destinations in one file. On return the file holds what is live behind the
 * instruction (unused destinations too), moves what has to move before it.
 */
static void
allocate_dests(struct context *ctx, struct npu_instr *instr, const struct operands *ops,
               enum npu_file f, struct util_dynarray *moves)
{
   struct npu_ra_file *file = &ctx->ra.files[f];
   int tied = npu_instr_tied_src(instr);
   BITSET_DECLARE(fixed, NPU_NUM_VREGS) = {0};

   memset(file->dying, 0, sizeof(file->dying));
   for (unsigned i = 0; i < ops->num_dying; ++i) {
      unsigned reg = ctx->ra.reg[ops->dying[i]];
      BITSET_SET_RANGE(file->dying, reg, reg + npu_ra_size(&ctx->ra, ops->dying[i]) - 1);
      npu_ra_release(&ctx->ra, ops->dying[i]);
   }

   if (tied >= 0 && ops->num_dests) {
      assert(npu_is_ssa(instr->src[tied]) && instr->src[tied].kill && "npu_lower_tied() has run");
      npu_ra_place(&ctx->ra, ops->dests[0], ctx->ra.reg[instr->src[tied].value]);
      remember_web(ctx, ops->dests[0], ctx->ra.reg[ops->dests[0]]);
      return;
   }

   for (unsigned i = 0; i < ops->num_dests; ++i) {
      uint32_t value = ops->dests[i];
      unsigned reg = choose(ctx, value, preferred_reg(ctx, instr, ops->dest_index[i]));

      if (reg == NPU_RA_NONE)
         reg = npu_ra_evict(&ctx->ra, value, fixed, moves);
      if (reg == NPU_RA_NONE) {
         repack_for(ctx, f, ops, i, NPU_RA_NONE, moves);
         return;
      }
      npu_ra_place(&ctx->ra, value, reg);
      BITSET_SET_RANGE(fixed, reg, reg + npu_ra_size(&ctx->ra, value) - 1);
      remember_web(ctx, value, reg);
   }
}

static void
rewrite(struct context *ctx, struct npu_ref *ref)
{
   if (!npu_is_ssa(*ref))
      return;
   struct npu_ref reg = value_reg(ctx, ref->value, ctx->ra.reg[ref->value]);
   reg.neg = ref->neg;
   reg.abs = ref->abs;
   reg.kill = ref->kill;
   *ref = reg;
}

static void
allocate_instr(struct context *ctx, struct npu_instr *instr)
{
   struct npu_ra *ra = &ctx->ra;
   struct util_dynarray moves;
   struct operands ops;
   BITSET_DECLARE(busy, NPU_NUM_VREGS) = {0};

   util_dynarray_init(&moves, NULL);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      gather_operands(ctx, instr, f, &ops);
      if (ops.num_dying || ops.num_dests)
         allocate_dests(ctx, instr, &ops, f, &moves);
   }

   /* Between the moves and the instruction: sources are there, destinations not yet. */
   memcpy(busy, ra->files[NPU_FILE_V].dying, sizeof(busy));
   mark_busy(ra, instr, busy);
   insert_moves(ctx, instr, &moves, busy);
   util_dynarray_fini(&moves);

   npu_foreach_src(instr, s)
      rewrite(ctx, &instr->src[s]);

   if (instr->op == NPU_OP_COLLECT || instr->op == NPU_OP_SPLIT ||
       instr->op == NPU_OP_PARALLEL_COPY)
   {
      memset(busy, 0, sizeof(busy));
      mark_busy(ra, NULL, busy);
      instr->imm = free_vreg(ra, busy);
   }

   npu_foreach_dest(instr, d) {
      struct npu_ref dest = instr->dest[d];
      rewrite(ctx, &instr->dest[d]);
      if (npu_is_ssa(dest) && dest.kill)
         npu_ra_release(ra, dest.value);
   }
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      memset(ra->files[f].dying, 0, sizeof(ra->files[f].dying));
}

/* ---- blocks ---- */

static void
save_locations(struct context *ctx, struct util_dynarray *out, const BITSET_WORD *live)
{
   unsigned v;
   BITSET_FOREACH_SET(v, live, ctx->shader->num_values)
   {
      struct location loc = {.value = v, .reg = ctx->ra.reg[v]};
      util_dynarray_append(out, struct location, loc);
   }
}

/* The copies at the end of pred that bring values and phi sources where block expects them. */
static void
connect(struct context *ctx, struct npu_block *pred, struct npu_block *block)
{
   struct block_state *from = &ctx->blocks[pred->index], *to = &ctx->blocks[block->index];
   struct npu_ra_phis *phis = _mesa_hash_table_search(ctx->record->phis, block)->data;
   unsigned num_in = util_dynarray_num_elements(&to->entry, struct location), num = 0;
   struct npu_ref *dest = ralloc_array(NULL, struct npu_ref, num_in + phis->count);
   struct npu_ref *src = ralloc_array(NULL, struct npu_ref, num_in + phis->count);
   BITSET_DECLARE(busy, NPU_NUM_VREGS) = {0};

   util_dynarray_foreach(&from->exit, struct location, loc)
      ctx->exit_reg[loc->value] = loc->reg;

   util_dynarray_foreach(&to->entry, struct location, loc) {
      struct npu_ref reg = value_reg(ctx, loc->value, loc->reg);
      if (reg.file == NPU_FILE_V)
         BITSET_SET_RANGE(busy, reg.value, reg.value + npu_ref_regs(reg) - 1);
      if (ctx->exit_reg[loc->value] == loc->reg)
         continue;
      dest[num] = reg;
      src[num++] = value_reg(ctx, loc->value, ctx->exit_reg[loc->value]);
   }
   for (unsigned i = 0; i < phis->count; ++i) {
      struct npu_ref value = phis->phi[i]->src[npu_block_pred_index(block, pred)];
      struct npu_ref reg = value_reg(ctx, phis->phi[i]->dest[0].value, phis->reg[i]);

      if (reg.file == NPU_FILE_V)
         BITSET_SET_RANGE(busy, reg.value, reg.value + npu_ref_regs(reg) - 1);
      if (value.kind == NPU_REF_UNDEF ||
          (npu_is_ssa(value) && ctx->exit_reg[value.value] == reg.value))
         continue;
      dest[num] = reg;
      src[num++] = npu_is_ssa(value) ? value_reg(ctx, value.value, ctx->exit_reg[value.value])
                                     : value;
   }

   if (num) {
      struct npu_instr *copy = npu_instr_create(ctx->shader, NPU_OP_PARALLEL_COPY, num, num);
      struct npu_cursor cursor = npu_before_terminators(pred);

      assert(!(pred->succs[0] && pred->succs[1]) && "no critical edges");
      memcpy(copy->dest, dest, num * sizeof(*dest));
      memcpy(copy->src, src, num * sizeof(*src));
      copy->imm = free_vreg(&ctx->ra, busy);
      npu_insert(&cursor, copy);
   }
   ralloc_free(dest);
   ralloc_free(src);
}

/* Values live into the block, where the first allocated predecessor has them. */
static struct npu_block *
place_live_ins(struct context *ctx, struct npu_block *block)
{
   struct npu_block *first = NULL;

   npu_foreach_pred(block, pred) {
      if (!first && ctx->blocks[(*pred)->index].left)
         first = *pred;
   }
   assert((first || npu_block_num_preds(block) == 0) && "blocks stand behind what dominates them");
   if (!first)
      return NULL;

   util_dynarray_foreach(&ctx->blocks[first->index].exit, struct location, loc) {
      ctx->exit_reg[loc->value] = loc->reg;
      if (BITSET_TEST(block->live_in, loc->value))
         npu_ra_place(&ctx->ra, loc->value, loc->reg);
   }
   return first;
}

/* Registers for phis. The copies at the ends of predecessors put live values anywhere, so when
 * there is no place side by side the file is simply packed anew.
 */
static void
place_phis(struct context *ctx, struct npu_block *block, struct npu_block *first)
{
   struct npu_ra_phis *phis = _mesa_hash_table_search(ctx->record->phis, block)->data;
   struct util_dynarray moves;
   struct operands ops;

   util_dynarray_init(&moves, NULL);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      bool packed = false;

      ops.num_dying = ops.num_dests = 0;
      for (unsigned i = 0; i < phis->count; ++i) {
         struct npu_ref dest = phis->phi[i]->dest[0];
         struct npu_ref src = phis->phi[i]->src[npu_block_pred_index(block, first)];

         if (dest.file != f)
            continue;
         assert(ops.num_dests < ARRAY_SIZE(ops.dests) && "at most a register file full of phis");
         ops.dests[ops.num_dests++] = dest.value;
         if (packed)
            continue;

         unsigned reg = choose(ctx, dest.value,
                               npu_is_ssa(src) ? ctx->exit_reg[src.value] : NPU_RA_NONE);
         if (reg != NPU_RA_NONE)
            npu_ra_place(&ctx->ra, dest.value, reg);
         else {
            packed = true;
            for (unsigned j = 0; j + 1 < ops.num_dests; ++j)
               npu_ra_release(&ctx->ra, ops.dests[j]);
         }
      }
      if (packed)
         repack_for(ctx, f, &ops, 0, NPU_RA_NONE, &moves);
   }
   util_dynarray_fini(&moves);

   for (unsigned i = 0; i < phis->count; ++i) {
      phis->reg[i] = ctx->ra.reg[phis->phi[i]->dest[0].value];
      remember_web(ctx, phis->phi[i]->dest[0].value, phis->reg[i]);
   }
}

static void
enter_block(struct context *ctx, struct npu_block *block)
{
   struct block_state *state = &ctx->blocks[block->index];

   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      memset(ctx->ra.files[f].owner, 0xff, sizeof(ctx->ra.files[f].owner));

   struct npu_block *first = place_live_ins(ctx, block);
   if (first)
      place_phis(ctx, block, first);
   save_locations(ctx, &state->entry, block->live_in);
   state->entered = true;

   npu_foreach_pred(block, pred) {
      if (ctx->blocks[(*pred)->index].left)
         connect(ctx, *pred, block);
   }
   npu_foreach_phi(block, phi) {
      if (phi->dest[0].kill)
         npu_ra_release(&ctx->ra, phi->dest[0].value);
      npu_instr_remove(phi);
   }
}

static void
allocate_block(struct context *ctx, struct npu_block *block)
{
   struct block_state *state = &ctx->blocks[block->index];

   enter_block(ctx, block);
   npu_foreach_instr_in_block_safe(block, instr)
      allocate_instr(ctx, instr);

   save_locations(ctx, &state->exit, block->live_out);
   state->left = true;
   npu_foreach_succ(block, succ) {
      if (ctx->blocks[succ->index].entered)
         connect(ctx, block, succ);
   }
}

struct npu_ra_record *
npu_ra(struct npu_shader *shader, const struct npu_ra_limits *limits)
{
   void *mem_ctx = ralloc_context(NULL);
   struct context ctx = {.shader = shader, .ra.shader = shader};

   assert(shader->is_ssa && "allocation runs once");
   npu_compute_liveness(shader);
   ctx.record = npu_ra_record_create(shader);
   ctx.affinity = ralloc_array(mem_ctx, struct affinity, shader->num_values);
   ctx.blocks = rzalloc_array(mem_ctx, struct block_state, shader->num_blocks);
   ctx.exit_reg = ralloc_array(mem_ctx, unsigned, shader->num_values);
   ctx.ra.reg = ralloc_array(mem_ctx, uint32_t, shader->num_values);
   ctx.ra.round_robin = limits->round_robin;
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      ctx.ra.files[f] = (struct npu_ra_file){.file = f, .size = limits->regs[f]};
   for (unsigned i = 0; i < shader->num_blocks; ++i) {
      util_dynarray_init(&ctx.blocks[i].entry, mem_ctx);
      util_dynarray_init(&ctx.blocks[i].exit, mem_ctx);
   }
   collect_affinities(&ctx);

   npu_foreach_block(shader, block)
      allocate_block(&ctx, block);

   shader->is_ssa = false;
   ralloc_free(mem_ctx);
   return ctx.record;
}
