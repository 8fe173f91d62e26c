/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The assembler's operands. An operation's display template (npu.xml), from which the disassembler
 * prints, is also the syntax: text of the template is expected, a {FIELD} is read. So both
 * directions come from one line of the table. Errors that npu_inst_check() would find in a single
 * operand are found here, where their column is known.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_asm_priv.h"
#include "npu_isa/npu_sem_float.h"

static const struct npu_op_info *
info_of(const struct npu_asm_state *as)
{
   return &npu_op_infos[as->inst.op];
}

/* v0..v127, s0..s63, m0..m15, exec. */
static bool
parse_register(struct npu_asm_state *as, struct npu_asm_word word, unsigned *reg)
{
   static const struct {
      char letter;
      unsigned first, count;
   } files[] = {{'v', 0, 128}, {'s', 128, 64}, {'m', 192, 16}};

   if (npu_asm_word_is(word, "exec")) {
      *reg = NPU_REG_EXEC;
      return true;
   }
   for (unsigned f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
      unsigned n = 0;

      if (word.length < 2 || word.text[0] != files[f].letter)
         continue;
      for (unsigned i = 1; i < word.length; i++) {
         if (!isdigit((unsigned char)word.text[i]) || (i > 1 && word.text[1] == '0'))
            return npu_asm_error(as, word.text, "\"%.*s\" is not a register", (int)word.length,
                                 word.text);
         n = n < 1000 ? n * 10 + (unsigned)(word.text[i] - '0') : n;
      }
      if (n >= files[f].count)
         return npu_asm_error(as, word.text, "there is no register %.*s; %c0 to %c%u exist",
                              (int)word.length, word.text, files[f].letter, files[f].letter,
                              files[f].count - 1);
      *reg = files[f].first + n;
      return true;
   }
   return npu_asm_error(as, word.text, "\"%.*s\" is not a register", (int)word.length, word.text);
}

/* "a, b or c" of what the operand may be. */
static const char *
files_text(unsigned files)
{
   static const char *const texts[16] = {
      "nothing",
      "a vector register",
      "a scalar register",
      "a vector or scalar register",
      "a mask register",
      "a vector or mask register",
      "a scalar or mask register",
      "a vector, scalar or mask register",
      "a number",
      "a vector register or number",
      "a scalar register or number",
      "a vector register, scalar register or number",
      "a mask register or number",
      "a vector register, mask register or number",
      "a scalar register, mask register or number",
      "a register or number",
   };

   return texts[files & 15];
}

static bool
check_file(struct npu_asm_state *as, const struct npu_operand_info *o, unsigned number,
           const char *where)
{
   const struct npu_op_info *info = info_of(as);

   if (!(o->files & npu_src_file(number)))
      return npu_asm_error(as, where, "expected %s", files_text(o->files));
   if (info->scalar_form_ok && o != &info->dst && npu_reg_is_s(as->inst.dst) &&
       (npu_src_file(number) & (NPU_FILES_V | NPU_FILES_M)))
      return npu_asm_error(as, where, "the scalar form takes scalar sources only");
   return true;
}

/* Operand `i` (-1: DST field) has been set from text at `where`: pairs and the end of the register
 * file. */
static bool
check_group(struct npu_asm_state *as, int i, const char *where)
{
   const unsigned reg = i < 0 ? as->inst.dst : as->inst.src[i];
   const unsigned regs = npu_inst_operand_regs(&as->inst, i);

   if (npu_reg_is_v(reg) && npu_inst_operand_bits(&as->inst, i) == 64 && reg % 2 != 0)
      return npu_asm_error(as, where, "a 64-bit vector operand must be an even register");
   if (npu_reg_is_v(reg) && reg + regs > NPU_NUM_VREGS)
      return npu_asm_error(as, where, "the operand runs past v127");
   if (npu_reg_is_s(reg) && reg + regs > NPU_REG_S(NPU_NUM_SREGS))
      return npu_asm_error(as, where, "the operand runs past s63");
   return true;
}

/* After a register, ":" and the second of a pair. */
static bool
read_pair(struct npu_asm_state *as, unsigned reg, unsigned regs)
{
   unsigned second;

   if (!npu_asm_accept(as, ':'))
      return true;
   const struct npu_asm_word word = npu_asm_read_word(as, false);
   if (!parse_register(as, word, &second))
      return false;
   if (regs != 2)
      return npu_asm_error(as, word.text, "the operand is not a pair of registers");
   if (second != reg + 1 || npu_src_file(second) != npu_src_file(reg))
      return npu_asm_error(as, word.text, "a pair is two consecutive registers");
   return true;
}

static bool
read_dst(struct npu_asm_state *as)
{
   const struct npu_operand_info *o = &info_of(as)->dst;
   const struct npu_asm_word word = npu_asm_read_word(as, false);
   unsigned reg;

   if (word.length == 0)
      return npu_asm_error(as, word.text, "expected %s", files_text(o->files));
   if (!parse_register(as, word, &reg) || !check_file(as, o, reg, word.text))
      return false;
   as->inst.dst = (uint8_t)reg;
   if (as->inst.masked && npu_reg_is_s(reg))
      return npu_asm_error(as, word.text, "(m) needs a vector or mask destination");
   return check_group(as, -1, word.text) &&
          read_pair(as, reg, npu_inst_operand_regs(&as->inst, -1));
}

/* ------------------------------------------------------------------------------------- numbers */

static bool
starts_number(const char *at)
{
   return isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])) ||
          (!strncmp(at, "inf", 3) && !isalnum((unsigned char)at[3])) ||
          (!strncmp(at, "nan", 3) && !isalnum((unsigned char)at[3]));
}

/* Length of the number at `at` if it is written as a float (point, exponent, inf, nan), else 0. */
static size_t
float_length(const char *at)
{
   const bool hex = at[0] == '0' && at[1] == 'x';
   size_t n = 0;
   bool is_float = false;

   if (isalpha((unsigned char)at[0]))
      return 3;
   if (hex)
      return 0;
   while (isalnum((unsigned char)at[n]) || at[n] == '.' ||
          ((at[n] == '-' || at[n] == '+') && n > 0 && (at[n - 1] == 'e' || at[n - 1] == 'E')))
   {
      is_float |= at[n] == '.' || at[n] == 'e' || at[n] == 'E';
      n++;
   }
   return is_float ? n : 0;
}

static bool
read_float(struct npu_asm_state *as, bool negative, enum npu_type type, size_t length,
           uint64_t *bits)
{
   const char *start = as->at;
   char text[64];
   char *end;

   if (npu_type_infos[type].kind != NPU_KIND_FLOAT)
      return npu_asm_error(as, start, "a float for an operand that is not a float");
   if (length >= sizeof(text))
      return npu_asm_error(as, start, "the number is too long");
   memcpy(text, start, length);
   text[length] = '\0';
   const double value = strtod(text, &end);
   if (*end != '\0')
      return npu_asm_error(as, start, "\"%s\" is not a number", text);
   as->at += length;
   switch (type) {
   case NPU_TYPE_F64:
      *bits = npu_f64_bits(value);
      break;
   case NPU_TYPE_F32:
      *bits = npu_f32_bits(strtof(text, NULL));
      break;
   case NPU_TYPE_F16:
      *bits = npu_f16_from_f64(value, NPU_ROUND_RTE);
      break;
   default:
      *bits = npu_narrow_f64(value, 7, 8, NPU_ROUND_RTE);
      break;
   }
   if (negative)
      *bits |= UINT64_C(1) << (npu_type_infos[type].bits - 1);
   return true;
}

static bool
read_integer(struct npu_asm_state *as, bool negative, unsigned bits, const char *where,
             uint64_t *value)
{
   const uint64_t all = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
   uint64_t magnitude;

   if (!npu_asm_read_number(as, &magnitude))
      return false;
   if (magnitude > (negative ? all / 2 + 1 : all))
      return npu_asm_error(as, where, "%s%" PRIu64 " does not fit in %u bits", negative ? "-" : "",
                           magnitude, bits);
   *value = (negative ? 0 - magnitude : magnitude) & all;
   return true;
}

/* A number, after its sign; "=" before it makes it a literal of up to 64 bits. */
static bool
read_immediate(struct npu_asm_state *as, unsigned i, bool negative, const char *where)
{
   const struct npu_operand_info *o = &info_of(as)->src[i];
   const bool force = npu_asm_accept(as, '=');
   uint64_t value = 0;

   npu_asm_skip_blanks(as);
   if (!starts_number(as->at))
      return npu_asm_error(as, as->at, "expected a number");
   const size_t length = float_length(as->at);
   if (length > 0 ? !read_float(as, negative, (enum npu_type)o->type, length, &value)
                  : !read_integer(as, negative, force ? 64 : o->bits, where, &value))
      return false;
   const unsigned src = force ? NPU_SRC_LITERAL : npu_src_for_value(value, (enum npu_type)o->type);
   if (src == NPU_SRC_LITERAL) {
      if (as->inst.has_literal && as->inst.literal != value)
         return npu_asm_error(as, where, "an instruction has one literal, 0x%" PRIx64 " already",
                              as->inst.literal);
      as->inst.has_literal = true;
      as->inst.literal = value;
   }
   as->inst.src[i] = (uint16_t)src;
   return true;
}

/* ------------------------------------------------------------------------------------- sources */

/* A register or number. */
static bool
read_plain_src(struct npu_asm_state *as, unsigned i, const char *where)
{
   const struct npu_operand_info *o = &info_of(as)->src[i];
   const char *start = as->at;
   const bool negative = npu_asm_accept(as, '-');

   npu_asm_skip_blanks(as);
   if (negative || *as->at == '=' || starts_number(as->at)) {
      if (!(o->files & NPU_FILES_IMM))
         return npu_asm_error(as, where, "expected %s", files_text(o->files));
      return read_immediate(as, i, negative, start);
   }
   const struct npu_asm_word word = npu_asm_read_word(as, false);
   unsigned reg;
   if (word.length == 0)
      return npu_asm_error(as, word.text, "expected %s", files_text(o->files));
   if (!parse_register(as, word, &reg) || !check_file(as, o, reg, word.text))
      return false;
   as->inst.src[i] = (uint16_t)reg;
   return check_group(as, (int)i, word.text) &&
          read_pair(as, reg, npu_inst_operand_regs(&as->inst, (int)i));
}

/* [-] plain, [-] |plain|, -(plain). "-" directly before digits belongs to the number. */
static bool
read_src(struct npu_asm_state *as, unsigned i)
{
   npu_asm_skip_blanks(as);
   const char *start = as->at;
   const bool minus = *start == '-' && !starts_number(start + 1) && start[1] != '=';

   if (minus)
      as->at++;
   const bool bars = npu_asm_accept(as, '|');
   const bool paren = !bars && minus && npu_asm_accept(as, '(');
   if (minus || bars) {
      if (!(info_of(as)->float_mods >> i & 1))
         return npu_asm_error(as, start, "the operand takes no \"-\" or \"|\"");
      as->inst.neg |= (uint8_t)(minus << i);
      as->inst.abs |= (uint8_t)(bars << i);
   }
   npu_asm_skip_blanks(as);
   return read_plain_src(as, i, as->at) && (!bars || npu_asm_expect(as, '|')) &&
          (!paren || npu_asm_expect(as, ')'));
}

/* ------------------------------------------------------------------------------------- other
 * fields */

static bool
read_target(struct npu_asm_state *as)
{
   npu_asm_skip_blanks(as);
   if (*as->at == '+' || *as->at == '-') {
      int64_t distance;
      if (!npu_asm_read_signed(as, "a branch distance", INT32_MIN, INT32_MAX, &distance))
         return false;
      as->inst.target = (int32_t)distance;
      return true;
   }
   const struct npu_asm_word word = npu_asm_read_word(as, false);
   if (word.length == 0 || isdigit((unsigned char)word.text[0]))
      return npu_asm_error(as, word.text, "expected a label or a signed distance");
   as->has_target_label = true;
   as->target = (struct npu_asm_fixup){
      .name = word.text,
      .length = word.length,
      .line = as->line,
      .column = (unsigned)(word.text - as->line_start) + 1,
   };
   return true;
}

static bool
read_special_register(struct npu_asm_state *as)
{
   const struct npu_asm_word word = npu_asm_read_word(as, false);

   for (unsigned i = 0; i < NPU_NUM_SRS; i++) {
      if (npu_sr_infos[i].name == NULL || !npu_asm_word_is(word, npu_sr_infos[i].name))
         continue;
      if (!(npu_sr_infos[i].files & npu_src_file(as->inst.dst)))
         return npu_asm_error(as, word.text, "%s needs %s", npu_sr_infos[i].name,
                              files_text(npu_sr_infos[i].files));
      as->inst.sr_or_code = (uint16_t)i;
      return true;
   }
   return npu_asm_error(as, word.text, "\"%.*s\" is not a special register", (int)word.length,
                        word.text);
}

static bool
read_extension(struct npu_asm_state *as)
{
   const struct npu_asm_word word = npu_asm_read_word(as, false);

   as->inst.sx = npu_asm_word_is(word, "sx");
   return as->inst.sx || npu_asm_word_is(word, "zx") ||
          npu_asm_error(as, word.text, "expected \"sx\" or \"zx\"");
}

static bool
read_scale(struct npu_asm_state *as)
{
   int64_t scale;

   npu_asm_skip_blanks(as);
   if (as->at[0] != '<' || as->at[1] != '<')
      return true;
   as->at += 2;
   if (!npu_asm_read_signed(as, "the shift of the offset", 0, 7, &scale))
      return false;
   as->inst.scale_log2 = (uint8_t)scale;
   return true;
}

static bool
read_byte_offset(struct npu_asm_state *as)
{
   int64_t imm;

   npu_asm_skip_blanks(as);
   if (*as->at != '+' && *as->at != '-')
      return true;
   if (!npu_asm_read_signed(as, "the byte offset", INT16_MIN, INT16_MAX, &imm))
      return false;
   as->inst.imm = (int32_t)imm;
   return true;
}

static bool
read_code(struct npu_asm_state *as)
{
   int64_t code;

   if (!npu_asm_read_signed(as, "a trap code", 0, UINT16_MAX, &code))
      return false;
   as->inst.sr_or_code = (uint16_t)code;
   return true;
}

/* Reads the field whose name begins at `name`. Suffix fields are part of the mnemonic, not here. */
static bool
read_field(struct npu_asm_state *as, const char *name)
{
   static const struct {
      const char *name;
      bool (*read)(struct npu_asm_state *as);
   } fields[] = {
      {"DST}", read_dst},      {"TARGET}", read_target}, {"SR}", read_special_register},
      {"SX}", read_extension}, {"SCALE}", read_scale},   {"IMM}", read_byte_offset},
      {"CODE}", read_code},
   };

   if (!strncmp(name, "SRC", 3))
      return read_src(as, (unsigned)(name[3] - '0'));
   for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
      if (!strncmp(name, fields[i].name, strlen(fields[i].name)))
         return fields[i].read(as);
   }
   return npu_asm_error(as, as->at, "the template of the instruction has an unknown field");
}

/* A word of the template, such as "lane". */
static bool
expect_word(struct npu_asm_state *as, const char *text, size_t length)
{
   const struct npu_asm_word word = npu_asm_read_word(as, false);

   if (word.length == length && memcmp(word.text, text, length) == 0)
      return true;
   return npu_asm_error(as, word.text, "expected \"%.*s\"", (int)length, text);
}

bool
npu_asm_read_operands(struct npu_asm_state *as)
{
   const struct npu_op_info *info = info_of(as);
   const char *t = npu_op_displays[as->inst.op];

   t += strcspn(t, " ");
   if (!strncmp(t, " {NAME", 6)) /* after "{M} " */
      t += 1 + strcspn(t + 1, " ");
   while (*t != '\0') {
      if (*t == ' ') {
         t++;
      } else if (as->inst.noret && !strncmp(t, "{DST}, ", 7)) {
         t += 7;
      } else if (info->num_srcs < 4 && !strncmp(t, ", {SRC3}", 8)) {
         t += 8;
      } else if (*t == '{') {
         if (!read_field(as, t + 1))
            return false;
         t += strcspn(t, "}") + 1;
      } else if (isalpha((unsigned char)*t)) {
         size_t length = 0;
         while (isalpha((unsigned char)t[length]))
            length++;
         if (!expect_word(as, t, length))
            return false;
         t += length;
      } else {
         if (!npu_asm_expect(as, *t))
            return false;
         t++;
      }
   }
   return true;
}
