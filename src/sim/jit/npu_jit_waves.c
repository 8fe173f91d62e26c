// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The loop over waves and groups around a kernel's code, as LLVM IR.
//
// Waves of a group run back to back, and without barriers those of the next groups. A kernel without
// barriers, loops and local memory may run groups side by side: of groups of several rows of work-items,
// first the waves of the first row of some groups in x, then those of the second row and so on, so that
// memory is accessed in rows as long as all these groups.
//
// What it misses: kernels with loops, which may leave the host code in the middle of a group.

#include "npu_jit_gen.h"

/* So many backward branches later a call returns at the end of a group: the queue hears of progress. */
#define BRANCHES_PER_CALL 4096

/* The most groups that run side by side: some rows of them should stay in the first-level cache. */
#define MAX_SIDE_BY_SIDE 16

/* ---- waves and groups -------------------------------------------------------------------- */

LLVMValueRef
npu_jit_load_frame(struct npu_jit_gen *g, LLVMTypeRef type, size_t offset_B)
{
   return npu_jit_load(g, type, g->frame, offset_B, type == g->i32 ? 4 : 8);
}

static void
store_frame(struct npu_jit_gen *g, LLVMValueRef value, size_t offset_B)
{
   npu_jit_store(g, value, g->frame, offset_B, LLVMTypeOf(value) == g->i32 ? 4 : 8);
}

static bool
has_loops(const struct npu_jit_flow *flow)
{
   for (size_t i = 0; i < flow->kernel->num_uops; i++) {
      if (flow->kernel->uops[i].backward)
         return true;
   }
   return false;
}

void
npu_jit_begin_wave(struct npu_jit_gen *g)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef index = LLVMBuildZExt(b, g->wave_index, g->i64, "");
   LLVMValueRef offset = LLVMBuildMul(b, index, npu_jit_i64(g, sizeof(struct npu_wave)), "");

   g->wave = LLVMBuildInBoundsGEP2(b, g->i8, g->waves, &offset, 1, "wave");
   g->volatile_stores = true; /* a host fault leaves nothing but memory */
   store_frame(g, g->wave_index, offsetof(struct npu_jit_frame, wave));
   g->volatile_stores = false;
   if (!has_loops(g->flow))
      return;
   LLVMValueRef spent = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, spent));
   LLVMValueRef full = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, full_budget));
   LLVMValueRef left = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, budget));
   spent = LLVMBuildAdd(b, spent, LLVMBuildSub(b, full, left, ""), "");
   store_frame(g, spent, offsetof(struct npu_jit_frame, spent));
   store_frame(g, full, offsetof(struct npu_jit_frame, budget));
}

static LLVMValueRef
group_id(struct npu_jit_gen *g, unsigned sr)
{
   return npu_jit_load_frame(g, g->i64, offsetof(struct npu_jit_frame, sr) + 8 * sr);
}

/* All waves of a group have ended: begins the next one, if this call is to and it is not too much
 * for one call. */
static void
next_group(struct npu_jit_gen *g, LLVMBasicBlockRef go_on, LLVMBasicBlockRef done)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef left = npu_jit_load_frame(g, g->i64, offsetof(struct npu_jit_frame, groups_left));
   LLVMValueRef more = LLVMBuildICmp(b, LLVMIntNE, left, npu_jit_i64(g, 0), "");
   LLVMBasicBlockRef check = npu_jit_new_block(g, ""), next = npu_jit_new_block(g, "next_group");
   LLVMValueRef stop;

   LLVMBuildCondBr(b, more, check, done);
   LLVMPositionBuilderAtEnd(b, check);
   stop = npu_jit_load(g, g->i32, g->stop_ptr, 0, 4);
   LLVMSetVolatile(stop, true);
   if (has_loops(g->flow)) {
      LLVMValueRef spent = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, spent));
      LLVMValueRef full = npu_jit_load_frame(g, g->i32,
                                             offsetof(struct npu_jit_frame, full_budget));
      LLVMValueRef now = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, budget));
      spent = LLVMBuildAdd(b, spent, LLVMBuildSub(b, full, now, ""), "");
      spent = LLVMBuildICmp(b, LLVMIntUGT, spent, npu_jit_i32(g, BRANCHES_PER_CALL), "");
      stop = LLVMBuildOr(b, stop, LLVMBuildZExt(b, spent, g->i32, ""), "");
   }
   LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntEQ, stop, npu_jit_i32(g, 0), ""), next, done);

   LLVMPositionBuilderAtEnd(b, next);
   LLVMValueRef one = npu_jit_i64(g, 1), zero = npu_jit_i64(g, 0), carry = one;
   for (unsigned i = 0; i < 3; i++) {
      size_t id_B = offsetof(struct npu_jit_frame, sr) + 8 * (NPU_SR_GROUP_ID_X + i);
      LLVMValueRef id = LLVMBuildAdd(b, group_id(g, NPU_SR_GROUP_ID_X + i), carry, "");
      LLVMValueRef count = group_id(g, NPU_SR_NUM_GROUPS_X + i);
      LLVMValueRef wraps = LLVMBuildICmp(b, LLVMIntEQ, id, count, "");
      store_frame(g, LLVMBuildSelect(b, wraps, zero, id, ""), id_B);
      carry = LLVMBuildZExt(b, wraps, g->i64, "");
   }
   store_frame(g, LLVMBuildAdd(b, group_id(g, NPU_SR_GROUP_LINEAR), one, ""),
               offsetof(struct npu_jit_frame, sr) + 8 * NPU_SR_GROUP_LINEAR);
   store_frame(g, LLVMBuildSub(b, left, one, ""), offsetof(struct npu_jit_frame, groups_left));
   LLVMBuildBr(b, go_on);
}

/* ---- groups side by side ----------------------------------------------------------------- */

/* Whether waves of one group may run before others of the group before. No call that returns early, other
 * than by a fault, may be needed, nor memory that a group has for itself. */
static bool
may_interleave(const struct npu_jit_flow *flow)
{
   if (flow->num_entries > 1 || has_loops(flow))
      return false;
   for (size_t i = 0; i < flow->kernel->num_uops; i++) {
      const struct npu_uop *uop = &flow->kernel->uops[i];
      if (!npu_jit_is_executable(uop))
         continue;
      const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
      if (info->is_dma || (info->is_memory && uop->inst.space != NPU_SPACE_GLOBAL &&
                           uop->inst.space != NPU_SPACE_PRIVATE))
         return false;
   }
   return true;
}

/* Variables of the order of waves. */
struct order {
   LLVMValueRef first, end; /* waves of the row at work */
   LLVMValueRef groups;     /* behind the first one that run side by side */
   LLVMValueRef left;       /* of them, those whose turn comes for this row */
};

static LLVMValueRef
least_of(struct npu_jit_gen *g, LLVMValueRef a, LLVMValueRef b)
{
   return npu_jit_call2(g, "llvm.umin", a, b);
}

static LLVMValueRef
read(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef variable)
{
   return LLVMBuildLoad2(g->builder, type, variable, "");
}

/* Begins with the group of the frame: decides how many run beside it, and how long rows are. */
static void
begin_groups(struct npu_jit_gen *g, const struct order *o, LLVMValueRef first, LLVMValueRef end)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef row = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, row_waves));
   LLVMValueRef left = npu_jit_load_frame(g, g->i64, offsetof(struct npu_jit_frame, groups_left));
   LLVMValueRef none = LLVMBuildICmp(b, LLVMIntEQ, row, npu_jit_i32(g, 0), "");
   LLVMValueRef groups = group_id(g, NPU_SR_NUM_GROUPS_X);

   groups = LLVMBuildSub(b, groups, group_id(g, NPU_SR_GROUP_ID_X), "");
   groups = LLVMBuildSub(b, groups, npu_jit_i64(g, 1), "");
   groups = least_of(g, least_of(g, groups, left), npu_jit_i64(g, MAX_SIDE_BY_SIDE - 1));
   groups = LLVMBuildSelect(b, none, npu_jit_i64(g, 0), groups, "");
   store_frame(g, LLVMBuildSub(b, left, groups, ""), offsetof(struct npu_jit_frame, groups_left));
   LLVMValueRef row_end = least_of(g, LLVMBuildAdd(b, first, row, ""), end);
   LLVMBuildStore(b, LLVMBuildSelect(b, none, end, row_end, ""), o->end);
   LLVMBuildStore(b, first, o->first);
   LLVMBuildStore(b, groups, o->groups);
   LLVMBuildStore(b, groups, o->left);
}

/* Moves by so many groups in x. */
static void
move_groups(struct npu_jit_gen *g, LLVMValueRef distance)
{
   static const unsigned which[2] = {NPU_SR_GROUP_ID_X, NPU_SR_GROUP_LINEAR};

   for (unsigned i = 0; i < 2; i++)
      store_frame(g, LLVMBuildAdd(g->builder, group_id(g, which[i]), distance, ""),
                  offsetof(struct npu_jit_frame, sr) + 8 * which[i]);
}

/* A row's waves have ended: goes to `head` with the next group's, then with the next row's of the first
 * group; to `last` with all done, the last group being the one at work. */
static void
next_row(struct npu_jit_gen *g, const struct order *o, LLVMValueRef end, LLVMBasicBlockRef head,
         LLVMBasicBlockRef last)
{
   LLVMBuilderRef b = g->builder;
   LLVMBasicBlockRef beside = npu_jit_new_block(g, "beside"), below = npu_jit_new_block(g, "below");
   LLVMBasicBlockRef again = npu_jit_new_block(g, "");
   LLVMValueRef left = read(g, g->i64, o->left), zero = npu_jit_i64(g, 0);

   LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntNE, left, zero, ""), beside, below);
   LLVMPositionBuilderAtEnd(b, beside);
   move_groups(g, npu_jit_i64(g, 1));
   LLVMBuildStore(b, LLVMBuildSub(b, left, npu_jit_i64(g, 1), ""), o->left);
   LLVMValueRef first = read(g, g->i32, o->first);
   LLVMBuildBr(b, head);
   LLVMAddIncoming(g->wave_index, &first, &beside, 1);

   LLVMPositionBuilderAtEnd(b, below);
   LLVMValueRef next = read(g, g->i32, o->end);
   LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntULT, next, end, ""), again, last);
   LLVMPositionBuilderAtEnd(b, again);
   LLVMValueRef groups = read(g, g->i64, o->groups);
   LLVMValueRef row = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, row_waves));
   move_groups(g, LLVMBuildNeg(b, groups, ""));
   LLVMBuildStore(b, groups, o->left);
   LLVMBuildStore(b, next, o->first);
   LLVMBuildStore(b, least_of(g, LLVMBuildAdd(b, next, row, ""), end), o->end);
   LLVMBuildBr(b, head);
   LLVMAddIncoming(g->wave_index, &next, &again, 1);
}

/* ------------------------------------------------------------------------------------------ */

LLVMBasicBlockRef
npu_jit_wave_loop(struct npu_jit_gen *g)
{
   LLVMBuilderRef b = g->builder;
   LLVMBasicBlockRef head = npu_jit_new_block(g, "wave_loop"), done = npu_jit_new_block(g, "done");
   LLVMBasicBlockRef last = npu_jit_new_block(g, "last_wave"), row_end = last;
   LLVMValueRef first = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, wave));
   LLVMValueRef end = npu_jit_load_frame(g, g->i32, offsetof(struct npu_jit_frame, end_wave));
   const bool interleave = may_interleave(g->flow);
   struct order order;

   if (interleave) {
      order = (struct order){
         .first = LLVMBuildAlloca(b, g->i32, "row_first"),
         .end = LLVMBuildAlloca(b, g->i32, "row_end"),
         .groups = LLVMBuildAlloca(b, g->i64, "groups"),
         .left = LLVMBuildAlloca(b, g->i64, "left"),
      };
      begin_groups(g, &order, first, end);
      row_end = npu_jit_new_block(g, "row_end");
   }
   LLVMBasicBlockRef from = LLVMGetInsertBlock(b);
   LLVMBuildBr(b, head);
   LLVMPositionBuilderAtEnd(b, head);
   g->wave_index = LLVMBuildPhi(b, g->i32, "wave_index");
   LLVMAddIncoming(g->wave_index, &first, &from, 1);

   g->next_block = npu_jit_new_block(g, "next_wave");
   LLVMPositionBuilderAtEnd(b, g->next_block);
   LLVMValueRef next = LLVMBuildAdd(b, g->wave_index, npu_jit_i32(g, 1), "");
   LLVMValueRef until = interleave ? read(g, g->i32, order.end) : end;
   LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntULT, next, until, ""), head, row_end);
   LLVMAddIncoming(g->wave_index, &next, &g->next_block, 1);
   if (interleave) {
      LLVMPositionBuilderAtEnd(b, row_end);
      next_row(g, &order, end, head, last);
   }
   LLVMPositionBuilderAtEnd(b, last);
   if (g->flow->num_entries > 1) {
      LLVMBuildBr(b, done);
   } else {
      LLVMBasicBlockRef again = npu_jit_new_block(g, "");
      LLVMValueRef zero = npu_jit_i32(g, 0);
      next_group(g, again, done);
      LLVMPositionBuilderAtEnd(b, again);
      if (interleave)
         begin_groups(g, &order, zero, end);
      LLVMBuildBr(b, head);
      LLVMAddIncoming(g->wave_index, &zero, &again, 1);
   }
   LLVMPositionBuilderAtEnd(b, done);
   npu_jit_return(g, NPU_JIT_DONE, 0);
   return head;
}
