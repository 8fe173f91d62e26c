// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Loads and stores, the fast way.
//
// Everything here may assume that accesses are allowed: global ones are tried in the host window of
// the address space, and a host fault leads to npu_interp_memory_exact() (npu_interp_exact.c). An
// access that is obviously not for the fast way (out of bounds, outside the window) goes there at
// once. Loads write registers only when all lanes are done, so the exact way can start over; stores
// may be repeated.
//
// Handlers are instantiated for each width and number of components. Unit stride with all lanes
// active is one consecutive block, and so are lane addresses that turn out to be consecutive;
// others go lane by lane.

#include <string.h>

#include "npu_interp.h"

#define LANES NPU_INTERP_LANES

enum form {
   FORM_S,
   FORM_U,
   FORM_X,
   FORM_O,
   FORM_A,
   FORM_W,
};

static enum form
form_of(enum npu_op op)
{
   switch (op) {
   case NPU_OP_LD_S:
   case NPU_OP_ST_S:
      return FORM_S;
   case NPU_OP_LD_U:
   case NPU_OP_ST_U:
      return FORM_U;
   case NPU_OP_LD_X:
   case NPU_OP_ST_X:
      return FORM_X;
   case NPU_OP_LD_A:
   case NPU_OP_ST_A:
      return FORM_A;
   case NPU_OP_LD_W:
   case NPU_OP_ST_W:
      return FORM_W;
   default:
      /* Atomics have the lane offset or the lane address form. */
      return npu_op_infos[op].src[0].files ? FORM_O : FORM_A;
   }
}

/* ---- addresses --------------------------------------------------------------------------- */

static void
offset_addresses(struct npu_wave *wave, const struct npu_uop *uop)
{
   const uint32_t *offset = npu_uop_lanes(wave, uop, 1);
   uint64_t base = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
   unsigned scale = uop->inst.scale_log2;
   uint64_t *address = wave->address;

   if (uop->inst.sx) {
      for (unsigned l = 0; l < LANES; l++)
         address[l] = base + ((uint64_t)(int64_t)(int32_t)offset[l] << scale);
   } else {
      for (unsigned l = 0; l < LANES; l++)
         address[l] = base + ((uint64_t)offset[l] << scale);
   }
}

void
npu_interp_addresses(struct npu_wave *wave, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   uint64_t imm = (uint64_t)(int64_t)inst->imm, base, step = 0;
   uint64_t *address = wave->address;

   switch (form_of(inst->op)) {
   case FORM_O:
      offset_addresses(wave, uop);
      return;
   case FORM_A: {
      const uint64_t *lanes = npu_uop_lanes(wave, uop, 1);
      for (unsigned l = 0; l < LANES; l++)
         address[l] = lanes[l] + imm;
      return;
   }
   case FORM_U:
      if (inst->space != NPU_SPACE_PRIVATE)
         step = (uint64_t)inst->count << inst->width_log2;
      break;
   case FORM_X:
      step = npu_uop_scalar(wave, uop, 1);
      break;
   case FORM_S:
   case FORM_W:
      break;
   }
   base = npu_uop_scalar(wave, uop, 0) + imm;
   for (unsigned l = 0; l < LANES; l++)
      address[l] = base + l * step;
}

/* ---- memory that one pointer and one limit describe: global, local ----------------------- */

struct flat {
   uint8_t *memory;
   uint64_t size_B; /* accesses must end below */
};

static inline struct flat
flat_memory(const struct npu_wave *wave, enum npu_space space)
{
   if (space == NPU_SPACE_LOCAL)
      return (struct flat){wave->core->core->local, wave->dispatch->packet.local_size_B};
   /* The margin is part of the window. */
   uint64_t limit = wave->core->fast_limit;
   return (struct flat){wave->core->window, limit ? limit + NPU_INTERP_FAST_MARGIN_B : 0};
}

/* One component from memory to a lane of the result, and back. */
static inline void __attribute__((always_inline))
get(void *result, const uint8_t *from, unsigned width, unsigned lane)
{
   uint8_t b;
   uint16_t h;
   uint32_t w;

   switch (width) {
   case 1:
      memcpy(&b, from, 1);
      ((uint32_t *)result)[lane] = b;
      break;
   case 2:
      memcpy(&h, from, 2);
      ((uint32_t *)result)[lane] = h;
      break;
   case 4:
      memcpy(&w, from, 4);
      ((uint32_t *)result)[lane] = w;
      break;
   default:
      memcpy((uint64_t *)result + lane, from, 8);
      break;
   }
}

static inline void __attribute__((always_inline))
put(uint8_t *to, const void *data, unsigned width, unsigned lane)
{
   if (width == 8)
      memcpy(to, (const uint64_t *)data + lane, 8);
   else
      memcpy(to, (const uint32_t *)data + lane, width); /* little-endian */
}

/* Bytes of the registers of one component. */
static inline unsigned
reg_size_B(unsigned width)
{
   return width == 8 ? 8 * LANES : 4 * LANES;
}

/* Moves loaded components into the destination, active lanes only. */
static void
commit(struct npu_wave *wave, const struct npu_uop *uop, unsigned width, unsigned count,
       uint32_t lanes)
{
   uint8_t *dst = npu_uop_dst(wave, uop);

   for (unsigned c = 0; c < count; c++) {
      const void *from = wave->result[c];
      void *to = dst + c * reg_size_B(width);
      if (lanes == UINT32_MAX) {
         memcpy(to, from, reg_size_B(width));
      } else if (width == 8) {
         for (unsigned l = 0; l < LANES; l++)
            ((uint64_t *)to)[l] = lanes >> l & 1 ? ((const uint64_t *)from)[l]
                                                 : ((uint64_t *)to)[l];
      } else {
         for (unsigned l = 0; l < LANES; l++)
            ((uint32_t *)to)[l] = lanes >> l & 1 ? ((const uint32_t *)from)[l]
                                                 : ((uint32_t *)to)[l];
      }
   }
}

/* All lanes, one after the other in memory. */
static inline void __attribute__((always_inline))
load_block(uint8_t *dst, const uint8_t *from, unsigned width, unsigned count)
{
   for (unsigned c = 0; c < count; c++) {
      for (unsigned l = 0; l < LANES; l++)
         get(dst + c * reg_size_B(width), from + (l * count + c) * width, width, l);
   }
}

static inline void __attribute__((always_inline))
store_block(uint8_t *to, const uint8_t *data, unsigned width, unsigned count)
{
   for (unsigned c = 0; c < count; c++) {
      for (unsigned l = 0; l < LANES; l++)
         put(to + (l * count + c) * width, data + c * reg_size_B(width), width, l);
   }
}

/* What the addresses of 32 active lanes have in common. */
enum pattern {
   PATTERN_NONE,  /* check each lane */
   PATTERN_SAFE,  /* all are in bounds */
   PATTERN_BLOCK, /* consecutive and in bounds */
};

static inline enum pattern __attribute__((always_inline))
find_pattern(const uint64_t address[LANES], unsigned size_B, uint64_t bound_B)
{
   uint64_t all = 0, differ = 0;

   for (unsigned l = 0; l < LANES; l++) {
      all |= address[l];
      differ |= address[l] ^ (address[0] + l * size_B);
   }
   if (!differ && npu_interp_in_bounds(address[0], LANES * size_B, bound_B))
      return PATTERN_BLOCK;
   /* The or of them is not smaller than any of them. */
   return npu_interp_in_bounds(all, size_B, bound_B) ? PATTERN_SAFE : PATTERN_NONE;
}

static inline const struct npu_uop *__attribute__((always_inline))
load(struct npu_wave *wave, const struct npu_uop *uop, unsigned width, unsigned count)
{
   const uint32_t exec = NPU_WAVE_EXEC(wave);
   const struct flat flat = flat_memory(wave, uop->inst.space);
   const unsigned size_B = width * count;
   uint8_t *dst = npu_uop_dst(wave, uop);
   enum pattern pattern = PATTERN_NONE;

   wave->pc = uop;
   if (uop->inst.op == NPU_OP_LD_U && exec == UINT32_MAX) {
      uint64_t start = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
      if (!npu_interp_in_bounds(start, LANES * size_B, flat.size_B))
         return npu_interp_memory_exact(wave, uop);
      load_block(dst, flat.memory + start, width, count);
      return uop + 1;
   }

   npu_interp_addresses(wave, uop);
   const uint64_t *address = wave->address;
   if (exec == UINT32_MAX)
      pattern = find_pattern(address, size_B, flat.size_B);
   if (pattern == PATTERN_BLOCK) {
      /* Not into the destination at once: it may be the source, which a host fault needs again. */
      load_block((uint8_t *)wave->result, flat.memory + address[0], width, count);
      memcpy(dst, wave->result, count * reg_size_B(width));
      return uop + 1;
   }
   if (pattern == PATTERN_SAFE) {
      for (unsigned l = 0; l < LANES; l++) {
         for (unsigned c = 0; c < count; c++)
            get(wave->result[c], flat.memory + address[l] + c * width, width, l);
      }
   } else {
      for (uint32_t lanes = exec; lanes; lanes &= lanes - 1) {
         unsigned l = (unsigned)__builtin_ctz(lanes);
         if (!npu_interp_in_bounds(address[l], size_B, flat.size_B))
            return npu_interp_memory_exact(wave, uop);
         for (unsigned c = 0; c < count; c++)
            get(wave->result[c], flat.memory + address[l] + c * width, width, l);
      }
   }
   commit(wave, uop, width, count, exec);
   return uop + 1;
}

static inline const struct npu_uop *__attribute__((always_inline))
store(struct npu_wave *wave, const struct npu_uop *uop, unsigned width, unsigned count)
{
   const uint32_t exec = NPU_WAVE_EXEC(wave);
   const struct flat flat = flat_memory(wave, uop->inst.space);
   const unsigned size_B = width * count;
   const uint8_t *data = npu_uop_dst(wave, uop);
   enum pattern pattern = PATTERN_NONE;

   wave->pc = uop;
   if (uop->inst.op == NPU_OP_ST_U && exec == UINT32_MAX) {
      uint64_t start = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
      if (!npu_interp_in_bounds(start, LANES * size_B, flat.size_B))
         return npu_interp_memory_exact(wave, uop);
      store_block(flat.memory + start, data, width, count);
      return uop + 1;
   }

   npu_interp_addresses(wave, uop);
   const uint64_t *address = wave->address;
   if (exec == UINT32_MAX)
      pattern = find_pattern(address, size_B, flat.size_B);
   if (pattern == PATTERN_BLOCK) {
      store_block(flat.memory + address[0], data, width, count);
      return uop + 1;
   }
   for (uint32_t lanes = exec; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      if (pattern == PATTERN_NONE && !npu_interp_in_bounds(address[l], size_B, flat.size_B))
         return npu_interp_memory_exact(wave, uop);
      for (unsigned c = 0; c < count; c++)
         put(flat.memory + address[l] + c * width, data + c * reg_size_B(width), width, l);
   }
   return uop + 1;
}

#define INSTANCES(width, count)                                                                    \
   static const struct npu_uop *load_##width##x##count(struct npu_wave *wave,                      \
                                                       const struct npu_uop *uop)                  \
   {                                                                                               \
      return load(wave, uop, width, count);                                                        \
   }                                                                                               \
   static const struct npu_uop *store_##width##x##count(struct npu_wave *wave,                     \
                                                        const struct npu_uop *uop)                 \
   {                                                                                               \
      return store(wave, uop, width, count);                                                       \
   }
#define ALL_COUNTS(width)                                                                          \
   INSTANCES(width, 1) INSTANCES(width, 2) INSTANCES(width, 3) INSTANCES(width, 4)
ALL_COUNTS(1)
ALL_COUNTS(2)
ALL_COUNTS(4)
ALL_COUNTS(8)
#define TABLE_ROW(kind, width)                                                                     \
   {kind##_##width##x1, kind##_##width##x2, kind##_##width##x3, kind##_##width##x4}
static const npu_uop_fn flat_loads[4][4] = {TABLE_ROW(load, 1), TABLE_ROW(load, 2),
                                            TABLE_ROW(load, 4), TABLE_ROW(load, 8)};
static const npu_uop_fn flat_stores[4][4] = {TABLE_ROW(store, 1), TABLE_ROW(store, 2),
                                             TABLE_ROW(store, 4), TABLE_ROW(store, 8)};

/* ---- all spaces, one access -------------------------------------------------------------- */

/* One lane's access between buffer and memory. False: not for the fast way. */
static inline bool
try_access(struct npu_wave *wave, enum npu_space space, unsigned lane, uint64_t address,
           uint8_t *buffer, unsigned size_B, bool is_store)
{
   space = npu_interp_space(space, &address);
   if (space != NPU_SPACE_PRIVATE) {
      struct flat flat = flat_memory(wave, space);
      if (!npu_interp_in_bounds(address, size_B, flat.size_B))
         return false;
      if (is_store)
         memcpy(flat.memory + address, buffer, size_B);
      else
         memcpy(buffer, flat.memory + address, size_B);
      return true;
   }

   if (!npu_interp_in_bounds(address, size_B, wave->dispatch->packet.private_size_B))
      return false;
   for (unsigned done = 0; done < size_B;) {
      /* Up to the next dword of the lane. */
      unsigned n = 4 - ((unsigned)(address + done) & 3);
      uint64_t va = npu_interp_private_va(wave, lane, address + done);
      if (n > size_B - done)
         n = size_B - done;
      if (va >= wave->core->fast_limit)
         return false;
      if (is_store)
         memcpy(wave->core->window + va, buffer + done, n);
      else
         memcpy(buffer + done, wave->core->window + va, n);
      done += n;
   }
   return true;
}

/* Loads and stores in private and generic space. */
static const struct npu_uop *
lane_by_lane(struct npu_wave *wave, const struct npu_uop *uop, bool is_store)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   const bool whole_wave = form_of(uop->inst.op) == FORM_W;
   const uint32_t exec = whole_wave ? UINT32_MAX : NPU_WAVE_EXEC(wave);
   const uint8_t *data = npu_uop_dst(wave, uop);
   uint8_t buffer[32];

   wave->pc = uop;
   npu_interp_addresses(wave, uop);
   for (uint32_t lanes = exec; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      if (is_store) {
         for (unsigned c = 0; c < count; c++)
            put(buffer + c * width, data + c * reg_size_B(width), width, l);
      }
      if (!try_access(wave, uop->inst.space, l, wave->address[l], buffer, width * count, is_store))
         return npu_interp_memory_exact(wave, uop);
      if (!is_store) {
         for (unsigned c = 0; c < count; c++)
            get(wave->result[c], buffer + c * width, width, l);
      }
   }
   if (!is_store)
      commit(wave, uop, width, count, exec);
   return uop + 1;
}

static const struct npu_uop *
load_lanes(struct npu_wave *wave, const struct npu_uop *uop)
{
   return lane_by_lane(wave, uop, false);
}

static const struct npu_uop *
store_lanes(struct npu_wave *wave, const struct npu_uop *uop)
{
   return lane_by_lane(wave, uop, true);
}

/* ---- private memory at one offset for all lanes: spilled registers ----------------------- */

/* True if the rows of dwords at offset can be accessed in the window; *row is the first one. */
static inline bool
private_rows(struct npu_wave *wave, const struct npu_uop *uop, unsigned size_B, uint8_t **row)
{
   uint64_t offset = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
   uint64_t va = npu_interp_private_va(wave, 0, offset);

   if (offset % 4 || !npu_interp_in_bounds(offset, size_B, wave->dispatch->packet.private_size_B) ||
       va >= wave->core->fast_limit)
      return false;
   *row = wave->core->window + va;
   return true;
}

static const struct npu_uop *
load_rows(struct npu_wave *wave, const struct npu_uop *uop)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   const bool whole_wave = uop->inst.op == NPU_OP_LD_W;
   const uint32_t exec = whole_wave ? UINT32_MAX : NPU_WAVE_EXEC(wave);
   uint8_t *row;

   wave->pc = uop;
   if (!exec || !private_rows(wave, uop, width * count, &row))
      return lane_by_lane(wave, uop, false);
   for (unsigned c = 0; c < count; c++) {
      if (width == 4) {
         memcpy(wave->result[c], row + c * 4 * LANES, 4 * LANES);
         continue;
      }
      uint32_t low[LANES], high[LANES];
      memcpy(low, row + c * 8 * LANES, sizeof(low));
      memcpy(high, row + c * 8 * LANES + sizeof(low), sizeof(high));
      for (unsigned l = 0; l < LANES; l++)
         wave->result[c][l] = low[l] | (uint64_t)high[l] << 32;
   }
   commit(wave, uop, width, count, exec);
   return uop + 1;
}

static const struct npu_uop *
store_rows(struct npu_wave *wave, const struct npu_uop *uop)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   const bool whole_wave = uop->inst.op == NPU_OP_ST_W;
   const uint8_t *data = npu_uop_dst(wave, uop);
   uint8_t *row;

   wave->pc = uop;
   if ((!whole_wave && NPU_WAVE_EXEC(wave) != UINT32_MAX) ||
       !private_rows(wave, uop, width * count, &row))
      return lane_by_lane(wave, uop, true);
   for (unsigned c = 0; c < count; c++) {
      if (width == 4) {
         memcpy(row + c * 4 * LANES, data + c * 4 * LANES, 4 * LANES);
         continue;
      }
      const uint64_t *lanes = (const uint64_t *)(data + c * 8 * LANES);
      uint32_t low[LANES], high[LANES];
      for (unsigned l = 0; l < LANES; l++) {
         low[l] = (uint32_t)lanes[l];
         high[l] = (uint32_t)(lanes[l] >> 32);
      }
      memcpy(row + c * 8 * LANES, low, sizeof(low));
      memcpy(row + c * 8 * LANES + sizeof(low), high, sizeof(high));
   }
   return uop + 1;
}

/* ---- form s ------------------------------------------------------------------------------ */

static const struct npu_uop *
load_scalar(struct npu_wave *wave, const struct npu_uop *uop)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   uint64_t address = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
   uint64_t *dst = npu_uop_dst(wave, uop);
   uint8_t buffer[32];

   wave->pc = uop;
   if (!try_access(wave, uop->inst.space, 0, address, buffer, width * count, false))
      return npu_interp_memory_exact(wave, uop);
   for (unsigned c = 0; c < count; c++) {
      uint64_t value = 0;
      memcpy(&value, buffer + c * width, width);
      dst[c] = value;
   }
   return uop + 1;
}

static const struct npu_uop *
store_scalar(struct npu_wave *wave, const struct npu_uop *uop)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   uint64_t address = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
   const uint64_t *data = npu_uop_dst(wave, uop);
   uint8_t buffer[32];

   if (!NPU_WAVE_EXEC(wave) && uop->inst.space != NPU_SPACE_PRIVATE)
      return uop + 1;
   wave->pc = uop;
   for (unsigned c = 0; c < count; c++)
      memcpy(buffer + c * width, &data[c], width);
   if (!try_access(wave, uop->inst.space, 0, address, buffer, width * count, true))
      return npu_interp_memory_exact(wave, uop);
   return uop + 1;
}

npu_uop_fn
npu_interp_memory_fn(const struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   enum form form = form_of(inst->op);
   bool is_store = info->is_store;

   if (info->is_atomic)
      return npu_interp_atomic;
   if (form == FORM_S)
      return is_store ? store_scalar : load_scalar;
   if (inst->space == NPU_SPACE_PRIVATE && (form == FORM_U || form == FORM_W) &&
       inst->width_log2 >= 2)
      return is_store ? store_rows : load_rows;
   if (inst->space == NPU_SPACE_PRIVATE || inst->space == NPU_SPACE_GENERIC)
      return is_store ? store_lanes : load_lanes;
   return is_store ? flat_stores[inst->width_log2][inst->count - 1]
                   : flat_loads[inst->width_log2][inst->count - 1];
}
