/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Local ids as lane number plus uniform values.
 *
 * A wave is 32 work-items with consecutive linear indices, so the linear index is 32 * wave + lane.
 * Depending on what is known of the shape of the work-group, with first = 32 * wave:
 *
 *    one row        id.x = first + lane
 *                   id.y = id.z = 0
 *    2-dimensional, id.x = first % width + lane
 *    width 2^k, at  id.y = first / width
 *    least 32       id.z = 0
 *    2-dimensional, id.x = lane % width
 *    width 2^k,     id.y = first / width + lane / width
 *    less than 32   id.z = 0
 *    3-dimensional, id.x = lane % width
 *    the same, with id.y = first / width % height + lane / width
 *    a height that  id.z = first / width / height
 *    waves divide
 *    any whose      id.x = first % width + lane
 *    width is a     id.y = first / width % height
 *    multiple of 32 id.z = first / (width * height)
 *
 * where all but `lane` is uniform, and divisions by 2^k are shifts. Where waves lie in rows, y and z
 * drop out of the vector unit altogether, and addresses that are linear in x become unit-stride
 * accesses (npu_nir_lower_address.c). In narrower groups the ids at least are simple functions of
 * the lane number instead of special registers, which lets an engine see consecutive lanes.
 *
 * What is known: the program may fix the group's size, or the launch promises something (struct
 * npu_nir_launch); a kernel compiled for any group reads the ids from special registers.
 *
 * The sums carry no-wrap flags, which is what lets address analysis look through them: an id is
 * below 1024.
 *
 * Other widths become powers of two by padding (npu_nir_pad_rows.c).
 *
 * What it misses: other three-dimensional groups that are not a multiple of 32 wide.
 */

#include "npu_compile.h"
#include "npu_nir.h"

#include "util/u_math.h"

static nir_def *
add_lane(nir_builder *b, nir_def *uniform, nir_def *lane)
{
   nir_def *sum = nir_iadd(b, uniform, lane);
   if (sum->parent_instr->type == nir_instr_type_alu) {
      nir_alu_instr *alu = nir_instr_as_alu(sum->parent_instr);
      alu->no_signed_wrap = true;
      alu->no_unsigned_wrap = true;
   }
   return sum;
}

static nir_def *
first_index(nir_builder *b)
{
   return nir_imul_imm(b, nir_load_subgroup_id(b), NPU_SUBGROUP_SIZE);
}

static nir_def *
load_size(nir_builder *b)
{
   const uint16_t *fixed = b->shader->info.workgroup_size;

   return b->shader->info.workgroup_size_variable ? nir_load_workgroup_size(b)
                                                  : nir_imm_ivec3(b, fixed[0], fixed[1], fixed[2]);
}

/* Three dimensions, a width of 2^k less than a wave, none of which lies in two planes. */
static nir_def *
ids_in_planes(nir_builder *b, unsigned k)
{
   nir_def *lane = nir_load_subgroup_invocation(b), *wave = nir_load_subgroup_id(b);
   nir_def *height = nir_channel(b, load_size(b), 1), *row = nir_ishl_imm(b, wave, 5 - k);

   return nir_vec3(b, nir_iand_imm(b, lane, BITFIELD_MASK(k)),
                   add_lane(b, nir_umod(b, row, height), nir_ushr_imm(b, lane, k)),
                   nir_udiv(b, row, height));
}

/* Two dimensions, a width of 2^k. */
static nir_def *
ids_of_width(nir_builder *b, unsigned k)
{
   nir_def *lane = nir_load_subgroup_invocation(b), *wave = nir_load_subgroup_id(b);
   nir_def *zero = nir_imm_int(b, 0);

   if (k >= 5) {
      nir_def *in_row = nir_iand_imm(b, wave, BITFIELD_MASK(k - 5));
      return nir_vec3(b, add_lane(b, nir_imul_imm(b, in_row, NPU_SUBGROUP_SIZE), lane),
                      nir_ushr_imm(b, wave, k - 5), zero);
   }
   return nir_vec3(b, nir_iand_imm(b, lane, BITFIELD_MASK(k)),
                   add_lane(b, nir_ishl_imm(b, wave, 5 - k), nir_ushr_imm(b, lane, k)), zero);
}

/* Any group whose waves lie in rows. */
static nir_def *
ids_of_rows(nir_builder *b)
{
   nir_def *size = load_size(b), *first = first_index(b), *lane = nir_load_subgroup_invocation(b);
   nir_def *width = nir_channel(b, size, 0), *height = nir_channel(b, size, 1);
   nir_def *row = nir_udiv(b, first, width);

   return nir_vec3(b, add_lane(b, nir_umod(b, first, width), lane), nir_umod(b, row, height),
                   nir_udiv(b, row, height));
}

static nir_def *
local_id(nir_builder *b, const struct npu_nir_launch *launch)
{
   nir_def *zero = nir_imm_int(b, 0);

   if (launch->one_row)
      return nir_vec3(b, add_lane(b, first_index(b), nir_load_subgroup_invocation(b)), zero, zero);
   if (launch->width_log2 && launch->deep)
      return ids_in_planes(b, launch->width_log2);
   if (launch->width_log2)
      return ids_of_width(b, launch->width_log2);
   return launch->wave_rows ? ids_of_rows(b) : NULL;
}

/* What of the size is known. The other components remain loads. */
static nir_def *
group_size(nir_builder *b, nir_intrinsic_instr *intrin, const struct npu_nir_launch *launch)
{
   nir_def *one = nir_imm_int(b, 1), *size = &intrin->def;

   if (launch->one_row)
      return nir_vec3(b, nir_channel(b, size, 0), one, one);
   if (launch->width_log2) {
      const int width = launch->padded_width ? launch->padded_width : 1 << launch->width_log2;
      return nir_vec3(b, nir_imm_int(b, width), nir_channel(b, size, 1),
                      launch->deep ? nir_channel(b, size, 2) : one);
   }
   return NULL;
}

/* The linear index, which padding is no part of. */
static nir_def *
local_index(nir_builder *b, const struct npu_nir_launch *launch)
{
   if (!launch->padded_width)
      return add_lane(b, first_index(b), nir_load_subgroup_invocation(b));
   nir_def *id = local_id(b, launch);
   nir_def *row = nir_imul_imm(b, nir_channel(b, id, 1), launch->padded_width);
   return nir_iadd(b, row, nir_channel(b, id, 0));
}

static bool
lower(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   const struct npu_nir_launch *launch = data;
   nir_def *def = NULL;

   b->cursor = nir_before_instr(&intrin->instr);

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_local_invocation_index:
      def = local_index(b, launch);
      break;
   case nir_intrinsic_load_local_invocation_id:
      def = local_id(b, launch);
      break;
   case nir_intrinsic_load_workgroup_size:
      b->cursor = nir_after_instr(&intrin->instr);
      def = group_size(b, intrin, launch);
      if (def)
         nir_def_rewrite_uses_after(&intrin->def, def, def->parent_instr);
      return def != NULL;
   default:
      break;
   }

   if (def)
      nir_def_replace(&intrin->def, def);
   return def != NULL;
}

bool
npu_nir_lower_local_id(nir_shader *nir, const struct npu_nir_launch *launch)
{
   struct npu_nir_launch known = *launch;

   if (!nir->info.workgroup_size_variable) {
      const uint16_t *size = nir->info.workgroup_size;
      const bool even = util_is_power_of_two_nonzero(size[0]);

      known.one_row = size[1] == 1 && size[2] == 1;
      known.deep = even && size[2] > 1 && size[0] < NPU_SUBGROUP_SIZE &&
                   size[1] % (NPU_SUBGROUP_SIZE / size[0]) == 0;
      known.width_log2 = even && (size[2] == 1 || known.deep) ? util_logbase2(size[0]) : 0;
      known.wave_rows = size[0] % NPU_SUBGROUP_SIZE == 0;
   }

   return nir_shader_intrinsics_pass(nir, lower, nir_metadata_control_flow, &known);
}
