// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Scheduling
 *
 * Each context has a DRM scheduler of its own, which holds jobs back until their fences have
 * signalled and hands them over in order. From there on:
 *
 * 1. A hardware queue holds jobs of one context at a time. So a job that never ends stops its own
 *    context only, as long as there are more queues than such contexts; beyond that the watchdog
 *    helps.
 * 2. Free queues go to ready contexts by priority, then to the client (open file) that has the
 *    fewest queues, then first come first served. While there are other clients with contexts,
 *    none gets the last queue when it has all others: however many contexts it makes, there is one
 *    for somebody else. While some context waits for a queue, contexts that have one get no further
 *    jobs onto it: it runs dry and is passed on.
 * 3. At most NPU_MAX_JOBS_ON_HW jobs of a context are on the hardware.
 * 4. A job is a FENCE packet with an odd number, its command buffers as EXEC packets, each after
 *    the one before, and a FENCE packet with an even number and an interrupt. The device writes
 *    these numbers into the fence word of the queue, in system memory: so it can be told which jobs
 *    were started and which are complete even when the device does not answer any more.
 * 5. Jobs of a context end in their order. Those that are cancelled while earlier ones are on the
 *    hardware are queued behind them without packets.
 *
 * 6. A job that takes longer than the limit for jobs (npu_reset.c) ends its context. The time
 * begins when it is the first on its queue: what comes before is not its own.
 *
 * Fences are signalled when the lock was dropped.
 *
 * What it misses: preemption. A long job of low priority keeps its queue.
 */

#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_fault.h"
#include "npu_job.h"
#include "npu_reset.h"
#include "npu_sched.h"
#include "npu_trace.h"
#include "npu_vm.h"

static_assert(DRM_NPU_MAX_CMDBUFS + 2 < NPU_RING_SIZE, "the longest job must fit");
static_assert(sizeof(struct npu_packet_nop) == NPU_PACKET_SIZE_B, "ring elements are packets");

static void npu_sched_destroy_wq(struct drm_device *drm, void *wq)
{
	destroy_workqueue(wq);
}

int npu_sched_init(struct npu_device *npu)
{
	struct npu_sched *sched = &npu->sched;
	u32 i;

	spin_lock_init(&sched->lock);
	for (i = 0; i < NPU_NUM_PRIORITIES; i++)
		INIT_LIST_HEAD(&sched->ready[i]);
	sched->wq = alloc_workqueue("npu-sched", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!sched->wq)
		return -ENOMEM;
	if (drmm_add_action_or_reset(&npu->drm, npu_sched_destroy_wq, sched->wq))
		return -ENOMEM;

	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &sched->hwqs[i];

		hwq->index = i;
		INIT_LIST_HEAD(&hwq->jobs);
		hwq->ring = dmam_alloc_coherent(npu->drm.dev, NPU_RING_SIZE * sizeof(*hwq->ring),
						&hwq->ring_dma, GFP_KERNEL);
		if (!hwq->ring)
			return -ENOMEM;
	}
	return 0;
}

void npu_sched_fini(struct npu_device *npu)
{
}

/**
 * npu_sched_start_queues() - set the queues up after a reset
 * @npu: the device
 */
void npu_sched_start_queues(struct npu_device *npu)
{
	u32 i;

	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];

		hwq->tail = 0;
		hwq->rung = 0;
		npu_write(npu, NPU_REG_QUEUE_RING_BASE(i), npu_system_pa(hwq->ring_dma));
		npu_write(npu, NPU_REG_QUEUE_RING_SIZE(i), NPU_RING_SIZE_LOG2);
		npu_write(npu, NPU_REG_QUEUE_WATCHDOG(i), npu->watchdog_ms);
		npu_write(npu, NPU_REG_QUEUE_CONTROL(i), NPU_QUEUE_CONTROL_ENABLE__MASK);
	}
	npu->sched.stopped = false;
}

static u64 npu_sched_read_fence(struct npu_device *npu, struct npu_hwq *hwq)
{
	return le64_to_cpu(READ_ONCE(npu->shared->fence[hwq->index]));
}

/* -- onto the hardware ------------------------------------------------------------------------ */

static void npu_sched_update_locked(struct npu_device *npu, struct npu_ctx *ctx)
{
	if (list_empty(&ctx->jobs))
		list_del_init(&ctx->ready_node);
	else if (list_empty(&ctx->ready_node))
		list_add_tail(&ctx->ready_node, &npu->sched.ready[ctx->priority]);
}

static void npu_sched_write_packet(struct npu_hwq *hwq, const void *packet)
{
	memcpy(&hwq->ring[hwq->tail++ & (NPU_RING_SIZE - 1)], packet, NPU_PACKET_SIZE_B);
}

static void npu_sched_write_fence(struct npu_device *npu, struct npu_hwq *hwq, bool irq)
{
	const struct npu_packet_fence fence = {
		.type = NPU_PACKET_FENCE,
		.irq = irq,
		.seqno = ++hwq->seqno,
		.write_pa = npu_fence_pa(npu, hwq->index),
	};

	npu_sched_write_packet(hwq, &fence);
}

static void npu_sched_write_job(struct npu_device *npu, struct npu_hwq *hwq, struct npu_job *job)
{
	struct npu_ctx *ctx = job->ctx;
	u32 i;

	npu_sched_write_fence(npu, hwq, false);
	for (i = 0; i < job->num_cmdbufs; i++) {
		const struct npu_packet_exec exec = {
			.type = NPU_PACKET_EXEC,
			.flags = NPU_PACKET_FLAG_BARRIER,
			.asid = ctx->vm->asid,
			.num_packets = job->cmdbufs[i].num_packets,
			.va = job->cmdbufs[i].va,
			.seqno = job->number,
			.context_id = ctx->hw_id,
			.status_pa = npu_status_pa(npu, ctx->slot),
		};

		npu_sched_write_packet(hwq, &exec);
	}
	npu_sched_write_fence(npu, hwq, true);

	job->hw_seqno = hwq->seqno;
	job->num_packets = job->num_cmdbufs + 2;
	hwq->used += job->num_packets;
}

static void npu_sched_assign_locked(struct npu_device *npu, struct npu_hwq *hwq,
				    struct npu_job *job)
{
	struct npu_ctx *ctx = job->ctx;

	ctx->hwq = hwq;
	ctx->num_on_hw++;
	job->start_ns = ktime_get_ns();
	list_move_tail(&job->node, &hwq->jobs);
	trace_npu_job_start(job, hwq->index);
	if (!npu->sched.num_jobs++)
		npu_reset_watch(npu);
}

/* Puts the first job of a ready context on a queue, if rules and room allow. */
static bool npu_sched_push_first_locked(struct npu_device *npu, struct npu_ctx *ctx,
					struct npu_hwq *hwq)
{
	struct npu_job *job = list_first_entry(&ctx->jobs, struct npu_job, node);

	if (ctx->num_on_hw >= NPU_MAX_JOBS_ON_HW ||
	    hwq->used + job->num_cmdbufs + 2 > NPU_RING_SIZE)
		return false;
	npu_sched_write_job(npu, hwq, job);
	npu_sched_assign_locked(npu, hwq, job);
	/* To the end of its list, if there is more. */
	list_del_init(&ctx->ready_node);
	npu_sched_update_locked(npu, ctx);
	return true;
}

static struct npu_hwq *npu_sched_find_idle_locked(struct npu_device *npu)
{
	u32 i;

	for (i = 0; i < npu->hw.num_queues; i++) {
		if (list_empty(&npu->sched.hwqs[i].jobs))
			return &npu->sched.hwqs[i];
	}
	return NULL;
}

/* How many queues a client has. */
static u32 npu_sched_share_locked(struct npu_device *npu, u64 client)
{
	u32 i, share = 0;

	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_job *job = list_first_entry_or_null(&npu->sched.hwqs[i].jobs,
							       struct npu_job, node);

		share += job && job->ctx->client == client;
	}
	return share;
}

/*
 * The context of a priority that is to have a queue, or, without one, any that waits for one. Sets
 * @waiting if one must go without although there is one.
 */
static struct npu_ctx *npu_sched_pick_locked(struct npu_device *npu, int priority,
					     const struct npu_hwq *hwq, bool *waiting)
{
	u32 least = npu->hw.num_queues;
	struct npu_ctx *ctx, *best = NULL;

	/* Who has this many gets no more. */
	if (atomic_read(&npu->sched.num_clients) > 1 && least > 1)
		least--;
	list_for_each_entry(ctx, &npu->sched.ready[priority], ready_node) {
		u32 share;

		if (ctx->hwq)
			continue;
		if (!hwq)
			return ctx;
		share = npu_sched_share_locked(npu, ctx->client);
		if (share < least) {
			best = ctx;
			least = share;
		} else if (!best) {
			*waiting = true;
		}
		if (!least)
			break;
	}
	return best;
}

/* Gives idle queues to ready contexts that have none. Returns whether some context got nothing. */
static bool npu_sched_assign_idle_locked(struct npu_device *npu)
{
	bool waiting = false;
	struct npu_ctx *ctx;
	struct npu_hwq *hwq;
	int priority;

	for (priority = NPU_NUM_PRIORITIES - 1; priority >= 0; priority--) {
		hwq = npu_sched_find_idle_locked(npu);
		while ((ctx = npu_sched_pick_locked(npu, priority, hwq, &waiting))) {
			if (!hwq || !npu_sched_push_first_locked(npu, ctx, hwq))
				return true;
			hwq = npu_sched_find_idle_locked(npu);
		}
	}
	return waiting;
}

static void npu_sched_ring_locked(struct npu_device *npu)
{
	u32 i;

	dma_wmb(); /* packets before doorbells */
	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];

		if (hwq->rung != hwq->tail) {
			hwq->rung = hwq->tail;
			npu_write(npu, NPU_REG_QUEUE_TAIL(i), hwq->tail);
		}
	}
}

/* Puts jobs on the hardware as far as possible. */
void npu_sched_run_locked(struct npu_device *npu)
{
	struct npu_ctx *ctx, *next;
	int priority;

	if (npu->sched.stopped)
		return;
	if (!npu_sched_assign_idle_locked(npu)) {
		for (priority = NPU_NUM_PRIORITIES - 1; priority >= 0; priority--) {
			list_for_each_entry_safe(ctx, next, &npu->sched.ready[priority],
						 ready_node) {
				while (ctx->hwq && !list_empty(&ctx->jobs) &&
				       npu_sched_push_first_locked(npu, ctx, ctx->hwq))
					;
			}
		}
	}
	npu_sched_ring_locked(npu);
}

/* A job that will not run: it ends now, or behind what its context has on the hardware. */
static void npu_sched_cancel_locked(struct npu_device *npu, struct npu_job *job,
				    struct list_head *done)
{
	struct npu_ctx *ctx = job->ctx;

	job->error = ctx->state == DRM_NPU_CTX_STATE_LOST ? -ENODEV : -ECANCELED;
	job->num_packets = 0;
	if (ctx->hwq) {
		job->hw_seqno = list_last_entry(&ctx->hwq->jobs, struct npu_job, node)->hw_seqno;
		npu_sched_assign_locked(npu, ctx->hwq, job);
	} else {
		list_move_tail(&job->node, done);
	}
}

/**
 * npu_sched_push() - a job whose fences have signalled
 * @npu: the device
 * @job: the job
 */
void npu_sched_push(struct npu_device *npu, struct npu_job *job)
{
	struct npu_ctx *ctx = job->ctx;
	LIST_HEAD(done);

	spin_lock(&npu->sched.lock);
	list_add_tail(&job->node, &ctx->jobs);
	if (ctx->state != DRM_NPU_CTX_STATE_ALIVE) {
		npu_sched_cancel_locked(npu, job, &done);
	} else {
		npu_sched_update_locked(npu, ctx);
		npu_sched_run_locked(npu);
	}
	spin_unlock(&npu->sched.lock);
	npu_sched_signal(npu, &done);
}

/* -- and back --------------------------------------------------------------------------------- */

/**
 * npu_sched_kill_locked() - end a context: nothing of it starts any more
 * @npu: the device
 * @ctx: the context; nothing happens if it is dead already
 * @state: what it is from now on
 * @done: gets jobs that are to be signalled when the lock was dropped
 */
void npu_sched_kill_locked(struct npu_device *npu, struct npu_ctx *ctx, u32 state,
			   struct list_head *done)
{
	struct npu_job *job, *next;

	if (ctx->state != DRM_NPU_CTX_STATE_ALIVE)
		return;
	ctx->state = state;
	WRITE_ONCE(npu->shared->status[ctx->slot], cpu_to_le64(1));
	list_for_each_entry_safe(job, next, &ctx->jobs, node)
		npu_sched_cancel_locked(npu, job, done);
	npu_sched_update_locked(npu, ctx);
}

/**
 * npu_sched_signal() - signal jobs
 * @npu: the device
 * @done: the jobs; they may be gone afterwards
 */
void npu_sched_signal(struct npu_device *npu, struct list_head *done)
{
	struct npu_job *job, *next;

	list_for_each_entry_safe(job, next, done, node) {
		struct npu_fence *fence = job->done;
		int error = job->error;

		list_del_init(&job->node);
		dma_fence_get(&fence->base);
		npu_fence_end(fence, error); /* the job may be gone now */
		dma_fence_put(&fence->base);
	}
}

/* A context has faulted in a job, and there is no record of it. */
static void npu_sched_fault_locked(struct npu_device *npu, struct npu_job *job,
				   struct list_head *done)
{
	const struct drm_npu_fault fault = {
		.type = job->ctx->overdue ? DRM_NPU_FAULT_KILLED : DRM_NPU_FAULT_NONE,
		.job = job->number,
	};

	npu_fault_found_locked(npu, job->ctx, &fault, done);
}

/* What became of a job the device is done with. */
static int npu_sched_result_locked(struct npu_device *npu, struct npu_job *job,
				   struct list_head *done)
{
	struct npu_ctx *ctx = job->ctx;

	if (job->error)
		return job->error;
	/* No fault record: there were too many, or nothing of it ran when it was killed. */
	if (ctx->state == DRM_NPU_CTX_STATE_ALIVE && READ_ONCE(npu->shared->status[ctx->slot]))
		npu_sched_fault_locked(npu, job, done);
	switch (ctx->state) {
	case DRM_NPU_CTX_STATE_ALIVE:
		return 0;
	case DRM_NPU_CTX_STATE_LOST:
		return -ENODEV;
	case DRM_NPU_CTX_STATE_FAULTED:
		if (ctx->closed)
			return -ECANCELED;
		if (job->number == ctx->fault.job)
			return -EIO;
		return job->number < ctx->fault.job ? 0 : -ECANCELED;
	default:
		return -ECANCELED;
	}
}

/* When the first job of a queue came to run there. */
static u64 npu_sched_start_ns(const struct npu_hwq *hwq, const struct npu_job *job)
{
	return max(job->start_ns, hwq->end_ns);
}

/**
 * npu_sched_run_ns_locked() - how long jobs of a context were running
 * @ctx: the context
 *
 * The jobs of a queue run one after the other, so what counts is the time since the one before
 * ended.
 *
 * Return: nanoseconds, with those of a job that runs now.
 */
u64 npu_sched_run_ns_locked(const struct npu_ctx *ctx)
{
	const struct npu_job *job;

	if (!ctx->hwq)
		return ctx->run_ns;
	job = list_first_entry(&ctx->hwq->jobs, struct npu_job, node);
	return ctx->run_ns + ktime_get_ns() - npu_sched_start_ns(ctx->hwq, job);
}

static void npu_sched_complete_locked(struct npu_device *npu, struct npu_hwq *hwq,
				      struct npu_job *job, struct list_head *done)
{
	u64 now_ns = ktime_get_ns();
	u64 run_ns = now_ns - npu_sched_start_ns(hwq, job);
	struct npu_ctx *ctx = job->ctx;

	job->error = npu_sched_result_locked(npu, job, done);
	if (!job->error)
		ctx->jobs_completed = job->number;
	ctx->run_ns += run_ns;
	hwq->end_ns = now_ns;
	trace_npu_job_end(job, run_ns);
	hwq->used -= job->num_packets;
	npu->sched.num_jobs--;
	npu->sched.jobs_done++;
	if (!--ctx->num_on_hw)
		ctx->hwq = NULL;
	list_move_tail(&job->node, done);
}

/* Whether a job that is complete belongs to a context that faulted and is not known to. */
static bool npu_sched_faults_unseen_locked(struct npu_device *npu, const u64 *fences)
{
	u32 i;

	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];
		struct npu_job *job = list_first_entry_or_null(&hwq->jobs, struct npu_job, node);

		if (job && job->hw_seqno <= fences[i] &&
		    job->ctx->state == DRM_NPU_CTX_STATE_ALIVE &&
		    READ_ONCE(npu->shared->status[job->ctx->slot]))
			return true;
	}
	return false;
}

/**
 * npu_sched_process() - look what the device has done
 * @npu: the device
 * @faults: it says that there are fault records
 */
void npu_sched_process(struct npu_device *npu, bool faults)
{
	u64 fences[NPU_NUM_QUEUES];
	LIST_HEAD(done);
	u32 i;

	spin_lock(&npu->sched.lock);
	/*
	 * Fences before faults: the fault of a job is recorded before its fence, so whoever is
	 * complete in this snapshot has its fault among the records.
	 */
	for (i = 0; i < npu->hw.num_queues; i++)
		fences[i] = npu_sched_read_fence(npu, &npu->sched.hwqs[i]);
	dma_rmb(); /* fences before what they fence */
	if (faults || npu_sched_faults_unseen_locked(npu, fences))
		npu_fault_drain_locked(npu, &done);

	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];
		struct npu_job *job, *next;

		list_for_each_entry_safe(job, next, &hwq->jobs, node) {
			if (job->hw_seqno > fences[i])
				break;
			npu_sched_complete_locked(npu, hwq, job, &done);
		}
	}
	npu_sched_run_locked(npu);
	spin_unlock(&npu->sched.lock);
	npu_sched_signal(npu, &done);
}

/**
 * npu_sched_must_end_locked() - whether what runs on a queue is to be killed
 * @npu: the device
 * @hwq: the queue
 * @limit_ns: how long a job may take, or 0
 *
 * That is so when its context is closed or, found out here, a job of it takes too long. Nothing of
 * such a context starts any more.
 *
 * Return: the context, or NULL.
 */
struct npu_ctx *npu_sched_must_end_locked(struct npu_device *npu, struct npu_hwq *hwq,
					  u64 limit_ns)
{
	struct npu_job *job = list_first_entry_or_null(&hwq->jobs, struct npu_job, node);
	struct npu_ctx *ctx;

	if (!job)
		return NULL;
	ctx = job->ctx;
	if (limit_ns && ktime_get_ns() - npu_sched_start_ns(hwq, job) > limit_ns) {
		ctx->overdue = true;
		WRITE_ONCE(npu->shared->status[ctx->slot], cpu_to_le64(1));
	}
	return ctx->closed || ctx->overdue ? ctx : NULL;
}

/**
 * npu_sched_retry_kills() - kill what still runs of contexts that are to end
 * @npu: the device
 * @limit_ns: how long a job may take, or 0
 *
 * A command buffer that had passed the check of the status word but did not run yet when its
 * context was to end runs on: so kills are repeated.
 */
void npu_sched_retry_kills(struct npu_device *npu, u64 limit_ns)
{
	struct npu_ctx *ctx;
	u32 i;

	spin_lock(&npu->sched.lock);
	for (i = 0; !npu->sched.stopped && i < npu->hw.num_queues; i++) {
		ctx = npu_sched_must_end_locked(npu, &npu->sched.hwqs[i], limit_ns);
		if (ctx)
			npu_write(npu, NPU_REG_QUEUE_KILL_CONTEXT(i), ctx->hw_id);
	}
	spin_unlock(&npu->sched.lock);
}

/* -- resets ----------------------------------------------------------------------------------- */

/**
 * npu_sched_stop() - put nothing on the hardware any more
 * @npu: the device
 */
void npu_sched_stop(struct npu_device *npu)
{
	spin_lock(&npu->sched.lock);
	npu->sched.stopped = true;
	spin_unlock(&npu->sched.lock);
}

/*
 * The jobs of a queue when the device was reset. What was started cannot be started again, since it
 * may have changed memory: its context is lost with it. What was not goes back to where it came
 * from.
 */
static void npu_sched_recover_queue_locked(struct npu_device *npu, struct npu_hwq *hwq, bool lost,
					   struct list_head *done)
{
	u64 fence = npu_sched_read_fence(npu, hwq);
	struct npu_job *job, *next;
	LIST_HEAD(requeue);

	list_for_each_entry(job, &hwq->jobs, node) {
		if (job->num_packets && (lost || fence == job->hw_seqno - 1)) {
			struct npu_ctx *ctx = job->ctx;

			if (!lost && ctx->overdue)
				npu_sched_fault_locked(npu, job, done);
			npu_sched_kill_locked(npu, ctx, lost ? DRM_NPU_CTX_STATE_LOST :
					      DRM_NPU_CTX_STATE_INNOCENT, done);
			break;
		}
	}
	list_for_each_entry_safe(job, next, &hwq->jobs, node) {
		struct npu_ctx *ctx = job->ctx;

		if (ctx->state != DRM_NPU_CTX_STATE_ALIVE) {
			npu_sched_complete_locked(npu, hwq, job, done);
			continue;
		}
		list_move_tail(&job->node, &requeue);
		npu->sched.num_jobs--;
		if (!--ctx->num_on_hw)
			ctx->hwq = NULL;
	}
	/* One context has a queue at a time; its jobs go before those that wait. */
	if (!list_empty(&requeue)) {
		struct npu_ctx *ctx = list_first_entry(&requeue, struct npu_job, node)->ctx;

		list_splice(&requeue, &ctx->jobs);
		npu_sched_update_locked(npu, ctx);
	}
	hwq->used = 0;
	hwq->stuck = 0;
}

/**
 * npu_sched_recover() - sort out the jobs that were on the hardware when it was reset
 * @npu: the device; npu_sched_process() was called after the last one it completed
 * @lost: it is gone, so all contexts are
 */
void npu_sched_recover(struct npu_device *npu, bool lost)
{
	LIST_HEAD(done);
	u32 i;

	spin_lock(&npu->sched.lock);
	for (i = 0; i < npu->hw.num_queues; i++)
		npu_sched_recover_queue_locked(npu, &npu->sched.hwqs[i], lost, &done);
	for (i = 0; lost && i < NPU_MAX_CONTEXTS; i++) {
		if (npu->ctxs[i])
			npu_sched_kill_locked(npu, npu->ctxs[i], DRM_NPU_CTX_STATE_LOST, &done);
	}
	spin_unlock(&npu->sched.lock);
	npu_sched_signal(npu, &done);
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_sched_test.c"
#endif
