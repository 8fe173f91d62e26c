// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// How long work-groups take: what dispatches of the same kernel with work-groups of the same size took
// before. A guess decides who works on a dispatch, never what comes out.
//
// Each queue has a small table by address of the code; who finds another kernel in its place takes it
// over. A time that is shorter than expected counts at once (an engine compiles, caches get warm), a
// longer one by a quarter (the host did something else).

#include "npu_sim_priv.h"

static struct npu_cost *
entry_of(const struct npu_dispatch *dispatch)
{
   const uint64_t code_va = dispatch->packet.code_va;

   /* Code begins at a multiple of 64 bytes, mostly of a page. */
   return &dispatch->queue->costs[(code_va >> 6 ^ code_va >> 12) % NPU_COST_ENTRIES];
}

static bool
is_of(const struct npu_cost *cost, const struct npu_dispatch *dispatch)
{
   return cost->code_va == dispatch->packet.code_va && cost->group_size == dispatch->group_size &&
          cost->asid == dispatch->vm->asid;
}

float
npu_cost_guess_ns(const struct npu_dispatch *dispatch)
{
   const struct npu_cost *cost = entry_of(dispatch);

   return is_of(cost, dispatch) ? cost->group_ns : 0;
}

void
npu_cost_learn(const struct npu_dispatch *dispatch, uint64_t num_groups, uint64_t ns)
{
   struct npu_cost *cost = entry_of(dispatch);
   float group_ns = (float)ns / (float)num_groups;

   if (is_of(cost, dispatch) && group_ns > cost->group_ns)
      group_ns = (3 * cost->group_ns + group_ns) / 4;
   *cost = (struct npu_cost){
      .code_va = dispatch->packet.code_va,
      .group_size = dispatch->group_size,
      .asid = (uint8_t)dispatch->vm->asid,
      .group_ns = group_ns,
   };
}
