/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_VM_H__
#define __NPU_VM_H__

#include <linux/mutex.h>

#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>

#include <drm/npu_accel.h>

struct npu_device;
struct npu_file;
struct npu_pt;
struct npu_user;

/**
 * struct npu_vm - an address space of the device
 */
struct npu_vm {
	/** @base: Base class: bindings, references. */
	struct drm_gpuvm base;
	/** @npu: The device. */
	struct npu_device *npu;
	/** @user: Whose it is. */
	struct npu_user *user;
	/** @uid: Number no other VM ever has. */
	u64 uid;
	/** @asid: Its address space identifier. */
	u32 asid;
	/** @link: In &npu_device.vms. */
	struct list_head link;
	/** @root: Its page tables; protected by @op_lock. NULL when the device is gone. */
	struct npu_pt *root;
	/** @op_lock: Protects bindings and page tables. No memory is allocated under it. */
	struct mutex op_lock;
	/** @num_ctxs: Contexts with an id; protected by &npu_file.lock. */
	u32 num_ctxs;
	/** @unusable: An asynchronous bind failed: it can only be destroyed. */
	bool unusable;
	/** @bind_lock: Protects @closed, and the order of asynchronous binds. */
	struct mutex bind_lock;
	/** @closed: The id is gone: no asynchronous binds any more. */
	bool closed;
	/** @bind_sched: Runs asynchronous binds, in their order. */
	struct drm_gpu_scheduler bind_sched;
	/** @bind_entity: Their queue. */
	struct drm_sched_entity bind_entity;
	/** @fence_context: Of the fences of asynchronous binds. */
	u64 fence_context;
	/** @num_binds: Asynchronous binds so far; protected by @bind_lock. */
	u64 num_binds;
	/** @pending_lock: Protects @pending. */
	spinlock_t pending_lock;
	/** @pending: Asynchronous binds that are not done. */
	struct list_head pending;
	/** @release_work: Frees it. */
	struct work_struct release_work;
};

/**
 * struct npu_va - a binding
 */
struct npu_va {
	/** @base: Base class. */
	struct drm_gpuva base;
	/** @flags: enum drm_npu_vm_map_flags. */
	u32 flags;
	/** @link: In a list of what is to be freed. */
	struct list_head link;
};

static inline struct npu_va *to_npu_va(struct drm_gpuva *va)
{
	return container_of(va, struct npu_va, base);
}

static inline struct npu_vm *to_npu_vm(struct drm_gpuvm *gpuvm)
{
	return container_of(gpuvm, struct npu_vm, base);
}

struct npu_vm *npu_vm_get(struct npu_file *nfile, u32 id);
void npu_vm_put(struct npu_vm *vm);
u32 npu_vm_find_id(struct npu_file *nfile, u64 uid);
void npu_vm_close(struct npu_vm *vm);
void npu_vm_detach_all(struct npu_device *npu);
u64 npu_vm_end(struct npu_vm *vm);

/* Enough for what npu_vm_describe_va() says, with a label of which each byte is escaped. */
#define NPU_VA_TEXT_SIZE	(128 + 4 * DRM_NPU_MAX_LABEL_SIZE)

void npu_vm_describe_va(struct npu_va *va, char *text);

/* npu_vm_bind.c */
extern const struct drm_gpuvm_ops npu_vm_gpuvm_ops;
void npu_vm_free(struct drm_gpuvm *gpuvm);
int npu_vm_bind_init(struct npu_vm *vm);
void npu_vm_bind_fini(struct npu_vm *vm);
void npu_vm_bind_cancel(struct npu_vm *vm);
void npu_vm_unbind_all(struct npu_vm *vm);

int npu_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_vm_get_state(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file);

#endif
