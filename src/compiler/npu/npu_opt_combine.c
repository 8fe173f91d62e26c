/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Peephole optimisation: one forward walk that looks from each instruction up at the definitions of
 * its sources. Four groups of rules, a file each where they are many:
 *
 *  propagate  what a move copies is read directly: registers, constants, neg and abs, components
 *  fold       an operation on constants is evaluated by the ISA's own semantics (npu_sem_eval())
 *  alu        identities, and two instructions in one (npu_opt_combine_alu.c)
 *  address    address arithmetic into the fields of memory instructions (npu_opt_combine_mem.c)
 *
 * Invariants. Every definition is visited before its uses, except uses by phis of loops, so a
 * source's definition is in its final form. Nothing is removed: what loses its last use is left to
 * DCE; an instruction that became a copy becomes a mov, which later uses look through. The result
 * is legal (npu_legalize) if the input was: npu_combine_set_src() refuses what the ISA does not
 * take.
 *
 * All rules are exact. No multiplication and addition of floats are contracted - NIR decides about
 * that -, and x + 0.0 is not x, because of -0.0. NaNs may change sign and payload, which the ISA
 * leaves open.
 *
 * exec: a rule may make lanes defined that were not (a constant in all lanes for a result in active
 * ones), never the reverse, and reads exec only where the instruction already did.
 */
#include "npu_opt_combine.h"

#include "npu_isa/npu_sem.h"

struct npu_instr *
npu_combine_def(const struct npu_combine *c, struct npu_ref ref)
{
   return npu_is_ssa(ref) && !ref.neg && !ref.abs ? c->def[ref.value] : NULL;
}

struct npu_instr *
npu_combine_single_use_def(const struct npu_combine *c, const struct npu_instr *instr, unsigned s,
                           unsigned op)
{
   struct npu_instr *def = npu_combine_def(c, instr->src[s]);

   return def && def->op == op && !def->masked && c->uses[instr->src[s].value] == 1 ? def : NULL;
}

static void
count_use(struct npu_combine *c, struct npu_ref ref, int change)
{
   if (npu_is_ssa(ref))
      c->uses[ref.value] += change;
}

bool
npu_combine_set_src(struct npu_combine *c, struct npu_instr *instr, unsigned s, struct npu_ref ref)
{
   if (npu_is_imm(ref) && npu_src_bits(instr, s)) {
      /* Modifiers of a constant are applied where the width is known. */
      ref.bits = npu_src_bits(instr, s);
      ref.imm &= ref.bits < 64 ? BITFIELD64_MASK(ref.bits) : UINT64_MAX;
      ref.imm = npu_sem_modify(ref.imm, ref.bits, ref.neg, ref.abs);
      ref.neg = ref.abs = false;
   }
   if (!npu_src_allowed(instr, s, ref))
      return false;
   count_use(c, instr->src[s], -1);
   count_use(c, ref, 1);
   instr->src[s] = ref;
   return true;
}

void
npu_combine_to_move(struct npu_combine *c, struct npu_instr *instr, struct npu_ref ref)
{
   struct npu_ref dest = instr->dest[0];
   unsigned op = dest.bits == 64 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32;

   assert(instr->num_srcs >= 1 && !instr->masked && "room for the source");
   if (dest.file == NPU_FILE_M)
      op = npu_is_imm(ref) ? NPU_OP_MFROMS : NPU_OP_MMOV;
   else if (ref.neg || ref.abs)
      op = dest.bits == 64 ? NPU_OP_FMOV_F64 : dest.bits == 16 ? NPU_OP_FMOV_F16 : NPU_OP_FMOV_F32;

   npu_foreach_src(instr, s)
      count_use(c, instr->src[s], -1);
   instr->op = op;
   instr->num_srcs = 1;
   instr->sat = false;
   instr->round = 0;
   if (npu_is_imm(ref)) {
      ref.bits = npu_src_bits(instr, 0);
      ref.imm &= ref.bits < 64 ? BITFIELD64_MASK(ref.bits) : UINT64_MAX;
   }
   instr->src[0] = ref;
   count_use(c, ref, 1);
}

/* ---- propagation ---- */

static bool
same_type(struct npu_ref a, struct npu_ref b)
{
   return a.file == b.file && a.bits == b.bits && a.comps == b.comps;
}

static bool
is_mov(const struct npu_instr *def)
{
   return (def->op == NPU_OP_MOV_B32 || def->op == NPU_OP_MOV_B64 || def->op == NPU_OP_MMOV ||
           def->op == NPU_OP_MFROMS) &&
          !def->masked && def->dest[0].kind != NPU_REF_EXEC;
}

/* May `from`, which a move of `width` bits copies to `to`, be read as an operand of `bits` instead?
 */
static bool
reads_the_same(struct npu_ref to, struct npu_ref from, unsigned width, unsigned bits)
{
   /* A mask has a bit for each lane. Where a condition may also be a scalar, that is one for all lanes. */
   if (to.file == NPU_FILE_M && from.file != NPU_FILE_M)
      return npu_is_imm(from) && (from.imm == 0 || (uint32_t)from.imm == UINT32_MAX);
   if (npu_is_imm(from))
      return true;
   /* exec may have changed since. */
   if (from.kind != NPU_REF_SSA)
      return false;
   /* A move of 32 bits cuts off the upper half of a scalar. */
   if (from.file == NPU_FILE_S && from.bits > width && (bits == 0 || bits > width))
      return false;
   return to.file != NPU_FILE_V || from.file != NPU_FILE_V || (to.bits == 64) == (from.bits == 64);
}

static bool
look_through_move(struct npu_combine *c, struct npu_instr *instr, unsigned s, struct npu_instr *def)
{
   struct npu_ref src = instr->src[s], from = def->src[0];
   unsigned width = npu_src_bits(def, 0), bits = npu_src_bits(instr, s);

   if (!reads_the_same(def->dest[0], from, width, bits))
      return false;
   if (bits == 0 && !npu_is_imm(from) && !same_type(from, src))
      return false;
   if (bits == 0 && npu_is_imm(from) && instr->op == NPU_OP_COLLECT)
      from.bits = instr->dest[0].bits;
   from.neg = src.neg;
   from.abs = src.abs;
   return npu_combine_set_src(c, instr, s, from);
}

/* fmov only applies modifiers; operands of the same format can do that themselves. */
static bool
look_through_fmov(struct npu_combine *c, struct npu_instr *instr, unsigned s, struct npu_instr *def)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   struct npu_ref src = instr->src[s], from = def->src[0];

   if (npu_op_is_pseudo(instr->op) || !(info->float_mods & (1u << s)) || !npu_is_ssa(from) ||
       info->src[s].bits != npu_src_bits(def, 0))
      return false;
   if (src.abs) {
      from.abs = true;
      from.neg = src.neg;
   } else {
      from.neg ^= src.neg;
   }
   return npu_combine_set_src(c, instr, s, from);
}

/* lo of a scalar pair, or a truncation: an operand of at most that width reads its low bits anyway.
 */
static bool
look_through_truncation(struct npu_combine *c, struct npu_instr *instr, unsigned s,
                        struct npu_instr *def)
{
   struct npu_ref from = def->src[0];
   unsigned bits = npu_src_bits(instr, s);

   if (bits == 0 || bits > def->dest[0].bits || bits > npu_dest_bits(def) || def->sat ||
       !npu_is_ssa(from) || from.file != NPU_FILE_S)
      return false;
   from.neg = instr->src[s].neg;
   from.abs = instr->src[s].abs;
   return npu_combine_set_src(c, instr, s, from);
}

static bool
is_truncation(const struct npu_instr *def)
{
   const struct npu_op_info *info = npu_ir_op_info(def->op);

   if (def->op == NPU_OP_LO_B64)
      return true;
   return info->base == NPU_ALU_CVT && info->dst.kind != NPU_KIND_FLOAT &&
          info->src[0].kind != NPU_KIND_FLOAT && info->dst.bits < info->src[0].bits;
}

static bool
propagate_source(struct npu_combine *c, struct npu_instr *instr, unsigned s)
{
   struct npu_ref src = instr->src[s];

   if (!npu_is_ssa(src) || (int)s == npu_instr_tied_src(instr))
      return false;
   struct npu_instr *def = c->def[src.value];
   if (!def || def->masked)
      return false;

   if (is_mov(def))
      return look_through_move(c, instr, s, def);
   if (def->op == NPU_OP_FMOV_F16 || def->op == NPU_OP_FMOV_F32 || def->op == NPU_OP_FMOV_F64)
      return look_through_fmov(c, instr, s, def);
   if (is_truncation(def) && src.file == NPU_FILE_S)
      return look_through_truncation(c, instr, s, def);
   return false;
}

/* A component of a vector that was collected is the collected value. */
static bool
split_of_collect(struct npu_combine *c, struct npu_instr *split)
{
   struct npu_instr *collect = npu_combine_def(c, split->src[0]);
   bool progress = false;

   if (!collect || collect->op != NPU_OP_COLLECT)
      return false;
   npu_foreach_dest(split, d) {
      struct npu_ref dest = split->dest[d], from = collect->src[d];

      if (npu_is_null(dest))
         continue;
      struct npu_instr *mov = npu_instr_create(c->shader,
                                               dest.file == NPU_FILE_M ? NPU_OP_MMOV
                                               : dest.bits == 64       ? NPU_OP_MOV_B64
                                                                       : NPU_OP_MOV_B32,
                                               1, 1);
      struct npu_cursor cursor = npu_before_instr(split);

      if (npu_is_imm(from))
         from.bits = npu_src_bits(mov, 0);
      mov->dest[0] = dest;
      mov->src[0] = from;
      count_use(c, from, 1);
      npu_insert(&cursor, mov);
      c->def[dest.value] = mov;
      split->dest[d] = npu_null();
      progress = true;
   }
   return progress;
}

bool
npu_combine_propagate(struct npu_combine *c, struct npu_instr *instr)
{
   bool progress = false;

   npu_foreach_src(instr, s) {
      while (propagate_source(c, instr, s))
         progress = true;
   }
   if (instr->op == NPU_OP_SPLIT)
      progress |= split_of_collect(c, instr);
   return progress;
}

/* ---- constants ---- */

static bool
all_constant(const struct npu_instr *instr, unsigned num)
{
   for (unsigned s = 0; s < num; ++s) {
      if (!npu_is_imm(instr->src[s]))
         return false;
   }
   return num > 0;
}

bool
npu_combine_fold(struct npu_combine *c, struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   struct npu_inst mods = {.round = instr->round, .sat = instr->sat};
   uint64_t src[3], result;

   if (npu_op_is_pseudo(instr->op) || !info->pure || instr->masked || is_mov(instr) ||
       instr->dest[0].kind == NPU_REF_EXEC || !all_constant(instr, info->num_srcs))
      return false;
   for (unsigned s = 0; s < info->num_srcs; ++s)
      src[s] = instr->src[s].imm;
   if (!npu_sem_eval(instr->op, &mods, src, &result))
      return false;

   /* A comparison that holds does so in the active lanes. */
   if (info->compare && instr->dest[0].file == NPU_FILE_M)
      npu_combine_to_move(c, instr, result ? npu_exec() : npu_imm(0));
   else
      npu_combine_to_move(c, instr, npu_imm(result));
   return true;
}

/* ---- the walk ---- */

/* Order of the operands of commutative operations: values by number, constants last. Finds more
 * equal expressions, and rules need to look for constants on one side only.
 */
static bool
order_operands(struct npu_instr *instr)
{
   if (npu_op_is_pseudo(instr->op) || !npu_ir_op_info(instr->op)->commutative)
      return false;

   struct npu_ref x = instr->src[0], y = instr->src[1];
   bool swap = npu_is_ssa(x) && npu_is_ssa(y) ? x.value > y.value : npu_is_imm(x) && !npu_is_imm(y);
   if (swap) {
      instr->src[0] = y;
      instr->src[1] = x;
   }
   return swap;
}

static void
init(struct npu_combine *c)
{
   npu_foreach_instr(c->shader, instr) {
      npu_foreach_src(instr, s)
         count_use(c, instr->src[s], 1);
   }
}

bool
npu_opt_combine(struct npu_shader *shader)
{
   void *mem_ctx = ralloc_context(NULL);
   struct npu_combine c = {
      .shader = shader,
      .def = rzalloc_array(mem_ctx, struct npu_instr *, shader->num_values),
      .uses = rzalloc_array(mem_ctx, unsigned, shader->num_values),
   };
   bool progress = false;

   init(&c);
   npu_foreach_instr_safe(shader, instr) {
      bool again = true;

      while (again) {
         again = npu_combine_propagate(&c, instr);
         again |= npu_combine_fold(&c, instr);
         again |= npu_combine_alu(&c, instr);
         again |= npu_combine_address(&c, instr);
         progress |= again;
      }
      progress |= order_operands(instr);
      npu_foreach_dest(instr, d) {
         if (npu_is_ssa(instr->dest[d]))
            c.def[instr->dest[d].value] = instr;
      }
   }
   ralloc_free(mem_ctx);
   return progress;
}
