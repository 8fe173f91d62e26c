// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* A library to preload into the OpenCL-CTS (tests/conformance/run --fast-libm): short ways for special arguments
 * of the C library's long double functions.
 *
 * The suite's bruteforce takes 2^32 bit patterns of double and computes the reference in long double. Half of
 * the patterns are negative, half are above 1, many overflow: there the functions of x87 need 130 to 500 ns,
 * because each operation that makes or meets a NaN is microcode, where a normal argument needs 30. The results
 * here are those of the C library, to the bit but for the sign and payload of a NaN, which the suite does not
 * look at; tests/conformance/libm_special_test.c compares them. Arguments are only looked at as integers.
 */

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef long double (*function)(long double);

/* x87's extended format: 64 bits with an explicit leading one, 15 bits of exponent, the sign. */
union extended {
   long double value;
   struct {
      uint64_t mantissa;
      uint16_t sign_exponent;
   };
};

#define BIAS     0x3fff
#define SPECIAL  0x7fff /* exponent of infinity and NaN */
#define ONE      (UINT64_C(1) << 63)
#define OVERFLOW (BIAS + 14) /* exp, cosh and sinh of 2^14 and more */

static const long double not_a_number = __builtin_nanl(""), infinity = __builtin_infl(), zero = 0;

static function
find(const char *name)
{
   function f = (function)dlsym(RTLD_NEXT, name);

   if (!f)
      abort();
   return f;
}

static int
exponent(union extended x)
{
   return x.sign_exponent & SPECIAL;
}

static bool
negative(union extended x)
{
   return x.sign_exponent >> 15;
}

static bool
is_nan(union extended x)
{
   return exponent(x) == SPECIAL && x.mantissa != ONE;
}

static bool
above_one(union extended x)
{
   return exponent(x) > BIAS || (exponent(x) == BIAS && x.mantissa > ONE);
}

/* Defines name(): the result if condition holds for the bits x, else what the C library says. */
#define SHORT_WAY(name, condition, result)                                                         \
   __attribute__((visibility("default"))) long double name(long double value)                      \
   {                                                                                               \
      static function real;                                                                        \
      union extended x = {value};                                                                  \
                                                                                                   \
      if (condition)                                                                               \
         return result;                                                                            \
      function f = __atomic_load_n(&real, __ATOMIC_RELAXED);                                       \
      if (!f) {                                                                                    \
         f = find(#name);                                                                          \
         __atomic_store_n(&real, f, __ATOMIC_RELAXED);                                             \
      }                                                                                            \
      return f(value);                                                                             \
   }

SHORT_WAY(asinl, above_one(x), not_a_number)
SHORT_WAY(acosl, above_one(x), not_a_number)
SHORT_WAY(atanl, is_nan(x), not_a_number)
SHORT_WAY(sinl, exponent(x) == SPECIAL, not_a_number)
SHORT_WAY(cosl, exponent(x) == SPECIAL, not_a_number)
SHORT_WAY(tanl, exponent(x) == SPECIAL, not_a_number)
SHORT_WAY(tanhl, is_nan(x), not_a_number)
SHORT_WAY(erfl, is_nan(x), not_a_number)
SHORT_WAY(erfcl, is_nan(x), not_a_number)
SHORT_WAY(log1pl, is_nan(x) || (negative(x) && above_one(x)), not_a_number)
SHORT_WAY(sqrtl, is_nan(x) || (negative(x) && (exponent(x) || x.mantissa)), not_a_number)
SHORT_WAY(expl, exponent(x) >= OVERFLOW, is_nan(x) ? not_a_number : negative(x) ? zero : infinity)
SHORT_WAY(expm1l, is_nan(x) || (exponent(x) >= OVERFLOW && !negative(x)),
          is_nan(x) ? not_a_number : infinity)
SHORT_WAY(coshl, exponent(x) >= OVERFLOW, is_nan(x) ? not_a_number : infinity)
SHORT_WAY(sinhl, exponent(x) >= OVERFLOW,
          is_nan(x)     ? not_a_number
          : negative(x) ? -infinity
                        : infinity)
