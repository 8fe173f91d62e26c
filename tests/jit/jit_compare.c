// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Two devices that run the same program: see jit_compare.h.

#include <stdlib.h>
#include <string.h>

#include "../isa/tap.h"
#include "jit_compare.h"
#include "npu_rig.h"

#define CODE_B      (256 * 1024)
#define NUM_WAVES   (JIT_MAX_GROUPS * JIT_MAX_GROUP / 32)
#define SLOTS_B     (NUM_WAVES * 32 * JIT_SLOT_B)
#define STATES_B    (NUM_WAVES * JIT_STATE_B)
#define SCRATCH_B   (NPU_WAVES_PER_CORE * 32 * JIT_PRIVATE_B)
#define MAX_WAIT_MS 3600000 /* who has less patience sets limit_s */

/* One device, and its memory. */
struct side {
   struct npu_rig *rig;
   uint64_t code_va, args_va, in_va, slots_va, state_va, counters_va, scratch_va;
   char fault[256];
};

struct jit_compare {
   struct side sides[2];
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
   if (!npu_rig_wait(side->rig, 0, seqno, MAX_WAIT_MS))
      snprintf(side->fault, sizeof(side->fault), "not finished");
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

/* ------------------------------------------------------------------------------------------ */

struct jit_compare *
jit_compare_create(const char *configuration)
{
   struct jit_compare *compare = calloc(1, sizeof(*compare));
   char text[256];

   snprintf(text, sizeof(text), "%s,canonical-nans", configuration);
   if (compare && create(&compare->sides[0], "interp") && create(&compare->sides[1], text))
      return compare;
   jit_compare_destroy(compare);
   return NULL;
}

struct jit_verdict
jit_compare_run(struct jit_compare *compare, const struct jit_program *program)
{
   struct jit_verdict verdict = {.good = true};
   struct sim_code code;

   jit_program_emit(program, &code);
   if (code.num_words * 8 > CODE_B)
      abort();
   for (unsigned i = 0; i < 2; i++) {
      fill_input(&compare->sides[i], program->seed);
      run(&compare->sides[i], program, &code);
   }
   free(code.words);
   verdict.good = !differs(compare->sides, verdict.text, sizeof(verdict.text));
   verdict.faulted = compare->sides[0].fault[0] != 0;
   return verdict;
}

void
jit_compare_destroy(struct jit_compare *compare)
{
   for (unsigned i = 0; compare && i < 2; i++) {
      if (compare->sides[i].rig)
         npu_rig_destroy(compare->sides[i].rig);
   }
   free(compare);
}
