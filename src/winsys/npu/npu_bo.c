/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Buffers: allocation, address, mapping, sharing.
 *
 * Addresses come from one heap per device. Each buffer takes a page more than it has, which is
 * never bound; with the unbindable first 64 KiB so does what lies before it. Running over an end of
 * a buffer faults instead of hitting a neighbour, and for a while so does using a freed one.
 */

#include "npu_device_private.h"
#include "npu_winsys_debug.h"

#include "drm.h"
#include "drm/npu_accel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LARGE_PAGE_B (2ull << 20)
#define KNOWN_FLAGS                                                                                \
   (NPU_BO_EXEC | NPU_BO_READ_ONLY | NPU_BO_UNINITIALIZED | NPU_BO_SHAREABLE |                     \
    NPU_BO_AT_HOST_ADDRESS)

/* Places to try for NPU_BO_AT_HOST_ADDRESS. */
#define MAX_HOST_PLACES 4096

static struct npu_bo_private *
to_private(struct npu_bo *bo)
{
   return (struct npu_bo_private *)bo;
}

static int64_t
now_ns(void)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint32_t
map_flags(uint32_t flags)
{
   uint32_t result = DRM_NPU_VM_MAP_READ;

   if (flags & NPU_BO_EXEC)
      result |= DRM_NPU_VM_MAP_EXEC;
   else if (!(flags & NPU_BO_READ_ONLY))
      result |= DRM_NPU_VM_MAP_WRITE;
   return result;
}

static int
bind(struct npu_bo_private *bo, uint32_t op)
{
   struct npu_device *dev = bo->base.dev;
   bool map = op == DRM_NPU_VM_BIND_OP_MAP;
   struct drm_npu_vm_bind_op bind_op = {
      .op = op,
      .flags = map ? map_flags(bo->base.flags) : 0,
      .handle = map ? bo->base.handle : 0,
      .va = bo->base.va,
      .size = bo->base.size_B,
   };
   struct drm_npu_vm_bind args = {
      .vm_id = dev->vm_id,
      .ops = DRM_NPU_OBJ_ARRAY(&bind_op, 1),
   };
   return npu_device_ioctl(dev, DRM_IOCTL_NPU_VM_BIND, &args);
}

static void
close_handle(struct npu_bo_private *bo)
{
   struct drm_gem_close args = {.handle = bo->base.handle};
   npu_device_ioctl(bo->base.dev, DRM_IOCTL_GEM_CLOSE, &args);
}

/* Tells the kernel what a buffer is for, for its core dumps. That it does not know how to, or has no
 * memory for it, is nobody's concern.
 */
static void
set_label(struct npu_bo_private *bo)
{
   size_t size_B = bo->label ? strlen(bo->label) : 0;
   struct drm_npu_bo_set_label args = {
      .handle = bo->base.handle,
      .size = size_B < DRM_NPU_MAX_LABEL_SIZE ? size_B : DRM_NPU_MAX_LABEL_SIZE,
      .label = size_B ? (uintptr_t)bo->label : 0,
   };
   npu_device_ioctl(bo->base.dev, DRM_IOCTL_NPU_BO_SET_LABEL, &args);
}

static void
link_bo(struct npu_bo_private *bo)
{
   struct npu_device *dev = bo->base.dev;

   bo->prev = NULL;
   bo->next = dev->bos;
   if (bo->next)
      bo->next->prev = bo;
   dev->bos = bo;
}

static void
unlink_bo(struct npu_bo_private *bo)
{
   if (bo->prev)
      bo->prev->next = bo->next;
   else
      bo->base.dev->bos = bo->next;
   if (bo->next)
      bo->next->prev = bo->prev;
   bo->prev = bo->next = NULL;
}

/* Puts an address range into quarantine; the oldest one there becomes free. With the lock held. */
static void
free_va(struct npu_device *dev, uint64_t va, uint64_t size_B)
{
   struct npu_range *range = &dev->quarantine[dev->quarantine_next];

   dev->quarantine_next = (dev->quarantine_next + 1) % NPU_BO_QUARANTINE;
   if (range->size)
      npu_range_heap_free(&dev->va_heap, range->start, range->size);
   *range = (struct npu_range){va, size_B};
}

/* With the lock held. */
static bool
alloc_va(struct npu_device *dev, uint64_t size_B, uint64_t align, uint64_t *out_va)
{
   if (npu_range_heap_alloc(&dev->va_heap, size_B, align, out_va))
      return true;

   /* Better a short quarantine than none at all. */
   for (unsigned i = 0; i < NPU_BO_QUARANTINE; i++)
      free_va(dev, 0, 0);
   return npu_range_heap_alloc(&dev->va_heap, size_B, align, out_va);
}

/* Gives a new buffer, which has a handle, an address and links it. With the lock held. */
static int
place_bo(struct npu_bo_private *bo)
{
   struct npu_device *dev = bo->base.dev;
   uint64_t align = bo->base.size_B >= LARGE_PAGE_B ? LARGE_PAGE_B : dev->info.page_size_B;

   bo->va_size_B = bo->base.size_B + NPU_BO_GUARD_B;
   if (!alloc_va(dev, bo->va_size_B, align, &bo->base.va))
      return -ENOSPC;

   int ret = bind(bo, DRM_NPU_VM_BIND_OP_MAP);
   if (ret)
      npu_range_heap_free(&dev->va_heap, bo->base.va, bo->va_size_B);
   else
      link_bo(bo);
   return ret;
}

/* Gives a new buffer an address that is free on the device and in this process, and maps it there.
 * Such addresses come from the upper half of the device's, which the process hardly uses: programs
 * lie below, libraries and stacks far above. With the lock held.
 */
static int
place_bo_at_host_address(struct npu_bo_private *bo)
{
   struct npu_device *dev = bo->base.dev;
   const uint64_t align = bo->base.size_B >= LARGE_PAGE_B ? LARGE_PAGE_B : dev->info.page_size_B;
   const uint64_t end = dev->va_heap.start + dev->va_heap.size;
   const uint64_t begin = (end / 2 + LARGE_PAGE_B - 1) & ~(LARGE_PAGE_B - 1);
   struct drm_npu_bo_mmap_offset offset = {.handle = bo->base.handle};
   int ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset);

   if (ret)
      return ret;
   bo->va_size_B = bo->base.size_B + NPU_BO_GUARD_B;
   if (bo->va_size_B > end - begin)
      return -ENOSPC;

   for (unsigned i = 0; i < MAX_HOST_PLACES; i++) {
      uint64_t va = (dev->host_va_next + align - 1) & ~(align - 1);

      if (va < begin || va > end - bo->va_size_B)
         va = begin;
      dev->host_va_next = va + bo->va_size_B;
      if (!npu_range_heap_alloc_at(&dev->va_heap, va, bo->va_size_B))
         continue;

      void *map = (void *)(uintptr_t)va;
      bo->base.va = va;
      ret = dev->transport->ops->mmap_at(dev->transport, map, bo->base.size_B, offset.offset);
      if (!ret) {
         ret = bind(bo, DRM_NPU_VM_BIND_OP_MAP);
         if (!ret) {
            atomic_store(&bo->map, map);
            link_bo(bo);
            return 0;
         }
         dev->transport->ops->munmap(dev->transport, map, bo->base.size_B);
      }
      npu_range_heap_free(&dev->va_heap, va, bo->va_size_B);
      if (ret != -EEXIST)
         return ret;
   }
   return -ENOSPC;
}

static struct npu_bo_private *
alloc_bo(struct npu_device *dev, uint32_t flags, const char *label)
{
   struct npu_bo_private *bo = calloc(1, sizeof(*bo));
   char *copy = label ? strdup(label) : NULL;

   if (!bo || (label && !copy)) {
      free(bo);
      free(copy);
      return NULL;
   }
   bo->base.dev = dev;
   bo->base.flags = flags;
   bo->refs = 1;
   bo->label = copy;
   return bo;
}

static void
free_bo(struct npu_bo_private *bo)
{
   free(bo->label);
   free(bo);
}

/* A buffer of the cache, under its new name, or NULL. */
static struct npu_bo *
reuse_bo(struct npu_device *dev, uint64_t size_B, uint32_t flags, const char *label)
{
   char *copy = label ? strdup(label) : NULL;
   if (label && !copy)
      return NULL;

   pthread_mutex_lock(&dev->lock);
   struct npu_bo_private *bo = npu_bo_cache_take(&dev->cache, size_B, flags);
   bool renamed = false;
   if (bo) {
      renamed = !copy != !bo->label || (copy && strcmp(copy, bo->label));
      free(bo->label);
      bo->label = copy;
      bo->refs = 1;
      link_bo(bo);
   }
   pthread_mutex_unlock(&dev->lock);

   if (!bo)
      free(copy);
   else if (renamed)
      set_label(bo);
   return bo ? &bo->base : NULL;
}

/* Asks for memory; without any left, gives back what the cache holds and asks again. */
static int
create_handle(struct npu_device *dev, struct drm_npu_bo_create *args)
{
   int ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_BO_CREATE, args);

   if (ret == -ENOSPC) {
      pthread_mutex_lock(&dev->lock);
      struct npu_bo_private *list = npu_bo_cache_clear(&dev->cache);
      pthread_mutex_unlock(&dev->lock);
      npu_bo_destroy_list(list);
      ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_BO_CREATE, args);
   }
   return ret;
}

struct npu_bo *
npu_bo_create(struct npu_device *dev, uint64_t size_B, uint32_t flags, const char *label)
{
   bool cacheable = (flags & NPU_BO_UNINITIALIZED) &&
                    !(flags & (NPU_BO_SHAREABLE | NPU_BO_AT_HOST_ADDRESS)) &&
                    !(dev->debug & NPU_WINSYS_DEBUG_NOCACHE);

   if (!size_B || (flags & ~KNOWN_FLAGS)) {
      errno = EINVAL;
      return NULL;
   }
   if (size_B > dev->info.max_alloc_B) {
      errno = ENOSPC;
      return NULL;
   }

   if (cacheable) {
      uint64_t rounded_B = npu_bo_cache_round_size(size_B);
      cacheable = rounded_B != 0;
      if (cacheable) {
         struct npu_bo *bo = reuse_bo(dev, rounded_B, flags, label);
         if (bo)
            return bo;
         size_B = rounded_B;
      }
   }

   struct npu_bo_private *bo = alloc_bo(dev, flags, label);
   if (!bo) {
      errno = ENOMEM;
      return NULL;
   }

   struct drm_npu_bo_create args = {
      .size = size_B,
      .flags = DRM_NPU_BO_PLACE_DEVICE,
      .vm_id = flags & NPU_BO_SHAREABLE ? 0 : dev->vm_id,
   };
   int ret = create_handle(dev, &args);
   if (ret) {
      free_bo(bo);
      errno = -ret;
      return NULL;
   }
   bo->base.handle = args.handle;
   bo->base.size_B = args.size;
   bo->cacheable = cacheable;
   if (label)
      set_label(bo);

   pthread_mutex_lock(&dev->lock);
   ret = flags & NPU_BO_AT_HOST_ADDRESS ? place_bo_at_host_address(bo) : place_bo(bo);
   pthread_mutex_unlock(&dev->lock);
   if (ret) {
      close_handle(bo);
      free_bo(bo);
      errno = -ret;
      return NULL;
   }
   return &bo->base;
}

struct npu_bo *
npu_bo_ref(struct npu_bo *bo)
{
   atomic_fetch_add_explicit(&to_private(bo)->refs, 1, memory_order_relaxed);
   return bo;
}

/* Undoes everything but the address; returns whether that can be used again: after an unbind that
 * failed something may still be there.
 */
static bool
teardown_bo(struct npu_bo_private *bo)
{
   struct npu_device *dev = bo->base.dev;

   if (bo->map)
      dev->transport->ops->munmap(dev->transport, bo->map, bo->base.size_B);
   int ret = bind(bo, DRM_NPU_VM_BIND_OP_UNMAP);
   close_handle(bo);
   return ret == 0;
}

void
npu_bo_destroy_list(struct npu_bo_private *list)
{
   while (list) {
      struct npu_bo_private *bo = list;
      struct npu_device *dev = bo->base.dev;
      list = bo->next;

      if (teardown_bo(bo)) {
         pthread_mutex_lock(&dev->lock);
         free_va(dev, bo->base.va, bo->va_size_B);
         pthread_mutex_unlock(&dev->lock);
      }
      free_bo(bo);
   }
}

void
npu_bo_unref(struct npu_bo *base)
{
   if (!base)
      return;

   struct npu_bo_private *bo = to_private(base);
   struct npu_device *dev = base->dev;

   /* Not the last one: no lock. The last one falls under the lock, because npu_bo_import_fd may
    * find the buffer in the list and take a new reference.
    */
   unsigned refs = atomic_load_explicit(&bo->refs, memory_order_relaxed);
   while (refs > 1) {
      if (atomic_compare_exchange_weak_explicit(&bo->refs, &refs, refs - 1, memory_order_release,
                                                memory_order_relaxed))
         return;
   }

   pthread_mutex_lock(&dev->lock);
   if (atomic_fetch_sub_explicit(&bo->refs, 1, memory_order_acq_rel) != 1) {
      pthread_mutex_unlock(&dev->lock);
      return;
   }
   unlink_bo(bo);
   struct npu_bo_private *drop = bo;
   if (bo->cacheable) {
      drop = npu_bo_cache_put(&dev->cache, bo, now_ns());
   } else if (base->flags & NPU_BO_SHAREABLE) {
      /* An import of the same buffer must not find the handle while it is being closed. */
      if (teardown_bo(bo))
         free_va(dev, base->va, bo->va_size_B);
      free_bo(bo);
      drop = NULL;
   }
   pthread_mutex_unlock(&dev->lock);
   npu_bo_destroy_list(drop);
}

void *
npu_bo_map(struct npu_bo *base)
{
   struct npu_bo_private *bo = to_private(base);
   struct npu_device *dev = base->dev;
   void *map = atomic_load_explicit(&bo->map, memory_order_acquire);

   if (map)
      return map;

   struct drm_npu_bo_mmap_offset args = {.handle = base->handle};
   int ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args);
   if (!ret)
      ret = dev->transport->ops->mmap(dev->transport, base->size_B, args.offset, &map);
   if (ret) {
      errno = -ret;
      return NULL;
   }

   /* Another thread may have been faster. */
   void *other = NULL;
   if (!atomic_compare_exchange_strong(&bo->map, &other, map)) {
      dev->transport->ops->munmap(dev->transport, map, base->size_B);
      return other;
   }
   return map;
}

int
npu_bo_export_fd(struct npu_bo *base)
{
   struct drm_prime_handle args = {
      .handle = base->handle,
      .flags = DRM_CLOEXEC | DRM_RDWR,
   };

   if (!(base->flags & NPU_BO_SHAREABLE))
      return -EPERM;
   int ret = npu_device_ioctl(base->dev, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
   return ret ? ret : args.fd;
}

/* The buffer with this handle, with one reference more, or NULL. With the lock held. */
static struct npu_bo_private *
find_handle(struct npu_device *dev, uint32_t handle)
{
   for (struct npu_bo_private *bo = dev->bos; bo; bo = bo->next) {
      if (bo->base.handle == handle) {
         atomic_fetch_add_explicit(&bo->refs, 1, memory_order_relaxed);
         return bo;
      }
   }
   return NULL;
}

struct npu_bo *
npu_bo_import_fd(struct npu_device *dev, int fd, uint32_t flags)
{
   struct drm_prime_handle prime = {.fd = fd};

   if (flags & ~(NPU_BO_EXEC | NPU_BO_READ_ONLY)) {
      errno = EINVAL;
      return NULL;
   }

   struct npu_bo_private *bo = alloc_bo(dev, flags | NPU_BO_SHAREABLE, "imported");
   if (!bo) {
      errno = ENOMEM;
      return NULL;
   }
   bo->imported = true;

   /* One import at a time: the same buffer gives the same handle. */
   pthread_mutex_lock(&dev->lock);
   int ret = npu_device_ioctl(dev, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
   struct npu_bo_private *known = ret ? NULL : find_handle(dev, prime.handle);
   if (!ret && !known) {
      struct drm_npu_bo_get_info info = {.handle = prime.handle};

      bo->base.handle = prime.handle;
      ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_BO_GET_INFO, &info);
      bo->base.size_B = info.size;
      if (!ret)
         ret = place_bo(bo);
      if (ret)
         close_handle(bo);
   }
   pthread_mutex_unlock(&dev->lock);

   if (ret || known)
      free_bo(bo);
   if (ret) {
      errno = -ret;
      return NULL;
   }
   return known ? &known->base : &bo->base;
}
