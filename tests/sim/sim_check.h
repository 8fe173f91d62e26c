/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Checks for the device tests: a failed one says what was expected and goes on.
 */

#ifndef NPU_TESTS_SIM_CHECK_H
#define NPU_TESTS_SIM_CHECK_H

#include <inttypes.h>

#include "npu_isa/npu_asm.h"
#include "sim_fixture.h"

#define CHECK(condition)                                                                           \
   do {                                                                                            \
      if (!(condition))                                                                            \
         tap_problem(tap, "line %d: not true: %s", __LINE__, #condition);                          \
   } while (0)

#define CHECK_EQ(found, wanted)                                                                    \
   do {                                                                                            \
      uint64_t found_ = (uint64_t)(found), wanted_ = (uint64_t)(wanted);                           \
      if (found_ != wanted_)                                                                       \
         tap_problem(tap, "line %d: %s is %#" PRIx64 ", expected %#" PRIx64, __LINE__, #found,     \
                     found_, wanted_);                                                             \
   } while (0)

/* Assembles a program into executable memory; returns its address. */
static inline uint64_t
sim_assemble(struct npu_rig *rig, const char *text)
{
   struct npu_asm_result program = npu_asm(text, "program");

   if (program.num_errors) {
      fputs(program.errors, stderr);
      abort();
   }
   uint64_t va = npu_rig_alloc(rig, program.num_words * 8, NPU_RIG_RX);
   memcpy(npu_rig_ptr(rig, va), program.code, program.num_words * 8);
   npu_asm_finish(&program);
   return va;
}

/* A device with few resources, so that a test can make many of them. */
static inline struct npu_rig *
sim_check_rig(unsigned num_cores)
{
   struct npu_sim_config config;
   char *error;

   npu_sim_config_parse(&config, NULL);
   config.num_cores = num_cores;
   config.mem_size_B = 2ull << 30;
   config.va_bits = 36;
   struct npu_rig *rig = npu_rig_create(&config, &error);
   if (!rig) {
      printf("Bail out! %s\n", error ? error : "not enough memory");
      exit(1);
   }
   return rig;
}

/* Submits packets to queue 0 and waits; the fault, or type NONE. Unfinished work is a problem. */
static inline struct npu_rig_fault
sim_run(struct tap *tap, struct npu_rig *rig, unsigned asid, const void *packets,
        uint32_t num_packets)
{
   struct npu_rig_fault fault = {0};
   uint64_t seqno = npu_rig_submit(rig, 0, asid, packets, num_packets);

   if (!npu_rig_wait(rig, 0, seqno, 20000))
      tap_problem(tap, "not finished after 20 s");
   npu_rig_pop_fault(rig, &fault);
   return fault;
}

#endif
