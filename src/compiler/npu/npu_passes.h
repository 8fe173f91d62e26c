/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The passes of the back end. Each stands in the file of its name, which says what it does and why;
 * npu_backend.c says in which order they run.
 */
#ifndef NPU_PASSES_H
#define NPU_PASSES_H

#include "npu_ir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- text ---- */

/* Prints in the syntax npu_parse() reads. */
void npu_print(FILE *out, const struct npu_shader *shader);
void npu_print_block(FILE *out, const struct npu_shader *shader, const struct npu_block *block);
void npu_print_instr(FILE *out, const struct npu_instr *instr);
void npu_print_ref(FILE *out, struct npu_ref ref);

/* The shader that a text describes, in mem_ctx. The text is not trusted: NULL and *error, a
 * malloc'ed "line:column: message", when it is malformed. What it describes may still be invalid
 * IR.
 */
struct npu_shader *npu_parse(void *mem_ctx, const char *text, char **error);

/* ---- checks ---- */

/* Checks all rules of npu_ir.h. Returns NULL, or a malloc'ed report: the violated condition, the
 * instruction, and the program. `when` names the pass that ran last.
 */
char *npu_validate(const struct npu_shader *shader, const char *when);

/* The report of a violation: what validators return. The place may be NULL. */
char *npu_report(const struct npu_shader *shader, const char *when, const char *problem,
                 const struct npu_block *bad_block, const struct npu_instr *bad_instr);

/* Registers a program may use; less than the hardware has under NPU_DEBUG_STRESS_SPILL. */
struct npu_ra_limits {
   unsigned regs[NPU_NUM_FILES];
   bool round_robin; /* hand out registers in turn: as many copies as possible */
};

/* Proves that a program in RA form computes what the SSA program did, given the record RA made.
 * Returns NULL or a malloc'ed report.
 */
struct npu_ra_record;
char *npu_validate_ra(const struct npu_shader *shader, const struct npu_ra_record *record,
                      const struct npu_ra_limits *limits);

/* ---- optimisation; true when something changed ---- */

bool npu_opt_combine(struct npu_shader *shader);
bool npu_opt_cse(struct npu_shader *shader);
bool npu_opt_dce(struct npu_shader *shader);
bool npu_opt_masked(struct npu_shader *shader);
bool npu_opt_jumps(struct npu_shader *shader);
bool npu_schedule(struct npu_shader *shader, bool shuffle);

/* ---- what the hardware needs ---- */

bool npu_legalize(struct npu_shader *shader);
bool npu_lower_cfg(struct npu_shader *shader);
bool npu_lower_tied(struct npu_shader *shader);
bool npu_spill(struct npu_shader *shader, const struct npu_ra_limits *limits);
struct npu_ra_record *npu_ra(struct npu_shader *shader, const struct npu_ra_limits *limits);
bool npu_lower_parallel_copy(struct npu_shader *shader);
bool npu_lower_pseudo(struct npu_shader *shader);

/* Appends the code words (uint64_t) to words; also sets block->offset. Returns NULL, or a malloc'ed
 * message if an instruction is none of the ISA's, which npu_validate() would have found before.
 */
char *npu_encode_shader(struct npu_shader *shader, struct util_dynarray *words);

/* ---- analyses ---- */

/* live_in, live_out of the blocks and the kill flags of the sources. */
void npu_compute_liveness(struct npu_shader *shader);

/* One block: `live` is what is live at its end and becomes what is at its start; renews kill flags.
 */
void npu_liveness_of_block(struct npu_block *block, BITSET_WORD *live);

/* Most registers of each file live at one time; needs liveness. Exact: npu_ra() never needs more.
 * */
void npu_calc_demand(const struct npu_shader *shader, unsigned demand[NPU_NUM_FILES]);

/* The same for one block. */
void npu_calc_block_demand(const struct npu_shader *shader, const struct npu_block *block,
                           unsigned demand[NPU_NUM_FILES]);

/* ---- statistics ---- */

/* Fills the statistics of shader->info from the final code. */
void npu_calc_stats(struct npu_shader *shader);
void npu_print_stats(FILE *out, const struct npu_kernel_info *info, unsigned code_size_B);

#ifdef __cplusplus
}
#endif

#endif
