/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The assembler: lines, mnemonics with their suffixes, labels. One pass over the text; branches to
 * labels are patched at the end. An error ends its line, so one run reports many.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_asm.h"
#include "npu_isa/npu_asm_priv.h"

/* Makes room for one more element; false if memory ran out. */
static bool
grow(struct npu_asm_state *as, void **array, size_t count, size_t *max, size_t size)
{
   if (count + 2 <= *max)
      return true;
   const size_t bigger = *max * 2 + 64;
   void *moved = realloc(*array, bigger * size);
   if (moved == NULL) {
      as->out_of_memory = true;
      return npu_asm_error(as, as->at, "out of memory");
   }
   *array = moved;
   *max = bigger;
   return true;
}

static bool
emit(struct npu_asm_state *as, uint64_t word)
{
   if (!grow(as, (void **)&as->code, as->num_words, &as->max_words, sizeof(*as->code)))
      return false;
   as->code[as->num_words++] = word;
   return true;
}

static bool
define_label(struct npu_asm_state *as, struct npu_asm_word word)
{
   for (size_t i = 0; i < as->num_labels; i++) {
      if (as->labels[i].length == word.length &&
          !memcmp(as->labels[i].name, word.text, word.length))
         return npu_asm_error(as, word.text, "label \"%.*s\" is defined twice", (int)word.length,
                              word.text);
   }
   if (!grow(as, (void **)&as->labels, as->num_labels, &as->max_labels, sizeof(*as->labels)))
      return false;
   as->labels[as->num_labels++] = (struct npu_asm_label){word.text, word.length, as->num_words};
   return true;
}

/* ------------------------------------------------------------------------------------- mnemonics */

static bool
suffix_is(const char *suffix, size_t length, const char *text)
{
   return strlen(text) == length && !memcmp(suffix, text, length);
}

/* ".b32x2" of a load or store. */
static bool
read_width(struct npu_asm_state *as, const char *suffix, size_t length)
{
   static const char *const widths[] = {"b8", "b16", "b32", "b64"};
   size_t digits = length;
   unsigned count = 1;

   if (length > 2 && suffix[length - 2] == 'x' && suffix[length - 1] >= '2' &&
       suffix[length - 1] <= '4')
   {
      count = (unsigned)(suffix[length - 1] - '0');
      digits = length - 2;
   }
   for (unsigned w = 0; w < 4; w++) {
      if (suffix_is(suffix, digits, widths[w])) {
         as->inst.width_log2 = (uint8_t)w;
         as->inst.count = (uint8_t)count;
         return true;
      }
   }
   return false;
}

/* Position of the suffix in `names`, or -1. */
static int
find_suffix(const char *suffix, size_t length, const char *const *names, int count)
{
   for (int i = 0; i < count; i++) {
      if (suffix_is(suffix, length, names[i]))
         return i;
   }
   return -1;
}

enum suffix_kind {
   SUFFIX_WIDTH = 1 << 0,
   SUFFIX_SPACE = 1 << 1,
   SUFFIX_NORET = 1 << 2,
   SUFFIX_ROUND = 1 << 3,
   SUFFIX_SAT = 1 << 4,
};

/* Sets the member that the suffix stands for; 0 if it is none of the operation. */
static unsigned
apply_suffix(struct npu_asm_state *as, const char *suffix, size_t length)
{
   static const char *const rounds[] = {"rte", "rtz", "rtp", "rtn"};
   static const char *const spaces[] = {"global", "local", "private", "generic"};
   const struct npu_op_info *info = &npu_op_infos[as->inst.op];
   int found;

   if (info->is_memory && !info->is_atomic && read_width(as, suffix, length))
      return SUFFIX_WIDTH;
   if (info->is_memory && (found = find_suffix(suffix, length, spaces, 4)) >= 0) {
      as->inst.space = (uint8_t)found;
      return SUFFIX_SPACE;
   }
   if (info->is_atomic && suffix_is(suffix, length, "noret")) {
      as->inst.noret = true;
      return SUFFIX_NORET;
   }
   if (info->has_round && (found = find_suffix(suffix, length, rounds, 4)) >= 0) {
      as->inst.round = (uint8_t)found;
      return SUFFIX_ROUND;
   }
   if (info->has_sat && suffix_is(suffix, length, "sat")) {
      as->inst.sat = true;
      return SUFFIX_SAT;
   }
   return 0;
}

static bool
unknown_instruction(struct npu_asm_state *as, struct npu_asm_word word)
{
   const size_t base = strcspn(word.text, ". \t\r\n") < word.length ? strcspn(word.text, ". \t\r\n")
                                                                    : word.length;
   char known[160] = "";
   size_t length = 0;

   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (npu_op_infos[op].name == NULL || !suffix_is(word.text, base, npu_op_infos[op].base_name))
         continue;
      const int n = snprintf(known + length, sizeof(known) - length, "%s%s",
                             length ? ", " : "; there are ", npu_op_infos[op].name);
      if (n < 0 || length + (size_t)n >= sizeof(known) - 8) {
         snprintf(known + length, sizeof(known) - length, ", ...");
         break;
      }
      length += (size_t)n;
   }
   return npu_asm_error(as, word.text, "unknown instruction \"%.*s\"%s", (int)word.length,
                        word.text, known);
}

/* The mnemonic: the longest prefix that names an operation, then suffixes. */
static bool
read_mnemonic(struct npu_asm_state *as, struct npu_asm_word word)
{
   unsigned length = word.length;
   unsigned seen = 0;

   while (length > 0 && (as->inst.op = npu_op_by_name(word.text, length)) == NPU_OP_NONE) {
      do
         length--;
      while (length > 0 && word.text[length] != '.');
   }
   if (as->inst.op == NPU_OP_NONE)
      return unknown_instruction(as, word);

   const struct npu_op_info *info = &npu_op_infos[as->inst.op];
   while (length < word.length) {
      const char *suffix = word.text + length + 1;
      const char *dot = memchr(suffix, '.', word.length - length - 1);
      const size_t n = dot ? (size_t)(dot - suffix) : word.length - length - 1;
      const unsigned kind = apply_suffix(as, suffix, n);

      if (kind == 0)
         return npu_asm_error(as, suffix - 1, "%s has no suffix \".%.*s\"", info->name, (int)n,
                              suffix);
      if (kind & seen)
         return npu_asm_error(as, suffix - 1, "\".%.*s\" after another suffix of its kind", (int)n,
                              suffix);
      seen |= kind;
      length += (unsigned)n + 1;
   }
   if (info->is_memory && !info->is_atomic && !(seen & SUFFIX_WIDTH))
      return npu_asm_error(as, word.text, "%s needs a width: .b8, .b16, .b32 or .b64", info->name);
   return true;
}

/* ------------------------------------------------------------------------------------- lines */

static bool
read_instruction(struct npu_asm_state *as, bool masked)
{
   const struct npu_asm_word word = npu_asm_read_word(as, true);
   uint64_t words[2];
   const char *why;

   if (word.length == 0)
      return npu_asm_error(as, word.text, "expected an instruction");
   as->inst = (struct npu_inst){.masked = masked};
   as->has_target_label = false;
   if (!read_mnemonic(as, word))
      return false;
   /* The fixed base of the forms with lane addresses is not written. */
   if (npu_op_infos[as->inst.op].num_srcs > 0 && npu_op_infos[as->inst.op].src[0].files == 0)
      as->inst.src[0] = NPU_SRC_INT(0);
   if (!npu_asm_read_operands(as))
      return false;
   if (!npu_asm_at_end(as))
      return npu_asm_error(as, as->at, "unexpected \"%c\" after the instruction", *as->at);
   why = npu_inst_check(&as->inst);
   if (why != NULL)
      return npu_asm_error(as, word.text, "%s: %s", npu_op_infos[as->inst.op].name, why);
   if (as->has_target_label) {
      if (!grow(as, (void **)&as->fixups, as->num_fixups, &as->max_fixups, sizeof(*as->fixups)))
         return false;
      as->target.inst = as->num_words;
      as->fixups[as->num_fixups++] = as->target;
   }
   const unsigned n = npu_encode(&as->inst, words);
   return emit(as, words[0]) && (n < 2 || emit(as, words[1]));
}

static bool
read_directive(struct npu_asm_state *as)
{
   const struct npu_asm_word word = npu_asm_read_word(as, true);
   uint64_t value;

   if (!npu_asm_word_is(word, ".word"))
      return npu_asm_error(as, word.text, "unknown directive \"%.*s\"", (int)word.length,
                           word.text);
   if (!npu_asm_read_number(as, &value))
      return false;
   if (!npu_asm_at_end(as))
      return npu_asm_error(as, as->at, "unexpected \"%c\" after the directive", *as->at);
   return emit(as, value);
}

static bool
read_mask_prefix(struct npu_asm_state *as)
{
   const char *start = as->at;

   as->at++;
   if (!npu_asm_word_is(npu_asm_read_word(as, false), "m") || !npu_asm_accept(as, ')'))
      return npu_asm_error(as, start, "expected \"(m)\"");
   return true;
}

/* Labels, then an instruction, a directive or nothing. */
static bool
read_line(struct npu_asm_state *as)
{
   for (;;) {
      if (npu_asm_at_end(as))
         return true;
      if (*as->at == '.')
         return read_directive(as);
      if (*as->at == '(')
         return read_mask_prefix(as) && read_instruction(as, true);

      const char *start = as->at;
      const struct npu_asm_word word = npu_asm_read_word(as, false);
      if (word.length == 0)
         return npu_asm_error(as, as->at, "expected an instruction");
      if (!npu_asm_accept(as, ':')) {
         as->at = start;
         return read_instruction(as, false);
      }
      if (word.text[0] >= '0' && word.text[0] <= '9')
         return npu_asm_error(as, word.text, "a label begins with a letter");
      if (!define_label(as, word))
         return false;
   }
}

static void
resolve_labels(struct npu_asm_state *as)
{
   for (size_t i = 0; i < as->num_fixups; i++) {
      const struct npu_asm_fixup *fixup = &as->fixups[i];
      const struct npu_asm_label *label = NULL;

      for (size_t j = 0; j < as->num_labels && label == NULL; j++) {
         if (as->labels[j].length == fixup->length &&
             !memcmp(as->labels[j].name, fixup->name, fixup->length))
            label = &as->labels[j];
      }
      if (label == NULL) {
         npu_asm_error_at(as, fixup->line, fixup->column, "there is no label \"%.*s\"",
                          (int)fixup->length, fixup->name);
         continue;
      }
      struct npu_inst inst;
      const int n = npu_decode(&as->code[fixup->inst], as->num_words - fixup->inst, &inst);
      inst.target = (int32_t)((int64_t)label->word - (int64_t)(fixup->inst + (size_t)n));
      npu_encode(&inst, &as->code[fixup->inst]);
   }
}

struct npu_asm_result
npu_asm(const char *text, const char *filename)
{
   struct npu_asm_state as = {.filename = filename, .at = text, .line_start = text, .line = 1};

   while (*as.at != '\0' && !as.out_of_memory) {
      read_line(&as);
      npu_asm_next_line(&as);
   }
   if (!as.out_of_memory)
      resolve_labels(&as);
   free(as.labels);
   free(as.fixups);
   return (struct npu_asm_result){
      .code = as.code,
      .num_words = as.num_words,
      .errors = as.errors,
      .num_errors = as.num_errors,
   };
}

void
npu_asm_finish(struct npu_asm_result *result)
{
   free(result->code);
   free(result->errors);
   *result = (struct npu_asm_result){0};
}
