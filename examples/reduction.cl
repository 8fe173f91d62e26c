// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Sums, in two passes of the same shape: first every work-group reduces its share of the elements to one
 * number, then one work-group reduces these numbers.
 *
 * Each item first adds up every stride-th element (neighbouring items read neighbouring elements), then the
 * group folds the items' sums in local memory, half as many active items each time. Work-group sizes are
 * powers of two. */

#define DEFINE_SUM(name, type)                                                                     \
   kernel void name(uint n, global const type *in, global type *out, local type *partial)          \
   {                                                                                               \
      uint item = get_local_id(0);                                                                 \
      type sum = 0;                                                                                \
                                                                                                   \
      for (size_t i = get_global_id(0); i < n; i += get_global_size(0))                            \
         sum += in[i];                                                                             \
      partial[item] = sum;                                                                         \
                                                                                                   \
      for (uint active = get_local_size(0) / 2; active > 0; active /= 2) {                         \
         barrier(CLK_LOCAL_MEM_FENCE);                                                             \
         if (item < active)                                                                        \
            partial[item] += partial[item + active];                                               \
      }                                                                                            \
      if (item == 0)                                                                               \
         out[get_group_id(0)] = partial[0];                                                        \
   }

DEFINE_SUM(sum_float, float)
DEFINE_SUM(sum_uint, uint)
