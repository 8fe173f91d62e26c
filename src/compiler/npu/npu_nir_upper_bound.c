/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Upper bounds of 32-bit values, as unsigned numbers.
 *
 * NIR's range analysis knows the system values by their limits, but nothing of the size of a
 * work-group that the launch decides, nor what a launch promises; and ids are made of just those.
 * This one walks down the few operations they are made with and leaves the rest to NIR's. A sum or
 * product that may wrap has no bound.
 *
 * Misses: phis of its own (NIR's analysis sees through them, but then without launch's promises).
 */

#include "npu_compile.h"
#include "npu_nir.h"

#define MAX_DEPTH 8

static const nir_unsigned_upper_bound_config config = {
   .min_subgroup_size = NPU_SUBGROUP_SIZE,
   .max_subgroup_size = NPU_SUBGROUP_SIZE,
   .max_workgroup_invocations = NPU_MAX_THREADS,
   .max_workgroup_count = {UINT32_MAX, UINT32_MAX, UINT32_MAX},
   .max_workgroup_size = {NPU_MAX_THREADS, NPU_MAX_THREADS, NPU_MAX_THREADS},
};

static uint64_t bound(const struct npu_nir_ranges *r, nir_scalar s, unsigned depth);

static uint64_t
source(const struct npu_nir_ranges *r, nir_scalar s, unsigned i, unsigned depth)
{
   return bound(r, nir_scalar_chase_alu_src(s, i), depth + 1);
}

/* UINT32_MAX when there is no bound: a larger number has wrapped to any. */
static uint64_t
limited(uint64_t value)
{
   return MIN2(value, UINT32_MAX);
}

static uint64_t
system_value(const struct npu_nir_ranges *r, nir_scalar s)
{
   bool few = r->launch && r->launch->few_groups;

   switch (nir_scalar_intrinsic_op(s)) {
   case nir_intrinsic_load_workgroup_size:
      return NPU_MAX_THREADS;
   case nir_intrinsic_load_workgroup_id:
      if (few)
         return NPU_FEW_GROUPS - 1;
      break;
   case nir_intrinsic_load_num_workgroups:
      if (few)
         return NPU_FEW_GROUPS;
      break;
   default:
      break;
   }
   return nir_unsigned_upper_bound(r->nir, r->cache, s, &config);
}

static uint64_t
bound(const struct npu_nir_ranges *r, nir_scalar s, unsigned depth)
{
   s = nir_scalar_chase_movs(s);
   assert(s.def->bit_size <= 32 && "64-bit values have no bounds here");

   if (nir_scalar_is_const(s))
      return nir_scalar_as_uint(s);
   if (nir_scalar_is_intrinsic(s))
      return system_value(r, s);
   if (!nir_scalar_is_alu(s) || depth > MAX_DEPTH || s.def->bit_size != 32)
      return nir_unsigned_upper_bound(r->nir, r->cache, s, &config);

   switch (nir_scalar_alu_op(s)) {
   case nir_op_iadd:
      return limited(source(r, s, 0, depth) + source(r, s, 1, depth));
   case nir_op_imul:
      return limited(source(r, s, 0, depth) * source(r, s, 1, depth));
   case nir_op_imad: {
      uint64_t product = source(r, s, 0, depth) * source(r, s, 1, depth);
      return limited(limited(product) + source(r, s, 2, depth));
   }
   case nir_op_umod:
      /* A divisor's bound minus one, unless it is 0 and the result undefined in OpenCL; the
       * machine's result is 0 then. */
      return MIN2(source(r, s, 0, depth), MAX2(source(r, s, 1, depth), 1) - 1);
   case nir_op_udiv: {
      nir_scalar divisor = nir_scalar_chase_alu_src(s, 1);
      if (!nir_scalar_is_const(divisor))
         return UINT32_MAX; /* x / 0 is all ones */
      uint64_t by = nir_scalar_as_uint(divisor);
      return by ? source(r, s, 0, depth) / by : UINT32_MAX;
   }
   case nir_op_iand:
      return MIN2(source(r, s, 0, depth), source(r, s, 1, depth));
   case nir_op_umin:
      return MIN2(source(r, s, 0, depth), source(r, s, 1, depth));
   case nir_op_umax:
      return MAX2(source(r, s, 0, depth), source(r, s, 1, depth));
   case nir_op_ishl:
   case nir_op_ushr: {
      nir_scalar count = nir_scalar_chase_alu_src(s, 1);
      if (!nir_scalar_is_const(count))
         break;
      unsigned by = nir_scalar_as_uint(count) & 31;
      uint64_t x = source(r, s, 0, depth);
      return nir_scalar_alu_op(s) == nir_op_ushr ? x >> by : limited(x << by);
   }
   default:
      break;
   }
   return nir_unsigned_upper_bound(r->nir, r->cache, s, &config);
}

uint64_t
npu_nir_upper_bound(const struct npu_nir_ranges *ranges, nir_scalar value)
{
   return bound(ranges, value, 0);
}

bool
npu_nir_ranges_pass(nir_shader *nir, const struct npu_nir_launch *launch,
                    bool (*pass)(nir_builder *b, nir_alu_instr *alu, void *ranges))
{
   struct hash_table *cache = _mesa_pointer_hash_table_create(NULL);
   struct npu_nir_ranges ranges = {.nir = nir, .cache = cache, .launch = launch};
   bool progress = nir_shader_alu_pass(nir, pass, nir_metadata_control_flow, &ranges);

   _mesa_hash_table_destroy(cache, NULL);
   return progress;
}
