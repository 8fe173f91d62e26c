// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Generates the LLVM IR of a kernel: the function, its entries, blocks, branches and exits.
//
// Around the kernel's code is a loop over waves, so that waves of a group run back to back in one
// call; without barriers in the kernel whole groups do. The loop's head is a switch over the entry
// points. Entry 0 starts a wave: all registers are zero. Every other one resumes behind a barrier
// with the registers that are live there, from the wave's memory. A loop that contains a barrier is
// cut there, so the kernel's own loops are reducible.
//
// Waves of a group run one after the other, so code that waits for another wave has to give way:
// backward branches count down a budget, and leave to the interpreter when it is used up. They poll
// the queue's stop word as well.

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "npu_jit_gen.h"

/* ---- types and constants ----------------------------------------------------------------- */

LLVMTypeRef
npu_jit_int(struct npu_jit_gen *g, unsigned bits)
{
   return LLVMIntTypeInContext(g->context, bits);
}

LLVMTypeRef
npu_jit_vec_of(struct npu_jit_gen *g, LLVMTypeRef element)
{
   return LLVMVectorType(element, g->width);
}

LLVMTypeRef
npu_jit_type(struct npu_jit_shape t, unsigned bits)
{
   LLVMTypeRef type = npu_jit_int(t.g, bits);

   return t.width ? LLVMVectorType(type, t.width) : type;
}

LLVMTypeRef
npu_jit_float_type(struct npu_jit_shape t, unsigned bits)
{
   LLVMTypeRef type = bits == 64 ? t.g->f64 : t.g->f32;

   return t.width ? LLVMVectorType(type, t.width) : type;
}

static LLVMValueRef
repeat(struct npu_jit_shape t, LLVMValueRef value)
{
   LLVMValueRef lanes[NPU_INTERP_LANES];

   if (!t.width)
      return value;
   for (unsigned l = 0; l < t.width; l++)
      lanes[l] = value;
   return LLVMConstVector(lanes, t.width);
}

LLVMValueRef
npu_jit_const(struct npu_jit_shape t, unsigned bits, uint64_t value)
{
   return repeat(t, LLVMConstInt(npu_jit_int(t.g, bits), value, false));
}

LLVMValueRef
npu_jit_fconst(struct npu_jit_shape t, unsigned bits, double value)
{
   return repeat(t, LLVMConstReal(bits == 64 ? t.g->f64 : t.g->f32, value));
}

LLVMValueRef
npu_jit_i32(struct npu_jit_gen *g, uint32_t value)
{
   return LLVMConstInt(g->i32, value, false);
}

LLVMValueRef
npu_jit_i64(struct npu_jit_gen *g, uint64_t value)
{
   return LLVMConstInt(g->i64, value, false);
}

LLVMValueRef
npu_jit_splat(struct npu_jit_gen *g, LLVMValueRef scalar)
{
   LLVMTypeRef type = npu_jit_vec_of(g, LLVMTypeOf(scalar));
   LLVMTypeRef indexes = npu_jit_vec_of(g, g->i32);

   if (LLVMIsConstant(scalar))
      return repeat((struct npu_jit_shape){g, g->width}, scalar);
   LLVMValueRef first = LLVMBuildInsertElement(g->builder, LLVMGetPoison(type), scalar,
                                               npu_jit_i32(g, 0), "");
   return LLVMBuildShuffleVector(g->builder, first, LLVMGetPoison(type), LLVMConstNull(indexes),
                                 "");
}

LLVMValueRef
npu_jit_intrinsic(struct npu_jit_gen *g, const char *name, LLVMTypeRef *types, unsigned num_types,
                  LLVMValueRef *args, unsigned num_args)
{
   unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
   assert(id && "unknown intrinsic");
   LLVMValueRef fn = LLVMGetIntrinsicDeclaration(g->module, id, types, num_types);

   return LLVMBuildCall2(g->builder, LLVMGlobalGetValueType(fn), fn, args, num_args, "");
}

LLVMValueRef
npu_jit_call1(struct npu_jit_gen *g, const char *name, LLVMValueRef a)
{
   LLVMTypeRef type = LLVMTypeOf(a);

   return npu_jit_intrinsic(g, name, &type, 1, &a, 1);
}

LLVMValueRef
npu_jit_call2(struct npu_jit_gen *g, const char *name, LLVMValueRef a, LLVMValueRef b)
{
   LLVMTypeRef type = LLVMTypeOf(a);

   return npu_jit_intrinsic(g, name, &type, 1, (LLVMValueRef[]){a, b}, 2);
}

LLVMValueRef
npu_jit_call3(struct npu_jit_gen *g, const char *name, LLVMValueRef a, LLVMValueRef b,
              LLVMValueRef c)
{
   LLVMTypeRef type = LLVMTypeOf(a);

   return npu_jit_intrinsic(g, name, &type, 1, (LLVMValueRef[]){a, b, c}, 3);
}

LLVMBasicBlockRef
npu_jit_new_block(struct npu_jit_gen *g, const char *name)
{
   return LLVMAppendBasicBlockInContext(g->context, g->fn, name);
}

void
npu_jit_branch_likely(struct npu_jit_gen *g, LLVMValueRef condition, LLVMBasicBlockRef likely,
                      LLVMBasicBlockRef unlikely)
{
   LLVMValueRef branch = LLVMBuildCondBr(g->builder, condition, likely, unlikely);
   LLVMMetadataRef weights[3] = {
      LLVMMDStringInContext2(g->context, "branch_weights", 14),
      LLVMValueAsMetadata(npu_jit_i32(g, 1u << 20)),
      LLVMValueAsMetadata(npu_jit_i32(g, 1)),
   };
   LLVMMetadataRef node = LLVMMDNodeInContext2(g->context, weights, 3);

   LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(g->context, "prof", 4),
                   LLVMMetadataAsValue(g->context, node));
}

LLVMValueRef
npu_jit_offset(struct npu_jit_gen *g, LLVMValueRef pointer, uint64_t offset_B)
{
   LLVMValueRef index = npu_jit_i64(g, offset_B);

   return offset_B ? LLVMBuildInBoundsGEP2(g->builder, g->i8, pointer, &index, 1, "") : pointer;
}

LLVMValueRef
npu_jit_load(struct npu_jit_gen *g, LLVMTypeRef type, LLVMValueRef pointer, uint64_t offset_B,
             unsigned align_B)
{
   LLVMValueRef value = LLVMBuildLoad2(g->builder, type, npu_jit_offset(g, pointer, offset_B), "");

   LLVMSetAlignment(value, align_B);
   return value;
}

LLVMValueRef
npu_jit_variable(struct npu_jit_gen *g, LLVMTypeRef type, const char *name)
{
   LLVMBasicBlockRef here = LLVMGetInsertBlock(g->builder);

   LLVMPositionBuilderBefore(g->builder, LLVMGetBasicBlockTerminator(g->entry_block));
   LLVMValueRef variable = LLVMBuildAlloca(g->builder, type, name);
   LLVMPositionBuilderAtEnd(g->builder, here);
   return variable;
}

void
npu_jit_store(struct npu_jit_gen *g, LLVMValueRef value, LLVMValueRef pointer, uint64_t offset_B,
              unsigned align_B)
{
   LLVMValueRef store = LLVMBuildStore(g->builder, value, npu_jit_offset(g, pointer, offset_B));

   LLVMSetAlignment(store, align_B);
   LLVMSetVolatile(store, g->volatile_stores);
}

/* ---- leaving the function ---------------------------------------------------------------- */

void
npu_jit_return(struct npu_jit_gen *g, enum npu_jit_result result, uint32_t uop)
{
   LLVMBuildRet(g->builder, npu_jit_i64(g, result | (uint64_t)uop << 8));
}

static struct npu_jit_regs
with_exec(const struct npu_jit_regs *set)
{
   struct npu_jit_regs all = *set;

   all.m |= 1u << NPU_NUM_MREGS;
   return all;
}

/* Calls the handler of the uop; all that it reads and writes is in memory. */
static void
call_handler(struct npu_jit_gen *g)
{
   LLVMTypeRef params[2] = {g->ptr, g->ptr};
   LLVMTypeRef type = LLVMFunctionType(g->i32, params, 2, false);
   LLVMValueRef handler = npu_jit_load(g, g->ptr, g->frame, offsetof(struct npu_jit_frame, handler),
                                       8);
   LLVMValueRef uops = npu_jit_load(g, g->ptr, g->frame, offsetof(struct npu_jit_frame, uops), 8);
   LLVMValueRef uop = npu_jit_offset(g, uops, g->index * sizeof(struct npu_uop));
   LLVMValueRef args[2] = {g->wave, uop};
   if (npu_op_infos[g->uop->inst.op].is_memory)
      npu_jit_note(g, g->index);
   LLVMValueRef good = LLVMBuildCall2(g->builder, type, handler, args, 2, "");
   LLVMBasicBlockRef next = npu_jit_new_block(g, ""), faulted = npu_jit_new_block(g, "faulted");
   LLVMValueRef is_good = LLVMBuildICmp(g->builder, LLVMIntNE, good, npu_jit_i32(g, 0), "");

   npu_jit_branch_likely(g, is_good, next, faulted);
   LLVMPositionBuilderAtEnd(g->builder, faulted);
   npu_jit_return(g, NPU_JIT_FAULTED, g->index);
   LLVMPositionBuilderAtEnd(g->builder, next);
}

void
npu_jit_call_handler(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   npu_jit_save_operands(g, NPU_JIT_ALL);
   call_handler(g);
   if (g->repeatable && info->is_memory)
      npu_jit_note_start(g);
   if (info->has_dst && !inst->noret) {
      bool wide = npu_inst_operand_bits(inst, -1) == 64;
      unsigned count = npu_inst_operand_regs(inst, -1);
      bool pairs = wide && npu_reg_is_v(inst->dst);
      for (unsigned i = 0; i < count; i += pairs ? 2 : 1)
         npu_jit_restore_reg(g, inst->dst + i, wide);
   }
}

LLVMBasicBlockRef
npu_jit_unless_handler(struct npu_jit_gen *g, LLVMValueRef condition)
{
   LLVMBasicBlockRef fast = npu_jit_new_block(g, "fast"), slow = npu_jit_new_block(g, "slow");
   LLVMBasicBlockRef join = npu_jit_new_block(g, "");
   struct npu_jit_regs stored = g->stored;

   npu_jit_branch_likely(g, condition, fast, slow);
   LLVMPositionBuilderAtEnd(g->builder, slow);
   npu_jit_call_handler(g);
   LLVMBuildBr(g->builder, join);
   /* What the other way has saved is not saved on this one. */
   g->stored = stored;
   LLVMPositionBuilderAtEnd(g->builder, fast);
   return join;
}

void
npu_jit_join(struct npu_jit_gen *g, LLVMBasicBlockRef join)
{
   LLVMBuildBr(g->builder, join);
   LLVMPositionBuilderAtEnd(g->builder, join);
}

/* ---- control ----------------------------------------------------------------------------- */

/* The wave's element of frame->entry. */
static LLVMValueRef
entry_pointer(struct npu_jit_gen *g)
{
   LLVMValueRef index = LLVMBuildZExt(g->builder, g->wave_index, g->i64, "");
   LLVMValueRef entries = npu_jit_offset(g, g->frame, offsetof(struct npu_jit_frame, entry));

   return LLVMBuildInBoundsGEP2(g->builder, g->i32, entries, &index, 1, "");
}

static LLVMBasicBlockRef
block_at(struct npu_jit_gen *g, uint32_t uop)
{
   return g->blocks[g->flow->block_of[uop]];
}

/* All that is live to the wave's memory, behind a block: the interpreter goes on. */
static void
save_live(struct npu_jit_gen *g, const struct npu_jit_block *block, const struct npu_jit_regs *live)
{
   const struct npu_jit_regs lazy = npu_jit_lazy_at_end(block);
   struct npu_jit_regs all = with_exec(live);

   all = npu_jit_regs_minus(&all, &lazy);
   npu_jit_save_set(g, &all);
}

/* The way from a block to its branch's target, with the checks of a backward one. */
static LLVMBasicBlockRef
way_to_target(struct npu_jit_gen *g, const struct npu_jit_block *from_block)
{
   uint32_t target = (uint32_t)(g->uop->target - g->flow->kernel->uops);
   LLVMBasicBlockRef to = block_at(g, target), from = LLVMGetInsertBlock(g->builder);

   if (!g->uop->backward)
      return to;
   if (g->loop && g->loop_head == target)
      to = g->loop;

   LLVMBasicBlockRef check = npu_jit_new_block(g, "back"), cold = npu_jit_new_block(g, "leave");
   LLVMBasicBlockRef stopped = npu_jit_new_block(g, "stop"), yield = npu_jit_new_block(g, "yield");
   LLVMPositionBuilderAtEnd(g->builder, check);
   LLVMValueRef stop = npu_jit_load(g, g->i32, g->stop_ptr, 0, 4);
   LLVMSetVolatile(stop, true);
   LLVMValueRef budget = npu_jit_load(g, g->i32, g->frame, offsetof(struct npu_jit_frame, budget),
                                      4);
   budget = LLVMBuildSub(g->builder, budget, npu_jit_i32(g, 1), "");
   npu_jit_store(g, budget, g->frame, offsetof(struct npu_jit_frame, budget), 4);
   LLVMValueRef is_stopped = LLVMBuildICmp(g->builder, LLVMIntNE, stop, npu_jit_i32(g, 0), "");
   LLVMValueRef is_spent = LLVMBuildICmp(g->builder, LLVMIntSLE, budget, npu_jit_i32(g, 0), "");
   LLVMValueRef leave = LLVMBuildOr(g->builder, is_stopped, is_spent, "");
   LLVMValueRef go_on = LLVMBuildNot(g->builder, leave, "");
   npu_jit_branch_likely(g, go_on, to, cold);

   /* The interpreter goes on at the branch's target. */
   LLVMPositionBuilderAtEnd(g->builder, cold);
   save_live(g, from_block, &g->flow->blocks[g->flow->block_of[target]].live_in);
   LLVMBuildCondBr(g->builder, is_stopped, stopped, yield);
   LLVMPositionBuilderAtEnd(g->builder, stopped);
   npu_jit_return(g, NPU_JIT_STOP, g->index);
   LLVMPositionBuilderAtEnd(g->builder, yield);
   npu_jit_return(g, NPU_JIT_LEAVE, target);
   LLVMPositionBuilderAtEnd(g->builder, from);
   return check;
}

static LLVMValueRef
branch_condition(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   if (inst->op == NPU_OP_BR_NZ || inst->op == NPU_OP_BR_Z) {
      LLVMValueRef value = npu_jit_read_s(g, inst->src[0] - NPU_REG_S(0));
      return LLVMBuildICmp(g->builder, inst->op == NPU_OP_BR_NZ ? LLVMIntNE : LLVMIntEQ, value,
                           npu_jit_i64(g, 0), "");
   }
   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_read_m(g, inst->src[0] - NPU_REG_M(0), c);
   LLVMValueRef any = npu_jit_any(g, chunks);
   return inst->op == NPU_OP_BR_ANY ? any : LLVMBuildNot(g->builder, any, "");
}

/* The wave's turn is over: its next one begins at `entry`. */
static void
finish_wave(struct npu_jit_gen *g, uint32_t entry)
{
   if (g->flow->num_entries > 1)
      npu_jit_store(g, npu_jit_i32(g, entry), entry_pointer(g), 0, 4);
   LLVMBuildBr(g->builder, g->next_block);
}

/* The last uop of a block: how control goes on. */
static void
end_block(struct npu_jit_gen *g, const struct npu_jit_block *block)
{
   const struct npu_uop *uop = g->uop;
   LLVMBasicBlockRef next = block->succ[0] >= 0 ? g->blocks[block->succ[0]] : NULL;

   npu_jit_restore_set(g, &block->restore_at_end);
   npu_jit_save_set(g, &block->save_at_end);
   if (uop->fn == npu_interp_goto_uop) {
      LLVMBuildBr(g->builder, block_at(g, (uint32_t)(uop->target - g->flow->kernel->uops)));
      return;
   }
   switch (uop->fn == npu_interp_fault_uop ? NPU_OP_TRAP : uop->inst.op) {
   case NPU_OP_TRAP:
      /* The interpreter knows what is wrong. */
      save_live(g, block, g->live);
      npu_jit_return(g, NPU_JIT_LEAVE, g->index);
      return;
   case NPU_OP_END:
      finish_wave(g, NPU_JIT_ENDED);
      return;
   case NPU_OP_JMP:
      LLVMBuildBr(g->builder, way_to_target(g, block));
      return;
   case NPU_OP_BR_ANY:
   case NPU_OP_BR_NONE:
   case NPU_OP_BR_NZ:
   case NPU_OP_BR_Z: {
      LLVMValueRef condition = branch_condition(g);
      LLVMBuildCondBr(g->builder, condition, way_to_target(g, block), next);
      return;
   }
   case NPU_OP_BARRIER: {
      struct npu_jit_regs live = with_exec(&g->flow->blocks[block->succ[0]].live_in);
      struct npu_jit_regs unsaved = npu_jit_unsaved_at_end(block, &live);
      npu_jit_save_set(g, &unsaved);
      finish_wave(g, (uint32_t)g->flow->entry_of[g->index + 1]);
      return;
   }
   default:
      LLVMBuildBr(g->builder, next);
      return;
   }
}

void
npu_jit_translate(struct npu_jit_gen *g)
{
   const struct npu_op_info *info = &npu_op_infos[g->uop->inst.op];

   switch (g->uop->inst.op) {
   case NPU_OP_NOP:
   case NPU_OP_DMA_WAIT:
   case NPU_OP_FENCE_WAVE: /* lanes run in lockstep */
      return;
   case NPU_OP_FENCE_GROUP:
   case NPU_OP_FENCE_DEVICE:
   case NPU_OP_FENCE_SYSTEM:
      LLVMBuildFence(g->builder, LLVMAtomicOrderingSequentiallyConsistent, false, "");
      return;
   default:
      break;
   }
   bool done = false;
   if (info->is_memory)
      done = npu_jit_memory(g);
   else if (info->is_special)
      done = npu_jit_special(g);
   else if (info->cross_lane)
      done = npu_jit_cross(g);
   else if (info->latency == NPU_LATENCY_MASK)
      done = npu_jit_mask_op(g);
   else if (!info->is_dma)
      done = npu_jit_alu(g);
   if (!done)
      npu_jit_call_handler(g);
}

static bool
is_control(const struct npu_uop *uop)
{
   return !npu_jit_is_executable(uop) || npu_op_infos[uop->inst.op].is_branch ||
          uop->inst.op == NPU_OP_BARRIER || uop->inst.op == NPU_OP_TRAP;
}

void
npu_jit_go_to(struct npu_jit_gen *g, uint32_t index)
{
   g->uop = &g->flow->kernel->uops[index];
   g->index = index;
}

void
npu_jit_generate_uop(struct npu_jit_gen *g, uint32_t index, const struct npu_jit_regs *live)
{
   npu_jit_go_to(g, index);
   g->repeatable = g->repeatable && npu_jit_is_repeatable(g->uop);
   g->live = live;
   g->live_after = live + 1;
   if (is_control(g->uop))
      return;
   npu_jit_translate(g);
   npu_jit_uop_layout(g->uop, g->layout);
   npu_jit_known_step(g, &g->known, g->uop);
}

void
npu_jit_plain(struct npu_jit_gen *g, uint32_t first, uint32_t count, const LLVMValueRef *scalars,
              const struct npu_jit_regs *live)
{
   for (unsigned s = 0; s < NPU_NUM_SREGS; s++) {
      if (scalars[s])
         npu_jit_write_s(g, s, scalars[s]);
   }
   for (uint32_t i = 0; i < count; i++)
      npu_jit_generate_uop(g, first + i, &live[i]);
}

/* Generates the uops from `first` on that are better done together. Returns how many. */
static uint32_t
generate_runs(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
              const struct npu_jit_regs *live)
{
   uint32_t all = 0, count;

   while (first + all <= block->last) {
      const uint32_t i = first + all;
      if ((count = npu_jit_strip_length(g, block, i, live)) > 0)
         npu_jit_strips(g, i, count, &live[i - block->first]);
      else if ((count = npu_jit_stream(g, block, i, live)) == 0)
         break;
      all += count;
   }
   return all;
}

static void
generate_block(struct npu_jit_gen *g, const struct npu_jit_block *block, struct npu_jit_regs *live,
               struct npu_jit_regs *room)
{
   npu_jit_block_liveness(g->flow, block, live);
   live[block->last + 1 - block->first] = block->live_out;
   g->no_strips_before = g->no_streams_before = 0;
   memcpy(g->layout, block->layout, sizeof(g->layout));
   g->stored = (struct npu_jit_regs){.m = 0};
   npu_jit_known_begin(g, block);
   LLVMPositionBuilderAtEnd(g->builder, g->blocks[block - g->flow->blocks]);
   npu_jit_restore_set(g, &block->restore);
   LLVMBasicBlockRef loop = block->reachable ? npu_jit_serial_loop(g, block, room) : NULL;
   if (loop) {
      g->loop = loop;
      g->loop_head = block->first;
   }
   g->repeatable = block->repeatable;
   for (uint32_t i = block->first; i <= block->last; i++) {
      i += generate_runs(g, block, i, live);
      if (i > block->last)
         break;
      npu_jit_generate_uop(g, i, &live[i - block->first]);
   }
   end_block(g, block);
}

/* ---- entries ----------------------------------------------------------------------------- */

/* Everything in front of the kernel's own code. */
static void
generate_entries(struct npu_jit_gen *g)
{
   const struct npu_jit_flow *flow = g->flow;
   LLVMBasicBlockRef start = npu_jit_new_block(g, "start");

   npu_jit_make_variables(g);
   g->stop_ptr = npu_jit_load_frame(g, g->ptr, offsetof(struct npu_jit_frame, stop));
   g->window = npu_jit_load_frame(g, g->ptr, offsetof(struct npu_jit_frame, window));
   g->fast_limit = npu_jit_load_frame(g, g->i64, offsetof(struct npu_jit_frame, fast_limit));
   g->local = npu_jit_load_frame(g, g->ptr, offsetof(struct npu_jit_frame, local));
   g->local_size_B = npu_jit_load_frame(g, g->i64, offsetof(struct npu_jit_frame, local_size_B));
   g->private_size_B = npu_jit_load_frame(g, g->i64,
                                          offsetof(struct npu_jit_frame, private_size_B));
   LLVMBasicBlockRef head = npu_jit_wave_loop(g);

   LLVMPositionBuilderAtEnd(g->builder, head);
   npu_jit_begin_wave(g);
   if (flow->num_entries > 1) {
      LLVMValueRef entry = npu_jit_load(g, g->i32, entry_pointer(g), 0, 4);
      LLVMValueRef choose = LLVMBuildSwitch(g->builder, entry, start, flow->num_entries);
      for (uint32_t e = 1; e < flow->num_entries; e++) {
         uint32_t b = (uint32_t)flow->block_of[flow->entries[e]];
         const struct npu_jit_block *block = &flow->blocks[b];
         LLVMBasicBlockRef resume = npu_jit_new_block(g, "resume");
         LLVMAddCase(choose, npu_jit_i32(g, e), resume);
         LLVMPositionBuilderAtEnd(g->builder, resume);
         struct npu_jit_regs live = with_exec(&block->live_in);
         live = npu_jit_regs_minus(&live, &block->lazy);
         memcpy(g->layout, block->layout, sizeof(g->layout));
         npu_jit_restore_set(g, &live);
         if (g->poisons)
            npu_jit_poison_set(g, &block->lazy);
         LLVMBuildBr(g->builder, g->blocks[b]);
      }
   } else {
      LLVMBuildBr(g->builder, start);
   }
   LLVMPositionBuilderAtEnd(g->builder, start);
   if (flow->blocks[0].repeatable)
      npu_jit_note_start(g);
   npu_jit_clear_variables(g);
   LLVMBuildBr(g->builder, g->blocks[0]);
}

bool
npu_jit_generate(struct npu_jit_gen *g)
{
   const struct npu_jit_flow *flow = g->flow;
   LLVMTypeRef params[2] = {g->ptr, g->ptr};
   LLVMTypeRef type = LLVMFunctionType(g->i64, params, 2, false);
   uint32_t longest = 0;

   g->fn = LLVMAddFunction(g->module, "npu_wave", type);
   g->frame = LLVMGetParam(g->fn, 0);
   g->waves = LLVMGetParam(g->fn, 1);
   g->entry_block = npu_jit_new_block(g, "entry");
   LLVMPositionBuilderAtEnd(g->builder, g->entry_block);
   for (uint32_t b = 0; b < flow->num_blocks; b++) {
      g->blocks[b] = npu_jit_new_block(g, "");
      uint32_t length = flow->blocks[b].last - flow->blocks[b].first + 1;
      longest = length > longest ? length : longest;
   }
   npu_jit_find_width(g);
   generate_entries(g);

   /* One more: behind the last uop. */
   struct npu_jit_regs *live = malloc(2 * (longest + 1) * sizeof(*live));
   if (!live) {
      npu_jit_known_free(g);
      return false;
   }
   for (uint32_t b = 0; b < flow->num_blocks; b++)
      generate_block(g, &flow->blocks[b], live, live + longest + 1);
   free(live);
   npu_jit_known_free(g);
   return true;
}
