// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The device: its memory, its registers, creation, reset and destruction.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "jit/npu_jit_library.h"
#include "npu_sim_engine.h"
#include "npu_sim_priv.h"

/* ---- threads and processes --------------------------------------------------------------- */

static _Atomic unsigned fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void
count_fork(void)
{
   atomic_fetch_add(&fork_generation, 1);
}

static void
watch_forks(void)
{
   pthread_atfork(NULL, NULL, count_fork);
}

unsigned
npu_fork_generation(void)
{
   return atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

/* In a child process the device's threads do not exist and its locks may be held for ever. */
static bool
is_inert(const struct npu_sim *sim)
{
   return sim->fork_generation != npu_fork_generation();
}

uint64_t
npu_sim_time_ns(const struct npu_sim *sim)
{
   struct timespec time;

   clock_gettime(CLOCK_MONOTONIC, &time);
   return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

/* ---- creation ---------------------------------------------------------------------------- */

void
npu_sim_watch_exit(const struct npu_sim *sim)
{
   if (sim->engine == &npu_engine_jit)
      npu_jit_watch_exit();
}

static void __attribute__((format(printf, 2, 3)))
set_error(char **error, const char *format, ...)
{
   va_list args;

   if (!error)
      return;
   va_start(args, format);
   if (vasprintf(error, format, args) < 0)
      *error = NULL;
   va_end(args);
}

static unsigned
count_cpus(void)
{
   cpu_set_t cpus;

   CPU_ZERO(&cpus);
   if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 0)
      return (unsigned)CPU_COUNT(&cpus);
   long count = sysconf(_SC_NPROCESSORS_ONLN);
   return count > 0 ? (unsigned)count : 1;
}

static bool
create_memory(struct npu_sim *sim, char **error)
{
   sim->mem_size_B = sim->config.mem_size_B;
   sim->mem_fd = memfd_create("npu-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
   if (sim->mem_fd < 0) {
      set_error(error, "memfd_create failed: %s", strerror(errno));
      return false;
   }
   if (ftruncate(sim->mem_fd, (off_t)sim->mem_size_B) != 0) {
      set_error(error, "no %llu bytes of device memory: %s", (unsigned long long)sim->mem_size_B,
                strerror(errno));
      return false;
   }
   fcntl(sim->mem_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
   void *mem = mmap(NULL, sim->mem_size_B, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                    sim->mem_fd, 0);
   if (mem == MAP_FAILED) {
      set_error(error, "mapping %llu bytes of device memory failed: %s",
                (unsigned long long)sim->mem_size_B, strerror(errno));
      return false;
   }
   sim->mem = mem;
   return true;
}

/* Settles the width of virtual addresses by reserving a window for a moment. That there are fewer
 * bits than asked for is said once per process, however many devices it creates. */
static bool
choose_va_bits(struct npu_sim *sim, char **error)
{
   static atomic_flag told = ATOMIC_FLAG_INIT;
   const unsigned least = sim->config.va_bits_may_shrink ? NPU_SIM_MIN_VA_BITS
                                                         : sim->config.va_bits;
   unsigned bits = sim->config.va_bits;
   void *window = MAP_FAILED;

   for (; bits >= least; bits--) {
      window = mmap(NULL, 1ull << bits, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                    0);
      if (window != MAP_FAILED) {
         munmap(window, 1ull << bits);
         break;
      }
   }
   if (window == MAP_FAILED) {
      set_error(error, "the host has no address space for %u-bit device addresses",
                sim->config.va_bits);
      return false;
   }
   if (bits != sim->config.va_bits && !atomic_flag_test_and_set(&told))
      fprintf(stderr,
              "npu: address space is limited, using %u-bit device addresses instead of %u\n", bits,
              sim->config.va_bits);
   sim->va_bits = bits;
   return true;
}

static bool
check_config(const struct npu_sim_config *config, char **error)
{
   const char *wrong = NULL;

   if (config->engine > NPU_SIM_ENGINE_TIERED)
      wrong = "engine";
   else if (config->num_cores > NPU_SIM_MAX_CORES)
      wrong = "num_cores";
   else if (config->mem_size_B < (16u << 20) || config->mem_size_B % NPU_LARGE_PAGE_SIZE_B ||
            config->mem_size_B >= NPU_PA_SYSTEM)
      wrong = "mem_size_B";
   else if (config->va_bits < NPU_SIM_MIN_VA_BITS || config->va_bits > NPU_MAX_VA_BITS)
      wrong = "va_bits";
   if (wrong)
      set_error(error, "invalid configuration: %s", wrong);
   return !wrong;
}

struct npu_sim *
npu_sim_create(const struct npu_sim_config *config, char **error)
{
   struct npu_sim_config defaults;

   if (error)
      *error = NULL;
   if (!config) {
      npu_sim_config_parse(&defaults, NULL);
      config = &defaults;
   }
   if (!check_config(config, error))
      return NULL;

   struct npu_sim *sim = calloc(1, sizeof(*sim));
   if (!sim) {
      set_error(error, "not enough memory");
      return NULL;
   }
   pthread_once(&fork_once, watch_forks);
   sim->fork_generation = npu_fork_generation();
   sim->config = *config;
   const unsigned num_cpus = count_cpus();
   sim->num_cores = config->num_cores ? config->num_cores : num_cpus;
   sim->may_spin = sim->num_cores <= num_cpus;
   if (sim->num_cores > NPU_SIM_MAX_CORES)
      sim->num_cores = NPU_SIM_MAX_CORES;
   /* What needs a look at every instruction is the interpreter's. */
   const bool watched = config->trace || config->poison || config->exact || config->coverage;
   sim->engine = config->engine == NPU_SIM_ENGINE_INTERP || watched ? &npu_engine_interp
                                                                    : &npu_engine_jit;
   npu_sim_watch_exit(sim);
   sim->mem_fd = -1;
   atomic_store(&sim->service_idle, true);

   if (!create_memory(sim, error) || !choose_va_bits(sim, error) || !npu_guard_install()) {
      if (error && !*error)
         set_error(error, "installing a signal handler failed: %s", strerror(errno));
      if (sim->mem)
         munmap(sim->mem, sim->mem_size_B);
      if (sim->mem_fd >= 0)
         close(sim->mem_fd);
      free(sim);
      return NULL;
   }

   pthread_mutex_init(&sim->reset_lock, NULL);
   pthread_mutex_init(&sim->lock, NULL);
   pthread_cond_init(&sim->irq_done, NULL);
   pthread_condattr_t attributes;
   pthread_condattr_init(&attributes);
   pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
   pthread_cond_init(&sim->service_wake, &attributes);
   pthread_condattr_destroy(&attributes);
   for (unsigned i = 0; i < NPU_NUM_ASIDS; i++)
      npu_vm_init(&sim->vms[i], sim, i);
   for (unsigned i = 0; i < NPU_NUM_QUEUES; i++)
      npu_queue_init(&sim->queues[i], sim, i);
   return sim;
}

void
npu_sim_destroy(struct npu_sim *sim)
{
   if (!sim)
      return;

   if (!is_inert(sim)) {
      npu_sim_set_irq(sim, NULL, NULL);
      npu_sim_reset(sim);
      for (unsigned i = 0; i < NPU_NUM_QUEUES; i++)
         npu_queue_fini(&sim->queues[i]);
      npu_service_stop(sim);
      for (unsigned i = 0; i < NPU_NUM_ASIDS; i++)
         npu_vm_fini(&sim->vms[i]);
      pthread_cond_destroy(&sim->service_wake);
      pthread_cond_destroy(&sim->irq_done);
      pthread_mutex_destroy(&sim->lock);
      pthread_mutex_destroy(&sim->reset_lock);
   } else {
      /* Locks and threads are those of the parent; only the mappings are ours. */
      for (unsigned i = 0; i < NPU_NUM_ASIDS; i++) {
         if (sim->vms[i].window)
            munmap(sim->vms[i].window, sim->vms[i].window_size_B);
      }
   }
   npu_guard_uninstall();
   munmap(sim->mem, sim->mem_size_B);
   close(sim->mem_fd);
   free(sim);
}

int
npu_sim_mem_fd(const struct npu_sim *sim)
{
   return sim->mem_fd;
}

void *
npu_sim_mem_ptr(const struct npu_sim *sim)
{
   return sim->mem;
}

uint64_t
npu_sim_mem_size_B(const struct npu_sim *sim)
{
   return sim->mem_size_B;
}

void
npu_sim_set_host_dma(struct npu_sim *sim, const struct npu_sim_host_ops *ops)
{
   sim->has_host = ops != NULL;
   if (ops)
      sim->host = *ops;
}

unsigned
npu_sim_op_coverage(const struct npu_sim *sim, unsigned opcode)
{
   if (opcode >= sizeof(sim->coverage) / sizeof(sim->coverage[0]))
      return 0;
   return atomic_load_explicit(&sim->coverage[opcode], memory_order_relaxed);
}

/* ---- registers --------------------------------------------------------------------------- */

void
npu_sim_reset(struct npu_sim *sim)
{
   if (is_inert(sim))
      return;

   pthread_mutex_lock(&sim->reset_lock);
   for (unsigned i = 0; i < NPU_NUM_QUEUES; i++)
      npu_queue_stop_for_reset(&sim->queues[i]);
   for (unsigned i = 0; i < NPU_NUM_ASIDS; i++)
      npu_vm_drop(&sim->vms[i]);

   pthread_mutex_lock(&sim->lock);
   sim->scratch = sim->vm_table_base = sim->tlb_va = sim->tlb_size_B = 0;
   sim->int_status = sim->int_enable = 0;
   sim->irq_raised = false;
   sim->first_fault = sim->num_faults = 0;
   sim->fault_overflow = false;
   pthread_mutex_unlock(&sim->lock);

   for (unsigned i = 0; i < NPU_NUM_QUEUES; i++)
      npu_queue_finish_reset(&sim->queues[i]);
   pthread_mutex_unlock(&sim->reset_lock);
}

static uint64_t
read_caps(const struct npu_sim *sim)
{
   return NPU_SET(NPU_CAPS_NUM_CORES, sim->num_cores) |
          NPU_SET(NPU_CAPS_WAVES_PER_CORE, NPU_WAVES_PER_CORE) |
          NPU_SET(NPU_CAPS_NUM_QUEUES, NPU_NUM_QUEUES) | NPU_SET(NPU_CAPS_VA_BITS, sim->va_bits) |
          NPU_SET(NPU_CAPS_WAVE_SIZE, NPU_WAVE_SIZE) | NPU_SET(NPU_CAPS_NUM_ASIDS, NPU_NUM_ASIDS);
}

/* The queue whose register this is, or NULL; *reg is the offset of the register in queue 0. */
static struct npu_queue *
queue_of(struct npu_sim *sim, uint32_t offset, uint32_t *reg)
{
   uint32_t base = NPU_REG_QUEUE_RING_BASE(0), stride = NPU_REG_QUEUE_RING_BASE(1) - base;

   if (offset < base || offset >= base + NPU_NUM_QUEUES * stride)
      return NULL;
   *reg = base + (offset - base) % stride;
   return &sim->queues[(offset - base) / stride];
}

uint64_t
npu_sim_reg_read(struct npu_sim *sim, uint32_t offset)
{
   uint64_t value = 0;
   uint32_t reg;

   if (is_inert(sim) || offset % 8)
      return 0;
   struct npu_queue *queue = queue_of(sim, offset, &reg);
   if (queue)
      return npu_queue_reg_read(queue, reg);

   switch (offset) {
   case NPU_REG_ID:
      return NPU_SET(NPU_ID_MAGIC, NPU_ID_MAGIC_VALUE) | NPU_SET(NPU_ID_ARCH, NPU_ARCH_VERSION) |
             NPU_SET(NPU_ID_REVISION, NPU_SIM_REVISION);
   case NPU_REG_CAPS:
      return read_caps(sim);
   case NPU_REG_LOCAL_MEM_SIZE:
      return NPU_SIM_LOCAL_MEM_B;
   case NPU_REG_MEM_SIZE:
      return sim->mem_size_B;
   case NPU_REG_TIME:
      return npu_sim_time_ns(sim);
   case NPU_REG_COUNTER_BUSY ... NPU_REG_COUNTER_FAULTS:
      return atomic_load_explicit(&sim->counters[(offset - NPU_REG_COUNTER_BUSY) / 8],
                                  memory_order_relaxed);
   default:
      break;
   }

   pthread_mutex_lock(&sim->lock);
   switch (offset) {
   case NPU_REG_SCRATCH:
      value = sim->scratch;
      break;
   case NPU_REG_INT_STATUS:
      value = sim->int_status;
      break;
   case NPU_REG_INT_ENABLE:
      value = sim->int_enable;
      break;
   case NPU_REG_VM_TABLE_BASE:
      value = sim->vm_table_base;
      break;
   case NPU_REG_TLB_VA:
      value = sim->tlb_va;
      break;
   case NPU_REG_TLB_SIZE:
      value = sim->tlb_size_B;
      break;
   default:
      value = npu_fault_reg_read_locked(sim, offset);
      break;
   }
   pthread_mutex_unlock(&sim->lock);
   return value;
}

static void
invalidate(struct npu_sim *sim, uint64_t control)
{
   pthread_mutex_lock(&sim->lock);
   uint64_t va = sim->tlb_va, size_B = sim->tlb_size_B;
   pthread_mutex_unlock(&sim->lock);

   if (control & NPU_TLB_CONTROL_ALL__MASK) {
      va = 0;
      size_B = UINT64_MAX;
   }
   npu_vm_invalidate(&sim->vms[NPU_GET(control, NPU_TLB_CONTROL_ASID)], va, size_B);
}

void
npu_sim_reg_write(struct npu_sim *sim, uint32_t offset, uint64_t value)
{
   uint32_t reg;

   if (is_inert(sim) || offset % 8)
      return;
   struct npu_queue *queue = queue_of(sim, offset, &reg);
   if (queue) {
      npu_queue_reg_write(queue, reg, value);
      return;
   }

   switch (offset) {
   case NPU_REG_RESET:
      if (value & NPU_RESET_BUSY__MASK)
         npu_sim_reset(sim);
      return;
   case NPU_REG_TLB_CONTROL:
      invalidate(sim, value);
      return;
   case NPU_REG_VM_TABLE_BASE:
      pthread_mutex_lock(&sim->lock);
      sim->vm_table_base = value & NPU_VM_TABLE_BASE_PA__MASK & ~(uint64_t)(NPU_PAGE_SIZE_B - 1);
      pthread_mutex_unlock(&sim->lock);
      for (unsigned i = 0; i < NPU_NUM_ASIDS; i++)
         npu_vm_drop(&sim->vms[i]);
      return;
   default:
      break;
   }

   pthread_mutex_lock(&sim->lock);
   switch (offset) {
   case NPU_REG_SCRATCH:
      sim->scratch = value;
      break;
   case NPU_REG_INT_ENABLE: {
      uint64_t enabled = value & (NPU_INT_ENABLE_FENCE__MASK | NPU_INT_ENABLE_FAULT__MASK);
      bool rises = sim->int_status & enabled & ~sim->int_enable;
      sim->int_enable = enabled;
      if (rises)
         npu_irq_kick_locked(sim);
      break;
   }
   case NPU_REG_INT_ACK:
      sim->int_status &= ~value;
      break;
   case NPU_REG_FAULT_ACK:
      npu_fault_ack_locked(sim, value);
      break;
   case NPU_REG_TLB_VA:
      sim->tlb_va = value;
      break;
   case NPU_REG_TLB_SIZE:
      sim->tlb_size_B = value;
      break;
   default:
      break;
   }
   pthread_mutex_unlock(&sim->lock);
}
