# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_sem.h: the semantics of npu.xml as C functions. Usage: npu_sem.h.py npu.xml out.h

npu_lane_X    lane semantics on values of their C types
npu_sem_X     the same on operand bits (any bits above an operand's width are ignored), the result zero-extended;
              mask operations have this form only
npu_wave_X    cross-lane operations on 32 lanes
npu_rmw_X     what an atomic writes
"""

import sys
import textwrap

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_sem.h.py. */

/*
 * What each operation computes. Sources are operand bits, of which the operand's width counts; modifiers neg and
 * abs are applied before (npu_sem_modify()). Results are zero-extended bits. `round` is an enum npu_round.
 * The functions are pure; compile with -ffp-contract=off.
 *
 *    npu_lane_<op>(a, b, c, round, sat)       one lane, typed values
 *    npu_sem_<op>(a, b, c, round, sat)        one lane, bits; mask operations: all 32 lanes' bits
 *    npu_wave_<op>([d,] exec, a, b)           cross-lane: a vector source is an array of 32 lanes; lanes of d that are
 *                                             not active are undefined
 *    npu_rmw_<op>_<type>(old, a, b)           the new value an atomic stores; b: new value of cmpxchg
 */

#ifndef NPU_SEM_H
#define NPU_SEM_H

#include "npu_isa/npu_inst.h"
#include "npu_isa/npu_sem_float.h"
#include "npu_isa/npu_sem_math.h"

/*
 * Evaluates a pure operation: `src` are operand bits before modifiers; `mods` gives neg, abs, round and sat (NULL:
 * none; other members are ignored). For sel, src[0] is a condition; masks are 32 bits. Returns false, and leaves *dst, if
 * the operation is not pure.
 */
bool npu_sem_eval(enum npu_op op, const struct npu_inst *mods, const uint64_t src[3], uint64_t *dst);

/* Applies abs and neg to the bits of a float of `bits` bits. */
static inline uint64_t
npu_sem_modify(uint64_t value, unsigned bits, bool neg, bool abs)
{
   const uint64_t sign = UINT64_C(1) << (bits - 1);

   value = abs ? value & ~sign : value;
   return neg ? value ^ sign : value;
}

% for text in functions:
${text}

% endfor
#endif
''')

READ = {'f16': 'npu_f16_value({x})', 'bf16': 'npu_bf16_value({x})', 'f32': 'npu_f32_value({x})',
        'f64': 'npu_f64_value({x})'}
WRITE = {'f16': 'npu_f16_bits({x})', 'f32': 'npu_f32_bits({x})', 'f64': 'npu_f64_bits({x})'}


def indent(text):
    return textwrap.indent(text, '   ')


def body(sem):
    """Statements from the text of a sem element."""
    return indent(sem if 'return ' in sem or sem.endswith('}') else f'return {sem};')


def extra_params(op):
    return (['unsigned round'] if op.has_round else []) + (['bool sat'] if op.has_sat else [])


def extra_args(op):
    return (['round'] if op.has_round else []) + (['sat'] if op.has_sat else [])


def unused(op):
    """(void) casts for modifiers that the semantics do not read, such as the rounding of an exact conversion."""
    return ''.join(f'   (void){name};\n' for name in extra_args(op) if name not in op.sem)


def lane(op):
    """npu_lane_X on typed values, npu_sem_X on bits."""
    params = [f'{s.ctype} {s.var}' for s in op.srcs] + extra_params(op)
    typed = (f'static inline {op.dst.ctype}\nnpu_lane_{op.cname}({", ".join(params)})\n{{\n'
             f'{unused(op)}{body(op.sem)}\n}}\n')
    args = []
    for s in op.srcs:
        if s.kind == 'mask':
            args.append(f'{s.var} != 0')
        elif s.kind == 'float':
            args.append(READ[s.type.name].format(x=s.var))
        else:
            args.append(f'({s.ctype}){s.var}')
    call = f'npu_lane_{op.cname}({", ".join(args + extra_args(op))})'
    if op.dst.kind == 'float' and op.dst.token != 'B':
        call = WRITE[op.dst.type.name].format(x=call)
    elif op.dst.ctype.startswith('int'):
        call = f'(u{op.dst.ctype}){call}'
    bits = [f'uint64_t {s.var}' for s in op.srcs] + extra_params(op)
    return typed + f'\nstatic inline uint64_t\nnpu_sem_{op.cname}({", ".join(bits)})\n{{\n   return {call};\n}}'


def mask(op):
    """npu_sem_X of an operation between masks: 32 bits at a time."""
    lines = []
    for s in op.srcs:
        ctype = 'uint32_t' if s.kind == 'mask' or s.bits == 32 else 'uint64_t'
        lines.append(f'   const {ctype} {s.var} = ({ctype}){s.var}_bits;\n')
    params = ', '.join(f'uint64_t {s.var}_bits' for s in op.srcs)
    return (f'static inline uint64_t\nnpu_sem_{op.cname}({params})\n{{\n{"".join(lines)}\n'
            f'   return (uint32_t)({op.sem});\n}}')


def wave(op):
    """npu_wave_X: vectors are arrays."""
    params = []
    vector = 'v' in op.dst.files
    if vector:
        params.append('uint64_t d[32]')
    params.append('uint32_t exec')
    for s in op.srcs:
        params.append(f'const uint64_t {s.var}[32]' if 'v' in s.files else f'uint64_t {s.var}')
    void = '' if 'exec' in op.sem else '   (void)exec;\n'
    text = indent(op.sem) if vector else body(op.sem)
    return f'static inline {"void" if vector else "uint64_t"}\nnpu_wave_{op.cname}({", ".join(params)})\n{{\n{void}{text}\n}}'


def rmw_name(op):
    return op.base.removeprefix('atom_').rsplit('_', 1)[0] + '_' + op.type.name


def rmw(op):
    """npu_rmw_X, shared by the address forms."""
    lines = ''.join(f'   const {op.type.unsigned} {v} = ({op.type.unsigned}){v}_bits;\n'
                    for v in ('old', 'a', 'b') if v in op.sem.replace('(', ' ').replace(')', ' ').replace(',', ' ').split())
    void = ''.join(f'   (void){v}_bits;\n' for v in ('old', 'a', 'b') if f' {v} = ' not in lines)
    return (f'static inline uint64_t\nnpu_rmw_{rmw_name(op)}(uint64_t old_bits, uint64_t a_bits, uint64_t b_bits)\n{{\n'
            f'{lines}{void}\n   return {op.sem};\n}}')


def functions(isa):
    rmws = {}
    for op in isa.ops:
        if op.sem_kind == 'lane':
            yield lane(op)
        elif op.sem_kind == 'mask':
            yield mask(op)
        elif op.sem_kind == 'wave':
            yield wave(op)
        elif op.sem_kind == 'rmw':
            text = rmw(op)
            name = rmw_name(op)
            if name not in rmws:
                yield text
            elif rmws[name] != text:
                raise npu_isa.IsaError(f'operation "{op.name}": semantics differ from its other address form')
            rmws[name] = text


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(functions=list(functions(isa))))


if __name__ == '__main__':
    main()
