/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What an attacker must not see or touch: memory, objects and traces of another user.
 */

#include "vm_isolation.h"

#include "npu_isa/npu_asm.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB     (1ull << 20)
#define DATA_VA 0x10000000ull
#define CODE_VA 0x20000000ull

/* -- memory that changes hands --------------------------------------------------------------- */

static void
fill_secret(uint64_t *map, uint64_t size_B)
{
   for (uint64_t i = 0; i < size_B / 8; i++)
      map[i] = SECRET;
}

/* All sizes, written by the CPU; in device memory by the device as well. */
static void
leave_secrets(struct user *user)
{
   for (unsigned i = 0; i < 24; i++) {
      uint32_t place = i % 3 == 2 ? DRM_NPU_BO_PLACE_SYSTEM : DRM_NPU_BO_PLACE_DEVICE;
      uint64_t size_B = i % 2 ? 4096ull << i % 11 : 4 * MIB;
      uint64_t va = DATA_VA + i * 8 * MIB;
      uint32_t handle = user_bo(user, place, size_B);
      fill_secret(user_map(user, handle, size_B), size_B);
      user_bind(user, handle, va, size_B, false);
      if (size_B > 4096)
         user_copy(user, va + size_B / 2, va, size_B / 2);
   }
}

static void
leaves(int to)
{
   struct user user = user_open();

   leave_secrets(&user);
   close(user.fd);
   munmap(user.cmd, 4096);
   meet(to);
   meet(to);
}

/* Killed with its secrets, and with jobs under way. */
static void
is_killed(int to)
{
   pid_t pid = fork();

   if (!pid) {
      struct user user = user_open();
      leave_secrets(&user);
      const struct npu_packet_copy copy = {
         .type = NPU_PACKET_COPY,
         .src_va = DATA_VA,
         .dst_va = DATA_VA + 2 * MIB,
         .size_B = 2 * MIB,
      };
      for (unsigned i = 0; i < 100; i++)
         user_submit(&user, &copy, 1);
      abort();
   }
   REQUIRE(pid > 0);
   while (wait(NULL) < 0 && errno == EINTR)
      ;
   meet(to);
   meet(to);
}

static void
check_zero(const uint64_t *map, uint64_t size_B, const char *what)
{
   for (uint64_t i = 0; i < size_B / 8; i++)
      require(map[i] == 0, "%s: %#llx at byte %llu", what, (unsigned long long)map[i],
              (unsigned long long)i * 8);
}

/* Takes all memory of the device there is, by the CPU and by the device. */
static void
looks_through_memory(int to)
{
   struct user user = user_open();
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, 4 * MIB);
   uint64_t *window = user_map(&user, handle, 4 * MIB), total_B = 0;

   user_bind(&user, handle, DATA_VA, 4 * MIB, false);
   meet(to);
   for (uint64_t size_B = 16 * MIB; size_B >= 65536; size_B /= 4) {
      struct drm_npu_bo_create args = {.size = size_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
      while (total_B < 320 * MIB && ioctl(user.fd, DRM_IOCTL_NPU_BO_CREATE, &args) == 0) {
         uint64_t *map = user_map(&user, args.handle, size_B);
         check_zero(map, size_B, "device memory");
         munmap(map, size_B);
         total_B += size_B;
      }
   }
   /* Memory the CPU cannot map, through a copy. */
   struct drm_npu_bo_create hidden = {.size = 4 * MIB,
                                      .flags = DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_NO_MMAP};
   for (unsigned i = 0; i < 8 && ioctl(user.fd, DRM_IOCTL_NPU_BO_CREATE, &hidden) == 0; i++) {
      user_bind(&user, hidden.handle, DATA_VA + 8 * MIB, 4 * MIB, false);
      memset(window, 0xff, 4 * MIB);
      user_copy(&user, DATA_VA, DATA_VA + 8 * MIB, 4 * MIB);
      check_zero(window, 4 * MIB, "device memory that cannot be mapped");
   }
   for (unsigned i = 0; i < 16; i++) {
      handle = user_bo(&user, DRM_NPU_BO_PLACE_SYSTEM, 4 * MIB);
      check_zero(user_map(&user, handle, 4 * MIB), 4 * MIB, "system memory");
   }
   REQUIRE(total_B >= 64 * MIB);
   meet(to);
}

/* -- objects of others ----------------------------------------------------------------------- */

static void
owns(int to)
{
   struct user user = user_open();
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, MIB);
   uint64_t *map = user_map(&user, handle, MIB);
   struct drm_npu_bo_mmap_offset offset = {.handle = handle};
   struct drm_prime_handle prime = {.handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR};
   struct drm_npu_ctx_get_state state = {0};

   fill_secret(map, MIB);
   user_bind(&user, handle, DATA_VA, MIB, false);
   REQUIRE(ioctl(user.fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset) == 0);
   REQUIRE(ioctl(user.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) == 0);
   const struct word word = {
      .offset = offset.offset,
      .va = DATA_VA,
      .handle = handle,
      .vm = user.vm,
      .ctx = user.ctx,
      .syncobj = user.timeline,
      .fd = prime.fd,
   };
   tell(to, &word, sizeof(word));
   meet(to);
   /* All is as it was. */
   for (uint64_t i = 0; i < MIB / 8; i++)
      require(map[i] == SECRET, "the victim's memory has changed");
   user_copy(&user, DATA_VA + MIB / 2, DATA_VA, 4096);
   state = user_finish(&user, user.point);
   REQUIRE(state.state == DRM_NPU_CTX_STATE_ALIVE && state.jobs_completed == 1);
}

/* A file without any objects: nothing exists in it, whatever number it is asked for. */
static void
guesses_numbers(int to)
{
   int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
   struct word word;

   REQUIRE(fd >= 0);
   hear(to, &word, sizeof(word));
   for (uint32_t id = 1; id <= 2000; id++) {
      struct drm_npu_bo_mmap_offset offset = {.handle = id};
      struct drm_npu_bo_get_info info = {.handle = id};
      struct drm_npu_bo_set_label label = {.handle = id};
      struct drm_gem_close gem_close = {.handle = id};
      struct drm_prime_handle prime = {.handle = id, .flags = DRM_RDWR};
      struct drm_npu_vm_get_state vm_state = {.vm_id = id};
      struct drm_npu_vm_destroy vm_destroy = {.vm_id = id};
      struct drm_npu_ctx_create ctx = {.vm_id = id, .priority = DRM_NPU_CTX_PRIORITY_LOW};
      struct drm_npu_ctx_get_state ctx_state = {.ctx_id = id};
      struct drm_npu_ctx_destroy ctx_destroy = {.ctx_id = id};
      struct drm_npu_submit submit = {.ctx_id = id};
      struct drm_syncobj_destroy sync = {.handle = id};
      struct drm_syncobj_array signal = {.handles = (uintptr_t)&id, .count_handles = 1};
      struct drm_npu_vm_bind_op op = {
         .op = DRM_NPU_VM_BIND_OP_UNMAP,
         .va = word.va,
         .size = MIB,
      };
      struct drm_npu_vm_bind bind = {.vm_id = id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};

      REFUSED(ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_BO_GET_INFO, &info), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_BO_SET_LABEL, &label), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_GEM_CLOSE, &gem_close), EINVAL);
      REFUSED(ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_VM_GET_STATE, &vm_state), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_VM_DESTROY, &vm_destroy), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &ctx_state), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_CTX_DESTROY, &ctx_destroy), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit), ENOENT);
      REFUSED(ioctl(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &sync), EINVAL);
      REFUSED(ioctl(fd, DRM_IOCTL_SYNCOBJ_SIGNAL, &signal), ENOENT);
   }
   meet(to);
}

static void
maps_offsets(int to)
{
   struct user user = user_open();
   struct word word;

   hear(to, &word, sizeof(word));
   REFUSED((intptr_t)mmap(NULL, 4096, PROT_READ, MAP_SHARED, user.fd, (off_t)word.offset), EACCES);
   REFUSED((intptr_t)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, user.fd, (off_t)word.offset + 8192),
           EACCES);
   /* And what lies around it, where other buffers of the victim are: its own page is its only one. */
   unsigned mapped = 0;
   for (int64_t page = -2048; page < 2048; page++) {
      off_t at = (off_t)word.offset + page * 4096;
      void *map = at >= 0 ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, user.fd, at) : MAP_FAILED;
      if (map == MAP_FAILED)
         continue;
      require(*(uint64_t *)map != SECRET, "offset %#llx shows the secret", (unsigned long long)at);
      munmap(map, 4096);
      mapped++;
   }
   require(mapped <= 1, "%u foreign pages could be mapped", mapped);
   meet(to);
}

/* A dma-buf is a right that comes with its descriptor, and with nothing else. */
static void
guesses_descriptors(int to)
{
   struct user user = user_open();
   struct word word;

   hear(to, &word, sizeof(word));
   for (int fd = 0; fd < 2048; fd++) {
      struct drm_prime_handle prime = {.fd = fd};
      struct drm_syncobj_handle sync = {.fd = fd};
      errno = 0;
      require(ioctl(user.fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime) == -1 &&
                 (errno == EBADF || errno == EINVAL),
              "descriptor %d is a buffer (%s)", fd, strerror(errno));
      REFUSED(ioctl(user.fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &sync), EINVAL);
   }
   meet(to);
}

/* -- through the device ---------------------------------------------------------------------- */

/* Runs one packet in a context of its own and wants this fault. */
static void
wants_fault(struct user *user, const void *packet, uint32_t type)
{
   struct drm_npu_ctx_destroy destroy = {.ctx_id = user_ctx(user)};
   struct drm_npu_ctx_get_state state = user_finish(user, user_submit(user, packet, 1));

   require(state.state == DRM_NPU_CTX_STATE_FAULTED && state.fault.type == type,
           "state %u, fault %u at %#llx instead of fault %u", state.state, state.fault.type,
           (unsigned long long)state.fault.address, type);
   REQUIRE(ioctl(user->fd, DRM_IOCTL_NPU_CTX_DESTROY, &destroy) == 0);
}

static void
copies_from_everywhere(int to)
{
   struct user user = user_open();
   struct word word;

   hear(to, &word, sizeof(word));
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, MIB);
   uint64_t *map = user_map(&user, handle, MIB);
   user_bind(&user, handle, DATA_VA + 64 * MIB, MIB, false);
   /* The victim's address; physical ones, in device and system memory; ends of the address space. */
   const uint64_t from[] = {word.va,
                            word.va + 4096,
                            0,
                            4096,
                            0x8000,
                            MIB / 2,
                            1ull << 30,
                            1ull << 39,
                            (1ull << 40) - 4096,
                            1ull << 40,
                            1ull << 41,
                            NPU_PA_SYSTEM,
                            NPU_PA_SYSTEM | 1 << 20,
                            NPU_PA_SYSTEM | word.va,
                            NPU_LOCAL_WINDOW_VA,
                            NPU_PRIVATE_WINDOW_VA,
                            1ull << 63,
                            UINT64_MAX - 4095,
                            CMD_VA | 1ull << 40,
                            CMD_VA | 1ull << 48};
   for (unsigned i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
      const struct npu_packet_copy read = {
         .type = NPU_PACKET_COPY,
         .src_va = from[i],
         .dst_va = DATA_VA + 64 * MIB,
         .size_B = 4096,
      };
      const struct npu_packet_copy write = {
         .type = NPU_PACKET_COPY,
         .src_va = DATA_VA + 64 * MIB,
         .dst_va = from[i],
         .size_B = 4096,
      };
      wants_fault(&user, &read, DRM_NPU_FAULT_UNMAPPED);
      wants_fault(&user, &write, DRM_NPU_FAULT_UNMAPPED);
   }
   check_zero(map, MIB, "what was copied");
   meet(to);
}

/* Packets of rings name address spaces and physical addresses: they are the driver's alone. */
static void
writes_ring_packets(int to)
{
   struct user user = user_open();
   struct word word;

   hear(to, &word, sizeof(word));
   for (unsigned asid = 0; asid < 8; asid++) {
      const struct npu_packet_exec exec = {
         .type = NPU_PACKET_EXEC,
         .asid = (uint8_t)asid,
         .num_packets = 1,
         .va = word.va,
      };
      wants_fault(&user, &exec, DRM_NPU_FAULT_BAD_PACKET);
   }
   const struct npu_packet_fence fence = {.type = NPU_PACKET_FENCE,
                                          .seqno = ~0ull,
                                          .write_pa = 4096};
   wants_fault(&user, &fence, DRM_NPU_FAULT_BAD_PACKET);
   meet(to);
}

static void
load_code(struct user *user, const char *text)
{
   uint32_t handle = user_bo(user, DRM_NPU_BO_PLACE_DEVICE, 4096);
   struct npu_asm_result code = npu_asm(text, "code");

   require(!code.num_errors, "%s", code.errors ? code.errors : "");
   memcpy(user_map(user, handle, 4096), code.code, code.num_words * 8);
   npu_asm_finish(&code);
   user_bind(user, handle, CODE_VA, 4096, true);
}

#define LOCAL_B 65536u

/* Every lane of a group of 32: local memory from 4 * lane on in steps of 128, to or from memory. */
static const char write_local[] = "   rdsr v0, lane_id\n"
                                  "   ishl.i32 v0, v0, 2\n"
                                  "   mov.b32 v2, =0x5ec2e75e\n"
                                  "   mov.b64 s1, 0\n"
                                  "next:\n"
                                  "   st_o.b32.local [s1 + zx(v0)], v2\n"
                                  "   iadd.i64 s1, s1, =128\n"
                                  "   ucmp_lt.i64 s2, s1, =65536\n"
                                  "   br.nz s2, next\n"
                                  "   end\n";
static const char read_local[] = "   rdsr s0, args\n"
                                 "   rdsr v0, lane_id\n"
                                 "   ishl.i32 v0, v0, 2\n"
                                 "   rdsr s3, group_id_x\n"
                                 "   ishl.i64 s3, s3, =16\n"
                                 "   iadd.i64 s0, s0, s3\n"
                                 "   mov.b64 s1, 0\n"
                                 "next:\n"
                                 "   ld_o.b32.local v2, [s1 + zx(v0)]\n"
                                 "   st_o.b32 [s0 + zx(v0)], v2\n"
                                 "   iadd.i64 s0, s0, =128\n"
                                 "   iadd.i64 s1, s1, =128\n"
                                 "   ucmp_lt.i64 s2, s1, =65536\n"
                                 "   br.nz s2, next\n"
                                 "   end\n";

static void
fills_local_memory(int to)
{
   struct user user = user_open();

   load_code(&user, write_local);
   const struct npu_packet_dispatch dispatch = user_dispatch(CODE_VA, 0, 64, LOCAL_B, 0, 0);
   for (unsigned i = 0; i < 8; i++) {
      struct drm_npu_ctx_get_state state = user_finish(&user, user_submit(&user, &dispatch, 1));
      require(state.state == DRM_NPU_CTX_STATE_ALIVE, "fault %u at pc %#llx", state.fault.type,
              (unsigned long long)state.fault.pc);
      meet(to);
      meet(to);
   }
}

static void
reads_local_memory(int to)
{
   struct user user = user_open();
   uint32_t handle = user_bo(&user, DRM_NPU_BO_PLACE_DEVICE, 64 * LOCAL_B);
   uint32_t *map = user_map(&user, handle, 64 * LOCAL_B);

   load_code(&user, read_local);
   user_bind(&user, handle, DATA_VA, 64 * LOCAL_B, false);
   const struct npu_packet_dispatch dispatch = user_dispatch(CODE_VA, DATA_VA, 64, LOCAL_B, 0, 0);
   for (unsigned i = 0; i < 8; i++) {
      meet(to);
      memset(map, 0xff, 64 * LOCAL_B);
      struct drm_npu_ctx_get_state state = user_finish(&user, user_submit(&user, &dispatch, 1));
      require(state.state == DRM_NPU_CTX_STATE_ALIVE, "fault %u at pc %#llx", state.fault.type,
              (unsigned long long)state.fault.pc);
      unsigned found = 0;
      for (unsigned w = 0; w < 64 * LOCAL_B / 4; w++)
         found += map[w] == 0x5ec2e75e;
      require(!found, "%u words of the victim are in local memory", found);
      meet(to);
   }
}

/* -- traces and privileges ------------------------------------------------------------------- */

static void
faults(int to)
{
   struct user user = user_open();
   const struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL,
      .pattern_size_B = 1,
      .dst_va = 0x7000000,
      .size_B = 64,
   };

   wants_fault(&user, &fill, DRM_NPU_FAULT_UNMAPPED);
   usleep(500000);
   meet(to);
   meet(to);
}

static void
wants_privileges(int to)
{
   struct user user = user_open();
   uint8_t info[256];
   struct drm_npu_dev_query query = {
      .type = DRM_NPU_DEV_QUERY_COUNTERS,
      .size = sizeof(info),
      .pointer = (uintptr_t)info,
   };
   struct drm_npu_ctx_create high = {.vm_id = user.vm, .priority = DRM_NPU_CTX_PRIORITY_HIGH};
   glob_t found;

   meet(to);
   REFUSED(ioctl(user.fd, DRM_IOCTL_NPU_DEV_QUERY, &query), EACCES);
   REFUSED(ioctl(user.fd, DRM_IOCTL_NPU_CTX_CREATE, &high), EACCES);
   REFUSED(open("/sys/kernel/debug/accel", O_RDONLY), EACCES);
   /* The dump of the victim's fault has its memory in it. */
   REQUIRE(glob("/sys/class/devcoredump/*/data", 0, NULL, &found) == 0);
   for (size_t i = 0; i < found.gl_pathc; i++)
      REFUSED(open(found.gl_pathv[i], O_RDONLY), EACCES);
   globfree(&found);
   meet(to);
}

const struct isolation_case isolation_read_cases[] = {
   {"memory that was freed is zero for the next user", leaves, looks_through_memory},
   {"... also that of a process which was killed", is_killed, looks_through_memory},
   {"numbers of others name nothing", owns, guesses_numbers},
   {"offsets of others cannot be mapped", owns, maps_offsets},
   {"buffers are shared by descriptor only", owns, guesses_descriptors},
   {"copies reach nothing that is not bound", owns, copies_from_everywhere},
   {"packets of rings are refused in command buffers", owns, writes_ring_packets},
   {"local memory of another context does not show", fills_local_memory, reads_local_memory},
   {"counters, priority, core dumps and debugfs need privileges", faults, wants_privileges},
};
const unsigned num_isolation_read_cases = sizeof(isolation_read_cases) /
                                          sizeof(isolation_read_cases[0]);
