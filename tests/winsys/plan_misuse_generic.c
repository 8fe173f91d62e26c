/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What every ioctl must survive in the same way: a wild argument pointer, structures shorter and
 * longer than the driver's, unknown numbers.
 */

#include "plan_misuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum generic_test {
   WILD_ARGUMENT,
   READ_ONLY_ARGUMENT,
   LONGER_STRUCTURE,
   NUM_TESTS,
};

static const char *
misuse_generic_case_name(unsigned index)
{
   static char name[128];
   static const char *const tests[] = {
      [WILD_ARGUMENT] = "argument that is not mapped",
      [READ_ONLY_ARGUMENT] = "argument that cannot be written",
      [LONGER_STRUCTURE] = "longer structure",
   };

   if (index == NUM_CALLS * NUM_TESTS)
      return "unknown numbers";
   if (index == NUM_CALLS * NUM_TESTS + 1)
      return "shorter structure is filled with zeros";
   if (index == NUM_CALLS * NUM_TESTS + 2)
      return "longer array elements";
   snprintf(name, sizeof(name), "%s: %s", misuse_bases[index / NUM_TESTS].name,
            tests[index % NUM_TESTS]);
   return name;
}

static void
wild_argument(struct misuse_fixture *f)
{
   struct plan *plan = f->plan;
   struct misuse_state before, after;

   misuse_get_state(f, &before);
   CHECK_EQ(npu_transport_ioctl(f->t, f->request, NULL), -EFAULT);
   CHECK_EQ(npu_transport_ioctl(f->t, f->request, (void *)64), -EFAULT);
   misuse_get_state(f, &after);
   misuse_check_state(plan, &before, &after);
}

/* The structure cannot be copied back: EFAULT, whatever the call did. Nothing must crash. A file
 * descriptor that was made stays, in the lowest free place.
 */
static void
read_only_argument(struct misuse_fixture *f)
{
   struct plan *plan = f->plan;
   bool writes = f->request & IOC_OUT;
   void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

   CHECK(page != MAP_FAILED);
   int new_fd = fcntl(f->foreign_fd, F_DUPFD_CLOEXEC, 0);
   close(new_fd);
   memcpy(page, &f->args, sizeof(f->args));
   CHECK_EQ(mprotect(page, 4096, PROT_READ), 0);
   CHECK_EQ(npu_transport_ioctl(f->t, f->request, page), writes ? -EFAULT : 0);
   munmap(page, 4096);
   close(new_fd);
}

/* Bytes of a call's structure that some driver knows: for two calls of the DRM core, 8 more in later kernels. */
static size_t
known_size_B(const struct misuse_fixture *f, enum misuse_call call)
{
   switch (call) {
   case CALL_SYNCOBJ_HANDLE_TO_FD:
   case CALL_SYNCOBJ_EXPORT_SYNC_FILE:
   case CALL_SYNCOBJ_FD_TO_HANDLE:
   case CALL_SYNCOBJ_IMPORT_SYNC_FILE:
      return 24;
   default:
      return _IOC_SIZE(f->request);
   }
}

/* A caller from the future: the driver looks at what it knows. */
static void
longer_structure(struct misuse_fixture *f, enum misuse_call call)
{
   struct plan *plan = f->plan;
   unsigned long longer = _IOC(_IOC_DIR(f->request), _IOC_TYPE(f->request), _IOC_NR(f->request),
                               sizeof(f->args));

   size_t known_B = known_size_B(f, call);

   memset(f->args.bytes + _IOC_SIZE(f->request), 0, sizeof(f->args) - _IOC_SIZE(f->request));
   memset(f->args.bytes + known_B, 0x5a, sizeof(f->args) - known_B);
   CHECK_EQ(npu_transport_ioctl(f->t, longer, &f->args), 0);
   misuse_close_fd(f, call);
   for (size_t i = known_B; i < sizeof(f->args); i++)
      CHECK_EQ(f->args.bytes[i], 0x5a);
}

static void
unknown_numbers(struct misuse_fixture *f)
{
   struct plan *plan = f->plan;

   for (unsigned nr = DRM_COMMAND_BASE + DRM_NPU_BO_SET_LABEL + 1; nr < DRM_COMMAND_END; nr++)
      CHECK_EQ(npu_transport_ioctl(f->t, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 64), &f->args),
               -EINVAL);
   CHECK_EQ(npu_transport_ioctl(f->t, _IOC(_IOC_READ | _IOC_WRITE, 'd', 0xff, 64), &f->args),
            -EINVAL);
}

/* A caller from the past: what it does not know of is zero. */
static void
shorter_structure(struct misuse_fixture *f)
{
   struct plan *plan = f->plan;

   misuse_build(f, CALL_SUBMIT);
   struct drm_npu_submit *submit = (struct drm_npu_submit *)f->args.bytes;
   submit->job = 77;
   unsigned long shorter = _IOC(_IOC_READ | _IOC_WRITE, 'd', DRM_COMMAND_BASE + DRM_NPU_SUBMIT,
                                offsetof(struct drm_npu_submit, wait_syncs));
   CHECK_EQ(npu_transport_ioctl(f->t, shorter, &f->args), 0);
   CHECK_EQ(submit->job, 77); /* beyond the end: not written */
   CHECK_EQ(plan_ctx_state(plan, f->t, f->ctx_id).jobs_submitted, 1);
   /* Without sync arrays: nothing was signalled. */
   CHECK_EQ(plan_syncobj_wait(f->t, f->unsignalled, 0, -PLAN_MS), -EINVAL);

   misuse_build(f, CALL_BO_CREATE);
   shorter = _IOC(_IOC_READ | _IOC_WRITE, 'd', DRM_COMMAND_BASE + DRM_NPU_BO_CREATE, 8);
   CHECK_EQ(npu_transport_ioctl(f->t, shorter, &f->args), -EINVAL); /* no place */
}

static void
longer_elements(struct misuse_fixture *f)
{
   struct plan *plan = f->plan;
   struct drm_npu_submit *submit = (struct drm_npu_submit *)f->args.bytes;

   misuse_build(f, CALL_SUBMIT);
   CHECK_EQ(submit->cmdbufs.stride, sizeof(union misuse_element));
   CHECK_EQ(misuse_call_now(f), 0);

   /* Something in the part that is not known. */
   misuse_build(f, CALL_SUBMIT);
   f->cmdbufs[1].bytes[255] = 1;
   CHECK_EQ(misuse_call_now(f), -E2BIG);
   misuse_build(f, CALL_SUBMIT);
   f->cmdbufs[0].bytes[sizeof(struct drm_npu_cmdbuf)] = 1;
   CHECK_EQ(misuse_call_now(f), -E2BIG);
   misuse_build(f, CALL_SUBMIT);
   f->waits[1].bytes[sizeof(struct drm_npu_sync)] = 0x80;
   CHECK_EQ(misuse_call_now(f), -E2BIG);
   misuse_build(f, CALL_SUBMIT);
   f->signals[0].bytes[100] = 1;
   CHECK_EQ(misuse_call_now(f), -E2BIG);
   misuse_build(f, CALL_VM_BIND);
   f->ops[1].bytes[sizeof(struct drm_npu_vm_bind_op)] = 1;
   CHECK_EQ(misuse_call_now(f), -E2BIG);
   CHECK_EQ(plan_ctx_state(plan, f->t, f->ctx_id).jobs_submitted, 1);
}

static void
misuse_generic_run(struct plan *plan, unsigned index)
{
   struct misuse_fixture *f = &(struct misuse_fixture){0};

   misuse_fixture_init(f, plan, plan->t);
   if (index == NUM_CALLS * NUM_TESTS) {
      unknown_numbers(f);
   } else if (index == NUM_CALLS * NUM_TESTS + 1) {
      shorter_structure(f);
   } else if (index == NUM_CALLS * NUM_TESTS + 2) {
      longer_elements(f);
   } else {
      misuse_build(f, index / NUM_TESTS);
      switch ((enum generic_test)(index % NUM_TESTS)) {
      case WILD_ARGUMENT:
         wild_argument(f);
         break;
      case READ_ONLY_ARGUMENT:
         read_only_argument(f);
         break;
      case LONGER_STRUCTURE:
         longer_structure(f, index / NUM_TESTS);
         break;
      case NUM_TESTS:
         break;
      }
   }
   misuse_fixture_fini(f);
}

const struct plan_suite plan_misuse_generic = {
   .name = "generic",
   .num_cases = NUM_CALLS * NUM_TESTS + 3,
   .case_name = misuse_generic_case_name,
   .run = misuse_generic_run,
};
