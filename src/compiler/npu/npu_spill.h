/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Inside of the spiller: what its three files share.
 */
#ifndef NPU_SPILL_H
#define NPU_SPILL_H

#include "npu_build.h"
#include "npu_passes.h"

/* No use follows. Distances are instructions, saturating below this. */
#define NPU_SPILL_NEVER UINT32_MAX

/* What leaving a loop adds to a distance: more than any way through its body. */
#define NPU_SPILL_LOOP_EXIT 100000

/* Distances to the next use, for the values of one file. */
struct npu_next_uses {
   const struct npu_shader *shader;
   enum npu_file file;
   unsigned num_values; /* when liveness was computed: later ones are not tracked */
   int *global;         /* value -> index among the values live across block boundaries, or -1 */
   unsigned num_globals;
   uint32_t *in;   /* [block index * num_globals + global]: from the block's start */
   uint32_t *next; /* scratch of npu_next_uses_of_block(): value -> position in the block */
};

/* Needs liveness. Everything belongs to mem_ctx. */
struct npu_next_uses *npu_next_uses_create(void *mem_ctx, const struct npu_shader *shader,
                                           enum npu_file file);

/* For each operand of the block in order - of each instruction sources, then destinations -, the
 * position of the next use behind the instruction: the number of an instruction of the block,
 * beyond its end for uses in other blocks, or NPU_SPILL_NEVER. Afterwards uses->next[] holds the
 * same for the block's start, behind its phis' reads.
 */
void npu_next_uses_of_block(struct npu_next_uses *uses, const struct npu_block *block,
                            struct util_dynarray *out);

/* Where spilled values live. One per file. */
struct npu_spill_memory {
   struct npu_shader *shader;
   enum npu_file file;
   unsigned num_values;    /* of the program before spilling */
   struct npu_instr **def; /* defining instruction of each value */
   bool *spilled;          /* the value must be in memory behind its definition */
   bool *memory_phi;       /* the value is a phi that is written to memory on the edges */
   uint32_t *start, *end;  /* interval of instruction numbers in which a value is live */
   int *slot;              /* first slot of a spilled value, -1: none yet */
   uint32_t *scalar;       /* file M: the S value that holds a spilled mask */
};

struct npu_spill_memory *npu_spill_memory_create(void *mem_ctx, struct npu_shader *shader,
                                                 enum npu_file file);

/* Reads a value back: a fill, an mfroms, or the defining instruction once more. Returns the new
 * value. */
struct npu_ref npu_spill_reload(struct npu_spill_memory *mem, struct npu_builder *b,
                                uint32_t value);

/* Writes ref to the memory of the phi `value`, or to that of a shadow of it. */
void npu_spill_write_phi(struct npu_spill_memory *mem, struct npu_builder *b, uint32_t value,
                         struct npu_ref ref, bool shadow);
struct npu_ref npu_spill_read_shadow(struct npu_spill_memory *mem, struct npu_builder *b,
                                     uint32_t value);

/* The S value that holds mask `value` once it is spilled. */
struct npu_ref npu_spill_scalar_of(struct npu_spill_memory *mem, uint32_t value);

/* At the end: inserts the writes behind the definitions and gives every value its slot. */
void npu_spill_memory_finish(struct npu_spill_memory *mem);

#endif
