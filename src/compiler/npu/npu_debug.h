/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * NPU_COMPILER_DEBUG: a list of the flags below, separated by commas. "help" lists them. Four
 * groups: print (look inside), check (believe nothing), bisect (switch a part off to find the
 * guilty one), stress (make rare paths common; results must not change).
 */
#ifndef NPU_DEBUG_H
#define NPU_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(flag, name, group, help) */
#define NPU_DEBUG_FLAGS(X)                                                                         \
   X(PRINT_NIR, "nir", "print", "the NIR that instruction selection sees")                         \
   X(PRINT_IR, "ir", "print", "the IR after instruction selection and at the end")                 \
   X(PRINT_ASM, "asm", "print", "the encoded program, disassembled")                               \
   X(PRINT_STATS, "stats", "print", "one line of statistics per kernel")                           \
   X(PRINT_PASSES, "passes", "print", "the IR after every pass that changed it")                   \
   X(VALIDATE, "validate", "check",                                                                \
     "check NIR and IR after every pass (default without optimisation)")                           \
   X(NO_VALIDATE, "novalidate", "check", "check neither NIR nor IR")                               \
   X(REPARSE, "reparse", "check", "print and parse the IR after every pass, go on with the copy")  \
   X(NO_OPT, "noopt", "bisect", "no optimisation of the IR at all")                                \
   X(NO_COMBINE, "nocombine", "bisect", "no peephole optimisation")                                \
   X(NO_CSE, "nocse", "bisect", "no common subexpression elimination")                             \
   X(NO_DCE, "nodce", "bisect", "no dead code elimination")                                        \
   X(NO_MASKED, "nomasked", "bisect", "no masked instructions, merge with sel")                    \
   X(NO_SCHED, "nosched", "bisect", "keep the order of instruction selection")                     \
   X(NO_JUMPS, "nojumps", "bisect", "no removal of empty blocks and jumps")                        \
   X(STRESS_SPILL, "spill", "stress", "register files of 16 V, 8 S and 4 M registers")             \
   X(STRESS_COPIES, "copies", "stress", "allocate registers round robin: many copies")             \
   X(STRESS_SCHED, "shuffle", "stress", "put instructions into any order that is allowed")

enum npu_debug_bit {
#define NPU_DEBUG_BIT(flag, name, group, help) NPU_DEBUG_BIT_##flag,
   NPU_DEBUG_FLAGS(NPU_DEBUG_BIT)
#undef NPU_DEBUG_BIT
};

enum npu_debug_flag {
#define NPU_DEBUG_FLAG(flag, name, group, help) NPU_DEBUG_##flag = 1u << NPU_DEBUG_BIT_##flag,
   NPU_DEBUG_FLAGS(NPU_DEBUG_FLAG)
#undef NPU_DEBUG_FLAG
};

/* Flags that change the code that comes out: part of every cache key. */
#define NPU_DEBUG_CODE_FLAGS                                                                       \
   (NPU_DEBUG_NO_OPT | NPU_DEBUG_NO_COMBINE | NPU_DEBUG_NO_CSE | NPU_DEBUG_NO_DCE |                \
    NPU_DEBUG_NO_MASKED | NPU_DEBUG_NO_SCHED | NPU_DEBUG_NO_JUMPS | NPU_DEBUG_STRESS_SPILL |       \
    NPU_DEBUG_STRESS_COPIES | NPU_DEBUG_STRESS_SCHED)

/* The flags in force: NPU_COMPILER_DEBUG, read at the first call, any thread. Unknown flags are
 * reported on stderr, once, and ignored.
 */
uint32_t npu_debug(void);

/* Parses a list of flags. Unknown names are reported on stderr as part of `origin` and ignored;
 * `help` prints the table there.
 */
uint32_t npu_debug_parse(const char *list, const char *origin);

#ifdef __cplusplus
}
#endif

#endif
