/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * NPU_WINSYS_DEBUG, see npu_winsys.h.
 */

#ifndef NPU_WINSYS_DEBUG_H
#define NPU_WINSYS_DEBUG_H

#include <stdint.h>

enum npu_winsys_debug_flags {
   NPU_WINSYS_DEBUG_NOCACHE = 1u << 0,
   NPU_WINSYS_DEBUG_IOCTL = 1u << 1,
   NPU_WINSYS_DEBUG_LEAK = 1u << 2,
   NPU_WINSYS_DEBUG_SYNC = 1u << 3,
};

/* Parses the text (NULL: nothing); words it does not know are reported on stderr. */
uint32_t npu_winsys_debug_parse(const char *text);

/* One line about an ioctl and its result to stderr. */
void npu_winsys_debug_ioctl(const char *transport, unsigned long request, const void *arg, int ret);

#endif
