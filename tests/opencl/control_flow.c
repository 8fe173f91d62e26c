// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Control flow that diverges within a wave: every construct of C that OpenCL C allows, alone and
 * nested, with conditions that differ between neighbouring items. Each case is one C function,
 * compiled twice: for the device as OpenCL C and for the host as part of this file, from the same
 * text. */

#include "cl_values.h"

#include <string.h>

/* The functions below fall through switch cases on purpose, and a macro has no place for comments. */
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

#define ITEMS 1000 /* not a multiple of the wave */

typedef int32_t (*function)(int32_t, int32_t);

struct flow {
   const char *name;
   const char *source;
   function host;
};

/* Defines the function for the host and keeps its text for the device. Arithmetic on int wraps in
 * neither C nor OpenCL C, so the functions compute in unsigned where numbers grow. */
#define FLOW(name, ...)                                                                            \
   static int32_t host_##name(int32_t i, int32_t v)                                                \
   {                                                                                               \
      typedef uint32_t uint;                                                                       \
      (void)sizeof(uint);                                                                          \
      __VA_ARGS__                                                                                  \
   }                                                                                               \
   static const char text_##name[] = #__VA_ARGS__;

FLOW(if_else, int r; if (i & 1) r = v * 3; else r = v - 7; if (i & 2) r += 100; return r;)

FLOW(else_if_chain, if (v % 7 == 0) return 1; else if (v % 5 == 0) return i * 2;
     else if (v % 3 == 0) return -i; else if (v & 1) return v / 2; return 1000 + i;)

FLOW(short_circuit, int n = 0; if (i % 3 == 0 && ++n && v % 2 == 0 && ++n && v % 4 == 0) n += 10;
     if (i % 5 == 0 || (n += 100, v > 500) || n++ > 100) n += 1000; return n;)

FLOW(ternary_nest, return i % 2     ? v % 3   ? v % 5 ? i : -i
                                      : v % 7 ? v
                                              : -v
                          : v > 512 ? v - i
                                    : v + i;)

FLOW(
   while_count, int n = 0; uint x = v + 1; while (x != 1) {
      x = x & 1 ? x * 3 + 1 : x / 2;
      n++;
   } return n;)

FLOW(
   do_while, int n = 0, x = v; do {
      n += x % 10;
      x /= 10;
   } while (x);
   return n;)

FLOW(
   for_break, int n = 0; for (int k = 0; k < 64; k++) {
      if (k * k > v)
         break;
      n += k;
   } return n;)

FLOW(
   for_continue, int n = 0; for (int k = 0; k < 32; k++) {
      if ((k ^ i) & 2)
         continue;
      n += k;
      if (n > v)
         continue;
      n ^= 1;
   } return n;)

FLOW(
   break_and_continue, int n = 0; for (int k = 0; k < 50; k++) {
      if (k % 3 == i % 3)
         continue;
      if (k > v % 40)
         break;
      n += k * 2 + 1;
   } return n;)

FLOW(
   return_in_loop, for (int k = 0; k < 100; k++) {
      if (k * 17 % 101 == v % 101)
         return k;
      if (k + i > 900)
         return -k;
   } return 12345;)

FLOW(
   nested_loops, int n = 0; for (int a = 0; a <= v % 7; a++) for (int b = a; b < 8; b++) {
      if ((a + b + i) % 4 == 0)
         continue;
      for (int c = 0; c < b; c++) {
         if (c == 3)
            break;
         n += a * 100 + b * 10 + c;
      }
   } return n;)

FLOW(
   nested_break_outer, int n = 0; for (int a = 0; a < 10; a++) {
      bool stop = false;
      for (int b = 0; b < 10; b++) {
         if (a * b > v % 60) {
            stop = true;
            break;
         }
         n += b;
         if (b == i % 10)
            break;
      }
      if (stop)
         break;
      n += 1000;
   } return n;)

FLOW(
   infinite_with_breaks, int n = 0; uint x = v; while (true) {
      x = x * 1103515245u + 12345u;
      n++;
      if ((x >> 16) % 11 == (uint)i % 11)
         break;
      if (n > 60)
         return -1;
      if (x & 0x10000)
         continue;
      n++;
   } return n * 8 + (x >> 29);)

FLOW(
   loop_carried, uint a = i, b = v, c = 1; for (int k = 0; k < (v & 15) + 1; k++) {
      uint t = a;
      a = b;
      b = t + c;
      if (k & 1)
         c += a;
      else
         c ^= b;
   } return a ^ b ^ c;)

FLOW(
   switch_dense, switch (v % 8) {
case 0:
   return i;
case 1:
   return i * 2;
case 2:
   i += 5;
   break;
case 3:
   i -= 5;
   break;
case 4:
   return -1;
case 6:
   i = ~i;
   break;
case 7:
   return v;
default:
   i = 0;
   } return i + 1;)

FLOW(
   switch_fallthrough, int n = 0; switch (v % 6) {
case 0:
   n += 1;
case 1:
   n += 10;
case 2:
   n += 100;
   break;
case 3:
   n += 1000;
default:
   n += 10000;
case 5:
   n += 100000;
   } return n;)

FLOW(
   switch_sparse, switch (v * 37) {
case 0:
   return 1;
case 37:
   return 2;
case 3700:
   return 3;
case 18500:
   return 4;
case 37 * 999:
   return 5;
case -5:
   return 6;
   } return 7;)

FLOW(
   switch_in_loop, int n = 0; for (int k = 0; k < 20; k++) {
      switch ((k + i) % 5) {
      case 0:
         continue;
      case 1:
         n += k;
         break;
      case 2:
         if (v & 1)
            break;
         n -= 3;
         break;
      case 3:
         if (k > v % 20)
            return n;
      default:
         n += 7;
      }
      n *= 2;
      n %= 10007;
   } return n;)

FLOW(
   loop_in_switch, int n = v; switch (i % 4) {
case 0:
   while (n > 10)
      n /= 2;
   break;
case 1:
   for (int k = 0; k < 10; k++) {
      if (k == v % 10)
         break;
      n += k;
   }
case 2:
   do {
      n -= 3;
   } while (n > 100);
   break;
default:
   n = -n;
   } return n;)

FLOW(
   values_after_if, int a = 1, b = 2, c = 3; if (v & 1) {
      a = i;
      if (v & 2) {
         b = a + 1;
         c = b * 2;
      } else {
         c = a - b;
      }
   } else { b = i; } int d = a + b * 3;
   if (v & 4) d += c; else {
      int t = a;
      a = c;
      c = t;
   } return d + a * 5 +
                      c * 7;)

FLOW(
   return_everywhere, if (i % 13 == 0) return 1; if (v % 11 == 0) {
      if (i & 1)
         return 2;
      v += 3;
   } for (int k = 0; k < 5; k++) {
      if (v % (k + 7) == 0) {
         if (k & 1)
            return 3 + k;
         break;
      }
   } while (v > 100) {
      v -= 77;
      if (v == 50)
         return 20;
   } return v;)

FLOW(
   deep_nest, int n = 0; if (v & 1) {
      n += 1;
      if (v & 2) {
         n += 2;
         if (v & 4) {
            n += 4;
            if (v & 8) {
               n += 8;
               if (v & 16) {
                  n += 16;
                  if (v & 32) {
                     n += 32;
                     if (v & 64)
                        n += 64;
                     else
                        n -= 64;
                  } else
                     n -= 32;
               } else
                  n -= 16;
            } else
               n -= 8;
         } else
            n -= 4;
      } else
         n -= 2;
   } else n -= 1;
   return n * 1000 + i;)

FLOW(
   one_lane_works, int n = 0; if (i % 32 == 17) {
      for (int k = 0; k < v; k++)
         n += k ^ i;
   } else if (i % 32 == 3) { n = -v; } return n;)

FLOW(
   empty_branches, if (i > 2000) {} else {
      if (v < 0)
         return 5;
   } while (i < 0) {} for (;;) {
      if (v >= 0)
         break;
   } return i + v;)

FLOW(
   uniform_and_divergent, int n = 0; for (int k = 0; k < 8; k++) {
      for (int j = 0; j < v % 4; j++) {
         if (k & 1)
            n += j + i;
         else
            n -= j;
      }
      if (k == 6)
         break;
   } return n;)

FLOW(
   boolean_values, bool a = v > 300, b = i & 4, c = a ^ b, d = false;
   if (a && !b) d = c; else c = !c; int n = 0; for (int k = 0; k < 4; k++) {
      a = b;
      b = c;
      c = d;
      d = a != (k < v % 5);
      n = n * 2 + a;
   } return n * 16 + a * 8 + b * 4 + c * 2 + d;)

FLOW(
   uniform_values, int a = 2, b = 3; for (int k = 0; k < 4; k++) {
      if (v & (1 << k)) {
         a = k != 2;
         b = k * 5;
      } else {
         b = a + 1;
      }
      switch (k) {
      case 1:
         a = k == v % 4 ? b : a;
         break;
      case 2:
         b = k < 3;
      }
   } return a * 100 + b;)

FLOW(
   narrow_counters, unsigned char n = v; signed char m = i; int loops = 0; while (n < 250) {
      n += 3;
      m -= 5;
      if (m == 0)
         break;
      loops++;
   } return loops * 1000 + n + m;)

FLOW(
   wide_counters, int64_t s = 1; for (int64_t k = v; k > 0; k -= 7) {
      s = s * 31 + k;
      if ((s & 0xfff) == 0x123)
         break;
   } return (int)(s ^ (s >> 32));)

FLOW(division_in_branch, int n = 0; if (v % 5) n = i / (v % 5); if (i & 7) n += v % (i & 7);
     return n;)

FLOW(
   gcd, uint a = i + 1, b = v + 1; while (b) {
      uint t = a % b;
      a = b;
      b = t;
   } return a;)

FLOW(
   bits_loop, int n = 0; for (uint x = (uint)v * 2654435761u; x; x &= x - 1) {
      if (x & 8)
         n += 3;
      else
         n++;
   } return n;)

FLOW(
   float_flow, float x = v; int n = 0; while (x > 1.5f) {
      x = x * 0.5f;
      n++;
      if (n == i % 9)
         x -= 1.0f;
   } return n * 100 + (int)(x * 8.0f);)

FLOW(
   state_machine, int s = 0, n = 0; for (int k = 0; k < 24; k++) {
      int bit = (v >> (k % 10)) & 1;
      if (s == 0)
         s = bit ? 1 : 2;
      else if (s == 1) {
         if (bit) {
            n++;
            s = 3;
         } else
            s = 0;
      } else if (s == 2) {
         s = bit ? 0 : 3;
         n += 10;
      } else {
         if (i & (1 << (k % 8)))
            break;
         s = 0;
      }
   } return n * 4 + s;)

FLOW(
   early_continue_nest, int n = 0; for (int a = 0; a < 6; a++) {
      if ((v >> a) & 1)
         continue;
      for (int b = 0; b < 6; b++) {
         if ((i >> b) & 1) {
            if (a == b)
               break;
            continue;
         }
         n += a * 6 + b;
         if (n % 9 == 4)
            n++;
      }
   } return n;)

#define ENTRY(name) {#name, text_##name, host_##name}
static const struct flow flows[] = {
   ENTRY(if_else),
   ENTRY(else_if_chain),
   ENTRY(short_circuit),
   ENTRY(ternary_nest),
   ENTRY(while_count),
   ENTRY(do_while),
   ENTRY(for_break),
   ENTRY(for_continue),
   ENTRY(break_and_continue),
   ENTRY(return_in_loop),
   ENTRY(nested_loops),
   ENTRY(nested_break_outer),
   ENTRY(infinite_with_breaks),
   ENTRY(loop_carried),
   ENTRY(switch_dense),
   ENTRY(switch_fallthrough),
   ENTRY(switch_sparse),
   ENTRY(switch_in_loop),
   ENTRY(loop_in_switch),
   ENTRY(values_after_if),
   ENTRY(return_everywhere),
   ENTRY(deep_nest),
   ENTRY(one_lane_works),
   ENTRY(empty_branches),
   ENTRY(uniform_and_divergent),
   ENTRY(boolean_values),
   ENTRY(uniform_values),
   ENTRY(narrow_counters),
   ENTRY(wide_counters),
   ENTRY(division_in_branch),
   ENTRY(gcd),
   ENTRY(bits_loop),
   ENTRY(float_flow),
   ENTRY(state_machine),
   ENTRY(early_continue_nest),
};

static int32_t
input(int i, bool uniform)
{
   return (uniform ? 5u : (uint32_t)i) * 2654435761u >> 22; /* 0 .. 1023 */
}

static const char *
make_source(void)
{
   struct clt_text t = {0};

   clt_append(&t, "typedef long int64_t;\n");
   for (unsigned k = 0; k < CLT_ARRAY_SIZE(flows); k++)
      clt_append(&t,
                 "int f_%s(int i, int v) {\n%s\n}\n"
                 "kernel void %s(global const int *in, global int *out) {\n"
                 "   int i = get_global_id(0);\n   out[i] = f_%s(i, in[i]);\n}\n",
                 flows[k].name, flows[k].source, flows[k].name, flows[k].name);
   return t.text;
}

static void
test_flow(const void *arg)
{
   const struct flow *f = arg;
   int32_t in[ITEMS], out[ITEMS];

   cl_kernel kernel = clt_kernel_of(clt_program(make_source(), ""), f->name);
   for (int uniform = 0; uniform < 2; uniform++) {
      for (int i = 0; i < ITEMS; i++)
         in[i] = input(i, uniform);
      cl_mem mem = clt_buffer(sizeof(out), NULL);
      clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
      clt_arg_mem(kernel, 1, mem);
      clt_launch_1d(kernel, ITEMS, 125);
      clt_read(mem, 0, sizeof(out), out);
      unsigned wrong = 0;
      for (int i = 0; i < ITEMS; i++) {
         int32_t want = f->host(i, in[i]);
         if (out[i] != want && wrong++ < 3)
            clt_fail("item %d, input %d: got %d, expected %d", i, in[i], out[i], want);
      }
      if (wrong > 3)
         clt_fail("%u of %d items are wrong", wrong, ITEMS);
   }
}

/* Memory operations happen for the items that reach them and for no others. */
static void
test_side_effects(const void *arg)
{
   static const char source[] =
      "kernel void test(global const int *in, global int *out, global int *count) {\n"
      "   int i = get_global_id(0), v = in[i];\n"
      "   if (v & 1) {\n"
      "      out[i] = 1;\n"
      "      if (v & 2) { out[i] += 10; atomic_inc(count); return; }\n"
      "      out[i] += 100;\n"
      "   } else {\n"
      "      for (int k = 0; k < v % 7; k++) { out[i] += 1000; if (k == 3) { atomic_add(count + 1, "
      "k); break; } }\n"
      "   }\n"
      "   atomic_inc(count + 2);\n"
      "   out[ITEMS + (v & 3) * ITEMS + i] = i;\n"
      "}\n";
   int32_t in[ITEMS], out[5 * ITEMS], want[5 * ITEMS] = {0}, count[3], want_count[3] = {0};

   for (int i = 0; i < ITEMS; i++) {
      int v = in[i] = input(i, false);
      if (v & 1) {
         want[i] = v & 2 ? 11 : 101;
         if (v & 2) {
            want_count[0]++;
            continue;
         }
      } else {
         want[i] = (v % 7 > 4 ? 4 : v % 7) * 1000;
         want_count[1] += v % 7 >= 4 ? 3 : 0;
      }
      want_count[2]++;
      want[ITEMS + (v & 3) * ITEMS + i] = i;
   }
   cl_kernel kernel = clt_kernel(source, clt_format("-DITEMS=%d", ITEMS), "test");
   cl_mem out_mem = clt_buffer(sizeof(out), NULL), count_mem = clt_buffer(sizeof(count), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   clt_arg_mem(kernel, 1, out_mem);
   clt_arg_mem(kernel, 2, count_mem);
   clt_launch_1d(kernel, ITEMS, 50);
   clt_read(out_mem, 0, sizeof(out), out);
   clt_read(count_mem, 0, sizeof(count), count);
   for (int i = 0; i < 5 * ITEMS && !clt_failed(); i++)
      CLT_CHECK(out[i] == want[i], "word %d: got %d, expected %d", i, out[i], want[i]);
   for (int k = 0; k < 3; k++)
      CLT_CHECK(count[k] == want_count[k], "counter %d: got %d, expected %d", k, count[k],
                want_count[k]);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "divergent control flow");
   clt_keep_programs(true);
   for (unsigned k = 0; k < CLT_ARRAY_SIZE(flows); k++)
      clt_run(test_flow, &flows[k], "%s", flows[k].name);
   clt_run(test_side_effects, NULL, "side_effects");
   return clt_done();
}
