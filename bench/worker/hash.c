// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Integer work without memory: SHA-256. The host's reference is a plain implementation of FIPS 180-4,
 * itself checked with the standard's example. */

#include "groups.h"

#include "hash.cl.h"

#include <math.h>
#include <string.h>

static void
setup_sha256(struct run *r)
{
   uint32_t *blocks = bench_alloc(r->n * 64);
   uint64_t seed = 1;

   for (size_t i = 0; i < r->n * 16; i++)
      blocks[i] = bench_random(&seed);
   bench_build(r, hash_cl, "");
   bench_kernel(r, 0, "sha256");
   bench_buffer(r, 0, r->n * 64, blocks);
   bench_buffer(r, 1, r->n * 32, NULL);
   bench_args(r, 0, "umm", (unsigned)r->n, 0, 1);
   r->work = r->n * 1e-6;
}

static uint32_t
rotr(uint32_t x, unsigned n)
{
   return x >> n | x << (32 - n);
}

/* The first 32 bits of the fractional part of a root of a prime: where the constants come from. */
static uint32_t
root_bits(unsigned prime, bool cube)
{
   long double root = cube ? cbrtl(prime) : sqrtl(prime);
   return (uint32_t)((root - floorl(root)) * 0x1p32L);
}

static void
reference(const uint32_t block[16], uint32_t digest[8])
{
   uint32_t w[64], k[64], v[8];
   unsigned found = 0;

   for (unsigned p = 2; found < 64; p++) {
      bool prime = true;
      for (unsigned d = 2; d * d <= p; d++)
         prime &= p % d != 0;
      if (!prime)
         continue;
      if (found < 8)
         digest[found] = root_bits(p, false);
      k[found++] = root_bits(p, true);
   }
   memcpy(v, digest, sizeof(v));
   for (unsigned t = 0; t < 64; t++) {
      w[t] = t < 16 ? block[t]
                    : (rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10) + w[t - 7] +
                         (rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 16];
      uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) +
                    ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[t] + w[t];
      uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) +
                    ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      memmove(v + 1, v, 7 * 4);
      v[4] += t1;
      v[0] = t1 + t2;
   }
   for (unsigned i = 0; i < 8; i++)
      digest[i] += v[i];
}

static bool
check_sha256(struct run *r)
{
   const uint32_t *blocks = r->host[0], *digests = bench_read(r, 1);
   const uint32_t abc[16] = {0x61626380, [15] = 24};
   uint32_t block[16], digest[8];

   reference(abc, digest);
   if (digest[0] != 0xba7816bf || digest[7] != 0xf20015ad)
      return bench_wrong(r, "the reference itself is wrong");
   for (size_t i = 0; i < r->n; i += r->n / 512 + 1) {
      for (unsigned t = 0; t < 16; t++)
         block[t] = blocks[t * r->n + i];
      reference(block, digest);
      for (unsigned t = 0; t < 8; t++) {
         if (digests[t * r->n + i] != digest[t])
            return bench_wrong(r, "word %u of digest %zu is %08x, not %08x", t, i,
                               digests[t * r->n + i], digest[t]);
      }
   }
   return true;
}

const struct benchmark bench_hash[] = {
   {"sha256",
    "Mhash/s",
    "n blocks of 64 bytes",
    BENCH_KERNEL,
    false,
    1 << 17,
    1 << 12,
    128,
    1,
    {128},
    false,
    setup_sha256,
    bench_run_items,
    NULL,
    check_sha256},
   {0},
};
