/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: conversions between numbers.
 *
 * The machine converts every integer and float width to every other. What costs nothing is found
 * here: a truncation is a look at the same register (64-bit vector values excepted: they have
 * another layout), and so is a zero extension if the register is known to be clean; see npu_isel.h
 * on widths.
 *
 * Rounding: to integers towards zero, as C and NIR want; to floats to nearest even unless the
 * operation names another mode. An out-of-range conversion to an integer saturates, which OpenCL
 * leaves open.
 */

#include "npu_isel.h"

static enum npu_round
rounding(nir_op op, nir_alu_type dst)
{
   switch (op) {
   case nir_op_f2f16_rtz:
      return NPU_ROUND_RTZ;
   default:
      return nir_alu_type_get_base_type(dst) == nir_type_float ? NPU_ROUND_RTE : NPU_ROUND_RTZ;
   }
}

static enum npu_type
machine_type(nir_alu_type base, unsigned bits)
{
   switch (base) {
   case nir_type_int:
      return npu_isel_int_type(bits);
   case nir_type_uint:
      return npu_isel_uint_type(bits);
   case nir_type_float:
      return npu_isel_float_type(bits);
   default:
      return NPU_TYPE_NONE;
   }
}

static struct npu_ref
build_cvt(struct npu_isel *ctx, enum npu_type dst, enum npu_type src, enum npu_file file,
          struct npu_ref value, enum npu_round round)
{
   enum npu_op op = npu_op_cvt(dst, src);
   assert(op != NPU_OP_NONE && "every pair of widths has a conversion");

   struct npu_ref result = npu_temp(&ctx->b, file, npu_op_infos[op].dst.bits, 1);
   struct npu_instr *instr = npu_build_to(&ctx->b, op, result, &value, 1);

   if (npu_op_infos[op].has_round)
      instr->round = round;
   return result;
}

/* Low bits of an integer. */
static struct npu_ref
truncate_int(struct npu_isel *ctx, struct npu_ref value)
{
   if (npu_is_ssa(value) && value.file == NPU_FILE_V && value.bits == 64)
      return npu_build_alu(&ctx->b, NPU_OP_LO_B64, NPU_FILE_V, &value, 1);
   return value;
}

bool
npu_isel_cvt(struct npu_isel *ctx, nir_alu_instr *alu)
{
   const nir_op_info *info = &nir_op_infos[alu->op];
   nir_alu_type out = nir_alu_type_get_base_type(info->output_type);
   nir_alu_type in = nir_alu_type_get_base_type(info->input_types[0]);

   if (!info->is_conversion || out == nir_type_bool || in == nir_type_bool)
      return false;

   unsigned dst_bits = alu->def.bit_size;
   unsigned src_bits = nir_src_bit_size(alu->src[0].src);
   enum npu_file file = npu_isel_file(&alu->def);
   struct npu_ref value;

   if (in == nir_type_float && (out != nir_type_float || dst_bits != src_bits)) {
      value = npu_isel_float_src(ctx, alu, 0);
   } else {
      value = npu_isel_src(ctx, alu->src[0].src, alu->src[0].swizzle[0]);

      if (in == nir_type_float) {
         npu_isel_set(ctx, &alu->def, value);
         return true;
      }
      if (out != nir_type_float) {
         if (dst_bits <= src_bits) {
            npu_isel_set(ctx, &alu->def, truncate_int(ctx, value));
            return true;
         }

         /* A clean register is its own zero extension. */
         bool clean = npu_is_ssa(value) && value.bits <= src_bits;
         bool same_layout = file == NPU_FILE_S || dst_bits <= 32;
         if (out == nir_type_uint && clean && same_layout) {
            npu_isel_set(ctx, &alu->def, value);
            return true;
         }
      }
   }

   npu_isel_set(ctx, &alu->def,
                build_cvt(ctx, machine_type(out, dst_bits), machine_type(in, src_bits), file, value,
                          rounding(alu->op, info->output_type)));
   return true;
}
