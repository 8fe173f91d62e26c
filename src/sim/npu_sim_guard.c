// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Host faults inside the model become values.
//
// The fast path of a load or store is a host access at window + address; what the page table does
// not allow, the host does not either (PROT_NONE, PROT_READ). The signal handler here recognises
// such faults by thread (a guard is armed) and address (in the guard's ranges) and jumps back into
// the engine. All other faults belong to the application: they go to the handler that was there
// before, as if this one did not exist: its mask, flags and the default action are honoured.
//
// An application, or a library of the process (LLVM's crash handler in another OpenCL driver, say), may
// install a handler of its own later, on top of this one. npu_guard_activate(), called before every
// dispatch, then goes on top again and makes that handler the one that foreign faults go to. If that
// handler in turn calls this one, which it found when it was installed, the fault goes on to the oldest
// handler: the two do not call each other for ever. Only if this handler cannot go on top do engines
// check every access in software (npu_vm_translate).

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "npu_sim_priv.h"

/* initial-exec: a signal handler must not allocate thread-local storage. */
static __thread struct npu_guard *current_guard __attribute__((tls_model("initial-exec")));

static const int signals[2] = {SIGSEGV, SIGBUS};

/* Handlers found below or on top of ours, per signal. A slot is written once, before its address becomes
 * visible in `previous`, so that the signal handler needs no lock. */
#define MAX_HANDLERS 16
static struct sigaction handlers[2][MAX_HANDLERS];
static unsigned num_handlers[2];
static const struct sigaction *_Atomic previous[2]; /* where foreign faults go */
static const struct sigaction default_action = {.sa_handler = SIG_DFL};

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned install_count;

/* The handler that was there before the first device of the process. */
static const struct sigaction *
oldest(unsigned i)
{
   return num_handlers[i] ? &handlers[i][0] : &default_action;
}

/* Whether another handler called ours, not the kernel: the kernel puts info right above the frame of the
 * handler that it calls (on x86-64 with a ucontext of 304 bytes between), a caller's frame and
 * forward()'s make it further. A flag would not do, as handlers may be left with siglongjmp(). */
static bool
is_nested(const siginfo_t *info, const void *frame)
{
   return (uintptr_t)info - (uintptr_t)frame > 512;
}

/* What the kernel would do without our handler. */
static void
forward(int signal, siginfo_t *info, void *context, bool nested)
{
   const unsigned i = signal == SIGBUS;
   const struct sigaction *action = nested || !previous[i] ? oldest(i) : previous[i];

   if (!(action->sa_flags & SA_SIGINFO) &&
       (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN))
   {
      if (action->sa_handler == SIG_IGN && info->si_code <= 0)
         return; /* sent by kill() and ignored */
      /* Returning repeats a synchronous fault, now with the default action; a sent signal is sent
       * again, and stays pending until the handler returns. */
      sigaction(signal, &default_action, NULL);
      if (info->si_code <= 0)
         raise(signal);
      return;
   }

   sigset_t mask = action->sa_mask, old;
   if (!(action->sa_flags & SA_NODEFER))
      sigaddset(&mask, signal);
   if (action->sa_flags & SA_RESETHAND)
      previous[i] = &default_action;
   pthread_sigmask(SIG_BLOCK, &mask, &old);
   if (action->sa_flags & SA_SIGINFO)
      action->sa_sigaction(signal, info, context);
   else
      action->sa_handler(signal);
   pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
handler(int signal, siginfo_t *info, void *context)
{
   struct npu_guard *guard = current_guard;
   uintptr_t address = (uintptr_t)info->si_addr;

   if (guard && info->si_code > 0) {
      for (unsigned i = 0; i < 2; i++) {
         if (address >= guard->range[i][0] && address < guard->range[i][1]) {
            guard->address = address;
            guard->signal = signal;
            siglongjmp(guard->jump, 1);
         }
      }
   }

   int saved_errno = errno;
   forward(signal, info, context, is_nested(info, __builtin_frame_address(0)));
   errno = saved_errno;
}

static bool
is_ours(const struct sigaction *action)
{
   return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == handler;
}

/* The slot with this action, a new one if there is none yet; NULL if all are taken. Locked. */
static const struct sigaction *
remember(unsigned i, const struct sigaction *action)
{
   for (unsigned k = 0; k < num_handlers[i]; k++) {
      const struct sigaction *known = &handlers[i][k];
      if (known->sa_handler == action->sa_handler && known->sa_flags == action->sa_flags)
         return known;
   }
   if (num_handlers[i] == MAX_HANDLERS)
      return NULL;
   handlers[i][num_handlers[i]] = *action;
   return &handlers[i][num_handlers[i]++];
}

/* Puts our handler on top of both signals unless it is there already. Locked. */
static bool
go_on_top(void)
{
   /* SA_NODEFER: the handler is left with siglongjmp, which then need not restore the mask. */
   struct sigaction ours = {.sa_sigaction = handler,
                            .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

   sigemptyset(&ours.sa_mask);
   for (unsigned i = 0; i < 2; i++) {
      struct sigaction action;
      if (sigaction(signals[i], NULL, &action) != 0)
         return false;
      if (is_ours(&action))
         continue;
      const struct sigaction *found = remember(i, &action);
      if (!found)
         return false;
      previous[i] = found;
      if (sigaction(signals[i], &ours, NULL) != 0)
         return false;
   }
   return true;
}

/* Installs the handler when the first device is created. */
bool
npu_guard_install(void)
{
   pthread_mutex_lock(&install_lock);
   const bool good = go_on_top();
   if (good)
      install_count++;
   pthread_mutex_unlock(&install_lock);
   return good;
}

/* Puts the handlers of the others back when the last device is gone, unless they replaced ours. */
void
npu_guard_uninstall(void)
{
   pthread_mutex_lock(&install_lock);
   if (--install_count == 0) {
      for (unsigned i = 0; i < 2; i++) {
         struct sigaction action;
         if (sigaction(signals[i], NULL, &action) == 0 && is_ours(&action))
            sigaction(signals[i], previous[i], NULL);
      }
   }
   pthread_mutex_unlock(&install_lock);
}

/* Makes faults reach the handler; false if they cannot. */
bool
npu_guard_activate(void)
{
   struct sigaction action[2];

   if (sigaction(SIGSEGV, NULL, &action[0]) == 0 && is_ours(&action[0]) &&
       sigaction(SIGBUS, NULL, &action[1]) == 0 && is_ours(&action[1]))
      return true;
   pthread_mutex_lock(&install_lock);
   const bool good = go_on_top();
   pthread_mutex_unlock(&install_lock);
   return good;
}

/* Arms a guard whose jump buffer was set with sigsetjmp(guard->jump, 0) on this thread. Guards
 * nest. */
void
npu_guard_arm(struct npu_guard *guard)
{
   guard->outer = current_guard;
   current_guard = guard;
}

void
npu_guard_disarm(struct npu_guard *guard)
{
   current_guard = guard->outer;
}
