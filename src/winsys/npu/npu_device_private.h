/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the files of the winsys share: the insides of devices, buffers and queues.
 */

#ifndef NPU_DEVICE_PRIVATE_H
#define NPU_DEVICE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "npu_range_heap.h"
#include "npu_transport.h"
#include "npu_winsys.h"

/* Guard page behind every buffer; the one before it is that of its neighbour. */
#define NPU_BO_GUARD_B 4096

/* npu_bo and what only the winsys knows. */
struct npu_bo_private {
   struct npu_bo base;
   atomic_uint refs;
   char *label; /* NULL: none */
   bool imported;
   bool cacheable;
   uint64_t va_size_B;                 /* taken from npu_device.va_heap, with the guard */
   void *_Atomic map;                  /* NULL until the first npu_bo_map */
   struct npu_bo_private *prev, *next; /* in npu_device.bos, or in a bucket of the cache */
   int64_t cached_at_ns;
};

/* Freed buffers with NPU_BO_UNINITIALIZED that wait for reuse, by size; see npu_bo_cache.c. */
#define NPU_BO_CACHE_BUCKETS 32
struct npu_bo_cache {
   struct npu_bo_private *buckets[NPU_BO_CACHE_BUCKETS]; /* most recently freed first */
   uint64_t size_B;                                      /* of all buffers in it */
};

/* Addresses of this many freed buffers stay unused for a while, so that using one of them faults
 * instead of hitting the next buffer.
 */
#define NPU_BO_QUARANTINE 256

struct npu_device {
   struct npu_transport *transport;
   struct npu_device_info info;
   uint32_t debug; /* enum npu_winsys_debug_flags */
   uint32_t vm_id;

   pthread_mutex_t lock; /* everything below */
   struct npu_range_heap va_heap;
   struct npu_range quarantine[NPU_BO_QUARANTINE]; /* size 0: unused */
   unsigned quarantine_next;                       /* the oldest, which goes first */
   uint64_t host_va_next;      /* where to look for addresses the host has, too */
   struct npu_bo_private *bos; /* all that users hold */
   struct npu_bo_cache cache;
   unsigned num_queues;
};

/* The ioctl, traced if asked for. 0 or -errno. */
int npu_device_ioctl(struct npu_device *dev, unsigned long request, void *arg);

/* Size a buffer of the cache has: size_B rounded up to that of a bucket, or 0 if it is too large. */
uint64_t npu_bo_cache_round_size(uint64_t size_B);
/* Takes a buffer of exactly that (rounded) size and these flags out, or returns NULL. */
struct npu_bo_private *npu_bo_cache_take(struct npu_bo_cache *cache, uint64_t size_B,
                                         uint32_t flags);
/* Puts a buffer in. Returns a list (through next) of those that must go. */
struct npu_bo_private *npu_bo_cache_put(struct npu_bo_cache *cache, struct npu_bo_private *bo,
                                        int64_t now_ns);
/* Takes everything out. */
struct npu_bo_private *npu_bo_cache_clear(struct npu_bo_cache *cache);

/* Frees a list (through next) of buffers nobody holds. Takes the lock. */
void npu_bo_destroy_list(struct npu_bo_private *list);

#endif
