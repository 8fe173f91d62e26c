/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: what its files share. Private to npu_isel*.c.
 *
 * A NIR definition becomes one operand per component. Its file follows from divergence analysis:
 * uniform -> S, lane-varying -> V, lane-varying boolean -> M; uniform booleans are S values 0 or 1.
 * Constants become immediates where they are used.
 *
 * Widths. The low bits of an operand that stands for an n-bit NIR value are that value; `bits` of
 * the operand may be less than n (then the register is known to be zero above `bits`: a free zero
 * extension) or, up to 32 in V and 64 in S, more (then the bits above n are unknown: a free
 * truncation). Machine instructions read only the bits of their type, so only extensions,
 * conversions to S or V of other sizes and variables have to care. A 64-bit V value always has bits
 * == 64.
 */

#ifndef NPU_ISEL_H
#define NPU_ISEL_H

#include "npu_build.h"
#include "npu_compile.h"
#include "npu_ir.h"
#include "npu_nir.h"

struct hash_table;
struct hash_table_u64;
struct npu_vars;

/* A stretch of the program with one entry on the linear CFG: the body of the kernel, a side of an
 * if, a loop's body. While it is open every block emitted in it dominates what is emitted now. */
struct npu_isel_region {
   struct npu_isel_region *parent;
   bool open;
};

/* How a NIR loop is emitted; see npu_isel_cf.c. */
struct npu_isel_loop {
   struct npu_isel_loop *outer;
   nir_loop *nir;
   unsigned depth;                 /* 1 for an outermost loop */
   struct npu_block *latch, *exit; /* created at once, placed when their turn comes */
   bool masked_break;              /* some lanes may break while others stay */
   bool masked_continue;           /* some lanes may continue while others go on */
   unsigned alive; /* variable, M: lanes that have not left the loop. If masked_break or _continue. */
   unsigned running;   /* variable, M: lanes of alive that have not continued. == alive without
                        * masked_continue. */
   unsigned num_jumps; /* masked jumps emitted so far */
};

struct npu_isel {
   struct npu_shader *shader;
   struct npu_builder b; /* stands at the end of the block being filled */

   nir_shader *nir;
   nir_function_impl *impl;

   struct npu_ref **defs;                /* per NIR definition: its components, NULL before it */
   struct npu_isel_region **def_regions; /* per NIR definition: where it was emitted */
   struct npu_block **def_blocks;        /* per NIR definition: last block when it was emitted */
   struct hash_table_u64 *def_vars;      /* definition and component -> variable, see npu_isel.c */
   struct hash_table *phi_vars;          /* nir_phi_instr -> variable + 1 */
   struct npu_nir_ranges ranges;         /* without promises of the launch */
   struct npu_vars *vars;

   struct npu_isel_region *region;
   struct npu_isel_loop *loop;
   struct npu_block *join; /* where lanes that have nothing to do go: re-establishes exec */

   bool terminated; /* the block being filled ends in a jump: nothing may follow */
   char *error;     /* first error, malloc()ed; selection goes on so that it ends in one place */
};

/* Selects instructions for the entry point of a shader that npu_compile.c has prepared; divergence
 * information must be valid and the shader in LCSSA form. The result belongs to mem_ctx. NULL with a
 * malloc()ed message in *error if the shader needs something the machine or this compiler lacks. */
struct npu_shader *npu_isel(nir_shader *nir, void *mem_ctx, const char *name, char **error);

/* Records the first error. */
void npu_isel_error(struct npu_isel *ctx, const char *format, ...) PRINTFLIKE(2, 3);

/* ---- operands (npu_isel.c) ---- */

/* Component comp of a source. Immediates are cut to the source's width. */
struct npu_ref npu_isel_def(struct npu_isel *ctx, nir_def *def, unsigned comp);
struct npu_ref npu_isel_scalar(struct npu_isel *ctx, nir_scalar scalar);
struct npu_ref npu_isel_src(struct npu_isel *ctx, nir_src src, unsigned comp);

/* Sets a definition; with one component npu_isel_set(). comps is copied. */
void npu_isel_set_comps(struct npu_isel *ctx, nir_def *def, const struct npu_ref *comps);
void npu_isel_set(struct npu_isel *ctx, nir_def *def, struct npu_ref ref);

/* The file of a definition's value. */
enum npu_file npu_isel_file(const nir_def *def);

/* The same value in V / as a mask / as an S register or immediate. to_v makes exactly 64 bits of a
 * 64-bit value. */
struct npu_ref npu_isel_to_v(struct npu_isel *ctx, struct npu_ref ref, unsigned bits);
struct npu_ref npu_isel_to_m(struct npu_isel *ctx, struct npu_ref ref);

/* The value with all register bits above `bits` zero, so that ref.bits <= bits. */
struct npu_ref npu_isel_clean(struct npu_isel *ctx, struct npu_ref ref, unsigned bits);

/* Integer and float types by width. */
enum npu_type npu_isel_int_type(unsigned bits);
enum npu_type npu_isel_uint_type(unsigned bits);
enum npu_type npu_isel_float_type(unsigned bits);

/* ---- control flow (npu_isel_cf.c) ---- */

void npu_isel_cf(struct npu_isel *ctx);

/* ---- phis (npu_isel_phi.c) ---- */

/* From here on nothing has been written to those phis of a block that merge. */
void npu_isel_declare_phis(struct npu_isel *ctx, nir_block *block);

/* Sets the definition of a phi, at the top of its block. */
void npu_isel_read_phi(struct npu_isel *ctx, nir_phi_instr *phi);

/* Writes what pred, the end of which is here, has for the phis of succ: for the lanes of a mask, which
 * is npu_exec() or a subset of it. */
void npu_isel_write_phis(struct npu_isel *ctx, nir_block *pred, nir_block *succ,
                         struct npu_ref lanes);

/* ---- instructions ---- */

void npu_isel_alu(struct npu_isel *ctx, nir_alu_instr *alu);

/* Whether npu_isel_alu() selects the operation at this width of its sized operands, for passes that
 * lower the rest. */
bool npu_isel_alu_supported(nir_op op, unsigned bits);

/* Conversions between numbers; false if the operation is none. */
bool npu_isel_cvt(struct npu_isel *ctx, nir_alu_instr *alu);

/* One operand with float modifiers folded in from fneg and fabs around it. */
struct npu_ref npu_isel_float_src(struct npu_isel *ctx, nir_alu_instr *alu, unsigned i);

void npu_isel_intrinsic(struct npu_isel *ctx, nir_intrinsic_instr *intrin);
bool npu_isel_load(struct npu_isel *ctx, nir_intrinsic_instr *intrin);
bool npu_isel_store(struct npu_isel *ctx, nir_intrinsic_instr *intrin);
bool npu_isel_atomic(struct npu_isel *ctx, nir_intrinsic_instr *intrin);
bool npu_isel_subgroup(struct npu_isel *ctx, nir_intrinsic_instr *intrin);

/* ---- addresses (npu_isel_addr.c) ---- */

enum npu_addr_form {
   NPU_ADDR_S,
   NPU_ADDR_U,
   NPU_ADDR_X,
   NPU_ADDR_O,
   NPU_ADDR_A
};

/* Operands of a memory instruction; meaning as in the ISA. */
struct npu_isel_addr {
   enum npu_addr_form form;
   struct npu_ref base, index;
   uint8_t scale_log2;
   bool sx;
   int32_t imm;
};

/* What an access asks of its address. */
struct npu_isel_access {
   enum npu_space space;
   unsigned bytes; /* all components of one lane: the stride of form u */
   bool scalar;    /* data in S: form s if the address is uniform */
   bool atomic;    /* forms o and a only, no immediate */
};

struct npu_isel_addr npu_isel_address(struct npu_isel *ctx, nir_src address,
                                      const struct npu_isel_access *access);

/* ---- variables (npu_isel_vars.c) ---- */

struct npu_vars *npu_vars_create(struct npu_shader *shader);

/* A variable has no value (undef) until it is written. */
unsigned npu_var_create(struct npu_vars *vars, enum npu_file file, unsigned bits);

/* Sets the value at the end of what has been emitted of a block. SSA value, immediate or undef. */
void npu_var_write(struct npu_vars *vars, unsigned var, struct npu_block *block,
                   struct npu_ref value);

/* The value at the end of what has been emitted of a block. All predecessors of a sealed block must
 * be known. */
struct npu_ref npu_var_read(struct npu_vars *vars, unsigned var, struct npu_block *block);

/* A loop header that will get `num_preds` predecessors in all: until npu_vars_seal() its later ones
 * are unknown. Other blocks count as sealed. */
void npu_vars_unseal(struct npu_vars *vars, struct npu_block *block, unsigned num_preds);
void npu_vars_seal(struct npu_vars *vars, struct npu_block *block);

/* Removes phis that merge nothing and rewrites their uses. No reads or writes afterwards. */
void npu_vars_finish(struct npu_vars *vars);

static inline struct npu_block *
npu_isel_block(const struct npu_isel *ctx)
{
   return npu_cursor_block(ctx->b.cursor);
}

#endif /* NPU_ISEL_H */
