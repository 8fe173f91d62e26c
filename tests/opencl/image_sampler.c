// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Samplers: every address mode with every filter, normalized and not, on every image type, as arguments
 * and as constants of the kernel, with coordinates far outside of the image, at texel borders and centres.
 *
 * The reference follows section "Image addressing and filtering" of the OpenCL C specification. Coordinates
 * are computed in float with the formulas it gives, so a nearest read has exactly one right answer; filtered
 * colours are computed in double and may differ by the rounding of the weighted sum. Integer coordinates,
 * and coordinates that are not finite (anything but a fault is right), are cases of their own. */

#include "cl_image.h"
#include "cl_values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUM_COORDS 777

struct sampler {
   cl_addressing_mode address;
   cl_filter_mode filter;
   bool normalized;
};

static const struct mode {
   cl_addressing_mode address;
   const char *name, *c_name;
   bool needs_normalized;
} modes[] = {
   {CL_ADDRESS_NONE, "none", "CLK_ADDRESS_NONE", false},
   {CL_ADDRESS_CLAMP_TO_EDGE, "edge", "CLK_ADDRESS_CLAMP_TO_EDGE", false},
   {CL_ADDRESS_CLAMP, "border", "CLK_ADDRESS_CLAMP", false},
   {CL_ADDRESS_REPEAT, "repeat", "CLK_ADDRESS_REPEAT", true},
   {CL_ADDRESS_MIRRORED_REPEAT, "mirror", "CLK_ADDRESS_MIRRORED_REPEAT", true},
};

static const cl_image_format formats[] = {
   {CL_RGBA, CL_UNORM_INT8}, {CL_RGBA, CL_SNORM_INT16},  {CL_RGBA, CL_FLOAT},
   {CL_R, CL_HALF_FLOAT},    {CL_A, CL_UNORM_INT8},      {CL_INTENSITY, CL_FLOAT},
   {CL_BGRA, CL_UNORM_INT8}, {CL_RGBA, CL_SIGNED_INT16}, {CL_RG, CL_UNSIGNED_INT32},
   {CL_DEPTH, CL_FLOAT},
};

struct params {
   const struct clt_image_type *type;
   const cl_image_format *format;
   struct sampler sampler;
   bool constant; /* a sampler of the kernel, not an argument */
};

static const struct mode *
find_mode(cl_addressing_mode address)
{
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(modes); i++) {
      if (modes[i].address == address)
         return &modes[i];
   }
   clt_fatal("no such address mode: %#x", address);
}

/* ---- reference ---- */

/* The texels of one axis: one (weight 0) or two; -1 is the border. */
struct axis {
   long texel[2];
   double weight; /* of the second */
};

static long
clamp(long x, long low, long high)
{
   return x < low ? low : x > high ? high : x;
}

/* A float as an integer that is no farther outside than it must be. */
static long
limited(float f, long size)
{
   return fminf(fmaxf(f, -2.0f), size + 1);
}

static struct axis
find_texels(const struct sampler *s, float coord, long size)
{
   bool linear = s->filter == CL_FILTER_LINEAR;
   float u = s->normalized ? coord * (float)size : coord;

   if (s->address == CL_ADDRESS_REPEAT)
      u = (coord - floorf(coord)) * (float)size;
   else if (s->address == CL_ADDRESS_MIRRORED_REPEAT)
      u = fabsf(coord - 2.0f * rintf(0.5f * coord)) * (float)size;

   float v = linear ? u - 0.5f : u;
   struct axis axis = {.weight = linear ? v - floorf(v) : 0};
   axis.texel[0] = limited(floorf(v), size);
   axis.texel[1] = limited(floorf(v) + 1, size);

   for (unsigned i = 0; i < 2; i++) {
      long t = axis.texel[i];
      switch (s->address) {
      case CL_ADDRESS_CLAMP:
         t = t < 0 || t >= size ? -1 : t;
         break;
      case CL_ADDRESS_REPEAT:
         t = t < 0 ? t + size : t >= size ? t - size : t;
         break;
      default:
         t = clamp(t, 0, size - 1);
      }
      axis.texel[i] = t;
   }
   return axis;
}

static struct axis
find_layer(float coord, long size)
{
   long layer = clamp(limited(rintf(coord), size), 0, size - 1);

   return (struct axis){{layer, layer}, 0};
}

static struct clt_color
sample(const struct params *p, const char *texels, const float *coord)
{
   const size_t *size = p->type->size;
   struct axis axes[3] = {0};
   struct clt_color sum = {0};

   for (unsigned i = 0; i < p->type->dims; i++) {
      bool layer = p->type->is_array && i == p->type->dims - 1;
      axes[i] = layer ? find_layer(coord[i], size[i]) : find_texels(&p->sampler, coord[i], size[i]);
   }
   for (unsigned pick = 0; pick < 8; pick++) {
      double weight = 1;
      size_t index = 0, stride = 1;
      bool border = false;

      for (unsigned i = 0; i < 3; i++) {
         const struct axis *axis = &axes[i];
         long texel = axis->texel[pick >> i & 1];
         weight *= pick >> i & 1 ? axis->weight : 1 - axis->weight;
         border |= texel < 0;
         index += texel * stride;
         stride *= i < p->type->dims ? size[i] : 1;
      }
      if (weight == 0)
         continue;
      struct clt_color color = border
                                  ? clt_image_border(p->format)
                                  : clt_image_unpack(p->format,
                                                     texels + index * clt_image_texel_B(p->format));
      for (unsigned c = 0; c < 4; c++)
         sum.c[c] += weight * color.c[c];
   }
   return sum;
}

/* ---- kernels ---- */

static const char *
constant_sampler(const struct sampler *s)
{
   return clt_format("constant sampler_t s = %s | %s | %s;\n",
                     s->normalized ? "CLK_NORMALIZED_COORDS_TRUE" : "CLK_NORMALIZED_COORDS_FALSE",
                     find_mode(s->address)->c_name,
                     s->filter == CL_FILTER_LINEAR ? "CLK_FILTER_LINEAR" : "CLK_FILTER_NEAREST");
}

static cl_sampler
host_sampler(const struct sampler *s)
{
   const cl_sampler_properties properties[] = {CL_SAMPLER_NORMALIZED_COORDS,
                                               s->normalized,
                                               CL_SAMPLER_ADDRESSING_MODE,
                                               s->address,
                                               CL_SAMPLER_FILTER_MODE,
                                               s->filter,
                                               0};
   cl_int error;
   cl_sampler sampler = clCreateSamplerWithProperties(clt.context, properties, &error);

   clt_require(error, "clCreateSamplerWithProperties");
   return sampler;
}

static void
release_sampler(void *sampler)
{
   clReleaseSampler(sampler);
}

/* Reads with coordinates of a type ("float", "int") out of a buffer of 4-vectors. */
static cl_kernel
build(const struct params *p, const char *coord_type, const char *coord)
{
   enum clt_image_class class_ = clt_image_class(p->format);
   bool depth = clt_image_is_depth(p->format);
   const char *source = clt_format(
      "%s"
      "kernel void test(read_only %s%s_t image, global const %s4 *coords, global %s *out%s) {\n"
      "   size_t i = get_global_id(0);\n"
      "   %s x = coords[i].x, y = coords[i].y, z = coords[i].z;\n"
      "   out[i] = read_image%s(image, s, %s);\n"
      "}\n",
      p->constant ? constant_sampler(&p->sampler) : "", p->type->c_name, depth ? "_depth" : "",
      coord_type, depth ? "float" : clt_image_vec(class_), p->constant ? "" : ", sampler_t s",
      coord_type, clt_image_suffix(class_), coord);

   clt_keep_programs(true);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   clt_keep_programs(false);
   if (!p->constant) {
      cl_sampler sampler = host_sampler(&p->sampler);
      clt_defer(release_sampler, sampler);
      clt_arg(kernel, 3, sizeof(sampler), &sampler);
   }
   return kernel;
}

/* Colours at `num` coordinates of 16 bytes each; comps of 32 bits. */
static const uint32_t *
run(const struct params *p, cl_kernel kernel, const char *texels, const void *coords, size_t num)
{
   size_t bytes = num * (clt_image_is_depth(p->format) ? 4 : 16);
   uint32_t *got = clt_alloc(bytes);
   cl_mem out = clt_buffer(bytes, NULL);

   clt_arg_mem(kernel, 0, clt_image(p->type, p->format, p->type->size, CL_MEM_READ_ONLY, texels));
   clt_arg_mem(kernel, 1, clt_buffer(num * 16, coords));
   clt_arg_mem(kernel, 2, out);
   clt_launch_1d(kernel, num, 0);
   clt_read(out, 0, bytes, got);
   return got;
}

/* ---- cases ---- */

static void
fill_coords(const struct params *p, float *coords)
{
   uint64_t random = clt.seed;
   bool none = p->sampler.address == CL_ADDRESS_NONE; /* outside is undefined */

   for (size_t i = 0; i < NUM_COORDS; i++) {
      for (unsigned c = 0; c < p->type->dims; c++) {
         float size = p->type->size[c], u;
         bool layer = p->type->is_array && c == p->type->dims - 1;
         uint64_t bits = clt_random(&random);
         unsigned kind = bits >> 60;

         if (none && !layer)
            u = kind < 8 ? bits % (unsigned)size + 0.5f
                         : (bits % 10000 / 10000.0f) * (size - 0.01f);
         else if (kind < 5)
            u = (int)(bits % (4 * (unsigned)size)) * 0.5f - size * 0.5f; /* centres and borders */
         else if (kind < 15)
            u = (bits % 100000 / 100000.0f * 3 - 1) * size;
         else
            u = ((int)(bits % 2001) - 1000) * 997.3f; /* far outside */
         if (none && p->sampler.filter == CL_FILTER_LINEAR && !layer)
            u = fminf(fmaxf(u, 0.5f), size - 0.5f);
         coords[4 * i + c] = p->sampler.normalized && !layer ? u / size : u;
      }
   }
}

static void
check(const struct params *p, const uint32_t *got, const struct clt_color *want, const char *where)
{
   unsigned comps = clt_image_is_depth(p->format) ? 1 : 4;

   for (unsigned c = 0; c < comps; c++) {
      float f = clt_from_bits(got[c]);
      bool right;

      switch (clt_image_class(p->format)) {
      case CLT_IMAGE_INT:
         right = (int32_t)got[c] == want->c[c];
         break;
      case CLT_IMAGE_UINT:
         right = got[c] == want->c[c];
         break;
      default:
         /* Nearest: the conversion's 1.5 ulp. Linear: the largest colour is 4, eight of them. */
         right = p->sampler.filter == CL_FILTER_NEAREST
                    ? fabs(f - want->c[c]) <= 2e-7 * fabs(want->c[c])
                    : fabs(f - want->c[c]) <= 3e-6;
      }
      CLT_CHECK(right, "%s, component %u: got %#x (%.9g), expected %.9g", where, c, got[c], f,
                want->c[c]);
   }
}

static void
test_float_coords(const void *arg)
{
   const struct params *p = arg;
   size_t count = clt_image_count(p->type, p->type->size);
   unsigned comps = clt_image_is_depth(p->format) ? 1 : 4;
   char *texels = clt_alloc(count * clt_image_texel_B(p->format));
   float *coords = clt_alloc(NUM_COORDS * 16);
   uint64_t random = clt.seed + 7;

   clt_image_random(p->format, texels, count, &random);
   fill_coords(p, coords);
   cl_kernel kernel = build(p, "float", p->type->float_coord);
   const uint32_t *got = run(p, kernel, texels, coords, NUM_COORDS);
   for (size_t i = 0; i < NUM_COORDS && !clt_failed(); i++) {
      struct clt_color want = sample(p, texels, coords + 4 * i);
      check(p, got + comps * i, &want,
            clt_format("at (%.9g, %.9g, %.9g)", coords[4 * i], coords[4 * i + 1],
                       coords[4 * i + 2]));
   }
}

static void
test_int_coords(const void *arg)
{
   static const int far[] = {INT32_MIN, INT32_MAX, -1, -2, 1 << 24, (1 << 24) + 1, -(1 << 30)};
   const struct params *p = arg;
   size_t count = clt_image_count(p->type, p->type->size);
   char *texels = clt_alloc(count * clt_image_texel_B(p->format));
   cl_int *coords = clt_alloc(NUM_COORDS * 16);
   uint64_t random = clt.seed + 8;

   clt_image_random(p->format, texels, count, &random);
   for (size_t i = 0; i < 4 * NUM_COORDS; i++) {
      uint64_t bits = clt_random(&random);
      int size = p->type->size[i % 4 < p->type->dims ? i % 4 : 0];
      bool outside = p->sampler.address != CL_ADDRESS_NONE && bits >> 61 == 0;
      coords[i] = outside ? far[bits % CLT_ARRAY_SIZE(far)] : (int)(bits % size);
   }
   cl_kernel kernel = build(p, "int", p->type->int_coord);
   const uint32_t *got = run(p, kernel, texels, coords, NUM_COORDS);
   for (size_t i = 0; i < NUM_COORDS && !clt_failed(); i++) {
      size_t index = 0, stride = 1;
      bool border = false;
      for (unsigned c = 0; c < p->type->dims; c++) {
         long size = p->type->size[c], t = coords[4 * i + c];
         bool layer = p->type->is_array && c == p->type->dims - 1;
         border |= !layer && p->sampler.address == CL_ADDRESS_CLAMP && (t < 0 || t >= size);
         index += clamp(t, 0, size - 1) * stride;
         stride *= size;
      }
      struct clt_color want = border
                                 ? clt_image_border(p->format)
                                 : clt_image_unpack(p->format,
                                                    texels + index * clt_image_texel_B(p->format));
      unsigned comps = clt_image_is_depth(p->format) ? 1 : 4;
      check(p, got + comps * i, &want,
            clt_format("at (%d, %d, %d)", coords[4 * i], coords[4 * i + 1], coords[4 * i + 2]));
   }
}

/* Undefined results, but the next launch must work. */
static void
test_not_finite(const void *arg)
{
   static const float values[] = {INFINITY, -INFINITY, NAN, 3e38f, -3e38f, 1e-40f};
   const struct params *p = arg;
   size_t count = clt_image_count(p->type, p->type->size);
   char *texels = clt_alloc(count * clt_image_texel_B(p->format));
   float *coords = clt_alloc(NUM_COORDS * 16);
   uint64_t random = clt.seed + 9;

   clt_image_random(p->format, texels, count, &random);
   for (size_t i = 0; i < 4 * NUM_COORDS; i++)
      coords[i] = values[clt_random(&random) % CLT_ARRAY_SIZE(values)];
   run(p, build(p, "float", p->type->float_coord), texels, coords, NUM_COORDS);
   test_float_coords(arg);
}

/* ---- all of them ---- */

static bool
supported(const struct clt_image_type *type, const cl_image_format *format)
{
   cl_image_format have[128];
   cl_uint num = 0;

   clGetSupportedImageFormats(clt.context, CL_MEM_READ_ONLY, type->type, CLT_ARRAY_SIZE(have), have,
                              &num);
   for (cl_uint i = 0; i < num && i < CLT_ARRAY_SIZE(have); i++) {
      if (!memcmp(&have[i], format, sizeof(*format)))
         return true;
   }
   return false;
}

static void
run_sampler(struct params *p)
{
   bool integer = clt_image_class(p->format) != CLT_IMAGE_FLOAT;
   const char *filter = p->sampler.filter == CL_FILTER_LINEAR ? "linear" : "nearest";
   char name[128];

   if (integer && p->sampler.filter == CL_FILTER_LINEAR)
      return;
   snprintf(name, sizeof(name), "%s %s %s%s%s, format %#x %#x", p->type->name,
            find_mode(p->sampler.address)->name, filter, p->sampler.normalized ? " normalized" : "",
            p->constant ? " constant" : "", p->format->image_channel_order,
            p->format->image_channel_data_type);
   clt_run(test_float_coords, p, "%s", name);
   if (!p->constant && p->sampler.address != CL_ADDRESS_NONE)
      clt_run(test_not_finite, p, "%s, not finite", name);
   if (!p->sampler.normalized && p->sampler.filter == CL_FILTER_NEAREST)
      clt_run(test_int_coords, p, "%s, integers", name);
}

static void
run_format(const struct clt_image_type *type, const cl_image_format *format)
{
   for (unsigned m = 0; m < CLT_ARRAY_SIZE(modes); m++) {
      for (unsigned bits = 0; bits < 8; bits++) {
         struct params p = {
            .type = type,
            .format = format,
            .sampler = {modes[m].address, bits & 1 ? CL_FILTER_LINEAR : CL_FILTER_NEAREST,
                        bits & 2},
            .constant = bits & 4,
         };
         /* Constants of kernels with every mode, but not with every format. */
         if ((modes[m].needs_normalized && !p.sampler.normalized) ||
             (p.constant && format != &formats[0]))
            continue;
         run_sampler(&p);
      }
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "samplers");
   for (unsigned t = 0; t < CLT_NUM_IMAGE_TYPES; t++) {
      if (clt_image_types[t].type == CL_MEM_OBJECT_IMAGE1D_BUFFER)
         continue;
      for (unsigned f = 0; f < CLT_ARRAY_SIZE(formats); f++) {
         if (supported(&clt_image_types[t], &formats[f]))
            run_format(&clt_image_types[t], &formats[f]);
      }
   }
   return clt_done();
}
