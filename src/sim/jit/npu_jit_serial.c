// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loops that gather, run lane by lane.
//
// In a loop such as that of a sparse matrix's row, a wave takes as long as its longest lane, and each load
// whose lanes are far apart costs the host one load for each lane, the idle ones too, and putting them
// together. One lane after the other, in scalar code, costs only what the lane needs. (The hardware's
// specification allows strips of fewer lanes; here they have one.)
//
// npu_jit_serial_find.c finds such loops. One has no effects but its registers, and may be begun anew: if an
// address may be out of bounds, a host fault happens, or it takes very long, the loop is done again for the
// whole wave, which knows all about faults. Lanes load from memory what they begin with, and store what they
// end with; vectors of that are made before and behind.
//
// What it misses: loads from local memory.

#include "npu_jit_serial.h"

#define MAX_ITERATIONS (1 << 16) /* of a lane */

/* Copies of a short loop's body behind each other: they are counted once. Fewer instructions for each iteration let
 * the host begin more loads before the first has come. */
#define COPIES           4
#define MAX_UOPS_TO_COPY 24

#define LINE_B 64 /* what is in one cache line can be loaded again before it is written */

/* While it is generated: of one lane. */
struct serial {
   struct npu_jit_gen *g;
   const struct npu_jit_loop *loop;
   LLVMValueRef v32[NPU_NUM_VREGS], v64[NPU_NUM_VREGS / 2], m[NPU_NUM_MREGS + 1];
   LLVMValueRef count;
   /* In memory, for each lane: what it begins with, what it ends with. (Not the same memory: the host would take
    * the next lane's loads for what this one has not stored yet.) */
   LLVMValueRef begin[NPU_NUM_VREGS], end[NPU_NUM_VREGS];
   /* Of one iteration; where the next begins; where the wave goes on. */
   LLVMBasicBlockRef blocks[NPU_JIT_SERIAL_MAX_BLOCKS], next_iteration, give_up;
};

/* ---- one lane ---------------------------------------------------------------------------- */

static bool
is_wide(const struct npu_jit_loop *loop, unsigned v)
{
   return loop->layout[v] == NPU_JIT_LAYOUT_64;
}

static LLVMTypeRef
lane_type(const struct serial *s, unsigned v)
{
   return is_wide(s->loop, v) ? s->g->i64 : s->g->i32;
}

/* The variable of a register for the lane. */
static LLVMValueRef
variable(const struct serial *s, unsigned v, bool wide)
{
   return wide ? s->v64[v / 2] : s->v32[v];
}

static LLVMValueRef
read_mask(const struct serial *s, unsigned reg)
{
   return LLVMBuildLoad2(s->g->builder, s->g->i1, s->m[reg - NPU_REG_M(0)], "");
}

static LLVMValueRef
read_source(const struct serial *s, unsigned i, unsigned bits)
{
   struct npu_jit_gen *g = s->g;
   unsigned reg = g->uop->inst.src[i];

   if (!npu_reg_is_v(reg))
      return npu_jit_source_scalar(g, i, bits);
   LLVMValueRef value = LLVMBuildLoad2(g->builder, bits == 64 ? g->i64 : g->i32,
                                       variable(s, reg, bits == 64), "");
   return bits < 32 ? LLVMBuildTrunc(g->builder, value, npu_jit_int(g, bits), "") : value;
}

static void
write_lane(const struct serial *s, unsigned v, bool wide, LLVMValueRef value)
{
   struct npu_jit_gen *g = s->g;
   LLVMTypeRef type = wide ? g->i64 : g->i32;
   LLVMValueRef to = variable(s, v, wide);

   if (LLVMGetIntTypeWidth(LLVMTypeOf(value)) < LLVMGetIntTypeWidth(type))
      value = LLVMBuildZExt(g->builder, value, type, "");
   if (g->uop->inst.masked)
      value = LLVMBuildSelect(g->builder, read_mask(s, NPU_REG_EXEC), value,
                              LLVMBuildLoad2(g->builder, type, to, ""), "");
   LLVMBuildStore(g->builder, value, to);
}

/* A lane operation or one of bits. */
static void
lane_op(const struct serial *s)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   LLVMValueRef a[NPU_MAX_SRCS] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].kind != NPU_KIND_MASK)
         a[i] = read_source(s, i, info->src[i].bits);
      else if (npu_reg_is_m(inst->src[i]))
         a[i] = read_mask(s, inst->src[i]);
      else
         a[i] = LLVMBuildICmp(g->builder, LLVMIntNE, npu_jit_source_scalar(g, i, 64),
                              npu_jit_i64(g, 0), "");
   }
   LLVMValueRef value = npu_jit_is_bit_op(inst) ? npu_jit_bit_op(g, a) : npu_jit_alu_lane(g, a);
   if (!npu_reg_is_m(inst->dst)) {
      write_lane(s, inst->dst, info->dst.bits == 64, value);
      return;
   }
   LLVMValueRef exec = read_mask(s, NPU_REG_EXEC);
   if (inst->masked)
      value = LLVMBuildSelect(g->builder, exec, value, read_mask(s, inst->dst), "");
   else if (!npu_jit_is_bit_op(inst))
      value = LLVMBuildAnd(g->builder, value, exec, "");
   LLVMBuildStore(g->builder, value, s->m[inst->dst - NPU_REG_M(0)]);
}

/* i1: whatever the offset of a load in form o is, the access is in bounds. */
static LLVMValueRef
is_far_from_bounds(struct npu_jit_gen *g)
{
   const struct npu_inst *inst = &g->uop->inst;
   LLVMValueRef base = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), inst->imm);
   const uint64_t below = inst->sx ? (1ull << 31) << inst->scale_log2 : 0;
   const uint64_t above = (inst->sx ? 1ull << 31 : 1ull << 32) << inst->scale_log2;

   /* The limit has a margin behind it for what an access moves. */
   LLVMValueRef first = npu_jit_add(g, base, -(int64_t)below);
   LLVMValueRef room = npu_jit_limit(g, g->fast_limit, below + above + 1);
   return npu_jit_compare(g, LLVMIntULT, first, room);
}

static LLVMValueRef
lane_address(const struct serial *s)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_inst *inst = &g->uop->inst;

   if (inst->op == NPU_OP_LD_A)
      return npu_jit_add(g, read_source(s, 1, 64), inst->imm);
   LLVMValueRef offset = read_source(s, 1, 32);
   offset = inst->sx ? LLVMBuildSExt(g->builder, offset, g->i64, "")
                     : LLVMBuildZExt(g->builder, offset, g->i64, "");
   offset = LLVMBuildShl(g->builder, offset, npu_jit_i64(g, inst->scale_log2), "");
   LLVMValueRef base = npu_jit_add(g, npu_jit_source_scalar(g, 0, 64), inst->imm);
   return LLVMBuildAdd(g->builder, base, offset, "");
}

/* Gives up out of bounds; pays_now() has looked at form o. */
static void
lane_load(const struct serial *s, const struct npu_jit_regs *live_after)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   LLVMBasicBlockRef active = npu_jit_new_block(g, ""), inside = npu_jit_new_block(g, "");
   LLVMBasicBlockRef join = npu_jit_new_block(g, "");

   LLVMBuildCondBr(g->builder, read_mask(s, NPU_REG_EXEC), active, join);
   LLVMPositionBuilderAtEnd(g->builder, active);
   LLVMValueRef address = lane_address(s);
   if (a.inst->op == NPU_OP_LD_A)
      npu_jit_branch_likely(g, npu_jit_compare(g, LLVMIntULT, address, g->fast_limit), inside,
                            s->give_up);
   else
      LLVMBuildBr(g->builder, inside);
   LLVMPositionBuilderAtEnd(g->builder, inside);
   LLVMValueRef pointer = npu_jit_address_of(g, g->window, address);
   for (unsigned i = 0; i < a.count; i++) {
      unsigned reg = a.inst->dst + i * (a.wide ? 2 : 1);
      LLVMValueRef value = npu_jit_load(g, npu_jit_int(g, 8 * a.width), pointer, i * a.width, 1);
      LLVMSetVolatile(value, !npu_jit_has_v(live_after, reg));
      write_lane(s, reg, a.wide, value);
   }
   npu_jit_join(g, join);
}

/* ---- the loop ---------------------------------------------------------------------------- */

/* Whether a register, or of a pair any of the two, is in both sets. */
static bool
is_in(const struct serial *s, unsigned v, const struct npu_jit_regs *a,
      const struct npu_jit_regs *b)
{
   return (npu_jit_has_v(a, v) && npu_jit_has_v(b, v)) ||
          (is_wide(s->loop, v) && npu_jit_has_v(a, v + 1) && npu_jit_has_v(b, v + 1));
}

static LLVMValueRef
make_lanes(const struct serial *s, unsigned v)
{
   LLVMTypeRef type = LLVMArrayType2(lane_type(s, v), NPU_INTERP_LANES);
   LLVMValueRef lanes = npu_jit_variable(s->g, type, "lane");

   LLVMSetAlignment(lanes, LINE_B);
   return lanes;
}

static void
make_lane_variables(struct serial *s)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_jit_loop *loop = s->loop;

   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      if (!npu_jit_has_v(&loop->named, v))
         continue;
      s->v32[v] = npu_jit_variable(g, g->i32, "lane");
      if (!s->v64[v / 2])
         s->v64[v / 2] = npu_jit_variable(g, g->i64, "lane");
   }
   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      if (is_wide(loop, v) && (v & 1))
         continue;
      if (is_in(s, v, &loop->named, &g->flow->blocks[loop->head].live_in))
         s->begin[v] = make_lanes(s, v);
      if (is_in(s, v, &loop->written, &g->flow->blocks[loop->exit].live_in))
         s->end[v] = make_lanes(s, v);
   }
   for (unsigned m = 0; m <= NPU_NUM_MREGS; m++)
      s->m[m] = s->loop->named.m >> m & 1 ? npu_jit_variable(g, g->i1, "lane") : NULL;
   s->count = npu_jit_variable(g, g->i32, "lane");
}

static LLVMValueRef
element(const struct serial *s, unsigned v, LLVMValueRef lanes, LLVMValueRef lane)
{
   return LLVMBuildInBoundsGEP2(s->g->builder, lane_type(s, v), lanes, &lane, 1, "");
}

static void
store_registers(const struct serial *s, const LLVMValueRef *lanes)
{
   struct npu_jit_gen *g = s->g;

   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      for (unsigned c = 0; lanes[v] && c < g->chunks; c++)
         npu_jit_store(g, npu_jit_read_v(g, v, is_wide(s->loop, v), c),
                       element(s, v, lanes[v], npu_jit_i32(g, c * g->width)), 0, 4);
   }
}

static void
load_registers(const struct serial *s)
{
   struct npu_jit_gen *g = s->g;

   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      for (unsigned c = 0; s->end[v] && c < g->chunks; c++) {
         LLVMValueRef at = element(s, v, s->end[v], npu_jit_i32(g, c * g->width));
         npu_jit_write_v(g, v, is_wide(s->loop, v), c,
                         npu_jit_load(g, npu_jit_vec_of(g, lane_type(s, v)), at, 0, 4));
      }
   }
}

static LLVMValueRef
mask_bits(struct npu_jit_gen *g, unsigned m)
{
   LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];

   for (unsigned c = 0; c < g->chunks; c++)
      chunks[c] = npu_jit_read_m(g, m, c);
   return npu_jit_mask_bits(g, chunks);
}

/* i1: the loop is worth it now, its loads are far from the bounds, and the masks that lanes leave with zero
 * begin as exec, as they do where they say which lanes are still in the loop. */
static LLVMValueRef
pays_now(struct npu_jit_gen *g, const struct npu_jit_loop *loop)
{
   LLVMBuilderRef b = g->builder;
   LLVMValueRef exec = mask_bits(g, NPU_NUM_MREGS), differ = npu_jit_i32(g, 0);

   g->uop = npu_jit_uop_at(g, loop->probe);
   LLVMValueRef irregular = LLVMBuildNot(b, npu_jit_is_regular(g), "");
   for (unsigned m = 0; m < NPU_NUM_MREGS; m++) {
      if (loop->zero >> m & 1)
         differ = LLVMBuildOr(b, differ, LLVMBuildXor(b, mask_bits(g, m), exec, ""), "");
   }
   LLVMValueRef same = npu_jit_compare(g, LLVMIntEQ, differ, npu_jit_i32(g, 0));
   LLVMValueRef any = npu_jit_compare(g, LLVMIntNE, exec, npu_jit_i32(g, 0));
   LLVMValueRef all = LLVMBuildAnd(b, irregular, LLVMBuildAnd(b, same, any, ""), "");
   for (uint32_t i = g->flow->blocks[loop->head].first; i < g->flow->blocks[loop->last].last; i++) {
      g->uop = npu_jit_uop_at(g, i);
      if (g->uop->inst.op == NPU_OP_LD_O)
         all = LLVMBuildAnd(b, all, is_far_from_bounds(g), "");
   }
   return all;
}

static void
begin_lane(const struct serial *s, LLVMValueRef lane, const LLVMValueRef *bits)
{
   struct npu_jit_gen *g = s->g;
   LLVMBuilderRef b = g->builder;

   /* Registers that were never written are zero, whichever way they are read. */
   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      if (!s->v32[v])
         continue;
      LLVMBuildStore(b, npu_jit_i32(g, 0), s->v32[v]);
      LLVMBuildStore(b, npu_jit_i64(g, 0), s->v64[v / 2]);
   }
   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      if (!s->begin[v])
         continue;
      LLVMValueRef value = npu_jit_load(g, lane_type(s, v), element(s, v, s->begin[v], lane), 0, 4);
      LLVMBuildStore(b, value, variable(s, v, is_wide(s->loop, v)));
   }
   for (unsigned m = 0; m < NPU_NUM_MREGS; m++) {
      if (!s->m[m])
         continue;
      LLVMValueRef bit = LLVMBuildTrunc(b, LLVMBuildLShr(b, bits[m], lane, ""), g->i1, "");
      if (s->loop->zero >> m & 1)
         bit = LLVMConstInt(g->i1, 1, false);
      LLVMBuildStore(b, bit, s->m[m]);
   }
   LLVMBuildStore(b, npu_jit_i32(g, 0), s->count);
}

/* The uops of a block, and where it goes. */
static void
lane_block(const struct serial *s, uint32_t b, struct npu_jit_regs *live, LLVMBasicBlockRef leave)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_jit_block *block = &g->flow->blocks[b];
   const uint32_t head = s->loop->head;
   LLVMValueRef exec;

   npu_jit_block_liveness(g->flow, block, live);
   live[block->last + 1 - block->first] = block->live_out;
   LLVMPositionBuilderAtEnd(g->builder, s->blocks[b - head]);
   /* A lane that begins an iteration, or has not jumped over a block, is active. */
   if (b == head ||
       npu_jit_is_branch_on_exec(npu_jit_uop_at(g, block->first - 1), NPU_OP_BR_NONE, false))
      LLVMBuildStore(g->builder, LLVMConstInt(g->i1, 1, false), s->m[NPU_NUM_MREGS]);
   for (uint32_t i = block->first; i <= block->last; i++) {
      g->uop = npu_jit_uop_at(g, i);
      g->index = i;
      if (npu_op_infos[g->uop->inst.op].is_branch)
         break;
      if (npu_jit_is_loop_load(&g->uop->inst))
         lane_load(s, &live[i + 1 - block->first]);
      else
         lane_op(s);
   }
   if (b == s->loop->last) {
      LLVMBuildCondBr(g->builder, read_mask(s, NPU_REG_EXEC), s->next_iteration, leave);
   } else if (npu_jit_is_branch_on_exec(g->uop, NPU_OP_BR_NONE, false)) {
      exec = read_mask(s, NPU_REG_EXEC);
      LLVMBuildCondBr(g->builder, exec, s->blocks[b + 1 - head],
                      s->blocks[(uint32_t)npu_jit_target_block(g, g->uop) - head]);
   } else {
      LLVMBuildBr(g->builder, s->blocks[b + 1 - head]);
   }
}

/* One or several iterations, and back to the first until it takes too long. */
static void
lane_loop(struct serial *s, struct npu_jit_regs *live, LLVMBasicBlockRef leave)
{
   struct npu_jit_gen *g = s->g;
   const struct npu_jit_block *blocks = g->flow->blocks;
   const uint32_t head = s->loop->head, last = s->loop->last;
   const bool is_short = blocks[last].last - blocks[head].first < MAX_UOPS_TO_COPY;
   const unsigned copies = is_short ? COPIES : 1;
   LLVMBasicBlockRef first = npu_jit_new_block(g, "");

   LLVMBuildBr(g->builder, first);
   s->next_iteration = first;
   for (unsigned k = 0; k < copies; k++) {
      s->blocks[0] = s->next_iteration;
      for (uint32_t i = head + 1; i <= last; i++)
         s->blocks[i - head] = npu_jit_new_block(g, "");
      s->next_iteration = npu_jit_new_block(g, "");
      for (uint32_t i = head; i <= last; i++)
         lane_block(s, i, live, leave);
   }
   LLVMPositionBuilderAtEnd(g->builder, s->next_iteration);
   LLVMValueRef count = LLVMBuildLoad2(g->builder, g->i32, s->count, "");
   count = LLVMBuildAdd(g->builder, count, npu_jit_i32(g, copies), "");
   LLVMBuildStore(g->builder, count, s->count);
   npu_jit_branch_likely(g, npu_jit_compare(g, LLVMIntULT, count, npu_jit_i32(g, MAX_ITERATIONS)),
                         first, s->give_up);
}

/* The lane has left the loop: its masks have to be what makes further iterations change nothing. */
static void
end_lane(const struct serial *s, LLVMValueRef lane)
{
   struct npu_jit_gen *g = s->g;
   LLVMBasicBlockRef good = npu_jit_new_block(g, "");
   LLVMValueRef bad = LLVMConstInt(g->i1, 0, false);

   for (unsigned m = 0; m < NPU_NUM_MREGS; m++) {
      if (s->loop->zero >> m & 1)
         bad = LLVMBuildOr(g->builder, bad, read_mask(s, NPU_REG_M(m)), "");
   }
   npu_jit_branch_likely(g, LLVMBuildNot(g->builder, bad, ""), good, s->give_up);
   LLVMPositionBuilderAtEnd(g->builder, good);
   for (unsigned v = 0; v < NPU_NUM_VREGS; v++) {
      if (!s->end[v])
         continue;
      LLVMValueRef value = LLVMBuildLoad2(g->builder, lane_type(s, v),
                                          variable(s, v, is_wide(s->loop, v)), "");
      npu_jit_store(g, value, element(s, v, s->end[v], lane), 0, 4);
   }
}

/* All lanes, one after the other; from the current block to the loop's exit. */
static void
generate(struct serial *s, struct npu_jit_regs *live)
{
   struct npu_jit_gen *g = s->g;
   LLVMBuilderRef b = g->builder;
   const struct npu_jit_loop *loop = s->loop;
   LLVMBasicBlockRef next = npu_jit_new_block(g, "lane"), leave = npu_jit_new_block(g, "");
   LLVMBasicBlockRef done = npu_jit_new_block(g, ""), from = LLVMGetInsertBlock(b);
   LLVMValueRef bits[NPU_NUM_MREGS + 1];

   for (unsigned m = 0; m <= NPU_NUM_MREGS; m++)
      bits[m] = s->m[m] ? mask_bits(g, m) : NULL;
   LLVMBuildBr(b, next);
   LLVMPositionBuilderAtEnd(b, next);
   LLVMValueRef rest = LLVMBuildPhi(b, g->i32, "rest");
   LLVMAddIncoming(rest, &bits[NPU_NUM_MREGS], &from, 1);
   LLVMValueRef lane = npu_jit_call2(g, "llvm.cttz", rest, LLVMConstInt(g->i1, 1, false));
   begin_lane(s, lane, bits);
   lane_loop(s, live, leave);
   LLVMPositionBuilderAtEnd(b, leave);
   end_lane(s, lane);
   LLVMValueRef less = LLVMBuildSub(b, rest, npu_jit_i32(g, 1), "");
   less = LLVMBuildAnd(b, less, rest, "");
   from = LLVMGetInsertBlock(b);
   LLVMAddIncoming(rest, &less, &from, 1);
   LLVMBuildCondBr(b, npu_jit_compare(g, LLVMIntNE, less, npu_jit_i32(g, 0)), next, done);
   LLVMPositionBuilderAtEnd(b, done);
   load_registers(s);
   for (unsigned m = 0; m <= NPU_NUM_MREGS; m++) {
      for (unsigned c = 0; (loop->zero >> m & 1) && c < g->chunks; c++)
         npu_jit_write_m(g, m, c, LLVMConstNull(npu_jit_vec_of(g, g->i1)));
   }
   npu_jit_restore_set(g, &g->flow->blocks[loop->last].restore_at_end);
   LLVMBuildBr(b, g->blocks[loop->exit]);
}

LLVMBasicBlockRef
npu_jit_serial_loop(struct npu_jit_gen *g, const struct npu_jit_block *head,
                    struct npu_jit_regs *live)
{
   struct npu_jit_loop loop;
   struct serial s = {.g = g, .loop = &loop};

   if (!npu_jit_find_loop(g, (uint32_t)(head - g->flow->blocks), &loop))
      return NULL;
   LLVMBasicBlockRef serial = npu_jit_new_block(g, "serial");
   s.give_up = npu_jit_new_block(g, "loop");
   LLVMBuildCondBr(g->builder, pays_now(g, &loop), serial, s.give_up);
   LLVMPositionBuilderAtEnd(g->builder, serial);
   /* A host fault leaves nothing but the wave's memory; then the interpreter goes on at the head. */
   g->volatile_stores = true;
   struct npu_jit_regs begin = npu_jit_regs_minus(&head->live_in, &head->lazy);
   begin.m |= NPU_JIT_EXEC_BIT;
   npu_jit_save_set(g, &begin);
   g->volatile_stores = false;
   npu_jit_note(g, head->first | NPU_JIT_ACCESS_RESTART);
   g->has_serial_loop = true;
   make_lane_variables(&s);
   store_registers(&s, s.begin);
   store_registers(&s, s.end);
   generate(&s, live);
   g->stored = (struct npu_jit_regs){.m = 0};
   LLVMPositionBuilderAtEnd(g->builder, s.give_up);
   return s.give_up;
}
