/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/* npu-decode: a core dump of the kernel driver, for people. */

#include "npu_dump.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The driver's dumps are not longer than 1 MiB. */
#define MAX_SIZE (64u << 20)

static const char usage[] =
   "usage: npu-decode [OPTION]... [FILE]\n"
   "\n"
   "Prints what a core dump of the NPU's kernel driver says: what happened, in which kernel, wave "
   "and\n"
   "instruction, and the code, command buffers, ring, registers and bindings around it. Without "
   "FILE\n"
   "the dump that the kernel keeps now (/sys/class/devcoredump/*/data), with - standard input.\n"
   "\n"
   "  -a, --all           all code, packets and registers, not only what is near the fault\n"
   "  -h, --help          this text\n"
   "\n"
   "A dump stays with the kernel for five minutes, or until something is written to its file.\n"
   "\n"
   "Exit status: 0 if all is well, 1 if the dump is cut or damaged, 2 if it cannot be read, is "
   "none, or\n"
   "the command line is wrong.\n";

/* Reads all of it; NULL and a message if that fails. */
static char *
read_all(FILE *in, const char *name, size_t *size)
{
   size_t max = 1 << 16;
   char *text = malloc(max);

   *size = 0;
   while (text) {
      *size += fread(text + *size, 1, max - *size, in);
      if (*size < max)
         break;
      char *bigger = max < MAX_SIZE ? realloc(text, max *= 2) : NULL;
      if (!bigger)
         free(text);
      text = bigger;
   }
   if (!text) {
      fprintf(stderr, "npu-decode: %s is too large\n", name);
   } else if (ferror(in)) {
      fprintf(stderr, "npu-decode: cannot read %s: %s\n", name, strerror(errno));
      free(text);
      text = NULL;
   }
   return text;
}

static int
decode(const char *file, unsigned flags)
{
   bool from_stdin = strcmp(file, "-") == 0;
   const char *name = from_stdin ? "standard input" : file, *error;
   FILE *in = from_stdin ? stdin : fopen(file, "rb");
   size_t size;

   if (!in) {
      fprintf(stderr, "npu-decode: cannot read %s: %s\n", name, strerror(errno));
      return 2;
   }
   char *text = read_all(in, name, &size);
   if (!from_stdin)
      fclose(in);
   if (!text)
      return 2;
   struct npu_dump *dump = npu_dump_parse(text, size, &error);
   free(text);
   if (!dump) {
      fprintf(stderr, "npu-decode: %s: %s\n", name, error);
      return 2;
   }
   npu_dump_report(stdout, dump, flags);
   int status = dump->num_odd || !dump->complete;
   npu_dump_free(dump);
   if (fflush(stdout) != 0) {
      fprintf(stderr, "npu-decode: cannot write standard output: %s\n", strerror(errno));
      return 2;
   }
   return status;
}

/* The dumps the kernel has now; there may be some of other devices. */
static int
decode_kernels(unsigned flags)
{
   glob_t found;
   int status = 2;

   if (glob("/sys/class/devcoredump/*/data", 0, NULL, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc && status == 2; i++)
         status = decode(found.gl_pathv[i], flags);
      globfree(&found);
   } else {
      fputs("npu-decode: the kernel has no core dump (/sys/class/devcoredump/*/data)\n", stderr);
   }
   return status;
}

int
main(int argc, char **argv)
{
   static const struct option options[] = {
      {"all", no_argument, NULL, 'a'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
   };
   unsigned flags = isatty(STDOUT_FILENO) ? NPU_DUMP_COLOUR : 0;
   int c;

   while ((c = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
      switch (c) {
      case 'a':
         flags |= NPU_DUMP_ALL;
         break;
      case 'h':
         fputs(usage, stdout);
         return 0;
      default:
         fputs("Try \"npu-decode --help\".\n", stderr);
         return 2;
      }
   }
   if (argc - optind > 1) {
      fputs("npu-decode: more than one file\nTry \"npu-decode --help\".\n", stderr);
      return 2;
   }
   return optind < argc ? decode(argv[optind], flags) : decode_kernels(flags);
}
