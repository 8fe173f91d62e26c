/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The code of a core dump, disassembled around the instruction that faulted.
 *
 * Instructions are one or two words long, so where one begins is known only from the beginning of the
 * program, or by trial: of the two words a listing can start with, that one is taken whose
 * instructions meet the faulting one.
 */

#include "npu_dump.h"

#include "npu_isa/npu_disasm.h"
#include "npu_isa/npu_inst.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Instructions on both sides of the one that faulted. */
#define BEFORE 8
#define AFTER  4

/* Words of the instruction, 1 for a word that is none. */
static size_t
step(const struct npu_dump_memory *run, size_t at)
{
   struct npu_inst inst;
   int words = npu_decode(&run->words[at], run->num_words - at, &inst);

   return words > 0 ? (size_t)words : 1;
}

/* Whether instructions that start at word `from` meet word `to`. */
static bool
meets(const struct npu_dump_memory *run, size_t from, size_t to)
{
   while (from < to)
      from += step(run, from);
   return from == to;
}

static void
print_instruction(FILE *out, const struct npu_dump_memory *run, size_t at, uint64_t base, bool it,
                  unsigned flags)
{
   uint64_t va = run->va + at * 8;
   struct npu_inst inst;
   char text[160];
   int words = npu_decode(&run->words[at], run->num_words - at, &inst);

   if (words > 0)
      npu_disasm_inst(text, sizeof(text), &inst);
   else
      snprintf(text, sizeof(text), ".word 0x%016" PRIx64 "  // %s", run->words[at],
               npu_decode_error_text(words));
   fprintf(out, "   %s%s %6" PRIx64 "  %s%s\n", it ? npu_dump_red(flags) : "", it ? "=>" : "  ",
           va - base, text, it ? npu_dump_plain(flags) : "");
}

static void
print_run(FILE *out, const struct npu_dump_memory *run, uint64_t base, uint64_t pc, unsigned flags)
{
   size_t target = (size_t)((pc - run->va) / 8), at = 0;

   /* Not from the beginning: see above. */
   if (run->va != base && target > 0 && !meets(run, 0, target) && meets(run, 1, target))
      at = 1;
   bool known = meets(run, at, target);

   /* The last few before it. */
   size_t *starts = malloc((run->num_words + 1) * sizeof(*starts)), num = 0, index = 0;
   if (!starts) {
      fputs("   out of memory\n", out);
      return;
   }
   while (at < run->num_words) {
      if (at >= target && (num == 0 || starts[num - 1] < target)) {
         /* An instruction that reaches over the target is no instruction. */
         at = target;
         index = num;
      }
      starts[num++] = at;
      at += step(run, at);
   }
   size_t first = index > BEFORE ? index - BEFORE : 0, last = index + AFTER + 1;
   if (flags & NPU_DUMP_ALL) {
      first = 0;
      last = num;
   }
   if (!known)
      fputs("   the code before the instruction cannot be told apart with certainty\n", out);
   for (size_t i = first; i < num && i < last; i++) {
      /* What lies behind the end of the program is not worth a line. */
      if (!(flags & NPU_DUMP_ALL) && i > index && run->words[starts[i]] == 0)
         break;
      print_instruction(out, run, starts[i], base, starts[i] == target, flags);
   }
   free(starts);
}

void
npu_dump_print_code(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   uint64_t pc = dump->fault.pc;

   if (!dump->is_in_kernel)
      return;
   const struct npu_dump_binding *binding = npu_dump_find_binding(dump, pc);
   uint64_t base = binding ? binding->va : 0;

   fprintf(out, "\n%sCode%s", npu_dump_bold(flags), npu_dump_plain(flags));
   if (binding && binding->label)
      fprintf(out, " of \"%s\"", binding->label);
   fprintf(out, binding ? ", byte offsets from 0x%" PRIx64 "\n" : ", addresses\n", base);

   for (size_t i = 0; i < dump->code.num_runs; i++) {
      const struct npu_dump_memory *run = &dump->code.runs[i];

      if (pc >= run->va && pc - run->va < run->num_words * 8 && (pc - run->va) % 8 == 0) {
         print_run(out, run, base, pc, flags);
         return;
      }
   }
   fputs("   the dump does not have the instruction\n", out);
}
