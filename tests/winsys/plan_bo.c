/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Buffer objects: content, mapping, lifetime, limits.
 */

#include "plan.h"

#include <errno.h>
#include <string.h>

static bool
is_filled(const uint8_t *map, uint64_t size_B, uint8_t byte)
{
   for (uint64_t i = 0; i < size_B; i++) {
      if (map[i] != byte)
         return false;
   }
   return true;
}

static void
size_is_rounded_up(struct plan *plan)
{
   struct drm_npu_bo_create args = {.size = 4097, .flags = DRM_NPU_BO_PLACE_DEVICE};

   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_CREATE, &args), 0);
   CHECK_EQ(args.size, 8192);

   struct drm_npu_bo_get_info info = {.handle = args.handle};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_GET_INFO, &info), 0);
   CHECK_EQ(info.size, 8192);
   CHECK_EQ(info.flags, DRM_NPU_BO_PLACE_DEVICE);
   CHECK_EQ(info.vm_id, 0);
   CHECK_EQ(info.imported, 0);
}

static void
info_names_private_vm(struct plan *plan)
{
   plan_vm_create(plan, plan->t);
   uint32_t vm_id = plan_vm_create(plan, plan->t);
   struct drm_npu_bo_create args = {.size = 4096,
                                    .flags = DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_NO_MMAP,
                                    .vm_id = vm_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_CREATE, &args), 0);

   struct drm_npu_bo_get_info info = {.handle = args.handle};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_GET_INFO, &info), 0);
   CHECK_EQ(info.vm_id, vm_id);
   CHECK_EQ(info.flags, DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_NO_MMAP);
}

/* Dirty memory of all kinds is freed, then allocated in other sizes: always zero. */
static void
new_memory_is_zero(struct plan *plan)
{
   static const uint64_t sizes_B[] = {4096, 64 << 10, 1 << 20, 3 << 20, 8 << 20, 4096, 12288};

   for (unsigned round = 0; round < 3; round++) {
      for (unsigned i = 0; i < sizeof(sizes_B) / sizeof(sizes_B[0]); i++) {
         uint32_t handle = plan_bo_create(plan, plan->t, sizes_B[i]);
         uint8_t *map = plan_bo_map(plan, plan->t, handle, sizes_B[i]);

         CHECK(is_filled(map, sizes_B[i], 0));
         memset(map, 0xee, sizes_B[i]);
         plan_bo_unmap(plan, map);
         plan_bo_close(plan, plan->t, handle);
      }
   }
}

/* ... also what the device wrote, and in another file. */
static void
new_memory_is_zero_for_others(struct plan *plan)
{
   struct npu_transport *first = plan_open(plan), *second = plan_open(plan);
   struct rig rig;

   rig_init(&rig, plan, first);
   rig_fill(&rig, rig.data_va, rig.data_size_B, 0xdd);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK(is_filled(rig.data, rig.data_size_B, 0xdd));
   plan_close(plan, first);

   uint32_t handle = plan_bo_create(plan, second, 16 << 20);
   uint8_t *map = plan_bo_map(plan, second, handle, 16 << 20);
   CHECK(is_filled(map, 16 << 20, 0));
}

static void
mapping_is_coherent(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < 100000; i++)
      rig.data[i] = i * 7;
   rig_copy(&rig, rig.data_va + (1 << 20) + 3, rig.data_va + 5, 90000);
   rig_submit(&rig);
   rig_finish(&rig);
   for (unsigned i = 0; i < 90000; i++)
      CHECK_EQ(rig.data[(1 << 20) + 3 + i], (uint8_t)((i + 5) * 7));
}

/* Two mappings of a buffer, one starting in the middle, show the same memory. */
static void
mapping_twice_and_in_part(struct plan *plan)
{
   uint32_t handle = plan_bo_create(plan, plan->t, 64 << 10);
   uint8_t *all = plan_bo_map(plan, plan->t, handle, 64 << 10);
   struct drm_npu_bo_mmap_offset args = {.handle = handle};
   void *part;

   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args), 0);
   CHECK_EQ(plan->t->ops->mmap(plan->t, 8192, args.offset + 16384, &part), 0);
   all[16384] = 1;
   ((uint8_t *)part)[8191] = 2;
   CHECK_EQ(*(volatile uint8_t *)part, 1);
   CHECK_EQ(((volatile uint8_t *)all)[16384 + 8191], 2);
   plan->t->ops->munmap(plan->t, part, 8192);
}

static void
mapping_outside_is_refused(struct plan *plan)
{
   uint32_t handle = plan_bo_create(plan, plan->t, 8192);
   struct drm_npu_bo_mmap_offset args = {.handle = handle};
   void *map;

   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args), 0);
   CHECK(plan->t->ops->mmap(plan->t, 12288, args.offset, &map) < 0);
   CHECK(plan->t->ops->mmap(plan->t, 8192, args.offset + 4096, &map) < 0);
   CHECK(plan->t->ops->mmap(plan->t, 4096, args.offset + 1, &map) < 0);
   CHECK(plan->t->ops->mmap(plan->t, 4096, 0, &map) < 0);

   /* Another file has no business with it. */
   struct npu_transport *other = plan_open(plan);
   CHECK(other->ops->mmap(other, 8192, args.offset, &map) < 0);

   plan_bo_close(plan, plan->t, handle);
   CHECK(plan->t->ops->mmap(plan->t, 8192, args.offset, &map) < 0);
}

/* The memory behind a mapping is not given to others while it is mapped. */
static void
mapping_outlives_handle_and_file(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   uint64_t before_B = plan_memory_used(plan, plan->t);
   uint32_t handle = plan_bo_create(plan, other, 1 << 20);
   volatile uint8_t *map = plan_bo_map(plan, other, handle, 1 << 20);

   map[5] = 55;
   plan_bo_close(plan, other, handle);
   CHECK_EQ(map[5], 55);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B + (1 << 20));

   /* What is allocated now is somewhere else. */
   uint32_t handle2 = plan_bo_create(plan, plan->t, 1 << 20);
   volatile uint8_t *map2 = plan_bo_map(plan, plan->t, handle2, 1 << 20);
   CHECK_EQ(map2[5], 0);
   map[6] = 66;
   CHECK_EQ(map2[6], 0);
   CHECK_EQ(map[5], 55);

   plan_bo_unmap(plan, (void *)map);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B + (1 << 20));
}

/* All memory in small pieces, every other one freed: a large buffer must be put together of pieces.
 */
static void
fragmented_memory_is_used(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct drm_npu_memory_info info = {0};
   struct drm_npu_dev_query query = {.type = DRM_NPU_DEV_QUERY_MEMORY,
                                     .size = sizeof(info),
                                     .pointer = (uintptr_t)&info};
   enum {
      MAX_PIECES = 64
   };
   uint32_t handles[MAX_PIECES], count = 0;
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_DEV_QUERY, &query), 0);
   uint64_t piece_B = (info.device_total - info.device_used) / (MAX_PIECES - 4) & ~4095ull;
   struct drm_npu_bo_create args = {.size = piece_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
   while (count < MAX_PIECES && !npu_transport_ioctl(other, DRM_IOCTL_NPU_BO_CREATE, &args))
      handles[count++] = args.handle;
   CHECK(count > 40 && count < MAX_PIECES);
   for (uint32_t i = 0; i < count; i += 2)
      plan_bo_close(plan, other, handles[i]);

   /* Longer than any hole. */
   uint64_t size_B = piece_B * 3;
   uint32_t handle = plan_bo_create(plan, plan->t, size_B);
   uint64_t *map = plan_bo_map(plan, plan->t, handle, size_B);
   uint64_t va = 1ull << 34;
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, va, size_B, PLAN_RW);

   /* Both sides agree on what is where, also across the joints. */
   for (uint64_t at = 0; at < size_B / 8; at += 4096 / 8 * 509)
      map[at] = at;
   for (uint64_t at = 0, n = 0; at < size_B / 8; at += 4096 / 8 * 509, n++) {
      rig_copy(&rig, rig_word_va(&rig, n), va + at * 8, 8);
      if (rig.num_packets == 64 || at + 4096 / 8 * 509 >= size_B / 8) {
         rig_submit(&rig);
         rig_finish(&rig);
      }
   }
   for (uint64_t at = 0, n = 0; at < size_B / 8; at += 4096 / 8 * 509, n++)
      CHECK_EQ(*rig_word(&rig, n), at);
}

static void
out_of_memory_and_back(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   uint64_t before_B = plan_memory_used(plan, plan->t);
   struct drm_npu_bo_create args = {.size = 256 << 20, .flags = DRM_NPU_BO_PLACE_DEVICE};
   int ret;
   unsigned count = 0;

   while ((ret = npu_transport_ioctl(other, DRM_IOCTL_NPU_BO_CREATE, &args)) == 0 && count < 4096)
      count++;
   CHECK_EQ(ret, -ENOSPC);
   CHECK(count > 0);
   plan_close(plan, other);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B);
   plan_bo_create(plan, plan->t, 256 << 20);
}

/* The binding keeps the memory; the job runs to its end. */
static void
closed_handles_in_flight(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_fill(&rig, rig.data_va + 4096, 4096, 0x77);
   rig_submit(&rig);
   plan_bo_close(plan, plan->t, rig.data_handle);
   plan_bo_close(plan, plan->t, rig.cmd_handle);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   CHECK(is_filled(rig.data + 4096, 4096, 0x77));
}

static const struct plan_case cases[] = {
   {"sizes are rounded up to pages", size_is_rounded_up},
   {"BO_GET_INFO names the VM of a private buffer", info_names_private_vm},
   {"new memory is zero", new_memory_is_zero},
   {"new memory is zero for other files", new_memory_is_zero_for_others},
   {"mappings are coherent", mapping_is_coherent},
   {"a buffer can be mapped twice and in part", mapping_twice_and_in_part},
   {"mmap outside a buffer of the file is refused", mapping_outside_is_refused},
   {"a mapping outlives handle and file", mapping_outlives_handle_and_file},
   {"fragmented memory is used", fragmented_memory_is_used},
   {"out of memory is ENOSPC and passes", out_of_memory_and_back},
   {"handles closed while a job uses the memory", closed_handles_in_flight},
};
PLAN_SUITE(bo, cases);
