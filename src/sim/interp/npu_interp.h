/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * The reference interpreter: executes one instruction of one wave after the other, exactly as
 * docs/isa.md says.
 *
 * Before a dispatch the code is decoded once, along all paths from its entry, into an array of
 * micro- operations (uop): a handler function with its operands resolved. A wave runs by calling
 * the handler of its uop, which returns the next one, or NULL to leave the loop. The waves of a
 * work-group run in turn on one host thread; a wave gives way at a barrier and, so that waves that
 * wait for each other get on, after a number of backward branches.
 */

#ifndef NPU_INTERP_H
#define NPU_INTERP_H

#include "npu_isa/npu_inst.h"

#include "../npu_sim_engine.h"

#define NPU_INTERP_LANES         32u
/* Largest number of consecutive bytes that one instruction accesses: 32 lanes x 4 components x 8
 * bytes. */
#define NPU_INTERP_FAST_MARGIN_B 1024u

struct npu_wave;
struct npu_uop;
typedef const struct npu_uop *(*npu_uop_fn)(struct npu_wave *wave, const struct npu_uop *uop);

/* Where a source operand of a uop is read. */
enum npu_uop_src_kind {
   NPU_UOP_SRC_REG,     /* registers of the wave: offset in struct npu_wave */
   NPU_UOP_SRC_CONST,   /* offset in kernel->consts; 32 lanes of the operand's register width */
   NPU_UOP_SRC_SPECIAL, /* to be made first: broadcast of a scalar, or float modifiers */
};

struct npu_uop_src {
   uint32_t offset;
   uint8_t kind;    /* enum npu_uop_src_kind */
   uint8_t uniform; /* SPECIAL: a scalar register to broadcast */
   uint8_t bits;    /* SPECIAL: 8 to 64 */
   uint8_t mods;    /* SPECIAL: bit 0 absolute value, bit 1 negation */
};

struct npu_uop {
   npu_uop_fn fn;
   uint32_t dst; /* offset of the destination (or store data) register in struct npu_wave */
   struct npu_uop_src src[4];
   const struct npu_uop *target; /* branches, and gotos that join code decoded before */
   struct npu_inst inst;
   uint64_t pc;
   const struct npu_interp_rmw *rmw; /* atomics */
   enum npu_fault fault;             /* uop that faults: why */
   uint64_t fault_va;
   bool backward; /* branch to itself or to a lower address */
   bool poison;   /* inactive lanes of the destination are undefined */
};

/* A decoded kernel. Immutable but for last_use, which is its maker's. */
struct npu_interp_kernel {
   _Atomic unsigned users; /* beside its maker */
   struct npu_uop *uops;
   size_t num_uops;
   uint8_t *consts;
   bool incomplete;    /* some code could not be fetched */
   unsigned num_vregs; /* registers that the code names: others need no clearing */
   /* The code words it was decoded from, to notice changes. */
   struct npu_interp_code *ranges;
   size_t num_ranges;
   uint64_t *words;
   uint64_t code_va;
   unsigned asid;
   uint64_t last_use;
};

/* Consecutive code words: words[first] .. */
struct npu_interp_code {
   uint64_t va;
   size_t first, count;
};

enum npu_wave_state {
   NPU_WAVE_READY,
   NPU_WAVE_AT_BARRIER,
   NPU_WAVE_ENDED,
   NPU_WAVE_STOPPED, /* fault, kill, reset */
};

struct npu_interp_core;

struct npu_wave {
   /* Registers. Offsets of this part are in uops. */
   uint32_t v[NPU_NUM_VREGS][NPU_INTERP_LANES] __attribute__((aligned(64)));
   uint64_t s[NPU_NUM_SREGS];
   uint32_t m[NPU_NUM_MREGS + 1]; /* the last one is exec */

   /* Operands that had to be made: one for each source. */
   uint64_t special[4][NPU_INTERP_LANES] __attribute__((aligned(64)));
   /* Loads and atomics collect their result here, so that a fault leaves no half-written register. */
   uint64_t result[4][NPU_INTERP_LANES] __attribute__((aligned(64)));
   uint64_t address[NPU_INTERP_LANES] __attribute__((aligned(64)));

   const uint8_t *base[2]; /* of enum npu_uop_src_kind: the wave, the constants */
   struct npu_interp_core *core;
   const struct npu_dispatch *dispatch;
   const struct npu_interp_kernel *kernel;

   const struct npu_uop *volatile pc; /* next, or for a fault the current one */
   volatile unsigned lane;            /* atomics: the lane at work */
   int budget;                        /* backward branches until others get their turn */
   enum npu_wave_state state;
   unsigned index;      /* in the group */
   uint32_t full;       /* lanes that exist */
   uint64_t private_va; /* of the wave's private memory */
};

#define NPU_WAVE_EXEC(wave) ((wave)->m[NPU_NUM_MREGS])

/* What the interpreter keeps for a core. */
struct npu_interp_core {
   struct npu_core *core;
   struct npu_wave *waves; /* NPU_WAVES_PER_CORE */
   /* The group that runs. */
   uint64_t group_linear;
   uint32_t group_id[3];
   unsigned num_waves;
   /* Local ids of all work-items for a block shape. */
   uint16_t block[3];
   uint32_t local_id[3][NPU_MAX_GROUP_SIZE];
   /* The fast path: accesses that start below fast_limit may be tried in the window. */
   uint8_t *window;
   uint64_t fast_limit;
};

/* ---- npu_interp_decode.c ----------------------------------------------------------------- */

struct npu_interp_kernel *npu_interp_decode(struct npu_vm *vm, uint64_t code_va);
/* One more user, who calls npu_interp_kernel_free() as well; the last call frees it. */
struct npu_interp_kernel *npu_interp_kernel_share(struct npu_interp_kernel *kernel);
void npu_interp_kernel_free(struct npu_interp_kernel *kernel);
/* Whether the code in memory is still what was decoded. */
bool npu_interp_kernel_current(struct npu_vm *vm, const struct npu_interp_kernel *kernel);

/* ---- handlers ---------------------------------------------------------------------------- */

typedef uint32_t (*npu_rmw32_fn)(uint32_t *memory, uint32_t a, uint32_t b);
typedef uint64_t (*npu_rmw64_fn)(uint64_t *memory, uint64_t a, uint64_t b);
/* An atomic of `lanes` (not 0) at memory + wave->address[], one after the other, where nobody else
 * accesses the memory or in the window: a host fault there finds the lane at work in wave->lane. Old
 * values to wave->result[0]. */
typedef void (*npu_rmw_lanes_fn)(struct npu_wave *wave, uint8_t *memory, uint32_t lanes,
                                 const void *a, const void *b);
/* Generated (npu_interp_ops.c), once for each instruction set of the host: NULL where there is
 * none. */
struct npu_interp_ops {
   npu_uop_fn vector[NPU_NUM_OPS]; /* v or m destination, cross-lane and mask operations */
   npu_uop_fn scalar[NPU_NUM_OPS]; /* s destination of the operations that have both forms */
   struct npu_interp_rmw {
      void *one; /* npu_rmw32_fn or npu_rmw64_fn */
      npu_rmw_lanes_fn local, global;
   } rmw[NPU_NUM_OPS];
};
extern const struct npu_interp_ops npu_interp_ops_base;
extern const struct npu_interp_ops npu_interp_ops_v3; /* AVX2, FMA, BMI2, F16C */
const struct npu_interp_ops *npu_interp_ops(const struct npu_sim *sim);

npu_uop_fn npu_interp_control_fn(const struct npu_inst *inst);
npu_uop_fn npu_interp_memory_fn(const struct npu_inst *inst);
const struct npu_uop *npu_interp_atomic(struct npu_wave *wave, const struct npu_uop *uop);
const struct npu_uop *npu_interp_fault_uop(struct npu_wave *wave, const struct npu_uop *uop);
const struct npu_uop *npu_interp_goto_uop(struct npu_wave *wave, const struct npu_uop *uop);

/* Fills wave->address with the addresses of all lanes (form s: of lane 0). */
void npu_interp_addresses(struct npu_wave *wave, const struct npu_uop *uop);
/* Which space a lane's access is in; an address in a generic window becomes an offset. */
static inline enum npu_space
npu_interp_space(enum npu_space space, uint64_t *address)
{
   if (space != NPU_SPACE_GENERIC)
      return space;
   if (*address - NPU_LOCAL_WINDOW_VA < NPU_PRIVATE_WINDOW_VA - NPU_LOCAL_WINDOW_VA) {
      *address -= NPU_LOCAL_WINDOW_VA;
      return NPU_SPACE_LOCAL;
   }
   if (*address - NPU_PRIVATE_WINDOW_VA < NPU_PRIVATE_WINDOW_VA - NPU_LOCAL_WINDOW_VA) {
      *address -= NPU_PRIVATE_WINDOW_VA;
      return NPU_SPACE_PRIVATE;
   }
   return NPU_SPACE_GLOBAL;
}
/* Where byte `offset` of a lane's private memory is. */
static inline uint64_t
npu_interp_private_va(const struct npu_wave *wave, unsigned lane, uint64_t offset)
{
   return wave->private_va + (offset & ~3ull) * NPU_INTERP_LANES + lane * 4 + (offset & 3);
}
static inline bool
npu_interp_in_bounds(uint64_t offset, unsigned size_B, uint64_t bound_B)
{
   return offset <= bound_B && size_B <= bound_B - offset;
}

/* Repeats the memory instruction at wave->pc with every access checked in software, after a host
 * fault or when an address is outside the window. Returns the next uop, or NULL after recording a
 * fault. */
const struct npu_uop *npu_interp_memory_exact(struct npu_wave *wave, const struct npu_uop *uop);
const struct npu_uop *npu_interp_atomic_exact(struct npu_wave *wave, const struct npu_uop *uop);

/* Records a fault of this wave and stops it. Returns NULL for the handler to return. */
const struct npu_uop *npu_interp_fault(struct npu_wave *wave, const struct npu_uop *uop,
                                       enum npu_fault type, enum npu_access access, uint32_t lanes,
                                       uint64_t address);

/* Fills wave->special[i] and returns it. bits: of the registers, 32 or 64. */
const void *npu_interp_special(struct npu_wave *wave, const struct npu_uop *uop, unsigned i);
uint64_t npu_interp_special_scalar(struct npu_wave *wave, const struct npu_uop *uop, unsigned i);

/* The 32 lanes of a source operand. */
static inline const void *
npu_uop_lanes(struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   const struct npu_uop_src *src = &uop->src[i];

   if (__builtin_expect(src->kind == NPU_UOP_SRC_SPECIAL, 0))
      return npu_interp_special(wave, uop, i);
   return wave->base[src->kind] + src->offset;
}

/* A uniform source operand. */
static inline uint64_t
npu_uop_scalar(struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   const struct npu_uop_src *src = &uop->src[i];

   if (__builtin_expect(src->kind == NPU_UOP_SRC_SPECIAL, 0))
      return npu_interp_special_scalar(wave, uop, i);
   return *(const uint64_t *)(wave->base[src->kind] + src->offset);
}

static inline void *
npu_uop_dst(struct npu_wave *wave, const struct npu_uop *uop)
{
   return (uint8_t *)wave + uop->dst;
}

/* Fills core->local_id with the local ids of all work-items of the block shape. */
void npu_interp_make_local_ids(struct npu_interp_core *core, const uint16_t block[3]);

#endif
