/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Loops for front_exec that read memory in order, which the compiler unrolls by four: all kinds of limits, of
 * counters and of indexes that wrap. `in` has 64 elements more than there are items, n is 2 to 9. See
 * front_control.cl for how the kernels are run.
 */

/* The limit differs between lanes, and is often below four. */
kernel void
int_rows(global uint *out, global const uint *in, uint n)
{
   int i = get_global_id(0), row = i & 3, limit = (int)n + i % 7;
   uint s = i;

   for (int k = 0; k < limit; k++)
      s = s * 31 + in[row * 12 + k];
   out[i] = s;
}

/* All lanes agree about the limit. */
kernel void
uniform_limit(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 3) * 11, s = i;

   for (uint k = 0; k < 2 * n; k++)
      s = s * 31 + in[row + k] * in[k];
   out[i] = s;
}

/* The index wraps in the lanes of the first items only. */
kernel void
wrapping_rows(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), first = (i & 31) - 16, s = i;

   for (uint k = 16; k < 20 + n; k++)
      s = s * 31 + in[first + k];
   out[i] = s;
}

/* From a row whose sums wrap in all lanes: zext(f + k) is small all the time. */
kernel void
always_wrapped(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), first = (i & 31) - 100, s = i;

   for (uint k = 100; k < 107 + n; k++)
      s = s * 31 + in[first + k];
   out[i] = s;
}

kernel void
inclusive(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 3) * 8, s = i;

   for (uint k = 0; k <= n; k++)
      s = s * 31 + in[row + k];
   for (int k = (int)(i % 5) - 2; k <= (int)n; k++)
      s = s * 37 + in[(int)row + k + 2];
   out[i] = s;
}

/* n >= k, !(k >= n), and the counter behind the loop. */
kernel void
other_ways(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 7) * 6, s = i, k = 0;

   while (!(k >= n + i % 3)) {
      s = s * 31 + in[row + k];
      k++;
   }
   s += k << 16;
   for (k = 1; n >= k; k++)
      s = s * 41 + in[row + k];
   out[i] = s + k;
}

kernel void
step_of_two(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), s = i;
   int row = (int)(i & 3) * 9;

   for (int k = 0; k < 2 * (int)n + 1; k += 2)
      s = s * 31 + in[row + k] * 3 + in[row + k + 1];
   out[i] = s;
}

/* Counters at the ends of their range: limit - 3 is not below. */
kernel void
extremes(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 3) * 8, s = i;
   int lowest = -0x7fffffff - 1;

   for (int k = lowest; k < lowest + (int)n; k++)
      s = s * 31 + in[row + (uint)(k - lowest)];
   for (uint k = 0xfffffff0u; k < 0xfffffff0u + n; k++)
      s = s * 31 + in[row + (k - 0xfffffff0u)];
   for (uint k = 0; k < n % 3; k++)
      s = s * 31 + in[row + k];
   out[i] = s;
}

kernel void
long_counter(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0), row = (i & 3) * 8;
   uint s = (uint)i;

   for (size_t k = 0; k < n + i % 6; k++)
      s = s * 31 + in[row + k];
   for (long k = -1; k < (long)n; k++)
      s = s * 31 + in[(long)row + k + 1];
   out[i] = s;
}

/* What the loop reads it also writes. */
kernel void
with_stores(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 3) * 8;

   out[i] = n + i % 4;
   for (uint k = 0; k < out[i]; k++)
      out[i] = out[i] - (in[row + k] & 1);
}

/* The limit comes from memory, and can be read once. */
kernel void
limit_in_memory(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), row = (i & 3) * 8, s = i;

   for (uint k = 0; k < (in[i] & 15); k++)
      s = s * 31 + in[row + k] + n;
   out[i] = s;
}

kernel void
nested(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), s = i;

   for (uint j = 0; j < 3; j++) {
      for (uint k = 0; k < n + j; k++)
         s = s * 31 + in[(i & 3) * 5 + j * 2 + k];
      if (s & 1)
         continue;
      for (uint k = j; k < n; k++)
         s = s * 29 ^ in[(i & 7) + k];
   }
   out[i] = s;
}

kernel void
narrow(global uint *out, global const uint *in, uint n)
{
   uint i = get_global_id(0), s = i, row = (i & 7) * 16;
   global const uchar *bytes = (global const uchar *)in;
   global const ushort *words = (global const ushort *)in;
   global const ulong *quads = (global const ulong *)in;

   for (uint k = 0; k < 2 * n; k++)
      s = s * 31 + bytes[row + k];
   for (uint k = 0; k < 2 * n; k++)
      s = s * 31 + words[(i & 3) * 16 + k];
   for (uint k = 0; k < n; k++)
      s = s * 31 + (uint)(quads[(i & 3) * 6 + k] >> 7);
   out[i] = s;
}

/* Lanes side by side, in which a run of iterations overlaps. */
kernel void
sliding(global uint *out, global const uint *in, uint n)
{
   int i = get_global_id(0);
   uint s = i;

   for (int k = 0; k < (int)n * 2; k++)
      s = s * 31 + in[i + k];
   out[i] = s;
}

#define FRONT_KERNELS(X)                                                                           \
   X(int_rows)                                                                                     \
   X(uniform_limit)                                                                                \
   X(wrapping_rows)                                                                                \
   X(always_wrapped)                                                                               \
   X(inclusive)                                                                                    \
   X(other_ways)                                                                                   \
   X(step_of_two)                                                                                  \
   X(extremes)                                                                                     \
   X(long_counter)                                                                                 \
   X(with_stores)                                                                                  \
   X(limit_in_memory)                                                                              \
   X(nested)                                                                                       \
   X(narrow)                                                                                       \
   X(sliding)
