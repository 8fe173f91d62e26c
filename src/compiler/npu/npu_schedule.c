/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * List scheduling within blocks, in SSA form.
 *
 * The machine issues in order and waits when an operand is not there yet (loads interlock), so the
 * aim is to put other work between a result and its first use. Latencies are those of the ISA
 * table. Issuing early costs registers, and a spill costs more than any wait, so register pressure
 * comes first:
 *
 *  1. while the pressure of a file is high, take the ready instruction that lowers it most; of
 *     equal ones the one whose result waits for the fewest others until it can be read, so that
 *     one sum's loads come together and not all loads of all sums;
 *  2. else, of the ready instructions whose operands have arrived, the one with the longest way to
 *     the end of the block behind it; if none has arrived, the one that arrives first;
 *  3. else the original order.
 *
 * Accesses of each lane to the same few bytes stay together, if nothing has to be waited for: the second one
 * finds its cache lines still there.
 *
 * A block whose new order has a larger demand than before, and more than the limit, keeps the old
 * one: the scheduler never makes a program spill.
 *
 * What stays in order, beside definitions and uses:
 *
 *  - phis first, terminators last;
 *  - reads and writes of exec, where scalar results count as reads: they are defined where they
 *    were computed only (npu_ir.h, rule 4);
 *  - accesses to memory that may be the same, if one of them writes; spaces are apart except
 *    generic, which may be any; fences, barriers and DMA are in order with all of them; so is
 *    reading the clock;
 *  - everything else with side effects, among each other.
 *
 * With `shuffle` (NPU_DEBUG_STRESS_SCHED) the order is arbitrary within the same dependences.
 *
 * O(n * WINDOW) per block.
 */
#include "npu_passes.h"

struct node {
   struct npu_instr *instr;
   unsigned order;     /* position before */
   unsigned height;    /* cycles from here to the end of the block */
   unsigned arrival;   /* cycle in which all operands are there */
   unsigned num_preds; /* not scheduled yet */
   bool scheduled;
   struct util_dynarray succs; /* struct edge */
};

struct edge {
   unsigned node;
   unsigned cycles;
};

/* What instructions must access in order if one of them writes: memory spaces and exec. */
#define NUM_SPACES    4
#define ALL_SPACES    0xf
#define EXEC_RESOURCE NUM_SPACES
#define NUM_RESOURCES (NUM_SPACES + 1)

struct resource {
   int last_write;             /* node, -1: none in this block */
   struct util_dynarray reads; /* unsigned: nodes since then */
};

/* Nodes, in the original order, that are looked at for one choice: bounds the time, and how far an
 * instruction can move up.
 */
#define WINDOW 256

/* Of a cache line, as far as the order of accesses is concerned. */
#define LINE_B 64

struct scheduler {
   struct npu_shader *shader;
   void *mem_ctx;
   struct node *nodes;
   unsigned num_nodes;
   unsigned *def_node;  /* by value, +1; 0: not in this block */
   unsigned *uses_left; /* by value: uses in this block not scheduled yet */
   const BITSET_WORD *live_out;
   struct resource resources[NUM_RESOURCES];
   BITSET_WORD *ready; /* nodes without unscheduled predecessors */
   int pressure[NPU_NUM_FILES];
   bool shuffle;
};

/* Registers of a file above which pressure counts more than latency. In V far below its size: a
 * dozen loads of four components are enough to hide each other's latency, and implementations with
 * fewer registers than the ISA (the model's host code) pay for each one beyond theirs. Measured:
 * igemm8 is a fifth faster with 48 than with 96, other kernels of the corpus are not slower.
 */
static unsigned
pressure_threshold(enum npu_file file)
{
   return file == NPU_FILE_V ? 48 : npu_file_size(file) * 3 / 4;
}

/* ---- dependences ---- */

static unsigned
latency(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   if (npu_op_is_pseudo(instr->op))
      return 1;
   /* Local memory is near; the table's figures are those of global memory. */
   if (instr->space == NPU_SPACE_LOCAL && info->is_memory)
      return 24;
   return npu_latency_infos[info->latency].cycles;
}

static void
add_edge(struct scheduler *s, unsigned from, unsigned to, unsigned cycles)
{
   struct edge edge = {to, cycles};

   if (from == to)
      return;
   util_dynarray_append(&s->nodes[from].succs, struct edge, edge);
   ++s->nodes[to].num_preds;
}

static bool
depends_on_exec(const struct npu_instr *instr)
{
   if (npu_instr_reads_exec(instr))
      return true;
   return instr->num_dests && instr->dest[0].file == NPU_FILE_S && !npu_op_is_pseudo(instr->op);
}

/* Memory an instruction touches, as a set of spaces; generic accesses touch the others too. */
static unsigned
spaces_of(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   if (info->is_memory)
      return instr->space == NPU_SPACE_GENERIC ? ALL_SPACES : 1u << instr->space;
   bool orders_all = info->is_fence || info->is_dma ||
                     (info->is_special && instr->sr_or_code == NPU_SR_CLOCK) ||
                     (info->side_effects && !info->is_branch);
   return orders_all ? ALL_SPACES : 0;
}

static bool
writes_memory(const struct npu_instr *instr)
{
   return spaces_of(instr) && !npu_ir_op_info(instr->op)->is_load;
}

static void
access_resource(struct scheduler *s, unsigned at, struct resource *r, bool write)
{
   if (r->last_write >= 0 && (!write || util_dynarray_num_elements(&r->reads, unsigned) == 0))
      add_edge(s, r->last_write, at,
               r == &s->resources[EXEC_RESOURCE] ? latency(s->nodes[r->last_write].instr) : 1);
   if (!write) {
      util_dynarray_append(&r->reads, unsigned, at);
      return;
   }
   util_dynarray_foreach(&r->reads, unsigned, read)
      add_edge(s, *read, at, 1);
   util_dynarray_clear(&r->reads);
   r->last_write = at;
}

static void
add_resource_edges(struct scheduler *s, unsigned at)
{
   const struct npu_instr *instr = s->nodes[at].instr;

   u_foreach_bit(space, spaces_of(instr))
      access_resource(s, at, &s->resources[space], writes_memory(instr));
   if (npu_instr_writes_exec(instr))
      access_resource(s, at, &s->resources[EXEC_RESOURCE], true);
   else if (depends_on_exec(instr))
      access_resource(s, at, &s->resources[EXEC_RESOURCE], false);
}

static void
add_value_edges(struct scheduler *s, unsigned at)
{
   const struct npu_instr *instr = s->nodes[at].instr;

   npu_foreach_src(instr, i) {
      if (npu_is_ssa(instr->src[i]) && s->def_node[instr->src[i].value]) {
         unsigned def = s->def_node[instr->src[i].value] - 1;
         add_edge(s, def, at, latency(s->nodes[def].instr));
      }
   }
   npu_foreach_dest(instr, d) {
      if (npu_is_ssa(instr->dest[d]))
         s->def_node[instr->dest[d].value] = at + 1;
   }
}

static void
build_graph(struct scheduler *s)
{
   for (unsigned i = 0; i < s->num_nodes; ++i) {
      add_value_edges(s, i);
      add_resource_edges(s, i);
   }
   for (unsigned i = s->num_nodes; i-- > 0;) {
      struct node *node = &s->nodes[i];
      node->height = latency(node->instr);
      util_dynarray_foreach(&node->succs, struct edge, edge)
         node->height = MAX2(node->height, edge->cycles + s->nodes[edge->node].height);
   }
}

/* ---- pressure ---- */

/* What scheduling the instruction now does to the pressure of its files. */
static void
pressure_change(const struct scheduler *s, const struct npu_instr *instr, int change[NPU_NUM_FILES])
{
   memset(change, 0, NPU_NUM_FILES * sizeof(*change));
   npu_foreach_dest(instr, d) {
      if (npu_is_ssa(instr->dest[d]))
         change[instr->dest[d].file] += npu_ref_regs(instr->dest[d]);
   }
   npu_foreach_src(instr, i) {
      struct npu_ref src = instr->src[i];
      unsigned here = 0;
      bool first = true;

      if (!npu_is_ssa(src) || BITSET_TEST(s->live_out, src.value))
         continue;
      npu_foreach_src(instr, other) {
         if (npu_is_ssa(instr->src[other]) && instr->src[other].value == src.value) {
            ++here;
            first &= other >= i;
         }
      }
      if (first && s->uses_left[src.value] == here)
         change[src.file] -= npu_ref_regs(src);
   }
}

static int
relevant_change(const struct scheduler *s, const struct npu_instr *instr)
{
   int change[NPU_NUM_FILES], sum = 0;

   pressure_change(s, instr, change);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      /* A register of a small file is worth more. */
      if (s->pressure[f] >= (int)pressure_threshold(f))
         sum += change[f] * (int)(NPU_NUM_VREGS / npu_file_size(f));
   }
   return sum;
}

static bool
is_tight(const struct scheduler *s)
{
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      if (s->pressure[f] >= (int)pressure_threshold(f))
         return true;
   }
   return false;
}

/* How many instructions have to come before one can that reads the result: the fewer, the sooner
 * registers are free again. Through splits, which emit nothing.
 */
static unsigned
missing_for_use(const struct scheduler *s, const struct node *node)
{
   unsigned missing = UINT32_MAX;

   util_dynarray_foreach(&node->succs, struct edge, edge) {
      const struct node *succ = &s->nodes[edge->node];
      unsigned here = succ->instr->op == NPU_OP_SPLIT ? missing_for_use(s, succ) : succ->num_preds;
      missing = MIN2(missing, here);
   }
   return missing;
}

/* ---- choice ---- */

static bool
is_better(const struct scheduler *s, const struct node *a, const struct node *b, unsigned cycle,
          bool tight)
{
   if (s->shuffle) /* any order will do that respects dependences */
      return a->order * 0x9e3779b9u < b->order * 0x9e3779b9u;
   if (tight) {
      int change_a = relevant_change(s, a->instr), change_b = relevant_change(s, b->instr);
      if (change_a != change_b)
         return change_a < change_b;
      unsigned missing_a = missing_for_use(s, a), missing_b = missing_for_use(s, b);
      if (missing_a != missing_b)
         return missing_a < missing_b;
   }
   unsigned wait_a = a->arrival > cycle ? a->arrival - cycle : 0;
   unsigned wait_b = b->arrival > cycle ? b->arrival - cycle : 0;
   if (wait_a != wait_b)
      return wait_a < wait_b;
   if (!tight && a->height != b->height)
      return a->height > b->height;
   return a->order < b->order;
}

/* Vector accesses with the same address but for immediates that differ by less than a line. */
static bool
is_neighbour(const struct npu_instr *a, const struct npu_instr *b)
{
   const struct npu_op_info *info = npu_op_is_pseudo(a->op) ? NULL : npu_ir_op_info(a->op);

   if (!info || a->op != b->op || !info->is_memory || info->is_atomic || a->space != b->space)
      return false;
   return (info->format == NPU_FORMAT_MEM_X || info->format == NPU_FORMAT_MEM_O ||
           info->format == NPU_FORMAT_MEM_A) &&
          a->sx == b->sx && a->scale_log2 == b->scale_log2 && abs(a->imm - b->imm) < LINE_B &&
          npu_refs_equal(a->src[NPU_MEM_BASE], b->src[NPU_MEM_BASE]) &&
          npu_refs_equal(a->src[NPU_MEM_INDEX], b->src[NPU_MEM_INDEX]);
}

/* A ready node that goes with `last`. */
static struct node *
find_neighbour(struct scheduler *s, const struct node *last, unsigned first, unsigned cycle)
{
   for (unsigned i = first; i < MIN2(first + WINDOW, s->num_nodes); ++i) {
      struct node *node = &s->nodes[i];
      if (BITSET_TEST(s->ready, i) && node->arrival <= cycle &&
          is_neighbour(last->instr, node->instr))
         return node;
   }
   return NULL;
}

static void
commit(struct scheduler *s, unsigned chosen, unsigned cycle)
{
   struct npu_instr *instr = s->nodes[chosen].instr;
   int change[NPU_NUM_FILES];

   pressure_change(s, instr, change);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      s->pressure[f] += change[f];
   npu_foreach_src(instr, i) {
      if (npu_is_ssa(instr->src[i]))
         --s->uses_left[instr->src[i].value];
   }
   npu_foreach_dest(instr, d) {
      /* Never used: its register is free again at once. */
      if (npu_is_ssa(instr->dest[d]) && instr->dest[d].kill)
         s->pressure[instr->dest[d].file] -= npu_ref_regs(instr->dest[d]);
   }
   util_dynarray_foreach(&s->nodes[chosen].succs, struct edge, edge) {
      struct node *succ = &s->nodes[edge->node];
      succ->arrival = MAX2(succ->arrival, cycle + edge->cycles);
      if (--succ->num_preds == 0)
         BITSET_SET(s->ready, edge->node);
   }
}

/* Fills order[] with node numbers. */
static void
choose_order(struct scheduler *s, unsigned *order)
{
   struct node *last = NULL;
   unsigned cycle = 0, first = 0;

   for (unsigned i = 0; i < s->num_nodes; ++i) {
      if (s->nodes[i].num_preds == 0)
         BITSET_SET(s->ready, i);
   }
   for (unsigned n = 0; n < s->num_nodes; ++n) {
      struct node *best = NULL;
      bool tight = is_tight(s);

      /* The first node not scheduled is ready: what it depends on stands before it. */
      while (s->nodes[first].scheduled)
         ++first;
      if (last && !s->shuffle)
         best = find_neighbour(s, last, first, cycle);
      for (unsigned i = best ? s->num_nodes : first; i < MIN2(first + WINDOW, s->num_nodes); ++i) {
         if (BITSET_TEST(s->ready, i) && (!best || is_better(s, &s->nodes[i], best, cycle, tight)))
            best = &s->nodes[i];
      }
      assert(best && "dependences have no cycle");

      last = best;
      order[n] = best->order;
      best->scheduled = true;
      BITSET_CLEAR(s->ready, best->order);
      cycle = MAX2(cycle, best->arrival);
      commit(s, best->order, cycle);
      ++cycle;
   }
}

/* ---- blocks ---- */

static void
prepare(struct scheduler *s, struct npu_block *block)
{
   unsigned n = 0, v;

   s->nodes = rzalloc_array(s->mem_ctx, struct node, list_length(&block->instrs));
   npu_foreach_instr_in_block(block, instr) {
      if (instr->op == NPU_OP_PHI || npu_instr_is_terminator(instr))
         continue;
      s->nodes[n] = (struct node){.instr = instr, .order = n};
      util_dynarray_init(&s->nodes[n].succs, s->mem_ctx);
      ++n;
   }
   s->num_nodes = n;
   s->live_out = block->live_out;
   s->ready = rzalloc_array(s->mem_ctx, BITSET_WORD, BITSET_WORDS(n));
   for (unsigned r = 0; r < NUM_RESOURCES; ++r) {
      s->resources[r].last_write = -1;
      util_dynarray_init(&s->resources[r].reads, s->mem_ctx);
   }

   memset(s->pressure, 0, sizeof(s->pressure));
   BITSET_FOREACH_SET(v, block->live_in, s->shader->num_values)
   s->pressure[s->shader->values[v].file] += npu_value_regs(&s->shader->values[v]);
   npu_foreach_instr_in_block(block, instr) {
      npu_foreach_dest(instr, d) {
         if (npu_is_ssa(instr->dest[d]) && instr->op == NPU_OP_PHI && !instr->dest[d].kill)
            s->pressure[instr->dest[d].file] += npu_ref_regs(instr->dest[d]);
      }
      npu_foreach_src(instr, i) {
         if (npu_is_ssa(instr->src[i]) && instr->op != NPU_OP_PHI)
            ++s->uses_left[instr->src[i].value];
      }
   }
}

static void
finish(struct scheduler *s, struct npu_block *block)
{
   npu_foreach_instr_in_block(block, instr) {
      npu_foreach_dest(instr, d) {
         if (npu_is_ssa(instr->dest[d]))
            s->def_node[instr->dest[d].value] = 0;
      }
      npu_foreach_src(instr, i) {
         if (npu_is_ssa(instr->src[i]))
            s->uses_left[instr->src[i].value] = 0;
      }
   }
}

/* Puts the nodes in this order in front of the terminators (order = NULL: as they were). */
static void
emit(struct scheduler *s, struct npu_block *block, const unsigned *order)
{
   for (unsigned i = 0; i < s->num_nodes; ++i)
      npu_instr_remove(s->nodes[i].instr);

   struct npu_cursor cursor = npu_before_terminators(block);
   for (unsigned i = 0; i < s->num_nodes; ++i)
      npu_insert(&cursor, s->nodes[order ? order[i] : i].instr);
}

/* The order of instructions decides which use is the last. */
static void
renew_kills(struct npu_shader *shader, struct npu_block *block)
{
   BITSET_WORD *live = ralloc_memdup(NULL, block->live_out,
                                     BITSET_WORDS(shader->num_values) * sizeof(BITSET_WORD));

   npu_liveness_of_block(block, live);
   ralloc_free(live);
}

static bool
schedule_block(struct scheduler *s, struct npu_block *block)
{
   unsigned before[NPU_NUM_FILES], after[NPU_NUM_FILES];
   bool worse = false, changed = false;

   prepare(s, block);
   npu_calc_block_demand(s->shader, block, before);
   build_graph(s);
   unsigned *order = ralloc_array(s->mem_ctx, unsigned, s->num_nodes);
   choose_order(s, order);
   finish(s, block);

   for (unsigned i = 0; i < s->num_nodes; ++i)
      changed |= order[i] != i;
   if (!changed)
      return false;
   emit(s, block, order);
   renew_kills(s->shader, block);
   npu_calc_block_demand(s->shader, block, after);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      unsigned limit = npu_file_size(f) - (f == NPU_FILE_V);
      worse |= after[f] > before[f] && after[f] > limit;
   }
   if (worse) {
      emit(s, block, NULL);
      renew_kills(s->shader, block);
   }
   return !worse;
}

bool
npu_schedule(struct npu_shader *shader, bool shuffle)
{
   struct scheduler s = {.shader = shader, .shuffle = shuffle};
   bool progress = false;

   npu_compute_liveness(shader);
   s.def_node = rzalloc_array(NULL, unsigned, shader->num_values);
   s.uses_left = rzalloc_array(s.def_node, unsigned, shader->num_values);
   npu_foreach_block(shader, block) {
      s.mem_ctx = ralloc_context(NULL);
      progress |= schedule_block(&s, block);
      ralloc_free(s.mem_ctx);
   }
   ralloc_free(s.def_node);
   return progress;
}
