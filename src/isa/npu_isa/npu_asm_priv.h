/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* Inside of the assembler: the cursor (npu_asm_lex.c), operands (npu_asm_operand.c), programs
 * (npu_asm.c). */

#ifndef NPU_ASM_PRIV_H
#define NPU_ASM_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu_isa/npu_inst.h"

struct npu_asm_label {
   const char *name; /* into the text */
   unsigned length;
   size_t word;
};

/* A branch whose label is resolved at the end. */
struct npu_asm_fixup {
   const char *name; /* into the text */
   unsigned length;
   size_t inst; /* index of the word to patch */
   unsigned line, column;
};

struct npu_asm_state {
   const char *filename;
   const char *at;         /* cursor */
   const char *line_start; /* of the line of the cursor */
   unsigned line;

   uint64_t *code;
   size_t num_words, max_words;
   struct npu_asm_label *labels;
   size_t num_labels, max_labels;
   struct npu_asm_fixup *fixups;
   size_t num_fixups, max_fixups;

   char *errors;
   size_t errors_length, errors_size;
   unsigned num_errors;
   bool out_of_memory;

   /* The instruction being read. */
   struct npu_inst inst;
   bool has_target_label;
   struct npu_asm_fixup target;
};

/* A word of the text. */
struct npu_asm_word {
   const char *text;
   unsigned length; /* 0: there is none */
};

/* Skips blanks and comments; stops at the end of the line or text. */
void npu_asm_skip_blanks(struct npu_asm_state *as);

/* True at the end of the line or text, after blanks. */
bool npu_asm_at_end(struct npu_asm_state *as);

/* Skips the rest of the line and its end. */
void npu_asm_next_line(struct npu_asm_state *as);

/* Letters, digits, "_" and, if `dots`, "."; empty if the cursor is at something else. */
struct npu_asm_word npu_asm_read_word(struct npu_asm_state *as, bool dots);

bool npu_asm_word_is(struct npu_asm_word word, const char *text);

/* Takes the character `c` after blanks, if it is there. */
bool npu_asm_accept(struct npu_asm_state *as, char c);

/* The same, or an error: expected "c". */
bool npu_asm_expect(struct npu_asm_state *as, char c);

/* Records an error at `where` (a place in the current line) and returns false. */
bool npu_asm_error(struct npu_asm_state *as, const char *where, const char *format, ...)
   __attribute__((format(printf, 3, 4)));

/* The same for a place in another line. */
bool npu_asm_error_at(struct npu_asm_state *as, unsigned line, unsigned column, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/*
 * Reads an unsigned number, decimal or 0x. False and an error if there is none or it exceeds 64
 * bits.
 */
bool npu_asm_read_number(struct npu_asm_state *as, uint64_t *value);

/* A signed number in minimum..maximum, called `what` in messages. A sign may stand apart from the
 * digits. */
bool npu_asm_read_signed(struct npu_asm_state *as, const char *what, int64_t minimum,
                         int64_t maximum, int64_t *value);

/*
 * Reads the operands of as->inst (op and suffixes are set) along the display template of the
 * operation.
 */
bool npu_asm_read_operands(struct npu_asm_state *as);

/* Display templates of the operations, generated; the part after the first blank is operands. */
extern const char *const npu_op_displays[NPU_NUM_OPS];

#endif
