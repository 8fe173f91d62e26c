/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The Gallium driver without a front end: pipe calls on the model, for what Rusticl never does or
 * does only by chance - overlapping copies, odd fill patterns, uploads into busy buffers, deferred
 * flushes, maps that must not block, work of several contexts on one buffer, queries in flight.
 * launch_test.c has the launches.
 */

#include "driver_test.h"

#include <pthread.h>

/*
 * Helpers
 */

static void
expect_bytes(struct pipe_context *pctx, struct pipe_resource *pres, const uint8_t *want)
{
   uint8_t *got = malloc(pres->width0);

   read_buffer(pctx, pres, 0, pres->width0, got);
   assert_memory_equal(got, want, pres->width0);
   free(got);
}

static uint64_t rng = 1;

static uint32_t
rnd(uint32_t below)
{
   rng = rng * 6364136223846793005u + 1442695040888963407u;
   return (rng >> 33) % below;
}

static void
random_bytes(uint8_t *to, uint32_t size_B)
{
   for (uint32_t i = 0; i < size_B; i++)
      to[i] = rnd(256);
}

/* Work that keeps a queue busy for a good while: fills of a buffer of this size. */
enum {
   BUSY_B = 64 << 20
};

static void
make_busy(struct pipe_context *pctx, struct pipe_resource *pres, uint8_t last)
{
   for (int i = 7; i >= 0; i--) {
      uint8_t byte = last + i;
      pctx->clear_buffer(pctx, pres, 0, pres->width0, &byte, 1);
   }
   pctx->flush(pctx, NULL, 0);
}

/*
 * Screen
 */

static void
describes_itself(void **state)
{
   uint64_t threads = 0, sizes[3] = {0};
   uint32_t bits = 0;
   char uuid[2][PIPE_UUID_SIZE] = {{0}};

   assert_true(screen->caps.compute);
   assert_true(screen->caps.int64);
   assert_true(screen->caps.query_timestamp);
   assert_true(screen->caps.timer_resolution > 0);
   assert_int_equal(screen->get_compute_param(screen, PIPE_SHADER_IR_NIR,
                                              PIPE_COMPUTE_CAP_ADDRESS_BITS, &bits),
                    sizeof(bits));
   assert_int_equal(bits, 64);
   assert_int_equal(screen->get_compute_param(screen, PIPE_SHADER_IR_NIR,
                                              PIPE_COMPUTE_CAP_MAX_BLOCK_SIZE, sizes),
                    sizeof(sizes));
   assert_int_equal(screen->get_compute_param(screen, PIPE_SHADER_IR_NIR,
                                              PIPE_COMPUTE_CAP_MAX_THREADS_PER_BLOCK, &threads),
                    sizeof(threads));
   assert_true(threads >= 1 && sizes[0] >= threads);
   assert_int_equal(screen->get_shader_param(screen, PIPE_SHADER_FRAGMENT,
                                             PIPE_SHADER_CAP_MAX_CONST_BUFFER0_SIZE),
                    0);
   assert_true(strlen(screen->get_name(screen)) > 0);
   assert_true(strlen(screen->get_device_vendor(screen)) > 0);
   screen->get_device_uuid(screen, uuid[0]);
   screen->get_driver_uuid(screen, uuid[1]);
   assert_memory_not_equal(uuid[0], uuid[1], PIPE_UUID_SIZE);
}

static void
memory_info_counts_buffers(void **state)
{
   struct pipe_memory_info before, with;

   screen->query_memory_info(screen, &before);
   struct pipe_resource *pres = new_buffer(128 << 20);
   screen->query_memory_info(screen, &with);
   drop(pres);
   assert_true(before.total_device_memory > 0);
   assert_int_equal(before.total_device_memory, with.total_device_memory);
   assert_true(with.avail_device_memory + (120 << 10) <= before.avail_device_memory);
}

static void
refuses_impossible_resources(void **state)
{
   struct pipe_resource templ = {.target = PIPE_BUFFER,
                                 .width0 = UINT32_MAX,
                                 .bind = PIPE_BIND_GLOBAL};

   assert_null(screen->resource_create(screen, &templ));
   templ = (struct pipe_resource){.target = PIPE_TEXTURE_2D,
                                  .format = PIPE_FORMAT_R8G8B8A8_UNORM,
                                  .width0 = 4,
                                  .height0 = 4};
   assert_null(screen->resource_create(screen, &templ));
}

/*
 * Copies, fills, uploads
 */

static void
copies_overlap(void **state)
{
   enum {
      N = 20000
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(N);
   uint8_t *model = malloc(N);

   random_bytes(model, N);
   write_buffer(pctx, pres, 0, N, model);
   for (int i = 0; i < 60; i++) {
      uint32_t size = rnd(N) + 1, from = rnd(N - size + 1), to = rnd(N - size + 1);
      const struct pipe_box box = {.x = from, .width = size, .height = 1, .depth = 1};

      memmove(model + to, model + from, size);
      pctx->resource_copy_region(pctx, pres, 0, to, 0, 0, pres, 0, &box);
   }
   expect_bytes(pctx, pres, model);
   free(model);
   drop(pres);
   pctx->destroy(pctx);
}

static void
fills_of_any_pattern_size(void **state)
{
   enum {
      N = 100000
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(N);
   uint8_t *model = calloc(1, N), pattern[256];

   for (uint32_t size = 1; size <= sizeof(pattern); size += size < 20 ? 1 : 13) {
      uint32_t offset = rnd(N), length = rnd(N - offset) + 1;

      random_bytes(pattern, size);
      for (uint32_t i = 0; i < length; i++)
         model[offset + i] = pattern[i % size];
      pctx->clear_buffer(pctx, pres, offset, length, pattern, size);
      memset(pattern, 0, sizeof(pattern));
   }
   expect_bytes(pctx, pres, model);
   free(model);
   drop(pres);
   pctx->destroy(pctx);
}

/* Small uploads into a buffer that packets use keep their place in the order; the data is copied at once. */
static void
uploads_stay_in_order(void **state)
{
   enum {
      N = 70000
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(N);
   uint8_t *model = calloc(1, N), *data = malloc(N);

   for (int i = 0; i < 100; i++) {
      uint32_t offset = rnd(N), size = rnd(i % 10 ? 300 : N) + 1;
      size = MIN2(size, N - offset);

      if (i % 3 == 0) {
         memset(model + offset, i, size);
         pctx->clear_buffer(pctx, pres, offset, size, &i, 1);
      } else {
         random_bytes(data, size);
         memcpy(model + offset, data, size);
         write_buffer(pctx, pres, offset, size, data);
         memset(data, 0xcc, size);
      }
   }
   expect_bytes(pctx, pres, model);
   free(data);
   free(model);
   drop(pres);
   pctx->destroy(pctx);
}

/*
 * Flushes, fences, maps
 */

static void
empty_flush_is_signalled(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_fence_handle *fence = NULL;

   pctx->flush(pctx, &fence, 0);
   assert_non_null(fence);
   assert_true(screen->fence_finish(screen, NULL, fence, 0));
   screen->fence_reference(screen, &fence, NULL);
   assert_null(fence);
   assert_true(screen->fence_finish(screen, NULL, NULL, 0));
   pctx->destroy(pctx);
}

static void
fence_outlives_its_context(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096);
   struct pipe_fence_handle *fence = NULL;
   uint8_t byte = 1;

   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   pctx->flush(pctx, &fence, 0);
   pctx->destroy(pctx);
   assert_true(screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE));
   screen->fence_reference(screen, &fence, NULL);
   drop(pres);
}

/* A deferred flush submits nothing until somebody needs it. */
static void
deferred_flush(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096);
   struct pipe_fence_handle *fence = NULL;
   uint8_t byte = 1;

   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   pctx->flush(pctx, &fence, PIPE_FLUSH_DEFERRED);
   assert_false(screen->fence_finish(screen, NULL, fence, 0));
   assert_false(screen->fence_finish(screen, NULL, fence, 2000000));
   assert_true(screen->fence_finish(screen, pctx, fence, OS_TIMEOUT_INFINITE));
   assert_true(screen->fence_finish(screen, NULL, fence, 0));
   screen->fence_reference(screen, &fence, NULL);

   /* destroying the context submits as well */
   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   pctx->flush(pctx, &fence, PIPE_FLUSH_DEFERRED);
   pctx->destroy(pctx);
   assert_true(screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE));
   screen->fence_reference(screen, &fence, NULL);
   drop(pres);
}

static void *
wait_for_fence(void *fence)
{
   return screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE) ? fence : NULL;
}

static void
deferred_fence_wakes_other_thread(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096);
   struct pipe_fence_handle *fence = NULL;
   pthread_t thread;
   uint8_t byte = 1;
   void *result;

   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   pctx->flush(pctx, &fence, PIPE_FLUSH_DEFERRED);
   assert_int_equal(pthread_create(&thread, NULL, wait_for_fence, fence), 0);
   os_time_sleep(20000);
   pctx->flush(pctx, NULL, 0);
   pthread_join(thread, &result);
   assert_ptr_equal(result, fence);
   screen->fence_reference(screen, &fence, NULL);
   drop(pres);
   pctx->destroy(pctx);
}

static void
maps_of_a_busy_buffer(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(BUSY_B);
   const struct pipe_box box = {.x = BUSY_B - 1, .width = 1, .height = 1, .depth = 1};
   struct pipe_transfer *transfer;

   make_busy(pctx, pres, 5);
   assert_null(
      pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ | PIPE_MAP_DONTBLOCK, &box, &transfer));
   assert_null(transfer);
   uint8_t *map = pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ | PIPE_MAP_UNSYNCHRONIZED, &box,
                                   &transfer);
   assert_non_null(map);
   pctx->buffer_unmap(pctx, transfer);
   map = pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ, &box, &transfer);
   assert_non_null(map);
   assert_int_equal(*map, 5);
   pctx->buffer_unmap(pctx, transfer);
   assert_non_null(
      pctx->buffer_map(pctx, pres, 0, PIPE_MAP_WRITE | PIPE_MAP_DONTBLOCK, &box, &transfer));
   pctx->buffer_unmap(pctx, transfer);
   drop(pres);
   pctx->destroy(pctx);
}

/* A map of a buffer that the work does not touch does not wait for it. */
static void
map_of_another_buffer_does_not_wait(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *busy = new_buffer(BUSY_B), *idle = new_buffer(4096);
   const struct pipe_box box = {.width = 4096, .height = 1, .depth = 1};
   struct pipe_fence_handle *fence = NULL;
   struct pipe_transfer *transfer;

   make_busy(pctx, busy, 0);
   pctx->flush(pctx, &fence, 0);
   assert_non_null(
      pctx->buffer_map(pctx, idle, 0, PIPE_MAP_READ_WRITE | PIPE_MAP_DONTBLOCK, &box, &transfer));
   pctx->buffer_unmap(pctx, transfer);
   assert_false(screen->fence_finish(screen, NULL, fence, 0));
   screen->fence_reference(screen, &fence, NULL);
   drop(busy);
   drop(idle);
   pctx->destroy(pctx);
}

static void
map_outside_of_the_buffer_fails(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(100);
   struct pipe_box box = {.x = 90, .width = 11, .height = 1, .depth = 1};
   struct pipe_transfer *transfer;

   assert_null(pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ, &box, &transfer));
   box.x = -1;
   assert_null(pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ, &box, &transfer));
   drop(pres);
   pctx->destroy(pctx);
}

/*
 * Several contexts
 */

/* The second context's work waits on the device for the first one's. */
static void
contexts_are_ordered_by_buffers(void **state)
{
   struct pipe_context *a = new_context(), *b = new_context();
   struct pipe_resource *from = new_buffer(BUSY_B), *to = new_buffer(4096);
   const struct pipe_box box = {.x = BUSY_B - 4096, .width = 4096, .height = 1, .depth = 1};
   uint8_t want[4096];

   make_busy(a, from, 9);
   b->resource_copy_region(b, to, 0, 0, 0, 0, from, 0, &box);
   memset(want, 9, sizeof(want));
   expect_bytes(b, to, want);

   /* a write waits for another context's reads, too */
   make_busy(a, from, 17);
   a->resource_copy_region(a, to, 0, 0, 0, 0, from, 0, &box);
   a->flush(a, NULL, 0);
   uint8_t byte = 99;
   b->clear_buffer(b, from, 0, BUSY_B, &byte, 1);
   finish(b);
   memset(want, 17, sizeof(want));
   expect_bytes(a, to, want);
   drop(from);
   drop(to);
   a->destroy(a);
   b->destroy(b);
}

/*
 * Queries
 */

static void
timestamps(void **state)
{
   enum {
      N = 600
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(1 << 16);
   struct pipe_query *queries[N];
   uint64_t last = screen->get_timestamp(screen);

   assert_null(pctx->create_query(pctx, PIPE_QUERY_OCCLUSION_COUNTER, 0));
   for (int i = 0; i < N; i++) {
      uint8_t byte = i;
      queries[i] = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
      assert_non_null(queries[i]);
      if (i % 5) /* some ask an idle context */
         pctx->clear_buffer(pctx, pres, 0, 1 << 16, &byte, 1);
      else
         finish(pctx);
      assert_true(pctx->end_query(pctx, queries[i]));
   }
   for (int i = 0; i < N; i++) {
      union pipe_query_result result = {.u64 = 0};
      assert_true(pctx->get_query_result(pctx, queries[i], true, &result));
      assert_true(result.u64 >= last);
      last = result.u64;
      pctx->destroy_query(pctx, queries[i]);
   }
   assert_true(screen->get_timestamp(screen) >= last);
   drop(pres);
   pctx->destroy(pctx);
}

/* The start of work that an idle context gets is when it is submitted, not when it was recorded; once
 * somebody has seen a result, it stays.
 */
static void
query_before_first_work(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096);
   union pipe_query_result result, again;
   struct pipe_query *start = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   struct pipe_query *end = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   const uint8_t byte = 1;

   assert_true(pctx->end_query(pctx, start));
   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   assert_true(pctx->end_query(pctx, end));
   uint64_t recorded = screen->get_timestamp(screen);
   finish(pctx);
   assert_true(pctx->get_query_result(pctx, start, true, &result));
   assert_true(result.u64 >= recorded);
   assert_true(pctx->get_query_result(pctx, end, true, &again));
   assert_true(result.u64 <= again.u64);

   assert_true(pctx->end_query(pctx, start));
   assert_true(pctx->get_query_result(pctx, start, true, &result));
   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   finish(pctx);
   assert_true(pctx->get_query_result(pctx, start, true, &again));
   assert_int_equal(result.u64, again.u64);

   /* Destroyed before the work is submitted. */
   assert_true(pctx->end_query(pctx, start));
   pctx->destroy_query(pctx, start);
   pctx->destroy_query(pctx, end);
   pctx->clear_buffer(pctx, pres, 0, 4096, &byte, 1);
   finish(pctx);
   drop(pres);
   pctx->destroy(pctx);
}

static void
query_of_pending_work(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(BUSY_B);
   union pipe_query_result result = {.u64 = 0};
   struct pipe_query *kept = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   struct pipe_query *dropped = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);

   make_busy(pctx, pres, 0);
   assert_true(pctx->end_query(pctx, dropped));
   assert_true(pctx->end_query(pctx, kept));
   assert_false(pctx->get_query_result(pctx, kept, false, &result));
   pctx->destroy_query(pctx, dropped); /* its packet is still to come */

   /* a new query does not get the place of the one in flight */
   struct pipe_query *next = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   assert_true(pctx->end_query(pctx, next));
   assert_true(pctx->get_query_result(pctx, kept, true, &result));
   uint64_t first = result.u64;
   assert_true(pctx->get_query_result(pctx, next, true, &result));
   assert_true(result.u64 >= first && first > 0);

   /* a query can be used again */
   assert_true(pctx->end_query(pctx, kept));
   assert_true(pctx->get_query_result(pctx, kept, true, &result));
   assert_true(result.u64 >= first);
   pctx->destroy_query(pctx, kept);
   pctx->destroy_query(pctx, next);
   drop(pres);
   pctx->destroy(pctx);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(describes_itself),
      cmocka_unit_test(memory_info_counts_buffers),
      cmocka_unit_test(refuses_impossible_resources),
      cmocka_unit_test(copies_overlap),
      cmocka_unit_test(fills_of_any_pattern_size),
      cmocka_unit_test(uploads_stay_in_order),
      cmocka_unit_test(empty_flush_is_signalled),
      cmocka_unit_test(fence_outlives_its_context),
      cmocka_unit_test(deferred_flush),
      cmocka_unit_test(deferred_fence_wakes_other_thread),
      cmocka_unit_test(maps_of_a_busy_buffer),
      cmocka_unit_test(map_of_another_buffer_does_not_wait),
      cmocka_unit_test(map_outside_of_the_buffer_fails),
      cmocka_unit_test(contexts_are_ordered_by_buffers),
      cmocka_unit_test(timestamps),
      cmocka_unit_test(query_before_first_work),
      cmocka_unit_test(query_of_pending_work),
   };

   return run_group("gallium driver", tests);
}
