// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/* KUnit tests of npu_sched.c, which includes this file: rings, and who gets a queue. */

#include <kunit/test.h>

static struct npu_device *npu_sched_test_device(struct kunit *test, u32 num_queues)
{
	struct npu_device *npu = kunit_kzalloc(test, sizeof(*npu), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, npu);
	npu->hw.num_queues = num_queues;
	for (i = 0; i < NPU_NUM_PRIORITIES; i++)
		INIT_LIST_HEAD(&npu->sched.ready[i]);
	for (i = 0; i < num_queues; i++) {
		npu->sched.hwqs[i].index = i;
		INIT_LIST_HEAD(&npu->sched.hwqs[i].jobs);
	}
	return npu;
}

/* Packets go around the end of the ring, and the counter around 2^32. */
static void npu_sched_test_ring(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	struct npu_packet_fence *fence;
	u32 i, at;

	hwq->ring = kunit_kzalloc(test, NPU_RING_SIZE * sizeof(*hwq->ring), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hwq->ring);
	hwq->tail = -3u;
	for (i = 0; i < 6; i++)
		npu_sched_write_fence(npu, hwq, i & 1);
	KUNIT_EXPECT_EQ(test, hwq->tail, 3);
	KUNIT_EXPECT_EQ(test, hwq->seqno, 6);
	for (i = 0; i < 6; i++) {
		at = (i - 3) & (NPU_RING_SIZE - 1);
		fence = (struct npu_packet_fence *)&hwq->ring[at];
		KUNIT_EXPECT_EQ(test, fence->type, NPU_PACKET_FENCE);
		KUNIT_EXPECT_EQ(test, fence->seqno, i + 1);
		KUNIT_EXPECT_EQ(test, fence->irq, i & 1);
		KUNIT_EXPECT_EQ(test, fence->write_pa, npu_fence_pa(npu, 0));
	}
	KUNIT_EXPECT_EQ(test, hwq->ring[3].type, 0);
}

/* Contexts 0 to 5 and queues 0 and 1 of 4 are the first client's, context 6 is the second's. */
static void npu_sched_test_pick(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 4);
	struct npu_ctx *ctxs = kunit_kcalloc(test, 7, sizeof(*ctxs), GFP_KERNEL);
	struct npu_job *jobs = kunit_kcalloc(test, 4, sizeof(*jobs), GFP_KERNEL);
	bool waiting = false;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, ctxs);
	KUNIT_ASSERT_NOT_NULL(test, jobs);
	for (i = 0; i < 7; i++) {
		ctxs[i].client = i < 6 ? 1 : 2;
		list_add_tail(&ctxs[i].ready_node, &npu->sched.ready[1]);
	}
	for (i = 0; i < 2; i++) {
		jobs[i].ctx = &ctxs[i];
		ctxs[i].hwq = &npu->sched.hwqs[i];
		list_add_tail(&jobs[i].node, &npu->sched.hwqs[i].jobs);
	}
	KUNIT_EXPECT_EQ(test, npu_sched_share_locked(npu, 1), 2);
	KUNIT_EXPECT_EQ(test, npu_sched_share_locked(npu, 2), 0);
	KUNIT_EXPECT_PTR_EQ(test, npu_sched_find_idle_locked(npu), &npu->sched.hwqs[2]);

	/* Who has fewer comes first; without a queue it is just somebody who waits. */
	atomic_set(&npu->sched.num_clients, 2);
	KUNIT_EXPECT_PTR_EQ(test, npu_sched_pick_locked(npu, 1, &npu->sched.hwqs[2], &waiting),
			    &ctxs[6]);
	KUNIT_EXPECT_PTR_EQ(test, npu_sched_pick_locked(npu, 1, NULL, &waiting), &ctxs[2]);
	KUNIT_EXPECT_FALSE(test, waiting);

	/* With three of four, and others there, the first client gets no more. */
	list_del_init(&ctxs[6].ready_node);
	jobs[2].ctx = &ctxs[2];
	ctxs[2].hwq = &npu->sched.hwqs[2];
	list_add_tail(&jobs[2].node, &npu->sched.hwqs[2].jobs);
	KUNIT_EXPECT_NULL(test, npu_sched_pick_locked(npu, 1, &npu->sched.hwqs[3], &waiting));
	KUNIT_EXPECT_TRUE(test, waiting);

	/* Alone it may have all. */
	atomic_set(&npu->sched.num_clients, 1);
	KUNIT_EXPECT_PTR_EQ(test, npu_sched_pick_locked(npu, 1, &npu->sched.hwqs[3], &waiting),
			    &ctxs[3]);
}

static struct kunit_case npu_sched_test_cases[] = {
	KUNIT_CASE(npu_sched_test_ring),
	KUNIT_CASE(npu_sched_test_pick),
	{}
};

static struct kunit_suite npu_sched_test_suite = {
	.name = "npu_sched",
	.test_cases = npu_sched_test_cases,
};

kunit_test_suite(npu_sched_test_suite);
