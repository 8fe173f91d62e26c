/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The model of operations on floats: see sem_ref.h. Each finite number of every format, and each
 * sum and product of them, is an integer times 2^-2400 below 2^4864; so it is computed exactly and
 * rounded once, by comparing what is cut off with one half. Quotients and square roots are integers
 * of at least 51 bits, enough for their format, with a sticky bit below.
 */

#include "sem_ref.h"

#define LIMBS 76
#define POINT 2400 /* bit of weight 1 */

typedef unsigned __int128 uwide;
typedef __int128 wide;

/* sign and magnitude */
struct exact {
   bool negative;
   uint64_t limb[LIMBS];
};

struct float_format {
   unsigned bits, fraction_bits;
   int bias;
};

enum float_class {
   FINITE,
   INFINITE,
   NOT_A_NUMBER
};

static struct float_format
format_of(enum npu_type type)
{
   switch (type) {
   case NPU_TYPE_F16:
      return (struct float_format){16, 10, 15};
   case NPU_TYPE_BF16:
      return (struct float_format){16, 7, 127};
   case NPU_TYPE_F32:
      return (struct float_format){32, 23, 127};
   default:
      return (struct float_format){64, 52, 1023};
   }
}

static uint64_t
infinity_bits(struct float_format f, bool negative)
{
   return (uint64_t)negative << (f.bits - 1) | (uint64_t)(2 * f.bias + 1) << f.fraction_bits;
}

static uint64_t
nan_bits(struct float_format f)
{
   return infinity_bits(f, false) | UINT64_C(1) << (f.fraction_bits - 1);
}

static bool
sign_of(uint64_t bits, struct float_format f)
{
   return bits >> (f.bits - 1) & 1;
}

static enum float_class
class_of(uint64_t bits, struct float_format f)
{
   const uint64_t magnitude = bits & ~(UINT64_C(1) << (f.bits - 1));

   if (magnitude < infinity_bits(f, false))
      return FINITE;
   return magnitude == infinity_bits(f, false) ? INFINITE : NOT_A_NUMBER;
}

/* Significand as an integer and its exponent. */
static uint64_t
integer_significand(uint64_t bits, struct float_format f, int *exponent)
{
   const uint64_t fraction = bits & ((UINT64_C(1) << f.fraction_bits) - 1);
   const int field = (int)(bits >> f.fraction_bits & (uint64_t)(2 * f.bias + 1));

   *exponent = (field == 0 ? 1 : field) - f.bias - (int)f.fraction_bits;
   return field == 0 ? fraction : fraction + (UINT64_C(1) << f.fraction_bits);
}

/* ------------------------------------------------------------------------------------- exact
 * numbers */

static bool
get_bit(const struct exact *x, int i)
{
   return i >= 0 && i < LIMBS * 64 && (x->limb[i / 64] >> (i % 64) & 1);
}

static struct exact
exact_from(bool negative, uwide m, int exponent)
{
   struct exact x = {.negative = negative};
   const int at = exponent + POINT;

   for (int part = 0; part < 2; part++) {
      const uint64_t bits = (uint64_t)(m >> 64 * part);
      const int limb = at / 64 + part, shift = at % 64;

      x.limb[limb] |= bits << shift;
      if (shift != 0)
         x.limb[limb + 1] |= bits >> (64 - shift);
   }
   return x;
}

static struct exact
exact_of_bits(uint64_t bits, struct float_format f)
{
   int exponent;
   const uint64_t m = integer_significand(bits, f, &exponent);

   return exact_from(sign_of(bits, f), m, exponent);
}

static int
compare_magnitude(const struct exact *a, const struct exact *b)
{
   for (int i = LIMBS - 1; i >= 0; i--) {
      if (a->limb[i] != b->limb[i])
         return a->limb[i] < b->limb[i] ? -1 : 1;
   }
   return 0;
}

static bool
is_zero(const struct exact *x)
{
   static const struct exact zero;

   return compare_magnitude(x, &zero) == 0;
}

/* Sum; that of two zeros or of x and -x is +0 unless both are negative (round to nearest). */
static struct exact
exact_add(const struct exact *a, const struct exact *b)
{
   struct exact r = {.negative = a->negative};
   const bool swap = compare_magnitude(a, b) < 0;
   const struct exact *big = swap ? b : a, *small = swap ? a : b;
   uwide carry = 0;

   if (a->negative == b->negative) {
      for (int i = 0; i < LIMBS; i++) {
         carry += (uwide)a->limb[i] + b->limb[i];
         r.limb[i] = (uint64_t)carry;
         carry >>= 64;
      }
      return r;
   }
   uint64_t borrow = 0;
   for (int i = 0; i < LIMBS; i++) {
      const uwide d = (uwide)big->limb[i] - small->limb[i] - borrow;
      r.limb[i] = (uint64_t)d;
      borrow = (uint64_t)(d >> 64) & 1;
   }
   r.negative = !is_zero(&r) && big->negative;
   return r;
}

/* -1, 0, 1: what lies below bit `at` is less than, equal to or more than one half of that bit.
 * *any: it is not zero. */
static int
compare_half(const struct exact *x, int at, bool *any)
{
   bool below = false;

   for (int i = 0; i < (at - 1) / 64 && !below; i++)
      below = x->limb[i] != 0;
   for (int i = (at - 1) / 64 * 64; i < at - 1 && !below; i++)
      below = get_bit(x, i);
   const bool half = get_bit(x, at - 1);
   *any = below || half;
   return half ? (below ? 1 : 0) : -1;
}

/* Whether cutting off what lies below bit `at`, the magnitude must be increased. */
static bool
rounds_up(const struct exact *x, int at, unsigned mode)
{
   bool any;
   const int half = compare_half(x, at, &any);

   switch (mode) {
   case NPU_ROUND_RTE:
      return half > 0 || (half == 0 && get_bit(x, at));
   case NPU_ROUND_RTP:
      return any && !x->negative;
   case NPU_ROUND_RTN:
      return any && x->negative;
   default:
      return false;
   }
}

/* The bits of weight >= bit `at` as an integer (which must fit). */
static uwide
integer_part(const struct exact *x, int at)
{
   const int limb = at / 64, shift = at % 64;
   uint64_t part[3];

   for (int i = 0; i < 3; i++)
      part[i] = limb + i < LIMBS ? x->limb[limb + i] : 0;
   const uwide low = (uwide)part[1] << 64 | part[0];
   return shift == 0 ? low : low >> shift | (uwide)part[2] << (128 - shift);
}

static uint64_t
exact_round(const struct exact *x, struct float_format f, unsigned mode)
{
   const uint64_t sign = (uint64_t)x->negative << (f.bits - 1);
   const int lowest = 1 - f.bias - (int)f.fraction_bits; /* weight of the last place of denormals */
   int top = LIMBS * 64 - 1;

   while (top >= 0 && x->limb[top / 64] == 0)
      top -= 64;
   while (top >= 0 && !get_bit(x, top))
      top--;
   if (top < 0)
      return sign;
   int last = top - POINT - (int)f.fraction_bits; /* weight of the result's last place */
   if (last < lowest)
      last = lowest;
   uint64_t n = (uint64_t)integer_part(x, last + POINT) + rounds_up(x, last + POINT, mode);
   if (n == UINT64_C(2) << f.fraction_bits) {
      n >>= 1;
      last++;
   }
   if (n < UINT64_C(1) << f.fraction_bits)
      return sign | n; /* denormal or zero */
   const int field = last - lowest + 1;
   if (field > 2 * f.bias) {
      const bool to_infinity = mode == NPU_ROUND_RTE || (mode == NPU_ROUND_RTP && !x->negative) ||
                               (mode == NPU_ROUND_RTN && x->negative);
      return infinity_bits(f, x->negative) - !to_infinity;
   }
   return sign | (uint64_t)field << f.fraction_bits | (n - (UINT64_C(1) << f.fraction_bits));
}

/* x rounded to an integer. */
static struct exact
exact_to_integral(const struct exact *x, unsigned mode)
{
   struct exact r = *x;
   const struct exact one = exact_from(x->negative, rounds_up(x, POINT, mode), 0);

   for (int i = 0; i < POINT / 64; i++)
      r.limb[i] = 0;
   r.limb[POINT / 64] &= UINT64_MAX << (POINT % 64);
   r = exact_add(&r, &one);
   r.negative = x->negative;
   return r;
}

/* ------------------------------------------------------------------------------------- operations */

static uint64_t
ref_add(uint64_t a, uint64_t b, struct float_format f)
{
   const enum float_class ca = class_of(a, f), cb = class_of(b, f);

   if (ca == NOT_A_NUMBER || cb == NOT_A_NUMBER || (ca == INFINITE && cb == INFINITE && a != b))
      return nan_bits(f);
   if (ca == INFINITE || cb == INFINITE)
      return ca == INFINITE ? a : b;
   const struct exact x = exact_of_bits(a, f), y = exact_of_bits(b, f);
   const struct exact sum = exact_add(&x, &y);
   return exact_round(&sum, f, NPU_ROUND_RTE);
}

/* a * b + c, or with c NULL a * b. */
static uint64_t
ref_fma(uint64_t a, uint64_t b, const uint64_t *c, struct float_format f)
{
   const enum float_class ca = class_of(a, f), cb = class_of(b, f);
   const bool negative = sign_of(a, f) != sign_of(b, f);
   int ea, eb;
   const uint64_t ma = integer_significand(a, f, &ea), mb = integer_significand(b, f, &eb);

   if (ca == NOT_A_NUMBER || cb == NOT_A_NUMBER || (c && class_of(*c, f) == NOT_A_NUMBER))
      return nan_bits(f);
   if (ca == INFINITE || cb == INFINITE) {
      if ((ca == FINITE && ma == 0) || (cb == FINITE && mb == 0))
         return nan_bits(f);
      if (c && class_of(*c, f) == INFINITE && sign_of(*c, f) != negative)
         return nan_bits(f);
      return infinity_bits(f, negative);
   }
   if (c && class_of(*c, f) == INFINITE)
      return *c;
   const struct exact product = exact_from(negative, (uwide)ma * mb, ea + eb);
   if (c == NULL)
      return exact_round(&product, f, NPU_ROUND_RTE);
   const struct exact addend = exact_of_bits(*c, f);
   const struct exact sum = exact_add(&product, &addend);
   return exact_round(&sum, f, NPU_ROUND_RTE);
}

static uint64_t
ref_div(uint64_t a, uint64_t b, struct float_format f)
{
   const enum float_class ca = class_of(a, f), cb = class_of(b, f);
   const bool negative = sign_of(a, f) != sign_of(b, f);
   int ea, eb;
   const uint64_t ma = integer_significand(a, f, &ea), mb = integer_significand(b, f, &eb);

   if (ca == NOT_A_NUMBER || cb == NOT_A_NUMBER || (ca == INFINITE && cb == INFINITE))
      return nan_bits(f);
   if (ca == INFINITE)
      return infinity_bits(f, negative);
   if (cb == INFINITE)
      return (uint64_t)negative << (f.bits - 1);
   if (mb == 0)
      return ma == 0 ? nan_bits(f) : infinity_bits(f, negative);
   /* Shift a denormal dividend up first, so the quotient has more bits than the format. */
   uwide n = ma;
   int shift = 0;
   while (n != 0 && n < (uwide)1 << 125) {
      n <<= 1;
      shift++;
   }
   const uwide q = n / mb;
   const struct exact x = exact_from(negative, q << 1 | (n % mb != 0), ea - eb - shift - 1);
   return exact_round(&x, f, NPU_ROUND_RTE);
}

static uwide
integer_sqrt(uwide n)
{
   uwide root = 0;

   for (int i = 63; i >= 0; i--) {
      const uwide next = root | (uwide)1 << i;
      if (next * next <= n)
         root = next;
   }
   return root;
}

static uint64_t
ref_sqrt(uint64_t a, struct float_format f)
{
   const enum float_class c = class_of(a, f);
   int e;
   uwide m = integer_significand(a, f, &e);

   if (c == NOT_A_NUMBER || (sign_of(a, f) && m != 0))
      return nan_bits(f);
   if (c == INFINITE || m == 0)
      return a;
   while (m < (uwide)1 << 124 || e % 2 != 0) {
      m <<= 1;
      e--;
   }
   const uwide root = integer_sqrt(m);
   const struct exact x = exact_from(false, root << 1 | (root * root != m), e / 2 - 1);
   return exact_round(&x, f, NPU_ROUND_RTE);
}

/* 1 / sqrt(m * 2^e) = sqrt(2^126 / m) * 2^(-63 - e / 2), e even. Good for significands of f32 and
 * f16. */
static uint64_t
ref_rsq(uint64_t a, struct float_format f)
{
   const enum float_class c = class_of(a, f);
   int e;
   uwide m = integer_significand(a, f, &e);

   if (c == NOT_A_NUMBER || (sign_of(a, f) && m != 0))
      return nan_bits(f);
   if (m == 0)
      return infinity_bits(f, sign_of(a, f));
   if (c == INFINITE)
      return 0;
   if (e % 2 != 0) {
      m <<= 1;
      e--;
   }
   const uwide n = (uwide)1 << 126;
   const uwide root = integer_sqrt(n / m);
   const bool is_exact = root * root * m == n && n % m == 0;
   const struct exact x = exact_from(false, root << 1 | !is_exact, -63 - e / 2 - 1);
   return exact_round(&x, f, NPU_ROUND_RTE);
}

/* A total order of the numbers, with -0 before +0. */
static int64_t
order(uint64_t bits, struct float_format f)
{
   const int64_t magnitude = (int64_t)(bits & ~(UINT64_C(1) << (f.bits - 1)));

   return sign_of(bits, f) ? -magnitude - 1 : magnitude;
}

static uint64_t
ref_min_max(uint64_t a, uint64_t b, struct float_format f, bool max)
{
   if (class_of(a, f) == NOT_A_NUMBER)
      return class_of(b, f) == NOT_A_NUMBER ? nan_bits(f) : b;
   if (class_of(b, f) == NOT_A_NUMBER)
      return a;
   return (order(a, f) < order(b, f)) != max ? a : b;
}

static uint64_t
ref_to_integral(uint64_t a, struct float_format f, unsigned mode)
{
   if (class_of(a, f) != FINITE)
      return class_of(a, f) == NOT_A_NUMBER ? nan_bits(f) : a;
   const struct exact x = exact_of_bits(a, f);
   const struct exact r = exact_to_integral(&x, mode);
   return exact_round(&r, f, NPU_ROUND_RTE);
}

static uint64_t
ref_ldexp(uint64_t a, int64_t n, struct float_format f)
{
   int e;
   const uint64_t m = integer_significand(a, f, &e);

   if (class_of(a, f) != FINITE)
      return class_of(a, f) == NOT_A_NUMBER ? nan_bits(f) : a;
   /* Beyond these bounds the result is a zero or infinite; the numbers within them are exact. */
   int64_t exponent = e + n;
   exponent = exponent < -2300 ? -2300 : exponent > 2100 ? 2100 : exponent;
   const struct exact x = exact_from(sign_of(a, f), m, (int)exponent);
   return exact_round(&x, f, NPU_ROUND_RTE);
}

/* The significand in 1/2..1, or the exponent. */
static uint64_t
ref_frexp(uint64_t a, struct float_format f, bool want_exponent)
{
   int e;
   uint64_t m = integer_significand(a, f, &e);

   if (class_of(a, f) != FINITE || m == 0)
      return want_exponent ? 0 : class_of(a, f) == NOT_A_NUMBER ? nan_bits(f) : a;
   int length = 64 - __builtin_clzll(m);
   if (want_exponent)
      return (uint32_t)(e + length);
   const struct exact x = exact_from(sign_of(a, f), m, -length);
   return exact_round(&x, f, NPU_ROUND_RTE);
}

static bool
ref_compare(unsigned base, uint64_t a, uint64_t b, struct float_format f)
{
   const bool unordered = class_of(a, f) == NOT_A_NUMBER || class_of(b, f) == NOT_A_NUMBER;
   const bool zeros = ((a | b) & ~(UINT64_C(1) << (f.bits - 1))) == 0;
   const bool equal = !unordered && (a == b || zeros);
   const bool less = !unordered && !zeros && order(a, f) < order(b, f);

   switch (base) {
   case NPU_ALU_FCMP_EQ:
      return equal;
   case NPU_ALU_FCMP_NE:
      return !equal;
   case NPU_ALU_FCMP_LT:
      return less;
   default:
      return less || equal;
   }
}

/* ------------------------------------------------------------------------------------- conversions
 */

static uint64_t
float_to_int(uint64_t a, struct float_format f, const struct npu_type_info *to, unsigned mode)
{
   const bool is_signed = to->kind == NPU_KIND_INT;
   const wide minimum = is_signed ? -((wide)1 << (to->bits - 1)) : 0;
   const wide maximum = ((wide)1 << (to->bits - is_signed)) - 1;
   const uint64_t all = to->bits == 64 ? UINT64_MAX : (UINT64_C(1) << to->bits) - 1;
   wide value;

   if (class_of(a, f) == NOT_A_NUMBER)
      return 0;
   if (class_of(a, f) == INFINITE) {
      value = sign_of(a, f) ? minimum : maximum;
   } else {
      const struct exact x = exact_of_bits(a, f);
      const struct exact r = exact_to_integral(&x, mode);
      const struct exact limit = exact_from(false, (uwide)1 << 100, 0);
      const wide magnitude = compare_magnitude(&r, &limit) >= 0 ? (wide)1 << 100
                                                                : (wide)integer_part(&r, POINT);

      value = r.negative ? -magnitude : magnitude;
      value = value < minimum ? minimum : value > maximum ? maximum : value;
   }
   return (uint64_t)value & all;
}

static uint64_t
int_to_float(uint64_t a, const struct npu_type_info *from, struct float_format f, unsigned mode)
{
   const bool negative = from->kind == NPU_KIND_INT && (a >> (from->bits - 1) & 1);
   const uwide magnitude = negative ? ((uwide)1 << from->bits) - a : a;
   const struct exact x = exact_from(negative, magnitude, 0);

   return exact_round(&x, f, mode);
}

static uint64_t
float_to_float(uint64_t a, struct float_format from, struct float_format to, unsigned mode)
{
   if (class_of(a, from) == NOT_A_NUMBER)
      return nan_bits(to);
   if (class_of(a, from) == INFINITE)
      return infinity_bits(to, sign_of(a, from));
   const struct exact x = exact_of_bits(a, from);
   return exact_round(&x, to, mode);
}

static bool
ref_cvt(const struct npu_op_info *info, const struct npu_inst *mods, uint64_t a, uint64_t *dst)
{
   const struct npu_type_info *to = &npu_type_infos[info->type],
                              *from = &npu_type_infos[info->src_type];

   if (to->kind == NPU_KIND_FLOAT && from->kind == NPU_KIND_FLOAT)
      *dst = float_to_float(a, format_of(info->src_type), format_of(info->type), mods->round);
   else if (to->kind == NPU_KIND_FLOAT)
      *dst = int_to_float(a, from, format_of(info->type), mods->round);
   else if (from->kind == NPU_KIND_FLOAT)
      *dst = float_to_int(a, format_of(info->src_type), to, mods->round);
   else
      return false;
   return true;
}

bool
sem_ref_float(const struct npu_op_info *info, const struct npu_inst *mods, const uint64_t s[3],
              uint64_t *dst)
{
   const uint64_t one[] = {
      [NPU_TYPE_F16] = 0x3c00, [NPU_TYPE_F32] = 0x3f800000, [NPU_TYPE_F64] = UINT64_C(0x3ff) << 52};

   if (info->base == NPU_ALU_CVT)
      return ref_cvt(info, mods, s[0], dst);
   if (info->type != NPU_TYPE_F16 && info->type != NPU_TYPE_F32 && info->type != NPU_TYPE_F64)
      return false;

   const struct float_format f = format_of(info->type);
   const uint64_t sign = UINT64_C(1) << (f.bits - 1);
   switch (info->base) {
   case NPU_ALU_FADD:
      *dst = ref_add(s[0], s[1], f);
      return true;
   case NPU_ALU_FSUB:
      *dst = ref_add(s[0], s[1] ^ sign, f);
      return true;
   case NPU_ALU_FMUL:
      *dst = ref_fma(s[0], s[1], NULL, f);
      return true;
   case NPU_ALU_FFMA:
      *dst = ref_fma(s[0], s[1], &s[2], f);
      return true;
   case NPU_ALU_FDIV:
      *dst = ref_div(s[0], s[1], f);
      return true;
   case NPU_ALU_FRCP:
      *dst = ref_div(one[info->type], s[0], f);
      return true;
   case NPU_ALU_FSQRT:
      *dst = ref_sqrt(s[0], f);
      return true;
   case NPU_ALU_FRSQ:
      *dst = info->type == NPU_TYPE_F64 ? ref_div(one[info->type], ref_sqrt(s[0], f), f)
                                        : ref_rsq(s[0], f);
      return true;
   case NPU_ALU_FMIN:
   case NPU_ALU_FMAX:
      *dst = ref_min_max(s[0], s[1], f, info->base == NPU_ALU_FMAX);
      return true;
   case NPU_ALU_FFLOOR:
      *dst = ref_to_integral(s[0], f, NPU_ROUND_RTN);
      return true;
   case NPU_ALU_FCEIL:
      *dst = ref_to_integral(s[0], f, NPU_ROUND_RTP);
      return true;
   case NPU_ALU_FTRUNC:
      *dst = ref_to_integral(s[0], f, NPU_ROUND_RTZ);
      return true;
   case NPU_ALU_FRNE:
      *dst = ref_to_integral(s[0], f, NPU_ROUND_RTE);
      return true;
   case NPU_ALU_FFRACT:
      *dst = ref_add(s[0], ref_to_integral(s[0], f, NPU_ROUND_RTN) ^ sign, f);
      return true;
   case NPU_ALU_FMOV:
      *dst = class_of(s[0], f) == NOT_A_NUMBER ? nan_bits(f) : s[0];
      return true;
   case NPU_ALU_FSAT:
      *dst = class_of(s[0], f) == NOT_A_NUMBER || (s[0] & sign) ? 0
             : s[0] > one[info->type]                           ? one[info->type]
                                                                : s[0];
      return true;
   case NPU_ALU_LDEXP:
      *dst = ref_ldexp(s[0], (int32_t)s[1], f);
      return true;
   case NPU_ALU_FREXP_M:
   case NPU_ALU_FREXP_E:
      *dst = ref_frexp(s[0], f, info->base == NPU_ALU_FREXP_E);
      return true;
   case NPU_ALU_FCMP_EQ:
   case NPU_ALU_FCMP_NE:
   case NPU_ALU_FCMP_LT:
   case NPU_ALU_FCMP_LE:
      *dst = ref_compare(info->base, s[0], s[1], f);
      return true;
   default:
      return false;
   }
}
