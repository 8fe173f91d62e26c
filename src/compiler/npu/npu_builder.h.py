# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_builder.h: one typed function per operation of the ISA table.

Usage: npu_builder.h.py npu.xml out.h   (npu_isa.py, the table's parser, stands beside npu.xml)

An operation with a destination gives two functions,

   struct npu_ref npu_iadd_i32(struct npu_builder *b, struct npu_ref src0, struct npu_ref src1);
   struct npu_instr *npu_iadd_i32_to(struct npu_builder *b, struct npu_ref dest, ...);

the first with a new value in the file npu_alu_file() chooses. One without a destination gives one function
that returns the instruction. Memory, atomics, special registers and terminators have fields or edges
beside their operands; npu_build.h has functions for them.
"""

import os
import sys

HEADER = '''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_builder.h.py. */
#ifndef NPU_BUILDER_H
#define NPU_BUILDER_H

#include "npu_build.h"

#ifdef __cplusplus
extern "C" {
#endif
'''

FOOTER = '''
#ifdef __cplusplus
}
#endif

#endif
'''

HAND_WRITTEN = ('mem', 'atom', 'rdsr', 'jmp', 'br')


def functions(op):
    """C text of the functions of one operation."""
    sources = [f'src{i}' for i in range(op.num_srcs)]
    params = ''.join(f', struct npu_ref {s}' for s in sources)
    if sources:
        setup = f'   const struct npu_ref srcs[] = {{{", ".join(sources)}}};\n\n'
        operands = f'srcs, {len(sources)}'
    else:
        setup = ''
        operands = 'NULL, 0'

    doc = f'\n/* {op.name}: {op.doc.replace("*/", "* /")} */\n'
    if not op.has_dst:
        return (doc + f'static inline struct npu_instr *\nnpu_{op.cname}(struct npu_builder *b{params})\n{{\n'
                f'{setup}   return npu_build(b, {op.enum}, NULL, 0, {operands});\n}}\n')
    return (doc + f'static inline struct npu_instr *\n'
            f'npu_{op.cname}_to(struct npu_builder *b, struct npu_ref dest{params})\n{{\n'
            f'{setup}   return npu_build_to(b, {op.enum}, dest, {operands});\n}}\n'
            f'\nstatic inline struct npu_ref\nnpu_{op.cname}(struct npu_builder *b{params})\n{{\n'
            f'{setup}   return npu_build_alu(b, {op.enum}, npu_alu_file({op.enum}, {operands}), {operands});\n}}\n')


def main():
    table, out = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(os.path.abspath(table)))
    import npu_isa  # found beside the table

    isa = npu_isa.load(table)
    with open(out, 'w', encoding='utf-8') as f:
        f.write(HEADER)
        for op in isa.ops:
            if op.format.group not in HAND_WRITTEN and 'ends' not in op.flags:
                f.write(functions(op))
        f.write(FOOTER)


if __name__ == '__main__':
    main()
