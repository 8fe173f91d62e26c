/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Statistics of a compiled kernel, one line each, for comparing compilers over many kernels.
 */
#include "npu_passes.h"

#include "npu_debug.h"

static void
count_ref(unsigned used[NPU_NUM_FILES], struct npu_ref ref)
{
   if (ref.kind == NPU_REF_REG)
      used[ref.file] = MAX2(used[ref.file], ref.value + npu_ref_regs(ref));
}

/* Whether a load or store goes to other places than one for all lanes or consecutive ones. Lanes that share cache lines
 * with their neighbours are as good. */
static bool
is_scattered(const struct npu_instr *instr)
{
   if (npu_op_is_pseudo(instr->op) || instr->space != NPU_SPACE_GLOBAL)
      return false;
   switch (npu_op_infos[instr->op].format) {
   case NPU_FORMAT_MEM_X:
      return !npu_is_imm(instr->src[NPU_MEM_INDEX]) || instr->src[NPU_MEM_INDEX].imm > 64;
   case NPU_FORMAT_MEM_O:
   case NPU_FORMAT_MEM_A:
      return true;
   default:
      return false;
   }
}

void
npu_calc_stats(struct npu_shader *shader)
{
   unsigned used[NPU_NUM_FILES] = {0};

   shader->info.num_instrs = 0;
   npu_foreach_instr(shader, instr) {
      ++shader->info.num_instrs;
      shader->info.prefers_tiles |= is_scattered(instr);
      npu_foreach_dest(instr, d)
         count_ref(used, instr->dest[d]);
      npu_foreach_src(instr, s)
         count_ref(used, instr->src[s]);
   }
   shader->info.num_vregs = used[NPU_FILE_V];
   shader->info.num_sregs = used[NPU_FILE_S];
   shader->info.num_mregs = used[NPU_FILE_M];
}

void
npu_print_stats(FILE *out, const struct npu_kernel_info *info, unsigned code_size_B)
{
   fprintf(out,
           "%s: %u instrs, %u code bytes, %u vregs, %u sregs, %u mregs, %u spills, %u fills, "
           "%u private bytes, %u local bytes\n",
           info->name[0] ? info->name : "(unnamed)", info->num_instrs, code_size_B, info->num_vregs,
           info->num_sregs, info->num_mregs, info->num_spills, info->num_fills,
           info->private_size_B, info->local_size_B);
}
