// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Writes random programs as OpenCL C; see random_ast.h. */

#include "random_ast.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct printer {
   const struct random_program *program;
   const struct random_function *f;
   bool in_kernel;
   struct clt_text text;
};

static const char *
name(enum clt_scalar type)
{
   return type == CLT_FLOAT ? "real" : clt_types[type].name;
}

/* The unsigned type in which arithmetic of a type is done without overflow. */
static const char *
wide_unsigned(enum clt_scalar type)
{
   return clt_types[type].size_B == 8 ? "ulong" : "uint";
}

static void
print_constant(struct printer *p, enum clt_scalar type, uint64_t value)
{
   switch (type) {
   case CLT_FLOAT:
      clt_append(&p->text, "((real)%.2f)", random_real(value));
      break;
   case CLT_INT:
      if ((int64_t)value == INT32_MIN)
         clt_append(&p->text, "(-2147483647 - 1)");
      else
         clt_append(&p->text, "(%" PRId64 ")", (int64_t)value);
      break;
   case CLT_LONG:
      if ((int64_t)value == INT64_MIN)
         clt_append(&p->text, "(-9223372036854775807l - 1)");
      else
         clt_append(&p->text, "(%" PRId64 "l)", (int64_t)value);
      break;
   case CLT_UINT:
      clt_append(&p->text, "%" PRIu64 "u", value);
      break;
   case CLT_ULONG:
      clt_append(&p->text, "%" PRIu64 "ul", value);
      break;
   default:
      clt_append(&p->text, "(%s)%" PRId64, name(type), (int64_t)value);
      break;
   }
}

static void print_expr(struct printer *p, const struct expr *e);

static void
print_args(struct printer *p, const char *function, const struct expr *e, unsigned n)
{
   clt_append(&p->text, "%s(", function);
   for (unsigned i = 0; i < n; i++) {
      if (i)
         clt_append(&p->text, ", ");
      print_expr(p, e->arg[i]);
   }
   clt_append(&p->text, ")");
}

static void
print_unary(struct printer *p, const struct expr *e)
{
   static const char *const names[] = {
      [U_FABS] = "fabs", [U_FLOOR] = "floor", [U_CEIL] = "ceil", [U_TRUNC] = "trunc", [U_RINT] = "rint"};

   if (e->type == CLT_FLOAT && e->op != U_NEG) {
      print_args(p, names[e->op], e, 1);
      return;
   }
   if (e->type == CLT_FLOAT)
      clt_append(&p->text, "(-");
   else if (e->op == U_NEG)
      clt_append(&p->text, "(%s)(-(%s)", name(e->type), wide_unsigned(e->type));
   else
      clt_append(&p->text, "(%s)(~", name(e->type));
   print_expr(p, e->arg[0]);
   clt_append(&p->text, ")");
}

static void
print_binary(struct printer *p, const struct expr *e)
{
   static const char *const ops[NUM_BINARY_OPS] = {"+", "-", "*", "&", "|", "^", "<<", ">>"};
   const char *wide = wide_unsigned(e->type);
   unsigned bits = 8 * clt_types[e->type].size_B;

   if (e->op == B_DIV || e->op == B_REM) {
      print_args(p, clt_format("%s_%s", e->op == B_DIV ? "divide" : "modulo", name(e->type)), e, 2);
      return;
   }
   if (e->type == CLT_FLOAT) {
      clt_append(&p->text, "(");
      print_expr(p, e->arg[0]);
      clt_append(&p->text, " %s ", ops[e->op]);
      print_expr(p, e->arg[1]);
      clt_append(&p->text, ")");
      return;
   }
   bool wrap = e->op == B_ADD || e->op == B_SUB || e->op == B_MUL || e->op == B_SHL;
   clt_append(&p->text, "(%s)(", name(e->type));
   if (wrap)
      clt_append(&p->text, "(%s)", wide);
   print_expr(p, e->arg[0]);
   clt_append(&p->text, " %s ", ops[e->op]);
   if (e->op == B_SHL || e->op == B_SHR) {
      clt_append(&p->text, "(");
      print_expr(p, e->arg[1]);
      clt_append(&p->text, " & %u)", bits - 1);
   } else {
      if (wrap)
         clt_append(&p->text, "(%s)", wide);
      print_expr(p, e->arg[1]);
   }
   clt_append(&p->text, ")");
}

static const struct builtin {
   const char *name;
   unsigned args;
} builtins[] = {
   [F_MIN] = {"min", 2},       [F_MAX] = {"max", 2},         [F_ABS_DIFF] = {"abs_diff", 2},
   [F_ABS] = {"abs", 1},       [F_ADD_SAT] = {"add_sat", 2}, [F_SUB_SAT] = {"sub_sat", 2},
   [F_MUL_HI] = {"mul_hi", 2}, [F_ROTATE] = {"rotate", 2},   [F_POPCOUNT] = {"popcount", 1},
   [F_CLZ] = {"clz", 1},       [F_HADD] = {"hadd", 2},       [F_RHADD] = {"rhadd", 2},
   [F_SELECT] = {"select", 3}, [F_FMA] = {"fma", 3},
};

static void
print_builtin(struct printer *p, const struct expr *e)
{
   if (e->op == F_ABS_DIFF || e->op == F_ABS) /* these give the unsigned type */
      clt_append(&p->text, "(%s)", name(e->type));
   print_args(p, builtins[e->op].name, e, builtins[e->op].args);
}

static const char *
vector_name(const struct printer *p, enum clt_scalar type, unsigned width)
{
   return clt_vec(type == CLT_FLOAT ? random_real_names[p->program->real] : clt_types[type].name,
                  width);
}

/* A component by its number, or by its place in memory. */
static void
print_lane(struct printer *p, int vector, int lane, const struct expr *index)
{
   const struct vector *v = &p->f->vectors[vector];

   if (!index) {
      clt_append(&p->text, "w%d.s%x", vector, lane);
      return;
   }
   clt_append(&p->text, "((%s *)&w%d)[(", name(v->type), vector);
   print_expr(p, index);
   clt_append(&p->text, " & %uu)]", v->width - 1);
}

/* "convert_TYPEn(" with saturation where the result would be open otherwise. */
static const char *
conversion(const struct printer *p, enum clt_scalar to, enum clt_scalar from, unsigned width)
{
   bool saturates = from == CLT_FLOAT && to != CLT_FLOAT;

   return clt_format("convert_%s%s(", vector_name(p, to, width), saturates ? "_sat" : "");
}

/* Arithmetic of signed types goes through unsigned ones, as that of scalars does. */
static const char *
operation(const struct printer *p, const struct stmt *s)
{
   static const char *const binary[NUM_BINARY_OPS] = {"+", "-", "*", "&", "|", "^"};
   static const char *const unary[] = {
      [U_FABS] = "fabs", [U_FLOOR] = "floor", [U_CEIL] = "ceil", [U_TRUNC] = "trunc", [U_RINT] = "rint"};
   const struct vector *to = &p->f->vectors[s->index];
   const struct clt_type *t = &clt_types[to->type];
   const char *as = clt_vec(t->signed_name, to->width),
              *as_unsigned = clt_vec(t->unsigned_name, to->width);
   const struct expr *e = &s->operation;
   int a = s->from[0], b = s->from[1], c = s->from[2];

   if (!t->is_signed)
      as = as_unsigned;
   if (e->kind == E_BUILTIN) {
      const struct builtin *f = &builtins[e->op];
      const char *call = f->args == 1   ? clt_format("%s(w%d)", f->name, a)
                         : f->args == 2 ? clt_format("%s(w%d, w%d)", f->name, a, b)
                                        : clt_format("%s(w%d, w%d, w%d)", f->name, a, b, c);
      return e->op == F_ABS || e->op == F_ABS_DIFF ? clt_format("as_%s(%s)", as, call) : call;
   }
   if (e->kind == E_UNARY && e->op == U_NOT)
      return clt_format("~w%d", a);
   if (t->is_float && e->kind == E_UNARY)
      return e->op == U_NEG ? clt_format("-w%d", a) : clt_format("%s(w%d)", unary[e->op], a);
   if (t->is_float)
      return clt_format("w%d %s w%d", a, binary[e->op], b);
   if (e->kind == E_UNARY)
      return clt_format("as_%s(-as_%s(w%d))", as, as_unsigned, a);
   return clt_format("as_%s(as_%s(w%d) %s as_%s(w%d))", as, as_unsigned, a, binary[e->op],
                     as_unsigned, b);
}

static void
print_vector_stmt(struct printer *p, const struct stmt *s)
{
   const struct vector *to = &p->f->vectors[s->index], *from = &p->f->vectors[s->from[0]];
   enum clt_scalar mem_type = s->local ? p->program->local_type : p->program->mem_type;
   const char *mem = s->local ? "slots" : "mem";
   unsigned slots = s->local ? RANDOM_LOCAL_SLOTS : RANDOM_MEM_SLOTS;

   switch (s->op) {
   case V_OPERATE:
      clt_append(&p->text, "w%d = %s", s->index, operation(p, s));
      break;
   case V_CHOOSE:
      clt_append(&p->text, "w%d = w%d < w%d ? w%d : w%d", s->index, s->from[0], s->from[1],
                 s->from[2], s->index);
      break;
   case V_SWIZZLE:
      clt_append(&p->text, "w%d = w%d.s", s->index, s->from[0]);
      for (unsigned k = 0; k < to->width; k++)
         clt_append(&p->text, "%x", s->lanes[k]);
      break;
   case V_INSERT:
      clt_append(&p->text, "w%d.s%x%x = w%d.s%x%x", s->index, s->lanes[0], s->lanes[1], s->from[0],
                 s->lanes[2], s->lanes[3]);
      break;
   case V_BROADCAST:
      clt_append(&p->text, "w%d = (%s)(", s->index, vector_name(p, to->type, to->width));
      print_expr(p, s->expr[0]);
      clt_append(&p->text, ")");
      break;
   case V_CONVERT:
      clt_append(&p->text, "w%d = %sw%d)", s->index, conversion(p, to->type, from->type, to->width),
                 s->from[0]);
      break;
   case V_INPUT:
      clt_append(&p->text, "w%d = %svload%u((", s->index,
                 conversion(p, to->type, CLT_ULONG, to->width), to->width);
      print_expr(p, s->expr[0]);
      clt_append(&p->text, ") & %du, in))", RANDOM_INPUTS / 16 - 1);
      break;
   case V_LOAD:
      clt_append(&p->text, "w%d = %svload%u((", s->index,
                 conversion(p, to->type, mem_type, to->width), to->width);
      print_expr(p, s->expr[0]);
      clt_append(&p->text, ") & %uu, %s))", slots / to->width - 1, mem);
      break;
   case V_STORE:
      clt_append(&p->text, "vstore%u(%sw%d), (", to->width,
                 conversion(p, mem_type, to->type, to->width), s->index);
      print_expr(p, s->expr[0]);
      clt_append(&p->text, ") & %uu, %s)", slots / to->width - 1, mem);
      break;
   }
   clt_append(&p->text, ";\n");
}

static void
print_indexed(struct printer *p, const char *before, const struct expr *index, unsigned length)
{
   clt_append(&p->text, "%s", before);
   print_expr(p, index);
   clt_append(&p->text, " & %uu)]", length - 1);
}

static void
print_expr(struct printer *p, const struct expr *e)
{
   static const char *const compares[] = {"<", "<=", ">", ">=", "==", "!="};
   static const char *const ids[] = {"gid", "lid", "(uint)get_group_id(0)"};

   switch (e->kind) {
   case E_CONST:
      print_constant(p, e->type, e->value);
      break;
   case E_VAR:
      clt_append(&p->text, "v%d", e->index);
      break;
   case E_ARRAY:
      print_indexed(p, clt_format("a%d[(", e->index), e->arg[0], p->f->arrays[e->index].length);
      break;
   case E_FIELD:
      print_indexed(p, clt_format("r%d[(", e->index), e->arg[0], p->f->records[e->index].length);
      clt_append(&p->text, ".f%d", e->op);
      break;
   case E_LANE:
      print_lane(p, e->index, e->op, e->arg[0]);
      break;
   case E_INPUT:
      print_indexed(p, clt_format("(%s)in[(", name(e->type)), e->arg[0], RANDOM_INPUTS);
      break;
   case E_ID:
      clt_append(&p->text, "%s", ids[e->op]);
      break;
   case E_MEM:
      print_indexed(p, "mem[(", e->arg[0], RANDOM_MEM_SLOTS);
      break;
   case E_LOCAL:
      print_indexed(p, "slots[(", e->arg[0], RANDOM_LOCAL_SLOTS);
      break;
   case E_UNARY:
      print_unary(p, e);
      break;
   case E_BINARY:
      print_binary(p, e);
      break;
   case E_COMPARE:
      clt_append(&p->text, "(");
      print_expr(p, e->arg[0]);
      clt_append(&p->text, " %s ", compares[e->op]);
      print_expr(p, e->arg[1]);
      clt_append(&p->text, ")");
      break;
   case E_LOGIC:
      clt_append(&p->text, e->op == 2 ? "(!" : "(");
      print_expr(p, e->arg[0]);
      if (e->op != 2) {
         clt_append(&p->text, e->op == 0 ? " && " : " || ");
         print_expr(p, e->arg[1]);
      }
      clt_append(&p->text, ")");
      break;
   case E_CHOOSE:
      clt_append(&p->text, "(%s)(", name(e->type));
      print_expr(p, e->arg[0]);
      clt_append(&p->text, " ? ");
      print_expr(p, e->arg[1]);
      clt_append(&p->text, " : ");
      print_expr(p, e->arg[2]);
      clt_append(&p->text, ")");
      break;
   case E_CAST:
      if (e->arg[0]->type == CLT_FLOAT && e->type != CLT_FLOAT)
         print_args(p, clt_format("convert_%s_sat", name(e->type)), e, 1);
      else
         print_args(p, clt_format("(%s)", name(e->type)), e, 1);
      break;
   case E_BUILTIN:
      print_builtin(p, e);
      break;
   case E_CALL:
      clt_append(&p->text, "f%d(in", e->index);
      for (unsigned i = 0; i < p->program->functions[e->index].num_params; i++) {
         clt_append(&p->text, ", ");
         print_expr(p, e->arg[i]);
      }
      clt_append(&p->text, ")");
      break;
   }
}

static void
print_line(struct printer *p, int indent, const char *text)
{
   clt_append(&p->text, "%*s%s", 3 * indent, "", text);
}

static void print_block(struct printer *p, const struct stmt *s, int indent);

/* before, expression, after. */
static void
print_with(struct printer *p, int indent, const char *before, const struct expr *e,
           const char *after)
{
   print_line(p, indent, before);
   print_expr(p, e);
   clt_append(&p->text, "%s", after);
}

static void
print_switch(struct printer *p, const struct stmt *s, int indent)
{
   print_with(p, indent, "switch (", s->expr[0], clt_format(" & %d) {\n", s->count));
   for (const struct stmt *c = s->body[0]; c; c = c->next) {
      print_line(p, indent, c->index < 0 ? "default:\n" : clt_format("case %d:\n", c->index));
      print_block(p, c->body[0], indent + 1);
      print_line(p, indent + 1, c->count || !c->next ? "break;\n" : ";\n");
   }
   print_line(p, indent, "}\n");
}

static void
print_stmt(struct printer *p, const struct stmt *s, int indent)
{
   static const char *const atomics[RANDOM_COUNTERS] = {"add", "xor", "or", "min", "max"};

   switch (s->kind) {
   case S_ASSIGN:
      print_with(p, indent, clt_format("v%d = ", s->index), s->expr[0], ";\n");
      break;
   case S_ARRAY:
      print_line(p, indent, "");
      print_indexed(p, clt_format("a%d[(", s->index), s->expr[0], p->f->arrays[s->index].length);
      print_with(p, 0, " = ", s->expr[1], ";\n");
      break;
   case S_FIELD:
      print_line(p, indent, "");
      print_indexed(p, clt_format("r%d[(", s->index), s->expr[0], p->f->records[s->index].length);
      print_with(p, 0, clt_format(".f%d = ", s->count), s->expr[1], ";\n");
      break;
   case S_RECORD:
      print_line(p, indent, "");
      print_indexed(p, clt_format("r%d[(", s->index), s->expr[0], p->f->records[s->index].length);
      print_indexed(p, clt_format(" = r%d[(", s->count), s->expr[1],
                    p->f->records[s->count].length);
      clt_append(&p->text, ";\n");
      break;
   case S_LANE:
      print_line(p, indent, "");
      print_lane(p, s->index, s->count, s->expr[0]);
      print_with(p, 0, " = ", s->expr[1], ";\n");
      break;
   case S_VECTOR:
      print_line(p, indent, "");
      print_vector_stmt(p, s);
      break;
   case S_MEM:
   case S_LOCAL:
      print_line(p, indent, "");
      print_indexed(p, s->kind == S_MEM ? "mem[(" : "slots[(", s->expr[0],
                    s->kind == S_MEM ? RANDOM_MEM_SLOTS : RANDOM_LOCAL_SLOTS);
      print_with(p, 0, " = ", s->expr[1], ";\n");
      break;
   case S_ATOMIC:
      print_with(p, indent, clt_format("atomic_%s(&counters[%d], ", atomics[s->index], s->index),
                 s->expr[0], ");\n");
      break;
   case S_IF:
      print_with(p, indent, "if (", s->expr[0], ") {\n");
      print_block(p, s->body[0], indent + 1);
      if (s->body[1]) {
         print_line(p, indent, "} else {\n");
         print_block(p, s->body[1], indent + 1);
      }
      print_line(p, indent, "}\n");
      break;
   case S_FOR:
      print_with(p, indent, clt_format("for (v%d = 0; v%d < (", s->index, s->index), s->expr[0],
                 clt_format(" & %d); v%d++) {\n", s->count, s->index));
      print_block(p, s->body[0], indent + 1);
      print_line(p, indent, "}\n");
      break;
   case S_WHILE:
      print_line(p, indent, clt_format("v%d = 0;\n", s->index));
      print_with(p, indent, "while (", s->expr[0], ") {\n");
      print_line(p, indent + 1, clt_format("if (v%d++ >= %d)\n", s->index, s->count));
      print_line(p, indent + 2, "break;\n");
      print_block(p, s->body[0], indent + 1);
      print_line(p, indent, "}\n");
      break;
   case S_DO:
      print_line(p, indent, clt_format("v%d = 0;\n", s->index));
      print_line(p, indent, "do {\n");
      print_block(p, s->body[0], indent + 1);
      print_with(p, indent, clt_format("} while (++v%d < %d && ", s->index, s->count), s->expr[0],
                 ");\n");
      break;
   case S_SWITCH:
      print_switch(p, s, indent);
      break;
   case S_CASE:
      break;
   case S_BREAK:
      print_line(p, indent, "break;\n");
      break;
   case S_CONTINUE:
      print_line(p, indent, "continue;\n");
      break;
   case S_RETURN:
      if (p->in_kernel)
         print_line(p, indent, "{ FINISH(1); return; }\n");
      else
         print_with(p, indent, "return ", s->expr[0], ";\n");
      break;
   case S_EXCHANGE:
      print_with(p, indent, "shared[lid] = ", s->expr[0], ";\n");
      print_line(p, indent, "barrier(CLK_LOCAL_MEM_FENCE);\n");
      print_line(p, indent,
                 clt_format("v%d = (%s)shared[(lid + %d) %% %u];\n", s->index,
                            name(p->f->vars[s->index].type), s->count, p->program->group));
      print_line(p, indent, "barrier(CLK_LOCAL_MEM_FENCE);\n");
      break;
   case S_UNIFORM:
      print_line(p, indent,
                 clt_format("for (v%d = 0; v%d < %d; v%d++) {\n", s->index, s->index, s->count,
                            s->index));
      print_block(p, s->body[0], indent + 1);
      print_line(p, indent, "}\n");
      break;
   }
}

static void
print_block(struct printer *p, const struct stmt *s, int indent)
{
   for (; s; s = s->next)
      print_stmt(p, s, indent);
}

static void
print_declarations(struct printer *p)
{
   const struct random_function *f = p->f;

   for (unsigned i = f->num_params; i < f->num_vars; i++) {
      clt_append(&p->text, "   %s v%u = ", name(f->vars[i].type), i);
      print_constant(p, f->vars[i].type, f->vars[i].initial);
      clt_append(&p->text, ";\n");
   }
   for (unsigned i = 0; i < f->num_arrays; i++)
      clt_append(&p->text,
                 "   %s a%u[%u];\n   for (int k = 0; k < %u; k++) a%u[k] = (%s)(k * 3 + 1);\n",
                 name(f->arrays[i].type), i, f->arrays[i].length, f->arrays[i].length, i,
                 name(f->arrays[i].type));
   for (unsigned i = 0; i < f->num_vectors; i++) {
      const struct vector *v = &f->vectors[i];
      clt_append(&p->text, "   %s w%u = (%s)(", vector_name(p, v->type, v->width), i,
                 vector_name(p, v->type, v->width));
      for (unsigned k = 0; k < v->width; k++)
         clt_append(&p->text, "%s%u", k ? ", " : "", k * 5 + i);
      clt_append(&p->text, ");\n");
   }
   for (unsigned i = 0; i < f->num_records; i++) {
      clt_append(&p->text, "   struct record r%u[%u];\n   for (int k = 0; k < %u; k++) {", i,
                 f->records[i].length, f->records[i].length);
      for (unsigned k = 0; k < p->program->num_fields; k++)
         clt_append(&p->text, " r%u[k].f%u = (%s)(k * 3 + %u);", i, k, name(p->program->fields[k]),
                    k);
      clt_append(&p->text, " }\n");
   }
}

/* The item's result: a number that depends on every variable and array element. */
static void
print_finish(struct printer *p)
{
   const struct random_function *f = &p->program->kernel;

   clt_append(&p->text, "#define FINISH(how) do { ulong h = how; \\\n");
   for (unsigned i = 0; i < f->num_vars; i++) {
      if (f->vars[i].hashed)
         clt_append(&p->text, "   h = h * 31 + %s(v%u); \\\n",
                    f->vars[i].type == CLT_FLOAT ? "real_bits" : "(ulong)", i);
   }
   for (unsigned i = 0; i < f->num_arrays; i++) {
      if (f->arrays[i].hashed)
         clt_append(&p->text, "   for (int k = 0; k < %u; k++) h = h * 31 + %s(a%u[k]); \\\n",
                    f->arrays[i].length, f->arrays[i].type == CLT_FLOAT ? "real_bits" : "(ulong)",
                    i);
   }
   for (unsigned i = 0; i < f->num_vectors; i++) {
      for (unsigned k = 0; f->vectors[i].hashed && k < f->vectors[i].width; k++)
         clt_append(&p->text, "   h = h * 31 + %s(w%u.s%x); \\\n",
                    f->vectors[i].type == CLT_FLOAT ? "real_bits" : "(ulong)", i, k);
   }
   for (unsigned i = 0; i < f->num_records; i++) {
      if (!f->records[i].hashed)
         continue;
      clt_append(&p->text, "   for (int k = 0; k < %u; k++) {", f->records[i].length);
      for (unsigned k = 0; k < p->program->num_fields; k++)
         clt_append(&p->text, " h = h * 31 + %s(r%u[k].f%u);",
                    p->program->fields[k] == CLT_FLOAT ? "real_bits" : "(ulong)", i, k);
      clt_append(&p->text, " } \\\n");
   }
   clt_append(&p->text, "   out[gid] = h; } while (0)\n");
}

static bool
uses_division(const char *text, const char *type)
{
   return strstr(text, clt_format("divide_%s(", type)) ||
          strstr(text, clt_format("modulo_%s(", type));
}

/* Definitions of the safe divisions that the text uses. */
static void
print_prelude(struct clt_text *t, enum random_real real, const char *text)
{
   static const char *const bits[NUM_REALS] = {"uint", "ulong", "ushort"};

   clt_append(t,
              "%s#pragma OPENCL FP_CONTRACT OFF\n#define real %s\n"
              "ulong real_bits(real x) { return isnan(x) ? 0x%" PRIx64 "ul : (ulong)as_%s(x); }\n",
              real == REAL_HALF ? "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n" : "",
              random_real_names[real], random_real_bits(real, NAN), bits[real]);
   for (int k = 0; k < CLT_NUM_INTEGERS; k++) {
      const char *n = clt_types[k].name;
      if (!uses_division(text, n))
         continue;
      const char *bad = clt_types[k].is_signed ? " || b == -1" : ""; /* -1: MIN / -1 overflows */
      clt_append(t,
                 "%s divide_%s(%s a, %s b) { return b == 0%s ? a : (%s)(a / b); }\n"
                 "%s modulo_%s(%s a, %s b) { return b == 0%s ? a : (%s)(a %% b); }\n",
                 n, n, n, n, bad, n, n, n, n, n, bad, n);
   }
}

const char *
random_print(const struct random_program *program)
{
   struct printer p = {.program = program};
   struct clt_text t = {0};

   clt_append(&p.text, "struct record {");
   for (unsigned i = 0; i < program->num_fields; i++)
      clt_append(&p.text, " %s f%u;", name(program->fields[i]), i);
   clt_append(&p.text, " };\n");

   for (unsigned i = 0; i < program->num_functions; i++) {
      const struct random_function *f = &program->functions[i];

      p.f = f;
      clt_append(&p.text, "\n%s f%u(global const ulong *in", name(f->type), i);
      for (unsigned k = 0; k < f->num_params; k++)
         clt_append(&p.text, ", %s v%u", name(f->vars[k].type), k);
      clt_append(&p.text, ")\n{\n");
      print_declarations(&p);
      print_block(&p, f->body, 1);
      clt_append(&p.text, "   return v0;\n}\n");
   }
   p.f = &program->kernel;
   p.in_kernel = true;
   clt_append(&p.text, "\n");
   print_finish(&p);
   clt_append(
      &p.text,
      "kernel void\ntest(global const ulong *in, global ulong *out, global %s *all_mem,\n"
      "     global uint *counters)\n{\n"
      "   local ulong shared[%u];\n   local %s all_slots[%u];\n"
      "   uint gid = get_global_id(0), lid = get_local_id(0);\n"
      "   global %s *mem = all_mem + gid * %d;\n   local %s *slots = all_slots + lid * %d;\n"
      "   for (int k = 0; k < %d; k++) slots[k] = (%s)k;\n",
      name(program->mem_type), program->group, name(program->local_type),
      program->group * RANDOM_LOCAL_SLOTS, name(program->mem_type), RANDOM_MEM_SLOTS,
      name(program->local_type), RANDOM_LOCAL_SLOTS, RANDOM_LOCAL_SLOTS, name(program->local_type));
   print_declarations(&p);
   print_block(&p, program->kernel.body, 1);
   clt_append(&p.text, "   FINISH(0);\n}\n");

   print_prelude(&t, program->real, p.text.text);
   clt_append(&t, "%s", p.text.text);
   return t.text;
}
