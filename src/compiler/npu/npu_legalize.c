/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Operands the ISA does not take directly. Selection may put any value into any source; here
 *
 *  1. an immediate goes into a register where the opcode takes none, or where it is the second
 *     distinct literal of the instruction;
 *  2. a scalar goes into a vector register where only those are taken;
 *  3. an immediate mask goes through mfroms;
 *  4. neg and abs of immediates are applied.
 *
 * Afterwards npu_validate() insists on the rules (shader->is_legal) and passes keep them by asking
 * npu_src_allowed(). What cannot be repaired by a copy - a vector value in a scalar operation - is
 * an error of selection that the validator reports.
 */
#include "npu_passes.h"

#include "npu_build.h"
#include "npu_isa/npu_inst.h"

static unsigned
file_flag(struct npu_ref ref)
{
   switch (ref.file) {
   case NPU_FILE_V:
      return NPU_FILES_V;
   case NPU_FILE_S:
      return NPU_FILES_S;
   case NPU_FILE_M:
      return NPU_FILES_M;
   case NPU_NUM_FILES:
      break;
   }
   unreachable("no such register file");
}

/* Files that source s may name in this instruction. */
static unsigned
allowed_files(const struct npu_instr *instr, unsigned s)
{
   unsigned files = npu_src_info(instr, s)->files;

   /* The old value of a masked instruction is in the destination's register. */
   if ((int)s == npu_instr_tied_src(instr))
      return file_flag(instr->dest[0]);
   if (npu_ir_op_info(instr->op)->scalar_form_ok && instr->num_dests &&
       instr->dest[0].file == NPU_FILE_S)
      files &= NPU_FILES_S | NPU_FILES_IMM;
   return files;
}

bool
npu_needs_literal(const struct npu_instr *instr, unsigned s)
{
   return npu_is_imm(instr->src[s]) && npu_src_info(instr, s)->files & NPU_FILES_IMM &&
          npu_src_for_value(instr->src[s].imm, npu_src_info(instr, s)->type) == NPU_SRC_LITERAL;
}

bool
npu_src_allowed(const struct npu_instr *instr, unsigned s, struct npu_ref ref)
{
   if (npu_op_is_pseudo(instr->op))
      return instr->op == NPU_OP_PHI || instr->op == NPU_OP_COLLECT ||
                   instr->op == NPU_OP_PARALLEL_COPY
                ? ref.kind != NPU_REF_EXEC
                : !npu_is_imm(ref) && ref.kind != NPU_REF_EXEC;

   unsigned files = allowed_files(instr, s);
   if (ref.kind == NPU_REF_UNDEF || npu_is_null(ref))
      return true;
   if (!npu_is_imm(ref))
      return files & file_flag(ref);
   if (!(files & NPU_FILES_IMM) || ref.neg || ref.abs)
      return false;
   if (npu_src_for_value(ref.imm, npu_src_info(instr, s)->type) != NPU_SRC_LITERAL)
      return true;
   npu_foreach_src(instr, other) {
      if (other != s && (int)other != npu_instr_tied_src(instr) &&
          npu_needs_literal(instr, other) && instr->src[other].imm != ref.imm)
         return false;
   }
   return true;
}

static bool
fold_modifiers(struct npu_ref *ref)
{
   if (!npu_is_imm(*ref) || (!ref->neg && !ref->abs))
      return false;

   uint64_t sign = 1ull << (ref->bits - 1);
   if (ref->abs)
      ref->imm &= ~sign;
   if (ref->neg)
      ref->imm ^= sign;
   ref->neg = ref->abs = false;
   return true;
}

static bool
legalize_src(struct npu_builder *b, struct npu_instr *instr, unsigned s)
{
   struct npu_ref src = instr->src[s];
   bool progress = fold_modifiers(&instr->src[s]);

   if (npu_src_allowed(instr, s, instr->src[s]))
      return progress;

   unsigned files = allowed_files(instr, s), bits = npu_src_bits(instr, s);
   enum npu_file to;
   if (files & NPU_FILES_S && npu_is_imm(src))
      to = NPU_FILE_S;
   else if (files & NPU_FILES_V && (npu_is_imm(src) || src.file == NPU_FILE_S))
      to = NPU_FILE_V;
   else if (files & NPU_FILES_M && npu_is_imm(src))
      to = NPU_FILE_M;
   else
      return progress; /* the validator's business */

   struct npu_ref plain = instr->src[s];
   plain.neg = plain.abs = false;
   /* A scalar of another width is read as the operand's. */
   if (to == NPU_FILE_V && !npu_is_imm(plain))
      plain.bits = bits;
   struct npu_ref copy = npu_build_copy(b, to, bits, plain);
   copy.neg = instr->src[s].neg;
   copy.abs = instr->src[s].abs;
   instr->src[s] = copy;
   return true;
}

bool
npu_legalize(struct npu_shader *shader)
{
   bool progress = false;

   npu_foreach_instr_safe(shader, instr) {
      struct npu_builder b = npu_builder_at(shader, npu_before_instr(instr));

      if (npu_op_is_pseudo(instr->op))
         continue;
      npu_foreach_src(instr, s)
         progress |= legalize_src(&b, instr, s);
   }
   shader->is_legal = true;
   return progress;
}
