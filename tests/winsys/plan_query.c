/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the device says about itself.
 */

#include "plan.h"

#include <errno.h>
#include <string.h>

static void
version(struct plan *plan)
{
   char name[32], date[32], desc[64];
   struct drm_version args = {
      .name = name,
      .name_len = sizeof(name),
      .date = date,
      .date_len = sizeof(date),
      .desc = desc,
      .desc_len = sizeof(desc),
   };

   memset(name, '#', sizeof(name));
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_VERSION, &args), 0);
   CHECK_EQ(args.version_major, DRM_NPU_UAPI_MAJOR);
   CHECK(args.version_minor >= DRM_NPU_UAPI_MINOR);
   CHECK_EQ(args.name_len, 3);
   CHECK(!memcmp(name, DRM_NPU_DRIVER_NAME "#", 4));
   CHECK(args.desc_len > 0);

   /* Too short: cut, with the whole length returned. */
   memset(name, '#', sizeof(name));
   args.name_len = 2;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_VERSION, &args), 0);
   CHECK_EQ(args.name_len, 3);
   CHECK(!memcmp(name, "np#", 3));
}

static void
capabilities(struct plan *plan)
{
   static const struct {
      uint64_t capability, value;
   } expected[] = {
      {DRM_CAP_SYNCOBJ, 1},
      {DRM_CAP_SYNCOBJ_TIMELINE, 1},
      {DRM_CAP_PRIME, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT},
      {DRM_CAP_TIMESTAMP_MONOTONIC, 1},
   };

   for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
      struct drm_get_cap args = {.capability = expected[i].capability};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_GET_CAP, &args), 0);
      CHECK_EQ(args.value, expected[i].value);
   }
}

static void
device(struct plan *plan)
{
   struct drm_npu_device_info info = plan_device_info(plan, plan->t);

   CHECK_EQ(info.arch_version, NPU_ARCH_VERSION);
   CHECK_EQ(info.wave_size, NPU_WAVE_SIZE);
   CHECK_EQ(info.waves_per_core, NPU_WAVES_PER_CORE);
   CHECK_EQ(info.max_group_size, NPU_MAX_GROUP_SIZE);
   CHECK_EQ(info.num_hw_queues, NPU_NUM_QUEUES);
   CHECK(info.num_cores >= 1 && info.num_cores <= NPU_MAX_CORES);
   CHECK(info.local_mem_size >= 32768);
   CHECK(info.va_start >= 65536 && info.va_start % 4096 == 0);
   CHECK(info.va_end > info.va_start && info.va_end <= 1ull << NPU_MAX_VA_BITS);
   CHECK(info.page_sizes & 4096);
   CHECK(!(info.page_sizes & 4095));
   CHECK(info.max_priority >= DRM_NPU_CTX_PRIORITY_MEDIUM);
   CHECK(strnlen(info.name, sizeof(info.name)) > 0);
   CHECK(strnlen(info.name, sizeof(info.name)) < sizeof(info.name));

   static const uint8_t nothing[16];
   CHECK(memcmp(info.uuid, nothing, sizeof(nothing)));
}

/* size 0 or pointer 0: only the size is told. Short: cut. Long: what is behind stays. */
static void
sizes(struct plan *plan)
{
   static const uint32_t expected[] = {
      [DRM_NPU_DEV_QUERY_DEVICE] = sizeof(struct drm_npu_device_info),
      [DRM_NPU_DEV_QUERY_MEMORY] = sizeof(struct drm_npu_memory_info),
      [DRM_NPU_DEV_QUERY_TIMESTAMP] = sizeof(struct drm_npu_timestamp_info),
      [DRM_NPU_DEV_QUERY_COUNTERS] = sizeof(struct drm_npu_counter_info),
   };

   for (uint32_t type = 0; type < sizeof(expected) / sizeof(expected[0]); type++) {
      uint8_t buf[512];
      struct drm_npu_dev_query args = {.type = type, .size = 12345};

      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
      CHECK(args.size >= expected[type]);
      uint32_t size_B = args.size;

      memset(buf, 0xa5, sizeof(buf));
      args = (struct drm_npu_dev_query){.type = type, .size = 7, .pointer = (uintptr_t)buf};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
      CHECK_EQ(args.size, size_B);
      for (unsigned i = 7; i < sizeof(buf); i++)
         CHECK_EQ(buf[i], 0xa5);

      args = (struct drm_npu_dev_query){.type = type,
                                        .size = sizeof(buf),
                                        .pointer = (uintptr_t)buf};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
      CHECK_EQ(args.size, size_B);
      for (unsigned i = size_B; i < sizeof(buf); i++)
         CHECK_EQ(buf[i], 0xa5);
   }
}

static void
memory(struct plan *plan)
{
   uint64_t before_B = plan_memory_used(plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 1 << 20);

   CHECK_EQ(plan_memory_used(plan, plan->t), before_B + (1 << 20));
   plan_bo_close(plan, plan->t, handle);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B);
}

static struct drm_npu_timestamp_info
read_clock(struct plan *plan)
{
   struct drm_npu_timestamp_info info = {0};
   struct drm_npu_dev_query args = {
      .type = DRM_NPU_DEV_QUERY_TIMESTAMP,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
   return info;
}

/* The clock of the query and the one of TIMESTAMP packets are the same and monotonic. */
static void
clock_is_that_of_packets(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   struct drm_npu_timestamp_info before = read_clock(plan);
   rig_timestamp(&rig, rig_word_va(&rig, 0));
   rig_timestamp(&rig, rig_word_va(&rig, 1));
   rig_submit(&rig);
   rig_finish(&rig);
   struct drm_npu_timestamp_info after = read_clock(plan);

   CHECK_EQ(before.frequency, 1000000000);
   CHECK(before.timestamp > 0);
   CHECK(*rig_word(&rig, 0) >= before.timestamp);
   CHECK(*rig_word(&rig, 1) >= *rig_word(&rig, 0));
   CHECK(after.timestamp >= *rig_word(&rig, 1));
   CHECK(after.cpu_ns > before.cpu_ns);
   CHECK((uint64_t)plan_now_ns() >= after.cpu_ns);
}

static const struct plan_case cases[] = {
   {"VERSION names the driver and cuts strings", version},
   {"GET_CAP tells of sync objects, timelines and PRIME", capabilities},
   {"DEV_QUERY describes the device", device},
   {"DEV_QUERY minds sizes", sizes},
   {"DEV_QUERY counts memory", memory},
   {"the clock of DEV_QUERY is that of TIMESTAMP packets", clock_is_that_of_packets},
};
PLAN_SUITE(query, cases);
