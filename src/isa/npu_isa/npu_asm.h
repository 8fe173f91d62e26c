/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The assembler: the text the disassembler prints, and what people write.
 *
 *    loop:                                 a label, also before an instruction of the same line
 *       (m) ffma.f32 v0, -v1, |v2|, 1.5    # comment, also with // or between slash-stars
 *       ld_o.b32x2.local v4, [s2 + sx(v1)<<2 + 16]
 *       iadd.i32 v0, v0, =5                "=": the literal, even if the number has an inline form
 *       br.any m0, loop                    or a distance in words, as in +3
 *       .word 0x0123456789abcdef           raw
 *
 * A number takes its inline form if there is one, else it becomes the literal. For float operands a
 * number with a point or exponent, inf and nan are values, other numbers are bits.
 */

#ifndef NPU_ASM_H
#define NPU_ASM_H

#include <stddef.h>
#include <stdint.h>

struct npu_asm_result {
   uint64_t *code;      /* malloc'ed; NULL if there are no words */
   size_t num_words;    /* meaningful only without errors */
   char *errors;        /* malloc'ed lines "file:line:column: message"; NULL if there are none */
   unsigned num_errors; /* at most 100 are reported */
};

/*
 * Assembles `text` (NUL-terminated). `filename` stands in messages. A program with an error has
 * num_errors > 0 (out of memory too). Release the result with npu_asm_finish(). Safe from any
 * thread.
 */
struct npu_asm_result npu_asm(const char *text, const char *filename);

/* Frees what npu_asm() allocated and clears *result. */
void npu_asm_finish(struct npu_asm_result *result);

#endif
