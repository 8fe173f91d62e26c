/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * What the generators of loads and stores share (npu_jit_memory.c, npu_jit_known.c, npu_jit_lanes.c).
 */

#ifndef NPU_JIT_ACCESS_H
#define NPU_JIT_ACCESS_H

#include "npu_jit_gen.h"

struct npu_jit_access {
   const struct npu_inst *inst;
   bool is_store;
   bool some_dead; /* components that nobody reads: their faults count all the same */
   unsigned width, count, size_B; /* bytes of a component, components, bytes of a lane */
   bool wide;                     /* 64-bit lanes */
};

/* Where the accesses of an instruction are. */
struct npu_jit_place {
   LLVMValueRef memory;    /* pointer */
   LLVMValueRef bias;      /* what is subtracted from addresses first, or NULL */
   LLVMValueRef limit;     /* lanes: addresses have to be below */
   LLVMValueRef row_limit; /* a chunk of consecutive lanes: its start has to be below */
   bool private;
};

/* ---- npu_jit_memory.c -------------------------------------------------------------------- */

LLVMValueRef npu_jit_add(struct npu_jit_gen *g, LLVMValueRef value, int64_t constant);
LLVMValueRef npu_jit_compare(struct npu_jit_gen *g, LLVMIntPredicate predicate, LLVMValueRef a,
                             LLVMValueRef b);
LLVMValueRef npu_jit_address_of(struct npu_jit_gen *g, LLVMValueRef pointer, LLVMValueRef offset);
/* Notes which access is at work, for a host fault. */
void npu_jit_note_access(struct npu_jit_gen *g);
/* Limit of the addresses of accesses of `size_B` bytes in a memory of limit_B. */
LLVMValueRef npu_jit_limit(struct npu_jit_gen *g, LLVMValueRef limit_B, uint64_t size_B);
/* The data of a store as integers of the component's width. */
LLVMValueRef npu_jit_store_data(struct npu_jit_gen *g, const struct npu_jit_access *a,
                                unsigned component, unsigned chunk);
void npu_jit_load_result(struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned component,
                         unsigned chunk, LLVMValueRef value);
/* Vectors in memory; mask NULL: all of it. */
LLVMValueRef npu_jit_masked_load(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef pointer,
                                 LLVMValueRef mask);
void npu_jit_masked_store(struct npu_jit_gen *g, LLVMValueRef value, LLVMValueRef pointer,
                          LLVMValueRef mask);
/* Whether the host has masked accesses of such vectors. */
bool npu_jit_has_masks(const struct npu_jit_gen *g, unsigned width_B);
/* A mask for `count` components of each lane. */
LLVMValueRef npu_jit_spread_mask(struct npu_jit_gen *g, LLVMValueRef mask, unsigned count);
/* Component c of `count` interleaved ones; the vectors a[0] .. a[count - 1] interleaved. */
LLVMValueRef npu_jit_take_component(struct npu_jit_gen *g, LLVMValueRef all, unsigned c,
                                    unsigned count);
LLVMValueRef npu_jit_interleave(struct npu_jit_gen *g, LLVMValueRef *a, unsigned count);
/* i1: whether all lanes of the chunk are active; whether any is. */
LLVMValueRef npu_jit_chunk_active(struct npu_jit_gen *g, unsigned chunk, bool all);

/* All 32 bits of exec. */
LLVMValueRef npu_jit_exec_bits(struct npu_jit_gen *g);

/* The current load or store. */
struct npu_jit_access npu_jit_access_of(const struct npu_inst *inst);

/* ---- npu_jit_private.c ------------------------------------------------------------------- */

/* Forms u and w in private space. */
bool npu_jit_private_rows(struct npu_jit_gen *g, const struct npu_jit_access *a);

/* ---- npu_jit_lanes.c --------------------------------------------------------------------- */

struct npu_jit_place npu_jit_find_place(struct npu_jit_gen *g, const struct npu_jit_access *a);
/* Scalar part of the addresses. */
LLVMValueRef npu_jit_base_address(struct npu_jit_gen *g, const struct npu_jit_access *a,
                                  LLVMValueRef bias);
/* Whether the instruction is one of the two. */
bool npu_jit_is_form(const struct npu_jit_access *a, enum npu_op load, enum npu_op store);
/* A chunk of which all lanes load from `pointer`. Loaded components go to the variables `loaded`. */
void npu_jit_load_one(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                      LLVMValueRef *loaded);
/* A chunk of consecutive lanes from `pointer` on; mask NULL: all are active. */
void npu_jit_move_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                        unsigned chunk, LLVMValueRef mask, LLVMValueRef *loaded);
/* The same for the active lanes of the wave, in the way that is best when the code runs; goes to `join`. */
void npu_jit_move_row(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                      unsigned chunk, LLVMBasicBlockRef join, LLVMValueRef *loaded);
/* Forms u, x, o and a, where lanes may turn out to be consecutive; private space: o only. */
bool npu_jit_lane_access(struct npu_jit_gen *g, const struct npu_jit_access *a);
/* i1: in all chunks the active lanes of the uop, a load, are consecutive or all the same. */
LLVMValueRef npu_jit_is_regular(struct npu_jit_gen *g);
/* Gathers and scatters of integers of width_B bytes by the active lanes of a chunk; `address` is relative
 * to `memory`, a pointer. */
LLVMValueRef npu_jit_gather(struct npu_jit_gen *g, unsigned width_B, LLVMValueRef memory,
                            LLVMValueRef address, unsigned chunk);
void npu_jit_scatter(struct npu_jit_gen *g, unsigned width_B, LLVMValueRef memory,
                     LLVMValueRef address, unsigned chunk, LLVMValueRef data);

/* ---- npu_jit_pieces.c -------------------------------------------------------------------- */

/* Whether a lane's components are more than one access of 8 bytes moves; then whole lanes can be moved by
 * the two functions below: all of a chunk, from or to `pointers`. */
bool npu_jit_has_pieces(const struct npu_jit_access *a);
void npu_jit_load_pieces(struct npu_jit_gen *g, const struct npu_jit_access *a,
                         const LLVMValueRef *pointers, LLVMValueRef *loaded);
void npu_jit_store_pieces(struct npu_jit_gen *g, const struct npu_jit_access *a,
                          const LLVMValueRef *pointers, const LLVMValueRef *data);
/* Whether the lanes of a load that are stride_B apart are loaded by the next function: all of a chunk, from
 * `pointer` on. */
bool npu_jit_has_strides(const struct npu_jit_access *a, uint64_t stride_B);
void npu_jit_load_strides(struct npu_jit_gen *g, const struct npu_jit_access *a,
                          LLVMValueRef pointer, uint64_t stride_B, LLVMValueRef *loaded);
/* Whether lanes that are far apart are accessed by the two functions below. */
bool npu_jit_moves_lanes(const struct npu_jit_access *a);
/* The components of a chunk of which a lane is active, as integers of the component's width. */
void npu_jit_load_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
                        LLVMValueRef address, unsigned chunk, LLVMValueRef *loaded);
void npu_jit_store_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
                         LLVMValueRef address, unsigned chunk, LLVMValueRef *data);

/* ---- npu_jit_known.c --------------------------------------------------------------------- */

/* Whether each lane of a chunk is as far from the one before it, modulo 2^32. */
bool npu_jit_lane_distance(const struct npu_jit_gen *g, const struct npu_jit_form *form,
                           unsigned chunk, uint32_t *distance);

/* An access all of whose chunks are known to be consecutive (ROW) or at one place (ONE), and the offset
 * of the first lane of each, i32. */
struct npu_jit_known_access {
   enum npu_jit_known_kind {
      NPU_JIT_UNKNOWN,
      NPU_JIT_ROW,
      NPU_JIT_ONE,
   } kind[NPU_JIT_MAX_CHUNKS];
   LLVMValueRef first[NPU_JIT_MAX_CHUNKS];
};

bool npu_jit_find_known(struct npu_jit_gen *g, const struct npu_jit_access *a,
                        struct npu_jit_known_access *k);
/* The access; to `slow` if it is out of bounds. There npu_jit_save_known_offsets() comes first. */
void npu_jit_known_access(struct npu_jit_gen *g, const struct npu_jit_access *a,
                          const struct npu_jit_place *place, const struct npu_jit_known_access *k,
                          LLVMBasicBlockRef slow, LLVMValueRef (*loaded)[4]);
void npu_jit_save_known_offsets(struct npu_jit_gen *g, const struct npu_jit_access *a,
                                const struct npu_jit_known_access *k);

/* Whether the uop is a load from local memory at lane offsets; whether, as the current one, all of its
 * chunks are known to be consecutive or uniform. */
bool npu_jit_is_local_load(const struct npu_jit_gen *g, const struct npu_uop *uop);
bool npu_jit_is_known_load(const struct npu_jit_gen *g);
/* i1: all lanes of such a load, the current uop, are in bounds. And where its chunks are, and which of
 * them are consecutive (bits). */
LLVMValueRef npu_jit_known_load_check(struct npu_jit_gen *g, LLVMValueRef *pointers,
                                      uint32_t *rows);
/* Loads one chunk from there. */
void npu_jit_known_load_chunk(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef pointer,
                              bool row);

#endif
