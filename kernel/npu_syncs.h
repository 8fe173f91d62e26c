/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_SYNCS_H__
#define __NPU_SYNCS_H__

#include <linux/types.h>

struct dma_fence;
struct dma_fence_chain;
struct drm_file;
struct drm_npu_obj_array;
struct drm_sched_job;
struct drm_syncobj;

/**
 * struct npu_sync_signal - a sync object to signal
 */
struct npu_sync_signal {
	/** @syncobj: The object, with a reference. */
	struct drm_syncobj *syncobj;
	/** @chain: For timelines: the node of the point. */
	struct dma_fence_chain *chain;
	/** @point: For timelines. */
	u64 point;
};

/**
 * struct npu_syncs - the sync objects of an ioctl
 *
 * In two steps: everything that can fail, then the rest.
 */
struct npu_syncs {
	/** @num_waits: Number of @waits. */
	u32 num_waits;
	/** @waits: Fences to wait for, with references. */
	struct dma_fence **waits;
	/** @num_signals: Number of @signals. */
	u32 num_signals;
	/** @signals: What to signal. */
	struct npu_sync_signal *signals;
};

int npu_syncs_init(struct npu_syncs *syncs, struct drm_file *file,
		   const struct drm_npu_obj_array *waits, const struct drm_npu_obj_array *signals);
int npu_syncs_add_dependencies(struct npu_syncs *syncs, struct drm_sched_job *job);
void npu_syncs_signal(struct npu_syncs *syncs, struct dma_fence *fence);
void npu_syncs_fini(struct npu_syncs *syncs);

#endif
