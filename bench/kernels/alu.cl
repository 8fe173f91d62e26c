// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The peak of fused multiply-adds: eight independent chains in each work-item. */

kernel void
alu(float b, float c, int rounds, global float *out)
{
   float x = get_global_id(0);
   float8 a = (float8)(x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6, x + 7);

   for (int i = 0; i < rounds; i++) {
      a = fma(a, (float8)b, (float8)c);
      a = fma(a, (float8)b, (float8)c);
      a = fma(a, (float8)b, (float8)c);
      a = fma(a, (float8)b, (float8)c);
   }
   out[get_global_id(0)] = a.s0 + a.s1 + a.s2 + a.s3 + a.s4 + a.s5 + a.s6 + a.s7;
}
