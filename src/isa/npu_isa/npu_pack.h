/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* Placing of bits, generated; internal to libnpu_isa. Everybody else uses npu_encode() and
 * npu_decode(). */

#ifndef NPU_PACK_H
#define NPU_PACK_H

#include "npu_isa/npu_inst.h"

/* The first word of `in` in `format`; values that exceed their field are cut, unused members
 * ignored. */
uint64_t npu_pack(enum npu_format format, const struct npu_inst *in);

/* The members of *out (all but literal) from the word; false if bits that the format does not use
 * are wrong. */
bool npu_unpack(enum npu_format format, uint64_t word, struct npu_inst *out);

#endif
