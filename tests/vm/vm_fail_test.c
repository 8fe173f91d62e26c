/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Out of memory at every allocation: each call is repeated while its first allocation fails, then its second,
 * and so on, until it needs no more (the kernel's fail-nth). It must say ENOMEM or do what it should; it must
 * never do half of it, or leak. Speaks TAP. Needs a kernel with fault injection.
 */

#include "vm_util.h"

#define MAX_NTH  3000
#define CMD_VA   0x100000ull
#define DATA_VA  0x10000000ull
#define STRIDE_B 0x4000000ull /* an address with page tables of its own */
#define BO_B     0x40000u
#define SYSTEM_B 0x8000u /* each page is an allocation */

static int fd, fail_fd;
static uint32_t vm_id, ctx_id, syncobj, timeline, device_bo, system_bo, commands_bo;
static uint64_t point, next_va;

/* What one call does and what undoes it if it succeeded. */
struct attempt {
   const char *what;
   int (*do_it)(void);
   int (*undo)(void);
};

static int last_fd;
static uint32_t last;

static int
do_open(void)
{
   last_fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   return last_fd < 0 ? errno : 0;
}

static int
undo_fd(void)
{
   return close(last_fd) ? errno : 0;
}

static int
do_vm_create(void)
{
   struct drm_npu_vm_create args = {0};
   int ret = call(fd, DRM_IOCTL_NPU_VM_CREATE, &args);
   last = args.vm_id;
   return ret;
}

static int
undo_vm_create(void)
{
   struct drm_npu_vm_destroy args = {.vm_id = last};
   return call(fd, DRM_IOCTL_NPU_VM_DESTROY, &args);
}

static int
do_ctx_create(void)
{
   struct drm_npu_ctx_create args = {.vm_id = vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   int ret = call(fd, DRM_IOCTL_NPU_CTX_CREATE, &args);
   last = args.ctx_id;
   return ret;
}

static int
undo_ctx_create(void)
{
   struct drm_npu_ctx_destroy args = {.ctx_id = last};
   return call(fd, DRM_IOCTL_NPU_CTX_DESTROY, &args);
}

static int
do_bo_device(void)
{
   return bo_create(fd, BO_B, DRM_NPU_BO_PLACE_DEVICE, &last);
}

static int
do_bo_system(void)
{
   return bo_create(fd, BO_B, DRM_NPU_BO_PLACE_SYSTEM, &last);
}

static int
undo_bo(void)
{
   return bo_close(fd, last);
}

static int
do_mmap(void)
{
   uint8_t *map = NULL;
   int ret = bo_map(fd, device_bo, BO_B, &map);

   if (!ret)
      munmap(map, BO_B);
   return ret;
}

/* Binds at a new address, so that page tables of all levels are needed. */
static int
do_bind(uint32_t bo, uint64_t size_B)
{
   return vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_MAP, bo, next_va, size_B);
}

static int
do_bind_device(void)
{
   return do_bind(device_bo, BO_B);
}

/* A new buffer each time, so that its pages are needed as well. */
static int
do_bind_system(void)
{
   uint32_t bo;
   int ret = bo_create(fd, SYSTEM_B, DRM_NPU_BO_PLACE_SYSTEM, &bo);

   if (!ret) {
      ret = do_bind(bo, SYSTEM_B);
      bo_close(fd, bo);
   }
   return ret;
}

static int
undo_bind(void)
{
   return vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_UNMAP, 0, next_va, BO_B);
}

/* A hole in the middle of a binding. */
static int
do_split(void)
{
   return vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_UNMAP, 0, DATA_VA + BO_B / 2, 0x1000);
}

static int
undo_split(void)
{
   return vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_MAP, device_bo, DATA_VA, BO_B);
}

static int
do_submit(void)
{
   struct drm_npu_cmdbuf cmdbufs[3] = {
      {.va = CMD_VA, .num_packets = 1},
      {.va = CMD_VA, .num_packets = 1},
      {.va = CMD_VA, .num_packets = 1},
   };
   struct drm_npu_sync waits[1] = {
      {.handle = timeline, .flags = DRM_NPU_SYNC_TIMELINE, .point = point},
   };
   struct drm_npu_sync signals[2] = {
      {.handle = syncobj},
      {.handle = timeline, .flags = DRM_NPU_SYNC_TIMELINE, .point = point + 1},
   };
   struct drm_npu_submit args = {
      .ctx_id = ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbufs, 3),
      .wait_syncs = DRM_NPU_OBJ_ARRAY(waits, point ? 1 : 0),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(signals, 2),
   };
   if (!point)
      args.wait_syncs = (struct drm_npu_obj_array){0};
   return call(fd, DRM_IOCTL_NPU_SUBMIT, &args);
}

static int
undo_submit(void)
{
   point++;
   return wait_for_sync(fd, syncobj, 60);
}

/* A new buffer each time: what was exported once is found again. */
static int
do_export(void)
{
   uint32_t bo;
   int ret = bo_create(fd, 4096, DRM_NPU_BO_PLACE_SYSTEM, &bo);

   if (ret)
      return ret;
   struct drm_prime_handle args = {.handle = bo, .flags = DRM_CLOEXEC | DRM_RDWR};
   ret = call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
   last_fd = args.fd;
   bo_close(fd, bo);
   return ret;
}

static int prime_fd;

static int
do_import(void)
{
   struct drm_prime_handle args = {.fd = prime_fd};
   int other = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC), ret = errno;

   if (other < 0)
      return ret;
   ret = call(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
   close(other);
   return ret;
}

static int
do_query(void)
{
   struct drm_npu_memory_info info;
   return query_memory(fd, &info);
}

static int
nothing(void)
{
   return 0;
}

/* Arms the nth allocation of this thread, 0: none. */
static void
arm(unsigned nth)
{
   char text[16];
   int n = snprintf(text, sizeof(text), "%u", nth);

   if (pwrite(fail_fd, text, (size_t)n, 0) != n)
      printf("# fail-nth: %s\n", strerror(errno));
}

/* How many allocations were left to come: 0 if the one that was armed has failed. */
static unsigned
armed(void)
{
   char text[16] = "";

   return pread(fail_fd, text, sizeof(text) - 1, 0) > 0 ? (unsigned)atoi(text) : 0;
}

static void
try_all(const struct attempt *attempt)
{
   unsigned nth, failed = 0;
   int ret = 0, undone = 0;
   bool good = true;

   for (nth = 1; good && nth < MAX_NTH; nth++) {
      next_va = DATA_VA + nth * STRIDE_B;
      arm(nth);
      ret = attempt->do_it();
      unsigned left = armed();
      arm(0);
      failed += ret != 0;
      /* shmem says ENOSPC when it has no memory for an inode. */
      good = ret == 0 || ((ret == ENOMEM || ret == ENOSPC) && left == 0);
      if (ret == 0)
         undone = attempt->undo();
      good &= undone == 0;
      if (left)
         break;
   }
   ok(good && ret == 0 && nth < MAX_NTH,
      "%s: %u allocations, %u times refused (last: %s, undone: %s)", attempt->what, nth - 1, failed,
      strerror(ret), strerror(undone));
}

static bool
set_up(void)
{
   const struct npu_packet_nop nop = {.type = NPU_PACKET_NOP};
   struct drm_npu_vm_create vm = {0};
   struct drm_syncobj_create sync = {0}, sync2 = {0};
   uint8_t *map;

   fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   if (fd < 0 || call(fd, DRM_IOCTL_NPU_VM_CREATE, &vm))
      return false;
   vm_id = vm.vm_id;
   struct drm_npu_ctx_create ctx = {.vm_id = vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   if (call(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx) || call(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) ||
       call(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync2) ||
       bo_create(fd, BO_B, DRM_NPU_BO_PLACE_DEVICE, &device_bo) ||
       bo_create(fd, BO_B, DRM_NPU_BO_PLACE_SYSTEM, &system_bo) ||
       bo_create(fd, 4096, DRM_NPU_BO_PLACE_DEVICE, &commands_bo) ||
       bo_map(fd, commands_bo, 4096, &map) ||
       vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_MAP, commands_bo, CMD_VA, 4096) ||
       vm_bind(fd, vm_id, DRM_NPU_VM_BIND_OP_MAP, device_bo, DATA_VA, BO_B))
      return false;
   ctx_id = ctx.ctx_id;
   syncobj = sync.handle;
   timeline = sync2.handle;
   memcpy(map, &nop, sizeof(nop));
   munmap(map, 4096);
   struct drm_prime_handle prime = {.handle = system_bo, .flags = DRM_CLOEXEC | DRM_RDWR};
   if (call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
      return false;
   prime_fd = prime.fd;
   return true;
}

int
main(void)
{
   static const struct attempt attempts[] = {
      {"open", do_open, undo_fd},
      {"DEV_QUERY", do_query, nothing},
      {"VM_CREATE", do_vm_create, undo_vm_create},
      {"CTX_CREATE", do_ctx_create, undo_ctx_create},
      {"BO_CREATE in device memory", do_bo_device, undo_bo},
      {"BO_CREATE in system memory", do_bo_system, undo_bo},
      {"BO_MMAP_OFFSET and mmap", do_mmap, nothing},
      {"VM_BIND of device memory", do_bind_device, undo_bind},
      {"VM_BIND of system memory", do_bind_system, undo_bind},
      {"VM_BIND that splits a binding", do_split, undo_split},
      {"SUBMIT", do_submit, undo_submit},
      {"PRIME_HANDLE_TO_FD", do_export, undo_fd},
      {"open and PRIME_FD_TO_HANDLE", do_import, nothing},
   };

   fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
   if (!ok(fail_fd >= 0 && set_up(), "set up"))
      return done_testing();
   for (unsigned i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
      try_all(&attempts[i]);

   struct drm_npu_ctx_get_state state = {.ctx_id = ctx_id};
   ok(!call(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state) && state.state == DRM_NPU_CTX_STATE_ALIVE &&
         state.jobs_completed == point,
      "the context is alive and has completed the jobs that were accepted");
   close(prime_fd);
   close(fd);
   fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   struct drm_npu_memory_info info = {.device_used = 1};
   for (unsigned i = 0; i < 200 && !query_memory(fd, &info) && info.device_used; i++)
      usleep(50000);
   ok(info.device_used == 0, "no device memory is left behind");
   return done_testing();
}
