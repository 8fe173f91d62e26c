/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Cross-lane operations and what atomics store, against loops over the independent model of
 * sem_ref.h, for many execution masks. An operation of these kinds that has no test here fails the
 * last case.
 */

#include <inttypes.h>
#include <string.h>

#include "npu_isa/npu_sem.h"
#include "sem_ref.h"
#include "tap.h"

#define ROUNDS 3000

static uint64_t seed = UINT64_C(0xfeedfacecafebeef);
static bool tested[NPU_NUM_OPS];

typedef uint64_t (*reduce_function)(uint32_t exec, const uint64_t a[32]);
typedef void (*scan_function)(uint64_t d[32], uint32_t exec, const uint64_t a[32]);
typedef uint64_t (*rmw_function)(uint64_t old, uint64_t a, uint64_t b);

static uint64_t
cut(uint64_t value, unsigned bits)
{
   return bits >= 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

/* sem_ref() cleans its sources in sem_test.c; here they are clean. */
static uint64_t
model(enum npu_op op, uint64_t a, uint64_t b)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   const struct npu_inst mods = {.op = op};
   const uint64_t src[3] = {a, b};
   uint64_t result = 0;

   if (!sem_ref_int(info, &mods, src, &result))
      sem_ref_float(info, &mods, src, &result);
   return result;
}

static uint32_t
random_exec(unsigned round)
{
   switch (round) {
   case 0:
      return UINT32_MAX;
   case 1:
      return 0;
   case 2:
      return 0x80000000;
   default:
      return (uint32_t)(tap_random(&seed) >> 32) &
             (round % 2 ? UINT32_MAX : (uint32_t)tap_random(&seed));
   }
}

/* Lanes of small numbers, of any bits, or of floats near 1. */
static void
random_lanes(uint64_t a[32], enum npu_type type, unsigned round)
{
   const unsigned bits = npu_type_infos[type].bits;
   const bool is_float = npu_type_infos[type].kind == NPU_KIND_FLOAT;

   for (unsigned l = 0; l < 32; l++) {
      const uint64_t r = tap_random(&seed);
      if (round % 3 == 0)
         a[l] = cut(r, bits);
      else if (!is_float)
         a[l] = cut((uint64_t)((int64_t)(r % 7) - 3), bits);
      else if (type == NPU_TYPE_F16)
         a[l] = npu_f16_bits((float)(int64_t)(r % 4001) / 512.0f - 4.0f);
      else
         a[l] = type == NPU_TYPE_F32 ? npu_f32_bits((float)(int64_t)r * 0x1p-62f)
                                     : npu_f64_bits((double)(int64_t)r * 0x1p-62);
   }
}

struct reduction {
   enum npu_op op, reduce_op, inc_op, exc_op;
   reduce_function reduce;
   scan_function inc, exc;
   uint64_t identity;
};

#define REDUCTION(OP, op, TYPE, type, identity)                                                    \
   {NPU_OP_##OP##_##TYPE,                                                                          \
    NPU_OP_REDUCE_##OP##_##TYPE,                                                                   \
    NPU_OP_SCAN_INC_##OP##_##TYPE,                                                                 \
    NPU_OP_SCAN_EXC_##OP##_##TYPE,                                                                 \
    npu_wave_reduce_##op##_##type,                                                                 \
    npu_wave_scan_inc_##op##_##type,                                                               \
    npu_wave_scan_exc_##op##_##type,                                                               \
    UINT64_C(identity)}

static const struct reduction reductions[] = {
   REDUCTION(IADD, iadd, I32, i32, 0),
   REDUCTION(IADD, iadd, I64, i64, 0),
   REDUCTION(IMUL, imul, I32, i32, 1),
   REDUCTION(IMUL, imul, I64, i64, 1),
   REDUCTION(IMIN, imin, I32, i32, 0x7fffffff),
   REDUCTION(IMIN, imin, I64, i64, 0x7fffffffffffffff),
   REDUCTION(IMAX, imax, I32, i32, 0x80000000),
   REDUCTION(IMAX, imax, I64, i64, 0x8000000000000000),
   REDUCTION(UMIN, umin, I32, i32, 0xffffffff),
   REDUCTION(UMIN, umin, I64, i64, 0xffffffffffffffff),
   REDUCTION(UMAX, umax, I32, i32, 0),
   REDUCTION(UMAX, umax, I64, i64, 0),
   REDUCTION(IAND, iand, I32, i32, 0xffffffff),
   REDUCTION(IAND, iand, I64, i64, 0xffffffffffffffff),
   REDUCTION(IOR, ior, I32, i32, 0),
   REDUCTION(IOR, ior, I64, i64, 0),
   REDUCTION(IXOR, ixor, I32, i32, 0),
   REDUCTION(IXOR, ixor, I64, i64, 0),
   REDUCTION(FADD, fadd, F16, f16, 0x8000),
   REDUCTION(FADD, fadd, F32, f32, 0x80000000),
   REDUCTION(FADD, fadd, F64, f64, 0x8000000000000000),
   REDUCTION(FMUL, fmul, F16, f16, 0x3c00),
   REDUCTION(FMUL, fmul, F32, f32, 0x3f800000),
   REDUCTION(FMUL, fmul, F64, f64, 0x3ff0000000000000),
   REDUCTION(FMIN, fmin, F16, f16, 0x7c00),
   REDUCTION(FMIN, fmin, F32, f32, 0x7f800000),
   REDUCTION(FMIN, fmin, F64, f64, 0x7ff0000000000000),
   REDUCTION(FMAX, fmax, F16, f16, 0xfc00),
   REDUCTION(FMAX, fmax, F32, f32, 0xff800000),
   REDUCTION(FMAX, fmax, F64, f64, 0xfff0000000000000),
};

static void
test_reduction(struct tap *tap, const struct reduction *r)
{
   const enum npu_type type = (enum npu_type)npu_op_infos[r->op].type;

   for (unsigned round = 0; round < ROUNDS; round++) {
      const uint32_t exec = random_exec(round);
      uint64_t a[32], inc[32], exc[32];
      uint64_t expected = r->identity;

      random_lanes(a, type, round);
      r->inc(inc, exec, a);
      r->exc(exc, exec, a);
      for (unsigned l = 0; l < 32; l++) {
         if (!(exec >> l & 1))
            continue;
         if (exc[l] != expected)
            tap_problem(tap,
                        "exclusive, exec %08" PRIx32 ", lane %u: %" PRIx64
                        ", the model says %" PRIx64,
                        exec, l, exc[l], expected);
         expected = model(r->op, expected, a[l]);
         if (inc[l] != expected)
            tap_problem(tap,
                        "inclusive, exec %08" PRIx32 ", lane %u: %" PRIx64
                        ", the model says %" PRIx64,
                        exec, l, inc[l], expected);
      }
      if (r->reduce(exec, a) != expected)
         tap_problem(tap, "reduction, exec %08" PRIx32 ": %" PRIx64 ", the model says %" PRIx64,
                     exec, r->reduce(exec, a), expected);
   }
   tested[r->reduce_op] = tested[r->inc_op] = tested[r->exc_op] = true;
   tap_case(tap, "reduction and scans with %s", npu_op_infos[r->op].name);
}

struct atomic {
   enum npu_op o, a, op; /* op: NONE for exchanges */
   rmw_function rmw;
};

#define ATOMIC(OP, op, TYPE, type)                                                                 \
   {NPU_OP_ATOM_##OP##_O_##TYPE, NPU_OP_ATOM_##OP##_A_##TYPE, NPU_OP_##OP##_##TYPE,                \
    npu_rmw_##op##_##type}
#define EXCHANGE(OP, op, TYPE, type)                                                               \
   {NPU_OP_ATOM_##OP##_O_##TYPE, NPU_OP_ATOM_##OP##_A_##TYPE, NPU_OP_NONE, npu_rmw_##op##_##type}

static const struct atomic atomics[] = {
   ATOMIC(IADD, iadd, I32, i32),         ATOMIC(IADD, iadd, I64, i64),
   ATOMIC(ISUB, isub, I32, i32),         ATOMIC(ISUB, isub, I64, i64),
   ATOMIC(IMIN, imin, I32, i32),         ATOMIC(IMIN, imin, I64, i64),
   ATOMIC(IMAX, imax, I32, i32),         ATOMIC(IMAX, imax, I64, i64),
   ATOMIC(UMIN, umin, I32, i32),         ATOMIC(UMIN, umin, I64, i64),
   ATOMIC(UMAX, umax, I32, i32),         ATOMIC(UMAX, umax, I64, i64),
   ATOMIC(IAND, iand, I32, i32),         ATOMIC(IAND, iand, I64, i64),
   ATOMIC(IOR, ior, I32, i32),           ATOMIC(IOR, ior, I64, i64),
   ATOMIC(IXOR, ixor, I32, i32),         ATOMIC(IXOR, ixor, I64, i64),
   ATOMIC(FADD, fadd, F32, f32),         ATOMIC(FADD, fadd, F64, f64),
   ATOMIC(FMIN, fmin, F32, f32),         ATOMIC(FMIN, fmin, F64, f64),
   ATOMIC(FMAX, fmax, F32, f32),         ATOMIC(FMAX, fmax, F64, f64),
   EXCHANGE(XCHG, xchg, I32, i32),       EXCHANGE(XCHG, xchg, I64, i64),
   EXCHANGE(CMPXCHG, cmpxchg, I32, i32), EXCHANGE(CMPXCHG, cmpxchg, I64, i64),
};

static void
test_atomic(struct tap *tap, const struct atomic *t)
{
   const struct npu_op_info *info = &npu_op_infos[t->o];
   const unsigned bits = npu_type_infos[info->type].bits;

   for (unsigned round = 0; round < ROUNDS; round++) {
      uint64_t lanes[32], expected;

      random_lanes(lanes, (enum npu_type)info->type, round);
      const uint64_t old = lanes[0], a = lanes[round % 2 ? 1 : 0], b = lanes[2];
      if (t->op != NPU_OP_NONE)
         expected = model(t->op, old, a);
      else
         expected = info->base == NPU_ALU_ATOM_XCHG_O ? a : old == a ? b : old;
      /* Bits above the width are ignored. */
      const uint64_t garbage = bits < 64 ? tap_random(&seed) << bits : 0;
      const uint64_t got = t->rmw(old | garbage, a | garbage, b | garbage);
      if (got != expected)
         tap_problem(tap,
                     "%" PRIx64 " %" PRIx64 " %" PRIx64 ": %" PRIx64 ", the model says %" PRIx64,
                     old, a, b, got, expected);
   }
   if (npu_op_infos[t->a].type != info->type)
      tap_problem(tap, "the two address forms differ in type");
   tested[t->o] = tested[t->a] = true;
   tap_case(tap, "new value of %s and %s", info->name, npu_op_infos[t->a].name);
}

static void
test_lanes(struct tap *tap)
{
   for (unsigned round = 0; round < ROUNDS; round++) {
      const uint32_t exec = random_exec(round);
      uint64_t a[32], index[32], d[32], d64[32];
      unsigned first = 0;

      random_lanes(a, NPU_TYPE_I64, 0);
      random_lanes(index, NPU_TYPE_I32, 0);
      npu_wave_shuffle_b32(d, exec, a, index);
      npu_wave_shuffle_b64(d64, exec, a, index);
      for (unsigned l = 0; l < 32; l++) {
         if ((uint32_t)d[l] != (uint32_t)a[index[l] % 32] || d64[l] != a[index[l] % 32])
            tap_problem(tap, "shuffle: lane %u does not have the value of lane %u", l,
                        (unsigned)index[l] % 32);
         if (npu_wave_readlane_b64(exec, a, l + 32) != a[l] ||
             (uint32_t)npu_wave_readlane_b32(exec, a, l) != (uint32_t)a[l])
            tap_problem(tap, "readlane %u", l);
      }
      while (first < 32 && !(exec >> first & 1))
         first++;
      if (npu_wave_readfirst_b64(exec, a) != a[first % 32] ||
          (uint32_t)npu_wave_readfirst_b32(exec, a) != (uint32_t)a[first % 32])
         tap_problem(tap, "readfirst with exec %08" PRIx32, exec);
      if (npu_wave_elect(exec) != (first < 32 ? UINT64_C(1) << first : 0))
         tap_problem(tap, "elect with exec %08" PRIx32, exec);
   }
   const enum npu_op ops[] = {NPU_OP_SHUFFLE_B32,  NPU_OP_SHUFFLE_B64,   NPU_OP_READLANE_B32,
                              NPU_OP_READLANE_B64, NPU_OP_READFIRST_B32, NPU_OP_READFIRST_B64,
                              NPU_OP_ELECT};
   for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
      tested[ops[i]] = true;
   tap_case(tap, "shuffle, readlane, readfirst, elect");
}

int
main(void)
{
   struct tap tap = {0};

   for (unsigned i = 0; i < sizeof(reductions) / sizeof(reductions[0]); i++)
      test_reduction(&tap, &reductions[i]);
   for (unsigned i = 0; i < sizeof(atomics) / sizeof(atomics[0]); i++)
      test_atomic(&tap, &atomics[i]);
   test_lanes(&tap);
   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      const struct npu_op_info *info = &npu_op_infos[op];
      if (info->name != NULL && ((info->cross_lane && !info->side_effects) || info->is_atomic) &&
          !tested[op])
         tap_problem(&tap, "%s has no test", info->name);
   }
   tap_case(&tap, "every cross-lane operation and atomic has a test");
   return tap_done(&tap);
}
