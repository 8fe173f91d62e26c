/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Register files during allocation: which value is where, finding places, making places. Places are
 * made in two ways: npu_ra_evict() moves few values and may fail, npu_ra_repack() may move all and
 * cannot (npu_ra.c has the argument).
 */
#include "npu_ra.h"

#include "util/hash_table.h"

unsigned
npu_ra_size(const struct npu_ra *ra, uint32_t value)
{
   return npu_value_regs(&ra->shader->values[value]);
}

unsigned
npu_ra_align(const struct npu_ra *ra, uint32_t value)
{
   const struct npu_value *v = &ra->shader->values[value];

   return npu_comp_regs(v->file, v->bits);
}

bool
npu_ra_is_free(const struct npu_ra_file *file, unsigned reg, unsigned size)
{
   if (reg + size > file->size)
      return false;
   for (unsigned i = 0; i < size; ++i) {
      if (file->owner[reg + i] != NPU_RA_NONE)
         return false;
   }
   return true;
}

unsigned
npu_ra_find(const struct npu_ra_file *file, unsigned size, unsigned align, bool dying)
{
   unsigned num_places = file->size / align;

   for (unsigned i = 0; i < num_places; ++i) {
      unsigned reg = (file->next / align + i) % num_places * align;
      bool ok = npu_ra_is_free(file, reg, size);

      for (unsigned r = reg; ok && !dying && r < reg + size; ++r)
         ok = !BITSET_TEST(file->dying, r);
      if (ok)
         return reg;
   }
   return NPU_RA_NONE;
}

void
npu_ra_place(struct npu_ra *ra, uint32_t value, unsigned reg)
{
   struct npu_ra_file *file = npu_ra_file_of(ra, value);
   unsigned size = npu_ra_size(ra, value);

   assert(reg % npu_ra_align(ra, value) == 0 && "pairs are aligned");
   assert(npu_ra_is_free(file, reg, size) && "place is free");
   for (unsigned i = 0; i < size; ++i)
      file->owner[reg + i] = value;
   ra->reg[value] = reg;
   if (ra->round_robin)
      file->next = (reg + size) % file->size;
}

void
npu_ra_release(struct npu_ra *ra, uint32_t value)
{
   struct npu_ra_file *file = npu_ra_file_of(ra, value);
   unsigned size = npu_ra_size(ra, value);

   for (unsigned i = 0; i < size; ++i) {
      assert(file->owner[ra->reg[value] + i] == value && "value is where it is said to be");
      file->owner[ra->reg[value] + i] = NPU_RA_NONE;
   }
}

/* ---- eviction ---- */

static bool
window_allowed(const struct npu_ra_file *file, const BITSET_WORD *fixed, unsigned reg,
               unsigned size)
{
   for (unsigned i = reg; i < reg + size; ++i) {
      if (BITSET_TEST(fixed, i))
         return false;
   }
   return true;
}

/* Registers of the values that overlap a window, their parts outside included. */
static unsigned
window_cost(const struct npu_ra *ra, const struct npu_ra_file *file, unsigned reg, unsigned size)
{
   unsigned cost = 0;

   for (unsigned i = reg; i < reg + size; ++i) {
      uint32_t owner = file->owner[i];
      if (owner != NPU_RA_NONE && (i == reg || file->owner[i - 1] != owner))
         cost += npu_ra_size(ra, owner);
   }
   return cost;
}

static unsigned
cheapest_window(const struct npu_ra *ra, const struct npu_ra_file *file, const BITSET_WORD *fixed,
                unsigned size, unsigned align)
{
   unsigned best = NPU_RA_NONE, best_cost = UINT32_MAX;

   for (unsigned reg = 0; reg + size <= file->size; reg += align) {
      if (!window_allowed(file, fixed, reg, size))
         continue;
      unsigned cost = window_cost(ra, file, reg, size);
      if (cost < best_cost) {
         best = reg;
         best_cost = cost;
      }
   }
   return best;
}

unsigned
npu_ra_evict(struct npu_ra *ra, uint32_t value, const BITSET_WORD *fixed,
             struct util_dynarray *moves)
{
   struct npu_ra_file *file = npu_ra_file_of(ra, value);
   unsigned size = npu_ra_size(ra, value);
   unsigned window = cheapest_window(ra, file, fixed, size, npu_ra_align(ra, value));

   if (window == NPU_RA_NONE)
      return NPU_RA_NONE;

   /* Whom the window costs its place. */
   struct npu_ra_move evicted[NPU_MAX_VALUE_REGS];
   unsigned num_evicted = 0;
   for (unsigned i = window; i < window + size; ++i) {
      uint32_t owner = file->owner[i];
      if (owner == NPU_RA_NONE || (num_evicted && evicted[num_evicted - 1].value == owner))
         continue;
      evicted[num_evicted++] = (struct npu_ra_move){.value = owner, .from = ra->reg[owner]};
   }

   /* Try new places with everybody out and the window taken; nothing is lost when one fails. */
   for (unsigned e = 0; e < num_evicted; ++e)
      npu_ra_release(ra, evicted[e].value);
   for (unsigned i = window; i < window + size; ++i)
      file->owner[i] = value;

   unsigned placed = 0;
   for (; placed < num_evicted; ++placed) {
      uint32_t v = evicted[placed].value;
      unsigned to = npu_ra_find(file, npu_ra_size(ra, v), npu_ra_align(ra, v), false);
      if (to == NPU_RA_NONE)
         break;
      evicted[placed].to = to;
      npu_ra_place(ra, v, to);
   }

   for (unsigned i = window; i < window + size; ++i)
      file->owner[i] = NPU_RA_NONE;
   if (placed == num_evicted) {
      for (unsigned e = 0; e < num_evicted; ++e)
         util_dynarray_append(moves, struct npu_ra_move, evicted[e]);
      return window;
   }

   for (unsigned e = 0; e < placed; ++e)
      npu_ra_release(ra, evicted[e].value);
   for (unsigned e = 0; e < num_evicted; ++e)
      npu_ra_place(ra, evicted[e].value, evicted[e].from);
   return NPU_RA_NONE;
}

/* ---- repacking ---- */

/* Gives the values of one alignment consecutive places from *next on. */
static void
pack(struct npu_ra *ra, const uint32_t *values, unsigned num, unsigned align, unsigned *next,
     unsigned *regs)
{
   for (unsigned i = 0; i < num; ++i) {
      if (npu_ra_align(ra, values[i]) != align)
         continue;
      regs[i] = *next;
      *next += npu_ra_size(ra, values[i]);
   }
}

static void
move_to(struct npu_ra *ra, uint32_t value, unsigned to, struct util_dynarray *moves)
{
   if (ra->reg[value] != to) {
      struct npu_ra_move move = {.value = value, .from = ra->reg[value], .to = to};
      util_dynarray_append(moves, struct npu_ra_move, move);
   }
   ra->reg[value] = to;
}

void
npu_ra_repack(struct npu_ra *ra, enum npu_file f, const uint32_t *dying, unsigned num_dying,
              const uint32_t *dests, unsigned num_dests, uint32_t tied, unsigned *dest_regs,
              struct util_dynarray *moves)
{
   struct npu_ra_file *file = &ra->files[f];
   uint32_t live[NPU_NUM_VREGS];
   unsigned live_regs[NPU_NUM_VREGS], dying_regs[UINT8_MAX];
   unsigned num_live = 0;

   for (unsigned i = 0; i < file->size; ++i) {
      if (file->owner[i] != NPU_RA_NONE && (i == 0 || file->owner[i - 1] != file->owner[i]))
         live[num_live++] = file->owner[i];
   }

   /* Live pairs | dying values and destinations, one over the other, pairs first | live singles. */
   unsigned shared = 0;
   pack(ra, live, num_live, 2, &shared, live_regs);

   unsigned dying_end = shared, dest_end = shared;
   pack(ra, dying, num_dying, 2, &dying_end, dying_regs);
   pack(ra, dying, num_dying, 1, &dying_end, dying_regs);
   pack(ra, dests, num_dests, 2, &dest_end, dest_regs);
   pack(ra, dests, num_dests, 1, &dest_end, dest_regs);

   if (tied != NPU_RA_NONE) {
      assert(num_dests == 1 && "masked instructions have one destination");
      for (unsigned i = 0; i < num_dying; ++i) {
         if (dying[i] == tied)
            dest_regs[0] = dying_regs[i];
      }
      dest_end = shared;
   }

   unsigned next = MAX2(dying_end, dest_end);
   pack(ra, live, num_live, 1, &next, live_regs);
   assert(next <= file->size && "register demand was at most the file's size");

   for (unsigned i = 0; i < num_live; ++i)
      npu_ra_release(ra, live[i]);
   for (unsigned i = 0; i < num_live; ++i)
      move_to(ra, live[i], live_regs[i], moves);
   for (unsigned i = 0; i < num_live; ++i)
      npu_ra_place(ra, live[i], live_regs[i]);

   memset(file->dying, 0, sizeof(file->dying));
   for (unsigned i = 0; i < num_dying; ++i) {
      move_to(ra, dying[i], dying_regs[i], moves);
      BITSET_SET_RANGE(file->dying, dying_regs[i], dying_regs[i] + npu_ra_size(ra, dying[i]) - 1);
   }
}

/* ---- the record ---- */

static struct npu_instr *
copy_ssa_form(void *mem_ctx, const struct npu_instr *instr)
{
   size_t operands_B = (instr->num_dests + instr->num_srcs) * sizeof(struct npu_ref);
   struct npu_instr *copy = ralloc_size(mem_ctx, sizeof(*copy) + operands_B);

   *copy = *instr;
   copy->dest = (struct npu_ref *)(copy + 1);
   copy->src = copy->dest + copy->num_dests;
   memcpy(copy->dest, instr->dest, instr->num_dests * sizeof(struct npu_ref));
   memcpy(copy->src, instr->src, instr->num_srcs * sizeof(struct npu_ref));
   return copy;
}

struct npu_ra_record *
npu_ra_record_create(struct npu_shader *shader)
{
   struct npu_ra_record *record = rzalloc(shader, struct npu_ra_record);

   record->instrs = _mesa_pointer_hash_table_create(record);
   record->phis = _mesa_pointer_hash_table_create(record);
   record->num_values = shader->num_values;
   record->values = ralloc_memdup(record, shader->values,
                                  shader->num_values * sizeof(struct npu_value));

   npu_foreach_block(shader, block) {
      struct npu_ra_phis *phis = rzalloc(record, struct npu_ra_phis);

      npu_foreach_phi(block, phi)
         ++phis->count;
      phis->phi = ralloc_array(phis, struct npu_instr *, phis->count);
      phis->reg = ralloc_array(phis, unsigned, phis->count);
      _mesa_hash_table_insert(record->phis, block, phis);

      unsigned i = 0;
      npu_foreach_instr_in_block(block, instr) {
         struct npu_instr *copy = copy_ssa_form(record, instr);
         if (instr->op == NPU_OP_PHI)
            phis->phi[i++] = copy;
         else
            _mesa_hash_table_insert(record->instrs, instr, copy);
      }
   }
   return record;
}
