/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Proves that register allocation kept the meaning of the program: every source reads the registers
 * that hold the value the SSA program read there, on every way through the program.
 *
 * Independent of what it checks: no liveness, no interference, none of the allocator's bookkeeping.
 * A forward dataflow problem over "what does each register hold":
 *
 *     top (not reached yet) > a component of a value > nothing known
 *
 *  - An instruction that has a record (npu_ra_record_create()) must find the components of its SSA
 *    sources in the registers it names; its destination registers then hold those of its SSA
 *    destinations. Two values may be in one register only if they are known to be the same:
 *    collect, split and copies are equations between components, solved once before (every value
 *    has one definition, so this is a substitution).
 *  - An instruction without a record was made by allocation: parallel_copy, or a move or swap it
 *    was lowered to. It moves contents. Anything else is an error.
 *  - At a block's entry the contents of all predecessors' ends meet; where they differ nothing is
 *    known. On the edge from a predecessor, the register that allocation claims for a phi must hold
 *    the phi's source for this edge, and holds the phi from then on.
 *
 * It runs after npu_ra() and again after npu_lower_parallel_copy(), which it so checks as well.
 * Iteration ends because contents only fall. O(blocks * registers * loop depth) states.
 *
 * In V a move copies all lanes whatever exec says, so lanes need no treatment of their own; the
 * validator insists that no unrecorded move is masked.
 *
 * Cf. Rideau and Leroy, Validating register allocation and spilling (2010), forward instead of
 * backward.
 */
#include "npu_ra.h"

#include <stdarg.h>
#include <stdlib.h>

#include "util/hash_table.h"

/* What a register holds: a part of a value (part_of()), or one of the special things below. */
typedef uint64_t contents;

#define UNKNOWN   0ull
#define TOP       UINT64_MAX
#define IMMEDIATE (1ull << 62) /* | bits of an immediate, for copies of constants */
#define ANYTHING  (1ull << 63) /* undef: whatever is there will do */

#define TOTAL_REGS (NPU_NUM_VREGS + NPU_NUM_SREGS + NPU_NUM_MREGS)

struct checker {
   const struct npu_shader *shader;
   const struct npu_ra_record *record;
   const struct npu_ra_limits *limits;
   contents *same;              /* by part: what a part of a value equals; see part_index() */
   contents (*end)[TOTAL_REGS]; /* by block index: at the block's end */
   contents now[TOTAL_REGS];
   bool final; /* everything is stable: report */
   char *problem;
   const struct npu_block *bad_block;
   const struct npu_instr *bad_instr;
};

static void PRINTFLIKE(4, 5) complain(struct checker *c, const struct npu_block *block,
                                      const struct npu_instr *instr, const char *format, ...)
{
   va_list args;

   if (c->problem || !c->final)
      return;
   va_start(args, format);
   if (vasprintf(&c->problem, format, args) < 0)
      abort();
   va_end(args);
   c->bad_block = block;
   c->bad_instr = instr;
}

static unsigned
slot(enum npu_file file, unsigned reg)
{
   static const unsigned first[NPU_NUM_FILES] = {0, NPU_NUM_VREGS, NPU_NUM_VREGS + NPU_NUM_SREGS};

   return first[file] + reg;
}

/* Register `part` of a value: components of 64 bits in V have two. */
static contents
part_of(uint32_t value, unsigned part)
{
   return (contents)value * NPU_MAX_VALUE_REGS + part + 1;
}

static contents
canonical(const struct checker *c, contents part)
{
   while (part != UNKNOWN && !(part & (IMMEDIATE | ANYTHING)) && c->same[part] != part)
      part = c->same[part];
   return part;
}

/* ---- equations ---- */

static void
equate(struct checker *c, struct npu_ref dest, unsigned dest_part, struct npu_ref src,
       unsigned src_part, unsigned count)
{
   for (unsigned i = 0; i < count; ++i) {
      contents to = part_of(dest.value, dest_part + i);
      if (npu_is_ssa(src))
         c->same[to] = part_of(src.value, src_part + i);
      else if (npu_is_imm(src))
         c->same[to] = IMMEDIATE | (src.imm & BITFIELD64_MASK(62));
      else if (src.kind == NPU_REF_UNDEF)
         c->same[to] = ANYTHING;
   }
}

static void
add_equations(struct checker *c, const struct npu_instr *ssa)
{
   unsigned regs;

   switch (ssa->op) {
   case NPU_OP_COLLECT:
      regs = npu_comp_regs(ssa->dest[0].file, ssa->dest[0].bits);
      npu_foreach_src(ssa, s)
         equate(c, ssa->dest[0], s * regs, ssa->src[s], 0, regs);
      break;
   case NPU_OP_SPLIT:
      regs = npu_comp_regs(ssa->src[0].file, ssa->src[0].bits);
      npu_foreach_dest(ssa, d) {
         if (npu_is_ssa(ssa->dest[d]))
            equate(c, ssa->dest[d], 0, ssa->src[0], d * regs, regs);
      }
      break;
   case NPU_OP_PARALLEL_COPY:
      npu_foreach_src(ssa, s)
         equate(c, ssa->dest[s], 0, ssa->src[s], 0, npu_ref_regs(ssa->dest[s]));
      break;
   default:
      break;
   }
}

/* ---- transfer ---- */

static bool
is_copy(const struct npu_instr *instr)
{
   return instr->op == NPU_OP_COLLECT || instr->op == NPU_OP_SPLIT ||
          instr->op == NPU_OP_PARALLEL_COPY;
}

static void
check_source(struct checker *c, const struct npu_instr *instr, unsigned s, struct npu_ref ssa)
{
   struct npu_ref src = instr->src[s];

   if (!npu_is_ssa(ssa)) {
      if (!npu_refs_equal(src, ssa))
         complain(c, instr->block, instr, "source %u was changed", s);
      return;
   }
   if (src.kind != NPU_REF_REG || src.file != ssa.file || src.bits != ssa.bits ||
       src.comps != ssa.comps || src.neg != ssa.neg || src.abs != ssa.abs)
   {
      complain(c, instr->block, instr, "source %u is not a register of the value's type", s);
      return;
   }
   for (unsigned i = 0; i < npu_ref_regs(src); ++i) {
      contents found = c->now[slot(src.file, src.value + i)];
      contents wanted = canonical(c, part_of(ssa.value, i));
      if (found != wanted && found != TOP && wanted != ANYTHING)
         complain(c, instr->block, instr, "source %u: register %c%u does not hold part %u of %%%u",
                  s, "vsm"[src.file], src.value + i, i, ssa.value);
   }
}

static void
define(struct checker *c, const struct npu_instr *instr, struct npu_ref dest, struct npu_ref ssa)
{
   if (!npu_is_ssa(ssa)) {
      if (dest.kind != ssa.kind)
         complain(c, instr->block, instr, "a destination was changed");
      return;
   }
   if (dest.kind != NPU_REF_REG || dest.file != ssa.file || dest.bits != ssa.bits ||
       dest.comps != ssa.comps)
   {
      complain(c, instr->block, instr, "destination is not a register of the value's type");
      return;
   }
   if (dest.value + npu_ref_regs(dest) > c->limits->regs[dest.file])
      complain(c, instr->block, instr, "register %c%u is beyond the limit", "vsm"[dest.file],
               dest.value);
   for (unsigned i = 0; i < npu_ref_regs(dest); ++i)
      c->now[slot(dest.file, dest.value + i)] = canonical(c, part_of(ssa.value, i));
}

static void
transfer_recorded(struct checker *c, const struct npu_instr *instr, const struct npu_instr *ssa)
{
   if (instr->op != ssa->op || instr->num_srcs != ssa->num_srcs ||
       instr->num_dests != ssa->num_dests)
   {
      complain(c, instr->block, instr, "the instruction was changed");
      return;
   }
   npu_foreach_src(instr, s) {
      if (ssa->src[s].kind != NPU_REF_UNDEF)
         check_source(c, instr, s, ssa->src[s]);
   }

   int tied = npu_instr_tied_src(instr);
   if (tied >= 0 && instr->dest[0].kind == NPU_REF_REG &&
       instr->dest[0].value != instr->src[tied].value)
      complain(c, instr->block, instr, "the old value is not in the destination's register");

   for (unsigned d = 0; d < instr->num_dests; ++d) {
      for (unsigned other = 0; other < d; ++other) {
         struct npu_ref x = instr->dest[d], y = instr->dest[other];
         if (x.kind == NPU_REF_REG && y.kind == NPU_REF_REG && x.file == y.file &&
             x.value < y.value + npu_ref_regs(y) && y.value < x.value + npu_ref_regs(x))
            complain(c, instr->block, instr, "destinations %u and %u overlap", other, d);
      }
   }
   npu_foreach_dest(instr, d)
      define(c, instr, instr->dest[d], ssa->dest[d]);
}

/* Register part `i` of destination d receives: contents before the instruction, or an immediate. */
static contents
moved_contents(const struct checker *c, struct npu_ref src, unsigned i)
{
   if (src.kind == NPU_REF_REG)
      return c->now[slot(src.file, src.value + i)];
   if (npu_is_imm(src))
      return IMMEDIATE | (src.imm & BITFIELD64_MASK(62));
   return UNKNOWN;
}

static void
transfer_move(struct checker *c, const struct npu_instr *instr)
{
   contents moved[NPU_NUM_VREGS * 2];
   unsigned n = 0;

   if (instr->masked)
      complain(c, instr->block, instr, "a move of register allocation is masked");

   npu_foreach_dest(instr, d) {
      struct npu_ref src = instr->src[instr->op == NPU_OP_SWAP ? 1 - d : d];
      for (unsigned i = 0; i < npu_ref_regs(instr->dest[d]); ++i)
         moved[n++] = moved_contents(c, src, i);
   }
   n = 0;
   npu_foreach_dest(instr, d) {
      for (unsigned i = 0; i < npu_ref_regs(instr->dest[d]); ++i)
         c->now[slot(instr->dest[d].file, instr->dest[d].value + i)] = moved[n++];
   }
}

static bool
is_move(const struct npu_instr *instr)
{
   switch (instr->op) {
   case NPU_OP_PARALLEL_COPY:
   case NPU_OP_SWAP:
   case NPU_OP_MOV_B32:
   case NPU_OP_MOV_B64:
   case NPU_OP_MMOV:
   case NPU_OP_MFROMS:
      return true;
   default:
      return false;
   }
}

/* Collect and split as moves between the registers of their operands. */
static void
transfer_collect_split(struct checker *c, const struct npu_instr *instr)
{
   struct npu_instr copy = *instr;
   struct npu_ref dest[NPU_MAX_COMPS], src[NPU_MAX_COMPS];
   struct npu_ref vector = instr->op == NPU_OP_COLLECT ? instr->dest[0] : instr->src[0];
   unsigned regs = npu_comp_regs(vector.file, vector.bits), n = 0;

   for (unsigned i = 0; i < vector.comps; ++i) {
      struct npu_ref comp = npu_reg(vector.file, vector.value + i * regs, vector.bits, 1);
      struct npu_ref other = instr->op == NPU_OP_COLLECT ? instr->src[i] : instr->dest[i];

      if (other.kind == NPU_REF_UNDEF || npu_is_null(other))
         continue;
      dest[n] = instr->op == NPU_OP_COLLECT ? comp : other;
      src[n++] = instr->op == NPU_OP_COLLECT ? other : comp;
   }
   copy.num_dests = copy.num_srcs = n;
   copy.dest = dest;
   copy.src = src;
   copy.op = NPU_OP_PARALLEL_COPY;
   transfer_move(c, &copy);
}

static void
transfer(struct checker *c, const struct npu_block *block)
{
   npu_foreach_instr_in_block(block, instr) {
      struct hash_entry *entry = _mesa_hash_table_search(c->record->instrs, instr);

      if (entry && is_copy(instr) && instr->op != NPU_OP_PARALLEL_COPY)
         transfer_collect_split(c, instr);
      else if (entry && !is_copy(instr))
         transfer_recorded(c, instr, entry->data);
      else if (is_move(instr))
         transfer_move(c, instr);
      else
         complain(c, block, instr, "an instruction that the SSA program does not have");
   }
}

/* ---- blocks ---- */

/* On the edge from predecessor p: phis take the place of their sources. */
static void
apply_phis(struct checker *c, const struct npu_block *block, unsigned p, contents *state)
{
   const struct npu_ra_phis *phis = _mesa_hash_table_search(c->record->phis, block)->data;
   contents after[TOTAL_REGS];

   memcpy(after, state, sizeof(after));
   for (unsigned i = 0; i < phis->count; ++i) {
      struct npu_ref dest = phis->phi[i]->dest[0], src = phis->phi[i]->src[p];

      for (unsigned r = 0; r < npu_ref_regs(dest); ++r) {
         unsigned at = slot(dest.file, phis->reg[i] + r);
         contents wanted = npu_is_ssa(src)   ? canonical(c, part_of(src.value, r))
                           : npu_is_imm(src) ? IMMEDIATE | (src.imm & BITFIELD64_MASK(62))
                                             : ANYTHING;
         if (state[at] != wanted && state[at] != TOP && wanted != ANYTHING) {
            complain(c, npu_block_pred(block, p), NULL,
                     "at the end of the block %c%u does not hold the source of phi %%%u of block%u",
                     "vsm"[dest.file], phis -> reg[i] + r, dest.value, block->index);
            after[at] = UNKNOWN;
         } else {
            after[at] = part_of(dest.value, r);
         }
      }
   }
   memcpy(state, after, sizeof(after));
}

static void
enter(struct checker *c, const struct npu_block *block)
{
   contents edge[TOTAL_REGS];

   for (unsigned i = 0; i < TOTAL_REGS; ++i)
      c->now[i] = npu_block_num_preds(block) ? TOP : UNKNOWN;
   for (unsigned p = 0; p < npu_block_num_preds(block); ++p) {
      memcpy(edge, c->end[npu_block_pred(block, p)->index], sizeof(edge));
      apply_phis(c, block, p, edge);
      for (unsigned i = 0; i < TOTAL_REGS; ++i) {
         if (c->now[i] == TOP)
            c->now[i] = edge[i];
         else if (edge[i] != TOP && edge[i] != c->now[i])
            c->now[i] = UNKNOWN;
      }
   }
}

static bool
walk(struct checker *c)
{
   bool changed = false;

   npu_foreach_block(c->shader, block) {
      enter(c, block);
      transfer(c, block);
      if (memcmp(c->end[block->index], c->now, sizeof(c->now))) {
         memcpy(c->end[block->index], c->now, sizeof(c->now));
         changed = true;
      }
   }
   return changed;
}

char *
npu_validate_ra(const struct npu_shader *shader, const struct npu_ra_record *record,
                const struct npu_ra_limits *limits)
{
   void *mem_ctx = ralloc_context(NULL);
   struct checker c = {.shader = shader, .record = record, .limits = limits};
   unsigned num_parts = record->num_values * NPU_MAX_VALUE_REGS + 1;

   c.same = ralloc_array(mem_ctx, contents, num_parts);
   for (unsigned i = 0; i < num_parts; ++i)
      c.same[i] = i;
   hash_table_foreach(record->instrs, entry)
      add_equations(&c, entry->data);

   c.end = ralloc_size(mem_ctx, shader->num_blocks * sizeof(*c.end));
   memset(c.end, 0xff, shader->num_blocks * sizeof(*c.end));
   while (walk(&c))
      ;
   c.final = true;
   walk(&c);
   ralloc_free(mem_ctx);

   if (!c.problem)
      return NULL;
   char *report = npu_report(shader, "npu_validate_ra", c.problem, c.bad_block, c.bad_instr);
   free(c.problem);
   return report;
}
