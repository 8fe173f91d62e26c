/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_FENCE_H
#define NPU_FENCE_H

#include "c11/threads.h"
#include "pipe/p_screen.h"
#include "util/u_inlines.h"

struct npu_context;
struct npu_screen;
struct npu_timeline;

/* A fence is a point of a queue. One made by a deferred flush does not have its point yet: it gets
 * it when the context submits the batch.
 */
struct pipe_fence_handle {
   struct pipe_reference reference;

   mtx_t lock;
   cnd_t submitted;         /* signalled when ctx becomes NULL */
   struct npu_context *ctx; /* lock; whose unsubmitted batch this is, NULL: submitted */

   struct npu_timeline *timeline; /* valid once submitted; a reference */
   uint64_t point;                /* of timeline, valid once submitted */
};

/* An unsubmitted fence of ctx's current batch, with one reference. NULL when out of memory. */
struct pipe_fence_handle *npu_fence_create(struct npu_context *ctx);

/* Gives the fence its point and wakes who waits for it. */
void npu_fence_set_submitted(struct pipe_fence_handle *fence, struct npu_timeline *timeline,
                             uint64_t point);

/* pipe_screen::fence_reference for callers that have no screen at hand. */
void npu_fence_reference(struct pipe_fence_handle **dst, struct pipe_fence_handle *src);

/* Absolute CLOCK_MONOTONIC time for a relative Gallium timeout; "infinite" is INT64_MAX. */
int64_t npu_absolute_timeout(uint64_t timeout_ns);

void npu_fence_screen_init(struct npu_screen *screen);

#endif
