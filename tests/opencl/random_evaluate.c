// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Computes what a random program must give, straight from its syntax tree with the rules of OpenCL
 * C: no compiler is involved. Each item is a plain recursive evaluation of its own; only the
 * statements at the kernel's top level go through all items of a group before the next one, which
 * is what barriers allow. Values are kept as clt_get() gives them: extended to 64 bits, reals as
 * the bits of a double. */

#include "random_ast.h"

#include <math.h>
#include <string.h>

enum flow {
   FLOW_NEXT,
   FLOW_BREAK,
   FLOW_CONTINUE,
   FLOW_RETURN,
};

struct frame {
   const struct random_function *f;
   uint64_t vars[RANDOM_MAX_VARS];
   uint64_t arrays[RANDOM_MAX_ARRAYS][RANDOM_MAX_LENGTH];
   uint64_t records[RANDOM_MAX_RECORDS][RANDOM_MAX_RECORD_LENGTH][RANDOM_MAX_FIELDS];
   uint64_t vectors[RANDOM_MAX_VECTORS][RANDOM_MAX_WIDTH];
   uint64_t returned;
};

struct item {
   struct frame frame;
   unsigned gid, lid, group;
   bool finished;
   uint64_t local[RANDOM_LOCAL_SLOTS];
   uint64_t mem[RANDOM_MEM_SLOTS];
};

struct evaluator {
   const struct random_program *program;
   const uint64_t *input;
   struct random_result *result;
   struct item *item;
   unsigned long steps_left;
};

const uint32_t random_counters_start[RANDOM_COUNTERS] = {7, 0x5a5a5a5a, 0, 0xffffffff, 0};

static uint64_t eval(struct evaluator *ev, struct frame *fr, const struct expr *e);
static enum flow exec_block(struct evaluator *ev, struct frame *fr, const struct stmt *s);

static uint64_t
wrap(enum clt_scalar type, uint64_t value)
{
   return clt_wrap(&clt_types[type], value);
}

static unsigned
eval_index(struct evaluator *ev, struct frame *fr, const struct expr *e, unsigned length)
{
   return eval(ev, fr, e) & (length - 1);
}

static uint64_t
cast(enum random_real real, enum clt_scalar to, enum clt_scalar from, uint64_t v)
{
   const struct clt_type *t = &clt_types[to];

   if (from == CLT_FLOAT && to == CLT_FLOAT)
      return v;
   if (to == CLT_FLOAT && real == REAL_FLOAT) /* the host rounds to nearest even, too */
      return random_real_value(clt_types[from].is_signed ? (float)(int64_t)v : (float)v);
   if (to == CLT_FLOAT) /* what double has to round is infinite as half */
      return random_real_value(
         random_real_round(real, clt_types[from].is_signed ? (double)(int64_t)v : (double)v));
   if (from != CLT_FLOAT)
      return clt_wrap(t, v);

   double f = trunc(random_real(v)); /* convert_TYPE_sat */
   double limit = ldexp(1, 8 * t->size_B - t->is_signed);
   if (isnan(f))
      return 0;
   if (f >= limit)
      return clt_max(t);
   if (f < (t->is_signed ? -limit : 0))
      return clt_min(t);
   return t->is_signed ? (uint64_t)(int64_t)f : (uint64_t)f;
}

static uint64_t
eval_unary(const struct expr *e, uint64_t a)
{
   double f;

   if (e->type != CLT_FLOAT)
      return wrap(e->type, e->op == U_NEG ? -a : ~a);
   f = random_real(a);
   switch ((enum unary_op)e->op) {
   case U_NEG:
      return a ^ 1ull << 63;
   case U_FABS:
      return a & ~(1ull << 63);
   case U_FLOOR:
      return random_real_value(floor(f));
   case U_CEIL:
      return random_real_value(ceil(f));
   case U_TRUNC:
      return random_real_value(trunc(f));
   case U_RINT:
      return random_real_value(rint(f));
   case U_NOT:
      break;
   }
   return a;
}

static uint64_t
eval_binary(enum random_real real, const struct expr *e, uint64_t a, uint64_t b)
{
   const struct clt_type *t = &clt_types[e->type];
   unsigned mask = 8 * t->size_B - 1;
   int64_t sa = a, sb = b;

   if (e->type == CLT_FLOAT) {
      double x = random_real(a), y = random_real(b);
      return random_real_value(random_real_round(real, e->op == B_ADD   ? x + y
                                                       : e->op == B_SUB ? x - y
                                                                        : x * y));
   }
   switch ((enum binary_op)e->op) {
   case B_ADD:
      return clt_wrap(t, a + b);
   case B_SUB:
      return clt_wrap(t, a - b);
   case B_MUL:
      return clt_wrap(t, a * b);
   case B_AND:
      return a & b;
   case B_OR:
      return a | b;
   case B_XOR:
      return a ^ b;
   case B_SHL:
      return clt_wrap(t, a << (b & mask));
   case B_SHR:
      return t->is_signed ? (uint64_t)(sa >> (b & mask)) : a >> (b & mask);
   case B_DIV:
   case B_REM:
      if (b == 0 || (t->is_signed && sb == -1))
         return a;
      if (e->op == B_DIV)
         return clt_wrap(t, t->is_signed ? (uint64_t)(sa / sb) : a / b);
      return clt_wrap(t, t->is_signed ? (uint64_t)(sa % sb) : a % b);
   case NUM_BINARY_OPS:
      break;
   }
   return 0;
}

static bool
eval_compare(const struct expr *e, uint64_t a, uint64_t b)
{
   enum clt_scalar type = e->arg[0]->type;
   bool less, equal, greater;

   if (type == CLT_FLOAT) {
      double x = random_real(a), y = random_real(b);
      less = x < y, equal = x == y, greater = x > y;
   } else if (clt_types[type].is_signed) {
      less = (int64_t)a < (int64_t)b, equal = a == b, greater = (int64_t)a > (int64_t)b;
   } else {
      less = a < b, equal = a == b, greater = a > b;
   }
   switch ((enum compare_op)e->op) {
   case C_LT:
      return less;
   case C_LE:
      return less || equal;
   case C_GT:
      return greater;
   case C_GE:
      return greater || equal;
   case C_EQ:
      return equal;
   case C_NE:
      return !equal; /* true for NaN */
   }
   return false;
}

static uint64_t
eval_builtin(enum random_real real, const struct expr *e, uint64_t ua, uint64_t ub, uint64_t uc)
{
   const struct clt_type *t = &clt_types[e->type];
   const unsigned bits = 8 * t->size_B;
   const uint64_t mask = ~0ull >> (64 - bits);
   bool s = t->is_signed;
   __int128 a = s ? (__int128)(int64_t)ua : (__int128)ua,
            b = s ? (__int128)(int64_t)ub : (__int128)ub;
   __int128 lo = s ? (__int128)(int64_t)clt_min(t) : 0;
   __int128 hi = s ? (__int128)(int64_t)clt_max(t) : (__int128)clt_max(t), r = 0;

   if (e->op == F_FMA)
      return random_real_value(
         random_real_fma(real, random_real(ua), random_real(ub), random_real(uc)));
   switch ((enum builtin_op)e->op) {
   case F_MIN:
      r = a < b ? a : b;
      break;
   case F_MAX:
      r = a < b ? b : a;
      break;
   case F_ABS_DIFF:
      r = a < b ? b - a : a - b;
      break;
   case F_ABS:
      r = a < 0 ? -a : a;
      break;
   case F_ADD_SAT:
      r = a + b < lo ? lo : a + b > hi ? hi : a + b;
      break;
   case F_SUB_SAT:
      r = a - b < lo ? lo : a - b > hi ? hi : a - b;
      break;
   case F_MUL_HI:
      r = s ? a * b >> bits : (__int128)((unsigned __int128)ua * ub >> bits);
      break;
   case F_ROTATE: {
      unsigned n = ub & (bits - 1);
      r = n ? (ua & mask) << n | (ua & mask) >> (bits - n) : ua;
      break;
   }
   case F_POPCOUNT:
      r = __builtin_popcountll(ua & mask);
      break;
   case F_CLZ:
      r = ua & mask ? __builtin_clzll(ua & mask) - (64 - (int)bits) : (int)bits;
      break;
   case F_HADD:
      r = (a + b) >> 1;
      break;
   case F_RHADD:
      r = (a + b + 1) >> 1;
      break;
   case F_SELECT:
      r = uc & mask ? b : a;
      break; /* scalar: any bit */
   case F_FMA:
      break;
   }
   return clt_wrap(t, (uint64_t)r);
}

/* Before the first statement. */
static void
start_arrays(const struct random_program *p, struct frame *fr)
{
   const struct random_function *f = fr->f;

   for (unsigned a = 0; a < f->num_arrays; a++) {
      for (unsigned k = 0; k < f->arrays[a].length; k++)
         fr->arrays[a][k] = cast(p->real, f->arrays[a].type, CLT_INT, k * 3 + 1);
   }
   for (unsigned v = 0; v < f->num_vectors; v++) {
      for (unsigned k = 0; k < f->vectors[v].width; k++)
         fr->vectors[v][k] = cast(p->real, f->vectors[v].type, CLT_INT, k * 5 + v);
   }
   for (unsigned r = 0; r < f->num_records; r++) {
      for (unsigned k = 0; k < f->records[r].length; k++) {
         for (unsigned i = 0; i < p->num_fields; i++)
            fr->records[r][k][i] = cast(p->real, p->fields[i], CLT_INT, k * 3 + i);
      }
   }
}

static uint64_t
eval_call(struct evaluator *ev, struct frame *caller, const struct expr *e)
{
   const struct random_function *f = &ev->program->functions[e->index];
   struct frame fr = {.f = f};

   for (unsigned i = 0; i < f->num_vars; i++)
      fr.vars[i] = i < f->num_params ? eval(ev, caller, e->arg[i]) : f->vars[i].initial;
   start_arrays(ev->program, &fr);
   if (exec_block(ev, &fr, f->body) == FLOW_RETURN)
      return fr.returned;
   return fr.vars[0];
}

static uint64_t
eval(struct evaluator *ev, struct frame *fr, const struct expr *e)
{
   uint64_t a = 0, b = 0, c = 0;

   if (ev->steps_left == 0)
      return 0;
   ev->steps_left--;
   switch (e->kind) {
   case E_CONST:
      return e->value;
   case E_VAR:
      return fr->vars[e->index];
   case E_ARRAY:
      return fr->arrays[e->index][eval_index(ev, fr, e->arg[0], fr->f->arrays[e->index].length)];
   case E_FIELD:
      return fr
         ->records[e->index][eval_index(ev, fr, e->arg[0], fr->f->records[e->index].length)][e->op];
   case E_LANE:
      return fr->vectors[e->index]
                        [e->arg[0] ? eval_index(ev, fr, e->arg[0], fr->f->vectors[e->index].width)
                                   : (unsigned)e->op];
   case E_INPUT:
      return cast(ev->program->real, e->type, CLT_ULONG,
                  ev->input[eval_index(ev, fr, e->arg[0], RANDOM_INPUTS)]);
   case E_ID:
      return e->op == 0 ? ev->item->gid : e->op == 1 ? ev->item->lid : ev->item->group;
   case E_MEM:
      return ev->item->mem[eval_index(ev, fr, e->arg[0], RANDOM_MEM_SLOTS)];
   case E_LOCAL:
      return ev->item->local[eval_index(ev, fr, e->arg[0], RANDOM_LOCAL_SLOTS)];
   case E_LOGIC: {
      bool first = eval(ev, fr, e->arg[0]) != 0;
      if (e->op == 2)
         return !first;
      if (first == (e->op == 1))
         return first;
      return eval(ev, fr, e->arg[1]) != 0;
   }
   case E_CHOOSE:
      return eval(ev, fr, e->arg[eval(ev, fr, e->arg[0]) ? 1 : 2]);
   case E_CALL:
      return eval_call(ev, fr, e);
   case E_CAST:
      return cast(ev->program->real, e->type, e->arg[0]->type, eval(ev, fr, e->arg[0]));
   default:
      break;
   }
   a = eval(ev, fr, e->arg[0]);
   if (e->arg[1])
      b = eval(ev, fr, e->arg[1]);
   if (e->arg[2])
      c = eval(ev, fr, e->arg[2]);
   switch (e->kind) {
   case E_UNARY:
      return eval_unary(e, a);
   case E_BINARY:
      return eval_binary(ev->program->real, e, a, b);
   case E_COMPARE:
      return eval_compare(e, a, b);
   default:
      return eval_builtin(ev->program->real, e, a, b, c);
   }
}

/* One component of what V_OPERATE gives. */
static uint64_t
operate(enum random_real real, const struct expr *e, uint64_t a, uint64_t b, uint64_t c)
{
   if (e->kind == E_UNARY)
      return eval_unary(e, a);
   return e->kind == E_BINARY ? eval_binary(real, e, a, b) : eval_builtin(real, e, a, b, c);
}

static void
exec_vector(struct evaluator *ev, struct frame *fr, const struct stmt *s)
{
   const struct vector *to = &fr->f->vectors[s->index], *from = &fr->f->vectors[s->from[0]];
   enum random_real real = ev->program->real;
   enum clt_scalar mem_type = s->local ? ev->program->local_type : ev->program->mem_type;
   uint64_t *mem = s->local ? ev->item->local : ev->item->mem;
   uint64_t a[RANDOM_MAX_WIDTH], b[RANDOM_MAX_WIDTH], c[RANDOM_MAX_WIDTH], value;
   uint64_t *result = fr->vectors[s->index];
   const struct expr type = {.type = to->type}, less = {.op = C_LT, .arg = {(struct expr *)&type}};
   unsigned first = 0;

   memcpy(a, fr->vectors[s->from[0]], sizeof(a));
   memcpy(b, fr->vectors[s->from[1]], sizeof(b));
   memcpy(c, fr->vectors[s->from[2]], sizeof(c));
   value = s->op == V_BROADCAST ? eval(ev, fr, s->expr[0]) : 0;
   if (s->op == V_INPUT)
      first = to->width * eval_index(ev, fr, s->expr[0], RANDOM_INPUTS / 16);
   else if (s->op == V_LOAD || s->op == V_STORE)
      first = to->width *
              eval_index(ev, fr, s->expr[0],
                         (s->local ? RANDOM_LOCAL_SLOTS : RANDOM_MEM_SLOTS) / to->width);
   if (s->op == V_INSERT) {
      for (unsigned k = 0; k < 2; k++)
         result[s->lanes[k]] = a[s->lanes[2 + k]];
      return;
   }
   for (unsigned k = 0; k < to->width; k++) {
      switch (s->op) {
      case V_OPERATE:
         result[k] = operate(real, &s->operation, a[k], b[k], c[k]);
         break;
      case V_CHOOSE:
         result[k] = eval_compare(&less, a[k], b[k]) ? c[k] : result[k];
         break;
      case V_SWIZZLE:
         result[k] = a[s->lanes[k]];
         break;
      case V_BROADCAST:
         result[k] = value;
         break;
      case V_CONVERT:
         result[k] = cast(real, to->type, from->type, a[k]);
         break;
      case V_INPUT:
         result[k] = cast(real, to->type, CLT_ULONG, ev->input[first + k]);
         break;
      case V_LOAD:
         result[k] = cast(real, to->type, mem_type, mem[first + k]);
         break;
      case V_STORE:
         mem[first + k] = cast(real, mem_type, to->type, result[k]);
         break;
      case V_INSERT:
         break;
      }
   }
}

static void
exec_atomic(struct evaluator *ev, unsigned counter, uint32_t v)
{
   uint32_t *p = &ev->result->counters[counter];

   switch (counter) {
   case 0:
      *p += v;
      break;
   case 1:
      *p ^= v;
      break;
   case 2:
      *p |= v;
      break;
   case 3:
      *p = v < *p ? v : *p;
      break;
   default:
      *p = v > *p ? v : *p;
      break;
   }
}

/* One round of a loop's body: true to leave the loop, with *flow what to do then. */
static bool
exec_round(struct evaluator *ev, struct frame *fr, const struct stmt *s, enum flow *flow)
{
   *flow = exec_block(ev, fr, s->body[0]);
   if (*flow == FLOW_RETURN)
      return true;
   bool leave = *flow == FLOW_BREAK;
   *flow = FLOW_NEXT;
   return leave || ev->steps_left == 0;
}

static enum flow
exec_loop(struct evaluator *ev, struct frame *fr, const struct stmt *s)
{
   uint64_t *counter = &fr->vars[s->index];
   enum flow flow = FLOW_NEXT;

   *counter = 0;
   switch (s->kind) {
   case S_FOR:
      for (; (int64_t)*counter < (int64_t)(eval(ev, fr, s->expr[0]) & s->count); ++*counter) {
         if (exec_round(ev, fr, s, &flow))
            break;
      }
      break;
   case S_WHILE:
      while (eval(ev, fr, s->expr[0])) {
         if ((int64_t)(*counter)++ >= s->count || exec_round(ev, fr, s, &flow))
            break;
      }
      break;
   default:
      do {
         if (exec_round(ev, fr, s, &flow))
            break;
      } while ((int64_t)++*counter < s->count && eval(ev, fr, s->expr[0]));
      break;
   }
   return flow;
}

static enum flow
exec_switch(struct evaluator *ev, struct frame *fr, const struct stmt *s)
{
   int64_t value = eval(ev, fr, s->expr[0]) & s->count;
   const struct stmt *start = NULL;

   for (const struct stmt *c = s->body[0]; c && !start; c = c->next) {
      if (c->index == value)
         start = c;
   }
   for (const struct stmt *c = s->body[0]; c && !start; c = c->next) {
      if (c->index < 0)
         start = c;
   }
   for (const struct stmt *c = start; c; c = c->next) {
      enum flow flow = exec_block(ev, fr, c->body[0]);
      if (flow == FLOW_BREAK)
         return FLOW_NEXT;
      if (flow != FLOW_NEXT)
         return flow;
      if (c->count)
         break;
   }
   return FLOW_NEXT;
}

static enum flow
exec_stmt(struct evaluator *ev, struct frame *fr, const struct stmt *s)
{
   unsigned at, from;

   switch (s->kind) {
   case S_ASSIGN:
      fr->vars[s->index] = eval(ev, fr, s->expr[0]);
      break;
   case S_ARRAY:
      at = eval_index(ev, fr, s->expr[0], fr->f->arrays[s->index].length);
      fr->arrays[s->index][at] = eval(ev, fr, s->expr[1]);
      break;
   case S_FIELD:
      at = eval_index(ev, fr, s->expr[0], fr->f->records[s->index].length);
      fr->records[s->index][at][s->count] = eval(ev, fr, s->expr[1]);
      break;
   case S_RECORD:
      at = eval_index(ev, fr, s->expr[0], fr->f->records[s->index].length);
      from = eval_index(ev, fr, s->expr[1], fr->f->records[s->count].length);
      memmove(fr->records[s->index][at], fr->records[s->count][from],
              sizeof(fr->records[s->index][at]));
      break;
   case S_LANE:
      at = s->expr[0] ? eval_index(ev, fr, s->expr[0], fr->f->vectors[s->index].width)
                      : (unsigned)s->count;
      fr->vectors[s->index][at] = eval(ev, fr, s->expr[1]);
      break;
   case S_VECTOR:
      exec_vector(ev, fr, s);
      break;
   case S_MEM:
      at = eval_index(ev, fr, s->expr[0], RANDOM_MEM_SLOTS);
      ev->item->mem[at] = eval(ev, fr, s->expr[1]);
      break;
   case S_LOCAL:
      at = eval_index(ev, fr, s->expr[0], RANDOM_LOCAL_SLOTS);
      ev->item->local[at] = eval(ev, fr, s->expr[1]);
      break;
   case S_ATOMIC:
      exec_atomic(ev, s->index, eval(ev, fr, s->expr[0]));
      break;
   case S_IF:
      return exec_block(ev, fr, s->body[eval(ev, fr, s->expr[0]) ? 0 : 1]);
   case S_FOR:
   case S_WHILE:
   case S_DO:
      return exec_loop(ev, fr, s);
   case S_SWITCH:
      return exec_switch(ev, fr, s);
   case S_BREAK:
      return FLOW_BREAK;
   case S_CONTINUE:
      return FLOW_CONTINUE;
   case S_RETURN:
      if (s->expr[0])
         fr->returned = eval(ev, fr, s->expr[0]);
      return FLOW_RETURN;
   case S_CASE:
   case S_EXCHANGE:
   case S_UNIFORM:
      break; /* only where exec_switch() and exec_group() look */
   }
   return FLOW_NEXT;
}

static enum flow
exec_block(struct evaluator *ev, struct frame *fr, const struct stmt *s)
{
   for (; s && ev->steps_left; s = s->next) {
      enum flow flow = exec_stmt(ev, fr, s);
      if (flow != FLOW_NEXT)
         return flow;
   }
   return FLOW_NEXT;
}

/* Statements of the top level, for all items of a group. */
static void
exec_group(struct evaluator *ev, struct item *items, const struct stmt *s)
{
   unsigned n = ev->program->group;
   uint64_t *shared = clt_alloc(n * sizeof(*shared));

   for (; s && ev->steps_left; s = s->next) {
      if (s->kind == S_UNIFORM) {
         for (int k = 0; k <= s->count; k++) {
            for (unsigned i = 0; i < n; i++)
               items[i].frame.vars[s->index] = k;
            if (k < s->count)
               exec_group(ev, items, s->body[0]);
         }
         continue;
      }
      for (unsigned i = 0; i < n; i++) {
         ev->item = &items[i];
         if (s->kind == S_EXCHANGE)
            shared[i] = eval(ev, &items[i].frame, s->expr[0]);
         else if (!items[i].finished && exec_stmt(ev, &items[i].frame, s) == FLOW_RETURN)
            items[i].finished = true;
      }
      if (s->kind == S_EXCHANGE) {
         for (unsigned i = 0; i < n; i++)
            items[i].frame.vars[s->index] = cast(ev->program->real,
                                                 ev->program->kernel.vars[s->index].type, CLT_ULONG,
                                                 shared[(i + s->count) % n]);
      }
   }
}

/* A value as it enters the hash. */
static uint64_t
hashed(enum random_real real, enum clt_scalar type, uint64_t v)
{
   return type == CLT_FLOAT ? random_real_bits(real, random_real(v)) : v;
}

static uint64_t
item_result(const struct random_program *p, const struct item *item)
{
   const struct random_function *f = item->frame.f;
   uint64_t h = item->finished;

   for (unsigned i = 0; i < f->num_vars; i++) {
      if (f->vars[i].hashed)
         h = h * 31 + hashed(p->real, f->vars[i].type, item->frame.vars[i]);
   }
   for (unsigned a = 0; a < f->num_arrays; a++) {
      for (unsigned k = 0; f->arrays[a].hashed && k < f->arrays[a].length; k++)
         h = h * 31 + hashed(p->real, f->arrays[a].type, item->frame.arrays[a][k]);
   }
   for (unsigned v = 0; v < f->num_vectors; v++) {
      for (unsigned k = 0; f->vectors[v].hashed && k < f->vectors[v].width; k++)
         h = h * 31 + hashed(p->real, f->vectors[v].type, item->frame.vectors[v][k]);
   }
   for (unsigned r = 0; r < f->num_records; r++) {
      for (unsigned k = 0; f->records[r].hashed && k < f->records[r].length; k++) {
         for (unsigned i = 0; i < p->num_fields; i++)
            h = h * 31 + hashed(p->real, p->fields[i], item->frame.records[r][k][i]);
      }
   }
   return h;
}

static void
start_item(const struct random_program *p, struct item *item, unsigned group, unsigned lid)
{
   const struct random_function *f = &p->kernel;

   memset(item, 0, sizeof(*item));
   item->frame.f = f;
   item->group = group;
   item->lid = lid;
   item->gid = group * p->group + lid;
   for (unsigned i = 0; i < f->num_vars; i++)
      item->frame.vars[i] = f->vars[i].initial;
   start_arrays(p, &item->frame);
   for (unsigned k = 0; k < RANDOM_LOCAL_SLOTS; k++)
      item->local[k] = k;
}

bool
random_evaluate(const struct random_program *p, const uint64_t *input, struct random_result *r)
{
   const struct clt_type *mem_type = &clt_types[p->mem_type];
   struct evaluator ev = {.program = p, .input = input, .result = r, .steps_left = 20000000};
   struct item *items = clt_alloc(p->group * sizeof(*items));
   unsigned count = p->group * p->groups;

   r->out = clt_alloc(count * sizeof(*r->out));
   r->mem = clt_alloc((size_t)count * RANDOM_MEM_SLOTS * mem_type->size_B);
   memcpy(r->counters, random_counters_start, sizeof(r->counters));
   for (unsigned g = 0; g < p->groups; g++) {
      for (unsigned i = 0; i < p->group; i++)
         start_item(p, &items[i], g, i);
      exec_group(&ev, items, p->kernel.body);
      for (unsigned i = 0; i < p->group; i++) {
         r->out[items[i].gid] = item_result(p, &items[i]);
         for (unsigned k = 0; k < RANDOM_MEM_SLOTS; k++)
            clt_put(mem_type, r->mem, items[i].gid * RANDOM_MEM_SLOTS + k, items[i].mem[k]);
      }
   }
   return ev.steps_left > 0;
}
