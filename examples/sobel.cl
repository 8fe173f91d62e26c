// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Edges of a grey picture: the Sobel operator, that is the brightness gradient over 3 x 3 pixels,
 *
 *         -1 0 1          -1 -2 -1
 *    gx = -2 0 2     gy =  0  0  0     result = min(255, (|gx| + |gy|) / 2)
 *         -1 0 1           1  2  1
 *
 * A work-group of 16 x 16 items first copies its pixels and a border of one to local memory, where each is
 * read up to nine times. Outside of the picture the edge pixels repeat. */

#define EDGE 16

kernel __attribute__((reqd_work_group_size(EDGE, EDGE, 1))) void
sobel(int width, int height, global const uchar *in, global uchar *out)
{
   local uchar tile[EDGE + 2][EDGE + 2];
   int x = get_global_id(0), y = get_global_id(1);
   int tx = get_local_id(0), ty = get_local_id(1);
   int x0 = get_group_id(0) * EDGE - 1, y0 = get_group_id(1) * EDGE - 1;

   for (int i = ty * EDGE + tx; i < (EDGE + 2) * (EDGE + 2); i += EDGE * EDGE) {
      int row = i / (EDGE + 2), column = i % (EDGE + 2);
      int from_y = clamp(y0 + row, 0, height - 1), from_x = clamp(x0 + column, 0, width - 1);

      tile[row][column] = in[from_y * width + from_x];
   }
   barrier(CLK_LOCAL_MEM_FENCE);

   if (x >= width || y >= height)
      return;

   int a = tile[ty][tx], b = tile[ty][tx + 1], c = tile[ty][tx + 2];
   int d = tile[ty + 1][tx], f = tile[ty + 1][tx + 2];
   int g = tile[ty + 2][tx], h = tile[ty + 2][tx + 1], i = tile[ty + 2][tx + 2];
   int gx = c + 2 * f + i - a - 2 * d - g;
   int gy = g + 2 * h + i - a - 2 * b - c;

   out[y * width + x] = min(255u, (abs(gx) + abs(gy)) / 2);
}
