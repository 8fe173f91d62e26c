/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The parts of the winsys that need no device: range heap, id table, buffer cache, debug flags,
 * fault texts.
 */

#include "tap.h"

#include "npu_device_private.h"
#include "npu_idr.h"
#include "npu_winsys_debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------- range heap -- */

static void
heap_first_fit(void)
{
   struct npu_range_heap heap;
   uint64_t a, b, c, d;

   CHECK(npu_range_heap_init(&heap, 100, 1000));
   CHECK(npu_range_heap_alloc(&heap, 10, 1, &a));
   CHECK_EQ(a, 100);
   CHECK(npu_range_heap_alloc(&heap, 64, 64, &b));
   CHECK_EQ(b, 128);
   CHECK(npu_range_heap_alloc(&heap, 18, 1, &c)); /* the gap of the alignment */
   CHECK_EQ(c, 110);
   CHECK(npu_range_heap_alloc(&heap, 1, 1, &d));
   CHECK_EQ(d, 192);
   CHECK_EQ(heap.free_size, 1000 - 10 - 64 - 18 - 1);

   npu_range_heap_free(&heap, b, 64);
   npu_range_heap_free(&heap, a, 10);
   CHECK_EQ(heap.num_holes, 3);
   npu_range_heap_free(&heap, c, 18);
   CHECK_EQ(heap.num_holes, 2);
   npu_range_heap_free(&heap, d, 1);
   CHECK_EQ(heap.num_holes, 1);
   CHECK_EQ(heap.free_size, 1000);
   CHECK_EQ(heap.holes[0].start, 100);
   npu_range_heap_fini(&heap);
}

static void
heap_exhaustion(void)
{
   struct npu_range_heap heap;
   uint64_t start;

   CHECK(npu_range_heap_init(&heap, 0, 4096));
   CHECK(!npu_range_heap_alloc(&heap, 4097, 1, &start));
   CHECK(!npu_range_heap_alloc(&heap, UINT64_MAX, 1, &start));
   CHECK(!npu_range_heap_alloc(&heap, UINT64_MAX, 1ull << 63, &start));
   CHECK(npu_range_heap_alloc(&heap, 4096, 4096, &start));
   CHECK(!npu_range_heap_alloc(&heap, 1, 1, &start));
   CHECK_EQ(heap.num_holes, 0);
   npu_range_heap_free(&heap, start, 4096);
   CHECK(npu_range_heap_alloc(&heap, 4096, 1, &start));
   npu_range_heap_fini(&heap);
}

/* At the very end of the number space rounding up must not wrap around. */
static void
heap_end_of_numbers(void)
{
   struct npu_range_heap heap;
   uint64_t start;

   CHECK(npu_range_heap_init(&heap, UINT64_MAX - 100, 100));
   CHECK(!npu_range_heap_alloc(&heap, 1, 256, &start));
   CHECK(!npu_range_heap_alloc(&heap, 1, 1ull << 63, &start));
   CHECK(npu_range_heap_alloc(&heap, 100, 1, &start));
   npu_range_heap_fini(&heap);
}

static void
heap_given_range(void)
{
   struct npu_range_heap heap;

   CHECK(npu_range_heap_init(&heap, 1000, 1000));
   CHECK(!npu_range_heap_alloc_at(&heap, 999, 2));
   CHECK(!npu_range_heap_alloc_at(&heap, 1999, 2));
   CHECK(!npu_range_heap_alloc_at(&heap, 1500, 0));
   CHECK(!npu_range_heap_alloc_at(&heap, 1500, UINT64_MAX));
   CHECK(npu_range_heap_alloc_at(&heap, 1500, 100));
   CHECK(!npu_range_heap_alloc_at(&heap, 1599, 1));
   CHECK(!npu_range_heap_alloc_at(&heap, 1400, 101));
   CHECK(npu_range_heap_alloc_at(&heap, 1400, 100));
   CHECK(npu_range_heap_alloc_at(&heap, 1600, 400));
   CHECK_EQ(heap.num_holes, 1);
   npu_range_heap_fini(&heap);
}

static void
heap_largest_piece(void)
{
   struct npu_range_heap heap;
   struct npu_range range;

   CHECK(npu_range_heap_init(&heap, 0, 1 << 20));
   CHECK(npu_range_heap_alloc_at(&heap, 10000, 1));  /* hole 0 .. 10000 */
   CHECK(npu_range_heap_alloc_at(&heap, 500000, 1)); /* hole 10001 .. 500000 */
   CHECK(npu_range_heap_alloc_most(&heap, 1 << 20, 4096, &range));
   CHECK_EQ(range.start, 503808); /* the last hole, aligned */
   CHECK_EQ(range.start + range.size, 1 << 20);
   CHECK(npu_range_heap_alloc_most(&heap, 1 << 20, 4096, &range));
   CHECK_EQ(range.start, 12288);
   CHECK_EQ(range.size, 119 * 4096);
   CHECK(npu_range_heap_alloc_most(&heap, 4096 + 100, 4096, &range)); /* not more than asked for */
   CHECK_EQ(range.size, 4096);
   CHECK(!npu_range_heap_alloc_most(&heap, 100, 4096, &range));
   npu_range_heap_fini(&heap);
}

/* Random calls against a map of single numbers. */
static void
heap_random(void)
{
   enum {
      SIZE = 2000,
      LIVE = 100
   };
   static uint8_t used[SIZE];
   struct npu_range live[LIVE] = {0};
   struct npu_range_heap heap;
   unsigned seed = 12345, num_live = 0;

   memset(used, 0, sizeof(used));
   CHECK(npu_range_heap_init(&heap, 5000, SIZE));
   for (unsigned step = 0; step < 200000; step++) {
      unsigned slot = rand_r(&seed) % LIVE;
      struct npu_range *range = &live[slot];

      if (range->size) {
         for (uint64_t i = 0; i < range->size; i++)
            used[range->start - 5000 + i] = 0;
         npu_range_heap_free(&heap, range->start, range->size);
         range->size = 0;
         num_live--;
      } else {
         uint64_t size = 1 + rand_r(&seed) % 60, align = 1ull << rand_r(&seed) % 6;
         uint64_t expected = 0;

         /* The lowest place, found by trying all. */
         for (uint64_t at = 5000; !expected && at + size <= 5000 + SIZE; at++) {
            if (at % align)
               continue;
            uint64_t i = 0;
            while (i < size && !used[at - 5000 + i])
               i++;
            if (i == size)
               expected = at;
         }
         bool found = npu_range_heap_alloc(&heap, size, align, &range->start);
         CHECK_EQ(found, expected != 0);
         if (found) {
            CHECK_EQ(range->start, expected);
            range->size = size;
            memset(used + expected - 5000, 1, size);
            num_live++;
         }
      }
      CHECK_EQ(heap.num_allocs, num_live);
   }

   uint64_t free_size = 0;
   for (unsigned i = 0; i < SIZE; i++)
      free_size += !used[i];
   CHECK_EQ(heap.free_size, free_size);
   npu_range_heap_fini(&heap);
}

/* ----------------------------------------------------------------------------------- id table -- */

static void
idr_lowest_first(void)
{
   struct npu_idr idr = {0};
   int objects[100];
   uint32_t id;

   for (unsigned i = 0; i < 100; i++) {
      CHECK_EQ(npu_idr_add(&idr, &objects[i], &id), 0);
      CHECK_EQ(id, i + 1);
   }
   CHECK(npu_idr_find(&idr, 50) == &objects[49]);
   CHECK(!npu_idr_find(&idr, 0));
   CHECK(!npu_idr_find(&idr, 101));
   CHECK(!npu_idr_find(&idr, UINT32_MAX));
   CHECK(npu_idr_remove(&idr, 70) == &objects[69]);
   CHECK(npu_idr_remove(&idr, 30) == &objects[29]);
   CHECK(!npu_idr_remove(&idr, 30));
   CHECK_EQ(npu_idr_add(&idr, &objects[0], &id), 0);
   CHECK_EQ(id, 30);
   CHECK_EQ(npu_idr_add(&idr, &objects[0], &id), 0);
   CHECK_EQ(id, 70);
   CHECK_EQ(npu_idr_add(&idr, &objects[0], &id), 0);
   CHECK_EQ(id, 101);

   unsigned count = 0;
   npu_idr_foreach(&idr, i) count++;
   CHECK_EQ(count, 101);
   npu_idr_fini(&idr);
}

static void
idr_limit(void)
{
   struct npu_idr idr = {.max = 20};
   int object;
   uint32_t id;

   for (unsigned i = 0; i < 20; i++)
      CHECK_EQ(npu_idr_add(&idr, &object, &id), 0);
   CHECK(npu_idr_add(&idr, &object, &id) < 0);
   npu_idr_remove(&idr, 3);
   CHECK_EQ(npu_idr_add(&idr, &object, &id), 0);
   CHECK_EQ(id, 3);
   npu_idr_fini(&idr);
}

/* ------------------------------------------------------------------------------- buffer cache -- */

static void
cache_sizes(void)
{
   CHECK_EQ(npu_bo_cache_round_size(1), 4096);
   CHECK_EQ(npu_bo_cache_round_size(4096), 4096);
   CHECK_EQ(npu_bo_cache_round_size(4097), 8192);
   CHECK_EQ(npu_bo_cache_round_size(8193), 12288);
   CHECK_EQ(npu_bo_cache_round_size(12289), 16384);
   CHECK_EQ(npu_bo_cache_round_size(32 << 20), 32 << 20);
   CHECK_EQ(npu_bo_cache_round_size((32 << 20) + 1), 0);
   CHECK_EQ(npu_bo_cache_round_size(UINT64_MAX), 0);
   for (uint64_t size_B = 1; size_B < 32 << 20; size_B = size_B * 5 / 4 + 1) {
      uint64_t rounded_B = npu_bo_cache_round_size(size_B);
      CHECK(rounded_B >= size_B && rounded_B % 4096 == 0);
      CHECK(size_B < 8192 || rounded_B <= size_B + size_B / 2);
   }
}

static struct npu_bo_private *
make_bo(uint64_t size_B, uint32_t flags)
{
   struct npu_bo_private *bo = calloc(1, sizeof(*bo));
   bo->base.size_B = size_B;
   bo->base.flags = flags;
   return bo;
}

static unsigned
free_list(struct npu_bo_private *list)
{
   unsigned count = 0;
   while (list) {
      struct npu_bo_private *next = list->next;
      free(list);
      list = next;
      count++;
   }
   return count;
}

static void
cache_matches_size_and_flags(void)
{
   struct npu_bo_cache cache = {0};
   struct npu_bo_private *a = make_bo(8192, 4), *b = make_bo(8192, 5), *c = make_bo(16384, 4);

   CHECK(!npu_bo_cache_put(&cache, a, 0));
   CHECK(!npu_bo_cache_put(&cache, b, 0));
   CHECK(!npu_bo_cache_put(&cache, c, 0));
   CHECK_EQ(cache.size_B, 32768);
   CHECK(!npu_bo_cache_take(&cache, 8192, 6));
   CHECK(!npu_bo_cache_take(&cache, 12288, 4));
   CHECK(npu_bo_cache_take(&cache, 8192, 4) == a);
   CHECK(!npu_bo_cache_take(&cache, 8192, 4));
   CHECK(npu_bo_cache_take(&cache, 16384, 4) == c);
   CHECK(npu_bo_cache_take(&cache, 8192, 5) == b);
   CHECK_EQ(cache.size_B, 0);
   free(a);
   free(b);
   free(c);
}

static void
cache_forgets(void)
{
   struct npu_bo_cache cache = {0};
   const int64_t s = 1000000000;

   /* Old ones go. */
   CHECK(!npu_bo_cache_put(&cache, make_bo(4096, 4), 0));
   CHECK(!npu_bo_cache_put(&cache, make_bo(8192, 4), 1 * s));
   CHECK_EQ(free_list(npu_bo_cache_put(&cache, make_bo(4096, 4), 25 * s / 10)), 1);
   CHECK_EQ(cache.size_B, 8192 + 4096);
   CHECK_EQ(free_list(npu_bo_cache_clear(&cache)), 2);
   CHECK_EQ(cache.size_B, 0);

   /* Too much goes, the largest first. */
   CHECK(!npu_bo_cache_put(&cache, make_bo(4096, 4), 0));
   CHECK(!npu_bo_cache_put(&cache, make_bo(32 << 20, 4), 0));
   struct npu_bo_private *drop = npu_bo_cache_put(&cache, make_bo(32 << 20, 4), 0);
   CHECK(drop && drop->base.size_B == 32 << 20 && !drop->next);
   free(drop);
   CHECK_EQ(free_list(npu_bo_cache_clear(&cache)), 2);
}

/* --------------------------------------------------------------------------------- debug flags -- */

static void
debug_flags(void)
{
   uint32_t none = npu_winsys_debug_parse(NULL);

   CHECK_EQ(npu_winsys_debug_parse(""), none);
   CHECK_EQ(npu_winsys_debug_parse("ioctl"), none | NPU_WINSYS_DEBUG_IOCTL);
   CHECK_EQ(npu_winsys_debug_parse("nocache,sync"),
            none | NPU_WINSYS_DEBUG_NOCACHE | NPU_WINSYS_DEBUG_SYNC);
   CHECK_EQ(npu_winsys_debug_parse(",leak,,"), none | NPU_WINSYS_DEBUG_LEAK);
}

/* ---------------------------------------------------------------------------------- fault text -- */

static void
fault_texts(void)
{
   static const struct {
      struct npu_fault_info fault;
      const char *text;
   } cases[] = {
      {{.type = NPU_FAULT_UNMAPPED,
        .access = NPU_ACCESS_WRITE,
        .in_kernel = true,
        .address = 0x1000c0,
        .pc = 0x20058,
        .kernel_id = 3,
        .group = 4,
        .wave = 1,
        .lane_mask = 1},
       "write of unmapped address 0x1000c0, pc 0x20058, kernel 3, group 4, wave 1, lanes "
       "0x00000001, core 0"},
      {{.type = NPU_FAULT_PERMISSION, .access = NPU_ACCESS_EXECUTE, .address = 0x5000, .pc = 0x8040},
       "instruction fetch of address 0x5000 is not allowed, packet 0x8040"},
      {{.type = NPU_FAULT_BAD_PACKET, .access = NPU_ACCESS_COMMAND, .pc = 0x8040, .code = 12},
       "malformed packet (field at byte 12), packet 0x8040"},
      {{.type = NPU_FAULT_TRAP, .in_kernel = true, .code = 7, .lane_mask = 0xff},
       "trap with code 7, pc 0x0, kernel 0, group 0, wave 0, lanes 0x000000ff, core 0"},
      {{.type = NPU_FAULT_WATCHDOG}, "no progress for the time of the watchdog"},
      {{.type = NPU_FAULT_KILLED}, "killed by the driver: the job took longer than jobs may"},
      {{.type = NPU_FAULT_NONE}, "fault whose record was lost"},
      {{.type = NPU_FAULT_LOCAL_BOUNDS, .access = NPU_ACCESS_READ, .address = 64},
       "read outside local memory, offset 0x40"},
      {{.type = NPU_FAULT_PRIVATE_BOUNDS, .access = NPU_ACCESS_ATOMIC, .address = 64},
       "atomic outside private memory, offset 0x40"},
      {{.type = NPU_FAULT_MISALIGNED, .access = NPU_ACCESS_ATOMIC, .address = 3},
       "misaligned atomic of address 0x3"},
      {{.type = (enum npu_fault)99}, "fault of unknown type 99"},
   };

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      char text[512];
      int length = npu_fault_describe(&cases[i].fault, NULL, text, sizeof(text));
      CHECK_STR(text, cases[i].text);
      CHECK_EQ(length, strlen(text));
   }
}

static void
fault_text_is_cut(void)
{
   const struct npu_fault_info fault = {.type = NPU_FAULT_UNMAPPED,
                                        .access = NPU_ACCESS_READ,
                                        .address = 0x1234};
   char text[8];

   memset(text, '#', sizeof(text));
   CHECK_EQ(npu_fault_describe(&fault, NULL, text, 5), 31);
   CHECK_STR(text, "read");
   CHECK_EQ(text[5], '#');
   CHECK_EQ(npu_fault_describe(&fault, NULL, NULL, 0), 31);
}

static const struct tap_case cases[] = {
   {"range heap: first fit and merging", heap_first_fit},
   {"range heap: exhaustion", heap_exhaustion},
   {"range heap: the end of all numbers", heap_end_of_numbers},
   {"range heap: a given range", heap_given_range},
   {"range heap: the largest piece", heap_largest_piece},
   {"range heap: random calls against a map", heap_random},
   {"id table: lowest first", idr_lowest_first},
   {"id table: limit", idr_limit},
   {"buffer cache: sizes", cache_sizes},
   {"buffer cache: size and flags must match", cache_matches_size_and_flags},
   {"buffer cache: age and amount", cache_forgets},
   {"debug flags", debug_flags},
   {"fault texts", fault_texts},
   {"fault texts are cut to the room", fault_text_is_cut},
};

int
main(int argc, char **argv)
{
   return tap_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
