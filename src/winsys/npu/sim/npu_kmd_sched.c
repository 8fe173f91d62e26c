/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The scheduler: jobs onto the rings of the hardware queues, and back.
 *
 * Rules:
 *  1. Jobs of a context run in order, so only the first one that is not on the hardware matters; a
 * context is ready when that job's fences have signalled.
 *  2. A hardware queue holds jobs of one context at a time. So a job that never ends (a semaphore
 * nobody signals) stops its own context only, as long as there are more queues than such contexts;
 * beyond that the watchdog helps.
 *  3. Free queues go to ready contexts by priority, then first come first served. While some
 * context waits for a queue, contexts that have one get no further jobs onto it: it runs dry and is
 * passed on.
 *  4. At most NPU_KMD_MAX_JOBS_ON_HW jobs of a context are on the hardware: enough that it never
 * idles.
 *  5. A job is its command buffers as EXEC packets, each after the one before (BARRIER), and a
 * FENCE packet with an interrupt.
 *
 * What it misses: preemption. A long job of low priority keeps its queue.
 */

#include "npu_kmd.h"

#include "npu_sim.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define RING_SIZE (1u << NPU_KMD_RING_SIZE_LOG2)

static_assert(RING_SIZE > DRM_NPU_MAX_CMDBUFS, "the longest job must fit");
static_assert(sizeof(struct npu_packet_nop) == NPU_PACKET_SIZE_B, "ring elements are packets");

int
npu_kmd_sched_init(struct npu_kmd *kmd)
{
   for (unsigned i = 0; i < kmd->num_hwqs; i++) {
      struct npu_kmd_hwq *hwq = &kmd->hwqs[i];
      uint64_t ring_pa;

      hwq->index = i;
      if (!npu_range_heap_alloc(&kmd->vram, RING_SIZE * NPU_PACKET_SIZE_B, NPU_PAGE_SIZE_B,
                                &ring_pa))
         return -ENOSPC;
      hwq->ring = (struct npu_packet_nop *)(kmd->mem + ring_pa);

      npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_RING_BASE(i), ring_pa);
      npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_RING_SIZE(i), NPU_KMD_RING_SIZE_LOG2);
      /* NPU_SIM may have set one. */
      if (!npu_sim_reg_read(kmd->model, NPU_REG_QUEUE_WATCHDOG(i)))
         npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_WATCHDOG(i), NPU_KMD_DEFAULT_WATCHDOG_MS);
      kmd->watchdog_ms = npu_sim_reg_read(kmd->model, NPU_REG_QUEUE_WATCHDOG(i));
   }
   return 0;
}

void
npu_kmd_sched_update(struct npu_kmd_ctx *ctx)
{
   struct npu_kmd *kmd = ctx->vm->kmd;
   bool ready = false;

   if (!npu_list_is_empty(&ctx->jobs))
      ready = npu_list_first(&ctx->jobs, struct npu_kmd_job, node)->deps_done;

   if (!ready) {
      npu_list_remove(&ctx->ready_node);
   } else if (npu_list_is_empty(&ctx->ready_node)) {
      npu_list_append(&kmd->ready[ctx->priority], &ctx->ready_node);
      kmd->sched_needed = true;
   }
}

/* ------------------------------------------------------------------------------- onto the ring -- */

static void
write_packet(struct npu_kmd_hwq *hwq, const void *packet)
{
   memcpy(&hwq->ring[hwq->tail++ & (RING_SIZE - 1)], packet, NPU_PACKET_SIZE_B);
   hwq->used++;
}

static void
push_job(struct npu_kmd *kmd, struct npu_kmd_hwq *hwq, struct npu_kmd_job *job)
{
   struct npu_kmd_ctx *ctx = job->ctx;

   for (uint32_t i = 0; i < job->num_cmdbufs; i++) {
      const struct npu_packet_exec exec = {
         .type = NPU_PACKET_EXEC,
         .flags = NPU_PACKET_FLAG_BARRIER,
         .asid = ctx->vm->asid,
         .num_packets = job->cmdbufs[i].num_packets,
         .va = job->cmdbufs[i].va,
         .seqno = job->number,
         .context_id = ctx->hw_id,
         .status_pa = kmd->status_pa + ctx->slot * sizeof(uint64_t),
      };
      write_packet(hwq, &exec);
   }
   const struct npu_packet_fence fence = {
      .type = NPU_PACKET_FENCE,
      .irq = 1,
      .seqno = ++hwq->seqno,
   };
   write_packet(hwq, &fence);

   job->hw_seqno = hwq->seqno;
   ctx->hwq = hwq;
   ctx->num_on_hw++;
   kmd->num_jobs_on_hw++;
   npu_list_remove(&job->node);
   npu_list_append(&hwq->jobs, &job->node);

   /* The first one after a while: the driver's thread starts to look for lost interrupts. */
   if (!kmd->thread_watches) {
      kmd->thread_watches = true;
      npu_kmd_wake(kmd, false);
   }
   /* Queues that are never used cost the model nothing. */
   if (!hwq->enabled) {
      npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_CONTROL(hwq->index),
                        NPU_QUEUE_CONTROL_ENABLE__MASK);
      hwq->enabled = true;
   }
   __atomic_thread_fence(__ATOMIC_SEQ_CST);
   npu_kmd_bell_ring(kmd, hwq, ctx);
}

static struct npu_kmd_hwq *
find_idle_hwq(struct npu_kmd *kmd)
{
   for (unsigned i = 0; i < kmd->num_hwqs; i++) {
      if (npu_list_is_empty(&kmd->hwqs[i].jobs))
         return &kmd->hwqs[i];
   }
   return NULL;
}

/* Puts the first job of a ready context on a queue, if rules and room allow. */
static bool
push_first_job(struct npu_kmd *kmd, struct npu_kmd_ctx *ctx, struct npu_kmd_hwq *hwq)
{
   struct npu_kmd_job *job = npu_list_first(&ctx->jobs, struct npu_kmd_job, node);

   if (ctx->num_on_hw >= NPU_KMD_MAX_JOBS_ON_HW || hwq->used + job->num_cmdbufs + 1 > RING_SIZE)
      return false;

   push_job(kmd, hwq, job);
   /* To the end of its list, if there is more. */
   npu_list_remove(&ctx->ready_node);
   npu_kmd_sched_update(ctx);
   return true;
}

/* Gives idle queues to ready contexts that have none. Returns whether some context got nothing. */
static bool
assign_idle_hwqs(struct npu_kmd *kmd)
{
   for (int priority = DRM_NPU_CTX_PRIORITY_HIGH; priority >= 0; priority--) {
      npu_list_foreach_safe(node, &kmd->ready[priority])
      {
         struct npu_kmd_ctx *ctx = npu_container_of(node, struct npu_kmd_ctx, ready_node);
         if (ctx->hwq)
            continue;

         struct npu_kmd_hwq *hwq = find_idle_hwq(kmd);
         if (!hwq)
            return true;
         push_first_job(kmd, ctx, hwq);
      }
   }
   return false;
}

void
npu_kmd_sched_run(struct npu_kmd *kmd)
{
   kmd->sched_needed = false;
   if (assign_idle_hwqs(kmd))
      return;

   for (int priority = DRM_NPU_CTX_PRIORITY_HIGH; priority >= 0; priority--) {
      npu_list_foreach_safe(node, &kmd->ready[priority])
      {
         struct npu_kmd_ctx *ctx = npu_container_of(node, struct npu_kmd_ctx, ready_node);
         while (!npu_list_is_empty(&ctx->ready_node) && push_first_job(kmd, ctx, ctx->hwq))
            ;
      }
   }
   kmd->sched_needed = false;
}

/* ------------------------------------------------------------------------------------ and back -- */

void
npu_kmd_sched_kill(struct npu_kmd_ctx *ctx)
{
   struct npu_kmd *kmd = ctx->vm->kmd;

   kmd->num_dying++;
   npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_KILL_CONTEXT(ctx->hwq->index), ctx->hw_id);
   npu_kmd_wake(kmd, false);
}

/* A command buffer that had passed the check of the status word, but did not run yet when the kill
 * came, runs on: so kills are repeated until nothing is left.
 */
static void
retry_kills(struct npu_kmd *kmd)
{
   for (unsigned i = 0; i < kmd->num_hwqs; i++) {
      struct npu_kmd_hwq *hwq = &kmd->hwqs[i];
      if (npu_list_is_empty(&hwq->jobs))
         continue;

      const struct npu_kmd_ctx *ctx = npu_list_first(&hwq->jobs, struct npu_kmd_job, node)->ctx;
      if (ctx->closed)
         npu_sim_reg_write(kmd->model, NPU_REG_QUEUE_KILL_CONTEXT(i), ctx->hw_id);
   }
}

/* What became of a job whose fence packet the device has passed: 0 or -errno. */
static int
job_result(struct npu_kmd *kmd, const struct npu_kmd_job *job)
{
   struct npu_kmd_ctx *ctx = job->ctx;

   /* Its fault record was lost because there were too many. */
   if (ctx->state == DRM_NPU_CTX_STATE_ALIVE &&
       __atomic_load_n(&kmd->status[ctx->slot], __ATOMIC_ACQUIRE))
   {
      const struct drm_npu_fault unknown = {.job = job->number};
      npu_kmd_ctx_kill(ctx, DRM_NPU_CTX_STATE_FAULTED, &unknown);
   }

   if (ctx->state == DRM_NPU_CTX_STATE_ALIVE)
      return 0;
   if (ctx->closed)
      return -ECANCELED;
   if (job->number == ctx->fault.job)
      return -EIO;
   return job->number < ctx->fault.job ? 0 : -ECANCELED;
}

static void
complete_job(struct npu_kmd *kmd, struct npu_kmd_hwq *hwq, struct npu_kmd_job *job)
{
   struct npu_kmd_ctx *ctx = job->ctx;
   int error = job_result(kmd, job);

   hwq->used -= job->num_cmdbufs + 1;
   kmd->num_jobs_on_hw--;
   if (--ctx->num_on_hw == 0) {
      ctx->hwq = NULL;
      if (ctx->closed)
         kmd->num_dying--;
   }
   if (!error)
      ctx->jobs_completed = job->number;

   npu_kmd_fence_signal(kmd, job->fence, error);
   npu_kmd_job_destroy(kmd, job);
   kmd->sched_needed = true;
}

void
npu_kmd_sched_interrupt(struct npu_kmd *kmd)
{
   uint64_t seqnos[NPU_NUM_QUEUES];

   /* Acknowledge, then look: what comes later raises the interrupt again. */
   npu_sim_reg_write(kmd->model, NPU_REG_INT_ACK, npu_sim_reg_read(kmd->model, NPU_REG_INT_STATUS));

   /* Fences before faults: the fault of a job is recorded before its fence, so whoever is complete
    * in this snapshot has its fault among the records.
    */
   for (unsigned i = 0; i < kmd->num_hwqs; i++)
      seqnos[i] = npu_sim_reg_read(kmd->model, NPU_REG_QUEUE_FENCE(i));
   npu_kmd_fault_drain(kmd);

   for (unsigned i = 0; i < kmd->num_hwqs; i++) {
      struct npu_kmd_hwq *hwq = &kmd->hwqs[i];
      while (!npu_list_is_empty(&hwq->jobs)) {
         struct npu_kmd_job *job = npu_list_first(&hwq->jobs, struct npu_kmd_job, node);
         if (job->hw_seqno > seqnos[i])
            break;
         complete_job(kmd, hwq, job);
      }
   }
   if (kmd->num_dying)
      retry_kills(kmd);
}
