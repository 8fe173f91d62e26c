/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The transcendental operations fexp2, flog2, fsin, fcos of f32, as explicit algorithms of IEEE
 * multiplications, additions and integer operations: no libm, no fma, no dependence on anything but
 * round to nearest even, so that any engine can reproduce the bits. f16 uses them and rounds once
 * more. Denormals are kept. Compile with -ffp-contract=off.
 *
 * Polynomials are minimax approximations (Remez exchange). Largest errors against the true value,
 * found by running over all floats: exp2 1.292 ulp, log2 1.338 ulp, sin and cos 0.502 ulp;
 * tests/isa/sem_math_test.c checks samples.
 */

#ifndef NPU_SEM_MATH_H
#define NPU_SEM_MATH_H

#include "npu_isa/npu_sem_float.h"

/*
 * 2^x = 2^n * 2^r with n the nearest integer and r in -1/2..1/2, exact; 2^r = 1 + r * Q(r),
 * relative error of the polynomial 2^-28.5. The scaling is two multiplications, the second of which
 * may round to a denormal or overflow. Integers give exact powers.
 */
static inline float
npu_exp2_f32(float x)
{
   const float magic = 0x1.8p23f; /* adding it leaves the integer in the low bits */
   const float low = x < -192.0f ? -192.0f : x;
   const float clamped = low > 192.0f ? 192.0f : low; /* NaN passes */
   const float shifted = clamped + magic;
   const float r = clamped - (shifted - magic);
   float q = 0x1.470b68p-13f;

   q = q * r + 0x1.5f7276p-10f;
   q = q * r + 0x1.3b270ep-7f;
   q = q * r + 0x1.c6ae72p-5f;
   q = q * r + 0x1.ebfbe2p-3f;
   q = q * r + 0x1.62e432p-1f;
   q = q * r + 1.0f;

   /* n = n1 + n2 with both in -97..97 (unsigned arithmetic: NaN gives some n and stays NaN). */
   const uint32_t n = npu_f32_raw(shifted) - npu_f32_raw(magic);
   const uint32_t n1 = (uint32_t)((int32_t)n >> 1), n2 = n - n1;
   return q * npu_f32_value(((n1 + 127) & 0xff) << 23) * npu_f32_value(((n2 + 127) & 0xff) << 23);
}

/*
 * x = 2^e * m with m in sqrt(1/2)..sqrt(2), r = m - 1 exact; log2(m) = r + r * Q(r), relative error
 * of the polynomial 2^-27.9.
 */
static inline float
npu_log2_f32(float x)
{
   const bool denormal = x < 0x1p-126f;
   const float scaled = denormal ? x * 0x1p24f : x;
   /* Subtracting the bits of sqrt(1/2) moves the boundary of the exponent field there. */
   const uint32_t offset = npu_f32_raw(scaled) - 0x3f3504f3u;
   const int32_t e = ((int32_t)offset >> 23) - (denormal ? 24 : 0);
   const float r = npu_f32_value((offset & 0x7fffff) + 0x3f3504f3u) - 1.0f;
   float q = -0x1.c25a8ep-4f;

   q = q * r + 0x1.7d49dcp-3f;
   q = q * r - 0x1.874c30p-3f;
   q = q * r + 0x1.a3059ap-3f;
   q = q * r - 0x1.eabc7ep-3f;
   q = q * r + 0x1.277e36p-2f;
   q = q * r - 0x1.715a76p-2f;
   q = q * r + 0x1.ec7096p-2f;
   q = q * r - 0x1.715470p-1f;
   q = q * r + 0x1.c551dap-2f;

   const float finite = (float)e + (r + r * q);
   const float special = x == 0 ? -__builtin_inff() : x > 0 ? x : __builtin_nanf("");
   return x > 0 && x < __builtin_inff() ? finite : special;
}

/* An angle as a quadrant and a rest: x = quadrant * pi/2 + rest, rest in about -pi/4..pi/4. */
struct npu_angle {
   uint32_t quadrant; /* modulo 4 */
   double rest;
};

/* |x| < 2^20: pi/2 in two parts (Cody and Waite); the product with the first, of 33 bits, is exact.
 */
static inline struct npu_angle
npu_reduce_small(float x)
{
   const double magic = 0x1.8p52;
   const double shifted = (double)x * 0x1.45f306dc9c883p-1 + magic;
   const double k = shifted - magic;

   return (struct npu_angle){
      .quadrant = (uint32_t)npu_f64_raw(shifted),
      .rest = ((double)x - k * 0x1.921fb544p+0) - k * 0x1.0b4611a626331p-34,
   };
}

/*
 * 2^20 <= |x| < infinity: x * 2/pi modulo 4 in integers (Payne and Hanek). With |x| = m * 2^e, bits
 * of 2/pi that make multiples of 4 are left out: 96 bits from weight 2^(1 - e) on are multiplied by
 * the 24 bits of m.
 */
static inline struct npu_angle
npu_reduce_large(float x)
{
   /* 2/pi, after one word of zeros. */
   static const uint32_t two_over_pi[] = {
      0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
      0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
   };
   const uint32_t bits = npu_f32_raw(x);
   const uint32_t m = (bits & 0x7fffff) | 0x800000;
   const unsigned skip = 32 + (bits >> 23 & 0xff) - 150 -
                         2; /* e - 2 bits of 2/pi, 27 to 134 with the zeros */
   const uint32_t *word = &two_over_pi[skip >> 5];
   const unsigned shift = skip & 31;
   const uint32_t w0 = (uint32_t)((((uint64_t)word[0] << 32) | word[1]) << shift >> 32);
   const uint32_t w1 = (uint32_t)((((uint64_t)word[1] << 32) | word[2]) << shift >> 32);
   const uint32_t w2 = (uint32_t)((((uint64_t)word[2] << 32) | word[3]) << shift >> 32);
   const uint64_t low = (uint64_t)m * w2;
   const uint64_t middle = (uint64_t)m * w1 + (low >> 32);
   const uint64_t high = (uint64_t)m * w0 + (middle >> 32);
   /* A quarter of x * 2/pi as a fraction of 64 bits; the top two bits are the quadrant. */
   const uint64_t fraction = high << 32 | (uint32_t)middle;
   const uint32_t quadrant = (uint32_t)((fraction + (UINT64_C(1) << 61)) >> 62);
   const double rest = (double)(int64_t)(fraction - ((uint64_t)quadrant << 62)) *
                       0x1.921fb54442d18p-62;
   const bool negative = bits >> 31;

   return (struct npu_angle){
      .quadrant = negative ? 0u - quadrant : quadrant,
      .rest = negative ? -rest : rest,
   };
}

/* sin(quadrant * pi/2 + rest): relative error of the polynomials 2^-37.5 (sine) and 2^-33.9
 * (cosine). */
static inline float
npu_sin_of_angle(struct npu_angle angle)
{
   const double r = angle.rest, z = r * r;
   double s = 0x1.6cd1a100c25ddp-19;
   double c = 0x1.99162a5c6abefp-16;

   s = s * z - 0x1.a00f7dd4c243fp-13;
   s = s * z + 0x1.11110868bdef9p-7;
   s = s * z - 0x1.5555554c6f92fp-3;
   s = r * (1.0 + z * s);
   c = c * z - 0x1.6c07ef7711e02p-10;
   c = c * z + 0x1.55553c73ae305p-5;
   c = c * z - 0x1.ffffffcb75027p-2;
   c = 1.0 + z * c;

   const double magnitude = angle.quadrant & 1 ? c : s;
   return (float)(angle.quadrant & 2 ? -magnitude : magnitude);
}

static inline struct npu_angle
npu_reduce(float x)
{
   const float magnitude = npu_f32_value(npu_f32_raw(x) & 0x7fffffff);

   return magnitude >= 0x1p20f ? npu_reduce_large(x) : npu_reduce_small(x);
}

static inline float
npu_sin_f32(float x)
{
   const float result = npu_sin_of_angle(npu_reduce(x));

   return x - x == 0 ? result : __builtin_nanf("");
}

static inline float
npu_cos_f32(float x)
{
   struct npu_angle angle = npu_reduce(x);

   angle.quadrant++;
   const float result = npu_sin_of_angle(angle);
   return x - x == 0 ? result : __builtin_nanf("");
}

#endif
