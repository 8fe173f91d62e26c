/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Constants come out of extensions of uniform values:
 *
 *    extend(x + c)  ->  extend(x) + extend(c)        if x + c does not wrap
 *
 * Scalar registers have 64 bits, so that costs nothing, and shows npu_nir_opt_mem_vectorize that the addresses
 * of `x[i]` and `x[i + 1]` are neighbours. What differs between lanes is npu_nir_lower_address's.
 */

#include "npu_nir.h"

static bool
opt(nir_builder *b, nir_alu_instr *alu, UNUSED void *data)
{
   bool sign = alu->op == nir_op_i2i64;

   if ((!sign && alu->op != nir_op_u2u64) || alu->def.divergent || alu->def.num_components != 1 ||
       nir_src_bit_size(alu->src[0].src) != 32)
      return false;

   nir_scalar sum = nir_scalar_chase_movs(
      nir_scalar_chase_alu_src(nir_get_scalar(&alu->def, 0), 0));
   if (!nir_scalar_is_alu(sum) || nir_scalar_alu_op(sum) != nir_op_iadd)
      return false;
   nir_alu_instr *add = nir_instr_as_alu(sum.def->parent_instr);
   if (sign ? !add->no_signed_wrap : !add->no_unsigned_wrap)
      return false;

   for (unsigned i = 0; i < 2; i++) {
      nir_scalar x = nir_scalar_chase_alu_src(sum, i), c = nir_scalar_chase_alu_src(sum, 1 - i);
      if (!nir_scalar_is_const(c))
         continue;
      b->cursor = nir_before_instr(&alu->instr);
      nir_def *value = nir_channel(b, x.def, x.comp);
      value = sign ? nir_i2i64(b, value) : nir_u2u64(b, value);
      uint64_t by = sign ? (uint64_t)nir_scalar_as_int(c) : nir_scalar_as_uint(c);
      nir_def_replace(&alu->def, nir_iadd_imm(b, value, by));
      return true;
   }
   return false;
}

bool
npu_nir_opt_uniform_address(nir_shader *nir)
{
   return nir_shader_alu_pass(nir, opt, nir_metadata_control_flow, NULL);
}
