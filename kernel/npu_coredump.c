// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Core dumps
 *
 * When a context faults, what can be known of it goes into a device core dump
 * (/sys/class/devcoredump): the fault, the process, registers, the last packets of the ring, the
 * command buffers of the job, the code up to the instruction (or the packets around the one that
 * faulted), the bindings of the VM with the labels of the buffers: that of code is the name of the
 * kernel. It is text, "name: value" lines in sections that start with a line in brackets, and
 * memory as lines of 32 bytes "address: words of 64 bits", so that both a person and npu-decode can
 * read it. What user space has named - labels, the process - is escaped.
 *
 * What changes at once - ring, job, counters - is copied where the fault is found. Memory is read a
 * moment later; a process that overwrites it at once gets a dump of what it did, but a VM that is
 * closed waits for its dump. One dump is kept until it was read or five minutes have passed; faults
 * meanwhile are not dumped.
 */

#include <linux/devcoredump.h>
#include <linux/highmem.h>
#include <linux/seq_buf.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_coredump.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_gem.h"
#include "npu_job.h"
#include "npu_pm.h"
#include "npu_vm.h"

#define NPU_COREDUMP_SIZE	SZ_1M
/* Memory around the fault; code is shown from its beginning if that is not farther than this. */
#define NPU_COREDUMP_CODE	SZ_64K
#define NPU_COREDUMP_AROUND	512
/* Packets of a command buffer. */
#define NPU_COREDUMP_PACKETS	256
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

static void npu_coredump_memory(struct seq_buf *s, struct npu_vm *vm, u64 va, u64 end)
{
	u64 words[NPU_COREDUMP_LINE / sizeof(u64)];

	end = min(end, npu_vm_end(vm));
	for (va = round_down(va, NPU_COREDUMP_LINE); va < end; va += NPU_COREDUMP_LINE) {
		if (npu_coredump_read(vm, va, words))
			seq_buf_printf(s, "%#014llx: %016llx %016llx %016llx %016llx\n", va,
				       words[0], words[1], words[2], words[3]);
	}
}

/* The code from its beginning, so that nobody has to guess where instructions start. */
static void npu_coredump_code(struct seq_buf *s, struct npu_vm *vm, u64 pc)
{
	struct drm_gpuva *binding = drm_gpuva_find_first(&vm->base, pc, 1);
	u64 start = pc - min_t(u64, pc, NPU_COREDUMP_CODE);

	if (binding)
		start = max(start, binding->va.addr);
	else
		start = pc - min_t(u64, pc, NPU_COREDUMP_AROUND);
	seq_buf_puts(s, "[code]\n");
	npu_coredump_memory(s, vm, start, pc + NPU_COREDUMP_AROUND);
}

static void npu_coredump_cmdbufs(struct seq_buf *s, struct npu_vm *vm,
				 const struct npu_coredump *dump)
{
	u32 i;

	for (i = 0; i < dump->num_cmdbufs; i++) {
		u64 va = dump->cmdbufs[i].va;
		u32 num = dump->cmdbufs[i].num_packets;

		seq_buf_printf(s, "[command buffer]\nva: %#llx\npackets: %u\n", va, num);
		num = min_t(u32, num, NPU_COREDUMP_PACKETS);
		npu_coredump_memory(s, vm, va, va + (u64)num * NPU_PACKET_SIZE_B);
	}
}

static void npu_coredump_reg(struct seq_buf *s, struct npu_device *npu, const char *name, u32 reg)
{
	seq_buf_printf(s, "%s: %#llx\n", name, npu_read(npu, reg));
}

static void npu_coredump_queue_reg(struct seq_buf *s, struct npu_device *npu, const char *name,
				   u32 queue, u32 reg)
{
	seq_buf_printf(s, "%s %u: %#llx\n", name, queue, npu_read(npu, reg));
}

static void npu_coredump_registers(struct seq_buf *s, struct npu_device *npu)
{
	u32 i;

	if (npu_pm_get(npu))
		return;
	seq_buf_puts(s, "[registers]\n");
	npu_coredump_reg(s, npu, "ID", NPU_REG_ID);
	npu_coredump_reg(s, npu, "CAPS", NPU_REG_CAPS);
	npu_coredump_reg(s, npu, "TIME", NPU_REG_TIME);
	npu_coredump_reg(s, npu, "INT_STATUS", NPU_REG_INT_STATUS);
	npu_coredump_reg(s, npu, "INT_ENABLE", NPU_REG_INT_ENABLE);
	npu_coredump_reg(s, npu, "FAULT_STATUS", NPU_REG_FAULT_STATUS);
	for (i = 0; i < npu->hw.num_queues; i++) {
		npu_coredump_queue_reg(s, npu, "QUEUE_STATUS", i, NPU_REG_QUEUE_STATUS(i));
		npu_coredump_queue_reg(s, npu, "QUEUE_HEAD", i, NPU_REG_QUEUE_HEAD(i));
		npu_coredump_queue_reg(s, npu, "QUEUE_TAIL", i, NPU_REG_QUEUE_TAIL(i));
		npu_coredump_queue_reg(s, npu, "QUEUE_FENCE", i, NPU_REG_QUEUE_FENCE(i));
	}
	npu_pm_put(npu);
}

static void npu_coredump_ring(struct seq_buf *s, const struct npu_coredump *dump)
{
	u32 num = min_t(u32, dump->tail, NPU_COREDUMP_RING);
	u64 words[NPU_PACKET_SIZE_B / sizeof(u64)];
	u32 i, w;

	seq_buf_printf(s, "[ring]\nqueue: %d\ntail: %u\n", dump->queue, dump->tail);
	for (i = 0; i < num; i++) {
		memcpy(words, &dump->ring[i], sizeof(words));
		seq_buf_printf(s, "packet %u:", dump->tail - num + i);
		for (w = 0; w < ARRAY_SIZE(words); w++)
			seq_buf_printf(s, " %016llx", words[w]);
		seq_buf_putc(s, '\n');
	}
}

static void npu_coredump_write(struct seq_buf *s, struct npu_device *npu,
			       const struct npu_coredump *dump)
{
	const struct drm_npu_fault *fault = &dump->fault;
	const struct npu_ctx *ctx = dump->ctx;
	struct npu_vm *vm = ctx->vm;
	char text[NPU_VA_TEXT_SIZE];
	struct drm_gpuva *va;

	seq_buf_printf(s, "[npu core dump]\nversion: 2\nkernel: %s\n", init_utsname()->release);
	seq_buf_printf(s, "device: %s\narchitecture: %u\ncores: %u\nresets: %d\n",
		       dev_name(npu->drm.dev), npu->hw.arch_version, npu->hw.num_cores,
		       atomic_read(&npu->resets));
	seq_buf_printf(s, "[context]\nprocess: %*pE\npid: %d\ncontext: %#x\nasid: %u\n",
		       (int)strlen(ctx->comm), ctx->comm, ctx->pid, ctx->hw_id, vm->asid);
	seq_buf_printf(s, "priority: %u\njobs_submitted: %llu\njobs_completed: %llu\n",
		       ctx->priority, dump->jobs_submitted, dump->jobs_completed);
	seq_buf_printf(s, "[fault]\ntype: %u\naccess: %u\nflags: %u\ncode: %u\njob: %llu\n",
		       fault->type, fault->access, fault->flags, fault->code, fault->job);
	seq_buf_printf(s, "address: %#llx\npc: %#llx\ngroup: %llu\nkernel_id: %u\ncore: %u\n",
		       fault->address, fault->pc, fault->group, fault->kernel_id, fault->core);
	seq_buf_printf(s, "wave: %u\nlane_mask: %#x\ntime_ns: %llu\n", fault->wave,
		       fault->lane_mask, fault->time_ns);
	npu_coredump_registers(s, npu);
	if (dump->queue >= 0)
		npu_coredump_ring(s, dump);

	mutex_lock(&vm->op_lock);
	npu_coredump_cmdbufs(s, vm, dump);
	if (fault->flags & DRM_NPU_FAULT_IN_KERNEL) {
		npu_coredump_code(s, vm, fault->pc);
	} else {
		u64 first = fault->pc - min_t(u64, fault->pc, NPU_COREDUMP_AROUND);

		seq_buf_puts(s, "[packets]\n");
		npu_coredump_memory(s, vm, round_down(first, NPU_PACKET_SIZE_B),
				    fault->pc + NPU_COREDUMP_AROUND);
	}
	seq_buf_puts(s, "[bindings]\n");
	drm_gpuvm_for_each_va(va, &vm->base) {
		npu_vm_describe_va(to_npu_va(va), text);
		seq_buf_printf(s, "%s\n", text);
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
		npu_coredump_write(&s, npu, &npu->coredump);
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

static void npu_coredump_copy_ring_locked(struct npu_coredump *dump, const struct npu_hwq *hwq)
{
	u32 num = min_t(u32, hwq->tail, NPU_COREDUMP_RING);
	u32 i;

	dump->tail = hwq->tail;
	for (i = 0; i < num; i++)
		dump->ring[i] = hwq->ring[(hwq->tail - num + i) & (NPU_RING_SIZE - 1)];
}

static void npu_coredump_copy_job_locked(struct npu_coredump *dump, const struct npu_hwq *hwq)
{
	struct npu_job *job;

	list_for_each_entry(job, &hwq->jobs, node) {
		if (job->ctx == dump->ctx && job->number == dump->fault.job) {
			dump->num_cmdbufs = min_t(u32, job->num_cmdbufs, NPU_COREDUMP_CMDBUFS);
			memcpy(dump->cmdbufs, job->cmdbufs,
			       dump->num_cmdbufs * sizeof(*dump->cmdbufs));
			return;
		}
	}
}

/**
 * npu_coredump_take_locked() - dump a context that has just faulted
 * @npu: the device
 * @ctx: the context
 */
void npu_coredump_take_locked(struct npu_device *npu, struct npu_ctx *ctx)
{
	struct npu_coredump *dump = &npu->coredump;

	if (dump->ctx || !kref_get_unless_zero(&ctx->ref))
		return;
	dump->ctx = ctx;
	dump->fault = ctx->fault;
	dump->jobs_submitted = ctx->jobs_submitted;
	dump->jobs_completed = ctx->jobs_completed;
	dump->queue = ctx->hwq ? ctx->hwq->index : -1;
	dump->num_cmdbufs = 0;
	if (ctx->hwq) {
		npu_coredump_copy_ring_locked(dump, ctx->hwq);
		npu_coredump_copy_job_locked(dump, ctx->hwq);
	}
	schedule_work(&dump->work);
}

/**
 * npu_coredump_finish() - wait until a dump that needs a VM is written
 * @vm: the VM, whose bindings are about to go
 */
void npu_coredump_finish(struct npu_vm *vm)
{
	struct npu_device *npu = vm->npu;
	bool needed;

	spin_lock(&npu->sched.lock);
	needed = npu->coredump.ctx && npu->coredump.ctx->vm == vm;
	spin_unlock(&npu->sched.lock);
	if (needed)
		flush_work(&npu->coredump.work);
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
