// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Lane operations in strips: a run of them is generated for the first chunk of the wave, then for the
// next. Chunk by chunk within each operation, as elsewhere, more values are alive at once than the host
// has registers as soon as a kernel has some accumulators (a 4 x 4 block of a matrix product: 16 of 32
// lanes, that is all 32 registers of AVX-512); in strips each chunk's accumulators stay in registers
// throughout the run. Where registers are plenty, the usual order keeps more independent work together
// for chains that wait for their latency.
//
// Lanes do not depend on each other in such operations. Scalar ones in between are done before, and the
// scalars that operations of lanes read are noted. Loads from local memory whose lanes have known
// distances (npu_jit_affine.c) may be part of a run: that all of them are in bounds is tested before it,
// and where they are not the run is done in the usual way.
//
// What it misses: other loads, stores and branches end a run, so a loop is not one strip.

#include "npu_jit_access.h"

/* Longer runs are cut: the host looks only so far ahead for independent work. */
#define MAX_RUN 96

/* Also a load. */
static bool
is_vector_op(const struct npu_uop *uop)
{
   return !npu_reg_is_s(uop->inst.dst);
}

/* A register that lives in memory has chunks that overlap those of its other layout. */
static bool
in_memory(const struct npu_jit_gen *g, const struct npu_uop *uop)
{
   struct npu_jit_regs uses, kills, writes;
   const uint64_t *memory = g->flow->in_memory;

   npu_jit_uop_regs(uop, &uses, &kills, &writes);
   return ((uses.v[0] | writes.v[0]) & memory[0]) || ((uses.v[1] | writes.v[1]) & memory[1]);
}

/* Whether so many values are alive that the host's registers do not hold those of all chunks. */
static bool
is_crowded(const struct npu_jit_gen *g, const struct npu_jit_regs *live)
{
   const unsigned host_regs = g->host->has_avx512 ? 32 : 16;
   unsigned count = (unsigned)(__builtin_popcountll(live->v[0]) + __builtin_popcountll(live->v[1]));

   return count * g->chunks > host_regs;
}

/* Where the run that begins at `first` ends, but for what is known of its loads, and what it is worth. */
static uint32_t
find_end(const struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
         const struct npu_jit_regs *live, bool *pays)
{
   const struct npu_uop *uops = g->flow->kernel->uops;
   uint32_t end = first, vector_ops = 0;
   bool crowded = false;

   for (; end <= block->last && end - first < MAX_RUN; end++) {
      const struct npu_uop *uop = &uops[end];
      if (!npu_jit_is_executable(uop) || in_memory(g, uop) ||
          !(npu_jit_is_lanewise(g, uop) || npu_jit_is_local_load(g, uop)))
         break;
      vector_ops += is_vector_op(uop);
      crowded |= is_crowded(g, &live[end - block->first]);
   }
   *pays = crowded && vector_ops > 1;
   return end;
}

/* The run up to the first load of which too little is known: its address has to be there before the run. */
static uint32_t
known_end(struct npu_jit_gen *g, uint32_t first, uint32_t end)
{
   const struct npu_jit_known before = g->known;
   struct npu_jit_regs uses, kills, writes, written = {.m = 0};
   uint32_t i = first;

   for (; i < end; i++) {
      const struct npu_uop *uop = &g->flow->kernel->uops[i];
      npu_jit_uop_regs(uop, &uses, &kills, &writes);
      if (npu_op_infos[uop->inst.op].is_load) {
         g->uop = uop;
         if (npu_jit_has_v(&written, uop->inst.src[1]) || !npu_jit_is_known_load(g))
            break;
      }
      written.v[0] |= writes.v[0];
      written.v[1] |= writes.v[1];
      npu_jit_known_step(g, &g->known, uop);
   }
   g->known = before;
   return i;
}

uint32_t
npu_jit_strip_length(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
                     const struct npu_jit_regs *live)
{
   bool pays;

   if (first < g->no_strips_before)
      return 0;
   uint32_t end = find_end(g, block, first, live, &pays);
   if (pays) {
      uint32_t known = known_end(g, first, end);
      if (known == end)
         return end - first;
      if (known > first + 1) {
         const struct npu_jit_block part = {.first = block->first, .last = known - 1};
         find_end(g, &part, first, live, &pays);
         if (pays)
            return known - first;
      }
      /* With the load another run may begin. */
      g->no_strips_before = known > first ? known : first + 1;
      return 0;
   }
   /* A part of a run that does not pay does not, either. */
   g->no_strips_before = end + 1;
   return 0;
}

/* ---- generation -------------------------------------------------------------------------- */

struct run {
   uint32_t first, count;
   LLVMValueRef scalars[MAX_RUN][NPU_MAX_SRCS];       /* that operations of lanes read */
   LLVMValueRef pointer[MAX_RUN][NPU_JIT_MAX_CHUNKS]; /* of loads */
   uint32_t rows[MAX_RUN];                            /* their consecutive chunks */
};

static bool
is_load(const struct npu_jit_gen *g)
{
   return npu_op_infos[g->uop->inst.op].is_load;
}

/* Everything scalar. Returns the condition of the loads, or NULL. */
static LLVMValueRef
scalar_part(struct npu_jit_gen *g, struct run *run)
{
   const struct npu_jit_known before = g->known;
   LLVMValueRef all = NULL;

   for (uint32_t i = 0; i < run->count; i++) {
      npu_jit_go_to(g, run->first + i);
      const struct npu_op_info *info = &npu_op_infos[g->uop->inst.op];
      if (is_load(g)) {
         LLVMValueRef good = npu_jit_known_load_check(g, run->pointer[i], &run->rows[i]);
         all = all ? LLVMBuildAnd(g->builder, all, good, "") : good;
      } else if (is_vector_op(g->uop)) {
         g->scalars = run->scalars[i];
         for (unsigned s = 0; s < info->num_srcs; s++) {
            if (npu_reg_is_s(g->uop->inst.src[s]) && info->src[s].files)
               npu_jit_source_scalar(g, s,
                                     info->src[s].kind == NPU_KIND_MASK ? 64 : info->src[s].bits);
         }
         g->scalars = NULL;
      } else {
         npu_jit_alu(g);
      }
      npu_jit_known_step(g, &g->known, g->uop);
   }
   g->known = before;
   return all;
}

static void
strips(struct npu_jit_gen *g, struct run *run)
{
   for (unsigned c = 0; c < g->chunks; c++) {
      for (uint32_t i = 0; i < run->count; i++) {
         npu_jit_go_to(g, run->first + i);
         if (is_load(g)) {
            npu_jit_known_load_chunk(g, c, run->pointer[i][c], run->rows[i] >> c & 1);
         } else if (is_vector_op(g->uop)) {
            g->scalars = run->scalars[i];
            npu_jit_alu_chunk(g, c);
            g->scalars = NULL;
         }
      }
   }
}

void
npu_jit_strips(struct npu_jit_gen *g, uint32_t first, uint32_t count,
               const struct npu_jit_regs *live)
{
   struct run run = {.first = first, .count = count};
   struct npu_jit_regs written = {.m = 0}, uses, kills, writes;
   LLVMValueRef scalars[NPU_NUM_SREGS];

   for (uint32_t i = 0; i < count; i++) {
      npu_jit_uop_regs(&g->flow->kernel->uops[first + i], &uses, &kills, &writes);
      written.s |= writes.s;
   }
   for (unsigned s = 0; s < NPU_NUM_SREGS; s++)
      scalars[s] = written.s >> s & 1 ? npu_jit_read_s(g, s) : NULL;
   LLVMValueRef good = scalar_part(g, &run);
   if (!good) {
      strips(g, &run);
      for (uint32_t i = 0; i < count; i++) {
         npu_jit_go_to(g, first + i);
         npu_jit_uop_layout(g->uop, g->layout);
         npu_jit_known_step(g, &g->known, g->uop);
      }
      return;
   }
   LLVMBasicBlockRef fast = npu_jit_new_block(g, "strips"), slow = npu_jit_new_block(g, "plain");
   LLVMBasicBlockRef join = npu_jit_new_block(g, "");
   npu_jit_branch_likely(g, good, fast, slow);
   LLVMPositionBuilderAtEnd(g->builder, fast);
   strips(g, &run);
   LLVMBuildBr(g->builder, join);
   LLVMPositionBuilderAtEnd(g->builder, slow);
   g->stored = (struct npu_jit_regs){.m = 0};
   npu_jit_plain(g, first, count, scalars, live);
   g->stored = (struct npu_jit_regs){.m = 0};
   npu_jit_join(g, join);
}
