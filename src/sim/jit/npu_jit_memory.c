// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores as LLVM IR.
//
// Each access has a fast way, taken when a cheap test shows that it stays inside the window (global)
// or the local memory of the group, and a slow one, the interpreter's handler, which knows
// everything. The fast way of a global access may still meet a host fault. Then all that is left of
// the wave is its memory, so what a fault record needs is put there before: the uop, exec, and the
// address operands (npu_jit_fault.c).
//
// Unit stride becomes masked vector accesses. In the other forms each chunk of lanes is looked at when
// the code runs: consecutive lanes are one vector access, lanes that all load the same one load, what
// is left a gather or scatter. Without AVX-512 masked accesses are expensive: the vector way is taken
// when all lanes are active.
//
// A load whose result nobody reads is left to the handler: LLVM would remove it, and its fault.
//
// What it misses: generic space and the offset form in private space go to the handler; so do
// atomics.

#include "npu_jit_gen.h"

struct access {
   const struct npu_inst *inst;
   bool is_store;
   unsigned width, count, size_B; /* bytes of a component, components, bytes of a lane */
   bool wide;                     /* 64-bit lanes */
};

/* ---- small pieces ------------------------------------------------------------------------ */

static LLVMValueRef
add(struct npu_jit_gen *g, LLVMValueRef value, int64_t constant)
{
   return constant ? LLVMBuildAdd(g->builder, value, npu_jit_i64(g, (uint64_t)constant), "")
                   : value;
}

static LLVMValueRef
compare(struct npu_jit_gen *g, LLVMIntPredicate predicate, LLVMValueRef a, LLVMValueRef b)
{
   return LLVMBuildICmp(g->builder, predicate, a, b, "");
}

static LLVMValueRef
address_of(struct npu_jit_gen *g, LLVMValueRef pointer, LLVMValueRef offset)
{
   return LLVMBuildGEP2(g->builder, g->i8, pointer, &offset, 1, "");
}

/* Notes which access is at work, for a host fault. */
static void
note_access(struct npu_jit_gen *g)
{
   g->volatile_stores = true;
   npu_jit_store(g, npu_jit_i32(g, g->index), g->frame, offsetof(struct npu_jit_frame, access_uop),
                 4);
   g->volatile_stores = false;
}

/* Lane numbers of a chunk times a constant, as 64 bits. */
static LLVMValueRef
lane_numbers(struct npu_jit_gen *g, unsigned chunk, uint64_t factor)
{
   LLVMValueRef lanes[NPU_INTERP_LANES];

   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i64(g, (chunk * g->width + l) * factor);
   return LLVMConstVector(lanes, g->width);
}

/* Whether start .. start + size_B lies in [0, limit_B). */
static LLVMValueRef
in_bounds(struct npu_jit_gen *g, LLVMValueRef start, uint64_t size_B, LLVMValueRef limit_B)
{
   LLVMValueRef size = npu_jit_i64(g, size_B);
   LLVMValueRef fits = compare(g, LLVMIntULE, size, limit_B);
   LLVMValueRef last = LLVMBuildSub(g->builder, limit_B, size, "");

   return LLVMBuildAnd(g->builder, fits, compare(g, LLVMIntULE, start, last), "");
}

static LLVMValueRef
is_full(struct npu_jit_gen *g)
{
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_exec(g, c);
   return compare(g, LLVMIntEQ, npu_jit_mask_bits(g, chunks), npu_jit_i32(g, UINT32_MAX));
}

static bool
results_are_live(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   unsigned count = npu_inst_operand_regs(inst, -1);

   for (unsigned i = 0; i < count; i++) {
      unsigned reg = inst->dst + i;
      bool live = npu_reg_is_s(reg) ? g->live_after->s >> (reg - NPU_REG_S(0)) & 1
                                    : npu_jit_has_v(g->live_after, reg);
      if (!live)
         return false;
   }
   return true;
}

/* The data of a store as integers of the component's width. */
static LLVMValueRef
store_data(struct npu_jit_gen *g, const struct access *a, unsigned component, unsigned chunk)
{
   unsigned reg = a->inst->dst + component * (a->wide ? 2 : 1);
   LLVMValueRef value = npu_jit_read_v(g, reg, a->wide, chunk);

   if (a->width < 4)
      value = LLVMBuildTrunc(g->builder, value, npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width)),
                             "");
   return value;
}

static void
load_result(struct npu_jit_gen *g, const struct access *a, unsigned component, unsigned chunk,
            LLVMValueRef value)
{
   unsigned reg = a->inst->dst + component * (a->wide ? 2 : 1);

   if (a->width < 4)
      value = LLVMBuildZExt(g->builder, value, npu_jit_vec_of(g, g->i32), "");
   if (a->inst->masked)
      value = LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), value,
                              npu_jit_read_v(g, reg, a->wide, chunk), "");
   npu_jit_write_v(g, reg, a->wide, chunk, value);
}

/* ---- form s ------------------------------------------------------------------------------ */

static bool
scalar_access(struct npu_jit_gen *g, const struct access *a)
{
   bool local = a->inst->space == NPU_SPACE_LOCAL;
   LLVMTypeRef type = npu_jit_int(g, 8 * a->width);
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS], condition;
   LLVMValueRef start = add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm);
   unsigned first = a->inst->dst - NPU_REG_S(0);

   if (local)
      condition = in_bounds(g, start, a->size_B, g->local_size_B);
   else
      condition = compare(g, LLVMIntULT, start, g->fast_limit);
   if (a->is_store) {
      for (unsigned c = 0; c < g->chunks; c++)
         chunks[c] = npu_jit_exec(g, c);
      condition = LLVMBuildAnd(g->builder, condition, npu_jit_any(g, chunks), "");
   }
   if (!local)
      npu_jit_save_operands(g, true);
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   LLVMValueRef pointer = address_of(g, local ? g->local : g->window, start), value[4];
   if (!local)
      note_access(g);
   for (unsigned c = 0; c < a->count; c++) {
      if (a->is_store) {
         value[c] = npu_jit_read_s(g, first + c);
         if (a->width < 8)
            value[c] = LLVMBuildTrunc(g->builder, value[c], type, "");
         npu_jit_store(g, value[c], pointer, c * a->width, 1);
      } else {
         value[c] = npu_jit_load(g, type, pointer, c * a->width, 1);
         if (a->width < 8)
            value[c] = LLVMBuildZExt(g->builder, value[c], g->i64, "");
      }
   }
   for (unsigned c = 0; !a->is_store && c < a->count; c++)
      npu_jit_write_s(g, first + c, value[c]);
   npu_jit_join(g, join);
   return true;
}

/* ---- consecutive lanes ------------------------------------------------------------------- */

/* A mask for `count` components of each lane. */
static LLVMValueRef
spread_mask(struct npu_jit_gen *g, LLVMValueRef mask, unsigned count)
{
   LLVMValueRef indexes[NPU_INTERP_LANES * 4];

   if (count == 1)
      return mask;
   for (unsigned i = 0; i < g->width * count; i++)
      indexes[i] = npu_jit_i32(g, i / count);
   return LLVMBuildShuffleVector(g->builder, mask, LLVMGetPoison(LLVMTypeOf(mask)),
                                 LLVMConstVector(indexes, g->width * count), "");
}

static LLVMValueRef
masked_load(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef pointer, LLVMValueRef mask)
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

static void
masked_store(struct npu_jit_gen *g, LLVMValueRef value, LLVMValueRef pointer, LLVMValueRef mask)
{
   if (!mask) {
      LLVMSetAlignment(LLVMBuildStore(g->builder, value, pointer), 1);
      return;
   }
   LLVMTypeRef types[2] = {LLVMTypeOf(value), g->ptr};
   LLVMValueRef args[4] = {value, pointer, npu_jit_i32(g, 1), mask};
   npu_jit_intrinsic(g, "llvm.masked.store", types, 2, args, 4);
}

/* Component c of `count` interleaved ones. */
static LLVMValueRef
take_component(struct npu_jit_gen *g, LLVMValueRef all, unsigned c, unsigned count)
{
   LLVMValueRef indexes[NPU_INTERP_LANES];

   if (count == 1)
      return all;
   for (unsigned l = 0; l < g->width; l++)
      indexes[l] = npu_jit_i32(g, l * count + c);
   return LLVMBuildShuffleVector(g->builder, all, LLVMGetPoison(LLVMTypeOf(all)),
                                 LLVMConstVector(indexes, g->width), "");
}

/* The vectors a[0] .. a[count - 1] interleaved. */
static LLVMValueRef
interleave(struct npu_jit_gen *g, LLVMValueRef *a, unsigned count)
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

/* All lanes at start + lane * size_B; `full`: every lane is active. */
static void
consecutive(struct npu_jit_gen *g, const struct access *a, LLVMValueRef pointer, bool full)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);
   LLVMTypeRef type = LLVMVectorType(element, g->width * a->count);
   LLVMValueRef loaded[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef at = npu_jit_offset(g, pointer, c * g->width * a->size_B);
      LLVMValueRef mask = full ? NULL : spread_mask(g, npu_jit_exec(g, c), a->count);
      if (a->is_store) {
         LLVMValueRef parts[4];
         for (unsigned i = 0; i < a->count; i++)
            parts[i] = store_data(g, a, i, c);
         masked_store(g, interleave(g, parts, a->count), at, mask);
      } else {
         loaded[c] = masked_load(g, type, at, mask);
      }
   }
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         load_result(g, a, i, c, take_component(g, loaded[c], i, a->count));
   }
}

/* Whether the active lanes stay in local memory, when all 32 might not. */
static LLVMValueRef
active_in_bounds(struct npu_jit_gen *g, const struct access *a, LLVMValueRef start,
                 LLVMValueRef limit_B)
{
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_exec(g, c);
   LLVMValueRef bits = npu_jit_mask_bits(g, chunks);
   LLVMValueRef unused = npu_jit_call2(g, "llvm.ctlz", bits, LLVMConstInt(g->i1, 0, false));
   LLVMValueRef lanes = LLVMBuildSub(g->builder, npu_jit_i32(g, 32), unused, "");
   lanes = LLVMBuildZExt(g->builder, lanes, g->i64, "");
   LLVMValueRef size = LLVMBuildMul(g->builder, lanes, npu_jit_i64(g, a->size_B), "");
   LLVMValueRef room = LLVMBuildSub(g->builder, limit_B, start, "");
   LLVMValueRef starts = compare(g, LLVMIntULE, start, limit_B);
   return LLVMBuildAnd(g->builder, starts, compare(g, LLVMIntULE, size, room), "");
}

static bool
unit_stride(struct npu_jit_gen *g, const struct access *a)
{
   bool local = a->inst->space == NPU_SPACE_LOCAL;
   LLVMValueRef start = add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm), condition;
   bool full = !g->host->has_avx512;

   if (local) {
      LLVMValueRef limit_B = g->local_size_B;
      condition = active_in_bounds(g, a, start, limit_B);
   } else {
      condition = compare(g, LLVMIntULT, start, g->fast_limit);
      npu_jit_save_operands(g, true);
   }
   if (full)
      condition = LLVMBuildAnd(g->builder, condition, is_full(g), "");
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   if (!local)
      note_access(g);
   consecutive(g, a, address_of(g, local ? g->local : g->window, start), full);
   npu_jit_join(g, join);
   return true;
}

/* ---- private memory, rows of dwords ------------------------------------------------------ */

static bool
private_rows(struct npu_jit_gen *g, const struct access *a)
{
   bool whole_wave = a->inst->op == NPU_OP_LD_W || a->inst->op == NPU_OP_ST_W;
   LLVMBuilderRef b = g->builder;
   LLVMValueRef start = add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm);
   LLVMValueRef size_B = g->private_size_B;
   LLVMValueRef base = npu_jit_load(g, g->i64, g->wave, offsetof(struct npu_wave, private_va), 8);
   LLVMValueRef limit = g->fast_limit;
   LLVMTypeRef type = npu_jit_vec_of(g, g->i32), wide = npu_jit_vec_of(g, g->i64);
   struct npu_jit_shape t = {g, g->width};

   if (a->width < 4)
      return false;
   LLVMValueRef va = LLVMBuildMul(b, start, npu_jit_i64(g, NPU_INTERP_LANES), "");
   va = LLVMBuildAdd(b, base, va, "");
   LLVMValueRef odd = LLVMBuildAnd(b, start, npu_jit_i64(g, 3), "");
   LLVMValueRef condition = in_bounds(g, start, a->size_B, size_B);
   condition = LLVMBuildAnd(b, condition, compare(g, LLVMIntULT, va, limit), "");
   condition = LLVMBuildAnd(b, condition, compare(g, LLVMIntEQ, odd, npu_jit_i64(g, 0)), "");
   bool masked = a->is_store && !whole_wave;
   if (masked && !g->host->has_avx512)
      condition = LLVMBuildAnd(b, condition, is_full(g), "");
   npu_jit_save_operands(g, true);
   LLVMBasicBlockRef join = npu_jit_unless_handler(g, condition);
   LLVMValueRef row = address_of(g, g->window, va), loaded[NPU_JIT_MAX_CHUNKS][4];
   note_access(g);
   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef mask = masked && g->host->has_avx512 ? npu_jit_exec(g, c) : NULL;
      for (unsigned i = 0; i < a->count; i++) {
         unsigned first_B = i * (a->wide ? 2 : 1) * 4 * NPU_INTERP_LANES + c * g->width * 4;
         LLVMValueRef low = npu_jit_offset(g, row, first_B);
         LLVMValueRef high = npu_jit_offset(g, row, first_B + 4 * NPU_INTERP_LANES);
         LLVMValueRef upper = npu_jit_const(t, 64, 32);
         if (a->is_store) {
            LLVMValueRef value = store_data(g, a, i, c);
            masked_store(g, a->wide ? LLVMBuildTrunc(b, value, type, "") : value, low, mask);
            if (a->wide)
               masked_store(g, LLVMBuildTrunc(b, LLVMBuildLShr(b, value, upper, ""), type, ""),
                            high, mask);
            continue;
         }
         LLVMValueRef value = masked_load(g, type, low, NULL);
         if (a->wide) {
            LLVMValueRef top = LLVMBuildZExt(b, masked_load(g, type, high, NULL), wide, "");
            value = LLVMBuildOr(b, LLVMBuildZExt(b, value, wide, ""),
                                LLVMBuildShl(b, top, upper, ""), "");
         }
         loaded[c][i] = value;
      }
   }
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         load_result(g, a, i, c, loaded[c][i]);
   }
   npu_jit_join(g, join);
   return true;
}

/* ---- scattered lanes --------------------------------------------------------------------- */

static LLVMValueRef
lane_addresses(struct npu_jit_gen *g, const struct access *a, unsigned chunk)
{
   const struct npu_inst *inst = a->inst;
   struct npu_jit_shape t = {g, g->width};
   LLVMBuilderRef b = g->builder;
   LLVMValueRef imm = npu_jit_const(t, 64, (uint64_t)(int64_t)inst->imm), offset;

   if (inst->op == NPU_OP_LD_A || inst->op == NPU_OP_ST_A)
      return LLVMBuildAdd(b, npu_jit_source_chunk(g, 1, 64, chunk), imm, "");
   if (inst->op == NPU_OP_LD_X || inst->op == NPU_OP_ST_X) {
      LLVMValueRef stride = npu_jit_splat(g, npu_jit_source_scalar(g, 1, 64));
      offset = LLVMBuildMul(b, stride, lane_numbers(g, chunk, 1), "");
   } else {
      LLVMTypeRef type = npu_jit_vec_of(g, g->i64);
      offset = npu_jit_source_chunk(g, 1, 32, chunk);
      offset = inst->sx ? LLVMBuildSExt(b, offset, type, "") : LLVMBuildZExt(b, offset, type, "");
      offset = LLVMBuildShl(b, offset, npu_jit_const(t, 64, inst->scale_log2), "");
   }
   LLVMValueRef base = add(g, npu_jit_source_scalar(g, 0, 64), inst->imm);
   return LLVMBuildAdd(b, npu_jit_splat(g, base), offset, "");
}

static bool
has_gather(const struct npu_jit_gen *g, const struct access *a)
{
   return g->host->has_avx512 && a->width >= 4;
}

/* Lanes one by one: inactive ones access a harmless place. */
static LLVMValueRef
load_lanes(struct npu_jit_gen *g, const struct access *a, LLVMValueRef pointers)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);
   LLVMValueRef result = LLVMGetPoison(npu_jit_vec_of(g, element));

   for (unsigned l = 0; l < g->width; l++) {
      LLVMValueRef lane = npu_jit_i32(g, l);
      LLVMValueRef pointer = LLVMBuildExtractElement(g->builder, pointers, lane, "");
      LLVMValueRef value = npu_jit_load(g, element, pointer, 0, 1);
      result = LLVMBuildInsertElement(g->builder, result, value, lane, "");
   }
   return result;
}

static void
store_lanes(struct npu_jit_gen *g, LLVMValueRef pointers, LLVMValueRef data)
{
   for (unsigned l = 0; l < g->width; l++) {
      LLVMValueRef lane = npu_jit_i32(g, l);
      LLVMValueRef pointer = LLVMBuildExtractElement(g->builder, pointers, lane, "");
      npu_jit_store(g, LLVMBuildExtractElement(g->builder, data, lane, ""), pointer, 0, 1);
   }
}

static LLVMValueRef
component_pointers(struct npu_jit_gen *g, const struct access *a, LLVMValueRef memory,
                   LLVMValueRef address, unsigned component, unsigned chunk)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef offset = npu_jit_const(t, 64, component * a->width);
   LLVMValueRef pointers = address_of(g, memory, LLVMBuildAdd(g->builder, address, offset, ""));

   if (has_gather(g, a))
      return pointers;
   LLVMValueRef safe = npu_jit_offset(g, g->wave, offsetof(struct npu_wave, result));
   return LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), pointers, npu_jit_splat(g, safe), "");
}

/* A variable of the function for a loaded value: several ways lead to it. */
static LLVMValueRef
make_variable(struct npu_jit_gen *g, LLVMTypeRef type)
{
   LLVMBasicBlockRef here = LLVMGetInsertBlock(g->builder);

   LLVMPositionBuilderBefore(g->builder, LLVMGetBasicBlockTerminator(g->entry_block));
   LLVMValueRef variable = LLVMBuildAlloca(g->builder, type, "loaded");
   LLVMPositionBuilderAtEnd(g->builder, here);
   return variable;
}

/* One chunk, lane by lane. */
static void
scattered_chunk(struct npu_jit_gen *g, const struct access *a, LLVMValueRef memory,
                LLVMValueRef address, unsigned chunk, LLVMValueRef *loaded)
{
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));
   LLVMTypeRef types[2] = {type, npu_jit_vec_of(g, g->ptr)};
   LLVMValueRef align = npu_jit_i32(g, 1), exec = npu_jit_exec(g, chunk);

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef pointers = component_pointers(g, a, memory, address, i, chunk), value;
      if (a->is_store && has_gather(g, a)) {
         LLVMValueRef args[4] = {store_data(g, a, i, chunk), pointers, align, exec};
         npu_jit_intrinsic(g, "llvm.masked.scatter", types, 2, args, 4);
         continue;
      }
      if (a->is_store) {
         store_lanes(g, pointers, store_data(g, a, i, chunk));
         continue;
      }
      if (has_gather(g, a)) {
         LLVMValueRef args[4] = {pointers, align, exec, LLVMConstNull(type)};
         value = npu_jit_intrinsic(g, "llvm.masked.gather", types, 2, args, 4);
      } else {
         value = load_lanes(g, a, pointers);
      }
      LLVMBuildStore(g->builder, value, loaded[i]);
   }
}

/* One chunk whose lanes are consecutive, from `pointer` on. */
static void
consecutive_chunk(struct npu_jit_gen *g, const struct access *a, LLVMValueRef pointer,
                  unsigned chunk, bool full, LLVMValueRef *loaded)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);
   LLVMTypeRef type = LLVMVectorType(element, g->width * a->count);
   LLVMValueRef mask = full ? NULL : spread_mask(g, npu_jit_exec(g, chunk), a->count), parts[4];

   if (a->is_store) {
      for (unsigned i = 0; i < a->count; i++)
         parts[i] = store_data(g, a, i, chunk);
      masked_store(g, interleave(g, parts, a->count), pointer, mask);
      return;
   }
   LLVMValueRef all = masked_load(g, type, pointer, mask);
   for (unsigned i = 0; i < a->count; i++)
      LLVMBuildStore(g->builder, take_component(g, all, i, a->count), loaded[i]);
}

/* One chunk whose lanes all load from `pointer`. */
static void
uniform_chunk(struct npu_jit_gen *g, const struct access *a, LLVMValueRef pointer,
              LLVMValueRef *loaded)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef value = npu_jit_load(g, element, pointer, i * a->width, 1);
      LLVMBuildStore(g->builder, npu_jit_splat(g, value), loaded[i]);
   }
}

/* What can be said at run time about the addresses of a chunk. */
struct pattern {
   LLVMValueRef start;       /* address of its first lane */
   LLVMValueRef consecutive; /* i1: the active lanes are at start + lane * size_B */
   LLVMValueRef uniform;     /* i1: all at start, and there is one */
};

/* i1: the lanes of `value` that are active equal the first one. */
static LLVMValueRef
all_equal(struct npu_jit_gen *g, LLVMValueRef value, unsigned chunk)
{
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   LLVMValueRef first = LLVMBuildExtractElement(g->builder, value, npu_jit_i32(g, 0), "");
   LLVMValueRef differ = compare(g, LLVMIntNE, value, npu_jit_splat(g, first));

   differ = LLVMBuildAnd(g->builder, differ, npu_jit_exec(g, chunk), "");
   differ = LLVMBuildBitCast(g->builder, differ, bits, "");
   return compare(g, LLVMIntEQ, differ, LLVMConstInt(bits, 0, false));
}

static LLVMValueRef
chunk_active(struct npu_jit_gen *g, unsigned chunk, bool all)
{
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   LLVMValueRef exec = LLVMBuildBitCast(g->builder, npu_jit_exec(g, chunk), bits, "");
   LLVMValueRef none = LLVMConstInt(bits, 0, false);

   return all ? compare(g, LLVMIntEQ, exec, LLVMConstNot(none)) : compare(g, LLVMIntNE, exec, none);
}

/* Lane offsets of 32 bits: they are compared as such; a sum must not leave the 32 bits. */
static struct pattern
offset_pattern(struct npu_jit_gen *g, const struct access *a, unsigned chunk)
{
   const struct npu_inst *inst = a->inst;
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};
   uint32_t step = a->size_B >> inst->scale_log2, span = step * (g->width - 1);
   LLVMValueRef offset = npu_jit_source_chunk(g, 1, 32, chunk), lanes[NPU_INTERP_LANES];
   LLVMValueRef first = LLVMBuildExtractElement(b, offset, npu_jit_i32(g, 0), "");
   LLVMValueRef base = add(g, npu_jit_source_scalar(g, 0, 64), inst->imm), wide;
   struct pattern p = {.consecutive = LLVMConstInt(g->i1, 0, false)};

   wide = inst->sx ? LLVMBuildSExt(b, first, g->i64, "") : LLVMBuildZExt(b, first, g->i64, "");
   wide = LLVMBuildShl(b, wide, npu_jit_i64(g, inst->scale_log2), "");
   p.start = LLVMBuildAdd(b, base, wide, "");
   p.uniform = LLVMBuildAnd(b, all_equal(g, offset, chunk), chunk_active(g, chunk, false), "");
   if (step << inst->scale_log2 != a->size_B)
      return p;
   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i32(g, l * step);
   LLVMValueRef flat = LLVMBuildSub(b, offset, LLVMConstVector(lanes, t.width), "");
   LLVMValueRef last = npu_jit_i32(g, (inst->sx ? INT32_MAX : UINT32_MAX) - span);
   LLVMValueRef stays = compare(g, inst->sx ? LLVMIntSLE : LLVMIntULE, first, last);
   p.consecutive = LLVMBuildAnd(b, all_equal(g, flat, chunk), stays, "");
   return p;
}

static struct pattern
find_pattern(struct npu_jit_gen *g, const struct access *a, unsigned chunk)
{
   const struct npu_inst *inst = a->inst;
   LLVMBuilderRef b = g->builder;
   struct pattern p;

   if (inst->op == NPU_OP_LD_O || inst->op == NPU_OP_ST_O)
      return offset_pattern(g, a, chunk);
   LLVMValueRef address = lane_addresses(g, a, chunk);
   p.start = LLVMBuildExtractElement(b, address, npu_jit_i32(g, 0), "");
   if (inst->op == NPU_OP_LD_X || inst->op == NPU_OP_ST_X) {
      LLVMValueRef stride = npu_jit_source_scalar(g, 1, 64);
      p.consecutive = compare(g, LLVMIntEQ, stride, npu_jit_i64(g, a->size_B));
      p.uniform = compare(g, LLVMIntEQ, stride, npu_jit_i64(g, 0));
   } else {
      LLVMValueRef flat = LLVMBuildSub(b, address, lane_numbers(g, 0, a->size_B), "");
      p.consecutive = all_equal(g, flat, chunk);
      p.uniform = all_equal(g, address, chunk);
   }
   p.uniform = LLVMBuildAnd(b, p.uniform, chunk_active(g, chunk, false), "");
   return p;
}

/* Where accesses of a space may be: below `limit` if they are of a->size_B. */
struct space {
   bool local;
   LLVMValueRef memory, limit;
};

/* One chunk of an access in a form with lane addresses: consecutive, uniform or scattered; to
 * `slow` if a lane is out of bounds. */
static void
addressed_chunk(struct npu_jit_gen *g, const struct access *a, const struct space *space,
                unsigned chunk, LLVMBasicBlockRef slow, LLVMValueRef *loaded)
{
   LLVMBuilderRef b = g->builder;
   struct pattern p = find_pattern(g, a, chunk);
   LLVMBasicBlockRef row = npu_jit_new_block(g, "row"), other = npu_jit_new_block(g, "");
   LLVMBasicBlockRef one = npu_jit_new_block(g, "one"), lanes = npu_jit_new_block(g, "lanes");
   LLVMBasicBlockRef inside = npu_jit_new_block(g, "inside"), join = npu_jit_new_block(g, "");
   LLVMValueRef pointer = address_of(g, space->memory, p.start), fits;
   LLVMValueRef starts = compare(g, LLVMIntULT, p.start, space->limit);
   const bool full = !g->host->has_avx512;

   /* A window has a margin behind its limit, local memory has not. */
   fits = starts;
   if (space->local)
      fits = in_bounds(g, p.start, g->width * a->size_B, g->local_size_B);
   LLVMValueRef is_row = LLVMBuildAnd(b, p.consecutive, fits, "");
   if (full)
      is_row = LLVMBuildAnd(b, is_row, chunk_active(g, chunk, true), "");
   LLVMBuildCondBr(b, is_row, row, other);
   LLVMPositionBuilderAtEnd(b, row);
   consecutive_chunk(g, a, pointer, chunk, full, loaded);
   LLVMBuildBr(b, join);

   LLVMPositionBuilderAtEnd(b, other);
   LLVMValueRef is_one = a->is_store ? LLVMConstInt(g->i1, 0, false)
                                     : LLVMBuildAnd(b, p.uniform, starts, "");
   LLVMBuildCondBr(b, is_one, one, lanes);
   LLVMPositionBuilderAtEnd(b, one);
   if (!a->is_store)
      uniform_chunk(g, a, pointer, loaded);
   LLVMBuildBr(b, join);

   LLVMPositionBuilderAtEnd(b, lanes);
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   LLVMValueRef address = lane_addresses(g, a, chunk);
   LLVMValueRef outside = compare(g, LLVMIntUGE, address, npu_jit_splat(g, space->limit));
   outside = LLVMBuildAnd(b, outside, npu_jit_exec(g, chunk), "");
   outside = LLVMBuildBitCast(b, outside, bits, "");
   npu_jit_branch_likely(g, compare(g, LLVMIntEQ, outside, LLVMConstInt(bits, 0, false)), inside,
                         slow);
   LLVMPositionBuilderAtEnd(b, inside);
   scattered_chunk(g, a, space->memory, address, chunk, loaded);
   npu_jit_join(g, join);
}

static bool
any_addresses(struct npu_jit_gen *g, const struct access *a)
{
   struct space space = {.local = a->inst->space == NPU_SPACE_LOCAL};
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));
   LLVMValueRef loaded[NPU_JIT_MAX_CHUNKS][4];
   LLVMBasicBlockRef slow = npu_jit_new_block(g, "slow"), join = npu_jit_new_block(g, "");

   if (space.local) {
      LLVMValueRef size_B = npu_jit_i64(g, a->size_B);
      LLVMValueRef limit = g->local_size_B;
      LLVMValueRef room = add(g, LLVMBuildSub(g->builder, limit, size_B, ""), 1);
      space.limit = LLVMBuildSelect(g->builder, compare(g, LLVMIntUGE, limit, size_B), room,
                                    npu_jit_i64(g, 0), "");
      space.memory = g->local;
   } else {
      space.limit = g->fast_limit;
      space.memory = g->window;
      npu_jit_save_operands(g, true);
      note_access(g);
   }
   for (unsigned c = 0; c < g->chunks; c++) {
      for (unsigned i = 0; !a->is_store && i < a->count; i++)
         loaded[c][i] = make_variable(g, type);
      addressed_chunk(g, a, &space, c, slow, loaded[c]);
   }
   struct npu_jit_regs stored = g->stored;
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         load_result(g, a, i, c, LLVMBuildLoad2(g->builder, type, loaded[c][i], ""));
   }
   LLVMBuildBr(g->builder, join);

   struct npu_jit_regs after = g->stored;
   g->stored = stored;
   LLVMPositionBuilderAtEnd(g->builder, slow);
   npu_jit_call_handler(g);
   g->stored = after;
   npu_jit_join(g, join);
   return true;
}

/* ------------------------------------------------------------------------------------------ */

bool
npu_jit_memory(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (info->is_atomic || inst->space == NPU_SPACE_GENERIC)
      return false;
   if (info->is_load && !results_are_live(g))
      return false;
   struct access a = {
      .inst = inst,
      .is_store = info->is_store,
      .width = 1u << inst->width_log2,
      .count = inst->count,
      .size_B = (unsigned)inst->count << inst->width_log2,
      .wide = inst->width_log2 == 3,
   };
   switch (inst->op) {
   case NPU_OP_LD_S:
   case NPU_OP_ST_S:
      return inst->space != NPU_SPACE_PRIVATE && scalar_access(g, &a);
   case NPU_OP_LD_W:
   case NPU_OP_ST_W:
      return private_rows(g, &a);
   case NPU_OP_LD_U:
   case NPU_OP_ST_U:
      return inst->space == NPU_SPACE_PRIVATE ? private_rows(g, &a) : unit_stride(g, &a);
   default:
      return inst->space != NPU_SPACE_PRIVATE && any_addresses(g, &a);
   }
}
