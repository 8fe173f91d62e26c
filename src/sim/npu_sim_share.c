// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Who gets which work-groups of a dispatch.
//
// Each core has a range of consecutive groups of its own, the same part of the grid in every dispatch: what a
// loop of dispatches reads and writes again stays in the caches of the host's CPU that had it before. It takes
// chunks from the front, each a fixed part of what is left of it: large ones first, so that taking them costs
// nothing, small ones last, so that there is something to steal. A core whose range is empty takes the back half
// of the longest one that is left. (Affinity scheduling: Markatos, LeBlanc, "Using processor affinity in loop
// scheduling on shared-memory multiprocessors", 1994.)
//
// A range is one atomic word, the first group and the end, so taking is a compare-and-swap. Both count in units
// of several groups where a grid has more than 2^31. A pair of numbers never comes back in a dispatch: nobody
// takes a range for the one it was before.
//
// What it misses: which cores are close to each other.

#include <assert.h>

#include "npu_sim_priv.h"

/* A core takes this part of its range; more of it while it works alone and others may be asked later. */
#define PART       4
#define PART_ALONE 2

/* A chunk that takes less than this is not worth taking alone. */
#define CHUNK_NS 1000

static uint64_t
range_of(uint64_t first, uint64_t end)
{
   return end << 32 | first;
}

static uint64_t
range_first(uint64_t range)
{
   return range & UINT32_MAX;
}

static uint64_t
range_left(uint64_t range)
{
   return (range >> 32) - (range & UINT32_MAX);
}

void
npu_share_choose_chunks(struct npu_dispatch *dispatch, unsigned cores, float group_ns)
{
   struct npu_share *share = &dispatch->share;
   const uint64_t part = share->num_units / cores / PART + 1;
   const float least = group_ns > 0 ? (float)CHUNK_NS / (group_ns * (float)share->unit) : 1;

   share->part = cores == 1 ? PART_ALONE : PART;
   share->min_chunk = least < 1 ? 1 : (float)part < least ? part : (uint64_t)least;
}

void
npu_share_begin(struct npu_dispatch *dispatch, unsigned cores, float group_ns)
{
   struct npu_share *share = &dispatch->share;
   struct npu_core *all = dispatch->queue->cores;

   share->unit = (dispatch->num_groups >> 31) + 1;
   share->num_units = (dispatch->num_groups + share->unit - 1) / share->unit;
   share->num_cores = dispatch->helpers + 1;
   for (unsigned i = 0; i < share->num_cores; i++) {
      const uint64_t first = i < cores ? share->num_units * i / cores : 0;
      const uint64_t end = i < cores ? share->num_units * (i + 1) / cores : 0;
      atomic_store_explicit(&all[i].range, range_of(first, end), memory_order_relaxed);
   }
   npu_share_choose_chunks(dispatch, cores, group_ns);
}

/* Makes the back half of the longest range the core's own, all of it if it is short. False: there is none. */
static bool
steal(struct npu_core *core, const struct npu_share *share)
{
   struct npu_core *all = core->queue->cores;

   for (;;) {
      struct npu_core *victim = NULL;
      uint64_t range = 0;

      for (unsigned i = 0; i < share->num_cores; i++) {
         uint64_t other = atomic_load_explicit(&all[i].range, memory_order_relaxed);
         if (range_left(other) > range_left(range)) {
            range = other;
            victim = &all[i];
         }
      }
      if (!victim)
         return false;
      const uint64_t left = range_left(range), end = range >> 32;
      const uint64_t count = left < 2 * share->min_chunk ? left : left / 2;
      if (atomic_compare_exchange_strong_explicit(&victim->range, &range,
                                                  range_of(range_first(range), end - count),
                                                  memory_order_relaxed, memory_order_relaxed))
      {
         atomic_store_explicit(&core->range, range_of(end - count, end), memory_order_relaxed);
         return true;
      }
   }
}

uint64_t
npu_share_take(struct npu_core *core, const struct npu_dispatch *dispatch, uint64_t *count)
{
   const struct npu_share *share = &dispatch->share;

   assert(core->index < share->num_cores && "only those that were asked");
   do {
      uint64_t range = atomic_load_explicit(&core->range, memory_order_relaxed);
      while (range_left(range)) {
         const uint64_t first = range_first(range), left = range_left(range);
         uint64_t units = left / share->part;
         units = units < share->min_chunk ? share->min_chunk : units;
         units = units > left ? left : units;
         if (!atomic_compare_exchange_weak_explicit(&core->range, &range, range + units,
                                                    memory_order_relaxed, memory_order_relaxed))
            continue;
         const uint64_t groups_left = dispatch->num_groups - first * share->unit;
         *count = units * share->unit;
         *count = *count > groups_left ? groups_left : *count;
         return first * share->unit;
      }
   } while (steal(core, share));
   *count = 0;
   return 0;
}

uint64_t
npu_share_taken(const struct npu_dispatch *dispatch)
{
   const struct npu_share *share = &dispatch->share;
   uint64_t left = 0;

   for (unsigned i = 0; i < share->num_cores; i++)
      left += range_left(
         atomic_load_explicit(&dispatch->queue->cores[i].range, memory_order_relaxed));
   left *= share->unit;
   return left < dispatch->num_groups ? dispatch->num_groups - left : 0;
}
