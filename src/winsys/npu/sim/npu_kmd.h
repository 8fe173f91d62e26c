/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The transport "sim": a kernel driver that lives in this process and drives the device model.
 *
 * It does what a kernel driver does, with the same objects and the same borders: files with their
 * own handles, buffer objects in device memory, address spaces with page tables, contexts whose
 * jobs wait for fences and then go to the rings of the hardware, an interrupt that a thread of its
 * own handles. User memory is only touched through npu_kmd_copy_in/out; nothing a caller passes can
 * crash or hang it.
 *
 *    npu_kmd_transport.c    npu_transport: open, close, mmap
 *    npu_kmd_ioctl.c        table of ioctls and dispatcher       npu_kmd_user.c   access to user
 * memory npu_kmd_device.c       the shared device, its thread        npu_kmd_query.c  VERSION,
 * GET_CAP, DEV_QUERY npu_kmd_bo.c           buffer objects                       npu_kmd_share.c
 * file descriptors of objects npu_kmd_pt.c           page tables npu_kmd_vm.c     address spaces,
 * bindings npu_kmd_bind.c         VM_BIND                              npu_kmd_fence.c  fences,
 * chains npu_kmd_syncobj.c      sync objects                         npu_kmd_syncobj_wait.c
 *    npu_kmd_ctx.c          contexts                             npu_kmd_submit.c SUBMIT
 *    npu_kmd_sched.c        jobs onto hardware queues            npu_kmd_fault.c  fault records
 *    npu_kmd_bell.c         doorbells
 *
 * Locking: npu_kmd.lock protects everything below but what says otherwise. Every ioctl holds it
 * from lookup to commit; only waiting (condition variable changed) and zeroing of freed memory
 * happen without it. The interrupt callback of the model handles the interrupt itself if it gets
 * the lock without waiting; a thread that holds it may be waiting for the model. Order: lock, then
 * wake_lock.
 */

#ifndef NPU_KMD_H
#define NPU_KMD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "drm.h"
#include "drm/npu_accel.h"

#include "npu_isa/npu_regs.h"

#include "npu_idr.h"
#include "npu_list.h"
#include "npu_range_heap.h"
#include "npu_transport.h"

struct npu_sim;
struct npu_kmd;
struct npu_kmd_file;
struct npu_kmd_vm;
struct npu_kmd_ctx;

/* ------------------------------------------------------------------------------------ memory -- */

/* calloc/free, through which all memory of the driver goes. */
void *npu_kmd_zalloc(size_t size_B);
void npu_kmd_free(void *memory);

/* For tests: after count more successful calls npu_kmd_zalloc of the calling thread returns NULL,
 * once. Negative: never. Returns what is left of the previous setting, so that a test knows whether
 * it hit.
 */
long npu_kmd_fail_alloc_after(long count);

/* Copies from and to user memory: 0 or -EFAULT. */
int npu_kmd_copy_in(void *to, uint64_t from_user, size_t size_B);
int npu_kmd_copy_out(uint64_t to_user, const void *from, size_t size_B);

/* Whether the copies of this thread may do without checks: npu_transport.trusts_pointers of the
 * caller of the present ioctl.
 */
void npu_kmd_trust_pointers(bool trust);

/* Copies an array of structures of size_B bytes each in, following the rules of the uAPI. *out is
 * NULL for an empty array, else the caller frees it with npu_kmd_free. 0, -EINVAL, -E2BIG, -EFAULT,
 * -ENOMEM.
 */
int npu_kmd_copy_array(const struct drm_npu_obj_array *array, size_t size_B, uint32_t max_count,
                       void **out);

/* ------------------------------------------------------------------------------------ fences -- */

struct npu_kmd_fence_cb {
   struct npu_list node;
   void (*func)(struct npu_kmd *kmd, struct npu_kmd_fence_cb *cb);
   struct npu_kmd_fence *fence; /* referenced while the callback is pending, else NULL */
};

/* Something that happens once. A chain node is the fence of a timeline point: it signals when its
 * own fence and all nodes before it have.
 */
struct npu_kmd_fence {
   unsigned refs;
   bool signalled;          /* atomic: may be read without the lock */
   struct npu_kmd_job *job; /* whose end this is, while it is pending; not referenced */
   int error;               /* 0, or -errno of the work that failed */
   struct npu_list callbacks;
   struct npu_list signal_node; /* in npu_kmd.signalling */

   bool is_chain;
   uint64_t timeline;             /* the nodes of one timeline have the same number */
   uint64_t point;                /* of this node */
   uint64_t prev_point;           /* of the node before it, 0 if none */
   struct npu_kmd_fence *prev;    /* node before this one while that is not signalled */
   unsigned pending;              /* of inner and prev */
   struct npu_kmd_fence_cb cb[2]; /* on inner and prev */
};

struct npu_kmd_fence *npu_kmd_fence_create(void); /* NULL without memory */
struct npu_kmd_fence *npu_kmd_fence_ref(struct npu_kmd_fence *fence);
void npu_kmd_fence_unref(struct npu_kmd_fence *fence); /* NULL is allowed */

/* Signals it (once) and everything that follows from it. */
void npu_kmd_fence_signal(struct npu_kmd *kmd, struct npu_kmd_fence *fence, int error);

/* Calls func when the fence signals; returns false, without taking the callback, if it has already.
 */
bool npu_kmd_fence_add_cb(struct npu_kmd_fence *fence, struct npu_kmd_fence_cb *cb,
                          void (*func)(struct npu_kmd *, struct npu_kmd_fence_cb *));
void npu_kmd_fence_remove_cb(struct npu_kmd_fence_cb *cb);

/* Turns an unused fence into the node that follows prev (may be NULL, may be no chain node) with
 * inner. */
void npu_kmd_fence_chain(struct npu_kmd *kmd, struct npu_kmd_fence *node,
                         struct npu_kmd_fence *prev, struct npu_kmd_fence *inner, uint64_t point);

/* The fence to wait for to reach the point; point 0: the fence itself. NULL if it is not there yet.
 * No reference is taken.
 */
struct npu_kmd_fence *npu_kmd_fence_find_point(struct npu_kmd *kmd, struct npu_kmd_fence *fence,
                                               uint64_t point);

/* Fences a piece of work waits for. */
struct npu_kmd_deps {
   unsigned pending;
   uint32_t count;
   struct npu_kmd_dep {
      struct npu_kmd_fence_cb cb;
      struct npu_kmd_deps *deps;
   } *array;
   void (*ready)(struct npu_kmd *kmd,
                 struct npu_kmd_deps *deps); /* called when pending falls to 0 */
};

/* ------------------------------------------------------------------------------ sync objects -- */

struct npu_kmd_syncobj {
   unsigned refs;
   struct npu_kmd_fence *fence; /* NULL, a fence, or the last node of a timeline */
};

struct npu_kmd_syncobj *npu_kmd_syncobj_ref(struct npu_kmd_syncobj *syncobj);
void npu_kmd_syncobj_unref(struct npu_kmd_syncobj *syncobj);
void npu_kmd_syncobj_replace(struct npu_kmd *kmd, struct npu_kmd_syncobj *syncobj,
                             struct npu_kmd_fence *fence);
void npu_kmd_syncobj_add_point(struct npu_kmd *kmd, struct npu_kmd_syncobj *syncobj,
                               struct npu_kmd_fence *node, struct npu_kmd_fence *fence,
                               uint64_t point);

/* Copies count handles in and looks them up. On success the caller frees *out; it holds no
 * references, so the lock must not be dropped. 0, -EINVAL, -ENOENT, -EFAULT, -ENOMEM.
 */
int npu_kmd_syncobj_find_array(struct npu_kmd_file *file, uint64_t user_handles, uint32_t count,
                               struct npu_kmd_syncobj ***out);

/* The sync arguments of SUBMIT and VM_BIND, in two steps: everything that can fail, then the
 * commit. */
struct npu_kmd_syncs {
   struct npu_kmd_deps deps; /* what to wait for; commit moves it to its owner */
   uint32_t num_signals;
   struct npu_kmd_signal {
      struct npu_kmd_syncobj *syncobj;
      struct npu_kmd_fence *node; /* for timelines, else NULL */
      uint64_t point;
   } *signals;
};

int npu_kmd_syncs_prepare(struct npu_kmd_file *file, struct npu_kmd_syncs *syncs,
                          const struct drm_npu_sync *waits, uint32_t num_waits,
                          const struct drm_npu_sync *signals, uint32_t num_signals);
/* Puts fence into what is to be signalled. Cannot fail. */
void npu_kmd_syncs_commit(struct npu_kmd *kmd, struct npu_kmd_syncs *syncs,
                          struct npu_kmd_fence *fence);
void npu_kmd_syncs_fini(struct npu_kmd_syncs *syncs);

/* Starts waiting: hooks up the fences. Returns true if nothing is pending (ready is not called
 * then). */
bool npu_kmd_deps_start(struct npu_kmd_deps *deps,
                        void (*ready)(struct npu_kmd *, struct npu_kmd_deps *));
void npu_kmd_deps_fini(struct npu_kmd_deps *deps);

/* ---------------------------------------------------------------------------- buffer objects -- */

struct npu_kmd_bo {
   unsigned refs;
   uint64_t size_B;
   uint32_t flags;  /* enum drm_npu_bo_flags */
   uint64_t vm_uid; /* npu_kmd_vm.uid of the VM it is private to, or 0 */
   uint64_t offset; /* for mmap; 0 if it cannot be mapped */
   char label[DRM_NPU_MAX_LABEL_SIZE + 1];
   uint32_t num_extents;
   struct npu_range *extents; /* pieces of device memory: physical address and size */
   struct npu_list zap_node;  /* in npu_kmd.zap once refs is 0 */
};

int npu_kmd_bo_create(struct npu_kmd *kmd, uint64_t size_B, uint32_t flags, uint64_t vm_uid,
                      struct npu_kmd_bo **out);
struct npu_kmd_bo *npu_kmd_bo_ref(struct npu_kmd_bo *bo);
void npu_kmd_bo_unref(struct npu_kmd *kmd, struct npu_kmd_bo *bo);
/* Gives the memory of dead buffers back, zeroed. Called with the lock held; drops it meanwhile. */
void npu_kmd_bo_zap(struct npu_kmd *kmd);
/* The handle in this file, made if needed. */
int npu_kmd_bo_handle(struct npu_kmd_file *file, struct npu_kmd_bo *bo, uint32_t *out_handle);

/* ----------------------------------------------------------------------------- address spaces -- */

/* One page table in device memory, with what the device does not need. */
struct npu_kmd_pt {
   uint64_t pa;
   uint64_t *entries;            /* in the device's memory */
   unsigned used;                /* valid entries */
   struct npu_kmd_pt **children; /* tables below, NULL for leaves and empty entries */
   struct npu_kmd_pt *next;      /* in a pool */
};

/* Tables set aside, so that changing page tables cannot fail. */
struct npu_kmd_pt_pool {
   struct npu_kmd_pt *unused;
   struct npu_kmd_pt
      *retired; /* taken out of use; the device may still read them before an invalidation */
};

struct npu_kmd_binding {
   uint64_t va, size_B;
   struct npu_kmd_bo *bo;
   uint64_t bo_offset;
};

struct npu_kmd_vm {
   unsigned refs; /* the handle, contexts, asynchronous binds */
   struct npu_kmd *kmd;
   uint64_t uid; /* never used again for another VM */
   uint8_t asid;
   bool closed;
   unsigned num_contexts; /* that have a handle */
   struct npu_kmd_pt *root;
   struct npu_kmd_binding *bindings; /* ascending, not overlapping */
   size_t num_bindings, binding_capacity;
   size_t bindings_reserved; /* entries promised to binds that are under way */
   struct npu_list binds;    /* npu_kmd_bind.node: asynchronous binds, in order */
};

int npu_kmd_vm_create(struct npu_kmd *kmd, struct npu_kmd_vm **out);
struct npu_kmd_vm *npu_kmd_vm_ref(struct npu_kmd_vm *vm);
void npu_kmd_vm_unref(struct npu_kmd_vm *vm);
/* The handle is gone: drop pending binds and all bindings. */
void npu_kmd_vm_close(struct npu_kmd_vm *vm);
/* Makes room for count more bindings (two for each operation). 0 or -ENOMEM. */
int npu_kmd_vm_reserve_bindings(struct npu_kmd_vm *vm, size_t count);
void npu_kmd_vm_unmap(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va,
                      uint64_t size_B);
void npu_kmd_vm_map(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va,
                    uint64_t size_B, struct npu_kmd_bo *bo, uint64_t bo_offset, uint32_t flags);

int npu_kmd_pt_create_root(struct npu_kmd *kmd, struct npu_kmd_pt **out);
/* The root, after everything was unmapped. */
void npu_kmd_pt_destroy_root(struct npu_kmd *kmd, struct npu_kmd_pt *root);
/* Most tables npu_kmd_pt_map or npu_kmd_pt_unmap can need. */
uint32_t npu_kmd_pt_map_worst_case(uint64_t va, uint64_t pa, uint64_t size_B);
#define NPU_KMD_PT_UNMAP_WORST_CASE 4
/* Adds unused tables. 0, -ENOMEM, -ENOSPC; the pool is not emptied on failure. */
int npu_kmd_pt_pool_add(struct npu_kmd *kmd, struct npu_kmd_pt_pool *pool, uint32_t count);
void npu_kmd_pt_pool_fini(struct npu_kmd *kmd, struct npu_kmd_pt_pool *pool);
/* The range must be unmapped. flags: enum drm_npu_vm_map_flags. */
void npu_kmd_pt_map(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va, uint64_t pa,
                    uint64_t size_B, uint32_t flags);
void npu_kmd_pt_unmap(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va,
                      uint64_t size_B);
void npu_kmd_pt_invalidate(struct npu_kmd_vm *vm, uint64_t va, uint64_t size_B);

/* Runs the asynchronous binds whose time has come. Called by the driver's thread. */
void npu_kmd_bind_run(struct npu_kmd *kmd);
/* Drops the asynchronous binds of a VM; their fences end with -ECANCELED. */
void npu_kmd_bind_cancel(struct npu_kmd_vm *vm);

/* -------------------------------------------------------------------------- contexts and jobs -- */

struct npu_kmd_job {
   struct npu_list node; /* in npu_kmd_ctx.jobs, then in npu_kmd_hwq.jobs */
   struct npu_kmd_ctx *ctx;
   uint64_t number; /* in its context, from 1 */
   struct npu_kmd_deps deps;
   bool deps_done;
   struct npu_kmd_fence *fence;
   uint32_t num_cmdbufs;
   struct drm_npu_cmdbuf *cmdbufs;
   uint64_t hw_seqno; /* on its hardware queue */
};

struct npu_kmd_ctx {
   unsigned refs; /* the handle, jobs */
   struct npu_kmd_vm *vm;
   uint32_t priority; /* enum drm_npu_ctx_priority */
   uint32_t slot;     /* index in npu_kmd.ctxs and of its status word */
   uint32_t hw_id;    /* context_id of its EXEC packets: slot and a generation */
   bool closed;       /* the handle is gone: kill what runs */
   uint32_t state;    /* enum drm_npu_ctx_state */
   struct drm_npu_fault fault;
   uint64_t jobs_submitted, jobs_completed;
   struct npu_list jobs;       /* not yet on the hardware, in order */
   struct npu_list ready_node; /* in npu_kmd.ready[priority] while the first of jobs could run */
   struct npu_kmd_hwq *hwq;    /* queue its jobs are on, NULL if there are none */
   unsigned num_on_hw;         /* jobs on hwq */

   /* For npu_kmd_bell.c. */
   bool waited;           /* a wait without a timeout came after the last submit */
   unsigned waits_in_row; /* submits with such a wait behind them, up to now */
};

/* A hardware queue. It runs jobs of one context at a time. */
struct npu_kmd_hwq {
   unsigned index;
   bool enabled;
   struct npu_packet_nop *ring; /* in the device's memory */
   uint32_t tail;               /* packets written so far, modulo 2^32 */
   uint32_t used;               /* packets of jobs that are not complete */
   uint64_t seqno;              /* of the last fence packet written */
   struct npu_list jobs;        /* in order */
   bool is_quiet;               /* the last doorbell woke nobody up */
};

/* Lowest address that can be bound: null pointers and small offsets to them always fault. */
#define NPU_KMD_VA_START 0x10000

#define NPU_KMD_RING_SIZE_LOG2      12
#define NPU_KMD_MAX_CONTEXTS        4096
#define NPU_KMD_MAX_JOBS_ON_HW      8
#define NPU_KMD_DEFAULT_WATCHDOG_MS 10000

int npu_kmd_ctx_create(struct npu_kmd_vm *vm, uint32_t priority, struct npu_kmd_ctx **out);
struct npu_kmd_ctx *npu_kmd_ctx_ref(struct npu_kmd_ctx *ctx);
void npu_kmd_ctx_unref(struct npu_kmd_ctx *ctx);
/* The handle is gone: kill it. */
void npu_kmd_ctx_close(struct npu_kmd_ctx *ctx);
/* Marks it dead: nothing of it starts any more. fault may be NULL. */
void npu_kmd_ctx_kill(struct npu_kmd_ctx *ctx, uint32_t state, const struct drm_npu_fault *fault);
struct npu_kmd_ctx *npu_kmd_ctx_by_hw_id(struct npu_kmd *kmd, uint32_t hw_id);

void npu_kmd_job_destroy(struct npu_kmd *kmd, struct npu_kmd_job *job);

int npu_kmd_sched_init(struct npu_kmd *kmd);
/* Puts jobs on the hardware as far as possible. */
void npu_kmd_sched_run(struct npu_kmd *kmd);
/* The first job of ctx may have become ready or gone: updates the ready lists. */
void npu_kmd_sched_update(struct npu_kmd_ctx *ctx);
/* The job of ctx that runs shall end now. */
void npu_kmd_sched_kill(struct npu_kmd_ctx *ctx);
/* Looks what the device has done. Called by the driver's thread. */
void npu_kmd_sched_interrupt(struct npu_kmd *kmd);
/* Reads all fault records and kills the contexts they name. */
void npu_kmd_fault_drain(struct npu_kmd *kmd);

/* ------------------------------------------------------------------------------ shared files -- */

enum npu_kmd_share_kind {
   NPU_KMD_SHARE_BO,
   NPU_KMD_SHARE_SYNCOBJ,
   NPU_KMD_SHARE_FENCE, /* a sync file: becomes readable when the fence signals */
};

/* A file descriptor that stands for the object as long as it, or a copy of it, is open. The
 * descriptor or -errno.
 */
int npu_kmd_share_export(struct npu_kmd *kmd, enum npu_kmd_share_kind kind, void *object,
                         bool cloexec);
/* The object (no reference is taken) or NULL. */
void *npu_kmd_share_find(struct npu_kmd *kmd, enum npu_kmd_share_kind kind, int fd);
/* Drops objects whose descriptors are closed; all: every object. */
void npu_kmd_share_sweep(struct npu_kmd *kmd, bool all);

/* ------------------------------------------------------------------------------------- device -- */

struct npu_kmd {
   pthread_mutex_t lock;
   pthread_cond_t changed; /* a fence signalled, a sync object got a fence, memory became free */

   unsigned opens;      /* under the lock of npu_kmd_device.c */
   unsigned generation; /* see npu_kmd_is_foreign */

   struct npu_sim *model;
   int mem_fd;
   uint8_t *mem; /* all device memory */
   uint32_t num_cores, va_bits, local_mem_B, watchdog_ms;

   struct npu_range_heap vram;    /* physical addresses; what is free reads as zero */
   struct npu_range_heap offsets; /* mmap offsets of buffers */
   uint64_t bo_used_B;
   struct npu_list zap;  /* npu_kmd_bo.zap_node */
   unsigned num_zapping; /* threads in npu_kmd_bo_zap */
   struct npu_list mappings;
   struct npu_list shares;

   struct npu_vm_table_entry *vm_table;
   bool asid_used[NPU_NUM_ASIDS];
   uint64_t next_uid; /* of VMs and timelines */

   struct npu_kmd_ctx *ctxs[NPU_KMD_MAX_CONTEXTS];
   uint32_t ctx_generation;
   uint64_t *status; /* status words, one per slot of ctxs[], in the device's memory */
   uint64_t status_pa;

   struct npu_kmd_hwq hwqs[NPU_NUM_QUEUES];
   unsigned num_hwqs;
   struct npu_list ready[3]; /* npu_kmd_ctx.ready_node, by priority */
   bool sched_needed;
   unsigned num_jobs_on_hw;
   unsigned num_dying; /* killed contexts that still have jobs on the hardware */

   struct npu_kmd_fence *signalled; /* a fence that has signalled */
   struct npu_list signalling;      /* fences that are being signalled */
   bool is_signalling;
   struct npu_list ready_binds;

   pthread_t thread;
   pthread_mutex_t wake_lock; /* protects the three below */
   pthread_cond_t wake;
   bool irq, work, stop;
   bool thread_watches; /* it wakes up by itself as long as there are jobs on the hardware */

   /* For npu_kmd_bell.c. */
   const struct npu_kmd_ctx *submitting; /* by the thread that has the lock; only compared */
   bool thread_looks;                    /* the driver's thread looks for quiet doorbells */
   unsigned idle_looks;                  /* how often there was none */
};

/* A submit begins: looks whether the last one was waited for. */
void npu_kmd_bell_submit(struct npu_kmd_ctx *ctx);
/* Rings the doorbell of a queue that has new packets of the context. */
void npu_kmd_bell_ring(struct npu_kmd *kmd, struct npu_kmd_hwq *hwq, const struct npu_kmd_ctx *ctx);
/* The caller is going to work for the context's queue until its job is done. */
void npu_kmd_bell_wait(struct npu_kmd_ctx *ctx);
/* Wakes up whoever was not. */
void npu_kmd_bell_ring_all(struct npu_kmd *kmd);
/* The same from the driver's thread; returns whether it must look again soon. */
bool npu_kmd_bell_look(struct npu_kmd *kmd);

/* The device of this process: one for all opens. NULL + errno. */
struct npu_kmd *npu_kmd_get(char *why, size_t why_size);
void npu_kmd_put(struct npu_kmd *kmd);
/* Whether it belongs to a process this one was forked from: then it must not be touched. */
bool npu_kmd_is_foreign(const struct npu_kmd *kmd);

void npu_kmd_lock(struct npu_kmd *kmd);
/* Also starts jobs that became ready and frees memory that became unused meanwhile. */
void npu_kmd_unlock(struct npu_kmd *kmd);
/* Waits on changed until deadline (CLOCK_MONOTONIC, ns). Returns false when it has passed. */
bool npu_kmd_wait_changed(struct npu_kmd *kmd, int64_t deadline_ns);
/* Makes the driver's thread look for work. */
void npu_kmd_wake(struct npu_kmd *kmd, bool irq);
int64_t npu_kmd_now_ns(void);

/* Forgets the mappings nobody undid; they stay in the address space of the process. */
void npu_kmd_mappings_fini(struct npu_kmd *kmd);

/* One open file. */
struct npu_kmd_file {
   struct npu_transport base;
   struct npu_kmd *kmd;
   struct npu_idr bos, vms, ctxs, syncobjs;
};

int npu_kmd_file_ioctl(struct npu_transport *transport, unsigned long request, void *arg);

/* The ioctls: args is the driver's copy of the argument structure. 0 or -errno. */
#define NPU_KMD_IOCTL(name) int npu_kmd_ioctl_##name(struct npu_kmd_file *file, void *args)
NPU_KMD_IOCTL(version);
NPU_KMD_IOCTL(get_cap);
NPU_KMD_IOCTL(gem_close);
NPU_KMD_IOCTL(prime_handle_to_fd);
NPU_KMD_IOCTL(prime_fd_to_handle);
NPU_KMD_IOCTL(syncobj_create);
NPU_KMD_IOCTL(syncobj_destroy);
NPU_KMD_IOCTL(syncobj_handle_to_fd);
NPU_KMD_IOCTL(syncobj_fd_to_handle);
NPU_KMD_IOCTL(syncobj_transfer);
NPU_KMD_IOCTL(syncobj_wait);
NPU_KMD_IOCTL(syncobj_timeline_wait);
NPU_KMD_IOCTL(syncobj_reset);
NPU_KMD_IOCTL(syncobj_signal);
NPU_KMD_IOCTL(syncobj_timeline_signal);
NPU_KMD_IOCTL(syncobj_query);
NPU_KMD_IOCTL(dev_query);
NPU_KMD_IOCTL(bo_create);
NPU_KMD_IOCTL(bo_mmap_offset);
NPU_KMD_IOCTL(bo_get_info);
NPU_KMD_IOCTL(bo_set_label);
NPU_KMD_IOCTL(vm_create);
NPU_KMD_IOCTL(vm_destroy);
NPU_KMD_IOCTL(vm_bind);
NPU_KMD_IOCTL(vm_get_state);
NPU_KMD_IOCTL(ctx_create);
NPU_KMD_IOCTL(ctx_destroy);
NPU_KMD_IOCTL(ctx_get_state);
NPU_KMD_IOCTL(submit);
#undef NPU_KMD_IOCTL

#endif
