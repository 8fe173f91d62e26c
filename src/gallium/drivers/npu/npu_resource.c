/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Buffers and textures (npu_texture.c says how texels lie in memory).
 *
 * Every buffer is a buffer object of its own. Packing small ones into one object would save memory,
 * but then a kernel that runs over the end of one would silently change its neighbour; alone, each
 * has unmapped pages on both sides, and such a kernel faults. The BO cache of the winsys makes it
 * cheap.
 *
 * All buffers are zero when they are made (Rusticl relies on that), mapped coherently and
 * persistently on demand, and addressable by the device, whatever usage they were asked for.
 *
 * Shared virtual memory: a buffer with NPU_RESOURCE_FLAG_SVM has the same address on the device and
 * in the process, so pointers into it, and inside of it, mean the same to both.
 *
 * User memory (CL_MEM_USE_HOST_PTR) is accepted if it is the start of such a buffer. The device
 * reaches its own memory and buffer objects, not arbitrary pages of the process; so for all other
 * memory Rusticl keeps the application's as a shadow and copies at maps, which OpenCL allows.
 *
 * What it misses: sharing with other drivers.
 */

#include "npu_resource.h"

#include <errno.h>

#include "util/u_inlines.h"
#include "util/u_memory.h"

#include "npu_context.h"
#include "npu_texture.h"
#include "npu_timeline.h"

static struct npu_resource *
alloc_resource(struct pipe_screen *pscreen, const struct pipe_resource *templ)
{
   struct npu_resource *res = CALLOC_STRUCT_CL(npu_resource);

   if (!res)
      return NULL;
   res->base = *templ;
   res->base.screen = pscreen;
   pipe_reference_init(&res->base.reference, 1);
   simple_mtx_init(&res->lock, mtx_plain);
   util_dynarray_init(&res->uses, NULL);
   return res;
}

static void
free_resource(struct npu_resource *res)
{
   npu_uses_fini(&res->uses);
   simple_mtx_destroy(&res->lock);
   npu_bo_unref(res->bo);
   FREE_CL(res);
}

static struct pipe_resource *
resource_create(struct pipe_screen *pscreen, const struct pipe_resource *templ)
{
   struct npu_screen *screen = npu_screen(pscreen);
   struct npu_resource *res = alloc_resource(pscreen, templ);

   if (!res)
      return NULL;

   bool is_buffer = templ->target == PIPE_BUFFER;
   bool is_svm = is_buffer && (templ->flags & NPU_RESOURCE_FLAG_SVM);
   uint64_t size_B = is_buffer ? MAX2(templ->width0, 1) : npu_texture_layout(res);
   if (size_B && size_B <= NPU_MAX_BUFFER_B)
      res->bo = npu_bo_create(screen->dev, size_B, is_svm ? NPU_BO_AT_HOST_ADDRESS : 0,
                              is_svm      ? "shared virtual memory"
                              : is_buffer ? "buffer"
                                          : "image");
   if (!res->bo) {
      free_resource(res);
      return NULL;
   }
   if (is_svm) {
      simple_mtx_lock(&screen->svm_lock);
      list_addtail(&res->svm_link, &screen->svm_buffers);
      simple_mtx_unlock(&screen->svm_lock);
   }
   return &res->base;
}

/* A buffer that is the beginning of an SVM buffer, under another name. */
static struct pipe_resource *
resource_from_user_memory(struct pipe_screen *pscreen, const struct pipe_resource *templ,
                          void *memory)
{
   struct npu_screen *screen = npu_screen(pscreen);
   struct npu_bo *bo = NULL;

   if (templ->target != PIPE_BUFFER)
      return NULL;

   simple_mtx_lock(&screen->svm_lock);
   list_for_each_entry(struct npu_resource, svm, &screen->svm_buffers, svm_link) {
      if (svm->bo->va == (uintptr_t)memory && templ->width0 <= svm->base.width0) {
         bo = npu_bo_ref(svm->bo);
         break;
      }
   }
   simple_mtx_unlock(&screen->svm_lock);

   struct npu_resource *res = bo ? alloc_resource(pscreen, templ) : NULL;
   if (!res) {
      npu_bo_unref(bo);
      return NULL;
   }
   res->bo = bo;
   return &res->base;
}

/* Batches hold references, so the device is done with the buffer. */
static void
resource_destroy(struct pipe_screen *pscreen, struct pipe_resource *pres)
{
   struct npu_screen *screen = npu_screen(pscreen);
   struct npu_resource *res = npu_resource(pres);

   if (res->svm_link.next) {
      simple_mtx_lock(&screen->svm_lock);
      list_del(&res->svm_link);
      simple_mtx_unlock(&screen->svm_lock);
   }
   free_resource(res);
}

static bool
use_done(const struct npu_use *use)
{
   return npu_queue_point_done(use->timeline->queue, use->point);
}

/* Forgets finished work, and unfinished work of `timeline` of the kind `write`. Needs the lock. */
static void
prune_uses(struct npu_resource *res, const struct npu_timeline *timeline, bool write)
{
   struct npu_use *kept = util_dynarray_begin(&res->uses);

   util_dynarray_foreach(&res->uses, struct npu_use, use) {
      if ((use->timeline == timeline && use->write == write) || use_done(use))
         npu_timeline_unref(use->timeline);
      else
         *kept++ = *use;
   }
   res->uses.size = (char *)kept - (char *)util_dynarray_begin(&res->uses);
}

void
npu_resource_add_use(struct npu_resource *res, struct npu_timeline *timeline, uint64_t point,
                     bool write)
{
   const struct npu_use use = {npu_timeline_ref(timeline), point, write};

   simple_mtx_lock(&res->lock);
   prune_uses(res, timeline, write);
   util_dynarray_append(&res->uses, struct npu_use, use);
   simple_mtx_unlock(&res->lock);
}

void
npu_resource_collect_uses(struct npu_resource *res, enum npu_usage access,
                          const struct npu_timeline *except, struct util_dynarray *out)
{
   simple_mtx_lock(&res->lock);
   util_dynarray_foreach(&res->uses, struct npu_use, use) {
      if (use->timeline == except || !(use->write || (access & NPU_USAGE_WRITE)) || use_done(use))
         continue;
      npu_timeline_ref(use->timeline);
      util_dynarray_append(out, struct npu_use, *use);
   }
   simple_mtx_unlock(&res->lock);
}

void
npu_uses_fini(struct util_dynarray *uses)
{
   util_dynarray_foreach(uses, struct npu_use, use)
      npu_timeline_unref(use->timeline);
   util_dynarray_fini(uses);
}

bool
npu_resource_wait(struct npu_context *ctx, struct npu_resource *res, enum npu_usage access,
                  int64_t until_ns)
{
   if (npu_batch_conflicts(ctx->batch, res, access))
      npu_batch_flush(ctx);

   struct util_dynarray uses;
   bool ready = true;
   util_dynarray_init(&uses, NULL);
   npu_resource_collect_uses(res, access, NULL, &uses);
   util_dynarray_foreach(&uses, struct npu_use, use) {
      if (npu_queue_wait(use->timeline->queue, use->point, until_ns) == -ETIME) {
         ready = false;
         break;
      }
   }
   npu_uses_fini(&uses);
   return ready;
}

uint8_t *
npu_resource_map(struct npu_resource *res)
{
   return npu_bo_map(res->bo);
}

static enum npu_usage
cpu_access(unsigned usage)
{
   return usage & PIPE_MAP_WRITE ? NPU_USAGE_READ_WRITE : NPU_USAGE_READ;
}

uint8_t *
npu_resource_map_sync(struct npu_context *ctx, struct npu_resource *res, unsigned usage)
{
   int64_t until_ns = usage & PIPE_MAP_DONTBLOCK ? 0 : INT64_MAX;
   uint8_t *map = npu_resource_map(res);

   if (map && !(usage & PIPE_MAP_UNSYNCHRONIZED) &&
       !npu_resource_wait(ctx, res, cpu_access(usage), until_ns))
      return NULL;
   return map;
}

void
npu_resource_screen_init(struct npu_screen *screen)
{
   screen->base.resource_create = resource_create;
   screen->base.resource_from_user_memory = resource_from_user_memory;
   screen->base.resource_destroy = resource_destroy;
}
