// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Prices of European options (Black and Scholes), and a random walk. */

/* The normal distribution: Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
float
normal(float x)
{
   float t = 1.0f / (1.0f + 0.2316419f * fabs(x));
   float p = ((((1.330274429f * t - 1.821255978f) * t + 1.781477937f) * t - 0.356563782f) * t +
              0.319381530f) * t;
   float tail = 0.39894228f * exp(-0.5f * x * x) * p;

   return x > 0 ? 1.0f - tail : tail;
}

kernel void
blackscholes(float rate, float volatility, global const float *price, global const float *strike,
             global const float *years, global float *call, global float *put)
{
   size_t i = get_global_id(0);
   float s = price[i], x = strike[i], t = years[i];
   float root = sqrt(t);
   float d1 = (log(s / x) + (rate + 0.5f * volatility * volatility) * t) / (volatility * root);
   float d2 = d1 - volatility * root;
   float discounted = x * exp(-rate * t);
   float n1 = normal(d1), n2 = normal(d2);

   call[i] = s * n1 - discounted * n2;
   put[i] = discounted * (1.0f - n2) - s * (1.0f - n1);
}

/* How many of count points lie in the quarter circle (Marsaglia's xorshift, 32 bits). */
kernel void
montecarlo(uint count, global uint *hits)
{
   uint state = get_global_id(0) * 2654435761u + 1, n = 0;

   for (uint i = 0; i < count; i++) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      uint x = state & 0x7fff, y = state >> 16 & 0x7fff;
      n += x * x + y * y < 0x40000000;
   }
   hits[get_global_id(0)] = n;
}
