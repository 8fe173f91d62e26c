/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Inside of jit_program.c, jit_program_memory.c and jit_program_stream.c: how a random program uses registers, and what emits it.
 */

#ifndef NPU_TESTS_JIT_EMITTER_H
#define NPU_TESTS_JIT_EMITTER_H

#include "../isa/tap.h"
#include "jit_program.h"
#include "npu_isa/npu_regs.h"

enum jit_kind {
   KIND_ALU,
   KIND_LOAD,
   KIND_STORE,
   KIND_LOCAL,
   KIND_PRIVATE,
   KIND_ATOMIC,
   KIND_SPECIAL,
   KIND_BARRIER,
   KIND_IF,
   KIND_LOOP,
   KIND_GATHER,
   KIND_STREAM,
   NUM_KINDS,
};

#define S_ARGS     NPU_REG_S(0)
#define S_IN       NPU_REG_S(1)
#define S_SLOTS    NPU_REG_S(2)
#define S_STATE    NPU_REG_S(3)
#define S_COUNTERS NPU_REG_S(4)
#define S_TMP      NPU_REG_S(5)
#define S_WAVE     NPU_REG_S(6)
#define S_DATA     8u
#define NUM_S      24u
#define S_LOOP     40u /* + depth */
#define V_ZERO     NPU_REG_V(0)
#define V_SLOT     NPU_REG_V(1)
#define V_ADDRESS  NPU_REG_V(2)
#define V_TMP      NPU_REG_V(40)
#define V_TMP64    NPU_REG_V(42)
#define V_COUNT    NPU_REG_V(44)
#define V_LIMIT    NPU_REG_V(45)
#define V_OFFSET   NPU_REG_V(46)
#define V_NARROW   4u
#define NUM_NARROW 16u
#define V_WIDE     20u
#define NUM_WIDE   16u
#define NUM_M      8u
#define M_SAVED    8u /* + depth */
#define M_INSIDE   NPU_REG_M(12)
#define M_LEAVES   NPU_REG_M(13)
#define OPS_ITEMS  72u
#define GROUP      4u /* operands that the frame moves at once */

/* Groups of data registers. */
#define NARROW_GROUPS (NUM_NARROW / GROUP)
#define WIDE_GROUPS   (NUM_WIDE / 2 / GROUP)
#define S_GROUPS      (NUM_S / GROUP)
#define M_GROUPS      (NUM_M / GROUP)

struct jit_emitter {
   const struct jit_program *program;
   struct sim_code *code;
   uint64_t rng;
   /* Groups that have been named, as bits. */
   uint32_t narrow, wide, s, m;
};

/* A number below count. */
unsigned jit_pick(struct jit_emitter *e, unsigned count);

void jit_emit(struct jit_emitter *e, struct npu_inst inst);

/* A data register of a file for an operand of some bits; count: consecutive components. */
unsigned jit_data_register(struct jit_emitter *e, unsigned file, unsigned bits, unsigned count);

/* What is undefined in an unmasked vector result becomes zero. */
void jit_define_lanes(struct jit_emitter *e, unsigned dst, unsigned bits, unsigned count);

/* An instruction of an operation, or of any if op is 0. */
void jit_emit_alu(struct jit_emitter *e, enum npu_op op);

/* V_TMP: random offsets below limit_B (a power of two) from a data register, or the lane's number. */
void jit_random_offsets(struct jit_emitter *e, uint32_t limit_B);

struct npu_inst jit_memory_inst(struct jit_emitter *e, enum npu_op op, bool scalar);

/* From the input: any form, any alignment. */
void jit_emit_load(struct jit_emitter *e);

/* To the work-item's own slot. */
void jit_emit_store(struct jit_emitter *e);

/* Local memory. Each wave writes only its own part; others' parts are not read. */
void jit_emit_local(struct jit_emitter *e);

/* The same with all components of vectors, in the slots of the wave (jit_program_stream.c). */
void jit_emit_stream(struct jit_emitter *e);

void jit_emit_private(struct jit_emitter *e);

void jit_emit_atomic(struct jit_emitter *e);

#endif
