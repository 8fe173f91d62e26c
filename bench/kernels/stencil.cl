// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Neighbourhoods in grids. */

/* One step of diffusion in a box of nx * ny * nz points; the outermost points stay. */
kernel void
stencil7(int nx, int ny, int nz, float centre, float side, global const float *in,
         global float *out)
{
   int x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
   int i = x + nx * (y + ny * z);

   if (x < 1 || y < 1 || z < 1 || x >= nx - 1 || y >= ny - 1 || z >= nz - 1)
      return;
   out[i] = centre * in[i] + side * (in[i - 1] + in[i + 1] + in[i - nx] + in[i + nx] +
                                     in[i - nx * ny] + in[i + nx * ny]);
}

/* A 3 x 3 filter over a picture, the edge pixels repeated outside. */
kernel void
conv3x3(int width, int height, constant float *weights, global const float *in, global float *out)
{
   int x = get_global_id(0), y = get_global_id(1);
   float sum = 0;

   for (int j = -1; j <= 1; j++) {
      for (int i = -1; i <= 1; i++) {
         int u = clamp(x + i, 0, width - 1), v = clamp(y + j, 0, height - 1);
         sum += weights[3 * (j + 1) + i + 1] * in[v * width + u];
      }
   }
   out[y * width + x] = sum;
}
