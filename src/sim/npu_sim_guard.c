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
// If an application installs its own handler later and does not chain, npu_guard_active() says so,
// and engines check every access in software instead (npu_vm_translate).

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "npu_sim_priv.h"

/* initial-exec: a signal handler must not allocate thread-local storage. */
static __thread struct npu_guard *current_guard __attribute__((tls_model("initial-exec")));

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned install_count;
static struct sigaction previous[2]; /* of SIGSEGV, SIGBUS; constant while install_count > 0 */
/* Somebody's handler may still call ours, although the last device is gone: it must not be put on
 * top of that one again, or the two would call each other for ever. */
static bool left_in_chain[2];
static const int signals[2] = {SIGSEGV, SIGBUS};

/* What the kernel would do without our handler. */
static void
forward(int signal, siginfo_t *info, void *context)
{
   const struct sigaction *action = &previous[signal == SIGBUS];

   if (!(action->sa_flags & SA_SIGINFO) &&
       (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN))
   {
      if (action->sa_handler == SIG_IGN && info->si_code <= 0)
         return; /* sent by kill() and ignored */
      /* Returning repeats a synchronous fault, now with the default action; a sent signal is sent
       * again, and stays pending until the handler returns. */
      struct sigaction default_action = {.sa_handler = SIG_DFL};
      sigaction(signal, &default_action, NULL);
      if (info->si_code <= 0)
         raise(signal);
      return;
   }

   struct sigaction copy = *action;
   sigset_t mask, old;
   mask = copy.sa_mask;
   if (!(copy.sa_flags & SA_NODEFER))
      sigaddset(&mask, signal);
   if (copy.sa_flags & SA_RESETHAND)
      previous[signal == SIGBUS] = (struct sigaction){.sa_handler = SIG_DFL};
   pthread_sigmask(SIG_BLOCK, &mask, &old);
   if (copy.sa_flags & SA_SIGINFO)
      copy.sa_sigaction(signal, info, context);
   else
      copy.sa_handler(signal);
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
   forward(signal, info, context);
   errno = saved_errno;
}

/* Installs the handler when the first device is created. */
bool
npu_guard_install(void)
{
   bool good = true;

   pthread_mutex_lock(&install_lock);
   if (install_count == 0) {
      /* SA_NODEFER: the handler is left with siglongjmp, which then need not restore the mask. */
      struct sigaction action = {.sa_sigaction = handler,
                                 .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
      sigemptyset(&action.sa_mask);
      for (unsigned i = 0; i < 2; i++) {
         if (!left_in_chain[i])
            good &= sigaction(signals[i], &action, &previous[i]) == 0;
      }
   }
   if (good)
      install_count++;
   pthread_mutex_unlock(&install_lock);
   return good;
}

static bool
is_ours(int signal)
{
   struct sigaction action;

   return sigaction(signal, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) &&
          action.sa_sigaction == handler;
}

/* Puts the previous handlers back when the last device is gone, unless somebody replaced ours. */
void
npu_guard_uninstall(void)
{
   pthread_mutex_lock(&install_lock);
   if (--install_count == 0) {
      for (unsigned i = 0; i < 2; i++) {
         left_in_chain[i] = !is_ours(signals[i]);
         if (!left_in_chain[i])
            sigaction(signals[i], &previous[i], NULL);
      }
   }
   pthread_mutex_unlock(&install_lock);
}

/* Whether faults reach the handler. */
bool
npu_guard_active(void)
{
   return is_ours(SIGSEGV) && is_ours(SIGBUS);
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
