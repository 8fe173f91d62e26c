// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Generates runs of wide accesses whose vectors stay in the order of memory (npu_jit_stream_find.c).
//
// One test before the run says whether all lanes are active and all accesses inside the window; if not, the
// run is done in the usual way. What the run moves with one group of accesses is then one piece of memory: the
// k-th vector of it belongs to the register of component k.
//
// Work goes chunk by chunk, loads, operations and stores, which keeps few values alive; lanes are not ordered
// with each other in memory. But a host fault has to find nothing done that is behind the access to blame,
// which is the first one of the run that may not be done (npu_jit_fault.c):
//
// - Where all that a group moves is in one page, the first chunk meets the fault if there is one, in loads
//   before any store. Where it is in two, which is the most, both are accessed before the run; by stores by
//   writing what is there. Of a store made of several instructions the first one is to blame, then: what the
//   first lane and the last one store must not lie in both pages, else the run is done in the usual way.
// - Groups of stores behind the first are not to be begun before that is done. So with several of them all loads
//   come first, then one group after the other.

#include "npu_jit_stream.h"

/* ---- where ------------------------------------------------------------------------------- */

struct run {
   const struct npu_jit_stream *stream;
   LLVMValueRef start[NPU_JIT_STREAM_MAX_GROUPS]; /* addresses of what lane 0 accesses */
   /* What stores store, by their component. */
   LLVMValueRef data[NPU_JIT_STREAM_MAX_GROUPS][NPU_JIT_MAX_CHUNKS][NPU_JIT_STREAM_MAX_COMPONENTS];
};

/* All operations on scalars, which change none that the run has read. */
static void
scalar_part(struct npu_jit_gen *g, const struct npu_jit_stream *stream)
{
   for (uint32_t i = 0; i < stream->count; i++) {
      npu_jit_go_to(g, stream->first + i);
      if (stream->group_of[i] == NPU_JIT_STREAM_NO_GROUP && npu_reg_is_s(g->uop->inst.dst))
         npu_jit_alu(g);
   }
}

/* i1: what the first lane moves is in one page, and what the last one moves, too. */
static LLVMValueRef
ends_in_pages(struct npu_jit_gen *g, LLVMValueRef start, unsigned stride_B)
{
   LLVMValueRef differ = npu_jit_i64(g, 0);

   for (unsigned lane = 0; lane < NPU_INTERP_LANES; lane += NPU_INTERP_LANES - 1) {
      LLVMValueRef first = npu_jit_add(g, start, lane * stride_B);
      LLVMValueRef last = npu_jit_add(g, start, (lane + 1) * stride_B - 1);
      differ = LLVMBuildOr(g->builder, differ, LLVMBuildXor(g->builder, first, last, ""), "");
   }
   return npu_jit_compare(g, LLVMIntULT, differ, npu_jit_i64(g, NPU_PAGE_SIZE_B));
}

/* Finds the addresses. Returns the condition for the run, i1. */
static LLVMValueRef
check(struct npu_jit_gen *g, struct run *run)
{
   LLVMValueRef all = npu_jit_chunk_active(g, 0, true);

   for (unsigned c = 1; c < g->chunks; c++)
      all = LLVMBuildAnd(g->builder, all, npu_jit_chunk_active(g, c, true), "");
   for (unsigned n = 0; n < run->stream->num_groups; n++) {
      const struct npu_jit_stream_group *group = &run->stream->group[n];
      LLVMValueRef limit = npu_jit_limit(g, g->fast_limit, NPU_INTERP_LANES * group->stride_B);
      LLVMValueRef base = npu_jit_read_s(g, group->base - NPU_REG_S(0));
      run->start[n] = npu_jit_add(g, base, group->first_B);
      all = LLVMBuildAnd(g->builder, all, npu_jit_compare(g, LLVMIntULT, run->start[n], limit), "");
      if (group->is_store && group->members > 1)
         all = LLVMBuildAnd(g->builder, all, ends_in_pages(g, run->start[n], group->stride_B), "");
   }
   return all;
}

/* For a host fault: what all addresses are made from, and that the run is at work. */
static void
note_run(struct npu_jit_gen *g, const struct npu_jit_stream *stream)
{
   const uint32_t access = NPU_JIT_ACCESS_RUN | stream->count << 16 | stream->first;

   for (uint32_t i = 0; i < stream->count; i++) {
      npu_jit_go_to(g, stream->first + i);
      if (stream->group_of[i] != NPU_JIT_STREAM_NO_GROUP)
         npu_jit_save_operands(g, NPU_JIT_ADDRESSES);
   }
   npu_jit_note(g, access);
}

/* Part k of a chunk of what a group moves. */
static LLVMValueRef
part_pointer(struct npu_jit_gen *g, const struct run *run, unsigned n, unsigned chunk, unsigned k)
{
   const struct npu_jit_stream_group *group = &run->stream->group[n];
   LLVMValueRef first = npu_jit_address_of(g, g->window, run->start[n]);

   return npu_jit_offset(g, first,
                         (uint64_t)g->width * (chunk * group->stride_B + k * group->width_B));
}

/* The component that an access of a group begins with. */
static unsigned
first_component(const struct npu_jit_gen *g, const struct npu_jit_stream_group *group)
{
   return (unsigned)(g->uop->inst.imm - group->first_B) / group->width_B;
}

/* ---- loads, operations, stores ----------------------------------------------------------- */

static void
load(struct npu_jit_gen *g, const struct run *run, unsigned n, unsigned chunk)
{
   const struct npu_jit_stream_group *group = &run->stream->group[n];
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   LLVMTypeRef type = npu_jit_vec_of(g, npu_jit_int(g, 8 * a.width));

   for (unsigned i = 0; i < a.count; i++) {
      LLVMValueRef from = part_pointer(g, run, n, chunk, first_component(g, group) + i);
      LLVMValueRef value = npu_jit_masked_load(g, type, from, NULL);
      LLVMSetVolatile(value, group->some_dead);
      npu_jit_load_result(g, &a, i, chunk, value);
   }
}

static void
take_data(struct npu_jit_gen *g, struct run *run, unsigned n, unsigned chunk)
{
   const struct npu_jit_access a = npu_jit_access_of(&g->uop->inst);
   unsigned first = first_component(g, &run->stream->group[n]);

   for (unsigned i = 0; i < a.count; i++)
      run->data[n][chunk][first + i] = npu_jit_store_data(g, &a, i, chunk);
}

static void
chunk_part(struct npu_jit_gen *g, struct run *run, unsigned chunk)
{
   const struct npu_jit_stream *stream = run->stream;

   for (uint32_t i = 0; i < stream->count; i++) {
      const unsigned n = stream->group_of[i];
      npu_jit_go_to(g, stream->first + i);
      if (n == NPU_JIT_STREAM_NO_GROUP) {
         if (!npu_reg_is_s(g->uop->inst.dst))
            npu_jit_alu_chunk(g, chunk);
      } else if (stream->group[n].is_store) {
         take_data(g, run, n, chunk);
      } else {
         load(g, run, n, chunk);
      }
   }
}

/* Accesses a byte without effect: of a store, by writing what is there. */
static void
touch(struct npu_jit_gen *g, LLVMValueRef address, bool is_store)
{
   LLVMValueRef pointer = npu_jit_address_of(g, g->window, address);
   LLVMValueRef zero = LLVMConstInt(g->i8, 0, false);
   const LLVMAtomicOrdering order = LLVMAtomicOrderingSequentiallyConsistent;

   LLVMSetVolatile(is_store
                      ? LLVMBuildAtomicCmpXchg(g->builder, pointer, zero, zero, order, order, false)
                      : npu_jit_load(g, g->i8, pointer, 0, 1),
                   true);
}

/* If one of some groups (bits) lies in two pages, touches the first and last byte of all of them. */
static void
touch_pages(struct npu_jit_gen *g, const struct run *run, uint32_t groups)
{
   LLVMBuilderRef b = g->builder;
   LLVMBasicBlockRef two = npu_jit_new_block(g, "two_pages"), join = npu_jit_new_block(g, "");
   LLVMValueRef last[NPU_JIT_STREAM_MAX_GROUPS], differ = npu_jit_i64(g, 0);

   for (unsigned n = 0; n < run->stream->num_groups; n++) {
      last[n] = npu_jit_add(g, run->start[n],
                            NPU_INTERP_LANES * run->stream->group[n].stride_B - 1);
      if (groups >> n & 1)
         differ = LLVMBuildOr(b, differ, LLVMBuildXor(b, run->start[n], last[n], ""), "");
   }
   LLVMValueRef one = npu_jit_compare(g, LLVMIntULT, differ, npu_jit_i64(g, NPU_PAGE_SIZE_B));
   npu_jit_branch_likely(g, one, join, two);
   LLVMPositionBuilderAtEnd(b, two);
   for (unsigned n = 0; n < run->stream->num_groups; n++) {
      if (groups >> n & 1) {
         touch(g, run->start[n], run->stream->group[n].is_store);
         touch(g, last[n], run->stream->group[n].is_store);
      }
   }
   npu_jit_join(g, join);
}

static void
store(struct npu_jit_gen *g, const struct run *run, unsigned n, unsigned chunk)
{
   for (unsigned k = 0; k < run->stream->group[n].components; k++)
      npu_jit_masked_store(g, run->data[n][chunk][k], part_pointer(g, run, n, chunk, k), NULL);
}

/* All of the run's loads before the first of its stores. */
static void
one_by_one(struct npu_jit_gen *g, struct run *run)
{
   for (unsigned c = 0; c < g->chunks; c++)
      chunk_part(g, run, c);
   for (unsigned n = 0; n < run->stream->num_groups; n++) {
      if (!run->stream->group[n].is_store)
         continue;
      if (run->stream->group[n].members > 1)
         touch_pages(g, run, 1u << n);
      for (unsigned c = 0; c < g->chunks; c++)
         store(g, run, n, c);
   }
}

/* The last group is the only one of stores: chunk by chunk. */
static void
interleaved(struct npu_jit_gen *g, struct run *run)
{
   const unsigned num_groups = run->stream->num_groups;

   touch_pages(g, run, (1u << num_groups) - 1);
   for (unsigned c = 0; c < g->chunks; c++) {
      chunk_part(g, run, c);
      store(g, run, num_groups - 1, c);
   }
}

static void
generate(struct npu_jit_gen *g, struct run *run)
{
   const struct npu_jit_stream *stream = run->stream;

   note_run(g, stream);
   if (stream->num_groups > 1 && stream->group[stream->num_groups - 2].is_store)
      one_by_one(g, run);
   else
      interleaved(g, run);
}

/* ------------------------------------------------------------------------------------------ */

uint32_t
npu_jit_stream(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
               const struct npu_jit_regs *live)
{
   LLVMValueRef scalars[NPU_NUM_SREGS] = {0};
   struct npu_jit_stream stream;
   struct run run = {.stream = &stream};

   if (first < g->no_streams_before || !npu_jit_stream_begins(g, block, first))
      return 0;
   if (!npu_jit_stream_find(g, block, first, live, &stream)) {
      /* Nor is there one from the next of several loads on. */
      for (g->no_streams_before = first + 1; npu_jit_stream_begins(g, block, g->no_streams_before);)
         g->no_streams_before++;
      return 0;
   }
   for (uint32_t i = 0; i < stream.count; i++) {
      unsigned dst = g->flow->kernel->uops[first + i].inst.dst;
      if (stream.group_of[i] == NPU_JIT_STREAM_NO_GROUP && npu_reg_is_s(dst))
         scalars[dst - NPU_REG_S(0)] = npu_jit_read_s(g, dst - NPU_REG_S(0));
   }
   scalar_part(g, &stream);
   LLVMBasicBlockRef fast = npu_jit_new_block(g, "stream"), slow = npu_jit_new_block(g, "plain");
   LLVMBasicBlockRef join = npu_jit_new_block(g, "");
   npu_jit_branch_likely(g, check(g, &run), fast, slow);
   LLVMPositionBuilderAtEnd(g->builder, fast);
   const bool repeatable = g->repeatable;
   g->repeatable = false; /* with its stores */
   generate(g, &run);
   g->repeatable = repeatable;
   LLVMBuildBr(g->builder, join);
   LLVMPositionBuilderAtEnd(g->builder, slow);
   g->stored = (struct npu_jit_regs){.m = 0};
   g->seldom = true;
   npu_jit_plain(g, first, stream.count, scalars, &live[first - block->first]);
   g->seldom = false;
   g->stored = (struct npu_jit_regs){.m = 0};
   npu_jit_join(g, join);
   return stream.count;
}
