/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What calls of the kernel driver cost: the figures of docs/kernel.md.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "drm.h"
#include "drm/npu_accel.h"
#include "npu_isa/npu_regs.h"

#define ROUNDS       1000
#define NUM_CONTEXTS 256
#define VA           0x100000ull
#define IN_FLIGHT    8
#define TIMED_NS     3000000000ll

static int fd;

static void
must(int result, const char *what)
{
   if (result) {
      perror(what);
      exit(1);
   }
}

static int64_t
now_ns(void)
{
   struct timespec time;

   clock_gettime(CLOCK_MONOTONIC, &time);
   return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void
report(const char *what, int64_t start_ns, unsigned rounds)
{
   printf("%-44s %8.1f us\n", what, (double)(now_ns() - start_ns) / rounds / 1000);
}

/* Kernel memory in use, in KiB. */
static long
kernel_memory_KiB(void)
{
   char line[128];
   long sum = 0, value;
   FILE *file = fopen("/proc/meminfo", "r");

   while (file && fgets(line, sizeof(line), file)) {
      if (sscanf(line, "Slab: %ld", &value) == 1 || sscanf(line, "Percpu: %ld", &value) == 1)
         sum += value;
   }
   if (file)
      fclose(file);
   return sum;
}

/* Interrupts the device has raised, on all CPUs: lines "NUMBER: COUNT... CHIP HWIRQ TYPE npu". */
static unsigned long
count_interrupts(void)
{
   char line[4096];
   unsigned long sum = 0;
   FILE *file = fopen("/proc/interrupts", "r");

   must(!file, "/proc/interrupts");
   while (fgets(line, sizeof(line), file)) {
      const char *name = strrchr(line, ' '), *colon = strchr(line, ':');
      if (!colon || !name || strncmp(name + 1, "npu", 3))
         continue;
      char *at = (char *)colon + 1, *end;
      for (unsigned long count = strtoul(at, &end, 10); end != at; count = strtoul(at, &end, 10)) {
         sum += count;
         at = end;
      }
   }
   fclose(file);
   return sum;
}

/* Contexts that each have a job under way all the time. */
static void
bench_interrupts(uint32_t vm_id, const struct drm_npu_cmdbuf *cmdbuf)
{
   struct drm_npu_ctx_create ctxs[IN_FLIGHT];
   struct drm_syncobj_create syncs[IN_FLIGHT];
   unsigned long jobs = 0;

   memset(syncs, 0, sizeof(syncs));
   for (unsigned i = 0; i < IN_FLIGHT; i++) {
      ctxs[i] = (struct drm_npu_ctx_create){
         .vm_id = vm_id,
         .priority = DRM_NPU_CTX_PRIORITY_MEDIUM,
      };
      must(ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctxs[i]), "CTX_CREATE");
      must(ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &syncs[i]), "SYNCOBJ_CREATE");
   }

   unsigned long before = count_interrupts();
   int64_t start = now_ns(), end;
   for (unsigned n = 0; (end = now_ns()) - start < TIMED_NS; n++) {
      const unsigned i = n % IN_FLIGHT;
      struct drm_npu_sync signal = {.handle = syncs[i].handle};
      struct drm_npu_submit submit = {
         .ctx_id = ctxs[i].ctx_id,
         .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbuf, 1),
         .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
      };
      struct drm_syncobj_wait wait = {
         .handles = (uintptr_t)&syncs[i].handle,
         .count_handles = 1,
         .timeout_nsec = INT64_MAX,
      };
      if (n >= IN_FLIGHT) {
         must(ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait), "SYNCOBJ_WAIT");
         jobs++;
      }
      must(ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit), "SUBMIT");
   }
   unsigned long interrupts = count_interrupts() - before;
   const double seconds = (double)(end - start) / 1e9;

   printf("interrupts, %u jobs in flight %24.0f a second, for %.0f jobs a second\n", IN_FLIGHT,
          (double)interrupts / seconds, (double)jobs / seconds);
   if (!interrupts) {
      fprintf(stderr, "vm-bench: /proc/interrupts counts none of the NPU\n");
      exit(1);
   }
}

int
main(void)
{
   struct drm_npu_vm_create vm = {0};
   struct drm_npu_bo_create bo = {.size = 4096, .flags = DRM_NPU_BO_PLACE_DEVICE};
   struct drm_syncobj_create sync = {0};

   fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
   must(fd < 0, "open");
   must(ioctl(fd, DRM_IOCTL_NPU_VM_CREATE, &vm), "VM_CREATE");
   must(ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &bo), "BO_CREATE");
   must(ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync), "SYNCOBJ_CREATE");
   struct drm_npu_ctx_create ctx = {.vm_id = vm.vm_id, .priority = DRM_NPU_CTX_PRIORITY_MEDIUM};
   must(ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx), "CTX_CREATE");
   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP,
      .flags = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE,
      .handle = bo.handle,
      .va = VA,
      .size = 4096,
   };
   struct drm_npu_vm_bind bind = {.vm_id = vm.vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
   must(ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind), "VM_BIND");
   struct drm_npu_bo_mmap_offset offset = {.handle = bo.handle};
   must(ioctl(fd, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset), "BO_MMAP_OFFSET");
   void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset.offset);
   must(map == MAP_FAILED, "mmap");
   const struct npu_packet_nop nop = {.type = NPU_PACKET_NOP};
   memcpy(map, &nop, sizeof(nop));

   struct drm_npu_ctx_get_state state = {.ctx_id = ctx.ctx_id};
   int64_t start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++)
      must(ioctl(fd, DRM_IOCTL_NPU_CTX_GET_STATE, &state), "CTX_GET_STATE");
   report("CTX_GET_STATE (no register)", start, ROUNDS);

   struct drm_npu_timestamp_info clock;
   struct drm_npu_dev_query query = {
      .type = DRM_NPU_DEV_QUERY_TIMESTAMP,
      .size = sizeof(clock),
      .pointer = (uintptr_t)&clock,
   };
   start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++)
      must(ioctl(fd, DRM_IOCTL_NPU_DEV_QUERY, &query), "DEV_QUERY");
   report("DEV_QUERY of the clock (one register)", start, ROUNDS);

   start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++) {
      must(ioctl(fd, DRM_IOCTL_NPU_BO_CREATE, &bo), "BO_CREATE");
      struct drm_gem_close close_args = {.handle = bo.handle};
      must(ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close_args), "GEM_CLOSE");
   }
   report("BO_CREATE of 4 KiB and GEM_CLOSE", start, ROUNDS);

   start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++)
      must(ioctl(fd, DRM_IOCTL_NPU_VM_BIND, &bind), "VM_BIND");
   report("VM_BIND of a page (with invalidation)", start, ROUNDS);

   struct drm_npu_cmdbuf cmdbuf = {.va = VA, .num_packets = 1};
   struct drm_npu_sync signal = {.handle = sync.handle};
   struct drm_npu_submit submit = {
      .ctx_id = ctx.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   struct drm_syncobj_wait wait = {
      .handles = (uintptr_t)&sync.handle,
      .count_handles = 1,
      .timeout_nsec = INT64_MAX,
   };
   start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++) {
      must(ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit), "SUBMIT");
      must(ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait), "SYNCOBJ_WAIT");
   }
   report("SUBMIT of a job until it is waited for", start, ROUNDS);

   start = now_ns();
   for (unsigned i = 0; i < ROUNDS; i++)
      must(ioctl(fd, DRM_IOCTL_NPU_SUBMIT, &submit), "SUBMIT");
   report("SUBMIT, 1000 without waiting", start, ROUNDS);
   must(ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait), "SYNCOBJ_WAIT");
   int64_t end = now_ns();
   printf("%-44s %8.0f jobs/s\n", "... until the last is complete",
          ROUNDS * 1e9 / (double)(end - start));

   bench_interrupts(vm.vm_id, &cmdbuf);

   long before_KiB = kernel_memory_KiB();
   for (unsigned i = 0; i < NUM_CONTEXTS; i++)
      must(ioctl(fd, DRM_IOCTL_NPU_CTX_CREATE, &ctx), "CTX_CREATE");
   printf("%-44s %8.1f KiB\n", "memory of a context",
          (double)(kernel_memory_KiB() - before_KiB) / NUM_CONTEXTS);
   return 0;
}
