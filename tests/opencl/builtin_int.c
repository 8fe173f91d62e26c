// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The integer built-in functions of OpenCL C (specification 6.15.3) and of cl_khr_extended_bit_ops
 * against 128-bit host arithmetic: one case per function and type. Each kernel calls the function for scalars, for 4-vectors and for
 * one more width that depends on the type, so that every width meets every function. */

#include "cl_values.h"

#include <string.h>

typedef __int128 i128;

#define N 1008 /* elements: a multiple of 3 and 16 */

enum function {
   FN_ABS,
   FN_ABS_DIFF,
   FN_ADD_SAT,
   FN_SUB_SAT,
   FN_HADD,
   FN_RHADD,
   FN_CLAMP,
   FN_CLZ,
   FN_CTZ,
   FN_MAD_HI,
   FN_MAD_SAT,
   FN_MAX,
   FN_MIN,
   FN_MUL_HI,
   FN_ROTATE,
   FN_POPCOUNT,
   FN_BITSELECT,
   FN_UPSAMPLE,
   FN_MUL24,
   FN_MAD24,
   FN_MAX_SCALAR,
   FN_CLAMP_SCALAR,
   FN_BIT_REVERSE,
   FN_BITFIELD_INSERT,
   FN_BITFIELD_EXTRACT_SIGNED,
   FN_BITFIELD_EXTRACT_UNSIGNED,
   NUM_FUNCTIONS,
};

/* How the result type follows from the argument type. */
enum result {
   SAME,
   SIGNED,
   UNSIGNED,
   WIDER,
};

/* Expressions in x, y, z of the type, lo <= hi for clamp, u = y as unsigned type, and a bit field of `count` bits
 * from `offset` on, which follow from the first component of z. */
static const struct {
   const char *name, *expression;
   enum result result;
   bool int_only;     /* int and uint only */
   bool vectors_only; /* the form that mixes vector and scalar arguments */
   bool bit_field;
   bool extended; /* of cl_khr_extended_bit_ops */
} functions[NUM_FUNCTIONS] = {
   [FN_ABS] = {"abs", "abs(x)", UNSIGNED},
   [FN_ABS_DIFF] = {"abs_diff", "abs_diff(x, y)", UNSIGNED},
   [FN_ADD_SAT] = {"add_sat", "add_sat(x, y)"},
   [FN_SUB_SAT] = {"sub_sat", "sub_sat(x, y)"},
   [FN_HADD] = {"hadd", "hadd(x, y)"},
   [FN_RHADD] = {"rhadd", "rhadd(x, y)"},
   [FN_CLAMP] = {"clamp", "clamp(x, min(y, z), max(y, z))"},
   [FN_CLZ] = {"clz", "clz(x)"},
   [FN_CTZ] = {"ctz", "ctz(x)"},
   [FN_MAD_HI] = {"mad_hi", "mad_hi(x, y, z)"},
   [FN_MAD_SAT] = {"mad_sat", "mad_sat(x, y, z)"},
   [FN_MAX] = {"max", "max(x, y)"},
   [FN_MIN] = {"min", "min(x, y)"},
   [FN_MUL_HI] = {"mul_hi", "mul_hi(x, y)"},
   [FN_ROTATE] = {"rotate", "rotate(x, y)"},
   [FN_POPCOUNT] = {"popcount", "popcount(x)"},
   [FN_BITSELECT] = {"bitselect", "bitselect(x, y, z)"},
   [FN_UPSAMPLE] = {"upsample", "upsample(x, u)", WIDER},
   [FN_MUL24] = {"mul24", "mul24(x24, y24)", .int_only = true},
   [FN_MAD24] = {"mad24", "mad24(x24, y24, z)", .int_only = true},
   [FN_MAX_SCALAR] = {"max_by_scalar", "max(x, y0)", .vectors_only = true},
   [FN_CLAMP_SCALAR] = {"clamp_by_scalar", "clamp(x, min(y0, z0), max(y0, z0))",
                        .vectors_only = true},
   [FN_BIT_REVERSE] = {"bit_reverse", "bit_reverse(x)", .extended = true},
   [FN_BITFIELD_INSERT] = {"bitfield_insert", "bitfield_insert(x, y, offset, count)",
                           .bit_field = true, .extended = true},
   [FN_BITFIELD_EXTRACT_SIGNED] = {"bitfield_extract_signed",
                                   "bitfield_extract_signed(x, offset, count)", SIGNED,
                                   .bit_field = true, .extended = true},
   [FN_BITFIELD_EXTRACT_UNSIGNED] = {"bitfield_extract_unsigned",
                                     "bitfield_extract_unsigned(x, offset, count)", UNSIGNED,
                                     .bit_field = true, .extended = true},
};

static bool
applies(enum function fn, const struct clt_type *type)
{
   if (functions[fn].int_only)
      return type->size_B == 4;
   if (functions[fn].result == WIDER)
      return type->size_B < 8;
   return true;
}

static const struct clt_type *
result_type(enum function fn, const struct clt_type *type)
{
   enum clt_scalar t = type - clt_types;

   switch (functions[fn].result) {
   case SAME:
      break;
   case SIGNED:
      return &clt_types[t & ~1u];
   case UNSIGNED:
      return &clt_types[t | 1];
   case WIDER:
      return &clt_types[t + 2];
   }
   return type;
}

static i128
saturate(const struct clt_type *type, i128 v)
{
   i128 lo = type->is_signed ? (i128)(int64_t)clt_min(type) : 0;
   i128 hi = type->is_signed ? (i128)(int64_t)clt_max(type) : (i128)clt_max(type);

   return v < lo ? lo : v > hi ? hi : v;
}

/* Sign-extends the low 24 bits for int, keeps them for uint. */
static int64_t
low24(const struct clt_type *type, uint64_t v)
{
   return type->is_signed ? (int64_t)(v << 40) >> 40 : (int64_t)(v & 0xffffff);
}

static uint64_t
reverse(uint64_t v, unsigned bits)
{
   uint64_t r = 0;

   for (unsigned b = 0; b < bits; b++)
      r |= (v >> b & 1) << (bits - 1 - b);
   return r;
}

static uint64_t
expected(enum function fn, const struct clt_type *type, uint64_t ux, uint64_t uy, uint64_t uz)
{
   const unsigned bits = 8 * type->size_B;
   const uint64_t mask = ~0ull >> (64 - bits);
   bool s = type->is_signed;
   i128 x = s ? (i128)(int64_t)ux : (i128)ux;
   i128 y = s ? (i128)(int64_t)uy : (i128)uy;
   i128 z = s ? (i128)(int64_t)uz : (i128)uz;
   i128 lo = y < z ? y : z, hi = y < z ? z : y;
   const uint32_t word = uz & mask, offset = word % bits, count = word / bits % (bits + 1 - offset);
   const uint64_t ones = count ? ~0ull >> (64 - count) : 0;
   i128 r = 0;

   switch (fn) {
   case FN_ABS:
      r = x < 0 ? -x : x;
      break;
   case FN_ABS_DIFF:
      r = x < y ? y - x : x - y;
      break;
   case FN_ADD_SAT:
      r = saturate(type, x + y);
      break;
   case FN_SUB_SAT:
      r = saturate(type, x - y);
      break;
   case FN_HADD:
      r = (x + y) >> 1;
      break;
   case FN_RHADD:
      r = (x + y + 1) >> 1;
      break;
   case FN_CLAMP:
   case FN_CLAMP_SCALAR:
      r = x < lo ? lo : x > hi ? hi : x;
      break;
   case FN_CLZ:
      r = (ux & mask) ? __builtin_clzll(ux & mask) - (64 - (int)bits) : (int)bits;
      break;
   case FN_CTZ:
      r = (ux & mask) ? __builtin_ctzll(ux & mask) : (int)bits;
      break;
   case FN_MAD_HI:
      r = ((s ? x * y : (i128)((unsigned __int128)x * y)) >> bits) + z;
      break;
   case FN_MAD_SAT:
      if (!s && bits == 64) { /* the product can exceed the signed 128-bit range */
         unsigned __int128 p = (unsigned __int128)ux * uy;
         r = p > UINT64_MAX - uz ? (i128)UINT64_MAX : (i128)(p + uz);
      } else {
         r = saturate(type, x * y + z);
      }
      break;
   case FN_MAX:
   case FN_MAX_SCALAR:
      r = x < y ? y : x;
      break;
   case FN_MIN:
      r = x < y ? x : y;
      break;
   case FN_MUL_HI:
      r = s ? (x * y) >> bits : (i128)(((unsigned __int128)ux * uy) >> bits);
      break;
   case FN_ROTATE: {
      unsigned n = uy & (bits - 1);
      uint64_t v = ux & mask;
      r = n ? v << n | v >> (bits - n) : v;
      break;
   }
   case FN_POPCOUNT:
      r = __builtin_popcountll(ux & mask);
      break;
   case FN_BITSELECT:
      r = (ux & ~uz) | (uy & uz);
      break;
   case FN_UPSAMPLE:
      r = x * ((i128)1 << bits) + (uy & mask);
      break;
   case FN_MUL24:
      r = low24(type, ux) * low24(type, uy);
      break;
   case FN_MAD24:
      r = low24(type, ux) * low24(type, uy) + z;
      break;
   case FN_BIT_REVERSE:
      r = reverse(ux, bits);
      break;
   case FN_BITFIELD_INSERT:
      r = (ux & ~(ones << offset)) | (uy & ones) << offset;
      break;
   case FN_BITFIELD_EXTRACT_SIGNED:
      r = (i128)(ux >> offset & ones);
      if (count && ux >> (offset + count - 1) & 1)
         r -= (i128)ones + 1;
      break;
   case FN_BITFIELD_EXTRACT_UNSIGNED:
      r = ux >> offset & ones;
      break;
   case NUM_FUNCTIONS:
      break;
   }
   return clt_wrap(result_type(fn, type), (uint64_t)r);
}

struct params {
   enum function fn;
   const struct clt_type *type;
   unsigned widths[3];
};

static const char *
make_source(const struct clt_type *type, const unsigned *widths)
{
   struct clt_text t = {0};
   const char *name = type->name;
   const unsigned bits = 8 * type->size_B;

   for (unsigned fn = 0; fn < NUM_FUNCTIONS; fn++) {
      if (!applies(fn, type))
         continue;
      const char *result = result_type(fn, type)->name;
      if (functions[fn].extended)
         clt_append(&t, "#ifdef cl_khr_extended_bit_ops\n");
      clt_append(&t,
                 "kernel void test_%s(uint n, global const %s *a, global const %s *b,\n"
                 "                    global const %s *c, global %s *out)\n"
                 "{\n"
                 "   size_t i = get_global_id(0);\n",
                 functions[fn].name, name, name, name, result);
      for (unsigned w = functions[fn].vectors_only; w < 3; w++) {
         const char *vec = clt_vec(name, widths[w]),
                    *uvec = clt_vec(type->unsigned_name, widths[w]);

         clt_append(&t, "   if (i < n / %u) {\n      %s x = %s, y = %s, z = %s;\n", widths[w], vec,
                    clt_load("a", name, widths[w]), clt_load("b", name, widths[w]),
                    clt_load("c", name, widths[w]));
         if (functions[fn].vectors_only)
            clt_append(&t, "      %s y0 = b[i * %u], z0 = c[i * %u];\n", name, widths[w],
                       widths[w]);
         if (fn == FN_UPSAMPLE)
            clt_append(&t, "      %s u = as_%s(y);\n", uvec, uvec);
         if (functions[fn].bit_field)
            clt_append(&t,
                       "      uint word = (%s)c[i * %u], offset = word %% %uu, count = word / %uu "
                       "%% (%uu - offset);\n",
                       type->unsigned_name, widths[w], bits, bits, bits + 1);
         if (functions[fn].int_only)
            clt_append(&t, "      %s x24 = %s, y24 = %s;\n", vec,
                       type->is_signed ? "(x << 8) >> 8" : "x & 0xffffff",
                       type->is_signed ? "(y << 8) >> 8" : "y & 0xffffff");
         clt_append(&t, "      %s;\n   }\n",
                    clt_store(clt_format("out + %u * n", w), result, widths[w],
                              functions[fn].expression));
      }
      clt_append(&t, "}\n%s", functions[fn].extended ? "#endif\n" : "");
   }
   return t.text;
}

static void
test_function(const void *arg)
{
   const struct params *p = arg;
   const struct clt_type *type = p->type, *result = result_type(p->fn, type);
   size_t bytes = N * type->size_B, out_bytes = 3 * N * result->size_B;
   void *a = clt_alloc(bytes), *b = clt_alloc(bytes), *c = clt_alloc(bytes),
        *out = clt_alloc(out_bytes);
   uint64_t random = clt.seed;

   if (functions[p->fn].extended && !clt_has_extension("cl_khr_extended_bit_ops"))
      clt_skip("the device has no cl_khr_extended_bit_ops");
   clt_fill_integers(type, a, b, N, &random);
   for (size_t i = 0; i < N; i++) {
      static const int shifts[] = {0, 3, 8, 13, 29, 40, 63};
      clt_put(type, c, i, clt_random(&random) >> shifts[i % 7]);
   }

   cl_mem out_mem = clt_buffer(out_bytes, NULL);
   cl_kernel kernel = clt_kernel_of(clt_program(make_source(type, p->widths), "-cl-std=CL3.0"),
                                    clt_format("test_%s", functions[p->fn].name));
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(bytes, a));
   clt_arg_mem(kernel, 2, clt_buffer(bytes, b));
   clt_arg_mem(kernel, 3, clt_buffer(bytes, c));
   clt_arg_mem(kernel, 4, out_mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(out_mem, 0, out_bytes, out);

   for (unsigned w = functions[p->fn].vectors_only; w < 3; w++) {
      unsigned wrong = 0, width = p->widths[w];

      for (size_t i = 0; i < N; i++) {
         size_t first = i / width * width, scalar = functions[p->fn].vectors_only ? first : i;
         uint64_t x = clt_get(type, a, i), y = clt_get(type, b, scalar),
                  z = clt_get(type, c, functions[p->fn].bit_field ? first : scalar);
         uint64_t want = expected(p->fn, type, x, y, z), got = clt_get(result, out, w * N + i);

         if (got != want && !wrong++)
            clt_fail("width %u: x = %s, y = %s, z = %s: got %s, expected %s", width,
                     clt_show(type, x), clt_show(type, y), clt_show(type, z), clt_show(result, got),
                     clt_show(result, want));
      }
      if (wrong > 1)
         clt_fail("width %u: %u of %d results are wrong", width, wrong, N);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "integer built-in functions of all types");
   clt_keep_programs(true);
   for (int t = 0; t < CLT_NUM_INTEGERS; t++) {
      static const unsigned third_width[4] = {2, 3, 8, 16};

      for (unsigned fn = 0; fn < NUM_FUNCTIONS; fn++) {
         const struct params p = {fn, &clt_types[t], {1, 4, third_width[(t / 2 + t) % 4]}};
         if (applies(fn, p.type))
            clt_run(test_function, &p, "%s.%s", functions[fn].name, p.type->name);
      }
   }
   return clt_done();
}
