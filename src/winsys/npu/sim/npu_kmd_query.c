/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the device is and can: DRM_IOCTL_VERSION, DRM_IOCTL_GET_CAP, DRM_IOCTL_NPU_DEV_QUERY.
 */

#include "npu_kmd.h"

#include "npu_isa/npu_regs_uapi.h"
#include "npu_sim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* PCI ids of the model: no vendor owns them, the vendor id marks invalid hardware in the PCI
 * standard. */
#define MODEL_VENDOR_ID 0xffff
#define MODEL_DEVICE_ID 0x0001

/* Copies a string out the way drm_copy_field() does: cut to the room, without a terminator. */
static int
copy_string(char *to, __kernel_size_t *length, const char *from)
{
   size_t room = *length;

   *length = strlen(from);
   if (room > *length)
      room = *length;
   return to && room ? npu_kmd_copy_out((uintptr_t)to, from, room) : 0;
}

int
npu_kmd_ioctl_version(struct npu_kmd_file *file, void *data)
{
   struct drm_version *args = data;

   args->version_major = DRM_NPU_UAPI_MAJOR;
   args->version_minor = DRM_NPU_UAPI_MINOR;
   args->version_patchlevel = 0;

   int ret = copy_string(args->name, &args->name_len, DRM_NPU_DRIVER_NAME);
   if (!ret)
      ret = copy_string(args->date, &args->date_len, "0");
   if (!ret)
      ret = copy_string(args->desc, &args->desc_len, "NPU device model in this process");
   return ret;
}

int
npu_kmd_ioctl_get_cap(struct npu_kmd_file *file, void *data)
{
   struct drm_get_cap *args = data;

   switch (args->capability) {
   case DRM_CAP_PRIME:
      args->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
      return 0;
   case DRM_CAP_TIMESTAMP_MONOTONIC:
   case DRM_CAP_SYNCOBJ:
   case DRM_CAP_SYNCOBJ_TIMELINE:
      args->value = 1;
      return 0;
   default:
      /* All others are about displays. */
      return -EOPNOTSUPP;
   }
}

static void
fill_device_info(struct npu_kmd *kmd, struct drm_npu_device_info *info)
{
   *info = (struct drm_npu_device_info){
      .arch_version = NPU_GET(npu_sim_reg_read(kmd->model, NPU_REG_ID), NPU_ID_ARCH),
      .vendor_id = MODEL_VENDOR_ID,
      .device_id = MODEL_DEVICE_ID,
      .num_cores = kmd->num_cores,
      .waves_per_core = NPU_GET(npu_sim_reg_read(kmd->model, NPU_REG_CAPS),
                                NPU_CAPS_WAVES_PER_CORE),
      .wave_size = NPU_GET(npu_sim_reg_read(kmd->model, NPU_REG_CAPS), NPU_CAPS_WAVE_SIZE),
      .max_group_size = NPU_MAX_GROUP_SIZE,
      .local_mem_size = kmd->local_mem_B,
      .num_hw_queues = kmd->num_hwqs,
      .va_start = NPU_KMD_VA_START,
      .va_end = 1ull << kmd->va_bits,
      .page_sizes = NPU_PAGE_SIZE_B | NPU_LARGE_PAGE_SIZE_B | NPU_HUGE_PAGE_SIZE_B,
      .max_priority = DRM_NPU_CTX_PRIORITY_HIGH,
      .watchdog_ms = kmd->watchdog_ms,
   };

   /* The same in every process, as long as it is the same kind of model. */
   memcpy(info->uuid, "npu model v1", 12);
   info->uuid[12] = kmd->num_cores;
   info->uuid[13] = kmd->num_cores >> 8;
   snprintf(info->name, sizeof(info->name), "NPU Model v%u (%u core%s)", info->arch_version,
            kmd->num_cores, kmd->num_cores == 1 ? "" : "s");
}

static void
fill_counter_info(struct npu_kmd *kmd, struct drm_npu_counter_info *info)
{
   static const struct npu_counter_desc counters[] = NPU_COUNTER_DESCS;

   for (unsigned i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
      uint64_t value = npu_sim_reg_read(kmd->model, counters[i].reg);
      memcpy((uint8_t *)info + counters[i].offset, &value, sizeof(value));
   }
   info->timestamp = npu_sim_reg_read(kmd->model, NPU_REG_TIME);
}

int
npu_kmd_ioctl_dev_query(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_dev_query *args = data;
   struct npu_kmd *kmd = file->kmd;
   union {
      struct drm_npu_device_info device;
      struct drm_npu_memory_info memory;
      struct drm_npu_timestamp_info timestamp;
      struct drm_npu_counter_info counters;
   } info;
   uint32_t size_B;

   switch (args->type) {
   case DRM_NPU_DEV_QUERY_DEVICE:
      fill_device_info(kmd, &info.device);
      size_B = sizeof(info.device);
      break;
   case DRM_NPU_DEV_QUERY_MEMORY:
      npu_kmd_share_sweep(kmd, false);
      npu_kmd_bo_zap(kmd);
      info.memory = (struct drm_npu_memory_info){
         .device_total = kmd->vram.size,
         .device_used = kmd->vram.size - kmd->vram.free_size,
         .device_mappable = kmd->vram.size,
      };
      size_B = sizeof(info.memory);
      break;
   case DRM_NPU_DEV_QUERY_TIMESTAMP:
      info.timestamp = (struct drm_npu_timestamp_info){
         .frequency = 1000000000,
         .timestamp = npu_sim_reg_read(kmd->model, NPU_REG_TIME),
         .cpu_ns = npu_kmd_now_ns(),
      };
      size_B = sizeof(info.timestamp);
      break;
   case DRM_NPU_DEV_QUERY_COUNTERS:
      /* The device is this process's own: there is nobody to tell of. */
      fill_counter_info(kmd, &info.counters);
      size_B = sizeof(info.counters);
      break;
   default:
      return -EINVAL;
   }

   int ret = 0;
   if (args->pointer)
      ret = npu_kmd_copy_out(args->pointer, &info, args->size < size_B ? args->size : size_B);
   if (!ret)
      args->size = size_B;
   return ret;
}
