/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Which packets the driver records, and which of them get the BARRIER flag.
 *
 * The model happens to run the packets of a command buffer one after the other, so a missing barrier would
 * not show in any result: here the packets themselves are compared with what the hazards ask for. Looks
 * into the driver's structures.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "compiler/glsl_types.h"
#include "pipe/p_context.h"
#include "pipe/p_screen.h"
#include "pipe/p_state.h"
#include "util/u_inlines.h"

#include "npu_isa/npu_regs.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_public.h"
#include "npu_resource.h"

static struct pipe_screen *screen;
static struct pipe_context *pctx;
static struct npu_context *ctx;
static struct pipe_resource *buf[3];

/* The i-th packet of the batch that is being recorded. */
static const void *
packet(uint32_t i)
{
   const uint32_t per_pool = NPU_POOL_SIZE_B / NPU_PACKET_SIZE_B;
   const struct npu_pool *pool = util_dynarray_element(&ctx->batch->cmd_pools, struct npu_pool,
                                                       i / per_pool);

   assert_true(i < ctx->batch->num_packets);
   return pool->map + i % per_pool * NPU_PACKET_SIZE_B;
}

static bool
has_barrier(uint32_t i)
{
   return ((const struct npu_packet_nop *)packet(i))->flags & NPU_PACKET_FLAG_BARRIER;
}

static uint8_t
type_of(uint32_t i)
{
   return ((const struct npu_packet_nop *)packet(i))->type;
}

/* Records a NOP with these accesses of buf[]: "r0", "w1", "R" = scratch, ... */
static void
record(const char *accesses)
{
   struct npu_packet_nop nop = {.type = NPU_PACKET_NOP};

   npu_batch_begin(ctx->batch);
   for (const char *p = accesses; *p; p++) {
      if (*p == 's') {
         npu_batch_access_scratch(ctx->batch);
         continue;
      }
      enum npu_usage usage = *p == 'w'   ? NPU_USAGE_WRITE
                             : *p == 'r' ? NPU_USAGE_READ
                                         : NPU_USAGE_READ_WRITE;
      p++;
      npu_batch_access(ctx->batch, npu_resource(buf[*p - '0']), usage);
   }
   assert_true(npu_batch_emit(ctx->batch, &nop));
}

struct hazard_case {
   const char *accesses[8]; /* of successive packets; "|" is a barrier between two */
   const char *barriers;    /* of each packet: '.' no, 'B' yes */
};

static const struct hazard_case hazard_cases[] = {
   {{"r0", "r0", "r0"}, "..."},        /* reads do not conflict */
   {{"w0", "r0"}, ".B"},               /* read after write */
   {{"r0", "w0"}, ".B"},               /* write after read */
   {{"w0", "w0"}, ".B"},               /* write after write */
   {{"w0", "w1", "w2"}, "..."},        /* different buffers */
   {{"w0", "r0", "r0"}, ".B."},        /* the second read is covered by the first one's barrier */
   {{"w0", "w1", "r0", "r1"}, "..B."}, /* one barrier covers all that came before */
   {{"r0w1", "r1w2", "r2w0"}, ".BB"},  /* a chain */
   {{"x0", "x0", "x1"}, ".B."},        /* read and write */
   {{"r0r0w0"}, "."},                  /* a packet does not conflict with itself */
   {{"r0", "r0w0", "r0"}, ".BB"},      /* ... but with its neighbours */
   {{"s", "s", "r0"}, ".B."},          /* scratch memory is divided anew for each launch */
   {{"s", "w0", "r0", "s"}, "..B."},   /* ... once everything before is done it is free */
   {{"r0", "|", "r0", "r0"}, ".B."},   /* an explicit barrier holds for one packet */
   {{"|", "r0"}, "B"},                 /* also at the start */
   {{"w0", "|", "r1", "r0"}, ".B."},   /* and covers the conflict behind it */
};

static void
barriers_follow_hazards(void **state)
{
   for (unsigned c = 0; c < ARRAY_SIZE(hazard_cases); c++) {
      const struct hazard_case *hc = &hazard_cases[c];
      char got[9] = "";
      uint32_t n = 0;

      for (unsigned i = 0; i < 8 && hc->accesses[i]; i++) {
         if (!strcmp(hc->accesses[i], "|")) {
            npu_batch_barrier(ctx->batch);
            continue;
         }
         record(hc->accesses[i]);
         got[n] = has_barrier(n) ? 'B' : '.';
         n++;
      }
      if (strcmp(got, hc->barriers))
         print_message("# case %u\n", c);
      assert_string_equal(got, hc->barriers);
      npu_batch_flush(ctx);
   }
}

static void
epochs_start_anew_in_each_batch(void **state)
{
   record("w0");
   npu_batch_flush(ctx);
   record("r0"); /* command buffers of a queue run one after the other */
   assert_false(has_barrier(0));
   npu_batch_flush(ctx);
}

static void
batches_grow(void **state)
{
   const uint32_t n = NPU_POOL_SIZE_B / NPU_PACKET_SIZE_B * 3 + 5;

   for (uint32_t i = 0; i < n; i++)
      record(i % 2 ? "w1" : "r0");
   assert_int_equal(ctx->batch->num_packets, n);
   assert_int_equal(util_dynarray_num_elements(&ctx->batch->cmd_pools, struct npu_pool), 4);
   for (uint32_t i = 0; i < n; i++) {
      assert_int_equal(type_of(i), NPU_PACKET_NOP);
      assert_int_equal(has_barrier(i), i % 2 && i > 1);
   }
   npu_batch_flush(ctx);
   pctx->flush(pctx, NULL, 0);
   assert_int_equal(pctx->get_device_reset_status(pctx), PIPE_NO_RESET);
}

static void
an_overlapping_copy_takes_two_packets(void **state)
{
   const struct pipe_box box = {.x = 100, .width = 200, .height = 1, .depth = 1};
   const struct npu_packet_copy *first, *second;

   pctx->resource_copy_region(pctx, buf[0], 0, 200, 0, 0, buf[0], 0, &box);
   assert_int_equal(ctx->batch->num_packets, 2);
   first = packet(0);
   second = packet(1);
   assert_int_equal(first->type, NPU_PACKET_COPY);
   assert_int_equal(second->type, NPU_PACKET_COPY);
   assert_true(first->src_va == npu_resource(buf[0])->bo->va + 100);
   assert_true(first->dst_va == second->src_va);
   assert_true(second->dst_va == npu_resource(buf[0])->bo->va + 200);
   assert_true(first->size_B == 200 && second->size_B == 200);
   assert_false(has_barrier(0));
   assert_true(has_barrier(1));
   npu_batch_flush(ctx);

   /* ranges that only touch do not overlap; a copy to the same place is nothing */
   pctx->resource_copy_region(pctx, buf[0], 0, 300, 0, 0, buf[0], 0, &box);
   assert_int_equal(ctx->batch->num_packets, 1);
   pctx->resource_copy_region(pctx, buf[0], 0, 100, 0, 0, buf[0], 0, &box);
   assert_int_equal(ctx->batch->num_packets, 1);
   npu_batch_flush(ctx);
}

static void
fills_are_one_packet(void **state)
{
   uint8_t pattern[128] = {1, 2, 3};

   for (uint32_t size = 1; size <= 128; size *= 2) {
      pctx->clear_buffer(pctx, buf[0], size, 1024, pattern, size);
      assert_int_equal(ctx->batch->num_packets, 1);
      const struct npu_packet_fill *fill = packet(0);
      assert_int_equal(fill->type, NPU_PACKET_FILL);
      assert_int_equal(fill->pattern_size_B, size);
      assert_int_equal(fill->pattern_va != 0, size > NPU_FILL_INLINE_B);
      npu_batch_flush(ctx);
   }
   pctx->clear_buffer(pctx, buf[0], 0, 0, pattern, 1);
   assert_int_equal(ctx->batch->num_packets, 0);
}

/* Timestamps wait for what is before them, and hold back what is behind them. */
static void
timestamps_are_barriers(void **state)
{
   struct pipe_query *q = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);

   record("r0");
   assert_true(pctx->end_query(pctx, q));
   record("r0");
   record("r0");
   assert_int_equal(type_of(1), NPU_PACKET_TIMESTAMP);
   assert_false(has_barrier(0));
   assert_true(has_barrier(1));
   assert_true(has_barrier(2));
   assert_false(has_barrier(3));
   npu_batch_flush(ctx);
   pctx->destroy_query(pctx, q);
}

static void
memory_barrier_holds_the_next_packet(void **state)
{
   record("r0");
   pctx->memory_barrier(pctx, PIPE_BARRIER_GLOBAL_BUFFER);
   record("r1");
   record("r2");
   assert_true(has_barrier(1));
   assert_false(has_barrier(2));
   npu_batch_flush(ctx);
}

/* The packets the driver hands to the device cannot be written by it. */
static void
command_memory_is_read_only(void **state)
{
   record("r0");
   const struct npu_pool *pool = util_dynarray_element(&ctx->batch->cmd_pools, struct npu_pool, 0);
   struct npu_packet_fill fill = {.type = NPU_PACKET_FILL,
                                  .pattern_size_B = 1,
                                  .dst_va = pool->bo->va,
                                  .size_B = 64};

   npu_batch_begin(ctx->batch);
   assert_true(npu_batch_emit(ctx->batch, &fill));
   struct pipe_fence_handle *fence = NULL;
   pctx->flush(pctx, &fence, 0);
   assert_true(screen->fence_finish(screen, NULL, fence, ~0ull));
   screen->fence_reference(screen, &fence, NULL);
   assert_int_equal(pctx->get_device_reset_status(pctx), PIPE_GUILTY_CONTEXT_RESET);
   assert_int_equal(pctx->get_device_reset_status(pctx), PIPE_NO_RESET);
}

static int
setup(void **state)
{
   const struct pipe_resource templ = {.target = PIPE_BUFFER,
                                       .width0 = 4096,
                                       .bind = PIPE_BIND_GLOBAL};

   glsl_type_singleton_init_or_ref();
   screen = npu_screen_create(NULL);
   pctx = screen ? screen->context_create(screen, NULL, 0) : NULL;
   if (!pctx)
      return -1;
   ctx = npu_context(pctx);
   for (unsigned i = 0; i < ARRAY_SIZE(buf); i++)
      buf[i] = screen->resource_create(screen, &templ);
   return 0;
}

static int
teardown(void **state)
{
   for (unsigned i = 0; i < ARRAY_SIZE(buf); i++)
      pipe_resource_reference(&buf[i], NULL);
   pctx->destroy(pctx);
   screen->destroy(screen);
   glsl_type_singleton_decref();
   return 0;
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(barriers_follow_hazards),
      cmocka_unit_test(epochs_start_anew_in_each_batch),
      cmocka_unit_test(batches_grow),
      cmocka_unit_test(an_overlapping_copy_takes_two_packets),
      cmocka_unit_test(fills_are_one_packet),
      cmocka_unit_test(timestamps_are_barriers),
      cmocka_unit_test(memory_barrier_holds_the_next_packet),
      cmocka_unit_test(command_memory_is_read_only),
   };

   setenv("NPU_DEBUG", "quiet,nocache", 0);
   cmocka_set_message_output(CM_OUTPUT_TAP);
   return cmocka_run_group_tests_name("gallium batches", tests, setup, teardown);
}
