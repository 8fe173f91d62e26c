/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Brings the register demand of each file down to what there is.
 *
 * Needs the form npu_lower_cfg() and npu_lower_tied() make; liveness is computed here. Afterwards
 * npu_calc_demand() is at most the limit (one less in V, which npu_ra() keeps free for copies), the
 * program is still SSA, and DCE is worth running: it takes definitions that are repeated everywhere.
 *
 * Algorithm: M. Braun and S. Hack, Register Spilling and Live-Range Splitting for SSA-Form Programs
 * (2009). For each file, blocks in order, W is the set of values in registers: a source that is not
 * in W is read back before the instruction; when W grows too large the value whose next use is
 * farthest leaves (Belady). At a block's entry W starts from what the predecessors ended with; on
 * edges missing values are read back. Where we differ:
 *
 *  - A value is written once, behind its definition, not where it leaves W: in SSA form there is
 *    one such place, which dominates everything, and memory then holds the value on every way. The
 *    price is a write in a loop for a value that is defined in the loop and needed in memory only
 *    behind it.
 *  - At loop headers the paper looks at the demand inside the loop. We count the largest demand of
 *    the loop's blocks: if it is too high, values not used in the loop stay in memory throughout.
 *  - Reading back makes a second definition. The name a value has at the moment is kept while
 *    walking; where predecessors disagree, and at loop headers, a phi unites the names, and phis
 *    that turn out to unite one name are removed in the end (Braun et al., Simple and Efficient
 *    Construction of SSA Form).
 *  - A phi for which W has no place lives in memory: its sources are written to its slot on the
 *    edges. W is then kept small enough for one more value, through which sources that are in
 *    memory themselves are copied.
 *  - What is computed again more cheaply than it is read back is (npu_spill_remat.c). Values for
 *    which that is always possible are preferred when one has to leave: their next use counts as
 *    CHEAP_FACTOR times as far. A value they need may be pinned: it is none of W, keeps its
 *    register everywhere, and W is that much smaller.
 *  - Files: M spills to S values, so M comes before S. V is independent of both.
 *
 * Vectors count with all their registers and move as a whole. See npu_spill_memory.c for the
 * memory.
 */
#include "npu_exec_regions.h"
#include "npu_spill.h"

/* A value that leaves costs a write and a fill, one that is computed again the computation. */
#define CHEAP_FACTOR 4

struct entry {
   uint32_t value; /* of the program before spilling */
   uint32_t name;  /* the value that holds it now */
};

struct block_info {
   struct util_dynarray entry, exit; /* struct entry: W */
   struct util_dynarray new_phis;    /* struct new_phi */
   struct util_dynarray memory_phis; /* struct npu_instr *: original phis that live in memory */
   uint32_t exit_region;             /* of exec, where reloads at the end stand */
   bool done;
   unsigned demand;
};

struct new_phi {
   struct npu_instr *phi;
   uint32_t value;
};

struct context {
   void *mem_ctx;
   struct npu_shader *shader;
   enum npu_file file;
   unsigned limit;
   unsigned num_values; /* before spilling */
   struct npu_next_uses *uses;
   struct npu_spill_memory *mem;
   struct block_info *blocks;

   /* W while walking a block. */
   struct entry w[NPU_NUM_VREGS * 2];
   unsigned num_w, w_regs;
   uint32_t *next_use; /* of values in W */
   bool *in_w;
   bool *protect;     /* sources of the current instruction, and of what it has computed again */
   unsigned *count;   /* scratch for entries */
   unsigned at;       /* number of the current instruction in its block */
   BITSET_WORD *live; /* before the current instruction, of the other files */
   struct util_dynarray operand_uses;  /* uint32_t */
   struct util_dynarray remat_sources; /* uint32_t: protected on top of the instruction's own */
};

static bool
tracked(const struct context *ctx, struct npu_ref ref)
{
   return npu_is_ssa(ref) && ref.file == ctx->file && ref.value != ctx->mem->pinned;
}

static unsigned
regs_of(const struct context *ctx, uint32_t value)
{
   return npu_value_regs(&ctx->shader->values[value]);
}

/* ---- W ---- */

static void
w_add(struct context *ctx, uint32_t value, uint32_t name)
{
   assert(!ctx->in_w[value] && ctx->num_w < ARRAY_SIZE(ctx->w) && "W is a set of bounded size");
   ctx->w[ctx->num_w++] = (struct entry){value, name};
   ctx->w_regs += regs_of(ctx, value);
   ctx->in_w[value] = true;
}

static void
w_remove_at(struct context *ctx, unsigned i)
{
   ctx->in_w[ctx->w[i].value] = false;
   ctx->w_regs -= regs_of(ctx, ctx->w[i].value);
   ctx->w[i] = ctx->w[--ctx->num_w];
}

static void
w_remove(struct context *ctx, uint32_t value)
{
   for (unsigned i = 0; i < ctx->num_w; ++i) {
      if (ctx->w[i].value == value) {
         w_remove_at(ctx, i);
         return;
      }
   }
}

static void
w_clear(struct context *ctx)
{
   while (ctx->num_w)
      w_remove_at(ctx, ctx->num_w - 1);
}

static uint32_t
w_name(const struct context *ctx, uint32_t value)
{
   for (unsigned i = 0; i < ctx->num_w; ++i) {
      if (ctx->w[i].value == value)
         return ctx->w[i].name;
   }
   unreachable("value is in W");
}

/* How far the next use of a value in W is, as far as the choice of who leaves goes. */
static uint64_t
effective_distance(const struct context *ctx, uint32_t value)
{
   uint64_t distance = ctx->next_use[value] - MIN2(ctx->next_use[value], ctx->at);

   return ctx->mem->cheap[value] ? distance * CHEAP_FACTOR : distance;
}

/* Lets the farthest values go until at most `regs` registers are held. Protected ones stay. */
static void
w_limit(struct context *ctx, unsigned regs)
{
   while (ctx->w_regs > regs) {
      unsigned farthest = UINT32_MAX;

      for (unsigned i = 0; i < ctx->num_w; ++i) {
         if (ctx->protect[ctx->w[i].value])
            continue;
         if (farthest == UINT32_MAX || effective_distance(ctx, ctx->w[i].value) >
                                          effective_distance(ctx, ctx->w[farthest].value))
            farthest = i;
      }
      assert(farthest != UINT32_MAX && "an instruction's operands fit the register file");
      w_remove_at(ctx, farthest);
   }
}

static const struct entry *
find_entry(const struct util_dynarray *list, uint32_t value)
{
   util_dynarray_foreach(list, struct entry, e) {
      if (e->value == value)
         return e;
   }
   return NULL;
}

/* ---- entry of a block ---- */

struct candidate {
   uint32_t value;
   uint32_t next_use;
   bool everywhere; /* in W at the end of all predecessors that are done */
   bool is_phi;
};

static int
by_preference(const void *a, const void *b)
{
   const struct candidate *x = a, *y = b;

   if (x->everywhere != y->everywhere)
      return x->everywhere ? -1 : 1;
   if (x->next_use != y->next_use)
      return x->next_use < y->next_use ? -1 : 1;
   return x->value < y->value ? -1 : x->value > y->value;
}

/* Blocks of a loop are contiguous: header to the last block with an edge back to it. */
static unsigned
loop_demand(const struct context *ctx, const struct npu_block *header)
{
   unsigned last = header->index, demand = 0;

   for (unsigned p = 0; p < npu_block_num_preds(header); ++p)
      last = MAX2(last, npu_block_pred(header, p)->index);
   for (unsigned i = header->index; i <= last; ++i)
      demand = MAX2(demand, ctx->blocks[i].demand);
   return demand;
}

static unsigned
available_sources(const struct context *ctx, const struct npu_block *block,
                  const struct npu_instr *phi)
{
   unsigned available = 0;

   for (unsigned p = 0; p < npu_block_num_preds(block); ++p) {
      const struct block_info *pred = &ctx->blocks[npu_block_pred(block, p)->index];
      if (pred->done && (!npu_is_ssa(phi->src[p]) || find_entry(&pred->exit, phi->src[p].value)))
         ++available;
   }
   return available;
}

static unsigned
gather_candidates(struct context *ctx, struct npu_block *block, struct candidate *out)
{
   unsigned num_done = 0, n = 0, v;

   npu_foreach_pred(block, pred) {
      const struct block_info *info = &ctx->blocks[(*pred)->index];
      if (!info->done)
         continue;
      ++num_done;
      util_dynarray_foreach(&info->exit, struct entry, e)
         ++ctx->count[e->value];
   }

   bool tight = npu_block_is_loop_header(block) && loop_demand(ctx, block) > ctx->limit;
   BITSET_FOREACH_SET(v, block->live_in, ctx->num_values)
   {
      uint32_t next = ctx->uses->next[v];
      bool useless = tight && next >= NPU_SPILL_LOOP_EXIT;
      if (ctx->shader->values[v].file == ctx->file && ctx->count[v] && !useless)
         out[n++] = (struct candidate){v, next, ctx->count[v] == num_done, false};
   }
   npu_foreach_phi(block, phi) {
      uint32_t value = phi->dest[0].value;
      if (phi->dest[0].file == ctx->file)
         out[n++] = (struct candidate){value, ctx->uses->next[value],
                                       available_sources(ctx, block, phi) == num_done, true};
   }

   npu_foreach_pred(block, pred) {
      util_dynarray_foreach(&ctx->blocks[(*pred)->index].exit, struct entry, e)
         ctx->count[e->value] = 0;
   }
   return n;
}

/* Marks in ctx->count what fits; true if all phis do. */
static bool
choose(struct context *ctx, const struct candidate *candidates, unsigned num, unsigned limit)
{
   unsigned held = 0;
   bool all_phis = true;

   for (unsigned i = 0; i < num; ++i) {
      unsigned regs = regs_of(ctx, candidates[i].value);
      bool fits = held + regs <= limit;

      ctx->count[candidates[i].value] = fits;
      if (fits)
         held += regs;
      else if (candidates[i].is_phi)
         all_phis = false;
   }
   return all_phis;
}

static uint32_t
create_phi(struct context *ctx, struct npu_block *block, uint32_t value)
{
   struct npu_builder b = npu_builder_at(ctx->shader, npu_before_block(block));
   struct npu_ref dest = npu_spill_new_name(ctx->mem, value);
   struct new_phi phi = {npu_build_phi(&b, dest), value};

   util_dynarray_append(&ctx->blocks[block->index].new_phis, struct new_phi, phi);
   return dest.value;
}

/* The name a live-in value has at the entry: the one of all predecessors, or that of a new phi. */
static uint32_t
entry_name(struct context *ctx, struct npu_block *block, uint32_t value)
{
   uint32_t name = UINT32_MAX;

   npu_foreach_pred(block, pred) {
      const struct block_info *info = &ctx->blocks[(*pred)->index];
      const struct entry *e = info->done ? find_entry(&info->exit, value) : NULL;

      if (!e || (name != UINT32_MAX && e->name != name))
         return create_phi(ctx, block, value);
      name = e->name;
   }
   return name;
}

static void
enter_block(struct context *ctx, struct npu_block *block)
{
   struct block_info *info = &ctx->blocks[block->index];
   unsigned max = ctx->num_values;
   struct candidate *candidates = ralloc_array(NULL, struct candidate, max);
   unsigned num = gather_candidates(ctx, block, candidates);

   qsort(candidates, num, sizeof(*candidates), by_preference);
   /* Phis in memory need a register on the edges. */
   if (!choose(ctx, candidates, num, ctx->limit) && ctx->file != NPU_FILE_M) {
      unsigned largest = 0;
      for (unsigned i = 0; i < num; ++i)
         largest = MAX2(largest, candidates[i].is_phi ? regs_of(ctx, candidates[i].value) : 0);
      choose(ctx, candidates, num, ctx->limit - largest);
   }

   w_clear(ctx);
   for (unsigned i = 0; i < num; ++i) {
      uint32_t value = candidates[i].value;

      if (!ctx->count[value])
         continue;
      ctx->count[value] = 0;
      if (candidates[i].next_use == NPU_SPILL_NEVER)
         continue;
      w_add(ctx, value, candidates[i].is_phi ? value : entry_name(ctx, block, value));
      ctx->next_use[value] = ctx->uses->next[value];
   }
   for (unsigned i = 0; i < ctx->num_w; ++i)
      util_dynarray_append(&info->entry, struct entry, ctx->w[i]);
   ralloc_free(candidates);

   npu_foreach_phi(block, phi) {
      bool ours = phi->dest[0].file == ctx->file && phi->dest[0].value < ctx->num_values;
      if (!ours || ctx->in_w[phi->dest[0].value])
         continue;
      /* Nobody reads it, or it lives in memory. */
      npu_instr_remove(phi);
      if (ctx->uses->next[phi->dest[0].value] != NPU_SPILL_NEVER) {
         ctx->mem->memory_phi[phi->dest[0].value] = true;
         phi->block = block;
         util_dynarray_append(&info->memory_phis, struct npu_instr *, phi);
      }
   }
}

/* ---- instructions ---- */

static uint32_t
held_in_w(const void *data, uint32_t value)
{
   const struct context *ctx = data;

   return ctx->in_w[value] ? w_name(ctx, value) : UINT32_MAX;
}

/* Keeps what a plan reads in W until the current instruction has its sources, of which `regs` are
 * protected already; false, and nothing done, if that is too much.
 */
static bool
protect_held(struct context *ctx, const struct npu_remat_plan *plan, unsigned *regs)
{
   unsigned more = 0;

   for (unsigned i = 0; i < plan->num_held; ++i)
      more += ctx->protect[plan->held[i]] ? 0 : regs_of(ctx, plan->held[i]);
   if (*regs + more > ctx->limit)
      return false;
   for (unsigned i = 0; i < plan->num_held; ++i) {
      if (ctx->protect[plan->held[i]])
         continue;
      ctx->protect[plan->held[i]] = true;
      *regs += regs_of(ctx, plan->held[i]);
      util_dynarray_append(&ctx->remat_sources, uint32_t, plan->held[i]);
   }
   return true;
}

static void
reload_sources(struct context *ctx, struct npu_instr *instr)
{
   struct npu_builder b = npu_builder_at(ctx->shader, npu_before_instr(instr));
   const struct npu_spill_place here = {.region = instr->index,
                                        .live = ctx->live,
                                        .held = held_in_w,
                                        .data = ctx};
   unsigned regs = 0;

   npu_foreach_src(instr, s) {
      if (tracked(ctx, instr->src[s]) && !ctx->protect[instr->src[s].value]) {
         ctx->protect[instr->src[s].value] = true;
         regs += npu_ref_regs(instr->src[s]);
      }
   }
   npu_foreach_src(instr, s) {
      uint32_t value = instr->src[s].value;
      struct npu_remat_plan plan;

      if (!tracked(ctx, instr->src[s]) || ctx->in_w[value])
         continue;
      bool again = npu_remat_plan(ctx->mem, value, &here, &plan) && protect_held(ctx, &plan, &regs);
      struct npu_ref name = again ? npu_remat_emit(ctx->mem, &b, &plan, &here)
                                  : npu_spill_reload(ctx->mem, &b, value);
      w_add(ctx, value, name.value);
   }
   w_limit(ctx, ctx->limit);
   util_dynarray_foreach(&ctx->remat_sources, uint32_t, value)
      ctx->protect[*value] = false;
   util_dynarray_clear(&ctx->remat_sources);
}

static void
spill_instr(struct context *ctx, struct npu_instr *instr, const uint32_t *uses)
{
   unsigned dest_regs = 0;

   reload_sources(ctx, instr);

   /* Values that die here leave W; the others may, now that the instruction has them. */
   npu_foreach_src(instr, s) {
      if (!tracked(ctx, instr->src[s]))
         continue;
      uint32_t value = instr->src[s].value;
      struct npu_ref ref = npu_value_ref(ctx->shader, w_name(ctx, value));
      ref.neg = instr->src[s].neg;
      ref.abs = instr->src[s].abs;
      instr->src[s] = ref;
      instr->src[s].imm = value; /* the original value, until the end of this function */
   }
   npu_foreach_src(instr, s) {
      if (!tracked(ctx, instr->src[s]))
         continue;
      uint32_t value = instr->src[s].imm;
      instr->src[s].imm = 0;
      ctx->protect[value] = false;
      ctx->next_use[value] = uses[s];
      if (uses[s] == NPU_SPILL_NEVER)
         w_remove(ctx, value);
   }

   npu_foreach_dest(instr, d) {
      if (tracked(ctx, instr->dest[d]))
         dest_regs += npu_ref_regs(instr->dest[d]);
   }
   if (dest_regs == 0)
      return;
   assert(dest_regs <= ctx->limit && "an instruction's results fit the register file");
   w_limit(ctx, ctx->limit - dest_regs);
   npu_foreach_dest(instr, d) {
      uint32_t next = uses[instr->num_srcs + d];
      if (!tracked(ctx, instr->dest[d]) || next == NPU_SPILL_NEVER)
         continue;
      w_add(ctx, instr->dest[d].value, instr->dest[d].value);
      ctx->next_use[instr->dest[d].value] = next;
   }
}

/* Liveness of the other files, whose operands still are those that liveness was computed for. */
static void
step_live(struct context *ctx, const struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      if (npu_is_ssa(instr->src[s]) && instr->src[s].file != ctx->file && instr->src[s].kill)
         BITSET_CLEAR(ctx->live, instr->src[s].value);
   }
   npu_foreach_dest(instr, d) {
      if (npu_is_ssa(instr->dest[d]) && instr->dest[d].file != ctx->file && !instr->dest[d].kill)
         BITSET_SET(ctx->live, instr->dest[d].value);
   }
}

static void
spill_block(struct context *ctx, struct npu_block *block)
{
   struct block_info *info = &ctx->blocks[block->index];

   npu_next_uses_of_block(ctx->uses, block, &ctx->operand_uses);
   const uint32_t *uses = ctx->operand_uses.data;
   ctx->at = 0;
   npu_foreach_phi(block, phi) {
      uses += phi->num_srcs + phi->num_dests;
      ++ctx->at;
   }
   enter_block(ctx, block);

   memcpy(ctx->live, block->live_in, BITSET_WORDS(ctx->num_values) * sizeof(BITSET_WORD));
   npu_foreach_instr_in_block_safe(block, instr) {
      unsigned operands = instr->num_srcs + instr->num_dests;
      if (instr->op != NPU_OP_PHI) {
         spill_instr(ctx, instr, uses);
         uses += operands;
         ++ctx->at;
      }
      step_live(ctx, instr);
   }
   for (unsigned i = 0; i < ctx->num_w; ++i)
      util_dynarray_append(&info->exit, struct entry, ctx->w[i]);
   info->done = true;
}

/* ---- edges ---- */

static bool
is_memory_phi_of(const struct block_info *info, uint32_t value)
{
   util_dynarray_foreach(&info->memory_phis, struct npu_instr *, phi) {
      if ((*phi)->dest[0].value == value)
         return true;
   }
   return false;
}

/* An edge: what is held at its source and wanted at its end is in registers all along. */
struct edge {
   struct npu_block *pred;
   struct block_info *from, *to;
};

static uint32_t
held_along_edge(const void *data, uint32_t value)
{
   const struct edge *edge = data;
   const struct entry *e = find_entry(&edge->from->exit, value);

   return e && find_entry(&edge->to->entry, value) ? e->name : UINT32_MAX;
}

static struct npu_ref
reload_on_edge(struct context *ctx, struct npu_builder *b, const struct edge *edge, uint32_t value)
{
   const struct npu_spill_place place = {.region = edge->from->exit_region,
                                         .live = edge->pred->live_out,
                                         .held = held_along_edge,
                                         .data = edge};
   struct npu_remat_plan plan;

   if (npu_remat_plan(ctx->mem, value, &place, &plan))
      return npu_remat_emit(ctx->mem, b, &plan, &place);
   return npu_spill_reload(ctx->mem, b, value);
}

/* Makes value available in a register at the end of the edge's source. */
static void
reload_at_exit(struct context *ctx, struct npu_builder *b, const struct edge *edge, uint32_t value)
{
   if (find_entry(&edge->from->exit, value))
      return;
   struct entry e = {value, reload_on_edge(ctx, b, edge, value).value};
   util_dynarray_append(&edge->from->exit, struct entry, e);
}

static struct npu_ref
source_for_memory(struct context *ctx, struct npu_builder *b, const struct edge *edge,
                  const struct npu_instr *phi, unsigned p)
{
   struct npu_ref src = phi->src[p], dest = phi->dest[0];

   if (npu_is_imm(src))
      return npu_build_copy(b, dest.file, dest.bits, src);
   const struct entry *e = find_entry(&edge->from->exit, src.value);
   return e ? npu_value_ref(ctx->shader, e->name) : reload_on_edge(ctx, b, edge, src.value);
}

/* Does another phi in memory of the block read the old value of phi `value` on this edge? */
static bool
is_read_on_edge(const struct block_info *info, uint32_t value, unsigned p)
{
   util_dynarray_foreach(&info->memory_phis, struct npu_instr *, phi) {
      struct npu_ref src = (*phi)->src[p];
      if (npu_is_ssa(src) && src.value == value && (*phi)->dest[0].value != value)
         return true;
   }
   return false;
}

/* Phis in memory, on the edge from predecessor p: all are written at once, so one whose old value
 * another still reads goes to a shadow first. Sources in registers first: that frees registers for
 * the others.
 */
static void
write_memory_phis(struct context *ctx, struct npu_builder *b, const struct edge *edge, unsigned p)
{
   const struct block_info *info = edge->to;

   for (unsigned in_memory = 0; in_memory < 2; ++in_memory) {
      util_dynarray_foreach(&info->memory_phis, struct npu_instr *, phi) {
         struct npu_ref src = (*phi)->src[p];
         uint32_t dest = (*phi)->dest[0].value;
         bool in_register = npu_is_ssa(src) && find_entry(&edge->from->exit, src.value);

         if (src.kind == NPU_REF_UNDEF || in_register == in_memory ||
             (npu_is_ssa(src) && src.value == dest))
            continue;
         npu_spill_write_phi(ctx->mem, b, dest, source_for_memory(ctx, b, edge, *phi, p),
                             is_read_on_edge(info, dest, p));
      }
   }
   util_dynarray_foreach(&info->memory_phis, struct npu_instr *, phi) {
      struct npu_ref src = (*phi)->src[p];
      uint32_t dest = (*phi)->dest[0].value;

      if (src.kind != NPU_REF_UNDEF && !(npu_is_ssa(src) && src.value == dest) &&
          is_read_on_edge(info, dest, p))
         npu_spill_write_phi(ctx->mem, b, dest, npu_spill_read_shadow(ctx->mem, b, dest), false);
   }
}

static void
connect(struct context *ctx, struct npu_block *block, unsigned p)
{
   struct npu_block *pred = npu_block_pred(block, p);
   const struct edge edge = {pred, &ctx->blocks[pred->index], &ctx->blocks[block->index]};
   struct npu_builder b = npu_builder_at(ctx->shader, npu_before_terminators(pred));

   /* Sources of phis that are phis in memory of this block, before their slots are written. */
   npu_foreach_phi(block, phi) {
      bool ours = tracked(ctx, phi->dest[0]) && phi->dest[0].value < ctx->num_values;
      if (ours && npu_is_ssa(phi->src[p]) && is_memory_phi_of(edge.to, phi->src[p].value))
         reload_at_exit(ctx, &b, &edge, phi->src[p].value);
   }
   if (ctx->file != NPU_FILE_M)
      write_memory_phis(ctx, &b, &edge, p);

   util_dynarray_foreach(&edge.to->entry, struct entry, e) {
      if (BITSET_TEST(block->live_in, e->value))
         reload_at_exit(ctx, &b, &edge, e->value);
   }
   npu_foreach_phi(block, phi) {
      bool ours = tracked(ctx, phi->dest[0]) && phi->dest[0].value < ctx->num_values;
      if (ours && npu_is_ssa(phi->src[p]))
         reload_at_exit(ctx, &b, &edge, phi->src[p].value);
   }
}

/* Masks: a phi in memory is a phi of the S values that hold its sources. */
static void
build_scalar_phis(struct context *ctx, struct npu_block *block)
{
   util_dynarray_foreach(&ctx->blocks[block->index].memory_phis, struct npu_instr *, phi) {
      struct npu_builder b = npu_builder_at(ctx->shader, npu_before_block(block));
      struct npu_instr *scalar = npu_build_phi(&b, npu_spill_scalar_of(ctx->mem,
                                                                       (*phi)->dest[0].value));

      npu_foreach_src(scalar, s) {
         struct npu_ref src = (*phi)->src[s];
         scalar->src[s] = src;
         if (src.kind == NPU_REF_UNDEF)
            scalar->src[s] = npu_undef(NPU_FILE_S, 32, 1);
         else if (npu_is_ssa(src)) {
            scalar->src[s] = npu_spill_scalar_of(ctx->mem, src.value);
            ctx->mem->spilled[src.value] = true;
         }
      }
   }
}

/* ---- names ---- */

static void
fill_phi_sources(struct context *ctx, struct npu_block *block)
{
   for (unsigned p = 0; p < npu_block_num_preds(block); ++p) {
      const struct block_info *pred = &ctx->blocks[npu_block_pred(block, p)->index];

      npu_foreach_phi(block, phi) {
         if (!tracked(ctx, phi->dest[0]) || !npu_is_ssa(phi->src[p]) ||
             phi->dest[0].value >= ctx->num_values)
            continue;
         phi->src[p] = npu_value_ref(ctx->shader, find_entry(&pred->exit, phi->src[p].value)->name);
      }
      util_dynarray_foreach(&ctx->blocks[block->index].new_phis, struct new_phi, n)
         n->phi->src[p] = npu_value_ref(ctx->shader, find_entry(&pred->exit, n->value)->name);
   }
}

static void
remove_trivial_phis(struct context *ctx)
{
   struct util_dynarray phis;

   util_dynarray_init(&phis, ctx->mem_ctx);
   for (unsigned i = 0; i < ctx->shader->num_blocks; ++i) {
      util_dynarray_foreach(&ctx->blocks[i].new_phis, struct new_phi, n)
         util_dynarray_append(&phis, struct npu_instr *, n->phi);
   }
   npu_spill_remove_trivial_phis(ctx->shader, &phis);
}

/* ---- files ---- */

/* A block's terminators know the exec they stand under; without any the last instruction does. */
static uint32_t
exit_region(const struct npu_block *block)
{
   if (list_is_empty(&block->instrs))
      return NPU_NO_REGION;
   const struct npu_instr *last = list_last_entry(&block->instrs, struct npu_instr, link);
   return npu_instr_writes_exec(last) ? NPU_NO_REGION : last->index;
}

static void
measure_blocks(struct context *ctx)
{
   npu_foreach_block(ctx->shader, block) {
      unsigned demand[NPU_NUM_FILES];
      npu_calc_block_demand(ctx->shader, block, demand);
      ctx->blocks[block->index].demand = demand[ctx->file];
      ctx->blocks[block->index].exit_region = exit_region(block);
   }
}

static void
spill_file(struct npu_shader *shader, enum npu_file file, unsigned limit)
{
   struct context ctx = {.mem_ctx = ralloc_context(NULL),
                         .shader = shader,
                         .file = file,
                         .limit = limit,
                         .num_values = shader->num_values};

   npu_compute_liveness(shader);
   ctx.uses = npu_next_uses_create(ctx.mem_ctx, shader, file);
   ctx.mem = npu_spill_memory_create(ctx.mem_ctx, shader, file, limit);
   ctx.blocks = rzalloc_array(ctx.mem_ctx, struct block_info, shader->num_blocks);
   ctx.next_use = ralloc_array(ctx.mem_ctx, uint32_t, shader->num_values);
   ctx.in_w = rzalloc_array(ctx.mem_ctx, bool, shader->num_values);
   ctx.protect = rzalloc_array(ctx.mem_ctx, bool, shader->num_values);
   ctx.count = rzalloc_array(ctx.mem_ctx, unsigned, shader->num_values);
   ctx.live = rzalloc_array(ctx.mem_ctx, BITSET_WORD, BITSET_WORDS(shader->num_values));
   util_dynarray_init(&ctx.operand_uses, ctx.mem_ctx);
   util_dynarray_init(&ctx.remat_sources, ctx.mem_ctx);
   for (unsigned i = 0; i < shader->num_blocks; ++i) {
      util_dynarray_init(&ctx.blocks[i].entry, ctx.mem_ctx);
      util_dynarray_init(&ctx.blocks[i].exit, ctx.mem_ctx);
      util_dynarray_init(&ctx.blocks[i].new_phis, ctx.mem_ctx);
      util_dynarray_init(&ctx.blocks[i].memory_phis, ctx.mem_ctx);
   }
   measure_blocks(&ctx);
   ctx.limit -= ctx.mem->pinned != UINT32_MAX;

   npu_foreach_block(shader, block)
      spill_block(&ctx, block);
   npu_foreach_block(shader, block) {
      for (unsigned p = 0; npu_block_num_preds(block) > 1 && p < npu_block_num_preds(block); ++p)
         connect(&ctx, block, p);
   }
   npu_foreach_block(shader, block) {
      fill_phi_sources(&ctx, block);
      if (file == NPU_FILE_M)
         build_scalar_phis(&ctx, block);
   }
   remove_trivial_phis(&ctx);
   npu_spill_memory_finish(ctx.mem);
   ralloc_free(ctx.mem_ctx);
}

bool
npu_spill(struct npu_shader *shader, const struct npu_ra_limits *limits)
{
   static const enum npu_file order[] = {NPU_FILE_M, NPU_FILE_S, NPU_FILE_V};
   bool progress = false;

   for (unsigned i = 0; i < ARRAY_SIZE(order); ++i) {
      enum npu_file file = order[i];
      unsigned limit = limits->regs[file] - (file == NPU_FILE_V ? 1 : 0);
      unsigned demand[NPU_NUM_FILES];

      npu_compute_liveness(shader);
      npu_calc_demand(shader, demand);
      if (demand[file] > limit) {
         spill_file(shader, file, limit);
         progress = true;
      }
   }
   return progress;
}
