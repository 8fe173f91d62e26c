// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Threads of the model, and what threads of the application need before they may execute kernels.
//
// Host code computes as the instruction set says only in the default floating-point environment. A new
// thread inherits its creator's, and applications change it: a program linked with -ffast-math flushes
// denormals to zero from its start, another one rounds upwards for a while. And host code may need more
// stack than a small thread of the application has.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "npu_sim_priv.h"

/* What the caller of a lent thread and the command processor need of a stack beside host code. */
#define STACK_RESERVE_B (256 * 1024)

/* ---- floating-point environment ---------------------------------------------------------- */

#if defined(__x86_64__)

#define DEFAULT_MXCSR 0x1f80 /* to nearest, denormals kept, no exception traps */

void
npu_float_env_enter(struct npu_float_env *saved)
{
   saved->mxcsr = __builtin_ia32_stmxcsr();
   __builtin_ia32_ldmxcsr(DEFAULT_MXCSR);
}

void
npu_float_env_leave(const struct npu_float_env *saved)
{
   __builtin_ia32_ldmxcsr(saved->mxcsr);
}

#else

void
npu_float_env_enter(struct npu_float_env *saved)
{
   fegetenv(&saved->env);
   fesetenv(FE_DFL_ENV);
}

void
npu_float_env_leave(const struct npu_float_env *saved)
{
   fesetenv(&saved->env);
}

#endif

/* ---- own threads ------------------------------------------------------------------------- */

bool
npu_thread_create_sized(pthread_t *thread, void *(*start)(void *), void *data, const char *name,
                        size_t stack_B)
{
   pthread_attr_t attributes;
   struct npu_float_env env;
   sigset_t all, old;

   if (pthread_attr_init(&attributes) != 0)
      return false;
   pthread_attr_setstacksize(&attributes, stack_B);

   /* The application's signals are for the application's threads. */
   sigfillset(&all);
   sigdelset(&all, SIGSEGV);
   sigdelset(&all, SIGBUS);
   sigdelset(&all, SIGFPE);
   sigdelset(&all, SIGILL);
   sigdelset(&all, SIGTRAP);
   pthread_sigmask(SIG_SETMASK, &all, &old);
   npu_float_env_enter(&env);
   int error = pthread_create(thread, &attributes, start, data);
   npu_float_env_leave(&env);
   pthread_sigmask(SIG_SETMASK, &old, NULL);
   pthread_attr_destroy(&attributes);
   if (error) {
      fprintf(stderr, "npu: creating thread %s failed: %s\n", name, strerror(error));
      return false;
   }
   pthread_setname_np(*thread, name);
   return true;
}

bool
npu_thread_create(pthread_t *thread, void *(*start)(void *), void *data, const char *name)
{
   return npu_thread_create_sized(thread, start, data, name, NPU_SIM_STACK_B);
}

/* ---- lent threads ------------------------------------------------------------------------ */

bool
npu_thread_has_stack(void)
{
   /* Asking is slow: for the main thread, the C library reads a file. */
   static __thread uintptr_t begin, end;
   const uintptr_t here = (uintptr_t)__builtin_frame_address(0);

   if (!end) {
      pthread_attr_t attributes;
      void *stack = NULL;
      size_t size_B = 0;

      end = 1;
      if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
         if (pthread_attr_getstack(&attributes, &stack, &size_B) == 0) {
            begin = (uintptr_t)stack;
            end = begin + size_B;
         }
         pthread_attr_destroy(&attributes);
      }
   }
   /* It may run on a stack that is not the thread's own. */
   return here >= begin && here < end && here - begin >= NPU_SIM_STACK_B - STACK_RESERVE_B;
}
