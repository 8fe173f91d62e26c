/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * From IR in register form to code words. The bits themselves are the ISA table's business
 * (npu_encode() of npu_inst.h); here operands become register and constant numbers, immediates
 * become inline constants or the literal, and branch targets distances in words.
 *
 * Two walks: sizes (which do not depend on distances), then words.
 */
#include "npu_passes.h"

#include "npu_isa/npu_inst.h"

static unsigned
register_number(struct npu_ref ref)
{
   if (ref.kind == NPU_REF_EXEC)
      return NPU_REG_EXEC;

   assert(ref.kind == NPU_REF_REG && "registers are allocated");
   switch (ref.file) {
   case NPU_FILE_V:
      return NPU_REG_V(ref.value);
   case NPU_FILE_S:
      return NPU_REG_S(ref.value);
   case NPU_FILE_M:
      return NPU_REG_M(ref.value);
   case NPU_NUM_FILES:
      break;
   }
   unreachable("no such register file");
}

static unsigned
source_number(const struct npu_instr *instr, unsigned s, struct npu_inst *inst)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   struct npu_ref src = instr->src[s];

   if (npu_is_null(src))
      return 0;
   if (!npu_is_imm(src))
      return register_number(src);

   unsigned number = npu_src_for_value(src.imm, info->src[s].type);
   if (number == NPU_SRC_LITERAL) {
      assert((!inst->has_literal || inst->literal == src.imm) && "at most one literal");
      inst->has_literal = true;
      inst->literal = src.imm;
   }
   return number;
}

/* Everything but the branch target. */
static struct npu_inst
translate(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   struct npu_inst inst = {
      .op = instr->op,
      .masked = instr->masked,
      .round = instr->round,
      .sat = instr->sat,
      .width_log2 = instr->width_log2,
      .count = instr->count,
      .space = instr->space,
      .scale_log2 = instr->scale_log2,
      .sx = instr->sx,
      .noret = instr->noret,
      .imm = instr->imm,
      .sr_or_code = instr->sr_or_code,
   };

   assert(!npu_op_is_pseudo(instr->op) && "pseudo operations are lowered");
   if (instr->num_dests)
      inst.dst = register_number(instr->dest[0]);
   if (info->is_store)
      inst.dst = register_number(instr->src[NPU_MEM_DATA]);

   for (unsigned s = 0; s < info->num_srcs; ++s) {
      /* The base of address form a is a fixed field. */
      if (info->src[s].files == 0) {
         inst.src[s] = info->is_memory && s == NPU_MEM_BASE ? NPU_SRC_INT(0) : 0;
         continue;
      }
      inst.src[s] = source_number(instr, s, &inst);
      inst.neg |= instr->src[s].neg << s;
      inst.abs |= instr->src[s].abs << s;
   }
   return inst;
}

/* What the ISA says against an instruction, with the instruction; NULL if it is legal. */
static char *
complaint(const struct npu_instr *instr, const struct npu_inst *inst)
{
   const char *why = npu_inst_check(inst);
   char *text;
   size_t size;

   if (!why)
      return NULL;
   FILE *out = open_memstream(&text, &size);
   fprintf(out, "npu_encode_shader: %s\n", why);
   npu_print_instr(out, instr);
   fclose(out);
   return text;
}

char *
npu_encode_shader(struct npu_shader *shader, struct util_dynarray *words)
{
   uint32_t offset = 0;

   npu_foreach_block(shader, block) {
      block->offset = offset;
      npu_foreach_instr_in_block(block, instr) {
         struct npu_inst inst = translate(instr);
         offset += npu_inst_words(&inst);
      }
   }

   offset = 0;
   npu_foreach_instr(shader, instr) {
      struct npu_inst inst = translate(instr);
      uint64_t code[2];

      offset += npu_inst_words(&inst);
      if (instr->target)
         inst.target = (int32_t)(instr->target->offset - offset);
      char *error = complaint(instr, &inst);
      if (error)
         return error;

      unsigned count = npu_encode(&inst, code);
      for (unsigned i = 0; i < count; ++i)
         util_dynarray_append(words, uint64_t, code[i]);
   }
   return NULL;
}
