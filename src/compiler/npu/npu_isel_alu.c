/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Instruction selection: arithmetic.
 *
 * Most operations are one line of a table: NIR operation -> operation of the ISA, which exists at
 * every width of its kind. The type comes from the bit size of source 0, or of the result where
 * source 0 has a fixed size. The rest are short sequences in functions of their own.
 */

#include "npu_isel.h"

enum alu_kind {
   ALU_NONE,
   ALU_INT,
   ALU_FLOAT,
   ALU_I32,
   ALU_U32,
   ALU_B64
};

struct alu_line {
   enum npu_alu base;
   enum alu_kind kind;
   bool swap; /* the first two sources change places */
   bool sat;
};

#define INT(op)     {NPU_ALU_##op, ALU_INT}
#define FLOAT(op)   {NPU_ALU_##op, ALU_FLOAT}
#define SWAP(op, k) {NPU_ALU_##op, ALU_##k, .swap = true}

static const struct alu_line table[nir_num_opcodes] = {
   [nir_op_iadd] = INT(IADD),
   [nir_op_isub] = INT(ISUB),
   [nir_op_imul] = INT(IMUL),
   [nir_op_amul] = INT(IMUL),
   [nir_op_imad] = INT(IMAD),
   [nir_op_imul_high] = INT(IMULH),
   [nir_op_umul_high] = INT(UMULH),
   [nir_op_iand] = INT(IAND),
   [nir_op_ior] = INT(IOR),
   [nir_op_ixor] = INT(IXOR),
   [nir_op_inot] = INT(INOT),
   [nir_op_ineg] = INT(INEG),
   [nir_op_iabs] = INT(IABS),
   [nir_op_ishl] = INT(ISHL),
   [nir_op_ishr] = INT(ISHR),
   [nir_op_ushr] = INT(USHR),
   [nir_op_urol] = INT(ROTL),
   [nir_op_imin] = INT(IMIN),
   [nir_op_imax] = INT(IMAX),
   [nir_op_umin] = INT(UMIN),
   [nir_op_umax] = INT(UMAX),
   [nir_op_iadd_sat] = INT(IADD_SAT),
   [nir_op_uadd_sat] = INT(UADD_SAT),
   [nir_op_isub_sat] = INT(ISUB_SAT),
   [nir_op_usub_sat] = INT(USUB_SAT),
   [nir_op_ihadd] = INT(IHADD),
   [nir_op_uhadd] = INT(UHADD),
   [nir_op_irhadd] = INT(IRHADD),
   [nir_op_urhadd] = INT(URHADD),
   [nir_op_idiv] = INT(IDIV),
   [nir_op_udiv] = INT(UDIV),
   [nir_op_irem] = INT(IREM),
   [nir_op_umod] = INT(UREM),
   [nir_op_uabs_isub] = INT(IABSDIFF),
   [nir_op_uabs_usub] = INT(UABSDIFF),
   [nir_op_bit_count] = INT(POPCNT),
   [nir_op_uclz] = INT(CLZ),
   [nir_op_bitfield_reverse] = INT(BREV),

   [nir_op_ieq] = INT(ICMP_EQ),
   [nir_op_ine] = INT(ICMP_NE),
   [nir_op_ilt] = INT(ICMP_LT),
   [nir_op_ige] = SWAP(ICMP_LE, INT),
   [nir_op_ult] = INT(UCMP_LT),
   [nir_op_uge] = SWAP(UCMP_LE, INT),

   [nir_op_feq] = FLOAT(FCMP_EQ),
   [nir_op_fneu] = FLOAT(FCMP_NE),
   [nir_op_flt] = FLOAT(FCMP_LT),
   [nir_op_fge] = SWAP(FCMP_LE, FLOAT),

   [nir_op_fadd] = FLOAT(FADD),
   [nir_op_fsub] = FLOAT(FSUB),
   [nir_op_fmul] = FLOAT(FMUL),
   [nir_op_ffma] = FLOAT(FFMA),
   [nir_op_fdiv] = FLOAT(FDIV),
   [nir_op_fsqrt] = FLOAT(FSQRT),
   [nir_op_frcp] = FLOAT(FRCP),
   [nir_op_frsq] = FLOAT(FRSQ),
   [nir_op_fmin] = FLOAT(FMIN),
   [nir_op_fmax] = FLOAT(FMAX),
   [nir_op_ffloor] = FLOAT(FFLOOR),
   [nir_op_fceil] = FLOAT(FCEIL),
   [nir_op_ftrunc] = FLOAT(FTRUNC),
   [nir_op_fround_even] = FLOAT(FRNE),
   [nir_op_ffract] = FLOAT(FFRACT),
   [nir_op_fsat] = FLOAT(FSAT),
   [nir_op_fneg] = FLOAT(FMOV),
   [nir_op_fabs] = FLOAT(FMOV),
   [nir_op_ldexp] = FLOAT(LDEXP),
   [nir_op_frexp_sig] = FLOAT(FREXP_M),
   [nir_op_frexp_exp] = FLOAT(FREXP_E),
   [nir_op_fexp2] = FLOAT(FEXP2),
   [nir_op_flog2] = FLOAT(FLOG2),
   [nir_op_fsin] = FLOAT(FSIN),
   [nir_op_fcos] = FLOAT(FCOS),

   [nir_op_ubfe] = {NPU_ALU_UBFE, ALU_I32},
   [nir_op_ibfe] = {NPU_ALU_IBFE, ALU_I32},
   [nir_op_bfm] = {NPU_ALU_BFM, ALU_I32},
   [nir_op_bfi] = {NPU_ALU_BFI, ALU_I32},
   [nir_op_imul_2x32_64] = {NPU_ALU_IMULW, ALU_I32},
   [nir_op_umul_2x32_64] = {NPU_ALU_UMULW, ALU_I32},
   [nir_op_sdot_4x8_iadd] = {NPU_ALU_DP4A, ALU_I32},
   [nir_op_udot_4x8_uadd] = {NPU_ALU_DP4A, ALU_U32},
   [nir_op_sudot_4x8_iadd] = {NPU_ALU_DP4A_SU, ALU_I32},
   [nir_op_sdot_4x8_iadd_sat] = {NPU_ALU_DP4A, ALU_I32, .sat = true},
   [nir_op_udot_4x8_uadd_sat] = {NPU_ALU_DP4A, ALU_U32, .sat = true},
   [nir_op_sudot_4x8_iadd_sat] = {NPU_ALU_DP4A_SU, ALU_I32, .sat = true},
   [nir_op_sdot_2x16_iadd] = {NPU_ALU_DP2A, ALU_I32},
   [nir_op_udot_2x16_uadd] = {NPU_ALU_DP2A, ALU_U32},
   [nir_op_sdot_2x16_iadd_sat] = {NPU_ALU_DP2A, ALU_I32, .sat = true},
   [nir_op_udot_2x16_uadd_sat] = {NPU_ALU_DP2A, ALU_U32, .sat = true},
   [nir_op_pack_64_2x32_split] = {NPU_ALU_PACK, ALU_B64},
   [nir_op_unpack_64_2x32_split_y] = {NPU_ALU_HI, ALU_B64},
};

#undef INT
#undef FLOAT
#undef SWAP

static enum npu_op
table_op(nir_op op, unsigned bits)
{
   const struct alu_line *line = &table[op];

   switch (line->kind) {
   case ALU_NONE:
      return NPU_OP_NONE;
   case ALU_INT:
      return npu_op_for(line->base, npu_isel_int_type(bits));
   case ALU_FLOAT:
      return npu_op_for(line->base, npu_isel_float_type(bits));
   case ALU_I32:
      return npu_op_for(line->base, NPU_TYPE_I32);
   case ALU_U32:
      return npu_op_for(line->base, NPU_TYPE_U32);
   case ALU_B64:
      return npu_op_for(line->base, NPU_TYPE_B64);
   }
   unreachable("no such kind");
}

bool
npu_isel_alu_supported(nir_op op, unsigned bits)
{
   return table_op(op, bits) != NPU_OP_NONE;
}

/* ---- operands ---- */

static struct npu_ref
alu_src(struct npu_isel *ctx, nir_alu_instr *alu, unsigned i)
{
   return npu_isel_src(ctx, alu->src[i].src, alu->src[i].swizzle[0]);
}

struct npu_ref
npu_isel_float_src(struct npu_isel *ctx, nir_alu_instr *alu, unsigned i)
{
   nir_scalar scalar = nir_get_scalar(alu->src[i].src.ssa, alu->src[i].swizzle[0]);
   bool neg = false, abs = false;

   while (nir_scalar_is_alu(scalar)) {
      nir_op op = nir_scalar_alu_op(scalar);

      if (op == nir_op_fneg)
         neg ^= !abs;
      else if (op == nir_op_fabs)
         abs = true;
      else
         break;
      scalar = nir_scalar_chase_alu_src(scalar, 0);
   }

   struct npu_ref ref = npu_isel_scalar(ctx, scalar);
   if (abs)
      ref = npu_abs(ref);
   return neg ? npu_neg(ref) : ref;
}

static struct npu_ref
build(struct npu_isel *ctx, enum npu_op op, enum npu_file file, struct npu_ref x, struct npu_ref y)
{
   struct npu_ref srcs[2] = {x, y};

   return npu_build_alu(&ctx->b, op, file, srcs, npu_op_infos[op].num_srcs);
}

static struct npu_ref
build3(struct npu_isel *ctx, enum npu_op op, enum npu_file file, struct npu_ref x, struct npu_ref y,
       struct npu_ref z)
{
   struct npu_ref srcs[3] = {x, y, z};

   return npu_build_alu(&ctx->b, op, file, srcs, 3);
}

/* ---- one line of the table ---- */

static void
select_table(struct npu_isel *ctx, nir_alu_instr *alu, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   const struct alu_line *line = &table[alu->op];
   struct npu_ref srcs[NPU_MAX_SRCS];

   assert(info->num_srcs == nir_op_infos[alu->op].num_inputs && "table pairs equal arities");
   for (unsigned i = 0; i < info->num_srcs; i++) {
      unsigned from = line->swap && i < 2 ? 1 - i : i;

      srcs[i] = info->float_mods & (1u << i) ? npu_isel_float_src(ctx, alu, from)
                                             : alu_src(ctx, alu, from);
   }

   if (alu->op == nir_op_fneg)
      srcs[0] = npu_neg(srcs[0]);
   else if (alu->op == nir_op_fabs)
      srcs[0] = npu_abs(srcs[0]);

   struct npu_ref result;
   if (line->sat) {
      result = npu_temp(&ctx->b, npu_isel_file(&alu->def), info->dst.bits, 1);
      npu_build_to(&ctx->b, op, result, srcs, info->num_srcs)->sat = true;
   } else {
      result = npu_build_alu(&ctx->b, op, npu_isel_file(&alu->def), srcs, info->num_srcs);
   }
   npu_isel_set(ctx, &alu->def, result);
}

/* ---- booleans ---- */

/* Operations on booleans alone: masks, or scalars that are 0 or 1. */
static bool
select_bool(struct npu_isel *ctx, nir_alu_instr *alu)
{
   if (nir_src_bit_size(alu->src[0].src) != 1 || alu->def.bit_size != 1)
      return false;

   struct npu_ref x = alu_src(ctx, alu, 0), y = {.kind = NPU_REF_NULL};
   bool uniform = !alu->def.divergent;
   enum npu_file file = npu_isel_file(&alu->def);
   bool binary = nir_op_infos[alu->op].num_inputs == 2;
   enum npu_op op;

   if (binary)
      y = alu_src(ctx, alu, 1);
   if (!uniform) {
      x = npu_isel_to_m(ctx, x);
      if (binary)
         y = npu_isel_to_m(ctx, y);
   }

   switch (alu->op) {
   case nir_op_iand:
      op = uniform ? NPU_OP_IAND_I32 : NPU_OP_MAND;
      break;
   case nir_op_ior:
      op = uniform ? NPU_OP_IOR_I32 : NPU_OP_MOR;
      break;
   case nir_op_ixor:
   case nir_op_ine:
      op = uniform ? NPU_OP_IXOR_I32 : NPU_OP_MXOR;
      break;
   case nir_op_ieq:
      x = build(ctx, uniform ? NPU_OP_IXOR_I32 : NPU_OP_MXOR, file, x, y);
      FALLTHROUGH;
   case nir_op_inot:
      op = uniform ? NPU_OP_IXOR_I32 : NPU_OP_MNOT;
      y = npu_imm(1);
      break;
   default:
      return false;
   }

   npu_isel_set(ctx, &alu->def, build(ctx, op, file, x, y));
   return true;
}

/* cond ? x : y with x and y of `bits`. */
static void
select_sel(struct npu_isel *ctx, nir_alu_instr *alu, struct npu_ref cond, struct npu_ref x,
           struct npu_ref y)
{
   enum npu_file file = npu_isel_file(&alu->def);
   unsigned bits = alu->def.bit_size;

   if (npu_is_imm(cond)) {
      npu_isel_set(ctx, &alu->def, cond.imm ? x : y);
      return;
   }
   if (file == NPU_FILE_M) {
      cond = npu_isel_to_m(ctx, cond);
      x = npu_isel_to_m(ctx, x);
      y = npu_isel_to_m(ctx, y);
      npu_isel_set(ctx, &alu->def, build3(ctx, NPU_OP_MSEL, file, cond, x, y));
      return;
   }

   enum npu_op op = bits == 64 ? NPU_OP_SEL_B64 : NPU_OP_SEL_B32;
   npu_isel_set(ctx, &alu->def, build3(ctx, op, file, cond, x, y));
}

static uint64_t
float_one(unsigned bits)
{
   switch (bits) {
   case 16:
      return 0x3c00;
   case 32:
      return 0x3f800000;
   case 64:
      return 0x3ff0000000000000;
   }
   unreachable("no such float");
}

/* ---- bits and bytes ---- */

/* 8 or 16 bits of an integer, extended. */
static void
select_extract(struct npu_isel *ctx, nir_alu_instr *alu, unsigned bits, bool sign)
{
   enum npu_file file = npu_isel_file(&alu->def);
   unsigned size = alu->def.bit_size;
   struct npu_ref x = alu_src(ctx, alu, 0);
   nir_scalar index = nir_scalar_chase_alu_src(nir_get_scalar(&alu->def, 0), 1);

   if (!nir_scalar_is_const(index)) {
      npu_isel_error(ctx, "extraction of a byte or word whose number is not constant");
      return;
   }

   struct npu_ref shift = npu_imm(nir_scalar_as_uint(index) * bits);
   bool first = shift.imm == 0;
   if (size == 32 && !first) {
      enum npu_op op = sign ? NPU_OP_IBFE_I32 : NPU_OP_UBFE_I32;
      npu_isel_set(ctx, &alu->def, build3(ctx, op, file, x, shift, npu_imm(bits)));
      return;
   }

   if (!first)
      x = build(ctx, table_op(nir_op_ushr, size), file, x, shift);
   if (size > bits) {
      enum npu_type wide = sign ? npu_isel_int_type(size) : npu_isel_uint_type(size);
      enum npu_type narrow = sign ? npu_isel_int_type(bits) : npu_isel_uint_type(bits);

      /* A 64-bit vector source is read as its low half. */
      if (npu_is_ssa(x) && x.file == NPU_FILE_V && x.bits == 64)
         x = build(ctx, NPU_OP_LO_B64, NPU_FILE_V, x, x);
      x = build(ctx, npu_op_cvt(wide, narrow), file, x, x);
   }
   npu_isel_set(ctx, &alu->def, x);
}

/* Low halves / low bytes of the sources side by side. */
static void
select_pack32(struct npu_isel *ctx, nir_alu_instr *alu)
{
   enum npu_file file = npu_isel_file(&alu->def);
   const struct npu_ref halves = npu_imm(0x05040100), bytes = npu_imm(0x80800400);
   struct npu_ref x = alu_src(ctx, alu, 0), y = alu_src(ctx, alu, 1);

   if (alu->op == nir_op_pack_32_4x8_split) {
      struct npu_ref z = alu_src(ctx, alu, 2), w = alu_src(ctx, alu, 3);

      x = build3(ctx, NPU_OP_PERM_B32, file, x, y, bytes);
      y = build3(ctx, NPU_OP_PERM_B32, file, z, w, bytes);
   }
   npu_isel_set(ctx, &alu->def, build3(ctx, NPU_OP_PERM_B32, file, x, y, halves));
}

/* Position of the highest bit, -1 for none; signed: that differs from the sign. */
static void
select_find_msb(struct npu_isel *ctx, nir_alu_instr *alu, bool sign)
{
   enum npu_file file = npu_isel_file(&alu->def);
   unsigned bits = nir_src_bit_size(alu->src[0].src);
   struct npu_ref x = alu_src(ctx, alu, 0);

   if (sign) {
      struct npu_ref ones = build(ctx, table_op(nir_op_ishr, bits), file, x, npu_imm(bits - 1));
      x = build(ctx, table_op(nir_op_ixor, bits), file, x, ones);
   }
   struct npu_ref zeros = build(ctx, table_op(nir_op_uclz, bits), file, x, x);
   npu_isel_set(ctx, &alu->def, build(ctx, NPU_OP_ISUB_I32, file, npu_imm(bits - 1), zeros));
}

static void
select_find_lsb(struct npu_isel *ctx, nir_alu_instr *alu)
{
   enum npu_file file = npu_isel_file(&alu->def);
   enum npu_type type = npu_isel_int_type(nir_src_bit_size(alu->src[0].src));
   struct npu_ref x = alu_src(ctx, alu, 0);

   struct npu_ref none = build(ctx, npu_op_for(NPU_ALU_ICMP_EQ, type),
                               file == NPU_FILE_S ? NPU_FILE_S : NPU_FILE_M, x, npu_imm(0));
   struct npu_ref zeros = build(ctx, npu_op_for(NPU_ALU_CTZ, type), file, x, x);
   npu_isel_set(ctx, &alu->def,
                build3(ctx, NPU_OP_SEL_B32, file, none, npu_imm(UINT32_MAX), zeros));
}

static void
select_rotate_right(struct npu_isel *ctx, nir_alu_instr *alu)
{
   enum npu_file file = npu_isel_file(&alu->def);
   struct npu_ref count = alu_src(ctx, alu, 1);
   bool varying = npu_is_ssa(count) && count.file == NPU_FILE_V;

   count = build(ctx, NPU_OP_INEG_I32, varying ? NPU_FILE_V : NPU_FILE_S, count, count);
   npu_isel_set(ctx, &alu->def,
                build(ctx, table_op(nir_op_urol, alu->def.bit_size), file, alu_src(ctx, alu, 0),
                      count));
}

/* Two halves packed in 32 bits, converted from or to 32-bit floats. */
static void
select_half(struct npu_isel *ctx, nir_alu_instr *alu)
{
   enum npu_file file = npu_isel_file(&alu->def);
   struct npu_ref x = alu_src(ctx, alu, 0);

   switch (alu->op) {
   case nir_op_unpack_half_2x16_split_y:
      x = build(ctx, NPU_OP_USHR_I32, file, x, npu_imm(16));
      FALLTHROUGH;
   case nir_op_unpack_half_2x16_split_x:
      x = build(ctx, npu_op_cvt(NPU_TYPE_F32, NPU_TYPE_F16), file, x, x);
      break;
   default: {
      enum npu_op op = npu_op_cvt(NPU_TYPE_F16, NPU_TYPE_F32);
      struct npu_ref half[2];

      for (unsigned i = 0; i < 2; i++) {
         struct npu_ref value = npu_isel_float_src(ctx, alu, i);

         half[i] = npu_temp(&ctx->b, file, 16, 1);
         npu_build_to(&ctx->b, op, half[i], &value, 1)->round =
            alu->op == nir_op_pack_half_2x16_rtz_split ? NPU_ROUND_RTZ : NPU_ROUND_RTE;
      }
      x = build3(ctx, NPU_OP_PERM_B32, file, half[0], half[1], npu_imm(0x05040100));
   }
   }
   npu_isel_set(ctx, &alu->def, x);
}

/* ---- dispatch ---- */

static void
select_vec(struct npu_isel *ctx, nir_alu_instr *alu)
{
   struct npu_ref comps[NIR_MAX_VEC_COMPONENTS];

   for (unsigned i = 0; i < alu->def.num_components; i++) {
      unsigned src = alu->op == nir_op_mov ? 0 : i;
      unsigned swizzle = alu->op == nir_op_mov ? i : 0;

      comps[i] = npu_isel_src(ctx, alu->src[src].src, alu->src[src].swizzle[swizzle]);
   }
   npu_isel_set_comps(ctx, &alu->def, comps);
}

static void
select_special(struct npu_isel *ctx, nir_alu_instr *alu)
{
   switch (alu->op) {
   case nir_op_bcsel:
      select_sel(ctx, alu, alu_src(ctx, alu, 0), alu_src(ctx, alu, 1), alu_src(ctx, alu, 2));
      break;

   case nir_op_b2i8:
   case nir_op_b2i16:
   case nir_op_b2i32:
   case nir_op_b2i64:
      /* A uniform boolean is 0 or 1 already. */
      if (!alu->def.divergent)
         npu_isel_set(ctx, &alu->def, alu_src(ctx, alu, 0));
      else
         select_sel(ctx, alu, alu_src(ctx, alu, 0), npu_imm(1), npu_imm(0));
      break;

   case nir_op_b2f16:
   case nir_op_b2f32:
   case nir_op_b2f64:
      select_sel(ctx, alu, alu_src(ctx, alu, 0), npu_imm(float_one(alu->def.bit_size)), npu_imm(0));
      break;

   case nir_op_b2b1:
      npu_isel_set(ctx, &alu->def, alu_src(ctx, alu, 0));
      break;

   case nir_op_extract_u8:
      select_extract(ctx, alu, 8, false);
      break;
   case nir_op_extract_i8:
      select_extract(ctx, alu, 8, true);
      break;
   case nir_op_extract_u16:
      select_extract(ctx, alu, 16, false);
      break;
   case nir_op_extract_i16:
      select_extract(ctx, alu, 16, true);
      break;

   case nir_op_pack_32_2x16_split:
   case nir_op_pack_32_4x8_split:
      select_pack32(ctx, alu);
      break;
   case nir_op_unpack_32_2x16_split_x:
      npu_isel_set(ctx, &alu->def, alu_src(ctx, alu, 0));
      break;
   case nir_op_unpack_32_2x16_split_y:
      npu_isel_set(ctx, &alu->def,
                   build(ctx, NPU_OP_USHR_I32, npu_isel_file(&alu->def), alu_src(ctx, alu, 0),
                         npu_imm(16)));
      break;
   case nir_op_unpack_64_2x32_split_x: {
      struct npu_ref x = alu_src(ctx, alu, 0);

      if (alu->def.divergent)
         x = build(ctx, NPU_OP_LO_B64, NPU_FILE_V, x, x);
      npu_isel_set(ctx, &alu->def, x);
      break;
   }

   case nir_op_ufind_msb:
      select_find_msb(ctx, alu, false);
      break;
   case nir_op_ifind_msb:
      select_find_msb(ctx, alu, true);
      break;
   case nir_op_find_lsb:
      select_find_lsb(ctx, alu);
      break;
   case nir_op_uror:
      select_rotate_right(ctx, alu);
      break;

   case nir_op_pack_half_2x16_split:
   case nir_op_pack_half_2x16_rtz_split:
   case nir_op_unpack_half_2x16_split_x:
   case nir_op_unpack_half_2x16_split_y:
      select_half(ctx, alu);
      break;

   default:
      npu_isel_error(ctx, "operation %s on %u-bit values is not supported",
                     nir_op_infos[alu->op].name, alu->def.bit_size);
   }
}

void
npu_isel_alu(struct npu_isel *ctx, nir_alu_instr *alu)
{
   if (alu->op == nir_op_mov || nir_op_is_vec(alu->op)) {
      select_vec(ctx, alu);
      return;
   }
   if (alu->def.num_components != 1) {
      npu_isel_error(ctx, "operation %s on vectors is not supported", nir_op_infos[alu->op].name);
      return;
   }
   if (npu_isel_cvt(ctx, alu) || select_bool(ctx, alu))
      return;

   /* Where source 0 has a fixed size the table's kind does not ask for one. */
   enum npu_op op = table_op(alu->op, nir_src_bit_size(alu->src[0].src));
   if (op != NPU_OP_NONE)
      select_table(ctx, alu, op);
   else
      select_special(ctx, alu);
}
