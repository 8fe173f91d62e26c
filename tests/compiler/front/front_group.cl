/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Work-groups, waves and atomics, for front_group.c.
 */

/* ---- ids: every id of a work-item, mixed so that a wrong one shows ---- */

kernel void
ids(global ulong *out)
{
   size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
   size_t linear = x + get_global_size(0) * (y + get_global_size(1) * z);

   out[linear] = get_local_id(0) + 37 * get_local_id(1) + 1009 * get_local_id(2) +
                 40009 * get_group_id(0) + 1000003 * get_group_id(1) + 10000019 * get_group_id(2) +
                 get_num_groups(0) * 3 + get_num_groups(1) * 5 + get_num_groups(2) * 7 +
                 get_local_size(0) * 11 + get_local_size(1) * 13 + get_local_size(2) * 17 +
                 get_global_linear_id() * 19 + get_local_linear_id() * 23;
}

kernel void __attribute__((reqd_work_group_size(8, 4, 2)))
ids_fixed(global ulong *out)
{
   size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
   size_t linear = x + get_global_size(0) * (y + get_global_size(1) * z);

   out[linear] = get_local_id(0) + 37 * get_local_id(1) + 1009 * get_local_id(2) +
                 40009 * get_group_id(0) + 1000003 * get_group_id(1) + 10000019 * get_group_id(2) +
                 get_num_groups(0) * 3 + get_num_groups(1) * 5 + get_num_groups(2) * 7 +
                 get_local_size(0) * 11 + get_local_size(1) * 13 + get_local_size(2) * 17 +
                 get_global_linear_id() * 19 + get_local_linear_id() * 23;
}

/* A row-major matrix of width w: accesses along x and along y. */
kernel void
transpose_naive(global uint *out, global const uint *in, uint w, uint h)
{
   int x = get_global_id(0), y = get_global_id(1);

   if (x < w && y < h)
      out[x * h + y] = in[y * w + x] + in[y * w] * 3;
}

/* ---- local memory ---- */

kernel void
local_reverse(global uint *out, global const uint *in, local uint *tile)
{
   size_t l = get_local_id(0), size = get_local_size(0);

   tile[l] = in[get_global_id(0)];
   barrier(CLK_LOCAL_MEM_FENCE);
   out[get_global_id(0)] = tile[size - 1 - l] + tile[0];
}

kernel void
local_sum(global uint *out, global const uint *in)
{
   local uint sums[256];
   size_t l = get_local_id(0);

   sums[l] = in[get_global_id(0)];
   barrier(CLK_LOCAL_MEM_FENCE);
   for (uint step = get_local_size(0) / 2; step > 0; step /= 2) {
      if (l < step)
         sums[l] += sums[l + step];
      barrier(CLK_LOCAL_MEM_FENCE);
   }
   if (l == 0)
      out[get_group_id(0)] = sums[0];
}

/* Bytes and 64-bit values side by side, two tiles, an index that is loaded. */
kernel void
local_mixed(global uint *out, global const uint *in)
{
   local uchar bytes[64];
   local ulong wide[64];
   local ushort shorts[128];
   uint l = get_local_id(0), x = in[get_global_id(0)];

   bytes[l ^ 1] = (uchar)x;
   wide[63 - l] = (ulong)x << 20 | l;
   shorts[2 * l] = (ushort)(x >> 3);
   shorts[2 * l + 1] = (ushort)(x * 5);
   barrier(CLK_LOCAL_MEM_FENCE);
   out[get_global_id(0)] = bytes[x & 63] + (uint)(wide[(x >> 2) & 63] >> 10) + shorts[(x >> 1) & 127] +
                           shorts[l + 3];
}

/* A barrier in a uniform loop, and waves that take different ways between two of them. */
kernel void
local_rotate(global uint *out, global const uint *in, uint rounds)
{
   local uint ring[128];
   uint l = get_local_id(0), size = get_local_size(0);

   ring[l] = in[get_global_id(0)];
   for (uint r = 0; r < rounds; r++) {
      barrier(CLK_LOCAL_MEM_FENCE);
      uint next = ring[(l + 1) % size];
      barrier(CLK_LOCAL_MEM_FENCE);
      if (l & 32)
         next = next * 3 + r;
      else if (next & 1)
         next ^= r;
      ring[l] = next;
   }
   out[get_global_id(0)] = ring[l];
}

/* ---- atomics ---- */

kernel void
global_atomics(global int *cells, global const int *in)
{
   int x = in[get_global_id(0)];

   atomic_add(&cells[0], x);
   atomic_sub(&cells[1], x);
   atomic_min(&cells[2], x);
   atomic_max(&cells[3], x);
   atomic_min((volatile global uint *)&cells[4], (uint)x);
   atomic_max((volatile global uint *)&cells[5], (uint)x);
   atomic_and(&cells[6], x | 0xff);
   atomic_or(&cells[7], x & 0xff00);
   atomic_xor(&cells[8], x);
   atomic_inc(&cells[9 + (x & 3)]);
}

kernel void
local_histogram(global uint *out, global const uint *in)
{
   local uint bins[16];
   uint l = get_local_id(0);

   if (l < 16)
      bins[l] = 0;
   barrier(CLK_LOCAL_MEM_FENCE);
   atomic_inc(&bins[in[get_global_id(0)] & 15]);
   barrier(CLK_LOCAL_MEM_FENCE);
   if (l < 16)
      atomic_add(&out[l], bins[l]);
}

/* Each work-item gets a ticket of its own, and a compare-exchange loop counts. */
kernel void
tickets(global uint *out, global uint *counters)
{
   uint ticket = atomic_add(&counters[0], 1), old, seen;

   out[ticket] = ticket * 2 + 1;
   do {
      old = counters[1];
      seen = atomic_cmpxchg(&counters[1], old, old + 3);
   } while (seen != old);
   atomic_xchg(&counters[2], 77);
}

/* ---- sub-groups ---- */

kernel void
subgroups(global uint *out, global const uint *in)
{
   size_t i = get_global_id(0);
   uint x = in[i], lane = get_sub_group_local_id(), result[8];

   result[0] = sub_group_reduce_add(x);
   result[1] = sub_group_scan_exclusive_add(x);
   result[2] = sub_group_scan_inclusive_max((int)x);
   result[3] = sub_group_reduce_min(x);
   result[4] = sub_group_broadcast(x, 5) + get_max_sub_group_size() + get_sub_group_id() * 100 + get_num_sub_groups() * 10000;
   result[5] = sub_group_any(x == 3) * 2 + sub_group_all(x != 4);
   result[6] = sub_group_shuffle(x, (lane * 7 + 3) & 31) + sub_group_shuffle_xor(x, 9);
   result[7] = 0;
   if (x & 1) { /* with some lanes only */
      result[7] = sub_group_reduce_add(x) + sub_group_scan_inclusive_add(1u);
      if (sub_group_any(x == 7))
         result[7]++;
   }
   for (uint k = 0; k < 8; k++)
      out[8 * i + k] = result[k];
}

kernel void
subgroups_wide(global uint *out, global const uint *in)
{
   size_t i = get_global_id(0);
   ulong u = (ulong)in[i] << 31;
   long l = (long)(int)in[i] * 1000003;
   float f = (float)(in[i] & 15);

   out[4 * i] = (uint)(sub_group_reduce_add(u) >> 20);
   out[4 * i + 1] = (uint)(sub_group_scan_exclusive_min(l) >> 9);
   out[4 * i + 2] = (uint)(sub_group_reduce_max(l) >> 7);
   out[4 * i + 3] = (uint)sub_group_scan_inclusive_add(f);
}
