/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* Included by isaspec's decoder, which asks each user for a header of this name. */

#ifndef NPU_TESTS_ISA_ISA_H
#define NPU_TESTS_ISA_ISA_H

#include "npu-isaspec.h"

#endif
