/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Memory accesses for front_exec: widths, vectors by hand, alignments, private arrays, constant tables,
 * address arithmetic. See front_control.cl for how the kernels are run.
 */

kernel void
bytes(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const uchar *p = (global const uchar *)in;
   global uchar *q = (global uchar *)out;

   for (uint k = 0; k < 4; k++)
      q[4 * i + k] = p[4 * i + (k ^ 1)] * 3 + k;
}

kernel void
signed_bytes(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const char *p = (global const char *)in;
   char a = p[i], b = p[i + 1];

   out[i] = (uint)(a * b) + (uint)(char)(a + b) + (uint)(a / (b | 1)) + (a < b ? 1 : 0);
}

kernel void
halves(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const ushort *p = (global const ushort *)in;
   global const short *q = (global const short *)in;

   out[i] = p[2 * i] + (uint)q[2 * i + 1] * 5 + (uint)(short)(q[i] >> 3);
}

kernel void
quads(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const ulong *p = (global const ulong *)in;
   ulong x = p[i / 2] * 0x9e3779b97f4a7c15ul;

   x ^= x >> 29;
   x += (ulong)(long)(int)in[i];
   out[i] = (uint)(x >> 32) ^ (uint)x;
}

kernel void
quads_signed(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   long x = (long)in[i] * -77777777l, y = (long)(int)in[i + 1] | 1;

   out[i] = (uint)(x / y) + (uint)(x % y) + (x < y) + (uint)(x >> 40);
}

kernel void
unaligned(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const uchar *p = (global const uchar *)in;
   uint a = *(global const uint *)(p + 4 * i + 1);
   ulong b = *(global const ulong *)(p + 4 * i + 3);
   ushort c = *(global const ushort *)(p + 4 * i + 5);

   out[i] = a ^ (uint)b ^ (uint)(b >> 32) ^ c;
}

kernel void
negative_index(global uint *out, global const uint *in, uint n)
{
   int i = (int)get_global_id(0);
   global const uint *end = in + get_global_size(0);
   int back = -1 - (int)(in[i] % (uint)(i + 1));

   out[i] = end[-1 - i] + in[i + back + 1 < 0 ? 0 : i + back + 1] * 3;
}

/* 32-bit unsigned arithmetic in the index wraps. */
kernel void
wrapping_index(global uint *out, global const uint *in, uint n)
{
   uint i = (uint)get_global_id(0);
   uint a = i * 0x40000001u;     /* i + (i << 30) */
   uint b = a + 0xfffffff0u + 16; /* wraps back to a */

   out[i] = in[b & 0x3fu] + in[(i + 0xffffffffu) + 1u];
}

kernel void
large_stride(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   struct wide {
      uint a[3];
   };
   global const struct wide *p = (global const struct wide *)in;
   size_t k = (i * 7) % (get_global_size(0) / 3 + 1);

   out[i] = p[k].a[0] + p[k].a[1] * 3 + p[k].a[2] * 5;
}

kernel void
private_array(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint a[16];

   for (uint k = 0; k < 16; k++)
      a[k] = in[i] + k * n;
   for (uint k = 0; k < 20; k++)
      a[(a[k & 15] >> 2) & 15] ^= k + a[in[k] & 15];
   uint s = 0;
   for (uint k = 0; k < 16; k++)
      s = s * 31 + a[k];
   out[i] = s;
}

kernel void
private_bytes(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uchar a[10];
   ulong b[3];
   ushort c[5];

   for (uint k = 0; k < 10; k++)
      a[k] = (uchar)(in[i] >> k);
   for (uint k = 0; k < 3; k++)
      b[k] = (ulong)in[i] * (k + 1) << 7;
   for (uint k = 0; k < 5; k++)
      c[k] = (ushort)(in[i] * k);
   a[in[i] % 10] = 77;
   b[in[i] % 3] += a[in[i] % 7];
   c[in[i] % 5] -= 3;

   uint s = 0;
   for (uint k = 0; k < 10; k++)
      s = s * 7 + a[k] + (uint)(b[k % 3] >> 5) + c[k % 5];
   out[i] = s;
}

constant uint table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
constant uchar small_table[5] = {200, 100, 50, 25, 12};

kernel void
constant_table(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);

   out[i] = table[in[i] & 7] * 10 + small_table[in[i] % 5] + table[n & 7];
}

struct record {
   uchar tag;
   ushort count;
   uint values[3];
   ulong sum;
};

kernel void
structures(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   struct record r[4];

   for (uint k = 0; k < 4; k++) {
      r[k].tag = (uchar)(in[i] + k);
      r[k].count = (ushort)(in[i] >> k);
      for (uint v = 0; v < 3; v++)
         r[k].values[v] = in[i] * v + k;
      r[k].sum = (ulong)in[i] << 20;
   }
   struct record t = r[in[i] & 3];
   r[(in[i] >> 2) & 3] = t;
   r[in[i] & 1].values[in[i] % 3] += r[n & 3].tag;

   uint s = 0;
   for (uint k = 0; k < 4; k++)
      s = s * 13 + r[k].tag + r[k].count * 3 + r[k].values[k % 3] + (uint)(r[k].sum >> 16);
   out[i] = s;
}

/* Stores and loads of the same place by the same lane stay in order. */
kernel void
store_then_load(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);

   out[i] = in[i];
   for (uint k = 0; k < 5; k++) {
      uint x = out[i];
      ((global uchar *)out)[4 * i + (k & 3)] = (uchar)(x >> 3);
      out[i] += x & 0xff;
   }
}

kernel void
pointer_select(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   global const uint *p = in[i] & 1 ? in + 3 : in + i;
   uint s = 0;

   for (uint k = 0; k < n; k++) {
      s += *p;
      p = p[0] & 2 ? p + 1 : in + k;
   }
   out[i] = s;
}

kernel void
size_t_arithmetic(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0), total = get_global_size(0);
   size_t a = (i * 3 + 1) % total, b = total - 1 - i, c = (a * b) % total;

   out[i] = in[a] + in[b] * 2 + in[c] * 3 + in[(b ^ 1) % total];
}

/* Limits of all sizes, below and above the first id of the group. */
kernel void
limits(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   ulong wide = (ulong)n << 40, huge = 0ul - n;
   uint s = 0;

   s = s * 2 + (i < n);
   s = s * 2 + (i < n * 10);
   s = s * 2 + (i >= n * 20);
   s = s * 2 + (i >= 64);
   s = s * 2 + (i < wide);
   s = s * 2 + (i >= wide + 1);
   s = s * 2 + (i < huge);
   s = s * 2 + (i >= huge);
   s = s * 2 + (i < 0xfffffffful + n);
   s = s * 2 + (i < (ulong)(long)(int)(n - 3));
   s = s * 2 + (i + n < 50);
   s = s * 2 + (n * 16ul > i);
   out[i] = s;
}

/* Numbers of elements of a tile, taken apart again: of values that are known not to be negative, of ones
 * that are, and of ones that wrap. */
kernel void
tile_numbers(global uint *out, global const uint *in, uint n)
{
   uint i = (uint)get_global_id(0), sum = 0;
   int x = i & 15, y = (i >> 4) & 15, id = y * 16 + x;

   for (int k = 0; k < 4; k++) {
      int e = id + k * 256, f = e - 640;
      uint w = (uint)e + 0xffffff00u, v = i * 0x10000010u + (uint)x;

      sum = sum * 31 + (uint)(e / 16 * 100 + e % 16 + e / 64 * 7 + e % 64);
      sum = sum * 31 + (uint)(f / 16 * 100 + f % 16 + f / 64 * 7 + f % 64);
      sum = sum * 31 + (uint)(e / 7 + e % 7 * 1000 + f / 7 + f % 7 * 1000 + (e >> 3) + (f >> 3));
      sum = sum * 31 + w / 16 + w % 16 + v / 16 + v % 16 + (v * 4 + 1) / 64;
      sum = sum * 31 + (e < 0 ? 1 : 2) + (f < 0 ? 3 : 4) + (e > -1 ? 5 : 6) + (f > -1 ? 7 : 8);
   }
   out[i] = sum + in[id / 64];
}

#define FRONT_KERNELS(X)                                                                           \
   X(bytes)                                                                                        \
   X(signed_bytes)                                                                                 \
   X(halves)                                                                                       \
   X(quads)                                                                                        \
   X(quads_signed)                                                                                 \
   X(unaligned)                                                                                    \
   X(negative_index)                                                                               \
   X(wrapping_index)                                                                               \
   X(large_stride)                                                                                 \
   X(private_array)                                                                                \
   X(private_bytes)                                                                                \
   X(constant_table)                                                                               \
   X(structures)                                                                                   \
   X(store_then_load)                                                                              \
   X(pointer_select)                                                                               \
   X(size_t_arithmetic)                                                                            \
   X(limits)                                                                                       \
   X(tile_numbers)
