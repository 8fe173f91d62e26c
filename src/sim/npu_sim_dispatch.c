// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Distributes the work-groups of a dispatch over the cores.
//
// Every queue has its own set of cores (threads), made at its first dispatch that has use for them;
// the queue's thread itself is core 0. Cores take chunks of consecutive work-groups from a common
// counter until none are left, each a fixed part of what is left for its core: large ones first, so that
// taking them costs nothing, small ones last, so that uneven groups balance.

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "npu_sim_engine.h"
#include "npu_sim_priv.h"

/* A core takes one of so many parts of its share of what is left. */
#define PARTS_PER_CORE 4

/* Makes what the core needs beside its thread, on first use. Local memory is undefined at the start of
 * a group, but never shows what another context left there.
 */
static bool
core_ready(struct npu_core *core)
{
   uint32_t context_id = core->queue->context_id;

   if (!core->local) {
      void *local = mmap(NULL, NPU_SIM_LOCAL_MEM_B, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (local == MAP_FAILED)
         return false;
      core->local = local;
   } else if (core->local_context_id != context_id) {
      memset(core->local, 0, NPU_SIM_LOCAL_MEM_B);
   }
   core->local_context_id = context_id;
   return core->engine_state || core->queue->sim->engine->create_core(core);
}

/* Takes a chunk: returns its first group. *count 0: none are left. */
static uint64_t
take_chunk(struct npu_dispatch *dispatch, uint64_t *count)
{
   const uint64_t parts = (uint64_t)dispatch->queue->sim->num_cores * PARTS_PER_CORE;
   uint64_t first = atomic_load_explicit(&dispatch->next_group, memory_order_relaxed);

   do {
      uint64_t left = dispatch->num_groups - first;
      *count = left < parts ? left != 0 : left / parts;
   } while (*count &&
            !atomic_compare_exchange_weak_explicit(&dispatch->next_group, &first, first + *count,
                                                   memory_order_relaxed, memory_order_relaxed));
   return first;
}

/* Takes chunks until there are none, or something stops the dispatch. */
static void
work(struct npu_core *core, struct npu_dispatch *dispatch)
{
   const struct npu_engine_ops *engine = core->queue->sim->engine;

   if (!core_ready(core)) {
      struct npu_fault_report report = {
         .type = NPU_FAULT_MEMORY_ERROR,
         .pc = core->queue->packet_va,
         .kernel_id = dispatch->packet.kernel_id,
      };
      npu_queue_fault(core->queue, &report);
      return;
   }
   while (!npu_queue_stopped(core->queue)) {
      uint64_t count, first = take_chunk(dispatch, &count);
      if (!count)
         return;
      if (!engine->run_workgroups(core, dispatch, first, count))
         return;
   }
}

static void *
core_main(void *data)
{
   struct npu_core *core = data;
   struct npu_queue *queue = core->queue;
   uint64_t seen = 0;

   pthread_mutex_lock(&queue->lock);
   for (;;) {
      while (!queue->quit &&
             (!queue->job || queue->job_serial == seen || core->index > queue->job_max_workers))
         pthread_cond_wait(&queue->job_start, &queue->lock);
      if (queue->quit)
         break;

      struct npu_dispatch *dispatch = queue->job;
      seen = queue->job_serial;
      queue->job_workers++;
      pthread_mutex_unlock(&queue->lock);
      work(core, dispatch);
      pthread_mutex_lock(&queue->lock);
      if (--queue->job_workers == 0)
         pthread_cond_signal(&queue->job_end);
   }
   pthread_mutex_unlock(&queue->lock);
   return NULL;
}

/* Allocates the cores, and threads for the first `threads` ones after core 0. Returns how many of
 * them there are: work gets done with fewer, too. */
static unsigned
start_cores(struct npu_queue *queue, unsigned threads)
{
   unsigned num_cores = queue->sim->num_cores, started = 0;

   if (!queue->cores) {
      struct npu_core *cores = calloc(num_cores, sizeof(*cores));
      if (!cores)
         return 0;
      for (unsigned i = 0; i < num_cores; i++) {
         cores[i].queue = queue;
         cores[i].index = i;
      }
      queue->cores = cores;
   }
   for (unsigned i = 1; i <= threads && i < num_cores; i++) {
      struct npu_core *core = &queue->cores[i];
      if (!core->has_thread) {
         char name[16];
         snprintf(name, sizeof(name), "npu-q%uc%u", queue->index % NPU_NUM_QUEUES,
                  core->index % NPU_SIM_MAX_CORES);
         core->has_thread = npu_thread_create(&core->thread, core_main, core, name);
      }
      if (!core->has_thread)
         break;
      started = i;
   }
   return started;
}

bool
npu_dispatch_run(struct npu_queue *queue, struct npu_vm *vm,
                 const struct npu_packet_dispatch *packet)
{
   const struct npu_engine_ops *engine = queue->sim->engine;
   struct npu_dispatch dispatch = {
      .queue = queue,
      .vm = vm,
      .packet = *packet,
      .num_groups = (uint64_t)packet->grid[0] * packet->grid[1] * packet->grid[2],
      .group_size = (unsigned)packet->block[0] * packet->block[1] * packet->block[2],
   };
   unsigned num_cores = queue->sim->num_cores;

   dispatch.num_waves = (dispatch.group_size + NPU_WAVE_SIZE - 1) / NPU_WAVE_SIZE;

   unsigned helpers = dispatch.num_groups < num_cores ? (unsigned)dispatch.num_groups - 1
                                                      : num_cores - 1;
   helpers = start_cores(queue, helpers);
   if (!queue->cores) {
      struct npu_fault_report report = {.type = NPU_FAULT_MEMORY_ERROR, .pc = queue->packet_va};
      npu_queue_fault(queue, &report);
      return false;
   }

   dispatch.kernel = engine->prepare(&dispatch);
   if (!dispatch.kernel)
      return false;

   if (helpers) {
      pthread_mutex_lock(&queue->lock);
      queue->job = &dispatch;
      queue->job_serial++;
      queue->job_max_workers = helpers;
      pthread_cond_broadcast(&queue->job_start);
      pthread_mutex_unlock(&queue->lock);
   }
   work(&queue->cores[0], &dispatch);
   if (helpers) {
      /* From now on nobody joins; wait for those who did. */
      pthread_mutex_lock(&queue->lock);
      queue->job = NULL;
      while (queue->job_workers)
         pthread_cond_wait(&queue->job_end, &queue->lock);
      pthread_mutex_unlock(&queue->lock);
   }
   engine->finish(&dispatch);

   uint64_t started = atomic_load_explicit(&dispatch.next_group, memory_order_relaxed);
   started = started < dispatch.num_groups ? started : dispatch.num_groups;
   npu_count(queue->sim, NPU_COUNTER(DISPATCHES), 1);
   npu_count(queue->sim, NPU_COUNTER(GROUPS), started);
   npu_count(queue->sim, NPU_COUNTER(WAVES), started * dispatch.num_waves);
   return npu_queue_stopped(queue) == NPU_STOP_NONE;
}

/* queue->quit is set and the queue's thread is gone. */
void
npu_dispatch_free_cores(struct npu_queue *queue)
{
   if (!queue->cores)
      return;
   for (unsigned i = 0; i < queue->sim->num_cores; i++) {
      struct npu_core *core = &queue->cores[i];
      if (core->has_thread)
         pthread_join(core->thread, NULL);
      if (core->engine_state)
         queue->sim->engine->destroy_core(core);
      if (core->local)
         munmap(core->local, NPU_SIM_LOCAL_MEM_B);
   }
   free(queue->cores);
   queue->cores = NULL;
}
