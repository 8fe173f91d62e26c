// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Bitonic sort (Batcher). */

/* One step over the whole array: each work-item owns the pair that differs in bit j. */
kernel void
bitonic_step(uint j, uint k, global uint *keys)
{
   uint t = get_global_id(0);
   uint i = 2 * j * (t / j) + t % j;
   uint a = keys[i], b = keys[i + j];

   if ((a > b) == ((i & k) == 0)) {
      keys[i] = b;
      keys[i + j] = a;
   }
}

/* All steps of the stages from k_first to k_last whose pairs lie within 2 * get_local_size(0) keys. */
kernel void
bitonic_local(uint k_first, uint k_last, global uint *keys, local uint *part)
{
   uint lid = get_local_id(0), size = get_local_size(0);
   uint base = get_group_id(0) * 2 * size;

   part[lid] = keys[base + lid];
   part[lid + size] = keys[base + lid + size];
   for (uint k = k_first; k <= k_last; k *= 2) {
      for (uint j = min(k / 2, size); j > 0; j /= 2) {
         uint i = 2 * lid - (lid & (j - 1));
         barrier(CLK_LOCAL_MEM_FENCE);
         uint a = part[i], b = part[i + j];
         if ((a > b) == (((base + i) & k) == 0)) {
            part[i] = b;
            part[i + j] = a;
         }
      }
   }
   barrier(CLK_LOCAL_MEM_FENCE);
   keys[base + lid] = part[lid];
   keys[base + lid + size] = part[lid + size];
}
