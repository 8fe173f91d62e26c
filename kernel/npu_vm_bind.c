// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: VM_BIND
 *
 * A bind is prepared first: arguments checked, buffers looked up and given memory, page tables,
 * bindings and fences allocated. It cannot fail after that, but for a device that does not answer,
 * which makes the VM unusable. A synchronous bind runs in the ioctl, an asynchronous one as a job
 * of the VM's bind scheduler, where fences are signalled: so running a bind allocates nothing, and
 * what it takes out of use is freed by npu_bind_destroy(), later and elsewhere.
 */

#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_syncobj.h>

#include "npu_compat.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_drv.h"
#include "npu_fence.h"
#include "npu_gem.h"
#include "npu_mmu.h"
#include "npu_syncs.h"
#include "npu_vm.h"

/* A map that lies inside an older binding makes three of it. */
#define NPU_BIND_VAS	3
/* Ranges that are invalidated one by one; more are taken together. */
#define NPU_BIND_RANGES	8

struct npu_bind_op {
	struct drm_npu_vm_bind_op args;
	struct npu_gem_object *bo;
	struct drm_gpuvm_bo *vm_bo;
	struct npu_va *vas[NPU_BIND_VAS];
};

struct npu_bind {
	/* For asynchronous binds. */
	struct drm_sched_job job;
	bool job_inited;
	/* Signalled when it is done or dropped; not before those of earlier ones. */
	struct npu_fence *done;
	/* In &npu_vm.pending, until @done is signalled. */
	struct list_head pending;

	struct npu_vm *vm;
	u32 num_ops;
	struct npu_bind_op *ops;
	struct npu_bind_op *current_op;
	struct npu_pt_pool pool;
	/* Bindings that went away, each with a reference to its vm_bo. */
	struct list_head old_vas;
	struct {
		u64 start, end;
	} ranges[NPU_BIND_RANGES];
	u32 num_ranges;
};

/* -- running ---------------------------------------------------------------------------------- */

static void npu_bind_note_range(struct npu_bind *bind, u64 start, u64 end)
{
	u32 i;

	for (i = 0; i < bind->num_ranges; i++) {
		if (start <= bind->ranges[i].end && end >= bind->ranges[i].start)
			break;
	}
	if (i == NPU_BIND_RANGES)
		i--;
	if (i == bind->num_ranges) {
		bind->ranges[i].start = start;
		bind->ranges[i].end = end;
		bind->num_ranges++;
		return;
	}
	bind->ranges[i].start = min(bind->ranges[i].start, start);
	bind->ranges[i].end = max(bind->ranges[i].end, end);
}

static struct npu_va *npu_bind_take_va(struct npu_bind *bind, u32 flags)
{
	struct npu_bind_op *op = bind->current_op;
	u32 i;

	for (i = 0; i < NPU_BIND_VAS; i++) {
		struct npu_va *va = op->vas[i];

		if (va) {
			op->vas[i] = NULL;
			va->flags = flags;
			return va;
		}
	}
	return NULL;
}

static void npu_bind_link(struct npu_va *va, struct drm_gpuvm_bo *vm_bo)
{
	struct npu_gem_object *bo = to_npu_gem(vm_bo->obj);

	mutex_lock(npu_gem_gpuva_lock(bo));
	drm_gpuva_link(&va->base, vm_bo);
	mutex_unlock(npu_gem_gpuva_lock(bo));
}

/* Takes a binding out of the VM; its memory stays until the bind is destroyed. */
static void npu_bind_retire(struct npu_bind *bind, struct npu_va *va)
{
	struct drm_gpuvm_bo *vm_bo = drm_gpuvm_bo_get(va->base.vm_bo);
	struct npu_gem_object *bo = to_npu_gem(vm_bo->obj);

	mutex_lock(npu_gem_gpuva_lock(bo));
	drm_gpuva_unlink(&va->base);
	mutex_unlock(npu_gem_gpuva_lock(bo));
	va->base.vm_bo = vm_bo;
	list_add(&va->link, &bind->old_vas);
}

struct npu_bind_map_data {
	struct npu_bind *bind;
	u64 va;
	u32 flags;
};

static int npu_bind_map_run(void *data, u64 offset, u64 pa, u64 size)
{
	struct npu_bind_map_data *map = data;

	npu_mmu_map(map->bind->vm->root, &map->bind->pool, map->va + offset, pa, size, map->flags);
	return 0;
}

static int npu_bind_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct npu_bind *bind = priv;
	struct npu_bind_op *current_op = bind->current_op;
	struct npu_bind_map_data data = {
		.bind = bind,
		.va = op->map.va.addr,
		.flags = current_op->args.flags,
	};
	struct npu_va *va = npu_bind_take_va(bind, current_op->args.flags);

	drm_gpuva_map(&bind->vm->base, &va->base, &op->map);
	npu_bind_link(va, current_op->vm_bo);
	/* Without page tables (npu_vm_detach_all()) there are no DMA addresses either. */
	if (bind->vm->root)
		npu_gem_walk(current_op->bo, op->map.gem.offset, op->map.va.range,
			     npu_bind_map_run, &data);
	return 0;
}

static int npu_bind_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct npu_va *old = to_npu_va(op->remap.unmap->va);
	struct npu_va *prev = NULL, *next = NULL;
	struct npu_bind *bind = priv;
	u64 start, range;

	if (op->remap.prev)
		prev = npu_bind_take_va(bind, old->flags);
	if (op->remap.next)
		next = npu_bind_take_va(bind, old->flags);
	drm_gpuva_op_remap_to_unmap_range(&op->remap, &start, &range);
	npu_mmu_unmap(bind->vm->root, &bind->pool, start, range);

	drm_gpuva_remap(prev ? &prev->base : NULL, next ? &next->base : NULL, &op->remap);
	if (prev)
		npu_bind_link(prev, old->base.vm_bo);
	if (next)
		npu_bind_link(next, old->base.vm_bo);
	npu_bind_retire(bind, old);
	return 0;
}

static int npu_bind_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct npu_va *va = to_npu_va(op->unmap.va);
	struct npu_bind *bind = priv;

	npu_mmu_unmap(bind->vm->root, &bind->pool, va->base.va.addr, va->base.va.range);
	drm_gpuva_unmap(&op->unmap);
	npu_bind_retire(bind, va);
	return 0;
}

const struct drm_gpuvm_ops npu_vm_gpuvm_ops = {
	.vm_free = npu_vm_free,
	.sm_step_map = npu_bind_step_map,
	.sm_step_remap = npu_bind_step_remap,
	.sm_step_unmap = npu_bind_step_unmap,
};

static int npu_bind_map(struct npu_bind *bind, const struct npu_bind_op *op)
{
	const struct drm_gpuvm_map_req req = {
		.map.va.addr = op->args.va,
		.map.va.range = op->args.size,
		.map.gem.obj = &op->bo->shmem.base,
		.map.gem.offset = op->args.bo_offset,
	};

	return drm_gpuvm_sm_map(&bind->vm->base, bind, &req);
}

static int npu_bind_run(struct npu_bind *bind)
{
	struct npu_vm *vm = bind->vm;
	u32 i;
	int ret = 0;

	mutex_lock(&vm->op_lock);
	for (i = 0; !ret && i < bind->num_ops; i++) {
		struct npu_bind_op *op = &bind->ops[i];

		bind->current_op = op;
		if (op->args.op == DRM_NPU_VM_BIND_OP_MAP)
			ret = npu_bind_map(bind, op);
		else
			ret = drm_gpuvm_sm_unmap(&vm->base, bind, op->args.va, op->args.size);
		npu_bind_note_range(bind, op->args.va, op->args.va + op->args.size);
	}
	for (i = 0; i < bind->num_ranges; i++) {
		u64 start = bind->ranges[i].start;
		int err = npu_mmu_invalidate(vm->npu, vm->asid, start,
					     bind->ranges[i].end - start);

		if (!ret)
			ret = err;
	}
	if (ret)
		WRITE_ONCE(vm->unusable, true);
	mutex_unlock(&vm->op_lock);
	return ret;
}

/* -- preparing and destroying ----------------------------------------------------------------- */

static void npu_bind_put_vm_bo(struct drm_gpuvm_bo *vm_bo)
{
	struct npu_gem_object *bo = to_npu_gem(vm_bo->obj);

	/* The last one drops the buffer, with the lock in it. */
	drm_gem_object_get(&bo->shmem.base);
	mutex_lock(npu_gem_gpuva_lock(bo));
	drm_gpuvm_bo_put(vm_bo);
	mutex_unlock(npu_gem_gpuva_lock(bo));
	drm_gem_object_put(&bo->shmem.base);
}

static void npu_bind_destroy(struct npu_bind *bind)
{
	struct npu_vm *vm = bind->vm;
	struct npu_va *va, *next;
	u32 i, j;

	list_for_each_entry_safe(va, next, &bind->old_vas, link) {
		npu_bind_put_vm_bo(va->base.vm_bo);
		kfree(va);
	}
	for (i = 0; i < bind->num_ops; i++) {
		struct npu_bind_op *op = &bind->ops[i];

		for (j = 0; j < NPU_BIND_VAS; j++)
			kfree(op->vas[j]);
		if (op->vm_bo)
			npu_bind_put_vm_bo(op->vm_bo);
		if (op->bo)
			drm_gem_object_put(&op->bo->shmem.base);
	}
	npu_mmu_pool_fini(vm->npu, &bind->pool);
	if (bind->job_inited)
		drm_sched_job_cleanup(&bind->job);
	npu_fence_put(bind->done);
	kvfree(bind->ops);
	kfree(bind);
	npu_vm_put(vm);
}

static struct npu_bind *npu_bind_create(struct npu_vm *vm, u32 num_ops)
{
	struct npu_bind *bind = kzalloc(sizeof(*bind), GFP_KERNEL);

	if (!bind)
		return NULL;
	INIT_LIST_HEAD(&bind->old_vas);
	INIT_LIST_HEAD(&bind->pending);
	if (num_ops) {
		bind->ops = kvcalloc(num_ops, sizeof(*bind->ops), GFP_KERNEL);
		if (!bind->ops) {
			kfree(bind);
			return NULL;
		}
	}
	bind->num_ops = num_ops;
	bind->vm = vm;
	drm_gpuvm_get(&vm->base);
	return bind;
}

static int npu_bind_check_op(struct npu_vm *vm, const struct drm_npu_vm_bind_op *op)
{
	const u32 known = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE | DRM_NPU_VM_MAP_EXEC;
	u64 end = npu_vm_end(vm);

	if (op->pad || !op->size || !IS_ALIGNED(op->size | op->va | op->bo_offset, NPU_PAGE_SIZE_B))
		return -EINVAL;
	if (op->va < NPU_VA_START || op->va >= end || op->size > end - op->va)
		return -EINVAL;
	switch (op->op) {
	case DRM_NPU_VM_BIND_OP_MAP:
		return op->flags & ~known || !(op->flags & DRM_NPU_VM_MAP_READ) ? -EINVAL : 0;
	case DRM_NPU_VM_BIND_OP_UNMAP:
		return op->flags || op->handle || op->bo_offset ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

struct npu_bind_count {
	u64 va;
	u64 tables;
};

static int npu_bind_count_run(void *data, u64 offset, u64 pa, u64 size)
{
	struct npu_bind_count *count = data;

	count->tables += npu_mmu_map_worst_case(count->va + offset, pa, size);
	return 0;
}

static int npu_bind_prepare_op(struct npu_bind *bind, struct npu_bind_op *op, struct drm_file *file)
{
	struct npu_bind_count count = {
		.va = op->args.va,
		.tables = NPU_MMU_UNMAP_WORST_CASE,
	};
	u32 i;
	int ret;

	for (i = 0; i < NPU_BIND_VAS; i++) {
		op->vas[i] = kzalloc(sizeof(*op->vas[i]), GFP_KERNEL);
		if (!op->vas[i])
			return -ENOMEM;
	}
	if (op->args.op == DRM_NPU_VM_BIND_OP_MAP) {
		struct drm_gpuvm_bo *vm_bo;

		ret = npu_gem_get_pages(op->bo);
		if (ret)
			return ret;
		/* Before the lock, which asynchronous binds take where fences are signalled. */
		vm_bo = drm_gpuvm_bo_create(&bind->vm->base, &op->bo->shmem.base);
		if (!vm_bo)
			return -ENOMEM;
		op->vm_bo = npu_compat_bo_obtain(vm_bo, npu_gem_gpuva_lock(op->bo));
		mutex_lock(npu_gem_gpuva_lock(op->bo));
		if (op->bo->exported || op->bo->shmem.base.import_attach)
			drm_gpuvm_bo_extobj_add(op->vm_bo);
		mutex_unlock(npu_gem_gpuva_lock(op->bo));
		npu_gem_walk(op->bo, op->args.bo_offset, op->args.size, npu_bind_count_run, &count);
	}
	return npu_mmu_pool_add(bind->vm->npu, &bind->pool, count.tables);
}

static int npu_bind_lookup_bo(struct npu_bind *bind, struct npu_bind_op *op, struct drm_file *file)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, op->args.handle);

	if (!obj)
		return -ENOENT;
	op->bo = to_npu_gem(obj);
	if (op->bo->vm_uid && op->bo->vm_uid != bind->vm->uid)
		return -EPERM;
	if (op->args.bo_offset >= obj->size || op->args.size > obj->size - op->args.bo_offset)
		return -EINVAL;
	return 0;
}

static int npu_bind_prepare(struct npu_bind *bind, const struct drm_npu_vm_bind_op *args,
			    struct drm_file *file)
{
	u32 i;
	int ret = 0;

	for (i = 0; !ret && i < bind->num_ops; i++) {
		bind->ops[i].args = args[i];
		ret = npu_bind_check_op(bind->vm, &args[i]);
	}
	for (i = 0; !ret && i < bind->num_ops; i++) {
		if (args[i].op == DRM_NPU_VM_BIND_OP_MAP)
			ret = npu_bind_lookup_bo(bind, &bind->ops[i], file);
	}
	for (i = 0; !ret && i < bind->num_ops; i++)
		ret = npu_bind_prepare_op(bind, &bind->ops[i], file);
	return ret;
}

/**
 * npu_vm_unbind_all() - remove all bindings
 * @vm: the VM; no other bind can come any more
 */
void npu_vm_unbind_all(struct npu_vm *vm)
{
	struct npu_bind bind = {
		.vm = vm,
	};
	struct npu_bind_op op = {};
	struct npu_va *va, *next;

	/* All of it: nothing is split, so no tables and bindings are needed. */
	INIT_LIST_HEAD(&bind.old_vas);
	bind.current_op = &op;
	mutex_lock(&vm->op_lock);
	drm_gpuvm_sm_unmap(&vm->base, &bind, 0, npu_vm_end(vm));
	if (!list_empty(&bind.old_vas))
		npu_mmu_invalidate(vm->npu, vm->asid, 0, 0);
	mutex_unlock(&vm->op_lock);

	list_for_each_entry_safe(va, next, &bind.old_vas, link) {
		npu_bind_put_vm_bo(va->base.vm_bo);
		kfree(va);
	}
	npu_mmu_pool_fini(vm->npu, &bind.pool);
}

/* -- asynchronous binds ----------------------------------------------------------------------- */

/* Signals a bind, unless that was done when its VM was closed. */
static void npu_bind_signal(struct npu_bind *bind, int error)
{
	struct npu_vm *vm = bind->vm;
	bool pending;

	spin_lock(&vm->pending_lock);
	pending = !list_empty(&bind->pending);
	list_del_init(&bind->pending);
	spin_unlock(&vm->pending_lock);
	if (pending)
		npu_fence_end(bind->done, error);
}

/**
 * npu_vm_bind_cancel() - the VM is going: drop asynchronous binds
 * @vm: the VM
 *
 * They are signalled now, in their order, not when what they wait for is done.
 */
void npu_vm_bind_cancel(struct npu_vm *vm)
{
	struct npu_bind *bind;

	for (;;) {
		struct npu_fence *done = NULL;

		/* The fence outlives the bind. */
		spin_lock(&vm->pending_lock);
		bind = list_first_entry_or_null(&vm->pending, struct npu_bind, pending);
		if (bind) {
			list_del_init(&bind->pending);
			done = bind->done;
			dma_fence_get(&done->base);
		}
		spin_unlock(&vm->pending_lock);
		if (!bind)
			return;
		npu_fence_end(done, -ECANCELED);
		npu_fence_put(done);
	}
}

static struct dma_fence *npu_bind_run_job(struct drm_sched_job *job)
{
	struct npu_bind *bind = container_of(job, struct npu_bind, job);
	bool cookie = dma_fence_begin_signalling();
	int ret = -ECANCELED;

	if (!READ_ONCE(bind->vm->closed))
		ret = npu_bind_run(bind);
	npu_bind_signal(bind, ret);
	dma_fence_end_signalling(cookie);
	return ret ? ERR_PTR(ret) : NULL;
}

static enum drm_gpu_sched_stat npu_bind_timedout_job(struct drm_sched_job *job)
{
	return DRM_GPU_SCHED_STAT_RESET;
}

static void npu_bind_free_job(struct drm_sched_job *job)
{
	struct npu_bind *bind = container_of(job, struct npu_bind, job);

	npu_bind_signal(bind, -ECANCELED); /* if it never ran */
	npu_bind_destroy(bind);
}

static const struct drm_sched_backend_ops npu_bind_sched_ops = {
	.run_job = npu_bind_run_job,
	.timedout_job = npu_bind_timedout_job,
	.free_job = npu_bind_free_job,
};

int npu_vm_bind_init(struct npu_vm *vm)
{
	const struct drm_sched_init_args args = {
		.ops = &npu_bind_sched_ops,
		.submit_wq = vm->npu->sched.wq,
		.num_rqs = 1,
		.credit_limit = 1,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = "npu bind",
		.dev = vm->npu->drm.dev,
	};
	struct drm_gpu_scheduler *sched = &vm->bind_sched;
	int ret;

	ret = drm_sched_init(sched, &args);
	if (ret)
		return ret;
	ret = drm_sched_entity_init(&vm->bind_entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

/* After drm_sched_entity_fini(), which closing the VM is. */
void npu_vm_bind_fini(struct npu_vm *vm)
{
	drm_sched_fini(&vm->bind_sched);
}

static int npu_bind_queue(struct npu_bind *bind, struct drm_file *file, struct npu_syncs *syncs)
{
	struct npu_vm *vm = bind->vm;
	int ret;

	ret = drm_sched_job_init(&bind->job, &vm->bind_entity, 1, NULL, file->client_id);
	if (ret)
		return ret;
	bind->job_inited = true;
	bind->done = npu_fence_alloc();
	if (!bind->done)
		return -ENOMEM;
	ret = npu_syncs_add_dependencies(syncs, &bind->job);
	if (ret)
		return ret;

	mutex_lock(&vm->bind_lock);
	if (vm->closed) {
		mutex_unlock(&vm->bind_lock);
		return -ENOENT;
	}
	/* Nothing can fail after that point. */
	drm_sched_job_arm(&bind->job);
	npu_fence_init(bind->done, vm->fence_context, ++vm->num_binds);
	spin_lock(&vm->pending_lock);
	list_add_tail(&bind->pending, &vm->pending);
	spin_unlock(&vm->pending_lock);
	npu_syncs_signal(syncs, &bind->done->base);
	drm_sched_entity_push_job(&bind->job);
	mutex_unlock(&vm->bind_lock);
	return 0;
}

int npu_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_bind *args = data;
	bool async = args->flags & DRM_NPU_VM_BIND_ASYNC;
	struct drm_npu_vm_bind_op *ops = NULL;
	struct npu_syncs syncs = {};
	struct npu_bind *bind;
	struct npu_vm *vm;
	int ret;

	if (args->flags & ~DRM_NPU_VM_BIND_ASYNC)
		return -EINVAL;
	if (!async && (!args->ops.count || args->wait_syncs.count || args->signal_syncs.count))
		return -EINVAL;
	vm = npu_vm_get(file->driver_priv, args->vm_id);
	if (!vm)
		return -ENOENT;

	ops = npu_copy_array(&args->ops, sizeof(*ops), DRM_NPU_MAX_BIND_OPS);
	if (IS_ERR(ops)) {
		ret = PTR_ERR(ops);
		goto put_vm;
	}
	bind = npu_bind_create(vm, args->ops.count);
	if (!bind) {
		ret = -ENOMEM;
		goto free_ops;
	}
	ret = npu_bind_prepare(bind, ops, file);
	if (!ret)
		ret = npu_syncs_init(&syncs, file, &args->wait_syncs, &args->signal_syncs);
	if (!ret && READ_ONCE(vm->unusable))
		ret = -EIO;
	if (!ret && async)
		ret = npu_bind_queue(bind, file, &syncs);
	else if (!ret)
		ret = npu_bind_run(bind);
	if (ret || !async)
		npu_bind_destroy(bind);
	npu_syncs_fini(&syncs);
free_ops:
	kvfree(ops);
put_vm:
	npu_vm_put(vm);
	return ret;
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_vm_bind_test.c"
#endif
