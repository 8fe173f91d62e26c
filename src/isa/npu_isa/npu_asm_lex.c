/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* The assembler's cursor: blanks, comments, words, numbers, and error messages with their place. */

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_asm_priv.h"

#define MAX_ERRORS 100

static void
append_error(struct npu_asm_state *as, unsigned line, unsigned column, const char *format,
             va_list args)
{
   char message[256];

   if (as->num_errors++ >= MAX_ERRORS)
      return;
   vsnprintf(message, sizeof(message), format, args);
   const size_t needed = strlen(as->filename) + strlen(message) + 32;
   if (as->errors_length + needed > as->errors_size) {
      const size_t size = (as->errors_size + needed) * 2;
      char *errors = realloc(as->errors, size);
      if (errors == NULL) {
         as->out_of_memory = true;
         return;
      }
      as->errors = errors;
      as->errors_size = size;
   }
   as->errors_length += (size_t)snprintf(as->errors + as->errors_length,
                                         as->errors_size - as->errors_length, "%s:%u:%u: %s\n",
                                         as->filename, line, column, message);
}

bool
npu_asm_error(struct npu_asm_state *as, const char *where, const char *format, ...)
{
   /* A block comment may have moved the cursor to a later line. */
   const unsigned column = where < as->line_start ? 1 : (unsigned)(where - as->line_start) + 1;
   va_list args;

   va_start(args, format);
   append_error(as, as->line, column, format, args);
   va_end(args);
   return false;
}

bool
npu_asm_error_at(struct npu_asm_state *as, unsigned line, unsigned column, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   append_error(as, line, column, format, args);
   va_end(args);
   return false;
}

/* Skips a slash-star comment, which may span lines; an open one ends with the text. */
static void
skip_block_comment(struct npu_asm_state *as)
{
   const char *open = as->at;
   const unsigned line = as->line, column = (unsigned)(open - as->line_start) + 1;

   as->at += 2;
   while (*as->at != '\0' && !(as->at[0] == '*' && as->at[1] == '/')) {
      if (*as->at++ == '\n') {
         as->line++;
         as->line_start = as->at;
      }
   }
   if (*as->at == '\0')
      npu_asm_error_at(as, line, column, "comment without end");
   else
      as->at += 2;
}

void
npu_asm_skip_blanks(struct npu_asm_state *as)
{
   for (;;) {
      if (*as->at == ' ' || *as->at == '\t' || *as->at == '\r') {
         as->at++;
      } else if (*as->at == '#' || (as->at[0] == '/' && as->at[1] == '/')) {
         as->at += strcspn(as->at, "\n");
      } else if (as->at[0] == '/' && as->at[1] == '*') {
         skip_block_comment(as);
      } else {
         return;
      }
   }
}

bool
npu_asm_at_end(struct npu_asm_state *as)
{
   npu_asm_skip_blanks(as);
   return *as->at == '\0' || *as->at == '\n';
}

void
npu_asm_next_line(struct npu_asm_state *as)
{
   while (*as->at != '\0' && *as->at != '\n') {
      npu_asm_skip_blanks(as);
      if (*as->at != '\0' && *as->at != '\n')
         as->at++;
   }
   if (*as->at == '\n') {
      as->at++;
      as->line++;
      as->line_start = as->at;
   }
}

struct npu_asm_word
npu_asm_read_word(struct npu_asm_state *as, bool dots)
{
   npu_asm_skip_blanks(as);
   const char *start = as->at;
   while (isalnum((unsigned char)*as->at) || *as->at == '_' || (dots && *as->at == '.'))
      as->at++;
   return (struct npu_asm_word){.text = start, .length = (unsigned)(as->at - start)};
}

bool
npu_asm_word_is(struct npu_asm_word word, const char *text)
{
   return strlen(text) == word.length && memcmp(word.text, text, word.length) == 0;
}

bool
npu_asm_accept(struct npu_asm_state *as, char c)
{
   npu_asm_skip_blanks(as);
   if (*as->at != c)
      return false;
   as->at++;
   return true;
}

bool
npu_asm_expect(struct npu_asm_state *as, char c)
{
   return npu_asm_accept(as, c) || npu_asm_error(as, as->at, "expected \"%c\"", c);
}

bool
npu_asm_read_number(struct npu_asm_state *as, uint64_t *value)
{
   const struct npu_asm_word word = npu_asm_read_word(as, false);
   const bool hex = word.length > 2 && word.text[0] == '0' && word.text[1] == 'x';
   const unsigned base = hex ? 16 : 10;

   if (word.length == 0 || !isdigit((unsigned char)word.text[0]))
      return npu_asm_error(as, word.text, "expected a number");
   *value = 0;
   for (unsigned i = hex ? 2 : 0; i < word.length; i++) {
      const int c = tolower((unsigned char)word.text[i]);
      const unsigned digit = isdigit(c)   ? (unsigned)(c - '0')
                             : isalpha(c) ? (unsigned)(c - 'a' + 10)
                                          : 99;

      if (digit >= base)
         return npu_asm_error(as, word.text, "\"%.*s\" is not a number", (int)word.length,
                              word.text);
      if (*value > (UINT64_MAX - digit) / base)
         return npu_asm_error(as, word.text, "%.*s does not fit in 64 bits", (int)word.length,
                              word.text);
      *value = *value * base + digit;
   }
   return true;
}

bool
npu_asm_read_signed(struct npu_asm_state *as, const char *what, int64_t minimum, int64_t maximum,
                    int64_t *value)
{
   npu_asm_skip_blanks(as);
   const char *start = as->at;
   const bool negative = npu_asm_accept(as, '-');
   uint64_t magnitude;

   if (!negative)
      npu_asm_accept(as, '+');
   if (!npu_asm_read_number(as, &magnitude))
      return false;
   if (magnitude > (uint64_t)INT64_MAX)
      magnitude = INT64_MAX;
   *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
   if (*value < minimum || *value > maximum)
      return npu_asm_error(as, start, "%s must be in %" PRId64 "..%" PRId64, what, minimum,
                           maximum);
   return true;
}
