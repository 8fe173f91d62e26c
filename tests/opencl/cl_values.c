// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Scalar types, test values and expected results of the OpenCL tests; see cl_values.h. */

#include "cl_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const struct clt_type clt_types[CLT_NUM_SCALARS] = {
   [CLT_CHAR] = {"char", 1, true, false, "char", "uchar"},
   [CLT_UCHAR] = {"uchar", 1, false, false, "char", "uchar"},
   [CLT_SHORT] = {"short", 2, true, false, "short", "ushort"},
   [CLT_USHORT] = {"ushort", 2, false, false, "short", "ushort"},
   [CLT_INT] = {"int", 4, true, false, "int", "uint"},
   [CLT_UINT] = {"uint", 4, false, false, "int", "uint"},
   [CLT_LONG] = {"long", 8, true, false, "long", "ulong"},
   [CLT_ULONG] = {"ulong", 8, false, false, "long", "ulong"},
   [CLT_FLOAT] = {"float", 4, false, true, "int", "uint"},
};

const unsigned clt_widths[CLT_NUM_WIDTHS] = {1, 2, 3, 4, 8, 16};

const char *
clt_vec(const char *scalar, unsigned width)
{
   return width == 1 ? clt_format("%s", scalar) : clt_format("%s%u", scalar, width);
}

const char *
clt_load(const char *pointer, const char *scalar, unsigned width)
{
   if (width == 1)
      return clt_format("(%s)[i]", pointer);
   if (width == 3)
      return clt_format("vload3(i, %s)", pointer);
   return clt_format("((global const %s%u *)(%s))[i]", scalar, width, pointer);
}

const char *
clt_store(const char *pointer, const char *scalar, unsigned width, const char *value)
{
   if (width == 1)
      return clt_format("(%s)[i] = %s", pointer, value);
   if (width == 3)
      return clt_format("vstore3(%s, i, %s)", value, pointer);
   return clt_format("((global %s%u *)(%s))[i] = %s", scalar, width, pointer, value);
}

uint64_t
clt_wrap(const struct clt_type *type, uint64_t value)
{
   unsigned shift = 64 - 8 * type->size_B;

   return type->is_signed ? (uint64_t)((int64_t)(value << shift) >> shift)
                          : value << shift >> shift;
}

uint64_t
clt_get(const struct clt_type *type, const void *array, size_t i)
{
   uint64_t value = 0;

   memcpy(&value, (const char *)array + i * type->size_B, type->size_B);
   return clt_wrap(type, value);
}

void
clt_put(const struct clt_type *type, void *array, size_t i, uint64_t value)
{
   memcpy((char *)array + i * type->size_B, &value, type->size_B);
}

uint64_t
clt_min(const struct clt_type *type)
{
   return type->is_signed ? ~0ull << (8 * type->size_B - 1) : 0;
}

uint64_t
clt_max(const struct clt_type *type)
{
   return ~0ull >> (64 - 8 * type->size_B + (type->is_signed ? 1 : 0));
}

/* Interesting integers: returns how many. */
static unsigned
interesting_integers(const struct clt_type *type, uint64_t *values)
{
   unsigned n = 0, bits = 8 * type->size_B;

   values[n++] = 0;
   values[n++] = 1;
   values[n++] = 2;
   values[n++] = 3;
   values[n++] = 7;
   values[n++] = 10;
   values[n++] = ~0ull;
   values[n++] = ~1ull;
   values[n++] = 1ull << (bits - 1);
   values[n++] = (1ull << (bits - 1)) + 1;
   values[n++] = (1ull << (bits - 1)) - 1;
   values[n++] = 1ull << (bits / 2);
   values[n++] = (1ull << (bits / 2)) - 1;
   values[n++] = 1ull << (bits / 2 - 1);
   values[n++] = 0x5555555555555555ull;
   values[n++] = bits - 1;
   return n;
}

void
clt_fill_integers(const struct clt_type *type, void *a, void *b, size_t n, uint64_t *random)
{
   uint64_t values[32];
   unsigned count = interesting_integers(type, values);

   for (size_t i = 0; i < n; i++) {
      uint64_t va, vb;

      if (i < (size_t)count * count) {
         va = values[i / count];
         vb = values[i % count];
      } else {
         va = clt_random(random) >>
              (clt_random(random) % (8 * type->size_B) + 64 - 8 * type->size_B);
         vb = clt_random(random) >>
              (clt_random(random) % (8 * type->size_B) + 64 - 8 * type->size_B);
         if (clt_random(random) & 1)
            va = -va;
         if (clt_random(random) & 1)
            vb = -vb;
      }
      clt_put(type, a, i, va);
      if (b)
         clt_put(type, b, i, vb);
   }
}

uint32_t
clt_bits(float f)
{
   uint32_t bits;

   memcpy(&bits, &f, 4);
   return bits;
}

float
clt_from_bits(uint32_t bits)
{
   float f;

   memcpy(&f, &bits, 4);
   return f;
}

void
clt_fill_floats(float *a, float *b, size_t n, uint64_t *random)
{
   static const uint32_t edges[] = {
      0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0xbf000000,
      0x3fc00000, 0x40200000, 0xc0200000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
      0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f7fffff,
      0x3f800001, 0x4b000000, 0x4b000001, 0x4b800000, 0x4effffff, 0x4f000000, 0x5f000000,
      0x322bcc77, 0x40490fdb, 0x42b17218, 0xc2aeac50,
   };
   const size_t count = CLT_ARRAY_SIZE(edges);

   for (size_t i = 0; i < n; i++) {
      uint32_t va, vb;

      if (i < count * count) {
         va = edges[i / count];
         vb = edges[i % count];
      } else if (i & 1) { /* any bits */
         va = clt_random(random);
         vb = clt_random(random);
      } else { /* magnitudes from 2^-8 to 2^8 */
         va = (clt_random(random) & 0x807fffff) + ((119 + clt_random(random) % 17) << 23);
         vb = (clt_random(random) & 0x807fffff) + ((119 + clt_random(random) % 17) << 23);
      }
      a[i] = clt_from_bits(va);
      if (b)
         b[i] = clt_from_bits(vb);
   }
}

const char *
clt_show(const struct clt_type *type, uint64_t value)
{
   if (type->is_float)
      return clt_format("%.9g (0x%08x)", clt_from_bits(value), (uint32_t)value);
   if (type->is_signed)
      return clt_format("%" PRId64, (int64_t)value);
   return clt_format("%" PRIu64, value);
}

double
clt_ulp_error(float result, double exact)
{
   if (isnan(exact) || isnan(result))
      return isnan(exact) && isnan(result) ? 0 : INFINITY;
   if (isinf(exact))
      return result == exact ? 0 : INFINITY;
   if (isinf(result)) {
      /* 2^128 - 2^103 is half way from the largest float to what would follow it: from there on an
       * exact result rounds to infinity. Below, count ulps as if the exponent went on. */
      if (!signbit(result) != !signbit(exact))
         return INFINITY;
      return fabs(exact) >= 0x1.ffffffp127 ? 0 : fabs(copysign(0x1p128, exact) - exact) / 0x1p104;
   }
   if (result == exact)
      return 0;

   int exponent;
   frexp(exact, &exponent);
   exponent = exponent - 24 < -149 ? -149 : exponent - 24;
   if (exponent > 104)
      exponent = 104;
   return fabs(result - exact) / ldexp(1, exponent);
}
