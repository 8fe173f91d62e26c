// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Every format of every image type: reads without and with a sampler, writes (also outside of the image,
 * which must change nothing), reads and writes of the same image; and that the formats the specification
 * asks for are there. Expected values come from the conversion rules of the OpenCL C specification. */

#include "cl_image.h"
#include "cl_values.h"

#include <math.h>
#include <string.h>

struct params {
   const struct clt_image_type *type;
   cl_image_format format;
};

/* The kernels' prologue: x, y, z. */
static const char *const ids =
   "   int x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
   "   int w = get_global_size(0), h = get_global_size(1);\n";

static const char *
image_c_type(const struct params *p)
{
   return clt_format("%s%s_t", p->type->c_name, clt_image_is_depth(&p->format) ? "_depth" : "");
}

static void
launch_over(cl_kernel kernel, const struct clt_image_type *type, const size_t size[3])
{
   size_t global[3];

   clt_image_region(type, size, global);
   clt_launch(kernel, 3, NULL, global, NULL);
}

/* A component as 32 bits against what is right; floats may be off by the specification's 1.5 ulp. */
static bool
right(enum clt_image_class class_, const void *got, double want)
{
   float f;
   int32_t i;
   uint32_t u;

   memcpy(&f, got, 4);
   memcpy(&i, got, 4);
   memcpy(&u, got, 4);
   switch (class_) {
   case CLT_IMAGE_INT:
      return i == want;
   case CLT_IMAGE_UINT:
      return u == want;
   case CLT_IMAGE_FLOAT:
      /* Zero and one are exact. */
      return want == 0 || fabs(want) == 1 ? f == want : clt_ulp_error(f, want) <= 1.5;
   }
   return false;
}

static void
check_colors(const struct params *p, const uint32_t *got, const char *texels, size_t count)
{
   enum clt_image_class class_ = clt_image_class(&p->format);
   unsigned comps = clt_image_is_depth(&p->format) ? 1 : 4;

   for (size_t i = 0; i < count && !clt_failed(); i++) {
      struct clt_color want = clt_image_unpack(&p->format,
                                               texels + i * clt_image_texel_B(&p->format));
      for (unsigned c = 0; c < comps; c++) {
         CLT_CHECK(right(class_, &got[i * comps + c], want.c[c]),
                   "texel %zu, component %u: got %#x (%g as a float), expected %.9g", i, c,
                   got[i * comps + c], clt_from_bits(got[i * comps + c]), want.c[c]);
      }
   }
}

static void
test_read(const void *arg)
{
   const struct params *p = arg;
   enum clt_image_class class_ = clt_image_class(&p->format);
   bool depth = clt_image_is_depth(&p->format),
        buffer = p->type->type == CL_MEM_OBJECT_IMAGE1D_BUFFER;
   const char *vec = depth ? "float" : clt_image_vec(class_);
   const char *read = clt_format("read_image%s", clt_image_suffix(class_));
   const char *source =
      clt_format("constant sampler_t s = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP | "
                 "CLK_FILTER_NEAREST;\n"
                 "kernel void test(read_only %s image, global %s *plain, global %s *sampled) {\n%s"
                 "   plain[(z * h + y) * w + x] = %s(image, %s);\n"
                 "   sampled[(z * h + y) * w + x] = %s(image, %s%s);\n"
                 "}\n",
                 image_c_type(p), vec, vec, ids, read, p->type->int_coord, read,
                 buffer ? "" : "s, ", p->type->int_coord);
   size_t count = clt_image_count(p->type, p->type->size), bytes = count * (depth ? 4 : 16);
   char *texels = clt_alloc(count * clt_image_texel_B(&p->format));
   uint32_t *got = clt_alloc(bytes);
   uint64_t random = clt.seed;

   clt_image_random(&p->format, texels, count, &random);
   clt_keep_programs(true);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   clt_keep_programs(false);
   cl_mem plain = clt_buffer(bytes, NULL), sampled = clt_buffer(bytes, NULL);
   clt_arg_mem(kernel, 0, clt_image(p->type, &p->format, p->type->size, CL_MEM_READ_ONLY, texels));
   clt_arg_mem(kernel, 1, plain);
   clt_arg_mem(kernel, 2, sampled);
   launch_over(kernel, p->type, p->type->size);
   clt_read(plain, 0, bytes, got);
   check_colors(p, got, texels, count);
   clt_read(sampled, 0, bytes, got);
   check_colors(p, got, texels, count);
}

/* Colours worth writing: limits, ties of the rounding, values outside, not-a-number. */
static void
fill_colors(const cl_image_format *format, uint32_t *colors, size_t count)
{
   static const float special[] = {0,      -0.0f, 1,      -1,       0.5f,      1.5f,
                                   -7,     1e30f, -1e30f, INFINITY, -INFINITY, NAN,
                                   1e-40f, 65504, 65520,  6.1e-5f,  3e-8f};
   uint64_t random = clt.seed + 1;

   for (size_t i = 0; i < count; i++) {
      uint64_t bits = clt_random(&random);
      float f = (int)(bits % 3001 - 1500) / 1020.0f; /* with ties of eight bits */

      if (clt_image_class(format) != CLT_IMAGE_FLOAT)
         colors[i] = bits >> (bits >> 59);
      else if (bits >> 62 == 0)
         colors[i] = clt_bits(special[i % CLT_ARRAY_SIZE(special)]);
      else
         colors[i] = clt_bits(f);
   }
}

static void
check_texels(const cl_image_format *format, const char *got, const char *want, size_t count)
{
   size_t texel_B = clt_image_texel_B(format);

   for (size_t i = 0; i < count && !clt_failed(); i++) {
      const char *g = got + i * texel_B, *w = want + i * texel_B;
      struct clt_color gc = clt_image_unpack(format, g), wc = clt_image_unpack(format, w);
      CLT_CHECK(clt_image_same_texel(format, g, w),
                "texel %zu: got (%g, %g, %g, %g), expected (%g, %g, %g, %g)", i, gc.c[0], gc.c[1],
                gc.c[2], gc.c[3], wc.c[0], wc.c[1], wc.c[2], wc.c[3]);
   }
}

static void
test_write(const void *arg)
{
   const struct params *p = arg;
   enum clt_image_class class_ = clt_image_class(&p->format);
   bool depth = clt_image_is_depth(&p->format);
   /* The launch is larger than the image by one on each side. */
   const char *source = clt_format(
      "kernel void test(write_only %s image, global const %s *in, int width, int height) {\n%s"
      "   int i = (z * h + y) * w + x;\n"
      "   x -= 1; y -= %d; z -= %d;\n"
      "   write_image%s(image, %s, in[i]);\n"
      "}\n",
      image_c_type(p), depth ? "float" : clt_image_vec(class_), ids, p->type->dims > 1,
      p->type->dims > 2, clt_image_suffix(class_), p->type->int_coord);
   size_t texel_B = clt_image_texel_B(&p->format), comps = depth ? 1 : 4, global[3];
   size_t size[3] = {p->type->size[0], p->type->size[1], p->type->size[2]};
   size_t count = clt_image_count(p->type, size);

   for (unsigned i = 0; i < 3; i++)
      global[i] = i < p->type->dims ? size[i] + 2 : 1;
   size_t launched = global[0] * global[1] * global[2];
   uint32_t *colors = clt_alloc(launched * comps * 4);
   char *want = clt_alloc(count * texel_B), *got = clt_alloc(count * texel_B);

   fill_colors(&p->format, colors, launched * comps);
   for (size_t i = 0; i < count; i++) {
      size_t x = i % size[0] + 1, y = p->type->dims > 1 ? i / size[0] % size[1] + 1 : 0;
      size_t z = p->type->dims > 2 ? i / size[0] / size[1] + 1 : 0;
      clt_image_pack(&p->format, colors + ((z * global[1] + y) * global[0] + x) * comps,
                     want + i * texel_B);
   }

   clt_keep_programs(true);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   clt_keep_programs(false);
   cl_mem image = clt_image(p->type, &p->format, size, CL_MEM_WRITE_ONLY, NULL);
   clt_arg_mem(kernel, 0, image);
   clt_arg_mem(kernel, 1, clt_buffer(launched * comps * 4, colors));
   clt_arg_i32(kernel, 2, size[0]);
   clt_arg_i32(kernel, 3, size[1]);
   clt_launch(kernel, 3, NULL, global, NULL);
   clt_image_read(image, p->type, size, got);
   check_texels(&p->format, got, want, count);
}

/* Each texel is read, changed and written by the same work-item, then read again by a neighbour's. */
static void
test_read_write(const void *arg)
{
   const struct params *p = arg;
   enum clt_image_class class_ = clt_image_class(&p->format);
   bool depth = clt_image_is_depth(&p->format);
   const char *suffix = clt_image_suffix(class_), *vec = depth ? "float" : clt_image_vec(class_);
   const char *source = clt_format("kernel void test(read_write %s image, global %s *again) {\n%s"
                                   "   %s v = read_image%s(image, %s);\n"
                                   "   write_image%s(image, %s, v / 2);\n"
                                   "   atomic_work_item_fence(CLK_IMAGE_MEM_FENCE, "
                                   "memory_order_acq_rel, memory_scope_work_item);\n"
                                   "   again[(z * h + y) * w + x] = read_image%s(image, %s);\n"
                                   "}\n",
                                   image_c_type(p), vec, ids, vec, suffix, p->type->int_coord,
                                   suffix, p->type->int_coord, suffix, p->type->int_coord);
   size_t texel_B = clt_image_texel_B(&p->format), count = clt_image_count(p->type, p->type->size);
   size_t bytes = count * (depth ? 4 : 16);
   char *before = clt_alloc(count * texel_B), *after = clt_alloc(count * texel_B);
   uint32_t *again = clt_alloc(bytes);
   uint64_t random = clt.seed;

   clt_image_random(&p->format, before, count, &random);
   clt_keep_programs(true);
   cl_kernel kernel = clt_kernel(source, "-cl-std=CL3.0", "test");
   clt_keep_programs(false);
   cl_mem image = clt_image(p->type, &p->format, p->type->size, CL_MEM_READ_WRITE, before);
   cl_mem out = clt_buffer(bytes, NULL);
   clt_arg_mem(kernel, 0, image);
   clt_arg_mem(kernel, 1, out);
   launch_over(kernel, p->type, p->type->size);
   clt_image_read(image, p->type, p->type->size, after);
   clt_read(out, 0, bytes, again);

   /* What was read back is what is there now, and that is half of what was there. */
   check_colors(p, again, after, count);
   for (size_t i = 0; i < count && !clt_failed(); i++) {
      struct clt_color was = clt_image_unpack(&p->format, before + i * texel_B);
      union {
         float f[4];
         int32_t i[4];
         uint32_t u[4];
      } half;
      char want[16];

      for (unsigned c = 0; c < 4; c++) {
         if (class_ == CLT_IMAGE_FLOAT)
            half.f[c] = (float)was.c[c] / 2;
         else if (class_ == CLT_IMAGE_INT)
            half.i[c] = (int32_t)was.c[c] / 2;
         else
            half.u[c] = (uint32_t)was.c[c] / 2;
      }
      clt_image_pack(&p->format, &half, want);
      if (clt_image_same_texel(&p->format, after + i * texel_B, want))
         continue;

      /* A read may be off by 1.5 ulp, which decides ties. */
      struct clt_color now = clt_image_unpack(&p->format, after + i * texel_B);
      double unit = clt_image_channel_B(&p->format) == 1 ? 1.0 / 127 : 1.0 / 32767;
      for (unsigned c = 0; c < 4; c++) {
         CLT_CHECK(class_ == CLT_IMAGE_FLOAT &&
                      (now.c[c] == was.c[c] || fabs(now.c[c] - was.c[c] / 2) < unit),
                   "texel %zu, component %u: %g was %g", i, c, now.c[c], was.c[c]);
      }
   }
}

/* ---- required formats ---- */

struct list {
   const char *what;
   cl_mem_flags flags;
   unsigned num;
   cl_image_format formats[18];
};

static const struct list required[] = {
   {"read",
    CL_MEM_READ_ONLY,
    11,
    {{CL_RGBA, CL_UNORM_INT8},
     {CL_RGBA, CL_UNORM_INT16},
     {CL_RGBA, CL_SIGNED_INT8},
     {CL_RGBA, CL_SIGNED_INT16},
     {CL_RGBA, CL_SIGNED_INT32},
     {CL_RGBA, CL_UNSIGNED_INT8},
     {CL_RGBA, CL_UNSIGNED_INT16},
     {CL_RGBA, CL_UNSIGNED_INT32},
     {CL_RGBA, CL_HALF_FLOAT},
     {CL_RGBA, CL_FLOAT},
     {CL_BGRA, CL_UNORM_INT8}}},
   {"write",
    CL_MEM_WRITE_ONLY,
    11,
    {{CL_RGBA, CL_UNORM_INT8},
     {CL_RGBA, CL_UNORM_INT16},
     {CL_RGBA, CL_SIGNED_INT8},
     {CL_RGBA, CL_SIGNED_INT16},
     {CL_RGBA, CL_SIGNED_INT32},
     {CL_RGBA, CL_UNSIGNED_INT8},
     {CL_RGBA, CL_UNSIGNED_INT16},
     {CL_RGBA, CL_UNSIGNED_INT32},
     {CL_RGBA, CL_HALF_FLOAT},
     {CL_RGBA, CL_FLOAT},
     {CL_BGRA, CL_UNORM_INT8}}},
   {"read and write",
    CL_MEM_KERNEL_READ_AND_WRITE,
    18,
    {{CL_R, CL_UNORM_INT8},
     {CL_R, CL_SIGNED_INT8},
     {CL_R, CL_SIGNED_INT16},
     {CL_R, CL_SIGNED_INT32},
     {CL_R, CL_UNSIGNED_INT8},
     {CL_R, CL_UNSIGNED_INT16},
     {CL_R, CL_UNSIGNED_INT32},
     {CL_R, CL_HALF_FLOAT},
     {CL_R, CL_FLOAT},
     {CL_RGBA, CL_UNORM_INT8},
     {CL_RGBA, CL_SIGNED_INT8},
     {CL_RGBA, CL_SIGNED_INT16},
     {CL_RGBA, CL_SIGNED_INT32},
     {CL_RGBA, CL_UNSIGNED_INT8},
     {CL_RGBA, CL_UNSIGNED_INT16},
     {CL_RGBA, CL_UNSIGNED_INT32},
     {CL_RGBA, CL_HALF_FLOAT},
     {CL_RGBA, CL_FLOAT}}},
};

struct required_params {
   const struct clt_image_type *type;
   const struct list *list;
};

static void
test_required(const void *arg)
{
   const struct required_params *p = arg;
   cl_image_format *have;
   cl_uint num = clt_image_formats(p->list->flags, p->type->type, &have);

   for (unsigned i = 0; i < p->list->num; i++) {
      bool found = false;
      for (cl_uint j = 0; j < num; j++)
         found |= !memcmp(&have[j], &p->list->formats[i], sizeof(*have));
      CLT_CHECK(found, "%s is missing", clt_image_format_name(&p->list->formats[i]));
   }
}

/* What the specification does not allow for a channel order must not be offered. */
static void
test_allowed(const void *arg)
{
   const struct clt_image_type *type = arg;
   cl_image_format *have;
   cl_uint num = clt_image_formats(CL_MEM_READ_ONLY, type->type, &have);

   for (cl_uint i = 0; i < num; i++) {
      cl_channel_order order = have[i].image_channel_order;
      bool grey = order == CL_LUMINANCE || order == CL_INTENSITY;
      bool swapped = order == CL_BGRA || order == CL_ARGB || order == CL_ABGR;

      CLT_CHECK(!grey || clt_image_class(&have[i]) == CLT_IMAGE_FLOAT, "%s",
                clt_image_format_name(&have[i]));
      CLT_CHECK(!swapped || clt_image_channel_B(&have[i]) == 1, "%s",
                clt_image_format_name(&have[i]));
      CLT_CHECK(order != CL_DEPTH || type->type == CL_MEM_OBJECT_IMAGE2D ||
                   type->type == CL_MEM_OBJECT_IMAGE2D_ARRAY,
                "%s", clt_image_format_name(&have[i]));
   }
}

static void
run_formats(const struct clt_image_type *type, cl_mem_flags flags, void (*test)(const void *),
            const char *what)
{
   cl_image_format formats[128];
   cl_uint num = 0;

   clGetSupportedImageFormats(clt.context, flags, type->type, CLT_ARRAY_SIZE(formats), formats,
                              &num);
   for (cl_uint i = 0; i < num && i < CLT_ARRAY_SIZE(formats); i++) {
      struct params p = {type, formats[i]};
      clt_run(test, &p, "%s %s %s", what, type->name, clt_image_format_name(&formats[i]));
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "formats of images");
   for (unsigned t = 0; t < CLT_NUM_IMAGE_TYPES; t++) {
      const struct clt_image_type *type = &clt_image_types[t];

      for (unsigned i = 0; i < CLT_ARRAY_SIZE(required); i++) {
         struct required_params p = {type, &required[i]};
         clt_run(test_required, &p, "required to %s: %s", required[i].what, type->name);
      }
      clt_run(test_allowed, type, "allowed: %s", type->name);
      run_formats(type, CL_MEM_READ_ONLY, test_read, "read");
      run_formats(type, CL_MEM_WRITE_ONLY, test_write, "write");
      run_formats(type, CL_MEM_KERNEL_READ_AND_WRITE, test_read_write, "read and write");
   }
   return clt_done();
}
