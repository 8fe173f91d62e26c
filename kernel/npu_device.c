// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: The device
 *
 * BAR 0 has the registers, BAR 2 the device-local memory. What the driver and the device share -
 * rings, status words, fences, page tables, the VM table - lies in coherent system memory: the
 * driver reads and writes it at the speed of memory, and it survives everything that can happen to
 * the device. The device-local memory belongs to buffer objects alone.
 *
 * The device addresses system memory with bit 47 of a physical address set, so it can reach 2^47
 * bytes of DMA addresses.
 *
 * There is one interrupt, MSI-X vector 0. Its thread reads and acknowledges INT_STATUS first and
 * looks at fences and fault records after that, so nothing that happens meanwhile is missed: it
 * raises the interrupt again.
 */

#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include <npu_isa/npu_regs_uapi.h>

#include "npu_coredump.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_fault.h"
#include "npu_gem.h"
#include "npu_mmu.h"
#include "npu_reset.h"
#include "npu_user.h"
#include "npu_vram.h"

#define NPU_BAR_REGS	0
#define NPU_BAR_MEM	2

#define NPU_DMA_BITS	47

#define NPU_RESET_TIMEOUT_US	(5 * USEC_PER_SEC)

static irqreturn_t npu_irq_thread(int irq, void *data)
{
	struct npu_device *npu = data;
	u64 status = npu_read(npu, NPU_REG_INT_STATUS);
	bool cookie;

	/* All ones: the device is gone; the watchdog finds out. */
	if (!status || status == ~0ull)
		return IRQ_NONE;
	npu_write(npu, NPU_REG_INT_ACK, status);
	/* Fences depend on it: so lockdep finds whoever allocates memory here, or waits. */
	cookie = dma_fence_begin_signalling();
	npu_sched_process(npu, status & NPU_INT_STATUS_FAULT__MASK);
	dma_fence_end_signalling(cookie);
	return IRQ_HANDLED;
}

/* Whether the device is there at all: nothing reads as all ones when it is. */
bool npu_device_answers(struct npu_device *npu)
{
	return npu_read(npu, NPU_REG_ID) != ~0ull;
}

static const struct npu_counter_desc npu_counters[] = NPU_COUNTER_DESCS;

/**
 * npu_device_read_counters() - read the performance counters
 * @npu: the device, awake
 * @info: gets them
 */
void npu_device_read_counters(struct npu_device *npu, struct drm_npu_counter_info *info)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(npu_counters); i++)
		*(u64 *)((u8 *)info + npu_counters[i].offset) = npu_read(npu, npu_counters[i].reg);
	info->timestamp = npu_read(npu, NPU_REG_TIME);
}

static int npu_device_identify(struct npu_device *npu)
{
	u64 id = npu_read(npu, NPU_REG_ID);
	u64 caps = npu_read(npu, NPU_REG_CAPS);

	if (NPU_GET(id, NPU_ID_MAGIC) != NPU_ID_MAGIC_VALUE) {
		drm_err(&npu->drm, "this is no NPU: ID is %#llx\n", id);
		return -ENODEV;
	}
	npu->watchdog_ms = npu_reset_watchdog_ms();
	npu->hw.arch_version = NPU_GET(id, NPU_ID_ARCH);
	if (npu->hw.arch_version != NPU_ARCH_VERSION) {
		drm_err(&npu->drm, "architecture version %u is not supported\n",
			npu->hw.arch_version);
		return -ENODEV;
	}
	npu->hw.num_cores = NPU_GET(caps, NPU_CAPS_NUM_CORES);
	npu->hw.waves_per_core = NPU_GET(caps, NPU_CAPS_WAVES_PER_CORE);
	npu->hw.wave_size = NPU_GET(caps, NPU_CAPS_WAVE_SIZE);
	npu->hw.num_queues = min_t(u32, NPU_GET(caps, NPU_CAPS_NUM_QUEUES), NPU_NUM_QUEUES);
	npu->hw.va_bits = NPU_GET(caps, NPU_CAPS_VA_BITS);
	npu->hw.num_asids = min_t(u32, NPU_GET(caps, NPU_CAPS_NUM_ASIDS), NPU_NUM_ASIDS);
	npu->hw.local_mem_size = NPU_GET(npu_read(npu, NPU_REG_LOCAL_MEM_SIZE),
					 NPU_LOCAL_MEM_SIZE_SIZE_B);
	if (!npu->hw.num_queues || npu->hw.num_asids < 2 || npu->hw.va_bits < 30 ||
	    npu->hw.va_bits > NPU_MAX_VA_BITS) {
		drm_err(&npu->drm, "capabilities %#llx make no sense\n", caps);
		return -ENODEV;
	}
	return 0;
}

static int npu_device_alloc_shared(struct npu_device *npu)
{
	struct device *dev = npu->drm.dev;
	int ret;

	ret = drmm_mutex_init(&npu->drm, &npu->mmu.tables_lock);
	if (ret)
		return ret;
	npu->shared = dmam_alloc_coherent(dev, sizeof(*npu->shared), &npu->shared_dma, GFP_KERNEL);
	if (!npu->shared)
		return -ENOMEM;
	npu->mmu.vm_table = dmam_alloc_coherent(dev, NPU_NUM_ASIDS * sizeof(*npu->mmu.vm_table),
						&npu->mmu.vm_table_dma, GFP_KERNEL);
	if (!npu->mmu.vm_table)
		return -ENOMEM;
	return npu_mmu_init_tables(npu);
}

/* Identifiers are given back when files are closed, which may be later than the device. */
static void npu_device_destroy_idas(struct drm_device *drm, void *unused)
{
	ida_destroy(&to_npu_device(drm)->mmu.asids);
	ida_destroy(&to_npu_device(drm)->ctx_slots);
}

/**
 * npu_device_init() - find out what the device is and prepare everything but interrupts
 * @npu: the device
 *
 * Return: 0 or a negative errno; what was done is undone by devres, drmm and npu_device_fini().
 */
int npu_device_init(struct npu_device *npu)
{
	struct pci_dev *pdev = to_pci_dev(npu->drm.dev);
	int ret;

	npu_coredump_init(npu);
	ret = pcim_enable_device(pdev);
	if (ret)
		return dev_err_probe(npu->drm.dev, ret, "could not enable the device\n");
	pci_set_master(pdev);
	ret = dma_set_mask_and_coherent(npu->drm.dev, DMA_BIT_MASK(NPU_DMA_BITS));
	if (ret)
		return dev_err_probe(npu->drm.dev, ret, "no DMA with %u bits\n", NPU_DMA_BITS);

	if (pci_resource_len(pdev, NPU_BAR_REGS) < NPU_BAR_SIZE_B)
		return dev_err_probe(npu->drm.dev, -ENODEV, "BAR %u is too small\n", NPU_BAR_REGS);
	npu->regs = pcim_iomap_region(pdev, NPU_BAR_REGS, "npu registers");
	if (IS_ERR(npu->regs))
		return dev_err_probe(npu->drm.dev, PTR_ERR(npu->regs), "no registers\n");

	ret = npu_device_identify(npu);
	if (ret)
		return ret;
	ret = npu_device_reset(npu);
	if (ret)
		return dev_err_probe(npu->drm.dev, ret, "reset failed\n");

	ret = npu_device_alloc_shared(npu);
	if (ret)
		return ret;
	ret = drmm_mutex_init(&npu->drm, &npu->mmu.lock);
	if (ret)
		return ret;
	ida_init(&npu->mmu.asids);
	ida_init(&npu->ctx_slots);
	INIT_LIST_HEAD(&npu->vms);
	ret = drmm_mutex_init(&npu->drm, &npu->vms_lock);
	if (ret)
		return ret;
	ret = drmm_add_action_or_reset(&npu->drm, npu_device_destroy_idas, NULL);
	if (ret)
		return ret;

	ret = npu_gem_init(npu);
	if (ret)
		return ret;
	ret = npu_user_init(npu);
	if (ret)
		return ret;
	ret = npu_vram_init(npu, NPU_BAR_MEM);
	if (ret)
		return ret;
	ret = npu_reset_init(npu);
	if (ret)
		return ret;
	ret = npu_sched_init(npu);
	if (ret)
		return ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX | PCI_IRQ_MSI);
	if (ret < 0)
		return dev_err_probe(npu->drm.dev, ret, "no interrupt\n");
	npu->irq = pci_irq_vector(pdev, 0);
	ret = devm_request_threaded_irq(npu->drm.dev, npu->irq, NULL, npu_irq_thread, IRQF_ONESHOT,
					"npu", npu);
	if (ret)
		return dev_err_probe(npu->drm.dev, ret, "no interrupt\n");
	return npu_device_start(npu);
}

/**
 * npu_device_start() - put a device that was reset to work
 * @npu: the device
 *
 * Return: 0, or -EIO if it does not hold what is written to it.
 */
int npu_device_start(struct npu_device *npu)
{
	u64 enable = NPU_INT_ENABLE_FENCE__MASK | NPU_INT_ENABLE_FAULT__MASK;

	npu_write(npu, NPU_REG_SCRATCH, 0x6e707520646f6573ull);
	if (npu_read(npu, NPU_REG_SCRATCH) != 0x6e707520646f6573ull)
		return -EIO;
	npu_write(npu, NPU_REG_VM_TABLE_BASE, npu_system_pa(npu->mmu.vm_table_dma));
	npu_sched_start_queues(npu);
	npu_write(npu, NPU_REG_INT_ENABLE, enable);
	return 0;
}

/**
 * npu_device_stop() - no interrupts and no work any more
 * @npu: the device
 */
void npu_device_stop(struct npu_device *npu)
{
	npu_write(npu, NPU_REG_INT_ENABLE, 0);
	synchronize_irq(npu->irq);
	npu_device_reset(npu);
}

/**
 * npu_device_reset() - reset the device; its memory keeps its content
 * @npu: the device
 *
 * Return: 0, -ENODEV if the device does not answer, -ETIMEDOUT if it does not come back.
 */
int npu_device_reset(struct npu_device *npu)
{
	u64 value;
	int ret;

	if (!npu_device_answers(npu))
		return -ENODEV;
	npu_write(npu, NPU_REG_RESET, NPU_RESET_BUSY__MASK);
	ret = readq_poll_timeout(npu->regs + NPU_REG_RESET, value,
				 !(value & NPU_RESET_BUSY__MASK), 50, NPU_RESET_TIMEOUT_US);
	if (ret && value == ~0ull)
		return -ENODEV;
	return ret;
}

/**
 * npu_device_fini() - undo npu_device_init() where devres does not
 * @npu: the device
 */
void npu_device_fini(struct npu_device *npu)
{
	npu_reset_fini(npu);
	npu_coredump_fini(npu);
	npu_sched_fini(npu);
	npu_mmu_fini_tables(npu);
}
