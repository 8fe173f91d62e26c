// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Commands on images, for every image type and texels of 1 to 16 bytes: reads and writes of regions with
 * pitches, copies between images and between images and buffers, fills, maps, memory of the application,
 * images in buffers and in sub-buffers; queries of kernels and of the host; limits. Each command is done on
 * the CPU, too, and the whole image compared, so that a byte outside of the region that changes is found. */

#include "cl_api.h"
#include "cl_image.h"

#include <string.h>

static const cl_image_format formats[] = {
   {CL_R, CL_UNORM_INT8},    {CL_RG, CL_SIGNED_INT8},      {CL_RGBA, CL_UNORM_INT8},
   {CL_RGBA, CL_HALF_FLOAT}, {CL_RGBA, CL_UNSIGNED_INT32},
};

struct params {
   const struct clt_image_type *type, *to;
   const cl_image_format *format;
   bool in_buffer, to_in_buffer; /* the images are parts of buffers */
};

/* ---- boxes on the CPU ---- */

struct box {
   size_t origin[3], region[3];
};

/* Memory with pitches: a texel is at x * texel_B + y * row_B + z * slice_B. */
struct layout {
   size_t texel_B, row_B, slice_B;
};

/* The coordinates of image commands: the layer of a 1D array is y, its pitch the slice pitch. */
static struct layout
dense(const struct params *p, const size_t region[3])
{
   size_t texel_B = clt_image_texel_B(p->format);

   return (struct layout){texel_B, region[0] * texel_B, region[0] * region[1] * texel_B};
}

static size_t
at(const struct layout *l, size_t x, size_t y, size_t z)
{
   return x * l->texel_B + y * l->row_B + z * l->slice_B;
}

static void
copy_box(void *to, const struct layout *to_layout, const size_t to_origin[3], const void *from,
         const struct layout *from_layout, const size_t from_origin[3], const size_t region[3])
{
   for (size_t z = 0; z < region[2]; z++) {
      for (size_t y = 0; y < region[1]; y++) {
         memcpy((char *)to + at(to_layout, to_origin[0], to_origin[1] + y, to_origin[2] + z),
                (const char *)from +
                   at(from_layout, from_origin[0], from_origin[1] + y, from_origin[2] + z),
                region[0] * to_layout->texel_B);
      }
   }
}

static const size_t zero[3];

/* A part of an image that leaves texels free on both sides. */
static struct box
inner_box(const struct clt_image_type *type)
{
   struct box box = {{0, 0, 0}, {1, 1, 1}};

   for (unsigned i = 0; i < type->dims; i++) {
      box.origin[i] = 1;
      box.region[i] = type->size[i] - 3 + i / 2;
   }
   return box;
}

/* Pitches larger than needed. */
static struct layout
padded(const struct params *p, const struct clt_image_type *type, const size_t region[3])
{
   struct layout l = dense(p, region);

   l.row_B += 3 * l.texel_B;
   l.slice_B = l.row_B * (region[1] + (type->dims == 3 ? 2 : 0));
   if (type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
      l.slice_B = l.row_B;
   return l;
}

struct fixture {
   struct layout layout; /* of texels */
   size_t size[3], bytes;
   char *texels; /* what the image holds */
   cl_mem image;

   /* When the image is a part of a buffer: what that holds from offset PART_B on. */
   cl_mem buffer;
   struct layout buffer_layout;
   size_t buffer_bytes;
   char *buffer_data;
};

#define PART_B 128

/* An image in the midst of a buffer, with rows and slices longer than needed. */
static void
make_in_buffer(struct fixture *f, const struct params *p, const struct clt_image_type *type,
               uint64_t number)
{
   bool has_rows = type->dims > 1;
   struct layout l = padded(p, type, f->size);
   cl_image_desc desc = {
      .image_type = type->type,
      .image_width = f->size[0],
      .image_height = type->dims - type->is_array >= 2 ? f->size[1] : 0,
      .image_depth = f->size[2],
      .image_array_size = type->is_array ? type->size[type->dims - 1] : 0,
      .image_row_pitch = has_rows ? l.row_B : 0,
   };
   cl_int error;

   if (type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY) /* whose layers are further apart than rows */
      l.row_B *= 2, l.slice_B = l.row_B * f->size[1];
   if (type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
      desc.image_slice_pitch = l.row_B;
   else if (type->dims == 3)
      desc.image_slice_pitch = l.slice_B;
   f->buffer_layout = l;
   f->buffer_bytes = l.slice_B * f->size[2] + 96;
   f->buffer_data = clt_alloc(f->buffer_bytes);
   clt_random_bytes(f->buffer_data, f->buffer_bytes, number + 100);
   copy_box(f->buffer_data, &l, zero, f->texels, &f->layout, zero, f->size);

   f->buffer = clt_buffer(PART_B + f->buffer_bytes, NULL);
   clt_write(f->buffer, PART_B, f->buffer_bytes, f->buffer_data);
   const cl_buffer_region part = {PART_B, f->buffer_bytes};
   desc.buffer = clCreateSubBuffer(f->buffer, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                   &part, &error);
   clt_require(error, "clCreateSubBuffer");
   clt_own_mem(desc.buffer);
   f->image = clCreateImage(clt.context, CL_MEM_READ_WRITE, p->format, &desc, NULL, &error);
   clt_require(error, "clCreateImage");
   clt_own_mem(f->image);
}

static struct fixture
make(const struct params *p, const struct clt_image_type *type, bool in_buffer, uint64_t number)
{
   struct fixture f = {.image = NULL};

   clt_image_region(type, type->size, f.size);
   f.layout = dense(p, f.size);
   f.bytes = f.size[0] * f.size[1] * f.size[2] * f.layout.texel_B;
   f.texels = clt_alloc(f.bytes);
   clt_random_bytes(f.texels, f.bytes, number);
   if (!in_buffer)
      f.image = clt_image(type, p->format, type->size, CL_MEM_READ_WRITE, f.texels);
   else if (clt_has_extension("cl_ext_image_from_buffer"))
      make_in_buffer(&f, p, type, number);
   else
      clt_skip("the device has no cl_ext_image_from_buffer");
   return f;
}

static void
check_all(const struct params *p, const struct clt_image_type *type, const struct fixture *f)
{
   char *got = clt_alloc(f->bytes);

   clt_image_read(f->image, type, type->size, got);
   clt_same("the image", got, f->texels, f->bytes);
   if (!f->buffer)
      return;

   char *data = clt_alloc(f->buffer_bytes);
   copy_box(f->buffer_data, &f->buffer_layout, zero, f->texels, &f->layout, zero, f->size);
   clt_read(f->buffer, PART_B, f->buffer_bytes, data);
   clt_same("the buffer around the image", data, f->buffer_data, f->buffer_bytes);
}

/* ---- reads and writes ---- */

/* What the command wants as slice pitch. */
static size_t
slice_pitch(const struct clt_image_type *type, const struct layout *l)
{
   return type->dims == 3 || type->is_array ? l->slice_B : 0;
}

static void
test_read(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 1);
   struct box box = inner_box(p->type);
   struct layout l = padded(p, p->type, box.region);
   size_t bytes = l.slice_B * box.region[2] + l.row_B * box.region[1];
   char *got = clt_alloc(bytes), *want = clt_alloc(bytes);

   copy_box(want, &l, zero, f.texels, &f.layout, box.origin, box.region);
   CLT_CALL(clEnqueueReadImage(clt.queue, f.image, CL_TRUE, box.origin, box.region, l.row_B,
                               slice_pitch(p->type, &l), got, 0, NULL, NULL));
   clt_same("what was read", got, want, bytes);
}

static void
test_write(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 2);
   struct box box = inner_box(p->type);
   struct layout l = padded(p, p->type, box.region);
   size_t bytes = l.slice_B * box.region[2] + l.row_B * box.region[1];
   char *data = clt_alloc(bytes);

   clt_random_bytes(data, bytes, 3);
   CLT_CALL(clEnqueueWriteImage(clt.queue, f.image, CL_TRUE, box.origin, box.region, l.row_B,
                                slice_pitch(p->type, &l), data, 0, NULL, NULL));
   copy_box(f.texels, &f.layout, box.origin, data, &l, zero, box.region);
   check_all(p, p->type, &f);
}

/* ---- copies ---- */

/* What fits in both images, at different places. */
static void
test_copy(const void *arg)
{
   const struct params *p = arg;
   struct fixture src = make(p, p->type, p->in_buffer, 4), dst = make(p, p->to, p->to_in_buffer, 5);
   struct box a = inner_box(p->type), b = inner_box(p->to);

   for (unsigned i = 0; i < 3; i++)
      a.region[i] = a.region[i] < b.region[i] ? a.region[i] : b.region[i];
   if (p->type->dims > 1)
      a.origin[1]--;
   CLT_CALL(clEnqueueCopyImage(clt.queue, src.image, dst.image, a.origin, b.origin, a.region, 0,
                               NULL, NULL));
   copy_box(dst.texels, &dst.layout, b.origin, src.texels, &src.layout, a.origin, a.region);
   check_all(p, p->to, &dst);
   check_all(p, p->type, &src);
}

static void
test_image_to_buffer(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 6);
   struct box box = inner_box(p->type);
   struct layout l = dense(p, box.region);
   size_t offset = 32, bytes = offset + l.slice_B * box.region[2] + 16;
   char *want = clt_alloc(bytes), *got = clt_alloc(bytes);

   clt_random_bytes(want, bytes, 7);
   cl_mem buffer = clt_buffer(bytes, want);
   CLT_CALL(clEnqueueCopyImageToBuffer(clt.queue, f.image, buffer, box.origin, box.region, offset,
                                       0, NULL, NULL));
   copy_box(want + offset, &l, zero, f.texels, &f.layout, box.origin, box.region);
   clt_read(buffer, 0, bytes, got);
   clt_same("the buffer", got, want, bytes);
}

/* The buffer is a sub-buffer, whose own offset counts once. */
static void
test_buffer_to_image(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 8);
   struct box box = inner_box(p->type);
   struct layout l = dense(p, box.region);
   const size_t base = 512, offset = 48;
   size_t bytes = base + offset + l.slice_B * box.region[2] + 16;
   const cl_buffer_region part = {base, bytes - base};
   char *data = clt_alloc(bytes);
   cl_int error;

   clt_random_bytes(data, bytes, 9);
   cl_mem sub = clCreateSubBuffer(clt_buffer(bytes, data), CL_MEM_READ_WRITE,
                                  CL_BUFFER_CREATE_TYPE_REGION, &part, &error);
   clt_require(error, "clCreateSubBuffer");
   clt_own_mem(sub);
   CLT_CALL(clEnqueueCopyBufferToImage(clt.queue, sub, f.image, offset, box.origin, box.region, 0,
                                       NULL, NULL));
   copy_box(f.texels, &f.layout, box.origin, data + base + offset, &l, zero, box.region);
   check_all(p, p->type, &f);
}

/* ---- fills ---- */

static void
test_fill(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 10);
   struct box box = inner_box(p->type);
   const float floats[4] = {0.25f, 0.5f, 1, 2};
   const cl_int ints[4] = {-3, 200, 5, -70000};
   const cl_uint uints[4] = {3, 300, 70000, 4000000000u};
   const void *const colors[] = {floats, ints, uints};
   const void *color = colors[clt_image_class(p->format)];
   const struct layout single = {f.layout.texel_B, 0, 0};
   char texel[16];

   clt_image_pack(p->format, color, texel);
   for (size_t x = 0; x < box.region[0]; x++) {
      const size_t origin[3] = {box.origin[0] + x, box.origin[1], box.origin[2]};
      const size_t region[3] = {1, box.region[1], box.region[2]};
      copy_box(f.texels, &f.layout, origin, texel, &single, zero, region);
   }
   CLT_CALL(clEnqueueFillImage(clt.queue, f.image, color, box.origin, box.region, 0, NULL, NULL));
   check_all(p, p->type, &f);
}

/* ---- maps ---- */

static void
test_map(const void *arg)
{
   const struct params *p = arg;
   struct fixture f = make(p, p->type, p->in_buffer, 11);
   struct box box = inner_box(p->type);
   struct layout l = f.layout, tight = dense(p, box.region);
   size_t bytes = tight.slice_B * box.region[2];
   char *data = clt_alloc(bytes), *seen = clt_alloc(bytes), *want = clt_alloc(bytes);
   cl_int error;

   clt_random_bytes(data, bytes, 12);
   copy_box(want, &tight, zero, f.texels, &f.layout, box.origin, box.region);
   char *map = clEnqueueMapImage(clt.queue, f.image, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                 box.origin, box.region, &l.row_B, &l.slice_B, 0, NULL, NULL,
                                 &error);
   clt_require(error, "clEnqueueMapImage");
   if (p->type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
      l.row_B = l.slice_B;
   copy_box(seen, &tight, zero, map, &l, zero, box.region);
   clt_same("what the map shows", seen, want, bytes);
   copy_box(map, &l, zero, data, &tight, zero, box.region);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, f.image, map, 0, NULL, NULL));
   copy_box(f.texels, &f.layout, box.origin, data, &tight, zero, box.region);
   check_all(p, p->type, &f);
}

/* ---- memory of the application ---- */

static void
test_user_memory(const void *arg)
{
   const struct params *p = arg;
   size_t region[3];
   cl_int error;

   if (p->type->type == CL_MEM_OBJECT_IMAGE1D_BUFFER)
      clt_skip("its memory is the buffer's");
   clt_image_region(p->type, p->type->size, region);
   struct layout l = padded(p, p->type, region), tight = dense(p, region);
   size_t bytes = l.slice_B * region[2] + l.row_B * region[1], tight_B = tight.slice_B * region[2];
   bool has_slices = p->type->dims == 3 || p->type->is_array;
   char *memory = clt_alloc_aligned(bytes, 4096), *data = clt_alloc(tight_B),
        *got = clt_alloc(tight_B);
   const cl_image_desc desc = {
      .image_type = p->type->type,
      .image_width = region[0],
      .image_height = p->type->dims - p->type->is_array >= 2 ? region[1] : 0,
      .image_depth = region[2],
      .image_array_size = p->type->is_array ? p->type->size[p->type->dims - 1] : 0,
      .image_row_pitch = l.row_B,
      .image_slice_pitch = has_slices ? l.slice_B : 0,
   };

   clt_random_bytes(memory, bytes, 13);
   cl_mem image = clCreateImage(clt.context, CL_MEM_USE_HOST_PTR, p->format, &desc, memory, &error);
   clt_require(error, "clCreateImage");
   clt_own_mem(image);

   /* What is in the memory is in the image. */
   CLT_CALL(clEnqueueReadImage(clt.queue, image, CL_TRUE, zero, region, 0, 0, got, 0, NULL, NULL));
   copy_box(data, &tight, zero, memory, &l, zero, region);
   clt_same("the image", got, data, tight_B);

   /* What is written is in the memory while it is mapped, where the map says. */
   clt_random_bytes(data, tight_B, 14);
   CLT_CALL(
      clEnqueueWriteImage(clt.queue, image, CL_TRUE, zero, region, 0, 0, data, 0, NULL, NULL));
   size_t row_B, slice_B = 0;
   char *map = clEnqueueMapImage(clt.queue, image, CL_TRUE, CL_MAP_READ, zero, region, &row_B,
                                 &slice_B, 0, NULL, NULL, &error);
   clt_require(error, "clEnqueueMapImage");
   CLT_CHECK(map == memory, "the map is at %p, the memory at %p", (void *)map, (void *)memory);
   CLT_CHECK(row_B == l.row_B || p->type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY,
             "row pitch %zu, not %zu", row_B, l.row_B);
   copy_box(got, &tight, zero, memory, &l, zero, region);
   clt_same("the memory", got, data, tight_B);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, image, map, 0, NULL, NULL));
   CLT_CALL(clFinish(clt.queue));
}

/* ---- images in buffers ---- */

static const char *const invert =
   "kernel void test(read_only image2d_t in, write_only image2d_t out) {\n"
   "   int2 c = (int2)(get_global_id(0), get_global_id(1));\n"
   "   write_imageui(out, c, ~read_imageui(in, c));\n"
   "}\n";

static const char *const invert_1d =
   "kernel void test(read_only image1d_buffer_t in, write_only image1d_buffer_t out) {\n"
   "   int c = get_global_id(0);\n"
   "   write_imageui(out, c, ~read_imageui(in, c));\n"
   "}\n";

/* arg: byte offset of the sub-buffers the images are made of. */
static void
test_in_buffer(const void *arg)
{
   const size_t base = *(const size_t *)arg, width = 13, height = 6, pitch = 64;
   const cl_image_format format = {CL_R, CL_UNSIGNED_INT32};
   const cl_buffer_region part = {base, 512};
   cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                         .image_width = width,
                         .image_height = height,
                         .image_row_pitch = pitch};
   uint32_t in[512], out[512], got[512];
   const size_t global[2] = {width, height};
   cl_mem images[2], buffers[2];
   cl_int error;

   clt_random_bytes(in, sizeof(in), 15);
   clt_random_bytes(out, sizeof(out), 16);
   cl_kernel kernel = clt_kernel(invert, "", "test");
   for (unsigned i = 0; i < 2; i++) {
      buffers[i] = clt_buffer(sizeof(in), i ? out : in);
      desc.buffer = clCreateSubBuffer(buffers[i], CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                      &part, &error);
      clt_require(error, "clCreateSubBuffer");
      clt_own_mem(desc.buffer);
      images[i] = clCreateImage(clt.context, CL_MEM_READ_WRITE, &format, &desc, NULL, &error);
      clt_require(error, "clCreateImage");
      clt_own_mem(images[i]);
      clt_arg_mem(kernel, i, images[i]);
   }
   clt_launch(kernel, 2, NULL, global, NULL);
   for (size_t y = 0; y < height; y++) {
      for (size_t x = 0; x < width; x++) {
         size_t i = (base + y * pitch) / 4 + x;
         out[i] = ~in[i];
      }
   }
   clt_read(buffers[1], 0, sizeof(got), got);
   clt_same_u32("the buffer", got, out, 512);

   /* Commands find the same texels. */
   const size_t region[3] = {width, height, 1};
   uint32_t texels[13 * 6];
   CLT_CALL(
      clEnqueueReadImage(clt.queue, images[1], CL_TRUE, zero, region, 0, 0, texels, 0, NULL, NULL));
   for (size_t y = 0; y < height; y++)
      clt_same_u32("a row", texels + y * width, out + (base + y * pitch) / 4, width);
}

static void
test_in_buffer_1d(const void *arg)
{
   const size_t base = *(const size_t *)arg, width = 100;
   const cl_image_format format = {CL_R, CL_UNSIGNED_INT32};
   const cl_buffer_region part = {base, 512};
   cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER, .image_width = width};
   uint32_t in[512], out[512], got[512];
   cl_mem buffers[2];
   cl_int error;

   clt_random_bytes(in, sizeof(in), 17);
   clt_random_bytes(out, sizeof(out), 18);
   cl_kernel kernel = clt_kernel(invert_1d, "", "test");
   for (unsigned i = 0; i < 2; i++) {
      buffers[i] = clt_buffer(sizeof(in), i ? out : in);
      desc.buffer = clCreateSubBuffer(buffers[i], CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                      &part, &error);
      clt_require(error, "clCreateSubBuffer");
      clt_own_mem(desc.buffer);
      cl_mem image = clCreateImage(clt.context, CL_MEM_READ_WRITE, &format, &desc, NULL, &error);
      clt_require(error, "clCreateImage");
      clt_arg_mem(kernel, i, clt_own_mem(image));
   }

   /* Ten work-items too many: the image ends before the buffer does. */
   clt_launch_1d(kernel, width + 10, 0);
   for (size_t i = base / 4; i < base / 4 + width; i++)
      out[i] = ~in[i];
   clt_read(buffers[1], 0, sizeof(got), got);
   clt_same_u32("the buffer", got, out, 512);
}

/* ---- queries ---- */

static void
test_kernel_queries(const void *arg)
{
   static const char *const source =
      "kernel void test(read_only image2d_t a, write_only image3d_t b, read_only image1d_array_t "
      "c,\n"
      "                 write_only image2d_array_t d, read_only image1d_buffer_t e, read_write "
      "image2d_t f,\n"
      "                 read_only image2d_depth_t g, global int *out) {\n"
      "   int2 ad = get_image_dim(a); int4 bd = get_image_dim(b);\n"
      "   *out++ = get_image_width(a); *out++ = get_image_height(a); *out++ = ad.x; *out++ = "
      "ad.y;\n"
      "   *out++ = get_image_width(b); *out++ = get_image_height(b); *out++ = get_image_depth(b);\n"
      "   *out++ = bd.x; *out++ = bd.y; *out++ = bd.z;\n"
      "   *out++ = get_image_width(c); *out++ = get_image_array_size(c);\n"
      "   *out++ = get_image_width(d); *out++ = get_image_height(d); *out++ = "
      "get_image_array_size(d);\n"
      "   *out++ = get_image_width(e); *out++ = get_image_width(f); *out++ = get_image_height(g);\n"
      "   *out++ = get_image_channel_order(a); *out++ = get_image_channel_data_type(a);\n"
      "   *out++ = get_image_channel_order(b); *out++ = get_image_channel_data_type(b);\n"
      "   *out++ = get_image_channel_order(c); *out++ = get_image_channel_data_type(c);\n"
      "   *out++ = get_image_channel_order(d); *out++ = get_image_channel_data_type(d);\n"
      "   *out++ = get_image_channel_order(e); *out++ = get_image_channel_data_type(e);\n"
      "   *out++ = get_image_channel_order(f); *out++ = get_image_channel_data_type(f);\n"
      "   *out++ = get_image_channel_order(g); *out++ = get_image_channel_data_type(g);\n"
      "}\n";
   static const struct {
      cl_mem_object_type type;
      cl_image_format format;
   } images[] = {
      {CL_MEM_OBJECT_IMAGE2D, {CL_RGBA, CL_UNORM_INT8}},
      {CL_MEM_OBJECT_IMAGE3D, {CL_RG, CL_SIGNED_INT16}},
      {CL_MEM_OBJECT_IMAGE1D_ARRAY, {CL_R, CL_FLOAT}},
      {CL_MEM_OBJECT_IMAGE2D_ARRAY, {CL_BGRA, CL_UNORM_INT8}},
      {CL_MEM_OBJECT_IMAGE1D_BUFFER, {CL_RGBA, CL_UNSIGNED_INT32}},
      {CL_MEM_OBJECT_IMAGE2D, {CL_RGBA, CL_HALF_FLOAT}},
      {CL_MEM_OBJECT_IMAGE2D, {CL_DEPTH, CL_FLOAT}},
   };
   const size_t *a = clt_image_type(CL_MEM_OBJECT_IMAGE2D)->size;
   const size_t *b = clt_image_type(CL_MEM_OBJECT_IMAGE3D)->size;
   const size_t *c = clt_image_type(CL_MEM_OBJECT_IMAGE1D_ARRAY)->size;
   const size_t *d = clt_image_type(CL_MEM_OBJECT_IMAGE2D_ARRAY)->size;
   const size_t *e = clt_image_type(CL_MEM_OBJECT_IMAGE1D_BUFFER)->size;
   cl_int want[32] = {a[0], a[1], a[0], a[1], b[0], b[1], b[2], b[0], b[1],
                      b[2], c[0], c[1], d[0], d[1], d[2], e[0], a[0], a[1]};
   cl_int got[32];
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   cl_mem out = clt_buffer(sizeof(got), NULL);

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(images); i++) {
      const struct clt_image_type *type = clt_image_type(images[i].type);
      want[18 + 2 * i] = images[i].format.image_channel_order;
      want[19 + 2 * i] = images[i].format.image_channel_data_type;
      clt_arg_mem(kernel, i,
                  clt_image(type, &images[i].format, type->size, CL_MEM_READ_WRITE, NULL));
   }
   clt_arg_mem(kernel, 7, out);
   clt_launch_1d(kernel, 1, 1);
   clt_read(out, 0, sizeof(got), got);
   clt_same_u32("the answers", (uint32_t *)got, (uint32_t *)want, 32);
}

/* ---- limits ---- */

static void
test_device_info(const void *arg)
{
   CLT_CHECK(CLT_DEVICE_INFO(cl_bool, CL_DEVICE_IMAGE_SUPPORT), "no images");
   CLT_CHECK(CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MAX_READ_IMAGE_ARGS) >= 128, "read images");
   CLT_CHECK(CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MAX_WRITE_IMAGE_ARGS) >= 64, "write images");
   CLT_CHECK(CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS) >= 64,
             "read-write images");
   CLT_CHECK(CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MAX_SAMPLERS) >= 16, "samplers");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE2D_MAX_WIDTH) >= 16384, "width");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE2D_MAX_HEIGHT) >= 16384, "height");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE3D_MAX_WIDTH) >= 2048, "width in 3D");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE3D_MAX_DEPTH) >= 2048, "depth");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE_MAX_ARRAY_SIZE) >= 2048, "array size");
   CLT_CHECK(CLT_DEVICE_INFO(size_t, CL_DEVICE_IMAGE_MAX_BUFFER_SIZE) >= 65536, "buffer size");
   CLT_CHECK(CLT_DEVICE_INFO(cl_uint, CL_DEVICE_IMAGE_PITCH_ALIGNMENT) > 0, "image2d_from_buffer");
   CLT_CHECK(clt_has_extension("cl_khr_3d_image_writes"), "3D writes");
   CLT_CHECK(clt_has_extension("cl_khr_depth_images"), "depth images");
}

/* Where an image's memory comes from and what the host does with it is nothing to its format. */
static void
test_format_flags(const void *arg)
{
   static const cl_mem_flags host[] = {
      CL_MEM_USE_HOST_PTR,
      CL_MEM_ALLOC_HOST_PTR,
      CL_MEM_COPY_HOST_PTR,
      CL_MEM_HOST_WRITE_ONLY,
      CL_MEM_HOST_NO_ACCESS,
      CL_MEM_HOST_READ_ONLY,
      CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR | CL_MEM_HOST_READ_ONLY,
   };
   cl_image_format *formats, *same;
   cl_uint num = clt_image_formats(CL_MEM_READ_ONLY, CL_MEM_OBJECT_IMAGE2D, &formats), other;

   CLT_CHECK(num > 0, "no formats");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(host); i++) {
      other = clt_image_formats(CL_MEM_READ_ONLY | host[i], CL_MEM_OBJECT_IMAGE2D, &same);
      CLT_CHECK(other == num && !memcmp(formats, same, num * sizeof(*formats)),
                "%u formats with flags %#llx, %u without", other, (unsigned long long)host[i], num);
   }
   CLT_EXPECT(clGetSupportedImageFormats(clt.context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY,
                                         CL_MEM_OBJECT_IMAGE2D, 0, NULL, &num),
              CL_INVALID_VALUE);
   CLT_EXPECT(clGetSupportedImageFormats(clt.context, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR,
                                         CL_MEM_OBJECT_IMAGE2D, 0, NULL, &num),
              CL_INVALID_VALUE);
   CLT_EXPECT(clGetSupportedImageFormats(clt.context, 1ull << 40, CL_MEM_OBJECT_IMAGE2D, 0, NULL,
                                         &num),
              CL_INVALID_VALUE);
}

/* The last texel of images as large as the limits allow, in one direction at a time. */
static void
test_large(const void *arg)
{
   const struct clt_image_type *type = arg;
   const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
   const char *source =
      clt_format("kernel void test(write_only %s_t image, int x, int y, int z) {\n"
                 "   write_imageui(image, %s, (uint4)(1, 2, 3, 4));\n"
                 "   x += 1; y += 1; z += 1;\n"
                 "   write_imageui(image, %s, (uint4)(5, 6, 7, 8));\n"
                 "}\n",
                 type->c_name, type->int_coord, type->int_coord);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");

   for (unsigned i = 0; i < type->dims; i++) {
      bool layer = type->is_array && i == type->dims - 1;
      size_t limit = type->type == CL_MEM_OBJECT_IMAGE1D_BUFFER     ? 65536
                     : layer || type->type == CL_MEM_OBJECT_IMAGE3D ? 2048
                                                                    : 16384;
      size_t size[3] = {3, 3, 3}, origin[3] = {0}, region[3] = {1, 1, 1};
      unsigned char got[4];

      size[i] = limit;
      cl_mem image = clt_image(type, &format, size, CL_MEM_WRITE_ONLY, NULL);
      clt_arg_mem(kernel, 0, image);
      for (unsigned c = 0; c < 3; c++) {
         origin[c] = c < type->dims ? size[c] - 1 : 0;
         clt_arg_i32(kernel, 1 + c, origin[c]);
      }
      clt_launch_1d(kernel, 1, 1);
      CLT_CALL(
         clEnqueueReadImage(clt.queue, image, CL_TRUE, origin, region, 0, 0, got, 0, NULL, NULL));
      CLT_CHECK(got[0] == 1 && got[1] == 2 && got[2] == 3 && got[3] == 4,
                "coordinate %u: %u %u %u %u", i, got[0], got[1], got[2], got[3]);
   }
}

/* 128 textures with 16 samplers, 64 images. */
static void
test_many(const void *arg)
{
   const struct clt_image_type *type = clt_image_type(CL_MEM_OBJECT_IMAGE1D);
   const cl_image_format format = {CL_R, CL_UNSIGNED_INT32};
   const size_t size[3] = {4};
   struct clt_text source = {0};
   uint32_t texels[4], got[4], sum = 0;
   cl_mem images[192];

   clt_append(&source, "kernel void test(");
   for (unsigned i = 0; i < 128; i++)
      clt_append(&source, "read_only image1d_t r%u, ", i);
   for (unsigned i = 0; i < 64; i++)
      clt_append(&source, "write_only image1d_t w%u%s", i,
                 i < 63 ? ", " : ") {\n   uint sum = 0;\n");
   for (unsigned i = 0; i < 128; i++)
      clt_append(&source, "   sum = sum * 3 + read_imageui(r%u, 2).x;\n", i);
   for (unsigned i = 0; i < 64; i++)
      clt_append(&source, "   write_imageui(w%u, 1, sum + %u);\n", i, i);
   clt_append(&source, "}\n");

   cl_kernel kernel = clt_kernel(source.text, "", "test");
   for (unsigned i = 0; i < 192; i++) {
      clt_random_bytes(texels, sizeof(texels), 100 + i);
      images[i] = clt_image(type, &format, size, CL_MEM_READ_WRITE, texels);
      clt_arg_mem(kernel, i, images[i]);
      sum = i < 128 ? sum * 3 + texels[2] : sum;
   }
   clt_launch_1d(kernel, 1, 1);
   for (unsigned i = 0; i < 64; i++) {
      clt_image_read(images[128 + i], type, size, got);
      CLT_CHECK(got[1] == sum + i, "image %u: %u, expected %u", i, got[1], sum + i);
   }
}

/* What is no image, no sampler, or may not be used as the kernel does. */
static void
test_wrong_arguments(const void *arg)
{
   const struct clt_image_type *type = clt_image_type(CL_MEM_OBJECT_IMAGE2D);
   const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
   const size_t size[3] = {4, 4};
   cl_mem to_read = clt_image(type, &format, size, CL_MEM_READ_ONLY, NULL);
   cl_mem to_write = clt_image(type, &format, size, CL_MEM_WRITE_ONLY, NULL);
   cl_mem buffer = clt_buffer(64, NULL);
   cl_kernel kernel =
      clt_kernel("kernel void test(read_only image2d_t r, write_only image2d_t w, "
                 "sampler_t s)\n"
                 "{ write_imageui(w, (int2)(0), read_imageui(r, s, (int2)(0))); }\n",
                 "", "test");

   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), &to_read), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(cl_mem), &to_write), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), &to_write), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(cl_mem), &to_read), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), &buffer), CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(cl_mem), NULL), CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clSetKernelArg(kernel, 2, sizeof(cl_sampler), NULL), CL_INVALID_SAMPLER);
}

int
main(int argc, char **argv)
{
   static const size_t offsets[] = {0, 128, 1024};
   static const struct {
      void (*test)(const void *arg);
      const char *name;
   } commands[] = {
      {test_read, "read"},
      {test_write, "write"},
      {test_image_to_buffer, "copy to a buffer"},
      {test_buffer_to_image, "copy from a buffer"},
      {test_fill, "fill"},
      {test_map, "map"},
      {test_user_memory, "memory of the application"}, /* not in a buffer */
   };

   clt_init(argc, argv, "commands on images");
   clt_run(test_device_info, NULL, "device info");
   clt_run(test_format_flags, NULL, "flags of lists of formats");
   for (unsigned t = 0; t < CLT_NUM_IMAGE_TYPES; t++) {
      for (unsigned f = 0; f < CLT_ARRAY_SIZE(formats); f++) {
         struct params p = {.type = &clt_image_types[t], .format = &formats[f]};
         unsigned texel_B = 1 << f;

         for (unsigned c = 0; c < CLT_ARRAY_SIZE(commands); c++)
            clt_run(commands[c].test, &p, "%s: %s, texels of %u bytes", commands[c].name,
                    p.type->name, texel_B);
         for (unsigned to = 0; to < CLT_NUM_IMAGE_TYPES; to++) {
            p.to = &clt_image_types[to];
            p.in_buffer = p.to_in_buffer = false;
            clt_run(test_copy, &p, "copy: %s to %s, texels of %u bytes", p.type->name, p.to->name,
                    texel_B);
            p.in_buffer = (t + to + f) % 3 != 0;
            p.to_in_buffer = (t + to + f) % 3 != 1;
            clt_run(test_copy, &p, "copy: %s%s to %s%s, texels of %u bytes", p.type->name,
                    p.in_buffer ? " in a buffer" : "", p.to->name,
                    p.to_in_buffer ? " in a buffer" : "", texel_B);
         }
         p.in_buffer = true;
         for (unsigned c = 0; c + 1 < CLT_ARRAY_SIZE(commands); c++)
            clt_run(commands[c].test, &p, "%s: %s in a buffer, texels of %u bytes",
                    commands[c].name, p.type->name, texel_B);
      }
      clt_run(test_large, &clt_image_types[t], "large: %s", clt_image_types[t].name);
   }
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(offsets); i++) {
      clt_run(test_in_buffer, &offsets[i], "2D image in a buffer at %zu", offsets[i]);
      clt_run(test_in_buffer_1d, &offsets[i], "1D image in a buffer at %zu", offsets[i]);
   }
   clt_run(test_kernel_queries, NULL, "queries of a kernel");
   clt_run(test_wrong_arguments, NULL, "wrong arguments");
   clt_run(test_many, NULL, "as many images as there may be");
   return clt_done();
}
