// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/*
 * KUnit test of npu_entity.c, which includes this file: an entity ends at the worst moment, while
 * the DRM scheduler is between choosing it and taking its first job.
 */

#include <kunit/test.h>

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/rbtree.h>
#include <linux/workqueue.h>

#define NPU_ENTITY_TEST_JOBS	4

struct npu_entity_test {
	struct drm_gpu_scheduler sched;
	struct drm_sched_entity entity;
	struct drm_sched_job jobs[NPU_ENTITY_TEST_JOBS];
	atomic_t prepared, run, freed;
	struct work_struct end;
};

static struct npu_entity_test *npu_entity_test_of(struct drm_sched_job *job)
{
	return container_of(job->sched, struct npu_entity_test, sched);
}

static void npu_entity_test_end(struct work_struct *work)
{
	struct npu_entity_test *t = container_of(work, struct npu_entity_test, end);

	npu_entity_fini(&t->sched, &t->entity);
}

/* Called for a job that the scheduler is about to take. */
static struct dma_fence *npu_entity_test_prepare(struct drm_sched_job *job,
						 struct drm_sched_entity *entity)
{
	struct npu_entity_test *t = npu_entity_test_of(job);

	if (atomic_inc_return(&t->prepared) == 1) {
		queue_work(system_unbound_wq, &t->end);
		msleep(200); /* until that waits */
	}
	return NULL;
}

static struct dma_fence *npu_entity_test_run(struct drm_sched_job *job)
{
	atomic_inc(&npu_entity_test_of(job)->run);
	return NULL;
}

static enum drm_gpu_sched_stat npu_entity_test_timedout(struct drm_sched_job *job)
{
	return DRM_GPU_SCHED_STAT_RESET;
}

static void npu_entity_test_free(struct drm_sched_job *job)
{
	struct npu_entity_test *t = npu_entity_test_of(job);

	drm_sched_job_cleanup(job);
	atomic_inc(&t->freed);
}

static const struct drm_sched_backend_ops npu_entity_test_ops = {
	.prepare_job = npu_entity_test_prepare,
	.run_job = npu_entity_test_run,
	.timedout_job = npu_entity_test_timedout,
	.free_job = npu_entity_test_free,
};

/* The first job runs, the others are killed, and the scheduler has forgotten the entity. */
static void npu_entity_test_end_while_chosen(struct kunit *test)
{
	const struct drm_sched_init_args args = {
		.ops = &npu_entity_test_ops,
		.num_rqs = 1,
		.credit_limit = NPU_ENTITY_TEST_JOBS,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = "npu test",
	};
	struct npu_entity_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct drm_gpu_scheduler *sched;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	sched = &t->sched;
	INIT_WORK(&t->end, npu_entity_test_end);
	KUNIT_ASSERT_EQ(test, drm_sched_init(sched, &args), 0);
	KUNIT_ASSERT_EQ(test, drm_sched_entity_init(&t->entity, DRM_SCHED_PRIORITY_KERNEL, &sched,
						    1, NULL), 0);
	/* None starts before all are there. */
	drm_sched_wqueue_stop(sched);
	for (i = 0; i < NPU_ENTITY_TEST_JOBS; i++) {
		KUNIT_ASSERT_EQ(test, drm_sched_job_init(&t->jobs[i], &t->entity, 1, NULL, 0), 0);
		drm_sched_job_arm(&t->jobs[i]);
		drm_sched_entity_push_job(&t->jobs[i]);
	}
	drm_sched_wqueue_start(sched);

	for (i = 0; i < 500 && atomic_read(&t->freed) < NPU_ENTITY_TEST_JOBS; i++)
		msleep(20);
	flush_work(&t->end);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->freed), NPU_ENTITY_TEST_JOBS);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->run), 1);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_NODE(&t->entity.rb_tree_node));
	drm_sched_fini(sched);
}

static struct kunit_case npu_entity_test_cases[] = {
	KUNIT_CASE(npu_entity_test_end_while_chosen),
	{}
};

static struct kunit_suite npu_entity_test_suite = {
	.name = "npu_entity",
	.test_cases = npu_entity_test_cases,
};

kunit_test_suite(npu_entity_test_suite);
