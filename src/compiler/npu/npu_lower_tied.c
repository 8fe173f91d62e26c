/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A masked instruction overwrites the active lanes of its old value in place (rule 7 of npu_ir.h):
 * both get one register. That is free if the old value dies there. Otherwise it must be copied
 * first, and doing so before spilling and register allocation means that both see the true register
 * demand and that a tied source is always killed.
 *
 * The kill flags of npu_compute_liveness() decide; a source that appears a second time in the same
 * instruction survives it as far as this pass is concerned. Old values that are undef or immediate
 * get a register of their own in the same way.
 */
#include "npu_passes.h"

static bool
needs_copy(const struct npu_instr *instr, unsigned tied)
{
   struct npu_ref old = instr->src[tied];

   if (!npu_is_ssa(old))
      return true;
   if (!old.kill)
      return true;
   for (unsigned s = 0; s < tied; ++s) {
      if (npu_is_ssa(instr->src[s]) && instr->src[s].value == old.value)
         return true;
   }
   return false;
}

bool
npu_lower_tied(struct npu_shader *shader)
{
   bool progress = false;

   npu_compute_liveness(shader);
   npu_foreach_instr_safe(shader, instr) {
      int tied = npu_instr_tied_src(instr);

      if (tied < 0 || instr->dest[0].kind == NPU_REF_EXEC || !needs_copy(instr, tied))
         continue;

      struct npu_instr *copy = npu_instr_create(shader, NPU_OP_PARALLEL_COPY, 1, 1);
      struct npu_cursor cursor = npu_before_instr(instr);
      struct npu_ref dest = instr->dest[0];

      copy->src[0] = instr->src[tied];
      copy->dest[0] = npu_value_create(shader, dest.file, dest.bits, dest.comps);
      instr->src[tied] = copy->dest[0];
      npu_insert(&cursor, copy);
      progress = true;
   }
   return progress;
}
