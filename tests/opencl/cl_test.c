/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Harness of the OpenCL tests: command line, choice of the device, TAP, objects that belong to a
 * case. The interface and how to use it are in cl_test.h.
 *
 * What it misses: a case that crashes takes the program with it (TAP readers see the missing lines);
 * --isolate runs each case in a process of its own, so that the others still report.
 */

#include "cl_test.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_DIFFERENCES   5
#define DEFAULT_TIMEOUT_S 300

extern char **environ;

enum object_type {
   OBJ_MEM,
   OBJ_PROGRAM,
   OBJ_KERNEL,
   OBJ_QUEUE,
   OBJ_CONTEXT,
   OBJ_HOST
};

/* One object that is released when the case ends; newest first. */
struct cl_test_object {
   struct cl_test_object *next;
   enum object_type type;
   void *handle;
};

struct options {
   const char *device;      /* substring of the device name, NULL: first accelerator */
   const char *const *only; /* names or prefixes with '*', NULL-terminated; empty: all */
   uint64_t seed;
   unsigned timeout_s;
   bool list, isolate;
};

static pthread_mutex_t print_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct cl_test_case *running;

/*
 * Messages
 */

static void
print_diag(const char *fmt, va_list args)
{
   char text[4096];
   vsnprintf(text, sizeof(text), fmt, args);

   pthread_mutex_lock(&print_lock);
   for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
      printf("# %s\n", line);
   fflush(stdout);
   pthread_mutex_unlock(&print_lock);
}

void
cl_test_note(struct cl_test *t, const char *fmt, ...)
{
   va_list args;
   va_start(args, fmt);
   print_diag(fmt, args);
   va_end(args);
}

void
cl_test_fail(struct cl_test *t, const char *file, int line, const char *fmt, ...)
{
   const char *slash = strrchr(file, '/');
   cl_test_note(t, "%s:%d: failed", slash ? slash + 1 : file, line);

   va_list args;
   va_start(args, fmt);
   print_diag(fmt, args);
   va_end(args);
   t->failures++;
}

_Noreturn void
cl_test_leave(struct cl_test *t)
{
   longjmp(t->leave, 1);
}

_Noreturn void
cl_test_skip(struct cl_test *t, const char *reason)
{
   t->skip_reason = reason;
   longjmp(t->leave, 1);
}

const void *
cl_test_arg(const struct cl_test *t)
{
   return running->arg;
}

const char *
cl_error_name(cl_int err)
{
   static const struct {
      cl_int code;
      const char *name;
   } names[] = {
#define E(name) {name, #name}
      E(CL_SUCCESS),
      E(CL_DEVICE_NOT_FOUND),
      E(CL_DEVICE_NOT_AVAILABLE),
      E(CL_COMPILER_NOT_AVAILABLE),
      E(CL_MEM_OBJECT_ALLOCATION_FAILURE),
      E(CL_OUT_OF_RESOURCES),
      E(CL_OUT_OF_HOST_MEMORY),
      E(CL_PROFILING_INFO_NOT_AVAILABLE),
      E(CL_MEM_COPY_OVERLAP),
      E(CL_IMAGE_FORMAT_MISMATCH),
      E(CL_IMAGE_FORMAT_NOT_SUPPORTED),
      E(CL_BUILD_PROGRAM_FAILURE),
      E(CL_MAP_FAILURE),
      E(CL_MISALIGNED_SUB_BUFFER_OFFSET),
      E(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
      E(CL_COMPILE_PROGRAM_FAILURE),
      E(CL_LINKER_NOT_AVAILABLE),
      E(CL_LINK_PROGRAM_FAILURE),
      E(CL_DEVICE_PARTITION_FAILED),
      E(CL_KERNEL_ARG_INFO_NOT_AVAILABLE),
      E(CL_INVALID_VALUE),
      E(CL_INVALID_DEVICE_TYPE),
      E(CL_INVALID_PLATFORM),
      E(CL_INVALID_DEVICE),
      E(CL_INVALID_CONTEXT),
      E(CL_INVALID_QUEUE_PROPERTIES),
      E(CL_INVALID_COMMAND_QUEUE),
      E(CL_INVALID_HOST_PTR),
      E(CL_INVALID_MEM_OBJECT),
      E(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR),
      E(CL_INVALID_IMAGE_SIZE),
      E(CL_INVALID_SAMPLER),
      E(CL_INVALID_BINARY),
      E(CL_INVALID_BUILD_OPTIONS),
      E(CL_INVALID_PROGRAM),
      E(CL_INVALID_PROGRAM_EXECUTABLE),
      E(CL_INVALID_KERNEL_NAME),
      E(CL_INVALID_KERNEL_DEFINITION),
      E(CL_INVALID_KERNEL),
      E(CL_INVALID_ARG_INDEX),
      E(CL_INVALID_ARG_VALUE),
      E(CL_INVALID_ARG_SIZE),
      E(CL_INVALID_KERNEL_ARGS),
      E(CL_INVALID_WORK_DIMENSION),
      E(CL_INVALID_WORK_GROUP_SIZE),
      E(CL_INVALID_WORK_ITEM_SIZE),
      E(CL_INVALID_GLOBAL_OFFSET),
      E(CL_INVALID_EVENT_WAIT_LIST),
      E(CL_INVALID_EVENT),
      E(CL_INVALID_OPERATION),
      E(CL_INVALID_BUFFER_SIZE),
      E(CL_INVALID_GLOBAL_WORK_SIZE),
      E(CL_INVALID_PROPERTY),
      E(CL_INVALID_IMAGE_DESCRIPTOR),
      E(CL_INVALID_COMPILER_OPTIONS),
      E(CL_INVALID_LINKER_OPTIONS),
      E(CL_INVALID_DEVICE_PARTITION_COUNT),
      E(CL_INVALID_PIPE_SIZE),
      E(CL_INVALID_DEVICE_QUEUE),
      E(CL_INVALID_SPEC_ID),
      E(CL_MAX_SIZE_RESTRICTION_EXCEEDED),
      E(CL_PLATFORM_NOT_FOUND_KHR),
#undef E
   };
   for (size_t i = 0; i < CL_TEST_ARRAY_SIZE(names); i++) {
      if (names[i].code == err)
         return names[i].name;
   }
   static _Thread_local char unknown[32];
   snprintf(unknown, sizeof(unknown), "CL error %d", err);
   return unknown;
}

/*
 * Objects
 */

static void *
own(struct cl_test *t, enum object_type type, void *handle)
{
   struct cl_test_object *o = malloc(sizeof(*o));
   if (!o) {
      fprintf(stderr, "cl_test: out of memory\n");
      exit(2);
   }
   *o = (struct cl_test_object){.next = t->objects, .type = type, .handle = handle};
   t->objects = o;
   return handle;
}

static void
release_objects(struct cl_test *t)
{
   while (t->objects) {
      struct cl_test_object *o = t->objects;
      t->objects = o->next;
      switch (o->type) {
      case OBJ_MEM:
         clReleaseMemObject(o->handle);
         break;
      case OBJ_PROGRAM:
         clReleaseProgram(o->handle);
         break;
      case OBJ_KERNEL:
         clReleaseKernel(o->handle);
         break;
      case OBJ_QUEUE:
         clFinish(o->handle);
         clReleaseCommandQueue(o->handle);
         break;
      case OBJ_CONTEXT:
         clReleaseContext(o->handle);
         break;
      case OBJ_HOST:
         free(o->handle);
         break;
      }
      free(o);
   }
}

static cl_program
build_in(struct cl_test *t, cl_context context, const char *source, const char *options)
{
   cl_int err;
   cl_program p = clCreateProgramWithSource(context, 1, &source, NULL, &err);
   CL_REQUIRE(t, p && err == CL_SUCCESS, "clCreateProgramWithSource: %s", cl_error_name(err));
   own(t, OBJ_PROGRAM, p);

   err = clBuildProgram(p, 1, &t->device, options, NULL, NULL);
   if (err != CL_SUCCESS) {
      size_t size = 0;
      clGetProgramBuildInfo(p, t->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
      char *log = calloc(1, size + 1);
      if (log) {
         clGetProgramBuildInfo(p, t->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
         cl_test_note(t, "build log:\n%s", log);
         free(log);
      }
   }
   CL_REQUIRE(t, err == CL_SUCCESS, "clBuildProgram: %s", cl_error_name(err));
   return p;
}

cl_program
cl_test_program(struct cl_test *t, const char *source, const char *options)
{
   return build_in(t, t->context, source, options);
}

cl_kernel
cl_test_kernel_of(struct cl_test *t, cl_program program, const char *name)
{
   cl_int err;
   cl_kernel k = clCreateKernel(program, name, &err);
   CL_REQUIRE(t, k && err == CL_SUCCESS, "clCreateKernel(%s): %s", name, cl_error_name(err));
   return own(t, OBJ_KERNEL, k);
}

cl_kernel
cl_test_kernel(struct cl_test *t, const char *source, const char *name)
{
   return cl_test_kernel_of(t, cl_test_program(t, source, NULL), name);
}

cl_mem
cl_test_buffer(struct cl_test *t, cl_mem_flags flags, size_t size_B, void *host_ptr)
{
   cl_int err;
   cl_mem m = clCreateBuffer(t->context, flags, size_B, host_ptr, &err);
   CL_REQUIRE(t, m && err == CL_SUCCESS, "clCreateBuffer(0x%llx, %zu): %s",
              (unsigned long long)flags, size_B, cl_error_name(err));
   return own(t, OBJ_MEM, m);
}

static cl_command_queue
make_queue(struct cl_test *t, cl_context context, cl_command_queue_properties properties)
{
   const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, properties, 0};
   cl_int err;
   cl_command_queue q = clCreateCommandQueueWithProperties(context, t->device, list, &err);
   CL_REQUIRE(t, q && err == CL_SUCCESS, "clCreateCommandQueueWithProperties: %s",
              cl_error_name(err));
   return own(t, OBJ_QUEUE, q);
}

cl_command_queue
cl_test_queue(struct cl_test *t, cl_command_queue_properties properties)
{
   return make_queue(t, t->context, properties);
}

struct cl_test_pair
cl_test_fresh_context(struct cl_test *t)
{
   cl_int err;
   cl_context c = clCreateContext(NULL, 1, &t->device, NULL, NULL, &err);
   CL_REQUIRE(t, c && err == CL_SUCCESS, "clCreateContext: %s", cl_error_name(err));
   own(t, OBJ_CONTEXT, c);
   return (struct cl_test_pair){c, make_queue(t, c, CL_QUEUE_PROFILING_ENABLE)};
}

void *
cl_test_alloc(struct cl_test *t, size_t size_B, size_t align_B)
{
   void *p = NULL;
   if (align_B < sizeof(void *))
      align_B = sizeof(void *);
   int err = posix_memalign(&p, align_B, size_B ? size_B : 1);
   CL_REQUIRE(t, err == 0, "posix_memalign(%zu, %zu): %s", align_B, size_B, strerror(err));
   memset(p, 0, size_B);
   return own(t, OBJ_HOST, p);
}

/*
 * Commands
 */

void
cl_test_write(struct cl_test *t, cl_mem buf, size_t offset_B, size_t size_B, const void *data)
{
   CL_OK(t, clEnqueueWriteBuffer(t->queue, buf, CL_TRUE, offset_B, size_B, data, 0, NULL, NULL));
}

void
cl_test_read(struct cl_test *t, cl_mem buf, size_t offset_B, size_t size_B, void *data)
{
   CL_OK(t, clEnqueueReadBuffer(t->queue, buf, CL_TRUE, offset_B, size_B, data, 0, NULL, NULL));
}

void
cl_test_launch_nd(struct cl_test *t, cl_kernel kernel, unsigned dims, const size_t *global,
                  const size_t *local)
{
   cl_event event;
   CL_OK(t, clEnqueueNDRangeKernel(t->queue, kernel, dims, NULL, global, local, 0, NULL, &event));
   cl_int wait = clWaitForEvents(1, &event);
   cl_int status = CL_SUCCESS;
   clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);
   clReleaseEvent(event);
   CL_REQUIRE(t, wait == CL_SUCCESS && status == CL_COMPLETE,
              "kernel: clWaitForEvents %s, event %s", cl_error_name(wait),
              status < 0 ? cl_error_name(status) : "not complete");
}

void
cl_test_launch(struct cl_test *t, cl_kernel kernel, size_t global, size_t local)
{
   cl_test_launch_nd(t, kernel, 1, &global, local ? &local : NULL);
}

/*
 * Results
 */

#define SAME(got_expr, want_expr, differs, fmt)                                                    \
   size_t bad = 0;                                                                                 \
   for (size_t i = 0; i < count; i++) {                                                            \
      if (!(differs))                                                                              \
         continue;                                                                                 \
      if (bad++ < MAX_DIFFERENCES)                                                                 \
         cl_test_note(t, "%s[%zu] = " fmt ", expected " fmt, what, i, got_expr, want_expr);        \
   }                                                                                               \
   if (bad)                                                                                        \
      cl_test_fail(t, __FILE__, __LINE__, "%s: %zu of %zu elements differ", what, bad, count);     \
   return bad == 0

bool
cl_test_same_bytes(struct cl_test *t, const char *what, const void *got_v, const void *want_v,
                   size_t count)
{
   const uint8_t *got = got_v, *want = want_v;
   SAME(got[i], want[i], got[i] != want[i], "0x%02x");
}

bool
cl_test_same_u32(struct cl_test *t, const char *what, const uint32_t *got, const uint32_t *want,
                 size_t count)
{
   SAME(got[i], want[i], got[i] != want[i], "0x%08" PRIx32);
}

bool
cl_test_same_u64(struct cl_test *t, const char *what, const uint64_t *got, const uint64_t *want,
                 size_t count)
{
   SAME(got[i], want[i], got[i] != want[i], "0x%016" PRIx64);
}

/* Distance in units of the last place of `want`. */
static double
ulp_error_f32(float got, float want)
{
   if (isnan(got) || isnan(want))
      return isnan(got) && isnan(want) ? 0 : INFINITY;
   if (isinf(got) || isinf(want))
      return got == want ? 0 : INFINITY;
   int exponent;
   frexp(want, &exponent);
   double ulp = ldexp(1, (want == 0 || exponent < -125 ? -125 : exponent) - 24);
   return fabs((double)got - (double)want) / ulp;
}

bool
cl_test_same_f32(struct cl_test *t, const char *what, const float *got, const float *want,
                 size_t count, double max_ulp)
{
   SAME(got[i], want[i], !(ulp_error_f32(got[i], want[i]) <= max_ulp), "%a");
}

bool
cl_test_computes(struct cl_test *t, struct cl_test_pair on, const char *when)
{
   enum {
      N = 1000
   };
   static const char source[] = "kernel void affine(global const uint *a, global uint *b, uint k)\n"
                                "{ size_t i = get_global_id(0); b[i] = a[i] * k + (uint)i; }\n";
   cl_int err;
   cl_uint a[N], want[N], got[N] = {0}, k = 2654435761u;
   for (unsigned i = 0; i < N; i++) {
      a[i] = (cl_uint)cl_test_rand(t);
      want[i] = a[i] * k + i;
   }

   cl_kernel kernel = cl_test_kernel_of(t, build_in(t, on.context, source, NULL), "affine");
   cl_mem in = clCreateBuffer(on.context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, sizeof(a), a,
                              &err);
   CL_REQUIRE(t, in, "%s: clCreateBuffer: %s", when, cl_error_name(err));
   own(t, OBJ_MEM, in);
   cl_mem out = clCreateBuffer(on.context, CL_MEM_WRITE_ONLY, sizeof(got), NULL, &err);
   CL_REQUIRE(t, out, "%s: clCreateBuffer: %s", when, cl_error_name(err));
   own(t, OBJ_MEM, out);

   CL_ARG(t, kernel, 0, in);
   CL_ARG(t, kernel, 1, out);
   CL_ARG(t, kernel, 2, k);
   size_t global = N;
   err = clEnqueueNDRangeKernel(on.queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL);
   if (err == CL_SUCCESS)
      err = clEnqueueReadBuffer(on.queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL);
   if (!CL_CHECK(t, err == CL_SUCCESS, "%s: %s", when, cl_error_name(err)))
      return false;
   return cl_test_same_u32(t, when, got, want, N);
}

uint64_t
cl_test_rand(struct cl_test *t)
{
   uint64_t z = t->rng += 0x9e3779b97f4a7c15u;
   z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
   z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
   return z ^ (z >> 31);
}

void
cl_test_rand_fill(struct cl_test *t, void *data, size_t size_B)
{
   uint8_t *bytes = data;
   for (size_t i = 0; i < size_B; i += 8) {
      uint64_t r = cl_test_rand(t);
      memcpy(bytes + i, &r, size_B - i < 8 ? size_B - i : 8);
   }
}

double
cl_test_seconds(void)
{
   struct timespec now;
   clock_gettime(CLOCK_MONOTONIC, &now);
   return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool
cl_test_has_extension(struct cl_test *t, const char *name)
{
   size_t size = 0, len = strlen(name);
   bool found = false;
   CL_OK(t, clGetDeviceInfo(t->device, CL_DEVICE_EXTENSIONS, 0, NULL, &size));
   char *list = cl_test_alloc(t, size + 1, 0);
   CL_OK(t, clGetDeviceInfo(t->device, CL_DEVICE_EXTENSIONS, size, list, NULL));
   for (char *at = list; (at = strstr(at, name)); at += len)
      found |= (at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]);
   return found;
}

/*
 * Device and command line
 */

static bool
pick_device(const char *wanted, cl_platform_id *platform, cl_device_id *device)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;
   if (clGetPlatformIDs(16, platforms, &num_platforms) != CL_SUCCESS)
      return false;
   for (cl_uint p = 0; p < num_platforms && p < 16; p++) {
      cl_device_id devices[16];
      cl_uint num_devices = 0;
      if (clGetDeviceIDs(platforms[p], wanted ? CL_DEVICE_TYPE_ALL : CL_DEVICE_TYPE_ACCELERATOR, 16,
                         devices, &num_devices) != CL_SUCCESS)
         continue;
      for (cl_uint d = 0; d < num_devices && d < 16; d++) {
         char name[256] = "";
         clGetDeviceInfo(devices[d], CL_DEVICE_NAME, sizeof(name), name, NULL);
         if (!wanted || strstr(name, wanted)) {
            *platform = platforms[p];
            *device = devices[d];
            return true;
         }
      }
   }
   return false;
}

static void
usage(const char *program)
{
   printf("usage: %s [OPTION] [CASE...]\n\n"
          "Runs the cases (default: all; \"abc*\" selects by prefix) and prints TAP.\n\n"
          "  --list         print the names of the cases\n"
          "  --device NAME  use the first device whose name contains NAME (default: the first of\n"
          "                 type ACCELERATOR)\n"
          "  --seed N       seed of random inputs (default 1)\n"
          "  --timeout S    give up when one case takes longer (default %d, 0: never)\n"
          "  --isolate      run each case in a process of its own\n"
          "  --help         this text\n",
          program, DEFAULT_TIMEOUT_S);
}

static bool
parse_number(const char *text, uint64_t *out)
{
   char *end;
   errno = 0;
   *out = strtoull(text, &end, 0);
   return errno == 0 && end != text && !*end && text[0] != '-';
}

/* Exit status when the program must end now, -1 to go on. */
static int
parse_options(int argc, char **argv, struct options *o)
{
   *o = (struct options){.seed = 1, .timeout_s = DEFAULT_TIMEOUT_S};
   int i;
   for (i = 1; i < argc && argv[i][0] == '-'; i++) {
      const char *name = argv[i];
      const char *value = i + 1 < argc ? argv[i + 1] : NULL;
      uint64_t number;
      if (!strcmp(name, "--help")) {
         usage(argv[0]);
         return 0;
      } else if (!strcmp(name, "--list")) {
         o->list = true;
      } else if (!strcmp(name, "--isolate")) {
         o->isolate = true;
      } else if (!strcmp(name, "--device") && value) {
         o->device = argv[++i];
      } else if (!strcmp(name, "--seed") && value && parse_number(value, &number)) {
         o->seed = number;
         i++;
      } else if (!strcmp(name, "--timeout") && value && parse_number(value, &number)) {
         o->timeout_s = (unsigned)number;
         i++;
      } else {
         fprintf(stderr, "%s: bad option or value: %s (see --help)\n", argv[0], name);
         return 2;
      }
   }
   o->only = (const char *const *)&argv[i]; /* argv ends with NULL */
   return -1;
}

static bool
selected(const struct options *o, const char *name)
{
   if (!o->only[0])
      return true;
   for (const char *const *p = o->only; *p; p++) {
      size_t len = strlen(*p);
      if (!strcmp(*p, name) || (len && (*p)[len - 1] == '*' && !strncmp(*p, name, len - 1)))
         return true;
   }
   return false;
}

/*
 * Running
 */

/* Split from run_case so that no local variable lives across the longjmp. */
static void
call_case(struct cl_test *t, const struct cl_test_case *c)
{
   if (setjmp(t->leave))
      return;
   struct cl_test_pair pair = cl_test_fresh_context(t);
   t->context = pair.context;
   t->queue = pair.queue;
   c->run(t);
}

/* Prints the TAP line. Returns whether the case did not fail. */
static bool
run_case(const struct options *o, cl_platform_id platform, cl_device_id device,
         const struct cl_test_case *c, unsigned number)
{
   struct cl_test t = {.platform = platform, .device = device, .seed = o->seed, .rng = o->seed};
   running = c;
   alarm(o->timeout_s);
   call_case(&t, c);
   release_objects(&t);
   alarm(0);

   bool ok = t.failures == 0;
   if (!ok)
      cl_test_note(&t, "seed %" PRIu64, o->seed);
   pthread_mutex_lock(&print_lock);
   printf("%sok %u - %s%s%s\n", ok ? "" : "not ", number, c->name,
          ok && t.skip_reason ? " # SKIP " : "", ok && t.skip_reason ? t.skip_reason : "");
   fflush(stdout);
   pthread_mutex_unlock(&print_lock);
   return ok;
}

/* The case in a child process: passes its lines on, with the number of this run. */
static bool
run_isolated(const struct options *o, char **argv, const struct cl_test_case *c, unsigned number)
{
   char seed[32], timeout[32];
   snprintf(seed, sizeof(seed), "%" PRIu64, o->seed);
   snprintf(timeout, sizeof(timeout), "%u", o->timeout_s);
   char *args[] = {argv[0],         "--seed", seed, "--timeout", timeout,
                   (char *)c->name, NULL,     NULL, NULL};
   if (o->device) {
      args[5] = "--device";
      args[6] = (char *)o->device;
      args[7] = (char *)c->name;
   }

   int out[2];
   if (pipe(out)) {
      printf("not ok %u - %s\n# pipe: %s\n", number, c->name, strerror(errno));
      return false;
   }
   posix_spawn_file_actions_t actions;
   posix_spawn_file_actions_init(&actions);
   posix_spawn_file_actions_adddup2(&actions, out[1], 1);
   posix_spawn_file_actions_addclose(&actions, out[0]);
   posix_spawn_file_actions_addclose(&actions, out[1]);
   pid_t pid;
   int err = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, args, environ);
   posix_spawn_file_actions_destroy(&actions);
   close(out[1]);

   bool reported = false, ok = false;
   FILE *lines = fdopen(out[0], "r");
   char line[8192];
   while (lines && fgets(line, sizeof(line), lines)) {
      bool good = !strncmp(line, "ok 1 ", 5), bad = !strncmp(line, "not ok 1 ", 9);
      if (good || bad) {
         printf("%sok %u %s", good ? "" : "not ", number, line + (good ? 5 : 9));
         reported = true;
         ok = good;
      } else if (strncmp(line, "1..", 3)) {
         fputs(line, stdout);
      }
   }
   if (lines)
      fclose(lines);

   int status = 0;
   bool died = err || waitpid(pid, &status, 0) != pid || WIFSIGNALED(status);
   if (died || !reported) {
      printf("# the process of this case ended by %s %d\n",
             WIFSIGNALED(status) ? "signal" : "exit status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      if (!reported)
         printf("not ok %u - %s\n", number, c->name);
      ok = false;
   }
   fflush(stdout);
   return ok;
}

int
cl_test_main(int argc, char **argv, const char *suite, const struct cl_test_case *cases,
             unsigned num_cases)
{
   struct options o;
   int status = parse_options(argc, argv, &o);
   if (status >= 0)
      return status;

   unsigned num_selected = 0;
   for (unsigned i = 0; i < num_cases; i++) {
      if (!selected(&o, cases[i].name))
         continue;
      num_selected++;
      if (o.list)
         printf("%s\n", cases[i].name);
   }
   if (o.list)
      return 0;
   if (!num_selected) {
      fprintf(stderr, "%s: no case of that name (see --list)\n", argv[0]);
      return 2;
   }

   cl_platform_id platform = NULL;
   cl_device_id device = NULL;
   if (!o.isolate) {
      if (!pick_device(o.device, &platform, &device)) {
         printf("Bail out! %s: no OpenCL device %s%s\n", suite,
                o.device ? "with this in its name: " : "of type ACCELERATOR",
                o.device ? o.device : "");
         return 1;
      }
      char name[256] = "?";
      clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(name), name, NULL);
      printf("# %s on %s\n", suite, name);
   }
   printf("1..%u\n", num_selected);
   fflush(stdout);

   unsigned failed = 0, number = 0;
   for (unsigned i = 0; i < num_cases; i++) {
      if (!selected(&o, cases[i].name))
         continue;
      number++;
      bool ok = o.isolate ? run_isolated(&o, argv, &cases[i], number)
                          : run_case(&o, platform, device, &cases[i], number);
      failed += !ok;
   }
   printf("# %s: %u of %u cases passed\n", suite, number - failed, number);
   return failed ? 1 : 0;
}
