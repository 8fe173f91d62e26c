// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* C = A * B for square row-major matrices, as three generations of programmers write it. */

kernel void
sgemm_naive(int n, global const float *a, global const float *b, global float *c)
{
   int x = get_global_id(0), y = get_global_id(1);
   float sum = 0;

   for (int k = 0; k < n; k++)
      sum += a[y * n + k] * b[k * n + x];
   c[y * n + x] = sum;
}

#define TILE 16

/* Tiles in local memory, one element of C per work-item. */
kernel __attribute__((reqd_work_group_size(TILE, TILE, 1))) void
sgemm_tiled(int n, global const float *a, global const float *b, global float *c)
{
   local float tile_a[TILE][TILE], tile_b[TILE][TILE];
   int lx = get_local_id(0), ly = get_local_id(1);
   int x = get_group_id(0) * TILE + lx, y = get_group_id(1) * TILE + ly;
   float sum = 0;

   for (int t = 0; t < n; t += TILE) {
      tile_a[ly][lx] = a[y * n + t + lx];
      tile_b[ly][lx] = b[(t + ly) * n + x];
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int k = 0; k < TILE; k++)
         sum += tile_a[ly][k] * tile_b[k][lx];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   c[y * n + x] = sum;
}

#define BLOCK 64 /* of C, by a work-group of 16 x 16 */
#define DEPTH 16 /* of the tiles in local memory */
#define EACH  4  /* x EACH elements of C in registers */

/* Tiles in local memory, as they lie in global memory, and a block of 4 x 4 elements in the registers of each
 * work-item. */
kernel __attribute__((reqd_work_group_size(16, 16, 1))) void
sgemm_blocked(int n, global const float *a, global const float *b, global float *c)
{
   local float tile_a[BLOCK][DEPTH], tile_b[DEPTH][BLOCK];
   int lx = get_local_id(0), ly = get_local_id(1), id = ly * 16 + lx;
   int x0 = get_group_id(0) * BLOCK, y0 = get_group_id(1) * BLOCK;
   float sum[EACH][EACH];

   for (int j = 0; j < EACH; j++)
      for (int i = 0; i < EACH; i++)
         sum[j][i] = 0;

   for (int t = 0; t < n; t += DEPTH) {
      for (int i = 0; i < DEPTH * BLOCK / 256; i++) {
         int e = id + i * 256;
         tile_a[e / DEPTH][e % DEPTH] = a[(y0 + e / DEPTH) * n + t + e % DEPTH];
         tile_b[e / BLOCK][e % BLOCK] = b[(t + e / BLOCK) * n + x0 + e % BLOCK];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      #pragma unroll 4
      for (int k = 0; k < DEPTH; k++) {
         float ra[EACH], rb[EACH];
         for (int i = 0; i < EACH; i++) {
            ra[i] = tile_a[ly * EACH + i][k];
            rb[i] = tile_b[k][lx + i * 16];
         }
         for (int j = 0; j < EACH; j++)
            for (int i = 0; i < EACH; i++)
               sum[j][i] += ra[j] * rb[i];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   for (int j = 0; j < EACH; j++)
      for (int i = 0; i < EACH; i++)
         c[(y0 + ly * EACH + j) * n + x0 + lx + i * 16] = sum[j][i];
}

/* y = A * x, one row per work-item; and with A stored by columns. */
kernel void
gemv_rows(int n, global const float *a, global const float *x, global float *y)
{
   int row = get_global_id(0);
   float sum = 0;

   for (int k = 0; k < n; k++)
      sum += a[row * n + k] * x[k];
   y[row] = sum;
}

kernel void
gemv_columns(int n, global const float *a, global const float *x, global float *y)
{
   int row = get_global_id(0);
   float sum = 0;

   for (int k = 0; k < n; k++)
      sum += a[k * n + row] * x[k];
   y[row] = sum;
}
