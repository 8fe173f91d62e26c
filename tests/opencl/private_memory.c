// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Private arrays that must live in memory because their index is known only at run time: every
 * element type, arrays of structures, pointers to private variables, arrays kept over barriers,
 * large ones, and kernels with so many live values that registers run out. */

#include "cl_values.h"

#include <string.h>

#define ITEMS 200

/* Writes and reads an array in an order that depends on the item. */
static void
test_array(const void *arg)
{
   const struct clt_type *type = arg;
   const char *n = type->name;
   const char *source =
      clt_format("kernel void test(global const %s *in, global %s *out) {\n"
                 "   %s a[37];\n"
                 "   int i = get_global_id(0);\n"
                 "   for (int k = 0; k < 37; k++) a[(k * 5 + i) %% 37] = in[(i + k) %% %d];\n"
                 "   for (int k = 0; k < 37; k++) { %s t = a[k]; int j = (k * 7 + i) %% 37; a[k] = "
                 "a[j]; a[j] = t; }\n"
                 "   for (int k = 0; k < 37; k++) out[i * 37 + k] = a[k];\n"
                 "}\n",
                 n, n, n, ITEMS, n);
   size_t in_bytes = ITEMS * type->size_B, out_bytes = 37 * in_bytes;
   void *in = clt_alloc(in_bytes), *out = clt_alloc(out_bytes);
   uint64_t random = clt.seed;

   for (int i = 0; i < ITEMS; i++)
      clt_put(type, in, i, clt_random(&random) & (type->is_float ? 0xbfffffff : ~0ull));
   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(out_bytes, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(in_bytes, in));
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, ITEMS, 50);
   clt_read(mem, 0, out_bytes, out);
   for (int i = 0; i < ITEMS && !clt_failed(); i++) {
      uint64_t a[37];
      for (int k = 0; k < 37; k++)
         a[(k * 5 + i) % 37] = clt_get(type, in, (i + k) % ITEMS);
      for (int k = 0; k < 37; k++) {
         uint64_t t = a[k];
         int j = (k * 7 + i) % 37;
         a[k] = a[j];
         a[j] = t;
      }
      for (int k = 0; k < 37; k++) {
         uint64_t got = clt_get(type, out, i * 37 + k);
         CLT_CHECK(got == a[k], "item %d, element %d: got %s, expected %s", i, k,
                   clt_show(type, got), clt_show(type, a[k]));
      }
   }
}

/* One kernel text, one result per item computed on the host from the item's number. */
struct program {
   const char *name, *source;
   int64_t (*host)(int64_t i);
};

static int64_t
host_structs(int64_t i)
{
   struct {
      int8_t tag;
      int32_t v;
      int16_t s[3];
   } a[9];
   memset(a, 0, sizeof(a));
   for (int k = 0; k < 20; k++) {
      int j = (int)(k + i) % 9;
      a[j].tag += k;
      a[j].v = a[j].v * 3 + k;
      a[j].s[(k + i) % 3] -= a[j].tag;
   }
   int64_t r = 0;
   for (int k = 0; k < 9; k++)
      r = r * 31 + a[k].tag + a[k].v + a[k].s[k % 3];
   return r;
}

static int64_t
host_pointers(int64_t i)
{
   int x = (int)i, y = 2, z = 3, *p = i % 3 == 0 ? &x : i % 3 == 1 ? &y : &z, **pp = &p;
   *p += 10;
   if (i & 1)
      *pp = &y;
   **pp *= 5;
   int a[4] = {1, 2, 3, 4}, *q = a + (i & 3);
   *q += 7;
   q = i & 2 ? a : &x;
   return x * 1000000ll + y * 10000 + z * 100 + a[0] + a[1] + a[2] + a[3] + *q;
}

static int64_t
host_sort(int64_t i)
{
   uint32_t a[24];
   for (uint32_t k = 0; k < 24; k++)
      a[k] = (k * 7 + (uint32_t)i) * 2654435761u >> 20;
   for (int k = 1; k < 24; k++) {
      uint32_t t = a[k];
      int j = k - 1;
      while (j >= 0 && a[j] > t) {
         a[j + 1] = a[j];
         j--;
      }
      a[j + 1] = t;
   }
   int64_t r = 0;
   for (int k = 0; k < 24; k++)
      r = r * 1000003 + a[k];
   return r;
}

static int64_t
host_vectors(int64_t i)
{
   int64_t a[6][4], r = 0;
   for (int k = 0; k < 6; k++) {
      for (int c = 0; c < 4; c++)
         a[k][c] = k * 4 + c + i;
   }
   for (int k = 0; k < 12; k++)
      a[(k + i) % 6][k % 4] += a[(k * 5 + i) % 6][(k + 1) % 4];
   for (int k = 0; k < 6; k++)
      r = r * 7 + a[k][0] + a[k][1] * 3 + a[k][2] * 5 + a[k][3] * 11;
   return r;
}

static int64_t
host_matrix(int64_t i)
{
   int32_t m[5][6], r = 0;
   for (int y = 0; y < 5; y++) {
      for (int x = 0; x < 6; x++)
         m[y][x] = y * 10 + x + (int)i;
   }
   for (int k = 0; k < 8; k++)
      m[(k + i) % 5][(k * i) % 6] = m[k % 5][(k + i) % 6] - k;
   for (int y = 0; y < 5; y++) {
      for (int x = 0; x < 6; x++)
         r = (int32_t)((uint32_t)r * 3 + (uint32_t)m[y][x]);
   }
   return r;
}

static int64_t
host_struct_copies(int64_t i)
{
   struct {
      int64_t x, y;
   } r, all[3];
   for (int k = 0; k < 3; k++) {
      r.x = i * (k + 2);
      r.y = i ^ k;
      all[k] = r;
   }
   return all[0].x + all[0].y * 10 + all[1].x * 100 + all[1].y * 1000 + all[2].x * 10000 +
          all[2].y * 100000;
}

static int64_t
host_large(int64_t i)
{
   enum {
      SIZE = 2000
   };
   static int32_t a[SIZE];
   int64_t r = 0;
   for (int k = 0; k < SIZE; k++)
      a[k] = k ^ (int32_t)i;
   for (int k = 0; k < 300; k++) {
      int from = (int)((k * 977 + i * 13) % SIZE), to = (int)((k * 331 + i) % SIZE);
      a[to] += a[from];
   }
   for (int k = 0; k < SIZE; k += 17)
      r = r * 5 + a[k];
   return r;
}

static int64_t
host_initialized(int64_t i)
{
   static const int64_t a[10] = {5, -3, 100, 7, 0, 0, 0, 0, 0, 12345678901};
   return a[i % 10] * 3 + "private"[i % 7];
}

static const struct program programs[] = {
   {"structs",
    "kernel void test(global long *out) { int i = get_global_id(0);\n"
    "   struct { char tag; int v; short s[3]; } a[9];\n"
    "   for (int k = 0; k < 9; k++) { a[k].tag = 0; a[k].v = 0; a[k].s[0] = a[k].s[1] = a[k].s[2] "
    "= 0; }\n"
    "   for (int k = 0; k < 20; k++) { int j = (k + i) % 9;\n"
    "      a[j].tag += k; a[j].v = a[j].v * 3 + k; a[j].s[(k + i) % 3] -= a[j].tag; }\n"
    "   long r = 0; for (int k = 0; k < 9; k++) r = r * 31 + a[k].tag + a[k].v + a[k].s[k % 3];\n"
    "   out[i] = r; }\n",
    host_structs},
   {"pointers",
    "kernel void test(global long *out) { int i = get_global_id(0);\n"
    "   int x = i, y = 2, z = 3, *p = i % 3 == 0 ? &x : i % 3 == 1 ? &y : &z, **pp = &p;\n"
    "   *p += 10; if (i & 1) *pp = &y; **pp *= 5;\n"
    "   int a[4] = {1, 2, 3, 4}, *q = a + (i & 3); *q += 7; q = i & 2 ? a : &x;\n"
    "   out[i] = x * 1000000l + y * 10000 + z * 100 + a[0] + a[1] + a[2] + a[3] + *q; }\n",
    host_pointers},
   {"sort",
    "kernel void test(global long *out) { int i = get_global_id(0); uint a[24];\n"
    "   for (uint k = 0; k < 24; k++) a[k] = (k * 7 + (uint)i) * 2654435761u >> 20;\n"
    "   for (int k = 1; k < 24; k++) { uint t = a[k]; int j = k - 1;\n"
    "      while (j >= 0 && a[j] > t) { a[j + 1] = a[j]; j--; } a[j + 1] = t; }\n"
    "   long r = 0; for (int k = 0; k < 24; k++) r = r * 1000003 + a[k]; out[i] = r; }\n",
    host_sort},
   {"vectors",
    "kernel void test(global long *out) { int i = get_global_id(0); long4 a[6];\n"
    "   for (int k = 0; k < 6; k++) a[k] = (long4)(k * 4 + i) + (long4)(0, 1, 2, 3);\n"
    "   for (int k = 0; k < 12; k++) ((long *)&a[(k + i) % 6])[k % 4] += ((long *)&a[(k * 5 + i) % "
    "6])[(k + 1) % 4];\n"
    "   long r = 0; for (int k = 0; k < 6; k++) r = r * 7 + a[k].x + a[k].y * 3 + a[k].z * 5 + "
    "a[k].w * 11;\n"
    "   out[i] = r; }\n",
    host_vectors},
   {"struct_copies",
    "typedef struct { long x, y; } pair;\n"
    "kernel void test(global long *out) { int i = get_global_id(0); pair r, all[3];\n"
    "   for (int k = 0; k < 3; k++) { r.x = i * (k + 2); r.y = i ^ k; all[k] = r; }\n"
    "   out[i] = all[0].x + all[0].y * 10 + all[1].x * 100 + all[1].y * 1000 + all[2].x * 10000 +\n"
    "      all[2].y * 100000; }\n",
    host_struct_copies},
   {"struct_copies_local",
    "typedef struct { long x, y; } pair;\n"
    "kernel void test(global long *out) { int i = get_global_id(0); pair r;\n"
    "   local pair all[64][3]; local pair *own = all[get_local_id(0)];\n"
    "   for (int k = 0; k < 3; k++) { r.x = i * (k + 2); r.y = i ^ k; own[k] = r; }\n"
    "   out[i] = own[0].x + own[0].y * 10 + own[1].x * 100 + own[1].y * 1000 + own[2].x * 10000 +\n"
    "      own[2].y * 100000; }\n",
    host_struct_copies},
   {"matrix",
    "kernel void test(global long *out) { int i = get_global_id(0); int m[5][6];\n"
    "   for (int y = 0; y < 5; y++) for (int x = 0; x < 6; x++) m[y][x] = y * 10 + x + i;\n"
    "   for (int k = 0; k < 8; k++) m[(k + i) % 5][(k * i) % 6] = m[k % 5][(k + i) % 6] - k;\n"
    "   int r = 0; for (int y = 0; y < 5; y++) for (int x = 0; x < 6; x++) r = (int)((uint)r * 3 + "
    "(uint)m[y][x]);\n"
    "   out[i] = r; }\n",
    host_matrix},
   {"large",
    "kernel void test(global long *out) { int i = get_global_id(0); int a[2000];\n"
    "   for (int k = 0; k < 2000; k++) a[k] = k ^ i;\n"
    "   for (int k = 0; k < 300; k++) { int from = (int)((k * 977 + i * 13) % 2000), to = (int)((k "
    "* 331 + i) % 2000);\n"
    "      a[to] += a[from]; }\n"
    "   long r = 0; for (int k = 0; k < 2000; k += 17) r = r * 5 + a[k]; out[i] = r; }\n",
    host_large},
   {"initialized",
    "kernel void test(global long *out) { int i = get_global_id(0);\n"
    "   long a[10] = {5, -3, 100, 7, [9] = 12345678901l}; char s[] = \"private\";\n"
    "   out[i] = a[i % 10] * 3 + s[i % 7]; }\n",
    host_initialized},
};

static void
test_program(const void *arg)
{
   const struct program *p = arg;
   int64_t out[ITEMS];

   cl_kernel kernel = clt_kernel(p->source, "", "test");
   cl_mem mem = clt_buffer(sizeof(out), NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, ITEMS, 40);
   clt_read(mem, 0, sizeof(out), out);
   for (int i = 0; i < ITEMS; i++) {
      int64_t want = p->host(i);
      CLT_CHECK(out[i] == want, "item %d: got %lld, expected %lld", i, (long long)out[i],
                (long long)want);
   }
}

/* Private values survive barriers while other groups and items run. */
static void
test_over_barriers(const void *arg)
{
   static const char source[] =
      "kernel void test(global int *out, local int *swap) {\n"
      "   int a[16], i = get_local_id(0), n = get_local_size(0);\n"
      "   for (int k = 0; k < 16; k++) a[k] = get_global_id(0) * 16 + k;\n"
      "   for (int k = 0; k < 16; k++) {\n"
      "      swap[i] = a[(k + i) % 16];\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "      a[(k + i) % 16] += swap[(i + 1) % n];\n"
      "      barrier(CLK_LOCAL_MEM_FENCE);\n"
      "   }\n"
      "   for (int k = 0; k < 16; k++) out[get_global_id(0) * 16 + k] = a[k];\n"
      "}\n";
   enum {
      GROUP = 60,
      GROUPS = 20,
      COUNT = GROUP * GROUPS
   };
   int *out = clt_alloc(COUNT * 16 * 4);

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(COUNT * 16 * 4, NULL);
   clt_arg_mem(kernel, 0, mem);
   clt_arg_local(kernel, 1, GROUP * 4);
   clt_launch_1d(kernel, COUNT, GROUP);
   clt_read(mem, 0, COUNT * 16 * 4, out);
   for (int g = 0; g < GROUPS && !clt_failed(); g++) {
      for (int i = 0; i < GROUP; i++) {
         int me = g * GROUP + i, next = (i + 1) % GROUP, other = g * GROUP + next;
         for (int k = 0; k < 16; k++) {
            int slot = (k + i) % 16, want = me * 16 + slot + other * 16 + (k + next) % 16;
            CLT_CHECK(out[me * 16 + slot] == want,
                      "group %d, item %d, element %d: got %d, expected %d", g, i, slot,
                      out[me * 16 + slot], want);
         }
      }
   }
}

/* "count" values that are all needed at the end: more than there are registers. */
static void
test_pressure(const void *arg)
{
   const struct {
      int count;
      const struct clt_type *type;
   } *p = arg;
   const char *n = p->type->name;
   struct clt_text t = {0};
   size_t bytes = ITEMS * p->type->size_B;
   void *in = clt_alloc(bytes), *out = clt_alloc(bytes);
   uint64_t random = clt.seed;

   clt_append(
      &t, "kernel void test(global const %s *in, global %s *out) {\n   int i = get_global_id(0);\n",
      n, n);
   for (int k = 0; k < p->count; k++)
      clt_append(&t, "   %s v%d = in[(i + %d) %% %d];\n", n, k, k, ITEMS);
   clt_append(&t, "   %s r = 0;\n   for (int round = 0; round < 3; round++) {\n", n);
   for (int k = 0; k < p->count; k++)
      clt_append(&t, "      v%d = v%d * 3 + v%d;\n", k, k, (k * 7 + 1) % p->count);
   for (int k = 0; k < p->count; k++)
      clt_append(&t, "      r = r * 5 ^ v%d;\n", k);
   clt_append(&t, "   }\n   out[i] = r;\n}\n");
   for (int i = 0; i < ITEMS; i++)
      clt_put(p->type, in, i, clt_random(&random));
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   cl_mem mem = clt_buffer(bytes, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(bytes, in));
   clt_arg_mem(kernel, 1, mem);
   clt_launch_1d(kernel, ITEMS, 100);
   clt_read(mem, 0, bytes, out);
   for (int i = 0; i < ITEMS; i++) {
      uint64_t v[1024], r = 0;
      for (int k = 0; k < p->count; k++)
         v[k] = clt_get(p->type, in, (i + k) % ITEMS);
      for (int round = 0; round < 3; round++) {
         for (int k = 0; k < p->count; k++)
            v[k] = v[k] * 3 + v[(k * 7 + 1) % p->count];
         for (int k = 0; k < p->count; k++)
            r = (r * 5) ^ v[k];
      }
      r = clt_wrap(p->type, r);
      uint64_t got = clt_get(p->type, out, i);
      CLT_CHECK(got == r, "item %d: got %s, expected %s", i, clt_show(p->type, got),
                clt_show(p->type, r));
   }
}

int
main(int argc, char **argv)
{
   static const struct {
      int count;
      const struct clt_type *type;
   } pressures[] = {
      {60, &clt_types[CLT_UINT]},    {150, &clt_types[CLT_UINT]},  {300, &clt_types[CLT_UINT]},
      {100, &clt_types[CLT_ULONG]},  {200, &clt_types[CLT_ULONG]}, {200, &clt_types[CLT_UCHAR]},
      {200, &clt_types[CLT_USHORT]},
   };

   clt_init(argc, argv, "private arrays and register pressure");
   for (int t = 0; t < CLT_NUM_SCALARS; t++)
      clt_run(test_array, &clt_types[t], "array.%s", clt_types[t].name);
   for (unsigned k = 0; k < CLT_ARRAY_SIZE(programs); k++)
      clt_run(test_program, &programs[k], "%s", programs[k].name);
   clt_run(test_over_barriers, NULL, "over_barriers");
   for (unsigned k = 0; k < CLT_ARRAY_SIZE(pressures); k++)
      clt_run(test_pressure, &pressures[k], "pressure.%s.%d", pressures[k].type->name,
              pressures[k].count);
   return clt_done();
}
