/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: structured control flow with execution masks.
 *
 * A wave has one program counter. Where NIR's condition is uniform the branch is real; where lanes
 * disagree both sides are executed one after the other under a smaller exec, and a side that no
 * lane takes is skipped. The IR's control flow graph is that linear order.
 *
 *    divergent if                      loop some lanes leave early
 *       save = exec                       save = alive = running = exec
 *       exec = save & cond             header:
 *       br.none exec, else                ... body
 *       ... then                       latch:
 *    else:                                exec = running = alive
 *       exec = save & ~cond               br.any exec, header
 *       br.none exec, merge               exec = save
 *       ... else
 *    merge:
 *       exec = save
 *
 * Masked jumps. A break takes the active lanes out of `alive` and `running`, a continue out of
 * `running` only, and both go to the innermost *join*: a block that sets exec anew, i.e. the else
 * or merge block of the innermost divergent if or the latch of the loop. A merge behind masked
 * jumps restores save & running and, if nobody is left, goes on to the next join. Where all active
 * lanes of a loop always jump together (NIR's divergent_break / divergent_continue are clear) jumps
 * are real branches.
 *
 * Invariant: exec is not 0 in any block that contains selected code. Uniform branches and scalar
 * loads rely on it.
 *
 * Phis become variables: npu_isel_phi.c.
 */

#include "util/hash_table.h"

#include "npu_isel.h"

static void visit_cf_list(struct npu_isel *ctx, struct exec_list *list);

/* ---- blocks and exec ---- */

/* Places a block and goes on there. */
static void
start_block(struct npu_isel *ctx, struct npu_block *block)
{
   block->loop_depth = ctx->loop ? ctx->loop->depth : 0;
   npu_block_append(ctx->shader, block);
   ctx->b.cursor = npu_after_block(block);
   ctx->terminated = false;
}

/* Ends the current block: the next one follows. */
static void
fall_into(struct npu_isel *ctx, struct npu_block *next)
{
   if (!ctx->terminated)
      npu_build_fallthrough(&ctx->b, next);
   start_block(ctx, next);
}

/* op exec, target; and a new block for what follows. */
static void
branch_unless_taken(struct npu_isel *ctx, unsigned op, struct npu_ref cond,
                    struct npu_block *target)
{
   npu_build_branch(&ctx->b, op, cond, target);
   fall_into(ctx, npu_block_create(ctx->shader));
}

static void
jump(struct npu_isel *ctx, struct npu_block *target)
{
   npu_build_jmp(&ctx->b, target);
   ctx->terminated = true;
}

static struct npu_ref
read_exec(struct npu_isel *ctx)
{
   struct npu_ref exec = npu_exec();

   return npu_build_alu(&ctx->b, NPU_OP_MMOV, NPU_FILE_M, &exec, 1);
}

static struct npu_ref
mask_op(struct npu_isel *ctx, unsigned op, struct npu_ref x, struct npu_ref y)
{
   struct npu_ref srcs[2] = {x, y};

   return npu_build_alu(&ctx->b, op, NPU_FILE_M, srcs, 2);
}

static void
set_exec(struct npu_isel *ctx, unsigned op, struct npu_ref x, struct npu_ref y)
{
   struct npu_ref srcs[2] = {x, y};

   npu_build_to(&ctx->b, op, npu_exec(), srcs, 2);
}

static struct npu_ref
read_var(struct npu_isel *ctx, unsigned var)
{
   return npu_var_read(ctx->vars, var, npu_isel_block(ctx));
}

static void
write_var(struct npu_isel *ctx, unsigned var, struct npu_ref value)
{
   npu_var_write(ctx->vars, var, npu_isel_block(ctx), value);
}

static void
enter_region(struct npu_isel *ctx)
{
   struct npu_isel_region *region = rzalloc(ctx, struct npu_isel_region);

   region->parent = ctx->region;
   region->open = true;
   ctx->region = region;
}

static void
leave_region(struct npu_isel *ctx)
{
   ctx->region->open = false;
   ctx->region = ctx->region->parent;
}

/* ---- jumps ---- */

/* Takes lanes out of the masks of a loop: for good, or for this iteration. */
static void
leave_loop(struct npu_isel *ctx, struct npu_isel_loop *loop, struct npu_ref lanes, bool for_good)
{
   if (for_good)
      write_var(ctx, loop->alive, mask_op(ctx, NPU_OP_MANDN, read_var(ctx, loop->alive), lanes));
   if (loop->running != loop->alive)
      write_var(ctx, loop->running,
                mask_op(ctx, NPU_OP_MANDN, read_var(ctx, loop->running), lanes));
   loop->num_jumps++;
}

static void
visit_jump(struct npu_isel *ctx, nir_jump_instr *instr)
{
   struct npu_isel_loop *loop = ctx->loop;
   bool is_break = instr->type == nir_jump_break;

   if (!is_break && instr->type != nir_jump_continue) {
      npu_isel_error(ctx, "jump other than break and continue");
      return;
   }

   if (is_break ? loop->masked_break : loop->masked_continue) {
      leave_loop(ctx, loop, npu_exec(), is_break);
      jump(ctx, ctx->join);
   } else {
      jump(ctx, is_break ? loop->exit : loop->latch);
   }
}

/* ---- blocks ---- */

static void
visit_instr(struct npu_isel *ctx, nir_instr *instr)
{
   switch (instr->type) {
   case nir_instr_type_alu:
      npu_isel_alu(ctx, nir_instr_as_alu(instr));
      break;
   case nir_instr_type_intrinsic:
      npu_isel_intrinsic(ctx, nir_instr_as_intrinsic(instr));
      break;
   case nir_instr_type_phi:
      npu_isel_read_phi(ctx, nir_instr_as_phi(instr));
      break;
   case nir_instr_type_load_const:
   case nir_instr_type_undef:
      break; /* immediates where they are used */
   case nir_instr_type_jump:
      break; /* behind the phis of its target */
   case nir_instr_type_tex:
      npu_isel_error(ctx, "texture operation %u is not supported", nir_instr_as_tex(instr)->op);
      break;
   case nir_instr_type_call:
      npu_isel_error(ctx, "call of a function without a body");
      break;
   case nir_instr_type_deref:
   case nir_instr_type_parallel_copy:
   case nir_instr_type_debug_info:
      npu_isel_error(ctx, "instruction that should have been lowered");
      break;
   }
}

static void
visit_block(struct npu_isel *ctx, nir_block *block)
{
   if (ctx->terminated)
      return; /* unreachable */

   nir_foreach_instr(instr, block) {
      visit_instr(ctx, instr);
      if (ctx->error)
         return;
   }

   /* The header's phis have been read: variables that merge start anew. */
   if (block->cf_node.parent->type == nir_cf_node_loop &&
       nir_loop_first_block(nir_cf_node_as_loop(block->cf_node.parent)) == block)
      npu_isel_declare_phis(ctx, block);

   for (unsigned i = 0; i < 2; i++) {
      if (block->successors[i] && block->successors[i] != ctx->impl->end_block)
         npu_isel_write_phis(ctx, block, block->successors[i], npu_exec());
   }

   if (nir_block_ends_in_jump(block))
      visit_jump(ctx, nir_instr_as_jump(nir_block_last_instr(block)));
}

/* ---- ifs ---- */

static bool
is_empty(struct exec_list *list)
{
   nir_cf_node *node = exec_node_data(nir_cf_node, exec_list_get_head(list), node);

   return exec_list_is_singular(list) &&
          exec_list_is_empty(&nir_cf_node_as_block(node)->instr_list);
}

static nir_block *
last_block(struct exec_list *list)
{
   return nir_cf_node_as_block(exec_node_data(nir_cf_node, exec_list_get_tail(list), node));
}

static void
visit_side(struct npu_isel *ctx, struct exec_list *list)
{
   enter_region(ctx);
   visit_cf_list(ctx, list);
   leave_region(ctx);
}

/* The two sides of an if in the order of their emission. The larger one comes second, because the
 * condition is live across the first; but an empty one comes second in any case, and then is not
 * there at all: what it has to say to the phis behind the if is written in front of it. */
struct sides {
   struct exec_list *first, *second;
   bool inverted; /* the first is NIR's else side */
   bool second_empty;
};

static unsigned
num_blocks(struct exec_list *list)
{
   nir_cf_node *first = exec_node_data(nir_cf_node, exec_list_get_head(list), node);

   return last_block(list)->index - nir_cf_node_as_block(first)->index + 1;
}

static struct sides
order_sides(struct npu_isel *ctx, nir_if *nif)
{
   nir_block *after = nir_cf_node_as_block(nir_cf_node_next(&nif->cf_node));
   bool inverted = !is_empty(&nif->else_list) &&
                   (is_empty(&nif->then_list) ||
                    num_blocks(&nif->then_list) > num_blocks(&nif->else_list));
   struct sides sides = {
      .first = inverted ? &nif->else_list : &nif->then_list,
      .second = inverted ? &nif->then_list : &nif->else_list,
      .inverted = inverted,
   };

   sides.second_empty = is_empty(sides.second);
   npu_isel_declare_phis(ctx, after);
   if (sides.second_empty)
      npu_isel_write_phis(ctx, last_block(sides.second), after, npu_exec());
   return sides;
}

static void
visit_uniform_if(struct npu_isel *ctx, nir_if *nif, struct npu_ref cond)
{
   struct sides sides = order_sides(ctx, nif);
   struct npu_block *merge = npu_block_create(ctx->shader);
   struct npu_block *second = sides.second_empty ? merge : npu_block_create(ctx->shader);

   if (npu_is_imm(cond))
      cond = npu_build_copy(&ctx->b, NPU_FILE_S, 32, cond);

   branch_unless_taken(ctx, sides.inverted ? NPU_OP_BR_NZ : NPU_OP_BR_Z, cond, second);
   visit_side(ctx, sides.first);

   if (!sides.second_empty) {
      bool first_ends = ctx->terminated;
      if (!first_ends)
         jump(ctx, merge);

      start_block(ctx, second);
      visit_side(ctx, sides.second);

      /* Nobody comes out: what follows is unreachable. */
      if (first_ends && ctx->terminated)
         return;
   }
   fall_into(ctx, merge);
}

static void
visit_divergent_if(struct npu_isel *ctx, nir_if *nif, struct npu_ref cond)
{
   struct npu_isel_loop *loop = ctx->loop;
   unsigned num_jumps = loop ? loop->num_jumps : 0;
   struct npu_block *outer_join = ctx->join;
   struct sides sides = order_sides(ctx, nif);
   struct npu_block *merge = npu_block_create(ctx->shader);
   struct npu_block *second = sides.second_empty ? merge : npu_block_create(ctx->shader);
   struct npu_ref save = {.kind = NPU_REF_NULL};

   /* Directly in the body of a loop that keeps masks, exec is the running lanes: no need to save
    * it. */
   bool exec_is_running = loop && outer_join == loop->latch &&
                          (loop->masked_break || loop->masked_continue);

   cond = npu_isel_to_m(ctx, cond);
   if (!exec_is_running)
      save = read_exec(ctx);

   set_exec(ctx, sides.inverted ? NPU_OP_MANDN : NPU_OP_MAND, npu_exec(), cond);
   branch_unless_taken(ctx, NPU_OP_BR_NONE, npu_exec(), second);
   ctx->join = second;
   visit_side(ctx, sides.first);

   if (!sides.second_empty) {
      fall_into(ctx, second);
      set_exec(ctx, sides.inverted ? NPU_OP_MAND : NPU_OP_MANDN,
               exec_is_running ? read_var(ctx, loop->running) : save, cond);
      branch_unless_taken(ctx, NPU_OP_BR_NONE, npu_exec(), merge);
      ctx->join = merge;
      visit_side(ctx, sides.second);
   }

   fall_into(ctx, merge);
   ctx->join = outer_join;

   bool jumped = loop && loop->num_jumps != num_jumps;
   if (exec_is_running)
      npu_build_set_exec(&ctx->b, read_var(ctx, loop->running));
   else if (jumped)
      set_exec(ctx, NPU_OP_MAND, save, read_var(ctx, loop->running));
   else
      npu_build_set_exec(&ctx->b, save);
   if (jumped)
      branch_unless_taken(ctx, NPU_OP_BR_NONE, npu_exec(), outer_join);
}

/* `if (cond) break;` with nothing else in it. */
static bool
is_conditional_break(const struct npu_isel *ctx, nir_if *nif)
{
   nir_block *block = nir_if_first_then_block(nif);
   nir_instr *instr = nir_block_first_instr(block);

   return ctx->loop && ctx->loop->masked_break && exec_list_is_singular(&nif->then_list) &&
          is_empty(&nif->else_list) && instr && instr->type == nir_instr_type_jump &&
          nir_instr_as_jump(instr)->type == nir_jump_break;
}

/* The same without a branch around it: lanes whose condition holds leave, the others go on. Phis
 * behind the if have one source, the empty side. */
static void
visit_conditional_break(struct npu_isel *ctx, nir_if *nif, struct npu_ref cond)
{
   struct npu_isel_loop *loop = ctx->loop;
   nir_block *after = nir_cf_node_as_block(nir_cf_node_next(&nif->cf_node));
   nir_block *block = nir_if_first_then_block(nif);

   npu_isel_declare_phis(ctx, after);
   npu_isel_write_phis(ctx, nir_if_first_else_block(nif), after, npu_exec());

   struct npu_ref leaving = mask_op(ctx, NPU_OP_MAND, npu_exec(), npu_isel_to_m(ctx, cond));
   npu_isel_write_phis(ctx, block, block->successors[0], leaving);
   leave_loop(ctx, loop, leaving, true);
   set_exec(ctx, NPU_OP_MANDN, npu_exec(), leaving);
   branch_unless_taken(ctx, NPU_OP_BR_NONE, npu_exec(), ctx->join);
}

static void
visit_if(struct npu_isel *ctx, nir_if *nif)
{
   struct npu_ref cond = npu_isel_src(ctx, nif->condition, 0);

   if (!nif->condition.ssa->divergent)
      visit_uniform_if(ctx, nif, cond);
   else if (is_conditional_break(ctx, nif))
      visit_conditional_break(ctx, nif, cond);
   else
      visit_divergent_if(ctx, nif, cond);
}

/* ---- loops ---- */

static void
visit_loop(struct npu_isel *ctx, nir_loop *nir)
{
   struct npu_isel_loop loop = {
      .outer = ctx->loop,
      .nir = nir,
      .depth = ctx->loop ? ctx->loop->depth + 1 : 1,
      .latch = npu_block_create(ctx->shader),
      .exit = npu_block_create(ctx->shader),
      .masked_break = nir->divergent_break,
      .masked_continue = nir->divergent_continue,
   };
   struct npu_block *outer_join = ctx->join;
   bool masked = loop.masked_break || loop.masked_continue;
   bool repeats = nir_loop_first_block(nir)->predecessors->entries > 1;
   struct npu_ref save = {.kind = NPU_REF_NULL};

   ctx->shader->info.prefers_tiles |= masked && repeats;
   if (masked) {
      save = read_exec(ctx);
      loop.alive = npu_var_create(ctx->vars, NPU_FILE_M, 1);
      loop.running = loop.masked_continue ? npu_var_create(ctx->vars, NPU_FILE_M, 1) : loop.alive;
      write_var(ctx, loop.alive, save);
      write_var(ctx, loop.running, save);
   }
   npu_isel_declare_phis(ctx, nir_cf_node_cf_tree_next(&nir->cf_node));

   struct npu_block *header = npu_block_create(ctx->shader);
   ctx->loop = &loop;
   ctx->join = repeats ? loop.latch : loop.exit;
   fall_into(ctx, header);
   if (repeats)
      npu_vars_unseal(ctx->vars, header, 2);

   visit_side(ctx, &nir->body);

   if (repeats) {
      fall_into(ctx, loop.latch);
      if (masked) {
         struct npu_ref alive = read_var(ctx, loop.alive);

         npu_build_set_exec(&ctx->b, alive);
         write_var(ctx, loop.running, alive);
         npu_build_branch(&ctx->b, NPU_OP_BR_ANY, npu_exec(), header);
      } else {
         jump(ctx, header);
      }
      if (!ctx->error)
         npu_vars_seal(ctx->vars, header);
   }

   ctx->loop = loop.outer;
   ctx->join = outer_join;

   /* A loop without an exit ends this path. */
   if (ctx->terminated && npu_block_num_preds(loop.exit) == 0)
      return;

   fall_into(ctx, loop.exit);
   if (masked)
      npu_build_set_exec(&ctx->b, save);
}

static void
visit_cf_list(struct npu_isel *ctx, struct exec_list *list)
{
   foreach_list_typed(nir_cf_node, node, node, list) {
      if (ctx->error || ctx->terminated)
         return;

      switch (node->type) {
      case nir_cf_node_block:
         visit_block(ctx, nir_cf_node_as_block(node));
         break;
      case nir_cf_node_if:
         visit_if(ctx, nir_cf_node_as_if(node));
         break;
      case nir_cf_node_loop:
         visit_loop(ctx, nir_cf_node_as_loop(node));
         break;
      case nir_cf_node_function:
         unreachable("functions do not nest");
      }
   }
}

void
npu_isel_cf(struct npu_isel *ctx)
{
   visit_side(ctx, &ctx->impl->body);

   if (!ctx->terminated)
      npu_build_end(&ctx->b);
}
