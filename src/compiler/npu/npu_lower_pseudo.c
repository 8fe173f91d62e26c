/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What is left of pseudo operations after register allocation:
 *
 *   swap         three exclusive-ors. Only in S and M, where they do not depend on exec.
 *   spill, fill  memory accesses to the slots behind the kernel's own private memory. V: form w,
 *                which reaches every lane whatever exec is - a value may be live in lanes that are
 *                not active where it is spilled. S: form s in private space, 8 bytes in the memory
 *                of lane 0. M values have been spilled to S values by npu_spill() itself.
 *   unit_test    nothing.
 *   undef        a source that may be anything: zero, or a register that exists.
 *
 * Slots are counted in 4-byte units of a lane's memory (npu_instr.imm).
 */
#include "npu_passes.h"

#include "npu_build.h"

static void
lower_swap(struct npu_builder *b, const struct npu_instr *instr)
{
   unsigned op = instr->dest[0].file == NPU_FILE_M ? NPU_OP_MXOR : NPU_OP_IXOR_I64;
   struct npu_ref x = instr->dest[0], y = instr->dest[1];

   assert(x.file != NPU_FILE_V && "V cycles use a free register");
   npu_build_to(b, op, x, (struct npu_ref[]){x, y}, 2);
   npu_build_to(b, op, y, (struct npu_ref[]){x, y}, 2);
   npu_build_to(b, op, x, (struct npu_ref[]){x, y}, 2);
}

static void
lower_spill_fill(struct npu_builder *b, const struct npu_instr *instr)
{
   bool fill = instr->op == NPU_OP_FILL;
   struct npu_ref value = fill ? instr->dest[0] : instr->src[0];
   bool vector = value.file == NPU_FILE_V;
   unsigned op = fill ? (vector ? NPU_OP_LD_W : NPU_OP_LD_S) : (vector ? NPU_OP_ST_W : NPU_OP_ST_S);
   uint64_t offset_B = b->shader->info.private_size_B + instr->imm * 4;
   uint64_t base_B = offset_B & ~(uint64_t)INT16_MAX;

   /* Raw registers: a lane's part of a V register is 4 bytes whatever the value's type, unless it
    * is 64 bits wide. */
   struct npu_mem_fields mem = {
      .width_log2 = !vector || value.bits == 64 ? 3 : 2,
      .count = value.comps,
      .space = NPU_SPACE_PRIVATE,
      .imm = offset_B - base_B,
   };
   value.bits = 8u << mem.width_log2;

   struct npu_ref srcs[] = {npu_imm(base_B), npu_null(), value};
   struct npu_instr *mem_instr = npu_instr_create(b->shader, op, fill ? 1 : 0, fill ? 2 : 3);
   for (unsigned s = 0; s < mem_instr->num_srcs; ++s)
      mem_instr->src[s] = srcs[s];
   if (fill)
      mem_instr->dest[0] = value;
   mem_instr->width_log2 = mem.width_log2;
   mem_instr->count = mem.count;
   mem_instr->space = mem.space;
   mem_instr->imm = mem.imm;
   npu_insert(&b->cursor, mem_instr);
}

static bool
replace_undef(struct npu_instr *instr)
{
   bool progress = false;

   npu_foreach_src(instr, s) {
      struct npu_ref *src = &instr->src[s];
      if (src->kind != NPU_REF_UNDEF)
         continue;

      const struct npu_operand_info *info = npu_src_info(instr, s);
      if (info->files & NPU_FILES_IMM && src->file != NPU_FILE_M)
         *src = (struct npu_ref){.kind = NPU_REF_IMM, .bits = npu_src_bits(instr, s), .comps = 1};
      else
         *src = npu_reg(src->file, 0, src->bits, src->comps);
      progress = true;
   }
   return progress;
}

bool
npu_lower_pseudo(struct npu_shader *shader)
{
   bool progress = false;

   npu_foreach_instr_safe(shader, instr) {
      struct npu_builder b = npu_builder_at(shader, npu_before_instr(instr));

      if (!npu_op_is_pseudo(instr->op)) {
         progress |= replace_undef(instr);
         continue;
      }
      switch (instr->op) {
      case NPU_OP_SWAP:
         lower_swap(&b, instr);
         break;
      case NPU_OP_SPILL:
      case NPU_OP_FILL:
         lower_spill_fill(&b, instr);
         break;
      case NPU_OP_UNIT_TEST:
         break;
      default:
         unreachable("removed by allocation or the lowering of copies");
      }
      npu_instr_remove(instr);
      progress = true;
   }

   shader->info.private_size_B += shader->num_spill_slots * 4;
   shader->num_spill_slots = 0;
   return progress;
}
