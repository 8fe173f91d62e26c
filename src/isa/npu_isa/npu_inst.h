/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The decoded form of an instruction, and the way between it and the 64-bit words. One flat struct
 * serves all formats; members that an operation does not use are zero, both in what npu_decode()
 * gives and in what npu_encode() accepts. All functions are pure and may be called from any thread.
 */

#ifndef NPU_INST_H
#define NPU_INST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu_isa/npu_opcodes.h"

/* Register numbers as in the DST and SRC fields. */
#define NPU_REG_V(n) (0u + (n))
#define NPU_REG_S(n) (128u + (n))
#define NPU_REG_M(n) (192u + (n))
#define NPU_REG_EXEC 208u

/* Immediate source numbers. */
#define NPU_SRC_INT_MIN (-64)
#define NPU_SRC_INT_MAX 63
#define NPU_SRC_INT(i)                                                                             \
   ((uint16_t)(320 + (i))) /* i in -64..63, sign-extended to the operand's width */
#define NPU_SRC_INT_FIRST   256u
#define NPU_SRC_INT_LAST    383u
#define NPU_SRC_FLOAT_FIRST 384u /* 0.5, -0.5, 1, -1, 2, -2, 4, -4 in the operand's format */
#define NPU_SRC_FLOAT_LAST  391u
#define NPU_SRC_LITERAL     511u

struct npu_inst {
   enum npu_op op;
   bool masked;      /* bit M */
   bool has_literal; /* bit X: exactly when a source is NPU_SRC_LITERAL */

   uint8_t dst;                /* register number; of a store the data register */
   uint16_t src[NPU_MAX_SRCS]; /* register or immediate number; src[0] of the address forms "a" is
                                  NPU_SRC_INT(0) */
   uint64_t literal;           /* valid if has_literal */

   uint8_t neg, abs; /* bit i: modifier of source i */
   uint8_t round;    /* enum npu_round */
   bool sat;

   uint8_t width_log2;  /* memory: bytes of a component, 0..3 */
   uint8_t count;       /* memory: components, 1..4; 0 for other operations */
   uint8_t space;       /* enum npu_space */
   uint8_t scale_log2;  /* forms o: shift of the lane offset, 0..7 */
   bool sx;             /* forms o: sign-extend the lane offset */
   bool noret;          /* atomics: no result; dst is 0 */
   int32_t imm;         /* memory: byte offset, -32768..32767 */
   int32_t target;      /* branches: 64-bit words from the following instruction */
   uint16_t sr_or_code; /* rdsr: enum npu_sr; trap: code */
};

static inline bool
npu_reg_is_v(unsigned r)
{
   return r < 128;
}

static inline bool
npu_reg_is_s(unsigned r)
{
   return r >= 128 && r < 192;
}

/* A mask register or exec. */
static inline bool
npu_reg_is_m(unsigned r)
{
   return r >= 192 && r <= NPU_REG_EXEC;
}

static inline bool
npu_src_is_int(unsigned s)
{
   return s >= NPU_SRC_INT_FIRST && s <= NPU_SRC_INT_LAST;
}

static inline bool
npu_src_is_float(unsigned s)
{
   return s >= NPU_SRC_FLOAT_FIRST && s <= NPU_SRC_FLOAT_LAST;
}

static inline bool
npu_src_is_imm(unsigned s)
{
   return npu_src_is_int(s) || npu_src_is_float(s) || s == NPU_SRC_LITERAL;
}

/* The file of a register or immediate number as one bit NPU_FILES_*, 0 if it is reserved. */
unsigned npu_src_file(unsigned s);

/*
 * The value of an immediate source (not the literal) for an operand of `type`, zero-extended: the
 * integer sign-extended to the operand's width, or the float in its format.
 */
uint64_t npu_src_inline_value(unsigned s, enum npu_type type);

/*
 * The source number that gives the `bits` low bits of `value` to an operand of `type`: inline if
 * one exists, else NPU_SRC_LITERAL (the caller sets literal to the value's low bits and
 * has_literal). Operands of kind data are not immediate.
 */
unsigned npu_src_for_value(uint64_t value, enum npu_type type);

/* The inline float number for the f32 `value`, 0 if there is none. Inline integer 0 is +0.0 in
 * every format. */
unsigned npu_src_inline_float(double value);

/* Width in bits of the operand src[i] or, with i < 0, dst; for memory data 8 << width_log2. */
unsigned npu_inst_operand_bits(const struct npu_inst *inst, int i);

/* Number of v or s registers the operand src[i] or, with i < 0, dst names (pairs, components,
 * descriptors). */
unsigned npu_inst_operand_regs(const struct npu_inst *inst, int i);

/* Words of the encoding, 1 or 2. */
static inline unsigned
npu_inst_words(const struct npu_inst *inst)
{
   return inst->has_literal ? 2 : 1;
}

/*
 * NULL if `inst` is a legal instruction, else a static string that says what is wrong with it. This
 * is the whole rule book of operands: files, pairs, register ranges, forms, modifiers, unused
 * members.
 */
const char *npu_inst_check(const struct npu_inst *inst);

/* Encodes a legal instruction (asserted) and returns the number of words, 1 or 2. */
unsigned npu_encode(const struct npu_inst *inst, uint64_t words[2]);

/* Why a word is no instruction. */
enum npu_decode_error {
   NPU_DECODE_TRUNCATED = -1, /* no word, or the literal is missing */
   NPU_DECODE_OPCODE = -2,    /* unassigned opcode */
   NPU_DECODE_RESERVED = -3,  /* bits set that the format does not use */
   NPU_DECODE_OPERANDS = -4,  /* npu_inst_check() refuses it */
};

/*
 * Decodes the instruction at words[0]; `num_words` words may be read. Returns the words consumed, 1
 * or 2, or a negative enum npu_decode_error; then *inst is unspecified. What it accepts
 * npu_encode() turns into the same words.
 */
int npu_decode(const uint64_t *words, size_t num_words, struct npu_inst *inst);

/* A static message for an enum npu_decode_error. */
const char *npu_decode_error_text(int error);

#endif
