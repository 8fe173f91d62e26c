/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Encoder, decoder and the rules of operands. The bits are placed by generated code (npu_pack.c);
 * what is here is what no table of fields can say: register pairs, ranges, the scalar form,
 * literals. npu_inst_check() is the one rule book: the encoder asserts it and the decoder refuses
 * what it refuses, so both sides agree by construction.
 */

#include <assert.h>
#include <string.h>

#include "npu_isa/npu_inst.h"
#include "npu_isa/npu_pack.h"

static const double inline_floats[] = {0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 4.0, -4.0};

unsigned
npu_src_file(unsigned s)
{
   if (npu_reg_is_v(s))
      return NPU_FILES_V;
   if (npu_reg_is_s(s))
      return NPU_FILES_S;
   if (npu_reg_is_m(s))
      return NPU_FILES_M;
   return npu_src_is_imm(s) ? NPU_FILES_IMM : 0;
}

static uint64_t
low_bits(uint64_t value, unsigned bits)
{
   return bits >= 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

/* The inline float `index` in the format of `type`: sign, exponent of a power of two, no fraction. */
static uint64_t
inline_float_bits(unsigned index, enum npu_type type)
{
   const uint64_t sign = index & 1;
   const int exponent = (int)(index >> 1) - 1;

   switch (type) {
   case NPU_TYPE_F16:
      return sign << 15 | (uint64_t)(exponent + 15) << 10;
   case NPU_TYPE_BF16:
      return sign << 15 | (uint64_t)(exponent + 127) << 7;
   case NPU_TYPE_F32:
      return sign << 31 | (uint64_t)(exponent + 127) << 23;
   case NPU_TYPE_F64:
      return sign << 63 | (uint64_t)(exponent + 1023) << 52;
   default:
      assert(!"inline floats are for float operands");
      return 0;
   }
}

uint64_t
npu_src_inline_value(unsigned s, enum npu_type type)
{
   if (npu_src_is_float(s))
      return inline_float_bits(s - NPU_SRC_FLOAT_FIRST, type);
   assert(npu_src_is_int(s) && "only inline constants have a value of their own");
   return low_bits((uint64_t)((int64_t)s - NPU_SRC_INT(0)), npu_type_infos[type].bits);
}

unsigned
npu_src_for_value(uint64_t value, enum npu_type type)
{
   const unsigned bits = npu_type_infos[type].bits;
   const unsigned unused = 64 - bits;

   assert(bits >= 8 && bits <= 64 && "an operand that can be immediate");
   value = low_bits(value, bits);
   const int64_t sign_extended = (int64_t)(value << unused) >> unused;
   if (sign_extended >= NPU_SRC_INT_MIN && sign_extended <= NPU_SRC_INT_MAX)
      return NPU_SRC_INT(sign_extended);
   if (npu_type_infos[type].kind == NPU_KIND_FLOAT) {
      for (unsigned i = 0; i <= NPU_SRC_FLOAT_LAST - NPU_SRC_FLOAT_FIRST; i++) {
         if (inline_float_bits(i, type) == value)
            return NPU_SRC_FLOAT_FIRST + i;
      }
   }
   return NPU_SRC_LITERAL;
}

unsigned
npu_src_inline_float(double value)
{
   for (unsigned i = 0; i < sizeof(inline_floats) / sizeof(inline_floats[0]); i++) {
      if (inline_floats[i] == value)
         return NPU_SRC_FLOAT_FIRST + i;
   }
   return 0;
}

static const struct npu_operand_info *
operand_info(const struct npu_inst *inst, int i)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   return i < 0 ? &info->dst : &info->src[i];
}

unsigned
npu_inst_operand_bits(const struct npu_inst *inst, int i)
{
   const struct npu_operand_info *o = operand_info(inst, i);

   return o->kind == NPU_KIND_DATA ? 8u << inst->width_log2 : o->bits;
}

unsigned
npu_inst_operand_regs(const struct npu_inst *inst, int i)
{
   const struct npu_operand_info *o = operand_info(inst, i);
   const unsigned reg = i < 0 ? inst->dst : inst->src[i];
   const unsigned comps = o->kind == NPU_KIND_DATA ? inst->count : 1;

   if (npu_reg_is_v(reg))
      return npu_inst_operand_bits(inst, i) == 64 ? 2 * comps : comps;
   return o->kind == NPU_KIND_DESC ? 2 : comps;
}

/* Members outside the format, and values that exceed their field: what does not survive the bits. */
static const char *
check_members(const struct npu_inst *in)
{
   const enum npu_format format = (enum npu_format)npu_op_infos[in->op].format;
   struct npu_inst back;

   if (!npu_unpack(format, npu_pack(format, in), &back))
      return "the format does not hold the instruction";
   if (back.dst != in->dst)
      return "the instruction has no destination";
   for (unsigned i = 0; i < NPU_MAX_SRCS; i++) {
      if (back.src[i] != in->src[i])
         return "a source that the instruction does not have, or out of range";
   }
   if (back.neg != in->neg || back.abs != in->abs)
      return "a modifier on a source that takes none";
   if (back.round != in->round)
      return "the instruction has no rounding mode";
   if (back.sat != in->sat)
      return "the instruction does not saturate";
   if (back.width_log2 != in->width_log2 || back.count != in->count)
      return "bad width or count of components";
   if (back.space != in->space)
      return "the instruction has no address space, or out of range";
   if (back.scale_log2 != in->scale_log2 || back.sx != in->sx)
      return "bad scale or extension of the lane offset";
   if (back.noret != in->noret)
      return "only atomics can go without a result";
   if (back.imm != in->imm)
      return "the byte offset is not in -32768..32767 or the instruction has none";
   if (back.target != in->target)
      return "the instruction has no branch target";
   if (back.sr_or_code != in->sr_or_code)
      return "the code or special register is out of range";
   return NULL;
}

/* Range of the registers named by a v or s operand, and even pairs. */
static const char *
check_register(const struct npu_inst *in, int i)
{
   const unsigned reg = i < 0 ? in->dst : in->src[i];
   const unsigned regs = npu_inst_operand_regs(in, i);

   if (npu_reg_is_v(reg)) {
      if (npu_inst_operand_bits(in, i) == 64 && reg % 2 != 0)
         return "a 64-bit vector operand must be an even register";
      if (reg + regs > NPU_NUM_VREGS)
         return "the operand runs past v127";
   } else if (npu_reg_is_s(reg) && reg + regs > NPU_REG_S(NPU_NUM_SREGS)) {
      return "the operand runs past s63";
   }
   return NULL;
}

static const char *
check_dst(const struct npu_inst *in, const struct npu_op_info *info)
{
   const unsigned file = npu_src_file(in->dst);

   if (in->masked && !info->maskable)
      return "the instruction is never masked";
   if (!info->has_dst && !info->data_in_dst)
      return NULL;
   if (in->noret) {
      if (in->dst != 0)
         return "without a result the destination must be 0";
      return in->masked ? "without a result there is nothing to mask" : NULL;
   }
   if (!(info->dst.files & file) || file == NPU_FILES_IMM)
      return info->data_in_dst ? "register file not allowed for the data"
                               : "register file not allowed for the destination";
   if (in->masked && file == NPU_FILES_S)
      return "(m) needs a vector or mask destination";
   return check_register(in, -1);
}

static const char *
check_src(const struct npu_inst *in, const struct npu_op_info *info, int i)
{
   const struct npu_operand_info *o = &info->src[i];
   const unsigned src = in->src[i];
   const unsigned file = npu_src_file(src);

   if (o->files == 0)
      return NULL;
   if (file == 0)
      return "reserved source number";
   if (npu_src_is_float(src) && o->kind != NPU_KIND_FLOAT)
      return "an inline float for an operand that is not a float";
   if (!(o->files & file)) {
      static const char *const messages[NPU_MAX_SRCS] = {
         "register file not allowed for source 0",
         "register file not allowed for source 1",
         "register file not allowed for source 2",
         "register file not allowed for source 3",
      };
      return file == NPU_FILES_IMM ? "an operand that cannot be immediate" : messages[i];
   }
   if (info->scalar_form_ok && npu_reg_is_s(in->dst) &&
       (file == NPU_FILES_V || file == NPU_FILES_M))
      return "the scalar form takes scalar sources only";
   return check_register(in, i);
}

static const char *
check_literal(const struct npu_inst *in, const struct npu_op_info *info)
{
   unsigned widest = 0;

   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].files != 0 && in->src[i] == NPU_SRC_LITERAL &&
          npu_inst_operand_bits(in, i) > widest)
         widest = npu_inst_operand_bits(in, i);
   }
   if (in->has_literal && widest == 0)
      return "a literal that no source names";
   if (!in->has_literal && widest != 0)
      return "a source names the literal but there is none";
   if (low_bits(in->literal, widest) != in->literal)
      return "the literal has bits above its operand";
   return NULL;
}

static const char *
check_special(const struct npu_inst *in, const struct npu_op_info *info)
{
   if (info->has_round && in->round > NPU_ROUND_RTN)
      return "reserved rounding mode";
   if (info->is_memory && in->space == NPU_SPACE_PRIVATE) {
      switch ((enum npu_format)info->format) {
      case NPU_FORMAT_MEM_S:
      case NPU_FORMAT_MEM_U:
      case NPU_FORMAT_MEM_W:
      case NPU_FORMAT_MEM_O:
      case NPU_FORMAT_ATOM_O:
         break;
      default:
         return "this address form does not reach private memory";
      }
   }
   if (info->format == NPU_FORMAT_MEM_W && in->space != NPU_SPACE_PRIVATE)
      return "a whole-wave access reaches private memory only";
   if (info->is_special) {
      if (in->sr_or_code >= NPU_NUM_SRS || npu_sr_infos[in->sr_or_code].name == NULL)
         return "unknown special register";
      if (!(npu_sr_infos[in->sr_or_code].files & npu_src_file(in->dst)))
         return "the special register goes to the other register file";
   }
   return NULL;
}

const char *
npu_inst_check(const struct npu_inst *in)
{
   const char *why;

   if (!npu_op_valid(in->op))
      return "unknown operation";
   const struct npu_op_info *info = &npu_op_infos[in->op];
   if ((why = check_members(in)) != NULL || (why = check_dst(in, info)) != NULL)
      return why;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if ((why = check_src(in, info, i)) != NULL)
         return why;
   }
   for (unsigned i = info->num_srcs; i < NPU_MAX_SRCS; i++) {
      if (in->src[i] != 0)
         return "a source that the instruction does not have, or out of range";
   }
   if ((why = check_literal(in, info)) != NULL)
      return why;
   return check_special(in, info);
}

unsigned
npu_encode(const struct npu_inst *in, uint64_t words[2])
{
   assert(npu_inst_check(in) == NULL && "malformed instruction");
   words[0] = npu_pack((enum npu_format)npu_op_infos[in->op].format, in);
   if (!in->has_literal)
      return 1;
   words[1] = in->literal;
   return 2;
}

int
npu_decode(const uint64_t *words, size_t num_words, struct npu_inst *out)
{
   if (num_words == 0)
      return NPU_DECODE_TRUNCATED;
   const unsigned op = words[0] & (NPU_NUM_OPS - 1);
   if (!npu_op_valid(op))
      return NPU_DECODE_OPCODE;
   if (!npu_unpack((enum npu_format)npu_op_infos[op].format, words[0], out))
      return NPU_DECODE_RESERVED;
   if (out->has_literal) {
      if (num_words < 2)
         return NPU_DECODE_TRUNCATED;
      out->literal = words[1];
   }
   if (npu_inst_check(out) != NULL)
      return NPU_DECODE_OPERANDS;
   return out->has_literal ? 2 : 1;
}

const char *
npu_decode_error_text(int error)
{
   switch ((enum npu_decode_error)error) {
   case NPU_DECODE_TRUNCATED:
      return "truncated instruction";
   case NPU_DECODE_OPCODE:
      return "unknown opcode";
   case NPU_DECODE_RESERVED:
      return "reserved bits are not zero";
   case NPU_DECODE_OPERANDS:
      return "illegal operands";
   }
   return "unknown error";
}
