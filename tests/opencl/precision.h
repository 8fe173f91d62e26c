// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What precision.c measures: the table of built-in functions with their limits and references
 * (precision_functions.c), and floating-point formats as numbers of a wider one
 * (precision_format.c). The wide format is IEEE binary128, which the host's C library computes all
 * functions in: its errors, a few units of 2^-113, are nothing to those that are measured. */

#ifndef PRECISION_H
#define PRECISION_H

#define __STDC_WANT_IEC_60559_TYPES_EXT__ 1
#define __STDC_WANT_IEC_60559_FUNCS_EXT__ 1
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <math.h>

#include "cl_test.h"

typedef _Float128 wide;

enum prec_type {
   PREC_FLOAT,
   PREC_DOUBLE,
   PREC_HALF,
   PREC_NUM_TYPES,
};

struct prec_format {
   const char *name;      /* OpenCL C name */
   const char *extension; /* that the device must have, or NULL */
   unsigned size_B;
   int digits; /* of the significand, the hidden one included */
   int emin;   /* exponent of the smallest normal number */
   int emax;   /* exponent of the largest numbers */
};

extern const struct prec_format prec_formats[PREC_NUM_TYPES];

enum prec_rounding {
   PREC_RTE, /* to nearest, ties to even */
   PREC_RTZ, /* toward zero */
   PREC_RTP, /* up */
   PREC_RTN, /* down */
};

/* The value of a bit pattern; the bit pattern of a rounded value, of the value rounded to nearest. */
wide prec_decode(const struct prec_format *f, uint64_t bits);
uint64_t prec_round(const struct prec_format *f, wide value, enum prec_rounding mode);
uint64_t prec_encode(const struct prec_format *f, wide value);

/* The value rounded to an integer. */
wide prec_round_to_integer(wide value, enum prec_rounding mode);

/* |got - exact| in units of the last place of exact as the OpenCL C specification, section 7.4,
 * defines them. NaN matches NaN; an infinity matches itself and all that rounds to it. */
double prec_ulp_error(const struct prec_format *f, wide got, wide exact);

/* Arguments beside any bits, magnitudes near 1 and edges, which every function gets. */
enum prec_range {
   RANGE_ANY,
   RANGE_UNIT,  /* -1 .. 1, dense at both ends */
   RANGE_EXP,   /* where exp() is finite and not 0 */
   RANGE_EXP2,  /* the same for exp2() */
   RANGE_EXP10, /* the same for exp10() */
   RANGE_TRIG,  /* near multiples of pi / 2 */
   RANGE_TURN,  /* near multiples of 1 / 4 */
   RANGE_GAMMA, /* where tgamma() is finite and not 0, dense around integers */
   RANGE_ERF,   /* where erf() and erfc() are neither constant nor 0 */
   RANGE_ONE,   /* around 1 */
   RANGE_POW,   /* x and y such that pow() is finite and not 0 */
   RANGE_SMALL, /* nothing but magnitudes 2^-8 .. 2^8: native_ and half_ functions */
   RANGE_SMALL_POSITIVE,
   RANGE_PI, /* nothing but magnitudes up to pi */
};

/* Which of x, y, z and k a reference looks at. */
enum prec_form {
   FORM_X,
   FORM_XY,
   FORM_XYZ,
   FORM_XK,
};

struct prec_function {
   const char *name;
   const char *expression; /* over x, y, z (type T), k, q (int) and p (type T) */
   const char *result;     /* what is measured: "r", the expression's value, or "p" */
   enum prec_form form;
   enum prec_range range;
   double limit_ulp[PREC_NUM_TYPES]; /* as the specification has it; 0.5 is "correctly rounded";
                                      * negative: the type does not have the function */
   double own_ulp;                   /* what the NPU's function of float keeps; 0: nothing more */
   bool any_zero;                    /* the sign of a zero result is not specified */
   bool absolute;                    /* error in units of 2^-digits wherever |exact| < 1 */
   wide (*x)(wide x);
   wide (*xy)(wide x, wide y);
   wide (*xyz)(wide x, wide y, wide z);
   wide (*xk)(wide x, int k);
};

/* Limit of functions whose error the implementation may choose. */
#define PREC_NO_LIMIT 1e30

/* A reference returns this for arguments for which any result is right. */
#define PREC_ANYTHING 0x1.8p16000f128

extern const struct prec_function prec_functions[];
extern const unsigned prec_num_functions;

#endif
