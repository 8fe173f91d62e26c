/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Barriers of work-groups that are one wave.
 *
 * The lanes of a wave run in lockstep, and control flow around a barrier is the same for the whole group (OpenCL C 3.0,
 * 6.15.8): where a group has no more work-items than a wave has lanes, all of them arrive at once. What is left of a
 * barrier is the order of their accesses to memory, and a fence that orders them for the group need not go further than
 * the wave. So scopes of the work-group become scopes of the sub-group.
 *
 * A barrier of the hardware costs the wave its turn, and ends what the scheduler and the simulator's JIT look at; without
 * one, a core goes from group to group at once. Other drivers do the same where the group fits a sub-group (intel's
 * brw, for one).
 *
 * What it misses: groups of a few waves whose accesses between two barriers stay within each.
 */

#include "npu_compile.h"
#include "npu_nir.h"

/* Whether the work-groups have one wave: by what the kernel says, or the launch. */
static bool
is_one_wave(const nir_shader *nir, const struct npu_nir_launch *launch)
{
   const uint16_t *size = nir->info.workgroup_size;

   return launch->one_wave || (!nir->info.workgroup_size_variable &&
                               (uint32_t)size[0] * size[1] * size[2] <= NPU_SUBGROUP_SIZE);
}

static bool
narrow(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   bool progress = false;

   if (intrin->intrinsic != nir_intrinsic_barrier)
      return false;
   if (nir_intrinsic_execution_scope(intrin) == SCOPE_WORKGROUP) {
      nir_intrinsic_set_execution_scope(intrin, SCOPE_SUBGROUP);
      progress = true;
   }
   if (nir_intrinsic_memory_scope(intrin) == SCOPE_WORKGROUP) {
      nir_intrinsic_set_memory_scope(intrin, SCOPE_SUBGROUP);
      progress = true;
   }
   return progress;
}

bool
npu_nir_one_wave(nir_shader *nir, const struct npu_nir_launch *launch)
{
   return is_one_wave(nir, launch) &&
          nir_shader_intrinsics_pass(nir, narrow, nir_metadata_control_flow, NULL);
}
