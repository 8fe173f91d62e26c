/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A well-behaved user of the device, for tests of what happens around it: fills and copies buffers for a
 * while, several jobs in flight, and checks every byte.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

#define DEPTH   8        /* jobs in flight */
#define SLOT_B  0x40000u /* of each: source and destination behind each other */
#define CMD_B   0x1000u
#define BASE_VA 0x200000ull
#define MORE_VA 0x100000000ull

enum {
   EXIT_RIGHT = 0,
   EXIT_WRONG = 1,
   EXIT_USAGE = 2,
   EXIT_LOST = 3
};

struct load {
   int fd;
   uint32_t vm, ctx, timeline;
   uint8_t *data, *commands;
   uint64_t submitted;
   unsigned copies; /* in a job */
};

static volatile sig_atomic_t told_to_end;

static void
on_sigterm(int signal)
{
   (void)signal;
   told_to_end = 1;
}

/* Says what went wrong; a device or context that is gone is no fault of ours. */
static int
give_up(struct load *load, const char *what)
{
   int error = errno;
   struct drm_npu_ctx_get_state state = {.ctx_id = load->ctx};

   if (error == ENODEV) {
      printf("%s: the device is gone\n", what);
      return EXIT_LOST;
   }
   if (load->ctx && !ioctl(load->fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state) &&
       (state.state == DRM_NPU_CTX_STATE_INNOCENT || state.state == DRM_NPU_CTX_STATE_LOST))
   {
      printf("%s: the context was lost (state %u)\n", what, state.state);
      return EXIT_LOST;
   }
   printf("%s: %s, state %u, fault %u\n", what, strerror(error), state.state, state.fault.type);
   return EXIT_WRONG;
}

static bool
map_buffer(struct load *load, uint32_t vm_id, uint32_t place, uint64_t va, uint64_t size_B,
           uint8_t **out)
{
   struct drm_npu_bo_create create = {.size = size_B, .flags = place, .vm_id = vm_id};
   if (ioctl(load->fd, DRM_IOCTL_NPU_BO_CREATE, &create))
      return false;
   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE,
      .handle = create.handle,
      .va = va,
      .size = size_B,
   };
   struct drm_npu_vm_bind bind = {.vm_id = vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
   if (ioctl(load->fd, DRM_IOCTL_NPU_VM_BIND, &bind))
      return false;
   struct drm_npu_bo_mmap_offset offset = {.handle = create.handle};
   if (ioctl(load->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset))
      return false;
   *out = mmap(NULL, size_B, PROT_READ | PROT_WRITE, MAP_SHARED, load->fd, (off_t)offset.offset);
   return *out != MAP_FAILED;
}

static bool
set_up(struct load *load, const char *path, uint32_t place)
{
   struct drm_npu_vm_create vm = {0};
   struct drm_npu_ctx_create ctx = {.priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   struct drm_syncobj_create sync = {0};

   load->fd = open(path, O_RDWR | O_CLOEXEC);
   if (load->fd < 0 || ioctl(load->fd, DRM_IOCTL_NPU_VM_CREATE, &vm))
      return false;
   ctx.vm_id = vm.vm_id;
   if (ioctl(load->fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx) ||
       ioctl(load->fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync))
      return false;
   load->vm = vm.vm_id;
   load->ctx = ctx.ctx_id;
   load->timeline = sync.handle;
   return map_buffer(load, vm.vm_id, place, BASE_VA, DEPTH * SLOT_B, &load->data) &&
          map_buffer(load, vm.vm_id, DRM_NPU_BO_PLACE_DEVICE, BASE_VA + DEPTH * SLOT_B,
                     DEPTH * CMD_B, &load->commands);
}

/* Job number n fills half a slot with a value of its own and copies it to the other half. */
static bool
submit(struct load *load)
{
   uint64_t n = load->submitted + 1;
   unsigned slot = n % DEPTH;
   uint64_t va = BASE_VA + slot * SLOT_B;
   uint8_t *commands = load->commands + slot * CMD_B;
   struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 8,
      .dst_va = va,
      .size_B = SLOT_B / 2,
   };
   const struct npu_packet_copy copy = {
      .type = NPU_PACKET_COPY,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .src_va = va,
      .dst_va = va + SLOT_B / 2,
      .size_B = SLOT_B / 2,
   };

   memcpy(fill.pattern, &n, sizeof(n));
   memcpy(commands, &fill, sizeof(fill));
   for (unsigned i = 1; i <= load->copies; i++)
      memcpy(commands + i * NPU_PACKET_SIZE_B, &copy, sizeof(copy));
   struct drm_npu_cmdbuf cmdbuf = {
      .va = BASE_VA + DEPTH * SLOT_B + slot * CMD_B,
      .num_packets = 1 + load->copies,
   };
   struct drm_npu_sync signal = {
      .handle = load->timeline,
      .flags = DRM_NPU_SYNC_TIMELINE,
      .point = n,
   };
   struct drm_npu_submit args = {
      .ctx_id = load->ctx,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   if (ioctl(load->fd, DRM_IOCTL_NPU_SUBMIT, &args))
      return false;
   load->submitted = n;
   return true;
}

static int
finish(struct load *load, uint64_t n)
{
   struct drm_syncobj_timeline_wait wait = {
      .handles = (uintptr_t)&load->timeline,
      .points = (uintptr_t)&n,
      .count_handles = 1,
      .timeout_nsec = deadline_ns(60),
   };
   struct drm_npu_ctx_get_state state = {.ctx_id = load->ctx};

   while (ioctl(load->fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait)) {
      if (errno != EINTR && errno != EAGAIN)
         return give_up(load, "wait");
   }
   if (ioctl(load->fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state))
      return give_up(load, "get state");
   if (state.state != DRM_NPU_CTX_STATE_ALIVE) {
      errno = EIO;
      return give_up(load, "job");
   }
   const uint8_t *slot = load->data + n % DEPTH * SLOT_B;
   for (unsigned i = 0; i < SLOT_B; i += 8) {
      uint64_t value;
      memcpy(&value, slot + i, sizeof(value));
      if (value != n) {
         printf("job %llu: %llu at byte %u\n", (unsigned long long)n, (unsigned long long)value, i);
         return EXIT_WRONG;
      }
   }
   return EXIT_RIGHT;
}

int
main(int argc, char **argv)
{
   struct load load = {.fd = -1, .copies = 1};
   const char *path = "/dev/accel/accel0", *ready = NULL;
   uint32_t place = DRM_NPU_BO_PLACE_DEVICE;
   uint64_t more_B = 0;
   uint8_t *more;
   double seconds = 5;

   for (int c; (c = getopt(argc, argv, "d:s:c:b:r:mh")) != -1;) {
      switch (c) {
      case 'd':
         path = optarg;
         break;
      case 's':
         seconds = atof(optarg);
         break;
      case 'c':
         load.copies = (unsigned)atoi(optarg);
         if (load.copies > CMD_B / NPU_PACKET_SIZE_B - 1)
            load.copies = CMD_B / NPU_PACKET_SIZE_B - 1;
         break;
      case 'b':
         more_B = (uint64_t)atoi(optarg) << 20;
         break;
      case 'r':
         ready = optarg;
         break;
      case 'm':
         place = DRM_NPU_BO_PLACE_SYSTEM;
         break;
      default:
         fprintf(
            c == 'h' ? stdout : stderr,
            "usage: vm-load [-d DEVICE] [-s SECONDS] [-m] [-c COPIES] [-b MIB] [-r FILE]\n"
            "Works for so many seconds (5), or until SIGTERM; then it finishes what it has begun.\n"
            "-m: buffers in system memory. -c: so many copies in a job, for longer ones.\n"
            "-b: another buffer of so many MiB, bound and written by the CPU.\n"
            "-r: makes this file when the first job is complete.\n"
            "Exit status: 0 all results right, 3 device or context lost, 1 anything else.\n");
         return c == 'h' ? 0 : EXIT_USAGE;
      }
   }
   /* Calls go on behind the signal. */
   sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_sigterm, .sa_flags = SA_RESTART}, NULL);
   if (!set_up(&load, path, place))
      return give_up(&load, "set up");
   if (more_B) {
      if (!map_buffer(&load, load.vm, place, MORE_VA, more_B, &more))
         return give_up(&load, "large buffer");
      memset(more, 1, more_B);
   }

   int64_t until_ns = monotonic_ns() + (int64_t)(seconds * 1e9);
   uint64_t finished = 0;
   int ret = EXIT_RIGHT;
   for (bool over = false; ret == EXIT_RIGHT && (!over || finished < load.submitted);) {
      over = over || told_to_end || monotonic_ns() >= until_ns;
      while (!over && load.submitted - finished < DEPTH) {
         if (!submit(&load))
            return give_up(&load, "submit");
      }
      if (finished < load.submitted)
         ret = finish(&load, ++finished);
      if (finished == 1 && ready && close(creat(ready, 0600)))
         return give_up(&load, ready);
   }
   if (ret == EXIT_RIGHT)
      printf("%llu jobs, all right\n", (unsigned long long)finished);
   return ret;
}
