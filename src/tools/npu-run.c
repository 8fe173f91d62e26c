// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// npu-run - run an assembly program on the model, dump or check its buffers.

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npu_isa/npu_asm.h"
#include "npu_isa/npu_opcodes.h"
#include "npu_isa/npu_regs_decode.h"
#include "npu_rig.h"
#include "npu_run_file.h"

#define EXIT_FAILED 1 /* an expectation was not met, or a fault */
#define EXIT_USAGE  2 /* the program or the command line is wrong */

static const char help[] =
   "usage: npu-run [OPTION...] FILE.npuasm\n"
   "\n"
   "Runs an assembly program on the model of the NPU. Lines that begin with @ describe the run:\n"
   "\n"
   "  @grid X [Y [Z]]           work-groups (default 1)\n"
   "  @block X [Y [Z]]          work-items of a group (default 32)\n"
   "  @dim N                    work_dim (default: as many as needed)\n"
   "  @local BYTES              local memory of a group\n"
   "  @private BYTES            private memory of a lane\n"
   "  @poison                   garbage in undefined values, as with --poison\n"
   "  @buf NAME TYPE[N] [ro] [= VALUES]\n"
   "                            a buffer; TYPE: u8 u16 u32 u64 i8 ... i64 f16 f32 f64\n"
   "  @arg NAME                 address of a buffer, into the argument block\n"
   "  @arg TYPE VALUE           a value, naturally aligned, into the argument block\n"
   "  @expect NAME[FIRST] = VALUES\n"
   "                            what a buffer must contain after the run\n"
   "  @expect fault TYPE [address=[NAME+]N] [lanes=N] [wave=N] [code=N] [word=N]\n"
   "                            the run must end with this fault (unmapped, local_bounds, ...);\n"
   "                            word: index of the faulting code word\n"
   "  @+ VALUES                 more values for the @buf or @expect above\n"
   "\n"
   "VALUES are numbers, or \"fill V\", \"iota START STEP\", \"random SEED\" for all elements.\n"
   "The special register args holds the address of the argument block. Without any @expect\n"
   "all buffers that are not read-only are dumped.\n"
   "\n"
   "options:\n"
   "  -d, --dump NAME      print a buffer after the run (\"all\": every buffer)\n"
   "  -c, --config TEXT    configuration of the model as in NPU_SIM, which is the default\n"
   "  -p, --poison         garbage in undefined values\n"
   "  -t, --trace          print every instruction that is executed\n"
   "  -n, --repeat N       run N times, print the time of the fastest run\n"
   "      --coverage FILE  append the names of the executed operations to a file\n"
   "      --timeout MS     give up after so many milliseconds (default 20000)\n"
   "  -h, --help           this text\n"
   "\n"
   "Exit status: 0 all expectations met, 1 not met or a fault, 2 wrong program or usage.\n";

struct options {
   const char *file, *coverage;
   const char *dump[NPU_RUN_MAX_ITEMS];
   unsigned num_dump, repeat, timeout_ms;
   struct npu_sim_config config;
};

enum {
   OPT_COVERAGE = 256,
   OPT_TIMEOUT
};

static unsigned
parse_count(const char *text, const char *what)
{
   char *end;
   unsigned long value = strtoul(text, &end, 10);

   if (!*text || *end || value == 0 || value > 1000000000) {
      fprintf(stderr, "npu-run: %s: \"%s\" is no number from 1 to 1000000000\n", what, text);
      exit(EXIT_USAGE);
   }
   return (unsigned)value;
}

static void
parse_options(int argc, char **argv, struct options *options)
{
   static const struct option long_options[] = {
      {"dump", required_argument, NULL, 'd'},
      {"config", required_argument, NULL, 'c'},
      {"poison", no_argument, NULL, 'p'},
      {"trace", no_argument, NULL, 't'},
      {"repeat", required_argument, NULL, 'n'},
      {"coverage", required_argument, NULL, OPT_COVERAGE},
      {"timeout", required_argument, NULL, OPT_TIMEOUT},
      {"help", no_argument, NULL, 'h'},
      {0},
   };
   bool poison = false, trace = false;
   const char *config = NULL;
   int option;

   *options = (struct options){.repeat = 1, .timeout_ms = 20000};
   while ((option = getopt_long(argc, argv, "d:c:ptn:h", long_options, NULL)) != -1) {
      switch (option) {
      case 'd':
         if (options->num_dump < NPU_RUN_MAX_ITEMS)
            options->dump[options->num_dump++] = optarg;
         break;
      case 'c':
         config = optarg;
         break;
      case 'p':
         poison = true;
         break;
      case 't':
         trace = true;
         break;
      case 'n':
         options->repeat = parse_count(optarg, "--repeat");
         break;
      case OPT_COVERAGE:
         options->coverage = optarg;
         break;
      case OPT_TIMEOUT:
         options->timeout_ms = parse_count(optarg, "--timeout");
         break;
      case 'h':
         fputs(help, stdout);
         exit(0);
      default:
         fputs("Try npu-run --help.\n", stderr);
         exit(EXIT_USAGE);
      }
   }
   if (optind + 1 != argc) {
      fputs("npu-run: expected one program. Try npu-run --help.\n", stderr);
      exit(EXIT_USAGE);
   }
   options->file = argv[optind];
   if (config ? !npu_sim_config_parse(&options->config, config)
              : !npu_sim_config_from_env(&options->config, "NPU_SIM"))
      exit(EXIT_USAGE);
   options->config.poison |= poison;
   options->config.trace |= trace;
   options->config.coverage = options->coverage != NULL;
}

/* ---- buffers ----------------------------------------------------------------------------- */

static uint64_t
get_element(struct npu_rig *rig, const struct npu_run_buffer *buffer, size_t index)
{
   unsigned size_B = npu_run_type_size_B(buffer->type);
   uint64_t bits = 0;

   memcpy(&bits, (uint8_t *)npu_rig_ptr(rig, buffer->va) + index * size_B, size_B);
   return bits;
}

static void
set_element(struct npu_rig *rig, const struct npu_run_buffer *buffer, size_t index, uint64_t bits)
{
   unsigned size_B = npu_run_type_size_B(buffer->type);

   memcpy((uint8_t *)npu_rig_ptr(rig, buffer->va) + index * size_B, &bits, size_B);
}

static void
init_buffers(struct npu_rig *rig, struct npu_run_file *file)
{
   for (unsigned i = 0; i < file->num_buffers; i++) {
      struct npu_run_buffer *buffer = &file->buffers[i];
      size_t size_B = buffer->count * npu_run_type_size_B(buffer->type);
      if (!buffer->va)
         buffer->va = npu_rig_alloc(rig, size_B ? size_B : 1,
                                    buffer->read_only ? NPU_RIG_R : NPU_RIG_RW);
      memset(npu_rig_ptr(rig, buffer->va), 0, size_B);
      for (size_t e = 0; e < buffer->init.num; e++)
         set_element(rig, buffer, e, buffer->init.bits[e]);
   }
}

static uint64_t
make_args(struct npu_rig *rig, const struct npu_run_file *file)
{
   uint64_t va = npu_rig_alloc(rig, 8 * NPU_RUN_MAX_ITEMS, NPU_RIG_R);
   uint8_t *block = npu_rig_ptr(rig, va);
   size_t at_B = 0;

   for (unsigned i = 0; i < file->num_args; i++) {
      const struct npu_run_arg *arg = &file->args[i];
      unsigned size_B = npu_run_type_size_B(arg->type);
      uint64_t bits = arg->buffer >= 0 ? file->buffers[arg->buffer].va : arg->bits;
      at_B = (at_B + size_B - 1) / size_B * size_B;
      memcpy(block + at_B, &bits, size_B);
      at_B += size_B;
   }
   return va;
}

static void
dump_buffer(struct npu_rig *rig, const struct npu_run_buffer *buffer)
{
   unsigned per_line = npu_run_type_size_B(buffer->type) == 8 ? 8 : 16;

   printf("%s %s[%zu]\n", buffer->name, npu_run_type_name(buffer->type), buffer->count);
   for (size_t i = 0; i < buffer->count; i++) {
      if (i % per_line == 0)
         printf("%6zu:", i);
      putchar(' ');
      npu_run_print_value(stdout, buffer->type, get_element(rig, buffer, i));
      if (i % per_line == per_line - 1 || i + 1 == buffer->count)
         putchar('\n');
   }
}

static void
dump_buffers(struct npu_rig *rig, const struct npu_run_file *file, const struct options *options)
{
   bool none = file->num_expectations == 0 && !file->fault.expected && options->num_dump == 0;

   for (unsigned i = 0; i < file->num_buffers; i++) {
      bool wanted = none && !file->buffers[i].read_only;
      for (unsigned d = 0; d < options->num_dump; d++)
         wanted |= !strcmp(options->dump[d], "all") ||
                   !strcmp(options->dump[d], file->buffers[i].name);
      if (wanted)
         dump_buffer(rig, &file->buffers[i]);
   }
}

/* ---- checks ------------------------------------------------------------------------------ */

static bool
check_buffers(struct npu_rig *rig, const struct npu_run_file *file)
{
   bool good = true;

   for (unsigned i = 0; i < file->num_expectations; i++) {
      const struct npu_run_expectation *expectation = &file->expectations[i];
      const struct npu_run_buffer *buffer = &file->buffers[expectation->buffer];
      size_t wrong = 0;
      for (size_t e = 0; e < expectation->values.num; e++) {
         uint64_t wanted = expectation->values.bits[e];
         uint64_t found = get_element(rig, buffer, expectation->first + e);
         if (npu_run_values_equal(buffer->type, wanted, found))
            continue;
         if (wrong++ < 8) {
            fprintf(stderr, "%s:%u: %s[%zu] is ", file->name, expectation->line, buffer->name,
                    expectation->first + e);
            npu_run_print_value(stderr, buffer->type, found);
            fputs(", expected ", stderr);
            npu_run_print_value(stderr, buffer->type, wanted);
            fputc('\n', stderr);
         }
      }
      if (wrong > 8)
         fprintf(stderr, "%s:%u: ... %zu wrong elements\n", file->name, expectation->line, wrong);
      good &= wrong == 0;
   }
   return good;
}

static bool
complain(const struct npu_run_file *file, const char *what, uint64_t found, uint64_t wanted)
{
   if (found == wanted)
      return true;
   fprintf(stderr, "%s:%u: %s of the fault is %#" PRIx64 ", expected %#" PRIx64 "\n", file->name,
           file->fault.line, what, found, wanted);
   return false;
}

static bool
check_fault(struct npu_rig *rig, const struct npu_run_file *file, uint64_t code_va)
{
   const struct npu_run_fault *wanted = &file->fault;
   struct npu_rig_fault fault;
   char text[256];
   bool good = true;

   if (!npu_rig_pop_fault(rig, &fault)) {
      if (wanted->expected)
         fprintf(stderr, "%s:%u: no fault, expected %s\n", file->name, wanted->line, wanted->type);
      return !wanted->expected;
   }
   npu_rig_describe_fault(&fault, text, sizeof(text));
   if (!wanted->expected) {
      fprintf(stderr, "%s: fault: %s\n", file->name, text);
      return false;
   }
   if (strcmp(npu_fault_names[fault.type], wanted->type)) {
      fprintf(stderr, "%s:%u: expected fault %s, but: %s\n", file->name, wanted->line, wanted->type,
              text);
      return false;
   }
   if (wanted->has_address) {
      uint64_t base = wanted->address_buffer >= 0 ? file->buffers[wanted->address_buffer].va : 0;
      good &= complain(file, "address", fault.address, base + wanted->address);
   }
   if (wanted->has_lanes)
      good &= complain(file, "lanes", fault.lanes, wanted->lanes);
   if (wanted->has_wave)
      good &= complain(file, "wave", fault.wave, wanted->wave);
   if (wanted->has_code)
      good &= complain(file, "code", fault.code, wanted->code);
   if (wanted->has_word)
      good &= complain(file, "word", (fault.pc - code_va) / 8, wanted->word);
   return good;
}

static bool
write_coverage(struct npu_rig *rig, const char *path)
{
   FILE *out = fopen(path, "a");

   if (!out) {
      perror(path);
      return false;
   }
   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (npu_op_valid(op) && npu_sim_op_coverage(npu_rig_sim(rig), op))
         fprintf(out, "%s\n", npu_op_infos[op].name);
   }
   return fclose(out) == 0;
}

/* ---- the run ----------------------------------------------------------------------------- */

static int
run(struct npu_run_file *file, const struct options *options, const struct npu_asm_result *program)
{
   char *error;
   struct npu_rig *rig = npu_rig_create(&options->config, &error);
   uint64_t fastest_ns = UINT64_MAX;
   bool good = true;

   if (!rig) {
      fprintf(stderr, "npu-run: %s\n", error ? error : "not enough memory");
      free(error);
      return EXIT_FAILED;
   }
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t cores = NPU_GET(npu_sim_reg_read(sim, NPU_REG_CAPS), NPU_CAPS_NUM_CORES);
   size_t code_B = program->num_words * 8;
   uint64_t code_va = npu_rig_alloc(rig, code_B ? code_B : 8, NPU_RIG_RX);
   if (code_B)
      memcpy(npu_rig_ptr(rig, code_va), program->code, code_B);
   init_buffers(rig, file);
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(code_va, make_args(rig, file), 1, 1);
   dispatch.work_dim = (uint8_t)file->work_dim;
   memcpy(dispatch.grid, file->grid, sizeof(file->grid));
   memcpy(dispatch.block, file->block, sizeof(file->block));
   dispatch.local_size_B = file->local_size_B;
   dispatch.private_size_B = file->private_size_B;
   dispatch.kernel_id = 1;
   if (file->private_size_B) {
      dispatch.scratch_va = npu_rig_alloc(rig,
                                          cores * NPU_WAVES_PER_CORE * NPU_WAVE_SIZE *
                                             (uint64_t)file->private_size_B,
                                          NPU_RIG_RW);
   }

   for (unsigned i = 0; i < options->repeat && good; i++) {
      init_buffers(rig, file);
      uint64_t start_ns = npu_sim_time_ns(sim);
      uint64_t seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &dispatch, 1);
      if (!npu_rig_wait(rig, 0, seqno, options->timeout_ms)) {
         fprintf(stderr, "%s: not finished after %u ms\n", file->name, options->timeout_ms);
         good = false;
         break;
      }
      uint64_t time_ns = npu_sim_time_ns(sim) - start_ns;
      fastest_ns = time_ns < fastest_ns ? time_ns : fastest_ns;
      good = check_fault(rig, file, code_va) && check_buffers(rig, file);
   }
   dump_buffers(rig, file, options);
   if (options->repeat > 1 && good)
      printf("fastest of %u runs: %.3f ms\n", options->repeat, (double)fastest_ns / 1e6);
   if (options->coverage)
      good &= write_coverage(rig, options->coverage);
   npu_rig_destroy(rig);
   return good ? 0 : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
   struct options options;
   struct npu_run_file file;
   int status = EXIT_USAGE;

   parse_options(argc, argv, &options);
   if (npu_run_file_read(&file, options.file)) {
      struct npu_asm_result program = npu_asm(file.text, options.file);
      options.config.poison |= file.poison;
      if (program.num_errors)
         fputs(program.errors ? program.errors : "npu-run: not enough memory\n", stderr);
      else
         status = run(&file, &options, &program);
      npu_asm_finish(&program);
   }
   npu_run_file_finish(&file);
   return status;
}
