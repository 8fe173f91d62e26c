// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Every function of the API with a valid call of which one or two arguments are made wrong: objects that are NULL or
 * of another type, counts without lists and lists without counts, sizes and origins at the ends of their types, values
 * and flags that nobody defined. Whatever a call answers, the process lives on, an invalid object is an error, and the
 * device computes afterwards.
 *
 * Memory whose size the API cannot know (of the host, lists with a count) is never made too small: to go beyond it is
 * the application's fault. */

/* All functions, the old ones too. */
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS

#include "cl_api.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
   MAX_ARGS = 15,
   NUM_PAIRS = 2000, /* calls with two wrong arguments, per function */
   BUFFER_B = 1 << 16,
   WIDTH = 16,
};

/* What an argument is, and so what is wrong for it. */
enum kind {
   END,
   FIXED,   /* never changed */
   CONTEXT, /* objects; another type or NULL is an error */
   QUEUE,
   DEVICE,
   BUFFER,
   IMAGE,
   SAMPLER,
   PROGRAM,
   KERNEL,
   EVENT,
   PIPE,
   MEM,    /* buffer, image or pipe */
   SIZE,   /* bytes or numbers in objects of the API */
   SMALL,  /* bytes in memory of the host: less is fine */
   COUNT,  /* of the list that follows */
   VALUE,  /* an enum or a bool */
   FLAGS,  /* a bit field */
   VECTOR, /* size_t[3] */
   POINTER,
   PROPERTIES, /* a list that ends with 0 */
};

struct call {
   const char *name;
   void *function;
   bool fails; /* even with these arguments */
   struct {
      enum kind kind;
      uintptr_t value;
   } args[MAX_ARGS];
};

static struct {
   cl_mem buffer, other_buffer, image, other_image, pipe;
   cl_sampler sampler;
   cl_program program, fresh_program;
   cl_kernel kernel;
   cl_event event;
   char *host;
   void *svm;
   size_t zero[3], texels[3], bytes[3], offset[3];
} valid;

/* For whom a call kills: what it was. */
static char current[512];

static void
on_crash(int signal_number)
{
   ssize_t done = write(STDOUT_FILENO, current, strlen(current));

   (void)done;
   signal(signal_number, SIG_DFL);
   raise(signal_number);
}

static uintptr_t
wrong_object(enum kind kind, unsigned which)
{
   const struct {
      enum kind kind;
      void *object;
   } objects[] = {
      {END, NULL},
      {CONTEXT, clt.context},
      {QUEUE, clt.queue},
      {DEVICE, clt.device},
      {BUFFER, valid.buffer},
      {IMAGE, valid.image},
      {SAMPLER, valid.sampler},
      {PROGRAM, valid.program},
      {KERNEL, valid.kernel},
      {EVENT, valid.event},
      {PIPE, valid.pipe},
   };
   const unsigned i = which % CLT_ARRAY_SIZE(objects);
   const bool is_mem = objects[i].kind == BUFFER || objects[i].kind == IMAGE ||
                       objects[i].kind == PIPE;
   const bool fits = objects[i].kind == kind || (kind == MEM && is_mem);

   return fits ? 0 : (uintptr_t)objects[i].object;
}

static bool
is_object(enum kind kind)
{
   return kind >= CONTEXT && kind <= MEM;
}

/* One of the wrong values for an argument; any number gives one. */
static uintptr_t
wrong(enum kind kind, uintptr_t value, unsigned which)
{
   static const size_t vectors[][3] = {{0, 0, 0},
                                       {SIZE_MAX, 1, 1},
                                       {1, SIZE_MAX, 1},
                                       {1, 1, SIZE_MAX},
                                       {SIZE_MAX, SIZE_MAX, SIZE_MAX},
                                       {(size_t)1 << 32, (size_t)1 << 32, 1},
                                       {(size_t)1 << 63, 2, 1},
                                       {WIDTH, WIDTH, 2},
                                       {WIDTH + 1, 1, 1}};
   static const uintptr_t sizes[] = {0,
                                     1,
                                     3,
                                     7,
                                     129,
                                     BUFFER_B - 1,
                                     BUFFER_B,
                                     BUFFER_B + 1,
                                     (size_t)1 << 31,
                                     ((size_t)1 << 32) - 1,
                                     (size_t)1 << 32,
                                     (size_t)1 << 63,
                                     SIZE_MAX - 3,
                                     SIZE_MAX};
   static const uintptr_t values[] = {0,      1,      2,      3,          4,
                                      0xdead, 0x1000, 0x10b0, 0x7fffffff, 0xffffffff};
   static const cl_ulong properties[][4] = {
      {0}, {~0ull, 0}, {0xdead, 1, 0}, {0x1093, ~0ull, 0}, {0x1084, 0, 0}, {0x1152, 0xdead, 0}};

   if (is_object(kind))
      return wrong_object(kind, which);
   switch (kind) {
   case SIZE:
      return sizes[which % CLT_ARRAY_SIZE(sizes)];
   case SMALL:
      return which % 3 == 0 ? 0 : which % 3 == 1 ? 1 : value / 2;
   case COUNT:
   case POINTER:
      return 0;
   case VALUE:
      return values[which % CLT_ARRAY_SIZE(values)];
   case FLAGS:
      return which % 66 < 64 ? (uintptr_t)1 << which % 66 : which % 66 == 64 ? 0 : ~(uintptr_t)0;
   case VECTOR:
      which %= CLT_ARRAY_SIZE(vectors) + 1;
      return which ? (uintptr_t)vectors[which - 1] : 0;
   case PROPERTIES:
      which %= CLT_ARRAY_SIZE(properties) + 1;
      return which ? (uintptr_t)properties[which - 1] : 0;
   default:
      return value;
   }
}

static unsigned
num_wrong(enum kind kind)
{
   switch (kind) {
   case FIXED:
      return 0;
   case SIZE:
      return 14;
   case SMALL:
      return 3;
   case COUNT:
   case POINTER:
      return 1;
   case FLAGS:
      return 66;
   case PROPERTIES:
      return 7;
   default:
      return 11;
   }
}

/* Calls like the C ABI of the machines that Linux runs on: all arguments are integers or pointers, and what is passed
 * on the stack is the caller's to take away. */
static cl_int
invoke(const struct call *c, const uintptr_t a[MAX_ARGS])
{
   typedef uintptr_t (*function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                 uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                 uintptr_t, uintptr_t, uintptr_t);

   return (cl_int)((function)c->function)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8],
                                          a[9], a[10], a[11], a[12], a[13], a[14]);
}

static void
call_with(const struct call *c, const uintptr_t a[MAX_ARGS])
{
   int used = snprintf(current, sizeof(current), "# in %s(", c->name);

   for (unsigned i = 0; c->args[i].kind != END; i++)
      used += snprintf(current + used, sizeof(current) - used, "%s%s0x%llx", i ? ", " : "",
                       a[i] != c->args[i].value ? "wrong " : "", (unsigned long long)a[i]);
   snprintf(current + used, sizeof(current) - used, ")\n");

   cl_int error = invoke(c, a);
   for (unsigned i = 0; c->args[i].kind != END; i++) {
      if (is_object(c->args[i].kind) && a[i] != c->args[i].value)
         CLT_CHECK(error != CL_SUCCESS, "argument %u is no such object, and no error:\n%s", i,
                   current + 2);
   }
   if (c->args[0].kind == QUEUE) {
      error = clFinish(clt.queue);
      if (error != CL_SUCCESS)
         clt_fatal("accepted as a command, which fails with %s:\n%s", cl_error_name(error),
                   current + 2);
   }
}

static void
test_mutations(const struct call *c)
{
   uintptr_t a[MAX_ARGS];
   uint64_t random = clt.seed;
   unsigned num_args = 0;

   while (num_args < MAX_ARGS && c->args[num_args].kind != END)
      num_args++;
   for (unsigned i = 0; i < MAX_ARGS; i++)
      a[i] = c->args[i].value;

   CLT_CHECK((invoke(c, a) == CL_SUCCESS) == !c->fails, "the call gives %s",
             cl_error_name(invoke(c, a)));
   for (unsigned i = 0; i < num_args; i++) {
      for (unsigned j = 0; j < num_wrong(c->args[i].kind); j++) {
         a[i] = wrong(c->args[i].kind, c->args[i].value, j);
         call_with(c, a);
      }
      a[i] = c->args[i].value;
   }
   for (unsigned i = 0; i < NUM_PAIRS; i++) {
      unsigned x = clt_random(&random) % num_args, y = clt_random(&random) % num_args;

      a[x] = wrong(c->args[x].kind, c->args[x].value, clt_random(&random) % 1024);
      a[y] = wrong(c->args[y].kind, c->args[y].value, clt_random(&random) % 1024);
      call_with(c, a);
      a[x] = c->args[x].value;
      a[y] = c->args[y].value;
   }
   clt_computes("afterwards");
}

/* Functions that make something: they let it go again and return the error. */

#define NEW(type, release, ...)                                                                    \
   cl_int error = 999;                                                                             \
   type made = __VA_ARGS__;                                                                        \
   CLT_CHECK(!made == (error != CL_SUCCESS), "%s, but %s", cl_error_name(error),                   \
             made ? "an object" : "none");                                                         \
   if (made)                                                                                       \
      release(made);                                                                               \
   return error

static cl_int
new_context(const cl_context_properties *properties, cl_uint num, const cl_device_id *devices)
{
   NEW(cl_context, clReleaseContext, clCreateContext(properties, num, devices, NULL, NULL, &error));
}

static cl_int
new_context_from_type(const cl_context_properties *properties, cl_device_type type)
{
   NEW(cl_context, clReleaseContext, clCreateContextFromType(properties, type, NULL, NULL, &error));
}

static cl_int
new_queue(cl_context context, cl_device_id device, const cl_queue_properties *properties)
{
   NEW(cl_command_queue, clReleaseCommandQueue,
       clCreateCommandQueueWithProperties(context, device, properties, &error));
}

static cl_int
new_buffer(cl_context context, const cl_mem_properties *properties, cl_mem_flags flags,
           size_t size_B)
{
   NEW(cl_mem, clReleaseMemObject,
       clCreateBufferWithProperties(context, properties, flags, size_B, NULL, &error));
}

static cl_int
new_sub_buffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, size_t origin_B,
               size_t size_B)
{
   const cl_buffer_region region = {origin_B, size_B};

   NEW(cl_mem, clReleaseMemObject, clCreateSubBuffer(buffer, flags, type, &region, &error));
}

static cl_int
new_image(cl_context context, cl_mem_flags flags, cl_channel_order order, cl_channel_type type,
          cl_mem_object_type image_type, size_t width, size_t height, size_t depth, size_t layers,
          size_t row_pitch_B, size_t slice_pitch_B, cl_uint levels, cl_mem mem)
{
   const cl_image_format format = {order, type};
   const cl_image_desc desc = {
      .image_type = image_type,
      .image_width = width,
      .image_height = height,
      .image_depth = depth,
      .image_array_size = layers,
      .image_row_pitch = row_pitch_B,
      .image_slice_pitch = slice_pitch_B,
      .num_mip_levels = levels,
      .mem_object = mem,
   };

   NEW(cl_mem, clReleaseMemObject, clCreateImage(context, flags, &format, &desc, NULL, &error));
}

static cl_int
new_pipe(cl_context context, cl_mem_flags flags, cl_uint packet_B, cl_uint packets)
{
   NEW(cl_mem, clReleaseMemObject, clCreatePipe(context, flags, packet_B, packets, NULL, &error));
}

static cl_int
new_sampler(cl_context context, const cl_sampler_properties *properties)
{
   NEW(cl_sampler, clReleaseSampler, clCreateSamplerWithProperties(context, properties, &error));
}

static cl_int
new_program(cl_context context, cl_uint count, const char **strings)
{
   NEW(cl_program, clReleaseProgram,
       clCreateProgramWithSource(context, count, strings, NULL, &error));
}

static cl_int
new_binary(cl_context context, cl_uint num, const cl_device_id *devices, size_t size_B)
{
   const unsigned char *bytes = (const unsigned char *)valid.host;

   NEW(cl_program, clReleaseProgram,
       clCreateProgramWithBinary(context, num, devices, &size_B, &bytes, NULL, &error));
}

static cl_int
no_native_kernel(cl_command_queue queue, cl_uint num_mems, const cl_mem *mems, cl_uint num,
                 const cl_event *events)
{
   return clEnqueueNativeKernel(queue, NULL, NULL, 0, num_mems, mems, NULL, num, events, NULL);
}

static cl_int
new_il(cl_context context, size_t size_B)
{
   NEW(cl_program, clReleaseProgram, clCreateProgramWithIL(context, valid.host, size_B, &error));
}

static cl_int
new_built_in(cl_context context, cl_uint num, const cl_device_id *devices, const char *names)
{
   NEW(cl_program, clReleaseProgram,
       clCreateProgramWithBuiltInKernels(context, num, devices, names, &error));
}

static cl_int
new_linked(cl_context context, cl_uint num, const cl_device_id *devices, const char *options,
           cl_uint num_programs, const cl_program *programs)
{
   cl_int error = 999;
   cl_program made = clLinkProgram(context, num, devices, options, num_programs, programs, NULL,
                                   NULL, &error);

   if (made) /* a link that fails makes a program, too */
      clReleaseProgram(made);
   return error;
}

static cl_int
new_kernel(cl_program program, const char *name)
{
   NEW(cl_kernel, clReleaseKernel, clCreateKernel(program, name, &error));
}

static cl_int
cloned_kernel(cl_kernel kernel)
{
   NEW(cl_kernel, clReleaseKernel, clCloneKernel(kernel, &error));
}

static cl_int
new_user_event(cl_context context)
{
   NEW(cl_event, clReleaseEvent, clCreateUserEvent(context, &error));
}

static cl_int
new_svm(cl_context context, cl_svm_mem_flags flags, size_t size_B, cl_uint align_B)
{
   void *made = clSVMAlloc(context, flags, size_B, align_B);

   clSVMFree(context, made);
   return made ? CL_SUCCESS : CL_INVALID_VALUE;
}

static cl_int
map_buffer(cl_command_queue queue, cl_mem mem, cl_bool blocking, cl_map_flags flags,
           size_t offset_B, size_t size_B, cl_uint num, const cl_event *events)
{
   cl_int error = 999;
   void *mapped = clEnqueueMapBuffer(queue, mem, blocking, flags, offset_B, size_B, num, events,
                                     NULL, &error);

   if (mapped)
      CLT_CALL(clEnqueueUnmapMemObject(queue, mem, mapped, 0, NULL, NULL));
   return error;
}

static cl_int
map_image(cl_command_queue queue, cl_mem mem, cl_bool blocking, cl_map_flags flags,
          const size_t *origin, const size_t *region, size_t *row_pitch_B, size_t *slice_pitch_B,
          cl_uint num, const cl_event *events)
{
   cl_int error = 999;
   void *mapped = clEnqueueMapImage(queue, mem, blocking, flags, origin, region, row_pitch_B,
                                    slice_pitch_B, num, events, NULL, &error);

   if (mapped)
      CLT_CALL(clEnqueueUnmapMemObject(queue, mem, mapped, 0, NULL, NULL));
   return error;
}

/* References go as they came. */
#define RETAIN(name, type, what)                                                                   \
   static cl_int name(type object)                                                                 \
   {                                                                                               \
      cl_int error = clRetain##what(object);                                                       \
                                                                                                   \
      CLT_CHECK(clRelease##what(error == CL_SUCCESS ? object : NULL) != CL_SUCCESS ||              \
                   error == CL_SUCCESS,                                                            \
                "released what could not be retained");                                            \
      return error;                                                                                \
   }
RETAIN(retain_context, cl_context, Context)
RETAIN(retain_queue, cl_command_queue, CommandQueue)
RETAIN(retain_device, cl_device_id, Device)
RETAIN(retain_mem, cl_mem, MemObject)
RETAIN(retain_sampler, cl_sampler, Sampler)
RETAIN(retain_program, cl_program, Program)
RETAIN(retain_kernel, cl_kernel, Kernel)
RETAIN(retain_event, cl_event, Event)

static void CL_CALLBACK
ignore_event(cl_event event, cl_int status, void *data)
{
}

static void CL_CALLBACK
ignore_mem(cl_mem mem, void *data)
{
}

static void CL_CALLBACK
ignore_context(cl_context context, void *data)
{
}

static void
release_program(void *program)
{
   clReleaseProgram(program);
}

static void
release_sampler(void *sampler)
{
   clReleaseSampler(sampler);
}

static void
make_valid(void)
{
   static const char source[] =
      "kernel void test(global int *p, int x, local int *l, read_only image2d_t i, sampler_t s)\n"
      "{ l[get_local_id(0)] = x; p[get_local_id(0)] = l[0] + read_imagei(i, s, (int2)(0)).x; }\n";
   const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
   const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                               .image_width = WIDTH,
                               .image_height = WIDTH};
   const char *text = source;
   const cl_int x = 5;
   cl_int error;

   clt_fresh_context();
   valid.buffer = clt_buffer(BUFFER_B, NULL);
   valid.other_buffer = clt_buffer(BUFFER_B, NULL);
   valid.image = clt_own_mem(clCreateImage(clt.context, 0, &format, &desc, NULL, &error));
   valid.other_image = clt_own_mem(clCreateImage(clt.context, 0, &format, &desc, NULL, &error));
   clt_require(error, "clCreateImage");
   valid.pipe = clCreatePipe(clt.context, 0, 4, 16, NULL, &error);
   if (valid.pipe) /* or the device has none */
      clt_own_mem(valid.pipe);
   valid.sampler = clCreateSamplerWithProperties(clt.context, NULL, &error);
   clt_require(error, "clCreateSamplerWithProperties");
   clt_defer(release_sampler, valid.sampler);
   valid.program = clt_program(source, "-cl-kernel-arg-info");
   valid.fresh_program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);
   clt_require(error, "clCreateProgramWithSource");
   clt_defer(release_program, valid.fresh_program);
   CLT_CALL(clCompileProgram(valid.fresh_program, 1, &clt.device, "", 0, NULL, NULL, NULL, NULL));
   valid.kernel = clt_kernel_of(valid.program, "test");
   clt_arg_mem(valid.kernel, 0, valid.buffer);
   clt_arg(valid.kernel, 1, sizeof(x), &x);
   clt_arg_local(valid.kernel, 2, 256);
   clt_arg_mem(valid.kernel, 3, valid.image);
   clt_arg(valid.kernel, 4, sizeof(valid.sampler), &valid.sampler);
   CLT_CALL(clEnqueueMarkerWithWaitList(clt.queue, 0, NULL, &valid.event));
   clt_own_event(valid.event);
   CLT_CALL(clFinish(clt.queue));
   valid.host = clt_alloc(4 * BUFFER_B);
   valid.svm = clSVMAlloc(clt.context, CL_MEM_READ_WRITE, BUFFER_B, 0);
   for (unsigned i = 0; i < 3; i++) {
      valid.zero[i] = 0;
      valid.texels[i] = i < 2 ? WIDTH : 1;
      valid.bytes[i] = i < 2 ? 8 : 2;
      valid.offset[i] = 1;
   }
}

enum {
   MAX_CALLS = 128
};

/* All calls, with the objects of now; returns how many. */
static unsigned
list_calls(struct call *to)
{
   static const char *names[] = {"kernel void f() {}"}, *header_names[] = {"f.h"};
   static const cl_uint word = 0;
   static const size_t global[3] = {64, 1, 1}, local[3] = {32, 1, 1};
   static const int pattern[32] = {0};
   static size_t size_ret;
   static cl_uint count_ret;
   static cl_ulong time;

#define A(kind, value)  {kind, (uintptr_t)(value)}
#define OBJECTS_CONTEXT A(CONTEXT, clt.context)
#define ON_QUEUE        A(QUEUE, clt.queue)
#define WAITS           A(COUNT, 1), A(POINTER, &valid.event)
#define NO_EVENT        A(FIXED, 0)
#define INFO(name)      A(VALUE, name), A(SMALL, BUFFER_B), A(POINTER, valid.host), A(POINTER, &size_ret)
   const struct call calls[] = {
#define C(name, ...)                                                                               \
   {                                                                                               \
      #name, name, false,                                                                          \
      {                                                                                            \
         __VA_ARGS__                                                                               \
      }                                                                                            \
   }
#define FAILS(name, ...)                                                                           \
   {                                                                                               \
      #name, name, true,                                                                           \
      {                                                                                            \
         __VA_ARGS__                                                                               \
      }                                                                                            \
   }
      C(new_context, A(FIXED, 0), A(COUNT, 1), A(POINTER, &clt.device)),
      C(new_queue, OBJECTS_CONTEXT, A(DEVICE, clt.device), A(PROPERTIES, 0)),
      C(new_buffer, OBJECTS_CONTEXT, A(PROPERTIES, 0), A(FLAGS, CL_MEM_READ_WRITE),
        A(SIZE, BUFFER_B)),
      C(new_sub_buffer, A(BUFFER, valid.buffer), A(FLAGS, CL_MEM_READ_ONLY),
        A(VALUE, CL_BUFFER_CREATE_TYPE_REGION), A(SIZE, 4096), A(SIZE, 64)),
      C(new_image, OBJECTS_CONTEXT, A(FLAGS, CL_MEM_READ_WRITE), A(VALUE, CL_RGBA),
        A(VALUE, CL_UNORM_INT8), A(VALUE, CL_MEM_OBJECT_IMAGE2D), A(SIZE, WIDTH), A(SIZE, WIDTH),
        A(SIZE, 0), A(SIZE, 0), A(SIZE, 0), A(SIZE, 0), A(VALUE, 0), A(FIXED, 0)),
      C(new_image, OBJECTS_CONTEXT, A(FLAGS, CL_MEM_READ_WRITE), A(VALUE, CL_RGBA),
        A(VALUE, CL_UNORM_INT8), A(VALUE, CL_MEM_OBJECT_IMAGE2D), A(SIZE, WIDTH), A(SIZE, WIDTH),
        A(SIZE, 0), A(SIZE, 0), A(SIZE, 4 * WIDTH), A(SIZE, 0), A(VALUE, 0),
        A(FIXED, valid.buffer)),
      C(new_pipe, OBJECTS_CONTEXT, A(FLAGS, CL_MEM_HOST_NO_ACCESS), A(VALUE, 4), A(VALUE, 16)),
      C(new_sampler, OBJECTS_CONTEXT, A(PROPERTIES, 0)),
      C(new_program, OBJECTS_CONTEXT, A(COUNT, 1), A(POINTER, names)),
      C(new_kernel, A(PROGRAM, valid.program), A(POINTER, "test")),
      C(cloned_kernel, A(KERNEL, valid.kernel)),
      C(new_linked, OBJECTS_CONTEXT, A(COUNT, 1), A(POINTER, &clt.device), A(POINTER, ""),
        A(COUNT, 1), A(POINTER, &valid.fresh_program)),
      C(new_user_event, OBJECTS_CONTEXT),
      C(new_svm, OBJECTS_CONTEXT, A(FLAGS, CL_MEM_READ_WRITE), A(SIZE, BUFFER_B), A(VALUE, 0)),
      C(retain_context, OBJECTS_CONTEXT),
      C(retain_queue, ON_QUEUE),
      C(retain_device, A(DEVICE, clt.device)),
      C(retain_mem, A(MEM, valid.buffer)),
      C(retain_sampler, A(SAMPLER, valid.sampler)),
      C(retain_program, A(PROGRAM, valid.program)),
      C(retain_kernel, A(KERNEL, valid.kernel)),
      C(retain_event, A(EVENT, valid.event)),
      C(clGetPlatformInfo, A(FIXED, clt.platform), INFO(CL_PLATFORM_NAME)),
      C(clGetDeviceIDs, A(FIXED, clt.platform), A(VALUE, CL_DEVICE_TYPE_ALL), A(COUNT, 1),
        A(POINTER, valid.host), A(POINTER, &count_ret)),
      C(clGetDeviceInfo, A(DEVICE, clt.device), INFO(CL_DEVICE_NAME)),
      C(clGetContextInfo, OBJECTS_CONTEXT, INFO(CL_CONTEXT_DEVICES)),
      C(clGetCommandQueueInfo, ON_QUEUE, INFO(CL_QUEUE_CONTEXT)),
      C(clGetMemObjectInfo, A(MEM, valid.buffer), INFO(CL_MEM_SIZE)),
      C(clGetImageInfo, A(IMAGE, valid.image), INFO(CL_IMAGE_WIDTH)),
      C(clGetSamplerInfo, A(SAMPLER, valid.sampler), INFO(CL_SAMPLER_FILTER_MODE)),
      C(clGetProgramInfo, A(PROGRAM, valid.program), INFO(CL_PROGRAM_SOURCE)),
      C(clGetProgramBuildInfo, A(PROGRAM, valid.program), A(DEVICE, clt.device),
        INFO(CL_PROGRAM_BUILD_LOG)),
      C(clGetKernelInfo, A(KERNEL, valid.kernel), INFO(CL_KERNEL_FUNCTION_NAME)),
      C(clGetKernelArgInfo, A(KERNEL, valid.kernel), A(VALUE, 0), INFO(CL_KERNEL_ARG_NAME)),
      C(clGetKernelWorkGroupInfo, A(KERNEL, valid.kernel), A(FIXED, clt.device),
        INFO(CL_KERNEL_WORK_GROUP_SIZE)),
      C(clGetKernelSubGroupInfo, A(KERNEL, valid.kernel), A(FIXED, clt.device),
        A(VALUE, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE), A(SMALL, sizeof(global)),
        A(POINTER, global), A(SMALL, BUFFER_B), A(POINTER, valid.host), A(POINTER, &size_ret)),
      C(clGetEventInfo, A(EVENT, valid.event), INFO(CL_EVENT_COMMAND_TYPE)),
      C(clGetSupportedImageFormats, OBJECTS_CONTEXT, A(FLAGS, CL_MEM_READ_WRITE),
        A(VALUE, CL_MEM_OBJECT_IMAGE2D), A(SMALL, 1000), A(POINTER, valid.host),
        A(POINTER, &count_ret)),
      C(clGetDeviceAndHostTimer, A(DEVICE, clt.device), A(POINTER, &time), A(POINTER, &time)),
      C(clGetHostTimer, A(DEVICE, clt.device), A(POINTER, &time)),
      C(clBuildProgram, A(PROGRAM, valid.fresh_program), A(COUNT, 1), A(POINTER, &clt.device),
        A(POINTER, ""), A(FIXED, 0), A(SMALL, 0)),
      C(clCompileProgram, A(PROGRAM, valid.fresh_program), A(COUNT, 1), A(POINTER, &clt.device),
        A(POINTER, ""), A(SMALL, 0), A(FIXED, 0), A(FIXED, 0), A(FIXED, 0), A(SMALL, 0)),
      C(clCompileProgram, A(PROGRAM, valid.fresh_program), A(COUNT, 1), A(POINTER, &clt.device),
        A(POINTER, ""), A(COUNT, 1), A(POINTER, &valid.program), A(POINTER, header_names),
        A(FIXED, 0), A(SMALL, 0)),
      C(new_context_from_type, A(FIXED, 0), A(FLAGS, CL_DEVICE_TYPE_ALL)),
      C(clCreateKernelsInProgram, A(PROGRAM, valid.program), A(FIXED, 0), A(FIXED, 0),
        A(POINTER, &count_ret)),
      C(clSetKernelArg, A(KERNEL, valid.kernel), A(VALUE, 0), A(SIZE, sizeof(cl_mem)),
        A(POINTER, &valid.buffer)),
      C(clSetKernelArg, A(KERNEL, valid.kernel), A(VALUE, 3), A(SIZE, sizeof(cl_mem)),
        A(POINTER, &valid.image)),
      C(clSetKernelArg, A(KERNEL, valid.kernel), A(VALUE, 2), A(SIZE, 64), A(FIXED, 0)),
      C(clSetKernelArgSVMPointer, A(KERNEL, valid.kernel), A(VALUE, 0), A(POINTER, valid.svm)),
      C(clSetKernelExecInfo, A(KERNEL, valid.kernel), A(VALUE, CL_KERNEL_EXEC_INFO_SVM_PTRS),
        A(SMALL, sizeof(void *)), A(POINTER, &valid.svm)),
      C(clSetEventCallback, A(EVENT, valid.event), A(VALUE, CL_COMPLETE), A(POINTER, ignore_event),
        A(FIXED, 0)),
      C(clSetMemObjectDestructorCallback, A(MEM, valid.buffer), A(POINTER, ignore_mem),
        A(FIXED, 0)),
      C(clSetContextDestructorCallback, OBJECTS_CONTEXT, A(POINTER, ignore_context), A(FIXED, 0)),
      C(clWaitForEvents, A(COUNT, 1), A(POINTER, &valid.event)),
      C(clFlush, ON_QUEUE),
      C(clFinish, ON_QUEUE),
      C(clEnqueueReadBuffer, ON_QUEUE, A(BUFFER, valid.buffer), A(VALUE, 1), A(SIZE, 16),
        A(SIZE, 64), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueWriteBuffer, ON_QUEUE, A(BUFFER, valid.buffer), A(VALUE, 1), A(SIZE, 16),
        A(SIZE, 64), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueReadBufferRect, ON_QUEUE, A(BUFFER, valid.buffer), A(VALUE, 1),
        A(VECTOR, valid.offset), A(POINTER, valid.offset), A(VECTOR, valid.bytes), A(SIZE, 0),
        A(SIZE, 0), A(SMALL, 0), A(SMALL, 0), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueWriteBufferRect, ON_QUEUE, A(BUFFER, valid.buffer), A(VALUE, 1),
        A(VECTOR, valid.offset), A(POINTER, valid.offset), A(VECTOR, valid.bytes), A(SIZE, 0),
        A(SIZE, 0), A(SMALL, 0), A(SMALL, 0), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueCopyBuffer, ON_QUEUE, A(BUFFER, valid.buffer), A(BUFFER, valid.other_buffer),
        A(SIZE, 0), A(SIZE, 64), A(SIZE, 128), WAITS, NO_EVENT),
      C(clEnqueueCopyBufferRect, ON_QUEUE, A(BUFFER, valid.buffer), A(BUFFER, valid.other_buffer),
        A(VECTOR, valid.zero), A(VECTOR, valid.offset), A(VECTOR, valid.bytes), A(SIZE, 0),
        A(SIZE, 0), A(SIZE, 0), A(SIZE, 0), WAITS, NO_EVENT),
      C(clEnqueueFillBuffer, ON_QUEUE, A(BUFFER, valid.buffer), A(POINTER, pattern), A(SIZE, 4),
        A(SIZE, 16), A(SIZE, 64), WAITS, NO_EVENT),
      C(map_buffer, ON_QUEUE, A(BUFFER, valid.buffer), A(VALUE, 1), A(FLAGS, CL_MAP_READ),
        A(SIZE, 16), A(SIZE, 64), WAITS),
      C(map_image, ON_QUEUE, A(IMAGE, valid.image), A(VALUE, 1), A(FLAGS, CL_MAP_READ),
        A(VECTOR, valid.zero), A(VECTOR, valid.texels), A(POINTER, &size_ret),
        A(POINTER, &size_ret), WAITS),
      C(clEnqueueReadImage, ON_QUEUE, A(IMAGE, valid.image), A(VALUE, 1), A(VECTOR, valid.zero),
        A(VECTOR, valid.texels), A(SMALL, 0), A(SMALL, 0), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueWriteImage, ON_QUEUE, A(IMAGE, valid.image), A(VALUE, 1), A(VECTOR, valid.zero),
        A(VECTOR, valid.texels), A(SMALL, 0), A(SMALL, 0), A(POINTER, valid.host), WAITS, NO_EVENT),
      C(clEnqueueCopyImage, ON_QUEUE, A(IMAGE, valid.image), A(IMAGE, valid.other_image),
        A(VECTOR, valid.zero), A(VECTOR, valid.zero), A(VECTOR, valid.texels), WAITS, NO_EVENT),
      C(clEnqueueCopyImageToBuffer, ON_QUEUE, A(IMAGE, valid.image), A(BUFFER, valid.buffer),
        A(VECTOR, valid.zero), A(VECTOR, valid.texels), A(SIZE, 16), WAITS, NO_EVENT),
      C(clEnqueueCopyBufferToImage, ON_QUEUE, A(BUFFER, valid.buffer), A(IMAGE, valid.image),
        A(SIZE, 16), A(VECTOR, valid.zero), A(VECTOR, valid.texels), WAITS, NO_EVENT),
      C(clEnqueueFillImage, ON_QUEUE, A(IMAGE, valid.image), A(POINTER, pattern),
        A(VECTOR, valid.zero), A(VECTOR, valid.texels), WAITS, NO_EVENT),
      C(clEnqueueMigrateMemObjects, ON_QUEUE, A(COUNT, 1), A(POINTER, &valid.buffer),
        A(FLAGS, CL_MIGRATE_MEM_OBJECT_HOST), WAITS, NO_EVENT),
      C(clEnqueueNDRangeKernel, ON_QUEUE, A(KERNEL, valid.kernel), A(VALUE, 1),
        A(VECTOR, valid.zero), A(POINTER, global), A(VECTOR, local), WAITS, NO_EVENT),
      C(clEnqueueTask, ON_QUEUE, A(KERNEL, valid.kernel), WAITS, NO_EVENT),
      C(clEnqueueMarkerWithWaitList, ON_QUEUE, WAITS, NO_EVENT),
      C(clEnqueueBarrierWithWaitList, ON_QUEUE, WAITS, NO_EVENT),
      C(clEnqueueBarrier, ON_QUEUE),
      C(clEnqueueWaitForEvents, ON_QUEUE, WAITS),
      C(clEnqueueSVMMemcpy, ON_QUEUE, A(VALUE, 1), A(POINTER, valid.svm), A(POINTER, valid.host),
        A(SMALL, 256), WAITS, NO_EVENT),
      C(clEnqueueSVMMemFill, ON_QUEUE, A(POINTER, valid.svm), A(POINTER, pattern), A(SIZE, 4),
        A(SMALL, 256), WAITS, NO_EVENT),
      C(clEnqueueSVMMap, ON_QUEUE, A(VALUE, 1), A(FLAGS, CL_MAP_READ), A(POINTER, valid.svm),
        A(SMALL, 256), WAITS, NO_EVENT),
      C(clEnqueueSVMUnmap, ON_QUEUE, A(POINTER, valid.svm), WAITS, NO_EVENT),
      C(clEnqueueSVMMigrateMem, ON_QUEUE, A(COUNT, 1), A(POINTER, &valid.svm), A(POINTER, 0),
        A(FLAGS, 0), WAITS, NO_EVENT),
      /* no such binary, no SPIR-V, nothing that the device lacks */
      FAILS(new_binary, OBJECTS_CONTEXT, A(COUNT, 1), A(POINTER, &clt.device), A(SMALL, BUFFER_B)),
      C(clGetEventProfilingInfo, A(EVENT, valid.event), INFO(CL_PROFILING_COMMAND_END)),
      FAILS(clGetPipeInfo, A(MEM, valid.buffer), INFO(CL_PIPE_PACKET_SIZE)),
      FAILS(clCreateSubDevices, A(DEVICE, clt.device), A(PROPERTIES, 0), A(COUNT, 1),
            A(POINTER, valid.host), A(POINTER, &count_ret)),
      FAILS(clSetDefaultDeviceCommandQueue, OBJECTS_CONTEXT, A(DEVICE, clt.device), ON_QUEUE),
      FAILS(clSetProgramSpecializationConstant, A(PROGRAM, valid.program), A(VALUE, 0), A(SIZE, 4),
            A(POINTER, &word)),
      FAILS(no_native_kernel, ON_QUEUE, A(COUNT, 1), A(POINTER, &valid.buffer), WAITS),
      FAILS(new_il, OBJECTS_CONTEXT, A(SMALL, BUFFER_B)),
      FAILS(new_built_in, OBJECTS_CONTEXT, A(COUNT, 1), A(POINTER, &clt.device),
            A(POINTER, "test")),
   };

   static_assert(CLT_ARRAY_SIZE(calls) <= MAX_CALLS, "MAX_CALLS is too small");
   memcpy(to, calls, sizeof(calls));
   return CLT_ARRAY_SIZE(calls);
}

static void
test_call(const void *arg)
{
   const unsigned *index = arg;
   struct call calls[MAX_CALLS];

   make_valid();
   list_calls(calls);
   test_mutations(&calls[*index]);
}

int
main(int argc, char **argv)
{
   struct call calls[MAX_CALLS];

   clt_init(argc, argv, "calls with wrong arguments");
   signal(SIGSEGV, on_crash);
   signal(SIGABRT, on_crash);
   signal(SIGFPE, on_crash);
   signal(SIGBUS, on_crash);
   const unsigned num = list_calls(calls);
   for (unsigned i = 0; i < num; i++)
      clt_run(test_call, &i, "%u %s", i, calls[i].name);
   return clt_done();
}
