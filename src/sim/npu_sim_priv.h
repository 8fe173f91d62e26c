/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Inside the model: the device, its queues, cores and address spaces, and which lock guards what.
 *
 * Lock order: sim->reset_lock, queue->lock, vm->lock, sim->lock. The interrupt callback is called
 * with none of them held. A queue thread holds no lock while it executes a packet, except vm->lock
 * (shared) around single accesses and chunks of copies, so that an invalidation waits for those.
 */

#ifndef NPU_SIM_PRIV_H
#define NPU_SIM_PRIV_H

#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>

#include "npu_isa/npu_regs.h"
#include "npu_sim.h"

#define NPU_SIM_LOCAL_MEM_B  (64 * 1024)
#define NPU_SIM_REVISION     1
#define NPU_SIM_MIN_VA_BITS  30
#define NPU_SIM_COPY_CHUNK_B (1024 * 1024)
#define NPU_SIM_STACK_B      (4 * 1024 * 1024) /* of threads */

struct npu_engine_ops;

/* ---- guard: host faults inside the model become values (npu_sim_guard.c) ----------------- */

/* While a guard is armed on a thread, a SIGSEGV or SIGBUS at an address in one of its ranges jumps
 * to its jump buffer instead of reaching the application. */
struct npu_guard {
   sigjmp_buf jump;
   struct npu_guard *outer;
   uintptr_t range[2][2];      /* [begin, end) */
   volatile uintptr_t address; /* of the fault */
   volatile int signal;        /* SIGSEGV or SIGBUS */
};

bool npu_guard_install(void);
void npu_guard_uninstall(void);
bool npu_guard_activate(void);
void npu_guard_arm(struct npu_guard *guard);
void npu_guard_disarm(struct npu_guard *guard);

/* ---- MMU (npu_sim_mmu.c) ----------------------------------------------------------------- */

#define NPU_PERM_R   1
#define NPU_PERM_W   2
#define NPU_PERM_X   4
#define NPU_PERM_BAD 8 /* the page table entry is malformed */

/* A range of virtual addresses that is mapped to consecutive physical ones. */
struct npu_vm_run {
   uint64_t va, size_B, pa;
   uint8_t perms;
   bool in_window; /* the host mapping at window + va is in place */
};

/* One address space: what the TLB knows of its page table. */
struct npu_vm {
   struct npu_sim *sim;
   unsigned asid;
   pthread_rwlock_t lock;
   bool loaded;             /* runs are valid; guarded by lock */
   bool entry_valid;        /* the VM table has an entry for this ASID; guarded by lock */
   struct npu_vm_run *runs; /* sorted by va, no overlap; guarded by lock */
   size_t num_runs, max_runs;
   /* Nothing that kernels may load or store lacks its place in the window; written under lock. */
   _Atomic bool all_in_window;
   /* Reserved host address space for the addresses [0, window_size_B), constant once loaded.
    * Accesses that are not below window_size_B, or that fault there, take the way through
    * npu_vm_translate(). */
   uint8_t *window;
   uint64_t window_size_B;
};

/* Where an access goes. */
struct npu_translation {
   enum npu_fault fault; /* NPU_FAULT_NONE if it is allowed */
   uint8_t *host;        /* device-local memory, or NULL: system memory at pa */
   uint64_t pa;
   uint64_t size_B; /* bytes from the address on for which this holds; for a fault: 0 */
};

void npu_vm_init(struct npu_vm *vm, struct npu_sim *sim, unsigned asid);
void npu_vm_fini(struct npu_vm *vm);
/* Loads the page table if that has not happened since reset. False: no such address space. */
bool npu_vm_load(struct npu_vm *vm);
/* Forgets everything about [va, va + size_B) and walks the page table again. */
void npu_vm_invalidate(struct npu_vm *vm, uint64_t va, uint64_t size_B);
void npu_vm_drop(struct npu_vm *vm);
/* The caller holds vm->lock as long as it uses the result. */
struct npu_translation npu_vm_translate(const struct npu_vm *vm, uint64_t va,
                                        enum npu_access access);
/* Copy between host memory and the address space, all or up to the first byte that faults;
 * *fault_va is that byte's address. Takes vm->lock. */
enum npu_fault npu_vm_read(struct npu_vm *vm, void *to, uint64_t va, size_t size_B,
                           enum npu_access access, uint64_t *fault_va);
enum npu_fault npu_vm_write(struct npu_vm *vm, uint64_t va, const void *from, size_t size_B,
                            uint64_t *fault_va);

/* Physical memory. False: the address does not exist or the memory failed. */
bool npu_pa_read(struct npu_sim *sim, uint64_t pa, void *to, size_t size_B);
bool npu_pa_write(struct npu_sim *sim, uint64_t pa, const void *from, size_t size_B);
/* 64 bits at once, for words that somebody polls. */
bool npu_pa_write64(struct npu_sim *sim, uint64_t pa, uint64_t value);

/* ---- faults (npu_sim_fault.c) ------------------------------------------------------------ */

struct npu_fault_record {
   uint64_t info, context, kernel, pc, address, group, seqno, time_ns;
};

/* What a wave or the command processor found out; the rest of the record is the queue's. */
struct npu_fault_report {
   enum npu_fault type;
   enum npu_access access;
   bool in_kernel;
   uint16_t core, code;
   uint8_t wave;
   uint32_t lanes, kernel_id;
   uint64_t pc, address, group;
};

/* ---- queues (npu_sim_queue.c) ------------------------------------------------------------ */

/* Why the running EXEC has to end early (queue->stop). */
enum npu_stop {
   NPU_STOP_NONE,
   NPU_STOP_FAULT,    /* a fault was recorded */
   NPU_STOP_KILL,     /* the driver kills it: whoever notices first records it */
   NPU_STOP_WATCHDOG, /* likewise */
   NPU_STOP_RESET,    /* nothing is recorded */
};

struct npu_dispatch;

/* A core as one queue sees it: a thread and what the engine keeps for it. */
struct npu_core {
   struct npu_queue *queue;
   unsigned index;
   pthread_t thread; /* index > 0, valid if has_thread */
   bool has_thread;
   uint8_t *local;            /* NPU_SIM_LOCAL_MEM_B */
   uint32_t local_context_id; /* whose work has left its data in local */
   _Atomic uint64_t range;    /* its share of the dispatch: see npu_sim_share.c */
   void *engine_state;        /* of the engine; made by the thread that runs the core */
};

/* How long a work-group of a kernel took lately (npu_sim_cost.c). */
struct npu_cost {
   uint64_t code_va;
   uint32_t group_size; /* work-items; 0: nothing known */
   uint8_t asid;
   float group_ns;
};

#define NPU_COST_ENTRIES 64

struct npu_queue {
   struct npu_sim *sim;
   unsigned index;
   uint64_t dispatches; /* so far */

   pthread_mutex_t lock;
   pthread_cond_t work; /* the queue thread sleeps here */
   pthread_cond_t idle; /* broadcast when busy falls */
   pthread_t thread;
   bool has_thread, quit;

   /* Registers and state, guarded by lock. */
   uint64_t ring_base;
   unsigned ring_size_log2;
   uint32_t head, tail;
   uint64_t fence;
   uint32_t watchdog_ms;
   bool enabled, busy, resetting;
   unsigned enables; /* how often it was enabled */

   /* The running EXEC: written by the queue thread under lock, read by others under lock, and by
    * the queue's own threads without. */
   bool in_exec;
   uint8_t asid;
   uint32_t context_id;
   uint64_t seqno, status_pa, exec_start_ns;
   uint64_t packet_va;
   _Atomic int stop;          /* enum npu_stop */
   _Atomic uint64_t progress; /* counts work-groups, packets, copied chunks */

   /* Watchdog, owned by the service thread. */
   uint64_t watched_progress, watched_since_ns, watched_start_ns;

   /* Of the thread that executes the ring: whether faults reach the guards, looked up at guarded_ns;
    * what dispatches cost. */
   bool guarded;
   uint64_t guarded_ns;
   struct npu_cost costs[NPU_COST_ENTRIES];

   /* Cores at work for this queue, guarded by lock; what is atomic is also looked at without. Core 0
    * runs on the queue thread. */
   struct npu_core *cores; /* sim->num_cores, allocated at first dispatch */
   struct npu_dispatch *job;
   _Atomic uint64_t job_serial;
   _Atomic unsigned job_workers; /* threads that work on job */
   unsigned job_max_workers;     /* threads that may */
   pthread_cond_t job_start, job_end;

   void *engine_state; /* of the engine, for the queue's thread */
};

/* How the work-groups of a dispatch are shared (npu_sim_share.c). */
struct npu_share {
   unsigned num_cores; /* that may have a range */
   uint64_t unit;      /* work-groups */
   uint64_t num_units;
   uint64_t min_chunk; /* units a core takes at least, if there are so many */
   uint64_t part;      /* of its range that a core takes: one of so many */
};

/* One kernel launch. */
struct npu_dispatch {
   struct npu_queue *queue;
   uint64_t serial; /* in the queue, from 1 */
   struct npu_vm *vm;
   struct npu_packet_dispatch packet;
   uint64_t num_groups;
   unsigned group_size; /* work-items */
   unsigned num_waves;  /* of a group */
   void *kernel;        /* from npu_engine_ops.prepare */
   struct npu_share share;
   uint64_t alone_until_ns; /* no other core is asked until then; 0: they have been */
   unsigned helpers;        /* other cores that there is work for */
};

bool npu_queue_init(struct npu_queue *queue, struct npu_sim *sim, unsigned index);
void npu_queue_fini(struct npu_queue *queue);
uint64_t npu_queue_reg_read(struct npu_queue *queue, uint32_t reg);
void npu_queue_reg_write(struct npu_queue *queue, uint32_t reg, uint64_t value);
void npu_queue_stop_for_reset(struct npu_queue *queue);
void npu_queue_finish_reset(struct npu_queue *queue);
/* Records a fault of the running EXEC, if it is the first: returns false if it was already over. */
bool npu_queue_fault(struct npu_queue *queue, const struct npu_fault_report *report);
/* Records the fault that belongs to a stop that somebody else asked for (kill, watchdog), once. pc,
 * in_kernel and so on of *report are filled in by the caller. */
void npu_queue_note_stop(struct npu_queue *queue, struct npu_fault_report *report);
static inline int
npu_queue_stopped(const struct npu_queue *queue)
{
   return atomic_load_explicit(&queue->stop, memory_order_relaxed);
}
static inline void
npu_queue_progress(struct npu_queue *queue)
{
   atomic_fetch_add_explicit(&queue->progress, 1, memory_order_relaxed);
}

/* ---- packets (npu_sim_packet.c, npu_sim_dma.c, npu_sim_dispatch.c) ----------------------- */

/* Executes one packet of a command buffer. False: the command buffer is over (stop or fault). */
bool npu_packet_execute(struct npu_queue *queue, struct npu_vm *vm, const void *packet);
/* Byte offset of a type that is not allowed here, of a wrong flag or of a reserved byte that is not
 * zero; -1: the packet is well-formed. */
int npu_packet_error(const void *packet, bool in_ring);
/* The copies. On a fault they record it and return false. */
bool npu_dma_copy(struct npu_queue *queue, struct npu_vm *vm, uint64_t dst, uint64_t src,
                  uint64_t size_B);
bool npu_dma_copy_rect(struct npu_queue *queue, struct npu_vm *vm,
                       const struct npu_packet_copy_rect *packet);
bool npu_dma_fill(struct npu_queue *queue, struct npu_vm *vm, uint64_t dst, uint64_t size_B,
                  const uint8_t *pattern, unsigned pattern_size_B);
bool npu_dispatch_run(struct npu_queue *queue, struct npu_vm *vm,
                      const struct npu_packet_dispatch *packet);
void npu_dispatch_free_cores(struct npu_queue *queue);
/* Gives the first `cores` cores the same part of the dispatch each; its helpers, those that may come later too, have
 * got ready. group_ns: how long a group takes, 0: nobody knows. Nobody else is at work yet. */
void npu_share_begin(struct npu_dispatch *dispatch, unsigned cores, float group_ns);
/* So many cores are at work from now on. The thread of core 0. */
void npu_share_choose_chunks(struct npu_dispatch *dispatch, unsigned cores, float group_ns);
/* Takes a chunk of consecutive work-groups: returns the first one. *count 0: none are left. The core's thread. */
uint64_t npu_share_take(struct npu_core *core, const struct npu_dispatch *dispatch,
                        uint64_t *count);
/* How many work-groups were taken. */
uint64_t npu_share_taken(const struct npu_dispatch *dispatch);
/* How long a work-group of the dispatch will take, by what others took; 0: nothing is known. */
float npu_cost_guess_ns(const struct npu_dispatch *dispatch);
/* num_groups work-groups of the dispatch took ns nanoseconds. Both: the thread of core 0. */
void npu_cost_learn(const struct npu_dispatch *dispatch, uint64_t num_groups, uint64_t ns);

/* ---- defects (npu_sim_defect.c) ---------------------------------------------------------- */

enum npu_sim_defect npu_defect_take(struct npu_sim *sim, uint64_t va);
void npu_defect_stall(struct npu_queue *queue);
bool npu_defect_run(struct npu_queue *queue, enum npu_sim_defect defect, uint64_t va);

/* ---- device (npu_sim_device.c) ----------------------------------------------------------- */

/* The performance counters are registers side by side; here they are numbered from 0. */
#define NPU_COUNTER(name) ((NPU_REG_COUNTER_##name - NPU_REG_COUNTER_BUSY) / 8)
#define NPU_NUM_COUNTERS  (NPU_COUNTER(FAULTS) + 1)

struct npu_sim {
   struct npu_sim_config config;
   unsigned num_cores, va_bits;
   bool may_spin; /* there is a CPU of the host for every core */
   unsigned fork_generation;
   const struct npu_engine_ops *engine;
   struct npu_sim_host_ops host;
   bool has_host;

   int mem_fd;
   uint8_t *mem;
   uint64_t mem_size_B;

   pthread_mutex_t reset_lock; /* serialises reset and destroy */

   /* Guards the registers below, the fault fifo and the interrupt state. */
   pthread_mutex_t lock;
   uint64_t scratch, vm_table_base, tlb_va, tlb_size_B;
   uint64_t int_status, int_enable;
   struct npu_fault_record faults[NPU_FAULT_FIFO_SIZE];
   unsigned first_fault, num_faults;
   bool fault_overflow;

   enum npu_sim_defect defect; /* of the next command buffers; guarded by lock */
   uint32_t defect_left;
   uint64_t defect_va;

   /* Interrupt delivery (npu_sim_irq.c). */
   void (*irq)(void *data, unsigned vector);
   void *irq_data;
   bool irq_raised;  /* to be delivered */
   bool irq_running; /* a thread is in the callback */
   pthread_t irq_thread;
   pthread_cond_t irq_done;

   /* Service thread: watchdogs, and interrupts that a register write of the driver raises. */
   pthread_t service;
   bool has_service, service_quit, service_irq;
   _Atomic bool service_idle; /* nothing to watch: sleeps until npu_service_wake() */
   pthread_cond_t service_wake;

   _Atomic uint64_t counters[NPU_NUM_COUNTERS]; /* see npu_count() */

   _Atomic uint8_t coverage[1024]; /* NPU_SIM_COVERED_* by opcode */

   struct npu_queue queues[NPU_NUM_QUEUES];
   struct npu_vm vms[NPU_NUM_ASIDS];
};

/* Adds to a performance counter: npu_count(sim, NPU_COUNTER(PACKETS), 1). Any thread. */
static inline void
npu_count(struct npu_sim *sim, unsigned counter, uint64_t n)
{
   atomic_fetch_add_explicit(&sim->counters[counter], n, memory_order_relaxed);
}

/* Sets bits of INT_STATUS and delivers the interrupt from this (model) thread. */
void npu_irq_raise(struct npu_sim *sim, uint64_t bits);
/* Delivers what a register write made pending, from the service thread. Holds sim->lock. */
void npu_irq_kick_locked(struct npu_sim *sim);
void npu_irq_deliver(struct npu_sim *sim);
/* Starts the service thread if need be. */
void npu_service_start(struct npu_sim *sim);
void npu_service_wake(struct npu_sim *sim);
void npu_service_stop(struct npu_sim *sim);

void npu_fault_push(struct npu_sim *sim, const struct npu_fault_record *record);
uint64_t npu_fault_reg_read_locked(struct npu_sim *sim, uint32_t offset);
void npu_fault_ack_locked(struct npu_sim *sim, uint64_t value);

/* ---- threads (npu_sim_thread.c) ---------------------------------------------------------- */

/* pthread_create with all signals blocked but the synchronous ones, the default floating-point
 * environment, a small stack and a name. */
bool npu_thread_create(pthread_t *thread, void *(*start)(void *), void *data, const char *name);
bool npu_thread_create_sized(pthread_t *thread, void *(*start)(void *), void *data,
                             const char *name, size_t stack_B);

/* The floating-point environment in which kernels compute, and back to the caller's. */
struct npu_float_env {
#if defined(__x86_64__)
   uint32_t mxcsr;
#else
   fenv_t env;
#endif
};
void npu_float_env_enter(struct npu_float_env *saved);
void npu_float_env_leave(const struct npu_float_env *saved);

/* Whether the calling thread has the stack that kernels may need. */
bool npu_thread_has_stack(void);

/* Number of fork()s this process descends from since the library was loaded. */
unsigned npu_fork_generation(void);

#endif
