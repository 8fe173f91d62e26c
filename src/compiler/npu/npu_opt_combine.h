/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Inside of the peephole optimiser: see npu_opt_combine.c.
 */
#ifndef NPU_OPT_COMBINE_H
#define NPU_OPT_COMBINE_H

#include "npu_passes.h"

struct npu_combine {
   struct npu_shader *shader;
   struct npu_instr **def; /* by value; visited before all uses but those of phis */
   unsigned *uses; /* by value: sources that read it; may lag behind, never below the truth */
};

/* Defining instruction of a source without modifiers, NULL for anything but an SSA value. */
struct npu_instr *npu_combine_def(const struct npu_combine *c, struct npu_ref ref);

/* The definition of src[s] if it is an unmasked `op`, read without modifiers and by nobody else. */
struct npu_instr *npu_combine_single_use_def(const struct npu_combine *c,
                                             const struct npu_instr *instr, unsigned s,
                                             unsigned op);

/* Turns instr into a move of `ref` (modifiers: fmov) or a constant, keeping its destination. */
void npu_combine_to_move(struct npu_combine *c, struct npu_instr *instr, struct npu_ref ref);

/* Replaces a source; false if the instruction cannot take it. */
bool npu_combine_set_src(struct npu_combine *c, struct npu_instr *instr, unsigned s,
                         struct npu_ref ref);

/* The groups of rules; true if instr changed. */
bool npu_combine_propagate(struct npu_combine *c, struct npu_instr *instr);
bool npu_combine_fold(struct npu_combine *c, struct npu_instr *instr);
bool npu_combine_alu(struct npu_combine *c, struct npu_instr *instr);
bool npu_combine_address(struct npu_combine *c, struct npu_instr *instr);

#endif
