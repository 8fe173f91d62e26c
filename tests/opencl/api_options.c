// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Options of builds, compilations and links (OpenCL 3.0 sections 5.8.6 and 5.8.7): all that the specification has, how
 * their text is taken apart, those that are invalid - which must be an error of its own, say why in the build log and
 * leave the program as it is - and what a link demands of its inputs. */

#include "cl_api.h"

#include <string.h>

struct option_case {
   const char *options;
   cl_int expected; /* what a kernel of VALUE computes */
};

/* Kernel "test" writes VALUE, or 1 if the options define nothing. */
static const char source[] = "#ifndef VALUE\n"
                             "#define VALUE 1\n"
                             "#endif\n"
                             "kernel void test(global int *p) { p[0] = (int)(VALUE); }\n";

static const struct option_case valid_cases[] = {
   {NULL, 1},
   {"", 1},
   {"  \t\n ", 1},
   {"-DVALUE=2", 2},
   {"-D VALUE=3", 3},
   {" \t-D\tVALUE=4\n", 4},
   {"-DVALUE=5 -UVALUE", 1},
   {"-DVALUE=6 -U VALUE", 1},
   {"-DVALUE", 1},
   {"-DSEVEN=7 -DVALUE=SEVEN", 7},
   {"-DSEVEN=7 -D VALUE=SEVEN+1", 8},
   {"-D \"VALUE=4 + 5\"", 9},
   {"-DVALUE=\"4 + 6\"", 10},
   {"-D\"VALUE=4 + 7\"", 11},
   {"-DVALUE=4\\ +\\ 8", 12},
   {"-DTEXT=\\\"abcd\\\" -DVALUE=sizeof(TEXT)", 5},
   {"-DVALUE='\\\\\\\\'", '\\'},
   {"-DVALUE=p[1]", 77},
   {"-I /nowhere -I/nowhere/else -DVALUE=13", 13},
   {"-cl-single-precision-constant -DVALUE=sizeof(1.0)", 4},
   {"-cl-denorms-are-zero -DVALUE=14", 14},
   {"-cl-fp32-correctly-rounded-divide-sqrt", 1},
   {"-cl-opt-disable -cl-strict-aliasing", 1},
   {"-cl-uniform-work-group-size -cl-no-subgroup-ifp", 1},
   {"-cl-mad-enable -cl-no-signed-zeros -cl-unsafe-math-optimizations", 1},
   {"-cl-finite-math-only -cl-fast-relaxed-math", 1},
   {"-cl-finite-math-only -DVALUE=__FINITE_MATH_ONLY__", 1},
   {"-cl-fast-relaxed-math -DVALUE=__FAST_RELAXED_MATH__+1", 2},
   {"-w -Werror", 1},
   {"-g -cl-kernel-arg-info", 1},
   {"-cl-std=CL1.0 -DVALUE=__OPENCL_C_VERSION__", 100},
   {"-cl-std=CL1.1 -DVALUE=__OPENCL_C_VERSION__", 110},
   {"-cl-std=CL1.2 -DVALUE=__OPENCL_C_VERSION__", 120},
   {"-cl-std=CL3.0 -DVALUE=__OPENCL_C_VERSION__", 300},
   {"-DVALUE=__OPENCL_C_VERSION__", 120},
   {"-DNO=-cl-std=CL3.0 -DVALUE=__OPENCL_C_VERSION__", 120},
   /* not OpenCL's, but those that others take */
   {"-O3 -Wall -Wno-unused -x cl", 1},
   {"-O0 -O2 -ffp-contract=off -fno-builtin -ffast-math", 1},
};

static void
release_program(void *program)
{
   clReleaseProgram(program);
}

static cl_program
make_program(const char *text)
{
   cl_int error;
   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);

   clt_require(error, "clCreateProgramWithSource");
   clt_defer(release_program, program);
   return program;
}

static char *
log_of(cl_program program)
{
   char *log = clt_alloc(8192);

   CLT_CALL(clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_LOG, 8191, log, NULL));
   return log;
}

static void
check_value(cl_program program, cl_int expected)
{
   const cl_int init[2] = {-1, 77};
   cl_int got = 0;
   cl_mem mem = clt_buffer(sizeof(init), init);
   cl_kernel kernel = clt_kernel_of(program, "test");

   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(mem, 0, sizeof(got), &got);
   CLT_CHECK(got == expected, "the kernel wrote %d, expected %d", got, expected);
}

static void
test_valid(const void *arg)
{
   const struct option_case *c = arg;
   cl_program program = make_program(source);
   cl_int error = clBuildProgram(program, 1, &clt.device, c->options, NULL, NULL);
   char stored[256] = "";

   if (error != CL_SUCCESS)
      clt_fatal("%s: %s", cl_error_name(error), log_of(program));
   check_value(program, c->expected);
   CLT_CALL(clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_OPTIONS, sizeof(stored),
                                  stored, NULL));
   CLT_CHECK(!strcmp(stored, c->options ? c->options : ""), "the options became \"%s\"", stored);

   program = make_program(source);
   CLT_CALL(clCompileProgram(program, 1, &clt.device, c->options, 0, NULL, NULL, NULL, NULL));
   program = clLinkProgram(clt.context, 1, &clt.device, NULL, 1, &program, NULL, NULL, &error);
   clt_require(error, "clLinkProgram");
   clt_defer(release_program, program);
   check_value(program, c->expected);
}

struct invalid_case {
   const char *options;
   const char *log; /* part of the build log */
};

static const struct invalid_case invalid_cases[] = {
   {"-invalid", "-invalid"},
   {"--DVALUE=1", "--DVALUE=1"},
   {"word", "word"},
   {"-w word", "word"},
   {"x", "x"},
   {"-", "-"},
   {"\"\"", "''"},
   {"-D", "-D"},
   {"-w -I", "-I"},
   {"-D \"VALUE=1", "\""},
   {"-cl-no-such-option", "-cl-no-such-option"},
   {"-cl-std=CL9.9", "CL9.9"},
   {"-cl-std=CLC++7", "CLC++7"},
   {"-fno-such-option", "-fno-such-option"},
   {"-fcoverage-mapping", "-fcoverage-mapping"},
   {"-ffat-lto-objects", "-ffat-lto-objects"},
   {"-finstrument-functions", "-finstrument-functions"},
   {"-fsanitize-ignorelist=/nowhere", "-fsanitize-ignorelist"},
   {"-x c", "-x"},
   {"-o output", "-o"},
   {"-emit-obj", "-emit-obj"},
   {"-triple x86_64-linux-gnu", "-triple"},
   {"-help", "-help"},
   {"-create-library", "-create-library"},
};

static void
test_invalid(const void *arg)
{
   const struct invalid_case *c = arg;
   cl_program built = make_program(source), compiled = make_program(source);

   CLT_CALL(clBuildProgram(built, 1, &clt.device, "-DVALUE=5", NULL, NULL));
   CLT_EXPECT(clBuildProgram(built, 1, &clt.device, c->options, NULL, NULL),
              CL_INVALID_BUILD_OPTIONS);
   CLT_CHECK(strstr(log_of(built), c->log), "the log does not say \"%s\": %s", c->log,
             log_of(built));
   CLT_EXPECT(clCompileProgram(compiled, 1, &clt.device, c->options, 0, NULL, NULL, NULL, NULL),
              CL_INVALID_COMPILER_OPTIONS);
   CLT_CHECK(strstr(log_of(compiled), c->log), "the log does not say \"%s\": %s", c->log,
             log_of(compiled));

   /* and it builds with better ones */
   CLT_CALL(clBuildProgram(built, 1, &clt.device, "-DVALUE=6", NULL, NULL));
   check_value(built, 6);
}

/* Sources with errors and valid options are failures of the build. */
static void
test_source_errors(const void *arg)
{
   cl_program program = make_program("kernel void test(global int *p) { nonsense; }\n");

   CLT_EXPECT(clBuildProgram(program, 1, &clt.device, "-w", NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
   CLT_EXPECT(clCompileProgram(program, 1, &clt.device, "-w", 0, NULL, NULL, NULL, NULL),
              CL_COMPILE_PROGRAM_FAILURE);
   CLT_EXPECT(clBuildProgram(program, 1, &clt.device, "-cl-std=CL7", NULL, NULL),
              CL_INVALID_BUILD_OPTIONS);
}

/* Options with the same letters are not the same program, which a cache of programs might think. */
static void
test_cache(const void *arg)
{
   static const char text[] = "kernel void test(global int *p) { int DB = 3; p[0] = A\n"
                              "#ifdef B\n"
                              "+ 100\n"
                              "#endif\n"
                              "; }\n";
   static const struct option_case cases[] = {{"-DA=9 -DB", 109},
                                              {"-DA=9-DB", 6},
                                              {"-DA=9 -DB", 109}};

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(cases); i++) {
      cl_program program = make_program(text);

      CLT_CALL(clBuildProgram(program, 1, &clt.device, cases[i].options, NULL, NULL));
      check_value(program, cases[i].expected);
   }
}

static const char functions[] = "int twice(int x) { return 2 * x; }\n";
static const char caller[] = "int twice(int x);\n"
                             "kernel void test(global int *p) { p[0] = twice(21); }\n";

static cl_program
compiled(const char *text)
{
   cl_program program = make_program(text);

   CLT_CALL(clCompileProgram(program, 1, &clt.device, "", 0, NULL, NULL, NULL, NULL));
   return program;
}

static cl_program
linked(const char *options, unsigned num, const cl_program *programs, cl_int expected)
{
   cl_int error;
   cl_program program = clLinkProgram(clt.context, 1, &clt.device, options, num, programs, NULL,
                                      NULL, &error);

   CLT_CHECK(error == expected, "options \"%s\": %s, expected %s", options, cl_error_name(error),
             cl_error_name(expected));
   if (program)
      clt_defer(release_program, program);
   return program;
}

static void
test_link(const void *arg)
{
   static const char *const valid[] = {
      NULL, "", " \t", "-cl-denorms-are-zero -cl-no-signed-zeros -cl-unsafe-math-optimizations",
      "-cl-finite-math-only -cl-fast-relaxed-math -cl-no-subgroup-ifp"};
   static const char *const invalid[] = {
      "-invalid", "word", "-DVALUE=1", "-create-library -w", "-enable-link-options", "\""};
   cl_program programs[] = {compiled(functions), compiled(caller)};

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(valid); i++) {
      cl_program program = linked(valid[i], 2, programs, CL_SUCCESS);
      if (program)
         check_value(program, 42);
   }
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(invalid); i++)
      CLT_CHECK(!linked(invalid[i], 2, programs, CL_INVALID_LINKER_OPTIONS),
                "\"%s\": there is a program", invalid[i]);

   for (unsigned i = 0; i < 2; i++) {
      cl_program library = linked(i ? "-create-library -enable-link-options" : "-create-library", 1,
                                  programs, CL_SUCCESS);
      cl_program_binary_type type = 0;

      CLT_CALL(clGetProgramBuildInfo(library, clt.device, CL_PROGRAM_BINARY_TYPE, sizeof(type),
                                     &type, NULL));
      CLT_CHECK(type == CL_PROGRAM_BINARY_TYPE_LIBRARY, "the library is of type 0x%x", type);
      cl_program program = linked("", 2, (const cl_program[]){library, programs[1]}, CL_SUCCESS);
      if (program)
         check_value(program, 42);
   }
}

static void
test_link_inputs(const void *arg)
{
   static const char inline_header[] = "inline int twice(int x) { return 2 * x; }\n";
   cl_program objects[] = {compiled(functions), compiled(caller)};
   cl_program executable = linked("", 2, objects, CL_SUCCESS);
   cl_int error;

   /* An executable is nothing to link with objects. */
   linked("", 2, (const cl_program[]){executable, objects[1]}, CL_INVALID_OPERATION);
   linked("", 2, (const cl_program[]){make_program(functions), objects[1]}, CL_INVALID_OPERATION);

   /* A function has one definition, unless it is inline. */
   cl_program program = linked("", 3,
                               (const cl_program[]){objects[0], objects[1], compiled(functions)},
                               CL_LINK_PROGRAM_FAILURE);
   CLT_CHECK(program && strstr(log_of(program), "twice"), "the log does not name the function: %s",
             program ? log_of(program) : "");
   linked("", 2,
          (const cl_program[]){compiled(inline_header),
                               compiled("inline int twice(int x) { return 2 * x; }\n"
                                        "kernel void test(global int *p) { p[0] = twice(21); }\n")},
          CL_SUCCESS);
   linked("", 1, &objects[1], CL_LINK_PROGRAM_FAILURE);
   program = linked(
      "", 2,
      (const cl_program[]){compiled("int twice(int x) { return 3 * x; }\n"),
                           compiled("int twice(int x) { return 2 * x; }\n"
                                    "kernel void test(global int *p) { p[0] = twice(21); }\n")},
      CL_LINK_PROGRAM_FAILURE);
   CLT_CHECK(program && strstr(log_of(program), "twice"), "the log does not name the function: %s",
             program ? log_of(program) : "");

   /* Programs of one context. */
   cl_context other = clCreateContext(NULL, 1, &clt.device, NULL, NULL, &error);
   clt_require(error, "clCreateContext");
   clLinkProgram(other, 1, &clt.device, "", 2, objects, NULL, NULL, &error);
   clt_expect(error, CL_INVALID_CONTEXT, "clLinkProgram of programs of another context");
   clReleaseContext(other);
}

static cl_int
arg_info_error(cl_program program)
{
   char name[16] = "";
   cl_int error = clGetKernelArgInfo(clt_kernel_of(program, "test"), 0, CL_KERNEL_ARG_NAME,
                                     sizeof(name), name, NULL);

   CLT_CHECK(error != CL_SUCCESS || !strcmp(name, "p"), "the argument's name is \"%s\"", name);
   return error;
}

static void
test_arg_info(const void *arg)
{
   static const char *const options[] = {"", "-cl-kernel-arg-info"};

   for (unsigned i = 0; i < 2; i++) {
      const cl_int expected = i ? CL_SUCCESS : CL_KERNEL_ARG_INFO_NOT_AVAILABLE;
      cl_program built = make_program(source), object = make_program(source);

      CLT_CALL(clBuildProgram(built, 1, &clt.device, options[i], NULL, NULL));
      CLT_EXPECT(arg_info_error(built), expected);
      CLT_CALL(clCompileProgram(object, 1, &clt.device, options[i], 0, NULL, NULL, NULL, NULL));
      CLT_EXPECT(arg_info_error(linked("", 1, &object, CL_SUCCESS)), expected);
      CLT_EXPECT(clGetKernelArgInfo(clt_kernel_of(built, "test"), 5, CL_KERNEL_ARG_NAME, 0, NULL,
                                    NULL),
                 CL_INVALID_ARG_INDEX);
      CLT_EXPECT(clGetKernelArgInfo(clt_kernel_of(built, "test"), 0, 0xdead, 0, NULL, NULL),
                 CL_INVALID_VALUE);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "options of programs");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(valid_cases); i++)
      clt_run(test_valid, &valid_cases[i], "valid: case %u", i);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(invalid_cases); i++)
      clt_run(test_invalid, &invalid_cases[i], "invalid: %s", invalid_cases[i].options);
   clt_run(test_source_errors, NULL, "source_errors");
   clt_run(test_cache, NULL, "cache");
   clt_run(test_link, NULL, "link");
   clt_run(test_link_inputs, NULL, "link_inputs");
   clt_run(test_arg_info, NULL, "arg_info");
   return clt_done();
}
