/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the tests of the winsys share: devices and buffers that must exist, and command buffers
 * written packet by packet. A failure ends the case.
 */

#ifndef TEST_WINSYS_H
#define TEST_WINSYS_H

#include "tap.h"

#include "npu_winsys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEVER INT64_MAX

static inline int64_t
in_ms(int64_t ms)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + ms * 1000000;
}

static inline struct npu_device *
open_device(void)
{
   struct npu_device *dev = npu_device_open();
   CHECK(dev);
   return dev;
}

static inline struct npu_bo *
create_bo(struct npu_device *dev, uint64_t size_B, uint32_t flags, const char *label)
{
   struct npu_bo *bo = npu_bo_create(dev, size_B, flags, label);
   CHECK(bo);
   return bo;
}

/* Writes packets into the buffer; returns the command buffer. */
struct builder {
   struct npu_bo *bo;
   uint8_t *map;
   uint32_t count, first;
};

static inline struct builder
create_builder(struct npu_device *dev)
{
   struct npu_bo *bo = create_bo(dev, 65536, NPU_BO_READ_ONLY, "packets");
   return (struct builder){.bo = bo, .map = npu_bo_map(bo)};
}

static inline void
add(struct builder *b, const void *packet)
{
   memcpy(b->map + (b->first + b->count++) * 64, packet, 64);
}

static inline void
add_fill(struct builder *b, uint64_t va, uint64_t size_B, uint8_t byte)
{
   const struct npu_packet_fill packet = {.type = NPU_PACKET_FILL,
                                          .flags = NPU_PACKET_FLAG_BARRIER,
                                          .pattern_size_B = 1,
                                          .dst_va = va,
                                          .size_B = size_B,
                                          .pattern = {byte}};
   add(b, &packet);
}

static inline void
add_copy(struct builder *b, uint64_t dst_va, uint64_t src_va, uint64_t size_B)
{
   const struct npu_packet_copy packet = {.type = NPU_PACKET_COPY,
                                          .flags = NPU_PACKET_FLAG_BARRIER,
                                          .src_va = src_va,
                                          .dst_va = dst_va,
                                          .size_B = size_B};
   add(b, &packet);
}

static inline void
add_wait(struct builder *b, uint64_t va, uint64_t value)
{
   const struct npu_packet_wait packet = {.type = NPU_PACKET_WAIT, .va = va, .value = value};
   add(b, &packet);
}

static inline uint64_t
submit(struct npu_queue *queue, struct builder *b, const struct npu_queue_point *waits,
       uint32_t num_waits)
{
   const struct npu_cmdbuf cmdbuf = {.va = b->bo->va + b->first * 64ull, .num_packets = b->count};
   const struct npu_submit args = {
      .cmdbufs = &cmdbuf,
      .num_cmdbufs = b->count ? 1 : 0,
      .waits = waits,
      .num_waits = num_waits,
   };
   uint64_t point = 0;

   CHECK_EQ(npu_queue_submit(queue, &args, &point), 0);
   b->first += b->count;
   b->count = 0;
   return point;
}

/* The transport NPU_TRANSPORT names; without it a model of two cores. */
static inline int
run_cases(int argc, char **argv, const struct tap_case *cases, size_t num_cases)
{
   setenv("NPU_TRANSPORT", "sim", 0);
   setenv("NPU_SIM", "cores=2,mem=256M", 0);
   return tap_main(argc, argv, cases, num_cases);
}

#endif
