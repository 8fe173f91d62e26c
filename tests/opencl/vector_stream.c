// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Arrays of vectors, read, computed with and written by work-items side by side: every type and width, ranges
 * that do not fill work-groups, at element alignment, in place, and with components that are not treated
 * alike. What is around the result stays as it was. */

#include "cl_values.h"

#define ITEMS 330
#define GROUP 110 /* no multiple of a sub-group */
#define ROOM  3   /* elements in front of misaligned vectors */
#define S     3   /* small floats stay exact */

enum way {
   ALIKE,      /* o[i] = a[i] + s * b[i] */
   IN_PLACE,   /* a[i] += s * b[i] */
   MISALIGNED, /* the same with vloadN and vstoreN behind ROOM elements */
   PART,       /* if (i < n) */
   REVERSED,   /* components change places */
   DIFFERENT,  /* each is multiplied with a number of its own */
   NUM_WAYS,
};

static const char *const way_names[NUM_WAYS] = {"alike", "in_place", "misaligned",
                                                "part",  "reversed", "different"};

struct kase {
   const struct clt_type *type;
   unsigned width;
   enum way way;
};

/* The statement of a work-item. */
static void
append_statement(struct clt_text *t, const struct kase *k)
{
   const char *name = k->type->name;
   const unsigned w = k->width;

   switch (k->way) {
   case ALIKE:
      clt_append(t, "o[i] = a[i] + s * b[i];");
      break;
   case IN_PLACE:
      clt_append(t, "o[i] += s * b[i];");
      break;
   case MISALIGNED:
      clt_append(
         t,
         "global %s *p = (global %s *)o + %u; global const %s *q = (global const %s *)a + %u;"
         " vstore%u(vload%u(i, q) + s * b[i], i, p);",
         name, name, ROOM, name, name, ROOM, w, w);
      break;
   case PART:
      clt_append(t, "if (i < n) o[i] = a[i] + s * b[i];");
      break;
   case REVERSED:
      clt_append(t, "o[i] = a[i].s");
      for (unsigned c = w; c-- > 0;)
         clt_append(t, "%x", c);
      clt_append(t, " + s * b[i];");
      break;
   case DIFFERENT:
      clt_append(t, "o[i] = a[i] + (%s%u)(", name, w);
      for (unsigned c = 0; c < w; c++)
         clt_append(t, "%u%s", c, c + 1 < w ? ", " : ") * b[i];");
      break;
   case NUM_WAYS:
      break;
   }
}

/* Element e of a vector buffer's content as a small number. */
static uint64_t
small(const struct clt_type *type, int number)
{
   return type->is_float ? clt_bits((float)number) : clt_wrap(type, (uint64_t)number);
}

static uint64_t
expected(const struct kase *k, const int *a, const int *b, unsigned e)
{
   const unsigned w = k->width, c = e % w;

   switch (k->way) {
   case REVERSED:
      return small(k->type, a[e - c + w - 1 - c] + S * b[e]);
   case DIFFERENT:
      return small(k->type, a[e] + (int)c * b[e]);
   case MISALIGNED:
      return small(k->type, a[e + ROOM] + S * b[e]);
   default:
      return small(k->type, a[e] + S * b[e]);
   }
}

static void
test_stream(const void *arg)
{
   const struct kase *k = arg;
   const struct clt_type *type = k->type;
   const unsigned w = k->width, count = ITEMS * w, all = count + 16;
   const char *vector = clt_vec(type->name, w);
   struct clt_text t = {0};
   int *a = clt_alloc(all * sizeof(int)), *b = clt_alloc(all * sizeof(int));
   void *data = clt_alloc(all * type->size_B), *out = clt_alloc(all * type->size_B);
   cl_mem mem[3]; /* o, a, b */
   uint64_t random = clt.seed;

   clt_append(
      &t,
      "kernel void test(global %s *o, global const %s *a, global const %s *b, int number, int n)"
      "\n{\n   int i = get_global_id(0);\n   %s s = number;\n   ",
      vector, vector, vector, type->name);
   append_statement(&t, k);
   clt_append(&t, "\n}\n");
   for (unsigned e = 0; e < all; e++) {
      a[e] = (int)(clt_random(&random) % 2001) - 1000;
      b[e] = (int)(clt_random(&random) % 2001) - 1000;
   }
   for (unsigned i = 0; i < 3; i++) {
      for (unsigned e = 0; e < all; e++)
         clt_put(type, data, e,
                 small(type, i == 2                         ? b[e]
                             : i == 1 || k->way == IN_PLACE ? a[e]
                                                            : 77));
      mem[i] = clt_buffer(all * type->size_B, data);
   }
   cl_kernel kernel = clt_kernel(t.text, "", "test");
   const unsigned items = k->way == PART ? ITEMS - 70 : ITEMS;
   for (unsigned i = 0; i < 3; i++)
      clt_arg_mem(kernel, i, mem[i]);
   clt_arg_i32(kernel, 3, S);
   clt_arg_i32(kernel, 4, (cl_int)items);
   clt_launch_1d(kernel, ITEMS, GROUP);
   clt_read(mem[0], 0, all * type->size_B, out);
   for (unsigned e = 0; e < all && !clt_failed(); e++) {
      const unsigned first = k->way == MISALIGNED ? ROOM : 0;
      const bool written = e >= first && e < first + items * w;
      const uint64_t before = small(type, k->way == IN_PLACE ? a[e] : 77);
      const uint64_t want = written ? expected(k, a, b, e - first) : before;
      const uint64_t got = clt_get(type, out, e);
      CLT_CHECK(got == want, "element %u: got %s, expected %s", e, clt_show(type, got),
                clt_show(type, want));
   }
}

int
main(int argc, char **argv)
{
   static const unsigned widths[] = {2, 4, 8, 16};

   clt_init(argc, argv, "arrays of vectors");
   for (unsigned t = 0; t < CLT_NUM_SCALARS; t++) {
      for (unsigned w = 0; w < CLT_ARRAY_SIZE(widths); w++) {
         for (unsigned way = 0; way < NUM_WAYS; way++) {
            const struct kase k = {&clt_types[t], widths[w], (enum way)way};
            clt_run(test_stream, &k, "%s%u.%s", k.type->name, k.width, way_names[way]);
         }
      }
   }
   return clt_done();
}
