// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Jobs
 *
 * SUBMIT makes a job in two steps: everything that can fail, then numbering, arming and pushing it
 * under the context's submit lock, which cannot. The sync objects to signal get the finished fence
 * of the DRM scheduler; buffers shared with other devices get it as well, for those who wait for
 * the buffer instead.
 *
 * User space keeps memory bound while jobs use it; a binding that goes makes the job fault. So jobs
 * hold no references to buffers.
 */

#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_gpuvm.h>

#include <drm/npu_accel.h>

#include "npu_compat.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_drv.h"
#include "npu_job.h"
#include "npu_sched.h"
#include "npu_syncs.h"
#include "npu_vm.h"

static struct npu_job *to_npu_job(struct drm_sched_job *job)
{
	return container_of(job, struct npu_job, base);
}

/* -- the scheduler's side --------------------------------------------------------------------- */

static struct dma_fence *npu_job_run(struct drm_sched_job *sched_job)
{
	struct npu_job *job = to_npu_job(sched_job);
	struct dma_fence *fence = &job->done->base;
	bool cookie = dma_fence_begin_signalling();

	npu_fence_init(job->done, job->ctx->fence_context, job->number);
	dma_fence_get(fence); /* for the scheduler; the job may be gone when this returns */
	npu_sched_push(job->ctx->npu, job);
	dma_fence_end_signalling(cookie);
	return fence;
}

/* The schedulers have no time limit: queues are shared, and npu_reset.c watches them. */
static enum drm_gpu_sched_stat npu_job_timedout(struct drm_sched_job *sched_job)
{
	return DRM_GPU_SCHED_STAT_RESET;
}

static void npu_job_destroy(struct npu_job *job)
{
	struct npu_ctx *ctx = job->ctx;

	npu_fence_put(job->done);
	kvfree(job->cmdbufs);
	kfree(job);
	npu_ctx_put(ctx);
}

static void npu_job_free(struct drm_sched_job *sched_job)
{
	drm_sched_job_cleanup(sched_job);
	npu_job_destroy(to_npu_job(sched_job));
}

const struct drm_sched_backend_ops npu_job_sched_ops = {
	.run_job = npu_job_run,
	.timedout_job = npu_job_timedout,
	.free_job = npu_job_free,
};

/* -- submit ----------------------------------------------------------------------------------- */

static bool npu_job_cmdbufs_are_valid(struct npu_job *job)
{
	u64 end = npu_vm_end(job->ctx->vm);
	u32 i;

	for (i = 0; i < job->num_cmdbufs; i++) {
		const struct drm_npu_cmdbuf *cmdbuf = &job->cmdbufs[i];

		if (cmdbuf->flags || !cmdbuf->num_packets ||
		    !IS_ALIGNED(cmdbuf->va, NPU_PACKET_SIZE_B) || cmdbuf->va < NPU_VA_START ||
		    cmdbuf->va >= end ||
		    cmdbuf->num_packets > (end - cmdbuf->va) / NPU_PACKET_SIZE_B)
			return false;
	}
	return true;
}

static struct npu_job *npu_job_create(struct npu_ctx *ctx, const struct drm_npu_submit *args)
{
	struct npu_job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!job)
		return ERR_PTR(-ENOMEM);
	kref_get(&ctx->ref);
	job->ctx = ctx;
	INIT_LIST_HEAD(&job->node);
	job->done = npu_fence_alloc();
	if (!job->done)
		goto destroy;

	job->cmdbufs = npu_copy_array(&args->cmdbufs, sizeof(*job->cmdbufs), DRM_NPU_MAX_CMDBUFS);
	if (IS_ERR(job->cmdbufs)) {
		ret = PTR_ERR(job->cmdbufs);
		job->cmdbufs = NULL;
		goto destroy;
	}
	job->num_cmdbufs = args->cmdbufs.count;
	return job;

destroy:
	npu_job_destroy(job);
	return ERR_PTR(ret);
}

/*
 * Locks the buffers the VM shares with others, so that the job's fence can be added to them.
 * Usually there are none.
 */
static int npu_job_lock_shared(struct npu_vm *vm, struct drm_gpuvm_exec *exec)
{
	*exec = (struct drm_gpuvm_exec) {
		.vm = &vm->base,
		.flags = DRM_EXEC_INTERRUPTIBLE_WAIT,
		.num_fences = 1,
	};
	return drm_gpuvm_exec_lock(exec);
}

static int npu_job_push(struct npu_job *job, struct npu_syncs *syncs, u64 *number)
{
	struct npu_ctx *ctx = job->ctx;
	struct npu_device *npu = ctx->npu;
	struct drm_gpuvm_exec exec;
	bool shares;
	int ret;

	mutex_lock(&ctx->submit_lock);
	shares = !list_empty(&ctx->vm->base.extobj.list);
	if (ctx->closing) {
		ret = -ENOENT;
		goto unlock;
	}
	if (shares) {
		ret = npu_job_lock_shared(ctx->vm, &exec);
		if (ret)
			goto unlock;
	}
	spin_lock(&npu->sched.lock);
	ret = ctx->state == DRM_NPU_CTX_STATE_ALIVE ? 0 :
	      ctx->state == DRM_NPU_CTX_STATE_LOST ? -ENODEV : -EIO;
	if (!ret)
		job->number = ++ctx->jobs_submitted;
	spin_unlock(&npu->sched.lock);

	/* Nothing can fail after that point. */
	if (!ret) {
		drm_sched_job_arm(&job->base);
		npu_syncs_signal(syncs, &job->base.s_fence->finished);
		if (shares)
			drm_gpuvm_exec_resv_add_fence(&exec, &job->base.s_fence->finished,
						      DMA_RESV_USAGE_BOOKKEEP,
						      DMA_RESV_USAGE_BOOKKEEP);
		*number = job->number;
		drm_sched_entity_push_job(&job->base);
	}
	if (shares)
		drm_gpuvm_exec_unlock(&exec);
unlock:
	mutex_unlock(&ctx->submit_lock);
	return ret;
}

int npu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_submit *args = data;
	struct npu_syncs syncs = {};
	struct npu_ctx *ctx;
	struct npu_job *job;
	int ret;

	if (args->flags)
		return -EINVAL;
	ctx = npu_ctx_get(file->driver_priv, args->ctx_id);
	if (!ctx)
		return -ENOENT;
	job = npu_job_create(ctx, args);
	if (IS_ERR(job)) {
		ret = PTR_ERR(job);
		goto put_ctx;
	}
	ret = npu_syncs_init(&syncs, file, &args->wait_syncs, &args->signal_syncs);
	if (!ret && !npu_job_cmdbufs_are_valid(job))
		ret = -EINVAL;
	if (!ret)
		ret = drm_sched_job_init(&job->base, &ctx->entity, 1, NULL, file->client_id);
	if (ret) {
		npu_job_destroy(job);
		goto fini_syncs;
	}
	ret = npu_syncs_add_dependencies(&syncs, &job->base);
	if (!ret)
		ret = npu_job_push(job, &syncs, &args->job);
	if (ret)
		npu_job_free(&job->base);
fini_syncs:
	npu_syncs_fini(&syncs);
put_ctx:
	npu_ctx_put(ctx);
	return ret;
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_job_test.c"
#endif
