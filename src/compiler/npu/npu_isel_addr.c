/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: the address forms of memory instructions.
 *
 *    s  base + imm                            one access of the wave, data in scalar registers
 *    u  base + lane * bytes + imm             (private memory: base + imm in each lane's own)
 *    x  base + lane * stride + imm
 *    o  base + (extend(offset) << scale) + imm    offset: 32 bits per lane
 *    a  address + imm                         address: 64 bits per lane
 *
 * Global addresses are taken apart by npu_nir_analyze_address(); npu_nir_lower_address has put them
 * in a shape in which base and offset are values that exist.
 *
 * Offsets in local and private memory are 32-bit sums, but the machine adds in 64 bits and faults
 * on anything outside of the memory. base + extend(offset) with base = extend32(U), offset = V
 * equals the 32-bit sum U + V unless the 64-bit sum leaves 32 bits. The right sum is a small
 * non-negative number, so it is enough that one of the two, taken as a signed number, is known not
 * to be negative: then their signed sum is at least -2^31 and cannot be another number congruent to
 * the right one modulo 2^32. Shifts move into the scale only if they are known not to overflow.
 * Without such knowledge the sum is made by vector additions.
 */

#include "npu_isel.h"

#include <stdlib.h>

#define MAX_SCALE_LOG2       7
#define MAX_NEIGHBOUR_STEP_B 64

static bool
fits_imm(int64_t value)
{
   return value >= INT16_MIN && value <= INT16_MAX;
}

static struct npu_ref
s_op(struct npu_isel *ctx, enum npu_op op, struct npu_ref x, struct npu_ref y)
{
   struct npu_ref srcs[2] = {x, y};

   return npu_build_alu(&ctx->b, op, NPU_FILE_S, srcs, npu_op_infos[op].num_srcs);
}

/* A 32-bit scalar or immediate, extended to 64 bits. */
static struct npu_ref
s_extend(struct npu_isel *ctx, struct npu_ref ref, bool sign)
{
   if (npu_is_imm(ref))
      return npu_imm(sign ? (uint64_t)(int32_t)ref.imm : (uint32_t)ref.imm);
   if (sign)
      return s_op(ctx, npu_op_cvt(NPU_TYPE_I64, NPU_TYPE_I32), ref, ref);
   return npu_isel_clean(ctx, ref, 32);
}

/* ---- 64-bit addresses ---- */

/* Sum of the uniform terms and a constant. */
static struct npu_ref
sum_uniform(struct npu_isel *ctx, const struct npu_nir_address *addr, int64_t constant)
{
   struct npu_ref sum = npu_imm(constant);

   for (unsigned i = 0; i < addr->num_uniform; i++) {
      const struct npu_nir_term *term = &addr->uniform[i];
      struct npu_ref value = npu_isel_scalar(ctx, term->value);

      if (term->value.def->bit_size == 32)
         value = s_extend(ctx, value, term->sign);
      if (term->factor != 1)
         value = s_op(ctx, NPU_OP_IMUL_I64, value, npu_imm(term->factor));
      if (term->shift)
         value = s_op(ctx, NPU_OP_ISHL_I64, value, npu_imm(term->shift));
      if (npu_is_imm(sum) && sum.imm == 0)
         sum = value;
      else
         sum = s_op(ctx, NPU_OP_IADD_I64, value, sum);
   }
   return sum;
}

/* Form a: the address as it is, with a constant split off if its sum says so. */
static struct npu_isel_addr
lane_addresses(struct npu_isel *ctx, nir_def *address, const struct npu_isel_access *access)
{
   struct npu_isel_addr result = {.form = NPU_ADDR_A, .base = npu_imm(0)};
   nir_scalar value = nir_scalar_chase_movs(nir_get_scalar(address, 0));

   if (!access->atomic && nir_scalar_is_alu(value) && nir_scalar_alu_op(value) == nir_op_iadd) {
      for (unsigned i = 0; i < 2; i++) {
         nir_scalar c = nir_scalar_chase_alu_src(value, i);

         if (nir_scalar_is_const(c) && fits_imm(nir_scalar_as_int(c))) {
            result.imm = nir_scalar_as_int(c);
            value = nir_scalar_chase_alu_src(value, 1 - i);
            break;
         }
      }
   }

   result.index = npu_isel_to_v(ctx, npu_isel_scalar(ctx, value), 64);
   return result;
}

static struct npu_isel_addr
address64(struct npu_isel *ctx, nir_def *address, const struct npu_isel_access *access)
{
   struct npu_nir_address addr;

   if (!npu_nir_analyze_address(&ctx->ranges, address, true, &addr))
      return lane_addresses(ctx, address, access);

   struct npu_isel_addr result = {.index = {.kind = NPU_REF_NULL}};
   bool use_imm = fits_imm(addr.constant) && !access->atomic;
   const struct npu_nir_term *term = &addr.varying[0];

   if (addr.num_varying == 0) {
      result.form = access->scalar ? NPU_ADDR_S : access->atomic ? NPU_ADDR_O : NPU_ADDR_X;
      if (result.form == NPU_ADDR_X)
         result.index = npu_imm(0); /* stride 0: all lanes at one address */
      else if (result.form == NPU_ADDR_O)
         result.index = npu_isel_to_v(ctx, npu_imm(0), 32);
   } else if (addr.num_varying == 1 && term->lane && !access->atomic &&
              (uint64_t)term->factor << term->shift <= INT32_MAX)
   {
      const uint64_t stride_B = (uint64_t)term->factor << term->shift;
      const bool unit = stride_B == access->bytes;

      result.form = unit ? NPU_ADDR_U : NPU_ADDR_X;
      if (!unit)
         result.index = npu_imm(stride_B);
   } else if (addr.num_varying == 1 && term->value.def->bit_size == 32 && term->factor == 1 &&
              term->shift <= MAX_SCALE_LOG2)
   {
      result.form = NPU_ADDR_O;
      result.index = npu_isel_to_v(ctx, npu_isel_scalar(ctx, term->value), 32);
      result.scale_log2 = term->shift;
      result.sx = term->sign;
   } else {
      return lane_addresses(ctx, address, access);
   }

   result.base = sum_uniform(ctx, &addr, use_imm ? 0 : addr.constant);
   result.imm = use_imm ? addr.constant : 0;
   return result;
}

/* ---- 32-bit offsets ---- */

static bool
never_negative(struct npu_isel *ctx, nir_scalar value, unsigned shift)
{
   return npu_nir_never_negative(&ctx->ranges, value, shift);
}

/* One offset for all lanes. */
static struct npu_isel_addr
uniform_offset(struct npu_isel *ctx, nir_scalar offset, const struct npu_isel_access *access)
{
   struct npu_isel_addr result = {.index = {.kind = NPU_REF_NULL}};

   if (access->space == NPU_SPACE_PRIVATE)
      result.form = NPU_ADDR_U;
   else if (access->scalar)
      result.form = NPU_ADDR_S;
   else if (access->atomic)
      result.form = NPU_ADDR_O;
   else
      result.form = NPU_ADDR_X;

   if (result.form == NPU_ADDR_O)
      result.index = npu_isel_to_v(ctx, npu_imm(0), 32);
   else if (result.form == NPU_ADDR_X)
      result.index = npu_imm(0);

   struct npu_ref base = s_extend(ctx, npu_isel_scalar(ctx, offset), false);
   if (npu_is_imm(base) && !access->atomic && base.imm <= INT16_MAX) {
      result.imm = base.imm;
      base = npu_imm(0);
   }
   result.base = base;
   return result;
}

/* Moves a left shift of the varying part into the scale. */
static nir_scalar
take_scale(struct npu_isel *ctx, nir_scalar value, uint8_t *scale_log2)
{
   if (nir_scalar_is_alu(value) && nir_scalar_alu_op(value) == nir_op_ishl) {
      nir_scalar count = nir_scalar_chase_alu_src(value, 1);
      nir_scalar x = nir_scalar_chase_alu_src(value, 0);

      if (nir_scalar_is_const(count) && nir_scalar_as_uint(count) <= MAX_SCALE_LOG2 &&
          never_negative(ctx, x, nir_scalar_as_uint(count)))
      {
         *scale_log2 = nir_scalar_as_uint(count);
         return x;
      }
   }
   return value;
}

static struct npu_isel_addr
offset32(struct npu_isel *ctx, nir_def *def, const struct npu_isel_access *access)
{
   nir_scalar offset = nir_scalar_chase_movs(nir_get_scalar(def, 0));

   if (!def->divergent)
      return uniform_offset(ctx, offset, access);

   struct npu_isel_addr result = {.form = NPU_ADDR_O, .base = npu_imm(0)};
   nir_scalar varying = offset;

   if (nir_scalar_is_alu(offset) && nir_scalar_alu_op(offset) == nir_op_iadd) {
      nir_scalar u = nir_scalar_chase_alu_src(offset, 0), v = nir_scalar_chase_alu_src(offset, 1);

      if (u.def->divergent) {
         nir_scalar t = u;
         u = v;
         v = t;
      }

      bool u_positive = !u.def->divergent && (nir_scalar_is_const(u) ? nir_scalar_as_int(u) >= 0
                                                                     : never_negative(ctx, u, 0));
      bool v_positive = !u.def->divergent && never_negative(ctx, v, 0);

      if (u_positive || v_positive) {
         result.base = s_extend(ctx, npu_isel_scalar(ctx, u), !u_positive);
         result.sx = !v_positive;
         varying = v;
      }
   }

   if (npu_is_imm(result.base) && !access->atomic && fits_imm(result.base.imm)) {
      result.imm = (int64_t)result.base.imm;
      result.base = npu_imm(0);
   }

   /* A scaled value is not negative: both extensions are right. */
   varying = take_scale(ctx, varying, &result.scale_log2);
   if (nir_scalar_is_intrinsic(varying) && !access->atomic && access->space != NPU_SPACE_PRIVATE &&
       nir_scalar_intrinsic_op(varying) == nir_intrinsic_load_subgroup_invocation)
   {
      bool unit = 1u << result.scale_log2 == access->bytes;

      result.form = unit ? NPU_ADDR_U : NPU_ADDR_X;
      result.index = unit ? (struct npu_ref){.kind = NPU_REF_NULL}
                          : npu_imm(UINT64_C(1) << result.scale_log2);
      result.scale_log2 = 0;
      result.sx = false;
      return result;
   }

   result.index = npu_isel_to_v(ctx, npu_isel_scalar(ctx, varying), 32);
   return result;
}

/* Whether lanes access global memory across rows: neither one place nor the same cache lines as their neighbours. Or again
 * and again in a loop, where a tile finds in the cache what its other rows have read.
 */
static bool
prefers_tiles(const struct npu_isel *ctx, nir_def *def, const struct npu_isel_access *access)
{
   int64_t lane_step;

   if (!def->divergent || access->atomic || access->space != NPU_SPACE_GLOBAL)
      return false;
   return ctx->loop || !npu_nir_lane_step(nir_get_scalar(def, 0), &lane_step) ||
          llabs(lane_step) > MAX_NEIGHBOUR_STEP_B;
}

struct npu_isel_addr
npu_isel_address(struct npu_isel *ctx, nir_src address, const struct npu_isel_access *access)
{
   nir_def *def = address.ssa;

   ctx->shader->info.prefers_tiles |= prefers_tiles(ctx, def, access);
   if (def->bit_size == 64)
      return address64(ctx, def, access);
   return offset32(ctx, def, access);
}
