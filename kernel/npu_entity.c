// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: The end of an entity
 *
 * Contexts and VMs are destroyed while their entities still have jobs. The DRM scheduler allows for
 * that, but has a race in Linux 6.12: when it takes a job off the queue of an entity and there is
 * another one behind it, it sorts the entity into its run queue again, also if that was killed
 * since the scheduler chose it. Then it chooses it once more, and runs a job that
 * drm_sched_entity_fini() is killing: the job is freed while a fence still has its callback.
 */

#include <drm/gpu_scheduler.h>

#include "npu_compat.h"
#include "npu_entity.h"

/**
 * npu_entity_fini() - drm_sched_entity_fini() for an entity that may still have jobs
 * @sched: the scheduler of this entity, and of no other
 * @entity: nobody pushes jobs to it any more
 *
 * The scheduler rests meanwhile. It may sleep until the scheduler has started one job.
 */
void npu_entity_fini(struct drm_gpu_scheduler *sched, struct drm_sched_entity *entity)
{
	drm_sched_wqueue_stop(sched);
	drm_sched_entity_fini(entity);
	drm_sched_wqueue_start(sched);
}

#if IS_ENABLED(CONFIG_DRM_ACCEL_NPU_KUNIT_TEST)
#include "npu_entity_test.c"
#endif
