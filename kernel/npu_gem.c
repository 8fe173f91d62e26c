// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Buffer objects
 *
 * A buffer lives in device-local memory (mapped through BAR 2, page by page as it is touched) or in
 * system memory (shmem), decided once at creation. Handles, bindings, mappings and dma-bufs hold
 * references. When the device is unplugged, pages that are touched from then on are replaced by a
 * page of zeros, so nobody is killed by SIGBUS for it.
 *
 * Buffers private to a VM share its reservation object; all others have their own.
 *
 * What it misses: handing device-local memory to other drivers (peer-to-peer DMA). Their attach
 * fails, and user space makes buffers it shares in system memory.
 */

#include <linux/dma-buf.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gpuvm.h>
#include <drm/drm_managed.h>
#include <drm/drm_prime.h>
#include <drm/drm_vma_manager.h>

#include <drm/npu_accel.h>

#include "npu_device.h"
#include "npu_gem.h"
#include "npu_pm.h"
#include "npu_user.h"
#include "npu_vm.h"
#include "npu_vram.h"

/* More than any machine has; keeps sums of sizes and offsets far from overflow. */
#define NPU_GEM_MAX_SIZE	BIT_ULL(50)

/* Pages that one fault maps at most, if they are contiguous. */
#define NPU_FAULT_AROUND	64

/* -- device-local memory ---------------------------------------------------------------------- */

/* Where page @page of a buffer is, and how many follow it. */
static u64 npu_gem_vram_address(struct npu_gem_object *bo, u64 page, u64 *contiguous)
{
	u64 offset = page << PAGE_SHIFT;
	struct npu_vram_piece *piece;

	list_for_each_entry(piece, &bo->pieces, link) {
		if (offset < piece->node.size) {
			*contiguous = (piece->node.size - offset) >> PAGE_SHIFT;
			return piece->node.start + offset;
		}
		offset -= piece->node.size;
	}
	*contiguous = 0;
	return 0;
}

static void npu_gem_free_dummy_page(struct drm_device *drm, void *page)
{
	__free_page(page);
}

static vm_fault_t npu_gem_vram_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct drm_gem_object *obj = vma->vm_private_data;
	struct npu_device *npu = to_npu_device(obj->dev);
	u64 page = vmf->pgoff - drm_vma_node_start(&obj->vma_node);
	unsigned long address = vmf->address & PAGE_MASK;
	u64 contiguous, i, pa;
	vm_fault_t ret;
	int idx;

	if (!drm_dev_enter(obj->dev, &idx)) {
		/* A page that belongs to the mapping, freed with the device. */
		struct page *dummy = alloc_page(GFP_KERNEL | __GFP_ZERO);

		if (!dummy)
			return VM_FAULT_OOM;
		if (drmm_add_action_or_reset(obj->dev, npu_gem_free_dummy_page, dummy))
			return VM_FAULT_OOM;
		return vmf_insert_pfn_prot(vma, address, page_to_pfn(dummy), vma->vm_page_prot);
	}

	pa = npu_gem_vram_address(to_npu_gem(obj), page, &contiguous);
	contiguous = min_t(u64, contiguous, NPU_FAULT_AROUND);
	contiguous = min_t(u64, contiguous, (vma->vm_end - address) >> PAGE_SHIFT);
	ret = contiguous ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS;
	for (i = 0; i < contiguous; i++) {
		ret = vmf_insert_pfn(vma, address + (i << PAGE_SHIFT),
				     PHYS_PFN(npu->vram.base + pa) + i);
		if (ret != VM_FAULT_NOPAGE) {
			if (i)
				ret = VM_FAULT_NOPAGE;
			break;
		}
	}
	drm_dev_exit(idx);
	return ret;
}

static const struct vm_operations_struct npu_gem_vram_vm_ops = {
	.fault = npu_gem_vram_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/* -- system memory ---------------------------------------------------------------------------- */

/* As the helper's, but for mappings that do not start at the beginning of the buffer as well. */
static vm_fault_t npu_gem_shmem_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct drm_gem_object *obj = vma->vm_private_data;
	struct drm_gem_shmem_object *shmem = to_drm_gem_shmem_obj(obj);
	pgoff_t page = vmf->pgoff - drm_vma_node_start(&obj->vma_node);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	dma_resv_lock(obj->resv, NULL);
	if (page < obj->size >> PAGE_SHIFT && shmem->pages)
		ret = vmf_insert_pfn(vma, vmf->address, page_to_pfn(shmem->pages[page]));
	dma_resv_unlock(obj->resv);
	return ret;
}

static void npu_gem_shmem_open(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.open(vma);
}

static void npu_gem_shmem_close(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.close(vma);
}

static const struct vm_operations_struct npu_gem_shmem_vm_ops = {
	.fault = npu_gem_shmem_fault,
	.open = npu_gem_shmem_open,
	.close = npu_gem_shmem_close,
};

/* -- DMA addresses of system memory ----------------------------------------------------------- */

int npu_gem_init(struct npu_device *npu)
{
	INIT_LIST_HEAD(&npu->mapped);
	return drmm_mutex_init(&npu->drm, &npu->mapped_lock);
}

static void npu_gem_note_mapped(struct npu_gem_object *bo, struct sg_table *sgt)
{
	struct npu_device *npu = to_npu_device(bo->shmem.base.dev);

	mutex_lock(&npu->mapped_lock);
	WRITE_ONCE(bo->sgt, sgt);
	if (list_empty(&bo->mapped))
		list_add(&bo->mapped, &npu->mapped);
	mutex_unlock(&npu->mapped_lock);
}

/* What the helper does when it frees a buffer, which it then leaves to us. */
static void npu_gem_unmap_locked(struct npu_gem_object *bo)
{
	struct drm_gem_object *obj = &bo->shmem.base;
	struct sg_table *sgt = bo->shmem.sgt;

	if (list_empty(&bo->mapped))
		return;
	list_del_init(&bo->mapped);
	bo->sgt = NULL;
	bo->shmem.sgt = NULL;
	if (obj->import_attach) {
		/*
		 * The exporter may keep the addresses until we detach. Our reservation object is in
		 * the dma-buf, so that stays.
		 */
		bo->detached = obj->import_attach->dmabuf;
		get_dma_buf(bo->detached);
		drm_prime_gem_destroy(obj, sgt);
		obj->import_attach = NULL;
	} else {
		dma_unmap_sgtable(obj->dev->dev, sgt, DMA_BIDIRECTIONAL, 0);
		sg_free_table(sgt);
		kfree(sgt);
	}
}

/**
 * npu_gem_unmap_all() - the device is going, and its DMA addresses with it
 * @npu: the device; nobody maps buffers or walks over them any more
 *
 * Buffers that are still in use keep their memory.
 */
void npu_gem_unmap_all(struct npu_device *npu)
{
	struct npu_gem_object *bo, *next;

	mutex_lock(&npu->mapped_lock);
	list_for_each_entry_safe(bo, next, &npu->mapped, mapped)
		npu_gem_unmap_locked(bo);
	mutex_unlock(&npu->mapped_lock);
}

/**
 * npu_gem_import_sg_table() - &drm_driver.gem_prime_import_sg_table
 * @drm: the device
 * @attach: our attachment to the dma-buf
 * @sgt: its memory with our DMA addresses
 *
 * Return: the buffer or an error pointer.
 */
struct drm_gem_object *npu_gem_import_sg_table(struct drm_device *drm,
					       struct dma_buf_attachment *attach,
					       struct sg_table *sgt)
{
	struct drm_gem_object *obj = drm_gem_shmem_prime_import_sg_table(drm, attach, sgt);

	if (!IS_ERR(obj))
		npu_gem_note_mapped(to_npu_gem(obj), sgt);
	return obj;
}

/**
 * npu_gem_fd_to_handle() - &drm_driver.prime_fd_to_handle, which npu_remove() waits for
 * @drm: the device
 * @file: gets the handle
 * @fd: of a dma-buf
 * @handle: the handle
 *
 * Return: 0 or a negative errno.
 */
int npu_gem_fd_to_handle(struct drm_device *drm, struct drm_file *file, int fd, u32 *handle)
{
	int idx, ret = -ENODEV;

	if (drm_dev_enter(drm, &idx)) {
		ret = drm_gem_prime_fd_to_handle(drm, file, fd, handle);
		drm_dev_exit(idx);
	}
	return ret;
}

/**
 * npu_gem_handle_to_fd() - &drm_driver.prime_handle_to_fd, which npu_remove() waits for
 * @drm: the device
 * @file: has the handle
 * @handle: of a buffer
 * @flags: DRM_CLOEXEC, DRM_RDWR
 * @fd: of the dma-buf
 *
 * Return: 0 or a negative errno.
 */
int npu_gem_handle_to_fd(struct drm_device *drm, struct drm_file *file, u32 handle, u32 flags,
			 int *fd)
{
	int idx, ret = -ENODEV;

	if (drm_dev_enter(drm, &idx)) {
		ret = drm_gem_prime_handle_to_fd(drm, file, handle, flags, fd);
		drm_dev_exit(idx);
	}
	return ret;
}

/* -- functions of the objects ----------------------------------------------------------------- */

static void npu_gem_free(struct drm_gem_object *obj)
{
	struct npu_gem_object *bo = to_npu_gem(obj);
	struct npu_device *npu = to_npu_device(obj->dev);
	struct drm_gem_object *resv_owner = bo->resv_owner;
	struct dma_buf *detached = NULL;

	npu_compat_gpuva_fini(&bo->compat);
	kfree(bo->label);
	if (bo->in_vram) {
		npu_vram_free(npu, &bo->pieces);
		npu_user_uncharge(bo->user, NPU_USER_MEMORY, obj->size);
		drm_gem_object_release(obj);
		kfree(bo);
		npu_pm_put(npu);
	} else {
		mutex_lock(&npu->mapped_lock);
		npu_gem_unmap_locked(bo);
		mutex_unlock(&npu->mapped_lock);
		detached = bo->detached;
		atomic64_sub(obj->size, &npu->system_used);
		drm_gem_shmem_free(&bo->shmem);
	}
	if (detached)
		dma_buf_put(detached);
	if (resv_owner)
		drm_gem_object_put(resv_owner);
}

/*
 * The jobs of a VM add their fences to the reservations of the buffers it shares with others: from
 * now on this is one.
 */
static struct dma_buf *npu_gem_export(struct drm_gem_object *obj, int flags)
{
	struct npu_gem_object *bo = to_npu_gem(obj);
	struct drm_gpuvm_bo *vm_bo;
	struct dma_buf *buf;

	if (bo->vm_uid)
		return ERR_PTR(-EPERM);
	buf = drm_gem_prime_export(obj, flags);
	if (IS_ERR(buf))
		return buf;
	mutex_lock(npu_gem_gpuva_lock(bo));
	bo->exported = true;
	drm_gem_for_each_gpuvm_bo(vm_bo, obj)
		drm_gpuvm_bo_extobj_add(vm_bo);
	mutex_unlock(npu_gem_gpuva_lock(bo));
	return buf;
}

static int npu_gem_vram_pin(struct drm_gem_object *obj)
{
	return -EOPNOTSUPP;
}

/* Only memory in the system becomes resident later than it is made. */
static bool npu_gem_is_resident(struct npu_gem_object *bo)
{
	return bo->in_vram || bo->shmem.pages || bo->shmem.base.import_attach;
}

static enum drm_gem_object_status npu_gem_status(struct drm_gem_object *obj)
{
	return npu_gem_is_resident(to_npu_gem(obj)) ? DRM_GEM_OBJECT_RESIDENT : 0;
}

/**
 * npu_gem_count() - add a buffer to the statistics of a kind of memory
 * @obj: the buffer; does not sleep
 * @stats: the statistics
 */
void npu_gem_count(struct drm_gem_object *obj, struct drm_memory_stats *stats)
{
	if (drm_gem_object_is_shared_for_memory_stats(obj))
		stats->shared += obj->size;
	else
		stats->private += obj->size;
	if (npu_gem_is_resident(to_npu_gem(obj)))
		stats->resident += obj->size;
}

static const struct drm_gem_object_funcs npu_gem_vram_funcs = {
	.free = npu_gem_free,
	.export = npu_gem_export,
	.pin = npu_gem_vram_pin,
	.status = npu_gem_status,
	.vm_ops = &npu_gem_vram_vm_ops,
};

static const struct drm_gem_object_funcs npu_gem_shmem_funcs = {
	.free = npu_gem_free,
	.export = npu_gem_export,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = drm_gem_shmem_object_mmap,
	.status = npu_gem_status,
	.vm_ops = &npu_gem_shmem_vm_ops,
};

static struct npu_gem_object *npu_gem_alloc(void)
{
	struct npu_gem_object *bo = kzalloc(sizeof(*bo), GFP_KERNEL);

	if (!bo)
		return NULL;
	INIT_LIST_HEAD(&bo->pieces);
	INIT_LIST_HEAD(&bo->mapped);
	npu_compat_gpuva_init(&bo->shmem.base, &bo->compat);
	return bo;
}

/**
 * npu_gem_create_object() - &drm_driver.gem_create_object: an object in system memory
 * @drm: the device
 * @size: bytes
 *
 * Return: the object or an error pointer.
 */
struct drm_gem_object *npu_gem_create_object(struct drm_device *drm, size_t size)
{
	struct npu_gem_object *bo = npu_gem_alloc();

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->flags = DRM_NPU_BO_PLACE_SYSTEM;
	bo->shmem.base.funcs = &npu_gem_shmem_funcs;
	atomic64_add(PAGE_ALIGN(size), &to_npu_device(drm)->system_used);
	return &bo->shmem.base;
}

static struct npu_gem_object *npu_gem_create_vram(struct npu_device *npu, struct npu_user *user,
						  u64 size)
{
	struct npu_gem_object *bo = npu_gem_alloc();
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	ret = npu_pm_get(npu);
	if (ret)
		goto free_bo;
	ret = npu_user_charge(user, NPU_USER_MEMORY, size);
	if (ret)
		goto put_pm;
	ret = npu_vram_alloc(npu, size, &bo->pieces);
	if (ret)
		goto uncharge;
	bo->user = user;
	bo->in_vram = true;
	bo->shmem.base.funcs = &npu_gem_vram_funcs;
	drm_gem_private_object_init(&npu->drm, &bo->shmem.base, size);
	return bo;

uncharge:
	npu_user_uncharge(user, NPU_USER_MEMORY, size);
put_pm:
	npu_pm_put(npu);
free_bo:
	kfree(bo);
	return ERR_PTR(ret);
}

static struct npu_gem_object *npu_gem_create(struct npu_device *npu, struct npu_user *user,
					     u64 size, u32 flags)
{
	struct npu_gem_object *bo = ERR_PTR(-ENOSPC);

	if (flags & DRM_NPU_BO_PLACE_DEVICE)
		bo = npu_gem_create_vram(npu, user, size);
	if (bo == ERR_PTR(-ENOSPC) && (flags & DRM_NPU_BO_PLACE_SYSTEM)) {
		struct drm_gem_shmem_object *shmem;

		/* More than there is will not fit: say so before the machine is out of memory. */
		if (size >> PAGE_SHIFT > totalram_pages())
			return ERR_PTR(-ENOSPC);
		shmem = drm_gem_shmem_create(&npu->drm, size);
		if (IS_ERR(shmem))
			return ERR_CAST(shmem);
		bo = container_of(shmem, struct npu_gem_object, shmem);
	}
	if (!IS_ERR(bo))
		bo->flags = flags;
	return bo;
}

/**
 * npu_gem_get_pages() - make sure a buffer has memory with DMA addresses
 * @bo: the buffer
 *
 * Return: 0 or a negative errno. May allocate and sleep.
 */
int npu_gem_get_pages(struct npu_gem_object *bo)
{
	struct sg_table *sgt;

	if (bo->in_vram || READ_ONCE(bo->sgt))
		return 0;
	sgt = drm_gem_shmem_get_pages_sgt(&bo->shmem);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	npu_gem_note_mapped(bo, sgt);
	return 0;
}

/* The part of a buffer that is being walked over. */
struct npu_gem_walk {
	u64 at, offset, end;
	npu_gem_run_func func;
	void *data;
};

/* The next contiguous piece of the buffer. Returns not 0 when the walk is over. */
static int npu_gem_walk_piece(struct npu_gem_walk *walk, u64 pa, u64 size, int *ret)
{
	u64 first = max(walk->at, walk->offset), last = min(walk->at + size, walk->end);

	if (first < last)
		*ret = walk->func(walk->data, first - walk->offset, pa + first - walk->at,
				  last - first);
	walk->at += size;
	return *ret || walk->at >= walk->end;
}

/**
 * npu_gem_walk() - walk over the contiguous pieces of a part of a buffer
 * @bo: the buffer; npu_gem_get_pages() was called
 * @offset: start of the part
 * @size: bytes of it
 * @func: called with the offset of a piece in the part, its address as the device sees it, and
 *        its size; ends the walk when it returns something else than 0
 * @data: for @func
 *
 * Return: what @func returned last.
 */
int npu_gem_walk(struct npu_gem_object *bo, u64 offset, u64 size, npu_gem_run_func func,
		 void *data)
{
	struct npu_gem_walk walk = {
		.offset = offset,
		.end = offset + size,
		.func = func,
		.data = data,
	};
	struct npu_vram_piece *piece;
	struct scatterlist *sg;
	int i, ret = 0;

	if (bo->in_vram) {
		list_for_each_entry(piece, &bo->pieces, link) {
			if (npu_gem_walk_piece(&walk, piece->node.start, piece->node.size, &ret))
				break;
		}
		return ret;
	}
	for_each_sgtable_dma_sg(bo->sgt, sg, i) {
		if (npu_gem_walk_piece(&walk, npu_system_pa(sg_dma_address(sg)), sg_dma_len(sg),
				       &ret))
			break;
	}
	return ret;
}

/**
 * npu_gem_mmap() - &file_operations.mmap
 * @filp: the file
 * @vma: the mapping
 *
 * As drm_gem_mmap(), but a mapping may also start inside a buffer.
 *
 * Return: 0 or a negative errno.
 */
int npu_gem_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct drm_file *file = filp->private_data;
	struct drm_device *drm = file->minor->dev;
	struct drm_gem_object *obj = NULL;
	struct drm_vma_offset_node *node;
	int ret;

	if (drm_dev_is_unplugged(drm))
		return -ENODEV;
	drm_vma_offset_lock_lookup(drm->vma_offset_manager);
	node = drm_vma_offset_lookup_locked(drm->vma_offset_manager, vma->vm_pgoff, vma_pages(vma));
	if (node) {
		obj = container_of(node, struct drm_gem_object, vma_node);
		/* A buffer that is being freed is no longer there. */
		if (!kref_get_unless_zero(&obj->refcount))
			obj = NULL;
	}
	drm_vma_offset_unlock_lookup(drm->vma_offset_manager);
	if (!obj)
		return -EINVAL;

	if (!drm_vma_node_is_allowed(node, file))
		ret = -EACCES;
	else
		ret = drm_gem_mmap_obj(obj, obj->size, vma);
	drm_gem_object_put(obj);
	return ret;
}

/* -- ioctls ----------------------------------------------------------------------------------- */

int npu_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	const u32 places = DRM_NPU_BO_PLACE_DEVICE | DRM_NPU_BO_PLACE_SYSTEM;
	struct drm_npu_bo_create *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_vm *vm = NULL;
	struct npu_gem_object *bo;
	u64 size;
	int ret;

	if (args->pad || args->flags & ~(places | DRM_NPU_BO_NO_MMAP) || !(args->flags & places))
		return -EINVAL;
	if (!args->size || args->size > U64_MAX - (NPU_PAGE_SIZE_B - 1))
		return -EINVAL;
	if (args->size > NPU_GEM_MAX_SIZE)
		return -ENOSPC;
	size = round_up(args->size, NPU_PAGE_SIZE_B);

	if (args->vm_id) {
		vm = npu_vm_get(nfile, args->vm_id);
		if (!vm)
			return -ENOENT;
	}
	bo = npu_gem_create(to_npu_device(drm), nfile->user, size, args->flags);
	if (IS_ERR(bo)) {
		ret = PTR_ERR(bo);
		goto put_vm;
	}
	if (vm) {
		bo->vm_uid = vm->uid;
		bo->resv_owner = drm_gpuvm_resv_obj(&vm->base);
		drm_gem_object_get(bo->resv_owner);
		bo->shmem.base.resv = bo->resv_owner->resv;
	}
	ret = drm_gem_handle_create(file, &bo->shmem.base, &args->handle);
	drm_gem_object_put(&bo->shmem.base);
	if (!ret)
		args->size = size;
put_vm:
	if (vm)
		npu_vm_put(vm);
	return ret;
}

int npu_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_bo_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->pad)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	if (obj->import_attach || to_npu_gem(obj)->flags & DRM_NPU_BO_NO_MMAP)
		ret = -EPERM;
	else
		ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

int npu_ioctl_bo_get_info(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_bo_get_info *args = data;
	struct npu_file *nfile = file->driver_priv;
	struct npu_gem_object *bo;
	struct drm_gem_object *obj;

	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	bo = to_npu_gem(obj);
	args->flags = bo->flags;
	args->size = obj->size;
	args->vm_id = bo->vm_uid ? npu_vm_find_id(nfile, bo->vm_uid) : 0;
	args->imported = !!obj->import_attach;
	drm_gem_object_put(obj);
	return 0;
}

int npu_ioctl_bo_set_label(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_npu_bo_set_label *args = data;
	struct npu_gem_object *bo;
	struct drm_gem_object *obj;
	char *label = NULL;

	if (args->size > DRM_NPU_MAX_LABEL_SIZE || (!args->size && args->label))
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	if (args->size) {
		label = memdup_user_nul(u64_to_user_ptr(args->label), args->size);
		if (IS_ERR(label)) {
			drm_gem_object_put(obj);
			return PTR_ERR(label);
		}
	}
	bo = to_npu_gem(obj);
	mutex_lock(npu_gem_gpuva_lock(bo));
	swap(bo->label, label);
	mutex_unlock(npu_gem_gpuva_lock(bo));
	kfree(label);
	drm_gem_object_put(obj);
	return 0;
}
