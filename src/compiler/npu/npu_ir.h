/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The IR of the NPU compiler's back end.
 *
 * A shader is a list of basic blocks in the order they will have in memory, a block is a list of
 * instructions, an instruction is an opcode with arrays of destinations and sources (struct
 * npu_ref) plus the fields of its encoding. Opcodes are those of the ISA table (enum npu_op) and a
 * few pseudo operations (enum npu_pseudo_op).
 *
 * Rules. npu_validate() checks them after every pass; those of RA form by npu_validate_ra().
 *
 *  1. Values. An SSA value lives in one of three files: V (vector, one per lane), S (scalar,
 *     uniform) or M (mask, one bit per lane). It has `bits` (8, 16, 32 or 64; 1 in M) and `comps`
 *     (1..4). Bits above `bits` in its register are zero, so a value of at most 32 bits may be read
 *     as any type of at most 32 bits, and an S value as any type at all (reading an 8-bit value as
 *     32 bits is a free zero extension, reading a 64-bit S value as 32 bits a free truncation). A V
 *     value of 64 bits is an aligned register pair in another layout and is read as 64 bits only.
 *     Values with comps > 1 are consecutive registers; only loads, stores, DMA descriptors, phis
 *     and the pseudo operations collect, split and parallel_copy touch them.
 *  2. SSA. One definition, which dominates all uses on the linear CFG (rule 4). There are no use
 *     lists; a pass that needs them counts them.
 *  3. Blocks. Phis come first, then ordinary instructions, then terminators: at most one
 *     conditional branch (to succs[1]), then at most one `jmp` (to succs[0]) or `end` (no
 *     succs[0]). With neither, control falls through and succs[0] is the next block of the list. A
 *     definition's block stands before the blocks it dominates; an edge to the same or an earlier
 *     block is a loop's back edge. The first block has no predecessors.
 *  4. The CFG is the linear, physical one: what the program counter does. Divergence is explicit:
 *     the execution mask is read as NPU_REF_EXEC and written by mask operations whose destination
 *     is npu_exec(). It is not an SSA value: writing it is a side effect, and an instruction that
 *     depends on it (npu_instr_reads_exec()) stays between the writes it stands between. Results in
 *     lanes that are not active are undefined - except for mov, sel and mask operations, which
 *     compute every lane whatever exec says, and compares, which write 0. `sel` with the condition
 *     npu_exec() is therefore how a divergent value merges with its old one.
 *  5. Phis have one source per predecessor, in the order of block->preds. Sources are SSA values,
 *     immediates or undef, never exec.
 *  6. Immediates are NPU_REF_IMM with the bits of the operand, zero-extended to 64 (the builder
 *     cuts them). Whether one becomes an inline constant or the literal is the encoder's business;
 *     an instruction has at most one distinct literal (npu_legalize repairs that, together with
 *     operands whose file the ISA does not allow).
 *  7. A masked instruction (`masked`) keeps the old value in inactive lanes: its last source is
 *     that old value, of the type of the destination, and RA gives both the same register.
 *  8. Memory instructions have the sources base, index, data (enum npu_mem_src), unused ones are
 *     null refs. Stores have no destination. `noret` atomics have none either.
 *
 * Memory: shader, blocks, instructions and tables belong to the shader's ralloc context and go with
 * it. Nothing here locks: a shader belongs to one thread.
 */
#ifndef NPU_IR_H
#define NPU_IR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "npu_isa/npu_opcodes.h"
#include "util/bitset.h"
#include "util/list.h"
#include "util/macros.h"
#include "util/ralloc.h"
#include "util/u_dynarray.h"

#include "npu_binary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most components of a value, and most registers of a value (4 x 64 bits in V). */
#define NPU_MAX_COMPS      4
#define NPU_MAX_VALUE_REGS 8

/* Register file of a value. */
enum npu_file {
   NPU_FILE_V, /* 32 lanes x 32 bits */
   NPU_FILE_S, /* 64 bits, uniform */
   NPU_FILE_M, /* 32 bits, one per lane */
   NPU_NUM_FILES,
};

/* Operations that exist only in the IR. They share the number space of enum npu_op. */
enum npu_pseudo_op {
   /* d = phi s0, s1, ...: one source per predecessor. Removed by RA. */
   NPU_OP_PHI = NPU_NUM_OPS,
   /* d = collect s0, .., sn-1: a vector of n components from n scalars. */
   NPU_OP_COLLECT,
   /* d0, .., dn-1 = split s: the components of a vector. A destination may be null. */
   NPU_OP_SPLIT,
   /* d0, d1, .. = parallel_copy s0, s1, ..: all at once. Made by RA out of phis and shuffles; all
    * lanes whatever exec. Sources may be immediates. */
   NPU_OP_PARALLEL_COPY,
   /* swap d0, d1 (both also sources 0, 1): exchanges two registers of a file, all lanes. After RA.
    * */
   NPU_OP_SWAP,
   /* spill s / d = fill: slot number in `imm`. Made by the spiller, lowered after RA. */
   NPU_OP_SPILL,
   NPU_OP_FILL,
   /* unit_test s0, ...: keeps values alive in tests; emits nothing. */
   NPU_OP_UNIT_TEST,
   NPU_NUM_IR_OPS,
};

enum npu_ref_kind {
   NPU_REF_NULL,  /* no operand */
   NPU_REF_SSA,   /* value: index into shader->values */
   NPU_REF_REG,   /* value: first register of the file (V64: even); after RA */
   NPU_REF_IMM,   /* imm: the operand's bits */
   NPU_REF_EXEC,  /* the execution mask; file M */
   NPU_REF_UNDEF, /* any value; file, bits and comps are set */
};

/* An operand. `file`, `bits` and `comps` repeat the value's for SSA refs and are the truth for
 * registers and undef; for immediates `bits` is the operand's width and file means nothing. `neg`
 * and `abs` (abs first) are source modifiers, allowed where the opcode has float modifiers.
 */
struct npu_ref {
   enum npu_ref_kind kind : 8;
   enum npu_file file : 8;
   uint8_t bits;
   uint8_t comps : 4;
   bool neg : 1;
   bool abs : 1;
   bool kill : 1; /* source: last use. destination: never used. Set by npu_compute_liveness() */
   uint32_t value;
   uint64_t imm;
};
static_assert(sizeof(struct npu_ref) == 16, "operands are copied by value everywhere");

/* Sources of memory instructions, as in the encoding except for a store's data. */
enum npu_mem_src {
   NPU_MEM_BASE,  /* S or immediate, 64 bits; immediate 0 in form a */
   NPU_MEM_INDEX, /* x: stride (S). o: 32-bit offset (V). a: 64-bit address (V). s, u: null */
   NPU_MEM_DATA,  /* stores, atomics: value; cmpxchg: compare */
   NPU_MEM_DATA2, /* cmpxchg: new value */
};

struct npu_block;

/* The fields of an instruction beside its operands; zero where the format has none. Names and units
 * are those of struct npu_inst. Declaration, hash, equality, printer and parser come from this
 * list.
 *
 *   masked      inactive lanes keep their old value (rule 7)
 *   sat         integer results saturate
 *   sx          form o: the index is sign-extended
 *   noret       atomics: no result
 *   round       enum npu_round
 *   width_log2  memory: bytes of a component, 0..3
 *   count       memory: components, 1..4
 *   space       memory: enum npu_space
 *   scale_log2  form o, atomics: shift of the index, 0..7
 *   sr_or_code  rdsr: enum npu_sr; trap: code
 *   imm         memory: byte offset, signed 16 bits; spill, fill: slot; copies after RA: a V
 *               register that is free there
 *
 * X(type, name, how the text form shows it)
 */
#define NPU_INSTR_FIELDS(X)                                                                        \
   X(bool, masked, FLAG)                                                                           \
   X(bool, sat, FLAG)                                                                              \
   X(bool, sx, FLAG)                                                                               \
   X(bool, noret, FLAG)                                                                            \
   X(uint8_t, round, ROUND)                                                                        \
   X(uint8_t, width_log2, INT)                                                                     \
   X(uint8_t, count, INT)                                                                          \
   X(uint8_t, space, SPACE)                                                                        \
   X(uint8_t, scale_log2, INT)                                                                     \
   X(uint16_t, sr_or_code, SR)                                                                     \
   X(int32_t, imm, INT)

struct npu_instr {
   struct list_head link;
   struct npu_block *block; /* set while the instruction is in a block */

   uint16_t op; /* enum npu_op or enum npu_pseudo_op */
   uint8_t num_dests;
   uint8_t num_srcs;
   struct npu_ref *dest; /* num_dests entries, kind SSA, REG, EXEC or NULL */
   struct npu_ref *src;  /* num_srcs entries */

#define NPU_INSTR_FIELD(type, name, how) type name;
   NPU_INSTR_FIELDS(NPU_INSTR_FIELD)
#undef NPU_INSTR_FIELD

   struct npu_block *target; /* branches: where to */

   uint32_t index; /* scratch number of a pass */
};

struct npu_block {
   struct list_head link;   /* in shader->blocks */
   struct list_head instrs; /* of struct npu_instr */
   uint32_t index;          /* position in shader->blocks; npu_index_blocks() renews it */

   struct npu_block *succs[2]; /* [0] next or jmp target, [1] target of the conditional branch */
   struct util_dynarray preds; /* struct npu_block *; order fixes the order of phi sources */

   unsigned loop_depth; /* 0 outside of loops; a hint for spilling and scheduling */

   BITSET_WORD *live_in;  /* npu_compute_liveness(): values live before the first instruction, */
   BITSET_WORD *live_out; /* after the last; phi sources are live out of the predecessor only */

   uint32_t offset; /* encoder: position in 64-bit words */
};

/* The type of an SSA value. */
struct npu_value {
   enum npu_file file;
   uint8_t bits;
   uint8_t comps;
};

struct npu_shader {
   struct list_head blocks; /* of struct npu_block */
   unsigned num_blocks;

   struct npu_value *values; /* num_values entries, indexed by npu_ref.value */
   unsigned num_values;
   unsigned values_size; /* allocated entries */

   bool is_ssa;   /* false after RA */
   bool is_legal; /* npu_legalize() has run: rule 6 and operand files hold */

   unsigned num_spill_slots; /* slots handed out by the spiller */
   struct npu_kernel_info info;
};

/* ---- operands ---- */

static inline struct npu_ref
npu_null(void)
{
   return (struct npu_ref){.kind = NPU_REF_NULL};
}

/* An immediate. The builder cuts it to the width of the operand it becomes. */
static inline struct npu_ref
npu_imm(uint64_t value)
{
   return (struct npu_ref){.kind = NPU_REF_IMM, .bits = 64, .comps = 1, .imm = value};
}

/* Float immediates of the operand's own format. */
static inline struct npu_ref
npu_imm_f32(float value)
{
   union {
      float f;
      uint32_t u;
   } bits = {.f = value};
   return npu_imm(bits.u);
}

static inline struct npu_ref
npu_imm_f64(double value)
{
   union {
      double f;
      uint64_t u;
   } bits = {.f = value};
   return npu_imm(bits.u);
}

static inline struct npu_ref
npu_exec(void)
{
   return (struct npu_ref){.kind = NPU_REF_EXEC, .file = NPU_FILE_M, .bits = 1, .comps = 1};
}

static inline struct npu_ref
npu_undef(enum npu_file file, unsigned bits, unsigned comps)
{
   return (struct npu_ref){.kind = NPU_REF_UNDEF, .file = file, .bits = bits, .comps = comps};
}

/* Registers reg.. of a file, for code after RA. */
static inline struct npu_ref
npu_reg(enum npu_file file, unsigned reg, unsigned bits, unsigned comps)
{
   return (struct npu_ref){
      .kind = NPU_REF_REG, .file = file, .bits = bits, .comps = comps, .value = reg};
}

/* -ref and |ref|; -|ref| is npu_neg(npu_abs(ref)). Only float operands can carry them. */
static inline struct npu_ref
npu_neg(struct npu_ref ref)
{
   ref.neg = !ref.neg;
   return ref;
}

static inline struct npu_ref
npu_abs(struct npu_ref ref)
{
   ref.neg = false;
   ref.abs = true;
   return ref;
}

static inline bool
npu_is_null(struct npu_ref ref)
{
   return ref.kind == NPU_REF_NULL;
}

static inline bool
npu_is_ssa(struct npu_ref ref)
{
   return ref.kind == NPU_REF_SSA;
}

static inline bool
npu_is_imm(struct npu_ref ref)
{
   return ref.kind == NPU_REF_IMM;
}

/* Same operand, modifiers included. */
bool npu_refs_equal(struct npu_ref a, struct npu_ref b);

/* Registers of one component, and of a whole value: V takes two for 64 bits, S and M always one. */
static inline unsigned
npu_comp_regs(enum npu_file file, unsigned bits)
{
   return file == NPU_FILE_V && bits == 64 ? 2 : 1;
}

static inline unsigned
npu_ref_regs(struct npu_ref ref)
{
   return ref.comps * npu_comp_regs(ref.file, ref.bits);
}

static inline unsigned
npu_value_regs(const struct npu_value *value)
{
   return value->comps * npu_comp_regs(value->file, value->bits);
}

/* Registers of a file: 128, 64, 16. */
unsigned npu_file_size(enum npu_file file);

/* ---- shaders, blocks ---- */

/* A shader with one empty block. name may be NULL. Free with ralloc_free(). */
struct npu_shader *npu_shader_create(void *mem_ctx, const char *name);

/* A new SSA value. bits: 8, 16, 32, 64 (M: 1), comps: 1..4. */
struct npu_ref npu_value_create(struct npu_shader *shader, enum npu_file file, unsigned bits,
                                unsigned comps);

/* The ref of an existing value. */
struct npu_ref npu_value_ref(const struct npu_shader *shader, unsigned value);

/* A new block, not yet in the list / at the end of the list / after another block. */
struct npu_block *npu_block_create(struct npu_shader *shader);
void npu_block_append(struct npu_shader *shader, struct npu_block *block);
void npu_block_insert_after(struct npu_shader *shader, struct npu_block *after,
                            struct npu_block *block);

/* Adds the edge block -> succ as succs[which] and block as the last predecessor of succ.
 * which: 0 fall-through or jmp, 1 conditional branch. Edges never follow from terminators by
 * themselves, the validator compares the two.
 */
void npu_block_set_succ(struct npu_block *block, unsigned which, struct npu_block *succ);

/* Makes the edge pred -> block an edge new_pred -> block, in place: phis stay right. */
void npu_block_replace_pred(struct npu_block *block, struct npu_block *pred,
                            struct npu_block *new_pred);

/* Position of pred among the predecessors of block (= its phi source). It must be one. */
unsigned npu_block_pred_index(const struct npu_block *block, const struct npu_block *pred);

static inline unsigned
npu_block_num_preds(const struct npu_block *block)
{
   return util_dynarray_num_elements(&block->preds, struct npu_block *);
}

static inline struct npu_block *
npu_block_pred(const struct npu_block *block, unsigned i)
{
   assert(i < npu_block_num_preds(block) && "predecessor index");
   return *util_dynarray_element(&block->preds, struct npu_block *, i);
}

static inline struct npu_block *
npu_first_block(const struct npu_shader *shader)
{
   return list_first_entry(&shader->blocks, struct npu_block, link);
}

/* The next block in memory, NULL after the last. */
struct npu_block *npu_next_block(const struct npu_shader *shader, const struct npu_block *block);

/* Renumbers block->index in list order. */
void npu_index_blocks(struct npu_shader *shader);

/* A block some predecessor of which does not stand before it. Needs valid indices. */
bool npu_block_is_loop_header(const struct npu_block *block);

/* ---- instructions ---- */

/* A new instruction outside of any block, operands null. */
struct npu_instr *npu_instr_create(struct npu_shader *shader, unsigned op, unsigned num_dests,
                                   unsigned num_srcs);

/* Takes the instruction out of its block. Its memory stays with the shader. */
void npu_instr_remove(struct npu_instr *instr);

/* Facts of an opcode, pseudo operations included. */
const struct npu_op_info *npu_ir_op_info(unsigned op);

static inline bool
npu_op_is_pseudo(unsigned op)
{
   return op >= NPU_NUM_OPS;
}

/* br.*, jmp, end, trap: what may stand at the end of a block only. */
bool npu_instr_is_terminator(const struct npu_instr *instr);

/* br.*: depends on source 0. */
bool npu_instr_is_cond_branch(const struct npu_instr *instr);

/* The result or effect depends on exec at this place (rule 4). True for vector instructions in
 * general, memory, cross-lane, anything with npu_exec() as a source; false for pure scalar ALU
 * operations, mov, sel and mask operations on mask registers alone.
 */
bool npu_instr_reads_exec(const struct npu_instr *instr);
bool npu_instr_writes_exec(const struct npu_instr *instr);

/* No effect but its destinations: removable when they are unused. Loads are. */
bool npu_instr_can_eliminate(const struct npu_instr *instr);

/* Index of the source tied to dest[0] (rule 7), -1 if there is none. */
static inline int
npu_instr_tied_src(const struct npu_instr *instr)
{
   return instr->masked ? instr->num_srcs - 1 : -1;
}

/* Phi source for the edge from pred. */
struct npu_ref *npu_phi_src(struct npu_instr *phi, const struct npu_block *pred);

/* Opcode, fields, sources and the types of the destinations: what decides the result. */
uint32_t npu_instr_hash(const struct npu_instr *instr);
bool npu_instr_equal(const struct npu_instr *a, const struct npu_instr *b);

/* Copies the fields and the branch target, not the operands. */
void npu_instr_copy_fields(struct npu_instr *to, const struct npu_instr *from);

/* Type of an operand as the opcode reads or writes it; bits of memory data come from the fields.
 * Null for operands of pseudo operations, whose types are free, and sources no operation has.
 */
const struct npu_operand_info *npu_src_info(const struct npu_instr *instr, unsigned s);
const struct npu_operand_info *npu_dest_info(const struct npu_instr *instr);

/* Width of source s / the destination, components not counted; 0: any (pseudo operations). */
unsigned npu_src_bits(const struct npu_instr *instr, unsigned s);
unsigned npu_dest_bits(const struct npu_instr *instr);

/* May source s of instr be ref, as far as register files and the one literal go? */
bool npu_src_allowed(const struct npu_instr *instr, unsigned s, struct npu_ref ref);

/* Is source s an immediate that only the literal can hold? */
bool npu_needs_literal(const struct npu_instr *instr, unsigned s);

/* The conditional branch of a block, the jmp of a block; NULL if there is none. */
struct npu_instr *npu_block_branch(const struct npu_block *block);
struct npu_instr *npu_block_jmp(const struct npu_block *block);

/* Exchanges the two ways of a block that ends with a conditional branch, by inverting the branch;
 * the new way 0 must be, or become, the next block: a jmp is removed.
 */
void npu_invert_branch(struct npu_block *block);

/* ---- cursors ---- */

enum npu_cursor_option {
   NPU_CURSOR_BEFORE_BLOCK, /* before everything, phis too */
   NPU_CURSOR_AFTER_BLOCK,  /* at the very end */
   NPU_CURSOR_BEFORE_INSTR,
   NPU_CURSOR_AFTER_INSTR,
};

struct npu_cursor {
   enum npu_cursor_option option;
   union {
      struct npu_block *block;
      struct npu_instr *instr;
   };
};

static inline struct npu_cursor
npu_before_block(struct npu_block *block)
{
   return (struct npu_cursor){.option = NPU_CURSOR_BEFORE_BLOCK, .block = block};
}

static inline struct npu_cursor
npu_after_block(struct npu_block *block)
{
   return (struct npu_cursor){.option = NPU_CURSOR_AFTER_BLOCK, .block = block};
}

static inline struct npu_cursor
npu_before_instr(struct npu_instr *instr)
{
   return (struct npu_cursor){.option = NPU_CURSOR_BEFORE_INSTR, .instr = instr};
}

static inline struct npu_cursor
npu_after_instr(struct npu_instr *instr)
{
   return (struct npu_cursor){.option = NPU_CURSOR_AFTER_INSTR, .instr = instr};
}

/* Behind the phis / before the terminators of a block. */
struct npu_cursor npu_after_phis(struct npu_block *block);
struct npu_cursor npu_before_terminators(struct npu_block *block);

/* The block a cursor stands in. */
struct npu_block *npu_cursor_block(struct npu_cursor cursor);

/* Inserts and advances: the cursor then stands behind the instruction, so that a sequence of
 * inserts comes out in program order.
 */
void npu_insert(struct npu_cursor *cursor, struct npu_instr *instr);

/* ---- iteration ---- */

#define npu_foreach_block(shader, block)                                                           \
   list_for_each_entry(struct npu_block, block, &(shader)->blocks, link)

#define npu_foreach_block_rev(shader, block)                                                       \
   list_for_each_entry_rev(struct npu_block, block, &(shader)->blocks, link)

#define npu_foreach_block_safe(shader, block)                                                      \
   list_for_each_entry_safe(struct npu_block, block, &(shader)->blocks, link)

#define npu_foreach_instr_in_block(block, instr)                                                   \
   list_for_each_entry(struct npu_instr, instr, &(block)->instrs, link)

#define npu_foreach_instr_in_block_rev(block, instr)                                               \
   list_for_each_entry_rev(struct npu_instr, instr, &(block)->instrs, link)

#define npu_foreach_instr_in_block_safe(block, instr)                                              \
   list_for_each_entry_safe(struct npu_instr, instr, &(block)->instrs, link)

#define npu_foreach_instr_in_block_safe_rev(block, instr)                                          \
   list_for_each_entry_safe_rev(struct npu_instr, instr, &(block)->instrs, link)

/* Everywhere in the shader, in list order. `break` leaves the inner loop only: use return or goto.
 * */
#define npu_foreach_instr(shader, instr)                                                           \
   npu_foreach_block(shader, block_of_##instr)                                                     \
      npu_foreach_instr_in_block(block_of_##instr, instr)

#define npu_foreach_instr_rev(shader, instr)                                                       \
   npu_foreach_block_rev(shader, block_of_##instr)                                                 \
      npu_foreach_instr_in_block_rev(block_of_##instr, instr)

#define npu_foreach_instr_safe(shader, instr)                                                      \
   npu_foreach_block(shader, block_of_##instr)                                                     \
      npu_foreach_instr_in_block_safe(block_of_##instr, instr)

#define npu_foreach_instr_safe_rev(shader, instr)                                                  \
   npu_foreach_block_rev(shader, block_of_##instr)                                                 \
      npu_foreach_instr_in_block_safe_rev(block_of_##instr, instr)

/* The phis of a block; the instruction may be removed meanwhile. */
#define npu_foreach_phi(block, phi)                                                                \
   npu_foreach_instr_in_block_safe(block, phi)                                                     \
      if (phi->op != NPU_OP_PHI)                                                                   \
         break;                                                                                    \
      else

/* succ: struct npu_block *, present successors only. */
#define npu_foreach_succ(blk, succ)                                                                \
   for (struct npu_block *const *npu_s_##succ = (blk)->succs, *succ = NULL;                        \
        npu_s_##succ < (blk)->succs + 2 && ((succ = *npu_s_##succ), true); ++npu_s_##succ)         \
      if (succ)

/* pred: struct npu_block **. */
#define npu_foreach_pred(blk, pred) util_dynarray_foreach(&(blk)->preds, struct npu_block *, pred)

/* i: index of the operand. */
#define npu_foreach_src(instr, i)  for (unsigned i = 0; i < (instr)->num_srcs; ++i)
#define npu_foreach_dest(instr, i) for (unsigned i = 0; i < (instr)->num_dests; ++i)

#ifdef __cplusplus
}
#endif

#endif
