// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Core dumps
 *
 * When a context faults, what can be known of it goes into a device core dump
 * (/sys/class/devcoredump): the fault, the process, the bindings of the VM, and the code around the
 * instruction or the packets before the one that faulted. It is text, "name: value" lines in
 * sections that start with a line in brackets, and memory as lines of 32 bytes "address: words of
 * 64 bits", so that both a person and npu-decode can read it.
 *
 * The memory is read a moment after the fault; a process that unbinds or overwrites it at once gets
 * a dump of what it did. One dump is kept until it was read or five minutes have passed; faults
 * meanwhile are not dumped.
 */

#include <linux/devcoredump.h>
#include <linux/highmem.h>
#include <linux/seq_buf.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_coredump.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_gem.h"
#include "npu_vm.h"

#define NPU_COREDUMP_SIZE	SZ_256K
/* Memory around the fault. */
#define NPU_COREDUMP_BEFORE	512
#define NPU_COREDUMP_AFTER	512
#define NPU_COREDUMP_LINE	32

struct npu_coredump_copy {
	struct npu_gem_object *bo;
	void *to;
};

static int npu_coredump_copy_run(void *data, u64 offset, u64 pa, u64 size)
{
	struct npu_coredump_copy *copy = data;
	struct npu_device *npu = to_npu_device(copy->bo->shmem.base.dev);

	memcpy_fromio(copy->to + offset, npu->vram.map + pa, size);
	return 0;
}

/* Reads a line of memory of a VM, which does not cross a page. False: it is not bound. */
static bool npu_coredump_read(struct npu_vm *vm, u64 va, u64 *words)
{
	struct npu_coredump_copy copy = { .to = words };
	struct drm_gpuva *binding;
	u64 offset;

	binding = drm_gpuva_find_first(&vm->base, va, NPU_COREDUMP_LINE);
	if (!binding)
		return false;
	copy.bo = to_npu_gem(binding->gem.obj);
	offset = binding->gem.offset + va - binding->va.addr;
	if (copy.bo->in_vram) {
		npu_gem_walk(copy.bo, offset, NPU_COREDUMP_LINE, npu_coredump_copy_run, &copy);
		return true;
	}
	if (!copy.bo->shmem.pages)
		return false;
	memcpy_from_page((char *)words, copy.bo->shmem.pages[offset >> PAGE_SHIFT],
			 offset_in_page(offset), NPU_COREDUMP_LINE);
	return true;
}

static void npu_coredump_memory(struct seq_buf *s, struct npu_vm *vm, u64 around)
{
	u64 va = round_down(around, NPU_PACKET_SIZE_B) - NPU_COREDUMP_BEFORE;
	u64 end = va + NPU_COREDUMP_BEFORE + NPU_COREDUMP_AFTER;
	u64 words[NPU_COREDUMP_LINE / sizeof(u64)];

	for (; va < end; va += NPU_COREDUMP_LINE) {
		if (va < npu_vm_end(vm) && npu_coredump_read(vm, va, words))
			seq_buf_printf(s, "%#014llx: %016llx %016llx %016llx %016llx\n", va,
				       words[0], words[1], words[2], words[3]);
	}
}

static void npu_coredump_write(struct seq_buf *s, struct npu_ctx *ctx,
			       const struct drm_npu_fault *fault)
{
	struct npu_device *npu = ctx->npu;
	struct npu_vm *vm = ctx->vm;
	struct drm_gpuva *va;

	seq_buf_printf(s, "[npu core dump]\nversion: 1\nkernel: %s\n", init_utsname()->release);
	seq_buf_printf(s, "device: %s\narchitecture: %u\ncores: %u\nresets: %d\n",
		       dev_name(npu->drm.dev), npu->hw.arch_version, npu->hw.num_cores,
		       atomic_read(&npu->resets));
	seq_buf_printf(s, "[context]\nprocess: %s\npid: %d\ncontext: %#x\nasid: %u\npriority: %u\n",
		       ctx->comm, ctx->pid, ctx->hw_id, vm->asid, ctx->priority);
	seq_buf_printf(s, "[fault]\ntype: %u\naccess: %u\nflags: %u\ncode: %u\njob: %llu\n",
		       fault->type, fault->access, fault->flags, fault->code, fault->job);
	seq_buf_printf(s, "address: %#llx\npc: %#llx\ngroup: %llu\nkernel_id: %u\ncore: %u\n",
		       fault->address, fault->pc, fault->group, fault->kernel_id, fault->core);
	seq_buf_printf(s, "wave: %u\nlane_mask: %#x\ntime_ns: %llu\n", fault->wave,
		       fault->lane_mask, fault->time_ns);

	mutex_lock(&vm->op_lock);
	seq_buf_printf(s, "[%s]\n",
		       fault->flags & DRM_NPU_FAULT_IN_KERNEL ? "code" : "packets");
	npu_coredump_memory(s, vm, fault->pc);
	seq_buf_puts(s, "[bindings]\n");
	drm_gpuvm_for_each_va(va, &vm->base) {
		u32 flags = to_npu_va(va)->flags;

		seq_buf_printf(s, "%#014llx: %#llx %c%c%c %s, offset %#llx\n", va->va.addr,
			       va->va.range, flags & DRM_NPU_VM_MAP_READ ? 'r' : '-',
			       flags & DRM_NPU_VM_MAP_WRITE ? 'w' : '-',
			       flags & DRM_NPU_VM_MAP_EXEC ? 'x' : '-',
			       to_npu_gem(va->gem.obj)->in_vram ? "device" : "system",
			       va->gem.offset);
	}
	mutex_unlock(&vm->op_lock);
	seq_buf_puts(s, "[end]\n");
}

static void npu_coredump_work(struct work_struct *work)
{
	struct npu_device *npu = container_of(work, struct npu_device, coredump.work);
	struct npu_ctx *ctx = npu->coredump.ctx;
	struct seq_buf s;
	char *text;
	int idx;

	text = vzalloc(NPU_COREDUMP_SIZE);
	if (text && drm_dev_enter(&npu->drm, &idx)) {
		seq_buf_init(&s, text, NPU_COREDUMP_SIZE);
		npu_coredump_write(&s, ctx, &npu->coredump.fault);
		dev_coredumpv(npu->drm.dev, text, seq_buf_used(&s), GFP_KERNEL);
		text = NULL; /* it is devcoredump's now */
		drm_dev_exit(idx);
	}
	vfree(text);
	spin_lock(&npu->sched.lock);
	npu->coredump.ctx = NULL;
	spin_unlock(&npu->sched.lock);
	npu_ctx_put(ctx);
}

/**
 * npu_coredump_take_locked() - dump a context that has just faulted
 * @npu: the device
 * @ctx: the context
 */
void npu_coredump_take_locked(struct npu_device *npu, struct npu_ctx *ctx)
{
	if (npu->coredump.ctx || !kref_get_unless_zero(&ctx->ref))
		return;
	npu->coredump.ctx = ctx;
	npu->coredump.fault = ctx->fault;
	schedule_work(&npu->coredump.work);
}

void npu_coredump_init(struct npu_device *npu)
{
	INIT_WORK(&npu->coredump.work, npu_coredump_work);
}

void npu_coredump_fini(struct npu_device *npu)
{
	flush_work(&npu->coredump.work);
	dev_coredump_put(npu->drm.dev);
}
