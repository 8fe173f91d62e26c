/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The driver goes while somebody holds all that can be held. Needs root, vgem and udmabuf.
 *
 *   vm-unplug-test unbind ADDRESS   the driver is taken off the PCI device while a file of it is open that has
 *                                   buffers of all kinds bound, a job that never ends and binds that wait. Speaks
 *                                   TAP. That DMA is over with it, the debug kernel checks (DMA debugging).
 *   vm-unplug-test leave SECONDS    closes the device while a job and a bind wait for another driver's fence,
 *                                   says so and lets that signal after so long: meanwhile the module cannot go
 *                                   without their memory.
 */

#include <linux/dma-buf.h>
#include <linux/udmabuf.h>

#include "drm/vgem_drm.h"
#include "vm_util.h"

#define SIZE_B  0x400000u
#define CMD_VA  0x200000ull
#define WAIT_B  0x800 /* offset of a word in the same page */
/* Buffers are a GiB apart, for tables of their own. */
#define DATA_VA 0x40000000ull
#define STEP    0x40000000ull

struct held {
   int npu, vgem;
   uint32_t vm_id, ctx_id;
   uint32_t never;   /* a syncobj: the fence of vgem */
   uint32_t running; /* a syncobj: the job that never ends */
   uint8_t *commands;
   uint8_t *system, *device, *imported;
};

static int
open_device(struct held *h)
{
   struct drm_npu_vm_create vm = {0};
   struct drm_syncobj_create sync = {0};
   uint32_t handle;

   h->npu = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   if (h->npu < 0)
      return errno;
   int ret = call(h->npu, DRM_IOCTL_NPU_VM_CREATE, &vm);
   h->vm_id = vm.vm_id;
   struct drm_npu_ctx_create ctx = {.vm_id = vm.vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   ret = ret ? ret : call(h->npu, DRM_IOCTL_NPU_CTX_CREATE, &ctx);
   h->ctx_id = ctx.ctx_id;
   ret = ret ? ret : call(h->npu, DRM_IOCTL_SYNCOBJ_CREATE, &sync);
   h->running = sync.handle;
   ret = ret ? ret : bo_create(h->npu, 4096, DRM_NPU_BO_PLACE_SYSTEM, &handle);
   ret = ret ? ret : bo_map(h->npu, handle, 4096, &h->commands);
   return ret ? ret : vm_bind(h->npu, h->vm_id, DRM_NPU_VM_BIND_OP_MAP, handle, CMD_VA, 4096);
}

/* The fence of a buffer of vgem, which signals when h->vgem is closed, in a syncobj of ours. */
static int
take_foreign_fence(struct held *h)
{
   struct drm_mode_create_dumb dumb = {.width = 64, .height = 64, .bpp = 32};
   struct drm_syncobj_create sync = {0};

   h->vgem = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
   if (h->vgem < 0)
      return errno;
   int ret = call(h->vgem, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
   struct drm_vgem_fence_attach attach = {.handle = dumb.handle, .flags = VGEM_FENCE_WRITE};
   ret = ret ? ret : call(h->vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach);
   struct drm_prime_handle prime = {.handle = dumb.handle, .flags = DRM_CLOEXEC | DRM_RDWR};
   ret = ret ? ret : call(h->vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
   struct dma_buf_export_sync_file file = {.flags = DMA_BUF_SYNC_RW};
   ret = ret ? ret : call(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &file);
   ret = ret ? ret : call(h->npu, DRM_IOCTL_SYNCOBJ_CREATE, &sync);
   h->never = sync.handle;
   struct drm_syncobj_handle import = {
      .handle = sync.handle,
      .fd = file.fd,
      .flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
   };
   ret = ret ? ret : call(h->npu, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &import);
   close(file.fd);
   close(prime.fd);
   return ret;
}

/* An asynchronous bind of a new buffer that waits for a syncobj. */
static int
bind_after(struct held *h, uint32_t syncobj, uint64_t va)
{
   uint32_t handle;
   int ret = bo_create(h->npu, SIZE_B, DRM_NPU_BO_PLACE_SYSTEM, &handle);
   struct drm_npu_sync wait = {.handle = syncobj};
   struct drm_npu_vm_bind_op op = vm_bind_op(DRM_NPU_VM_BIND_OP_MAP, handle, va, SIZE_B);
   struct drm_npu_vm_bind args = {
      .vm_id = h->vm_id,
      .flags = DRM_NPU_VM_BIND_ASYNC,
      .ops = DRM_NPU_OBJ_ARRAY(&op, 1),
      .wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1),
   };

   return ret ? ret : call(h->npu, DRM_IOCTL_NPU_VM_BIND, &args);
}

/* A job that waits for a syncobj. */
static int
submit_after(struct held *h, uint32_t syncobj)
{
   struct drm_npu_sync wait = {.handle = syncobj};
   struct drm_npu_submit args = {.ctx_id = h->ctx_id, .wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1)};

   return call(h->npu, DRM_IOCTL_NPU_SUBMIT, &args);
}

/* A job that waits in memory for what nobody writes. */
static int
submit_endless(struct held *h)
{
   const struct npu_packet_wait packet = {
      .type = NPU_PACKET_WAIT,
      .va = CMD_VA + WAIT_B,
      .value = 1,
   };

   memcpy(h->commands, &packet, sizeof(packet));
   memset(h->commands + WAIT_B, 0, 8);
   return submit_one(h->npu, h->ctx_id, CMD_VA, 1, h->running);
}

static int
bind_new(struct held *h, uint32_t placement, uint64_t va, uint8_t **out_map)
{
   uint32_t handle;
   int ret = bo_create(h->npu, SIZE_B, placement, &handle);

   ret = ret ? ret : bo_map(h->npu, handle, SIZE_B, out_map);
   ret = ret ? ret : vm_bind(h->npu, h->vm_id, DRM_NPU_VM_BIND_OP_MAP, handle, va, SIZE_B);
   if (!ret)
      memset(*out_map, 0x5a, SIZE_B);
   return ret;
}

static int
bind_import(struct held *h, uint64_t va)
{
   int memory = memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
   int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

   if (udmabuf < 0 || ftruncate(memory, SIZE_B) || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
      return errno;
   struct udmabuf_create create = {.memfd = (uint32_t)memory, .size = SIZE_B};
   struct drm_prime_handle prime = {.fd = ioctl(udmabuf, UDMABUF_CREATE, &create)};
   int ret = prime.fd < 0 ? errno : call(h->npu, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
   ret = ret ? ret : vm_bind(h->npu, h->vm_id, DRM_NPU_VM_BIND_OP_MAP, prime.handle, va, SIZE_B);
   h->imported = mmap(NULL, SIZE_B, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
   if (h->imported == MAP_FAILED)
      return ENOMEM;
   memset(h->imported, 0xa5, SIZE_B);
   close(prime.fd);
   close(udmabuf);
   close(memory);
   return ret;
}

static bool
take_driver_off(const char *address)
{
   FILE *f = fopen("/sys/bus/pci/drivers/npu/unbind", "w");

   if (!f)
      return false;
   fputs(address, f);
   return fclose(f) == 0;
}

static int
test_unbind(const char *address)
{
   struct held h = {.npu = -1, .vgem = -1};
   struct drm_npu_vm_create vm = {0};

   if (!ok(!open_device(&h), "a VM and a context"))
      return done_testing();
   ok(!bind_new(&h, DRM_NPU_BO_PLACE_SYSTEM, DATA_VA, &h.system), "a buffer in system memory");
   ok(!bind_new(&h, DRM_NPU_BO_PLACE_DEVICE, DATA_VA + STEP, &h.device), "one in device memory");
   ok(!bind_import(&h, DATA_VA + 2 * STEP), "one of another driver");
   ok(!take_foreign_fence(&h), "a fence of another driver");
   ok(!bind_after(&h, h.never, DATA_VA + 3 * STEP), "a bind that waits for it");
   ok(!submit_endless(&h), "a job that does not end");
   ok(!submit_after(&h, h.running), "a job behind it");
   ok(!bind_after(&h, h.running, DATA_VA + 4 * STEP), "a bind behind it");

   ok(take_driver_off(address), "the driver goes");
   ok(call(h.npu, DRM_IOCTL_NPU_VM_CREATE, &vm) == ENODEV, "the file knows");
   ok(all_are(h.system, 0x5a, SIZE_B), "system memory has what was in it");
   memset(h.system, 1, SIZE_B);
   ok(all_are(h.system, 1, SIZE_B), "... and can be written");
   ok(all_are(h.imported, 0xa5, SIZE_B), "so has the other driver's");
   memset(h.device, 2, SIZE_B); /* nobody is killed for it */
   close(h.vgem);               /* the bind may run now */
   usleep(100 * 1000);
   close(h.npu);
   ok(all_are(h.system, 1, SIZE_B), "mappings outlive the file");
   return done_testing();
}

static int
leave(unsigned seconds)
{
   struct held h = {.npu = -1, .vgem = -1};

   if (open_device(&h) || take_foreign_fence(&h) || submit_after(&h, h.never) ||
       bind_after(&h, h.never, DATA_VA))
   {
      perror("vm-unplug-test");
      return 1;
   }
   munmap(h.commands, 4096);
   close(h.npu);
   puts("left");
   fflush(stdout);
   sleep(seconds);
   return 0;
}

int
main(int argc, char **argv)
{
   if (argc == 3 && !strcmp(argv[1], "unbind"))
      return test_unbind(argv[2]);
   if (argc == 3 && !strcmp(argv[1], "leave"))
      return leave((unsigned)atoi(argv[2]));
   fprintf(stderr, "usage: vm-unplug-test unbind ADDRESS | leave SECONDS\n");
   return 2;
}
