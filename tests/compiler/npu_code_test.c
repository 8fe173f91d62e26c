/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What text cannot test: every operation of the ISA table through builder, validator and encoder;
 * the container of binaries and its answers to corrupt input; the checker of register allocation on
 * allocations that were spoiled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "npu_backend.h"
#include "npu_builder.h"
#include "npu_debug.h"
#include "npu_isa/npu_inst.h"
#include "npu_passes.h"
#include "npu_ra.h"

#include "util/blob.h"
#include "util/crc32.h"

/* ---- every operation ---- */

static struct npu_ref
register_for(const struct npu_instr *instr, const struct npu_operand_info *info, unsigned number,
             bool scalar)
{
   unsigned bits = info->kind == NPU_KIND_DATA   ? 8u << instr->width_log2
                   : info->kind == NPU_KIND_DESC ? 64
                                                 : info->bits;
   unsigned comps = info->kind == NPU_KIND_DATA   ? instr->count
                    : info->kind == NPU_KIND_DESC ? 2
                                                  : 1;

   if (info->files & NPU_FILES_M && !(scalar && info->files & NPU_FILES_S))
      return npu_reg(NPU_FILE_M, number, 1, 1);
   if (info->files & NPU_FILES_S && (scalar || !(info->files & NPU_FILES_V)))
      return npu_reg(NPU_FILE_S, number * 4, bits == 1 ? 32 : bits, comps);
   return npu_reg(NPU_FILE_V, number * 8, bits, comps);
}

/* An instruction of this operation with registers everywhere. */
static struct npu_instr *
any_instr(struct npu_shader *shader, unsigned op, bool scalar)
{
   const struct npu_op_info *info = npu_ir_op_info(op);
   unsigned num_srcs = info->is_store    ? 3
                       : info->is_load   ? 2
                       : info->is_atomic ? 4
                                         : info->num_srcs;
   struct npu_instr *instr = npu_instr_create(shader, op, info->has_dst ? 1 : 0, num_srcs);

   if (info->is_load || info->is_store) {
      instr->width_log2 = 2;
      instr->count = 3;
      instr->space = info->format == NPU_FORMAT_MEM_W ? NPU_SPACE_PRIVATE : NPU_SPACE_GLOBAL;
      instr->imm = -20;
   }
   if (info->is_special)
      instr->sr_or_code = scalar ? NPU_SR_ARGS : NPU_SR_LANE_ID;
   for (unsigned s = 0; s < num_srcs; ++s) {
      const struct npu_operand_info *operand = npu_src_info(instr, s);
      if (operand->files)
         instr->src[s] = register_for(instr, operand, s + 1, scalar);
   }
   if (info->has_dst)
      instr->dest[0] = register_for(instr, &info->dst, 6, scalar);
   if (info->is_special && scalar)
      instr->dest[0].bits = 64;
   return instr;
}

static void
encode_one(unsigned op, bool scalar)
{
   struct npu_shader *shader = npu_shader_create(NULL, "op");
   struct npu_instr *instr = any_instr(shader, op, scalar);
   struct npu_builder b = npu_builder_at(shader, npu_after_block(npu_first_block(shader)));
   struct util_dynarray words;
   struct npu_inst inst;

   shader->is_ssa = false;
   npu_insert(&b.cursor, instr);
   if (!npu_instr_is_terminator(instr))
      npu_build_end(&b);

   if (!npu_ir_op_info(op)->is_branch) {
      char *report = npu_validate(shader, "test");
      if (report)
         fprintf(stderr, "%s", report);
      assert_null(report);
   }
   util_dynarray_init(&words, NULL);
   assert_null(npu_encode_shader(shader, &words));
   assert_true(npu_decode(words.data, words.size / 8, &inst) > 0);
   assert_int_equal(inst.op, op);
   if (npu_ir_op_info(op)->has_dst)
      assert_int_equal(npu_src_file(inst.dst), 1u << instr->dest[0].file);
   util_dynarray_fini(&words);
   ralloc_free(shader);
}

static void
test_every_operation(void **state)
{
   unsigned count = 0;

   for (unsigned op = 0; op < NPU_NUM_OPS; ++op) {
      if (!npu_op_valid(op))
         continue;
      encode_one(op, false);
      if (npu_op_infos[op].scalar_form_ok || npu_op_infos[op].is_special)
         encode_one(op, true);
      ++count;
   }
   assert_true(count > 500);
}

/* The generated builder chooses the file of the result by the sources. */
static void
test_builder_files(void **state)
{
   struct npu_shader *shader = npu_shader_create(NULL, "files");
   struct npu_builder b = npu_builder_at(shader, npu_after_block(npu_first_block(shader)));
   struct npu_ref v = npu_build_rdsr(&b, NPU_SR_LANE_ID), s = npu_build_rdsr(&b, NPU_SR_GROUP_ID_X);

   assert_int_equal(npu_iadd_i32(&b, v, s).file, NPU_FILE_V);
   assert_int_equal(npu_iadd_i32(&b, s, npu_imm(1)).file, NPU_FILE_S);
   struct npu_ref m = npu_icmp_lt_i32(&b, v, s), u = npu_icmp_lt_i32(&b, s, s);
   assert_int_equal(m.file, NPU_FILE_M);
   assert_int_equal(m.bits, 1);
   assert_int_equal(u.file, NPU_FILE_S);
   assert_int_equal(u.bits, 32);
   assert_int_equal(npu_sel_b32(&b, m, s, s).file, NPU_FILE_V);
   assert_int_equal(npu_sel_b32(&b, npu_exec(), s, s).file, NPU_FILE_V);
   assert_int_equal(npu_sel_b32(&b, u, s, s).file, NPU_FILE_S);
   assert_int_equal(npu_readfirst_b32(&b, v).file, NPU_FILE_S);
   assert_int_equal(npu_mtos(&b, m).file, NPU_FILE_S);
   assert_int_equal(npu_mfroms(&b, s).file, NPU_FILE_M);
   assert_int_equal(npu_popcnt_i64(&b, s).bits, 32);

   /* Immediates are cut to the operand. */
   struct npu_instr *add = npu_iadd_i32_to(&b, npu_temp(&b, NPU_FILE_V, 32, 1), v, npu_imm(-1));
   assert_true(add->src[1].imm == UINT32_MAX);
   npu_build_end(&b);
   assert_null(npu_validate(shader, "test"));
   ralloc_free(shader);
}

/* Two uses of one literal, and branches over instructions with literals. */
static void
test_literals_and_distances(void **state)
{
   const char *text = "block0:\n"
                      "   s0.32 = rdsr\n"
                      "   br.nz s0.32, block2\n"
                      "block1 (block0, block1):\n"
                      "   v0.32 = imad.i32 v1.32, 1000, 1000\n"
                      "   v0.64 = iadd.i64 v2.64, 0x123456789abcdef\n"
                      "   br.nz s0.32, block1\n"
                      "block2 (block0, block1):\n"
                      "   end\n";
   char *error;
   struct npu_shader *shader = npu_parse(NULL, text, &error);
   struct util_dynarray words;
   struct npu_inst inst;

   assert_non_null(shader);
   util_dynarray_init(&words, NULL);
   assert_null(npu_encode_shader(shader, &words));
   const uint64_t *code = words.data;
   assert_int_equal(words.size / 8, 8);
   assert_int_equal(npu_decode(code + 1, 7, &inst), 1);
   assert_int_equal(inst.target, 5);
   assert_int_equal(npu_decode(code + 2, 6, &inst), 2);
   assert_int_equal(inst.src[1], NPU_SRC_LITERAL);
   assert_int_equal(inst.src[2], NPU_SRC_LITERAL);
   assert_true(inst.literal == 1000);
   assert_int_equal(npu_decode(code + 4, 4, &inst), 2);
   assert_true(inst.literal == 0x123456789abcdef);
   assert_int_equal(npu_decode(code + 6, 2, &inst), 1);
   assert_int_equal(inst.target, -5);
   util_dynarray_fini(&words);
   ralloc_free(shader);
}

/* ---- errors of the back end ---- */

/* What no validator has seen does not get into code. */
static void
test_encoder_refuses(void **state)
{
   char *error;
   struct npu_shader *shader = npu_parse(NULL,
                                         "block0:\n   v1.64 = iadd.i64 v2.64, v4.64\n   end\n",
                                         &error);
   struct util_dynarray words;

   assert_non_null(shader);
   util_dynarray_init(&words, NULL);
   error = npu_encode_shader(shader, &words);
   assert_string_equal(error,
                       "npu_encode_shader: a 64-bit vector operand must be an even register\n"
                       "   v1.64 = iadd.i64 v2.64, v4.64\n");
   free(error);
   util_dynarray_fini(&words);
   ralloc_free(shader);
}

static void
test_invalid_ir_is_an_error(void **state)
{
   char *error;
   struct npu_shader *shader = npu_parse(NULL, "shader bad\nblock0:\n   %0:v32 = rdsr\n   end\n",
                                         &error);
   struct npu_compile_debug debug = {.flags = NPU_DEBUG_VALIDATE};
   struct npu_binary binary = {0};

   assert_non_null(shader);
   assert_false(npu_compile_backend(shader, &debug, &binary, &error));
   assert_string_equal(strtok(error, "\n"),
                       "instruction selection: invalid IR: the operation cannot "
                       "write this register file");
   assert_null(binary.code);
   free(error);
   ralloc_free(shader);
}

/* ---- the container ---- */

static struct npu_binary
sample_binary(void)
{
   static uint8_t code[16] = {2, 0, 0, 0, 0, 0, 0, 0, 2};
   struct npu_binary bin = {
      .info = {.name = "sample",
               .num_instrs = 2,
               .num_spills = 3,
               .num_fills = 4,
               .num_vregs = 128,
               .num_sregs = 64,
               .num_mregs = 16,
               .local_size_B = 1000,
               .private_size_B = 400,
               .args_size_B = 20,
               .block = {8, 4, 2},
               .max_threads = 1024,
               .uses_barrier = true,
               .prefers_tiles = false},
      .code_size_B = sizeof(code),
      .code = code,
   };
   return bin;
}

static void
serialize(struct blob *blob)
{
   struct npu_binary bin = sample_binary();

   blob_init(blob);
   npu_binary_serialize(&bin, blob);
   assert_false(blob->out_of_memory);
}

static void
test_binary_round_trip(void **state)
{
   struct npu_binary bin = sample_binary();
   struct blob blob;
   char *error = (char *)1;

   serialize(&blob);
   struct npu_binary *copy = npu_binary_from_memory(blob.data, blob.size, &error);
   assert_non_null(copy);
   assert_null(error);
   assert_string_equal(copy->info.name, bin.info.name);
   assert_int_equal(copy->info.num_instrs, bin.info.num_instrs);
   assert_int_equal(copy->info.num_spills, bin.info.num_spills);
   assert_int_equal(copy->info.num_fills, bin.info.num_fills);
   assert_int_equal(copy->info.num_vregs, bin.info.num_vregs);
   assert_int_equal(copy->info.num_sregs, bin.info.num_sregs);
   assert_int_equal(copy->info.num_mregs, bin.info.num_mregs);
   assert_int_equal(copy->info.local_size_B, bin.info.local_size_B);
   assert_int_equal(copy->info.private_size_B, bin.info.private_size_B);
   assert_int_equal(copy->info.args_size_B, bin.info.args_size_B);
   assert_memory_equal(copy->info.block, bin.info.block, sizeof(bin.info.block));
   assert_int_equal(copy->info.max_threads, bin.info.max_threads);
   assert_true(copy->info.uses_barrier);
   assert_false(copy->info.prefers_tiles);
   assert_int_equal(copy->code_size_B, bin.code_size_B);
   assert_memory_equal(copy->code, bin.code, bin.code_size_B);
   npu_binary_destroy(copy);
   npu_binary_destroy(NULL);
   blob_finish(&blob);
}

static void
expect_error(const void *data, size_t size_B, const char *message)
{
   char *error = NULL;

   assert_null(npu_binary_from_memory(data, size_B, &error));
   assert_non_null(error);
   assert_string_equal(error, message);
   free(error);
   assert_null(npu_binary_from_memory(data, size_B, NULL));
}

/* Overwrites a number of the payload and repairs the checksum: only the field's own check is left.
 * */
static void
expect_field_error(unsigned payload_offset, uint32_t value, const char *message)
{
   struct blob blob;

   serialize(&blob);
   memcpy(blob.data + 20 + payload_offset, &value, 4);
   uint32_t crc = util_hash_crc32(blob.data + 20, blob.size - 20);
   memcpy(blob.data + 16, &crc, 4);
   expect_error(blob.data, blob.size, message);
   blob_finish(&blob);
}

static void
test_binary_corrupt(void **state)
{
   struct blob blob;
   char message[100];

   serialize(&blob);
   expect_error(blob.data, 0, "NPU binary: the header is truncated");
   expect_error(blob.data, 19, "NPU binary: the header is truncated");
   snprintf(message, sizeof(message), "NPU binary: truncated, %zu bytes expected, %zu present",
            blob.size - 20, blob.size - 21);
   expect_error(blob.data, blob.size - 1, message);

   uint8_t *longer = calloc(1, blob.size + 3);
   memcpy(longer, blob.data, blob.size);
   expect_error(longer, blob.size + 3, "NPU binary: 3 bytes too many");
   free(longer);

   blob.data[0] = 'X';
   expect_error(blob.data, blob.size, "not an NPU binary: wrong magic number 0x42555058");
   blob.data[0] = 'N';
   blob.data[4] = 9;
   expect_error(blob.data, blob.size, "NPU binary: container version 9, expected 2");
   blob.data[4] = 2;
   blob.data[8] = 7;
   expect_error(blob.data, blob.size, "NPU binary: instruction set version 7, expected 1");
   blob_finish(&blob);

   expect_field_error(128 + 12, 129, "NPU binary: number of vector registers out of range");
   expect_field_error(128 + 16, 65, "NPU binary: number of scalar registers out of range");
   expect_field_error(128 + 20, 17, "NPU binary: number of mask registers out of range");
   expect_field_error(128 + 28, 6, "NPU binary: private size out of range");
   expect_field_error(128 + 36, 0x10001, "NPU binary: offset of descriptors out of range");
   expect_field_error(128 + 40, 129, "NPU binary: number of textures out of range");
   expect_field_error(128 + 44, 65, "NPU binary: number of images out of range");
   expect_field_error(128 + 48, 33, "NPU binary: number of samplers out of range");
   expect_field_error(128 + 52, 2000, "NPU binary: work-group size out of range");
   expect_field_error(128 + 64, 0, "NPU binary: maximum work-group size out of range");
   expect_field_error(128 + 64, 1025, "NPU binary: maximum work-group size out of range");
   expect_field_error(128 + 68, 4, "NPU binary: flags out of range");
   expect_field_error(128 + 72, 12, "NPU binary: bad code size 12");
   expect_field_error(128 + 72, 24, "NPU binary: bad code size 24");
}

/* Any single byte changed, any prefix: refused, and nothing worse. */
static void
test_binary_every_byte(void **state)
{
   struct blob blob;

   serialize(&blob);
   for (size_t i = 0; i < blob.size; ++i) {
      char *error = NULL;
      blob.data[i] ^= 0x5a;
      assert_null(npu_binary_from_memory(blob.data, blob.size, &error));
      assert_non_null(error);
      free(error);
      blob.data[i] ^= 0x5a;
      assert_null(npu_binary_from_memory(blob.data, i, NULL));
   }
   blob_finish(&blob);
}

/* ---- the checker of register allocation ---- */

static const struct npu_ra_limits limits = {
   .regs = {[NPU_FILE_V] = 16, [NPU_FILE_S] = 8, [NPU_FILE_M] = 4}};

static const char *const loop_text = "shader loop\n"
                                     "block0:\n"
                                     "   %0:v32 = rdsr {sr=lane_id}\n"
                                     "   %1:v64 = cvt.i64.i32 %0\n"
                                     "   %2:s32 = rdsr\n"
                                     "   %3:m = icmp_lt.i32 %0, %2\n"
                                     "block1 (block0, block1) depth=1:\n"
                                     "   %4:v64 = phi block0: %1, block1: %6\n"
                                     "   %5:v32 = phi block0: 0, block1: %7\n"
                                     "   %6:v64 = iadd.i64 %4, %1\n"
                                     "   %7:v32 = iadd.i32 %5, %0\n"
                                     "   %8:v32x2 = collect %7, %5\n"
                                     "   st_u 0, _, %8 {width_log2=2 count=2}\n"
                                     "   br.any %3, block1\n"
                                     "block2 (block1):\n"
                                     "   unit_test %6, %7, %3\n"
                                     "   end\n";

struct allocated {
   struct npu_shader *shader;
   struct npu_ra_record *record;
};

static struct allocated
allocate_loop(void)
{
   char *error;
   struct allocated a = {.shader = npu_parse(NULL, loop_text, &error)};

   assert_non_null(a.shader);
   npu_legalize(a.shader);
   npu_lower_cfg(a.shader);
   a.record = npu_ra(a.shader, &limits);
   return a;
}

static struct npu_instr *
find_instr(struct npu_shader *shader, unsigned op, unsigned skip)
{
   npu_foreach_instr(shader, instr) {
      if (instr->op == op && skip-- == 0)
         return instr;
   }
   return NULL;
}

/* The report's first line ends with this. */
static void
expect_ra_error(struct allocated *a, const struct npu_ra_limits *used, const char *message)
{
   char *report = npu_validate_ra(a->shader, a->record, used);

   assert_non_null(report);
   const char *line = strtok(report, "\n");
   const char *prefix = "npu_validate_ra: invalid IR: ";
   assert_memory_equal(line, prefix, strlen(prefix));
   assert_string_equal(line + strlen(prefix), message);
   free(report);
   ralloc_free(a->shader);
}

static void
test_ra_checker_accepts(void **state)
{
   struct allocated a = allocate_loop();

   assert_null(npu_validate_ra(a.shader, a.record, &limits));
   npu_lower_parallel_copy(a.shader);
   assert_null(npu_validate_ra(a.shader, a.record, &limits));
   ralloc_free(a.shader);
}

static void
test_ra_checker_refuses(void **state)
{
   struct allocated a = allocate_loop();

   /* A source in the wrong register. */
   struct npu_instr *add = find_instr(a.shader, NPU_OP_IADD_I32, 0);
   add->src[1].value = 15;
   expect_ra_error(&a, &limits, "source 1: register v15 does not hold part 0 of %0");

   /* A register of another type. */
   a = allocate_loop();
   add = find_instr(a.shader, NPU_OP_IADD_I64, 0);
   struct npu_instr *cmp = find_instr(a.shader, NPU_OP_ICMP_LT_I32, 0);
   cmp->src[0] = add->src[0];
   expect_ra_error(&a, &limits, "source 0 is not a register of the value's type");

   /* Copies that are missing, on the edge into the loop. */
   a = allocate_loop();
   struct npu_instr *copy = find_instr(a.shader, NPU_OP_PARALLEL_COPY, 0);
   assert_non_null(copy);
   npu_instr_remove(copy);
   char *report = npu_validate_ra(a.shader, a.record, &limits);
   assert_non_null(report);
   assert_non_null(strstr(report, "does not hold the source of phi %4 of block1"));
   free(report);
   ralloc_free(a.shader);

   /* Registers beyond the limit. */
   a = allocate_loop();
   struct npu_ra_limits fewer = limits;
   fewer.regs[NPU_FILE_S] = 0;
   expect_ra_error(&a, &fewer, "register s0 is beyond the limit");

   /* An instruction that was not there. */
   a = allocate_loop();
   struct npu_builder b = npu_builder_at(a.shader,
                                         npu_before_terminators(npu_first_block(a.shader)));
   npu_barrier(&b);
   expect_ra_error(&a, &limits, "an instruction that the SSA program does not have");

   /* A move that does not reach inactive lanes. */
   a = allocate_loop();
   npu_lower_parallel_copy(a.shader);
   npu_foreach_instr(a.shader, instr) {
      if (instr->op == NPU_OP_MOV_B32 || instr->op == NPU_OP_MOV_B64)
         instr->masked = true;
   }
   expect_ra_error(&a, &limits, "a move of register allocation is masked");
}

/* ---- debug flags ---- */

static void
test_debug_flags(void **state)
{
   assert_int_equal(npu_debug_parse("", "test"), 0);
   assert_int_equal(npu_debug_parse("spill", "test"), NPU_DEBUG_STRESS_SPILL);
   assert_int_equal(npu_debug_parse(" noopt,nosched:asm ", "test"),
                    NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_SCHED | NPU_DEBUG_PRINT_ASM);
   /* Reported, and ignored. */
   assert_int_equal(npu_debug_parse("spil,asm", "test"), NPU_DEBUG_PRINT_ASM);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_operation),
      cmocka_unit_test(test_builder_files),
      cmocka_unit_test(test_literals_and_distances),
      cmocka_unit_test(test_encoder_refuses),
      cmocka_unit_test(test_invalid_ir_is_an_error),
      cmocka_unit_test(test_binary_round_trip),
      cmocka_unit_test(test_binary_corrupt),
      cmocka_unit_test(test_binary_every_byte),
      cmocka_unit_test(test_ra_checker_accepts),
      cmocka_unit_test(test_ra_checker_refuses),
      cmocka_unit_test(test_debug_flags),
   };

   cmocka_set_message_output(CM_OUTPUT_TAP);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
