// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Threads that execute kernels: neither the floating-point environment of the application nor its small
// stacks matter.

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "sim_check.h"

#define CORES 2

/* Each group: 1 + 2^-30, in the word of its number. To nearest, that is 1. */
static const char kernel[] = "   rdsr s0, args\n"
                             "   ld_s.b64 s2, [s0]\n"
                             "   rdsr s4, group_id_x\n"
                             "   ishl.i64 s4, s4, 2\n"
                             "   iadd.i64 s4, s4, s2\n"
                             "   mov.b32 v0, 0x30800000\n"
                             "   fadd.f32 v0, v0, 1.0\n"
                             "   readfirst.b32 s6, v0\n"
                             "   st_s.b32 [s4], s6\n"
                             "   end\n";

enum {
   GROUPS = 512
};

struct job {
   struct npu_rig *rig;
   struct npu_packet_dispatch dispatch;
   uint32_t *words;
   uint32_t tail;
   _Atomic bool returned;
};

static void
make_job(struct job *j)
{
   j->rig = sim_check_rig(CORES);
   uint64_t out_va = npu_rig_alloc(j->rig, GROUPS * 4, NPU_RIG_RW);
   uint64_t args_va = npu_rig_alloc(j->rig, 4096, NPU_RIG_RW);

   *(uint64_t *)npu_rig_ptr(j->rig, args_va) = out_va;
   j->dispatch = npu_rig_dispatch(sim_assemble(j->rig, kernel), args_va, GROUPS, 32);
   j->words = npu_rig_ptr(j->rig, out_va);
   j->tail = 0;
   j->returned = false;
}

static void
check_words(struct tap *tap, struct job *j)
{
   for (unsigned i = 0; i < GROUPS; i++) {
      if (__atomic_load_n(&j->words[i], __ATOMIC_ACQUIRE) != 0x3f800000) {
         tap_problem(tap, "group %u computed %#x, not 1.0", i, j->words[i]);
         break;
      }
   }
   memset(j->words, 0, GROUPS * 4);
}

/* Waits until the ring's packets are executed. */
static void
wait_for_ring(struct job *j)
{
   static const struct timespec pause = {.tv_nsec = 1000000};
   struct npu_sim *sim = npu_rig_sim(j->rig);

   for (unsigned i = 0; i < 20000; i++) {
      if (npu_sim_reg_read(sim, NPU_REG_QUEUE_HEAD(0)) == j->tail)
         return;
      nanosleep(&pause, NULL);
   }
   printf("Bail out! not executed after 20 s\n");
   exit(1);
}

/* Starts the queue and gives its own thread something to do: as soon as that is seen to be done, the
 * thread sleeps, and nothing but a doorbell wakes it up. */
static void
start_queue(struct job *j)
{
   union {
      uint8_t type;
      uint64_t words[NPU_PACKET_SIZE_B / 8];
   } nop = {.words = {0}};

   nop.type = NPU_PACKET_NOP;
   npu_rig_enable_queue(j->rig, 0, 6);
   npu_rig_push(j->rig, 0, &nop);
   npu_sim_reg_write(npu_rig_sim(j->rig), NPU_REG_QUEUE_TAIL(0), ++j->tail);
   wait_for_ring(j);
}

/* Puts the dispatch into the ring, and wakes nobody up. */
static void
push_quietly(struct job *j)
{
   uint64_t va = npu_rig_alloc(j->rig, NPU_PACKET_SIZE_B, NPU_RIG_RW);
   struct npu_packet_exec exec = {
      .type = NPU_PACKET_EXEC,
      .asid = NPU_RIG_ASID,
      .num_packets = 1,
      .va = va,
      .context_id = 1,
      .seqno = 1,
   };

   memcpy(npu_rig_ptr(j->rig, va), &j->dispatch, NPU_PACKET_SIZE_B);
   start_queue(j);
   npu_rig_push(j->rig, 0, &exec);
   npu_sim_ring_quietly(npu_rig_sim(j->rig), 0, ++j->tail);
}

static bool
never(void *data)
{
   return false;
}

static void
test_rounding(struct tap *tap)
{
   struct job j;

   /* The threads of the device inherit nothing from the one that makes them. */
   fesetround(FE_UPWARD);
   make_job(&j);
   CHECK_EQ(sim_run(tap, j.rig, NPU_RIG_ASID, &j.dispatch, 1).type, NPU_FAULT_NONE);
   check_words(tap, &j);
   npu_rig_destroy(j.rig);
   tap_case(tap, "threads of the device round to nearest");

   make_job(&j);
   push_quietly(&j);
   CHECK(!npu_sim_lend_thread(npu_rig_sim(j.rig), 0, never, NULL));
   check_words(tap, &j);
   CHECK_EQ(fegetround(), FE_UPWARD);
   fesetround(FE_TONEAREST);
   npu_rig_destroy(j.rig);
   tap_case(tap, "lent threads round to nearest, and then as before");
}

static void *
lend(void *data)
{
   struct job *j = data;

   npu_sim_lend_thread(npu_rig_sim(j->rig), 0, never, NULL);
   j->returned = true;
   return NULL;
}

/* Whether a thread with such a stack executes a kernel that does not end: then it does not come back
 * before the kernel is killed. */
static bool
executes(struct tap *tap, size_t stack_B)
{
   static const struct timespec pause = {.tv_nsec = 1000000};
   struct job j;
   pthread_attr_t attributes;
   pthread_t thread;

   make_job(&j);
   struct npu_sim *sim = npu_rig_sim(j.rig);
   j.dispatch.code_va = sim_assemble(j.rig, "again: jmp again\n");
   j.dispatch.grid[0] = 1;
   push_quietly(&j);
   pthread_attr_init(&attributes);
   pthread_attr_setstacksize(&attributes, stack_B);
   CHECK_EQ(pthread_create(&thread, &attributes, lend, &j), 0);
   for (unsigned i = 0; i < 10000 && !(npu_sim_reg_read(sim, NPU_REG_QUEUE_STATUS(0)) &
                                       NPU_QUEUE_STATUS_IN_EXEC__MASK);
        i++)
      nanosleep(&pause, NULL);
   for (unsigned i = 0; i < 100 && !j.returned; i++)
      nanosleep(&pause, NULL);
   bool here = !j.returned;
   npu_sim_reg_write(sim, NPU_REG_QUEUE_CONTROL(0),
                     NPU_QUEUE_CONTROL_ENABLE__MASK | NPU_QUEUE_CONTROL_KILL__MASK);
   pthread_join(thread, NULL);
   pthread_attr_destroy(&attributes);
   npu_rig_destroy(j.rig);
   return here;
}

static void
test_small_stack(struct tap *tap)
{
   CHECK(executes(tap, 8 << 20));
   tap_case(tap, "a thread with a large stack executes kernels");
   CHECK(!executes(tap, 256 << 10));
   tap_case(tap, "a thread with a small stack does not");
}

int
main(void)
{
   struct tap tap = {0};

   test_rounding(&tap);
   test_small_stack(&tap);
   return tap_done(&tap);
}
