/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* npu-asm: NPU assembly text to code, 64-bit little-endian words. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npu_isa/npu_asm.h"

static const char usage[] = "usage: npu-asm [OPTION]... [FILE]\n"
                            "\n"
                            "Assembles FILE (standard input without one, or with -) to NPU code: "
                            "64-bit little-endian words without any\n"
                            "header. The syntax is described in docs/isa.md.\n"
                            "\n"
                            "  -o, --output=FILE   write the code to FILE (default: standard "
                            "output, which must not be a terminal)\n"
                            "  -x, --hex           write one word a line in hexadecimal instead\n"
                            "  -c, --check         only report errors\n"
                            "  -h, --help          this text\n"
                            "\n"
                            "Exit status: 0 if all is well, 1 if the text has errors (reported as "
                            "FILE:LINE:COLUMN: MESSAGE), 2 if a file\n"
                            "cannot be read or written or the command line is wrong.\n";

/* The whole of a stream as a string; NULL and errno if it cannot be read or has a NUL byte. */
static char *
read_text(FILE *in)
{
   size_t length = 0, size = 65536;
   char *text = malloc(size);

   while (text != NULL) {
      length += fread(text + length, 1, size - length - 1, in);
      if (ferror(in) || feof(in))
         break;
      if (length + 1 >= size) {
         char *bigger = realloc(text, size *= 2);
         if (bigger == NULL)
            free(text);
         text = bigger;
      }
   }
   if (text == NULL)
      return NULL;
   text[length] = '\0';
   if (ferror(in) || strlen(text) != length) {
      errno = ferror(in) ? errno : EILSEQ;
      free(text);
      return NULL;
   }
   return text;
}

static bool
write_code(FILE *out, const struct npu_asm_result *result, bool hex)
{
   for (size_t i = 0; i < result->num_words; i++) {
      uint8_t bytes[8];

      for (unsigned b = 0; b < 8; b++)
         bytes[b] = (uint8_t)(result->code[i] >> 8 * b);
      if (hex)
         fprintf(out, "%016" PRIx64 "\n", result->code[i]);
      else
         fwrite(bytes, 1, sizeof(bytes), out);
   }
   return fflush(out) == 0 && !ferror(out);
}

static int
fail(const char *what, const char *name)
{
   fprintf(stderr, "npu-asm: %s %s: %s\n", what, name, strerror(errno));
   return 2;
}

static int
assemble(const char *name, const char *output, bool hex, bool check)
{
   const bool from_stdin = strcmp(name, "-") == 0;
   FILE *in = from_stdin ? stdin : fopen(name, "rb");
   char *text = in ? read_text(in) : NULL;
   int status = 0;

   if (in != NULL && !from_stdin)
      fclose(in);
   if (text == NULL)
      return fail("cannot read", from_stdin ? "standard input" : name);

   struct npu_asm_result result = npu_asm(text, from_stdin ? "stdin" : name);
   free(text);
   if (result.num_errors != 0) {
      fputs(result.errors ? result.errors : "npu-asm: out of memory\n", stderr);
      status = 1;
   } else if (!check) {
      FILE *out = output ? fopen(output, "wb") : stdout;
      if (out == NULL || !write_code(out, &result, hex))
         status = fail("cannot write", output ? output : "standard output");
      if (out != NULL && out != stdout && fclose(out) != 0 && status == 0)
         status = fail("cannot write", output);
   }
   npu_asm_finish(&result);
   return status;
}

int
main(int argc, char **argv)
{
   static const struct option options[] = {
      {"output", required_argument, NULL, 'o'},
      {"hex", no_argument, NULL, 'x'},
      {"check", no_argument, NULL, 'c'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
   };
   const char *output = NULL;
   bool hex = false, check = false;
   int c;

   while ((c = getopt_long(argc, argv, "o:xch", options, NULL)) != -1) {
      switch (c) {
      case 'o':
         output = optarg;
         break;
      case 'x':
         hex = true;
         break;
      case 'c':
         check = true;
         break;
      case 'h':
         fputs(usage, stdout);
         return 0;
      default:
         fputs("Try \"npu-asm --help\".\n", stderr);
         return 2;
      }
   }
   if (argc - optind > 1) {
      fputs("npu-asm: more than one file\nTry \"npu-asm --help\".\n", stderr);
      return 2;
   }
   if (output == NULL && !hex && !check && isatty(STDOUT_FILENO)) {
      fputs("npu-asm: code is not for a terminal; use --output or --hex\n", stderr);
      return 2;
   }
   return assemble(optind < argc ? argv[optind] : "-", output, hex, check);
}
