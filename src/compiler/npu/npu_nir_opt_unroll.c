/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Unrolls loops by four in which an iteration reads next to where the last one did,
 *
 *    for (i = first; i < n; i++) sum += a[row * n + i] * x[i];
 *
 * so that npu_nir_opt_mem_vectorize makes one access of four components of four iterations. If lanes are
 * far apart, as here, that is a quarter of the gathers, and each cache line is asked for a quarter as often.
 *
 *    for (; i < n - 3; i += 4) { body(i); body(i + 1); body(i + 2); body(i + 3); }
 *    for (; i < n; i++) body(i);
 *
 * n - 3 saturates. The iterations are executed in their order, with the same operations: results stay
 * what they were, to the bit. Since i + 3 < n holds in the first loop, i + 1 .. i + 3 do not wrap, which is
 * noted, so that the sums can be taken apart behind an extension to 64 bits.
 *
 * In `zext(f + i)` with an invariant f, the sum may wrap, as far as the language is concerned. Whether it does
 * for any i up to n is found out once, before the loop: if it does in a lane of the wave, the first loop is not
 * entered.
 *
 * Not worth it: loops that also read where numbers they have read say (x[column[i]]). They have as many scattered
 * accesses afterwards as lanes and iterations, which decides how long they take; and the engine of the model that
 * runs such loops lane by lane (npu_jit_serial.c) has two loops to run in place of one.
 *
 * The loops this is for: one exit, a comparison at the top of i and an invariant n; a constant step upwards;
 * straight-line code behind it without barriers, atomics and cross-lane operations, which lanes that leave the
 * first loop early would miss. NIR unrolls loops with a known number of iterations itself.
 */

#include "util/u_dynarray.h"

#include "npu_nir.h"

#define FACTOR     4
#define MAX_INSTRS 80
#define MAX_GUARDS 4
#define MAX_DEPTH  10

struct counted {
   nir_loop *loop;
   nir_block *preheader, *head, *body;
   nir_phi_instr *phi; /* i */
   nir_def *next;      /* i in the next iteration */
   nir_scalar limit;   /* n */
   uint64_t step;
   bool is_signed, inclusive; /* i <= n */

   /* Sums of i and an invariant that must not wrap. */
   nir_alu_instr *guards[MAX_GUARDS];
   nir_scalar guarded[MAX_GUARDS]; /* the invariant */
   unsigned num_guards;
};

/* ---- what loops are like this ---- */

static bool
is_before_loop(const struct counted *c, const nir_def *def)
{
   return def->parent_instr->block->index <= c->preheader->index;
}

static bool
is_invariant(const struct counted *c, nir_scalar s)
{
   return nir_scalar_is_const(s) || is_before_loop(c, s.def);
}

static bool
is_counter(const struct counted *c, nir_scalar s)
{
   return s.def == &c->phi->def;
}

static bool
is_only_break(struct exec_list *list)
{
   nir_block *block = nir_cf_node_as_block(
      exec_node_data(nir_cf_node, exec_list_get_head(list), node));
   nir_instr *last = nir_block_last_instr(block);

   return exec_list_length(list) == 1 && exec_list_length(&block->instr_list) == 1 &&
          last->type == nir_instr_type_jump && nir_instr_as_jump(last)->type == nir_jump_break;
}

static bool
is_empty(struct exec_list *list)
{
   nir_block *block = nir_cf_node_as_block(
      exec_node_data(nir_cf_node, exec_list_get_head(list), node));

   return exec_list_length(list) == 1 && exec_list_is_empty(&block->instr_list);
}

/* The phi of a loop's counter, counting up by a constant. */
static bool
match_counter(struct counted *c, nir_scalar s)
{
   if (s.def->parent_instr->type != nir_instr_type_phi || s.def->parent_instr->block != c->head)
      return false;
   c->phi = nir_instr_as_phi(s.def->parent_instr);
   c->next = nir_phi_get_src_from_block(c->phi, c->body)->src.ssa;

   nir_scalar next = nir_scalar_resolved(c->next, 0);
   if (s.def->num_components != 1 || !nir_scalar_is_alu(next) ||
       nir_scalar_alu_op(next) != nir_op_iadd)
      return false;
   for (unsigned i = 0; i < 2; i++) {
      nir_scalar x = nir_scalar_chase_alu_src(next, i), by = nir_scalar_chase_alu_src(next, 1 - i);
      if (is_counter(c, x) && nir_scalar_is_const(by)) {
         c->step = nir_scalar_as_uint(by);
         return c->step > 0 && c->step <= 64;
      }
   }
   return false;
}

/* i < n, i <= n, and what says the same, as the condition to stay in or to leave. */
static bool
match_condition(struct counted *c, nir_def *condition, bool leave)
{
   nir_scalar s = nir_scalar_resolved(condition, 0);
   bool less;

   if (!nir_scalar_is_alu(s))
      return false;
   switch (nir_scalar_alu_op(s)) {
   case nir_op_inot:
      return match_condition(c, nir_scalar_chase_alu_src(s, 0).def, !leave);
   case nir_op_ilt:
   case nir_op_ult:
      less = true;
      break;
   case nir_op_ige:
   case nir_op_uge:
      less = false;
      break;
   default:
      return false;
   }
   c->is_signed = nir_scalar_alu_op(s) == nir_op_ilt || nir_scalar_alu_op(s) == nir_op_ige;
   less ^= leave;
   c->inclusive = !less; /* n >= i */
   nir_scalar i = nir_scalar_chase_alu_src(s, less ? 0 : 1);
   c->limit = nir_scalar_chase_alu_src(s, less ? 1 : 0);
   return (i.def->bit_size == 32 || i.def->bit_size == 64) && match_counter(c, i) &&
          is_invariant(c, c->limit);
}

static bool
may_repeat(const nir_block *block, unsigned *num)
{
   nir_foreach_instr(instr, block) {
      ++*num;
      switch (instr->type) {
      case nir_instr_type_alu:
      case nir_instr_type_load_const:
      case nir_instr_type_undef:
      case nir_instr_type_phi:
         break;
      case nir_instr_type_intrinsic:
         switch (nir_instr_as_intrinsic(instr)->intrinsic) {
         case nir_intrinsic_load_global:
         case nir_intrinsic_load_global_constant:
         case nir_intrinsic_load_shared:
         case nir_intrinsic_load_scratch:
         case nir_intrinsic_load_ubo:
         case nir_intrinsic_store_global:
         case nir_intrinsic_store_shared:
         case nir_intrinsic_store_scratch:
            break;
         default:
            return false;
         }
         break;
      default:
         return false;
      }
   }
   return true;
}

static bool
match_loop(struct counted *c, nir_loop *loop)
{
   unsigned num = 0;

   if (loop->control == nir_loop_control_dont_unroll || nir_loop_has_continue_construct(loop) ||
       exec_list_length(&loop->body) != 3)
      return false;
   c->loop = loop;
   c->preheader = nir_cf_node_as_block(nir_cf_node_prev(&loop->cf_node));
   c->head = nir_loop_first_block(loop);
   nir_cf_node *second = nir_cf_node_next(&c->head->cf_node);
   c->body = nir_loop_last_block(loop);
   if (second->type != nir_cf_node_if || c->head->predecessors->entries != 2 ||
       nir_block_ends_in_jump(c->body))
      return false;

   nir_if *nif = nir_cf_node_as_if(second);
   bool then_leaves = is_only_break(&nif->then_list) && is_empty(&nif->else_list);
   bool else_leaves = is_only_break(&nif->else_list) && is_empty(&nif->then_list);
   return (then_leaves || else_leaves) && nir_block_first_instr(c->body) &&
          nir_block_first_instr(c->body)->type != nir_instr_type_phi &&
          match_condition(c, nif->condition.ssa, then_leaves) && may_repeat(c->head, &num) &&
          may_repeat(c->body, &num) && num <= MAX_INSTRS;
}

/* ---- is it worth it ---- */

/* Invariant arithmetic out of the loop: NIR leaves there what might not be executed. */
static bool
hoist(struct counted *c)
{
   nir_block *blocks[] = {c->head, c->body};
   bool progress = false;

   for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++) {
      nir_foreach_instr_safe(instr, blocks[i]) {
         if ((instr->type != nir_instr_type_alu && instr->type != nir_instr_type_load_const) ||
             !nir_foreach_src(instr, npu_nir_src_is_before, c->preheader))
            continue;
         nir_instr_remove(instr);
         nir_instr_insert_after_block(c->preheader, instr);
         progress = true;
      }
   }
   return progress;
}

/* What is done with a value on its way to the address. */
enum extension {
   NONE,
   ZERO,
   SIGN
};

/* By how much a value grows with i. Sums that may wrap behind a zero extension become guards. */
static bool
growth(struct counted *c, nir_scalar s, enum extension extended, int64_t *out, unsigned depth)
{
   int64_t x, y;

   s = nir_scalar_chase_movs(s);
   *out = is_counter(c, s);
   if (*out || is_invariant(c, s))
      return true;
   if (!nir_scalar_is_alu(s) || depth > MAX_DEPTH)
      return false;

   nir_alu_instr *alu = nir_instr_as_alu(s.def->parent_instr);
   nir_scalar a = nir_scalar_chase_alu_src(s, 0), b;
   switch (alu->op) {
   case nir_op_iadd:
      b = nir_scalar_chase_alu_src(s, 1);
      if (!growth(c, a, extended, &x, depth + 1) || !growth(c, b, extended, &y, depth + 1))
         return false;
      *out = x + y;
      if (extended == SIGN && !alu->no_signed_wrap)
         return false;
      if (extended == ZERO && !alu->no_unsigned_wrap) {
         nir_scalar other = is_counter(c, a) ? b : a;
         if (c->is_signed || c->num_guards == MAX_GUARDS ||
             !(is_counter(c, a) || is_counter(c, b)) || !is_invariant(c, other))
            return false;
         c->guards[c->num_guards] = alu;
         c->guarded[c->num_guards++] = other;
      }
      return true;
   case nir_op_ishl:
      b = nir_scalar_chase_alu_src(s, 1);
      if (extended != NONE || !nir_scalar_is_const(b) || !growth(c, a, extended, &x, depth + 1))
         return false;
      *out = x * ((int64_t)1 << (nir_scalar_as_uint(b) & (s.def->bit_size - 1)));
      return true;
   case nir_op_imul:
      b = nir_scalar_chase_alu_src(s, 1);
      if (nir_scalar_is_const(a)) {
         nir_scalar swap = a;
         a = b;
         b = swap;
      }
      if (extended != NONE || !nir_scalar_is_const(b) || !growth(c, a, extended, &x, depth + 1))
         return false;
      *out = x * nir_scalar_as_int(b);
      return true;
   case nir_op_u2u64:
      return a.def->bit_size == 32 && growth(c, a, ZERO, out, depth + 1);
   case nir_op_i2i64:
      return a.def->bit_size == 32 && growth(c, a, SIGN, out, depth + 1);
   default:
      return false;
   }
}

/* Whether four iterations of a load are one access that is better than four. */
static bool
is_run(struct counted *c, nir_intrinsic_instr *load)
{
   nir_def *address = nir_get_io_offset_src(load)->ssa;
   int64_t size_B = load->def.bit_size / 8 * load->def.num_components, grows, lanes;
   unsigned num_guards = c->num_guards;

   if (load->def.num_components > 2)
      return false;
   if (growth(c, nir_get_scalar(address, 0), NONE, &grows, 0) &&
       grows * (int64_t)c->step == size_B &&
       /* Lanes side by side are best left so. */
       (!npu_nir_lane_step(nir_get_scalar(address, 0), &lanes) || !lanes ||
        llabs(lanes) >= FACTOR * size_B))
      return true;
   c->num_guards = num_guards;
   return false;
}

/* Whether a load reads where numbers say that the loop has read itself. */
static bool
is_indirect(const struct counted *c, nir_src *src, unsigned depth)
{
   nir_instr *instr = src->ssa->parent_instr;

   if (depth > MAX_DEPTH || is_before_loop(c, src->ssa))
      return false;
   if (instr->type == nir_instr_type_intrinsic)
      return nir_intrinsic_infos[nir_instr_as_intrinsic(instr)->intrinsic].num_srcs > 0;
   if (instr->type != nir_instr_type_alu)
      return false;
   nir_alu_instr *alu = nir_instr_as_alu(instr);
   for (unsigned i = 0; i < nir_op_infos[alu->op].num_inputs; i++) {
      if (is_indirect(c, &alu->src[i].src, depth + 1))
         return true;
   }
   return false;
}

static bool
is_worth_it(struct counted *c)
{
   bool worth_it = false;

   nir_foreach_instr(instr, c->body) {
      if (instr->type != nir_instr_type_intrinsic)
         continue;
      nir_intrinsic_instr *intrin = nir_instr_as_intrinsic(instr);
      if (intrin->intrinsic != nir_intrinsic_load_global &&
          intrin->intrinsic != nir_intrinsic_load_global_constant)
         continue;
      if (is_indirect(c, nir_get_io_offset_src(intrin), 0))
         return false;
      worth_it |= is_run(c, intrin);
   }
   return worth_it;
}

/* ---- the transformation ---- */

static nir_def *
least(nir_builder *b, const struct counted *c, unsigned bits)
{
   return nir_imm_intN_t(b, c->is_signed ? u_intN_min(bits) : 0, bits);
}

/* Whether no guarded sum wraps for any i up to n; the same in all lanes. */
static nir_def *
check_guards(nir_builder *b, const struct counted *c, nir_def *limit)
{
   nir_def *last = c->inclusive ? limit : nir_iadd_imm(b, limit, -1), *all = NULL;

   for (unsigned g = 0; g < c->num_guards; g++) {
      nir_def *x = nir_channel(b, c->guarded[g].def, c->guarded[g].comp);
      nir_def *fits = nir_uge(b, nir_inot(b, x), last);
      all = all ? nir_iand(b, all, fits) : fits;
   }
   return nir_vote_all(b, 1, all);
}

/* The condition for four more iterations, as a function of i: what does not depend on i is made here. */
struct condition {
   nir_def *limit, *possible;
};

static struct condition
prepare_condition(nir_builder *b, const struct counted *c)
{
   nir_def *limit = nir_channel(b, c->limit.def, c->limit.comp);
   unsigned bits = limit->bit_size;
   uint64_t back = c->step * (FACTOR - 1);
   nir_def *lowest = nir_iadd_imm(b, least(b, c, bits), back), *possible = NULL;

   if (c->num_guards)
      possible = check_guards(b, c, limit);
   if (c->inclusive) {
      nir_def *reaches = c->is_signed ? nir_ige(b, limit, lowest) : nir_uge(b, limit, lowest);
      possible = possible ? nir_iand(b, possible, reaches) : reaches;
   } else {
      limit = c->is_signed ? nir_imax(b, limit, lowest) : nir_umax(b, limit, lowest);
   }
   limit = nir_iadd_imm(b, limit, -back);
   if (possible && !c->inclusive) {
      limit = nir_bcsel(b, possible, limit, least(b, c, bits));
      possible = NULL;
   }
   return (struct condition){limit, possible};
}

/* Whether there are not. */
static nir_def *
fails(nir_builder *b, const struct counted *c, const struct condition *condition, nir_def *i)
{
   nir_def *n = condition->limit, *result;

   if (c->inclusive)
      result = c->is_signed ? nir_ilt(b, n, i) : nir_ult(b, n, i);
   else
      result = c->is_signed ? nir_ige(b, i, n) : nir_uge(b, i, n);
   return condition->possible ? nir_ior(b, nir_inot(b, condition->possible), result) : result;
}

static nir_def *
remapped(struct hash_table *remap, nir_def *def)
{
   struct hash_entry *entry = _mesa_hash_table_search(remap, def);

   return entry ? entry->data : def;
}

static nir_def *
counter_plus(nir_builder *b, const struct counted *c, nir_def *i, unsigned iterations)
{
   nir_def *sum = nir_iadd_imm(b, i, c->step * iterations);
   nir_alu_instr *alu = nir_instr_as_alu(sum->parent_instr);

   alu->no_signed_wrap = c->is_signed;
   alu->no_unsigned_wrap = !c->is_signed;
   return sum;
}

static void
copy_block(nir_builder *b, const struct counted *c, nir_block *block, struct hash_table *remap)
{
   nir_foreach_instr(instr, block) {
      if (instr->type == nir_instr_type_phi)
         continue;
      nir_instr *copy = nir_instr_clone_deep(b->shader, instr, remap);
      nir_builder_instr_insert(b, copy);
      for (unsigned g = 0; g < c->num_guards; g++) {
         if (instr == &c->guards[g]->instr)
            nir_instr_as_alu(copy)->no_unsigned_wrap = true;
      }
   }
}

static void
unroll(nir_builder *b, struct counted *c)
{
   struct hash_table *remap = _mesa_pointer_hash_table_create(NULL);
   nir_phi_instr *phis[MAX_INSTRS];
   nir_def *inits[MAX_INSTRS];
   unsigned num = 0;

   b->cursor = nir_after_block(c->preheader);
   struct condition condition = prepare_condition(b, c);
   nir_foreach_phi(phi, c->head)
      inits[num++] = nir_phi_get_src_from_block(phi, c->preheader)->src.ssa;

   nir_loop *loop = nir_push_loop(b);
   loop->control = c->loop->control = nir_loop_control_dont_unroll;
   nir_block *head = nir_loop_first_block(loop);
   nir_block *preheader = nir_cf_node_as_block(nir_cf_node_prev(&loop->cf_node));
   num = 0;
   nir_foreach_phi(old, c->head) {
      nir_phi_instr *phi = phis[num++] = nir_phi_instr_create(b->shader);
      nir_def_init(&phi->instr, &phi->def, old->def.num_components, old->def.bit_size);
      _mesa_hash_table_insert(remap, &old->def, &phi->def);
   }
   b->cursor = nir_after_block(head);
   nir_def *counter = remapped(remap, &c->phi->def);
   nir_break_if(b, fails(b, c, &condition, counter));
   for (unsigned copy = 0; copy < FACTOR; copy++) {
      nir_def *next[MAX_INSTRS];
      copy_block(b, c, c->head, remap);
      copy_block(b, c, c->body, remap);
      num = 0;
      nir_foreach_phi(old, c->head)
         next[num++] = remapped(remap, nir_phi_get_src_from_block(old, c->body)->src.ssa);
      num = 0;
      nir_foreach_phi(old, c->head) {
         nir_def *value = old == c->phi ? counter_plus(b, c, counter, copy + 1) : next[num];
         num++;
         _mesa_hash_table_insert(remap, &old->def, value);
      }
   }
   nir_pop_loop(b, loop);

   nir_block *latch = nir_loop_last_block(loop);
   nir_block *between = nir_cf_node_as_block(nir_cf_node_next(&loop->cf_node));
   num = 0;
   nir_foreach_phi(old, c->head) {
      nir_phi_instr_add_src(phis[num], preheader, inits[num]);
      nir_phi_instr_add_src(phis[num], latch, remapped(remap, &old->def));
      nir_instr_insert(nir_after_phis(head), &phis[num]->instr);
      nir_src_rewrite(&nir_phi_get_src_from_block(old, between)->src, &phis[num]->def);
      num++;
   }
   _mesa_hash_table_destroy(remap, NULL);
}

static bool
find_loops(struct exec_list *list, struct util_dynarray *loops, bool *progress)
{
   bool inner = false;

   foreach_list_typed(nir_cf_node, node, node, list) {
      if (node->type == nir_cf_node_if) {
         nir_if *nif = nir_cf_node_as_if(node);
         inner |= find_loops(&nif->then_list, loops, progress);
         inner |= find_loops(&nif->else_list, loops, progress);
      } else if (node->type == nir_cf_node_loop) {
         nir_loop *loop = nir_cf_node_as_loop(node);
         struct counted c = {0};
         inner = true;
         if (find_loops(&loop->body, loops, progress) || !match_loop(&c, loop))
            continue;
         *progress |= hoist(&c);
         if (is_worth_it(&c))
            util_dynarray_append(loops, struct counted, c);
      }
   }
   return inner;
}

bool
npu_nir_opt_unroll(nir_shader *nir)
{
   nir_function_impl *impl = nir_shader_get_entrypoint(nir);
   nir_builder b = nir_builder_create(impl);
   struct util_dynarray loops;

   util_dynarray_init(&loops, NULL);
   nir_metadata_require(impl, nir_metadata_block_index);
   bool progress = false;
   find_loops(&impl->body, &loops, &progress);
   util_dynarray_foreach(&loops, struct counted, c)
      unroll(&b, c);
   progress |= loops.size > 0;
   util_dynarray_fini(&loops);
   nir_metadata_preserve(impl, progress ? nir_metadata_none : nir_metadata_all);
   return progress;
}
