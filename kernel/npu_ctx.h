/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_CTX_H__
#define __NPU_CTX_H__

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include <drm/gpu_scheduler.h>

#include <drm/npu_accel.h>

struct drm_device;
struct drm_file;
struct npu_device;
struct npu_file;
struct npu_hwq;
struct npu_vm;

/**
 * struct npu_ctx - a context: a queue of jobs in a VM, and what is left of it after a fault
 */
struct npu_ctx {
	/** @ref: The id, jobs. */
	struct kref ref;
	/** @npu: The device. */
	struct npu_device *npu;
	/** @vm: Where its jobs run, with a reference. */
	struct npu_vm *vm;
	/** @client: &drm_file.client_id of its file: clients share the hardware queues. */
	u64 client;
	/** @priority: enum drm_npu_ctx_priority. */
	u32 priority;
	/** @slot: Index in &npu_device.ctxs and of its status word. */
	u32 slot;
	/** @hw_id: context_id of its packets: slot and a generation. */
	u32 hw_id;

	/** @comm: Name of the process that made it. */
	char comm[TASK_COMM_LEN];
	/** @pid: And its number. */
	pid_t pid;

	/** @submit_lock: Jobs get their number and are pushed in one order. Protects @closing. */
	struct mutex submit_lock;
	/** @closing: The id is gone: no more jobs. */
	bool closing;
	/** @sched: Its scheduler. */
	struct drm_gpu_scheduler sched;
	/** @entity: The one entity of @sched. */
	struct drm_sched_entity entity;
	/** @fence_context: Of the fences of the hardware. */
	u64 fence_context;

	/* What follows is protected by &npu_sched.lock. */

	/** @state: enum drm_npu_ctx_state. */
	u32 state;
	/** @closed: It is to end now. */
	bool closed;
	/** @overdue: A job took longer than it may: it is to end now. */
	bool overdue;
	/** @fault: Of its first fault. */
	struct drm_npu_fault fault;
	/** @jobs_submitted: Number of the last job. */
	u64 jobs_submitted;
	/** @jobs_completed: Number of the last one completed without an error. */
	u64 jobs_completed;
	/** @jobs: &npu_job.node: waiting for a hardware queue, in order. */
	struct list_head jobs;
	/** @ready_node: In &npu_sched.ready. */
	struct list_head ready_node;
	/** @hwq: Queue its jobs are on, NULL if there are none. */
	struct npu_hwq *hwq;
	/** @num_on_hw: Jobs on @hwq. */
	u32 num_on_hw;
	/** @run_ns: Time its jobs were on the hardware. */
	u64 run_ns;

	/** @release_work: Frees it. */
	struct work_struct release_work;
};

struct npu_ctx *npu_ctx_get(struct npu_file *nfile, u32 id);
void npu_ctx_put(struct npu_ctx *ctx);
void npu_ctx_close(struct npu_ctx *ctx);
struct npu_ctx *npu_ctx_by_hw_id_locked(struct npu_device *npu, u32 hw_id);

int npu_ioctl_ctx_create(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_ctx_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int npu_ioctl_ctx_get_state(struct drm_device *drm, void *data, struct drm_file *file);

#endif
