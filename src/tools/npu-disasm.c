/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* npu-disasm: NPU code, 64-bit little-endian words, to text. */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_disasm.h"

static const char usage[] =
   "usage: npu-disasm [OPTION]... [FILE]\n"
   "\n"
   "Prints the NPU code in FILE (standard input without one, or with -): 64-bit little-endian "
   "words without any\n"
   "header. npu-asm makes the same code of the text. A word that is no instruction becomes "
   "\".word\".\n"
   "\n"
   "  -a, --addresses     begin each line with the byte offset of the instruction\n"
   "  -w, --words         end each line with the words of the instruction\n"
   "  -h, --help          this text\n"
   "\n"
   "Exit status: 0 if all is well, 1 if some words are no instructions, 2 if a file cannot be read "
   "or the command\n"
   "line is wrong.\n";

/* Reads words to the end of the stream. NULL and a message if it cannot be read or ends within a
 * word. */
static uint64_t *
read_words(FILE *in, const char *name, size_t *num_words)
{
   uint64_t *words = NULL;
   size_t max = 0, n = 0;
   uint8_t bytes[8];
   size_t got;

   while ((got = fread(bytes, 1, sizeof(bytes), in)) == sizeof(bytes)) {
      if (n == max) {
         uint64_t *bigger = realloc(words, (max = max * 2 + 1024) * sizeof(*words));
         if (bigger == NULL) {
            fputs("npu-disasm: out of memory\n", stderr);
            free(words);
            return NULL;
         }
         words = bigger;
      }
      words[n] = 0;
      for (unsigned b = 0; b < 8; b++)
         words[n] |= (uint64_t)bytes[b] << 8 * b;
      n++;
   }
   if (ferror(in)) {
      fprintf(stderr, "npu-disasm: cannot read %s: %s\n", name, strerror(errno));
   } else if (got != 0) {
      fprintf(stderr, "npu-disasm: %s ends within a word (%zu bytes)\n", name, n * 8 + got);
   } else if (n == 0) {
      fprintf(stderr, "npu-disasm: %s is empty\n", name);
   } else {
      *num_words = n;
      return words;
   }
   free(words);
   return NULL;
}

static int
disassemble(const char *file, unsigned flags)
{
   const bool from_stdin = strcmp(file, "-") == 0;
   const char *name = from_stdin ? "standard input" : file;
   FILE *in = from_stdin ? stdin : fopen(file, "rb");
   size_t num_words = 0;

   if (in == NULL) {
      fprintf(stderr, "npu-disasm: cannot read %s: %s\n", name, strerror(errno));
      return 2;
   }
   uint64_t *words = read_words(in, name, &num_words);
   if (!from_stdin)
      fclose(in);
   if (words == NULL)
      return 2;

   const int bad = npu_disasm(stdout, words, num_words, flags);
   free(words);
   if (bad < 0) {
      fputs("npu-disasm: out of memory\n", stderr);
      return 2;
   }
   if (fflush(stdout) != 0) {
      fprintf(stderr, "npu-disasm: cannot write standard output: %s\n", strerror(errno));
      return 2;
   }
   if (bad > 0)
      fprintf(stderr, "npu-disasm: %s: %d of %zu words are no instructions\n", name, bad,
              num_words);
   return bad > 0;
}

int
main(int argc, char **argv)
{
   static const struct option options[] = {
      {"addresses", no_argument, NULL, 'a'},
      {"words", no_argument, NULL, 'w'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
   };
   unsigned flags = 0;
   int c;

   while ((c = getopt_long(argc, argv, "awh", options, NULL)) != -1) {
      switch (c) {
      case 'a':
         flags |= NPU_DISASM_OFFSETS;
         break;
      case 'w':
         flags |= NPU_DISASM_WORDS;
         break;
      case 'h':
         fputs(usage, stdout);
         return 0;
      default:
         fputs("Try \"npu-disasm --help\".\n", stderr);
         return 2;
      }
   }
   if (argc - optind > 1) {
      fputs("npu-disasm: more than one file\nTry \"npu-disasm --help\".\n", stderr);
      return 2;
   }
   return disassemble(optind < argc ? argv[optind] : "-", flags);
}
