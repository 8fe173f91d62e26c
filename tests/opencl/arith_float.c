// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Float operators for every vector width. Addition, subtraction and multiplication are correctly
 * rounded, so with contraction off their results equal the host's to the bit (any NaN equals any
 * NaN), and so does every expression made of them; division may be 2.5 ulp off. */

#include "cl_values.h"

#include <math.h>
#include <string.h>

#define N 2016

enum op {
   OP_ADD,
   OP_SUB,
   OP_MUL,
   OP_NEG,
   OP_MIXED,
   OP_LT,
   OP_LE,
   OP_EQ,
   OP_NE,
   OP_CHOOSE,
   OP_HORNER,
   OP_DIV,
   NUM_OPS,
};

static const struct {
   const char *expression;
   bool boolean;
} ops[NUM_OPS] = {
   [OP_ADD] = {"x + y"},
   [OP_SUB] = {"x - y"},
   [OP_MUL] = {"x * y"},
   [OP_NEG] = {"-x"},
   [OP_MIXED] = {"x * y + x"},
   [OP_LT] = {"x < y", true},
   [OP_LE] = {"x <= y", true},
   [OP_EQ] = {"x == y", true},
   [OP_NE] = {"x != y", true},
   [OP_CHOOSE] = {"x > y ? x : y"},
   [OP_HORNER] = {"((x * 0.25f - 3.0f) * x + y) * x - 0.1f"},
   [OP_DIV] = {"x / y"},
};

static float
expected(enum op op, unsigned width, float x, float y)
{
   const float yes = width == 1 ? 1 : -1;

   switch (op) {
   case OP_ADD:
      return x + y;
   case OP_SUB:
      return x - y;
   case OP_MUL:
      return x * y;
   case OP_NEG:
      return -x;
   case OP_MIXED:
      return x * y + x;
   case OP_LT:
      return x < y ? yes : 0;
   case OP_LE:
      return x <= y ? yes : 0;
   case OP_EQ:
      return x == y ? yes : 0;
   case OP_NE:
      return x != y ? yes : 0;
   case OP_CHOOSE:
      return x > y ? x : y;
   case OP_HORNER:
      return ((x * 0.25f - 3.0f) * x + y) * x - 0.1f;
   case OP_DIV:
      return x / y;
   case NUM_OPS:
      break;
   }
   return 0;
}

static bool keeps_denormals;

static void
test_operators(const void *arg)
{
   unsigned width = *(const unsigned *)arg;
   struct clt_text t = {0};
   float *a = clt_alloc(N * 4), *b = clt_alloc(N * 4), *out = clt_alloc(NUM_OPS * N * 4);
   uint64_t random = clt.seed;

   clt_append(
      &t,
      "#pragma OPENCL FP_CONTRACT OFF\n"
      "kernel void test(uint n, global const float *a, global const float *b, global float *out)\n"
      "{\n   size_t i = get_global_id(0);\n   %s x = %s, y = %s;\n",
      clt_vec("float", width), clt_load("a", "float", width), clt_load("b", "float", width));
   for (int op = 0; op < NUM_OPS; op++) {
      const char *value = clt_format("(%s)", ops[op].expression);
      if (ops[op].boolean)
         value = clt_format("convert_%s%s", clt_vec("float", width), value);
      clt_append(&t, "   %s;\n", clt_store(clt_format("out + %d * n", op), "float", width, value));
   }
   clt_append(&t, "}\n");
   clt_fill_floats(a, b, N, &random);
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem mem = clt_buffer(NUM_OPS * N * 4, NULL);
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(N * 4, a));
   clt_arg_mem(kernel, 2, clt_buffer(N * 4, b));
   clt_arg_mem(kernel, 3, mem);
   clt_launch_1d(kernel, N / width, 0);
   clt_read(mem, 0, NUM_OPS * N * 4, out);

   for (int op = 0; op < NUM_OPS; op++) {
      unsigned wrong = 0;
      for (int i = 0; i < N; i++) {
         float want = expected(op, width, a[i], b[i]), got = out[op * N + i];
         bool same = isnan(want) ? isnan(got) : clt_bits(want) == clt_bits(got);
         if (op == OP_DIV) /* against double: the correctly rounded quotient is not required */
            same = same || clt_ulp_error(got, (double)a[i] / b[i]) <= 2.5;
         if (!keeps_denormals && fabsf(want) < 0x1p-126f && got == 0)
            same = true;
         if (!keeps_denormals && (fabsf(a[i]) < 0x1p-126f || fabsf(b[i]) < 0x1p-126f))
            same = true; /* flushed inputs: checked by builtin_math for the functions */
         if (!same && !wrong++)
            clt_fail("%s: x = %a, y = %a: got %a, expected %a", ops[op].expression, a[i], b[i], got,
                     want);
      }
      if (wrong > 1)
         clt_fail("%s: %u of %d results are wrong", ops[op].expression, wrong, N);
   }
}

/* Long chains of dependent operations in a fixed order. */
static void
test_chain(const void *arg)
{
   static const char source[] =
      "#pragma OPENCL FP_CONTRACT OFF\n"
      "kernel void test(global const float *in, global float *out) {\n"
      "   int i = get_global_id(0);\n"
      "   float x = in[i], s = 0, p = 1;\n"
      "   for (int k = 0; k < 100; k++) {\n"
      "      s = s + x * p; p = p * 0.75f - x; x = x * 0.875f + 0.1f;\n"
      "      if (s > 100.0f) s = s - 99.5f; if (p < -50.0f) p = -p * 0.01f;\n"
      "   }\n"
      "   out[i] = s + p;\n"
      "}\n";
   float in[500], out[500];
   uint64_t random = clt.seed;

   for (int i = 0; i < 500; i++)
      in[i] = (int32_t)clt_random(&random) * 0x1p-26f;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, 500, 0);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 500; i++) {
      float x = in[i], s = 0, p = 1;
      for (int k = 0; k < 100; k++) {
         s = s + x * p;
         p = p * 0.75f - x;
         x = x * 0.875f + 0.1f;
         if (s > 100.0f)
            s = s - 99.5f;
         if (p < -50.0f)
            p = -p * 0.01f;
      }
      CLT_CHECK(clt_bits(out[i]) == clt_bits(s + p), "item %d: got %a, expected %a", i, out[i],
                s + p);
   }
}

/* Vectors that are carried through a loop and leave it. */
static void
test_vector_loop(const void *arg)
{
   static const char source[] =
      "kernel void test(global const float4 *in, global const float *factor, int n, global float4 "
      "*out) {\n"
      "   int i = get_global_id(0), steps = n + i % 3;\n"
      "   float4 sum = 0.0f, last = in[i];\n"
      "   float3 three = last.xyz;\n"
      "   for (int k = 0; k < n; k++) sum += in[k] * factor[k];\n"
      "   for (int k = 0; k < steps; k++) { last = last.wxyz * 0.5f; three += last.yzw; }\n"
      "   out[3 * i] = sum; out[3 * i + 1] = last; out[3 * i + 2] = (float4)(three, steps);\n"
      "}\n";
   enum {
      ITEMS = 70
   };
   float in[ITEMS][4], factor[ITEMS], out[ITEMS][3][4];
   const int n = 7;

   for (int i = 0; i < ITEMS; i++) { /* small integers: every sum is exact, fused or not */
      factor[i] = i % 5 - 2;
      for (int c = 0; c < 4; c++)
         in[i][c] = (i * 3 + c * 16) % 64 * 128;
   }
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(factor), factor));
   clt_arg_i32(kernel, 2, n);
   clt_arg_mem(kernel, 3, mem);
   clt_launch_1d(kernel, ITEMS, 35);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < ITEMS; i++) {
      int steps = n + i % 3;
      float want[3][4] = {{0}}, last[4];

      for (int c = 0; c < 4; c++) {
         for (int k = 0; k < n; k++)
            want[0][c] += in[k][c] * factor[k];
      }
      memcpy(last, in[i], sizeof(last));
      memcpy(want[2], last, 3 * sizeof(float));
      for (int k = 0; k < steps; k++) {
         const float turned[4] = {last[3] * 0.5f, last[0] * 0.5f, last[1] * 0.5f, last[2] * 0.5f};
         memcpy(last, turned, sizeof(last));
         for (int c = 0; c < 3; c++)
            want[2][c] += last[c + 1];
      }
      memcpy(want[1], last, sizeof(last));
      want[2][3] = steps;
      for (int v = 0; v < 3; v++) {
         for (int c = 0; c < 4; c++)
            CLT_CHECK(out[i][v][c] == want[v][c],
                      "item %d, vector %d, component %d: got %g, expected %g", i, v, c,
                      out[i][v][c], want[v][c]);
      }
   }
}

/* What the compiler knows of a value - a constant, a range - must not change what is computed from it, also for NaN,
 * infinities, zeros of either sign, and what overflows or underflows: every expression once as it stands and once with
 * constants that come from memory and with R() hiding how its argument came about. */
static void
test_known_values(const void *arg)
{
   static const char *const expressions[] = {
      /* constants */
      "x * Z",
      "-Z * x",
      "x + Z",
      "x - Z",
      "-Z + x",
      "Z - x",
      "x - x",
      "x + -x",
      "x * ONE",
      "x * -ONE",
      "fma(x, Z, y)",
      "fma(Z, y, x)",
      "fma(x, y, Z)",
      "fma(x, y, -Z)",
      "fma(Z, x, Z)",
      "fma(ONE, x, y)",
      "fma(x, -Z, y)",
      "fabs(x * Z)",
      "(x + Z) * y",
      "-(x - y)",
      "-(x * y) * Z",
      "x * Z + y",
      "x - floor(x)",
      "x + (-x - floor(-x))",
      "Z * sqrt(x)",
      "x == x ? x : y",
      "x < y ? x : y",
      "fabs(x) * -Z",
      "-(-x + Z)",
      "x / ONE",
      "Z / x",
      "x / x",
      "(x * ONE == x) * y",
      "(x - x == Z) * y",
      /* ranges */
      "R(fabs(x)) * R(fabs(y)) > Z",
      "R(fabs(x) * fabs(y)) == Z",
      "R(x * x) >= Z",
      "R(x * x) == Z",
      "R(x * x) + ONE > Z",
      "R(fabs(x)) + ONE > Z",
      "R(sqrt(x)) >= Z",
      "fabs(R(sqrt(x)))",
      "R(-fabs(x)) <= Z",
      "R(-fabs(x)) < ONE",
      "R(ONE / (fabs(x) + ONE)) > Z",
      "R(ONE / fabs(x)) > Z",
      "R(ONE / fabs(x)) == Z",
      "R(fmax(x, ONE)) > Z",
      "R(fmin(x, -ONE)) < Z",
      "R(fmax(x, Z)) >= Z",
      "R(fmin(x, Z)) <= Z",
      "R(x > Z ? x : ONE) > Z",
      "R(x < Z ? x : -ONE) < Z",
      "R(floor(fabs(x))) >= Z",
      "R(ceil(-fabs(x))) <= Z",
      "fabs(R(ceil(-fabs(x))))",
      "R(trunc(x)) == R(floor(x))",
      "R(x - trunc(x)) == Z",
      "fabs(R(x < y ? ONE : Z))",
      "R(x < y ? ONE : Z) * x",
      "fabs(R(x < y ? ONE : -Z))",
      "R(fabs(x)) == R(fabs(x))",
      "R(x * x) == R(x * x)",
      "R(x + y) == R(x + y)",
      "R(exp2(x)) > Z",
      "R(exp2(-fabs(x))) <= ONE",
      "R(cos(x)) <= ONE",
      "R(fabs(x) - ONE) < Z",
      "fmin(R(fabs(x)), ONE)",
      "fmax(fmin(R(fabs(x)), ONE), Z)",
      "fmin(fmax(R(x), Z), ONE) == x",
      "R(sign(x)) == Z",
      "R(sign(x)) * y",
      "R(isnan(x) ? ONE : Z) + y",
      "!(R(fabs(x)) < R(fabs(y)))",
      "!(R(fabs(x)) >= R(-fabs(y)))",
      "R(x + y) >= Z",
      "R(x + ONE) == Z",
      "R(floor(x)) == x",
      "R(fma(x, x, ONE)) > Z",
      "R(fma(fabs(x), fabs(y), Z)) > Z",
      "fabs(R(fma(x, x, -Z)))",
      "R(ldexp(fabs(x), -200)) > Z",
      "fabs(R(x * fabs(y)) * Z)",
   };
   static const double values[] = {/* the last two are the zero and the one */
                                   0.0,   -0.0,   1.0,   -1.0,   2.5,   -0.625, INFINITY, -INFINITY,
                                   NAN,   3e4,    -3e4,  1e-4,   -6e-8, 7.75,   3e38,     -3e38,
                                   1e-40, -3e-39, 1e308, 1e-310, 0.0,   1.0};
   enum {
      VALUES = CLT_ARRAY_SIZE(values) - 2,
      EXPRESSIONS = CLT_ARRAY_SIZE(expressions),
   };
   const char *type = arg;
   bool is_half = !strcmp(type, "half");
   const char *bits = is_half ? "ushort" : !strcmp(type, "float") ? "uint" : "ulong";
   double(*got)[2][VALUES * VALUES] = clt_alloc(EXPRESSIONS * sizeof(*got));
   struct clt_text t = {0};

   if (!clt_has_extension("cl_khr_fp64"))
      clt_skip("the device has no cl_khr_fp64");
   if (is_half && !clt_has_extension("cl_khr_fp16"))
      clt_skip("the device has no cl_khr_fp16");
   clt_append(
      &t,
      "%s#pragma OPENCL FP_CONTRACT OFF\n"
      "kernel void test(global const double *values, global double (*out)[2][%d])\n"
      "{\n   size_t i = get_global_id(0);\n   %s x = values[i / %d], y = values[i %% %d];\n",
      is_half ? "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n" : "", VALUES * VALUES, type,
      VALUES, VALUES);
   clt_append(&t, "   {\n#define R(e) (e)\n      const %s Z = 0, ONE = 1;\n", type);
   for (int e = 0; e < EXPRESSIONS; e++)
      clt_append(&t, "      out[%d][0][i] = %s;\n", e, expressions[e]);
   clt_append(&t,
              "   }\n   {\n#undef R\n#define R(e) as_%s((%s)(as_%s((%s)(e)) ^ as_%s(Z)))\n"
              "      const %s Z = values[%d], ONE = values[%d];\n",
              type, bits, bits, type, bits, type, VALUES, VALUES + 1);
   for (int e = 0; e < EXPRESSIONS; e++)
      clt_append(&t, "      out[%d][1][i] = %s;\n", e, expressions[e]);
   clt_append(&t, "   }\n}\n");

   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem mem = clt_buffer(EXPRESSIONS * sizeof(*got), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(values), values));
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, VALUES * VALUES, 0);
   clt_read(mem, 0, EXPRESSIONS * sizeof(*got), got);
   for (int e = 0; e < EXPRESSIONS; e++) {
      for (int i = 0; i < VALUES * VALUES; i++) {
         double known = got[e][0][i], hidden = got[e][1][i];
         CLT_CHECK(isnan(known) ? isnan(hidden)
                                : known == hidden && !signbit(known) == !signbit(hidden),
                   "%s: x = %g, y = %g: %g known, %g hidden", expressions[e], values[i / VALUES],
                   values[i % VALUES], known, hidden);
      }
   }
}

int
main(int argc, char **argv)
{
   cl_device_fp_config config = 0;

   clt_init(argc, argv, "float operators of all vector widths");
   if (clt.device)
      clGetDeviceInfo(clt.device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(config), &config, NULL);
   keeps_denormals = config & CL_FP_DENORM;
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++)
      clt_run(test_operators, &clt_widths[w], "operators.float.%u", clt_widths[w]);
   clt_run(test_known_values, "float", "known_values.float");
   clt_run(test_known_values, "double", "known_values.double");
   clt_run(test_known_values, "half", "known_values.half");
   clt_run(test_chain, NULL, "chain");
   clt_run(test_vector_loop, NULL, "vector_loop");
   return clt_done();
}
