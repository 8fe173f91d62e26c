// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Many launches with the engine "tiered", many programs with "jit": results stay right, memory does not
// grow.
//
//    jit_tier_test [LAUNCHES]

#include <unistd.h>

#include "../sim/sim_check.h"

#define PROGRAMS 280 /* more than the JIT keeps */
#define ROUNDS   10

/* out[lane] = lane * factor, summed up in a loop. */
static const char loop_text[] = "   rdsr s0, args\n"
                                "   ld_s.b64 s2, [s0]\n"
                                "   mov.b32 s3, %u\n"
                                "   rdsr v0, lane_id\n"
                                "   mov.b32 v1, 0\n"
                                "again:\n"
                                "   imad.i32 v1, v0, %u, v1\n"
                                "   isub.i32 s3, s3, 1\n"
                                "   br.nz s3, again\n"
                                "   st_u.b32 [s2 + lane], v1\n"
                                "   end\n";

static size_t
resident_B(void)
{
   FILE *file = fopen("/proc/self/statm", "r");
   unsigned long total, resident;

   if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
      resident = 0;
   if (file)
      fclose(file);
   return resident * (size_t)sysconf(_SC_PAGESIZE);
}

struct fixture {
   struct npu_rig *rig;
   uint64_t code_va, args_va;
   uint32_t *out;
};

static void
load(struct fixture *fixture, unsigned rounds, unsigned factor)
{
   char text[sizeof(loop_text) + 32];

   snprintf(text, sizeof(text), loop_text, rounds, factor);
   struct npu_asm_result program = npu_asm(text, "program");
   if (program.num_errors) {
      printf("Bail out! %s\n", program.errors);
      exit(1);
   }
   memcpy(npu_rig_ptr(fixture->rig, fixture->code_va), program.code, program.num_words * 8);
   npu_asm_finish(&program);
}

static bool
run(struct tap *tap, struct fixture *fixture, unsigned rounds, unsigned factor)
{
   struct npu_packet_dispatch d = npu_rig_dispatch(fixture->code_va, fixture->args_va, 2, 32);

   memset(fixture->out, 0xff, 32 * sizeof(uint32_t));
   CHECK_EQ(sim_run(tap, fixture->rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
   for (unsigned l = 0; l < 32; l++) {
      if (fixture->out[l] != l * factor * rounds) {
         tap_problem(tap, "lane %u of %u x %u is %u", l, rounds, factor, fixture->out[l]);
         return false;
      }
   }
   return true;
}

static void
test_launches(struct tap *tap, struct fixture *fixture, unsigned launches)
{
   load(fixture, 3, 7);
   for (unsigned i = 0; i < launches / 10; i++) {
      if (!run(tap, fixture, 3, 7))
         break;
   }
   size_t before_B = resident_B();
   for (unsigned i = 0; i < launches; i++) {
      if (!run(tap, fixture, 3, 7))
         break;
   }
   size_t after_B = resident_B();
   if (after_B > before_B + (2u << 20))
      tap_problem(tap, "%zu KiB before, %zu KiB after", before_B >> 10, after_B >> 10);
   tap_case(tap, "many launches need no more memory than few");
}

static void
test_programs(struct tap *tap, struct fixture *fixture)
{
   size_t middle_B = 0;

   for (unsigned i = 1; i <= 2 * PROGRAMS; i++) {
      load(fixture, ROUNDS, i);
      if (!run(tap, fixture, ROUNDS, i))
         break;
      if (i == PROGRAMS)
         middle_B = resident_B();
   }
   size_t after_B = resident_B();
   if (after_B > middle_B + (16u << 20))
      tap_problem(tap, "%zu KiB after %u programs, %zu KiB after twice as many", middle_B >> 10,
                  PROGRAMS, after_B >> 10);
   tap_case(tap, "host code of programs that are gone is freed");
}

/* A device with a kernel's buffers. */
static struct fixture
create(const char *configuration)
{
   struct npu_sim_config config;
   struct fixture fixture;
   char *error;

   npu_sim_config_parse(&config, configuration);
   fixture.rig = npu_rig_create(&config, &error);
   if (!fixture.rig) {
      printf("Bail out! %s\n", error ? error : "not enough memory");
      exit(1);
   }
   fixture.code_va = npu_rig_alloc(fixture.rig, 4096, NPU_RIG_RX);
   fixture.args_va = npu_rig_alloc(fixture.rig, 64, NPU_RIG_R);
   uint64_t out_va = npu_rig_alloc(fixture.rig, 4096, NPU_RIG_RW);
   fixture.out = npu_rig_ptr(fixture.rig, out_va);
   memcpy(npu_rig_ptr(fixture.rig, fixture.args_va), &out_va, sizeof(out_va));
   return fixture;
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct fixture tiered = create("tiered,cores=1"), jit = create("jit,cores=1");
   unsigned launches = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;

   size_t device_B = resident_B();
   if (device_B > (200u << 20))
      tap_problem(&tap, "%zu MiB", device_B >> 20);
   tap_case(&tap, "devices with nothing allocated need less than 200 MiB");
   test_programs(&tap, &jit);
   test_launches(&tap, &tiered, launches);
   npu_rig_destroy(tiered.rig);
   npu_rig_destroy(jit.rig);
   return tap_done(&tap);
}
