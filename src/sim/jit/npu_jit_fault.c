// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// From a host fault in translated code to a fault record.
//
// The registers of the wave are lost, but the access's address operands and exec were put into the
// wave's memory before it; of lane offsets whose distances are known, only those of the first lanes of
// chunks, into the frame. Each active lane's access is looked up in the page table, as the exact
// way of the interpreter does, only without accessing anything. Of accesses that are done together
// (npu_jit_stream.c) the first one that is to blame is looked for.

#include "npu_jit.h"

struct verdict {
   enum npu_fault fault;
   uint64_t address;
   uint32_t lanes;
};

/* Whether the bytes may be accessed; if not, why and the first that may not. */
static enum npu_fault
look_up(const struct npu_vm *vm, uint64_t va, uint64_t size_B, enum npu_access access,
        uint64_t *fault_va)
{
   while (size_B) {
      struct npu_translation t = npu_vm_translate(vm, va, access);
      if (t.fault != NPU_FAULT_NONE) {
         *fault_va = va;
         return t.fault;
      }
      uint64_t n = t.size_B < size_B ? t.size_B : size_B;
      va += n;
      size_B -= n;
   }
   return NPU_FAULT_NONE;
}

/* A lane's access: in private space dword by dword. */
static enum npu_fault
look_up_lane(const struct npu_wave *wave, enum npu_space space, unsigned lane, uint64_t address,
             uint64_t size_B, enum npu_access access, uint64_t *fault_va)
{
   const struct npu_vm *vm = wave->dispatch->vm;
   enum npu_fault fault = NPU_FAULT_NONE;

   if (space != NPU_SPACE_PRIVATE)
      return look_up(vm, address, size_B, access, fault_va);
   for (uint64_t done = 0; done < size_B && fault == NPU_FAULT_NONE;) {
      uint64_t n = 4 - ((address + done) & 3);
      n = n < size_B - done ? n : size_B - done;
      fault = look_up(vm, npu_interp_private_va(wave, lane, address + done), n, access, fault_va);
      done += n;
   }
   return fault;
}

static enum npu_access
access_of(const struct npu_uop *uop)
{
   return npu_op_infos[uop->inst.op].is_store ? NPU_ACCESS_WRITE : NPU_ACCESS_READ;
}

/* Lane offsets, from those of first lanes. */
static void
restore_offsets(const struct npu_jit_frame *frame, struct npu_wave *wave,
                const struct npu_inst *inst)
{
   const uint32_t access = frame->access;
   uint32_t step = ((uint32_t)inst->count << inst->width_log2) >> inst->scale_log2;

   for (unsigned l = 0; (access & NPU_JIT_ACCESS_KNOWN) && l < NPU_INTERP_LANES; l++) {
      unsigned chunk = l >> NPU_JIT_ACCESS_WIDTH_LOG2(access);
      unsigned in_chunk = l - (chunk << NPU_JIT_ACCESS_WIDTH_LOG2(access));
      bool is_row = NPU_JIT_ACCESS_ROWS(access) >> chunk & 1;
      wave->v[inst->src[1]][l] = frame->access_first[chunk] + (is_row ? in_chunk * step : 0);
   }
}

/* What is wrong with the access of a uop; verdict.lanes: 0 if nothing. */
static struct verdict
look_up_access(struct npu_wave *wave, const struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const bool scalar = inst->op == NPU_OP_LD_S || inst->op == NPU_OP_ST_S;
   const bool whole_wave = inst->op == NPU_OP_LD_W || inst->op == NPU_OP_ST_W;
   const uint64_t size_B = (uint64_t)inst->count << inst->width_log2;
   uint32_t lanes = scalar ? 1 : whole_wave ? UINT32_MAX : NPU_WAVE_EXEC(wave);
   struct npu_vm *vm = wave->dispatch->vm;
   struct verdict verdict = {0};

   npu_interp_addresses(wave, uop);
   pthread_rwlock_rdlock(&vm->lock);
   for (; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      uint64_t address = wave->address[l], fault_va;
      enum npu_space space = npu_interp_space((enum npu_space)inst->space, &address);
      enum npu_fault fault = look_up_lane(wave, space, l, address, size_B, access_of(uop),
                                          &fault_va);
      if (fault == NPU_FAULT_NONE)
         continue;
      if (!verdict.lanes) {
         verdict.fault = fault;
         verdict.address = fault_va;
      }
      verdict.lanes |= 1u << l;
   }
   pthread_rwlock_unlock(&vm->lock);
   if (scalar && verdict.lanes)
      verdict.lanes = NPU_WAVE_EXEC(wave);
   return verdict;
}

void
npu_jit_access_fault(const struct npu_jit_frame *frame, struct npu_wave *wave,
                     const struct npu_uop *uop)
{
   const bool is_run = frame->access & NPU_JIT_ACCESS_RUN;
   const struct npu_uop *end = uop + (is_run ? NPU_JIT_ACCESS_COUNT(frame->access) : 1);
   struct verdict verdict = {0};
   const struct npu_uop *at;

   restore_offsets(frame, wave, &uop->inst);
   for (at = uop; at < end && !verdict.lanes; at++) {
      if (npu_op_infos[at->inst.op].is_memory)
         verdict = look_up_access(wave, uop = at);
   }
   if (!verdict.lanes) {
      /* The page table has nothing against it: the memory itself failed. */
      verdict = (struct verdict){NPU_FAULT_MEMORY_ERROR, wave->address[0], NPU_WAVE_EXEC(wave)};
   }
   npu_interp_fault(wave, uop, verdict.fault, access_of(uop), verdict.lanes, verdict.address);
}
