/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Why: a driver makes and drops buffers for every batch (command buffers, arguments, staging).
 * Making one costs an allocation, a binding, a mapping and the zeroing of its pages.
 *
 * What is kept: only buffers whose users said that the old content does not matter
 * (NPU_BO_UNINITIALIZED) and that are never shared. They stay bound and mapped. All others are
 * unbound at the last unref, so that a program that still uses such memory faults, and new ones are
 * always zero.
 *
 * Sizes are rounded up to buckets of 2^n and 1.5 * 2^n, so at most a third is wasted and a freed
 * buffer fits the next one of about its size. Kept are at most MAX_CACHE_B, none longer than
 * MAX_AGE_NS (looked at when the next one is freed).
 */

#include "npu_device_private.h"

#include <assert.h>
#include <stdlib.h>

#define MIN_SIZE_LOG2 12
#define MAX_CACHE_B   (64ull << 20)
#define MAX_AGE_NS    2000000000ll

static uint64_t
bucket_size(unsigned bucket)
{
   uint64_t size_B = 1ull << (MIN_SIZE_LOG2 + bucket / 2);
   /* 1.5 pages are no buffer: that bucket stays empty. */
   return bucket % 2 ? size_B + size_B / 2 : size_B;
}

static unsigned
find_bucket(uint64_t size_B)
{
   unsigned bucket = 0;

   while (bucket < NPU_BO_CACHE_BUCKETS && (bucket == 1 || bucket_size(bucket) < size_B))
      bucket++;
   return bucket;
}

uint64_t
npu_bo_cache_round_size(uint64_t size_B)
{
   unsigned bucket = find_bucket(size_B);
   return bucket < NPU_BO_CACHE_BUCKETS && bucket_size(bucket) <= MAX_CACHE_B / 2
             ? bucket_size(bucket)
             : 0;
}

/* Unlinks a buffer from its bucket. */
static void
remove_bo(struct npu_bo_cache *cache, unsigned bucket, struct npu_bo_private *bo)
{
   if (bo->prev)
      bo->prev->next = bo->next;
   else
      cache->buckets[bucket] = bo->next;
   if (bo->next)
      bo->next->prev = bo->prev;
   bo->prev = bo->next = NULL;
   cache->size_B -= bo->base.size_B;
}

struct npu_bo_private *
npu_bo_cache_take(struct npu_bo_cache *cache, uint64_t size_B, uint32_t flags)
{
   unsigned bucket = find_bucket(size_B);

   assert(bucket < NPU_BO_CACHE_BUCKETS && bucket_size(bucket) == size_B && "size is not rounded");
   for (struct npu_bo_private *bo = cache->buckets[bucket]; bo; bo = bo->next) {
      if (bo->base.flags == flags) {
         remove_bo(cache, bucket, bo);
         return bo;
      }
   }
   return NULL;
}

/* The buffer that was freed first of a bucket. */
static struct npu_bo_private *
oldest(struct npu_bo_private *bo)
{
   while (bo && bo->next)
      bo = bo->next;
   return bo;
}

struct npu_bo_private *
npu_bo_cache_put(struct npu_bo_cache *cache, struct npu_bo_private *bo, int64_t now_ns)
{
   unsigned bucket = find_bucket(bo->base.size_B);
   struct npu_bo_private *drop = NULL;

   assert(bucket < NPU_BO_CACHE_BUCKETS && bucket_size(bucket) == bo->base.size_B &&
          "size is not rounded");
   bo->cached_at_ns = now_ns;
   bo->prev = NULL;
   bo->next = cache->buckets[bucket];
   if (bo->next)
      bo->next->prev = bo;
   cache->buckets[bucket] = bo;
   cache->size_B += bo->base.size_B;

   for (unsigned i = 0; i < NPU_BO_CACHE_BUCKETS; i++) {
      struct npu_bo_private *last;
      while ((last = oldest(cache->buckets[i])) && last->cached_at_ns < now_ns - MAX_AGE_NS) {
         remove_bo(cache, i, last);
         last->next = drop;
         drop = last;
      }
   }

   /* Too much: the largest go first, they are the fewest. */
   for (unsigned i = NPU_BO_CACHE_BUCKETS; i-- > 0 && cache->size_B > MAX_CACHE_B;) {
      struct npu_bo_private *last;
      while (cache->size_B > MAX_CACHE_B && (last = oldest(cache->buckets[i]))) {
         remove_bo(cache, i, last);
         last->next = drop;
         drop = last;
      }
   }
   return drop;
}

struct npu_bo_private *
npu_bo_cache_clear(struct npu_bo_cache *cache)
{
   struct npu_bo_private *drop = NULL;

   for (unsigned i = 0; i < NPU_BO_CACHE_BUCKETS; i++) {
      while (cache->buckets[i]) {
         struct npu_bo_private *bo = cache->buckets[i];
         remove_bo(cache, i, bo);
         bo->next = drop;
         drop = bo;
      }
   }
   return drop;
}
