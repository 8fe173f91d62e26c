/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The Gallium driver without a front end: pipe calls on the model, for what Rusticl never does or does only
 * by chance - overlapping copies, odd fill patterns, uploads into busy buffers, deferred flushes, maps that
 * must not block, work of several contexts on one buffer, objects destroyed in flight, life after a fault.
 *
 * What it misses: compiling from OpenCL C; kernels are built in NIR here, and are simple.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <setjmp.h>
#include <cmocka.h>

#include "compiler/glsl_types.h"
#include "nir/nir_builder.h"
#include "pipe/p_context.h"
#include "pipe/p_screen.h"
#include "pipe/p_state.h"
#include "util/os_time.h"
#include "util/u_inlines.h"

#include "npu_public.h"

static struct pipe_screen *screen;

/*
 * Helpers
 */

static struct pipe_context *
new_context(void)
{
   struct pipe_context *pctx = screen->context_create(screen, NULL, PIPE_CONTEXT_COMPUTE_ONLY);

   assert_non_null(pctx);
   return pctx;
}

static struct pipe_resource *
new_buffer(uint32_t size_B)
{
   const struct pipe_resource templ = {
      .target = PIPE_BUFFER,
      .format = PIPE_FORMAT_NONE,
      .width0 = size_B,
      .height0 = 1,
      .depth0 = 1,
      .array_size = 1,
      .bind = PIPE_BIND_GLOBAL,
   };
   struct pipe_resource *pres = screen->resource_create(screen, &templ);

   assert_non_null(pres);
   return pres;
}

static void
drop(struct pipe_resource *pres)
{
   pipe_resource_reference(&pres, NULL);
}

/* Waits for everything; returns the reset status. */
static enum pipe_reset_status
finish(struct pipe_context *pctx)
{
   struct pipe_fence_handle *fence = NULL;

   pctx->flush(pctx, &fence, 0);
   assert_non_null(fence);
   assert_true(screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE));
   screen->fence_reference(screen, &fence, NULL);
   return pctx->get_device_reset_status(pctx);
}

static void
write_buffer(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t offset_B,
             uint32_t size_B, const void *data)
{
   pctx->buffer_subdata(pctx, pres, PIPE_MAP_WRITE, offset_B, size_B, data);
}

static void
read_buffer(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t offset_B,
            uint32_t size_B, void *data)
{
   const struct pipe_box box = {.x = offset_B, .width = size_B, .height = 1, .depth = 1};
   struct pipe_transfer *transfer;
   void *map = pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ, &box, &transfer);

   assert_non_null(map);
   memcpy(data, map, size_B);
   pctx->buffer_unmap(pctx, transfer);
}

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

/* kernel(global uint *p, uint a, uint n): p[global id] += a, n times. Arguments at 0, 8, 12. */
static void *
new_adder(struct pipe_context *pctx)
{
   const nir_shader_compiler_options *options = screen->get_compiler_options(screen,
                                                                             PIPE_SHADER_IR_NIR,
                                                                             PIPE_SHADER_COMPUTE);
   nir_builder b = nir_builder_init_simple_shader(MESA_SHADER_KERNEL, options, "adder");
   b.shader->info.workgroup_size_variable = true;
   b.shader->info.cs.ptr_size = 64;
   b.shader->num_uniforms = 16;
   b.shader->info.num_ubos = 1;

   nir_def *zero = nir_imm_int(&b, 0);
   nir_def *base = nir_load_ubo(&b, 1, 64, zero, zero, .align_mul = 8, .range = 16);
   nir_def *a = nir_load_ubo(&b, 1, 32, zero, nir_imm_int(&b, 8), .align_mul = 4, .range = 16);
   nir_def *n = nir_load_ubo(&b, 1, 32, zero, nir_imm_int(&b, 12), .align_mul = 4, .range = 16);
   nir_def *group = nir_channel(&b, nir_load_workgroup_id(&b), 0);
   nir_def *size = nir_channel(&b, nir_load_workgroup_size(&b), 0);
   nir_def *id = nir_iadd(&b, nir_imul(&b, group, size),
                          nir_channel(&b, nir_load_local_invocation_id(&b), 0));
   nir_def *address = nir_iadd(&b, base, nir_u2u64(&b, nir_ishl_imm(&b, id, 2)));

   nir_variable *i = nir_local_variable_create(b.impl, glsl_uint_type(), "i");
   nir_store_var(&b, i, zero, 1);
   nir_loop *loop = nir_push_loop(&b);
   {
      nir_def *value = nir_load_var(&b, i);
      nir_push_if(&b, nir_uge(&b, value, n));
      nir_jump(&b, nir_jump_break);
      nir_pop_if(&b, NULL);
      nir_def *old = nir_load_global(&b, address, 4, 1, 32);
      nir_store_global(&b, address, 4, nir_iadd(&b, old, a), 1);
      nir_store_var(&b, i, nir_iadd_imm(&b, value, 1), 1);
   }
   nir_pop_loop(&b, loop);
   NIR_PASS(_, b.shader, nir_lower_vars_to_ssa);

   free(screen->finalize_nir(screen, b.shader));
   const struct pipe_compute_state state = {.ir_type = PIPE_SHADER_IR_NIR, .prog = b.shader};
   void *cso = pctx->create_compute_state(pctx, &state);
   assert_non_null(cso);
   return cso;
}

struct adder_args {
   uint64_t p;
   uint32_t a, n;
};

/* Launches as Rusticl does: bind, launch, unbind. */
static void
launch(struct pipe_context *pctx, void *cso, struct pipe_resource *pres, uint64_t offset_B,
       uint32_t a, uint32_t n, uint32_t groups, uint32_t block)
{
   struct adder_args args = {.p = offset_B, .a = a, .n = n};
   uint32_t *handle = (uint32_t *)&args.p;
   const struct pipe_constant_buffer cb = {.user_buffer = &args, .buffer_size = sizeof(args)};
   const struct pipe_grid_info grid = {.work_dim = 1,
                                       .block = {block, 1, 1},
                                       .grid = {groups, 1, 1}};

   pctx->bind_compute_state(pctx, cso);
   if (pres)
      pctx->set_global_binding(pctx, 0, 1, &pres, &handle);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, &cb);
   memset(&args, 0xee, sizeof(args)); /* the driver has a copy */
   pctx->launch_grid(pctx, &grid);
   if (pres)
      pctx->set_global_binding(pctx, 0, 1, NULL, NULL);
   pctx->bind_compute_state(pctx, NULL);
   pctx->memory_barrier(pctx, PIPE_BARRIER_GLOBAL_BUFFER);
}

static void
expect_words(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t first, uint32_t count,
             uint32_t want)
{
   uint32_t *got = malloc(count * 4);

   read_buffer(pctx, pres, first * 4, count * 4, got);
   for (uint32_t i = 0; i < count; i++)
      assert_int_equal(got[i], want);
   free(got);
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
 * Several contexts, objects in flight
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

static void
objects_destroyed_in_flight(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *out = new_buffer(4096);
   void *adder = new_adder(pctx);

   for (int i = 0; i < 10; i++) {
      struct pipe_resource *temp = new_buffer(1 << 20);
      const struct pipe_box box = {.width = 4096, .height = 1, .depth = 1};
      uint32_t word = i;

      pctx->clear_buffer(pctx, temp, 0, 1 << 20, &word, 4);
      launch(pctx, adder, temp, 0, 100, 3, 32, 32);
      pctx->resource_copy_region(pctx, out, 0, 0, 0, 0, temp, 0, &box);
      drop(temp);
   }
   pctx->delete_compute_state(pctx, adder);
   expect_words(pctx, out, 0, 1024, 9 + 300);
   drop(out);
   pctx->destroy(pctx);
}

/*
 * Launches
 */

static void
launches_in_order(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096 * 4);
   void *adder = new_adder(pctx);
   uint32_t want = 0;

   for (uint32_t i = 1; i <= 3000; i++) {
      launch(pctx, adder, pres, 0, i, 1, 4, 32);
      want += i;
   }
   expect_words(pctx, pres, 0, 128, want);
   expect_words(pctx, pres, 128, 1, 0);

   /* the offset in the handle counts */
   launch(pctx, adder, pres, 4000, 7, 2, 1, 8);
   expect_words(pctx, pres, 1000, 8, 14);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
}

static void
state_info_is_usable(void **state)
{
   struct pipe_context *pctx = new_context();
   void *adder = new_adder(pctx);
   struct pipe_compute_state_object_info info = {0};

   pctx->get_compute_state_info(pctx, adder, &info);
   assert_true(info.max_threads >= 1);
   assert_true(info.preferred_simd_size >= 1);
   assert_true(info.simd_sizes & info.preferred_simd_size);
   pctx->delete_compute_state(pctx, adder);
   pctx->destroy(pctx);
}

/* More bindings than any fixed table has, handles that are not aligned, the same buffer again and again. */
static void
many_global_bindings(void **state)
{
   enum {
      N = 600
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *res[N], *two[2] = {new_buffer(64), new_buffer(64)};
   uint8_t args[N * 8 + 1];
   uint32_t *handles[N];
   uint64_t va[N];

   memset(args, 0, sizeof(args));
   for (uint64_t i = 0; i < N; i++) {
      res[i] = two[i % 2];
      handles[i] = (uint32_t *)(args + 1 + i * 8);
      memcpy(handles[i], &i, 8);
   }
   pctx->set_global_binding(pctx, 0, N, res, handles);
   for (uint64_t i = 0; i < N; i++) {
      memcpy(&va[i], handles[i], 8);
      assert_true(va[i] - i == va[i % 2] - i % 2);
   }
   pctx->set_global_binding(pctx, 0, N, NULL, NULL);
   drop(two[0]);
   drop(two[1]);
   pctx->destroy(pctx);
}

static void
constant_buffer_from_a_resource(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096), *args_res = new_buffer(256);
   void *adder = new_adder(pctx);
   struct adder_args args = {.a = 21, .n = 2};
   uint32_t *handle = (uint32_t *)&args.p;
   const struct pipe_grid_info grid = {.work_dim = 1, .block = {32, 1, 1}, .grid = {1, 1, 1}};

   pctx->set_global_binding(pctx, 0, 1, &pres, &handle);
   write_buffer(pctx, args_res, 100, sizeof(args), &args);
   const struct pipe_constant_buffer cb = {.buffer = args_res,
                                           .buffer_offset = 100,
                                           .buffer_size = sizeof(args)};
   pctx->bind_compute_state(pctx, adder);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, true, &cb); /* takes args_res */
   pctx->launch_grid(pctx, &grid);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, NULL);
   expect_words(pctx, pres, 0, 32, 42);

   /* arguments that are missing are zero: n = 0, nothing happens */
   const struct pipe_constant_buffer half = {.user_buffer = &args, .buffer_size = 12};
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, &half);
   pctx->launch_grid(pctx, &grid);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   expect_words(pctx, pres, 0, 32, 42);
   pctx->bind_compute_state(pctx, NULL);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
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

/*
 * Loss and recovery
 */

static void
expect_working(struct pipe_context *pctx, void *adder)
{
   struct pipe_resource *pres = new_buffer(4096);

   launch(pctx, adder, pres, 0, 5, 5, 2, 64);
   expect_words(pctx, pres, 0, 128, 25);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   drop(pres);
}

static void
refused_launches(void **state)
{
   struct pipe_context *pctx = new_context();
   void *adder = new_adder(pctx);
   struct pipe_resource *pres = new_buffer(4096);
   const struct {
      struct pipe_grid_info grid;
      bool bind;
   } cases[] = {
      {{.work_dim = 1, .block = {4096, 1, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 2, .block = {1024, 2, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 3, .block = {65536, 65536, 65536}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 1, .block = {0, 1, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .variable_shared_mem = 1 << 30},
       true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .variable_shared_mem = ~0u}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .indirect = pres}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}}, false},
   };

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      pctx->bind_compute_state(pctx, cases[i].bind ? adder : NULL);
      pctx->launch_grid(pctx, &cases[i].grid);
      assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
      assert_int_equal(pctx->get_device_reset_status(pctx), PIPE_NO_RESET);
      expect_working(pctx, adder);
   }

   /* no groups: nothing to do, no error */
   pctx->bind_compute_state(pctx, adder);
   const struct pipe_grid_info none = {.work_dim = 1, .block = {1, 1, 1}, .grid = {0, 1, 1}};
   pctx->launch_grid(pctx, &none);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   pctx->bind_compute_state(pctx, NULL);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
}

/* A fault is reported once; the same context then works on a new queue; others never notice. */
static void
recovers_from_faults(void **state)
{
   struct pipe_context *pctx = new_context(), *other = new_context();
   void *adder = new_adder(pctx);
   struct pipe_resource *pres = new_buffer(4096);
   struct pipe_query *q = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   union pipe_query_result result;

   for (int i = 0; i < 10; i++) {
      uint8_t byte = i;

      launch(pctx, adder, pres, 0, 1, 1, 1, 32);
      launch(pctx, adder, pres, 4096, 1, 1, 1, 32); /* the page behind the buffer */
      launch(pctx, adder, pres, 0, 1, 1, 1, 32);
      assert_true(pctx->end_query(pctx, q));
      if (i % 2)
         pctx->flush(pctx, NULL, 0);
      pctx->clear_buffer(pctx, pres, 2048, 64, &byte, 1);
      assert_true(pctx->get_query_result(pctx, q, true, &result));
      assert_true(result.u64 > 0);
      expect_working(other, adder);
      assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
      assert_int_equal(finish(pctx), PIPE_NO_RESET);
      expect_working(pctx, adder);
   }
   pctx->destroy_query(pctx, q);

   /* a context may also go away without anybody asking */
   launch(pctx, adder, pres, 4096, 1, 1, 1, 32);
   drop(pres);
   pctx->destroy(pctx);
   other->delete_compute_state(other, adder);
   other->destroy(other);
}

/* With not a page of device memory left everything that needs some loses the context, not the process; what
 * needs none works; and when memory is free again, so does the rest.
 */
static void
survives_lack_of_memory(void **state)
{
   enum {
      MAX = 256,
      QUERIES = 1200
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres[MAX];
   struct pipe_resource templ = {.target = PIPE_BUFFER,
                                 .width0 = 1u << 30,
                                 .bind = PIPE_BIND_GLOBAL};
   void *adder = new_adder(pctx);
   struct pipe_query *queries[QUERIES];
   uint64_t last = screen->get_timestamp(screen);
   unsigned n = 0;

   uint8_t byte = 1;
   for (; templ.width0 >= 4096; templ.width0 /= 2) {
      while (n < MAX && (pres[n] = screen->resource_create(screen, &templ)))
         n++;
   }
   assert_true(n > 0 && n < MAX);

   /* an overlapping copy needs a temporary buffer; a large pattern and arguments need upload memory */
   const struct pipe_box box = {.x = 1, .width = pres[0]->width0 - 1, .height = 1, .depth = 1};
   pctx->resource_copy_region(pctx, pres[0], 0, 0, 0, 0, pres[0], 0, &box);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
   launch(pctx, adder, pres[0], 0, 1, 1, 1, 32);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
   pctx->clear_buffer(pctx, pres[0], 0, 4096, &byte, 1);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);

   /* timestamps go on */
   for (unsigned i = 0; i < QUERIES; i++) {
      union pipe_query_result result = {.u64 = 0};
      queries[i] = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
      pctx->clear_buffer(pctx, pres[0], 0, 4096, &byte, 1);
      assert_true(pctx->end_query(pctx, queries[i]));
      assert_true(pctx->get_query_result(pctx, queries[i], true, &result));
      assert_true(result.u64 >= last);
      last = result.u64;
   }
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);

   /* uploads, too: they write the buffer itself */
   write_buffer(pctx, pres[0], 100, 1, &byte);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);

   while (n)
      drop(pres[--n]);
   expect_working(pctx, adder);
   for (unsigned i = 0; i < QUERIES; i++)
      pctx->destroy_query(pctx, queries[i]);
   pctx->delete_compute_state(pctx, adder);
   pctx->destroy(pctx);
}

static int
open_screen(void **state)
{
   glsl_type_singleton_init_or_ref();
   screen = npu_screen_create(NULL);
   return screen ? 0 : -1;
}

static int
close_screen(void **state)
{
   screen->destroy(screen);
   glsl_type_singleton_decref();
   return 0;
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
      cmocka_unit_test(objects_destroyed_in_flight),
      cmocka_unit_test(launches_in_order),
      cmocka_unit_test(state_info_is_usable),
      cmocka_unit_test(many_global_bindings),
      cmocka_unit_test(constant_buffer_from_a_resource),
      cmocka_unit_test(timestamps),
      cmocka_unit_test(query_of_pending_work),
      cmocka_unit_test(refused_launches),
      cmocka_unit_test(recovers_from_faults),
      cmocka_unit_test(survives_lack_of_memory),
   };

   setenv("NPU_DEBUG", "quiet,nocache", 0);
   cmocka_set_message_output(CM_OUTPUT_TAP);
   return cmocka_run_group_tests_name("gallium driver", tests, open_screen, close_screen);
}
