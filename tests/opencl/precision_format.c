// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Floating-point formats as numbers of binary128; see precision.h. */

#include "precision.h"

const struct prec_format prec_formats[PREC_NUM_TYPES] = {
   [PREC_FLOAT] = {"float", NULL, 4, 24, -126, 127},
   [PREC_DOUBLE] = {"double", "cl_khr_fp64", 8, 53, -1022, 1023},
   [PREC_HALF] = {"half", "cl_khr_fp16", 2, 11, -14, 15},
};

wide
prec_decode(const struct prec_format *f, uint64_t bits)
{
   const int fraction_bits = f->digits - 1;
   uint64_t fraction = bits & ((1ull << fraction_bits) - 1);
   bool negative = bits >> (8 * f->size_B - 1) & 1;
   int exponent = bits >> fraction_bits & (2 * f->emax + 1);
   wide value;

   if (exponent == 2 * f->emax + 1)
      value = fraction ? NAN : INFINITY;
   else if (exponent == 0)
      value = scalbnf128(fraction, f->emin - fraction_bits);
   else
      value = scalbnf128(fraction | 1ull << fraction_bits, exponent - f->emax - fraction_bits);
   return negative ? -value : value;
}

wide
prec_round_to_integer(wide value, enum prec_rounding mode)
{
   switch (mode) {
   case PREC_RTE:
      return rintf128(value); /* the host's mode is to nearest */
   case PREC_RTZ:
      return truncf128(value);
   case PREC_RTP:
      return ceilf128(value);
   case PREC_RTN:
      return floorf128(value);
   }
   return value;
}

uint64_t
prec_round(const struct prec_format *f, wide value, enum prec_rounding mode)
{
   const int fraction_bits = f->digits - 1;
   bool negative = signbit(value);
   uint64_t sign = (uint64_t)negative << (8 * f->size_B - 1);
   uint64_t infinity = (2ull * f->emax + 1) << fraction_bits;

   if (isnan(value))
      return infinity | 1ull << (fraction_bits - 1);
   if (value == 0 || isinf(value))
      return sign | (value == 0 ? 0 : infinity);

   int exponent = ilogbf128(value);
   if (exponent < f->emin)
      exponent = f->emin;
   if (exponent > f->emax) {
      bool to_infinity = mode == PREC_RTE || mode == (negative ? PREC_RTN : PREC_RTP);
      return sign | (to_infinity ? infinity : infinity - 1);
   }

   /* A significand rounded up to the next power of two carries into the exponent field. */
   wide scaled = scalbnf128(value, fraction_bits - exponent);
   uint64_t significand = fabsf128(prec_round_to_integer(scaled, mode));
   uint64_t field = exponent - f->emin;
   return sign | ((field << fraction_bits) + significand);
}

uint64_t
prec_encode(const struct prec_format *f, wide value)
{
   return prec_round(f, value, PREC_RTE);
}

double
prec_ulp_error(const struct prec_format *f, wide got, wide exact)
{
   const wide beyond = scalbnf128(1, f->emax + 1);
   const wide half_ulp_of_max = scalbnf128(1, f->emax - f->digits);

   if (isnan(exact) || isnan(got))
      return isnan(exact) && isnan(got) ? 0 : INFINITY;
   if (got == exact)
      return 0;
   if (isinf(exact))
      return INFINITY;
   if (isinf(got)) {
      if (!signbit(got) != !signbit(exact))
         return INFINITY;
      if (fabsf128(exact) >= beyond - half_ulp_of_max)
         return 0; /* rounds to infinity */
      got = copysignf128(beyond, exact);
   }

   /* Between two numbers the unit is their distance, at a number that to the nearest other one. */
   int exponent = exact == 0 ? f->emin : ilogbf128(exact);
   if (exact != 0 && fabsf128(exact) == scalbnf128(1, exponent))
      exponent--;
   if (exponent < f->emin)
      exponent = f->emin;
   if (exponent > f->emax)
      exponent = f->emax;
   return fabsf128(got - exact) / scalbnf128(1, exponent - (f->digits - 1));
}
