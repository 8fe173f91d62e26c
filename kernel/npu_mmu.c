// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Page tables
 *
 * Three levels: the root (level 2) with 1024 entries of 1 GiB, then 512 entries of 2 MiB, then 512
 * of 4 KiB. They are in coherent system memory.
 *
 * 1. Changing tables never fails and never allocates: every table that can be needed is set aside
 *    before (&struct npu_pt_pool). So VM_BIND does all of its operations or none, and asynchronous
 *    ones may run where fences are signalled.
 * 2. The largest page that fits is used. Unmapping a part of it splits it.
 * 3. A table without valid entries is taken out, but not freed before the range was invalidated:
 *    the device may be walking it.
 * 4. An entry changes by one 64-bit store: the device sees the old one or the new one.
 */

#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include <drm/npu_accel.h>

#include "npu_device.h"
#include "npu_mmu.h"
#include "npu_pm.h"
#include "npu_reset.h"

#define NPU_PT_ENTRIES		512
#define NPU_PT_ROOT_ENTRIES	(NPU_ROOT_TABLE_SIZE_B / sizeof(__le64))
#define NPU_PT_ROOT_LEVEL	2
#define NPU_PTE_PERMISSIONS	(NPU_PTE_READ__MASK | NPU_PTE_WRITE__MASK | NPU_PTE_EXEC__MASK)

#define NPU_INVALIDATE_TIMEOUT_US	USEC_PER_SEC

/**
 * struct npu_pt - one table, with what the device does not need
 */
struct npu_pt {
	/** @dma: Address for the device. */
	dma_addr_t dma;
	/** @entries: The table. */
	__le64 *entries;
	/** @children: Tables below, NULL for pages and empty entries. */
	struct npu_pt **children;
	/** @used: Valid entries. */
	u32 used;
	/** @next: In a pool. */
	struct npu_pt *next;
	/** @root: It is a root table. */
	bool root;
	/** @link: In &npu_device.mmu.all_tables, while it has memory. */
	struct list_head link;
};

static u32 npu_pt_shift(u32 level)
{
	return 12 + 9 * level;
}

static u32 npu_pt_index(u32 level, u64 va)
{
	if (level == NPU_PT_ROOT_LEVEL)
		return va >> npu_pt_shift(level);
	return (va >> npu_pt_shift(level)) & (NPU_PT_ENTRIES - 1);
}

static void npu_pt_store(struct npu_pt *pt, u32 index, u64 entry)
{
	WRITE_ONCE(pt->entries[index], cpu_to_le64(entry));
}

static u64 npu_pt_entry(const struct npu_pt *pt)
{
	return NPU_PTE_VALID__MASK | npu_system_pa(pt->dma);
}

/* -- tables ----------------------------------------------------------------------------------- */

static struct npu_pt *npu_pt_create(struct npu_device *npu, bool root)
{
	u32 num_entries = root ? NPU_PT_ROOT_ENTRIES : NPU_PT_ENTRIES;
	struct npu_pt *pt = kzalloc(sizeof(*pt), GFP_KERNEL);

	if (!pt)
		return NULL;
	pt->root = root;
	pt->children = kcalloc(num_entries, sizeof(*pt->children), GFP_KERNEL);
	if (!pt->children)
		goto free_pt;
	if (root)
		pt->entries = dma_alloc_coherent(npu->drm.dev, NPU_ROOT_TABLE_SIZE_B, &pt->dma,
						 GFP_KERNEL);
	else
		pt->entries = dma_pool_zalloc(npu->mmu.tables, GFP_KERNEL, &pt->dma);
	if (!pt->entries)
		goto free_children;
	mutex_lock(&npu->mmu.tables_lock);
	list_add(&pt->link, &npu->mmu.all_tables);
	mutex_unlock(&npu->mmu.tables_lock);
	return pt;

free_children:
	kfree(pt->children);
free_pt:
	kfree(pt);
	return NULL;
}

static void npu_pt_free_memory_locked(struct npu_device *npu, struct npu_pt *pt)
{
	if (list_empty(&pt->link))
		return;
	list_del_init(&pt->link);
	if (pt->root)
		dma_free_coherent(npu->drm.dev, NPU_ROOT_TABLE_SIZE_B, pt->entries, pt->dma);
	else
		dma_pool_free(npu->mmu.tables, pt->entries, pt->dma);
	pt->entries = NULL;
}

static void npu_pt_destroy(struct npu_device *npu, struct npu_pt *pt)
{
	mutex_lock(&npu->mmu.tables_lock);
	npu_pt_free_memory_locked(npu, pt);
	mutex_unlock(&npu->mmu.tables_lock);
	kfree(pt->children);
	kfree(pt);
}

/**
 * npu_mmu_init_tables() - prepare for page tables
 * @npu: the device; its tables_lock was initialised
 *
 * Return: 0 or -ENOMEM.
 */
int npu_mmu_init_tables(struct npu_device *npu)
{
	INIT_LIST_HEAD(&npu->mmu.all_tables);
	npu->mmu.tables = dma_pool_create("npu page tables", npu->drm.dev, NPU_PAGE_SIZE_B,
					  NPU_PAGE_SIZE_B, 0);
	return npu->mmu.tables ? 0 : -ENOMEM;
}

/**
 * npu_mmu_fini_tables() - free the memory of all tables, because the device goes
 * @npu: the device; nobody makes tables or changes some any more
 *
 * What is left belongs to binds that wait for fences or are about to be freed; they have nothing
 * but the memory the tables were in taken from them.
 */
void npu_mmu_fini_tables(struct npu_device *npu)
{
	struct npu_pt *pt, *next;

	if (!npu->mmu.tables)
		return;
	mutex_lock(&npu->mmu.tables_lock);
	list_for_each_entry_safe(pt, next, &npu->mmu.all_tables, link)
		npu_pt_free_memory_locked(npu, pt);
	mutex_unlock(&npu->mmu.tables_lock);
	dma_pool_destroy(npu->mmu.tables);
	npu->mmu.tables = NULL;
}

/**
 * npu_mmu_create_root() - make an empty address space
 * @npu: the device
 *
 * Return: its root table or NULL.
 */
struct npu_pt *npu_mmu_create_root(struct npu_device *npu)
{
	return npu_pt_create(npu, true);
}

static void npu_pt_destroy_all(struct npu_device *npu, struct npu_pt *pt)
{
	u32 i, num_entries = pt->root ? NPU_PT_ROOT_ENTRIES : NPU_PT_ENTRIES;

	for (i = 0; i < num_entries; i++) {
		if (pt->children[i])
			npu_pt_destroy_all(npu, pt->children[i]);
	}
	npu_pt_destroy(npu, pt);
}

/**
 * npu_mmu_destroy_root() - free all page tables of an address space
 * @npu: the device, which does not know of it any more
 * @root: its root table
 */
void npu_mmu_destroy_root(struct npu_device *npu, struct npu_pt *root)
{
	npu_pt_destroy_all(npu, root);
}

/**
 * npu_mmu_set_root() - tell the device of an address space
 * @npu: the device
 * @asid: its identifier
 * @root: its root table, or NULL: there is none any more
 */
void npu_mmu_set_root(struct npu_device *npu, u32 asid, struct npu_pt *root)
{
	__le64 *entry = (__le64 *)&npu->mmu.vm_table[asid].root;

	WRITE_ONCE(*entry, cpu_to_le64(root ? npu_system_pa(root->dma) | 1 : 0));
	npu_mmu_invalidate(npu, asid, 0, 0);
}

/**
 * npu_mmu_map_worst_case() - most tables npu_mmu_map() can need
 * @va: as there
 * @pa: as there
 * @size: as there
 *
 * Return: their number.
 */
u64 npu_mmu_map_worst_case(u64 va, u64 pa, u64 size)
{
	u64 last = va + size - 1;
	u64 huge = last / NPU_HUGE_PAGE_SIZE_B - va / NPU_HUGE_PAGE_SIZE_B + 1;
	u64 large = last / NPU_LARGE_PAGE_SIZE_B - va / NPU_LARGE_PAGE_SIZE_B + 1;

	/* With equal offsets in a large page only the two ends need small pages. */
	if ((va ^ pa) % NPU_LARGE_PAGE_SIZE_B == 0)
		large = min_t(u64, large, 2);
	return huge + large;
}

/**
 * npu_mmu_pool_add() - set tables aside
 * @npu: the device
 * @pool: for what
 * @count: how many
 *
 * Return: 0 or -ENOMEM; the pool keeps what was added.
 */
int npu_mmu_pool_add(struct npu_device *npu, struct npu_pt_pool *pool, u64 count)
{
	while (count--) {
		struct npu_pt *pt = npu_pt_create(npu, false);

		if (!pt)
			return -ENOMEM;
		pt->next = pool->unused;
		pool->unused = pt;
	}
	return 0;
}

static void npu_pt_destroy_list(struct npu_device *npu, struct npu_pt *pt)
{
	while (pt) {
		struct npu_pt *next = pt->next;

		npu_pt_destroy(npu, pt);
		pt = next;
	}
}

/**
 * npu_mmu_pool_fini() - free what was not used, and what went out of use
 * @npu: the device
 * @pool: the pool; the range was invalidated if it was used
 */
void npu_mmu_pool_fini(struct npu_device *npu, struct npu_pt_pool *pool)
{
	npu_pt_destroy_list(npu, pool->unused);
	npu_pt_destroy_list(npu, pool->retired);
	pool->unused = NULL;
	pool->retired = NULL;
}

static struct npu_pt *npu_mmu_pool_take(struct npu_pt_pool *pool)
{
	struct npu_pt *pt = pool->unused;

	pool->unused = pt->next;
	pt->next = NULL;
	return pt;
}

/* -- map and unmap ---------------------------------------------------------------------------- */

static void npu_pt_map(struct npu_pt_pool *pool, struct npu_pt *pt, u32 level, u64 va, u64 end,
		       u64 pa, u64 permissions)
{
	u64 page = 1ull << npu_pt_shift(level);

	while (va < end) {
		u32 index = npu_pt_index(level, va);
		u64 stop = min(end, (va & ~(page - 1)) + page);

		if (stop - va == page && (pa & (page - 1)) == 0) {
			npu_pt_store(pt, index, NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK |
				     permissions | pa);
			pt->used++;
		} else {
			struct npu_pt *child = pt->children[index];
			bool is_new = !child;

			if (is_new)
				child = npu_mmu_pool_take(pool);
			npu_pt_map(pool, child, level - 1, va, stop, pa, permissions);
			if (is_new) {
				pt->children[index] = child;
				pt->used++;
				dma_wmb(); /* the table before what points to it */
				npu_pt_store(pt, index, npu_pt_entry(child));
			}
		}
		pa += stop - va;
		va = stop;
	}
}

/* Replaces a large page by a table of pages of the next smaller size. */
static void npu_pt_split(struct npu_pt_pool *pool, struct npu_pt *pt, u32 level, u32 index)
{
	u64 entry = le64_to_cpu(pt->entries[index]);
	struct npu_pt *child = npu_mmu_pool_take(pool);
	u32 i;

	for (i = 0; i < NPU_PT_ENTRIES; i++)
		npu_pt_store(child, i, NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK |
			     (entry & NPU_PTE_PERMISSIONS) |
			     ((entry & NPU_PTE_PA__MASK) + ((u64)i << npu_pt_shift(level - 1))));
	child->used = NPU_PT_ENTRIES;
	pt->children[index] = child;
	dma_wmb(); /* the table before what points to it */
	npu_pt_store(pt, index, npu_pt_entry(child));
}

static void npu_pt_unmap(struct npu_pt_pool *pool, struct npu_pt *pt, u32 level, u64 va, u64 end)
{
	u64 page = 1ull << npu_pt_shift(level);

	while (va < end) {
		u32 index = npu_pt_index(level, va);
		u64 stop = min(end, (va & ~(page - 1)) + page);
		struct npu_pt *child;

		if (!pt->entries[index]) {
			va = stop;
			continue;
		}
		if (!pt->children[index] && stop - va < page)
			npu_pt_split(pool, pt, level, index);
		child = pt->children[index];
		if (child)
			npu_pt_unmap(pool, child, level - 1, va, stop);
		if (!child || !child->used) {
			npu_pt_store(pt, index, 0);
			pt->children[index] = NULL;
			pt->used--;
		}
		if (child && !child->used) {
			child->next = pool->retired;
			pool->retired = child;
		}
		va = stop;
	}
}

/**
 * npu_mmu_map() - map a range in which nothing is mapped
 * @root: root table of the address space, or NULL: nothing happens
 * @pool: has npu_mmu_map_worst_case() tables
 * @va: start, page aligned
 * @pa: physical address as the device sees it, page aligned
 * @size: bytes, page aligned
 * @flags: enum drm_npu_vm_map_flags
 */
void npu_mmu_map(struct npu_pt *root, struct npu_pt_pool *pool, u64 va, u64 pa, u64 size,
		 u32 flags)
{
	u64 permissions = 0;

	if (!root)
		return;
	if (flags & DRM_NPU_VM_MAP_READ)
		permissions |= NPU_PTE_READ__MASK;
	if (flags & DRM_NPU_VM_MAP_WRITE)
		permissions |= NPU_PTE_WRITE__MASK;
	if (flags & DRM_NPU_VM_MAP_EXEC)
		permissions |= NPU_PTE_EXEC__MASK;
	npu_pt_map(pool, root, NPU_PT_ROOT_LEVEL, va, va + size, pa, permissions);
}

/**
 * npu_mmu_unmap() - unmap what is mapped in a range
 * @root: root table of the address space, or NULL: nothing happens
 * @pool: has NPU_MMU_UNMAP_WORST_CASE tables
 * @va: start, page aligned
 * @size: bytes, page aligned
 */
void npu_mmu_unmap(struct npu_pt *root, struct npu_pt_pool *pool, u64 va, u64 size)
{
	if (root)
		npu_pt_unmap(pool, root, NPU_PT_ROOT_LEVEL, va, va + size);
}

/**
 * npu_mmu_invalidate() - make the device look at the page tables again
 * @npu: the device
 * @asid: the address space
 * @va: start of the range
 * @size: bytes of it; 0: the whole address space
 *
 * When it returns the device uses nothing any more that was in the range before.
 *
 * Return: 0, or -EIO if the device does not answer; it is being reset then.
 */
int npu_mmu_invalidate(struct npu_device *npu, u32 asid, u64 va, u64 size)
{
	u64 control = NPU_SET(NPU_TLB_CONTROL_ASID, asid), value = 0;
	int idx, ret, awake;

	if (!drm_dev_enter(&npu->drm, &idx))
		return -EIO; /* it is gone, and does nothing any more */
	/* A device that sleeps knows nothing of page tables. */
	awake = pm_runtime_get_if_active(npu->drm.dev);
	if (!awake) {
		drm_dev_exit(idx);
		return 0;
	}

	mutex_lock(&npu->mmu.lock);
	if (size) {
		npu_write(npu, NPU_REG_TLB_VA, va);
		npu_write(npu, NPU_REG_TLB_SIZE, size);
	} else {
		control |= NPU_TLB_CONTROL_ALL__MASK;
	}
	dma_wmb(); /* page tables before the doorbell */
	npu_write(npu, NPU_REG_TLB_CONTROL, control);
	ret = readq_poll_timeout(npu->regs + NPU_REG_TLB_CONTROL, value,
				 !(value & NPU_TLB_CONTROL_BUSY__MASK), 10,
				 NPU_INVALIDATE_TIMEOUT_US);
	mutex_unlock(&npu->mmu.lock);
	if (awake > 0)
		npu_pm_put(npu);
	drm_dev_exit(idx);

	if (ret) {
		npu_reset_schedule(npu, "invalidation does not end");
		return -EIO;
	}
	return 0;
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_mmu_test.c"
#endif
