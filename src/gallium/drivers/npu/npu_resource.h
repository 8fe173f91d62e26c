/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_RESOURCE_H
#define NPU_RESOURCE_H

#include "pipe/p_state.h"
#include "util/list.h"
#include "util/simple_mtx.h"
#include "util/u_dynarray.h"

#include "npu_batch.h"

struct npu_bo;
struct npu_context;
struct npu_screen;
struct npu_timeline;

/* pipe_resource::flags of a buffer for shared virtual memory: what buffer_map returns is the address
 * the device knows it by. What Rusticl asks for with ResourceType::Svm.
 */
#define NPU_RESOURCE_FLAG_SVM PIPE_RESOURCE_FLAG_FRONTEND_PRIV

/* Submitted work that accesses a buffer. */
struct npu_use {
   struct npu_timeline *timeline; /* a reference */
   uint64_t point;
   bool write;
};

/* A buffer or a texture. Belongs to the screen: any context may use it. */
struct npu_resource {
   struct pipe_resource base;
   struct npu_bo *bo; /* a reference; never changes, so neither does its address */
   uint32_t row_stride_B, layer_stride_B; /* of textures */

   struct list_head svm_link; /* in npu_screen::svm_buffers, or zero */

   simple_mtx_t lock;
   struct util_dynarray uses; /* struct npu_use; lock. Unfinished ones, at most two per queue. */
};

static inline struct npu_resource *
npu_resource(struct pipe_resource *pres)
{
   return (struct npu_resource *)pres;
}

/* Notes submitted work. */
void npu_resource_add_use(struct npu_resource *res, struct npu_timeline *timeline, uint64_t point,
                          bool write);

/* Appends to `out` (struct npu_use, with references) the unfinished work of queues other than
 * `except` (may be NULL) that an access of this kind must wait for.
 */
void npu_resource_collect_uses(struct npu_resource *res, enum npu_usage access,
                               const struct npu_timeline *except, struct util_dynarray *out);

/* Drops the references of an array of npu_resource_collect_uses() and frees it. */
void npu_uses_fini(struct util_dynarray *uses);

/* Waits until the CPU may access the buffer this way: submits ctx's batch if it conflicts, then
 * waits for every queue. false: not ready before the time (INT64_MAX: never false).
 */
bool npu_resource_wait(struct npu_context *ctx, struct npu_resource *res, enum npu_usage access,
                       int64_t until_ns);

/* The memory; NULL: no address space or memory left. Does not wait. */
uint8_t *npu_resource_map(struct npu_resource *res);

/* The same for a map with these PIPE_MAP_ flags: waits as they say. NULL also if it is not ready and
 * must not wait.
 */
uint8_t *npu_resource_map_sync(struct npu_context *ctx, struct npu_resource *res, unsigned usage);

void npu_resource_screen_init(struct npu_screen *screen);

/* buffer_map, buffer_unmap, buffer_subdata and the like (npu_transfer.c). */
void npu_transfer_context_init(struct npu_context *ctx);

/* resource_copy_region, clear_buffer (npu_copy.c). */
void npu_copy_context_init(struct npu_context *ctx);

/* Records a copy between buffers; the ranges must not overlap. */
void npu_copy_from_va(struct npu_context *ctx, struct npu_resource *dst, uint32_t dst_offset_B,
                      uint64_t src_va, uint32_t size_B);

#endif
