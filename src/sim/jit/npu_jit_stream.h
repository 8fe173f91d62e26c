/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Runs of wide accesses: between those who find them (npu_jit_stream_find.c) and those who generate them
 * (npu_jit_stream.c).
 */

#ifndef NPU_JIT_STREAM_H
#define NPU_JIT_STREAM_H

#include "npu_jit_access.h"

#define NPU_JIT_STREAM_MAX_UOPS       192 /* NPU_JIT_ACCESS_COUNT() has 8 bits */
#define NPU_JIT_STREAM_MAX_GROUPS     16
#define NPU_JIT_STREAM_MAX_COMPONENTS 16
#define NPU_JIT_STREAM_MAX_STRIDE_B   128 /* 32 lanes are in two pages at most */
#define NPU_JIT_STREAM_NO_GROUP       UINT8_MAX

/* Accesses with the same scalar base and stride, side by side: together they move `components` numbers of
 * each lane. */
struct npu_jit_stream_group {
   bool is_store;
   bool some_dead; /* some of what is loaded nobody reads: its faults count all the same */
   unsigned base;  /* scalar register, as an operand */
   unsigned width_B, stride_B;
   int32_t first_B, end_B; /* offsets from the base: of what lane 0 accesses */
   unsigned members;       /* instructions */
   unsigned components;    /* numbers in a stride */
   uint32_t found;         /* bits: those that are accessed */
};

struct npu_jit_stream {
   uint32_t first, count; /* uops */
   unsigned num_groups;
   struct npu_jit_stream_group
      group[NPU_JIT_STREAM_MAX_GROUPS]; /* in the order of their first uops */
   uint8_t group_of[NPU_JIT_STREAM_MAX_UOPS];
};

/* Whether uop i, if it is in the block, is a load that a run may begin with. */
bool npu_jit_stream_begins(const struct npu_jit_gen *g, const struct npu_jit_block *block,
                           uint32_t i);
/* The run that begins with the uop `first`, such a load. live: of the block's uops. False: there is none. */
bool npu_jit_stream_find(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
                         const struct npu_jit_regs *live, struct npu_jit_stream *stream);

#endif
