// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The command processor: packets of command buffers. Every field is checked before anything
// happens; what is wrong becomes a BAD_PACKET fault whose code is the byte offset of the field.

#include <string.h>
#include <time.h>

#include "npu_isa/npu_regs_decode.h"
#include "npu_sim_priv.h"

int
npu_packet_error(const void *packet, bool in_ring)
{
   const uint8_t *bytes = packet;

   for (unsigned i = 0; i < sizeof(npu_packet_descs) / sizeof(npu_packet_descs[0]); i++) {
      if (npu_packet_descs[i].type != bytes[0])
         continue;
      if (!(in_ring ? npu_packet_descs[i].in_ring : npu_packet_descs[i].in_cmd))
         return 0;
      if (bytes[1] & ~NPU_PACKET_FLAG_BARRIER)
         return 1;
      for (unsigned b = 0; b < NPU_PACKET_SIZE_B; b++) {
         if ((npu_packet_descs[i].reserved >> b & 1) && bytes[b])
            return (int)b;
      }
      return -1;
   }
   return 0; /* unknown type */
}

static bool
fault(struct npu_queue *queue, enum npu_fault type, enum npu_access access, uint64_t address,
      unsigned code)
{
   struct npu_fault_report report = {
      .type = type,
      .access = access,
      .pc = queue->packet_va,
      .address = address,
      .code = (uint16_t)code,
   };

   npu_queue_fault(queue, &report);
   return false;
}

static bool
bad_packet(struct npu_queue *queue, unsigned offset)
{
   return fault(queue, NPU_FAULT_BAD_PACKET, NPU_ACCESS_COMMAND, queue->packet_va + offset, offset);
}

#define BAD(queue, packet, member) bad_packet(queue, offsetof(struct npu_packet_##packet, member))

static bool
execute_dispatch(struct npu_queue *queue, struct npu_vm *vm,
                 const struct npu_packet_dispatch *packet)
{
   uint32_t group_size = (uint32_t)packet->block[0] * packet->block[1];
   unsigned __int128 groups = (unsigned __int128)packet->grid[0] * packet->grid[1] *
                              packet->grid[2];

   if (packet->work_dim < 1 || packet->work_dim > 3)
      return BAD(queue, dispatch, work_dim);
   if (packet->code_va % 8)
      return BAD(queue, dispatch, code_va);
   if (packet->private_size_B && packet->scratch_va % 128)
      return BAD(queue, dispatch, scratch_va);
   if (groups > 1ull << 48)
      return BAD(queue, dispatch, grid);
   for (unsigned i = 0; i < 3; i++) {
      if (packet->block[i] < 1 || packet->block[i] > NPU_MAX_GROUP_SIZE)
         return BAD(queue, dispatch, block);
   }
   if (group_size > NPU_MAX_GROUP_SIZE || group_size * packet->block[2] > NPU_MAX_GROUP_SIZE)
      return BAD(queue, dispatch, block);
   if (packet->local_size_B > NPU_SIM_LOCAL_MEM_B)
      return BAD(queue, dispatch, local_size_B);
   if (packet->private_size_B % 4)
      return BAD(queue, dispatch, private_size_B);
   if (groups == 0)
      return true;
   return npu_dispatch_run(queue, vm, packet);
}

/* Counts what a copy that was completed has written. */
static bool
copied(struct npu_queue *queue, bool complete, uint64_t size_B)
{
   if (complete)
      npu_count(queue->sim, NPU_COUNTER(COPIED), size_B);
   return complete;
}

static bool
execute_fill(struct npu_queue *queue, struct npu_vm *vm, const struct npu_packet_fill *packet)
{
   uint32_t size_B = packet->pattern_size_B;
   uint8_t pattern[NPU_MAX_FILL_PATTERN_B];

   if (size_B == 0 || size_B > NPU_MAX_FILL_PATTERN_B || (size_B & (size_B - 1)))
      return BAD(queue, fill, pattern_size_B);
   if (size_B <= NPU_FILL_INLINE_B) {
      if (packet->pattern_va)
         return BAD(queue, fill, pattern_va);
      memcpy(pattern, packet->pattern, size_B);
   } else {
      uint64_t address;
      enum npu_fault type = npu_vm_read(vm, pattern, packet->pattern_va, size_B, NPU_ACCESS_READ,
                                        &address);
      if (type != NPU_FAULT_NONE)
         return fault(queue, type, NPU_ACCESS_READ, address, 0);
   }
   return copied(queue, npu_dma_fill(queue, vm, packet->dst_va, packet->size_B, pattern, size_B),
                 packet->size_B);
}

/* Stores a 64-bit word in one piece. */
static bool
write_word(struct npu_queue *queue, struct npu_vm *vm, uint64_t va, uint64_t value)
{
   if (va % 8)
      return fault(queue, NPU_FAULT_MISALIGNED, NPU_ACCESS_WRITE, va, 0);

   pthread_rwlock_rdlock(&vm->lock);
   struct npu_translation t = npu_vm_translate(vm, va, NPU_ACCESS_WRITE);
   if (t.fault == NPU_FAULT_NONE && !npu_pa_write64(queue->sim, t.pa, value))
      t.fault = NPU_FAULT_MEMORY_ERROR;
   pthread_rwlock_unlock(&vm->lock);
   return t.fault == NPU_FAULT_NONE || fault(queue, t.fault, NPU_ACCESS_WRITE, va, 0);
}

static bool
execute_wait(struct npu_queue *queue, struct npu_vm *vm, const struct npu_packet_wait *packet)
{
   unsigned spins = 0;

   if (packet->va % 8)
      return fault(queue, NPU_FAULT_MISALIGNED, NPU_ACCESS_READ, packet->va, 0);
   for (;;) {
      uint64_t value, address;
      enum npu_fault type = npu_vm_read(vm, &value, packet->va, sizeof(value), NPU_ACCESS_READ,
                                        &address);
      if (type != NPU_FAULT_NONE)
         return fault(queue, type, NPU_ACCESS_READ, address, 0);
      if (value >= packet->value) {
         atomic_thread_fence(memory_order_acquire);
         return true;
      }
      if (npu_queue_stopped(queue)) {
         struct npu_fault_report report = {.pc = queue->packet_va, .address = packet->va};
         npu_queue_note_stop(queue, &report);
         return false;
      }
      /* Another queue or the host has to write the word: get out of its way, more and more. */
      spins += spins < 1000;
      struct timespec pause = {.tv_nsec = spins < 100 ? 1000 : spins * 200};
      nanosleep(&pause, NULL);
   }
}

bool
npu_packet_execute(struct npu_queue *queue, struct npu_vm *vm, const void *data)
{
   union {
      uint8_t type;
      struct npu_packet_dispatch dispatch;
      struct npu_packet_copy copy;
      struct npu_packet_copy_rect copy_rect;
      struct npu_packet_fill fill;
      struct npu_packet_timestamp timestamp;
      struct npu_packet_wait wait;
      struct npu_packet_signal signal;
   } packet;

   memcpy(&packet, data, NPU_PACKET_SIZE_B);
   int wrong = npu_packet_error(&packet, false);
   if (wrong >= 0)
      return bad_packet(queue, (unsigned)wrong);

   switch (packet.type) {
   case NPU_PACKET_NOP:
      return true;
   case NPU_PACKET_DISPATCH:
      return execute_dispatch(queue, vm, &packet.dispatch);
   case NPU_PACKET_COPY:
      return copied(queue,
                    npu_dma_copy(queue, vm, packet.copy.dst_va, packet.copy.src_va,
                                 packet.copy.size_B),
                    packet.copy.size_B);
   case NPU_PACKET_COPY_RECT:
      return copied(queue, npu_dma_copy_rect(queue, vm, &packet.copy_rect),
                    (uint64_t)packet.copy_rect.row_size_B * packet.copy_rect.num_rows *
                       packet.copy_rect.num_slices);
   case NPU_PACKET_FILL:
      return execute_fill(queue, vm, &packet.fill);
   case NPU_PACKET_TIMESTAMP:
      return write_word(queue, vm, packet.timestamp.va, npu_sim_time_ns(queue->sim));
   case NPU_PACKET_WAIT:
      return execute_wait(queue, vm, &packet.wait);
   case NPU_PACKET_SIGNAL:
      return write_word(queue, vm, packet.signal.va, packet.signal.value);
   default:
      return bad_packet(queue, 0);
   }
}
