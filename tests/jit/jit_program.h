/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Random programs for the comparison of engines.
 *
 * A program is a tree of items (instructions, conditions, loops, accesses, barriers), made from a
 * seed. Each item has a seed of its own, so that leaving some out does not change the others: that
 * is how a failing program is reduced.
 *
 * Programs are deterministic by construction: memory that others may read is only written between
 * barriers, values that the specification leaves undefined (inactive lanes of unmasked results) are
 * replaced before anybody reads them.
 */

#ifndef NPU_TESTS_JIT_PROGRAM_H
#define NPU_TESTS_JIT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../sim/sim_code.h"

/* Memory of a program. */
#define JIT_IN_B       (16 * 1024) /* read only, any offset below JIT_IN_B - 256 is read */
#define JIT_SLOT_B     64          /* each work-item's own bytes of the output */
#define JIT_STATE_B    (8 * 1024)  /* each wave's registers at its end */
#define JIT_COUNTERS_B 1024        /* atomics of everybody */
#define JIT_LOCAL_B    (24 * 1024)
#define JIT_PRIVATE_B  256
#define JIT_MAX_ITEMS  200
#define JIT_MAX_GROUP  256
#define JIT_MAX_GROUPS 3

/* The argument block: addresses of these. */
enum jit_arg {
   JIT_ARG_IN,
   JIT_ARG_SLOTS,
   JIT_ARG_STATE,
   JIT_ARG_COUNTERS,
   JIT_NUM_ARGS,
};

struct jit_item {
   uint64_t seed;
   uint8_t kind;
   int16_t parent; /* or -1 */
   uint16_t op;    /* of a computation: this operation, or 0 for any */
   bool skip;
};

struct jit_program {
   uint64_t seed;
   struct jit_item items[JIT_MAX_ITEMS];
   unsigned num_items;
   unsigned group_size, num_groups;
   bool mixed_layouts; /* the same registers as 32 and 64 bits */
};

/* Makes the tree. */
void jit_program_make(struct jit_program *program, uint64_t seed, unsigned max_items);
/* Makes a program of instructions of the computations from operation `first` on, `instances` of each,
 * until it is full. Returns the operation to go on with. */
unsigned jit_program_make_ops(struct jit_program *program, uint64_t seed, unsigned first,
                              unsigned instances);
/* Makes the code of all items that are not skipped. The caller frees code->words. */
void jit_program_emit(const struct jit_program *program, struct sim_code *code);

#endif
