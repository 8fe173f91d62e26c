// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Accelerations of n bodies (x, y, z, mass) by each other, tiles of bodies in local memory. */

kernel void
nbody(uint n, float softening2, global const float4 *bodies, global float4 *accelerations,
      local float4 *tile)
{
   uint lid = get_local_id(0), size = get_local_size(0);
   float4 me = bodies[get_global_id(0)];
   float ax = 0, ay = 0, az = 0;

   for (uint t = 0; t < n; t += size) {
      tile[lid] = bodies[t + lid];
      barrier(CLK_LOCAL_MEM_FENCE);
      for (uint i = 0; i < size; i++) {
         float4 other = tile[i];
         float dx = other.x - me.x, dy = other.y - me.y, dz = other.z - me.z;
         float inverse = rsqrt(dx * dx + dy * dy + dz * dz + softening2);
         float factor = other.w * inverse * inverse * inverse;
         ax += factor * dx;
         ay += factor * dy;
         az += factor * dz;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   accelerations[get_global_id(0)] = (float4)(ax, ay, az, 0);
}
