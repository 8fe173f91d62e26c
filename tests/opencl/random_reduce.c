// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Makes a failing random program smaller: removes statements, else branches, variables from the
 * result, and replaces expressions by one of their operands or by 0 or 1, as long as the program
 * still fails. Greedy: one walk over the tree after the other until a walk changes nothing or the
 * tries are used up. */

#include "random_ast.h"

struct reducer {
   bool (*still_fails)(void *data);
   void *data;
   unsigned tries;
   bool progress;
};

static bool
keep(struct reducer *r)
{
   if (r->tries == 0)
      return false;
   r->tries--;
   if (!r->still_fails(r->data))
      return false;
   r->progress = true;
   return true;
}

static void
reduce_expr(struct reducer *r, struct expr *e)
{
   struct expr old = *e;

   if (!r->tries)
      return;
   if (e->kind != E_CONST) {
      for (uint64_t v = 0; v < 2; v++) {
         *e = (struct expr){.kind = E_CONST,
                            .type = old.type,
                            .value = old.type == CLT_FLOAT ? random_real_value(v) : v};
         if (keep(r))
            return;
         *e = old;
      }
   }
   for (int i = 0; i < 3; i++) {
      if (!old.arg[i] || old.arg[i]->type != old.type)
         continue;
      *e = *old.arg[i];
      if (keep(r)) {
         reduce_expr(r, e);
         return;
      }
      *e = old;
   }
   for (int i = 0; i < 3; i++) {
      if (e->arg[i])
         reduce_expr(r, e->arg[i]);
   }
}

static void
reduce_block(struct reducer *r, struct stmt **link)
{
   while (*link && r->tries) {
      struct stmt *s = *link, *next = s->next;

      *link = next;
      if (keep(r))
         continue;
      *link = s;
      if (s->kind == S_IF || s->kind == S_UNIFORM || s->kind == S_FOR) {
         /* the body instead of the statement */
         struct stmt *last = s->body[0];
         while (last && last->next)
            last = last->next;
         if (last && last->kind != S_BREAK && last->kind != S_CONTINUE) {
            *link = s->body[0];
            last->next = next;
            if (keep(r))
               continue;
            last->next = NULL;
            *link = s;
         }
      }
      if (s->body[1]) {
         struct stmt *other = s->body[1];
         s->body[1] = NULL;
         if (!keep(r))
            s->body[1] = other;
      }
      for (int i = 0; i < 2; i++) {
         reduce_block(r, &s->body[i]);
         if (s->expr[i])
            reduce_expr(r, s->expr[i]);
      }
      link = &s->next;
   }
}

static void
reduce_function(struct reducer *r, struct random_function *f)
{
   reduce_block(r, &f->body);
   for (unsigned i = 0; i < f->num_vars; i++) {
      if (f->vars[i].hashed) {
         f->vars[i].hashed = false;
         f->vars[i].hashed = !keep(r);
      }
   }
   for (unsigned i = 0; i < f->num_arrays; i++) {
      if (f->arrays[i].hashed) {
         f->arrays[i].hashed = false;
         f->arrays[i].hashed = !keep(r);
      }
   }
   for (unsigned i = 0; i < f->num_records; i++) {
      if (f->records[i].hashed) {
         f->records[i].hashed = false;
         f->records[i].hashed = !keep(r);
      }
   }
   for (unsigned i = 0; i < f->num_vectors; i++) {
      if (f->vectors[i].hashed) {
         f->vectors[i].hashed = false;
         f->vectors[i].hashed = !keep(r);
      }
   }
   /* the last ones can go when nothing mentions them; a program that does not build does not fail */
   while (f->num_arrays) {
      f->num_arrays--;
      if (!keep(r)) {
         f->num_arrays++;
         break;
      }
   }
   while (f->num_records) {
      f->num_records--;
      if (!keep(r)) {
         f->num_records++;
         break;
      }
   }
   while (f->num_vectors) {
      f->num_vectors--;
      if (!keep(r)) {
         f->num_vectors++;
         break;
      }
   }
   while (f->num_vars > f->num_params) {
      f->num_vars--;
      if (!keep(r)) {
         f->num_vars++;
         break;
      }
   }
}

void
random_reduce(struct random_program *p, bool (*still_fails)(void *data), void *data, unsigned tries)
{
   struct reducer r = {still_fails, data, tries, true};

   while (r.progress && r.tries) {
      r.progress = false;
      if (p->groups > 1) {
         unsigned groups = p->groups;
         p->groups = 1;
         if (!keep(&r))
            p->groups = groups;
      }
      reduce_function(&r, &p->kernel);
      for (unsigned i = p->num_functions; i-- > 0;)
         reduce_function(&r, &p->functions[i]);
      while (p->num_functions) {
         p->num_functions--;
         if (!keep(&r)) {
            p->num_functions++;
            break;
         }
      }
   }
}
