/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Runs the cases: victim and attacker are processes without privileges and with different user ids, made
 * anew for each case. Run it as root, which only starts them. Output is TAP.
 */

#include "vm_isolation.h"
#include "vm_time.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VICTIM_UID   65532
#define ATTACKER_UID 65533
#define TIMEOUT_S    90

void
require(bool good, const char *format, ...)
{
   va_list args;

   if (good)
      return;
   printf("# ");
   va_start(args, format);
   vprintf(format, args);
   va_end(args);
   printf("\n");
   fflush(stdout);
   _exit(1);
}

void
tell(int to, const void *data, size_t size_B)
{
   REQUIRE(send(to, data, size_B, MSG_NOSIGNAL) == (ssize_t)size_B);
}

void
hear(int from, void *data, size_t size_B)
{
   REQUIRE(recv(from, data, size_B, MSG_WAITALL) == (ssize_t)size_B);
}

void
meet(int other)
{
   char c = 'm';

   tell(other, &c, 1);
   hear(other, &c, 1);
}

int64_t
now_ms(void)
{
   return monotonic_ns() / 1000000;
}

/* -- the device ------------------------------------------------------------------------------ */

uint32_t
user_bo(const struct user *user, uint32_t flags, uint64_t size_B)
{
   struct drm_npu_bo_create args = {.size = size_B, .flags = flags};

   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_BO_CREATE, &args) == 0);
   return args.handle;
}

void *
user_map(const struct user *user, uint32_t handle, uint64_t size_B)
{
   struct drm_npu_bo_mmap_offset args = {.handle = handle};

   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args) == 0);
   void *map = mmap(NULL, size_B, PROT_READ | PROT_WRITE, MAP_SHARED, user->fd, (off_t)args.offset);
   REQUIRE(map != MAP_FAILED);
   return map;
}

void
user_bind(const struct user *user, uint32_t handle, uint64_t va, uint64_t size_B, bool exec)
{
   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = DRM_NPU_VM_MAP_READ | (exec ? DRM_NPU_VM_MAP_EXEC : DRM_NPU_VM_MAP_WRITE),
      .handle = handle,
      .va = va,
      .size = size_B,
   };
   struct drm_npu_vm_bind args = {.vm_id = user->vm, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};

   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_VM_BIND, &args) == 0);
}

uint32_t
user_ctx(struct user *user)
{
   struct drm_npu_ctx_create args = {.vm_id = user->vm, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};

   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_CTX_CREATE, &args) == 0);
   user->ctx = args.ctx_id;
   return args.ctx_id;
}

struct user
user_open(void)
{
   struct user user = {.fd = open(DEVICE, O_RDWR | O_CLOEXEC)};
   struct drm_npu_vm_create vm = {0};
   struct drm_syncobj_create sync = {0};

   REQUIRE(user.fd >= 0);
   REQUIRE(ioctl(user.fd, DRM_IOCTL_NPU_VM_CREATE, &vm) == 0);
   REQUIRE(ioctl(user.fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync) == 0);
   user.vm = vm.vm_id;
   user.timeline = sync.handle;
   user_ctx(&user);
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, 4096);
   user.cmd = user_map(&user, handle, 4096);
   user_bind(&user, handle, CMD_VA, 4096, false);
   return user;
}

uint64_t
user_submit(struct user *user, const void *packets, unsigned num)
{
   struct drm_npu_cmdbuf cmdbuf = {.va = CMD_VA, .num_packets = num};
   struct drm_npu_sync signal = {
      .handle = user->timeline,
      .flags = DRM_NPU_SYNC_TIMELINE,
      .point = ++user->point,
   };
   struct drm_npu_submit args = {
      .ctx_id = user->ctx,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };

   if (packets)
      memcpy(user->cmd, packets, num * NPU_PACKET_SIZE_B);
   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_SUBMIT, &args) == 0);
   return user->point;
}

struct drm_npu_ctx_get_state
user_finish(struct user *user, uint64_t point)
{
   struct drm_npu_ctx_get_state state = {.ctx_id = user->ctx};
   struct drm_syncobj_timeline_wait wait = {
      .handles = (uintptr_t)&user->timeline,
      .points = (uintptr_t)&point,
      .count_handles = 1,
      .timeout_nsec = deadline_ns(60),
   };
   int ret;

   do {
      ret = ioctl(user->fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
   } while (ret && (errno == EINTR || errno == EAGAIN));
   REQUIRE(ret == 0);
   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state) == 0);
   return state;
}

void
user_copy(struct user *user, uint64_t dst_va, uint64_t src_va, uint64_t size_B)
{
   const struct npu_packet_copy copy = {
      .type = NPU_PACKET_COPY,
      .src_va = src_va,
      .dst_va = dst_va,
      .size_B = size_B,
   };

   REQUIRE(user_finish(user, user_submit(user, &copy, 1)).state == DRM_NPU_CTX_STATE_ALIVE);
}

struct npu_packet_dispatch
user_dispatch(uint64_t code_va, uint64_t args_va, uint32_t groups, uint32_t local_B,
              uint32_t private_B, uint64_t scratch_va)
{
   return (struct npu_packet_dispatch){
      .type = NPU_PACKET_DISPATCH,
      .work_dim = 1,
      .code_va = code_va,
      .args_va = args_va,
      .scratch_va = scratch_va,
      .grid = {groups, 1, 1},
      .block = {32, 1, 1},
      .local_size_B = local_B,
      .private_size_B = private_B,
   };
}

/* -- running --------------------------------------------------------------------------------- */

static pid_t
start(void (*func)(int), int mine, int other, uid_t uid)
{
   fflush(stdout);
   pid_t pid = fork();

   if (pid)
      return pid;
   close(other);
   alarm(time_limit_s(TIMEOUT_S));
   if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
      _exit(3);
   func(mine);
   fflush(stdout);
   _exit(0);
}

static bool
run(const struct isolation_case *c)
{
   int sockets[2], status[2] = {-1, -1};

   if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
      return false;
   pid_t victim = start(c->victim, sockets[0], sockets[1], VICTIM_UID);
   pid_t attacker = start(c->attacker, sockets[1], sockets[0], ATTACKER_UID);
   close(sockets[0]);
   close(sockets[1]);
   if (victim < 0 || attacker < 0)
      return false;
   waitpid(victim, &status[0], 0);
   waitpid(attacker, &status[1], 0);
   for (unsigned i = 0; i < 2; i++) {
      if (status[i])
         printf("# the %s ended with status %#x\n", i ? "attacker" : "victim", status[i]);
   }
   /* Attackers that fight to the end are killed, and say so. */
   return !status[0] && (!status[1] || (WIFSIGNALED(status[1]) && WTERMSIG(status[1]) == SIGKILL));
}

int
main(void)
{
   unsigned failed = 0, cases = 0;

   if (geteuid() != 0 || chmod(DEVICE, 0666)) {
      printf("Bail out! this must be started by root on a machine with an NPU\n");
      return 1;
   }
   for (unsigned i = 0; i < num_isolation_read_cases + num_isolation_stop_cases; i++) {
      const struct isolation_case *c = i < num_isolation_read_cases
                                          ? &isolation_read_cases[i]
                                          : &isolation_stop_cases[i - num_isolation_read_cases];
      bool good = run(c);
      printf("%sok %u - %s\n", good ? "" : "not ", ++cases, c->name);
      failed += !good;
   }
   printf("1..%u\n", cases);
   return failed != 0;
}
