/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Inside of the spiller: what its files share.
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
   bool *cheap;            /* the value can be computed again anywhere, without an operand */
   struct npu_exec_regions *regions;
   uint32_t pinned; /* the value that stays in its register throughout; UINT32_MAX: none */
   struct util_dynarray origin; /* uint32_t: by name - num_values, the value it is a name of */
};

/* Needs liveness; renews instr->index (npu_exec_regions_create()), which must stay. limit: registers
 * of the file. */
struct npu_spill_memory *npu_spill_memory_create(void *mem_ctx, struct npu_shader *shader,
                                                 enum npu_file file, unsigned limit);

/* Another name for a value: an SSA value of its type that will hold it. */
struct npu_ref npu_spill_new_name(struct npu_spill_memory *mem, uint32_t value);

/* The value a name stands for. */
uint32_t npu_spill_origin(const struct npu_spill_memory *mem, uint32_t name);

/* Reads a value back: a fill or an mfroms. Returns its new name. */
struct npu_ref npu_spill_reload(struct npu_spill_memory *mem, struct npu_builder *b,
                                uint32_t value);

/* Writes ref to the memory of the phi `value`, or to that of a shadow of it. */
void npu_spill_write_phi(struct npu_spill_memory *mem, struct npu_builder *b, uint32_t value,
                         struct npu_ref ref, bool shadow);
struct npu_ref npu_spill_read_shadow(struct npu_spill_memory *mem, struct npu_builder *b,
                                     uint32_t value);

/* The S value that holds mask `value` once it is spilled. */
struct npu_ref npu_spill_scalar_of(struct npu_spill_memory *mem, uint32_t value);

/* A place in the program where a value is wanted, and what is in registers there. */
struct npu_spill_place {
   uint32_t region;         /* of exec (npu_exec_regions.h); NPU_NO_REGION: not known */
   const BITSET_WORD *live; /* live values of all files; NULL: not known */
   /* The name under which a value of the file being spilled is held, UINT32_MAX: it is not. */
   uint32_t (*held)(const void *data, uint32_t value);
   const void *data;
};

/* Most instructions worth executing in place of a fill. */
#define NPU_REMAT_MAX 3

/* How a value can be computed again. */
struct npu_remat_plan {
   uint32_t value[NPU_REMAT_MAX]; /* whose definitions are repeated, in this order */
   unsigned count, depth;
   uint32_t held[NPU_REMAT_MAX * NPU_MAX_SRCS]; /* values that have to be held until then */
   unsigned num_held;
};

/* Can the value be computed again at the place? False: it has to be read back. */
bool npu_remat_plan(const struct npu_spill_memory *mem, uint32_t value,
                    const struct npu_spill_place *place, struct npu_remat_plan *plan);

/* Does so; returns the new name. */
struct npu_ref npu_remat_emit(struct npu_spill_memory *mem, struct npu_builder *b,
                              const struct npu_remat_plan *plan,
                              const struct npu_spill_place *place);

/* The address of the arguments, if it pays to keep it in one of `limit` registers for loading many
 * of them again; else UINT32_MAX. */
uint32_t npu_remat_choose_pinned(const struct npu_spill_memory *mem, unsigned limit);

/* Removes those of phis (struct npu_instr *) that unite one name only, and renames. */
void npu_spill_remove_trivial_phis(struct npu_shader *shader, const struct util_dynarray *phis);

/* At the end: inserts the writes behind the definitions and gives every value its slot. */
void npu_spill_memory_finish(struct npu_spill_memory *mem);

#endif
