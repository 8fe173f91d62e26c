// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Registers in host code: variables (allocas) that LLVM makes SSA values of, and their place in the
// wave's memory, where they go at exits and for calls of the interpreter's handlers.
//
// A vector register has two variables: one of 32-bit lanes, one (for an even register) of the
// 64-bit lanes of its pair. Which one is meant at a point follows from npu_jit_flow.c; registers
// that mix layouts have no variable and live in the wave's memory.

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "npu_jit_gen.h"

#define WAVE_V offsetof(struct npu_wave, v)
#define WAVE_S offsetof(struct npu_wave, s)
#define WAVE_M offsetof(struct npu_wave, m)

static bool
in_memory(const struct npu_jit_gen *g, unsigned v)
{
   return g->flow->in_memory[v / 64] >> (v % 64) & 1;
}

static LLVMTypeRef
lanes_of(struct npu_jit_gen *g, bool wide)
{
   return npu_jit_vec_of(g, wide ? g->i64 : g->i32);
}

static uint64_t
v_offset(const struct npu_jit_gen *g, unsigned v, bool wide, unsigned chunk)
{
   return WAVE_V + v * sizeof(uint32_t[NPU_INTERP_LANES]) + chunk * g->width * (wide ? 8u : 4u);
}

static uint64_t
m_offset(unsigned m)
{
   return WAVE_M + m * sizeof(uint32_t);
}

/* ---- variables --------------------------------------------------------------------------- */

/* Creates the variables of all registers the kernel names, in the current (first) block. */
void
npu_jit_make_variables(struct npu_jit_gen *g)
{
   const struct npu_jit_regs *used = &g->flow->used;
   char name[16];

   for (unsigned i = 0; i < NPU_NUM_SREGS; i++) {
      snprintf(name, sizeof(name), "s%u", i);
      if (used->s >> i & 1)
         g->s[i] = LLVMBuildAlloca(g->builder, g->i64, name);
   }
   for (unsigned i = 0; i < NPU_NUM_VREGS; i++) {
      snprintf(name, sizeof(name), "v%u", i);
      if (!npu_jit_has_v(used, i) || in_memory(g, i))
         continue;
      for (unsigned c = 0; c < g->chunks; c++) {
         g->v32[i][c] = LLVMBuildAlloca(g->builder, lanes_of(g, false), name);
         if (!g->v64[i / 2][c])
            g->v64[i / 2][c] = LLVMBuildAlloca(g->builder, lanes_of(g, true), name);
         if (npu_jit_needs_first(g, i))
            g->first[i][c] = LLVMBuildAlloca(g->builder, g->i32, name);
      }
   }
   for (unsigned i = 0; i <= NPU_NUM_MREGS; i++) {
      snprintf(name, sizeof(name), "m%u", i);
      for (unsigned c = 0; (used->m >> i & 1) && c < g->chunks; c++)
         g->m[i][c] = LLVMBuildAlloca(g->builder, npu_jit_vec_of(g, g->i1), name);
   }
}

/* What a new wave has: zero, and in exec the lanes that exist. */
void
npu_jit_clear_variables(struct npu_jit_gen *g)
{
   const struct npu_jit_regs *used = &g->flow->used;

   for (unsigned i = 0; i < NPU_NUM_SREGS; i++) {
      if (used->s >> i & 1)
         LLVMBuildStore(g->builder, npu_jit_i64(g, 0), g->s[i]);
   }
   for (unsigned i = 0; i < NPU_NUM_VREGS; i++) {
      if (!npu_jit_has_v(used, i))
         continue;
      for (unsigned c = 0; c < g->chunks; c++) {
         LLVMValueRef zero = LLVMConstNull(lanes_of(g, false));
         if (in_memory(g, i)) {
            npu_jit_store(g, zero, g->wave, v_offset(g, i, false, c), 4);
            continue;
         }
         npu_jit_write_v(g, i, false, c, zero);
         LLVMBuildStore(g->builder, LLVMConstNull(lanes_of(g, true)), g->v64[i / 2][c]);
      }
   }
   for (unsigned i = 0; i < NPU_NUM_MREGS; i++) {
      for (unsigned c = 0; (used->m >> i & 1) && c < g->chunks; c++)
         LLVMBuildStore(g->builder, LLVMConstNull(npu_jit_vec_of(g, g->i1)), g->m[i][c]);
   }
   LLVMValueRef full = npu_jit_load(g, g->i32, g->wave, offsetof(struct npu_wave, full), 4);
   for (unsigned c = 0; c < g->chunks; c++)
      npu_jit_write_m(g, NPU_NUM_MREGS, c, npu_jit_mask_chunk(g, full, c));
}

LLVMValueRef
npu_jit_read_s(struct npu_jit_gen *g, unsigned s)
{
   return LLVMBuildLoad2(g->builder, g->i64, g->s[s], "");
}

void
npu_jit_write_s(struct npu_jit_gen *g, unsigned s, LLVMValueRef value)
{
   g->stored.s &= ~(1ull << s);
   LLVMBuildStore(g->builder, value, g->s[s]);
}

LLVMValueRef
npu_jit_read_v(struct npu_jit_gen *g, unsigned v, bool wide, unsigned chunk)
{
   LLVMTypeRef type = lanes_of(g, wide);

   if (in_memory(g, v))
      return npu_jit_load(g, type, g->wave, v_offset(g, v, wide, chunk), 4);
   return LLVMBuildLoad2(g->builder, type, wide ? g->v64[v / 2][chunk] : g->v32[v][chunk], "");
}

void
npu_jit_write_v(struct npu_jit_gen *g, unsigned v, bool wide, unsigned chunk, LLVMValueRef value)
{
   g->stored.v[v / 64] &= ~((wide ? 3ull : 1ull) << (v % 64));
   if (in_memory(g, v))
      npu_jit_store(g, value, g->wave, v_offset(g, v, wide, chunk), 4);
   else
      LLVMBuildStore(g->builder, value, wide ? g->v64[v / 2][chunk] : g->v32[v][chunk]);
   /* Of pairs nothing is known, so nobody reads what is left there. */
   if (!wide && g->first[v][chunk])
      npu_jit_write_first(g, v, chunk,
                          LLVMBuildExtractElement(g->builder, value, npu_jit_i32(g, 0), ""));
}

LLVMValueRef
npu_jit_read_first(struct npu_jit_gen *g, unsigned v, unsigned chunk)
{
   if (g->first[v][chunk])
      return LLVMBuildLoad2(g->builder, g->i32, g->first[v][chunk], "");
   return LLVMBuildExtractElement(g->builder, npu_jit_read_v(g, v, false, chunk), npu_jit_i32(g, 0),
                                  "");
}

void
npu_jit_write_first(struct npu_jit_gen *g, unsigned v, unsigned chunk, LLVMValueRef value)
{
   LLVMBuildStore(g->builder, value, g->first[v][chunk]);
}

LLVMValueRef
npu_jit_read_m(struct npu_jit_gen *g, unsigned m, unsigned chunk)
{
   return LLVMBuildLoad2(g->builder, npu_jit_vec_of(g, g->i1), g->m[m][chunk], "");
}

void
npu_jit_write_m(struct npu_jit_gen *g, unsigned m, unsigned chunk, LLVMValueRef value)
{
   g->stored.m &= ~(1u << m);
   LLVMBuildStore(g->builder, value, g->m[m][chunk]);
}

LLVMValueRef
npu_jit_exec(struct npu_jit_gen *g, unsigned chunk)
{
   return npu_jit_read_m(g, NPU_NUM_MREGS, chunk);
}

/* ---- masks as integers ------------------------------------------------------------------- */

LLVMValueRef
npu_jit_mask_bits(struct npu_jit_gen *g, const LLVMValueRef *chunks)
{
   LLVMValueRef all = NULL;

   for (unsigned c = 0; c < g->chunks; c++) {
      LLVMValueRef bits = LLVMBuildBitCast(g->builder, chunks[c], npu_jit_int(g, g->width), "");
      if (g->width < 32)
         bits = LLVMBuildZExt(g->builder, bits, g->i32, "");
      if (c)
         bits = LLVMBuildShl(g->builder, bits, npu_jit_i32(g, c * g->width), "");
      all = all ? LLVMBuildOr(g->builder, all, bits, "") : bits;
   }
   return all;
}

/* The chunk is taken out of the mask as a vector: LLVM 19's DAGCombiner for AVX-512 goes around for ever
 * with the union of two masks that are integers of 16 bits bitcast, where that is compared with zero. */
LLVMValueRef
npu_jit_mask_chunk(struct npu_jit_gen *g, LLVMValueRef bits, unsigned chunk)
{
   LLVMTypeRef type = LLVMVectorType(g->i1, 32);
   LLVMValueRef whole = LLVMBuildBitCast(g->builder, bits, type, ""), lanes[32];

   for (unsigned l = 0; l < g->width; l++)
      lanes[l] = npu_jit_i32(g, chunk * g->width + l);
   return LLVMBuildShuffleVector(g->builder, whole, LLVMGetPoison(type),
                                 LLVMConstVector(lanes, g->width), "");
}

LLVMValueRef
npu_jit_any(struct npu_jit_gen *g, const LLVMValueRef *chunks)
{
   LLVMValueRef all = chunks[0];

   for (unsigned c = 1; c < g->chunks; c++)
      all = LLVMBuildOr(g->builder, all, chunks[c], "");
   LLVMTypeRef type = npu_jit_int(g, g->width);
   LLVMValueRef bits = LLVMBuildBitCast(g->builder, all, type, "");
   return LLVMBuildICmp(g->builder, LLVMIntNE, bits, LLVMConstInt(type, 0, false), "");
}

/* ---- operands ---------------------------------------------------------------------------- */

static uint64_t
immediate(const struct npu_jit_gen *g, unsigned i)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_operand_info *info = &npu_op_infos[inst->op].src[i];

   if (inst->src[i] == NPU_SRC_LITERAL)
      return inst->literal;
   return npu_src_inline_value(inst->src[i], (enum npu_type)info->type);
}

LLVMValueRef
npu_jit_source_scalar(struct npu_jit_gen *g, unsigned i, unsigned bits)
{
   unsigned reg = g->uop->inst.src[i];
   LLVMTypeRef type = npu_jit_int(g, bits);

   if (npu_src_is_imm(reg))
      return LLVMConstInt(type, immediate(g, i), false);
   if (g->scalars && g->scalars[i])
      return g->scalars[i];
   assert(npu_reg_is_s(reg) && "a vector where a scalar is wanted");
   LLVMValueRef value = npu_jit_read_s(g, reg - NPU_REG_S(0));
   if (bits < 64)
      value = LLVMBuildTrunc(g->builder, value, type, "");
   if (g->scalars)
      g->scalars[i] = value;
   return value;
}

LLVMValueRef
npu_jit_source_chunk(struct npu_jit_gen *g, unsigned i, unsigned bits, unsigned chunk)
{
   unsigned reg = g->uop->inst.src[i];

   if (!npu_reg_is_v(reg))
      return npu_jit_splat(g, npu_jit_source_scalar(g, i, bits));
   LLVMValueRef value = npu_jit_read_v(g, reg, bits == 64, chunk);
   if (bits < 32)
      value = LLVMBuildTrunc(g->builder, value, npu_jit_vec_of(g, npu_jit_int(g, bits)), "");
   return value;
}

/* ---- memory ------------------------------------------------------------------------------ */

void
npu_jit_save_reg(struct npu_jit_gen *g, unsigned reg, bool wide)
{
   if (npu_reg_is_s(reg)) {
      unsigned s = reg - NPU_REG_S(0);
      npu_jit_store(g, npu_jit_read_s(g, s), g->wave, WAVE_S + 8 * s, 8);
   } else if (npu_reg_is_v(reg)) {
      for (unsigned c = 0; !in_memory(g, reg) && c < g->chunks; c++)
         npu_jit_store(g, npu_jit_read_v(g, reg, wide, c), g->wave, v_offset(g, reg, wide, c), 32);
   } else {
      unsigned m = reg - NPU_REG_M(0);
      LLVMValueRef chunks[NPU_JIT_MAX_CHUNKS];
      for (unsigned c = 0; c < g->chunks; c++)
         chunks[c] = npu_jit_read_m(g, m, c);
      npu_jit_store(g, npu_jit_mask_bits(g, chunks), g->wave, m_offset(m), 4);
   }
}

void
npu_jit_restore_reg(struct npu_jit_gen *g, unsigned reg, bool wide)
{
   if (npu_reg_is_s(reg)) {
      unsigned s = reg - NPU_REG_S(0);
      npu_jit_write_s(g, s, npu_jit_load(g, g->i64, g->wave, WAVE_S + 8 * s, 8));
   } else if (npu_reg_is_v(reg)) {
      for (unsigned c = 0; !in_memory(g, reg) && c < g->chunks; c++) {
         LLVMValueRef value = npu_jit_load(g, lanes_of(g, wide), g->wave, v_offset(g, reg, wide, c),
                                           32);
         npu_jit_write_v(g, reg, wide, c, value);
      }
   } else {
      unsigned m = reg - NPU_REG_M(0);
      LLVMValueRef bits = npu_jit_load(g, g->i32, g->wave, m_offset(m), 4);
      for (unsigned c = 0; c < g->chunks; c++)
         npu_jit_write_m(g, m, c, npu_jit_mask_chunk(g, bits, c));
   }
}

/* Calls for each register of a set with its layout at this point; a pair once. */
static void
each_reg(struct npu_jit_gen *g, const struct npu_jit_regs *set,
         void (*fn)(struct npu_jit_gen *g, unsigned reg, bool wide))
{
   for (unsigned i = 0; i < NPU_NUM_SREGS; i++) {
      if (set->s >> i & 1)
         fn(g, NPU_REG_S(i), true);
   }
   for (unsigned i = 0; i < NPU_NUM_VREGS; i++) {
      bool wide = g->layout[i] == NPU_JIT_LAYOUT_64;
      bool pair_done = wide && (i & 1) && npu_jit_has_v(set, i - 1) &&
                       g->layout[i - 1] == NPU_JIT_LAYOUT_64;
      if (npu_jit_has_v(set, i) && !pair_done)
         fn(g, NPU_REG_V(wide ? i & ~1u : i), wide);
   }
   for (unsigned i = 0; i <= NPU_NUM_MREGS; i++) {
      if (set->m >> i & 1)
         fn(g, NPU_REG_M(i), false);
   }
}

void
npu_jit_save_set(struct npu_jit_gen *g, const struct npu_jit_regs *set)
{
   each_reg(g, set, npu_jit_save_reg);
}

static void
restore_or_clear(struct npu_jit_gen *g, unsigned reg, bool wide)
{
   npu_jit_restore_reg(g, reg, wide);
   if (npu_reg_is_v(reg) && !in_memory(g, reg) && g->layout[reg] == NPU_JIT_LAYOUT_NONE) {
      /* Still zero, whichever way it is read. */
      for (unsigned c = 0; c < g->chunks; c++)
         npu_jit_write_v(g, reg & ~1u, true, c, LLVMConstNull(lanes_of(g, true)));
   }
}

void
npu_jit_restore_set(struct npu_jit_gen *g, const struct npu_jit_regs *set)
{
   each_reg(g, set, restore_or_clear);
}

static void
poison_reg(struct npu_jit_gen *g, unsigned reg, bool wide)
{
   const uint64_t garbage = 0xbad0bad1bad2bad3;
   struct npu_jit_shape t = {g, g->width};

   if (npu_reg_is_s(reg)) {
      npu_jit_write_s(g, reg - NPU_REG_S(0), npu_jit_i64(g, garbage));
      return;
   }
   for (unsigned c = 0; c < g->chunks; c++) {
      if (!npu_reg_is_v(reg))
         npu_jit_write_m(g, reg - NPU_REG_M(0), c, npu_jit_const(t, 1, c & 1));
      else if (!in_memory(g, reg))
         npu_jit_write_v(g, reg, wide, c, npu_jit_const(t, wide ? 64 : 32, garbage));
   }
}

void
npu_jit_poison_set(struct npu_jit_gen *g, const struct npu_jit_regs *set)
{
   each_reg(g, set, poison_reg);
}

static void
save_once(struct npu_jit_gen *g, unsigned reg, bool wide)
{
   bool pair = wide && npu_reg_is_v(reg);
   struct npu_jit_regs *stored = &g->stored;

   if (npu_reg_is_s(reg)) {
      if (stored->s >> (reg - NPU_REG_S(0)) & 1)
         return;
      stored->s |= 1ull << (reg - NPU_REG_S(0));
   } else if (npu_reg_is_v(reg)) {
      if (npu_jit_has_v(stored, reg))
         return;
      stored->v[reg / 64] |= (pair ? 3ull : 1ull) << (reg % 64);
   } else {
      if (stored->m >> (reg - NPU_REG_M(0)) & 1)
         return;
      stored->m |= 1u << (reg - NPU_REG_M(0));
   }
   npu_jit_save_reg(g, reg, wide);
}

void
npu_jit_save_chunk(struct npu_jit_gen *g, unsigned v, unsigned chunk, LLVMValueRef value)
{
   g->stored.v[v / 64] |= 1ull << (v % 64);
   if (!in_memory(g, v))
      npu_jit_store(g, value, g->wave, v_offset(g, v, false, chunk), 32);
}

void
npu_jit_save_operands(struct npu_jit_gen *g, enum npu_jit_operands which)
{
   const struct npu_inst *inst = &g->uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   const bool addresses_only = which != NPU_JIT_ALL;

   if (addresses_only && g->repeatable)
      return;
   g->volatile_stores = addresses_only;
   save_once(g, NPU_REG_EXEC, false);
   for (unsigned i = 0; i < info->num_srcs && !(addresses_only && i == 2); i++) {
      if (!info->src[i].files || npu_src_is_imm(inst->src[i]) ||
          (which == NPU_JIT_BASES && npu_reg_is_v(inst->src[i])))
         continue;
      bool wide = npu_inst_operand_bits(inst, (int)i) == 64;
      unsigned count = npu_inst_operand_regs(inst, (int)i);
      unsigned step = wide && npu_reg_is_v(inst->src[i]) ? 2 : 1;
      for (unsigned r = 0; r < count; r += step)
         save_once(g, inst->src[i] + r, wide);
   }
   g->volatile_stores = false;
   bool merges = info->has_dst && !inst->noret && (inst->masked || info->is_memory);
   if (addresses_only || !(info->data_in_dst || merges))
      return;
   bool wide = npu_inst_operand_bits(inst, -1) == 64;
   unsigned count = npu_inst_operand_regs(inst, -1);
   for (unsigned r = 0; r < count; r += wide && npu_reg_is_v(inst->dst) ? 2 : 1) {
      if (inst->masked || info->data_in_dst)
         save_once(g, inst->dst + r, wide);
   }
}
