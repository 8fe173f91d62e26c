// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The smallest driver: see npu_rig.h. Physical memory from 0 up is: VM table, page tables, rings,
// command buffers, allocations, in the order in which they are asked for. Virtual addresses start
// at 1 MiB.

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "npu_isa/npu_regs_decode.h"
#include "npu_rig.h"

#define FIRST_VA        0x100000ull
#define COMMAND_SIZE_B  (256 * 1024)
#define MAX_ALLOCATIONS 4096

struct allocation {
   uint64_t va, pa, size_B;
};

struct rig_queue {
   uint64_t ring_pa;
   unsigned size_log2;
   uint32_t tail;
   uint64_t seqno;
   /* Command buffers, used in turn; only in NPU_RIG_ASID or mapped at the same address elsewhere. */
   uint64_t command_va, command_pa, command_used_B;
};

struct npu_rig {
   struct npu_sim *sim;
   uint8_t *mem;
   uint64_t next_pa, next_va;
   uint64_t vm_table_pa;
   uint64_t root_pa[NPU_NUM_ASIDS];
   struct rig_queue queues[NPU_NUM_QUEUES];
   struct allocation allocations[MAX_ALLOCATIONS];
   unsigned num_allocations;

   pthread_mutex_t lock;
   pthread_cond_t wake;
   unsigned num_irqs; /* guarded by lock */
};

static void
on_irq(void *data, unsigned vector)
{
   struct npu_rig *rig = data;

   npu_sim_reg_write(rig->sim, NPU_REG_INT_ACK, npu_sim_reg_read(rig->sim, NPU_REG_INT_STATUS));
   pthread_mutex_lock(&rig->lock);
   rig->num_irqs++;
   pthread_cond_broadcast(&rig->wake);
   pthread_mutex_unlock(&rig->lock);
}

struct npu_rig *
npu_rig_create(const struct npu_sim_config *config, char **error)
{
   struct npu_rig *rig = calloc(1, sizeof(*rig));
   pthread_condattr_t attributes;

   if (error)
      *error = NULL;
   if (!rig)
      return NULL;
   rig->sim = npu_sim_create(config, error);
   if (!rig->sim) {
      free(rig);
      return NULL;
   }
   rig->mem = npu_sim_mem_ptr(rig->sim);
   rig->next_va = FIRST_VA;
   pthread_mutex_init(&rig->lock, NULL);
   pthread_condattr_init(&attributes);
   pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
   pthread_cond_init(&rig->wake, &attributes);
   pthread_condattr_destroy(&attributes);

   /* Physical page 0 stays unused: an address 0 is always a mistake. */
   rig->next_pa = NPU_PAGE_SIZE_B;
   rig->vm_table_pa = npu_rig_alloc_pa(rig, NPU_NUM_ASIDS * sizeof(struct npu_vm_table_entry),
                                       NPU_PAGE_SIZE_B);
   npu_sim_reg_write(rig->sim, NPU_REG_VM_TABLE_BASE, rig->vm_table_pa);
   npu_rig_make_vm(rig, NPU_RIG_ASID);
   npu_sim_set_irq(rig->sim, on_irq, rig);
   npu_sim_reg_write(rig->sim, NPU_REG_INT_ENABLE,
                     NPU_INT_ENABLE_FENCE__MASK | NPU_INT_ENABLE_FAULT__MASK);
   return rig;
}

void
npu_rig_destroy(struct npu_rig *rig)
{
   if (!rig)
      return;
   npu_sim_destroy(rig->sim);
   pthread_cond_destroy(&rig->wake);
   pthread_mutex_destroy(&rig->lock);
   free(rig);
}

struct npu_sim *
npu_rig_sim(struct npu_rig *rig)
{
   return rig->sim;
}

/* ---- memory ------------------------------------------------------------------------------ */

uint64_t
npu_rig_alloc_pa(struct npu_rig *rig, uint64_t size_B, uint64_t align_B)
{
   uint64_t pa = (rig->next_pa + align_B - 1) & ~(align_B - 1);

   if (size_B > npu_sim_mem_size_B(rig->sim) || pa > npu_sim_mem_size_B(rig->sim) - size_B) {
      fprintf(stderr, "npu: device memory is used up (%" PRIu64 " more bytes wanted)\n", size_B);
      abort();
   }
   rig->next_pa = pa + ((size_B + NPU_PAGE_SIZE_B - 1) & ~(uint64_t)(NPU_PAGE_SIZE_B - 1));
   return pa;
}

void *
npu_rig_pa_ptr(struct npu_rig *rig, uint64_t pa)
{
   return rig->mem + pa;
}

void
npu_rig_make_vm(struct npu_rig *rig, unsigned asid)
{
   struct npu_vm_table_entry *table = npu_rig_pa_ptr(rig, rig->vm_table_pa);

   rig->root_pa[asid] = npu_rig_alloc_pa(rig, NPU_ROOT_TABLE_SIZE_B, NPU_PAGE_SIZE_B);
   table[asid].root = rig->root_pa[asid] | NPU_SET(NPU_PTE_VALID, 1);
   npu_sim_reg_write(rig->sim, NPU_REG_TLB_CONTROL,
                     NPU_SET(NPU_TLB_CONTROL_ASID, asid) | NPU_TLB_CONTROL_ALL__MASK);
}

static uint64_t *
find_pte(struct npu_rig *rig, unsigned asid, uint64_t va, unsigned level, bool create)
{
   static const unsigned shift[] = {12, 21, 30}, bits[] = {9, 9, 10};
   uint64_t table_pa = rig->root_pa[asid];

   for (unsigned at = 2;; at--) {
      uint64_t *table = npu_rig_pa_ptr(rig, table_pa);
      uint64_t *entry = &table[va >> shift[at] & ((1u << bits[at]) - 1)];
      if (at == level)
         return entry;
      if (!(*entry & NPU_PTE_VALID__MASK)) {
         if (!create)
            return NULL;
         *entry = npu_rig_alloc_pa(rig, NPU_PAGE_SIZE_B, NPU_PAGE_SIZE_B) | NPU_PTE_VALID__MASK;
      }
      table_pa = *entry & NPU_PTE_PA__MASK;
   }
}

uint64_t *
npu_rig_pte(struct npu_rig *rig, unsigned asid, uint64_t va, unsigned level)
{
   return find_pte(rig, asid, va, level, false);
}

void
npu_rig_set_pages(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t pa, uint64_t size_B,
                  unsigned perms, unsigned level)
{
   uint64_t page_B = (uint64_t)NPU_PAGE_SIZE_B << 9 * level;

   for (uint64_t done = 0; done < size_B; done += page_B) {
      uint64_t *entry = find_pte(rig, asid, va + done, level, true);
      *entry = perms == 0 ? 0
                          : (pa + done) | NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK |
                               NPU_SET(NPU_PTE_READ, perms & NPU_RIG_R ? 1 : 0) |
                               NPU_SET(NPU_PTE_WRITE, perms & NPU_RIG_W ? 1 : 0) |
                               NPU_SET(NPU_PTE_EXEC, perms & NPU_RIG_X ? 1 : 0);
   }
}

void
npu_rig_invalidate(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t size_B)
{
   npu_sim_reg_write(rig->sim, NPU_REG_TLB_VA, va);
   npu_sim_reg_write(rig->sim, NPU_REG_TLB_SIZE, size_B);
   npu_sim_reg_write(rig->sim, NPU_REG_TLB_CONTROL, NPU_SET(NPU_TLB_CONTROL_ASID, asid));
}

void
npu_rig_map(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t pa, uint64_t size_B,
            unsigned perms)
{
   npu_rig_set_pages(rig, asid, va, pa, size_B, perms, 0);
   npu_rig_invalidate(rig, asid, va, size_B);
}

uint64_t
npu_rig_alloc(struct npu_rig *rig, uint64_t size_B, unsigned perms)
{
   uint64_t rounded_B = (size_B + NPU_PAGE_SIZE_B - 1) & ~(uint64_t)(NPU_PAGE_SIZE_B - 1);
   uint64_t pa = npu_rig_alloc_pa(rig, rounded_B, NPU_PAGE_SIZE_B), va = rig->next_va;

   if (rig->num_allocations == MAX_ALLOCATIONS) {
      fprintf(stderr, "npu: more than %u allocations\n", MAX_ALLOCATIONS);
      abort();
   }
   npu_rig_map(rig, NPU_RIG_ASID, va, pa, rounded_B, perms);
   rig->next_va = va + rounded_B + NPU_PAGE_SIZE_B;
   rig->allocations[rig->num_allocations++] = (struct allocation){va, pa, rounded_B};
   return va;
}

void *
npu_rig_ptr(struct npu_rig *rig, uint64_t va)
{
   for (unsigned i = 0; i < rig->num_allocations; i++) {
      const struct allocation *a = &rig->allocations[i];
      if (va - a->va < a->size_B)
         return npu_rig_pa_ptr(rig, a->pa + (va - a->va));
   }
   fprintf(stderr, "npu: address %#" PRIx64 " was not allocated\n", va);
   abort();
}

/* ---- queues ------------------------------------------------------------------------------ */

void
npu_rig_enable_queue(struct npu_rig *rig, unsigned queue, unsigned size_log2)
{
   struct rig_queue *q = &rig->queues[queue];

   q->ring_pa = npu_rig_alloc_pa(rig, (uint64_t)NPU_PACKET_SIZE_B << size_log2, NPU_PAGE_SIZE_B);
   q->size_log2 = size_log2;
   q->tail = 0;
   if (!q->command_va) {
      q->command_va = npu_rig_alloc(rig, COMMAND_SIZE_B, NPU_RIG_R);
      q->command_pa = (uint64_t)((uint8_t *)npu_rig_ptr(rig, q->command_va) - rig->mem);
   }
   npu_sim_reg_write(rig->sim, NPU_REG_QUEUE_CONTROL(queue), 0);
   npu_sim_reg_write(rig->sim, NPU_REG_QUEUE_RING_BASE(queue), q->ring_pa);
   npu_sim_reg_write(rig->sim, NPU_REG_QUEUE_RING_SIZE(queue), size_log2);
   npu_sim_reg_write(rig->sim, NPU_REG_QUEUE_CONTROL(queue), NPU_QUEUE_CONTROL_ENABLE__MASK);
}

static void
pause_ns(long ns)
{
   struct timespec time = {.tv_nsec = ns};

   nanosleep(&time, NULL);
}

void
npu_rig_push(struct npu_rig *rig, unsigned queue, const void *packet)
{
   struct rig_queue *q = &rig->queues[queue];
   uint32_t size = 1u << q->size_log2;

   while (q->tail - (uint32_t)npu_sim_reg_read(rig->sim, NPU_REG_QUEUE_HEAD(queue)) >= size) {
      npu_rig_doorbell(rig, queue);
      pause_ns(100000);
   }
   uint64_t pa = q->ring_pa + (uint64_t)(q->tail & (size - 1)) * NPU_PACKET_SIZE_B;
   memcpy(npu_rig_pa_ptr(rig, pa), packet, NPU_PACKET_SIZE_B);
   q->tail++;
}

void
npu_rig_doorbell(struct npu_rig *rig, unsigned queue)
{
   npu_sim_reg_write(rig->sim, NPU_REG_QUEUE_TAIL(queue), rig->queues[queue].tail);
}

uint64_t
npu_rig_submit(struct npu_rig *rig, unsigned queue, unsigned asid, const void *packets,
               uint32_t num_packets)
{
   struct rig_queue *q = &rig->queues[queue];
   uint64_t size_B = (uint64_t)num_packets * NPU_PACKET_SIZE_B;

   if (!q->ring_pa)
      npu_rig_enable_queue(rig, queue, 6);
   assert(size_B <= COMMAND_SIZE_B && "command buffer is too large");
   if (q->command_used_B + size_B > COMMAND_SIZE_B) {
      /* Start over; everything submitted has to be done. */
      npu_rig_wait(rig, queue, q->seqno, 60000);
      q->command_used_B = 0;
   }
   if (size_B)
      memcpy(npu_rig_pa_ptr(rig, q->command_pa + q->command_used_B), packets, size_B);

   struct npu_packet_exec exec = {
      .type = NPU_PACKET_EXEC,
      .asid = (uint8_t)asid,
      .num_packets = num_packets,
      .va = q->command_va + q->command_used_B,
      .seqno = ++q->seqno,
      .context_id = 100 + queue,
   };
   struct npu_packet_fence fence = {
      .type = NPU_PACKET_FENCE,
      .irq = 1,
      .seqno = q->seqno,
   };
   q->command_used_B += size_B;
   npu_rig_push(rig, queue, &exec);
   npu_rig_push(rig, queue, &fence);
   npu_rig_doorbell(rig, queue);
   return q->seqno;
}

bool
npu_rig_wait(struct npu_rig *rig, unsigned queue, uint64_t seqno, unsigned timeout_ms)
{
   uint64_t deadline = npu_sim_time_ns(rig->sim) + timeout_ms * 1000000ull;
   struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000),
                            .tv_nsec = (long)(deadline % 1000000000)};
   bool done, expired = false;

   pthread_mutex_lock(&rig->lock);
   for (;;) {
      done = npu_sim_reg_read(rig->sim, NPU_REG_QUEUE_FENCE(queue)) >= seqno;
      if (done || expired)
         break;
      expired = pthread_cond_timedwait(&rig->wake, &rig->lock, &until) != 0;
   }
   pthread_mutex_unlock(&rig->lock);
   return done;
}

/* ---- faults ------------------------------------------------------------------------------ */

bool
npu_rig_pop_fault(struct npu_rig *rig, struct npu_rig_fault *fault)
{
   struct npu_sim *sim = rig->sim;

   if (!NPU_GET(npu_sim_reg_read(sim, NPU_REG_FAULT_STATUS), NPU_FAULT_STATUS_COUNT))
      return false;
   uint64_t info = npu_sim_reg_read(sim, NPU_REG_FAULT_INFO);
   uint64_t context = npu_sim_reg_read(sim, NPU_REG_FAULT_CONTEXT);
   uint64_t kernel = npu_sim_reg_read(sim, NPU_REG_FAULT_KERNEL);
   *fault = (struct npu_rig_fault){
      .type = (enum npu_fault)NPU_GET(info, NPU_FAULT_INFO_TYPE),
      .access = (enum npu_access)NPU_GET(info, NPU_FAULT_INFO_ACCESS),
      .in_kernel = NPU_GET(info, NPU_FAULT_INFO_IN_KERNEL),
      .queue = (unsigned)NPU_GET(info, NPU_FAULT_INFO_QUEUE),
      .asid = (unsigned)NPU_GET(info, NPU_FAULT_INFO_ASID),
      .wave = (unsigned)NPU_GET(info, NPU_FAULT_INFO_WAVE),
      .core = (unsigned)NPU_GET(info, NPU_FAULT_INFO_CORE),
      .code = (unsigned)NPU_GET(kernel, NPU_FAULT_KERNEL_CODE),
      .context_id = (uint32_t)NPU_GET(context, NPU_FAULT_CONTEXT_CONTEXT_ID),
      .lanes = (uint32_t)NPU_GET(context, NPU_FAULT_CONTEXT_LANES),
      .kernel_id = (uint32_t)NPU_GET(kernel, NPU_FAULT_KERNEL_KERNEL_ID),
      .pc = npu_sim_reg_read(sim, NPU_REG_FAULT_PC),
      .address = npu_sim_reg_read(sim, NPU_REG_FAULT_ADDRESS),
      .group = npu_sim_reg_read(sim, NPU_REG_FAULT_GROUP),
      .seqno = npu_sim_reg_read(sim, NPU_REG_FAULT_SEQNO),
      .time_ns = npu_sim_reg_read(sim, NPU_REG_FAULT_TIME),
   };
   npu_sim_reg_write(sim, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_POP__MASK);
   return true;
}

static const char *
name_of(const char *const *names, size_t num, unsigned value)
{
   return value < num && names[value] ? names[value] : "unknown";
}

void
npu_rig_describe_fault(const struct npu_rig_fault *fault, char *buffer, size_t size_B)
{
   const char *type = name_of(npu_fault_names, sizeof(npu_fault_names) / sizeof(npu_fault_names[0]),
                              fault->type);
   const char *access = name_of(npu_access_names,
                                sizeof(npu_access_names) / sizeof(npu_access_names[0]),
                                fault->access);

   if (fault->in_kernel) {
      snprintf(buffer, size_B,
               "%s: %s at %#" PRIx64 ", pc %#" PRIx64 ", group %" PRIu64
               ", wave %u, lanes %#x, kernel %u, code %u",
               type, access, fault->address, fault->pc, fault->group, fault->wave, fault->lanes,
               fault->kernel_id, fault->code);
   } else {
      snprintf(buffer, size_B, "%s: %s at %#" PRIx64 ", packet at %#" PRIx64 ", code %u", type,
               access, fault->address, fault->pc, fault->code);
   }
}

unsigned
npu_rig_num_irqs(struct npu_rig *rig)
{
   pthread_mutex_lock(&rig->lock);
   unsigned num = rig->num_irqs;
   pthread_mutex_unlock(&rig->lock);
   return num;
}

struct npu_packet_dispatch
npu_rig_dispatch(uint64_t code_va, uint64_t args_va, uint32_t groups, uint16_t group_size)
{
   return (struct npu_packet_dispatch){
      .type = NPU_PACKET_DISPATCH,
      .work_dim = 1,
      .code_va = code_va,
      .args_va = args_va,
      .grid = {groups, 1, 1},
      .block = {group_size, 1, 1},
   };
}
