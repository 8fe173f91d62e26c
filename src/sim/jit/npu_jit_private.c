// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores of private memory at an address that all lanes have in common.
//
// The private memory of a wave is rows of dwords, one for each lane, so such an access is one of consecutive dwords: a
// row for each dword of a lane, two for a qword. Of bytes and halves a row is shifted, which place in it being
// the same for all lanes; storing them reads the row first, which is nobody else's.
//
// What it misses: addresses that are no multiple of the component's size go to the handler.

#include "npu_jit_access.h"

/* Where the dword of lane 0 is that private address `at` lies in. */
static LLVMValueRef
row_of(struct npu_jit_gen *g, LLVMValueRef base, LLVMValueRef at)
{
   LLVMValueRef row = LLVMBuildAnd(g->builder, at, npu_jit_i64(g, ~3ull), "");

   row = LLVMBuildMul(g->builder, row, npu_jit_i64(g, NPU_INTERP_LANES), "");
   return npu_jit_address_of(g, base, row);
}

/* Components of less than a dword, from private address `start` on; stored for the active lanes if `masked`. */
static void
parts_of_rows(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef base,
              LLVMValueRef start, bool masked)
{
   LLVMBuilderRef b = g->builder;
   LLVMTypeRef dwords = npu_jit_vec_of(g, g->i32);
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));
   LLVMValueRef loaded[4][NPU_JIT_MAX_CHUNKS];

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef at = npu_jit_add(g, start, i * a->width), row = row_of(g, base, at);
      LLVMValueRef shift = LLVMBuildAnd(b, LLVMBuildTrunc(b, at, g->i32, ""), npu_jit_i32(g, 3),
                                        "");
      shift = npu_jit_splat(g, LLVMBuildShl(b, shift, npu_jit_i32(g, 3), ""));
      for (unsigned c = 0; c < g->chunks; c++) {
         LLVMValueRef pointer = npu_jit_offset(g, row, c * g->width * 4);
         LLVMValueRef value = npu_jit_masked_load(g, dwords, pointer, NULL);
         if (!a->is_store) {
            LLVMSetVolatile(value, a->some_dead);
            value = LLVMBuildLShr(b, value, shift, "");
            loaded[i][c] = LLVMBuildTrunc(b, value, type, "");
            continue;
         }
         LLVMValueRef part = npu_jit_splat(g, npu_jit_i32(g, (1u << (8 * a->width)) - 1));
         LLVMValueRef data = LLVMBuildZExt(b, npu_jit_store_data(g, a, i, c), dwords, "");
         LLVMValueRef others = LLVMBuildNot(b, LLVMBuildShl(b, part, shift, ""), "");
         value = LLVMBuildAnd(b, value, others, "");
         value = LLVMBuildOr(b, value, LLVMBuildShl(b, data, shift, ""), "");
         npu_jit_masked_store(g, value, pointer, masked ? npu_jit_exec(g, c) : NULL);
      }
   }
   for (unsigned i = 0; !a->is_store && i < a->count; i++) {
      for (unsigned c = 0; c < g->chunks; c++)
         npu_jit_load_result(g, a, i, c, loaded[i][c]);
   }
}

/* Whole dwords. Rows at `row`: of all lanes, or stored for the active ones if `masked`. */
static void
whole_rows(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef row, bool masked)
{
   LLVMBuilderRef b = g->builder;
   LLVMTypeRef type = npu_jit_vec_of(g, g->i32), wide = npu_jit_vec_of(g, g->i64);
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef upper = npu_jit_const(t, 64, 32), loaded[NPU_JIT_MAX_CHUNKS][4];

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef mask = masked ? npu_jit_exec(g, c) : NULL;
      for (unsigned i = 0; i < a->count; i++) {
         unsigned first_B = i * (a->wide ? 2 : 1) * 4 * NPU_INTERP_LANES + c * g->width * 4;
         LLVMValueRef low = npu_jit_offset(g, row, first_B);
         LLVMValueRef high = npu_jit_offset(g, row, first_B + 4 * NPU_INTERP_LANES);
         if (a->is_store) {
            LLVMValueRef value = npu_jit_store_data(g, a, i, c);
            npu_jit_masked_store(g, a->wide ? LLVMBuildTrunc(b, value, type, "") : value, low,
                                 mask);
            if (a->wide)
               npu_jit_masked_store(g,
                                    LLVMBuildTrunc(b, LLVMBuildLShr(b, value, upper, ""), type, ""),
                                    high, mask);
            continue;
         }
         LLVMValueRef value = npu_jit_masked_load(g, type, low, NULL);
         LLVMSetVolatile(value, a->some_dead);
         if (a->wide) {
            LLVMValueRef top = npu_jit_masked_load(g, type, high, NULL);
            LLVMSetVolatile(top, a->some_dead);
            value = LLVMBuildOr(b, LLVMBuildZExt(b, value, wide, ""),
                                LLVMBuildShl(b, LLVMBuildZExt(b, top, wide, ""), upper, ""), "");
         }
         loaded[c][i] = value;
      }
   }
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         npu_jit_load_result(g, a, i, c, loaded[c][i]);
   }
}

bool
npu_jit_private_rows(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   bool whole_wave = a->inst->op == NPU_OP_LD_W || a->inst->op == NPU_OP_ST_W;
   LLVMBuilderRef b = g->builder;
   LLVMValueRef start = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm);
   LLVMValueRef base = npu_jit_load(g, g->i64, g->wave, offsetof(struct npu_wave, private_va), 8);

   LLVMValueRef va = LLVMBuildMul(b, start, npu_jit_i64(g, NPU_INTERP_LANES), "");
   va = LLVMBuildAdd(b, base, va, "");
   LLVMValueRef odd = LLVMBuildAnd(b, start, npu_jit_i64(g, a->width < 4 ? a->width - 1 : 3), "");
   LLVMValueRef limit = npu_jit_limit(g, g->private_size_B, a->size_B);
   LLVMValueRef condition = npu_jit_compare(g, LLVMIntULT, start, limit);
   condition = LLVMBuildAnd(b, condition, npu_jit_compare(g, LLVMIntULT, va, g->fast_limit), "");
   condition = LLVMBuildAnd(b, condition, npu_jit_compare(g, LLVMIntEQ, odd, npu_jit_i64(g, 0)),
                            "");
   bool masked = a->is_store && !whole_wave;
   bool has_masks = npu_jit_has_masks(g, 4);
   LLVMValueRef full = npu_jit_compare(g, LLVMIntEQ, npu_jit_exec_bits(g),
                                       npu_jit_i32(g, UINT32_MAX));
   if (masked && !has_masks)
      condition = LLVMBuildAnd(b, condition, full, "");
   npu_jit_save_operands(g, NPU_JIT_ADDRESSES);
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   npu_jit_note_access(g);
   if (a->width < 4)
      parts_of_rows(g, a, npu_jit_address_of(g, g->window, base), start, masked && has_masks);
   else
      whole_rows(g, a, npu_jit_address_of(g, g->window, va), masked && has_masks);
   npu_jit_join(g, join);
   return true;
}
