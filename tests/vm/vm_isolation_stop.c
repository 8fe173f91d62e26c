/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What an attacker must not stop: the victim runs jobs and checks each of them while the attacker does all
 * he can think of. The victim must get right results, and get on: it does a number of jobs while the attack
 * lasts, and no single job takes longer than the device's watchdog and a reset could make it wait.
 */

#include "vm_isolation.h"
#include "vm_time.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB         (1ull << 20)
#define DATA_VA     0x10000000ull
#define ATTACK_MS   2500 /* at least */
#define LEAST_JOBS  10   /* and as long as these take */
#define MOST_WAIT_S 20

/* Fills with a number and copies it, checked to the last byte. */
static void
do_job(struct user *user, uint64_t *map, uint64_t n)
{
   struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 8,
      .dst_va = DATA_VA,
      .size_B = 65536,
   };
   const struct npu_packet_copy copy = {
      .type = NPU_PACKET_COPY,
      .flags = NPU_PACKET_FLAG_BARRIER,
      .src_va = DATA_VA,
      .dst_va = DATA_VA + 65536,
      .size_B = 65536,
   };
   uint8_t packets[2 * NPU_PACKET_SIZE_B];

   memcpy(fill.pattern, &n, sizeof(n));
   memcpy(packets, &fill, sizeof(fill));
   memcpy(packets + NPU_PACKET_SIZE_B, &copy, sizeof(copy));
   struct drm_npu_ctx_get_state state = user_finish(user, user_submit(user, packets, 2));
   require(state.state == DRM_NPU_CTX_STATE_ALIVE,
           "the victim's context is dead: state %u, fault %u", state.state, state.fault.type);
   for (unsigned i = 0; i < 2 * 65536 / 8; i++)
      require(map[i] == n, "job %llu: wrong result", (unsigned long long)n);
}

static void
works(int to)
{
   struct user user = user_open();
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, MIB);
   uint64_t *map = user_map(&user, handle, MIB);
   int64_t longest_ms = 0;
   uint64_t jobs = 0;

   user_bind(&user, handle, DATA_VA, MIB, false);
   do_job(&user, map, ~0ull);
   meet(to);
   for (int64_t end = now_ms() + ATTACK_MS; now_ms() < end || jobs < LEAST_JOBS;) {
      int64_t start = now_ms();
      do_job(&user, map, ++jobs);
      int64_t took_ms = now_ms() - start;
      longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
   }
   char c = 'x';
   tell(to, &c, 1);
   /* And when the attacker has gone. */
   for (unsigned i = 0; i < 5; i++)
      do_job(&user, map, ++jobs);
   printf("# %llu jobs, the longest took %lld ms\n", (unsigned long long)jobs,
          (long long)longest_ms);
   require(longest_ms < time_limit_s(MOST_WAIT_S) * 1000ll, "the victim hardly got on");
}

/* Whether the victim has said that it is over. */
static bool
is_over(int to)
{
   char c;

   return recv(to, &c, 1, MSG_DONTWAIT) == 1;
}

static int
try_ioctl(int fd, unsigned long request, void *arg)
{
   int ret;

   do {
      ret = ioctl(fd, request, arg);
   } while (ret && errno == EINTR);
   return ret;
}

/* A context more, with one job in it. The job or the context may be refused. */
static void
hit(struct user *user, unsigned packet)
{
   struct drm_npu_ctx_create ctx = {.vm_id = user->vm, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   struct drm_npu_cmdbuf cmdbuf = {.va = CMD_VA + packet * NPU_PACKET_SIZE_B, .num_packets = 1};
   struct drm_npu_submit submit = {.cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1)};

   if (try_ioctl(user->fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx))
      return;
   submit.ctx_id = ctx.ctx_id;
   try_ioctl(user->fd, DRM_IOCTL_NPU_SUBMIT, &submit);
   user->ctx = ctx.ctx_id;
}

/* Packets in the attacker's command page, by what they do. */
enum {
   HANG,
   FAULT,
   NOTHING,
   LONG
};

static struct user
arm(int to)
{
   struct user user = user_open();
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, 32 * MIB);
   const struct npu_packet_wait hang = {.type = NPU_PACKET_WAIT, .va = DATA_VA, .value = ~0ull};
   const struct npu_packet_fill fault = {.type = NPU_PACKET_FILL,
                                         .pattern_size_B = 1,
                                         .dst_va = 0x7000000,
                                         .size_B = 64};
   const struct npu_packet_nop nothing = {.type = NPU_PACKET_NOP};
   const struct npu_packet_fill slow = {.type = NPU_PACKET_FILL,
                                        .pattern_size_B = 1,
                                        .dst_va = DATA_VA,
                                        .size_B = 32 * MIB};

   user_bind(&user, handle, DATA_VA, 32 * MIB, false);
   memcpy(user.cmd + HANG * NPU_PACKET_SIZE_B, &hang, sizeof(hang));
   memcpy(user.cmd + FAULT * NPU_PACKET_SIZE_B, &fault, sizeof(fault));
   memcpy(user.cmd + NOTHING * NPU_PACKET_SIZE_B, &nothing, sizeof(nothing));
   memcpy(user.cmd + LONG * NPU_PACKET_SIZE_B, &slow, sizeof(slow));
   meet(to);
   return user;
}

static void
hangs(int to)
{
   struct user user = arm(to);

   /* More than there are queues, again and again. */
   while (!is_over(to)) {
      for (unsigned i = 0; i < 3; i++)
         hit(&user, HANG);
      usleep(300000);
   }
}

static void
storms_with_faults(int to)
{
   struct user user = arm(to);

   while (!is_over(to)) {
      hit(&user, FAULT);
      struct drm_npu_ctx_destroy destroy = {.ctx_id = user.ctx};
      try_ioctl(user.fd, DRM_IOCTL_NPU_CTX_DESTROY, &destroy);
   }
}

static void
floods_queues(int to)
{
   struct user user = arm(to);
   struct drm_npu_cmdbuf cmdbufs[64];
   uint32_t contexts[64];

   for (unsigned i = 0; i < 64; i++) {
      contexts[i] = user_ctx(&user);
      cmdbufs[i] = (struct drm_npu_cmdbuf){.va = CMD_VA +
                                                 (i % 8 ? NOTHING : LONG) * NPU_PACKET_SIZE_B,
                                           .num_packets = 1};
   }
   unsigned jobs = 0;
   for (; !is_over(to); jobs++) {
      struct drm_npu_submit submit = {.ctx_id = contexts[jobs % 64],
                                      .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbufs, 64)};
      /* Refusal is an answer as well. */
      if (try_ioctl(user.fd, DRM_IOCTL_NPU_SUBMIT, &submit))
         usleep(1000);
      if (jobs % 64 == 63 && jobs > 2000)
         usleep(10000);
   }
   printf("# %u jobs of 64 command buffers queued\n", jobs);
}

static void
takes_everything(int to)
{
   struct user user = arm(to);

   while (!is_over(to)) {
      for (uint64_t size_B = 64 * MIB; size_B >= 4096; size_B /= 4) {
         struct drm_npu_bo_create args = {.size = size_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
         for (unsigned i = 0; i < 64 && !try_ioctl(user.fd, DRM_IOCTL_NPU_BO_CREATE, &args); i++)
            ;
      }
      for (unsigned i = 0; i < 300; i++) {
         struct drm_npu_vm_create vm = {0};
         struct drm_syncobj_create sync = {0};
         try_ioctl(user.fd, DRM_IOCTL_NPU_VM_CREATE, &vm);
         try_ioctl(user.fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync);
         hit(&user, NOTHING);
      }
   }
}

static void *
calls_at_random(void *data)
{
   const struct user *user = data;
   uint64_t x = (uintptr_t)&x | 1;

   for (;;) {
      uint64_t args[16];
      for (unsigned i = 0; i < 16; i++) {
         x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
         args[i] = x % 3 ? x >> (x & 63) : x & 15;
      }
      unsigned nr = DRM_COMMAND_BASE + x % (DRM_NPU_BO_SET_LABEL + 1);
      ioctl(user->fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 8 * (1 + x % 15)), args);
   }
   return NULL;
}

static void
calls_nonsense(int to)
{
   struct user user = arm(to);
   pthread_t threads[3];

   for (unsigned i = 0; i < 3; i++)
      REQUIRE(pthread_create(&threads[i], NULL, calls_at_random, &user) == 0);
   while (!is_over(to))
      usleep(10000);
   kill(getpid(), SIGKILL);
}

/* Waits for what never comes, and binds what never gets done. */
static void
waits_for_ever(int to)
{
   struct user user = arm(to);
   struct drm_syncobj_create never = {0};

   while (!is_over(to)) {
      struct drm_npu_sync wait = {.flags = DRM_NPU_SYNC_TIMELINE, .point = 1};
      struct drm_npu_submit submit = {.wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1)};
      struct drm_npu_vm_bind bind = {.vm_id = user.vm,
                                     .flags = DRM_NPU_VM_BIND_ASYNC,
                                     .wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1)};
      struct drm_npu_sync signal = {.flags = DRM_NPU_SYNC_TIMELINE, .point = 1};

      /* Two contexts that wait for each other. */
      if (try_ioctl(user.fd, DRM_IOCTL_SYNCOBJ_CREATE, &never))
         continue;
      signal.handle = wait.handle = never.handle;
      submit.ctx_id = user.ctx;
      submit.signal_syncs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(&signal, 1);
      try_ioctl(user.fd, DRM_IOCTL_NPU_SUBMIT, &submit);
      try_ioctl(user.fd, DRM_IOCTL_NPU_VM_BIND, &bind);
      hit(&user, HANG);
      usleep(20000);
   }
}

static void
comes_and_is_killed(int to)
{
   struct user user = arm(to);

   while (!is_over(to)) {
      pid_t pid = fork();
      if (!pid) {
         struct user child = user_open();
         memcpy(child.cmd, user.cmd, 4 * NPU_PACKET_SIZE_B);
         for (unsigned i = 0; i < 12; i++)
            hit(&child, i % 4);
         pause();
      }
      usleep(150000);
      if (pid > 0) {
         kill(pid, SIGKILL);
         waitpid(pid, NULL, 0);
      }
   }
}

const struct isolation_case isolation_stop_cases[] = {
   {"jobs that hang stop nobody else", works, hangs},
   {"faults stop nobody else", works, storms_with_faults},
   {"a flood of jobs stops nobody else", works, floods_queues},
   {"who takes all memory, VMs and contexts stops no work", works, takes_everything},
   {"random calls from three threads stop nobody else", works, calls_nonsense},
   {"waiting for ever stops nobody else", works, waits_for_ever},
   {"being killed again and again stops nobody else", works, comes_and_is_killed},
};
const unsigned num_isolation_stop_cases = sizeof(isolation_stop_cases) /
                                          sizeof(isolation_stop_cases[0]);
