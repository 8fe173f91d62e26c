// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Conversions from and to half and double (specification 6.4.3), between these, float and all
 * integer types: every combination of saturation and rounding, for scalars and 4-vectors; and
 * vstore_half in every rounding mode. convert.c has the pairs without half and double.
 *
 * Expected results come from binary128 numbers (precision_format.c), which hold all values of all
 * types. What is out of the range of an integer type converts to anything unless _sat is given. */

#include "cl_values.h"
#include "precision.h"

#include <string.h>

#define N 1024

/* The integer types of clt_types, then the formats of prec_formats. */
#define NUM_TYPES (CLT_NUM_INTEGERS + PREC_NUM_TYPES)

static const char *const suffixes[] = {"", "_rte", "_rtz", "_rtp", "_rtn"};

static const struct prec_format *
format_of(int type)
{
   return type < CLT_NUM_INTEGERS ? NULL : &prec_formats[type - CLT_NUM_INTEGERS];
}

static const char *
name_of(int type)
{
   return format_of(type) ? format_of(type)->name : clt_types[type].name;
}

static unsigned
size_of(int type)
{
   return format_of(type) ? format_of(type)->size_B : clt_types[type].size_B;
}

static wide
value_of(int type, uint64_t bits)
{
   if (format_of(type))
      return prec_decode(format_of(type), bits);
   uint64_t value = clt_wrap(&clt_types[type], bits);
   return clt_types[type].is_signed ? (wide)(int64_t)value : (wide)value;
}

/* The default is to nearest for floats, toward zero for integers. */
static enum prec_rounding
rounding(int dst, unsigned suffix)
{
   return suffix ? (enum prec_rounding)(suffix - 1) : format_of(dst) ? PREC_RTE : PREC_RTZ;
}

/* False when any result is right. */
static bool
expected(int dst, bool sat, enum prec_rounding mode, wide in, uint64_t *out)
{
   if (format_of(dst)) {
      *out = prec_round(format_of(dst), in, mode);
      return true;
   }

   const struct clt_type *type = &clt_types[dst];
   wide low = type->is_signed ? -scalbnf128(1, 8 * type->size_B - 1) : 0;
   wide high = scalbnf128(1, 8 * type->size_B - type->is_signed) - 1;
   wide rounded = isnan(in) ? 0 : prec_round_to_integer(in, mode);
   bool fits = !isnan(in) && rounded >= low && rounded <= high;

   rounded = rounded < low ? low : rounded > high ? high : rounded;
   *out = clt_wrap(type, type->is_signed ? (uint64_t)(int64_t)rounded : (uint64_t)rounded);
   return fits || sat;
}

struct pair {
   int dst, src;
};

static const char *
make_source(const struct pair *p)
{
   const char *dst = name_of(p->dst), *src = name_of(p->src);
   struct clt_text t = {0};

   clt_append(&t,
              "#ifdef cl_khr_fp16\n#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n#endif\n"
              "kernel void test(uint n, global const %s *in, global %s *out)\n{\n"
              "   size_t i = get_global_id(0);\n   %s x = in[i];\n",
              src, dst, src);
   for (int sat = 0; sat < (format_of(p->dst) ? 1 : 2); sat++)
      for (unsigned s = 0; s < CLT_ARRAY_SIZE(suffixes); s++)
         clt_append(&t, "   out[%u * n + i] = convert_%s%s%s(x);\n", 5 * sat + s, dst,
                    sat ? "_sat" : "", suffixes[s]);
   /* Row 10: vectors with the mode the scalars of row 3 have. */
   clt_append(
      &t, "   if (i < n / 4)\n      vstore4(convert_%s4_rtp(vload4(i, in)), i, out + 10 * n);\n}\n",
      dst);
   return t.text;
}

/* Around limits and halves, and any bits. */
static void
fill(const struct pair *p, uint8_t *in)
{
   const struct prec_format *f = format_of(p->src);
   uint64_t random = clt.seed;

   if (!f) {
      clt_fill_integers(&clt_types[p->src], in, NULL, N, &random);
      return;
   }
   for (int i = 0; i < N; i++) {
      uint64_t bits = clt_random(&random) >> (64 - 8 * f->size_B);
      int exponent = i / 7 % 70 - 3;

      if (i % 4 != 0 && exponent <= f->emax) {
         wide step = exponent < f->digits ? 0.25 : scalbnf128(1, exponent - f->digits + 1);
         wide value = scalbnf128(1, exponent) + (i % 7 - 3) * step;
         bits = prec_encode(f, i & 1 ? -value : value);
         if (i % 4 == 2) /* numbers that no narrower format has, ties among them */
            bits ^= 1ull << clt_random(&random) % f->digits;
      }
      if (i < 6)
         bits = prec_encode(f, (const wide[]){INFINITY, -INFINITY, NAN, 0, -0.0, 1}[i]);
      memcpy(in + (size_t)i * f->size_B, &bits, f->size_B);
   }
}

static void
need_extensions(int type)
{
   if (format_of(type) && format_of(type)->extension &&
       !clt_has_extension(format_of(type)->extension))
      clt_skip("the device has no %s", format_of(type)->extension);
}

static uint64_t
element(const uint8_t *array, int type, size_t i)
{
   uint64_t bits = 0;

   memcpy(&bits, array + i * size_of(type), size_of(type));
   return bits;
}

static bool
same(int type, uint64_t a, uint64_t b)
{
   if (format_of(type) && isnan(value_of(type, a)))
      return isnan(value_of(type, b));
   return format_of(type) ? a == b : clt_wrap(&clt_types[type], a) == clt_wrap(&clt_types[type], b);
}

static void
test_convert(const void *arg)
{
   const struct pair *p = arg;
   size_t in_B = N * size_of(p->src), out_B = 11 * N * size_of(p->dst);
   uint8_t *in = clt_alloc(in_B), *out = clt_alloc(out_B);

   need_extensions(p->src);
   need_extensions(p->dst);
   fill(p, in);
   cl_mem mem = clt_buffer(out_B, NULL);
   cl_kernel kernel = clt_kernel(make_source(p), "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(in_B, in));
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(mem, 0, out_B, out);

   for (int row = 0; row < 11; row++) {
      bool sat = row >= 5 && row < 10;
      unsigned suffix = row == 10 ? 3 : row % 5;

      if (sat && format_of(p->dst))
         continue;
      for (size_t i = 0; i < N; i++) {
         uint64_t x = element(in, p->src, i), got = element(out, p->dst, row * N + i), want;

         if (expected(p->dst, sat, rounding(p->dst, suffix), value_of(p->src, x), &want))
            CLT_CHECK(same(p->dst, want, got), "convert_%s%s%s%s(%a): got 0x%llx, expected 0x%llx",
                      name_of(p->dst), row == 10 ? "4" : "", sat ? "_sat" : "", suffixes[suffix],
                      (double)value_of(p->src, x), (unsigned long long)got,
                      (unsigned long long)want);
      }
   }
}

static void
test_vstore_half(const void *arg)
{
   int src = *(const int *)arg, half = CLT_NUM_INTEGERS + PREC_HALF;
   const struct pair p = {half, src};
   const char *type = name_of(src);
   uint8_t *in = clt_alloc(N * size_of(src)), *out = clt_alloc(6 * N * 2);
   struct clt_text t = {0};

   need_extensions(src);
   clt_append(&t,
              "kernel void test(uint n, global const %s *in, global half *out)\n{\n"
              "   size_t i = get_global_id(0);\n",
              type);
   for (unsigned s = 0; s < CLT_ARRAY_SIZE(suffixes); s++)
      clt_append(&t, "   vstore_half%s(in[i], %u * n + i, out);\n", suffixes[s], s);
   clt_append(&t,
              "   if (i < n / 4)\n      vstorea_half4_rtn(vload4(i, in), i, out + 5 * n);\n}\n");
   fill(&p, in);
   cl_mem mem = clt_buffer(6 * N * 2, NULL);
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(N * size_of(src), in));
   clt_arg_mem(kernel, 2, mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(mem, 0, 6 * N * 2, out);
   for (unsigned row = 0; row < 6; row++) {
      unsigned suffix = row == 5 ? 4 : row;

      for (size_t i = 0; i < N; i++) {
         wide x = value_of(src, element(in, src, i));
         uint64_t got = element(out, half, row * N + i);
         uint64_t want = prec_round(&prec_formats[PREC_HALF], x, rounding(half, suffix));

         CLT_CHECK(same(half, want, got), "vstore_half%s(%a): got 0x%llx, expected 0x%llx",
                   suffixes[suffix], (double)x, (unsigned long long)got, (unsigned long long)want);
      }
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "conversions from and to half and double with rounding and saturation");
   for (int dst = 0; dst < NUM_TYPES; dst++) {
      for (int src = 0; src < NUM_TYPES; src++) {
         const struct pair p = {dst, src};
         bool known = (!format_of(dst) || dst == CLT_NUM_INTEGERS + PREC_FLOAT) &&
                      (!format_of(src) || src == CLT_NUM_INTEGERS + PREC_FLOAT);

         if (!known)
            clt_run(test_convert, &p, "convert.%s.%s", name_of(dst), name_of(src));
      }
   }
   for (int t = 0; t < 2; t++) {
      int src = CLT_NUM_INTEGERS + (t ? PREC_DOUBLE : PREC_FLOAT);
      clt_run(test_vstore_half, &src, "vstore_half.%s", name_of(src));
   }
   return clt_done();
}
