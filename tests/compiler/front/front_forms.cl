/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What instruction selection makes of kernels: memory forms, files, conditions. Before a kernel,
 *    //! yes TEXT   the IR after selection contains TEXT, behind the place where the yes before it was
 *                   found
 *    //! no TEXT    it does not contain TEXT
 *    //! rows       compile for rows of waves
 *    //! row        for work-groups of one dimension, and not many
 *    //! width=W    for work-groups of two dimensions, so wide, and not many
 * Numbers of values are written as %; a space stands for any white space, with a comma in front or
 * without.
 */

/* ---- global memory ---- */

//! row
//! yes ld_u % _ {width_log2=2 count=1 imm=4}
//! yes st_u % _ % {width_log2=2 count=1}
//! no ld_o
//! no local_id
//! no idiv
//! no udiv
kernel void
unit_stride_int(global float *y, global const float *x)
{
   int i = get_global_id(0);

   y[i] = x[i + 1];
}

/* The product with the size of a vector or structure is the lanes' distance. */
//! row
//! yes ld_u % _ {width_log2=2 count=3}
//! yes st_u % _ % {width_log2=2 count=3}
//! no ld_a
kernel void
vectors_of_three(global float *y, global const float *x)
{
   int i = get_global_id(0);

   vstore3(vload3(i, x) * 2.0f, i, y);
}

struct five {
   float a, b, c, d, e;
};

//! row
//! yes ld_x % 20 {width_log2=2 count=1 imm=8}
//! yes st_x % 20 % {width_log2=2 count=1 imm=8}
//! no ld_a
//! no st_a
kernel void
structures_of_five(global struct five *y, global const struct five *x, int n)
{
   int i = get_global_id(0);

   y[i].c = x[i + n].c;
}

/* Of an index from memory, it fits 32 bits if the index is small. */
//! row
//! yes ld_o % % {width_log2=2 count=1 scale_log2=2 imm=8}
kernel void
structures_at_small_indices(global float *y, global const struct five *x,
                            global const uint *index)
{
   int i = get_global_id(0);

   y[i] = x[index[i] & 0xffff].c;
}

/* The sum may wrap: nothing is known of offset. */
//! row
//! yes ld_o % % {width_log2=2 count=1 scale_log2=2}
kernel void
unsigned_sum_may_wrap(global float *y, global const float *x, uint offset)
{
   uint i = get_global_id(0);

   y[i] = x[i + offset];
}

/* As an int it may not. */
//! row
//! yes ld_u % _ {width_log2=2 count=1}
//! no ld_o
kernel void
signed_sum_does_not_wrap(global float *y, global const float *x, int offset)
{
   int i = get_global_id(0);

   y[i] = x[i + offset];
}

//! width=32
//! yes ld_u % _ {width_log2=2 count=1}
//! yes ld_u % _ {width_log2=2 count=1 imm=4}
//! yes st_u % _ % {width_log2=2 count=1}
//! no ld_o
//! no udiv
kernel void
rows_of_a_picture(int width, global float *y, global const float *x)
{
   int i = get_global_id(0), j = get_global_id(1);

   y[j * width + i] = x[j * width + i] + x[j * width + i + 1];
}

/* Lanes are columns, then rows: offsets of 32 bits, no special registers. */
//! width=16
//! yes rdsr {sr=lane_id}
//! yes ld_o % % {sx width_log2=2 count=1 scale_log2=2}
//! yes st_o % % % {sx width_log2=2 count=1 scale_log2=2}
//! no ld_a
//! no local_id
//! no udiv
kernel void
tile_of_a_picture(int width, global float *y, global const float *x)
{
   int i = get_global_id(0), j = get_global_id(1);

   y[j * width + i] = x[j * width + i];
}

//! yes ld_o % % {width_log2=2 count=1 scale_log2=2}
//! yes st_o % % % {width_log2=2 count=1 scale_log2=2}
//! no ld_a
//! no v64
kernel void
index_is_size_t(global float *y, global const float *x)
{
   size_t i = get_global_id(0);

   y[i] = x[i] * 2;
}

//! yes ld_o % % {sx width_log2=2 count=1 scale_log2=2}
//! no ld_a
//! no v64
kernel void
index_is_int(global float *y, global const float *x)
{
   int i = get_global_id(0);

   y[i] = x[i] * 2;
}

//! rows
//! yes ld_u % _ {width_log2=2 count=1}
//! yes st_u % _ % {width_log2=2 count=1}
//! no local_id
//! no v64
kernel void
unit_stride(global float *y, global const float *x)
{
   size_t i = get_global_id(0);

   y[i] = x[i] * 2;
}

//! rows
//! yes ld_u % _ {width_log2=2 count=4}
kernel void
unit_stride_vector(global float4 *y, global const float4 *x)
{
   size_t i = get_global_id(0);

   y[i] = x[i] * 2;
}

//! rows
//! yes ld_x % 8 {width_log2=2 count=1
kernel void
strided(global float *y, global const float *x)
{
   size_t i = get_global_id(0);

   y[i] = x[2 * i];
}

/* In rows of waves the y id is uniform: so is everything that depends on it alone. */
//! rows
//! yes ld_s
//! yes ld_s
//! no local_id
kernel void
row_is_uniform(global float *out, global const float *weights, int w)
{
   int x = get_global_id(0), y = get_global_id(1);

   out[y * w + x] = weights[y];
}

/* Constants go to the immediate. Neighbours of lanes side by side are not merged. */
//! row
//! yes ld_u % _ {width_log2=2 count=1 imm=16
//! yes ld_u % _ {width_log2=2 count=1 imm=20
//! no ld_o
kernel void
constant_offset(global float *y, global const float *x)
{
   size_t i = get_global_id(0);

   y[i] = x[i + 4] + x[i + 5];
}

/* Neighbours are one access, seen through the extension of an int, too. */
//! yes ld_o % % {sx width_log2=2 count=2 scale_log2=2}
//! no ld_o
kernel void
neighbours(global float *y, global const float *x)
{
   int i = get_global_id(0);

   y[i] = x[2 * i] + x[2 * i + 1];
}

/* Four iterations of a loop are one access, where lanes are rows; sums of unsigned numbers as well. */
//! row
//! yes ld_o % % {sx width_log2=2 count=4
//! yes ld_s % _ {width_log2=2 count=4
//! yes ld_o % % {sx width_log2=2 count=1
kernel void
along_rows(global float *y, global const float *a, global const float *x, int n)
{
   int row = get_global_id(0);
   float sum = 0;

   for (int k = 0; k < n; k++)
      sum += a[row * n + k] * x[k];
   y[row] = sum;
}

//! row
//! yes ld_o % % {width_log2=2 count=4
//! yes ld_o % % {width_log2=2 count=1
kernel void
along_rows_unsigned(global float *y, global const float *a, uint n)
{
   uint row = get_global_id(0);
   float sum = 0;

   for (uint k = 0; k < n; k++)
      sum += a[row * n + k];
   y[row] = sum;
}

/* Down a column, lanes are side by side. */
//! row
//! yes ld_u % _ {width_log2=2 count=1
kernel void
down_columns(global float *y, global const float *a, int n)
{
   int column = get_global_id(0);
   float sum = 0;

   for (int k = 0; k < n; k++)
      sum += a[k * n + column];
   y[column] = sum;
}

//! yes ld_s % _ {width_log2=2 count=3 imm=8}
//! no ld_o
kernel void
uniform_loads(global float *y, global const float *x)
{
   y[get_global_id(0)] = x[2] * x[3] + x[4];
}

//! yes st_s
//! no st_o
//! no st_a
kernel void
uniform_store(global int *y, int n)
{
   y[n] = n * 3;
}

/* One address, data that differs. */
//! yes st_x % 0 %
kernel void
varying_store_to_one_place(global int *y)
{
   y[3] = get_global_id(0);
}

/* A pointer that differs in all its bits. */
//! yes ld_a 0 %
kernel void
varying_pointer(global int *y, global ulong *p)
{
   size_t i = get_global_id(0);

   y[i] = *(global int *)p[i];
}

/* No 32-bit shortcut where the multiplication could overflow one. */
//! no ld_o
//! yes ld_a
kernel void
wide_product(global int *y, global const int *x, ulong stride)
{
   size_t i = get_global_id(0);

   y[i] = x[i * stride];
}

/* ---- local and private memory ---- */

//! yes st_o 0 % % {width_log2=2 count=1 space=local scale_log2=2}
//! yes ld_s % _ {width_log2=2 count=1 space=local
kernel void
local_forms(global float *y)
{
   local float tile[64];
   size_t l = get_local_id(0);

   tile[l] = y[l];
   barrier(CLK_LOCAL_MEM_FENCE);
   float s = 0;
   for (int k = 0; k < 64; k++)
      s += tile[k];
   y[l] = s;
}

/* Row of the tile: varying, column: uniform in the loop. Base and scaled offset, no vector addition. */
//! yes ld_o % % {width_log2=2 count=1 space=local scale_log2=6}
kernel void
local_base_and_offset(global float *y, int n)
{
   local float tile[16][16];
   size_t l = get_local_id(0), m = get_local_id(1);

   tile[m][l] = y[l];
   barrier(CLK_LOCAL_MEM_FENCE);
   float s = 0;
   for (int k = 0; k < n; k++)
      s += tile[m][k] * k;
   y[l] = s;
}

//! yes st_u 0 _ % {width_log2=2 count=4 space=private}
//! yes ld_o 0 % {width_log2=2 count=1 space=private scale_log2=2
kernel void
private_forms(global int *y, global const int *x)
{
   size_t i = get_global_id(0);
   int a[8];

   for (int k = 0; k < 8; k++)
      a[k] = x[i + k];
   y[i] = a[x[i] & 7];
}

//! yes atom_iadd_o.i32
//! no %:v32 = atom
kernel void
atomic_without_result(global int *y)
{
   atomic_add(&y[get_local_id(0)], 3);
}

/* ---- control flow ---- */

/* A uniform condition is a branch, a uniform loop counter a scalar. */
//! yes icmp_lt.i32
//! yes br.z
//! no mand
kernel void
uniform_branch(global int *y, int n)
{
   size_t i = get_global_id(0);

   if (n > 7) {
      for (int k = 0; k < n; k++)
         y[i + k] += k;
   }
}

/* `if (..) break;` has no branch around the break. */
//! yes mandn exec
//! yes br.none
//! yes br.any
kernel void
simple_break(global uint *y)
{
   size_t i = get_global_id(0);
   uint x = y[i], k = 0;

   while (1) {
      if (x < 10)
         break;
      x = x / 3 + k;
      k++;
   }
   y[i] = k;
}

/* An id of 64 bits against a limit: 32 bits per lane, the rest is scalar. */
//! yes usub_sat.i64
//! yes ucmp_lt.i32
//! no v64
kernel void
bounds_check(global int *y, ulong n)
{
   size_t i = get_global_id(0);

   if (i < n)
      y[i] = 1;
}

/* ---- arithmetic ---- */

/* Source modifiers, fused multiply-add, no conversion for widening a loaded byte. */
//! yes ffma.f32 -%, |%|, %
kernel void
modifiers(global float *y, global const float *x)
{
   size_t i = get_global_id(0);

   y[i] = y[i] - x[i] * fabs(x[i + 1]);
}

//! no cvt
kernel void
free_extension(global uint *y, global const uchar *x)
{
   size_t i = get_global_id(0);

   y[i] = x[i] + 300u;
}

//! yes dp4a.i32
kernel void
dot_product(global int *y, global const char4 *x)
{
   size_t i = get_global_id(0);

   y[i] = dot(x[i], x[i + 1]);
}

/* What is the same in every iteration is computed once, though the loop may be empty: uniform values, and
 * divisions. Divergent sums stay. */
//! yes iand.i32
//! yes udiv.i32
//! yes depth=1
//! no iand.i32
//! yes imul.i32
//! no udiv.i32
kernel void
invariants(global uint *out, uint a, uint b, uint n)
{
   uint i = get_global_id(0);

   for (uint k = 0; k < n; k++) {
      out[i * 64 + k] = (a & b) ^ (k * 77);
      out[i * 64 + 1000 + k] = i / a + k;
   }
}

/* ---- tiles ---- */

/* The number of an element is taken apart into what it was made from. */
//! width=16
//! yes st_o 0 % % {width_log2=2 count=1 space=local}
//! no imin
//! no imax
//! no iabs
//! no isub
//! no icmp
kernel __attribute__((reqd_work_group_size(16, 16, 1))) void
tile_copy(global float *y, global const float *x, int n)
{
   local float tile[16][64];
   int lx = get_local_id(0), ly = get_local_id(1), id = ly * 16 + lx;

   tile[id % 16][id / 16] = x[id / 16 * n + id % 16];
   barrier(CLK_LOCAL_MEM_FENCE);
   y[id] = tile[lx][ly];
}

/* The difference may be negative: the division rounds towards zero. */
//! width=16
//! yes imin
//! yes iabs
kernel __attribute__((reqd_work_group_size(16, 16, 1))) void
tile_of_negative(global int *y, int n)
{
   int lx = get_local_id(0), ly = get_local_id(1), id = ly * 16 + lx;

   y[id] = (id - 100) / 16;
}

/* ---- order ---- */

/* The pointers of C11's atomics are generic, and yet their order is that of the memory behind them. */
//! yes fence.device
//! yes st_
//! yes fence.device
//! yes ld_
//! yes fence.device
kernel void
sequentially_consistent(volatile global atomic_int *x, global int *y)
{
   atomic_store_explicit(x, 1, memory_order_seq_cst, memory_scope_device);
   y[get_global_id(0)] = atomic_load_explicit(x + 16, memory_order_seq_cst, memory_scope_device);
}

//! yes fence.group
//! yes st_
//! no fence
kernel void
release_group(local atomic_int *x)
{
   atomic_store_explicit(x, 1, memory_order_release, memory_scope_work_group);
}

//! yes ld_
//! yes fence.device
//! no fence.group
kernel void
acquire_device(volatile global atomic_int *x, global int *y)
{
   y[get_global_id(0)] = atomic_load_explicit(x, memory_order_acquire, memory_scope_device) + y[0];
}

//! no fence
kernel void
relaxed_device(volatile global atomic_int *x)
{
   atomic_store_explicit(x, 1, memory_order_relaxed, memory_scope_device);
}
