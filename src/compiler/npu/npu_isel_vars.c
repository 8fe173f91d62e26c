/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Variables of instruction selection and their way into SSA form.
 *
 * NIR's phis stand for merges on the logical control flow graph. Selection emits the linear one, in
 * which both sides of a divergent branch are executed one after the other, and keeps everything
 * that is merged - phis, execution masks - as variables that it reads and writes in program order.
 * This file turns those accesses into SSA values on the linear graph.
 *
 * Algorithm: M. Braun et al., "Simple and Efficient Construction of Static Single Assignment Form",
 * CC 2013, with these differences:
 *  - Reading follows chains of single predecessors in a loop, and the operands of a new phi are
 * found from a work list instead of by recursion: kernels with thousands of branches must not
 * overflow the stack.
 *  - Phis that merge nothing are not removed on the way, when users of the value would have to be
 *    found; npu_vars_finish() removes them all and rewrites every operand once. Selection emits
 *    reducible graphs, so removal to a fixed point leaves minimal SSA form.
 *  - A variable that was never written on a path is undef there. A phi of one value and undef
 * stays: the value need not dominate it.
 *
 * Time is linear in reads, writes and the blocks that reads pass.
 */

#include "util/hash_table.h"
#include "util/u_dynarray.h"

#include "npu_isel.h"

struct var {
   enum npu_file file;
   unsigned bits;
};

/* A phi made here. */
struct var_phi {
   unsigned var;
   struct npu_block *block;
   struct npu_instr *instr;
};

struct block_info {
   unsigned num_preds;           /* of an unsealed block, else 0 */
   struct util_dynarray pending; /* unsealed: indices into vars->phis without operands */
};

struct npu_vars {
   struct npu_shader *shader;
   struct util_dynarray vars;   /* struct var */
   struct util_dynarray phis;   /* struct var_phi */
   struct util_dynarray work;   /* indices into phis: operands still to be found */
   struct hash_table **current; /* per variable: block -> struct npu_ref * */
   unsigned current_size;
   struct hash_table *blocks; /* block -> struct block_info *, unsealed ones */
};

struct npu_vars *
npu_vars_create(struct npu_shader *shader)
{
   struct npu_vars *vars = rzalloc(shader, struct npu_vars);

   vars->shader = shader;
   util_dynarray_init(&vars->vars, vars);
   util_dynarray_init(&vars->phis, vars);
   util_dynarray_init(&vars->work, vars);
   vars->blocks = _mesa_pointer_hash_table_create(vars);
   return vars;
}

static const struct var *
get_var(const struct npu_vars *vars, unsigned var)
{
   return util_dynarray_element(&vars->vars, struct var, var);
}

unsigned
npu_var_create(struct npu_vars *vars, enum npu_file file, unsigned bits)
{
   unsigned index = util_dynarray_num_elements(&vars->vars, struct var);
   struct var var = {.file = file, .bits = bits};

   util_dynarray_append(&vars->vars, struct var, var);
   if (index >= vars->current_size) {
      unsigned size = MAX2(16, vars->current_size * 2);
      vars->current = reralloc(vars, vars->current, struct hash_table *, size);
      vars->current_size = size;
   }
   vars->current[index] = _mesa_pointer_hash_table_create(vars);
   return index;
}

void
npu_var_write(struct npu_vars *vars, unsigned var, struct npu_block *block, struct npu_ref value)
{
   assert((value.kind != NPU_REF_SSA || value.file == get_var(vars, var)->file) &&
          "variables do not change their file");
   struct hash_entry *entry = _mesa_hash_table_search(vars->current[var], block);

   if (entry) {
      *(struct npu_ref *)entry->data = value;
   } else {
      struct npu_ref *copy = ralloc(vars, struct npu_ref);
      *copy = value;
      _mesa_hash_table_insert(vars->current[var], block, copy);
   }
}

static struct npu_ref
add_phi(struct npu_vars *vars, unsigned var, struct npu_block *block, unsigned num_preds)
{
   const struct var *info = get_var(vars, var);
   struct npu_ref value = npu_value_create(vars->shader, info->file, info->bits, 1);
   struct npu_instr *instr = npu_instr_create(vars->shader, NPU_OP_PHI, 1, num_preds);
   struct npu_cursor cursor = npu_before_block(block);

   instr->dest[0] = value;
   npu_insert(&cursor, instr);

   struct var_phi phi = {.var = var, .block = block, .instr = instr};
   util_dynarray_append(&vars->phis, struct var_phi, phi);
   return value;
}

/* The value of a variable at the end of a block; queues the phis it makes. */
static struct npu_ref
find(struct npu_vars *vars, unsigned var, struct npu_block *block)
{
   struct npu_block *start = block;
   struct npu_ref value;

   for (;;) {
      struct hash_entry *known = _mesa_hash_table_search(vars->current[var], block);
      if (known) {
         value = *(struct npu_ref *)known->data;
         break;
      }

      struct hash_entry *unsealed = _mesa_hash_table_search(vars->blocks, block);
      unsigned num_phis = util_dynarray_num_elements(&vars->phis, struct var_phi);
      if (unsealed) {
         struct block_info *info = unsealed->data;

         value = add_phi(vars, var, block, info->num_preds);
         util_dynarray_append(&info->pending, unsigned, num_phis);
         break;
      }

      unsigned num_preds = npu_block_num_preds(block);
      if (num_preds == 0) {
         value = npu_undef(get_var(vars, var)->file, get_var(vars, var)->bits, 1);
         break;
      }
      if (num_preds > 1) {
         value = add_phi(vars, var, block, num_preds);
         util_dynarray_append(&vars->work, unsigned, num_phis);
         break;
      }

      block = npu_block_pred(block, 0);
   }

   /* Remember it on the way. */
   for (struct npu_block *b = start; b != block; b = npu_block_pred(b, 0))
      npu_var_write(vars, var, b, value);
   npu_var_write(vars, var, block, value);
   return value;
}

static void
fill_phis(struct npu_vars *vars)
{
   while (util_dynarray_num_elements(&vars->work, unsigned)) {
      unsigned index = util_dynarray_pop(&vars->work, unsigned);
      struct var_phi phi = *util_dynarray_element(&vars->phis, struct var_phi, index);

      assert(phi.instr->num_srcs == npu_block_num_preds(phi.block) &&
             "predecessors are known when a block is read");
      for (unsigned i = 0; i < phi.instr->num_srcs; i++)
         phi.instr->src[i] = find(vars, phi.var, npu_block_pred(phi.block, i));
   }
}

struct npu_ref
npu_var_read(struct npu_vars *vars, unsigned var, struct npu_block *block)
{
   struct npu_ref value = find(vars, var, block);

   fill_phis(vars);
   return value;
}

void
npu_vars_unseal(struct npu_vars *vars, struct npu_block *block, unsigned num_preds)
{
   struct block_info *info = rzalloc(vars, struct block_info);

   info->num_preds = num_preds;
   util_dynarray_init(&info->pending, info);
   _mesa_hash_table_insert(vars->blocks, block, info);
}

void
npu_vars_seal(struct npu_vars *vars, struct npu_block *block)
{
   struct hash_entry *entry = _mesa_hash_table_search(vars->blocks, block);
   assert(entry && "block was unsealed");
   struct block_info *info = entry->data;

   assert(info->num_preds == npu_block_num_preds(block) && "all predecessors came");
   util_dynarray_foreach(&info->pending, unsigned, index)
      util_dynarray_append(&vars->work, unsigned, *index);

   _mesa_hash_table_remove(vars->blocks, entry);
   ralloc_free(info);
   fill_phis(vars);
}

/* ---- the end: phis that merge nothing ---- */

struct cleanup {
   struct npu_ref *replacement; /* per value: null ref = stays */
   unsigned num_values;
};

static struct npu_ref
resolve(struct cleanup *c, struct npu_ref ref)
{
   while (npu_is_ssa(ref) && ref.value < c->num_values && !npu_is_null(c->replacement[ref.value])) {
      struct npu_ref next = c->replacement[ref.value];

      /* Halve the path. */
      if (npu_is_ssa(next) && !npu_is_null(c->replacement[next.value]))
         c->replacement[ref.value] = c->replacement[next.value];

      next.neg = ref.abs ? ref.neg : ref.neg != next.neg;
      next.abs |= ref.abs;
      ref = next;
   }
   return ref;
}

/* The one value a phi merges beside itself; null if there are several. */
static struct npu_ref
merged_value(struct cleanup *c, struct npu_instr *phi)
{
   struct npu_ref same = {.kind = NPU_REF_NULL};

   for (unsigned i = 0; i < phi->num_srcs; i++) {
      struct npu_ref src = resolve(c, phi->src[i]);

      phi->src[i] = src;
      if (npu_is_ssa(src) && src.value == phi->dest[0].value)
         continue;
      if (!npu_is_null(same) && !npu_refs_equal(same, src))
         return (struct npu_ref){.kind = NPU_REF_NULL};
      same = src;
   }
   return npu_is_null(same) ? npu_undef(phi->dest[0].file, phi->dest[0].bits, 1) : same;
}

static bool
remove_trivial(struct cleanup *c, struct var_phi *phi)
{
   if (!phi->instr)
      return false;

   struct npu_ref value = merged_value(c, phi->instr);
   if (npu_is_null(value))
      return false;

   c->replacement[phi->instr->dest[0].value] = value;
   npu_instr_remove(phi->instr);
   phi->instr = NULL;
   return true;
}

void
npu_vars_finish(struct npu_vars *vars)
{
   assert(_mesa_hash_table_num_entries(vars->blocks) == 0 && "all blocks are sealed");
   struct cleanup c = {.num_values = vars->shader->num_values};
   bool progress;

   /* Chains run in either direction of the list: going to and fro keeps the number of rounds small.
    */
   c.replacement = rzalloc_array(vars, struct npu_ref, c.num_values);
   do {
      progress = false;
      util_dynarray_foreach(&vars->phis, struct var_phi, phi)
         progress |= remove_trivial(&c, phi);
      util_dynarray_foreach_reverse(&vars->phis, struct var_phi, phi)
         progress |= remove_trivial(&c, phi);
   } while (progress);

   npu_foreach_instr(vars->shader, instr) {
      npu_foreach_src(instr, i)
         instr->src[i] = resolve(&c, instr->src[i]);
   }
   ralloc_free(vars);
}
