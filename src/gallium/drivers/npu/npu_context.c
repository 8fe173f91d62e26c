/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Contexts: life, flush, and what happens after a fault.
 *
 * A fault ends the winsys queue of the context; all its later submits fail. The next answer of
 * get_device_reset_status is "guilty", which fails the events of Rusticl's batch with
 * CL_OUT_OF_RESOURCES. At that moment the context gets a new queue and is as good as new, because
 * Rusticl hands contexts of finished command queues to later ones: the new cl_context must not
 * inherit an old fault. The same way go launches that the driver itself refuses.
 */

#include "npu_context.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "util/log.h"
#include "util/u_inlines.h"
#include "util/u_memory.h"

#include "npu_batch.h"
#include "npu_drv_debug.h"
#include "npu_fence.h"
#include "npu_image_state.h"
#include "npu_launch.h"
#include "npu_pool.h"
#include "npu_program.h"
#include "npu_query.h"
#include "npu_resource.h"
#include "npu_texture.h"
#include "npu_timeline.h"

/*
 * Faults
 */

void
npu_context_lose(struct npu_context *ctx, const char *fmt, ...)
{
   char text[1024];
   va_list args;

   if (ctx->reset == PIPE_NO_RESET)
      ctx->reset = PIPE_GUILTY_CONTEXT_RESET;
   if (ctx->screen->debug & NPU_DRV_QUIET)
      return;

   va_start(args, fmt);
   vsnprintf(text, sizeof(text), fmt, args);
   va_end(args);
   mesa_loge("%s", text);
}

void
npu_context_check_queue(struct npu_context *ctx)
{
   struct npu_fault_info fault;
   enum npu_reset_status status = npu_queue_get_status(ctx->timeline->queue, &fault);
   char text[512], kernel[128];

   if (status == NPU_RESET_NONE || ctx->queue_dead)
      return;
   ctx->queue_dead = true;

   switch (status) {
   case NPU_RESET_NONE:
      break;
   case NPU_RESET_GUILTY:
      npu_fault_describe(&fault, ctx->screen->dev, text, sizeof(text));
      if (fault.in_kernel) {
         npu_program_name(ctx->screen, fault.kernel_id, kernel, sizeof(kernel));
         npu_context_lose(ctx, "fault in kernel \"%s\": %s", kernel, text);
      } else {
         npu_context_lose(ctx, "fault: %s", text);
      }
      break;
   case NPU_RESET_INNOCENT:
      npu_context_lose(ctx, "the device was reset because of other work; this context's is lost");
      ctx->reset = PIPE_INNOCENT_CONTEXT_RESET;
      break;
   case NPU_RESET_LOST:
      npu_context_lose(ctx, "the device is gone");
      ctx->reset = PIPE_UNKNOWN_CONTEXT_RESET;
      break;
   }
}

bool
npu_context_is_idle(const struct npu_context *ctx)
{
   return !ctx->batch->num_packets && npu_queue_point_done(ctx->timeline->queue, ctx->last_point);
}

/* Gives the context a new queue in place of a dead one. Without one (out of memory, device gone) it
 * stays lost: every later submit fails and says so again.
 */
static void
recover(struct npu_context *ctx)
{
   if (ctx->queue_dead) {
      struct npu_timeline *fresh = npu_timeline_create(ctx->screen->dev, ctx->priority);
      if (!fresh)
         return;
      npu_batch_drop_all(ctx);
      npu_timeline_unref(ctx->timeline);
      ctx->timeline = fresh;
      ctx->last_point = 0;
      ctx->queue_dead = false;
   }
   ctx->reset = PIPE_NO_RESET;
}

static enum pipe_reset_status
get_device_reset_status(struct pipe_context *pctx)
{
   struct npu_context *ctx = npu_context(pctx);

   npu_context_check_queue(ctx);
   enum pipe_reset_status status = ctx->reset;
   if (status != PIPE_NO_RESET)
      recover(ctx);
   return status;
}

/*
 * Flush
 */

static void
flush(struct pipe_context *pctx, struct pipe_fence_handle **out, unsigned flags)
{
   struct npu_context *ctx = npu_context(pctx);
   struct pipe_fence_handle *fence = out ? npu_fence_create(ctx) : NULL;

   if (out) {
      npu_fence_reference(out, NULL);
      *out = fence;
   }
   if (fence) {
      struct pipe_fence_handle *ref = NULL;
      npu_fence_reference(&ref, fence);
      util_dynarray_append(&ctx->batch->fences, struct pipe_fence_handle *, ref);
      if (flags & PIPE_FLUSH_DEFERRED)
         return;
   }
   npu_batch_flush(ctx);
   if (out &&
       !fence) /* no memory for a fence: the work is done before a missing one is waited for */
      npu_queue_wait(ctx->timeline->queue, ctx->last_point, INT64_MAX);
}

/*
 * Life
 */

static void
unbind_all(struct npu_context *ctx)
{
   npu_program_unref(ctx->program);
   util_dynarray_foreach(&ctx->globals, struct pipe_resource *, pres)
      pipe_resource_reference(pres, NULL);
   util_dynarray_fini(&ctx->globals);
   util_dynarray_fini(&ctx->constbuf);
   npu_image_state_fini(ctx);
   FREE(ctx->images);
}

static void
destroy(struct pipe_context *pctx)
{
   struct npu_context *ctx = npu_context(pctx);

   npu_batch_flush(ctx);
   npu_batch_drop_all(ctx);
   npu_batch_destroy(ctx->batch);
   unbind_all(ctx);
   npu_bo_unref(ctx->scratch);
   npu_query_context_fini(ctx);
   npu_pool_fini(ctx);
   slab_destroy_child(&ctx->transfers);
   npu_timeline_unref(ctx->timeline);
   FREE(ctx);
}

struct pipe_context *
npu_context_create(struct pipe_screen *pscreen, void *priv, unsigned flags)
{
   struct npu_screen *screen = npu_screen(pscreen);
   struct npu_context *ctx = CALLOC_STRUCT(npu_context);
   if (!ctx)
      return NULL;

   ctx->base.screen = pscreen;
   ctx->base.priv = priv;
   ctx->screen = screen;
   ctx->priority = flags & PIPE_CONTEXT_HIGH_PRIORITY  ? NPU_PRIORITY_HIGH
                   : flags & PIPE_CONTEXT_LOW_PRIORITY ? NPU_PRIORITY_LOW
                                                       : NPU_PRIORITY_MEDIUM;
   ctx->timeline = npu_timeline_create(screen->dev, ctx->priority);
   if (!ctx->timeline && ctx->priority == NPU_PRIORITY_HIGH && errno == EACCES) {
      ctx->priority = NPU_PRIORITY_MEDIUM; /* a hint, not a right */
      ctx->timeline = npu_timeline_create(screen->dev, ctx->priority);
   }
   if (!ctx->timeline) {
      mesa_loge("no queue for a context: %s", strerror(errno));
      goto err_free;
   }
   list_inithead(&ctx->in_flight);
   ctx->images = CALLOC_STRUCT(npu_image_state);
   ctx->batch = npu_batch_create(ctx);
   if (!ctx->batch || !ctx->images)
      goto err_batch;
   slab_create_child(&ctx->transfers, &screen->transfer_pool);
   util_dynarray_init(&ctx->free_pools, NULL);
   util_dynarray_init(&ctx->globals, NULL);
   util_dynarray_init(&ctx->constbuf, NULL);
   util_dynarray_init(&ctx->query_slabs, NULL);
   util_dynarray_init(&ctx->free_query_slots, NULL);

   struct pipe_context *base = &ctx->base;
   base->destroy = destroy;
   base->flush = flush;
   base->get_device_reset_status = get_device_reset_status;
   npu_image_state_context_init(ctx);
   npu_transfer_context_init(ctx);
   npu_texture_context_init(ctx);
   npu_copy_context_init(ctx);
   npu_program_context_init(ctx);
   npu_launch_context_init(ctx);
   npu_query_context_init(ctx);
   return base;

err_batch:
   if (ctx->batch)
      npu_batch_destroy(ctx->batch);
   FREE(ctx->images);
   npu_timeline_unref(ctx->timeline);
err_free:
   FREE(ctx);
   return NULL;
}
