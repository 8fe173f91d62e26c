/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Devices: opening a transport, asking what is behind it, the one address space.
 */

#include "npu_device_private.h"
#include "npu_winsys_debug.h"

#include "drm.h"
#include "drm/npu_accel.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
npu_device_ioctl(struct npu_device *dev, unsigned long request, void *arg)
{
   int ret = npu_transport_ioctl(dev->transport, request, arg);

   if (dev->debug & NPU_WINSYS_DEBUG_IOCTL)
      npu_winsys_debug_ioctl(dev->transport->ops->name, request, arg, ret);
   return ret;
}

static int
query(struct npu_device *dev, uint32_t type, void *info, uint32_t size_B)
{
   struct drm_npu_dev_query args = {
      .type = type,
      .size = size_B,
      .pointer = (uintptr_t)info,
   };
   return npu_device_ioctl(dev, DRM_IOCTL_NPU_DEV_QUERY, &args);
}

/* The smallest of a set of powers of two. */
static uint64_t
lowest_bit(uint64_t value)
{
   return value & -value;
}

static int
query_info(struct npu_device *dev)
{
   struct drm_npu_device_info device = {0};
   struct drm_npu_memory_info memory = {0};
   struct drm_npu_timestamp_info timestamp = {0};
   struct npu_device_info *info = &dev->info;

   int ret = query(dev, DRM_NPU_DEV_QUERY_DEVICE, &device, sizeof(device));
   if (!ret)
      ret = query(dev, DRM_NPU_DEV_QUERY_MEMORY, &memory, sizeof(memory));
   if (!ret)
      ret = query(dev, DRM_NPU_DEV_QUERY_TIMESTAMP, &timestamp, sizeof(timestamp));
   if (ret)
      return ret;
   if (device.arch_version != NPU_ARCH_VERSION || !device.page_sizes ||
       device.va_end <= device.va_start)
      return -EPROTONOSUPPORT;

   *info = (struct npu_device_info){
      .arch_version = device.arch_version,
      .num_cores = device.num_cores,
      .waves_per_core = device.waves_per_core,
      .wave_size = device.wave_size,
      .max_group_size = device.max_group_size,
      .local_mem_B = device.local_mem_size,
      .num_queues = device.num_hw_queues,
      .mem_size_B = memory.device_total,
      .va_start = device.va_start,
      .page_size_B = lowest_bit(device.page_sizes),
      .timestamp_hz = timestamp.frequency,
      .vendor_id = device.vendor_id,
      .device_id = device.device_id,
   };
   struct npu_transport_pci pci;
   if (dev->transport->ops->pci && dev->transport->ops->pci(dev->transport, &pci)) {
      info->is_pci = true;
      info->pci_domain = pci.domain;
      info->pci_bus = pci.bus;
      info->pci_dev = pci.device;
      info->pci_func = pci.function;
   }
   while (info->va_bits < 63 && 1ull << info->va_bits < device.va_end)
      info->va_bits++;

   /* Without its guard, and not more than there is. */
   uint64_t va_size = device.va_end - device.va_start - NPU_BO_GUARD_B;
   info->max_alloc_B = va_size < info->mem_size_B ? va_size : info->mem_size_B;

   snprintf(info->name, sizeof(info->name), "%.*s", (int)sizeof(device.name), device.name);
   snprintf(info->transport, sizeof(info->transport), "%s", dev->transport->ops->name);
   memcpy(info->device_uuid, device.uuid, sizeof(info->device_uuid));
   snprintf((char *)info->driver_uuid, sizeof(info->driver_uuid), "npu uapi %u.%u",
            DRM_NPU_UAPI_MAJOR, DRM_NPU_UAPI_MINOR);

   return npu_range_heap_init(&dev->va_heap, device.va_start, device.va_end - device.va_start)
             ? 0
             : -ENOMEM;
}

static int
create_vm(struct npu_device *dev)
{
   struct drm_npu_vm_create args = {0};
   int ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_VM_CREATE, &args);

   dev->vm_id = args.vm_id;
   return ret;
}

struct npu_device *
npu_device_open(void)
{
   char why[256];
   struct npu_device *dev = calloc(1, sizeof(*dev));
   if (!dev)
      return NULL;

   dev->debug = npu_winsys_debug_parse(getenv("NPU_WINSYS_DEBUG"));
   dev->transport = npu_transport_open(getenv("NPU_TRANSPORT"), why, sizeof(why));
   if (!dev->transport) {
      int error = errno;
      fprintf(stderr, "npu: %s\n", why);
      free(dev);
      errno = error;
      return NULL;
   }
   dev->transport->trusts_pointers = true; /* all are ours */
   pthread_mutex_init(&dev->lock, NULL);

   int ret = query_info(dev);
   if (!ret)
      ret = create_vm(dev);
   if (ret) {
      fprintf(stderr, "npu: the device cannot be used: %s\n", strerror(-ret));
      dev->transport->ops->destroy(dev->transport);
      npu_range_heap_fini(&dev->va_heap);
      pthread_mutex_destroy(&dev->lock);
      free(dev);
      errno = -ret;
      return NULL;
   }
   return dev;
}

static void
report_leaks(const struct npu_device *dev)
{
   if (dev->num_queues)
      fprintf(stderr, "npu: %u queues are alive when the device is closed\n", dev->num_queues);
   for (const struct npu_bo_private *bo = dev->bos; bo; bo = bo->next)
      fprintf(stderr, "npu: buffer \"%s\" of %llu bytes is alive when the device is closed\n",
              bo->label ? bo->label : "", (unsigned long long)bo->base.size_B);
}

void
npu_device_close(struct npu_device *dev)
{
   if (!dev)
      return;

   npu_bo_destroy_list(npu_bo_cache_clear(&dev->cache));
   if (dev->debug & NPU_WINSYS_DEBUG_LEAK)
      report_leaks(dev);
   dev->transport->ops->destroy(dev->transport);

   /* Leaked buffers are memory of their users: only what belongs to the device goes. */
   npu_range_heap_fini(&dev->va_heap);
   pthread_mutex_destroy(&dev->lock);
   free(dev);
}

const struct npu_device_info *
npu_device_get_info(const struct npu_device *dev)
{
   return &dev->info;
}

uint64_t
npu_device_get_timestamp_ns(struct npu_device *dev)
{
   struct drm_npu_timestamp_info info = {.frequency = 1};

   query(dev, DRM_NPU_DEV_QUERY_TIMESTAMP, &info, sizeof(info));
   if (info.frequency == 1000000000)
      return info.timestamp;
   return (unsigned __int128)info.timestamp * 1000000000 / info.frequency;
}

int
npu_device_get_memory_usage(struct npu_device *dev, struct npu_memory_usage *usage)
{
   struct drm_npu_memory_info info = {0};
   int ret = query(dev, DRM_NPU_DEV_QUERY_MEMORY, &info, sizeof(info));

   if (ret)
      return ret;
   usage->total_B = info.device_total;
   usage->used_B = info.device_used;
   pthread_mutex_lock(&dev->lock);
   usage->cached_B = dev->cache.size_B;
   pthread_mutex_unlock(&dev->lock);
   return 0;
}
