/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Buffer objects: memory of the device, and the ioctls about them.
 *
 * Placement: one contiguous piece if there is one (2 MiB aligned from 2 MiB on, so that large pages
 * fit), else as few pieces as possible. A buffer that does not fit in pieces either is ENOSPC.
 *
 * Lifetime: handles, bindings, mappings and exported descriptors hold references. When the last one
 * goes, the buffer waits in npu_kmd.zap until the lock is about to be dropped; then its pages are
 * given back to the host without the lock (large buffers take milliseconds), which zeroes them, and
 * only then to the allocator. So what is free always reads as zero, and nobody sees the memory of
 * somebody else.
 */

#include "npu_kmd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PAGE_MASK ((uint64_t)NPU_PAGE_SIZE_B - 1)

static void
free_extents(struct npu_kmd *kmd, struct npu_kmd_bo *bo)
{
   for (uint32_t i = 0; i < bo->num_extents; i++)
      npu_range_heap_free(&kmd->vram, bo->extents[i].start, bo->extents[i].size);
   npu_kmd_free(bo->extents);
   bo->extents = NULL;
   bo->num_extents = 0;
}

static int
add_extent(struct npu_kmd_bo *bo, uint32_t *capacity, struct npu_range range)
{
   if (bo->num_extents == *capacity) {
      uint32_t new_capacity = *capacity ? *capacity * 2 : 1;
      struct npu_range *extents = npu_kmd_zalloc(new_capacity * sizeof(*extents));
      if (!extents)
         return -ENOMEM;
      if (bo->num_extents)
         memcpy(extents, bo->extents, bo->num_extents * sizeof(*extents));
      npu_kmd_free(bo->extents);
      bo->extents = extents;
      *capacity = new_capacity;
   }
   bo->extents[bo->num_extents++] = range;
   return 0;
}

static int
alloc_extents(struct npu_kmd *kmd, struct npu_kmd_bo *bo)
{
   uint64_t left_B = bo->size_B;
   uint32_t capacity = 0;

   if (bo->size_B > kmd->vram.free_size)
      return -ENOSPC;

   while (left_B) {
      struct npu_range range = {.size = left_B};
      uint64_t align = left_B >= NPU_LARGE_PAGE_SIZE_B ? NPU_LARGE_PAGE_SIZE_B : NPU_PAGE_SIZE_B;
      int ret = 0;

      if (!npu_range_heap_alloc(&kmd->vram, range.size, align, &range.start) &&
          !npu_range_heap_alloc_most(&kmd->vram, left_B, align, &range) &&
          !npu_range_heap_alloc_most(&kmd->vram, left_B, NPU_PAGE_SIZE_B, &range))
         ret = -ENOSPC;
      if (!ret) {
         ret = add_extent(bo, &capacity, range);
         if (ret)
            npu_range_heap_free(&kmd->vram, range.start, range.size);
      }
      if (ret) {
         free_extents(kmd, bo);
         return ret;
      }
      left_B -= range.size;
   }
   return 0;
}

int
npu_kmd_bo_create(struct npu_kmd *kmd, uint64_t size_B, uint32_t flags, uint64_t vm_uid,
                  struct npu_kmd_bo **out)
{
   struct npu_kmd_bo *bo = npu_kmd_zalloc(sizeof(*bo));
   if (!bo)
      return -ENOMEM;

   bo->refs = 1;
   bo->size_B = size_B;
   bo->flags = flags;
   bo->vm_uid = vm_uid;
   npu_list_init(&bo->zap_node);

   int ret = alloc_extents(kmd, bo);
   if (ret == -ENOSPC) {
      /* Memory of closed descriptors, and what other threads are zeroing now, may be enough. */
      npu_kmd_share_sweep(kmd, false);
      do {
         npu_kmd_bo_zap(kmd);
         ret = alloc_extents(kmd, bo);
      } while (ret == -ENOSPC && kmd->num_zapping && npu_kmd_wait_changed(kmd, INT64_MAX));
   }
   if (!ret && !(flags & DRM_NPU_BO_NO_MMAP) &&
       !npu_range_heap_alloc(&kmd->offsets, size_B, NPU_PAGE_SIZE_B, &bo->offset))
   {
      free_extents(kmd, bo);
      ret = -ENOMEM;
   }
   if (ret) {
      npu_kmd_free(bo);
      return ret;
   }
   *out = bo;
   return 0;
}

struct npu_kmd_bo *
npu_kmd_bo_ref(struct npu_kmd_bo *bo)
{
   bo->refs++;
   return bo;
}

void
npu_kmd_bo_unref(struct npu_kmd *kmd, struct npu_kmd_bo *bo)
{
   if (bo && --bo->refs == 0)
      npu_list_append(&kmd->zap, &bo->zap_node);
}

/* Returns the pages to the host; they read as zero afterwards. */
static void
zero_memory(struct npu_kmd *kmd, const struct npu_range *extent)
{
   if (fallocate(kmd->mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, extent->start,
                 extent->size))
      memset(kmd->mem + extent->start, 0, extent->size);
}

void
npu_kmd_bo_zap(struct npu_kmd *kmd)
{
   struct npu_list dead;

   npu_list_init(&dead);
   npu_list_splice(&dead, &kmd->zap);
   if (npu_list_is_empty(&dead))
      return;

   kmd->num_zapping++;
   pthread_mutex_unlock(&kmd->lock);
   npu_list_foreach(node, &dead)
   {
      struct npu_kmd_bo *bo = npu_container_of(node, struct npu_kmd_bo, zap_node);
      /* When the device itself goes, mappings that are left keep their content. */
      for (uint32_t i = 0; !kmd->stop && i < bo->num_extents; i++)
         zero_memory(kmd, &bo->extents[i]);
   }
   pthread_mutex_lock(&kmd->lock);
   kmd->num_zapping--;

   npu_list_foreach_safe(node, &dead)
   {
      struct npu_kmd_bo *bo = npu_container_of(node, struct npu_kmd_bo, zap_node);
      if (bo->offset)
         npu_range_heap_free(&kmd->offsets, bo->offset, bo->size_B);
      free_extents(kmd, bo);
      npu_kmd_free(bo);
   }
   pthread_cond_broadcast(&kmd->changed);
}

int
npu_kmd_bo_handle(struct npu_kmd_file *file, struct npu_kmd_bo *bo, uint32_t *out_handle)
{
   npu_idr_foreach(&file->bos, id)
   {
      if (npu_idr_find(&file->bos, id) == bo) {
         *out_handle = id;
         return 0;
      }
   }

   int ret = npu_idr_add(&file->bos, bo, out_handle);
   if (!ret)
      npu_kmd_bo_ref(bo);
   return ret;
}

/* ------------------------------------------------------------------------------------ ioctls -- */

int
npu_kmd_ioctl_bo_create(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_bo_create *args = data;
   const uint32_t known = DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_PLACE_SYSTEM | DRM_NPU_BO_NO_MMAP;
   uint64_t vm_uid = 0;

   /* The model has device memory only. */
   if (args->pad || (args->flags & ~known) || !(args->flags & DRM_NPU_BO_PLACE_DEVICE))
      return -EINVAL;
   if (!args->size || args->size > UINT64_MAX - PAGE_MASK)
      return -EINVAL;

   if (args->vm_id) {
      const struct npu_kmd_vm *vm = npu_idr_find(&file->vms, args->vm_id);
      if (!vm)
         return -ENOENT;
      vm_uid = vm->uid;
   }

   uint64_t size_B = (args->size + PAGE_MASK) & ~PAGE_MASK;
   struct npu_kmd_bo *bo;
   int ret = npu_kmd_bo_create(file->kmd, size_B, args->flags, vm_uid, &bo);
   if (ret)
      return ret;

   ret = npu_idr_add(&file->bos, bo, &args->handle);
   if (ret)
      npu_kmd_bo_unref(file->kmd, bo);
   else
      args->size = size_B;
   return ret;
}

int
npu_kmd_ioctl_gem_close(struct npu_kmd_file *file, void *data)
{
   const struct drm_gem_close *args = data;
   struct npu_kmd_bo *bo = npu_idr_remove(&file->bos, args->handle);

   if (!bo)
      return -EINVAL;
   npu_kmd_bo_unref(file->kmd, bo);
   return 0;
}

int
npu_kmd_ioctl_bo_mmap_offset(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_bo_mmap_offset *args = data;

   if (args->pad)
      return -EINVAL;

   const struct npu_kmd_bo *bo = npu_idr_find(&file->bos, args->handle);
   if (!bo)
      return -ENOENT;
   if (!bo->offset)
      return -EPERM;
   args->offset = bo->offset;
   return 0;
}

int
npu_kmd_ioctl_bo_get_info(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_bo_get_info *args = data;
   const struct npu_kmd_bo *bo = npu_idr_find(&file->bos, args->handle);

   if (!bo)
      return -ENOENT;

   args->flags = bo->flags;
   args->size = bo->size_B;
   args->vm_id = 0;
   args->imported = 0;
   npu_idr_foreach(&file->vms, id)
   {
      const struct npu_kmd_vm *vm = npu_idr_find(&file->vms, id);
      if (vm->uid == bo->vm_uid)
         args->vm_id = id;
   }
   return 0;
}

int
npu_kmd_ioctl_bo_set_label(struct npu_kmd_file *file, void *data)
{
   const struct drm_npu_bo_set_label *args = data;
   char label[DRM_NPU_MAX_LABEL_SIZE + 1] = "";

   if (args->size > DRM_NPU_MAX_LABEL_SIZE || (!args->size && args->label))
      return -EINVAL;
   struct npu_kmd_bo *bo = npu_idr_find(&file->bos, args->handle);
   if (!bo)
      return -ENOENT;
   if (npu_kmd_copy_in(label, args->label, args->size))
      return -EFAULT;
   memcpy(bo->label, label, sizeof(label));
   return 0;
}

int
npu_kmd_ioctl_prime_handle_to_fd(struct npu_kmd_file *file, void *data)
{
   struct drm_prime_handle *args = data;

   if (args->flags & ~(DRM_CLOEXEC | DRM_RDWR))
      return -EINVAL;

   struct npu_kmd_bo *bo = npu_idr_find(&file->bos, args->handle);
   if (!bo)
      return -ENOENT;
   if (bo->vm_uid)
      return -EPERM;

   int fd = npu_kmd_share_export(file->kmd, NPU_KMD_SHARE_BO, bo, args->flags & DRM_CLOEXEC);
   if (fd < 0)
      return fd;
   args->fd = fd;
   return 0;
}

int
npu_kmd_ioctl_prime_fd_to_handle(struct npu_kmd_file *file, void *data)
{
   struct drm_prime_handle *args = data;
   struct npu_kmd_bo *bo = npu_kmd_share_find(file->kmd, NPU_KMD_SHARE_BO, args->fd);

   if (!bo)
      return fcntl(args->fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
   return npu_kmd_bo_handle(file, bo, &args->handle);
}
