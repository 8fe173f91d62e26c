// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* C++ for OpenCL 1.0 (cl_ext_cxx_for_opencl): the language's parts in kernels that write what they compute, objects
 * of the program and their constructors, programs linked with C, and what is no such program. */

#include <string.h>

#include "cl_test.h"

#ifndef CL_DEVICE_CXX_FOR_OPENCL_NUMERIC_VERSION_EXT /* older headers */
#define CL_DEVICE_CXX_FOR_OPENCL_NUMERIC_VERSION_EXT 0x4230
#endif

#define MAX_RESULTS 8
#define STD         "-cl-std=CLC++"

struct language_case {
   const char *name, *source;
   const char *std; /* NULL: STD */
   cl_int in[4];    /* what buffer "in" has */
   cl_int expected[MAX_RESULTS];
};

/* Kernels "test" of "out" and "in", run by one work-group of 32. */
static const struct language_case language_cases[] = {
   {"templates",
    "template <typename T> T sum(T a, T b) { return a + b; }\n"
    "template <> float sum(float a, float b) { return a * b; }\n"
    "template <int n> struct Power { static int of(int x) { return x * Power<n - 1>::of(x); } };\n"
    "template <> struct Power<0> { static int of(int) { return 1; } };\n"
    "template <typename... T> int count(T...) { return sizeof...(T); }\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   out[0] = sum(in[0], in[1]); out[1] = sum(2.5f, (float)in[0]);\n"
    "   out[2] = Power<3>::of(in[1]); out[3] = count(1, 'a', 2.0f);\n"
    "   short4 v = sum((short4)(in[2]), (short4)(1, 2, 3, 4)); out[4] = v.w;\n"
    "}\n",
    NULL,
    {6, 5, 100},
    {11, 15, 125, 3, 104}},
   {"classes",
    "class Counter {\n"
    "   int n = 3;\n"
    "public:\n"
    "   Counter() = default;\n"
    "   explicit Counter(int start) : n(start) {}\n"
    "   Counter &operator+=(int by) { n += by; return *this; }\n"
    "   int value() const { return n; }\n"
    "};\n"
    "struct Named : Counter {\n"
    "   global int *out; int at;\n"
    "   Named(global int *to, int where, int start) : Counter(start), out(to), at(where) {}\n"
    "   ~Named() { out[at] = value(); }\n"
    "};\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   Counter a, b(in[0]);\n"
    "   (a += in[1]) += in[1];\n"
    "   b += 1;\n"
    "   out[0] = a.value(); out[1] = b.value();\n"
    "   { Named c(out, 2, in[2]); c += 5; out[2] = -1; }\n"
    "}\n",
    NULL,
    {10, 20, 30},
    {43, 11, 35}},
   {"references",
    "void exchange(int &a, int &b) { int c = a; a = b; b = c; }\n"
    "int &larger(int &a, int &b) { return a > b ? a : b; }\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   int a = in[0], b = in[1];\n"
    "   exchange(a, b); larger(a, b) = 99;\n"
    "   out[0] = a; out[1] = b;\n"
    "   out[2] = in[2]; out[3] = in[3]; exchange(out[2], out[3]);\n"
    "   int v[3] = {1, 2, 3};\n"
    "   for (int &x : v) x *= in[0];\n"
    "   out[4] = v[0] + v[1] + v[2];\n"
    "}\n",
    NULL,
    {7, 8, 21, 22},
    {99, 7, 22, 21, 42}},
   {"lambdas",
    "template <typename F> int fold(F f, int n) {\n"
    "   int x = 0;\n"
    "   for (int i = 0; i < n; i++) x = f(x, i);\n"
    "   return x;\n"
    "}\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   int k = in[0], calls = 0;\n"
    "   out[0] = fold([](int x, int i) { return x + i; }, 5);\n"
    "   out[1] = fold([&](int x, int i) __private { calls++; return x * k + i; }, in[1]);\n"
    "   out[2] = calls;\n"
    "}\n",
    NULL,
    {10, 4},
    {10, 123, 4}},
   {"constants",
    "constexpr int square(int x) { return x * x; }\n"
    "constant int squares[] = {square(1), square(2), square(3), square(4)};\n"
    "enum class Color : uchar { red = 1, green = 2 };\n"
    "namespace outer { namespace inner { constexpr constant int answer = 42; } using namespace "
    "inner; }\n"
    "static_assert(square(5) == 25, \"square\");\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   auto at = in[0]; out[0] = squares[at];\n"
    "   out[1] = static_cast<int>(Color::green) + sizeof(Color);\n"
    "   out[2] = outer::answer; out[3] = nullptr == (global int *)0;\n"
    "}\n",
    NULL,
    {3},
    {16, 3, 42, 1}},
   {"overloads",
    "int kind(int) { return 1; }\n"
    "int kind(float) { return 2; }\n"
    "int kind(float4) { return 3; }\n"
    "int kind(global int *) { return 4; }\n"
    "int kind(local int *) { return 5; }\n"
    "int kind(double) = delete;\n"
    "int plus(int a, int b = 6) { return a + b; }\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   local int l[1];\n"
    "   out[0] = kind(1.0f); out[1] = kind((float4)(1)); out[2] = kind(out); out[3] = kind(l);\n"
    "   out[4] = plus(in[0]); out[5] = plus(in[0], in[0]);\n"
    "}\n",
    NULL,
    {1},
    {2, 3, 4, 5, 7, 2}},
   {"vectors",
    "struct Pair { float2 v; Pair operator*(float s) const { return {v * s}; } };\n"
    "template <typename T> T dotted(T a) { return a.wzyx; }\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   int4 v = dotted((int4)(in[0], in[1], in[2], in[3]));\n"
    "   vstore4(v, 0, out);\n"
    "   Pair p = Pair{(float2)(1.5f, 2.5f)} * 2.0f;\n"
    "   out[4] = (int)dot(p.v, p.v); out[5] = convert_int_sat(1e20f); out[6] = as_int(1.0f);\n"
    "}\n",
    NULL,
    {1, 2, 3, 4},
    {4, 3, 2, 1, 34, 0x7fffffff, 0x3f800000}},
   {"groups",
    "template <typename T, int size> struct Tile {\n"
    "   local T *data;\n"
    "   void set(T x) { data[get_local_id(0)] = x; barrier(CLK_LOCAL_MEM_FENCE); }\n"
    "   T neighbour() const { return data[(get_local_id(0) + 1) % size]; }\n"
    "};\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   local int data[32];\n"
    "   local atomic_int sum;\n"
    "   Tile<int, 32> tile{data};\n"
    "   if (get_local_id(0) == 0) atomic_init(&sum, in[0]);\n"
    "   tile.set(get_global_id(0) * 3);\n"
    "   atomic_fetch_add(&sum, tile.neighbour());\n"
    "   int all = work_group_reduce_add(tile.neighbour());\n"
    "   barrier(CLK_LOCAL_MEM_FENCE);\n"
    "   if (get_local_id(0) == 31) {\n"
    "      out[0] = tile.neighbour(); out[1] = atomic_load(&sum); out[2] = all;\n"
    "   }\n"
    "}\n",
    NULL,
    {1000},
    {0, 2488, 1488}},
   {"pointers",
    "struct List { int value; const List *next; };\n"
    "int sum(const List *l) { int s = 0; for (; l; l = l->next) s += l->value; return s; }\n"
    "struct Point { int x, y; };\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   List a{in[0], nullptr}, b{in[1], &a}, c{in[2], &b};\n"
    "   int Point::*member = in[3] ? &Point::y : &Point::x;\n"
    "   Point p{3, 4};\n"
    "   out[0] = sum(&c); out[1] = sum(&a); out[2] = p.*member;\n"
    "}\n",
    NULL,
    {100, 20, 3, 1},
    {123, 100, 4}},
   {"statics",
    "kernel void test(global int *out, global const int *in) {\n"
    "   static constant int table[] = {5, 6, 7};\n"
    "   static global int calls = 40;\n"
    "   if (get_global_id(0) == 0) { calls += 2; out[0] = calls; out[1] = table[in[0]]; }\n"
    "}\n",
    NULL,
    {2},
    {42, 7}},
   {"casts",
    "struct Bits { int x; operator bool() const { return x != 0; } operator int() const = delete; "
    "};\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   out[0] = static_cast<int>(3.9f); out[1] = *reinterpret_cast<global const int *>(in + 1);\n"
    "   out[2] = Bits{in[0]} ? 1 : 2; out[3] = Bits{in[1]} ? 1 : 2;\n"
    "   __generic int *any = addrspace_cast<__generic int *>(out + 4); *any = 9;\n"
    "}\n",
    NULL,
    {0, 17},
    {3, 17, 2, 1, 9}},
   {"version 2021",
    "template <typename T> T total(T x) { return sub_group_reduce_add(x); }\n"
    "kernel void test(global int *out, global const int *in) {\n"
    "   int sum = total(in[get_local_id(0) % 4]);\n"
    "   if (get_local_id(0) == 31) { out[0] = __OPENCL_CPP_VERSION__; out[1] = sum; }\n"
    "}\n",
    "-cl-std=CLC++2021",
    {1, 2, 3, 4},
    {202100, 80}},
};

static void
need_cxx(void)
{
   if (!clt_has_extension("cl_ext_cxx_for_opencl"))
      clt_skip("the device has no cl_ext_cxx_for_opencl");
}

static void
check_results(cl_kernel kernel, const cl_int *in, size_t in_B, const cl_int *expected)
{
   cl_int got[MAX_RESULTS] = {0};
   cl_mem out = clt_buffer(sizeof(got), got);

   clt_arg_mem(kernel, 0, out);
   if (in)
      clt_arg_mem(kernel, 1, clt_buffer(in_B, in));
   clt_launch_1d(kernel, 32, 32);
   clt_read(out, 0, sizeof(got), got);
   for (unsigned i = 0; i < MAX_RESULTS; i++)
      CLT_CHECK(got[i] == expected[i], "result %u is %d, expected %d", i, got[i], expected[i]);
}

static void
test_language(const void *arg)
{
   const struct language_case *c = arg;

   need_cxx();
   cl_kernel kernel = clt_kernel(c->source, c->std ? c->std : STD, "test");
   check_results(kernel, c->in, sizeof(c->in), c->expected);
}

static void
test_version(const void *arg)
{
   static const char source[] = "kernel void test(global int *out) {\n"
                                "   if (get_global_id(0) == 0) out[0] = __OPENCL_CPP_VERSION__;\n"
                                "}\n";
   cl_version version = 0;
   cl_int expected[MAX_RESULTS] = {0};

   need_cxx();
   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_CXX_FOR_OPENCL_NUMERIC_VERSION_EXT,
                            sizeof(version), &version, NULL));
   expected[0] = CL_VERSION_MAJOR(version) * 100 + CL_VERSION_MINOR(version) * 10 +
                 CL_VERSION_PATCH(version);
   check_results(clt_kernel(source, arg, "test"), NULL, 0, expected);
}

/* Objects of the program: kernels share them; a kernel of its own calls constructors. */
static void
test_objects(const void *arg)
{
   static const char source[] = "struct Sum {\n"
                                "   int n; Sum(int start) : n(start) {}\n"
                                "   void add(int x) { n += x; }\n"
                                "};\n"
                                "global int five = 5;\n"
                                "global Sum sum(five * 2);\n"
                                "kernel void add() { if (get_global_id(0) == 0) sum.add(7); }\n"
                                "kernel void test(global int *out) { out[0] = sum.n; }\n";
   static const cl_int expected[MAX_RESULTS] = {24};
   char names[256] = "", *constructors;

   need_cxx();
   cl_program p = clt_program(source, STD);
   CLT_CALL(clGetProgramInfo(p, CL_PROGRAM_KERNEL_NAMES, sizeof(names), names, NULL));
   constructors = strstr(names, "_GLOBAL__sub_I_");
   if (!constructors)
      clt_fatal("no kernel calls the constructors: \"%s\"", names);
   constructors[strcspn(constructors, ";")] = '\0';
   clt_launch_1d(clt_kernel_of(p, constructors), 1, 1);
   clt_launch_1d(clt_kernel_of(p, "add"), 1, 1);
   clt_launch_1d(clt_kernel_of(p, "add"), 1, 1);
   check_results(clt_kernel_of(p, "test"), NULL, 0, expected);
}

static void
release_program(void *p)
{
   clReleaseProgram(p);
}

static cl_program
compiled(const char *source, const char *options)
{
   cl_int error;
   cl_program p = clCreateProgramWithSource(clt.context, 1, &source, NULL, &error);

   clt_require(error, "clCreateProgramWithSource");
   clt_defer(release_program, p);
   CLT_CALL(clCompileProgram(p, 1, &clt.device, options, 0, NULL, NULL, NULL, NULL));
   return p;
}

/* C++ calls C and C calls C++, each in a program of its own. */
static void
test_linked_with_c(const void *arg)
{
   static const cl_int in[] = {20}, expected[MAX_RESULTS] = {62};
   cl_int error;

   need_cxx();
   const cl_program parts[] = {
      compiled(
         "int twice(int x);\n"
         "int thrice(int x) { return 3 * x; }\n"
         "kernel void test(global int *out, global const int *in) { out[0] = twice(in[0]); }\n",
         "-cl-std=CL3.0"),
      compiled("extern \"C\" int thrice(int x);\n"
               "template <typename T> T plus(T a, T b) { return a + b; }\n"
               "extern \"C\" int twice(int x) { return plus(thrice(x), 2); }\n",
               STD),
   };
   cl_program linked = clLinkProgram(clt.context, 1, &clt.device, "", CLT_ARRAY_SIZE(parts), parts,
                                     NULL, NULL, &error);

   clt_require(error, "clLinkProgram");
   clt_defer(release_program, linked);
   check_results(clt_kernel_of(linked, "test"), in, sizeof(in), expected);
}

struct failing_case {
   const char *name, *options, *source;
   const char *log; /* what the build log must contain */
};

static const struct failing_case failing_cases[] = {
   {"virtual functions", STD, "struct A { virtual int f(); };\nkernel void test() {}\n", "virtual"},
   {"exceptions", STD, "kernel void test() { throw 1; }\n", "throw"},
   {"names of C", STD, "kernel void test() { int class = 1; }\n", "class"},
   {"C++ in C", "-cl-std=CL3.0", "template <int n> int f();\nkernel void test() {}\n", "template"},
   {"last option", STD " -cl-std=CL1.2", "class A {};\nkernel void test() {}\n", "class"},
};

static void
test_failing(const void *arg)
{
   const struct failing_case *c = arg;
   char log[4096] = "";
   cl_int error;

   need_cxx();
   cl_program p = clCreateProgramWithSource(clt.context, 1, (const char *[]){c->source}, NULL,
                                            &error);

   clt_require(error, "clCreateProgramWithSource");
   clt_defer(release_program, p);
   CLT_EXPECT(clBuildProgram(p, 1, &clt.device, c->options, NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
   CLT_CALL(clGetProgramBuildInfo(p, clt.device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
   CLT_CHECK(strstr(log, c->log), "the build log does not say \"%s\":\n%s", c->log, log);
}

int
main(int argc, char **argv)
{
   static const char *const versions[] = {STD, "-cl-std=CLC++1.0", "-cl-std=clc++"};

   clt_init(argc, argv, "C++ for OpenCL");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(versions); i++)
      clt_run(test_version, versions[i], "version: %s", versions[i]);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(language_cases); i++)
      clt_run(test_language, &language_cases[i], "language: %s", language_cases[i].name);
   clt_run(test_objects, NULL, "objects");
   clt_run(test_linked_with_c, NULL, "linked_with_c");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(failing_cases); i++)
      clt_run(test_failing, &failing_cases[i], "failing: %s", failing_cases[i].name);
   return clt_done();
}
