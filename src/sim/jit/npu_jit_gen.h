/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Inside the generator: what its files share while one kernel is translated.
 *
 * A vector value of 32 lanes is an array of chunks of W lanes each, a vector of the host in LLVM
 * IR. Registers are allocas (one for each chunk), which LLVM turns into SSA values.
 */

#ifndef NPU_JIT_GEN_H
#define NPU_JIT_GEN_H

#include <llvm-c/Core.h>

#include "npu_jit.h"

#define NPU_JIT_MAX_CHUNKS (NPU_INTERP_LANES / NPU_JIT_MIN_WIDTH)

/* What the host can do. */
struct npu_jit_host {
   unsigned vector_bits; /* of its registers: 128, 256, 512 */
   bool has_avx512;      /* F, BW, DQ, VL */
   bool has_avx2, has_fma, has_f16c, has_sse41;
};

/* Lane l of a 32-bit register is S + lane[l]; S: of each chunk, a multiple of 2^align_log2 (32: 0). */
struct npu_jit_form {
   uint32_t lane[NPU_INTERP_LANES];
   uint32_t align_log2;
};

/* What is known of registers at a point: numbers of forms (0: nothing), trailing zeros of scalars. */
struct npu_jit_known {
   uint8_t v[NPU_NUM_VREGS];
   uint8_t s_align_log2[NPU_NUM_SREGS];
   uint8_t reached;
};

struct npu_jit_gen {
   LLVMContextRef context;
   LLVMModuleRef module;
   LLVMBuilderRef builder;
   LLVMValueRef fn, frame, waves;
   LLVMValueRef wave, wave_index;             /* the wave at work */
   LLVMBasicBlockRef entry_block, next_block; /* behind a wave's end or barrier */
   const struct npu_jit_flow *flow;
   const struct npu_jit_host *host;
   bool canonical_nans;
   unsigned width, chunks; /* W, and how many make a wave */

   LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, ptr;

   /* Variables. */
   LLVMValueRef s[NPU_NUM_SREGS];
   LLVMValueRef v32[NPU_NUM_VREGS][NPU_JIT_MAX_CHUNKS];
   LLVMValueRef v64[NPU_NUM_VREGS / 2][NPU_JIT_MAX_CHUNKS];
   LLVMValueRef m[NPU_NUM_MREGS + 1][NPU_JIT_MAX_CHUNKS];
   /* Of vector registers of which that helps: the first lane of each chunk (else NULL). */
   LLVMValueRef first[NPU_NUM_VREGS][NPU_JIT_MAX_CHUNKS];
   /* Of the frame. */
   LLVMValueRef stop_ptr, window, local, fast_limit, local_size_B, private_size_B;

   LLVMBasicBlockRef *blocks;
   /* Where the branch back of the loop that began last goes: behind a test at its head. */
   LLVMBasicBlockRef loop;
   uint32_t loop_head; /* uop */
   bool has_serial_loop;

   /* Where the generator is. */
   const struct npu_uop *uop;
   uint32_t index;                  /* of the uop */
   const struct npu_jit_regs *live; /* before the uop */
   const struct npu_jit_regs *live_after;
   uint8_t layout[NPU_NUM_VREGS]; /* before the uop */
   struct npu_jit_known known;    /* before the uop */
   struct npu_jit_forms *forms;   /* NULL: nothing is known */
   /* Registers whose value in the wave's memory is current, saved since the start of the block. */
   struct npu_jit_regs stored;
   /* The uop's scalar operands, once read, if it is generated strip by strip; else NULL. */
   LLVMValueRef *scalars;
   uint32_t no_strips_before;  /* no run that begins before this uop pays */
   uint32_t no_streams_before; /* no run of wide accesses begins before this uop */
   /* The wave may begin again where the uop is (npu_jit_repeat.c): a load needs no record for a host fault. */
   bool repeatable;
   /* What is generated is seldom reached, with some lanes active: one way of an access is enough. */
   bool seldom;
   /* Variables of registers that are in the wave's memory only hold garbage: whoever reads them is found. */
   bool poisons;
   /* Stores are for a fault record: all of them have to happen, in order. */
   bool volatile_stores;
};

/* The chunks of a vector value. */
struct npu_jit_vec {
   LLVMValueRef c[NPU_JIT_MAX_CHUNKS];
};

/* The shape a lane operation is generated in: vectors of `width` lanes, or scalars (0). */
struct npu_jit_shape {
   struct npu_jit_gen *g;
   unsigned width;
};

/* ---- types and constants (npu_jit_gen.c) ------------------------------------------------- */

LLVMTypeRef npu_jit_int(struct npu_jit_gen *g, unsigned bits);
LLVMTypeRef npu_jit_vec_of(struct npu_jit_gen *g, LLVMTypeRef element);
/* An integer, or a vector of them with all lanes the same. bits 1: a condition. */
LLVMTypeRef npu_jit_type(struct npu_jit_shape t, unsigned bits);
LLVMTypeRef npu_jit_float_type(struct npu_jit_shape t, unsigned bits);
LLVMValueRef npu_jit_const(struct npu_jit_shape t, unsigned bits, uint64_t value);
LLVMValueRef npu_jit_fconst(struct npu_jit_shape t, unsigned bits, double value);
LLVMValueRef npu_jit_i32(struct npu_jit_gen *g, uint32_t value);
LLVMValueRef npu_jit_i64(struct npu_jit_gen *g, uint64_t value);
LLVMValueRef npu_jit_splat(struct npu_jit_gen *g, LLVMValueRef scalar);
/* Calls an intrinsic overloaded on the type(s) given. */
LLVMValueRef npu_jit_intrinsic(struct npu_jit_gen *g, const char *name, LLVMTypeRef *types,
                               unsigned num_types, LLVMValueRef *args, unsigned num_args);
LLVMValueRef npu_jit_call1(struct npu_jit_gen *g, const char *name, LLVMValueRef a);
LLVMValueRef npu_jit_call2(struct npu_jit_gen *g, const char *name, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef npu_jit_call3(struct npu_jit_gen *g, const char *name, LLVMValueRef a, LLVMValueRef b,
                           LLVMValueRef c);
LLVMBasicBlockRef npu_jit_new_block(struct npu_jit_gen *g, const char *name);
/* A conditional branch that is expected to go to `likely`. */
void npu_jit_branch_likely(struct npu_jit_gen *g, LLVMValueRef condition, LLVMBasicBlockRef likely,
                           LLVMBasicBlockRef unlikely);
LLVMValueRef npu_jit_offset(struct npu_jit_gen *g, LLVMValueRef pointer, uint64_t offset_B);
LLVMValueRef npu_jit_load(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef pointer,
                          uint64_t offset_B, unsigned align_B);
void npu_jit_store(struct npu_jit_gen *g, LLVMValueRef value, LLVMValueRef pointer,
                   uint64_t offset_B, unsigned align_B);

/* A variable of the function, made in its entry; the name is for people. */
LLVMValueRef npu_jit_variable(struct npu_jit_gen *g, LLVMTypeRef type, const char *name);

/* ---- registers (npu_jit_regs.c) ---------------------------------------------------------- */

void npu_jit_make_variables(struct npu_jit_gen *g);
void npu_jit_clear_variables(struct npu_jit_gen *g);
LLVMValueRef npu_jit_read_s(struct npu_jit_gen *g, unsigned s);
void npu_jit_write_s(struct npu_jit_gen *g, unsigned s, LLVMValueRef value);
/* A chunk as <W x i32>, or of a pair as <W x i64>. */
LLVMValueRef npu_jit_read_v(struct npu_jit_gen *g, unsigned v, bool wide, unsigned chunk);
void npu_jit_write_v(struct npu_jit_gen *g, unsigned v, bool wide, unsigned chunk,
                     LLVMValueRef value);
/* The first lane of a chunk, i32. npu_jit_write_v() writes it, too; a better expression of the same value
 * may be written afterwards, where there is a variable for it. */
LLVMValueRef npu_jit_read_first(struct npu_jit_gen *g, unsigned v, unsigned chunk);
void npu_jit_write_first(struct npu_jit_gen *g, unsigned v, unsigned chunk, LLVMValueRef value);
/* A chunk as <W x i1>. m: number of a mask register or NPU_NUM_MREGS for exec. */
LLVMValueRef npu_jit_read_m(struct npu_jit_gen *g, unsigned m, unsigned chunk);
void npu_jit_write_m(struct npu_jit_gen *g, unsigned m, unsigned chunk, LLVMValueRef value);
LLVMValueRef npu_jit_exec(struct npu_jit_gen *g, unsigned chunk);
/* All 32 bits of a mask as an i32. */
LLVMValueRef npu_jit_mask_bits(struct npu_jit_gen *g, const LLVMValueRef *chunks);
/* Chunk of an i32. */
LLVMValueRef npu_jit_mask_chunk(struct npu_jit_gen *g, LLVMValueRef bits, unsigned chunk);
/* i1: whether any bit is set. */
LLVMValueRef npu_jit_any(struct npu_jit_gen *g, const LLVMValueRef *chunks);

/* A source operand of the uop as the low `bits` bits, before float modifiers: scalar, or one chunk. */
LLVMValueRef npu_jit_source_scalar(struct npu_jit_gen *g, unsigned i, unsigned bits);
LLVMValueRef npu_jit_source_chunk(struct npu_jit_gen *g, unsigned i, unsigned bits, unsigned chunk);

/* Writes registers to the wave's memory, or reads them back. */
void npu_jit_save_reg(struct npu_jit_gen *g, unsigned reg, bool wide);
void npu_jit_restore_reg(struct npu_jit_gen *g, unsigned reg, bool wide);
void npu_jit_save_set(struct npu_jit_gen *g, const struct npu_jit_regs *set);
void npu_jit_restore_set(struct npu_jit_gen *g, const struct npu_jit_regs *set);
/* Garbage to variables. */
void npu_jit_poison_set(struct npu_jit_gen *g, const struct npu_jit_regs *set);
/* Writes another expression of a chunk's value to the wave's memory, as if the register were saved. All
 * chunks are to be. */
void npu_jit_save_chunk(struct npu_jit_gen *g, unsigned v, unsigned chunk, LLVMValueRef value);
/* Source operands (and exec) of the uop to memory. Addresses and bases are for a host fault, and are left out
 * where the wave may begin again. */
enum npu_jit_operands {
   NPU_JIT_ALL,
   NPU_JIT_ADDRESSES, /* those that addresses are made from */
   NPU_JIT_BASES,     /* of them, the scalars */
};
void npu_jit_save_operands(struct npu_jit_gen *g, enum npu_jit_operands which);

/* ---- distances of lanes (npu_jit_affine.c) ----------------------------------------------- */

/* Finds out what is known everywhere. */
void npu_jit_known_find(struct npu_jit_gen *g);
void npu_jit_known_free(struct npu_jit_gen *g);
/* The same, and which width of chunks makes most known (npu_jit_known.c). */
void npu_jit_find_width(struct npu_jit_gen *g);
/* g->known at the start of a block; *known behind a uop. */
void npu_jit_known_begin(struct npu_jit_gen *g, const struct npu_jit_block *block);
void npu_jit_known_step(struct npu_jit_gen *g, struct npu_jit_known *known,
                        const struct npu_uop *uop);
/* The form of a vector register before the uop. NULL: unknown. */
const struct npu_jit_form *npu_jit_known_form(const struct npu_jit_gen *g, unsigned v);
/* Whether a vector register has variables for first lanes: it serves as lane offsets, or to make some. */
bool npu_jit_needs_first(const struct npu_jit_gen *g, unsigned v);
/* The first lane of a chunk of the uop's result, an i32 made of scalars. NULL: there is none. */
LLVMValueRef npu_jit_known_first(struct npu_jit_gen *g, unsigned chunk);

/* ---- translation ------------------------------------------------------------------------- */

/* Generates the function "npu_wave" in module (npu_jit_gen.c). False: out of memory. */
bool npu_jit_generate(struct npu_jit_gen *g);
/* The uop, which is no control flow, in whatever way (npu_jit_gen.c). */
void npu_jit_translate(struct npu_jit_gen *g);
/* Makes a uop the current one; generates it, if it is no control flow; generates so many, which are none, in the
 * usual way, from the scalars of `scalars` on (NULL: as they are). live: before the uops, and behind the last
 * (npu_jit_gen.c). */
void npu_jit_go_to(struct npu_jit_gen *g, uint32_t index);
void npu_jit_generate_uop(struct npu_jit_gen *g, uint32_t index, const struct npu_jit_regs *live);
void npu_jit_plain(struct npu_jit_gen *g, uint32_t first, uint32_t count,
                   const LLVMValueRef *scalars, const struct npu_jit_regs *live);
/* Returns from the host function (npu_jit_gen.c). */
void npu_jit_return(struct npu_jit_gen *g, enum npu_jit_result result, uint32_t uop);
/* A word of the frame (npu_jit_waves.c). */
LLVMValueRef npu_jit_load_frame(struct npu_jit_gen *g, LLVMTypeRef type, size_t offset_B);
/* The loop over waves around the kernel: from its head, which is made here, control goes on in the block
 * returned, and comes back to g->next_block (npu_jit_waves.c). */
LLVMBasicBlockRef npu_jit_wave_loop(struct npu_jit_gen *g);
/* Begins the turn of a wave, in the current block: its place in memory and its budget (npu_jit_waves.c). */
void npu_jit_begin_wave(struct npu_jit_gen *g);
/* Notes for a host fault what is at work, NPU_JIT_ACCESS_* (npu_jit_memory.c). */
void npu_jit_note(struct npu_jit_gen *g, uint32_t access);
/* Notes for a host fault that the wave may begin again (npu_jit_memory.c). */
void npu_jit_note_start(struct npu_jit_gen *g);
/* One call of the interpreter's handler for the uop (npu_jit_gen.c). */
void npu_jit_call_handler(struct npu_jit_gen *g);
/* Splits the way: where the condition does not hold, the handler does the work and control goes to
 * the block returned; the caller goes on generating the other way and ends it with a branch to that
 * block, too, from where it continues. */
LLVMBasicBlockRef npu_jit_unless_handler(struct npu_jit_gen *g, LLVMValueRef condition);
void npu_jit_join(struct npu_jit_gen *g, LLVMBasicBlockRef join);

/* Each returns false if the uop has to be left to the handler. */
bool npu_jit_alu(struct npu_jit_gen *g);     /* npu_jit_alu.c */
bool npu_jit_mask_op(struct npu_jit_gen *g); /* npu_jit_alu.c */
bool npu_jit_memory(struct npu_jit_gen *g);  /* npu_jit_memory.c */
bool npu_jit_cross(struct npu_jit_gen *g);   /* npu_jit_cross.c */
bool npu_jit_wave_op(struct npu_jit_gen *g); /* npu_jit_wave.c */
bool npu_jit_special(struct npu_jit_gen *g); /* npu_jit_cross.c */

/* Writes a chunk of the uop's result, lanes of `bits` bits (npu_jit_alu.c). */
void npu_jit_write_lanes(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef value, unsigned bits);

/* Whether the uop is an operation of lanes (or scalars) that npu_jit_alu() makes without branches, and
 * one chunk of its result, if that is of lanes (npu_jit_alu.c). */
bool npu_jit_is_lanewise(const struct npu_jit_gen *g, const struct npu_uop *uop);
void npu_jit_alu_chunk(struct npu_jit_gen *g, unsigned chunk);

/* The uop's result, which npu_jit_is_lanewise() allows and which has a scalar form, for one lane from the bits
 * of its operands (masks: i1); and that of an operation of bits of masks on i1 or vectors of them, NULL if it
 * is none (npu_jit_alu.c). */
LLVMValueRef npu_jit_alu_lane(struct npu_jit_gen *g, const LLVMValueRef *operands);
LLVMValueRef npu_jit_bit_op(struct npu_jit_gen *g, const LLVMValueRef *a);

/* At the start of a block: if it is the head of a loop that may run lane by lane, generates that, behind a
 * test whether to, and returns the block where the loop goes on for the whole wave, which is the current
 * one now. Else NULL. live: room for the uops of a block and one more (npu_jit_serial.c). */
LLVMBasicBlockRef npu_jit_serial_loop(struct npu_jit_gen *g, const struct npu_jit_block *head,
                                      struct npu_jit_regs *live);

/* How many uops from `first` on are better generated in strips; live: of the block's uops. Generates
 * so many; live: of them and the next (npu_jit_strip.c). */
uint32_t npu_jit_strip_length(struct npu_jit_gen *g, const struct npu_jit_block *block,
                              uint32_t first, const struct npu_jit_regs *live);
void npu_jit_strips(struct npu_jit_gen *g, uint32_t first, uint32_t count,
                    const struct npu_jit_regs *live);

/* At an access: if a run of accesses and operations that work with vectors in the order of memory begins here,
 * generates it and returns of how many uops it is; live: of the block's uops (npu_jit_stream.c). */
uint32_t npu_jit_stream(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
                        const struct npu_jit_regs *live);

/* Lane operations on operand bits; NULL: not here. */
LLVMValueRef npu_jit_int_op(struct npu_jit_shape t, const struct npu_inst *inst,
                            const LLVMValueRef *a);
LLVMValueRef npu_jit_float_op(struct npu_jit_shape t, const struct npu_inst *inst,
                              const LLVMValueRef *a);
LLVMValueRef npu_jit_cvt_op(struct npu_jit_shape t, const struct npu_inst *inst,
                            const LLVMValueRef *a);
/* Floats from bits and back; f16 and bf16 are f32 inside (npu_jit_float.c). */
LLVMValueRef npu_jit_to_float(struct npu_jit_shape t, enum npu_type type, LLVMValueRef bits);
LLVMValueRef npu_jit_from_float(struct npu_jit_shape t, enum npu_type type, LLVMValueRef value);
/* A double as f32, rounded to odd, to be rounded to f16 next. Below the halves the error may be lost. */
LLVMValueRef npu_jit_f32_odd(struct npu_jit_shape t, LLVMValueRef x);

#endif
