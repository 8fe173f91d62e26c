// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores of several components by lanes whose addresses are far apart, as LLVM IR.
//
// A gather for each component would touch every lane's memory `count` times, and hosts execute gathers
// one lane after the other. Here each lane's bytes are moved once:
//
// - up to 8 bytes as one integer, which is a gather or scatter of integers and some shifts;
// - more in pieces of 16 bytes, each one vector access of the host. P pieces side by side (P components
//   fill one) form a P x P matrix in each 16 bytes of the vectors, which is transposed in registers. So
//   that shuffles stay inside of these 16 bytes, which is all that most hosts are quick at, row r is made of
//   lanes r, r + P, r + 2P ...
//
// Of lanes that load less, a few numbers apart, all is loaded that is between the first and the last one, in
// vectors, and each result is put together from those. No page is accessed that lanes do not access, as what
// is between them is smaller.
//
// Inactive lanes load where the first active one does. A store of some lanes only is left to scatters.
//
// What it misses: 3 components of 8 or 16 bits.

#include "npu_jit_access.h"

#define MAX_STRIDE 8 /* numbers: with more, as many loads as lanes */

bool
npu_jit_has_pieces(const struct npu_jit_access *a)
{
   return a->size_B > 8 && a->width >= 4;
}

bool
npu_jit_moves_lanes(const struct npu_jit_access *a)
{
   return npu_jit_has_pieces(a) ||
          (a->count > 1 && (a->size_B == 2 || a->size_B == 4 || a->size_B == 8));
}

/* ---- shuffles ---------------------------------------------------------------------------- */

static LLVMValueRef
shuffle(struct npu_jit_gen *g, LLVMValueRef x, LLVMValueRef y, const unsigned *at, unsigned count)
{
   LLVMValueRef indexes[2 * NPU_INTERP_LANES];

   for (unsigned i = 0; i < count; i++)
      indexes[i] = npu_jit_i32(g, at[i]);
   return LLVMBuildShuffleVector(g->builder, x, y, LLVMConstVector(indexes, count), "");
}

/* `num` vectors of `each` elements one behind the other; num is a power of two. */
static LLVMValueRef
concatenate(struct npu_jit_gen *g, LLVMValueRef *parts, unsigned num, unsigned each)
{
   unsigned at[NPU_INTERP_LANES];

   for (; num > 1; num /= 2, each *= 2) {
      for (unsigned i = 0; i < 2 * each; i++)
         at[i] = i;
      for (unsigned i = 0; i < num / 2; i++)
         parts[i] = shuffle(g, parts[2 * i], parts[2 * i + 1], at, 2 * each);
   }
   return parts[0];
}

/* The low or high halves of each 16 bytes of x and y, interleaved in units of `unit` elements. */
static LLVMValueRef
unpack(struct npu_jit_gen *g, LLVMValueRef x, LLVMValueRef y, unsigned per_piece, unsigned unit,
       bool high)
{
   unsigned at[NPU_INTERP_LANES], half = per_piece / 2;

   for (unsigned i = 0; i < g->width; i++) {
      unsigned piece = i / per_piece, k = i % per_piece, pair = k / (2 * unit);
      unsigned from = piece * per_piece + (high ? half : 0) + pair * unit + k % unit;
      at[i] = from + (k / unit % 2 ? g->width : 0);
   }
   return shuffle(g, x, y, at, g->width);
}

/* Transposes the P x P matrices of P vectors, P = 2 or 4. */
static void
transpose(struct npu_jit_gen *g, LLVMValueRef *v, unsigned p)
{
   if (p == 2) {
      LLVMValueRef low = unpack(g, v[0], v[1], 2, 1, false);
      v[1] = unpack(g, v[0], v[1], 2, 1, true);
      v[0] = low;
      return;
   }
   LLVMValueRef low01 = unpack(g, v[0], v[1], 4, 1, false),
                high01 = unpack(g, v[0], v[1], 4, 1, true);
   LLVMValueRef low23 = unpack(g, v[2], v[3], 4, 1, false),
                high23 = unpack(g, v[2], v[3], 4, 1, true);
   v[0] = unpack(g, low01, low23, 4, 2, false);
   v[1] = unpack(g, low01, low23, 4, 2, true);
   v[2] = unpack(g, high01, high23, 4, 2, false);
   v[3] = unpack(g, high01, high23, 4, 2, true);
}

/* ---- pieces ------------------------------------------------------------------------------ */

/* Components first .. first + count - 1 of each lane, at most a piece. */
static void
load_piece(struct npu_jit_gen *g, const struct npu_jit_access *a, const LLVMValueRef *pointers,
           unsigned first, unsigned count, LLVMValueRef *loaded)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width), type = LLVMVectorType(element, count);
   unsigned p = 16 / a->width, at[4];
   LLVMValueRef rows[4];

   for (unsigned i = 0; i < p; i++)
      at[i] = i; /* behind `count`: not defined */
   for (unsigned r = 0; r < p; r++) {
      LLVMValueRef parts[NPU_INTERP_LANES];
      for (unsigned q = 0; q < g->width / p; q++) {
         LLVMValueRef value = npu_jit_load(g, type, pointers[q * p + r], first * a->width, 1);
         LLVMSetVolatile(value, a->some_dead);
         if (count < p)
            value = shuffle(g, value, LLVMGetPoison(type), at, p);
         parts[q] = value;
      }
      rows[r] = concatenate(g, parts, g->width / p, p);
   }
   transpose(g, rows, p);
   for (unsigned i = 0; i < count; i++)
      loaded[first + i] = rows[i];
}

static void
store_piece(struct npu_jit_gen *g, const struct npu_jit_access *a, const LLVMValueRef *pointers,
            unsigned first, unsigned count, const LLVMValueRef *data)
{
   unsigned p = 16 / a->width, at[4];
   LLVMValueRef rows[4];

   for (unsigned i = 0; i < p; i++)
      rows[i] = i < count ? data[first + i] : LLVMGetPoison(LLVMTypeOf(data[0]));
   transpose(g, rows, p);
   for (unsigned l = 0; l < g->width; l++) {
      for (unsigned i = 0; i < count; i++)
         at[i] = l / p * p + i;
      LLVMValueRef value = shuffle(g, rows[l % p], rows[l % p], at, count);
      npu_jit_store(g, value, pointers[l], first * a->width, 1);
   }
}

void
npu_jit_load_pieces(struct npu_jit_gen *g, const struct npu_jit_access *a,
                    const LLVMValueRef *pointers, LLVMValueRef *loaded)
{
   unsigned p = 16 / a->width;

   for (unsigned i = 0; i < a->count; i += p)
      load_piece(g, a, pointers, i, a->count - i < p ? a->count - i : p, loaded);
}

void
npu_jit_store_pieces(struct npu_jit_gen *g, const struct npu_jit_access *a,
                     const LLVMValueRef *pointers, const LLVMValueRef *data)
{
   unsigned p = 16 / a->width;

   for (unsigned i = 0; i < a->count; i += p)
      store_piece(g, a, pointers, i, a->count - i < p ? a->count - i : p, data);
}

/* ---- small strides ----------------------------------------------------------------------- */

bool
npu_jit_has_strides(const struct npu_jit_access *a, uint64_t stride_B)
{
   return !a->is_store && !npu_jit_has_pieces(a) && stride_B % a->width == 0 &&
          stride_B > a->size_B && stride_B <= MAX_STRIDE * a->width;
}

void
npu_jit_load_strides(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                     uint64_t stride_B, LLVMValueRef *loaded)
{
   const unsigned w = g->width, stride = (unsigned)stride_B / a->width;
   const unsigned end = (w - 1) * stride + a->count; /* behind the last element */
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));

   for (unsigned first = 0; first < end; first += w) {
      const unsigned from = first + w <= end ? first : end - w;
      LLVMValueRef part = npu_jit_load(g, type, pointer, from * a->width, 1);
      LLVMSetVolatile(part, a->some_dead);
      for (unsigned i = 0; i < a->count; i++) {
         unsigned at[NPU_INTERP_LANES];
         for (unsigned l = 0; l < w; l++) {
            const unsigned element = l * stride + i;
            at[l] = element >= first && element < first + w ? w + element - from : l;
         }
         loaded[i] = shuffle(g, first ? loaded[i] : LLVMGetPoison(type), part, at, w);
      }
   }
}

/* ---- small lanes ------------------------------------------------------------------------- */

static void
load_small(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
           LLVMValueRef address, unsigned chunk, LLVMValueRef *loaded)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));
   LLVMValueRef all = npu_jit_gather(g, a->size_B, memory, address, chunk);

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef by = npu_jit_const(t, 8 * a->size_B, 8 * i * a->width);
      loaded[i] = LLVMBuildTrunc(g->builder, LLVMBuildLShr(g->builder, all, by, ""), type, "");
   }
}

static void
store_small(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
            LLVMValueRef address, unsigned chunk, LLVMValueRef *data)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->size_B));
   LLVMValueRef all = NULL;

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef by = npu_jit_const(t, 8 * a->size_B, 8 * i * a->width);
      LLVMValueRef part = LLVMBuildShl(g->builder, LLVMBuildZExt(g->builder, data[i], type, ""), by,
                                       "");
      all = all ? LLVMBuildOr(g->builder, all, part, "") : part;
   }
   npu_jit_scatter(g, a->size_B, memory, address, chunk, all);
}

/* ---- addresses in vectors ---------------------------------------------------------------- */

static void
lane_pointers(struct npu_jit_gen *g, LLVMValueRef memory, LLVMValueRef address,
              LLVMValueRef *pointers)
{
   for (unsigned l = 0; l < g->width; l++) {
      LLVMValueRef at = LLVMBuildExtractElement(g->builder, address, npu_jit_i32(g, l), "");
      pointers[l] = npu_jit_address_of(g, memory, at);
   }
}

/* Inactive lanes get the address of the first active one; there is one. */
static LLVMValueRef
only_active(struct npu_jit_gen *g, LLVMValueRef address, unsigned chunk)
{
   LLVMBuilderRef b = g->builder;
   LLVMTypeRef type = npu_jit_int(g, g->width);
   LLVMBasicBlockRef from[2] = {LLVMGetInsertBlock(b)}, join = npu_jit_new_block(g, "");
   LLVMValueRef value[2] = {address};

   from[1] = npu_jit_new_block(g, "partial");
   npu_jit_branch_likely(g, npu_jit_chunk_active(g, chunk, true), join, from[1]);
   LLVMPositionBuilderAtEnd(b, from[1]);
   LLVMValueRef exec = npu_jit_exec(g, chunk), bits = LLVMBuildBitCast(b, exec, type, "");
   LLVMValueRef first = npu_jit_call2(g, "llvm.cttz", bits, LLVMConstInt(g->i1, 1, false));
   value[1] = npu_jit_splat(g, LLVMBuildExtractElement(b, address, first, ""));
   value[1] = LLVMBuildSelect(b, exec, address, value[1], "");
   npu_jit_join(g, join);
   LLVMValueRef phi = LLVMBuildPhi(b, LLVMTypeOf(address), "");
   LLVMAddIncoming(phi, value, from, 2);
   return phi;
}

void
npu_jit_load_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
                   LLVMValueRef address, unsigned chunk, LLVMValueRef *loaded)
{
   LLVMValueRef pointers[NPU_INTERP_LANES];

   if (!npu_jit_has_pieces(a)) {
      load_small(g, a, memory, address, chunk, loaded);
      return;
   }
   lane_pointers(g, memory, only_active(g, address, chunk), pointers);
   npu_jit_load_pieces(g, a, pointers, loaded);
}

void
npu_jit_store_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef memory,
                    LLVMValueRef address, unsigned chunk, LLVMValueRef *data)
{
   LLVMValueRef pointers[NPU_INTERP_LANES];
   LLVMBasicBlockRef full, partial, join;
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};

   if (!npu_jit_has_pieces(a)) {
      store_small(g, a, memory, address, chunk, data);
      return;
   }
   full = npu_jit_new_block(g, "full");
   partial = npu_jit_new_block(g, "");
   join = npu_jit_new_block(g, "");
   npu_jit_branch_likely(g, npu_jit_chunk_active(g, chunk, true), full, partial);
   LLVMPositionBuilderAtEnd(b, full);
   lane_pointers(g, memory, address, pointers);
   npu_jit_store_pieces(g, a, pointers, data);
   LLVMBuildBr(b, join);
   LLVMPositionBuilderAtEnd(b, partial);
   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef offset = npu_jit_const(t, 64, i * a->width);
      npu_jit_scatter(g, a->width, memory, LLVMBuildAdd(b, address, offset, ""), chunk, data[i]);
   }
   npu_jit_join(g, join);
}
