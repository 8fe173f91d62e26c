/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Building IR by hand. The typed functions, one per opcode - npu_iadd_i32(b, x, y) -, are generated
 * into npu_builder.h, which includes this file; here is what they stand on and what table-driven
 * code uses directly.
 *
 * A builder is a shader and a cursor that moves with every insert. All functions cut immediates to
 * the operand's width. Nothing fails: wrong use is caught by assertions here and by npu_validate().
 */
#ifndef NPU_BUILD_H
#define NPU_BUILD_H

#include "npu_ir.h"

#ifdef __cplusplus
extern "C" {
#endif

struct npu_builder {
   struct npu_shader *shader;
   struct npu_cursor cursor;
};

static inline struct npu_builder
npu_builder_at(struct npu_shader *shader, struct npu_cursor cursor)
{
   return (struct npu_builder){.shader = shader, .cursor = cursor};
}

/* A new SSA value to be written. */
static inline struct npu_ref
npu_temp(struct npu_builder *b, enum npu_file file, unsigned bits, unsigned comps)
{
   return npu_value_create(b->shader, file, bits, comps);
}

/* Any operation; fields beyond the operands start as zero and are set by the caller in the result.
 * */
struct npu_instr *npu_build(struct npu_builder *b, unsigned op, const struct npu_ref *dests,
                            unsigned num_dests, const struct npu_ref *srcs, unsigned num_srcs);

/* One destination. The number of sources must be the opcode's. */
struct npu_instr *npu_build_to(struct npu_builder *b, unsigned op, struct npu_ref dest,
                               const struct npu_ref *srcs, unsigned num_srcs);

/* One new value in `file`, of the width the opcode writes: what table-driven selection calls, as in
 * npu_build_alu(b, npu_op_for(NPU_ALU_IADD, NPU_TYPE_I32), NPU_FILE_V, srcs, 2).
 */
struct npu_ref npu_build_alu(struct npu_builder *b, unsigned op, enum npu_file file,
                             const struct npu_ref *srcs, unsigned num_srcs);

/* The file the typed functions choose for the result of an ALU operation: the scalar form if the
 * opcode has one and no source is V, a mask or exec; otherwise V, or M for compares and mask
 * operations.
 */
enum npu_file npu_alu_file(unsigned op, const struct npu_ref *srcs, unsigned num_srcs);

/* Copy into a new value of `file` with the source's bits (immediates: `bits`). V <- V, S or imm;
 * S <- S or imm; M <- M or exec, or S != 0 for all lanes.
 */
struct npu_ref npu_build_copy(struct npu_builder *b, enum npu_file file, unsigned bits,
                              struct npu_ref src);

/* cond ? x : y in `file`; the condition is a mask, npu_exec() or, for uniform ones, an S value. M
 * results use msel (condition: mask).
 */
struct npu_ref npu_build_sel(struct npu_builder *b, enum npu_file file, unsigned bits,
                             struct npu_ref cond, struct npu_ref x, struct npu_ref y);

/* exec = src (a mask operation with one source: mmov). */
struct npu_instr *npu_build_set_exec(struct npu_builder *b, struct npu_ref mask);

/* d = value of special register sr (enum npu_sr), in the file and width the table gives it. */
struct npu_ref npu_build_rdsr(struct npu_builder *b, unsigned sr);

/* Phi at the top of the cursor's block, sources null until set through npu_phi_src(); the block's
 * predecessors must be complete. Does not move the cursor.
 */
struct npu_instr *npu_build_phi(struct npu_builder *b, struct npu_ref dest);

/* A vector of num components / the components of a vector, comps[] must hold vector.comps. With one
 * component both are the value itself.
 */
struct npu_ref npu_build_collect(struct npu_builder *b, const struct npu_ref *comps, unsigned num);
void npu_build_split(struct npu_builder *b, struct npu_ref vector, struct npu_ref *comps);

/* Fields of a memory access; see struct npu_instr. */
struct npu_mem_fields {
   uint8_t width_log2;
   uint8_t count;
   uint8_t space;
   uint8_t scale_log2;
   bool sx;
   int32_t imm;
};

/* op: one of the five forms of ld / st. The value loaded or stored has `count` components of the
 * access' width. index is null in forms s and u.
 */
struct npu_ref npu_build_load(struct npu_builder *b, unsigned op, struct npu_ref base,
                              struct npu_ref index, struct npu_mem_fields mem);
struct npu_instr *npu_build_store(struct npu_builder *b, unsigned op, struct npu_ref base,
                                  struct npu_ref index, struct npu_ref data,
                                  struct npu_mem_fields mem);

/* data2: new value of cmpxchg, else null. want_result = false gives the `noret` form and a null
 * ref. Of mem only space, sx and scale_log2 are used.
 */
struct npu_ref npu_build_atomic(struct npu_builder *b, unsigned op, struct npu_ref base,
                                struct npu_ref index, struct npu_ref data, struct npu_ref data2,
                                struct npu_mem_fields mem, bool want_result);

/* Terminators; each also adds its edge. op: br_any, br_none, br_nz, br_z. fallthrough adds the edge
 * to the block that will follow and emits nothing.
 */
struct npu_instr *npu_build_branch(struct npu_builder *b, unsigned op, struct npu_ref cond,
                                   struct npu_block *target);
struct npu_instr *npu_build_jmp(struct npu_builder *b, struct npu_block *target);
void npu_build_fallthrough(struct npu_builder *b, struct npu_block *next);
struct npu_instr *npu_build_end(struct npu_builder *b);

#ifdef __cplusplus
}
#endif

#endif
