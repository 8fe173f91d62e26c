/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Sync objects: what the DRM core promises, on this device.
 */

#include "plan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static int
wait_many(struct npu_transport *t, const uint32_t *handles, uint32_t count, uint32_t flags,
          int64_t timeout_ns, uint32_t *first)
{
   struct drm_syncobj_wait args = {
      .handles = (uintptr_t)handles,
      .timeout_nsec = timeout_ns ? plan_now_ns() + timeout_ns : 0,
      .count_handles = count,
      .flags = flags,
      .first_signaled = 99,
   };
   int ret = npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_WAIT, &args);
   *first = args.first_signaled;
   return ret;
}

static int
wait_points(struct npu_transport *t, const uint32_t *handles, const uint64_t *points,
            uint32_t count, uint32_t flags, int64_t timeout_ns)
{
   struct drm_syncobj_timeline_wait args = {
      .handles = (uintptr_t)handles,
      .points = (uintptr_t)points,
      .timeout_nsec = timeout_ns ? plan_now_ns() + timeout_ns : 0,
      .count_handles = count,
      .flags = flags,
   };
   return npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
}

static void
reset(struct plan *plan, struct npu_transport *t, uint32_t handle)
{
   struct drm_syncobj_array args = {.handles = (uintptr_t)&handle, .count_handles = 1};
   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_RESET, &args), 0);
}

static int
transfer(struct npu_transport *t, uint32_t dst, uint64_t dst_point, uint32_t src,
         uint64_t src_point, uint32_t flags)
{
   struct drm_syncobj_transfer args = {
      .src_handle = src,
      .dst_handle = dst,
      .src_point = src_point,
      .dst_point = dst_point,
      .flags = flags,
   };
   return npu_transport_ioctl(t, DRM_IOCTL_SYNCOBJ_TRANSFER, &args);
}

static void
binary_states(struct plan *plan)
{
   uint32_t sync = plan_syncobj_create(plan, plan->t, false);

   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), -EINVAL); /* no fence */
   plan_syncobj_signal(plan, plan->t, sync);
   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), 0);
   plan_syncobj_signal(plan, plan->t, sync);
   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), 0);
   reset(plan, plan->t, sync);
   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), -EINVAL);
   CHECK_EQ(plan_timeline_query(plan, plan->t, sync), 0);

   uint32_t born = plan_syncobj_create(plan, plan->t, true);
   CHECK_EQ(plan_syncobj_wait(plan->t, born, 0, 0), 0);
}

static void
handles_are_reused_lowest_first(struct plan *plan)
{
   uint32_t a = plan_syncobj_create(plan, plan->t, false);
   uint32_t b = plan_syncobj_create(plan, plan->t, false);
   uint32_t c = plan_syncobj_create(plan, plan->t, false);

   CHECK(a && a < b && b < c);
   plan_syncobj_destroy(plan, plan->t, b);
   struct drm_syncobj_destroy again = {.handle = b};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_DESTROY, &again), -EINVAL);
   CHECK_EQ(plan_syncobj_wait(plan->t, b, 0, 0), -ENOENT);
}

static void
wait_any_and_all(struct plan *plan)
{
   struct rig a, b;
   uint32_t first;

   rig_init(&a, plan, plan->t);
   rig_init_sibling(&b, &a, 1);
   uint32_t syncs[3] = {plan_syncobj_create(plan, plan->t, false),
                        plan_syncobj_create(plan, plan->t, false),
                        plan_syncobj_create(plan, plan->t, true)};
   rig_wait(&a, rig_word_va(&a, 0), 1);
   rig_submit(&a);
   rig_wait(&b, rig_word_va(&a, 1), 1);
   rig_submit(&b);
   CHECK_EQ(transfer(plan->t, syncs[0], 0, a.timeline, 1, 0), 0);
   CHECK_EQ(transfer(plan->t, syncs[1], 0, b.timeline, 1, 0), 0);

   const uint32_t all = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
   CHECK_EQ(wait_many(plan->t, syncs, 3, 0, 0, &first), 0);
   CHECK_EQ(first, 2);
   CHECK_EQ(wait_many(plan->t, syncs, 3, all, 10 * PLAN_MS, &first), -ETIME);
   CHECK_EQ(first, 99);
   CHECK_EQ(wait_many(plan->t, syncs, 2, 0, 10 * PLAN_MS, &first), -ETIME);

   *rig_word(&a, 1) = 1;
   CHECK_EQ(wait_many(plan->t, syncs, 2, 0, PLAN_PATIENCE_NS, &first), 0);
   CHECK_EQ(first, 1);
   CHECK_EQ(wait_many(plan->t, syncs, 2, all, 0, &first), -ETIME);
   *rig_word(&a, 0) = 1;
   CHECK_EQ(wait_many(plan->t, syncs, 3, all, PLAN_PATIENCE_NS, &first), 0);
   rig_finish(&a);
   rig_finish(&b);
}

static void
timeouts_are_absolute(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);

   int64_t start = plan_now_ns();
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 300 * PLAN_MS), -ETIME);
   /* The kernel counts ticks, and on a busy machine these are late when the wait begins. */
   CHECK(plan_now_ns() - start >= 200 * PLAN_MS);

   /* A time of the past, zero, and negative ones poll. */
   static const int64_t past[] = {0, 1, -1, INT64_MIN};
   start = plan_now_ns();
   for (unsigned i = 0; i < 4; i++) {
      struct drm_syncobj_wait args = {.handles = (uintptr_t)&rig.timeline,
                                      .timeout_nsec = past[i],
                                      .count_handles = 1};
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_WAIT, &args), -ETIME);
   }
   CHECK(plan_now_ns() - start < PLAN_PATIENCE_NS);
   *rig_word(&rig, 0) = 1;
   struct drm_syncobj_wait args = {.handles = (uintptr_t)&rig.timeline,
                                   .timeout_nsec = INT64_MAX,
                                   .count_handles = 1};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_WAIT, &args), 0);
}

static void
timeline_points(struct plan *plan)
{
   uint32_t t = plan_syncobj_create(plan, plan->t, false);

   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 1, 0), -EINVAL);
   plan_timeline_signal(plan, plan->t, t, 10);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 10);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 10, 0), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 3, 0), 0); /* below it */
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 0, 0), 0); /* the last one */
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 11, 0), -EINVAL);
   plan_timeline_signal(plan, plan->t, t, 20);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 20);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 11, 0), 0);

   /* A binary signal makes a binary fence of it. */
   plan_syncobj_signal(plan, plan->t, t);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 1, 0), -EINVAL);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 0, 0), 0);
}

/* A point is reached when all points before it are, whatever order the work ends in. */
static void
timeline_order_is_by_point(struct plan *plan)
{
   struct rig a, b, c;

   rig_init(&a, plan, plan->t);
   rig_init_sibling(&b, &a, 1);
   rig_init_sibling(&c, &a, 2);
   uint32_t t = plan_syncobj_create(plan, plan->t, false);
   struct rig *rigs[3] = {&a, &b, &c};
   for (unsigned i = 0; i < 3; i++) {
      rig_wait(rigs[i], rig_word_va(&a, i), 1);
      rig_submit(rigs[i]);
      CHECK_EQ(transfer(plan->t, t, 10 * (i + 1), rigs[i]->timeline, 1, 0), 0);
   }

   struct drm_syncobj_timeline_array query = {.handles = (uintptr_t)&t,
                                              .count_handles = 1,
                                              .flags = DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED};
   uint64_t last;
   query.points = (uintptr_t)&last;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_QUERY, &query), 0);
   CHECK_EQ(last, 30);

   *rig_word(&a, 2) = 1; /* the third first */
   rig_finish(&c);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 30, 10 * PLAN_MS), -ETIME);
   *rig_word(&a, 0) = 1;
   rig_finish(&a);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 10, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 10);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 5, 0), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 11, 0), -ETIME);
   *rig_word(&a, 1) = 1;
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 30, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 30);
   rig_finish(&b);
}

struct delayed {
   struct plan *plan;
   uint32_t sync;
   uint64_t point;
   int result;
};

static void *
signal_delayed(void *data)
{
   struct delayed *delayed = data;
   struct drm_syncobj_timeline_array args = {
      .handles = (uintptr_t)&delayed->sync,
      .points = (uintptr_t)&delayed->point,
      .count_handles = 1,
   };
   plan_sleep_ms(30);
   delayed->result = npu_transport_ioctl(delayed->plan->t, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
                                         &args);
   return NULL;
}

static void
wait_for_submit(struct plan *plan)
{
   const uint32_t flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
   uint32_t t = plan_syncobj_create(plan, plan->t, false);
   uint64_t point = 4;
   pthread_t thread;

   CHECK_EQ(wait_points(plan->t, &t, &point, 1, flags, 20 * PLAN_MS), -ETIME);
   struct delayed delayed = {plan, t, 4, -1};
   CHECK_EQ(pthread_create(&thread, NULL, signal_delayed, &delayed), 0);
   int ret = wait_points(plan->t, &t, &point, 1, flags, PLAN_PATIENCE_NS);
   pthread_join(thread, NULL);
   CHECK_EQ(delayed.result, 0);
   CHECK_EQ(ret, 0);

   /* Any point at or above will do. */
   point = 7;
   delayed.point = 9;
   CHECK_EQ(pthread_create(&thread, NULL, signal_delayed, &delayed), 0);
   ret = wait_points(plan->t, &t, &point, 1, flags, PLAN_PATIENCE_NS);
   pthread_join(thread, NULL);
   CHECK_EQ(ret, 0);
}

static void
wait_available(struct plan *plan)
{
   const uint32_t available = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
   const uint32_t submit = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
   struct rig rig;
   uint64_t point = 1;

   rig_init(&rig, plan, plan->t);
   CHECK_EQ(wait_points(plan->t, &rig.timeline, &point, 1, available, 5 * PLAN_MS), -ETIME);
   CHECK_EQ(wait_points(plan->t, &rig.timeline, &point, 1, available | submit, 5 * PLAN_MS),
            -ETIME);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   CHECK_EQ(wait_points(plan->t, &rig.timeline, &point, 1, available, 0), 0);
   CHECK_EQ(wait_points(plan->t, &rig.timeline, &point, 1, 0, 0), -ETIME);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
}

/* A waiter keeps waiting for the fence it found, whatever happens to the sync object. */
static void
reset_does_not_disturb_waiters(struct plan *plan)
{
   struct rig rig;
   struct delayed delayed;
   pthread_t thread;

   rig_init(&rig, plan, plan->t);
   uint32_t other = plan_syncobj_create(plan, plan->t, false);
   uint32_t sync = plan_syncobj_create(plan, plan->t, false);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   CHECK_EQ(transfer(plan->t, sync, 0, rig.timeline, 1, 0), 0);

   /* The thread resets nothing here, it only lets time pass; the reset comes first. */
   delayed = (struct delayed){plan, other, 1, -1};
   CHECK_EQ(pthread_create(&thread, NULL, signal_delayed, &delayed), 0);
   uint32_t both[2] = {sync, other};
   uint64_t points[2] = {0, 1};
   int ret = wait_points(plan->t, both, points, 2, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
                         PLAN_PATIENCE_NS);
   pthread_join(thread, NULL);
   CHECK_EQ(ret, 0);
   reset(plan, plan->t, sync);
   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), -EINVAL);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 0), -ETIME);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
}

static void
transfer_moves_fences(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t binary = plan_syncobj_create(plan, plan->t, false);
   uint32_t t = plan_syncobj_create(plan, plan->t, false);

   /* Nothing there yet. */
   CHECK_EQ(transfer(plan->t, binary, 0, rig.timeline, 1, 0), -EINVAL);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   CHECK_EQ(transfer(plan->t, binary, 0, rig.timeline, 1, 0), 0);
   CHECK_EQ(transfer(plan->t, t, 100, binary, 0, 0), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, binary, 0, 0), -ETIME);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 100, 0), -ETIME);
   /* A copy: the source may be reset. */
   reset(plan, plan->t, binary);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 100, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 100);
}

static void
transfer_waits_for_submit(struct plan *plan)
{
   uint32_t from = plan_syncobj_create(plan, plan->t, false);
   uint32_t to = plan_syncobj_create(plan, plan->t, false);
   struct delayed delayed = {plan, from, 3, -1};
   pthread_t thread;

   CHECK_EQ(pthread_create(&thread, NULL, signal_delayed, &delayed), 0);
   int ret = transfer(plan->t, to, 8, from, 3, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT);
   pthread_join(thread, NULL);
   CHECK_EQ(ret, 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, to), 8);
}

/* A point that is not above the last one: the timeline goes on from the larger one. */
static void
points_out_of_order(struct plan *plan)
{
   uint32_t t = plan_syncobj_create(plan, plan->t, false);

   plan_timeline_signal(plan, plan->t, t, 10);
   plan_timeline_signal(plan, plan->t, t, 4);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 10, 0), 0);
   plan_timeline_signal(plan, plan->t, t, 12);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, 12, 0), 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 12);
}

/* A chain of pending points that all become reached by one signal. To make it takes longer than the watchdog may be
 * patient, so the job moves on to another gate now and then.
 */
static void
long_chain_signals_at_once(struct plan *plan)
{
   enum {
      LENGTH = 3000,
      GATES = 31
   };
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t t = plan_syncobj_create(plan, plan->t, false);
   for (unsigned i = 0; i < GATES; i++)
      rig_wait(&rig, rig_word_va(&rig, i), 1);
   rig_submit(&rig);
   CHECK_EQ(transfer(plan->t, t, 1, rig.timeline, 1, 0), 0);
   for (uint64_t point = 2; point <= LENGTH; point++) {
      plan_timeline_signal(plan, plan->t, t, point);
      if (point % 100 == 0)
         *rig_word(&rig, (unsigned)(point / 100 - 1)) = 1;
   }
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, t, LENGTH, 0), -ETIME);
   *rig_word(&rig, GATES - 1) = 1;
   CHECK_EQ(plan_syncobj_wait(plan->t, t, LENGTH, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(plan_timeline_query(plan, plan->t, t), LENGTH);
   rig_finish(&rig);
}

/* Pending chains are dropped: with the sync object, by a reset, with the file. */
static void
pending_chains_are_freed(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct rig rig;

   rig_init(&rig, plan, other);
   uint32_t a = plan_syncobj_create(plan, other, false);
   uint32_t b = plan_syncobj_create(plan, other, false);
   uint32_t c = plan_syncobj_create(plan, other, false);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   rig_submit(&rig);
   for (uint64_t point = 1; point <= 50; point++) {
      CHECK_EQ(transfer(other, a, point, rig.timeline, 1, 0), 0);
      CHECK_EQ(transfer(other, b, point, rig.timeline, 1, 0), 0);
      CHECK_EQ(transfer(other, c, point, rig.timeline, 1, 0), 0);
   }
   plan_syncobj_destroy(plan, other, a);
   reset(plan, other, b);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   plan_close(plan, other);
}

static void
many_handles(struct plan *plan)
{
   enum {
      NUM = 2000
   };
   static uint32_t handles[NUM];
   uint32_t first;

   for (unsigned i = 0; i < NUM; i++)
      handles[i] = plan_syncobj_create(plan, plan->t, i % 2);
   struct drm_syncobj_array args = {.handles = (uintptr_t)handles, .count_handles = NUM};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_SIGNAL, &args), 0);
   CHECK_EQ(wait_many(plan->t, handles, NUM, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL, 0, &first), 0);
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_SYNCOBJ_RESET, &args), 0);
   CHECK_EQ(wait_many(plan->t, handles, NUM, 0, 0, &first), -EINVAL);
}

static const struct plan_case cases[] = {
   {"binary: none, signalled, reset", binary_states},
   {"a destroyed handle is gone", handles_are_reused_lowest_first},
   {"WAIT for any and for all", wait_any_and_all},
   {"timeouts are absolute", timeouts_are_absolute},
   {"timeline points", timeline_points},
   {"a point is reached after all before it", timeline_order_is_by_point},
   {"WAIT_FOR_SUBMIT waits for a fence to appear", wait_for_submit},
   {"WAIT_AVAILABLE waits for a fence only", wait_available},
   {"a wait for any of several, one of them without a fence", reset_does_not_disturb_waiters},
   {"TRANSFER copies fences", transfer_moves_fences},
   {"TRANSFER waits for a submit if asked", transfer_waits_for_submit},
   {"points out of order", points_out_of_order},
   {"a long chain signals at once", long_chain_signals_at_once},
   {"pending chains are freed", pending_chains_are_freed},
   {"thousands of handles in one call", many_handles},
};
PLAN_SUITE(syncobj, cases);
