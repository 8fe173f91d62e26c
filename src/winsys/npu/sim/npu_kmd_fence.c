/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Fences and timelines.
 *
 * A timeline is a chain of nodes, each with a fence of its own and a point, as dma_fence_chain in
 * the kernel. Rules:
 *  1. A node signals when its own fence and the node before it have signalled.
 *  2. A node that has signalled forgets the node before it: a timeline never holds more than what
 * is pending plus one node.
 *  3. Adding a point that is not above the last one starts a new timeline behind the old one, whose
 * first node has the larger of both points.
 *
 * Signalling one fence can signal thousands (a long chain whose first node comes last), so it works
 * from a list, never by recursion.
 *
 * Locking: everything under npu_kmd.lock.
 */

#include "npu_kmd.h"

#include <assert.h>

struct npu_kmd_fence *
npu_kmd_fence_create(void)
{
   struct npu_kmd_fence *fence = npu_kmd_zalloc(sizeof(*fence));

   if (fence) {
      fence->refs = 1;
      npu_list_init(&fence->callbacks);
      npu_list_init(&fence->signal_node);
   }
   return fence;
}

struct npu_kmd_fence *
npu_kmd_fence_ref(struct npu_kmd_fence *fence)
{
   fence->refs++;
   return fence;
}

void
npu_kmd_fence_unref(struct npu_kmd_fence *fence)
{
   if (!fence || --fence->refs)
      return;

   assert(npu_list_is_empty(&fence->callbacks) && "callbacks hold a reference");
   assert(!fence->prev && "a pending node is referenced by its callbacks");
   npu_kmd_free(fence);
}

bool
npu_kmd_fence_add_cb(struct npu_kmd_fence *fence, struct npu_kmd_fence_cb *cb,
                     void (*func)(struct npu_kmd *, struct npu_kmd_fence_cb *))
{
   if (fence->signalled)
      return false;

   cb->func = func;
   cb->fence = npu_kmd_fence_ref(fence);
   npu_list_append(&fence->callbacks, &cb->node);
   return true;
}

void
npu_kmd_fence_remove_cb(struct npu_kmd_fence_cb *cb)
{
   if (!cb->fence)
      return;

   struct npu_kmd_fence *fence = cb->fence;
   npu_list_remove(&cb->node);
   cb->fence = NULL;
   npu_kmd_fence_unref(fence);
}

/* Calls the callbacks of one signalled fence. */
static void
run_callbacks(struct npu_kmd *kmd, struct npu_kmd_fence *fence)
{
   while (!npu_list_is_empty(&fence->callbacks)) {
      struct npu_kmd_fence_cb *cb = npu_list_first(&fence->callbacks, struct npu_kmd_fence_cb,
                                                   node);

      npu_list_remove(&cb->node);
      cb->fence = NULL;
      cb->func(kmd, cb);
      npu_kmd_fence_unref(fence);
   }
}

void
npu_kmd_fence_signal(struct npu_kmd *kmd, struct npu_kmd_fence *fence, int error)
{
   if (fence->signalled)
      return;

   fence->error = error;
   fence->job = NULL;
   __atomic_store_n(&fence->signalled, true, __ATOMIC_RELEASE);
   npu_list_append(&kmd->signalling, &npu_kmd_fence_ref(fence)->signal_node);

   /* Called from a callback: the call below us on the stack takes it from the list. */
   if (kmd->is_signalling)
      return;

   kmd->is_signalling = true;
   while (!npu_list_is_empty(&kmd->signalling)) {
      fence = npu_list_first(&kmd->signalling, struct npu_kmd_fence, signal_node);
      npu_list_remove(&fence->signal_node);
      run_callbacks(kmd, fence);
      npu_kmd_fence_unref(fence);
   }
   kmd->is_signalling = false;
   pthread_cond_broadcast(&kmd->changed);
}

/* One of the fences a node waits for has signalled. */
static void
chain_progress(struct npu_kmd *kmd, struct npu_kmd_fence *node, int error)
{
   if (error && !node->error)
      node->error = error;

   if (--node->pending == 0) {
      struct npu_kmd_fence *prev = node->prev;
      node->prev = NULL;
      npu_kmd_fence_signal(kmd, node, node->error);
      npu_kmd_fence_unref(prev);
      npu_kmd_fence_unref(node); /* what npu_kmd_fence_chain took */
   }
}

static void
inner_signalled(struct npu_kmd *kmd, struct npu_kmd_fence_cb *cb)
{
   chain_progress(kmd, npu_container_of(cb, struct npu_kmd_fence, cb[0]), 0);
}

static void
prev_signalled(struct npu_kmd *kmd, struct npu_kmd_fence_cb *cb)
{
   chain_progress(kmd, npu_container_of(cb, struct npu_kmd_fence, cb[1]), 0);
}

void
npu_kmd_fence_chain(struct npu_kmd *kmd, struct npu_kmd_fence *node, struct npu_kmd_fence *prev,
                    struct npu_kmd_fence *inner, uint64_t point)
{
   assert(!node->is_chain && !node->signalled && "the node is in use");
   node->is_chain = true;
   node->point = point;

   if (prev && prev->is_chain && point > prev->point) {
      node->timeline = prev->timeline;
      node->prev_point = prev->point;
   } else {
      node->timeline = kmd->next_uid++;
      if (prev && prev->is_chain && prev->point > point)
         node->point = prev->point;
   }

   /* One extra, so that it does not signal before it is complete; a reference until it signals. */
   node->pending = 1;
   npu_kmd_fence_ref(node);

   if (npu_kmd_fence_add_cb(inner, &node->cb[0], inner_signalled))
      node->pending++;
   else
      node->error = inner->error;

   if (prev && npu_kmd_fence_add_cb(prev, &node->cb[1], prev_signalled)) {
      node->prev = npu_kmd_fence_ref(prev);
      node->pending++;
   }
   chain_progress(kmd, node, 0);
}

struct npu_kmd_fence *
npu_kmd_fence_find_point(struct npu_kmd *kmd, struct npu_kmd_fence *fence, uint64_t point)
{
   if (!fence || !point)
      return fence;
   if (!fence->is_chain || fence->point < point)
      return NULL;

   while (fence->prev_point >= point) {
      /* The node that stands for the point is forgotten already (rule 2). */
      if (!fence->prev)
         return kmd->signalled;
      fence = fence->prev;
   }
   return fence;
}

static void
dep_signalled(struct npu_kmd *kmd, struct npu_kmd_fence_cb *cb)
{
   struct npu_kmd_dep *dep = npu_container_of(cb, struct npu_kmd_dep, cb);
   struct npu_kmd_deps *deps = dep->deps;

   if (--deps->pending == 0)
      deps->ready(kmd, deps);
}

bool
npu_kmd_deps_start(struct npu_kmd_deps *deps,
                   void (*ready)(struct npu_kmd *, struct npu_kmd_deps *))
{
   deps->ready = ready;
   deps->pending = 0;

   for (uint32_t i = 0; i < deps->count; i++) {
      struct npu_kmd_dep *dep = &deps->array[i];
      struct npu_kmd_fence *fence = dep->cb.fence;

      /* So far only the reference: see npu_kmd_syncs_prepare. */
      dep->deps = deps;
      dep->cb.fence = NULL;
      if (npu_kmd_fence_add_cb(fence, &dep->cb, dep_signalled))
         deps->pending++;
      npu_kmd_fence_unref(fence);
   }
   return deps->pending == 0;
}

void
npu_kmd_deps_fini(struct npu_kmd_deps *deps)
{
   for (uint32_t i = 0; i < deps->count; i++)
      npu_kmd_fence_remove_cb(&deps->array[i].cb);
   npu_kmd_free(deps->array);
   *deps = (struct npu_kmd_deps){0};
}
