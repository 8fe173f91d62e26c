/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A divergent variable is updated by computing a value and merging it with the old one:
 *
 *    %2 = iadd.i32 %1, 1
 *    %3 = sel.b32 exec, %2, %0        (%0: the old value)
 *
 * Bit M does both in one instruction that overwrites the old value in place:
 *
 *    %3 = iadd.i32 %1, 1, %0 {masked}
 *
 * Conditions: nobody else reads the computed value; both stand in one block with no write of exec
 * between; the operation can be masked and makes a vector of the same type; the old value is
 * defined before it. The masked instruction stands where the computation stood, so nothing moves.
 */
#include "npu_passes.h"

struct walk {
   struct npu_shader *shader;
   struct npu_instr **def; /* by value, definitions of the current block only */
   uint32_t *position;     /* by value: number of the definition, over all blocks */
   unsigned *uses;
   uint32_t exec_written; /* number of the last instruction that wrote exec */
};

static bool
is_merge(const struct npu_instr *instr)
{
   return (instr->op == NPU_OP_SEL_B32 || instr->op == NPU_OP_SEL_B64) && !instr->masked &&
          instr->src[0].kind == NPU_REF_EXEC && npu_is_ssa(instr->src[1]) &&
          npu_is_ssa(instr->src[2]) && instr->dest[0].file == NPU_FILE_V;
}

static bool
can_mask(const struct walk *w, const struct npu_instr *def, struct npu_ref old,
         struct npu_ref merged)
{
   const struct npu_op_info *info = npu_ir_op_info(def->op);

   if (npu_op_is_pseudo(def->op) || !info->maskable || def->masked || info->cross_lane ||
       def->num_dests != 1)
      return false;
   /* A uniform value would become a vector: comparisons and special registers cannot. */
   if (def->dest[0].file != NPU_FILE_V &&
       (def->op == NPU_OP_RDSR || !(info->dst.files & (1u << NPU_FILE_V))))
      return false;
   /* The old value's register becomes the result's. */
   if (old.file != NPU_FILE_V || old.comps != 1 || def->dest[0].comps != 1 ||
       def->dest[0].bits != merged.bits || old.bits != merged.bits)
      return false;
   return w->position[old.value] < w->position[def->dest[0].value] &&
          w->exec_written <= w->position[def->dest[0].value];
}

static bool
merge(struct walk *w, struct npu_instr *sel)
{
   struct npu_instr *def = w->def[sel->src[1].value];
   struct npu_ref old = sel->src[2];

   if (!def || def->block != sel->block || w->uses[sel->src[1].value] != 1 ||
       !can_mask(w, def, old, sel->dest[0]))
      return false;

   struct npu_ref *srcs = ralloc_array(w->shader, struct npu_ref, def->num_srcs + 1);
   memcpy(srcs, def->src, def->num_srcs * sizeof(*srcs));
   srcs[def->num_srcs] = old;
   def->src = srcs;
   ++def->num_srcs;
   def->masked = true;
   w->position[sel->dest[0].value] = w->position[def->dest[0].value];
   def->dest[0] = sel->dest[0];
   w->def[def->dest[0].value] = def;
   npu_instr_remove(sel);
   return true;
}

bool
npu_opt_masked(struct npu_shader *shader)
{
   void *mem_ctx = ralloc_context(NULL);
   struct walk w = {
      .shader = shader,
      .def = rzalloc_array(mem_ctx, struct npu_instr *, shader->num_values),
      .position = rzalloc_array(mem_ctx, uint32_t, shader->num_values),
      .uses = rzalloc_array(mem_ctx, unsigned, shader->num_values),
   };
   uint32_t at = 0;
   bool progress = false;

   npu_foreach_instr(shader, instr) {
      npu_foreach_src(instr, s) {
         if (npu_is_ssa(instr->src[s]))
            ++w.uses[instr->src[s].value];
      }
   }
   npu_foreach_instr_safe(shader, instr) {
      ++at;
      if (npu_instr_writes_exec(instr))
         w.exec_written = at;
      if (is_merge(instr) && merge(&w, instr)) {
         progress = true;
         continue;
      }
      npu_foreach_dest(instr, d) {
         if (npu_is_ssa(instr->dest[d])) {
            w.def[instr->dest[d].value] = instr;
            w.position[instr->dest[d].value] = at;
         }
      }
   }
   ralloc_free(mem_ctx);
   return progress;
}
