/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Random programs through every pass of the back end, alone and together, executed before and
 * after. Each case is a property over many programs; a failure prints the seed, which --seed
 * reproduces, and the program.
 *
 * Usage: npu_fuzz_test [--count N] [--seed S] [--size N] [--only TEXT]
 */
#include <stdlib.h>
#include <string.h>

#include "npu_backend.h"
#include "npu_debug.h"
#include "npu_interp.h"
#include "npu_passes.h"
#include "npu_random_ir.h"

#define MAX_STEPS 200000

static unsigned test_number, num_failed;
static uint64_t first_seed = 1;
static unsigned count = 150;
static unsigned fixed_size;
static const char *only;

static const struct npu_ra_limits full = {
   .regs = {[NPU_FILE_V] = 128, [NPU_FILE_S] = 64, [NPU_FILE_M] = 16}};
static const struct npu_ra_limits small = {
   .regs = {[NPU_FILE_V] = 24, [NPU_FILE_S] = 10, [NPU_FILE_M] = 4}};
static const struct npu_ra_limits small_turning = {
   .regs = {[NPU_FILE_V] = 24, [NPU_FILE_S] = 10, [NPU_FILE_M] = 4}, .round_robin = true};

static char *
print_shader(const struct npu_shader *shader)
{
   char *text;
   size_t size;
   FILE *out = open_memstream(&text, &size);

   npu_print(out, shader);
   fclose(out);
   return text;
}

static void
comment(const char *text)
{
   while (*text) {
      int length = strcspn(text, "\n");
      printf("# %.*s\n", length, text);
      text += length + (text[length] == '\n');
   }
}

/* What one property does to a program; returns NULL or a malloc'ed complaint. */
typedef char *(*property)(struct npu_shader *shader);

static struct npu_interp_state expected, actual;

/* unit_test operations are gone from final code: then only memory counts. */
static char *
compare_states(bool final)
{
   const char *what = NULL;
   char *text;

   if (expected.overran || actual.overran)
      what = expected.overran != actual.overran ? "one of the programs does not end" : NULL;
   else if (memcmp(expected.global, actual.global, sizeof(actual.global)))
      what = "global memory differs";
   else if (memcmp(expected.local, actual.local, sizeof(actual.local)))
      what = "local memory differs";
   else if (memcmp(expected.private_mem, actual.private_mem, sizeof(actual.private_mem)))
      what = "private memory differs";
   else if (!final && expected.trace != actual.trace)
      what = "the trace differs";
   if (!what)
      return NULL;
   if (asprintf(&text, "%s\n", what) < 0)
      abort();
   return text;
}

/* Runs program and result on one wave. */
static char *
same_result(const struct npu_shader *before, const struct npu_shader *after, uint64_t wave,
            bool final)
{
   npu_interp_run(before, wave, 1, MAX_STEPS, NPU_RANDOM_PRIVATE_B, &expected);
   npu_interp_run(after, wave, 77, MAX_STEPS, NPU_RANDOM_PRIVATE_B, &actual);
   return compare_states(final);
}

static unsigned
program_size(uint64_t seed)
{
   if (fixed_size)
      return fixed_size;
   return 10 + seed % 13 * (seed % 5 == 0 ? 40 : 12);
}

static void
fail_case(uint64_t seed, const char *problem, const struct npu_shader *before,
          const struct npu_shader *after)
{
   char *text;

   printf("# seed %llu: ", (unsigned long long)seed);
   comment(problem);
   printf("# before:\n");
   comment(text = print_shader(before));
   free(text);
   printf("# after:\n");
   comment(text = print_shader(after));
   free(text);
}

static void
run_property(const char *name, property change, bool final)
{
   bool failed = false;
   unsigned useful = 0;

   if (only && !strstr(name, only))
      return;

   for (uint64_t seed = first_seed; seed < first_seed + count && !failed; ++seed) {
      void *mem_ctx = ralloc_context(NULL);
      struct npu_shader *before = npu_random_ir(mem_ctx, seed, program_size(seed));
      struct npu_shader *after = npu_random_ir(mem_ctx, seed, program_size(seed));
      char *problem = npu_validate(before, "random program");

      if (!problem)
         problem = change(after);
      if (!problem)
         problem = npu_validate(after, name);
      for (unsigned wave = 0; wave < 3 && !problem; ++wave) {
         problem = same_result(before, after, seed * 3 + wave, final);
         useful += !expected.overran;
      }
      if (problem) {
         fail_case(seed, problem, before, after);
         failed = true;
         free(problem);
      }
      ralloc_free(mem_ctx);
   }
   if (!failed && useful < count * 2) {
      printf("# only %u of %u runs ended in time\n", useful, count * 3);
      failed = true;
   }
   printf("%s %u - %s\n", failed ? "not ok" : "ok", ++test_number, name);
   num_failed += failed;
}

/* ---- properties ---- */

static char *
unchanged(struct npu_shader *shader)
{
   return NULL;
}

/* The text of the program describes the program. */
static char *
reparse(struct npu_shader *shader)
{
   char *text = print_shader(shader), *error = NULL, *again;
   void *mem_ctx = ralloc_context(NULL);
   struct npu_shader *copy = npu_parse(mem_ctx, text, &error);

   if (copy) {
      again = print_shader(copy);
      if (strcmp(text, again))
         error = strdup("printing the parsed program gives another text");
      free(again);
   }
   ralloc_free(mem_ctx);
   free(text);
   return error;
}

#define PASS_PROPERTY(pass)                                                                        \
   static char *prop_##pass(struct npu_shader *shader)                                             \
   {                                                                                               \
      npu_legalize(shader);                                                                        \
      pass(shader);                                                                                \
      return NULL;                                                                                 \
   }

PASS_PROPERTY(npu_legalize)
PASS_PROPERTY(npu_opt_combine)
PASS_PROPERTY(npu_opt_cse)
PASS_PROPERTY(npu_opt_dce)
PASS_PROPERTY(npu_opt_masked)
PASS_PROPERTY(npu_lower_cfg)
PASS_PROPERTY(npu_lower_tied)

static char *
schedule(struct npu_shader *shader)
{
   npu_legalize(shader);
   npu_schedule(shader, false);
   return NULL;
}

static char *
shuffle(struct npu_shader *shader)
{
   npu_legalize(shader);
   npu_schedule(shader, true);
   return NULL;
}

static char *
within(const struct npu_shader *shader, const struct npu_ra_limits *limits)
{
   unsigned demand[NPU_NUM_FILES];
   char *text;

   npu_calc_demand(shader, demand);
   for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
      unsigned limit = limits->regs[f] - (f == NPU_FILE_V);
      if (demand[f] > limit) {
         if (asprintf(&text, "demand %u of file %u exceeds %u", demand[f], f, limit) < 0)
            abort();
         return text;
      }
   }
   return NULL;
}

static char *
spill_to(struct npu_shader *shader, const struct npu_ra_limits *limits)
{
   npu_legalize(shader);
   npu_lower_cfg(shader);
   npu_lower_tied(shader);
   npu_spill(shader, limits);
   npu_compute_liveness(shader);
   return within(shader, limits);
}

static char *
spill_small(struct npu_shader *shader)
{
   return spill_to(shader, &small);
}

static char *
allocate(struct npu_shader *shader, const struct npu_ra_limits *limits, bool lower)
{
   char *problem = spill_to(shader, limits);

   if (problem)
      return problem;
   struct npu_ra_record *record = npu_ra(shader, limits);
   problem = npu_validate_ra(shader, record, limits);
   if (!problem && lower) {
      npu_lower_parallel_copy(shader);
      problem = npu_validate_ra(shader, record, limits);
   }
   return problem;
}

static char *
allocate_full(struct npu_shader *shader)
{
   return allocate(shader, &full, false);
}

static char *
allocate_small(struct npu_shader *shader)
{
   return allocate(shader, &small, false);
}

static char *
allocate_turning(struct npu_shader *shader)
{
   return allocate(shader, &small_turning, true);
}

/* No register more than the demand. */
static char *
allocate_exact(struct npu_shader *shader)
{
   struct npu_ra_limits exact;
   char *problem = spill_to(shader, &full);

   if (problem)
      return problem;
   npu_calc_demand(shader, exact.regs);
   exact.regs[NPU_FILE_V] += 1;
   exact.round_robin = false;
   struct npu_ra_record *record = npu_ra(shader, &exact);
   problem = npu_validate_ra(shader, record, &exact);
   if (!problem) {
      npu_lower_parallel_copy(shader);
      problem = npu_validate_ra(shader, record, &exact);
   }
   return problem;
}

static char *
whole_back_end(struct npu_shader *shader, uint32_t flags)
{
   struct npu_compile_debug debug = {.flags = flags | NPU_DEBUG_VALIDATE};
   struct npu_binary binary = {0};
   char *error = NULL;

   shader->info.private_size_B = NPU_RANDOM_PRIVATE_B;
   if (!npu_compile_backend(shader, &debug, &binary, &error))
      return error;
   free(binary.code);
   return NULL;
}

static char *
back_end(struct npu_shader *shader)
{
   return whole_back_end(shader, 0);
}

static char *
back_end_spilling(struct npu_shader *shader)
{
   return whole_back_end(shader,
                         NPU_DEBUG_STRESS_SPILL | NPU_DEBUG_STRESS_COPIES | NPU_DEBUG_STRESS_SCHED);
}

static char *
back_end_reparsing(struct npu_shader *shader)
{
   return whole_back_end(shader, NPU_DEBUG_REPARSE);
}

static char *
back_end_noopt(struct npu_shader *shader)
{
   return whole_back_end(shader, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_SCHED);
}

static void
usage(FILE *out)
{
   fprintf(out, "usage: npu_fuzz_test [--count N] [--seed S] [--size N] [--only TEXT]\n"
                "Checks the passes of the back end on random programs. Output: TAP.\n"
                "  --count N    number of programs (default 150)\n"
                "  --seed S     number of the first program (default 1)\n"
                "  --size N     about as many instructions each (default: varied)\n"
                "  --only TEXT  only the properties whose name contains TEXT\n");
}

int
main(int argc, char **argv)
{
   for (int i = 1; i < argc; ++i) {
      if (!strcmp(argv[i], "--count") && i + 1 < argc) {
         count = strtoul(argv[++i], NULL, 0);
      } else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
         first_seed = strtoull(argv[++i], NULL, 0);
      } else if (!strcmp(argv[i], "--size") && i + 1 < argc) {
         fixed_size = strtoul(argv[++i], NULL, 0);
      } else if (!strcmp(argv[i], "--only") && i + 1 < argc) {
         only = argv[++i];
      } else {
         usage(!strcmp(argv[i], "--help") ? stdout : stderr);
         return strcmp(argv[i], "--help") ? 2 : 0;
      }
   }
   setvbuf(stdout, NULL, _IOLBF, 0);
   printf("# %u programs from seed %llu\n", count, (unsigned long long)first_seed);

   run_property("programs do not depend on what is undefined", unchanged, false);
   run_property("text describes the program", reparse, false);
   run_property("npu_legalize", prop_npu_legalize, false);
   run_property("npu_opt_combine", prop_npu_opt_combine, false);
   run_property("npu_opt_cse", prop_npu_opt_cse, false);
   run_property("npu_opt_dce", prop_npu_opt_dce, false);
   run_property("npu_opt_masked", prop_npu_opt_masked, false);
   run_property("npu_schedule", schedule, false);
   run_property("npu_schedule in any legal order", shuffle, false);
   run_property("npu_lower_cfg", prop_npu_lower_cfg, false);
   run_property("npu_lower_tied", prop_npu_lower_tied, false);
   run_property("npu_spill to a small file", spill_small, false);
   run_property("npu_ra", allocate_full, false);
   run_property("npu_ra with exactly the demand", allocate_exact, false);
   run_property("npu_ra with a small file", allocate_small, false);
   run_property("npu_ra round robin, copies lowered", allocate_turning, false);
   run_property("the whole back end", back_end, true);
   run_property("the whole back end, spilling and copying", back_end_spilling, true);
   run_property("the whole back end on reparsed text", back_end_reparsing, true);
   run_property("the whole back end without optimisation", back_end_noopt, true);
   printf("1..%u\n", test_number);
   return num_failed ? 1 : 0;
}
