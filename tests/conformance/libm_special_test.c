// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The preloaded functions of libm_special.c against the C library's, on doubles: each exponent, random bit
// patterns, and random numbers near one. Usage: libm_special_test LIBRARY. Prints TAP.

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPONENTS 4096 /* with the sign */
#define NUMBERS   200000

static const char *const names[] = {"asinl", "acosl", "atanl",  "sinl",  "cosl",
                                    "tanl",  "tanhl", "erfl",   "erfcl", "log1pl",
                                    "sqrtl", "expl",  "expm1l", "coshl", "sinhl"};

typedef long double (*function)(long double);

static double
number(unsigned i, uint64_t *state)
{
   uint64_t bits = *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
   double value;

   bits ^= bits >> 31;
   if (i < EXPONENTS)
      bits = (uint64_t)i << 52;
   else if (i % 2)
      bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (1023 - 30 + (bits >> 52) % 46) << 52;
   memcpy(&value, &bits, sizeof(value));
   return value;
}

/* Whether both functions say the same everywhere; NaN is NaN. */
static bool
agree(const char *name, function f, function g)
{
   uint64_t state = 1;

   for (unsigned i = 0; i < NUMBERS; i++) {
      double x = number(i, &state);
      long double a = f(x), b = g(x);

      if (isnan(a) && isnan(b))
         continue;
      if (a != b || signbit(a) != signbit(b)) {
         printf("# %s(%a) is %La, not %La\n", name, x, g(x), f(x));
         return false;
      }
   }
   return true;
}

int
main(int argc, char **argv)
{
   void *libm = dlopen("libm.so.6", RTLD_NOW), *ours = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
   unsigned failed = 0, count = sizeof(names) / sizeof(names[0]);

   if (!libm || !ours) {
      printf("Bail out! %s\n", argc == 2 ? dlerror() : "usage: libm_special_test LIBRARY");
      return 1;
   }
   printf("1..%u\n", count);
   for (unsigned i = 0; i < count; i++) {
      function f = (function)dlsym(libm, names[i]), g = (function)dlsym(ours, names[i]);
      bool good = f && g && f != g && agree(names[i], f, g);

      printf("%s %u - %s\n", good ? "ok" : "not ok", i + 1, names[i]);
      failed += !good;
   }
   return failed != 0;
}
