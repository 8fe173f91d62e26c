/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Phis that unite one name only are removed: the spiller makes a phi wherever predecessors may
 * disagree on the name of a value before it knows whether they do (Braun et al., Simple and
 * Efficient Construction of SSA Form, 2013). Repeats until nothing changes, since a phi can become
 * trivial when another goes; sets of phis that only keep each other alive stay.
 */
#include "npu_spill.h"

static uint32_t
resolve(const uint32_t *same, uint32_t value)
{
   while (same[value] != value)
      value = same[value];
   return value;
}

/* The one value a phi unites, itself left out; UINT32_MAX if there are several. */
static uint32_t
united(const uint32_t *same, const struct npu_instr *phi)
{
   uint32_t only = UINT32_MAX;

   npu_foreach_src(phi, s) {
      uint32_t src = resolve(same, phi->src[s].value);
      if (src == phi->dest[0].value || src == only)
         continue;
      if (only != UINT32_MAX)
         return UINT32_MAX;
      only = src;
   }
   return only;
}

void
npu_spill_remove_trivial_phis(struct npu_shader *shader, const struct util_dynarray *phis)
{
   uint32_t *same = ralloc_array(NULL, uint32_t, shader->num_values);
   bool changed = true;

   for (unsigned v = 0; v < shader->num_values; ++v)
      same[v] = v;
   while (changed) {
      changed = false;
      util_dynarray_foreach(phis, struct npu_instr *, phi) {
         uint32_t only = (*phi)->block ? united(same, *phi) : UINT32_MAX;
         if (only == UINT32_MAX)
            continue;
         same[(*phi)->dest[0].value] = only;
         npu_instr_remove(*phi);
         changed = true;
      }
   }
   npu_foreach_instr(shader, instr) {
      npu_foreach_src(instr, s) {
         if (npu_is_ssa(instr->src[s]))
            instr->src[s].value = resolve(same, instr->src[s].value);
      }
   }
   ralloc_free(same);
}
