// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* One step of n bodies that attract each other. Body i: position and mass in in_position[i].xyzw, velocity in
 * velocity[i].xyz.
 *
 * A work-group walks over all bodies in blocks of its own size: each item copies one body to local memory,
 * then every item adds up what the whole block does to its body. The softening (distance^2 + eps2) keeps
 * close pairs finite and makes a body's pull on itself zero. */

kernel void
nbody_step(uint n, float dt, float eps2, global const float4 *in_position, global float4 *out_position,
           global float4 *velocity, local float4 *block)
{
   uint i = get_global_id(0), item = get_local_id(0), group = get_local_size(0);
   float4 me = in_position[i];
   float3 acceleration = 0;

   for (uint first = 0; first < n; first += group) {
      block[item] = in_position[first + item];
      barrier(CLK_LOCAL_MEM_FENCE);

      for (uint j = 0; j < group; j++) {
         float4 other = block[j];
         float3 d = other.xyz - me.xyz;
         float inverse = rsqrt(d.x * d.x + d.y * d.y + d.z * d.z + eps2);

         acceleration += d * (other.w * inverse * inverse * inverse);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
   }

   float3 v = velocity[i].xyz + acceleration * dt;
   velocity[i] = (float4)(v, 0);
   out_position[i] = (float4)(me.xyz + v * dt, me.w);
}
