/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Batches: recording, hazards, submission, retirement. See npu_batch.h for the rules.
 *
 * Between queues: at submit, each buffer that another queue has not finished with becomes a wait of
 * the submit (npu_resource.c keeps who used it last). Two contexts that submit conflicting work at
 * the same moment may miss each other; OpenCL leaves that undefined without an event between the
 * two commands, and with one, Rusticl waits before the second is recorded.
 *
 * What it misses: kernels do not say which buffers they only read, so two launches that share an
 * input run one after the other.
 */

#include "npu_batch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"
#include "util/macros.h"
#include "util/u_inlines.h"
#include "util/u_memory.h"

#include "npu_isa/npu_regs.h"

#include "npu_context.h"
#include "npu_drv_debug.h"
#include "npu_fence.h"
#include "npu_program.h"
#include "npu_query.h"
#include "npu_resource.h"
#include "npu_timeline.h"

/* A batch is submitted by itself when it has so many packets or upload pools. */
#define LARGE_BATCH_PACKETS 1024
#define LARGE_BATCH_POOLS   64

/* A buffer of the packet that is being made. */
struct npu_packet_use {
   uint32_t index; /* into npu_batch.uses */
   enum npu_usage access;
};

struct npu_batch *
npu_batch_create(struct npu_context *ctx)
{
   struct npu_batch *batch = CALLOC_STRUCT(npu_batch);
   if (!batch)
      return NULL;

   batch->use_index = _mesa_pointer_hash_table_create(NULL);
   if (!batch->use_index) {
      FREE(batch);
      return NULL;
   }
   batch->ctx = ctx;
   batch->epoch = 1;
   util_dynarray_init(&batch->cmd_pools, NULL);
   util_dynarray_init(&batch->pools, NULL);
   util_dynarray_init(&batch->bos, NULL);
   util_dynarray_init(&batch->programs, NULL);
   util_dynarray_init(&batch->queries, NULL);
   util_dynarray_init(&batch->fences, NULL);
   util_dynarray_init(&batch->uses, NULL);
   util_dynarray_init(&batch->packet_uses, NULL);
   return batch;
}

/* Gives up everything the batch holds; it is then as new. */
static void
release(struct npu_batch *batch)
{
   struct npu_context *ctx = batch->ctx;

   util_dynarray_foreach(&batch->queries, struct npu_query *, q)
      npu_query_batch_done(*q, batch);
   util_dynarray_foreach(&batch->uses, struct npu_batch_use, use) {
      struct pipe_resource *pres = &use->res->base;
      pipe_resource_reference(&pres, NULL);
   }
   util_dynarray_foreach(&batch->programs, struct npu_program *, program)
      npu_program_unref(*program);
   util_dynarray_foreach(&batch->bos, struct npu_bo *, bo)
      npu_bo_unref(*bo);
   util_dynarray_foreach(&batch->fences, struct pipe_fence_handle *, fence)
      npu_fence_reference(fence, NULL);
   util_dynarray_foreach(&batch->pools, struct npu_pool, pool)
      npu_pool_put(ctx, *pool);
   util_dynarray_foreach(&batch->cmd_pools, struct npu_pool, pool)
      npu_pool_put(ctx, *pool);

   util_dynarray_clear(&batch->queries);
   util_dynarray_clear(&batch->uses);
   util_dynarray_clear(&batch->programs);
   util_dynarray_clear(&batch->bos);
   util_dynarray_clear(&batch->fences);
   util_dynarray_clear(&batch->pools);
   util_dynarray_clear(&batch->cmd_pools);
   _mesa_hash_table_clear(batch->use_index, NULL);
   batch->num_packets = 0;
   batch->scratch_epoch = 0;
   batch->epoch = 1;
   batch->barrier_pending = false;
}

void
npu_batch_destroy(struct npu_batch *batch)
{
   release(batch);
   _mesa_hash_table_destroy(batch->use_index, NULL);
   util_dynarray_fini(&batch->cmd_pools);
   util_dynarray_fini(&batch->pools);
   util_dynarray_fini(&batch->bos);
   util_dynarray_fini(&batch->programs);
   util_dynarray_fini(&batch->queries);
   util_dynarray_fini(&batch->fences);
   util_dynarray_fini(&batch->uses);
   util_dynarray_fini(&batch->packet_uses);
   FREE(batch);
}

/*
 * Recording
 */

void
npu_batch_begin(struct npu_batch *batch)
{
   batch->packet_barrier = batch->barrier_pending;
   batch->packet_scratch = false;
   util_dynarray_clear(&batch->packet_uses);
}

static struct npu_batch_use *
find_use(struct npu_batch *batch, struct npu_resource *res)
{
   struct hash_entry *entry = _mesa_hash_table_search(batch->use_index, res);
   if (!entry)
      return NULL;
   return util_dynarray_element(&batch->uses, struct npu_batch_use, (uintptr_t)entry->data - 1);
}

void
npu_batch_access(struct npu_batch *batch, struct npu_resource *res, enum npu_usage access)
{
   struct npu_batch_use *use = find_use(batch, res);
   if (!use) {
      struct pipe_resource *ref = NULL;
      pipe_resource_reference(&ref, &res->base);
      util_dynarray_append(&batch->uses, struct npu_batch_use,
                           ((struct npu_batch_use){.res = res}));
      use = util_dynarray_top_ptr(&batch->uses, struct npu_batch_use);
      uintptr_t index = util_dynarray_num_elements(&batch->uses, struct npu_batch_use);
      _mesa_hash_table_insert(batch->use_index, res, (void *)index);
   }

   if (use->write_epoch == batch->epoch ||
       ((access & NPU_USAGE_WRITE) && use->read_epoch == batch->epoch))
      batch->packet_barrier = true;

   struct npu_packet_use packet_use = {
      .index = use - util_dynarray_element(&batch->uses, struct npu_batch_use, 0),
      .access = access,
   };
   util_dynarray_append(&batch->packet_uses, struct npu_packet_use, packet_use);
}

void
npu_batch_access_scratch(struct npu_batch *batch)
{
   /* Kernels with different amounts of private memory divide the scratch memory differently. */
   batch->packet_barrier |= batch->scratch_epoch == batch->epoch;
   batch->packet_scratch = true;
}

void
npu_batch_keep_program(struct npu_batch *batch, struct npu_program *program)
{
   util_dynarray_foreach_reverse(&batch->programs, struct npu_program *, p) {
      if (*p == program)
         return;
   }
   util_dynarray_append(&batch->programs, struct npu_program *, npu_program_ref(program));
}

void
npu_batch_keep_bo(struct npu_batch *batch, struct npu_bo *bo)
{
   util_dynarray_append(&batch->bos, struct npu_bo *, npu_bo_ref(bo));
}

void
npu_batch_keep_query(struct npu_batch *batch, struct npu_query *query)
{
   util_dynarray_append(&batch->queries, struct npu_query *, npu_query_ref(query));
}

void
npu_batch_barrier(struct npu_batch *batch)
{
   batch->barrier_pending = true;
}

/* The pool the next packet goes to. */
static struct npu_pool *
cmd_pool(struct npu_batch *batch)
{
   if (batch->cmd_pools.size) {
      struct npu_pool *pool = util_dynarray_top_ptr(&batch->cmd_pools, struct npu_pool);
      if (pool->used_B < NPU_POOL_SIZE_B)
         return pool;
   }

   struct npu_pool fresh;
   if (!npu_pool_get(batch->ctx, &fresh))
      return NULL;
   util_dynarray_append(&batch->cmd_pools, struct npu_pool, fresh);
   return util_dynarray_top_ptr(&batch->cmd_pools, struct npu_pool);
}

bool
npu_batch_emit(struct npu_batch *batch, void *packet)
{
   struct npu_pool *pool = cmd_pool(batch);
   if (!pool) {
      npu_context_lose(batch->ctx, "out of memory for commands");
      return false;
   }

   if (batch->packet_barrier) {
      ((struct npu_packet_nop *)packet)->flags |= NPU_PACKET_FLAG_BARRIER;
      batch->barrier_pending = false;
      batch->epoch++;
   }
   util_dynarray_foreach(&batch->packet_uses, struct npu_packet_use, pu) {
      struct npu_batch_use *use = util_dynarray_element(&batch->uses, struct npu_batch_use,
                                                        pu->index);
      if (pu->access & NPU_USAGE_READ)
         use->read_epoch = batch->epoch;
      if (pu->access & NPU_USAGE_WRITE)
         use->write_epoch = batch->epoch;
   }
   if (batch->packet_scratch)
      batch->scratch_epoch = batch->epoch;

   memcpy(pool->map + pool->used_B, packet, NPU_PACKET_SIZE_B);
   pool->used_B += NPU_PACKET_SIZE_B;
   batch->num_packets++;
   return true;
}

bool
npu_batch_conflicts(struct npu_batch *batch, struct npu_resource *res, enum npu_usage cpu)
{
   const struct npu_batch_use *use = find_use(batch, res);
   return use && (use->write_epoch || (cpu & NPU_USAGE_WRITE));
}

/*
 * Submission
 */

static int
submit(struct npu_context *ctx, struct npu_batch *batch)
{
   struct util_dynarray cmdbufs, waits;
   util_dynarray_init(&cmdbufs, NULL);
   util_dynarray_init(&waits, NULL);

   util_dynarray_foreach(&batch->cmd_pools, struct npu_pool, pool) {
      struct npu_cmdbuf cmdbuf = {pool->bo->va, pool->used_B / NPU_PACKET_SIZE_B};
      util_dynarray_append(&cmdbufs, struct npu_cmdbuf, cmdbuf);
   }

   struct util_dynarray others; /* struct npu_use, holding references */
   util_dynarray_init(&others, NULL);
   util_dynarray_foreach(&batch->uses, struct npu_batch_use, use) {
      enum npu_usage access = use->write_epoch ? NPU_USAGE_WRITE : NPU_USAGE_READ;
      npu_resource_collect_uses(use->res, access, ctx->timeline, &others);
   }
   util_dynarray_foreach(&others, struct npu_use, use) {
      struct npu_queue_point point = {use->timeline->queue, use->point};
      util_dynarray_append(&waits, struct npu_queue_point, point);
   }

   const struct npu_submit args = {
      .cmdbufs = cmdbufs.data,
      .num_cmdbufs = util_dynarray_num_elements(&cmdbufs, struct npu_cmdbuf),
      .waits = waits.data,
      .num_waits = util_dynarray_num_elements(&waits, struct npu_queue_point),
   };
   int err = npu_queue_submit(ctx->timeline->queue, &args, &batch->point);

   if (ctx->screen->debug & NPU_DRV_BATCH)
      mesa_logi("submit: %u packets in %u command buffers, %u buffers, %u waits: %s %" PRIu64,
                batch->num_packets, args.num_cmdbufs,
                (unsigned)util_dynarray_num_elements(&batch->uses, struct npu_batch_use),
                args.num_waits, err ? strerror(-err) : "point", err ? 0 : batch->point);

   npu_uses_fini(&others);
   util_dynarray_fini(&waits);
   util_dynarray_fini(&cmdbufs);
   return err;
}

/* The fences of deferred flushes get the newest point there is. */
static void
signal_fences(struct npu_batch *batch)
{
   util_dynarray_foreach(&batch->fences, struct pipe_fence_handle *, fence) {
      npu_fence_set_submitted(*fence, batch->ctx->timeline, batch->ctx->last_point);
      npu_fence_reference(fence, NULL);
   }
   util_dynarray_clear(&batch->fences);
}

void
npu_batch_flush(struct npu_context *ctx)
{
   struct npu_batch *batch = ctx->batch;

   npu_batch_retire(ctx);
   if (!batch->num_packets) {
      signal_fences(batch);
      return;
   }

   /* Nothing can fail after the submit. */
   struct npu_batch *next = npu_batch_create(ctx);
   npu_query_before_submit(ctx);
   int err = next ? submit(ctx, batch) : -ENOMEM;
   if (err) {
      npu_context_check_queue(ctx);
      if (ctx->reset == PIPE_NO_RESET)
         npu_context_lose(ctx, "work could not be submitted: %s", strerror(-err));
      signal_fences(batch);
      release(batch);
      if (next)
         npu_batch_destroy(next);
      return;
   }

   ctx->batch = next;
   ctx->last_point = batch->point;
   signal_fences(batch);
   util_dynarray_foreach(&batch->uses, struct npu_batch_use, use)
      npu_resource_add_use(use->res, ctx->timeline, batch->point, use->write_epoch != 0);
   util_dynarray_foreach(&batch->queries, struct npu_query *, q)
      npu_query_submitted(*q, ctx->timeline, batch->point);
   list_addtail(&batch->link, &ctx->in_flight);

   if (ctx->screen->debug & NPU_DRV_SYNC) {
      npu_queue_wait(ctx->timeline->queue, batch->point, INT64_MAX);
      npu_context_check_queue(ctx);
   }
}

void
npu_batch_flush_if_large(struct npu_context *ctx)
{
   const struct npu_batch *batch = ctx->batch;

   if (batch->num_packets >= LARGE_BATCH_PACKETS ||
       util_dynarray_num_elements(&batch->pools, struct npu_pool) >= LARGE_BATCH_POOLS)
      npu_batch_flush(ctx);
}

/*
 * Retirement
 */

void
npu_batch_retire(struct npu_context *ctx)
{
   list_for_each_entry_safe(struct npu_batch, batch, &ctx->in_flight, link) {
      if (!npu_queue_point_done(ctx->timeline->queue, batch->point))
         break; /* points are reached in order */
      list_del(&batch->link);
      npu_batch_destroy(batch);
   }
}

void
npu_batch_drop_all(struct npu_context *ctx)
{
   if (ctx->last_point)
      npu_queue_wait(ctx->timeline->queue, ctx->last_point, INT64_MAX);
   npu_batch_retire(ctx);
   assert(list_is_empty(&ctx->in_flight) && "the last point covers all batches");
   signal_fences(ctx->batch);
   release(ctx->batch);
}
