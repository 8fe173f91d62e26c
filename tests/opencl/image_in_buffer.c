// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Images of all types whose texels are in a buffer (cl_ext_image_from_buffer), as kernels see them: with rows and slices
 * as long as needed and longer, from the beginning of a buffer and from within; images of such images; and what tells
 * and checks what a buffer needs (cl_ext_image_requirements_info). Commands on them are in image_api.c. */

#include "cl_api.h"
#include "cl_image.h"

#include <CL/cl_ext.h>
#include <string.h>

static const cl_image_format formats[] = {
   {CL_R, CL_UNSIGNED_INT8},     {CL_RG, CL_UNSIGNED_INT8},    {CL_R, CL_UNSIGNED_INT32},
   {CL_RGBA, CL_UNSIGNED_INT16}, {CL_RGBA, CL_UNSIGNED_INT32},
};

struct params {
   const struct clt_image_type *type;
   const cl_image_format *format;
   size_t extra_row, extra_slice; /* texels, rows; 0: no pitch is given */
   size_t offset_B;               /* of the sub-buffer; 0: none */
};

/* Where texels are in a buffer. */
struct place {
   size_t size[3]; /* with the layers of a 1D array second */
   size_t texel_B, row_B, slice_B, bytes;
   cl_image_desc desc;
};

static struct place
place(const struct params *p)
{
   const struct clt_image_type *type = p->type;
   bool is_1d_array = type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY,
        has_layers = type->dims == 3 || type->is_array;
   struct place at = {.texel_B = clt_image_texel_B(p->format)};

   clt_image_region(type, type->size, at.size);
   size_t pitch_B = (at.size[0] + p->extra_row) * at.texel_B;
   at.row_B = is_1d_array ? pitch_B * (1 + p->extra_slice) : pitch_B;
   at.slice_B = type->dims == 3 ? pitch_B * (at.size[1] + p->extra_slice) : at.row_B * at.size[1];
   at.bytes = type->dims == 1 ? at.size[0] * at.texel_B : at.slice_B * at.size[2];
   at.desc = (cl_image_desc){
      .image_type = type->type,
      .image_width = at.size[0],
      .image_height = type->dims - type->is_array >= 2 ? at.size[1] : 0,
      .image_depth = type->type == CL_MEM_OBJECT_IMAGE3D ? at.size[2] : 0,
      .image_array_size = type->is_array ? type->size[type->dims - 1] : 0,
      .image_row_pitch = p->extra_row || p->extra_slice ? pitch_B : 0,
      .image_slice_pitch = !p->extra_slice || !has_layers ? 0
                           : is_1d_array                  ? at.row_B
                                                          : at.slice_B,
   };
   return at;
}

static cl_mem
create(const cl_image_format *format, const cl_image_desc *desc, cl_mem parent, cl_int *error)
{
   cl_image_desc of_parent = *desc;

   of_parent.mem_object = parent;
   return clCreateImage(clt.context, CL_MEM_READ_WRITE, format, &of_parent, NULL, error);
}

/* An image of the case. */
static cl_mem
image_in(cl_mem buffer, const struct params *p, const struct place *at)
{
   cl_int error;

   if (p->offset_B) {
      const cl_buffer_region part = {p->offset_B, at->bytes};
      buffer = clCreateSubBuffer(buffer, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &part,
                                 &error);
      clt_require(error, "clCreateSubBuffer");
      clt_own_mem(buffer);
   }
   cl_mem image = create(p->format, &at->desc, buffer, &error);
   clt_require(error, "clCreateImage");
   return clt_own_mem(image);
}

static size_t
query_size(cl_mem image, cl_image_info info)
{
   size_t value = 0;

   CLT_CALL(clGetImageInfo(image, info, sizeof(value), &value, NULL));
   return value;
}

static void
check_queries(cl_mem image, const struct params *p, const struct place *at)
{
   size_t row_B = at->desc.image_row_pitch ? at->desc.image_row_pitch : at->size[0] * at->texel_B,
          size = 0;
   cl_mem parent = NULL;

   CLT_CALL(clGetMemObjectInfo(image, CL_MEM_SIZE, sizeof(size), &size, NULL));
   CLT_CALL(clGetMemObjectInfo(image, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(parent), &parent, NULL));
   CLT_CHECK(size == at->bytes, "CL_MEM_SIZE is %zu, not %zu", size, at->bytes);
   CLT_CHECK(parent != NULL, "CL_MEM_ASSOCIATED_MEMOBJECT is NULL");
   CLT_CHECK(query_size(image, CL_IMAGE_ROW_PITCH) == row_B, "row pitch %zu, not %zu",
             query_size(image, CL_IMAGE_ROW_PITCH), row_B);
   if (p->type->dims == 3)
      CLT_CHECK(query_size(image, CL_IMAGE_SLICE_PITCH) == at->slice_B, "slice pitch %zu, not %zu",
                query_size(image, CL_IMAGE_SLICE_PITCH), at->slice_B);
}

/* ---- kernels ---- */

static const char *
source(const struct clt_image_type *type)
{
   const char *height = type->type == CL_MEM_OBJECT_IMAGE1D_ARRAY ? "get_image_array_size(in)"
                        : type->dims == 1                         ? "1"
                                                                  : "get_image_height(in)";
   const char *depth = type->type == CL_MEM_OBJECT_IMAGE2D_ARRAY ? "get_image_array_size(in)"
                       : type->type == CL_MEM_OBJECT_IMAGE3D     ? "get_image_depth(in)"
                                                                 : "1";

   return clt_format(
      "#pragma OPENCL EXTENSION cl_khr_3d_image_writes : enable\n"
      "constant sampler_t nearest = CLK_FILTER_NEAREST | CLK_ADDRESS_CLAMP;\n"
      "kernel void invert(read_only %s_t in, write_only %s_t out, uint mask, global uint *size) {\n"
      "   int x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
      "   write_imageui(out, %s, read_imageui(in, %s) ^ mask);\n"
      "   size[0] = get_image_width(in), size[1] = %s, size[2] = %s;\n"
      "}\n"
      "kernel void in_place(read_write %s_t image, uint mask) {\n"
      "   int x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
      "   write_imageui(image, %s, read_imageui(image, %s) ^ mask);\n"
      "}\n",
      type->c_name, type->c_name, type->int_coord, type->int_coord, height, depth, type->c_name,
      type->int_coord, type->int_coord);
}

static void
invert(char *to, const char *from, const struct place *at)
{
   for (size_t z = 0; z < at->size[2]; z++) {
      for (size_t y = 0; y < at->size[1]; y++) {
         size_t first = z * at->slice_B + y * at->row_B;
         for (size_t b = 0; b < at->size[0] * at->texel_B; b++)
            to[first + b] = ~from[first + b];
      }
   }
}

static void
test_kernels(const void *arg)
{
   const struct params *p = arg;
   struct place at = place(p);
   size_t bytes = p->offset_B + at.bytes + 40;
   char *in = clt_alloc(bytes), *out = clt_alloc(bytes), *got = clt_alloc(bytes);
   cl_uint mask = 0xffffffffu >> (32 - 8 * clt_image_channel_B(p->format)), size[3];

   if (!clt_has_extension("cl_ext_image_from_buffer"))
      clt_skip("the device has no cl_ext_image_from_buffer");
   clt_random_bytes(in, bytes, 1);
   clt_random_bytes(out, bytes, 2);
   cl_mem from = clt_buffer(bytes, in), to = clt_buffer(bytes, out),
          sizes = clt_buffer(sizeof(size), NULL);
   cl_mem image = image_in(from, p, &at), other = image_in(to, p, &at);
   check_queries(image, p, &at);

   cl_program program = clt_program(source(p->type), "-cl-std=CL3.0");
   cl_kernel kernel = clt_kernel_of(program, "invert");
   clt_arg_mem(kernel, 0, image);
   clt_arg_mem(kernel, 1, other);
   clt_arg(kernel, 2, sizeof(mask), &mask);
   clt_arg_mem(kernel, 3, sizes);
   clt_launch(kernel, 3, NULL, at.size, NULL);
   clt_read(to, 0, bytes, got);
   invert(out + p->offset_B, in + p->offset_B, &at);
   clt_same("the buffer written to", got, out, bytes);
   clt_read(sizes, 0, sizeof(size), size);
   for (unsigned i = 0; i < 3; i++)
      CLT_CHECK(size[i] == at.size[i], "size %u is %u, not %zu", i, size[i], at.size[i]);

   kernel = clt_kernel_of(program, "in_place");
   clt_arg_mem(kernel, 0, image);
   clt_arg(kernel, 1, sizeof(mask), &mask);
   clt_launch(kernel, 3, NULL, at.size, NULL);
   clt_read(from, 0, bytes, got);
   invert(in + p->offset_B, in + p->offset_B, &at);
   clt_same("the buffer changed in place", got, in, bytes);
}

/* The image of an image in a buffer. */
static void
test_image_of_image(const void *arg)
{
   static const cl_image_format rgba = {CL_RGBA, CL_UNORM_INT8};
   const struct params p = {clt_image_type(CL_MEM_OBJECT_IMAGE2D), &rgba, 3, 0, 128};
   struct place at = place(&p);
   size_t bytes = 128 + at.bytes + 16;
   char *data = clt_alloc(bytes), *texels = clt_alloc(at.size[0] * at.size[1] * 4),
        *got = clt_alloc(bytes);
   cl_int error;

   clt_random_bytes(data, bytes, 3);
   cl_mem buffer = clt_buffer(bytes, data), first = image_in(buffer, &p, &at);
   cl_mem image = create(&rgba, &at.desc, first, &error);
   clt_require(error, "clCreateImage");
   clt_own_mem(image);
   clt_image_read(image, p.type, p.type->size, texels);
   for (size_t y = 0; y < at.size[1]; y++)
      clt_same("a row", texels + y * at.size[0] * 4, data + 128 + y * at.row_B, at.size[0] * 4);

   /* and the other way */
   const size_t zero[3] = {0};
   clt_random_bytes(texels, at.size[0] * at.size[1] * 4, 4);
   CLT_CALL(
      clEnqueueWriteImage(clt.queue, image, CL_TRUE, zero, at.size, 0, 0, texels, 0, NULL, NULL));
   for (size_t y = 0; y < at.size[1]; y++)
      memcpy(data + 128 + y * at.row_B, texels + y * at.size[0] * 4, at.size[0] * 4);
   clt_read(buffer, 0, bytes, got);
   clt_same("the buffer", got, data, bytes);
}

/* ---- requirements ---- */

static clGetImageRequirementsInfoEXT_fn requirements;

static void
find_requirements(void)
{
   if (!clt_has_extension("cl_ext_image_requirements_info") ||
       !clt_has_extension("cl_ext_image_from_buffer"))
      clt_skip("the device has no cl_ext_image_requirements_info or no cl_ext_image_from_buffer");
   requirements = (clGetImageRequirementsInfoEXT_fn)
      clGetExtensionFunctionAddressForPlatform(clt.platform, "clGetImageRequirementsInfoEXT");
   if (!requirements)
      clt_fatal("clGetImageRequirementsInfoEXT is not there");
}

static size_t
required(const cl_image_format *format, const cl_image_desc *desc,
         cl_image_requirements_info_ext what)
{
   size_t value = 0, size = 0;

   CLT_CALL(requirements(clt.context, NULL, CL_MEM_READ_WRITE, format, desc, what, sizeof(value),
                         &value, &size));
   CLT_CHECK(size == sizeof(size_t), "requirement 0x%x has %zu bytes", what, size);
   return value;
}

/* A buffer of the size that is required will do, and a smaller one will not; likewise the alignments. */
static void
test_requirements(const void *arg)
{
   const struct params *p = arg;
   struct place at = place(p);
   cl_int error;

   find_requirements();
   size_t size = required(p->format, &at.desc, CL_IMAGE_REQUIREMENTS_SIZE_EXT);
   CLT_CHECK(size == at.bytes, "%zu bytes are required, not %zu", size, at.bytes);
   clt_own_mem(create(p->format, &at.desc, clt_buffer(size, NULL), &error));
   CLT_CHECK(error == CL_SUCCESS, "an image in a buffer of this size: %s", cl_error_name(error));
   create(p->format, &at.desc, clt_buffer(size - 1, NULL), &error);
   CLT_CHECK(error == CL_INVALID_IMAGE_SIZE, "an image in a smaller buffer: %s",
             cl_error_name(error));

   size_t rows = required(p->format, &at.desc, CL_IMAGE_REQUIREMENTS_ROW_PITCH_ALIGNMENT_EXT),
          slices = required(p->format, &at.desc, CL_IMAGE_REQUIREMENTS_SLICE_PITCH_ALIGNMENT_EXT),
          base = required(p->format, &at.desc, CL_IMAGE_REQUIREMENTS_BASE_ADDRESS_ALIGNMENT_EXT);
   CLT_CHECK(rows && !(rows & (rows - 1)) && slices && !(slices & (slices - 1)) && base &&
                !(base & (base - 1)),
             "alignments %zu, %zu, %zu", rows, slices, base);
   CLT_CHECK(rows <= required(NULL, NULL, CL_IMAGE_REQUIREMENTS_ROW_PITCH_ALIGNMENT_EXT), "rows");
   CLT_CHECK(base <= required(NULL, &at.desc, CL_IMAGE_REQUIREMENTS_BASE_ADDRESS_ALIGNMENT_EXT),
             "base");

   cl_mem large = clt_buffer(2 * at.bytes + 4096, NULL);
   cl_image_desc desc = at.desc;
   if (rows > 1 && p->type->dims > 1) {
      desc.image_row_pitch = at.size[0] * at.texel_B + 1;
      create(p->format, &desc, large, &error);
      CLT_CHECK(error == CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, "rows not aligned: %s",
                cl_error_name(error));
      desc.image_row_pitch = rows;
      desc.image_slice_pitch = 0;
      create(p->format, &desc, large, &error);
      CLT_CHECK(error == CL_INVALID_IMAGE_DESCRIPTOR, "rows too short: %s", cl_error_name(error));
   }
   if (slices > 1 && p->type->dims == 3) {
      desc.image_row_pitch = at.size[0] * at.texel_B;
      desc.image_slice_pitch = desc.image_row_pitch * at.size[1] + 1;
      create(p->format, &desc, large, &error);
      CLT_CHECK(error == CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, "slices not aligned: %s",
                cl_error_name(error));
      desc.image_slice_pitch = desc.image_row_pitch * (at.size[1] - 1);
      create(p->format, &desc, large, &error);
      CLT_CHECK(error == CL_INVALID_IMAGE_DESCRIPTOR, "slices too short: %s", cl_error_name(error));
   }
   if (base > 1) {
      char *memory = clt_alloc(at.bytes + 2 * base);
      memory += base - (uintptr_t)memory % base + 1;
      cl_mem user = clCreateBuffer(clt.context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, at.bytes,
                                   memory, &error);
      clt_require(error, "clCreateBuffer");
      clt_own_mem(user);
      create(p->format, &at.desc, user, &error);
      CLT_CHECK(error == CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, "memory not aligned: %s",
                cl_error_name(error));
   }
}

static void
test_limits(const void *arg)
{
   static const struct {
      cl_image_requirements_info_ext what;
      cl_mem_object_type type;
      cl_device_info limit;
      cl_mem_object_type wrong; /* a type without such a dimension; 0: all have it */
   } limits[] = {
      {CL_IMAGE_REQUIREMENTS_MAX_WIDTH_EXT, CL_MEM_OBJECT_IMAGE1D, CL_DEVICE_IMAGE2D_MAX_WIDTH, 0},
      {CL_IMAGE_REQUIREMENTS_MAX_WIDTH_EXT, CL_MEM_OBJECT_IMAGE2D, CL_DEVICE_IMAGE2D_MAX_WIDTH, 0},
      {CL_IMAGE_REQUIREMENTS_MAX_WIDTH_EXT, CL_MEM_OBJECT_IMAGE3D, CL_DEVICE_IMAGE3D_MAX_WIDTH, 0},
      {CL_IMAGE_REQUIREMENTS_MAX_WIDTH_EXT, CL_MEM_OBJECT_IMAGE1D_BUFFER,
       CL_DEVICE_IMAGE_MAX_BUFFER_SIZE, 0},
      {CL_IMAGE_REQUIREMENTS_MAX_HEIGHT_EXT, CL_MEM_OBJECT_IMAGE2D, CL_DEVICE_IMAGE2D_MAX_HEIGHT,
       CL_MEM_OBJECT_IMAGE1D_ARRAY},
      {CL_IMAGE_REQUIREMENTS_MAX_HEIGHT_EXT, CL_MEM_OBJECT_IMAGE3D, CL_DEVICE_IMAGE3D_MAX_HEIGHT,
       CL_MEM_OBJECT_IMAGE1D},
      {CL_IMAGE_REQUIREMENTS_MAX_DEPTH_EXT, CL_MEM_OBJECT_IMAGE3D, CL_DEVICE_IMAGE3D_MAX_DEPTH,
       CL_MEM_OBJECT_IMAGE2D},
      {CL_IMAGE_REQUIREMENTS_MAX_ARRAY_SIZE_EXT, CL_MEM_OBJECT_IMAGE2D_ARRAY,
       CL_DEVICE_IMAGE_MAX_ARRAY_SIZE, CL_MEM_OBJECT_IMAGE3D},
   };

   find_requirements();
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(limits); i++) {
      cl_image_desc desc = {.image_type = limits[i].type};
      cl_uint value = 0;
      size_t limit = 0, size = 0;

      CLT_CALL(clGetDeviceInfo(clt.device, limits[i].limit, sizeof(limit), &limit, NULL));
      CLT_CALL(requirements(clt.context, NULL, 0, &formats[0], &desc, limits[i].what, sizeof(value),
                            &value, &size));
      CLT_CHECK(size == sizeof(value) && value == limit, "limit %u: %u in %zu bytes, not %zu", i,
                value, size, limit);
      CLT_CALL(requirements(clt.context, NULL, 0, NULL, NULL, limits[i].what, sizeof(value), &value,
                            NULL));
      CLT_CHECK(value > 0 && value <= limit, "limit %u of all types: %u", i, value);
      if (!limits[i].wrong)
         continue;
      desc.image_type = limits[i].wrong;
      CLT_EXPECT(requirements(clt.context, NULL, 0, NULL, &desc, limits[i].what, sizeof(value),
                              &value, NULL),
                 CL_INVALID_IMAGE_DESCRIPTOR);
   }
}

static void
test_wrong_queries(const void *arg)
{
   const cl_image_format bad_format = {CL_INTENSITY, CL_UNORM_SHORT_555};
   const cl_mem_properties property[] = {0x4242, 1, 0};
   const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                               .image_width = 4,
                               .image_height = 4};
   cl_image_desc bad_desc = {.image_type = CL_MEM_OBJECT_BUFFER, .image_width = 4};
   const cl_image_requirements_info_ext size_ext = CL_IMAGE_REQUIREMENTS_SIZE_EXT;
   const cl_image_format *format = &formats[0];
   size_t value;

   find_requirements();
#define QUERY(context, properties, flags, format, desc, what, bytes)                               \
   requirements(context, properties, flags, format, desc, what, bytes, &value, NULL)
   CLT_EXPECT(QUERY(NULL, NULL, 0, format, &desc, size_ext, sizeof(value)), CL_INVALID_CONTEXT);
   CLT_EXPECT(QUERY(clt.context, property, 0, format, &desc, size_ext, sizeof(value)),
              CL_INVALID_PROPERTY);
   CLT_EXPECT(QUERY(clt.context, NULL, -1, format, &desc, size_ext, sizeof(value)),
              CL_INVALID_VALUE);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, NULL, &desc, size_ext, sizeof(value)), CL_INVALID_VALUE);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, format, NULL, size_ext, sizeof(value)), CL_INVALID_VALUE);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, &bad_format, &desc, size_ext, sizeof(value)),
              CL_INVALID_IMAGE_FORMAT_DESCRIPTOR);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, format, &bad_desc, size_ext, sizeof(value)),
              CL_INVALID_IMAGE_DESCRIPTOR);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, format, &desc, CL_IMAGE_FORMAT, sizeof(value)),
              CL_INVALID_VALUE);
   CLT_EXPECT(QUERY(clt.context, NULL, 0, format, &desc, size_ext, sizeof(value) - 1),
              CL_INVALID_VALUE);
   bad_desc = (cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE1D};
   CLT_EXPECT(QUERY(clt.context, NULL, 0, format, &bad_desc, size_ext, sizeof(value)),
              CL_INVALID_IMAGE_DESCRIPTOR);
#undef QUERY
   CLT_CALL(requirements(clt.context, NULL, 0, format, &desc, size_ext, 0, NULL, &value));
   CLT_CHECK(value == sizeof(size_t), "the size takes %zu bytes", value);
}

int
main(int argc, char **argv)
{
   static const struct {
      size_t extra_row, extra_slice, offset_B;
      const char *name;
   } places[] = {
      {0, 0, 0, "as small as can be"},
      {0, 0, 128, "in a sub-buffer"},
      {5, 0, 0, "with longer rows"},
      {3, 2, 256, "with longer rows and slices in a sub-buffer"},
   };

   clt_init(argc, argv, "images in buffers");
   clt_keep_programs(true);
   for (unsigned t = 0; t < CLT_NUM_IMAGE_TYPES; t++) {
      for (unsigned f = 0; f < CLT_ARRAY_SIZE(formats); f++) {
         for (unsigned i = 0; i < CLT_ARRAY_SIZE(places); i++) {
            struct params p = {&clt_image_types[t], &formats[f], places[i].extra_row,
                               places[i].extra_slice, places[i].offset_B};

            if (p.type->dims == 1 && p.extra_row)
               continue;
            clt_run(test_kernels, &p, "kernels: %s of %s %s", p.type->name,
                    clt_image_format_name(p.format), places[i].name);
            if (!p.offset_B || p.extra_row)
               clt_run(test_requirements, &p, "requirements: %s of %s %s", p.type->name,
                       clt_image_format_name(p.format), places[i].name);
         }
      }
   }
   clt_run(test_image_of_image, NULL, "image of an image");
   clt_run(test_limits, NULL, "limits");
   clt_run(test_wrong_queries, NULL, "wrong queries");
   return clt_done();
}
