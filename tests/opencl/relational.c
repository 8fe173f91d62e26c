// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Relational built-in functions (OpenCL C specification 6.15.6), select, shuffle and the components
 * of vectors. A relational function is 1 for true on scalars and all bits (-1) on vectors. */

#include "cl_values.h"

#include <math.h>
#include <string.h>

#define N 1024

/* ---- float predicates ---- */

enum predicate {
   IS_EQUAL,
   IS_NOT_EQUAL,
   IS_GREATER,
   IS_GREATER_EQUAL,
   IS_LESS,
   IS_LESS_EQUAL,
   IS_LESS_GREATER,
   IS_ORDERED,
   IS_UNORDERED,
   IS_FINITE,
   IS_INF,
   IS_NAN,
   IS_NORMAL,
   SIGN_BIT,
   NUM_PREDICATES,
};

static const char *const predicate_calls[NUM_PREDICATES] = {
   "isequal(x, y)",        "isnotequal(x, y)", "isgreater(x, y)",
   "isgreaterequal(x, y)", "isless(x, y)",     "islessequal(x, y)",
   "islessgreater(x, y)",  "isordered(x, y)",  "isunordered(x, y)",
   "isfinite(x)",          "isinf(x)",         "isnan(x)",
   "isnormal(x)",          "signbit(x)",
};

static bool
holds(enum predicate p, float x, float y)
{
   switch (p) {
   case IS_EQUAL:
      return x == y;
   case IS_NOT_EQUAL:
      return x != y;
   case IS_GREATER:
      return x > y;
   case IS_GREATER_EQUAL:
      return x >= y;
   case IS_LESS:
      return x < y;
   case IS_LESS_EQUAL:
      return x <= y;
   case IS_LESS_GREATER:
      return x < y || x > y;
   case IS_ORDERED:
      return !isnan(x) && !isnan(y);
   case IS_UNORDERED:
      return isnan(x) || isnan(y);
   case IS_FINITE:
      return isfinite(x);
   case IS_INF:
      return isinf(x);
   case IS_NAN:
      return isnan(x);
   case IS_NORMAL:
      return isnormal(x);
   case SIGN_BIT:
      return signbit(x);
   case NUM_PREDICATES:
      break;
   }
   return false;
}

static void
test_predicates(const void *arg)
{
   unsigned width = *(const unsigned *)arg;
   struct clt_text t = {0};
   float a[N], b[N];
   uint64_t random = clt.seed;
   int *out = clt_alloc(NUM_PREDICATES * N * sizeof(int));

   clt_append(
      &t,
      "kernel void test(uint n, global const float *a, global const float *b, global int *out)\n"
      "{\n   size_t i = get_global_id(0);\n   %s x = %s, y = %s;\n",
      clt_vec("float", width), clt_load("a", "float", width), clt_load("b", "float", width));
   for (int p = 0; p < NUM_PREDICATES; p++)
      clt_append(&t, "   %s;\n",
                 clt_store(clt_format("out + %d * n", p), "int", width, predicate_calls[p]));
   clt_append(&t, "}\n");

   clt_fill_floats(a, b, N, &random);
   cl_mem out_mem = clt_buffer(NUM_PREDICATES * sizeof(a), NULL);
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(sizeof(a), a));
   clt_arg_mem(kernel, 2, clt_buffer(sizeof(b), b));
   clt_arg_mem(kernel, 3, out_mem);
   clt_launch_1d(kernel, N / width, 0);
   clt_read(out_mem, 0, NUM_PREDICATES * sizeof(a), out);
   for (int p = 0; p < NUM_PREDICATES; p++) {
      for (unsigned i = 0; i < N / width * width; i++) {
         int want = holds(p, a[i], b[i]) ? (width == 1 ? 1 : -1) : 0;
         if (out[p * N + i] != want) {
            clt_fail("%s with x = %a, y = %a: got %d, expected %d", predicate_calls[p], a[i], b[i],
                     out[p * N + i], want);
            break;
         }
      }
   }
}

/* ---- any, all, select, ?: ---- */

struct params {
   const struct clt_type *type;
   unsigned width;
};

static void
test_select(const void *arg)
{
   const struct params *p = arg;
   const struct clt_type *type = p->type, *mask_type = &clt_types[CLT_NUM_SCALARS - 1];
   const char *name = type->name, *vec = clt_vec(name, p->width), *mask = type->signed_name;
   unsigned width = p->width, n = N / width * width;
   size_t bytes = N * type->size_B;
   void *a = clt_alloc(bytes), *b = clt_alloc(bytes), *c = clt_alloc(bytes),
        *out = clt_alloc(4 * bytes);
   int *truth = clt_alloc(2 * N * sizeof(int));
   uint64_t random = clt.seed;
   struct clt_text t = {0};

   for (int k = 0; k < CLT_NUM_INTEGERS; k++) {
      if (!strcmp(clt_types[k].name, mask))
         mask_type = &clt_types[k];
   }
   clt_append(
      &t,
      "kernel void test(uint n, global const %s *a, global const %s *b, global const %s *c,\n"
      "                 global %s *out, global int *truth)\n{\n"
      "   size_t i = get_global_id(0);\n   %s x = %s, y = %s;\n   %s m = %s;\n",
      name, name, mask, name, vec, clt_load("a", name, width), clt_load("b", name, width),
      clt_vec(mask, width), clt_load("c", mask, width));
   clt_append(&t, "   %s;\n", clt_store("out", name, width, "select(x, y, m)"));
   clt_append(&t, "   %s;\n", clt_store("out + n", name, width, "m ? x : y"));
   clt_append(&t, "   %s;\n",
              clt_store("out + 2 * n", name, width,
                        clt_format("select(x, y, as_%s(m))", clt_vec(type->unsigned_name, width))));
   clt_append(&t, "   %s;\n",
              clt_store("out + 3 * n", name, width, clt_format("bitselect(x, y, as_%s(m))", vec)));
   clt_append(&t, "   truth[i] = any(m);\n   truth[n + i] = all(m);\n}\n");

   for (int i = 0; i < N; i++) {
      clt_put(type, a, i, clt_random(&random) & (type->is_float ? 0xbfffffff : ~0ull));
      clt_put(type, b, i, clt_random(&random) & (type->is_float ? 0xbfffffff : ~0ull));
      /* masks: top bit often set or often clear in whole vectors; other bits random or zero */
      uint64_t m = (i / 16) % 3 ? clt_random(&random) : 0;
      uint64_t top = 1ull << (8 * type->size_B - 1);
      m = (i / 64) % 4 == 0 ? m | top : (i / 64) % 4 == 1 ? m & ~top : m;
      clt_put(mask_type, c, i, type->is_float ? m & 0xbfffffff : m);
   }
   cl_mem out_mem = clt_buffer(4 * bytes, NULL), truth_mem = clt_buffer(2 * N * sizeof(int), NULL);
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(bytes, a));
   clt_arg_mem(kernel, 2, clt_buffer(bytes, b));
   clt_arg_mem(kernel, 3, clt_buffer(bytes, c));
   clt_arg_mem(kernel, 4, out_mem);
   clt_arg_mem(kernel, 5, truth_mem);
   clt_launch_1d(kernel, n / width, 0);
   clt_read(out_mem, 0, 4 * bytes, out);
   clt_read(truth_mem, 0, 2 * N * sizeof(int), truth);

   for (unsigned i = 0; i < n && !clt_failed(); i++) {
      static const char *const names[] = {"select, signed mask", "?:", "select, unsigned mask",
                                          "bitselect"};
      uint64_t x = clt_get(type, a, i), y = clt_get(type, b, i), m = clt_get(mask_type, c, i);
      bool top = m >> (8 * type->size_B - 1) & 1, chosen = width == 1 ? m != 0 : top;
      const uint64_t want[4] = {chosen ? y : x, chosen ? x : y, chosen ? y : x, (x & ~m) | (y & m)};

      for (int k = 0; k < 4; k++) {
         uint64_t got = clt_get(type, out, k * N + i);
         CLT_CHECK(got == clt_wrap(type, want[k]), "%s: element %u, mask %llx: got %s, expected %s",
                   names[k], i, (unsigned long long)m, clt_show(type, got),
                   clt_show(type, clt_wrap(type, want[k])));
      }
   }
   for (unsigned i = 0; i < n / width && !clt_failed(); i++) {
      bool any = false, all = true;
      for (unsigned j = 0; j < width; j++) {
         bool top = (int64_t)clt_get(mask_type, c, i * width + j) < 0;
         any |= top;
         all &= top;
      }
      CLT_CHECK(truth[i] == any, "any: vector %u: got %d, expected %d", i, truth[i], any);
      CLT_CHECK(truth[N + i] == all, "all: vector %u: got %d, expected %d", i, truth[N + i], all);
   }
}

/* ---- shuffle, shuffle2 ---- */

static void
test_shuffle(const void *arg)
{
   const struct params *p = arg;
   const struct clt_type *type = p->type;
   const char *name = type->name, *mask = type->unsigned_name;
   const struct clt_type *mask_type = type;
   struct clt_text t = {0};
   uint64_t random = clt.seed + p->width;
   size_t bytes = N * type->size_B;
   void *a = clt_alloc(bytes), *b = clt_alloc(bytes), *c = clt_alloc(bytes),
        *out = clt_alloc(8 * bytes);
   static const unsigned widths[] = {2, 4, 8, 16};

   for (int k = 0; k < CLT_NUM_INTEGERS; k++) {
      if (!strcmp(clt_types[k].name, mask))
         mask_type = &clt_types[k];
   }
   /* from width p->width to every width; element index = vector index * 16 + component */
   clt_append(
      &t,
      "kernel void test(uint n, global const %s *a, global const %s *b, global const %s *c,\n"
      "                 global %s *out)\n{\n   size_t i = get_global_id(0);\n"
      "   %s%u x = vload%u(0, a + i * 16), y = vload%u(0, b + i * 16);\n",
      name, name, mask, name, name, p->width, p->width, p->width);
   for (unsigned w = 0; w < 4; w++) {
      clt_append(&t, "   vstore%u(shuffle(x, vload%u(0, c + i * 16)), 0, out + %u * n + i * 16);\n",
                 widths[w], widths[w], w);
      clt_append(&t,
                 "   vstore%u(shuffle2(x, y, vload%u(0, c + i * 16)), 0, out + %u * n + i * 16);\n",
                 widths[w], widths[w], 4 + w);
   }
   clt_append(&t, "}\n");
   for (int i = 0; i < N; i++) {
      clt_put(type, a, i, i * 2 + 1);
      clt_put(type, b, i, i * 2 + 2);
      clt_put(mask_type, c, i, clt_random(&random)); /* only the low bits count */
   }
   cl_mem out_mem = clt_buffer(8 * bytes, NULL);
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(bytes, a));
   clt_arg_mem(kernel, 2, clt_buffer(bytes, b));
   clt_arg_mem(kernel, 3, clt_buffer(bytes, c));
   clt_arg_mem(kernel, 4, out_mem);
   clt_launch_1d(kernel, N / 16, 0);
   clt_read(out_mem, 0, 8 * bytes, out);
   for (unsigned k = 0; k < 8 && !clt_failed(); k++) {
      for (unsigned i = 0; i < N && !clt_failed(); i++) {
         if (i % 16 >= widths[k % 4])
            continue;
         unsigned m = clt_get(mask_type, c, i) & (p->width * (k < 4 ? 1 : 2) - 1);
         uint64_t want = clt_get(type, m < p->width ? a : b, i / 16 * 16 + m % p->width);
         uint64_t got = clt_get(type, out, (size_t)k * N + i);
         CLT_CHECK(got == want, "%s to width %u: vector %u, component %u: got %s, expected %s",
                   k < 4 ? "shuffle" : "shuffle2", widths[k % 4], i / 16, i % 16,
                   clt_show(type, got), clt_show(type, want));
      }
   }
}

/* ---- components ---- */

static void
test_components(const void *arg)
{
   const struct clt_type *type = arg;
   const char *n = type->name;
   const char *source = clt_format(
      "kernel void test(global const %s *in, global %s *out) {\n"
      "   %s16 v = vload16(0, in), w = 0;\n"
      "   %s4 a = v.s3210, b = v.hi.lo, c = v.odd.even, d = (%s4)(v.s5, v.s67, v.sF);\n"
      "   %s3 e = a.zyx; %s2 f = e.yz; %s8 g = (%s8)(a, b);\n"
      "   g.s6 = v.sA; g.lo.w = v.sb; a.xz = f; b.yzw = e; c.w = d.x; d.even = c.hi;\n"
      "   w.s02468ace = g; w.s1 = e.s2; w.s357 = e; w.sBDF9 = (%s4)(a.x, a.y, b.z, b.w);\n"
      "   vstore16(w, 0, out); vstore16((%s16)(a, b, c, d), 1, out);\n"
      "   int k = in[2];\n" /* an index known only at run time */
      "   out[32] = ((%s *)&v)[k]; ((%s *)&w)[k + 1] = 99; out[33] = w.s3 + w.s4;\n"
      "}\n",
      n, n, n, n, n, n, n, n, n, n, n, n, n);
   uint64_t v[16], a[4], b[4], c[4], d[4], e[3], f[2], g[8], w[16];
   size_t bytes = 34 * type->size_B;
   void *in = clt_alloc(bytes), *out = clt_alloc(bytes);

   for (int i = 0; i < 16; i++) {
      v[i] = i + 1;
      float value = i + 1;
      clt_put(type, in, i, type->is_float ? clt_bits(value) : v[i]);
   }
   for (int i = 0; i < 4; i++) {
      a[i] = v[3 - i];
      b[i] = v[8 + i];
      c[i] = v[4 * i + 1];
   }
   d[0] = v[5], d[1] = v[6], d[2] = v[7], d[3] = v[15];
   e[0] = a[2], e[1] = a[1], e[2] = a[0];
   f[0] = e[1], f[1] = e[2];
   memcpy(g, a, sizeof(a));
   memcpy(g + 4, b, sizeof(b));
   g[6] = v[10], g[3] = v[11];
   a[0] = f[0], a[2] = f[1];
   b[1] = e[0], b[2] = e[1], b[3] = e[2];
   c[3] = d[0];
   d[0] = c[2], d[2] = c[3];
   for (int i = 0; i < 8; i++)
      w[2 * i] = g[i];
   w[1] = e[2], w[3] = e[0], w[5] = e[1], w[7] = e[2];
   w[11] = a[0], w[13] = a[1], w[15] = b[2], w[9] = b[3];

   uint64_t want[34];
   memcpy(want, w, sizeof(w));
   memcpy(want + 16, a, sizeof(a));
   memcpy(want + 20, b, sizeof(b));
   memcpy(want + 24, c, sizeof(c));
   memcpy(want + 28, d, sizeof(d));
   want[32] = v[3];
   want[33] = w[3] + 99;

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem out_mem = clt_buffer(bytes, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(bytes, in));
   clt_arg_mem(kernel, 1, out_mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(out_mem, 0, bytes, out);
   for (int i = 0; i < 34; i++) {
      uint64_t got = clt_get(type, out, i);
      if (type->is_float)
         got = clt_from_bits(got);
      CLT_CHECK(got == want[i], "number %d: got %llu, expected %llu", i, (unsigned long long)got,
                (unsigned long long)want[i]);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "relational functions, select, shuffle and vector components");
   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++)
      clt_run(test_predicates, &clt_widths[w], "predicates.float.%u", clt_widths[w]);
   for (int t = 0; t < CLT_NUM_SCALARS; t++) {
      static const unsigned second_width[] = {2, 3, 4, 8, 16, 2, 3, 8, 4};
      for (unsigned w = 0; w < 2; w++) {
         const struct params p = {&clt_types[t], w ? second_width[t] : 1};
         clt_run(test_select, &p, "select.%s.%u", p.type->name, p.width);
      }
   }
   for (int t = 0; t < CLT_NUM_SCALARS; t++) {
      static const unsigned from[] = {2, 4, 8, 16, 4, 8, 2, 4, 16};
      const struct params p = {&clt_types[t], from[t]};
      clt_run(test_shuffle, &p, "shuffle.%s.%u", p.type->name, p.width);
   }
   for (int t = 0; t < CLT_NUM_SCALARS; t++)
      clt_run(test_components, &clt_types[t], "components.%s", clt_types[t].name);
   return clt_done();
}
