/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Control flow for front_exec: every kernel is compiled for the NPU and, as C, for the host. Each has
 * the same arguments; `in` has as many elements as there are work-items, n is a small number.
 */

#pragma OPENCL FP_CONTRACT OFF

/* ---- ifs ---- */

kernel void
if_else(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];

   if (x & 1)
      out[i] = x * 3;
   else
      out[i] = x >> 1;
}

kernel void
if_phis_swap(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint a = in[i], b = (uint)i, c = n;

   for (uint k = 0; k < n; k++) {
      if ((a ^ b) & 4) {
         uint t = a;
         a = b;
         b = t + 1;
      } else if (a & 8) {
         uint t = c;
         c = a;
         a = t * 5;
      }
      b += k;
   }
   out[i] = a ^ b * 7 ^ c * 31;
}

kernel void
if_empty_then(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];

   if (x % 3 == 0) {
   } else {
      for (uint k = 0; k < (x & 15); k++)
         x = x * 1664525u + 1013904223u;
   }
   out[i] = x;
}

kernel void
if_uniform_in_divergent(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];

   if (x & 1) {
      if (n > 3)
         x += 17;
      else
         x -= 4;
      if (n & 1) {
         if (x & 2)
            x ^= n;
      }
   }
   out[i] = x;
}

kernel void
if_bool_phi(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];
   int flag = 0;

   for (uint k = 0; k < 20; k++) {
      if (flag && (x & 3) == 1)
         x += 3;
      if (x & (1u << k)) {
         flag = !flag;
         x = x * 3 + k;
      }
   }
   out[i] = x * 2 + (flag ? 1 : 0);
}

/* ---- loops ---- */

kernel void
loop_divergent_count(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint count = in[i] & 31, sum = 0;

   for (uint k = 0; k < count; k++)
      sum += k * k + (uint)i;
   out[i] = sum;
}

kernel void
loop_break(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], k;

   for (k = 0; k < 100; k++) {
      if (x < 10)
         break;
      x = x & 1 ? x / 3 : x / 2;
   }
   out[i] = x * 1000 + k;
}

kernel void
loop_continue(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < 24; k++) {
      if ((x >> k) & 1)
         continue;
      s += k;
      if (s % 5 == 0) {
         s++;
         continue;
      }
      s ^= x;
   }
   out[i] = s;
}

kernel void
loop_break_and_continue(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 1;

   for (uint k = 0; k < 64; k++) {
      if ((s ^ k) % 7 == 2)
         continue;
      if ((x + s) % 29 == 5)
         break;
      if (k & 1) {
         s = s * 3 + x;
         if (s % 11 == 0)
            continue;
         s++;
      } else {
         if (s % 13 == 0)
            break;
         s += k;
      }
   }
   out[i] = s;
}

kernel void
loop_nested(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint a = 0; a < n; a++) {
      for (uint b = 0; b < (x & 7); b++) {
         if ((a + b + x) % 5 == 0)
            break;
         for (uint c = b; c < 6; c++) {
            if ((c ^ s) % 3 == 1)
               continue;
            if (s > 100000)
               break;
            s += a * 100 + b * 10 + c;
         }
         if (s % 17 == 3)
            break;
         s ^= b;
      }
      if (s % 19 == 7)
         break;
      x = x * 5 + 1;
   }
   out[i] = s + x;
}

kernel void
loop_exit_values(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], last = 0, kind = 0, k = 0;

   while (1) {
      last = k * 7 + 1; /* uniform in the loop, varying behind it */
      if (x % 23 == k) {
         kind = 1;
         break;
      }
      if (x % 31 == 30 - k) {
         kind = 2;
         break;
      }
      if (k == 40)
         break;
      k++;
   }
   out[i] = last * 100 + kind * 10000 + k;
}

kernel void
loop_do_while(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i] | 1, steps = 0;

   do {
      x = x & 1 ? 3 * x + 1 : x / 2;
      steps++;
   } while (x != 1 && steps < 50);
   out[i] = x * 64 + steps;
}

kernel void
loop_uniform_break(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint s = in[i];

   for (uint k = 0;; k++) {
      if (k == n)
         break;
      if (k == 3)
         continue;
      s = s * 3 + k;
   }
   out[i] = s;
}

kernel void
loop_uniform_jumps_after_divergent(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < 30; k++) {
      if ((x >> (k & 31)) % 9 == 1)
         break;
      if (k % 4 == n % 4)
         continue; /* uniform, but some lanes have left */
      if (k == 20 + n)
         break;
      s += k + (x & k);
      if (n == 2) {
         if (s & 64)
            break;
         s++;
      }
   }
   out[i] = s;
}

kernel void
loop_divergent_continue_uniform_break(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0, k = 0;

   while (1) {
      k++;
      if (k > 2 * n)
         break;
      if ((x ^ k) & 1)
         continue;
      s += k;
      if ((s & 15) > n)
         break;
   }
   out[i] = s * 256 + k;
}

/* ---- returns ---- */

kernel void
return_early(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];

   if (x & 1) {
      out[i] = 1;
      return;
   }
   if ((x & 6) == 2) {
      out[i] = x;
      return;
   }
   out[i] = x / 2;
}

kernel void
return_in_loops(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint a = 0; a < 8; a++) {
      for (uint b = 0; b < 8; b++) {
         s += x >> b;
         if (s % 97 == 13) {
            out[i] = a * 8 + b;
            return;
         }
         if (s % 41 == 7)
            break;
      }
      x ^= s;
   }
   out[i] = s;
}

static uint
helper(uint x, uint depth)
{
   for (uint k = 0; k < depth; k++) {
      if (x % 5 == 1)
         return x + k;
      if (x % 7 == 2)
         continue;
      x = x * 9 + 4;
   }
   return x ^ 0x55;
}

kernel void
return_from_inlined(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i];

   if (x & 2)
      x = helper(x, 5);
   for (uint k = 0; k < 3; k++)
      x += helper(x ^ k, x & 7);
   out[i] = x;
}

/* ---- switches, gotos of a kind ---- */

kernel void
switch_cases(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < 12; k++) {
      switch ((x + k) % 6) {
      case 0:
         s += 5;
         break;
      case 1:
         s ^= x;
         /* fall through */
      case 2:
         s = s * 3 + 1;
         break;
      case 3:
         if (s & 1)
            continue;
         s /= 2;
         break;
      case 4:
         x = x * 7 + s;
         break;
      default:
         if (s > 5000000)
            goto done;
         s += 2;
      }
      s += k;
   }
done:
   out[i] = s;
}

kernel void
switch_state_machine(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], state = 0, steps = 0;

   while (state != 4 && steps < 200) {
      switch (state) {
      case 0:
         state = x & 1 ? 1 : 2;
         x >>= 1;
         break;
      case 1:
         x += 5;
         state = x % 3 == 0 ? 3 : 0;
         break;
      case 2:
         x ^= steps;
         if (x == 0)
            state = 4;
         else
            state = x & 4 ? 1 : 0;
         break;
      case 3:
         if (x > 100) {
            x /= 2;
            state = 2;
         } else {
            state = 4;
         }
         break;
      }
      steps++;
   }
   out[i] = x * 1000 + state * 256 + steps;
}

/* A definition that dominates what follows although its branch is not always taken. */
kernel void
value_beside_break(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < 16; k++) {
      uint y;

      if ((x ^ k) % 5 == 0) {
         s += 1000;
         break;
      } else {
         y = in[(i + k) % get_global_size(0)];
      }
      s += y & 0xff;
      if (y & 1)
         x += y;
   }
   out[i] = s ^ x;
}

kernel void
value_beside_continue(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < 16; k++) {
      uint y;

      if (x & 1) {
         x = x * 5 + 2;
         continue;
      }
      y = x / 3 + k;
      if (y % 3 == 0) {
         x += 7;
         if (y & 8)
            continue;
         y++;
      }
      s += y;
      x = x / 2 + y;
   }
   out[i] = s ^ x;
}

/* A uniform value made in a loop that lanes leave at different times, the same in each iteration. */
kernel void
invariant_made_in_loop(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i] | 0x100, k = 0, made;
   int odd;

   while (1) {
      if (n & 1) {
         out[i] = k;
         made = n * 3;
         odd = in[n] & 1;
      } else {
         out[i] = k + 1;
         made = n + 7;
         odd = 0;
      }
      if (((x >> (k & 15)) & 5) == 5 || k == 30 + n)
         break;
      k++;
   }
   out[i] += made * 100;
   if (odd != 0)
      out[i]++;
}

kernel void
invariant_condition_made_in_loop(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i] | 0x100, k = 0;
   bool big;

   while (1) {
      if (n & 1) {
         out[i] = k;
         big = n > 4;
      } else {
         out[i] = k + 1;
         big = n * 5 > 12;
      }
      if (((x >> (k & 15)) & 5) == 5 || k == 30 + n)
         break;
      k++;
   }
   if (big)
      out[i] += in[n];
   else
      out[i] ^= in[0];
}

/* Uniform loads and arithmetic in branches not all lanes take. */
kernel void
uniform_loads_in_branches(global uint *out, global const uint *in, uint n)
{
   size_t i = get_global_id(0);
   uint x = in[i], s = 0;

   for (uint k = 0; k < n; k++) {
      if (x & (1u << k)) {
         s += in[k];
         if (in[k + 1] & 1)
            s ^= in[n];
         else
            x += in[k] & 3;
      }
   }
   out[i] = s;
}

#define FRONT_KERNELS(X)                                                                           \
   X(if_else)                                                                                      \
   X(if_phis_swap)                                                                                 \
   X(if_empty_then)                                                                                \
   X(if_uniform_in_divergent)                                                                      \
   X(if_bool_phi)                                                                                  \
   X(loop_divergent_count)                                                                         \
   X(loop_break)                                                                                   \
   X(loop_continue)                                                                                \
   X(loop_break_and_continue)                                                                      \
   X(loop_nested)                                                                                  \
   X(loop_exit_values)                                                                             \
   X(loop_do_while)                                                                                \
   X(loop_uniform_break)                                                                           \
   X(loop_uniform_jumps_after_divergent)                                                           \
   X(loop_divergent_continue_uniform_break)                                                        \
   X(return_early)                                                                                 \
   X(return_in_loops)                                                                              \
   X(return_from_inlined)                                                                          \
   X(switch_cases)                                                                                 \
   X(switch_state_machine)                                                                         \
   X(value_beside_break)                                                                           \
   X(value_beside_continue)                                                                        \
   X(invariant_made_in_loop)                                                                       \
   X(invariant_condition_made_in_loop)                                                             \
   X(uniform_loads_in_branches)
