// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// What a wave writes to its memory and reads back at resume points, where it waits for others at a barrier.
//
// A wave of the NPU keeps its registers at a barrier. Host code runs the waves of a work-group one after the
// other, so at a barrier one's registers make room for the next one's. Most of a tiled kernel's live through parts
// that do not touch them, such as the sums of a matrix product while tiles are loaded; those should cost nothing
// there. Two iterations over the flow see to that:
//
//  - find_saved(): forward, which registers have not changed since they were in memory. They are not written again.
//    In front of a loop with a barrier inside, what the loop leaves alone is written once (partial redundancy
//    elimination of stores, after Morel and Renvoise, "Global optimization by suppression of partial
//    redundancies", CACM 22(2), 1979).
//  - find_lazy(): forward, which registers are in memory and need not be in a variable either. A resume point
//    reads nothing; a register is read at the start of a block that uses it, before a loop without barriers that
//    names it, or where ways meet of which another one has changed it.
//
// What it misses: a block that is a use on a rare way only, after one that is none, reads again what another way
// has read. Uses are looked for in whole blocks.

#include <string.h>

#include "npu_jit.h"

/* ---- sets -------------------------------------------------------------------------------- */

static struct npu_jit_regs
common(const struct npu_jit_regs *a, const struct npu_jit_regs *b)
{
   return (struct npu_jit_regs){
      .v = {a->v[0] & b->v[0], a->v[1] & b->v[1]},
      .s = a->s & b->s,
      .m = a->m & b->m,
   };
}

/* Replaces a set. True: it is another one. */
static bool
replace(struct npu_jit_regs *set, const struct npu_jit_regs *with)
{
   bool same = set->v[0] == with->v[0] && set->v[1] == with->v[1] && set->s == with->s &&
               set->m == with->m;

   *set = *with;
   return !same;
}

/* ---- blocks ------------------------------------------------------------------------------ */

static void
find_uses(struct npu_jit_flow *flow, struct npu_jit_block *block)
{
   struct npu_jit_regs uses, kills, writes;

   for (uint32_t i = block->first; i <= block->last; i++) {
      npu_jit_uop_regs(&flow->kernel->uops[i], &uses, &kills, &writes);
      npu_jit_regs_add(&block->uses, &uses);
      npu_jit_regs_add(&block->writes, &writes);
   }
}

/* A block whose successor is no way on: the wave leaves, and goes on at the resume point. */
static bool
ends_with_barrier(const struct npu_jit_flow *flow, const struct npu_jit_block *block)
{
   const struct npu_uop *end = &flow->kernel->uops[block->last];

   return npu_jit_is_executable(end) && end->inst.op == NPU_OP_BARRIER;
}

static struct npu_jit_block *
next_of(const struct npu_jit_flow *flow, const struct npu_jit_block *block, unsigned i)
{
   if (!block->reachable || block->succ[i] < 0 || ends_with_barrier(flow, block))
      return NULL;
   return &flow->blocks[block->succ[i]];
}

/* The head of the loop that a branch at a block's end closes. Blocks are in the order of the code, so the loop is what
 * lies between them. NULL: there is none. */
static struct npu_jit_block *
loop_of(const struct npu_jit_flow *flow, const struct npu_jit_block *last, unsigned i)
{
   struct npu_jit_block *head = next_of(flow, last, i);

   return head && head <= last ? head : NULL;
}

/* What heads of loops know of them. */
static void
find_loops(struct npu_jit_flow *flow)
{
   const struct npu_jit_block *end = flow->blocks + flow->num_blocks;

   for (const struct npu_jit_block *last = flow->blocks; last < end; last++) {
      for (unsigned i = 0; i < 2; i++) {
         struct npu_jit_block *head = loop_of(flow, last, i);
         for (struct npu_jit_block *in = head; head && in <= last; in++) {
            head->heads_loop = true;
            head->heads_waiting |= ends_with_barrier(flow, in);
            npu_jit_regs_add(&head->loop_named, &in->uses);
            npu_jit_regs_add(&head->loop_named, &in->writes);
         }
      }
   }
}

/* ---- in memory --------------------------------------------------------------------------- */

static struct npu_jit_regs
saved_behind(const struct npu_jit_block *block)
{
   return npu_jit_regs_minus(&block->saved, &block->writes);
}

/* A way into a loop with a barrier from in front of it: what is to be in memory there is written on it. */
static bool
is_way_into_waiting(const struct npu_jit_block *from, const struct npu_jit_block *to)
{
   return to->heads_waiting && from < to;
}

static void
find_saved(struct npu_jit_flow *flow)
{
   for (uint32_t b = 1; b < flow->num_blocks; b++) {
      struct npu_jit_block *block = &flow->blocks[b];
      block->saved = block->live_in;
      if (block->entry < 0)
         memset(&block->saved, 0xff, sizeof(block->saved));
   }
   for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t b = 0; b < flow->num_blocks; b++) {
         const struct npu_jit_block *block = &flow->blocks[b];
         struct npu_jit_regs saved = saved_behind(block);
         for (unsigned i = 0; i < 2; i++) {
            struct npu_jit_block *next = next_of(flow, block, i);
            if (!next || is_way_into_waiting(block, next))
               continue;
            struct npu_jit_regs both = common(&next->saved, &saved);
            changed |= replace(&next->saved, &both);
         }
      }
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      struct npu_jit_block *block = &flow->blocks[b];
      struct npu_jit_regs saved = saved_behind(block);
      for (unsigned i = 0; i < 2; i++) {
         const struct npu_jit_block *next = next_of(flow, block, i);
         if (!next || !is_way_into_waiting(block, next))
            continue;
         struct npu_jit_regs wanted = common(&next->saved, &next->live_in);
         wanted = npu_jit_regs_minus(&wanted, &saved);
         npu_jit_regs_add(&block->save_at_end, &wanted);
      }
   }
}

struct npu_jit_regs
npu_jit_unsaved_at_end(const struct npu_jit_block *block, const struct npu_jit_regs *live)
{
   const struct npu_jit_regs saved = saved_behind(block);

   return npu_jit_regs_minus(live, &saved);
}

/* ---- only in memory ---------------------------------------------------------------------- */

/* Registers that may be in memory only where a block begins. */
static struct npu_jit_regs
may_be_lazy(const struct npu_jit_block *block)
{
   struct npu_jit_regs set = common(&block->saved, &block->live_in);

   if (block->heads_loop && !block->heads_waiting)
      set = npu_jit_regs_minus(&set, &block->loop_named);
   return set;
}

struct npu_jit_regs
npu_jit_lazy_at_end(const struct npu_jit_block *block)
{
   struct npu_jit_regs lazy = npu_jit_regs_minus(&block->lazy, &block->uses);

   lazy = npu_jit_regs_minus(&lazy, &block->writes);
   return npu_jit_regs_minus(&lazy, &block->restore_at_end);
}

/* Adds to what is read at a block's end: what a block behind it has to have in variables. */
static void
restore_at_end(const struct npu_jit_flow *flow, struct npu_jit_block *block)
{
   for (unsigned i = 0; i < 2; i++) {
      const struct npu_jit_block *next = next_of(flow, block, i);
      if (!next)
         continue;
      const struct npu_jit_regs lazy = npu_jit_lazy_at_end(block), may = may_be_lazy(next);
      struct npu_jit_regs must = common(&lazy, &next->live_in);
      must = npu_jit_regs_minus(&must, &may);
      npu_jit_regs_add(&block->restore_at_end, &must);
   }
}

static void
find_lazy(struct npu_jit_flow *flow)
{
   for (uint32_t b = 1; b < flow->num_blocks; b++) {
      if (flow->blocks[b].entry > 0)
         flow->blocks[b].lazy = may_be_lazy(&flow->blocks[b]);
   }
   for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t b = 0; b < flow->num_blocks; b++) {
         restore_at_end(flow, &flow->blocks[b]);
         const struct npu_jit_regs lazy = npu_jit_lazy_at_end(&flow->blocks[b]);
         for (unsigned i = 0; i < 2; i++) {
            struct npu_jit_block *next = next_of(flow, &flow->blocks[b], i);
            if (!next)
               continue;
            const struct npu_jit_regs may = may_be_lazy(next);
            struct npu_jit_regs set = common(&lazy, &may);
            npu_jit_regs_add(&set, &next->lazy);
            changed |= replace(&next->lazy, &set);
         }
      }
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++)
      flow->blocks[b].restore = common(&flow->blocks[b].lazy, &flow->blocks[b].uses);
}

void
npu_jit_find_resumes(struct npu_jit_flow *flow)
{
   if (flow->num_entries < 2)
      return;
   for (uint32_t b = 0; b < flow->num_blocks; b++)
      find_uses(flow, &flow->blocks[b]);
   find_loops(flow);
   find_saved(flow);
   find_lazy(flow);
}
