// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Where a wave has done nothing yet that could not be done again: between its start and its first store, atomic,
// barrier or loop.
//
// There a host fault needs no record of the access: the wave begins again in the interpreter, which comes to the
// same access and says what is wrong with it. So loads of such places cost no stores in front of them, and that
// is all loads of many a small kernel. If another wave has changed what this one reads, the second time may
// take another way; that is the kernel's race, and the interpreter then goes on.
//
// Loads stay where they are: what one has loaded meets the handler's result right behind it, in a phi, so LLVM has
// no other place for it.
//
// What it misses: loops without stores. A wave could begin again behind those, too, but the interpreter might
// take very long until it is back at the fault.

#include "npu_jit.h"

bool
npu_jit_is_repeatable(const struct npu_uop *uop)
{
   if (uop->fn == npu_interp_goto_uop)
      return true;
   if (uop->fn == npu_interp_fault_uop)
      return false;
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   if (info->is_memory)
      return info->is_load && !info->is_atomic;
   return info->pure || info->is_special || info->cross_lane || info->is_branch ||
          uop->inst.op == NPU_OP_NOP;
}

void
npu_jit_find_repeatable(struct npu_jit_flow *flow)
{
   struct npu_jit_block *blocks = flow->blocks;

   for (uint32_t b = 0; b < flow->num_blocks; b++)
      blocks[b].repeatable = blocks[b].reachable && blocks[b].entry <= 0;
   /* Heads of loops: blocks are in the order of the code. */
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      for (unsigned i = 0; blocks[b].reachable && i < 2; i++) {
         if (blocks[b].succ[i] >= 0 && (uint32_t)blocks[b].succ[i] <= b)
            blocks[blocks[b].succ[i]].repeatable = false;
      }
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      bool repeatable = blocks[b].repeatable;
      for (uint32_t i = blocks[b].first; repeatable && i <= blocks[b].last; i++)
         repeatable = npu_jit_is_repeatable(&flow->kernel->uops[i]);
      for (unsigned i = 0; blocks[b].reachable && !repeatable && i < 2; i++) {
         if (blocks[b].succ[i] >= 0)
            blocks[blocks[b].succ[i]].repeatable = false;
      }
   }
}
