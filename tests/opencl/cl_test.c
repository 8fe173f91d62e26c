// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Harness of the OpenCL tests; see cl_test.h. Cases end early by longjmp() to clt_run(), so nothing
 * a case makes may be owned by a local variable only: every helper notes its object in the case's
 * list. */

#include "cl_test.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MESSAGES 8
#define EXPECTED     "TODO" /* TAP's directive for a known failure */

enum object_kind {
   OBJECT_MEMORY,
   OBJECT_BUFFER,
   OBJECT_KERNEL,
   OBJECT_PROGRAM,
   OBJECT_DEFERRED,
};

struct object {
   struct object *next;
   enum object_kind kind;
   void *handle;
   void (*release)(void *handle); /* OBJECT_DEFERRED */
};

struct kept_program {
   struct kept_program *next;
   char *source, *options;
   cl_program program;
};

struct clt clt;

static struct {
   char **patterns;
   int num_patterns;
   bool list;
   bool keep;
   struct kept_program *kept;

   unsigned num_cases, num_failed, num_expected, num_skipped;

   /* the running case */
   jmp_buf leave;
   bool running, failed, skipped;
   unsigned messages;
   char skip_reason[256];
   const char *expected_failure;
   struct object *objects;
} state;

static void
bail_out(const char *format, ...)
{
   va_list ap;

   printf("Bail out! ");
   va_start(ap, format);
   vprintf(format, ap);
   va_end(ap);
   printf("\n");
   exit(1);
}

/* Prints text with "# " before each line. */
static void
print_comment(const char *text)
{
   while (*text) {
      size_t n = strcspn(text, "\n");
      printf("# %.*s\n", (int)n, text);
      text += n + (text[n] == '\n');
   }
   fflush(stdout);
}

static void
vdiag(const char *format, va_list ap)
{
   char *text;

   if (vasprintf(&text, format, ap) < 0)
      bail_out("out of memory");
   print_comment(text);
   free(text);
}

void
clt_diag(const char *format, ...)
{
   va_list ap;

   va_start(ap, format);
   vdiag(format, ap);
   va_end(ap);
}

static void
leave_case(void)
{
   if (!state.running)
      bail_out("a test helper failed outside of a case");
   longjmp(state.leave, 1);
}

void
clt_fail(const char *format, ...)
{
   va_list ap;

   state.failed = true;
   if (state.messages++ >= MAX_MESSAGES)
      return;
   va_start(ap, format);
   vdiag(format, ap);
   va_end(ap);
}

_Noreturn void
clt_fatal(const char *format, ...)
{
   va_list ap;

   state.failed = true;
   va_start(ap, format);
   vdiag(format, ap);
   va_end(ap);
   leave_case();
   abort();
}

_Noreturn void
clt_skip(const char *format, ...)
{
   va_list ap;

   state.skipped = true;
   va_start(ap, format);
   vsnprintf(state.skip_reason, sizeof(state.skip_reason), format, ap);
   va_end(ap);
   leave_case();
   abort();
}

void
clt_expect_failure(const char *platform, const char *reason)
{
   if (strcasestr(clt.platform_name, platform))
      state.expected_failure = reason;
}

bool
clt_failed(void)
{
   return state.failed;
}

void
clt_require(cl_int error, const char *call)
{
   if (error != CL_SUCCESS)
      clt_fatal("%s: %s (%d)", call, cl_error_name(error), error);
}

void
clt_expect(cl_int error, cl_int expected, const char *call)
{
   if (error != expected)
      clt_fail("%s: got %s (%d), expected %s", call, cl_error_name(error), error,
               cl_error_name(expected));
}

static void
own(enum object_kind kind, void *handle)
{
   struct object *o = malloc(sizeof(*o));

   if (!o)
      bail_out("out of memory");
   o->kind = kind;
   o->handle = handle;
   o->next = state.objects;
   state.objects = o;
}

void
clt_defer(void (*release)(void *handle), void *handle)
{
   own(OBJECT_DEFERRED, handle);
   state.objects->release = release;
}

static void
release_objects(void)
{
   while (state.objects) {
      struct object *o = state.objects;

      state.objects = o->next;
      switch (o->kind) {
      case OBJECT_MEMORY:
         free(o->handle);
         break;
      case OBJECT_BUFFER:
         clReleaseMemObject(o->handle);
         break;
      case OBJECT_KERNEL:
         clReleaseKernel(o->handle);
         break;
      case OBJECT_PROGRAM:
         clReleaseProgram(o->handle);
         break;
      case OBJECT_DEFERRED:
         o->release(o->handle);
         break;
      }
      free(o);
   }
}

static void
drop_kept_programs(void)
{
   while (state.kept) {
      struct kept_program *k = state.kept;

      state.kept = k->next;
      clReleaseProgram(k->program);
      free(k->source);
      free(k->options);
      free(k);
   }
}

static void
make_context(void)
{
   const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
   cl_int error;

   clt.context = clCreateContext(NULL, 1, &clt.device, NULL, NULL, &error);
   if (error != CL_SUCCESS)
      bail_out("clCreateContext: %s", cl_error_name(error));
   clt.queue = clCreateCommandQueueWithProperties(clt.context, clt.device, properties, &error);
   if (error != CL_SUCCESS)
      bail_out("clCreateCommandQueueWithProperties: %s", cl_error_name(error));
}

static void
drop_context(void)
{
   drop_kept_programs();
   clReleaseCommandQueue(clt.queue);
   clReleaseContext(clt.context);
}

/* The TAP line of the case that just ended. */
static void
report_case(const char *name)
{
   const char *expected = state.expected_failure;
   bool skipped = state.skipped && !state.failed;
   bool stale = expected && !state.failed && !skipped;

   state.num_failed += (state.failed && !expected) || stale;
   state.num_expected += state.failed && expected;
   state.num_skipped += skipped;
   printf("%sok %u - %s", state.failed ? "not " : "", state.num_cases, name);
   if (skipped)
      printf(" # SKIP %s", state.skip_reason);
   else if (stale)
      printf(" # " EXPECTED " passes, but is expected to fail: %s", expected);
   else if (expected)
      printf(" # " EXPECTED " %s", expected);
   printf("\n");
   fflush(stdout);
}

static bool
selected(const char *name)
{
   if (!state.num_patterns)
      return true;
   for (int i = 0; i < state.num_patterns; i++) {
      if (fnmatch(state.patterns[i], name, 0) == 0)
         return true;
   }
   return false;
}

void
clt_run(void (*fn)(const void *arg), const void *arg, const char *format, ...)
{
   char name[256];
   va_list ap;

   va_start(ap, format);
   vsnprintf(name, sizeof(name), format, ap);
   va_end(ap);

   if (!selected(name))
      return;
   if (state.list) {
      printf("%s\n", name);
      return;
   }

   state.num_cases++;
   state.failed = state.skipped = false;
   state.expected_failure = NULL;
   state.messages = 0;
   state.running = true;
   if (setjmp(state.leave) == 0)
      fn(arg);
   state.running = false;
   if (state.messages > MAX_MESSAGES)
      clt_diag("... and %u more", state.messages - MAX_MESSAGES);
   release_objects();
   report_case(name);
   if (state.failed) {
      drop_context();
      make_context();
   }
}

static void
usage(const char *program, const char *about)
{
   printf("usage: %s [OPTION...] [PATTERN...]\n\n"
          "OpenCL test: %s.\n"
          "Output: one TAP line per case. Exit status 0 when no case failed.\n\n"
          "  PATTERN        run only cases whose name matches (shell pattern)\n"
          "  --list         print the names of the cases\n"
          "  --device=TEXT  first device whose name or platform contains TEXT\n"
          "                 (default: $CL_TEST_DEVICE, else the first device of type ACCELERATOR)\n"
          "  --seed=N       seed for random input (default 1)\n"
          "  --help         this text\n",
          program, about);
}

static bool
pick_device(const char *wanted)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;

   if (clGetPlatformIDs(16, platforms, &num_platforms) != CL_SUCCESS)
      return false;
   if (num_platforms > 16)
      num_platforms = 16;

   for (cl_uint p = 0; p < num_platforms; p++) {
      cl_device_id devices[16];
      cl_uint num_devices = 0;
      char platform_name[256] = "";

      clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof(platform_name), platform_name, NULL);
      if (clGetDeviceIDs(platforms[p], wanted ? CL_DEVICE_TYPE_ALL : CL_DEVICE_TYPE_ACCELERATOR, 16,
                         devices, &num_devices) != CL_SUCCESS)
         continue;
      if (num_devices > 16)
         num_devices = 16;

      for (cl_uint d = 0; d < num_devices; d++) {
         char name[256] = "";

         clGetDeviceInfo(devices[d], CL_DEVICE_NAME, sizeof(name), name, NULL);
         if (wanted && !strcasestr(name, wanted) && !strcasestr(platform_name, wanted))
            continue;
         clt.platform = platforms[p];
         clt.device = devices[d];
         memcpy(clt.device_name, name, sizeof(name));
         memcpy(clt.platform_name, platform_name, sizeof(platform_name));
         return true;
      }
   }
   return false;
}

void
clt_init(int argc, char **argv, const char *about)
{
   const char *wanted = getenv("CL_TEST_DEVICE");

   clt.seed = 1;
   clt.argv = argv + argc;
   state.patterns = calloc(argc + 1, sizeof(char *));
   if (!state.patterns)
      bail_out("out of memory");
   for (int i = 1; i < argc; i++) {
      if (!strcmp(argv[i], "--help")) {
         usage(argv[0], about);
         exit(0);
      } else if (!strcmp(argv[i], "--list")) {
         state.list = true;
      } else if (!strncmp(argv[i], "--device=", 9)) {
         wanted = argv[i] + 9;
      } else if (!strncmp(argv[i], "--seed=", 7)) {
         clt.seed = strtoull(argv[i] + 7, NULL, 0);
      } else if (!strcmp(argv[i], "--")) {
         clt.argc = argc - i - 1;
         clt.argv = argv + i + 1;
         break;
      } else if (argv[i][0] == '-') {
         fprintf(stderr, "%s: unknown option %s (see --help)\n", argv[0], argv[i]);
         exit(2);
      } else {
         state.patterns[state.num_patterns++] = argv[i];
      }
   }
   if (wanted && !wanted[0])
      wanted = NULL;
   if (state.list)
      return;

   if (!pick_device(wanted)) {
      if (wanted)
         bail_out("no OpenCL device or platform has \"%s\" in its name", wanted);
      bail_out("no OpenCL device of type ACCELERATOR (CL_TEST_DEVICE=TEXT picks another one)");
   }
   make_context();
   clt_diag("device: %s (%s)", clt.device_name, clt.platform_name);
}

int
clt_done(void)
{
   free(state.patterns);
   if (state.list)
      return 0;
   drop_context();
   if (!state.num_cases) {
      printf("Bail out! no case matches\n");
      return 1;
   }
   printf("1..%u\n", state.num_cases);
   clt_diag("%u passed, %u failed, %u failed as expected, %u skipped",
            state.num_cases - state.num_failed - state.num_expected - state.num_skipped,
            state.num_failed, state.num_expected, state.num_skipped);
   return state.num_failed ? 1 : 0;
}

void
clt_keep_programs(bool keep)
{
   state.keep = keep;
}

cl_program
clt_program(const char *source, const char *options)
{
   cl_int error;

   for (struct kept_program *k = state.kept; k && state.keep; k = k->next) {
      if (!strcmp(k->source, source) && !strcmp(k->options, options))
         return k->program;
   }

   cl_program program = clCreateProgramWithSource(clt.context, 1, &source, NULL, &error);
   clt_require(error, "clCreateProgramWithSource");

   error = clBuildProgram(program, 1, &clt.device, options, NULL, NULL);
   if (error != CL_SUCCESS) {
      size_t size_B = 0;

      clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size_B);
      char *log = calloc(1, size_B + 1);
      if (log)
         clGetProgramBuildInfo(program, clt.device, CL_PROGRAM_BUILD_LOG, size_B, log, NULL);
      clReleaseProgram(program);
      print_comment(log ? log : "");
      free(log);
      clt_fatal("clBuildProgram: %s (options \"%s\"), source:\n%.4000s", cl_error_name(error),
                options, source);
   }

   if (state.keep) {
      struct kept_program *k = malloc(sizeof(*k));

      if (!k || !(k->source = strdup(source)) || !(k->options = strdup(options)))
         bail_out("out of memory");
      k->program = program;
      k->next = state.kept;
      state.kept = k;
   } else {
      own(OBJECT_PROGRAM, program);
   }
   return program;
}

cl_kernel
clt_kernel_of(cl_program program, const char *name)
{
   cl_int error;
   cl_kernel kernel = clCreateKernel(program, name, &error);

   clt_require(error, "clCreateKernel");
   own(OBJECT_KERNEL, kernel);
   return kernel;
}

cl_kernel
clt_kernel(const char *source, const char *options, const char *name)
{
   return clt_kernel_of(clt_program(source, options), name);
}

cl_mem
clt_buffer(size_t size_B, const void *init)
{
   cl_int error;
   void *zero = init ? NULL : clt_alloc(size_B);
   cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, size_B,
                               init ? (void *)init : zero, &error);

   clt_require(error, "clCreateBuffer");
   own(OBJECT_BUFFER, mem);
   return mem;
}

void *
clt_alloc(size_t size_B)
{
   void *p = calloc(1, size_B ? size_B : 1);

   if (!p)
      clt_fatal("out of memory (%zu bytes)", size_B);
   own(OBJECT_MEMORY, p);
   return p;
}

void
clt_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value)
{
   cl_int error = clSetKernelArg(kernel, index, size_B, value);

   if (error != CL_SUCCESS)
      clt_fatal("clSetKernelArg(argument %u, %zu bytes): %s", index, size_B, cl_error_name(error));
}

void
clt_arg_mem(cl_kernel kernel, cl_uint index, cl_mem mem)
{
   clt_arg(kernel, index, sizeof(mem), &mem);
}

void
clt_arg_i32(cl_kernel kernel, cl_uint index, cl_int value)
{
   clt_arg(kernel, index, sizeof(value), &value);
}

void
clt_arg_local(cl_kernel kernel, cl_uint index, size_t size_B)
{
   clt_arg(kernel, index, size_B, NULL);
}

void
clt_launch(cl_kernel kernel, cl_uint dim, const size_t *offset, const size_t *global,
           const size_t *local)
{
   clt_require(clEnqueueNDRangeKernel(clt.queue, kernel, dim, offset, global, local, 0, NULL, NULL),
               "clEnqueueNDRangeKernel");
   clt_require(clFinish(clt.queue), "clFinish");
}

void
clt_launch_1d(cl_kernel kernel, size_t global, size_t local)
{
   clt_launch(kernel, 1, NULL, &global, local ? &local : NULL);
}

void
clt_read(cl_mem mem, size_t offset_B, size_t size_B, void *to)
{
   clt_require(clEnqueueReadBuffer(clt.queue, mem, CL_TRUE, offset_B, size_B, to, 0, NULL, NULL),
               "clEnqueueReadBuffer");
}

void
clt_write(cl_mem mem, size_t offset_B, size_t size_B, const void *from)
{
   clt_require(clEnqueueWriteBuffer(clt.queue, mem, CL_TRUE, offset_B, size_B, from, 0, NULL, NULL),
               "clEnqueueWriteBuffer");
}

bool
clt_has_extension(const char *name)
{
   size_t size_B = 0, length = strlen(name);
   bool found = false;

   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_EXTENSIONS, 0, NULL, &size_B),
               "clGetDeviceInfo(CL_DEVICE_EXTENSIONS)");
   char *list = clt_alloc(size_B + 1);
   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_EXTENSIONS, size_B, list, NULL),
               "clGetDeviceInfo(CL_DEVICE_EXTENSIONS)");
   for (char *p = list; (p = strstr(p, name)) && !found; p += length)
      found = (p == list || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0');
   return found;
}

size_t
clt_max_group(void)
{
   size_t size = 0;

   clt_require(clGetDeviceInfo(clt.device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size), &size,
                               NULL),
               "clGetDeviceInfo(CL_DEVICE_MAX_WORK_GROUP_SIZE)");
   return size;
}

uint64_t
clt_random(uint64_t *s)
{
   uint64_t z = *s += 0x9e3779b97f4a7c15ull;

   z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
   z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
   return z ^ (z >> 31);
}

char *
clt_format(const char *format, ...)
{
   va_list ap;
   char *text;

   va_start(ap, format);
   int n = vasprintf(&text, format, ap);
   va_end(ap);
   if (n < 0)
      clt_fatal("out of memory");
   own(OBJECT_MEMORY, text);
   return text;
}

void
clt_append(struct clt_text *t, const char *format, ...)
{
   va_list ap;

   va_start(ap, format);
   int n = vsnprintf(NULL, 0, format, ap);
   va_end(ap);
   if (t->length + n + 1 > t->size) {
      char *old = t->text;

      t->size = 2 * (t->length + n + 1) + 256;
      t->text = clt_alloc(t->size);
      if (old)
         memcpy(t->text, old, t->length);
   }
   va_start(ap, format);
   vsnprintf(t->text + t->length, n + 1, format, ap);
   va_end(ap);
   t->length += n;
}
