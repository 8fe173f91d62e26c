/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Stands in for <kunit/test.h> where the kernel has no KUnit, which is so for those of distributions: what the
 * driver's suites use of its interface, so that they run unchanged. Like KUnit, each case has a thread of its
 * own, which ends at the first assertion that fails, and the kernel's log says in KTAP what came out. Unlike
 * KUnit, a suite runs when something is written to the module's parameter "kunit_SUITE".
 *
 * tools/vm-module --kunit builds the driver with it; in the debug kernel there is the real one.
 */

#ifndef NPU_VM_KUNIT_TEST_H
#define NPU_VM_KUNIT_TEST_H

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

struct kunit {
	const char *name;
	bool failed;
	/* What is to be undone, the last one first. */
	struct list_head actions;
	struct completion done;
	void (*run_case)(struct kunit *test);
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[64];
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(function)	{ .run_case = function, .name = #function }

/* -- what a case allocates -------------------------------------------------------------------- */

struct npu_kunit_action {
	struct list_head node;
	void (*undo)(void *data);
	void *data;
};

static inline int kunit_add_action_or_reset(struct kunit *test, void (*undo)(void *), void *data)
{
	struct npu_kunit_action *action = kzalloc(sizeof(*action), GFP_KERNEL);

	if (!action) {
		undo(data);
		return -ENOMEM;
	}
	action->undo = undo;
	action->data = data;
	list_add(&action->node, &test->actions);
	return 0;
}

static inline void npu_kunit_free(void *data)
{
	kfree(data);
}

static inline void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	void *data = kzalloc(size, gfp);

	return data && !kunit_add_action_or_reset(test, npu_kunit_free, data) ? data : NULL;
}

static inline void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	return kunit_kzalloc(test, size_mul(n, size), gfp);
}

/* -- running ---------------------------------------------------------------------------------- */

static inline int npu_kunit_thread(void *data)
{
	struct kunit *test = data;

	test->run_case(test);
	kthread_complete_and_exit(&test->done, 0);
}

static inline bool npu_kunit_run_case(const struct kunit_case *c)
{
	struct kunit test = { .name = c->name, .run_case = c->run_case };
	struct npu_kunit_action *action, *next;
	struct task_struct *thread;

	INIT_LIST_HEAD(&test.actions);
	init_completion(&test.done);
	thread = kthread_run(npu_kunit_thread, &test, "kunit-%s", c->name);
	if (IS_ERR(thread))
		return false;
	wait_for_completion(&test.done);
	list_for_each_entry_safe(action, next, &test.actions, node) {
		action->undo(action->data);
		kfree(action);
	}
	return !test.failed;
}

static inline int npu_kunit_run_suite(const char *value, const struct kernel_param *param)
{
	const struct kunit_suite *suite = param->arg;
	u32 i, count = 0, failed = 0;

	while (suite->test_cases[count].run_case)
		count++;
	printk(KERN_INFO "KTAP version 1\n");
	printk(KERN_INFO "1..1\n");
	printk(KERN_INFO "    KTAP version 1\n");
	printk(KERN_INFO "    # Subtest: %s\n", suite->name);
	printk(KERN_INFO "    1..%u\n", count);
	for (i = 0; i < count; i++) {
		bool good = npu_kunit_run_case(&suite->test_cases[i]);

		failed += !good;
		printk(KERN_INFO "    %sok %u %s\n", good ? "" : "not ", i + 1,
		       suite->test_cases[i].name);
	}
	printk(KERN_INFO "%sok 1 %s\n", failed ? "not " : "", suite->name);
	return 0;
}

#define kunit_test_suite(suite)								\
	static const struct kernel_param_ops suite##_param_ops = {			\
		.set = npu_kunit_run_suite,						\
	};										\
	module_param_cb(kunit_##suite, &suite##_param_ops, &(suite), 0200)

/* -- expectations ----------------------------------------------------------------------------- */

static inline void __printf(5, 6)
npu_kunit_fail(struct kunit *test, const char *file, int line, bool fatal, const char *format, ...)
{
	struct va_format message;
	va_list args;

	va_start(args, format);
	message.fmt = format;
	message.va = &args;
	test->failed = true;
	printk(KERN_ERR "    # %s: %s FAILED at %s:%d: %pV\n", test->name,
	       fatal ? "ASSERTION" : "EXPECTATION", file, line, &message);
	va_end(args);
	if (fatal)
		kthread_complete_and_exit(&test->done, 0);
}

#define NPU_KUNIT_CHECK(test, fatal, condition, text)					\
	do {										\
		if (!(condition))							\
			npu_kunit_fail(test, __FILE__, __LINE__, fatal, "%s", text);	\
	} while (0)

/* Integers are compared as C does, and printed as 64 bits. */
#define NPU_KUNIT_COMPARE(test, fatal, left, op, right, format, ...)			\
	do {										\
		typeof(left) left_ = (left);						\
		typeof(right) right_ = (right);						\
											\
		if (!(left_ op right_))							\
			npu_kunit_fail(test, __FILE__, __LINE__, fatal,			\
				       "%s " #op " %s, but they are %lld and %lld " format, \
				       #left, #right, (long long)left_,			\
				       (long long)right_, ##__VA_ARGS__);		\
	} while (0)

#define NPU_KUNIT_COMPARE_PTR(test, fatal, left, op, right)				\
	NPU_KUNIT_CHECK(test, fatal, (const void *)(left) op (const void *)(right),	\
			#left " " #op " " #right)

#define KUNIT_EXPECT_TRUE(test, c)		NPU_KUNIT_CHECK(test, false, c, #c)
#define KUNIT_EXPECT_FALSE(test, c)		NPU_KUNIT_CHECK(test, false, !(c), "not " #c)
#define KUNIT_EXPECT_NULL(test, p)		NPU_KUNIT_COMPARE_PTR(test, false, p, ==, NULL)
#define KUNIT_EXPECT_PTR_EQ(test, l, r)		NPU_KUNIT_COMPARE_PTR(test, false, l, ==, r)
#define KUNIT_EXPECT_EQ(test, l, r)		NPU_KUNIT_COMPARE(test, false, l, ==, r, "")
#define KUNIT_EXPECT_NE(test, l, r)		NPU_KUNIT_COMPARE(test, false, l, !=, r, "")
#define KUNIT_EXPECT_LT(test, l, r)		NPU_KUNIT_COMPARE(test, false, l, <, r, "")
#define KUNIT_EXPECT_LE(test, l, r)		NPU_KUNIT_COMPARE(test, false, l, <=, r, "")
#define KUNIT_EXPECT_GE(test, l, r)		NPU_KUNIT_COMPARE(test, false, l, >=, r, "")
#define KUNIT_EXPECT_EQ_MSG(test, l, r, ...)	NPU_KUNIT_COMPARE(test, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_LT_MSG(test, l, r, ...)	NPU_KUNIT_COMPARE(test, false, l, <, r, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE(test, c)		NPU_KUNIT_CHECK(test, true, c, #c)
#define KUNIT_ASSERT_EQ(test, l, r)		NPU_KUNIT_COMPARE(test, true, l, ==, r, "")
#define KUNIT_ASSERT_EQ_MSG(test, l, r, ...)	NPU_KUNIT_COMPARE(test, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(test, p)		NPU_KUNIT_COMPARE_PTR(test, true, p, !=, NULL)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p)						\
	NPU_KUNIT_CHECK(test, true, !IS_ERR_OR_NULL(p), #p " is no error and not NULL")

#endif
