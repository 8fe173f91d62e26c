/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The shared device: brings the model up, owns the driver's thread, and goes when the last file is
 * closed.
 *
 * Threads: the model calls on_irq() from the thread that finished the work. It reads fences and
 * fault records, signals, and feeds the rings, right there: another thread would have to be woken up
 * first, which takes longer than a small kernel. Only if the lock is taken the driver's thread does
 * it. While work is on the hardware that thread also looks once in a while without an interrupt: a
 * lost one costs time, not the job.
 *
 * fork: the child has neither the thread nor the model's, and locks may be held by threads that do
 * not exist there. So a child starts afresh with its first open; what it inherited answers ENODEV
 * and is left as it is (npu_kmd_is_foreign).
 */

#include "npu_kmd.h"

#include "npu_sim.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Physical memory below this is never allocated: a zero address in a table stays recognisable. */
#define RESERVED_VRAM_B 0x10000

/* mmap offsets: far from anything that could be mistaken for a size or handle. */
#define MMAP_OFFSETS_START (1ull << 32)
#define MMAP_OFFSETS_SIZE  (1ull << 52)

/* How often to look without an interrupt: for quiet doorbells, at killed contexts, and at everything
 * else. */
#define QUIET_BELL_NS 1000000ll
#define KILL_RETRY_NS 5000000ll
#define LOST_IRQ_NS   500000000ll

static pthread_mutex_t device_lock = PTHREAD_MUTEX_INITIALIZER;
static struct npu_kmd *device; /* under device_lock */

/* How often this process, counting from its oldest ancestor with a device, was forked. */
static atomic_uint fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void
before_fork(void)
{
   pthread_mutex_lock(&device_lock);
}

static void
after_fork_in_parent(void)
{
   pthread_mutex_unlock(&device_lock);
}

static void
after_fork_in_child(void)
{
   device = NULL;
   atomic_fetch_add(&fork_generation, 1);
   pthread_mutex_unlock(&device_lock);
}

static void
install_fork_handlers(void)
{
   pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

bool
npu_kmd_is_foreign(const struct npu_kmd *kmd)
{
   return kmd->generation != atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

int64_t
npu_kmd_now_ns(void)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct timespec
to_timespec(int64_t ns)
{
   return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* Waits on a condition variable until a time that may lie in the past, or at the end of time. */
static bool
wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ns)
{
   if (deadline_ns <= 0)
      return false;
   struct timespec deadline = to_timespec(deadline_ns);
   return pthread_cond_timedwait(cond, lock, &deadline) != ETIMEDOUT;
}

bool
npu_kmd_wait_changed(struct npu_kmd *kmd, int64_t deadline_ns)
{
   if (deadline_ns > 0)
      npu_kmd_bell_ring_all(kmd);
   return wait_until(&kmd->changed, &kmd->lock, deadline_ns);
}

void
npu_kmd_lock(struct npu_kmd *kmd)
{
   pthread_mutex_lock(&kmd->lock);
}

void
npu_kmd_unlock(struct npu_kmd *kmd)
{
   if (kmd->sched_needed)
      npu_kmd_sched_run(kmd);
   kmd->submitting = NULL;
   if (!npu_list_is_empty(&kmd->ready_binds))
      npu_kmd_wake(kmd, false);
   if (!npu_list_is_empty(&kmd->zap))
      npu_kmd_bo_zap(kmd);
   pthread_mutex_unlock(&kmd->lock);
}

void
npu_kmd_wake(struct npu_kmd *kmd, bool irq)
{
   pthread_mutex_lock(&kmd->wake_lock);
   if (irq)
      kmd->irq = true;
   else
      kmd->work = true;
   pthread_cond_signal(&kmd->wake);
   pthread_mutex_unlock(&kmd->wake_lock);
}

static void
on_irq(void *data, unsigned vector)
{
   struct npu_kmd *kmd = data;

   if (pthread_mutex_trylock(&kmd->lock)) {
      npu_kmd_wake(kmd, true);
      return;
   }
   npu_kmd_sched_interrupt(kmd);
   npu_kmd_unlock(kmd);
}

static void *
driver_thread(void *data)
{
   struct npu_kmd *kmd = data;
   int64_t poll_ns = INT64_MAX;

   while (true) {
      bool in_time = true;

      pthread_mutex_lock(&kmd->wake_lock);
      while (in_time && !kmd->irq && !kmd->work && !kmd->stop)
         in_time = wait_until(&kmd->wake, &kmd->wake_lock, poll_ns);
      bool stop = kmd->stop;
      kmd->irq = kmd->work = false;
      pthread_mutex_unlock(&kmd->wake_lock);
      if (stop)
         return NULL;

      npu_kmd_lock(kmd);
      npu_kmd_sched_interrupt(kmd);
      npu_kmd_bind_run(kmd);
      npu_kmd_unlock(kmd);

      npu_kmd_lock(kmd);
      poll_ns = npu_kmd_bell_look(kmd) ? npu_kmd_now_ns() + QUIET_BELL_NS
                : kmd->num_dying       ? npu_kmd_now_ns() + KILL_RETRY_NS
                : kmd->num_jobs_on_hw  ? npu_kmd_now_ns() + LOST_IRQ_NS
                                       : INT64_MAX;
      kmd->thread_watches = poll_ns != INT64_MAX;
      npu_kmd_unlock(kmd);
   }
}

/* -------------------------------------------------------------------------------- creation -- */

static void
init_locks(struct npu_kmd *kmd)
{
   pthread_condattr_t attr;

   pthread_condattr_init(&attr);
   pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
   pthread_mutex_init(&kmd->lock, NULL);
   pthread_mutex_init(&kmd->wake_lock, NULL);
   pthread_cond_init(&kmd->changed, &attr);
   pthread_cond_init(&kmd->wake, &attr);
   pthread_condattr_destroy(&attr);
}

static int
create_model(struct npu_kmd *kmd, char *why, size_t why_size)
{
   struct npu_sim_config config;
   char *error = NULL;

   npu_sim_config_from_env(&config, "NPU_SIM");
   config.va_bits_may_shrink = true;
   kmd->model = npu_sim_create(&config, &error);
   if (!kmd->model) {
      snprintf(why, why_size, "the device model does not start: %s", error ? error : "no memory");
      free(error);
      return -ENODEV;
   }

   uint64_t caps = npu_sim_reg_read(kmd->model, NPU_REG_CAPS);
   kmd->num_cores = NPU_GET(caps, NPU_CAPS_NUM_CORES);
   kmd->va_bits = NPU_GET(caps, NPU_CAPS_VA_BITS);
   kmd->num_hwqs = NPU_GET(caps, NPU_CAPS_NUM_QUEUES);
   kmd->local_mem_B = npu_sim_reg_read(kmd->model, NPU_REG_LOCAL_MEM_SIZE);
   kmd->mem_fd = npu_sim_mem_fd(kmd->model);
   kmd->mem = npu_sim_mem_ptr(kmd->model);
   assert(kmd->num_hwqs <= NPU_NUM_QUEUES && "the table says so");
   return 0;
}

/* Allocates a structure the device reads, for the life of the device. */
static void *
alloc_table(struct npu_kmd *kmd, uint64_t size_B, uint64_t *out_pa)
{
   uint64_t aligned_B = (size_B + NPU_PAGE_SIZE_B - 1) & ~(uint64_t)(NPU_PAGE_SIZE_B - 1);

   if (!npu_range_heap_alloc(&kmd->vram, aligned_B, NPU_PAGE_SIZE_B, out_pa))
      return NULL;
   return kmd->mem + *out_pa;
}

static int
start_thread(struct npu_kmd *kmd)
{
   sigset_t all, old;

   /* Signals are for the threads of the application; faults of our own are not deferred. */
   sigfillset(&all);
   sigdelset(&all, SIGSEGV);
   sigdelset(&all, SIGBUS);
   sigdelset(&all, SIGFPE);
   sigdelset(&all, SIGILL);
   pthread_sigmask(SIG_SETMASK, &all, &old);
   int error = pthread_create(&kmd->thread, NULL, driver_thread, kmd);
   pthread_sigmask(SIG_SETMASK, &old, NULL);
   if (!error)
      pthread_setname_np(kmd->thread, "npu-driver");
   return -error;
}

static int
init_device(struct npu_kmd *kmd)
{
   uint64_t mem_size_B = npu_sim_mem_size_B(kmd->model);
   uint64_t vm_table_pa;

   if (!npu_range_heap_init(&kmd->vram, RESERVED_VRAM_B, mem_size_B - RESERVED_VRAM_B) ||
       !npu_range_heap_init(&kmd->offsets, MMAP_OFFSETS_START, MMAP_OFFSETS_SIZE))
      return -ENOMEM;

   kmd->vm_table = alloc_table(kmd, sizeof(struct npu_vm_table_entry) * NPU_NUM_ASIDS,
                               &vm_table_pa);
   kmd->status = alloc_table(kmd, sizeof(uint64_t) * NPU_KMD_MAX_CONTEXTS, &kmd->status_pa);
   kmd->signalled = npu_kmd_fence_create();
   if (!kmd->vm_table || !kmd->status || !kmd->signalled)
      return -ENOMEM;

   kmd->signalled->signalled = true;
   npu_sim_reg_write(kmd->model, NPU_REG_VM_TABLE_BASE, vm_table_pa);
   int ret = npu_kmd_sched_init(kmd);
   if (ret)
      return ret;

   npu_sim_set_irq(kmd->model, on_irq, kmd);
   npu_sim_reg_write(kmd->model, NPU_REG_INT_ENABLE,
                     NPU_INT_ENABLE_FENCE__MASK | NPU_INT_ENABLE_FAULT__MASK);
   return start_thread(kmd);
}

/* Everything but the thread. Files are closed; dying contexts may be left. */
static void
destroy_device(struct npu_kmd *kmd)
{
   if (kmd->model)
      npu_sim_set_irq(kmd->model, NULL, NULL);

   if (kmd->signalled) {
      npu_kmd_lock(kmd);
      /* The model goes below: nothing comes back from it. */
      for (unsigned i = 0; i < kmd->num_hwqs; i++) {
         npu_list_foreach_safe(node, &kmd->hwqs[i].jobs)
         {
            struct npu_kmd_job *job = npu_container_of(node, struct npu_kmd_job, node);
            npu_kmd_fence_signal(kmd, job->fence, -ECANCELED);
            npu_kmd_job_destroy(kmd, job);
         }
      }
      npu_kmd_share_sweep(kmd, true);
      npu_kmd_mappings_fini(kmd);
      kmd->sched_needed = false;
      npu_kmd_unlock(kmd);
   }

   npu_kmd_fence_unref(kmd->signalled);
   npu_sim_destroy(kmd->model);
   npu_range_heap_fini(&kmd->vram);
   npu_range_heap_fini(&kmd->offsets);
   pthread_cond_destroy(&kmd->wake);
   pthread_cond_destroy(&kmd->changed);
   pthread_mutex_destroy(&kmd->wake_lock);
   pthread_mutex_destroy(&kmd->lock);
   npu_kmd_free(kmd);
}

static struct npu_kmd *
create_device(char *why, size_t why_size)
{
   struct npu_kmd *kmd = npu_kmd_zalloc(sizeof(*kmd));
   if (!kmd) {
      snprintf(why, why_size, "no memory");
      errno = ENOMEM;
      return NULL;
   }

   kmd->generation = fork_generation;
   kmd->next_uid = 1;
   npu_list_init(&kmd->zap);
   npu_list_init(&kmd->mappings);
   npu_list_init(&kmd->shares);
   npu_list_init(&kmd->signalling);
   npu_list_init(&kmd->ready_binds);
   for (unsigned i = 0; i < 3; i++)
      npu_list_init(&kmd->ready[i]);
   for (unsigned i = 0; i < NPU_NUM_QUEUES; i++)
      npu_list_init(&kmd->hwqs[i].jobs);
   init_locks(kmd);

   int ret = create_model(kmd, why, why_size);
   if (!ret) {
      ret = init_device(kmd);
      if (ret)
         snprintf(why, why_size, "the device cannot be set up: %s", strerror(-ret));
   }
   if (ret) {
      destroy_device(kmd);
      errno = -ret;
      return NULL;
   }
   return kmd;
}

struct npu_kmd *
npu_kmd_get(char *why, size_t why_size)
{
   pthread_once(&fork_once, install_fork_handlers);
   pthread_mutex_lock(&device_lock);
   if (!device)
      device = create_device(why, why_size);
   if (device)
      device->opens++;
   struct npu_kmd *kmd = device;
   pthread_mutex_unlock(&device_lock);
   return kmd;
}

void
npu_kmd_put(struct npu_kmd *kmd)
{
   pthread_mutex_lock(&device_lock);
   if (--kmd->opens == 0) {
      pthread_mutex_lock(&kmd->wake_lock);
      kmd->stop = true;
      pthread_cond_signal(&kmd->wake);
      pthread_mutex_unlock(&kmd->wake_lock);
      pthread_join(kmd->thread, NULL);
      destroy_device(kmd);
      device = NULL;
   }
   pthread_mutex_unlock(&device_lock);
}
