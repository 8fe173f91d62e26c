/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Sync objects: containers of a fence that can be replaced (binary), or of the end of a timeline.
 * What each call checks, and in which order, is that of the DRM core, so that one test plan fits
 * both.
 */

#include "npu_kmd.h"

#include <errno.h>
#include <string.h>

struct npu_kmd_syncobj *
npu_kmd_syncobj_ref(struct npu_kmd_syncobj *syncobj)
{
   syncobj->refs++;
   return syncobj;
}

void
npu_kmd_syncobj_unref(struct npu_kmd_syncobj *syncobj)
{
   if (!syncobj || --syncobj->refs)
      return;
   npu_kmd_fence_unref(syncobj->fence);
   npu_kmd_free(syncobj);
}

void
npu_kmd_syncobj_replace(struct npu_kmd *kmd, struct npu_kmd_syncobj *syncobj,
                        struct npu_kmd_fence *fence)
{
   struct npu_kmd_fence *old = syncobj->fence;

   syncobj->fence = fence ? npu_kmd_fence_ref(fence) : NULL;
   npu_kmd_fence_unref(old);
   pthread_cond_broadcast(&kmd->changed); /* somebody may wait for a submit */
}

void
npu_kmd_syncobj_add_point(struct npu_kmd *kmd, struct npu_kmd_syncobj *syncobj,
                          struct npu_kmd_fence *node, struct npu_kmd_fence *fence, uint64_t point)
{
   npu_kmd_fence_chain(kmd, node, syncobj->fence, fence, point);
   npu_kmd_syncobj_replace(kmd, syncobj, node);
}

/* ------------------------------------------------------------------------- SUBMIT and VM_BIND -- */

static int
prepare_waits(struct npu_kmd_file *file, struct npu_kmd_syncs *syncs,
              const struct drm_npu_sync *waits, uint32_t count)
{
   if (!count)
      return 0;
   syncs->deps.array = npu_kmd_zalloc(count * sizeof(*syncs->deps.array));
   if (!syncs->deps.array)
      return -ENOMEM;

   for (uint32_t i = 0; i < count; i++) {
      struct npu_kmd_syncobj *syncobj = npu_idr_find(&file->syncobjs, waits[i].handle);
      if (!syncobj)
         return -ENOENT;

      struct npu_kmd_fence *fence = npu_kmd_fence_find_point(file->kmd, syncobj->fence,
                                                             waits[i].point);
      if (!fence)
         return -EINVAL;

      /* Hold it here until npu_kmd_deps_start makes a callback of it. */
      struct npu_kmd_dep *dep = &syncs->deps.array[syncs->deps.count++];
      npu_list_init(&dep->cb.node);
      dep->cb.fence = npu_kmd_fence_ref(fence);
   }
   return 0;
}

static int
prepare_signals(struct npu_kmd_file *file, struct npu_kmd_syncs *syncs,
                const struct drm_npu_sync *signals, uint32_t count)
{
   if (!count)
      return 0;
   syncs->signals = npu_kmd_zalloc(count * sizeof(*syncs->signals));
   if (!syncs->signals)
      return -ENOMEM;

   for (uint32_t i = 0; i < count; i++) {
      struct npu_kmd_syncobj *syncobj = npu_idr_find(&file->syncobjs, signals[i].handle);
      if (!syncobj)
         return -ENOENT;

      struct npu_kmd_signal *signal = &syncs->signals[syncs->num_signals++];
      signal->syncobj = npu_kmd_syncobj_ref(syncobj);
      signal->point = signals[i].point;
      if (signal->point && !(signal->node = npu_kmd_fence_create()))
         return -ENOMEM;
   }
   return 0;
}

/* Flags and points of both arrays, before any handle is looked at. */
static bool
syncs_are_valid(const struct drm_npu_sync *array, uint32_t count)
{
   for (uint32_t i = 0; i < count; i++) {
      if (array[i].flags & ~DRM_NPU_SYNC_TIMELINE)
         return false;
      if (!!(array[i].flags & DRM_NPU_SYNC_TIMELINE) != !!array[i].point)
         return false;
   }
   return true;
}

int
npu_kmd_syncs_prepare(struct npu_kmd_file *file, struct npu_kmd_syncs *syncs,
                      const struct drm_npu_sync *waits, uint32_t num_waits,
                      const struct drm_npu_sync *signals, uint32_t num_signals)
{
   *syncs = (struct npu_kmd_syncs){0};
   if (!syncs_are_valid(waits, num_waits) || !syncs_are_valid(signals, num_signals))
      return -EINVAL;

   int ret = prepare_waits(file, syncs, waits, num_waits);
   if (!ret)
      ret = prepare_signals(file, syncs, signals, num_signals);
   if (ret)
      npu_kmd_syncs_fini(syncs);
   return ret;
}

void
npu_kmd_syncs_commit(struct npu_kmd *kmd, struct npu_kmd_syncs *syncs, struct npu_kmd_fence *fence)
{
   for (uint32_t i = 0; i < syncs->num_signals; i++) {
      struct npu_kmd_signal *signal = &syncs->signals[i];

      if (signal->node)
         npu_kmd_syncobj_add_point(kmd, signal->syncobj, signal->node, fence, signal->point);
      else
         npu_kmd_syncobj_replace(kmd, signal->syncobj, fence);
   }
}

void
npu_kmd_syncs_fini(struct npu_kmd_syncs *syncs)
{
   npu_kmd_deps_fini(&syncs->deps);
   for (uint32_t i = 0; i < syncs->num_signals; i++) {
      npu_kmd_syncobj_unref(syncs->signals[i].syncobj);
      npu_kmd_fence_unref(syncs->signals[i].node);
   }
   npu_kmd_free(syncs->signals);
   *syncs = (struct npu_kmd_syncs){0};
}

/* ------------------------------------------------------------------------- create and destroy -- */

int
npu_kmd_ioctl_syncobj_create(struct npu_kmd_file *file, void *data)
{
   struct drm_syncobj_create *args = data;

   if (args->flags & ~DRM_SYNCOBJ_CREATE_SIGNALED)
      return -EINVAL;

   struct npu_kmd_syncobj *syncobj = npu_kmd_zalloc(sizeof(*syncobj));
   if (!syncobj)
      return -ENOMEM;
   syncobj->refs = 1;

   if (args->flags & DRM_SYNCOBJ_CREATE_SIGNALED)
      syncobj->fence = npu_kmd_fence_ref(file->kmd->signalled);

   int ret = npu_idr_add(&file->syncobjs, syncobj, &args->handle);
   if (ret)
      npu_kmd_syncobj_unref(syncobj);
   return ret;
}

int
npu_kmd_ioctl_syncobj_destroy(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_destroy *args = data;

   if (args->pad)
      return -EINVAL;

   struct npu_kmd_syncobj *syncobj = npu_idr_remove(&file->syncobjs, args->handle);
   if (!syncobj)
      return -EINVAL;
   npu_kmd_syncobj_unref(syncobj);
   return 0;
}

/* ------------------------------------------------------------------------------ import, export -- */

int
npu_kmd_ioctl_syncobj_handle_to_fd(struct npu_kmd_file *file, void *data)
{
   struct drm_syncobj_handle *args = data;
   bool sync_file = args->flags == DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;

   if (args->pad || (args->flags && !sync_file))
      return -EINVAL;

   struct npu_kmd_syncobj *syncobj = npu_idr_find(&file->syncobjs, args->handle);
   if (!syncobj)
      return sync_file ? -ENOENT : -EINVAL;
   if (sync_file && !syncobj->fence)
      return -EINVAL;

   int fd = sync_file ? npu_kmd_share_export(file->kmd, NPU_KMD_SHARE_FENCE, syncobj->fence, true)
                      : npu_kmd_share_export(file->kmd, NPU_KMD_SHARE_SYNCOBJ, syncobj, true);
   if (fd < 0)
      return fd;
   args->fd = fd;
   return 0;
}

int
npu_kmd_ioctl_syncobj_fd_to_handle(struct npu_kmd_file *file, void *data)
{
   struct drm_syncobj_handle *args = data;
   bool sync_file = args->flags == DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;

   if (args->pad || (args->flags && !sync_file))
      return -EINVAL;

   if (sync_file) {
      struct npu_kmd_fence *fence = npu_kmd_share_find(file->kmd, NPU_KMD_SHARE_FENCE, args->fd);
      if (!fence)
         return -EINVAL;

      struct npu_kmd_syncobj *syncobj = npu_idr_find(&file->syncobjs, args->handle);
      if (!syncobj)
         return -ENOENT;
      npu_kmd_syncobj_replace(file->kmd, syncobj, fence);
      return 0;
   }

   struct npu_kmd_syncobj *syncobj = npu_kmd_share_find(file->kmd, NPU_KMD_SHARE_SYNCOBJ, args->fd);
   if (!syncobj)
      return -EINVAL;

   int ret = npu_idr_add(&file->syncobjs, syncobj, &args->handle);
   if (!ret)
      npu_kmd_syncobj_ref(syncobj);
   return ret;
}

/* -------------------------------------------------------------------------- arrays of handles -- */

/* The kernel cannot allocate larger arrays of pointers (KMALLOC_MAX_SIZE). */
#define MAX_HANDLES (4u << 20 >> 3)

int
npu_kmd_syncobj_find_array(struct npu_kmd_file *file, uint64_t user_handles, uint32_t count,
                           struct npu_kmd_syncobj ***out)
{
   if (!count)
      return -EINVAL;
   if (count > MAX_HANDLES)
      return -ENOMEM;

   uint32_t *handles = npu_kmd_zalloc(count * sizeof(*handles));
   struct npu_kmd_syncobj **syncobjs = npu_kmd_zalloc(count * sizeof(*syncobjs));
   int ret = handles && syncobjs ? 0 : -ENOMEM;

   if (!ret)
      ret = npu_kmd_copy_in(handles, user_handles, count * sizeof(*handles));
   for (uint32_t i = 0; !ret && i < count; i++) {
      syncobjs[i] = npu_idr_find(&file->syncobjs, handles[i]);
      if (!syncobjs[i])
         ret = -ENOENT;
   }

   npu_kmd_free(handles);
   if (ret)
      npu_kmd_free(syncobjs);
   else
      *out = syncobjs;
   return ret;
}

int
npu_kmd_ioctl_syncobj_reset(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_array *args = data;
   struct npu_kmd_syncobj **syncobjs;

   if (args->pad)
      return -EINVAL;
   int ret = npu_kmd_syncobj_find_array(file, args->handles, args->count_handles, &syncobjs);
   if (ret)
      return ret;

   for (uint32_t i = 0; i < args->count_handles; i++)
      npu_kmd_syncobj_replace(file->kmd, syncobjs[i], NULL);
   npu_kmd_free(syncobjs);
   return 0;
}

int
npu_kmd_ioctl_syncobj_signal(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_array *args = data;
   struct npu_kmd_syncobj **syncobjs;

   if (args->pad)
      return -EINVAL;
   int ret = npu_kmd_syncobj_find_array(file, args->handles, args->count_handles, &syncobjs);
   if (ret)
      return ret;

   for (uint32_t i = 0; i < args->count_handles; i++)
      npu_kmd_syncobj_replace(file->kmd, syncobjs[i], file->kmd->signalled);
   npu_kmd_free(syncobjs);
   return 0;
}

int
npu_kmd_ioctl_syncobj_timeline_signal(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_timeline_array *args = data;
   struct npu_kmd_syncobj **syncobjs;

   if (args->flags)
      return -EINVAL;
   int ret = npu_kmd_syncobj_find_array(file, args->handles, args->count_handles, &syncobjs);
   if (ret)
      return ret;

   uint32_t count = args->count_handles, num_nodes = 0;
   uint64_t *points = npu_kmd_zalloc((size_t)count * sizeof(*points));
   struct npu_kmd_fence **nodes = npu_kmd_zalloc((size_t)count * sizeof(*nodes));

   if (!points || !nodes)
      ret = -ENOMEM;
   if (!ret && args->points)
      ret = npu_kmd_copy_in(points, args->points, (size_t)count * sizeof(*points));
   while (!ret && num_nodes < count) {
      nodes[num_nodes] = npu_kmd_fence_create();
      if (nodes[num_nodes])
         num_nodes++;
      else
         ret = -ENOMEM;
   }

   for (uint32_t i = 0; i < num_nodes; i++) {
      if (!ret)
         npu_kmd_syncobj_add_point(file->kmd, syncobjs[i], nodes[i], file->kmd->signalled,
                                   points[i]);
      npu_kmd_fence_unref(nodes[i]);
   }

   npu_kmd_free(nodes);
   npu_kmd_free(points);
   npu_kmd_free(syncobjs);
   return ret;
}

/* The highest point whose node and all nodes before have signalled. */
static uint64_t
last_signalled_point(const struct npu_kmd_fence *fence)
{
   const struct npu_kmd_fence *node = fence;

   if (!node || !node->is_chain)
      return 0;
   /* The earliest pending node of this timeline; what is before it has signalled. */
   while (node->prev && node->prev->timeline == fence->timeline)
      node = node->prev;
   return node->signalled ? node->point : node->prev_point;
}

int
npu_kmd_ioctl_syncobj_query(struct npu_kmd_file *file, void *data)
{
   const struct drm_syncobj_timeline_array *args = data;
   struct npu_kmd_syncobj **syncobjs;

   if (args->flags & ~DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED)
      return -EINVAL;
   int ret = npu_kmd_syncobj_find_array(file, args->handles, args->count_handles, &syncobjs);
   if (ret)
      return ret;

   for (uint32_t i = 0; !ret && i < args->count_handles; i++) {
      const struct npu_kmd_fence *fence = syncobjs[i]->fence;
      uint64_t point = 0;

      if (!(args->flags & DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED))
         point = last_signalled_point(fence);
      else if (fence && fence->is_chain)
         point = fence->point;
      ret = npu_kmd_copy_out(args->points + i * sizeof(point), &point, sizeof(point));
   }
   npu_kmd_free(syncobjs);
   return ret;
}
