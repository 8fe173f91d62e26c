/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The pipeline behind instruction selection: the order of the passes, and why.
 */
#include "npu_backend.h"

#include <stdlib.h>
#include <string.h>

#include "npu_debug.h"
#include "npu_isa/npu_disasm.h"
#include "npu_passes.h"

/* Registers under NPU_DEBUG_STRESS_SPILL: the largest value, twice, and a bit. */
static const unsigned stress_regs[NPU_NUM_FILES] = {
   [NPU_FILE_V] = 24,
   [NPU_FILE_S] = 10,
   [NPU_FILE_M] = 4,
};

struct pipeline {
   struct npu_shader *shader;
   uint32_t flags;
   FILE *out;
   char *error; /* set by the first check that fails: the passes behind it are skipped */
};

/* Goes on with what the text of the program says: finds what printer and parser do not tell each
 * other, and passes that keep pointers they should not.
 */
static void
reparse(struct pipeline *p)
{
   struct npu_shader *shader = p->shader, *copy;
   char *text;
   size_t size;
   FILE *out = open_memstream(&text, &size);

   npu_print(out, shader);
   fclose(out);
   copy = npu_parse(shader, text, &p->error);
   free(text);
   if (!copy)
      return;
   list_replace(&copy->blocks, &shader->blocks);
   shader->num_blocks = copy->num_blocks;
   shader->values = copy->values;
   ralloc_steal(shader, shader->values);
   shader->num_values = copy->num_values;
   shader->values_size = copy->values_size;
}

static void
after_pass(struct pipeline *p, const char *pass, bool progress)
{
   if (progress && (p->flags & NPU_DEBUG_PRINT_PASSES)) {
      fprintf(p->out, "; after %s:\n", pass);
      npu_print(p->out, p->shader);
   }
   if (p->flags & NPU_DEBUG_VALIDATE)
      p->error = npu_validate(p->shader, pass);
   /* The record of allocation is about instructions, not about their text. */
   if (!p->error && (p->flags & NPU_DEBUG_REPARSE) && p->shader->is_ssa)
      reparse(p);
}

/* Runs a pass unless an earlier check failed or one of the `off` flags is set. All passes are run
 * by this. */
#define NPU_PASS(p, off, pass, ...)                                                                \
   do {                                                                                            \
      if (!(p)->error && !((p)->flags & (off))) {                                                  \
         bool progress_ = pass((p)->shader, ##__VA_ARGS__);                                        \
         after_pass(p, #pass, progress_);                                                          \
      }                                                                                            \
   } while (0)

static struct npu_ra_limits
limits_of(const struct pipeline *p)
{
   struct npu_ra_limits limits = {.round_robin = p->flags & NPU_DEBUG_STRESS_COPIES};

   for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
      limits.regs[f] = p->flags & NPU_DEBUG_STRESS_SPILL ? stress_regs[f] : npu_file_size(f);
   return limits;
}

static void
check_allocation(struct pipeline *p, const struct npu_ra_record *record,
                 const struct npu_ra_limits *limits)
{
   if (!p->error && (p->flags & NPU_DEBUG_VALIDATE))
      p->error = npu_validate_ra(p->shader, record, limits);
}

static void
allocate(struct pipeline *p)
{
   struct npu_ra_limits limits = limits_of(p);

   NPU_PASS(p, 0, npu_spill, &limits);
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_DCE, npu_opt_dce);
   if (p->error)
      return;
   struct npu_ra_record *record = npu_ra(p->shader, &limits);
   after_pass(p, "npu_ra", true);
   check_allocation(p, record, &limits);

   /* Copies before other pseudo operations: they make swaps, which are some too. */
   NPU_PASS(p, 0, npu_lower_parallel_copy);
   check_allocation(p, record, &limits);
}

static void
run_passes(struct pipeline *p)
{
   after_pass(p, "instruction selection", false);

   /* Operand rules first: every later pass may then rely on them, and has to keep them. */
   NPU_PASS(p, 0, npu_legalize);

   /* Combining makes equal what was written differently, so before looking for equals; and it
    * leaves copies and unused instructions behind. */
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_COMBINE, npu_opt_combine);
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_CSE, npu_opt_cse);
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_DCE, npu_opt_dce);

   /* Counts uses, so behind DCE; hides what is computed from the passes above, so last of them. */
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_MASKED, npu_opt_masked);

   /* On SSA, where only true dependences bind; before spilling, whose decisions depend on the
    * order. */
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_SCHED, npu_schedule,
            p->flags & NPU_DEBUG_STRESS_SCHED);

   /* The form allocation needs. Behind optimisation, which is simpler without the extra blocks;
    * before spilling, which must see the true demand. */
   NPU_PASS(p, 0, npu_lower_cfg);
   NPU_PASS(p, 0, npu_lower_tied);

   if (!p->error)
      allocate(p);

   NPU_PASS(p, 0, npu_lower_pseudo);

   /* Last, when it is known which blocks stayed empty. */
   NPU_PASS(p, NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_JUMPS, npu_opt_jumps);
}

static void
print_code(FILE *out, const struct npu_shader *shader, const struct util_dynarray *words)
{
   fprintf(out, "; %s:\n", shader->info.name);
   npu_disasm(out, words->data, util_dynarray_num_elements(words, uint64_t), 0);
}

bool
npu_compile_backend(struct npu_shader *shader, const struct npu_compile_debug *debug,
                    struct npu_binary *out, char **error)
{
   struct pipeline p = {
      .shader = shader,
      .flags = debug ? debug->flags : npu_debug(),
      .out = debug && debug->out ? debug->out : stderr,
   };
   struct util_dynarray words;

   if (p.flags & NPU_DEBUG_PRINT_IR) {
      fprintf(p.out, "; after instruction selection:\n");
      npu_print(p.out, shader);
   }
   run_passes(&p);
   if (p.error) {
      *error = p.error;
      return false;
   }
   if (p.flags & NPU_DEBUG_PRINT_IR) {
      fprintf(p.out, "; before encoding:\n");
      npu_print(p.out, shader);
   }

   util_dynarray_init(&words, NULL);
   *error = npu_encode_shader(shader, &words);
   if (*error) {
      util_dynarray_fini(&words);
      return false;
   }
   npu_calc_stats(shader);
   if (p.flags & NPU_DEBUG_PRINT_ASM)
      print_code(p.out, shader, &words);
   if (p.flags & NPU_DEBUG_PRINT_STATS)
      npu_print_stats(p.out, &shader->info, words.size);

   out->info = shader->info;
   out->code_size_B = words.size;
   out->code = malloc(words.size);
   if (!out->code) {
      util_dynarray_fini(&words);
      *error = strdup("out of memory");
      return false;
   }
   memcpy(out->code, words.data, words.size);
   util_dynarray_fini(&words);
   return true;
}
