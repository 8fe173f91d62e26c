// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* A sparse matrix in compressed rows times a vector, and the rest of the conjugate gradient method. */

kernel void
spmv(uint rows, global const uint *starts, global const uint *columns, global const float *values,
     global const float *x, global float *y)
{
   uint row = get_global_id(0);
   float sum = 0;

   if (row >= rows)
      return;
   for (uint i = starts[row]; i < starts[row + 1]; i++)
      sum += values[i] * x[columns[i]];
   y[row] = sum;
}

/* Partial sums of a . b, one per work-group; its size is a power of two. */
kernel void
dot_parts(uint n, global const float *a, global const float *b, global float *parts,
          local float *sums)
{
   uint lid = get_local_id(0);
   float sum = 0;

   for (uint i = get_global_id(0); i < n; i += get_global_size(0))
      sum += a[i] * b[i];
   sums[lid] = sum;
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = get_local_size(0) / 2; step > 0; step /= 2) {
      if (lid < step)
         sums[lid] += sums[lid + step];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   if (lid == 0)
      parts[get_group_id(0)] = sums[0];
}

/* scalars: 0: r.r  1: alpha  2: beta. One work-item. */
kernel void
cg_alpha(uint num_parts, global const float *parts, global float *scalars)
{
   float sum = 0;

   for (uint i = 0; i < num_parts; i++)
      sum += parts[i];
   scalars[1] = sum == 0 ? 0 : scalars[0] / sum;
}

kernel void
cg_beta(uint num_parts, global const float *parts, global float *scalars)
{
   float sum = 0;

   for (uint i = 0; i < num_parts; i++)
      sum += parts[i];
   scalars[2] = scalars[0] == 0 ? 0 : sum / scalars[0];
   scalars[0] = sum;
}

/* x += alpha p, r -= alpha q */
kernel void
cg_step(global const float *scalars, global const float *p, global const float *q, global float *x,
        global float *r)
{
   uint i = get_global_id(0);

   x[i] += scalars[1] * p[i];
   r[i] -= scalars[1] * q[i];
}

/* p = r + beta p */
kernel void
cg_direction(global const float *scalars, global const float *r, global float *p)
{
   uint i = get_global_id(0);

   p[i] = r[i] + scalars[2] * p[i];
}
