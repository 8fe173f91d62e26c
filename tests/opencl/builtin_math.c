// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The math built-in functions of OpenCL C on float (specification 6.15.2), each within the error
 * that section 7.4 grants the full profile, against the host's double precision functions. One case
 * per function: scalars and 4-vectors, over special values and random ones.
 *
 * Functions with a limit of 0 are compared by bits (any NaN equals any NaN). For the others the
 * host's double result stands for the exact one: its own error is below 2^-27 ulp of float. Devices
 * that do not report CL_FP_DENORM may take denormals, as arguments or as results, for zero. lgamma
 * has no limit in the specification, half_ functions have 8192 ulp over ordinary arguments, and
 * native_ functions are checked to 2^-10 over moderate arguments, which is this test's own idea of
 * sane. */

#include "cl_values.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define N 2048

enum form {
   F_F,    /* float f(float) */
   F_FF,   /* float f(float, float) */
   F_FFF,  /* float f(float, float, float) */
   F_FI,   /* float f(float, int) */
   I_F,    /* int f(float) */
   F_FPF,  /* float f(float, float *) */
   F_FPI,  /* float f(float, int *) */
   F_FFPI, /* float f(float, float, int *) */
};

/* Which arguments make sense. */
enum domain {
   ANY,
   MODERATE,          /* magnitude 2^-8 to 2^8 */
   MODERATE_POSITIVE, /* the same, x positive */
   UP_TO_PI,          /* magnitude at most pi */
};

typedef double (*function_1)(double);
typedef double (*function_2)(double, double);
typedef double (*function_3)(double, double, double);
typedef double (*function_i)(double, int);

struct function {
   const char *name;
   enum form form;
   double limit_ulp; /* or, when native is set, unused */
   union {
      function_1 f;
      function_2 ff;
      function_3 fff;
      function_i fi;
   };
   enum domain domain;
   bool any_zero;          /* the sign of a zero result is not specified */
   bool native;            /* 2^-10 relative or absolute */
   const char *expression; /* when it is not just a call: over x, y, z, k */
};

static bool keeps_denormals;

/* ---- reference functions that the host's library does not have ---- */

static double
ref_sinpi(double x)
{
   if (isinf(x) || isnan(x))
      return NAN;
   double r = x - 2 * rint(x / 2); /* exact; -1 .. 1 */
   if (fabs(r) > 0.5)
      r = copysign(1, r) - r;
   return sin(M_PI * r);
}

static double
ref_cospi(double x)
{
   if (isinf(x) || isnan(x))
      return NAN;
   return sin(M_PI * (0.5 - fabs(x - 2 * rint(x / 2))));
}

static double
ref_tanpi(double x)
{
   return ref_sinpi(x) / fabs(ref_cospi(x)) * (ref_cospi(x) < 0 ? -1 : 1);
}

static double
ref_acospi(double x)
{
   return acos(x) / M_PI;
}
static double
ref_asinpi(double x)
{
   return asin(x) / M_PI;
}
static double
ref_atanpi(double x)
{
   return atan(x) / M_PI;
}
static double
ref_atan2pi(double y, double x)
{
   return atan2(y, x) / M_PI;
}
static double
ref_rsqrt(double x)
{
   return 1 / sqrt(x);
}
static double
ref_recip(double x)
{
   return 1 / x;
}
static double
ref_divide(double x, double y)
{
   return x / y;
}
static double
ref_fma(double x, double y, double z)
{
   return fmaf(x, y, z);
}
static double
ref_fmod(double x, double y)
{
   return fmodf(x, y);
}
static double
ref_remainder(double x, double y)
{
   return remainderf(x, y);
}
static double
ref_fdim(double x, double y)
{
   return fdimf(x, y);
}
static double
ref_nextafter(double x, double y)
{
   return nextafterf(x, y);
}
static double
ref_ldexp(double x, int n)
{
   return ldexpf(x, n);
}
static double
ref_pown(double x, int n)
{
   return pow(x, n);
}
static double
ref_maxmag(double x, double y)
{
   return fabs(x) > fabs(y) ? x : fabs(y) > fabs(x) ? y : fmax(x, y);
}
static double
ref_minmag(double x, double y)
{
   return fabs(x) < fabs(y) ? x : fabs(y) < fabs(x) ? y : fmin(x, y);
}
static double
ref_exp10(double x)
{
   return exp10(x);
}

static double
ref_powr(double x, double y)
{
   if (x < 0 || isnan(x) || isnan(y))
      return NAN;
   if ((y == 0 && (x == 0 || isinf(x))) || (x == 1 && isinf(y)))
      return NAN;
   return pow(fabs(x), y);
}

static double
ref_rootn(double x, int n)
{
   bool odd = n & 1;

   if (n == 0 || (x < 0 && !odd))
      return NAN;
   double r = pow(fabs(x), 1.0 / n);
   return odd ? copysign(r, x) : r;
}

static double
ref_ilogb(double x)
{
   return isinf(x) ? INT_MAX : ilogb(x);
}

static double
ref_mad(double x, double y, double z)
{
   return x * y + z;
}

#define F1(name, limit, ref, ...) {name, F_F, limit, .f = ref, ##__VA_ARGS__}
#define F2(name, limit, ref, ...) {name, F_FF, limit, .ff = ref, ##__VA_ARGS__}

static const struct function functions[] = {
   F1("acos", 4, acos),
   F1("acosh", 4, acosh),
   F1("acospi", 5, ref_acospi),
   F1("asin", 4, asin),
   F1("asinh", 4, asinh),
   F1("asinpi", 5, ref_asinpi),
   F1("atan", 5, atan),
   F1("atanh", 5, atanh),
   F1("atanpi", 5, ref_atanpi),
   F1("cbrt", 2, cbrt),
   F1("ceil", 0, ceil),
   F1("cos", 4, cos),
   F1("cosh", 4, cosh),
   F1("cospi", 4, ref_cospi),
   F1("erf", 16, erf),
   F1("erfc", 16, erfc),
   F1("exp", 3, exp),
   F1("exp2", 3, exp2),
   F1("exp10", 3, ref_exp10),
   F1("expm1", 3, expm1),
   F1("fabs", 0, fabs),
   F1("floor", 0, floor),
   F1("log", 3, log),
   F1("log2", 3, log2),
   F1("log10", 3, log10),
   F1("log1p", 2, log1p),
   F1("logb", 0, logb),
   F1("rint", 0, rint),
   F1("round", 0, round),
   F1("rsqrt", 2, ref_rsqrt),
   F1("sin", 4, sin),
   F1("sinh", 4, sinh),
   F1("sinpi", 4, ref_sinpi),
   F1("sqrt", 3, sqrt),
   F1("tan", 5, tan),
   F1("tanh", 5, tanh),
   F1("tanpi", 6, ref_tanpi),
   F1("tgamma", 16, tgamma),
   F1("trunc", 0, trunc),
   F2("atan2", 6, atan2),
   F2("atan2pi", 6, ref_atan2pi),
   F2("copysign", 0, copysign),
   F2("fdim", 0, ref_fdim, .any_zero = true),
   F2("fmax", 0, fmax, .any_zero = true),
   F2("fmin", 0, fmin, .any_zero = true),
   F2("fmod", 0, ref_fmod),
   F2("hypot", 4, hypot),
   F2("maxmag", 0, ref_maxmag, .any_zero = true),
   F2("minmag", 0, ref_minmag, .any_zero = true),
   F2("nextafter", 0, ref_nextafter),
   F2("pow", 16, pow),
   F2("powr", 16, ref_powr),
   F2("remainder", 0, ref_remainder),
   F2("divide", 2.5, ref_divide, .expression = "x / y"),
   F1("reciprocal", 2.5, ref_recip, .expression = "1.0f / x"),
   {"fma", F_FFF, 0, .fff = ref_fma},
   {"ldexp", F_FI, 0, .fi = ref_ldexp},
   {"pown", F_FI, 16, .fi = ref_pown},
   {"rootn", F_FI, 16, .fi = ref_rootn},
   {"ilogb", I_F, 0, .f = ref_ilogb},
   {"fract", F_FPF, 0, .any_zero = true},
   {"modf", F_FPF, 0},
   {"sincos", F_FPF, 4},
   {"frexp", F_FPI, 0},
   {"lgamma_r", F_FPI, 0, .domain = MODERATE},
   {"remquo", F_FFPI, 0},
   F1("lgamma", 0, lgamma, .domain = MODERATE, .native = true),
   {"mad", F_FFF, 0, .fff = ref_mad, .domain = MODERATE, .native = true},

   F1("half_cos", 8192, cos, .domain = UP_TO_PI),
   F1("half_sin", 8192, sin, .domain = UP_TO_PI),
   F1("half_tan", 8192, tan, .domain = UP_TO_PI),
   F1("half_exp", 8192, exp, .domain = UP_TO_PI),
   F1("half_exp2", 8192, exp2, .domain = UP_TO_PI),
   F1("half_exp10", 8192, ref_exp10, .domain = UP_TO_PI),
   F1("half_log", 8192, log, .domain = MODERATE_POSITIVE),
   F1("half_log2", 8192, log2, .domain = MODERATE_POSITIVE),
   F1("half_log10", 8192, log10, .domain = MODERATE_POSITIVE),
   F1("half_recip", 8192, ref_recip, .domain = MODERATE),
   F1("half_rsqrt", 8192, ref_rsqrt, .domain = MODERATE_POSITIVE),
   F1("half_sqrt", 8192, sqrt, .domain = MODERATE_POSITIVE),
   F2("half_divide", 8192, ref_divide, .domain = MODERATE),
   F2("half_powr", 8192, ref_powr, .domain = UP_TO_PI, .expression = "half_powr(fabs(x), y)"),

   F1("native_cos", 0, cos, .domain = UP_TO_PI, .native = true),
   F1("native_sin", 0, sin, .domain = UP_TO_PI, .native = true),
   F1("native_tan", 0, tan, .domain = UP_TO_PI, .native = true),
   F1("native_exp", 0, exp, .domain = UP_TO_PI, .native = true),
   F1("native_exp2", 0, exp2, .domain = UP_TO_PI, .native = true),
   F1("native_exp10", 0, ref_exp10, .domain = UP_TO_PI, .native = true),
   F1("native_log", 0, log, .domain = MODERATE_POSITIVE, .native = true),
   F1("native_log2", 0, log2, .domain = MODERATE_POSITIVE, .native = true),
   F1("native_log10", 0, log10, .domain = MODERATE_POSITIVE, .native = true),
   F1("native_recip", 0, ref_recip, .domain = MODERATE, .native = true),
   F1("native_rsqrt", 0, ref_rsqrt, .domain = MODERATE_POSITIVE, .native = true),
   F1("native_sqrt", 0, sqrt, .domain = MODERATE_POSITIVE, .native = true),
   F2("native_divide", 0, ref_divide, .domain = MODERATE, .native = true),
   F2("native_powr", 0, ref_powr, .domain = UP_TO_PI, .native = true,
      .expression = "native_powr(fabs(x), y)"),
};

/* Two results per element: the function's own (as float or int bits) and that behind the pointer. */
struct results {
   double first, second;
   bool first_any, second_any; /* any value is right */
};

static struct results
reference(const struct function *f, float x, float y, float z, int k)
{
   struct results r = {0};

   switch (f->form) {
   case F_F:
   case I_F:
      r.first = f->f(x);
      r.first_any = f->form == I_F &&
                    (x == 0 || isnan(x)); /* FP_ILOGB0, FP_ILOGBNAN: two choices */
      return r;
   case F_FF:
      if (strstr(f->name, "powr") && f->expression)
         x = fabsf(x);
      r.first = f->ff(x, y);
      return r;
   case F_FFF:
      r.first = f->fff(x, y, z);
      return r;
   case F_FI:
      r.first = f->fi(x, k);
      return r;
   case F_FPF:
      if (!strcmp(f->name, "sincos")) {
         r.first = sin(x);
         r.second = cos(x);
      } else if (!strcmp(f->name, "fract")) {
         r.second = floorf(x);
         r.first = isnan(x) ? NAN : isinf(x) ? 0 : fminf(x - floorf(x), 0x1.fffffep-1f);
      } else {
         float whole, part = modff(x, &whole);
         r.first = part;
         r.second = whole;
      }
      return r;
   case F_FPI: {
      int i = 0;
      if (!strcmp(f->name, "frexp")) {
         r.first = frexp(x, &i);
         r.second_any = isinf(x) || isnan(x);
      } else {
         r.first = lgamma_r(x, &i);
         i = i < 0 ? -1 : 1;
         r.second_any = x <= 0 && x == floorf(x);
      }
      r.second = i;
      return r;
   }
   case F_FFPI: {
      r.first = remainderf(x, y);
      double quotient = ((double)x - r.first) / y; /* an integer, exact below 2^53 */
      if (isnan(r.first) || isinf(y) || fabs(quotient) >= 0x1p53)
         r.second_any = !(isinf(y) && isfinite(x));
      else
         r.second = copysign(fmod(fabs(rint(quotient)), 128), quotient);
      return r;
   }
   }
   return r;
}

static float
flush(float x)
{
   return fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

static bool
value_ok(const struct function *f, float got, double want)
{
   if (f->native || !strcmp(f->name, "lgamma_r")) {
      if (isnan(want) || isinf(want))
         return true;
      return fabs(got - want) <= 0x1p-10 * fmax(1, fabs(want));
   }
   if (f->limit_ulp == 0) {
      if (isnan(want))
         return isnan(got);
      if (want == 0 && f->any_zero)
         return got == 0;
      return clt_bits(got) == clt_bits(want);
   }
   return clt_ulp_error(got, want) <= f->limit_ulp;
}

/* What a device without denormals may give instead: zero where the result, with its allowed error,
 * can be a denormal; the smallest normal number where nextafter() meets denormals. */
static bool
flushed_ok(const struct function *f, float got, double want)
{
   if (keeps_denormals)
      return false;
   if (!strcmp(f->name, "nextafter") && fabs(want) < 0x1p-126 && fabsf(got) == 0x1p-126f)
      return true;
   return got == 0 && fabs(want) - f->limit_ulp * 0x1p-149 < 0x1p-126;
}

static bool
second_ok(const struct function *f, uint32_t got, double want)
{
   if (f->form == F_FPF)
      return value_ok(f, clt_from_bits(got), want);
   return (int32_t)got == (int32_t)want;
}

static bool
results_ok(const struct function *f, uint32_t first, uint32_t second, struct results want)
{
   bool ok;

   if (want.first_any)
      ok = true;
   else if (f->form == I_F)
      ok = (int32_t)first == (int32_t)want.first;
   else
      ok = value_ok(f, clt_from_bits(first), want.first) ||
           flushed_ok(f, clt_from_bits(first), want.first);
   if (f->form == F_FPF || f->form == F_FPI || f->form == F_FFPI)
      ok = ok && (want.second_any || second_ok(f, second, want.second));
   return ok;
}

static const char *
make_source(const struct function *f)
{
   static const char *const calls[] = {
      [F_F] = "x", [F_FF] = "x, y",    [F_FFF] = "x, y, z", [F_FI] = "x, k",
      [I_F] = "x", [F_FPF] = "x, &pf", [F_FPI] = "x, &pi",  [F_FFPI] = "x, y, &pi",
   };
   struct clt_text t = {0};

   clt_append(&t,
              "#pragma OPENCL FP_CONTRACT OFF\n"
              "kernel void test(uint n, global const float *a, global const float *b,\n"
              "                 global const float *c, global const int *d, global %s *out,\n"
              "                 global %s *out2)\n{\n   size_t i = get_global_id(0);\n",
              f->form == I_F ? "int" : "float", f->form == F_FPF ? "float" : "int");
   for (unsigned width = 1; width <= 4; width += 3) {
      const char *w = width == 1 ? "" : "4";
      const char *call = f->expression ? f->expression
                                       : clt_format("%s(%s)", f->name, calls[f->form]);
      const char *x = clt_load("a", "float", width), *y = clt_load("b", "float", width);
      const char *z = clt_load("c", "float", width), *k = clt_load("d", "int", width);

      clt_append(&t, "   %s{\n      float%s x = %s, y = %s, z = %s;\n      int%s k = %s;\n",
                 width == 1 ? "" : "if (i < n / 4) ", w, x, y, z, w, k);
      clt_append(&t, "      float%s pf = 0;\n      int%s pi = 0;\n      %s%s r = %s;\n", w, w,
                 f->form == I_F ? "int" : "float", w, call);
      if (width == 1)
         clt_append(&t, "      out[i] = r;\n      out2[i] = %s;\n   }\n",
                    f->form == F_FPF ? "pf" : "pi");
      else
         clt_append(&t, "      vstore4(r, i, out + n);\n      vstore4(%s, i, out2 + n);\n   }\n",
                    f->form == F_FPF ? "pf" : "pi");
   }
   clt_append(&t, "}\n");
   return t.text;
}

static void
fill(const struct function *f, float *a, float *b, float *c, int *d, uint64_t *random)
{
   static const int integers[] = {0,   1,  -1,  2,    -2,  3,    -3,  10,
                                  -24, 31, 127, -127, 149, -150, 300, -300};

   clt_fill_floats(a, b, N, random);
   for (int i = 0; i < N; i++) {
      c[i] = a[(i * 7 + 3) % N];
      d[i] = i < 32 * 32 ? integers[i % 16] : (int)(clt_random(random) % 64) - 32;
      if (f->domain == ANY)
         continue;
      for (int j = 0; j < 3; j++) {
         float *p = j == 0 ? &a[i] : j == 1 ? &b[i] : &c[i];
         *p = clt_from_bits((clt_random(random) & 0x807fffff) +
                            ((119 + clt_random(random) % 16) << 23));
         if (f->domain == UP_TO_PI)
            *p = fmodf(*p, 3.1415926f);
      }
      if (f->domain == MODERATE_POSITIVE)
         a[i] = fabsf(a[i]);
      if (f->domain == UP_TO_PI && strstr(f->name, "tan")) /* not at the pole */
         a[i] = fmodf(a[i], 1.5f);
   }
}

static void
test_function(const void *arg)
{
   const struct function *f = arg;
   const size_t bytes = N * sizeof(float);
   float *a = clt_alloc(bytes), *b = clt_alloc(bytes), *c = clt_alloc(bytes);
   int *d = clt_alloc(bytes);
   uint32_t *out = clt_alloc(2 * bytes), *out2 = clt_alloc(2 * bytes);
   uint64_t random = clt.seed;

   fill(f, a, b, c, d, &random);
   cl_mem out_mem = clt_buffer(2 * bytes, NULL), out2_mem = clt_buffer(2 * bytes, NULL);
   cl_kernel kernel = clt_kernel(make_source(f), "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(bytes, a));
   clt_arg_mem(kernel, 2, clt_buffer(bytes, b));
   clt_arg_mem(kernel, 3, clt_buffer(bytes, c));
   clt_arg_mem(kernel, 4, clt_buffer(bytes, d));
   clt_arg_mem(kernel, 5, out_mem);
   clt_arg_mem(kernel, 6, out2_mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(out_mem, 0, 2 * bytes, out);
   clt_read(out2_mem, 0, 2 * bytes, out2);

   unsigned wrong = 0;
   for (int i = 0; i < 2 * N; i++) {
      int j = i % N;
      struct results want = reference(f, a[j], b[j], c[j], d[j]);

      if (results_ok(f, out[i], out2[i], want))
         continue;
      if (!keeps_denormals &&
          results_ok(f, out[i], out2[i], reference(f, flush(a[j]), flush(b[j]), flush(c[j]), d[j])))
         continue;
      if (wrong++ < 3)
         clt_fail(
            "%s: x = %a, y = %a, z = %a, k = %d: got %a / %d (0x%08x, second 0x%08x), expected "
            "%a, second %g; %.2f ulp of %g",
            i < N ? "scalar" : "vector", a[j], b[j], c[j], d[j], clt_from_bits(out[i]), (int)out[i],
            out[i], out2[i], want.first, want.second,
            f->form == I_F ? 0 : clt_ulp_error(clt_from_bits(out[i]), want.first), f->limit_ulp);
   }
   if (wrong > 3)
      clt_fail("%u of %d results are wrong", wrong, 2 * N);
}

int
main(int argc, char **argv)
{
   cl_device_fp_config config = 0;

   clt_init(argc, argv,
            "math built-in functions on float, with the error limits of the full profile");
   if (clt.device)
      clGetDeviceInfo(clt.device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(config), &config, NULL);
   keeps_denormals = config & CL_FP_DENORM;
   if (clt.device)
      clt_diag("the device %s denormals", keeps_denormals ? "keeps" : "may flush");
   for (size_t i = 0; i < CLT_ARRAY_SIZE(functions); i++)
      clt_run(test_function, &functions[i], "%s", functions[i].name);
   return clt_done();
}
