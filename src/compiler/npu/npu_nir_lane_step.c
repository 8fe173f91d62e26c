/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * By how much does a value grow from one lane of a wave to the next? An estimate, for decisions about the
 * shape of memory accesses; nothing that has to be true may rest on it.
 *
 * Local ids are counted as if work-groups were wide. Works on NIR with and without divergence information.
 */

#include "npu_nir.h"

#define MAX_DEPTH 12

static bool
step(nir_scalar s, int64_t *out, unsigned depth)
{
   int64_t x, y;

   s = nir_scalar_chase_movs(s);
   *out = 0;
   if (nir_scalar_is_const(s))
      return true;
   if (depth > MAX_DEPTH)
      return false;

   if (nir_scalar_is_intrinsic(s)) {
      switch (nir_scalar_intrinsic_op(s)) {
      case nir_intrinsic_load_subgroup_invocation:
      case nir_intrinsic_load_local_invocation_index:
         *out = 1;
         return true;
      case nir_intrinsic_load_local_invocation_id:
      case nir_intrinsic_load_global_invocation_id:
         *out = s.comp == 0;
         return true;
      case nir_intrinsic_load_ubo:
      case nir_intrinsic_load_workgroup_id:
      case nir_intrinsic_load_workgroup_size:
      case nir_intrinsic_load_num_workgroups:
      case nir_intrinsic_load_subgroup_id:
         return true;
      default:
         return false;
      }
   }
   if (s.def->parent_instr->type == nir_instr_type_phi) {
      /* What a loop counts with starts the same in all lanes, or with the step of its first value. */
      nir_phi_instr *phi = nir_instr_as_phi(s.def->parent_instr);
      nir_phi_src *first = exec_node_data(nir_phi_src, exec_list_get_head(&phi->srcs), node);
      return step(nir_get_scalar(first->src.ssa, s.comp), out, depth + 1);
   }
   if (!nir_scalar_is_alu(s))
      return false;

   nir_op op = nir_scalar_alu_op(s);
   nir_scalar a = nir_scalar_chase_alu_src(s, 0), b = a;
   if (nir_op_infos[op].num_inputs > 1)
      b = nir_scalar_chase_alu_src(s, 1);
   switch (op) {
   case nir_op_iadd:
   case nir_op_isub:
      if (!step(a, &x, depth + 1) || !step(b, &y, depth + 1))
         return false;
      *out = op == nir_op_iadd ? x + y : x - y;
      return true;
   case nir_op_imul:
      if (nir_scalar_is_const(a)) {
         nir_scalar swap = a;
         a = b;
         b = swap;
      }
      if (!step(a, &x, depth + 1) || !step(b, &y, depth + 1) ||
          (!nir_scalar_is_const(b) && (x || y)))
         return false;
      *out = x ? x * nir_scalar_as_int(b) : 0;
      return true;
   case nir_op_ishl:
      if (!nir_scalar_is_const(b) || !step(a, &x, depth + 1))
         return false;
      *out = x * ((int64_t)1 << (nir_scalar_as_uint(b) & (s.def->bit_size - 1)));
      return true;
   case nir_op_imad:
      /* Ids are group * size + local id. */
      if (!step(a, &x, depth + 1) || !step(b, &y, depth + 1) || x || y)
         return false;
      return step(nir_scalar_chase_alu_src(s, 2), out, depth + 1);
   case nir_op_iand: /* the low bits: of the lane number, in tiles */
   case nir_op_ineg:
   case nir_op_u2u64:
   case nir_op_i2i64:
   case nir_op_u2u32:
   case nir_op_i2i32:
      if (!step(a, &x, depth + 1))
         return false;
      *out = op == nir_op_ineg ? -x : x;
      return true;
   default: /* of uniform values, uniform */
      for (unsigned i = 0; i < nir_op_infos[op].num_inputs; i++) {
         if (!step(nir_scalar_chase_alu_src(s, i), &x, depth + 1) || x)
            return op == nir_op_ushr;
      }
      return true;
   }
}

bool
npu_nir_lane_step(nir_scalar value, int64_t *lane_step)
{
   return step(value, lane_step, 0);
}
