/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Fault records: from the registers of the device to struct drm_npu_fault and the context they name.
 */

#include "npu_kmd.h"

#include "npu_sim.h"

#include <assert.h>

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
static uint32_t
read_record(struct npu_sim *model, struct drm_npu_fault *fault)
{
   uint64_t info = npu_sim_reg_read(model, NPU_REG_FAULT_INFO);
   uint64_t context = npu_sim_reg_read(model, NPU_REG_FAULT_CONTEXT);
   uint64_t kernel = npu_sim_reg_read(model, NPU_REG_FAULT_KERNEL);

   *fault = (struct drm_npu_fault){
      .type = NPU_GET(info, NPU_FAULT_INFO_TYPE),
      .access = NPU_GET(info, NPU_FAULT_INFO_ACCESS),
      .code = NPU_GET(kernel, NPU_FAULT_KERNEL_CODE),
      .job = npu_sim_reg_read(model, NPU_REG_FAULT_SEQNO),
      .address = npu_sim_reg_read(model, NPU_REG_FAULT_ADDRESS),
      .pc = npu_sim_reg_read(model, NPU_REG_FAULT_PC),
      .time_ns = npu_sim_reg_read(model, NPU_REG_FAULT_TIME),
   };
   if (NPU_GET(info, NPU_FAULT_INFO_IN_KERNEL)) {
      fault->flags = DRM_NPU_FAULT_IN_KERNEL;
      fault->group = npu_sim_reg_read(model, NPU_REG_FAULT_GROUP);
      fault->kernel_id = NPU_GET(kernel, NPU_FAULT_KERNEL_KERNEL_ID);
      fault->core = NPU_GET(info, NPU_FAULT_INFO_CORE);
      fault->wave = NPU_GET(info, NPU_FAULT_INFO_WAVE);
      fault->lane_mask = NPU_GET(context, NPU_FAULT_CONTEXT_LANES);
   }
   return NPU_GET(context, NPU_FAULT_CONTEXT_CONTEXT_ID);
}

void
npu_kmd_fault_drain(struct npu_kmd *kmd)
{
   uint64_t status;

   while (status = npu_sim_reg_read(kmd->model, NPU_REG_FAULT_STATUS),
          NPU_GET(status, NPU_FAULT_STATUS_COUNT))
   {
      struct drm_npu_fault fault;
      uint32_t hw_id = read_record(kmd->model, &fault);
      struct npu_kmd_ctx *ctx = npu_kmd_ctx_by_hw_id(kmd, hw_id);

      npu_sim_reg_write(kmd->model, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_POP__MASK);
      if (ctx)
         npu_kmd_ctx_kill(ctx, DRM_NPU_CTX_STATE_FAULTED, &fault);
   }
   /* Whose record was lost is found by its status word: see job_result(). */
   if (NPU_GET(status, NPU_FAULT_STATUS_OVERFLOW))
      npu_sim_reg_write(kmd->model, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_CLEAR_OVERFLOW__MASK);
}
