/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Text form of the IR; npu_parse() reads it back to the same IR. Example:
 *
 *    shader saxpy
 *    info private_size_B=16
 *    block0:
 *       %0:s64 = rdsr {sr=args}
 *       %1:v32x2 = ld_u %0, _ {width_log2=2 count=2}
 *       br.none exec, block2
 *    block1 (block0):
 *       %2:v32, _ = split %1
 *    block2 (block0, block1) depth=1:
 *       %3:v32 = phi block0: 7, block1: %2
 *
 * Operands: %N value, vN.32x4 register with width and components, exec, undef:v32, _ none, numbers.
 * -x, |x| and -|x| are modifiers. Numbers are of the operand's type: floats have a point or
 * exponent, or are given as bits in hexadecimal. `;` starts a comment. The predecessors in
 * parentheses fix their order.
 */
#include "npu_passes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "npu_isa/npu_inst.h"
#include "util/u_math.h"

static const char file_letter[NPU_NUM_FILES] = {'v', 's', 'm'};

static void
print_type(FILE *out, enum npu_file file, unsigned bits, unsigned comps)
{
   fprintf(out, "%c", file_letter[file]);
   if (file != NPU_FILE_M)
      fprintf(out, "%u", bits);
   if (comps > 1)
      fprintf(out, "x%u", comps);
}

/* A float that survives the way through text with few digits; false: print the bits. */
static bool
print_float(FILE *out, uint64_t imm, unsigned bits)
{
   union {
      uint32_t u;
      float f;
   } f32 = {.u = imm};
   union {
      uint64_t u;
      double f;
   } f64 = {.u = imm};
   double value = bits == 64 ? f64.f : f32.f;
   char text[32];

   if ((bits != 32 && bits != 64) || !isfinite(value) || (value == 0 && signbit(value)))
      return false;
   snprintf(text, sizeof(text), "%.6g", value);
   double back = bits == 64 ? strtod(text, NULL) : strtof(text, NULL);
   if (back != value)
      return false;
   fprintf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
   return true;
}

static void
print_imm(FILE *out, uint64_t imm, unsigned bits, enum npu_kind kind)
{
   int64_t value = bits ? util_sign_extend(imm, bits) : (int64_t)imm;

   if (kind == NPU_KIND_FLOAT && imm != 0 && print_float(out, imm, bits))
      return;
   if (kind != NPU_KIND_FLOAT && value > -100000 && value < 100000)
      fprintf(out, "%" PRId64, value);
   else if (imm == 0)
      fprintf(out, "0");
   else
      fprintf(out, "0x%" PRIx64, imm);
}

static void
print_operand(FILE *out, struct npu_ref ref, unsigned bits, enum npu_kind kind)
{
   fprintf(out, "%s%s", ref.neg ? "-" : "", ref.abs ? "|" : "");
   switch (ref.kind) {
   case NPU_REF_NULL:
      fprintf(out, "_");
      break;
   case NPU_REF_SSA:
      fprintf(out, "%%%u", ref.value);
      break;
   case NPU_REF_REG:
      fprintf(out, "%c%u", file_letter[ref.file], ref.value);
      if (ref.file != NPU_FILE_M)
         fprintf(out, ".%u", ref.bits);
      if (ref.comps > 1)
         fprintf(out, "x%u", ref.comps);
      break;
   case NPU_REF_IMM:
      print_imm(out, ref.imm, bits ? bits : ref.bits, kind);
      break;
   case NPU_REF_EXEC:
      fprintf(out, "exec");
      break;
   case NPU_REF_UNDEF:
      fprintf(out, "undef:");
      print_type(out, ref.file, ref.bits, ref.comps);
      break;
   }
   fprintf(out, "%s", ref.abs ? "|" : "");
}

void
npu_print_ref(FILE *out, struct npu_ref ref)
{
   print_operand(out, ref, 0, NPU_KIND_BITS);
}

static void
print_dests(FILE *out, const struct npu_instr *instr)
{
   npu_foreach_dest(instr, d) {
      struct npu_ref dest = instr->dest[d];

      fprintf(out, "%s", d ? ", " : "");
      npu_print_ref(out, dest);
      if (npu_is_ssa(dest)) {
         fprintf(out, ":");
         print_type(out, dest.file, dest.bits, dest.comps);
      }
   }
   if (instr->num_dests)
      fprintf(out, " = ");
}

static void
print_srcs(FILE *out, const struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      const struct npu_operand_info *info = npu_src_info(instr, s);

      fprintf(out, "%s", s ? ", " : " ");
      if (instr->op == NPU_OP_PHI && instr->block)
         fprintf(out, "block%u: ", npu_block_pred(instr->block, s)->index);
      print_operand(out, instr->src[s], npu_src_bits(instr, s), info ? info->kind : NPU_KIND_BITS);
   }
   if (instr->target)
      fprintf(out, "%sblock%u", instr->num_srcs ? ", " : " ", instr->target->index);
}

static const char *const round_names[] = {"rte", "rtz", "rtp", "rtn"};
static const char *const space_names[] = {"global", "local", "private", "generic"};

/* How each kind of field of NPU_INSTR_FIELDS is printed: `name`, `name=value`. */
#define PRINT_FLAG(field)  fprintf(out, "%s" #field, separator)
#define PRINT_INT(field)   fprintf(out, "%s" #field "=%d", separator, (int)instr->field)
#define PRINT_ROUND(field) fprintf(out, "%s" #field "=%s", separator, round_names[instr->field & 3])
#define PRINT_SPACE(field) fprintf(out, "%s" #field "=%s", separator, space_names[instr->field & 3])
#define PRINT_SR(field)                                                                            \
   (is_rdsr ? fprintf(out, "%ssr=%s", separator, npu_sr_infos[instr->field].name)                  \
            : PRINT_INT(field))

static void
print_fields(FILE *out, const struct npu_instr *instr)
{
   const char *separator = " {";
   bool is_rdsr = instr->op == NPU_OP_RDSR;

#define PRINT_FIELD(type, name, how)                                                               \
   if (instr->name != 0) {                                                                         \
      PRINT_##how(name);                                                                           \
      separator = " ";                                                                             \
   }
   NPU_INSTR_FIELDS(PRINT_FIELD)
#undef PRINT_FIELD

   if (separator[1] == '\0')
      fprintf(out, "}");
   else if (is_rdsr)
      fprintf(out, " {sr=%s}", npu_sr_infos[0].name);
}

void
npu_print_instr(FILE *out, const struct npu_instr *instr)
{
   fprintf(out, "   ");
   print_dests(out, instr);
   fprintf(out, "%s", npu_ir_op_info(instr->op)->name);
   print_srcs(out, instr);
   print_fields(out, instr);
   fprintf(out, "\n");
}

void
npu_print_block(FILE *out, const struct npu_shader *shader, const struct npu_block *block)
{
   fprintf(out, "block%u", block->index);
   for (unsigned i = 0; i < npu_block_num_preds(block); ++i)
      fprintf(out, "%sblock%u", i ? ", " : " (", npu_block_pred(block, i)->index);
   fprintf(out, "%s", npu_block_num_preds(block) ? ")" : "");
   if (block->loop_depth)
      fprintf(out, " depth=%u", block->loop_depth);
   fprintf(out, ":\n");
   npu_foreach_instr_in_block(block, instr)
      npu_print_instr(out, instr);
}

void
npu_print(FILE *out, const struct npu_shader *shader)
{
   fprintf(out, "shader %s\n", shader->info.name[0] ? shader->info.name : "unnamed");
   if (shader->info.private_size_B)
      fprintf(out, "info private_size_B=%u\n", shader->info.private_size_B);
   npu_foreach_block(shader, block)
      npu_print_block(out, shader, block);
}
