// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* See cl_image.h. */

#include "cl_image.h"

#include <math.h>
#include <string.h>

const struct clt_image_type clt_image_types[CLT_NUM_IMAGE_TYPES] = {
   {CL_MEM_OBJECT_IMAGE1D, "1D", "image1d", 1, false, "x", "x", {67}},
   {CL_MEM_OBJECT_IMAGE1D_BUFFER, "1D buffer", "image1d_buffer", 1, false, "x", "x", {67}},
   {CL_MEM_OBJECT_IMAGE1D_ARRAY,
    "1D array",
    "image1d_array",
    2,
    true,
    "(int2)(x, y)",
    "(float2)(x, y)",
    {21, 5}},
   {CL_MEM_OBJECT_IMAGE2D, "2D", "image2d", 2, false, "(int2)(x, y)", "(float2)(x, y)", {19, 7}},
   {CL_MEM_OBJECT_IMAGE2D_ARRAY,
    "2D array",
    "image2d_array",
    3,
    true,
    "(int4)(x, y, z, 0)",
    "(float4)(x, y, z, 0)",
    {9, 5, 4}},
   {CL_MEM_OBJECT_IMAGE3D,
    "3D",
    "image3d",
    3,
    false,
    "(int4)(x, y, z, 0)",
    "(float4)(x, y, z, 0)",
    {9, 5, 4}},
};

const struct clt_image_type *
clt_image_type(cl_mem_object_type type)
{
   for (unsigned i = 0; i < CLT_NUM_IMAGE_TYPES; i++) {
      if (clt_image_types[i].type == type)
         return &clt_image_types[i];
   }
   clt_fatal("no such image type: %#x", type);
}

/* ---- formats ---- */

/* Which channel each component comes from: 0..3, or one of these. */
#define ZERO 4
#define ONE  5

static const struct order {
   cl_channel_order order;
   const char *name;
   unsigned channels;
   uint8_t from[4]; /* R, G, B, A */
} orders[] = {
   {CL_R, "R", 1, {0, ZERO, ZERO, ONE}},         {CL_A, "A", 1, {ZERO, ZERO, ZERO, 0}},
   {CL_DEPTH, "DEPTH", 1, {0, ZERO, ZERO, ONE}}, {CL_LUMINANCE, "LUMINANCE", 1, {0, 0, 0, ONE}},
   {CL_INTENSITY, "INTENSITY", 1, {0, 0, 0, 0}}, {CL_RG, "RG", 2, {0, 1, ZERO, ONE}},
   {CL_RA, "RA", 2, {0, ZERO, ZERO, 1}},         {CL_RGBA, "RGBA", 4, {0, 1, 2, 3}},
   {CL_BGRA, "BGRA", 4, {2, 1, 0, 3}},           {CL_ARGB, "ARGB", 4, {1, 2, 3, 0}},
   {CL_ABGR, "ABGR", 4, {3, 2, 1, 0}},
};

static const struct type {
   cl_channel_type type;
   const char *name;
   unsigned size_B;
   enum clt_image_class class_;
   double norm;     /* largest value of a normalized channel, or 0 */
   double min, max; /* of integers, normalized or not */
} types[] = {
   {CL_UNORM_INT8, "UNORM_INT8", 1, CLT_IMAGE_FLOAT, 255, 0, 255},
   {CL_UNORM_INT16, "UNORM_INT16", 2, CLT_IMAGE_FLOAT, 65535, 0, 65535},
   {CL_SNORM_INT8, "SNORM_INT8", 1, CLT_IMAGE_FLOAT, 127, -128, 127},
   {CL_SNORM_INT16, "SNORM_INT16", 2, CLT_IMAGE_FLOAT, 32767, -32768, 32767},
   {CL_SIGNED_INT8, "SIGNED_INT8", 1, CLT_IMAGE_INT, 0, INT8_MIN, INT8_MAX},
   {CL_SIGNED_INT16, "SIGNED_INT16", 2, CLT_IMAGE_INT, 0, INT16_MIN, INT16_MAX},
   {CL_SIGNED_INT32, "SIGNED_INT32", 4, CLT_IMAGE_INT, 0, INT32_MIN, INT32_MAX},
   {CL_UNSIGNED_INT8, "UNSIGNED_INT8", 1, CLT_IMAGE_UINT, 0, 0, UINT8_MAX},
   {CL_UNSIGNED_INT16, "UNSIGNED_INT16", 2, CLT_IMAGE_UINT, 0, 0, UINT16_MAX},
   {CL_UNSIGNED_INT32, "UNSIGNED_INT32", 4, CLT_IMAGE_UINT, 0, 0, UINT32_MAX},
   {CL_HALF_FLOAT, "HALF_FLOAT", 2, CLT_IMAGE_FLOAT, 0, 0, 0},
   {CL_FLOAT, "FLOAT", 4, CLT_IMAGE_FLOAT, 0, 0, 0},
};

static const struct order *
find_order(const cl_image_format *format)
{
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(orders); i++) {
      if (orders[i].order == format->image_channel_order)
         return &orders[i];
   }
   clt_fatal("unknown channel order %#x", format->image_channel_order);
}

static const struct type *
find_type(const cl_image_format *format)
{
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(types); i++) {
      if (types[i].type == format->image_channel_data_type)
         return &types[i];
   }
   clt_fatal("unknown channel type %#x", format->image_channel_data_type);
}

enum clt_image_class
clt_image_class(const cl_image_format *format)
{
   return find_type(format)->class_;
}

const char *
clt_image_vec(enum clt_image_class class_)
{
   static const char *const names[] = {"float4", "int4", "uint4"};
   return names[class_];
}

const char *
clt_image_suffix(enum clt_image_class class_)
{
   static const char *const names[] = {"f", "i", "ui"};
   return names[class_];
}

bool
clt_image_is_depth(const cl_image_format *format)
{
   return format->image_channel_order == CL_DEPTH;
}

const char *
clt_image_format_name(const cl_image_format *format)
{
   return clt_format("%s %s", find_order(format)->name, find_type(format)->name);
}

unsigned
clt_image_channels(const cl_image_format *format)
{
   return find_order(format)->channels;
}

unsigned
clt_image_channel_B(const cl_image_format *format)
{
   return find_type(format)->size_B;
}

unsigned
clt_image_texel_B(const cl_image_format *format)
{
   return clt_image_channels(format) * clt_image_channel_B(format);
}

/* ---- texels ---- */

static double
read_channel(const struct type *type, const void *from)
{
   double value;

   switch (type->type) {
   case CL_HALF_FLOAT: {
      _Float16 half;
      memcpy(&half, from, sizeof(half));
      return half;
   }
   case CL_FLOAT: {
      float f;
      memcpy(&f, from, sizeof(f));
      return f;
   }
   default: {
      int64_t bits = 0;
      memcpy(&bits, from, type->size_B);
      if (type->min < 0)
         bits = (int64_t)((uint64_t)bits << (64 - 8 * type->size_B)) >> (64 - 8 * type->size_B);
      value = bits;
   }
   }
   return type->norm ? fmax(value / type->norm, -1.0) : value;
}

struct clt_color
clt_image_unpack(const cl_image_format *format, const void *texel)
{
   const struct order *order = find_order(format);
   const struct type *type = find_type(format);
   struct clt_color color;

   for (unsigned i = 0; i < 4; i++) {
      unsigned from = order->from[i];
      color.c[i] = from == ZERO  ? 0
                   : from == ONE ? 1
                                 : read_channel(type, (const char *)texel + from * type->size_B);
   }
   return color;
}

struct clt_color
clt_image_border(const cl_image_format *format)
{
   static const char zero[16];

   return clt_image_unpack(format, zero);
}

/* An integer channel: clamped, rounded to nearest even. */
static void
write_integer(const struct type *type, double value, void *to)
{
   int64_t bits = isnan(value) ? 0 : (int64_t)rint(fmin(fmax(value, type->min), type->max));

   memcpy(to, &bits, type->size_B);
}

/* component: a float, int or uint. */
static void
write_channel(const struct type *type, const void *component, void *to)
{
   float f;
   int32_t i;
   uint32_t u;

   memcpy(&f, component, 4);
   memcpy(&i, component, 4);
   memcpy(&u, component, 4);
   switch (type->class_) {
   case CLT_IMAGE_INT:
      write_integer(type, i, to);
      break;
   case CLT_IMAGE_UINT:
      write_integer(type, u, to);
      break;
   case CLT_IMAGE_FLOAT:
      if (type->norm) {
         /* The product in float, as the specification writes it; -1 is the least that is stored. */
         float limited = isnan(f) ? 0 : fminf(fmaxf(f, type->min < 0 ? -1.0f : 0.0f), 1.0f);
         write_integer(type, limited * (float)type->norm, to);
      } else if (type->type == CL_HALF_FLOAT) {
         _Float16 half = f;
         memcpy(to, &half, sizeof(half));
      } else {
         memcpy(to, &f, sizeof(f));
      }
   }
}

void
clt_image_pack(const cl_image_format *format, const void *color, void *texel)
{
   const struct order *order = find_order(format);
   const struct type *type = find_type(format);
   bool done[4] = {false};

   /* A channel that several components share (luminance, intensity) holds the first. */
   for (unsigned i = 0; i < 4; i++) {
      unsigned from = order->from[i];
      if (from >= 4 || done[from])
         continue;
      write_channel(type, (const char *)color + 4 * i, (char *)texel + from * type->size_B);
      done[from] = true;
   }
}

bool
clt_image_same_texel(const cl_image_format *format, const void *a, const void *b)
{
   const struct type *type = find_type(format);
   bool can_be_nan = type->class_ == CLT_IMAGE_FLOAT && !type->norm;

   for (unsigned i = 0; i < clt_image_channels(format); i++) {
      const char *x = (const char *)a + i * type->size_B, *y = (const char *)b + i * type->size_B;
      if (!memcmp(x, y, type->size_B))
         continue;
      if (!can_be_nan || !isnan(read_channel(type, x)) || !isnan(read_channel(type, y)))
         return false;
   }
   return true;
}

void
clt_image_random(const cl_image_format *format, void *texels, size_t count, uint64_t *random)
{
   const struct type *type = find_type(format);
   char *to = texels;

   for (size_t i = 0; i < count * clt_image_channels(format); i++, to += type->size_B) {
      uint64_t bits = clt_random(random);
      float f = (int)(bits % 4001 - 2000) / 512.0f;

      if (type->class_ == CLT_IMAGE_FLOAT && !type->norm)
         write_channel(type, &f, to);
      else
         memcpy(to, &bits, type->size_B);
   }
}

/* ---- images ---- */

cl_uint
clt_image_formats(cl_mem_flags flags, cl_mem_object_type type, cl_image_format **formats)
{
   cl_uint num = 0;

   CLT_CALL(clGetSupportedImageFormats(clt.context, flags, type, 0, NULL, &num));
   *formats = clt_alloc((num + 1) * sizeof(**formats));
   CLT_CALL(clGetSupportedImageFormats(clt.context, flags, type, num, *formats, NULL));
   return num;
}

size_t
clt_image_count(const struct clt_image_type *type, const size_t size[3])
{
   size_t count = 1;

   for (unsigned i = 0; i < type->dims; i++)
      count *= size[i];
   return count;
}

void
clt_image_region(const struct clt_image_type *type, const size_t size[3], size_t region[3])
{
   for (unsigned i = 0; i < 3; i++)
      region[i] = i < type->dims ? size[i] : 1;
}

static void
release_mem(void *mem)
{
   clReleaseMemObject(mem);
}

cl_mem
clt_image(const struct clt_image_type *type, const cl_image_format *format, const size_t size[3],
          cl_mem_flags flags, const void *texels)
{
   size_t bytes = clt_image_count(type, size) * clt_image_texel_B(format);
   cl_image_desc desc = {
      .image_type = type->type,
      .image_width = size[0],
      .image_height = type->dims >= 2 && type->type != CL_MEM_OBJECT_IMAGE1D_ARRAY ? size[1] : 0,
      .image_depth = type->type == CL_MEM_OBJECT_IMAGE3D ? size[2] : 0,
      .image_array_size = type->is_array ? size[type->dims - 1] : 0,
   };
   cl_int error;

   if (type->type == CL_MEM_OBJECT_IMAGE1D_BUFFER) {
      desc.buffer = clt_buffer(bytes, texels);
      texels = NULL;
   }
   if (texels)
      flags |= CL_MEM_COPY_HOST_PTR;
   cl_mem image = clCreateImage(clt.context, flags, format, &desc, (void *)texels, &error);
   clt_require(error, "clCreateImage");
   clt_defer(release_mem, image);
   return image;
}

void
clt_image_read(cl_mem image, const struct clt_image_type *type, const size_t size[3], void *texels)
{
   const size_t origin[3] = {0};
   size_t region[3];

   clt_image_region(type, size, region);
   CLT_CALL(
      clEnqueueReadImage(clt.queue, image, CL_TRUE, origin, region, 0, 0, texels, 0, NULL, NULL));
}
