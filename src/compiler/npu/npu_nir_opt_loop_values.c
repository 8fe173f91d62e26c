/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Arithmetic that gives the same in every iteration moves in front of its loop.
 *
 * NIR's own pass (nir_opt_licm) moves nothing that might not have been executed, and a loop as clang
 * writes it begins with the test that leaves it: all of its body might not be. But arithmetic has
 * no side effects here - nothing traps, division by zero included -, so executing it once for a
 * loop that turns out to be empty costs what one iteration would have.
 *
 * Only blocks that belong to the loop itself, not to an if or a loop in it: those are executed
 * once per iteration, or leave the loop. Loops from the inside out, so that what leaves one can leave
 * the next. Operands have to stand in front of the loop or to have moved there.
 *
 * Every value that moves is alive throughout the loop, which is a question of registers:
 *
 *  - Uniform values move; scalar registers are cheap on every implementation. They are counted, and
 *    the pass stops at a share of the file. The spiller computes those again that do not fit.
 *  - Divergent ones stay, divisions and transcendental functions apart. A vector register is as
 *    large as a cache line or two, and an implementation that has fewer of them than the ISA (the
 *    model's host code has 16 to 32 narrower ones) keeps such a value in memory: reading it costs
 *    what adding two numbers does, and pushes out what the loop works on. Moving all of them cost
 *    sgemm_blocked a fifth of its speed, with 7 % fewer instructions to execute.
 *
 * Needs divergence information, and keeps it.
 *
 * What it misses: which values would be folded into an instruction of the loop anyway.
 */

#include "npu_nir.h"

/* Registers that values in front of a loop may take, for each loop. */
#define MAX_VECTORS 8
#define MAX_SCALARS 24

struct hoist {
   nir_block *preheader; /* in front of the loop */
   unsigned vectors, scalars;
};

/* Immediate operands, and what selection makes no instruction for. */
static bool
is_free(const nir_alu_instr *alu)
{
   switch (alu->op) {
   case nir_op_mov:
   case nir_op_u2u32:
   case nir_op_u2u64:
   case nir_op_i2i32:
      return true;
   default:
      return nir_op_is_vec(alu->op);
   }
}

/* Operations of the latency classes div and trans. */
static bool
is_expensive(nir_op op)
{
   switch (op) {
   case nir_op_fdiv:
   case nir_op_frcp:
   case nir_op_fsqrt:
   case nir_op_frsq:
   case nir_op_fexp2:
   case nir_op_flog2:
   case nir_op_fsin:
   case nir_op_fcos:
   case nir_op_idiv:
   case nir_op_udiv:
   case nir_op_irem:
   case nir_op_imod:
   case nir_op_umod:
      return true;
   default:
      return false;
   }
}

static bool
takes_registers(struct hoist *h, const nir_def *def)
{
   unsigned regs = def->num_components;

   if (!def->divergent) {
      h->scalars += regs;
      return h->scalars <= MAX_SCALARS;
   }
   h->vectors += def->bit_size == 64 ? 2 * regs : regs;
   return h->vectors <= MAX_VECTORS;
}

static bool
can_move(struct hoist *h, nir_instr *instr)
{
   if (instr->type == nir_instr_type_load_const || instr->type == nir_instr_type_undef)
      return true;
   if (instr->type != nir_instr_type_alu ||
       !nir_foreach_src(instr, npu_nir_src_is_before, h->preheader))
      return false;

   const nir_alu_instr *alu = nir_instr_as_alu(instr);
   /* Masks are few, and comparing costs no more than keeping the result. */
   if (alu->def.bit_size == 1)
      return false;
   if (alu->def.divergent)
      return is_expensive(alu->op) && takes_registers(h, &alu->def);
   return is_free(alu) || takes_registers(h, &alu->def);
}

static bool
hoist_from(nir_loop *loop)
{
   struct hoist h = {.preheader = nir_cf_node_as_block(nir_cf_node_prev(&loop->cf_node))};
   bool progress = false;

   foreach_list_typed(nir_cf_node, node, node, &loop->body) {
      if (node->type != nir_cf_node_block)
         continue;
      nir_foreach_instr_safe(instr, nir_cf_node_as_block(node)) {
         if (!can_move(&h, instr))
            continue;
         nir_instr_remove(instr);
         nir_instr_insert_after_block(h.preheader, instr);
         progress = true;
      }
   }
   return progress;
}

bool
npu_nir_opt_loop_values(nir_shader *nir)
{
   nir_function_impl *impl = nir_shader_get_entrypoint(nir);

   nir_metadata_require(impl, nir_metadata_block_index);
   bool progress = npu_nir_hoist(&impl->body, hoist_from);
   nir_metadata_preserve(impl, progress ? nir_metadata_control_flow : nir_metadata_all);
   return progress;
}
