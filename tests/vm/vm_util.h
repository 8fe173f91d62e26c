/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What several test programs of the guest need: TAP, and one-line forms of ioctls. All return 0 or an errno.
 */

#ifndef VM_UTIL_H
#define VM_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drm.h"
#include "drm/npu_accel.h"
#include "npu_isa/npu_regs.h"
#include "vm_time.h"

static unsigned vm_cases, vm_failures;

static inline bool
ok(bool good, const char *format, ...)
{
   va_list args;

   printf("%sok %u - ", good ? "" : "not ", ++vm_cases);
   va_start(args, format);
   vprintf(format, args);
   va_end(args);
   printf("\n");
   vm_failures += !good;
   fflush(stdout);
   return good;
}

static inline int
done_testing(void)
{
   printf("1..%u\n", vm_cases);
   return vm_failures ? 1 : 0;
}

static inline int
call(int fd, unsigned long request, void *args)
{
   int ret;

   do
      ret = ioctl(fd, request, args) ? errno : 0;
   while (ret == EINTR || ret == EAGAIN);
   return ret;
}

static inline int
bo_create(int fd, uint64_t size_B, uint32_t flags, uint32_t *out_handle)
{
   struct drm_npu_bo_create args = {.size = size_B, .flags = flags};
   int ret = call(fd, DRM_IOCTL_NPU_BO_CREATE, &args);

   *out_handle = args.handle;
   return ret;
}

static inline int
bo_close(int fd, uint32_t handle)
{
   struct drm_gem_close args = {.handle = handle};

   return call(fd, DRM_IOCTL_GEM_CLOSE, &args);
}

static inline int
bo_map(int fd, uint32_t handle, uint64_t size_B, uint8_t **out)
{
   struct drm_npu_bo_mmap_offset args = {.handle = handle};
   int ret = call(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args);

   if (ret)
      return ret;
   *out = mmap(NULL, size_B, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)args.offset);
   return *out == MAP_FAILED ? errno : 0;
}

static inline struct drm_npu_vm_bind_op
vm_bind_op(uint32_t op, uint32_t handle, uint64_t va, uint64_t size_B)
{
   return (struct drm_npu_vm_bind_op){
      .op = op,
      .flags = op == DRM_NPU_VM_BIND_OP_MAP ? DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE : 0,
      .handle = handle,
      .va = va,
      .size = size_B,
   };
}

static inline int
vm_bind(int fd, uint32_t vm_id, uint32_t op, uint32_t handle, uint64_t va, uint64_t size_B)
{
   struct drm_npu_vm_bind_op bind = vm_bind_op(op, handle, va, size_B);
   struct drm_npu_vm_bind args = {.vm_id = vm_id, .ops = DRM_NPU_OBJ_ARRAY(&bind, 1)};

   return call(fd, DRM_IOCTL_NPU_VM_BIND, &args);
}

static inline int
query_memory(int fd, struct drm_npu_memory_info *info)
{
   struct drm_npu_dev_query args = {
      .type = DRM_NPU_DEV_QUERY_MEMORY,
      .size = sizeof(*info),
      .pointer = (uintptr_t)info,
   };

   memset(info, 0, sizeof(*info));
   return call(fd, DRM_IOCTL_NPU_DEV_QUERY, &args);
}

static inline int
submit_one(int fd, uint32_t ctx_id, uint64_t cmd_va, uint32_t num_packets, uint32_t syncobj)
{
   struct drm_npu_cmdbuf cmdbuf = {.va = cmd_va, .num_packets = num_packets};
   struct drm_npu_sync signal = {.handle = syncobj};
   struct drm_npu_submit args = {
      .ctx_id = ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };

   return call(fd, DRM_IOCTL_NPU_SUBMIT, &args);
}

static inline int
wait_for_sync(int fd, uint32_t syncobj, unsigned seconds)
{
   struct drm_syncobj_wait args = {
      .handles = (uintptr_t)&syncobj,
      .count_handles = 1,
      .timeout_nsec = deadline_ns(seconds),
   };
   return call(fd, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

static inline bool
all_are(const uint8_t *bytes, uint8_t value, uint32_t size_B)
{
   for (uint32_t i = 0; i < size_B; i++) {
      if (bytes[i] != value)
         return false;
   }
   return true;
}

#endif
