/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_FENCE_H__
#define __NPU_FENCE_H__

#include <linux/dma-fence.h>
#include <linux/spinlock.h>

/**
 * struct npu_fence - a fence of this driver
 *
 * Allocated where memory may be allocated, made a fence when its place in its context is known.
 */
struct npu_fence {
	/** @base: Base class, first: fences are freed by their address. */
	struct dma_fence base;
	/** @lock: Its lock. */
	spinlock_t lock;
	/** @inited: It is a fence already. */
	bool inited;
};

struct npu_fence *npu_fence_alloc(void);
void npu_fence_init(struct npu_fence *fence, u64 context, u64 seqno);
void npu_fence_end(struct npu_fence *fence, int error);
void npu_fence_put(struct npu_fence *fence);

#endif
