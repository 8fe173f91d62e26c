/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: intrinsics. System values are special registers; barriers become fences
 * and the work-group barrier; memory, atomics and sub-group operations have files of their own.
 */

#include "npu_isel.h"

/* ---- system values ---- */

/* First special register of a system value with `comps` components. */
struct sysval {
   nir_intrinsic_op op;
   unsigned sr;
};

static const struct sysval sysvals[] = {
   {nir_intrinsic_load_workgroup_id, NPU_SR_GROUP_ID_X},
   {nir_intrinsic_load_num_workgroups, NPU_SR_NUM_GROUPS_X},
   {nir_intrinsic_load_workgroup_size, NPU_SR_LOCAL_SIZE_X},
   {nir_intrinsic_load_work_dim, NPU_SR_WORK_DIM},
   {nir_intrinsic_load_subgroup_id, NPU_SR_WAVE_ID},
   {nir_intrinsic_load_num_subgroups, NPU_SR_NUM_WAVES},
   {nir_intrinsic_load_subgroup_invocation, NPU_SR_LANE_ID},
   {nir_intrinsic_load_local_invocation_id, NPU_SR_LOCAL_ID_X},
   {nir_intrinsic_load_local_invocation_index, NPU_SR_LOCAL_INDEX},
};

static bool
select_sysval(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   for (unsigned i = 0; i < ARRAY_SIZE(sysvals); i++) {
      if (intrin->intrinsic != sysvals[i].op)
         continue;

      nir_component_mask_t used = nir_def_components_read(&intrin->def);
      struct npu_ref comps[NIR_MAX_VEC_COMPONENTS];

      for (unsigned c = 0; c < intrin->def.num_components; c++)
         comps[c] = used & (1u << c) ? npu_build_rdsr(&ctx->b, sysvals[i].sr + c) : npu_imm(0);
      npu_isel_set_comps(ctx, &intrin->def, comps);
      return true;
   }
   return false;
}

/* ---- barriers ---- */

static void
fence(struct npu_isel *ctx, enum npu_op op)
{
   npu_build(&ctx->b, op, NULL, 0, NULL, 0);
}

/* The fence for a memory scope; NPU_OP_NONE for one's own accesses, which are in order anyway. */
static enum npu_op
fence_op(mesa_scope scope)
{
   switch (scope) {
   case SCOPE_NONE:
   case SCOPE_INVOCATION:
      return NPU_OP_NONE;
   case SCOPE_SUBGROUP:
   case SCOPE_SHADER_CALL:
      return NPU_OP_FENCE_WAVE;
   case SCOPE_WORKGROUP:
      return NPU_OP_FENCE_GROUP;
   case SCOPE_QUEUE_FAMILY:
   case SCOPE_DEVICE:
      return NPU_OP_FENCE_DEVICE;
   case SCOPE_SYSTEM:
      break;
   }
   return NPU_OP_FENCE_SYSTEM;
}

static void
select_barrier(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   bool orders = nir_intrinsic_memory_semantics(intrin) & NIR_MEMORY_ACQ_REL;
   mesa_scope scope = nir_intrinsic_memory_scope(intrin);
   enum npu_op op = orders ? fence_op(scope) : NPU_OP_NONE;

   switch (nir_intrinsic_execution_scope(intrin)) {
   case SCOPE_NONE:
   case SCOPE_INVOCATION:
      if (op != NPU_OP_NONE)
         fence(ctx, op);
      break;

   case SCOPE_SUBGROUP:
   case SCOPE_SHADER_CALL:
      /* A wave's lanes arrive together; what is left is the order of their accesses. */
      fence(ctx, op != NPU_OP_NONE ? op : NPU_OP_FENCE_WAVE);
      break;

   default:
      /* The barrier orders memory within the group. */
      if (op != NPU_OP_NONE && op != NPU_OP_FENCE_WAVE && op != NPU_OP_FENCE_GROUP)
         fence(ctx, op);
      fence(ctx, NPU_OP_BARRIER);
      ctx->shader->info.uses_barrier = true;
   }
}

/* ---- dispatch ---- */

void
npu_isel_intrinsic(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   if (select_sysval(ctx, intrin) || npu_isel_load(ctx, intrin) || npu_isel_store(ctx, intrin) ||
       npu_isel_atomic(ctx, intrin) || npu_isel_subgroup(ctx, intrin))
      return;

   switch (intrin->intrinsic) {
   case nir_intrinsic_barrier:
      select_barrier(ctx, intrin);
      break;

   case nir_intrinsic_shader_clock: {
      struct npu_ref clock = npu_build_rdsr(&ctx->b, NPU_SR_CLOCK);
      struct npu_ref comps[2] = {clock,
                                 npu_build_alu(&ctx->b, NPU_OP_HI_B64, NPU_FILE_S, &clock, 1)};

      npu_isel_set_comps(ctx, &intrin->def, comps);
      break;
   }

   default:
      npu_isel_error(ctx, "intrinsic %s is not supported",
                     nir_intrinsic_infos[intrin->intrinsic].name);
   }
}
