// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* vloadN and vstoreN of every type and width at element alignment, in every address space;
 * vload_half and vstore_half with all rounding modes, checked over all 65536 halves and many
 * floats; and memory accesses of every width at every alignment that OpenCL C allows. */

#include "cl_values.h"

#include <math.h>
#include <string.h>

#define ITEMS 40

/* ---- vloadN, vstoreN ---- */

static void
test_vector(const void *arg)
{
   const struct clt_type *type = arg;
   const char *n = type->name;
   struct clt_text t = {0};
   enum {
      SPACES = 4,
      LENGTH = ITEMS * 16 + 8
   };
   static const char *const spaces[SPACES] = {"global", "constant", "local", "private"};
   const unsigned section = LENGTH * (CLT_NUM_WIDTHS - 1);
   size_t in_bytes = LENGTH * type->size_B, out_bytes = SPACES * section * type->size_B;
   void *in = clt_alloc(in_bytes), *out = clt_alloc(out_bytes), *want = clt_alloc(out_bytes);

   /* Item i reads vector i behind an odd element offset and writes it behind another one. For local
    * and private memory the elements are copied there one by one first. */
   clt_append(&t,
              "kernel __attribute__((reqd_work_group_size(%d, 1, 1))) void\n"
              "test(global const %s *g, constant %s *c, global %s *out)\n{\n"
              "   local %s l[%d], lout[%d];\n   %s p[40], pout[40];\n"
              "   size_t i = get_local_id(0);\n"
              "   for (uint k = i; k < %d; k += %d) { l[k] = g[k]; lout[k] = 0; }\n"
              "   barrier(CLK_LOCAL_MEM_FENCE);\n",
              ITEMS, n, n, n, n, LENGTH, LENGTH, n, LENGTH, ITEMS);
   for (unsigned w = 1; w < CLT_NUM_WIDTHS; w++) {
      unsigned width = clt_widths[w], at = (w - 1) * LENGTH;

      clt_append(&t, "   vstore%u(vload%u(i, g + 1), i, out + %u);\n", width, width, at + 3);
      clt_append(&t, "   vstore%u(vload%u(i, c + 3), i, out + %u);\n", width, width,
                 section + at + 1);
      clt_append(&t,
                 "   vstore%u(vload%u(i, l + 5), i, lout + 1); barrier(CLK_LOCAL_MEM_FENCE);\n"
                 "   for (uint k = 0; k < %u; k++) out[%u + i * %u + k] = lout[1 + i * %u + k];\n"
                 "   barrier(CLK_LOCAL_MEM_FENCE);\n",
                 width, width, width, 2 * section + at + 1, width, width);
      clt_append(&t,
                 "   for (uint k = 0; k < 40; k++) { p[k] = g[(i + k) %% %d]; pout[k] = 0; }\n"
                 "   vstore%u(vload%u(i & 1, p + (i & 3)), 1, pout + 1);\n"
                 "   for (uint k = 0; k < %u; k++) out[%u + i * %u + k] = pout[%u + k];\n",
                 LENGTH, width, width, width, 3 * section + at, width, width + 1);
   }
   clt_append(&t, "}\n");

   uint64_t random = clt.seed;
   for (int i = 0; i < LENGTH; i++)
      clt_put(type, in, i, clt_random(&random) & (type->is_float ? 0xbfffffff : ~0ull));
   for (unsigned w = 1; w < CLT_NUM_WIDTHS; w++) {
      unsigned width = clt_widths[w], at = (w - 1) * LENGTH;

      for (unsigned i = 0; i < ITEMS; i++) {
         for (unsigned k = 0; k < width; k++) {
            unsigned e = i * width + k;
            clt_put(type, want, at + 3 + e, clt_get(type, in, e + 1));
            clt_put(type, want, section + at + 1 + e, clt_get(type, in, e + 3));
            clt_put(type, want, 2 * section + at + 1 + e, clt_get(type, in, e + 5));
            clt_put(type, want, 3 * section + at + e,
                    clt_get(type, in, (i + (i & 3) + (i & 1) * width + k) % LENGTH));
         }
      }
   }

   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem in_mem = clt_buffer(in_bytes, in), out_mem = clt_buffer(out_bytes, NULL);
   clt_arg_mem(kernel, 0, in_mem);
   clt_arg_mem(kernel, 1, in_mem);
   clt_arg_mem(kernel, 2, out_mem);
   clt_launch_1d(kernel, ITEMS, ITEMS);
   clt_read(out_mem, 0, out_bytes, out);
   for (unsigned i = 0; i < SPACES * section && !clt_failed(); i++) {
      uint64_t got = clt_get(type, out, i), expected = clt_get(type, want, i);
      CLT_CHECK(got == expected, "%s memory, width %u, element %u: got %s, expected %s",
                spaces[i / section], clt_widths[1 + i % section / LENGTH], i % LENGTH,
                clt_show(type, got), clt_show(type, expected));
   }
}

/* ---- half ---- */

static float
half_to_float(uint16_t h)
{
   int exponent = h >> 10 & 31, mantissa = h & 1023;
   float f;

   if (exponent == 31)
      f = mantissa ? NAN : INFINITY;
   else if (exponent == 0)
      f = ldexpf(mantissa, -24);
   else
      f = ldexpf(1024 + mantissa, exponent - 25);
   return h & 0x8000 ? -f : f;
}

/* Rounds to half; mode 'e' nearest even, 'z' to zero, 'p' up, 'n' down. NaN gives 0x7e00. */
static uint16_t
float_to_half(float f, char mode)
{
   bool negative = signbit(f);
   double a = fabs((double)f), unit;
   uint16_t sign = negative ? 0x8000 : 0;
   int exponent;

   if (isnan(f))
      return 0x7e00;
   if (isinf(f))
      return sign | 0x7c00;
   frexp(a, &exponent);
   exponent = exponent - 11 < -24 ? -24 : exponent - 11; /* of the last place */
   unit = ldexp(1, exponent);
   double q = floor(a / unit), rest = a / unit - q; /* exact */
   bool up = mode == 'e'   ? rest > 0.5 || (rest == 0.5 && fmod(q, 2) == 1)
             : mode == 'p' ? rest > 0 && !negative
             : mode == 'n' ? rest > 0 && negative
                           : false;
   double r = (q + up) * unit;
   if (r > 65504) {
      bool infinite = mode == 'e' || (mode == 'p' && !negative) || (mode == 'n' && negative);
      return sign | (infinite ? 0x7c00 : 0x7bff);
   }
   if (r < 0x1p-14)
      return sign | (uint16_t)(r * 0x1p24);
   frexp(r, &exponent);
   /* r = 1024..2047 * 2^(exponent - 11); the leading one counts as an exponent step */
   return sign | (((exponent + 13) << 10) + (uint16_t)ldexp(r, 11 - exponent));
}

static void
test_load_half(const void *arg)
{
   static const char source[] =
      "kernel void test(global const half *in, global float *out) {\n"
      "   size_t i = get_global_id(0), n = get_global_size(0) * 16;\n"
      "   for (int k = 0; k < 16; k++) out[i * 16 + k] = vload_half(i * 16 + k, in);\n"
      "   vstore16(vload_half16(i, in), i, out + n);\n"
      "   for (int k = 0; k < 4; k++) vstore4(vloada_half4(i * 4 + k, in), i * 4 + k, out + 2 * "
      "n);\n"
      "}\n";
   enum {
      COUNT = 65536
   };
   uint16_t *in = clt_alloc(COUNT * 2);
   float *out = clt_alloc(3 * COUNT * 4);

   for (int i = 0; i < COUNT; i++)
      in[i] = i;
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem out_mem = clt_buffer(3 * COUNT * 4, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(COUNT * 2, in));
   clt_arg_mem(kernel, 1, out_mem);
   clt_launch_1d(kernel, COUNT / 16, 0);
   clt_read(out_mem, 0, 3 * COUNT * 4, out);
   for (int i = 0; i < 3 * COUNT; i++) {
      static const char *const names[] = {"vload_half", "vload_half16", "vloada_half4"};
      float want = half_to_float(i % COUNT);
      bool same = isnan(want) ? isnan(out[i]) : clt_bits(out[i]) == clt_bits(want);
      CLT_CHECK(same, "%s(0x%04x): got %a, expected %a", names[i / COUNT], i % COUNT, out[i], want);
   }
}

static void
test_store_half(const void *arg)
{
   const char *mode = arg; /* "", "_rte", "_rtz", "_rtp", "_rtn" */
   const char *source =
      clt_format("kernel void test(global const float *in, global half *out) {\n"
                 "   size_t i = get_global_id(0), n = get_global_size(0);\n"
                 "   vstore_half%s(in[i], i, out);\n"
                 "   if (i < n / 8) vstore_half8%s(vload8(i, in), i, out + n);\n"
                 "   if (i < n / 2) vstorea_half2%s(vload2(i, in), i, out + 2 * n);\n"
                 "}\n",
                 mode, mode, mode);
   enum {
      COUNT = 16384
   };
   float *in = clt_alloc(COUNT * 4);
   uint16_t *out = clt_alloc(3 * COUNT * 2);
   uint64_t random = clt.seed;

   clt_fill_floats(in, NULL, COUNT, &random);
   for (int i = 2048; i < COUNT; i++) { /* halves, half way between halves, and near those */
      uint16_t h = clt_random(&random) & 0xffff;
      float f = half_to_float(h), g = half_to_float(h ^ 1);
      float m = (f + g) / 2;
      in[i] = i % 4 == 0 ? f : i % 4 == 1 ? m : i % 4 == 2 ? nextafterf(m, f) : nextafterf(m, g);
   }
   in[2048] = 65504, in[2049] = 65519.99f, in[2050] = 65520, in[2051] = -65520, in[2052] = 0x1p-25f;
   in[2053] = 0x1.000002p-25f, in[2054] = 0x1p-24f, in[2055] = 0x1.8p-24f, in[2056] = 0x1.ffep-15f;

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem out_mem = clt_buffer(3 * COUNT * 2, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(COUNT * 4, in));
   clt_arg_mem(kernel, 1, out_mem);
   clt_launch_1d(kernel, COUNT, 0);
   clt_read(out_mem, 0, 3 * COUNT * 2, out);
   for (int i = 0; i < 3 * COUNT; i++) {
      static const char *const names[] = {"vstore_half", "vstore_half8", "vstorea_half2"};
      float f = in[i % COUNT];
      uint16_t want = float_to_half(f, mode[0] ? mode[3] : 'e');
      bool same = isnan(f) ? isnan(half_to_float(out[i])) : out[i] == want;
      CLT_CHECK(same, "%s%s(%a): got 0x%04x, expected 0x%04x", names[i / COUNT], mode, f, out[i],
                want);
   }
}

/* ---- narrow and misaligned accesses side by side ---- */

static void
test_neighbours(const void *arg)
{
   /* Every item writes its own bytes of one buffer in pieces of 1, 2, 4 and 8: a store that touches
    * its neighbours' bytes loses theirs. */
   static const char source[] =
      "struct __attribute__((packed)) piece { char c; short s; int i; long l; };\n"
      "kernel void test(global struct piece *p, local struct piece *q) {\n"
      "   size_t i = get_global_id(0), j = get_local_id(0);\n"
      "   q[j].c = i; q[j].s = i * 3; q[j].i = i * 5; q[j].l = i * 0x100000007l;\n"
      "   barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   p[i].l = q[j].l; p[i].i = q[j].i; p[i].s = q[j].s; p[i].c = q[j].c;\n"
      "}\n";
   struct __attribute__((packed)) piece {
      int8_t c;
      int16_t s;
      int32_t i;
      int64_t l;
   } out[512];

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_arg_local(kernel, 1, 64 * sizeof(struct piece));
   clt_launch_1d(kernel, 512, 64);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < 512 && !clt_failed(); i++)
      CLT_CHECK(out[i].c == (int8_t)i && out[i].s == i * 3 && out[i].i == i * 5 &&
                   out[i].l == i * 0x100000007ll,
                "item %d: got %d, %d, %d, %lld", i, out[i].c, out[i].s, out[i].i,
                (long long)out[i].l);
}

/* Structures of N floats, at indices that are sums, products, differences and from memory. */
static void
test_structures(const void *arg)
{
   static const char source[] =
      "typedef struct { float f[N]; } S;\n"
      "kernel void test(global S *o, global const S *s, global const ushort *list, int k, uint u) "
      "{\n"
      "   int i = get_global_id(0), n = get_global_size(0);\n"
      "   S r;\n"
      "   for (int j = 0; j < N; j++)\n"
      "      r.f[j] = s[i + k].f[j] + 2.0f * s[(uint)i * 3u + u].f[N - 1 - j] +\n"
      "               4.0f * s[n - 1 - i].f[N / 2] + 8.0f * s[list[i]].f[j];\n"
      "   o[i] = r;\n"
      "   o[n + 2 * i].f[N - 1] = s[i * 2 + 1].f[0];\n"
      "}\n";
   enum {
      COUNT = 320
   };
   const unsigned n = *(const unsigned *)arg, total = 4 * COUNT;
   float *in = clt_alloc(total * n * 4), *out = clt_alloc(total * n * 4);
   uint16_t list[COUNT];
   uint64_t random = clt.seed;

   for (unsigned i = 0; i < total * n; i++)
      in[i] = (float)(clt_random(&random) % 1000);
   for (unsigned i = 0; i < COUNT; i++)
      list[i] = (uint16_t)(clt_random(&random) % total);
   memset(out, 0, total * n * 4);
   cl_kernel kernel = clt_kernel(source, clt_format("-DN=%u", n), "test");
   cl_mem out_mem = clt_buffer(total * n * 4, out);
   clt_arg_mem(kernel, 0, out_mem);
   clt_arg_mem(kernel, 1, clt_buffer(total * n * 4, in));
   clt_arg_mem(kernel, 2, clt_buffer(sizeof(list), list));
   clt_arg_i32(kernel, 3, 5);
   clt_arg_i32(kernel, 4, 7);
   clt_launch_1d(kernel, COUNT, 40);
   clt_read(out_mem, 0, total * n * 4, out);

   for (unsigned i = 0; i < COUNT && !clt_failed(); i++) {
      for (unsigned j = 0; j < n; j++) {
         const float want = in[(i + 5) * n + j] + 2 * in[(i * 3 + 7) * n + n - 1 - j] +
                            4 * in[(COUNT - 1 - i) * n + n / 2] + 8 * in[list[i] * n + j];
         CLT_CHECK(out[i * n + j] == want, "structure %u, float %u: %g, expected %g", i, j,
                   out[i * n + j], want);
      }
      CLT_CHECK(out[(COUNT + 2 * i) * n + n - 1] == in[(i * 2 + 1) * n],
                "structure %u: %g, expected %g", COUNT + 2 * i, out[(COUNT + 2 * i) * n + n - 1],
                in[(i * 2 + 1) * n]);
   }
}

int
main(int argc, char **argv)
{
   static const unsigned sizes[] = {1, 2, 3, 5, 6, 7, 9, 12, 17};

   clt_init(argc, argv, "vector and half loads and stores in all address spaces");
   for (int t = 0; t < CLT_NUM_SCALARS; t++)
      clt_run(test_vector, &clt_types[t], "vload_vstore.%s", clt_types[t].name);
   clt_run(test_load_half, NULL, "vload_half");
   clt_run(test_store_half, "", "vstore_half");
   clt_run(test_store_half, "_rte", "vstore_half_rte");
   clt_run(test_store_half, "_rtz", "vstore_half_rtz");
   clt_run(test_store_half, "_rtp", "vstore_half_rtp");
   clt_run(test_store_half, "_rtn", "vstore_half_rtn");
   clt_run(test_neighbours, NULL, "neighbouring_bytes");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(sizes); i++)
      clt_run(test_structures, &sizes[i], "structures.%u", sizes[i]);
   return clt_done();
}
