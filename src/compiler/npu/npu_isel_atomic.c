/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: atomics on global and local memory, 32 and 64 bits.
 *
 * All are relaxed; fences come from NIR's barriers. An atomic whose result nobody reads is issued
 * without one.
 */

#include "npu_isel.h"

struct atomic_line {
   enum npu_alu offset, lane; /* address forms o and a; NPU_ALU_NONE: no such operation */
   bool is_float;
};

/* A switch, so that the compiler says when NIR grows an operation. */
static struct atomic_line
atomic_line(nir_atomic_op op)
{
#define LINE(name, is_float)                                                                       \
   (struct atomic_line)                                                                            \
   {                                                                                               \
      NPU_ALU_ATOM_##name##_O, NPU_ALU_ATOM_##name##_A, is_float                                   \
   }

   switch (op) {
   case nir_atomic_op_iadd:
      return LINE(IADD, false);
   case nir_atomic_op_imin:
      return LINE(IMIN, false);
   case nir_atomic_op_umin:
      return LINE(UMIN, false);
   case nir_atomic_op_imax:
      return LINE(IMAX, false);
   case nir_atomic_op_umax:
      return LINE(UMAX, false);
   case nir_atomic_op_iand:
      return LINE(IAND, false);
   case nir_atomic_op_ior:
      return LINE(IOR, false);
   case nir_atomic_op_ixor:
      return LINE(IXOR, false);
   case nir_atomic_op_xchg:
      return LINE(XCHG, false);
   case nir_atomic_op_cmpxchg:
      return LINE(CMPXCHG, false);
   case nir_atomic_op_fadd:
      return LINE(FADD, true);
   case nir_atomic_op_fmin:
      return LINE(FMIN, true);
   case nir_atomic_op_fmax:
      return LINE(FMAX, true);
   case nir_atomic_op_fcmpxchg:
   case nir_atomic_op_inc_wrap:
   case nir_atomic_op_dec_wrap:
   case nir_atomic_op_ordered_add_gfx12_amd:
      break;
   }
   return (struct atomic_line){NPU_ALU_NONE, NPU_ALU_NONE, false};
#undef LINE
}

bool
npu_isel_atomic(struct npu_isel *ctx, nir_intrinsic_instr *intrin)
{
   struct npu_isel_access access = {.atomic = true};
   bool swap = false;

   switch (intrin->intrinsic) {
   case nir_intrinsic_global_atomic_swap:
      swap = true;
      FALLTHROUGH;
   case nir_intrinsic_global_atomic:
      access.space = NPU_SPACE_GLOBAL;
      break;
   case nir_intrinsic_shared_atomic_swap:
      swap = true;
      FALLTHROUGH;
   case nir_intrinsic_shared_atomic:
      access.space = NPU_SPACE_LOCAL;
      break;
   default:
      return false;
   }

   unsigned bits = intrin->def.bit_size;
   struct atomic_line line = atomic_line(nir_intrinsic_atomic_op(intrin));
   enum npu_type type = line.is_float ? npu_isel_float_type(bits) : npu_isel_int_type(bits);
   struct npu_isel_addr addr = npu_isel_address(ctx, intrin->src[0], &access);

   if (nir_intrinsic_has_base(intrin) && nir_intrinsic_base(intrin) != 0) {
      struct npu_ref srcs[2] = {addr.base, npu_imm(nir_intrinsic_base(intrin))};
      addr.base = npu_build_alu(&ctx->b, NPU_OP_IADD_I64, NPU_FILE_S, srcs, 2);
   }

   enum npu_op op = npu_op_for(addr.form == NPU_ADDR_A ? line.lane : line.offset, type);
   if (op == NPU_OP_NONE) {
      npu_isel_error(ctx, "this atomic operation on %u bits is not supported", bits);
      return true;
   }

   struct npu_ref data = npu_isel_src(ctx, intrin->src[1], 0);
   struct npu_ref data2 = {.kind = NPU_REF_NULL};
   if (swap)
      data2 = npu_isel_src(ctx, intrin->src[2], 0);

   struct npu_mem_fields mem = {.space = access.space,
                                .scale_log2 = addr.scale_log2,
                                .sx = addr.sx};
   bool want_result = !nir_def_is_unused(&intrin->def);
   struct npu_ref old = npu_build_atomic(&ctx->b, op, addr.base, addr.index, data, data2, mem,
                                         want_result);

   if (want_result)
      npu_isel_set(ctx, &intrin->def, old);
   return true;
}
