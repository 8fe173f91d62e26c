/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The driver's environment variable NPU_DEBUG: a comma-separated list of the flags below, or
 * "help". It is read once, when the first screen is made. (The compiler has NPU_COMPILER_DEBUG, the
 * winsys NPU_WINSYS_DEBUG, the model NPU_SIM.)
 */

#ifndef NPU_DRV_DEBUG_H
#define NPU_DRV_DEBUG_H

#include <stdint.h>

/* X(flag, name in the environment, what it does) */
#define NPU_DRV_DEBUG_FLAGS(X)                                                                     \
   X(SYNC, "sync", "wait after every submit: a fault is reported at the command that caused it")   \
   X(LAUNCH, "launch", "print every kernel launch with its grid, block and memory")                \
   X(BATCH, "batch", "print every submit: packets, waits, point")                                  \
   X(STATS, "stats", "print the compiler's statistics of every kernel that is compiled")           \
   X(NO_RESHAPE, "noreshape", "keep the shape of work-groups where another one is better")         \
   X(NO_CACHE, "nocache", "neither read nor write the disk cache")                                 \
   X(SVM_ATOMICS, "svmatomics", "say that shared virtual memory has atomics")                      \
   X(QUIET, "quiet", "print no message when a kernel faults, cannot be compiled or launched")

enum npu_drv_debug_bit {
#define NPU_DRV_DEBUG_BIT(flag, name, help) NPU_DRV_DEBUG_BIT_##flag,
   NPU_DRV_DEBUG_FLAGS(NPU_DRV_DEBUG_BIT)
#undef NPU_DRV_DEBUG_BIT
};

enum npu_drv_debug_flag {
#define NPU_DRV_DEBUG_FLAG(flag, name, help) NPU_DRV_##flag = 1u << NPU_DRV_DEBUG_BIT_##flag,
   NPU_DRV_DEBUG_FLAGS(NPU_DRV_DEBUG_FLAG)
#undef NPU_DRV_DEBUG_FLAG
};

/* Flags of a list like "sync,launch"; unknown names are reported on stderr and ignored, "help"
 * prints the table. NULL is the empty list.
 */
uint32_t npu_drv_debug_parse(const char *list);

#endif
