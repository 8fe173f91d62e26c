// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Random programs: the same with all components of wide vectors, o[i] = f(a[i], b[i]), which an engine may
// do in the order of memory; and nearly the same, which it must not. See jit_program.h and jit_emitter.h.
//
// Each wave has the slots of its work-items, 32 * JIT_SLOT_B bytes, for the vectors of all lanes. The
// registers are no data registers, so nothing of them is alive behind it, but where that is wanted.

#include "jit_emitter.h"

#define V_A          NPU_REG_V(48)
#define V_B          NPU_REG_V(64)
#define V_RESULT     NPU_REG_V(80)
#define MAX_VECTOR_B 64u

struct vectors {
   unsigned width_log2, components;
   unsigned regs; /* of a component */
   unsigned odd;  /* component with which something else is done; >= components: with none */
};

/* S_TMP: the slots of the wave. */
static void
own_slots(struct jit_emitter *e)
{
   const struct npu_inst insts[] = {
      {.op = NPU_OP_RDSR, .dst = S_TMP, .sr_or_code = NPU_SR_GROUP_ID_X},
      {.op = NPU_OP_ISHL_I32, .dst = S_TMP, .src = {S_TMP, NPU_SRC_INT(3)}},
      {.op = NPU_OP_IADD_I32, .dst = S_TMP, .src = {S_TMP, S_WAVE}},
      {.op = NPU_OP_ISHL_I64, .dst = S_TMP, .src = {S_TMP, NPU_SRC_INT(11)}},
      {.op = NPU_OP_IADD_I64, .dst = S_TMP, .src = {S_TMP, S_SLOTS}},
   };

   for (unsigned i = 0; i < sizeof(insts) / sizeof(insts[0]); i++)
      jit_emit(e, insts[i]);
}

/* Loads or stores the vectors at base + imm in accesses of 1 to 4 components. */
static void
move_vectors(struct jit_emitter *e, const struct vectors *v, bool is_store, unsigned base,
             unsigned imm, unsigned reg)
{
   const unsigned stride_B = v->components << v->width_log2;
   bool descending = jit_pick(e, 3) == 0, aligned = jit_pick(e, 2);

   for (unsigned done = 0, count; done < v->components; done += count) {
      unsigned left = v->components - done;
      count = aligned ? 4 : 1 + jit_pick(e, 4);
      count = count < left ? count : left;
      unsigned at = descending ? left - count : done;
      struct npu_inst inst = {.op = is_store ? NPU_OP_ST_X : NPU_OP_LD_X,
                              .dst = (uint8_t)(reg + at * v->regs),
                              .src = {(uint16_t)base},
                              .width_log2 = (uint8_t)v->width_log2,
                              .count = (uint8_t)count,
                              .imm = (int32_t)(imm + (at << v->width_log2))};
      inst.src[1] = sim_code_value(&inst, stride_B, NPU_TYPE_I64);
      if (count == v->components)
         inst = (struct npu_inst){.op = is_store ? NPU_OP_ST_U : NPU_OP_LD_U,
                                  .dst = inst.dst,
                                  .src = {inst.src[0]},
                                  .width_log2 = inst.width_log2,
                                  .count = inst.count,
                                  .imm = inst.imm};
      jit_emit(e, inst);
   }
}

/* What is done with the odd component. */
enum deviation {
   OTHER_SOURCE,
   OTHER_LITERAL,
   OTHER_PLACE, /* its result is that of the next one, and the other way round */
   OTHER_SIGN,
   NUM_DEVIATIONS,
};

/* V_RESULT = an operation on the two. */
static void
compute(struct jit_emitter *e, const struct vectors *v, unsigned a, unsigned b)
{
   static const enum npu_op ops[2][6] = {
      {NPU_OP_IMAD_I8, NPU_OP_IMAD_I16, NPU_OP_IADD_I32, NPU_OP_IXOR_I32, NPU_OP_FFMA_F32,
       NPU_OP_FMAX_F32},
      {NPU_OP_IADD_I64, NPU_OP_IXOR_I64, NPU_OP_IADD_I64, NPU_OP_IXOR_I64, NPU_OP_FFMA_F64,
       NPU_OP_FMUL_F64},
   };
   const enum deviation how = (enum deviation)jit_pick(e, NUM_DEVIATIONS);
   const enum npu_op op = ops[v->regs == 2][how == OTHER_SIGN ? 4 + jit_pick(e, 2) : jit_pick(e, 6)];
   const bool scalar = npu_op_infos[op].num_srcs == 3 && jit_pick(e, 2);
   const unsigned s = jit_data_register(e, NPU_FILES_S, 32, 1);

   for (unsigned i = 0; i < v->components; i++) {
      const unsigned next = (i + 1) % v->components, is_odd = i == v->odd;
      const unsigned source = is_odd && how == OTHER_SOURCE ? next : i;
      unsigned place = i;
      if (how == OTHER_PLACE && v->odd < v->components &&
          (is_odd || i == (v->odd + 1) % v->components))
         place = is_odd ? next : v->odd;
      struct npu_inst inst = {
         .op = op,
         .dst = (uint8_t)(V_RESULT + place * v->regs),
         .src = {(uint16_t)(a + source * v->regs), (uint16_t)(b + i * v->regs)},
         .neg = is_odd && how == OTHER_SIGN,
      };
      if (npu_op_infos[op].num_srcs == 3)
         inst.src[2] = (uint16_t)(scalar ? s : a + i * v->regs);
      if (how == OTHER_LITERAL) {
         inst.src[1] = NPU_SRC_LITERAL;
         inst.has_literal = true;
         inst.literal = 100 + is_odd;
      }
      jit_emit(e, inst);
   }
}

void
jit_emit_stream(struct jit_emitter *e)
{
   struct vectors v = {.width_log2 = jit_pick(e, 4)};
   unsigned most = MAX_VECTOR_B >> v.width_log2;

   most = most < 16 ? most : 16;
   v.components = jit_pick(e, 2) && most >= 8 ? 8 : 2 + jit_pick(e, most - 1);
   v.regs = v.width_log2 == 3 ? 2 : 1;
   v.odd = jit_pick(e, 3) ? v.components : jit_pick(e, v.components);
   unsigned room_B = 32 * (JIT_SLOT_B - (v.components << v.width_log2));
   unsigned imm = room_B ? jit_pick(e, room_B < 64 ? room_B : 64) : 0, in = jit_pick(e, 8192);
   bool in_place = jit_pick(e, 3) == 0;

   own_slots(e);
   /* What an operation does not write is what another stream has left there. */
   for (unsigned i = 0; i < 16; i++)
      jit_emit(e, (struct npu_inst){.op = v.regs == 2 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32,
                                    .dst = (uint8_t)(V_RESULT + i * v.regs),
                                    .src = {NPU_SRC_INT(i)}});
   move_vectors(e, &v, false, in_place ? S_TMP : S_IN, in_place ? imm : in, V_A);
   if (jit_pick(e, 4))
      move_vectors(e, &v, false, S_IN, jit_pick(e, 8192), V_B);
   else
      move_vectors(e, &v, false, S_IN, in, V_B);
   compute(e, &v, V_A, V_B);
   if (jit_pick(e, 2)) {
      v.odd = v.components;
      compute(e, &v, V_RESULT, V_B);
   }
   move_vectors(e, &v, true, S_TMP, imm, V_RESULT);
   if (jit_pick(e, 4) == 0) {
      /* One of the values is alive behind it. */
      unsigned data = jit_data_register(e, NPU_FILES_V, 8u << v.width_log2, 1);
      unsigned from = (jit_pick(e, 2) ? V_A : V_RESULT) + jit_pick(e, v.components) * v.regs;
      jit_emit(e, (struct npu_inst){.op = v.regs == 2 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32,
                                    .dst = (uint8_t)data,
                                    .src = {(uint16_t)from}});
      jit_define_lanes(e, data, 8u << v.width_log2, 1);
   }
}
