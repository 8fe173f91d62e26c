// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Gravity between n bodies. */

#include "groups.h"

#include "nbody.cl.h"

#include <math.h>

#define SOFTENING2 0.01f

static void
setup_nbody(struct run *r)
{
   float *bodies = bench_alloc(r->n * 16);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n * 4; i++)
      bodies[i] = bench_random(&seed) * 0x1p-32f;
   bench_build(r, nbody_cl, "");
   bench_kernel(r, 0, "nbody");
   bench_buffer(r, 0, r->n * 16, bodies);
   bench_buffer(r, 1, r->n * 16, NULL);
   bench_args(r, 0, "ufmml", (unsigned)r->n, (double)SOFTENING2, 0, 1, r->local[0] * 16);
   r->work = 1e-9 * r->n * r->n;
}

/* Each summand may be wrong by about 16 ulp of itself (rsqrt 2 ulp, cubed; the distance), and each
 * of n additions by half an ulp of the running sum, which the sum of magnitudes bounds. Errors of
 * additions are random and not all alike: their square root of n, times 4, is allowed. */
static bool
check_nbody(struct run *r)
{
   const float *b = r->host[0], *result = bench_read(r, 1);
   size_t step = r->n > 512 ? r->n / 512 : 1;

   for (size_t i = 0; i < r->n; i += step) {
      double sum[3] = {0}, size[3] = {0};

      for (size_t j = 0; j < r->n; j++) {
         double d[3], square = SOFTENING2;

         for (unsigned c = 0; c < 3; c++) {
            d[c] = (double)b[j * 4 + c] - b[i * 4 + c];
            square += d[c] * d[c];
         }
         for (unsigned c = 0; c < 3; c++) {
            double part = b[j * 4 + 3] * d[c] / (square * sqrt(square));
            sum[c] += part;
            size[c] += fabs(part);
         }
      }
      for (unsigned c = 0; c < 3; c++) {
         double bound = (16 + 4 * sqrt((double)r->n)) * 0x1p-24 * size[c];
         if (!(fabs(result[i * 4 + c] - sum[c]) <= bound))
            return bench_wrong(r, "acceleration %zu.%u is %.9g, not %.9g", i, c, result[i * 4 + c],
                               sum[c]);
      }
   }
   return true;
}

const struct benchmark bench_nbody[] = {
   {"nbody",
    "G/s",
    "interactions of n bodies, tiles in local memory",
    BENCH_KERNEL,
    false,
    4096,
    256,
    128,
    1,
    {128},
    false,
    setup_nbody,
    bench_run_items,
    NULL,
    check_nbody},
   {0},
};
