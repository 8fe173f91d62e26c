// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The flow of a decoded kernel: basic blocks, liveness, resume points, layouts of vector registers.
//
// Liveness is the usual backward iteration over blocks. It is what makes resume points cheap: at a
// barrier only live registers are written to memory. exec counts as live everywhere, because a fault
// record names the active lanes.
//
// A vector register holds 32 lanes of 32 bits or half of the 32 lanes of a 64-bit pair. Host code
// keeps both as vectors of lanes, in separate variables, so it must know which of them a read means.
// A forward iteration finds for each point how each register was written last. Where a read does not
// match (a pair taken apart by reading its halves as 32-bit lanes, or a merge of both), the register
// lives in memory for the whole kernel, where the bytes are what the specification says.

#include <stdlib.h>
#include <string.h>

#include "npu_jit.h"

#define EXEC_BIT (1u << NPU_NUM_MREGS)

/* ---- operands ---------------------------------------------------------------------------- */

static void
add(struct npu_jit_regs *set, unsigned reg, unsigned count)
{
   for (unsigned i = 0; i < count; i++, reg++) {
      if (npu_reg_is_v(reg))
         set->v[reg / 64] |= 1ull << (reg % 64);
      else if (npu_reg_is_s(reg))
         set->s |= 1ull << (reg - NPU_REG_S(0));
      else if (npu_reg_is_m(reg))
         set->m |= 1u << (reg - NPU_REG_M(0));
   }
}

void
npu_jit_uop_regs(const struct npu_uop *uop, struct npu_jit_regs *uses, struct npu_jit_regs *kills,
                 struct npu_jit_regs *writes)
{
   const struct npu_inst *inst = &uop->inst;

   *uses = *kills = *writes = (struct npu_jit_regs){.m = 0};
   uses->m = EXEC_BIT;
   if (!npu_jit_is_executable(uop))
      return;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].files && !npu_src_is_imm(inst->src[i]))
         add(uses, inst->src[i], npu_inst_operand_regs(inst, (int)i));
   }
   if (info->data_in_dst)
      add(uses, inst->dst, npu_inst_operand_regs(inst, -1));
   if (info->has_dst && !inst->noret) {
      add(writes, inst->dst, npu_inst_operand_regs(inst, -1));
      if (inst->masked)
         add(uses, inst->dst, npu_inst_operand_regs(inst, -1));
      else
         *kills = *writes;
   }
}

/* Calls back for each vector operand: its first register, how many, and whether of 64 bits. */
static void
each_vector(const struct npu_uop *uop, bool written,
            void (*callback)(void *data, unsigned reg, unsigned count, bool wide), void *data)
{
   const struct npu_inst *inst = &uop->inst;

   if (!npu_jit_is_executable(uop))
      return;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   bool has_dst = info->has_dst && !inst->noret;
   bool use_dst = written ? has_dst : info->data_in_dst || (has_dst && inst->masked);
   if (use_dst && npu_reg_is_v(inst->dst))
      callback(data, inst->dst, npu_inst_operand_regs(inst, -1),
               npu_inst_operand_bits(inst, -1) == 64);
   for (unsigned i = 0; !written && i < info->num_srcs; i++) {
      if (info->src[i].files && npu_reg_is_v(inst->src[i]))
         callback(data, inst->src[i], npu_inst_operand_regs(inst, (int)i),
                  npu_inst_operand_bits(inst, (int)i) == 64);
   }
}

static void
set_layout(void *data, unsigned reg, unsigned count, bool wide)
{
   memset((uint8_t *)data + reg, wide ? NPU_JIT_LAYOUT_64 : NPU_JIT_LAYOUT_32, count);
}

void
npu_jit_uop_layout(const struct npu_uop *uop, uint8_t layout[NPU_NUM_VREGS])
{
   each_vector(uop, true, set_layout, layout);
}

/* ---- blocks ------------------------------------------------------------------------------ */

static bool
is_branch(const struct npu_uop *uop)
{
   return npu_jit_is_executable(uop) && npu_op_infos[uop->inst.op].is_branch;
}

/* A uop after which the next one is not simply executed. */
static bool
ends_block(const struct npu_uop *uop)
{
   return !npu_jit_is_executable(uop) || is_branch(uop) || uop->inst.op == NPU_OP_BARRIER ||
          uop->inst.op == NPU_OP_TRAP;
}

static bool
mark_leaders(struct npu_jit_flow *flow)
{
   const struct npu_interp_kernel *kernel = flow->kernel;

   flow->block_of[0] = 0;
   for (size_t i = 0; i < kernel->num_uops; i++) {
      const struct npu_uop *uop = &kernel->uops[i];
      if (uop->target)
         flow->block_of[uop->target - kernel->uops] = 0;
      if (ends_block(uop) && i + 1 < kernel->num_uops)
         flow->block_of[i + 1] = 0;
   }
   for (size_t i = 0; i < kernel->num_uops; i++) {
      if (flow->block_of[i] == 0)
         flow->block_of[i] = (int32_t)flow->num_blocks++;
   }
   flow->blocks = calloc(flow->num_blocks, sizeof(*flow->blocks));
   return flow->blocks != NULL;
}

static bool
add_entry(struct npu_jit_flow *flow, uint32_t uop)
{
   if (flow->entry_of[uop] >= 0)
      return true;
   if (flow->num_entries == NPU_JIT_MAX_ENTRIES)
      return false;
   flow->entry_of[uop] = (int32_t)flow->num_entries;
   flow->entries[flow->num_entries++] = uop;
   return true;
}

static bool
make_blocks(struct npu_jit_flow *flow)
{
   const struct npu_interp_kernel *kernel = flow->kernel;
   bool good = add_entry(flow, 0);

   for (uint32_t i = 0, b = 0; i < kernel->num_uops; i++) {
      struct npu_jit_block *block = &flow->blocks[b];
      const struct npu_uop *uop = &kernel->uops[i];
      if (flow->block_of[i] >= 0) {
         block->first = i;
         block->succ[0] = block->succ[1] = -1;
      }
      if (i + 1 < kernel->num_uops && flow->block_of[i + 1] < 0)
         continue;
      block->last = i;
      b++;
      if (uop->target)
         block->succ[1] = flow->block_of[uop->target - kernel->uops];
      if (npu_jit_is_executable(uop) && !npu_op_infos[uop->inst.op].is_end &&
          uop->inst.op != NPU_OP_JMP && uop->inst.op != NPU_OP_TRAP)
         block->succ[0] = flow->block_of[i + 1];
      if (npu_jit_is_executable(uop) && uop->inst.op == NPU_OP_BARRIER)
         good &= add_entry(flow, i + 1);
   }
   return good;
}

/* ---- iterations -------------------------------------------------------------------------- */

static bool
merge(struct npu_jit_regs *to, const struct npu_jit_regs *from)
{
   struct npu_jit_regs old = *to;

   npu_jit_regs_add(to, from);
   return memcmp(&old, to, sizeof(old)) != 0;
}

/* live = (live - kills) | uses */
static void
step_back(struct npu_jit_regs *live, const struct npu_jit_regs *uses,
          const struct npu_jit_regs *kills)
{
   *live = npu_jit_regs_minus(live, kills);
   npu_jit_regs_add(live, uses);
}

static bool
intersect(const struct npu_jit_regs *a, const struct npu_jit_regs *b)
{
   return (a->v[0] & b->v[0]) || (a->v[1] & b->v[1]) || (a->s & b->s) || (a->m & b->m);
}

static bool
has_effect(const struct npu_uop *uop)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];

   return !npu_jit_is_executable(uop) || info->side_effects || info->is_memory || info->is_branch;
}

/* Liveness before a uop from that after it. What only computes dead values needs nothing. */
static void
step_back_uop(struct npu_jit_regs *live, const struct npu_uop *uop)
{
   struct npu_jit_regs uses, kills, writes;

   npu_jit_uop_regs(uop, &uses, &kills, &writes);
   if (has_effect(uop) || intersect(&writes, live))
      step_back(live, &uses, &kills);
   live->m |= EXEC_BIT;
}

void
npu_jit_block_liveness(const struct npu_jit_flow *flow, const struct npu_jit_block *block,
                       struct npu_jit_regs *live)
{
   struct npu_jit_regs now = block->live_out;

   for (uint32_t i = block->last + 1; i-- > block->first;) {
      step_back_uop(&now, &flow->kernel->uops[i]);
      live[i - block->first] = now;
   }
}

static void
find_liveness(struct npu_jit_flow *flow)
{
   for (size_t i = 0; i < flow->kernel->num_uops; i++) {
      struct npu_jit_regs uses, kills, writes;
      npu_jit_uop_regs(&flow->kernel->uops[i], &uses, &kills, &writes);
      merge(&flow->used, &uses);
      merge(&flow->used, &writes);
   }
   for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t b = flow->num_blocks; b-- > 0;) {
         struct npu_jit_block *block = &flow->blocks[b];
         for (unsigned i = 0; i < 2; i++) {
            if (block->succ[i] >= 0)
               merge(&block->live_out, &flow->blocks[block->succ[i]].live_in);
         }
         struct npu_jit_regs live = block->live_out;
         for (uint32_t i = block->last + 1; i-- > block->first;)
            step_back_uop(&live, &flow->kernel->uops[i]);
         changed |= merge(&block->live_in, &live);
      }
   }
}

struct layout_check {
   struct npu_jit_flow *flow;
   const uint8_t *layout;
};

static void
check_layout(void *data, unsigned reg, unsigned count, bool wide)
{
   const struct layout_check *check = data;
   enum npu_jit_layout right = wide ? NPU_JIT_LAYOUT_64 : NPU_JIT_LAYOUT_32;

   for (unsigned r = reg; r < reg + count; r++) {
      bool zero = check->layout[r] == NPU_JIT_LAYOUT_NONE;
      /* Of a pair, one half may not be zero and the other in the right layout. */
      bool lone_zero = zero && wide && check->layout[r ^ 1] != NPU_JIT_LAYOUT_NONE;
      if ((check->layout[r] != right && !zero) || lone_zero)
         check->flow->in_memory[r / 64] |= 3ull << (r % 64 & ~1u);
   }
}

static bool
merge_layout(uint8_t *to, const uint8_t *from)
{
   bool changed = false;

   for (unsigned r = 0; r < NPU_NUM_VREGS; r++) {
      uint8_t merged = to[r] | from[r];
      changed |= merged != to[r];
      to[r] = merged;
   }
   return changed;
}

static void
find_layouts(struct npu_jit_flow *flow)
{
   uint8_t layout[NPU_NUM_VREGS];

   flow->blocks[0].reachable = true;
   for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t b = 0; b < flow->num_blocks; b++) {
         struct npu_jit_block *block = &flow->blocks[b];
         if (!block->reachable)
            continue;
         memcpy(layout, block->layout, sizeof(layout));
         for (uint32_t i = block->first; i <= block->last; i++)
            npu_jit_uop_layout(&flow->kernel->uops[i], layout);
         for (unsigned i = 0; i < 2; i++) {
            if (block->succ[i] < 0)
               continue;
            struct npu_jit_block *next = &flow->blocks[block->succ[i]];
            changed |= !next->reachable;
            next->reachable = true;
            changed |= merge_layout(next->layout, layout);
         }
      }
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      struct npu_jit_block *block = &flow->blocks[b];
      struct layout_check check = {flow, layout};
      memcpy(layout, block->layout, sizeof(layout));
      for (uint32_t i = block->first; block->reachable && i <= block->last; i++) {
         each_vector(&flow->kernel->uops[i], false, check_layout, &check);
         npu_jit_uop_layout(&flow->kernel->uops[i], layout);
      }
   }
}

struct npu_jit_flow *
npu_jit_flow_create(const struct npu_interp_kernel *kernel)
{
   struct npu_jit_flow *flow = calloc(1, sizeof(*flow));

   if (!flow)
      return NULL;
   flow->kernel = kernel;
   flow->block_of = malloc(kernel->num_uops * sizeof(*flow->block_of));
   flow->entry_of = malloc(kernel->num_uops * sizeof(*flow->entry_of));
   flow->entries = calloc(NPU_JIT_MAX_ENTRIES, sizeof(*flow->entries));
   bool good = flow->block_of && flow->entry_of && flow->entries;
   if (good) {
      memset(flow->block_of, 0xff, kernel->num_uops * sizeof(*flow->block_of));
      memset(flow->entry_of, 0xff, kernel->num_uops * sizeof(*flow->entry_of));
      good = mark_leaders(flow) && make_blocks(flow);
   }
   if (!good) {
      npu_jit_flow_free(flow);
      return NULL;
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++)
      flow->blocks[b].entry = flow->entry_of[flow->blocks[b].first];
   find_liveness(flow);
   find_layouts(flow);
   npu_jit_find_resumes(flow);
   npu_jit_find_repeatable(flow);
   return flow;
}

void
npu_jit_flow_free(struct npu_jit_flow *flow)
{
   if (!flow)
      return;
   free(flow->blocks);
   free(flow->block_of);
   free(flow->entry_of);
   free(flow->entries);
   free(flow);
}
