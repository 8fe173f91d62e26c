# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_disasm_ops.c: npu_print_inst() from the display templates, and the templates for the assembler. Usage: npu_disasm.c.py npu.xml out.c

A template is text with {FIELD} and {NAME}. How a field looks is npu_print.c's; two parts of a template are left
out when the instruction has no such operand: ", {SRC3}" and, without a result, "{DST}, ".
"""

import re
import sys

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_disasm.c.py. */

#include "npu_isa/npu_asm_priv.h"
#include "npu_isa/npu_print.h"

% for number, display in enumerate(displays):
static void
display_${number}(struct npu_printer *p)
{
% for line in calls(display):
   ${line}
% endfor
}

% endfor
static void (*const displays[NPU_NUM_OPS])(struct npu_printer *) = {
% for op in isa.ops:
   [${op.enum}] = display_${displays.index(op.display)},
% endfor
};

const char *const npu_op_displays[NPU_NUM_OPS] = {
% for op in isa.ops:
   [${op.enum}] = "${op.display}",
% endfor
};

void
npu_print_inst(struct npu_printer *p)
{
   displays[p->inst->op](p);
}
''')

PART = re.compile(r'(\{DST\}, |, \{SRC3\}|\{\w+\})')


def calls(display):
    for part in PART.split(display):
        if not part:
            continue
        if part == '{DST}, ':
            yield 'npu_print_result(p);'
        elif part == ', {SRC3}':
            yield 'npu_print_last_src(p, 3);'
        elif part.startswith('{SRC'):
            yield f'npu_print_src(p, {part[4]});'
        elif part.startswith('{'):
            yield f'npu_print_{part[1:-1].lower()}(p);'
        else:
            yield f'npu_print_text(p, "{part}");'


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    displays = list(dict.fromkeys(op.display for op in isa.ops))
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(isa=isa, displays=displays, calls=calls))


if __name__ == '__main__':
    main()
