// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Random programs: see jit_program.h.
//
// Registers: v0 is zero for inactive data, v1 the work-item's slot offset, v2:v3 its address; v4 to
// v19 are 32-bit lanes, v20 to v35 pairs (or everything is both). s0 to s7 are addresses and loop
// counters of the frame, s8 to s31 data. m0 to m7 data, m8 on saved execution masks.
//
// The frame fills the data registers from the input and writes them to the wave's state in groups of four
// operands, and only those that the items name: a program of few items is a short one.

#include "jit_emitter.h"

#include <string.h>

unsigned
jit_pick(struct jit_emitter *e, unsigned count)
{
   return (unsigned)(tap_random(&e->rng) >> 33) % count;
}

/* ---- the tree ---------------------------------------------------------------------------- */

static uint64_t
mix(uint64_t seed, uint64_t number)
{
   uint64_t x = seed + (number + 1) * 0x9e3779b97f4a7c15ull;

   x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
   x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
   x ^= x >> 31;
   return x ? x : 1;
}

static void
make_items(struct jit_program *program, uint64_t *rng, int parent, unsigned depth, unsigned count,
           unsigned max_items)
{
   static const uint8_t weights[NUM_KINDS] = {
      [KIND_ALU] = 40,    [KIND_LOAD] = 8,   [KIND_STORE] = 8,   [KIND_LOCAL] = 6,
      [KIND_PRIVATE] = 5, [KIND_ATOMIC] = 4, [KIND_SPECIAL] = 3, [KIND_BARRIER] = 3,
      [KIND_IF] = 6,      [KIND_LOOP] = 5,   [KIND_GATHER] = 5,  [KIND_STREAM] = 4,
   };
   unsigned total = 0;

   for (unsigned k = 0; k < NUM_KINDS; k++)
      total += weights[k];
   while (count-- && program->num_items < max_items) {
      unsigned r = (unsigned)(tap_random(rng) >> 33) % total, kind = 0;
      while (r >= weights[kind])
         r -= weights[kind++];
      if ((kind == KIND_IF || kind == KIND_LOOP) && depth == 3)
         kind = KIND_ALU;
      int index = (int)program->num_items++;
      program->items[index] = (struct jit_item){
         .seed = mix(program->seed, (uint64_t)index),
         .kind = (uint8_t)kind,
         .parent = (int16_t)parent,
      };
      if (kind == KIND_IF || kind == KIND_LOOP)
         make_items(program, rng, index, depth + 1, 1 + (unsigned)(tap_random(rng) >> 33) % 6,
                    max_items);
   }
}

void
jit_program_make(struct jit_program *program, uint64_t seed, unsigned max_items)
{
   uint64_t rng = mix(seed, 0x1000);

   memset(program, 0, sizeof(*program));
   program->seed = seed;
   program->group_size = 1 + (unsigned)(tap_random(&rng) >> 33) % JIT_MAX_GROUP;
   if (tap_random(&rng) >> 63)
      program->group_size = (program->group_size + 31) & ~31u;
   program->num_groups = 1 + (unsigned)(tap_random(&rng) >> 33) % JIT_MAX_GROUPS;
   program->mixed_layouts = (unsigned)(tap_random(&rng) >> 33) % 6 == 0;
   if (max_items > JIT_MAX_ITEMS)
      max_items = JIT_MAX_ITEMS;
   make_items(program, &rng, -1, 0, max_items, max_items);
}

/* ---- instructions ------------------------------------------------------------------------ */

/* Notes that a register is named. */
static void
note(struct jit_emitter *e, unsigned reg)
{
   if (npu_reg_is_s(reg)) {
      unsigned s = reg - NPU_REG_S(0) - S_DATA;
      e->s |= s < NUM_S ? 1u << s / GROUP : 0;
   } else if (npu_reg_is_v(reg)) {
      unsigned narrow = reg - V_NARROW, wide = reg - V_WIDE;
      e->narrow |= narrow < NUM_NARROW ? 1u << narrow / GROUP : 0;
      e->wide |= wide < NUM_WIDE ? 1u << wide / (2 * GROUP) : 0;
   } else {
      unsigned m = reg - NPU_REG_M(0);
      e->m |= m < NUM_M ? 1u << m / GROUP : 0;
   }
}

void
jit_emit(struct jit_emitter *e, struct npu_inst inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst.op];

   for (int i = -1; i < (int)info->num_srcs; i++) {
      unsigned reg = i < 0 ? inst.dst : inst.src[i];
      bool named = i < 0 ? (info->has_dst && !inst.noret) || info->data_in_dst
                         : info->src[i].files && !npu_src_is_imm(reg);
      for (unsigned r = 0; named && r < npu_inst_operand_regs(&inst, i); r++)
         note(e, reg + r);
   }
   sim_code_emit(e->code, inst);
}

unsigned
jit_data_register(struct jit_emitter *e, unsigned file, unsigned bits, unsigned count)
{
   bool mixed = e->program->mixed_layouts;
   unsigned regs = bits == 64 ? 2 * count : count;

   if (file == NPU_FILES_S)
      return NPU_REG_S(S_DATA + jit_pick(e, NUM_S - count + 1));
   if (file == NPU_FILES_M)
      return NPU_REG_M(jit_pick(e, NUM_M));
   if (mixed)
      return NPU_REG_V((V_NARROW + jit_pick(e, NUM_NARROW + NUM_WIDE - regs + 1)) &
                       (bits == 64 ? ~1u : ~0u));
   if (bits == 64)
      return NPU_REG_V(V_WIDE + 2 * jit_pick(e, NUM_WIDE / 2 - count + 1));
   return NPU_REG_V(V_NARROW + jit_pick(e, NUM_NARROW - count + 1));
}

static unsigned
pick_file(struct jit_emitter *e, unsigned files)
{
   unsigned file;

   do
      file = 1u << jit_pick(e, 4);
   while (!(files & file));
   return file;
}

void
jit_define_lanes(struct jit_emitter *e, unsigned dst, unsigned bits, unsigned count)
{
   for (unsigned i = 0; i < count; i++) {
      unsigned reg = dst + i * (bits == 64 ? 2 : 1);
      jit_emit(e, (struct npu_inst){
                     .op = bits == 64 ? NPU_OP_SEL_B64 : NPU_OP_SEL_B32,
                     .dst = (uint8_t)reg,
                     .src = {NPU_REG_EXEC, (uint16_t)reg, NPU_SRC_INT(0)},
                  });
   }
}

static void
pick_literal(struct jit_emitter *e, struct npu_inst *inst, unsigned bits)
{
   uint64_t all = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
   uint64_t value = tap_random(&e->rng) >> jit_pick(e, 64);

   if (!inst->has_literal)
      inst->literal = value;
   inst->literal &= all;
   inst->has_literal = true;
}

static void
pick_source(struct jit_emitter *e, struct npu_inst *inst, const struct npu_op_info *info,
            unsigned i, bool scalar)
{
   const struct npu_operand_info *o = &info->src[i];
   unsigned files = scalar ? o->files & ~(NPU_FILES_V | NPU_FILES_M) : o->files;
   bool mask_only = !files;
   unsigned file = pick_file(e, mask_only ? o->files : files);

   if (file != NPU_FILES_IMM) {
      unsigned reg = jit_data_register(e, file, o->bits, 1);
      if (file == NPU_FILES_M && jit_pick(e, 4) == 0)
         reg = NPU_REG_EXEC;
      inst->src[i] = (uint16_t)reg;
   } else if (jit_pick(e, 3) == 0) {
      inst->src[i] = NPU_SRC_LITERAL;
      pick_literal(e, inst, o->bits);
   } else if (o->kind == NPU_KIND_FLOAT && jit_pick(e, 2)) {
      inst->src[i] = (uint16_t)(NPU_SRC_FLOAT_FIRST + jit_pick(e, 8));
   } else {
      inst->src[i] = (uint16_t)(NPU_SRC_INT_FIRST + jit_pick(e, 128));
   }
   if (info->float_mods >> i & 1) {
      inst->neg |= (uint8_t)((jit_pick(e, 4) == 0) << i);
      inst->abs |= (uint8_t)((jit_pick(e, 4) == 0) << i);
   }
}

static bool
is_computation(const struct npu_op_info *info)
{
   bool wave = info->cross_lane && !info->side_effects && info->has_dst;

   return info->name && (info->pure || wave) && !info->is_special && !info->is_memory;
}

/* A random instruction of an operation without effects but on registers. */
static struct npu_inst
random_computation(struct jit_emitter *e, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];

   for (;;) {
      struct npu_inst inst = {.op = op};
      unsigned file = pick_file(e, info->dst.files);
      inst.dst = (uint8_t)jit_data_register(e, file, info->dst.bits, 1);
      inst.masked = info->maskable && file != NPU_FILES_S && jit_pick(e, 3) == 0;
      bool scalar = info->scalar_form_ok && file == NPU_FILES_S;
      for (unsigned i = 0; i < info->num_srcs; i++) {
         if (info->src[i].files)
            pick_source(e, &inst, info, i, scalar);
      }
      if (info->has_round)
         inst.round = (uint8_t)(jit_pick(e, 2) ? 0 : jit_pick(e, 4));
      if (info->has_sat)
         inst.sat = jit_pick(e, 2);
      if (!npu_inst_check(&inst))
         return inst;
   }
}

unsigned
jit_program_make_ops(struct jit_program *program, uint64_t seed, unsigned first, unsigned instances)
{
   unsigned op = first;

   memset(program, 0, sizeof(*program));
   program->seed = seed;
   program->group_size = 61;
   program->num_groups = 2;
   for (; op < NPU_NUM_OPS && program->num_items + instances <= OPS_ITEMS; op++) {
      if (!is_computation(&npu_op_infos[op]))
         continue;
      for (unsigned i = 0; i < instances; i++) {
         unsigned index = program->num_items++;
         program->items[index] = (struct jit_item){
            .seed = mix(seed + op, i),
            .kind = KIND_ALU,
            .parent = -1,
            .op = (uint16_t)op,
         };
      }
   }
   return op;
}

void
jit_emit_alu(struct jit_emitter *e, enum npu_op op)
{
   while (!is_computation(&npu_op_infos[op]))
      op = (enum npu_op)jit_pick(e, NPU_NUM_OPS);
   struct npu_inst inst = random_computation(e, op);
   jit_emit(e, inst);
   if (npu_reg_is_v(inst.dst) && !inst.masked)
      jit_define_lanes(e, inst.dst, npu_op_infos[op].dst.bits, 1);
}

static void
emit_special(struct jit_emitter *e)
{
   unsigned sr;

   do
      sr = jit_pick(e, NPU_NUM_SRS);
   while (!npu_sr_infos[sr].name || sr == NPU_SR_CLOCK);
   struct npu_inst inst = {.op = NPU_OP_RDSR, .sr_or_code = (uint16_t)sr};
   bool vector = npu_sr_infos[sr].files & NPU_FILES_V;
   inst.dst = (uint8_t)jit_data_register(e, vector ? NPU_FILES_V : NPU_FILES_S, 32, 1);
   inst.masked = vector && jit_pick(e, 2);
   jit_emit(e, inst);
   if (vector && !inst.masked)
      jit_define_lanes(e, inst.dst, 32, 1);
}

/* ---- control flow ------------------------------------------------------------------------ */

static void emit_children(struct jit_emitter *e, int parent, unsigned depth);

/* Sets the target of the branch at word `at` (which has no literal) to the current end. */
static void
patch(struct jit_emitter *e, size_t at, size_t target)
{
   int32_t distance = (int32_t)((int64_t)target - (int64_t)(at + 1));
   uint64_t *word = &e->code->words[at];

   *word = (*word & UINT32_MAX) | (uint64_t)(uint32_t)distance << 32;
}

static void
emit_if(struct jit_emitter *e, int index, unsigned depth)
{
   unsigned saved = NPU_REG_M(M_SAVED + depth), condition = NPU_REG_M(jit_pick(e, NUM_M));
   bool skip_if_empty = jit_pick(e, 2), has_else = jit_pick(e, 2);

   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = (uint8_t)saved, .src = {NPU_REG_EXEC}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MAND,
                                 .dst = NPU_REG_EXEC,
                                 .src = {(uint16_t)saved, (uint16_t)condition}});
   size_t branch = e->code->num_words;
   if (skip_if_empty)
      jit_emit(e, (struct npu_inst){.op = NPU_OP_BR_NONE, .src = {NPU_REG_EXEC}});
   emit_children(e, index, depth + 1);
   if (skip_if_empty)
      patch(e, branch, e->code->num_words);
   if (has_else) {
      /* The rest does something small. */
      jit_emit(e, (struct npu_inst){.op = NPU_OP_MANDN,
                                    .dst = NPU_REG_EXEC,
                                    .src = {(uint16_t)saved, NPU_REG_EXEC}});
      jit_emit_alu(e, NPU_OP_NONE);
   }
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = NPU_REG_EXEC, .src = {(uint16_t)saved}});
}

/* A counted loop; a divergent one loses lanes on the way and ends when none is left. */
static void
emit_loop(struct jit_emitter *e, int index, unsigned depth)
{
   unsigned counter = NPU_REG_S(S_LOOP + depth), saved = NPU_REG_M(M_SAVED + depth);
   bool divergent = jit_pick(e, 2);
   struct npu_inst count = {.op = NPU_OP_MOV_B64, .dst = (uint8_t)counter};

   count.src[0] = NPU_SRC_INT(1 + jit_pick(e, 3));
   jit_emit(e, count);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = (uint8_t)saved, .src = {NPU_REG_EXEC}});
   size_t head = e->code->num_words;
   emit_children(e, index, depth + 1);
   size_t leave = 0;
   if (divergent) {
      jit_emit(e,
               (struct npu_inst){.op = NPU_OP_MANDN,
                                 .dst = NPU_REG_EXEC,
                                 .src = {NPU_REG_EXEC, (uint16_t)NPU_REG_M(jit_pick(e, NUM_M))}});
      leave = e->code->num_words;
      jit_emit(e, (struct npu_inst){.op = NPU_OP_BR_NONE, .src = {NPU_REG_EXEC}});
   }
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64,
                                 .dst = (uint8_t)counter,
                                 .src = {(uint16_t)counter, NPU_SRC_INT(-1)}});
   size_t back = e->code->num_words;
   jit_emit(e, (struct npu_inst){.op = NPU_OP_BR_NZ, .src = {(uint16_t)counter}});
   patch(e, back, head);
   if (divergent)
      patch(e, leave, e->code->num_words);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = NPU_REG_EXEC, .src = {(uint16_t)saved}});
}

/* A load of a loop by the lanes that are still in it. */
static void
gather(struct jit_emitter *e, bool first)
{
   struct npu_inst inst = jit_memory_inst(e, NPU_OP_LD_O, false);

   if (!first) {
      unsigned offset = jit_data_register(e, NPU_FILES_V, 32, 1);
      jit_emit(e, (struct npu_inst){.op = NPU_OP_IAND_I32,
                                    .dst = V_TMP,
                                    .src = {(uint16_t)offset, NPU_SRC_LITERAL},
                                    .has_literal = true,
                                    .literal = 2047});
   }
   inst.masked = true;
   inst.imm = (int32_t)jit_pick(e, 128);
   inst.src[0] = S_IN;
   inst.src[1] = first ? V_OFFSET : V_TMP;
   inst.scale_log2 = (uint8_t)jit_pick(e, 3);
   inst.sx = jit_pick(e, 2);
   jit_emit(e, inst);
}

/* A masked computation in lanes. */
static void
emit_masked_alu(struct jit_emitter *e)
{
   for (;;) {
      enum npu_op op = (enum npu_op)jit_pick(e, NPU_NUM_OPS);
      const struct npu_op_info *info = &npu_op_infos[op];
      if (!is_computation(info) || info->cross_lane || !info->maskable)
         continue;
      struct npu_inst inst = random_computation(e, op);
      inst.masked = true;
      if (npu_reg_is_v(inst.dst) && !npu_inst_check(&inst)) {
         jit_emit(e, inst);
         return;
      }
   }
}

/* A loop as compilers make it of one that each work-item leaves when it wants to: with a mask of those that
 * are still inside. */
static void
emit_gather_loop(struct jit_emitter *e, unsigned depth)
{
   unsigned saved = NPU_REG_M(M_SAVED + depth), count = 1 + jit_pick(e, 3);
   const struct npu_inst leave = {.op = NPU_OP_MANDN,
                                  .dst = NPU_REG_EXEC,
                                  .src = {NPU_REG_EXEC, M_LEAVES}};
   bool inside_is_exec = jit_pick(e, 8);

   jit_random_offsets(e, 2048);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MOV_B32, .dst = V_OFFSET, .src = {V_TMP}});
   jit_random_offsets(e, 16);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MOV_B32, .dst = V_LIMIT, .src = {V_TMP}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MOV_B32, .dst = V_COUNT, .src = {NPU_SRC_INT(0)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = (uint8_t)saved, .src = {NPU_REG_EXEC}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = M_INSIDE, .src = {NPU_REG_EXEC}});
   if (!inside_is_exec)
      jit_emit(e,
               (struct npu_inst){.op = NPU_OP_MANDN,
                                 .dst = NPU_REG_EXEC,
                                 .src = {NPU_REG_EXEC, (uint16_t)NPU_REG_M(jit_pick(e, NUM_M))}});
   size_t head = e->code->num_words;
   jit_emit(e, (struct npu_inst){.op = NPU_OP_UCMP_LE_I32,
                                 .dst = M_LEAVES,
                                 .src = {V_LIMIT, V_COUNT}});
   if (jit_pick(e, 2)) {
      unsigned data = jit_data_register(e, NPU_FILES_V, 32, 1);
      jit_emit(e, (struct npu_inst){.op = NPU_OP_SEL_B32,
                                    .dst = (uint8_t)data,
                                    .src = {M_LEAVES, V_COUNT, (uint16_t)data}});
   }
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MANDN, .dst = M_INSIDE, .src = {M_INSIDE, M_LEAVES}});
   jit_emit(e, leave);
   size_t branch = e->code->num_words;
   jit_emit(e, (struct npu_inst){.op = NPU_OP_BR_NONE, .src = {NPU_REG_EXEC}});
   for (unsigned i = 0; i < count; i++) {
      gather(e, i == 0);
      if (jit_pick(e, 2))
         emit_masked_alu(e);
   }
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I32,
                                 .dst = V_COUNT,
                                 .src = {V_COUNT, NPU_SRC_INT(1)}});
   patch(e, branch, e->code->num_words);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = NPU_REG_EXEC, .src = {M_INSIDE}});
   size_t back = e->code->num_words;
   jit_emit(e, (struct npu_inst){.op = NPU_OP_BR_ANY, .src = {NPU_REG_EXEC}});
   patch(e, back, head);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_MMOV, .dst = NPU_REG_EXEC, .src = {(uint16_t)saved}});
}

static void
emit_children(struct jit_emitter *e, int parent, unsigned depth)
{
   const struct jit_program *program = e->program;

   for (unsigned i = 0; i < program->num_items; i++) {
      const struct jit_item *item = &program->items[i];
      if (item->parent != parent || item->skip)
         continue;
      uint64_t outer = e->rng;
      e->rng = item->seed;
      switch ((enum jit_kind)item->kind) {
      case KIND_ALU:
         jit_emit_alu(e, (enum npu_op)item->op);
         break;
      case KIND_LOAD:
         jit_emit_load(e);
         break;
      case KIND_STORE:
         jit_emit_store(e);
         break;
      case KIND_LOCAL:
         jit_emit_local(e);
         break;
      case KIND_PRIVATE:
         jit_emit_private(e);
         break;
      case KIND_ATOMIC:
         jit_emit_atomic(e);
         break;
      case KIND_SPECIAL:
         emit_special(e);
         break;
      case KIND_BARRIER:
         jit_emit(e, (struct npu_inst){.op = NPU_OP_BARRIER});
         break;
      case KIND_IF:
         emit_if(e, (int)i, depth);
         break;
      case KIND_LOOP:
         emit_loop(e, (int)i, depth);
         break;
      case KIND_GATHER:
         emit_gather_loop(e, depth);
         break;
      case KIND_STREAM:
         jit_emit_stream(e);
         break;
      case NUM_KINDS:
         break;
      }
      e->rng = outer;
   }
}

/* ---- the frame --------------------------------------------------------------------------- */

static void
read_special(struct jit_emitter *e, unsigned dst, enum npu_sr sr)
{
   jit_emit(e,
            (struct npu_inst){.op = NPU_OP_RDSR, .dst = (uint8_t)dst, .sr_or_code = (uint16_t)sr});
}

static void
begin(struct jit_emitter *e)
{
   read_special(e, S_ARGS, NPU_SR_ARGS);
   sim_code_memory(e->code, NPU_OP_LD_S, S_IN, S_ARGS, 0, 64, JIT_NUM_ARGS);
   read_special(e, S_WAVE, NPU_SR_WAVE_ID);
   read_special(e, S_TMP, NPU_SR_GROUP_ID_X);
   /* The wave's state: (group * 8 + wave) * JIT_STATE_B; the work-item's slot likewise. */
   jit_emit(e,
            (struct npu_inst){.op = NPU_OP_ISHL_I32, .dst = S_TMP, .src = {S_TMP, NPU_SRC_INT(3)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I32, .dst = S_TMP, .src = {S_TMP, S_WAVE}});
   read_special(e, V_SLOT, NPU_SR_LANE_ID);
   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I32,
                                 .dst = NPU_REG_S(7),
                                 .src = {S_TMP, NPU_SRC_INT(5)}});
   jit_emit(e,
            (struct npu_inst){.op = NPU_OP_IADD_I32, .dst = V_SLOT, .src = {V_SLOT, NPU_REG_S(7)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I32,
                                 .dst = V_SLOT,
                                 .src = {V_SLOT, NPU_SRC_INT(6)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_CVT_U64_U32, .dst = V_ADDRESS, .src = {V_SLOT}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64,
                                 .dst = V_ADDRESS,
                                 .src = {V_ADDRESS, S_SLOTS}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I64,
                                 .dst = S_TMP,
                                 .src = {S_TMP, NPU_SRC_INT(13)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64, .dst = S_STATE, .src = {S_STATE, S_TMP}});
   /* Data, different from wave to wave. */
   jit_emit(e, (struct npu_inst){.op = NPU_OP_ISHL_I64,
                                 .dst = S_TMP,
                                 .src = {S_WAVE, NPU_SRC_INT(7)}});
   jit_emit(e, (struct npu_inst){.op = NPU_OP_IADD_I64, .dst = S_TMP, .src = {S_TMP, S_IN}});
   for (unsigned i = 0; i < NARROW_GROUPS; i++) {
      unsigned first = V_NARROW + i * GROUP;
      if (!(e->narrow >> i & 1))
         continue;
      sim_code_memory(e->code, NPU_OP_LD_U, NPU_REG_V(first), S_TMP, (int)(i * GROUP * 132), 32,
                      GROUP);
      jit_define_lanes(e, NPU_REG_V(first), 32, GROUP);
   }
   for (unsigned i = 0; i < WIDE_GROUPS; i++) {
      unsigned first = V_WIDE + i * 2 * GROUP;
      if (!(e->wide >> i & 1))
         continue;
      sim_code_memory(e->code, NPU_OP_LD_U, NPU_REG_V(first), S_TMP, (int)(3000 + i * GROUP * 264),
                      64, GROUP);
      jit_define_lanes(e, NPU_REG_V(first), 64, GROUP);
   }
   for (unsigned i = 0; i < S_GROUPS; i++) {
      if (e->s >> i & 1)
         sim_code_memory(e->code, NPU_OP_LD_S, NPU_REG_S(S_DATA + i * GROUP), S_TMP,
                         (int)(5000 + i * GROUP * 8), 64, GROUP);
   }
   /* Masks like the scalars of their numbers. */
   for (unsigned i = 0; i < NUM_M; i++) {
      if (!(e->m >> i / GROUP & 1))
         continue;
      sim_code_memory(e->code, NPU_OP_LD_S, NPU_REG_S(7), S_TMP, 5000 + (int)i * 8, 64, 1);
      sim_code_mask(e->code, NPU_REG_M(i), NPU_REG_S(7));
   }
}

/* Writes all registers to the wave's state. */
static void
finish(struct jit_emitter *e)
{
   sim_code_mask_value(e->code, NPU_REG_EXEC, UINT32_MAX);
   for (unsigned i = 0; i < NARROW_GROUPS; i++) {
      if (e->narrow >> i & 1)
         sim_code_memory(e->code, NPU_OP_ST_U, NPU_REG_V(V_NARROW + i * GROUP), S_STATE,
                         (int)(i * GROUP * 128), 32, GROUP);
   }
   for (unsigned i = 0; i < WIDE_GROUPS; i++) {
      if (e->wide >> i & 1)
         sim_code_memory(e->code, NPU_OP_ST_U, NPU_REG_V(V_WIDE + i * 2 * GROUP), S_STATE,
                         (int)(2048 + i * GROUP * 256), 64, GROUP);
   }
   for (unsigned i = 0; i < S_GROUPS; i++) {
      if (e->s >> i & 1)
         sim_code_memory(e->code, NPU_OP_ST_S, NPU_REG_S(S_DATA + i * GROUP), S_STATE,
                         (int)(4096 + i * GROUP * 8), 64, GROUP);
   }
   for (unsigned i = 0; i < M_GROUPS; i++) {
      if (!(e->m >> i & 1))
         continue;
      for (unsigned k = 0; k < GROUP; k++)
         jit_emit(e, (struct npu_inst){.op = NPU_OP_MTOS,
                                       .dst = NPU_REG_S(S_DATA + k),
                                       .src = {(uint16_t)NPU_REG_M(i * GROUP + k)}});
      sim_code_memory(e->code, NPU_OP_ST_S, NPU_REG_S(S_DATA), S_STATE, (int)(4352 + i * GROUP * 8),
                      64, GROUP);
   }
   sim_code_end(e->code);
}

void
jit_program_emit(const struct jit_program *program, struct sim_code *code)
{
   struct sim_code body = {0};
   struct jit_emitter e = {.program = program, .code = &body, .rng = program->seed | 1};

   /* Branches are relative, so the items can be made first. */
   emit_children(&e, -1, 0);
   memset(code, 0, sizeof(*code));
   e.code = code;
   begin(&e);
   for (size_t i = 0; i < body.num_words; i++)
      sim_code_word(code, body.words[i]);
   free(body.words);
   finish(&e);
}
