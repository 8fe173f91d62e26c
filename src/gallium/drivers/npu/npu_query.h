/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_QUERY_H
#define NPU_QUERY_H

#include <stdint.h>

struct npu_batch;
struct npu_context;
struct npu_query;
struct npu_timeline;

/* For batches, on the thread of the query's context. */
struct npu_query *npu_query_ref(struct npu_query *query);

/* The first packets after an idle time are about to be submitted: a query that ended then, and whose
 * result nobody has seen, gets the present time.
 */
void npu_query_before_submit(struct npu_context *ctx);

/* The batch with the query's packet was submitted as this point. */
void npu_query_submitted(struct npu_query *query, struct npu_timeline *timeline, uint64_t point);

/* The batch is finished or was dropped; gives up its reference. */
void npu_query_batch_done(struct npu_query *query, const struct npu_batch *batch);

void npu_query_context_init(struct npu_context *ctx);

/* Frees the memory of queries; all of them are destroyed and the device is done with them. */
void npu_query_context_fini(struct npu_context *ctx);

#endif
