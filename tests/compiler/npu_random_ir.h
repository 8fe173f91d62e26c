/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Random IR for tests: valid, terminating, and independent of everything the ISA leaves undefined.
 */
#ifndef NPU_RANDOM_IR_H
#define NPU_RANDOM_IR_H

#include "npu_ir.h"

/* Private memory the program uses by itself, in bytes of each lane. */
#define NPU_RANDOM_PRIVATE_B 1024

/* size: roughly the number of instructions. The same seed and size give the same program. */
struct npu_shader *npu_random_ir(void *mem_ctx, uint64_t seed, unsigned size);

#endif
