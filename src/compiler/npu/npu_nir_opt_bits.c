/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Shifts and masks of sums whose parts have no bits in common.
 *
 * Programs number the elements of a tile, e = ly * 16 + lx + i * 256, and take the number apart again:
 * e / 16, e % 16 (npu_nir_opt_sign.c makes them shifts and masks). With low = 2^k - 1, where a is a
 * multiple of 2^n and what upper bounds (npu_nir_upper_bound.c) show:
 *
 *    (a + b) >> k     ->  (a >> k) + (b >> k)     n >= k, no wrap
 *                     ->  a >> k                  b < 2^n, no wrap
 *    (x << j) >> k    ->  x << (j - k)  or  x >> (k - j)          nothing is shifted out
 *    (a + b) & low    ->  b & low                 n >= k
 *    x & low          ->  x                       x <= low
 *    x >> k           ->  0                       x <= low
 *
 * So e / 16 becomes ly + i * 16 and e % 16 becomes lx: the constants go into the immediate offsets of
 * accesses, and the rest is computed once.
 *
 * Idempotent; new instructions only, so bounds that are cached stay right. Misses parts that overlap, as in
 * e % 64 of a tile 16 wide.
 */

#include "npu_nir.h"

#define MAX_DEPTH 8

static nir_scalar
source_of(nir_scalar s, unsigned i)
{
   return nir_scalar_chase_movs(nir_scalar_chase_alu_src(s, i));
}

static bool
is_op(nir_scalar s, nir_op op)
{
   return nir_scalar_is_alu(s) && nir_scalar_alu_op(s) == op;
}

static nir_def *
channel(nir_builder *b, nir_scalar s)
{
   return nir_channel(b, s.def, s.comp);
}

/* The value is a multiple of 2^this, modulo 2^32. */
static unsigned
trailing_zeros(nir_scalar s, unsigned depth)
{
   s = nir_scalar_chase_movs(s);
   if (nir_scalar_is_const(s)) {
      uint32_t value = nir_scalar_as_uint(s);
      return value ? ffs(value) - 1 : 32;
   }
   if (!nir_scalar_is_alu(s) || depth > MAX_DEPTH)
      return 0;
   switch (nir_scalar_alu_op(s)) {
   case nir_op_iadd:
      return MIN2(trailing_zeros(source_of(s, 0), depth + 1),
                  trailing_zeros(source_of(s, 1), depth + 1));
   case nir_op_iand:
      return MAX2(trailing_zeros(source_of(s, 0), depth + 1),
                  trailing_zeros(source_of(s, 1), depth + 1));
   case nir_op_imul:
      return MIN2(32, trailing_zeros(source_of(s, 0), depth + 1) +
                         trailing_zeros(source_of(s, 1), depth + 1));
   case nir_op_ishl: {
      nir_scalar count = source_of(s, 1);
      unsigned zeros = trailing_zeros(source_of(s, 0), depth + 1);
      return nir_scalar_is_const(count) ? MIN2(32, zeros + (nir_scalar_as_uint(count) & 31))
                                        : zeros;
   }
   default:
      return 0;
   }
}

static nir_def *
shift_of_sum(nir_builder *b, const struct npu_nir_ranges *ranges, nir_scalar sum, unsigned k)
{
   uint64_t bound[2];
   unsigned zeros[2];

   for (unsigned i = 0; i < 2; i++) {
      bound[i] = npu_nir_upper_bound(ranges, source_of(sum, i));
      zeros[i] = trailing_zeros(source_of(sum, i), 0);
   }
   if (bound[0] + bound[1] > UINT32_MAX)
      return NULL;
   for (unsigned i = 0; i < 2; i++) {
      nir_scalar high = source_of(sum, i), low = source_of(sum, 1 - i);

      if (zeros[i] < 32 && bound[1 - i] < UINT64_C(1) << MIN2(zeros[i], k))
         return nir_ushr_imm(b, channel(b, high), k);
      if (zeros[i] >= k) {
         nir_def *result = nir_iadd(b, nir_ushr_imm(b, channel(b, high), k),
                                    nir_ushr_imm(b, channel(b, low), k));
         if (result->parent_instr->type == nir_instr_type_alu && k > 0) {
            nir_instr_as_alu(result->parent_instr)->no_signed_wrap = true;
            nir_instr_as_alu(result->parent_instr)->no_unsigned_wrap = true;
         }
         return result;
      }
   }
   return NULL;
}

static nir_def *
shift(nir_builder *b, const struct npu_nir_ranges *ranges, nir_scalar x, unsigned k)
{
   if (npu_nir_upper_bound(ranges, x) >> k == 0)
      return nir_imm_int(b, 0);
   if (is_op(x, nir_op_iadd))
      return shift_of_sum(b, ranges, x, k);
   if (!is_op(x, nir_op_ishl) || !nir_scalar_is_const(source_of(x, 1)))
      return NULL;

   unsigned j = nir_scalar_as_uint(source_of(x, 1)) & 31;
   nir_scalar y = source_of(x, 0);
   if (npu_nir_upper_bound(ranges, y) << j > UINT32_MAX)
      return NULL;
   return j >= k ? nir_ishl_imm(b, channel(b, y), j - k) : nir_ushr_imm(b, channel(b, y), k - j);
}

static nir_def *
mask(nir_builder *b, const struct npu_nir_ranges *ranges, nir_scalar x, uint32_t low)
{
   if (npu_nir_upper_bound(ranges, x) <= low)
      return channel(b, x);
   if (!is_op(x, nir_op_iadd))
      return NULL;
   for (unsigned i = 0; i < 2; i++) {
      if (trailing_zeros(source_of(x, i), 0) >= (unsigned)util_bitcount(low))
         return nir_iand_imm(b, channel(b, source_of(x, 1 - i)), low);
   }
   return NULL;
}

static bool
opt(nir_builder *b, nir_alu_instr *alu, void *ranges)
{
   nir_def *result = NULL;

   if ((alu->op != nir_op_ushr && alu->op != nir_op_iand) || alu->def.num_components != 1 ||
       alu->def.bit_size != 32)
      return false;
   b->cursor = nir_before_instr(&alu->instr);
   nir_scalar s = nir_get_scalar(&alu->def, 0);
   for (unsigned i = 0; i < 2 && !result; i++) {
      nir_scalar constant = source_of(s, 1 - i);
      if (!nir_scalar_is_const(constant) || nir_scalar_is_const(source_of(s, i)))
         continue;
      uint32_t value = nir_scalar_as_uint(constant);
      if (alu->op == nir_op_iand && value && util_is_power_of_two_nonzero64((uint64_t)value + 1))
         result = mask(b, ranges, source_of(s, i), value);
      else if (alu->op == nir_op_ushr && i == 0 && (value & 31))
         result = shift(b, ranges, source_of(s, i), value & 31);
   }
   if (!result)
      return false;
   nir_def_replace(&alu->def, result);
   return true;
}

bool
npu_nir_opt_bits(nir_shader *nir, const struct npu_nir_launch *launch)
{
   return npu_nir_ranges_pass(nir, launch, opt);
}
