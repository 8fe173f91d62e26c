/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Loops that run lane by lane: what the analysis (npu_jit_serial_find.c) tells the generator (npu_jit_serial.c).
 */

#ifndef NPU_JIT_SERIAL_H
#define NPU_JIT_SERIAL_H

#include "npu_jit_access.h"

#define NPU_JIT_SERIAL_MAX_BLOCKS 16
#define NPU_JIT_EXEC_BIT          (1u << NPU_NUM_MREGS)

struct npu_jit_loop {
   uint32_t head, last; /* blocks */
   int32_t exit;        /* block behind it */
   uint32_t probe;      /* uop: a load at addresses that are there when the loop begins */
   struct npu_jit_regs named, written, keep;
   uint32_t zero; /* masks whose bit is zero for a lane that has left, exec among them */
   uint8_t layout[NPU_NUM_VREGS];
};

/* Whether a loop that begins with the block can be run lane by lane, and should. */
bool npu_jit_find_loop(struct npu_jit_gen *g, uint32_t head, struct npu_jit_loop *loop);

/* ---- its uops ---------------------------------------------------------------------------- */

static inline const struct npu_uop *
npu_jit_uop_at(const struct npu_jit_gen *g, uint32_t i)
{
   return &g->flow->kernel->uops[i];
}

static inline bool
npu_jit_is_branch_on_exec(const struct npu_uop *uop, enum npu_op op, bool backward)
{
   return uop->fn != npu_interp_goto_uop && uop->fn != npu_interp_fault_uop && uop->inst.op == op &&
          uop->inst.src[0] == NPU_REG_EXEC && uop->backward == backward;
}

/* An operation of bits of masks, and a load in a form that loops may have. */
static inline bool
npu_jit_is_bit_op(const struct npu_inst *inst)
{
   switch (inst->op) {
   case NPU_OP_MMOV:
   case NPU_OP_MNOT:
   case NPU_OP_MAND:
   case NPU_OP_MOR:
   case NPU_OP_MXOR:
   case NPU_OP_MANDN:
   case NPU_OP_MSEL:
      return true;
   default:
      return false;
   }
}

static inline bool
npu_jit_is_loop_load(const struct npu_inst *inst)
{
   return inst->op == NPU_OP_LD_O || inst->op == NPU_OP_LD_A;
}

/* The block that a branch leads to. */
static inline int32_t
npu_jit_target_block(const struct npu_jit_gen *g, const struct npu_uop *uop)
{
   return g->flow->block_of[uop->target - g->flow->kernel->uops];
}

#endif
