/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Runner of the uAPI test plan: TAP on stdout, one line for each case.
 */

#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct plan_suite *const suites[] = {
   &plan_query,   &plan_misuse_generic, &plan_misuse, &plan_bo,     &plan_bind,   &plan_submit,
   &plan_syncobj, &plan_share,          &plan_fault,  &plan_kernel, &plan_stress, &plan_fuzz,
};

#define NUM_SUITES (sizeof(suites) / sizeof(suites[0]))

/* A case that takes longer hangs. */
#define CASE_TIMEOUT_S 120

/* Watchdog for the model, unless NPU_SIM says something else: long enough for what the cases do,
 * short enough to wait for.
 */
#define SIM_DEFAULT "cores=2,watchdog=400"

void
plan_fail(struct plan *plan, const char *file, int line, const char *format, ...)
{
   if (plan->failed)
      return;

   const char *slash = strrchr(file, '/');
   int length = snprintf(plan->message, sizeof(plan->message), "%s:%d: ", slash ? slash + 1 : file,
                         line);
   va_list args;
   va_start(args, format);
   vsnprintf(plan->message + length, sizeof(plan->message) - length, format, args);
   va_end(args);
   plan->failed = true;
}

void
plan_fail_now(struct plan *plan)
{
   longjmp(plan->abort, 1);
}

/* Memory in use once everything that is still dying has died, but at least what it shall come to. */
static void
check_memory(struct plan *plan, struct npu_transport *keeper, uint64_t before_B)
{
   uint64_t used_B = 0;

   for (unsigned ms = 0; ms < 5000; ms += ms / 2 + 1) {
      used_B = plan_memory_used(plan, keeper);
      if (used_B == before_B)
         return;
      plan_sleep_ms(ms / 2 + 1);
   }
   plan_fail(plan, __FILE__, __LINE__, "%lld bytes of device memory are lost",
             (long long)(used_B - before_B));
}

static void
run_case(struct plan *plan, const struct plan_suite *suite, unsigned index,
         struct npu_transport *keeper)
{
   plan->failed = false;
   plan->num_extra = 0;
   plan->t = NULL;

   if (setjmp(plan->abort))
      return; /* only from the calls below: nothing is open */
   uint64_t before_B = plan_memory_used(plan, keeper);
   plan->t = plan_open(plan);

   if (!setjmp(plan->abort))
      suite->run(plan, index);

   while (plan->num_extra)
      plan_close(plan, plan->extra[plan->num_extra - 1]);
   if (!setjmp(plan->abort))
      check_memory(plan, keeper, before_B);
}

static int
usage(FILE *to, int result)
{
   fprintf(to, "Usage: npu-uapi-test [OPTION]... [PATTERN]...\n"
               "Runs the test plan of the NPU uAPI; only cases whose name contains a PATTERN.\n\n"
               "  --transport=sim|drm   where to run it (default: sim)\n"
               "  --seed=N              seed of random tests (default: from the clock, printed)\n"
               "  --except=PATTERN      not those whose name contains this\n"
               "  --list                print the names of the cases\n"
               "  --help                print this\n\n"
               "The model is configured by NPU_SIM (default here: " SIM_DEFAULT ").\n");
   return result;
}

static bool
matches(const char *name, const char *except, char **patterns, int count)
{
   if (except && strstr(name, except))
      return false;
   for (int i = 0; i < count; i++) {
      if (strstr(name, patterns[i]))
         return true;
   }
   return count == 0;
}

struct options {
   char **patterns;
   int num_patterns;
   const char *except;
   bool list;
};

/* Runs, or lists, the cases whose name matches. Returns how many failed. */
static unsigned
run_cases(struct plan *plan, const struct options *options, struct npu_transport *keeper,
          unsigned *num_run)
{
   unsigned num_failed = 0;

   for (unsigned s = 0; s < NUM_SUITES; s++) {
      for (unsigned i = 0; i < suites[s]->num_cases; i++) {
         char name[256];
         snprintf(name, sizeof(name), "%s: %s", suites[s]->name, suites[s]->case_name(i));
         if (!matches(name, options->except, options->patterns, options->num_patterns))
            continue;
         if (options->list) {
            printf("%s\n", name);
            continue;
         }

         alarm(CASE_TIMEOUT_S * plan_time_factor());
         int64_t start = plan_now_ns();
         run_case(plan, suites[s], i, keeper);
         int64_t ms = (plan_now_ns() - start) / PLAN_MS;
         (*num_run)++;
         num_failed += plan->failed;
         printf("%sok %u - %s", plan->failed ? "not " : "", *num_run, name);
         if (ms >= 500)
            printf(" # %lld ms", (long long)ms);
         printf("\n");
         if (plan->failed)
            printf("# %s\n", plan->message);
         fflush(stdout);
      }
   }
   return num_failed;
}

/* What all cases need to know about the device. */
static bool
look_at_device(struct plan *plan, struct npu_transport *keeper)
{
   if (setjmp(plan->abort))
      return false;
   plan->is_sim = !strcmp(keeper->ops->name, "sim");
   plan->watchdog_ms = plan_device_info(plan, keeper).watchdog_ms;
   return true;
}

int
main(int argc, char **argv)
{
   struct plan plan = {.transport_name = "sim", .seed = (uint64_t)time(NULL)};
   struct options options = {0};
   unsigned num_run = 0;
   int arg = 1;

   for (; arg < argc && argv[arg][0] == '-'; arg++) {
      if (!strncmp(argv[arg], "--transport=", 12))
         plan.transport_name = argv[arg] + 12;
      else if (!strncmp(argv[arg], "--seed=", 7))
         plan.seed = strtoull(argv[arg] + 7, NULL, 0);
      else if (!strncmp(argv[arg], "--except=", 9))
         options.except = argv[arg] + 9;
      else if (!strcmp(argv[arg], "--list"))
         options.list = true;
      else if (!strcmp(argv[arg], "--help"))
         return usage(stdout, 0);
      else
         return usage(stderr, 2);
   }
   options.patterns = argv + arg;
   options.num_patterns = argc - arg;
   if (options.list) {
      run_cases(&plan, &options, NULL, &num_run);
      return 0;
   }

   char why[256] = "";
   setenv("NPU_SIM", SIM_DEFAULT, 0);
   struct npu_transport *keeper = npu_transport_open(plan.transport_name, why, sizeof(why));
   if (!keeper || !look_at_device(&plan, keeper)) {
      printf("Bail out! %s%s\n", why, plan.message);
      return 1;
   }

   printf("TAP version 13\n# transport %s, seed %" PRIu64 "\n", keeper->ops->name, plan.seed);
   unsigned num_failed = run_cases(&plan, &options, keeper, &num_run);
   alarm(CASE_TIMEOUT_S * plan_time_factor());
   keeper->ops->destroy(keeper);
   free(plan.maps);
   printf("1..%u\n# %u passed, %u failed\n", num_run, num_run - num_failed, num_failed);
   return num_failed != 0;
}
