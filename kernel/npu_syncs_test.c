// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/* KUnit tests of npu_syncs.c, which includes this file. */

#include <kunit/test.h>

/* A point says timeline and the other way round. */
static void npu_syncs_test_valid(struct kunit *test)
{
	static const struct {
		struct drm_npu_sync sync;
		bool want;
	} cases[] = {
		{ { .handle = 1 }, true },
		{ { .handle = 1, .flags = DRM_NPU_SYNC_TIMELINE, .point = 1 }, true },
		{ { .handle = 1, .flags = DRM_NPU_SYNC_TIMELINE, .point = U64_MAX }, true },
		{ { .handle = 1, .flags = DRM_NPU_SYNC_TIMELINE }, false },
		{ { .handle = 1, .point = 1 }, false },
		{ { .handle = 1, .point = 1ull << 32 }, false },
		{ { .handle = 1, .flags = DRM_NPU_SYNC_TIMELINE << 1 }, false },
		{ { .handle = 1, .flags = 1u << 31 }, false },
		{ { .handle = 1, .flags = ~0u, .point = 1 }, false },
	};
	struct drm_npu_sync syncs[2] = { { .handle = 1 } };
	u32 i;

	KUNIT_EXPECT_TRUE(test, npu_syncs_are_valid(NULL, 0));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		syncs[1] = cases[i].sync;
		KUNIT_EXPECT_TRUE(test, npu_syncs_are_valid(syncs, 1));
		KUNIT_EXPECT_EQ_MSG(test, npu_syncs_are_valid(syncs, 2), cases[i].want, "case %u",
				    i);
	}
}

static struct kunit_case npu_syncs_test_cases[] = {
	KUNIT_CASE(npu_syncs_test_valid),
	{}
};

static struct kunit_suite npu_syncs_test_suite = {
	.name = "npu_syncs",
	.test_cases = npu_syncs_test_cases,
};

kunit_test_suite(npu_syncs_test_suite);
