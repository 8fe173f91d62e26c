// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Packets: what each one does, and every way in which one can be wrong.

#include "sim_check.h"

static void
test_copies(struct tap *tap, uint64_t size_B)
{
   struct npu_rig *rig = sim_check_rig(1);
   uint64_t src_va = npu_rig_alloc(rig, size_B, NPU_RIG_R),
            dst_va = npu_rig_alloc(rig, size_B, NPU_RIG_RW);
   uint8_t *src = npu_rig_ptr(rig, src_va), *dst = npu_rig_ptr(rig, dst_va);
   struct npu_rig_fault fault;

   for (uint64_t i = 0; i < size_B; i++)
      src[i] = (uint8_t)(i * 31 + (i >> 12));
   /* Odd addresses and sizes, several chunks, nothing at all. */
   struct npu_packet_copy copies[] = {
      {.type = NPU_PACKET_COPY, .src_va = src_va + 3, .dst_va = dst_va + 1, .size_B = size_B - 5},
      {.type = NPU_PACKET_COPY, .src_va = 0, .dst_va = 0, .size_B = 0},
   };
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, copies, 2).type, NPU_FAULT_NONE);
   CHECK(!memcmp(dst + 1, src + 3, size_B - 5));
   CHECK_EQ(dst[0], 0);
   CHECK_EQ(dst[size_B - 4], 0);

   struct npu_packet_copy_rect rect = {
      .type = NPU_PACKET_COPY_RECT,
      .row_size_B = 13,
      .src_va = src_va + 7,
      .dst_va = dst_va + 5,
      .num_rows = 9,
      .num_slices = 4,
      .src_row_stride_B = 100,
      .dst_row_stride_B = 17,
      .src_slice_stride_B = 5000,
      .dst_slice_stride_B = 300,
   };
   memset(dst, 0xee, 4096);
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &rect, 1).type, NPU_FAULT_NONE);
   unsigned wrong = 0, at = 0;
   for (unsigned i = 0; i < 4096; i++) {
      unsigned z = (i - 5) / 300, y = (i - 5) % 300 / 17, x = (i - 5) % 300 % 17;
      bool inside = i >= 5 && z < 4 && y < 9 && x < 13;
      uint8_t wanted = inside ? src[7 + z * 5000 + y * 100 + x] : 0xee;
      at = dst[i] != wanted && !wrong ? i : at;
      wrong += dst[i] != wanted;
   }
   if (wrong)
      tap_problem(tap, "%u wrong bytes, the first at %u", wrong, at);
   rect.row_size_B = 0;
   rect.src_va = 0;
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &rect, 1).type, NPU_FAULT_NONE);

   /* The first byte that cannot be copied is named. */
   struct npu_packet_copy beyond = {.type = NPU_PACKET_COPY,
                                    .src_va = src_va + size_B - 100,
                                    .dst_va = dst_va,
                                    .size_B = 200};
   fault = sim_run(tap, rig, NPU_RIG_ASID, &beyond, 1);
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_READ);
   CHECK_EQ(fault.address, src_va + size_B);
   CHECK(!fault.in_kernel);
   CHECK_EQ(fault.context_id, 100);
   CHECK(!memcmp(dst, src + size_B - 100, 100));
   beyond = (struct npu_packet_copy){.type = NPU_PACKET_COPY,
                                     .src_va = src_va,
                                     .dst_va = src_va + 10,
                                     .size_B = 1};
   fault = sim_run(tap, rig, NPU_RIG_ASID, &beyond, 1);
   CHECK_EQ(fault.type, NPU_FAULT_PERMISSION);
   CHECK_EQ(fault.access, NPU_ACCESS_WRITE);
   CHECK_EQ(fault.address, src_va + 10);
   npu_rig_destroy(rig);
   tap_case(tap, "COPY and COPY_RECT, up to %u MiB", (unsigned)(size_B >> 20));
}

static void
test_fill(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   const uint64_t size_B = 3 << 20;
   uint64_t dst_va = npu_rig_alloc(rig, size_B, NPU_RIG_RW);
   uint64_t pattern_va = npu_rig_alloc(rig, 128, NPU_RIG_R);
   uint8_t *dst = npu_rig_ptr(rig, dst_va), *pattern = npu_rig_ptr(rig, pattern_va);

   for (unsigned i = 0; i < 128; i++)
      pattern[i] = (uint8_t)(i * 5 + 1);
   for (unsigned pattern_B = 1; pattern_B <= 128; pattern_B *= 2) {
      struct npu_packet_fill fill = {
         .type = NPU_PACKET_FILL,
         .pattern_size_B = pattern_B,
         .dst_va = dst_va + 3,
         .size_B = size_B - 10,
         .pattern_va = pattern_B > 16 ? pattern_va : 0,
      };
      if (pattern_B <= 16)
         memcpy(fill.pattern, pattern, pattern_B);
      memset(dst, 0, size_B);
      CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &fill, 1).type, NPU_FAULT_NONE);
      unsigned wrong = 0;
      for (uint64_t i = 0; i < size_B; i++) {
         bool inside = i >= 3 && i < size_B - 7;
         wrong += dst[i] != (inside ? pattern[(i - 3) % pattern_B] : 0);
      }
      CHECK_EQ(wrong, 0);
   }
   struct npu_packet_fill fill = {.type = NPU_PACKET_FILL,
                                  .pattern_size_B = 4,
                                  .dst_va = dst_va + size_B - 8,
                                  .size_B = 9};
   struct npu_rig_fault fault = sim_run(tap, rig, NPU_RIG_ASID, &fill, 1);
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_WRITE);
   CHECK_EQ(fault.address, dst_va + size_B);
   npu_rig_destroy(rig);
   tap_case(tap, "FILL");
}

static void
test_words(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t *words = npu_rig_ptr(rig, va);
   union {
      struct npu_packet_timestamp timestamp;
      struct npu_packet_signal signal;
      struct npu_packet_wait wait;
      struct npu_packet_nop nop;
   } packets[5] = {
      {.timestamp = {.type = NPU_PACKET_TIMESTAMP, .va = va}},
      {.nop = {.type = NPU_PACKET_NOP, .flags = NPU_PACKET_FLAG_BARRIER}},
      {.signal = {.type = NPU_PACKET_SIGNAL, .va = va + 8, .value = 0xffffffff00000001}},
      {.wait = {.type = NPU_PACKET_WAIT, .va = va + 8, .value = 0xffffffff00000000}},
      {.timestamp = {.type = NPU_PACKET_TIMESTAMP, .flags = NPU_PACKET_FLAG_BARRIER, .va = va + 16}},
   };
   uint64_t before = npu_sim_time_ns(npu_rig_sim(rig));
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, packets, 5).type, NPU_FAULT_NONE);
   uint64_t after = npu_sim_time_ns(npu_rig_sim(rig));
   CHECK(words[0] >= before && words[2] >= words[0] && words[2] <= after);
   CHECK_EQ(words[1], 0xffffffff00000001);

   /* A wait between queues, and one for the host. */
   packets[0].wait = (struct npu_packet_wait){.type = NPU_PACKET_WAIT, .va = va + 64, .value = 5};
   packets[1].signal = (struct npu_packet_signal){.type = NPU_PACKET_SIGNAL,
                                                  .va = va + 72,
                                                  .value = 6};
   uint64_t first = npu_rig_submit(rig, 0, NPU_RIG_ASID, packets, 2);
   CHECK(!npu_rig_wait(rig, 0, first, 30));
   packets[0].signal = (struct npu_packet_signal){.type = NPU_PACKET_SIGNAL,
                                                  .va = va + 64,
                                                  .value = 4};
   CHECK(npu_rig_wait(rig, 1, npu_rig_submit(rig, 1, NPU_RIG_ASID, packets, 1), 5000));
   CHECK(!npu_rig_wait(rig, 0, first, 30));
   CHECK_EQ(words[9], 0);
   packets[0].signal.value = 5;
   CHECK(npu_rig_wait(rig, 1, npu_rig_submit(rig, 1, NPU_RIG_ASID, packets, 1), 5000));
   CHECK(npu_rig_wait(rig, 0, first, 5000));
   CHECK_EQ(words[9], 6);

   static const uint8_t types[] = {NPU_PACKET_TIMESTAMP, NPU_PACKET_SIGNAL, NPU_PACKET_WAIT};
   for (unsigned i = 0; i < 3; i++) {
      struct npu_packet_wait bad = {.type = types[i], .va = va + 4};
      struct npu_rig_fault fault = sim_run(tap, rig, NPU_RIG_ASID, &bad, 1);
      CHECK_EQ(fault.type, NPU_FAULT_MISALIGNED);
      CHECK_EQ(fault.address, va + 4);
      bad.va = va + 4096;
      fault = sim_run(tap, rig, NPU_RIG_ASID, &bad, 1);
      CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
      CHECK_EQ(fault.access, types[i] == NPU_PACKET_WAIT ? NPU_ACCESS_READ : NPU_ACCESS_WRITE);
   }
   npu_rig_destroy(rig);
   tap_case(tap, "TIMESTAMP, SIGNAL, WAIT, NOP");
}

static void
test_dispatch_limits(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   uint64_t end_va = sim_assemble(rig, "end\n");
   const struct npu_packet_dispatch good = npu_rig_dispatch(end_va, 0, 4, 32);
   struct npu_packet_dispatch d;
   struct npu_rig_fault fault;

#define BAD(change, member)                                                                        \
   d = good;                                                                                       \
   change;                                                                                         \
   fault = sim_run(tap, rig, NPU_RIG_ASID, &d, 1);                                                 \
   CHECK_EQ(fault.type, NPU_FAULT_BAD_PACKET);                                                     \
   CHECK_EQ(fault.access, NPU_ACCESS_COMMAND);                                                     \
   CHECK_EQ(fault.code, offsetof(struct npu_packet_dispatch, member));                             \
   CHECK_EQ(fault.address, fault.pc + fault.code);                                                 \
   CHECK(!fault.in_kernel)

   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &good, 1).type, NPU_FAULT_NONE);
   BAD(d.work_dim = 0, work_dim);
   BAD(d.work_dim = 4, work_dim);
   BAD(d.code_va += 4, code_va);
   BAD(d.block[0] = 0, block);
   BAD(d.block[2] = 0, block);
   BAD(d.block[0] = 1025, block);
   BAD((d.block[0] = 32, d.block[1] = 33), block);
   BAD((d.block[0] = 1024, d.block[1] = 1024, d.block[2] = 1024), block);
   BAD(d.local_size_B = 65537, local_size_B);
   BAD(d.private_size_B = 6, private_size_B);
   BAD((d.private_size_B = 8, d.scratch_va = 64), scratch_va);
   BAD((d.grid[0] = d.grid[1] = d.grid[2] = UINT32_MAX), grid);
   BAD(d.reserved[0] = 1, reserved);
   BAD(d.reserved1[1] = 1, reserved1[1]);
   BAD(d.flags = 2, flags);
   BAD(d.type = 99, type);
   BAD(d.type = 0, type);
   BAD(d.type = NPU_PACKET_EXEC, type);
#undef BAD

   d = good;
   d.grid[1] = 0;
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
   d = good;
   d.block[0] = 1;
   d.block[1] = 1024;
   d.local_size_B = 65536;
   CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
   npu_rig_destroy(rig);
   tap_case(tap, "DISPATCH: every field out of range");
}

static void
test_bad_packets(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_rig_fault fault;
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);

   static const unsigned sizes[] = {0, 3, 129, 256};
   for (unsigned i = 0; i < 4; i++) {
      struct npu_packet_fill fill = {.type = NPU_PACKET_FILL,
                                     .pattern_size_B = sizes[i],
                                     .dst_va = va,
                                     .size_B = 4};
      fault = sim_run(tap, rig, NPU_RIG_ASID, &fill, 1);
      CHECK_EQ(fault.type, NPU_FAULT_BAD_PACKET);
      CHECK_EQ(fault.code, offsetof(struct npu_packet_fill, pattern_size_B));
   }
   struct npu_packet_fill fill = {
      .type = NPU_PACKET_FILL, .pattern_size_B = 4, .dst_va = va, .size_B = 4, .pattern_va = va};
   fault = sim_run(tap, rig, NPU_RIG_ASID, &fill, 1);
   CHECK_EQ(fault.code, offsetof(struct npu_packet_fill, pattern_va));

   /* Every reserved byte of every packet. What comes first is done, what comes after is not. */
   static const uint8_t types[] = {NPU_PACKET_NOP,      NPU_PACKET_COPY, NPU_PACKET_COPY_RECT,
                                   NPU_PACKET_FILL,     NPU_PACKET_WAIT, NPU_PACKET_SIGNAL,
                                   NPU_PACKET_TIMESTAMP};
   static const unsigned used[] = {0, 32, 56, 48, 24, 24, 16};
   for (unsigned i = 0; i < sizeof(types); i++) {
      uint8_t packets[3][64] = {0};
      struct npu_packet_signal signal = {.type = NPU_PACKET_SIGNAL, .va = va, .value = 1};
      uint64_t *words = npu_rig_ptr(rig, va);
      unsigned reserved = used[i] ? 63 : 40;
      memcpy(packets[0], &signal, 64);
      packets[1][0] = types[i];
      packets[1][reserved] = 1;
      signal.va = va + 8;
      memcpy(packets[2], &signal, 64);
      words[0] = words[1] = 0;
      fault = sim_run(tap, rig, NPU_RIG_ASID, packets, 3);
      CHECK_EQ(fault.type, NPU_FAULT_BAD_PACKET);
      CHECK_EQ(fault.code, reserved);
      CHECK_EQ(words[0], 1);
      CHECK_EQ(words[1], 0);
   }

   /* A command buffer that is not there. */
   struct npu_packet_exec exec = {.type = NPU_PACKET_EXEC,
                                  .asid = NPU_RIG_ASID,
                                  .num_packets = 100,
                                  .va = va + 4096 - 64,
                                  .seqno = 55,
                                  .context_id = 7};
   memset(npu_rig_ptr(rig, va), 0, 4096);
   ((uint8_t *)npu_rig_ptr(rig, va))[4096 - 64] = NPU_PACKET_NOP;
   npu_rig_push(rig, 0, &exec);
   CHECK(npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_COMMAND);
   CHECK_EQ(fault.pc, va + 4096);
   CHECK_EQ(fault.address, va + 4096);
   CHECK_EQ(fault.context_id, 7);
   CHECK_EQ(fault.seqno, 55);
   npu_rig_destroy(rig);
   tap_case(tap, "bad packets in command buffers");
}

static void
test_bad_ring_packets(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_rig_fault fault;
   uint64_t memory_B = npu_sim_mem_size_B(npu_rig_sim(rig));

   npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, NULL, 0), 5000);
   struct npu_packet_exec exec = {.type = NPU_PACKET_EXEC, .asid = NPU_RIG_ASID};
   struct npu_packet_fence fence = {.type = NPU_PACKET_FENCE};
   struct {
      const void *packet;
      enum npu_fault type;
      unsigned code;
   } cases[] = {
      {(exec.va = 32, &exec), NPU_FAULT_BAD_PACKET, offsetof(struct npu_packet_exec, va)},
   };
   for (unsigned i = 0; i < 7; i++) {
      exec = (struct npu_packet_exec){.type = NPU_PACKET_EXEC, .asid = NPU_RIG_ASID};
      fence = (struct npu_packet_fence){.type = NPU_PACKET_FENCE};
      switch (i) {
      case 0:
         exec.va = 32;
         break;
      case 1:
         exec.status_pa = 4;
         cases[0].code = offsetof(struct npu_packet_exec, status_pa);
         break;
      case 2:
         exec.status_pa = memory_B;
         cases[0].type = NPU_FAULT_MEMORY_ERROR;
         break;
      case 3:
         exec.reserved[0] = 1;
         cases[0].type = NPU_FAULT_BAD_PACKET;
         cases[0].code = offsetof(struct npu_packet_exec, reserved);
         break;
      case 4:
         exec.type = NPU_PACKET_DISPATCH;
         exec.asid = 1;
         cases[0].code = 0;
         break;
      case 5:
         fence.irq = 2;
         cases[0].packet = &fence;
         cases[0].code = offsetof(struct npu_packet_fence, irq);
         break;
      case 6:
         fence.write_pa = 12;
         cases[0].code = offsetof(struct npu_packet_fence, write_pa);
         break;
      }
      npu_rig_push(rig, 0, cases[0].packet);
      CHECK(npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
      CHECK(npu_rig_pop_fault(rig, &fault));
      CHECK_EQ(fault.type, cases[0].type);
      CHECK_EQ(fault.code, cases[0].code);
      CHECK_EQ(fault.context_id, 0);
      CHECK(!fault.in_kernel);
   }
   /* A doorbell further ahead than the ring is long. */
   uint64_t tail = npu_sim_reg_read(npu_rig_sim(rig), NPU_REG_QUEUE_TAIL(0));
   npu_sim_reg_write(npu_rig_sim(rig), NPU_REG_QUEUE_TAIL(0), tail + 65);
   CHECK_EQ(npu_sim_reg_read(npu_rig_sim(rig), NPU_REG_QUEUE_TAIL(0)), tail);
   npu_rig_destroy(rig);
   tap_case(tap, "bad packets in rings");
}

int
main(void)
{
   struct tap tap = {0};

   test_copies(&tap, 5 << 20);
   test_copies(&tap, 33 << 20); /* past the caches */
   test_fill(&tap);
   test_words(&tap);
   test_dispatch_limits(&tap);
   test_bad_packets(&tap);
   test_bad_ring_packets(&tap);
   return tap_done(&tap);
}
