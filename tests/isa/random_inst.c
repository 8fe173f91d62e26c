/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Random legal instructions: see random_inst.h. Written from the manual's rules, not from
 * npu_inst_check(), which the round-trip test holds against it.
 */

#include "random_inst.h"

#include "tap.h"

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

unsigned
pick(unsigned count)
{
   return (unsigned)(tap_random(&seed) >> 33) % count;
}

/* A random register of the file that leaves room for `regs` registers, even for pairs. */
static unsigned
pick_register(unsigned file, unsigned regs, bool even)
{
   switch (file) {
   case NPU_FILES_V:
      return even ? pick((NPU_NUM_VREGS - regs) / 2 + 1) * 2 : pick(NPU_NUM_VREGS - regs + 1);
   case NPU_FILES_S:
      return NPU_REG_S(pick(NPU_NUM_SREGS - regs + 1));
   default:
      return NPU_REG_M(pick(NPU_NUM_MREGS + 1)); /* the last is exec */
   }
}

/* One file of the set. */
static unsigned
pick_file(unsigned files)
{
   unsigned file;

   do
      file = 1u << pick(4);
   while (!(files & file));
   return file;
}

static unsigned
registers_of(const struct npu_inst *inst, const struct npu_operand_info *o, unsigned file)
{
   const unsigned comps = o->kind == NPU_KIND_DATA ? inst->count : 1;
   const unsigned bits = o->kind == NPU_KIND_DATA ? 8u << inst->width_log2 : o->bits;

   if (o->kind == NPU_KIND_DESC)
      return 2;
   return file == NPU_FILES_V && bits == 64 ? 2 * comps : comps;
}

static unsigned
pick_operand(const struct npu_inst *inst, const struct npu_operand_info *o, unsigned file)
{
   const unsigned regs = registers_of(inst, o, file);

   return pick_register(file, regs,
                        regs % 2 == 0 && file == NPU_FILES_V &&
                           (o->kind != NPU_KIND_DATA || inst->width_log2 == 3));
}

static void
pick_literal(struct npu_inst *inst, unsigned bits)
{
   const uint64_t all = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
   const uint64_t value = pick(4) == 0 ? (uint64_t)(int64_t)((int)pick(140) - 70)
                                       : tap_random(&seed) >> pick(64);

   if (!inst->has_literal)
      inst->literal = value & all;
   inst->literal &= all; /* the narrowest of the sources decides, which is legal for all */
   inst->has_literal = true;
}

static void
pick_sources(struct npu_inst *inst, const struct npu_op_info *info)
{
   const bool scalar = info->scalar_form_ok && npu_reg_is_s(inst->dst);

   for (unsigned i = 0; i < info->num_srcs; i++) {
      const struct npu_operand_info *o = &info->src[i];
      unsigned files = o->files;

      if (files == 0) {
         inst->src[i] = NPU_SRC_INT(0);
         continue;
      }
      if (scalar)
         files &= NPU_FILES_S | NPU_FILES_IMM;
      const unsigned file = pick_file(files);
      if (file != NPU_FILES_IMM) {
         inst->src[i] = (uint16_t)pick_operand(inst, o, file);
      } else if (pick(3) == 0) {
         inst->src[i] = NPU_SRC_LITERAL;
         pick_literal(inst, o->bits);
      } else if (o->kind == NPU_KIND_FLOAT && pick(2)) {
         inst->src[i] = (uint16_t)(NPU_SRC_FLOAT_FIRST + pick(8));
      } else {
         inst->src[i] = (uint16_t)(NPU_SRC_INT_FIRST + pick(128));
      }
      if (info->float_mods >> i & 1) {
         inst->neg |= (uint8_t)(pick(2) << i);
         inst->abs |= (uint8_t)(pick(2) << i);
      }
   }
}

static void
pick_memory(struct npu_inst *inst, const struct npu_op_info *info)
{
   const enum npu_format format = (enum npu_format)info->format;
   const bool offsets = format == NPU_FORMAT_MEM_O || format == NPU_FORMAT_ATOM_O;
   static const uint8_t no_private[] = {NPU_SPACE_GLOBAL, NPU_SPACE_LOCAL, NPU_SPACE_GENERIC};
   const bool reaches_private = offsets || format == NPU_FORMAT_MEM_S ||
                                format == NPU_FORMAT_MEM_U || format == NPU_FORMAT_MEM_W;

   inst->space = (uint8_t)(reaches_private ? pick(4) : no_private[pick(3)]);
   if (format == NPU_FORMAT_MEM_W)
      inst->space = NPU_SPACE_PRIVATE;
   if (offsets) {
      inst->sx = pick(2);
      inst->scale_log2 = (uint8_t)pick(8);
   }
   if (info->is_atomic) {
      inst->noret = pick(3) == 0;
      return;
   }
   inst->width_log2 = (uint8_t)pick(4);
   inst->count = (uint8_t)(1 + pick(4));
   inst->imm = pick(3) == 0 ? 0 : (int16_t)tap_random(&seed);
}

struct npu_inst
pick_inst(enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   struct npu_inst inst = {.op = op};

   if (info->is_memory)
      pick_memory(&inst, info);
   if (info->is_special) {
      do
         inst.sr_or_code = (uint16_t)pick(NPU_NUM_SRS);
      while (npu_sr_infos[inst.sr_or_code].name == NULL);
   }
   if ((info->has_dst || info->data_in_dst) && !inst.noret) {
      const unsigned files = info->is_special ? npu_sr_infos[inst.sr_or_code].files
                                              : info->dst.files;
      inst.dst = (uint8_t)pick_operand(&inst, &info->dst, pick_file(files));
      inst.masked = info->maskable && !npu_reg_is_s(inst.dst) && pick(2);
   }
   pick_sources(&inst, info);
   if (info->has_round)
      inst.round = (uint8_t)pick(4);
   if (info->has_sat)
      inst.sat = pick(2);
   if (info->format == NPU_FORMAT_JMP || info->format == NPU_FORMAT_BR)
      inst.target = (int32_t)tap_random(&seed);
   if (info->format == NPU_FORMAT_TRAP)
      inst.sr_or_code = (uint16_t)tap_random(&seed);
   return inst;
}
