// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Scalar types, test values and expected results that several OpenCL tests share. */

#ifndef CL_VALUES_H
#define CL_VALUES_H

#include "cl_test.h"

enum clt_scalar {
   CLT_CHAR,
   CLT_UCHAR,
   CLT_SHORT,
   CLT_USHORT,
   CLT_INT,
   CLT_UINT,
   CLT_LONG,
   CLT_ULONG,
   CLT_FLOAT,
   CLT_NUM_SCALARS,
   CLT_NUM_INTEGERS = CLT_FLOAT,
};

struct clt_type {
   const char *name;        /* OpenCL C name */
   unsigned size_B;         /* of a scalar */
   bool is_signed;          /* signed integer */
   bool is_float;           /* float */
   const char *signed_name; /* the integer types of the same size */
   const char *unsigned_name;
};

extern const struct clt_type clt_types[CLT_NUM_SCALARS];

/* Vector widths of OpenCL C, with 1 for the scalar. */
#define CLT_NUM_WIDTHS 6
extern const unsigned clt_widths[CLT_NUM_WIDTHS];

/* "int4", or "int" for width 1. Memory of the case. */
const char *clt_vec(const char *scalar, unsigned width);

/* Expressions that read and write element i of packed vectors behind a pointer to scalars:
 * "a[i]", "vload3(i, a)", "((global const int4 *)a)[i]". Address space "global". */
const char *clt_load(const char *pointer, const char *scalar, unsigned width);
const char *clt_store(const char *pointer, const char *scalar, unsigned width, const char *value);

/* Element i of an array; signed values come sign-extended, others zero-extended. put truncates. */
uint64_t clt_get(const struct clt_type *type, const void *array, size_t i);
void clt_put(const struct clt_type *type, void *array, size_t i, uint64_t value);

/* value truncated to the type and extended again, as clt_get() would return it. */
uint64_t clt_wrap(const struct clt_type *type, uint64_t value);

/* Limits as clt_get() returns them. */
uint64_t clt_min(const struct clt_type *type);
uint64_t clt_max(const struct clt_type *type);

/* Fills a and b (n elements each; b may be NULL) with every pair of interesting integers - limits,
 * 0, 1, -1, powers of two and their neighbours - and random ones of random length after them. */
void clt_fill_integers(const struct clt_type *type, void *a, void *b, size_t n, uint64_t *random);

/* The same for floats: zeros, denormals, limits, infinities, NaN, integers, halves, then random
 * bits and random moderate values. */
void clt_fill_floats(float *a, float *b, size_t n, uint64_t *random);

/* One number of a type for messages: decimal, and hexadecimal bits for floats. Memory of the case. */
const char *clt_show(const struct clt_type *type, uint64_t value);

/* Bits of a float and back. */
uint32_t clt_bits(float f);
float clt_from_bits(uint32_t bits);

/* |result - exact| in units of the last place of exact (a float's ulp as the OpenCL C
 * specification, section 7.4, defines it). exact is rounded from a wider type by nobody. NaN
 * matches NaN with error 0; an infinity matches itself, and anything that rounds to it. */
double clt_ulp_error(float result, double exact);

#endif
