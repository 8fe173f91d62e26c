// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/*
 * KUnit tests of npu_sched.c, which includes this file: rings, who gets a queue, how jobs end, and
 * what becomes of them when the device is reset. Nothing here touches a register.
 */

#include <kunit/test.h>

static struct npu_device *npu_sched_test_device(struct kunit *test, u32 num_queues)
{
	struct npu_device *npu = kunit_kzalloc(test, sizeof(*npu), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, npu);
	npu->shared = kunit_kzalloc(test, sizeof(*npu->shared), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, npu->shared);
	/* There are others, so that the watchdog is at work already. */
	npu->sched.num_jobs = 1;
	npu->hw.num_queues = num_queues;
	for (i = 0; i < NPU_NUM_PRIORITIES; i++)
		INIT_LIST_HEAD(&npu->sched.ready[i]);
	for (i = 0; i < num_queues; i++) {
		npu->sched.hwqs[i].index = i;
		INIT_LIST_HEAD(&npu->sched.hwqs[i].jobs);
	}
	return npu;
}

static struct npu_ctx *npu_sched_test_ctx(struct kunit *test, struct npu_device *npu, u32 slot)
{
	struct npu_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct npu_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_NOT_NULL(test, vm);
	vm->asid = 40 + slot;
	ctx->npu = npu;
	ctx->vm = vm;
	ctx->slot = slot;
	ctx->hw_id = 0x7000 + slot;
	ctx->priority = 1;
	INIT_LIST_HEAD(&ctx->jobs);
	INIT_LIST_HEAD(&ctx->ready_node);
	npu->ctxs[slot] = ctx;
	return ctx;
}

/* The next job of a context, ready to run. */
static struct npu_job *npu_sched_test_job(struct kunit *test, struct npu_ctx *ctx, u32 num_cmdbufs)
{
	struct npu_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, job);
	job->ctx = ctx;
	job->number = ++ctx->jobs_submitted;
	job->num_cmdbufs = num_cmdbufs;
	if (num_cmdbufs) {
		job->cmdbufs = kunit_kcalloc(test, num_cmdbufs, sizeof(*job->cmdbufs), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, job->cmdbufs);
	}
	for (i = 0; i < num_cmdbufs; i++) {
		job->cmdbufs[i].va = 0x100000 * (i + 1);
		job->cmdbufs[i].num_packets = 3 + i;
	}
	list_add_tail(&job->node, &ctx->jobs);
	npu_sched_update_locked(ctx->npu, ctx);
	return job;
}

static void npu_sched_test_expect_done(struct kunit *test, struct list_head *done,
				       const struct npu_job *job, int error)
{
	struct npu_job *first = list_first_entry_or_null(done, struct npu_job, node);

	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_EXPECT_PTR_EQ(test, first, job);
	KUNIT_EXPECT_EQ(test, first->error, error);
	list_del_init(&first->node);
}

/* A ring in plain memory. */
static void npu_sched_test_make_ring(struct kunit *test, struct npu_hwq *hwq)
{
	hwq->ring = kunit_kzalloc(test, NPU_RING_SIZE * sizeof(*hwq->ring), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hwq->ring);
}

/* Packets go around the end of the ring, and the counter around 2^32. */
static void npu_sched_test_ring(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	struct npu_packet_fence *fence;
	u32 i, at;

	npu_sched_test_make_ring(test, hwq);
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

/* What a job is in the ring: between two fences, each command buffer with all it needs. */
static void npu_sched_test_packets(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 2);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 5);
	struct npu_job *job = npu_sched_test_job(test, ctx, 2);
	struct npu_hwq *hwq = &npu->sched.hwqs[1];
	const struct npu_packet_fence *fence;
	const struct npu_packet_exec *exec;
	u32 i;

	npu_sched_test_make_ring(test, hwq);
	KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	KUNIT_EXPECT_EQ(test, hwq->tail, 4);
	KUNIT_EXPECT_EQ(test, hwq->used, 4);
	KUNIT_EXPECT_EQ(test, job->hw_seqno, 2);
	KUNIT_EXPECT_PTR_EQ(test, ctx->hwq, hwq);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->ready_node));
	fence = (void *)&hwq->ring[0];
	KUNIT_EXPECT_EQ(test, fence->type, NPU_PACKET_FENCE);
	KUNIT_EXPECT_EQ(test, fence->seqno, 1);
	KUNIT_EXPECT_EQ(test, fence->irq, 0);
	for (i = 0; i < 2; i++) {
		exec = (void *)&hwq->ring[1 + i];
		KUNIT_EXPECT_EQ(test, exec->type, NPU_PACKET_EXEC);
		KUNIT_EXPECT_EQ(test, exec->flags, NPU_PACKET_FLAG_BARRIER);
		KUNIT_EXPECT_EQ(test, exec->asid, 45);
		KUNIT_EXPECT_EQ(test, exec->context_id, 0x7005);
		KUNIT_EXPECT_EQ(test, exec->num_packets, 3 + i);
		KUNIT_EXPECT_EQ(test, exec->va, 0x100000 * (i + 1));
		KUNIT_EXPECT_EQ(test, exec->seqno, 1);
		KUNIT_EXPECT_EQ(test, exec->status_pa, npu_status_pa(npu, 5));
	}
	fence = (void *)&hwq->ring[3];
	KUNIT_EXPECT_EQ(test, fence->seqno, 2);
	KUNIT_EXPECT_EQ(test, fence->irq, 1);
	KUNIT_EXPECT_EQ(test, fence->write_pa, npu_fence_pa(npu, 1));
}

/* Neither more jobs than a context may have on the hardware, nor more packets than fit. */
static void npu_sched_test_limits(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 0);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	u32 i;

	npu_sched_test_make_ring(test, hwq);
	for (i = 0; i < NPU_MAX_JOBS_ON_HW + 2; i++)
		npu_sched_test_job(test, ctx, 0);
	for (i = 0; i < NPU_MAX_JOBS_ON_HW; i++)
		KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	KUNIT_EXPECT_FALSE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	KUNIT_EXPECT_EQ(test, hwq->used, 2 * NPU_MAX_JOBS_ON_HW);
	KUNIT_EXPECT_FALSE(test, list_empty(&ctx->ready_node));

	ctx->num_on_hw--;
	hwq->used = NPU_RING_SIZE - 1;
	KUNIT_EXPECT_FALSE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	hwq->used = NPU_RING_SIZE - 2;
	KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	KUNIT_EXPECT_EQ(test, hwq->used, NPU_RING_SIZE);
}

/* What a job the device is done with ends with, by what became of its context. */
static void npu_sched_test_results(struct kunit *test)
{
	static const struct {
		u32 state, closed;
		u64 faulted_job, job;
		int want;
	} cases[] = {
		{ DRM_NPU_CTX_STATE_ALIVE, 0, 0, 2, 0 },
		{ DRM_NPU_CTX_STATE_LOST, 0, 0, 2, -ENODEV },
		{ DRM_NPU_CTX_STATE_INNOCENT, 0, 0, 2, -ECANCELED },
		{ DRM_NPU_CTX_STATE_FAULTED, 0, 2, 1, 0 },
		{ DRM_NPU_CTX_STATE_FAULTED, 0, 2, 2, -EIO },
		{ DRM_NPU_CTX_STATE_FAULTED, 0, 2, 3, -ECANCELED },
		{ DRM_NPU_CTX_STATE_FAULTED, 1, 2, 1, -ECANCELED },
	};
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 3);
	struct npu_job job = { .ctx = ctx };
	LIST_HEAD(done);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ctx->state = cases[i].state;
		ctx->closed = cases[i].closed;
		ctx->fault.job = cases[i].faulted_job;
		job.number = cases[i].job;
		KUNIT_EXPECT_EQ_MSG(test, npu_sched_result_locked(npu, &job, &done), cases[i].want,
				    "case %u", i);
	}

	/* The fault record was lost, but there is the status word. */
	ctx->state = DRM_NPU_CTX_STATE_ALIVE;
	ctx->closed = false;
	npu->shared->status[3] = cpu_to_le64(1);
	job.number = 7;
	KUNIT_EXPECT_EQ(test, npu_sched_result_locked(npu, &job, &done), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->state, DRM_NPU_CTX_STATE_FAULTED);
	KUNIT_EXPECT_EQ(test, ctx->fault.type, DRM_NPU_FAULT_NONE);
	KUNIT_EXPECT_EQ(test, ctx->fault.job, 7);
	/* A job that was cancelled stays so. */
	job.error = -ENODEV;
	KUNIT_EXPECT_EQ(test, npu_sched_result_locked(npu, &job, &done), -ENODEV);
	KUNIT_EXPECT_TRUE(test, list_empty(&done));
}

/* Jobs of a killed context that wait end behind those on the hardware, or at once. */
static void npu_sched_test_kill(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 1);
	struct npu_ctx *idle = npu_sched_test_ctx(test, npu, 2);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	struct npu_job *jobs[4];
	LIST_HEAD(done);
	u32 i;

	npu_sched_test_make_ring(test, hwq);
	for (i = 0; i < 3; i++)
		jobs[i] = npu_sched_test_job(test, ctx, 1);
	jobs[3] = npu_sched_test_job(test, idle, 1);
	KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));

	npu_sched_kill_locked(npu, ctx, DRM_NPU_CTX_STATE_FAULTED, &done);
	KUNIT_EXPECT_TRUE(test, list_empty(&done));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->jobs));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->ready_node));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(npu->shared->status[1]), 1);
	KUNIT_EXPECT_EQ(test, ctx->num_on_hw, 3);
	for (i = 1; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, jobs[i]->error, -ECANCELED);
		KUNIT_EXPECT_EQ(test, jobs[i]->num_packets, 0);
		KUNIT_EXPECT_EQ(test, jobs[i]->hw_seqno, jobs[0]->hw_seqno);
		KUNIT_EXPECT_PTR_EQ(test, list_next_entry(jobs[i - 1], node), jobs[i]);
	}
	KUNIT_EXPECT_EQ(test, hwq->used, 3);

	/* Once dead it stays what it is. */
	npu_sched_kill_locked(npu, ctx, DRM_NPU_CTX_STATE_LOST, &done);
	KUNIT_EXPECT_EQ(test, ctx->state, DRM_NPU_CTX_STATE_FAULTED);

	npu_sched_kill_locked(npu, idle, DRM_NPU_CTX_STATE_LOST, &done);
	npu_sched_test_expect_done(test, &done, jobs[3], -ENODEV);
	KUNIT_EXPECT_TRUE(test, list_empty(&done));

	for (i = 0; i < 3; i++)
		npu_sched_complete_locked(npu, hwq, jobs[i], &done);
	KUNIT_EXPECT_EQ(test, hwq->used, 0);
	KUNIT_EXPECT_NULL(test, ctx->hwq);
	KUNIT_EXPECT_EQ(test, npu->sched.num_jobs, 1);
	for (i = 0; i < 3; i++)
		npu_sched_test_expect_done(test, &done, jobs[i], -ECANCELED);
}

/*
 * A reset with three queues: the first was in the middle of its second job, the second had started
 * nothing, the third has all of its jobs behind it but one that was cancelled.
 */
static void npu_sched_test_reset(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 3);
	struct npu_ctx *ctxs[3];
	struct npu_job *jobs[3][3];
	LIST_HEAD(done);
	u32 i, j;

	for (i = 0; i < 3; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];

		npu_sched_test_make_ring(test, hwq);
		ctxs[i] = npu_sched_test_ctx(test, npu, i);
		for (j = 0; j < 3; j++)
			jobs[i][j] = npu_sched_test_job(test, ctxs[i], 1);
		for (j = 0; j < 2; j++)
			KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctxs[i], hwq));
	}
	npu_sched_complete_locked(npu, &npu->sched.hwqs[0], jobs[0][0], &done);
	npu_sched_test_expect_done(test, &done, jobs[0][0], 0);
	npu->shared->fence[0] = cpu_to_le64(jobs[0][1]->hw_seqno - 1);
	npu_sched_kill_locked(npu, ctxs[2], DRM_NPU_CTX_STATE_FAULTED, &done);
	ctxs[2]->fault.job = 2;
	npu->shared->fence[2] = cpu_to_le64(jobs[2][0]->hw_seqno - 1);

	for (i = 0; i < 3; i++)
		npu_sched_recover_queue_locked(npu, &npu->sched.hwqs[i], false, &done);
	KUNIT_EXPECT_EQ(test, ctxs[0]->state, DRM_NPU_CTX_STATE_INNOCENT);
	npu_sched_test_expect_done(test, &done, jobs[0][1], -ECANCELED);
	npu_sched_test_expect_done(test, &done, jobs[0][2], -ECANCELED);
	npu_sched_test_expect_done(test, &done, jobs[2][0], 0);
	npu_sched_test_expect_done(test, &done, jobs[2][1], -EIO);
	npu_sched_test_expect_done(test, &done, jobs[2][2], -ECANCELED);
	KUNIT_EXPECT_TRUE(test, list_empty(&done));

	/* Those of the second go again, in their order. */
	KUNIT_EXPECT_EQ(test, ctxs[1]->state, DRM_NPU_CTX_STATE_ALIVE);
	KUNIT_EXPECT_NULL(test, ctxs[1]->hwq);
	KUNIT_EXPECT_EQ(test, ctxs[1]->num_on_hw, 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&ctxs[1]->ready_node));
	for (j = 0; j < 3; j++) {
		struct npu_job *first = list_first_entry(&ctxs[1]->jobs, struct npu_job, node);

		KUNIT_EXPECT_PTR_EQ(test, first, jobs[1][j]);
		list_del_init(&first->node);
	}
	KUNIT_EXPECT_EQ(test, npu->sched.num_jobs, 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, npu->sched.hwqs[i].used, 0);
}

/* The device is gone: whatever was on it, started or not. */
static void npu_sched_test_lost(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 9);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	struct npu_job *jobs[2];
	LIST_HEAD(done);
	u32 i;

	npu_sched_test_make_ring(test, hwq);
	for (i = 0; i < 2; i++)
		jobs[i] = npu_sched_test_job(test, ctx, 1);
	KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));
	npu_sched_recover_queue_locked(npu, hwq, true, &done);
	KUNIT_EXPECT_EQ(test, ctx->state, DRM_NPU_CTX_STATE_LOST);
	for (i = 0; i < 2; i++)
		npu_sched_test_expect_done(test, &done, jobs[i], -ENODEV);
	KUNIT_EXPECT_TRUE(test, list_empty(&done));
	KUNIT_EXPECT_TRUE(test, list_empty(&hwq->jobs));
}

/* A job that takes too long ends its context, with a record of the device or without one. */
static void npu_sched_test_overdue(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 2);
	/* The machine may have come up a moment ago. */
	u64 now_ns = ktime_get_ns(), age_ns = now_ns / 2;
	struct npu_ctx *ctxs[2];
	struct npu_job *jobs[2][2];
	LIST_HEAD(done);
	u32 i, j;

	for (i = 0; i < 2; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];

		npu_sched_test_make_ring(test, hwq);
		KUNIT_EXPECT_NULL(test, npu_sched_must_end_locked(npu, hwq, 1));
		ctxs[i] = npu_sched_test_ctx(test, npu, i);
		for (j = 0; j < 2; j++) {
			jobs[i][j] = npu_sched_test_job(test, ctxs[i], 1);
			KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctxs[i], hwq));
			jobs[i][j]->start_ns = now_ns - age_ns;
		}
		/* Not yet; there is no limit; another job was before it until now. */
		KUNIT_EXPECT_NULL(test, npu_sched_must_end_locked(npu, hwq, U64_MAX));
		KUNIT_EXPECT_NULL(test, npu_sched_must_end_locked(npu, hwq, 0));
		hwq->end_ns = ktime_get_ns();
		KUNIT_EXPECT_NULL(test, npu_sched_must_end_locked(npu, hwq, age_ns));
		KUNIT_EXPECT_EQ(test, npu->shared->status[i], 0);
		hwq->end_ns = 0;
		KUNIT_EXPECT_PTR_EQ(test, npu_sched_must_end_locked(npu, hwq, age_ns - 1),
				    ctxs[i]);
		KUNIT_EXPECT_EQ(test, le64_to_cpu(npu->shared->status[i]), 1);
		/* From then on, whatever the limit. */
		KUNIT_EXPECT_PTR_EQ(test, npu_sched_must_end_locked(npu, hwq, 0), ctxs[i]);
		KUNIT_EXPECT_EQ(test, ctxs[i]->state, DRM_NPU_CTX_STATE_ALIVE);
	}

	/* The first was between two command buffers; the second obeys only to a reset. */
	npu_sched_complete_locked(npu, &npu->sched.hwqs[0], jobs[0][0], &done);
	npu_sched_complete_locked(npu, &npu->sched.hwqs[0], jobs[0][1], &done);
	npu->shared->fence[1] = cpu_to_le64(jobs[1][0]->hw_seqno - 1);
	npu_sched_recover_queue_locked(npu, &npu->sched.hwqs[1], false, &done);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, ctxs[i]->state, DRM_NPU_CTX_STATE_FAULTED);
		KUNIT_EXPECT_EQ(test, ctxs[i]->fault.type, DRM_NPU_FAULT_KILLED);
		KUNIT_EXPECT_EQ(test, ctxs[i]->fault.job, 1);
		npu_sched_test_expect_done(test, &done, jobs[i][0], -EIO);
		npu_sched_test_expect_done(test, &done, jobs[i][1], -ECANCELED);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&done));

	/* What the device should have ended itself, because it faulted, does not last either. */
	ctxs[0]->overdue = false;
	jobs[0][0] = npu_sched_test_job(test, ctxs[0], 1);
	KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctxs[0], &npu->sched.hwqs[0]));
	jobs[0][0]->start_ns = now_ns - age_ns;
	npu->sched.hwqs[0].end_ns = 0;
	KUNIT_EXPECT_PTR_EQ(test, npu_sched_must_end_locked(npu, &npu->sched.hwqs[0], age_ns - 1),
			    ctxs[0]);
}

/* A queue's time goes to the job that was first on it, not to those that wait behind. */
static void npu_sched_test_run_time(struct kunit *test)
{
	struct npu_device *npu = npu_sched_test_device(test, 1);
	struct npu_ctx *ctx = npu_sched_test_ctx(test, npu, 0);
	struct npu_hwq *hwq = &npu->sched.hwqs[0];
	/* The machine may have come up a moment ago. */
	u64 start_ns = ktime_get_ns(), long_ns = start_ns / 2, end_ns;
	struct npu_job *jobs[2];
	LIST_HEAD(done);
	u32 i;

	npu_sched_test_make_ring(test, hwq);
	KUNIT_EXPECT_EQ(test, npu_sched_run_ns_locked(ctx), 0);
	for (i = 0; i < 2; i++) {
		jobs[i] = npu_sched_test_job(test, ctx, 1);
		KUNIT_EXPECT_TRUE(test, npu_sched_push_first_locked(npu, ctx, hwq));
		/* Both came long ago; the queue was busy for half of that time. */
		jobs[i]->start_ns = start_ns - long_ns;
	}
	hwq->end_ns = start_ns - long_ns / 2;
	KUNIT_EXPECT_GE(test, npu_sched_run_ns_locked(ctx), long_ns / 2);
	npu_sched_complete_locked(npu, hwq, jobs[0], &done);
	npu_sched_complete_locked(npu, hwq, jobs[1], &done);
	end_ns = ktime_get_ns();
	KUNIT_EXPECT_GE(test, ctx->run_ns, long_ns / 2);
	KUNIT_EXPECT_LE(test, ctx->run_ns, long_ns / 2 + end_ns - start_ns);
	KUNIT_EXPECT_EQ(test, npu_sched_run_ns_locked(ctx), ctx->run_ns);
	KUNIT_EXPECT_EQ(test, ctx->jobs_completed, 2);
}

static struct kunit_case npu_sched_test_cases[] = {
	KUNIT_CASE(npu_sched_test_ring),
	KUNIT_CASE(npu_sched_test_packets),
	KUNIT_CASE(npu_sched_test_limits),
	KUNIT_CASE(npu_sched_test_pick),
	KUNIT_CASE(npu_sched_test_results),
	KUNIT_CASE(npu_sched_test_kill),
	KUNIT_CASE(npu_sched_test_reset),
	KUNIT_CASE(npu_sched_test_lost),
	KUNIT_CASE(npu_sched_test_run_time),
	KUNIT_CASE(npu_sched_test_overdue),
	{}
};

static struct kunit_suite npu_sched_test_suite = {
	.name = "npu_sched",
	.test_cases = npu_sched_test_cases,
};

kunit_test_suite(npu_sched_test_suite);
