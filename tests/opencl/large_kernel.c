// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Kernels and programs of unusual size: thousands of statements, hundreds of switch cases, hundreds
 * of branches, deep expressions, many functions, many kernels, large unrolled loops. Branch
 * distances, compile time and the code's size are what this is about; the results are compared with
 * the host's. */

#include "cl_values.h"

#include <string.h>

#define ITEMS 64

/* Compares out[i] with what host(i) gives. */
static void
run_and_compare(cl_kernel kernel, uint32_t (*host)(uint32_t i, uint32_t n), uint32_t n)
{
   uint32_t out[ITEMS];
   cl_mem mem = clt_buffer(sizeof(out), NULL);

   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, ITEMS, 0);
   clt_read(mem, 0, sizeof(out), out);
   for (uint32_t i = 0; i < ITEMS; i++) {
      uint32_t want = host(i, n);
      CLT_CHECK(out[i] == want, "item %u: got 0x%08x, expected 0x%08x", i, out[i], want);
   }
}

static uint32_t
host_statements(uint32_t i, uint32_t n)
{
   uint32_t a = i, b = i + 1, c = i * 7;

   for (uint32_t k = 0; k < n; k++) {
      a = a * 5 + (b ^ k);
      b = (b << 3 | b >> 29) + c;
      c = c - a * (k | 1);
   }
   return a ^ b ^ c;
}

static void
test_statements(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   clt_append(&t, "kernel void test(global uint *out) {\n   uint i = get_global_id(0), a = i, b = "
                  "i + 1, c = i * 7;\n");
   for (uint32_t k = 0; k < n; k++)
      clt_append(&t, "   a = a * 5 + (b ^ %u); b = (b << 3 | b >> 29) + c; c = c - a * %u;\n", k,
                 k | 1);
   clt_append(&t, "   out[i] = a ^ b ^ c;\n}\n");
   run_and_compare(clt_kernel(t.text, "", "test"), host_statements, n);
}

static uint32_t
host_branches(uint32_t i, uint32_t n)
{
   uint32_t a = i * 2654435761u;

   for (uint32_t k = 0; k < n; k++) {
      if ((a >> k % 29) & 1)
         a = a * 3 + k;
      else
         a ^= k * 77 + (a >> 5);
   }
   return a;
}

static void
test_branches(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   clt_append(
      &t,
      "kernel void test(global uint *out) {\n   uint i = get_global_id(0), a = i * 2654435761u;\n");
   for (uint32_t k = 0; k < n; k++)
      clt_append(&t, "   if ((a >> %u) & 1) a = a * 3 + %u; else a ^= %u + (a >> 5);\n", k % 29, k,
                 k * 77);
   clt_append(&t, "   out[i] = a;\n}\n");
   run_and_compare(clt_kernel(t.text, "", "test"), host_branches, n);
}

static uint32_t
host_switch(uint32_t i, uint32_t n)
{
   uint32_t a = 0;

   for (uint32_t k = 0; k < 10; k++) {
      uint32_t c = (i * 37 + k * 101) % (n + 20);
      a = c < n ? a * 7 + (c * c ^ k) : a + 1;
   }
   return a;
}

static void
test_switch(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   clt_append(&t,
              "kernel void test(global uint *out) {\n   uint i = get_global_id(0), a = 0;\n"
              "   for (uint k = 0; k < 10; k++) {\n      switch ((i * 37 + k * 101) %% %u) {\n",
              n + 20);
   for (uint32_t k = 0; k < n; k++)
      clt_append(&t, "      case %u: a = a * 7 + (%u ^ k); break;\n", k, k * k);
   clt_append(&t, "      default: a = a + 1;\n      }\n   }\n   out[i] = a;\n}\n");
   run_and_compare(clt_kernel(t.text, "", "test"), host_switch, n);
}

static uint32_t
host_expression(uint32_t i, uint32_t n)
{
   uint32_t a = i;

   for (uint32_t k = 0; k < n; k++)
      a = k % 3 == 0 ? a + k : k % 3 == 1 ? a * (2 * k + 1) : a ^ (i << k % 8);
   return a;
}

static void
test_expression(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   clt_append(&t,
              "kernel void test(global uint *out) {\n   uint i = get_global_id(0);\n   out[i] = ");
   for (uint32_t k = 0; k < n; k++)
      clt_append(&t, "(");
   clt_append(&t, "i");
   for (uint32_t k = 0; k < n; k++) {
      if (k % 3 == 0)
         clt_append(&t, " + %u)", k);
      else if (k % 3 == 1)
         clt_append(&t, " * %u)", 2 * k + 1);
      else
         clt_append(&t, " ^ (i << %u))", k % 8);
   }
   clt_append(&t, ";\n}\n");
   run_and_compare(clt_kernel(t.text, "", "test"), host_expression, n);
}

static uint32_t
host_functions(uint32_t i, uint32_t n)
{
   uint32_t a = i;

   for (uint32_t k = 0; k < n; k++)
      a = (a ^ k) * 3 + (i & 1 ? a : k);
   return a;
}

/* Each function calls the one before: all end up in one body. */
static void
test_functions(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   clt_append(&t, "uint f0(uint i) { return i; }\n");
   for (uint32_t k = 0; k < n; k++)
      clt_append(&t,
                 "uint f%u(uint i) { uint a = f%u(i); return (a ^ %u) * 3 + (i & 1 ? a : %u); }\n",
                 k + 1, k, k, k);
   clt_append(
      &t, "kernel void test(global uint *out) { out[get_global_id(0)] = f%u(get_global_id(0)); }\n",
      n);
   run_and_compare(clt_kernel(t.text, "", "test"), host_functions, n);
}

static uint32_t
host_kernel_number(uint32_t i, uint32_t n)
{
   return i * (n + 3) + (n << 8);
}

static void
test_kernels(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   struct clt_text t = {0};

   for (uint32_t k = 0; k < n; k++)
      clt_append(&t,
                 "kernel void test%u(global uint *out) { out[get_global_id(0)] = get_global_id(0) "
                 "* %u + %u; }\n",
                 k, k + 3, k << 8);
   cl_program program = clt_program(t.text, "");
   cl_uint count = 0;
   size_t number = 0;
   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(number), &number, NULL));
   CLT_CHECK(number == n, "the program has %zu kernels, expected %u", number, n);
   CLT_CALL(clCreateKernelsInProgram(program, 0, NULL, &count));
   CLT_CHECK(count == n, "clCreateKernelsInProgram counts %u kernels, expected %u", count, n);
   for (uint32_t k = 0; k < n; k++)
      run_and_compare(clt_kernel_of(program, clt_format("test%u", k)), host_kernel_number, k);
}

static uint32_t
host_unrolled(uint32_t i, uint32_t n)
{
   uint32_t a = i;

   for (uint32_t k = 0; k < n; k++)
      a = a * 1664525u + 1013904223u + (a >> 16 ^ k);
   return a;
}

static void
test_unrolled(const void *arg)
{
   uint32_t n = *(const unsigned *)arg;
   const char *source = clt_format(
      "kernel void test(global uint *out) {\n   uint a = get_global_id(0);\n"
      "   __attribute__((opencl_unroll_hint(%u)))\n"
      "   for (uint k = 0; k < %u; k++) a = a * 1664525u + 1013904223u + (a >> 16 ^ k);\n"
      "   out[get_global_id(0)] = a;\n}\n",
      n, n);
   run_and_compare(clt_kernel(source, "-cl-std=CL3.0", "test"), host_unrolled, n);
}

int
main(int argc, char **argv)
{
   static const unsigned statements[] = {300, 2000}, branches[] = {50, 400}, cases[] = {40, 300};
   static const unsigned depths[] = {30, 120}, functions[] = {20, 150}, kernels[] = {2, 40};
   static const unsigned unrolled[] = {16, 256};

   clt_init(argc, argv, "large kernels and programs");
   for (int k = 0; k < 2; k++) {
      clt_run(test_statements, &statements[k], "statements.%u", 3 * statements[k]);
      clt_run(test_branches, &branches[k], "branches.%u", branches[k]);
      clt_run(test_switch, &cases[k], "switch_cases.%u", cases[k]);
      clt_run(test_expression, &depths[k], "expression_depth.%u", depths[k]);
      clt_run(test_functions, &functions[k], "function_calls.%u", functions[k]);
      clt_run(test_kernels, &kernels[k], "kernels.%u", kernels[k]);
      clt_run(test_unrolled, &unrolled[k], "unrolled.%u", unrolled[k]);
   }
   return clt_done();
}
