/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Where spilled values are, and the instructions that bring them there and back.
 *
 *   V, S  a slot of the lanes' private memory, through the pseudo operations spill and fill, which
 *         reach all lanes whatever exec says (npu_lower_pseudo.c).
 *   M     an S value: mtos behind the definition, mfroms to read it back. The S value is an ordinary
 *         one that the spilling of S, which comes later, sees.
 *
 * A value is written once, behind its definition: values have one, so memory is right everywhere
 * afterwards. A value that is computed again wherever it is wanted (npu_spill_remat.c) is not
 * written at all.
 *
 * Slots are 4 bytes of each lane's memory. Values whose live intervals in program order do not
 * touch share slots; the order is linear scan's, first fit.
 */
#include "npu_exec_regions.h"
#include "npu_spill.h"

#include <stdlib.h>

/* Values that need nothing to be computed again. */
static void
find_cheap(struct npu_spill_memory *mem)
{
   const struct npu_spill_place anywhere = {.region = NPU_NO_REGION};
   struct npu_remat_plan plan;

   for (unsigned v = 0; v < mem->num_values; ++v)
      mem->cheap[v] = mem->shader->values[v].file == mem->file &&
                      npu_remat_plan(mem, v, &anywhere, &plan);
}

struct npu_spill_memory *
npu_spill_memory_create(void *mem_ctx, struct npu_shader *shader, enum npu_file file,
                        unsigned limit)
{
   struct npu_spill_memory *mem = rzalloc(mem_ctx, struct npu_spill_memory);
   unsigned n = shader->num_values;
   uint32_t at = 0;

   mem->shader = shader;
   mem->file = file;
   mem->num_values = n;
   mem->def = rzalloc_array(mem, struct npu_instr *, n);
   mem->spilled = rzalloc_array(mem, bool, n);
   mem->memory_phi = rzalloc_array(mem, bool, n);
   mem->start = ralloc_array(mem, uint32_t, n);
   mem->end = rzalloc_array(mem, uint32_t, n);
   mem->slot = ralloc_array(mem, int, n);
   mem->scalar = ralloc_array(mem, uint32_t, n);
   memset(mem->start, 0xff, n * sizeof(*mem->start));
   memset(mem->slot, 0xff, n * sizeof(*mem->slot));
   memset(mem->scalar, 0xff, n * sizeof(*mem->scalar));
   mem->cheap = rzalloc_array(mem, bool, n);
   util_dynarray_init(&mem->origin, mem);
   mem->regions = npu_exec_regions_create(mem, shader);

   npu_foreach_block(shader, block) {
      unsigned v;
      BITSET_FOREACH_SET(v, block->live_in, n)
      {
         mem->start[v] = MIN2(mem->start[v], at);
         mem->end[v] = MAX2(mem->end[v], at);
      }
      npu_foreach_instr_in_block(block, instr) {
         ++at;
         npu_foreach_dest(instr, d) {
            if (!npu_is_ssa(instr->dest[d]))
               continue;
            v = instr->dest[d].value;
            mem->def[v] = instr;
            mem->start[v] = MIN2(mem->start[v], at);
            mem->end[v] = MAX2(mem->end[v], at);
         }
         npu_foreach_src(instr, s) {
            if (npu_is_ssa(instr->src[s]) && instr->op != NPU_OP_PHI)
               mem->end[instr->src[s].value] = MAX2(mem->end[instr->src[s].value], at);
         }
      }
      ++at;
      BITSET_FOREACH_SET(v, block->live_out, n)
      {
         mem->start[v] = MIN2(mem->start[v], at);
         mem->end[v] = MAX2(mem->end[v], at);
      }
      /* Phis in memory are written at the ends of predecessors. */
      npu_foreach_succ(block, succ) {
         npu_foreach_phi(succ, phi) {
            v = phi->dest[0].value;
            mem->start[v] = MIN2(mem->start[v], at);
            mem->end[v] = MAX2(mem->end[v], at);
         }
      }
   }
   mem->pinned = npu_remat_choose_pinned(mem, limit);
   find_cheap(mem);
   return mem;
}

static struct npu_ref
type_of(const struct npu_spill_memory *mem, uint32_t value)
{
   return npu_value_ref(mem->shader, value);
}

struct npu_ref
npu_spill_new_name(struct npu_spill_memory *mem, uint32_t value)
{
   struct npu_ref type = type_of(mem, value);
   struct npu_ref name = npu_value_create(mem->shader, type.file, type.bits, type.comps);

   /* Values that are no names, of which spilling makes some too, are their own origin. */
   for (uint32_t v = mem->num_values + util_dynarray_num_elements(&mem->origin, uint32_t);
        v < name.value; ++v)
      util_dynarray_append(&mem->origin, uint32_t, v);
   util_dynarray_append(&mem->origin, uint32_t, value);
   return name;
}

uint32_t
npu_spill_origin(const struct npu_spill_memory *mem, uint32_t name)
{
   uint32_t i = name - mem->num_values;

   if (name < mem->num_values || i >= util_dynarray_num_elements(&mem->origin, uint32_t))
      return name;
   return *util_dynarray_element(&mem->origin, uint32_t, i);
}

struct npu_ref
npu_spill_scalar_of(struct npu_spill_memory *mem, uint32_t value)
{
   if (mem->scalar[value] == UINT32_MAX)
      mem->scalar[value] = npu_value_create(mem->shader, NPU_FILE_S, 32, 1).value;
   return npu_value_ref(mem->shader, mem->scalar[value]);
}

/* Slots are numbers of values until npu_spill_memory_finish(); shadows follow the values. */
static void
build_fill(struct npu_spill_memory *mem, struct npu_builder *b, struct npu_ref dest,
           uint32_t number)
{
   npu_build(b, NPU_OP_FILL, &dest, 1, NULL, 0)->imm = number;
   ++mem->shader->info.num_fills;
}

static void
build_spill(struct npu_spill_memory *mem, struct npu_builder *b, struct npu_ref src,
            uint32_t number)
{
   npu_build(b, NPU_OP_SPILL, NULL, 0, &src, 1)->imm = number;
   ++mem->shader->info.num_spills;
}

struct npu_ref
npu_spill_reload(struct npu_spill_memory *mem, struct npu_builder *b, uint32_t value)
{
   struct npu_ref dest = npu_spill_new_name(mem, value);

   mem->spilled[value] = true;
   if (mem->file == NPU_FILE_M) {
      struct npu_ref scalar = npu_spill_scalar_of(mem, value);
      npu_build_to(b, NPU_OP_MFROMS, dest, &scalar, 1);
   } else {
      build_fill(mem, b, dest, value);
   }
   return dest;
}

void
npu_spill_write_phi(struct npu_spill_memory *mem, struct npu_builder *b, uint32_t value,
                    struct npu_ref ref, bool shadow)
{
   build_spill(mem, b, ref, value + (shadow ? mem->num_values : 0));
}

struct npu_ref
npu_spill_read_shadow(struct npu_spill_memory *mem, struct npu_builder *b, uint32_t value)
{
   struct npu_ref type = type_of(mem, value);
   struct npu_ref dest = npu_value_create(mem->shader, type.file, type.bits, type.comps);

   build_fill(mem, b, dest, value + mem->num_values);
   return dest;
}

/* ---- finish ---- */

static void
write_behind_definition(struct npu_spill_memory *mem, uint32_t value)
{
   struct npu_instr *def = mem->def[value];
   struct npu_cursor cursor = def->op == NPU_OP_PHI ? npu_after_phis(def->block)
                                                    : npu_after_instr(def);
   struct npu_builder b = npu_builder_at(mem->shader, cursor);
   struct npu_ref ref = type_of(mem, value);

   if (mem->file == NPU_FILE_M)
      npu_build_to(&b, NPU_OP_MTOS, npu_spill_scalar_of(mem, value), &ref, 1);
   else
      build_spill(mem, &b, ref, value);
}

/* Slots of a value: 4 bytes for each V register, 8 for each S register. */
static unsigned
num_slots(const struct npu_spill_memory *mem, uint32_t value)
{
   unsigned regs = npu_value_regs(&mem->shader->values[value]);

   return mem->file == NPU_FILE_S ? 2 * regs : regs;
}

struct interval {
   uint32_t start, value;
};

static int
by_start(const void *a, const void *b)
{
   const struct interval *x = a, *y = b;

   if (x->start != y->start)
      return x->start < y->start ? -1 : 1;
   return x->value < y->value ? -1 : x->value > y->value;
}

/* First fit over slots, each of which is free again behind the last interval that took it. */
static void
assign_slots(struct npu_spill_memory *mem, const struct interval *intervals, unsigned count)
{
   struct util_dynarray free_from; /* uint32_t by slot: first position at which it is free */
   unsigned first = mem->shader->num_spill_slots;

   util_dynarray_init(&free_from, NULL);
   for (unsigned i = 0; i < count; ++i) {
      uint32_t v = intervals[i].value;
      unsigned need = num_slots(mem, v), at = 0, run = 0;
      unsigned have = util_dynarray_num_elements(&free_from, uint32_t);

      for (; at < have && run < need; ++at)
         run = *util_dynarray_element(&free_from, uint32_t, at) <= mem->start[v] ? run + 1 : 0;
      at -= run;
      while (util_dynarray_num_elements(&free_from, uint32_t) < at + need)
         util_dynarray_append(&free_from, uint32_t, 0);
      for (unsigned s = at; s < at + need; ++s)
         *util_dynarray_element(&free_from, uint32_t, s) = mem->end[v] + 1;
      mem->slot[v] = first + at;
   }
   mem->shader->num_spill_slots = first + util_dynarray_num_elements(&free_from, uint32_t);
   util_dynarray_fini(&free_from);
}

static void
replace_slot_numbers(struct npu_spill_memory *mem)
{
   npu_foreach_instr(mem->shader, instr) {
      bool ours = (instr->op == NPU_OP_SPILL && instr->src[0].file == mem->file) ||
                  (instr->op == NPU_OP_FILL && instr->dest[0].file == mem->file);
      if (!ours)
         continue;
      uint32_t value = (uint32_t)instr->imm % mem->num_values;
      bool shadow = (uint32_t)instr->imm >= mem->num_values;

      if (!shadow) {
         instr->imm = mem->slot[value];
         continue;
      }
      /* Shadows are rare and live for a moment: one for each phi. */
      if (mem->scalar[value] == UINT32_MAX) {
         mem->scalar[value] = mem->shader->num_spill_slots;
         mem->shader->num_spill_slots += num_slots(mem, value);
      }
      instr->imm = mem->scalar[value];
   }
}

void
npu_spill_memory_finish(struct npu_spill_memory *mem)
{
   struct interval *intervals = ralloc_array(mem, struct interval, mem->num_values);
   unsigned count = 0;

   for (uint32_t v = 0; v < mem->num_values; ++v) {
      if (!mem->spilled[v] && !mem->memory_phi[v])
         continue;
      if (!mem->memory_phi[v])
         write_behind_definition(mem, v);
      intervals[count++] = (struct interval){mem->start[v], v};
   }
   if (mem->file == NPU_FILE_M)
      return;
   qsort(intervals, count, sizeof(*intervals), by_start);
   assign_slots(mem, intervals, count);
   replace_slot_numbers(mem);
}
