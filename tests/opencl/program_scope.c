// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Program scope variables (__opencl_c_program_scope_global_variables): what initializers make of them, pointers among
 * themselves included; that all kernels of a program and all launches share them, and two programs do not; programs
 * that are linked of several, come from binaries or are built again.
 */

#include <string.h>

#include "cl_test.h"

#define N 64

/* Runs a kernel that stores its results to `out` and compares them. */
static void
check(cl_program program, const char *kernel_name, const cl_long *expected, size_t count)
{
   cl_long got[N];
   cl_mem out = clt_buffer(sizeof(got), NULL);
   cl_kernel kernel = clt_kernel_of(program, kernel_name);

   clt_arg_mem(kernel, 0, out);
   clt_launch_1d(kernel, 1, 1);
   clt_read(out, 0, sizeof(got), got);
   for (size_t i = 0; i < count; i++)
      CLT_CHECK(got[i] == expected[i], "%s: result %zu is %lld, expected %lld", kernel_name, i,
                (long long)got[i], (long long)expected[i]);
}

static cl_program
program(const char *source)
{
   return clt_program(source, "-cl-std=CL3.0");
}

static size_t
total_size_B(cl_program p)
{
   size_t size_B = ~(size_t)0;

   CLT_CALL(clGetProgramBuildInfo(p, clt.device, CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE,
                                  sizeof(size_B), &size_B, NULL));
   return size_B;
}

static void
test_queries(const void *arg)
{
   size_t max_B = 0, preferred_B = 0;

   CLT_CALL(
      clGetDeviceInfo(clt.device, CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE, sizeof(max_B), &max_B, NULL));
   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE,
                            sizeof(preferred_B), &preferred_B, NULL));
   CLT_CHECK(max_B >= 65536, "CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE is %zu", max_B);
   CLT_CHECK(preferred_B >= max_B, "a variable may have %zu bytes, all of them %zu", max_B,
             preferred_B);

   size_t size_B = total_size_B(program("global int a, b[99]; kernel void f() { a = b[3]; }"));
   CLT_CHECK(size_B == 400, "the variables have %zu bytes", size_B);
   size_B = total_size_B(program("kernel void f(global int *p) { *p = 1; }"));
   CLT_CHECK(size_B == 0, "no variables have %zu bytes", size_B);
}

static void
test_scalars(const void *arg)
{
   static const cl_long expected[] = {1, -2, 3, -4, 5, 6, 7, 8, 0, 9, 10, 11, 12, 0, 13, 14};

   check(
      program(
         "global char c = 1; global short s = -2; int i = 3; global long l = -4;\n"
         "float fl = 5.0f; uchar uc = 6; global const ushort us = 7; static uint ui = 8;\n"
         "long zero; int4 v = (int4)(9, 10, 11, 12); float3 none; uchar2 u2 = (uchar2)(13, 14);\n"
         "kernel void f(global long *out) {\n"
         "   out[0] = c; out[1] = s; out[2] = i; out[3] = l; out[4] = fl; out[5] = uc; out[6] = "
         "us;\n"
         "   out[7] = ui; out[8] = zero; out[9] = v.x; out[10] = v.y; out[11] = v.z; out[12] = "
         "v.w;\n"
         "   out[13] = none.y; out[14] = u2.x; out[15] = u2.y;\n"
         "}\n"),
      "f", expected, 16);
}

static void
test_aggregates(const void *arg)
{
   static const cl_long expected[] = {1, 2, 3, 0, 4, 5, 6, 7, 8, 0, 9, 10, 11, 12};

   check(program(
            "typedef struct { char a; int3 b; uchar c[3]; } S;\n"
            "typedef struct __attribute__((packed)) { char a; long b; short c; } P;\n"
            "int a[4] = {1, 2, 3};\n"
            "S s[2] = {{4, (int3)(5, 6, 7), {8}}, {.c = {9, 10}}};\n"
            "P p = {11, 12, 13};\n"
            "kernel void f(global long *out) {\n"
            "   for (int i = 0; i < 4; i++) out[i] = a[i];\n"
            "   out[4] = s[0].a; out[5] = s[0].b.x; out[6] = s[0].b.y; out[7] = s[0].b.z;\n"
            "   out[8] = s[0].c[0]; out[9] = s[0].c[1]; out[10] = s[1].c[0]; out[11] = s[1].c[1];\n"
            "   out[10] = s[1].c[0]; out[11] = s[1].c[1]; out[12] = p.a; out[13] = p.b;\n"
            "}\n"),
         "f", expected, 14);
}

/* Every way in which an address gets into an initializer. */
static void
test_pointers(const void *arg)
{
   static const cl_long expected[] = {7, 20, 7,  3, 20, 7,  7, 0,   30,
                                      1, 1,  40, 0, 1,  50, 1, 104, 101};

   check(program("typedef struct { int a; global int *p; int *g; } S;\n"
                 "global int x = 7;\n"
                 "int a[3] = {10, 20, 30};\n"
                 "volatile global int *one = &a[1];\n"
                 "int *where = &x;\n"
                 "S s = {3, &a[1], &x};\n"
                 "global int *table[3] = {&x, 0, a + 2};\n"
                 "char *byte = (char *)&s + 1;\n"
                 "S t[2] = {{0}, {1, 0, &s.a}};\n"
                 "int4 v[2] = {(int4)(0), (int4)(0, 0, 40, 0)};\n"
                 "global int *component = (global int *)&v[1] + 2;\n"
                 "global int *none;\n"
                 "global int *past = a + 3;\n"
                 "constant int k[2] = {49, 50};\n"
                 "constant int *constant kp[2] = {0, &k[1]};\n"
                 "global int *constant gp = &x;\n"
                 "constant char *constant names[2] = {\"hello\", \"world\"};\n"
                 "kernel void f(global long *out) {\n"
                 "   out[0] = x; out[1] = *one; out[2] = *where; out[3] = s.a; out[4] = *s.p; "
                 "out[5] = *s.g;\n"
                 "   out[6] = *table[0]; out[7] = (long)table[1]; out[8] = *table[2];\n"
                 "   out[9] = byte == (char *)&s + 1; out[10] = sizeof(t) == 48;\n"
                 "   out[11] = *component; out[12] = (long)none; out[13] = past == a + 3;\n"
                 "   out[14] = *kp[1]; out[15] = *gp == 7 && *t[1].g == 3;\n"
                 "   out[16] = names[0][0]; out[17] = names[0][1];\n"
                 "}\n"),
         "f", expected, 18);
}

static const char counters[] = "int count = 100;\n"
                               "global int *where = &count;\n"
                               "kernel void next(global long *out) {\n"
                               "   static global int calls = 5;\n"
                               "   out[0] = atomic_fetch_add((volatile atomic_int *)where, 1);\n"
                               "   out[1] = calls++;\n"
                               "}\n"
                               "kernel void look(global long *out) { out[0] = count; }\n"
                               "kernel void other(global long *out) { out[0] = 1; }\n";

/* Launches and kernels share the variables; a kernel without use for them runs beside. */
static void
test_shared(const void *arg)
{
   cl_program p = program(counters);

   for (cl_long i = 0; i < 3; i++) {
      check(p, "next", (cl_long[]){100 + i, 5 + i}, 2);
      check(p, "look", (cl_long[]){101 + i}, 1);
      check(p, "other", (cl_long[]){1}, 1);
   }
}

/* The same source twice: each program has its own. */
static void
test_two_programs(const void *arg)
{
   cl_program p = program(counters), q = program(counters);

   check(p, "next", (cl_long[]){100, 5}, 2);
   check(p, "next", (cl_long[]){101, 6}, 2);
   check(q, "next", (cl_long[]){100, 5}, 2);
   check(p, "look", (cl_long[]){102}, 1);
   check(q, "look", (cl_long[]){101}, 1);
}

/* All work-items of many groups. */
static void
test_atomic(const void *arg)
{
   cl_program p = program(
      "volatile global atomic_int sum; int most;\n"
      "kernel void add() {\n"
      "   atomic_fetch_add_explicit(&sum, (int)get_global_id(0), memory_order_relaxed);\n"
      "   atomic_max(&most, (int)get_global_id(0));\n"
      "}\n"
      "kernel void look(global long *out) { out[0] = atomic_load(&sum); out[1] = most; }\n");

   clt_launch_1d(clt_kernel_of(p, "add"), 5000, 50);
   check(p, "look", (cl_long[]){5000 * 4999 / 2, 4999}, 2);
}

/* As large as one may be. */
static void
test_large(const void *arg)
{
   size_t max_B = 0;

   CLT_CALL(
      clGetDeviceInfo(clt.device, CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE, sizeof(max_B), &max_B, NULL));
   cl_program p = program(
      clt_format("char first = 1; int large[%zu]; char last = 2;\n"
                 "kernel void set() { large[get_global_id(0)] += 3 * (int)get_global_id(0); }\n"
                 "kernel void look(global long *out) {\n"
                 "   int sum = 0;\n"
                 "   for (int i = 0; i < %zu; i++) sum += large[i] != 3 * i;\n"
                 "   out[0] = sum; out[1] = first; out[2] = last;\n"
                 "}\n",
                 max_B / 4, max_B / 4));

   CLT_CHECK(total_size_B(p) >= max_B, "%zu bytes", total_size_B(p));
   clt_launch_1d(clt_kernel_of(p, "set"), max_B / 4, 64);
   check(p, "look", (cl_long[]){0, 1, 2}, 3);
}

static cl_program
compiled(const char *source)
{
   cl_int error;
   cl_program p = clCreateProgramWithSource(clt.context, 1, &source, NULL, &error);

   CLT_CALL(error);
   clt_defer((void (*)(void *))clReleaseProgram, p);
   CLT_CALL(clCompileProgram(p, 1, &clt.device, "-cl-std=CL3.0", 0, NULL, NULL, NULL, NULL));
   return p;
}

/* A variable of one source that another declares. */
static void
test_linked(const void *arg)
{
   const cl_program parts[] = {
      compiled("global int shared_count = 40; global int *own = &shared_count;\n"
               "kernel void first(global long *out) { out[0] = ++*own; }\n"),
      compiled(
         "extern global int shared_count; static int own = 1;\n"
         "kernel void second(global long *out) { out[0] = ++shared_count; out[1] = ++own; }\n"),
   };
   cl_int error;
   cl_program p = clLinkProgram(clt.context, 1, &clt.device, NULL, 2, parts, NULL, NULL, &error);

   CLT_CALL(error);
   clt_defer((void (*)(void *))clReleaseProgram, p);
   check(p, "first", (cl_long[]){41}, 1);
   check(p, "second", (cl_long[]){42, 2}, 2);
   check(p, "first", (cl_long[]){43}, 1);
   check(p, "second", (cl_long[]){44, 3}, 2);
}

/* A program from a binary begins anew. */
static void
test_binary(const void *arg)
{
   cl_program p = program(counters);
   size_t size_B = 0;
   cl_int error;

   check(p, "next", (cl_long[]){100, 5}, 2);
   CLT_CALL(clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof(size_B), &size_B, NULL));
   unsigned char *binary = clt_alloc(size_B);
   CLT_CALL(clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL));
   cl_program q = clCreateProgramWithBinary(clt.context, 1, &clt.device, &size_B,
                                            (const unsigned char **)&binary, NULL, &error);
   CLT_CALL(error);
   clt_defer((void (*)(void *))clReleaseProgram, q);
   CLT_CALL(clBuildProgram(q, 1, &clt.device, NULL, NULL, NULL));
   CLT_CHECK(total_size_B(q) == total_size_B(p), "%zu bytes", total_size_B(q));
   check(q, "next", (cl_long[]){100, 5}, 2);
   check(p, "next", (cl_long[]){101, 6}, 2);
}

/* So does one that is built again. The kernels of the first build have to be gone. */
static void
test_rebuilt(const void *arg)
{
   cl_program p = program(counters);
   cl_mem out = clt_buffer(2 * sizeof(cl_long), NULL);
   cl_long got[2];

   for (unsigned i = 0; i < 2; i++) {
      cl_int error;
      cl_kernel kernel = clCreateKernel(p, "next", &error);

      CLT_CALL(error);
      clt_arg_mem(kernel, 0, out);
      clt_launch_1d(kernel, 1, 1);
      clt_read(out, 0, sizeof(got), got);
      CLT_CALL(clReleaseKernel(kernel));
      CLT_CHECK(got[0] == 100, "build %u: the counter is %lld", i, (long long)got[0]);
      CLT_CALL(clBuildProgram(p, 1, &clt.device, "-cl-std=CL3.0 -DAGAIN", NULL, NULL));
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "program scope variables");
   clt_run(test_queries, NULL, "queries");
   clt_run(test_scalars, NULL, "initial.scalars");
   clt_run(test_aggregates, NULL, "initial.aggregates");
   clt_run(test_pointers, NULL, "initial.pointers");
   clt_run(test_shared, NULL, "shared");
   clt_run(test_two_programs, NULL, "two_programs");
   clt_run(test_atomic, NULL, "atomic");
   clt_run(test_large, NULL, "large");
   clt_run(test_linked, NULL, "linked");
   clt_run(test_binary, NULL, "binary");
   clt_run(test_rebuilt, NULL, "rebuilt");
   return clt_done();
}
