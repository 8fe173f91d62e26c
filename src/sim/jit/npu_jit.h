/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * The JIT engine: NPU code becomes host code through LLVM.
 *
 * A kernel is decoded by the interpreter's decoder (so both engines agree on what the code is), then
 * translated to one host function that runs a wave from an entry point (its start, or behind a
 * barrier) to its end, the next barrier, or a stop. Between calls the registers of a wave are where
 * the interpreter keeps them (struct npu_wave), but only those that are live: so every wave can go
 * on in either engine, and an operation that has no translation is one call of the interpreter's
 * handler for it.
 *
 * docs/simulator.md describes the parts and how they fit.
 */

#ifndef NPU_JIT_H
#define NPU_JIT_H

#include "../interp/npu_interp.h"

/* Bump when the same NPU code gives other host code. */
#define NPU_JIT_VERSION 19

/* Most different resume points of a kernel; with more it stays in the interpreter. */
#define NPU_JIT_MAX_ENTRIES 1024

/* How a call of the host function ended: low 8 bits of the result; the rest is a uop index. All but
 * the first are about the wave frame->wave. */
enum npu_jit_result {
   NPU_JIT_DONE,    /* the waves have ended or wait at a barrier: frame->entry tells */
   NPU_JIT_LEAVE,   /* go on in the interpreter at the uop index */
   NPU_JIT_STOP,    /* the queue is stopped; the branch at the uop index noticed */
   NPU_JIT_FAULTED, /* a handler has recorded a fault */
};

/* Where a wave is, in frame->entry: at an entry of the host code, or one of these. */
#define NPU_JIT_IN_INTERPRETER UINT32_MAX
#define NPU_JIT_ENDED          (UINT32_MAX - 1)

/* The access at work: its uop; and for lanes of known distances, whose offsets are not in the wave's
 * memory, the chunks whose lanes are side by side - in the others they are the same - and log2 of the
 * chunks' width. The first offset of each chunk is in frame->access_first. */
#define NPU_JIT_ACCESS_UOP(access)        ((access) & 0xffff)
#define NPU_JIT_ACCESS_ROWS(access)       ((access) >> 16 & 0xff)
#define NPU_JIT_ACCESS_WIDTH_LOG2(access) ((access) >> 24 & 7)
#define NPU_JIT_ACCESS_KNOWN              (1u << 31)
/* Behind a host fault the interpreter goes on at the uop, which is before the access; the wave's memory is as
 * the uop needs it. */
#define NPU_JIT_ACCESS_RESTART            (1u << 30)
/* Together with that one: at the wave's start, with nothing in its memory. */
#define NPU_JIT_ACCESS_START              (1u << 29)
/* The access is one of so many uops from this one on. */
#define NPU_JIT_ACCESS_RUN                (1u << 28)
#define NPU_JIT_ACCESS_COUNT(access)      ((access) >> 16 & 0xff)
#define NPU_JIT_MAX_UOPS                  50000 /* of a kernel that is compiled */

/* Least number of lanes of a chunk. */
#define NPU_JIT_MIN_WIDTH 8

/* What host code reads and writes beside the waves, one for each core. Offsets are in host code. */
struct npu_jit_frame {
   const struct npu_uop *uops;
   uint8_t *window;
   uint64_t fast_limit; /* like npu_interp_core.fast_limit */
   uint8_t *local;
   uint64_t local_size_B;
   uint64_t private_size_B;
   const _Atomic int *stop;
   /* Calls the interpreter's handler of a uop; 0: it recorded a fault. */
   uint32_t (*handler)(struct npu_wave *wave, const struct npu_uop *uop);
   const uint32_t *local_id[3]; /* of all work-items of the group */
   uint64_t sr[NPU_SR_GROUP_LINEAR + 1];
   uint32_t wave, end_wave; /* the one at work, and behind the last one to run */
   uint64_t groups_left;    /* groups behind this one to run as well */
   uint32_t row_waves;      /* of a row of work-items, if groups are to run in rows; or 0 */
   int32_t budget;          /* backward branches until the wave gives way */
   int32_t full_budget;     /* of each wave */
   int32_t spent;           /* budget of the waves before this one */
   uint32_t access;         /* the memory access at work: NPU_JIT_ACCESS_* */
   uint32_t access_first[NPU_INTERP_LANES / NPU_JIT_MIN_WIDTH]; /* its first lane offsets */
   uint32_t entry[NPU_WAVES_PER_CORE]; /* not written for kernels with one entry */
};

/* Runs waves[frame->wave] and those behind it up to frame->end_wave, each from its entry to its end
 * or the next barrier. A kernel with one entry goes on with all waves of the next groups, but
 * returns early after a while. */
typedef uint64_t (*npu_jit_fn)(struct npu_jit_frame *frame, struct npu_wave *waves);

/* ---- flow of a kernel (npu_jit_flow.c) --------------------------------------------------- */

/* A set of registers. */
struct npu_jit_regs {
   uint64_t v[2];
   uint64_t s;
   uint32_t m; /* bit NPU_NUM_MREGS: exec */
};

/* How the lanes of a vector register are laid out, as far as the code tells. */
enum npu_jit_layout {
   NPU_JIT_LAYOUT_NONE, /* never written: zero */
   NPU_JIT_LAYOUT_32,
   NPU_JIT_LAYOUT_64,   /* half of a pair */
   NPU_JIT_LAYOUT_BOTH, /* depends on the path */
};

struct npu_jit_block {
   uint32_t first, last; /* uops */
   int32_t succ[2];      /* blocks, -1: none */
   int32_t entry;        /* resume point at the start of the block, or -1 */
   struct npu_jit_regs live_in, live_out;
   /* Of kernels with resume points (npu_jit_resume.c). */
   struct npu_jit_regs uses, writes; /* what the uops read and write */
   bool heads_loop, heads_waiting;   /* head of a loop; of one with a barrier */
   struct npu_jit_regs loop_named;   /* read or written in that loop */
   struct npu_jit_regs saved; /* at the start: unchanged since they were in the wave's memory */
   struct npu_jit_regs lazy;  /* at the start: of these, those that variables may not have */
   struct npu_jit_regs restore,
      restore_at_end;               /* of these, those to be read; behind the uops, too */
   struct npu_jit_regs save_at_end; /* to be written behind the uops, for a loop */
   uint8_t layout[NPU_NUM_VREGS];   /* enum npu_jit_layout at the start */
   bool reachable;
   bool repeatable; /* at the start: the wave may begin again, see npu_jit_repeat.c */
};

struct npu_jit_flow {
   const struct npu_interp_kernel *kernel;
   struct npu_jit_block *blocks;
   uint32_t num_blocks;
   int32_t *block_of; /* uop index -> block, by first uop; -1 elsewhere */
   uint32_t *entries; /* entry -> uop index; the first is 0 */
   int32_t *entry_of; /* uop index -> entry, -1 elsewhere */
   uint32_t num_entries;
   struct npu_jit_regs used; /* registers that are named at all */
   uint64_t in_memory[2];    /* vector registers that are read in another layout than written */
};

/* NULL: out of memory, or more than NPU_JIT_MAX_ENTRIES. */
struct npu_jit_flow *npu_jit_flow_create(const struct npu_interp_kernel *kernel);
void npu_jit_flow_free(struct npu_jit_flow *flow);
/* Whether the uop stands for its instruction: not for a jump or fault that decoding has put there. */
static inline bool
npu_jit_is_executable(const struct npu_uop *uop)
{
   return uop->fn != npu_interp_goto_uop && uop->fn != npu_interp_fault_uop;
}

/* What a uop reads and (wholly) writes. */
void npu_jit_uop_regs(const struct npu_uop *uop, struct npu_jit_regs *uses,
                      struct npu_jit_regs *kills, struct npu_jit_regs *writes);
/* Whether a wave may begin again behind the uop if it might before; and npu_jit_block.repeatable of all. */
bool npu_jit_is_repeatable(const struct npu_uop *uop);
void npu_jit_find_repeatable(struct npu_jit_flow *flow);
/* Updates layouts for what the uop writes. */
void npu_jit_uop_layout(const struct npu_uop *uop, uint8_t layout[NPU_NUM_VREGS]);
/* live_in of each uop of a block: live[i] belongs to uop first + i. */
void npu_jit_block_liveness(const struct npu_jit_flow *flow, const struct npu_jit_block *block,
                            struct npu_jit_regs *live);

/* What is in the wave's memory, from resume points on: fills in the flow (npu_jit_resume.c). */
void npu_jit_find_resumes(struct npu_jit_flow *flow);
/* Of registers that are live behind a block those whose value may not be in the wave's memory. */
struct npu_jit_regs npu_jit_unsaved_at_end(const struct npu_jit_block *block,
                                           const struct npu_jit_regs *live);
/* Registers behind a block whose value is in the wave's memory only: variables may have another one. */
struct npu_jit_regs npu_jit_lazy_at_end(const struct npu_jit_block *block);

static inline void
npu_jit_regs_add(struct npu_jit_regs *to, const struct npu_jit_regs *from)
{
   to->v[0] |= from->v[0];
   to->v[1] |= from->v[1];
   to->s |= from->s;
   to->m |= from->m;
}

/* a without what is in b. */
static inline struct npu_jit_regs
npu_jit_regs_minus(const struct npu_jit_regs *a, const struct npu_jit_regs *b)
{
   return (struct npu_jit_regs){
      .v = {a->v[0] & ~b->v[0], a->v[1] & ~b->v[1]},
      .s = a->s & ~b->s,
      .m = a->m & ~b->m,
   };
}

static inline bool
npu_jit_has_v(const struct npu_jit_regs *regs, unsigned v)
{
   return regs->v[v / 64] >> (v % 64) & 1;
}

/* ---- host code --------------------------------------------------------------------------- */

/* Instruction sets of the host to generate for. */
enum npu_jit_cpu {
   NPU_JIT_CPU_NATIVE,
   NPU_JIT_CPU_SSE2,
   NPU_JIT_CPU_AVX2,
   NPU_JIT_CPU_AVX512,
};

struct npu_jit_options {
   enum npu_jit_cpu cpu;
   bool canonical_nans; /* NaN results as the interpreter gives them, for comparisons */
   bool quick;          /* all kernels like long ones */
};

struct npu_jit_compiler;
struct npu_jit_code;

/* Makes the compiler. Returns NULL and a message in *why (to free) if the host cannot have it. */
struct npu_jit_compiler *npu_jit_compiler_create(const struct npu_jit_options *options, char **why);
void npu_jit_compiler_free(struct npu_jit_compiler *compiler);
/* What host code is made from: the code words of a kernel, and who makes it. */
struct npu_jit_source {
   const char *identity; /* LLVM, processor, options */
   const uint64_t *key;
   size_t key_words;
   uint64_t hash[2]; /* of key */
};

/* The identity of a compiler with these options, to free. NULL: out of memory. */
char *npu_jit_identity(const struct npu_jit_options *options);
/* Compiles a kernel, or takes its code from the cache on disk; on one thread at a time. NULL: not
 * possible or cancelled, a message in *why (to free). */
struct npu_jit_code *npu_jit_compile(struct npu_jit_compiler *compiler,
                                     const struct npu_jit_flow *flow,
                                     const struct npu_jit_source *source,
                                     const _Atomic bool *cancel, char **why);
/* Thread time that the last compilation took, and whether it was a quick one for a long kernel. With
 * code from disk only the time to link is not zero. */
struct npu_jit_times {
   uint64_t generate_ns, optimise_ns, emit_ns, link_ns;
   bool is_long;
};
struct npu_jit_times npu_jit_compiler_times(const struct npu_jit_compiler *compiler);
npu_jit_fn npu_jit_code_fn(const struct npu_jit_code *code);
void npu_jit_code_free(struct npu_jit_code *code);

/* ---- cache on disk (npu_jit_disk.c) ------------------------------------------------------ */

/* Whether there is a file for the kernel, good or not. */
bool npu_jit_disk_has(const struct npu_jit_source *source);
/* Object code, to free. NULL: there is none, or none that can be trusted. */
void *npu_jit_disk_load(const struct npu_jit_source *source, size_t *object_B);
void npu_jit_disk_store(const struct npu_jit_source *source, const void *object, size_t object_B);

/* ---- faults (npu_jit_fault.c) ------------------------------------------------------------ */

/* The access of a uop met a host fault; its address operands and exec are in the wave and the frame.
 * Records what is wrong. */
void npu_jit_access_fault(const struct npu_jit_frame *frame, struct npu_wave *wave,
                          const struct npu_uop *uop);

#endif
