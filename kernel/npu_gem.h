/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_GEM_H__
#define __NPU_GEM_H__

#include <linux/list.h>
#include <linux/mutex.h>

#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_mm.h>

#include "npu_compat.h"

struct drm_memory_stats;
struct npu_device;
struct npu_user;

/**
 * struct npu_vram_piece - contiguous device-local memory
 */
struct npu_vram_piece {
	/** @node: Where it is. */
	struct drm_mm_node node;
	/** @link: In &npu_gem_object.pieces. */
	struct list_head link;
};

/**
 * struct npu_gem_object - a buffer object
 */
struct npu_gem_object {
	/** @shmem: Base class; its pages are used in system memory only. */
	struct drm_gem_shmem_object shmem;
	/** @flags: enum drm_npu_bo_flags. */
	u32 flags;
	/** @in_vram: It lives in device-local memory, else in system memory. */
	bool in_vram;
	/** @user: Who has the device-local memory it lives in. */
	struct npu_user *user;
	/** @pieces: &struct npu_vram_piece of a buffer in device-local memory, in order. */
	struct list_head pieces;
	/** @sgt: DMA addresses of a buffer in system memory, once it was bound. */
	struct sg_table *sgt;
	/** @mapped: In &npu_device.mapped, while it has DMA addresses. */
	struct list_head mapped;
	/** @detached: The dma-buf of an import, once it has no DMA addresses any more. */
	struct dma_buf *detached;
	/** @label: Its name for people, or NULL; protected by npu_gem_gpuva_lock(). */
	char *label;
	/** @vm_uid: The VM it is private to, or 0. */
	u64 vm_uid;
	/** @resv_owner: Object whose reservation it shares, with a reference, or NULL. */
	struct drm_gem_object *resv_owner;
	/** @exported: Others may have it; protected by npu_gem_gpuva_lock(). */
	bool exported;
	/** @compat: For npu_gem_gpuva_lock(). */
	struct npu_compat_gpuva compat;
};

static inline struct npu_gem_object *to_npu_gem(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct npu_gem_object, shmem);
}

/* Protects the list of bindings and the label of a buffer. */
static inline struct mutex *npu_gem_gpuva_lock(struct npu_gem_object *bo)
{
	return npu_compat_gpuva_lock(&bo->shmem.base, &bo->compat);
}

static inline u64 npu_gem_size(const struct npu_gem_object *bo)
{
	return bo->shmem.base.size;
}

struct drm_gem_object *npu_gem_create_object(struct drm_device *drm, size_t size);
typedef int (*npu_gem_run_func)(void *data, u64 offset, u64 pa, u64 size);

void npu_gem_count(struct drm_gem_object *obj, struct drm_memory_stats *stats);
int npu_gem_init(struct npu_device *npu);
void npu_gem_unmap_all(struct npu_device *npu);
struct drm_gem_object *npu_gem_import_sg_table(struct drm_device *drm,
					       struct dma_buf_attachment *attach,
					       struct sg_table *sgt);
int npu_gem_fd_to_handle(struct drm_device *drm, struct drm_file *file, int fd, u32 *handle);
int npu_gem_handle_to_fd(struct drm_device *drm, struct drm_file *file, u32 handle, u32 flags,
			 int *fd);
int npu_gem_mmap(struct file *filp, struct vm_area_struct *vma);
int npu_gem_get_pages(struct npu_gem_object *bo);
int npu_gem_walk(struct npu_gem_object *bo, u64 offset, u64 size, npu_gem_run_func func,
		 void *data);

int npu_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_bo_get_info(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_bo_set_label(struct drm_device *drm, void *data, struct drm_file *file);

#endif
