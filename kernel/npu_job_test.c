// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/* KUnit tests of npu_job.c, which includes this file. */

#include <kunit/test.h>

/* Where a command buffer may lie. */
static void npu_job_test_cmdbufs(struct kunit *test)
{
	const u64 end = 1ull << 40;
	const struct {
		struct drm_npu_cmdbuf cmdbuf;
		bool want;
	} cases[] = {
		{ { .va = NPU_VA_START, .num_packets = 1 }, true },
		{ { .va = NPU_VA_START, .num_packets = U32_MAX }, true },
		{ { .va = end - 64, .num_packets = 1 }, true },
		{ { .va = end - 128, .num_packets = 2 }, true },
		{ { .va = end - 64, .num_packets = 2 }, false },
		{ { .va = end - 64, .num_packets = U32_MAX }, false },
		{ { .va = end, .num_packets = 1 }, false },
		{ { .va = -64ull, .num_packets = 2 }, false },
		{ { .va = NPU_VA_START - 64, .num_packets = 2 }, false },
		{ { .va = 0, .num_packets = 1 }, false },
		{ { .va = NPU_VA_START + 32, .num_packets = 1 }, false },
		{ { .va = NPU_VA_START, .num_packets = 0 }, false },
		{ { .va = NPU_VA_START, .num_packets = 1, .flags = 1 }, false },
	};
	struct npu_device *npu = kunit_kzalloc(test, sizeof(*npu), GFP_KERNEL);
	struct npu_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct npu_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	struct drm_npu_cmdbuf cmdbufs[2];
	struct npu_job job = { .ctx = ctx, .cmdbufs = cmdbufs };
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, npu);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_NOT_NULL(test, vm);
	npu->hw.va_bits = 40;
	vm->npu = npu;
	ctx->vm = vm;
	KUNIT_EXPECT_TRUE(test, npu_job_cmdbufs_are_valid(&job));
	cmdbufs[0] = cases[0].cmdbuf;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The last one counts as much as the first. */
		cmdbufs[1] = cases[i].cmdbuf;
		job.num_cmdbufs = 2;
		KUNIT_EXPECT_EQ_MSG(test, npu_job_cmdbufs_are_valid(&job), cases[i].want,
				    "case %u", i);
	}
}

static struct kunit_case npu_job_test_cases[] = {
	KUNIT_CASE(npu_job_test_cmdbufs),
	{}
};

static struct kunit_suite npu_job_test_suite = {
	.name = "npu_job",
	.test_cases = npu_job_test_cases,
};

kunit_test_suite(npu_job_test_suite);
