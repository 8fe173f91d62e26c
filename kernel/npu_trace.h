/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM npu

#if !defined(__NPU_TRACE_H__) || defined(TRACE_HEADER_MULTI_READ)
#define __NPU_TRACE_H__

#include <linux/tracepoint.h>

#include <drm/npu_accel.h>

#include "npu_ctx.h"
#include "npu_job.h"

/*
 * What the DRM scheduler's own events (gpu_scheduler) do not know: the hardware queue of a job, and
 * what became of it.
 */
TRACE_EVENT(npu_job_start,
	TP_PROTO(const struct npu_job *job, u32 queue),
	TP_ARGS(job, queue),
	TP_STRUCT__entry(
		__field(u32, ctx)
		__field(u64, job)
		__field(u32, queue)
		__field(u64, seqno)
	),
	TP_fast_assign(
		__entry->ctx = job->ctx->hw_id;
		__entry->job = job->number;
		__entry->queue = queue;
		__entry->seqno = job->hw_seqno;
	),
	TP_printk("ctx=%#x job=%llu queue=%u seqno=%llu", __entry->ctx, __entry->job,
		  __entry->queue, __entry->seqno)
);

TRACE_EVENT(npu_job_end,
	TP_PROTO(const struct npu_job *job, u64 run_ns),
	TP_ARGS(job, run_ns),
	TP_STRUCT__entry(
		__field(u32, ctx)
		__field(u64, job)
		__field(int, error)
		__field(u64, run_ns)
	),
	TP_fast_assign(
		__entry->ctx = job->ctx->hw_id;
		__entry->job = job->number;
		__entry->error = job->error;
		__entry->run_ns = run_ns;
	),
	TP_printk("ctx=%#x job=%llu error=%d run_ns=%llu", __entry->ctx, __entry->job,
		  __entry->error, __entry->run_ns)
);

TRACE_EVENT(npu_fault,
	TP_PROTO(const struct npu_ctx *ctx),
	TP_ARGS(ctx),
	TP_STRUCT__entry(
		__field(u32, ctx)
		__field(u32, type)
		__field(u64, job)
		__field(u64, address)
		__field(u64, pc)
		__field(u32, kernel_id)
	),
	TP_fast_assign(
		__entry->ctx = ctx->hw_id;
		__entry->type = ctx->fault.type;
		__entry->job = ctx->fault.job;
		__entry->address = ctx->fault.address;
		__entry->pc = ctx->fault.pc;
		__entry->kernel_id = ctx->fault.kernel_id;
	),
	TP_printk("ctx=%#x type=%u job=%llu address=%#llx pc=%#llx kernel_id=%u", __entry->ctx,
		  __entry->type, __entry->job, __entry->address, __entry->pc, __entry->kernel_id)
);

TRACE_EVENT(npu_reset,
	TP_PROTO(const char *why),
	TP_ARGS(why),
	TP_STRUCT__entry(
		__string(why, why)
	),
	TP_fast_assign(
		__assign_str(why);
	),
	TP_printk("%s", __get_str(why))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE npu_trace
#include <trace/define_trace.h>
