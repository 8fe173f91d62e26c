// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* C = A * B, all n x n, row-major.
 *
 * A work-group of 16 x 16 items computes a tile of 64 x 64 elements of C, each item 4 x 4 of them in
 * registers. The group walks along k in steps of 16: it copies a 64 x 16 piece of A and a 16 x 64 piece of B
 * to local memory, so that each element read from global memory is used 64 times, and each element read
 * from local memory 4 times.
 *
 * Item (x, y) owns rows y, y+16, y+32, y+48 and columns x, x+16, x+32, x+48 of the tile: neighbours read
 * neighbouring addresses. Outside of the matrix the pieces are filled with zero, so any n works. */

#define TILE 64 /* edge of the tile of C */
#define STEP 16 /* columns of A and rows of B at a time; also the edge of the work-group */
#define OWN 4   /* TILE / STEP */

kernel __attribute__((reqd_work_group_size(STEP, STEP, 1))) void
sgemm(uint n, global const float *a, global const float *b, global float *c)
{
   local float a_piece[TILE][STEP];
   local float b_piece[STEP][TILE];
   uint x = get_local_id(0), y = get_local_id(1);
   uint row0 = get_group_id(1) * TILE, column0 = get_group_id(0) * TILE;
   float sum[OWN][OWN];

   for (uint i = 0; i < OWN; i++) {
      for (uint j = 0; j < OWN; j++)
         sum[i][j] = 0;
   }

   for (uint k0 = 0; k0 < n; k0 += STEP) {
      for (uint i = 0; i < OWN; i++) {
         uint row = row0 + y + i * STEP, k = k0 + x;
         a_piece[y + i * STEP][x] = row < n && k < n ? a[row * n + k] : 0;
      }
      for (uint j = 0; j < OWN; j++) {
         uint column = column0 + x + j * STEP, k = k0 + y;
         b_piece[y][x + j * STEP] = column < n && k < n ? b[k * n + column] : 0;
      }
      barrier(CLK_LOCAL_MEM_FENCE);

      for (uint k = 0; k < STEP; k++) {
         float from_a[OWN], from_b[OWN];

         for (uint i = 0; i < OWN; i++)
            from_a[i] = a_piece[y + i * STEP][k];
         for (uint j = 0; j < OWN; j++)
            from_b[j] = b_piece[k][x + j * STEP];
         for (uint i = 0; i < OWN; i++) {
            for (uint j = 0; j < OWN; j++)
               sum[i][j] = fma(from_a[i], from_b[j], sum[i][j]);
         }
      }
      barrier(CLK_LOCAL_MEM_FENCE);
   }

   for (uint i = 0; i < OWN; i++) {
      for (uint j = 0; j < OWN; j++) {
         uint row = row0 + y + i * STEP, column = column0 + x + j * STEP;
         if (row < n && column < n)
            c[row * n + column] = sum[i][j];
      }
   }
}
