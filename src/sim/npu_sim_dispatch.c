// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Runs a dispatch on the cores.
//
// Every queue has its own set of cores (threads), made at its first dispatch that has use for them;
// the queue's thread itself is core 0. Cores take chunks of consecutive work-groups until none are left
// (npu_sim_share.c).
//
// Waking up another thread and waiting until it sleeps again takes some 10 us. So core 0 works alone on
// a dispatch that will not take longer, as far as former ones tell (npu_sim_cost.c); if it does, the
// others are asked after all. And as dispatches often follow each other closely, a core that has
// finished looks out for the next one for a moment before it sleeps, if the host has a CPU for it.

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "npu_sim_engine.h"
#include "npu_sim_priv.h"

/* A dispatch of this length is not worth another thread. */
#define ALONE_NS 8000

/* How long to look out before sleeping: for the next dispatch, for the end of another core's chunk. */
#define LOOK_OUT_NS 5000
#define FINISH_NS   20000

/* How long it holds that faults of the host reach the guards. */
#define GUARD_NS 1000000

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

/* ---- other cores ------------------------------------------------------------------------- */

static void
pause_briefly(void)
{
   for (unsigned i = 0; i < 16; i++) {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("yield");
#endif
   }
}

/* Until there is another job than the one that was seen, or for LOOK_OUT_NS. */
static void
look_out_for_job(const struct npu_queue *queue, uint64_t seen)
{
   const uint64_t until_ns = npu_sim_time_ns(queue->sim) + LOOK_OUT_NS;

   while (atomic_load_explicit(&queue->job_serial, memory_order_relaxed) == seen &&
          npu_sim_time_ns(queue->sim) < until_ns)
      pause_briefly();
}

static void work(struct npu_core *core, struct npu_dispatch *dispatch);

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
      if (queue->sim->may_spin) {
         pthread_mutex_unlock(&queue->lock);
         look_out_for_job(queue, seen);
         pthread_mutex_lock(&queue->lock);
      }
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

/* Asks the other cores to take part. */
static void
ask_helpers(struct npu_queue *queue, struct npu_dispatch *dispatch)
{
   dispatch->alone_until_ns = 0;
   dispatch->helpers = start_cores(queue, dispatch->helpers);
   if (!dispatch->helpers)
      return;
   pthread_mutex_lock(&queue->lock);
   queue->job = dispatch;
   queue->job_serial++;
   queue->job_max_workers = dispatch->helpers;
   pthread_cond_broadcast(&queue->job_start);
   pthread_mutex_unlock(&queue->lock);
}

/* Waits for the cores that take part. From now on no other one joins. */
static void
wait_for_helpers(struct npu_queue *queue)
{
   pthread_mutex_lock(&queue->lock);
   queue->job = NULL;
   if (queue->job_workers && queue->sim->may_spin) {
      const uint64_t until_ns = npu_sim_time_ns(queue->sim) + FINISH_NS;
      pthread_mutex_unlock(&queue->lock);
      while (atomic_load_explicit(&queue->job_workers, memory_order_relaxed) &&
             npu_sim_time_ns(queue->sim) < until_ns)
         pause_briefly();
      pthread_mutex_lock(&queue->lock);
   }
   while (queue->job_workers)
      pthread_cond_wait(&queue->job_end, &queue->lock);
   pthread_mutex_unlock(&queue->lock);
}

/* Takes chunks until there are none, or something stops the dispatch. */
static void
work(struct npu_core *core, struct npu_dispatch *dispatch)
{
   struct npu_queue *queue = core->queue;
   const struct npu_engine_ops *engine = queue->sim->engine;
   const uint64_t begin_ns = core->index ? 0 : npu_sim_time_ns(queue->sim);
   uint64_t done = 0;

   if (!core_ready(core)) {
      struct npu_fault_report report = {
         .type = NPU_FAULT_MEMORY_ERROR,
         .pc = queue->packet_va,
         .kernel_id = dispatch->packet.kernel_id,
      };
      npu_queue_fault(queue, &report);
      return;
   }
   while (!npu_queue_stopped(queue)) {
      uint64_t count, first = npu_share_take(core, dispatch, &count);
      if (!count)
         break;
      if (!engine->run_workgroups(core, dispatch, first, count))
         return;
      done += count;
      if (core->index == 0 && dispatch->alone_until_ns && first + count < dispatch->num_groups &&
          npu_sim_time_ns(queue->sim) > dispatch->alone_until_ns)
      {
         npu_share_choose_chunks(dispatch, dispatch->helpers + 1, 0);
         ask_helpers(queue, dispatch);
      }
   }
   if (core->index == 0 && done)
      npu_cost_learn(dispatch, done, npu_sim_time_ns(queue->sim) - begin_ns);
}

/* Other handlers of faults may have come since the last time. */
static void
look_after_guards(struct npu_queue *queue, uint64_t now_ns)
{
   if (queue->guarded_ns > queue->exec_start_ns && now_ns < queue->guarded_ns + GUARD_NS)
      return;
   queue->guarded = npu_guard_activate();
   queue->guarded_ns = now_ns;
}

bool
npu_dispatch_run(struct npu_queue *queue, struct npu_vm *vm,
                 const struct npu_packet_dispatch *packet)
{
   const struct npu_engine_ops *engine = queue->sim->engine;
   struct npu_dispatch dispatch = {
      .queue = queue,
      .serial = ++queue->dispatches,
      .vm = vm,
      .packet = *packet,
      .num_groups = (uint64_t)packet->grid[0] * packet->grid[1] * packet->grid[2],
      .group_size = (unsigned)packet->block[0] * packet->block[1] * packet->block[2],
   };
   unsigned num_cores = queue->sim->num_cores;
   const uint64_t now_ns = npu_sim_time_ns(queue->sim);

   dispatch.num_waves = (dispatch.group_size + NPU_WAVE_SIZE - 1) / NPU_WAVE_SIZE;
   dispatch.helpers = dispatch.num_groups < num_cores ? (unsigned)dispatch.num_groups - 1
                                                      : num_cores - 1;
   start_cores(queue, 0);
   if (!queue->cores) {
      struct npu_fault_report report = {.type = NPU_FAULT_MEMORY_ERROR, .pc = queue->packet_va};
      npu_queue_fault(queue, &report);
      return false;
   }

   look_after_guards(queue, now_ns);
   dispatch.kernel = engine->prepare(&dispatch);
   if (!dispatch.kernel)
      return false;

   const float group_ns = npu_cost_guess_ns(&dispatch);
   const bool alone = !dispatch.helpers ||
                      (group_ns > 0 && group_ns * (float)dispatch.num_groups < (float)ALONE_NS);
   npu_share_begin(&dispatch, alone ? 1 : dispatch.helpers + 1, group_ns);
   if (!alone)
      ask_helpers(queue, &dispatch);
   else if (dispatch.helpers)
      dispatch.alone_until_ns = now_ns + 2 * ALONE_NS;
   work(&queue->cores[0], &dispatch);
   if (dispatch.helpers && !dispatch.alone_until_ns)
      wait_for_helpers(queue);
   engine->finish(&dispatch);

   const uint64_t started = npu_share_taken(&dispatch);
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
