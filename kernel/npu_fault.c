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
 */

#include <drm/drm_print.h>

#include <drm/npu_accel.h>

#include "npu_coredump.h"
#include "npu_ctx.h"
#include "npu_device.h"
#include "npu_fault.h"
#include "npu_sched.h"
#include "npu_trace.h"

/* The uAPI takes its numbers over from the hardware; nothing is translated. */
#define SAME(drm, hw) static_assert((int)DRM_NPU_##drm == (int)NPU_##hw, #drm)
SAME(FAULT_NONE, FAULT_NONE);
SAME(FAULT_UNMAPPED, FAULT_UNMAPPED);
SAME(FAULT_PERMISSION, FAULT_PERMISSION);
SAME(FAULT_ILLEGAL_INSTR, FAULT_ILLEGAL_INSTRUCTION);
SAME(FAULT_BAD_PACKET, FAULT_BAD_PACKET);
SAME(FAULT_LOCAL_BOUNDS, FAULT_LOCAL_BOUNDS);
SAME(FAULT_PRIVATE_BOUNDS, FAULT_PRIVATE_BOUNDS);
SAME(FAULT_WATCHDOG, FAULT_WATCHDOG);
SAME(FAULT_TRAP, FAULT_TRAP);
SAME(FAULT_KILLED, FAULT_KILLED);
SAME(FAULT_BARRIER, FAULT_BARRIER);
SAME(FAULT_BAD_PAGE_TABLE, FAULT_BAD_PAGE_TABLE);
SAME(FAULT_MEMORY_ERROR, FAULT_MEMORY_ERROR);
SAME(FAULT_MISALIGNED, FAULT_MISALIGNED);
SAME(FAULT_ACCESS_NONE, ACCESS_NONE);
SAME(FAULT_ACCESS_READ, ACCESS_READ);
SAME(FAULT_ACCESS_WRITE, ACCESS_WRITE);
SAME(FAULT_ACCESS_EXEC, ACCESS_EXECUTE);
SAME(FAULT_ACCESS_ATOMIC, ACCESS_ATOMIC);
SAME(FAULT_ACCESS_COMMAND, ACCESS_COMMAND);
#undef SAME

/* Reads the oldest record. Returns the context_id it names. */
static u32 npu_fault_read(struct npu_device *npu, struct drm_npu_fault *fault)
{
	u64 info = npu_read(npu, NPU_REG_FAULT_INFO);
	u64 context = npu_read(npu, NPU_REG_FAULT_CONTEXT);
	u64 kernel = npu_read(npu, NPU_REG_FAULT_KERNEL);

	*fault = (struct drm_npu_fault) {
		.type = NPU_GET(info, NPU_FAULT_INFO_TYPE),
		.access = NPU_GET(info, NPU_FAULT_INFO_ACCESS),
		.code = NPU_GET(kernel, NPU_FAULT_KERNEL_CODE),
		.job = npu_read(npu, NPU_REG_FAULT_SEQNO),
		.address = npu_read(npu, NPU_REG_FAULT_ADDRESS),
		.pc = npu_read(npu, NPU_REG_FAULT_PC),
		.time_ns = npu_read(npu, NPU_REG_FAULT_TIME),
	};
	if (NPU_GET(info, NPU_FAULT_INFO_IN_KERNEL)) {
		fault->flags = DRM_NPU_FAULT_IN_KERNEL;
		fault->group = npu_read(npu, NPU_REG_FAULT_GROUP);
		fault->kernel_id = NPU_GET(kernel, NPU_FAULT_KERNEL_KERNEL_ID);
		fault->core = NPU_GET(info, NPU_FAULT_INFO_CORE);
		fault->wave = NPU_GET(info, NPU_FAULT_INFO_WAVE);
		fault->lane_mask = NPU_GET(context, NPU_FAULT_CONTEXT_LANES);
	}
	return NPU_GET(context, NPU_FAULT_CONTEXT_CONTEXT_ID);
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
		if (!ctx || ctx->state != DRM_NPU_CTX_STATE_ALIVE)
			continue;
		ctx->fault = fault;
		npu_sched_kill_locked(npu, ctx, DRM_NPU_CTX_STATE_FAULTED, done);
		trace_npu_fault(ctx);
		npu_coredump_take_locked(npu, ctx);
		drm_dbg(&npu->drm, "context %u: fault %u at %#llx, pc %#llx, job %llu\n", hw_id,
			fault.type, fault.address, fault.pc, fault.job);
	}
	if (status != ~0ull && NPU_GET(status, NPU_FAULT_STATUS_OVERFLOW))
		npu_write(npu, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_CLEAR_OVERFLOW__MASK);
}
