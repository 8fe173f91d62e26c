/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The few arithmetic operations the ISA lacks and NIR's own options do not lower, or not the way
 * OpenCL wants them:
 *  - sign(x) of floats: keeps the sign of zero and gives 0 for NaN;
 *  - imod: the remainder with the sign of the divisor, from irem;
 *  - transcendental functions on doubles, which only "native" functions of unspecified precision
 * use: in 32 bits.
 */

#include "npu_nir.h"

static nir_def *
lower_fsign(nir_builder *b, nir_def *x)
{
   /* Comparisons of NaN would be turned around otherwise. */
   b->exact = true;

   nir_def *zero = nir_imm_floatN_t(b, 0.0, x->bit_size);
   nir_def *one = nir_imm_floatN_t(b, 1.0, x->bit_size);
   nir_def *signed_one = nir_bcsel(b, nir_flt(b, zero, x), one, nir_fneg(b, one));

   /* Neither above nor below zero: a zero is its own sign, NaN has none. */
   nir_def *other = nir_bcsel(b, nir_feq(b, x, zero), x, zero);
   return nir_bcsel(b, nir_flt(b, zero, nir_fabs(b, x)), signed_one, other);
}

static nir_def *
lower_imod(nir_builder *b, nir_def *x, nir_def *y)
{
   nir_def *rem = nir_irem(b, x, y);
   nir_def *differ = nir_ilt_imm(b, nir_ixor(b, rem, y), 0);

   return nir_bcsel(b, nir_iand(b, nir_ine_imm(b, rem, 0), differ), nir_iadd(b, rem, y), rem);
}

static nir_def *
lower_in_32_bits(nir_builder *b, nir_op op, nir_def *x)
{
   return nir_f2f64(b, nir_build_alu1(b, op, nir_f2f32(b, x)));
}

static nir_def *
lower(nir_builder *b, nir_instr *instr, void *data)
{
   nir_alu_instr *alu = nir_instr_as_alu(instr);
   nir_def *x = nir_ssa_for_alu_src(b, alu, 0);

   b->exact = alu->exact;
   b->fp_fast_math = alu->fp_fast_math;
   switch (alu->op) {
   case nir_op_fsign:
      return lower_fsign(b, x);
   case nir_op_imod:
      return lower_imod(b, x, nir_ssa_for_alu_src(b, alu, 1));
   default:
      return lower_in_32_bits(b, alu->op, x);
   }
}

static bool
is_lacking(const nir_instr *instr, const void *data)
{
   if (instr->type != nir_instr_type_alu)
      return false;

   const nir_alu_instr *alu = nir_instr_as_alu(instr);
   switch (alu->op) {
   case nir_op_fsign:
   case nir_op_imod:
      return true;
   case nir_op_fexp2:
   case nir_op_flog2:
   case nir_op_fsin:
   case nir_op_fcos:
      return alu->def.bit_size == 64;
   default:
      return false;
   }
}

bool
npu_nir_lower_alu(nir_shader *nir)
{
   return nir_shader_lower_instructions(nir, is_lacking, lower, NULL);
}
