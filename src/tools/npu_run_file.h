/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * A program for npu-run: assembly with a header of directives.
 */

#ifndef NPU_RUN_FILE_H
#define NPU_RUN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NPU_RUN_MAX_ITEMS 64

enum npu_run_type {
   NPU_RUN_U8,
   NPU_RUN_U16,
   NPU_RUN_U32,
   NPU_RUN_U64,
   NPU_RUN_I8,
   NPU_RUN_I16,
   NPU_RUN_I32,
   NPU_RUN_I64,
   NPU_RUN_F16,
   NPU_RUN_F32,
   NPU_RUN_F64,
   NPU_RUN_NUM_TYPES,
};

/* Values for a buffer, or expected of one: bits of the type, one per element. */
struct npu_run_values {
   uint64_t *bits;
   size_t num;
};

struct npu_run_buffer {
   char name[32];
   enum npu_run_type type;
   size_t count;
   bool read_only;
   struct npu_run_values init; /* the rest is zero */
   uint64_t va;                /* set when it is allocated */
};

struct npu_run_arg {
   int buffer; /* index, or -1: value */
   enum npu_run_type type;
   uint64_t bits;
};

/* Elements of a buffer that are checked after the run. */
struct npu_run_expectation {
   unsigned line;
   unsigned buffer;
   size_t first;
   struct npu_run_values values;
};

/* The fault that is expected instead of a normal end. */
struct npu_run_fault {
   unsigned line;
   bool expected;
   char type[32]; /* as printed: "local bounds" */
   bool has_address, has_lanes, has_wave, has_code, has_word;
   int address_buffer; /* address is an offset in this buffer, if not -1 */
   uint64_t address, lanes, wave, code, word;
};

struct npu_run_file {
   const char *name;
   uint32_t grid[3];
   uint16_t block[3];
   unsigned work_dim; /* 0: as many as needed */
   uint32_t local_size_B, private_size_B;
   bool poison;
   struct npu_run_buffer buffers[NPU_RUN_MAX_ITEMS];
   unsigned num_buffers;
   struct npu_run_arg args[NPU_RUN_MAX_ITEMS];
   unsigned num_args;
   struct npu_run_expectation expectations[NPU_RUN_MAX_ITEMS];
   unsigned num_expectations;
   struct npu_run_fault fault;
   char *text; /* the program, directives blanked out */
};

/* Reads a program; messages "file:line: ..." go to standard error. False if there was one. */
bool npu_run_file_read(struct npu_run_file *file, const char *path);
void npu_run_file_finish(struct npu_run_file *file);

unsigned npu_run_type_size_B(enum npu_run_type type);
const char *npu_run_type_name(enum npu_run_type type);
/* Prints one element as its type says. */
void npu_run_print_value(FILE *out, enum npu_run_type type, uint64_t bits);
/* Equal bits, or two NaNs. */
bool npu_run_values_equal(enum npu_run_type type, uint64_t a, uint64_t b);

#endif
