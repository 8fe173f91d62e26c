/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_DEVICE_H__
#define __NPU_DEVICE_H__

#include <linux/atomic.h>
#include <linux/dmapool.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_mm.h>

#include <drm/npu_accel.h>

#include <npu_isa/npu_regs.h>

#include "npu_coredump.h"
#include "npu_sched.h"

/* Lowest address that can be bound: null pointers and small offsets to them always fault. */
#define NPU_VA_START		0x10000ull

#define NPU_MAX_CONTEXTS	4096

struct npu_ctx;
struct npu_user;

/**
 * struct npu_shared - what device and driver write for each other, in coherent system memory
 */
struct npu_shared {
	/** @status: Status words of contexts: not 0, and their command buffers are dropped. */
	__le64 status[NPU_MAX_CONTEXTS];
	/** @fence: The last fence packet completed on each queue. */
	__le64 fence[NPU_NUM_QUEUES];
};

/**
 * struct npu_device - one accelerator
 */
struct npu_device {
	/** @drm: Base class. */
	struct drm_device drm;

	/** @regs: BAR 0. */
	void __iomem *regs;

	/** @irq: The one interrupt. */
	int irq;

	/** @hw: What the device says of itself; constant after probe. */
	struct {
		u32 arch_version;
		u32 num_cores;
		u32 waves_per_core;
		u32 wave_size;
		u32 num_queues;
		u32 va_bits;
		u32 num_asids;
		u32 local_mem_size;
	} hw;

	/** @watchdog_ms: What the module's parameter was when the device was probed. */
	u32 watchdog_ms;

	/** @vram: Device-local memory. */
	struct {
		/** @vram.base: Bus address of BAR 2 as the CPU sees it. */
		resource_size_t base;
		/** @vram.size: Bytes of memory. */
		u64 size;
		/** @vram.map: Mapping of all of it. */
		void __iomem *map;
		/** @vram.lock: Protects @vram.mm and @vram.used. */
		struct mutex lock;
		/** @vram.mm: What is allocated. */
		struct drm_mm mm;
		/** @vram.used: Bytes allocated. */
		u64 used;
	} vram;

	/** @mapped_lock: Protects @mapped. */
	struct mutex mapped_lock;
	/** @mapped: &npu_gem_object.mapped: buffers with DMA addresses of system memory. */
	struct list_head mapped;
	/** @system_used: Bytes of buffer objects in system memory. */
	atomic64_t system_used;

	/** @shared: See there; at @shared_dma for the device. */
	struct npu_shared *shared;
	dma_addr_t shared_dma;

	/** @mmu: Address translation. */
	struct {
		/** @mmu.vm_table: The VM table, at @mmu.vm_table_dma for the device. */
		struct npu_vm_table_entry *vm_table;
		dma_addr_t vm_table_dma;
		/** @mmu.tables: Page tables below the root. */
		struct dma_pool *tables;
		/** @mmu.tables_lock: Protects @mmu.all_tables. */
		struct mutex tables_lock;
		/** @mmu.all_tables: &npu_pt.link: tables that have memory. */
		struct list_head all_tables;
		/** @mmu.lock: Serialises invalidations: they take three registers. */
		struct mutex lock;
		/** @mmu.asids: Address space identifiers in use. */
		struct ida asids;
		/** @mmu.next_uid: Number of the next VM; never used again. */
		atomic64_t next_uid;
	} mmu;

	/** @vms_lock: Protects @vms. */
	struct mutex vms_lock;
	/** @vms: &npu_vm.link: all of them. */
	struct list_head vms;

	/** @users_lock: Protects @users and what they have. */
	struct mutex users_lock;
	/** @users: &npu_user.link: who has files open, or what was made with them. */
	struct list_head users;

	/** @ctxs: All contexts by slot; protected by @sched.lock. */
	struct npu_ctx *ctxs[NPU_MAX_CONTEXTS];
	/** @ctx_slots: Slots in use. */
	struct ida ctx_slots;
	/** @ctx_generation: Makes hardware ids of contexts unique. */
	u32 ctx_generation;

	/** @sched: Jobs and hardware queues. */
	struct npu_sched sched;

	/** @coredump: See there. */
	struct npu_coredump coredump;

	/** @watchdog: Looks after jobs on the hardware, see npu_reset.c. */
	struct delayed_work watchdog;
	/** @reset_work: Resets the device, see npu_reset.c. */
	struct work_struct reset_work;
	/** @reset_wq: Runs both of them, one after the other. */
	struct workqueue_struct *reset_wq;
	/** @lost: The device is gone for good. */
	bool lost;
	/** @resets: How often it was reset. */
	atomic_t resets;
};

static inline struct npu_device *to_npu_device(struct drm_device *drm)
{
	return container_of(drm, struct npu_device, drm);
}

/**
 * struct npu_file - one open file
 */
struct npu_file {
	/** @npu: The device. */
	struct npu_device *npu;
	/** @user: Who opened it. */
	struct npu_user *user;
	/** @drm: The DRM core's part. */
	struct drm_file *drm;
	/** @lock: Protects lookups in @vms and @ctxs against removal. */
	struct mutex lock;
	/** @vms: &struct npu_vm by id. */
	struct xarray vms;
	/** @ctxs: &struct npu_ctx by id. */
	struct xarray ctxs;
	/** @num_ctxs: Elements of @ctxs; protected by @lock. */
	u32 num_ctxs;
	/** @closed_run_ns: Time the jobs of contexts ran that are gone; protected by @lock. */
	u64 closed_run_ns;
};

static inline u64 npu_read(struct npu_device *npu, u32 reg)
{
	return readq(npu->regs + reg);
}

static inline void npu_write(struct npu_device *npu, u32 reg, u64 value)
{
	writeq(value, npu->regs + reg);
}

/* As the device addresses system memory. */
static inline u64 npu_system_pa(dma_addr_t dma)
{
	return NPU_PA_SYSTEM | dma;
}

static inline u64 npu_status_pa(struct npu_device *npu, u32 slot)
{
	return npu_system_pa(npu->shared_dma + offsetof(struct npu_shared, status) +
			     slot * sizeof(__le64));
}

static inline u64 npu_fence_pa(struct npu_device *npu, u32 queue)
{
	return npu_system_pa(npu->shared_dma + offsetof(struct npu_shared, fence) +
			     queue * sizeof(__le64));
}

int npu_device_init(struct npu_device *npu);
void npu_device_fini(struct npu_device *npu);
int npu_device_start(struct npu_device *npu);
void npu_device_stop(struct npu_device *npu);
int npu_device_reset(struct npu_device *npu);
void npu_device_read_counters(struct npu_device *npu, struct drm_npu_counter_info *info);
bool npu_device_answers(struct npu_device *npu);

#endif
