// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// What is known of the lanes of vector registers before the code runs: their distances.
//
// Lane l of a 32-bit register is S + C[l]: S is a number of the chunk that only the run decides, a
// multiple of a known power of two; C is known. lane_id has S = 0 and C = 0, 1, 2 ...; a column of a tile
// 16 wide, lane_id & 15, too; its row, (lane_id >> 4) + 2 * wave_id, has in each chunk of 16 lanes C all
// the same. Sums, shifts, masks and products keep that form where the power of two says that no carry
// comes between S and C. So an access whose offsets are consecutive, or the same for all lanes of a
// chunk, needs no tests of its lanes (npu_jit_lanes.c), even behind a barrier, where registers come
// from memory.
//
// A forward iteration over blocks. Registers of 64 bits are not followed. Forms are numbered; 0 is an
// unknown one, and what does not fit the table is unknown.

#include <stdlib.h>
#include <string.h>

#include "npu_jit_gen.h"

#define MAX_FORMS  256
#define MAX_UOPS   6000 /* longer kernels are compiled quickly: no analysis */
#define MAX_ROUNDS 100
#define ZERO_ALIGN 32 /* S is 0 */

struct npu_jit_forms {
   struct npu_jit_form forms[MAX_FORMS];
   unsigned count;
   struct npu_jit_known *blocks; /* at the start of each block */
   uint64_t needs_first[2];      /* registers whose first lanes are made as scalars, too */
};

/* ---- forms ------------------------------------------------------------------------------- */

static uint8_t
intern(struct npu_jit_gen *g, const struct npu_jit_form *form)
{
   struct npu_jit_forms *all = g->forms;

   for (unsigned i = 1; i < all->count; i++) {
      if (!memcmp(&all->forms[i], form, sizeof(*form)))
         return (uint8_t)i;
   }
   if (all->count == MAX_FORMS)
      return 0;
   all->forms[all->count] = *form;
   return (uint8_t)all->count++;
}

static unsigned
zeros_of(uint64_t value)
{
   unsigned zeros = value ? (unsigned)__builtin_ctzll(value) : ZERO_ALIGN;

   return zeros < ZERO_ALIGN ? zeros : ZERO_ALIGN;
}

static unsigned
least(unsigned a, unsigned b)
{
   return a < b ? a : b;
}

/* The same with C = 0 in the first lane of each chunk. */
static struct npu_jit_form
normal_form(const struct npu_jit_gen *g, const struct npu_jit_form *form)
{
   struct npu_jit_form f = *form;

   for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
      uint32_t first = form->lane[l - l % g->width];
      f.lane[l] -= first;
      f.align_log2 = least(f.align_log2, zeros_of(first));
   }
   return f;
}

/* All lanes of each chunk the same. */
static bool
is_even(const struct npu_jit_gen *g, const struct npu_jit_form *form)
{
   for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
      if (form->lane[l] != form->lane[l - l % g->width])
         return false;
   }
   return true;
}

/* S and C have no bit in common. */
static bool
is_disjoint(const struct npu_jit_form *form)
{
   for (unsigned l = 0; l < NPU_INTERP_LANES && form->align_log2 < ZERO_ALIGN; l++) {
      if (form->lane[l] >> form->align_log2)
         return false;
   }
   return true;
}

static bool
is_scalar(const struct npu_jit_form *form)
{
   static const struct npu_jit_form zero;

   return !memcmp(form->lane, zero.lane, sizeof(zero.lane));
}

/* ---- operations -------------------------------------------------------------------------- */

static bool
constant(const struct npu_uop *uop, unsigned i, uint32_t *value)
{
   unsigned src = uop->inst.src[i];
   const struct npu_operand_info *info = &npu_op_infos[uop->inst.op].src[i];

   if (!npu_src_is_imm(src))
      return false;
   *value = src == NPU_SRC_LITERAL ? (uint32_t)uop->inst.literal
                                   : (uint32_t)npu_src_inline_value(src, (enum npu_type)info->type);
   return true;
}

/* The form of a source operand. */
static bool
source(const struct npu_jit_gen *g, const struct npu_jit_known *known, const struct npu_uop *uop,
       unsigned i, struct npu_jit_form *form)
{
   unsigned src = uop->inst.src[i];
   uint32_t value;

   *form = (struct npu_jit_form){.align_log2 = ZERO_ALIGN};
   if (constant(uop, i, &value)) {
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
         form->lane[l] = value;
      return true;
   }
   if (npu_reg_is_s(src)) {
      form->align_log2 = known->s_align_log2[src - NPU_REG_S(0)];
      return true;
   }
   if (!npu_reg_is_v(src) || !known->v[src] || npu_op_infos[uop->inst.op].src[i].bits == 64)
      return false;
   *form = g->forms->forms[known->v[src]];
   return true;
}

static struct npu_jit_form
sum(const struct npu_jit_form *a, const struct npu_jit_form *b, bool subtract)
{
   struct npu_jit_form f = {.align_log2 = least(a->align_log2, b->align_log2)};

   for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
      f.lane[l] = subtract ? a->lane[l] - b->lane[l] : a->lane[l] + b->lane[l];
   return f;
}

static bool
product(const struct npu_jit_gen *g, const struct npu_jit_form *a, const struct npu_jit_form *b,
        struct npu_jit_form *f)
{
   if (a->align_log2 == ZERO_ALIGN && is_even(g, a) && !is_even(g, b))
      return product(g, b, a, f);
   *f = (struct npu_jit_form){.align_log2 = ZERO_ALIGN};
   if (b->align_log2 == ZERO_ALIGN && is_even(g, b)) {
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
         f->lane[l] = a->lane[l] * b->lane[l];
         f->align_log2 = least(f->align_log2, a->align_log2 + zeros_of(b->lane[l]));
      }
      return true;
   }
   if (!is_even(g, a) || !is_even(g, b))
      return false;
   struct npu_jit_form x = normal_form(g, a), y = normal_form(g, b);
   f->align_log2 = least(ZERO_ALIGN, x.align_log2 + y.align_log2);
   return true;
}

static bool
masked(const struct npu_jit_form *a, uint32_t mask, struct npu_jit_form *f)
{
   unsigned align = a->align_log2;

   if (!is_disjoint(a))
      return false;
   for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
      f->lane[l] = a->lane[l] & mask;
   f->align_log2 = align == ZERO_ALIGN || !(mask >> align) ? ZERO_ALIGN
                   : align > zeros_of(mask)                ? align
                                                           : zeros_of(mask);
   return true;
}

static bool
shifted_down(const struct npu_jit_form *a, unsigned count, bool is_signed, struct npu_jit_form *f)
{
   if (!is_disjoint(a))
      return false;
   for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
      if (is_signed && a->lane[l] >> 31)
         return false;
      f->lane[l] = a->lane[l] >> count;
   }
   f->align_log2 = a->align_log2 == ZERO_ALIGN ? ZERO_ALIGN
                   : a->align_log2 > count     ? a->align_log2 - count
                                               : 0;
   return true;
}

static void
shifted_up(const struct npu_jit_form *a, unsigned count, struct npu_jit_form *f)
{
   for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
      f->lane[l] = a->lane[l] << count;
   f->align_log2 = least(ZERO_ALIGN, a->align_log2 + count);
}

/* a | b where one is a scalar and the other has bits only below it. */
static bool
united(const struct npu_jit_form *a, const struct npu_jit_form *b, struct npu_jit_form *f)
{
   if (a->align_log2 == ZERO_ALIGN && b->align_log2 != ZERO_ALIGN)
      return united(b, a, f);
   struct npu_jit_form both = sum(a, b, false);
   if (!is_scalar(a) || b->align_log2 != ZERO_ALIGN)
      return false;
   *f = both;
   f->align_log2 = a->align_log2;
   return is_disjoint(f);
}

/* Of an operation on the sources a[0] ..., the form of its lanes. */
static bool
form_of(const struct npu_jit_gen *g, const struct npu_uop *uop, const struct npu_jit_form *a,
        struct npu_jit_form *f)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   uint32_t value;

   switch ((enum npu_alu)info->base) {
   case NPU_ALU_MOV:
      *f = a[0];
      return true;
   case NPU_ALU_IADD:
   case NPU_ALU_ISUB:
      *f = sum(&a[0], &a[1], info->base == NPU_ALU_ISUB);
      return true;
   case NPU_ALU_IMUL:
      return product(g, &a[0], &a[1], f);
   case NPU_ALU_IMAD: {
      struct npu_jit_form p;
      if (!product(g, &a[0], &a[1], &p))
         return false;
      *f = sum(&p, &a[2], false);
      return true;
   }
   case NPU_ALU_IAND:
      return constant(uop, 1, &value)   ? masked(&a[0], value, f)
             : constant(uop, 0, &value) ? masked(&a[1], value, f)
                                        : false;
   case NPU_ALU_IOR:
      return united(&a[0], &a[1], f);
   case NPU_ALU_ISHL:
      if (!constant(uop, 1, &value))
         return false;
      shifted_up(&a[0], value & 31, f);
      return true;
   case NPU_ALU_USHR:
   case NPU_ALU_ISHR:
      return constant(uop, 1, &value) &&
             shifted_down(&a[0], value & 31, info->base == NPU_ALU_ISHR, f);
   default:
      return false;
   }
}

/* The number of the form of a 32-bit result in lanes. */
static uint8_t
vector_result(struct npu_jit_gen *g, const struct npu_jit_known *known, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct npu_jit_form a[NPU_MAX_SRCS], f = {.align_log2 = ZERO_ALIGN};
   bool even = true, narrow = true;

   if (inst->masked || inst->sat)
      return 0;
   if (info->is_special) {
      if (inst->sr_or_code != NPU_SR_LANE_ID && inst->sr_or_code != NPU_SR_LOCAL_INDEX)
         return 0;
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
         f.lane[l] = l;
      f.align_log2 = inst->sr_or_code == NPU_SR_LANE_ID ? ZERO_ALIGN : 5;
      return intern(g, &f);
   }
   if (!info->pure || info->cross_lane || info->dst.bits != 32)
      return 0;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind == NPU_KIND_MASK || !source(g, known, uop, i, &a[i]))
         return 0;
      even = even && is_even(g, &a[i]);
      narrow = narrow && info->src[i].bits == 32;
   }
   if (narrow && form_of(g, uop, a, &f))
      return intern(g, &f);
   /* Of values that are the same in all lanes of a chunk any operation makes such a value. */
   f = (struct npu_jit_form){.align_log2 = 0};
   return even ? intern(g, &f) : 0;
}

/* Trailing zeros of a scalar result. */
static uint8_t
scalar_result(struct npu_jit_gen *g, const struct npu_jit_known *known, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   unsigned zeros[NPU_MAX_SRCS] = {0};
   uint32_t value;

   if (!info->pure || info->cross_lane || inst->sat || info->dst.bits < 32)
      return 0;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (constant(uop, i, &value))
         zeros[i] = zeros_of(value);
      else if (npu_reg_is_s(inst->src[i]))
         zeros[i] = known->s_align_log2[inst->src[i] - NPU_REG_S(0)];
   }
   switch ((enum npu_alu)info->base) {
   case NPU_ALU_MOV:
      return (uint8_t)zeros[0];
   case NPU_ALU_IADD:
   case NPU_ALU_ISUB:
   case NPU_ALU_IOR:
   case NPU_ALU_IXOR:
      return (uint8_t)least(zeros[0], zeros[1]);
   case NPU_ALU_IMUL:
      return (uint8_t)least(ZERO_ALIGN, zeros[0] + zeros[1]);
   case NPU_ALU_IMAD:
      return (uint8_t)least(least(ZERO_ALIGN, zeros[0] + zeros[1]), zeros[2]);
   case NPU_ALU_IAND:
      return (uint8_t)(zeros[0] > zeros[1] ? zeros[0] : zeros[1]);
   case NPU_ALU_ISHL:
      if (!constant(uop, 1, &value))
         return (uint8_t)zeros[0];
      return (uint8_t)least(ZERO_ALIGN, zeros[0] + (value & (info->dst.bits - 1)));
   default:
      return 0;
   }
}

/* ---- flow -------------------------------------------------------------------------------- */

void
npu_jit_known_step(struct npu_jit_gen *g, struct npu_jit_known *known, const struct npu_uop *uop)
{
   struct npu_jit_regs uses, kills, writes;

   if (!g->forms || !npu_jit_is_executable(uop))
      return;
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   npu_jit_uop_regs(uop, &uses, &kills, &writes);
   bool one = info->has_dst && npu_inst_operand_regs(&uop->inst, -1) == 1;
   uint8_t v = one && npu_reg_is_v(uop->inst.dst) ? vector_result(g, known, uop) : 0;
   uint8_t s = one && npu_reg_is_s(uop->inst.dst) ? scalar_result(g, known, uop) : 0;
   for (unsigned half = 0; half < 2; half++) {
      for (uint64_t rest = writes.v[half]; rest; rest &= rest - 1)
         known->v[64 * half + (unsigned)__builtin_ctzll(rest)] = v;
   }
   for (uint64_t rest = writes.s; rest; rest &= rest - 1)
      known->s_align_log2[__builtin_ctzll(rest)] = s;
}

/* What is known whichever way control came. True: less than before. */
static bool
merge(struct npu_jit_gen *g, struct npu_jit_known *to, const struct npu_jit_known *from)
{
   struct npu_jit_known old = *to;

   if (!to->reached) {
      *to = *from;
      to->reached = true;
      return true;
   }
   for (unsigned r = 0; r < NPU_NUM_VREGS; r++) {
      if (to->v[r] == from->v[r] || !to->v[r])
         continue;
      struct npu_jit_form a = normal_form(g, &g->forms->forms[to->v[r]]);
      struct npu_jit_form b = normal_form(g, &g->forms->forms[from->v[r]]);
      a.align_log2 = least(a.align_log2, b.align_log2);
      bool same = from->v[r] && !memcmp(a.lane, b.lane, sizeof(a.lane));
      to->v[r] = same ? intern(g, &a) : 0;
   }
   for (unsigned r = 0; r < NPU_NUM_SREGS; r++)
      to->s_align_log2[r] = (uint8_t)least(to->s_align_log2[r], from->s_align_log2[r]);
   return memcmp(&old, to, sizeof(old)) != 0;
}

/* ---- first lanes ------------------------------------------------------------------------- */

/* Operations of which the first lane is made of scalars as well: those that make lane offsets. */
static bool
makes_first(const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (!npu_reg_is_v(inst->dst) || !info->pure || info->is_special || info->cross_lane ||
       info->dst.bits != 32 || inst->masked || inst->sat || inst->neg || inst->abs)
      return false;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].bits != 32 || info->src[i].kind == NPU_KIND_MASK)
         return false;
   }
   switch ((enum npu_alu)info->base) {
   case NPU_ALU_MOV:
   case NPU_ALU_IADD:
   case NPU_ALU_ISUB:
   case NPU_ALU_IMUL:
   case NPU_ALU_IMAD:
   case NPU_ALU_IAND:
   case NPU_ALU_IOR:
   case NPU_ALU_ISHL:
   case NPU_ALU_USHR:
   case NPU_ALU_ISHR:
      return true;
   default:
      return false;
   }
}

static bool
add_need(struct npu_jit_gen *g, const struct npu_jit_known *known, unsigned reg)
{
   uint64_t *word = &g->forms->needs_first[reg / 64 % 2], bit = 1ull << (reg % 64);

   if (!npu_reg_is_v(reg) || !known->v[reg] || (*word & bit))
      return false;
   *word |= bit;
   return true;
}

/* Lane offsets of known form need them, and so what those are made of. */
static bool
find_needs(struct npu_jit_gen *g, const struct npu_jit_block *block)
{
   struct npu_jit_known known = g->forms->blocks[block - g->flow->blocks];
   bool changed = false;

   for (uint32_t i = block->first; known.reached && i <= block->last; i++) {
      const struct npu_uop *uop = &g->flow->kernel->uops[i];
      if (!npu_jit_is_executable(uop))
         break;
      const struct npu_inst *inst = &uop->inst;
      if (inst->op == NPU_OP_LD_O || inst->op == NPU_OP_ST_O)
         changed |= add_need(g, &known, inst->src[1]);
      bool makes = makes_first(uop) && npu_jit_needs_first(g, inst->dst);
      for (unsigned s = 0; makes && s < npu_op_infos[inst->op].num_srcs; s++)
         changed |= add_need(g, &known, inst->src[s]);
      npu_jit_known_step(g, &known, uop);
   }
   return changed;
}

bool
npu_jit_needs_first(const struct npu_jit_gen *g, unsigned v)
{
   return g->forms && npu_reg_is_v(v) && g->forms->needs_first[v / 64] >> (v % 64) & 1;
}

LLVMValueRef
npu_jit_known_first(struct npu_jit_gen *g, unsigned chunk)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   LLVMValueRef a[NPU_MAX_SRCS] = {0};

   if (!g->forms || !makes_first(g->uop) || !g->first[inst->dst][chunk])
      return NULL;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      unsigned src = inst->src[i];
      if (!npu_reg_is_v(src))
         a[i] = npu_jit_source_scalar(g, i, 32);
      else if (npu_jit_known_form(g, src))
         a[i] = npu_jit_read_first(g, src, chunk);
      else
         return NULL;
   }
   return npu_jit_int_op((struct npu_jit_shape){g, 0}, inst, a);
}

/* ------------------------------------------------------------------------------------------ */

void
npu_jit_known_find(struct npu_jit_gen *g)
{
   const struct npu_jit_flow *flow = g->flow;

   if (flow->kernel->num_uops > MAX_UOPS)
      return;
   g->forms = calloc(1, sizeof(*g->forms));
   if (g->forms)
      g->forms->blocks = calloc(flow->num_blocks, sizeof(*g->forms->blocks));
   if (!g->forms || !g->forms->blocks) {
      npu_jit_known_free(g);
      return;
   }
   /* A new wave has all registers zero: form 1. */
   g->forms->count = 1;
   struct npu_jit_form zero = {.align_log2 = ZERO_ALIGN};
   struct npu_jit_known *start = &g->forms->blocks[0];
   memset(start->v, intern(g, &zero), sizeof(start->v));
   memset(start->s_align_log2, ZERO_ALIGN, sizeof(start->s_align_log2));
   start->reached = true;
   bool changed = true;
   for (unsigned round = 0; changed && round < MAX_ROUNDS; round++) {
      changed = false;
      for (uint32_t b = 0; b < flow->num_blocks; b++) {
         const struct npu_jit_block *block = &flow->blocks[b];
         struct npu_jit_known known = g->forms->blocks[b];
         if (!known.reached)
            continue;
         for (uint32_t i = block->first; i <= block->last; i++)
            npu_jit_known_step(g, &known, &flow->kernel->uops[i]);
         for (unsigned i = 0; i < 2; i++) {
            if (block->succ[i] >= 0)
               changed |= merge(g, &g->forms->blocks[block->succ[i]], &known);
         }
      }
   }
   if (changed) {
      npu_jit_known_free(g);
      return;
   }
   do {
      changed = false;
      for (uint32_t b = 0; b < flow->num_blocks; b++)
         changed |= find_needs(g, &flow->blocks[b]);
   } while (changed);
}

void
npu_jit_known_free(struct npu_jit_gen *g)
{
   if (g->forms)
      free(g->forms->blocks);
   free(g->forms);
   g->forms = NULL;
}

void
npu_jit_known_begin(struct npu_jit_gen *g, const struct npu_jit_block *block)
{
   if (g->forms)
      g->known = g->forms->blocks[block - g->flow->blocks];
}

const struct npu_jit_form *
npu_jit_known_form(const struct npu_jit_gen *g, unsigned v)
{
   return g->forms && g->known.reached && g->known.v[v] ? &g->forms->forms[g->known.v[v]] : NULL;
}
