// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Random programs: accesses to memory, of every form and space. See jit_program.h and jit_emitter.h.

#include "jit_emitter.h"

/* V_TMP: the number of the lane after some operations that an engine may see through, below limit_B. */
static void
lane_offsets(struct jit_emitter *e, uint32_t limit_B)
{
   static const enum npu_op ops[] = {NPU_OP_IADD_I32, NPU_OP_ISUB_I32, NPU_OP_ISHL_I32,
                                     NPU_OP_USHR_I32, NPU_OP_ISHR_I32, NPU_OP_IAND_I32,
                                     NPU_OP_IOR_I32,  NPU_OP_IMUL_I32, NPU_OP_IMAD_I32};
   static const int8_t masks[] = {15, 7, 3, 31, -16, -8, 24};
   unsigned count = jit_pick(e, 6);

   jit_emit(e,
            (struct npu_inst){.op = NPU_OP_RDSR,
                              .dst = V_TMP,
                              .sr_or_code = jit_pick(e, 2) ? NPU_SR_LANE_ID : NPU_SR_LOCAL_INDEX});
   for (unsigned i = 0; i < count; i++) {
      struct npu_inst inst = {.op = ops[jit_pick(e, 9)], .dst = V_TMP, .src = {V_TMP}};
      int value = inst.op == NPU_OP_IAND_I32 ? masks[jit_pick(e, 7)] : (int)jit_pick(e, 6);
      bool scalar = jit_pick(e, 3) == 0 && inst.op != NPU_OP_IAND_I32;
      unsigned s = jit_data_register(e, NPU_FILES_S, 32, 1);
      inst.src[1] = (uint16_t)(scalar ? s : NPU_SRC_INT(value));
      inst.src[2] = inst.op == NPU_OP_IMAD_I32 ? V_TMP : 0;
      jit_emit(e, inst);
   }
   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I32,
                                 .dst = V_TMP,
                                 .src = {V_TMP, NPU_SRC_INT(jit_pick(e, 4))}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IAND_I32,
                                 .dst = V_TMP,
                                 .src = {V_TMP, NPU_SRC_LITERAL},
                                 .has_literal = true,
                                 .literal = limit_B - 1});
}

/* V_TMP: lanes, or groups of them, `size_B` bytes apart: as consecutive or uniform as the code can tell. */
static void
regular_offsets(struct jit_emitter *e, unsigned size_B, bool apart)
{
   static const struct {
      enum npu_op op;
      int value;
   } ways[] = {{NPU_OP_IADD_I32, 0}, {NPU_OP_IAND_I32, 15}, {NPU_OP_IAND_I32, 7},
               {NPU_OP_USHR_I32, 3}, {NPU_OP_USHR_I32, 4},  {NPU_OP_USHR_I32, 5}};
   unsigned way = apart ? 0 : jit_pick(e, 6);

   jit_emit(e, (struct npu_inst){.op = NPU_OP_RDSR, .dst = V_TMP, .sr_or_code = NPU_SR_LANE_ID});
   jit_emit(e, (struct npu_inst){.op = ways[way].op,
                                 .dst = V_TMP,
                                 .src = {V_TMP, (uint16_t)NPU_SRC_INT(ways[way].value)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IMUL_I32,
                                 .dst = V_TMP,
                                 .src = {V_TMP, (uint16_t)NPU_SRC_INT((int)size_B)}});
}

void
jit_random_offsets(struct jit_emitter *e, uint32_t limit_B)
{
   struct npu_inst inst = {.op = NPU_OP_IAND_I32, .dst = V_TMP};

   if (jit_pick(e, 2)) {
      lane_offsets(e, limit_B);
      return;
   }
   inst.src[0] = (uint16_t)jit_data_register(e, NPU_FILES_V, 32, 1);
   inst.src[1] = NPU_SRC_LITERAL;
   inst.has_literal = true;
   inst.literal = limit_B - 1;
   jit_emit(e, inst);
   jit_define_lanes(e, V_TMP, 32, 1);
}

static void
finish_load(struct jit_emitter *e, const struct npu_inst *inst)
{
   jit_emit(e, *inst);
   if (npu_reg_is_v(inst->dst) && !inst->masked)
      jit_define_lanes(e, inst->dst, inst->width_log2 == 3 ? 64 : 32, inst->count);
}

struct npu_inst
jit_memory_inst(struct jit_emitter *e, enum npu_op op, bool scalar)
{
   struct npu_inst inst = {.op = op};

   inst.width_log2 = (uint8_t)jit_pick(e, 4);
   inst.count = (uint8_t)(1 + jit_pick(e, 4));
   inst.dst = (uint8_t)jit_data_register(e, scalar ? NPU_FILES_S : NPU_FILES_V,
                                         8u << inst.width_log2, inst.count);
   inst.masked = !scalar && npu_op_infos[op].is_load && op != NPU_OP_LD_W && jit_pick(e, 3) == 0;
   return inst;
}

void
jit_emit_load(struct jit_emitter *e)
{
   static const enum npu_op forms[] = {NPU_OP_LD_S, NPU_OP_LD_U, NPU_OP_LD_X, NPU_OP_LD_O,
                                       NPU_OP_LD_A};
   enum npu_op op = forms[jit_pick(e, 5)];
   struct npu_inst inst = jit_memory_inst(e, op, op == NPU_OP_LD_S);

   inst.space = jit_pick(e, 4) == 0 ? NPU_SPACE_GENERIC : NPU_SPACE_GLOBAL;
   inst.imm = (int32_t)jit_pick(e, 128);
   inst.src[0] = S_IN;
   if (op == NPU_OP_LD_X) {
      inst.src[1] = (uint16_t)NPU_SRC_INT(jit_pick(e, 3) ? (int)jit_pick(e, 64)
                                                         : (int)(inst.count << inst.width_log2));
   } else if (op == NPU_OP_LD_O && jit_pick(e, 2)) {
      regular_offsets(e, (unsigned)inst.count << inst.width_log2, false);
      inst.src[1] = V_TMP;
      inst.sx = jit_pick(e, 2);
   } else if (op == NPU_OP_LD_O || op == NPU_OP_LD_A) {
      jit_random_offsets(e, 2048);
      inst.src[1] = V_TMP;
      inst.scale_log2 = (uint8_t)jit_pick(e, 3);
      inst.sx = jit_pick(e, 2);
   }
   if (op == NPU_OP_LD_A) {
      jit_emit(e, (struct npu_inst){.op = NPU_OP_CVT_U64_U32, .dst = V_TMP64, .src = {V_TMP}});
      jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64, .dst = V_TMP64, .src = {V_TMP64, S_IN}});
      jit_define_lanes(e, V_TMP64, 64, 1);
      inst.src[0] = NPU_SRC_INT(0);
      inst.src[1] = V_TMP64;
      inst.scale_log2 = 0;
      inst.sx = false;
   }
   finish_load(e, &inst);
}

void
jit_emit_store(struct jit_emitter *e)
{
   bool lanes = jit_pick(e, 2);
   struct npu_inst inst = jit_memory_inst(e, lanes ? NPU_OP_ST_O : NPU_OP_ST_A, false);
   unsigned size_B = (unsigned)inst.count << inst.width_log2;

   inst.space = jit_pick(e, 4) == 0 ? NPU_SPACE_GENERIC : NPU_SPACE_GLOBAL;
   inst.imm = (int32_t)jit_pick(e, JIT_SLOT_B - size_B + 1);
   inst.src[0] = lanes ? S_SLOTS : NPU_SRC_INT(0);
   inst.src[1] = lanes ? V_SLOT : V_ADDRESS;
   jit_emit(e, inst);
   if (jit_pick(e, 2)) {
      /* And back. */
      inst.op = lanes ? NPU_OP_LD_O : NPU_OP_LD_A;
      inst.dst = (uint8_t)jit_data_register(e, NPU_FILES_V, 8u << inst.width_log2, inst.count);
      finish_load(e, &inst);
   }
}

/* S_TMP: where the wave's part of local memory is, 2048 bytes, as an address of the space returned. */
static uint8_t
own_local(struct jit_emitter *e)
{
   bool generic = jit_pick(e, 3) == 0;

   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I32,
                                 .dst = S_TMP,
                                 .src = {S_WAVE, NPU_SRC_INT(11)}});
   if (!generic)
      return NPU_SPACE_LOCAL;
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64,
                                 .dst = S_TMP,
                                 .src = {S_TMP, NPU_SRC_LITERAL},
                                 .has_literal = true,
                                 .literal = NPU_LOCAL_WINDOW_VA});
   return NPU_SPACE_GENERIC;
}

void
jit_emit_local(struct jit_emitter *e)
{
   static const enum npu_op stores[] = {NPU_OP_ST_U, NPU_OP_ST_X, NPU_OP_ST_O, NPU_OP_ST_S};
   static const enum npu_op loads[] = {NPU_OP_LD_U, NPU_OP_LD_X, NPU_OP_LD_O, NPU_OP_LD_S};
   unsigned form = jit_pick(e, 4);
   bool is_store = jit_pick(e, 2);
   struct npu_inst inst = jit_memory_inst(e, is_store ? stores[form] : loads[form], form == 3);

   inst.space = own_local(e);
   inst.src[0] = S_TMP;
   inst.imm = (int32_t)jit_pick(e, 64);
   if (form == 1)
      inst.src[1] = NPU_SRC_INT(32); /* lanes do not overlap */
   if (form == 2 && jit_pick(e, 4)) {
      regular_offsets(e, (unsigned)inst.count << inst.width_log2, is_store);
      inst.src[1] = V_TMP;
   } else if (form == 2) {
      /* 32 bytes for each lane */
      jit_emit(e, (struct npu_inst){.op = NPU_OP_RDSR, .dst = V_TMP, .sr_or_code = NPU_SR_LANE_ID});
      jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I32,
                                    .dst = V_TMP,
                                    .src = {V_TMP, NPU_SRC_INT(4)}});
      jit_define_lanes(e, V_TMP, 32, 1);
      inst.src[1] = V_TMP;
      inst.scale_log2 = 1;
      inst.sx = jit_pick(e, 2);
   }
   if (is_store)
      jit_emit(e, inst);
   else
      finish_load(e, &inst);
   /* Several of them between computations. */
   for (unsigned more = form == 2 && !is_store ? jit_pick(e, 4) : 0; more; more--) {
      inst.imm = (int32_t)jit_pick(e, 512);
      inst.dst = (uint8_t)jit_data_register(e, NPU_FILES_V, 8u << inst.width_log2, inst.count);
      finish_load(e, &inst);
      jit_emit_alu(e, NPU_OP_NONE);
   }
}

void
jit_emit_private(struct jit_emitter *e)
{
   static const enum npu_op ops[] = {NPU_OP_ST_U, NPU_OP_ST_W, NPU_OP_ST_O,
                                     NPU_OP_LD_U, NPU_OP_LD_W, NPU_OP_LD_O};
   enum npu_op op = ops[jit_pick(e, 6)];
   struct npu_inst inst = jit_memory_inst(e, op, false);

   inst.space = NPU_SPACE_PRIVATE;
   inst.src[0] = NPU_SRC_INT(jit_pick(e, 16));
   inst.imm = (int32_t)(jit_pick(e, 2) ? jit_pick(e, 16) * 4 : jit_pick(e, 64));
   if (op == NPU_OP_ST_O || op == NPU_OP_LD_O) {
      jit_random_offsets(e, 64);
      inst.src[1] = V_TMP;
   }
   if (npu_op_infos[op].is_store)
      jit_emit(e, inst);
   else
      finish_load(e, &inst);
}

void
jit_emit_atomic(struct jit_emitter *e)
{
   enum npu_op op;

   do
      op = (enum npu_op)(NPU_OP_ATOM_IADD_O_I32 + jit_pick(e, 128));
   while (!npu_op_valid(op) || !npu_op_infos[op].is_atomic ||
          npu_op_infos[op].format != NPU_FORMAT_ATOM_O);
   const struct npu_op_info *info = &npu_op_infos[op];
   bool wide = info->src[2].bits == 64;
   struct npu_inst inst = {.op = op, .scale_log2 = 3};

   jit_random_offsets(e, jit_pick(e, 4) ? 128 : 1);
   inst.noret = jit_pick(e, 3) == 0;
   inst.src[0] = S_COUNTERS;
   if (jit_pick(e, 2)) {
      inst.space = own_local(e);
      inst.src[0] = S_TMP;
   }
   inst.src[1] = V_TMP;
   inst.src[2] = (uint16_t)jit_data_register(e, NPU_FILES_V, wide ? 64 : 32, 1);
   if (info->num_srcs > 3)
      inst.src[3] = (uint16_t)jit_data_register(e, NPU_FILES_V, wide ? 64 : 32, 1);
   if (!inst.noret) {
      inst.dst = (uint8_t)jit_data_register(e, NPU_FILES_V, wide ? 64 : 32, 1);
      inst.masked = jit_pick(e, 2);
   }
   jit_emit(e, inst);
   if (!inst.noret && !inst.masked)
      jit_define_lanes(e, inst.dst, wide ? 64 : 32, 1);
}
