// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The common and geometric built-in functions of OpenCL C on float (specification 6.15.4
 * and 6.15.5), within the errors of section 7.4: degrees and radians 2 ulp; dot, cross, length,
 * distance and normalize as the table there says for n components; mix and smoothstep, which have
 * no limit, within 2^-20 of the largest term, this test's own idea of sane. */

#include "cl_values.h"

#include <math.h>
#include <string.h>

#define N 960

enum function {
   FN_CLAMP,
   FN_DEGREES,
   FN_MAX,
   FN_MIN,
   FN_MIX,
   FN_RADIANS,
   FN_STEP,
   FN_SMOOTHSTEP,
   FN_SIGN,
   FN_DOT,
   FN_LENGTH,
   FN_DISTANCE,
   FN_NORMALIZE,
   FN_CROSS,
   FN_FAST_LENGTH,
   FN_FAST_DISTANCE,
   FN_FAST_NORMALIZE,
   NUM_FUNCTIONS,
};

static const struct {
   const char *name, *call;
   bool geometric, to_scalar;
} functions[NUM_FUNCTIONS] = {
   [FN_CLAMP] = {"clamp", "clamp(x, min(y, z), max(y, z))"},
   [FN_DEGREES] = {"degrees", "degrees(x)"},
   [FN_MAX] = {"max", "max(x, y)"},
   [FN_MIN] = {"min", "min(x, y)"},
   [FN_MIX] = {"mix", "mix(x, y, z)"},
   [FN_RADIANS] = {"radians", "radians(x)"},
   [FN_STEP] = {"step", "step(x, y)"},
   [FN_SMOOTHSTEP] = {"smoothstep", "smoothstep(min(x, y), max(x, y) + 1.0f, z)"},
   [FN_SIGN] = {"sign", "sign(x)"},
   [FN_DOT] = {"dot", "dot(x, y)", true, true},
   [FN_LENGTH] = {"length", "length(x)", true, true},
   [FN_DISTANCE] = {"distance", "distance(x, y)", true, true},
   [FN_NORMALIZE] = {"normalize", "normalize(x)", true},
   [FN_CROSS] = {"cross", "cross(x, y)", true},
   [FN_FAST_LENGTH] = {"fast_length", "fast_length(x)", true, true},
   [FN_FAST_DISTANCE] = {"fast_distance", "fast_distance(x, y)", true, true},
   [FN_FAST_NORMALIZE] = {"fast_normalize", "fast_normalize(x)", true},
};

/* Checks result component c of a vector of n; x, y, z are its arguments. */
static bool
check(enum function fn, unsigned n, unsigned c, const float *x, const float *y, const float *z,
      float got, double *want)
{
   double lo = fminf(y[c], z[c]), hi = fmaxf(y[c], z[c]), dot = 0, xx = 0, dd = 0, largest = 0;

   for (unsigned k = 0; k < n; k++) {
      dot += (double)x[k] * y[k];
      xx += (double)x[k] * x[k];
      dd += ((double)x[k] - y[k]) * ((double)x[k] - y[k]);
      largest = fmax(largest, fmax(fabs(x[k]), fabs(y[k])));
   }
   switch (fn) {
   case FN_CLAMP:
      *want = fmin(fmax(x[c], lo), hi);
      return got == *want;
   case FN_DEGREES:
      *want = x[c] * (180 / M_PI);
      return clt_ulp_error(got, *want) <= 2;
   case FN_MAX:
      *want = fmaxf(x[c], y[c]);
      return got == *want;
   case FN_MIN:
      *want = fminf(x[c], y[c]);
      return got == *want;
   case FN_MIX:
      *want = x[c] + ((double)y[c] - x[c]) * z[c];
      return fabs(got - *want) <= 0x1p-20 * (fabs(x[c]) + (fabs(x[c]) + fabs(y[c])) * fabs(z[c]));
   case FN_RADIANS:
      *want = x[c] * (M_PI / 180);
      return clt_ulp_error(got, *want) <= 2;
   case FN_STEP:
      *want = y[c] < x[c] ? 0 : 1;
      return got == *want;
   case FN_SMOOTHSTEP: {
      double e0 = fminf(x[c], y[c]), e1 = fmaxf(x[c], y[c]) + 1.0f;
      double t = fmin(fmax((z[c] - e0) / (e1 - e0), 0), 1);
      *want = t * t * (3 - 2 * t);
      /* z - e0 and e1 - e0 are rounded: relative to the larger operand */
      return fabs(got - *want) <= 0x1p-20 * (1 + (fabs(z[c]) + fabs(e0) + fabs(e1)) / (e1 - e0));
   }
   case FN_SIGN:
      *want = x[c] > 0 ? 1 : x[c] < 0 ? -1 : x[c];
      return got == *want;
   case FN_DOT:
      *want = dot;
      return fabs(got - *want) <= largest * largest * (2 * n - 1) * 0x1p-23;
   case FN_LENGTH:
      *want = sqrt(xx);
      return clt_ulp_error(got, *want) <= 2.75 + 0.5 * n;
   case FN_DISTANCE:
      *want = sqrt(dd);
      return clt_ulp_error(got, *want) <= 2.5 + 2.0 * n;
   case FN_NORMALIZE:
      *want = xx == 0 ? 0 : x[c] / sqrt(xx);
      return clt_ulp_error(got, *want) <= 2.0 + n;
   case FN_CROSS: {
      unsigned a = (c + 1) % 3, b = (c + 2) % 3;
      *want = c == 3 ? 0 : (double)x[a] * y[b] - (double)x[b] * y[a];
      return fabs(got - *want) <= largest * largest * 3 * 0x1p-23;
   }
   case FN_FAST_LENGTH:
      *want = sqrt(xx);
      return clt_ulp_error(got, *want) <= 8191.5 + n;
   case FN_FAST_DISTANCE:
      *want = sqrt(dd);
      return clt_ulp_error(got, *want) <= 8191.5 + 2.0 * n;
   case FN_FAST_NORMALIZE:
      *want = xx == 0 ? 0 : x[c] / sqrt(xx);
      return clt_ulp_error(got, *want) <= 8192.0 + n;
   case NUM_FUNCTIONS:
      break;
   }
   return false;
}

static void
test_function(const void *arg)
{
   enum function fn = *(const enum function *)arg;
   struct clt_text t = {0};
   float *in[3], *out = clt_alloc(N * 4);
   cl_mem mems[3];
   uint64_t random = clt.seed;

   for (int k = 0; k < 3; k++) {
      in[k] = clt_alloc(N * 4);
      for (int i = 0; i < N; i++) /* multiples of 1/64 up to 32, zero vectors among them */
         in[k][i] = i < 16 ? 0 : (int)(clt_random(&random) % 4096 - 2048) / 64.0f;
      mems[k] = clt_buffer(N * 4, in[k]);
   }
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
      unsigned width = clt_widths[w];
      if ((functions[fn].geometric && width > 4) || (fn == FN_CROSS && width < 3))
         continue;
      const char *value = functions[fn].call;
      clt_append(
         &t,
         "kernel void w%u(global const float *a, global const float *b, global const float *c,\n"
         "   global float *out)\n{\n   size_t i = get_global_id(0);\n   %s x = %s, y = %s, z = "
         "%s;\n"
         "   %s;\n}\n",
         width, clt_vec("float", width), clt_load("a", "float", width),
         clt_load("b", "float", width), clt_load("c", "float", width),
         functions[fn].to_scalar ? clt_format("out[i] = %s", value)
                                 : clt_store("out", "float", width, value));
   }
   cl_program program = clt_program(t.text, "");
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
      unsigned width = clt_widths[w];
      if ((functions[fn].geometric && width > 4) || (fn == FN_CROSS && width < 3))
         continue;
      cl_kernel kernel = clt_kernel_of(program, clt_format("w%u", width));
      cl_mem mem = clt_buffer(N * 4, NULL);
      for (int k = 0; k < 3; k++)
         clt_arg_mem(kernel, k, mems[k]);
      clt_arg_mem(kernel, 3, mem);
      clt_launch_1d(kernel, N / width, 0);
      clt_read(mem, 0, N * 4, out);

      unsigned results = functions[fn].to_scalar ? N / width : N;
      unsigned n = functions[fn].geometric ? width : 1;
      for (unsigned i = 0; i < results; i++) {
         unsigned v = functions[fn].to_scalar ? i : i / n, c = functions[fn].to_scalar ? 0 : i % n;
         double want = 0;
         if (!check(fn, n, c, in[0] + v * n, in[1] + v * n, in[2] + v * n, out[i], &want)) {
            clt_fail("width %u, vector %u, component %u: x = %g..., y = %g..., z = %g...: got "
                     "%.9g, expected %.9g",
                     width, v, c, in[0][v * n], in[1][v * n], in[2][v * n], out[i], want);
            break;
         }
      }
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "common and geometric built-in functions on float");
   for (enum function fn = 0; fn < NUM_FUNCTIONS; fn++)
      clt_run(test_function, &fn, "%s", functions[fn].name);
   return clt_done();
}
