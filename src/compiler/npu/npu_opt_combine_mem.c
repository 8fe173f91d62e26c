/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Peephole rules for addresses; npu_opt_combine.c has the invariants. All are exact: the machine
 * adds base, extended offset and immediate with 64 bits, as the instructions that go away did.
 *
 *    base + k                     -> the immediate, if the sum has 16 bits
 *    lane address + k             -> the immediate
 *    scalar + ext(offset) [<< k]  -> form o with base, offset, sx and scale, for k up to 7
 *
 * A 32-bit addition or shift of an offset wraps before it is extended, so it cannot go into the
 * fields; instruction selection does that where it knows that nothing wraps.
 */
#include "npu_opt_combine.h"

static bool
has_immediate(const struct npu_instr *instr)
{
   return !npu_ir_op_info(instr->op)->is_atomic;
}

/* x + k in 64 bits; *other is the index of x. */
static struct npu_instr *
addition_of_constant(const struct npu_combine *c, struct npu_ref ref, unsigned *other)
{
   struct npu_instr *add = npu_combine_def(c, ref);

   if (!add || add->op != NPU_OP_IADD_I64 || add->masked)
      return NULL;
   for (unsigned s = 0; s < 2; ++s) {
      if (npu_is_imm(add->src[s]) && npu_is_ssa(add->src[1 - s])) {
         *other = 1 - s;
         return add;
      }
   }
   return NULL;
}

static bool
fold_immediate(struct npu_combine *c, struct npu_instr *instr, unsigned s)
{
   unsigned other;
   struct npu_instr *add = addition_of_constant(c, instr->src[s], &other);

   if (!add || !has_immediate(instr))
      return false;
   int64_t imm = (int64_t)((uint64_t)instr->imm + add->src[1 - other].imm);
   struct npu_ref x = add->src[other];
   if (imm < INT16_MIN || imm > INT16_MAX || (x.bits != 64 && x.file == NPU_FILE_V) ||
       !npu_combine_set_src(c, instr, s, x))
      return false;
   instr->imm = imm;
   return true;
}

static unsigned
offset_form(unsigned op)
{
   switch (op) {
   case NPU_OP_LD_A:
      return NPU_OP_LD_O;
   case NPU_OP_ST_A:
      return NPU_OP_ST_O;
   default:
      break;
   }
   /* Atomics: atom_X_a.T and atom_X_o.T differ in their base only. */
   const struct npu_op_info *info = npu_ir_op_info(op);
   char name[48];
   int length = snprintf(name, sizeof(name), "%s", info->base_name);
   assert(length > 2 && !strcmp(name + length - 2, "_a") && "form a");
   snprintf(name + length - 1, sizeof(name) - length + 1, "o.%s", npu_type_infos[info->type].name);
   return npu_op_by_name(name, strlen(name));
}

/* ext(offset) [<< k]: 64 bits made of 32. */
static bool
match_offset(const struct npu_combine *c, struct npu_ref ref, struct npu_ref *offset, bool *sx,
             unsigned *scale_log2)
{
   struct npu_instr *def = npu_combine_def(c, ref);

   *scale_log2 = 0;
   if (def && def->op == NPU_OP_ISHL_I64 && !def->masked && npu_is_imm(def->src[1]) &&
       (def->src[1].imm & 63) <= 7)
   {
      *scale_log2 = def->src[1].imm & 63;
      def = npu_combine_def(c, def->src[0]);
   }
   if (!def || def->masked || npu_ir_op_info(def->op)->base != NPU_ALU_CVT || def->sat)
      return false;

   const struct npu_op_info *info = npu_ir_op_info(def->op);
   const struct npu_type_info *from = &npu_type_infos[info->src_type];
   if (info->dst.bits != 64 || from->bits != 32 || info->dst.kind == NPU_KIND_FLOAT ||
       (from->kind != NPU_KIND_INT && from->kind != NPU_KIND_UINT))
      return false;
   *offset = def->src[0];
   *sx = from->kind == NPU_KIND_INT;
   return npu_is_ssa(*offset) && offset->file == NPU_FILE_V;
}

static bool
to_offset_form(struct npu_combine *c, struct npu_instr *instr)
{
   struct npu_instr *add = npu_combine_def(c, instr->src[NPU_MEM_INDEX]);

   if (!add || add->op != NPU_OP_IADD_I64 || add->masked)
      return false;
   for (unsigned s = 0; s < 2; ++s) {
      struct npu_ref base = add->src[s], offset;
      unsigned scale_log2;
      bool sx;

      bool uniform = npu_is_imm(base) || (npu_is_ssa(base) && base.file == NPU_FILE_S);
      if (!uniform || !match_offset(c, add->src[1 - s], &offset, &sx, &scale_log2))
         continue;
      struct npu_instr copy = *instr;
      struct npu_ref srcs[4] = {npu_null()};
      memcpy(srcs, instr->src, instr->num_srcs * sizeof(*srcs));
      copy.src = srcs;
      copy.op = offset_form(instr->op);
      srcs[NPU_MEM_BASE] = npu_null();
      srcs[NPU_MEM_INDEX] = offset;
      /* The base may need the literal that the data of an atomic has already. */
      if (npu_is_imm(base))
         base.bits = 64;
      if (!npu_src_allowed(&copy, NPU_MEM_BASE, base))
         return false;

      instr->op = copy.op;
      instr->src[NPU_MEM_BASE] = npu_null();
      if (!npu_combine_set_src(c, instr, NPU_MEM_BASE, base) ||
          !npu_combine_set_src(c, instr, NPU_MEM_INDEX, offset))
         unreachable("form o takes a uniform base and a vector offset");
      instr->sx = sx;
      instr->scale_log2 = scale_log2;
      return true;
   }
   return false;
}

bool
npu_combine_address(struct npu_combine *c, struct npu_instr *instr)
{
   if (npu_op_is_pseudo(instr->op) || !npu_ir_op_info(instr->op)->is_memory)
      return false;

   switch (npu_ir_op_info(instr->op)->format) {
   case NPU_FORMAT_MEM_A:
      return fold_immediate(c, instr, NPU_MEM_INDEX) || to_offset_form(c, instr);
   case NPU_FORMAT_ATOM_A:
      return to_offset_form(c, instr);
   default:
      return fold_immediate(c, instr, NPU_MEM_BASE);
   }
}
