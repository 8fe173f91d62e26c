// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The compile thread: one for the process, made with the first request, ended with the last library.
//
// Its queue is served in order of the requests, but units that somebody waits for go first. LLVM
// cannot be interrupted, only asked between its steps; so how long a compilation may take is bounded
// by how much is compiled (npu_jit_llvm.c).
//
// The last user of a library waits MAX_WAIT_S seconds for a compilation that goes on, which its bounds make
// unlikely to take longer. If it does, LLVM may have lost its way: the library is left to it. Its kernel and
// all that are requested behind it stay in the interpreter.
//
// exit: waits as long. Then the process ends by _exit(), with its files flushed and its status, but without
// the handlers of exit() that have not run yet.
//
// LLVM must not be at work when its static objects are destroyed. A handler drops what is
// queued, cancels the compilation that is going on, and waits for it. Handlers run in reverse order
// of their registration, and LLVM makes some of its objects late, in the midst of a compilation; so a
// handler of exit() may come too late. It is registered when the thread is made, when the compiler is, and after
// the first compilations. What compilations need (nearly all: not a table that code for AVX2 makes use of) exists
// when the compiler does, see warm_up() of npu_jit_llvm.c; so what is left is the time in which that is made.
//
// What exit() does before all handlers is to run the destructors of its thread's own objects. Threads that use a device
// have one. That of the main thread stops the compiler. Any other thread may just be at its end; its destructor waits
// while a compiler is made, and holds the next one off until the destructors of the thread's keys run, which exit()
// does not do. What can still crash is exit() by a thread that has used no device, in those few milliseconds.
//
// fork: the child has no compile thread. Libraries begin anew there, and what the parent had is left
// as it is. fork() waits for the compilation that goes on, because the child would inherit the locks that it
// holds at that moment: LLVM's, and that of the C library's list of handlers, which LLVM takes for its static
// objects and without which the child could not even exit. If the compilation takes longer than MAX_WAIT_S,
// the child cannot know in which state LLVM is: it stays in the interpreter.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "npu_jit_library.h"

/* Of the C library, for the thread-local objects of C++: calls the function when this thread ends. */
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso)
   __attribute__((weak));
extern void *__dso_handle;

#define STACK_B (16 * 1024 * 1024) /* LLVM recurses over large blocks */

#define WATCHED_COMPILATIONS 3

#define NS_PER_S 1000000000ull

/* So long the end of a library or of the process waits for a compilation. */
#define MAX_WAIT_S 5

/* All guarded by npu_jit_lock. */
static struct {
   pthread_t thread;
   bool has_thread, quit;
   bool broken;    /* no compilation in this process */
   bool making;    /* a compiler */
   unsigned holds; /* threads that may be in exit(): no compiler is to be made */
   unsigned forks; /* that wait or go on: no compilation is to begin */
   struct npu_jit_unit *first;
   struct npu_jit_unit *current; /* COMPILING */
   pthread_cond_t work, done;
   _Atomic bool cancel; /* the compilation of current */
} worker = {.work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static void at_exit(void);

/* ---- waiting ----------------------------------------------------------------------------- */

static struct timespec
from_now(uint64_t ns)
{
   struct timespec until;

   clock_gettime(CLOCK_REALTIME, &until);
   ns += (uint64_t)until.tv_nsec;
   until.tv_sec += (time_t)(ns / NS_PER_S);
   until.tv_nsec = (long)(ns % NS_PER_S);
   return until;
}

/* For this library, or for any (NULL). Lock held. */
static bool
is_compiling(const struct npu_jit_library *library)
{
   return worker.current && (!library || worker.current->library == library);
}

/* Waits for the end of such a compilation. False: it goes on after MAX_WAIT_S. Lock held. */
static bool
wait_for_compilation(const struct npu_jit_library *library)
{
   const struct timespec until = from_now(MAX_WAIT_S * NS_PER_S);
   int late = 0;

   while (is_compiling(library) && !late)
      late = pthread_cond_timedwait(&worker.done, &npu_jit_lock, &until);
   return !is_compiling(library);
}

/* ---- one unit ---------------------------------------------------------------------------- */

static void
explain(const struct npu_jit_unit *unit, const char *what, const char *why)
{
   if (npu_jit_debug() & NPU_JIT_DEBUG_TIER)
      fprintf(stderr, "npu: jit: kernel %016llx (%zu instructions) %s%s%s\n",
              (unsigned long long)unit->source.hash[0], unit->num_uops, what, why ? ": " : "",
              why ? why : "");
}

/* Waits until no thread may be in exit(). False: the process ends. */
static bool
begin_making(void)
{
   const struct timespec until = from_now(MAX_WAIT_S * NS_PER_S);
   int late = 0;

   pthread_mutex_lock(&npu_jit_lock);
   while (worker.holds && !worker.broken && !late)
      late = pthread_cond_timedwait(&worker.work, &npu_jit_lock, &until);
   worker.making = !worker.holds && !worker.broken;
   pthread_mutex_unlock(&npu_jit_lock);
   return worker.making;
}

static void
end_making(void)
{
   atexit(at_exit);
   pthread_mutex_lock(&npu_jit_lock);
   worker.making = false;
   pthread_cond_broadcast(&worker.done);
   pthread_mutex_unlock(&npu_jit_lock);
}

/* The compiler of the unit's library. Only the compile thread makes and uses it. */
static struct npu_jit_compiler *
get_compiler(struct npu_jit_unit *unit)
{
   struct npu_jit_library *library = unit->library;

   if (!library->compiler && !library->no_compiler) {
      char *why = NULL;
      if (!begin_making()) {
         library->no_compiler = true;
         return NULL;
      }
      library->compiler = npu_jit_compiler_create(&library->options, &why);
      library->no_compiler = !library->compiler;
      if (library->no_compiler)
         fprintf(stderr, "npu: no JIT, using the interpreter: %s\n", why ? why : "out of memory");
      free(why);
      end_making();
   }
   return library->compiler;
}

/* Makes the unit's code. No lock held: nobody else touches what is not atomic. */
static void
compile(struct npu_jit_unit *unit)
{
   struct npu_jit_compiler *compiler = get_compiler(unit);
   struct npu_jit_flow *flow = compiler ? npu_jit_flow_create(unit->kernel) : NULL;
   char *why = NULL;

   if (!flow) {
      explain(unit, "stays in the interpreter",
              compiler ? "too many resume points" : "no compiler");
      return;
   }
   while (npu_jit_debug() & NPU_JIT_DEBUG_STALL)
      pause();
   unit->code = npu_jit_compile(compiler, flow, &unit->source, &worker.cancel, &why);
   if (unit->code) {
      struct npu_jit_times times = npu_jit_compiler_times(compiler);
      uint64_t ns = times.generate_ns + times.optimise_ns + times.emit_ns + times.link_ns;
      char text[128];
      if (times.generate_ns)
         npu_jit_tier_learn(unit->num_uops, ns);
      snprintf(text, sizeof(text),
               "compiled %sin %.1f ms (generate %.1f, optimise %.1f, emit %.1f, link %.1f)",
               times.is_long ? "quickly " : "", (double)ns / 1e6, (double)times.generate_ns / 1e6,
               (double)times.optimise_ns / 1e6, (double)times.emit_ns / 1e6,
               (double)times.link_ns / 1e6);
      explain(unit, text, NULL);
      unit->entry_of = flow->entry_of;
      unit->num_entries = flow->num_entries;
      flow->entry_of = NULL;
      atomic_store_explicit(&unit->fn, npu_jit_code_fn(unit->code), memory_order_release);
   } else {
      explain(unit, "stays in the interpreter", why ? why : "out of memory");
   }
   free(why);
   npu_jit_flow_free(flow);
}

static void *
worker_main(void *data)
{
   static unsigned num_compiled;

   pthread_mutex_lock(&npu_jit_lock);
   for (;;) {
      while (!worker.quit && (!worker.first || worker.forks))
         pthread_cond_wait(&worker.work, &npu_jit_lock);
      if (worker.quit)
         break;
      struct npu_jit_unit *unit = worker.first;
      worker.first = unit->next;
      worker.current = unit;
      unit->state = NPU_JIT_UNIT_COMPILING;
      atomic_store(&worker.cancel, worker.broken);
      pthread_mutex_unlock(&npu_jit_lock);
      compile(unit);
      if (num_compiled++ < WATCHED_COMPILATIONS)
         atexit(at_exit);
      pthread_mutex_lock(&npu_jit_lock);
      unit->state = unit->code ? NPU_JIT_UNIT_READY : NPU_JIT_UNIT_FAILED;
      npu_interp_kernel_free(unit->kernel);
      unit->kernel = NULL;
      worker.current = NULL;
      pthread_cond_broadcast(&worker.done);
   }
   pthread_mutex_unlock(&npu_jit_lock);
   return NULL;
}

/* ---- its life ---------------------------------------------------------------------------- */

void
npu_jit_worker_stop(void)
{
   pthread_mutex_lock(&npu_jit_lock);
   bool stop = worker.has_thread && !worker.first && !worker.current && !worker.quit;
   if (stop) {
      worker.quit = true;
      pthread_cond_signal(&worker.work);
   }
   pthread_mutex_unlock(&npu_jit_lock);
   if (!stop)
      return;
   pthread_join(worker.thread, NULL);
   pthread_mutex_lock(&npu_jit_lock);
   worker.has_thread = worker.quit = false;
   pthread_mutex_unlock(&npu_jit_lock);
}

/* LLVM is still at work and would meet its destroyed objects. */
static void
leave(int status, void *unused)
{
   fflush(NULL);
   _exit(status);
}

static void
at_exit(void)
{
   pthread_mutex_lock(&npu_jit_lock);
   worker.broken = true;
   pthread_cond_broadcast(&worker.work);
   while (worker.first)
      npu_jit_forget_locked(worker.first);
   atomic_store(&worker.cancel, true);
   bool stuck = !wait_for_compilation(NULL);
   pthread_cond_broadcast(&worker.done);
   pthread_mutex_unlock(&npu_jit_lock);
   if (stuck)
      on_exit(leave, NULL);
   else
      npu_jit_worker_stop();
}

static void
before_fork(void)
{
   pthread_mutex_lock(&npu_jit_lock);
   worker.forks++;
   wait_for_compilation(NULL);
}

static void
after_fork_in_parent(void)
{
   worker.forks--;
   pthread_cond_broadcast(&worker.work);
   pthread_mutex_unlock(&npu_jit_lock);
}

static void
after_fork_in_child(void)
{
   worker.broken = worker.broken || worker.current;
   worker.has_thread = worker.quit = worker.making = false;
   worker.holds = worker.forks = 0;
   worker.first = worker.current = NULL;
   pthread_cond_init(&worker.work, NULL);
   pthread_cond_init(&worker.done, NULL);
   npu_jit_library_reset_locked();
   pthread_mutex_unlock(&npu_jit_lock);
}

/* It was not exit(). */
static void
thread_has_ended(void *unused)
{
   pthread_mutex_lock(&npu_jit_lock);
   if (worker.holds)
      worker.holds--;
   pthread_cond_broadcast(&worker.work);
   pthread_mutex_unlock(&npu_jit_lock);
}

static void
watch_forks(void)
{
   pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void
npu_jit_watch_forks(void)
{
   static pthread_once_t once = PTHREAD_ONCE_INIT;

   pthread_once(&once, watch_forks);
}

static pthread_key_t ended_key;

static void
make_ended_key(void)
{
   pthread_key_create(&ended_key, thread_has_ended);
}

/* Is in exit(), or at its end; if it is, the destructor of its key follows. */
static void
thread_ends(void *is_main)
{
   static pthread_once_t once = PTHREAD_ONCE_INIT;
   const struct timespec until = from_now(MAX_WAIT_S * NS_PER_S);
   int late = 0;

   if (is_main) {
      at_exit();
      return;
   }
   pthread_once(&once, make_ended_key);
   pthread_mutex_lock(&npu_jit_lock);
   worker.holds++;
   while (worker.making && !late)
      late = pthread_cond_timedwait(&worker.done, &npu_jit_lock, &until);
   pthread_mutex_unlock(&npu_jit_lock);
   if (pthread_setspecific(ended_key, &worker))
      thread_has_ended(NULL);
}

void
npu_jit_watch_exit(void)
{
   static _Thread_local bool watched;

   if (watched || !__cxa_thread_atexit_impl)
      return;
   watched = true;
   __cxa_thread_atexit_impl(thread_ends, gettid() == getpid() ? &worker : NULL, &__dso_handle);
}

static bool
start_locked(void)
{
   static bool watches_exit;

   /* After LLVM was loaded, so that the handler runs before LLVM's own. */
   if (!watches_exit)
      watches_exit = atexit(at_exit) == 0;
   if (!worker.has_thread && !worker.quit)
      worker.has_thread = npu_thread_create_sized(&worker.thread, worker_main, NULL, "npu-jit",
                                                  STACK_B);
   return worker.has_thread;
}

/* ---- requests ---------------------------------------------------------------------------- */

void
npu_jit_forget_locked(struct npu_jit_unit *unit)
{
   if (unit->state != NPU_JIT_UNIT_QUEUED)
      return;
   struct npu_jit_unit **link = &worker.first;
   while (*link != unit)
      link = &(*link)->next;
   *link = unit->next;
   unit->state = NPU_JIT_UNIT_COLD;
   atomic_store(&unit->requested, false);
}

static void
enqueue_locked(struct npu_jit_unit *unit, bool urgent)
{
   atomic_store(&unit->requested, true);
   if (unit->state == NPU_JIT_UNIT_QUEUED && urgent && !unit->urgent)
      npu_jit_forget_locked(unit);
   if (unit->state != NPU_JIT_UNIT_COLD || worker.broken || !start_locked())
      return;
   atomic_store(&unit->requested, true);
   struct npu_jit_unit **link = &worker.first;
   while (*link && (!urgent || (*link)->urgent))
      link = &(*link)->next;
   unit->urgent = urgent;
   unit->next = *link;
   *link = unit;
   unit->state = NPU_JIT_UNIT_QUEUED;
   pthread_cond_signal(&worker.work);
}

void
npu_jit_request(struct npu_jit_unit *unit)
{
   pthread_mutex_lock(&npu_jit_lock);
   enqueue_locked(unit, false);
   pthread_mutex_unlock(&npu_jit_lock);
}

void
npu_jit_request_and_wait(struct npu_jit_unit *unit, struct npu_queue *queue)
{
   pthread_mutex_lock(&npu_jit_lock);
   enqueue_locked(unit, true);
   while ((unit->state == NPU_JIT_UNIT_QUEUED || unit->state == NPU_JIT_UNIT_COMPILING) &&
          !npu_queue_stopped(queue))
   {
      /* The stop comes without a signal. For the watchdog this is not a hang. */
      npu_queue_progress(queue);
      const struct timespec until = from_now(20000000);
      pthread_cond_timedwait(&worker.done, &npu_jit_lock, &until);
   }
   pthread_mutex_unlock(&npu_jit_lock);
}

bool
npu_jit_wait_for_library_locked(struct npu_jit_library *library)
{
   struct npu_jit_unit *unit = worker.first;

   while (unit) {
      struct npu_jit_unit *next = unit->next;
      if (unit->library == library)
         npu_jit_forget_locked(unit);
      unit = next;
   }
   if (is_compiling(library))
      atomic_store(&worker.cancel, true);
   return wait_for_compilation(library);
}
