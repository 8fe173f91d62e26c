/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Queues: a context and a timeline sync object. Point n of the timeline is the fence of job n of
 * the context, so the numbers of jobs in fault records are points.
 *
 * What a dead queue has done: the kernel signals the fences of jobs that failed as well, so after a
 * successful wait the context is asked whether the job was really completed.
 */

#include "npu_device_private.h"
#include "npu_winsys_debug.h"

#include "drm.h"
#include "drm/npu_accel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Longest time npu_queue_destroy waits before it kills; longer than any watchdog should be. */
#define DESTROY_TIMEOUT_NS 60000000000ll

struct npu_queue {
   struct npu_device *dev;
   uint32_t ctx_id;
   uint32_t timeline;           /* sync object */
   pthread_mutex_t submit_lock; /* submits get their points in the order the kernel sees them */
   _Atomic uint64_t submitted;  /* last point handed out */
   _Atomic uint64_t completed;  /* points up to here are known to be reached, all work done */
   _Atomic bool dead;           /* the context is known to be dead: nothing changes any more */
};

static void
destroy_timeline(struct npu_device *dev, uint32_t handle)
{
   struct drm_syncobj_destroy args = {.handle = handle};
   npu_device_ioctl(dev, DRM_IOCTL_SYNCOBJ_DESTROY, &args);
}

struct npu_queue *
npu_queue_create(struct npu_device *dev, enum npu_priority priority)
{
   struct drm_syncobj_create timeline = {0};
   struct drm_npu_ctx_create ctx = {.vm_id = dev->vm_id};

   switch (priority) {
   case NPU_PRIORITY_LOW:
      ctx.priority = DRM_NPU_CTX_PRIORITY_LOW;
      break;
   case NPU_PRIORITY_MEDIUM:
      ctx.priority = DRM_NPU_CTX_PRIORITY_MEDIUM;
      break;
   case NPU_PRIORITY_HIGH:
      ctx.priority = DRM_NPU_CTX_PRIORITY_HIGH;
      break;
   default:
      errno = EINVAL;
      return NULL;
   }

   struct npu_queue *queue = calloc(1, sizeof(*queue));
   if (!queue)
      return NULL;

   int ret = npu_device_ioctl(dev, DRM_IOCTL_SYNCOBJ_CREATE, &timeline);
   if (!ret) {
      ret = npu_device_ioctl(dev, DRM_IOCTL_NPU_CTX_CREATE, &ctx);
      if (ret)
         destroy_timeline(dev, timeline.handle);
   }
   if (ret) {
      free(queue);
      errno = -ret;
      return NULL;
   }

   queue->dev = dev;
   queue->ctx_id = ctx.ctx_id;
   queue->timeline = timeline.handle;
   pthread_mutex_init(&queue->submit_lock, NULL);
   pthread_mutex_lock(&dev->lock);
   dev->num_queues++;
   pthread_mutex_unlock(&dev->lock);
   return queue;
}

static int64_t
now_ns(void)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void
npu_queue_destroy(struct npu_queue *queue)
{
   if (!queue)
      return;

   struct npu_device *dev = queue->dev;
   struct drm_npu_ctx_destroy ctx = {.ctx_id = queue->ctx_id};

   npu_queue_wait(queue, queue->submitted, now_ns() + DESTROY_TIMEOUT_NS);
   npu_device_ioctl(dev, DRM_IOCTL_NPU_CTX_DESTROY, &ctx);
   destroy_timeline(dev, queue->timeline);
   pthread_mutex_lock(&dev->lock);
   dev->num_queues--;
   pthread_mutex_unlock(&dev->lock);
   pthread_mutex_destroy(&queue->submit_lock);
   free(queue);
}

/* Builds the arrays of the uAPI. The caller frees *out_cmdbufs and *out_waits in any case. */
static int
build_arrays(struct npu_queue *queue, const struct npu_submit *submit,
             struct drm_npu_cmdbuf **out_cmdbufs, struct drm_npu_sync **out_waits,
             uint32_t *out_num_waits)
{
   struct drm_npu_cmdbuf *cmdbufs = calloc(submit->num_cmdbufs + 1, sizeof(*cmdbufs));
   struct drm_npu_sync *waits = calloc(submit->num_waits + 1, sizeof(*waits));
   uint32_t num_waits = 0;

   *out_cmdbufs = cmdbufs;
   *out_waits = waits;
   if (!cmdbufs || !waits)
      return -ENOMEM;

   for (uint32_t i = 0; i < submit->num_cmdbufs; i++) {
      cmdbufs[i].va = submit->cmdbufs[i].va;
      cmdbufs[i].num_packets = submit->cmdbufs[i].num_packets;
   }
   for (uint32_t i = 0; i < submit->num_waits; i++) {
      const struct npu_queue_point *wait = &submit->waits[i];

      if (!wait->queue || wait->queue->dev != queue->dev || wait->point > wait->queue->submitted)
         return -EINVAL;
      /* Reached already, or before us on the same queue anyway. */
      if (wait->point <= wait->queue->completed || wait->queue == queue)
         continue;
      waits[num_waits++] = (struct drm_npu_sync){
         .handle = wait->queue->timeline,
         .flags = DRM_NPU_SYNC_TIMELINE,
         .point = wait->point,
      };
   }
   *out_num_waits = num_waits;
   return 0;
}

int
npu_queue_submit(struct npu_queue *queue, const struct npu_submit *submit, uint64_t *out_point)
{
   struct drm_npu_cmdbuf *cmdbufs;
   struct drm_npu_sync *waits;
   uint32_t num_waits = 0;
   struct drm_npu_sync signal = {.handle = queue->timeline, .flags = DRM_NPU_SYNC_TIMELINE};
   struct drm_npu_submit args = {
      .ctx_id = queue->ctx_id,
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };

   int ret = build_arrays(queue, submit, &cmdbufs, &waits, &num_waits);
   if (!ret) {
      if (submit->num_cmdbufs)
         args.cmdbufs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(cmdbufs, submit->num_cmdbufs);
      if (num_waits)
         args.wait_syncs = (struct drm_npu_obj_array)DRM_NPU_OBJ_ARRAY(waits, num_waits);

      pthread_mutex_lock(&queue->submit_lock);
      signal.point = queue->submitted + 1;
      ret = npu_device_ioctl(queue->dev, DRM_IOCTL_NPU_SUBMIT, &args);
      if (!ret) {
         assert(args.job == signal.point && "points are the numbers of the jobs");
         queue->submitted = signal.point;
         *out_point = signal.point;
      }
      pthread_mutex_unlock(&queue->submit_lock);
   }
   free(cmdbufs);
   free(waits);

   if (!ret && (queue->dev->debug & NPU_WINSYS_DEBUG_SYNC))
      npu_queue_wait(queue, *out_point, INT64_MAX);
   return ret;
}

/* Asks the context what it has completed. Returns whether the point is; sets dead. */
static bool
update_completed(struct npu_queue *queue, uint64_t point)
{
   struct drm_npu_ctx_get_state args = {.ctx_id = queue->ctx_id};
   int ret = npu_device_ioctl(queue->dev, DRM_IOCTL_NPU_CTX_GET_STATE, &args);

   if (ret || args.state != DRM_NPU_CTX_STATE_ALIVE)
      queue->dead = true;

   /* Only ever upwards: another thread may have seen more. */
   uint64_t completed = queue->completed;
   while (!ret && args.jobs_completed > completed &&
          !atomic_compare_exchange_weak(&queue->completed, &completed, args.jobs_completed))
      ;
   return point <= queue->completed;
}

int
npu_queue_wait(struct npu_queue *queue, uint64_t point, int64_t abs_timeout_ns)
{
   if (point <= queue->completed)
      return 0;
   if (point > queue->submitted)
      return -EINVAL;

   struct drm_syncobj_timeline_wait args = {
      .handles = (uintptr_t)&queue->timeline,
      .points = (uintptr_t)&point,
      .timeout_nsec = abs_timeout_ns,
      .count_handles = 1,
   };
   int ret = npu_device_ioctl(queue->dev, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
   if (ret)
      return ret;
   return update_completed(queue, point) ? 0 : -EIO;
}

bool
npu_queue_point_done(struct npu_queue *queue, uint64_t point)
{
   if (point <= queue->completed)
      return true;
   return npu_queue_wait(queue, point, 0) != -ETIME;
}

enum npu_reset_status
npu_queue_get_status(struct npu_queue *queue, struct npu_fault_info *out)
{
   struct drm_npu_ctx_get_state args = {.ctx_id = queue->ctx_id};
   int ret = npu_device_ioctl(queue->dev, DRM_IOCTL_NPU_CTX_GET_STATE, &args);

   if (out)
      *out = (struct npu_fault_info){0};
   if (ret)
      return NPU_RESET_LOST;

   switch (args.state) {
   case DRM_NPU_CTX_STATE_ALIVE:
      return NPU_RESET_NONE;
   case DRM_NPU_CTX_STATE_INNOCENT:
      return NPU_RESET_INNOCENT;
   case DRM_NPU_CTX_STATE_FAULTED:
      break;
   default:
      return NPU_RESET_LOST;
   }

   if (out) {
      *out = (struct npu_fault_info){
         .type = args.fault.type,
         .access = args.fault.access,
         .in_kernel = args.fault.flags & DRM_NPU_FAULT_IN_KERNEL,
         .point = args.fault.job,
         .address = args.fault.address,
         .pc = args.fault.pc,
         .group = args.fault.group,
         .time_ns = args.fault.time_ns,
         .kernel_id = args.fault.kernel_id,
         .core = args.fault.core,
         .wave = args.fault.wave,
         .lane_mask = args.fault.lane_mask,
         .code = args.fault.code,
      };
   }
   return NPU_RESET_GUILTY;
}
