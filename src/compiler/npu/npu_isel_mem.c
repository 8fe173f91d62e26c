/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: loads and stores.
 *
 * An access has 1 to 4 components of 8 to 64 bits (npu_nir_lower_mem_size). Loads whose result is
 * uniform become scalar loads, stores of uniform data to a uniform address scalar stores;
 * everything else is a vector access in the form npu_isel_address() finds.
 */

#include "npu_isel.h"

static enum npu_space
address_space(nir_intrinsic_op op)
{
   switch (op) {
   case nir_intrinsic_load_shared:
   case nir_intrinsic_store_shared:
      return NPU_SPACE_LOCAL;
   case nir_intrinsic_load_scratch:
   case nir_intrinsic_store_scratch:
      return NPU_SPACE_PRIVATE;
   default:
      return NPU_SPACE_GLOBAL;
   }
}

static struct npu_mem_fields
mem_fields(const struct npu_isel_addr *addr, const struct npu_isel_access *access, unsigned bits,
           unsigned count)
{
   return (struct npu_mem_fields){
      .width_log2 = util_logbase2(bits / 8),
      .count = count,
      .space = access->space,
      .scale_log2 = addr->scale_log2,
      .sx = addr->sx,
      .imm = addr->imm,
   };
}

/* The base of shared accesses is a constant of the instruction. */
static void
add_base(struct npu_isel_addr *addr, struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   if (!nir_intrinsic_has_base(intrin) || nir_intrinsic_base(intrin) == 0)
      return;
   addr->imm += nir_intrinsic_base(intrin);
   if (addr->imm > INT16_MAX)
      npu_isel_error(ctx, "constant offset of a shared access is out of range");
}

static const unsigned load_ops[] = {
   [NPU_ADDR_S] = NPU_OP_LD_S, [NPU_ADDR_U] = NPU_OP_LD_U, [NPU_ADDR_X] = NPU_OP_LD_X,
   [NPU_ADDR_O] = NPU_OP_LD_O, [NPU_ADDR_A] = NPU_OP_LD_A,
};

static const unsigned store_ops[] = {
   [NPU_ADDR_S] = NPU_OP_ST_S, [NPU_ADDR_U] = NPU_OP_ST_U, [NPU_ADDR_X] = NPU_OP_ST_X,
   [NPU_ADDR_O] = NPU_OP_ST_O, [NPU_ADDR_A] = NPU_OP_ST_A,
};

static void
set_loaded(struct npu_isel *ctx, nir_def *def, struct npu_ref value)
{
   struct npu_ref comps[NPU_MAX_COMPS];

   npu_build_split(&ctx->b, value, comps);
   npu_isel_set_comps(ctx, def, comps);
}

static bool
good_shape(struct npu_isel *ctx, unsigned bits, unsigned count)
{
   bool good = bits >= 8 && bits <= 64 && count <= NPU_MAX_COMPS;

   if (!good)
      npu_isel_error(ctx, "memory access of %u components of %u bits", count, bits);
   return good;
}

/* An argument: base + offset in the argument block. */
static void
load_argument(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   nir_def *def = &intrin->def;
   struct npu_ref args = npu_build_rdsr(&ctx->b, NPU_SR_ARGS);
   struct npu_ref offset = npu_isel_src(ctx, intrin->src[1], 0);
   struct npu_isel_access access = {.space = NPU_SPACE_GLOBAL};
   struct npu_isel_addr addr = {.base = args, .index = {.kind = NPU_REF_NULL}};
   uint32_t end;

   if (!nir_src_is_const(intrin->src[0]) || nir_src_as_uint(intrin->src[0]) != 0) {
      npu_isel_error(ctx, "constant buffer other than 0");
      return;
   }

   if (npu_is_imm(offset)) {
      end = offset.imm + def->num_components * def->bit_size / 8;
   } else {
      uint32_t range = nir_intrinsic_range(intrin);
      end = range == ~0u ? ctx->nir->num_uniforms : nir_intrinsic_range_base(intrin) + range;
   }
   ctx->shader->info.args_size_B = MAX2(ctx->shader->info.args_size_B, end);

   if (def->divergent) {
      addr.form = NPU_ADDR_O;
      addr.index = npu_isel_to_v(ctx, offset, 32);
   } else if (npu_is_imm(offset) && offset.imm <= INT16_MAX) {
      addr.form = NPU_ADDR_S;
      addr.imm = offset.imm;
   } else {
      struct npu_ref srcs[2] = {args, npu_isel_clean(ctx, offset, 32)};

      addr.form = NPU_ADDR_S;
      addr.base = npu_build_alu(&ctx->b, NPU_OP_IADD_I64, NPU_FILE_S, srcs, 2);
   }

   set_loaded(ctx, def,
              npu_build_load(&ctx->b, load_ops[addr.form], addr.base, addr.index,
                             mem_fields(&addr, &access, def->bit_size, def->num_components)));
}

bool
npu_isel_load(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   nir_def *def = &intrin->def;

   switch (intrin->intrinsic) {
   case nir_intrinsic_load_ubo:
   case nir_intrinsic_load_global:
   case nir_intrinsic_load_global_constant:
   case nir_intrinsic_load_shared:
   case nir_intrinsic_load_scratch:
      break;
   default:
      return false;
   }

   if (!good_shape(ctx, def->bit_size, def->num_components))
      return true;
   if (intrin->intrinsic == nir_intrinsic_load_ubo) {
      load_argument(ctx, intrin);
      return true;
   }

   struct npu_isel_access access = {
      .space = address_space(intrin->intrinsic),
      .bytes = def->num_components * def->bit_size / 8,
      .scalar = !def->divergent,
   };
   struct npu_isel_addr addr = npu_isel_address(ctx, intrin->src[0], &access);

   add_base(&addr, ctx, intrin);
   set_loaded(ctx, def,
              npu_build_load(&ctx->b, load_ops[addr.form], addr.base, addr.index,
                             mem_fields(&addr, &access, def->bit_size, def->num_components)));
   return true;
}

bool
npu_isel_store(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   switch (intrin->intrinsic) {
   case nir_intrinsic_store_global:
   case nir_intrinsic_store_shared:
   case nir_intrinsic_store_scratch:
      break;
   default:
      return false;
   }

   nir_def *value = intrin->src[0].ssa;
   unsigned bits = value->bit_size, count = value->num_components;

   if (!good_shape(ctx, bits, count))
      return true;
   assert(nir_intrinsic_write_mask(intrin) == nir_component_mask(count) && "holes are split off");

   struct npu_isel_access access = {
      .space = address_space(intrin->intrinsic),
      .bytes = count * bits / 8,
      .scalar = !value->divergent && !intrin->src[1].ssa->divergent &&
                intrin->intrinsic != nir_intrinsic_store_scratch,
   };
   struct npu_isel_addr addr = npu_isel_address(ctx, intrin->src[1], &access);
   struct npu_ref comps[NPU_MAX_COMPS];

   add_base(&addr, ctx, intrin);
   for (unsigned i = 0; i < count; i++) {
      comps[i] = npu_isel_src(ctx, intrin->src[0], i);
      if (addr.form != NPU_ADDR_S)
         comps[i] = npu_isel_to_v(ctx, comps[i], bits);
      else if (npu_is_imm(comps[i]))
         comps[i] = npu_build_copy(&ctx->b, NPU_FILE_S, bits, comps[i]);
   }

   npu_build_store(&ctx->b, store_ops[addr.form], addr.base, addr.index,
                   npu_build_collect(&ctx->b, comps, count),
                   mem_fields(&addr, &access, bits, count));
   return true;
}
