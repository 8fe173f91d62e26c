// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

#include <linux/dma-fence-chain.h>
#include <linux/slab.h>

#include <drm/drm_syncobj.h>
#include <drm/gpu_scheduler.h>

#include <drm/npu_accel.h>

#include "npu_drv.h"
#include "npu_syncs.h"

static bool npu_syncs_are_valid(const struct drm_npu_sync *syncs, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (syncs[i].flags & ~DRM_NPU_SYNC_TIMELINE)
			return false;
		if (!!(syncs[i].flags & DRM_NPU_SYNC_TIMELINE) != !!syncs[i].point)
			return false;
	}
	return true;
}

static int npu_syncs_find_waits(struct npu_syncs *syncs, struct drm_file *file,
				const struct drm_npu_sync *waits, u32 count)
{
	int ret;

	if (!count)
		return 0;
	syncs->waits = kvcalloc(count, sizeof(*syncs->waits), GFP_KERNEL);
	if (!syncs->waits)
		return -ENOMEM;
	for (; syncs->num_waits < count; syncs->num_waits++) {
		const struct drm_npu_sync *wait = &waits[syncs->num_waits];

		ret = drm_syncobj_find_fence(file, wait->handle, wait->point, 0,
					     &syncs->waits[syncs->num_waits]);
		if (ret)
			return ret;
	}
	return 0;
}

static int npu_syncs_find_signals(struct npu_syncs *syncs, struct drm_file *file,
				  const struct drm_npu_sync *signals, u32 count)
{
	if (!count)
		return 0;
	syncs->signals = kvcalloc(count, sizeof(*syncs->signals), GFP_KERNEL);
	if (!syncs->signals)
		return -ENOMEM;
	while (syncs->num_signals < count) {
		const struct drm_npu_sync *in = &signals[syncs->num_signals];
		struct npu_sync_signal *signal = &syncs->signals[syncs->num_signals];

		signal->syncobj = drm_syncobj_find(file, in->handle);
		if (!signal->syncobj)
			return -ENOENT;
		syncs->num_signals++;
		signal->point = in->point;
		if (signal->point) {
			signal->chain = dma_fence_chain_alloc();
			if (!signal->chain)
				return -ENOMEM;
		}
	}
	return 0;
}

/**
 * npu_syncs_init() - copy in, check and look up
 * @syncs: gets it; npu_syncs_fini() is called for it in any case
 * @file: the caller's file
 * @waits: array of &struct drm_npu_sync to wait for
 * @signals: array of &struct drm_npu_sync to signal
 *
 * Return: 0 or a negative errno as the uAPI says.
 */
int npu_syncs_init(struct npu_syncs *syncs, struct drm_file *file,
		   const struct drm_npu_obj_array *waits, const struct drm_npu_obj_array *signals)
{
	struct drm_npu_sync *in_waits, *in_signals;
	int ret;

	in_waits = npu_copy_array(waits, sizeof(*in_waits), DRM_NPU_MAX_SYNCS);
	if (IS_ERR(in_waits))
		return PTR_ERR(in_waits);
	in_signals = npu_copy_array(signals, sizeof(*in_signals), DRM_NPU_MAX_SYNCS);
	if (IS_ERR(in_signals)) {
		kvfree(in_waits);
		return PTR_ERR(in_signals);
	}

	if (!npu_syncs_are_valid(in_waits, waits->count) ||
	    !npu_syncs_are_valid(in_signals, signals->count))
		ret = -EINVAL;
	else
		ret = npu_syncs_find_waits(syncs, file, in_waits, waits->count);
	if (!ret)
		ret = npu_syncs_find_signals(syncs, file, in_signals, signals->count);
	kvfree(in_waits);
	kvfree(in_signals);
	return ret;
}

/**
 * npu_syncs_add_dependencies() - make a job wait
 * @syncs: for what
 * @job: the job
 *
 * Return: 0 or -ENOMEM.
 */
int npu_syncs_add_dependencies(struct npu_syncs *syncs, struct drm_sched_job *job)
{
	u32 i;

	for (i = 0; i < syncs->num_waits; i++) {
		struct dma_fence *fence = syncs->waits[i];
		int ret;

		syncs->waits[i] = NULL;
		ret = drm_sched_job_add_dependency(job, fence); /* takes the reference */
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * npu_syncs_signal() - put a fence into everything that is to be signalled; cannot fail
 * @syncs: what is to be signalled
 * @fence: when
 */
void npu_syncs_signal(struct npu_syncs *syncs, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; i < syncs->num_signals; i++) {
		struct npu_sync_signal *signal = &syncs->signals[i];

		if (signal->chain) {
			drm_syncobj_add_point(signal->syncobj, signal->chain, fence, signal->point);
			signal->chain = NULL;
		} else {
			drm_syncobj_replace_fence(signal->syncobj, fence);
		}
	}
}

/**
 * npu_syncs_fini() - drop references
 * @syncs: of these
 */
void npu_syncs_fini(struct npu_syncs *syncs)
{
	u32 i;

	for (i = 0; i < syncs->num_waits; i++)
		dma_fence_put(syncs->waits[i]);
	for (i = 0; i < syncs->num_signals; i++) {
		drm_syncobj_put(syncs->signals[i].syncobj);
		dma_fence_chain_free(syncs->signals[i].chain);
	}
	kvfree(syncs->waits);
	kvfree(syncs->signals);
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_syncs_test.c"
#endif
