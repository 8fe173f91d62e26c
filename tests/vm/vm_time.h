/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Time limits of programs that run in the virtual machine. A limit is there to end what hangs; it must never be
 * what decides on a machine that is slow, so tools/vm-check multiplies all of them where it knows of one (the
 * debug kernel under emulation; --time-factor), by NPU_TEST_TIME_FACTOR.
 */

#ifndef VM_TIME_H
#define VM_TIME_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* A limit of so many seconds, on this machine. */
static inline unsigned
time_limit_s(unsigned seconds)
{
   const char *text = getenv("NPU_TEST_TIME_FACTOR");
   double factor = text ? atof(text) : 1;

   return factor > 1 ? (unsigned)(seconds * factor) : seconds;
}

static inline int64_t
monotonic_ns(void)
{
   struct timespec now;

   clock_gettime(CLOCK_MONOTONIC, &now);
   return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* When that is over, as waits of the DRM core want it. */
static inline int64_t
deadline_ns(unsigned seconds)
{
   return monotonic_ns() + time_limit_s(seconds) * INT64_C(1000000000);
}

#endif
