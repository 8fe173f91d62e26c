// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The interrupt, and the service thread.
//
// The thread that raises an interrupt calls the callback itself, without a lock; while it does,
// interrupts of other threads only leave a note, and it calls again. A register write of the driver
// (INT_ENABLE) can raise an interrupt, too: then the service thread delivers it, because the driver
// may hold locks that its callback takes. The service thread also watches for queues that make no
// progress.

#include <errno.h>
#include <time.h>

#include "npu_sim_priv.h"

/* Longest and shortest time between two looks of the watchdog. */
#define MAX_PERIOD_NS 50000000ull
#define MIN_PERIOD_NS 1000000ull

void
npu_irq_deliver(struct npu_sim *sim)
{
   pthread_mutex_lock(&sim->lock);
   if (!sim->irq_running) {
      sim->irq_running = true;
      sim->irq_thread = pthread_self();
      while (sim->irq_raised) {
         void (*irq)(void *data, unsigned vector) = sim->irq;
         void *data = sim->irq_data;
         sim->irq_raised = false;
         if (irq) {
            pthread_mutex_unlock(&sim->lock);
            irq(data, 0);
            pthread_mutex_lock(&sim->lock);
         }
      }
      sim->irq_running = false;
      pthread_cond_broadcast(&sim->irq_done);
   }
   pthread_mutex_unlock(&sim->lock);
}

void
npu_irq_raise(struct npu_sim *sim, uint64_t bits)
{
   pthread_mutex_lock(&sim->lock);
   sim->int_status |= bits;
   bool deliver = bits & sim->int_enable;
   if (deliver)
      sim->irq_raised = true;
   pthread_mutex_unlock(&sim->lock);
   if (deliver)
      npu_irq_deliver(sim);
}

void
npu_irq_kick_locked(struct npu_sim *sim)
{
   sim->irq_raised = true;
   sim->service_irq = true;
   npu_service_start(sim);
   pthread_cond_signal(&sim->service_wake);
}

void
npu_sim_set_irq(struct npu_sim *sim, void (*callback)(void *data, unsigned vector), void *data)
{
   if (sim->fork_generation != npu_fork_generation())
      return;
   pthread_mutex_lock(&sim->lock);
   sim->irq = callback;
   sim->irq_data = data;
   while (sim->irq_running && !pthread_equal(sim->irq_thread, pthread_self()))
      pthread_cond_wait(&sim->irq_done, &sim->lock);
   pthread_mutex_unlock(&sim->lock);
}

/* Looks at one queue; returns its watchdog time in nanoseconds, 0 if there is nothing to watch. Of the time since the
 * last look the device has lost some.
 */
static uint64_t
watch(struct npu_queue *queue, uint64_t now, uint64_t lost_ns)
{
   uint64_t limit_ns = 0;

   pthread_mutex_lock(&queue->lock);
   if (queue->in_exec && queue->watchdog_ms) {
      uint64_t progress = atomic_load_explicit(&queue->progress, memory_order_relaxed);
      limit_ns = queue->watchdog_ms * 1000000ull;
      if (progress != queue->watched_progress || queue->watched_start_ns != queue->exec_start_ns) {
         queue->watched_progress = progress;
         queue->watched_start_ns = queue->exec_start_ns;
         queue->watched_since_ns = now;
         lost_ns = 0;
      }
      queue->watched_since_ns += lost_ns;
      if (now - queue->watched_since_ns >= limit_ns) {
         int none = NPU_STOP_NONE;
         atomic_compare_exchange_strong(&queue->stop, &none, NPU_STOP_WATCHDOG);
      }
   }
   pthread_mutex_unlock(&queue->lock);
   return limit_ns;
}

static void *
service_main(void *data)
{
   struct npu_sim *sim = data;
   uint64_t until = 0, period_ns = 0; /* until 0: it does not wait for a time */

   pthread_mutex_lock(&sim->lock);
   while (!sim->service_quit) {
      if (sim->service_irq) {
         sim->service_irq = false;
         pthread_mutex_unlock(&sim->lock);
         npu_irq_deliver(sim);
         pthread_mutex_lock(&sim->lock);
         continue;
      }
      atomic_store(&sim->service_idle, true);
      pthread_mutex_unlock(&sim->lock);

      /* Much later than it was to be: the process was stopped, by a debugger perhaps, and the device with it. */
      uint64_t now = npu_sim_time_ns(sim), shortest_ns = 0;
      uint64_t lost_ns = until && now > until + period_ns ? now - until : 0;
      for (unsigned i = 0; i < NPU_NUM_QUEUES; i++) {
         uint64_t limit_ns = watch(&sim->queues[i], now, lost_ns);
         if (limit_ns && (!shortest_ns || limit_ns < shortest_ns))
            shortest_ns = limit_ns;
      }

      until = 0;
      pthread_mutex_lock(&sim->lock);
      if (sim->service_quit || sim->service_irq)
         continue;
      if (!shortest_ns) {
         if (atomic_load(&sim->service_idle))
            pthread_cond_wait(&sim->service_wake, &sim->lock);
         continue;
      }
      atomic_store(&sim->service_idle, false);
      period_ns = shortest_ns / 8;
      period_ns = period_ns < MIN_PERIOD_NS ? MIN_PERIOD_NS : period_ns;
      period_ns = period_ns > MAX_PERIOD_NS ? MAX_PERIOD_NS : period_ns;
      until = now + period_ns;
      struct timespec time = {.tv_sec = (time_t)(until / 1000000000),
                              .tv_nsec = (long)(until % 1000000000)};
      pthread_cond_timedwait(&sim->service_wake, &sim->lock, &time);
   }
   pthread_mutex_unlock(&sim->lock);
   return NULL;
}

/* Holds sim->lock. */
void
npu_service_start(struct npu_sim *sim)
{
   if (!sim->has_service && !sim->service_quit)
      sim->has_service = npu_thread_create(&sim->service, service_main, sim, "npu-service");
}

/* An EXEC with a watchdog starts: the service thread may sleep until then. */
void
npu_service_wake(struct npu_sim *sim)
{
   if (!atomic_load(&sim->service_idle))
      return;
   pthread_mutex_lock(&sim->lock);
   npu_service_start(sim);
   atomic_store(&sim->service_idle, false);
   pthread_cond_signal(&sim->service_wake);
   pthread_mutex_unlock(&sim->lock);
}

void
npu_service_stop(struct npu_sim *sim)
{
   pthread_mutex_lock(&sim->lock);
   bool join = sim->has_service;
   sim->service_quit = true;
   sim->has_service = false;
   pthread_cond_signal(&sim->service_wake);
   pthread_mutex_unlock(&sim->lock);
   if (join)
      pthread_join(sim->service, NULL);
}
