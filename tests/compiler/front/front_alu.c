/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Every arithmetic operation of NIR that is not some other driver's own, at every width, with
 * random and edge inputs: compiled, run on the model, and compared with NIR's constant folding, bit
 * for bit except where tolerance() says why. Each is run on values that differ between lanes
 * (vector form) and on uniform ones (scalar form). TAP, one case per operation.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/nir/nir_builder.h"
#include "compiler/nir/nir_constant_expressions.h"
#include "util/half_float.h"
#include "util/ralloc.h"

#include "front_run.h"
#include "npu_cl.h"
#include "npu_compile.h"

#define LANES    32
#define MAX_SRCS 4

/* Sources as they lie in memory: [source][component][lane], 8 bytes each. */
static uint64_t input[MAX_SRCS][16][LANES];
static uint64_t output[16][LANES];

/* ---- what is tested ---- */

static bool
has_suffix(const char *name, const char *suffix)
{
   size_t length = strlen(name), n = strlen(suffix);

   return length >= n && !strcmp(name + length - n, suffix);
}

/* Operations no OpenCL kernel contains: other drivers' own, the forms of booleans NIR's boolean
 * lowering makes, and what only graphics or the precision lowering of shading languages makes. */
static bool
is_foreign(nir_op op)
{
   static const char *const suffixes[] = {"_amd",    "_agx",        "_ir3",  "_mdg",  "_nv",
                                          "_pan",    "_dxil",       "_v3d",  "_vc4",  "_mix16",
                                          "mp",      "_replicated", "ffmaz", "fmulz", "equal5",
                                          "nequal5", "fdot5",       "vec5"};
   static const nir_op others[] = {
      nir_op_fdph,
      nir_op_imul24,
      nir_op_umul24,
      nir_op_imad24_ir3,
      nir_op_umad24,
      nir_op_imul24_relaxed,
      nir_op_umul24_relaxed,
      nir_op_imadsh_mix16,
      nir_op_cube_amd,
      nir_op_b8csel,
      nir_op_b16csel,
      nir_op_b32csel,
      nir_op_fcsel,
      nir_op_fcsel_gt,
      nir_op_fcsel_ge,
      nir_op_i32csel_gt,
      nir_op_i32csel_ge,
      nir_op_icsel_eqz,
      nir_op_msad_4x8,
      nir_op_mqsad_4x8,
      nir_op_udiv_aligned_4,
      nir_op_shfr,
      nir_op_iadd3,
      nir_op_umul_low,
      nir_op_bitnz,
      nir_op_bitz,
      nir_op_ufind_msb_rev,
      nir_op_ifind_msb_rev,
      nir_op_bitfield_select,
      nir_op_pack_uint_2x16,
      nir_op_pack_sint_2x16,
      nir_op_pack_uvec2_to_uint,
      nir_op_pack_uvec4_to_uint,
      nir_op_fneo,
      nir_op_fequ,
      nir_op_fltu,
      nir_op_fgeu,
      nir_op_ford,
      nir_op_funord,
      nir_op_fclamp_pos,
      nir_op_fsat_signed,
      nir_op_fsum2,
      nir_op_fsum3,
      nir_op_fsum4,
      nir_op_fquantize2f16,
      nir_op_insert_u8,
      nir_op_insert_u16,
      nir_op_unpack_unorm_2x16,
      nir_op_unpack_snorm_2x16,
   };
   const nir_op_info *info = &nir_op_infos[op];

   for (unsigned i = 0; i < ARRAY_SIZE(suffixes); i++) {
      if (has_suffix(info->name, suffixes[i]))
         return true;
   }
   for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
      if (op == others[i])
         return true;
   }

   /* Booleans of 8, 16 and 32 bits, integers of one bit. */
   nir_alu_type out = info->output_type;
   if (info->is_conversion && nir_alu_type_get_type_size(out) == 1)
      return true;
   if (nir_alu_type_get_base_type(out) == nir_type_bool && nir_alu_type_get_type_size(out) != 1)
      return true;
   for (unsigned i = 0; i < info->num_inputs; i++) {
      nir_alu_type in = info->input_types[i];
      if (nir_alu_type_get_base_type(in) == nir_type_bool && nir_alu_type_get_type_size(in) != 1 &&
          !info->is_conversion)
         return true;
   }
   return false;
}

/* ---- inputs ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t
random64(void)
{
   random_state ^= random_state << 13;
   random_state ^= random_state >> 7;
   random_state ^= random_state << 17;
   return random_state;
}

static uint64_t
mask_of(unsigned bits)
{
   return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static double
as_float(uint64_t value, unsigned bits)
{
   float f;
   double d;

   switch (bits) {
   case 16:
      return _mesa_half_to_float(value);
   case 32:
      memcpy(&f, &value, 4);
      return f;
   default:
      memcpy(&d, &value, 8);
      return d;
   }
}

static uint64_t
from_float(double value, unsigned bits)
{
   uint64_t result = 0;
   float f = value;

   if (bits == 16)
      result = _mesa_float_to_half(f);
   else
      memcpy(&result, bits == 32 ? (void *)&f : (void *)&value, bits / 8);
   return result;
}

static uint64_t
random_float(unsigned bits, unsigned lane)
{
   static const double edges[] = {0.0, -0.0, 1.0, -1.0, 0.5,    1.5,
                                  2.5, -2.5, 3.0, 1e-3, 100.25, -7.75};

   if (lane < ARRAY_SIZE(edges))
      return from_float(edges[(lane + random64()) % ARRAY_SIZE(edges)], bits);
   switch (lane % 4) {
   case 0: /* any bits: infinities, NaN, denormals among them */
      return random64() & mask_of(bits);
   case 1:
      return from_float((int64_t)(random64() % 2000) - 1000, bits);
   default:
      return from_float(((int64_t)random64() / 9.3e18) * 50.0, bits);
   }
}

/* For operations that are not exact: nothing that overflows or has a special meaning. */
static uint64_t
moderate_float(unsigned bits, bool positive)
{
   double value = (int64_t)random64() / 9.3e18 * 12.0;

   return from_float(positive ? fabs(value) / 3 : value, bits);
}

static uint64_t
random_int(unsigned bits, unsigned lane)
{
   static const uint64_t edges[] = {0, 1, 2, 3, UINT64_MAX, UINT64_MAX - 1, 7, 31};

   if (lane < ARRAY_SIZE(edges))
      return edges[(lane + random64()) % ARRAY_SIZE(edges)] & mask_of(bits);
   if (lane == 8 || lane == 9)
      return (UINT64_C(1) << (bits - 1)) - (lane == 9);
   return random64() >> random64() % 64 & mask_of(bits);
}

/* Whether the result is undefined for these inputs, for NIR or for us. */
static bool
is_undefined(nir_op op, unsigned bits, const nir_const_value *src[])
{
   uint64_t y;

   switch (op) {
   case nir_op_idiv:
   case nir_op_udiv:
   case nir_op_irem:
   case nir_op_imod:
   case nir_op_umod:
      y = nir_const_value_as_uint(*src[1], bits);
      return y == 0 || (op != nir_op_udiv && op != nir_op_umod && y == mask_of(bits));
   case nir_op_ubitfield_extract:
   case nir_op_ibitfield_extract:
   case nir_op_bitfield_insert: {
      unsigned first = op == nir_op_bitfield_insert ? 2 : 1;
      return src[first]->u32 > 31 || src[first + 1]->u32 > 32 ||
             src[first]->u32 + src[first + 1]->u32 > 32;
   }
   default:
      break;
   }

   /* NIR folds doubles beyond the range of a half to NaN instead of infinity. */
   if ((op == nir_op_f2f16 || op == nir_op_f2f16_rtne || op == nir_op_f2f16_rtz) && bits == 64 &&
       fabs(src[0]->f64) >= 65504)
      return true;

   /* NIR takes a denormal half for a float, which is normal. */
   if (op == nir_op_fisnormal && bits == 16)
      return true;

   /* Floats out of the integer's range. */
   const nir_op_info *info = &nir_op_infos[op];
   nir_alu_type out = nir_alu_type_get_base_type(info->output_type);
   if (info->is_conversion && nir_alu_type_get_base_type(info->input_types[0]) == nir_type_float &&
       (out == nir_type_int || out == nir_type_uint))
   {
      unsigned size = nir_alu_type_get_type_size(info->output_type);
      double value = trunc(nir_const_value_as_float(*src[0], bits));
      double low = out == nir_type_int ? -ldexp(1, size - 1) : 0;
      double high = ldexp(1, out == nir_type_int ? size - 1 : size);

      return !(value >= low && value < high);
   }
   return false;
}

/* ---- comparison ---- */

/* Units in the last place a result may be off. */
static double
tolerance(nir_op op)
{
   switch (op) {
   case nir_op_fexp2: /* folded with the host's libm, which is not correctly rounded, and ours is */
   case nir_op_flog2: /* specified by its own algorithm */
      return 4;
   case nir_op_fsin:
   case nir_op_fcos:
      return 16;
   case nir_op_fpow: /* exp2(log2(x) * y): the error of the logarithm is multiplied */
      return 4096;
   case nir_op_frsq: /* folded as two roundings */
      return 1;
   case nir_op_flrp: /* another order of operations */
   case nir_op_fmod:
   case nir_op_frem:
      return 16;
   case nir_op_fdot2: /* sums in another order */
   case nir_op_fdot3:
   case nir_op_fdot4:
   case nir_op_fdot5:
   case nir_op_fdot8:
   case nir_op_fdot16:
      return 4;
   default:
      return 0;
   }
}

/* Native functions on doubles are computed in single precision. */
static bool
in_32_bits(nir_op op)
{
   return op == nir_op_fexp2 || op == nir_op_flog2 || op == nir_op_fsin || op == nir_op_fcos ||
          op == nir_op_fpow;
}

static bool
floats_match(nir_op op, uint64_t found, uint64_t wanted, unsigned bits, double scale)
{
   double x = as_float(found, bits), y = as_float(wanted, bits);
   unsigned mantissa = bits == 16 ? 10 : bits == 32 || in_32_bits(op) ? 23 : 52;

   if (found == wanted || (isnan(x) && isnan(y)))
      return true;

   /* NIR's ldexp flushes denormal results. */
   if (op == nir_op_ldexp && y == 0 &&
       fabs(x) < ldexp(1, bits == 16   ? -14
                          : bits == 32 ? -126
                                       : -1022))
      return true;

   double ulps = tolerance(op);
   if (ulps == 0 || isnan(x) || isnan(y))
      return false;

   /* Sines near zero and sums that cancel are measured by the size of what went in. */
   double size = fmax(fmax(fabs(y), scale), ldexp(1, bits == 16 ? -14 : -126));
   return fabs(x - y) <= ldexp(size, -(int)mantissa) * ulps || (isinf(x) && isinf(y) && x == y);
}

static bool
is_pack_half(nir_op op)
{
   return op == nir_op_pack_half_2x16 || op == nir_op_pack_half_2x16_split ||
          op == nir_op_pack_half_2x16_rtz_split;
}

/* Two halves in a word: the payload of a NaN is free. */
static bool
halves_match(uint64_t found, uint64_t wanted)
{
   return floats_match(nir_op_mov, found & 0xffff, wanted & 0xffff, 16, 0) &&
          floats_match(nir_op_mov, found >> 16, wanted >> 16, 16, 0);
}

/* ---- shaders ---- */

/* Bits of the part that an extraction is about, 0 for other operations: its number, source 1, is a
 * constant. */
static unsigned
part_bits(nir_op op)
{
   switch (op) {
   case nir_op_extract_u8:
   case nir_op_extract_i8:
      return 8;
   case nir_op_extract_u16:
   case nir_op_extract_i16:
      return 16;
   default:
      return 0;
   }
}

static nir_def *
address(nir_builder *b, nir_def *base, unsigned slot, bool uniform, unsigned lane)
{
   nir_def *offset;

   if (uniform)
      offset = nir_imm_int64(b, (slot * LANES + lane) * 8);
   else
      offset = nir_iadd_imm(
         b, nir_ishl_imm(b, nir_u2u64(b, nir_channel(b, nir_load_local_invocation_id(b), 0)), 3),
         slot * LANES * 8);
   return nir_iadd(b, base, offset);
}

static nir_def *
load_arg(nir_builder *b, unsigned i)
{
   return nir_load_ubo(b, 1, 64, nir_imm_int(b, 0), nir_imm_int(b, i * 8), .align_mul = 8,
                       .range = ~0u);
}

/* out[...] = op(in[...]); in the uniform version everything is element 0. */
static nir_shader *
build_shader(nir_op op, const unsigned src_bits[], unsigned comps, const unsigned src_comps[],
             bool uniform, unsigned lane)
{
   const nir_op_info *info = &nir_op_infos[op];
   nir_builder b = nir_builder_init_simple_shader(MESA_SHADER_KERNEL, npu_nir_options(), "alu %s",
                                                  info->name);

   b.shader->info.workgroup_size[0] = LANES;
   b.shader->info.workgroup_size[1] = b.shader->info.workgroup_size[2] = 1;
   b.shader->num_uniforms = 16;
   b.exact = true;

   nir_def *in = load_arg(&b, 0), *out = load_arg(&b, 1);
   nir_def *srcs[NIR_MAX_VEC_COMPONENTS];

   for (unsigned i = 0; i < info->num_inputs; i++) {
      nir_def *values[16];

      for (unsigned c = 0; c < src_comps[i]; c++) {
         unsigned bits = src_bits[i] == 1 ? 32 : src_bits[i];

         values[c] = nir_load_global(&b, address(&b, in, i * 16 + c, uniform, lane), 8, 1, bits);
         if (src_bits[i] == 1)
            values[c] = nir_ine_imm(&b, values[c], 0);
      }
      srcs[i] = nir_vec(&b, values, src_comps[i]);
      if (i == 1 && part_bits(op))
         srcs[i] = nir_imm_intN_t(&b, input[1][0][0], src_bits[i]);
   }

   nir_def *result = nir_build_alu_src_arr(&b, op, srcs);
   for (unsigned c = 0; c < comps; c++) {
      nir_def *value = nir_channel(&b, result, c);

      if (value->bit_size == 1)
         value = nir_b2i32(&b, value);
      nir_store_global(&b, address(&b, out, c, false, 0), 8, value, 1);
   }
   return b.shader;
}

/* ---- one operation at one width ---- */

struct shape {
   nir_op op;
   unsigned dst_bits, comps;
   unsigned src_bits[MAX_SRCS], src_comps[MAX_SRCS];
};

/* Expected result of a lane; false if it is undefined. scale: size of the largest source. */
static bool
fold(const struct shape *shape, unsigned lane, nir_const_value *result, double *scale)
{
   const nir_op_info *info = &nir_op_infos[shape->op];
   nir_const_value values[MAX_SRCS][16] = {0}, *srcs[MAX_SRCS];
   unsigned bits = 0;

   *scale = 0;
   for (unsigned i = 0; i < info->num_inputs; i++) {
      for (unsigned c = 0; c < shape->src_comps[i]; c++) {
         uint64_t value = input[i][c][lane];

         values[i][c] = nir_const_value_for_raw_uint(shape->src_bits[i] == 1 ? value != 0 : value,
                                                     shape->src_bits[i]);
         if (nir_alu_type_get_base_type(info->input_types[i]) == nir_type_float) {
            double f = fabs(as_float(value, shape->src_bits[i]));
            if (isfinite(f))
               *scale = fmax(*scale, f);
         }
      }
      srcs[i] = values[i];
      if (nir_alu_type_get_type_size(info->input_types[i]) == 0)
         bits = shape->src_bits[i];
   }
   if (bits == 0)
      bits = shape->dst_bits;
   if (is_undefined(shape->op, bits, (const nir_const_value **)srcs))
      return false;

   /* Folding of sums and products may square the size. */
   *scale *= *scale;
   nir_eval_const_opcode(shape->op, result, shape->comps, bits, srcs, 0);
   return true;
}

static bool
check_lane(const struct shape *shape, unsigned lane, unsigned in_lane, const char *form)
{
   const nir_op_info *info = &nir_op_infos[shape->op];
   nir_const_value wanted[16];
   double scale;

   if (!fold(shape, in_lane, wanted, &scale))
      return true;

   for (unsigned c = 0; c < shape->comps; c++) {
      unsigned bits = shape->dst_bits;
      uint64_t mask = mask_of(bits == 1 ? 32 : bits);
      uint64_t found = output[c][lane] & mask;
      uint64_t right = nir_const_value_as_uint(wanted[c], bits);
      bool is_float = nir_alu_type_get_base_type(info->output_type) == nir_type_float;

      if (found == right || (is_float && floats_match(shape->op, found, right, bits, scale)) ||
          (is_pack_half(shape->op) && halves_match(found, right)))
         continue;

      printf("# %s, %u <- %u bits, %s: %#" PRIx64, info->name, bits, shape->src_bits[0], form,
             found);
      printf(", expected %#" PRIx64 " for", right);
      for (unsigned i = 0; i < info->num_inputs; i++)
         printf(" %#" PRIx64, input[i][c < shape->src_comps[i] ? c : 0][in_lane]);
      printf("\n");
      return false;
   }
   return true;
}

static bool
run_shape(struct front_device *device, const struct shape *shape, bool uniform, unsigned lane)
{
   const struct front_launch launch = {.groups = {1, 1, 1}, .block = {LANES, 1, 1}};
   const struct front_arg args[] = {
      {FRONT_BUFFER, input, sizeof(input)},
      {FRONT_BUFFER, output, sizeof(output)},
   };
   struct npu_cl_arg places[] = {
      {.kind = NPU_CL_ARG_GLOBAL, .offset_B = 0, .size_B = 8},
      {.kind = NPU_CL_ARG_GLOBAL, .offset_B = 8, .size_B = 8},
   };
   struct npu_cl_kernel kernel = {
      .nir = build_shader(shape->op, shape->src_bits, shape->comps, shape->src_comps, uniform,
                          lane),
      .args = places,
      .num_args = 2,
      .num_own_args = 2,
      .args_size_B = 16,
   };
   bool good = front_run_kernel(device, &kernel, nir_op_infos[shape->op].name, &launch, args, 2);

   ralloc_free(kernel.nir);
   for (unsigned l = 0; good && l < LANES; l++)
      good = check_lane(shape, l, uniform ? lane : l, uniform ? "uniform" : "vector");
   return good;
}

static void
fill_inputs(const struct shape *shape)
{
   const nir_op_info *info = &nir_op_infos[shape->op];

   for (unsigned i = 0; i < info->num_inputs; i++) {
      nir_alu_type type = nir_alu_type_get_base_type(info->input_types[i]);

      for (unsigned c = 0; c < shape->src_comps[i]; c++) {
         for (unsigned l = 0; l < LANES; l++) {
            unsigned bits = shape->src_bits[i];

            if (type == nir_type_float && tolerance(shape->op) > 0)
               input[i][c][l] = moderate_float(bits, shape->op == nir_op_fpow);
            else if (type == nir_type_float)
               input[i][c][l] = random_float(bits, l);
            else if (bits == 1)
               input[i][c][l] = random64() & 1;
            else
               input[i][c][l] = random_int(bits, l);
         }
      }
   }
}

static bool
test_shape(struct front_device *device, const struct shape *shape)
{
   unsigned parts = part_bits(shape->op) ? shape->dst_bits / part_bits(shape->op) : 2;
   bool good = true;

   for (unsigned round = 0; good && round < parts; round++) {
      fill_inputs(shape);
      for (unsigned l = 0; l < LANES && part_bits(shape->op); l++)
         input[1][0][l] = round;
      good = run_shape(device, shape, false, 0);
      if (good)
         good = run_shape(device, shape, true, (5 + 11 * round) % LANES);
   }
   return good;
}

/* Widths NIR does not allow, or gives no meaning, though the types of the operation would. */
static bool
is_valid_width(nir_op op, unsigned bits)
{
   switch (op) {
   case nir_op_ufind_msb:
      return bits >= 32;
   case nir_op_pack_snorm_2x16:
   case nir_op_pack_unorm_2x16:
      return bits == 32;
   default:
      return true;
   }
}

/* All widths of an operation. */
static bool
test_op(struct front_device *device, nir_op op)
{
   static const unsigned widths[] = {1, 8, 16, 32, 64};
   const nir_op_info *info = &nir_op_infos[op];
   nir_alu_type variable = nir_type_invalid; /* type of the sources whose width is free */
   bool good = true;

   for (unsigned i = 0; i < info->num_inputs; i++) {
      if (nir_alu_type_get_type_size(info->input_types[i]) == 0)
         variable = info->input_types[i];
   }

   for (unsigned w = 0; w < ARRAY_SIZE(widths); w++) {
      struct shape shape = {.op = op, .comps = MAX2(info->output_size, 1)};
      unsigned bits = widths[w];

      if (variable == nir_type_invalid ? bits != 32
          : variable == nir_type_float ? bits < 16
          : variable == nir_type_bool
             ? bits != 1
             : bits == 1 && op != nir_op_iand && op != nir_op_ior && op != nir_op_ixor &&
                  op != nir_op_inot && op != nir_op_ieq && op != nir_op_ine && op != nir_op_bcsel &&
                  op != nir_op_mov)
         continue;
      if (bits < part_bits(op) || !is_valid_width(op, bits))
         continue;

      for (unsigned i = 0; i < info->num_inputs; i++) {
         unsigned fixed = nir_alu_type_get_type_size(info->input_types[i]);
         shape.src_bits[i] = fixed ? fixed : bits;
         shape.src_comps[i] = MAX2(info->input_sizes[i], 1);
      }
      shape.dst_bits = nir_alu_type_get_type_size(info->output_type);
      if (shape.dst_bits == 0)
         shape.dst_bits = bits;
      good &= test_shape(device, &shape);
   }
   return good;
}

int
main(int argc, char **argv)
{
   const char *only = argc > 1 ? argv[1] : NULL;
   unsigned count = 0, failed = 0;

   setvbuf(stdout, NULL, _IOLBF, 0);
   glsl_type_singleton_init_or_ref();
   struct front_device *device = front_device_create();
   if (!device) {
      printf("Bail out! no model\n");
      return 1;
   }

   for (nir_op op = 0; op < nir_num_opcodes; op++) {
      if (is_foreign(op) || nir_op_infos[op].num_inputs > MAX_SRCS ||
          (only && strcmp(only, nir_op_infos[op].name)))
         continue;

      bool good = test_op(device, op);
      printf("%sok %u - %s\n", good ? "" : "not ", ++count, nir_op_infos[op].name);
      failed += !good;
   }
   printf("1..%u\n", count);

   front_device_destroy(device);
   glsl_type_singleton_decref();
   return failed != 0;
}
