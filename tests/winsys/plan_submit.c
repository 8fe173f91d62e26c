/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Jobs: asynchronous, in the order of their context and of their fences, and in no other.
 */

#include "plan.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* The job waits for a word the host writes after the submit has returned. */
static void
returns_before_it_runs(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_wait(&rig, rig_word_va(&rig, 0), 42);
   rig_fill(&rig, rig_word_va(&rig, 1), 8, 0xff);
   rig_submit(&rig);

   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 30 * PLAN_MS), -ETIME);
   CHECK_EQ(plan_timeline_query(plan, plan->t, rig.timeline), 0);
   CHECK_EQ(*rig_word(&rig, 1), 0);
   CHECK_EQ(plan_ctx_state(plan, plan->t, rig.ctx_id).jobs_completed, 0);
   *rig_word(&rig, 0) = 42;
   rig_finish(&rig);
   CHECK_EQ(*rig_word(&rig, 1), UINT64_MAX);
   CHECK_EQ(plan_timeline_query(plan, plan->t, rig.timeline), 1);
}

static void
numbers_jobs(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 1; i <= 5; i++) {
      struct drm_npu_submit args = {.ctx_id = rig.ctx_id};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
      CHECK_EQ(args.job, i);
      CHECK_EQ(plan_ctx_state(plan, plan->t, rig.ctx_id).jobs_submitted, i);
   }

   /* A failed one takes no number. */
   struct drm_npu_submit bad = {.ctx_id = rig.ctx_id, .flags = 1};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &bad), -EINVAL);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK_EQ(plan_ctx_state(plan, plan->t, rig.ctx_id).jobs_completed, 6);
}

/* Each job appends to what the one before left: copies the counter and adds to a string of bytes. */
static void
order_within_a_context(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < 200; i++) {
      /* Byte i+1 becomes a copy of byte i, then byte i gets its number. */
      rig_copy(&rig, rig.data_va + i + 1, rig.data_va + i, 1);
      rig_fill(&rig, rig.data_va + i, 1, i);
      rig_submit(&rig);
   }
   rig.data[0] = 0; /* no effect on the order of the device */
   rig_finish(&rig);
   for (unsigned i = 0; i < 200; i++)
      CHECK_EQ(rig.data[i], i);
}

static void
several_command_buffers(struct plan *plan)
{
   static struct drm_npu_cmdbuf cmdbufs[DRM_NPU_MAX_CMDBUFS];
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < DRM_NPU_MAX_CMDBUFS; i++) {
      rig_copy(&rig, rig.data_va + 2 * (i + 1), rig.data_va + 2 * i, 1);
      rig_fill(&rig, rig.data_va + 2 * i + 1, 1, i);
      cmdbufs[i] = (struct drm_npu_cmdbuf){.va = rig.cmd_va + i * 2ull * NPU_PACKET_SIZE_B,
                                           .num_packets = 2};
   }
   rig.data[0] = 0x5a;
   struct drm_npu_sync signal = {.handle = rig.timeline,
                                 .flags = DRM_NPU_SYNC_TIMELINE,
                                 .point = 1};
   struct drm_npu_submit args = {
      .ctx_id = rig.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbufs, DRM_NPU_MAX_CMDBUFS),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
   rig.point = 1;
   rig_finish(&rig);
   /* The first byte travelled to the end: each ran after the one before. */
   CHECK_EQ(rig.data[2 * DRM_NPU_MAX_CMDBUFS], 0x5a);
   for (unsigned i = 0; i < DRM_NPU_MAX_CMDBUFS; i++)
      CHECK_EQ(rig.data[2 * i + 1], (uint8_t)i);
}

static void
job_without_command_buffers(struct plan *plan)
{
   struct rig rig, slow;

   rig_init(&rig, plan, plan->t);
   rig_init_sibling(&slow, &rig, 1);
   rig_wait(&slow, rig_word_va(&rig, 0), 1);
   rig_submit(&slow);
   rig_submit_after(&rig, slow.timeline, 1);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 20 * PLAN_MS), -ETIME);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   rig_finish(&slow);
}

/* a -> b -> a, binary and timeline, although b is submitted to a context that is free. */
static void
dependencies_across_contexts(struct plan *plan)
{
   struct rig a, b;

   rig_init(&a, plan, plan->t);
   rig_init_sibling(&b, &a, 1);
   uint32_t binary = plan_syncobj_create(plan, plan->t, false);

   rig_wait(&a, rig_word_va(&a, 0), 1);
   rig_fill(&a, a.data_va + 4096, 4096, 1);
   struct drm_npu_cmdbuf cmdbuf = {.va = a.cmd_va, .num_packets = a.num_packets};
   struct drm_npu_sync signals[2] = {
      {.handle = a.timeline, .flags = DRM_NPU_SYNC_TIMELINE, .point = 1},
      {.handle = binary},
   };
   struct drm_npu_submit args = {
      .ctx_id = a.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(signals, 2),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
   a.point = 1;
   a.first_packet = a.num_packets;
   a.num_packets = 0;

   rig_copy(&b, b.data_va + 8192, b.data_va + 4096, 4096);
   rig_submit_after(&b, binary, 0);
   rig_copy(&a, a.data_va + 12288, a.data_va + 8192, 4096);
   rig_submit_after(&a, b.timeline, 1);
   rig_copy(&b, b.data_va + 16384, b.data_va + 12288, 4096);
   rig_submit_after(&b, a.timeline, 2);

   CHECK_EQ(plan_syncobj_wait(plan->t, b.timeline, 1, 20 * PLAN_MS), -ETIME);
   CHECK_EQ(a.data[8192], 0);
   *rig_word(&a, 0) = 1;
   rig_finish(&b);
   rig_finish(&a);
   CHECK_EQ(a.data[16384], 1);
   CHECK_EQ(a.data[16384 + 4095], 1);
}

static void *
signal_later(void *data)
{
   struct rig *rig = data;

   plan_sleep_ms(30);
   __atomic_store_n((uint64_t *)rig_word(rig, 0), 1, __ATOMIC_RELEASE);
   return NULL;
}

static void
waits_while_another_thread_signals(struct plan *plan)
{
   struct rig rig;
   pthread_t thread;

   rig_init(&rig, plan, plan->t);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   CHECK_EQ(pthread_create(&thread, NULL, signal_later, &rig), 0);
   int64_t start = plan_now_ns();
   int ret = plan_syncobj_wait(plan->t, rig.timeline, 1, PLAN_PATIENCE_NS);
   int64_t waited = plan_now_ns() - start;
   pthread_join(thread, NULL);
   CHECK_EQ(ret, 0);
   CHECK(waited >= 20 * PLAN_MS);
}

/* The first of two contexts waits for the second: only possible if both run. */
static void
contexts_overtake_each_other(struct plan *plan)
{
   struct rig a, b;

   rig_init(&a, plan, plan->t);
   rig_init_sibling(&b, &a, 1);
   rig_wait(&a, rig_word_va(&a, 0), 1);
   rig_submit(&a);
   rig_signal(&b, rig_word_va(&a, 0), 1);
   rig_submit(&b);
   rig_finish(&b);
   rig_finish(&a);
}

/* As many contexts as hardware queues, all but the last waiting in the hardware for the last. */
static void
all_hardware_queues_run(struct plan *plan)
{
   struct drm_npu_device_info info = plan_device_info(plan, plan->t);
   struct rig rigs[NPU_NUM_QUEUES];

   rig_init(&rigs[0], plan, plan->t);
   for (unsigned i = 1; i < info.num_hw_queues; i++)
      rig_init_sibling(&rigs[i], &rigs[0], i);
   for (unsigned i = 0; i + 1 < info.num_hw_queues; i++) {
      rig_wait(&rigs[i], rig_word_va(&rigs[0], i), 1);
      rig_submit(&rigs[i]);
   }
   struct rig *last = &rigs[info.num_hw_queues - 1];
   for (unsigned i = info.num_hw_queues - 1; i-- > 0;)
      rig_signal(last, rig_word_va(last, i), 1);
   rig_submit(last);
   for (unsigned i = 0; i < info.num_hw_queues; i++)
      rig_finish(&rigs[i]);
}

/* Many more contexts than hardware queues: each gets its turn. */
static void
more_contexts_than_queues(struct plan *plan)
{
   enum {
      NUM = 40,
      JOBS = 6
   };
   struct rig first;
   uint32_t ctxs[NUM], timelines[NUM];

   rig_init(&first, plan, plan->t);
   rig_fill(&first, first.data_va + 4096, 65536, 9);
   for (unsigned i = 0; i < NUM; i++) {
      ctxs[i] = plan_ctx_create(plan, plan->t, first.vm_id);
      timelines[i] = plan_syncobj_create(plan, plan->t, false);
   }
   struct drm_npu_cmdbuf cmdbuf = {.va = first.cmd_va, .num_packets = 1};
   for (unsigned job = 1; job <= JOBS; job++) {
      for (unsigned i = 0; i < NUM; i++) {
         struct drm_npu_sync signal = {.handle = timelines[i],
                                       .flags = DRM_NPU_SYNC_TIMELINE,
                                       .point = job};
         struct drm_npu_submit args = {
            .ctx_id = ctxs[i],
            .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
            .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
         };
         CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
      }
   }
   for (unsigned i = 0; i < NUM; i++) {
      CHECK_EQ(plan_syncobj_wait(plan->t, timelines[i], JOBS, PLAN_PATIENCE_NS), 0);
      CHECK_EQ(plan_ctx_state(plan, plan->t, ctxs[i]).jobs_completed, JOBS);
   }
}

/* With all queues but the scheduler's choice blocked, the context of higher priority goes first. */
static void
priorities_are_minded(struct plan *plan)
{
   struct drm_npu_device_info info = plan_device_info(plan, plan->t);
   struct rig blockers[NPU_NUM_QUEUES], low, high;

   rig_init(&blockers[0], plan, plan->t);
   for (unsigned i = 1; i < info.num_hw_queues; i++)
      rig_init_sibling(&blockers[i], &blockers[0], i);
   rig_init_sibling(&low, &blockers[0], 10);
   rig_init_sibling(&high, &blockers[0], 11);
   struct drm_npu_ctx_create create = {.vm_id = low.vm_id};
   create.priority = DRM_NPU_CTX_PRIORITY_LOW;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_CREATE, &create), 0);
   low.ctx_id = create.ctx_id;
   create.priority = info.max_priority;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_CREATE, &create), 0);
   high.ctx_id = create.ctx_id;

   for (unsigned i = 0; i < info.num_hw_queues; i++) {
      rig_wait(&blockers[i], rig_word_va(&low, i), 1);
      rig_submit(&blockers[i]);
   }
   rig_timestamp(&low, rig_word_va(&low, 100));
   rig_submit(&low);
   rig_timestamp(&high, rig_word_va(&low, 101));
   rig_submit(&high);
   plan_sleep_ms(50);      /* SUBMIT returns before the scheduler has seen the job */
   *rig_word(&low, 3) = 1; /* one queue becomes free */
   rig_finish(&high);
   rig_finish(&low);
   CHECK(*rig_word(&low, 101) < *rig_word(&low, 100));
   for (unsigned i = 0; i < info.num_hw_queues; i++)
      *rig_word(&low, i) = 1;
   for (unsigned i = 0; i < info.num_hw_queues; i++)
      rig_finish(&blockers[i]);
}

/* More packets than any ring holds, many times around. */
static void
rings_wrap_around(struct plan *plan)
{
   static struct drm_npu_cmdbuf cmdbufs[700];
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, rig.data_va, 1, 1);
   for (unsigned i = 0; i < 700; i++)
      cmdbufs[i] = (struct drm_npu_cmdbuf){.va = rig.cmd_va, .num_packets = 1};
   for (unsigned job = 1; job <= 60; job++) {
      struct drm_npu_sync signal = {.handle = rig.timeline,
                                    .flags = DRM_NPU_SYNC_TIMELINE,
                                    .point = job};
      struct drm_npu_submit args = {
         .ctx_id = rig.ctx_id,
         .cmdbufs = DRM_NPU_OBJ_ARRAY(cmdbufs, 1 + job * 97 % 700),
         .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
      };
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
   }
   rig.point = 60;
   rig_finish(&rig);
}

/* The kernel copies what it needs: the caller may overwrite its arrays at once. */
static void
arguments_are_copied(struct plan *plan)
{
   struct rig rig;
   struct drm_npu_cmdbuf cmdbuf;
   struct drm_npu_sync wait, signal;

   rig_init(&rig, plan, plan->t);
   uint32_t gate = plan_syncobj_create(plan, plan->t, true);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_fill(&rig, rig_word_va(&rig, 1), 8, 0xff);
   cmdbuf = (struct drm_npu_cmdbuf){.va = rig.cmd_va, .num_packets = rig.num_packets};
   wait = (struct drm_npu_sync){.handle = gate};
   signal = (struct drm_npu_sync){.handle = rig.timeline,
                                  .flags = DRM_NPU_SYNC_TIMELINE,
                                  .point = 1};
   struct drm_npu_submit args = {
      .ctx_id = rig.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
      .wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
   memset(&cmdbuf, 0xff, sizeof(cmdbuf));
   memset(&wait, 0xff, sizeof(wait));
   memset(&signal, 0xff, sizeof(signal));
   plan_syncobj_destroy(plan, plan->t, gate);
   *rig_word(&rig, 0) = 1;
   rig.point = 1;
   rig_finish(&rig);
   CHECK_EQ(*rig_word(&rig, 1), UINT64_MAX);
}

/* The fence is taken at the submit: a sync object may be reset and signalled anew right away. */
static void
sync_objects_can_be_reused_at_once(struct plan *plan)
{
   struct rig a, b;

   rig_init(&a, plan, plan->t);
   rig_init_sibling(&b, &a, 1);
   uint32_t sync = plan_syncobj_create(plan, plan->t, false);

   for (unsigned i = 0; i < 20; i++) {
      struct drm_npu_cmdbuf cmdbuf;
      struct drm_npu_sync signal = {.handle = sync};

      rig_wait(&a, rig_word_va(&a, i), 1);
      rig_fill(&a, rig_word_va(&a, 100 + i), 8, 0xff);
      cmdbuf = (struct drm_npu_cmdbuf){.va = a.cmd_va + a.first_packet * 64ull,
                                       .num_packets = a.num_packets};
      struct drm_npu_submit args = {
         .ctx_id = a.ctx_id,
         .cmdbufs = DRM_NPU_OBJ_ARRAY(&cmdbuf, 1),
         .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
      };
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
      a.first_packet += a.num_packets;
      a.num_packets = 0;
      rig_copy(&b, rig_word_va(&b, 200 + i), rig_word_va(&b, 100 + i), 8);
      rig_submit_after(&b, sync, 0);
      struct drm_syncobj_array reset = {.handles = (uintptr_t)&sync, .count_handles = 1};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_RESET, &reset), 0);
   }
   CHECK_EQ(plan_syncobj_wait(plan->t, b.timeline, 1, 0), -ETIME);
   for (unsigned i = 0; i < 20; i++)
      *rig_word(&a, i) = 1;
   rig_finish(&b);
   for (unsigned i = 0; i < 20; i++)
      CHECK_EQ(*rig_word(&a, 200 + i), UINT64_MAX);
}

/* Destroying a context ends a job that would never end, and tells whoever waits. */
static void
destroyed_context_is_killed(struct plan *plan)
{
   struct rig rig, other;

   rig_init(&rig, plan, plan->t);
   rig_init_sibling(&other, &rig, 1);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   rig_fill(&rig, rig_word_va(&rig, 1), 8, 0xff);
   rig_submit(&rig);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 10 * PLAN_MS), -ETIME);

   struct drm_npu_ctx_destroy destroy = {.ctx_id = rig.ctx_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), -ENOENT);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 2, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(*rig_word(&rig, 1), 0);

   rig_fill(&other, rig_word_va(&rig, 2), 8, 0xff);
   rig_submit(&other);
   rig_finish(&other);
   CHECK_EQ(*rig_word(&rig, 2), UINT64_MAX);
   /* The VM has a context less. */
   struct drm_npu_vm_destroy vm = {.vm_id = rig.vm_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_DESTROY, &vm), -EBUSY);
   destroy.ctx_id = other.ctx_id;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_DESTROY, &vm), 0);
}

/* A file is closed while its jobs run, wait and are blocked; the other one does not notice. */
static void
file_closed_in_flight(struct plan *plan)
{
   struct rig mine;

   rig_init(&mine, plan, plan->t);
   for (unsigned round = 0; round < 4; round++) {
      struct npu_transport *t = plan_open(plan);
      struct rig theirs, blocked;

      rig_init(&theirs, plan, t);
      rig_init_sibling(&blocked, &theirs, 1);
      rig_wait(&theirs, rig_word_va(&theirs, 0), 1);
      rig_submit(&theirs);
      for (unsigned i = 0; i < 20; i++) {
         rig_fill(&theirs, theirs.data_va + 4096, 1 << 20, 1);
         rig_submit(&theirs);
         rig_fill(&blocked, theirs.data_va + 4096, 1 << 20, 1);
         rig_submit_after(&blocked, theirs.timeline, theirs.point);
      }
      rig_fill(&mine, mine.data_va, 1 << 20, round + 1);
      rig_submit(&mine);
      plan_close(plan, t);
      rig_finish(&mine);
      CHECK_EQ(mine.data[(1 << 20) - 1], round + 1);
   }
}

static const struct plan_case cases[] = {
   {"SUBMIT returns before the job runs", returns_before_it_runs},
   {"jobs are numbered", numbers_jobs},
   {"jobs of a context run in order", order_within_a_context},
   {"command buffers of a job run one after the other", several_command_buffers},
   {"a job without command buffers waits and signals", job_without_command_buffers},
   {"dependencies across contexts, binary and timeline", dependencies_across_contexts},
   {"a waiter wakes when another thread makes the job go on", waits_while_another_thread_signals},
   {"a later context overtakes an earlier one", contexts_overtake_each_other},
   {"all hardware queues run at once", all_hardware_queues_run},
   {"more contexts than hardware queues", more_contexts_than_queues},
   {"priorities are minded", priorities_are_minded},
   {"rings wrap around", rings_wrap_around},
   {"arguments are copied", arguments_are_copied},
   {"sync objects can be used again at once", sync_objects_can_be_reused_at_once},
   {"a destroyed context is killed", destroyed_context_is_killed},
   {"a file closed with jobs in flight", file_closed_in_flight},
};
PLAN_SUITE(submit, cases);
