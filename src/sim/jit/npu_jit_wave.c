// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Shuffles, reductions and scans as LLVM IR.
//
// A shuffle is a permutation of the host's where it has one for 32-bit lanes (AVX-512: of two vectors,
// that is of the whole wave; AVX2: of each chunk, and a choice), else it goes through the wave's
// scratch memory lane by lane. 64-bit lanes are shuffled as two halves.
//
// Reductions and scans: inactive lanes get the operation's identity, which changes no result: x + -0,
// x * 1, min(x, +inf) are x. Where the order of the operations does not matter (integers, minimum,
// maximum) a reduction halves the wave five times, and a scan adds the wave to itself, shifted by
// 1, 2, 4, 8, 16 lanes (Hillis and Steele 1986). Sums and products of floats are specified in
// ascending order of lanes, so they are a chain of 32 scalar operations.

#include "npu_jit_gen.h"

/* ---- shuffle ----------------------------------------------------------------------------- */

/* Lanes of 32 bits: out[chunk][l] = in[number[chunk][l] % 32]. */
static void
shuffle_by_permute(struct npu_jit_gen *g, const LLVMValueRef *in, const LLVMValueRef *number,
                   LLVMValueRef *out)
{
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef three = npu_jit_const(t, 32, 3), two = npu_jit_const(t, 32, 2);

   for (unsigned c = 0; c < g->chunks; c++) {
      if (g->width == 16) {
         LLVMValueRef args[3] = {in[0], number[c], in[1]};
         out[c] = npu_jit_intrinsic(g, "llvm.x86.avx512.vpermi2var.d.512", NULL, 0, args, 3);
         continue;
      }
      LLVMValueRef from = LLVMBuildAnd(b, LLVMBuildLShr(b, number[c], three, ""), three, "");
      LLVMValueRef part[4];
      for (unsigned i = 0; i < 4; i++) {
         LLVMValueRef args[2] = {in[i], number[c]};
         part[i] = npu_jit_intrinsic(g, "llvm.x86.avx2.permd", NULL, 0, args, 2);
      }
      LLVMValueRef odd = LLVMBuildTrunc(b, from, npu_jit_vec_of(g, g->i1), "");
      LLVMValueRef high = LLVMBuildICmp(b, LLVMIntUGE, from, two, "");
      out[c] = LLVMBuildSelect(b, high, LLVMBuildSelect(b, odd, part[3], part[2], ""),
                               LLVMBuildSelect(b, odd, part[1], part[0], ""), "");
   }
}

static void
shuffle_by_memory(struct npu_jit_gen *g, const LLVMValueRef *in, const LLVMValueRef *number,
                  LLVMValueRef *out)
{
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef scratch = npu_jit_offset(g, g->wave, offsetof(struct npu_wave, result));

   for (unsigned c = 0; c < g->chunks; c++)
      npu_jit_store(g, in[c], scratch, c * g->width * 4, 4);
   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef lane = LLVMBuildAnd(b, number[c], npu_jit_const(t, 32, 31), "");
      out[c] = LLVMGetPoison(npu_jit_vec_of(g, g->i32));
      for (unsigned l = 0; l < g->width; l++) {
         LLVMValueRef at = npu_jit_i32(g, l), index = LLVMBuildExtractElement(b, lane, at, "");
         index = LLVMBuildZExt(b, index, g->i64, "");
         LLVMValueRef pointer = LLVMBuildInBoundsGEP2(b, g->i32, scratch, &index, 1, "");
         out[c] = LLVMBuildInsertElement(b, out[c], npu_jit_load(g, g->i32, pointer, 0, 4), at, "");
      }
   }
}

static void
shuffle32(struct npu_jit_gen *g, const LLVMValueRef *in, const LLVMValueRef *number,
          LLVMValueRef *out)
{
   bool permute = (g->host->has_avx512 && g->width == 16) || (g->host->has_avx2 && g->width == 8);

   if (permute)
      shuffle_by_permute(g, in, number, out);
   else
      shuffle_by_memory(g, in, number, out);
}

static bool
shuffle(struct npu_jit_gen *g)
{
   const unsigned bits = npu_op_infos[g->uop->inst.op].dst.bits;
   LLVMTypeRef narrow = npu_jit_vec_of(g, g->i32), wide = npu_jit_vec_of(g, g->i64);
   LLVMValueRef low[NPU_JIT_MAX_CHUNKS], high[NPU_JIT_MAX_CHUNKS], number[NPU_JIT_MAX_CHUNKS];
   LLVMValueRef upper = npu_jit_const((struct npu_jit_shape){g, g->width}, 64, 32);
   LLVMValueRef out[NPU_JIT_MAX_CHUNKS], top[NPU_JIT_MAX_CHUNKS];
   LLVMBuilderRef b = g->builder;

   for (unsigned c = 0; c < g->chunks; c++) {
      low[c] = npu_jit_source_chunk(g, 0, bits, c);
      number[c] = npu_jit_source_chunk(g, 1, 32, c);
      if (bits == 64) {
         high[c] = LLVMBuildTrunc(b, LLVMBuildLShr(b, low[c], upper, ""), narrow, "");
         low[c] = LLVMBuildTrunc(b, low[c], narrow, "");
      }
   }
   shuffle32(g, low, number, out);
   if (bits == 64)
      shuffle32(g, high, number, top);
   for (unsigned c = 0; c < g->chunks; c++) {
      if (bits == 64) {
         top[c] = LLVMBuildShl(b, LLVMBuildZExt(b, top[c], wide, ""), upper, "");
         out[c] = LLVMBuildOr(b, LLVMBuildZExt(b, out[c], wide, ""), top[c], "");
      }
      npu_jit_write_lanes(g, c, out[c], bits);
   }
   return true;
}

/* ---- reductions and scans ---------------------------------------------------------------- */

/* What is combined, and how. */
struct combination {
   struct npu_inst inst; /* the operation of two operands */
   enum npu_type type;
   unsigned bits;
   uint64_t identity;
   bool any_order;
};

/* In the order of the operations in the table. */
static const uint16_t int_ops[] = {NPU_ALU_IADD, NPU_ALU_IMUL, NPU_ALU_IMIN,
                                   NPU_ALU_IMAX, NPU_ALU_UMIN, NPU_ALU_UMAX,
                                   NPU_ALU_IAND, NPU_ALU_IOR,  NPU_ALU_IXOR};
static const uint16_t float_ops[] = {NPU_ALU_FADD, NPU_ALU_FMUL, NPU_ALU_FMIN, NPU_ALU_FMAX};

static uint64_t
identity_of(enum npu_alu base, enum npu_type type, unsigned bits)
{
   const uint64_t all = UINT64_MAX >> (64 - bits), sign = 1ull << (bits - 1);
   const uint64_t infinity = type == NPU_TYPE_F16   ? 0x7c00
                             : type == NPU_TYPE_F32 ? 0x7f800000
                                                    : 0x7ff0000000000000;

   switch (base) {
   case NPU_ALU_IMUL:
      return 1;
   case NPU_ALU_IMIN:
      return all >> 1;
   case NPU_ALU_IMAX:
   case NPU_ALU_FADD: /* -0 */
      return sign;
   case NPU_ALU_UMIN:
   case NPU_ALU_IAND:
      return all;
   case NPU_ALU_FMUL:
      return type == NPU_TYPE_F16 ? 0x3c00 : type == NPU_TYPE_F32 ? 0x3f800000 : 0x3ff0000000000000;
   case NPU_ALU_FMIN:
      return infinity;
   case NPU_ALU_FMAX:
      return infinity | sign;
   default:
      return 0;
   }
}

/* Combination of a reduction or scan; `ints`, `floats`: the first ones of its family. */
static struct combination
combination_of(const struct npu_op_info *info, enum npu_alu ints, enum npu_alu floats)
{
   struct combination how = {
      .type = (enum npu_type)info->type,
      .bits = npu_type_infos[info->type].bits,
   };
   bool is_float = npu_type_infos[info->type].kind == NPU_KIND_FLOAT;
   enum npu_alu base = (enum npu_alu)(is_float ? float_ops[info->base - floats]
                                               : int_ops[info->base - ints]);

   how.inst.op = npu_op_for(base, how.type);
   how.any_order = base != NPU_ALU_FADD && base != NPU_ALU_FMUL;
   how.identity = identity_of(base, how.type, how.bits);
   return how;
}

/* `count` lanes from `first` on of x and y behind it. */
static LLVMValueRef
slice(struct npu_jit_gen *g, LLVMValueRef x, LLVMValueRef y, unsigned first, unsigned count)
{
   LLVMValueRef lanes[NPU_INTERP_LANES];

   for (unsigned l = 0; l < count; l++)
      lanes[l] = npu_jit_i32(g, first + l);
   return LLVMBuildShuffleVector(g->builder, x, y, LLVMConstVector(lanes, count), "");
}

/* Not wider than the chunks: LLVM knows those types best. */
static LLVMValueRef
combine(struct npu_jit_shape t, const struct combination *how, LLVMValueRef x, LLVMValueRef y)
{
   LLVMValueRef a[NPU_MAX_SRCS] = {x, y};

   if (t.width > t.g->width) {
      struct npu_jit_shape half = {t.g, t.width / 2};
      unsigned n = half.width;
      x = combine(half, how, slice(t.g, a[0], a[0], 0, n), slice(t.g, a[1], a[1], 0, n));
      y = combine(half, how, slice(t.g, a[0], a[0], n, n), slice(t.g, a[1], a[1], n, n));
      return slice(t.g, x, y, 0, t.width);
   }
   LLVMValueRef result = npu_jit_int_op(t, &how->inst, a);

   return result ? result : npu_jit_float_op(t, &how->inst, a);
}

/* The source of the uop as one vector of 32 lanes, with the identity in inactive ones. */
static LLVMValueRef
whole_wave(struct npu_jit_gen *g, const struct combination *how)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef part[NPU_JIT_MAX_CHUNKS], none = npu_jit_const(t, how->bits, how->identity);

   for (unsigned c = 0; c < g->chunks; c++)
      part[c] = LLVMBuildSelect(g->builder, npu_jit_exec(g, c),
                                npu_jit_source_chunk(g, 0, how->bits, c), none, "");
   for (unsigned n = g->chunks, width = g->width; n > 1; n /= 2, width *= 2) {
      for (unsigned i = 0; i < n / 2; i++)
         part[i] = slice(g, part[2 * i], part[2 * i + 1], 0, 2 * width);
   }
   return part[0];
}

static LLVMValueRef
lane(struct npu_jit_gen *g, LLVMValueRef x, unsigned l)
{
   return LLVMBuildExtractElement(g->builder, x, npu_jit_i32(g, l), "");
}

static bool
reduce(struct npu_jit_gen *g, const struct combination *how)
{
   struct npu_jit_shape scalar = {g, 0};
   LLVMValueRef x = whole_wave(g, how), r = npu_jit_const(scalar, how->bits, how->identity);

   if (how->any_order) {
      for (unsigned n = NPU_INTERP_LANES / 2; n > 1; n /= 2)
         x = combine((struct npu_jit_shape){g, n}, how, slice(g, x, x, 0, n), slice(g, x, x, n, n));
      x = combine(scalar, how, lane(g, x, 0), lane(g, x, 1));
      /* The identity is first: of nothing but NaN it is the minimum. */
      r = combine(scalar, how, r, x);
   } else {
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
         r = combine(scalar, how, r, lane(g, x, l));
   }
   if (how->bits < 64)
      r = LLVMBuildZExt(g->builder, r, g->i64, "");
   npu_jit_write_s(g, g->uop->inst.dst - NPU_REG_S(0), r);
   return true;
}

static bool
scan(struct npu_jit_gen *g, const struct combination *how, bool exclusive)
{
   struct npu_jit_shape wave = {g, NPU_INTERP_LANES}, scalar = {g, 0};
   LLVMValueRef x = whole_wave(g, how), none = npu_jit_const(wave, how->bits, how->identity);

   if (how->any_order) {
      if (exclusive)
         x = slice(g, none, x, NPU_INTERP_LANES - 1, NPU_INTERP_LANES);
      for (unsigned k = 1; k < NPU_INTERP_LANES; k *= 2)
         x = combine(wave, how, slice(g, none, x, NPU_INTERP_LANES - k, NPU_INTERP_LANES), x);
      x = combine(wave, how, none, x);
   } else {
      LLVMValueRef r = npu_jit_const(scalar, how->bits, how->identity),
                   all = LLVMGetPoison(LLVMTypeOf(x));
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
         LLVMValueRef next = combine(scalar, how, r, lane(g, x, l));
         all = LLVMBuildInsertElement(g->builder, all, exclusive ? r : next, npu_jit_i32(g, l), "");
         r = next;
      }
      x = all;
   }
   for (unsigned c = 0; c < g->chunks; c++)
      npu_jit_write_lanes(g, c, slice(g, x, x, c * g->width, g->width), how->bits);
   return true;
}

bool
npu_jit_wave_op(struct npu_jit_gen *g)
{
   const struct npu_op_info *info = &npu_op_infos[g->uop->inst.op];
   struct combination how;

   if (info->base == NPU_ALU_SHUFFLE)
      return shuffle(g);
   if (info->base >= NPU_ALU_REDUCE_IADD && info->base <= NPU_ALU_REDUCE_FMAX) {
      how = combination_of(info, NPU_ALU_REDUCE_IADD, NPU_ALU_REDUCE_FADD);
      return reduce(g, &how);
   }
   if (info->base >= NPU_ALU_SCAN_INC_IADD && info->base <= NPU_ALU_SCAN_INC_FMAX) {
      how = combination_of(info, NPU_ALU_SCAN_INC_IADD, NPU_ALU_SCAN_INC_FADD);
      return scan(g, &how, false);
   }
   if (info->base >= NPU_ALU_SCAN_EXC_IADD && info->base <= NPU_ALU_SCAN_EXC_FMAX) {
      how = combination_of(info, NPU_ALU_SCAN_EXC_IADD, NPU_ALU_SCAN_EXC_FADD);
      return scan(g, &how, true);
   }
   return false;
}
