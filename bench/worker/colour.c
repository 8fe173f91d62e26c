// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Colours as an eye sees them: pow, cbrt, hypot and atan2. */

#include "groups.h"

#include "colour.cl.h"

#include <math.h>

static void
setup(struct run *r)
{
   uint64_t seed = 1;
   float *pixels = bench_alloc(r->n * 16);

   for (size_t i = 0; i < 4 * r->n; i++)
      pixels[i] = bench_random(&seed) * 0x1p-32f;
   bench_build(r, colour_cl, "");
   bench_kernel(r, 0, "colour");
   bench_buffer(r, 0, r->n * 16, pixels);
   bench_buffer(r, 1, r->n * 16, NULL);
   bench_args(r, 0, "mm", 0, 1);
   r->work = 1e-9 * r->n;
}

static double
linear_of(double v)
{
   return v <= 0.04045f ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double
lab_of(double t)
{
   return t > 216.0 / 24389 ? cbrt(t) : t * (841.0 / 108) + 4.0 / 29;
}

/* In units of 2^-24: linear values are 20 off themselves (16 are allowed for pow(), and its argument
 * counts 2.4 times), their sums 23, and cube roots, of 1 at most, 10. So lightness is 1160 off and
 * some rounding, the two coordinates together 11,000, chroma as far and 4 ulp, and the hue as far on a
 * circle of that radius and 6 ulp. */
static bool
check(struct run *r)
{
   const float *pixels = r->host[0], *got = bench_read(r, 1);

   for (size_t i = 0; i < r->n; i++, pixels += 4, got += 4) {
      double red = linear_of(pixels[0]), green = linear_of(pixels[1]), blue = linear_of(pixels[2]);
      double x = lab_of(0.4339530 * red + 0.3762194 * green + 0.1898276 * blue);
      double y = lab_of(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue);
      double z = lab_of(0.0177566 * red + 0.1094687 * green + 0.8727747 * blue);
      double a = 500 * (x - y), b = 200 * (y - z);
      double lightness = 116 * y - 16, chroma = hypot(a, b), hue = atan2(b, a);
      double turn = fabs(remainder(got[2] - hue, 2 * M_PI));
      double off = 11000 * 0x1p-24 + 4 * 0x1p-23 * chroma;

      if (!(fabs(got[0] - lightness) <= 1400 * 0x1p-24 && fabs(got[1] - chroma) <= off &&
            turn * chroma <= off + 6 * 0x1p-22 * chroma && got[3] == pixels[3]))
         return bench_wrong(r, "pixel %zu is %.9g, %.9g, %.9g, not %.9g, %.9g, %.9g", i, got[0],
                            got[1], got[2], lightness, chroma, hue);
   }
   return true;
}

const struct benchmark bench_colour[] = {
   {"colour",
    "Gpixel/s",
    "n pixels of sRGB to CIE LCh: pow, cbrt, hypot, atan2",
    BENCH_KERNEL,
    false,
    1 << 20,
    1 << 14,
    256,
    1,
    {256},
    false,
    setup,
    bench_run_items,
    NULL,
    check},
   {0},
};
