// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* C = A * B^T with 8-bit integers, four products per step, as neural networks are computed. */

#define TILE 16

int
dot4(char4 a, char4 b)
{
#ifdef __opencl_c_integer_dot_product_input_4x8bit
   return dot(a, b);
#else
   int4 p = convert_int4(a) * convert_int4(b);
   return p.x + p.y + p.z + p.w;
#endif
}

/* n4: vectors of four in a row. */
kernel __attribute__((reqd_work_group_size(TILE, TILE, 1))) void
igemm8(int n4, global const char4 *a, global const char4 *b, global int *c)
{
   local char4 tile_a[TILE][TILE], tile_b[TILE][TILE + 1];
   int lx = get_local_id(0), ly = get_local_id(1);
   int x0 = get_group_id(0) * TILE, y0 = get_group_id(1) * TILE;
   int sum = 0;

   for (int t = 0; t < n4; t += TILE) {
      tile_a[ly][lx] = a[(y0 + ly) * n4 + t + lx];
      tile_b[ly][lx] = b[(x0 + ly) * n4 + t + lx];
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int k = 0; k < TILE; k++)
         sum += dot4(tile_a[ly][k], tile_b[lx][k]);
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   c[(y0 + ly) * (n4 * 4) + x0 + lx] = sum;
}
