// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Runs random programs on the interpreter and on the JIT and compares all memory they wrote; see usage()
// below.
//
// A program that differs, does not come to an end or kills its process is reduced by leaving out items as
// long as anything is wrong with it, and printed.

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../isa/tap.h"
#include "jit_compare.h"
#include "npu_isa/npu_disasm.h"

#define MAX_CASES     10 /* about so many for a run of seeds */
#define MAX_REDUCED   3  /* programs of a run: it takes a while */
#define MAX_ITEMS     60
#define LIMIT_S       60
#define REDUCED_LIMIT 10 /* while reducing: part of limit_s */

struct options {
   uint64_t first, last;
   unsigned items, limit_s;
   bool ops, print;
};

static const char usage_text[] =
   "Usage: jit_random_test [OPTIONS] CONFIGURATION\n"
   "Compares random programs on the interpreter and on the device of the configuration,\n"
   "words as in NPU_SIM, such as jit,cpu=sse2,quick-code.\n"
   "\n"
   "  --seeds=A..B   programs of these seeds (1..100)\n"
   "  --items=N      programs have between 8 and 8 + N items, N - 1 at most (60)\n"
   "  --ops          every operation in random forms instead, not only those that\n"
   "                 random programs happen to have\n"
   "  --limit=S      what takes longer than S seconds has failed (60); 0: no limit, and\n"
   "                 everything in this process, for a debugger\n"
   "  --print        print the programs as well\n"
   "  --help         this text\n";

static bool
parse_number(const char *text, const char *end, uint64_t *number)
{
   char *stop;

   *number = strtoull(text, &stop, 0);
   return *text >= '0' && *text <= '9' && (end ? stop == end : *stop == 0);
}

static bool
parse_seeds(const char *text, struct options *options)
{
   const char *dots = strstr(text, "..");

   if (!parse_number(text, dots, &options->first))
      return false;
   options->last = options->first;
   return (!dots || parse_number(dots + 2, NULL, &options->last)) &&
          options->first <= options->last;
}

/* The configuration. Does not return if there is none. */
static const char *
parse_options(int argc, char **argv, struct options *options)
{
   static const struct option known[] = {
      {"seeds", required_argument, NULL, 's'},
      {"items", required_argument, NULL, 'i'},
      {"ops", no_argument, NULL, 'o'},
      {"limit", required_argument, NULL, 'l'},
      {"print", no_argument, NULL, 'p'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
   };
   uint64_t number = 0;
   bool good = true;

   *options = (struct options){.first = 1, .last = 100, .items = MAX_ITEMS, .limit_s = LIMIT_S};
   for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
      switch (c) {
      case 's':
         good &= parse_seeds(optarg, options);
         break;
      case 'i':
         good &= parse_number(optarg, NULL, &number) && number > 0 && number <= JIT_MAX_ITEMS;
         options->items = (unsigned)number;
         break;
      case 'l':
         good &= parse_number(optarg, NULL, &number) && number <= 1000000;
         options->limit_s = (unsigned)number;
         break;
      case 'o':
         options->ops = true;
         break;
      case 'p':
         options->print = true;
         break;
      case 'h':
         fputs(usage_text, stdout);
         exit(EXIT_SUCCESS);
      default:
         good = false;
         break;
      }
   }
   if (!good || argc != optind + 1) {
      fputs(usage_text, stderr);
      exit(2);
   }
   return argv[optind];
}

/* ---- programs that fail ------------------------------------------------------------------ */

/* Leaves out items as long as something is wrong. */
static void
reduce(struct jit_guard *guard, struct jit_program *program, struct jit_verdict *verdict)
{
   const unsigned limit_s = guard->limit_s;

   guard->limit_s = (limit_s + REDUCED_LIMIT - 1) / REDUCED_LIMIT;
   for (bool changed = true; changed;) {
      changed = false;
      for (unsigned i = 0; i < program->num_items; i++) {
         if (program->items[i].skip)
            continue;
         program->items[i].skip = true;
         struct jit_verdict now = jit_guard_run(guard, program);
         program->items[i].skip = !now.good;
         changed |= !now.good;
         *verdict = now.good ? *verdict : now;
      }
   }
   const unsigned num_groups = program->num_groups;
   program->num_groups = 1;
   struct jit_verdict now = jit_guard_run(guard, program);
   if (now.good)
      program->num_groups = num_groups;
   guard->limit_s = limit_s;
}

static void
print(const struct jit_program *program)
{
   struct sim_code code;

   jit_program_emit(program, &code);
   printf("# groups of %u work-items, %u groups\n", program->group_size, program->num_groups);
   char *listing;
   size_t size;
   FILE *file = open_memstream(&listing, &size);
   npu_disasm(file, code.words, code.num_words, 0);
   fclose(file);
   for (char *line = strtok(listing, "\n"); line; line = strtok(NULL, "\n"))
      printf("# %s\n", line);
   free(listing);
   free(code.words);
}

/* Compares one program; what is wrong with it is reduced and printed. Returns whether it faulted. */
static bool
compare(struct tap *tap, struct jit_guard *guard, struct jit_program *program, const char *name)
{
   static unsigned num_reduced;
   struct jit_verdict verdict = jit_guard_run(guard, program);

   if (verdict.good)
      return verdict.faulted;
   tap_problem(tap, "%s: %s", name, verdict.text);
   fflush(stdout);
   if (num_reduced++ < MAX_REDUCED) {
      reduce(guard, program, &verdict);
      printf("# %s, reduced: %s\n", name, verdict.text);
      print(program);
   }
   return verdict.faulted;
}

/* ------------------------------------------------------------------------------------------ */

/* Every computation in all its forms. */
static void
test_ops(struct tap *tap, struct jit_guard *guard, const struct options *options)
{
   static struct jit_program program;
   char name[128];

   for (unsigned op = 0; op < NPU_NUM_OPS;) {
      unsigned next = jit_program_make_ops(&program, 77, op, 9);
      if (!program.num_items)
         break;
      snprintf(name, sizeof(name), "%s to %s", npu_op_infos[program.items[0].op].name,
               npu_op_infos[program.items[program.num_items - 1].op].name);
      if (options->print)
         print(&program);
      compare(tap, guard, &program, name);
      tap_case(tap, "%s", name);
      fflush(stdout);
      op = next;
   }
}

static void
test_seeds(struct tap *tap, struct jit_guard *guard, const struct options *options)
{
   static struct jit_program program;
   const uint64_t each = (options->last - options->first) / MAX_CASES + 1;
   unsigned faults = 0;

   for (uint64_t seed = options->first;; seed++) {
      char name[32];
      snprintf(name, sizeof(name), "seed %" PRIu64, seed);
      jit_program_make(&program, seed, 8 + (unsigned)(seed % options->items));
      if (options->print)
         print(&program);
      faults += compare(tap, guard, &program, name);
      if ((seed - options->first + 1) % each == 0 || seed == options->last)
         tap_case(tap, "programs up to seed %" PRIu64, seed);
      fflush(stdout);
      if (seed == options->last)
         break;
   }
   if (faults)
      tap_problem(tap, "%u programs faulted, which they are not made to", faults);
   tap_case(tap, "no program faulted");
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct options options;
   struct jit_guard guard = {.configuration = parse_options(argc, argv, &options)};

   guard.limit_s = options.limit_s;
   if (options.ops)
      test_ops(&tap, &guard, &options);
   else
      test_seeds(&tap, &guard, &options);
   if (!jit_guard_finish(&guard))
      tap_problem(&tap, "the process that compares did not end in good order");
   tap_case(&tap, "the process that compares ends");
   return tap_done(&tap);
}
