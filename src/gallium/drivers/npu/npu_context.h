/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_CONTEXT_H
#define NPU_CONTEXT_H

#include "pipe/p_context.h"
#include "pipe/p_defines.h"
#include "util/list.h"
#include "util/slab.h"
#include "util/u_dynarray.h"

#include "npu_screen.h"

struct npu_batch;
struct npu_image_state;
struct npu_program;
struct npu_timeline;

/* A pipe context: bindings, the batch that is being recorded, and a winsys queue. Used by one
 * thread at a time; Rusticl has one per command queue and one more behind a lock.
 */
struct npu_context {
   struct pipe_context base;
   struct npu_screen *screen;
   enum npu_priority priority;

   struct npu_timeline *timeline; /* the queue; replaced after a fault */
   uint64_t last_point;           /* newest point of timeline, 0: none yet */
   bool queue_dead;               /* it died of a fault that is already reported */

   struct npu_batch *batch; /* being recorded; NULL only while the context is made or destroyed */
   struct list_head in_flight; /* npu_batch.link, oldest first */

   /* What get_device_reset_status will answer the next time: something of this context was lost. */
   enum pipe_reset_status reset;

   struct slab_child_pool transfers; /* struct pipe_transfer */
   struct util_dynarray free_pools;  /* struct npu_pool: upload memory no batch uses */

   /* Bindings. A launch takes what it needs into the batch: they may change right after it. */
   struct npu_program *program;    /* a reference */
   struct util_dynarray globals;   /* struct pipe_resource *, references, NULL entries allowed */
   struct util_dynarray constbuf;  /* bytes of constant buffer 0 */
   struct npu_image_state *images; /* images and samplers */

   struct npu_bo *scratch; /* private memory of all wave slots, NULL: none yet */

   struct util_dynarray query_slabs;      /* struct npu_query_slab */
   struct util_dynarray free_query_slots; /* uint32_t */
   struct npu_query *idle_query; /* ended while there was nothing to do, and nothing was since */
};

static inline struct npu_context *
npu_context(struct pipe_context *pctx)
{
   return (struct npu_context *)pctx;
}

/* pipe_screen::context_create. priv and most flags mean nothing here. NULL when out of memory or
 * hardware contexts.
 */
struct pipe_context *npu_context_create(struct pipe_screen *pscreen, void *priv, unsigned flags);

/* Notes that work of this context is lost, so that its events fail, and prints why. */
void npu_context_lose(struct npu_context *ctx, const char *fmt, ...) PRINTFLIKE(2, 3);

/* Looks whether the queue died of a fault and, if so, loses the context with the fault's
 * description. */
void npu_context_check_queue(struct npu_context *ctx);

/* Whether everything that was asked of the context so far is done. */
bool npu_context_is_idle(const struct npu_context *ctx);

#endif
