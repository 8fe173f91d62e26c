/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_MMU_H__
#define __NPU_MMU_H__

#include <linux/types.h>

struct npu_device;
struct npu_pt;

/**
 * struct npu_pt_pool - tables set aside, so that changing page tables cannot fail
 */
struct npu_pt_pool {
	/** @unused: Tables nobody uses, all zeros. */
	struct npu_pt *unused;
	/** @retired: Taken out of use; the device may read them until the next invalidation. */
	struct npu_pt *retired;
};

/* Most tables npu_mmu_unmap() takes from the pool: a large page at each end, split twice. */
#define NPU_MMU_UNMAP_WORST_CASE	4

int npu_mmu_init_tables(struct npu_device *npu);
void npu_mmu_fini_tables(struct npu_device *npu);
struct npu_pt *npu_mmu_create_root(struct npu_device *npu);
void npu_mmu_destroy_root(struct npu_device *npu, struct npu_pt *root);
void npu_mmu_set_root(struct npu_device *npu, u32 asid, struct npu_pt *root);

u64 npu_mmu_map_worst_case(u64 va, u64 pa, u64 size);
int npu_mmu_pool_add(struct npu_device *npu, struct npu_pt_pool *pool, u64 count);
void npu_mmu_pool_fini(struct npu_device *npu, struct npu_pt_pool *pool);

void npu_mmu_map(struct npu_pt *root, struct npu_pt_pool *pool, u64 va, u64 pa, u64 size,
		 u32 flags);
void npu_mmu_unmap(struct npu_pt *root, struct npu_pt_pool *pool, u64 va, u64 size);
int npu_mmu_invalidate(struct npu_device *npu, u32 asid, u64 va, u64 size);

#endif
