/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Regroups the addresses of lane-varying global accesses for the memory forms of the ISA:
 *
 *    address = (uniform base + constant part that fits no immediate)
 *            + extend(32-bit lane value) << scale          or lane * constant, or a 64-bit lane value
 *            + constant
 *
 * The uniform part becomes one chain of scalar additions, each made where the last of its operands
 * is, so out of loops that do not change it; common subexpression elimination shares it between
 * accesses. Instruction selection then finds base, offset and immediate without arithmetic of its own (npu_isel_addr.c uses the
 * same analysis, so skipping this pass costs instructions, not correctness).
 *
 * Several 32-bit lane values are summed in 32 bits if their bounds show that the sum neither wraps
 * nor, when sign-extended, turns negative; otherwise they are extended and summed in 64 bits.
 *
 * Local and private memory: an offset of 32 bits is regrouped into uniform part + varying part the
 * same way, modulo 2^32.
 *
 * Misses: products of a sum with a uniform value are not distributed, so in `a[(y + c) * w]` with a
 * varying 64-bit y the part c * w stays in the vector unit.
 */

#include "npu_nir.h"

#define MAX_SCALE_LOG2 7

struct state {
   struct npu_nir_ranges ranges;
   nir_def *sum_uniform, *sum_varying;
};

static nir_def *
add(nir_builder *b, nir_def *x, nir_def *y)
{
   return x ? nir_iadd(b, x, y) : y;
}

static uint64_t
term_bound(nir_builder *b, const struct npu_nir_term *term, struct state *s)
{
   return npu_nir_upper_bound(&s->ranges, term->value);
}

static nir_def *
term_value(nir_builder *b, const struct npu_nir_term *term, struct state *s)
{
   nir_def *value = nir_channel(b, term->value.def, term->value.comp);
   uint64_t factor = term->factor;
   bool sign = term->sign;

   /* Multiplied in 32 bits, where the product is an offset for one; that of lanes is a stride. */
   if (factor != 1 && value->bit_size == 32 && !term->lane) {
      const uint64_t bound = term_bound(b, term, s);
      if (bound <= INT32_MAX && bound * factor <= UINT32_MAX) {
         value = nir_imul_imm(b, value, factor);
         factor = 1;
         sign = false;
      }
   }
   if (value->bit_size == 32)
      value = sign ? nir_i2i64(b, value) : nir_u2u64(b, value);
   return nir_ishl_imm(b, nir_imul_imm(b, value, factor), term->shift);
}

/* Merges 32-bit varying terms into the first of them as far as bounds allow. */
static void
merge_terms(nir_builder *b, struct npu_nir_address *addr, struct state *s)
{
   struct npu_nir_term *first = NULL;
   unsigned kept = 0;

   for (unsigned i = 0; i < addr->num_varying; i++) {
      struct npu_nir_term *term = &addr->varying[i];

      if (first && term->factor == 1 && term->value.def->bit_size == 32 &&
          term->sign == first->sign)
      {
         unsigned shift = MIN2(first->shift, term->shift);
         unsigned up0 = first->shift - shift, up1 = term->shift - shift;
         uint64_t limit = term->sign ? INT32_MAX : UINT32_MAX;

         if (up0 < 31 && up1 < 31 &&
             (term_bound(b, first, s) << up0) + (term_bound(b, term, s) << up1) <= limit)
         {
            nir_def *x = nir_channel(b, first->value.def, first->value.comp);
            nir_def *y = nir_channel(b, term->value.def, term->value.comp);
            nir_def *sum = nir_iadd(b, nir_ishl_imm(b, x, up0), nir_ishl_imm(b, y, up1));

            first->value = nir_get_scalar(sum, 0);
            first->shift = shift;
            first->lane = false;
            continue;
         }
      }

      addr->varying[kept] = *term;
      if (!first && term->factor == 1 && term->value.def->bit_size == 32)
         first = &addr->varying[kept];
      kept++;
   }

   addr->num_varying = kept;
}

/* ---- the uniform part ---- */

/* A value and where it is made: what is made of it stands behind that, out of all loops the value is
 * not in. Values that one access uses are made one behind the other. */
struct placed {
   nir_def *def;
   unsigned block, index;
};

static bool
is_before(const struct placed *x, const struct placed *y)
{
   return x->block != y->block ? x->block < y->block : x->index < y->index;
}

static nir_cursor
behind(nir_def *def)
{
   nir_instr *instr = def->parent_instr;

   return instr->type == nir_instr_type_phi ? nir_after_phis(instr->block) : nir_after_instr(instr);
}

static struct placed
place_of(nir_def *def)
{
   return (struct placed){def, def->parent_instr->block->index, def->parent_instr->index};
}

/* Terms in the order in which they are made. There are few. */
static void
sort_terms(struct npu_nir_term *terms, unsigned num)
{
   for (unsigned i = 1; i < num; i++) {
      for (unsigned j = i; j > 0; j--) {
         struct placed x = place_of(terms[j - 1].value.def), y = place_of(terms[j].value.def);
         if (!is_before(&y, &x))
            break;
         struct npu_nir_term swap = terms[j];
         terms[j] = terms[j - 1];
         terms[j - 1] = swap;
      }
   }
}

static struct placed
add_placed(nir_builder *b, struct placed sum, struct placed next)
{
   if (!sum.def)
      return next;
   /* At the same place, the sum is behind: it has been put behind that place's value. */
   struct placed *last = is_before(&sum, &next) ? &next : &sum;
   b->cursor = behind(last->def);
   return (struct placed){nir_iadd(b, sum.def, next.def), last->block, last->index};
}

/* The sum of the uniform terms, the earliest first. Those of 32 bits that are known to be small are
 * added up in 32 bits, which saves extensions. */
static struct placed
sum_uniform(nir_builder *b, struct npu_nir_address *addr, struct state *s)
{
   struct placed parts[NPU_NIR_MAX_TERMS], small = {0}, sum = {0};
   uint64_t small_bound = 0;
   unsigned num = 0;

   sort_terms(addr->uniform, addr->num_uniform);
   for (unsigned i = 0; i < addr->num_uniform; i++) {
      struct npu_nir_term *term = &addr->uniform[i];
      struct placed value = place_of(term->value.def);
      bool narrow = term->value.def->bit_size == 32 && term->factor == 1;
      uint64_t bound = narrow ? term_bound(b, term, s) << term->shift : 0;

      b->cursor = behind(value.def);
      bool either_extension = narrow && (!term->sign || term_bound(b, term, s) <= INT32_MAX);
      if (either_extension && small_bound + bound <= UINT32_MAX) {
         nir_def *def = nir_channel(b, value.def, term->value.comp);
         value.def = nir_ishl_imm(b, def, term->shift);
         small = add_placed(b, small, value);
         small_bound += bound;
      } else {
         value.def = term_value(b, term, s);
         parts[num++] = value;
      }
   }

   if (small.def) {
      b->cursor = behind(small.def);
      small.def = nir_u2u64(b, small.def);
   }
   for (unsigned i = 0; i < num; i++) {
      if (small.def && is_before(&small, &parts[i])) {
         sum = add_placed(b, sum, small);
         small.def = NULL;
      }
      sum = add_placed(b, sum, parts[i]);
   }
   return small.def ? add_placed(b, sum, small) : sum;
}

/* ---- */

static nir_def *
rebuild64(nir_builder *b, nir_intrinsic_instr *intrin, nir_def *address, struct state *s)
{
   struct npu_nir_address addr;

   if (!npu_nir_analyze_address(&s->ranges, address, false, &addr) || addr.num_varying == 0 ||
       addr.num_uniform + (addr.constant != 0) == 0)
      return NULL;

   bool fits = addr.constant >= INT16_MIN && addr.constant <= INT16_MAX;
   nir_def *base = sum_uniform(b, &addr, s).def, *lanes = NULL;
   if (!fits && base) {
      b->cursor = behind(base);
      base = nir_iadd_imm(b, base, addr.constant);
   }

   b->cursor = nir_before_instr(&intrin->instr);
   if (!fits && !base)
      base = nir_imm_int64(b, addr.constant);
   merge_terms(b, &addr, s);
   for (unsigned i = 0; i < addr.num_varying; i++)
      lanes = add(b, lanes, term_value(b, &addr.varying[i], s));

   nir_def *result = add(b, base, lanes);
   return fits ? nir_iadd_imm(b, result, addr.constant) : result;
}

/* Sums up the leaves of a 32-bit sum by kind; false if the sum is too deep to bother. */
static bool
split32(nir_builder *b, nir_scalar value, struct state *s, unsigned depth)
{
   if (depth > NPU_NIR_MAX_TERMS)
      return false;

   if (value.def->divergent && nir_scalar_is_alu(value) && nir_scalar_alu_op(value) == nir_op_iadd)
      return split32(b, nir_scalar_chase_alu_src(value, 0), s, depth + 1) &&
             split32(b, nir_scalar_chase_alu_src(value, 1), s, depth + 1);

   nir_def *def = nir_channel(b, value.def, value.comp);
   nir_def **sum = value.def->divergent ? &s->sum_varying : &s->sum_uniform;

   *sum = add(b, *sum, def);
   return true;
}

static nir_def *
rebuild32(nir_builder *b, nir_def *offset, struct state *s)
{
   s->sum_uniform = s->sum_varying = NULL;

   if (!split32(b, nir_get_scalar(offset, 0), s, 0) || !s->sum_uniform || !s->sum_varying)
      return NULL;
   return nir_iadd(b, s->sum_uniform, s->sum_varying);
}

static bool
lower(nir_builder *b, nir_intrinsic_instr *intrin, void *data)
{
   switch (intrin->intrinsic) {
   case nir_intrinsic_load_global:
   case nir_intrinsic_load_global_constant:
   case nir_intrinsic_store_global:
   case nir_intrinsic_global_atomic:
   case nir_intrinsic_global_atomic_swap:
   case nir_intrinsic_load_shared:
   case nir_intrinsic_store_shared:
   case nir_intrinsic_shared_atomic:
   case nir_intrinsic_shared_atomic_swap:
   case nir_intrinsic_load_scratch:
   case nir_intrinsic_store_scratch:
      break;
   default:
      return false;
   }

   nir_src *src = nir_get_io_offset_src(intrin);
   nir_def *address = src->ssa;
   if (!address->divergent || address->parent_instr->type != nir_instr_type_alu)
      return false;

   b->cursor = nir_before_instr(&intrin->instr);
   nir_def *better = address->bit_size == 64 ? rebuild64(b, intrin, address, data)
                                             : rebuild32(b, address, data);
   if (!better)
      return false;

   nir_src_rewrite(src, better);
   return true;
}

bool
npu_nir_lower_address(nir_shader *nir, const struct npu_nir_launch *launch)
{
   struct hash_table *cache = _mesa_pointer_hash_table_create(NULL);
   nir_metadata_require(nir_shader_get_entrypoint(nir),
                        nir_metadata_block_index | nir_metadata_instr_index);
   struct state state = {.ranges = {.nir = nir, .cache = cache, .launch = launch}};
   bool progress = nir_shader_intrinsics_pass(nir, lower, nir_metadata_control_flow, &state);

   _mesa_hash_table_destroy(cache, NULL);
   return progress;
}
