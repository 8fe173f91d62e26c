// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores as LLVM IR: what all forms share, and those whose addresses are scalars.
//
// Each access has a fast way, taken when a cheap test shows that it stays inside the window (global)
// or the local memory of the group, and a slow one, the interpreter's handler, which knows
// everything. The fast way of a global access may still meet a host fault. Then all that is left of
// the wave is its memory, so what a fault record needs is put there before: the uop, exec, and the
// address operands (npu_jit_fault.c); unless the wave may simply begin again (npu_jit_repeat.c).
//
// A load whose result nobody reads is left to the handler: LLVM would remove it, and its fault. For
// components of a load that nobody reads the access is volatile, or the ends of pages are looked at.

#include "npu_jit_access.h"

/* ---- small pieces ------------------------------------------------------------------------ */

LLVMValueRef
npu_jit_add(struct npu_jit_gen *g, LLVMValueRef value, int64_t constant)
{
   return constant ? LLVMBuildAdd(g->builder, value, npu_jit_i64(g, (uint64_t)constant), "")
                   : value;
}

LLVMValueRef
npu_jit_compare(struct npu_jit_gen *g, LLVMIntPredicate predicate, LLVMValueRef a, LLVMValueRef b)
{
   return LLVMBuildICmp(g->builder, predicate, a, b, "");
}

LLVMValueRef
npu_jit_address_of(struct npu_jit_gen *g, LLVMValueRef pointer, LLVMValueRef offset)
{
   return LLVMBuildGEP2(g->builder, g->i8, pointer, &offset, 1, "");
}

void
npu_jit_note(struct npu_jit_gen *g, uint32_t access)
{
   g->volatile_stores = true;
   npu_jit_store(g, npu_jit_i32(g, access), g->frame, offsetof(struct npu_jit_frame, access), 4);
   g->volatile_stores = false;
}

void
npu_jit_note_access(struct npu_jit_gen *g)
{
   if (!g->repeatable)
      npu_jit_note(g, g->index);
}

void
npu_jit_note_start(struct npu_jit_gen *g)
{
   npu_jit_note(g, NPU_JIT_ACCESS_RESTART | NPU_JIT_ACCESS_START);
}

LLVMValueRef
npu_jit_limit(struct npu_jit_gen *g, LLVMValueRef limit_B, uint64_t size_B)
{
   LLVMValueRef room = npu_jit_add(g, limit_B, 1 - (int64_t)size_B);
   LLVMValueRef fits = npu_jit_compare(g, LLVMIntUGE, limit_B, npu_jit_i64(g, size_B));

   return LLVMBuildSelect(g->builder, fits, room, npu_jit_i64(g, 0), "");
}

LLVMValueRef
npu_jit_exec_bits(struct npu_jit_gen *g)
{
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_exec(g, c);
   return npu_jit_mask_bits(g, chunks);
}

/* How many of the result registers somebody reads. */
static unsigned
live_results(struct npu_jit_gen *g, unsigned *count)
{
   const struct npu_inst *inst = &g->uop->inst;
   unsigned live = 0;

   *count = npu_inst_operand_regs(inst, -1);
   for (unsigned i = 0; i < *count; i++) {
      unsigned reg = inst->dst + i;
      live += npu_reg_is_s(reg) ? g->live_after->s >> (reg - NPU_REG_S(0)) & 1
                                : npu_jit_has_v(g->live_after, reg);
   }
   return live;
}

LLVMValueRef
npu_jit_store_data(struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned component,
                   unsigned chunk)
{
   unsigned reg = a->inst->dst + component * (a->wide ? 2 : 1);
   LLVMValueRef value = npu_jit_read_v(g, reg, a->wide, chunk);

   if (a->width < 4)
      value = LLVMBuildTrunc(g->builder, value, npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width)),
                             "");
   return value;
}

void
npu_jit_load_result(struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned component,
                    unsigned chunk, LLVMValueRef value)
{
   unsigned reg = a->inst->dst + component * (a->wide ? 2 : 1);

   if (a->width < 4)
      value = LLVMBuildZExt(g->builder, value, npu_jit_vec_of(g, g->i32), "");
   if (a->inst->masked)
      value = LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), value,
                              npu_jit_read_v(g, reg, a->wide, chunk), "");
   npu_jit_write_v(g, reg, a->wide, chunk, value);
}

LLVMValueRef
npu_jit_chunk_active(struct npu_jit_gen *g, unsigned chunk, bool all)
{
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   LLVMValueRef exec = LLVMBuildBitCast(g->builder, npu_jit_exec(g, chunk), bits, "");
   LLVMValueRef none = LLVMConstInt(bits, 0, false);

   return all ? npu_jit_compare(g, LLVMIntEQ, exec, LLVMConstNot(none))
              : npu_jit_compare(g, LLVMIntNE, exec, none);
}

/* ---- vectors in memory ------------------------------------------------------------------- */

bool
npu_jit_has_masks(const struct npu_jit_gen *g, unsigned width_B)
{
   return g->host->has_avx512 || (g->host->has_avx2 && width_B >= 4);
}

/* Each bit of a mask three times, by arithmetic: the masks of three times as many 64-bit numbers LLVM would put
 * together bit by bit. */
static LLVMValueRef
spread_by_three(struct npu_jit_gen *g, LLVMValueRef mask)
{
   LLVMBuilderRef b = g->builder;
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   LLVMValueRef every_third = npu_jit_i64(g, 0x249249249249), parts[3],
                indexes[NPU_INTERP_LANES * 4];
   LLVMValueRef wide = LLVMBuildZExt(b, LLVMBuildBitCast(b, mask, bits, ""), g->i64, "");

   wide = npu_jit_intrinsic(g, "llvm.x86.bmi.pdep.64", NULL, 0, (LLVMValueRef[]){wide, every_third},
                            2);
   wide = LLVMBuildMul(b, wide, npu_jit_i64(g, 7), "");
   for (unsigned i = 0; i < 3; i++) {
      LLVMValueRef part = LLVMBuildLShr(b, wide, npu_jit_i64(g, i * g->width), "");
      parts[i] = LLVMBuildBitCast(b, LLVMBuildTrunc(b, part, bits, ""), LLVMTypeOf(mask), "");
   }
   for (unsigned i = 0; i < 4 * g->width; i++)
      indexes[i] = npu_jit_i32(g, i);
   LLVMValueRef two = LLVMConstVector(indexes, 2 * g->width);
   LLVMValueRef low = LLVMBuildShuffleVector(b, parts[0], parts[1], two, "");
   LLVMValueRef high = LLVMBuildShuffleVector(b, parts[2], parts[2], two, "");
   return LLVMBuildShuffleVector(b, low, high, LLVMConstVector(indexes, 3 * g->width), "");
}

LLVMValueRef
npu_jit_spread_mask(struct npu_jit_gen *g, LLVMValueRef mask, unsigned count)
{
   LLVMValueRef indexes[NPU_INTERP_LANES * 4];

   if (count == 1)
      return mask;
   if (count == 3 && g->host->has_avx512)
      return spread_by_three(g, mask);
   for (unsigned i = 0; i < g->width * count; i++)
      indexes[i] = npu_jit_i32(g, i / count);
   return LLVMBuildShuffleVector(g->builder, mask, LLVMGetPoison(LLVMTypeOf(mask)),
                                 LLVMConstVector(indexes, g->width * count), "");
}

LLVMValueRef
npu_jit_masked_load(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef pointer,
                    LLVMValueRef mask)
{
   if (!mask) {
      LLVMValueRef value = LLVMBuildLoad2(g->builder, type, pointer, "");
      LLVMSetAlignment(value, 1);
      return value;
   }
   LLVMTypeRef types[2] = {type, g->ptr};
   LLVMValueRef args[4] = {pointer, npu_jit_i32(g, 1), mask, LLVMConstNull(type)};
   return npu_jit_intrinsic(g, "llvm.masked.load", types, 2, args, 4);
}

void
npu_jit_masked_store(struct npu_jit_gen *g, LLVMValueRef value, LLVMValueRef pointer,
                     LLVMValueRef mask)
{
   if (!mask) {
      LLVMSetAlignment(LLVMBuildStore(g->builder, value, pointer), 1);
      return;
   }
   LLVMTypeRef types[2] = {LLVMTypeOf(value), g->ptr};
   LLVMValueRef args[4] = {value, pointer, npu_jit_i32(g, 1), mask};
   npu_jit_intrinsic(g, "llvm.masked.store", types, 2, args, 4);
}

LLVMValueRef
npu_jit_take_component(struct npu_jit_gen *g, LLVMValueRef all, unsigned c, unsigned count)
{
   LLVMValueRef indexes[NPU_INTERP_LANES];

   if (count == 1)
      return all;
   for (unsigned l = 0; l < g->width; l++)
      indexes[l] = npu_jit_i32(g, l * count + c);
   return LLVMBuildShuffleVector(g->builder, all, LLVMGetPoison(LLVMTypeOf(all)),
                                 LLVMConstVector(indexes, g->width), "");
}

LLVMValueRef
npu_jit_interleave(struct npu_jit_gen *g, LLVMValueRef *a, unsigned count)
{
   LLVMValueRef indexes[NPU_INTERP_LANES * 4];
   unsigned w = g->width;

   if (count == 1)
      return a[0];
   for (unsigned i = 0; i < 2 * w; i++)
      indexes[i] = npu_jit_i32(g, i);
   LLVMValueRef pair = LLVMConstVector(indexes, 2 * w);
   LLVMValueRef low = LLVMBuildShuffleVector(g->builder, a[0], a[1], pair, ""), high = low;
   if (count > 2)
      high = LLVMBuildShuffleVector(g->builder, a[2], a[count == 4 ? 3 : 2], pair, "");
   for (unsigned i = 0; i < count * w; i++)
      indexes[i] = npu_jit_i32(g, i % count * w + i / count);
   return LLVMBuildShuffleVector(g->builder, low, high, LLVMConstVector(indexes, count * w), "");
}

/* ---- form s ------------------------------------------------------------------------------ */

/* Where a scalar access goes: generic addresses of local memory lose their window. */
static LLVMValueRef
scalar_pointer(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef *condition)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef start = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm);
   LLVMValueRef local_limit = npu_jit_limit(g, g->local_size_B, a->size_B);

   if (a->inst->space == NPU_SPACE_LOCAL) {
      *condition = npu_jit_compare(g, LLVMIntULT, start, local_limit);
      return npu_jit_address_of(g, g->local, start);
   }
   *condition = npu_jit_compare(g, LLVMIntULT, start, g->fast_limit);
   LLVMValueRef global = npu_jit_address_of(g, g->window, start);
   if (a->inst->space == NPU_SPACE_GLOBAL)
      return global;
   LLVMValueRef offset = npu_jit_add(g, start, -(int64_t)NPU_LOCAL_WINDOW_VA);
   LLVMValueRef is_local = npu_jit_compare(g, LLVMIntULT, offset, local_limit);
   *condition = LLVMBuildOr(b, *condition, is_local, "");
   return LLVMBuildSelect(b, is_local, npu_jit_address_of(g, g->local, offset), global, "");
}

static bool
scalar_access(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   bool local = a->inst->space == NPU_SPACE_LOCAL;
   LLVMTypeRef type = npu_jit_int(g, 8 * a->width);
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS], condition, value[4];
   LLVMValueRef pointer = scalar_pointer(g, a, &condition);
   unsigned first = a->inst->dst - NPU_REG_S(0);

   if (a->is_store) {
      for (unsigned c = 0; c < g->chunks; c++)
         chunks[c] = npu_jit_exec(g, c);
      condition = LLVMBuildAnd(g->builder, condition, npu_jit_any(g, chunks), "");
   }
   if (!local)
      npu_jit_save_operands(g, NPU_JIT_ADDRESSES);
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   if (!local)
      npu_jit_note_access(g);
   for (unsigned c = 0; c < a->count; c++) {
      if (a->is_store) {
         value[c] = npu_jit_read_s(g, first + c);
         if (a->width < 8)
            value[c] = LLVMBuildTrunc(g->builder, value[c], type, "");
         npu_jit_store(g, value[c], pointer, c * a->width, 1);
      } else {
         value[c] = npu_jit_load(g, type, pointer, c * a->width, 1);
         LLVMSetVolatile(value[c], a->some_dead && !local);
         if (a->width < 8)
            value[c] = LLVMBuildZExt(g->builder, value[c], g->i64, "");
      }
   }
   for (unsigned c = 0; !a->is_store && c < a->count; c++)
      npu_jit_write_s(g, first + c, value[c]);
   npu_jit_join(g, join);
   return true;
}

/* ---- form u ------------------------------------------------------------------------------ */

/* All lanes at start + lane * size_B. */
static void
consecutive(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer, bool full)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);
   LLVMTypeRef type = LLVMVectorType(element, g->width * a->count);
   LLVMValueRef loaded[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef at = npu_jit_offset(g, pointer, c * g->width * a->size_B);
      LLVMValueRef mask = full ? NULL : npu_jit_spread_mask(g, npu_jit_exec(g, c), a->count);
      if (a->is_store) {
         LLVMValueRef parts[4];
         for (unsigned i = 0; i < a->count; i++)
            parts[i] = npu_jit_store_data(g, a, i, c);
         npu_jit_masked_store(g, npu_jit_interleave(g, parts, a->count), at, mask);
      } else {
         loaded[c] = npu_jit_masked_load(g, type, at, mask);
         if (!mask)
            LLVMSetVolatile(loaded[c], a->some_dead);
      }
   }
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         npu_jit_load_result(g, a, i, c, npu_jit_take_component(g, loaded[c], i, a->count));
   }
}

/* Whether the active lanes stay in local memory, when all 32 might not. */
static LLVMValueRef
active_in_bounds(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef start)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef unused = npu_jit_call2(g, "llvm.ctlz", npu_jit_exec_bits(g),
                                       LLVMConstInt(g->i1, 0, false));
   LLVMValueRef lanes = LLVMBuildSub(b, npu_jit_i32(g, 32), unused, "");
   LLVMValueRef size = LLVMBuildMul(b, LLVMBuildZExt(b, lanes, g->i64, ""),
                                    npu_jit_i64(g, a->size_B), "");
   LLVMValueRef room = LLVMBuildSub(b, g->local_size_B, start, "");
   LLVMValueRef starts = npu_jit_compare(g, LLVMIntULE, start, g->local_size_B);

   return LLVMBuildAnd(b, starts, npu_jit_compare(g, LLVMIntULE, size, room), "");
}

/* With masked accesses of the host. Stores of whole waves, which masks make slower, are told apart. */
static bool
unit_stride(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   bool local = a->inst->space == NPU_SPACE_LOCAL;
   LLVMValueRef start = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm), condition;

   if (local) {
      condition = active_in_bounds(g, a, start);
   } else {
      condition = npu_jit_compare(g, LLVMIntULT, start, g->fast_limit);
      npu_jit_save_operands(g, NPU_JIT_ADDRESSES);
   }
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   if (!local)
      npu_jit_note_access(g);
   LLVMValueRef pointer = npu_jit_address_of(g, local ? g->local : g->window, start);
   if (a->is_store) {
      LLVMBasicBlockRef full = npu_jit_new_block(g, "full"), partial = npu_jit_new_block(g, "");
      LLVMValueRef all = npu_jit_i32(g, UINT32_MAX);
      npu_jit_branch_likely(g, npu_jit_compare(g, LLVMIntEQ, npu_jit_exec_bits(g), all), full,
                            partial);
      LLVMPositionBuilderAtEnd(g->builder, full);
      consecutive(g, a, pointer, true);
      LLVMBuildBr(g->builder, join);
      LLVMPositionBuilderAtEnd(g->builder, partial);
   }
   consecutive(g, a, pointer, false);
   npu_jit_join(g, join);
   return true;
}

/* ------------------------------------------------------------------------------------------ */

struct npu_jit_access
npu_jit_access_of(const struct npu_inst *inst)
{
   return (struct npu_jit_access){
      .inst = inst,
      .is_store = npu_op_infos[inst->op].is_store,
      .width = 1u << inst->width_log2,
      .count = inst->count,
      .size_B = (unsigned)inst->count << inst->width_log2,
      .wide = inst->width_log2 == 3,
   };
}

bool
npu_jit_memory(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   unsigned count = 0, live = info->is_load ? live_results(g, &count) : 0;

   if (info->is_atomic || (info->is_load && !live))
      return false;
   struct npu_jit_access a = npu_jit_access_of(inst);
   a.some_dead = live < count;
   switch (inst->op) {
   case NPU_OP_LD_S:
   case NPU_OP_ST_S:
      return inst->space != NPU_SPACE_PRIVATE && scalar_access(g, &a);
   case NPU_OP_LD_W:
   case NPU_OP_ST_W:
      return npu_jit_private_rows(g, &a);
   case NPU_OP_LD_U:
   case NPU_OP_ST_U:
      if (inst->space == NPU_SPACE_PRIVATE)
         return npu_jit_private_rows(g, &a);
      if (inst->space == NPU_SPACE_GENERIC || !npu_jit_has_masks(g, a.width))
         return npu_jit_lane_access(g, &a);
      return unit_stride(g, &a);
   default:
      return npu_jit_lane_access(g, &a);
   }
}
