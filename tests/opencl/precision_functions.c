// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The built-in functions whose errors precision.c measures: limits of the OpenCL C specification
 * (full profile, section 7.4) and of the extension cl_khr_fp16, and references in binary128. */

#include "precision.h"

#include <limits.h>
#include <stdlib.h>

#define EXACT 0.0
#define CR    0.5
#define NONE  PREC_NO_LIMIT
#define NO    -1.0

/* ---- references that the host's library lacks or that OpenCL defines otherwise ---- */

static wide
ref_rsqrt(wide x)
{
   return x == 0 ? copysignf128(INFINITY, x) : 1 / sqrtf128(x);
}
static wide
ref_recip(wide x)
{
   return 1 / x;
}
static wide
ref_sqr(wide x)
{
   return x * x;
}
static wide
ref_neg_self(wide x)
{
   return x;
}
static wide
ref_degrees(wide x)
{
   return x * (180 / M_PIf128);
}
static wide
ref_radians(wide x)
{
   return x * (M_PIf128 / 180);
}
static wide
ref_sign(wide x)
{
   return isnan(x) ? 0 : x > 0 ? 1 : x < 0 ? -1 : x;
}
static wide
ref_ilogb(wide x)
{
   return x == 0 || !isfinite(x) ? PREC_ANYTHING : logbf128(x);
}
static wide
ref_frexp(wide x)
{
   int exponent;
   return frexpf128(x, &exponent);
}
static wide
ref_modf(wide x)
{
   wide whole;
   return modff128(x, &whole);
}
static wide
ref_fract(wide x)
{
   /* The largest number below 1 of the format is within the limit for what rounds to 1. */
   return isinf(x) ? copysignf128(0, x) : x - floorf128(x);
}
static wide
ref_add(wide x, wide y)
{
   return x + y;
}
static wide
ref_sub(wide x, wide y)
{
   return x - y;
}
static wide
ref_mul(wide x, wide y)
{
   return x * y;
}
static wide
ref_div(wide x, wide y)
{
   return x / y;
}
static wide
ref_maxmag(wide x, wide y)
{
   return fabsf128(x) > fabsf128(y) ? x : fabsf128(y) > fabsf128(x) ? y : fmaxf128(x, y);
}
static wide
ref_minmag(wide x, wide y)
{
   return fabsf128(x) < fabsf128(y) ? x : fabsf128(y) < fabsf128(x) ? y : fminf128(x, y);
}
static wide
ref_powr(wide x, wide y)
{
   if (x < 0 || isnan(x) || isnan(y))
      return NAN;
   if ((y == 0 && (x == 0 || isinf(x))) || (x == 1 && isinf(y)))
      return NAN;
   return powf128(fabsf128(x), y);
}
static wide
ref_powr_abs(wide x, wide y)
{
   return ref_powr(fabsf128(x), y);
}
static wide
ref_pown(wide x, int k)
{
   return powf128(x, k);
}
static wide
ref_rootn(wide x, int k)
{
   bool odd = k & 1;

   if (k == 0 || (x < 0 && !odd))
      return NAN;
   wide r = powf128(fabsf128(x), 1 / (wide)k);
   return odd ? copysignf128(r, x) : r;
}
static wide
ref_ldexp(wide x, int k)
{
   return scalbnf128(x, k);
}
static wide
ref_lgamma(wide x)
{
   return lgammaf128(x);
}
static wide
ref_fma(wide x, wide y, wide z)
{
   return fmaf128(x, y, z);
}

#define F(fn, limits, ref, ...)                                                                    \
   {#fn, #fn "(x)", "r", FORM_X, .limit_ulp = limits, .x = ref, ##__VA_ARGS__}
#define F2(fn, limits, ref, ...)                                                                   \
   {#fn, #fn "(x, y)", "r", FORM_XY, .limit_ulp = limits, .xy = ref, ##__VA_ARGS__}
#define FK(fn, limits, ref, ...)                                                                   \
   {#fn, #fn "(x, k)", "r", FORM_XK, .limit_ulp = limits, .xk = ref, ##__VA_ARGS__}
#define E(name, expr, res, form, limits, ...)                                                      \
   {name, expr, res, form, .limit_ulp = limits, ##__VA_ARGS__}
#define L(f, d, h) {f, d, h} /* limits for float, double, half */
#define ALL(x)     L(x, x, x)
#define FLOAT(x)   L(x, NO, NO)
/* What src/compiler/npu/libclc has for float: correctly rounded but for a few in ten thousand; and its
 * sine and cosine, which are instructions (npu_sem_math.h). */
#define OURS       .own_ulp = 0.501
#define ISA        .own_ulp = 0.503

const struct prec_function prec_functions[] = {
   E("x + y", "x + y", "r", FORM_XY, ALL(CR), .xy = ref_add),
   E("x - y", "x - y", "r", FORM_XY, ALL(CR), .xy = ref_sub),
   E("x * y", "x * y", "r", FORM_XY, ALL(CR), .xy = ref_mul),
   E("x / y", "x / y", "r", FORM_XY, L(2.5, CR, CR), .xy = ref_div),
   E("1.0 / x", "(T)1 / x", "r", FORM_X, L(2.5, CR, CR), .x = ref_recip),
   E("x * x", "x * x", "r", FORM_X, ALL(CR), .x = ref_sqr),
   E("-(-x)", "-(-x)", "r", FORM_X, ALL(EXACT), .x = ref_neg_self),

   F(acos, L(4, 4, 2), acosf128, .range = RANGE_UNIT),
   F(acosh, L(4, 4, 2), acoshf128, OURS, .range = RANGE_ONE),
   F(acospi, L(5, 5, 2), acospif128, .range = RANGE_UNIT),
   F(asin, L(4, 4, 2), asinf128, .range = RANGE_UNIT),
   F(asinh, L(4, 4, 2), asinhf128, OURS),
   F(asinpi, L(5, 5, 2), asinpif128, .range = RANGE_UNIT),
   F(atan, L(5, 5, 2), atanf128, OURS),
   F2(atan2, L(6, 6, 2), atan2f128, OURS),
   F(atanh, L(5, 5, 2), atanhf128, OURS, .range = RANGE_UNIT),
   F(atanpi, L(5, 5, 2), atanpif128, OURS),
   F2(atan2pi, L(6, 6, 2), atan2pif128, OURS),
   F(cbrt, L(2, 2, 2), cbrtf128),
   F(ceil, ALL(CR), ceilf128),
   F2(copysign, ALL(EXACT), copysignf128),
   F(cos, L(4, 4, 2), cosf128, ISA, .range = RANGE_TRIG),
   F(cosh, L(4, 4, 2), coshf128, OURS, .range = RANGE_EXP),
   F(cospi, L(4, 4, 2), cospif128, .range = RANGE_TURN),
   F(degrees, L(2, 2, 2), ref_degrees),
   F(erf, L(16, 16, 4), erff128, OURS, .range = RANGE_ERF),
   F(erfc, L(16, 16, 4), erfcf128, OURS, .range = RANGE_ERF),
   F(exp, L(3, 3, 2), expf128, OURS, .range = RANGE_EXP),
   F(exp2, L(3, 3, 2), exp2f128, OURS, .range = RANGE_EXP2),
   F(exp10, L(3, 3, 2), exp10f128, OURS, .range = RANGE_EXP10),
   F(expm1, L(3, 3, 2), expm1f128, OURS, .range = RANGE_EXP),
   F(fabs, ALL(EXACT), fabsf128),
   F2(fdim, ALL(CR), fdimf128, .any_zero = true),
   F(floor, ALL(CR), floorf128),
   E("fma", "fma(x, y, z)", "r", FORM_XYZ, ALL(CR), .xyz = ref_fma),
   F2(fmax, ALL(EXACT), fmaxf128, .any_zero = true),
   F2(fmin, ALL(EXACT), fminf128, .any_zero = true),
   F2(fmod, ALL(EXACT), fmodf128),
   E("fract", "fract(x, &p)", "r", FORM_X, ALL(1), .x = ref_fract, .any_zero = true),
   E("fract, floor", "fract(x, &p)", "p", FORM_X, ALL(EXACT), .x = floorf128),
   E("frexp", "frexp(x, &q)", "r", FORM_X, ALL(EXACT), .x = ref_frexp),
   F2(hypot, L(4, 4, 2), hypotf128, OURS),
   E("ilogb", "(T)ilogb(x)", "r", FORM_X, ALL(EXACT), .x = ref_ilogb, .any_zero = true),
   FK(ldexp, ALL(CR), ref_ldexp),
   F(lgamma, L(NONE, NONE, NONE), ref_lgamma, OURS, .range = RANGE_GAMMA, .any_zero = true,
     .absolute = true),
   F(log, L(3, 3, 2), logf128, OURS, .range = RANGE_ONE),
   F(log2, L(3, 3, 2), log2f128, OURS, .range = RANGE_ONE),
   F(log10, L(3, 3, 2), log10f128, OURS, .range = RANGE_ONE),
   F(log1p, L(2, 2, 2), log1pf128, OURS, .range = RANGE_UNIT),
   F(logb, ALL(EXACT), logbf128),
   F2(maxmag, ALL(EXACT), ref_maxmag, .any_zero = true),
   F2(minmag, ALL(EXACT), ref_minmag, .any_zero = true),
   E("modf", "modf(x, &p)", "r", FORM_X, ALL(EXACT), .x = ref_modf),
   E("modf, whole", "modf(x, &p)", "p", FORM_X, ALL(EXACT), .x = truncf128),
   F2(pow, L(16, 16, 4), powf128, OURS, .range = RANGE_POW),
   FK(pown, L(16, 16, 4), ref_pown, OURS, .range = RANGE_ONE),
   F2(powr, L(16, 16, 4), ref_powr, OURS, .range = RANGE_POW),
   F(radians, L(2, 2, 2), ref_radians),
   F2(remainder, ALL(EXACT), remainderf128),
   E("remquo", "remquo(x, y, &q)", "r", FORM_XY, ALL(EXACT), .xy = remainderf128),
   F(rint, ALL(CR), rintf128),
   FK(rootn, L(16, 16, 4), ref_rootn, OURS),
   F(round, ALL(CR), roundf128),
   F(rsqrt, L(2, 2, 1), ref_rsqrt),
   F(sign, ALL(EXACT), ref_sign),
   F(sin, L(4, 4, 2), sinf128, ISA, .range = RANGE_TRIG),
   E("sincos", "sincos(x, &p)", "r", FORM_X, L(4, 4, 2), .x = sinf128, ISA, .range = RANGE_TRIG),
   E("sincos, cos", "sincos(x, &p)", "p", FORM_X, L(4, 4, 2), .x = cosf128, ISA,
     .range = RANGE_TRIG),
   F(sinh, L(4, 4, 2), sinhf128, OURS, .range = RANGE_EXP),
   F(sinpi, L(4, 4, 2), sinpif128, .range = RANGE_TURN),
   F(sqrt, L(3, CR, CR), sqrtf128),
   F(tan, L(5, 5, 2), tanf128, .range = RANGE_TRIG),
   F(tanh, L(5, 5, 2), tanhf128, OURS),
   F(tanpi, L(6, 6, 2), tanpif128, .range = RANGE_TURN),
   F(tgamma, L(16, 16, 4), tgammaf128, OURS, .range = RANGE_GAMMA),
   F(trunc, ALL(CR), truncf128),

   F(half_cos, FLOAT(8192), cosf128, .range = RANGE_PI),
   F2(half_divide, FLOAT(8192), ref_div, .range = RANGE_SMALL),
   F(half_exp, FLOAT(8192), expf128, .range = RANGE_PI),
   F(half_exp2, FLOAT(8192), exp2f128, .range = RANGE_PI),
   F(half_exp10, FLOAT(8192), exp10f128, .range = RANGE_PI),
   F(half_log, FLOAT(8192), logf128, .range = RANGE_SMALL_POSITIVE),
   F(half_log2, FLOAT(8192), log2f128, .range = RANGE_SMALL_POSITIVE),
   F(half_log10, FLOAT(8192), log10f128, .range = RANGE_SMALL_POSITIVE),
   E("half_powr", "half_powr(fabs(x), y)", "r", FORM_XY, FLOAT(8192), .xy = ref_powr_abs,
     .range = RANGE_PI),
   F(half_recip, FLOAT(8192), ref_recip, .range = RANGE_SMALL),
   F(half_rsqrt, FLOAT(8192), ref_rsqrt, .range = RANGE_SMALL_POSITIVE),
   F(half_sin, FLOAT(8192), sinf128, .range = RANGE_PI),
   F(half_sqrt, FLOAT(8192), sqrtf128, .range = RANGE_SMALL_POSITIVE),
   F(half_tan, FLOAT(8192), tanf128, .range = RANGE_PI),

   F(native_cos, FLOAT(NONE), cosf128, .range = RANGE_PI, .absolute = true),
   F2(native_divide, FLOAT(NONE), ref_div, .range = RANGE_SMALL),
   F(native_exp, FLOAT(NONE), expf128, .range = RANGE_PI),
   F(native_exp2, FLOAT(NONE), exp2f128, .range = RANGE_PI),
   F(native_exp10, FLOAT(NONE), exp10f128, .range = RANGE_PI),
   F(native_log, FLOAT(NONE), logf128, .range = RANGE_SMALL_POSITIVE, .absolute = true),
   F(native_log2, FLOAT(NONE), log2f128, .range = RANGE_SMALL_POSITIVE, .absolute = true),
   F(native_log10, FLOAT(NONE), log10f128, .range = RANGE_SMALL_POSITIVE, .absolute = true),
   E("native_powr", "native_powr(fabs(x), y)", "r", FORM_XY, FLOAT(NONE), .xy = ref_powr_abs,
     .range = RANGE_PI),
   F(native_recip, FLOAT(NONE), ref_recip, .range = RANGE_SMALL),
   F(native_rsqrt, FLOAT(NONE), ref_rsqrt, .range = RANGE_SMALL_POSITIVE),
   F(native_sin, FLOAT(NONE), sinf128, .range = RANGE_PI, .absolute = true),
   F(native_sqrt, FLOAT(NONE), sqrtf128, .range = RANGE_SMALL_POSITIVE),
   F(native_tan, FLOAT(NONE), tanf128, .range = RANGE_PI),
};

const unsigned prec_num_functions = CLT_ARRAY_SIZE(prec_functions);
