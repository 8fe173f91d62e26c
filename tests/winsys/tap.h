/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A minimal TAP harness: a table of functions, checks that leave the failed one, a count at the end.
 */

#ifndef TAP_H
#define TAP_H

#include <stddef.h>

struct tap_case {
   const char *name;
   void (*func)(void);
};

/* Runs the cases whose name contains one of the arguments (all, without any); --help, --list.
 * Returns what main() returns.
 */
int tap_main(int argc, char **argv, const struct tap_case *cases, size_t num_cases);

/* Notes a failure and leaves the case. Only from the thread of the case. */
void tap_fail(const char *file, int line, const char *format, ...)
   __attribute__((format(printf, 3, 4), noreturn));

#define CHECK(condition)                                                                           \
   do {                                                                                            \
      if (!(condition))                                                                            \
         tap_fail(__FILE__, __LINE__, "%s", #condition);                                           \
   } while (0)

#define CHECK_EQ(actual, expected)                                                                 \
   do {                                                                                            \
      long long actual_ = (long long)(actual), expected_ = (long long)(expected);                  \
      if (actual_ != expected_)                                                                    \
         tap_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #actual, actual_,  \
                  actual_, expected_, expected_);                                                  \
   } while (0)

#define CHECK_STR(actual, expected)                                                                \
   do {                                                                                            \
      const char *text_ = (actual), *wanted_ = (expected);                                         \
      if (strcmp(text_, wanted_))                                                                  \
         tap_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, text_, wanted_);        \
   } while (0)

#endif
