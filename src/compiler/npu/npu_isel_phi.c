/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: phis.
 *
 * A NIR phi stands for a merge on the logical control flow graph; on the linear one (npu_isel_cf.c) the
 * sides come one after the other. So each phi becomes a variable (npu_isel_vars.c). At the end of each
 * predecessor the variable is written: as a whole if no lane's value from another predecessor can be in
 * it yet, else merged with sel under exec. The first writer after the variable's declaration - the
 * point where it is set to undef - writes as a whole by itself, because a merge with undef is the
 * value (simplify_merges() in npu_isel.c).
 *
 * When is a merge needed? Behind an if, when the condition diverges; behind a loop, when lanes leave it
 * at different times; at a loop's header, when some lanes continue early. A uniform phi never merges:
 * the value is the same from every side that lanes come from.
 *
 * One uniform phi is special. NIR calls a value that leaves a divergent loop uniform if it is the same
 * in each iteration; but a scalar register written when some lanes have left is undefined for them.
 * Such a value is carried in a vector (or mask) variable and read with readfirst behind the loop.
 */

#include "util/hash_table.h"

#include "npu_isel.h"

struct phi_var {
   unsigned var;
   enum npu_file file;
   unsigned bits;
   bool merge;       /* writes inside the construct merge under exec */
   bool uniform_out; /* a V or M variable of a uniform phi: read through readfirst */
};

static nir_loop *
loop_before(const nir_block *block)
{
   nir_cf_node *prev = nir_cf_node_prev((nir_cf_node *)&block->cf_node);

   return prev && prev->type == nir_cf_node_loop ? nir_cf_node_as_loop(prev) : NULL;
}

static nir_if *
if_before(const nir_block *block)
{
   nir_cf_node *prev = nir_cf_node_prev((nir_cf_node *)&block->cf_node);

   return prev && prev->type == nir_cf_node_if ? nir_cf_node_as_if(prev) : NULL;
}

/* A uniform value that is made inside of a loop: lanes that left the loop before the last iteration
 * must not see a scalar register written after they left. */
static bool
made_in_loop(const nir_phi_instr *phi, const nir_loop *loop)
{
   unsigned first = nir_loop_first_block((nir_loop *)loop)->index;

   nir_foreach_phi_src(src, phi) {
      const nir_instr *parent = src->src.ssa->parent_instr;

      if (parent->type != nir_instr_type_load_const && parent->type != nir_instr_type_undef &&
          parent->block->index >= first)
         return true;
   }
   return false;
}

static const struct phi_var *
get_phi_var(struct npu_isel *ctx, nir_phi_instr *phi)
{
   struct hash_entry *entry = _mesa_hash_table_search(ctx->phi_vars, phi);
   if (entry)
      return entry->data;

   nir_block *block = phi->instr.block;
   nir_loop *loop = loop_before(block);
   nir_if *nif = if_before(block);
   struct phi_var *info = rzalloc(ctx, struct phi_var);

   info->file = npu_isel_file(&phi->def);
   if (loop) {
      info->merge = loop->divergent_break;
      if (info->merge && info->file == NPU_FILE_S && made_in_loop(phi, loop)) {
         info->file = phi->def.bit_size == 1 ? NPU_FILE_M : NPU_FILE_V;
         info->uniform_out = true;
      }
   } else if (nif) {
      info->merge = nif->condition.ssa->divergent;
   } else {
      info->merge = nir_cf_node_as_loop(block->cf_node.parent)->divergent_continue;
   }

   /* A uniform phi has the same value from every side that lanes come from: nothing to merge. */
   info->merge &= info->file != NPU_FILE_S;
   info->bits = info->file == NPU_FILE_M ? 1 : phi->def.bit_size == 64 ? 64 : 32;
   info->var = npu_var_create(ctx->vars, info->file, info->bits);

   _mesa_hash_table_insert(ctx->phi_vars, phi, info);
   return info;
}

/* From here on, nothing has been written to the phis of a block. */
void
npu_isel_declare_phis(struct npu_isel *ctx, nir_block *block)
{
   nir_foreach_phi(phi, block) {
      const struct phi_var *info = get_phi_var(ctx, phi);

      if (info->merge)
         npu_var_write(ctx->vars, info->var, npu_isel_block(ctx),
                       npu_undef(info->file, info->bits, 1));
   }
}

void
npu_isel_read_phi(struct npu_isel *ctx, nir_phi_instr *phi)
{
   const struct phi_var *info = get_phi_var(ctx, phi);
   struct npu_ref value = npu_var_read(ctx->vars, info->var, npu_isel_block(ctx));

   if (info->uniform_out && info->file == NPU_FILE_M) {
      struct npu_ref srcs[2] = {npu_exec(), value};
      struct npu_ref active = npu_build_alu(&ctx->b, NPU_OP_MAND, NPU_FILE_M, srcs, 2);

      value = npu_build_alu(&ctx->b, NPU_OP_MANY, NPU_FILE_S, &active, 1);
   } else if (info->uniform_out) {
      unsigned op = info->bits == 64 ? NPU_OP_READFIRST_B64 : NPU_OP_READFIRST_B32;
      value = npu_build_alu(&ctx->b, op, NPU_FILE_S, &value, 1);
   }
   npu_isel_set(ctx, &phi->def, value);
}

static struct npu_ref
phi_value(struct npu_isel *ctx, const struct phi_var *info, nir_def *def)
{
   struct npu_ref value = npu_isel_def(ctx, def, 0);

   if (npu_is_imm(value) && info->file != NPU_FILE_M) {
      value.bits = info->bits;
      value.imm &= u_uintN_max(info->bits);
      return value;
   }

   switch (info->file) {
   case NPU_FILE_V:
      value = npu_isel_to_v(ctx, value, info->bits);
      break;
   case NPU_FILE_S:
      value = npu_isel_clean(ctx, value, info->bits);
      break;
   case NPU_FILE_M:
      return npu_isel_to_m(ctx, value);
   case NPU_NUM_FILES:
      unreachable("no such register file");
   }

   /* Phis want one type: a narrower value is copied. */
   if (npu_is_ssa(value) && value.bits != info->bits) {
      unsigned op = info->bits == 64 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32;
      value = npu_build_alu(&ctx->b, op, info->file, &value, 1);
   }
   return value;
}

/* Writes the phis of a successor of the NIR block that ends here, for the lanes of a mask. */
void
npu_isel_write_phis(struct npu_isel *ctx, nir_block *pred, nir_block *succ, struct npu_ref lanes)
{
   /* The way into a loop sets all lanes; nothing of the loop's is in the variable. */
   bool enters_loop = succ->cf_node.parent->type == nir_cf_node_loop &&
                      nir_loop_first_block(nir_cf_node_as_loop(succ->cf_node.parent)) == succ &&
                      pred == nir_cf_node_as_block(nir_cf_node_prev(succ->cf_node.parent));

   nir_foreach_phi(phi, succ) {
      const struct phi_var *info = get_phi_var(ctx, phi);
      nir_def *def = nir_phi_get_src_from_block(phi, pred)->src.ssa;
      bool merge = info->merge && !enters_loop;

      if (def->parent_instr->type == nir_instr_type_undef) {
         if (!merge)
            npu_var_write(ctx->vars, info->var, npu_isel_block(ctx),
                          npu_undef(info->file, info->bits, 1));
         continue;
      }

      struct npu_ref value = phi_value(ctx, info, def);
      if (merge) {
         struct npu_ref old = npu_var_read(ctx->vars, info->var, npu_isel_block(ctx));

         if (old.kind != NPU_REF_UNDEF)
            value = npu_build_sel(&ctx->b, info->file, info->bits, lanes, value, old);
      }
      npu_var_write(ctx->vars, info->var, npu_isel_block(ctx), value);
   }
}
