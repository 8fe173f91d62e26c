/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Removes instructions whose results nobody reads and that have no other effect, and destinations
 * of split and atomics that nobody reads.
 *
 * One backward walk with use counts: a removed instruction takes its uses away, so what only it
 * used goes when the walk reaches it. Missed: phis of a loop that keep only each other alive;
 * counting uses from outside the cycle would find them.
 */
#include "npu_passes.h"

static void
count_uses(const struct npu_shader *shader, unsigned *uses)
{
   npu_foreach_instr(shader, instr) {
      npu_foreach_src(instr, s) {
         if (npu_is_ssa(instr->src[s]))
            ++uses[instr->src[s].value];
      }
   }
}

static bool
drop_unused_dests(struct npu_instr *instr, const unsigned *uses)
{
   bool progress = false, all_unused = true;

   npu_foreach_dest(instr, d) {
      if (!npu_is_ssa(instr->dest[d])) {
         all_unused &= npu_is_null(instr->dest[d]);
      } else if (uses[instr->dest[d].value]) {
         all_unused = false;
      } else if (instr->op == NPU_OP_SPLIT) {
         instr->dest[d] = npu_null();
         progress = true;
      }
   }
   if (all_unused && npu_ir_op_info(instr->op)->is_atomic && !instr->noret) {
      instr->noret = true;
      instr->num_dests = 0;
      if (instr->masked) {
         instr->masked = false;
         --instr->num_srcs;
      }
      return true;
   }
   return progress;
}

static bool
is_dead(const struct npu_instr *instr, const unsigned *uses)
{
   if (!npu_instr_can_eliminate(instr))
      return false;
   npu_foreach_dest(instr, d) {
      if (!npu_is_null(instr->dest[d]) &&
          (!npu_is_ssa(instr->dest[d]) || uses[instr->dest[d].value]))
         return false;
   }
   return true;
}

bool
npu_opt_dce(struct npu_shader *shader)
{
   unsigned *uses = rzalloc_array(NULL, unsigned, shader->num_values);
   bool progress = false;

   count_uses(shader, uses);
   npu_foreach_instr_safe_rev(shader, instr) {
      progress |= drop_unused_dests(instr, uses);
      if (!is_dead(instr, uses))
         continue;
      npu_foreach_src(instr, s) {
         if (npu_is_ssa(instr->src[s]))
            --uses[instr->src[s].value];
      }
      npu_instr_remove(instr);
      progress = true;
   }
   ralloc_free(uses);
   return progress;
}
