/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Runs the text cases of the compiler's back end: IR in, IR (or code, or a report) out, compared to
 * the letter. A case file (*.npuir) is a list of
 *
 *    === name of the case
 *    RUN: action, action, ...
 *    input text
 *    ---
 *    expected text
 *
 * with lines of explanation allowed before the first case. Actions are names of passes (combine,
 * cse, dce, ...) run in this order, and at the end what is compared:
 *
 *    (nothing)    the IR, printed; it has to be valid before and after
 *    validate     the first line of the validator's report; the input may be anything that parses
 *    parse        the parser's message; the input must not parse
 *    asm          the code that the whole back end makes, disassembled
 *    demand       the register demand, "v s m"
 *
 * Usage: npu_pass_test [--update] FILE...   --update rewrites the expected texts with what came
 * out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npu_backend.h"
#include "npu_debug.h"
#include "npu_passes.h"

#include "npu_isa/npu_disasm.h"

struct test_case {
   char *name, *run, *input, *expected;
};

static const struct npu_ra_limits full_limits = {
   .regs = {[NPU_FILE_V] = 128, [NPU_FILE_S] = 64, [NPU_FILE_M] = 16}};
static const struct npu_ra_limits tiny_limits = {
   .regs = {[NPU_FILE_V] = 6, [NPU_FILE_S] = 4, [NPU_FILE_M] = 2}};

/* Those of NPU_DEBUG_STRESS_SPILL. */
static const struct npu_ra_limits small_limits = {
   .regs = {[NPU_FILE_V] = 24, [NPU_FILE_S] = 10, [NPU_FILE_M] = 4}};

static bool
run_ra(struct npu_shader *shader)
{
   npu_ra(shader, &full_limits);
   return true;
}

static bool
run_ra_tiny(struct npu_shader *shader)
{
   npu_ra(shader, &tiny_limits);
   return true;
}

static bool
run_spill_tiny(struct npu_shader *shader)
{
   return npu_spill(shader, &tiny_limits);
}

static bool
run_spill_small(struct npu_shader *shader)
{
   return npu_spill(shader, &small_limits);
}

static bool
run_schedule(struct npu_shader *shader)
{
   return npu_schedule(shader, false);
}

static const struct {
   const char *name;
   bool (*pass)(struct npu_shader *shader);
} passes[] = {
   {"combine", npu_opt_combine},
   {"cse", npu_opt_cse},
   {"dce", npu_opt_dce},
   {"jumps", npu_opt_jumps},
   {"legalize", npu_legalize},
   {"lower_cfg", npu_lower_cfg},
   {"lower_copies", npu_lower_parallel_copy},
   {"lower_pseudo", npu_lower_pseudo},
   {"lower_tied", npu_lower_tied},
   {"masked", npu_opt_masked},
   {"ra", run_ra},
   {"ra_tiny", run_ra_tiny},
   {"schedule", run_schedule},
   {"spill_small", run_spill_small},
   {"spill_tiny", run_spill_tiny},
};

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

static char *
first_line(char *text)
{
   if (!text)
      return strdup("valid\n");
   char *end = strchr(text, '\n');
   if (end)
      end[1] = '\0';
   return text;
}

static char *
run_asm(struct npu_shader *shader)
{
   struct npu_compile_debug debug = {.flags = NPU_DEBUG_VALIDATE};
   struct npu_binary binary;
   char *text;
   size_t size;

   if (!npu_compile_backend(shader, &debug, &binary, &text))
      return text;
   FILE *out = open_memstream(&text, &size);
   npu_disasm(out, (const uint64_t *)binary.code, binary.code_size_B / 8, 0);
   fclose(out);
   free(binary.code);
   return text;
}

static char *
run_demand(struct npu_shader *shader)
{
   unsigned demand[NPU_NUM_FILES];
   char *text;

   npu_compute_liveness(shader);
   npu_calc_demand(shader, demand);
   if (asprintf(&text, "%u %u %u\n", demand[NPU_FILE_V], demand[NPU_FILE_S], demand[NPU_FILE_M]) <
       0)
      abort();
   return text;
}

/* One action; returns the final text if it makes one, else NULL. */
static char *
run_action(struct npu_shader *shader, const char *name, size_t length)
{
   for (unsigned i = 0; i < ARRAY_SIZE(passes); ++i) {
      if (strlen(passes[i].name) == length && !memcmp(passes[i].name, name, length)) {
         passes[i].pass(shader);
         return npu_validate(shader, passes[i].name);
      }
   }
   if (length == 8 && !memcmp(name, "validate", 8))
      return first_line(npu_validate(shader, "test"));
   if (length == 3 && !memcmp(name, "asm", 3))
      return run_asm(shader);
   if (length == 6 && !memcmp(name, "demand", 6))
      return run_demand(shader);

   char *text;
   if (asprintf(&text, "unknown action \"%.*s\"\n", (int)length, name) < 0)
      abort();
   return text;
}

static char *
run_case(const struct test_case *test)
{
   void *mem_ctx = ralloc_context(NULL);
   char *text = NULL;
   struct npu_shader *shader = npu_parse(mem_ctx, test->input, &text);

   if (!shader) {
      char *line;
      if (asprintf(&line, "%s\n", text) < 0)
         abort();
      free(text);
      ralloc_free(mem_ctx);
      return line;
   }

   if (!strstr(test->run, "validate"))
      text = npu_validate(shader, "input");
   for (const char *action = test->run; *action && !text;) {
      action += strspn(action, ", ");
      size_t length = strcspn(action, ", ");
      if (length && !(length == 5 && !memcmp(action, "parse", 5)))
         text = run_action(shader, action, length);
      action += length;
   }
   if (!text)
      text = print_shader(shader);
   else if (strstr(test->run, "validate"))
      text = first_line(text);
   ralloc_free(mem_ctx);
   return text;
}

/* ---- case files ---- */

static char *
read_file(const char *path)
{
   FILE *in = fopen(path, "rb");
   char *text = NULL;
   size_t size = 0;

   if (!in || getdelim(&text, &size, '\0', in) < 0) {
      fprintf(stderr, "npu_pass_test: %s: %s\n", path, strerror(errno));
      exit(2);
   }
   fclose(in);
   return text;
}

static void
write_file(const char *path, const char *text, size_t size_B)
{
   FILE *out = fopen(path, "wb");

   if (!out || fwrite(text, 1, size_B, out) != size_B || fclose(out)) {
      fprintf(stderr, "npu_pass_test: %s: %s\n", path, strerror(errno));
      exit(2);
   }
}

/* Cuts the text into cases in place; *preamble is what stands before the first. */
static unsigned
split_cases(char *text, const char *path, struct test_case **cases)
{
   unsigned count = 0;
   char *at = !strncmp(text, "=== ", 4) ? text : strstr(text, "\n=== ");

   *cases = NULL;
   while (at) {
      at += *at == '\n';
      char *name = at + 4, *end = strchr(name, '\n');
      char *run = end + 1, *input, *middle, *next;

      if (!end || strncmp(run, "RUN: ", 5)) {
         fprintf(stderr, "npu_pass_test: %s: a case without \"RUN: \"\n", path);
         exit(2);
      }
      *end = '\0';
      run += 5;
      input = strchr(run, '\n');
      middle = input ? strstr(input, "\n---\n") : NULL;
      if (!middle) {
         fprintf(stderr, "npu_pass_test: %s: case \"%s\" has no \"---\"\n", path, name);
         exit(2);
      }
      *input++ = '\0';
      middle[middle >= input ? 1 : 0] = '\0';
      char *expected = middle + 5;
      next = strstr(expected - 1, "\n=== ");
      if (next) {
         char *copy = strndup(expected, next + 1 - expected);
         expected = copy;
      } else {
         expected = strdup(expected);
      }
      *cases = realloc(*cases, (count + 1) * sizeof(**cases));
      (*cases)[count++] =
         (struct test_case){.name = name, .run = run, .input = input, .expected = expected};
      at = next;
   }
   return count;
}

static void
comment(const char *title, const char *text)
{
   printf("# %s:\n", title);
   while (*text) {
      int length = strcspn(text, "\n");
      printf("#    %.*s\n", length, text);
      text += length + (text[length] == '\n');
   }
}

static unsigned
test_file(const char *path, bool update, unsigned *number)
{
   char *text = read_file(path);
   char *first = !strncmp(text, "=== ", 4) ? text : strstr(text, "\n=== ");
   char *preamble = strndup(text, first ? (size_t)(first - text) + (*first == '\n') : 0);
   const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
   struct test_case *cases;
   unsigned count = split_cases(text, path, &cases), failed = 0;
   char *rewritten = NULL;
   size_t rewritten_B;
   /* Kept until the end: a crash must not cost the file. */
   FILE *out = open_memstream(&rewritten, &rewritten_B);

   fprintf(out, "%s", preamble);
   for (unsigned i = 0; i < count; ++i) {
      struct test_case *test = &cases[i];
      char *actual = run_case(test);
      /* A blank line may separate cases. */
      size_t length = strlen(test->expected);
      while (length > 1 && test->expected[length - 1] == '\n' && test->expected[length - 2] == '\n')
         test->expected[--length] = '\0';
      bool ok = !strcmp(actual, test->expected);

      printf("%s %u - %s: %s\n", ok ? "ok" : "not ok", ++*number, file, test->name);
      if (!ok) {
         comment("expected", test->expected);
         comment("actual", actual);
         ++failed;
      }
      fprintf(out, "=== %s\nRUN: %s\n%s---\n%s%s", test->name, test->run, test->input, actual,
              i + 1 < count ? "\n" : "");
      free(actual);
      free(test->expected);
   }
   fclose(out);
   if (update)
      write_file(path, rewritten, rewritten_B);
   free(rewritten);
   free(cases);
   free(preamble);
   free(text);
   return failed;
}

static void
usage(FILE *out)
{
   fprintf(out, "usage: npu_pass_test [--update] FILE...\n"
                "Runs the cases of *.npuir files and reports in TAP.\n"
                "  --update  write what came out into the files as expected\n"
                "  --help    this text\n");
}

int
main(int argc, char **argv)
{
   bool update = false;
   unsigned number = 0, failed = 0;
   int first = 1;

   for (; first < argc && !strncmp(argv[first], "--", 2); ++first) {
      if (!strcmp(argv[first], "--update")) {
         update = true;
      } else if (!strcmp(argv[first], "--help")) {
         usage(stdout);
         return 0;
      } else {
         usage(stderr);
         return 2;
      }
   }
   if (first == argc) {
      usage(stderr);
      return 2;
   }
   for (int i = first; i < argc; ++i)
      failed += test_file(argv[i], update, &number);
   printf("1..%u\n", number);
   return failed ? 1 : 0;
}
