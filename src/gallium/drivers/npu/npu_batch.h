/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A batch: packets that are recorded together and submitted at once, with everything they need.
 *
 * Recording one packet:
 *
 *    npu_batch_begin(batch);
 *    npu_batch_access(batch, res, NPU_USAGE_READ);     for every buffer the packet touches
 *    npu_batch_keep_program(batch, program);            and every other object
 *    struct npu_packet_copy packet = {.type = NPU_PACKET_COPY, ...};
 *    npu_batch_emit(batch, &packet);
 *
 * The batch holds references to all of it until the device is done.
 *
 * Order. Packets may overlap unless one has the BARRIER flag. A packet gets it when it follows
 * npu_batch_barrier(), or when it touches a buffer that an earlier packet since the last BARRIER
 * touched and one of the two writes. "Since the last BARRIER" is an epoch number per buffer, so the
 * test costs one table look-up per buffer.
 *
 * All functions belong to the thread of the context.
 */

#ifndef NPU_BATCH_H
#define NPU_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "util/hash_table.h"
#include "util/list.h"
#include "util/u_dynarray.h"

#include "npu_pool.h"

struct npu_bo;
struct npu_context;
struct npu_program;
struct npu_query;
struct npu_resource;
struct pipe_fence_handle;

enum npu_usage {
   NPU_USAGE_READ = 1,
   NPU_USAGE_WRITE = 2,
   NPU_USAGE_READ_WRITE = NPU_USAGE_READ | NPU_USAGE_WRITE,
};

/* One buffer of a batch. */
struct npu_batch_use {
   struct npu_resource *res; /* a reference */
   uint32_t read_epoch;      /* epoch of the last packet that reads it, 0: none */
   uint32_t write_epoch;     /* the same for writes */
};

struct npu_batch {
   struct npu_context *ctx;
   struct list_head link; /* npu_context.in_flight, once submitted */
   uint64_t point;        /* of ctx->timeline, once submitted */

   /* Packets: pools that are filled one after the other, each a command buffer of its own. */
   struct util_dynarray cmd_pools; /* struct npu_pool */
   uint32_t num_packets;           /* in all of them */

   struct util_dynarray pools;    /* struct npu_pool: arguments and other uploads */
   struct util_dynarray bos;      /* struct npu_bo *, references */
   struct util_dynarray programs; /* struct npu_program *, references, each once */
   struct util_dynarray queries;  /* struct npu_query *, references */
   struct util_dynarray fences;   /* struct pipe_fence_handle *, references, of deferred flushes */

   struct util_dynarray uses;    /* struct npu_batch_use */
   struct hash_table *use_index; /* struct npu_resource * -> index into uses, plus 1 */
   uint32_t scratch_epoch;       /* of the last packet that uses scratch memory */

   uint32_t epoch;       /* BARRIER packets so far, plus 1 */
   bool barrier_pending; /* the next packet gets BARRIER */

   /* The packet between npu_batch_begin() and npu_batch_emit(). */
   bool packet_barrier;
   bool packet_scratch;
   struct util_dynarray packet_uses; /* struct npu_packet_use */
};

/* NULL when out of memory. */
struct npu_batch *npu_batch_create(struct npu_context *ctx);

/* Drops everything, submitted or not; the device must be done with it. Queries that were not
 * submitted end with the present time.
 */
void npu_batch_destroy(struct npu_batch *batch);

void npu_batch_begin(struct npu_batch *batch);

/* The next packet accesses this buffer / the scratch memory. */
void npu_batch_access(struct npu_batch *batch, struct npu_resource *res, enum npu_usage access);
void npu_batch_access_scratch(struct npu_batch *batch);

/* Keeps an object until the batch is finished (takes a reference of its own). */
void npu_batch_keep_program(struct npu_batch *batch, struct npu_program *program);
void npu_batch_keep_bo(struct npu_batch *batch, struct npu_bo *bo);
void npu_batch_keep_query(struct npu_batch *batch, struct npu_query *query);

/* Appends a 64-byte packet of npu_regs.h; sets its BARRIER flag if needed. When out of memory the
 * packet is dropped, the context lost and false returned.
 */
bool npu_batch_emit(struct npu_batch *batch, void *packet);

/* Every later packet starts after all earlier ones. */
void npu_batch_barrier(struct npu_batch *batch);

/* Whether the batch accesses the buffer in a way that a CPU access of this kind must wait for. */
bool npu_batch_conflicts(struct npu_batch *batch, struct npu_resource *res, enum npu_usage cpu);

/* Submits what was recorded, if anything, and starts a new batch. Failure loses the context. */
void npu_batch_flush(struct npu_context *ctx);

/* Submits when the batch has grown large: the device starts early, and memory stays bounded. */
void npu_batch_flush_if_large(struct npu_context *ctx);

/* Frees batches that are finished. */
void npu_batch_retire(struct npu_context *ctx);

/* Throws away what is recorded and what is in flight on a dead queue. */
void npu_batch_drop_all(struct npu_context *ctx);

#endif
