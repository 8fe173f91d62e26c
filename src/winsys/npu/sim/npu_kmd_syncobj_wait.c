/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Waiting for sync objects, and moving fences between them.
 *
 * A waiter sleeps on npu_kmd.changed and looks again at what it waits for. Per entry:
 *  1. The fence is the one the sync object had (at that point) when the call began; a later reset
 * or replacement does not disturb the waiter.
 *  2. Without a fence the call fails with EINVAL, unless WAIT_FOR_SUBMIT asks to wait for one as
 * well. WAIT_AVAILABLE alone tolerates a missing fence but, as in the kernel, never looks for it
 * again.
 *  3. Done is: signalled, or with WAIT_AVAILABLE: there.
 *
 * Timeouts are absolute, CLOCK_MONOTONIC; 0 and times of the past poll once.
 */

#include "npu_kmd.h"

#include "npu_sim.h"

#include <errno.h>

#define FOR_SUBMIT DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT
#define WAIT_ALL   DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL
#define AVAILABLE  DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE

/* How long SYNCOBJ_TRANSFER waits for a fence to be submitted. */
#define TRANSFER_TIMEOUT_NS 5000000000ll

struct wait_entry {
   struct npu_kmd_syncobj *syncobj;
   struct npu_kmd_fence *fence;
   uint64_t point;
};

static void
find_fence(struct npu_kmd *kmd, struct wait_entry *entry)
{
   if (!entry->fence) {
      struct npu_kmd_fence *fence = npu_kmd_fence_find_point(kmd, entry->syncobj->fence,
                                                             entry->point);
      if (fence)
         entry->fence = npu_kmd_fence_ref(fence);
   }
}

/* Counts the entries that are done; *first is one of them. */
static uint32_t
count_done(const struct wait_entry *entries, uint32_t count, uint32_t flags, uint32_t *first)
{
   uint32_t done = 0;

   for (uint32_t i = 0; i < count; i++) {
      const struct npu_kmd_fence *fence = entries[i].fence;
      if (fence && (fence->signalled || (flags & AVAILABLE))) {
         if (!done++)
            *first = i;
      }
   }
   return done;
}

/* The job that must end before the fence signals, if it is on the hardware. */
static const struct npu_kmd_job *
job_of(const struct npu_kmd_fence *fence)
{
   if (fence->is_chain && fence->cb[0].fence)
      fence = fence->cb[0].fence;
   return fence->job && fence->job->ctx->hwq ? fence->job : NULL;
}

static bool
has_signalled(void *data)
{
   const struct npu_kmd_fence *fence = data;
   return __atomic_load_n(&fence->signalled, __ATOMIC_ACQUIRE);
}

/* Instead of sleeping until the device has done something, the thread works for it. Only where it
 * does not matter how long that takes.
 */
static void
help_device(struct npu_kmd *kmd, struct npu_kmd_fence *fence)
{
   const struct npu_kmd_job *job = job_of(fence);
   if (!job)
      return;

   unsigned queue = job->ctx->hwq->index;
   npu_kmd_bell_wait(job->ctx);
   npu_kmd_unlock(kmd);
   npu_sim_lend_thread(kmd->model, queue, has_signalled, fence);
   npu_kmd_lock(kmd);
}

/* 0, -ETIME or -EINVAL. */
static int
wait_entries(struct npu_kmd *kmd, struct wait_entry *entries, uint32_t count, uint32_t flags,
             int64_t deadline_ns, uint32_t *first)
{
   for (uint32_t i = 0; i < count; i++) {
      find_fence(kmd, &entries[i]);
      if (!entries[i].fence && !(flags & (FOR_SUBMIT | AVAILABLE)))
         return -EINVAL;
   }

   if (count == 1 && deadline_ns == INT64_MAX && entries[0].fence && !(flags & AVAILABLE))
      help_device(kmd, entries[0].fence);

   bool in_time = true;
   while (true) {
      uint32_t first_done = UINT32_MAX;
      uint32_t done = count_done(entries, count, flags, &first_done);
      if (done == count || (done && !(flags & WAIT_ALL))) {
         *first = first_done;
         return 0;
      }
      if (!in_time)
         return -ETIME;

      in_time = npu_kmd_wait_changed(kmd, deadline_ns);
      for (uint32_t i = 0; (flags & FOR_SUBMIT) && i < count; i++)
         find_fence(kmd, &entries[i]);
   }
}

static int
wait_array(struct npu_kmd_file *file, uint64_t user_handles, uint64_t user_points, uint32_t count,
           uint32_t flags, int64_t deadline_ns, uint32_t *first)
{
   struct npu_kmd_syncobj **syncobjs;

   /* The one call about sync objects that takes an empty array. */
   if (!count)
      return 0;
   int ret = npu_kmd_syncobj_find_array(file, user_handles, count, &syncobjs);
   if (ret)
      return ret;

   struct wait_entry *entries = npu_kmd_zalloc(count * sizeof(*entries));
   uint64_t *points = npu_kmd_zalloc(count * sizeof(*points));
   if (!entries || !points)
      ret = -ENOMEM;
   if (!ret && user_points)
      ret = npu_kmd_copy_in(points, user_points, count * sizeof(*points));

   if (!ret) {
      for (uint32_t i = 0; i < count; i++) {
         entries[i].syncobj = npu_kmd_syncobj_ref(syncobjs[i]);
         entries[i].point = points[i];
      }
      ret = wait_entries(file->kmd, entries, count, flags, deadline_ns, first);
      for (uint32_t i = 0; i < count; i++) {
         npu_kmd_fence_unref(entries[i].fence);
         npu_kmd_syncobj_unref(entries[i].syncobj);
      }
   }

   npu_kmd_free(points);
   npu_kmd_free(entries);
   npu_kmd_free(syncobjs);
   return ret;
}

int
npu_kmd_ioctl_syncobj_wait(struct npu_kmd_file *file, void *data)
{
   struct drm_syncobj_wait *args = data;

   if (args->flags & ~(WAIT_ALL | FOR_SUBMIT))
      return -EINVAL;
   return wait_array(file, args->handles, 0, args->count_handles, args->flags, args->timeout_nsec,
                     &args->first_signaled);
}

int
npu_kmd_ioctl_syncobj_timeline_wait(struct npu_kmd_file *file, void *data)
{
   struct drm_syncobj_timeline_wait *args = data;

   if (args->flags & ~(WAIT_ALL | FOR_SUBMIT | AVAILABLE))
      return -EINVAL;
   return wait_array(file, args->handles, args->points, args->count_handles, args->flags,
                     args->timeout_nsec, &args->first_signaled);
}

int
npu_kmd_ioctl_syncobj_transfer(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_transfer *args = data;
   struct npu_kmd *kmd = file->kmd;

   if (args->pad)
      return -EINVAL;

   struct npu_kmd_syncobj *to = npu_idr_find(&file->syncobjs, args->dst_handle);
   struct npu_kmd_syncobj *from = npu_idr_find(&file->syncobjs, args->src_handle);
   if (!to || !from)
      return -ENOENT;

   struct npu_kmd_fence *node = NULL;
   if (args->dst_point && !(node = npu_kmd_fence_create()))
      return -ENOMEM;

   /* Both may be closed while this waits. */
   npu_kmd_syncobj_ref(to);
   struct wait_entry entry = {npu_kmd_syncobj_ref(from), NULL, args->src_point};
   uint32_t first;
   int ret = wait_entries(kmd, &entry, 1, (args->flags & FOR_SUBMIT) | AVAILABLE,
                          args->flags & FOR_SUBMIT ? npu_kmd_now_ns() + TRANSFER_TIMEOUT_NS : 0,
                          &first);
   if (ret && !(args->flags & FOR_SUBMIT))
      ret = -EINVAL;

   if (!ret && node)
      npu_kmd_syncobj_add_point(kmd, to, node, entry.fence, args->dst_point);
   else if (!ret)
      npu_kmd_syncobj_replace(kmd, to, entry.fence);

   npu_kmd_fence_unref(entry.fence);
   npu_kmd_fence_unref(node);
   npu_kmd_syncobj_unref(from);
   npu_kmd_syncobj_unref(to);
   return ret;
}
