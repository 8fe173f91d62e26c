/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* Printing of the parts of an instruction, called by generated code; internal to libnpu_isa. See
 * npu_disasm.h. */

#ifndef NPU_PRINT_H
#define NPU_PRINT_H

#include <stddef.h>

#include "npu_isa/npu_inst.h"

struct npu_printer {
   const struct npu_inst *inst;
   int label; /* number of the branch target's label, -1: print the distance */

   char *buffer; /* size > 0: always ends in NUL */
   size_t size;
   size_t length; /* as if the buffer were large enough */
};

/* The whole instruction; inst->op must be valid. */
void npu_print_inst(struct npu_printer *p);

void npu_print_text(struct npu_printer *p, const char *text);

/* One for each field that a display template may name. */
void npu_print_name(struct npu_printer *p);
void npu_print_m(struct npu_printer *p);
void npu_print_dst(struct npu_printer *p);
void npu_print_src(struct npu_printer *p, unsigned i);
void npu_print_round(struct npu_printer *p);
void npu_print_sat(struct npu_printer *p);
void npu_print_width(struct npu_printer *p);
void npu_print_count(struct npu_printer *p);
void npu_print_space(struct npu_printer *p);
void npu_print_noret(struct npu_printer *p);
void npu_print_sx(struct npu_printer *p);
void npu_print_scale(struct npu_printer *p);
void npu_print_imm(struct npu_printer *p);
void npu_print_target(struct npu_printer *p);
void npu_print_sr(struct npu_printer *p);
void npu_print_code(struct npu_printer *p);

/* "DST, ", nothing for an atomic without a result. */
void npu_print_result(struct npu_printer *p);

/* ", SRC", nothing if the operation has no such source. */
void npu_print_last_src(struct npu_printer *p, unsigned i);

#endif
