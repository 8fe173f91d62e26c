// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Address spaces
 *
 * References: the id, contexts, buffers that are bound (through &struct drm_gpuvm_bo), binds that
 * are under way. When the id goes all bindings go with it, so nothing but contexts and binds that
 * are ending keep the rest alive.
 *
 * The page tables are DMA memory, which goes with the device; a VM of a file that is still open
 * then lives on without.
 *
 * The identifier (ASID) is given back when the last reference is gone: no job of the VM is on the
 * hardware then.
 */

#include <linux/slab.h>

#include <drm/drm_drv.h>

#include "npu_compat.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_drv.h"
#include "npu_entity.h"
#include "npu_gem.h"
#include "npu_mmu.h"
#include "npu_user.h"
#include "npu_vm.h"

/* Address 0 of the table stays empty: a packet that says nothing reaches nothing. */
#define NPU_FIRST_ASID	1

/* Ids of an open file are small numbers from 1. */
#define NPU_MAX_VMS	XA_LIMIT(1, 65535)

/* Where addresses end. */
u64 npu_vm_end(struct npu_vm *vm)
{
	return 1ull << vm->npu->hw.va_bits;
}

/* Gives the page tables back. */
static void npu_vm_detach(struct npu_vm *vm)
{
	struct npu_device *npu = vm->npu;
	struct npu_pt *root;

	mutex_lock(&vm->op_lock);
	root = vm->root;
	vm->root = NULL;
	mutex_unlock(&vm->op_lock);
	if (!root)
		return;
	npu_mmu_set_root(npu, vm->asid, NULL);
	npu_mmu_destroy_root(npu, root);
}

/**
 * npu_vm_detach_all() - the device is going, and its DMA memory with it
 * @npu: the device; no new VMs come any more
 *
 * VMs of files that are still open live on without page tables.
 */
void npu_vm_detach_all(struct npu_device *npu)
{
	struct npu_vm *vm;

	mutex_lock(&npu->vms_lock);
	list_for_each_entry(vm, &npu->vms, link)
		npu_vm_detach(vm);
	mutex_unlock(&npu->vms_lock);
}

static void npu_vm_release(struct work_struct *work)
{
	struct npu_vm *vm = container_of(work, struct npu_vm, release_work);
	struct npu_device *npu = vm->npu;

	npu_vm_bind_fini(vm);
	mutex_lock(&npu->vms_lock);
	list_del(&vm->link);
	npu_vm_detach(vm);
	mutex_unlock(&npu->vms_lock);
	ida_free(&npu->mmu.asids, vm->asid);
	npu_user_uncharge(vm->user, NPU_USER_VMS, 1);
	mutex_destroy(&vm->op_lock);
	mutex_destroy(&vm->bind_lock);
	kfree(vm);
	npu_alive_put(npu);
}

/*
 * &drm_gpuvm_ops.vm_free: the last reference may have been dropped by a bind that ends, that is on
 * the workqueue of its scheduler.
 */
void npu_vm_free(struct drm_gpuvm *gpuvm)
{
	struct npu_vm *vm = to_npu_vm(gpuvm);

	INIT_WORK(&vm->release_work, npu_vm_release);
	queue_work(npu_release_wq, &vm->release_work);
}

void npu_vm_put(struct npu_vm *vm)
{
	drm_gpuvm_put(&vm->base);
}

/**
 * npu_vm_get() - look a VM up
 * @nfile: the file
 * @id: its id there
 *
 * Return: the VM with a reference, or NULL.
 */
struct npu_vm *npu_vm_get(struct npu_file *nfile, u32 id)
{
	struct npu_vm *vm;

	mutex_lock(&nfile->lock);
	vm = xa_load(&nfile->vms, id);
	if (vm)
		drm_gpuvm_get(&vm->base);
	mutex_unlock(&nfile->lock);
	return vm;
}

/**
 * npu_vm_find_id() - the id of the VM with a number
 * @nfile: the file
 * @uid: the number
 *
 * Return: the id, or 0 if it has none in this file.
 */
u32 npu_vm_find_id(struct npu_file *nfile, u64 uid)
{
	unsigned long id;
	struct npu_vm *vm;
	u32 found = 0;

	mutex_lock(&nfile->lock);
	xa_for_each(&nfile->vms, id, vm) {
		if (vm->uid == uid)
			found = id;
	}
	mutex_unlock(&nfile->lock);
	return found;
}

static int npu_vm_alloc_asid(struct npu_device *npu)
{
	u32 last = npu->hw.num_asids - 1;
	int ret = ida_alloc_range(&npu->mmu.asids, NPU_FIRST_ASID, last, GFP_KERNEL);

	if (ret != -ENOSPC)
		return ret;
	/* Those of VMs that are destroyed already may not be back yet. */
	flush_workqueue(npu_release_wq);
	return ida_alloc_range(&npu->mmu.asids, NPU_FIRST_ASID, last, GFP_KERNEL);
}

static struct npu_vm *npu_vm_create(struct npu_device *npu, struct npu_user *user)
{
	struct drm_gem_object *resv_obj;
	struct npu_vm *vm;
	int ret;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	vm->npu = npu;
	vm->user = user;
	ret = npu_user_charge(user, NPU_USER_VMS, 1);
	if (ret) {
		kfree(vm);
		return ERR_PTR(ret);
	}
	mutex_init(&vm->op_lock);
	mutex_init(&vm->bind_lock);
	spin_lock_init(&vm->pending_lock);
	INIT_LIST_HEAD(&vm->pending);
	vm->fence_context = dma_fence_context_alloc(1);
	vm->root = npu_mmu_create_root(npu);
	if (!vm->root) {
		ret = -ENOMEM;
		goto free_vm;
	}
	ret = npu_vm_alloc_asid(npu);
	if (ret < 0)
		goto free_root;
	vm->asid = ret;
	ret = npu_vm_bind_init(vm);
	if (ret)
		goto free_asid;
	resv_obj = drm_gpuvm_resv_object_alloc(&npu->drm);
	if (!resv_obj) {
		ret = -ENOMEM;
		goto fini_bind;
	}

	vm->uid = atomic64_inc_return(&npu->mmu.next_uid);
	npu_alive_get(npu);
	drm_gpuvm_init(&vm->base, "npu", DRM_GPUVM_IMMEDIATE_MODE, &npu->drm, resv_obj, 0,
		       npu_vm_end(vm), 0, 0, &npu_vm_gpuvm_ops);
	drm_gem_object_put(resv_obj);
	npu_mmu_set_root(npu, vm->asid, vm->root);
	mutex_lock(&npu->vms_lock);
	list_add_tail(&vm->link, &npu->vms);
	mutex_unlock(&npu->vms_lock);
	return vm;

fini_bind:
	drm_sched_entity_fini(&vm->bind_entity);
	npu_vm_bind_fini(vm);
free_asid:
	ida_free(&npu->mmu.asids, vm->asid);
free_root:
	npu_mmu_destroy_root(npu, vm->root);
free_vm:
	npu_user_uncharge(user, NPU_USER_VMS, 1);
	kfree(vm);
	return ERR_PTR(ret);
}

/**
 * npu_vm_describe_va() - a binding in a line of text
 * @va: the binding; the op_lock of its VM is held
 * @text: gets NPU_VA_TEXT_SIZE bytes at most
 */
void npu_vm_describe_va(struct npu_va *va, char *text)
{
	struct npu_gem_object *bo = to_npu_gem(va->base.gem.obj);
	int length;

	length = scnprintf(text, NPU_VA_TEXT_SIZE, "%#014llx: %#llx %c%c%c %s, offset %#llx",
			   va->base.va.addr, va->base.va.range,
			   va->flags & DRM_NPU_VM_MAP_READ ? 'r' : '-',
			   va->flags & DRM_NPU_VM_MAP_WRITE ? 'w' : '-',
			   va->flags & DRM_NPU_VM_MAP_EXEC ? 'x' : '-',
			   bo->in_vram ? "device" : "system", va->base.gem.offset);
	mutex_lock(npu_gem_gpuva_lock(bo));
	if (bo->label)
		scnprintf(text + length, NPU_VA_TEXT_SIZE - length, ", \"%*pE\"",
			  (int)strlen(bo->label), bo->label);
	mutex_unlock(npu_gem_gpuva_lock(bo));
}

/**
 * npu_vm_close() - the id is gone: drop pending binds and all bindings, and the id's reference
 * @vm: the VM
 */
void npu_vm_close(struct npu_vm *vm)
{
	mutex_lock(&vm->bind_lock);
	vm->closed = true;
	mutex_unlock(&vm->bind_lock);
	npu_vm_bind_cancel(vm);
	npu_entity_fini(&vm->bind_sched, &vm->bind_entity);
	npu_coredump_finish(vm);
	npu_vm_unbind_all(vm);
	npu_vm_put(vm);
}

/* -- ioctls ----------------------------------------------------------------------------------- */

int npu_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_create *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_vm *vm;
	int ret;

	if (args->flags)
		return -EINVAL;
	vm = npu_vm_create(nfile->npu, nfile->user);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = xa_alloc(&nfile->vms, &args->vm_id, vm, NPU_MAX_VMS, GFP_KERNEL);
	if (ret) {
		npu_vm_close(vm);
		return ret == -EBUSY ? -ENOSPC : ret;
	}
	return 0;
}

int npu_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_destroy *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_vm *vm;
	int ret = 0;

	if (args->pad)
		return -EINVAL;
	mutex_lock(&nfile->lock);
	vm = xa_load(&nfile->vms, args->vm_id);
	if (!vm)
		ret = -ENOENT;
	else if (vm->num_ctxs)
		ret = -EBUSY;
	else
		xa_erase(&nfile->vms, args->vm_id);
	mutex_unlock(&nfile->lock);
	if (ret)
		return ret;
	npu_vm_close(vm);
	return 0;
}

int npu_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_vm_get_state *args = data;
	struct npu_vm *vm = npu_vm_get(file->driver_priv, args->vm_id);

	if (!vm)
		return -ENOENT;
	args->state = READ_ONCE(vm->unusable) ? DRM_NPU_VM_STATE_UNUSABLE : DRM_NPU_VM_STATE_USABLE;
	npu_vm_put(vm);
	return 0;
}
