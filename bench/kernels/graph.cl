// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* All shortest paths (Floyd and Warshall): one launch per vertex k. */

kernel void
floyd(uint n, uint k, global uint *distance)
{
   uint x = get_global_id(0), y = get_global_id(1);
   uint through = distance[y * n + k] + distance[k * n + x];

   if (through < distance[y * n + x])
      distance[y * n + x] = through;
}
