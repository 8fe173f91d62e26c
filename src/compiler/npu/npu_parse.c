/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Reads the text form of the IR that npu_print() writes (its header shows the syntax).
 *
 * Line by line, twice: the first walk finds the blocks and the types of the values, which are
 * written at their definitions, so that the second can resolve uses that stand before them (phis of
 * loops). Errors are reported once, with line and column; after the first one parsing goes on only
 * to find its way out.
 */
#include "npu_passes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_inst.h"

#define MAX_OPERANDS 64
#define MAX_VALUES   (1u << 20)
#define MAX_BLOCKS   (1u << 16)

struct parser {
   const char *at, *line_start;
   unsigned line;
   char *error;
   struct npu_shader *shader;
   struct npu_block **blocks;
   unsigned num_blocks;
   bool *typed;                  /* value has a definition */
   struct util_dynarray *header; /* of each block: predecessors in the order its label gives */
};

static void PRINTFLIKE(2, 3) fail(struct parser *p, const char *format, ...)
{
   char *message;
   va_list args;

   if (p->error)
      return;
   va_start(args, format);
   if (vasprintf(&message, format, args) >= 0) {
      if (asprintf(&p->error, "%u:%u: %s", p->line, (unsigned)(p->at - p->line_start) + 1,
                   message) < 0)
         p->error = NULL;
      free(message);
   }
   va_end(args);
}

/* ---- characters and words ---- */

static void
skip_space(struct parser *p)
{
   while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')
      ++p->at;
   if (*p->at == ';') {
      while (*p->at && *p->at != '\n')
         ++p->at;
   }
}

static bool
at_line_end(struct parser *p)
{
   skip_space(p);
   return *p->at == '\n' || *p->at == '\0';
}

static bool
accept(struct parser *p, const char *text)
{
   skip_space(p);
   size_t length = strlen(text);

   if (strncmp(p->at, text, length))
      return false;
   p->at += length;
   return true;
}

static void
expect(struct parser *p, const char *text)
{
   if (!accept(p, text))
      fail(p, "expected \"%s\"", text);
}

static void
next_line(struct parser *p)
{
   if (!at_line_end(p))
      fail(p, "unexpected text at the end of the line");
   while (*p->at && *p->at != '\n')
      ++p->at;
   if (*p->at)
      ++p->at;
   p->line_start = p->at;
   ++p->line;
}

/* Letters, digits, '_' and '.'; its length, 0 if there is none. */
static unsigned
peek_word(struct parser *p)
{
   unsigned length = 0;

   skip_space(p);
   while (isalnum((unsigned char)p->at[length]) || p->at[length] == '_' || p->at[length] == '.')
      ++length;
   return length;
}

static uint32_t
parse_unsigned(struct parser *p, uint32_t bound, const char *what)
{
   unsigned long value;
   char *end;

   if (!isdigit((unsigned char)*p->at)) {
      fail(p, "expected the number of a %s", what);
      return 0;
   }
   errno = 0;
   value = strtoul(p->at, &end, 10);
   if (errno || value >= bound) {
      fail(p, "no such %s", what);
      return 0;
   }
   p->at = end;
   return value;
}

/* ---- types, operands ---- */

static bool
valid_bits(unsigned bits)
{
   return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

/* "32x4" behind the letter of the file */
static void
parse_width(struct parser *p, enum npu_file file, struct npu_ref *ref)
{
   ref->file = file;
   ref->bits = 1;
   ref->comps = 1;
   if (file != NPU_FILE_M) {
      unsigned bits = parse_unsigned(p, 65, "width");
      if (!valid_bits(bits))
         fail(p, "widths are 8, 16, 32 and 64");
      ref->bits = bits;
   }
   if (*p->at == 'x') {
      ++p->at;
      unsigned comps = parse_unsigned(p, NPU_MAX_COMPS + 1, "component count");
      if (comps < 1)
         fail(p, "there are 1 to 4 components");
      ref->comps = comps;
   }
}

static bool
parse_file(struct parser *p, enum npu_file *file)
{
   switch (*p->at) {
   case 'v':
      *file = NPU_FILE_V;
      break;
   case 's':
      *file = NPU_FILE_S;
      break;
   case 'm':
      *file = NPU_FILE_M;
      break;
   default:
      fail(p, "expected a type: v, s or m");
      return false;
   }
   ++p->at;
   return true;
}

static void
parse_type(struct parser *p, struct npu_ref *ref)
{
   enum npu_file file;

   if (parse_file(p, &file))
      parse_width(p, file, ref);
}

static struct npu_ref
parse_value(struct parser *p)
{
   uint32_t value = parse_unsigned(p, MAX_VALUES, "value");

   if (p->error)
      return npu_null();
   if (value >= p->shader->num_values || !p->typed[value]) {
      fail(p, "value %%%u is not defined", value);
      return npu_null();
   }
   return npu_value_ref(p->shader, value);
}

/* A number as text is kept in imm until the operand's type is known: see finish_immediate(). */
struct operand {
   struct npu_ref ref;
   const char *number;
};

static bool
is_register(const char *text)
{
   return (*text == 'v' || *text == 's' || *text == 'm') && isdigit((unsigned char)text[1]);
}

static struct operand
parse_operand(struct parser *p)
{
   struct operand op = {.ref = npu_null()};
   bool neg = false, abs = false;

   skip_space(p);
   if (*p->at == '-' && !isdigit((unsigned char)p->at[1])) {
      neg = true;
      ++p->at;
   }
   if (*p->at == '|') {
      abs = true;
      ++p->at;
   }

   if (*p->at == '%') {
      ++p->at;
      op.ref = parse_value(p);
   } else if (is_register(p->at)) {
      enum npu_file file;
      parse_file(p, &file);
      uint32_t reg = parse_unsigned(p, npu_file_size(file), "register");
      op.ref = npu_reg(file, reg, 1, 1);
      if (file != NPU_FILE_M)
         expect(p, ".");
      parse_width(p, file, &op.ref);
   } else if (accept(p, "exec")) {
      op.ref = npu_exec();
   } else if (accept(p, "undef:")) {
      op.ref.kind = NPU_REF_UNDEF;
      parse_type(p, &op.ref);
   } else if (isdigit((unsigned char)*p->at) || *p->at == '-') {
      op.number = p->at;
      op.ref = npu_imm(0);
      p->at += *p->at == '-';
      while (isalnum((unsigned char)*p->at) || *p->at == '.' ||
             ((*p->at == '-' || *p->at == '+') && p->at[-1] == 'e'))
         ++p->at;
   } else if (!accept(p, "_")) {
      fail(p, "expected an operand");
   }

   if (abs)
      expect(p, "|");
   op.ref.neg = neg;
   op.ref.abs = abs;
   return op;
}

static void
finish_immediate(struct parser *p, struct npu_ref *ref, const char *number, unsigned bits,
                 bool is_float)
{
   char *end;
   bool is_decimal = strncmp(number, "0x", 2) != 0;
   size_t length = strcspn(number, " \t\r\n,;{");
   bool has_point = is_decimal && memchr(number, '.', length);
   bool has_exponent = is_decimal && memchr(number, 'e', length);

   ref->bits = bits;
   if (has_point || has_exponent) {
      union {
         float f;
         double d;
         uint32_t u32;
         uint64_t u64;
      } value = {0};

      if (!is_float || (bits != 32 && bits != 64)) {
         fail(p, "a number with a point for an operand that is no float");
         return;
      }
      if (bits == 32)
         value.f = strtof(number, &end);
      else
         value.d = strtod(number, &end);
      ref->imm = bits == 32 ? value.u32 : value.u64;
   } else {
      errno = 0;
      ref->imm = *number == '-' ? (uint64_t)strtoll(number, &end, 0) : strtoull(number, &end, 0);
      if (errno)
         fail(p, "number out of range");
   }
   if (end != number + length)
      fail(p, "malformed number");
   if (bits < 64)
      ref->imm &= BITFIELD64_MASK(bits);
}

/* ---- instructions ---- */

static struct npu_block *
parse_block_name(struct parser *p)
{
   expect(p, "block");
   uint32_t index = parse_unsigned(p, MAX_BLOCKS, "block");

   if (p->error)
      return NULL;
   if (index >= p->num_blocks) {
      fail(p, "block%u does not exist", index);
      return NULL;
   }
   return p->blocks[index];
}

static unsigned
find_op(const char *name, unsigned length)
{
   for (unsigned op = NPU_NUM_OPS; op < NPU_NUM_IR_OPS; ++op) {
      const char *pseudo = npu_ir_op_info(op)->name;
      if (strlen(pseudo) == length && !memcmp(pseudo, name, length))
         return op;
   }
   return npu_op_by_name(name, length);
}

static int
find_name(struct parser *p, const char *const *names, unsigned count)
{
   unsigned length = peek_word(p);

   for (unsigned i = 0; i < count; ++i) {
      if (names[i] && strlen(names[i]) == length && !memcmp(names[i], p->at, length)) {
         p->at += length;
         return i;
      }
   }
   fail(p, "unknown name \"%.*s\"", length, p->at);
   return 0;
}

static int
parse_int(struct parser *p)
{
   char *end;

   errno = 0;
   long value = strtol(p->at, &end, 0);
   if (end == p->at || errno || value < INT32_MIN || value > INT32_MAX)
      fail(p, "expected a number");
   p->at = end;
   return value;
}

static int
parse_sr(struct parser *p)
{
   const char *names[NPU_NUM_SRS];

   if (isdigit((unsigned char)*p->at))
      return parse_int(p);
   for (unsigned i = 0; i < NPU_NUM_SRS; ++i)
      names[i] = npu_sr_infos[i].name;
   return find_name(p, names, NPU_NUM_SRS);
}

static int
parse_round(struct parser *p)
{
   static const char *const names[] = {"rte", "rtz", "rtp", "rtn"};

   return find_name(p, names, ARRAY_SIZE(names));
}

static int
parse_space(struct parser *p)
{
   static const char *const names[] = {"global", "local", "private", "generic"};

   return find_name(p, names, ARRAY_SIZE(names));
}

#define PARSE_FLAG(p)  1
#define PARSE_INT(p)   (expect(p, "="), parse_int(p))
#define PARSE_ROUND(p) (expect(p, "="), parse_round(p))
#define PARSE_SPACE(p) (expect(p, "="), parse_space(p))
#define PARSE_SR(p)    (expect(p, "="), parse_sr(p))

static void
parse_fields(struct parser *p, struct npu_instr *instr)
{
   while (!p->error && !accept(p, "}")) {
      unsigned length = peek_word(p);
      bool found = false;

#define PARSE_FIELD(type, name, how)                                                               \
   if (!found && length == strlen(#name) && !memcmp(p->at, #name, length)) {                       \
      p->at += length;                                                                             \
      int value = PARSE_##how(p);                                                                  \
      instr->name = value;                                                                         \
      if (instr->name != value)                                                                    \
         fail(p, "value out of range");                                                            \
      found = true;                                                                                \
   }
      NPU_INSTR_FIELDS(PARSE_FIELD)
#undef PARSE_FIELD
      if (!found && length == 2 && !memcmp(p->at, "sr", 2)) {
         p->at += length;
         instr->sr_or_code = PARSE_SR(p);
         found = true;
      }
      if (!found)
         fail(p, "unknown field \"%.*s\"", length, p->at);
   }
}

struct operands {
   struct operand op[MAX_OPERANDS];
   unsigned count;
   struct npu_block *block[MAX_OPERANDS]; /* of phi sources */
};

/* Does a destination list with '=' stand here? */
static bool
has_dests(struct parser *p)
{
   for (const char *c = p->at; *c && *c != '\n' && *c != ';' && *c != '{'; ++c) {
      if (*c == '=')
         return true;
   }
   return false;
}

static void
parse_dests(struct parser *p, struct operands *dests)
{
   do {
      if (dests->count == MAX_OPERANDS) {
         fail(p, "too many destinations");
         return;
      }
      struct operand *op = &dests->op[dests->count++];
      *op = parse_operand(p);
      if (npu_is_ssa(op->ref)) {
         struct npu_ref type;
         expect(p, ":");
         parse_type(p, &type);
      }
      if (npu_is_imm(op->ref) || op->ref.neg || op->ref.abs)
         fail(p, "not a destination");
   } while (!p->error && accept(p, ","));
   expect(p, "=");
}

static struct npu_block *
parse_srcs(struct parser *p, unsigned op, struct operands *srcs)
{
   struct npu_block *target = NULL;

   if (at_line_end(p) || *p->at == '{')
      return NULL;
   do {
      skip_space(p);
      if (srcs->count == MAX_OPERANDS) {
         fail(p, "too many sources");
         return NULL;
      }
      if (!strncmp(p->at, "block", 5)) {
         struct npu_block *block = parse_block_name(p);
         if (op != NPU_OP_PHI) {
            target = block;
            continue;
         }
         srcs->block[srcs->count] = block;
         expect(p, ":");
      } else if (op == NPU_OP_PHI) {
         fail(p, "a phi source begins with its block");
      }
      srcs->op[srcs->count++] = parse_operand(p);
   } while (!p->error && accept(p, ","));
   return target;
}

/* Type of an immediate source: the opcode's operand, or the destination that it is copied to. */
static void
type_immediate(struct parser *p, struct npu_instr *instr, unsigned s, const char *number)
{
   bool pseudo = npu_op_is_pseudo(instr->op);
   const struct npu_operand_info *info = npu_src_info(instr, s);
   unsigned bits = 64;

   if (pseudo) {
      unsigned d = instr->op == NPU_OP_PARALLEL_COPY ? s : 0;
      if (d < instr->num_dests)
         bits = instr->dest[d].file == NPU_FILE_M ? 32 : instr->dest[d].bits;
   } else if (info) {
      bits = npu_src_bits(instr, s) ? npu_src_bits(instr, s) : 64;
   }
   bool is_float = info && info->kind == NPU_KIND_FLOAT;
   finish_immediate(p, &instr->src[s], number, bits, is_float);
}

static void
parse_instr(struct parser *p, struct npu_block *block)
{
   struct operands dests = {.count = 0}, srcs = {.count = 0};

   if (has_dests(p))
      parse_dests(p, &dests);
   unsigned length = peek_word(p);
   unsigned op = find_op(p->at, length);
   if (op == NPU_OP_NONE)
      fail(p, "unknown operation \"%.*s\"", length, p->at);
   if (p->error)
      return;
   p->at += length;

   struct npu_block *target = parse_srcs(p, op, &srcs);
   struct npu_instr *instr = npu_instr_create(p->shader, op, dests.count, srcs.count);
   instr->target = target;
   if (accept(p, "{"))
      parse_fields(p, instr);
   if (p->error)
      return;

   npu_foreach_dest(instr, d)
      instr->dest[d] = dests.op[d].ref;
   npu_foreach_src(instr, s) {
      instr->src[s] = srcs.op[s].ref;
      if (srcs.op[s].number)
         type_immediate(p, instr, s, srcs.op[s].number);
   }

   struct npu_cursor cursor = npu_after_block(block);
   npu_insert(&cursor, instr);

   /* Phi sources stand in the order of the label's predecessors. */
   if (op == NPU_OP_PHI) {
      const struct util_dynarray *header = &p->header[block->index];
      for (unsigned s = 0; s < srcs.count; ++s) {
         if (s >= util_dynarray_num_elements(header, struct npu_block *) ||
             *util_dynarray_element(header, struct npu_block *, s) != srcs.block[s])
            fail(p, "phi sources do not follow the predecessors in the label of block%u",
                 block->index);
      }
   }
}

/* ---- first walk: blocks and types ---- */

static void
scan_value_type(struct parser *p)
{
   ++p->at;
   if (!isdigit((unsigned char)*p->at))
      return;
   uint32_t value = parse_unsigned(p, MAX_VALUES, "value");

   if (p->error || *p->at != ':')
      return;
   ++p->at;
   struct npu_ref type = {0};
   parse_type(p, &type);
   if (p->error)
      return;
   while (p->shader->num_values <= value) {
      npu_value_create(p->shader, NPU_FILE_V, 32, 1);
      p->typed = reralloc(p->shader, p->typed, bool, p->shader->num_values);
      p->typed[p->shader->num_values - 1] = false;
   }
   if (p->typed[value]) {
      fail(p, "value %%%u is defined twice", value);
      return;
   }
   p->typed[value] = true;
   p->shader->values[value] = (struct npu_value){type.file, type.bits, type.comps};
}

static void
scan(struct parser *p)
{
   while (*p->at && !p->error) {
      skip_space(p);
      if (!strncmp(p->at, "block", 5)) {
         p->at += 5;
         uint32_t index = parse_unsigned(p, MAX_BLOCKS, "block");
         if (!p->error && index != p->num_blocks)
            fail(p, "expected block%u here", p->num_blocks);
         if (p->error)
            return;
         struct npu_block *block = index ? npu_block_create(p->shader) : npu_first_block(p->shader);
         if (index)
            npu_block_append(p->shader, block);
         p->blocks = reralloc(p->shader, p->blocks, struct npu_block *, index + 1);
         p->blocks[p->num_blocks++] = block;
      }
      while (*p->at && *p->at != '\n' && *p->at != ';' && !p->error) {
         if (*p->at == '%')
            scan_value_type(p);
         else
            ++p->at;
      }
      while (*p->at && *p->at != '\n')
         ++p->at;
      if (*p->at)
         ++p->at;
      p->line_start = p->at;
      ++p->line;
   }
}

/* ---- second walk ---- */

static struct npu_block *
parse_label(struct parser *p)
{
   struct npu_block *block = parse_block_name(p);

   if (accept(p, "(")) {
      do {
         struct npu_block *pred = parse_block_name(p);
         if (!p->error)
            util_dynarray_append(&p->header[block->index], struct npu_block *, pred);
      } while (!p->error && accept(p, ","));
      expect(p, ")");
   }
   if (!p->error && accept(p, "depth="))
      block->loop_depth = parse_unsigned(p, 1000, "loop depth");
   expect(p, ":");
   return block;
}

static void
parse_info(struct parser *p)
{
   if (accept(p, "private_size_B="))
      p->shader->info.private_size_B = parse_unsigned(p, UINT32_MAX, "size");
   else
      fail(p, "unknown info");
}

static void
parse_lines(struct parser *p)
{
   struct npu_block *block = NULL;

   while (!p->error && *p->at) {
      if (at_line_end(p)) {
         next_line(p);
      } else if (!block && accept(p, "shader ")) {
         unsigned length = peek_word(p);
         snprintf(p->shader->info.name, sizeof(p->shader->info.name), "%.*s", length, p->at);
         p->at += length;
         next_line(p);
      } else if (!block && accept(p, "info ")) {
         parse_info(p);
         next_line(p);
      } else if (!strncmp(p->at, "block", 5)) {
         block = parse_label(p);
         next_line(p);
      } else if (block) {
         parse_instr(p, block);
         if (!p->error)
            next_line(p);
      } else {
         fail(p, "expected a block");
      }
   }
}

/* Edges follow from terminators; the label's list of predecessors fixes their order. */
static void
connect(struct parser *p)
{
   npu_foreach_block(p->shader, block) {
      struct npu_block *next = npu_next_block(p->shader, block);

      npu_foreach_instr_in_block(block, instr) {
         if (npu_instr_is_cond_branch(instr))
            block->succs[1] = instr->target;
         else if (npu_instr_is_terminator(instr))
            block->succs[0] = instr->target;
      }
      bool ends = !list_is_empty(&block->instrs);
      if (ends) {
         struct npu_instr *last = list_last_entry(&block->instrs, struct npu_instr, link);
         ends = npu_instr_is_terminator(last) && !npu_instr_is_cond_branch(last);
      }
      if (!ends)
         block->succs[0] = next;
      if (!ends && !next)
         fail(p, "control falls out of the last block");
   }

   npu_foreach_block(p->shader, block) {
      npu_foreach_succ(block, succ)
         util_dynarray_append(&succ->preds, struct npu_block *, block);
   }
   npu_foreach_block(p->shader, block) {
      struct util_dynarray *header = &p->header[block->index];
      unsigned count = util_dynarray_num_elements(header, struct npu_block *);

      if (count != 0 || npu_block_num_preds(block) > 1) {
         bool same = count == npu_block_num_preds(block);
         util_dynarray_foreach(header, struct npu_block *, pred)
            same &= (*pred)->succs[0] == block || (*pred)->succs[1] == block;
         if (!same && count)
            fail(p, "the label of block%u does not list its predecessors", block->index);
         else if (count)
            memcpy(block->preds.data, header->data, header->size);
      }
   }
}

struct npu_shader *
npu_parse(void *mem_ctx, const char *text, char **error)
{
   struct parser p = {.at = text, .line_start = text, .line = 1};

   p.shader = npu_shader_create(mem_ctx, NULL);
   scan(&p);
   if (!p.error && p.num_blocks == 0)
      fail(&p, "no block");
   if (!p.error) {
      p.header = ralloc_array(p.shader, struct util_dynarray, p.num_blocks);
      for (unsigned i = 0; i < p.num_blocks; ++i)
         util_dynarray_init(&p.header[i], p.shader);
      p.at = p.line_start = text;
      p.line = 1;
      parse_lines(&p);
   }
   if (!p.error)
      connect(&p);
   if (p.error) {
      *error = p.error;
      ralloc_free(p.shader);
      return NULL;
   }

   /* Text with registers is in register form. */
   npu_foreach_instr(p.shader, instr) {
      npu_foreach_dest(instr, d)
         p.shader->is_ssa &= instr->dest[d].kind != NPU_REF_REG;
      npu_foreach_src(instr, s)
         p.shader->is_ssa &= instr->src[s].kind != NPU_REF_REG;
   }
   return p.shader;
}
