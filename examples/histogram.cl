// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Counts how often each byte value occurs. Every work-group counts in local memory, where atomics are near
 * and groups do not meet, and adds its 256 counts to the result at the end. */

#define BINS 256

kernel void
histogram(uint n, global const uchar *data, global uint *counts)
{
   local uint mine[BINS];

   for (uint bin = get_local_id(0); bin < BINS; bin += get_local_size(0))
      mine[bin] = 0;
   barrier(CLK_LOCAL_MEM_FENCE);

   for (size_t i = get_global_id(0); i < n; i += get_global_size(0))
      atomic_inc(&mine[data[i]]);
   barrier(CLK_LOCAL_MEM_FENCE);

   for (uint bin = get_local_id(0); bin < BINS; bin += get_local_size(0)) {
      if (mine[bin] != 0)
         atomic_add(&counts[bin], mine[bin]);
   }
}
