/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Sharing between files: handles and ids of one mean nothing in the other, descriptors do.
 */

#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int
export_bo(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   struct drm_prime_handle args = {.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args), 0);
   return args.fd;
}

static uint32_t
import_bo(struct plan *plan, struct npu_transport *t, int fd)
{
   struct drm_prime_handle args = {.fd = fd};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args), 0);
   return args.handle;
}

static int
syncobj_fd(struct plan *plan, struct npu_transport *t, uint32_t handle, uint32_t flags)
{
   struct drm_syncobj_handle args = {.handle = handle, .flags = flags};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args), 0);
   return args.fd;
}

static void
handles_belong_to_their_file(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);

   uint32_t vm_id = plan_vm_create(plan, plan->t);
   uint32_t ctx_id = plan_ctx_create(plan, plan->t, vm_id);
   uint32_t bo = plan_bo_create(plan, plan->t, 4096);
   uint32_t sync = plan_syncobj_create(plan, plan->t, true);

   struct drm_npu_vm_get_state vm = {.vm_id = vm_id};
   struct drm_npu_ctx_get_state ctx = {.ctx_id = ctx_id};
   struct drm_npu_submit submit = {.ctx_id = ctx_id};
   struct drm_npu_bo_get_info info = {.handle = bo};
   struct drm_gem_close close_args = {.handle = bo};
   struct drm_npu_ctx_create create = {.vm_id = vm_id};
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_VM_GET_STATE, &vm), -ENOENT);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_CTX_GET_STATE, &ctx), -ENOENT);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_SUBMIT, &submit), -ENOENT);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_BO_GET_INFO, &info), -ENOENT);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_GEM_CLOSE, &close_args), -EINVAL);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_CTX_CREATE, &create), -ENOENT);
   CHECK_EQ(plan_syncobj_wait(other, sync, 0, 0), -ENOENT);

   /* The same numbers are other objects there. */
   CHECK_EQ(plan_bo_create(plan, other, 8192), bo);
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_BO_GET_INFO, &info), 0);
   CHECK_EQ(info.size, 8192);
   CHECK_EQ(plan_vm_create(plan, other), vm_id);
}

static void
prime_shares_memory(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct rig mine, theirs;

   rig_init(&mine, plan, plan->t);
   rig_init(&theirs, plan, other);
   int fd = export_bo(plan, plan->t, mine.data_handle);
   uint32_t handle = import_bo(plan, other, fd);
   close(fd);

   struct drm_npu_bo_get_info info = {.handle = handle};
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_NPU_BO_GET_INFO, &info), 0);
   CHECK_EQ(info.size, RIG_DATA_B);

   /* What one device file's job writes the other's reads. */
   plan_vm_map(plan, other, theirs.vm_id, handle, 0, 0x70000000, RIG_DATA_B, PLAN_RW);
   rig_fill(&mine, mine.data_va, 4096, 0x99);
   rig_submit(&mine);
   rig_finish(&mine);
   rig_copy(&theirs, theirs.data_va, 0x70000000, 4096);
   rig_submit(&theirs);
   rig_finish(&theirs);
   CHECK_EQ(theirs.data[0], 0x99);
   CHECK_EQ(theirs.data[4095], 0x99);
}

static void
prime_handles_are_unique(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   uint32_t bo = plan_bo_create(plan, plan->t, 4096);
   int fd = export_bo(plan, plan->t, bo);
   int copy = dup(fd);

   CHECK_EQ(import_bo(plan, plan->t, fd), bo); /* comes home */
   uint32_t first = import_bo(plan, other, fd);
   CHECK_EQ(import_bo(plan, other, fd), first);
   CHECK_EQ(import_bo(plan, other, copy), first);
   close(fd);
   CHECK_EQ(import_bo(plan, other, copy), first);
   close(copy);
   plan_bo_close(plan, other, first);
   struct drm_gem_close again = {.handle = first};
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_GEM_CLOSE, &again), -EINVAL);
}

/* The descriptor keeps the memory, the last one to let go frees it. */
static void
prime_keeps_memory(struct plan *plan)
{
   uint64_t before_B = plan_memory_used(plan, plan->t);
   struct npu_transport *other = plan_open(plan);
   uint32_t bo = plan_bo_create(plan, other, 1 << 20);
   uint8_t *map = plan_bo_map(plan, other, bo, 1 << 20);

   map[100] = 123;
   int fd = export_bo(plan, other, bo);
   plan_bo_close(plan, other, bo);
   plan_close(plan, other);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B + (1 << 20));

   uint32_t imported = import_bo(plan, plan->t, fd);
   close(fd);
   map = plan_bo_map(plan, plan->t, imported, 1 << 20);
   CHECK_EQ(map[100], 123);
   plan_bo_unmap(plan, map);
   plan_bo_close(plan, plan->t, imported);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B);
}

static void
syncobj_fds_share_the_object(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   uint32_t mine = plan_syncobj_create(plan, plan->t, false);
   int fd = syncobj_fd(plan, plan->t, mine, 0);

   struct drm_syncobj_handle args = {.fd = fd};
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), 0);
   uint32_t theirs = args.handle;
   /* Not unique: each import is a handle of its own. */
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), 0);
   CHECK(args.handle != theirs);
   close(fd);

   plan_timeline_signal(plan, plan->t, mine, 6);
   CHECK_EQ(plan_timeline_query(plan, other, theirs), 6);
   CHECK_EQ(plan_syncobj_wait(other, args.handle, 6, 0), 0);
   plan_syncobj_destroy(plan, plan->t, mine);
   CHECK_EQ(plan_timeline_query(plan, other, theirs), 6);
}

/* A job of one file waits for a job of another. */
static void
jobs_wait_across_files(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct rig mine, theirs;

   rig_init(&mine, plan, plan->t);
   rig_init(&theirs, plan, other);
   rig_wait(&mine, rig_word_va(&mine, 0), 1);
   rig_submit(&mine);
   struct drm_syncobj_handle args = {.fd = syncobj_fd(plan, plan->t, mine.timeline, 0)};
   CHECK_EQ(npu_transport_ioctl(other, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), 0);
   close(args.fd);
   rig_fill(&theirs, theirs.data_va, 64, 1);
   rig_submit_after(&theirs, args.handle, 1);
   CHECK_EQ(plan_syncobj_wait(other, theirs.timeline, 1, 20 * PLAN_MS), -ETIME);
   *rig_word(&mine, 0) = 1;
   rig_finish(&theirs);
   CHECK_EQ(theirs.data[63], 1);
}

static void
sync_files_hold_a_fence(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t sync = plan_syncobj_create(plan, plan->t, false);
   uint32_t copy = plan_syncobj_create(plan, plan->t, false);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   int fd = syncobj_fd(plan, plan->t, rig.timeline,
                       DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE);

   struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
   CHECK_EQ(poll(&poll_fd, 1, 20), 0);
   struct drm_syncobj_handle args = {.handle = copy,
                                     .fd = fd,
                                     .flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, copy, 0, 0), -ETIME);

   *rig_word(&rig, 0) = 1;
   CHECK_EQ(poll(&poll_fd, 1, 5000), 1);
   CHECK(poll_fd.revents & POLLIN);
   CHECK_EQ(plan_syncobj_wait(plan->t, copy, 0, PLAN_PATIENCE_NS), 0);
   close(fd);

   /* One that has signalled before the export is readable at once. */
   plan_syncobj_signal(plan, plan->t, sync);
   poll_fd.fd = syncobj_fd(plan, plan->t, sync, DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE);
   CHECK_EQ(poll(&poll_fd, 1, 0), 1);
   CHECK(poll_fd.revents & POLLIN);
   close(poll_fd.fd);
   rig_finish(&rig);
}

static const struct plan_case cases[] = {
   {"handles and ids belong to their file", handles_belong_to_their_file},
   {"PRIME shares memory", prime_shares_memory},
   {"PRIME gives one handle for one buffer", prime_handles_are_unique},
   {"a PRIME descriptor keeps the memory", prime_keeps_memory},
   {"sync object descriptors share the object", syncobj_fds_share_the_object},
   {"jobs of one file wait for those of another", jobs_wait_across_files},
   {"sync files can be polled and imported", sync_files_hold_a_fence},
};
PLAN_SUITE(share, cases);
