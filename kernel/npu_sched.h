/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_SCHED_H__
#define __NPU_SCHED_H__

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <npu_isa/npu_regs.h>

struct npu_ctx;
struct npu_device;
struct npu_job;
struct workqueue_struct;

/* Packets of a ring: more than the longest job has. */
#define NPU_RING_SIZE_LOG2	11
#define NPU_RING_SIZE		BIT(NPU_RING_SIZE_LOG2)

/* Jobs of a context on the hardware: enough that it never idles. */
#define NPU_MAX_JOBS_ON_HW	8

#define NPU_NUM_PRIORITIES	3

/**
 * struct npu_hwq - a hardware queue; it runs jobs of one context at a time
 *
 * Everything is protected by &npu_sched.lock.
 */
struct npu_hwq {
	/** @index: Its number. */
	u32 index;
	/** @ring: Its packets, at @ring_dma for the device. */
	struct npu_packet_nop *ring;
	dma_addr_t ring_dma;
	/** @tail: Packets written so far, modulo 2^32. */
	u32 tail;
	/** @rung: What the doorbell was told last. */
	u32 rung;
	/** @used: Packets of jobs that are not complete. */
	u32 used;
	/** @seqno: Of the last fence packet written: odd ones start a job, even ones end it. */
	u64 seqno;
	/** @jobs: &npu_job.node, in order. */
	struct list_head jobs;
	/** @end_ns: When the last job ended: jobs behind it did not run before. */
	u64 end_ns;
	/** @seen_fence: The fence word when the watchdog looked. */
	u64 seen_fence;
	/** @stuck: How often in a row the watchdog found it stuck. */
	u32 stuck;
};

/**
 * struct npu_sched - which jobs are on which queue
 */
struct npu_sched {
	/**
	 * @lock: Protects everything here, in &struct npu_hwq, and the scheduling state of
	 * contexts.
	 */
	spinlock_t lock;
	/** @wq: Runs the DRM schedulers of all contexts and VMs. */
	struct workqueue_struct *wq;
	/** @hwqs: The queues. */
	struct npu_hwq hwqs[NPU_NUM_QUEUES];
	/** @ready: &npu_ctx.ready_node by priority: contexts whose first job could run. */
	struct list_head ready[NPU_NUM_PRIORITIES];
	/** @num_clients: Open files that have contexts. */
	atomic_t num_clients;
	/** @num_jobs: Jobs on queues. */
	u32 num_jobs;
	/** @stopped: Nothing goes to the hardware: it is being reset, or gone. */
	bool stopped;
	/** @jobs_done: Jobs completed since probe, for debugfs. */
	u64 jobs_done;
};

int npu_sched_init(struct npu_device *npu);
void npu_sched_fini(struct npu_device *npu);
void npu_sched_start_queues(struct npu_device *npu);

void npu_sched_push(struct npu_device *npu, struct npu_job *job);
void npu_sched_process(struct npu_device *npu, bool faults);
void npu_sched_kill_locked(struct npu_device *npu, struct npu_ctx *ctx, u32 state,
			   struct list_head *done);
void npu_sched_run_locked(struct npu_device *npu);
u64 npu_sched_run_ns_locked(const struct npu_ctx *ctx);
void npu_sched_signal(struct npu_device *npu, struct list_head *done);

/* For resets. */
void npu_sched_stop(struct npu_device *npu);
void npu_sched_recover(struct npu_device *npu, bool lost);
void npu_sched_retry_kills(struct npu_device *npu, u64 limit_ns);
struct npu_ctx *npu_sched_must_end_locked(struct npu_device *npu, struct npu_hwq *hwq,
					  u64 limit_ns);

#endif
