// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: debugfs
 *
 * queues: what is on the hardware. contexts: who there is and what became of it. vms: address
 * spaces and what is bound there, with the labels of the buffers. memory: what of the device-local
 * memory is taken. users: who has how much. counters: the performance counters. reset: write
 * anything to reset the device.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include <npu_isa/npu_regs_uapi.h>

#include "npu_ctx.h"
#include "npu_debugfs.h"
#include "npu_device.h"
#include "npu_job.h"
#include "npu_pm.h"
#include "npu_reset.h"
#include "npu_user.h"
#include "npu_vm.h"

static int npu_debugfs_queues(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct npu_device *npu = to_npu_device(entry->dev);
	u32 i;

	spin_lock(&npu->sched.lock);
	seq_printf(m, "jobs on queues %u, done %llu, resets %d%s%s\n", npu->sched.num_jobs,
		   npu->sched.jobs_done, atomic_read(&npu->resets),
		   npu->sched.stopped ? ", stopped" : "", npu->lost ? ", lost" : "");
	for (i = 0; i < npu->hw.num_queues; i++) {
		struct npu_hwq *hwq = &npu->sched.hwqs[i];
		struct npu_job *job = list_first_entry_or_null(&hwq->jobs, struct npu_job, node);

		seq_printf(m, "queue %u: tail %u, packets in use %u, fence %llu of %llu, context %#x, job %llu\n",
			   i, hwq->tail, hwq->used, le64_to_cpu(npu->shared->fence[i]), hwq->seqno,
			   job ? job->ctx->hw_id : 0, job ? job->number : 0);
	}
	spin_unlock(&npu->sched.lock);
	return 0;
}

static int npu_debugfs_contexts(struct seq_file *m, void *unused)
{
	static const char * const states[] = {
		[DRM_NPU_CTX_STATE_ALIVE] = "alive",
		[DRM_NPU_CTX_STATE_FAULTED] = "faulted",
		[DRM_NPU_CTX_STATE_INNOCENT] = "innocent",
		[DRM_NPU_CTX_STATE_LOST] = "lost",
	};
	struct drm_debugfs_entry *entry = m->private;
	struct npu_device *npu = to_npu_device(entry->dev);
	u32 i;

	spin_lock(&npu->sched.lock);
	for (i = 0; i < NPU_MAX_CONTEXTS; i++) {
		struct npu_ctx *ctx = npu->ctxs[i];

		if (!ctx)
			continue;
		seq_printf(m, "context %#x: %s%s, address space %u, priority %u, jobs %llu of %llu, on the hardware %u",
			   ctx->hw_id, states[ctx->state], ctx->closed ? ", closed" : "",
			   ctx->vm->asid, ctx->priority, ctx->jobs_completed, ctx->jobs_submitted,
			   ctx->num_on_hw);
		if (ctx->fault.type)
			seq_printf(m, ", fault %u at %#llx, pc %#llx", ctx->fault.type,
				   ctx->fault.address, ctx->fault.pc);
		seq_putc(m, '\n');
	}
	spin_unlock(&npu->sched.lock);
	return 0;
}

static int npu_debugfs_vms(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct npu_device *npu = to_npu_device(entry->dev);
	struct npu_vm *vm;
	char *text;

	text = kmalloc(NPU_VA_TEXT_SIZE, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	mutex_lock(&npu->vms_lock);
	list_for_each_entry(vm, &npu->vms, link) {
		struct drm_gpuva *va;

		mutex_lock(&vm->op_lock);
		seq_printf(m, "address space %u:%s%s\n", vm->asid,
			   READ_ONCE(vm->unusable) ? " unusable" : "",
			   READ_ONCE(vm->closed) ? " closed" : "");
		drm_gpuvm_for_each_va(va, &vm->base) {
			npu_vm_describe_va(to_npu_va(va), text);
			seq_printf(m, "   %s\n", text);
		}
		mutex_unlock(&vm->op_lock);
	}
	mutex_unlock(&npu->vms_lock);
	kfree(text);
	return 0;
}

static int npu_debugfs_memory(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct npu_device *npu = to_npu_device(entry->dev);
	struct drm_printer p = drm_seq_file_printer(m);

	mutex_lock(&npu->vram.lock);
	seq_printf(m, "device %llu of %llu, system %llu\n", npu->vram.used, npu->vram.size,
		   (u64)atomic64_read(&npu->system_used));
	drm_mm_print(&npu->vram.mm, &p);
	mutex_unlock(&npu->vram.lock);
	return 0;
}

static int npu_debugfs_users(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;

	npu_user_show(to_npu_device(entry->dev), m);
	return 0;
}

static int npu_debugfs_counters(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct npu_device *npu = to_npu_device(entry->dev);
	static const struct npu_counter_desc descs[] = NPU_COUNTER_DESCS;
	struct drm_npu_counter_info info;
	int idx, ret;
	u32 i;

	if (!drm_dev_enter(&npu->drm, &idx))
		return -ENODEV;
	ret = npu_pm_get(npu);
	if (!ret) {
		npu_device_read_counters(npu, &info);
		npu_pm_put(npu);
		seq_printf(m, "timestamp %llu\n", info.timestamp);
		for (i = 0; i < ARRAY_SIZE(descs); i++)
			seq_printf(m, "%s %llu\n", descs[i].name,
				   *(u64 *)((u8 *)&info + descs[i].offset));
	}
	drm_dev_exit(idx);
	return ret;
}

static ssize_t npu_debugfs_reset_write(struct file *file, const char __user *text, size_t size,
				       loff_t *at)
{
	npu_reset_schedule(file_inode(file)->i_private, "asked for in debugfs");
	return size;
}

static const struct file_operations npu_debugfs_reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = npu_debugfs_reset_write,
	.llseek = noop_llseek,
};

void npu_debugfs_init(struct drm_device *drm)
{
	struct npu_device *npu = to_npu_device(drm);

	drm_debugfs_add_file(drm, "queues", npu_debugfs_queues, npu);
	drm_debugfs_add_file(drm, "contexts", npu_debugfs_contexts, npu);
	drm_debugfs_add_file(drm, "vms", npu_debugfs_vms, npu);
	drm_debugfs_add_file(drm, "memory", npu_debugfs_memory, npu);
	drm_debugfs_add_file(drm, "users", npu_debugfs_users, npu);
	drm_debugfs_add_file(drm, "counters", npu_debugfs_counters, npu);
	debugfs_create_file("reset", 0200, drm->debugfs_root, npu, &npu_debugfs_reset_fops);
}
