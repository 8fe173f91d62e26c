// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Integer dot products of four bytes (cl_khr_integer_dot_product): signs in all combinations,
 * vectors and packed words, with an accumulator that saturates; and what the device says about
 * their speed. */

#include "cl_values.h"

#include <limits.h>
#include <string.h>

#define N 4096

/* CL/cl_ext.h names, which older headers lack. */
#define DOT_CAPABILITIES        0x1073
#define DOT_ACCELERATION_8BIT   0x1074
#define DOT_ACCELERATION_PACKED 0x1075

struct dot {
   bool a_signed, b_signed, saturate, packed;
};

static int
byte_of(uint32_t word, int i, bool is_signed)
{
   return is_signed ? (int8_t)(word >> 8 * i) : (int)(word >> 8 * i & 0xff);
}

/* The accumulator is signed if one of the operands is. */
static uint32_t
expected(const struct dot *d, uint32_t a, uint32_t b, uint32_t c)
{
   bool is_signed = d->a_signed || d->b_signed;
   int64_t sum = 0;

   for (int i = 0; i < 4; i++)
      sum += byte_of(a, i, d->a_signed) * byte_of(b, i, d->b_signed);
   if (!d->saturate)
      return sum;
   sum += is_signed ? (int64_t)(int32_t)c : (int64_t)c;
   if (is_signed)
      return sum > INT_MAX ? INT_MAX : sum < INT_MIN ? (uint32_t)INT_MIN : (uint32_t)sum;
   return sum > UINT_MAX ? UINT_MAX : sum;
}

static const char *
make_source(const struct dot *d)
{
   const char *result = d->a_signed || d->b_signed ? "int" : "uint";
   const char *call;

   if (d->packed)
      call = clt_format("%s_4x8packed_%c%c_%s(a[i], b[i]", d->saturate ? "dot_acc_sat" : "dot",
                        d->a_signed ? 's' : 'u', d->b_signed ? 's' : 'u', result);
   else
      call = clt_format("%s(as_%s4(a[i]), as_%s4(b[i])", d->saturate ? "dot_acc_sat" : "dot",
                        d->a_signed ? "char" : "uchar", d->b_signed ? "char" : "uchar");
   return clt_format(
      "kernel void test(global const uint *a, global const uint *b, global const %s *c,\n"
      "                 global %s *out) {\n"
      "   size_t i = get_global_id(0);\n   out[i] = %s%s);\n}\n",
      result, result, call, d->saturate ? ", c[i]" : "");
}

static void
test_dot(const void *arg)
{
   static const uint32_t edges[] = {0,          0x80808080, 0x7f7f7f7f, 0xffffffff, 0x01010101,
                                    0x80000000, 0x7fffffff, 0x000000ff, 0xff80017f};
   const struct dot *d = arg;
   uint32_t *a = clt_alloc(N * 4), *b = clt_alloc(N * 4), *c = clt_alloc(N * 4),
            *out = clt_alloc(N * 4);
   uint64_t random = clt.seed;
   const size_t count = CLT_ARRAY_SIZE(edges);

   if (!clt_has_extension("cl_khr_integer_dot_product"))
      clt_skip("the device has no cl_khr_integer_dot_product");
   for (size_t i = 0; i < N; i++) {
      bool edge = i < count * count * count;

      a[i] = edge ? edges[i % count] : clt_random(&random);
      b[i] = edge ? edges[i / count % count] : clt_random(&random);
      c[i] = edge ? edges[i / count / count] : clt_random(&random);
   }
   cl_kernel kernel = clt_kernel(make_source(d), "-cl-std=CL3.0", "test");
   cl_mem mem = clt_buffer(N * 4, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(N * 4, a));
   clt_arg_mem(kernel, 1, clt_buffer(N * 4, b));
   clt_arg_mem(kernel, 2, clt_buffer(N * 4, c));
   clt_arg_mem(kernel, 3, mem);
   clt_launch_1d(kernel, N, 0);
   clt_read(mem, 0, N * 4, out);
   for (size_t i = 0; i < N; i++) {
      uint32_t want = expected(d, a[i], b[i], c[i]);
      CLT_CHECK(out[i] == want, "a = %08x, b = %08x, c = %08x: got %08x, expected %08x", a[i], b[i],
                c[i], out[i], want);
   }
}

/* All forms are single instructions of the NPU, and it says so. */
static void
test_acceleration(const void *arg)
{
   cl_bitfield capabilities = 0;
   cl_bool accelerated[6];

   if (!clt_has_extension("cl_khr_integer_dot_product"))
      clt_skip("the device has no cl_khr_integer_dot_product");
   CLT_CALL(
      clGetDeviceInfo(clt.device, DOT_CAPABILITIES, sizeof(capabilities), &capabilities, NULL));
   CLT_CHECK(capabilities & 1, "packed operands are not among the capabilities %llx",
             (unsigned long long)capabilities);
   for (cl_device_info query = DOT_ACCELERATION_8BIT; query <= DOT_ACCELERATION_PACKED; query++) {
      memset(accelerated, 0, sizeof(accelerated));
      CLT_CALL(clGetDeviceInfo(clt.device, query, sizeof(accelerated), accelerated, NULL));
      for (int i = 0; i < 6 && strstr(clt.platform_name, "rusticl"); i++)
         CLT_CHECK(accelerated[i], "query %#x: form %d is not accelerated", query, i);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "integer dot products");
   for (int i = 0; i < 16; i++) {
      const struct dot d = {.a_signed = i & 1,
                            .b_signed = i & 2,
                            .saturate = i & 4,
                            .packed = i & 8};

      clt_run(test_dot, &d, "%s%s.%c%c", d.saturate ? "dot_acc_sat" : "dot",
              d.packed ? "_packed" : "", d.a_signed ? 's' : 'u', d.b_signed ? 's' : 'u');
   }
   clt_run(test_acceleration, NULL, "acceleration");
   return clt_done();
}
