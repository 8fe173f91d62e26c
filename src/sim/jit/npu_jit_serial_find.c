// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Finds loops that can run lane by lane (npu_jit_serial.c), and should.
//
// Such a loop is innermost, one range of blocks that begins with its head and ends with a branch back while
// any lane is active. In it are lane operations, mask operations of bits, and loads from global memory;
// scalar registers are not written, and the only other branches are those around code that no lane needs.
// So it has no effects but its registers, and may be begun anew: if an address is out of bounds, a host fault
// happens, or it takes very long, the loop is done again for the whole wave, which knows all about faults.
// It also has to pay: few operations for a load. When it is reached, the lanes of one of its loads have to
// be neither consecutive nor the same.
//
// A lane that runs alone stops when it leaves the loop, and jumps over what it does not need; in the wave it
// takes part, inactive, until the last lane has left. That has to come to the same. An analysis follows an
// inactive lane through the code: which mask bits remain zero (`zero`), and that no register that matters
// changes, but to values that are undefined. The masks that it starts from are looked at when the code runs.
//
// What it misses: loops with a scalar counter, inner loops, several exits, stores.

#include <string.h>

#include "npu_jit_serial.h"

#define MAX_UOPS     200
#define OPS_PER_LOAD 2 /* more than that: vectors are quicker */

static uint32_t
bit_of(unsigned mask_reg)
{
   return 1u << (mask_reg - NPU_REG_M(0));
}

/* ---- is it such a loop? ------------------------------------------------------------------ */

/* One block that is entered at its start only, from within the loop unless it is the head. */
static bool
check_block(const struct npu_jit_gen *g, const struct npu_jit_loop *loop, uint32_t b)
{
   const struct npu_jit_block *block = &g->flow->blocks[b];
   const struct npu_uop *end = npu_jit_uop_at(g, block->last);

   if (b > loop->head && block->first != g->flow->blocks[b - 1].last + 1)
      return false;
   if (b == loop->last)
      return true;
   if (npu_jit_is_executable(end) && npu_op_infos[end->inst.op].is_branch) {
      int32_t to = npu_jit_is_branch_on_exec(end, NPU_OP_BR_NONE, false)
                      ? npu_jit_target_block(g, end)
                      : -1;
      return to > (int32_t)b && to <= (int32_t)loop->last;
   }
   return npu_jit_is_executable(end) && block->succ[0] == (int32_t)b + 1 && block->succ[1] < 0;
}

static bool
check_blocks(const struct npu_jit_gen *g, const struct npu_jit_loop *loop)
{
   const struct npu_jit_flow *flow = g->flow;

   if (loop->last - loop->head >= NPU_JIT_SERIAL_MAX_BLOCKS ||
       flow->blocks[loop->last].last - flow->blocks[loop->head].first >= MAX_UOPS)
      return false;
   for (uint32_t b = loop->head; b <= loop->last; b++) {
      if (!check_block(g, loop, b))
         return false;
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      bool inside = b >= loop->head && b <= loop->last;
      if (b > loop->head && inside && flow->blocks[b].entry >= 0)
         return false;
      for (unsigned i = 0; i < 2 && !inside; i++) {
         int32_t to = flow->blocks[b].succ[i];
         if (to > (int32_t)loop->head && to <= (int32_t)loop->last)
            return false;
      }
   }
   return true;
}

static bool
check_uop(const struct npu_jit_gen *g, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (npu_jit_is_bit_op(inst))
      return true;
   if (npu_jit_is_loop_load(inst))
      return inst->space == NPU_SPACE_GLOBAL && npu_reg_is_v(inst->src[1]);
   return npu_jit_is_lanewise(g, uop) && info->scalar_form_ok && !npu_reg_is_s(inst->dst);
}

/* Which load to look at: of those with unknown distances the first whose address the loop has not made. */
static void
find_probe(struct npu_jit_gen *g, struct npu_jit_loop *loop, uint32_t i)
{
   const struct npu_uop *uop = npu_jit_uop_at(g, i);
   bool wide = npu_inst_operand_bits(&uop->inst, 1) == 64;

   if (!loop->probe && !npu_jit_has_v(&loop->written, uop->inst.src[1]) &&
       (wide || !npu_jit_known_form(g, uop->inst.src[1])))
      loop->probe = i;
}

/* All uops but the last branch. Also whether it pays. */
static bool
check_uops(struct npu_jit_gen *g, struct npu_jit_loop *loop)
{
   struct npu_jit_regs uses, kills, writes;
   unsigned loads = 0, ops = 0;

   for (uint32_t i = g->flow->blocks[loop->head].first; i < g->flow->blocks[loop->last].last; i++) {
      const struct npu_uop *uop = npu_jit_uop_at(g, i);
      if (npu_jit_is_branch_on_exec(uop, NPU_OP_BR_NONE, false))
         continue;
      if (!npu_jit_is_executable(uop) || !check_uop(g, uop))
         return false;
      if (npu_jit_is_loop_load(&uop->inst)) {
         const struct npu_jit_access a = npu_jit_access_of(&uop->inst);
         find_probe(g, loop, i);
         loads += npu_jit_moves_lanes(&a) ? 1 : a.count;
      }
      ops += npu_reg_is_v(uop->inst.dst) && !npu_jit_is_loop_load(&uop->inst);
      npu_jit_uop_regs(uop, &uses, &kills, &writes);
      npu_jit_regs_add(&loop->named, &uses);
      npu_jit_regs_add(&loop->named, &writes);
      npu_jit_regs_add(&loop->written, &writes);
      npu_jit_uop_layout(uop, loop->layout);
   }
   return loop->probe && ops <= OPS_PER_LOAD * loads;
}

/* What lanes begin and end with has one layout throughout, and nobody counts on what inactive lanes get. */
static bool
check_registers(struct npu_jit_gen *g, const struct npu_jit_loop *loop)
{
   const struct npu_jit_block *head = &g->flow->blocks[loop->head];
   const struct npu_jit_block *exit = &g->flow->blocks[loop->exit];
   bool good = true;

   npu_jit_known_begin(g, exit);
   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      bool begins = npu_jit_has_v(&head->live_in, v) && head->layout[v] != NPU_JIT_LAYOUT_NONE;
      if (!npu_jit_has_v(&loop->named, v))
         continue;
      good &= !(g->flow->in_memory[v / 64] >> (v % 64) & 1);
      good &= loop->layout[v] != NPU_JIT_LAYOUT_BOTH;
      good &= !begins || head->layout[v] == loop->layout[v];
      if (npu_jit_has_v(&loop->written, v) && npu_jit_has_v(&exit->live_in, v))
         good &= !npu_jit_known_form(g, v);
   }
   npu_jit_known_begin(g, head);
   return good;
}

/* ---- inactive lanes ---------------------------------------------------------------------- */

/* The bit that a mask operation makes is zero, given those that are. */
static bool
makes_zero(const struct npu_inst *inst, uint32_t zero)
{
   bool z[3] = {false};

   for (unsigned i = 0; i < 3; i++)
      z[i] = npu_op_infos[inst->op].src[i].kind == NPU_KIND_MASK && (zero & bit_of(inst->src[i]));
   switch (inst->op) {
   case NPU_OP_MMOV:
   case NPU_OP_MANDN:
      return z[0];
   case NPU_OP_MAND:
      return z[0] || z[1];
   case NPU_OP_MOR:
   case NPU_OP_MXOR:
      return z[0] && z[1];
   case NPU_OP_MSEL:
      return z[2] && (z[0] || z[1]);
   default:
      return false;
   }
}

/* An unmasked selection writes inactive lanes, too. Here: what they have. */
static bool
keeps_value(const struct npu_inst *inst, uint32_t zero)
{
   return npu_reg_is_m(inst->src[0]) && (zero & bit_of(inst->src[0])) && inst->src[2] == inst->dst;
}

static bool
is_selection(const struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind == NPU_KIND_MASK)
         return true;
   }
   return false;
}

/* A uop with bits of masks zero. False: changes what matters for a lane that is not active. */
static bool
step(const struct npu_uop *uop, const struct npu_jit_regs *keep, uint32_t *zero)
{
   const struct npu_inst *inst = &uop->inst;
   const bool inactive = *zero & NPU_JIT_EXEC_BIT;
   struct npu_jit_regs uses, kills, writes;

   if (npu_op_infos[inst->op].is_branch || (inst->masked && inactive))
      return true;
   npu_jit_uop_regs(uop, &uses, &kills, &writes);
   if (npu_reg_is_m(inst->dst)) {
      const uint32_t dst = bit_of(inst->dst);
      bool was = *zero & dst, now = npu_jit_is_bit_op(inst) ? makes_zero(inst, *zero) : inactive;
      now = now && !inst->masked;
      *zero = now ? *zero | dst : *zero & ~dst;
      return (was && now) || !(keep->m & dst);
   }
   bool matters = (writes.v[0] & keep->v[0]) || (writes.v[1] & keep->v[1]);
   if (!matters)
      return true;
   return inactive && (!is_selection(inst) || keeps_value(inst, *zero));
}

/* Follows a lane through blocks first .. last from uop `from` to before `to`. *zero: of masks at the start,
 * then at the end. */
static bool
follow(const struct npu_jit_gen *g, uint32_t from, uint32_t to, const struct npu_jit_regs *keep,
       uint32_t *zero)
{
   uint32_t at_target[MAX_UOPS + 1];
   bool good = true;

   memset(at_target, 0xff, sizeof(at_target));
   for (uint32_t i = from; i < to; i++) {
      const struct npu_uop *uop = npu_jit_uop_at(g, i);
      *zero &= at_target[i - from];
      if (uop->target && (uint32_t)(uop->target - g->flow->kernel->uops) <= to)
         at_target[uop->target - g->flow->kernel->uops - from] &= *zero;
      good &= step(uop, keep, zero);
   }
   *zero &= at_target[to - from];
   return good;
}

/* Code that is jumped over when no lane needs it: other lanes' needs make no difference. */
static bool
check_jumps(const struct npu_jit_gen *g, const struct npu_jit_loop *loop)
{
   for (uint32_t b = loop->head; b < loop->last; b++) {
      const struct npu_uop *end = npu_jit_uop_at(g, g->flow->blocks[b].last);
      if (!npu_jit_is_branch_on_exec(end, NPU_OP_BR_NONE, false))
         continue;
      struct npu_jit_regs keep = g->flow->blocks[npu_jit_target_block(g, end)].live_in;
      uint32_t zero = NPU_JIT_EXEC_BIT;
      keep.m |= NPU_JIT_EXEC_BIT;
      if (!follow(g, g->flow->blocks[b].last + 1, (uint32_t)(end->target - g->flow->kernel->uops),
                  &keep, &zero))
         return false;
   }
   return true;
}

/* Iterations after a lane has left: finds the masks that have to be zero for them to change nothing. */
static bool
check_idle(const struct npu_jit_gen *g, struct npu_jit_loop *loop)
{
   const struct npu_jit_block *head = &g->flow->blocks[loop->head];
   uint32_t before;
   bool good;

   loop->zero = (loop->written.m & head->live_in.m) | NPU_JIT_EXEC_BIT;
   do {
      before = loop->zero;
      uint32_t zero = before;
      good = follow(g, head->first, g->flow->blocks[loop->last].last, &loop->keep, &zero);
      loop->zero &= zero;
   } while (loop->zero != before);
   return good && (loop->zero & NPU_JIT_EXEC_BIT);
}

bool
npu_jit_find_loop(struct npu_jit_gen *g, uint32_t head, struct npu_jit_loop *loop)
{
   const struct npu_jit_flow *flow = g->flow;
   const struct npu_jit_block *first = &flow->blocks[head];

   *loop = (struct npu_jit_loop){.head = head};
   for (uint32_t b = head;
        b < flow->num_blocks && b - head < NPU_JIT_SERIAL_MAX_BLOCKS && !loop->last; b++)
   {
      const struct npu_uop *end = npu_jit_uop_at(g, flow->blocks[b].last);
      if (!flow->blocks[b].reachable || (end->target && end->backward)) {
         if (!npu_jit_is_branch_on_exec(end, NPU_OP_BR_ANY, true) ||
             npu_jit_target_block(g, end) != (int32_t)head)
            return false;
         loop->last = b;
         loop->exit = flow->blocks[b].succ[flow->blocks[b].succ[0] == (int32_t)head];
         break;
      }
   }
   if (!loop->last &&
       !npu_jit_is_branch_on_exec(npu_jit_uop_at(g, first->last), NPU_OP_BR_ANY, true))
      return false;
   loop->last = loop->last ? loop->last : head;
   memcpy(loop->layout, first->layout, sizeof(loop->layout));
   if (loop->exit < 0 || !check_blocks(g, loop) || !check_uops(g, loop) ||
       !check_registers(g, loop))
      return false;
   loop->keep = first->live_in;
   npu_jit_regs_add(&loop->keep, &flow->blocks[loop->exit].live_in);
   loop->keep.m |= NPU_JIT_EXEC_BIT;
   return check_jumps(g, loop) && check_idle(g, loop);
}
