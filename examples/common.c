// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Shared code of the examples; see common.h. */

#include "common.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

_Noreturn void
ex_die(const char *format, ...)
{
   va_list ap;

   fflush(stderr);
   printf("FAIL ");
   va_start(ap, format);
   vprintf(format, ap);
   va_end(ap);
   printf("\n");
   exit(1);
}

void
ex_report(const char *label, const char *format, ...)
{
   va_list ap;

   printf("%-8s ", label);
   va_start(ap, format);
   vprintf(format, ap);
   va_end(ap);
   printf("\n");
   fflush(stdout);
}

/* What ex_finish() releases, the newest first. */
struct owned {
   struct owned *next;
   enum {
      OWNED_MEMORY,
      OWNED_MEM,
      OWNED_PROGRAM,
      OWNED_KERNEL
   } kind;
   void *object;
};
static struct owned *owned_objects;

static void
own(int kind, void *object)
{
   struct owned *owned = malloc(sizeof(*owned));

   if (!owned)
      ex_die("out of memory");
   *owned = (struct owned){.next = owned_objects, .kind = kind, .object = object};
   owned_objects = owned;
}

static void
release_all(struct example *ex)
{
   while (owned_objects) {
      struct owned *owned = owned_objects;

      owned_objects = owned->next;
      switch (owned->kind) {
      case OWNED_MEMORY:
         free(owned->object);
         break;
      case OWNED_MEM:
         clReleaseMemObject(owned->object);
         break;
      case OWNED_PROGRAM:
         clReleaseProgram(owned->object);
         break;
      case OWNED_KERNEL:
         clReleaseKernel(owned->object);
         break;
      }
      free(owned);
   }
   clReleaseCommandQueue(ex->queue);
   clReleaseContext(ex->context);
}

int
ex_finish(struct example *ex, bool pass, const char *reason_format, ...)
{
   va_list ap;

   release_all(ex);
   if (pass) {
      printf("PASS\n");
   } else {
      printf("FAIL ");
      va_start(ap, reason_format);
      vprintf(reason_format, ap);
      va_end(ap);
      printf("\n");
   }
   return pass ? 0 : 1;
}

void
ex_require(cl_int error, const char *call)
{
   if (error != CL_SUCCESS)
      ex_die("%s: %s (%d)", call, cl_error_name(error), error);
}

static void
usage(const struct example *ex)
{
   printf("usage: %s [OPTION...]\n\nOpenCL example: %s.\n\n", ex->name, ex->what);
   if (ex->size)
      printf("  --size=N       %s (default %zu)\n", ex->size_help, ex->size);
   if (ex->input)
      printf("  --input=PATH   PNG file to read (default %s)\n", ex->input);
   if (ex->output)
      printf("  --output=PATH  PNG file to write (default %s)\n", ex->output);
   printf("  --device=TEXT  first device whose name or platform contains TEXT\n"
          "                 (default: $CL_TEST_DEVICE, else the first of type ACCELERATOR)\n"
          "  --help         this text\n\n"
          "The last line is PASS or FAIL with a reason; the exit status is 0 or 1.\n");
}

static _Noreturn void
bad_option(const struct example *ex, const char *option)
{
   fprintf(stderr, "%s: bad option \"%s\" (see --help)\n", ex->name, option);
   exit(2);
}

/* The text after "--name=" when the option is that one. */
static const char *
option_value(const char *option, const char *name)
{
   size_t n = strlen(name);

   return !strncmp(option, name, n) && option[n] == '=' ? option + n + 1 : NULL;
}

static const char *
parse_options(struct example *ex, int argc, char **argv)
{
   const char *wanted = getenv("CL_TEST_DEVICE");

   for (int i = 1; i < argc; i++) {
      const char *value;

      if (!strcmp(argv[i], "--help")) {
         usage(ex);
         exit(0);
      } else if ((value = option_value(argv[i], "--device"))) {
         wanted = value;
      } else if ((value = option_value(argv[i], "--size")) && ex->size) {
         char *end;

         errno = 0;
         ex->size = strtoull(value, &end, 0);
         if (errno || *end || end == value || value[0] == '-' || ex->size < ex->min_size ||
             ex->size > ex->max_size)
         {
            fprintf(stderr, "%s: --size=%s: expected a number from %zu to %zu\n", ex->name, value,
                    ex->min_size, ex->max_size);
            exit(2);
         }
      } else if ((value = option_value(argv[i], "--input")) && ex->input) {
         ex->input = value;
      } else if ((value = option_value(argv[i], "--output")) && ex->output) {
         ex->output = value;
      } else {
         bad_option(ex, argv[i]);
      }
   }
   return wanted && wanted[0] ? wanted : NULL;
}

static bool
choose_device(struct example *ex, const char *wanted)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;

   if (clGetPlatformIDs(16, platforms, &num_platforms) != CL_SUCCESS)
      return false;
   for (cl_uint p = 0; p < num_platforms && p < 16; p++) {
      cl_device_id devices[16];
      cl_uint num_devices = 0;
      cl_device_type type = wanted ? CL_DEVICE_TYPE_ALL : CL_DEVICE_TYPE_ACCELERATOR;

      if (clGetDeviceIDs(platforms[p], type, 16, devices, &num_devices) != CL_SUCCESS)
         continue;
      clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof(ex->platform_name),
                        ex->platform_name, NULL);
      for (cl_uint d = 0; d < num_devices && d < 16; d++) {
         clGetDeviceInfo(devices[d], CL_DEVICE_NAME, sizeof(ex->device_name), ex->device_name,
                         NULL);
         if (wanted && !strcasestr(ex->device_name, wanted) &&
             !strcasestr(ex->platform_name, wanted))
            continue;
         ex->platform = platforms[p];
         ex->device = devices[d];
         return true;
      }
   }
   return false;
}

void
ex_open(struct example *ex, int argc, char **argv)
{
   const char *wanted = parse_options(ex, argc, argv);
   cl_int error;

   printf("%s: %s\n", ex->name, ex->what);
   if (!choose_device(ex, wanted)) {
      if (wanted)
         ex_die("no OpenCL device or platform has \"%s\" in its name", wanted);
      ex_die("no OpenCL device of type ACCELERATOR (--device=TEXT chooses another one)");
   }
   ex_report("device", "%s (%s)", ex->device_name, ex->platform_name);
   ex->context = clCreateContext(NULL, 1, &ex->device, NULL, NULL, &error);
   ex_require(error, "clCreateContext");
   const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
   ex->queue = clCreateCommandQueueWithProperties(ex->context, ex->device, properties, &error);
   ex_require(error, "clCreateCommandQueueWithProperties");
}

cl_program
ex_program(struct example *ex, const char *source, const char *options)
{
   cl_int error;
   cl_program program = clCreateProgramWithSource(ex->context, 1, &source, NULL, &error);

   ex_require(error, "clCreateProgramWithSource");
   own(OWNED_PROGRAM, program);
   error = clBuildProgram(program, 1, &ex->device, options, NULL, NULL);
   if (error != CL_SUCCESS) {
      size_t size_B = 0;

      clGetProgramBuildInfo(program, ex->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size_B);
      char *log = ex_alloc(size_B + 1);
      clGetProgramBuildInfo(program, ex->device, CL_PROGRAM_BUILD_LOG, size_B, log, NULL);
      fprintf(stderr, "%s\n", log);
      ex_die("clBuildProgram: %s", cl_error_name(error));
   }
   return program;
}

cl_kernel
ex_kernel(cl_program program, const char *name)
{
   cl_int error;
   cl_kernel kernel = clCreateKernel(program, name, &error);

   ex_require(error, "clCreateKernel");
   own(OWNED_KERNEL, kernel);
   return kernel;
}

cl_mem
ex_buffer(struct example *ex, cl_mem_flags flags, size_t size_B, const void *init)
{
   cl_int error;
   cl_mem mem = clCreateBuffer(ex->context, flags | (init ? CL_MEM_COPY_HOST_PTR : 0), size_B,
                               (void *)init, &error);

   ex_require(error, "clCreateBuffer");
   own(OWNED_MEM, mem);
   return mem;
}

void
ex_read(struct example *ex, cl_mem mem, size_t size_B, void *to)
{
   EX_CALL(clEnqueueReadBuffer(ex->queue, mem, CL_TRUE, 0, size_B, to, 0, NULL, NULL));
}

void
ex_set_arg(cl_kernel kernel, cl_uint index, size_t size_B, const void *value)
{
   cl_int error = clSetKernelArg(kernel, index, size_B, value);

   if (error != CL_SUCCESS)
      ex_die("clSetKernelArg(argument %u): %s", index, cl_error_name(error));
}

double
ex_launch(struct example *ex, cl_kernel kernel, cl_uint dim, const size_t *global,
          const size_t *local)
{
   cl_ulong start_ns, end_ns;
   cl_event event;

   EX_CALL(clEnqueueNDRangeKernel(ex->queue, kernel, dim, NULL, global, local, 0, NULL, &event));
   EX_CALL(clWaitForEvents(1, &event));
   EX_CALL(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof(start_ns), &start_ns,
                                   NULL));
   EX_CALL(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(end_ns), &end_ns, NULL));
   clReleaseEvent(event);
   if (end_ns < start_ns)
      ex_die("the profiling events say that the kernel ended before it started");
   return (end_ns - start_ns) * 1e-6;
}

size_t
ex_round_up(size_t a, size_t b)
{
   return (a + b - 1) / b * b;
}

float
ex_random(uint64_t *state)
{
   uint64_t z = *state += 0x9e3779b97f4a7c15ull; /* splitmix64 */

   z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
   z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
   return (float)((z ^ (z >> 31)) >> 40) * 0x1p-24f;
}

void *
ex_alloc(size_t size_B)
{
   void *p = calloc(1, size_B ? size_B : 1);

   if (!p)
      ex_die("out of memory (%zu bytes)", size_B);
   own(OWNED_MEMORY, p);
   return p;
}

uint8_t *
ex_read_png(const char *path, unsigned channels, unsigned *width, unsigned *height)
{
   png_image image = {.version = PNG_IMAGE_VERSION};

   if (!png_image_begin_read_from_file(&image, path))
      ex_die("%s: %s", path, image.message);
   image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
   uint8_t *pixels = ex_alloc(PNG_IMAGE_SIZE(image));
   if (!png_image_finish_read(&image, NULL, pixels, 0, NULL))
      ex_die("%s: %s", path, image.message);
   *width = image.width;
   *height = image.height;
   return pixels;
}

void
ex_write_png(const char *path, const uint8_t *pixels, unsigned channels, unsigned width,
             unsigned height)
{
   png_image image = {
      .version = PNG_IMAGE_VERSION,
      .width = width,
      .height = height,
      .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB,
   };

   if (!png_image_write_to_file(&image, path, 0, pixels, 0, NULL))
      ex_die("%s: %s", path, image.message);
   printf("picture: %s\n", path);
}
