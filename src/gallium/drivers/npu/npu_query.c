/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Queries: the time at which everything before them was done.
 *
 * A query records a TIMESTAMP packet that waits for all earlier packets, and makes all later ones
 * wait for it: so the times of commands neither overlap nor go backwards. When the context has
 * nothing to do at all, the device's clock is read at once; then commands that only the CPU works
 * on (maps, uploads) get honest times too. If it is the device's work after all that comes next, the
 * clock is read again when that is submitted: recording a thousand launches takes longer than the first
 * one.
 *
 * Each query has a word of device memory that returns to its context's list when nobody needs it:
 * the application may destroy a query while its packet is still in flight.
 */

#include "npu_query.h"

#include <errno.h>

#include "pipe/p_defines.h"
#include "util/u_atomic.h"
#include "util/u_memory.h"

#include "npu_isa/npu_regs.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_timeline.h"

#define SLAB_SIZE_B 4096
#define SLAB_SLOTS  (SLAB_SIZE_B / sizeof(uint64_t))
#define NO_SLOT     UINT32_MAX

/* A page of words for results. */
struct npu_query_slab {
   struct npu_bo *bo;
   uint64_t *map;
};

enum npu_query_state {
   NPU_QUERY_NEW,       /* never ended */
   NPU_QUERY_RECORDED,  /* in the batch that is being recorded */
   NPU_QUERY_SUBMITTED, /* in flight or done: `timeline` and `point` */
   NPU_QUERY_KNOWN,     /* `value` */
};

/* A timestamp. All on the thread of its context. */
struct npu_query {
   uint32_t refcount; /* the application's and the batches' */
   struct npu_context *ctx;
   uint32_t slot; /* index over all slabs */
   enum npu_query_state state;
   struct npu_timeline *timeline; /* SUBMITTED: a reference */
   uint64_t point;
   uint64_t value_ns;
};

static bool
add_slab(struct npu_context *ctx)
{
   struct npu_bo *bo = npu_bo_create(ctx->screen->dev, SLAB_SIZE_B, 0, "timestamps");
   uint64_t *map = bo ? npu_bo_map(bo) : NULL;
   if (!map) {
      npu_bo_unref(bo);
      return false;
   }

   uint32_t first = SLAB_SLOTS *
                    util_dynarray_num_elements(&ctx->query_slabs, struct npu_query_slab);
   util_dynarray_append(&ctx->query_slabs, struct npu_query_slab,
                        ((struct npu_query_slab){bo, map}));
   for (uint32_t i = SLAB_SLOTS; i-- > 0;)
      util_dynarray_append(&ctx->free_query_slots, uint32_t, first + i);
   return true;
}

static struct npu_query_slab *
slab_of(struct npu_query *q)
{
   return util_dynarray_element(&q->ctx->query_slabs, struct npu_query_slab, q->slot / SLAB_SLOTS);
}

static uint64_t *
word_of(struct npu_query *q)
{
   return &slab_of(q)->map[q->slot % SLAB_SLOTS];
}

/* The result is the present time. */
static void
set_known(struct npu_query *q)
{
   q->value_ns = npu_device_get_timestamp_ns(q->ctx->screen->dev);
   q->state = NPU_QUERY_KNOWN;
}

static void
forget_idle(struct npu_query *q)
{
   if (q->ctx->idle_query == q)
      q->ctx->idle_query = NULL;
}

void
npu_query_before_submit(struct npu_context *ctx)
{
   if (ctx->idle_query)
      set_known(ctx->idle_query);
   ctx->idle_query = NULL;
}

static void
unref(struct npu_query *q)
{
   if (--q->refcount)
      return;
   forget_idle(q);
   npu_timeline_unref(q->timeline);
   if (q->slot != NO_SLOT)
      util_dynarray_append(&q->ctx->free_query_slots, uint32_t, q->slot);
   FREE(q);
}

struct npu_query *
npu_query_ref(struct npu_query *q)
{
   q->refcount++;
   return q;
}

void
npu_query_submitted(struct npu_query *q, struct npu_timeline *timeline, uint64_t point)
{
   npu_timeline_unref(q->timeline);
   q->timeline = npu_timeline_ref(timeline);
   q->point = point;
   q->state = NPU_QUERY_SUBMITTED;
}

void
npu_query_batch_done(struct npu_query *q, const struct npu_batch *batch)
{
   if (q->state == NPU_QUERY_RECORDED && batch == q->ctx->batch) /* dropped */
      set_known(q);
   unref(q);
}

static struct pipe_query *
create_query(struct pipe_context *pctx, unsigned type, unsigned index)
{
   if (type != PIPE_QUERY_TIMESTAMP)
      return NULL;

   struct npu_query *q = CALLOC_STRUCT(npu_query);
   if (!q)
      return NULL;
   q->refcount = 1;
   q->ctx = npu_context(pctx);
   q->slot = NO_SLOT;
   return (struct pipe_query *)q;
}

static void
destroy_query(struct pipe_context *pctx, struct pipe_query *pq)
{
   unref((struct npu_query *)pq);
}

static bool
begin_query(struct pipe_context *pctx, struct pipe_query *pq)
{
   return true; /* a timestamp has no beginning */
}

/* Waits for an earlier use of the query and reads the result. false: not yet. */
static bool
resolve(struct npu_query *q, bool wait)
{
   if (q->state == NPU_QUERY_RECORDED)
      npu_batch_flush(q->ctx);
   if (q->state == NPU_QUERY_SUBMITTED) {
      if (npu_queue_wait(q->timeline->queue, q->point, wait ? INT64_MAX : 0) == -ETIME)
         return false;
      q->value_ns = p_atomic_read(word_of(q));
      q->state = NPU_QUERY_KNOWN;
      if (!q->value_ns) /* work before the timestamp faulted */
         set_known(q);
   }
   return true;
}

static bool
end_query(struct pipe_context *pctx, struct pipe_query *pq)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_query *q = (struct npu_query *)pq;

   resolve(q, true);
   if (npu_context_is_idle(ctx)) {
      set_known(q);
      ctx->idle_query = q; /* in place of another one: what followed that was the CPU's */
      return true;
   }

   if (q->slot == NO_SLOT) {
      if (!ctx->free_query_slots.size && !add_slab(ctx)) {
         /* Out of device memory: wait instead. */
         npu_batch_flush(ctx);
         npu_queue_wait(ctx->timeline->queue, ctx->last_point, INT64_MAX);
         set_known(q);
         return true;
      }
      q->slot = util_dynarray_pop(&ctx->free_query_slots, uint32_t);
   }
   p_atomic_set(word_of(q), 0);

   struct npu_packet_timestamp packet = {
      .type = NPU_PACKET_TIMESTAMP,
      .va = slab_of(q)->bo->va + q->slot % SLAB_SLOTS * sizeof(uint64_t),
   };
   npu_batch_barrier(ctx->batch);
   npu_batch_begin(ctx->batch);
   if (!npu_batch_emit(ctx->batch, &packet)) {
      set_known(q); /* the context is lost */
      return true;
   }
   npu_batch_barrier(ctx->batch);
   q->state = NPU_QUERY_RECORDED;
   npu_batch_keep_query(ctx->batch, q);
   return true;
}

static bool
get_query_result(struct pipe_context *pctx, struct pipe_query *pq, bool wait,
                 union pipe_query_result *result)
{
   struct npu_query *q = (struct npu_query *)pq;

   if (!resolve(q, wait))
      return false;
   forget_idle(q); /* it must not change any more */
   result->u64 = q->value_ns;
   return true;
}

static void
set_active_query_state(struct pipe_context *pctx, bool enable)
{
   /* Nothing counts in the background. */
}

void
npu_query_context_init(struct npu_context *ctx)
{
   ctx->base.create_query = create_query;
   ctx->base.destroy_query = destroy_query;
   ctx->base.begin_query = begin_query;
   ctx->base.end_query = end_query;
   ctx->base.get_query_result = get_query_result;
   ctx->base.set_active_query_state = set_active_query_state;
}

void
npu_query_context_fini(struct npu_context *ctx)
{
   util_dynarray_foreach(&ctx->query_slabs, struct npu_query_slab, slab)
      npu_bo_unref(slab->bo);
   util_dynarray_fini(&ctx->query_slabs);
   util_dynarray_fini(&ctx->free_query_slots);
}
