/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The first half of the NIR pipeline: what every compilation of a kernel needs, whatever the
 * launch. Its result is what Rusticl caches, so it has to be a fixed point: a shader that was
 * finalized comes out unchanged, and nothing may hang on to the shader in a way that
 * nir_serialize() forgets.
 */

#include "npu_compile.h"
#include "npu_nir.h"

/* The machine keeps denormals. Saying so here lets constant folding do the same. */
static void
set_float_controls(nir_shader *nir)
{
   unsigned *mode = &nir->info.float_controls_execution_mode;

   *mode &= ~(FLOAT_CONTROLS_DENORM_FLUSH_TO_ZERO_FP16 | FLOAT_CONTROLS_DENORM_FLUSH_TO_ZERO_FP32 |
              FLOAT_CONTROLS_DENORM_FLUSH_TO_ZERO_FP64);
   *mode |= FLOAT_CONTROLS_DENORM_PRESERVE_FP16 | FLOAT_CONTROLS_DENORM_PRESERVE_FP32 |
            FLOAT_CONTROLS_DENORM_PRESERVE_FP64;
}

void
npu_nir_finalize(nir_shader *nir)
{
   set_float_controls(nir);

   /* Control flow of the form selection knows: ifs, and loops left by break and continue. */
   NIR_PASS(_, nir, nir_lower_returns);
   NIR_PASS(_, nir, nir_lower_continue_constructs);

   /* Arguments first: it makes arithmetic that the loop below simplifies. */
   NIR_PASS(_, nir, npu_nir_lower_abi);

   /* Operations the machine lacks. */
   NIR_PASS(_, nir, nir_lower_flrp, 16 | 32 | 64, true);
   NIR_PASS(_, nir, npu_nir_lower_subgroups);
   NIR_PASS(_, nir, nir_lower_alu_to_scalar, NULL, NULL);
   NIR_PASS(_, nir, npu_nir_lower_alu);

   npu_nir_optimize(nir);

   /* Optimisation may have formed new ones (fsign, for instance). */
   NIR_PASS(_, nir, npu_nir_lower_alu);
   NIR_PASS(_, nir, nir_lower_pack);

   /* Merge neighbours, then split what is wider than an instruction moves. In this order: splitting
    * loses nothing that merging could have used, merging never makes more than four components. */
   NIR_PASS(_, nir, npu_nir_opt_mem_vectorize);
   NIR_PASS(_, nir, npu_nir_lower_mem_size);

   npu_nir_optimize(nir);
   NIR_PASS(_, nir, nir_opt_licm);

   nir_shader_gather_info(nir, nir_shader_get_entrypoint(nir));
   nir_sweep(nir);
}
