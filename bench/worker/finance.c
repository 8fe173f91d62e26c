// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Special functions (option prices) and random numbers. */

#include "groups.h"

#include "finance.cl.h"

#include <math.h>

#define RATE       0.02
#define VOLATILITY 0.3

enum {
   POINTS = 256 /* of a random walk */
};

static void
setup_blackscholes(struct run *r)
{
   static const float low[3] = {5, 1, 0.25f}, range[3] = {25, 99, 9.75f};
   uint64_t seed = 1;

   bench_build(r, finance_cl, "");
   bench_kernel(r, 0, "blackscholes");
   for (unsigned m = 0; m < 3; m++) {
      float *numbers = bench_alloc(r->n * 4);

      for (size_t i = 0; i < r->n; i++)
         numbers[i] = low[m] + range[m] * (bench_random(&seed) * 0x1p-32f);
      bench_buffer(r, m, r->n * 4, numbers);
   }
   bench_buffer(r, 3, r->n * 4, NULL);
   bench_buffer(r, 4, r->n * 4, NULL);
   bench_args(r, 0, "ffmmmmm", RATE, VOLATILITY, 0, 1, 2, 3, 4);
   r->work = 1e-9 * r->n;
}

static double
normal(double x)
{
   return 0.5 * erfc(-x * M_SQRT1_2);
}

/* The kernel's formula for the normal distribution is wrong by up to 7.5e-8, and rounding by about
 * 16 ulp of 1, both times the price and the strike. */
static bool
check_blackscholes(struct run *r)
{
   const float *price = r->host[0], *strike = r->host[1], *years = r->host[2];
   const float *call = bench_read(r, 3), *put = bench_read(r, 4);

   for (size_t i = 0; i < r->n; i++) {
      double s = price[i], x = strike[i], t = years[i], root = sqrt(t);
      double d1 = (log(s / x) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * t) / (VOLATILITY * root);
      double d2 = d1 - VOLATILITY * root, discounted = x * exp(-RATE * t);
      double c = s * normal(d1) - discounted * normal(d2);
      double p = discounted * normal(-d2) - s * normal(-d1);
      double bound = (7.5e-8 + 16 * 0x1p-24) * (s + discounted);

      if (!(fabs(call[i] - c) <= bound && fabs(put[i] - p) <= bound))
         return bench_wrong(r, "option %zu is %.9g, %.9g, not %.9g, %.9g", i, call[i], put[i], c,
                            p);
   }
   return true;
}

static void
setup_montecarlo(struct run *r)
{
   bench_build(r, finance_cl, "");
   bench_kernel(r, 0, "montecarlo");
   bench_buffer(r, 0, r->n * 4, NULL);
   bench_args(r, 0, "um", (unsigned)POINTS, 0);
   r->work = 1e-9 * r->n * POINTS;
}

static bool
check_montecarlo(struct run *r)
{
   uint32_t *expected = bench_alloc(r->n * 4);

   for (size_t i = 0; i < r->n; i++) {
      uint32_t state = (uint32_t)i * 2654435761u + 1;

      for (unsigned j = 0; j < POINTS; j++) {
         state ^= state << 13;
         state ^= state >> 17;
         state ^= state << 5;
         uint32_t x = state & 0x7fff, y = state >> 16 & 0x7fff;
         expected[i] += x * x + y * y < 0x40000000;
      }
   }
   return bench_compare_u32(r, "hits", bench_read(r, 0), expected, r->n);
}

const struct benchmark bench_finance[] = {
   {"blackscholes",
    "Goption/s",
    "n option prices: exp, log, sqrt",
    BENCH_KERNEL,
    false,
    1 << 20,
    1 << 14,
    256,
    1,
    {256},
    false,
    setup_blackscholes,
    bench_run_items,
    NULL,
    check_blackscholes},
   {"montecarlo",
    "Gpoint/s",
    "256 random points per item, n items",
    BENCH_KERNEL,
    false,
    1 << 17,
    1 << 12,
    256,
    1,
    {128},
    false,
    setup_montecarlo,
    bench_run_items,
    NULL,
    check_montecarlo},
   {0},
};
