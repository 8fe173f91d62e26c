/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A small interpreter of the IR, before and after register allocation, for tests: two programs are
 * the same if they leave the same memory and the same trace. It is hostile where the ISA leaves
 * something open: lanes of results that are undefined, registers never written and undef operands
 * hold poison that depends on the run.
 */
#ifndef NPU_INTERP_H
#define NPU_INTERP_H

#include "npu_ir.h"

/* Bytes of memory; addresses wrap around. */
#define NPU_INTERP_MEM_B     4096
#define NPU_INTERP_PRIVATE_B 8192

struct npu_interp_state {
   uint8_t global[NPU_INTERP_MEM_B];
   uint8_t local[NPU_INTERP_MEM_B];
   uint8_t private_mem[NPU_WAVE_SIZE][NPU_INTERP_PRIVATE_B];
   uint64_t trace; /* hash of what unit_test operations saw, in order */
   unsigned steps; /* instructions executed */
   bool overran;   /* stopped after max_steps */
};

/* Runs the wave `seed` stands for: special registers, arguments and initial memory come from it; to
 * write to arguments has no effect. exec starts as the seed's mask. Private memory from kernel_private_B on, where spill slots are, is not part
 * of the result: it is zero in *state afterwards.
 */
void npu_interp_run(const struct npu_shader *shader, uint64_t seed, uint64_t poison,
                    unsigned max_steps, unsigned kernel_private_B, struct npu_interp_state *state);

#endif
