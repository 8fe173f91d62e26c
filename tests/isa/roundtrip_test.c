/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Encoder, decoder, disassembler and assembler agree. One case for each operation: random legal
 * instructions of it, every allowed file of every operand, every modifier and suffix, go struct ->
 * bits -> struct and bits -> text -> bits. Then: random words never crash the decoder and what it
 * accepts encodes to the same bits; every single-bit change of an instruction is either refused or
 * a different legal instruction; programs with labels survive the way through text.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_asm.h"
#include "npu_isa/npu_disasm.h"
#include "npu_isa/npu_inst.h"
#include "random_inst.h"
#include "tap.h"

#define INSTS_PER_OP 400

static uint64_t seed = UINT64_C(0x1357924680acebdf);

static bool
same_inst(const struct npu_inst *a, const struct npu_inst *b)
{
   return a->op == b->op && a->masked == b->masked && a->has_literal == b->has_literal &&
          a->dst == b->dst && !memcmp(a->src, b->src, sizeof(a->src)) && a->literal == b->literal &&
          a->neg == b->neg && a->abs == b->abs && a->round == b->round && a->sat == b->sat &&
          a->width_log2 == b->width_log2 && a->count == b->count && a->space == b->space &&
          a->scale_log2 == b->scale_log2 && a->sx == b->sx && a->noret == b->noret &&
          a->imm == b->imm && a->target == b->target && a->sr_or_code == b->sr_or_code;
}

/* struct -> bits -> struct, bits -> text -> bits. */
static void
check_inst(struct tap *tap, const struct npu_inst *inst)
{
   const char *why = npu_inst_check(inst);
   char text[128];
   uint64_t words[2];
   struct npu_inst back;

   if (why != NULL) {
      tap_problem(tap, "refused: %s", why);
      return;
   }
   const unsigned n = npu_encode(inst, words);
   if (npu_decode(words, n, &back) != (int)n || !same_inst(inst, &back))
      tap_problem(tap, "%016" PRIx64 " does not decode to what was encoded", words[0]);
   if (n == 2 && npu_decode(words, 1, &back) != NPU_DECODE_TRUNCATED)
      tap_problem(tap, "%016" PRIx64 " decodes without its literal", words[0]);
   if (npu_disasm_inst(text, sizeof(text), inst) >= sizeof(text))
      tap_problem(tap, "text longer than promised: %s", text);
   struct npu_asm_result r = npu_asm(text, "text");
   if (r.num_errors != 0)
      tap_problem(tap, "\"%s\": %s", text, r.errors);
   else if (r.num_words != n || r.code[0] != words[0] || (n == 2 && r.code[1] != words[1]))
      tap_problem(tap, "\"%s\" assembles to %016" PRIx64 ", not %016" PRIx64, text, r.code[0],
                  words[0]);
   npu_asm_finish(&r);
}

/* Which files each operand was seen with, to be sure that the random choice misses none. */
static void
note_files(const struct npu_inst *inst, unsigned seen[5])
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (!inst->noret)
      seen[4] |= npu_src_file(inst->dst);
   for (unsigned i = 0; i < info->num_srcs; i++)
      seen[i] |= npu_src_file(inst->src[i]);
}

static void
test_op(struct tap *tap, enum npu_op op)
{
   const struct npu_op_info *info = &npu_op_infos[op];
   unsigned seen[5] = {0};

   for (unsigned n = 0; n < INSTS_PER_OP; n++) {
      const struct npu_inst inst = pick_inst(op);
      check_inst(tap, &inst);
      note_files(&inst, seen);
   }
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].files != 0 && seen[i] != info->src[i].files)
         tap_problem(tap, "source %u was tried with files %x of %x", i, seen[i],
                     info->src[i].files);
   }
   if ((info->has_dst || info->data_in_dst) && seen[4] != info->dst.files)
      tap_problem(tap, "the destination was tried with files %x of %x", seen[4], info->dst.files);
   tap_case(tap, "round trip of %s", info->name);
}

/* Whatever the words are: no crash, consistent counts, and accepted words encode to themselves. */
static unsigned
check_words(struct tap *tap, const uint64_t words[2])
{
   struct npu_inst inst;
   uint64_t again[2] = {0};
   const int n = npu_decode(words, 2, &inst);

   if (n <= 0) {
      if (n < NPU_DECODE_OPERANDS || n > NPU_DECODE_TRUNCATED)
         tap_problem(tap, "%016" PRIx64 ": npu_decode() returned %d", words[0], n);
      return 0;
   }
   if (npu_inst_check(&inst) != NULL || (int)npu_encode(&inst, again) != n ||
       again[0] != words[0] || (n == 2 && again[1] != words[1]))
      tap_problem(tap, "%016" PRIx64 " %016" PRIx64 " decodes but does not encode to itself",
                  words[0], words[1]);
   return 1;
}

static void
test_random_words(struct tap *tap)
{
   unsigned accepted = 0;

   for (unsigned n = 0; n < 2000000; n++) {
      const uint64_t words[2] = {tap_random(&seed), tap_random(&seed)};
      accepted += check_words(tap, words);
   }
   tap_case(tap, "random words");

   /* Words with the shape of an instruction: a real opcode and few bits set elsewhere. */
   for (unsigned n = 0; n < 2000000; n++) {
      uint64_t word = tap_random(&seed) & tap_random(&seed) & ~UINT64_C(0x3ff);
      word = pick(2) ? word & UINT64_C(0x00007fffffffffff) : word;
      const uint64_t words[2] = {word | pick(1024), tap_random(&seed) >> pick(64)};
      accepted += check_words(tap, words);
   }
   if (accepted < 10000)
      tap_problem(tap, "only %u of the words were instructions: the test tests little", accepted);
   tap_case(tap, "random words like instructions");
}

static void
test_bit_flips(struct tap *tap)
{
   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (!npu_op_valid(op))
         continue;
      const struct npu_inst inst = pick_inst((enum npu_op)op);
      uint64_t words[2] = {0, 0};

      npu_encode(&inst, words);
      for (unsigned bit = 0; bit < 64; bit++) {
         const uint64_t flipped[2] = {words[0] ^ UINT64_C(1) << bit, words[1]};
         struct npu_inst other;
         check_words(tap, flipped);
         if (npu_decode(flipped, 2, &other) > 0 && same_inst(&inst, &other))
            tap_problem(tap, "%016" PRIx64 ": bit %u has no meaning", words[0], bit);
      }
   }
   tap_case(tap, "every bit has a meaning or is refused");
}

/* A whole program, some words of which are no instructions, through the disassembler's file output.
 */
static void
test_program(struct tap *tap, unsigned flags, const char *name)
{
   uint64_t code[3000];
   size_t words = 0;
   char *text = NULL;
   size_t size = 0;
   unsigned bad = 0;

   while (words + 2 <= sizeof(code) / sizeof(code[0])) {
      unsigned op;
      do
         op = pick(NPU_NUM_OPS);
      while (!npu_op_valid(op));
      struct npu_inst inst = pick_inst(pick(4) == 0 ? NPU_OP_BR_ANY : (enum npu_op)op);
      inst.target = npu_op_infos[inst.op].is_branch && !npu_op_infos[inst.op].is_end
                       ? (int)pick(41) - 20
                       : 0;
      if (pick(50) == 0) {
         code[words++] = UINT64_C(0xffffffffffffffff);
         bad++;
      } else
         words += npu_encode(&inst, &code[words]);
   }
   FILE *out = open_memstream(&text, &size);
   const int reported = npu_disasm(out, code, words, flags);
   fclose(out);
   if (reported != (int)bad)
      tap_problem(tap, "%d bad words reported, %u are there", reported, bad);
   struct npu_asm_result r = npu_asm(text, "text");
   if (r.num_errors != 0)
      tap_problem(tap, "%s", r.errors);
   else if (r.num_words != words || memcmp(r.code, code, words * sizeof(code[0])) != 0)
      tap_problem(tap, "the program changed on its way through text");
   npu_asm_finish(&r);
   free(text);
   tap_case(tap, "program through text%s", name);
}

static void
test_tables(struct tap *tap)
{
   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      const struct npu_op_info *info = &npu_op_infos[op];
      if (info->name == NULL)
         continue;
      if (npu_op_by_name(info->name, (unsigned)strlen(info->name)) != (enum npu_op)op)
         tap_problem(tap, "%s is not found by its name", info->name);
      if (info->src_type != NPU_TYPE_NONE &&
          npu_op_cvt(info->type, info->src_type) != (enum npu_op)op)
         tap_problem(tap, "%s is not found by its types", info->name);
      if (info->src_type == NPU_TYPE_NONE && info->base != NPU_ALU_BR &&
          info->base != NPU_ALU_FENCE && npu_op_for(info->base, info->type) != (enum npu_op)op)
         tap_problem(tap, "%s is not found by base and type", info->name);
   }
   if (npu_op_by_name("iadd", 4) != NPU_OP_NONE || npu_op_by_name("iadd.i32x", 9) != NPU_OP_NONE ||
       npu_op_by_name("", 0) != NPU_OP_NONE)
      tap_problem(tap, "a name that is none was found");
   if (npu_op_for(NPU_ALU_IADD, NPU_TYPE_F32) != NPU_OP_NONE ||
       npu_op_cvt(NPU_TYPE_I32, NPU_TYPE_I32) != NPU_OP_NONE)
      tap_problem(tap, "an operation that does not exist was found");
   tap_case(tap, "look-up by name and type");

   for (unsigned type = NPU_TYPE_I8; type <= NPU_TYPE_BF16; type++) {
      for (unsigned src = NPU_SRC_INT_FIRST; src <= NPU_SRC_FLOAT_LAST; src++) {
         if (npu_src_is_float(src) && npu_type_infos[type].kind != NPU_KIND_FLOAT)
            continue;
         if (npu_src_for_value(npu_src_inline_value(src, type), type) != src)
            tap_problem(tap, "inline constant %u of type %s is not found by its value", src,
                        npu_type_infos[type].name);
      }
   }
   if (npu_src_inline_value(NPU_SRC_INT(-1), NPU_TYPE_I16) != 0xffff ||
       npu_src_inline_value(NPU_SRC_FLOAT_FIRST + 3, NPU_TYPE_F16) != 0xbc00 ||
       npu_src_inline_value(NPU_SRC_FLOAT_FIRST + 0, NPU_TYPE_BF16) != 0x3f00 ||
       npu_src_inline_value(NPU_SRC_FLOAT_FIRST + 6, NPU_TYPE_F64) !=
          UINT64_C(0x4010000000000000) ||
       npu_src_inline_float(-2.0) != NPU_SRC_FLOAT_FIRST + 5 || npu_src_inline_float(3.0) != 0)
      tap_problem(tap, "an inline constant has a wrong value");
   tap_case(tap, "inline constants");
}

int
main(void)
{
   struct tap tap = {0};

   for (unsigned op = 0; op < NPU_NUM_OPS; op++) {
      if (npu_op_valid(op))
         test_op(&tap, (enum npu_op)op);
   }
   test_random_words(&tap);
   test_bit_flips(&tap);
   test_program(&tap, 0, "");
   test_program(&tap, NPU_DISASM_OFFSETS | NPU_DISASM_WORDS, " with offsets and words");
   test_tables(&tap);
   return tap_done(&tap);
}
