/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * cl_test - a small harness for tests over the public OpenCL API.
 *
 * A test program is a table of cases and one call:
 *
 *    static void
 *    fill_one_byte(struct cl_test *t)
 *    {
 *       cl_mem buf = cl_test_buffer(t, CL_MEM_READ_WRITE, 64, NULL);
 *       CL_OK(t, clEnqueueFillBuffer(t->queue, buf, "x", 1, 0, 64, 0, NULL, NULL));
 *       ...
 *       CL_CHECK(t, got == want, "got %u, expected %u", got, want);
 *    }
 *
 *    static const struct cl_test_case cases[] = {CL_CASE(fill_one_byte)};
 *    CL_TEST_MAIN("buffers", cases)
 *
 * Every case runs with a fresh context and queue (in order, profiling on) on the device under test:
 * the first device of type ACCELERATOR of any platform behind the ICD loader, or what --device
 * names. Objects made by the cl_test_* helpers belong to the case and are released when it ends;
 * objects that the case makes by itself it releases by itself. Output is TAP; the exit status is 0
 * if no case failed.
 *
 * A case fails by CL_CHECK (goes on) or CL_REQUIRE / CL_OK / the helpers (leave the case at once,
 * by a longjmp that releases the helpers' objects only). They must be called on the thread that
 * runs the case; other threads of a test report through cl_test_fail(), which is thread-safe.
 */

#ifndef CL_TEST_H
#define CL_TEST_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
/* Tests of a 3.0 platform use calls of older versions too. */
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_TEST_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))

#define CL_TEST_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* State of the running case. */
struct cl_test {
   cl_platform_id platform;
   cl_device_id device;
   cl_context context;     /* fresh for the case */
   cl_command_queue queue; /* in order, with profiling, fresh for the case */

   uint64_t seed; /* of cl_test_rand; printed on failure, set by --seed */

   /* The rest belongs to the harness. */
   uint64_t rng;
   _Atomic unsigned failures;
   const char *skip_reason;
   jmp_buf leave;
   struct cl_test_object *objects;
};

struct cl_test_case {
   const char *name;
   void (*run)(struct cl_test *t);
   const void *arg; /* for tables of similar cases: see cl_test_arg() */
};

#define CL_CASE(function) {.name = #function, .run = function}

/* Runs the cases the command line selects and prints TAP. Returns the exit status of the program. */
int cl_test_main(int argc, char **argv, const char *suite, const struct cl_test_case *cases,
                 unsigned num_cases);

#define CL_TEST_MAIN(suite, cases)                                                                 \
   int main(int argc, char **argv)                                                                 \
   {                                                                                               \
      return cl_test_main(argc, argv, suite, cases, CL_TEST_ARRAY_SIZE(cases));                    \
   }

/* cl_test_case.arg of the running case. */
const void *cl_test_arg(const struct cl_test *t);

/* Prints a TAP diagnostic line ("# ..."). Thread-safe. */
void cl_test_note(struct cl_test *t, const char *fmt, ...) CL_TEST_PRINTF(2, 3);

/* Marks the case as failed and prints why. Returns. Thread-safe. */
void cl_test_fail(struct cl_test *t, const char *file, int line, const char *fmt, ...)
   CL_TEST_PRINTF(4, 5);

/* Leaves the case (after cl_test_fail: as failed). */
_Noreturn void cl_test_leave(struct cl_test *t);

/* Leaves the case as skipped, with the reason in the TAP line. Only for what the device honestly
 * does not claim to support (an optional feature whose query says no).
 */
_Noreturn void cl_test_skip(struct cl_test *t, const char *reason);

/* The condition must hold; if not the case fails with the message and goes on. Its value is whether
 * it held. */
#define CL_CHECK(t, cond, ...)                                                                     \
   ((cond) ? true : (cl_test_fail((t), __FILE__, __LINE__, __VA_ARGS__), false))

/* The same, leaving the case. */
#define CL_REQUIRE(t, cond, ...)                                                                   \
   do {                                                                                            \
      if (!(cond)) {                                                                               \
         cl_test_fail((t), __FILE__, __LINE__, __VA_ARGS__);                                       \
         cl_test_leave(t);                                                                         \
      }                                                                                            \
   } while (0)

/* An OpenCL call that must succeed, or the case ends. */
#define CL_OK(t, call)                                                                             \
   do {                                                                                            \
      cl_int cl_ok_err_ = (call);                                                                  \
      CL_REQUIRE(t, cl_ok_err_ == CL_SUCCESS, "%s: %s", #call, cl_error_name(cl_ok_err_));         \
   } while (0)

/* An OpenCL call (or an error code it left) that must give exactly this error. */
#define CL_ERR(t, expected, call)                                                                  \
   do {                                                                                            \
      cl_int cl_err_got_ = (call);                                                                 \
      CL_CHECK(t, cl_err_got_ == (expected), "%s: %s, expected %s", #call,                         \
               cl_error_name(cl_err_got_), cl_error_name(expected));                               \
   } while (0)

/* "CL_SUCCESS", "CL_INVALID_VALUE", ...; "CL error -9999" for unknown codes (static per-thread
 * buffer). */
const char *cl_error_name(cl_int err);

/*
 * Objects. All of these leave the case if the call fails.
 */

/* Builds OpenCL C for the device; on failure prints the build log. options may be NULL. */
cl_program cl_test_program(struct cl_test *t, const char *source, const char *options);

/* Program with this source, and its kernel of this name. */
cl_kernel cl_test_kernel(struct cl_test *t, const char *source, const char *name);

/* Another kernel object of a program. */
cl_kernel cl_test_kernel_of(struct cl_test *t, cl_program program, const char *name);

cl_mem cl_test_buffer(struct cl_test *t, cl_mem_flags flags, size_t size_B, void *host_ptr);

/* Another queue of the case's context. */
cl_command_queue cl_test_queue(struct cl_test *t, cl_command_queue_properties properties);

/* A context and queue of their own, e.g. to see that the device still works after the case's own
 * failed. */
struct cl_test_pair {
   cl_context context;
   cl_command_queue queue;
};
struct cl_test_pair cl_test_fresh_context(struct cl_test *t);

/* Host memory, zeroed, freed when the case ends. align_B: power of two, or 0. */
void *cl_test_alloc(struct cl_test *t, size_t size_B, size_t align_B);

/*
 * Commands on t->queue, blocking.
 */
void cl_test_write(struct cl_test *t, cl_mem buf, size_t offset_B, size_t size_B, const void *data);
void cl_test_read(struct cl_test *t, cl_mem buf, size_t offset_B, size_t size_B, void *data);

/* Sets argument `index` to the value of an lvalue. */
#define CL_ARG(t, kernel, index, lvalue)                                                           \
   CL_OK(t, clSetKernelArg((kernel), (index), sizeof(lvalue), &(lvalue)))

/* A one-dimensional launch that has finished when this returns. local 0: the implementation
 * chooses. */
void cl_test_launch(struct cl_test *t, cl_kernel kernel, size_t global, size_t local);

/* The same with up to three dimensions; local may be NULL. */
void cl_test_launch_nd(struct cl_test *t, cl_kernel kernel, unsigned dims, const size_t *global,
                       const size_t *local);

/*
 * Checks of results. They print the first few differences and return whether there was none.
 */
bool cl_test_same_bytes(struct cl_test *t, const char *what, const void *got, const void *want,
                        size_t size_B);
bool cl_test_same_u32(struct cl_test *t, const char *what, const uint32_t *got,
                      const uint32_t *want, size_t count);
bool cl_test_same_u64(struct cl_test *t, const char *what, const uint64_t *got,
                      const uint64_t *want, size_t count);

/* Floats within max_ulp units in the last place of the wanted value (0: same value). Any NaN equals
 * any other, -0 equals +0.
 */
bool cl_test_same_f32(struct cl_test *t, const char *what, const float *got, const float *want,
                      size_t count, double max_ulp);

/* A whole context's worth of proof that the device computes: builds, launches and compares a small
 * kernel on the given queue. Fails the case (goes on) with `when` in the message if the result is
 * wrong.
 */
bool cl_test_computes(struct cl_test *t, struct cl_test_pair on, const char *when);

/* Random numbers, reproducible from the seed (splitmix64). */
uint64_t cl_test_rand(struct cl_test *t);
void cl_test_rand_fill(struct cl_test *t, void *data, size_t size_B);

/* Monotonic seconds. */
double cl_test_seconds(void);

/* A query that must succeed, as a value. */
#define CL_DEVICE_VALUE(t, type, param)                                                            \
   ({                                                                                              \
      type cl_value_ = 0;                                                                          \
      CL_OK(t, clGetDeviceInfo((t)->device, (param), sizeof(cl_value_), &cl_value_, NULL));        \
      cl_value_;                                                                                   \
   })

/* Whether the device's extension string has this word. */
bool cl_test_has_extension(struct cl_test *t, const char *name);

#endif
