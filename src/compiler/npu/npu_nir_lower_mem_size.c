/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Splits memory accesses to what an instruction moves: 1 to 4 components of 8 to 64 bits,
 * consecutive. OpenCL has vectors of 8 and 16, and stores may have holes. Alignment is never a
 * reason to split: the machine accepts any.
 */

#include "npu_nir.h"

static nir_mem_access_size_align
access_size(nir_intrinsic_op intrin, uint8_t bytes, uint8_t bit_size, uint32_t align_mul,
            uint32_t align_offset, bool offset_is_const, enum gl_access_qualifier access,
            const void *data)
{
   /* A store with holes asks for runs that need not be whole components of bit_size. */
   while (bytes % (bit_size / 8) != 0)
      bit_size /= 2;

   return (nir_mem_access_size_align){
      .num_components = MIN2(bytes / (bit_size / 8), 4),
      .bit_size = bit_size,
      .align = 1,
   };
}

bool
npu_nir_lower_mem_size(nir_shader *nir)
{
   const nir_lower_mem_access_bit_sizes_options options = {
      .callback = access_size,
      .modes = nir_var_mem_global | nir_var_mem_constant | nir_var_mem_shared |
               nir_var_function_temp | nir_var_shader_temp | nir_var_mem_ubo,
   };

   return nir_lower_mem_access_bit_sizes(nir, &options);
}
