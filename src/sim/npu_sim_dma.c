// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The DMA engine: copies and fills between virtual addresses.
//
// Work is cut into chunks that are consecutive on both sides and at most a MiB, so that kill,
// watchdog and invalidations get their turn. Addresses are translated chunk by chunk; a fault names
// the first byte that cannot be accessed, and everything in front of it (in the order of the copy)
// is done.

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "npu_sim_priv.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* From here on a copy is larger than what caches will keep of it, and the host need not read what is overwritten. The C
 * library knows that of a copy in one piece.
 */
#define LARGE_B (24u << 20)

struct transfer {
   struct npu_queue *queue;
   struct npu_vm *vm;
   uint64_t bytes; /* since progress was last reported */
};

static bool
dma_fault(struct transfer *transfer, enum npu_fault type, enum npu_access access, uint64_t va)
{
   struct npu_fault_report report = {
      .type = type,
      .access = access,
      .pc = transfer->queue->packet_va,
      .address = va,
   };

   npu_queue_fault(transfer->queue, &report);
   return false;
}

/* Reports progress, and looks whether somebody wants the copy to end. */
static bool
go_on(struct transfer *transfer, uint64_t bytes)
{
   transfer->bytes += bytes;
   if (transfer->bytes >= NPU_SIM_COPY_CHUNK_B) {
      transfer->bytes = 0;
      npu_queue_progress(transfer->queue);
   }
   if (npu_queue_stopped(transfer->queue)) {
      struct npu_fault_report report = {.pc = transfer->queue->packet_va};
      npu_queue_note_stop(transfer->queue, &report);
      return false;
   }
   return true;
}

/* memcpy() past the caches. */
static void
stream(uint8_t *dst, const uint8_t *src, size_t size_B)
{
#ifdef __SSE2__
   const size_t head_B = MIN(-(uintptr_t)dst % 64, size_B);

   memcpy(dst, src, head_B);
   dst += head_B;
   src += head_B;
   size_B -= head_B;
   for (; size_B >= 64; dst += 64, src += 64, size_B -= 64) {
      for (unsigned i = 0; i < 4; i++)
         _mm_stream_si128((__m128i *)dst + i, _mm_loadu_si128((const __m128i *)src + i));
   }
   _mm_sfence();
#endif
   memcpy(dst, src, size_B);
}

/* Copies between two physical ranges. Returns the access that failed. */
static enum npu_access
copy_physical(struct npu_sim *sim, uint64_t dst, uint64_t src, size_t size_B, bool is_large)
{
   if (!((dst | src) & NPU_PA_SYSTEM)) {
      struct npu_guard guard = {
         .range = {{(uintptr_t)sim->mem, (uintptr_t)sim->mem + sim->mem_size_B}},
      };
      if (sigsetjmp(guard.jump, 0)) {
         npu_guard_disarm(&guard);
         return guard.address - (uintptr_t)(sim->mem + src) < size_B ? NPU_ACCESS_READ
                                                                     : NPU_ACCESS_WRITE;
      }
      npu_guard_arm(&guard);
      if (is_large && (dst + size_B <= src || src + size_B <= dst))
         stream(sim->mem + dst, sim->mem + src, size_B);
      else
         memmove(sim->mem + dst, sim->mem + src, size_B);
      npu_guard_disarm(&guard);
      return NPU_ACCESS_NONE;
   }

   uint8_t buffer[4096];
   for (size_t done = 0; done < size_B;) {
      size_t n = MIN(sizeof(buffer), size_B - done);
      if (!npu_pa_read(sim, src + done, buffer, n))
         return NPU_ACCESS_READ;
      if (!npu_pa_write(sim, dst + done, buffer, n))
         return NPU_ACCESS_WRITE;
      done += n;
   }
   return NPU_ACCESS_NONE;
}

static bool
copy_row(struct transfer *transfer, uint64_t dst, uint64_t src, uint64_t size_B)
{
   struct npu_vm *vm = transfer->vm;
   const bool is_large = size_B >= LARGE_B;

   while (size_B) {
      pthread_rwlock_rdlock(&vm->lock);
      struct npu_translation from = npu_vm_translate(vm, src, NPU_ACCESS_READ);
      struct npu_translation to = npu_vm_translate(vm, dst, NPU_ACCESS_WRITE);
      uint64_t n = MIN(MIN(from.size_B, to.size_B), MIN(size_B, NPU_SIM_COPY_CHUNK_B));
      enum npu_access failed = NPU_ACCESS_NONE;
      if (from.fault == NPU_FAULT_NONE && to.fault == NPU_FAULT_NONE)
         failed = copy_physical(vm->sim, to.pa, from.pa, n, is_large);
      pthread_rwlock_unlock(&vm->lock);

      if (from.fault != NPU_FAULT_NONE)
         return dma_fault(transfer, from.fault, NPU_ACCESS_READ, src);
      if (to.fault != NPU_FAULT_NONE)
         return dma_fault(transfer, to.fault, NPU_ACCESS_WRITE, dst);
      if (failed != NPU_ACCESS_NONE)
         return dma_fault(transfer, NPU_FAULT_MEMORY_ERROR, failed,
                          failed == NPU_ACCESS_READ ? src : dst);
      src += n;
      dst += n;
      size_B -= n;
      if (!go_on(transfer, n))
         return false;
   }
   return true;
}

bool
npu_dma_copy(struct npu_queue *queue, struct npu_vm *vm, uint64_t dst, uint64_t src,
             uint64_t size_B)
{
   struct transfer transfer = {.queue = queue, .vm = vm};

   return copy_row(&transfer, dst, src, size_B);
}

bool
npu_dma_copy_rect(struct npu_queue *queue, struct npu_vm *vm,
                  const struct npu_packet_copy_rect *packet)
{
   struct transfer transfer = {.queue = queue, .vm = vm};

   if (packet->row_size_B == 0)
      return true;
   for (uint32_t z = 0; z < packet->num_slices; z++) {
      uint64_t src = packet->src_va + z * packet->src_slice_stride_B;
      uint64_t dst = packet->dst_va + z * packet->dst_slice_stride_B;
      for (uint32_t y = 0; y < packet->num_rows; y++) {
         if (!copy_row(&transfer, dst, src, packet->row_size_B))
            return false;
         src += packet->src_row_stride_B;
         dst += packet->dst_row_stride_B;
      }
      /* Even slices without rows take time. */
      if (packet->num_rows == 0 && !go_on(&transfer, 0))
         return false;
   }
   return true;
}

/* Fills a physical range with a pattern; phase is the position in the pattern. */
static bool
fill_physical(struct npu_sim *sim, uint64_t dst, size_t size_B, const uint8_t *pattern,
              unsigned pattern_size_B, unsigned phase)
{
   uint8_t block[4096];

   /* The size of a pattern divides the size of the block. */
   for (size_t i = 0; i < sizeof(block); i++)
      block[i] = pattern[(phase + i) & (pattern_size_B - 1)];
   for (size_t done = 0; done < size_B;) {
      size_t n = MIN(sizeof(block), size_B - done);
      if (!npu_pa_write(sim, dst + done, block, n))
         return false;
      done += n;
   }
   return true;
}

bool
npu_dma_fill(struct npu_queue *queue, struct npu_vm *vm, uint64_t dst, uint64_t size_B,
             const uint8_t *pattern, unsigned pattern_size_B)
{
   struct transfer transfer = {.queue = queue, .vm = vm};
   uint64_t done = 0;

   while (done < size_B) {
      pthread_rwlock_rdlock(&vm->lock);
      struct npu_translation to = npu_vm_translate(vm, dst + done, NPU_ACCESS_WRITE);
      uint64_t n = MIN(to.size_B, MIN(size_B - done, NPU_SIM_COPY_CHUNK_B));
      if (to.fault == NPU_FAULT_NONE && !fill_physical(vm->sim, to.pa, n, pattern, pattern_size_B,
                                                       (unsigned)(done & (pattern_size_B - 1))))
         to.fault = NPU_FAULT_MEMORY_ERROR;
      pthread_rwlock_unlock(&vm->lock);

      if (to.fault != NPU_FAULT_NONE)
         return dma_fault(&transfer, to.fault, NPU_ACCESS_WRITE, dst + done);
      done += n;
      if (!go_on(&transfer, n))
         return false;
   }
   return true;
}
