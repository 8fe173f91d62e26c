// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Measures the error of every built-in math function on float, double and half against binary128,
 * and checks it against the limits of the OpenCL C specification. One case per function and type.
 *
 *    precision [HARNESS OPTIONS] [-- [samples=N] [table=FILE] [own]]
 *
 * Arguments are edges in all combinations, any bits, magnitudes around 1, and what is difficult for
 * the function (precision.h, enum prec_range). A half function of one argument gets all there are.
 * With table=FILE the worst errors are also written as the table of docs/precision.md. With "own" the
 * limits are those that the NPU's own functions keep, where they are lower.
 *
 * Not measured: integer results beside that of ilogb, and geometric functions. */

#include "precision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A difference that a correctly rounded result may have from a limit because the reference is
 * rounded, too. */
#define SLACK 1e-9

static unsigned num_samples = 16384;
static FILE *table;
static bool own_limits;

struct arguments {
   uint64_t *bits[3]; /* x, y, z */
   int *k;
   unsigned count;
};

struct worst {
   double error_ulp;
   unsigned index;
   bool measured, zero_sign;
};

/* ---- arguments ---- */

/* Uniform in [low, high). */
static wide
uniform(uint64_t *random, wide low, wide high)
{
   return low + (high - low) * scalbnf128(clt_random(random) >> 11, -53);
}

/* A number and a distance of up to a few hundred units of its last place. */
static uint64_t
near(const struct prec_format *f, uint64_t *random, wide value)
{
   uint64_t bits = prec_encode(f, value);
   int distance = (int)(clt_random(random) % 9) - 4;

   if (clt_random(random) % 4 == 0)
      distance *= 64;
   return value == 0 || (bits & ~(1ull << (8 * f->size_B - 1))) < 512 ? bits : bits + distance;
}

static uint64_t
any_bits(const struct prec_format *f, uint64_t *random)
{
   return clt_random(random) >> (64 - 8 * f->size_B);
}

/* Magnitude 2^-8 to 2^8. */
static wide
moderate(uint64_t *random)
{
   wide value = scalbnf128(uniform(random, 1, 2), (int)(clt_random(random) % 16) - 8);

   return clt_random(random) & 1 ? -value : value;
}

static wide
exp_range(const struct prec_format *f, uint64_t *random, wide base2_of_unit)
{
   return uniform(random, f->emin - f->digits - 2, f->emax + 2) / base2_of_unit;
}

/* One argument that is difficult for functions of this range. */
static uint64_t
difficult(const struct prec_format *f, enum prec_range range, uint64_t *random)
{
   const wide log2_e = M_LOG2Ef128, log2_10 = 1 / M_LN2f128 * M_LN10f128;
   wide sign = clt_random(random) & 1 ? -1 : 1;
   unsigned kind = clt_random(random) % 4;

   switch (range) {
   case RANGE_UNIT:
      if (kind == 0)
         return near(f, random, sign);
      if (kind == 1)
         return prec_encode(f, sign * (1 - scalbnf128(uniform(random, 1, 2),
                                                      -(int)(clt_random(random) % f->digits))));
      return prec_encode(f, uniform(random, -1, 1));
   case RANGE_EXP:
      return kind == 0 ? near(f, random, rintf128(exp_range(f, random, 2)) / log2_e / 2)
                       : prec_encode(f, exp_range(f, random, log2_e));
   case RANGE_EXP2:
      return kind == 0 ? near(f, random, rintf128(exp_range(f, random, 2)) / 2)
                       : prec_encode(f, exp_range(f, random, 1));
   case RANGE_EXP10:
      return kind == 0 ? near(f, random, rintf128(exp_range(f, random, log2_10)))
                       : prec_encode(f, exp_range(f, random, log2_10));
   case RANGE_TRIG: {
      /* Multiples of pi / 2 of all sizes; k * pi / 4 is as bad for some reductions. */
      unsigned bits = 1 + clt_random(random) % (kind == 0 ? 60 : 12);
      wide k = clt_random(random) >> (64 - bits);
      return near(f, random, sign * k * M_PI_4f128);
   }
   case RANGE_TURN:
      return near(f, random,
                  sign * (wide)(clt_random(random) >> (64 - 1 - clt_random(random) % f->digits)) /
                     4);
   case RANGE_GAMMA: {
      wide high = f->digits == 53 ? 172 : f->digits == 24 ? 36 : 10;
      wide value = uniform(random, -high - 14, high);
      return kind == 0 ? near(f, random, rintf128(value * 2) / 2) : prec_encode(f, value);
   }
   case RANGE_ERF:
      return prec_encode(f, uniform(random, -7, kind == 0 ? 28 : 7));
   case RANGE_ONE:
      return prec_encode(f, sign * (1 + (clt_random(random) & 1 ? -1 : 1) *
                                           scalbnf128(uniform(random, 1, 2),
                                                      -1 - (int)(clt_random(random) % f->digits))));
   default:
      return prec_encode(f, moderate(random));
   }
}

static const double edges[] = {0,   -0.0, 1,   -1,   0.5, -0.5,     2,         -2,
                               1.5, -1.5, 2.5, 3,    -3,  0.25,     4,         5.5,
                               -7,  10,   -10, 0.75, -16, INFINITY, -INFINITY, NAN};

/* Edges, some of which depend on the format: returns how many. */
static unsigned
make_edges(const struct prec_format *f, uint64_t *bits)
{
   unsigned n = 0;
   uint64_t top = 1ull << (8 * f->size_B - 1);
   uint64_t infinity = prec_encode(f, INFINITY), normal = 1ull << (f->digits - 1);
   const uint64_t special[] = {
      1,
      2,
      normal - 1,
      normal,
      normal + 1,
      infinity - 1,
      infinity - 2,
      prec_encode(f, 1) - 1,
      prec_encode(f, 1) + 1,
      prec_encode(f, scalbnf128(1, f->digits)),
      prec_encode(f, scalbnf128(1, f->digits - 1)) - 1,
   };

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(edges); i++)
      bits[n++] = prec_encode(f, edges[i]);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(special); i++) {
      bits[n++] = special[i];
      bits[n++] = special[i] | top;
   }
   return n;
}

static wide
restricted(enum prec_range range, uint64_t *random)
{
   wide value = moderate(random);

   if (range == RANGE_PI)
      return fmodf128(value, M_PIf128);
   return range == RANGE_SMALL_POSITIVE ? fabsf128(value) : value;
}

static void
make_random(const struct prec_function *fn, const struct prec_format *f, struct arguments *a,
            unsigned i, uint64_t *random)
{
   unsigned kind = clt_random(random) % 4;

   for (unsigned s = 0; s < 3; s++) {
      if (fn->range >= RANGE_SMALL)
         a->bits[s][i] = prec_encode(f, restricted(fn->range, random));
      else if (kind == 0)
         a->bits[s][i] = any_bits(f, random);
      else if (kind == 1)
         a->bits[s][i] = prec_encode(f, moderate(random));
      else
         a->bits[s][i] = difficult(f, fn->range, random);
   }
   if (fn->range == RANGE_POW && kind >= 2) {
      /* y such that |x|^y has any exponent */
      wide x = fabsf128(prec_decode(f, kind == 2 ? a->bits[0][i] : any_bits(f, random) >> 1));
      if (isfinite(x) && x != 0 && x != 1) {
         a->bits[0][i] = prec_encode(f, x);
         a->bits[1][i] = prec_encode(f, exp_range(f, random, log2f128(x)));
      }
   }
   a->k[i] = (int)(clt_random(random) % 64) - 32;
   if (kind == 3)
      a->k[i] = (int)clt_random(random) >> (clt_random(random) % 32);
}

static void
make_arguments(const struct prec_function *fn, const struct prec_format *f, struct arguments *a)
{
   static const int integers[] = {0,  1,   -1,  2,    -2,   3,     -3,        5,
                                  10, -24, 127, -150, 1024, -1074, INT32_MAX, INT32_MIN};
   uint64_t random = clt.seed, edge[64];
   bool all = f->size_B == 2 && fn->form == FORM_X && fn->range < RANGE_SMALL;

   a->count = all ? 65536 : num_samples;
   for (unsigned s = 0; s < 3; s++)
      a->bits[s] = clt_alloc(a->count * sizeof(uint64_t));
   a->k = clt_alloc(a->count * sizeof(int));

   unsigned n = make_edges(f, edge);
   for (unsigned i = 0; i < a->count; i++) {
      if (all) {
         a->bits[0][i] = i;
      } else if (i < n * n && fn->range < RANGE_SMALL) {
         a->bits[0][i] = edge[i % n];
         a->bits[1][i] = edge[i / n];
         a->bits[2][i] = edge[(i * 7 + i / n) % n];
         a->k[i] = integers[i / n % CLT_ARRAY_SIZE(integers)];
      } else {
         make_random(fn, f, a, i, &random);
      }
   }
}

/* ---- on the device ---- */

static const char *
make_source(const struct prec_function *fn, const struct prec_format *f)
{
   return clt_format(
      "%s"
      "#pragma OPENCL FP_CONTRACT OFF\n"
      "typedef %s T;\n"
      "kernel void test(global const T *xs, global const T *ys, global const T *zs,\n"
      "                 global const int *ks, global T *out)\n{\n"
      "   size_t i = get_global_id(0);\n"
      "   T x = xs[i], y = ys[i], z = zs[i], p = 0;\n"
      "   int k = ks[i], q = 0;\n"
      "   T r = %s;\n"
      "   out[i] = %s;\n}\n",
      f->extension ? clt_format("#pragma OPENCL EXTENSION %s : enable\n", f->extension) : "",
      f->name, fn->expression, fn->result);
}

static cl_mem
narrow_buffer(const struct prec_format *f, const uint64_t *bits, unsigned count)
{
   char *bytes = clt_alloc((size_t)count * f->size_B);

   for (unsigned i = 0; i < count; i++)
      memcpy(bytes + (size_t)i * f->size_B, &bits[i], f->size_B); /* little-endian */
   return clt_buffer((size_t)count * f->size_B, bytes);
}

static char *
run_kernel(const struct prec_function *fn, const struct prec_format *f, const struct arguments *a)
{
   size_t size_B = (size_t)a->count * f->size_B;
   char *result = clt_alloc(size_B);
   cl_kernel kernel = clt_kernel(make_source(fn, f), "", "test");
   cl_mem out = clt_buffer(size_B, NULL);

   for (unsigned s = 0; s < 3; s++)
      clt_arg_mem(kernel, s, narrow_buffer(f, a->bits[s], a->count));
   clt_arg_mem(kernel, 3, clt_buffer(a->count * sizeof(int), a->k));
   clt_arg_mem(kernel, 4, out);
   clt_launch_1d(kernel, a->count, 0);
   clt_read(out, 0, size_B, result);
   return result;
}

/* ---- comparison ---- */

static wide
reference(const struct prec_function *fn, const struct prec_format *f, const struct arguments *a,
          unsigned i)
{
   wide x = prec_decode(f, a->bits[0][i]), y = prec_decode(f, a->bits[1][i]);

   switch (fn->form) {
   case FORM_X:
      return fn->x(x);
   case FORM_XY:
      return fn->xy(x, y);
   case FORM_XYZ:
      return fn->xyz(x, y, prec_decode(f, a->bits[2][i]));
   case FORM_XK:
      return fn->xk(x, a->k[i]);
   }
   return 0;
}

static double
error_of(const struct prec_function *fn, const struct prec_format *f, wide got, wide exact)
{
   if (fn->absolute && fabsf128(exact) < 1 && isfinite(got))
      return fabsf128(got - exact) * scalbnf128(1, f->digits);
   return prec_ulp_error(f, got, exact);
}

static const char *
show_arguments(const struct prec_function *fn, const struct prec_format *f,
               const struct arguments *a, unsigned i)
{
   static const char *const names[] = {"x", "y", "z"};
   struct clt_text t = {0};
   unsigned count = fn->form == FORM_XYZ ? 3 : fn->form == FORM_XY ? 2 : 1;

   for (unsigned s = 0; s < count; s++)
      clt_append(&t, "%s%s = %a", s ? ", " : "", names[s], (double)prec_decode(f, a->bits[s][i]));
   if (fn->form == FORM_XK)
      clt_append(&t, ", k = %d", a->k[i]);
   return t.text;
}

static struct worst
compare(const struct prec_function *fn, const struct prec_format *f, const struct arguments *a,
        const char *result, double limit_ulp)
{
   struct worst worst = {0};

   for (unsigned i = 0; i < a->count; i++) {
      uint64_t bits = 0;

      memcpy(&bits, result + (size_t)i * f->size_B, f->size_B);
      wide got = prec_decode(f, bits), exact = reference(fn, f, a, i);
      if (exact == PREC_ANYTHING)
         continue;

      double error = error_of(fn, f, got, exact);
      if (exact == 0 && got == 0 && !signbit(got) != !signbit(exact) && !fn->any_zero)
         clt_fail("%s: the zero has the wrong sign", show_arguments(fn, f, a, i));
      if (error > limit_ulp * (1 + SLACK))
         clt_fail("%s: got %a, exact is %a: %.3g ulp, the limit is %g", show_arguments(fn, f, a, i),
                  (double)got, (double)exact, error, limit_ulp);
      if (!worst.measured || error > worst.error_ulp)
         worst = (struct worst){error, i, true};
   }
   return worst;
}

/* ---- results ---- */

static double worst_errors[256][PREC_NUM_TYPES]; /* NAN: not measured */

struct pair {
   unsigned function;
   enum prec_type type;
};

static void
test_function(const void *arg)
{
   const struct pair *p = arg;
   const struct prec_function *fn = &prec_functions[p->function];
   const struct prec_format *f = &prec_formats[p->type];
   struct arguments a = {0};

   if (f->extension && !clt_has_extension(f->extension))
      clt_skip("the device has no %s", f->extension);
   make_arguments(fn, f, &a);
   const char *result = run_kernel(fn, f, &a);
   double limit_ulp = fn->limit_ulp[p->type];
   if (own_limits && fn->own_ulp && p->type == PREC_FLOAT)
      limit_ulp = fn->own_ulp;
   struct worst worst = compare(fn, f, &a, result, limit_ulp);
   if (worst.measured)
      clt_diag("worst error %.4g ulp of %g for %s", worst.error_ulp, limit_ulp,
               show_arguments(fn, f, &a, worst.index));
   worst_errors[p->function][p->type] = worst.error_ulp;
}

static void
print_limit(double limit)
{
   if (limit < 0)
      fprintf(table, " - |");
   else if (limit == PREC_NO_LIMIT)
      fprintf(table, " none |");
   else if (limit == 0)
      fprintf(table, " exact |");
   else if (limit == 0.5)
      fprintf(table, " rounded |");
   else
      fprintf(table, " %g |", limit);
}

static void
print_table(void)
{
   fprintf(table,
           "| function | float: limit | worst | double: limit | worst | half: limit | worst |\n"
           "| --- | --- | --- | --- | --- | --- | --- |\n");
   for (unsigned i = 0; i < prec_num_functions; i++) {
      const struct prec_function *fn = &prec_functions[i];

      fprintf(table, "| %s%s |", fn->name, fn->absolute ? " (a)" : "");
      for (unsigned t = 0; t < PREC_NUM_TYPES; t++) {
         print_limit(fn->limit_ulp[t]);
         if (isnan(worst_errors[i][t]))
            fprintf(table, " - |");
         else
            fprintf(table, " %.3g |", worst_errors[i][t]);
      }
      fprintf(table, "\n");
   }
}

static void
parse_arguments(void)
{
   for (int i = 0; i < clt.argc; i++) {
      const char *arg = clt.argv[i];

      if (!strncmp(arg, "samples=", 8)) {
         num_samples = strtoul(arg + 8, NULL, 10);
      } else if (!strncmp(arg, "table=", 6)) {
         table = fopen(arg + 6, "w");
         if (!table) {
            perror(arg + 6);
            exit(2);
         }
      } else if (!strcmp(arg, "own")) {
         own_limits = true;
      } else {
         fprintf(stderr, "precision: what is \"%s\"? Arguments are samples=N, table=FILE and own\n",
                 arg);
         exit(2);
      }
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "the error of every math built-in function on float, double and half");
   parse_arguments();
   for (unsigned i = 0; i < prec_num_functions; i++) {
      for (unsigned t = 0; t < PREC_NUM_TYPES; t++) {
         const struct pair p = {i, t};

         worst_errors[i][t] = NAN;
         if (prec_functions[i].limit_ulp[t] >= 0)
            clt_run(test_function, &p, "%s.%s", prec_formats[t].name, prec_functions[i].name);
      }
   }
   if (table) {
      print_table();
      fclose(table);
   }
   return clt_done();
}
