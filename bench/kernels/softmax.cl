// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Softmax of the rows of a matrix, one work-group per row; its size is a power of two. */

kernel void
softmax(uint columns, global const float *in, global float *out, local float *shared)
{
   uint lid = get_local_id(0), size = get_local_size(0);
   global const float *row = in + get_group_id(0) * columns;
   global float *to = out + get_group_id(0) * columns;
   float most = -INFINITY, sum = 0;

   for (uint i = lid; i < columns; i += size)
      most = fmax(most, row[i]);
   shared[lid] = most;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = size / 2; step > 0; step /= 2) {
      if (lid < step)
         shared[lid] = fmax(shared[lid], shared[lid + step]);
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   most = shared[0];
   barrier(CLK_LOCAL_MEM_FENCE);

   for (uint i = lid; i < columns; i += size)
      sum += exp(row[i] - most);
   shared[lid] = sum;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = size / 2; step > 0; step /= 2) {
      if (lid < step)
         shared[lid] += shared[lid + step];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   sum = shared[0];

   for (uint i = lid; i < columns; i += size)
      to[i] = exp(row[i] - most) / sum;
}
