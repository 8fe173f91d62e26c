/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Random arguments from several threads: whatever is returned, the device must work afterwards, for
 * this file and for others. The seed is printed by the runner.
 */

#include "plan_misuse.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define NUM_THREADS      4
#define CALLS_PER_THREAD 4000

/* xorshift64* */
static uint64_t
next_random(uint64_t *state)
{
   uint64_t x = *state;

   x ^= x >> 12;
   x ^= x << 25;
   x ^= x >> 27;
   *state = x;
   return x * 0x2545f4914f6cdd1dull;
}

struct fuzzer {
   struct plan *plan;
   struct npu_transport *t;
   uint64_t random;
   unsigned bad_result; /* something that is no -errno */
};

/* A number from the places where things break. */
static uint64_t
interesting(uint64_t *random)
{
   uint64_t r = next_random(random);

   switch (r % 12) {
   case 0:
      return 0;
   case 1:
      return 1ull << (r >> 8 & 63);
   case 2:
      return (1ull << (r >> 8 & 63)) - 1;
   case 3:
      return -(1ull << (r >> 8 & 63));
   case 4:
      return r >> 8 & 0xf;
   case 5:
      return r >> 8 & 0xff;
   case 6:
      return (r >> 8 & 0xffff) << 12;
   case 7:
      return RIG_DATA_VA + ((r >> 8 & 0xff) << 12);
   case 8:
      return UINT64_MAX - (r >> 8 & 0xff);
   default:
      return r >> (r & 63);
   }
}

/* Calls that would stop the thread, or open descriptors for good, are made tame. */
static void
tame(struct misuse_fixture *f, enum misuse_call call)
{
   switch (call) {
   case CALL_SYNCOBJ_WAIT:
      ((struct drm_syncobj_wait *)f->args.bytes)->timeout_nsec = 0;
      break;
   case CALL_SYNCOBJ_TIMELINE_WAIT:
      ((struct drm_syncobj_timeline_wait *)f->args.bytes)->timeout_nsec = 0;
      break;
   case CALL_SYNCOBJ_TRANSFER:
      ((struct drm_syncobj_transfer *)f->args.bytes)->flags &=
         ~DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
      break;
   default:
      break;
   }
}

/* Breaks some fields of a valid call. */
static void
mutate(struct misuse_fixture *f, uint64_t *random)
{
   uint8_t *const places[] = {f->args.bytes,       f->args.bytes,        f->ops[0].bytes,
                              f->ops[1].bytes,     f->cmdbufs[1].bytes,  f->waits[1].bytes,
                              f->signals[0].bytes, (uint8_t *)f->handles};
   static const unsigned sizes_B[] = {96, 96, 48, 48, 16, 16, 16, 8};
   unsigned count = next_random(random) % 4;

   for (unsigned i = 0; i < count; i++) {
      unsigned place = next_random(random) % 8;
      unsigned size_B = next_random(random) % 2 ? 4 : 8;
      unsigned offset = next_random(random) % (sizes_B[place] / size_B) * size_B;
      uint64_t value = interesting(random);
      memcpy(places[place] + offset, &value, size_B);
   }
}

/* Pointers may point anywhere, but must not make the kernel write over this program. */
static bool
is_safe(const struct misuse_fixture *f, enum misuse_call call)
{
   uintptr_t from = (uintptr_t)f, to = from + sizeof(*f);
   uint64_t pointer;

   switch (call) {
   case CALL_DEV_QUERY:
      pointer = ((const struct drm_npu_dev_query *)f->args.bytes)->pointer;
      break;
   case CALL_SYNCOBJ_QUERY:
      pointer = ((const struct drm_syncobj_timeline_array *)f->args.bytes)->points;
      if (((const struct drm_syncobj_timeline_array *)f->args.bytes)->count_handles > 2)
         return false;
      break;
   case CALL_VERSION:
      return false; /* three pointers, and no check of its own */
   default:
      return true;
   }
   return pointer < 65536 || pointer >= 1ull << 47 || (pointer >= from && pointer < to - 2048);
}

static void *
fuzz(void *data)
{
   struct fuzzer *fuzzer = data;
   static _Thread_local struct misuse_fixture fixture;
   struct misuse_fixture *f = &fixture;

   *f = (struct misuse_fixture){
      .plan = fuzzer->plan,
      .t = fuzzer->t,
      .vm_id = 1,
      .other_vm_id = 2,
      .empty_vm_id = 3,
      .ctx_id = 1,
      .bo = 1,
      .private_bo = 2,
      .no_mmap_bo = 3,
      .signalled = 1,
      .unsignalled = 2,
      .timeline = 3,
      .bo_fd = -1,
      .syncobj_fd = -1,
      .sync_file_fd = -1,
   };
   for (unsigned i = 0; i < CALLS_PER_THREAD; i++) {
      enum misuse_call call = next_random(&fuzzer->random) % NUM_CALLS;

      misuse_build(f, call);
      mutate(f, &fuzzer->random);
      tame(f, call);
      if (!is_safe(f, call))
         continue;
      int ret = misuse_call_now(f);
      if (ret > 0 || ret < -4095)
         fuzzer->bad_result++;
      if (!ret)
         misuse_close_fd(f, call);
   }
   return NULL;
}

static void
random_arguments(struct plan *plan)
{
   struct npu_transport *victim = plan_open(plan);
   struct fuzzer fuzzers[NUM_THREADS];
   pthread_t threads[NUM_THREADS];
   struct misuse_fixture *f = &(struct misuse_fixture){0};
   struct rig rig;

   misuse_fixture_init(f, plan, victim);
   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < NUM_THREADS; i++) {
      fuzzers[i] = (struct fuzzer){.plan = plan,
                                   .t = victim,
                                   .random = (plan->seed + i) * 0x9e3779b97f4a7c15ull | 1};
      CHECK_EQ(pthread_create(&threads[i], NULL, fuzz, &fuzzers[i]), 0);
   }

   /* The other file works meanwhile, and afterwards. */
   for (unsigned i = 0; i < 50; i++) {
      rig_fill(&rig, rig.data_va, 4096, i);
      rig_submit(&rig);
      rig_finish(&rig);
      CHECK_EQ(rig.data[4095], i);
   }
   for (unsigned i = 0; i < NUM_THREADS; i++)
      pthread_join(threads[i], NULL);
   for (unsigned i = 0; i < NUM_THREADS; i++)
      CHECK_EQ(fuzzers[i].bad_result, 0);
   rig_fill(&rig, rig.data_va, 4096, 0xab);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK_EQ(rig.data[4095], 0xab);

   /* And so does the file that was ill-treated, with new objects. It may have used up all VMs. */
   for (uint32_t id = 1; id < 4 * CALLS_PER_THREAD; id++) {
      struct drm_npu_ctx_destroy ctx = {.ctx_id = id};
      npu_transport_ioctl(victim, DRM_IOCTL_NPU_CTX_DESTROY, &ctx);
   }
   for (uint32_t id = 1; id < 4 * CALLS_PER_THREAD; id++) {
      struct drm_npu_vm_destroy vm = {.vm_id = id};
      npu_transport_ioctl(victim, DRM_IOCTL_NPU_VM_DESTROY, &vm);
   }
   struct rig again;
   rig_init(&again, plan, victim);
   rig_fill(&again, again.data_va, 4096, 0xcd);
   rig_submit(&again);
   rig_finish(&again);
   CHECK_EQ(again.data[4095], 0xcd);
   misuse_fixture_fini(f);
}

/* Random packets: the context may die, the device may not. */
static void
random_packets(struct plan *plan)
{
   struct npu_transport *victim = plan_open(plan);
   uint64_t random = plan->seed * 0x9e3779b97f4a7c15ull | 1;
   struct rig witness, rig;

   rig_init(&witness, plan, plan->t);
   rig_init(&rig, plan, victim);
   for (unsigned i = 0; i < 150; i++) {
      struct rig child;
      rig_init_sibling(&child, &rig, 1);
      for (unsigned n = 0; n < 8; n++) {
         uint64_t packet[8] = {0};
         static const uint8_t types[] = {0, 1, 2, 16, 17, 18, 19, 20, 22, 23, 255};

         packet[0] = types[next_random(&random) % sizeof(types)] |
                     (next_random(&random) % 8 == 0 ? interesting(&random) << 8 : 0);
         for (unsigned word = 1; word < 8; word++)
            packet[word] = next_random(&random) % 3 ? 0 : interesting(&random);
         /* Sizes that take forever are no finding. */
         packet[2] &= 0xffffff;
         packet[3] &= 0xffffff;
         packet[4] &= 0xffffff;
         rig_packet(&child, packet);
      }
      rig_submit(&child);
      CHECK_EQ(plan_syncobj_wait(victim, child.timeline, 1, PLAN_PATIENCE_NS), 0);
      plan_bo_unmap(plan, child.cmd);
      plan_bo_close(plan, victim, child.cmd_handle);
      struct drm_npu_ctx_destroy destroy = {.ctx_id = child.ctx_id};
      CHECK_EQ(npu_transport_ioctl(victim, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);
   }
   rig_fill(&witness, witness.data_va, 4096, 0x42);
   rig_submit(&witness);
   rig_finish(&witness);
   CHECK_EQ(witness.data[4095], 0x42);
}

static const struct plan_case cases[] = {
   {"16,000 calls with random arguments from 4 threads", random_arguments},
   {"random packets", random_packets},
};
PLAN_SUITE(fuzz, cases);
