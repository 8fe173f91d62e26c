// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Branches, barriers, special registers, DMA, and operands that have to be made before use.

#include <string.h>

#include "npu_interp.h"

/* ---- operands that have to be made ------------------------------------------------------- */

static uint64_t
modify(uint64_t value, const struct npu_uop_src *src)
{
   uint64_t sign = 1ull << (src->bits - 1);

   if (src->mods & 1)
      value &= ~sign;
   if (src->mods & 2)
      value ^= sign;
   return value;
}

uint64_t
npu_interp_special_scalar(struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   const struct npu_uop_src *src = &uop->src[i];

   return modify(*(const uint64_t *)((const uint8_t *)wave + src->offset), src);
}

/* A broadcast scalar, or a vector with float modifiers. */
const void *
npu_interp_special(struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   const struct npu_uop_src *src = &uop->src[i];
   const void *from = (const uint8_t *)wave + src->offset;
   uint32_t *to32 = (uint32_t *)wave->special[i];
   uint64_t *to64 = wave->special[i];

   if (src->uniform) {
      uint64_t value = modify(*(const uint64_t *)from, src);
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
         if (src->bits == 64)
            to64[l] = value;
         else
            to32[l] = (uint32_t)value;
      }
   } else if (src->bits == 64) {
      const uint64_t *lanes = from;
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
         to64[l] = modify(lanes[l], src);
   } else {
      const uint32_t *lanes = from;
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
         to32[l] = (uint32_t)modify(lanes[l], src);
   }
   return wave->special[i];
}

/* ---- branches ---------------------------------------------------------------------------- */

/* A backward branch is taken: others may have their turn, or the wave has to stop. */
static const struct npu_uop *
loop(struct npu_wave *wave, const struct npu_uop *uop)
{
   if (__builtin_expect(npu_queue_stopped(wave->core->core->queue) != NPU_STOP_NONE, 0)) {
      struct npu_fault_report report = {
         .in_kernel = true,
         .core = (uint16_t)wave->core->core->index,
         .wave = (uint8_t)wave->index,
         .lanes = NPU_WAVE_EXEC(wave),
         .kernel_id = wave->dispatch->packet.kernel_id,
         .pc = uop->pc,
         .group = wave->core->group_linear,
      };
      npu_queue_note_stop(wave->core->core->queue, &report);
      wave->state = NPU_WAVE_STOPPED;
      return NULL;
   }
   if (--wave->budget <= 0) {
      wave->pc = uop->target;
      return NULL;
   }
   return uop->target;
}

static inline const struct npu_uop *
branch(struct npu_wave *wave, const struct npu_uop *uop)
{
   return uop->backward ? loop(wave, uop) : uop->target;
}

static uint32_t
mask_source(const struct npu_wave *wave, const struct npu_uop *uop)
{
   return *(const uint32_t *)((const uint8_t *)wave + uop->src[0].offset);
}

static const struct npu_uop *
do_jmp(struct npu_wave *wave, const struct npu_uop *uop)
{
   return branch(wave, uop);
}

static const struct npu_uop *
do_br_any(struct npu_wave *wave, const struct npu_uop *uop)
{
   return mask_source(wave, uop) ? branch(wave, uop) : uop + 1;
}

static const struct npu_uop *
do_br_none(struct npu_wave *wave, const struct npu_uop *uop)
{
   return mask_source(wave, uop) ? uop + 1 : branch(wave, uop);
}

static const struct npu_uop *
do_br_nz(struct npu_wave *wave, const struct npu_uop *uop)
{
   return npu_uop_scalar(wave, uop, 0) ? branch(wave, uop) : uop + 1;
}

static const struct npu_uop *
do_br_z(struct npu_wave *wave, const struct npu_uop *uop)
{
   return npu_uop_scalar(wave, uop, 0) ? uop + 1 : branch(wave, uop);
}

const struct npu_uop *
npu_interp_goto_uop(struct npu_wave *wave, const struct npu_uop *uop)
{
   return uop->target;
}

/* ---- the end, faults, order -------------------------------------------------------------- */

static const struct npu_uop *
do_nop(struct npu_wave *wave, const struct npu_uop *uop)
{
   return uop + 1;
}

static const struct npu_uop *
do_end(struct npu_wave *wave, const struct npu_uop *uop)
{
   wave->state = NPU_WAVE_ENDED;
   return NULL;
}

static const struct npu_uop *
do_trap(struct npu_wave *wave, const struct npu_uop *uop)
{
   return npu_interp_fault(wave, uop, NPU_FAULT_TRAP, NPU_ACCESS_NONE, NPU_WAVE_EXEC(wave), 0);
}

const struct npu_uop *
npu_interp_fault_uop(struct npu_wave *wave, const struct npu_uop *uop)
{
   enum npu_access access = uop->fault == NPU_FAULT_ILLEGAL_INSTRUCTION ? NPU_ACCESS_NONE
                                                                        : NPU_ACCESS_EXECUTE;

   return npu_interp_fault(wave, uop, uop->fault, access, NPU_WAVE_EXEC(wave), uop->fault_va);
}

/* The waves of a group share a host thread: group scope needs nothing. */
static const struct npu_uop *
do_barrier(struct npu_wave *wave, const struct npu_uop *uop)
{
   wave->pc = uop + 1;
   wave->state = NPU_WAVE_AT_BARRIER;
   return NULL;
}

static const struct npu_uop *
do_fence(struct npu_wave *wave, const struct npu_uop *uop)
{
   atomic_thread_fence(memory_order_seq_cst);
   return uop + 1;
}

/* ---- special registers ------------------------------------------------------------------- */

static uint64_t
scalar_register(const struct npu_wave *wave, unsigned sr)
{
   const struct npu_packet_dispatch *packet = &wave->dispatch->packet;
   const struct npu_interp_core *core = wave->core;

   switch ((enum npu_sr)sr) {
   case NPU_SR_GROUP_ID_X:
   case NPU_SR_GROUP_ID_Y:
   case NPU_SR_GROUP_ID_Z:
      return core->group_id[sr - NPU_SR_GROUP_ID_X];
   case NPU_SR_NUM_GROUPS_X:
   case NPU_SR_NUM_GROUPS_Y:
   case NPU_SR_NUM_GROUPS_Z:
      return packet->grid[sr - NPU_SR_NUM_GROUPS_X];
   case NPU_SR_LOCAL_SIZE_X:
   case NPU_SR_LOCAL_SIZE_Y:
   case NPU_SR_LOCAL_SIZE_Z:
      return packet->block[sr - NPU_SR_LOCAL_SIZE_X];
   case NPU_SR_WORK_DIM:
      return packet->work_dim;
   case NPU_SR_WAVE_ID:
      return wave->index;
   case NPU_SR_NUM_WAVES:
      return core->num_waves;
   case NPU_SR_ARGS:
      return packet->args_va;
   case NPU_SR_CORE_ID:
      return core->core->index;
   case NPU_SR_CLOCK:
      return npu_sim_time_ns(core->core->queue->sim);
   case NPU_SR_LOCAL_MEM_SIZE:
      return packet->local_size_B;
   case NPU_SR_PRIVATE_SIZE:
      return packet->private_size_B;
   case NPU_SR_KERNEL_ID:
      return packet->kernel_id;
   case NPU_SR_GROUP_LINEAR:
      return core->group_linear;
   case NPU_SR_LANE_ID:
   case NPU_SR_LOCAL_ID_X:
   case NPU_SR_LOCAL_ID_Y:
   case NPU_SR_LOCAL_ID_Z:
   case NPU_SR_LOCAL_INDEX:
   case NPU_NUM_SRS:
      break;
   }
   __builtin_unreachable(); /* npu_decode() refuses them */
}

static uint32_t
lane_register(const struct npu_wave *wave, unsigned sr, unsigned lane)
{
   unsigned index = wave->index * NPU_INTERP_LANES + lane;

   if (sr == NPU_SR_LANE_ID)
      return lane;
   if (sr == NPU_SR_LOCAL_INDEX)
      return index;
   return wave->core->local_id[sr - NPU_SR_LOCAL_ID_X][index];
}

static const struct npu_uop *
do_rdsr(struct npu_wave *wave, const struct npu_uop *uop)
{
   if (npu_reg_is_s(uop->inst.dst)) {
      *(uint64_t *)npu_uop_dst(wave, uop) = scalar_register(wave, uop->inst.sr_or_code);
   } else {
      uint32_t *dst = npu_uop_dst(wave, uop);
      uint32_t lanes = uop->inst.masked ? NPU_WAVE_EXEC(wave) : UINT32_MAX;
      for (unsigned l = 0; l < NPU_INTERP_LANES; l++) {
         if (lanes >> l & 1)
            dst[l] = lane_register(wave, uop->inst.sr_or_code, l);
      }
   }
   return uop + 1;
}

/* ---- DMA --------------------------------------------------------------------------------- */

/* dma_ld and dma_st: the copy happens at once, which is one of the moments it may happen. */
static const struct npu_uop *
do_dma(struct npu_wave *wave, const struct npu_uop *uop)
{
   bool load = uop->inst.op == NPU_OP_DMA_LD;
   uint64_t local = (uint32_t)npu_uop_scalar(wave, uop, 0);
   uint64_t global = npu_uop_scalar(wave, uop, 1);
   const uint64_t *desc = (const uint64_t *)((const uint8_t *)wave + uop->src[2].offset);
   uint32_t row_B = (uint32_t)desc[0], rows = (uint32_t)(desc[0] >> 32);
   uint32_t global_stride_B = (uint32_t)desc[1], local_stride_B = (uint32_t)(desc[1] >> 32);
   struct npu_vm *vm = wave->dispatch->vm;
   struct npu_queue *queue = wave->core->core->queue;
   uint64_t size_B = wave->dispatch->packet.local_size_B;
   enum npu_access access = load ? NPU_ACCESS_READ : NPU_ACCESS_WRITE;

   if (row_B == 0)
      return uop + 1;
   for (uint32_t row = 0; row < rows; row++) {
      if (local >= size_B || row_B > size_B - local) {
         return npu_interp_fault(wave, uop, NPU_FAULT_LOCAL_BOUNDS,
                                 load ? NPU_ACCESS_WRITE : NPU_ACCESS_READ, NPU_WAVE_EXEC(wave),
                                 local >= size_B ? local : size_B);
      }
      uint64_t fault_va;
      uint8_t *memory = wave->core->core->local + local;
      enum npu_fault fault = load ? npu_vm_read(vm, memory, global, row_B, access, &fault_va)
                                  : npu_vm_write(vm, global, memory, row_B, &fault_va);
      if (fault != NPU_FAULT_NONE)
         return npu_interp_fault(wave, uop, fault, access, NPU_WAVE_EXEC(wave), fault_va);
      local += local_stride_B;
      global += global_stride_B;
      /* With a stride of 0 there may be any number of rows. */
      if (npu_queue_stopped(queue) != NPU_STOP_NONE)
         return loop(wave, uop);
   }
   return uop + 1;
}

/* The handler of an operation that is neither generated nor a memory access. */
npu_uop_fn
npu_interp_control_fn(const struct npu_inst *inst)
{
   switch (inst->op) {
   case NPU_OP_NOP:
   case NPU_OP_DMA_WAIT:
      return do_nop;
   case NPU_OP_END:
      return do_end;
   case NPU_OP_JMP:
      return do_jmp;
   case NPU_OP_BR_ANY:
      return do_br_any;
   case NPU_OP_BR_NONE:
      return do_br_none;
   case NPU_OP_BR_NZ:
      return do_br_nz;
   case NPU_OP_BR_Z:
      return do_br_z;
   case NPU_OP_TRAP:
      return do_trap;
   case NPU_OP_RDSR:
      return do_rdsr;
   case NPU_OP_BARRIER:
      return do_barrier;
   case NPU_OP_FENCE_WAVE:
   case NPU_OP_FENCE_GROUP:
   case NPU_OP_FENCE_DEVICE:
   case NPU_OP_FENCE_SYSTEM:
      return do_fence;
   case NPU_OP_DMA_LD:
   case NPU_OP_DMA_ST:
      return do_dma;
   default:
      return NULL;
   }
}
