/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Doorbells, and whether they wake the model's thread.
 *
 * Waking a thread up takes longer than executing a small kernel, and is in vain if the thread that
 * submitted waits for the job right away: it then works for the device itself
 * (npu_kmd_syncobj_wait.c), and the other one finds nothing left to do. So this predicts, as a
 * processor predicts branches, whether a context's next submit is followed by such a wait: it is if
 * the last WAITS_TO_EXPECT ones were. Then the doorbell is quiet: the packets are there, nobody is
 * woken up.
 *
 * A wrong prediction costs time, nothing else. A quiet doorbell is rung aloud by the next submit to
 * the queue, by a thread that goes to sleep in a wait, and by the driver's thread, which looks every
 * millisecond as long as there are quiet doorbells now and then.
 *
 * Locking: everything under npu_kmd.lock.
 */

#include "npu_kmd.h"

#include "npu_sim.h"

/* So many submits in a row with a wait behind them make the next one quiet. */
#define WAITS_TO_EXPECT 4

/* The driver's thread stops looking after so many looks without a quiet doorbell between them. */
#define IDLE_LOOKS 100

void
npu_kmd_bell_submit(struct npu_kmd_ctx *ctx)
{
   if (!ctx->waited)
      ctx->waits_in_row = 0;
   else if (ctx->waits_in_row < WAITS_TO_EXPECT)
      ctx->waits_in_row++;
   ctx->waited = false;
   ctx->vm->kmd->submitting = ctx;
}

void
npu_kmd_bell_ring(struct npu_kmd *kmd, struct npu_kmd_hwq *hwq, const struct npu_kmd_ctx *ctx)
{
   /* A job that another one held up is not for the present caller to wait for. */
   bool expected = kmd->submitting == ctx && ctx->waits_in_row == WAITS_TO_EXPECT;

   if (expected && !kmd->thread_looks) {
      kmd->thread_looks = true;
      npu_kmd_wake(kmd, false);
      expected = false;
   }
   kmd->idle_looks = expected ? 0 : kmd->idle_looks;
   hwq->is_quiet = expected && !hwq->is_quiet;
   if (hwq->is_quiet)
      npu_sim_ring_quietly(kmd->model, hwq->index, hwq->tail);
   else
      npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_TAIL(hwq->index), hwq->tail);
}

void
npu_kmd_bell_wait(struct npu_kmd_ctx *ctx)
{
   ctx->waited = true;
   ctx->hwq->is_quiet = false; /* the waiter sees to it */
}

void
npu_kmd_bell_ring_all(struct npu_kmd *kmd)
{
   for (unsigned i = 0; i < kmd->num_hwqs; i++) {
      struct npu_kmd_hwq *hwq = &kmd->hwqs[i];

      if (hwq->is_quiet) {
         hwq->is_quiet = false;
         npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_TAIL(i), hwq->tail);
      }
   }
}

bool
npu_kmd_bell_look(struct npu_kmd *kmd)
{
   npu_kmd_bell_ring_all(kmd);
   if (kmd->thread_looks && ++kmd->idle_looks > IDLE_LOOKS) {
      kmd->thread_looks = false;
      kmd->idle_looks = 0;
   }
   return kmd->thread_looks;
}
