// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Work-groups that work together: sums, prefix sums, counts. */

/* The sum of each work-group's share. The work-group's size is a power of two. */
kernel void
reduction(uint n, global const float *in, global float *out, local float *sums)
{
   uint lid = get_local_id(0), size = get_local_size(0);
   float sum = 0;

   for (uint i = get_global_id(0); i < n; i += get_global_size(0))
      sum += in[i];
   sums[lid] = sum;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = size / 2; step > 0; step /= 2) {
      if (lid < step)
         sums[lid] += sums[lid + step];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   if (lid == 0)
      out[get_group_id(0)] = sums[0];
}

/* Inclusive prefix sums of blocks of one work-group each (Hillis and Steele), and the blocks' sums. */
kernel void
scan_blocks(global const uint *in, global uint *out, global uint *sums, local uint *a,
            local uint *b)
{
   uint lid = get_local_id(0), size = get_local_size(0);

   a[lid] = in[get_global_id(0)];
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = 1; step < size; step *= 2) {
      b[lid] = lid >= step ? a[lid] + a[lid - step] : a[lid];
      barrier(CLK_LOCAL_MEM_FENCE);
      local uint *t = a;
      a = b;
      b = t;
   }
   out[get_global_id(0)] = a[lid];
   if (lid == size - 1)
      sums[get_group_id(0)] = a[lid];
}

/* Adds the sum of all earlier blocks; sums are inclusive prefix sums by now. */
kernel void
scan_add(global uint *out, global const uint *sums)
{
   if (get_group_id(0) > 0)
      out[get_global_id(0)] += sums[get_group_id(0) - 1];
}

#define BINS 256

kernel void
histogram(uint n, global const uchar *in, volatile global uint *bins)
{
   local uint counts[BINS];

   for (uint i = get_local_id(0); i < BINS; i += get_local_size(0))
      counts[i] = 0;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint i = get_global_id(0); i < n; i += get_global_size(0))
      atomic_inc(&counts[in[i]]);
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint i = get_local_id(0); i < BINS; i += get_local_size(0))
      atomic_add(&bins[i], counts[i]);
}
