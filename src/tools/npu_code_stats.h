/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Counts what matters in machine code: how its memory accesses form addresses, and how much of it
 * stands in loops.
 */

#ifndef NPU_CODE_STATS_H
#define NPU_CODE_STATS_H

#include <stddef.h>
#include <stdint.h>

enum npu_code_form {
   NPU_CODE_UNIFORM, /* one address for the wave */
   NPU_CODE_UNIT,    /* neighbouring lanes, neighbouring data */
   NPU_CODE_STRIDED,
   NPU_CODE_GATHER, /* any address for each lane */
   NPU_CODE_NUM_FORMS,
};

struct npu_code_stats {
   unsigned instrs;
   unsigned weight; /* instructions, those of a loop 8 times, of a loop in it 64 times, ... */
   unsigned global[NPU_CODE_NUM_FORMS]; /* loads and stores; generic addresses count here, too */
   unsigned local[NPU_CODE_NUM_FORMS];
   unsigned private_mem; /* all forms */
   unsigned atomics;
};

/* Counts num_words words of valid code. */
struct npu_code_stats npu_code_stats(const uint64_t *words, size_t num_words);

#endif
