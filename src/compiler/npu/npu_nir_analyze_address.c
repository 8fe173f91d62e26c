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
 * operands (npu_nir_upper_bound.c). Products with constants, which structures of any size lead to, distribute over
 * sums in 64 bits without any.
 *
 * Linear in the size of the address expression. An address of more than NPU_NIR_MAX_TERMS terms of
 * a kind is given up; it then is an opaque lane-varying value.
 */

#include "npu_nir.h"

/* Structures are not larger, and products of factors do not overflow. */
#define MAX_FACTOR (1u << 15)

struct walk {
   const struct npu_nir_ranges *ranges;
   struct npu_nir_address *out;
   bool merge_lanes;
   bool overflow;
};

/* What a part of the address is multiplied with: factor << shift. */
struct scale {
   uint32_t factor;
   uint8_t shift;
};

static struct scale
shifted(struct scale scale, unsigned by)
{
   scale.shift += by;
   return scale;
}

static uint64_t
scaled(uint64_t value, struct scale scale)
{
   return (value * scale.factor) << scale.shift;
}

static void walk64(struct walk *w, nir_scalar s, struct scale scale);

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
add_term(struct walk *w, nir_scalar s, struct scale scale, bool sign)
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

   (varying ? out->varying : out->uniform)[(*num)++] = (struct npu_nir_term){
      .value = s, .factor = scale.factor, .shift = scale.shift, .sign = sign, .lane = lane};
}

/* extend(s), scaled, for a 32-bit s. */
static void
walk32(struct walk *w, nir_scalar s, struct scale scale, bool sign)
{
   s = nir_scalar_chase_movs(s);

   if (nir_scalar_is_const(s)) {
      uint64_t value = sign ? (uint64_t)nir_scalar_as_int(s) : nir_scalar_as_uint(s);
      w->out->constant += scaled(value, scale);
      return;
   }

   if (!nir_scalar_is_alu(s)) {
      add_term(w, s, scale, sign);
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
         walk32(w, x, scale, sign);
         walk32(w, y, scale, sign);
         return;
      }
   } else if (op == nir_op_ishl) {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0), count = nir_scalar_chase_alu_src(s, 1);

      if (nir_scalar_is_const(count)) {
         unsigned by = nir_scalar_as_uint(count) & 31;

         if (no_wrap || fits(upper_bound(w, x) << by, sign)) {
            walk32(w, x, shifted(scale, by), sign);
            return;
         }
      }
   }

   add_term(w, s, scale, sign);
}

/* Looks below a product with a constant. False: it is left as it is. */
static bool
walk_product(struct walk *w, nir_scalar s, struct scale scale)
{
   for (unsigned i = 0; i < 2; i++) {
      nir_scalar c = nir_scalar_chase_alu_src(s, i);
      const uint64_t factor = nir_scalar_is_const(c) ? nir_scalar_as_uint(c) : 0;
      const unsigned shift = factor ? __builtin_ctzll(factor) : 0;

      if (!factor || scale.shift + shift > 31 || factor > MAX_FACTOR ||
          scale.factor * (factor >> shift) > MAX_FACTOR)
         continue;
      scale.factor *= factor >> shift;
      walk64(w, nir_scalar_chase_alu_src(s, 1 - i), shifted(scale, shift));
      return true;
   }
   return false;
}

/* s, scaled, for a 64-bit s. */
static void
walk64(struct walk *w, nir_scalar s, struct scale scale)
{
   s = nir_scalar_chase_movs(s);

   if (nir_scalar_is_const(s)) {
      w->out->constant += scaled(nir_scalar_as_uint(s), scale);
      return;
   }

   if (!nir_scalar_is_alu(s)) {
      add_term(w, s, scale, false);
      return;
   }

   switch (nir_scalar_alu_op(s)) {
   case nir_op_iadd: {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0), y = nir_scalar_chase_alu_src(s, 1);

      /* A uniform sum stays as it is, apart from constants. */
      if (!s.def->divergent && !nir_scalar_is_const(x) && !nir_scalar_is_const(y))
         break;
      walk64(w, x, scale);
      walk64(w, y, scale);
      return;
   }
   case nir_op_isub: {
      nir_scalar y = nir_scalar_chase_alu_src(s, 1);

      if (!nir_scalar_is_const(y))
         break;
      walk64(w, nir_scalar_chase_alu_src(s, 0), scale);
      w->out->constant -= scaled(nir_scalar_as_uint(y), scale);
      return;
   }
   case nir_op_ishl: {
      nir_scalar count = nir_scalar_chase_alu_src(s, 1);

      if (!nir_scalar_is_const(count) || scale.shift + (nir_scalar_as_uint(count) & 63) > 63)
         break;
      walk64(w, nir_scalar_chase_alu_src(s, 0), shifted(scale, nir_scalar_as_uint(count) & 63));
      return;
   }
   case nir_op_imul:
      if (!s.def->divergent || !walk_product(w, s, scale))
         break;
      return;
   case nir_op_u2u64:
   case nir_op_i2i64: {
      nir_scalar x = nir_scalar_chase_alu_src(s, 0);

      if (x.def->bit_size != 32)
         break;
      walk32(w, x, scale, nir_scalar_alu_op(s) == nir_op_i2i64);
      return;
   }
   default:
      break;
   }

   add_term(w, s, scale, false);
}

bool
npu_nir_analyze_address(const struct npu_nir_ranges *ranges, nir_def *address, bool merge_lanes,
                        struct npu_nir_address *out)
{
   assert(address->bit_size == 64 && address->num_components == 1 && "global addresses only");
   *out = (struct npu_nir_address){0};

   struct walk w = {.ranges = ranges, .out = out, .merge_lanes = merge_lanes};
   walk64(&w, nir_get_scalar(address, 0), (struct scale){.factor = 1});
   return !w.overflow;
}

bool
npu_nir_never_negative(const struct npu_nir_ranges *ranges, nir_scalar value, unsigned shift)
{
   return npu_nir_upper_bound(ranges, value) << shift <= INT32_MAX;
}
