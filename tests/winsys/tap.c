/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * See tap.h.
 */

#include "tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CASE_TIMEOUT_S 120

static jmp_buf leave;
static char message[1024];

void
tap_fail(const char *file, int line, const char *format, ...)
{
   const char *slash = strrchr(file, '/');
   int length = snprintf(message, sizeof(message), "%s:%d: ", slash ? slash + 1 : file, line);
   va_list args;

   va_start(args, format);
   vsnprintf(message + length, sizeof(message) - length, format, args);
   va_end(args);
   longjmp(leave, 1);
}

static bool
matches(const char *name, int argc, char **argv)
{
   for (int i = 1; i < argc; i++) {
      if (strstr(name, argv[i]))
         return true;
   }
   return argc < 2;
}

/* Returns whether it failed. */
static bool
run(const struct tap_case *test)
{
   if (setjmp(leave))
      return true;
   test->func();
   return false;
}

int
tap_main(int argc, char **argv, const struct tap_case *cases, size_t num_cases)
{
   unsigned num_run = 0, num_failed = 0;

   if (argc > 1 && !strcmp(argv[1], "--help")) {
      printf("Usage: %s [--list | PATTERN...]\nRuns the cases whose name contains a PATTERN.\n",
             argv[0]);
      return 0;
   }
   if (argc > 1 && !strcmp(argv[1], "--list")) {
      for (size_t i = 0; i < num_cases; i++)
         printf("%s\n", cases[i].name);
      return 0;
   }

   printf("TAP version 13\n");
   for (size_t i = 0; i < num_cases; i++) {
      if (!matches(cases[i].name, argc, argv))
         continue;
      alarm(CASE_TIMEOUT_S);
      bool failed = run(&cases[i]);
      num_run++;
      num_failed += failed;
      printf("%sok %u - %s\n", failed ? "not " : "", num_run, cases[i].name);
      if (failed)
         printf("# %s\n", message);
      fflush(stdout);
   }
   printf("1..%u\n# %u passed, %u failed\n", num_run, num_run - num_failed, num_failed);
   return num_failed != 0;
}
