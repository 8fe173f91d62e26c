// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

#include <linux/slab.h>

#include <drm/npu_accel.h>

#include "npu_fence.h"

static const char *npu_fence_driver_name(struct dma_fence *fence)
{
	return DRM_NPU_DRIVER_NAME;
}

static const char *npu_fence_timeline_name(struct dma_fence *fence)
{
	return "npu";
}

static const struct dma_fence_ops npu_fence_ops = {
	.get_driver_name = npu_fence_driver_name,
	.get_timeline_name = npu_fence_timeline_name,
};

/**
 * npu_fence_alloc() - memory for a fence
 *
 * Return: it, or NULL.
 */
struct npu_fence *npu_fence_alloc(void)
{
	return kzalloc(sizeof(struct npu_fence), GFP_KERNEL);
}

/**
 * npu_fence_init() - make it a fence with one reference
 * @fence: from npu_fence_alloc()
 * @context: context of the fence
 * @seqno: its number there
 */
void npu_fence_init(struct npu_fence *fence, u64 context, u64 seqno)
{
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &npu_fence_ops, &fence->lock, context, seqno);
	fence->inited = true;
}

/**
 * npu_fence_end() - signal it
 * @fence: the fence; it must not have signalled
 * @error: 0 or a negative errno
 */
void npu_fence_end(struct npu_fence *fence, int error)
{
	if (error)
		dma_fence_set_error(&fence->base, error);
	dma_fence_signal(&fence->base);
}

/**
 * npu_fence_put() - drop a reference, or memory that never became a fence
 * @fence: the fence or NULL
 */
void npu_fence_put(struct npu_fence *fence)
{
	if (fence && fence->inited)
		dma_fence_put(&fence->base);
	else
		kfree(fence);
}
