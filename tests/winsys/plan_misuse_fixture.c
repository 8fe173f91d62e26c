/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The valid calls that misuse starts from, and the state a failed call must leave alone.
 */

#include "plan_misuse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BO_B 0x10000ull
#define VA   0x100000ull

/* The argument structure, zeroed, with its request. */
#define ARGS(type, ioctl_request)                                                                  \
   f->request = ioctl_request;                                                                     \
   struct type *args = (struct type *)f->args.bytes;                                               \
   _Static_assert(sizeof(*args) <= sizeof(f->args), "arguments too long")

static void
build_version(struct misuse_fixture *f)
{
   ARGS(drm_version, DRM_IOCTL_VERSION);
   args->name = (char *)f->out;
   args->name_len = 16;
}

static void
build_get_cap(struct misuse_fixture *f)
{
   ARGS(drm_get_cap, DRM_IOCTL_GET_CAP);
   args->capability = DRM_CAP_SYNCOBJ;
}

static void
build_gem_close(struct misuse_fixture *f)
{
   ARGS(drm_gem_close, DRM_IOCTL_GEM_CLOSE);
   args->handle = f->no_mmap_bo;
}

static void
build_prime_handle_to_fd(struct misuse_fixture *f)
{
   ARGS(drm_prime_handle, DRM_IOCTL_PRIME_HANDLE_TO_FD);
   args->handle = f->bo;
   args->flags = DRM_CLOEXEC;
}

static void
build_prime_fd_to_handle(struct misuse_fixture *f)
{
   ARGS(drm_prime_handle, DRM_IOCTL_PRIME_FD_TO_HANDLE);
   args->fd = f->bo_fd;
}

static void
build_syncobj_create(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_create, DRM_IOCTL_SYNCOBJ_CREATE);
   args->flags = DRM_SYNCOBJ_CREATE_SIGNALED;
}

static void
build_syncobj_destroy(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_destroy, DRM_IOCTL_SYNCOBJ_DESTROY);
   args->handle = f->unsignalled;
}

static void
build_syncobj_handle_to_fd(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_handle, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD);
   args->handle = f->signalled;
}

static void
build_syncobj_export_sync_file(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_handle, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD);
   args->handle = f->signalled;
   args->flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;
}

static void
build_syncobj_fd_to_handle(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_handle, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE);
   args->fd = f->syncobj_fd;
}

static void
build_syncobj_import_sync_file(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_handle, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE);
   args->handle = f->unsignalled;
   args->fd = f->sync_file_fd;
   args->flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;
}

static void
build_syncobj_wait(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_wait, DRM_IOCTL_SYNCOBJ_WAIT);
   f->handles[0] = f->handles[1] = f->signalled;
   args->handles = (uintptr_t)f->handles;
   args->count_handles = 2;
   args->flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
}

static void
build_syncobj_timeline_wait(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_timeline_wait, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT);
   f->handles[0] = f->handles[1] = f->timeline;
   f->points[0] = 3;
   f->points[1] = 5;
   args->handles = (uintptr_t)f->handles;
   args->points = (uintptr_t)f->points;
   args->count_handles = 2;
   args->flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
}

static void
build_syncobj_reset(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_array, DRM_IOCTL_SYNCOBJ_RESET);
   f->handles[0] = f->signalled;
   f->handles[1] = f->timeline;
   args->handles = (uintptr_t)f->handles;
   args->count_handles = 2;
}

static void
build_syncobj_signal(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_array, DRM_IOCTL_SYNCOBJ_SIGNAL);
   f->handles[0] = f->unsignalled;
   f->handles[1] = f->signalled;
   args->handles = (uintptr_t)f->handles;
   args->count_handles = 2;
}

static void
build_syncobj_timeline_signal(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_timeline_array, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL);
   f->handles[0] = f->timeline;
   f->handles[1] = f->unsignalled;
   f->points[0] = 6;
   f->points[1] = 1;
   args->handles = (uintptr_t)f->handles;
   args->points = (uintptr_t)f->points;
   args->count_handles = 2;
}

static void
build_syncobj_query(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_timeline_array, DRM_IOCTL_SYNCOBJ_QUERY);
   f->handles[0] = f->timeline;
   f->handles[1] = f->signalled;
   args->handles = (uintptr_t)f->handles;
   args->points = (uintptr_t)f->points;
   args->count_handles = 2;
}

static void
build_syncobj_transfer(struct misuse_fixture *f)
{
   ARGS(drm_syncobj_transfer, DRM_IOCTL_SYNCOBJ_TRANSFER);
   args->src_handle = f->timeline;
   args->src_point = 5;
   args->dst_handle = f->unsignalled;
}

static void
build_dev_query(struct misuse_fixture *f)
{
   ARGS(drm_npu_dev_query, DRM_IOCTL_NPU_DEV_QUERY);
   args->type = DRM_NPU_DEV_QUERY_DEVICE;
   args->size = sizeof(struct drm_npu_device_info);
   args->pointer = (uintptr_t)f->out;
}

static void
build_bo_create(struct misuse_fixture *f)
{
   ARGS(drm_npu_bo_create, DRM_IOCTL_NPU_BO_CREATE);
   args->size = BO_B;
   args->flags = DRM_NPU_BO_PLACE_DEVICE;
   args->vm_id = f->vm_id;
}

static void
build_bo_mmap_offset(struct misuse_fixture *f)
{
   ARGS(drm_npu_bo_mmap_offset, DRM_IOCTL_NPU_BO_MMAP_OFFSET);
   args->handle = f->bo;
}

static void
build_bo_get_info(struct misuse_fixture *f)
{
   ARGS(drm_npu_bo_get_info, DRM_IOCTL_NPU_BO_GET_INFO);
   args->handle = f->bo;
}

static void
build_bo_set_label(struct misuse_fixture *f)
{
   ARGS(drm_npu_bo_set_label, DRM_IOCTL_NPU_BO_SET_LABEL);
   args->handle = f->bo;
   args->size = 5;
   args->label = (uintptr_t)"label";
}

static void
build_vm_create(struct misuse_fixture *f)
{
   ARGS(drm_npu_vm_create, DRM_IOCTL_NPU_VM_CREATE);
   args->flags = 0;
}

static void
build_vm_destroy(struct misuse_fixture *f)
{
   ARGS(drm_npu_vm_destroy, DRM_IOCTL_NPU_VM_DESTROY);
   args->vm_id = f->empty_vm_id;
}

static void
build_ops(struct misuse_fixture *f, struct drm_npu_vm_bind *args)
{
   f->ops[0].op = (struct drm_npu_vm_bind_op){
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = PLAN_RW,
      .handle = f->bo,
      .va = VA,
      .size = BO_B,
   };
   f->ops[1].op = (struct drm_npu_vm_bind_op){
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = DRM_NPU_VM_MAP_READ,
      .handle = f->bo,
      .bo_offset = 0x4000,
      .va = VA + 4 * BO_B,
      .size = BO_B - 0x4000,
   };
   args->ops = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(f->ops, 2);
   args->vm_id = f->vm_id;
}

static void
build_vm_bind(struct misuse_fixture *f)
{
   ARGS(drm_npu_vm_bind, DRM_IOCTL_NPU_VM_BIND);
   build_ops(f, args);
}

static void
build_syncs(struct misuse_fixture *f, struct drm_npu_obj_array *waits,
            struct drm_npu_obj_array *signals)
{
   f->waits[0].sync = (struct drm_npu_sync){.handle = f->signalled};
   f->waits[1].sync = (struct drm_npu_sync){.handle = f->timeline,
                                            .flags = DRM_NPU_SYNC_TIMELINE,
                                            .point = 5};
   f->signals[0].sync = (struct drm_npu_sync){.handle = f->unsignalled};
   f->signals[1].sync = (struct drm_npu_sync){.handle = f->timeline,
                                              .flags = DRM_NPU_SYNC_TIMELINE,
                                              .point = 6};
   *waits = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(f->waits, 2);
   *signals = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(f->signals, 2);
}

static void
build_vm_bind_async(struct misuse_fixture *f)
{
   ARGS(drm_npu_vm_bind, DRM_IOCTL_NPU_VM_BIND);
   build_ops(f, args);
   args->flags = DRM_NPU_VM_BIND_ASYNC;
   build_syncs(f, &args->wait_syncs, &args->signal_syncs);
}

static void
build_vm_get_state(struct misuse_fixture *f)
{
   ARGS(drm_npu_vm_get_state, DRM_IOCTL_NPU_VM_GET_STATE);
   args->vm_id = f->vm_id;
}

static void
build_ctx_create(struct misuse_fixture *f)
{
   ARGS(drm_npu_ctx_create, DRM_IOCTL_NPU_CTX_CREATE);
   args->vm_id = f->vm_id;
   args->priority = DRM_NPU_CTX_PRIORITY_MEDIUM;
}

static void
build_ctx_destroy(struct misuse_fixture *f)
{
   ARGS(drm_npu_ctx_destroy, DRM_IOCTL_NPU_CTX_DESTROY);
   args->ctx_id = f->ctx_id;
}

static void
build_ctx_get_state(struct misuse_fixture *f)
{
   ARGS(drm_npu_ctx_get_state, DRM_IOCTL_NPU_CTX_GET_STATE);
   args->ctx_id = f->ctx_id;
}

static void
build_submit(struct misuse_fixture *f)
{
   ARGS(drm_npu_submit, DRM_IOCTL_NPU_SUBMIT);
   /* NOP packets: see misuse_fixture_init. */
   f->cmdbufs[0].cmdbuf = (struct drm_npu_cmdbuf){.va = VA + 2 * BO_B, .num_packets = 4};
   f->cmdbufs[1].cmdbuf = (struct drm_npu_cmdbuf){.va = VA + 2 * BO_B + 0x1000, .num_packets = 1};
   args->ctx_id = f->ctx_id;
   args->cmdbufs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(f->cmdbufs, 2);
   build_syncs(f, &args->wait_syncs, &args->signal_syncs);
}

const struct misuse_base misuse_bases[NUM_CALLS] = {
   [CALL_VERSION] = {"VERSION", build_version},
   [CALL_GET_CAP] = {"GET_CAP", build_get_cap},
   [CALL_GEM_CLOSE] = {"GEM_CLOSE", build_gem_close},
   [CALL_PRIME_HANDLE_TO_FD] = {"PRIME_HANDLE_TO_FD", build_prime_handle_to_fd},
   [CALL_PRIME_FD_TO_HANDLE] = {"PRIME_FD_TO_HANDLE", build_prime_fd_to_handle},
   [CALL_SYNCOBJ_CREATE] = {"SYNCOBJ_CREATE", build_syncobj_create},
   [CALL_SYNCOBJ_DESTROY] = {"SYNCOBJ_DESTROY", build_syncobj_destroy},
   [CALL_SYNCOBJ_HANDLE_TO_FD] = {"SYNCOBJ_HANDLE_TO_FD", build_syncobj_handle_to_fd},
   [CALL_SYNCOBJ_EXPORT_SYNC_FILE] = {"SYNCOBJ_HANDLE_TO_FD (sync file)",
                                      build_syncobj_export_sync_file},
   [CALL_SYNCOBJ_FD_TO_HANDLE] = {"SYNCOBJ_FD_TO_HANDLE", build_syncobj_fd_to_handle},
   [CALL_SYNCOBJ_IMPORT_SYNC_FILE] = {"SYNCOBJ_FD_TO_HANDLE (sync file)",
                                      build_syncobj_import_sync_file},
   [CALL_SYNCOBJ_WAIT] = {"SYNCOBJ_WAIT", build_syncobj_wait},
   [CALL_SYNCOBJ_TIMELINE_WAIT] = {"SYNCOBJ_TIMELINE_WAIT", build_syncobj_timeline_wait},
   [CALL_SYNCOBJ_RESET] = {"SYNCOBJ_RESET", build_syncobj_reset},
   [CALL_SYNCOBJ_SIGNAL] = {"SYNCOBJ_SIGNAL", build_syncobj_signal},
   [CALL_SYNCOBJ_TIMELINE_SIGNAL] = {"SYNCOBJ_TIMELINE_SIGNAL", build_syncobj_timeline_signal},
   [CALL_SYNCOBJ_QUERY] = {"SYNCOBJ_QUERY", build_syncobj_query},
   [CALL_SYNCOBJ_TRANSFER] = {"SYNCOBJ_TRANSFER", build_syncobj_transfer},
   [CALL_DEV_QUERY] = {"NPU_DEV_QUERY", build_dev_query},
   [CALL_BO_CREATE] = {"NPU_BO_CREATE", build_bo_create},
   [CALL_BO_MMAP_OFFSET] = {"NPU_BO_MMAP_OFFSET", build_bo_mmap_offset},
   [CALL_BO_GET_INFO] = {"NPU_BO_GET_INFO", build_bo_get_info},
   [CALL_BO_SET_LABEL] = {"NPU_BO_SET_LABEL", build_bo_set_label},
   [CALL_VM_CREATE] = {"NPU_VM_CREATE", build_vm_create},
   [CALL_VM_DESTROY] = {"NPU_VM_DESTROY", build_vm_destroy},
   [CALL_VM_BIND] = {"NPU_VM_BIND", build_vm_bind},
   [CALL_VM_BIND_ASYNC] = {"NPU_VM_BIND (async)", build_vm_bind_async},
   [CALL_VM_GET_STATE] = {"NPU_VM_GET_STATE", build_vm_get_state},
   [CALL_CTX_CREATE] = {"NPU_CTX_CREATE", build_ctx_create},
   [CALL_CTX_DESTROY] = {"NPU_CTX_DESTROY", build_ctx_destroy},
   [CALL_CTX_GET_STATE] = {"NPU_CTX_GET_STATE", build_ctx_get_state},
   [CALL_SUBMIT] = {"NPU_SUBMIT", build_submit},
};

/* ------------------------------------------------------------------------------------ fixture -- */

static int
syncobj_to_fd(struct plan *plan, struct npu_transport *t, uint32_t handle, uint32_t flags)
{
   struct drm_syncobj_handle args = {.handle = handle, .flags = flags};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args), 0);
   return args.fd;
}

void
misuse_fixture_init(struct misuse_fixture *f, struct plan *plan, struct npu_transport *t)
{
   struct drm_npu_bo_create create = {.size = BO_B};
   struct drm_prime_handle prime = {.flags = DRM_CLOEXEC};

   *f = (struct misuse_fixture){.plan = plan, .t = t};
   f->vm_id = plan_vm_create(plan, t);
   f->other_vm_id = plan_vm_create(plan, t);
   f->empty_vm_id = plan_vm_create(plan, t);
   f->ctx_id = plan_ctx_create(plan, t, f->vm_id);

   f->bo = plan_bo_create(plan, t, BO_B);
   create.flags = DRM_NPU_BO_PLACE_DEVICE;
   create.vm_id = f->other_vm_id;
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_CREATE, &create), 0);
   f->private_bo = create.handle;
   create = (struct drm_npu_bo_create){.size = BO_B};
   create.flags = DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_NO_MMAP;
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_CREATE, &create), 0);
   f->no_mmap_bo = create.handle;
   plan_vm_map(plan, t, f->vm_id, f->bo, 0, VA + 2 * BO_B, BO_B, DRM_NPU_VM_MAP_READ);

   uint8_t *packets = plan_bo_map(plan, t, f->bo, BO_B);
   for (unsigned i = 0; i < BO_B / NPU_PACKET_SIZE_B; i++)
      packets[i * NPU_PACKET_SIZE_B] = NPU_PACKET_NOP;
   plan_bo_unmap(plan, packets);

   f->signalled = plan_syncobj_create(plan, t, true);
   f->unsignalled = plan_syncobj_create(plan, t, false);
   f->timeline = plan_syncobj_create(plan, t, false);
   plan_timeline_signal(plan, t, f->timeline, 5);

   prime.handle = f->bo;
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
   f->bo_fd = prime.fd;
   f->syncobj_fd = syncobj_to_fd(plan, t, f->signalled, 0);
   f->sync_file_fd = syncobj_to_fd(plan, t, f->signalled,
                                   DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE);
   f->foreign_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
   CHECK(f->foreign_fd >= 0);
}

void
misuse_fixture_fini(struct misuse_fixture *f)
{
   close(f->bo_fd);
   close(f->syncobj_fd);
   close(f->sync_file_fd);
   close(f->foreign_fd);
}

void
misuse_build(struct misuse_fixture *f, enum misuse_call call)
{
   memset(&f->args, 0, sizeof(f->args));
   memset(f->ops, 0, sizeof(f->ops));
   memset(f->cmdbufs, 0, sizeof(f->cmdbufs));
   memset(f->waits, 0, sizeof(f->waits));
   memset(f->signals, 0, sizeof(f->signals));
   misuse_bases[call].build(f);
}

int
misuse_call_now(struct misuse_fixture *f)
{
   return npu_transport_ioctl(f->t, f->request, &f->args);
}

void
misuse_close_fd(const struct misuse_fixture *f, enum misuse_call call)
{
   switch (call) {
   case CALL_PRIME_HANDLE_TO_FD:
      close(((const struct drm_prime_handle *)f->args.bytes)->fd);
      break;
   case CALL_SYNCOBJ_HANDLE_TO_FD:
   case CALL_SYNCOBJ_EXPORT_SYNC_FILE:
      close(((const struct drm_syncobj_handle *)f->args.bytes)->fd);
      break;
   default:
      break;
   }
}

/* -------------------------------------------------------------------------------------- state -- */

void
misuse_get_state(struct misuse_fixture *f, struct misuse_state *state)
{
   struct plan *plan = f->plan;
   struct drm_npu_ctx_get_state ctx = plan_ctx_state(plan, f->t, f->ctx_id);
   uint32_t vm = f->vm_id;

   *state = (struct misuse_state){
      .memory_used_B = plan_memory_used(plan, f->t),
      .jobs_submitted = ctx.jobs_submitted,
      .ctx_state = ctx.state,
      .timeline_point = plan_timeline_query(plan, f->t, f->timeline),
      .wait_signalled = plan_syncobj_wait(f->t, f->signalled, 0, -PLAN_MS),
      .wait_unsignalled = plan_syncobj_wait(f->t, f->unsignalled, 0, -PLAN_MS),
   };

   struct drm_syncobj_timeline_array query = {
      .handles = (uintptr_t)&f->timeline,
      .points = (uintptr_t)&state->timeline_last_submitted,
      .count_handles = 1,
      .flags = DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED,
   };
   CHECK_EQ(npu_transport_ioctl(f->t, DRM_IOCTL_SYNCOBJ_QUERY, &query), 0);

   /* Ids are given out lowest first: one that was leaked shows. */
   state->next_bo = plan_bo_create(plan, f->t, 4096);
   plan_bo_close(plan, f->t, state->next_bo);
   state->next_syncobj = plan_syncobj_create(plan, f->t, false);
   plan_syncobj_destroy(plan, f->t, state->next_syncobj);
   state->next_ctx = plan_ctx_create(plan, f->t, vm);
   struct drm_npu_ctx_destroy ctx_destroy = {.ctx_id = state->next_ctx};
   CHECK_EQ(npu_transport_ioctl(f->t, DRM_IOCTL_NPU_CTX_DESTROY, &ctx_destroy), 0);
   state->next_vm = plan_vm_create(plan, f->t);
   struct drm_npu_vm_destroy vm_destroy = {.vm_id = state->next_vm};
   CHECK_EQ(npu_transport_ioctl(f->t, DRM_IOCTL_NPU_VM_DESTROY, &vm_destroy), 0);
   state->next_fd = fcntl(f->foreign_fd, F_DUPFD_CLOEXEC, 0);
   close(state->next_fd);
}

void
misuse_check_state(struct plan *plan, const struct misuse_state *before,
                   const struct misuse_state *after)
{
   CHECK_EQ(after->memory_used_B, before->memory_used_B);
   CHECK_EQ(after->next_bo, before->next_bo);
   CHECK_EQ(after->next_vm, before->next_vm);
   CHECK_EQ(after->next_ctx, before->next_ctx);
   /* Linux 7 takes handle 0 for free when somebody has tried to destroy it, and gives it out. */
   CHECK(after->next_syncobj == before->next_syncobj || after->next_syncobj == 0);
   CHECK_EQ(after->next_fd, before->next_fd);
   CHECK_EQ(after->jobs_submitted, before->jobs_submitted);
   CHECK_EQ(after->ctx_state, before->ctx_state);
   CHECK_EQ(after->timeline_point, before->timeline_point);
   CHECK_EQ(after->timeline_last_submitted, before->timeline_last_submitted);
   CHECK_EQ(after->wait_signalled, before->wait_signalled);
   CHECK_EQ(after->wait_unsignalled, before->wait_unsignalled);
}
