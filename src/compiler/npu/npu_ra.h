/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Inside of the register allocator: the state of the register files while npu_ra.c walks the
 * program, and the record of the SSA program that npu_validate_ra() checks the result against.
 */
#ifndef NPU_RA_H
#define NPU_RA_H

#include "npu_passes.h"

#define NPU_RA_NONE UINT32_MAX

/* The SSA operands of the program as they were before allocation. */
struct npu_ra_record {
   struct hash_table *instrs; /* struct npu_instr * -> struct npu_instr *, a copy in SSA form */
   struct hash_table *phis;   /* struct npu_block * -> struct npu_ra_phis * */
   struct npu_value *values;
   unsigned num_values;
};

/* The phis of a block, and the registers allocation gave them. */
struct npu_ra_phis {
   unsigned count;
   struct npu_instr **phi; /* SSA form */
   unsigned *reg;
};

/* Copies the SSA form of every instruction. The record belongs to the shader's context. */
struct npu_ra_record *npu_ra_record_create(struct npu_shader *shader);

/* Something that needs registers around one instruction. */
struct npu_ra_item {
   uint32_t value;
   enum npu_file file;
   uint8_t size;  /* registers */
   uint8_t align; /* 1 or 2 */
   unsigned old_reg, new_reg;
};

/* A move of a whole value that must happen before an instruction. */
struct npu_ra_move {
   uint32_t value;
   unsigned from, to;
};

/* Registers of one file. */
struct npu_ra_file {
   enum npu_file file;
   unsigned size;
   uint32_t owner[NPU_NUM_VREGS];        /* value in a register, or NPU_RA_NONE */
   BITSET_DECLARE(dying, NPU_NUM_VREGS); /* held by sources the current instruction kills */
   unsigned next;                        /* round robin, under NPU_DEBUG_STRESS_COPIES */
};

struct npu_ra {
   struct npu_shader *shader;
   struct npu_ra_file files[NPU_NUM_FILES];
   uint32_t *reg; /* of each value, where it is now; NPU_RA_NONE when not live */
   bool round_robin;
};

static inline struct npu_ra_file *
npu_ra_file_of(struct npu_ra *ra, uint32_t value)
{
   return &ra->files[ra->shader->values[value].file];
}

/* Registers a value takes, and their alignment. */
unsigned npu_ra_size(const struct npu_ra *ra, uint32_t value);
unsigned npu_ra_align(const struct npu_ra *ra, uint32_t value);

/* Are size registers from reg on inside of the file, and free? Dying ones count as free. */
bool npu_ra_is_free(const struct npu_ra_file *file, unsigned reg, unsigned size);

/* First free place, NPU_RA_NONE if there is none. `dying` = false: dying registers are not free. */
unsigned npu_ra_find(const struct npu_ra_file *file, unsigned size, unsigned align, bool dying);

/* Puts value at reg / takes it away. */
void npu_ra_place(struct npu_ra *ra, uint32_t value, unsigned reg);
void npu_ra_release(struct npu_ra *ra, uint32_t value);

/* Makes a free place for value by moving others, appends the moves (struct npu_ra_move) and returns
 * the place. Returns NPU_RA_NONE if simple eviction does not do; then npu_ra_repack() does. Values
 * in `fixed` (bit set of registers) stay.
 */
unsigned npu_ra_evict(struct npu_ra *ra, uint32_t value, const BITSET_WORD *fixed,
                      struct util_dynarray *moves);

/* Packs a file anew: live values, dying values and the num_dests values to be written. See npu_ra.c
 * for why this always fits. tied: the dying value dests[0] must share its place with, or
 * NPU_RA_NONE. Destinations come out in dest_regs, moves of the others in moves; live values are
 * placed, dying ones have their new place in ra->reg.
 */
void npu_ra_repack(struct npu_ra *ra, enum npu_file file, const uint32_t *dying, unsigned num_dying,
                   const uint32_t *dests, unsigned num_dests, uint32_t tied, unsigned *dest_regs,
                   struct util_dynarray *moves);

#endif
