/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The shortest way through the kernel driver, with nothing but ioctls between: query, buffer, mapping,
 * VM, bind, context, FILL and COPY, sync object. Speaks TAP.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drm.h"
#include "drm/npu_accel.h"
#include "npu_isa/npu_regs.h"
#include "vm_time.h"

#define SIZE_B (1u << 20)

static unsigned number, failures;

static void
ok(int good, const char *what)
{
   printf("%sok %u - %s\n", good ? "" : "not ", ++number, what);
   if (!good) {
      printf("# errno: %s\n", strerror(errno));
      failures++;
   }
   fflush(stdout);
}

static int
wait_syncobj(int fd, uint32_t handle, unsigned seconds)
{
   struct drm_syncobj_wait wait = {
      .handles = (uintptr_t)&handle,
      .count_handles = 1,
      .timeout_nsec = deadline_ns(seconds),
   };
   return ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

static uint8_t *
create_and_map(int fd, uint32_t place, uint32_t *out_handle)
{
   struct drm_npu_bo_create create = {.size = SIZE_B, .flags = place};

   if (ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &create))
      return NULL;
   struct drm_npu_bo_mmap_offset offset = {.handle = create.handle};
   if (ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset))
      return NULL;
   void *map = mmap(NULL, SIZE_B, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset.offset);
   *out_handle = create.handle;
   return map == MAP_FAILED ? NULL : map;
}

static int
all_bytes_are(const uint8_t *bytes, uint8_t value)
{
   for (uint32_t i = 0; i < SIZE_B; i++) {
      if (bytes[i] != value)
         return 0;
   }
   return 1;
}

int
main(int argc, char **argv)
{
   int fd = open(argc > 1 ? argv[1] : "/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   ok(fd >= 0, "open the device");
   if (fd < 0)
      return 1;

   struct drm_npu_device_info info = {0};
   struct drm_npu_dev_query query = {
      .type = DRM_NPU_DEV_QUERY_DEVICE,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };
   ok(!ioctl(fd, DRM_IOCTL_NPU_DEV_QUERY, &query) && info.arch_version == 1, "query the device");
   printf("# %s\n", info.name);

   uint32_t a_handle = 0, b_handle = 0;
   uint8_t *a = create_and_map(fd, DRM_NPU_BO_PLACE_DEVICE, &a_handle);
   ok(a != NULL, "map a buffer in device memory");
   uint8_t *b = create_and_map(fd, DRM_NPU_BO_PLACE_SYSTEM, &b_handle);
   ok(b != NULL, "map a buffer in system memory");
   if (!a || !b)
      return 1;
   ok(all_bytes_are(a, 0) && all_bytes_are(b, 0), "new buffers are zero");

   struct drm_npu_vm_create vm = {0};
   ok(!ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &vm), "make a VM");
   const uint64_t a_va = 0x100000, b_va = 0x40000000;
   struct drm_npu_vm_bind_op ops[] = {
      {.op = DRM_NPU_VM_BIND_OP_MAP,
       .flags = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE,
       .handle = a_handle,
       .va = a_va,
       .size = SIZE_B},
      {.op = DRM_NPU_VM_BIND_OP_MAP,
       .flags = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE,
       .handle = b_handle,
       .va = b_va,
       .size = SIZE_B},
   };
   struct drm_npu_vm_bind bind = {.vm_id = vm.vm_id, .ops = DRM_NPU_OBJ_ARRAY(ops, 2)};
   ok(!ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind), "bind both");

   struct drm_npu_ctx_create ctx = {.vm_id = vm.vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   ok(!ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx), "make a context");
   struct drm_syncobj_create sync = {0};
   ok(!ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync), "make a sync object");

   /* The last page of the device buffer holds the commands. */
   const uint32_t used_B = SIZE_B - 4096;
   struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 1,
      .dst_va = a_va,
      .size_B = used_B,
      .pattern = {0xa5},
   };
   struct npu_packet_copy copy = {
      .type = NPU_PACKET_COPY,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .src_va = a_va,
      .dst_va = b_va,
      .size_B = used_B,
   };
   memcpy(a + used_B, &fill, sizeof(fill));
   memcpy(a + used_B + 64, &copy, sizeof(copy));
   struct drm_npu_cmdbuf cmdbuf = {.va = a_va + used_B, .num_packets = 2};
   struct drm_npu_sync signal = {.handle = sync.handle};
   struct drm_npu_submit submit = {
      .ctx_id = ctx.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   ok(!ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit) && submit.job == 1, "submit FILL and COPY");
   ok(!wait_syncobj(fd, sync.handle, 20), "wait for the job");
   ok(a[0] == 0xa5 && a[used_B - 1] == 0xa5, "FILL has filled device memory");
   memset(b + used_B, 0xa5, 4096);
   ok(all_bytes_are(b, 0xa5), "COPY has copied to system memory");

   struct drm_npu_ctx_get_state state = {.ctx_id = ctx.ctx_id};
   ok(!ioctl(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state) && state.state == DRM_NPU_CTX_STATE_ALIVE &&
         state.jobs_completed == 1,
      "the context is alive and has completed one job");

   int64_t begin = monotonic_ns();
   int good = 1;
   const int rounds = 200;
   cmdbuf.num_packets = 1;
   fill.size_B = 64;
   memcpy(a + used_B, &fill, sizeof(fill));
   for (int i = 0; good && i < rounds; i++)
      good = !ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit) && !wait_syncobj(fd, sync.handle, 20);
   ok(good, "200 jobs, one after the other");
   printf("# %lld us from submit to wait\n", (long long)(monotonic_ns() - begin) / rounds / 1000);
   for (int i = 0; good && i < 1000; i++)
      good = !ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit);
   ok(good && !wait_syncobj(fd, sync.handle, 20), "1000 jobs at once");

   fill.dst_va = 0x7000000;
   memcpy(a + used_B, &fill, sizeof(fill));
   ok(!ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit), "submit a job that faults");
   ok(!wait_syncobj(fd, sync.handle, 20), "it ends");
   ok(!ioctl(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state) && state.state == DRM_NPU_CTX_STATE_FAULTED &&
         state.fault.type == DRM_NPU_FAULT_UNMAPPED && state.fault.address == 0x7000000 &&
         state.fault.job == submit.job,
      "the context has faulted at the right address");
   ok(ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit) && errno == EIO, "a dead context takes no jobs");

   struct drm_npu_ctx_destroy ctx_destroy = {.ctx_id = ctx.ctx_id};
   ok(!ioctl(fd, DRM_IOCTL_NPU_CTX_DESTROY, &ctx_destroy), "destroy the context");
   struct drm_npu_vm_destroy vm_destroy = {.vm_id = vm.vm_id};
   ok(!ioctl(fd, DRM_IOCTL_NPU_VM_DESTROY, &vm_destroy), "destroy the VM");
   close(fd);
   printf("1..%u\n", number);
   return failures ? 1 : 0;
}
