/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* The disassembler. Its text assembles to the same words (npu_asm.h). Safe from any thread. */

#ifndef NPU_DISASM_H
#define NPU_DISASM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "npu_isa/npu_inst.h"

/* Flags of npu_disasm(). */
#define NPU_DISASM_OFFSETS (1u << 0) /* each line begins with the byte offset of the instruction */
#define NPU_DISASM_WORDS   (1u << 1) /* each line ends with the words, as a comment */

/*
 * Prints `words` words of code, one instruction a line, labels L0, L1, ... before branch targets in
 * order of their address. A word that is no instruction becomes ".word 0x..." with the reason as a
 * comment. Returns the number of such words, or -1 if memory ran out.
 */
int npu_disasm(FILE *out, const uint64_t *code, size_t words, unsigned flags);

/*
 * Prints one legal instruction, branch targets as distances ("+3"), into buf (size > 0,
 * NUL-terminated, cut if too long; 128 bytes are always enough). Returns the length it has uncut.
 */
size_t npu_disasm_inst(char *buf, size_t size, const struct npu_inst *inst);

#endif
