/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Contexts: a queue of jobs in a VM, and what is left of it after a fault.
 *
 * A context has a status word in device memory. The device does not start command buffers of a
 * context whose word is not zero, and sets it itself when one faults; so jobs that are already in a
 * ring behind a fault never run, without a race. The driver sets it to kill a context.
 */

#include "npu_kmd.h"

#include <assert.h>
#include <errno.h>

/* hw_id = generation << SLOT_BITS | slot: a late fault record never hits a later context. */
#define SLOT_BITS 12
static_assert(NPU_KMD_MAX_CONTEXTS == 1 << SLOT_BITS, "slots must fit");

int
npu_kmd_ctx_create(struct npu_kmd_vm *vm, uint32_t priority, struct npu_kmd_ctx **out)
{
   struct npu_kmd *kmd = vm->kmd;
   uint32_t slot = 0;

   while (slot < NPU_KMD_MAX_CONTEXTS && kmd->ctxs[slot])
      slot++;
   if (slot == NPU_KMD_MAX_CONTEXTS)
      return -ENOSPC;

   struct npu_kmd_ctx *ctx = npu_kmd_zalloc(sizeof(*ctx));
   if (!ctx)
      return -ENOMEM;

   ctx->refs = 1;
   ctx->vm = npu_kmd_vm_ref(vm);
   ctx->priority = priority;
   ctx->slot = slot;
   ctx->hw_id = (++kmd->ctx_generation << SLOT_BITS) | slot;
   npu_list_init(&ctx->jobs);
   npu_list_init(&ctx->ready_node);
   vm->num_contexts++;
   kmd->status[slot] = 0;
   kmd->ctxs[slot] = ctx;
   *out = ctx;
   return 0;
}

struct npu_kmd_ctx *
npu_kmd_ctx_ref(struct npu_kmd_ctx *ctx)
{
   ctx->refs++;
   return ctx;
}

void
npu_kmd_ctx_unref(struct npu_kmd_ctx *ctx)
{
   struct npu_kmd *kmd = ctx->vm->kmd;

   if (--ctx->refs)
      return;
   kmd->ctxs[ctx->slot] = NULL;
   npu_list_remove(&ctx->ready_node);
   npu_kmd_vm_unref(ctx->vm);
   npu_kmd_free(ctx);
}

struct npu_kmd_ctx *
npu_kmd_ctx_by_hw_id(struct npu_kmd *kmd, uint32_t hw_id)
{
   struct npu_kmd_ctx *ctx = kmd->ctxs[hw_id & (NPU_KMD_MAX_CONTEXTS - 1)];
   return ctx && ctx->hw_id == hw_id ? ctx : NULL;
}

void
npu_kmd_ctx_kill(struct npu_kmd_ctx *ctx, uint32_t state, const struct drm_npu_fault *fault)
{
   struct npu_kmd *kmd = ctx->vm->kmd;

   if (ctx->state != DRM_NPU_CTX_STATE_ALIVE)
      return;

   npu_kmd_ctx_ref(ctx);
   ctx->state = state;
   if (fault)
      ctx->fault = *fault;
   __atomic_store_n(&kmd->status[ctx->slot], 1, __ATOMIC_SEQ_CST);

   /* What is not on the hardware never gets there; in order. */
   while (!npu_list_is_empty(&ctx->jobs)) {
      struct npu_kmd_job *job = npu_list_first(&ctx->jobs, struct npu_kmd_job, node);
      npu_kmd_fence_signal(kmd, job->fence, -ECANCELED);
      npu_kmd_job_destroy(kmd, job);
   }
   npu_kmd_sched_update(ctx);
   npu_kmd_ctx_unref(ctx);
}

void
npu_kmd_ctx_close(struct npu_kmd_ctx *ctx)
{
   npu_kmd_ctx_kill(ctx, DRM_NPU_CTX_STATE_FAULTED, NULL);
   ctx->closed = true;
   ctx->vm->num_contexts--;
   if (ctx->num_on_hw)
      npu_kmd_sched_kill(ctx);
   npu_kmd_ctx_unref(ctx);
}

/* -------------------------------------------------------------------------------------- ioctls -- */

int
npu_kmd_ioctl_ctx_create(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_ctx_create *args = data;

   if (args->flags || args->priority > DRM_NPU_CTX_PRIORITY_HIGH)
      return -EINVAL;

   struct npu_kmd_vm *vm = npu_idr_find(&file->vms, args->vm_id);
   if (!vm)
      return -ENOENT;

   struct npu_kmd_ctx *ctx;
   int ret = npu_kmd_ctx_create(vm, args->priority, &ctx);
   if (ret)
      return ret;

   ret = npu_idr_add(&file->ctxs, ctx, &args->ctx_id);
   if (ret)
      npu_kmd_ctx_close(ctx);
   return ret;
}

int
npu_kmd_ioctl_ctx_destroy(struct npu_kmd_file *file, void *data)
{
   const struct drm_npu_ctx_destroy *args = data;

   if (args->pad)
      return -EINVAL;

   struct npu_kmd_ctx *ctx = npu_idr_remove(&file->ctxs, args->ctx_id);
   if (!ctx)
      return -ENOENT;
   npu_kmd_ctx_close(ctx);
   return 0;
}

int
npu_kmd_ioctl_ctx_get_state(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_ctx_get_state *args = data;
   const struct npu_kmd_ctx *ctx = npu_idr_find(&file->ctxs, args->ctx_id);

   if (!ctx)
      return -ENOENT;
   args->state = ctx->state;
   args->jobs_submitted = ctx->jobs_submitted;
   args->jobs_completed = ctx->jobs_completed;
   args->fault = ctx->fault;
   return 0;
}
