/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * In which dimensions a kernel cannot tell how its work-items are put into work-groups.
 *
 * Applications choose shapes of work-groups that suit some other device, 8 x 8 and the like, or single work-items,
 * and waves want long rows. Most kernels look at global ids only, and group ids, local ids and group sizes are there for
 * nothing but
 *
 *    group id * group size + local id
 *
 * in that dimension. Then any other division of the grid gives the same results, and the launch may take a better one
 * (npu_shape.c in the driver). So this looks at all uses of the three, through conversions between 32 and 64 bits, and
 * says no at the first that is not a part of such a sum. Whatever else is common to a group must not be there: local
 * memory, barriers, sub-groups, the index of an item in its group.
 *
 * OpenCL promises no progress to a work-item that waits for one of another group, but programs with groups of one item
 * that do it exist, and lanes of one wave would wait for each other for ever. So loops with atomics or volatile
 * accesses are left as they are.
 *
 * A kernel that fixes its group size has constants in these sums, or, if the size is 1, group ids only, which are global
 * ids. npu_nir_free_block() puts the size of the launch there.
 *
 * What it misses: ids with the offset of a launch that is split (a sum with base_workgroup_id, which is not a group id
 * times anything).
 */

#include "npu_compile.h"
#include "npu_nir.h"

static bool
is_one(const nir_shader *nir, unsigned dim)
{
   return !nir->info.workgroup_size_variable && nir->info.workgroup_size[dim] == 1;
}

/* Without conversions: no id of a launch that is reshaped has more than 31 bits. */
static nir_scalar
strip(nir_scalar s)
{
   for (s = nir_scalar_chase_movs(s); nir_scalar_is_alu(s); s = nir_scalar_chase_movs(s)) {
      const nir_op op = nir_scalar_alu_op(s);
      if (op != nir_op_u2u64 && op != nir_op_u2u32)
         break;
      const nir_scalar from = nir_scalar_chase_alu_src(s, 0);
      if (from.def->bit_size < 32)
         break;
      s = from;
   }
   return s;
}

static bool
is_sysval(nir_scalar s, nir_intrinsic_op op, unsigned dim)
{
   s = strip(s);
   return nir_scalar_is_intrinsic(s) && nir_scalar_intrinsic_op(s) == op && s.comp == dim;
}

static bool
is_group_size(const nir_shader *nir, nir_scalar s, unsigned dim)
{
   s = strip(s);
   if (nir->info.workgroup_size_variable)
      return is_sysval(s, nir_intrinsic_load_workgroup_size, dim);
   return nir_scalar_is_const(s) && nir_scalar_as_uint(s) == nir->info.workgroup_size[dim];
}

static bool
is_product(const nir_shader *nir, nir_scalar a, nir_scalar b, unsigned dim)
{
   return is_sysval(a, nir_intrinsic_load_workgroup_id, dim) && is_group_size(nir, b, dim);
}

/* Group id * group size. */
static bool
is_first_id(const nir_shader *nir, nir_scalar s, unsigned dim)
{
   s = strip(s);
   if (!nir_scalar_is_alu(s) || s.def->bit_size < 32)
      return false;
   switch (nir_scalar_alu_op(s)) {
   case nir_op_imul:
   case nir_op_umul_2x32_64: {
      const nir_scalar a = nir_scalar_chase_alu_src(s, 0), b = nir_scalar_chase_alu_src(s, 1);
      return is_product(nir, a, b, dim) || is_product(nir, b, a, dim);
   }
   case nir_op_ishl: {
      const nir_scalar a = nir_scalar_chase_alu_src(s, 0), b = nir_scalar_chase_alu_src(s, 1);
      return !nir->info.workgroup_size_variable && nir_scalar_is_const(b) &&
             is_sysval(a, nir_intrinsic_load_workgroup_id, dim) && nir_scalar_as_uint(b) < 16 &&
             nir->info.workgroup_size[dim] == 1u << nir_scalar_as_uint(b);
   }
   default:
      return false;
   }
}

static bool
is_global_id(const nir_shader *nir, nir_scalar s, unsigned dim)
{
   if (s.def->num_components != 1 || !nir_scalar_is_alu(s) || nir_scalar_alu_op(s) != nir_op_iadd ||
       s.def->bit_size < 32)
      return false;
   const nir_scalar a = nir_scalar_chase_alu_src(s, 0), b = nir_scalar_chase_alu_src(s, 1);
   return (is_first_id(nir, a, dim) && is_sysval(b, nir_intrinsic_load_local_invocation_id, dim)) ||
          (is_first_id(nir, b, dim) && is_sysval(a, nir_intrinsic_load_local_invocation_id, dim));
}

/* Whether a component of a value goes nowhere but into global ids. */
static bool
only_in_global_ids(const nir_shader *nir, nir_def *def, unsigned comp, unsigned dim)
{
   nir_foreach_use_including_if(src, def)
   {
      if (nir_src_is_if(src) || nir_src_parent_instr(src)->type != nir_instr_type_alu)
         return false;
      nir_alu_instr *alu = nir_instr_as_alu(nir_src_parent_instr(src));
      if (!(nir_src_components_read(src) & 1u << comp))
         continue;
      const nir_scalar result = nir_get_scalar(&alu->def, 0);
      if (alu->def.num_components != 1)
         return false;
      if (is_global_id(nir, result, dim))
         continue;
      const bool leads_on = alu->op == nir_op_u2u64 || alu->op == nir_op_u2u32 ||
                            alu->op == nir_op_mov || is_first_id(nir, result, dim);
      if (!leads_on || !only_in_global_ids(nir, &alu->def, 0, dim))
         return false;
   }
   return true;
}

/* The dimensions an intrinsic leaves free. */
static unsigned
free_dims_of(const nir_shader *nir, nir_intrinsic_instr *intrin, bool in_loop)
{
   const bool is_group_id = intrin->intrinsic == nir_intrinsic_load_workgroup_id;
   unsigned dims = 0;

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_workgroup_id:
   case nir_intrinsic_load_local_invocation_id:
   case nir_intrinsic_load_workgroup_size:
      for (unsigned dim = 0; dim < 3; dim++) {
         if ((is_group_id && is_one(nir, dim)) || only_in_global_ids(nir, &intrin->def, dim, dim))
            dims |= 1u << dim;
      }
      return dims;

   case nir_intrinsic_load_local_invocation_index:
   case nir_intrinsic_load_num_workgroups:
   case nir_intrinsic_load_shared:
   case nir_intrinsic_store_shared:
   case nir_intrinsic_shared_atomic:
   case nir_intrinsic_shared_atomic_swap:
      return 0;

   case nir_intrinsic_barrier:
      return nir_intrinsic_execution_scope(intrin) > SCOPE_INVOCATION ? 0 : NPU_ALL_DIMS;

   case nir_intrinsic_global_atomic:
   case nir_intrinsic_global_atomic_swap:
   case nir_intrinsic_image_deref_atomic:
   case nir_intrinsic_image_deref_atomic_swap:
   case nir_intrinsic_image_atomic:
   case nir_intrinsic_image_atomic_swap:
      return in_loop ? 0 : NPU_ALL_DIMS;

   default:
      if (in_loop && nir_intrinsic_has_access(intrin) &&
          nir_intrinsic_access(intrin) & (ACCESS_VOLATILE | ACCESS_COHERENT))
         return 0;
      return NPU_ALL_DIMS;
   }
}

static bool
is_in_loop(const nir_block *block)
{
   for (const nir_cf_node *node = block->cf_node.parent; node; node = node->parent) {
      if (node->type == nir_cf_node_loop)
         return true;
   }
   return false;
}

unsigned
npu_nir_free_dims(const nir_shader *nir)
{
   unsigned dims = NPU_ALL_DIMS;

   if (nir->info.shared_size || npu_nir_uses_subgroups(nir))
      return 0;
   nir_foreach_function_impl(impl, (nir_shader *)nir) {
      nir_foreach_block(block, impl) {
         const bool in_loop = is_in_loop(block);
         nir_foreach_instr(instr, block) {
            if (instr->type == nir_instr_type_call)
               return 0;
            if (instr->type == nir_instr_type_intrinsic)
               dims &= free_dims_of(nir, nir_instr_as_intrinsic(instr), in_loop);
         }
      }
   }
   return dims;
}

static nir_def *
global_id(nir_builder *b, unsigned dim)
{
   nir_def *group = nir_channel(b, nir_load_workgroup_id(b), dim);
   nir_def *size = nir_channel(b, nir_load_workgroup_size(b), dim);

   return nir_iadd(b, nir_imul(b, group, size),
                   nir_channel(b, nir_load_local_invocation_id(b), dim));
}

static bool
free_group_id(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   const unsigned dims = *(const unsigned *)data;
   nir_def *ids[3];

   if (intrin->intrinsic != nir_intrinsic_load_workgroup_id)
      return false;
   b->cursor = nir_after_instr(&intrin->instr);
   for (unsigned dim = 0; dim < 3; dim++) {
      ids[dim] = dims & 1u << dim && is_one(b->shader, dim) ? global_id(b, dim)
                                                            : nir_channel(b, &intrin->def, dim);
   }
   nir_def *vec = nir_vec(b, ids, 3);
   nir_def_rewrite_uses_after(&intrin->def, vec, vec->parent_instr);
   return true;
}

static bool
free_global_id(nir_builder *b, nir_alu_instr *alu, void *data)
{
   const unsigned dims = *(const unsigned *)data;
   const nir_scalar sum = nir_get_scalar(&alu->def, 0);

   for (unsigned dim = 0; dim < 3; dim++) {
      if (!(dims & 1u << dim) || is_one(b->shader, dim) || !is_global_id(b->shader, sum, dim))
         continue;
      b->cursor = nir_before_instr(&alu->instr);
      nir_def_replace(&alu->def, nir_u2uN(b, global_id(b, dim), alu->def.bit_size));
      return true;
   }
   return false;
}

void
npu_nir_free_block(nir_shader *nir, unsigned dims)
{
   NIR_PASS(_, nir, nir_shader_intrinsics_pass, free_group_id, nir_metadata_control_flow, &dims);
   NIR_PASS(_, nir, nir_shader_alu_pass, free_global_id, nir_metadata_control_flow, &dims);
   nir->info.workgroup_size_variable = true;
   npu_nir_optimize(nir);
   nir_shader_gather_info(nir, nir_shader_get_entrypoint(nir));
}
