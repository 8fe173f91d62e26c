// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Kernels that need more registers than there are: what the compiler does then. */

#define TWICE(X, n) X(n) X(n + 1)
#define X4(X, n)    TWICE(X, n) TWICE(X, n + 2)
#define X16(X, n)   X4(X, n) X4(X, n + 4) X4(X, n + 8) X4(X, n + 12)
#define X48(X, n)   X16(X, n) X16(X, n + 16) X16(X, n + 32)

/* Steps of a lattice Boltzmann model with two fields for each direction, and a weight: the addresses of 38
 * fields and 19 numbers want scalar registers all along the loop. */
#define DIRECTIONS(X)                                                                              \
   X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)     \
   X(17) X(18)

kernel void
lattice(
#define IN(d)     global const float *in##d,
#define OUT(d)    global float *restrict out##d,
#define WEIGHT(d) float w##d,
   DIRECTIONS(IN) DIRECTIONS(OUT) DIRECTIONS(WEIGHT) float omega, int rows, int pitch)
{
   int x = get_global_id(0);

   for (int y = 0; y < rows; y++) {
      int at = y * pitch + x;
#define LOAD(d)  float f##d = in##d[at];
#define ADD(d)   rho += f##d;
#define STORE(d) out##d[at] = f##d + omega * (rho * w##d - f##d);
      DIRECTIONS(LOAD)
      float rho = 0;
      DIRECTIONS(ADD)
      DIRECTIONS(STORE)
   }
}

/* A filter whose coefficients are an argument by value. */
struct coefficients {
   float c[96];
};

kernel void
filter(global const float *in, global float *out, int n, struct coefficients k)
{
   int i = get_global_id(0);
   float sum = 0;

   for (int j = 0; j < n; j++) {
      float x = in[i + j * 1024], y = 0;
#define TERM(t) y = y * x + k.c[t];
      X48(TERM, 0) X48(TERM, 48)
      sum += y;
   }
   out[i] = sum;
}

/* A block of 12 x 12 elements of a product in the registers of each work-item. */
#define X12(X, ...)                                                                                \
   X(0, ##__VA_ARGS__) X(1, ##__VA_ARGS__) X(2, ##__VA_ARGS__) X(3, ##__VA_ARGS__)                 \
   X(4, ##__VA_ARGS__) X(5, ##__VA_ARGS__) X(6, ##__VA_ARGS__) X(7, ##__VA_ARGS__)                 \
   X(8, ##__VA_ARGS__) X(9, ##__VA_ARGS__) X(10, ##__VA_ARGS__) X(11, ##__VA_ARGS__)
#define ROWS(X)                                                                                    \
   X12(X, 0) X12(X, 1) X12(X, 2) X12(X, 3) X12(X, 4) X12(X, 5) X12(X, 6) X12(X, 7) X12(X, 8)       \
   X12(X, 9) X12(X, 10) X12(X, 11)

kernel void
block12x12(int n, global const float *a, global const float *b, global float *c)
{
   int x = get_global_id(0), y = get_global_id(1) * 12, w = get_global_size(0);
#define ZERO(i, j) float c##j##_##i = 0;
   ROWS(ZERO)
   for (int k = 0; k < n; k++) {
#define READ_A(j) float a##j = a[(y + j) * n + k];
#define READ_B(i) float b##i = b[k * n + x + i * w];
      X12(READ_A) X12(READ_B)
#define MAC(i, j) c##j##_##i += a##j * b##i;
      ROWS(MAC)
   }
#define WRITE(i, j) c[(y + j) * n + x + i * w] = c##j##_##i;
   ROWS(WRITE)
}

/* Positions of 80 neighbours, from the coordinates of the work-item alone, are used twice. */
kernel void
neighbours(global const float *in, global float *out, int n, int pitch)
{
   int x = get_global_id(0), y = get_global_id(1), at = y * pitch + x;
   float sum = 0, squares = 0;

   for (int k = 0; k < n; k++) {
#define NEAR(t)     sum += (float)(x * (t + 1)) * squares; squares += (float)((y + 1) * (t + 7)) * sum;
      X48(NEAR, 0) X48(NEAR, 48)
      sum += in[at + k];
   }
   out[at] = sum + squares;
}

/* Vectors of 16: loads of whole cache lines of each work-item. */
kernel void
vectors(global const float16 *a, global const float16 *b, global const float16 *c, global float16 *out)
{
   int i = get_global_id(0) * 4;
   float16 r0 = fma(a[i], b[i], c[i]), r1 = fma(a[i + 1], b[i + 1], c[i + 1]);
   float16 r2 = fma(a[i + 2], b[i + 2], c[i + 2]), r3 = fma(a[i + 3], b[i + 3], c[i + 3]);

   out[i] = r0 * r1;
   out[i + 1] = r1 * r2;
   out[i + 2] = r2 * r3;
   out[i + 3] = r3 * r0;
}

/* Particles with double precision: pairs of registers. */
kernel void
doubles(global const double8 *a, global double8 *out, int n, double step)
{
   int i = get_global_id(0);
   double8 p = a[i * 4], v = a[i * 4 + 1], f = a[i * 4 + 2], m = a[i * 4 + 3];

   for (int k = 0; k < n; k++) {
      double8 q = a[k], d = q - p, r = fma(d, d, m), s = d / r;
      f = fma(s, v, f);
      v = fma(f, step, v);
      p = fma(v, step, p);
      m = fma(p, s, m) + q;
   }
   out[i * 4] = p;
   out[i * 4 + 1] = v;
   out[i * 4 + 2] = f;
   out[i * 4 + 3] = m;
}
