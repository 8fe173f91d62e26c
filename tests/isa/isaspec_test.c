/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Our encoder and disassembler against the disassembler that Mesa's isaspec builds from the same
 * table (npu_isaspec.xml.py), one case for each operation. Blanks and parentheses do not count, and
 * isaspec shows a literal as "literal". Then words at random: what our decoder accepts isaspec
 * matches, and what isaspec matches our decoder does not call an unknown opcode or reserved bits.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "npu-isaspec.h"
#include "npu_isa/npu_disasm.h"
#include "random_inst.h"
#include "tap.h"

#define INSTS_PER_OP 100
#define RANDOM_WORDS 200000

/* Copies the text without blanks and parentheses, each hexadecimal number (a literal) as "literal".
 */
static void
normalise(char *out, const char *text)
{
   while (*text != '\0' && *text != '\n') {
      if (text[0] == '=' || (text[0] == '0' && text[1] == 'x')) {
         text += text[0] == '=' ? 3 : 2;
         text += strspn(text, "0123456789abcdef");
         out = stpcpy(out, "literal");
      } else if (isspace((unsigned char)*text) || *text == '(' || *text == ')') {
         text++;
      } else {
         *out++ = *text++;
      }
   }
   *out = '\0';
}

static void
no_match(FILE *out, const BITSET_WORD *bitset, size_t size)
{
   fprintf(out, "no match\n");
}

/* What isaspec prints for each of the words, a line each; free() the text. */
static char *
isaspec_text(uint64_t *words, size_t count)
{
   const struct isa_decode_options options = {.show_errors = true, .no_match_cb = no_match};
   char *text = NULL;
   size_t size = 0;
   FILE *out = open_memstream(&text, &size);

   npu_isa_disasm(words, (int)(count * sizeof(*words)), out, &options);
   fclose(out);
   return text;
}

static void
test_op(struct tap *tap, enum npu_op op)
{
   struct npu_inst insts[INSTS_PER_OP];
   uint64_t words[INSTS_PER_OP];

   for (unsigned n = 0; n < INSTS_PER_OP; n++) {
      uint64_t both[2];
      insts[n] = pick_inst(op);
      /* A distance of 0 is not printed by isaspec. */
      if (npu_op_infos[op].is_branch && !npu_op_infos[op].is_end && insts[n].target == 0)
         insts[n].target = 1;
      npu_encode(&insts[n], both);
      words[n] = both[0];
   }
   char *text = isaspec_text(words, INSTS_PER_OP);
   const char *line = text;
   for (unsigned n = 0; n < INSTS_PER_OP && line != NULL; n++) {
      char ours[128], a[160], b[1024];
      npu_disasm_inst(ours, sizeof(ours), &insts[n]);
      normalise(a, ours);
      if (strcspn(line, "\n") < sizeof(b) / 8)
         normalise(b, line);
      else
         strcpy(b, "(long)");
      if (strcmp(a, b) != 0)
         tap_problem(tap, "%016" PRIx64 ": ours \"%s\", isaspec's \"%s\"", words[n], a, b);
      line = strchr(line, '\n');
      line = line ? line + 1 : NULL;
   }
   if (line == NULL || *line != '\0')
      tap_problem(tap, "isaspec printed another number of lines");
   free(text);
   tap_case(tap, "isaspec agrees on %s", npu_op_infos[op].name);
}

static void
test_random_words(struct tap *tap)
{
   uint64_t *words = calloc(RANDOM_WORDS, sizeof(*words));
   uint64_t seed = UINT64_C(0x0f1e2d3c4b5a6978);
   unsigned accepted = 0;

   for (unsigned n = 0; n < RANDOM_WORDS; n++) {
      unsigned op;
      do
         op = pick(NPU_NUM_OPS);
      while (!npu_op_valid(op));
      /* An instruction with up to two bits changed. */
      const struct npu_inst inst = pick_inst((enum npu_op)op);
      uint64_t both[2];
      npu_encode(&inst, both);
      words[n] = both[0] ^ (UINT64_C(1) << pick(64)) ^ (pick(2) ? UINT64_C(1) << pick(64) : 0);
      if (pick(8) == 0)
         words[n] = tap_random(&seed);
   }
   char *text = isaspec_text(words, RANDOM_WORDS);
   const char *line = text;
   for (unsigned n = 0; n < RANDOM_WORDS && line != NULL; n++) {
      const uint64_t both[2] = {words[n], 0};
      struct npu_inst inst;
      const int ours = npu_decode(both, 2, &inst);
      const bool match = strncmp(line, "no match", 8) != 0;

      accepted += ours > 0;
      if (ours > 0 && !match)
         tap_problem(tap, "%016" PRIx64 ": ours decodes it, isaspec does not", words[n]);
      if (match && (ours == NPU_DECODE_OPCODE || ours == NPU_DECODE_RESERVED))
         tap_problem(tap, "%016" PRIx64 ": isaspec decodes it, ours says: %s", words[n],
                     npu_decode_error_text(ours));
      line = strchr(line, '\n');
      line = line ? line + 1 : NULL;
   }
   if (accepted < RANDOM_WORDS / 50)
      tap_problem(tap, "only %u of the words were instructions: the test tests little", accepted);
   free(text);
   free(words);
   tap_case(tap, "isaspec agrees on what is no instruction");
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
   return tap_done(&tap);
}
