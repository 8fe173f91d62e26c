/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* The model of operations on integers, bits and masks: see sem_ref.h. */

#include "sem_ref.h"

typedef __int128 wide;
typedef unsigned __int128 uwide;

static uint64_t
cut(uwide value, unsigned bits)
{
   return bits >= 64 ? (uint64_t)value : (uint64_t)value & ((UINT64_C(1) << bits) - 1);
}

static wide
sign_extend(uint64_t value, unsigned bits)
{
   const wide sign = (wide)1 << (bits - 1);

   return ((wide)value ^ sign) - sign;
}

static wide
clamp(wide value, wide minimum, wide maximum)
{
   return value < minimum ? minimum : value > maximum ? maximum : value;
}

static wide
clamp_to_bits(wide value, unsigned bits, bool is_signed)
{
   if (is_signed)
      return clamp(value, -((wide)1 << (bits - 1)), ((wide)1 << (bits - 1)) - 1);
   return clamp(value, 0, ((wide)1 << bits) - 1);
}

static uint64_t
bit(uint64_t value, unsigned i)
{
   return value >> i & 1;
}

static uint64_t
rotate_left(uint64_t value, unsigned bits, unsigned count)
{
   for (unsigned n = 0; n < count % bits; n++)
      value = cut((uwide)value << 1 | bit(value, bits - 1), bits);
   return value;
}

static uint64_t
reverse(uint64_t value, unsigned bits)
{
   uint64_t result = 0;

   for (unsigned i = 0; i < bits; i++)
      result |= bit(value, i) << (bits - 1 - i);
   return result;
}

static unsigned
count_ones(uint64_t value)
{
   unsigned n = 0;

   for (unsigned i = 0; i < 64; i++)
      n += (unsigned)bit(value, i);
   return n;
}

static unsigned
leading_zeros(uint64_t value, unsigned bits)
{
   unsigned n = 0;

   while (n < bits && !bit(value, bits - 1 - n))
      n++;
   return n;
}

static unsigned
trailing_zeros(uint64_t value, unsigned bits)
{
   unsigned n = 0;

   while (n < bits && !bit(value, n))
      n++;
   return n;
}

static uint64_t
extract(uint64_t value, unsigned offset, unsigned count, bool is_signed)
{
   uint64_t result = 0;
   unsigned got = 0;

   for (; got < count && offset + got < 32; got++)
      result |= bit(value, offset + got) << got;
   if (is_signed && got > 0 && bit(result, got - 1)) {
      for (unsigned i = got; i < 32; i++)
         result |= UINT64_C(1) << i;
   }
   return result;
}

static uint64_t
permute(uint64_t low, uint64_t high, uint64_t selector)
{
   uint8_t bytes[8];
   uint64_t result = 0;

   for (unsigned i = 0; i < 4; i++) {
      bytes[i] = (uint8_t)(low >> 8 * i);
      bytes[4 + i] = (uint8_t)(high >> 8 * i);
   }
   for (unsigned i = 0; i < 4; i++) {
      const unsigned s = (uint8_t)(selector >> 8 * i);
      result |= (uint64_t)(s >= 128 ? 0 : bytes[s % 8]) << 8 * i;
   }
   return result;
}

/* Sum of products of `bits`-wide parts. */
static wide
dot(uint64_t a, uint64_t b, unsigned bits, bool a_signed, bool b_signed)
{
   wide sum = 0;

   for (unsigned at = 0; at < 32; at += bits) {
      const uint64_t x = cut(a >> at, bits), y = cut(b >> at, bits);
      sum += (a_signed ? sign_extend(x, bits) : (wide)x) *
             (b_signed ? sign_extend(y, bits) : (wide)y);
   }
   return sum;
}

static bool
ref_masks(unsigned base, const uint64_t s[3], uint64_t *dst)
{
   switch (base) {
   case NPU_ALU_MMOV:
   case NPU_ALU_MFROMS:
   case NPU_ALU_MTOS:
      *dst = s[0];
      return true;
   case NPU_ALU_MNOT:
      *dst = UINT32_MAX - s[0];
      return true;
   case NPU_ALU_MAND:
      *dst = s[0] & s[1];
      return true;
   case NPU_ALU_MOR:
      *dst = s[0] | s[1];
      return true;
   case NPU_ALU_MXOR:
      *dst = s[0] ^ s[1];
      return true;
   case NPU_ALU_MANDN:
      *dst = s[0] - (s[0] & s[1]);
      return true;
   case NPU_ALU_MSEL:
      *dst = 0;
      for (unsigned l = 0; l < 32; l++)
         *dst |= (bit(s[0], l) ? bit(s[1], l) : bit(s[2], l)) << l;
      return true;
   case NPU_ALU_MBCAST:
      *dst = s[0] != 0 ? UINT32_MAX : 0;
      return true;
   case NPU_ALU_MANY:
      *dst = s[0] != 0;
      return true;
   case NPU_ALU_MCOUNT:
      *dst = count_ones(s[0]);
      return true;
   default:
      return false;
   }
}

/* Moves, selects, 32-bit fields, dot products. */
static bool
ref_special(const struct npu_op_info *info, const struct npu_inst *mods, const uint64_t s[3],
            wide *r)
{
   wide sum;

   switch (info->base) {
   case NPU_ALU_MOV:
      *r = s[0];
      return true;
   case NPU_ALU_SEL:
      *r = s[0] != 0 ? s[1] : s[2];
      return true;
   case NPU_ALU_PACK:
      *r = (wide)s[1] * 4294967296 + s[0];
      return true;
   case NPU_ALU_LO:
      *r = s[0] % 4294967296;
      return true;
   case NPU_ALU_HI:
      *r = s[0] / 4294967296;
      return true;
   case NPU_ALU_PERM:
      *r = permute(s[0], s[1], s[2]);
      return true;
   case NPU_ALU_UBFE:
   case NPU_ALU_IBFE:
      *r = extract(s[0], s[1] % 32, s[2] % 32, info->base == NPU_ALU_IBFE);
      return true;
   case NPU_ALU_BFM:
      *r = 0;
      for (unsigned i = 0; i < s[0] % 32; i++)
         *r |= (wide)1 << (i + s[1] % 32);
      return true;
   case NPU_ALU_BFI:
      *r = s[0] == 0
              ? s[2]
              : (((wide)s[1] << trailing_zeros(s[0], 32)) & s[0]) | (s[2] & (UINT32_MAX - s[0]));
      return true;
   case NPU_ALU_IMULW:
      *r = sign_extend(s[0], 32) * sign_extend(s[1], 32);
      return true;
   case NPU_ALU_UMULW:
      *r = (wide)s[0] * s[1];
      return true;
   case NPU_ALU_DP4A:
   case NPU_ALU_DP4A_SU:
   case NPU_ALU_DP2A: {
      const bool is_signed = info->type == NPU_TYPE_I32;
      sum = dot(s[0], s[1], info->base == NPU_ALU_DP2A ? 16 : 8, is_signed,
                is_signed && info->base != NPU_ALU_DP4A_SU);
      sum += is_signed ? sign_extend(s[2], 32) : (wide)s[2];
      *r = mods->sat ? clamp_to_bits(sum, 32, is_signed) : sum;
      return true;
   }
   default:
      return false;
   }
}

/* Integer families: u unsigned, i signed values of the sources, n bits. */
static bool
ref_family(unsigned base, const uint64_t u[3], const wide i[3], unsigned n, wide *r)
{
   switch (base) {
   case NPU_ALU_IADD:
      *r = (wide)u[0] + u[1];
      return true;
   case NPU_ALU_ISUB:
      *r = (wide)u[0] - u[1];
      return true;
   case NPU_ALU_IMUL:
      *r = (wide)((uwide)u[0] * u[1]);
      return true;
   case NPU_ALU_IMULH:
      *r = (i[0] * i[1]) >> n;
      return true;
   case NPU_ALU_UMULH:
      *r = (wide)(((uwide)u[0] * u[1]) >> n);
      return true;
   case NPU_ALU_IAND:
      *r = u[0] & u[1];
      return true;
   case NPU_ALU_IOR:
      *r = u[0] | u[1];
      return true;
   case NPU_ALU_IXOR:
      *r = u[0] ^ u[1];
      return true;
   case NPU_ALU_INOT:
      *r = -1 - i[0];
      return true;
   case NPU_ALU_INEG:
      *r = -i[0];
      return true;
   case NPU_ALU_IABS:
      *r = i[0] < 0 ? -i[0] : i[0];
      return true;
   case NPU_ALU_ISHL:
      *r = (wide)((uwide)u[0] << (u[1] % n));
      return true;
   case NPU_ALU_ISHR:
      *r = i[0] >> (u[1] % n);
      return true;
   case NPU_ALU_USHR:
      *r = u[0] >> (u[1] % n);
      return true;
   case NPU_ALU_ROTL:
      *r = rotate_left(u[0], n, (unsigned)u[1]);
      return true;
   case NPU_ALU_IMIN:
      *r = i[0] < i[1] ? i[0] : i[1];
      return true;
   case NPU_ALU_IMAX:
      *r = i[0] < i[1] ? i[1] : i[0];
      return true;
   case NPU_ALU_UMIN:
      *r = u[0] < u[1] ? u[0] : u[1];
      return true;
   case NPU_ALU_UMAX:
      *r = u[0] < u[1] ? u[1] : u[0];
      return true;
   case NPU_ALU_IADD_SAT:
      *r = clamp_to_bits(i[0] + i[1], n, true);
      return true;
   case NPU_ALU_UADD_SAT:
      *r = clamp_to_bits((wide)u[0] + u[1], n, false);
      return true;
   case NPU_ALU_ISUB_SAT:
      *r = clamp_to_bits(i[0] - i[1], n, true);
      return true;
   case NPU_ALU_USUB_SAT:
      *r = clamp_to_bits((wide)u[0] - u[1], n, false);
      return true;
   case NPU_ALU_IHADD:
      *r = (i[0] + i[1]) >> 1;
      return true;
   case NPU_ALU_UHADD:
      *r = ((wide)u[0] + u[1]) >> 1;
      return true;
   case NPU_ALU_IRHADD:
      *r = (i[0] + i[1] + 1) >> 1;
      return true;
   case NPU_ALU_URHADD:
      *r = ((wide)u[0] + u[1] + 1) >> 1;
      return true;
   case NPU_ALU_IDIV:
      *r = i[1] == 0 ? -1 : i[0] / i[1];
      return true;
   case NPU_ALU_UDIV:
      *r = u[1] == 0 ? -1 : (wide)(u[0] / u[1]);
      return true;
   case NPU_ALU_IREM:
      *r = i[1] == 0 ? i[0] : i[0] % i[1];
      return true;
   case NPU_ALU_UREM:
      *r = u[1] == 0 ? u[0] : u[0] % u[1];
      return true;
   case NPU_ALU_POPCNT:
      *r = count_ones(u[0]);
      return true;
   case NPU_ALU_CLZ:
      *r = leading_zeros(u[0], n);
      return true;
   case NPU_ALU_CTZ:
      *r = trailing_zeros(u[0], n);
      return true;
   case NPU_ALU_BREV:
      *r = reverse(u[0], n);
      return true;
   case NPU_ALU_IMAD:
      *r = (wide)((uwide)u[0] * u[1] + u[2]);
      return true;
   case NPU_ALU_IABSDIFF:
      *r = i[0] < i[1] ? i[1] - i[0] : i[0] - i[1];
      return true;
   case NPU_ALU_UABSDIFF:
      *r = u[0] < u[1] ? u[1] - u[0] : u[0] - u[1];
      return true;
   case NPU_ALU_ICMP_EQ:
      *r = i[0] == i[1];
      return true;
   case NPU_ALU_ICMP_NE:
      *r = i[0] != i[1];
      return true;
   case NPU_ALU_ICMP_LT:
      *r = i[0] < i[1];
      return true;
   case NPU_ALU_ICMP_LE:
      *r = i[0] <= i[1];
      return true;
   case NPU_ALU_UCMP_LT:
      *r = u[0] < u[1];
      return true;
   case NPU_ALU_UCMP_LE:
      *r = u[0] <= u[1];
      return true;
   default:
      return false;
   }
}

bool
sem_ref_int(const struct npu_op_info *info, const struct npu_inst *mods, const uint64_t src[3],
            uint64_t *dst)
{
   const unsigned n = npu_type_infos[info->type].bits;
   wide i[3] = {0}, r;

   if (ref_masks(info->base, src, dst))
      return true;
   if (info->base == NPU_ALU_CVT) {
      const struct npu_type_info *to = &npu_type_infos[info->type],
                                 *from = &npu_type_infos[info->src_type];
      if (to->kind == NPU_KIND_FLOAT || from->kind == NPU_KIND_FLOAT)
         return false;
      r = from->kind == NPU_KIND_INT ? sign_extend(src[0], from->bits) : (wide)src[0];
      *dst = cut((uwide)(mods->sat ? clamp_to_bits(r, to->bits, to->kind == NPU_KIND_INT) : r),
                 to->bits);
      return true;
   }
   if (!ref_special(info, mods, src, &r)) {
      if (n == 0 || npu_type_infos[info->type].kind != NPU_KIND_INT)
         return false;
      for (unsigned k = 0; k < 3; k++)
         i[k] = sign_extend(cut(src[k], n), n);
      if (!ref_family(info->base, src, i, n, &r))
         return false;
   }
   *dst = cut((uwide)r, info->compare ? 1 : info->dst.bits);
   return true;
}
