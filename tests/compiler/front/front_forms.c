/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Checks the IR that instruction selection makes of the kernels of a .cl file against the comments in
 * the file; front_forms.cl says how they look. Also checks that npu_nir_finalize() is idempotent and
 * that its result survives serialisation. TAP, two cases per kernel.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/nir/nir_serialize.h"
#include "util/blob.h"
#include "util/ralloc.h"

#include "npu_cl.h"
#include "npu_compile.h"

static unsigned num_tests, num_failed;

static void
result(bool good, const char *kernel, const char *what)
{
   printf("%sok %u - %s: %s\n", good ? "" : "not ", ++num_tests, kernel, what);
   num_failed += !good;
}

static char *
read_text(const char *name)
{
   FILE *file = fopen(name, "rb");
   char *text = calloc(1, 1 << 16);

   if (!file || fread(text, 1, (1 << 16) - 1, file) == 0) {
      free(text);
      text = NULL;
   }
   if (file)
      fclose(file);
   return text;
}

/* ---- comparison ---- */

/* Whether text begins with the pattern. % is the number of a value with its sign, a space any white space,
 * with a comma in front or without. */
static bool
matches(const char *text, const char *pattern)
{
   for (; *pattern; pattern++) {
      if (*pattern == ' ') {
         text += *text == ',';
         if (!isspace((unsigned char)*text))
            return false;
         while (isspace((unsigned char)*text))
            text++;
      } else if (*pattern == '%') {
         if (*text != '%')
            return false;
         text++;
         while (isdigit((unsigned char)*text))
            text++;
      } else if (*text++ != *pattern) {
         return false;
      }
   }
   return true;
}

static const char *
find(const char *text, const char *pattern)
{
   for (; *text; text++) {
      if (matches(text, pattern))
         return text;
   }
   return NULL;
}

/* The lines "//! ..." right before a kernel. */
struct expectations {
   char lines[16][160];
   unsigned num;
};

static bool
read_expectations(const char *source, const char *kernel, struct expectations *out)
{
   char head[128];

   snprintf(head, sizeof(head), "\n%s(", kernel);
   const char *end = strstr(source, head);
   out->num = 0;
   if (!end)
      return false;

   /* From the end of the kernel before. */
   const char *start = end;
   while (start > source && strncmp(start, "\n}", 2) && strncmp(start, "\n */", 4))
      start--;
   while ((start = strstr(start, "//! ")) && start < end && out->num < 16) {
      size_t length = strcspn(start, "\n") - 4;

      snprintf(out->lines[out->num++], sizeof(out->lines[0]), "%.*s", (int)length, start + 4);
      start++;
   }
   return out->num > 0;
}

static bool
check(const char *ir, const struct expectations *expect)
{
   const char *position = ir;

   for (unsigned i = 0; i < expect->num; i++) {
      const char *line = expect->lines[i];

      if (!strncmp(line, "yes ", 4)) {
         const char *found = find(position, line + 4);
         if (!found) {
            printf("# not found: %s\n", line + 4);
            return false;
         }
         position = found + 1;
      } else if (!strncmp(line, "no ", 3)) {
         if (find(i && !strncmp(expect->lines[i - 1], "yes", 3) ? position : ir, line + 3)) {
            printf("# found: %s\n", line + 3);
            return false;
         }
      } else if (strcmp(line, "rows") && strcmp(line, "row") && strncmp(line, "width=", 6)) {
         printf("# malformed: %s\n", line);
         return false;
      }
   }
   return true;
}

/* ---- cases ---- */

static char *
selected_ir(const nir_shader *nir, const struct expectations *expect)
{
   char *text = NULL, *error;
   size_t size;
   FILE *out = open_memstream(&text, &size);
   struct npu_compile_options options = {.out = out, .print_ir = true};

   for (unsigned i = 0; i < expect->num; i++) {
      const char *line = expect->lines[i];
      options.wave_rows |= !strcmp(line, "rows");
      options.one_row |= !strcmp(line, "row");
      if (!strncmp(line, "width=", 6))
         options.width_log2 = __builtin_ctz(atoi(line + 6));
   }
   options.few_groups = options.one_row || options.width_log2;
   struct npu_binary *bin = npu_compile(nir, &options, &error);

   fclose(out);
   if (!bin) {
      printf("# %s\n", error);
      free(error);
      free(text);
      return NULL;
   }
   npu_binary_destroy(bin);

   /* The IR is printed again at the end of the back end. */
   char *second = strstr(text, "; before encoding");
   if (second)
      *second = '\0';
   return text;
}

static void
test_forms(const char *source, const struct npu_cl_kernel *kernel, const char *name)
{
   struct expectations expect;
   bool good = false;

   if (read_expectations(source, name, &expect)) {
      char *ir = selected_ir(kernel->nir, &expect);
      good = ir && check(ir, &expect);
      if (ir && !good)
         printf("# --- %s\n%s", name, ir);
      free(ir);
   } else {
      printf("# %s has no expectations\n", name);
   }
   result(good, name, "selected code");
}

static char *
print(nir_shader *nir)
{
   char *text = NULL;
   size_t size;
   FILE *out = open_memstream(&text, &size);

   nir_index_ssa_defs(nir_shader_get_entrypoint(nir));
   nir_print_shader(nir, out);
   fclose(out);
   return text;
}

static nir_shader *
through_blob(nir_shader *nir, void *mem_ctx)
{
   struct blob blob;
   struct blob_reader reader;

   blob_init(&blob);
   nir_serialize(&blob, nir, false);
   blob_reader_init(&reader, blob.data, blob.size);
   nir_shader *copy = nir_deserialize(mem_ctx, npu_nir_options(), &reader);
   blob_finish(&blob);
   return copy;
}

static void
test_finalize(const struct npu_cl_kernel *kernel, const char *name)
{
   void *mem_ctx = ralloc_context(NULL);
   nir_shader *nir = nir_shader_clone(mem_ctx, kernel->nir);

   npu_nir_finalize(nir);
   char *once = print(nir);
   nir = through_blob(nir, mem_ctx);
   char *copied = print(nir);
   npu_nir_finalize(nir);
   char *twice = print(nir);

   bool survives = !strcmp(once, copied), idempotent = !strcmp(once, twice);
   if (!survives || !idempotent)
      printf("# %s\n# --- first\n%s# --- second\n%s",
             survives ? "not idempotent" : "lost by serialisation", once,
             survives ? twice : copied);
   result(survives && idempotent, name, "finalization is idempotent and survives serialisation");

   free(once);
   free(copied);
   free(twice);
   ralloc_free(mem_ctx);
}

int
main(int argc, char **argv)
{
   static const char *const options[] = {"-cl-std=CL3.0"};
   const char *name = argc == 2 ? argv[1] : "front_forms.cl";
   char *source = read_text(name), *log;

   setvbuf(stdout, NULL, _IOLBF, 0);
   if (!source) {
      printf("Bail out! cannot read %s\n", name);
      return 1;
   }
   struct npu_cl_program *program = npu_cl_program_create(source, name, options, 1, &log);
   if (!program) {
      printf("Bail out! %s\n", log);
      return 1;
   }
   free(log);

   unsigned num_kernels = npu_cl_program_num_kernels(program);
   printf("1..%u\n", 2 * num_kernels);
   for (unsigned i = 0; i < num_kernels; i++) {
      void *mem_ctx = ralloc_context(NULL);
      const char *kernel_name = npu_cl_program_kernel_name(program, i);
      struct npu_cl_kernel *kernel = npu_cl_kernel_create(program, kernel_name, false, mem_ctx,
                                                          &log);

      free(log);
      if (kernel) {
         test_forms(source, kernel, kernel_name);
         test_finalize(kernel, kernel_name);
      } else {
         result(false, kernel_name, "NIR");
         result(false, kernel_name, "NIR");
      }
      ralloc_free(mem_ctx);
   }

   npu_cl_program_destroy(program);
   free(source);
   return num_failed != 0;
}
