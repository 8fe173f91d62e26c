// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Finds runs of instructions that do the same with all components of wide vectors: o[i] = a[i] + s * b[i]
// with float8.
//
// The lanes of an access of n components at a stride of n components are one piece of memory. Bringing
// component k of all lanes into one register, and back for the store, is a transposition of all that is
// moved, and all it is good for is that lanes have places of their own. Where the code treats all components
// alike it does not matter which number is in which place: the k-th part of the memory may be in the register
// of component k, as it is, if that of every other vector it meets is, too. Then loads, operations and stores
// are those of the host on consecutive memory.
//
// A run is made of loads, operations of lanes and, at its end, stores. Values are numbered: a load group has
// a number, and an operation the number of what it does with which numbers; components have the same number,
// each its own index. A value stays in the order of memory if it is made of others of the same index only.
// The run is good if the data of its stores are complete (all components, one number, each in its place) and
// nothing in memory order is alive behind it. Scalars are the same for all, so they may be operands; they are
// computed before the run, which ends where one would change that has been read.
//
// What it misses: operands that differ from component to component, accesses with gaps, strides that only the
// run decides.

#include <string.h>

#include "npu_jit_stream.h"

#define NUM_REGISTERS (NPU_REG_EXEC + 1) /* operand numbers */

/* ---- accesses ---------------------------------------------------------------------------- */

/* Form u, or form x with a stride that is an immediate. */
static bool
find_stride(const struct npu_inst *inst, uint64_t *stride_B)
{
   switch (inst->op) {
   case NPU_OP_LD_U:
   case NPU_OP_ST_U:
      *stride_B = (uint64_t)inst->count << inst->width_log2;
      return true;
   case NPU_OP_LD_X:
   case NPU_OP_ST_X:
      if (!npu_src_is_imm(inst->src[1]))
         return false;
      *stride_B = inst->src[1] == NPU_SRC_LITERAL
                     ? inst->literal
                     : npu_src_inline_value(inst->src[1],
                                            (enum npu_type)npu_op_infos[inst->op].src[1].type);
      return true;
   default:
      return false;
   }
}

/* The access as a group of its own. */
static bool
group_of_access(const struct npu_inst *inst, struct npu_jit_stream_group *group)
{
   const unsigned width_B = 1u << inst->width_log2, size_B = inst->count * width_B;
   uint64_t stride_B;

   if (!find_stride(inst, &stride_B) || inst->space != NPU_SPACE_GLOBAL || inst->masked ||
       !npu_reg_is_s(inst->src[0]) || stride_B < size_B || stride_B > NPU_JIT_STREAM_MAX_STRIDE_B ||
       stride_B % width_B || stride_B / width_B > NPU_JIT_STREAM_MAX_COMPONENTS)
      return false;
   *group = (struct npu_jit_stream_group){
      .is_store = npu_op_infos[inst->op].is_store,
      .base = inst->src[0],
      .width_B = width_B,
      .stride_B = (unsigned)stride_B,
      .first_B = inst->imm,
      .end_B = inst->imm + (int32_t)size_B,
      .members = 1,
      .components = (unsigned)stride_B / width_B,
   };
   return true;
}

/* Makes b part of a: before or behind it in each lane. */
static bool
join_groups(struct npu_jit_stream_group *a, const struct npu_jit_stream_group *b)
{
   if (a->is_store != b->is_store || a->base != b->base || a->width_B != b->width_B ||
       a->stride_B != b->stride_B || (a->end_B != b->first_B && b->end_B != a->first_B))
      return false;
   int32_t first_B = a->first_B < b->first_B ? a->first_B : b->first_B;
   int32_t end_B = a->end_B > b->end_B ? a->end_B : b->end_B;
   if ((unsigned)(end_B - first_B) > a->stride_B)
      return false;
   a->first_B = first_B;
   a->end_B = end_B;
   a->members++;
   return true;
}

/* Puts the access, uop i of the run, into a group. Only neighbours in the order of stores become one. */
static bool
add_access(struct npu_jit_stream *stream, uint32_t i, const struct npu_jit_stream_group *access)
{
   unsigned n = stream->num_groups;

   for (unsigned j = access->is_store && n ? n - 1 : 0; j < n; j++) {
      if (join_groups(&stream->group[j], access)) {
         stream->group_of[i] = (uint8_t)j;
         return true;
      }
   }
   if (n == NPU_JIT_STREAM_MAX_GROUPS)
      return false;
   stream->group[n] = *access;
   stream->group_of[i] = (uint8_t)n;
   stream->num_groups++;
   return true;
}

/* ---- extent ------------------------------------------------------------------------------ */

static bool
in_memory(const struct npu_jit_gen *g, const struct npu_jit_regs *a, const struct npu_jit_regs *b)
{
   const uint64_t *memory = g->flow->in_memory;

   return ((a->v[0] | b->v[0]) & memory[0]) || ((a->v[1] | b->v[1]) & memory[1]);
}

/* An operation that may be part of a run; *scalars: those that the run reads. */
static bool
is_operation(const struct npu_jit_gen *g, const struct npu_uop *uop,
             const struct npu_jit_regs *uses, const struct npu_jit_regs *writes, uint64_t *scalars)
{
   if (!npu_jit_is_lanewise(g, uop) || uop->inst.dst == NPU_REG_EXEC || (writes->s & *scalars))
      return false;
   if (!npu_reg_is_s(uop->inst.dst))
      *scalars |= uses->s;
   return true;
}

/* Groups of all accesses up to the last store; false: there is none. */
static bool
find_extent(const struct npu_jit_gen *g, const struct npu_jit_block *block,
            struct npu_jit_stream *stream)
{
   uint64_t scalars = 0;
   bool stores = false;

   for (uint32_t i = 0; i < NPU_JIT_STREAM_MAX_UOPS && stream->first + i <= block->last; i++) {
      const struct npu_uop *uop = &g->flow->kernel->uops[stream->first + i];
      struct npu_jit_regs uses, kills, writes;
      struct npu_jit_stream_group access;

      npu_jit_uop_regs(uop, &uses, &kills, &writes);
      if (!npu_jit_is_executable(uop) || in_memory(g, &uses, &writes))
         break;
      stream->group_of[i] = NPU_JIT_STREAM_NO_GROUP;
      if (!npu_op_infos[uop->inst.op].is_memory) {
         if (!is_operation(g, uop, &uses, &writes, &scalars))
            break;
         continue;
      }
      if (!group_of_access(&uop->inst, &access) || (stores && !access.is_store) ||
          !add_access(stream, i, &access))
         break;
      scalars |= uses.s;
      stores |= access.is_store;
      if (access.is_store)
         stream->count = i + 1;
   }
   return stores;
}

/* ---- values ------------------------------------------------------------------------------ */

/* What a value is, but for the index of the component. */
struct key {
   enum npu_op op;
   uint16_t src[NPU_MAX_SRCS];   /* of scalars and immediates */
   uint16_t value[NPU_MAX_SRCS]; /* of vectors; of loads the group + 1 */
   uint64_t literal;
   uint8_t neg, abs, round, sat;
};

struct label {
   uint16_t value; /* number of a key + 1; 0: not in the order of memory */
   uint8_t component, components;
   bool wide;
};

struct labels {
   struct label reg[NUM_REGISTERS];
   struct key keys[NPU_JIT_STREAM_MAX_UOPS];
   unsigned num_keys;
   uint16_t stored[NPU_JIT_STREAM_MAX_GROUPS]; /* by the stores of a group: all of one value */
};

static uint16_t
number_of(struct labels *labels, const struct key *key)
{
   for (unsigned i = 0; i < labels->num_keys; i++) {
      const struct key *k = &labels->keys[i];
      if (k->op == key->op && !memcmp(k->src, key->src, sizeof(k->src)) &&
          !memcmp(k->value, key->value, sizeof(k->value)) && k->literal == key->literal &&
          k->neg == key->neg && k->abs == key->abs && k->round == key->round && k->sat == key->sat)
         return (uint16_t)(i + 1);
   }
   labels->keys[labels->num_keys++] = *key;
   return (uint16_t)labels->num_keys;
}

static void
set_label(struct labels *labels, unsigned reg, struct label label)
{
   labels->reg[reg] = label;
   if (npu_reg_is_v(reg) && label.wide)
      labels->reg[reg + 1] = label;
}

static bool
label_load(struct labels *labels, struct npu_jit_stream_group *group, uint16_t number,
           const struct npu_inst *inst)
{
   const struct key key = {.op = inst->op, .value = {number}};
   const unsigned at = (unsigned)(inst->imm - group->first_B) / group->width_B;
   struct label label = {.components = (uint8_t)group->components, .wide = group->width_B == 8};

   if (group->components > 1)
      label.value = number_of(labels, &key);
   for (unsigned i = 0; i < inst->count; i++) {
      label.component = (uint8_t)(at + i);
      group->found |= 1u << (at + i);
      set_label(labels, inst->dst + i * (label.wide ? 2 : 1), label);
   }
   return true;
}

static bool
label_store(struct labels *labels, struct npu_jit_stream_group *group, uint16_t *stored,
            const struct npu_inst *inst)
{
   const unsigned at = (unsigned)(inst->imm - group->first_B) / group->width_B;
   const bool wide = group->width_B == 8;

   for (unsigned i = 0; i < inst->count; i++) {
      const struct label *data = &labels->reg[inst->dst + i * (wide ? 2 : 1)];
      group->found |= 1u << (at + i);
      if (group->components == 1 && !data->value)
         continue;
      if (!data->value || data->components != group->components || data->component != at + i ||
          data->wide != wide || (*stored && *stored != data->value))
         return false;
      *stored = data->value;
   }
   return true;
}

static bool
label_operation(struct labels *labels, const struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   struct key key = {
      .op = inst->op,
      .literal = inst->has_literal ? inst->literal : 0,
      .neg = inst->neg,
      .abs = inst->abs,
      .round = inst->round,
      .sat = inst->sat,
   };
   struct label label = {.wide = npu_reg_is_v(inst->dst) && info->dst.bits == 64}, *first = NULL;
   bool others = false;

   if (npu_reg_is_s(inst->dst))
      return true;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      const unsigned src = inst->src[i];
      if (!info->src[i].files || npu_src_is_imm(src) || npu_reg_is_s(src)) {
         key.src[i] = (uint16_t)src;
         continue;
      }
      struct label *a = &labels->reg[src];
      key.value[i] = a->value;
      if (!a->value) {
         others = true;
         continue;
      }
      if (a->wide != (npu_reg_is_v(src) && info->src[i].bits == 64) ||
          (first && (a->component != first->component || a->components != first->components)))
         return false;
      first = a;
   }
   if (first && others)
      return false;
   if (first) {
      label.value = number_of(labels, &key);
      label.component = first->component;
      label.components = first->components;
   }
   set_label(labels, inst->dst, label);
   return true;
}

static bool
is_alive(const struct npu_jit_regs *live, unsigned reg)
{
   return npu_reg_is_v(reg) ? npu_jit_has_v(live, reg)
                            : npu_reg_is_m(reg) && (live->m >> (reg - NPU_REG_M(0)) & 1);
}

/* Whether the run works in the order of memory. live: before its uops, and behind the last. */
static bool
is_alike(const struct npu_jit_gen *g, struct npu_jit_stream *stream,
         const struct npu_jit_regs *live)
{
   struct labels labels = {.num_keys = 0};
   bool vectors = false;

   for (uint32_t i = 0; i < stream->count; i++) {
      const struct npu_inst *inst = &g->flow->kernel->uops[stream->first + i].inst;
      const unsigned n = stream->group_of[i];
      struct npu_jit_stream_group *group = &stream->group[n];
      if (n == NPU_JIT_STREAM_NO_GROUP ? !label_operation(&labels, inst)
          : group->is_store            ? !label_store(&labels, group, &labels.stored[n], inst)
                                       : !label_load(&labels, group, (uint16_t)(n + 1), inst))
         return false;
      if (n == NPU_JIT_STREAM_NO_GROUP || group->is_store)
         continue;
      for (unsigned r = 0; r < npu_inst_operand_regs(inst, -1); r++)
         group->some_dead |= !npu_jit_has_v(&live[i + 1], inst->dst + r);
   }
   for (unsigned n = 0; n < stream->num_groups; n++) {
      if (stream->group[n].found != (1u << stream->group[n].components) - 1)
         return false;
      vectors |= stream->group[n].components > 1;
   }
   for (unsigned reg = 0; reg < NUM_REGISTERS; reg++) {
      if (labels.reg[reg].value && is_alive(&live[stream->count], reg))
         return false;
   }
   return vectors;
}

bool
npu_jit_stream_begins(const struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t i)
{
   const struct npu_uop *uop = &g->flow->kernel->uops[i];
   struct npu_jit_stream_group access;

   return i <= block->last && npu_jit_is_executable(uop) && npu_op_infos[uop->inst.op].is_load &&
          group_of_access(&uop->inst, &access);
}

bool
npu_jit_stream_find(struct npu_jit_gen *g, const struct npu_jit_block *block, uint32_t first,
                    const struct npu_jit_regs *live, struct npu_jit_stream *stream)
{
   stream->first = first;
   stream->count = 0;
   stream->num_groups = 0;
   return find_extent(g, block, stream) && is_alike(g, stream, &live[first - block->first]);
}
