// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// A hardware queue: its registers, and the thread that fetches packets from its ring.
//
// Each queue has a thread of its own, so a queue that hangs cannot hold up another one. A thread that
// waits for the queue may stand in for it (npu_sim_lend_thread). Packets of
// a ring run one after the other, which satisfies every BARRIER flag and fence by construction.
// Disabling a queue stops it after the packet it executes; kill, watchdog and reset end the running
// EXEC through queue->stop, which engines, copies and waits look at.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_sim_engine.h"
#include "npu_sim_priv.h"

/* ---- faults of the running EXEC ---------------------------------------------------------- */

/* Pushes a record. The EXEC's fields are the queue's and valid: only its own threads call this. */
static void
record_fault(struct npu_queue *queue, const struct npu_fault_report *report)
{
   struct npu_fault_record record = {
      .info = NPU_SET(NPU_FAULT_INFO_TYPE, report->type) |
              NPU_SET(NPU_FAULT_INFO_ACCESS, report->access) |
              NPU_SET(NPU_FAULT_INFO_IN_KERNEL, report->in_kernel) |
              NPU_SET(NPU_FAULT_INFO_QUEUE, queue->index) |
              NPU_SET(NPU_FAULT_INFO_ASID, queue->asid) |
              NPU_SET(NPU_FAULT_INFO_WAVE, report->wave) |
              NPU_SET(NPU_FAULT_INFO_CORE, report->core),
      .context = NPU_SET(NPU_FAULT_CONTEXT_CONTEXT_ID, queue->context_id) |
                 NPU_SET(NPU_FAULT_CONTEXT_LANES, report->lanes),
      .kernel = NPU_SET(NPU_FAULT_KERNEL_KERNEL_ID, report->kernel_id) |
                NPU_SET(NPU_FAULT_KERNEL_CODE, report->code),
      .pc = report->pc,
      .address = report->address,
      .group = report->group,
      .seqno = queue->seqno,
      .time_ns = npu_sim_time_ns(queue->sim),
   };

   if (queue->status_pa)
      npu_pa_write64(queue->sim, queue->status_pa, 1);
   npu_fault_push(queue->sim, &record);
}

bool
npu_queue_fault(struct npu_queue *queue, const struct npu_fault_report *report)
{
   int none = NPU_STOP_NONE;

   if (!atomic_compare_exchange_strong(&queue->stop, &none, NPU_STOP_FAULT))
      return false;
   record_fault(queue, report);
   return true;
}

void
npu_queue_note_stop(struct npu_queue *queue, struct npu_fault_report *report)
{
   int stop = atomic_load(&queue->stop);

   if (stop != NPU_STOP_KILL && stop != NPU_STOP_WATCHDOG)
      return;
   if (!atomic_compare_exchange_strong(&queue->stop, &stop, NPU_STOP_FAULT))
      return;
   report->type = stop == NPU_STOP_KILL ? NPU_FAULT_KILLED : NPU_FAULT_WATCHDOG;
   report->access = NPU_ACCESS_NONE;
   record_fault(queue, report);
}

/* ---- ring packets ------------------------------------------------------------------------ */

/* A packet of the ring is wrong: no context is to blame. */
static void
bad_ring_packet(struct npu_queue *queue, uint64_t pa, unsigned offset, enum npu_fault type)
{
   struct npu_fault_report report = {
      .type = type,
      .access = NPU_ACCESS_COMMAND,
      .pc = pa,
      .address = pa + offset,
      .code = (uint16_t)offset,
   };

   pthread_mutex_lock(&queue->lock);
   queue->asid = 0;
   queue->context_id = 0;
   queue->seqno = 0;
   queue->status_pa = 0;
   pthread_mutex_unlock(&queue->lock);
   record_fault(queue, &report);
}

/* Runs the packets of a command buffer until one fails. */
static void
run_command_buffer(struct npu_queue *queue, const struct npu_packet_exec *exec)
{
   struct npu_vm *vm = &queue->sim->vms[exec->asid];
   struct npu_fault_report report = {.access = NPU_ACCESS_COMMAND,
                                     .pc = exec->va,
                                     .address = exec->va};

   if (!npu_vm_load(vm)) {
      report.type = NPU_FAULT_UNMAPPED;
      npu_queue_fault(queue, &report);
      return;
   }
   for (uint32_t i = 0; i < exec->num_packets; i++) {
      uint64_t packet[NPU_PACKET_SIZE_B / 8];

      report.pc = report.address = queue->packet_va = exec->va + (uint64_t)i * NPU_PACKET_SIZE_B;
      if (npu_queue_stopped(queue)) {
         npu_queue_note_stop(queue, &report);
         return;
      }
      report.type = npu_vm_read(vm, packet, report.pc, sizeof(packet), NPU_ACCESS_COMMAND,
                                &report.address);
      if (report.type != NPU_FAULT_NONE) {
         npu_queue_fault(queue, &report);
         return;
      }
      if (!npu_packet_execute(queue, vm, packet)) {
         /* A stop that came before any wave ran has not been recorded yet. */
         npu_queue_note_stop(queue, &report);
         return;
      }
      npu_count(queue->sim, NPU_COUNTER(PACKETS), 1);
      npu_queue_progress(queue);
   }
}

static void
execute_exec(struct npu_queue *queue, const struct npu_packet_exec *exec, uint64_t pa)
{
   uint64_t status = 0;

   if (exec->va % NPU_PACKET_SIZE_B) {
      bad_ring_packet(queue, pa, offsetof(struct npu_packet_exec, va), NPU_FAULT_BAD_PACKET);
      return;
   }
   if (exec->status_pa % 8) {
      bad_ring_packet(queue, pa, offsetof(struct npu_packet_exec, status_pa), NPU_FAULT_BAD_PACKET);
      return;
   }
   if (exec->status_pa && !npu_pa_read(queue->sim, exec->status_pa, &status, sizeof(status))) {
      bad_ring_packet(queue, pa, offsetof(struct npu_packet_exec, status_pa),
                      NPU_FAULT_MEMORY_ERROR);
      return;
   }
   if (status)
      return;

   enum npu_sim_defect defect = npu_defect_take(queue->sim, exec->va);
   if (defect == NPU_SIM_DEFECT_STALL) {
      npu_defect_stall(queue);
      return;
   }

   pthread_mutex_lock(&queue->lock);
   queue->asid = exec->asid;
   queue->context_id = exec->context_id;
   queue->seqno = exec->seqno;
   queue->status_pa = exec->status_pa;
   queue->exec_start_ns = npu_sim_time_ns(queue->sim);
   if (!queue->resetting)
      atomic_store(&queue->stop, NPU_STOP_NONE);
   queue->in_exec = true;
   bool watched = queue->watchdog_ms != 0;
   pthread_mutex_unlock(&queue->lock);
   if (watched)
      npu_service_wake(queue->sim);

   if (!npu_defect_run(queue, defect, exec->va))
      run_command_buffer(queue, exec);
   npu_count(queue->sim, NPU_COUNTER(COMMAND_BUFFERS), 1);
   npu_count(queue->sim, NPU_COUNTER(BUSY), npu_sim_time_ns(queue->sim) - queue->exec_start_ns);

   pthread_mutex_lock(&queue->lock);
   queue->in_exec = false;
   pthread_mutex_unlock(&queue->lock);
}

static void
execute_fence(struct npu_queue *queue, const struct npu_packet_fence *fence, uint64_t pa)
{
   if (fence->irq > 1) {
      bad_ring_packet(queue, pa, offsetof(struct npu_packet_fence, irq), NPU_FAULT_BAD_PACKET);
      return;
   }
   if (fence->write_pa && !npu_pa_write64(queue->sim, fence->write_pa, fence->seqno)) {
      bad_ring_packet(queue, pa, offsetof(struct npu_packet_fence, write_pa),
                      fence->write_pa % 8 ? NPU_FAULT_BAD_PACKET : NPU_FAULT_MEMORY_ERROR);
   }
   pthread_mutex_lock(&queue->lock);
   bool valid = !queue->resetting;
   if (valid)
      queue->fence = fence->seqno;
   pthread_mutex_unlock(&queue->lock);
   if (valid && fence->irq)
      npu_irq_raise(queue->sim, NPU_SET(NPU_INT_STATUS_FENCE, 1ull << queue->index));
}

static void
execute_ring_packet(struct npu_queue *queue, uint64_t pa)
{
   union {
      uint8_t type;
      uint8_t bytes[NPU_PACKET_SIZE_B];
      struct npu_packet_exec exec;
      struct npu_packet_fence fence;
   } packet;

   if (!npu_pa_read(queue->sim, pa, &packet, sizeof(packet))) {
      bad_ring_packet(queue, pa, 0, NPU_FAULT_MEMORY_ERROR);
      return;
   }
   int wrong = npu_packet_error(&packet, true);
   if (wrong >= 0) {
      bad_ring_packet(queue, pa, (unsigned)wrong, NPU_FAULT_BAD_PACKET);
      return;
   }
   switch (packet.type) {
   case NPU_PACKET_NOP:
      break;
   case NPU_PACKET_EXEC:
      execute_exec(queue, &packet.exec, pa);
      break;
   case NPU_PACKET_FENCE:
      execute_fence(queue, &packet.fence, pa);
      break;
   default:
      bad_ring_packet(queue, pa, 0, NPU_FAULT_BAD_PACKET);
      break;
   }
}

/* ---- the thread -------------------------------------------------------------------------- */

static bool
has_work(const struct npu_queue *queue)
{
   return queue->enabled && !queue->resetting && queue->head != queue->tail;
}

/* Executes the next packet; drops the lock meanwhile. */
static void
run_next_locked(struct npu_queue *queue)
{
   uint32_t slot = queue->head & ((1u << queue->ring_size_log2) - 1);
   uint64_t pa = queue->ring_base + (uint64_t)slot * NPU_PACKET_SIZE_B;
   unsigned enables = queue->enables;
   queue->busy = true;
   pthread_mutex_unlock(&queue->lock);

   execute_ring_packet(queue, pa);

   pthread_mutex_lock(&queue->lock);
   queue->busy = false;
   if (queue->enables == enables)
      queue->head++;
   pthread_cond_broadcast(&queue->idle);
}

static void *
queue_main(void *data)
{
   struct npu_queue *queue = data;

   pthread_mutex_lock(&queue->lock);
   for (;;) {
      while (!queue->quit && (queue->busy || !has_work(queue)))
         pthread_cond_wait(&queue->work, &queue->lock);
      if (queue->quit)
         break;
      run_next_locked(queue);
   }
   pthread_mutex_unlock(&queue->lock);
   return NULL;
}

bool
npu_sim_lend_thread(struct npu_sim *sim, unsigned index, bool (*until)(void *data), void *data)
{
   if (sim->fork_generation != npu_fork_generation() || index >= NPU_NUM_QUEUES)
      return false;

   struct npu_queue *queue = &sim->queues[index];
   struct npu_float_env env;
   bool done = false, fit = npu_thread_has_stack();
   npu_float_env_enter(&env);
   pthread_mutex_lock(&queue->lock);
   while (!done && fit && !queue->quit && !queue->busy && has_work(queue)) {
      run_next_locked(queue);
      /* until() may read the queue's registers, which takes the lock. */
      pthread_mutex_unlock(&queue->lock);
      done = until(data);
      pthread_mutex_lock(&queue->lock);
   }
   if (has_work(queue))
      pthread_cond_signal(&queue->work); /* for what is left */
   pthread_mutex_unlock(&queue->lock);
   npu_float_env_leave(&env);
   return done;
}

/* ---- life and registers ------------------------------------------------------------------ */

static void
reset_state(struct npu_queue *queue)
{
   queue->ring_base = 0;
   queue->ring_size_log2 = 0;
   queue->head = queue->tail = 0;
   queue->fence = 0;
   queue->watchdog_ms = queue->sim->config.watchdog_ms;
   queue->enabled = false;
   atomic_store(&queue->stop, NPU_STOP_NONE);
}

bool
npu_queue_init(struct npu_queue *queue, struct npu_sim *sim, unsigned index)
{
   queue->sim = sim;
   queue->index = index;
   pthread_mutex_init(&queue->lock, NULL);
   pthread_cond_init(&queue->work, NULL);
   pthread_cond_init(&queue->idle, NULL);
   pthread_cond_init(&queue->job_start, NULL);
   pthread_cond_init(&queue->job_end, NULL);
   reset_state(queue);
   return true;
}

/* The queue is stopped (npu_queue_stop_for_reset was called). */
void
npu_queue_fini(struct npu_queue *queue)
{
   pthread_mutex_lock(&queue->lock);
   queue->quit = true;
   pthread_cond_broadcast(&queue->work);
   pthread_cond_broadcast(&queue->job_start);
   pthread_mutex_unlock(&queue->lock);
   if (queue->has_thread)
      pthread_join(queue->thread, NULL);
   npu_dispatch_free_cores(queue);
   queue->sim->engine->destroy_queue(queue);
   pthread_cond_destroy(&queue->job_end);
   pthread_cond_destroy(&queue->job_start);
   pthread_cond_destroy(&queue->idle);
   pthread_cond_destroy(&queue->work);
   pthread_mutex_destroy(&queue->lock);
}

void
npu_queue_stop_for_reset(struct npu_queue *queue)
{
   pthread_mutex_lock(&queue->lock);
   queue->resetting = true;
   queue->enabled = false;
   atomic_store(&queue->stop, NPU_STOP_RESET);
   while (queue->busy)
      pthread_cond_wait(&queue->idle, &queue->lock);
   pthread_mutex_unlock(&queue->lock);
}

void
npu_queue_finish_reset(struct npu_queue *queue)
{
   pthread_mutex_lock(&queue->lock);
   reset_state(queue);
   queue->resetting = false;
   pthread_mutex_unlock(&queue->lock);
}

uint64_t
npu_queue_reg_read(struct npu_queue *queue, uint32_t reg)
{
   uint64_t value = 0;

   pthread_mutex_lock(&queue->lock);
   switch (reg) {
   case NPU_REG_QUEUE_RING_BASE(0):
      value = queue->ring_base;
      break;
   case NPU_REG_QUEUE_RING_SIZE(0):
      value = queue->ring_size_log2;
      break;
   case NPU_REG_QUEUE_CONTROL(0):
      value = NPU_SET(NPU_QUEUE_CONTROL_ENABLE, queue->enabled);
      break;
   case NPU_REG_QUEUE_STATUS(0):
      value = NPU_SET(NPU_QUEUE_STATUS_BUSY, queue->busy || has_work(queue));
      if (queue->in_exec) {
         value |= NPU_QUEUE_STATUS_IN_EXEC__MASK | NPU_SET(NPU_QUEUE_STATUS_ASID, queue->asid) |
                  NPU_SET(NPU_QUEUE_STATUS_CONTEXT_ID, queue->context_id);
      }
      break;
   case NPU_REG_QUEUE_TAIL(0):
      value = queue->tail;
      break;
   case NPU_REG_QUEUE_HEAD(0):
      value = queue->head;
      break;
   case NPU_REG_QUEUE_FENCE(0):
      value = queue->fence;
      break;
   case NPU_REG_QUEUE_WATCHDOG(0):
      value = queue->watchdog_ms;
      break;
   default:
      break;
   }
   pthread_mutex_unlock(&queue->lock);
   return value;
}

static void
set_enabled_locked(struct npu_queue *queue, bool enabled)
{
   if (queue->resetting)
      return;
   if (enabled && !queue->enabled) {
      /* A queue that was just disabled may still execute its last packet; it counts no more. */
      queue->enables++;
      queue->head = queue->tail = 0;
      if (!queue->has_thread) {
         char name[16];
         snprintf(name, sizeof(name), "npu-q%u", queue->index);
         queue->has_thread = npu_thread_create(&queue->thread, queue_main, queue, name);
      }
   }
   queue->enabled = enabled && queue->has_thread;
}

static void
kill_locked(struct npu_queue *queue)
{
   int none = NPU_STOP_NONE;

   if (queue->in_exec)
      atomic_compare_exchange_strong(&queue->stop, &none, NPU_STOP_KILL);
}

/* False: there cannot be so many packets in the ring. */
static bool
set_tail_locked(struct npu_queue *queue, uint32_t tail)
{
   if (tail - queue->head > 1u << queue->ring_size_log2)
      return false;
   queue->tail = tail;
   return true;
}

void
npu_sim_ring_quietly(struct npu_sim *sim, unsigned index, uint32_t tail)
{
   if (sim->fork_generation != npu_fork_generation() || index >= NPU_NUM_QUEUES)
      return;

   struct npu_queue *queue = &sim->queues[index];
   pthread_mutex_lock(&queue->lock);
   if (queue->enabled)
      set_tail_locked(queue, tail);
   pthread_mutex_unlock(&queue->lock);
}

void
npu_queue_reg_write(struct npu_queue *queue, uint32_t reg, uint64_t value)
{
   bool bad_doorbell = false;
   uint32_t head;

   pthread_mutex_lock(&queue->lock);
   bool stopped = !queue->enabled && !queue->busy;
   switch (reg) {
   case NPU_REG_QUEUE_RING_BASE(0):
      if (stopped) {
         queue->ring_base = value & NPU_QUEUE_RING_BASE_PA__MASK & ~(uint64_t)(NPU_PAGE_SIZE_B - 1);
      }
      break;
   case NPU_REG_QUEUE_RING_SIZE(0):
      if (stopped && value <= NPU_MAX_RING_SIZE_LOG2)
         queue->ring_size_log2 = (unsigned)value;
      break;
   case NPU_REG_QUEUE_CONTROL(0):
      set_enabled_locked(queue, value & NPU_QUEUE_CONTROL_ENABLE__MASK);
      if (value & NPU_QUEUE_CONTROL_KILL__MASK)
         kill_locked(queue);
      break;
   case NPU_REG_QUEUE_TAIL(0):
      if (!queue->enabled)
         break;
      bad_doorbell = !set_tail_locked(queue, (uint32_t)value);
      if (!bad_doorbell)
         pthread_cond_signal(&queue->work);
      break;
   case NPU_REG_QUEUE_WATCHDOG(0):
      queue->watchdog_ms = (uint32_t)value;
      break;
   case NPU_REG_QUEUE_KILL_CONTEXT(0):
      if (queue->context_id == (uint32_t)value)
         kill_locked(queue);
      break;
   default:
      break;
   }
   bool wake = queue->in_exec && queue->watchdog_ms;
   head = queue->head;
   pthread_mutex_unlock(&queue->lock);

   if (wake && reg == NPU_REG_QUEUE_WATCHDOG(0))
      npu_service_wake(queue->sim);
   if (bad_doorbell) {
      /* More packets than the ring has: a bug of the driver. */
      fprintf(stderr, "npu: queue %u: doorbell %u is more than the ring ahead of %u, ignored\n",
              queue->index, (uint32_t)value, head);
   }
}
