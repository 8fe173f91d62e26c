/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * Runs a program on both engines and compares all memory it wrote; in a process of its own, so that a
 * compiler that does not come to an end and host code that kills its process are verdicts like others.
 */

#ifndef NPU_TESTS_JIT_COMPARE_H
#define NPU_TESTS_JIT_COMPARE_H

#include "jit_program.h"

struct jit_verdict {
   bool good;      /* the engines agree */
   bool faulted;   /* in the interpreter */
   char text[512]; /* what is wrong */
};

/* The two devices of this process. `configuration`: the JIT device's, as in NPU_SIM. NULL: a message has
 * been printed. */
struct jit_compare *jit_compare_create(const char *configuration);
struct jit_verdict jit_compare_run(struct jit_compare *compare, const struct jit_program *program);
void jit_compare_destroy(struct jit_compare *compare);

/* A process that compares. It is made with the first program and anew when one has ended it. */
struct jit_guard {
   const char *configuration;
   unsigned limit_s; /* for one program; 0: compare in this process, without a guard */
   int pid, socket;
   struct jit_compare *here;
};

/* The verdict on a program. A process that has ended or takes longer than limit_s is no good. */
struct jit_verdict jit_guard_run(struct jit_guard *guard, const struct jit_program *program);
/* Ends the process. False: not in good order. */
bool jit_guard_finish(struct jit_guard *guard);

#endif
