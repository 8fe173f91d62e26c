// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Programs: sources, separate compilation, binaries, SPIR-V, and damaged input of every kind, which
 * must end in an error and leave the process whole. */

#include "cl_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good_source[] =
   "kernel void twice(global int *p) { p[get_global_id(0)] *= 2; }\n"
   "kernel void thrice(global int *p) { p[get_global_id(0)] *= 3; }\n";

static void
release_program(void *handle)
{
   clReleaseProgram(handle);
}

/* Notes a program for release. */
static cl_program
own_program(cl_program program)
{
   if (program)
      clt_defer(release_program, program);
   return program;
}

static cl_program
program_of(const char *source)
{
   cl_int error;
   cl_program program = clCreateProgramWithSource(clt.context, 1, &source, NULL, &error);

   clt_require(error, "clCreateProgramWithSource");
   return own_program(program);
}

static char *
build_log(cl_program program)
{
   size_t size = 0;

   CLT_CALL(clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size));
   char *log = clt_alloc(size + 1);
   CLT_CALL(clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_LOG, size, log, NULL));
   return log;
}

/* Runs a kernel of the program and checks that it multiplies. */
static void
check_kernel(cl_program program, const char *name, int factor)
{
   cl_kernel k = clt_kernel_of(program, name);
   cl_int data[4] = {1, -2, 3, 1 << 20}, got[4];
   cl_mem mem = clt_buffer(sizeof(data), data);

   clt_arg_mem(k, 0, mem);
   clt_launch_1d(k, 4, 0);
   clt_read(mem, 0, sizeof(got), got);
   for (int i = 0; i < 4; i++)
      CLT_CHECK(got[i] == data[i] * factor, "%s: element %d is %d", name, i, got[i]);
}

/* Sources without a kernel make an executable too. */
static void
no_kernels(const void *arg)
{
   static const char *const sources[] = {"", "float half_of(float x) { return x / 2; }\n"};

   for (size_t i = 0; i < CLT_ARRAY_SIZE(sources); i++) {
      cl_program program = program_of(sources[i]);
      cl_uint num = 5;
      size_t count = 5;
      cl_int error;

      CLT_EXPECT(clCreateKernelsInProgram(program, 0, NULL, &num), CL_INVALID_PROGRAM_EXECUTABLE);
      CLT_EXPECT(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL),
                 CL_INVALID_PROGRAM_EXECUTABLE);
      clCreateKernel(program, "test", &error);
      clt_expect(error, CL_INVALID_PROGRAM_EXECUTABLE, "clCreateKernel before the build");
      CLT_CALL(clBuildProgram(program, 1, &clt.device, "", NULL, NULL));
      CLT_CALL(clCreateKernelsInProgram(program, 0, NULL, &num));
      CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL));
      CLT_CHECK(num == 0 && count == 0, "source %zu has %u or %zu kernels", i, num, count);
      clCreateKernel(program, "test", &error);
      clt_expect(error, CL_INVALID_KERNEL_NAME, "clCreateKernel after the build");
   }
}

static void
two_kernels(const void *arg)
{
   cl_program program = clt_program(good_source, "");
   char names[64] = "";
   size_t count = 0;

   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL));
   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof(names), names, NULL));
   CLT_CHECK(count == 2, "%zu kernels, expected 2", count);
   CLT_CHECK(strstr(names, "twice") && strstr(names, "thrice"), "kernel names are \"%s\"", names);
   check_kernel(program, "twice", 2);
   check_kernel(program, "thrice", 3);
}

static void
build_options(const void *arg)
{
   cl_program program =
      clt_program("kernel void scale(global int *p) { p[get_global_id(0)] *= FACTOR; }\n",
                  "-DFACTOR=7 -cl-std=CL3.0 -Werror -cl-fast-relaxed-math");

   check_kernel(program, "scale", 7);
}

struct source_case {
   const char *name, *source, *in_log; /* in_log: what the build log must mention */
};

static const struct source_case source_cases[] = {
   {"syntax error", "kernel void f(global int *p) { p[0] = ; }\n", "expected expression"},
   {"unknown name", "kernel void f(global int *p) { p[0] = nonesuch; }\n", "nonesuch"},
   {"wrong type", "kernel void f(global int *p) { p = 1.0f; }\n", "incompatible"},
   {"unterminated", "kernel void f(global int *p) { p[0] = 1;\n", "expected '}'"},
   {"missing include", "#include \"no/such/file.h\"\nkernel void f() {}\n", "file not found"},
   {"error directive", "#error stop here\n", "stop here"},
};

static void
bad_source(const void *arg)
{
   const struct source_case *c = arg;
   cl_program program = program_of(c->source);
   cl_build_status status = 0;
   cl_int error;

   CLT_EXPECT(clBuildProgram(program, 1, &clt.device, "", NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
   CLT_CALL(clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_STATUS, sizeof(status),
                                  &status, NULL));
   CLT_CHECK(status == CL_BUILD_ERROR, "build status is %d", status);
   char *log = build_log(program);
   CLT_CHECK(strstr(log, c->in_log) != NULL, "the log does not mention \"%s\":\n%s", c->in_log,
             log);
   clCreateKernel(program, "f", &error);
   clt_expect(error, CL_INVALID_PROGRAM_EXECUTABLE, "clCreateKernel of what was not built");
   clt_computes("after a failed build");
}

/* Functions in one program, kernels in another. */
static void
compile_and_link(const void *arg)
{
   cl_program header = program_of("int scaled(int x);\n");
   cl_program library = program_of("#include \"scale.h\"\nint scaled(int x) { return x * 11; }\n");
   cl_program main = program_of("#include \"scale.h\"\n"
                                "kernel void f(global int *p)\n"
                                "{ p[get_global_id(0)] = scaled(p[get_global_id(0)]); }\n");
   const char *header_name = "scale.h";
   cl_program parts[2] = {library, main};
   cl_int error;

   CLT_CALL(clCompileProgram(library, 1, &clt.device, "", 1, &header, &header_name, NULL, NULL));
   CLT_CALL(clCompileProgram(main, 1, &clt.device, "", 1, &header, &header_name, NULL, NULL));
   cl_program linked = own_program(
      clLinkProgram(clt.context, 1, &clt.device, "", 2, parts, NULL, NULL, &error));
   if (error != CL_SUCCESS)
      clt_fatal("clLinkProgram: %s\n%s", cl_error_name(error), linked ? build_log(linked) : "");
   check_kernel(linked, "f", 11);

   own_program(clLinkProgram(clt.context, 1, &clt.device, "", 1, &main, NULL, NULL, &error));
   clt_expect(error, CL_LINK_PROGRAM_FAILURE, "link without the library");
}

/* Binaries */

struct binary {
   uint8_t *bytes;
   size_t size;
};

static struct binary
binary_of(cl_program program)
{
   struct binary b = {0};

   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(b.size), &b.size, NULL));
   if (!b.size)
      clt_fatal("the program has no binary");
   b.bytes = clt_alloc(b.size);
   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(b.bytes), &b.bytes, NULL));
   return b;
}

/* Creates and builds; returns the first error. */
static cl_int
build_binary(struct binary b, cl_program *program)
{
   const unsigned char *bytes = b.bytes;
   cl_int status = CL_SUCCESS, error;

   *program = own_program(
      clCreateProgramWithBinary(clt.context, 1, &clt.device, &b.size, &bytes, &status, &error));
   if (error == CL_SUCCESS)
      error = clBuildProgram(*program, 1, &clt.device, "", NULL, NULL);
   return error;
}

static void
binary_round_trip(const void *arg)
{
   struct binary b = binary_of(clt_program(good_source, ""));
   cl_program program;

   clt_require(build_binary(b, &program), "build of the binary");
   check_kernel(program, "thrice", 3);
   struct binary again = binary_of(program);
   CLT_CHECK(again.size == b.size && !memcmp(again.bytes, b.bytes, b.size),
             "the binary of the program made from a binary differs");
}

/* Bits flipped anywhere, cut anywhere, replaced by noise: an error or a program, never a crash; and
 * nothing a damaged program does keeps the device from computing.
 */
static void
damaged_binaries(const void *arg)
{
   enum {
      ROUNDS = 60
   };
   struct binary good = binary_of(clt_program(good_source, ""));
   struct binary b = {clt_alloc(good.size), good.size};
   uint64_t rng = clt.seed + 9;
   unsigned refused = 0;

   for (unsigned i = 0; i < ROUNDS; i++) {
      cl_program program;

      memcpy(b.bytes, good.bytes, good.size);
      b.size = good.size;
      if (i % 3 == 0)
         b.size = clt_random(&rng) % good.size + 1;
      else if (i % 3 == 1)
         b.bytes[clt_random(&rng) % good.size] ^= 1 << clt_random(&rng) % 8;
      else
         clt_random_bytes(b.bytes, good.size, i);
      refused += build_binary(b, &program) != CL_SUCCESS;
   }
   clt_diag("%u of %d damaged binaries were refused", refused, ROUNDS);
   clt_fresh_context();
   clt_computes("after damaged binaries");
}

static void
binary_errors(const void *arg)
{
   const unsigned char noise[16] = "not a program!!";
   const unsigned char *bytes = noise, *none = NULL;
   size_t size = sizeof(noise), zero = 0;
   cl_int status = CL_SUCCESS, error;

   own_program(
      clCreateProgramWithBinary(clt.context, 1, &clt.device, &size, &bytes, &status, &error));
   CLT_CHECK(error == CL_INVALID_BINARY, "noise gives %s", cl_error_name(error));
   own_program(clCreateProgramWithBinary(clt.context, 1, &clt.device, &zero, &bytes, NULL, &error));
   clt_expect(error, CL_INVALID_VALUE, "binary of no bytes");
   own_program(clCreateProgramWithBinary(clt.context, 1, &clt.device, &size, &none, NULL, &error));
   clt_expect(error, CL_INVALID_VALUE, "binary at NULL");
}

/* SPIR-V, assembled by hand: kernel void f(global uint *p) { *p = 0x12345678; } */
static const uint32_t spirv_words[] = {
   0x07230203, 0x00010000, 0,  16,         0, /* magic, version 1.0, generator, bound, schema */
   0x00020011, 4,                             /* OpCapability Addresses */
   0x00020011, 6,                             /* OpCapability Kernel */
   0x0003000e, 2,          2,                 /* OpMemoryModel Physical64 OpenCL */
   0x0004000f, 6,          8,  0x00000066,    /* OpEntryPoint Kernel %8 "f" */
   0x00020013, 1,                             /* %1 = OpTypeVoid */
   0x00040015, 2,          32, 0,             /* %2 = OpTypeInt 32 0 */
   0x00040020, 3,          5,  2,             /* %3 = OpTypePointer CrossWorkgroup %2 */
   0x00040021, 4,          1,  3,             /* %4 = OpTypeFunction %1 %3 */
   0x0004002b, 2,          5,  0x12345678,    /* %5 = OpConstant %2 0x12345678 */
   0x00050036, 1,          8,  0,          4, /* %8 = OpFunction %1 None %4 */
   0x00030037, 3,          9,                 /* %9 = OpFunctionParameter %3 */
   0x000200f8, 10,                            /* %10 = OpLabel */
   0x0005003e, 9,          5,  2,          4, /* OpStore %9 %5 Aligned 4 */
   0x000100fd,                                /* OpReturn */
   0x00010038,                                /* OpFunctionEnd */
};

static cl_int
build_spirv(const void *words, size_t size, cl_program *program)
{
   cl_int error;

   *program = own_program(clCreateProgramWithIL(clt.context, words, size, &error));
   if (error == CL_SUCCESS)
      error = clBuildProgram(*program, 1, &clt.device, "", NULL, NULL);
   return error;
}

/* Builds spirv_words, or a variation of them, and runs the kernel; name says in messages which it is. */
static void
spirv_computes(const uint32_t *words, size_t size, const char *name)
{
   cl_mem mem = clt_buffer(4, NULL);
   cl_program program;
   uint32_t got = 0;

   clt_require(build_spirv(words, size, &program), name);
   cl_kernel k = clt_kernel_of(program, "f");
   clt_arg_mem(k, 0, mem);
   clt_launch_1d(k, 1, 1);
   clt_read(mem, 0, sizeof(got), &got);
   CLT_CHECK(got == 0x12345678, "%s: the kernel wrote 0x%x", name, got);
}

static void
spirv_program(const void *arg)
{
   spirv_computes(spirv_words, sizeof(spirv_words), "SPIR-V");
}

/* The same with a function which several modules may define: uint h(void) { return 0x12345678; }, and the kernel
 * stores what it returns. SPIRV_ODR_NAME is the entry
 * point's name. */
enum {
   SPIRV_ODR_NAME = 24
};
static const uint32_t spirv_odr_words[] = {
   0x07230203, 0x00010000, 0,          16,         0, /* header */
   0x00020011, 4,                                     /* OpCapability Addresses */
   0x00020011, 5,                                     /* OpCapability Linkage */
   0x00020011, 6,                                     /* OpCapability Kernel */
   0x0007000a, 0x5f565053, 0x5f52484b, 0x6b6e696c, 0x65636e6f, 0x72646f5f,
   0,                                              /* "SPV_KHR_linkonce_odr" */
   0x0003000e, 2,          2,                      /* OpMemoryModel Physical64 OpenCL */
   0x0004000f, 6,          8,          0x00000066, /* OpEntryPoint Kernel %8 "f" */
   0x00050047, 12,         41,         0x00000068, 2, /* OpDecorate %12 LinkageAttributes "h" LinkOnceODR */
   0x00020013, 1,                                     /* %1 = OpTypeVoid */
   0x00040015, 2,          32,         0,             /* %2 = OpTypeInt 32 0 */
   0x00040020, 3,          5,          2,             /* %3 = OpTypePointer CrossWorkgroup %2 */
   0x00040021, 4,          1,          3,             /* %4 = OpTypeFunction %1 %3 */
   0x00030021, 11,         2,                         /* %11 = OpTypeFunction %2 */
   0x0004002b, 2,          5,          0x12345678,     /* %5 = OpConstant %2 0x12345678 */
   0x00050036, 2,          12,         0,          11, /* %12 = OpFunction %2 None %11 */
   0x000200f8, 13,                                     /* %13 = OpLabel */
   0x000200fe, 5,                                      /* OpReturnValue %5 */
   0x00010038,                                         /* OpFunctionEnd */
   0x00050036, 1,          8,          0,          4,  /* %8 = OpFunction %1 None %4 */
   0x00030037, 3,          9,                          /* %9 = OpFunctionParameter %3 */
   0x000200f8, 10,                                     /* %10 = OpLabel */
   0x00040039, 2,          14,         12,             /* %14 = OpFunctionCall %2 %12 */
   0x0005003e, 9,          14,         2,          4,  /* OpStore %9 %14 Aligned 4 */
   0x000100fd,                                         /* OpReturn */
   0x00010038,                                         /* OpFunctionEnd */
};

/* cl_khr_spirv_linkonce_odr */
static void
spirv_linkonce_odr(const void *arg)
{
   static const char *const kernels[] = {"f", "g"};
   uint32_t words[CLT_ARRAY_SIZE(spirv_odr_words)];
   cl_program parts[2];
   cl_int error;

   if (!clt_has_extension("cl_khr_spirv_linkonce_odr"))
      clt_skip("the device has no cl_khr_spirv_linkonce_odr");
   memcpy(words, spirv_odr_words, sizeof(words));
   for (unsigned i = 0; i < 2; i++) {
      words[SPIRV_ODR_NAME] = kernels[i][0];
      parts[i] = own_program(clCreateProgramWithIL(clt.context, words, sizeof(words), &error));
      CLT_CALL(error);
      CLT_CALL(clCompileProgram(parts[i], 1, &clt.device, "", 0, NULL, NULL, NULL, NULL));
   }
   cl_program linked = own_program(
      clLinkProgram(clt.context, 1, &clt.device, "", 2, parts, NULL, NULL, &error));
   CLT_CALL(error);
   for (unsigned i = 0; i < 2; i++) {
      cl_mem mem = clt_buffer(4, NULL);
      cl_kernel k = clt_kernel_of(linked, kernels[i]);
      uint32_t got = 0;

      clt_arg_mem(k, 0, mem);
      clt_launch_1d(k, 1, 1);
      clt_read(mem, 0, sizeof(got), &got);
      CLT_CHECK(got == 0x12345678, "kernel %s wrote 0x%x", kernels[i], got);
   }
}

/* A module of each version that the device says it takes, and of the one after them. */
static void
spirv_versions(const void *arg)
{
   uint32_t words[CLT_ARRAY_SIZE(spirv_words)];
   cl_name_version versions[16];
   cl_program program;
   size_t size;

   memcpy(words, spirv_words, sizeof(words));
   CLT_CALL(
      clGetDeviceInfo(clt.device, CL_DEVICE_ILS_WITH_VERSION, sizeof(versions), versions, &size));
   CLT_CHECK(size / sizeof(versions[0]) >= 7, "the device takes only %zu versions of SPIR-V",
             size / sizeof(versions[0]));
   for (size_t i = 0; i < size / sizeof(versions[0]); i++) {
      const unsigned minor = CL_VERSION_MINOR(versions[i].version);

      CLT_CHECK(!strcmp(versions[i].name, "SPIR-V"), "\"%s\" is no SPIR-V", versions[i].name);
      words[1] = CL_VERSION_MAJOR(versions[i].version) << 16 | minor << 8;
      spirv_computes(words, sizeof(words), clt_format("SPIR-V 1.%u", minor));
   }
   words[1] += 1 << 8;
   CLT_CHECK(build_spirv(words, sizeof(words), &program) != CL_SUCCESS, "version 0x%x was accepted",
             words[1]);
}

/* cl_khr_spirv_queries, which the headers may not have. */
#define SPIRV_EXTENDED_INSTRUCTION_SETS 0x12B9
#define SPIRV_EXTENSIONS                0x12BA
#define SPIRV_CAPABILITIES              0x12BB

static bool
has_capability(uint32_t capability)
{
   uint32_t capabilities[100];
   size_t size = 0;

   clt_require(clGetDeviceInfo(clt.device, SPIRV_CAPABILITIES, sizeof(capabilities), capabilities,
                               &size),
               "clGetDeviceInfo(SPIRV_CAPABILITIES)");
   for (size_t i = 0; i < size / 4; i++) {
      if (capabilities[i] == capability)
         return true;
   }
   return false;
}

static bool
has_string(cl_device_info list, const char *name)
{
   const char *strings[50];
   size_t size = 0;

   clt_require(clGetDeviceInfo(clt.device, list, sizeof(strings), strings, &size),
               "clGetDeviceInfo(strings of SPIR-V)");
   for (size_t i = 0; i < size / sizeof(strings[0]); i++) {
      if (!strcmp(strings[i], name))
         return true;
   }
   return false;
}

/* The lists have what the device's extensions ask for and what it takes in these tests, and nothing that it has not. */
static void
spirv_queries(const void *arg)
{
   static const struct {
      const char *extension, *spirv_extension;
      uint32_t capability;
   } needs[] = {
      {"cl_khr_fp16", NULL, 9},
      {"cl_khr_fp64", NULL, 10},
      {"cl_khr_expect_assume", "SPV_KHR_expect_assume", 5629},
      {"cl_khr_extended_bit_ops", "SPV_KHR_bit_instructions", 6025},
      {"cl_khr_integer_dot_product", "SPV_KHR_integer_dot_product", 6019},
      {"cl_khr_subgroup_ballot", NULL, 64},
      {"cl_khr_subgroup_rotate", "SPV_KHR_subgroup_rotate", 6026},
   };
   uint32_t one;

   if (!clt_has_extension("cl_khr_spirv_queries"))
      clt_skip("the device has no cl_khr_spirv_queries");
   for (size_t i = 0; i < CLT_ARRAY_SIZE(needs); i++) {
      bool has = clt_has_extension(needs[i].extension);

      CLT_CHECK(has_capability(needs[i].capability) == has, "capability %u, but %s%s",
                needs[i].capability, has ? "" : "no ", needs[i].extension);
      if (needs[i].spirv_extension)
         CLT_CHECK(has_string(SPIRV_EXTENSIONS, needs[i].spirv_extension) == has, "%s, but %s%s",
                   needs[i].spirv_extension, has ? "" : "no ", needs[i].extension);
   }
   /* Those of spirv_words and of spirv_uniform(); shaders. */
   CLT_CHECK(has_capability(4) && has_capability(6) && has_capability(71), "kernels are not there");
   CLT_CHECK(!has_capability(1), "the device says it takes shaders");
   CLT_CHECK(has_string(SPIRV_EXTENDED_INSTRUCTION_SETS, "OpenCL.std"), "OpenCL.std is not there");
   CLT_CHECK(!has_string(SPIRV_EXTENDED_INSTRUCTION_SETS, "GLSL.std.450"), "GLSL.std.450 is there");
   CLT_CHECK(clGetDeviceInfo(clt.device, SPIRV_CAPABILITIES, sizeof(one), &one, NULL) ==
                CL_INVALID_VALUE,
             "a list that is too short was taken");
}

/* The same with its parameter decorated as Uniform, which version 1.6 has for kernels. */
static void
spirv_uniform(const void *arg)
{
   const uint32_t capability[] = {0x00020011, 71}, decoration[] = {0x00030047, 9, 26};
   const unsigned after_capabilities = 9, after_entry_point = 16;
   uint32_t words[CLT_ARRAY_SIZE(spirv_words) + 5];

   memcpy(words, spirv_words, after_capabilities * 4);
   memcpy(words + after_capabilities, capability, sizeof(capability));
   memcpy(words + after_capabilities + 2, spirv_words + after_capabilities,
          (after_entry_point - after_capabilities) * 4);
   memcpy(words + after_entry_point + 2, decoration, sizeof(decoration));
   memcpy(words + after_entry_point + 5, spirv_words + after_entry_point,
          sizeof(spirv_words) - after_entry_point * 4);
   words[1] = 0x00010600;
   spirv_computes(words, sizeof(words), "SPIR-V 1.6 with Uniform");
}

/* kernel void f(global uint *p) { *p = get_pipe_num_packets(x); } with a built-in variable x of type uint. */
enum {
   SPIRV_ENTRY_POINT = 14,
   SPIRV_INTERFACE = 18,
   SPIRV_BUILTIN = 22,
   SPIRV_POINTER_CLASS = 35, /* of the type of %12 */
   SPIRV_VARIABLE_CLASS = 48,
   SPIRV_PIPE = 63,
   SPIRV_STORED = 71
};
static const uint32_t spirv_typed_words[] = {
   0x07230203, 0x00010000, 0,  16,         0,     /* magic, version 1.0, generator, bound, schema */
   0x00020011, 4,                                 /* OpCapability Addresses */
   0x00020011, 6,                                 /* OpCapability Kernel */
   0x00020011, 17,                                /* OpCapability Pipes */
   0x0003000e, 2,          2,                     /* OpMemoryModel Physical64 OpenCL */
   0x0005000f, 6,          8,  0x00000066, 12,    /* OpEntryPoint Kernel %8 "f" %12 */
   0x00040047, 12,         11, 29,                /* OpDecorate %12 BuiltIn LocalInvocationIndex */
   0x00020013, 1,                                 /* %1 = OpTypeVoid */
   0x00040015, 2,          32, 0,                 /* %2 = OpTypeInt 32 0 */
   0x00040020, 3,          5,  2,                 /* %3 = OpTypePointer CrossWorkgroup %2 */
   0x00040020, 11,         1,  2,                 /* %11 = OpTypePointer Input %2 */
   0x00040021, 4,          1,  3,                 /* %4 = OpTypeFunction %1 %3 */
   0x0004002b, 2,          5,  4,                 /* %5 = OpConstant %2 4 */
   0x0004003b, 11,         12, 1,                 /* %12 = OpVariable %11 Input */
   0x00050036, 1,          8,  0,          4,     /* %8 = OpFunction %1 None %4 */
   0x00030037, 3,          9,                     /* %9 = OpFunctionParameter %3 */
   0x000200f8, 10,                                /* %10 = OpLabel */
   0x0004003d, 2,          13, 12,                /* %13 = OpLoad %2 %12 */
   0x00060120, 2,          14, 13,         5,  5, /* %14 = OpGetNumPipePackets %2 %13 %5 %5 */
   0x0005003e, 9,          14, 2,          4,     /* OpStore %9 %14 Aligned 4 */
   0x000100fd,                                    /* OpReturn */
   0x00010038,                                    /* OpFunctionEnd */
};

/* What the SPIR-V validator leaves to the environment. */
static void
mistyped_spirv(const void *arg)
{
   static const struct {
      const char *name;
      uint32_t builtin;
      bool good;
   } cases[] = {
      {"LocalInvocationIndex", 29, true},
      {"SubgroupSize", 36, true},
      {"WorkDim", 30, true},
      {"LocalInvocationId", 27, false},
      {"GlobalInvocationId", 28, false},
      {"WorkgroupId", 26, false},
      {"GlobalSize", 31, false},
      {"GlobalOffset", 33, false},
      {"WorkgroupSize", 25, false},
      {"EnqueuedWorkgroupSize", 32, false},
      {"NumWorkgroups", 24, false},
      {"HelperInvocation", 23, false},
      {"an unknown number", 12345, false},
   };
   uint32_t words[CLT_ARRAY_SIZE(spirv_typed_words)];
   cl_program program;

   memcpy(words, spirv_typed_words, sizeof(words));
   CLT_CHECK(build_spirv(words, sizeof(words), &program) != CL_SUCCESS, "a uint was a pipe");
   for (unsigned i = 0; i < 6; i++)
      words[SPIRV_PIPE + i] = 0x00010000; /* OpNop */
   words[SPIRV_STORED] = 13;
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(cases); i++) {
      words[SPIRV_BUILTIN] = cases[i].builtin;
      cl_int error = build_spirv(words, sizeof(words), &program);
      CLT_CHECK((error == CL_SUCCESS) == cases[i].good, "%s of type uint: the build gave %s",
                cases[i].name, cl_error_name(error));
   }
   clt_fresh_context();
   clt_computes("after mistyped SPIR-V");
}

/* Older compilers had built-in variables in UniformConstant, others in CrossWorkgroup. */
static void
builtin_classes(const void *arg)
{
   static const uint32_t classes[] = {0, 5};
   uint32_t words[CLT_ARRAY_SIZE(spirv_typed_words)];
   cl_program program;

   memcpy(words, spirv_typed_words, sizeof(words));
   for (unsigned i = 0; i < 6; i++)
      words[SPIRV_PIPE + i] = 0x00010000; /* OpNop */
   words[SPIRV_STORED] = 13;
   words[SPIRV_BUILTIN] = 30; /* WorkDim */
   /* The list of the entry point's variables can have inputs only: it is left out. */
   words[SPIRV_ENTRY_POINT] = 0x0004000f;
   memmove(words + SPIRV_INTERFACE, words + SPIRV_INTERFACE + 1,
           sizeof(words) - 4 * (SPIRV_INTERFACE + 1));
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(classes); i++) {
      const size_t ones[3] = {1, 1, 1};
      cl_mem mem = clt_buffer(4, NULL);
      uint32_t got = 0;

      words[SPIRV_POINTER_CLASS - 1] = words[SPIRV_VARIABLE_CLASS - 1] = classes[i];
      clt_require(build_spirv(words, sizeof(words) - 4, &program),
                  clt_format("storage class %u", classes[i]));
      cl_kernel k = clt_kernel_of(program, "f");
      clt_arg_mem(k, 0, mem);
      clt_launch(k, 3, NULL, ones, NULL);
      clt_read(mem, 0, sizeof(got), &got);
      CLT_CHECK(got == 3, "storage class %u: WorkDim is %u", classes[i], got);
   }
}

static void
truncated_spirv(const void *arg)
{
   cl_program program;
   unsigned accepted = 0;

   for (size_t size = 1; size < sizeof(spirv_words); size++)
      accepted += build_spirv(spirv_words, size, &program) == CL_SUCCESS;
   CLT_CHECK(accepted == 0, "%u truncated modules were accepted", accepted);
   CLT_EXPECT(build_spirv(spirv_words, 0, &program), CL_INVALID_VALUE);
   CLT_EXPECT(build_spirv(NULL, 64, &program), CL_INVALID_VALUE);
   clt_fresh_context();
   clt_computes("after truncated SPIR-V");
}

/* Each word in turn gets values that mean something else. */
static void
damaged_spirv(const void *arg)
{
   static const uint32_t values[] = {0, 1, 7, 0xffffffff, 0x00010000, 0xffff0000};
   uint32_t words[CLT_ARRAY_SIZE(spirv_words)];
   uint64_t rng = clt.seed + 10;
   cl_program program;
   unsigned refused = 0, tried = 0;

   for (size_t w = 0; w < CLT_ARRAY_SIZE(spirv_words); w++) {
      for (size_t v = 0; v <= CLT_ARRAY_SIZE(values); v++) {
         memcpy(words, spirv_words, sizeof(words));
         words[w] = v < CLT_ARRAY_SIZE(values) ? values[v] : (uint32_t)clt_random(&rng);
         if (words[w] == spirv_words[w])
            continue;
         tried++;
         refused += build_spirv(words, sizeof(words), &program) != CL_SUCCESS;
      }
   }
   clt_diag("%u of %u damaged modules were refused", refused, tried);
   CLT_CHECK(refused > tried / 2, "only %u of %u damaged modules were refused", refused, tried);
   clt_fresh_context();
   clt_computes("after damaged SPIR-V");
}

static void
random_spirv(const void *arg)
{
   uint32_t words[256];
   cl_program program;

   for (unsigned i = 0; i < 100; i++) {
      clt_random_bytes(words, sizeof(words), i);
      if (i % 2)
         memcpy(words, spirv_words, 5 * 4); /* a good header */
      CLT_CHECK(build_spirv(words, sizeof(words), &program) != CL_SUCCESS, "noise %u was accepted",
                i);
   }
   clt_fresh_context();
   clt_computes("after random SPIR-V");
}

static void
kernel_errors(const void *arg)
{
   cl_program program = clt_program(good_source, "");
   cl_int error;

   clCreateKernel(program, "nonesuch", &error);
   clt_expect(error, CL_INVALID_KERNEL_NAME, "kernel of an unknown name");
   clCreateKernel(program, NULL, &error);
   clt_expect(error, CL_INVALID_VALUE, "kernel of no name");

   cl_kernel k = clt_kernel_of(program, "twice");
   CLT_EXPECT(clBuildProgram(program, 1, &clt.device, "", NULL, NULL), CL_INVALID_OPERATION);
   check_kernel(program, "twice", 2);
   (void)k;
}

/* A program without kernels builds. */
static void
empty_program(const void *arg)
{
   cl_program program = clt_program("int unused(int x) { return x; }\n", "");
   size_t count = 99;

   CLT_CALL(clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL));
   CLT_CHECK(count == 0, "%zu kernels, expected 0", count);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "programs, binaries and SPIR-V, good and damaged");
   clt_run_fresh(no_kernels, NULL);
   clt_run_fresh(two_kernels, NULL);
   clt_run_fresh(build_options, NULL);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(source_cases); i++)
      clt_run(bad_source, &source_cases[i], "bad source: %s", source_cases[i].name);
   clt_run_fresh(compile_and_link, NULL);
   clt_run_fresh(binary_round_trip, NULL);
   clt_run_fresh(damaged_binaries, NULL);
   clt_run_fresh(binary_errors, NULL);
   clt_run_fresh(spirv_program, NULL);
   clt_run_fresh(spirv_versions, NULL);
   clt_run_fresh(spirv_linkonce_odr, NULL);
   clt_run_fresh(spirv_queries, NULL);
   clt_run_fresh(spirv_uniform, NULL);
   clt_run_fresh(mistyped_spirv, NULL);
   clt_run_fresh(builtin_classes, NULL);
   clt_run_fresh(truncated_spirv, NULL);
   clt_run_fresh(damaged_spirv, NULL);
   clt_run_fresh(random_spirv, NULL);
   clt_run_fresh(kernel_errors, NULL);
   clt_run_fresh(empty_program, NULL);
   return clt_done();
}
