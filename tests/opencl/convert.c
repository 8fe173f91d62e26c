// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Explicit conversions of OpenCL C (specification 6.4.3): convert_DST[_sat][_rte|_rtz|_rtp|_rtn]
 * between all pairs of integer types and float; as_type; and implicit conversions. One case per
 * pair of types: every combination of saturation and rounding for scalars, and two of them for one
 * vector width that depends on the pair.
 *
 * A float that is out of the range of an integer type converts to anything unless _sat is given:
 * such inputs are left out then. */

#include "cl_values.h"

#include <math.h>
#include <string.h>

#define N                   1008
#define NUM_SCALAR_VARIANTS 10
#define NUM_VARIANTS        12 /* scalar ones, vector without and with _sat */

enum rounding {
   R_DEFAULT,
   R_RTE,
   R_RTZ,
   R_RTP,
   R_RTN,
};

static const char *const suffixes[] = {"", "_rte", "_rtz", "_rtp", "_rtn"};

struct variant {
   bool sat;
   enum rounding rounding;
   bool vector;
};

static struct variant
variant(unsigned i)
{
   if (i < NUM_SCALAR_VARIANTS)
      return (struct variant){i >= 5, i % 5, false};
   return (struct variant){i == 11, i == 11 ? R_RTE : R_DEFAULT, true};
}

/* Rounds sign * magnitude to float. */
static float
round_to_float(bool negative, uint64_t magnitude, enum rounding mode)
{
   unsigned length = magnitude ? 64 - __builtin_clzll(magnitude) : 0;
   float f;

   if (length <= 24) {
      f = magnitude;
   } else {
      unsigned shift = length - 24;
      uint64_t kept = magnitude >> shift, rest = magnitude & ((1ull << shift) - 1);
      uint64_t half = 1ull << (shift - 1);
      bool up;

      switch (mode) {
      case R_RTZ:
         up = false;
         break;
      case R_RTP:
         up = rest && !negative;
         break;
      case R_RTN:
         up = rest && negative;
         break;
      default:
         up = rest > half || (rest == half && (kept & 1));
         break;
      }
      f = ldexpf(kept + up, shift);
   }
   return negative ? -f : f;
}

/* False when any result is right. */
static bool
expected(const struct clt_type *dst, const struct clt_type *src, struct variant v, uint64_t in,
         uint64_t *out)
{
   if (src->is_float && dst->is_float) {
      *out = in;
      return true;
   }
   if (dst->is_float) {
      bool negative = src->is_signed && (int64_t)in < 0;
      *out = clt_bits(round_to_float(negative, negative ? -in : in, v.rounding));
      return true;
   }
   if (!src->is_float) {
      *out = in;
      if (v.sat) {
         __int128 value = src->is_signed ? (__int128)(int64_t)in : (__int128)in;
         __int128 lo = dst->is_signed ? (__int128)(int64_t)clt_min(dst) : 0;
         __int128 hi = dst->is_signed ? (__int128)(int64_t)clt_max(dst) : (__int128)clt_max(dst);
         *out = value < lo ? lo : value > hi ? hi : value;
      }
      *out = clt_wrap(dst, *out);
      return true;
   }

   float f = clt_from_bits(in);
   double r = v.rounding == R_RTE   ? rint(f)
              : v.rounding == R_RTP ? ceil(f)
              : v.rounding == R_RTN ? floor(f)
                                    : trunc(f);
   double limit = ldexp(1, 8 * dst->size_B - dst->is_signed);
   double lowest = dst->is_signed ? -limit : 0;
   if (isnan(f)) {
      *out = 0;
      return v.sat;
   }
   if (r >= limit) {
      *out = clt_max(dst);
      return v.sat;
   }
   if (r < lowest) {
      *out = clt_min(dst);
      return v.sat;
   }
   *out = dst->is_signed ? (uint64_t)(int64_t)r : (uint64_t)r;
   return true;
}

struct params {
   const struct clt_type *dst, *src;
   unsigned width;
};

static unsigned
vector_width(const struct clt_type *dst, const struct clt_type *src)
{
   return clt_widths[1 + ((dst - clt_types) + 2 * (src - clt_types)) % 5];
}

static const char *
make_source(const struct clt_type *dst, const struct clt_type *src)
{
   struct clt_text t = {0};
   unsigned width = vector_width(dst, src);

   clt_append(&t,
              "kernel void test(uint n, global const %s *in, global %s *out)\n{\n"
              "   size_t i = get_global_id(0);\n   %s x = in[i];\n",
              src->name, dst->name, src->name);
   for (unsigned k = 0; k < NUM_SCALAR_VARIANTS; k++) {
      struct variant v = variant(k);
      if (!(v.sat && dst->is_float))
         clt_append(&t, "   out[%u * n + i] = convert_%s%s%s(x);\n", k, dst->name,
                    v.sat ? "_sat" : "", suffixes[v.rounding]);
   }
   clt_append(&t, "   if (i < n / %u) {\n      %s y = %s;\n", width, clt_vec(src->name, width),
              clt_load("in", src->name, width));
   for (unsigned k = NUM_SCALAR_VARIANTS; k < NUM_VARIANTS; k++) {
      struct variant v = variant(k);
      if (!(v.sat && dst->is_float))
         clt_append(&t, "      %s;\n",
                    clt_store(clt_format("out + %u * n", k), dst->name, width,
                              clt_format("convert_%s%s%s(y)", clt_vec(dst->name, width),
                                         v.sat ? "_sat" : "", suffixes[v.rounding])));
   }
   clt_append(&t, "   }\n}\n");
   return t.text;
}

static void
test_convert(const void *arg)
{
   const struct params *p = arg;
   const struct clt_type *dst = p->dst, *src = p->src;
   size_t in_bytes = N * src->size_B, out_bytes = NUM_VARIANTS * N * dst->size_B;
   void *in = clt_alloc(in_bytes), *out = clt_alloc(out_bytes);
   uint64_t random = clt.seed;

   if (src->is_float) {
      /* Beside the usual values: around the limits of every integer type, and halves. */
      float *f = in;
      clt_fill_floats(f, NULL, N, &random);
      for (int i = 0; i < N / 2; i++) {
         int exponent = i % 66;
         float step = exponent < 23 ? 0.5f : ldexpf(1, exponent - 23);
         f[i] = copysignf(ldexpf(1, exponent) + (i / 66 - 3) * step, i & 1 ? -1 : 1);
      }
   } else {
      clt_fill_integers(src, in, NULL, N, &random);
      if (dst->is_float) /* numbers that need rounding, ties among them */
         for (int i = N / 2; i < N; i++) {
            unsigned shift = i % (8 * src->size_B - 1);
            clt_put(src, in, i, (clt_random(&random) >> 39 << shift >> 1) | (i % 3 == 0 ? 1 : 0));
         }
   }

   cl_mem out_mem = clt_buffer(out_bytes, NULL);
   cl_kernel kernel = clt_kernel(make_source(dst, src), "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(in_bytes, in));
   clt_arg_mem(kernel, 2, out_mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(out_mem, 0, out_bytes, out);

   for (unsigned k = 0; k < NUM_VARIANTS; k++) {
      struct variant v = variant(k);
      unsigned wrong = 0;

      if (v.sat && dst->is_float)
         continue;
      for (int i = 0; i < N; i++) {
         uint64_t x = clt_get(src, in, i), want, got = clt_get(dst, out, (size_t)k * N + i);

         if (!expected(dst, src, v, x, &want) || got == want)
            continue;
         if (dst->is_float && isnan(clt_from_bits(want)) && isnan(clt_from_bits(got)))
            continue;
         if (!wrong++)
            clt_fail("convert_%s%s%s(%s): got %s, expected %s",
                     clt_vec(dst->name, v.vector ? p->width : 1), v.sat ? "_sat" : "",
                     suffixes[v.rounding], clt_show(src, x), clt_show(dst, got),
                     clt_show(dst, want));
      }
      if (wrong > 1)
         clt_fail("variant %s%s%s: %u wrong results", v.vector ? "vector" : "scalar",
                  v.sat ? "_sat" : "", suffixes[v.rounding], wrong);
   }
}

/* as_type keeps the bits, whatever the shape. */
static void
test_as_type(const void *arg)
{
   static const char source[] =
      "kernel void test(global const uchar *in, global uchar *out) {\n"
      "   size_t i = get_global_id(0);\n"
      "   uchar16 b = vload16(i, in);\n"
      "   float4 f = as_float4(b);\n"
      "   long2 l = as_long2(f);\n"
      "   short8 s = as_short8(l);\n"
      "   uint4 u = as_uint4(s);\n"
      "   u.x = as_uint(as_float(u.x)); u.y = as_uint(as_char4(u.y)); u.z = "
      "as_uint(as_short2(u.z));\n"
      "   ulong one = as_ulong(u.xy);\n"
      "   u.xy = as_uint2(as_float2(one));\n"
      "   int3 three = as_int3(u);\n" /* a 3-vector has the size of a 4-vector */
      "   u.xyz = as_uint3(as_float3(three));\n"
      "   vstore16(as_uchar16(u), i, out);\n"
      "}\n";
   uint8_t in[16 * 64], out[sizeof(in)] = {0};
   uint64_t random = clt.seed;

   for (size_t i = 0; i < sizeof(in); i++) {
      in[i] = clt_random(&random);
      if (i % 4 == 3)
         in[i] &= 0xbf; /* no NaN: a move may make a signalling one quiet */
   }
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem out_mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, out_mem);
   clt_launch_1d(kernel, 64, 0);
   clt_read(out_mem, 0, sizeof(out), out);
   for (size_t i = 0; i < sizeof(in) && !clt_failed(); i++)
      CLT_CHECK(in[i] == out[i], "byte %zu: got 0x%02x, expected 0x%02x", i, out[i], in[i]);
}

/* The usual arithmetic conversions of C: ranks, signs, integer promotion, assignment, mixed with
 * float. */
static void
test_implicit(const void *arg)
{
   static const char source[] =
      "kernel void test(char c, uchar uc, short s, ushort us, int i, uint u, long l, ulong ul, "
      "float f,\n"
      "                 global long *out) {\n"
      "   int n = 0;\n"
      "   out[n++] = c + uc;\n"
      "   out[n++] = c * us;\n"
      "   out[n++] = (uchar)(c + uc);\n"
      "   out[n++] = i + u;\n" /* uint */
      "   out[n++] = l + u;\n"
      "   out[n++] = i < u;\n" /* compared as uint */
      "   out[n++] = c < uc;\n"
      "   out[n++] = s >> 3;\n"
      "   out[n++] = us << 16;\n"
      "   out[n++] = ~uc;\n"
      "   out[n++] = -us;\n"
      "   out[n++] = (ulong)i > ul;\n"
      "   out[n++] = f + i;\n"
      "   out[n++] = (char)(int)f;\n"
      "   out[n++] = uc / c;\n"
      "   out[n++] = l % s;\n"
      "   out[n++] = (bool)f + (bool)0.25f + !c;\n"
      "   uc += 250; c -= 100; us *= 3; s <<= 4;\n"
      "   out[n++] = uc; out[n++] = c; out[n++] = us; out[n++] = s;\n"
      "   out[n++] = sizeof(c + uc) + 10 * sizeof(i + l) + 100 * sizeof(f * l);\n"
      "}\n";
   signed char c = -77;
   unsigned char uc = 201;
   short s = -12345;
   unsigned short us = 54321;
   int i = -1000000007;
   unsigned u = 4000000000u;
   cl_long l = -5000000000000;
   cl_ulong ul = 18000000000000000000ull;
   float f = 1e6f;
   int64_t want[32], got[32] = {0};
   int n = 0;

   want[n++] = c + uc;
   want[n++] = c * us;
   want[n++] = (unsigned char)(c + uc);
   want[n++] = i + u;
   want[n++] = l + u;
   want[n++] = (unsigned)i < u;
   want[n++] = c < uc;
   want[n++] = s >> 3;
   want[n++] = (int32_t)((uint32_t)us << 16);
   want[n++] = ~uc;
   want[n++] = -us;
   want[n++] = (cl_ulong)i > ul;
   want[n++] = f + i;
   want[n++] = (signed char)(int)f;
   want[n++] = uc / c;
   want[n++] = l % s;
   want[n++] = 2;
   uc += 250;
   want[n++] = uc;
   c = (signed char)(c - 100);
   want[n++] = c;
   us *= 3;
   want[n++] = us;
   s = (short)((unsigned)s << 4);
   want[n++] = s;
   want[n++] = 4 + 80 + 400;

   c = -77, uc = 201, s = -12345, us = 54321;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem out = clt_buffer(sizeof(got), NULL);
   clt_arg(kernel, 0, 1, &c);
   clt_arg(kernel, 1, 1, &uc);
   clt_arg(kernel, 2, 2, &s);
   clt_arg(kernel, 3, 2, &us);
   clt_arg(kernel, 4, 4, &i);
   clt_arg(kernel, 5, 4, &u);
   clt_arg(kernel, 6, 8, &l);
   clt_arg(kernel, 7, 8, &ul);
   clt_arg(kernel, 8, 4, &f);
   clt_arg_mem(kernel, 9, out);
   clt_launch_1d(kernel, 1, 1);
   clt_read(out, 0, sizeof(got), got);
   for (int k = 0; k < n; k++)
      CLT_CHECK(got[k] == want[k], "expression %d: got %lld, expected %lld", k, (long long)got[k],
                (long long)want[k]);
}

/* Conversions of constants: the compiler does them, not the device. */
static void
test_constants(const void *arg)
{
   static const char text[] = "kernel void constants(global ulong *out) {\n"
                              "   out[0] = convert_uchar_sat(-1.5f);\n"
                              "   out[1] = convert_ushort_sat(-32.0f);\n"
                              "   out[2] = convert_uint_sat(-32.0f);\n"
                              "   out[3] = convert_ulong_sat(-32.0f);\n"
                              "   out[4] = convert_uchar_sat(300.0f);\n"
                              "   out[5] = convert_uint_sat(1e20f);\n"
                              "   out[6] = (ulong)convert_char_sat(-1000.0f);\n"
                              "   out[7] = (ulong)convert_int_sat(-1e20f);\n"
                              "   out[8] = convert_uint_sat(NAN);\n"
                              "   out[9] = convert_uint_sat_rtp(41.25f);\n"
                              "}\n";
   static const uint64_t expected[] = {
      0, 0, 0, 0, 255, UINT32_MAX, (uint64_t)-128, (uint64_t)INT32_MIN, 0, 42,
   };
   uint64_t got[CLT_ARRAY_SIZE(expected)];

   cl_kernel kernel = clt_kernel(text, "", "constants");
   cl_mem mem = clt_buffer(sizeof(got), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(mem, 0, sizeof(got), got);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(expected); i++)
      CLT_CHECK(got[i] == expected[i], "constant %u: 0x%llx, expected 0x%llx", i,
                (unsigned long long)got[i], (unsigned long long)expected[i]);
}

/* There and back: the first conversion rounds, which no compiler may leave out. */
static void
test_there_and_back(const void *arg)
{
   static const char text[] = "kernel void back(global ulong *out, uint u, ulong l, int i) {\n"
                              "   out[0] = (uint)(float)u;\n"
                              "   out[1] = (ulong)(float)l;\n"
                              "   out[2] = (ulong)(double)l;\n"
                              "   out[3] = (ulong)(int)(float)i;\n"
                              "   out[4] = convert_uint_sat((float)(u | 0xff000000));\n"
                              "   out[5] = convert_uint(convert_float_rtz(u));\n"
                              "}\n";
   const cl_uint u = 0x01000001;
   const cl_ulong l = 0x0020000000000001;
   const cl_int i = -0x01000001;
   static const uint64_t expected[] = {
      0x01000000, 0x0020000000000000, 0x0020000000000000, (uint64_t)-0x01000000,
      0xff000000, 0x01000000,
   };
   uint64_t got[CLT_ARRAY_SIZE(expected)];

   cl_kernel kernel = clt_kernel(text, "", "back");
   cl_mem mem = clt_buffer(sizeof(got), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_arg(kernel, 1, sizeof(u), &u);
   clt_arg(kernel, 2, sizeof(l), &l);
   clt_arg(kernel, 3, sizeof(i), &i);
   clt_launch_1d(kernel, 1, 1);
   clt_read(mem, 0, sizeof(got), got);
   for (unsigned k = 0; k < CLT_ARRAY_SIZE(expected); k++)
      CLT_CHECK(got[k] == expected[k], "expression %u: 0x%llx, expected 0x%llx", k,
                (unsigned long long)got[k], (unsigned long long)expected[k]);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "conversions between all scalar types with rounding and saturation");
   for (int d = 0; d < CLT_NUM_SCALARS; d++) {
      for (int s = 0; s < CLT_NUM_SCALARS; s++) {
         const struct params p = {&clt_types[d], &clt_types[s],
                                  vector_width(&clt_types[d], &clt_types[s])};
         clt_run(test_convert, &p, "convert.%s.%s", p.dst->name, p.src->name);
      }
   }
   clt_run(test_as_type, NULL, "as_type");
   clt_run(test_implicit, NULL, "implicit");
   clt_run(test_constants, NULL, "constants");
   clt_run(test_there_and_back, NULL, "there_and_back");
   return clt_done();
}
