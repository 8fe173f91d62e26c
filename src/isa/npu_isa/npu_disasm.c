/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Disassembling a program: two passes over the words, the first of which finds instruction
 * boundaries and branch targets. A target becomes a label if it is the boundary of an instruction
 * or the end of the code, else the distance is printed. Single instructions are printed by
 * generated code (npu_disasm_ops.c) and npu_print.c.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "npu_isa/npu_disasm.h"
#include "npu_isa/npu_print.h"

#define BOUNDARY 1u
#define TARGET   2u

size_t
npu_disasm_inst(char *buf, size_t size, const struct npu_inst *inst)
{
   struct npu_printer p = {.inst = inst, .label = -1, .buffer = buf, .size = size};

   buf[0] = '\0';
   npu_print_inst(&p);
   return p.length;
}

/* Word index of the target of the branch at `at`, or -1 if `inst` has none or it lies outside the
 * code. */
static int64_t
branch_target(const struct npu_inst *inst, size_t at, size_t words)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   if (!info->is_branch || info->is_end)
      return -1;
   const int64_t target = (int64_t)(at + npu_inst_words(inst)) + inst->target;
   return target >= 0 && target <= (int64_t)words ? target : -1;
}

/* marks[i]: BOUNDARY and TARGET of word i, for 0..words; then labels[i] is the label's number. */
static void
find_labels(const uint64_t *code, size_t words, uint8_t *marks, int *labels)
{
   struct npu_inst inst;
   int next = 0;

   for (size_t at = 0; at < words;) {
      const int n = npu_decode(code + at, words - at, &inst);

      marks[at] |= BOUNDARY;
      if (n > 0) {
         const int64_t target = branch_target(&inst, at, words);
         if (target >= 0)
            marks[target] |= TARGET;
      }
      at += n > 0 ? (size_t)n : 1;
   }
   marks[words] |= BOUNDARY;
   for (size_t at = 0; at <= words; at++)
      labels[at] = marks[at] == (BOUNDARY | TARGET) ? next++ : -1;
}

static void
print_line(FILE *out, const uint64_t *code, size_t at, unsigned n, const char *text, unsigned flags)
{
   if (flags & NPU_DISASM_OFFSETS)
      fprintf(out, "/* %05zx */", at * 8);
   if (!(flags & NPU_DISASM_WORDS)) {
      fprintf(out, "   %s\n", text);
      return;
   }
   fprintf(out, "   %-56s #", text);
   for (unsigned i = 0; i < n; i++)
      fprintf(out, " %016" PRIx64, code[at + i]);
   fprintf(out, "\n");
}

int
npu_disasm(FILE *out, const uint64_t *code, size_t words, unsigned flags)
{
   uint8_t *marks = calloc(words + 1, sizeof(*marks));
   int *labels = calloc(words + 1, sizeof(*labels));
   int bad = 0;

   if (marks == NULL || labels == NULL) {
      free(marks);
      free(labels);
      return -1;
   }
   find_labels(code, words, marks, labels);
   for (size_t at = 0; at < words;) {
      struct npu_inst inst;
      char text[160];
      const int n = npu_decode(code + at, words - at, &inst);

      if (labels[at] >= 0)
         fprintf(out, "L%d:\n", labels[at]);
      if (n > 0) {
         const int64_t target = branch_target(&inst, at, words);
         struct npu_printer p = {
            .inst = &inst,
            .label = target >= 0 ? labels[target] : -1,
            .buffer = text,
            .size = sizeof(text),
         };
         npu_print_inst(&p);
      } else {
         snprintf(text, sizeof(text), ".word 0x%016" PRIx64 "   # %s", code[at],
                  npu_decode_error_text(n));
         bad++;
      }
      print_line(out, code, at, n > 0 ? (unsigned)n : 1, text, flags);
      at += n > 0 ? (size_t)n : 1;
   }
   if (labels[words] >= 0)
      fprintf(out, "L%d:\n", labels[words]);
   free(marks);
   free(labels);
   return bad;
}
