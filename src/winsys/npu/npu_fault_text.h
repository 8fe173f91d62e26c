/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_FAULT_TEXT_H
#define NPU_FAULT_TEXT_H

#include "npu_winsys.h"

/* Enough for every text. */
#define NPU_FAULT_TEXT_SIZE 96

/* Writes what happened, for example "write of unmapped address 0x1000c0", without where it happened.
 * Of the fault only type, access, address and code are read; they may hold anything.
 */
void npu_fault_text(const struct npu_fault_info *fault, char *buf, size_t size);

#endif
