// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What the api_* tests need beside cl_test.h: contexts, queues and buffers of a case's own,
 * comparisons, and proof that a device still computes. Everything belongs to the case and is
 * released at its end. */

#ifndef CL_API_H
#define CL_API_H

#include "cl_test.h"

/* A new context and queue become clt.context and clt.queue until the case ends. Cases that may
 * break a queue begin with it; it may be called again in the same case. */
void clt_fresh_context(void);

/* clt_run() with clt_fresh_context() before fn. */
#define clt_run_fresh(fn, arg)                                                                     \
   clt_run(clt_call_fresh, &(const struct clt_fresh_call){(fn), (arg)}, "%s", #fn)
struct clt_fresh_call {
   void (*fn)(const void *arg);
   const void *arg;
};
void clt_call_fresh(const void *call);

/* Another queue of clt.context. */
cl_command_queue clt_queue(cl_command_queue_properties properties);

/* clCreateBuffer that must succeed. */
cl_mem clt_mem(cl_mem_flags flags, size_t size_B, void *host_ptr);

/* Notes an object that the case made itself, to be released at its end. */
cl_mem clt_own_mem(cl_mem mem);
cl_event clt_own_event(cl_event event);

/* A new user event. */
cl_event clt_user_event(void);

/* Memory with an alignment (power of two), zeroed. */
void *clt_alloc_aligned(size_t size_B, size_t align_B);

/* Bytes, reproducible from clt.seed and the case's own number. */
void clt_random_bytes(void *to, size_t size_B, uint64_t number);

/* Fails the case, naming the first differences, unless the contents are equal. */
bool clt_same(const char *what, const void *got, const void *want, size_t size_B);
bool clt_same_u32(const char *what, const uint32_t *got, const uint32_t *want, size_t count);

/* Builds a small kernel in clt.context, runs it on clt.queue and compares. `when` goes into
 * messages. */
bool clt_computes(const char *when);

/* Monotonic seconds. */
double clt_seconds(void);

/* A device query that must succeed, as a value. */
#define CLT_DEVICE_INFO(type, param)                                                               \
   ({                                                                                              \
      type value_ = 0;                                                                             \
      CLT_CALL(clGetDeviceInfo(clt.device, (param), sizeof(value_), &value_, NULL));               \
      value_;                                                                                      \
   })

#endif
