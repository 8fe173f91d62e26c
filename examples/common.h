// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What every example needs and what would hide its idea: choosing the device, building a program
 * and showing the compiler's messages, timing from profiling events, PNG files, options, and the
 * last line "PASS" or "FAIL ...". Everything that these functions return is released by
 * ex_finish(); an example that fails ends anywhere (ex_die()) and leaves it to the process's end. */

#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include "cl_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EX_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct example {
   /* Filled in by the example before ex_open(). */
   const char *name;      /* of the program */
   const char *what;      /* one sentence: what it computes */
   size_t size;           /* default problem size, 0 = the example has none; --size=N changes it */
   const char *size_help; /* what the size counts, with its limits */
   size_t min_size, max_size;
   const char *input;  /* default file to read, NULL = none; --input=PATH changes it */
   const char *output; /* default picture to write, NULL = none; --output=PATH changes it */

   /* Filled in by ex_open(). */
   cl_platform_id platform;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue; /* in order, profiling enabled */
   char device_name[256];
   char platform_name[256];
};

/* Reads the options, chooses the device (--device=TEXT or $CL_TEST_DEVICE: the first whose name or
 * platform name contains TEXT; otherwise the first of type ACCELERATOR), makes context and queue
 * and prints what runs where. Ends the process on an error. */
void ex_open(struct example *ex, int argc, char **argv);

/* Prints "FAIL" with the reason and ends the process with status 1. */
_Noreturn void ex_die(const char *format, ...) EX_PRINTF(1, 2);

/* Prints a line of the report: "label   text". */
void ex_report(const char *label, const char *format, ...) EX_PRINTF(2, 3);

/* Releases everything and prints the last line: "PASS", or "FAIL" and the reason. Returns main()'s
 * exit status. */
int ex_finish(struct example *ex, bool pass, const char *reason_format, ...) EX_PRINTF(3, 4);

/* Ends the process with the call and the error's name unless it succeeded. */
#define EX_CALL(call) ex_require((call), #call)
void ex_require(cl_int error, const char *call);

/* Builds OpenCL C source; the compiler's messages are printed when it fails. */
cl_program ex_program(struct example *ex, const char *source, const char *options);
cl_kernel ex_kernel(cl_program program, const char *name);

/* A buffer of size_B bytes, with CL_MEM_COPY_HOST_PTR from init unless that is NULL. */
cl_mem ex_buffer(struct example *ex, cl_mem_flags flags, size_t size_B, const void *init);
void ex_read(struct example *ex, cl_mem mem, size_t size_B, void *to);

/* Sets argument index; for buffers and for plain values. */
#define ex_arg(kernel, index, value) ex_set_arg((kernel), (index), sizeof(value), &(value))
void ex_set_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value);

/* Runs a kernel, waits, and returns its time on the device in milliseconds (profiling events).
 * local may be NULL: the implementation chooses. */
double ex_launch(struct example *ex, cl_kernel kernel, cl_uint dim, const size_t *global,
                 const size_t *local);

/* a rounded up to a multiple of b. */
size_t ex_round_up(size_t a, size_t b);

/* Deterministic random number in [0, 1); state starts as any number. */
float ex_random(uint64_t *state);

/* Zeroed memory, until ex_finish(); ends the process when there is none. */
void *ex_alloc(size_t size_B);

/* 8-bit pictures, channels 1 (grey) or 3 (RGB), rows top to bottom without gaps. ex_write_png()
 * reports the picture's path. */
uint8_t *ex_read_png(const char *path, unsigned channels, unsigned *width, unsigned *height);
void ex_write_png(const char *path, const uint8_t *pixels, unsigned channels, unsigned width,
                  unsigned height);

#endif
