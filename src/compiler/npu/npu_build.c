/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Building IR: operand preparation, copies and selects across files, vectors, memory, terminators.
 */
#include "npu_builder.h"

#include <string.h>

/* Immediates get the width of their operand. A plain integer given for a float operand keeps its
 * bits. */
static void
cut_immediates(struct npu_instr *instr)
{
   npu_foreach_src(instr, s) {
      unsigned bits = npu_src_bits(instr, s);

      if (!npu_is_imm(instr->src[s]) || bits == 0)
         continue;
      instr->src[s].bits = bits;
      if (bits < 64)
         instr->src[s].imm &= BITFIELD64_MASK(bits);
   }
}

static struct npu_instr *
create(struct npu_builder *b, unsigned op, const struct npu_ref *dests, unsigned num_dests,
       const struct npu_ref *srcs, unsigned num_srcs)
{
   struct npu_instr *instr = npu_instr_create(b->shader, op, num_dests, num_srcs);

   if (num_dests)
      memcpy(instr->dest, dests, num_dests * sizeof(*dests));
   if (num_srcs)
      memcpy(instr->src, srcs, num_srcs * sizeof(*srcs));
   return instr;
}

struct npu_instr *
npu_build(struct npu_builder *b, unsigned op, const struct npu_ref *dests, unsigned num_dests,
          const struct npu_ref *srcs, unsigned num_srcs)
{
   struct npu_instr *instr = create(b, op, dests, num_dests, srcs, num_srcs);

   assert(op != NPU_OP_NONE && "the ISA has no such operation");
   cut_immediates(instr);
   npu_insert(&b->cursor, instr);
   return instr;
}

struct npu_instr *
npu_build_to(struct npu_builder *b, unsigned op, struct npu_ref dest, const struct npu_ref *srcs,
             unsigned num_srcs)
{
   assert((npu_op_is_pseudo(op) || npu_ir_op_info(op)->num_srcs == num_srcs) &&
          "as many sources as the opcode has");
   return npu_build(b, op, &dest, 1, srcs, num_srcs);
}

struct npu_ref
npu_build_alu(struct npu_builder *b, unsigned op, enum npu_file file, const struct npu_ref *srcs,
              unsigned num_srcs)
{
   unsigned bits = npu_ir_op_info(op)->dst.bits;

   /* A boolean in S is a 0 or 1 of 32 bits. */
   if (bits == 1 && file == NPU_FILE_S)
      bits = 32;
   struct npu_ref dest = npu_temp(b, file, bits, 1);
   npu_build_to(b, op, dest, srcs, num_srcs);
   return dest;
}

enum npu_file
npu_alu_file(unsigned op, const struct npu_ref *srcs, unsigned num_srcs)
{
   const struct npu_op_info *info = npu_ir_op_info(op);
   bool uniform = info->scalar_form_ok;

   if (info->dst.files == NPU_FILES_S)
      return NPU_FILE_S;
   if (!(info->dst.files & NPU_FILES_V) && !uniform)
      return NPU_FILE_M;

   for (unsigned s = 0; s < num_srcs; ++s) {
      enum npu_ref_kind kind = srcs[s].kind;
      if (kind == NPU_REF_EXEC || (kind != NPU_REF_IMM && srcs[s].file != NPU_FILE_S))
         uniform = false;
   }
   if (uniform && (info->dst.files & NPU_FILES_S))
      return NPU_FILE_S;
   return info->dst.files & NPU_FILES_M ? NPU_FILE_M : NPU_FILE_V;
}

struct npu_ref
npu_build_copy(struct npu_builder *b, enum npu_file file, unsigned bits, struct npu_ref src)
{
   if (file == NPU_FILE_M) {
      struct npu_ref dest = npu_temp(b, NPU_FILE_M, 1, 1);

      if (npu_is_imm(src)) {
         npu_mfroms_to(b, dest, npu_imm(src.imm ? UINT32_MAX : 0));
      } else if (src.file == NPU_FILE_S)
         npu_mbcast_to(b, dest, src);
      else
         npu_mmov_to(b, dest, src);
      return dest;
   }

   if (!npu_is_imm(src))
      bits = src.bits;
   struct npu_ref dest = npu_temp(b, file, bits, 1);
   if (bits == 64)
      npu_mov_b64_to(b, dest, src);
   else
      npu_mov_b32_to(b, dest, src);
   return dest;
}

struct npu_ref
npu_build_sel(struct npu_builder *b, enum npu_file file, unsigned bits, struct npu_ref cond,
              struct npu_ref x, struct npu_ref y)
{
   struct npu_ref dest = npu_temp(b, file, bits, 1);

   if (file == NPU_FILE_M)
      npu_msel_to(b, dest, cond, x, y);
   else if (bits == 64)
      npu_sel_b64_to(b, dest, cond, x, y);
   else
      npu_sel_b32_to(b, dest, cond, x, y);
   return dest;
}

struct npu_instr *
npu_build_set_exec(struct npu_builder *b, struct npu_ref mask)
{
   return npu_mmov_to(b, npu_exec(), mask);
}

struct npu_ref
npu_build_rdsr(struct npu_builder *b, unsigned sr)
{
   assert(sr < NPU_NUM_SRS && npu_sr_infos[sr].name && "special register exists");
   const struct npu_sr_info *info = &npu_sr_infos[sr];
   enum npu_file file = info->files & NPU_FILES_V ? NPU_FILE_V : NPU_FILE_S;
   struct npu_ref dest = npu_temp(b, file, info->bits, 1);

   npu_build_to(b, NPU_OP_RDSR, dest, NULL, 0)->sr_or_code = sr;
   return dest;
}

struct npu_instr *
npu_build_phi(struct npu_builder *b, struct npu_ref dest)
{
   struct npu_block *block = npu_cursor_block(b->cursor);
   struct npu_instr *phi = npu_instr_create(b->shader, NPU_OP_PHI, 1, npu_block_num_preds(block));
   struct npu_cursor cursor = npu_before_block(block);

   phi->dest[0] = dest;
   npu_insert(&cursor, phi);
   return phi;
}

/* ---- vectors ---- */

struct npu_ref
npu_build_collect(struct npu_builder *b, const struct npu_ref *comps, unsigned num)
{
   assert(num >= 1 && num <= NPU_MAX_COMPS && "1 to 4 components");
   if (num == 1)
      return comps[0];

   enum npu_file file = NPU_FILE_S;
   unsigned bits = 0;
   for (unsigned i = 0; i < num; ++i) {
      if (!npu_is_imm(comps[i])) {
         bits = MAX2(bits, comps[i].bits);
         file = comps[i].file;
      }
   }
   assert(bits && "an all-immediate vector has no type: copy a component first");

   struct npu_ref dest = npu_temp(b, file, bits, num);
   struct npu_instr *instr = npu_build(b, NPU_OP_COLLECT, &dest, 1, comps, num);
   npu_foreach_src(instr, s) {
      if (npu_is_imm(instr->src[s])) {
         instr->src[s].bits = bits;
         instr->src[s].imm &= BITFIELD64_MASK(bits);
      }
   }
   return dest;
}

void
npu_build_split(struct npu_builder *b, struct npu_ref vector, struct npu_ref *comps)
{
   if (vector.comps == 1) {
      comps[0] = vector;
      return;
   }
   for (unsigned i = 0; i < vector.comps; ++i)
      comps[i] = npu_temp(b, vector.file, vector.bits, 1);
   npu_build(b, NPU_OP_SPLIT, comps, vector.comps, &vector, 1);
}

/* ---- memory ---- */

static struct npu_instr *
build_memory(struct npu_builder *b, unsigned op, struct npu_ref dest, const struct npu_ref *srcs,
             unsigned num_srcs, struct npu_mem_fields mem)
{
   struct npu_instr *instr = create(b, op, &dest, npu_is_null(dest) ? 0 : 1, srcs, num_srcs);

   instr->width_log2 = mem.width_log2;
   instr->count = mem.count;
   instr->space = mem.space;
   instr->scale_log2 = mem.scale_log2;
   instr->sx = mem.sx;
   instr->imm = mem.imm;
   cut_immediates(instr);
   npu_insert(&b->cursor, instr);
   return instr;
}

struct npu_ref
npu_build_load(struct npu_builder *b, unsigned op, struct npu_ref base, struct npu_ref index,
               struct npu_mem_fields mem)
{
   assert(npu_ir_op_info(op)->is_load && "a load");
   enum npu_file file = op == NPU_OP_LD_S ? NPU_FILE_S : NPU_FILE_V;
   struct npu_ref dest = npu_temp(b, file, 8u << mem.width_log2, mem.count);
   struct npu_ref srcs[] = {base, index};

   build_memory(b, op, dest, srcs, 2, mem);
   return dest;
}

struct npu_instr *
npu_build_store(struct npu_builder *b, unsigned op, struct npu_ref base, struct npu_ref index,
                struct npu_ref data, struct npu_mem_fields mem)
{
   assert(npu_ir_op_info(op)->is_store && "a store");
   struct npu_ref srcs[] = {base, index, data};

   return build_memory(b, op, npu_null(), srcs, 3, mem);
}

struct npu_ref
npu_build_atomic(struct npu_builder *b, unsigned op, struct npu_ref base, struct npu_ref index,
                 struct npu_ref data, struct npu_ref data2, struct npu_mem_fields mem,
                 bool want_result)
{
   const struct npu_op_info *info = npu_ir_op_info(op);
   struct npu_ref srcs[] = {base, index, data, data2};
   struct npu_ref dest = npu_null();

   assert(info->is_atomic && "an atomic");
   mem.width_log2 = mem.count = mem.imm = 0;
   if (want_result)
      dest = npu_temp(b, NPU_FILE_V, info->dst.bits, 1);
   build_memory(b, op, dest, srcs, 4, mem)->noret = !want_result;
   return dest;
}

/* ---- terminators ---- */

struct npu_instr *
npu_build_branch(struct npu_builder *b, unsigned op, struct npu_ref cond, struct npu_block *target)
{
   struct npu_instr *instr = npu_build(b, op, NULL, 0, &cond, 1);

   assert(npu_instr_is_cond_branch(instr) && "a conditional branch");
   instr->target = target;
   npu_block_set_succ(instr->block, 1, target);
   return instr;
}

struct npu_instr *
npu_build_jmp(struct npu_builder *b, struct npu_block *target)
{
   struct npu_instr *instr = npu_build(b, NPU_OP_JMP, NULL, 0, NULL, 0);

   instr->target = target;
   npu_block_set_succ(instr->block, 0, target);
   return instr;
}

void
npu_build_fallthrough(struct npu_builder *b, struct npu_block *next)
{
   npu_block_set_succ(npu_cursor_block(b->cursor), 0, next);
}

struct npu_instr *
npu_build_end(struct npu_builder *b)
{
   return npu_build(b, NPU_OP_END, NULL, 0, NULL, 0);
}
