/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * How the parts of an instruction look. Text and bits are one to one: what npu_asm() would encode
 * as an inline constant is printed as a decimal number (or a float, when the inline constant is
 * one), a literal in hexadecimal; a literal whose value has an inline form, which the assembler
 * would take, is marked with "=".
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "npu_isa/npu_print.h"

static void __attribute__((format(printf, 2, 3)))
print(struct npu_printer *p, const char *format, ...)
{
   const size_t used = p->length < p->size ? p->length : p->size - 1;
   va_list args;

   va_start(args, format);
   const int n = vsnprintf(p->buffer + used, p->size - used, format, args);
   va_end(args);
   if (n > 0)
      p->length += (size_t)n;
}

void
npu_print_text(struct npu_printer *p, const char *text)
{
   print(p, "%s", text);
}

static void
print_register(struct npu_printer *p, unsigned reg, bool pair)
{
   if (reg == NPU_REG_EXEC) {
      print(p, "exec");
      return;
   }
   const char file = npu_reg_is_v(reg) ? 'v' : npu_reg_is_s(reg) ? 's' : 'm';
   const unsigned first = reg - (npu_reg_is_v(reg)   ? 0
                                 : npu_reg_is_s(reg) ? NPU_REG_S(0)
                                                     : NPU_REG_M(0));

   if (pair)
      print(p, "%c%u:%c%u", file, first, file, first + 1);
   else
      print(p, "%c%u", file, first);
}

void
npu_print_name(struct npu_printer *p)
{
   print(p, "%s", npu_op_infos[p->inst->op].name);
}

void
npu_print_m(struct npu_printer *p)
{
   if (p->inst->masked)
      print(p, "(m) ");
}

void
npu_print_dst(struct npu_printer *p)
{
   print_register(p, p->inst->dst, false);
}

void
npu_print_result(struct npu_printer *p)
{
   if (p->inst->noret)
      return;
   npu_print_dst(p);
   print(p, ", ");
}

static void
print_immediate(struct npu_printer *p, unsigned src, const struct npu_operand_info *o)
{
   static const char *const floats[] = {"0.5", "-0.5", "1.0", "-1.0", "2.0", "-2.0", "4.0", "-4.0"};

   if (npu_src_is_int(src)) {
      print(p, "%d", (int)src - (int)NPU_SRC_INT(0));
   } else if (npu_src_is_float(src)) {
      print(p, "%s", floats[src - NPU_SRC_FLOAT_FIRST]);
   } else {
      const uint64_t literal = p->inst->literal;
      const bool has_inline = npu_src_for_value(literal, (enum npu_type)o->type) != NPU_SRC_LITERAL;
      /* A literal that a second, wider source reads too. */
      const bool wide = o->bits < 64 && literal >> o->bits != 0;

      print(p, "%s0x%" PRIx64, has_inline || wide ? "=" : "", literal);
   }
}

void
npu_print_src(struct npu_printer *p, unsigned i)
{
   const struct npu_operand_info *o = &npu_op_infos[p->inst->op].src[i];
   const unsigned src = p->inst->src[i];
   const bool neg = p->inst->neg >> i & 1, abs = p->inst->abs >> i & 1;
   const bool immediate = npu_src_is_imm(src);
   const bool pair = o->kind == NPU_KIND_DESC || (o->kind == NPU_KIND_ADDRESS && npu_reg_is_v(src));

   if (neg)
      print(p, "-");
   if (abs)
      print(p, "|");
   else if (neg && immediate)
      print(p, "(");
   if (immediate)
      print_immediate(p, src, o);
   else
      print_register(p, src, pair);
   if (abs)
      print(p, "|");
   else if (neg && immediate)
      print(p, ")");
}

void
npu_print_last_src(struct npu_printer *p, unsigned i)
{
   if (npu_op_infos[p->inst->op].src[i].files == 0)
      return;
   print(p, ", ");
   npu_print_src(p, i);
}

void
npu_print_round(struct npu_printer *p)
{
   static const char *const modes[] = {"", ".rtz", ".rtp", ".rtn"};

   print(p, "%s", modes[p->inst->round & 3]);
}

void
npu_print_sat(struct npu_printer *p)
{
   if (p->inst->sat)
      print(p, ".sat");
}

void
npu_print_width(struct npu_printer *p)
{
   print(p, "b%u", 8u << p->inst->width_log2);
}

void
npu_print_count(struct npu_printer *p)
{
   if (p->inst->count > 1)
      print(p, "x%u", p->inst->count);
}

void
npu_print_space(struct npu_printer *p)
{
   static const char *const spaces[] = {"", ".local", ".private", ".generic"};

   print(p, "%s", spaces[p->inst->space & 3]);
}

void
npu_print_noret(struct npu_printer *p)
{
   if (p->inst->noret)
      print(p, ".noret");
}

void
npu_print_sx(struct npu_printer *p)
{
   print(p, "%s", p->inst->sx ? "sx" : "zx");
}

void
npu_print_scale(struct npu_printer *p)
{
   if (p->inst->scale_log2 != 0)
      print(p, "<<%u", p->inst->scale_log2);
}

void
npu_print_imm(struct npu_printer *p)
{
   if (p->inst->imm != 0)
      print(p, " %c %d", p->inst->imm < 0 ? '-' : '+',
            p->inst->imm < 0 ? -p->inst->imm : p->inst->imm);
}

void
npu_print_target(struct npu_printer *p)
{
   if (p->label >= 0)
      print(p, "L%d", p->label);
   else
      print(p, "%+" PRId32, p->inst->target);
}

void
npu_print_sr(struct npu_printer *p)
{
   print(p, "%s", npu_sr_infos[p->inst->sr_or_code].name);
}

void
npu_print_code(struct npu_printer *p)
{
   print(p, "%u", p->inst->sr_or_code);
}
