/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the compiler asks of NIR. The machine has every integer width natively, full IEEE arithmetic
 * at all float widths and correctly rounded division and square root, so little is lowered; the
 * rule is to lower an operation only if the ISA has no instruction or short sequence for it
 * (npu_isel_alu.c).
 */

#include "npu_compile.h"

#include <stdlib.h>

#include "util/u_call_once.h"

#include "npu_debug.h"

static const nir_shader_compiler_options options = {
   /* One lane is one work-item: vectors exist in memory accesses only. */
   .lower_to_scalar = true,

   /* Arguments are the bytes of constant buffer 0. */
   .lower_uniforms_to_ubo = true,

   /* OpenCL lets a * b + c contract unless the program forbids it, and NIR knows: `exact`. */
   .fuse_ffma16 = true,
   .fuse_ffma32 = true,
   .fuse_ffma64 = true,

   /* No such instructions. */
   .lower_flrp16 = true,
   .lower_flrp32 = true,
   .lower_flrp64 = true,
   .lower_fpow = true,
   .lower_fmod = true,
   .lower_ffract = true,
   .lower_isign = true,
   .lower_fisnormal = true,
   .lower_scmp = true,
   .lower_fdph = true,
   .lower_fquantize2f16 = true,
   .lower_vector_cmp = true,
   .lower_uadd_carry = true,
   .lower_usub_borrow = true,
   .lower_mul_32x16 = true,
   .lower_insert_byte = true,
   .lower_insert_word = true,
   .lower_pack_half_2x16 = true,
   .lower_pack_unorm_2x16 = true,
   .lower_pack_snorm_2x16 = true,
   .lower_pack_unorm_4x8 = true,
   .lower_pack_snorm_4x8 = true,
   .lower_pack_64_2x32 = true,
   .lower_pack_64_4x16 = true,
   .lower_pack_32_2x16 = true,
   .lower_unpack_half_2x16 = true,
   .lower_unpack_unorm_2x16 = true,
   .lower_unpack_snorm_2x16 = true,
   .lower_unpack_unorm_4x8 = true,
   .lower_unpack_snorm_4x8 = true,
   .lower_doubles_options = nir_lower_dmod | nir_lower_dfract,

   /* GLSL bit-field operations become those of the ISA. */
   .lower_bitfield_extract = true,
   .lower_bitfield_insert = true,
   .has_bfe = true,
   .has_bfm = true,
   .has_bfi = true,

   .has_fsub = true,
   .has_isub = true,
   .has_imad32 = true,
   .has_uclz = true,
   .has_rotate8 = true,
   .has_rotate16 = true,
   .has_rotate32 = true,
   .has_pack_32_4x8 = true,
   .has_sdot_4x8 = true,
   .has_udot_4x8 = true,
   .has_sudot_4x8 = true,
   .has_sdot_4x8_sat = true,
   .has_udot_4x8_sat = true,
   .has_sudot_4x8_sat = true,
   .has_dot_2x16 = true,
   .support_8bit_alu = true,
   .support_16bit_alu = true,
   .preserve_denorms = true,

   .max_unroll_iterations = 16,
};

/* With assertions NIR checks itself after every pass. The flag that decides whether the IR is checked
 * decides that, too, unless NIR_DEBUG says something.
 */
static void
choose_validation(void)
{
#ifndef NDEBUG
   if (!(npu_debug() & NPU_DEBUG_VALIDATE) && !getenv("NIR_DEBUG")) {
      nir_process_debug_variable(); /* which would undo it later */
      nir_debug |= NIR_DEBUG_NOVALIDATE;
   }
#endif
}

/* Everybody who makes NIR asks for this first. */
const nir_shader_compiler_options *
npu_nir_options(void)
{
   static util_once_flag once = UTIL_ONCE_FLAG_INIT;

   util_call_once(&once, choose_validation);
   return &options;
}
