/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A winsys queue that several objects may wait on.
 *
 * The context that submits to a queue can go away, or abandon the queue for a new one after a fault,
 * while fences and buffers still remember points of it. So they share it by counted references.
 */

#ifndef NPU_TIMELINE_H
#define NPU_TIMELINE_H

#include "util/u_atomic.h"

#include "winsys/npu/npu_winsys.h"

struct npu_timeline {
   int32_t refcount; /* atomic */
   struct npu_queue *queue;
};

/* Makes a queue with one reference. NULL + errno on failure. */
struct npu_timeline *npu_timeline_create(struct npu_device *dev, enum npu_priority priority);

/* Adds a reference; returns its argument, which may be NULL. */
static inline struct npu_timeline *
npu_timeline_ref(struct npu_timeline *timeline)
{
   if (timeline)
      p_atomic_inc(&timeline->refcount);
   return timeline;
}

/* Drops a reference; the last one waits for the queue's work, then destroys it. NULL is allowed. */
void npu_timeline_unref(struct npu_timeline *timeline);

#endif
