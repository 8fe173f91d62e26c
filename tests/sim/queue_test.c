// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Queues and packets: every packet type and what is wrong with it, rings, fences, interrupts, fault
// records, watchdog, kill, reset, several queues at once.

#include <pthread.h>
#include <time.h>

#include "sim_check.h"

static const char loop_kernel[] = "again: jmp again\n";
static const char end_kernel[] = "end\n";

/* Submits to a queue without waiting. */
static uint64_t
start(struct npu_rig *rig, unsigned queue, uint64_t code_va, uint32_t groups)
{
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(code_va, 0, groups, 32);

   dispatch.kernel_id = 1000 + queue;
   return npu_rig_submit(rig, queue, NPU_RIG_ASID, &dispatch, 1);
}

static void
sleep_ms(unsigned ms)
{
   struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};

   nanosleep(&time, NULL);
}

/* Waits until queue is in an EXEC. */
static void
wait_until_running(struct npu_rig *rig, unsigned queue)
{
   for (unsigned i = 0; i < 5000; i++) {
      if (npu_sim_reg_read(npu_rig_sim(rig), NPU_REG_QUEUE_STATUS(queue)) &
          NPU_QUEUE_STATUS_IN_EXEC__MASK)
         return;
      sleep_ms(1);
   }
}

/* ---- registers ------------------------------------------------------------------------------ */

static void
test_registers(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(3);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t id = npu_sim_reg_read(sim, NPU_REG_ID), caps = npu_sim_reg_read(sim, NPU_REG_CAPS);

   CHECK_EQ(NPU_GET(id, NPU_ID_MAGIC), NPU_ID_MAGIC_VALUE);
   CHECK_EQ(NPU_GET(id, NPU_ID_ARCH), NPU_ARCH_VERSION);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_NUM_CORES), 3);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_WAVES_PER_CORE), 32);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_NUM_QUEUES), 8);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_VA_BITS), 36);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_WAVE_SIZE), 32);
   CHECK_EQ(NPU_GET(caps, NPU_CAPS_NUM_ASIDS), 256);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_LOCAL_MEM_SIZE), 65536);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_MEM_SIZE), 2ull << 30);
   npu_sim_reg_write(sim, NPU_REG_SCRATCH, 0x123456789abcdef0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_SCRATCH), 0x123456789abcdef0);
   uint64_t time = npu_sim_reg_read(sim, NPU_REG_TIME);
   CHECK(npu_sim_reg_read(sim, NPU_REG_TIME) >= time);
   CHECK(npu_sim_time_ns(sim) - time < 1000000000);
   /* Nothing there, read only, not aligned. */
   const uint32_t none[] = {0x38, 0x2000, 0xfff8, 0x10000, 0xfffffff8, NPU_REG_SCRATCH + 4};
   for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
      npu_sim_reg_write(sim, none[i], UINT64_MAX);
      CHECK_EQ(npu_sim_reg_read(sim, none[i]), 0);
   }
   npu_sim_reg_write(sim, NPU_REG_ID, 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_ID), id);
   npu_rig_destroy(rig);
   tap_case(tap, "registers");
}

/* ---- rings, fences, interrupts -------------------------------------------------------------- */

static void
test_ring_wrap(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW), pa = npu_rig_alloc_pa(rig, 4096, 4096);
   uint64_t *words = npu_rig_ptr(rig, va);
   uint64_t seqno = 0;

   npu_rig_enable_queue(rig, 0, 2);
   for (unsigned i = 1; i <= 100; i++) {
      struct npu_packet_signal signal = {.type = NPU_PACKET_SIGNAL, .va = va, .value = i};
      seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &signal, 1);
   }
   CHECK(npu_rig_wait(rig, 0, seqno, 5000));
   CHECK_EQ(words[0], 100);
   /* HEAD may be a moment behind the fence. */
   for (unsigned i = 0; i < 1000 && npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(0)); i++)
      sleep_ms(1);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_HEAD(0)), 200);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_TAIL(0)), 200);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(0)) & NPU_QUEUE_STATUS_BUSY__MASK, 0);

   /* The memory write of a fence. */
   struct npu_packet_fence fence = {.type = NPU_PACKET_FENCE,
                                    .seqno = 0xabcdef,
                                    .write_pa = pa + 8};
   npu_rig_push(rig, 0, &fence);
   npu_rig_doorbell(rig, 0);
   CHECK(npu_rig_wait(rig, 0, 0xabcdef, 100));
   CHECK_EQ(((uint64_t *)npu_rig_pa_ptr(rig, pa))[1], 0xabcdef);

   /* Enabling again starts at packet 0. Base and size cannot be changed meanwhile. */
   uint64_t base = npu_sim_reg_read(sim, NPU_REG_QUEUE_RING_BASE(0));
   npu_sim_reg_write(sim, NPU_REG_QUEUE_RING_BASE(0), base + 4096);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_RING_SIZE(0), 5);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_RING_BASE(0)), base);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_RING_SIZE(0)), 2);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0), 0);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_RING_SIZE(0), 17);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_RING_SIZE(0)), 2);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_TAIL(0), 1234);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0), NPU_QUEUE_CONTROL_ENABLE__MASK);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_HEAD(0)), 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_TAIL(0)), 0);
   npu_rig_destroy(rig);
   tap_case(tap, "ring wrap, fences, enable");
}

struct irq_state {
   struct npu_sim *sim;
   _Atomic unsigned calls, inside, overlaps;
};

static void
count_irq(void *data, unsigned vector)
{
   struct irq_state *state = data;

   if (state->inside++)
      state->overlaps++;
   state->calls++;
   sleep_ms(1);
   state->inside--;
}

static void
test_interrupts(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_sim *sim = npu_rig_sim(rig);
   struct irq_state state = {.sim = sim};
   uint64_t bad_va = sim_assemble(rig, "trap 1\n");

   npu_sim_set_irq(sim, count_irq, &state);
   npu_sim_reg_write(sim, NPU_REG_INT_ENABLE, 0);
   start(rig, 3, bad_va, 1);
   sleep_ms(50);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_STATUS), NPU_INT_STATUS_FAULT__MASK | 1 << 3);
   CHECK_EQ(state.calls, 0);
   /* Enabling a bit that is set interrupts. */
   npu_sim_reg_write(sim, NPU_REG_INT_ENABLE, 1 << 3);
   for (unsigned i = 0; i < 1000 && state.calls == 0; i++)
      sleep_ms(1);
   CHECK_EQ(state.calls, 1);
   npu_sim_reg_write(sim, NPU_REG_INT_ACK, 1 << 3);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_STATUS), NPU_INT_STATUS_FAULT__MASK);
   npu_sim_reg_write(sim, NPU_REG_INT_ACK, UINT64_MAX);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_STATUS), 0);

   /* From many queues at once the callback does not overlap itself, and the last event is followed
    * by a call. */
   npu_sim_reg_write(sim, NPU_REG_INT_ENABLE, UINT64_MAX);
   uint64_t end_va = sim_assemble(rig, end_kernel);
   for (unsigned round = 0; round < 5; round++) {
      for (unsigned q = 0; q < NPU_NUM_QUEUES; q++)
         start(rig, q, end_va, 1);
   }
   for (unsigned i = 0; i < 5000 && npu_sim_reg_read(sim, NPU_REG_INT_STATUS) != 0xff; i++)
      sleep_ms(1);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_STATUS), 0xff);
   CHECK_EQ(state.overlaps, 0);
   CHECK(state.calls > 1);
   /* Without a callback there is none. */
   npu_sim_set_irq(sim, NULL, NULL);
   unsigned calls = state.calls;
   CHECK(npu_rig_wait(rig, 0, start(rig, 0, end_va, 1), 100));
   CHECK_EQ(state.calls, calls);
   npu_rig_destroy(rig);
   tap_case(tap, "interrupts");
}

/* ---- faults --------------------------------------------------------------------------------- */

static void
test_fault_record(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_sim *sim = npu_rig_sim(rig);
   struct npu_rig_fault fault;
   /* Group 5 of 8, wave 1: lanes 3 and 4 read beyond a page. */
   uint64_t code_va = sim_assemble(rig, "rdsr s0, args\n"
                                        "rdsr s1, group_linear\n"
                                        "icmp_eq.i64 s1, s1, 5\n"
                                        "br.z s1, done\n"
                                        "rdsr s2, wave_id\n"
                                        "br.z s2, done\n"
                                        "mfroms exec, 0x18\n"
                                        "ld_u.b32 v0, [s0 + lane + 2000]\n"
                                        "done: end\n");
   uint64_t args_va = npu_rig_alloc(rig, 4096, NPU_RIG_R);
   struct npu_packet_dispatch d = npu_rig_dispatch(code_va, args_va + 2084, 2, 50);
   d.grid[1] = 4;
   d.kernel_id = 0xcafe;
   struct npu_packet_signal after = {.type = NPU_PACKET_SIGNAL, .va = args_va};
   uint8_t packets[2][64];
   memcpy(packets[0], &d, 64);
   memcpy(packets[1], &after, 64);
   uint64_t before = npu_sim_time_ns(sim);
   uint64_t seqno = npu_rig_submit(rig, 2, NPU_RIG_ASID, packets, 2);
   CHECK(npu_rig_wait(rig, 2, seqno, 5000));
   CHECK_EQ(NPU_GET(npu_sim_reg_read(sim, NPU_REG_FAULT_STATUS), NPU_FAULT_STATUS_COUNT), 1);
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_READ);
   CHECK(fault.in_kernel);
   CHECK_EQ(fault.queue, 2);
   CHECK_EQ(fault.asid, NPU_RIG_ASID);
   CHECK_EQ(fault.wave, 1);
   CHECK(fault.core < 2);
   CHECK_EQ(fault.context_id, 102);
   CHECK_EQ(fault.lanes, 0x18);
   CHECK_EQ(fault.kernel_id, 0xcafe);
   CHECK_EQ(fault.code, 0);
   CHECK_EQ(fault.pc, code_va + 7 * 8);
   CHECK_EQ(fault.address, args_va + 4096);
   CHECK_EQ(fault.group, 5);
   CHECK_EQ(fault.seqno, seqno);
   CHECK(fault.time_ns >= before && fault.time_ns <= npu_sim_time_ns(sim));
   CHECK(!npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_FAULT_INFO), 0);
   npu_rig_destroy(rig);
   tap_case(tap, "all fields of a fault record");
}

static void
test_fault_fifo(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_sim *sim = npu_rig_sim(rig);
   struct npu_rig_fault fault;
   uint64_t trap_va = sim_assemble(rig, "trap 7\n");
   uint64_t first = 0, last = 0;

   for (unsigned i = 0; i < NPU_FAULT_FIFO_SIZE + 3; i++) {
      last = start(rig, 0, trap_va, 1);
      first = first ? first : last;
   }
   CHECK(npu_rig_wait(rig, 0, last, 5000));
   uint64_t status = npu_sim_reg_read(sim, NPU_REG_FAULT_STATUS);
   CHECK_EQ(NPU_GET(status, NPU_FAULT_STATUS_COUNT), NPU_FAULT_FIFO_SIZE);
   CHECK_EQ(NPU_GET(status, NPU_FAULT_STATUS_OVERFLOW), 1);
   npu_sim_reg_write(sim, NPU_REG_FAULT_ACK, NPU_FAULT_ACK_CLEAR_OVERFLOW__MASK);
   for (unsigned i = 0; i < NPU_FAULT_FIFO_SIZE; i++) {
      CHECK(npu_rig_pop_fault(rig, &fault));
      CHECK_EQ(fault.seqno, first + i);
      CHECK_EQ(fault.type, NPU_FAULT_TRAP);
      CHECK_EQ(fault.code, 7);
   }
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_FAULT_STATUS), 0);

   /* The status word: set by a fault, and while it is set nothing of the context runs. */
   uint64_t pa = npu_rig_alloc_pa(rig, 4096, 4096);
   volatile uint64_t *status_word = npu_rig_pa_ptr(rig, pa + 16);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t *words = npu_rig_ptr(rig, va);
   struct npu_packet_signal signal = {.type = NPU_PACKET_SIGNAL, .va = va, .value = 1};
   struct npu_packet_dispatch trap = npu_rig_dispatch(trap_va, 0, 1, 1);
   memcpy((uint8_t *)words + 1024, &trap, 64);
   memcpy((uint8_t *)words + 2048, &signal, 64);
   struct npu_packet_exec exec = {.type = NPU_PACKET_EXEC,
                                  .asid = NPU_RIG_ASID,
                                  .num_packets = 1,
                                  .va = va + 1024,
                                  .context_id = 3,
                                  .status_pa = pa + 16};
   npu_rig_push(rig, 0, &exec);
   exec.va = va + 2048;
   npu_rig_push(rig, 0, &exec);
   CHECK(npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK_EQ(*status_word, 1);
   CHECK_EQ(words[0], 0);
   *status_word = 0;
   npu_rig_push(rig, 0, &exec);
   CHECK(npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK_EQ(words[0], 1);
   npu_rig_destroy(rig);
   tap_case(tap, "fault fifo and status word");
}

/* ---- hangs ---------------------------------------------------------------------------------- */

static void
test_watchdog(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_sim *sim = npu_rig_sim(rig);
   struct npu_rig_fault fault;
   uint64_t loop_va = sim_assemble(rig, "nop\n again: nop\n jmp again\n");
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);

   npu_sim_reg_write(sim, NPU_REG_QUEUE_WATCHDOG(1), 60);
   uint64_t before = npu_sim_time_ns(sim);
   uint64_t seqno = start(rig, 1, loop_va, 3);
   CHECK(npu_rig_wait(rig, 1, seqno, 5000));
   uint64_t took_ms = (npu_sim_time_ns(sim) - before) / 1000000;
   CHECK(took_ms >= 55 && took_ms < 3000);
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_WATCHDOG);
   CHECK_EQ(fault.access, NPU_ACCESS_NONE);
   CHECK(fault.in_kernel);
   CHECK_EQ(fault.kernel_id, 1001);
   CHECK_EQ(fault.context_id, 101);
   CHECK_EQ(fault.pc, loop_va + 16);
   CHECK_EQ(fault.lanes, UINT32_MAX);
   CHECK_EQ(fault.seqno, seqno);
   CHECK(!npu_rig_pop_fault(rig, &fault));

   /* Waiting for a semaphore is no progress. */
   struct npu_packet_wait wait = {.type = NPU_PACKET_WAIT, .va = va, .value = 1};
   seqno = npu_rig_submit(rig, 1, NPU_RIG_ASID, &wait, 1);
   CHECK(npu_rig_wait(rig, 1, seqno, 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_WATCHDOG);
   CHECK(!fault.in_kernel);
   CHECK_EQ(fault.address, va);

   /* A loop around a barrier ends, too. */
   uint64_t barrier_va = sim_assemble(rig, "again: barrier\n jmp again\n");
   struct npu_packet_dispatch d = npu_rig_dispatch(barrier_va, 0, 2, 100);
   CHECK(npu_rig_wait(rig, 1, npu_rig_submit(rig, 1, NPU_RIG_ASID, &d, 1), 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_WATCHDOG);

   /* What makes progress may take longer: groups of about 10 ms each. */
   uint64_t slow_va = sim_assemble(rig, "rdsr s0, clock\n"
                                        "iadd.i64 s0, s0, 10000000\n"
                                        "again: rdsr s1, clock\n"
                                        "ucmp_lt.i64 s2, s1, s0\n"
                                        "br.nz s2, again\n"
                                        "end\n");
   npu_sim_reg_write(sim, NPU_REG_QUEUE_WATCHDOG(1), 500);
   CHECK(npu_rig_wait(rig, 1, start(rig, 1, slow_va, 120), 10000));
   CHECK(!npu_rig_pop_fault(rig, &fault));
   /* Work after a hang. */
   uint64_t end_va = sim_assemble(rig, end_kernel);
   CHECK(npu_rig_wait(rig, 1, start(rig, 1, end_va, 100), 5000));
   CHECK(!npu_rig_pop_fault(rig, &fault));
   npu_rig_destroy(rig);
   tap_case(tap, "watchdog");
}

static void
test_kill(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_sim *sim = npu_rig_sim(rig);
   struct npu_rig_fault fault;
   uint64_t loop_va = sim_assemble(rig, loop_kernel), end_va = sim_assemble(rig, end_kernel);

   /* Killing nothing does nothing. */
   npu_rig_wait(rig, 0, start(rig, 0, end_va, 1), 5000);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0),
                     NPU_QUEUE_CONTROL_ENABLE__MASK | NPU_QUEUE_CONTROL_KILL__MASK);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_CONTROL(0)), NPU_QUEUE_CONTROL_ENABLE__MASK);

   uint64_t first = start(rig, 0, loop_va, 10), second = start(rig, 0, end_va, 1);
   wait_until_running(rig, 0);
   uint64_t status = npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(0));
   CHECK_EQ(NPU_GET(status, NPU_QUEUE_STATUS_CONTEXT_ID), 100);
   CHECK_EQ(NPU_GET(status, NPU_QUEUE_STATUS_ASID), NPU_RIG_ASID);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0),
                     NPU_QUEUE_CONTROL_ENABLE__MASK | NPU_QUEUE_CONTROL_KILL__MASK);
   CHECK(npu_rig_wait(rig, 0, second, 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_KILLED);
   CHECK_EQ(fault.seqno, first);
   CHECK(!npu_rig_pop_fault(rig, &fault));

   /* By context: another one is left alone. */
   first = start(rig, 0, loop_va, 10);
   wait_until_running(rig, 0);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_KILL_CONTEXT(0), 99);
   CHECK(!npu_rig_wait(rig, 0, first, 50));
   npu_sim_reg_write(sim, NPU_REG_QUEUE_KILL_CONTEXT(0), 100);
   CHECK(npu_rig_wait(rig, 0, first, 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_KILLED);

   /* A large copy can be killed, too. */
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   struct npu_packet_copy_rect rect = {.type = NPU_PACKET_COPY_RECT,
                                       .row_size_B = 16,
                                       .src_va = va,
                                       .dst_va = va + 32,
                                       .num_rows = UINT32_MAX,
                                       .num_slices = UINT32_MAX};
   first = npu_rig_submit(rig, 0, NPU_RIG_ASID, &rect, 1);
   wait_until_running(rig, 0);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_KILL_CONTEXT(0), 100);
   CHECK(npu_rig_wait(rig, 0, first, 5000));
   CHECK(npu_rig_pop_fault(rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_KILLED);
   npu_rig_destroy(rig);
   tap_case(tap, "kill");
}

static void
test_independent_queues(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   uint64_t loop_va = sim_assemble(rig, loop_kernel);
   uint64_t count_va = sim_assemble(rig, "rdsr s0, args\n mov.b32 v0, 0\n"
                                         "atom_iadd_o.i32.noret [s0 + zx(v0)<<0], 1\n end\n");
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint32_t *counter = npu_rig_ptr(rig, va);

   start(rig, 0, loop_va, 100);
   wait_until_running(rig, 0);
   for (unsigned q = 1; q < NPU_NUM_QUEUES; q++) {
      struct npu_packet_dispatch d = npu_rig_dispatch(count_va, va, 100, 33);
      CHECK(npu_rig_wait(rig, q, npu_rig_submit(rig, q, NPU_RIG_ASID, &d, 1), 10000));
   }
   CHECK_EQ(*counter, 7 * 100 * 33);
   /* Destroying the device does not wait for the hung queue. */
   npu_rig_destroy(rig);
   tap_case(tap, "a hung queue does not hold up others");
}

static void
test_reset(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t loop_va = sim_assemble(rig, loop_kernel);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   struct npu_rig_fault fault;

   *(uint64_t *)npu_rig_ptr(rig, va) = 0x5555;
   for (unsigned q = 0; q < 3; q++)
      start(rig, q, loop_va, 5);
   struct npu_packet_wait wait = {.type = NPU_PACKET_WAIT, .va = va, .value = UINT64_MAX};
   npu_rig_submit(rig, 4, NPU_RIG_ASID, &wait, 1);
   wait_until_running(rig, 0);
   npu_sim_reg_write(sim, NPU_REG_SCRATCH, 1);
   npu_sim_reg_write(sim, NPU_REG_RESET, NPU_RESET_BUSY__MASK);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_RESET), 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_SCRATCH), 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_ENABLE), 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_INT_STATUS), 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_VM_TABLE_BASE), 0);
   CHECK(!npu_rig_pop_fault(rig, &fault));
   for (unsigned q = 0; q < NPU_NUM_QUEUES; q++) {
      CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(q)), 0);
      CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_CONTROL(q)), 0);
      CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_FENCE(q)), 0);
      CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_RING_BASE(q)), 0);
   }
   /* Memory stays, and a new driver finds a working device. */
   CHECK_EQ(*(uint64_t *)npu_rig_ptr(rig, va), 0x5555);
   CHECK_EQ(NPU_GET(npu_sim_reg_read(sim, NPU_REG_ID), NPU_ID_MAGIC), NPU_ID_MAGIC_VALUE);
   npu_rig_destroy(rig);
   tap_case(tap, "reset with work in flight");
}

static void
test_code_changes(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t *word = npu_rig_ptr(rig, va);
   uint64_t code_va = npu_rig_alloc(rig, 4096, NPU_RIG_RX);

   for (unsigned i = 0; i < 100; i++) {
      char text[128];
      snprintf(text, sizeof(text), "rdsr s0, args\n mov.b64 s1, %u\n st_s.b64 [s0], s1\n end\n",
               100000 + i % 3);
      struct npu_asm_result program = npu_asm(text, "program");
      memcpy(npu_rig_ptr(rig, code_va), program.code, program.num_words * 8);
      npu_asm_finish(&program);
      struct npu_packet_dispatch d = npu_rig_dispatch(code_va, va, 1, 1);
      CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
      CHECK_EQ(*word, 100000 + i % 3);
   }
   /* More kernels than are kept. */
   for (unsigned i = 0; i < 100; i++) {
      char text[128];
      snprintf(text, sizeof(text), "rdsr s0, args\n mov.b64 s1, %u\n st_s.b64 [s0], s1\n end\n",
               i + 1000);
      struct npu_packet_dispatch d = npu_rig_dispatch(sim_assemble(rig, text), va, 1, 1);
      CHECK_EQ(sim_run(tap, rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
      CHECK_EQ(*word, i + 1000);
   }
   npu_rig_destroy(rig);
   tap_case(tap, "code that changes between dispatches");
}

/* ---- defects on demand ---------------------------------------------------------------------- */

static void
test_defects(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t *words = npu_rig_ptr(rig, va);
   struct npu_packet_signal signal = {.type = NPU_PACKET_SIGNAL, .va = va, .value = 1};
   struct npu_rig_fault fault = {0};

   const struct {
      enum npu_sim_defect defect;
      enum npu_fault type;
   } faults[] = {
      {NPU_SIM_DEFECT_PAGE_FAULT, NPU_FAULT_UNMAPPED},
      {NPU_SIM_DEFECT_ECC, NPU_FAULT_MEMORY_ERROR},
      {NPU_SIM_DEFECT_HANG, NPU_FAULT_WATCHDOG},
   };
   for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
      words[0] = 0;
      npu_rig_enable_queue(rig, i, 6);
      npu_sim_reg_write(sim, NPU_REG_QUEUE_WATCHDOG(i), 50);
      npu_sim_inject(sim, faults[i].defect, 1, 0);
      CHECK(npu_rig_wait(rig, i, npu_rig_submit(rig, i, NPU_RIG_ASID, &signal, 1), 5000));
      CHECK(npu_rig_pop_fault(rig, &fault));
      CHECK_EQ(fault.type, faults[i].type);
      CHECK_EQ(fault.access,
               faults[i].type == NPU_FAULT_WATCHDOG ? NPU_ACCESS_NONE : NPU_ACCESS_COMMAND);
      CHECK_EQ(words[0], 0);
      CHECK(npu_rig_wait(rig, i, npu_rig_submit(rig, i, NPU_RIG_ASID, &signal, 1), 5000));
      CHECK(!npu_rig_pop_fault(rig, &fault));
      CHECK_EQ(words[0], 1);
   }

   /* Only at an address: where no command buffer is. */
   npu_sim_inject(sim, NPU_SIM_DEFECT_ECC, 5, 0x123456000);
   CHECK(npu_rig_wait(rig, 0, npu_rig_submit(rig, 0, NPU_RIG_ASID, &signal, 1), 5000));
   CHECK(!npu_rig_pop_fault(rig, &fault));

   /* A stall: watchdog and kill are not obeyed, other queues run, a reset ends it. */
   words[0] = 0;
   npu_sim_inject(sim, NPU_SIM_DEFECT_STALL, 1, 0);
   uint64_t stalled = npu_rig_submit(rig, 2, NPU_RIG_ASID, &signal, 1);
   sleep_ms(150);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_KILL_CONTEXT(2), 102);
   CHECK(!npu_rig_wait(rig, 2, stalled, 50));
   CHECK_EQ(words[0], 0);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(2)), NPU_QUEUE_STATUS_BUSY__MASK);
   CHECK(npu_rig_wait(rig, 1, npu_rig_submit(rig, 1, NPU_RIG_ASID, &signal, 1), 5000));
   npu_sim_reset(sim);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(2)), 0);
   CHECK(!npu_rig_pop_fault(rig, &fault));
   npu_rig_destroy(rig);
   tap_case(tap, "defects on demand");
}

/* ---- lent threads --------------------------------------------------------------------------- */

struct lender {
   struct npu_sim *sim;
   _Atomic uint64_t last; /* seqno to wait for; UINT64_MAX: not known yet */
   pthread_t thread;
};

static bool
reached(void *data)
{
   struct lender *l = data;

   return npu_sim_reg_read(l->sim, NPU_REG_QUEUE_FENCE(0)) >= l->last;
}

static void *
lend(void *data)
{
   struct lender *l = data;

   while (!npu_sim_lend_thread(l->sim, 0, reached, l) && !reached(l))
      ;
   return NULL;
}

static bool
never(void *data)
{
   return false;
}

/* Threads that help a queue: every packet is executed once and in order, whoever does it. */
static void
test_lent_threads(struct tap *tap)
{
   enum {
      THREADS = 4,
      JOBS = 500
   };
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t count_va = sim_assemble(rig, "rdsr s0, args\n mov.b32 v0, 0\n"
                                         "atom_iadd_o.i32.noret [s0 + zx(v0)<<0], 1\n end\n");
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW), seqno = 0;
   uint64_t *words = npu_rig_ptr(rig, va);
   struct lender lenders[THREADS];

   CHECK(!npu_sim_lend_thread(sim, 0, never, NULL)); /* not enabled */
   CHECK(!npu_sim_lend_thread(sim, NPU_NUM_QUEUES, never, NULL));

   for (unsigned i = 0; i < THREADS; i++) {
      lenders[i] = (struct lender){.sim = sim, .last = UINT64_MAX};
      pthread_create(&lenders[i].thread, NULL, lend, &lenders[i]);
   }
   for (unsigned i = 1; i <= JOBS; i++) {
      struct npu_packet_dispatch dispatch = npu_rig_dispatch(count_va, va, 3, 33);
      struct npu_packet_signal signal = {.type = NPU_PACKET_SIGNAL, .va = va + 8, .value = i};

      npu_rig_submit(rig, 0, NPU_RIG_ASID, &dispatch, 1);
      seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &signal, 1);
   }
   for (unsigned i = 0; i < THREADS; i++)
      lenders[i].last = seqno;
   CHECK(npu_rig_wait(rig, 0, seqno, 20000));
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(lenders[i].thread, NULL);
   CHECK_EQ((uint32_t)words[0], JOBS * 3 * 33);
   CHECK_EQ(words[1], JOBS);
   CHECK(!npu_sim_lend_thread(sim, 0, never, NULL)); /* nothing to do */

   /* A thread that works for the queue notices a kill as the queue's own does. */
   struct lender helper = {.sim = sim, .last = UINT64_MAX};
   pthread_create(&helper.thread, NULL, lend, &helper);
   seqno = start(rig, 0, sim_assemble(rig, loop_kernel), 1);
   helper.last = seqno;
   wait_until_running(rig, 0);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0),
                     NPU_QUEUE_CONTROL_ENABLE__MASK | NPU_QUEUE_CONTROL_KILL__MASK);
   CHECK(npu_rig_wait(rig, 0, seqno, 5000));
   pthread_join(helper.thread, NULL);
   struct npu_rig_fault fault;
   CHECK(npu_rig_pop_fault(rig, &fault) && fault.type == NPU_FAULT_KILLED);
   npu_rig_destroy(rig);
   tap_case(tap, "lent threads");
}

int
main(void)
{
   struct tap tap = {0};

   test_registers(&tap);
   test_ring_wrap(&tap);
   test_interrupts(&tap);
   test_fault_record(&tap);
   test_fault_fifo(&tap);
   test_watchdog(&tap);
   test_kill(&tap);
   test_independent_queues(&tap);
   test_reset(&tap);
   test_code_changes(&tap);
   test_defects(&tap);
   test_lent_threads(&tap);
   return tap_done(&tap);
}
