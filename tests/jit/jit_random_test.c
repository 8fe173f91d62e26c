// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Runs random programs on the interpreter and on the JIT and compares all memory they wrote.
//
//    jit_random_test CONFIGURATION [FIRST_SEED [COUNT [ITEMS]]]
//    jit_random_test CONFIGURATION ops
//
// The configuration is that of the JIT device, as in NPU_SIM. A program has between 8 and 8 + ITEMS items. With "ops" every operation is executed
// in random forms, not only those that random programs happen to have. A program that differs is reduced by
// leaving out items as long as it still differs, and printed.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../isa/tap.h"
#include "jit_program.h"
#include "npu_isa/npu_disasm.h"
#include "npu_rig.h"

#define CODE_B     (256 * 1024)
#define NUM_WAVES  (JIT_MAX_GROUPS * JIT_MAX_GROUP / 32)
#define SLOTS_B    (NUM_WAVES * 32 * JIT_SLOT_B)
#define STATES_B   (NUM_WAVES * JIT_STATE_B)
#define SCRATCH_B  (NPU_WAVES_PER_CORE * 32 * JIT_PRIVATE_B)
#define MAX_ITEMS  60
#define CASE_SEEDS 50

/* One device, and its memory. */
struct side {
   struct npu_rig *rig;
   uint64_t code_va, args_va, in_va, slots_va, state_va, counters_va, scratch_va;
   char fault[256];
};

static bool
create(struct side *side, const char *configuration)
{
   struct npu_sim_config config;
   char *error;

   if (!npu_sim_config_parse(&config, configuration))
      return false;
   config.num_cores = 1; /* with several, atomics are not deterministic */
   config.mem_size_B = 64 << 20;
   side->rig = npu_rig_create(&config, &error);
   if (!side->rig) {
      printf("Bail out! %s\n", error ? error : "not enough memory");
      free(error);
      return false;
   }
   side->code_va = npu_rig_alloc(side->rig, CODE_B, NPU_RIG_RX);
   side->args_va = npu_rig_alloc(side->rig, 64, NPU_RIG_R);
   side->in_va = npu_rig_alloc(side->rig, JIT_IN_B, NPU_RIG_R);
   side->slots_va = npu_rig_alloc(side->rig, SLOTS_B, NPU_RIG_RW);
   side->state_va = npu_rig_alloc(side->rig, STATES_B, NPU_RIG_RW);
   side->counters_va = npu_rig_alloc(side->rig, JIT_COUNTERS_B, NPU_RIG_RW);
   side->scratch_va = npu_rig_alloc(side->rig, SCRATCH_B, NPU_RIG_RW);
   uint64_t *args = npu_rig_ptr(side->rig, side->args_va);
   args[JIT_ARG_IN] = side->in_va;
   args[JIT_ARG_SLOTS] = side->slots_va;
   args[JIT_ARG_STATE] = side->state_va;
   args[JIT_ARG_COUNTERS] = side->counters_va;
   return true;
}

/* Fills the input: integers small and large, floats of all kinds. */
static void
fill_input(struct side *side, uint64_t seed)
{
   uint32_t *in = npu_rig_ptr(side->rig, side->in_va);
   uint64_t rng = seed * 2 + 1;

   for (unsigned i = 0; i < JIT_IN_B / 4; i++) {
      uint64_t r = tap_random(&rng);
      switch (r >> 61) {
      case 0:
         in[i] = (uint32_t)r & 0xff;
         break;
      case 1:
         in[i] = 0x3f000000u + ((uint32_t)r & 0x81ffffff);
         break;
      case 2: {
         static const uint32_t special[] = {0,          0x80000000, 0x7f800000, 0xff800000,
                                            0x7fc00000, 1,          0x7fffffff, UINT32_MAX};
         in[i] = special[r >> 20 & 7];
         break;
      }
      default:
         in[i] = (uint32_t)(r >> 16);
         break;
      }
   }
}

static void
run(struct side *side, const struct jit_program *program, const struct sim_code *code)
{
   struct npu_packet_dispatch packet = npu_rig_dispatch(side->code_va, side->args_va,
                                                        program->num_groups,
                                                        (uint16_t)program->group_size);
   struct npu_rig_fault fault;

   memcpy(npu_rig_ptr(side->rig, side->code_va), code->words, code->num_words * 8);
   memset(npu_rig_ptr(side->rig, side->slots_va), 0x55, SLOTS_B);
   memset(npu_rig_ptr(side->rig, side->state_va), 0xaa, STATES_B);
   memset(npu_rig_ptr(side->rig, side->counters_va), 0, JIT_COUNTERS_B);
   memset(npu_rig_ptr(side->rig, side->scratch_va), 0x33, SCRATCH_B);
   packet.local_size_B = JIT_LOCAL_B;
   packet.private_size_B = JIT_PRIVATE_B;
   packet.scratch_va = side->scratch_va;
   side->fault[0] = 0;
   uint64_t seqno = npu_rig_submit(side->rig, 0, NPU_RIG_ASID, &packet, 1);
   if (!npu_rig_wait(side->rig, 0, seqno, 60000))
      snprintf(side->fault, sizeof(side->fault), "not finished after 60 s");
   else if (npu_rig_pop_fault(side->rig, &fault)) {
      fault.time_ns = fault.seqno = 0;
      npu_rig_describe_fault(&fault, side->fault, sizeof(side->fault));
   }
}

/* Describes the first difference in `text`; false: there is none. */
static bool
differs(struct side sides[2], char *text, size_t size_B)
{
   const struct {
      const char *name;
      uint64_t va[2];
      size_t size_B;
   } parts[] = {
      {"state", {sides[0].state_va, sides[1].state_va}, STATES_B},
      {"slots", {sides[0].slots_va, sides[1].slots_va}, SLOTS_B},
      {"counters", {sides[0].counters_va, sides[1].counters_va}, JIT_COUNTERS_B},
      {"private memory", {sides[0].scratch_va, sides[1].scratch_va}, SCRATCH_B},
   };

   if (strcmp(sides[0].fault, sides[1].fault)) {
      snprintf(text, size_B, "interp: %s, jit: %s", sides[0].fault, sides[1].fault);
      return true;
   }
   for (unsigned p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
      const uint8_t *a = npu_rig_ptr(sides[0].rig, parts[p].va[0]);
      const uint8_t *b = npu_rig_ptr(sides[1].rig, parts[p].va[1]);
      for (size_t i = 0; i < parts[p].size_B; i += 4) {
         uint32_t x, y;
         memcpy(&x, a + i, 4);
         memcpy(&y, b + i, 4);
         if (x != y) {
            snprintf(text, size_B, "%s + 0x%zx: interp 0x%08x, jit 0x%08x", parts[p].name, i, x, y);
            return true;
         }
      }
   }
   return false;
}

static bool
test(struct side sides[2], const struct jit_program *program, char *text, size_t size_B)
{
   struct sim_code code;

   jit_program_emit(program, &code);
   if (code.num_words * 8 > CODE_B)
      abort();
   for (unsigned i = 0; i < 2; i++) {
      fill_input(&sides[i], program->seed);
      run(&sides[i], program, &code);
   }
   free(code.words);
   return differs(sides, text, size_B);
}

/* Leaves out items as long as the program still differs. */
static void
reduce(struct side sides[2], struct jit_program *program, char *text, size_t size_B)
{
   char now[512];

   for (bool changed = true; changed;) {
      changed = false;
      for (unsigned i = 0; i < program->num_items; i++) {
         if (program->items[i].skip)
            continue;
         program->items[i].skip = true;
         if (test(sides, program, now, sizeof(now))) {
            snprintf(text, size_B, "%s", now);
            changed = true;
         } else {
            program->items[i].skip = false;
         }
      }
   }
   struct jit_program smaller = *program;
   smaller.num_groups = 1;
   if (test(sides, &smaller, now, sizeof(now)))
      *program = smaller;
}

static void
print(const struct jit_program *program)
{
   struct sim_code code;

   jit_program_emit(program, &code);
   printf("# groups of %u work-items, %u groups\n", program->group_size, program->num_groups);
   char *listing;
   size_t size;
   FILE *file = open_memstream(&listing, &size);
   npu_disasm(file, code.words, code.num_words, 0);
   fclose(file);
   for (char *line = strtok(listing, "\n"); line; line = strtok(NULL, "\n"))
      printf("# %s\n", line);
   free(listing);
   free(code.words);
}

/* Compares one program; a difference is reduced and printed. */
static bool
compare(struct tap *tap, struct side sides[2], struct jit_program *program, const char *name)
{
   char text[512];

   if (!test(sides, program, text, sizeof(text)))
      return true;
   tap_problem(tap, "%s: %s", name, text);
   reduce(sides, program, text, sizeof(text));
   printf("# reduced: %s\n", text);
   print(program);
   return false;
}

/* Every computation in all its forms. */
static void
test_ops(struct tap *tap, struct side sides[2])
{
   static struct jit_program program;
   char name[128];

   for (unsigned op = 0; op < NPU_NUM_OPS;) {
      unsigned next = jit_program_make_ops(&program, 77, op, 9);
      if (!program.num_items)
         break;
      snprintf(name, sizeof(name), "%s to %s", npu_op_infos[program.items[0].op].name,
               npu_op_infos[program.items[program.num_items - 1].op].name);
      compare(tap, sides, &program, name);
      tap_case(tap, "%s", name);
      fflush(stdout);
      op = next;
   }
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct side sides[2];
   char configuration[256];
   unsigned faults = 0;
   uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
   uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 0) : 100;
   uint64_t items = argc > 4 ? strtoull(argv[4], NULL, 0) : MAX_ITEMS;

   snprintf(configuration, sizeof(configuration), "%s,canonical-nans", argc > 1 ? argv[1] : "jit");
   items = items ? items : 1;
   if (!create(&sides[0], "interp") || !create(&sides[1], configuration))
      return 1;
   if (argc > 2 && !strcmp(argv[2], "ops")) {
      test_ops(&tap, sides);
      count = 0;
   }
   for (uint64_t seed = first; seed < first + count; seed++) {
      static struct jit_program program;
      char name[32];
      snprintf(name, sizeof(name), "seed %" PRIu64, seed);
      jit_program_make(&program, seed, 8 + (unsigned)(seed % items));
      compare(&tap, sides, &program, name);
      faults += sides[0].fault[0] != 0;
      if ((seed - first + 1) % CASE_SEEDS == 0 || seed + 1 == first + count)
         tap_case(&tap, "programs up to seed %" PRIu64, seed);
      fflush(stdout);
   }
   if (faults)
      tap_problem(&tap, "%u programs faulted, which they are not made to", faults);
   tap_case(&tap, "no program faulted");
   for (unsigned i = 0; i < 2; i++)
      npu_rig_destroy(sides[i].rig);
   return tap_done(&tap);
}
