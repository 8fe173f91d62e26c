/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Takes a 64-bit address apart: uniform values, lane-varying values, a constant.
 *
 * Vector memory instructions add a uniform 64-bit base, a lane-varying 32-bit offset that they
 * extend and scale, and a constant. OpenCL addresses are 64-bit sums whose lane-varying part
 * usually began as 32 bits. Everything below happens modulo 2^64, so sums may be regrouped freely;
 * the only step that needs a reason is to look below an extension, since
 *
 *    zext(a + b) = zext(a) + zext(b)   needs a + b not to wrap as unsigned,
 *    sext(a + b) = sext(a) + sext(b)   needs it not to wrap as signed
 *
 * (and the same for shifts). The reason is a no-wrap flag from the front end or upper bounds of the
 * operands (npu_nir_upper_bound.c).
 *
 * Linear in the size of the address expression. An address of more than NPU_NIR_MAX_TERMS terms of
 * a kind is given up; it then is an opaque lane-varying value.
 */

#include "npu_nir.h"

struct walk {
   const struct npu_nir_ranges *ranges;
   struct npu_nir_address *out;
   bool merge_lanes;
   bool overflow;
};

static uint64_t
upper_bound(struct walk *w, nir_scalar s)
{
   return npu_nir_upper_bound(w->ranges, s);
}

/* Whether a sum or shift that may reach `max` keeps its value under an extension. */
static bool
fits(uint64_t max, bool sign)
{
   return max <= (sign ? INT32_MAX : UINT32_MAX);
}

static bool
not_negative(struct walk *w, nir_scalar s)
{
   return upper_bound(w, s) <= INT32_MAX;
}

/* A negative constant, or the negative of what is not negative. */
static bool
not_positive(struct walk *w, nir_scalar s)
{
   if (nir_scalar_is_const(s))
      return nir_scalar_as_int(s) <= 0;
   return nir_scalar_is_alu(s) && nir_scalar_alu_op(s) == nir_op_ineg &&
          not_negative(w, nir_scalar_chase_alu_src(s, 0));
}

/* Whether extend(x + y) = extend(x) + extend(y). */
static bool
sum_keeps(struct walk *w, nir_scalar x, nir_scalar y, bool sign)
{
   if (fits(upper_bound(w, x) + upper_bound(w, y), sign))
      return true;
   return sign && ((not_negative(w, x) && not_positive(w, y)) ||
                   (not_negative(w, y) && not_positive(w, x)));
}

static void
add_term(struct walk *w, nir_scalar s, unsigned shift, bool sign)
{
   struct npu_nir_address *out = w->out;
   bool varying = s.def->divergent;
   unsigned *num = varying ? &out->num_varying : &out->num_uniform;

   if (*num == NPU_NIR_MAX_TERMS) {
      w->overflow = true;
      return;
   }

   bool lane = nir_scalar_is_intrinsic(s) &&
               nir_scalar_intrinsic_op(s) == nir_intrinsic_load_subgroup_invocation;

   (varying ? out->varying : out->uniform)[(*num)++] =
      (struct npu_nir_term){.value = s, .shift = shift, .sign = sign, .lane = lane};
}

/* extend(s) << shift for a 32-bit s. */
static void
walk32(struct walk *w, nir_scalar s, unsigned shift, bool sign)
{
   s = nir_scalar_chase_movs(s);

   if (nir_scalar_is_const(s)) {
      uint64_t value = sign ? (uint64_t)nir_scalar_as_int(s) : nir_scalar_as_uint(s);
      w->out->constant += value << shift;
      return;
   }

   if (!nir_scalar_is_alu(s)) {
      add_term(w, s, shift, sign);
      return;
   }

   nir_alu_instr *alu = nir_instr_as_alu(s.def->parent_instr);
   bool no_wrap = sign ? alu->no_signed_wrap : alu->no_unsigned_wrap;
   nir_op op = nir_scalar_alu_op(s);

   if (op == nir_op_iadd) {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0), y = nir_scalar_chase_alu_src(s, 1);

      /* Two lane-varying values are one term in 32 bits, or two in 64. */
      bool both = x.def->divergent && y.def->divergent;
      bool keeps = (no_wrap && !both) || sum_keeps(w, x, y, sign);

      if (keeps && !(both && w->merge_lanes)) {
         walk32(w, x, shift, sign);
         walk32(w, y, shift, sign);
         return;
      }
   } else if (op == nir_op_ishl) {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0), count = nir_scalar_chase_alu_src(s, 1);

      if (nir_scalar_is_const(count)) {
         unsigned by = nir_scalar_as_uint(count) & 31;

         if (no_wrap || fits(upper_bound(w, x) << by, sign)) {
            walk32(w, x, shift + by, sign);
            return;
         }
      }
   }

   add_term(w, s, shift, sign);
}

/* s << shift for a 64-bit s. */
static void
walk64(struct walk *w, nir_scalar s, unsigned shift)
{
   s = nir_scalar_chase_movs(s);

   if (nir_scalar_is_const(s)) {
      w->out->constant += nir_scalar_as_uint(s) << shift;
      return;
   }

   if (!nir_scalar_is_alu(s)) {
      add_term(w, s, shift, false);
      return;
   }

   switch (nir_scalar_alu_op(s)) {
   case nir_op_iadd: {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0), y = nir_scalar_chase_alu_src(s, 1);

      /* A uniform sum stays as it is, apart from constants. */
      if (!s.def->divergent && !nir_scalar_is_const(x) && !nir_scalar_is_const(y))
         break;
      walk64(w, x, shift);
      walk64(w, y, shift);
      return;
   }
   case nir_op_isub: {
      nir_scalar y = nir_scalar_chase_alu_src(s, 1);

      if (!nir_scalar_is_const(y))
         break;
      walk64(w, nir_scalar_chase_alu_src(s, 0), shift);
      w->out->constant -= nir_scalar_as_uint(y) << shift;
      return;
   }
   case nir_op_ishl: {
      nir_scalar count = nir_scalar_chase_alu_src(s, 1);

      if (!nir_scalar_is_const(count) || shift + (nir_scalar_as_uint(count) & 63) > 63)
         break;
      walk64(w, nir_scalar_chase_alu_src(s, 0), shift + (nir_scalar_as_uint(count) & 63));
      return;
   }
   case nir_op_u2u64:
   case nir_op_i2i64: {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0);

      if (x.def->bit_size != 32)
         break;
      walk32(w, x, shift, nir_scalar_alu_op(s) == nir_op_i2i64);
      return;
   }
   default:
      break;
   }

   add_term(w, s, shift, false);
}

bool
npu_nir_analyze_address(const struct npu_nir_ranges *ranges, nir_def *address, bool merge_lanes,
                        struct npu_nir_address *out)
{
   assert(address->bit_size == 64 && address->num_components == 1 && "global addresses only");
   *out = (struct npu_nir_address){0};

   struct walk w = {.ranges = ranges, .out = out, .merge_lanes = merge_lanes};
   walk64(&w, nir_get_scalar(address, 0), 0);
   return !w.overflow;
}

bool
npu_nir_never_negative(const struct npu_nir_ranges *ranges, nir_scalar value, unsigned shift)
{
   return npu_nir_upper_bound(ranges, value) << shift <= INT32_MAX;
}
