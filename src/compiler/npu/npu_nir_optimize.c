/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The NIR optimisation loop: runs until nothing changes. What is cheap and exposes work for the
 * others comes first; control flow changes last, because they invalidate most.
 *
 * Sides of an if become selects up to 8 operations. A divergent if costs about ten cycles by the
 * latency table (save exec, narrow it, branch, restore), and nearly always some lane of 32 takes
 * it. Beyond 8, up to 16, two kernels of the corpus lose two or three instructions and neither is
 * faster; down to 4 nothing changes.
 *
 * Constants stay vectors here: folding makes them from "vec" instructions, so splitting them in the
 * loop would go on for ever. npu_compile() splits them at the end.
 */

#include "npu_nir.h"

void
npu_nir_optimize(nir_shader *nir)
{
   bool progress;

   do {
      progress = false;

      NIR_PASS(progress, nir, nir_lower_alu_to_scalar, NULL, NULL);
      NIR_PASS(progress, nir, nir_lower_phis_to_scalar, true);

      NIR_PASS(progress, nir, nir_copy_prop);
      NIR_PASS(progress, nir, nir_opt_remove_phis);
      NIR_PASS(progress, nir, nir_opt_dce);
      NIR_PASS(progress, nir, nir_opt_cse);
      NIR_PASS(progress, nir, nir_opt_algebraic);
      NIR_PASS(progress, nir, nir_opt_constant_folding);
      NIR_PASS(progress, nir, nir_opt_undef);

      NIR_PASS(progress, nir, nir_opt_dead_cf);
      NIR_PASS(progress, nir, nir_opt_loop);
      NIR_PASS(progress, nir, nir_opt_if, nir_opt_if_optimize_phi_true_false);
      NIR_PASS(progress, nir, nir_opt_peephole_select, 8, true, true);
      NIR_PASS(progress, nir, nir_opt_loop_unroll);
   } while (progress);
}
