/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * npu-compile: compiles the kernels of an OpenCL C file for the NPU and shows any stage on the way.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/blob.h"
#include "util/ralloc.h"

#include "npu_cl.h"
#include "npu_code_stats.h"
#include "npu_compile.h"

static const char help[] =
   "usage: npu-compile [OPTION...] FILE.cl\n"
   "\n"
   "Compiles the kernels of an OpenCL C file (- for standard input) and shows the result.\n"
   "\n"
   "  -k, --kernel=NAME   only this kernel\n"
   "  -o, --output=FILE   write the binary of the kernel (one kernel only; see -k)\n"
   "  --stage=LIST        what to show, separated by commas (default: asm,stats)\n"
   "                        clnir   NIR as the OpenCL frontend hands it to the driver\n"
   "                        nir     NIR as instruction selection sees it\n"
   "                        ir      IR after instruction selection and before encoding\n"
   "                        asm     machine code\n"
   "                        stats   one line of statistics\n"
   "                        args    the argument block\n"
   "                        table   one row of numbers: instructions, the same weighted by\n"
   "                                loop depth, bytes, V, S, M registers, spills, fills, global\n"
   "                                accesses (uniform, unit, strided, gather), local ones\n"
   "                                (the same), private ones, atomics\n"
   "                        all     all of these\n"
   "                        none    only messages\n"
   "  --rows              assume that every wave lies in one row of work-items: the\n"
   "                      work-group's width is a multiple of 32, or it has one dimension\n"
   "  --row               assume one-dimensional work-groups\n"
   "  --width=W           assume two-dimensional work-groups, W wide: a power of 2 from 2 on\n"
   "  --few-groups        assume less than a million work-groups in each dimension\n"
   "  --offsets           compile the variant for launches with a global offset\n"
   "  -D..., -I..., -cl-...   options for the OpenCL C compiler\n"
   "  --help              this text\n"
   "\n"
   "NPU_COMPILER_DEBUG=help lists the compiler's debug flags.\n";

enum stage {
   STAGE_CLNIR = 1 << 0,
   STAGE_NIR = 1 << 1,
   STAGE_IR = 1 << 2,
   STAGE_ASM = 1 << 3,
   STAGE_STATS = 1 << 4,
   STAGE_ARGS = 1 << 5,
   STAGE_TABLE = 1 << 6, /* not in "all": it is for programs */
   STAGE_ALL = STAGE_CLNIR | STAGE_NIR | STAGE_IR | STAGE_ASM | STAGE_STATS | STAGE_ARGS,
};

struct options {
   const char *file, *kernel, *output;
   unsigned stages;
   bool rows, row, few_groups, offsets;
   unsigned width_log2;
   const char **cl_options;
   unsigned num_cl_options;
};

static bool
parse_stages(const char *list, unsigned *stages)
{
   static const struct {
      const char *name;
      unsigned stages;
   } names[] = {
      {"clnir", STAGE_CLNIR}, {"nir", STAGE_NIR},     {"ir", STAGE_IR},
      {"asm", STAGE_ASM},     {"stats", STAGE_STATS}, {"args", STAGE_ARGS},
      {"all", STAGE_ALL},     {"table", STAGE_TABLE}, {"none", 0},
   };

   *stages = 0;
   while (*list) {
      size_t length = strcspn(list, ",");
      bool found = false;

      for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
         if (strlen(names[i].name) == length && !strncmp(names[i].name, list, length)) {
            *stages |= names[i].stages;
            found = true;
         }
      }
      if (!found) {
         fprintf(stderr, "npu-compile: unknown stage '%.*s'\n", (int)length, list);
         return false;
      }
      list += length + (list[length] == ',');
   }
   return true;
}

/* The value of "--name=value", or of "-n value" in the next argument; NULL if arg is another
 * option. */
static const char *
option_value(char **argv, int *i, const char *short_name, const char *long_name)
{
   size_t length = strlen(long_name);

   if (!strncmp(argv[*i], long_name, length) && argv[*i][length] == '=')
      return argv[*i] + length + 1;
   if (short_name && !strcmp(argv[*i], short_name) && argv[*i + 1])
      return argv[++*i];
   return NULL;
}

static bool
parse_options(struct options *opts, int argc, char **argv)
{
   const char *value;

   opts->stages = STAGE_ASM | STAGE_STATS;
   opts->cl_options = calloc(argc, sizeof(char *));
   for (int i = 1; i < argc; i++) {
      if (!strcmp(argv[i], "--help")) {
         fputs(help, stdout);
         exit(0);
      } else if ((value = option_value(argv, &i, "-k", "--kernel"))) {
         opts->kernel = value;
      } else if ((value = option_value(argv, &i, "-o", "--output"))) {
         opts->output = value;
      } else if ((value = option_value(argv, &i, NULL, "--stage"))) {
         if (!parse_stages(value, &opts->stages))
            return false;
      } else if (!strcmp(argv[i], "--rows")) {
         opts->rows = true;
      } else if (!strcmp(argv[i], "--row")) {
         opts->row = true;
      } else if (!strcmp(argv[i], "--few-groups")) {
         opts->few_groups = true;
      } else if ((value = option_value(argv, &i, NULL, "--width"))) {
         unsigned width = strtoul(value, NULL, 10);
         if (width < 2 || width > NPU_MAX_THREADS || (width & (width - 1))) {
            fprintf(stderr, "npu-compile: '%s' is no power of 2 from 2 to 1024\n", value);
            return false;
         }
         opts->width_log2 = __builtin_ctz(width);
      } else if (!strcmp(argv[i], "--offsets")) {
         opts->offsets = true;
      } else if (!strncmp(argv[i], "-D", 2) || !strncmp(argv[i], "-I", 2) ||
                 !strncmp(argv[i], "-cl-", 4))
      {
         opts->cl_options[opts->num_cl_options++] = argv[i];
      } else if (argv[i][0] == '-' && argv[i][1]) {
         fprintf(stderr, "npu-compile: unknown or incomplete option '%s' (try --help)\n", argv[i]);
         return false;
      } else if (opts->file) {
         fprintf(stderr, "npu-compile: more than one file\n");
         return false;
      } else {
         opts->file = argv[i];
      }
   }

   if (!opts->file) {
      fprintf(stderr, "npu-compile: no file (try --help)\n");
      return false;
   }
   return true;
}

/* A whole file as a string; NULL with a message. */
static char *
read_file(const char *name)
{
   FILE *file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
   struct blob blob;
   char buffer[4096];
   size_t length;

   if (!file) {
      fprintf(stderr, "npu-compile: %s: %s\n", name, strerror(errno));
      return NULL;
   }

   blob_init(&blob);
   while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
      blob_write_bytes(&blob, buffer, length);
   bool failed = ferror(file);
   if (file != stdin)
      fclose(file);
   blob_write_uint8(&blob, 0);

   if (failed || blob.out_of_memory) {
      fprintf(stderr, "npu-compile: %s: %s\n", name, failed ? "read error" : "out of memory");
      blob_finish(&blob);
      return NULL;
   }
   return (char *)blob.data;
}

static bool
write_binary(const char *name, const struct npu_binary *bin)
{
   struct blob blob;

   blob_init(&blob);
   npu_binary_serialize(bin, &blob);

   FILE *file = fopen(name, "wb");
   bool good = file && !blob.out_of_memory && fwrite(blob.data, 1, blob.size, file) == blob.size;
   if (file && fclose(file) != 0)
      good = false;
   if (!good)
      fprintf(stderr, "npu-compile: %s: %s\n", name, strerror(errno));
   blob_finish(&blob);
   return good;
}

static void
print_args(const struct npu_cl_kernel *kernel, const char *name)
{
   static const char *const kinds[] = {
      [NPU_CL_ARG_VALUE] = "value",
      [NPU_CL_ARG_GLOBAL] = "global address",
      [NPU_CL_ARG_LOCAL] = "local offset",
      [NPU_CL_ARG_CONSTANTS] = "(hidden) constants",
      [NPU_CL_ARG_GLOBALS] = "(hidden) program scope variables",
      [NPU_CL_ARG_PRINTF] = "(hidden) printf buffer",
      [NPU_CL_ARG_GLOBAL_OFFSET] = "(hidden) global offset",
      [NPU_CL_ARG_GLOBAL_SIZE] = "(hidden) global size",
      [NPU_CL_ARG_GROUP_OFFSET] = "(hidden) group offset",
      [NPU_CL_ARG_NUM_GROUPS] = "(hidden) number of groups",
      [NPU_CL_ARG_WORK_DIM] = "(hidden) dimensions",
   };

   printf("; %s: %u bytes of arguments\n", name, kernel->args_size_B);
   for (unsigned i = 0; i < kernel->num_args; i++) {
      const struct npu_cl_arg *arg = &kernel->args[i];

      if (arg->dead)
         printf(";   %u: unused %s\n", i, kinds[arg->kind]);
      else
         printf(";   %u: %s, %u bytes at %u\n", i, kinds[arg->kind], arg->size_B, arg->offset_B);
   }
}

static void
print_row(const struct npu_binary *bin)
{
   struct npu_code_stats stats = npu_code_stats((const uint64_t *)bin->code, bin->code_size_B / 8);
   const struct npu_kernel_info *info = &bin->info;

   printf("%s %u %u %u %u %u %u %u %u", info->name, stats.instrs, stats.weight, bin->code_size_B,
          info->num_vregs, info->num_sregs, info->num_mregs, info->num_spills, info->num_fills);
   for (unsigned f = 0; f < NPU_CODE_NUM_FORMS; f++)
      printf(" %u", stats.global[f]);
   for (unsigned f = 0; f < NPU_CODE_NUM_FORMS; f++)
      printf(" %u", stats.local[f]);
   printf(" %u %u\n", stats.private_mem, stats.atomics);
}

static bool
compile_kernel(const struct options *opts, struct npu_cl_program *program, const char *name)
{
   void *mem_ctx = ralloc_context(NULL);
   char *log, *error = NULL;
   struct npu_cl_kernel *kernel = npu_cl_kernel_create(program, name, opts->offsets, mem_ctx, &log);
   struct npu_binary *bin = NULL;
   bool good = false;

   if (log)
      fprintf(stderr, "%s: %s", name, log);
   free(log);

   if (kernel) {
      const struct npu_compile_options compile_options = {
         .name = name,
         .out = stdout,
         .wave_rows = opts->rows,
         .one_row = opts->row,
         .width_log2 = opts->width_log2,
         .few_groups = opts->few_groups,
         .print_nir = opts->stages & STAGE_NIR,
         .print_ir = opts->stages & STAGE_IR,
         .print_asm = opts->stages & STAGE_ASM,
         .print_stats = opts->stages & STAGE_STATS,
      };

      if (opts->stages & STAGE_CLNIR)
         nir_print_shader(kernel->nir, stdout);
      if (opts->stages & STAGE_ARGS)
         print_args(kernel, name);
      bin = npu_compile(kernel->nir, &compile_options, &error);
      if (!bin)
         fprintf(stderr, "npu-compile: %s\n", error ? error : "out of memory");
   }

   if (bin && (opts->stages & STAGE_TABLE))
      print_row(bin);
   if (bin)
      good = !opts->output || write_binary(opts->output, bin);

   free(error);
   npu_binary_destroy(bin);
   ralloc_free(mem_ctx);
   return good;
}

static bool
compile_program(const struct options *opts, struct npu_cl_program *program)
{
   unsigned num_kernels = npu_cl_program_num_kernels(program);
   bool good = true;

   if (opts->kernel)
      return compile_kernel(opts, program, opts->kernel);
   if (opts->output && num_kernels != 1) {
      fprintf(stderr, "npu-compile: the file has %u kernels; choose the one for -o with -k\n",
              num_kernels);
      return false;
   }
   for (unsigned i = 0; i < num_kernels; i++)
      good &= compile_kernel(opts, program, npu_cl_program_kernel_name(program, i));
   return good;
}

int
main(int argc, char **argv)
{
   struct options opts = {0};
   bool good = false;

   if (!parse_options(&opts, argc, argv)) {
      free(opts.cl_options);
      return 2;
   }

   char *source = read_file(opts.file);
   if (source) {
      char *log;
      struct npu_cl_program *program = npu_cl_program_create(source, opts.file, opts.cl_options,
                                                             opts.num_cl_options, &log);

      if (log)
         fputs(log, stderr);
      free(log);
      if (program) {
         good = compile_program(&opts, program);
         npu_cl_program_destroy(program);
      }
      free(source);
   }

   free(opts.cl_options);
   return good ? 0 : 1;
}
