/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * The host code of all kernels of the process: units, their library, and the thread that compiles.
 *
 * A unit is a kernel known by its words, however many queues, address spaces and devices run it. It
 * begins without host code. Somebody requests that; the compile thread makes it; from then on
 * npu_jit_unit_fn() answers with it. A unit whose compilation fails never gets any.
 *
 * All functions may be called from any thread.
 */

#ifndef NPU_JIT_LIBRARY_H
#define NPU_JIT_LIBRARY_H

#include "npu_jit.h"

enum npu_jit_unit_state {
   NPU_JIT_UNIT_COLD,      /* nobody has requested code */
   NPU_JIT_UNIT_QUEUED,    /* waits for the compile thread */
   NPU_JIT_UNIT_COMPILING, /* the compile thread is at it */
   NPU_JIT_UNIT_READY,
   NPU_JIT_UNIT_FAILED,
};

struct npu_jit_library;

struct npu_jit_unit {
   struct npu_jit_library *library;
   struct npu_jit_source source; /* the key: ranges relative to the entry, then the words */
   size_t num_uops;
   bool on_disk;

   /* Guarded by npu_jit_lock. */
   unsigned users;
   uint64_t last_use;
   enum npu_jit_unit_state state;
   struct npu_jit_unit *next; /* in the queue of the compile thread */
   bool urgent;               /* somebody waits for it */

   struct npu_interp_kernel *kernel; /* to compile from; the compile thread's while COMPILING */
   struct npu_jit_code *code;
   int32_t *entry_of; /* uop index -> entry; this and the next are valid once fn is set */
   uint32_t num_entries;

   _Atomic(npu_jit_fn) fn;     /* NULL: in the interpreter */
   _Atomic bool requested;     /* or not to be */
   _Atomic uint64_t interp_ns; /* spent on it in the interpreter, all cores together */
};

/* Compiled code with the same options, shared by all queues of the process. */
struct npu_jit_library {
   struct npu_jit_library *next;
   unsigned users;
   struct npu_jit_options options;
   char *identity;
   struct npu_jit_compiler *compiler; /* made by the compile thread, with its first kernel */
   bool no_compiler;                  /* it could not be made */
   struct npu_jit_unit **units;       /* NPU_JIT_MAX_UNITS */
   uint64_t uses;
};

/* Guards libraries, units and the queue of the compile thread. */
extern pthread_mutex_t npu_jit_lock;

/* ---- npu_jit_library.c ------------------------------------------------------------------- */

/* The library with these options. NULL: not enough memory. */
struct npu_jit_library *npu_jit_library_get(const struct npu_jit_options *options);
/* The last user's call waits for a compilation that is going on, for some seconds; a library that is
 * still compiled for then is left as it is, for ever. NULL is allowed. */
void npu_jit_library_put(struct npu_jit_library *library);

/* The unit of a kernel. It keeps a reference of the kernel. NULL: not enough memory, or all units
 * of the library are in use: then the kernel stays in the interpreter. */
struct npu_jit_unit *npu_jit_unit_get(struct npu_jit_library *library,
                                      struct npu_interp_kernel *kernel);
void npu_jit_unit_put(struct npu_jit_unit *unit);

/* The host code, NULL as long as there is none. unit NULL is allowed. */
static inline npu_jit_fn
npu_jit_unit_fn(const struct npu_jit_unit *unit)
{
   return unit ? atomic_load_explicit(&unit->fn, memory_order_acquire) : NULL;
}

/* ---- npu_jit_worker.c -------------------------------------------------------------------- */

/* Asks for the host code of a unit that the caller has got, once. */
void npu_jit_request(struct npu_jit_unit *unit);
/* Requests and waits until there is host code or never will be, or until the queue is stopped. */
void npu_jit_request_and_wait(struct npu_jit_unit *unit, struct npu_queue *queue);
/* A unit nobody uses any more need not be compiled. Lock held. */
void npu_jit_forget_locked(struct npu_jit_unit *unit);
/* Waits until the compile thread has nothing of the library in hand. False: it has after some seconds,
 * and may have for ever; nothing of the library may be freed then. Lock held. */
bool npu_jit_wait_for_library_locked(struct npu_jit_library *library);
/* Ends the compile thread if it runs. No library is left. */
void npu_jit_worker_stop(void);
/* Watches forks from now on, once. */
void npu_jit_watch_forks(void);

/* exit() by the calling thread will stop the compiler before it destroys what that uses. Any thread, any number of
 * times. */
void npu_jit_watch_exit(void);
/* In a child process: no library is known any more. Lock held. */
void npu_jit_library_reset_locked(void);

/* ---- npu_jit_tier.c ---------------------------------------------------------------------- */

/* What a dispatch has cost in the interpreter so far. */
struct npu_jit_tier {
   struct npu_jit_unit *unit;
   uint64_t num_groups;
   _Atomic uint64_t num_done, done_ns; /* groups, and the time of all cores for them */
};

void npu_jit_tier_start(struct npu_jit_tier *tier, struct npu_jit_unit *unit, uint64_t num_groups);
/* Adds time spent in the interpreter, and the groups that came to their end in it. Requests host
 * code when it pays. */
void npu_jit_tier_note(struct npu_jit_tier *tier, uint64_t ns, unsigned num_groups);
/* Tells how long a compilation took, for later estimates. */
void npu_jit_tier_learn(size_t num_uops, uint64_t ns);
/* Expected time until there is host code. */
uint64_t npu_jit_tier_cost_ns(const struct npu_jit_unit *unit);

/* ---- running (npu_jit_group.c) ----------------------------------------------------------- */

/* What cores need to run a kernel: dispatch->kernel. */
struct npu_jit_kernel {
   const struct npu_interp_kernel *interp;
   struct npu_jit_unit *unit; /* NULL: stays in the interpreter */
   struct npu_jit_tier tier;  /* of the running dispatch */
   bool in_window;            /* all memory of the address space is in the window */
};

/* The engine's operations of these names. */
bool npu_jit_create_core(struct npu_core *core);
void npu_jit_destroy_core(struct npu_core *core);
bool npu_jit_run_workgroups(struct npu_core *core, struct npu_dispatch *dispatch, uint64_t first,
                            uint64_t count);

/* ---- npu_jit_debug.c --------------------------------------------------------------------- */

enum npu_jit_debug {
   NPU_JIT_DEBUG_TIER = 1 << 0,
   NPU_JIT_DEBUG_CACHE = 1 << 1,
   NPU_JIT_DEBUG_STALL = 1 << 2,
};

/* The flags of NPU_JIT_DEBUG. */
unsigned npu_jit_debug(void);
uint64_t npu_jit_now_ns(void);

#endif
