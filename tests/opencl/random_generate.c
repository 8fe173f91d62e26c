// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Makes random programs; see random_ast.h for the rules they keep. The size is bounded by a budget
 * of statements and by the depth of nesting; loops are short, so that the product of nested ones
 * stays small. */

#include "random_ast.h"

#include <string.h>

struct generator {
   struct random_program *program;
   struct random_function *f;
   bool in_kernel;
   uint64_t random;
   int budget;      /* statements left */
   bool can_return; /* a return is allowed here */
   bool can_break, can_continue;
};

static unsigned
pick(struct generator *g, unsigned n)
{
   return clt_random(&g->random) % n;
}

static bool
chance(struct generator *g, unsigned percent)
{
   return pick(g, 100) < percent;
}

static enum clt_scalar
pick_int_type(struct generator *g)
{
   /* 32-bit types twice as often */
   static const enum clt_scalar types[] = {CLT_CHAR, CLT_UCHAR, CLT_SHORT, CLT_USHORT, CLT_INT,
                                           CLT_UINT, CLT_LONG,  CLT_ULONG, CLT_INT,    CLT_UINT};
   return types[pick(g, CLT_ARRAY_SIZE(types))];
}

static enum clt_scalar
pick_type(struct generator *g)
{
   return g->program->has_reals && chance(g, 15) ? CLT_FLOAT : pick_int_type(g);
}

static struct expr *
new_expr(enum expr_kind kind, enum clt_scalar type)
{
   struct expr *e = clt_alloc(sizeof(*e));

   e->kind = kind;
   e->type = type;
   return e;
}

static struct expr *
constant(enum clt_scalar type, uint64_t value)
{
   struct expr *e = new_expr(E_CONST, type);

   e->value = type == CLT_FLOAT ? random_real_value((int)value * 0.25)
                                : clt_wrap(&clt_types[type], value);
   return e;
}

static struct expr *
random_constant(struct generator *g, enum clt_scalar type)
{
   static const int small[] = {0, 1, 2, 3, 5, 7, 10, -1, -2, 31, 64, 100, -128, 255};

   if (type == CLT_FLOAT || chance(g, 70))
      return constant(type, small[pick(g, CLT_ARRAY_SIZE(small))]);
   return constant(type, clt_random(&g->random) >> pick(g, 64));
}

static struct expr *expression(struct generator *g, enum clt_scalar type, int depth);

static struct expr *
cast_to(enum clt_scalar type, struct expr *e)
{
   if (e->type == type)
      return e;
   struct expr *cast = new_expr(E_CAST, type);
   cast->arg[0] = e;
   return cast;
}

/* An expression without operators. */
static struct expr *
leaf(struct generator *g, enum clt_scalar type)
{
   struct expr *e;
   unsigned start = pick(g, g->f->num_vars ? g->f->num_vars : 1);

   switch (pick(g, 8)) {
   case 0:
      return random_constant(g, type);
   case 1:
      e = new_expr(E_INPUT, type);
      e->arg[0] = constant(CLT_UINT, pick(g, RANDOM_INPUTS));
      return e;
   case 2:
      if (g->in_kernel) {
         struct expr *id = new_expr(E_ID, CLT_UINT);
         id->op = pick(g, 3);
         if (type == CLT_UINT)
            return id;
         e = new_expr(E_CAST, type);
         e->arg[0] = id;
         return e;
      }
      break;
   default:
      break;
   }
   for (unsigned i = 0; i < g->f->num_vars; i++) { /* any variable of the type */
      unsigned v = (start + i) % g->f->num_vars;
      if (g->f->vars[v].type == type) {
         e = new_expr(E_VAR, type);
         e->index = v;
         return e;
      }
   }
   if (g->f->num_vars == 0)
      return random_constant(g, type);
   e = new_expr(E_CAST, type);
   e->arg[0] = new_expr(E_VAR, g->f->vars[start].type);
   e->arg[0]->index = start;
   return e;
}

static struct expr *
condition(struct generator *g, int depth)
{
   struct expr *e;
   unsigned kind = pick(g, 10);

   if (depth <= 0 || kind < 7) {
      enum clt_scalar type = pick_type(g);
      e = new_expr(E_COMPARE, CLT_INT);
      e->op = pick(g, 6);
      e->arg[0] = expression(g, type, depth - 1);
      e->arg[1] = chance(g, 50) ? random_constant(g, type) : expression(g, type, depth - 1);
      return e;
   }
   if (kind == 7) { /* a single bit */
      e = new_expr(E_BINARY, CLT_INT);
      e->op = B_AND;
      e->arg[0] = expression(g, CLT_INT, depth - 1);
      e->arg[1] = constant(CLT_INT, 1 << pick(g, 4));
      return e;
   }
   e = new_expr(E_LOGIC, CLT_INT);
   e->op = pick(g, 3);
   e->arg[0] = condition(g, depth - 1);
   if (e->op != 2)
      e->arg[1] = condition(g, depth - 1);
   return e;
}

static struct expr *
float_operator(struct generator *g, int depth)
{
   struct expr *e;

   switch (pick(g, 4)) {
   case 0:
      e = new_expr(E_UNARY, CLT_FLOAT);
      static const enum unary_op ops[] = {U_NEG, U_FABS, U_FLOOR, U_CEIL, U_TRUNC, U_RINT};
      e->op = ops[pick(g, CLT_ARRAY_SIZE(ops))];
      e->arg[0] = expression(g, CLT_FLOAT, depth - 1);
      return e;
   case 1:
      e = new_expr(E_BUILTIN, CLT_FLOAT);
      e->op = F_FMA;
      for (int i = 0; i < 3; i++)
         e->arg[i] = expression(g, CLT_FLOAT, depth - 1);
      return e;
   default:
      e = new_expr(E_BINARY, CLT_FLOAT);
      e->op = pick(g, B_MUL + 1);
      e->arg[0] = expression(g, CLT_FLOAT, depth - 1);
      e->arg[1] = expression(g, CLT_FLOAT, depth - 1);
      return e;
   }
}

static struct expr *
int_operator(struct generator *g, enum clt_scalar type, int depth)
{
   struct expr *e;
   unsigned kind = pick(g, 10);

   if (kind == 0) {
      e = new_expr(E_UNARY, type);
      e->op = pick(g, 2) ? U_NEG : U_NOT;
      e->arg[0] = expression(g, type, depth - 1);
   } else if (kind <= 2) {
      e = new_expr(E_BUILTIN, type);
      e->op = pick(g, NUM_INT_BUILTINS);
      for (int i = 0; i < 3; i++)
         e->arg[i] = expression(g, type, depth - 1);
   } else {
      e = new_expr(E_BINARY, type);
      e->op = pick(g, NUM_BINARY_OPS);
      e->arg[0] = expression(g, type, depth - 1);
      e->arg[1] = expression(g, e->op == B_SHL || e->op == B_SHR ? CLT_UINT : type, depth - 1);
   }
   return e;
}

/* The number of an element: often a constant or the counter of a loop. */
static struct expr *
element(struct generator *g, int depth)
{
   if (chance(g, 30))
      return random_constant(g, CLT_UINT);
   return chance(g, 60) ? leaf(g, CLT_UINT) : expression(g, CLT_UINT, depth);
}

static struct expr *
field(struct generator *g, enum clt_scalar type, int depth)
{
   unsigned f = pick(g, g->program->num_fields);
   struct expr *e = new_expr(E_FIELD, g->program->fields[f]);

   e->index = pick(g, g->f->num_records);
   e->op = f;
   e->arg[0] = element(g, depth - 1);
   return cast_to(type, e);
}

/* A component of a vector: most of them by number, some through memory. */
static struct expr *
lane(struct generator *g, enum clt_scalar type, int depth)
{
   unsigned v = pick(g, g->f->num_vectors);
   const struct vector *vector = &g->f->vectors[v];
   struct expr *e = new_expr(E_LANE, vector->type);

   e->index = v;
   e->op = pick(g, vector->width);
   if (vector->width != 3 && chance(g, 15))
      e->arg[0] = element(g, depth - 1);
   return cast_to(type, e);
}

static struct expr *
expression(struct generator *g, enum clt_scalar type, int depth)
{
   struct expr *e;
   unsigned kind = pick(g, 20);

   if (depth <= 0)
      return leaf(g, type);
   switch (kind) {
   case 0:
      e = new_expr(E_CAST, type);
      e->arg[0] = expression(g, pick_type(g), depth - 1);
      return e;
   case 1:
      return g->f->num_records ? field(g, type, depth) : leaf(g, type);
   case 2:
   case 3:
      e = new_expr(E_CHOOSE, type);
      e->arg[0] = condition(g, depth - 1);
      e->arg[1] = expression(g, type, depth - 1);
      e->arg[2] = expression(g, type, depth - 1);
      return e;
   case 4:
      if (g->f->num_vectors && chance(g, 60))
         return lane(g, type, depth);
      /* fall through */
   case 5:
      for (unsigned i = 0, start = pick(g, 8); i < g->f->num_arrays; i++) {
         unsigned a = (start + i) % g->f->num_arrays;
         e = new_expr(E_ARRAY, g->f->arrays[a].type);
         e->index = a;
         e->arg[0] = expression(g, CLT_UINT, depth - 1);
         return cast_to(type, e);
      }
      return leaf(g, type);
   case 6:
      if (g->in_kernel && (type == g->program->mem_type || type == g->program->local_type)) {
         e = new_expr(type == g->program->mem_type ? E_MEM : E_LOCAL, type);
         e->arg[0] = expression(g, CLT_UINT, depth - 1);
         return e;
      }
      return leaf(g, type);
   case 7:
      e = new_expr(E_INPUT, type);
      e->arg[0] = expression(g, CLT_UINT, depth - 1);
      return e;
   case 8: {
      unsigned limit = g->in_kernel ? g->program->num_functions
                                    : (unsigned)(g->f - g->program->functions);
      if (limit == 0)
         return leaf(g, type);
      unsigned callee = pick(g, limit);
      const struct random_function *f = &g->program->functions[callee];
      e = new_expr(E_CALL, f->type);
      e->index = callee;
      for (unsigned i = 0; i < f->num_params; i++)
         e->arg[i] = expression(g, f->vars[i].type, depth - 2);
      return cast_to(type, e);
   }
   case 9:
      if (type == CLT_INT)
         return condition(g, depth - 1);
      return leaf(g, type);
   default:
      return type == CLT_FLOAT ? float_operator(g, depth) : int_operator(g, type, depth);
   }
}

/* ---- statements ---- */

static struct stmt *block(struct generator *g, int depth, unsigned most);

static struct stmt *
new_stmt(enum stmt_kind kind)
{
   struct stmt *s = clt_alloc(sizeof(*s));

   s->kind = kind;
   return s;
}

/* A variable that statements may assign; -1 if there is none. */
static int
pick_variable(struct generator *g)
{
   for (int tries = 0; tries < 20; tries++) {
      unsigned v = pick(g, g->f->num_vars);
      if (!g->f->vars[v].counter)
         return v;
   }
   return -1;
}

static int
new_counter(struct generator *g)
{
   if (g->f->num_vars >= RANDOM_MAX_VARS)
      return -1;
   g->f->vars[g->f->num_vars] = (struct variable){CLT_INT, true, 0, true};
   return g->f->num_vars++;
}

/* All fields of a structure, and then a copy of it, maybe again: a list. */
static struct stmt *
fill_and_copy(struct generator *g)
{
   struct stmt *first = NULL, **link = &first;
   unsigned from = pick(g, g->f->num_records);
   uint64_t at = pick(g, RANDOM_MAX_RECORD_LENGTH);

   for (unsigned round = 0, rounds = 1 + pick(g, 2); round < rounds; round++) {
      for (unsigned i = 0; i < g->program->num_fields; i++) {
         struct stmt *s = new_stmt(S_FIELD);
         s->index = from;
         s->count = i;
         s->expr[0] = constant(CLT_UINT, at);
         s->expr[1] = expression(g, g->program->fields[i], 2);
         *link = s;
         link = &s->next;
      }
      struct stmt *copy = new_stmt(S_RECORD);
      copy->index = pick(g, g->f->num_records);
      copy->count = from;
      copy->expr[0] = element(g, 1);
      copy->expr[1] = constant(CLT_UINT, at);
      *link = copy;
      link = &copy->next;
   }
   return first;
}

/* A vector of the type and the width of another one, maybe that one itself; or -1. */
static int
like_vector(struct generator *g, int v, bool same_type, bool same_width)
{
   const struct vector *vectors = g->f->vectors;

   for (unsigned i = 0, n = g->f->num_vectors, start = pick(g, n); i < n; i++) {
      unsigned other = (start + i) % n;
      if ((vectors[other].type == vectors[v].type) == same_type &&
          (!same_width || vectors[other].width == vectors[v].width))
         return other;
   }
   return -1;
}

/* An operation that a type has for vectors of it: divisions and shifts have none here. */
static struct expr
vector_operation(struct generator *g, enum clt_scalar type)
{
   struct expr *e;

   do {
      e = type == CLT_FLOAT ? float_operator(g, 1) : int_operator(g, type, 1);
   } while ((e->kind == E_BINARY && e->op > B_XOR) || (e->kind == E_BUILTIN && e->op == F_SELECT));
   return (struct expr){.kind = e->kind, .type = type, .op = e->op};
}

static struct stmt *
vector_statement(struct generator *g)
{
   struct stmt *s = new_stmt(S_VECTOR);
   int to = pick(g, g->f->num_vectors), from;
   const struct vector *v = &g->f->vectors[to];
   bool pow2 = v->width != 3;

   s->index = to;
   for (int i = 0; i < 3; i++)
      s->from[i] = like_vector(g, to, true, true);
   switch (pick(g, 10)) {
   case 0:
      s->op = V_CHOOSE;
      return s;
   case 1:
   case 2:
      s->op = chance(g, 60) ? V_SWIZZLE : V_INSERT;
      s->from[0] = from = like_vector(g, to, true, false);
      for (unsigned k = 0; k < RANDOM_MAX_WIDTH; k++)
         s->lanes[k] = pick(g, g->f->vectors[from].width);
      if (s->op == V_INSERT) { /* two different ones */
         s->lanes[0] = pick(g, v->width);
         s->lanes[1] = (s->lanes[0] + 1 + pick(g, v->width - 1)) % v->width;
      }
      return s;
   case 3:
      s->op = V_BROADCAST;
      s->expr[0] = expression(g, v->type, 2);
      return s;
   case 4:
      from = like_vector(g, to, false, true);
      if (from < 0)
         break;
      s->op = V_CONVERT;
      s->from[0] = from;
      return s;
   case 5:
      s->op = V_INPUT;
      s->expr[0] = element(g, 2);
      return s;
   case 6:
   case 7:
      s->local = chance(g, 50);
      if (!g->in_kernel || !pow2 || v->width > (s->local ? RANDOM_LOCAL_SLOTS : RANDOM_MEM_SLOTS))
         break;
      s->op = chance(g, 50) ? V_LOAD : V_STORE;
      s->expr[0] = element(g, 2);
      return s;
   default:
      break;
   }
   s->op = V_OPERATE;
   s->operation = vector_operation(g, v->type);
   return s;
}

static struct stmt *
assignment(struct generator *g)
{
   unsigned kind = pick(g, 10);
   struct stmt *s;
   int v;

   if (kind < 2 && g->f->num_arrays) {
      s = new_stmt(S_ARRAY);
      s->index = pick(g, g->f->num_arrays);
      s->expr[0] = expression(g, CLT_UINT, 2);
      s->expr[1] = expression(g, g->f->arrays[s->index].type, 3);
      return s;
   }
   if (kind >= 8 && g->f->num_vectors) {
      if (chance(g, 75))
         return vector_statement(g);
      s = new_stmt(S_LANE);
      s->index = pick(g, g->f->num_vectors);
      s->count = pick(g, g->f->vectors[s->index].width);
      if (g->f->vectors[s->index].width != 3 && chance(g, 15))
         s->expr[0] = element(g, 2);
      s->expr[1] = expression(g, g->f->vectors[s->index].type, 3);
      return s;
   }
   if ((kind == 3 || kind == 4) && g->f->num_records) {
      if (chance(g, 40))
         return fill_and_copy(g);
      bool copies = chance(g, 50);
      s = new_stmt(copies ? S_RECORD : S_FIELD);
      s->index = pick(g, g->f->num_records);
      s->count = pick(g, copies ? g->f->num_records : g->program->num_fields);
      s->expr[0] = element(g, 2);
      s->expr[1] = copies ? element(g, 2) : expression(g, g->program->fields[s->count], 3);
      return s;
   }
   if (kind == 2 && g->in_kernel) {
      bool local = chance(g, 50);
      s = new_stmt(local ? S_LOCAL : S_MEM);
      s->expr[0] = expression(g, CLT_UINT, 2);
      s->expr[1] = expression(g, local ? g->program->local_type : g->program->mem_type, 3);
      return s;
   }
   if (kind == 5 && g->in_kernel) {
      s = new_stmt(S_ATOMIC);
      s->index = pick(g, RANDOM_COUNTERS);
      s->expr[0] = expression(g, CLT_UINT, 2);
      return s;
   }
   v = pick_variable(g);
   if (v < 0)
      return NULL;
   s = new_stmt(S_ASSIGN);
   s->index = v;
   s->expr[0] = expression(g, g->f->vars[v].type, 3 + pick(g, 2));
   return s;
}

static struct stmt *
loop(struct generator *g, int depth)
{
   static const enum stmt_kind kinds[] = {S_FOR, S_FOR, S_WHILE, S_DO};
   bool could_break = g->can_break, could_continue = g->can_continue;
   int counter = new_counter(g);

   if (counter < 0)
      return NULL;
   struct stmt *s = new_stmt(kinds[pick(g, CLT_ARRAY_SIZE(kinds))]);
   s->index = counter;
   s->count = s->kind == S_FOR ? (chance(g, 50) ? 3 : 7) : 1 + (int)pick(g, 6);
   s->expr[0] = s->kind != S_FOR ? condition(g, 2)
                : chance(g, 40)  ? constant(CLT_INT, s->count) /* may be unrolled */
                                 : expression(g, CLT_INT, 2);
   g->can_break = g->can_continue = true;
   s->body[0] = block(g, depth - 1, 4);
   g->can_break = could_break;
   g->can_continue = could_continue;
   return s;
}

static struct stmt *
switch_statement(struct generator *g, int depth)
{
   bool could_break = g->can_break;
   struct stmt *s = new_stmt(S_SWITCH), **link = &s->body[0];
   int value = -1, default_after = pick(g, 6);

   s->expr[0] = expression(g, CLT_INT, 3);
   s->count = chance(g, 50) ? 3 : 7;
   g->can_break = true;
   for (int i = 0, n = 2 + pick(g, 4); i < n; i++) {
      struct stmt *c = new_stmt(S_CASE);
      value += 1 + pick(g, 2);
      c->index = i == default_after ? -1 : value;
      c->count = chance(g, 70);
      c->body[0] = block(g, depth - 1, 3);
      *link = c;
      link = &c->next;
   }
   g->can_break = could_break;
   return s;
}

static struct stmt *
statement(struct generator *g, int depth)
{
   unsigned kind = pick(g, 100);
   struct stmt *s;

   g->budget--;
   if (depth <= 0 || kind < 45)
      return assignment(g);
   if (kind < 70) {
      s = new_stmt(S_IF);
      s->expr[0] = condition(g, 3);
      s->body[0] = block(g, depth - 1, 4);
      if (chance(g, 50))
         s->body[1] = block(g, depth - 1, 4);
      return s;
   }
   if (kind < 82)
      return loop(g, depth);
   if (kind < 88)
      return switch_statement(g, depth);
   if (kind < 92 && g->can_break)
      return new_stmt(S_BREAK);
   if (kind < 96 && g->can_continue)
      return new_stmt(S_CONTINUE);
   if (kind < 98 && g->can_return) {
      s = new_stmt(S_RETURN);
      if (!g->in_kernel)
         s->expr[0] = expression(g, g->f->type, 2);
      return s;
   }
   return assignment(g);
}

static struct stmt *
block(struct generator *g, int depth, unsigned most)
{
   struct stmt *first = NULL, **link = &first;

   for (unsigned i = 0, n = 1 + pick(g, most); i < n && g->budget > 0; i++) {
      struct stmt *s = statement(g, depth);
      if (!s)
         continue;
      *link = s;
      while (s->next)
         s = s->next;
      link = &s->next;
      if (s->kind == S_BREAK || s->kind == S_CONTINUE || s->kind == S_RETURN)
         break;
   }
   return first;
}

/* ---- functions ---- */

static void
make_variables(struct generator *g, unsigned params, unsigned most)
{
   struct random_function *f = g->f;

   f->num_params = params;
   f->num_vars = params + 2 + pick(g, most);
   for (unsigned i = 0; i < f->num_vars; i++)
      f->vars[i] = (struct variable){pick_type(g), false, 0, true};
   for (unsigned i = 0; i < f->num_vars; i++)
      f->vars[i].initial = random_constant(g, f->vars[i].type)->value;
   f->num_arrays = pick(g, RANDOM_MAX_ARRAYS);
   for (unsigned i = 0; i < f->num_arrays; i++)
      f->arrays[i] = (struct array){pick_type(g), 2u << pick(g, 4), true};
   /* three of one type and width, or of two types, or of two widths */
   static const unsigned widths[] = {2, 3, 4, 4, 8, 16};
   f->num_vectors = pick(g, RANDOM_MAX_VECTORS + 1);
   for (unsigned i = 0; i < f->num_vectors; i++) {
      f->vectors[i] = (struct vector){pick_type(g), widths[pick(g, CLT_ARRAY_SIZE(widths))], true};
      if (i && chance(g, 70))
         f->vectors[i].width = f->vectors[0].width;
      if (i && chance(g, 60))
         f->vectors[i].type = f->vectors[0].type;
   }
   f->num_records = pick(g, RANDOM_MAX_RECORDS + 1);
   for (unsigned i = 0; i < f->num_records; i++)
      f->records[i] = (struct record){1u << pick(g, 3), true};
}

/* Statements that the whole group runs together, with exchanges between them. */
static struct stmt *
uniform_part(struct generator *g, unsigned most, int loops)
{
   struct stmt *first = NULL, **link = &first;

   for (unsigned i = 0, n = 1 + pick(g, most); i < n && g->budget > 0; i++) {
      struct stmt *s = NULL;

      if (chance(g, 25)) {
         int v = pick_variable(g);
         if (v >= 0) {
            s = new_stmt(S_EXCHANGE);
            s->index = v;
            s->count = pick(g, g->program->group);
            s->expr[0] = expression(g, CLT_ULONG, 3);
         }
      } else if (loops && chance(g, 15)) {
         int counter = new_counter(g);
         if (counter >= 0) {
            s = new_stmt(S_UNIFORM);
            s->index = counter;
            s->count = 2 + pick(g, 3);
            s->body[0] = uniform_part(g, 4, loops - 1);
         }
      } else {
         s = statement(g, 3);
      }
      *link = s;
      while (*link)
         link = &(*link)->next;
   }
   return first;
}

struct random_program *
random_generate(uint64_t seed, unsigned reals)
{
   static const unsigned group_sizes[] = {32, 64, 1, 16, 33, 40, 63, 96, 100, 128};
   struct random_program *p = clt_alloc(sizeof(*p));
   struct generator g = {.program = p, .random = seed * 0x2545f4914f6cdd1dull + 1};

   p->seed = seed;
   p->has_reals = reals != 0;
   p->real = seed % 4 == 2 ? REAL_DOUBLE : seed % 4 == 3 ? REAL_HALF : REAL_FLOAT;
   while (reals && !(reals >> p->real & 1))
      p->real = (p->real + 1) % NUM_REALS;
   p->group = group_sizes[pick(&g, CLT_ARRAY_SIZE(group_sizes))];
   p->groups = 1 + pick(&g, 3);
   p->mem_type = pick_int_type(&g);
   p->local_type = pick_int_type(&g);
   p->num_fields = 2 + pick(&g, RANDOM_MAX_FIELDS - 1);
   for (unsigned i = 0; i < p->num_fields; i++)
      p->fields[i] = pick_type(&g);
   p->num_functions = pick(&g, RANDOM_MAX_FUNCTIONS);
   for (unsigned i = 0; i < p->num_functions; i++) {
      g.f = &p->functions[i];
      g.budget = 8;
      make_variables(&g, 1 + pick(&g, RANDOM_MAX_PARAMS), 3);
      g.f->type = g.f->vars[0].type; /* what falls off the end returns the first variable */
      g.can_return = true;
      g.f->body = block(&g, 2, 6);
   }

   g.f = &p->kernel;
   g.in_kernel = true;
   make_variables(&g, 0, 8);
   g.can_return = false;
   g.budget = 20 + pick(&g, 20);
   struct stmt **link = &g.f->body;
   *link = uniform_part(&g, 8, 1);
   while (*link)
      link = &(*link)->next;
   g.can_return = true; /* no barrier any more */
   g.budget = 10 + pick(&g, 20);
   *link = block(&g, 4, 8);
   return p;
}
