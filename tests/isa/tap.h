/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Test Anything Protocol for the tests of this directory: one line for each case, the plan at the
 * end. Failures inside a case are counted and the first few of them explained as comments, so a
 * broken operation says with which values.
 */

#ifndef NPU_TESTS_ISA_TAP_H
#define NPU_TESTS_ISA_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct tap {
   unsigned cases, failed;
   unsigned problems; /* of the current case */
};

/* Records a problem of the current case and prints the first three. */
static void __attribute__((format(printf, 2, 3), unused))
tap_problem(struct tap *tap, const char *format, ...)
{
   va_list args;

   if (++tap->problems > 3)
      return;
   printf("# ");
   va_start(args, format);
   vprintf(format, args);
   va_end(args);
   printf("\n");
}

/* Ends the current case: it is good if no problem was recorded. */
static void __attribute__((format(printf, 2, 3), unused))
tap_case(struct tap *tap, const char *format, ...)
{
   va_list args;

   tap->cases++;
   if (tap->problems != 0)
      tap->failed++;
   if (tap->problems > 3)
      printf("# and %u more\n", tap->problems - 3);
   printf("%s %u - ", tap->problems == 0 ? "ok" : "not ok", tap->cases);
   va_start(args, format);
   vprintf(format, args);
   va_end(args);
   printf("\n");
   tap->problems = 0;
}

/* Prints the plan; the exit status of the program. */
static int __attribute__((unused))
tap_done(const struct tap *tap)
{
   printf("1..%u\n", tap->cases);
   return tap->failed != 0;
}

/* xorshift64*: the tests' random numbers, the same on every run. */
static uint64_t __attribute__((unused))
tap_random(uint64_t *state)
{
   *state ^= *state >> 12;
   *state ^= *state << 25;
   *state ^= *state >> 27;
   return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
