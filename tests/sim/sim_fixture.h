/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * A device with buffers for code, arguments, data and results, for tests that run generated
 * programs.
 */

#ifndef NPU_TESTS_SIM_FIXTURE_H
#define NPU_TESTS_SIM_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "../isa/tap.h"
#include "npu_rig.h"
#include "sim_code.h"

#define SIM_FIXTURE_CODE_B   (64 * 1024)
#define SIM_FIXTURE_BUFFER_B (64 * 1024)

struct sim_fixture {
   struct npu_rig *rig;
   uint64_t code_va, args_va, in_va, out_va;
   uint8_t *in, *out; /* host pointers */
};

static inline bool
sim_fixture_init(struct sim_fixture *fixture, const struct npu_sim_config *config)
{
   char *error;

   fixture->rig = npu_rig_create(config, &error);
   if (!fixture->rig) {
      printf("Bail out! %s\n", error ? error : "not enough memory");
      free(error);
      return false;
   }
   fixture->code_va = npu_rig_alloc(fixture->rig, SIM_FIXTURE_CODE_B, NPU_RIG_RX);
   fixture->args_va = npu_rig_alloc(fixture->rig, 64, NPU_RIG_R);
   fixture->in_va = npu_rig_alloc(fixture->rig, SIM_FIXTURE_BUFFER_B, NPU_RIG_R);
   fixture->out_va = npu_rig_alloc(fixture->rig, SIM_FIXTURE_BUFFER_B, NPU_RIG_RW);
   fixture->in = npu_rig_ptr(fixture->rig, fixture->in_va);
   fixture->out = npu_rig_ptr(fixture->rig, fixture->out_va);
   uint64_t *args = npu_rig_ptr(fixture->rig, fixture->args_va);
   args[0] = fixture->in_va;
   args[1] = fixture->out_va;
   return true;
}

/* Begins a program: s2 = input buffer, s3 = output buffer. */
static inline void
sim_fixture_begin(struct sim_code *code)
{
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_RDSR,
                                         .dst = NPU_REG_S(0),
                                         .sr_or_code = NPU_SR_ARGS});
   sim_code_memory(code, NPU_OP_LD_S, NPU_REG_S(2), NPU_REG_S(0), 0, 64, 2);
}

/* Puts the program (which it frees) where dispatches of code_va find it. */
static inline void
sim_fixture_load(struct sim_fixture *fixture, struct sim_code *code)
{
   assert(code->num_words * 8 <= SIM_FIXTURE_CODE_B);
   memcpy(npu_rig_ptr(fixture->rig, fixture->code_va), code->words, code->num_words * 8);
   free(code->words);
   *code = (struct sim_code){0};
}

/* Runs one packet and records a problem if it faults or does not end. */
static inline bool
sim_fixture_run(struct tap *tap, struct sim_fixture *fixture, const void *packet)
{
   uint64_t seqno = npu_rig_submit(fixture->rig, 0, NPU_RIG_ASID, packet, 1);
   struct npu_rig_fault fault;
   char text[256];

   if (!npu_rig_wait(fixture->rig, 0, seqno, 20000)) {
      tap_problem(tap, "not finished after 20 s");
      return false;
   }
   if (npu_rig_pop_fault(fixture->rig, &fault)) {
      npu_rig_describe_fault(&fault, text, sizeof(text));
      tap_problem(tap, "%s", text);
      return false;
   }
   return true;
}

#endif
