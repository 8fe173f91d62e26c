/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Makes 64-bit comparisons of work-item ids with limits 32-bit ones.
 *
 * `size_t i = get_global_id(0); if (i < n)` begins most kernels. i is first + id with a uniform 64-bit
 * `first` and a 32-bit local id, and if the sum does not wrap
 *
 *    first + id < n   <=>   id < min(n - first, 2^32 - 1), where n - first is 0 if n < first
 *
 * for every id below 2^32 - 1. The right-hand side is uniform: what was an extension, an addition and a
 * comparison of 64-bit vectors becomes one comparison of 32 bits and some scalar arithmetic.
 *
 * That the sum does not wrap is shown by bounds: a 64-bit value made of group ids and sizes is far
 * below 2^64. Needs divergence information. Misses comparisons with the id on the right, and launches
 * with a global offset, about which nothing is known.
 */

#include "npu_compile.h"
#include "npu_nir.h"

/* Upper bound of a 64-bit value, UINT64_MAX if nothing is known. */
static uint64_t
bound64(const struct npu_nir_ranges *ranges, nir_scalar s, unsigned depth)
{
   s = nir_scalar_chase_movs(s);
   if (nir_scalar_is_const(s))
      return nir_scalar_as_uint(s);
   if (!nir_scalar_is_alu(s) || depth > 4)
      return UINT64_MAX;

   nir_op op = nir_scalar_alu_op(s);
   if (op == nir_op_u2u64) {
      nir_scalar x = nir_scalar_chase_movs(nir_scalar_chase_alu_src(s, 0));
      return x.def->bit_size == 32 ? npu_nir_upper_bound(ranges, x) : UINT64_MAX;
   }
   if (op != nir_op_iadd && op != nir_op_imul)
      return UINT64_MAX;

   uint64_t x = bound64(ranges, nir_scalar_chase_alu_src(s, 0), depth + 1);
   uint64_t y = bound64(ranges, nir_scalar_chase_alu_src(s, 1), depth + 1);
   uint64_t result;
   bool overflow = op == nir_op_iadd ? __builtin_add_overflow(x, y, &result)
                                     : __builtin_mul_overflow(x, y, &result);
   return overflow ? UINT64_MAX : result;
}

/* Takes first + id apart; false if it is not such a sum or might wrap. */
static bool
split_id(nir_builder *b, const struct npu_nir_ranges *ranges, nir_scalar sum, nir_def **first,
         nir_def **id)
{
   if (!nir_scalar_is_alu(sum) || nir_scalar_alu_op(sum) != nir_op_iadd)
      return false;

   for (unsigned i = 0; i < 2; i++) {
      nir_scalar u = nir_scalar_chase_movs(nir_scalar_chase_alu_src(sum, i));
      nir_scalar v = nir_scalar_chase_movs(nir_scalar_chase_alu_src(sum, 1 - i));

      if (u.def->divergent || !nir_scalar_is_alu(v) || nir_scalar_alu_op(v) != nir_op_u2u64)
         continue;

      nir_scalar x = nir_scalar_chase_alu_src(v, 0);
      if (x.def->bit_size != 32 || npu_nir_upper_bound(ranges, x) == UINT32_MAX ||
          bound64(ranges, u, 0) > UINT64_MAX - UINT32_MAX)
         continue;

      *first = nir_channel(b, u.def, u.comp);
      *id = nir_channel(b, x.def, x.comp);
      return true;
   }
   return false;
}

static bool
opt(nir_builder *b, nir_alu_instr *alu, void *ranges)
{
   if ((alu->op != nir_op_ult && alu->op != nir_op_uge) ||
       nir_src_bit_size(alu->src[0].src) != 64 || !alu->def.divergent)
      return false;

   nir_scalar sum = nir_scalar_chase_movs(
      nir_scalar_chase_alu_src(nir_get_scalar(&alu->def, 0), 0));
   nir_scalar limit = nir_scalar_chase_alu_src(nir_get_scalar(&alu->def, 0), 1);
   nir_def *first, *id;

   b->cursor = nir_before_instr(&alu->instr);
   if (limit.def->divergent || !split_id(b, ranges, sum, &first, &id))
      return false;

   nir_def *rest = nir_usub_sat(b, nir_channel(b, limit.def, limit.comp), first);
   rest = nir_u2u32(b, nir_umin(b, rest, nir_imm_int64(b, UINT32_MAX)));

   nir_def *result = alu->op == nir_op_ult ? nir_ult(b, id, rest) : nir_uge(b, id, rest);
   nir_def_replace(&alu->def, result);
   return true;
}

bool
npu_nir_opt_compare(nir_shader *nir, const struct npu_nir_launch *launch)
{
   return npu_nir_ranges_pass(nir, launch, opt);
}
