/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_JOB_H__
#define __NPU_JOB_H__

#include <linux/list.h>

#include <drm/gpu_scheduler.h>

#include "npu_fence.h"

struct drm_device;
struct drm_file;
struct drm_npu_cmdbuf;
struct npu_ctx;

/**
 * struct npu_job - what one SUBMIT queued
 */
struct npu_job {
	/** @base: Base class. */
	struct drm_sched_job base;
	/** @ctx: Its context, with a reference. */
	struct npu_ctx *ctx;
	/** @number: In its context, from 1. */
	u64 number;
	/** @num_cmdbufs: Number of @cmdbufs. */
	u32 num_cmdbufs;
	/** @cmdbufs: What it runs. */
	struct drm_npu_cmdbuf *cmdbufs;
	/** @done: Signalled when the hardware is done; the scheduler waits for it. */
	struct npu_fence *done;
	/**
	 * @node: In &npu_ctx.jobs, then in &npu_hwq.jobs, then in a list of what is to be
	 * signalled.
	 */
	struct list_head node;
	/** @hw_seqno: On its queue, it is complete when the fence word has reached it. */
	u64 hw_seqno;
	/** @num_packets: That it has in the ring; 0: it was cancelled. */
	u32 num_packets;
	/** @error: What became of it, 0 or a negative errno. */
	int error;
	/** @start_ns: When it went to the hardware. */
	u64 start_ns;
};

extern const struct drm_sched_backend_ops npu_job_sched_ops;

int npu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);

#endif
