// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/*
 * KUnit tests of npu_mmu.c, which includes this file: page tables, read back as the device walks
 * them.
 */

#include <linux/device.h>
#include <linux/prandom.h>

#include <kunit/test.h>

#define NPU_MMU_TEST_RW		(DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE)

/* Pages of the range of the random test: three large pages. */
#define NPU_MMU_TEST_PAGES	(3 * NPU_PT_ENTRIES)

struct npu_mmu_test {
	struct npu_device *npu;
	struct npu_pt *root;
	struct npu_pt_pool pool;
};

static void npu_mmu_test_unregister(void *dev)
{
	root_device_unregister(dev);
}

static void npu_mmu_test_fini_tables(void *npu)
{
	npu_mmu_fini_tables(npu);
}

static void npu_mmu_test_fini(void *data)
{
	struct npu_mmu_test *t = data;

	npu_mmu_pool_fini(t->npu, &t->pool);
	npu_mmu_destroy_root(t->npu, t->root);
}

/* An address space of a device that is not there. */
static struct npu_mmu_test *npu_mmu_test_init(struct kunit *test)
{
	struct npu_mmu_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct device *dev;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->npu = kunit_kzalloc(test, sizeof(*t->npu), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->npu);
	dev = root_device_register("npu-kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, npu_mmu_test_unregister, dev), 0);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(47)), 0);
	t->npu->drm.dev = dev;
	mutex_init(&t->npu->mmu.tables_lock);
	KUNIT_ASSERT_EQ(test, npu_mmu_init_tables(t->npu), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, npu_mmu_test_fini_tables, t->npu), 0);
	t->root = npu_mmu_create_root(t->npu);
	KUNIT_ASSERT_NOT_NULL(test, t->root);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, npu_mmu_test_fini, t), 0);
	return t;
}

static u32 npu_mmu_test_length(const struct npu_pt *pt)
{
	u32 length = 0;

	for (; pt; pt = pt->next)
		length++;
	return length;
}

static void npu_mmu_test_reserve(struct kunit *test, struct npu_mmu_test *t, u64 count)
{
	npu_mmu_pool_fini(t->npu, &t->pool);
	KUNIT_ASSERT_EQ(test, npu_mmu_pool_add(t->npu, &t->pool, count), 0);
}

/* Maps with as many tables as the driver sets aside for it. Returns how many it has used. */
static u32 npu_mmu_test_map(struct kunit *test, struct npu_mmu_test *t, u64 va, u64 pa, u64 size,
			    u32 flags)
{
	u32 count = npu_mmu_map_worst_case(va, pa, size);

	npu_mmu_test_reserve(test, t, count);
	npu_mmu_map(t->root, &t->pool, va, pa, size, flags);
	return count - npu_mmu_test_length(t->pool.unused);
}

static u32 npu_mmu_test_unmap(struct kunit *test, struct npu_mmu_test *t, u64 va, u64 size)
{
	npu_mmu_test_reserve(test, t, NPU_MMU_UNMAP_WORST_CASE);
	npu_mmu_unmap(t->root, &t->pool, va, size);
	return NPU_MMU_UNMAP_WORST_CASE - npu_mmu_test_length(t->pool.unused);
}

/* The leaf entry of an address and its level, by the entries alone; 0 if there is none. */
static u64 npu_mmu_test_walk(struct kunit *test, struct npu_mmu_test *t, u64 va, u32 *level)
{
	const struct npu_pt *pt = t->root;

	for (*level = NPU_PT_ROOT_LEVEL;; (*level)--) {
		u32 index = npu_pt_index(*level, va);
		u64 entry = le64_to_cpu(pt->entries[index]);

		if (!(entry & NPU_PTE_VALID__MASK)) {
			KUNIT_EXPECT_EQ(test, entry, 0);
			return 0;
		}
		if (entry & NPU_PTE_LEAF__MASK)
			return entry;
		pt = pt->children[index];
		KUNIT_ASSERT_NOT_NULL(test, pt);
		KUNIT_ASSERT_EQ(test, entry & NPU_PTE_PA__MASK, npu_system_pa(pt->dma));
		KUNIT_EXPECT_NE(test, pt->used, 0);
	}
}

/* Where an address is mapped to; 0: nowhere. */
static u64 npu_mmu_test_pa(struct kunit *test, struct npu_mmu_test *t, u64 va)
{
	u32 level;
	u64 entry = npu_mmu_test_walk(test, t, va, &level);

	return entry ? (entry & NPU_PTE_PA__MASK) + (va & ((1ull << npu_pt_shift(level)) - 1)) : 0;
}

static u32 npu_mmu_test_level(struct kunit *test, struct npu_mmu_test *t, u64 va)
{
	u32 level;

	KUNIT_EXPECT_NE(test, npu_mmu_test_walk(test, t, va, &level), 0);
	return level;
}

static void npu_mmu_test_permissions(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);
	u64 va = NPU_VA_START, entry;
	u32 flags, level;

	for (flags = 0; flags < 8; flags++, va += NPU_PAGE_SIZE_B) {
		npu_mmu_test_map(test, t, va, 0x5000, NPU_PAGE_SIZE_B, flags);
		entry = npu_mmu_test_walk(test, t, va, &level);
		KUNIT_EXPECT_EQ(test, level, 0);
		KUNIT_EXPECT_EQ(test, !!(entry & NPU_PTE_READ__MASK),
				!!(flags & DRM_NPU_VM_MAP_READ));
		KUNIT_EXPECT_EQ(test, !!(entry & NPU_PTE_WRITE__MASK),
				!!(flags & DRM_NPU_VM_MAP_WRITE));
		KUNIT_EXPECT_EQ(test, !!(entry & NPU_PTE_EXEC__MASK),
				!!(flags & DRM_NPU_VM_MAP_EXEC));
	}
	/* Neither before nor behind. */
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, NPU_VA_START - NPU_PAGE_SIZE_B), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, va), 0);
}

/* The largest page that fits, up to where it does not fit any more. */
static void npu_mmu_test_page_sizes(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);
	const u64 huge = NPU_HUGE_PAGE_SIZE_B, large = NPU_LARGE_PAGE_SIZE_B;
	const u64 va = 2 * huge - large - NPU_PAGE_SIZE_B;
	const u64 size = NPU_PAGE_SIZE_B + large + huge + large + NPU_PAGE_SIZE_B;
	const u64 pa = 4 * huge - large - NPU_PAGE_SIZE_B;

	KUNIT_EXPECT_EQ(test, npu_mmu_test_map(test, t, va, pa, size, NPU_MMU_TEST_RW), 4);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, va), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, 2 * huge - large), 1);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, 2 * huge), 2);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, 3 * huge), 1);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, 3 * huge + large), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, va + size - 1), pa + size - 1);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, va + size), 0);

	/* Where the offsets differ, no large page fits. */
	npu_mmu_test_map(test, t, 8 * huge, huge + NPU_PAGE_SIZE_B, 2 * large, NPU_MMU_TEST_RW);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, 8 * huge), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, 8 * huge + large), huge + large +
			NPU_PAGE_SIZE_B);

	/* The last page there is. */
	npu_mmu_test_map(test, t, NPU_PT_ROOT_ENTRIES * huge - NPU_PAGE_SIZE_B, 0x1000,
			 NPU_PAGE_SIZE_B, NPU_MMU_TEST_RW);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, NPU_PT_ROOT_ENTRIES * huge - 1), 0x1fff);
}

/* A page out of the middle of a huge one: what is around it stays, in the largest pages. */
static void npu_mmu_test_split(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);
	const u64 huge = NPU_HUGE_PAGE_SIZE_B, large = NPU_LARGE_PAGE_SIZE_B;
	const u64 hole = huge + 5 * large + 7 * NPU_PAGE_SIZE_B;
	u64 entry;
	u32 level;

	KUNIT_EXPECT_EQ(test, npu_mmu_test_map(test, t, huge, 3 * huge, huge, NPU_MMU_TEST_RW), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_unmap(test, t, hole, NPU_PAGE_SIZE_B), 2);
	KUNIT_EXPECT_NULL(test, t->pool.retired);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, hole), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, hole - 1), hole - 1 + 2 * huge);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, hole + NPU_PAGE_SIZE_B),
			hole + NPU_PAGE_SIZE_B + 2 * huge);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_level(test, t, huge), 1);
	entry = npu_mmu_test_walk(test, t, 2 * huge - 1, &level);
	KUNIT_EXPECT_EQ(test, level, 1);
	KUNIT_EXPECT_EQ(test, entry & NPU_PTE_PERMISSIONS,
			NPU_PTE_READ__MASK | NPU_PTE_WRITE__MASK);

	/* Both ends of two huge pages, each split twice: the worst case. */
	npu_mmu_test_map(test, t, 4 * huge, 0, 2 * huge, NPU_MMU_TEST_RW);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_unmap(test, t, 4 * huge + NPU_PAGE_SIZE_B,
						 2 * (huge - NPU_PAGE_SIZE_B)),
			NPU_MMU_UNMAP_WORST_CASE);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, 4 * huge + 1), 1);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, 4 * huge + NPU_PAGE_SIZE_B), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, 6 * huge - NPU_PAGE_SIZE_B - 1), 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, 6 * huge - 1), 2 * huge - 1);
}

/* Tables nobody needs go, but not before the device was told. */
static void npu_mmu_test_retire(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);
	const u64 va = NPU_HUGE_PAGE_SIZE_B;

	KUNIT_EXPECT_EQ(test, npu_mmu_test_map(test, t, va, 0x1000, 2 * NPU_PAGE_SIZE_B,
					       NPU_MMU_TEST_RW), 2);
	KUNIT_EXPECT_EQ(test, t->root->used, 1);
	npu_mmu_test_unmap(test, t, va, NPU_PAGE_SIZE_B);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_length(t->pool.retired), 0);
	npu_mmu_test_unmap(test, t, va, NPU_HUGE_PAGE_SIZE_B);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_length(t->pool.retired), 2);
	KUNIT_EXPECT_EQ(test, t->root->used, 0);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_pa(test, t, va + NPU_PAGE_SIZE_B), 0);

	/* Where nothing is mapped, nothing happens; neither when the device is gone. */
	npu_mmu_test_unmap(test, t, NPU_VA_START, 100ull * NPU_HUGE_PAGE_SIZE_B);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_length(t->pool.retired), 0);
	npu_mmu_map(NULL, &t->pool, va, 0, NPU_PAGE_SIZE_B, NPU_MMU_TEST_RW);
	npu_mmu_unmap(NULL, &t->pool, va, NPU_PAGE_SIZE_B);
}

/* Ranges at random, against a list of what is mapped; the tables set aside always suffice. */
static void npu_mmu_test_random(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);
	const u64 base = 7ull * NPU_HUGE_PAGE_SIZE_B - NPU_LARGE_PAGE_SIZE_B;
	u64 *want = kunit_kcalloc(test, NPU_MMU_TEST_PAGES, sizeof(*want), GFP_KERNEL);
	struct rnd_state random;
	u32 round, i;

	KUNIT_ASSERT_NOT_NULL(test, want);
	prandom_seed_state(&random, 20260101);
	for (round = 0; round < 100; round++) {
		u32 first = prandom_u32_state(&random) % NPU_MMU_TEST_PAGES;
		u32 count = 1 + prandom_u32_state(&random) % (NPU_MMU_TEST_PAGES - first);
		u64 va = base + (u64)first * NPU_PAGE_SIZE_B, size = (u64)count * NPU_PAGE_SIZE_B;
		/* Often with the same offset in a large page. */
		u64 pa = 3ull * NPU_HUGE_PAGE_SIZE_B + va % NPU_HUGE_PAGE_SIZE_B;

		npu_mmu_test_unmap(test, t, va, size);
		for (i = first; i < first + count; i++)
			want[i] = 0;
		if (round % 3) {
			if (round % 3 == 1)
				pa += NPU_PAGE_SIZE_B;
			npu_mmu_test_map(test, t, va, pa, size, NPU_MMU_TEST_RW);
			for (i = first; i < first + count; i++)
				want[i] = pa + (u64)(i - first) * NPU_PAGE_SIZE_B;
		}
		for (i = 0; i < NPU_MMU_TEST_PAGES; i++)
			KUNIT_ASSERT_EQ_MSG(test, npu_mmu_test_pa(test, t, base + (u64)i *
								  NPU_PAGE_SIZE_B),
					    want[i], "page %u in round %u", i, round);
	}
	npu_mmu_test_unmap(test, t, base, NPU_MMU_TEST_PAGES * NPU_PAGE_SIZE_B);
	KUNIT_EXPECT_EQ(test, t->root->used, 0);
}

/* The memory of tables may be taken from them while somebody has them set aside or in use. */
static void npu_mmu_test_gone(struct kunit *test)
{
	struct npu_mmu_test *t = npu_mmu_test_init(test);

	npu_mmu_test_map(test, t, NPU_VA_START, 0, NPU_PAGE_SIZE_B, NPU_MMU_TEST_RW);
	npu_mmu_test_reserve(test, t, 3);
	KUNIT_EXPECT_FALSE(test, list_empty(&t->npu->mmu.all_tables));
	npu_mmu_fini_tables(t->npu);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->npu->mmu.all_tables));
	KUNIT_EXPECT_NULL(test, t->root->entries);
	KUNIT_EXPECT_EQ(test, npu_mmu_test_length(t->pool.unused), 3);
}

static struct kunit_case npu_mmu_test_cases[] = {
	KUNIT_CASE(npu_mmu_test_permissions),
	KUNIT_CASE(npu_mmu_test_page_sizes),
	KUNIT_CASE(npu_mmu_test_split),
	KUNIT_CASE(npu_mmu_test_retire),
	KUNIT_CASE(npu_mmu_test_random),
	KUNIT_CASE(npu_mmu_test_gone),
	{}
};

static struct kunit_suite npu_mmu_test_suite = {
	.name = "npu_mmu",
	.test_cases = npu_mmu_test_cases,
};

kunit_test_suite(npu_mmu_test_suite);
