// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores whose lanes have addresses of their own, as LLVM IR.
//
// Each chunk of lanes is looked at when the code runs: consecutive lanes are one vector access, lanes
// that all load the same one load, what is left a gather or scatter, or lane by lane where the host
// has none. In private memory, where dwords of the lanes lie side by side, lanes with the same offset
// are consecutive.
//
// An access in generic space is to local memory if any active address is above the global ones; if
// not all of them are in the same memory, or some are private, the handler does it.
//
// What it misses: in private space, dwords only where the host has gathers, and loads of components
// that nobody reads go to the handler.

#include "npu_jit_access.h"

/* ---- addresses --------------------------------------------------------------------------- */

/* Lane numbers of a chunk times a constant, as 64 bits. */
static LLVMValueRef
lane_numbers(struct npu_jit_gen *g, unsigned chunk, uint64_t factor)
{
   LLVMValueRef lanes[NPU_INTERP_LANES];

   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i64(g, (chunk * g->width + l) * factor);
   return LLVMConstVector(lanes, g->width);
}

/* Scalar part of the addresses. */
LLVMValueRef
npu_jit_base_address(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef bias)
{
   LLVMValueRef base = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), a->inst->imm);

   return bias ? LLVMBuildSub(g->builder, base, bias, "") : base;
}

bool
npu_jit_is_form(const struct npu_jit_access *a, enum npu_op load, enum npu_op store)
{
   return a->inst->op == load || a->inst->op == store;
}

/* From lane to lane, in forms u and x. */
static LLVMValueRef
stride_of(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   return npu_jit_is_form(a, NPU_OP_LD_U, NPU_OP_ST_U) ? npu_jit_i64(g, a->size_B)
                                                       : npu_jit_source_scalar(g, 1, 64);
}

static LLVMValueRef
lane_addresses(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef bias,
               unsigned chunk)
{
   const struct npu_inst *inst = a->inst;
   struct npu_jit_shape t = {g, g->width};
   LLVMBuilderRef b = g->builder;
   LLVMValueRef offset;

   if (npu_jit_is_form(a, NPU_OP_LD_A, NPU_OP_ST_A)) {
      LLVMValueRef imm = npu_jit_const(t, 64, (uint64_t)(int64_t)inst->imm);
      offset = LLVMBuildAdd(b, npu_jit_source_chunk(g, 1, 64, chunk), imm, "");
      return bias ? LLVMBuildSub(b, offset, npu_jit_splat(g, bias), "") : offset;
   }
   if (npu_jit_is_form(a, NPU_OP_LD_O, NPU_OP_ST_O)) {
      LLVMTypeRef type = npu_jit_vec_of(g, g->i64);
      offset = npu_jit_source_chunk(g, 1, 32, chunk);
      offset = inst->sx ? LLVMBuildSExt(b, offset, type, "") : LLVMBuildZExt(b, offset, type, "");
      offset = LLVMBuildShl(b, offset, npu_jit_const(t, 64, inst->scale_log2), "");
   } else {
      offset = LLVMBuildMul(b, npu_jit_splat(g, stride_of(g, a)), lane_numbers(g, chunk, 1), "");
   }
   return LLVMBuildAdd(b, npu_jit_splat(g, npu_jit_base_address(g, a, bias)), offset, "");
}

/* i1: a condition of the lanes holds for any active one. */
static LLVMValueRef
any_active(struct npu_jit_gen *g, LLVMValueRef condition, unsigned chunk)
{
   LLVMTypeRef bits = npu_jit_int(g, g->width);

   condition = LLVMBuildAnd(g->builder, condition, npu_jit_exec(g, chunk), "");
   condition = LLVMBuildBitCast(g->builder, condition, bits, "");
   return npu_jit_compare(g, LLVMIntNE, condition, LLVMConstInt(bits, 0, false));
}

static LLVMValueRef
above_global(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMValueRef first = npu_jit_const(t, 64, NPU_LOCAL_WINDOW_VA), all = NULL;

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef above = npu_jit_compare(g, LLVMIntUGE, lane_addresses(g, a, NULL, c), first);
      above = LLVMBuildAnd(g->builder, above, npu_jit_exec(g, c), "");
      all = all ? LLVMBuildOr(g->builder, all, above, "") : above;
   }
   LLVMTypeRef bits = npu_jit_int(g, g->width);
   all = LLVMBuildBitCast(g->builder, all, bits, "");
   return npu_jit_compare(g, LLVMIntNE, all, LLVMConstInt(bits, 0, false));
}

struct npu_jit_place
npu_jit_find_place(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   LLVMBuilderRef b = g->builder;
   /* The window has a margin behind its limit, local memory has not. */
   struct npu_jit_place global = {.memory = g->window,
                                  .limit = g->fast_limit,
                                  .row_limit = g->fast_limit};
   struct npu_jit_place local = {
      .memory = g->local,
      .limit = npu_jit_limit(g, g->local_size_B, a->size_B),
      .row_limit = npu_jit_limit(g, g->local_size_B, g->width * a->size_B),
   };
   struct npu_jit_place mine = global;

   switch ((enum npu_space)a->inst->space) {
   case NPU_SPACE_GLOBAL:
      break;
   case NPU_SPACE_LOCAL:
      return local;
   case NPU_SPACE_PRIVATE: {
      LLVMValueRef va = npu_jit_load(g, g->i64, g->wave, offsetof(struct npu_wave, private_va), 8);
      LLVMValueRef end = LLVMBuildMul(b, g->private_size_B, npu_jit_i64(g, NPU_INTERP_LANES), "");
      end = LLVMBuildAdd(b, va, end, "");
      LLVMValueRef inside = npu_jit_compare(g, LLVMIntULE, end, g->fast_limit);
      LLVMValueRef limit = npu_jit_limit(g, g->private_size_B, a->size_B);
      mine.limit = LLVMBuildSelect(b, inside, limit, npu_jit_i64(g, 0), "");
      mine.memory = npu_jit_address_of(g, g->window, va);
      mine.row_limit = mine.limit;
      mine.private = true;
      break;
   }
   case NPU_SPACE_GENERIC: {
      LLVMValueRef is_local = above_global(g, a), window = npu_jit_i64(g, NPU_LOCAL_WINDOW_VA);
      mine.memory = LLVMBuildSelect(b, is_local, local.memory, global.memory, "");
      mine.bias = LLVMBuildSelect(b, is_local, window, npu_jit_i64(g, 0), "");
      mine.limit = LLVMBuildSelect(b, is_local, local.limit, global.limit, "");
      mine.row_limit = LLVMBuildSelect(b, is_local, local.row_limit, global.row_limit, "");
      break;
   }
   }
   return mine;
}

/* ---- patterns ---------------------------------------------------------------------------- */

/* What can be said at run time about the addresses of a chunk. */
struct pattern {
   LLVMValueRef start;       /* address of its first lane */
   LLVMValueRef consecutive; /* i1: the active lanes are at start + lane * size_B */
   LLVMValueRef uniform;     /* i1: all at start, and there is one */
   uint64_t stride_B;        /* what the code says: distance of the lanes, neither of these; or 0 */
   LLVMValueRef stays;       /* i1: with that, no lane offset wraps; or NULL */
};

/* i1: the lanes of `value` that are active equal the first one. */
static LLVMValueRef
all_equal(struct npu_jit_gen *g, LLVMValueRef value, unsigned chunk)
{
   LLVMValueRef first = LLVMBuildExtractElement(g->builder, value, npu_jit_i32(g, 0), "");
   LLVMValueRef differ = npu_jit_compare(g, LLVMIntNE, value, npu_jit_splat(g, first));

   return LLVMBuildNot(g->builder, any_active(g, differ, chunk), "");
}

/* The distance in form o of the lanes of a chunk, in its units, if the code tells and it is small; or 0. */
static uint32_t
known_distance(const struct npu_jit_gen *g, const struct npu_jit_access *a, unsigned chunk)
{
   const unsigned src = a->inst->src[1];
   const struct npu_jit_form *form = npu_reg_is_v(src) ? npu_jit_known_form(g, src) : NULL;
   uint32_t distance;

   if (!form || !npu_jit_lane_distance(g, form, chunk, &distance))
      return 0;
   return distance < NPU_PAGE_SIZE_B ? distance : 0;
}

/* Lane offsets of 32 bits: they are compared as such; a sum must not leave the 32 bits. */
static struct pattern
offset_pattern(struct npu_jit_gen *g, const struct npu_jit_access *a,
               const struct npu_jit_place *place, unsigned chunk)
{
   const struct npu_inst *inst = a->inst;
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};
   uint32_t step = a->size_B >> inst->scale_log2, span = step * (g->width - 1);
   LLVMValueRef offset = npu_jit_source_chunk(g, 1, 32, chunk), lanes[NPU_INTERP_LANES];
   LLVMValueRef first = LLVMBuildExtractElement(b, offset, npu_jit_i32(g, 0), "");
   LLVMValueRef base = npu_jit_base_address(g, a, place->bias), wide;
   struct pattern p = {.consecutive = LLVMConstInt(g->i1, 0, false)};

   wide = inst->sx ? LLVMBuildSExt(b, first, g->i64, "") : LLVMBuildZExt(b, first, g->i64, "");
   wide = LLVMBuildShl(b, wide, npu_jit_i64(g, inst->scale_log2), "");
   p.start = LLVMBuildAdd(b, base, wide, "");
   const uint32_t distance = known_distance(g, a, chunk);
   if (distance && (uint64_t)distance << inst->scale_log2 != a->size_B) {
      const uint32_t most = inst->sx ? INT32_MAX : UINT32_MAX;
      LLVMValueRef highest = npu_jit_i32(g, most - distance * (g->width - 1));
      p.uniform = p.consecutive;
      p.stride_B = (uint64_t)distance << inst->scale_log2;
      p.stays = npu_jit_compare(g, inst->sx ? LLVMIntSLE : LLVMIntULE, first, highest);
      return p;
   }
   p.uniform = LLVMBuildAnd(b, all_equal(g, offset, chunk), npu_jit_chunk_active(g, chunk, false),
                            "");
   if (step << inst->scale_log2 != a->size_B)
      return p;
   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i32(g, l * step);
   LLVMValueRef flat = LLVMBuildSub(b, offset, LLVMConstVector(lanes, t.width), "");
   LLVMValueRef last = npu_jit_i32(g, (inst->sx ? INT32_MAX : UINT32_MAX) - span);
   LLVMValueRef stays = npu_jit_compare(g, inst->sx ? LLVMIntSLE : LLVMIntULE, first, last);
   p.consecutive = LLVMBuildAnd(b, all_equal(g, flat, chunk), stays, "");
   return p;
}

static struct pattern
find_pattern(struct npu_jit_gen *g, const struct npu_jit_access *a,
             const struct npu_jit_place *place, unsigned chunk)
{
   LLVMBuilderRef b = g->builder;
   struct pattern p = {.stride_B = 0};

   if (npu_jit_is_form(a, NPU_OP_LD_O, NPU_OP_ST_O))
      return offset_pattern(g, a, place, chunk);
   LLVMValueRef address = lane_addresses(g, a, place->bias, chunk);
   p.start = LLVMBuildExtractElement(b, address, npu_jit_i32(g, 0), "");
   if (npu_jit_is_form(a, NPU_OP_LD_A, NPU_OP_ST_A)) {
      LLVMValueRef flat = LLVMBuildSub(b, address, lane_numbers(g, 0, a->size_B), "");
      p.consecutive = all_equal(g, flat, chunk);
      p.uniform = all_equal(g, address, chunk);
   } else {
      LLVMValueRef stride = stride_of(g, a);
      p.consecutive = npu_jit_compare(g, LLVMIntEQ, stride, npu_jit_i64(g, a->size_B));
      p.uniform = npu_jit_compare(g, LLVMIntEQ, stride, npu_jit_i64(g, 0));
      if (LLVMIsAConstantInt(stride) && LLVMConstIntGetZExtValue(stride) != a->size_B)
         p.stride_B = LLVMConstIntGetZExtValue(stride);
   }
   p.uniform = LLVMBuildAnd(b, p.uniform, npu_jit_chunk_active(g, chunk, false), "");
   return p;
}

LLVMValueRef
npu_jit_is_regular(struct npu_jit_gen *g)
{
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   const struct npu_jit_place place = npu_jit_find_place(g, &a);
   LLVMValueRef all = NULL;

   for (unsigned c = 0; c < g->chunks; c++) {
      struct pattern p = find_pattern(g, &a, &place, c);
      LLVMValueRef regular = LLVMBuildOr(g->builder, p.consecutive, p.uniform, "");
      regular = LLVMBuildOr(g->builder, regular,
                            LLVMBuildNot(g->builder, npu_jit_chunk_active(g, c, false), ""), "");
      all = all ? LLVMBuildAnd(g->builder, all, regular, "") : regular;
   }
   return all;
}

/* ---- gathers and scatters ---------------------------------------------------------------- */

static bool
has_gather(const struct npu_jit_gen *g, unsigned width_B)
{
   return g->host->has_avx512 && width_B >= 4;
}

/* Pointers of the lanes; without gathers inactive ones access a harmless place. */
static LLVMValueRef
lane_pointers(struct npu_jit_gen *g, unsigned width_B, LLVMValueRef memory, LLVMValueRef address,
              unsigned chunk)
{
   LLVMValueRef pointers = npu_jit_address_of(g, memory, address);

   if (has_gather(g, width_B))
      return pointers;
   LLVMValueRef safe = npu_jit_offset(g, g->wave, offsetof(struct npu_wave, result));
   return LLVMBuildSelect(g->builder, npu_jit_exec(g, chunk), pointers, npu_jit_splat(g, safe), "");
}

LLVMValueRef
npu_jit_gather(struct npu_jit_gen *g, unsigned width_B, LLVMValueRef memory, LLVMValueRef address,
               unsigned chunk)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * width_B), type = npu_jit_vec_of(g, element);
   LLVMTypeRef types[2] = {type, npu_jit_vec_of(g, g->ptr)};
   LLVMValueRef pointers = lane_pointers(g, width_B, memory, address, chunk);
   LLVMValueRef result = LLVMGetPoison(type);

   if (has_gather(g, width_B)) {
      LLVMValueRef args[4] = {pointers, npu_jit_i32(g, 1), npu_jit_exec(g, chunk),
                              LLVMConstNull(type)};
      return npu_jit_intrinsic(g, "llvm.masked.gather", types, 2, args, 4);
   }
   for (unsigned l = 0; l < g->width; l++) {
      LLVMValueRef lane = npu_jit_i32(g, l);
      LLVMValueRef pointer = LLVMBuildExtractElement(g->builder, pointers, lane, "");
      LLVMValueRef value = npu_jit_load(g, element, pointer, 0, 1);
      result = LLVMBuildInsertElement(g->builder, result, value, lane, "");
   }
   return result;
}

void
npu_jit_scatter(struct npu_jit_gen *g, unsigned width_B, LLVMValueRef memory, LLVMValueRef address,
                unsigned chunk, LLVMValueRef data)
{
   LLVMTypeRef types[2] = {LLVMTypeOf(data), npu_jit_vec_of(g, g->ptr)};
   LLVMValueRef pointers = lane_pointers(g, width_B, memory, address, chunk);

   if (has_gather(g, width_B)) {
      LLVMValueRef args[4] = {data, pointers, npu_jit_i32(g, 1), npu_jit_exec(g, chunk)};
      npu_jit_intrinsic(g, "llvm.masked.scatter", types, 2, args, 4);
      return;
   }
   for (unsigned l = 0; l < g->width; l++) {
      LLVMValueRef lane = npu_jit_i32(g, l);
      LLVMValueRef pointer = LLVMBuildExtractElement(g->builder, pointers, lane, "");
      npu_jit_store(g, LLVMBuildExtractElement(g->builder, data, lane, ""), pointer, 0, 1);
   }
}

/* ---- the ways of a chunk ----------------------------------------------------------------- */

/* Lane by lane; one is active. */
static void
scattered(struct npu_jit_gen *g, const struct npu_jit_access *a, const struct npu_jit_place *place,
          LLVMValueRef address, unsigned chunk, LLVMValueRef *loaded)
{
   struct npu_jit_shape t = {g, g->width};

   if (npu_jit_moves_lanes(a)) {
      LLVMValueRef parts[4];
      for (unsigned i = 0; a->is_store && i < a->count; i++)
         parts[i] = npu_jit_store_data(g, a, i, chunk);
      if (a->is_store)
         npu_jit_store_lanes(g, a, place->memory, address, chunk, parts);
      else
         npu_jit_load_lanes(g, a, place->memory, address, chunk, parts);
      for (unsigned i = 0; !a->is_store && i < a->count; i++)
         LLVMBuildStore(g->builder, parts[i], loaded[i]);
      return;
   }
   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef offset = npu_jit_const(t, 64, i * a->width);
      LLVMValueRef at = LLVMBuildAdd(g->builder, address, offset, "");
      if (a->is_store)
         npu_jit_scatter(g, a->width, place->memory, at, chunk, npu_jit_store_data(g, a, i, chunk));
      else
         LLVMBuildStore(g->builder, npu_jit_gather(g, a->width, place->memory, at, chunk),
                        loaded[i]);
   }
}

/* The lanes are consecutive, from `pointer` on; `mask` NULL: all are active. */
void
npu_jit_move_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                   unsigned chunk, LLVMValueRef mask, LLVMValueRef *loaded)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);
   LLVMTypeRef type = LLVMVectorType(element, g->width * a->count);
   LLVMValueRef parts[4];

   mask = mask ? npu_jit_spread_mask(g, mask, a->count) : NULL;
   if (a->is_store) {
      for (unsigned i = 0; i < a->count; i++)
         parts[i] = npu_jit_store_data(g, a, i, chunk);
      npu_jit_masked_store(g, npu_jit_interleave(g, parts, a->count), pointer, mask);
      return;
   }
   LLVMValueRef all = npu_jit_masked_load(g, type, pointer, mask);
   if (!mask)
      LLVMSetVolatile(all, a->some_dead);
   for (unsigned i = 0; i < a->count; i++)
      LLVMBuildStore(g->builder, npu_jit_take_component(g, all, i, a->count), loaded[i]);
}

/* All load from `pointer`. */
void
npu_jit_load_one(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                 LLVMValueRef *loaded)
{
   LLVMTypeRef element = npu_jit_int(g, 8 * a->width);

   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef value = npu_jit_load(g, element, pointer, i * a->width, 1);
      LLVMSetVolatile(value, a->some_dead);
      LLVMBuildStore(g->builder, npu_jit_splat(g, value), loaded[i]);
   }
}

/* Goes to `slow` if an active lane is out of bounds. Components that nobody reads are not gathered: they
 * cannot fault alone unless the access crosses into another page. */
static void
check_lanes(struct npu_jit_gen *g, const struct npu_jit_access *a,
            const struct npu_jit_place *place, LLVMValueRef address, unsigned chunk,
            LLVMBasicBlockRef slow)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMBasicBlockRef inside = npu_jit_new_block(g, "inside");
   LLVMBuilderRef b = g->builder;
   LLVMValueRef bad = npu_jit_compare(g, LLVMIntUGE, address, npu_jit_splat(g, place->limit));

   if (place->private && a->width > 1) {
      LLVMValueRef odd = npu_jit_const(t, 64, a->width >= 4 ? 3 : a->width - 1);
      odd = LLVMBuildAnd(b, address, odd, "");
      bad = LLVMBuildOr(b, bad, npu_jit_compare(g, LLVMIntNE, odd, npu_jit_const(t, 64, 0)), "");
   } else if (a->some_dead) {
      LLVMValueRef in_page = LLVMBuildAnd(b, address, npu_jit_const(t, 64, NPU_PAGE_SIZE_B - 1),
                                          "");
      LLVMValueRef last = npu_jit_const(t, 64, NPU_PAGE_SIZE_B - a->size_B);
      bad = LLVMBuildOr(b, bad, npu_jit_compare(g, LLVMIntUGT, in_page, last), "");
   }
   bad = any_active(g, bad, chunk);
   npu_jit_branch_likely(g, LLVMBuildNot(b, bad, ""), inside, slow);
   LLVMPositionBuilderAtEnd(b, inside);
}

/* Consecutive lanes: all are active, or some. */
void
npu_jit_move_row(struct npu_jit_gen *g, const struct npu_jit_access *a, LLVMValueRef pointer,
                 unsigned chunk, LLVMBasicBlockRef join, LLVMValueRef *loaded)
{
   const bool masks = npu_jit_has_masks(g, a->width);

   if (masks && a->is_store) {
      LLVMBasicBlockRef full = npu_jit_new_block(g, "full"), partial = npu_jit_new_block(g, "");
      npu_jit_branch_likely(g, npu_jit_chunk_active(g, chunk, true), full, partial);
      LLVMPositionBuilderAtEnd(g->builder, full);
      npu_jit_move_lanes(g, a, pointer, chunk, NULL, loaded);
      LLVMBuildBr(g->builder, join);
      LLVMPositionBuilderAtEnd(g->builder, partial);
   }
   npu_jit_move_lanes(g, a, pointer, chunk, masks ? npu_jit_exec(g, chunk) : NULL, loaded);
   LLVMBuildBr(g->builder, join);
}

/* Lanes that are all active and at a known distance, or one of form x: no vector of addresses is needed. Goes on
 * where they are not. */
static void
equidistant(struct npu_jit_gen *g, const struct npu_jit_access *a,
            const struct npu_jit_place *place, const struct pattern *p, unsigned chunk,
            LLVMBasicBlockRef join, LLVMValueRef *loaded)
{
   LLVMBasicBlockRef full = npu_jit_new_block(g, "full"), other = npu_jit_new_block(g, "");
   LLVMBuilderRef b = g->builder;
   LLVMValueRef stride = p->stride_B ? npu_jit_i64(g, p->stride_B) : stride_of(g, a);
   LLVMValueRef pointers[NPU_INTERP_LANES], parts[4];

   /* With strides of this size no sum wraps: the first and the last lane are the lowest and the highest. */
   LLVMValueRef condition = npu_jit_compare(g, LLVMIntULT, stride, npu_jit_i64(g, 1u << 31));
   LLVMValueRef last = LLVMBuildMul(b, stride, npu_jit_i64(g, g->width - 1), "");
   last = LLVMBuildAdd(b, p->start, last, "");
   condition = LLVMBuildAnd(b, condition, npu_jit_compare(g, LLVMIntULT, p->start, place->limit),
                            "");
   condition = LLVMBuildAnd(b, condition, npu_jit_compare(g, LLVMIntULT, last, place->limit), "");
   condition = LLVMBuildAnd(b, condition, npu_jit_chunk_active(g, chunk, true), "");
   if (p->stays)
      condition = LLVMBuildAnd(b, condition, p->stays, "");
   npu_jit_branch_likely(g, condition, full, other);

   LLVMPositionBuilderAtEnd(b, full);
   LLVMValueRef first = npu_jit_address_of(g, place->memory, p->start);
   const bool strides = npu_jit_has_strides(a, p->stride_B);
   for (unsigned l = 0; !strides && l < g->width; l++) {
      LLVMValueRef distance = LLVMBuildMul(b, stride, npu_jit_i64(g, l), "");
      pointers[l] = npu_jit_address_of(g, first, distance);
   }
   for (unsigned i = 0; a->is_store && i < a->count; i++)
      parts[i] = npu_jit_store_data(g, a, i, chunk);
   if (a->is_store)
      npu_jit_store_pieces(g, a, pointers, parts);
   else if (strides)
      npu_jit_load_strides(g, a, first, p->stride_B, parts);
   else
      npu_jit_load_pieces(g, a, pointers, parts);
   for (unsigned i = 0; !a->is_store && i < a->count; i++)
      LLVMBuildStore(b, parts[i], loaded[i]);
   LLVMBuildBr(b, join);
   LLVMPositionBuilderAtEnd(b, other);
}

/* Whether to try that. */
static bool
may_be_equidistant(const struct npu_jit_gen *g, const struct npu_jit_access *a,
                   const struct pattern *p)
{
   if (g->seldom)
      return false;
   if (npu_jit_has_strides(a, p->stride_B))
      return true;
   return npu_jit_has_pieces(a) && !a->some_dead &&
          (p->stride_B || npu_jit_is_form(a, NPU_OP_LD_X, NPU_OP_ST_X));
}

/* One chunk of an access: consecutive, uniform or scattered; to `slow` if a lane is out of bounds. */
static void
flat_chunk(struct npu_jit_gen *g, const struct npu_jit_access *a, const struct npu_jit_place *place,
           unsigned chunk, LLVMBasicBlockRef slow, LLVMValueRef *loaded)
{
   LLVMBuilderRef b = g->builder;
   struct pattern p = find_pattern(g, a, place, chunk);
   LLVMBasicBlockRef rows = npu_jit_new_block(g, "row"), other = npu_jit_new_block(g, "");
   LLVMBasicBlockRef lanes = npu_jit_new_block(g, "lanes"), join = npu_jit_new_block(g, "");
   LLVMValueRef pointer = npu_jit_address_of(g, place->memory, p.start);
   LLVMValueRef fits = npu_jit_compare(g, LLVMIntULT, p.start, place->row_limit);

   LLVMValueRef is_row = LLVMBuildAnd(b, p.consecutive, fits, "");
   if (!npu_jit_has_masks(g, a->width))
      is_row = LLVMBuildAnd(b, is_row, npu_jit_chunk_active(g, chunk, true), "");
   LLVMBuildCondBr(b, is_row, rows, other);
   LLVMPositionBuilderAtEnd(b, rows);
   npu_jit_move_row(g, a, pointer, chunk, join, loaded);

   LLVMPositionBuilderAtEnd(b, other);
   if (!a->is_store) {
      LLVMBasicBlockRef one = npu_jit_new_block(g, "one");
      LLVMValueRef starts = npu_jit_compare(g, LLVMIntULT, p.start, place->limit);
      LLVMBuildCondBr(b, LLVMBuildAnd(b, p.uniform, starts, ""), one, lanes);
      LLVMPositionBuilderAtEnd(b, one);
      npu_jit_load_one(g, a, pointer, loaded);
      LLVMBuildBr(b, join);
   } else {
      LLVMBuildBr(b, lanes);
   }
   LLVMPositionBuilderAtEnd(b, lanes);
   if (npu_jit_moves_lanes(a)) {
      LLVMBasicBlockRef some = npu_jit_new_block(g, "some");
      npu_jit_branch_likely(g, npu_jit_chunk_active(g, chunk, false), some, join);
      LLVMPositionBuilderAtEnd(b, some);
   }
   if (may_be_equidistant(g, a, &p))
      equidistant(g, a, place, &p, chunk, join, loaded);
   LLVMValueRef address = lane_addresses(g, a, place->bias, chunk);
   check_lanes(g, a, place, address, chunk, slow);
   scattered(g, a, place, address, chunk, loaded);
   npu_jit_join(g, join);
}

/* ---- private memory ---------------------------------------------------------------------- */

/* Where byte `offset` of the private memory of each lane is; offsets are aligned. */
static LLVMValueRef
private_addresses(struct npu_jit_gen *g, LLVMValueRef offset, unsigned chunk)
{
   struct npu_jit_shape t = {g, g->width};
   LLVMBuilderRef b = g->builder;
   LLVMValueRef dword = LLVMBuildAnd(b, offset, npu_jit_const(t, 64, ~3ull), "");
   LLVMValueRef rest = LLVMBuildAnd(b, offset, npu_jit_const(t, 64, 3), "");

   dword = LLVMBuildMul(b, dword, npu_jit_const(t, 64, NPU_INTERP_LANES), "");
   rest = LLVMBuildAdd(b, rest, lane_numbers(g, chunk, 4), "");
   return LLVMBuildAdd(b, dword, rest, "");
}

/* One chunk of an access in private space. */
static void
private_chunk(struct npu_jit_gen *g, const struct npu_jit_access *a,
              const struct npu_jit_place *place, unsigned chunk, LLVMBasicBlockRef slow,
              LLVMValueRef *loaded)
{
   LLVMBuilderRef b = g->builder;
   struct npu_jit_shape t = {g, g->width};
   LLVMTypeRef narrow = npu_jit_vec_of(g, g->i32), wide = npu_jit_vec_of(g, g->i64);
   LLVMValueRef offset = lane_addresses(g, a, NULL, chunk), upper = npu_jit_const(t, 64, 32);
   const unsigned width = a->wide ? 4 : a->width;

   check_lanes(g, a, place, offset, chunk, slow);
   for (unsigned i = 0; i < a->count; i++) {
      LLVMValueRef low = LLVMBuildAdd(b, offset, npu_jit_const(t, 64, i * a->width), "");
      LLVMValueRef high = LLVMBuildAdd(b, low, npu_jit_const(t, 64, 4), "");
      low = private_addresses(g, low, chunk);
      if (a->wide)
         high = private_addresses(g, high, chunk);
      if (a->is_store) {
         LLVMValueRef data = npu_jit_store_data(g, a, i, chunk), top = data;
         if (a->wide) {
            top = LLVMBuildTrunc(b, LLVMBuildLShr(b, data, upper, ""), narrow, "");
            data = LLVMBuildTrunc(b, data, narrow, "");
            npu_jit_scatter(g, width, place->memory, high, chunk, top);
         }
         npu_jit_scatter(g, width, place->memory, low, chunk, data);
         continue;
      }
      LLVMValueRef value = npu_jit_gather(g, width, place->memory, low, chunk);
      if (a->wide) {
         LLVMValueRef top = npu_jit_gather(g, width, place->memory, high, chunk);
         top = LLVMBuildShl(b, LLVMBuildZExt(b, top, wide, ""), upper, "");
         value = LLVMBuildOr(b, LLVMBuildZExt(b, value, wide, ""), top, "");
      }
      LLVMBuildStore(b, value, loaded[i]);
   }
}

/* ------------------------------------------------------------------------------------------ */

bool
npu_jit_lane_access(struct npu_jit_gen *g, const struct npu_jit_access *a)
{
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a->width));
   LLVMValueRef loaded[NPU_JIT_MAX_CHUNKS][4];
   LLVMBasicBlockRef slow, join;

   if (a->inst->space == NPU_SPACE_PRIVATE && a->some_dead)
      return false;
   struct npu_jit_place place = npu_jit_find_place(g, a);
   slow = npu_jit_new_block(g, "slow");
   join = npu_jit_new_block(g, "");
   for (unsigned c = 0; c < g->chunks; c++) {
      for (unsigned i = 0; !a->is_store && i < a->count; i++)
         loaded[c][i] = npu_jit_variable(g, type, "loaded"); /* several ways lead to it */
   }
   struct npu_jit_known_access k;
   const bool known = npu_jit_find_known(g, a, &k);
   if (known)
      npu_jit_known_access(g, a, &place, &k, slow, loaded);
   else if (a->inst->space != NPU_SPACE_LOCAL) {
      npu_jit_save_operands(g, NPU_JIT_ADDRESSES);
      npu_jit_note_access(g);
   }
   for (unsigned c = 0; !known && c < g->chunks; c++) {
      if (place.private)
         private_chunk(g, a, &place, c, slow, loaded[c]);
      else
         flat_chunk(g, a, &place, c, slow, loaded[c]);
   }
   struct npu_jit_regs stored = g->stored;
   for (unsigned c = 0; !a->is_store && c < g->chunks; c++) {
      for (unsigned i = 0; i < a->count; i++)
         npu_jit_load_result(g, a, i, c, LLVMBuildLoad2(g->builder, type, loaded[c][i], ""));
   }
   LLVMBuildBr(g->builder, join);

   struct npu_jit_regs after = g->stored;
   g->stored = stored;
   LLVMPositionBuilderAtEnd(g->builder, slow);
   if (known)
      npu_jit_save_known_offsets(g, a, &k);
   npu_jit_call_handler(g);
   g->stored = after;
   npu_jit_join(g, join);
   return true;
}
