/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Building little programs instruction by instruction, for the tests of the model.
 */

#ifndef NPU_TESTS_SIM_CODE_H
#define NPU_TESTS_SIM_CODE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "npu_isa/npu_inst.h"

struct sim_code {
   uint64_t *words;
   size_t num_words, max_words;
};

static inline void
sim_code_make_room(struct sim_code *code)
{
   if (code->num_words + 2 <= code->max_words)
      return;
   code->max_words = 2 * code->max_words + 256;
   code->words = realloc(code->words, code->max_words * sizeof(*code->words));
   if (!code->words)
      abort();
}

static inline void
sim_code_word(struct sim_code *code, uint64_t word)
{
   sim_code_make_room(code);
   code->words[code->num_words++] = word;
}

static inline void
sim_code_emit(struct sim_code *code, struct npu_inst inst)
{
   const char *wrong = npu_inst_check(&inst);

   if (wrong) {
      fprintf(stderr, "test program: %s: %s\n", npu_op_infos[inst.op].name, wrong);
      abort();
   }
   sim_code_make_room(code);
   code->num_words += npu_encode(&inst, code->words + code->num_words);
}

/* A source for a 32- or 64-bit integer value. */
static inline uint16_t
sim_code_value(struct npu_inst *inst, uint64_t value, enum npu_type type)
{
   uint16_t src = (uint16_t)npu_src_for_value(value, type);

   if (src == NPU_SRC_LITERAL) {
      inst->has_literal = true;
      inst->literal = value;
   }
   return src;
}

/* Loads and stores; base is a scalar register. */
static inline void
sim_code_memory(struct sim_code *code, enum npu_op op, unsigned reg, unsigned base, int imm,
                unsigned bits, unsigned count)
{
   sim_code_emit(code, (struct npu_inst){
                          .op = op,
                          .dst = (uint8_t)reg,
                          .src = {(uint16_t)base},
                          .imm = imm,
                          .width_log2 = bits == 8    ? 0
                                        : bits == 16 ? 1
                                        : bits == 32 ? 2
                                                     : 3,
                          .count = (uint8_t)count,
                       });
}

/* Scalar constant. */
static inline void
sim_code_const(struct sim_code *code, unsigned sreg, uint64_t value)
{
   struct npu_inst inst = {.op = NPU_OP_MOV_B64, .dst = (uint8_t)sreg};

   inst.src[0] = sim_code_value(&inst, value, NPU_TYPE_B64);
   sim_code_emit(code, inst);
}

/* Mask register (or exec) from a scalar register or constant. */
static inline void
sim_code_mask(struct sim_code *code, unsigned mreg, unsigned src)
{
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_MFROMS,
                                         .dst = (uint8_t)mreg,
                                         .src = {(uint16_t)src}});
}

static inline void
sim_code_mask_value(struct sim_code *code, unsigned mreg, uint32_t mask)
{
   struct npu_inst inst = {.op = NPU_OP_MFROMS, .dst = (uint8_t)mreg};

   inst.src[0] = sim_code_value(&inst, mask, NPU_TYPE_B32);
   sim_code_emit(code, inst);
}

static inline void
sim_code_end(struct sim_code *code)
{
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_END});
}

#endif
