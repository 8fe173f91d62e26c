// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Sub-group functions where not all work-items of a sub-group need be active: the extensions cl_khr_subgroup_ballot,
 * _clustered_reduce, _non_uniform_arithmetic, _non_uniform_vote and _rotate, and the types of _extended_types. Each kernel
 * calls a function of all results in several places (see `kernel_text`), for which the host knows who is active. */

#include "cl_group.h"
#include "cl_values.h"

#include <string.h>

#define SUB_GROUP 32 /* at most, here; the masks of the host have one word */

/* Where a kernel calls its function. */
enum place {
   ALL,    /* all are active */
   BRANCH, /* in both branches of a condition that differs */
   LOOP,   /* in a loop that work-items leave at different times, of which the last result counts */
   NUM_PLACES,
};

static const char kernel_text[] =
   "kernel void test(global const int *in, global const int *factors, global OUT *out) {\n"
   "   BEGIN\n"
   "   int x = in[at], m = factors[at];\n"
   "   const uint n = get_num_groups(0) * size;\n"
   "   results(x, m, out + COUNT * at);\n"
   "   if (x & 4)\n"
   "      results(x, m, out + COUNT * (n + at));\n"
   "   else\n"
   "      results(x, m, out + COUNT * (n + at));\n"
   "   for (int k = 0; k <= (x >> 4 & 3); k++)\n"
   "      results(x, m, out + COUNT * (2 * n + at));\n"
   "}\n";

struct run {
   const struct clt_shape *shape;
   size_t items;
   int32_t *in, *factors;
};

static bool
active_with(const struct run *r, enum place place, size_t i, size_t j)
{
   switch (place) {
   case BRANCH:
      return (r->in[i] & 4) == (r->in[j] & 4);
   case LOOP:
      return (r->in[j] >> 4 & 3) >= (r->in[i] >> 4 & 3);
   default:
      return true;
   }
}

/* Lanes active with item i that have a bit of `bits` set, or all with 0. */
static uint32_t
lanes(const struct run *r, enum place place, size_t i, int32_t bits)
{
   struct clt_group_item it = clt_group_item(r->shape, i);
   uint32_t mask = 0;

   for (size_t j = it.first; j <= it.last; j++) {
      if (active_with(r, place, i, j) && (!bits || r->in[j] & bits))
         mask |= 1u << (j - it.first);
   }
   return mask;
}

/* Runs a program of a function `results`, which stores `count` numbers of `type`; returns those of all items and places. */
static void *
run_results(struct run *r, const char *results, const char *type, unsigned count, size_t size_B)
{
   const size_t out_B = NUM_PLACES * r->items * count * size_B;
   void *out = clt_alloc(out_B);
   uint64_t random = clt.seed;

   for (size_t i = 0; i < r->items; i++) {
      r->in[i] = clt_random(&random) & 0xff;
      r->factors[i] = clt_random(&random) % 3 ? 1 : i % 8 == 0 ? 2 : -1;
   }
   cl_kernel kernel = clt_group_kernel(
      clt_format("#define OUT %s\n#define COUNT %u\n%s%s", type, count, results, kernel_text));
   cl_mem mem = clt_buffer(out_B, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(r->items * 4, r->in));
   clt_arg_mem(kernel, 1, clt_buffer(r->items * 4, r->factors));
   clt_arg_mem(kernel, 2, mem);
   clt_group_launch(kernel, r->shape);
   clt_read(mem, 0, out_B, out);
   return out;
}

static struct run
begin(const struct clt_shape *s, const char *extension)
{
   struct run r = {.shape = s, .items = clt_num_items(s)};

   clt_need_sub_groups();
   if (extension && !clt_has_extension(extension))
      clt_skip("the device has no %s", extension);
   if (clt_max_sub_group_size() > SUB_GROUP)
      clt_skip("the device's sub-groups have more than %d work-items", SUB_GROUP);
   r.in = clt_alloc(r.items * 4);
   r.factors = clt_alloc(r.items * 4);
   return r;
}

/* ---- votes and ballots ---- */

static void
test_votes(const void *arg)
{
   static const char results[] = "void results(int x, int m, global uint *out) {\n"
                                 "   out[0] = sub_group_elect();\n"
                                 "   out[1] = sub_group_non_uniform_all(x & 67);\n"
                                 "   out[2] = sub_group_non_uniform_any((x & 31) == 5);\n"
                                 "   out[3] = sub_group_non_uniform_all_equal(x & 4);\n"
                                 "   out[4] = sub_group_non_uniform_all_equal((double)(x & 48));\n"
                                 "}\n";
   struct run r = begin(arg, "cl_khr_subgroup_non_uniform_vote");
   const uint32_t(*out)[5] = run_results(&r, results, "uint", 5, 4);

   for (size_t k = 0; k < NUM_PLACES * r.items; k++) {
      const size_t i = k % r.items;
      const enum place place = k / r.items;
      struct clt_group_item it = clt_group_item(r.shape, i);
      bool first = true, all = true, any = false, equal4 = true, equal48 = true;

      for (size_t j = it.first; j <= it.last; j++) {
         if (!active_with(&r, place, i, j))
            continue;
         first &= j >= i;
         all &= (r.in[j] & 67) != 0;
         any |= (r.in[j] & 31) == 5;
         equal4 &= (r.in[j] & 4) == (r.in[i] & 4);
         equal48 &= (r.in[j] & 48) == (r.in[i] & 48);
      }
      const bool want[] = {first, all, any, equal4, equal48};
      for (unsigned v = 0; v < CLT_ARRAY_SIZE(want); v++)
         CLT_CHECK(!out[k][v] == !want[v], "place %d, item %zu: vote %u is %u", place, i, v,
                   out[k][v]);
   }
}

/* Masks of no sub-group are not looked at: find_lsb() and find_msb() of them are undefined. */
static void
test_ballots(const void *arg)
{
   static const char results[] =
      "void results(int x, int m, global uint *out) {\n"
      "   uint4 b = sub_group_ballot(x & 2);\n"
      "   out[0] = b.x; out[1] = b.y | b.z | b.w;\n"
      "   out[2] = sub_group_inverse_ballot(b) != 0;\n"
      "   out[3] = sub_group_ballot_bit_extract(b, x & 31) != 0;\n"
      "   out[4] = sub_group_ballot_bit_count(b);\n"
      "   out[5] = sub_group_ballot_inclusive_scan(b);\n"
      "   out[6] = sub_group_ballot_exclusive_scan(b);\n"
      "   out[7] = b.x ? sub_group_ballot_find_lsb(b) : 0;\n"
      "   out[8] = b.x ? sub_group_ballot_find_msb(b) : 0;\n"
      "   out[9] = sub_group_broadcast_first(x);\n"
      "   out[10] = sub_group_non_uniform_broadcast(x, "
      "sub_group_ballot_find_msb(sub_group_ballot(1)));\n"
      "   out[11] = get_sub_group_eq_mask().x; out[12] = get_sub_group_le_mask().x;\n"
      "   out[13] = get_sub_group_lt_mask().x;\n"
      "   uint4 in_sub_group = sub_group_ballot(1);\n"
      "   out[14] = get_sub_group_ge_mask().x & in_sub_group.x;\n"
      "   out[15] = get_sub_group_gt_mask().x & in_sub_group.x;\n"
      "}\n";
   struct run r = begin(arg, "cl_khr_subgroup_ballot");
   const uint32_t(*out)[16] = run_results(&r, results, "uint", 16, 4);

   for (size_t k = 0; k < NUM_PLACES * r.items; k++) {
      const size_t i = k % r.items;
      const enum place place = k / r.items;
      const struct clt_group_item it = clt_group_item(r.shape, i);
      const uint32_t b = lanes(&r, place, i, 2), active = lanes(&r, place, i, 0);
      const uint32_t bit = 1u << it.lane, below = bit - 1;
      const unsigned first = __builtin_ctz(active), last = 31 - __builtin_clz(active);
      const uint32_t want[16] = {
         b,
         0,
         (b & bit) != 0,
         b >> (r.in[i] & 31) & 1,
         __builtin_popcount(b),
         __builtin_popcount(b & (below | bit)),
         __builtin_popcount(b & below),
         b ? __builtin_ctz(b) : 0,
         b ? 31 - __builtin_clz(b) : 0,
         r.in[it.first + first],
         r.in[it.first + last],
         bit,
         below | bit,
         below,
         ~below & active,
         ~(below | bit) & active,
      };
      for (unsigned v = 0; v < CLT_ARRAY_SIZE(want); v++)
         CLT_CHECK(out[k][v] == want[v], "place %d, item %zu: result %u is 0x%x, expected 0x%x",
                   place, i, v, out[k][v], want[v]);
   }
}

/* A ballot from memory, the same for the whole sub-group: the compiler does not know that. */
static void
test_inverse_ballot(const void *arg)
{
   static const char source[] =
      "kernel void test(global const uint *masks, global uint *out) {\n"
      "   BEGIN\n"
      "   out[at] = sub_group_inverse_ballot((uint4)(masks[at], 0, 0, 0)) != 0;\n"
      "}\n";
   struct run r = begin(arg, "cl_khr_subgroup_ballot");
   uint32_t *out = clt_alloc(r.items * 4);
   uint64_t random = clt.seed;

   for (size_t i = 0; i < r.items; i++) {
      struct clt_group_item it = clt_group_item(r.shape, i);
      r.in[i] = it.lane ? r.in[it.first] : (int32_t)clt_random(&random);
   }
   cl_kernel kernel = clt_group_kernel(source);
   cl_mem mem = clt_buffer(r.items * 4, NULL);
   clt_arg_mem(kernel, 0, clt_buffer(r.items * 4, r.in));
   clt_arg_mem(kernel, 1, mem);
   clt_group_launch(kernel, r.shape);
   clt_read(mem, 0, r.items * 4, out);
   for (size_t i = 0; i < r.items; i++) {
      uint32_t lane = clt_group_item(r.shape, i).lane;

      CLT_CHECK(out[i] == ((uint32_t)r.in[i] >> lane & 1), "item %zu: got %u of 0x%x", i, out[i],
                r.in[i]);
   }
}

/* ---- arithmetic ---- */

enum op {
   ADD,
   MUL,
   MIN,
   MAX,
   AND, /* from here on integers only */
   OR,
   XOR,
   LOGICAL_AND, /* int only */
   LOGICAL_OR,
   LOGICAL_XOR,
   NUM_OPS,
};

static const char *const op_names[NUM_OPS] = {"add",        "mul",        "min", "max",
                                              "and",        "or",         "xor", "logical_and",
                                              "logical_or", "logical_xor"};

/* Numbers so small that all results fit into the smallest type, char, or half with its 11 bits. */
static const char *const op_values[NUM_OPS] = {
   "(T)(x & 3)",   "(T)m",         "(T)((x & 31) - OFFSET)", "(T)((x & 31) - OFFSET)",
   "(T)(x & 127)", "(T)(x & 127)", "(T)(x & 127)",           "x & 9",
   "x & 9",        "x & 9",
};

struct arithmetic {
   const struct clt_shape *shape;
   const char *type, *extension, *max, *min;
   bool is_integer;
};

static double
value_of(const struct arithmetic *a, const struct run *r, enum op op, size_t i)
{
   const int x = r->in[i], offset = a->type[0] == 'u' ? 0 : 16;

   switch (op) {
   case ADD:
      return x & 3;
   case MUL:
      return r->factors[i];
   case MIN:
   case MAX:
      return (x & 31) - offset;
   case AND:
   case OR:
   case XOR:
      return x & 127;
   default:
      return (x & 9) != 0;
   }
}

static double
combine(enum op op, double a, double b)
{
   switch (op) {
   case ADD:
      return a + b;
   case MUL:
      return a * b;
   case MIN:
      return a < b ? a : b;
   case MAX:
      return a > b ? a : b;
   case AND:
   case LOGICAL_AND:
      return (int)a & (int)b;
   case OR:
   case LOGICAL_OR:
      return (int)a | (int)b;
   default:
      return (int)a ^ (int)b;
   }
}

static bool
has_op(const struct arithmetic *a, enum op op)
{
   return op < AND || (a->is_integer && (op < LOGICAL_AND || !strcmp(a->type, "int")));
}

static void
begin_results(struct clt_text *t, const struct arithmetic *a)
{
   clt_append(t,
              "#define T %s\n#define OFFSET %d\nvoid results(int x, int m, global float *out) {\n",
              a->type, a->type[0] == 'u' ? 0 : 16);
}

/* Products of unsigned numbers are modulo 2^n, where 1, 2 and -1 are as good. To read them as floats they become signed. */
static const char *
signed_type(const struct arithmetic *a)
{
   return a->is_integer ? clt_format("(%s)", a->type + (a->type[0] == 'u')) : "";
}

static void
test_arithmetic(const void *arg)
{
   const struct arithmetic *a = arg;
   struct run r = begin(a->shape, "cl_khr_subgroup_non_uniform_arithmetic");
   struct clt_text t = {0};

   if (a->extension && !clt_has_extension(a->extension))
      clt_skip("the device has no %s", a->extension);
   const char *identities[NUM_OPS] = {"0", "1", a->max, a->min, "(T)~(T)0",
                                      "0", "0", "1",    "0",    "0"};
   begin_results(&t, a);
   for (enum op op = 0; op < NUM_OPS; op++) {
      if (!has_op(a, op))
         continue;
      const char *conversion = op == MUL ? signed_type(a) : "";
      clt_append(&t, "   out[%d] = %ssub_group_non_uniform_reduce_%s(%s);\n", 3 * op, conversion,
                 op_names[op], op_values[op]);
      clt_append(&t, "   out[%d] = %ssub_group_non_uniform_scan_inclusive_%s(%s);\n", 3 * op + 1,
                 conversion, op_names[op], op_values[op]);
      clt_append(&t,
                 "   { %s e = sub_group_non_uniform_scan_exclusive_%s(%s);\n"
                 "     out[%d] = sub_group_elect() ? (e == %s ? 77.0f : -77.0f) : (float)%se; }\n",
                 op < LOGICAL_AND ? "T" : "int", op_names[op], op_values[op], 3 * op + 2,
                 identities[op], conversion);
   }
   clt_append(&t, "}\n");
   const float(*out)[3 * NUM_OPS] = run_results(&r, t.text, "float", 3 * NUM_OPS, 4);

   for (size_t k = 0; k < NUM_PLACES * r.items; k++) {
      const size_t i = k % r.items;
      const enum place place = k / r.items;
      const struct clt_group_item it = clt_group_item(r.shape, i);

      for (enum op op = 0; op < NUM_OPS; op++) {
         double all = 0, inclusive = 0, exclusive = 77;
         bool first = true;

         if (!has_op(a, op))
            continue;
         for (size_t j = it.first; j <= it.last; j++) {
            if (!active_with(&r, place, i, j))
               continue;
            double v = value_of(a, &r, op, j);
            if (j == i && !first)
               exclusive = all;
            all = first ? v : combine(op, all, v);
            if (j == i)
               inclusive = all;
            first = false;
         }
         const double want[3] = {all, inclusive, exclusive};
         for (int v = 0; v < 3; v++) {
            double got = out[k][3 * op + v];
            if (op >= LOGICAL_AND && want[v] != 77)
               got = got != 0;
            CLT_CHECK(got == want[v], "place %d, item %zu, %s, %s: got %g, expected %g", place, i,
                      op_names[op],
                      v == 0   ? "reduce"
                      : v == 1 ? "inclusive"
                               : "exclusive",
                      got, want[v]);
         }
      }
   }
}

static void
test_clustered(const void *arg)
{
   enum {
      SIZES = 6 /* 1 to 32 */
   };
   const struct arithmetic *a = arg;
   struct run r = begin(a->shape, "cl_khr_subgroup_clustered_reduce");
   struct clt_text t = {0};

   if (a->extension && !clt_has_extension(a->extension))
      clt_skip("the device has no %s", a->extension);
   begin_results(&t, a);
   for (enum op op = 0; op < NUM_OPS; op++) {
      for (unsigned c = 0; c < SIZES && has_op(a, op); c++)
         clt_append(&t, "   out[%d] = %ssub_group_clustered_reduce_%s(%s, %uu);\n", SIZES * op + c,
                    op == MUL ? signed_type(a) : "", op_names[op], op_values[op], 1u << c);
   }
   clt_append(&t, "}\n");
   const float(*out)[SIZES * NUM_OPS] = run_results(&r, t.text, "float", SIZES * NUM_OPS, 4);

   for (size_t k = 0; k < NUM_PLACES * r.items; k++) {
      const size_t i = k % r.items;
      const enum place place = k / r.items;
      const struct clt_group_item it = clt_group_item(r.shape, i);

      for (enum op op = 0; op < NUM_OPS; op++) {
         for (unsigned c = 0; c < SIZES && has_op(a, op); c++) {
            double want = value_of(a, &r, op, i), got = out[k][SIZES * op + c];

            for (size_t j = it.first; j <= it.last; j++) {
               if (j != i && (j - it.first) >> c == it.lane >> c && active_with(&r, place, i, j))
                  want = combine(op, want, value_of(a, &r, op, j));
            }
            if (op >= LOGICAL_AND)
               got = got != 0;
            CLT_CHECK(got == want, "place %d, item %zu, %s of %u: got %g, expected %g", place, i,
                      op_names[op], 1u << c, got, want);
         }
      }
   }
}

/* ---- moves ---- */

struct move {
   const struct clt_shape *shape;
   const char *type, *extension;
};

/* What an item gets of one that is not active is undefined. */
static void
test_rotate(const void *arg)
{
   static const struct {
      unsigned delta, cluster; /* 0: the sub-group */
   } ways[] = {{1, 0}, {31, 0}, {7, 0}, {40, 0}, {1, 2}, {3, 8}, {9, 16}, {5, 32}, {1, 1}};
   const struct move *m = arg;
   struct run r = begin(m->shape, "cl_khr_subgroup_rotate");
   struct clt_text t = {0};
   const size_t max = clt_max_sub_group_size();

   if (m->extension && !clt_has_extension(m->extension))
      clt_skip("the device has no %s", m->extension);
   clt_append(&t, "void results(int x, int m, global float *out) {\n");
   for (unsigned w = 0; w < CLT_ARRAY_SIZE(ways); w++) {
      if (ways[w].cluster)
         clt_append(&t, "   out[%u] = sub_group_clustered_rotate((%s)(x & 127), %d, %uu);\n", w,
                    m->type, ways[w].delta, ways[w].cluster);
      else
         clt_append(&t, "   out[%u] = sub_group_rotate((%s)(x & 127), %d);\n", w, m->type,
                    ways[w].delta);
   }
   clt_append(&t, "}\n");
   const float(*out)[CLT_ARRAY_SIZE(ways)] = run_results(&r, t.text, "float", CLT_ARRAY_SIZE(ways),
                                                         4);

   for (size_t k = 0; k < NUM_PLACES * r.items; k++) {
      const size_t i = k % r.items;
      const enum place place = k / r.items;
      const struct clt_group_item it = clt_group_item(r.shape, i);

      for (unsigned w = 0; w < CLT_ARRAY_SIZE(ways); w++) {
         const size_t cluster = ways[w].cluster ? ways[w].cluster : max;
         const size_t from = it.first + it.lane / cluster * cluster +
                             (it.lane + ways[w].delta) % cluster;

         if (from > it.last || !active_with(&r, place, i, from))
            continue;
         CLT_CHECK(out[k][w] == (r.in[from] & 127),
                   "place %d, item %zu: rotation %u got %g, expected %d of item %zu", place, i, w,
                   out[k][w], r.in[from] & 127, from);
      }
   }
}

/* The types that cl_khr_subgroup_extended_types adds: vectors to broadcasts, small integers to all. */
static void
test_extended_types(const void *arg)
{
   static const char results[] =
      "void results(int x, int m, global float *out) {\n"
      "}\n"
      "kernel void extended(global const int *in, global float *out) {\n"
      "   BEGIN\n"
      "   int x = in[at] & 3;\n"
      "   uint source = get_sub_group_size() - 1;\n"
      "   char3 c = sub_group_broadcast((char3)(x, x + 1, x + 2), source);\n"
      "   ushort16 u = sub_group_broadcast((ushort16)((ushort8)x, (ushort8)(x + 1)), source);\n"
      "   double2 d = sub_group_broadcast((double2)(x, x + 1), source);\n"
      "   out += 8 * at;\n"
      "   out[0] = c.x + 10 * c.y + 20 * c.z;\n"
      "   out[1] = u.s0 + 10 * u.s7 + 20 * u.sf;\n"
      "   out[2] = d.x + 10 * d.y;\n"
      "   out[3] = sub_group_reduce_add((char)x);\n"
      "   out[4] = sub_group_scan_inclusive_add((uchar)x);\n"
      "   out[5] = sub_group_scan_exclusive_add((short)x);\n"
      "   out[6] = sub_group_reduce_max((ushort)x);\n"
      "   out[7] = sub_group_broadcast((uchar)x, source);\n"
      "}\n"
      "#define OUT float\n#define COUNT 1\n";
   struct run r = begin(arg, "cl_khr_subgroup_extended_types");
   float(*out)[8] = clt_alloc(r.items * sizeof(*out));
   uint64_t random = clt.seed;

   for (size_t i = 0; i < r.items; i++)
      r.in[i] = clt_random(&random) & 0xff;
   cl_kernel test = clt_group_kernel(clt_format("%s%s", results, kernel_text));
   cl_program program;
   CLT_CALL(clGetKernelInfo(test, CL_KERNEL_PROGRAM, sizeof(program), &program, NULL));
   cl_kernel kernel = clt_kernel_of(program, "extended");
   cl_mem mem = clt_buffer(r.items * sizeof(*out), NULL);
   clt_arg_mem(kernel, 0, clt_buffer(r.items * 4, r.in));
   clt_arg_mem(kernel, 1, mem);
   clt_group_launch(kernel, r.shape);
   clt_read(mem, 0, r.items * sizeof(*out), out);
   for (size_t i = 0; i < r.items; i++) {
      const struct clt_group_item it = clt_group_item(r.shape, i);
      const int source = r.in[it.last] & 3;
      int all = 0, before = 0, max = 0;

      for (size_t j = it.first; j <= it.last; j++) {
         const int v = r.in[j] & 3;

         all += v;
         before += j < i ? v : 0;
         max = v > max ? v : max;
      }
      const float want[8] = {31 * source + 50,
                             31 * source + 20,
                             11 * source + 10,
                             all,
                             before + (r.in[i] & 3),
                             before,
                             max,
                             source};
      for (unsigned v = 0; v < CLT_ARRAY_SIZE(want); v++)
         CLT_CHECK(out[i][v] == want[v], "item %zu: result %u is %g, expected %g", i, v, out[i][v],
                   want[v]);
   }
}

int
main(int argc, char **argv)
{
   static const struct arithmetic types[] = {
      {NULL, "char", NULL, "CHAR_MAX", "CHAR_MIN", true},
      {NULL, "uchar", NULL, "UCHAR_MAX", "0", true},
      {NULL, "short", NULL, "SHRT_MAX", "SHRT_MIN", true},
      {NULL, "ushort", NULL, "USHRT_MAX", "0", true},
      {NULL, "int", NULL, "INT_MAX", "INT_MIN", true},
      {NULL, "uint", NULL, "UINT_MAX", "0", true},
      {NULL, "long", NULL, "LONG_MAX", "LONG_MIN", true},
      {NULL, "ulong", NULL, "ULONG_MAX", "0", true},
      {NULL, "float", NULL, "INFINITY", "-INFINITY", false},
      {NULL, "half", "cl_khr_fp16", "INFINITY", "-INFINITY", false},
      {NULL, "double", "cl_khr_fp64", "INFINITY", "-INFINITY", false},
   };

   clt_init(argc, argv, "sub-group functions of non-uniform control flow");
   for (size_t i = 0; i < CLT_NUM_SHAPES; i++) {
      const struct clt_shape *s = &clt_shapes[i];

      clt_run(test_votes, s, "votes.%s", s->name);
      clt_run(test_ballots, s, "ballots.%s", s->name);
      clt_run(test_inverse_ballot, s, "inverse_ballot.%s", s->name);
      clt_run(test_extended_types, s, "extended_types.%s", s->name);
   }
   for (size_t t = 0; t < CLT_ARRAY_SIZE(types); t++) {
      for (size_t i = t % 2; i < CLT_NUM_SHAPES; i += 6) {
         struct arithmetic a = types[t];
         const struct move m = {&clt_shapes[i], a.type, a.extension};

         a.shape = m.shape;
         clt_run(test_arithmetic, &a, "arithmetic.%s.%s", a.type, a.shape->name);
         clt_run(test_clustered, &a, "clustered.%s.%s", a.type, a.shape->name);
         clt_run(test_rotate, &m, "rotate.%s.%s", a.type, a.shape->name);
      }
   }
   return clt_done();
}
