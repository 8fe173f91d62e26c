/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * An ill-behaved user of the device: submits a job that hangs, faults, or is what a defect of the device was
 * injected for, waits for its end and says what became of its context, as
 *
 *    state STATE fault TYPE access ACCESS address ADDRESS wait ERRNO
 *
 * Its command buffers lie at an address nobody else uses, so that defects can be aimed at it.
 */

#include <errno.h>
#include <fcntl.h>
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

#define CMD_VA  0x7ff0000000ull
#define DATA_VA (CMD_VA + 0x1000)
#define BAD_VA  0x7000000ull
#define BO_B    0x3000u

#define MAX_COUNT 64

static const char *
usage(void)
{
   return "usage: vm-offender [-d DEVICE] [-n JOBS] [-c COUNT] [-k] KIND\n"
          "\n"
          "KIND is what the job does:\n"
          "  nop      nothing: what happens to it is for a defect of the device to say\n"
          "  wait     waits for a word in memory that nobody writes\n"
          "  spin     copies a buffer onto itself, with progress, for very long\n"
          "  slow     the same, for some tenths of a second\n"
          "  fault    writes where nothing is bound\n"
          "  packet   is no packet that exists\n"
          "  code     runs a program that lies where nothing is bound\n"
          "-n: so many jobs (default 1). -c: so many times its command buffer in each (default 1, "
          "at "
          "most 64).\n"
          "-k: does not wait for them but sleeps until it is "
          "killed.\n"
          "Its command buffer is at 0x7ff0000000.\n";
}

static int
fail(const char *what)
{
   fprintf(stderr, "vm-offender: %s: %s\n", what, strerror(errno));
   return 1;
}

static int
write_job(const char *kind, void *commands, uint32_t *num_packets)
{
   uint8_t *at = commands;

   *num_packets = 1;
   if (!strcmp(kind, "nop")) {
      at[0] = NPU_PACKET_NOP;
   } else if (!strcmp(kind, "wait")) {
      const struct npu_packet_wait wait = {.type = NPU_PACKET_WAIT, .va = DATA_VA, .value = 1};
      memcpy(at, &wait, sizeof(wait));
   } else if (!strcmp(kind, "spin") || !strcmp(kind, "slow")) {
      const uint32_t slow = kind[1] == 'l';
      const struct npu_packet_copy_rect copy = {
         .type = NPU_PACKET_COPY_RECT,
         .dst_va = DATA_VA,
         .src_va = DATA_VA,
         .row_size_B = 0x1000,
         .num_rows = slow ? 2000000 : UINT32_MAX,
         .num_slices = slow ? 1 : UINT32_MAX,
      };
      memcpy(at, &copy, sizeof(copy));
   } else if (!strcmp(kind, "fault")) {
      const struct npu_packet_fill fill = {.type = NPU_PACKET_FILL,
                                           .pattern_size_B = 1,
                                           .dst_va = BAD_VA,
                                           .size_B = 64};
      memcpy(at, &fill, sizeof(fill));
   } else if (!strcmp(kind, "packet")) {
      at[0] = 0xee;
   } else if (!strcmp(kind, "code")) {
      const struct npu_packet_dispatch dispatch = {
         .type = NPU_PACKET_DISPATCH,
         .work_dim = 1,
         .grid = {1, 1, 1},
         .block = {32, 1, 1},
         .code_va = BAD_VA,
      };
      memcpy(at, &dispatch, sizeof(dispatch));
   } else {
      return -1;
   }
   return 0;
}

int
main(int argc, char **argv)
{
   const char *path = "/dev/accel/accel0";
   unsigned jobs = 1, count = 1;
   int killed = 0;

   for (int c; (c = getopt(argc, argv, "d:n:c:kh")) != -1;) {
      switch (c) {
      case 'd':
         path = optarg;
         break;
      case 'n':
         jobs = (unsigned)atoi(optarg);
         break;
      case 'c':
         count = (unsigned)atoi(optarg);
         break;
      case 'k':
         killed = 1;
         break;
      default:
         fputs(usage(), c == 'h' ? stdout : stderr);
         return c == 'h' ? 0 : 2;
      }
   }
   if (optind + 1 != argc || !count || count > MAX_COUNT) {
      fputs(usage(), stderr);
      return 2;
   }

   int fd = open(path, O_RDWR | O_CLOEXEC);
   if (fd < 0)
      return fail(path);
   struct drm_npu_vm_create vm = {0};
   struct drm_npu_ctx_create ctx = {.priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   struct drm_syncobj_create sync = {0};
   struct drm_npu_bo_create bo = {.size = BO_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
   if (ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &vm))
      return fail("VM_CREATE");
   ctx.vm_id = vm.vm_id;
   if (ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx) || ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) ||
       ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &bo))
      return fail("set up");
   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE,
      .handle = bo.handle,
      .va = CMD_VA,
      .size = BO_B,
   };
   struct drm_npu_vm_bind bind = {.vm_id = vm.vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
   struct drm_npu_bo_mmap_offset offset = {.handle = bo.handle};
   if (ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind) || ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset))
      return fail("bind");
   void *map = mmap(NULL, BO_B, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset.offset);
   struct drm_npu_cmdbuf cmdbufs[MAX_COUNT];
   uint32_t num_packets;
   if (map == MAP_FAILED)
      return fail("mmap");
   if (write_job(argv[optind], map, &num_packets)) {
      fputs(usage(), stderr);
      return 2;
   }

   for (unsigned i = 0; i < count; i++)
      cmdbufs[i] = (struct drm_npu_cmdbuf){.va = CMD_VA, .num_packets = num_packets};

   struct drm_npu_sync signal = {.handle = sync.handle};
   struct drm_npu_submit submit = {
      .ctx_id = ctx.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbufs, count),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   for (unsigned i = 0; i < jobs; i++) {
      if (ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit) && (i == 0 || errno != EIO))
         return fail("SUBMIT");
   }
   puts("submitted");
   fflush(stdout);
   if (killed)
      pause();

   struct drm_syncobj_wait wait = {
      .handles = (uintptr_t)&sync.handle,
      .count_handles = 1,
      .timeout_nsec = deadline_ns(60),
   };
   int error;
   do
      error = ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait) ? errno : 0;
   while (error == EINTR || error == EAGAIN);

   struct drm_npu_ctx_get_state state = {.ctx_id = ctx.ctx_id};
   if (ioctl(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state)) {
      printf("state gone wait %d\n", error);
      return errno == ENODEV ? 0 : fail("CTX_GET_STATE");
   }
   printf("state %u fault %u access %u address %#llx wait %d\n", state.state, state.fault.type,
          state.fault.access, (unsigned long long)state.fault.address, error);
   return 0;
}
