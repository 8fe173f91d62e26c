/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Fences: points of a winsys queue, waited for from any thread.
 *
 * A queue that died of a fault reaches all its points: fence_finish says that waiting is over, and
 * get_device_reset_status (npu_context.c) says how it ended.
 */

#include "npu_fence.h"

#include <errno.h>
#include <time.h>

#include "util/os_time.h"
#include "util/u_memory.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_screen.h"
#include "npu_timeline.h"

int64_t
npu_absolute_timeout(uint64_t timeout_ns)
{
   if (timeout_ns == OS_TIMEOUT_INFINITE)
      return INT64_MAX;

   int64_t now_ns = os_time_get_nano();
   return timeout_ns > (uint64_t)(INT64_MAX - now_ns) ? INT64_MAX : now_ns + (int64_t)timeout_ns;
}

struct pipe_fence_handle *
npu_fence_create(struct npu_context *ctx)
{
   struct pipe_fence_handle *fence = CALLOC_STRUCT(pipe_fence_handle);
   if (!fence)
      return NULL;

   pipe_reference_init(&fence->reference, 1);
   mtx_init(&fence->lock, mtx_plain);
   cnd_init(&fence->submitted);
   fence->ctx = ctx;
   return fence;
}

void
npu_fence_set_submitted(struct pipe_fence_handle *fence, struct npu_timeline *timeline,
                        uint64_t point)
{
   mtx_lock(&fence->lock);
   fence->timeline = npu_timeline_ref(timeline);
   fence->point = point;
   fence->ctx = NULL;
   cnd_broadcast(&fence->submitted);
   mtx_unlock(&fence->lock);
}

void
npu_fence_reference(struct pipe_fence_handle **dst, struct pipe_fence_handle *src)
{
   struct pipe_fence_handle *old = *dst;

   if (pipe_reference(old ? &old->reference : NULL, src ? &src->reference : NULL)) {
      npu_timeline_unref(old->timeline);
      cnd_destroy(&old->submitted);
      mtx_destroy(&old->lock);
      FREE(old);
   }
   *dst = src;
}

static void
fence_reference(struct pipe_screen *pscreen, struct pipe_fence_handle **dst,
                struct pipe_fence_handle *src)
{
   npu_fence_reference(dst, src);
}

/* The time of day at a monotonic time, for cnd_timedwait(). */
static struct timespec
wall_clock_at(int64_t monotonic_ns)
{
   struct timespec at;
   timespec_get(&at, TIME_UTC);
   int64_t wait_ns = MAX2(monotonic_ns - os_time_get_nano(), 0);
   wait_ns = MIN2(wait_ns, INT64_C(1000000000) * 3600); /* the caller loops */
   at.tv_sec += wait_ns / 1000000000;
   at.tv_nsec += wait_ns % 1000000000;
   if (at.tv_nsec >= 1000000000) {
      at.tv_nsec -= 1000000000;
      at.tv_sec++;
   }
   return at;
}

/* Waits until a deferred fence is submitted; its own context does that at once. false: timeout. */
static bool
wait_submitted(struct pipe_fence_handle *fence, struct pipe_context *pctx, int64_t until_ns)
{
   bool submitted = true;

   mtx_lock(&fence->lock);
   if (fence->ctx && pctx == &fence->ctx->base) {
      mtx_unlock(&fence->lock);
      npu_batch_flush(npu_context(pctx));
      mtx_lock(&fence->lock);
      assert(!fence->ctx && "a flush submits every deferred fence");
   }
   while (fence->ctx && submitted) {
      if (until_ns == INT64_MAX) {
         cnd_wait(&fence->submitted, &fence->lock);
      } else {
         struct timespec at = wall_clock_at(until_ns);
         cnd_timedwait(&fence->submitted, &fence->lock, &at);
         submitted = !fence->ctx || os_time_get_nano() < until_ns;
      }
   }
   submitted = !fence->ctx;
   mtx_unlock(&fence->lock);
   return submitted;
}

static bool
fence_finish(struct pipe_screen *pscreen, struct pipe_context *pctx,
             struct pipe_fence_handle *fence, uint64_t timeout_ns)
{
   int64_t until_ns = timeout_ns ? npu_absolute_timeout(timeout_ns) : 0;

   if (!fence)
      return true; /* there was no memory for a fence: flush waited instead */
   if (!wait_submitted(fence, pctx, until_ns))
      return false;
   return npu_queue_wait(fence->timeline->queue, fence->point, until_ns) != -ETIME;
}

void
npu_fence_screen_init(struct npu_screen *screen)
{
   screen->base.fence_reference = fence_reference;
   screen->base.fence_finish = fence_finish;
}
