/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: NIR in, IR in SSA form out. This file holds the entry point and the
 * operands; npu_isel_cf.c walks the control flow and calls one function per instruction, which
 * stand in npu_isel_alu.c, _cvt.c, _intrinsic.c, _mem.c, _atomic.c and _subgroup.c.
 *
 * Selection is macro expansion: each NIR instruction becomes its machine instructions where it
 * stands. Optimisation is left to NIR before and to the IR's own passes after, apart from what
 * would be hard to find again: source modifiers, memory forms, files.
 *
 * Values that leave their region. On the linear control flow graph a definition dominates what is
 * emitted while its region (struct npu_isel_region) is open. NIR may use it later all the same:
 * after if (c) { break; } else { x = ...; } NIR's x dominates what follows, since nobody comes out
 * of the other side; on the linear graph a path leads around the definition. Such a use reads a
 * variable instead, whose value on that path is undef - no lane that needs x went there.
 */

#include "util/hash_table.h"

#include "npu_isel.h"

void
npu_isel_error(struct npu_isel *ctx, const char *format, ...)
{
   if (ctx->error)
      return;

   va_list args;
   va_start(args, format);
   if (vasprintf(&ctx->error, format, args) < 0)
      ctx->error = NULL;
   va_end(args);
}

/* ---- types ---- */

enum npu_type
npu_isel_int_type(unsigned bits)
{
   switch (bits) {
   case 8:
      return NPU_TYPE_I8;
   case 16:
      return NPU_TYPE_I16;
   case 32:
      return NPU_TYPE_I32;
   case 64:
      return NPU_TYPE_I64;
   }
   return NPU_TYPE_NONE;
}

enum npu_type
npu_isel_uint_type(unsigned bits)
{
   switch (bits) {
   case 8:
      return NPU_TYPE_U8;
   case 16:
      return NPU_TYPE_U16;
   case 32:
      return NPU_TYPE_U32;
   case 64:
      return NPU_TYPE_U64;
   }
   return NPU_TYPE_NONE;
}

enum npu_type
npu_isel_float_type(unsigned bits)
{
   switch (bits) {
   case 16:
      return NPU_TYPE_F16;
   case 32:
      return NPU_TYPE_F32;
   case 64:
      return NPU_TYPE_F64;
   }
   return NPU_TYPE_NONE;
}

/* ---- operands ---- */

enum npu_file
npu_isel_file(const nir_def *def)
{
   if (!def->divergent)
      return NPU_FILE_S;
   return def->bit_size == 1 ? NPU_FILE_M : NPU_FILE_V;
}

void
npu_isel_set_comps(struct npu_isel *ctx, nir_def *def, const struct npu_ref *comps)
{
   struct npu_ref *copy = ralloc_array(ctx->defs, struct npu_ref, def->num_components);

   memcpy(copy, comps, def->num_components * sizeof(*copy));
   ctx->defs[def->index] = copy;
   ctx->def_regions[def->index] = ctx->region;
   ctx->def_blocks[def->index] = npu_isel_block(ctx);
}

void
npu_isel_set(struct npu_isel *ctx, nir_def *def, struct npu_ref ref)
{
   assert(def->num_components == 1 && "scalar definition");
   npu_isel_set_comps(ctx, def, &ref);
}

/* A value whose region is closed: through a variable, see the head of this file. */
static struct npu_ref
read_outside(struct npu_isel *ctx, nir_def *def, unsigned comp)
{
   uint64_t key = (uint64_t)def->index * NIR_MAX_VEC_COMPONENTS + comp + 1;
   struct npu_ref value = ctx->defs[def->index][comp];
   uintptr_t var = (uintptr_t)_mesa_hash_table_u64_search(ctx->def_vars, key);

   if (!var) {
      var = npu_var_create(ctx->vars, value.file, value.bits) + 1;
      _mesa_hash_table_u64_insert(ctx->def_vars, key, (void *)var);
      npu_var_write(ctx->vars, var - 1, ctx->def_blocks[def->index], value);
   }
   return npu_var_read(ctx->vars, var - 1, npu_isel_block(ctx));
}

struct npu_ref
npu_isel_def(struct npu_isel *ctx, nir_def *def, unsigned comp)
{
   nir_scalar scalar = nir_get_scalar(def, comp);

   if (nir_scalar_is_const(scalar))
      return npu_imm(nir_scalar_as_uint(scalar));
   if (nir_scalar_is_undef(scalar))
      return npu_imm(0);

   assert(ctx->defs[def->index] && "definition stands before its use");
   struct npu_ref value = ctx->defs[def->index][comp];

   if (npu_is_ssa(value) && !ctx->def_regions[def->index]->open)
      return read_outside(ctx, def, comp);
   return value;
}

struct npu_ref
npu_isel_scalar(struct npu_isel *ctx, nir_scalar scalar)
{
   return npu_isel_def(ctx, scalar.def, scalar.comp);
}

struct npu_ref
npu_isel_src(struct npu_isel *ctx, nir_src src, unsigned comp)
{
   return npu_isel_def(ctx, src.ssa, comp);
}

struct npu_ref
npu_isel_to_v(struct npu_isel *ctx, struct npu_ref ref, unsigned bits)
{
   if (ref.kind == NPU_REF_UNDEF)
      return npu_undef(NPU_FILE_V, MAX2(bits, 32), 1);
   if (npu_is_ssa(ref) && ref.file == NPU_FILE_V) {
      assert((bits == 64) == (ref.bits == 64) && "64-bit vector values have their own layout");
      return ref;
   }

   /* Copies move 32 or 64 bits; a narrow value in a wide scalar may be dirty above its bits anyway.
    */
   unsigned op = bits == 64 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32;
   return npu_build_alu(&ctx->b, op, NPU_FILE_V, &ref, 1);
}

struct npu_ref
npu_isel_to_m(struct npu_isel *ctx, struct npu_ref ref)
{
   if (ref.kind == NPU_REF_EXEC || (npu_is_ssa(ref) && ref.file == NPU_FILE_M))
      return ref;
   if (ref.kind == NPU_REF_UNDEF)
      return npu_undef(NPU_FILE_M, 1, 1);
   if (npu_is_imm(ref)) {
      struct npu_ref bits = npu_imm(ref.imm ? UINT32_MAX : 0);
      return npu_build_alu(&ctx->b, NPU_OP_MFROMS, NPU_FILE_M, &bits, 1);
   }
   return npu_build_alu(&ctx->b, NPU_OP_MBCAST, NPU_FILE_M, &ref, 1);
}

struct npu_ref
npu_isel_clean(struct npu_isel *ctx, struct npu_ref ref, unsigned bits)
{
   if (npu_is_imm(ref)) {
      ref.imm &= u_uintN_max(bits);
      return ref;
   }
   if (!npu_is_ssa(ref) || ref.bits <= bits)
      return ref;
   if (bits == 32)
      return npu_build_alu(&ctx->b, NPU_OP_MOV_B32, ref.file, &ref, 1);

   assert(bits < 32 && "a 64-bit register holds at most 64 bits");
   return npu_build_alu(&ctx->b, npu_op_cvt(NPU_TYPE_U32, npu_isel_uint_type(bits)), ref.file, &ref,
                        1);
}

/* Merges of variables that turned out to have no old value - which shows only when all phis are
 * known - are copies. */
static void
simplify_merges(struct npu_shader *shader)
{
   npu_foreach_instr(shader, instr) {
      unsigned copy;

      if (instr->op == NPU_OP_SEL_B32)
         copy = NPU_OP_MOV_B32;
      else if (instr->op == NPU_OP_SEL_B64)
         copy = NPU_OP_MOV_B64;
      else if (instr->op == NPU_OP_MSEL)
         copy = NPU_OP_MMOV;
      else
         continue;

      if (instr->src[2].kind == NPU_REF_UNDEF) {
         instr->op = copy;
         instr->src[0] = instr->src[1];
         instr->num_srcs = 1;
      }
   }
}

/* ---- entry point ---- */

/* The needs of a launch; the back end adds its own. */
static void
fill_info(struct npu_isel *ctx)
{
   struct npu_kernel_info *info = &ctx->shader->info;
   const nir_shader *nir = ctx->nir;

   info->local_size_B = nir->info.shared_size;
   info->private_size_B = ALIGN_POT(nir->scratch_size, 4);
   info->max_threads = NPU_MAX_THREADS;
   if (!nir->info.workgroup_size_variable) {
      for (unsigned i = 0; i < 3; i++)
         info->block[i] = nir->info.workgroup_size[i];
   }
}

struct npu_shader *
npu_isel(nir_shader *nir, void *mem_ctx, const char *name, char **error)
{
   nir_function_impl *impl = nir_shader_get_entrypoint(nir);

   nir_index_blocks(impl);
   nir_index_ssa_defs(impl);

   struct npu_isel *ctx = rzalloc(NULL, struct npu_isel);
   ctx->nir = nir;
   ctx->impl = impl;
   ctx->shader = npu_shader_create(mem_ctx, name);
   ctx->b = npu_builder_at(ctx->shader, npu_after_block(npu_first_block(ctx->shader)));
   ctx->defs = rzalloc_array(ctx, struct npu_ref *, impl->ssa_alloc);
   ctx->def_regions = rzalloc_array(ctx, struct npu_isel_region *, impl->ssa_alloc);
   ctx->def_blocks = rzalloc_array(ctx, struct npu_block *, impl->ssa_alloc);
   ctx->def_vars = _mesa_hash_table_u64_create(ctx);
   ctx->phi_vars = _mesa_pointer_hash_table_create(ctx);
   ctx->ranges.nir = nir;
   ctx->ranges.cache = _mesa_pointer_hash_table_create(ctx);
   ctx->vars = npu_vars_create(ctx->shader);

   fill_info(ctx);
   npu_isel_cf(ctx);
   if (!ctx->error) {
      npu_vars_finish(ctx->vars);
      simplify_merges(ctx->shader);
   }

   struct npu_shader *shader = ctx->shader;
   *error = ctx->error;
   if (ctx->error) {
      ralloc_free(shader);
      shader = NULL;
   }
   ralloc_free(ctx);
   return shader;
}
