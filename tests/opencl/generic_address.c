// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The generic address space (__opencl_c_generic_address_space): loads, stores and atomics by pointers of which only the
 * work-item knows whether they are to global, local or private memory, what to_global() and its like and get_fence()
 * say of them, generic pointers in memory, null pointers, and the built-in functions that take generic pointers.
 */

#include <math.h>
#include <string.h>

#include "cl_test.h"

#define N     256
#define GROUP 64

/* `p` is to the element of this work-item in global, local or private memory: all in one, or as the work-item says. */
static const char prologue[] =
   "#ifdef cl_khr_fp16\n#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n#endif\n"
   "#define BEGIN(T) local T in_local[64]; T in_private[3]; \\\n"
   "   size_t i = get_global_id(0), l = get_local_id(0); \\\n"
   "   int where = which < 3 ? which : (int)(i * 7 % 3); \\\n"
   "   T *p = where == 0 ? (T *)(in_global + i) : where == 1 ? (T *)(in_local + l) : (T "
   "*)(in_private + i % 3);\n";

struct where {
   const char *name;
   cl_int which; /* 0: global, 1: local, 2: private, 3: each of these */
};

static const struct where wheres[] = {{"global", 0}, {"local", 1}, {"private", 2}, {"mixed", 3}};

static cl_int
where_of(const struct where *w, size_t i)
{
   return w->which < 3 ? w->which : (cl_int)(i * 7 % 3);
}

/* Launches `test`, with results of `size_B` bytes for each work-item. */
static void
launch(const char *source, const struct where *w, size_t size_B, void *results)
{
   cl_kernel kernel = clt_kernel(clt_format("%s%s", prologue, source), "-cl-std=CL3.0", "test");
   cl_mem memory = clt_buffer(N * 128, NULL), out = clt_buffer(N * size_B, NULL);

   clt_arg_mem(kernel, 0, memory);
   clt_arg_mem(kernel, 1, out);
   clt_arg_i32(kernel, 2, w->which);
   clt_launch_1d(kernel, N, GROUP);
   clt_read(out, 0, N * size_B, results);
}

struct access {
   const struct where *where;
   const char *type;
};

static void
test_access(const void *arg)
{
   const struct access *a = arg;
   cl_int got[N];

   launch(clt_format(
             "kernel void test(global %s *in_global, global int *out, int which) {\n"
             "   BEGIN(%s)\n"
             "   for (int k = 0; k < 3; k++) in_private[k] = (%s)(100 + k);\n"
             "   *p = (%s)(i %% 100);\n"
             "   %s x = *(volatile %s *)p;\n"
             "   *p = x + (%s)1;\n"
             "   int v = all((int4)(convert_int4((*p == x + (%s)1) ? (int4)1 : (int4)0) << 31));\n"
             "   int others = 0;\n"
             "   for (int k = 0; k < 3; k++) others += p != (%s *)(in_private + k);\n"
             "   out[i] = others * 2 + v;\n"
             "}\n",
             a->type, a->type, a->type, a->type, a->type, a->type, a->type, a->type, a->type),
          a->where, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++) {
      cl_int want = (where_of(a->where, i) == 2 ? 2 : 3) * 2 + 1;

      CLT_CHECK(got[i] == want, "item %zu: got %d, expected %d", i, got[i], want);
   }
}

/* Vectors and structures. */
static void
test_aggregate(const void *arg)
{
   const struct where *w = arg;
   cl_int got[N];

   launch("typedef struct { char a; int4 b; ulong c[2]; float *d; } S;\n"
          "kernel void test(global S *in_global, global int *out, int which) {\n"
          "   BEGIN(S)\n"
          "   float f = i;\n"
          "   S s = {i, (int4)(i, 1, 2, 3), {i * 5, i * 6}, &f};\n"
          "   *p = s;\n"
          "   p->b.w += p->a;\n"
          "   S t = *p;\n"
          "   *t.d += 1;\n"
          "   out[i] = t.b.w + t.b.x + (int)t.c[1] + (int)f;\n"
          "}\n",
          w, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++) {
      cl_int want = (signed char)i + 3 + (cl_int)i + 6 * (cl_int)i + (cl_int)i + 1;

      CLT_CHECK(got[i] == want, "item %zu: got %d, expected %d", i, got[i], want);
   }
}

static void
test_atomics(const void *arg)
{
   const struct where *w = arg;
   cl_int got[N][8];

   launch("kernel void test(global int *in_global, global int8 *out, int which) {\n"
          "   BEGIN(int)\n"
          "   volatile atomic_int *a = (volatile atomic_int *)p;\n"
          "   int8 r; int expected = 20, wrong = 7;\n"
          "   atomic_init(a, 10);\n"
          "   r.s0 = atomic_fetch_add(a, 5);\n"
          "   r.s1 = atomic_exchange(a, 20);\n"
          "   r.s2 = atomic_compare_exchange_strong(a, &expected, -3);\n"
          "   r.s3 = atomic_compare_exchange_strong(a, &wrong, 99) * 100 + wrong;\n"
          "   r.s4 = atomic_fetch_max(a, 6);\n"
          "   r.s5 = atomic_fetch_xor(a, 3);\n"
          "   atomic_store(a, atomic_load(a) + 1);\n"
          "   r.s6 = atomic_fetch_sub_explicit(a, 1, memory_order_relaxed);\n"
          "   r.s7 = *p;\n"
          "   out[i] = r;\n"
          "}\n",
          w, sizeof(got[0]), got);

   static const cl_int want[8] = {10, 15, 1, -3, -3, 6, 6, 5};
   for (size_t i = 0; i < N; i++) {
      for (unsigned k = 0; k < 8; k++)
         CLT_CHECK(got[i][k] == want[k], "item %zu, result %u: got %d, expected %d", i, k,
                   got[i][k], want[k]);
   }
}

/* Sums of a whole group through pointers into local memory, and of all groups in global memory. */
static void
test_shared_atomics(const void *arg)
{
   cl_int got[N];
   const struct where w = {"", 0};

   launch("void add(int *p, int x) { atomic_fetch_add((volatile atomic_int *)p, x); }\n"
          "kernel void test(global int *in_global, global int *out, int which) {\n"
          "   local int sum;\n"
          "   if (get_local_id(0) == 0) sum = 0;\n"
          "   barrier(CLK_LOCAL_MEM_FENCE);\n"
          "   int *targets[2] = {&sum, in_global + get_group_id(0)};\n"
          "   for (int k = 0; k < 2; k++) add(targets[(k + get_global_id(0)) % 2], 1);\n"
          "   barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
          "   out[get_global_id(0)] = sum * 1000 + atomic_load((volatile global atomic_int "
          "*)(in_global + get_group_id(0)));\n"
          "}\n",
          &w, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++)
      CLT_CHECK(got[i] == GROUP * 1000 + GROUP, "item %zu: got %d", i, got[i]);
}

static void
test_queries(const void *arg)
{
   const struct where *w = arg;
   cl_int got[N];

   launch(
      "kernel void test(global int *in_global, global int *out, int which) {\n"
      "   BEGIN(int)\n"
      "   *p = 5;\n"
      "   int r = (to_global(p) != 0) + 2 * (to_local(p) != 0) + 4 * (to_private(p) != 0);\n"
      "   if (to_global(p)) r += 10 * (*to_global(p) == 5);\n"
      "   if (to_local(p)) r += 20 * (*to_local(p) == 5 && get_fence(p) == CLK_LOCAL_MEM_FENCE);\n"
      "   if (to_private(p)) r += 40 * (*to_private(p) == 5);\n"
      "   if (where == 0) r += 100 * (get_fence(p) == CLK_GLOBAL_MEM_FENCE && (global int *)p == "
      "in_global + i);\n"
      "   if (where == 1) r += 100 * ((local int *)p == in_local + l);\n"
      "   if (where == 2) r += 100 * ((private int *)p == in_private + i % 3);\n"
      "   out[i] = r;\n"
      "}\n",
      w, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++) {
      cl_int want = (1 << where_of(w, i)) * 11 + 100;

      CLT_CHECK(got[i] == want, "item %zu: got %d, expected %d", i, got[i], want);
   }
}

/* A null pointer is one in every address space, and no variable is there. */
static void
test_null(const void *arg)
{
   const struct where *w = arg;
   cl_int got[N];

   launch("kernel void test(global int *in_global, global int *out, int which) {\n"
          "   BEGIN(int)\n"
          "   int *none = 0; global int *g = 0; local int *lo = 0; private int *pr = 0;\n"
          "   if (out[i] == 1) p = g;\n" /* never */
          "   out[i] = (p != 0) + 2 * (none == g) + 4 * (none == lo) + 8 * (none == pr) + 16 * "
          "!to_local(none) +\n"
          "            32 * !to_private(none) + 64 * ((p + 1) - p == 1) + 128 * (in_local != 0) + "
          "256 * ((size_t)p != 0);\n"
          "}\n",
          w, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++)
      CLT_CHECK(got[i] == 511, "item %zu: got %d", i, got[i]);
}

/* Pointers that another work-item has left in local memory. */
static void
test_exchange(const void *arg)
{
   cl_int got[N];
   const struct where w = {"", 3};

   launch("kernel void test(global int *in_global, global int *out, int which) {\n"
          "   local uintptr_t pointers[64]; local int words[64];\n"
          "   size_t i = get_global_id(0), l = get_local_id(0);\n"
          "   int *q = i % 2 ? (int *)(in_global + i) : (int *)(words + l);\n"
          "   *q = i; pointers[l] = (uintptr_t)q;\n"
          "   barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
          "   *(int *)pointers[(l + 5) % 64] += 1000;\n"
          "   barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n"
          "   out[i] = *q;\n"
          "}\n",
          &w, sizeof(cl_int), got);
   for (size_t i = 0; i < N; i++)
      CLT_CHECK(got[i] == (cl_int)i + 1000, "item %zu: got %d", i, got[i]);
}

/* The functions that return a second result behind a pointer, and vector loads and stores. */
static void
test_builtins(const void *arg)
{
   const struct where *w = arg;
   cl_float got[N][16];

   launch("typedef union { float f; float4 f4; int n; int4 n4; half h; half8 h8; } U;\n"
          "kernel void test(global U *in_global, global float16 *out, int which) {\n"
          "   BEGIN(U)\n"
          "   float x = i + 0.75f; float16 r;\n"
          "   r.s0 = fract(x, &p->f); r.s1 = p->f;\n"
          "   r.s2 = frexp(x, &p->n); r.s3 = p->n;\n"
          "   r.s4 = modf(-x, &p->f); r.s5 = p->f;\n"
          "   r.s6 = sincos(x, &p->f); r.s7 = p->f;\n"
          "   r.s8 = lgamma_r(x, &p->n); r.s9 = p->n;\n"
          "   r.sa = remquo(x, 3.0f, &p->n); r.sb = p->n & 7;\n"
          "   float4 v = modf((float4)(x, 2 * x, 3 * x, 4 * x), &p->f4); r.sc = v.w + p->f4.z;\n"
          "   vstore3((float3)(1, x, 3), 0, &p->f); r.sd = vload2(0, &p->f).y;\n"
          "   vstore_half4((float4)(i, 2, 3, 4), 0, &p->h); r.se = vload_half(0, &p->h);\n"
          "   vstorea_half8((float8)(i), 0, &p->h); r.sf = vloada_half2(3, &p->h).x;\n"
          "   out[i] = r;\n"
          "}\n",
          w, sizeof(got[0]), got);
   for (size_t i = 0; i < N; i++) {
      const float x = i + 0.75f;
      int exponent, quotient;
      const float want[16] = {
         0.75f,
         i,
         frexpf(x, &exponent),
         exponent,
         -0.75f,
         -(float)i,
         sinf(x),
         cosf(x),
         lgammaf(x),
         1,
         remquof(x, 3, &quotient),
         quotient & 7,
         truncf(3 * x),
         x,
         i,
         i,
      };

      for (unsigned k = 0; k < 16; k++) {
         const float tolerance = k == 6 || k == 7 || k == 8 ? 1e-6f * fmaxf(fabsf(want[k]), 1) : 0;

         CLT_CHECK(fabsf(got[i][k] - want[k]) <= tolerance,
                   "item %zu, result %u: got %g, expected %g", i, k, got[i][k], want[k]);
      }
   }
}

int
main(int argc, char **argv)
{
   static const char *const types[] = {"char", "ushort", "int", "ulong", "float"};

   clt_init(argc, argv, "generic address space");
   for (size_t k = 0; k < CLT_ARRAY_SIZE(wheres); k++) {
      const struct where *w = &wheres[k];

      for (size_t t = 0; t < CLT_ARRAY_SIZE(types); t++) {
         const struct access a = {w, types[t]};

         clt_run(test_access, &a, "access.%s.%s", types[t], w->name);
      }
      clt_run(test_aggregate, w, "aggregate.%s", w->name);
      clt_run(test_atomics, w, "atomics.%s", w->name);
      clt_run(test_queries, w, "queries.%s", w->name);
      clt_run(test_null, w, "null.%s", w->name);
      clt_run(test_builtins, w, "builtins.%s", w->name);
   }
   clt_run(test_shared_atomics, NULL, "atomics.shared");
   clt_run(test_exchange, NULL, "exchange");
   return clt_done();
}
