// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The integer operators of OpenCL C for every type and vector width, against host arithmetic: one
 * case per type and width, every operator in it. Rules that differ between scalars and vectors are
 * part of the expectation: a narrow scalar is promoted to int before a shift, a vector is not, and
 * a comparison is 1 for scalars and all bits for vectors. */

#include "cl_values.h"

#include <inttypes.h>
#include <string.h>

#define N 1008 /* elements: a multiple of 3 and 16 */

enum op {
   OP_ADD,
   OP_SUB,
   OP_MUL,
   OP_DIV,
   OP_REM,
   OP_AND,
   OP_OR,
   OP_XOR,
   OP_SHL,
   OP_SHR,
   OP_NEG,
   OP_NOT,
   OP_LT,
   OP_LE,
   OP_GT,
   OP_GE,
   OP_EQ,
   OP_NE,
   OP_LOGIC_AND,
   OP_LOGIC_OR,
   OP_LOGIC_NOT,
   OP_CHOOSE,
   OP_MULTIPLY_ADD,
   OP_INCREMENT,
   NUM_OPS,
};

/* Expressions in x, y and d (y made safe for division). */
static const struct {
   const char *expression;
   bool boolean;
} ops[NUM_OPS] = {
   [OP_ADD] = {"x + y"},
   [OP_SUB] = {"x - y"},
   [OP_MUL] = {"x * y"},
   [OP_DIV] = {"x / d"},
   [OP_REM] = {"x % d"},
   [OP_AND] = {"x & y"},
   [OP_OR] = {"x | y"},
   [OP_XOR] = {"x ^ y"},
   [OP_SHL] = {"x << y"},
   [OP_SHR] = {"x >> y"},
   [OP_NEG] = {"-x"},
   [OP_NOT] = {"~x"},
   [OP_LT] = {"x < y", true},
   [OP_LE] = {"x <= y", true},
   [OP_GT] = {"x > y", true},
   [OP_GE] = {"x >= y", true},
   [OP_EQ] = {"x == y", true},
   [OP_NE] = {"x != y", true},
   [OP_LOGIC_AND] = {"x && y", true},
   [OP_LOGIC_OR] = {"x || y", true},
   [OP_LOGIC_NOT] = {"!x", true},
   [OP_CHOOSE] = {"x < y ? x : d"},
   [OP_MULTIPLY_ADD] = {"x * y + x"},
   [OP_INCREMENT] = {"x++ - --y + x"}, /* x and y as arguments of a function: each is changed once */
};

static uint64_t
expected(enum op op, const struct clt_type *type, unsigned width, uint64_t x, uint64_t y,
         uint64_t d)
{
   const uint64_t yes = width == 1 ? 1 : ~0ull;
   const unsigned shift_bits = width == 1 && type->size_B < 4 ? 32 : 8 * type->size_B;
   int64_t sx = x, sy = y, sd = d;
   bool s = type->is_signed;
   uint64_t r = 0;

   switch (op) {
   case OP_ADD:
      r = x + y;
      break;
   case OP_SUB:
      r = x - y;
      break;
   case OP_MUL:
      r = x * y;
      break;
   case OP_DIV:
      r = s ? (uint64_t)(sx / sd) : x / d;
      break;
   case OP_REM:
      r = s ? (uint64_t)(sx % sd) : x % d;
      break;
   case OP_AND:
      r = x & y;
      break;
   case OP_OR:
      r = x | y;
      break;
   case OP_XOR:
      r = x ^ y;
      break;
   case OP_SHL:
      r = x << (y & (shift_bits - 1));
      break;
   case OP_SHR:
      r = s ? (uint64_t)(sx >> (y & (shift_bits - 1))) : x >> (y & (shift_bits - 1));
      break;
   case OP_NEG:
      r = -x;
      break;
   case OP_NOT:
      r = ~x;
      break;
   case OP_LT:
      r = (s ? sx < sy : x < y) ? yes : 0;
      break;
   case OP_LE:
      r = (s ? sx <= sy : x <= y) ? yes : 0;
      break;
   case OP_GT:
      r = (s ? sx > sy : x > y) ? yes : 0;
      break;
   case OP_GE:
      r = (s ? sx >= sy : x >= y) ? yes : 0;
      break;
   case OP_EQ:
      r = x == y ? yes : 0;
      break;
   case OP_NE:
      r = x != y ? yes : 0;
      break;
   case OP_LOGIC_AND:
      r = x && y ? yes : 0;
      break;
   case OP_LOGIC_OR:
      r = x || y ? yes : 0;
      break;
   case OP_LOGIC_NOT:
      r = !x ? yes : 0;
      break;
   case OP_CHOOSE:
      r = (s ? sx < sy : x < y) ? x : d;
      break;
   case OP_MULTIPLY_ADD:
      r = x * y + x;
      break;
   case OP_INCREMENT:
      r = x - (y - 1) + (x + 1);
      break;
   case NUM_OPS:
      break;
   }
   return clt_wrap(type, r);
}

/* All widths of one type in one program: kernel "w1", "w2", ... */
static const char *
make_source(const struct clt_type *type)
{
   struct clt_text t = {0};

   for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
      unsigned width = clt_widths[w];
      const char *vec = clt_vec(type->name, width);

      clt_append(&t,
                 "%s increment%u(%s x, %s y) { %s before = x++; --y; return before - y + x; }\n",
                 vec, width, vec, vec, vec);
      clt_append(
         &t,
         "kernel void w%u(uint n, global const %s *a, global const %s *b, global const %s *c,\n"
         "                global %s *out)\n"
         "{\n"
         "   size_t i = get_global_id(0);\n"
         "   %s x = %s, y = %s, d = %s;\n",
         width, type->name, type->name, type->name, type->name, vec,
         clt_load("a", type->name, width), clt_load("b", type->name, width),
         clt_load("c", type->name, width));
      for (unsigned op = 0; op < NUM_OPS; op++) {
         const char *value = op == OP_INCREMENT ? clt_format("increment%u(x, y)", width)
                                                : clt_format("(%s)", ops[op].expression);
         const char *cast = !ops[op].boolean ? value
                            : width == 1     ? clt_format("(%s)%s", type->name, value)
                                             : clt_format("as_%s%s", vec, value);
         clt_append(&t, "   %s;\n",
                    clt_store(clt_format("out + %u * n", op), type->name, width, cast));
      }
      clt_append(&t, "}\n");
   }
   return t.text;
}

struct params {
   const struct clt_type *type;
   unsigned width;
};

static void
test_operators(const void *arg)
{
   const struct params *p = arg;
   const struct clt_type *type = p->type;
   size_t bytes = N * type->size_B;
   void *a = clt_alloc(bytes), *b = clt_alloc(bytes), *c = clt_alloc(bytes);
   void *out = clt_alloc(bytes * NUM_OPS);
   uint64_t random = clt.seed;

   clt_fill_integers(type, a, b, N, &random);
   for (size_t i = 0; i < N; i++) {
      uint64_t d = clt_get(type, b, i);

      if (d == 0 || (type->is_signed && d == ~0ull && clt_get(type, a, i) == clt_min(type)))
         d = 5;
      clt_put(type, c, i, d);
   }

   cl_mem out_mem = clt_buffer(bytes * NUM_OPS, NULL);
   cl_kernel kernel = clt_kernel_of(clt_program(make_source(type), ""),
                                    clt_format("w%u", p->width));
   clt_arg_i32(kernel, 0, N);
   clt_arg_mem(kernel, 1, clt_buffer(bytes, a));
   clt_arg_mem(kernel, 2, clt_buffer(bytes, b));
   clt_arg_mem(kernel, 3, clt_buffer(bytes, c));
   clt_arg_mem(kernel, 4, out_mem);
   clt_launch_1d(kernel, N / p->width, 0);
   clt_read(out_mem, 0, bytes * NUM_OPS, out);

   for (unsigned op = 0; op < NUM_OPS; op++) {
      unsigned wrong = 0;

      for (size_t i = 0; i < N; i++) {
         uint64_t x = clt_get(type, a, i), y = clt_get(type, b, i), d = clt_get(type, c, i);
         uint64_t want = expected(op, type, p->width, x, y, d);
         uint64_t got = clt_get(type, out, op * N + i);

         if (got != want && !wrong++)
            clt_fail("%s: x = %s, y = %s, d = %s: got %s, expected %s (element %zu, component %zu)",
                     ops[op].expression, clt_show(type, x), clt_show(type, y), clt_show(type, d),
                     clt_show(type, got), clt_show(type, want), i, i % p->width);
      }
      if (wrong > 1)
         clt_fail("%s: %u of %d results are wrong", ops[op].expression, wrong, N);
   }
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "integer operators of all types and vector widths");
   for (int t = 0; t < CLT_NUM_INTEGERS; t++) {
      clt_keep_programs(true);
      for (unsigned w = 0; w < CLT_NUM_WIDTHS; w++) {
         const struct params p = {&clt_types[t], clt_widths[w]};
         clt_run(test_operators, &p, "operators.%s.%u", p.type->name, p.width);
      }
   }
   return clt_done();
}
