/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: operations between the lanes of a wave, as npu_nir_lower_subgroups leaves
 * them.
 *
 * Votes and ballots look at masks, whose bits of inactive lanes mean nothing: they are combined
 * with exec first.
 */

#include "npu_isel.h"

static struct npu_ref
op1(struct npu_isel *ctx, enum npu_op op, enum npu_file file, struct npu_ref x)
{
   return npu_build_alu(&ctx->b, op, file, &x, 1);
}

static struct npu_ref
op2(struct npu_isel *ctx, enum npu_op op, enum npu_file file, struct npu_ref x, struct npu_ref y)
{
   struct npu_ref srcs[2] = {x, y};

   return npu_build_alu(&ctx->b, op, file, srcs, 2);
}

/* exec & x, exec & ~x. */
static struct npu_ref
active(struct npu_isel *ctx, enum npu_op op, struct npu_ref x)
{
   return op2(ctx, op, NPU_FILE_M, npu_exec(), npu_isel_to_m(ctx, x));
}

static struct npu_ref
vector_src(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   return npu_isel_to_v(ctx, npu_isel_src(ctx, intrin->src[0], 0), intrin->def.bit_size);
}

enum reduction {
   REDUCE,
   SCAN_INCLUSIVE,
   SCAN_EXCLUSIVE
};

static enum npu_op
reduction_op(enum reduction kind, nir_op op, unsigned bits)
{
#define LINE(name, type)                                                                           \
   {                                                                                               \
      static const enum npu_alu base[] = {NPU_ALU_REDUCE_##name, NPU_ALU_SCAN_INC_##name,          \
                                          NPU_ALU_SCAN_EXC_##name};                                \
      return npu_op_for(base[kind], npu_isel_##type##_type(bits));                                 \
   }

   switch (op) {
   case nir_op_iadd:
      LINE(IADD, int)
   case nir_op_imul:
      LINE(IMUL, int)
   case nir_op_imin:
      LINE(IMIN, int)
   case nir_op_imax:
      LINE(IMAX, int)
   case nir_op_umin:
      LINE(UMIN, int)
   case nir_op_umax:
      LINE(UMAX, int)
   case nir_op_iand:
      LINE(IAND, int)
   case nir_op_ior:
      LINE(IOR, int)
   case nir_op_ixor:
      LINE(IXOR, int)
   case nir_op_fadd:
      LINE(FADD, float)
   case nir_op_fmul:
      LINE(FMUL, float)
   case nir_op_fmin:
      LINE(FMIN, float)
   case nir_op_fmax:
      LINE(FMAX, float)
   default:
      return NPU_OP_NONE;
   }
#undef LINE
}

static void
select_reduction(struct npu_isel *ctx, nir_intrinsic_instr *intrin, enum reduction kind)
{
   nir_def *def = &intrin->def;
   enum npu_op op = reduction_op(kind, nir_intrinsic_reduction_op(intrin), def->bit_size);

   if (op == NPU_OP_NONE) {
      npu_isel_error(ctx, "reduction with %s of %u bits is not supported",
                     nir_op_infos[nir_intrinsic_reduction_op(intrin)].name, def->bit_size);
      return;
   }

   struct npu_ref value = op1(ctx, op, kind == REDUCE ? NPU_FILE_S : NPU_FILE_V,
                              vector_src(ctx, intrin));
   npu_isel_set(ctx, def, value);
}

/* The value of another lane: src1 is its number. */
static void
select_shuffle(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   nir_def *def = &intrin->def;
   struct npu_ref lane = npu_isel_src(ctx, intrin->src[1], 0);
   struct npu_ref value = npu_isel_src(ctx, intrin->src[0], 0);
   bool wide = def->bit_size == 64;

   if (!intrin->src[0].ssa->divergent) {
      npu_isel_set(ctx, def, value);
      return;
   }
   if (!intrin->src[1].ssa->divergent) {
      npu_isel_set(ctx, def,
                   op2(ctx, wide ? NPU_OP_READLANE_B64 : NPU_OP_READLANE_B32, NPU_FILE_S,
                       npu_isel_to_v(ctx, value, def->bit_size), lane));
      return;
   }

   struct npu_ref shuffled = op2(ctx, wide ? NPU_OP_SHUFFLE_B64 : NPU_OP_SHUFFLE_B32, NPU_FILE_V,
                                 npu_isel_to_v(ctx, value, def->bit_size), lane);

   /* NIR may know that all lanes ask for the same one without the number being uniform for us. */
   if (!def->divergent)
      shuffled = op1(ctx, wide ? NPU_OP_READFIRST_B64 : NPU_OP_READFIRST_B32, NPU_FILE_S, shuffled);
   npu_isel_set(ctx, def, shuffled);
}

bool
npu_isel_subgroup(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   nir_def *def = &intrin->def;
   struct npu_ref value;

   switch (intrin->intrinsic) {
   case nir_intrinsic_vote_any:
      value = active(ctx, NPU_OP_MAND, npu_isel_src(ctx, intrin->src[0], 0));
      value = op1(ctx, NPU_OP_MANY, NPU_FILE_S, value);
      break;

   case nir_intrinsic_vote_all:
      value = active(ctx, NPU_OP_MANDN, npu_isel_src(ctx, intrin->src[0], 0));
      value = op1(ctx, NPU_OP_MANY, NPU_FILE_S, value);
      value = op2(ctx, NPU_OP_IXOR_I32, NPU_FILE_S, value, npu_imm(1));
      break;

   case nir_intrinsic_ballot:
      value = active(ctx, NPU_OP_MAND, npu_isel_src(ctx, intrin->src[0], 0));
      value = op1(ctx, NPU_OP_MTOS, NPU_FILE_S, value);
      break;

   case nir_intrinsic_inverse_ballot:
      value = npu_isel_src(ctx, intrin->src[0], 0);
      /* All active lanes have the same; the analysis need not know. */
      if (intrin->src[0].ssa->divergent)
         value = op1(ctx, NPU_OP_READFIRST_B32, NPU_FILE_S, npu_isel_to_v(ctx, value, 32));
      value = op1(ctx, NPU_OP_MFROMS, NPU_FILE_M, value);
      break;

   case nir_intrinsic_elect:
      value = npu_build_alu(&ctx->b, NPU_OP_ELECT, NPU_FILE_M, NULL, 0);
      break;

   case nir_intrinsic_read_first_invocation:
      value = npu_isel_src(ctx, intrin->src[0], 0);
      if (intrin->src[0].ssa->divergent && def->bit_size == 1) {
         struct npu_ref first = npu_build_alu(&ctx->b, NPU_OP_ELECT, NPU_FILE_M, NULL, 0);

         value = op2(ctx, NPU_OP_MAND, NPU_FILE_M, first, npu_isel_to_m(ctx, value));
         value = op1(ctx, NPU_OP_MANY, NPU_FILE_S, value);
      } else if (intrin->src[0].ssa->divergent) {
         value = op1(ctx, def->bit_size == 64 ? NPU_OP_READFIRST_B64 : NPU_OP_READFIRST_B32,
                     NPU_FILE_S, vector_src(ctx, intrin));
      }
      break;

   case nir_intrinsic_read_invocation:
   case nir_intrinsic_shuffle:
      select_shuffle(ctx, intrin);
      return true;

   case nir_intrinsic_reduce:
      select_reduction(ctx, intrin, REDUCE);
      return true;
   case nir_intrinsic_inclusive_scan:
      select_reduction(ctx, intrin, SCAN_INCLUSIVE);
      return true;
   case nir_intrinsic_exclusive_scan:
      select_reduction(ctx, intrin, SCAN_EXCLUSIVE);
      return true;

   default:
      return false;
   }

   npu_isel_set(ctx, def, value);
   return true;
}
