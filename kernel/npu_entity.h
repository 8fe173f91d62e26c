/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_ENTITY_H__
#define __NPU_ENTITY_H__

struct drm_gpu_scheduler;
struct drm_sched_entity;

void npu_entity_fini(struct drm_gpu_scheduler *sched, struct drm_sched_entity *entity);

#endif
