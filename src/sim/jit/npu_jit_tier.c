// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// When a kernel moves from the interpreter to host code.
//
// Compiling costs time, mostly in proportion to the length of the kernel. It pays when the
// interpreter would otherwise need longer than that: what the running dispatch will still take is
// known from its work-groups that are done; what later dispatches will take is guessed to be what
// former ones took (which costs at most twice as much as knowing the future would). Once requested,
// compilation goes on beside the interpreter, and the next work-group or barrier after its end uses
// the host code.
//
// Code in the cache on disk costs next to nothing. Estimates begin with a typical figure and follow the compilations of this process.

#include "npu_jit_library.h"

#define BASE_NS        3000000
#define FROM_DISK_NS   500000
#define FIRST_GUESS_NS 300000 /* for each uop */

static _Atomic uint64_t ns_per_uop = FIRST_GUESS_NS;

uint64_t
npu_jit_tier_cost_ns(const struct npu_jit_unit *unit)
{
   if (unit->on_disk)
      return FROM_DISK_NS;
   return BASE_NS + unit->num_uops * atomic_load_explicit(&ns_per_uop, memory_order_relaxed);
}

void
npu_jit_tier_learn(size_t num_uops, uint64_t ns)
{
   uint64_t old = atomic_load_explicit(&ns_per_uop, memory_order_relaxed);
   uint64_t now = (ns > BASE_NS ? ns - BASE_NS : 0) / (num_uops ? num_uops : 1);

   /* Short kernels say little about the cost of a uop. */
   if (num_uops >= 16)
      atomic_store_explicit(&ns_per_uop, (3 * old + now) / 4, memory_order_relaxed);
}

void
npu_jit_tier_start(struct npu_jit_tier *tier, struct npu_jit_unit *unit, uint64_t num_groups)
{
   tier->unit = unit;
   tier->num_groups = num_groups;
   atomic_store_explicit(&tier->num_done, 0, memory_order_relaxed);
   atomic_store_explicit(&tier->done_ns, 0, memory_order_relaxed);
}

void
npu_jit_tier_note(struct npu_jit_tier *tier, uint64_t ns, unsigned num_groups)
{
   struct npu_jit_unit *unit = tier->unit;

   if (!unit || atomic_load_explicit(&unit->requested, memory_order_relaxed))
      return;
   uint64_t total = atomic_fetch_add_explicit(&unit->interp_ns, ns, memory_order_relaxed) + ns;
   uint64_t spent = atomic_fetch_add_explicit(&tier->done_ns, ns, memory_order_relaxed) + ns;
   uint64_t done = atomic_fetch_add_explicit(&tier->num_done, num_groups, memory_order_relaxed) +
                   num_groups;
   /* Groups at work count as done: less is left than this says, never more. */
   double left = done ? (double)spent / (double)done * (double)(tier->num_groups - done) : 0;
   if ((double)total + left > (double)npu_jit_tier_cost_ns(unit))
      npu_jit_request(unit);
}
