/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The table of ioctls and the dispatcher, which follows drm_ioctl():
 *  1. Only the number chooses the function; an unknown one is EINVAL.
 *  2. A structure shorter than the driver's is filled up with zeros, of a longer one the rest is
 * ignored.
 *  3. Structures go in and out as the caller's request says, also when the call fails.
 *
 * WAIT calls run like all others with the lock held; they drop it while they sleep.
 */

#include "npu_kmd.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "npu_sim.h"

/* Longest argument structure the driver or a caller may have. */
#define MAX_ARGS_B 1024

struct ioctl_desc {
   unsigned long request;
   int (*func)(struct npu_kmd_file *file, void *args);
};

#define CORE(request, name) [_IOC_NR(request)] = {request, npu_kmd_ioctl_##name}

static const struct ioctl_desc ioctls[] = {
   CORE(DRM_IOCTL_VERSION, version),
   CORE(DRM_IOCTL_GET_CAP, get_cap),
   CORE(DRM_IOCTL_GEM_CLOSE, gem_close),
   CORE(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime_handle_to_fd),
   CORE(DRM_IOCTL_PRIME_FD_TO_HANDLE, prime_fd_to_handle),
   CORE(DRM_IOCTL_SYNCOBJ_CREATE, syncobj_create),
   CORE(DRM_IOCTL_SYNCOBJ_DESTROY, syncobj_destroy),
   CORE(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, syncobj_handle_to_fd),
   CORE(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, syncobj_fd_to_handle),
   CORE(DRM_IOCTL_SYNCOBJ_TRANSFER, syncobj_transfer),
   CORE(DRM_IOCTL_SYNCOBJ_WAIT, syncobj_wait),
   CORE(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, syncobj_timeline_wait),
   CORE(DRM_IOCTL_SYNCOBJ_RESET, syncobj_reset),
   CORE(DRM_IOCTL_SYNCOBJ_SIGNAL, syncobj_signal),
   CORE(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, syncobj_timeline_signal),
   CORE(DRM_IOCTL_SYNCOBJ_QUERY, syncobj_query),
   CORE(DRM_IOCTL_NPU_DEV_QUERY, dev_query),
   CORE(DRM_IOCTL_NPU_BO_CREATE, bo_create),
   CORE(DRM_IOCTL_NPU_BO_MMAP_OFFSET, bo_mmap_offset),
   CORE(DRM_IOCTL_NPU_BO_GET_INFO, bo_get_info),
   CORE(DRM_IOCTL_NPU_VM_CREATE, vm_create),
   CORE(DRM_IOCTL_NPU_VM_DESTROY, vm_destroy),
   CORE(DRM_IOCTL_NPU_VM_BIND, vm_bind),
   CORE(DRM_IOCTL_NPU_VM_GET_STATE, vm_get_state),
   CORE(DRM_IOCTL_NPU_CTX_CREATE, ctx_create),
   CORE(DRM_IOCTL_NPU_CTX_DESTROY, ctx_destroy),
   CORE(DRM_IOCTL_NPU_CTX_GET_STATE, ctx_get_state),
   CORE(DRM_IOCTL_NPU_SUBMIT, submit),
   CORE(DRM_IOCTL_NPU_BO_SET_LABEL, bo_set_label),
};

int
npu_kmd_file_ioctl(struct npu_transport *transport, unsigned long request, void *arg)
{
   struct npu_kmd_file *file = (struct npu_kmd_file *)transport;
   unsigned nr = _IOC_NR(request);
   uint64_t args[MAX_ARGS_B / 8];

   if (npu_kmd_is_foreign(file->kmd))
      return -ENODEV;
   npu_sim_watch_exit(file->kmd->model);
   if (nr >= sizeof(ioctls) / sizeof(ioctls[0]) || !ioctls[nr].func)
      return -EINVAL;

   const struct ioctl_desc *desc = &ioctls[nr];
   size_t in_B = request & desc->request & IOC_IN ? _IOC_SIZE(request) : 0;
   size_t out_B = request & desc->request & IOC_OUT ? _IOC_SIZE(request) : 0;

   /* The kernel allocates any size; nothing is that long. */
   if (in_B > MAX_ARGS_B)
      in_B = MAX_ARGS_B;
   if (out_B > MAX_ARGS_B)
      out_B = MAX_ARGS_B;

   /* Only what this call may look at. */
   size_t args_B = _IOC_SIZE(desc->request) > in_B ? _IOC_SIZE(desc->request) : in_B;
   memset(args, 0, args_B > out_B ? args_B : out_B);
   npu_kmd_trust_pointers(transport->trusts_pointers);
   if (npu_kmd_copy_in(args, (uintptr_t)arg, in_B))
      return -EFAULT;

   npu_kmd_lock(file->kmd);
   int ret = desc->func(file, args);
   npu_kmd_unlock(file->kmd);

   if (npu_kmd_copy_out((uintptr_t)arg, args, out_B))
      return -EFAULT;
   return ret;
}
