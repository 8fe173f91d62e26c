/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Accuracy of the transcendental operations against the host's double-precision libm, whose own
 * error (below one place of a double) does not count. The bounds are the figures found by running
 * over all 2^32 floats, rounded up; they stand in the manual. f16 is tried exhaustively. Special
 * values and the exact cases are checked one by one.
 */

#include <inttypes.h>
#include <math.h>

#include "npu_isa/npu_sem.h"
#include "tap.h"

#define STRIDE 1009 /* f32 bit patterns between two samples; a prime */

struct function {
   const char *name;
   enum npu_op f16, f32;
   double (*reference)(double);
   double bound_ulp;
};

static const struct function functions[] = {
   {"fexp2", NPU_OP_FEXP2_F16, NPU_OP_FEXP2_F32, exp2, 1.30},
   {"flog2", NPU_OP_FLOG2_F16, NPU_OP_FLOG2_F32, log2, 1.35},
   {"fsin", NPU_OP_FSIN_F16, NPU_OP_FSIN_F32, sin, 0.502},
   {"fcos", NPU_OP_FCOS_F16, NPU_OP_FCOS_F32, cos, 0.502},
};

static uint64_t
evaluate(enum npu_op op, uint64_t bits)
{
   uint64_t result = 0;

   npu_sem_eval(op, NULL, (const uint64_t[3]){bits}, &result);
   return result;
}

/* The place of the last bit of a number of the format at the magnitude of x. */
static double
unit_in_last_place(double x, int fraction_bits, int lowest_exponent)
{
   int e;

   frexp(x, &e);
   return ldexp(1.0, (x == 0 || e - 1 < lowest_exponent ? lowest_exponent : e - 1) - fraction_bits);
}

/* Compares with the true value: infinite and NaN results must agree, others be within the bound. */
static void
check(struct tap *tap, const struct function *f, enum npu_op op, double x, double got, double bound)
{
   const bool half = op == f->f16;
   const double largest = half ? 65504.0 : 0x1.fffffep127;
   const double expected = f->reference(x);
   /* What rounds to infinity, the format's largest number plus half a place, may differ by the
    * bound. */
   const double ulp = unit_in_last_place(fmin(fabs(expected), largest), half ? 10 : 23,
                                         half ? -14 : -126);

   if (isnan(expected) || isinf(expected)) {
      if (isnan(expected) ? !isnan(got) : got != expected)
         tap_problem(tap, "%s(%a) = %a, true value %a", f->name, x, got, expected);
      return;
   }
   if (isinf(got) && fabs(expected) > largest - bound * ulp && signbit(got) == signbit(expected))
      return;
   if (!(fabs(got - expected) <= bound * ulp))
      tap_problem(tap, "%s(%a) = %a, true value %a, error %.3f ulp", f->name, x, got, expected,
                  fabs(got - expected) / ulp);
}

static void
test_f32(struct tap *tap, const struct function *f)
{
   uint64_t seed = UINT64_C(0x5eed5eed5eed5eed);

   for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE) {
      const double x = npu_f32_value(bits);
      check(tap, f, f->f32, x, npu_f32_value(evaluate(f->f32, bits)), f->bound_ulp);
   }
   tap_case(tap, "%s.f32 on every %dth float", f->name, STRIDE);

   for (unsigned n = 0; n < 1000000; n++) {
      /* Common arguments: magnitudes from 2^-12 to 2^12. */
      const uint64_t r = tap_random(&seed);
      const uint64_t bits = (r & 0x807fffff) | (127 - 12 + (r >> 40) % 24) << 23;
      check(tap, f, f->f32, npu_f32_value(bits), npu_f32_value(evaluate(f->f32, bits)),
            f->bound_ulp);
   }
   tap_case(tap, "%s.f32 on common arguments", f->name);
}

static void
test_f16(struct tap *tap, const struct function *f)
{
   for (uint64_t bits = 0; bits < 65536; bits++) {
      const double x = npu_f16_value(bits);
      check(tap, f, f->f16, x, npu_f16_value(evaluate(f->f16, bits)), 0.501);
   }
   tap_case(tap, "%s.f16 on every half", f->name);
}

static void
expect(struct tap *tap, enum npu_op op, float x, uint32_t expected)
{
   const uint64_t got = evaluate(op, npu_f32_raw(x));

   if (got != expected)
      tap_problem(tap, "%s of %a is %08" PRIx64 ", not %08" PRIx32, npu_op_infos[op].name, x, got,
                  expected);
}

static void
test_exact(struct tap *tap)
{
   const uint32_t nan = 0x7fc00000, infinity = 0x7f800000;

   for (int n = -149; n <= 127; n++)
      expect(tap, NPU_OP_FEXP2_F32, (float)n, npu_f32_raw(ldexpf(1.0f, n)));
   expect(tap, NPU_OP_FEXP2_F32, 0.0f, 0x3f800000);
   expect(tap, NPU_OP_FEXP2_F32, -0.0f, 0x3f800000);
   expect(tap, NPU_OP_FEXP2_F32, 128.0f, infinity);
   expect(tap, NPU_OP_FEXP2_F32, 3e38f, infinity);
   expect(tap, NPU_OP_FEXP2_F32, INFINITY, infinity);
   expect(tap, NPU_OP_FEXP2_F32, -151.0f, 0);
   expect(tap, NPU_OP_FEXP2_F32, -3e38f, 0);
   expect(tap, NPU_OP_FEXP2_F32, -INFINITY, 0);
   expect(tap, NPU_OP_FEXP2_F32, NAN, nan);
   tap_case(tap, "fexp2.f32: powers, ends, special values");

   for (int n = -149; n <= 127; n++)
      expect(tap, NPU_OP_FLOG2_F32, ldexpf(1.0f, n), npu_f32_raw((float)n));
   expect(tap, NPU_OP_FLOG2_F32, 0.0f, 0xff800000);
   expect(tap, NPU_OP_FLOG2_F32, -0.0f, 0xff800000);
   expect(tap, NPU_OP_FLOG2_F32, -1.0f, nan);
   expect(tap, NPU_OP_FLOG2_F32, -0x1p-149f, nan);
   expect(tap, NPU_OP_FLOG2_F32, INFINITY, infinity);
   expect(tap, NPU_OP_FLOG2_F32, -INFINITY, nan);
   expect(tap, NPU_OP_FLOG2_F32, NAN, nan);
   tap_case(tap, "flog2.f32: powers, ends, special values");

   const enum npu_op angles[] = {NPU_OP_FSIN_F32, NPU_OP_FCOS_F32};
   for (unsigned i = 0; i < 2; i++) {
      expect(tap, angles[i], INFINITY, nan);
      expect(tap, angles[i], -INFINITY, nan);
      expect(tap, angles[i], NAN, nan);
   }
   expect(tap, NPU_OP_FSIN_F32, 0.0f, 0);
   expect(tap, NPU_OP_FSIN_F32, -0.0f, 0x80000000);
   expect(tap, NPU_OP_FSIN_F32, 0x1p-149f, 1);
   expect(tap, NPU_OP_FSIN_F32, -0x1p-149f, 0x80000001);
   expect(tap, NPU_OP_FCOS_F32, 0.0f, 0x3f800000);
   expect(tap, NPU_OP_FCOS_F32, -0x1p-149f, 0x3f800000);
   tap_case(tap, "fsin.f32 and fcos.f32: zeros, denormals, special values");
}

/* The rounding of frsq.f32 is decided by integers: all significands of two binades, which repeat
 * with period 2. */
static void
test_rsq(struct tap *tap)
{
   typedef unsigned __int128 uwide;

   for (uint32_t bits = 0x3f000000; bits < 0x40000000; bits += 3) {
      const uint32_t y = (uint32_t)evaluate(NPU_OP_FRSQ_F32, bits);
      const uint64_t m = (bits & 0x7fffff) | 0x800000, my = (y & 0x7fffff) | 0x800000;
      const int e = (int)(bits >> 23) - 150, ey = (int)(y >> 23) - 150;
      /* (2 my -+ 1) 2^(ey-1) are the points halfway to the neighbours: their squares times x
       * enclose 1. */
      const uwide one = (uwide)1 << -(2 * ey - 2 + e);
      if ((uwide)(2 * my - 1) * (2 * my - 1) * m > one ||
          (uwide)(2 * my + 1) * (2 * my + 1) * m < one)
         tap_problem(tap, "frsq.f32 of %08" PRIx32 " is %08" PRIx32 ", not the nearest", bits, y);
   }
   tap_case(tap, "frsq.f32 is correctly rounded");
}

int
main(void)
{
   struct tap tap = {0};

   for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
      test_f32(&tap, &functions[i]);
      test_f16(&tap, &functions[i]);
   }
   test_exact(&tap);
   test_rsq(&tap);
   return tap_done(&tap);
}
