// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Faults
 *
 * The device keeps fault records in a small fifo behind registers. Each names a context by the
 * number its packets carry; that context is dead from then on. The device itself has dropped the
 * rest of the command buffer and set the status word, so nothing behind it in the ring runs either.
 *
 * When the fifo overflows, records are lost; such contexts are found by their status word when
 * their jobs complete, and have a fault of type NONE.
 *
 * A context that is killed because a job takes too long has a record like others, of type KILLED,
 * that says where it was.
 */

#include <drm/drm_print.h>

#include <drm/npu_accel.h>

#include <npu_isa/npu_regs_uapi.h>

#include "npu_coredump.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_fault.h"
#include "npu_sched.h"
#include "npu_trace.h"

/* Reads the oldest record. Returns the context_id it names. */
static u32 npu_fault_read(struct npu_device *npu, struct drm_npu_fault *fault)
{
	u64 words[NPU_FAULT_RECORD_WORDS];
	u32 i;

	for (i = 0; i < NPU_FAULT_RECORD_WORDS; i++)
		words[i] = npu_read(npu, NPU_REG_FAULT_INFO + i * sizeof(u64));
	return npu_fault_unpack(words, fault);
}

/**
 * npu_fault_found_locked() - a context has faulted
 * @npu: the device
 * @ctx: the context; nothing happens if it is dead already
 * @fault: what and where
 * @done: gets jobs that are to be signalled when the lock was dropped
 */
void npu_fault_found_locked(struct npu_device *npu, struct npu_ctx *ctx,
			    const struct drm_npu_fault *fault, struct list_head *done)
{
	if (ctx->state != DRM_NPU_CTX_STATE_ALIVE)
		return;
	ctx->fault = *fault;
	npu_sched_kill_locked(npu, ctx, DRM_NPU_CTX_STATE_FAULTED, done);
	trace_npu_fault(ctx);
	npu_coredump_take_locked(npu, ctx);
	drm_dbg(&npu->drm, "context %u: fault %u at %#llx, pc %#llx, job %llu\n", ctx->hw_id,
		fault->type, fault->address, fault->pc, fault->job);
}

/**
 * npu_fault_drain_locked() - read all fault records and kill the contexts they name
 * @npu: the device
 * @done: gets jobs that are to be signalled when the lock was dropped
 */
void npu_fault_drain_locked(struct npu_device *npu, struct list_head *done)
{
	u32 left = NPU_FAULT_FIFO_SIZE;
	u64 status;

	for (;;) {
		struct drm_npu_fault fault;
		struct npu_ctx *ctx;
		u32 hw_id;

		status = npu_read(npu, NPU_REG_FAULT_STATUS);
		/* All ones: the device is gone. The rest comes with the next interrupt. */
		if (status == ~0ull || !NPU_GET(status, NPU_FAULT_STATUS_COUNT) || !left--)
			break;
		hw_id = npu_fault_read(npu, &fault);
		npu_write(npu, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_POP__MASK);
		ctx = npu_ctx_by_hw_id_locked(npu, hw_id);
		if (ctx)
			npu_fault_found_locked(npu, ctx, &fault, done);
	}
	if (status != ~0ull && NPU_GET(status, NPU_FAULT_STATUS_OVERFLOW))
		npu_write(npu, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_CLEAR_OVERFLOW__MASK);
}
