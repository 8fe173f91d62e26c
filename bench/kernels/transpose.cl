// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* A square matrix with rows and columns exchanged, through tiles in local memory. */

#define TILE 16

kernel __attribute__((reqd_work_group_size(TILE, TILE, 1))) void
transpose(int n, global const float *in, global float *out)
{
   local float tile[TILE][TILE + 1];
   int lx = get_local_id(0), ly = get_local_id(1);
   int x = get_group_id(0) * TILE, y = get_group_id(1) * TILE;

   tile[ly][lx] = in[(y + ly) * n + x + lx];
   barrier(CLK_LOCAL_MEM_FENCE);
   out[(x + ly) * n + y + lx] = tile[lx][ly];
}
