/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the parts of the test of npu-device share.
 */

#ifndef VFIO_USER_TEST_H
#define VFIO_USER_TEST_H

#include <stdbool.h>
#include <stdint.h>

/* One case. */
void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where it is in configuration space, or 0. */
unsigned find_capability(uint8_t id);

/* Has queue 0 write seqno from a ring at the start of ram, which the device sees at RAM_IOVA, with an interrupt.
 * False: it does not come. */
bool run_fence(uint8_t *ram, uint64_t seqno);

/* Memory that is reached by messages (vfio_user_messages.c). */
void test_messages(void);
void test_held_messages(void);

#endif
