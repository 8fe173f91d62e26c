/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What only the sim transport can be asked: every allocation of every ioctl fails once, and nothing
 * changes; the device is shared by all opens and gone after the last; a forked child gets a device
 * of its own.
 */

#include "plan_misuse.h"

#include "npu_kmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The fixture's helpers want a struct plan; its checks end here. */
static struct plan the_plan;

void
plan_fail(struct plan *plan, const char *file, int line, const char *format, ...)
{
   va_list args;
   int length = snprintf(plan->message, sizeof(plan->message), "%s:%d: ", file, line);

   va_start(args, format);
   vsnprintf(plan->message + length, sizeof(plan->message) - length, format, args);
   va_end(args);
   plan->failed = true;
}

void
plan_fail_now(struct plan *plan)
{
   longjmp(plan->abort, 1);
}

static unsigned num_run, num_failed;

static void
report(const char *name)
{
   num_run++;
   num_failed += the_plan.failed;
   printf("%sok %u - %s\n", the_plan.failed ? "not " : "", num_run, name);
   if (the_plan.failed)
      printf("# %s\n", the_plan.message);
   fflush(stdout);
   the_plan.failed = false;
}

/* ------------------------------------------------------------------------------- out of memory -- */

/* One call with its n-th allocation failing. Returns false when it has fewer than that. */
static bool
fail_once(struct plan *plan, enum misuse_call call, long n)
{
   struct npu_transport *t = plan_open(plan);
   struct misuse_fixture *f = &(struct misuse_fixture){0};
   struct misuse_state before, after;

   misuse_fixture_init(f, plan, t);
   misuse_get_state(f, &before);
   misuse_build(f, call);
   npu_kmd_fail_alloc_after(n);
   int ret = misuse_call_now(f);
   bool hit = npu_kmd_fail_alloc_after(-1) < 0;

   if (hit) {
      CHECK_EQ(ret, -ENOMEM);
      misuse_get_state(f, &after);
      misuse_check_state(plan, &before, &after);
      /* And again with memory: it works. */
      misuse_build(f, call);
      ret = misuse_call_now(f);
   }
   CHECK_EQ(ret, 0);
   misuse_close_fd(f, call);
   misuse_fixture_fini(f);
   plan_close(plan, t);
   return hit;
}

/* Jobs of a closed file die after it; then all its memory must be back. */
static void
wait_for_memory(struct plan *plan, struct npu_transport *keeper, uint64_t expected_B)
{
   for (unsigned i = 0; i < 500 && plan_memory_used(plan, keeper) != expected_B; i++)
      plan_sleep_ms(10);
   CHECK_EQ(plan_memory_used(plan, keeper), expected_B);
}

static void
out_of_memory(enum misuse_call call)
{
   struct plan *plan = &the_plan;
   volatile uint64_t before_B;
   volatile long n = 0;

   if (setjmp(plan->abort))
      return;
   struct npu_transport *keeper = plan_open(plan);
   before_B = plan_memory_used(plan, keeper);
   while (fail_once(plan, call, n)) {
      CHECK(++n < 1000);
      wait_for_memory(plan, keeper, before_B);
   }
   wait_for_memory(plan, keeper, before_B);
   plan_close(plan, keeper);
}

/* ----------------------------------------------------------------------------------- life time -- */

static void
opens_share_a_device(void)
{
   struct plan *plan = &the_plan;

   if (setjmp(plan->abort))
      return;
   struct npu_transport *a = plan_open(plan), *b = plan_open(plan);
   CHECK(((struct npu_kmd_file *)a)->kmd == ((struct npu_kmd_file *)b)->kmd);
   uint64_t before_B = plan_memory_used(plan, b);
   plan_bo_create(plan, a, 1 << 20);
   CHECK_EQ(plan_memory_used(plan, b), before_B + (1 << 20));
   plan_close(plan, a);
   plan_close(plan, b);

   /* The next one is configured anew. */
   setenv("NPU_SIM", "cores=3,mem=64M", 1);
   a = plan_open(plan);
   CHECK_EQ(plan_device_info(plan, a).num_cores, 3);
   plan_close(plan, a);
   setenv("NPU_SIM", "cores=2", 1);
}

static void
many_opens(void)
{
   struct plan *plan = &the_plan;

   if (setjmp(plan->abort))
      return;
   for (unsigned i = 0; i < 30; i++) {
      struct npu_transport *t = plan_open(plan);
      struct rig rig;

      rig_init(&rig, plan, t);
      rig_fill(&rig, rig.data_va, 4096, i);
      rig_submit(&rig);
      if (i % 3)
         rig_finish(&rig); /* else: closed with the device at work */
      plan_close(plan, t);
   }
}

/* The mapping of a buffer stays readable and writable after everything is closed. */
static void
mapping_outlives_the_device(void)
{
   struct plan *plan = &the_plan;

   if (setjmp(plan->abort))
      return;
   struct npu_transport *t = plan_open(plan);
   uint32_t handle = plan_bo_create(plan, t, 8192);
   struct drm_npu_bo_mmap_offset args = {.handle = handle};
   void *map;
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &args), 0);
   CHECK_EQ(t->ops->mmap(t, 8192, args.offset, &map), 0);
   strcpy(map, "still here");
   plan_close(plan, t);
   CHECK(!strcmp(map, "still here"));
   ((char *)map)[8191] = 1;
}

/* The child cannot use the parent's device, but opens one of its own; the parent goes on. */
static void
fork_gets_its_own(void)
{
   struct plan *plan = &the_plan;
   struct rig rig;

   if (setjmp(plan->abort))
      return;
   struct npu_transport *t = plan_open(plan);
   rig_init(&rig, plan, t);
   fflush(stdout);
   pid_t pid = fork();
   CHECK(pid >= 0);
   if (!pid) {
      struct rig child;

      if (setjmp(plan->abort))
         _exit(1);
      alarm(30);
      /* What was inherited is dead, but harmless. */
      struct drm_npu_vm_get_state state = {.vm_id = rig.vm_id};
      void *map;
      CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_GET_STATE, &state), -ENODEV);
      CHECK_EQ(t->ops->mmap(t, 4096, 1ull << 32, &map), -ENODEV);
      plan_bo_unmap(plan, rig.data);
      plan_close(plan, t);

      t = plan_open(plan);
      CHECK(((struct npu_kmd_file *)t)->kmd != ((struct npu_kmd_file *)rig.t)->kmd);
      rig_init(&child, plan, t);
      rig_fill(&child, child.data_va, 4096, 3);
      rig_submit(&child);
      rig_finish(&child);
      _exit(child.data[4095] == 3 ? 0 : 2);
   }
   int status;
   CHECK_EQ(waitpid(pid, &status, 0), pid);
   CHECK(WIFEXITED(status));
   CHECK_EQ(WEXITSTATUS(status), 0);
   rig_fill(&rig, rig.data_va, 4096, 4);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK_EQ(rig.data[4095], 4);
   plan_close(plan, t);
}

static void
transport_names(void)
{
   struct plan *plan = &the_plan;
   char why[256] = "";

   if (setjmp(plan->abort))
      return;
   errno = 0;
   CHECK(!npu_transport_open("carrier pigeon", why, sizeof(why)));
   CHECK_EQ(errno, EINVAL);
   CHECK(!strcmp(why, "\"carrier pigeon\" is no transport; there are: drm, sim"));
   struct npu_transport *t = npu_transport_open("sim", why, sizeof(why));
   CHECK(t && !strcmp(t->ops->name, "sim"));
   t->ops->destroy(t);
}

int
main(int argc, char **argv)
{
   static const struct {
      const char *name;
      void (*func)(void);
   } cases[] = {
      {"all opens share a device", opens_share_a_device},
      {"the device comes and goes", many_opens},
      {"a mapping outlives the device", mapping_outlives_the_device},
      {"a forked child gets a device of its own", fork_gets_its_own},
      {"names of transports", transport_names},
   };

   if (argc > 1) {
      printf("Usage: %s\nTests of the sim transport; TAP.\n", argv[0]);
      return strcmp(argv[1], "--help") != 0;
   }
   setenv("NPU_SIM", "cores=2", 1);
   the_plan.transport_name = "sim";
   printf("TAP version 13\n");
   for (unsigned call = 0; call < NUM_CALLS; call++) {
      char name[128];
      alarm(120);
      out_of_memory(call);
      snprintf(name, sizeof(name), "%s: each allocation fails once", misuse_bases[call].name);
      report(name);
   }
   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      alarm(120);
      cases[i].func();
      report(cases[i].name);
   }
   free(the_plan.maps);
   printf("1..%u\n# %u passed, %u failed\n", num_run, num_run - num_failed, num_failed);
   return num_failed != 0;
}
