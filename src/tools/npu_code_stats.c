/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * See npu_code_stats.h. A loop is what lies between a backward branch and its target: the compiler
 * lays loops out contiguously, so counting the backward branches that span an instruction gives its
 * depth (two branches to one header are one loop: only the last counts).
 */

#include "npu_code_stats.h"

#include <assert.h>
#include <stdlib.h>

#include "npu_isa/npu_inst.h"

static enum npu_code_form
form_of(const struct npu_inst *inst)
{
   switch (npu_op_infos[inst->op].format) {
   case NPU_FORMAT_MEM_S:
      return NPU_CODE_UNIFORM;
   case NPU_FORMAT_MEM_U:
   case NPU_FORMAT_MEM_W:
      return NPU_CODE_UNIT;
   case NPU_FORMAT_MEM_X:
      return inst->src[1] == NPU_SRC_INT(0) ? NPU_CODE_UNIFORM : NPU_CODE_STRIDED;
   default:
      return NPU_CODE_GATHER;
   }
}

static void
count_access(struct npu_code_stats *stats, const struct npu_inst *inst)
{
   if (npu_op_infos[inst->op].is_atomic)
      stats->atomics++;
   else if (inst->space == NPU_SPACE_PRIVATE)
      stats->private_mem++;
   else
      (inst->space == NPU_SPACE_LOCAL ? stats->local : stats->global)[form_of(inst)]++;
}

/* loop_end[w] = the last word of the loop that begins at word w, 0 if none does. */
static void
find_loops(const uint64_t *words, size_t num_words, size_t *loop_end)
{
   struct npu_inst inst;

   for (size_t at = 0; at < num_words;) {
      int length = npu_decode(words + at, num_words - at, &inst);

      assert(length > 0 && "the compiler makes valid code");
      if (npu_op_infos[inst.op].is_branch && inst.target < 0)
         loop_end[at + length + inst.target] = at;
      at += length;
   }
}

struct npu_code_stats
npu_code_stats(const uint64_t *words, size_t num_words)
{
   struct npu_code_stats stats = {0};
   size_t *loop_end = calloc(num_words, sizeof(*loop_end));
   size_t ends[8];
   unsigned depth = 0;

   if (!loop_end)
      abort();
   find_loops(words, num_words, loop_end);
   for (size_t at = 0; at < num_words;) {
      struct npu_inst inst;
      int length = npu_decode(words + at, num_words - at, &inst);

      if (loop_end[at] && depth < 8)
         ends[depth++] = loop_end[at];
      stats.instrs++;
      stats.weight += 1u << 3 * depth;
      if (npu_op_infos[inst.op].is_memory)
         count_access(&stats, &inst);
      while (depth > 0 && at >= ends[depth - 1])
         depth--;
      at += length;
   }
   free(loop_end);
   return stats;
}
