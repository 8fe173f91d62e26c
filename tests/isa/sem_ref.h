/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * A second, independent model of what the pure operations compute, written for plainness: integers
 * in 128 bits or bit by bit, floats as exact fixed-point numbers of 4864 bits that are rounded
 * once. It shares nothing with npu_sem*.h.
 */

#ifndef NPU_TESTS_ISA_SEM_REF_H
#define NPU_TESTS_ISA_SEM_REF_H

#include "npu_isa/npu_inst.h"

/*
 * The result of `op` on operand bits (above the operand's width: garbage), neg and abs not yet
 * applied. False if the model does not know the operation.
 */
bool sem_ref(enum npu_op op, const struct npu_inst *mods, const uint64_t src[3], uint64_t *dst);

/* The parts of it; `src` are clean: cut to their width, modifiers applied. */
bool sem_ref_int(const struct npu_op_info *info, const struct npu_inst *mods, const uint64_t src[3],
                 uint64_t *dst);
bool sem_ref_float(const struct npu_op_info *info, const struct npu_inst *mods,
                   const uint64_t src[3], uint64_t *dst);

#endif
