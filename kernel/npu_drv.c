// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: npu
 *
 * Driver of the NPU, a programmable accelerator. User space (an OpenCL implementation) compiles
 * programs and writes command buffers; the driver gives it memory, address spaces, queues and
 * fences, and keeps processes apart. The uAPI is in include/uapi/drm/npu_accel.h.
 *
 *   this file     probe, files, ioctls, queries       npu_ctx.c     contexts
 *   npu_device.c  registers, interrupt, reset         npu_job.c     SUBMIT
 *   npu_gem.c     buffer objects                      npu_sched.c   jobs on hardware queues
 *   npu_vram.c    device-local memory                 npu_syncs.c   sync objects of ioctls
 *   npu_vm.c      address spaces                      npu_fault.c   fault records
 *   npu_vm_bind.c VM_BIND                             npu_reset.c   watchdog, reset
 *   npu_mmu.c     page tables                         npu_pm.c      power management
 *   npu_fence.c   fences                              npu_user.c    limits
 *   npu_debugfs.c
 *
 * Locks, outermost first: &npu_file.lock; &npu_ctx.submit_lock and &npu_vm.bind_lock; reservations
 * of buffers; &npu_vm.op_lock; npu_gem_gpuva_lock(); mmu.lock; &npu_sched.lock. No memory is
 * allocated under the last four, since fences depend on them.
 */

#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>

#include <drm/npu_accel.h>

#include "npu_compat.h"
#include "npu_ctx.h"
#include "npu_debugfs.h"
#include "npu_device.h"
#include "npu_drv.h"
#include "npu_gem.h"
#include "npu_job.h"
#include "npu_pm.h"
#include "npu_reset.h"
#include "npu_user.h"
#include "npu_vm.h"

/* Of the ids that QEMU's registry keeps for experiments. */
#define NPU_PCI_VENDOR_ID	0x1af4
#define NPU_PCI_DEVICE_ID	0x10f0

struct workqueue_struct *npu_release_wq;

/* Contexts and VMs of all devices that are not released. */
static atomic_t npu_num_alive = ATOMIC_INIT(0);

/**
 * npu_alive_get() - a context or VM keeps the device
 * @npu: the device
 *
 * Jobs keep contexts and VMs after the file was closed that keeps the module. So the module waits
 * for them before it goes.
 */
void npu_alive_get(struct npu_device *npu)
{
	drm_dev_get(&npu->drm);
	atomic_inc(&npu_num_alive);
}

/**
 * npu_alive_put() - it is released
 * @npu: the device
 *
 * To be called by work of npu_release_wq, as the last thing it does.
 */
void npu_alive_put(struct npu_device *npu)
{
	drm_dev_put(&npu->drm);
	if (atomic_dec_and_test(&npu_num_alive))
		wake_up_var(&npu_num_alive);
}

/**
 * npu_copy_array() - copy an array of structures in
 * @array: where it is
 * @size: of the structure as this driver knows it
 * @max_count: most elements
 *
 * Return: the array, to be freed with kvfree(), NULL for an empty one, or an error pointer.
 */
void *npu_copy_array(const struct drm_npu_obj_array *array, size_t size, u32 max_count)
{
	void __user *from = u64_to_user_ptr(array->array);
	void *to;
	u32 i;
	int ret = 0;

	if (!array->count)
		return array->stride || array->array ? ERR_PTR(-EINVAL) : NULL;
	if (array->count > max_count || array->stride < size ||
	    array->stride > DRM_NPU_MAX_OBJ_STRIDE || array->stride % 8)
		return ERR_PTR(-EINVAL);
	to = kvcalloc(array->count, size, GFP_KERNEL);
	if (!to)
		return ERR_PTR(-ENOMEM);

	if (array->stride == size) {
		if (copy_from_user(to, from, size * array->count))
			ret = -EFAULT;
	}
	for (i = 0; !ret && array->stride != size && i < array->count; i++)
		ret = copy_struct_from_user(to + i * size, size, from + (u64)i * array->stride,
					    array->stride);
	if (ret) {
		kvfree(to);
		return ERR_PTR(ret);
	}
	return to;
}

/* -- queries ---------------------------------------------------------------------------------- */

static void npu_query_device(struct npu_device *npu, struct drm_npu_device_info *info)
{
	struct pci_dev *pdev = to_pci_dev(npu->drm.dev);

	*info = (struct drm_npu_device_info) {
		.arch_version = npu->hw.arch_version,
		.vendor_id = pdev->vendor,
		.device_id = pdev->device,
		.num_cores = npu->hw.num_cores,
		.waves_per_core = npu->hw.waves_per_core,
		.wave_size = npu->hw.wave_size,
		.max_group_size = NPU_MAX_GROUP_SIZE,
		.local_mem_size = npu->hw.local_mem_size,
		.num_hw_queues = npu->hw.num_queues,
		.va_start = NPU_VA_START,
		.va_end = 1ull << npu->hw.va_bits,
		.page_sizes = NPU_PAGE_SIZE_B | NPU_LARGE_PAGE_SIZE_B | NPU_HUGE_PAGE_SIZE_B,
		.max_priority = capable(CAP_SYS_NICE) ? DRM_NPU_CTX_PRIORITY_HIGH :
							DRM_NPU_CTX_PRIORITY_MEDIUM,
		.watchdog_ms = npu->watchdog_ms,
	};
	/* Where it is plugged in tells devices of a machine apart. */
	memcpy(info->uuid, "npu pci v1", 10);
	info->uuid[10] = pci_domain_nr(pdev->bus) >> 8;
	info->uuid[11] = pci_domain_nr(pdev->bus);
	info->uuid[12] = pdev->bus->number;
	info->uuid[13] = pdev->devfn;
	info->uuid[14] = npu->hw.num_cores >> 8;
	info->uuid[15] = npu->hw.num_cores;
	snprintf(info->name, sizeof(info->name), "NPU v%u (%u core%s)", npu->hw.arch_version,
		 npu->hw.num_cores, npu->hw.num_cores == 1 ? "" : "s");
}

static void npu_query_memory(struct npu_device *npu, struct drm_npu_memory_info *info)
{
	mutex_lock(&npu->vram.lock);
	*info = (struct drm_npu_memory_info) {
		.device_total = npu->vram.size,
		.device_used = npu->vram.used,
		.device_mappable = npu->vram.size,
		.system_total = (u64)totalram_pages() << PAGE_SHIFT,
		.system_used = atomic64_read(&npu->system_used),
	};
	mutex_unlock(&npu->vram.lock);
}

static int npu_ioctl_dev_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_device *npu = to_npu_device(drm);
	struct drm_npu_dev_query *args = data;
	union {
		struct drm_npu_device_info device;
		struct drm_npu_memory_info memory;
		struct drm_npu_timestamp_info timestamp;
		struct drm_npu_counter_info counters;
	} info;
	u32 size;

	switch (args->type) {
	case DRM_NPU_DEV_QUERY_DEVICE:
		npu_query_device(npu, &info.device);
		size = sizeof(info.device);
		break;
	case DRM_NPU_DEV_QUERY_MEMORY:
		npu_query_memory(npu, &info.memory);
		size = sizeof(info.memory);
		break;
	case DRM_NPU_DEV_QUERY_TIMESTAMP:
		memset(&info.timestamp, 0, sizeof(info.timestamp));
		info.timestamp.frequency = NSEC_PER_SEC;
		info.timestamp.timestamp = npu_read(npu, NPU_REG_TIME);
		info.timestamp.cpu_ns = ktime_get_ns();
		size = sizeof(info.timestamp);
		break;
	case DRM_NPU_DEV_QUERY_COUNTERS:
		/* What they tell of others may give away what those do. */
		if (!perfmon_capable())
			return -EACCES;
		npu_device_read_counters(npu, &info.counters);
		size = sizeof(info.counters);
		break;
	default:
		return -EINVAL;
	}
	if (args->pointer &&
	    copy_to_user(u64_to_user_ptr(args->pointer), &info, min(args->size, size)))
		return -EFAULT;
	args->size = size;
	return 0;
}

/* -- files ------------------------------------------------------------------------------------ */

static int npu_open(struct drm_device *drm, struct drm_file *file)
{
	struct npu_file *nfile;

	int ret;

	nfile = kzalloc(sizeof(*nfile), GFP_KERNEL);
	if (!nfile)
		return -ENOMEM;
	nfile->user = npu_user_get(to_npu_device(drm));
	if (!nfile->user) {
		kfree(nfile);
		return -ENOMEM;
	}
	ret = npu_pm_get(to_npu_device(drm));
	if (ret) {
		npu_user_put(nfile->user);
		kfree(nfile);
		return ret;
	}
	nfile->npu = to_npu_device(drm);
	nfile->drm = file;
	mutex_init(&nfile->lock);
	xa_init_flags(&nfile->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&nfile->ctxs, XA_FLAGS_ALLOC1);
	file->driver_priv = nfile;
	return 0;
}

static void npu_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct npu_file *nfile = file->driver_priv;
	struct npu_ctx *ctx;
	struct npu_vm *vm;
	unsigned long id;

	if (nfile->num_ctxs)
		atomic_dec(&nfile->npu->sched.num_clients);
	xa_for_each(&nfile->ctxs, id, ctx)
		npu_ctx_close(ctx);
	xa_destroy(&nfile->ctxs);
	xa_for_each(&nfile->vms, id, vm)
		npu_vm_close(vm);
	xa_destroy(&nfile->vms);
	mutex_destroy(&nfile->lock);
	npu_user_put(nfile->user);
	kfree(nfile);
	npu_pm_put(to_npu_device(drm));
}

/*
 * What a file uses, by the scheme of drm-usage-stats: the time its jobs were on hardware queues,
 * and its memory, where "memory" is by convention that of the system.
 */
static void npu_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct npu_file *nfile = file->driver_priv;
	struct npu_device *npu = nfile->npu;
	struct drm_memory_stats vram = {}, system = {};
	struct drm_gem_object *obj;
	struct npu_ctx *ctx;
	unsigned long id;
	int handle;
	u64 run_ns;

	mutex_lock(&nfile->lock);
	run_ns = nfile->closed_run_ns;
	spin_lock(&npu->sched.lock);
	xa_for_each(&nfile->ctxs, id, ctx)
		run_ns += npu_sched_run_ns_locked(ctx);
	spin_unlock(&npu->sched.lock);
	mutex_unlock(&nfile->lock);
	drm_printf(p, "drm-engine-compute:\t%llu ns\n", run_ns);
	drm_printf(p, "drm-engine-capacity-compute:\t%u\n", npu->hw.num_queues);

	spin_lock(&file->table_lock);
	idr_for_each_entry(&file->object_idr, obj, handle)
		npu_gem_count(obj, to_npu_gem(obj)->in_vram ? &vram : &system);
	spin_unlock(&file->table_lock);
	drm_print_memory_stats(p, &vram, DRM_GEM_OBJECT_RESIDENT, "vram");
	drm_print_memory_stats(p, &system, DRM_GEM_OBJECT_RESIDENT, "memory");
}

/* While one of ours is under way the device stays: npu_remove() waits for it. */
static int npu_guard_ioctl(drm_ioctl_t *func, struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	int idx, ret = -ENODEV;

	if (drm_dev_enter(drm, &idx)) {
		ret = func(drm, data, file);
		drm_dev_exit(idx);
	}
	return ret;
}

#define NPU_DEFINE_GUARDED(name)								\
static int npu_guarded_##name(struct drm_device *drm, void *data, struct drm_file *file)	\
{												\
	return npu_guard_ioctl(npu_ioctl_##name, drm, data, file);				\
}

NPU_DEFINE_GUARDED(dev_query)
NPU_DEFINE_GUARDED(bo_create)
NPU_DEFINE_GUARDED(bo_mmap_offset)
NPU_DEFINE_GUARDED(bo_get_info)
NPU_DEFINE_GUARDED(vm_create)
NPU_DEFINE_GUARDED(vm_destroy)
NPU_DEFINE_GUARDED(vm_bind)
NPU_DEFINE_GUARDED(vm_get_state)
NPU_DEFINE_GUARDED(ctx_create)
NPU_DEFINE_GUARDED(ctx_destroy)
NPU_DEFINE_GUARDED(ctx_get_state)
NPU_DEFINE_GUARDED(submit)
NPU_DEFINE_GUARDED(bo_set_label)

#define NPU_IOCTL(NAME, name) DRM_IOCTL_DEF_DRV(NPU_##NAME, npu_guarded_##name, 0)
static const struct drm_ioctl_desc npu_ioctls[] = {
	NPU_IOCTL(DEV_QUERY, dev_query),
	NPU_IOCTL(BO_CREATE, bo_create),
	NPU_IOCTL(BO_MMAP_OFFSET, bo_mmap_offset),
	NPU_IOCTL(BO_GET_INFO, bo_get_info),
	NPU_IOCTL(VM_CREATE, vm_create),
	NPU_IOCTL(VM_DESTROY, vm_destroy),
	NPU_IOCTL(VM_BIND, vm_bind),
	NPU_IOCTL(VM_GET_STATE, vm_get_state),
	NPU_IOCTL(CTX_CREATE, ctx_create),
	NPU_IOCTL(CTX_DESTROY, ctx_destroy),
	NPU_IOCTL(CTX_GET_STATE, ctx_get_state),
	NPU_IOCTL(SUBMIT, submit),
	NPU_IOCTL(BO_SET_LABEL, bo_set_label),
};

static const struct file_operations npu_fops = {
	.owner = THIS_MODULE,
	.open = accel_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = npu_gem_mmap,
	.fop_flags = FOP_UNSIGNED_OFFSET,
	.show_fdinfo = drm_show_fdinfo,
};

static const struct drm_driver npu_drm_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE | NPU_COMPAT_GEM_GPUVA,
	.name = DRM_NPU_DRIVER_NAME,
	.desc = "NPU programmable accelerator",
	.major = DRM_NPU_UAPI_MAJOR,
	.minor = DRM_NPU_UAPI_MINOR,
	.open = npu_open,
	.postclose = npu_postclose,
	.show_fdinfo = npu_show_fdinfo,
	.ioctls = npu_ioctls,
	.num_ioctls = ARRAY_SIZE(npu_ioctls),
	.fops = &npu_fops,
	.gem_create_object = npu_gem_create_object,
	.gem_prime_import_sg_table = npu_gem_import_sg_table,
	.prime_fd_to_handle = npu_gem_fd_to_handle,
	.prime_handle_to_fd = npu_gem_handle_to_fd,
};

/* -- the PCI device --------------------------------------------------------------------------- */

static int npu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct npu_device *npu;
	int ret;

	npu = devm_drm_dev_alloc(&pdev->dev, &npu_drm_driver, struct npu_device, drm);
	if (IS_ERR(npu))
		return PTR_ERR(npu);
	pci_set_drvdata(pdev, npu);
	ret = npu_device_init(npu);
	if (ret)
		goto fini;
	npu_debugfs_init(&npu->drm);
	ret = drm_dev_register(&npu->drm, 0);
	if (ret)
		goto stop;
	drm_info(&npu->drm, "%u cores, %llu MiB, %u queues, %u-bit addresses\n", npu->hw.num_cores,
		 npu->vram.size >> 20, npu->hw.num_queues, npu->hw.va_bits);
	npu_pm_init(npu);
	return 0;

stop:
	npu_device_stop(npu);
fini:
	npu_device_fini(npu);
	return ret;
}

static void npu_remove(struct pci_dev *pdev)
{
	struct npu_device *npu = pci_get_drvdata(pdev);

	npu_pm_fini(npu);
	/* From here on nobody but this function touches the registers. */
	drm_dev_unplug(&npu->drm);
	npu_reset_lose(npu);
	npu_device_stop(npu);
	/* DMA ends with the driver, also for files that stay open. */
	npu_vm_detach_all(npu);
	npu_gem_unmap_all(npu);
	npu_device_fini(npu);
}

static void npu_shutdown(struct pci_dev *pdev)
{
	npu_device_stop(pci_get_drvdata(pdev));
}

static const struct pci_device_id npu_pci_ids[] = {
	{ PCI_DEVICE(NPU_PCI_VENDOR_ID, NPU_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, npu_pci_ids);

static struct pci_driver npu_pci_driver = {
	.name = "npu",
	.id_table = npu_pci_ids,
	.probe = npu_probe,
	.remove = npu_remove,
	.shutdown = npu_shutdown,
	.driver.pm = pm_ptr(&npu_pm_ops),
};

static int __init npu_init(void)
{
	int ret;

	npu_release_wq = alloc_workqueue("npu-release", WQ_UNBOUND, 0);
	if (!npu_release_wq)
		return -ENOMEM;
	ret = pci_register_driver(&npu_pci_driver);
	if (ret)
		destroy_workqueue(npu_release_wq);
	return ret;
}
module_init(npu_init);

static void __exit npu_exit(void)
{
	pci_unregister_driver(&npu_pci_driver);
	/* The devices are gone: jobs that are left wait for fences of others at most. */
	wait_var_event(&npu_num_alive, !atomic_read(&npu_num_alive));
	destroy_workqueue(npu_release_wq);
}
module_exit(npu_exit);

MODULE_AUTHOR("The NPU stack authors");
MODULE_DESCRIPTION("NPU programmable accelerator");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_IMPORT_NS("DMA_BUF");
