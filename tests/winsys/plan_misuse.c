/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Every field of every ioctl wrong, one at a time: the exact error, and nothing changed by it.
 * Arrays are broken in their second element, so that what was done for the first one would show.
 */

#include "plan_misuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Values that are only known at run time, or have a meaning. */
enum misuse_value {
   LITERAL,
   WILD_POINTER,   /* an address that is never mapped */
   THE_PRIVATE_BO, /* handles and ids of the fixture */
   THE_NO_MMAP_BO,
   THE_UNSIGNALLED,
   THE_FOREIGN_FD,
   THE_SYNCOBJ_FD,
   THE_BO_FD,
   THE_VA_END, /* first address that cannot be bound */
   CLOSED_FD,
};

struct misuse {
   const char *name;
   enum misuse_call call;
   enum misuse_target target;
   size_t offset, size_B;
   enum misuse_value kind;
   uint64_t value;
   int expected; /* -errno */
};

#define NOT_THERE 12345

#define ROW(call, target, type, field, kind, value, error)                                         \
   {#field " = " #value,                                                                           \
    CALL_##call,                                                                                   \
    target,                                                                                        \
    offsetof(struct type, field),                                                                  \
    sizeof(((struct type *)0)->field),                                                             \
    kind,                                                                                          \
    value,                                                                                         \
    -error}
#define BAD(call, target, type, field, value, error)                                               \
   ROW(call, target, type, field, LITERAL, value, error)
#define RUN(call, target, type, field, kind, error)                                                \
   {#field " = " #kind,                                                                            \
    CALL_##call,                                                                                   \
    target,                                                                                        \
    offsetof(struct type, field),                                                                  \
    sizeof(((struct type *)0)->field),                                                             \
    kind,                                                                                          \
    0,                                                                                             \
    -error}

/* The ways an array can be wrong, whatever its elements are. */
#define BAD_ARRAY(call, type, field, max)                                                          \
   BAD(call, IN_ARGS, type, field.stride, 0, EINVAL),                                              \
      BAD(call, IN_ARGS, type, field.stride, 8, EINVAL),                                           \
      BAD(call, IN_ARGS, type, field.stride, 252, EINVAL),                                         \
      BAD(call, IN_ARGS, type, field.stride, 264, EINVAL),                                         \
      BAD(call, IN_ARGS, type, field.stride, 0xffffffff, EINVAL),                                  \
      BAD(call, IN_ARGS, type, field.count, 0, EINVAL),                                            \
      BAD(call, IN_ARGS, type, field.count, max + 1, EINVAL),                                      \
      BAD(call, IN_ARGS, type, field.count, 0xffffffff, EINVAL),                                   \
      BAD(call, IN_ARGS, type, field.array, 0, EFAULT),                                            \
      RUN(call, IN_ARGS, type, field.array, WILD_POINTER, EFAULT)

#define BAD_SYNCS(call)                                                                            \
   BAD(call, IN_WAITS, drm_npu_sync, handle, 0, ENOENT),                                           \
      BAD(call, IN_WAITS, drm_npu_sync, handle, NOT_THERE, ENOENT),                                \
      RUN(call, IN_WAITS, drm_npu_sync, handle, THE_UNSIGNALLED, EINVAL),                          \
      BAD(call, IN_WAITS, drm_npu_sync, flags, 0, EINVAL),                                         \
      BAD(call, IN_WAITS, drm_npu_sync, flags, 2, EINVAL),                                         \
      BAD(call, IN_WAITS, drm_npu_sync, flags, 0x80000001, EINVAL),                                \
      BAD(call, IN_WAITS, drm_npu_sync, point, 0, EINVAL),                                         \
      BAD(call, IN_WAITS, drm_npu_sync, point, 6, EINVAL),                                         \
      BAD(call, IN_WAITS, drm_npu_sync, point, UINT64_MAX, EINVAL),                                \
      BAD(call, IN_SIGNALS, drm_npu_sync, handle, 0, ENOENT),                                      \
      BAD(call, IN_SIGNALS, drm_npu_sync, handle, NOT_THERE, ENOENT),                              \
      BAD(call, IN_SIGNALS, drm_npu_sync, flags, 0, EINVAL),                                       \
      BAD(call, IN_SIGNALS, drm_npu_sync, flags, 4, EINVAL),                                       \
      BAD(call, IN_SIGNALS, drm_npu_sync, point, 0, EINVAL)

static const struct misuse rows[] = {
   /* The DRM core. */
   BAD(GET_CAP, IN_ARGS, drm_get_cap, capability, 0xffff, EOPNOTSUPP),
   BAD(GEM_CLOSE, IN_ARGS, drm_gem_close, handle, 0, EINVAL),
   BAD(GEM_CLOSE, IN_ARGS, drm_gem_close, handle, NOT_THERE, EINVAL),
   BAD(GEM_CLOSE, IN_ARGS, drm_gem_close, handle, 0xffffffff, EINVAL),
   BAD(PRIME_HANDLE_TO_FD, IN_ARGS, drm_prime_handle, handle, 0, ENOENT),
   BAD(PRIME_HANDLE_TO_FD, IN_ARGS, drm_prime_handle, handle, NOT_THERE, ENOENT),
   RUN(PRIME_HANDLE_TO_FD, IN_ARGS, drm_prime_handle, handle, THE_PRIVATE_BO, EPERM),
   BAD(PRIME_HANDLE_TO_FD, IN_ARGS, drm_prime_handle, flags, 1, EINVAL),
   BAD(PRIME_HANDLE_TO_FD, IN_ARGS, drm_prime_handle, flags, 0x40000000, EINVAL),
   BAD(PRIME_FD_TO_HANDLE, IN_ARGS, drm_prime_handle, fd, -1, EBADF),
   RUN(PRIME_FD_TO_HANDLE, IN_ARGS, drm_prime_handle, fd, CLOSED_FD, EBADF),
   RUN(PRIME_FD_TO_HANDLE, IN_ARGS, drm_prime_handle, fd, THE_FOREIGN_FD, EINVAL),
   RUN(PRIME_FD_TO_HANDLE, IN_ARGS, drm_prime_handle, fd, THE_SYNCOBJ_FD, EINVAL),

   /* Sync objects. */
   BAD(SYNCOBJ_CREATE, IN_ARGS, drm_syncobj_create, flags, 2, EINVAL),
   BAD(SYNCOBJ_CREATE, IN_ARGS, drm_syncobj_create, flags, 0x80000000, EINVAL),
   BAD(SYNCOBJ_DESTROY, IN_ARGS, drm_syncobj_destroy, handle, 0, EINVAL),
   BAD(SYNCOBJ_DESTROY, IN_ARGS, drm_syncobj_destroy, handle, NOT_THERE, EINVAL),
   BAD(SYNCOBJ_DESTROY, IN_ARGS, drm_syncobj_destroy, pad, 1, EINVAL),
   BAD(SYNCOBJ_HANDLE_TO_FD, IN_ARGS, drm_syncobj_handle, handle, 0, EINVAL),
   BAD(SYNCOBJ_HANDLE_TO_FD, IN_ARGS, drm_syncobj_handle, handle, NOT_THERE, EINVAL),
   BAD(SYNCOBJ_HANDLE_TO_FD, IN_ARGS, drm_syncobj_handle, pad, 1, EINVAL),
   BAD(SYNCOBJ_EXPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, handle, 0, ENOENT),
   BAD(SYNCOBJ_EXPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, handle, NOT_THERE, ENOENT),
   RUN(SYNCOBJ_EXPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, handle, THE_UNSIGNALLED, EINVAL),
   BAD(SYNCOBJ_EXPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, pad, 1, EINVAL),
   BAD(SYNCOBJ_FD_TO_HANDLE, IN_ARGS, drm_syncobj_handle, fd, -1, EINVAL),
   RUN(SYNCOBJ_FD_TO_HANDLE, IN_ARGS, drm_syncobj_handle, fd, CLOSED_FD, EINVAL),
   RUN(SYNCOBJ_FD_TO_HANDLE, IN_ARGS, drm_syncobj_handle, fd, THE_FOREIGN_FD, EINVAL),
   RUN(SYNCOBJ_FD_TO_HANDLE, IN_ARGS, drm_syncobj_handle, fd, THE_BO_FD, EINVAL),
   BAD(SYNCOBJ_FD_TO_HANDLE, IN_ARGS, drm_syncobj_handle, pad, 1, EINVAL),
   BAD(SYNCOBJ_IMPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, handle, 0, ENOENT),
   BAD(SYNCOBJ_IMPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_IMPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, fd, -1, EINVAL),
   RUN(SYNCOBJ_IMPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, fd, THE_SYNCOBJ_FD, EINVAL),
   BAD(SYNCOBJ_IMPORT_SYNC_FILE, IN_ARGS, drm_syncobj_handle, pad, 1, EINVAL),
   BAD(SYNCOBJ_WAIT, IN_ARGS, drm_syncobj_wait, flags, 0x4, EINVAL),
   BAD(SYNCOBJ_WAIT, IN_ARGS, drm_syncobj_wait, flags, 0x80000000, EINVAL),
   BAD(SYNCOBJ_WAIT, IN_ARGS, drm_syncobj_wait, handles, 0, EFAULT),
   RUN(SYNCOBJ_WAIT, IN_ARGS, drm_syncobj_wait, handles, WILD_POINTER, EFAULT),
   RUN(SYNCOBJ_WAIT, IN_HANDLES, drm_syncobj_create, handle, THE_UNSIGNALLED, EINVAL),
   BAD(SYNCOBJ_WAIT, IN_HANDLES, drm_syncobj_create, handle, 0, ENOENT),
   BAD(SYNCOBJ_WAIT, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_TIMELINE_WAIT, IN_ARGS, drm_syncobj_timeline_wait, flags, 0x80000000, EINVAL),
   BAD(SYNCOBJ_TIMELINE_WAIT, IN_ARGS, drm_syncobj_timeline_wait, handles, 0, EFAULT),
   RUN(SYNCOBJ_TIMELINE_WAIT, IN_ARGS, drm_syncobj_timeline_wait, points, WILD_POINTER, EFAULT),
   BAD(SYNCOBJ_TIMELINE_WAIT, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   RUN(SYNCOBJ_TIMELINE_WAIT, IN_HANDLES, drm_syncobj_create, handle, THE_UNSIGNALLED, EINVAL),
   BAD(SYNCOBJ_RESET, IN_ARGS, drm_syncobj_array, pad, 1, EINVAL),
   BAD(SYNCOBJ_RESET, IN_ARGS, drm_syncobj_array, count_handles, 0, EINVAL),
   BAD(SYNCOBJ_RESET, IN_ARGS, drm_syncobj_array, handles, 0, EFAULT),
   BAD(SYNCOBJ_RESET, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_SIGNAL, IN_ARGS, drm_syncobj_array, pad, 1, EINVAL),
   BAD(SYNCOBJ_SIGNAL, IN_ARGS, drm_syncobj_array, count_handles, 0, EINVAL),
   BAD(SYNCOBJ_SIGNAL, IN_ARGS, drm_syncobj_array, handles, 0, EFAULT),
   BAD(SYNCOBJ_SIGNAL, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_TIMELINE_SIGNAL, IN_ARGS, drm_syncobj_timeline_array, flags, 1, EINVAL),
   BAD(SYNCOBJ_TIMELINE_SIGNAL, IN_ARGS, drm_syncobj_timeline_array, count_handles, 0, EINVAL),
   BAD(SYNCOBJ_TIMELINE_SIGNAL, IN_ARGS, drm_syncobj_timeline_array, handles, 0, EFAULT),
   RUN(SYNCOBJ_TIMELINE_SIGNAL, IN_ARGS, drm_syncobj_timeline_array, points, WILD_POINTER, EFAULT),
   BAD(SYNCOBJ_TIMELINE_SIGNAL, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_QUERY, IN_ARGS, drm_syncobj_timeline_array, flags, 2, EINVAL),
   BAD(SYNCOBJ_QUERY, IN_ARGS, drm_syncobj_timeline_array, count_handles, 0, EINVAL),
   BAD(SYNCOBJ_QUERY, IN_ARGS, drm_syncobj_timeline_array, handles, 0, EFAULT),
   RUN(SYNCOBJ_QUERY, IN_ARGS, drm_syncobj_timeline_array, points, WILD_POINTER, EFAULT),
   BAD(SYNCOBJ_QUERY, IN_HANDLES, drm_syncobj_create, handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_TRANSFER, IN_ARGS, drm_syncobj_transfer, pad, 1, EINVAL),
   BAD(SYNCOBJ_TRANSFER, IN_ARGS, drm_syncobj_transfer, src_handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_TRANSFER, IN_ARGS, drm_syncobj_transfer, dst_handle, NOT_THERE, ENOENT),
   BAD(SYNCOBJ_TRANSFER, IN_ARGS, drm_syncobj_transfer, src_point, 6, EINVAL),

   /* Queries. */
   BAD(DEV_QUERY, IN_ARGS, drm_npu_dev_query, type, 4, EINVAL),
   BAD(DEV_QUERY, IN_ARGS, drm_npu_dev_query, type, 0xffffffff, EINVAL),
   RUN(DEV_QUERY, IN_ARGS, drm_npu_dev_query, pointer, WILD_POINTER, EFAULT),

   /* Buffer objects. */
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, size, 0, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, size, UINT64_MAX, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, size, UINT64_MAX - 4094, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, size, 1ull << 52, ENOSPC),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, flags, 0, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, flags, DRM_NPU_BO_NO_MMAP, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, flags, DRM_NPU_BO_PLACE_DEVICE | 8, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, flags, DRM_NPU_BO_PLACE_DEVICE | 0x80000000, EINVAL),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, vm_id, NOT_THERE, ENOENT),
   BAD(BO_CREATE, IN_ARGS, drm_npu_bo_create, pad, 1, EINVAL),
   BAD(BO_MMAP_OFFSET, IN_ARGS, drm_npu_bo_mmap_offset, handle, 0, ENOENT),
   BAD(BO_MMAP_OFFSET, IN_ARGS, drm_npu_bo_mmap_offset, handle, NOT_THERE, ENOENT),
   RUN(BO_MMAP_OFFSET, IN_ARGS, drm_npu_bo_mmap_offset, handle, THE_NO_MMAP_BO, EPERM),
   BAD(BO_MMAP_OFFSET, IN_ARGS, drm_npu_bo_mmap_offset, pad, 1, EINVAL),
   BAD(BO_GET_INFO, IN_ARGS, drm_npu_bo_get_info, handle, 0, ENOENT),
   BAD(BO_GET_INFO, IN_ARGS, drm_npu_bo_get_info, handle, NOT_THERE, ENOENT),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, handle, 0, ENOENT),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, handle, NOT_THERE, ENOENT),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, size, 0, EINVAL),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, size, DRM_NPU_MAX_LABEL_SIZE + 1, EINVAL),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, size, 0xffffffff, EINVAL),
   BAD(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, label, 0, EFAULT),
   RUN(BO_SET_LABEL, IN_ARGS, drm_npu_bo_set_label, label, WILD_POINTER, EFAULT),

   /* VMs. */
   BAD(VM_CREATE, IN_ARGS, drm_npu_vm_create, flags, 1, EINVAL),
   BAD(VM_CREATE, IN_ARGS, drm_npu_vm_create, flags, 0x80000000, EINVAL),
   BAD(VM_DESTROY, IN_ARGS, drm_npu_vm_destroy, vm_id, 0, ENOENT),
   BAD(VM_DESTROY, IN_ARGS, drm_npu_vm_destroy, vm_id, NOT_THERE, ENOENT),
   BAD(VM_DESTROY, IN_ARGS, drm_npu_vm_destroy, vm_id, 1, EBUSY), /* has a context */
   BAD(VM_DESTROY, IN_ARGS, drm_npu_vm_destroy, pad, 1, EINVAL),
   BAD(VM_GET_STATE, IN_ARGS, drm_npu_vm_get_state, vm_id, 0, ENOENT),
   BAD(VM_GET_STATE, IN_ARGS, drm_npu_vm_get_state, vm_id, NOT_THERE, ENOENT),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, vm_id, 0, ENOENT),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, vm_id, NOT_THERE, ENOENT),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, flags, 2, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, flags, 0x80000000, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, wait_syncs.stride, 16, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, wait_syncs.count, 1, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, wait_syncs.array, 64, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, signal_syncs.stride, 16, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, signal_syncs.count, 1, EINVAL),
   BAD(VM_BIND, IN_ARGS, drm_npu_vm_bind, signal_syncs.array, 64, EINVAL),
   BAD_ARRAY(VM_BIND, drm_npu_vm_bind, ops, DRM_NPU_MAX_BIND_OPS),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, op, 2, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, op, 0xffffffff, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, op, DRM_NPU_VM_BIND_OP_UNMAP,
       EINVAL), /* with a handle */
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, flags, 0, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, flags, DRM_NPU_VM_MAP_WRITE, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, flags, DRM_NPU_VM_MAP_EXEC, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, flags, DRM_NPU_VM_MAP_READ | 8, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, handle, 0, ENOENT),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, handle, NOT_THERE, ENOENT),
   RUN(VM_BIND, IN_OPS, drm_npu_vm_bind_op, handle, THE_PRIVATE_BO, EPERM),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, pad, 1, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, bo_offset, 0x4001, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, bo_offset, 0x5000, EINVAL), /* a page too far */
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, bo_offset, 0x10000, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, bo_offset, 0xfffffffffffff000, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, va, 0, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, va, 0xf000, EINVAL), /* below va_start */
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, va, 0x100800, EINVAL),
   RUN(VM_BIND, IN_OPS, drm_npu_vm_bind_op, va, THE_VA_END, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, va, 0xfffffffffffff000, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, size, 0, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, size, 0x800, EINVAL),
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, size, 0xd000, EINVAL), /* a page too long */
   BAD(VM_BIND, IN_OPS, drm_npu_vm_bind_op, size, 0xfffffffffffff000, EINVAL),
   BAD(VM_BIND_ASYNC, IN_ARGS, drm_npu_vm_bind, vm_id, NOT_THERE, ENOENT),
   BAD(VM_BIND_ASYNC, IN_ARGS, drm_npu_vm_bind, flags, 3, EINVAL),
   BAD_ARRAY(VM_BIND_ASYNC, drm_npu_vm_bind, ops, DRM_NPU_MAX_BIND_OPS),
   BAD_ARRAY(VM_BIND_ASYNC, drm_npu_vm_bind, wait_syncs, DRM_NPU_MAX_SYNCS),
   BAD_ARRAY(VM_BIND_ASYNC, drm_npu_vm_bind, signal_syncs, DRM_NPU_MAX_SYNCS),
   BAD_SYNCS(VM_BIND_ASYNC),
   BAD(VM_BIND_ASYNC, IN_OPS, drm_npu_vm_bind_op, size, 0xd000, EINVAL),
   BAD(VM_BIND_ASYNC, IN_OPS, drm_npu_vm_bind_op, handle, NOT_THERE, ENOENT),

   /* Contexts. */
   BAD(CTX_CREATE, IN_ARGS, drm_npu_ctx_create, vm_id, 0, ENOENT),
   BAD(CTX_CREATE, IN_ARGS, drm_npu_ctx_create, vm_id, NOT_THERE, ENOENT),
   BAD(CTX_CREATE, IN_ARGS, drm_npu_ctx_create, priority, 3, EINVAL),
   BAD(CTX_CREATE, IN_ARGS, drm_npu_ctx_create, priority, 0xffffffff, EINVAL),
   BAD(CTX_CREATE, IN_ARGS, drm_npu_ctx_create, flags, 1, EINVAL),
   BAD(CTX_DESTROY, IN_ARGS, drm_npu_ctx_destroy, ctx_id, 0, ENOENT),
   BAD(CTX_DESTROY, IN_ARGS, drm_npu_ctx_destroy, ctx_id, NOT_THERE, ENOENT),
   BAD(CTX_DESTROY, IN_ARGS, drm_npu_ctx_destroy, pad, 1, EINVAL),
   BAD(CTX_GET_STATE, IN_ARGS, drm_npu_ctx_get_state, ctx_id, 0, ENOENT),
   BAD(CTX_GET_STATE, IN_ARGS, drm_npu_ctx_get_state, ctx_id, NOT_THERE, ENOENT),

   /* Jobs. */
   BAD(SUBMIT, IN_ARGS, drm_npu_submit, ctx_id, 0, ENOENT),
   BAD(SUBMIT, IN_ARGS, drm_npu_submit, ctx_id, NOT_THERE, ENOENT),
   BAD(SUBMIT, IN_ARGS, drm_npu_submit, flags, 1, EINVAL),
   BAD(SUBMIT, IN_ARGS, drm_npu_submit, flags, 0x80000000, EINVAL),
   BAD_ARRAY(SUBMIT, drm_npu_submit, cmdbufs, DRM_NPU_MAX_CMDBUFS),
   BAD_ARRAY(SUBMIT, drm_npu_submit, wait_syncs, DRM_NPU_MAX_SYNCS),
   BAD_ARRAY(SUBMIT, drm_npu_submit, signal_syncs, DRM_NPU_MAX_SYNCS),
   BAD_SYNCS(SUBMIT),
   BAD(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, va, 0, EINVAL),
   BAD(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, va, 0x120020, EINVAL),
   RUN(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, va, THE_VA_END, EINVAL),
   BAD(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, va, 0xffffffffffffffc0, EINVAL),
   BAD(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, num_packets, 0, EINVAL),
   BAD(SUBMIT, IN_CMDBUFS, drm_npu_cmdbuf, flags, 1, EINVAL),
};

static const char *
misuse_case_name(unsigned index)
{
   static char name[256];
   static const char *const targets[] = {
      [IN_ARGS] = "",
      [IN_OPS] = "ops[1].",
      [IN_CMDBUFS] = "cmdbufs[1].",
      [IN_WAITS] = "wait_syncs[1].",
      [IN_SIGNALS] = "signal_syncs[1].",
      [IN_HANDLES] = "handles[1]: ",
   };
   const struct misuse *row = &rows[index];

   snprintf(name, sizeof(name), "%s %s%s", misuse_bases[row->call].name, targets[row->target],
            row->name);
   return name;
}

static uint64_t
value_of(struct misuse_fixture *f, const struct misuse *row)
{
   switch (row->kind) {
   case LITERAL:
      return row->value;
   case WILD_POINTER:
      return 64;
   case THE_PRIVATE_BO:
      return f->private_bo;
   case THE_NO_MMAP_BO:
      return f->no_mmap_bo;
   case THE_UNSIGNALLED:
      return f->unsignalled;
   case THE_FOREIGN_FD:
      return f->foreign_fd;
   case THE_SYNCOBJ_FD:
      return f->syncobj_fd;
   case THE_BO_FD:
      return f->bo_fd;
   case THE_VA_END:
      return plan_device_info(f->plan, f->t).va_end;
   case CLOSED_FD:
      return 1 << 20;
   }
   return 0;
}

static uint8_t *
target_of(struct misuse_fixture *f, const struct misuse *row)
{
   switch (row->target) {
   case IN_ARGS:
      return f->args.bytes + row->offset;
   case IN_OPS:
      return f->ops[1].bytes + row->offset;
   case IN_CMDBUFS:
      return f->cmdbufs[1].bytes + row->offset;
   case IN_WAITS:
      return f->waits[1].bytes + row->offset;
   case IN_SIGNALS:
      return f->signals[1].bytes + row->offset;
   case IN_HANDLES:
      return (uint8_t *)&f->handles[1];
   }
   return NULL;
}

static void
misuse_run(struct plan *plan, unsigned index)
{
   const struct misuse *row = &rows[index];
   struct misuse_fixture *f = &(struct misuse_fixture){0};
   struct misuse_state before, after;
   uint8_t args[sizeof(f->args)];

   misuse_fixture_init(f, plan, plan->t);
   misuse_get_state(f, &before);
   misuse_build(f, row->call);

   /* Little-endian: the low bytes of the value come first. */
   uint64_t value = value_of(f, row);
   memcpy(target_of(f, row), &value, row->size_B);
   memcpy(args, f->args.bytes, sizeof(args));
   CHECK_EQ(misuse_call_now(f), row->expected);
   CHECK(!memcmp(args, f->args.bytes, sizeof(args)));

   misuse_get_state(f, &after);
   misuse_check_state(plan, &before, &after);

   /* The same call without the mistake works: it was the only one. */
   misuse_build(f, row->call);
   CHECK_EQ(misuse_call_now(f), 0);
   misuse_close_fd(f, row->call);
   misuse_fixture_fini(f);
}

const struct plan_suite plan_misuse = {
   .name = "misuse",
   .num_cases = sizeof(rows) / sizeof(rows[0]),
   .case_name = misuse_case_name,
   .run = misuse_run,
};
