// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Cross-lane operations and special registers as LLVM IR.
//
// A lane that is known only at run time is read through memory: the chunks go to a scratch area of
// the wave.
//
// Shuffles, reductions and scans are in npu_jit_wave.c. What it misses: the clock is left to the
// handler.

#include "npu_jit_gen.h"

/* A lane of a source register; lane: i32, below 32. */
static LLVMValueRef
lane_of(struct npu_jit_gen *g, unsigned i, unsigned bits, LLVMValueRef lane)
{
   if (LLVMIsConstant(lane)) {
      unsigned number = (unsigned)LLVMConstIntGetZExtValue(lane);
      LLVMValueRef chunk = npu_jit_source_chunk(g, i, bits, number / g->width);
      return LLVMBuildExtractElement(g->builder, chunk, npu_jit_i32(g, number % g->width), "");
   }
   uint64_t scratch_B = offsetof(struct npu_wave, result);
   for (unsigned c = 0; c < g->chunks; c++)
      npu_jit_store(g, npu_jit_source_chunk(g, i, bits, c), g->wave,
                    scratch_B + c * g->width * bits / 8, 32);
   LLVMValueRef index = LLVMBuildZExt(g->builder, lane, g->i64, "");
   LLVMTypeRef type = npu_jit_int(g, bits);
   LLVMValueRef pointer = npu_jit_offset(g, g->wave, scratch_B);
   pointer = LLVMBuildInBoundsGEP2(g->builder, type, pointer, &index, 1, "");
   return npu_jit_load(g, type, pointer, 0, bits / 8);
}

static LLVMValueRef
exec_bits(struct npu_jit_gen *g)
{
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_exec(g, c);
   return npu_jit_mask_bits(g, chunks);
}

bool
npu_jit_cross(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   LLVMBuilderRef b = g->builder;
   const unsigned bits = npu_op_infos[inst->op].src[0].bits;
   LLVMValueRef lane, value;

   switch (inst->op) {
   case NPU_OP_ELECT: {
      LLVMValueRef exec = exec_bits(g);
      value = LLVMBuildAnd(b, exec, LLVMBuildNeg(b, exec, ""), "");
      unsigned m = inst->dst - NPU_REG_M(0);
      LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];
      for (unsigned c = 0; c < g->chunks; c++) {
         chunks[c] = npu_jit_mask_chunk(g, value, c);
         if (inst->masked)
            chunks[c] = LLVMBuildSelect(b, npu_jit_exec(g, c), chunks[c], npu_jit_read_m(g, m, c),
                                        "");
      }
      for (unsigned c = 0; c < g->chunks; c++)
         npu_jit_write_m(g, m, c, chunks[c]);
      return true;
   }
   case NPU_OP_READLANE_B32:
   case NPU_OP_READLANE_B64:
      lane = npu_jit_source_scalar(g, 1, 32);
      lane = LLVMBuildAnd(b, lane, npu_jit_i32(g, 31), "");
      break;
   case NPU_OP_READFIRST_B32:
   case NPU_OP_READFIRST_B64:
      /* With no lane active the count is 32, modulo 32 lane 0. */
      lane = npu_jit_call2(g, "llvm.cttz", exec_bits(g), LLVMConstInt(g->i1, 0, false));
      lane = LLVMBuildAnd(b, lane, npu_jit_i32(g, 31), "");
      break;
   default:
      return npu_jit_wave_op(g);
   }
   value = lane_of(g, 0, bits, lane);
   if (bits < 64)
      value = LLVMBuildZExt(b, value, g->i64, "");
   npu_jit_write_s(g, inst->dst - NPU_REG_S(0), value);
   return true;
}

/* ---- special registers ------------------------------------------------------------------- */

static LLVMValueRef
scalar_register(struct npu_jit_gen *g, unsigned sr)
{
   if (sr == NPU_SR_WAVE_ID)
      return LLVMBuildZExt(g->builder, g->wave_index, g->i64, "");
   return npu_jit_load(g, g->i64, g->frame, offsetof(struct npu_jit_frame, sr) + 8 * sr, 8);
}

static LLVMValueRef
lane_register(struct npu_jit_gen *g, unsigned sr, unsigned chunk)
{
   LLVMValueRef lanes[NPU_INTERP_LANES];

   if (sr >= NPU_SR_LOCAL_ID_X && sr <= NPU_SR_LOCAL_ID_Z) {
      uint64_t offset_B = offsetof(struct npu_jit_frame, local_id) + 8 * (sr - NPU_SR_LOCAL_ID_X);
      LLVMValueRef ids = npu_jit_load(g, g->ptr, g->frame, offset_B, 8);
      LLVMValueRef first = LLVMBuildZExt(g->builder, g->wave_index, g->i64, "");
      first = LLVMBuildMul(g->builder, first, npu_jit_i64(g, 4 * NPU_INTERP_LANES), "");
      ids = LLVMBuildInBoundsGEP2(g->builder, g->i8, ids, &first, 1, "");
      return npu_jit_load(g, npu_jit_vec_of(g, g->i32), ids, 4 * chunk * g->width, 4);
   }
   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i32(g, chunk * g->width + l);
   LLVMValueRef number = LLVMConstVector(lanes, g->width);
   if (sr == NPU_SR_LANE_ID)
      return number;
   LLVMValueRef first = LLVMBuildMul(g->builder, g->wave_index, npu_jit_i32(g, NPU_INTERP_LANES),
                                     "");
   return LLVMBuildAdd(g->builder, npu_jit_splat(g, first), number, "");
}

bool
npu_jit_special(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;

   if (inst->sr_or_code == NPU_SR_CLOCK)
      return false;
   if (npu_reg_is_s(inst->dst)) {
      npu_jit_write_s(g, inst->dst - NPU_REG_S(0), scalar_register(g, inst->sr_or_code));
      return true;
   }
   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef value = lane_register(g, inst->sr_or_code, c);
      if (inst->masked)
         value = LLVMBuildSelect(g->builder, npu_jit_exec(g, c), value,
                                 npu_jit_read_v(g, inst->dst, false, c), "");
      npu_jit_write_v(g, inst->dst, false, c, value);
   }
   return true;
}
