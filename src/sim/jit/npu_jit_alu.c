// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Lane operations and mask operations: reading operands, choosing the generator, writing results.
//
// Operations are generated on operand bits in one of two shapes: chunk by chunk on vectors, or once on
// scalars. Results without the mask bit are written whole; no select is generated for them.

#include <assert.h>

#include "npu_jit_gen.h"

/* neg and abs of a float operand, on its bits. */
static LLVMValueRef
modify(struct npu_jit_shape t, const struct npu_inst *inst, unsigned i, unsigned bits,
       LLVMValueRef value)
{
   LLVMBuilderRef b = t.g->builder;
   uint64_t sign = 1ull << (bits - 1);

   if (inst->abs >> i & 1)
      value = LLVMBuildAnd(b, value, npu_jit_const(t, bits, sign - 1), "");
   if (inst->neg >> i & 1)
      value = LLVMBuildXor(b, value, npu_jit_const(t, bits, sign), "");
   return value;
}

static LLVMValueRef
lane_op(struct npu_jit_shape t, const struct npu_inst *inst, const LLVMValueRef *a)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (info->base == NPU_ALU_CVT)
      return npu_jit_cvt_op(t, inst, a);
   LLVMValueRef result = npu_jit_int_op(t, inst, a);
   return result ? result : npu_jit_float_op(t, inst, a);
}

/* fsin and fcos of f32 are generated for angles below 2^20. */
static bool
needs_small_angle(const struct npu_inst *inst)
{
   return inst->op == NPU_OP_FSIN_F32 || inst->op == NPU_OP_FCOS_F32;
}

static LLVMValueRef
is_small_angle(struct npu_jit_shape t, LLVMValueRef bits)
{
   LLVMBuilderRef b = t.g->builder;

   bits = LLVMBuildAnd(b, bits, npu_jit_const(t, 32, 0x7fffffff), "");
   return LLVMBuildICmp(b, LLVMIntULT, bits, npu_jit_const(t, 32, 0x49800000), "");
}

static bool
scalar_form(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct npu_jit_shape t = {g, 0};
   LLVMValueRef a[NPU_MAX_SRCS] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind == NPU_KIND_MASK) {
         LLVMValueRef value = npu_jit_source_scalar(g, i, 64);
         a[i] = LLVMBuildICmp(g->builder, LLVMIntNE, value, npu_jit_i64(g, 0), "");
      } else {
         a[i] = modify(t, inst, i, info->src[i].bits,
                       npu_jit_source_scalar(g, i, info->src[i].bits));
      }
   }
   LLVMBasicBlockRef join = NULL;
   if (needs_small_angle(inst))
      join = npu_jit_unless_handler(g, is_small_angle(t, a[0]));
   LLVMValueRef result = lane_op(t, inst, a);
   if (!result)
      return false;
   if (LLVMGetIntTypeWidth(LLVMTypeOf(result)) < 64)
      result = LLVMBuildZExt(g->builder, result, g->i64, "");
   npu_jit_write_s(g, inst->dst - NPU_REG_S(0), result);
   if (join)
      npu_jit_join(g, join);
   return true;
}

/* A condition operand: a mask, or a scalar for all lanes. */
static LLVMValueRef
condition(struct npu_jit_gen *g, unsigned i, unsigned chunk)
{
   unsigned reg = g->uop->inst.src[i];

   if (npu_reg_is_m(reg))
      return npu_jit_read_m(g, reg - NPU_REG_M(0), chunk);
   LLVMValueRef value = npu_jit_source_scalar(g, i, 64);
   return npu_jit_splat(g, LLVMBuildICmp(g->builder, LLVMIntNE, value, npu_jit_i64(g, 0), ""));
}

static void
write_mask(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef value, bool compare)
{
   const struct npu_inst *inst = &g->uop->inst;
   unsigned m = inst->dst - NPU_REG_M(0);

   if (inst->masked)
      value = LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), value,
                              npu_jit_read_m(g, m, chunk), "");
   else if (compare)
      value = LLVMBuildAnd(g->builder, value, npu_jit_exec(g, chunk), "");
   npu_jit_write_m(g, m, chunk, value);
}

void
npu_jit_write_lanes(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef value, unsigned bits)
{
   const struct npu_inst *inst = &g->uop->inst;
   bool wide = bits == 64;

   if (bits < 32)
      value = LLVMBuildZExt(g->builder, value, npu_jit_vec_of(g, g->i32), "");
   if (inst->masked)
      value = LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), value,
                              npu_jit_read_v(g, inst->dst, wide, chunk), "");
   npu_jit_write_v(g, inst->dst, wide, chunk, value);
}

/* One chunk of the result of a lane operation. NULL: not here. */
static LLVMValueRef
chunk_result(struct npu_jit_gen *g, unsigned chunk)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef a[NPU_MAX_SRCS] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      unsigned bits = info->src[i].bits;
      if (info->src[i].kind == NPU_KIND_MASK)
         a[i] = condition(g, i, chunk);
      else
         a[i] = modify(t, inst, i, bits, npu_jit_source_chunk(g, i, bits, chunk));
   }
   return lane_op(t, inst, a);
}

LLVMValueRef
npu_jit_alu_lane(struct npu_jit_gen *g, const LLVMValueRef *operands)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct npu_jit_shape t = {g, 0};
   LLVMValueRef a[NPU_MAX_SRCS] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      a[i] = operands[i];
      if (info->src[i].kind != NPU_KIND_MASK)
         a[i] = modify(t, inst, i, info->src[i].bits, operands[i]);
   }
   return lane_op(t, inst, a);
}

/* first: of its lanes, if it is known in another way. */
static void
write_chunk(struct npu_jit_gen *g, unsigned chunk, LLVMValueRef result, LLVMValueRef first)
{
   const struct npu_inst *inst = &g->uop->inst;

   if (npu_reg_is_m(inst->dst))
      write_mask(g, chunk, result, true);
   else
      npu_jit_write_lanes(g, chunk, result, npu_op_infos[inst->op].dst.bits);
   if (first)
      npu_jit_write_first(g, inst->dst, chunk, first);
}

void
npu_jit_alu_chunk(struct npu_jit_gen *g, unsigned chunk)
{
   LLVMValueRef result = chunk_result(g, chunk), first = npu_jit_known_first(g, chunk);

   assert(result && "npu_jit_is_lanewise() promised it");
   write_chunk(g, chunk, result, first);
}

bool
npu_jit_is_lanewise(const struct npu_jit_gen *g, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (info->is_memory || info->is_special || info->cross_lane || info->is_dma || info->is_branch ||
       info->side_effects || !info->has_dst || info->latency == NPU_LATENCY_MASK ||
       needs_small_angle(inst) || !g->host->has_avx2)
      return false;
   /* Of these some are left to the handlers. */
   return info->base != NPU_ALU_CVT || inst->round == NPU_ROUND_RTE ||
          npu_type_infos[info->type].kind != NPU_KIND_FLOAT;
}

bool
npu_jit_alu(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef result[NPU_JIT_MAX_CHUNKS], first[NPU_JIT_MAX_CHUNKS];
   LLVMBasicBlockRef join = NULL;

   if (npu_reg_is_s(inst->dst))
      return scalar_form(g);
   if (needs_small_angle(inst)) {
      LLVMValueRef large[NPU_JIT_MAX_CHUNKS];
      for (unsigned c = 0; c < g->chunks; c++) {
         LLVMValueRef x = modify(t, inst, 0, 32, npu_jit_source_chunk(g, 0, 32, c));
         large[c] = LLVMBuildAnd(g->builder, npu_jit_exec(g, c),
                                 LLVMBuildNot(g->builder, is_small_angle(t, x), ""), "");
      }
      join = npu_jit_unless_handler(g, LLVMBuildNot(g->builder, npu_jit_any(g, large), ""));
   }
   for (unsigned c = 0; c < g->chunks; c++) {
      result[c] = chunk_result(g, c);
      if (!result[c])
         return false;
      first[c] = npu_jit_known_first(g, c);
   }
   /* Only now: the destination may overlap a source. */
   for (unsigned c = 0; c < g->chunks; c++)
      write_chunk(g, c, result[c], first[c]);
   if (join)
      npu_jit_join(g, join);
   return true;
}

/* ---- masks ------------------------------------------------------------------------------- */

/* mtos, many, mcount */
static bool
mask_to_scalar(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS], value;

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_read_m(g, inst->src[0] - NPU_REG_M(0), c);
   if (inst->op == NPU_OP_MANY)
      value = npu_jit_any(g, chunks);
   else
      value = npu_jit_mask_bits(g, chunks);
   if (inst->op == NPU_OP_MCOUNT)
      value = npu_jit_call1(g, "llvm.ctpop", value);
   npu_jit_write_s(g, inst->dst - NPU_REG_S(0), LLVMBuildZExt(g->builder, value, g->i64, ""));
   return true;
}

LLVMValueRef
npu_jit_bit_op(struct npu_jit_gen *g, const LLVMValueRef *a)
{
   LLVMBuilderRef b = g->builder;

   switch (g->uop->inst.op) {
   case NPU_OP_MMOV:
      return a[0];
   case NPU_OP_MNOT:
      return LLVMBuildNot(b, a[0], "");
   case NPU_OP_MAND:
      return LLVMBuildAnd(b, a[0], a[1], "");
   case NPU_OP_MOR:
      return LLVMBuildOr(b, a[0], a[1], "");
   case NPU_OP_MXOR:
      return LLVMBuildXor(b, a[0], a[1], "");
   case NPU_OP_MANDN:
      return LLVMBuildAnd(b, a[0], LLVMBuildNot(b, a[1], ""), "");
   case NPU_OP_MSEL:
      return LLVMBuildSelect(b, a[0], a[1], a[2], "");
   default:
      return NULL;
   }
}

bool
npu_jit_mask_op(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   LLVMBuilderRef b = g->builder;
   LLVMValueRef result[NPU_JIT_MAX_CHUNKS];

   if (inst->op == NPU_OP_MTOS || inst->op == NPU_OP_MANY || inst->op == NPU_OP_MCOUNT)
      return mask_to_scalar(g);
   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef a[3] = {0}, value;
      for (unsigned i = 0; i < 3; i++) {
         if (npu_op_infos[inst->op].src[i].kind == NPU_KIND_MASK)
            a[i] = npu_jit_read_m(g, inst->src[i] - NPU_REG_M(0), c);
      }
      switch (inst->op) {
      case NPU_OP_MBCAST:
         value = npu_jit_source_scalar(g, 0, 64);
         value = LLVMBuildICmp(b, LLVMIntNE, value, npu_jit_i64(g, 0), "");
         result[c] = npu_jit_splat(g, value);
         break;
      case NPU_OP_MFROMS:
         result[c] = npu_jit_mask_chunk(g, npu_jit_source_scalar(g, 0, 32), c);
         break;
      default:
         result[c] = npu_jit_bit_op(g, a);
         break;
      }
      if (!result[c])
         return false;
   }
   for (unsigned c = 0; c < g->chunks; c++)
      write_mask(g, c, result[c], false);
   return true;
}
