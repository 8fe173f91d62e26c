/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Linux 6.12 and newer with one source: the driver is written for the newest kernel, and this file
 * gives older ones what it uses. It is for building out of the kernel's tree alone; inside, it goes
 * away together with the lines of Kbuild that define NPU_HAVE_*.
 *
 * Those look for names in the headers instead of comparing versions, since stable kernels take over
 * changes from newer ones: 6.12.117 has struct drm_sched_init_args of 6.15, 6.12.107 does not.
 */

#ifndef __NPU_COMPAT_H__
#define __NPU_COMPAT_H__

#include <linux/module.h>
#include <linux/mutex.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>

/* -- modules ---------------------------------------------------------------------------------- */

#ifndef NPU_HAVE_IMPORT_NS_STRING
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)
#endif

/* -- the scheduler ---------------------------------------------------------------------------- */

#ifndef NPU_HAVE_SCHED_INIT_ARGS
struct drm_sched_init_args {
	const struct drm_sched_backend_ops *ops;
	struct workqueue_struct *submit_wq;
	struct workqueue_struct *timeout_wq;
	u32 num_rqs;
	u32 credit_limit;
	unsigned int hang_limit;
	long timeout;
	atomic_t *score;
	const char *name;
	struct device *dev;
};

static inline int npu_compat_sched_init(struct drm_gpu_scheduler *sched,
					const struct drm_sched_init_args *args)
{
	return drm_sched_init(sched, args->ops, args->submit_wq, args->num_rqs, args->credit_limit,
			      args->hang_limit, args->timeout, args->timeout_wq, args->score,
			      args->name, args->dev);
}

#define drm_sched_init npu_compat_sched_init
#endif

#ifndef NPU_HAVE_SCHED_CLIENT_ID
static inline int npu_compat_sched_job_init(struct drm_sched_job *job,
					    struct drm_sched_entity *entity, u32 credits,
					    void *owner, u64 drm_client_id)
{
	return drm_sched_job_init(job, entity, credits, owner);
}

#define drm_sched_job_init npu_compat_sched_job_init
#endif

#ifndef NPU_HAVE_SCHED_STAT_RESET
#define DRM_GPU_SCHED_STAT_RESET DRM_GPU_SCHED_STAT_NOMINAL
#endif

/* -- bindings --------------------------------------------------------------------------------- */

/* Later kernels have bindings of buffers whether a driver asks for them or not. */
#ifdef NPU_HAVE_DRIVER_GEM_GPUVA
#define NPU_COMPAT_GEM_GPUVA DRIVER_GEM_GPUVA
#else
#define NPU_COMPAT_GEM_GPUVA 0
#endif

#ifndef NPU_HAVE_GPUVM_MAP_REQ
struct drm_gpuvm_map_req {
	struct drm_gpuva_op_map map;
};

static inline int npu_compat_sm_map(struct drm_gpuvm *gpuvm, void *priv,
				    const struct drm_gpuvm_map_req *req)
{
	return drm_gpuvm_sm_map(gpuvm, priv, req->map.va.addr, req->map.va.range, req->map.gem.obj,
				req->map.gem.offset);
}

#define drm_gpuvm_sm_map npu_compat_sm_map
#endif

/*
 * The list of bindings of a buffer changes where fences are signalled, so it has a mutex of its
 * own: the DRM core's in immediate mode, and one of the driver where the core knows no such mode.
 */
#ifdef NPU_HAVE_GPUVM_IMMEDIATE_MODE
struct npu_compat_gpuva {
};

static inline struct mutex *npu_compat_gpuva_lock(struct drm_gem_object *obj,
						  struct npu_compat_gpuva *compat)
{
	return &obj->gpuva.lock;
}

static inline void npu_compat_gpuva_init(struct drm_gem_object *obj,
					 struct npu_compat_gpuva *compat)
{
}

static inline void npu_compat_gpuva_fini(struct npu_compat_gpuva *compat)
{
}
#else
#define DRM_GPUVM_IMMEDIATE_MODE 0

struct npu_compat_gpuva {
	struct mutex lock; /* protects the list */
};

static inline struct mutex *npu_compat_gpuva_lock(struct drm_gem_object *obj,
						  struct npu_compat_gpuva *compat)
{
	return &compat->lock;
}

/* The object is zeros; the core initialises it later, also one that it makes for an import. */
static inline void npu_compat_gpuva_init(struct drm_gem_object *obj,
					 struct npu_compat_gpuva *compat)
{
	mutex_init(&compat->lock);
	drm_gem_gpuva_set_lock(obj, &compat->lock);
}

static inline void npu_compat_gpuva_fini(struct npu_compat_gpuva *compat)
{
	mutex_destroy(&compat->lock);
}
#endif

/* Later kernels take the lock themselves. */
static inline struct drm_gpuvm_bo *npu_compat_bo_obtain(struct drm_gpuvm_bo *vm_bo,
							struct mutex *lock)
{
#ifdef NPU_HAVE_GPUVM_OBTAIN_LOCKS
	return drm_gpuvm_bo_obtain_prealloc(vm_bo);
#else
	mutex_lock(lock);
	vm_bo = drm_gpuvm_bo_obtain_prealloc(vm_bo);
	mutex_unlock(lock);
	return vm_bo;
#endif
}

#endif
