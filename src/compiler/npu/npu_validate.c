/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Checks the rules of npu_ir.h: the CFG, block form, operand types and files, fields, and that in
 * SSA form every value has one definition that reaches all its uses. The report has the violated
 * condition in words, the pass after which it was found, the instruction and the whole program with
 * a mark.
 *
 * Dominance is checked by dataflow ("the definition's block is on every way to here"), not with a
 * dominator tree, so that nothing here depends on an analysis of the compiler. O(blocks^2 / 32)
 * words of memory, and time for each round, of which there are as many as loops are nested.
 */
#include "npu_passes.h"

#include <stdarg.h>
#include <stdlib.h>

#include "util/bitscan.h"

struct validation {
   const struct npu_shader *shader;
   const struct npu_block **blocks; /* by position */
   unsigned num_blocks;
   const struct npu_block *block;
   const struct npu_instr *instr;
   char *problem; /* first violation, NULL so far; malloc'ed */
   const struct npu_block *bad_block;
   const struct npu_instr *bad_instr;
};

static void PRINTFLIKE(2, 3) complain(struct validation *v, const char *format, ...)
{
   va_list args;

   if (v->problem)
      return;
   va_start(args, format);
   if (vasprintf(&v->problem, format, args) < 0)
      abort();
   va_end(args);
   v->bad_block = v->block;
   v->bad_instr = v->instr;
}

/* The text is part of the report, and tests match it. */
#define REQUIRE(v, condition, ...)                                                                 \
   do {                                                                                            \
      if (!(condition))                                                                            \
         complain(v, __VA_ARGS__);                                                                 \
   } while (0)

/* ---- CFG ---- */

static unsigned
count_pred(const struct npu_block *block, const struct npu_block *pred)
{
   unsigned count = 0;

   for (unsigned i = 0; i < npu_block_num_preds(block); ++i)
      count += npu_block_pred(block, i) == pred;
   return count;
}

/* Blocks know their position, which was checked for all that are in the list. */
static bool
is_in_list(const struct validation *v, const struct npu_block *block)
{
   return block->index < v->num_blocks && v->blocks[block->index] == block;
}

static void
validate_terminators(struct validation *v, const struct npu_block *block)
{
   const struct npu_instr *branch = NULL, *last = NULL;

   npu_foreach_instr_in_block(block, instr) {
      v->instr = instr;
      REQUIRE(v, instr->block == block, "instruction knows another block");
      REQUIRE(v, !last, "instruction behind the end of the block");
      if (!npu_instr_is_terminator(instr)) {
         REQUIRE(v, !branch, "instruction behind the branch");
         REQUIRE(v, !instr->target, "branch target on an instruction that is no branch");
         continue;
      }
      if (npu_instr_is_cond_branch(instr)) {
         REQUIRE(v, !branch, "two conditional branches in a block");
         branch = instr;
      } else {
         REQUIRE(v, instr->target == block->succs[0], "jump does not go to successor 0");
         last = instr;
      }
   }
   v->instr = branch;
   REQUIRE(v, !branch || (branch->target && branch->target == block->succs[1]),
           "branch does not go to successor 1");
   v->instr = NULL;
   REQUIRE(v, !block->succs[1] || branch, "successor 1 without a conditional branch");

   bool falls = !last;
   REQUIRE(v, !falls || (block->succs[0] && block->succs[0] == npu_next_block(v->shader, block)),
           "control falls out of the block, but successor 0 is not the next block");
}

static void
validate_block(struct validation *v, const struct npu_block *block, unsigned index)
{
   v->block = block;
   v->instr = NULL;
   REQUIRE(v, block->index == index, "block index %u at position %u", block->index, index);
   REQUIRE(v, index > 0 || npu_block_num_preds(block) == 0, "the first block has predecessors");
   REQUIRE(v, !block->succs[0] || block->succs[0] != block->succs[1],
           "both successors are the same block");

   npu_foreach_succ(block, succ) {
      REQUIRE(v, is_in_list(v, succ), "successor is not in the program");
      REQUIRE(v, count_pred(succ, block) == 1, "block is not a predecessor of its successor once");
   }
   npu_foreach_pred(block, pred) {
      REQUIRE(v, is_in_list(v, *pred), "predecessor is not in the program");
      REQUIRE(v, (*pred)->succs[0] == block || (*pred)->succs[1] == block,
              "block is not a successor of its predecessor");
   }
   validate_terminators(v, block);

   bool phis = true;
   npu_foreach_instr_in_block(block, instr) {
      v->instr = instr;
      REQUIRE(v, phis || instr->op != NPU_OP_PHI, "phi behind another instruction");
      phis &= instr->op == NPU_OP_PHI;
   }
}

/* ---- operands ---- */

static void
validate_ref(struct validation *v, struct npu_ref ref)
{
   const struct npu_shader *shader = v->shader;

   switch (ref.kind) {
   case NPU_REF_SSA:
      REQUIRE(v, shader->is_ssa, "SSA value after register allocation");
      REQUIRE(v, ref.value < shader->num_values, "value %%%u does not exist", ref.value);
      if (ref.value < shader->num_values) {
         const struct npu_value *value = &shader->values[ref.value];
         REQUIRE(v, ref.file == value->file && ref.bits == value->bits && ref.comps == value->comps,
                 "operand and value %%%u differ in type", ref.value);
      }
      break;
   case NPU_REF_REG:
      REQUIRE(v, !shader->is_ssa, "register before register allocation");
      REQUIRE(v, ref.value + npu_ref_regs(ref) <= npu_file_size(ref.file),
              "register beyond the end of the file");
      REQUIRE(v, ref.value % npu_comp_regs(ref.file, ref.bits) == 0,
              "64-bit vector operand in an odd register");
      break;
   case NPU_REF_IMM:
      REQUIRE(v, ref.bits == 64 || ref.imm >> ref.bits == 0,
              "immediate has bits above its operand's width");
      REQUIRE(v, !ref.neg && !ref.abs, "modifier on an immediate");
      break;
   case NPU_REF_NULL:
   case NPU_REF_EXEC:
   case NPU_REF_UNDEF:
      break;
   }
}

static bool
has_type(struct npu_ref ref)
{
   return ref.kind == NPU_REF_SSA || ref.kind == NPU_REF_REG || ref.kind == NPU_REF_UNDEF;
}

static bool
same_type(struct npu_ref a, struct npu_ref b)
{
   return a.file == b.file && a.bits == b.bits && a.comps == b.comps;
}

/* phi and parallel_copy */
static void
validate_copies(struct validation *v, const struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      struct npu_ref dest = instr->dest[instr->op == NPU_OP_PHI ? 0 : s];
      struct npu_ref src = instr->src[s];

      REQUIRE(v, npu_is_imm(src) || has_type(src), "source %u must be a value or immediate", s);
      REQUIRE(v, !has_type(src) || same_type(src, dest),
              "source %u is not of the destination's type", s);
      REQUIRE(v, !src.neg && !src.abs, "modifier on source %u", s);
   }
}

static void
validate_pseudo(struct validation *v, const struct npu_instr *instr)
{
   switch (instr->op) {
   case NPU_OP_PHI:
      REQUIRE(v, v->shader->is_ssa, "phi after register allocation");
      REQUIRE(v, instr->num_dests == 1 && npu_is_ssa(instr->dest[0]), "phi without a value");
      REQUIRE(v, instr->num_srcs == npu_block_num_preds(v->block),
              "phi has %u sources for %u predecessors", instr->num_srcs,
              npu_block_num_preds(v->block));
      validate_copies(v, instr);
      break;
   case NPU_OP_PARALLEL_COPY:
      REQUIRE(v, instr->num_srcs == instr->num_dests,
              "copies need as many sources as destinations");
      if (!v->problem)
         validate_copies(v, instr);
      break;
   case NPU_OP_COLLECT:
      REQUIRE(v, instr->num_dests == 1 && instr->num_srcs == instr->dest[0].comps,
              "collect needs one source per component");
      npu_foreach_src(instr, s) {
         struct npu_ref src = instr->src[s];
         REQUIRE(v,
                 npu_is_imm(src) || (has_type(src) && src.file == instr->dest[0].file &&
                                     src.bits <= instr->dest[0].bits && src.comps == 1 &&
                                     npu_ref_regs(src) * src.comps ==
                                        npu_comp_regs(instr->dest[0].file, instr->dest[0].bits)),
                 "source %u is not a component of the destination", s);
      }
      break;
   case NPU_OP_SPLIT:
      REQUIRE(v, instr->num_srcs == 1 && instr->num_dests == instr->src[0].comps,
              "split needs one destination per component");
      npu_foreach_dest(instr, d) {
         struct npu_ref dest = instr->dest[d];
         REQUIRE(v,
                 npu_is_null(dest) || (dest.file == instr->src[0].file &&
                                       dest.bits == instr->src[0].bits && dest.comps == 1),
                 "destination %u is not a component of the source", d);
      }
      break;
   case NPU_OP_SWAP:
      REQUIRE(v, !v->shader->is_ssa, "swap before register allocation");
      REQUIRE(v, instr->num_dests == 2 && instr->num_srcs == 2, "swap has two operands");
      break;
   case NPU_OP_SPILL:
      REQUIRE(v, instr->num_srcs == 1 && instr->num_dests == 0, "spill has one source");
      break;
   case NPU_OP_FILL:
      REQUIRE(v, instr->num_srcs == 0 && instr->num_dests == 1, "fill has one destination");
      break;
   case NPU_OP_UNIT_TEST:
      break;
   default:
      complain(v, "unknown pseudo operation %u", instr->op);
   }
}

static void
validate_dest(struct validation *v, const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   bool has_dest = info->has_dst && !instr->noret;

   REQUIRE(v, instr->num_dests == (has_dest ? 1 : 0), "the operation has %u destination%s",
           has_dest ? 1 : 0, has_dest ? "" : "s");
   if (instr->num_dests != 1)
      return;

   struct npu_ref dest = instr->dest[0];
   if (dest.kind == NPU_REF_EXEC) {
      REQUIRE(v, info->writes_exec_allowed, "the operation cannot write exec");
      return;
   }
   REQUIRE(v, npu_is_ssa(dest) || dest.kind == NPU_REF_REG, "destination must be a value");

   unsigned files = instr->op == NPU_OP_RDSR ? npu_sr_infos[instr->sr_or_code].files
                                             : info->dst.files;
   REQUIRE(v, files & (1u << dest.file), "the operation cannot write this register file");

   unsigned bits = npu_dest_bits(instr);
   unsigned comps = info->dst.kind == NPU_KIND_DATA ? instr->count : 1;
   REQUIRE(v, dest.comps == comps, "destination needs %u component%s", comps,
           comps == 1 ? "" : "s");
   if (dest.file == NPU_FILE_M)
      return;
   if (dest.file == NPU_FILE_V)
      REQUIRE(v, (dest.bits == 64) == (bits == 64),
              "a V destination of this width has another layout");

   /* mov and sel of narrow values: as wide as what is moved. */
   if (info->dst.kind == NPU_KIND_BITS) {
      unsigned widest = 0;
      npu_foreach_src(instr, s) {
         struct npu_ref src = instr->src[s];
         if (npu_src_info(instr, s)->kind == NPU_KIND_BITS && (has_type(src) || npu_is_imm(src)))
            widest = MAX2(widest, npu_is_imm(src) ? util_last_bit64(src.imm) : src.bits);
      }
      bits = MIN2(bits, widest);
   }
   REQUIRE(v, dest.bits >= bits, "destination is narrower than the result");
}

static void
validate_src(struct validation *v, const struct npu_instr *instr, unsigned s)
{
   const struct npu_operand_info *info = npu_src_info(instr, s);
   struct npu_ref src = instr->src[s];
   unsigned bits = npu_src_bits(instr, s);
   bool tied = (int)s == npu_instr_tied_src(instr);

   if (info->files == 0) {
      bool base = s == NPU_MEM_BASE && npu_ir_op_info(instr->op)->is_memory;
      REQUIRE(v, npu_is_null(src) || (base && npu_is_imm(src) && src.imm == 0),
              "source %u must be empty", s);
      return;
   }
   REQUIRE(v, !npu_is_null(src), "source %u is missing", s);
   if (src.kind == NPU_REF_EXEC) {
      REQUIRE(v, info->files & NPU_FILES_M, "source %u cannot be exec", s);
   } else if (v->shader->is_legal) {
      REQUIRE(v, npu_src_allowed(instr, s, src), "source %u: file or literal not allowed", s);
   }
   REQUIRE(v, (!src.neg && !src.abs) || npu_ir_op_info(instr->op)->float_mods & (1u << s),
           "source %u takes no modifiers", s);
   if (npu_is_imm(src)) {
      REQUIRE(v, src.bits == bits, "immediate source %u is not of the operand's width", s);
      return;
   }
   if (!has_type(src))
      return;

   unsigned comps = info->kind == NPU_KIND_DATA   ? instr->count
                    : info->kind == NPU_KIND_DESC ? 2
                                                  : 1;
   REQUIRE(v, src.comps == comps, "source %u needs %u component%s", s, comps,
           comps == 1 ? "" : "s");
   if (tied) {
      REQUIRE(v,
              npu_comp_regs(src.file, src.bits) ==
                    npu_comp_regs(instr->dest[0].file, instr->dest[0].bits) &&
                 src.file == instr->dest[0].file,
              "the old value is not of the destination's type");
      REQUIRE(v, v->shader->is_ssa || src.value == instr->dest[0].value,
              "the old value is not in the destination's register");
   }
   REQUIRE(v, src.file != NPU_FILE_V || bits == 1 || (src.bits == 64) == (bits == 64),
           "a V value of %u bits cannot be read as %u bits", src.bits, bits);
}

static void
validate_fields(struct validation *v, const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   bool data = info->dst.kind == NPU_KIND_DATA;
   bool offset = info->format == NPU_FORMAT_MEM_O || info->format == NPU_FORMAT_ATOM_O;

   REQUIRE(v, !instr->masked || info->maskable, "the operation cannot be masked");
   REQUIRE(v, !instr->masked || instr->num_dests == 0 || instr->dest[0].file != NPU_FILE_S,
           "a scalar destination cannot be masked");
   REQUIRE(v, !instr->sat || info->has_sat, "the operation does not saturate");
   REQUIRE(v, instr->round <= (info->has_round ? NPU_ROUND_RTN : 0), "bad rounding mode");
   REQUIRE(v, !instr->sx || offset, "only offsets can be sign-extended");
   REQUIRE(v, instr->scale_log2 <= (offset ? 7 : 0), "bad scale");
   REQUIRE(v, !instr->noret || info->is_atomic, "only atomics go without a result");
   REQUIRE(v, data ? instr->width_log2 <= 3 : instr->width_log2 == 0, "bad width");
   REQUIRE(v, data ? instr->count >= 1 && instr->count <= 4 : instr->count == 0, "bad count");
   REQUIRE(v, instr->space <= (info->is_memory ? NPU_SPACE_GENERIC : 0), "bad address space");
   REQUIRE(v, data ? instr->imm >= INT16_MIN && instr->imm <= INT16_MAX : instr->imm == 0,
           "bad byte offset");
   REQUIRE(v, instr->sr_or_code == 0 || info->is_special || instr->op == NPU_OP_TRAP,
           "special register or code without a use");
   if (info->is_special)
      REQUIRE(v, instr->sr_or_code < NPU_NUM_SRS && npu_sr_infos[instr->sr_or_code].name,
              "unknown special register");
}

static void
validate_instr(struct validation *v, const struct npu_instr *instr)
{
   v->instr = instr;
   npu_foreach_dest(instr, d)
      validate_ref(v, instr->dest[d]);
   npu_foreach_src(instr, s)
      validate_ref(v, instr->src[s]);

   if (npu_op_is_pseudo(instr->op)) {
      validate_pseudo(v, instr);
      return;
   }
   const struct npu_op_info *info = npu_ir_op_info(instr->op);
   unsigned num_srcs = info->is_store    ? 3
                       : info->is_load   ? 2
                       : info->is_atomic ? 4
                                         : info->num_srcs;
   REQUIRE(v, info->name, "unknown operation %u", instr->op);
   REQUIRE(v, instr->num_srcs == num_srcs + (instr->masked ? 1 : 0),
           "the operation has %u source%s", num_srcs + (instr->masked ? 1 : 0),
           num_srcs == 1 ? "" : "s");
   validate_fields(v, instr);
   if (v->problem)
      return;
   validate_dest(v, instr);
   npu_foreach_src(instr, s)
      validate_src(v, instr, s);
}

/* ---- SSA ---- */

/* Where a value is defined. */
struct definition {
   unsigned block; /* index + 1; 0: nowhere */
   unsigned at;    /* number of the instruction, over the whole program */
};

static struct definition *
find_definitions(struct validation *v, void *mem_ctx)
{
   struct definition *def = rzalloc_array(mem_ctx, struct definition, v->shader->num_values);
   unsigned at = 0;

   npu_foreach_block(v->shader, block) {
      v->block = block;
      npu_foreach_instr_in_block(block, instr) {
         v->instr = instr;
         ++at;
         npu_foreach_dest(instr, d) {
            if (!npu_is_ssa(instr->dest[d]))
               continue;
            struct definition *here = &def[instr->dest[d].value];
            REQUIRE(v, !here->block, "value %%%u is defined twice", instr->dest[d].value);
            *here = (struct definition){block->index + 1, at};
         }
      }
   }
   return def;
}

/* For each block, by index, the blocks on every way to its end, itself included. */
static BITSET_WORD **
blocks_on_every_way(const struct validation *v, void *mem_ctx)
{
   unsigned n = v->shader->num_blocks, words = BITSET_WORDS(n);
   BITSET_WORD **way = ralloc_array(mem_ctx, BITSET_WORD *, n);
   BITSET_WORD *set = ralloc_array(mem_ctx, BITSET_WORD, words);
   bool changed = true;

   for (unsigned i = 0; i < n; ++i) {
      way[i] = ralloc_array(mem_ctx, BITSET_WORD, words);
      memset(way[i], 0xff, words * sizeof(BITSET_WORD));
   }
   while (changed) {
      changed = false;
      npu_foreach_block(v->shader, block) {
         memset(set, npu_block_num_preds(block) ? 0xff : 0, words * sizeof(BITSET_WORD));
         for (unsigned i = 0; i < npu_block_num_preds(block); ++i) {
            const BITSET_WORD *pred = way[npu_block_pred(block, i)->index];
            for (unsigned w = 0; w < words; ++w)
               set[w] &= pred[w];
         }
         BITSET_SET(set, block->index);
         if (memcmp(set, way[block->index], words * sizeof(BITSET_WORD))) {
            memcpy(way[block->index], set, words * sizeof(BITSET_WORD));
            changed = true;
         }
      }
   }
   return way;
}

/* Does the definition reach a use by instruction number `at` of the block, or, of phis, at the end
 * of the predecessor `block` (at = 0)? */
static bool
reaches(struct definition def, const struct npu_block *block, unsigned at, BITSET_WORD **way)
{
   if (!def.block)
      return false;
   if (def.block - 1 == block->index && at)
      return def.at < at;
   return BITSET_TEST(way[block->index], def.block - 1);
}

static void
validate_ssa(struct validation *v)
{
   void *mem_ctx = ralloc_context(NULL);
   const struct definition *def = find_definitions(v, mem_ctx);
   BITSET_WORD **way = blocks_on_every_way(v, mem_ctx);
   unsigned at = 0;

   npu_foreach_instr(v->shader, instr) {
      v->block = instr->block;
      v->instr = instr;
      ++at;
      npu_foreach_src(instr, s) {
         if (!npu_is_ssa(instr->src[s]))
            continue;
         bool reached = instr->op == NPU_OP_PHI
                           ? reaches(def[instr->src[s].value], npu_block_pred(instr->block, s), 0,
                                     way)
                           : reaches(def[instr->src[s].value], instr->block, at, way);
         REQUIRE(v, reached, "value %%%u is not defined on every way to its use",
                 instr->src[s].value);
      }
   }
   ralloc_free(mem_ctx);
}

/* ---- report ---- */

char *
npu_report(const struct npu_shader *shader, const char *when, const char *problem,
           const struct npu_block *bad_block, const struct npu_instr *bad_instr)
{
   char *text = NULL;
   size_t size;
   FILE *out = open_memstream(&text, &size);

   fprintf(out, "%s: invalid IR: %s\n", when, problem);
   if (bad_instr)
      npu_print_instr(out, bad_instr);
   else if (bad_block)
      fprintf(out, "   in block%u\n", bad_block->index);
   fprintf(out, "program:\n");
   npu_foreach_block(shader, block) {
      if (block == bad_block)
         fprintf(out, "; *** ERROR in the following block: %s\n", problem);
      npu_print_block(out, shader, block);
   }
   fclose(out);
   return text;
}

char *
npu_validate(const struct npu_shader *shader, const char *when)
{
   struct validation v = {.shader = shader};
   unsigned index = 0;

   v.blocks = malloc(list_length(&shader->blocks) * sizeof(*v.blocks));
   npu_foreach_block(shader, block)
      v.blocks[v.num_blocks++] = block;
   npu_foreach_block(shader, block)
      validate_block(&v, block, index++);
   v.instr = NULL;
   REQUIRE(&v, index == shader->num_blocks, "the program has %u blocks, not %u", index,
           shader->num_blocks);

   /* What follows relies on the CFG. */
   if (!v.problem) {
      npu_foreach_block(shader, block) {
         v.block = block;
         npu_foreach_instr_in_block(block, instr) {
            if (!v.problem)
               validate_instr(&v, instr);
         }
      }
   }
   if (!v.problem && shader->is_ssa)
      validate_ssa(&v);
   free(v.blocks);
   if (!v.problem)
      return NULL;

   char *report = npu_report(shader, when, v.problem, v.bad_block, v.bad_instr);
   free(v.problem);
   return report;
}
