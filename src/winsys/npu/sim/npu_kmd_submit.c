/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * DRM_IOCTL_NPU_SUBMIT: makes a job, hooks it up to its fences and queues it. Every failure comes
 * before the first effect.
 */

#include "npu_kmd.h"

#include <errno.h>

void
npu_kmd_job_destroy(struct npu_kmd *kmd, struct npu_kmd_job *job)
{
   npu_list_remove(&job->node);
   npu_kmd_deps_fini(&job->deps);
   npu_kmd_fence_unref(job->fence);
   npu_kmd_free(job->cmdbufs);
   npu_kmd_ctx_unref(job->ctx);
   npu_kmd_free(job);
}

static bool
cmdbuf_is_valid(const struct npu_kmd *kmd, const struct drm_npu_cmdbuf *cmdbuf)
{
   uint64_t va_end = 1ull << kmd->va_bits;

   return !cmdbuf->flags && cmdbuf->num_packets && cmdbuf->va % NPU_PACKET_SIZE_B == 0 &&
          cmdbuf->va >= NPU_KMD_VA_START && cmdbuf->va < va_end &&
          cmdbuf->num_packets <= (va_end - cmdbuf->va) / NPU_PACKET_SIZE_B;
}

static void
deps_ready(struct npu_kmd *kmd, struct npu_kmd_deps *deps)
{
   struct npu_kmd_job *job = npu_container_of(deps, struct npu_kmd_job, deps);

   job->deps_done = true;
   npu_kmd_sched_update(job->ctx);
}

/* Copies and checks the arguments. */
static int
prepare_job(struct npu_kmd_file *file, struct npu_kmd_job *job, struct npu_kmd_syncs *syncs,
            const struct drm_npu_submit *args)
{
   struct drm_npu_sync *waits = NULL, *signals = NULL;

   int ret = npu_kmd_copy_array(&args->cmdbufs, sizeof(*job->cmdbufs), DRM_NPU_MAX_CMDBUFS,
                                (void **)&job->cmdbufs);
   if (!ret)
      ret = npu_kmd_copy_array(&args->wait_syncs, sizeof(*waits), DRM_NPU_MAX_SYNCS,
                               (void **)&waits);
   if (!ret)
      ret = npu_kmd_copy_array(&args->signal_syncs, sizeof(*signals), DRM_NPU_MAX_SYNCS,
                               (void **)&signals);

   for (uint32_t i = 0; !ret && i < args->cmdbufs.count; i++) {
      if (!cmdbuf_is_valid(file->kmd, &job->cmdbufs[i]))
         ret = -EINVAL;
   }
   job->num_cmdbufs = args->cmdbufs.count;

   if (!ret)
      ret = npu_kmd_syncs_prepare(file, syncs, waits, args->wait_syncs.count, signals,
                                  args->signal_syncs.count);
   if (!ret && !(job->fence = npu_kmd_fence_create())) {
      npu_kmd_syncs_fini(syncs);
      ret = -ENOMEM;
   }
   npu_kmd_free(waits);
   npu_kmd_free(signals);
   return ret;
}

int
npu_kmd_ioctl_submit(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_submit *args = data;

   if (args->flags)
      return -EINVAL;

   struct npu_kmd_ctx *ctx = npu_idr_find(&file->ctxs, args->ctx_id);
   if (!ctx)
      return -ENOENT;

   struct npu_kmd_job *job = npu_kmd_zalloc(sizeof(*job));
   if (!job)
      return -ENOMEM;
   job->ctx = npu_kmd_ctx_ref(ctx);
   npu_list_init(&job->node);

   struct npu_kmd_syncs syncs;
   int ret = prepare_job(file, job, &syncs, args);
   /* Last, so that wrong arguments are told of also when the context is dead. */
   if (!ret && ctx->state != DRM_NPU_CTX_STATE_ALIVE) {
      npu_kmd_syncs_fini(&syncs);
      ret = -EIO;
   }
   if (ret) {
      npu_kmd_job_destroy(file->kmd, job);
      return ret;
   }

   /* Nothing can fail after this point. */
   args->job = job->number = ++ctx->jobs_submitted;
   job->fence->job = job;
   npu_kmd_bell_submit(ctx);
   npu_list_append(&ctx->jobs, &job->node);
   npu_kmd_syncs_commit(file->kmd, &syncs, job->fence);
   job->deps = syncs.deps;
   syncs.deps = (struct npu_kmd_deps){0};
   npu_kmd_syncs_fini(&syncs);
   job->deps_done = npu_kmd_deps_start(&job->deps, deps_ready);
   npu_kmd_sched_update(ctx);
   return 0;
}
