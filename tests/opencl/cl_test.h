// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Harness of the OpenCL tests: one TAP line per case, over the public OpenCL API only.
 *
 *    static void
 *    test_double(const void *arg)
 *    {
 *       cl_kernel k = clt_kernel("kernel void f(global int *p) { p[get_global_id(0)] *= 2; }", "",
 * "f"); int v[4] = {1, 2, 3, 4}; cl_mem buf = clt_buffer(sizeof(v), v); clt_arg_mem(k, 0, buf);
 *       clt_launch_1d(k, 4, 0);
 *       clt_read(buf, 0, sizeof(v), v);
 *       CLT_CHECK(v[3] == 8, "v[3] is %d, expected 8", v[3]);
 *    }
 *
 *    int
 *    main(int argc, char **argv)
 *    {
 *       clt_init(argc, argv, "doubles numbers");
 *       clt_run(test_double, NULL, "double");
 *       return clt_done();
 *    }
 *
 * A case ends early when a helper meets an OpenCL error (the case fails with the call and the
 * error's name) and at clt_fatal() and clt_skip(): control goes back to clt_run(). Everything that
 * a helper made (buffers, programs, kernels, memory from clt_alloc) belongs to the case and is
 * released at its end, unless the program is kept with clt_keep_programs().
 *
 * Which device: the first one of type ACCELERATOR. The environment variable CL_TEST_DEVICE or the
 * option
 * --device=TEXT picks the first device of any type whose name or platform name contains TEXT, so
 * every test can be checked against another implementation: CL_TEST_DEVICE=portable runs it on
 * PoCL.
 *
 * The harness is for single-threaded tests; a test may start threads that do not call it.
 */

#ifndef CL_TEST_H
#define CL_TEST_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../examples/cl_error.h"

#define CLT_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define CLT_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What clt_init() made. Valid between clt_init() and clt_done(). */
struct clt {
   cl_platform_id platform;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue; /* in order, profiling enabled */
   char device_name[256];
   char platform_name[256];
   uint64_t seed; /* of --seed, for tests with random input; default 1 */
   int argc;      /* program arguments that clt_init() left over: those after "--" */
   char **argv;
};

extern struct clt clt;

/* Parses the options every test has (--help, --list, --device=TEXT, --seed=N, patterns of case
 * names), picks the device and makes context and queue. about: what the program tests, for --help.
 * Ends the process (status 1, "Bail out!" line) when there is no device. */
void clt_init(int argc, char **argv, const char *about);

/* Prints the plan and releases everything. Returns main()'s exit status: 0 when no case failed. */
int clt_done(void);

/* Runs one case: fn(arg) under a name (printf format), unless the command line selects others. */
void clt_run(void (*fn)(const void *arg), const void *arg, const char *name, ...) CLT_PRINTF(3, 4);

/* Marks the case as failed and goes on; after 8 messages of one case further ones are only counted.
 */
void clt_fail(const char *format, ...) CLT_PRINTF(1, 2);

/* Marks the case as failed and ends it. */
_Noreturn void clt_fatal(const char *format, ...) CLT_PRINTF(1, 2);

/* Ends the case as skipped: something optional is not there. The reason is part of the TAP line. */
_Noreturn void clt_skip(const char *format, ...) CLT_PRINTF(1, 2);

/* Says that the case is known to fail on devices of one platform (text in its name), and why. There its
 * failure gets TAP's TODO directive with the reason and counts as expected; its success is an error, because
 * the note is stale. */
void clt_expect_failure(const char *platform, const char *reason);

/* A diagnostic line ("# ..."). */
void clt_diag(const char *format, ...) CLT_PRINTF(1, 2);

/* True once the case has failed: a loop over many values may stop there. */
bool clt_failed(void);

#define CLT_CHECK(cond, ...)                                                                       \
   do {                                                                                            \
      if (!(cond))                                                                                 \
         clt_fail(__VA_ARGS__);                                                                    \
   } while (0)

/* Ends the case unless the OpenCL call succeeds. */
#define CLT_CALL(call) clt_require((call), #call)
void clt_require(cl_int error, const char *call);

/* Checks that the OpenCL call gives exactly this error. */
#define CLT_EXPECT(call, expected) clt_expect((call), (expected), #call)
void clt_expect(cl_int error, cl_int expected, const char *call);

/* Builds OpenCL C; the build log of a failure goes to the output and the case ends. */
cl_program clt_program(const char *source, const char *options);

/* A kernel of a program, and both in one step. */
cl_kernel clt_kernel_of(cl_program program, const char *name);
cl_kernel clt_kernel(const char *source, const char *options, const char *name);

/* Programs made by clt_program() while "keep" is set survive the case and are built once per source
 * and options: for many cases that use one program. They are released by clt_done(). */
void clt_keep_programs(bool keep);

/* A read-write buffer of size bytes, filled from init unless that is NULL (then zero). */
cl_mem clt_buffer(size_t size_B, const void *init);

/* Memory of the case, zeroed. */
void *clt_alloc(size_t size_B);

void clt_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value);
void clt_arg_mem(cl_kernel kernel, cl_uint index, cl_mem mem);
void clt_arg_i32(cl_kernel kernel, cl_uint index, cl_int value);
void clt_arg_local(cl_kernel kernel, cl_uint index, size_t size_B);

/* Enqueues and waits until it is finished. local may be NULL (0 in the 1D form): device's choice. */
void clt_launch(cl_kernel kernel, cl_uint dim, const size_t *offset, const size_t *global,
                const size_t *local);
void clt_launch_1d(cl_kernel kernel, size_t global, size_t local);

/* Blocking transfers. */
void clt_read(cl_mem mem, size_t offset_B, size_t size_B, void *to);
void clt_write(cl_mem mem, size_t offset_B, size_t size_B, const void *from);

/* True when the device's extension list has this name. */
bool clt_has_extension(const char *name);

/* Largest work-group size of the device. */
size_t clt_max_group(void);

/* Deterministic random numbers (splitmix64); state is any number, for example clt.seed. */
uint64_t clt_random(uint64_t *state);

/* Calls release(handle) when the case ends, newest first among all objects of the case. */
void clt_defer(void (*release)(void *handle), void *handle);

/* printf into memory of the case. */
char *clt_format(const char *format, ...) CLT_PRINTF(1, 2);

/* A growing text, for generated kernels: text starts as NULL and lives until the case ends. */
struct clt_text {
   char *text;
   size_t length, size;
};
void clt_append(struct clt_text *t, const char *format, ...) CLT_PRINTF(2, 3);

#endif
