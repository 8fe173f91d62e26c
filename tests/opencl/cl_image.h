// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* What the image tests share: image types and formats by tables, conversion between texels and colours as
 * the OpenCL C specification defines it (done on the CPU, in double precision), and images of a case. */

#ifndef CL_IMAGE_H
#define CL_IMAGE_H

#include "cl_test.h"

/* A type of image, with the OpenCL C expressions that belong to it. */
struct clt_image_type {
   cl_mem_object_type type;
   const char *name;      /* "2D array" */
   const char *c_name;    /* "image2d_array", without access and "_t" */
   unsigned dims;         /* coordinates, the layer included */
   bool is_array;         /* the last coordinate is a layer */
   const char *int_coord; /* of ints x, y, z */
   const char *float_coord;
   size_t size[3]; /* of small test images: width, height or layers, depth or layers */
};

#define CLT_NUM_IMAGE_TYPES 6
extern const struct clt_image_type clt_image_types[CLT_NUM_IMAGE_TYPES];
const struct clt_image_type *clt_image_type(cl_mem_object_type type);

/* How kernels see the texels of a format. */
enum clt_image_class {
   CLT_IMAGE_FLOAT, /* read_imagef */
   CLT_IMAGE_INT,   /* read_imagei */
   CLT_IMAGE_UINT,  /* read_imageui */
};

enum clt_image_class clt_image_class(const cl_image_format *format);
const char *clt_image_vec(enum clt_image_class class_);    /* "float4" */
const char *clt_image_suffix(enum clt_image_class class_); /* "f" */
bool clt_image_is_depth(const cl_image_format *format);

/* "RGBA UNORM_INT8". Memory of the case. */
const char *clt_image_format_name(const cl_image_format *format);

unsigned clt_image_channels(const cl_image_format *format);
unsigned clt_image_channel_B(const cl_image_format *format);
unsigned clt_image_texel_B(const cl_image_format *format);

/* A colour; integers are exact in a double. */
struct clt_color {
   double c[4];
};

/* What a read of this texel gives. */
struct clt_color clt_image_unpack(const cl_image_format *format, const void *texel);

/* The colour a sampler shows outside of an image. */
struct clt_color clt_image_border(const cl_image_format *format);

/* What a write of this colour (floats, ints or uints of the format's class) leaves in memory. */
void clt_image_pack(const cl_image_format *format, const void *color, void *texel);

/* Whether two texels are equal, not looking at the bits of NaNs. */
bool clt_image_same_texel(const cl_image_format *format, const void *a, const void *b);

/* Random texels without NaNs and infinities; floats are moderate. */
void clt_image_random(const cl_image_format *format, void *texels, size_t count, uint64_t *random);

/* Formats of an image type that the device supports with these flags. Memory of the case. */
cl_uint clt_image_formats(cl_mem_flags flags, cl_mem_object_type type, cl_image_format **formats);

/* An image of the case with the given texels (NULL: undefined), rows without gaps. size: dims numbers. */
cl_mem clt_image(const struct clt_image_type *type, const cl_image_format *format,
                 const size_t size[3], cl_mem_flags flags, const void *texels);

/* Texels of an image. */
size_t clt_image_count(const struct clt_image_type *type, const size_t size[3]);

/* The region argument of image commands. */
void clt_image_region(const struct clt_image_type *type, const size_t size[3], size_t region[3]);

/* All texels, without gaps, through clEnqueueReadImage. */
void clt_image_read(cl_mem image, const struct clt_image_type *type, const size_t size[3],
                    void *texels);

#endif
