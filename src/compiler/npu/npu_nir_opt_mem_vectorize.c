/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Merges accesses to neighbouring memory into one of up to four components.
 *
 * One instruction per four components instead of four: fewer address computations and fewer
 * gathers. Components keep their width, so the merge costs no packing; accesses of different widths
 * stay apart. Holes are not bridged: reading bytes the program never named could fault.
 *
 * Where lanes overlap, as in `in[x - 1] + in[x] + in[x + 1]`, nothing is merged: each access is one of
 * consecutive lanes, and all of them together would be a gather.
 */

#include "npu_nir.h"

static unsigned
component_bits(nir_intrinsic_instr *intrin)
{
   bool store = !nir_intrinsic_infos[intrin->intrinsic].has_dest;

   return store ? intrin->src[0].ssa->bit_size : intrin->def.bit_size;
}

static bool
should_merge(unsigned align_mul, unsigned align_offset, unsigned bit_size, unsigned num_components,
             int64_t hole_size, nir_intrinsic_instr *low, nir_intrinsic_instr *high, void *data)
{
   int64_t size_B = num_components * bit_size / 8, step = 0;
   nir_src *address = nir_get_io_offset_src(low);

   if (address && npu_nir_lane_step(nir_get_scalar(address->ssa, 0), &step) && step &&
       llabs(step) < size_B)
      return false;
   return hole_size <= 0 && num_components <= 4 && bit_size == component_bits(low) &&
          bit_size == component_bits(high);
}

bool
npu_nir_opt_mem_vectorize(nir_shader *nir)
{
   const nir_load_store_vectorize_options options = {
      .callback = should_merge,
      .modes = nir_var_mem_global | nir_var_mem_shared | nir_var_shader_temp | nir_var_mem_ubo,
   };

   return nir_opt_load_store_vectorize(nir, &options);
}
