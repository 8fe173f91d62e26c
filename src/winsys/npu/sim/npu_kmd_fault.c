/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Fault records: from the registers of the device to struct drm_npu_fault and the context they name.
 */

#include "npu_kmd.h"

#include "npu_isa/npu_regs_uapi.h"
#include "npu_sim.h"

/* Reads the oldest record. Returns the context_id it names. */
static uint32_t
read_record(struct npu_sim *model, struct drm_npu_fault *fault)
{
   uint64_t words[NPU_FAULT_RECORD_WORDS];

   for (uint32_t i = 0; i < NPU_FAULT_RECORD_WORDS; i++)
      words[i] = npu_sim_reg_read(model, NPU_REG_FAULT_INFO + i * sizeof(uint64_t));
   return npu_fault_unpack(words, fault);
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
