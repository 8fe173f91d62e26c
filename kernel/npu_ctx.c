// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Contexts
 *
 * A context has a status word in memory the device reads: it does not start command buffers of a
 * context whose word is not zero, and sets the word itself when one faults. So what is already in a
 * ring behind a fault never runs, without a race. The driver sets it to kill a context.
 *
 * Jobs hold references. The last one goes on the workqueue of the context's own scheduler, so the
 * rest is freed elsewhere.
 */

#include <linux/capability.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include "npu_compat.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_drv.h"
#include "npu_entity.h"
#include "npu_job.h"
#include "npu_user.h"
#include "npu_vm.h"

/*
 * hw_id = generation << NPU_CTX_SLOT_BITS | slot: a late fault record never hits a later context.
 */
#define NPU_CTX_SLOT_BITS	12
static_assert(NPU_MAX_CONTEXTS == 1 << NPU_CTX_SLOT_BITS, "slots must fit");

#define NPU_MAX_CTXS	XA_LIMIT(1, 65535)

static void npu_ctx_release(struct work_struct *work)
{
	struct npu_ctx *ctx = container_of(work, struct npu_ctx, release_work);
	struct npu_device *npu = ctx->npu;

	drm_sched_fini(&ctx->sched);
	spin_lock(&npu->sched.lock);
	npu->ctxs[ctx->slot] = NULL;
	spin_unlock(&npu->sched.lock);
	ida_free(&npu->ctx_slots, ctx->slot);
	npu_user_uncharge(ctx->vm->user, NPU_USER_CTXS, 1);
	npu_vm_put(ctx->vm);
	mutex_destroy(&ctx->submit_lock);
	kfree(ctx);
	npu_alive_put(npu);
}

static void npu_ctx_last_ref(struct kref *ref)
{
	struct npu_ctx *ctx = container_of(ref, struct npu_ctx, ref);

	INIT_WORK(&ctx->release_work, npu_ctx_release);
	queue_work(npu_release_wq, &ctx->release_work);
}

void npu_ctx_put(struct npu_ctx *ctx)
{
	kref_put(&ctx->ref, npu_ctx_last_ref);
}

/**
 * npu_ctx_get() - look a context up
 * @nfile: the file
 * @id: its id there
 *
 * Return: the context with a reference, or NULL.
 */
struct npu_ctx *npu_ctx_get(struct npu_file *nfile, u32 id)
{
	struct npu_ctx *ctx;

	mutex_lock(&nfile->lock);
	ctx = xa_load(&nfile->ctxs, id);
	if (ctx)
		kref_get(&ctx->ref);
	mutex_unlock(&nfile->lock);
	return ctx;
}

struct npu_ctx *npu_ctx_by_hw_id_locked(struct npu_device *npu, u32 hw_id)
{
	struct npu_ctx *ctx = npu->ctxs[hw_id & (NPU_MAX_CONTEXTS - 1)];

	return ctx && ctx->hw_id == hw_id ? ctx : NULL;
}

static int npu_ctx_init_sched(struct npu_ctx *ctx)
{
	const struct drm_sched_init_args args = {
		.ops = &npu_job_sched_ops,
		.submit_wq = ctx->npu->sched.wq,
		.num_rqs = 1,
		.credit_limit = 2 * NPU_MAX_JOBS_ON_HW,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = "npu",
		.dev = ctx->npu->drm.dev,
	};
	struct drm_gpu_scheduler *sched = &ctx->sched;
	int ret;

	ret = drm_sched_init(sched, &args);
	if (ret)
		return ret;
	ret = drm_sched_entity_init(&ctx->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

static int npu_ctx_alloc_slot(struct npu_device *npu)
{
	int ret = ida_alloc_max(&npu->ctx_slots, NPU_MAX_CONTEXTS - 1, GFP_KERNEL);

	if (ret != -ENOSPC)
		return ret;
	/* Those of contexts that are destroyed already may not be back yet. */
	flush_workqueue(npu_release_wq);
	return ida_alloc_max(&npu->ctx_slots, NPU_MAX_CONTEXTS - 1, GFP_KERNEL);
}

/* Takes over the reference to the VM when it succeeds. */
static struct npu_ctx *npu_ctx_create(struct npu_vm *vm, u64 client, u32 priority)
{
	struct npu_device *npu = vm->npu;
	struct npu_ctx *ctx;
	int ret;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	ret = npu_user_charge(vm->user, NPU_USER_CTXS, 1);
	if (ret) {
		kfree(ctx);
		return ERR_PTR(ret);
	}
	kref_init(&ctx->ref);
	ctx->npu = npu;
	ctx->vm = vm;
	ctx->client = client;
	ctx->priority = priority;
	get_task_comm(ctx->comm, current);
	ctx->pid = task_tgid_nr(current);
	ctx->fence_context = dma_fence_context_alloc(1);
	mutex_init(&ctx->submit_lock);
	INIT_LIST_HEAD(&ctx->jobs);
	INIT_LIST_HEAD(&ctx->ready_node);

	ret = npu_ctx_alloc_slot(npu);
	if (ret < 0)
		goto free_ctx;
	ctx->slot = ret;
	ret = npu_ctx_init_sched(ctx);
	if (ret)
		goto free_slot;

	npu_alive_get(npu);
	spin_lock(&npu->sched.lock);
	ctx->hw_id = (++npu->ctx_generation << NPU_CTX_SLOT_BITS) | ctx->slot;
	WRITE_ONCE(npu->shared->status[ctx->slot], 0);
	npu->ctxs[ctx->slot] = ctx;
	if (npu->lost)
		ctx->state = DRM_NPU_CTX_STATE_LOST;
	spin_unlock(&npu->sched.lock);
	return ctx;

free_slot:
	ida_free(&npu->ctx_slots, ctx->slot);
free_ctx:
	npu_user_uncharge(vm->user, NPU_USER_CTXS, 1);
	kfree(ctx);
	return ERR_PTR(ret);
}

/**
 * npu_ctx_close() - the id is gone: kill what it still has to do, and drop the id's reference
 * @ctx: the context
 */
void npu_ctx_close(struct npu_ctx *ctx)
{
	struct npu_device *npu = ctx->npu;
	LIST_HEAD(done);
	int idx;

	mutex_lock(&ctx->submit_lock);
	ctx->closing = true;
	mutex_unlock(&ctx->submit_lock);

	spin_lock(&npu->sched.lock);
	npu_sched_kill_locked(npu, ctx, DRM_NPU_CTX_STATE_FAULTED, &done);
	ctx->closed = true;
	spin_unlock(&npu->sched.lock);
	npu_sched_signal(npu, &done);
	if (drm_dev_enter(&npu->drm, &idx)) {
		npu_sched_retry_kills(npu, 0);
		drm_dev_exit(idx);
	}
	npu_entity_fini(&ctx->sched, &ctx->entity);
	npu_ctx_put(ctx);
}

/* -- ioctls ----------------------------------------------------------------------------------- */

int npu_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_ctx_create *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_ctx *ctx;
	struct npu_vm *vm;
	int ret;

	if (args->flags || args->priority > DRM_NPU_CTX_PRIORITY_HIGH)
		return -EINVAL;
	if (args->priority == DRM_NPU_CTX_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;
	vm = npu_vm_get(nfile, args->vm_id);
	if (!vm)
		return -ENOENT;
	ctx = npu_ctx_create(vm, file->client_id, args->priority);
	if (IS_ERR(ctx)) {
		npu_vm_put(vm);
		return PTR_ERR(ctx);
	}

	mutex_lock(&nfile->lock);
	/* The VM may have been destroyed meanwhile. */
	if (xa_load(&nfile->vms, args->vm_id) != vm)
		ret = -ENOENT;
	else
		ret = xa_alloc(&nfile->ctxs, &args->ctx_id, ctx, NPU_MAX_CTXS, GFP_KERNEL);
	if (!ret) {
		vm->num_ctxs++;
		if (!nfile->num_ctxs++)
			atomic_inc(&nfile->npu->sched.num_clients);
	}
	mutex_unlock(&nfile->lock);
	if (ret) {
		npu_ctx_close(ctx);
		return ret == -EBUSY ? -ENOSPC : ret;
	}
	return 0;
}

int npu_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_ctx_destroy *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_ctx *ctx;

	if (args->pad)
		return -EINVAL;
	mutex_lock(&nfile->lock);
	ctx = xa_erase(&nfile->ctxs, args->ctx_id);
	if (ctx) {
		ctx->vm->num_ctxs--;
		if (!--nfile->num_ctxs)
			atomic_dec(&nfile->npu->sched.num_clients);
		spin_lock(&ctx->npu->sched.lock);
		nfile->closed_run_ns += npu_sched_run_ns_locked(ctx);
		spin_unlock(&ctx->npu->sched.lock);
	}
	mutex_unlock(&nfile->lock);
	if (!ctx)
		return -ENOENT;
	npu_ctx_close(ctx);
	return 0;
}

int npu_ioctl_ctx_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_ctx_get_state *args = data;
	struct npu_ctx *ctx = npu_ctx_get(file->driver_priv, args->ctx_id);

	if (!ctx)
		return -ENOENT;
	spin_lock(&ctx->npu->sched.lock);
	args->state = ctx->state;
	args->jobs_submitted = ctx->jobs_submitted;
	args->jobs_completed = ctx->jobs_completed;
	args->fault = ctx->fault;
	spin_unlock(&ctx->npu->sched.lock);
	npu_ctx_put(ctx);
	return 0;
}
