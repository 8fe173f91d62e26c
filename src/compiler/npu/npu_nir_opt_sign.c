/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Signed arithmetic on values that are never negative, as unsigned arithmetic.
 *
 * `int e = get_local_id(1) * 16 + get_local_id(0);` and then `e / 16`, `e % 16` is how programs spread
 * work-items over a tile. NIR expands such divisions for either sign before anything is known of the
 * launch; upper bounds (npu_nir_upper_bound.c) then show that e is not negative:
 *
 *    iabs(x), imax(x, c <= 0)              ->  x
 *    x < c <= 0, x >= c <= 0               ->  false, true
 *    imin(x, 1) * (x >> k)                 ->  x >> k           (x / 2^k, of the sign of x)
 *    x - (x & ~(2^k - 1))                  ->  x & (2^k - 1)    (for any x)
 *    ishr, idiv, irem, imod                ->  ushr, udiv, umod
 *
 * What is left are shifts and masks of lane numbers, which address analysis, the bounds of others and
 * engines know. Idempotent; new instructions only, so bounds that are cached stay right.
 */

#include "npu_nir.h"

static nir_scalar
source(nir_alu_instr *alu, unsigned i)
{
   return nir_scalar_chase_movs(nir_scalar_chase_alu_src(nir_get_scalar(&alu->def, 0), i));
}

static bool
is_op(nir_scalar s, nir_op op)
{
   return nir_scalar_is_alu(s) && nir_scalar_alu_op(s) == op;
}

static bool
is_int(nir_scalar s, int64_t value)
{
   return nir_scalar_is_const(s) && nir_scalar_as_int(s) == value;
}

static bool
not_positive(nir_scalar s)
{
   return nir_scalar_is_const(s) && nir_scalar_as_int(s) <= 0;
}

static bool
not_negative(const struct npu_nir_ranges *ranges, nir_scalar s)
{
   return s.def->bit_size == 32 && npu_nir_never_negative(ranges, s, 0);
}

static nir_def *
channel(nir_builder *b, nir_scalar s)
{
   return nir_channel(b, s.def, s.comp);
}

/* imin(x, 1) * (x >> k), in either order: the shift. */
static nir_def *
signed_quotient(nir_builder *b, const struct npu_nir_ranges *ranges, nir_alu_instr *alu)
{
   for (unsigned i = 0; i < 2; i++) {
      nir_scalar sign = source(alu, i), shift = source(alu, 1 - i);

      if (!is_op(sign, nir_op_imin) || !is_op(shift, nir_op_ushr))
         continue;
      nir_scalar x = nir_scalar_chase_movs(nir_scalar_chase_alu_src(shift, 0));
      for (unsigned j = 0; j < 2; j++) {
         nir_scalar same = nir_scalar_chase_movs(nir_scalar_chase_alu_src(sign, j));
         if (nir_scalar_equal(same, x) && is_int(nir_scalar_chase_alu_src(sign, 1 - j), 1) &&
             not_negative(ranges, x))
            return channel(b, shift);
      }
   }
   return NULL;
}

/* What a choice whose condition this pass has decided chooses. */
static nir_scalar
chosen(nir_scalar s)
{
   s = nir_scalar_chase_movs(s);
   if (is_op(s, nir_op_bcsel)) {
      nir_scalar condition = nir_scalar_chase_alu_src(s, 0);
      if (nir_scalar_is_const(condition))
         return nir_scalar_chase_movs(
            nir_scalar_chase_alu_src(s, nir_scalar_as_bool(condition) ? 1 : 2));
   }
   return s;
}

/* x - (x & ~(2^k - 1)) */
static nir_def *
remainder_of(nir_builder *b, nir_scalar x, nir_scalar multiple)
{
   if (!is_op(multiple, nir_op_iand))
      return NULL;
   for (unsigned i = 0; i < 2; i++) {
      nir_scalar same = chosen(nir_scalar_chase_alu_src(multiple, i));
      nir_scalar mask = nir_scalar_chase_alu_src(multiple, 1 - i);
      if (nir_scalar_equal(same, x) && nir_scalar_is_const(mask) &&
          util_is_power_of_two_nonzero((uint32_t)-nir_scalar_as_int(mask)))
         return nir_iand_imm(b, channel(b, x), (uint32_t)~nir_scalar_as_uint(mask));
   }
   return NULL;
}

static nir_def *
replacement(nir_builder *b, const struct npu_nir_ranges *ranges, nir_alu_instr *alu)
{
   nir_scalar x = source(alu, 0), y = nir_op_infos[alu->op].num_inputs > 1 ? source(alu, 1) : x;

   switch (alu->op) {
   case nir_op_iabs:
      return not_negative(ranges, x) ? channel(b, x) : NULL;
   case nir_op_imax:
      if (not_positive(y) && not_negative(ranges, x))
         return channel(b, x);
      return not_positive(x) && not_negative(ranges, y) ? channel(b, y) : NULL;
   case nir_op_ilt:
      return not_positive(y) && not_negative(ranges, x) ? nir_imm_false(b) : NULL;
   case nir_op_ige:
      return not_positive(y) && not_negative(ranges, x) ? nir_imm_true(b) : NULL;
   case nir_op_imul:
      return signed_quotient(b, ranges, alu);
   case nir_op_iadd:
      for (unsigned i = 0; i < 2; i++) {
         nir_scalar negative = source(alu, 1 - i);
         if (!is_op(negative, nir_op_ineg))
            continue;
         negative = nir_scalar_chase_movs(nir_scalar_chase_alu_src(negative, 0));
         nir_def *rest = remainder_of(b, source(alu, i), negative);
         if (rest)
            return rest;
      }
      return NULL;
   case nir_op_ishr:
      return not_negative(ranges, x) ? nir_ushr(b, channel(b, x), channel(b, y)) : NULL;
   case nir_op_idiv:
   case nir_op_irem:
   case nir_op_imod:
      if (!not_negative(ranges, x) || !not_negative(ranges, y))
         return NULL;
      return alu->op == nir_op_idiv ? nir_udiv(b, channel(b, x), channel(b, y))
                                    : nir_umod(b, channel(b, x), channel(b, y));
   default:
      return NULL;
   }
}

static bool
opt(nir_builder *b, nir_alu_instr *alu, void *ranges)
{
   if (alu->def.num_components != 1 || nir_src_bit_size(alu->src[0].src) != 32)
      return false;
   b->cursor = nir_before_instr(&alu->instr);
   nir_def *result = replacement(b, ranges, alu);
   if (!result)
      return false;
   nir_def_replace(&alu->def, result);
   return true;
}

bool
npu_nir_opt_sign(nir_shader *nir, const struct npu_nir_launch *launch)
{
   return npu_nir_ranges_pass(nir, launch, opt);
}
