/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Counted references to a winsys queue, see npu_timeline.h.
 */

#include "npu_timeline.h"

#include <errno.h>
#include <stdlib.h>

struct npu_timeline *
npu_timeline_create(struct npu_device *dev, enum npu_priority priority)
{
   struct npu_timeline *timeline = malloc(sizeof(*timeline));
   if (!timeline)
      return NULL;

   timeline->refcount = 1;
   timeline->queue = npu_queue_create(dev, priority);
   if (!timeline->queue) {
      int err = errno;
      free(timeline);
      errno = err;
      return NULL;
   }
   return timeline;
}

void
npu_timeline_unref(struct npu_timeline *timeline)
{
   if (timeline && p_atomic_dec_zero(&timeline->refcount)) {
      npu_queue_destroy(timeline->queue);
      free(timeline);
   }
}
