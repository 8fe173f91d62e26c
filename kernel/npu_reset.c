// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Watchdog and reset
 *
 * A command buffer that makes no progress is killed by the device itself, after watchdog_ms: that
 * is a fault like others. What is left for the driver are defects of the device or of what lies
 * between. While jobs are on the hardware a work looks at the queues every half second:
 *
 * 1. Fences that arrived without an interrupt are taken care of: an interrupt was lost.
 * 2. A device that reads as all ones is gone. All contexts are LOST.
 * 3. A queue with jobs that did not advance: if the device runs a command buffer, it is its own
 *    watchdog's business; if it knows less of the ring than was written, the doorbell was lost and
 *    is rung again; if that does not help, the device is reset.
 * 4. A job that has run for job_timeout_ms is killed, progress or not, since a fence must not take
 * for ever. (The time-out of the DRM scheduler would count from when the job was handed over, and
 * jobs of other contexts may be before it.) The device says where it was: a fault record of type
 * KILLED. If it does not obey, it is reset.
 * 5. Kills are repeated.
 *
 * Before a reset, queues that still move get a moment to end what they have, so that a defect of
 * one context costs the others nothing but time.
 *
 * A reset keeps jobs that were not started: they run afterwards as if nothing had happened. A job
 * that was started cannot be run again, because it may have changed memory: its context is lost
 * (INNOCENT, if the fault is not its own). A device that cannot be reset is gone. User space is
 * told by a uevent (WEDGED=...), in the form the DRM core has for it.
 */

#include <linux/delay.h>
#include <linux/kobject.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_job.h"
#include "npu_reset.h"
#include "npu_sched.h"
#include "npu_trace.h"

#define NPU_WATCH_PERIOD	msecs_to_jiffies(500)
/* Looks in a row at which a queue that should run does not, before the device is reset. */
#define NPU_MAX_STUCK		4

/* Before a reset: how long no queue must move, and the longest the others are waited for. */
#define NPU_DRAIN_STEP_MS	10
#define NPU_DRAIN_QUIET_MS	200
#define NPU_DRAIN_MAX_MS	2000

/*
 * Without a limit a fence may never be signalled, and whoever waits for it - another driver,
 * reclaim - never goes on. For debugging that may be wanted; the kernel says so in all it reports.
 */
static int npu_reset_set_limit(const char *text, const struct kernel_param *param)
{
	int ret = param_set_uint(text, param);

	if (!ret && !READ_ONCE(*(unsigned int *)param->arg)) {
		pr_notice("npu: %s=0: jobs may take for ever, and those who wait for them as well\n",
			  param->name);
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	}
	return ret;
}

static const struct kernel_param_ops npu_reset_limit_ops = {
	.set = npu_reset_set_limit,
	.get = param_get_uint,
};

static unsigned int npu_watchdog_ms = 10000;
module_param_cb(watchdog_ms, &npu_reset_limit_ops, &npu_watchdog_ms, 0644);
__MODULE_PARM_TYPE(watchdog_ms, "uint");
MODULE_PARM_DESC(watchdog_ms, "Kill command buffers without progress for so long, in milliseconds (default 10000; 0: never, taints the kernel); of devices probed from then on");

static unsigned int npu_job_timeout_ms = 60000;
module_param_cb(job_timeout_ms, &npu_reset_limit_ops, &npu_job_timeout_ms, 0644);
__MODULE_PARM_TYPE(job_timeout_ms, "uint");
MODULE_PARM_DESC(job_timeout_ms, "Kill jobs that take so long, in milliseconds (default 60000; 0: never, taints the kernel)");

/**
 * npu_reset_watchdog_ms() - what QUEUE_WATCHDOG is to be
 *
 * Return: milliseconds, 0: no watchdog.
 */
u32 npu_reset_watchdog_ms(void)
{
	return READ_ONCE(npu_watchdog_ms);
}

static void npu_reset_tell(struct npu_device *npu, const char *methods)
{
	char text[64];
	char *envp[2] = { text };

	snprintf(text, sizeof(text), "WEDGED=%s", methods);
	drm_notice(&npu->drm, "%s\n", text);
	kobject_uevent_env(&npu->drm.accel->kdev->kobj, KOBJ_CHANGE, envp);
}

/**
 * npu_reset_lose() - the device is gone for good: end everything
 * @npu: the device
 */
void npu_reset_lose(struct npu_device *npu)
{
	npu_sched_stop(npu);
	spin_lock(&npu->sched.lock);
	npu->lost = true;
	spin_unlock(&npu->sched.lock);
	npu_sched_process(npu, false); /* what was completed before */
	npu_sched_recover(npu, true);
}

/* Waits until all queues are empty, or none has moved for a while. */
static void npu_reset_drain(struct npu_device *npu)
{
	unsigned int quiet_ms = 0, left_ms = NPU_DRAIN_MAX_MS;
	u64 seen[NPU_NUM_QUEUES] = {};

	while (quiet_ms < NPU_DRAIN_QUIET_MS && left_ms > 0) {
		bool busy = false, moved = false;
		u32 i;

		npu_sched_process(npu, false);
		spin_lock(&npu->sched.lock);
		for (i = 0; i < npu->hw.num_queues; i++) {
			u64 fence = le64_to_cpu(READ_ONCE(npu->shared->fence[i]));

			if (list_empty(&npu->sched.hwqs[i].jobs))
				continue;
			busy = true;
			moved |= fence != seen[i];
			seen[i] = fence;
		}
		spin_unlock(&npu->sched.lock);
		if (!busy)
			break;
		msleep(NPU_DRAIN_STEP_MS);
		left_ms -= NPU_DRAIN_STEP_MS;
		quiet_ms = moved ? 0 : quiet_ms + NPU_DRAIN_STEP_MS;
	}
}

static void npu_reset_work(struct work_struct *work)
{
	struct npu_device *npu = container_of(work, struct npu_device, reset_work);
	int idx, ret;
	bool cookie;

	if (npu->lost || !drm_dev_enter(&npu->drm, &idx))
		return;
	/* Until the device runs again, or is given up, fences depend on what happens here. */
	cookie = dma_fence_begin_signalling();
	npu_sched_stop(npu);
	npu_reset_drain(npu);
	npu_write(npu, NPU_REG_INT_ENABLE, 0);
	synchronize_irq(npu->irq);
	npu_sched_process(npu, true); /* what was completed before, and why */
	ret = npu_device_reset(npu);
	npu_sched_process(npu, false);
	if (!ret) {
		npu_sched_recover(npu, false);
		ret = npu_device_start(npu);
	}
	if (ret) {
		drm_err(&npu->drm, "the device does not come back: %d\n", ret);
		npu_reset_lose(npu);
		dma_fence_end_signalling(cookie);
		npu_reset_tell(npu, "rebind,bus-reset");
	} else {
		atomic_inc(&npu->resets);
		npu_sched_process(npu, true);
		dma_fence_end_signalling(cookie);
		npu_reset_tell(npu, "none");
	}
	drm_dev_exit(idx);
}

/**
 * npu_reset_schedule() - have the device reset soon
 * @npu: the device
 * @why: for the log
 */
void npu_reset_schedule(struct npu_device *npu, const char *why)
{
	if (queue_work(npu->reset_wq, &npu->reset_work)) {
		trace_npu_reset(why);
		drm_err(&npu->drm, "reset: %s\n", why);
	}
}

/* Returns why the device must be reset, or NULL. */
static const char *npu_reset_look_at_queue(struct npu_device *npu, struct npu_hwq *hwq)
{
	u64 fence = le64_to_cpu(READ_ONCE(npu->shared->fence[hwq->index]));
	u64 status, tail;
	bool idle;

	spin_lock(&npu->sched.lock);
	idle = list_empty(&hwq->jobs);
	if (idle || fence != hwq->seen_fence) {
		hwq->seen_fence = fence;
		hwq->stuck = 0;
		spin_unlock(&npu->sched.lock);
		return NULL;
	}
	status = npu_read(npu, NPU_REG_QUEUE_STATUS(hwq->index));
	tail = npu_read(npu, NPU_REG_QUEUE_TAIL(hwq->index));
	/* A kill that is not obeyed is not the watchdog's business, which may be off. */
	if (NPU_GET(status, NPU_QUEUE_STATUS_IN_EXEC) &&
	    !npu_sched_must_end_locked(npu, hwq, 0)) {
		hwq->stuck = 0;
	} else {
		hwq->stuck++;
		if (tail != hwq->tail)
			npu_write(npu, NPU_REG_QUEUE_TAIL(hwq->index), hwq->tail);
	}
	spin_unlock(&npu->sched.lock);
	return hwq->stuck >= NPU_MAX_STUCK ? "a queue is stuck" : NULL;
}

static void npu_reset_watchdog(struct work_struct *work)
{
	struct npu_device *npu = container_of(to_delayed_work(work), struct npu_device, watchdog);
	const char *why = NULL;
	bool again, cookie;
	int idx;
	u32 i;

	if (npu->lost || !drm_dev_enter(&npu->drm, &idx))
		return;
	if (!npu_device_answers(npu)) {
		drm_err(&npu->drm, "the device does not answer any more\n");
		npu_reset_lose(npu);
		npu_reset_tell(npu, "rebind,bus-reset");
		drm_dev_exit(idx);
		return;
	}
	/* Jobs that nobody told of end here. */
	cookie = dma_fence_begin_signalling();
	npu_sched_process(npu, false);
	npu_sched_retry_kills(npu, (u64)READ_ONCE(npu_job_timeout_ms) * NSEC_PER_MSEC);
	dma_fence_end_signalling(cookie);
	for (i = 0; !why && i < npu->hw.num_queues; i++)
		why = npu_reset_look_at_queue(npu, &npu->sched.hwqs[i]);
	if (why)
		npu_reset_schedule(npu, why);

	spin_lock(&npu->sched.lock);
	again = npu->sched.num_jobs;
	spin_unlock(&npu->sched.lock);
	if (again)
		npu_reset_watch(npu);
	drm_dev_exit(idx);
}

/**
 * npu_reset_watch() - jobs are on the hardware: look after them
 * @npu: the device
 */
void npu_reset_watch(struct npu_device *npu)
{
	queue_delayed_work(npu->reset_wq, &npu->watchdog, NPU_WATCH_PERIOD);
}

static void npu_reset_destroy_wq(struct drm_device *drm, void *wq)
{
	destroy_workqueue(wq);
}

int npu_reset_init(struct npu_device *npu)
{
	INIT_DELAYED_WORK(&npu->watchdog, npu_reset_watchdog);
	INIT_WORK(&npu->reset_work, npu_reset_work);
	npu->reset_wq = alloc_ordered_workqueue("npu-reset", WQ_MEM_RECLAIM);
	if (!npu->reset_wq)
		return -ENOMEM;
	return drmm_add_action_or_reset(&npu->drm, npu_reset_destroy_wq, npu->reset_wq);
}

void npu_reset_fini(struct npu_device *npu)
{
	if (!npu->reset_wq)
		return;
	cancel_delayed_work_sync(&npu->watchdog);
	cancel_work_sync(&npu->reset_work);
}
