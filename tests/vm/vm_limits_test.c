/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Limits of a user: device-local memory, address spaces and contexts, counted over all files the user has
 * open. The module was loaded with the limits below (limits.sh). Speaks TAP.
 */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "vm_util.h"

#define MAX_VRAM_PERCENT 25
#define MAX_VMS          4
#define MAX_CTXS         6
#define PIECE_B          (64u << 10)
#define USER             1000
#define OTHER            1001

/* How many pieces of device-local memory can be had, and how the next one fails. */
static unsigned
take_memory(int fd, int *error)
{
   unsigned count = 0;
   uint32_t handle;

   while (!(*error = bo_create(fd, PIECE_B, DRM_NPU_BO_PLACE_DEVICE, &handle)))
      count++;
   return count;
}

static unsigned
take_vms(int fd, int *error)
{
   struct drm_npu_vm_create vm = {0};
   unsigned count = 0;

   while (!(*error = call(fd, DRM_IOCTL_NPU_VM_CREATE, &vm)))
      count++;
   return count;
}

static unsigned
take_ctxs(int fd, uint32_t vm_id, int *error)
{
   struct drm_npu_ctx_create ctx = {.vm_id = vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   unsigned count = 0;

   while (!(*error = call(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx)))
      count++;
   return count;
}

static int
open_device(void)
{
   return open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
}

/* Opens a file as somebody else, in a moment in which this process is that user. */
static int
open_as(uid_t user)
{
   if (seteuid(user))
      return -1;
   int fd = open_device();
   return seteuid(0) ? -1 : fd;
}

/* What a user finds who has nothing yet, in a process without privileges. Returns whether it is all there is. */
static bool
finds_all(uid_t user, unsigned pieces)
{
   int status = 0;
   pid_t pid = fork();

   if (pid == 0) {
      int error;
      if (setuid(user))
         _exit(2);
      int fd = open_device();
      if (fd < 0 || take_memory(fd, &error) != pieces || error != ENOSPC ||
          take_vms(fd, &error) != MAX_VMS || error != ENOSPC ||
          take_ctxs(fd, 1, &error) != MAX_CTXS || error != ENOSPC)
         _exit(1);
      _exit(0);
   }
   return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Runs as USER from here on, without privileges. */
static void
test_user(int other_fd, unsigned pieces)
{
   struct drm_npu_memory_info info;
   uint32_t handle;
   int error = 0;
   int fd = open_device();
   int fd2 = open_device();

   if (!ok(fd >= 0 && fd2 >= 0, "a user opens the device twice"))
      return;
   unsigned count = take_memory(fd, &error);
   ok(count == pieces && error == ENOSPC, "and gets %u pieces of device memory, of %u", count,
      pieces);
   ok(bo_create(fd2, PIECE_B, DRM_NPU_BO_PLACE_DEVICE, &handle) == ENOSPC,
      "and no more with the other file");
   uint64_t system_B = query_memory(fd, &info) ? 0 : info.system_used;
   ok(!bo_create(fd2, PIECE_B, DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_PLACE_SYSTEM, &handle) &&
         !query_memory(fd, &info) && info.system_used == system_B + PIECE_B,
      "a buffer that may lie in system memory does");
   ok(!bo_close(fd, 1) && !bo_create(fd2, PIECE_B, DRM_NPU_BO_PLACE_DEVICE, &handle),
      "what is given back can be had again");

   count = take_vms(fd, &error);
   ok(count == MAX_VMS && error == ENOSPC, "%u address spaces", count);
   count = take_vms(fd2, &error);
   ok(count == 0 && error == ENOSPC, "and none with the other file");
   struct drm_npu_vm_destroy destroy = {.vm_id = 2};
   struct drm_npu_vm_create vm = {0};
   bool good = true;
   for (unsigned i = 0; good && i < 100; i++) {
      good = !call(fd, DRM_IOCTL_NPU_VM_DESTROY, &destroy) &&
             !call(fd, DRM_IOCTL_NPU_VM_CREATE, &vm);
      destroy.vm_id = vm.vm_id;
   }
   ok(good, "one that is destroyed can be had again at once, 100 times");

   count = take_ctxs(fd, 1, &error);
   ok(count == MAX_CTXS && error == ENOSPC, "%u contexts", count);
   struct drm_npu_ctx_destroy ctx_destroy = {.ctx_id = 1};
   struct drm_npu_ctx_create ctx = {.vm_id = 1, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   for (unsigned i = 0; good && i < 100; i++) {
      good = !call(fd, DRM_IOCTL_NPU_CTX_DESTROY, &ctx_destroy) &&
             !call(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx);
      ctx_destroy.ctx_id = ctx.ctx_id;
   }
   ok(good, "one that is destroyed can be had again at once, 100 times");

   ok(!bo_create(other_fd, PIECE_B, DRM_NPU_BO_PLACE_DEVICE, &handle),
      "what is done with a file counts for who opened it");
}

int
main(void)
{
   struct drm_npu_memory_info info;
   int fd = open_device();
   int status = 0, error = 0;

   chmod("/dev/accel", 0755);
   chmod("/dev/accel/accel0", 0666);
   int other_fd = open_as(OTHER);
   if (!ok(fd >= 0 && other_fd >= 0 && !query_memory(fd, &info), "open and query"))
      return done_testing();
   unsigned pieces = (unsigned)(info.device_total / 100 * MAX_VRAM_PERCENT / PIECE_B);

   /* The process that counts the cases is the one without privileges; it tells how many there were. */
   int pipe_fds[2];
   if (!ok(!pipe(pipe_fds), "a pipe"))
      return done_testing();
   pid_t pid = fork();
   if (pid == 0) {
      if (setuid(USER))
         ok(false, "become a user");
      else
         test_user(other_fd, pieces);
      unsigned counts[2] = {vm_cases, vm_failures};
      _exit(write(pipe_fds[1], counts, sizeof(counts)) != sizeof(counts));
   }
   unsigned counts[2];
   bool good = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
               read(pipe_fds[0], counts, sizeof(counts)) == sizeof(counts);
   if (good) {
      vm_cases = counts[0];
      vm_failures = counts[1];
   }
   ok(good, "the user's process ends");
   close(other_fd);
   ok(finds_all(USER, pieces), "the end of a process gives all back");
   ok(finds_all(OTHER, pieces), "another user has as much");

   unsigned count = take_memory(fd, &error);
   ok((uint64_t)count * PIECE_B == info.device_total && error == ENOSPC,
      "with CAP_SYS_RESOURCE, all memory");
   count = take_vms(fd, &error);
   ok(count > MAX_VMS && error == ENOSPC, "%u address spaces", count);
   count = take_ctxs(fd, 1, &error);
   ok(count > MAX_CTXS && error == ENOSPC, "%u contexts", count);
   return done_testing();
}
