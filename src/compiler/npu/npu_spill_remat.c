/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Rematerialisation: a value that left its register is computed again instead of read back from
 * memory, and then need not be written there either.
 *
 * What may be computed again (cf. Briggs, Cooper, Torczon, Rematerialization, 1992; Braun and Hack
 * choose it at the reload, as we do):
 *
 *  - constants and special registers but the clock;
 *  - arguments: loads from the argument block, which nobody writes. They are selected as vectors
 *    that are split; one component is loaded alone;
 *  - cheap integer operations, moves and selects whose operands are immediates, or in registers
 *    anyway where the value is wanted. One operand may itself be computed again first, so a plan
 *    is a chain of at most NPU_REMAT_MAX instructions. Float operations are left alone: two
 *    evaluations may give NaNs with different bits, and as_uint(x) == as_uint(x) has to hold.
 *
 * What is right where:
 *
 *  - Lanes. Results in inactive lanes are undefined (npu_ir.h, rule 4), and the value may be wanted
 *    in any lane that was active at its definition: at the place in question exec must be known to
 *    include what it was at the definition (npu_exec_regions). mov and sel compute all lanes and
 *    may be repeated anywhere. Masks are not repeated, except constants: a comparison writes zeros
 *    where exec is clear, so would need the same exec, and costs as much as to read a mask back.
 *  - Registers. An operand of the file being spilled must be held here under W's accounting
 *    (npu_spill.c), one of another file must be live here: its demand then stays what it is. The
 *    operand that is computed first may take no more registers than the result, whose place it
 *    has meanwhile.
 *
 * The address of the arguments is a special register and so could be read anew each time. Where
 * arguments are many it is kept ("pinned") instead, outside of W, at the price of one register.
 *
 * Missed: operands that are in memory themselves; loads from memory that NIR knows to be constant.
 */
#include "npu_exec_regions.h"
#include "npu_spill.h"

/* Longest latency of an operation worth repeating: less than a scalar load, which a fill costs at
 * least. */
#define MAX_CYCLES 8

/* Components of argument loads that pay for a register for the address of the arguments. */
#define PIN_LOADS 8

static uint32_t
held_as(const struct npu_spill_place *place, uint32_t value)
{
   return place->held ? place->held(place->data, value) : UINT32_MAX;
}

/* The load of arguments that a value is, or is a component of. */
static const struct npu_instr *
argument_load(const struct npu_spill_memory *mem, const struct npu_instr *def)
{
   if (def->op == NPU_OP_SPLIT) {
      uint32_t vector = npu_spill_origin(mem, def->src[0].value);
      def = vector < mem->num_values ? mem->def[vector] : NULL;
   }
   if (!def || def->op != NPU_OP_LD_S || def->space != NPU_SPACE_GLOBAL ||
       !npu_is_ssa(def->src[NPU_MEM_BASE]))
      return NULL;

   uint32_t base = npu_spill_origin(mem, def->src[NPU_MEM_BASE].value);
   const struct npu_instr *args = base < mem->num_values ? mem->def[base] : NULL;
   return args && args->op == NPU_OP_RDSR && args->sr_or_code == NPU_SR_ARGS ? def : NULL;
}

static unsigned
component(const struct npu_instr *split, uint32_t value)
{
   for (unsigned d = 0; d < split->num_dests; ++d) {
      if (npu_is_ssa(split->dest[d]) && split->dest[d].value == value)
         return d;
   }
   unreachable("the value's definition");
}

/* May the instruction be executed at the place, as far as opcode and exec are concerned? */
static bool
is_repeatable(const struct npu_spill_memory *mem, const struct npu_instr *def,
              const struct npu_spill_place *place)
{
   const struct npu_op_info *info = npu_ir_op_info(def->op);
   bool special = def->op == NPU_OP_RDSR && def->sr_or_code != NPU_SR_CLOCK;

   if (npu_op_is_pseudo(def->op) || def->masked || def->num_dests != 1 || info->cross_lane)
      return false;
   if (mem->file == NPU_FILE_M)
      return def->op == NPU_OP_MFROMS && npu_is_imm(def->src[0]);
   if (!special && (!info->pure || info->has_float_mods ||
                    npu_latency_infos[info->latency].cycles > MAX_CYCLES))
      return false;
   if (def->dest[0].file == NPU_FILE_S || !npu_instr_reads_exec(def))
      return true;
   return mem->regions && place->region != NPU_NO_REGION &&
          npu_exec_region_within(mem->regions, def->index, place->region);
}

static bool plan_value(const struct npu_spill_memory *mem, uint32_t value,
                       const struct npu_spill_place *place, struct npu_remat_plan *plan);

static bool
plan_source(const struct npu_spill_memory *mem, struct npu_ref src, unsigned dest_regs,
            const struct npu_spill_place *place, struct npu_remat_plan *plan, bool *chained)
{
   if (npu_is_imm(src) || npu_is_null(src))
      return true;
   if (!npu_is_ssa(src))
      return false;

   uint32_t value = npu_spill_origin(mem, src.value);
   if (value >= mem->num_values)
      return false;
   if (src.file != mem->file)
      return place->live && BITSET_TEST(place->live, value);
   if (value == mem->pinned)
      return true;
   if (held_as(place, value) != UINT32_MAX) {
      plan->held[plan->num_held++] = value;
      return true;
   }
   /* The same operand twice is one. */
   if (plan->count && plan->value[plan->count - 1] == value && *chained)
      return true;
   if (*chained || npu_ref_regs(src) > dest_regs)
      return false;
   *chained = true;
   return plan_value(mem, value, place, plan);
}

/* Appends the chain of `value` to the plan, what is computed first in front. */
static bool
plan_value(const struct npu_spill_memory *mem, uint32_t value, const struct npu_spill_place *place,
           struct npu_remat_plan *plan)
{
   const struct npu_instr *def = mem->def[value];
   const struct npu_instr *load = def && !mem->memory_phi[value] ? argument_load(mem, def) : NULL;
   unsigned regs = npu_value_regs(&mem->shader->values[value]);
   bool chained = false;

   if (!def || mem->memory_phi[value] || plan->depth == NPU_REMAT_MAX)
      return false;
   ++plan->depth;
   if (load) {
      int32_t last = load->imm + ((int32_t)load->count << load->width_log2);
      if (last > INT16_MAX ||
          !plan_source(mem, load->src[NPU_MEM_BASE], regs, place, plan, &chained))
         return false;
   } else {
      if (!is_repeatable(mem, def, place))
         return false;
      npu_foreach_src(def, s) {
         if (!plan_source(mem, def->src[s], regs, place, plan, &chained))
            return false;
      }
   }
   plan->value[plan->count++] = value;
   return true;
}

bool
npu_remat_plan(const struct npu_spill_memory *mem, uint32_t value,
               const struct npu_spill_place *place, struct npu_remat_plan *plan)
{
   plan->count = plan->depth = plan->num_held = 0;
   return plan_value(mem, value, place, plan);
}

uint32_t
npu_remat_choose_pinned(const struct npu_spill_memory *mem, unsigned limit)
{
   uint32_t pinned = UINT32_MAX;
   unsigned loads = 0;

   /* Two of the largest values, and one more, must fit beside it. */
   if (mem->file != NPU_FILE_S || limit < 2 * NPU_MAX_COMPS + 2)
      return UINT32_MAX;
   for (uint32_t v = 0; v < mem->num_values; ++v) {
      const struct npu_instr *load = mem->def[v] ? argument_load(mem, mem->def[v]) : NULL;
      if (!load || load == mem->def[v])
         continue;
      uint32_t base = load->src[NPU_MEM_BASE].value;
      if (pinned == UINT32_MAX)
         pinned = base;
      loads += base == pinned;
   }
   if (loads < PIN_LOADS)
      return UINT32_MAX;
   /* Phis are renamed; what is pinned keeps its name. */
   npu_foreach_block(mem->shader, block) {
      npu_foreach_phi(block, phi) {
         npu_foreach_src(phi, s) {
            if (npu_is_ssa(phi->src[s]) && phi->src[s].value == pinned)
               return UINT32_MAX;
         }
      }
   }
   return pinned;
}

/* Component(s) of a load of arguments. */
static struct npu_instr *
copy_load(struct npu_spill_memory *mem, uint32_t value)
{
   const struct npu_instr *def = mem->def[value], *load = argument_load(mem, def);
   struct npu_instr *copy = npu_instr_create(mem->shader, load->op, 1, load->num_srcs);

   npu_instr_copy_fields(copy, load);
   memcpy(copy->src, load->src, load->num_srcs * sizeof(*copy->src));
   if (def->op == NPU_OP_SPLIT) {
      copy->count = 1;
      copy->imm += (int32_t)(component(def, value) << load->width_log2);
   }
   return copy;
}

static struct npu_instr *
copy_instr(struct npu_spill_memory *mem, uint32_t value)
{
   const struct npu_instr *def = mem->def[value];

   if (argument_load(mem, def))
      return copy_load(mem, value);

   struct npu_instr *copy = npu_instr_create(mem->shader, def->op, 1, def->num_srcs);
   npu_instr_copy_fields(copy, def);
   memcpy(copy->src, def->src, def->num_srcs * sizeof(*copy->src));
   return copy;
}

struct npu_ref
npu_remat_emit(struct npu_spill_memory *mem, struct npu_builder *b,
               const struct npu_remat_plan *plan, const struct npu_spill_place *place)
{
   struct npu_ref dest = npu_null();

   for (unsigned i = 0; i < plan->count; ++i) {
      const struct npu_value type = mem->shader->values[plan->value[i]];
      struct npu_instr *copy = copy_instr(mem, plan->value[i]);

      npu_foreach_src(copy, s) {
         struct npu_ref *src = &copy->src[s];
         if (!npu_is_ssa(*src) || src->file != mem->file)
            continue;
         uint32_t value = npu_spill_origin(mem, src->value);
         if (i > 0 && plan->value[i - 1] == value)
            src->value = dest.value;
         else if (value != mem->pinned)
            src->value = held_as(place, value);
      }
      dest = npu_spill_new_name(mem, plan->value[i]);
      assert(npu_value_regs(&type) == npu_ref_regs(dest) && "a name has the type of its value");
      copy->dest[0] = dest;
      npu_insert(&b->cursor, copy);
   }
   return dest;
}
