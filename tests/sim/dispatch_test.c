// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Who works on a dispatch: one core on what is short, all cores on what is long, also if former ones of
// the same kernel were short. Results do not depend on it.

#include <limits.h>
#include <sys/resource.h>

#include "sim_check.h"

/* Arguments: where to write, how many times to go round. Writes 1 to the word of its core and counts
 * its work-groups. */
static const char kernel[] = "   rdsr s0, args\n"
                             "   ld_s.b64x2 s2, [s0]\n"
                             "again:\n"
                             "   isub.i64 s3, s3, 1\n"
                             "   br.nz s3, again\n"
                             "   rdsr s4, core_id\n"
                             "   ishl.i64 s4, s4, 2\n"
                             "   iadd.i64 s4, s4, s2\n"
                             "   mov.b64 s6, 1\n"
                             "   st_s.b32 [s4], s6\n"
                             "   mov.b32 v0, 64\n"
                             "   elect m0\n"
                             "   mov.b32 v2, 1\n"
                             "   mmov exec, m0\n"
                             "   atom_iadd_o.i32 v3, [s2 + zx(v0)], v2\n"
                             "   end\n";

enum {
   NUM_CORES = 2,
   COUNTER = 16, /* word */
};

static long
voluntary_switches(void)
{
   struct rusage usage;

   getrusage(RUSAGE_SELF, &usage);
   return usage.ru_nvcsw;
}

struct fixture {
   struct npu_rig *rig;
   uint64_t code_va, args_va;
   uint64_t *args;
   uint32_t *words;
};

static struct fixture
make_fixture(void)
{
   struct fixture f = {.rig = sim_check_rig(NUM_CORES)};
   uint64_t out_va = npu_rig_alloc(f.rig, 4096, NPU_RIG_RW);

   f.code_va = sim_assemble(f.rig, kernel);
   f.args_va = npu_rig_alloc(f.rig, 4096, NPU_RIG_RW);
   f.args = npu_rig_ptr(f.rig, f.args_va);
   f.words = npu_rig_ptr(f.rig, out_va);
   f.args[0] = out_va;
   return f;
}

/* num dispatches of so many groups in one command buffer. */
static void
run(struct tap *tap, struct fixture *f, unsigned num, uint32_t groups, uint64_t rounds)
{
   static struct npu_packet_dispatch packets[2000];

   for (unsigned i = 0; i < num; i++)
      packets[i] = npu_rig_dispatch(f->code_va, f->args_va, groups, 32);
   memset(f->words, 0, 4096);
   f->args[1] = rounds;
   CHECK_EQ(sim_run(tap, f->rig, NPU_RIG_ASID, packets, num).type, NPU_FAULT_NONE);
   CHECK_EQ(f->words[COUNTER], num * groups);
}

/* Threads are not woken up for dispatches that are over before they would come. On a busy machine dispatches may
 * take long, and then they are: one try without that is enough.
 */
static void
test_short(struct tap *tap)
{
   struct fixture f = make_fixture();
   long switches = LONG_MAX;

   for (unsigned i = 0; i < 10 && switches > 500; i++) {
      run(tap, &f, 100, 4, 1);
      long before = voluntary_switches();
      run(tap, &f, 2000, 4, 1);
      switches = voluntary_switches() - before;
   }
   if (switches > 500)
      tap_problem(tap, "%ld times a thread went to sleep in 2000 short dispatches", switches);
   CHECK_EQ(f.words[0], 1);
   npu_rig_destroy(f.rig);
   tap_case(tap, "short dispatches disturb nobody");
}

/* A long one that looked short, and one that nothing is known of. */
static void
test_long(struct tap *tap)
{
   struct fixture f = make_fixture();

   run(tap, &f, 100, 64, 1);
   run(tap, &f, 1, 64, 1000000);
   CHECK_EQ(f.words[0], 1);
   CHECK_EQ(f.words[1], 1);
   npu_rig_destroy(f.rig);

   f = make_fixture();
   run(tap, &f, 1, 64, 1000000);
   CHECK_EQ(f.words[0], 1);
   CHECK_EQ(f.words[1], 1);
   npu_rig_destroy(f.rig);
   tap_case(tap, "all cores work on long dispatches");
}

/* Every group runs exactly once, however many there are and however long they take. */
static void
test_sizes(struct tap *tap)
{
   struct fixture f = make_fixture();

   for (unsigned i = 0; i < 3; i++) {
      for (uint32_t groups = 1; groups < 600; groups += 1 + groups / 7)
         run(tap, &f, 3, groups, i == 1 ? 2000 : 1);
   }
   npu_rig_destroy(f.rig);
   tap_case(tap, "every group runs once");
}

int
main(void)
{
   struct tap tap = {0};

   test_short(&tap);
   test_long(&tap);
   test_sizes(&tap);
   return tap_done(&tap);
}
