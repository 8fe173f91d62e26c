/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Many threads at once.
 */

#include "plan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NUM_THREADS 8

struct worker {
   struct plan *plan;
   struct npu_transport *t;
   struct rig rig;
   struct worker *others;
   unsigned index;
   unsigned seed;
   int error; /* first -errno, or -1 for wrong data */
   int line;
};

#define EXPECT(worker, condition, code)                                                            \
   do {                                                                                            \
      if (!(condition)) {                                                                          \
         (worker)->error = (code);                                                                 \
         (worker)->line = __LINE__;                                                                \
         return NULL;                                                                              \
      }                                                                                            \
   } while (0)

static void
run_threads(struct plan *plan, struct worker *workers, void *(*func)(void *))
{
   pthread_t threads[NUM_THREADS];

   for (unsigned i = 0; i < NUM_THREADS; i++)
      CHECK_EQ(pthread_create(&threads[i], NULL, func, &workers[i]), 0);
   for (unsigned i = 0; i < NUM_THREADS; i++)
      pthread_join(threads[i], NULL);
   for (unsigned i = 0; i < NUM_THREADS; i++) {
      if (workers[i].error) {
         plan_fail(plan, __FILE__, workers[i].line, "thread %u: error %d", i, workers[i].error);
         plan_fail_now(plan);
      }
   }
}

/* Threads of one file, with a context of one VM each. */
static void
run_in_one_vm(struct plan *plan, void *(*func)(void *))
{
   static struct worker workers[NUM_THREADS];

   memset(workers, 0, sizeof(workers));
   for (unsigned i = 0; i < NUM_THREADS; i++) {
      workers[i] = (struct worker){.plan = plan, .index = i, .seed = plan->seed + i, .t = plan->t};
      if (i)
         rig_init_sibling(&workers[i].rig, &workers[0].rig, i);
      else
         rig_init(&workers[0].rig, plan, plan->t);
   }
   run_threads(plan, workers, func);
}

/* One job of a thread: writes its own number, then one more than what a neighbour has reached. */
static void *
submit_many(void *data)
{
   struct worker *w = data;
   struct rig *rig = &w->rig;
   enum {
      JOBS = 250
   };

   for (unsigned job = 1; job <= JOBS; job++) {
      if (rig->first_packet > 1000)
         rig->first_packet = 0;
      uint8_t *cmd = rig->cmd + rig->first_packet * 64ull;
      struct npu_packet_signal *packet = (struct npu_packet_signal *)cmd;
      *packet = (struct npu_packet_signal){.type = NPU_PACKET_SIGNAL,
                                           .va = rig_word_va(rig, w->index),
                                           .value = job};
      rig->num_packets = 1;
      EXPECT(w, rig_try_submit(rig, NULL, 0) == 0, -2);
      if (job % 50 == 0)
         EXPECT(w, plan_syncobj_wait(rig->t, rig->timeline, rig->point, PLAN_PATIENCE_NS) == 0, -3);
   }
   EXPECT(w, plan_syncobj_wait(rig->t, rig->timeline, JOBS, PLAN_PATIENCE_NS) == 0, -4);
   EXPECT(w, *rig_word(rig, w->index) == JOBS, -1);
   return NULL;
}

static void
threads_submit(struct plan *plan, bool own_files)
{
   static struct worker workers[NUM_THREADS];

   memset(workers, 0, sizeof(workers));
   for (unsigned i = 0; i < NUM_THREADS; i++) {
      workers[i] = (struct worker){.plan = plan, .index = i};
      if (own_files && i > 0)
         rig_init(&workers[i].rig, plan, plan_open(plan));
      else if (i > 0)
         rig_init_sibling(&workers[i].rig, &workers[0].rig, i);
      else
         rig_init(&workers[0].rig, plan, plan->t);
   }
   run_threads(plan, workers, submit_many);
}

static void
threads_with_contexts(struct plan *plan)
{
   threads_submit(plan, false);
}

static void
threads_with_files(struct plan *plan)
{
   /* The main file counts: one less than plan_open can give. */
   threads_submit(plan, plan->num_extra + NUM_THREADS - 1 <= 8);
}

/* A ring of threads: each job waits for the last job of the neighbour before. */
static void
dependency_chain(struct plan *plan)
{
   enum {
      NUM = 6,
      ROUNDS = 60
   };
   struct rig rigs[NUM];

   rig_init(&rigs[0], plan, plan->t);
   for (unsigned i = 1; i < NUM; i++)
      rig_init_sibling(&rigs[i], &rigs[0], i);
   rigs[0].data[0] = 1;
   for (unsigned round = 0; round < ROUNDS; round++) {
      for (unsigned i = 0; i < NUM; i++) {
         unsigned step = round * NUM + i;
         struct rig *before = &rigs[(i + NUM - 1) % NUM];

         rig_copy(&rigs[i], rigs[0].data_va + step + 1, rigs[0].data_va + step, 1);
         if (step)
            rig_submit_after(&rigs[i], before->timeline, before->point);
         else
            rig_submit(&rigs[i]);
      }
   }
   for (unsigned i = 0; i < NUM; i++)
      rig_finish(&rigs[i]);
   CHECK_EQ(rigs[0].data[ROUNDS * NUM], 1);
}

/* Buffers come and go, are bound, filled by the device and checked. */
static void *
churn_buffers(void *data)
{
   struct worker *w = data;
   struct npu_transport *t = w->t;
   struct rig *rig = &w->rig;
   uint64_t va = 0x100000000ull + w->index * 0x10000000ull;

   for (unsigned round = 0; round < 60; round++) {
      uint64_t size_B = 4096ull << (rand_r(&w->seed) % 9);
      struct drm_npu_bo_create create = {.size = size_B, .flags = DRM_NPU_BO_PLACE_DEVICE};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_CREATE, &create) == 0, -2);

      struct drm_npu_vm_bind_op op = {.op = DRM_NPU_VM_BIND_OP_MAP,
                                      .flags = PLAN_RW,
                                      .handle = create.handle,
                                      .va = va,
                                      .size = size_B};
      struct drm_npu_vm_bind bind = {.vm_id = rig->vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_BIND, &bind) == 0, -3);

      struct drm_npu_bo_mmap_offset offset = {.handle = create.handle};
      void *map;
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_BO_MMAP_OFFSET, &offset) == 0, -4);
      EXPECT(w, t->ops->mmap(t, size_B, offset.offset, &map) == 0, -5);

      uint64_t *words = map;
      for (uint64_t i = 0; i < size_B / 8; i += 511)
         EXPECT(w, words[i] == 0, -6);
      *(struct npu_packet_fill *)rig->cmd = (struct npu_packet_fill){.type = NPU_PACKET_FILL,
                                                                     .pattern_size_B = 1,
                                                                     .dst_va = va,
                                                                     .size_B = size_B,
                                                                     .pattern = {w->index + 1}};
      rig->first_packet = 0;
      rig->num_packets = 1;
      EXPECT(w, rig_try_submit(rig, NULL, 0) == 0, -7);
      EXPECT(w, plan_syncobj_wait(t, rig->timeline, rig->point, PLAN_PATIENCE_NS) == 0, -8);
      uint64_t expected = 0x0101010101010101ull * (w->index + 1);
      for (uint64_t i = 0; i < size_B / 8; i += 511)
         EXPECT(w, words[i] == expected, -9);

      t->ops->munmap(t, map, size_B);
      op = (struct drm_npu_vm_bind_op){.op = DRM_NPU_VM_BIND_OP_UNMAP, .va = va, .size = size_B};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_BIND, &bind) == 0, -10);
      struct drm_gem_close close = {.handle = create.handle};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_GEM_CLOSE, &close) == 0, -11);
   }
   return NULL;
}

static void
threads_churn_buffers(struct plan *plan)
{
   run_in_one_vm(plan, churn_buffers);
}

/* Files are opened, faulted and closed while others work. */
static void *
churn_files(void *data)
{
   struct worker *w = data;

   for (unsigned round = 0; round < 12; round++) {
      char why[128];
      struct npu_transport *t = npu_transport_open(w->plan->transport_name, why, sizeof(why));
      EXPECT(w, t, -2);

      struct drm_npu_vm_create vm = {0};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_VM_CREATE, &vm) == 0, -3);
      struct drm_npu_ctx_create ctx = {.vm_id = vm.vm_id, .priority = w->index % 2};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_CTX_CREATE, &ctx) == 0, -4);
      struct drm_syncobj_create sync = {0};
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_CREATE, &sync) == 0, -5);

      /* Nothing is mapped: it faults. */
      struct drm_npu_cmdbuf cmdbuf = {.va = RIG_CMD_VA, .num_packets = 1};
      struct drm_npu_sync signal = {.handle = sync.handle};
      struct drm_npu_submit submit = {
         .ctx_id = ctx.ctx_id,
         .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
         .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
      };
      EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_SUBMIT, &submit) == 0, -6);
      if (round % 2) {
         EXPECT(w, plan_syncobj_wait(t, sync.handle, 0, PLAN_PATIENCE_NS) == 0, -7);
         EXPECT(w, npu_transport_ioctl(t, DRM_IOCTL_NPU_SUBMIT, &submit) == -EIO, -8);
      }
      t->ops->destroy(t);
   }
   return NULL;
}

static void
threads_churn_files(struct plan *plan)
{
   static struct worker workers[NUM_THREADS];

   memset(workers, 0, sizeof(workers));
   for (unsigned i = 0; i < NUM_THREADS; i++)
      workers[i] = (struct worker){.plan = plan, .index = i};
   run_threads(plan, workers, churn_files);
}

/* Contexts are destroyed while their first jobs start and others stand behind them. Each job waits
 * for many contexts that are done, which makes starting it slow.
 */
static void *
churn_contexts(void *data)
{
   struct worker *w = data;
   enum {
      WAITS = 8
   };
   struct drm_npu_sync waits[WAITS];
   uint64_t point = 0;

   for (unsigned i = 0; i < WAITS; i++) {
      struct drm_syncobj_create sync = {.flags = DRM_SYNCOBJ_CREATE_SIGNALED};
      EXPECT(w, npu_transport_ioctl(w->t, DRM_IOCTL_SYNCOBJ_CREATE, &sync) == 0, -2);
      waits[i] = (struct drm_npu_sync){.handle = sync.handle};
   }

   for (unsigned round = 0; round < 10; round++) {
      struct drm_npu_ctx_create create = {.vm_id = w->rig.vm_id};
      EXPECT(w, npu_transport_ioctl(w->t, DRM_IOCTL_NPU_CTX_CREATE, &create) == 0, -3);

      for (unsigned job = 0; job < 16; job++) {
         struct drm_npu_sync signals[] = {
            {.handle = w->rig.timeline, .flags = DRM_NPU_SYNC_TIMELINE, .point = ++point},
            waits[round % WAITS],
         };
         struct drm_npu_submit submit = {
            .ctx_id = create.ctx_id,
            .wait_syncs = DRM_NPU_OBJ_ARRAY(waits, WAITS),
            .signal_syncs = DRM_NPU_OBJ_ARRAY(signals, 2),
         };
         EXPECT(w, npu_transport_ioctl(w->t, DRM_IOCTL_NPU_SUBMIT, &submit) == 0, -4);
      }
      struct drm_npu_ctx_destroy destroy = {.ctx_id = create.ctx_id};
      EXPECT(w, npu_transport_ioctl(w->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy) == 0, -5);
      EXPECT(w, plan_syncobj_wait(w->t, w->rig.timeline, point, PLAN_PATIENCE_NS) == 0, -6);
   }
   for (unsigned i = 0; i < WAITS; i++) {
      struct drm_syncobj_destroy sync = {.handle = waits[i].handle};
      EXPECT(w, npu_transport_ioctl(w->t, DRM_IOCTL_SYNCOBJ_DESTROY, &sync) == 0, -7);
   }
   return NULL;
}

static void
threads_churn_contexts(struct plan *plan)
{
   run_in_one_vm(plan, churn_contexts);
}

/* Ten thousand jobs without waiting. One in a hundred signals a point of the timeline: the DRM core walks over
 * all points that are not signalled whenever one is added (drm_syncobj_add_point()), so ten thousand of them
 * would measure that and nothing else.
 */
static void
many_jobs_in_flight(struct plan *plan)
{
   enum {
      JOBS = 10000,
      JOBS_PER_POINT = 100
   };
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   rig_fill(&rig, rig.data_va + 64, 1, 7);
   uint32_t position = rig.first_packet;
   for (unsigned i = 1; i <= JOBS; i++) {
      rig.first_packet = position;
      rig.num_packets = 1;
      if (i % JOBS_PER_POINT)
         rig_submit_without_point(&rig);
      else
         rig_submit(&rig);
   }
   CHECK_EQ(plan_ctx_state(plan, rig.t, rig.ctx_id).jobs_completed, 0);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   CHECK_EQ(plan_ctx_state(plan, rig.t, rig.ctx_id).jobs_completed, 1 + JOBS);
   CHECK_EQ(rig.data[64], 7);
}

static const struct plan_case cases[] = {
   {"8 threads submit, a context each", threads_with_contexts},
   {"8 threads submit, a file each", threads_with_files},
   {"a long chain of dependencies", dependency_chain},
   {"8 threads make, bind, fill and free buffers", threads_churn_buffers},
   {"8 threads open, fault and close files", threads_churn_files},
   {"8 threads destroy contexts with jobs", threads_churn_contexts},
   {"10,000 jobs in flight", many_jobs_in_flight},
};
PLAN_SUITE(stress, cases);
