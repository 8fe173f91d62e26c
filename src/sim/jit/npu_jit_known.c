// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores at lane offsets whose distances are known before the code runs (npu_jit_affine.c): the
// lanes of each chunk are consecutive, or all at one place.
//
// All that is needed of the offsets are those of the chunks' first lanes, as scalars. One test says
// whether they are in bounds and do not wrap; if not, the handler does the work. The vectors of offsets
// are made from the first lanes again where the handler or a fault record (npu_jit_fault.c) needs them,
// so mostly never.
//
// In groups 8 wide a chunk of 16 lanes has two rows. If narrower chunks make known what is not otherwise,
// the kernel is translated with those: an instruction more or less costs less than lanes one by one. The
// same where ids are made for such groups and accesses are left that the run has to look at.
//
// What it misses: accesses of which only some chunks are known.

#include "npu_jit_access.h"

/* ---- lanes whose distances are known ----------------------------------------------------- */

bool
npu_jit_lane_distance(const struct npu_jit_gen *g, const struct npu_jit_form *form, unsigned chunk,
                      uint32_t *distance)
{
   const uint32_t *lane = form->lane + chunk * g->width;

   *distance = lane[1] - lane[0];
   for (unsigned l = 2; l < g->width; l++) {
      if (lane[l] - lane[l - 1] != *distance)
         return false;
   }
   return true;
}

/* What is known of the lane offsets of a chunk in form o. *first: of its first lane, if that is known,
 * too. */
static enum npu_jit_known_kind
known_chunk(const struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned chunk,
            LLVMValueRef *first)
{
   const struct npu_inst *inst = a->inst;
   uint32_t distance;

   if (!npu_jit_is_form(a, NPU_OP_LD_O, NPU_OP_ST_O) || !npu_reg_is_v(inst->src[1]) ||
       (inst->space != NPU_SPACE_GLOBAL && inst->space != NPU_SPACE_LOCAL) ||
       !npu_jit_has_masks(g, a->width))
      return NPU_JIT_UNKNOWN;
   const struct npu_jit_form *form = npu_jit_known_form(g, inst->src[1]);
   if (!form)
      return NPU_JIT_UNKNOWN;
   const uint32_t lane = form->lane[chunk * g->width];
   *first = form->align_log2 == 32 ? LLVMConstInt(g->i32, lane, false) : NULL;
   if (!npu_jit_lane_distance(g, form, chunk, &distance))
      return NPU_JIT_UNKNOWN;
   if ((uint64_t)distance << inst->scale_log2 == a->size_B)
      return NPU_JIT_ROW;
   return distance == 0 && !a->is_store ? NPU_JIT_ONE : NPU_JIT_UNKNOWN;
}

/* Address of the first lane of a chunk, and whether the offset of the last one does not wrap. */
static LLVMValueRef
known_start(struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned chunk,
            enum npu_jit_known_kind kind, LLVMValueRef first, LLVMValueRef *stays)
{
   const struct npu_inst *inst = a->inst;
   LLVMBuilderRef b = g->builder;
   uint32_t span = (a->size_B >> inst->scale_log2) * (g->width - 1);
   LLVMValueRef last = npu_jit_i32(g, (inst->sx ? INT32_MAX : UINT32_MAX) - span);

   if (!first)
      first = npu_jit_read_first(g, inst->src[1], chunk);
   *stays = kind == NPU_JIT_ROW
               ? npu_jit_compare(g, inst->sx ? LLVMIntSLE : LLVMIntULE, first, last)
               : LLVMConstInt(g->i1, 1, false);
   first = inst->sx ? LLVMBuildSExt(b, first, g->i64, "") : LLVMBuildZExt(b, first, g->i64, "");
   first = LLVMBuildShl(b, first, npu_jit_i64(g, inst->scale_log2), "");
   return LLVMBuildAdd(b, npu_jit_base_address(g, a, NULL), first, "");
}

bool
npu_jit_find_known(struct npu_jit_gen *g, const struct npu_jit_access *a,
                   struct npu_jit_known_access *k)
{
   for (unsigned c = 0; c < g->chunks; c++) {
      if ((k->kind[c] = known_chunk(g, a, c, &k->first[c])) == NPU_JIT_UNKNOWN)
         return false;
   }
   for (unsigned c = 0; c < g->chunks; c++) {
      if (!k->first[c])
         k->first[c] = npu_jit_read_first(g, a->inst->src[1], c);
   }
   return true;
}

/* For a host fault: which access is at work, and what its lane offsets are made from. */
static void
note_known_access(struct npu_jit_gen *g, const struct npu_jit_known_access *k)
{
   uint32_t access = NPU_JIT_ACCESS_KNOWN | (uint32_t)__builtin_ctz(g->width) << 24 | g->index;

   if (g->repeatable)
      return;
   npu_jit_save_operands(g, NPU_JIT_BASES);
   g->volatile_stores = true;
   for (unsigned c = 0; c < g->chunks; c++) {
      access |= (uint32_t)(k->kind[c] == NPU_JIT_ROW) << (16 + c);
      npu_jit_store(g, k->first[c], g->frame, offsetof(struct npu_jit_frame, access_first) + 4 * c,
                    4);
   }
   g->volatile_stores = false;
   npu_jit_note(g, access);
}

/* For the handler: the offsets, made from those of the first lanes once more, so that the other way, where
 * nothing but these may be needed, need not make all of them. */
void
npu_jit_save_known_offsets(struct npu_jit_gen *g, const struct npu_jit_access *a,
                           const struct npu_jit_known_access *k)
{
   const struct npu_jit_form *form = npu_jit_known_form(g, a->inst->src[1]);

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef lanes[NPU_INTERP_LANES];
      for (unsigned l = 0; l < g->width; l++)
         lanes[l] = npu_jit_i32(g, form->lane[c * g->width + l] - form->lane[c * g->width]);
      npu_jit_save_chunk(g, a->inst->src[1], c,
                         LLVMBuildAdd(g->builder, npu_jit_splat(g, k->first[c]),
                                      LLVMConstVector(lanes, g->width), ""));
   }
}

/* One test for all chunks, then no branches but that of stores for partial rows. The handler does what is
 * out of bounds. */
void
npu_jit_known_access(struct npu_jit_gen *g, const struct npu_jit_access *a,
                     const struct npu_jit_place *place, const struct npu_jit_known_access *k,
                     LLVMBasicBlockRef slow, LLVMValueRef (*loaded)[4])
{
   LLVMBuilderRef b = g->builder;
   const bool local = a->inst->space == NPU_SPACE_LOCAL;
   LLVMValueRef pointer[NPU_JIT_MAX_CHUNKS], all = NULL, stays;
   LLVMValueRef safe = npu_jit_offset(g, g->wave, offsetof(struct npu_wave, result));

   if (!local)
      note_known_access(g, k);
   for (unsigned c = 0; c < g->chunks; c++) {
      const enum npu_jit_known_kind kind = k->kind[c];
      LLVMValueRef start = known_start(g, a, c, kind, k->first[c], &stays);
      LLVMValueRef limit = kind == NPU_JIT_ROW ? place->row_limit : place->limit;
      LLVMValueRef good = npu_jit_compare(g, LLVMIntULT, start, limit);
      LLVMValueRef active = npu_jit_chunk_active(g, c, false);
      good = LLVMBuildAnd(b, good, stays, "");
      pointer[c] = npu_jit_address_of(g, place->memory, start);
      /* Lanes that are not there have no address. */
      if (kind == NPU_JIT_ONE)
         pointer[c] = LLVMBuildSelect(b, LLVMBuildAnd(b, good, active, ""), pointer[c], safe, "");
      /* A row of them has nearly always a good one in the window; the handler does the others. */
      if (kind == NPU_JIT_ONE || local)
         good = LLVMBuildOr(b, good, LLVMBuildNot(b, active, ""), "");
      all = all ? LLVMBuildAnd(b, all, good, "") : good;
   }
   LLVMBasicBlockRef fast = npu_jit_new_block(g, "known");
   npu_jit_branch_likely(g, all, fast, slow);
   LLVMPositionBuilderAtEnd(b, fast);
   for (unsigned c = 0; c < g->chunks; c++) {
      if (k->kind[c] == NPU_JIT_ONE) {
         npu_jit_load_one(g, a, pointer[c], loaded[c]);
      } else if (a->is_store) {
         LLVMBasicBlockRef join = npu_jit_new_block(g, "");
         npu_jit_move_row(g, a, pointer[c], c, join, NULL);
         LLVMPositionBuilderAtEnd(b, join);
      } else {
         npu_jit_move_lanes(g, a, pointer[c], c, npu_jit_exec(g, c), loaded[c]);
      }
   }
}

/* ---- width of chunks --------------------------------------------------------------------- */

/* lane_id & 7: the number in a row of work-items, if groups are 8 wide. */
static bool
is_column_of_8(const struct npu_jit_gen *g, const struct npu_inst *inst)
{
   if (inst->op != NPU_OP_IAND_I32 || !npu_reg_is_v(inst->src[0]) || !npu_src_is_imm(inst->src[1]))
      return false;
   const struct npu_jit_form *form = npu_jit_known_form(g, inst->src[0]);
   uint64_t mask = inst->src[1] == NPU_SRC_LITERAL
                      ? inst->literal
                      : npu_src_inline_value(inst->src[1], NPU_TYPE_I32);
   bool is_lane = form && form->align_log2 == 32 && mask == 7;
   for (unsigned l = 0; is_lane && l < NPU_INTERP_LANES; l++)
      is_lane = form->lane[l] == l;
   return is_lane;
}

/* Accesses at lane offsets of which too little is known. *rows_of_8: the kernel is for groups 8 wide. */
static unsigned
count_unknown(struct npu_jit_gen *g, bool *rows_of_8)
{
   const struct npu_jit_flow *flow = g->flow;
   unsigned count = 0;

   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      npu_jit_known_begin(g, &flow->blocks[b]);
      for (uint32_t i = flow->blocks[b].first; i <= flow->blocks[b].last; i++) {
         const struct npu_uop *uop = &flow->kernel->uops[i];
         if (!npu_jit_is_executable(uop))
            break;
         const struct npu_jit_access a = npu_jit_access_of(&uop->inst);
         bool unknown = false;
         LLVMValueRef first;
         for (unsigned c = 0; npu_jit_is_form(&a, NPU_OP_LD_O, NPU_OP_ST_O) && c < g->chunks; c++)
            unknown |= known_chunk(g, &a, c, &first) == NPU_JIT_UNKNOWN;
         count += unknown;
         *rows_of_8 |= is_column_of_8(g, &uop->inst);
         npu_jit_known_step(g, &g->known, uop);
      }
   }
   return count;
}

static void
set_width(struct npu_jit_gen *g, unsigned width)
{
   npu_jit_known_free(g);
   g->width = width;
   g->chunks = NPU_INTERP_LANES / width;
   npu_jit_known_find(g);
}

void
npu_jit_find_width(struct npu_jit_gen *g)
{
   const unsigned widest = g->width;

   npu_jit_known_find(g);
   if (widest == NPU_JIT_MIN_WIDTH || !g->forms)
      return;
   bool rows_of_8 = false;
   unsigned wide = count_unknown(g, &rows_of_8);
   if (!wide)
      return;
   set_width(g, NPU_JIT_MIN_WIDTH);
   if (!g->forms || (2 * count_unknown(g, &rows_of_8) > wide && !rows_of_8))
      set_width(g, widest);
}

/* ---- the same in strips ------------------------------------------------------------------ */

bool
npu_jit_is_local_load(const struct npu_jit_gen *g, const struct npu_uop *uop)
{
   return g->forms && uop->inst.op == NPU_OP_LD_O && uop->inst.space == NPU_SPACE_LOCAL;
}

bool
npu_jit_is_known_load(const struct npu_jit_gen *g)
{
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   LLVMValueRef first;

   for (unsigned c = 0; c < g->chunks; c++) {
      if (known_chunk(g, &a, c, &first) == NPU_JIT_UNKNOWN)
         return false;
   }
   return true;
}

LLVMValueRef
npu_jit_known_load_check(struct npu_jit_gen *g, LLVMValueRef *pointers, uint32_t *rows)
{
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   struct npu_jit_place place = npu_jit_find_place(g, &a);
   LLVMValueRef all = NULL, first, stays;

   *rows = 0;
   for (unsigned c = 0; c < g->chunks; c++) {
      enum npu_jit_known_kind kind = known_chunk(g, &a, c, &first);
      *rows |= (uint32_t)(kind == NPU_JIT_ROW) << c;
      LLVMValueRef start = known_start(g, &a, c, kind, first, &stays);
      LLVMValueRef limit = kind == NPU_JIT_ROW ? place.row_limit : place.limit;
      LLVMValueRef good = npu_jit_compare(g, LLVMIntULT, start, limit);
      good = LLVMBuildAnd(g->builder, good, stays, "");
      all = all ? LLVMBuildAnd(g->builder, all, good, "") : good;
      pointers[c] = npu_jit_address_of(g, place.memory, start);
   }
   return all;
}

/* Inactive lanes are loaded, too: all are in bounds. */
void
npu_jit_known_load_chunk(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef pointer, bool row)
{
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   LLVMTypeRef element = npu_jit_int(g, 8 * a.width);
   LLVMTypeRef type = LLVMVectorType(element, g->width * a.count);
   LLVMValueRef all = NULL, value[4];

   if (row)
      all = npu_jit_masked_load(g, type, pointer, NULL);
   for (unsigned i = 0; i < a.count; i++)
      value[i] = row ? npu_jit_take_component(g, all, i, a.count)
                     : npu_jit_splat(g, npu_jit_load(g, element, pointer, i * a.width, 1));
   for (unsigned i = 0; i < a.count; i++)
      npu_jit_load_result(g, &a, i, chunk, value[i]);
}
