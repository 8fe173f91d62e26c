// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Memory objects that nothing can change after they are made (cl_ext_immutable_memory_objects): what creates them, what
 * still reads them, and every way to write to one, which must fail and leave it as it is. */

#include "cl_api.h"

#include <CL/cl_ext.h>
#include <string.h>

#ifndef CL_MEM_IMMUTABLE_EXT /* older headers */
#define CL_MEM_IMMUTABLE_EXT (1 << 6)
#endif

enum {
   WIDTH = 16,
   HEIGHT = 8,
   BYTES = 4 * WIDTH * HEIGHT,
};

static const cl_image_format format = {CL_R, CL_UNSIGNED_INT32};
static const size_t zero[3], texels[3] = {WIDTH, HEIGHT, 1};

static void
need_extension(void)
{
   if (!clt_has_extension("cl_ext_immutable_memory_objects"))
      clt_skip("the device has no cl_ext_immutable_memory_objects");
}

static cl_int
buffer_error(cl_mem_flags flags, void *memory)
{
   cl_int error;
   cl_mem mem = clCreateBuffer(clt.context, flags, BYTES, memory, &error);

   if (mem)
      clReleaseMemObject(mem);
   return error;
}

static cl_mem
image(cl_mem_flags flags, void *memory, cl_mem parent, cl_int *error)
{
   const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                               .image_width = WIDTH,
                               .image_height = HEIGHT,
                               .mem_object = parent};

   return clCreateImage(clt.context, flags, &format, &desc, memory, error);
}

static cl_int
image_error(cl_mem_flags flags, void *memory, cl_mem parent)
{
   cl_int error;
   cl_mem mem = image(flags, memory, parent, &error);

   if (mem)
      clReleaseMemObject(mem);
   return error;
}

static void
creation(const void *arg)
{
   const cl_mem_flags immutable = CL_MEM_IMMUTABLE_EXT;
   char *memory = clt_alloc(BYTES);

   need_extension();
   for (unsigned i = 0; i < 2; i++) {
#define CREATE(flags, memory) (i ? image_error(flags, memory, NULL) : buffer_error(flags, memory))
      CLT_EXPECT(CREATE(immutable | CL_MEM_COPY_HOST_PTR, memory), CL_SUCCESS);
      CLT_EXPECT(CREATE(immutable | CL_MEM_USE_HOST_PTR, memory), CL_SUCCESS);
      CLT_EXPECT(CREATE(immutable | CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, memory), CL_SUCCESS);
      CLT_EXPECT(CREATE(immutable | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR, memory),
                 CL_SUCCESS);
      CLT_EXPECT(CREATE(immutable | CL_MEM_HOST_READ_ONLY | CL_MEM_COPY_HOST_PTR, memory),
                 CL_SUCCESS);
      CLT_EXPECT(CREATE(immutable, NULL), CL_INVALID_VALUE);
      CLT_EXPECT(CREATE(immutable | CL_MEM_ALLOC_HOST_PTR, NULL), CL_INVALID_VALUE);
      CLT_EXPECT(CREATE(immutable | CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, memory),
                 CL_INVALID_VALUE);
      CLT_EXPECT(CREATE(immutable | CL_MEM_WRITE_ONLY | CL_MEM_COPY_HOST_PTR, memory),
                 CL_INVALID_VALUE);
      CLT_EXPECT(CREATE(immutable | CL_MEM_HOST_WRITE_ONLY | CL_MEM_COPY_HOST_PTR, memory),
                 CL_INVALID_VALUE);
#undef CREATE
   }
}

static void
parts(const void *arg)
{
   char *memory = clt_alloc(BYTES), *got = clt_alloc(BYTES);
   const cl_buffer_region part = {0, BYTES};
   cl_mem_flags flags = 0;
   cl_int error;

   need_extension();
   clt_random_bytes(memory, BYTES, 1);
   cl_mem buffer = clt_mem(CL_MEM_IMMUTABLE_EXT | CL_MEM_COPY_HOST_PTR, BYTES, memory);
   cl_mem sub = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &part, &error);
   clt_require(error, "clCreateSubBuffer");
   clt_own_mem(sub);
   CLT_CALL(clGetMemObjectInfo(sub, CL_MEM_FLAGS, sizeof(flags), &flags, NULL));
   CLT_CHECK(flags & CL_MEM_IMMUTABLE_EXT, "the flags of a sub-buffer are 0x%x", (unsigned)flags);
   CLT_EXPECT(clEnqueueWriteBuffer(clt.queue, sub, CL_TRUE, 0, 4, memory, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   clt_read(sub, 0, BYTES, got);
   clt_same("the sub-buffer", got, memory, BYTES);
   CLT_CHECK(!clCreateSubBuffer(buffer, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &part,
                                &error) &&
                error == CL_INVALID_VALUE,
             "a sub-buffer to write to: %s", cl_error_name(error));

   CLT_EXPECT(image_error(CL_MEM_IMMUTABLE_EXT, NULL, buffer), CL_SUCCESS);
   CLT_EXPECT(image_error(CL_MEM_READ_ONLY, NULL, buffer), CL_INVALID_VALUE);
   CLT_EXPECT(image_error(0, NULL, buffer), CL_INVALID_VALUE);
   CLT_EXPECT(image_error(CL_MEM_IMMUTABLE_EXT, NULL, clt_buffer(BYTES, NULL)), CL_SUCCESS);
}

/* A buffer or an image that holds what "memory" does, in place or as a copy. */
struct fixture {
   char *memory, *want;
   cl_mem buffer, image, other_buffer, other_image;
};

static struct fixture
make(cl_mem_flags how)
{
   struct fixture f = {.memory = clt_alloc_aligned(BYTES, 4096), .want = clt_alloc(BYTES)};
   char *other = clt_alloc(BYTES);
   cl_int error;

   clt_random_bytes(f.want, BYTES, 2);
   clt_random_bytes(other, BYTES, 3);
   memcpy(f.memory, f.want, BYTES);
   f.buffer = clt_mem(CL_MEM_IMMUTABLE_EXT | how, BYTES, f.memory);
   f.other_buffer = clt_buffer(BYTES, other);
   f.image = image(CL_MEM_IMMUTABLE_EXT | how, f.memory, NULL, &error);
   clt_require(error, "clCreateImage");
   clt_own_mem(f.image);
   f.other_image = image(CL_MEM_COPY_HOST_PTR, other, NULL, &error);
   clt_require(error, "clCreateImage");
   clt_own_mem(f.other_image);
   return f;
}

static void
check_unchanged(const struct fixture *f)
{
   char *got = clt_alloc(BYTES);

   clt_read(f->buffer, 0, BYTES, got);
   clt_same("the buffer", got, f->want, BYTES);
   CLT_CALL(
      clEnqueueReadImage(clt.queue, f->image, CL_TRUE, zero, texels, 0, 0, got, 0, NULL, NULL));
   clt_same("the image", got, f->want, BYTES);
}

static void
commands(const void *arg)
{
   need_extension();

   struct fixture f = make(*(const cl_mem_flags *)arg);
   const size_t bytes[3] = {BYTES, 1, 1};
   const cl_uint color[4] = {1, 2, 3, 4};
   char *data = clt_alloc(BYTES);

   /* buffers */
   CLT_EXPECT(clEnqueueWriteBuffer(clt.queue, f.buffer, CL_TRUE, 0, BYTES, data, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueWriteBufferRect(clt.queue, f.buffer, CL_TRUE, zero, zero, bytes, 0, 0, 0, 0,
                                       data, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, f.buffer, color, 4, 0, BYTES, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueCopyBuffer(clt.queue, f.other_buffer, f.buffer, 0, 0, BYTES, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueCopyBufferRect(clt.queue, f.other_buffer, f.buffer, zero, zero, bytes, 0, 0,
                                      0, 0, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueCopyImageToBuffer(clt.queue, f.other_image, f.buffer, zero, texels, 0, 0,
                                         NULL, NULL),
              CL_INVALID_OPERATION);

   /* images */
   CLT_EXPECT(clEnqueueWriteImage(clt.queue, f.image, CL_TRUE, zero, texels, 0, 0, data, 0, NULL,
                                  NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueFillImage(clt.queue, f.image, color, zero, texels, 0, NULL, NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueCopyImage(clt.queue, f.other_image, f.image, zero, zero, texels, 0, NULL,
                                 NULL),
              CL_INVALID_OPERATION);
   CLT_EXPECT(clEnqueueCopyBufferToImage(clt.queue, f.other_buffer, f.image, 0, zero, texels, 0,
                                         NULL, NULL),
              CL_INVALID_OPERATION);
   check_unchanged(&f);

   /* They are sources like any other. */
   CLT_CALL(clEnqueueCopyBuffer(clt.queue, f.buffer, f.other_buffer, 0, 0, BYTES, 0, NULL, NULL));
   CLT_CALL(
      clEnqueueCopyImage(clt.queue, f.image, f.other_image, zero, zero, texels, 0, NULL, NULL));
   clt_read(f.other_buffer, 0, BYTES, data);
   clt_same("the buffer's copy", data, f.want, BYTES);
   CLT_CALL(clEnqueueReadImage(clt.queue, f.other_image, CL_TRUE, zero, texels, 0, 0, data, 0, NULL,
                               NULL));
   clt_same("the image's copy", data, f.want, BYTES);
}

static void
maps(const void *arg)
{
   need_extension();

   static const cl_map_flags writes[] = {CL_MAP_WRITE, CL_MAP_READ | CL_MAP_WRITE,
                                         CL_MAP_WRITE_INVALIDATE_REGION};
   struct fixture f = make(*(const cl_mem_flags *)arg);
   size_t row_B;
   cl_int error;

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(writes); i++) {
      void *map = clEnqueueMapBuffer(clt.queue, f.buffer, CL_TRUE, writes[i], 0, BYTES, 0, NULL,
                                     NULL, &error);
      CLT_CHECK(!map && error == CL_INVALID_OPERATION, "map %u of a buffer: %s", i,
                cl_error_name(error));
      map = clEnqueueMapImage(clt.queue, f.image, CL_TRUE, writes[i], zero, texels, &row_B, NULL, 0,
                              NULL, NULL, &error);
      CLT_CHECK(!map && error == CL_INVALID_OPERATION, "map %u of an image: %s", i,
                cl_error_name(error));
   }

   char *map = clEnqueueMapBuffer(clt.queue, f.buffer, CL_TRUE, CL_MAP_READ, 0, BYTES, 0, NULL,
                                  NULL, &error);
   clt_require(error, "clEnqueueMapBuffer");
   clt_same("the map", map, f.want, BYTES);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, f.buffer, map, 0, NULL, NULL));
   map = clEnqueueMapImage(clt.queue, f.image, CL_TRUE, CL_MAP_READ, zero, texels, &row_B, NULL, 0,
                           NULL, NULL, &error);
   clt_require(error, "clEnqueueMapImage");
   for (unsigned y = 0; y < HEIGHT; y++)
      clt_same("a row of the map", map + y * row_B, f.want + y * 4 * WIDTH, 4 * WIDTH);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, f.image, map, 0, NULL, NULL));
   check_unchanged(&f);
}

static void
kernels(const void *arg)
{
   need_extension();

   static const char source[] =
      "kernel void buffers(global const uint *a, constant uint *b, global uint *out)\n"
      "{ size_t i = get_global_id(0); out[i] = a[i] + b[i]; }\n"
      "kernel void images(read_only image2d_t in, write_only image2d_t out, read_write image2d_t "
      "both)\n"
      "{ int2 c = (int2)(get_global_id(0), get_global_id(1));\n"
      "  write_imageui(out, c, read_imageui(in, c)); write_imageui(both, c, read_imageui(in, c)); "
      "}\n";
   struct fixture f = make(*(const cl_mem_flags *)arg);
   uint32_t got[BYTES / 4], want[BYTES / 4];

   cl_program program = clt_program(source, "-cl-std=CL3.0");
   cl_kernel kernel = clt_kernel_of(program, "buffers");
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), &f.buffer), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(cl_mem), &f.buffer), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 2, sizeof(cl_mem), &f.buffer), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(kernel, 2, sizeof(cl_mem), &f.other_buffer), CL_SUCCESS);
   clt_launch_1d(kernel, BYTES / 4, 0);
   clt_read(f.other_buffer, 0, BYTES, got);
   memcpy(want, f.want, BYTES);
   for (unsigned i = 0; i < BYTES / 4; i++)
      want[i] *= 2;
   clt_same("the sums", got, want, BYTES);

   kernel = clt_kernel_of(program, "images");
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), &f.image), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(cl_mem), &f.image), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(kernel, 2, sizeof(cl_mem), &f.image), CL_INVALID_ARG_VALUE);
   check_unchanged(&f);
}

int
main(int argc, char **argv)
{
   static const struct {
      cl_mem_flags how;
      const char *name;
   } ways[] = {{CL_MEM_COPY_HOST_PTR, "copied"}, {CL_MEM_USE_HOST_PTR, "in place"}};

   clt_init(argc, argv, "immutable memory objects");
   clt_run(creation, NULL, "creation");
   clt_run(parts, NULL, "parts");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(ways); i++) {
      clt_run(commands, &ways[i].how, "commands: %s", ways[i].name);
      clt_run(maps, &ways[i].how, "maps: %s", ways[i].name);
      clt_run(kernels, &ways[i].how, "kernels: %s", ways[i].name);
   }
   return clt_done();
}
