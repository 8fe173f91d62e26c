// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Memory accesses, the exact way: every byte is checked before it is accessed.
//
// This is where an instruction comes that could not be done in the window. Each lane's access goes
// through npu_vm_translate(); lanes that must not access are collected for the fault record, and
// the others are done (which the specification leaves open). If no lane faults, execution goes on:
// memory of the host system and the ends of a small window are reached this way only.

#include <string.h>

#include "npu_interp.h"

#define LANES NPU_INTERP_LANES

/* The first fault found. */
struct verdict {
   enum npu_fault fault;
   uint64_t address;
   uint32_t lanes;
};

static void
blame(struct verdict *verdict, unsigned lane, enum npu_fault fault, uint64_t address)
{
   if (!verdict->lanes) {
      verdict->fault = fault;
      verdict->address = address;
   }
   verdict->lanes |= 1u << lane;
}

static uint64_t
first_outside(uint64_t offset, uint64_t bound_B)
{
   return offset < bound_B ? bound_B : offset;
}

/* One lane's access, after npu_interp_space(). False: it faults, and was added to the verdict. */
static bool
access_one(struct npu_wave *wave, enum npu_space space, unsigned lane, uint64_t address,
           uint8_t *buffer, unsigned size_B, bool is_store, struct verdict *verdict)
{
   const struct npu_packet_dispatch *packet = &wave->dispatch->packet;
   struct npu_vm *vm = wave->dispatch->vm;
   enum npu_fault fault = NPU_FAULT_NONE;
   uint64_t fault_va = 0;

   if (space == NPU_SPACE_LOCAL) {
      if (!npu_interp_in_bounds(address, size_B, packet->local_size_B)) {
         blame(verdict, lane, NPU_FAULT_LOCAL_BOUNDS, first_outside(address, packet->local_size_B));
         return false;
      }
      uint8_t *local = wave->core->core->local + address;
      memcpy(is_store ? local : buffer, is_store ? buffer : local, size_B);
      return true;
   }
   if (space == NPU_SPACE_PRIVATE) {
      if (!npu_interp_in_bounds(address, size_B, packet->private_size_B)) {
         blame(verdict, lane, NPU_FAULT_PRIVATE_BOUNDS,
               first_outside(address, packet->private_size_B));
         return false;
      }
      for (unsigned done = 0; done < size_B && fault == NPU_FAULT_NONE;) {
         unsigned n = 4 - ((unsigned)(address + done) & 3);
         uint64_t va = npu_interp_private_va(wave, lane, address + done);
         if (n > size_B - done)
            n = size_B - done;
         fault = is_store ? npu_vm_write(vm, va, buffer + done, n, &fault_va)
                          : npu_vm_read(vm, buffer + done, va, n, NPU_ACCESS_READ, &fault_va);
         done += n;
      }
   } else {
      fault = is_store ? npu_vm_write(vm, address, buffer, size_B, &fault_va)
                       : npu_vm_read(vm, buffer, address, size_B, NPU_ACCESS_READ, &fault_va);
   }
   if (fault != NPU_FAULT_NONE)
      blame(verdict, lane, fault, fault_va);
   return fault == NPU_FAULT_NONE;
}

static const struct npu_uop *
conclude(struct npu_wave *wave, const struct npu_uop *uop, const struct verdict *verdict,
         enum npu_access access)
{
   if (!verdict->lanes)
      return uop + 1;
   return npu_interp_fault(wave, uop, verdict->fault, access, verdict->lanes, verdict->address);
}

/* Form s. */
static const struct npu_uop *
exact_scalar(struct npu_wave *wave, const struct npu_uop *uop, bool is_store)
{
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   uint64_t address = npu_uop_scalar(wave, uop, 0) + (uint64_t)(int64_t)uop->inst.imm;
   enum npu_space space = npu_interp_space(uop->inst.space, &address);
   uint64_t *regs = npu_uop_dst(wave, uop);
   struct verdict verdict = {0};
   uint8_t buffer[32];

   for (unsigned c = 0; is_store && c < count; c++)
      memcpy(buffer + c * width, &regs[c], width);
   if (access_one(wave, space, 0, address, buffer, width * count, is_store, &verdict) && !is_store)
   {
      for (unsigned c = 0; c < count; c++) {
         regs[c] = 0;
         memcpy(&regs[c], buffer + c * width, width);
      }
   }
   if (verdict.lanes)
      verdict.lanes = NPU_WAVE_EXEC(wave);
   if (verdict.fault != NPU_FAULT_NONE)
      return npu_interp_fault(wave, uop, verdict.fault,
                              is_store ? NPU_ACCESS_WRITE : NPU_ACCESS_READ, verdict.lanes,
                              verdict.address);
   return uop + 1;
}

const struct npu_uop *
npu_interp_memory_exact(struct npu_wave *wave, const struct npu_uop *uop)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   const unsigned width = 1u << uop->inst.width_log2, count = uop->inst.count;
   const unsigned reg_lane_B = width == 8 ? 8 : 4;
   const bool is_store = info->is_store;
   const bool whole_wave = uop->inst.op == NPU_OP_LD_W || uop->inst.op == NPU_OP_ST_W;
   const uint32_t exec = whole_wave ? UINT32_MAX : NPU_WAVE_EXEC(wave);
   uint8_t *regs = npu_uop_dst(wave, uop);
   uint8_t buffer[LANES][32];
   struct verdict verdict = {0};

   if (npu_reg_is_s(uop->inst.dst))
      return exact_scalar(wave, uop, is_store);

   npu_interp_addresses(wave, uop);
   for (uint32_t lanes = exec; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      uint64_t address = wave->address[l];
      enum npu_space space = npu_interp_space(uop->inst.space, &address);
      for (unsigned c = 0; is_store && c < count; c++)
         memcpy(buffer[l] + c * width, regs + (c * LANES + l) * reg_lane_B, width);
      access_one(wave, space, l, address, buffer[l], width * count, is_store, &verdict);
   }
   if (!is_store && !verdict.lanes) {
      for (uint32_t lanes = exec; lanes; lanes &= lanes - 1) {
         unsigned l = (unsigned)__builtin_ctz(lanes);
         for (unsigned c = 0; c < count; c++) {
            uint64_t value = 0;
            memcpy(&value, buffer[l] + c * width, width);
            memcpy(regs + (c * LANES + l) * reg_lane_B, &value, reg_lane_B);
         }
      }
   }
   return conclude(wave, uop, &verdict, is_store ? NPU_ACCESS_WRITE : NPU_ACCESS_READ);
}

/* ---- atomics ----------------------------------------------------------------------------- */

/* Memory that the host's atomics cannot reach: one access of the device after the other. */
static pthread_mutex_t system_atomics = PTHREAD_MUTEX_INITIALIZER;

static uint64_t
call(void *fn, unsigned bits, void *memory, uint64_t a, uint64_t b)
{
   if (bits == 64)
      return ((npu_rmw64_fn)fn)(memory, a, b);
   return ((npu_rmw32_fn)fn)(memory, (uint32_t)a, (uint32_t)b);
}

/* An atomic on a global address that is not in the window. */
static bool
exact_global(struct npu_wave *wave, const struct npu_uop *uop, unsigned lane, uint64_t address,
             uint64_t a, uint64_t b, unsigned bits, uint64_t *old, struct verdict *verdict)
{
   struct npu_vm *vm = wave->dispatch->vm;
   struct npu_sim *sim = vm->sim;
   struct npu_guard guard = {
      .range = {{(uintptr_t)sim->mem, (uintptr_t)sim->mem + sim->mem_size_B}},
   };

   pthread_rwlock_rdlock(&vm->lock);
   const struct npu_translation t = npu_vm_translate(vm, address, NPU_ACCESS_ATOMIC);
   volatile enum npu_fault fault = t.fault;
   if (fault == NPU_FAULT_NONE && t.host) {
      if (sigsetjmp(guard.jump, 0) == 0) {
         npu_guard_arm(&guard);
         *old = call(uop->rmw->one, bits, t.host, a, b);
      } else {
         fault = NPU_FAULT_MEMORY_ERROR;
      }
      npu_guard_disarm(&guard);
   } else if (fault == NPU_FAULT_NONE) {
      uint64_t word = 0;
      pthread_mutex_lock(&system_atomics);
      bool good = npu_pa_read(sim, t.pa, &word, bits / 8);
      *old = call(uop->rmw->one, bits, &word, a, b);
      if (!good || !npu_pa_write(sim, t.pa, &word, bits / 8))
         fault = NPU_FAULT_MEMORY_ERROR;
      pthread_mutex_unlock(&system_atomics);
   }
   pthread_rwlock_unlock(&vm->lock);
   if (fault != NPU_FAULT_NONE)
      blame(verdict, lane, fault, address);
   return fault == NPU_FAULT_NONE;
}

static const struct npu_uop *
return_old(struct npu_wave *wave, const struct npu_uop *uop, unsigned bits)
{
   uint8_t *dst = npu_uop_dst(wave, uop);
   const uint8_t *result = (const uint8_t *)wave->result[0];

   if (uop->inst.noret)
      return uop + 1;
   if (NPU_WAVE_EXEC(wave) == UINT32_MAX) {
      memcpy(dst, result, LANES * bits / 8);
      return uop + 1;
   }
   for (unsigned l = 0; l < LANES; l++) {
      if (NPU_WAVE_EXEC(wave) >> l & 1)
         memcpy(dst + l * bits / 8, result + l * bits / 8, bits / 8);
   }
   return uop + 1;
}

/* Active lanes from wave->lane on, one after the other. `exact`: no host access to the window. */
static const struct npu_uop *
atomic_lanes(struct npu_wave *wave, const struct npu_uop *uop, bool exact)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   const unsigned bits = info->src[2].bits;
   const struct npu_interp_core *core = wave->core;
   const void *data_a = npu_uop_lanes(wave, uop, 2);
   const void *data_b = info->num_srcs > 3 ? npu_uop_lanes(wave, uop, 3) : data_a;
   struct verdict verdict = {0};

   npu_interp_addresses(wave, uop);
   for (unsigned l = wave->lane; l < LANES; l++) {
      if (!(NPU_WAVE_EXEC(wave) >> l & 1))
         continue;
      uint64_t address = wave->address[l], old = 0;
      uint64_t a = bits == 64 ? ((const uint64_t *)data_a)[l] : ((const uint32_t *)data_a)[l];
      uint64_t b = bits == 64 ? ((const uint64_t *)data_b)[l] : ((const uint32_t *)data_b)[l];
      enum npu_space space = npu_interp_space(uop->inst.space, &address);

      wave->lane = l;
      if (address % (bits / 8)) {
         blame(&verdict, l, NPU_FAULT_MISALIGNED, address);
      } else if (space == NPU_SPACE_LOCAL &&
                 npu_interp_in_bounds(address, bits / 8, wave->dispatch->packet.local_size_B))
      {
         old = call(uop->rmw->one, bits, core->core->local + address, a, b);
      } else if (space == NPU_SPACE_GLOBAL && !exact && address < core->fast_limit) {
         old = call(uop->rmw->one, bits, core->window + address, a, b);
      } else if (space == NPU_SPACE_GLOBAL) {
         exact_global(wave, uop, l, address, a, b, bits, &old, &verdict);
      } else {
         /* Private memory is the lane's alone; local out of bounds ends here, too. */
         uint64_t word = 0;
         if (access_one(wave, space, l, address, (uint8_t *)&word, bits / 8, false, &verdict)) {
            old = call(uop->rmw->one, bits, &word, a, b);
            access_one(wave, space, l, address, (uint8_t *)&word, bits / 8, true, &verdict);
         }
      }
      if (bits == 64)
         wave->result[0][l] = old;
      else
         ((uint32_t *)wave->result[0])[l] = (uint32_t)old;
      if (verdict.lanes)
         break; /* later lanes have not executed */
   }
   if (verdict.lanes)
      return conclude(wave, uop, &verdict, NPU_ACCESS_ATOMIC);
   return return_old(wave, uop, bits);
}

/* What the address of lane `lane` has to be below for the fast way, and where it leads; NULL: no fast way.
 * Addresses of that kind start at *base. */
static uint8_t *
fast_memory(const struct npu_wave *wave, enum npu_space space, unsigned lane, uint64_t *base,
            uint64_t *size_B)
{
   uint64_t address = wave->address[lane];

   *base = wave->address[lane];
   space = npu_interp_space(space, &address);
   *base -= address;
   *size_B = wave->dispatch->packet.local_size_B;
   if (space == NPU_SPACE_LOCAL)
      return wave->core->core->local;
   *size_B = wave->core->fast_limit;
   return space == NPU_SPACE_GLOBAL ? wave->core->window : NULL;
}

/* All active lanes in one memory, in bounds and aligned. NULL: some are not. */
static const struct npu_uop *
fast_atomic(struct npu_wave *wave, const struct npu_uop *uop)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   const unsigned bits = info->src[2].bits;
   const uint32_t exec = NPU_WAVE_EXEC(wave);
   uint64_t base, size_B, bad = 0;

   if (!exec)
      return uop + 1;
   npu_interp_addresses(wave, uop);
   uint8_t *memory = fast_memory(wave, uop->inst.space, (unsigned)__builtin_ctz(exec), &base,
                                 &size_B);
   if (!memory || size_B < bits / 8)
      return NULL;
   for (unsigned l = 0; l < LANES; l++) {
      uint64_t offset = wave->address[l] - base;
      bool wrong = offset > size_B - bits / 8 || (offset & (bits / 8 - 1));
      wave->address[l] = offset;
      bad |= (uint64_t)wrong << l;
   }
   if (bad & exec)
      return NULL;
   const void *data_a = npu_uop_lanes(wave, uop, 2);
   const void *data_b = info->num_srcs > 3 ? npu_uop_lanes(wave, uop, 3) : data_a;
   npu_rmw_lanes_fn fn = memory == wave->core->window ? uop->rmw->global : uop->rmw->local;
   fn(wave, memory, exec, data_a, data_b);
   return return_old(wave, uop, bits);
}

const struct npu_uop *
npu_interp_atomic(struct npu_wave *wave, const struct npu_uop *uop)
{
   wave->pc = uop;
   wave->lane = 0;
   const struct npu_uop *next = fast_atomic(wave, uop);
   return next ? next : atomic_lanes(wave, uop, false);
}

const struct npu_uop *
npu_interp_atomic_exact(struct npu_wave *wave, const struct npu_uop *uop)
{
   return atomic_lanes(wave, uop, true);
}
