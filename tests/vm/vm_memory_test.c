/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Device-local memory to the last page: what is refused, where buffers go that may lie elsewhere, and that all
 * comes back, zeroed. Nobody else may use the device. Speaks TAP.
 */

#include "vm_util.h"

#define MAX_BOS 4096
#define PIECE_B (1u << 20)
#define CMD_VA  0x100000ull
#define DATA_VA 0x40000000ull

static uint32_t bos[MAX_BOS];
static unsigned num_bos;

/* Takes pieces until there are no more. Returns the errno that said so. */
static int
take_all(int fd)
{
   int ret = 0;

   while (num_bos < MAX_BOS &&
          !(ret = bo_create(fd, PIECE_B, DRM_NPU_BO_PLACE_DEVICE, &bos[num_bos])))
      num_bos++;
   return ret;
}

/* Fills the buffer by a job. */
static bool
works(int fd, uint32_t handle)
{
   struct drm_npu_vm_create vm = {0};
   struct drm_npu_ctx_create ctx = {.priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   struct drm_syncobj_create sync = {0};
   const struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 1,
      .dst_va = DATA_VA,
      .size_B = PIECE_B,
      .pattern = {0x3c},
   };
   uint32_t commands;
   uint8_t *cmd_map, *map;

   if (call(fd, DRM_IOCTL_NPU_VM_CREATE, &vm))
      return false;
   ctx.vm_id = vm.vm_id;
   if (call(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx) || call(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) ||
       bo_create(fd, 4096, DRM_NPU_BO_PLACE_SYSTEM, &commands) ||
       bo_map(fd, commands, 4096, &cmd_map) || bo_map(fd, handle, PIECE_B, &map))
      return false;
   memcpy(cmd_map, &fill, sizeof(fill));
   bool good = !vm_bind(fd, vm.vm_id, DRM_NPU_VM_BIND_OP_MAP, commands, CMD_VA, 4096) &&
               !vm_bind(fd, vm.vm_id, DRM_NPU_VM_BIND_OP_MAP, handle, DATA_VA, PIECE_B) &&
               !submit_one(fd, ctx.ctx_id, CMD_VA, 1, sync.handle) &&
               !wait_for_sync(fd, sync.handle, 30);
   for (uint32_t i = 0; good && i < PIECE_B; i++)
      good = map[i] == 0x3c;
   munmap(map, PIECE_B);
   munmap(cmd_map, 4096);
   struct drm_npu_ctx_destroy ctx_destroy = {.ctx_id = ctx.ctx_id};
   struct drm_npu_vm_destroy vm_destroy = {.vm_id = vm.vm_id};
   return !call(fd, DRM_IOCTL_NPU_CTX_DESTROY, &ctx_destroy) &&
          !call(fd, DRM_IOCTL_NPU_VM_DESTROY, &vm_destroy) && !bo_close(fd, commands) && good;
}

static uint64_t
used(int fd)
{
   struct drm_npu_memory_info info;

   return query_memory(fd, &info) ? UINT64_MAX : info.device_used;
}

/* Freed memory is given back by a work of the kernel. */
static bool
becomes_unused(int fd)
{
   for (unsigned i = 0; i < 200 && used(fd); i++)
      usleep(50000);
   return used(fd) == 0;
}

int
main(void)
{
   struct drm_npu_memory_info info;
   int fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   uint32_t handle = 0, other = 0;

   if (!ok(fd >= 0 && !query_memory(fd, &info), "open and query"))
      return done_testing();
   uint64_t total_B = info.device_total;
   ok(total_B && becomes_unused(fd), "%llu MiB, all unused", (unsigned long long)(total_B >> 20));
   ok(bo_create(fd, total_B + 4096, DRM_NPU_BO_PLACE_DEVICE, &handle) == ENOSPC,
      "more than there is does not fit");
   ok(!bo_create(fd, total_B, DRM_NPU_BO_PLACE_DEVICE, &handle) && used(fd) == total_B,
      "all there is fits, in one buffer");
   ok(!bo_close(fd, handle) && becomes_unused(fd), "it comes back");

   ok(take_all(fd) == ENOSPC && (uint64_t)num_bos * PIECE_B == total_B,
      "in pieces of a MiB, all of it can be had");
   ok(used(fd) == total_B, "it is accounted for");
   ok(bo_create(fd, 4096, DRM_NPU_BO_PLACE_DEVICE, &handle) == ENOSPC, "not a page is left");
   int fd2 = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   ok(fd2 >= 0 && bo_create(fd2, 4096, DRM_NPU_BO_PLACE_DEVICE, &other) == ENOSPC,
      "for somebody else neither");
   uint64_t system_B = info.system_used;
   ok(!bo_create(fd2, PIECE_B, DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_PLACE_SYSTEM, &other) &&
         !query_memory(fd2, &info) && info.system_used >= system_B + PIECE_B,
      "a buffer that may lie in system memory does");
   ok(works(fd2, other), "and the device can use it");
   ok(works(fd, bos[num_bos / 2]), "as well as those in its memory");

   /* Dirty all of it. */
   bool good = true;
   for (unsigned i = 0; good && i < num_bos; i++) {
      uint8_t *map;
      good = !bo_map(fd, bos[i], PIECE_B, &map);
      if (good) {
         memset(map, 0xff, PIECE_B);
         munmap(map, PIECE_B);
      }
   }
   ok(good, "every byte of it is written");
   for (unsigned i = 0; i < num_bos; i += 2)
      good &= !bo_close(fd, bos[i]);
   ok(good && !bo_create(fd, total_B / 2, DRM_NPU_BO_PLACE_DEVICE, &handle),
      "half of it, in holes of a MiB, is one buffer");
   uint8_t *map = NULL;
   good = !bo_map(fd, handle, total_B / 2, &map);
   for (uint64_t i = 0; good && i < total_B / 2; i += 8)
      good = *(uint64_t *)(map + i) == 0;
   ok(good, "in which nothing can be seen of what was there");
   munmap(map, total_B / 2);
   ok(works(fd, handle), "the device can use it");

   close(fd);
   ok(becomes_unused(fd2), "the end of the file gives all back");
   num_bos = 0;
   ok(take_all(fd2) == ENOSPC && (uint64_t)num_bos * PIECE_B == total_B,
      "to be had by somebody else");
   close(fd2);
   return done_testing();
}
