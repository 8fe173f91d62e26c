/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_COREDUMP_H__
#define __NPU_COREDUMP_H__

#include <linux/types.h>
#include <linux/workqueue.h>

#include <drm/npu_accel.h>

#include <npu_isa/npu_regs.h>

struct npu_ctx;
struct npu_device;
struct npu_vm;

/* Packets of the ring that go into a dump: those written last. */
#define NPU_COREDUMP_RING	16
/* Command buffers of the job that do. */
#define NPU_COREDUMP_CMDBUFS	4

/**
 * struct npu_coredump - the dump that is being written, with what is gone soon after a fault
 *
 * Protected by &npu_sched.lock until @ctx is set, and the work's from then on.
 */
struct npu_coredump {
	/** @work: Writes it. */
	struct work_struct work;
	/** @ctx: Of this context, with a reference; NULL: nothing to do. */
	struct npu_ctx *ctx;
	/** @fault: Its fault. */
	struct drm_npu_fault fault;
	/** @jobs_submitted: As in &struct npu_ctx. */
	u64 jobs_submitted;
	/** @jobs_completed: As in &struct npu_ctx. */
	u64 jobs_completed;
	/** @queue: Hardware queue of the context, or -1. */
	int queue;
	/** @tail: Packets written to its ring so far. */
	u32 tail;
	/** @ring: The last of them, as many as there are. */
	struct npu_packet_nop ring[NPU_COREDUMP_RING];
	/** @num_cmdbufs: Elements of @cmdbufs. */
	u32 num_cmdbufs;
	/** @cmdbufs: The first command buffers of the job. */
	struct drm_npu_cmdbuf cmdbufs[NPU_COREDUMP_CMDBUFS];
};

void npu_coredump_init(struct npu_device *npu);
void npu_coredump_fini(struct npu_device *npu);
void npu_coredump_take_locked(struct npu_device *npu, struct npu_ctx *ctx);
void npu_coredump_finish(struct npu_vm *vm);

#endif
