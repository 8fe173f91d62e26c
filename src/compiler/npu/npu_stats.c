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

void
npu_calc_stats(struct npu_shader *shader)
{
   unsigned used[NPU_NUM_FILES] = {0};

   shader->info.num_instrs = 0;
   npu_foreach_instr(shader, instr) {
      ++shader->info.num_instrs;
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
