// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/* KUnit tests of npu_vm_bind.c, which includes this file. */

#include <kunit/test.h>

static struct npu_vm *npu_bind_test_vm(struct kunit *test)
{
	struct npu_device *npu = kunit_kzalloc(test, sizeof(*npu), GFP_KERNEL);
	struct npu_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, npu);
	KUNIT_ASSERT_NOT_NULL(test, vm);
	npu->hw.va_bits = 40;
	vm->npu = npu;
	return vm;
}

static void npu_bind_test_check_op(struct kunit *test)
{
	struct npu_vm *vm = npu_bind_test_vm(test);
	const u64 end = 1ull << 40;
	const struct {
		struct drm_npu_vm_bind_op op;
		int want;
	} cases[] = {
		{ { .flags = 1, .va = NPU_VA_START, .size = 4096 }, 0 },
		{ { .flags = 7, .va = end - 4096, .size = 4096 }, 0 },
		{ { .flags = 1, .va = NPU_VA_START, .size = end - NPU_VA_START }, 0 },
		{ { .flags = 1, .va = NPU_VA_START, .size = end }, -EINVAL },
		{ { .flags = 1, .va = NPU_VA_START - 4096, .size = 4096 }, -EINVAL },
		{ { .flags = 1, .va = end, .size = 4096 }, -EINVAL },
		{ { .flags = 1, .va = end - 4096, .size = 8192 }, -EINVAL },
		{ { .flags = 1, .va = end - 4096, .size = -4096ull }, -EINVAL },
		{ { .flags = 1, .va = -4096ull, .size = 8192 }, -EINVAL },
		{ { .flags = 1, .va = NPU_VA_START, .size = 0 }, -EINVAL },
		{ { .flags = 1, .va = NPU_VA_START + 1, .size = 4096 }, -EINVAL },
		{ { .flags = 2, .va = NPU_VA_START, .size = 4096 }, -EINVAL },
		{ { .flags = 9, .va = NPU_VA_START, .size = 4096 }, -EINVAL },
		{ { .op = 1, .va = NPU_VA_START, .size = 4096 }, 0 },
		{ { .op = 1, .flags = 1, .va = NPU_VA_START, .size = 4096 }, -EINVAL },
		{ { .op = 1, .handle = 1, .va = NPU_VA_START, .size = 4096 }, -EINVAL },
		{ { .op = 2, .va = NPU_VA_START, .size = 4096 }, -EINVAL },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, npu_bind_check_op(vm, &cases[i].op), cases[i].want,
				    "case %u", i);
}

/* Every range that was noted is inside one of those to be invalidated, however many there are. */
static void npu_bind_test_ranges(struct kunit *test)
{
	struct npu_bind *bind = kunit_kzalloc(test, sizeof(*bind), GFP_KERNEL);
	u64 n, start;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, bind);
	npu_bind_note_range(bind, 0x10000, 0x20000);
	npu_bind_note_range(bind, 0x20000, 0x30000);
	npu_bind_note_range(bind, 0x8000, 0x10000);
	KUNIT_EXPECT_EQ(test, bind->num_ranges, 1);
	KUNIT_EXPECT_EQ(test, bind->ranges[0].start, 0x8000);
	KUNIT_EXPECT_EQ(test, bind->ranges[0].end, 0x30000);

	for (n = 0; n < 100; n++) {
		start = (n * 37 % 100) << 20;
		npu_bind_note_range(bind, start, start + 4096);
		KUNIT_EXPECT_LE(test, bind->num_ranges, NPU_BIND_RANGES);
	}
	for (n = 0; n < 100; n++) {
		start = n << 20;
		for (i = 0; i < bind->num_ranges; i++) {
			if (start >= bind->ranges[i].start && start + 4096 <= bind->ranges[i].end)
				break;
		}
		KUNIT_EXPECT_LT_MSG(test, i, bind->num_ranges, "%#llx is in no range", start);
	}
}

static struct kunit_case npu_bind_test_cases[] = {
	KUNIT_CASE(npu_bind_test_check_op),
	KUNIT_CASE(npu_bind_test_ranges),
	{}
};

static struct kunit_suite npu_bind_test_suite = {
	.name = "npu_vm_bind",
	.test_cases = npu_bind_test_cases,
};

kunit_test_suite(npu_bind_test_suite);
