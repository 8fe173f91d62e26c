/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Helpers of the test plan: ioctls that must succeed, packets, and a place to run them.
 */

#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

unsigned
plan_time_factor(void)
{
   const char *text = getenv("NPU_TEST_TIME_FACTOR");
   int factor = text ? atoi(text) : 1;

   return factor > 1 ? (unsigned)factor : 1;
}

int64_t
plan_now_ns(void)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void
plan_sleep_ms(unsigned ms)
{
   struct timespec time = {ms / 1000, ms % 1000 * 1000000l};
   nanosleep(&time, NULL);
}

struct npu_transport *
plan_open(struct plan *plan)
{
   char why[256] = "";
   struct npu_transport *t = npu_transport_open(plan->transport_name, why, sizeof(why));

   if (!t || plan->num_extra == sizeof(plan->extra) / sizeof(plan->extra[0])) {
      plan_fail(plan, __FILE__, __LINE__, "open: %s", why);
      plan_fail_now(plan);
   }
   plan->extra[plan->num_extra++] = t;
   return t;
}

void
plan_close(struct plan *plan, struct npu_transport *t)
{
   for (unsigned i = plan->num_maps; i-- > 0;) {
      if (plan->maps[i].t == t)
         plan_bo_unmap(plan, plan->maps[i].map);
   }
   for (unsigned i = 0; i < plan->num_extra; i++) {
      if (plan->extra[i] == t) {
         plan->extra[i] = plan->extra[--plan->num_extra];
         t->ops->destroy(t);
         return;
      }
   }
   plan_fail(plan, __FILE__, __LINE__, "not opened with plan_open");
   plan_fail_now(plan);
}

uint32_t
plan_bo_create(struct plan *plan, struct npu_transport *t, uint64_t size_B)
{
   struct drm_npu_bo_create args = {.size = size_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_CREATE, &args), 0);
   return args.handle;
}

void
plan_bo_close(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   struct drm_gem_close args = {.handle = handle};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_GEM_CLOSE, &args), 0);
}

void *
plan_bo_map(struct plan *plan, struct npu_transport *t, uint32_t handle, uint64_t size_B)
{
   struct drm_npu_bo_mmap_offset args = {.handle = handle};
   void *map = NULL;

   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args), 0);
   CHECK_EQ(t->ops->mmap(t, size_B, args.offset, &map), 0);
   plan->maps = realloc(plan->maps, (plan->num_maps + 1) * sizeof(*plan->maps));
   CHECK(plan->maps);
   plan->maps[plan->num_maps++] = (struct plan_map){t, map, size_B};
   return map;
}

void
plan_bo_unmap(struct plan *plan, void *map)
{
   for (unsigned i = 0; i < plan->num_maps; i++) {
      struct plan_map *entry = &plan->maps[i];
      if (entry->map == map) {
         entry->t->ops->munmap(entry->t, map, entry->size_B);
         *entry = plan->maps[--plan->num_maps];
         return;
      }
   }
   plan_fail(plan, __FILE__, __LINE__, "not mapped with plan_bo_map");
   plan_fail_now(plan);
}

uint32_t
plan_vm_create(struct plan *plan, struct npu_transport *t)
{
   struct drm_npu_vm_create args = {0};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_CREATE, &args), 0);
   return args.vm_id;
}

static void
bind_one(struct plan *plan, struct npu_transport *t, uint32_t vm_id, struct drm_npu_vm_bind_op op)
{
   struct drm_npu_vm_bind args = {.vm_id = vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
}

void
plan_vm_map(struct plan *plan, struct npu_transport *t, uint32_t vm_id, uint32_t handle,
            uint64_t bo_offset, uint64_t va, uint64_t size_B, uint32_t flags)
{
   bind_one(plan, t, vm_id,
            (struct drm_npu_vm_bind_op){
               .op = DRM_NPU_VM_BIND_OP_MAP,
               .flags = flags,
               .handle = handle,
               .bo_offset = bo_offset,
               .va = va,
               .size = size_B,
            });
}

void
plan_vm_unmap(struct plan *plan, struct npu_transport *t, uint32_t vm_id, uint64_t va,
              uint64_t size_B)
{
   bind_one(plan, t, vm_id,
            (struct drm_npu_vm_bind_op){.op = DRM_NPU_VM_BIND_OP_UNMAP, .va = va, .size = size_B});
}

uint32_t
plan_ctx_create(struct plan *plan, struct npu_transport *t, uint32_t vm_id)
{
   struct drm_npu_ctx_create args = {.vm_id = vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_CTX_CREATE, &args), 0);
   return args.ctx_id;
}

struct drm_npu_ctx_get_state
plan_ctx_state(struct plan *plan, struct npu_transport *t, uint32_t ctx_id)
{
   struct drm_npu_ctx_get_state args = {.ctx_id = ctx_id};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_CTX_GET_STATE, &args), 0);
   return args;
}

uint32_t
plan_syncobj_create(struct plan *plan, struct npu_transport *t, bool signalled)
{
   struct drm_syncobj_create args = {.flags = signalled ? DRM_SYNCOBJ_CREATE_SIGNALED : 0};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_CREATE, &args), 0);
   return args.handle;
}

void
plan_syncobj_destroy(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   struct drm_syncobj_destroy args = {.handle = handle};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_DESTROY, &args), 0);
}

void
plan_syncobj_signal(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   struct drm_syncobj_array args = {.handles = (uintptr_t)&handle, .count_handles = 1};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_SIGNAL, &args), 0);
}

void
plan_timeline_signal(struct plan *plan, struct npu_transport *t, uint32_t handle, uint64_t point)
{
   struct drm_syncobj_timeline_array args = {
      .handles = (uintptr_t)&handle,
      .points = (uintptr_t)&point,
      .count_handles = 1,
   };
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &args), 0);
}

uint64_t
plan_timeline_query(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   uint64_t point = UINT64_MAX;
   struct drm_syncobj_timeline_array args = {
      .handles = (uintptr_t)&handle,
      .points = (uintptr_t)&point,
      .count_handles = 1,
   };
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_QUERY, &args), 0);
   return point;
}

uint64_t
plan_memory_used(struct plan *plan, struct npu_transport *t)
{
   struct drm_npu_memory_info info = {0};
   struct drm_npu_dev_query args = {
      .type = DRM_NPU_DEV_QUERY_MEMORY,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
   return info.device_used + info.system_used;
}

struct drm_npu_device_info
plan_device_info(struct plan *plan, struct npu_transport *t)
{
   struct drm_npu_device_info info = {0};
   struct drm_npu_dev_query args = {
      .type = DRM_NPU_DEV_QUERY_DEVICE,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
   return info;
}

int
plan_syncobj_wait(struct npu_transport *t, uint32_t handle, uint64_t point, int64_t timeout_ns)
{
   struct drm_syncobj_timeline_wait args = {
      .handles = (uintptr_t)&handle,
      .points = (uintptr_t)&point,
      .timeout_nsec = plan_now_ns() + timeout_ns,
      .count_handles = 1,
   };
   return npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
}

/* ---------------------------------------------------------------------------------------- rig -- */

void
rig_init(struct rig *rig, struct plan *plan, struct npu_transport *t)
{
   *rig = (struct rig){
      .plan = plan,
      .t = t,
      .vm_id = plan_vm_create(plan, t),
      .data_handle = plan_bo_create(plan, t, RIG_DATA_B),
      .cmd_handle = plan_bo_create(plan, t, RIG_CMD_B),
      .data_va = RIG_DATA_VA,
      .data_size_B = RIG_DATA_B,
      .cmd_va = RIG_CMD_VA,
      .timeline = plan_syncobj_create(plan, t, false),
   };
   rig->data = plan_bo_map(plan, t, rig->data_handle, RIG_DATA_B);
   rig->cmd = plan_bo_map(plan, t, rig->cmd_handle, RIG_CMD_B);
   plan_vm_map(plan, t, rig->vm_id, rig->data_handle, 0, rig->data_va, RIG_DATA_B, PLAN_RW);
   plan_vm_map(plan, t, rig->vm_id, rig->data_handle, RIG_CODE_OFFSET, RIG_CODE_VA,
               RIG_DATA_B - RIG_CODE_OFFSET, DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_EXEC);
   plan_vm_map(plan, t, rig->vm_id, rig->cmd_handle, 0, rig->cmd_va, RIG_CMD_B,
               DRM_NPU_VM_MAP_READ);
   rig->ctx_id = plan_ctx_create(plan, t, rig->vm_id);
}

void
rig_init_sibling(struct rig *rig, const struct rig *of, unsigned n)
{
   struct plan *plan = of->plan;

   *rig = *of;
   rig->ctx_id = plan_ctx_create(plan, of->t, of->vm_id);
   rig->cmd_handle = plan_bo_create(plan, of->t, RIG_CMD_B);
   rig->cmd = plan_bo_map(plan, of->t, rig->cmd_handle, RIG_CMD_B);
   rig->cmd_va = RIG_CMD_VA + n * 0x1000000ull;
   plan_vm_map(plan, of->t, of->vm_id, rig->cmd_handle, 0, rig->cmd_va, RIG_CMD_B,
               DRM_NPU_VM_MAP_READ);
   rig->timeline = plan_syncobj_create(plan, of->t, false);
   rig->point = 0;
   rig->num_packets = 0;
   rig->first_packet = 0;
}

void
rig_packet(struct rig *rig, const void *packet)
{
   struct plan *plan = rig->plan;
   uint32_t position = rig->first_packet + rig->num_packets;

   CHECK((position + 1) * NPU_PACKET_SIZE_B <= RIG_CMD_B);
   memcpy(rig->cmd + position * NPU_PACKET_SIZE_B, packet, NPU_PACKET_SIZE_B);
   rig->num_packets++;
}

void
rig_fill(struct rig *rig, uint64_t va, uint64_t size_B, uint8_t byte)
{
   const struct npu_packet_fill packet = {
      .type = NPU_PACKET_FILL,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .pattern_size_B = 1,
      .dst_va = va,
      .size_B = size_B,
      .pattern = {byte},
   };
   rig_packet(rig, &packet);
}

void
rig_copy(struct rig *rig, uint64_t dst_va, uint64_t src_va, uint64_t size_B)
{
   const struct npu_packet_copy packet = {
      .type = NPU_PACKET_COPY,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .src_va = src_va,
      .dst_va = dst_va,
      .size_B = size_B,
   };
   rig_packet(rig, &packet);
}

void
rig_wait(struct rig *rig, uint64_t va, uint64_t value)
{
   const struct npu_packet_wait packet = {
      .type = NPU_PACKET_WAIT,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .va = va,
      .value = value,
   };
   rig_packet(rig, &packet);
}

void
rig_signal(struct rig *rig, uint64_t va, uint64_t value)
{
   const struct npu_packet_signal packet = {
      .type = NPU_PACKET_SIGNAL,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .va = va,
      .value = value,
   };
   rig_packet(rig, &packet);
}

void
rig_timestamp(struct rig *rig, uint64_t va)
{
   const struct npu_packet_timestamp packet = {
      .type = NPU_PACKET_TIMESTAMP,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .va = va,
   };
   rig_packet(rig, &packet);
}

void
rig_dispatch(struct rig *rig, uint64_t code_va, uint32_t kernel_id)
{
   const struct npu_packet_dispatch packet = {
      .type = NPU_PACKET_DISPATCH,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .work_dim = 1,
      .kernel_id = kernel_id,
      .code_va = code_va,
      .args_va = rig->data_va,
      .grid = {1, 1, 1},
      .block = {1, 1, 1},
   };
   rig_packet(rig, &packet);
}

/* Submits the packets that were written; signal_point: whether the job signals the next point of the timeline. */
static int
submit(struct rig *rig, const struct drm_npu_sync *waits, uint32_t num_waits, bool signal_point)
{
   struct drm_npu_cmdbuf cmdbuf = {
      .va = rig->cmd_va + rig->first_packet * (uint64_t)NPU_PACKET_SIZE_B,
      .num_packets = rig->num_packets,
   };
   struct drm_npu_sync signal = {
      .handle = rig->timeline,
      .flags = DRM_NPU_SYNC_TIMELINE,
      .point = rig->point + 1,
   };
   struct drm_npu_submit args = {.ctx_id = rig->ctx_id};

   if (rig->num_packets)
      args.cmdbufs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(&cmdbuf, 1);
   if (num_waits)
      args.wait_syncs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(waits, num_waits);
   if (signal_point)
      args.signal_syncs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(&signal, 1);

   int ret = npu_transport_ioctl(rig->t, DRM_IOCTL_NPU_SUBMIT, &args);
   rig->first_packet += rig->num_packets;
   rig->num_packets = 0;
   if (!ret && signal_point)
      rig->point++;
   return ret;
}

int
rig_try_submit(struct rig *rig, const struct drm_npu_sync *waits, uint32_t num_waits)
{
   return submit(rig, waits, num_waits, true);
}

void
rig_submit(struct rig *rig)
{
   struct plan *plan = rig->plan;
   CHECK_EQ(rig_try_submit(rig, NULL, 0), 0);
}

void
rig_submit_without_point(struct rig *rig)
{
   struct plan *plan = rig->plan;
   CHECK_EQ(submit(rig, NULL, 0, false), 0);
}

void
rig_submit_after(struct rig *rig, uint32_t handle, uint64_t point)
{
   struct plan *plan = rig->plan;
   const struct drm_npu_sync wait = {
      .handle = handle,
      .flags = point ? DRM_NPU_SYNC_TIMELINE : 0,
      .point = point,
   };
   CHECK_EQ(rig_try_submit(rig, &wait, 1), 0);
}

void
rig_finish(struct rig *rig)
{
   struct plan *plan = rig->plan;

   CHECK_EQ(plan_syncobj_wait(rig->t, rig->timeline, rig->point, PLAN_PATIENCE_NS), 0);
   struct drm_npu_ctx_get_state state = plan_ctx_state(plan, rig->t, rig->ctx_id);
   CHECK_EQ(state.state, DRM_NPU_CTX_STATE_ALIVE);
   CHECK_EQ(state.jobs_completed, state.jobs_submitted);
   /* Packets that have run may be overwritten. */
   rig->first_packet = 0;
}

struct drm_npu_ctx_get_state
rig_finish_faulted(struct rig *rig)
{
   struct plan *plan = rig->plan;

   CHECK_EQ(plan_syncobj_wait(rig->t, rig->timeline, rig->point, PLAN_PATIENCE_NS), 0);
   struct drm_npu_ctx_get_state state = plan_ctx_state(plan, rig->t, rig->ctx_id);
   CHECK_EQ(state.state, DRM_NPU_CTX_STATE_FAULTED);
   return state;
}

volatile uint64_t *
rig_word(struct rig *rig, unsigned n)
{
   return (volatile uint64_t *)rig->data + n;
}

uint64_t
rig_word_va(const struct rig *rig, unsigned n)
{
   return rig->data_va + n * 8ull;
}
