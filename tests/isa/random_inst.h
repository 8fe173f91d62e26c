/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* Random instructions for the tests of this directory, the same ones on every run. */

#ifndef NPU_TESTS_ISA_RANDOM_INST_H
#define NPU_TESTS_ISA_RANDOM_INST_H

#include "npu_isa/npu_inst.h"

/* A number in 0..count-1. */
unsigned pick(unsigned count);

/*
 * A legal instruction of the operation, with every register file, immediate, modifier and suffix it
 * allows equally likely.
 */
struct npu_inst pick_inst(enum npu_op op);

#endif
