/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Every pure operation against the independent model of sem_ref.h: all combinations of edge values,
 * then random ones, with all modifiers, rounding modes and saturation. One case for each operation;
 * an operation the model does not know fails (the transcendentals have their own test,
 * sem_math_test.c). Operand bits above the width are garbage.
 */

#include <inttypes.h>

#include "npu_isa/npu_sem.h"
#include "sem_ref.h"
#include "tap.h"

#define RANDOM_INPUTS 20000
#define MAX_EDGES     64

static uint64_t seed = UINT64_C(0x0123456789abcdef);

static uint64_t
cut(uint64_t value, unsigned bits)
{
   return bits >= 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

bool
sem_ref(enum npu_op op, const struct npu_inst *mods, const uint64_t src[3], uint64_t *dst)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   uint64_t clean[3] = {0};

   for (unsigned i = 0; i < info->num_srcs; i++) {
      const unsigned bits = info->src[i].kind == NPU_KIND_MASK ? 32 : info->src[i].bits;

      clean[i] = cut(src[i], bits);
      if (info->float_mods >> i & 1) {
         if (mods->abs >> i & 1)
            clean[i] = cut(clean[i], bits - 1);
         if (mods->neg >> i & 1)
            clean[i] ^= UINT64_C(1) << (bits - 1);
      }
   }
   return sem_ref_int(info, mods, clean, dst) || sem_ref_float(info, mods, clean, dst);
}

/* ------------------------------------------------------------------------------------- inputs */

/* Numbers at which something changes: around 0, powers of two, the ends of the range. */
static unsigned
integer_edges(unsigned bits, uint64_t *edges)
{
   unsigned n = 0;
   const unsigned powers[] = {3, 7, 8, 15, 16, 24, 31, 32, 52, 53, 63};

   for (int i = -3; i <= 3; i++)
      edges[n++] = (uint64_t)(int64_t)i;
   for (unsigned i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
      if (powers[i] >= bits)
         break;
      for (int d = -1; d <= 1; d++)
         edges[n++] = (UINT64_C(1) << powers[i]) + (uint64_t)(int64_t)d;
   }
   edges[n++] = UINT64_C(0x5555555555555555);
   edges[n++] = UINT64_C(0xfedcba9876543210);
   return n;
}

/* Zeros, denormals, powers of two and their neighbours, halves, integers at the limits of integer
 * types, infinities, NaNs. */
static unsigned
float_edges(enum npu_type type, uint64_t *edges)
{
   const unsigned bits = npu_type_infos[type].bits;
   const unsigned fraction = type == NPU_TYPE_F16    ? 10
                             : type == NPU_TYPE_BF16 ? 7
                             : type == NPU_TYPE_F32  ? 23
                                                     : 52;
   const uint64_t bias = (UINT64_C(1) << (bits - fraction - 2)) - 1;
   const uint64_t one = bias << fraction, infinity = (2 * bias + 1) << fraction,
                  sign = UINT64_C(1) << (bits - 1);
   const uint64_t magnitudes[] = {
      0,
      1,
      (UINT64_C(1) << fraction) - 1,   /* largest denormal */
      UINT64_C(1) << fraction,         /* smallest normal */
      one - (UINT64_C(1) << fraction), /* 0.5 */
      one - 1,
      one,
      one + 1,
      one + (UINT64_C(1) << (fraction - 1)), /* 1.5 */
      one + (UINT64_C(1) << fraction),       /* 2 */
      one + (UINT64_C(5) << (fraction - 2)), /* 2.5 */
      one + ((uint64_t)7 << fraction),       /* 128 */
      one + ((uint64_t)8 << fraction) - 1,
      one + ((uint64_t)(fraction < 15 ? 14 : 31) << fraction),
      one + ((uint64_t)(fraction < 15 ? 15 : 32) << fraction) - 1,
      one + ((uint64_t)(fraction < 15 ? 9 : 63) << fraction),
      one + ((uint64_t)(fraction < 15 ? 10 : 64) << fraction) - 1,
      infinity - 1,
      infinity,
      infinity + 1, /* signalling NaN */
      infinity | UINT64_C(1) << (fraction - 1),
   };
   unsigned n = 0;

   for (unsigned i = 0; i < sizeof(magnitudes) / sizeof(magnitudes[0]); i++) {
      edges[n++] = magnitudes[i];
      edges[n++] = magnitudes[i] | sign;
   }
   return n;
}

static unsigned
edges_of(const struct npu_operand_info *o, uint64_t *edges)
{
   if (o->kind == NPU_KIND_FLOAT)
      return float_edges((enum npu_type)o->type, edges);
   return integer_edges(o->kind == NPU_KIND_MASK ? 32 : o->bits, edges);
}

/* Random bits; for floats often with an exponent near that of 1 or of the previous source, so that
 * they interact. */
static uint64_t
random_value(const struct npu_operand_info *o, uint64_t previous)
{
   const uint64_t r = tap_random(&seed);
   const unsigned shape = (unsigned)(tap_random(&seed) >> 40) % 6;

   if (o->kind != NPU_KIND_FLOAT)
      return shape == 0   ? r >> (r & 63)
             : shape == 1 ? previous
             : shape == 2 ? (uint64_t)((int64_t)r >> (r & 63))
                          : r;

   uint64_t edges[MAX_EDGES];
   const unsigned n = float_edges((enum npu_type)o->type, edges);
   const unsigned fraction = o->type == NPU_TYPE_F16    ? 10
                             : o->type == NPU_TYPE_BF16 ? 7
                             : o->type == NPU_TYPE_F32  ? 23
                                                        : 52;
   const uint64_t fraction_mask = (UINT64_C(1) << fraction) - 1;
   switch (shape) {
   case 0:
      return edges[r % n];
   case 1: /* the exponent of an edge */
      return (edges[(r >> 58) % n] & ~fraction_mask) | (r & fraction_mask);
   case 2: /* close to the previous source */
      return previous ^ (r & 3) ^ (r & UINT64_C(1) << (o->bits - 1));
   case 3: { /* exponent at most 64 away from the previous source's */
      const int64_t step = (int64_t)(r >> 56) % 64 - 32;
      return (previous + ((uint64_t)step << fraction)) ^ (r & fraction_mask);
   }
   default:
      return r;
   }
}

/* ------------------------------------------------------------------------------------- checking */

static void
check(struct tap *tap, enum npu_op op, const struct npu_inst *mods, const uint64_t src[3])
{
   const struct npu_op_info *info = &npu_op_infos[op];
   uint64_t dirty[3], expected = 0, got = ~UINT64_C(0);

   for (unsigned i = 0; i < 3; i++) {
      const unsigned bits = info->src[i].kind == NPU_KIND_MASK ? 32 : info->src[i].bits;
      /* The condition of sel is one value, 0 or not, and has no garbage. */
      const bool garbage = bits < 64 && info->base != NPU_ALU_SEL;
      dirty[i] = garbage ? cut(src[i], bits) | tap_random(&seed) << bits : cut(src[i], bits);
   }
   if (!npu_sem_eval(op, mods, dirty, &got)) {
      tap_problem(tap, "npu_sem_eval() does not know it");
   } else if (!sem_ref(op, mods, dirty, &expected)) {
      tap_problem(tap, "the model does not know it");
   } else if (got != expected) {
      tap_problem(tap,
                  "%016" PRIx64 " %016" PRIx64 " %016" PRIx64
                  " neg %x abs %x round %u sat %d: %016" PRIx64 ", the model says %016" PRIx64,
                  dirty[0], dirty[1], dirty[2], mods->neg, mods->abs, mods->round, mods->sat, got,
                  expected);
   }
}

/* With every rounding mode and saturation the operation has. */
static void
check_modes(struct tap *tap, enum npu_op op, struct npu_inst mods, const uint64_t src[3])
{
   const struct npu_op_info *info = &npu_op_infos[op];

   for (unsigned round = 0; round < (info->has_round ? 4 : 1); round++) {
      for (unsigned sat = 0; sat < (info->has_sat ? 2 : 1); sat++) {
         mods.round = (uint8_t)round;
         mods.sat = sat;
         check(tap, op, &mods, src);
      }
   }
}

static void
test_edges(struct tap *tap, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   uint64_t edges[3][MAX_EDGES] = {{0}};
   unsigned n[3] = {1, 1, 1};
   const struct npu_inst mods = {.op = op};

   for (unsigned i = 0; i < info->num_srcs; i++)
      n[i] = edges_of(&info->src[i], edges[i]);
   /* All triples would be many: of three sources the third takes every third value. */
   for (unsigned a = 0; a < n[0]; a++) {
      for (unsigned b = 0; b < n[1]; b++) {
         for (unsigned c = info->num_srcs == 3 ? (a + b) % 7 : 0; c < n[2];
              c += info->num_srcs == 3 ? 7 : 1)
         {
            const uint64_t src[3] = {edges[0][a], edges[1][b], edges[2][c]};
            check_modes(tap, op, mods, src);
         }
      }
   }
}

static void
test_random(struct tap *tap, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];

   for (unsigned n = 0; n < RANDOM_INPUTS; n++) {
      uint64_t src[3] = {0}, previous = tap_random(&seed);
      struct npu_inst mods = {.op = op};

      for (unsigned i = 0; i < info->num_srcs; i++)
         previous = src[i] = random_value(&info->src[i], previous);
      mods.neg = (uint8_t)(tap_random(&seed) >> 20) & info->float_mods;
      mods.abs = (uint8_t)(tap_random(&seed) >> 20) & info->float_mods;
      check_modes(tap, op, mods, src);
   }
}

/* Every value of a source of 8 or 16 bits, every pair of 8-bit ones. */
static void
test_all(struct tap *tap, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   const struct npu_inst mods = {.op = op};

   if (info->num_srcs == 1 && info->src[0].bits <= 16) {
      for (unsigned a = 0; a < 1u << info->src[0].bits; a++)
         check_modes(tap, op, mods, (const uint64_t[3]){a});
   } else if (info->num_srcs == 2 && info->src[0].bits == 8 && info->src[1].bits == 8) {
      for (unsigned a = 0; a < 65536; a++)
         check_modes(tap, op, mods, (const uint64_t[3]){a & 0xff, a >> 8});
   }
}

static bool
is_transcendental(const struct npu_op_info *info)
{
   return info->base == NPU_ALU_FEXP2 || info->base == NPU_ALU_FLOG2 ||
          info->base == NPU_ALU_FSIN || info->base == NPU_ALU_FCOS;
}

/* What is not pure is refused and writes nothing. */
static void
test_refused(struct tap *tap)
{
   const uint64_t src[3] = {1, 2, 3};

   for (unsigned op = 0; op < NPU_NUM_OPS + 1; op++) {
      uint64_t dst = 42;
      const bool pure = npu_op_valid(op) && npu_op_infos[op].pure;
      const bool evaluated = npu_sem_eval((enum npu_op)op, NULL, src, &dst);

      if (evaluated != pure || (!pure && dst != 42))
         tap_problem(tap, "operation %u: evaluated %d, pure %d", op, evaluated, pure);
   }
   tap_case(tap, "only pure operations are evaluated");
}

int
main(void)
{
   struct tap tap = {0};

   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      const struct npu_op_info *info = &npu_op_infos[op];

      if (info->name == NULL || !info->pure || is_transcendental(info))
         continue;
      test_edges(&tap, (enum npu_op)op);
      test_random(&tap, (enum npu_op)op);
      test_all(&tap, (enum npu_op)op);
      tap_case(&tap, "semantics of %s", info->name);
   }
   test_refused(&tap);
   return tap_done(&tap);
}
