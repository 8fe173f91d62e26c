/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Buffers shared with other drivers of the kernel: udmabuf makes one of a file in memory, which the NPU
 * imports and writes; vgem imports one of the NPU's. Speaks TAP. Needs root (for the device files).
 */

#include <linux/dma-buf.h>
#include <linux/udmabuf.h>

#include "vm_util.h"

#define SIZE_B  0x10000u
#define DATA_VA 0x100000ull
#define CMD_VA  0x200000ull

static int npu;
static uint32_t vm_id, ctx_id, syncobj;
static uint8_t *commands;

static int
bind_bo(uint32_t handle, uint64_t va, uint64_t size_B)
{
   return vm_bind(npu, vm_id, DRM_NPU_VM_BIND_OP_MAP, handle, va, size_B);
}

static bool
set_up(void)
{
   struct drm_npu_vm_create vm = {0};
   struct drm_syncobj_create sync = {0};
   struct drm_npu_bo_create bo = {.size = 4096, .flags = DRM_NPU_BO_PLACE_DEVICE};

   npu = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   if (npu < 0 || ioctl(npu, DRM_IOCTL_NPU_VM_CREATE, &vm))
      return false;
   vm_id = vm.vm_id;
   struct drm_npu_ctx_create ctx = {.vm_id = vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   if (ioctl(npu, DRM_IOCTL_NPU_CTX_CREATE, &ctx) || ioctl(npu, DRM_IOCTL_SYNCOBJ_CREATE, &sync) ||
       ioctl(npu, DRM_IOCTL_NPU_BO_CREATE, &bo))
      return false;
   ctx_id = ctx.ctx_id;
   syncobj = sync.handle;
   return !bo_map(npu, bo.handle, 4096, &commands) && !bind_bo(bo.handle, CMD_VA, 4096);
}

/* Fills the buffer at DATA_VA and waits, unless no_wait. */
static bool
fill(uint8_t value, bool no_wait)
{
   const struct npu_packet_fill packet = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 1,
      .dst_va = DATA_VA,
      .size_B = SIZE_B,
      .pattern = {value},
   };

   memcpy(commands, &packet, sizeof(packet));
   if (submit_one(npu, ctx_id, CMD_VA, 1, syncobj))
      return false;
   return no_wait || !wait_for_sync(npu, syncobj, 20);
}

static void
import_from_udmabuf(void)
{
   int memory = memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
   int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

   if (!ok(udmabuf >= 0 && !ftruncate(memory, SIZE_B) && !fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK),
           "udmabuf is there"))
      return;
   struct udmabuf_create create = {.memfd = (uint32_t)memory, .size = SIZE_B};
   struct drm_prime_handle prime = {.fd = ioctl(udmabuf, UDMABUF_CREATE, &create)};
   ok(prime.fd >= 0, "it makes a dma-buf of a file in memory");
   ok(!ioctl(npu, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), "the NPU imports it");
   struct drm_npu_bo_get_info info = {.handle = prime.handle};
   ok(!ioctl(npu, DRM_IOCTL_NPU_BO_GET_INFO, &info) && info.imported == 1 && info.size == SIZE_B,
      "it is known as imported");
   struct drm_npu_bo_mmap_offset offset = {.handle = prime.handle};
   ok(ioctl(npu, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset) && errno == EPERM,
      "it is mapped through its dma-buf only");
   ok(!bind_bo(prime.handle, DATA_VA, SIZE_B), "it is bound");
   ok(fill(0x5a, false), "the device fills it");
   uint8_t *map = mmap(NULL, SIZE_B, PROT_READ, MAP_SHARED, memory, 0);
   ok(map != MAP_FAILED && all_are(map, 0x5a, SIZE_B), "the file has what the device wrote");

   struct dma_buf_export_sync_file sync = {.flags = DMA_BUF_SYNC_RW};
   ok(fill(0xa5, true) && !ioctl(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync),
      "a sync file of the dma-buf");
   close(sync.fd);
   struct dma_buf_sync cpu = {.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
   ok(!ioctl(prime.fd, DMA_BUF_IOCTL_SYNC, &cpu), "a CPU access to the dma-buf is announced");
   ok(fill(0xa5, false) && all_are(map, 0xa5, SIZE_B), "and sees what the device wrote");
   munmap(map, SIZE_B);
   close(prime.fd);
   close(memory);
   close(udmabuf);
}

static void
export_to_vgem(void)
{
   int vgem = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
   struct drm_npu_bo_create bo = {.size = SIZE_B, .flags = DRM_NPU_BO_PLACE_SYSTEM};
   struct drm_npu_bo_create local = {.size = SIZE_B, .flags = DRM_NPU_BO_PLACE_DEVICE};

   if (!ok(vgem >= 0, "vgem is there"))
      return;
   ok(!ioctl(npu, DRM_IOCTL_NPU_BO_CREATE, &bo) && !ioctl(npu, DRM_IOCTL_NPU_BO_CREATE, &local),
      "a buffer in system memory and one in device memory");
   struct drm_prime_handle prime = {.handle = bo.handle, .flags = DRM_CLOEXEC | DRM_RDWR};
   ok(!ioctl(npu, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), "the one in system memory is exported");
   struct drm_prime_handle theirs = {.fd = prime.fd};
   ok(!ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &theirs), "vgem imports it");
   ok(!bind_bo(bo.handle, DATA_VA, SIZE_B) && fill(0x77, false), "the device fills it");
   uint8_t *map = mmap(NULL, SIZE_B, PROT_READ, MAP_SHARED, prime.fd, 0);
   ok(map != MAP_FAILED && all_are(map, 0x77, SIZE_B), "the dma-buf has what the device wrote");
   if (map != MAP_FAILED)
      munmap(map, SIZE_B);
   close(prime.fd);

   prime = (struct drm_prime_handle){.handle = local.handle, .flags = DRM_CLOEXEC | DRM_RDWR};
   ok(!ioctl(npu, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), "the one in device memory is exported");
   theirs = (struct drm_prime_handle){.fd = prime.fd};
   ok(ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &theirs), "vgem cannot import that one");
   struct drm_prime_handle ours = {.fd = prime.fd};
   int second = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   ok(!ioctl(second, DRM_IOCTL_PRIME_FD_TO_HANDLE, &ours), "another file of the NPU can");
   close(second);
   close(prime.fd);
   close(vgem);
}

int
main(void)
{
   if (!ok(set_up(), "set up"))
      return 1;
   import_from_udmabuf();
   export_to_vgem();
   close(npu);
   return done_testing();
}
