/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What is known about instructions: facts of opcodes (those of the ISA table, and of the pseudo
 * operations, here), dependence on exec, hash and equality, terminators.
 */
#include "npu_ir.h"

#include <string.h>

#include "util/hash_table.h"

static const struct npu_op_info pseudo_infos[NPU_NUM_IR_OPS - NPU_NUM_OPS] = {
#define PSEUDO(op_, name_, ...)                                                                    \
   [NPU_OP_##op_ - NPU_NUM_OPS] = {.name = name_, .base_name = name_, __VA_ARGS__}
   PSEUDO(PHI, "phi", .has_dst = true),
   PSEUDO(COLLECT, "collect", .has_dst = true, .pure = true),
   PSEUDO(SPLIT, "split", .has_dst = true, .pure = true),
   PSEUDO(PARALLEL_COPY, "parallel_copy", .has_dst = true, .pure = true),
   PSEUDO(SWAP, "swap", .has_dst = true, .side_effects = true),
   PSEUDO(SPILL, "spill", .side_effects = true, .latency = NPU_LATENCY_MEM),
   PSEUDO(FILL, "fill", .has_dst = true, .latency = NPU_LATENCY_MEM),
   PSEUDO(UNIT_TEST, "unit_test", .side_effects = true),
#undef PSEUDO
};

const struct npu_op_info *
npu_ir_op_info(unsigned op)
{
   assert(op < NPU_NUM_IR_OPS && "opcode exists");
   return npu_op_is_pseudo(op) ? &pseudo_infos[op - NPU_NUM_OPS] : &npu_op_infos[op];
}

/* ---- operands ---- */

const struct npu_operand_info *
npu_src_info(const struct npu_instr *instr, unsigned s)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   if (npu_op_is_pseudo(instr->op))
      return NULL;
   if ((int)s == npu_instr_tied_src(instr))
      return &info->dst;
   if (info->is_store && s == NPU_MEM_DATA)
      return &info->dst;
   return s < NPU_MAX_SRCS ? &info->src[s] : NULL;
}

const struct npu_operand_info *
npu_dest_info(const struct npu_instr *instr)
{
   return npu_op_is_pseudo(instr->op) ? NULL : &npu_ir_op_info(instr->op)->dst;
}

static unsigned
operand_bits(const struct npu_instr *instr, const struct npu_operand_info *operand)
{
   if (!operand)
      return 0;
   if (operand->kind == NPU_KIND_DATA)
      return 8u << instr->width_log2;
   if (operand->kind == NPU_KIND_DESC)
      return 64;
   return operand->bits;
}

unsigned
npu_src_bits(const struct npu_instr *instr, unsigned s)
{
   return operand_bits(instr, npu_src_info(instr, s));
}

unsigned
npu_dest_bits(const struct npu_instr *instr)
{
   if (instr->op == NPU_OP_RDSR)
      return npu_sr_infos[instr->sr_or_code].bits;
   return operand_bits(instr, npu_dest_info(instr));
}

/* ---- facts ---- */

bool
npu_instr_is_terminator(const struct npu_instr *instr)
{
   return npu_ir_op_info(instr->op)->is_branch;
}

bool
npu_instr_is_cond_branch(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   return info->is_branch && info->num_srcs > 0;
}

bool
npu_instr_writes_exec(const struct npu_instr *instr)
{
   npu_foreach_dest(instr, d) {
      if (instr->dest[d].kind == NPU_REF_EXEC)
         return true;
   }
   return false;
}

/* mov and sel compute every lane, and so do the moves that pseudo operations become. */
static bool
computes_all_lanes(const struct npu_instr *instr)
{
   switch (instr->op) {
   case NPU_OP_MOV_B32:
   case NPU_OP_MOV_B64:
   case NPU_OP_SEL_B32:
   case NPU_OP_SEL_B64:
   case NPU_OP_LD_W:
      return !instr->masked;
   default:
      return npu_op_is_pseudo(instr->op);
   }
}

bool
npu_instr_reads_exec(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   /* A test looks at active lanes. */
   if (instr->masked || info->reads_exec || instr->op == NPU_OP_UNIT_TEST)
      return true;
   npu_foreach_src(instr, s) {
      if (instr->src[s].kind == NPU_REF_EXEC)
         return true;
   }
   if (computes_all_lanes(instr) || instr->num_dests == 0)
      return false;
   return instr->dest[0].file == NPU_FILE_V || (info->compare && instr->dest[0].file == NPU_FILE_M);
}

bool
npu_instr_can_eliminate(const struct npu_instr *instr)
{
   const struct npu_op_info *info = npu_ir_op_info(instr->op);

   return instr->num_dests > 0 && !info->side_effects && !info->is_store && !info->is_atomic &&
          !info->is_branch && !npu_instr_writes_exec(instr);
}

/* ---- hash, equality ---- */

static uint32_t
hash_ref(uint32_t hash, struct npu_ref ref)
{
   /* The members that npu_refs_equal() compares, for the kinds that have them. */
   uint64_t words[2] = {
      (uint64_t)ref.kind | (uint64_t)ref.neg << 8 | (uint64_t)ref.abs << 9,
      ref.kind == NPU_REF_IMM                              ? ref.imm
      : ref.kind == NPU_REF_SSA || ref.kind == NPU_REF_REG ? ref.value
                                                           : 0,
   };
   return _mesa_hash_data_with_seed(words, sizeof(words), hash);
}

uint32_t
npu_instr_hash(const struct npu_instr *instr)
{
   uint32_t hash = _mesa_hash_data(&instr->op, sizeof(instr->op));

#define HASH_FIELD(type, name, how)                                                                \
   hash = _mesa_hash_data_with_seed(&instr->name, sizeof(instr->name), hash);
   NPU_INSTR_FIELDS(HASH_FIELD)
#undef HASH_FIELD

   npu_foreach_src(instr, s)
      hash = hash_ref(hash, instr->src[s]);
   return hash;
}

bool
npu_instr_equal(const struct npu_instr *a, const struct npu_instr *b)
{
   if (a->op != b->op || a->num_srcs != b->num_srcs || a->num_dests != b->num_dests ||
       a->target != b->target)
      return false;

#define COMPARE_FIELD(type, name, how)                                                             \
   if (a->name != b->name)                                                                         \
      return false;
   NPU_INSTR_FIELDS(COMPARE_FIELD)
#undef COMPARE_FIELD

   npu_foreach_dest(a, d) {
      if (a->dest[d].kind != b->dest[d].kind || a->dest[d].file != b->dest[d].file ||
          a->dest[d].bits != b->dest[d].bits || a->dest[d].comps != b->dest[d].comps)
         return false;
   }
   npu_foreach_src(a, s) {
      if (!npu_refs_equal(a->src[s], b->src[s]))
         return false;
   }
   return true;
}

void
npu_instr_copy_fields(struct npu_instr *to, const struct npu_instr *from)
{
#define COPY_FIELD(type, name, how) to->name = from->name;
   NPU_INSTR_FIELDS(COPY_FIELD)
#undef COPY_FIELD
   to->target = from->target;
}

/* ---- terminators ---- */

struct npu_instr *
npu_block_branch(const struct npu_block *block)
{
   npu_foreach_instr_in_block_rev(block, instr) {
      if (npu_instr_is_cond_branch(instr))
         return instr;
      if (!npu_instr_is_terminator(instr))
         break;
   }
   return NULL;
}

struct npu_instr *
npu_block_jmp(const struct npu_block *block)
{
   if (list_is_empty(&block->instrs))
      return NULL;
   struct npu_instr *last = list_last_entry(&block->instrs, struct npu_instr, link);
   return last->op == NPU_OP_JMP ? last : NULL;
}

static unsigned
inverted_branch(unsigned op)
{
   switch (op) {
   case NPU_OP_BR_ANY:
      return NPU_OP_BR_NONE;
   case NPU_OP_BR_NONE:
      return NPU_OP_BR_ANY;
   case NPU_OP_BR_NZ:
      return NPU_OP_BR_Z;
   case NPU_OP_BR_Z:
      return NPU_OP_BR_NZ;
   default:
      unreachable("not a conditional branch");
   }
}

void
npu_invert_branch(struct npu_block *block)
{
   struct npu_instr *branch = npu_block_branch(block);
   struct npu_instr *jmp = npu_block_jmp(block);

   branch->op = inverted_branch(branch->op);
   branch->target = block->succs[0];
   block->succs[0] = block->succs[1];
   block->succs[1] = branch->target;
   if (jmp)
      npu_instr_remove(jmp);
}
