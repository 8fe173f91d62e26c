# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_interp_ops.c: a handler for each operation whose semantics the table gives.

Usage: npu_interp_ops.c.py ISA_DIRECTORY npu.xml out.c

A lane operation gets a vector handler, a loop over 32 lanes around npu_sem_X() that the compiler turns into
SIMD code, and a scalar handler if it has that form. Results are collected in a local array first, because
a destination may overlap a source of another width, and stored with or without the execution mask. A
rounding mode is made a constant of the loop where there is one. Mask and cross-lane operations call their
function once. An atomic gets the function that changes one word of memory.

The output is compiled once for each instruction set of the host that is worth it (NPU_INTERP_OPS is the name
of the resulting table).
"""

import sys

from mako.template import Template

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_interp_ops.c.py. */

#include <string.h>

#include "npu_isa/npu_sem.h"
#include "npu_interp.h"

#define LANES NPU_INTERP_LANES

/* Stores 32 lanes into a register, or a pair of registers. */
static inline void
store_u32(struct npu_wave *wave, const struct npu_uop *uop, const uint32_t r[LANES])
{
   uint32_t *dst = npu_uop_dst(wave, uop);

   if (!uop->inst.masked) {
      memcpy(dst, r, sizeof(uint32_t[LANES]));
      return;
   }
   const uint32_t exec = NPU_WAVE_EXEC(wave);
   for (unsigned l = 0; l < LANES; l++)
      dst[l] = exec >> l & 1 ? r[l] : dst[l];
}

static inline void
store_u64(struct npu_wave *wave, const struct npu_uop *uop, const uint64_t r[LANES])
{
   uint64_t *dst = npu_uop_dst(wave, uop);

   if (!uop->inst.masked) {
      memcpy(dst, r, sizeof(uint64_t[LANES]));
      return;
   }
   const uint32_t exec = NPU_WAVE_EXEC(wave);
   for (unsigned l = 0; l < LANES; l++)
      dst[l] = exec >> l & 1 ? r[l] : dst[l];
}

/* A mask: without M bits outside `keep` are written 0. */
static inline void
store_mask(struct npu_wave *wave, const struct npu_uop *uop, uint32_t bits, uint32_t keep)
{
   uint32_t *dst = npu_uop_dst(wave, uop);
   const uint32_t exec = NPU_WAVE_EXEC(wave);

   *dst = uop->inst.masked ? (*dst & ~exec) | (bits & exec) : bits & keep;
}

/* A condition: a mask, or a scalar for all lanes. */
static inline uint32_t
condition(const struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   const uint8_t *reg = (const uint8_t *)wave + uop->src[i].offset;

   if (uop->src[i].uniform)
      return *(const uint64_t *)reg ? UINT32_MAX : 0;
   return *(const uint32_t *)reg;
}

static inline uint32_t
mask(const struct npu_wave *wave, const struct npu_uop *uop, unsigned i)
{
   return *(const uint32_t *)((const uint8_t *)wave + uop->src[i].offset);
}

static inline void
widen(uint64_t to[LANES], const uint32_t from[LANES])
{
   for (unsigned l = 0; l < LANES; l++)
      to[l] = from[l];
}

static inline void
narrow(uint32_t to[LANES], const uint64_t from[LANES])
{
   for (unsigned l = 0; l < LANES; l++)
      to[l] = (uint32_t)from[l];
}

/* Whether several lanes are active and all have the same address. */
static inline bool
same_address(const struct npu_wave *wave, uint32_t lanes)
{
   uint64_t first = wave->address[__builtin_ctz(lanes)];

   for (lanes &= lanes - 1; lanes; lanes &= lanes - 1) {
      if (wave->address[__builtin_ctz(lanes)] != first)
         return false;
      if (!(lanes & (lanes - 1)))
         return true;
   }
   return false;
}

% for text in functions:
${text}
% endfor
const struct npu_interp_ops NPU_INTERP_OPS = {
   .vector = {
% for enum, name in vector:
      [${enum}] = ${name},
% endfor
   },
   .scalar = {
% for enum, name in scalar:
      [${enum}] = ${name},
% endfor
   },
   .rmw = {
% for enum, name in rmw:
      [${enum}] = {rmw_${name}, rmw_local_${name}, rmw_global_${name}},
% endfor
   },
};
''')

HEAD = '''static const struct npu_uop *
{name}(struct npu_wave *wave, const struct npu_uop *uop)
{{
'''
TAIL = '   return uop + 1;\n}\n'

# Atomics that a host instruction does.
BUILTINS = {'iadd': '__atomic_fetch_add', 'isub': '__atomic_fetch_sub', 'iand': '__atomic_fetch_and',
            'ior': '__atomic_fetch_or', 'ixor': '__atomic_fetch_xor', 'xchg': '__atomic_exchange_n'}


def reg_bits(operand):
    return 64 if operand.bits == 64 else 32


def vector_sources(op):
    """Declarations of the sources, and the expressions of their lane l."""
    lines, args = [], []
    for i, s in enumerate(op.srcs):
        if s.kind == 'mask':
            lines.append(f'   const uint32_t {s.var} = condition(wave, uop, {i});\n')
            args.append(f'({s.var} >> l & 1)')
        else:
            lines.append(f'   const uint{reg_bits(s)}_t *{s.var} = npu_uop_lanes(wave, uop, {i});\n')
            args.append(f'{s.var}[l]')
    return ''.join(lines), args


def loop(op, args, statement, rounding):
    """The loop over lanes, once for each constant the modifiers are made."""
    extra = ([rounding] if op.has_round else []) + (['sat'] if op.has_sat else [])
    call = f'npu_sem_{op.cname}({", ".join(args + extra)})'
    return f'for (unsigned l = 0; l < LANES; l++)\n         {statement.format(call=call)}\n'


def loops(op, args, statement):
    text = '   const bool sat = uop->inst.sat;\n' if op.has_sat else ''
    if not op.has_round:
        return text + '   ' + loop(op, args, statement, None).replace('\n      ', '\n   ')
    text += '   const unsigned round = uop->inst.round;\n'
    text += '   if (round == NPU_ROUND_RTE) {\n      ' + loop(op, args, statement, 'NPU_ROUND_RTE')
    text += '   } else if (round == NPU_ROUND_RTZ) {\n      ' + loop(op, args, statement, 'NPU_ROUND_RTZ')
    text += '   } else {\n      ' + loop(op, args, statement, 'round') + '   }\n'
    return text


def lane_vector(op, name):
    sources, args = vector_sources(op)
    text = HEAD.format(name=name) + sources
    if op.dst.kind == 'mask':
        text += '   uint32_t bits = 0;\n\n'
        text += loops(op, args, 'bits |= (uint32_t){call} << l;')
        text += '   store_mask(wave, uop, bits, NPU_WAVE_EXEC(wave));\n'
    else:
        bits = reg_bits(op.dst)
        text += f'   uint{bits}_t r[LANES];\n\n'
        text += loops(op, args, f'r[l] = (uint{bits}_t){{call}};')
        text += f'   store_u{bits}(wave, uop, r);\n'
    return text + TAIL


def lane_scalar(op, name):
    args = []
    for i, s in enumerate(op.srcs):
        args.append(f'npu_uop_scalar(wave, uop, {i})')
    args += (['uop->inst.round'] if op.has_round else []) + (['uop->inst.sat'] if op.has_sat else [])
    text = HEAD.format(name=name)
    text += f'   const uint64_t r = npu_sem_{op.cname}({", ".join(args)});\n'
    text += '   *(uint64_t *)npu_uop_dst(wave, uop) = r;\n'
    return text + TAIL


def mask_op(op, name):
    args = [f'mask(wave, uop, {i})' if s.kind == 'mask' else f'npu_uop_scalar(wave, uop, {i})'
            for i, s in enumerate(op.srcs)]
    text = HEAD.format(name=name)
    text += f'   const uint64_t r = npu_sem_{op.cname}({", ".join(args)});\n'
    if 's' in op.dst.files:
        text += '   *(uint64_t *)npu_uop_dst(wave, uop) = r;\n'
    else:
        text += '   store_mask(wave, uop, (uint32_t)r, UINT32_MAX);\n'
    return text + TAIL


def wave_op(op, name):
    text, args = HEAD.format(name=name), []
    for i, s in enumerate(op.srcs):
        if 'v' not in s.files:
            text += f'   const uint64_t {s.var} = npu_uop_scalar(wave, uop, {i});\n'
        elif reg_bits(s) == 64:
            text += f'   const uint64_t *{s.var} = npu_uop_lanes(wave, uop, {i});\n'
        else:
            text += f'   uint64_t {s.var}[LANES];\n   widen({s.var}, npu_uop_lanes(wave, uop, {i}));\n'
        args.append(s.var)
    args = ', '.join(['NPU_WAVE_EXEC(wave)'] + args)
    if 'v' in op.dst.files:
        text += f'   uint64_t d[LANES];\n   npu_wave_{op.cname}(d, {args});\n'
        if reg_bits(op.dst) == 64:
            text += '   store_u64(wave, uop, d);\n'
        else:
            text += '   uint32_t r[LANES];\n   narrow(r, d);\n   store_u32(wave, uop, r);\n'
    elif 'm' in op.dst.files:
        text += f'   store_mask(wave, uop, (uint32_t)npu_wave_{op.cname}({args}), UINT32_MAX);\n'
    else:
        text += f'   *(uint64_t *)npu_uop_dst(wave, uop) = npu_wave_{op.cname}({args});\n'
    return text + TAIL


def rmw_name(op):
    return op.base.removeprefix('atom_').rsplit('_', 1)[0]


def rmw_op(op, name):
    bits = op.type.bits
    base = rmw_name(op)
    text = f'static uint{bits}_t\nrmw_{name}(uint{bits}_t *memory, uint{bits}_t a, uint{bits}_t b)\n{{\n'
    if base in BUILTINS:
        return text + f'   return {BUILTINS[base]}(memory, a, __ATOMIC_RELAXED);\n}}\n'
    text += f'   uint{bits}_t old = __atomic_load_n(memory, __ATOMIC_RELAXED), new;\n\n   do {{\n'
    text += f'      new = (uint{bits}_t)npu_rmw_{base}_{op.type.name}(old, a, b);\n'
    text += '   } while (!__atomic_compare_exchange_n(memory, &old, new, false, __ATOMIC_RELAXED,\n'
    text += '                                         __ATOMIC_RELAXED));\n   return old;\n}\n'
    return text


RMW_LANES = Template('''\
static void
rmw_local_${name}(struct npu_wave *wave, uint8_t *memory, uint32_t lanes, const void *a, const void *b)
{
   const ${t} *x = a, *y = b;
   ${t} *result = (${t} *)wave->result[0];

   for (; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      ${t} *word = (${t} *)(memory + wave->address[l]), old = *word;
      *word = (${t})npu_rmw_${base}(old, x[l], y[l]);
      result[l] = old;
   }
}

static void
rmw_global_${name}(struct npu_wave *wave, uint8_t *memory, uint32_t lanes, const void *a, const void *b)
{
   const ${t} *x = a, *y = b;
   ${t} *result = (${t} *)wave->result[0];

   if (same_address(wave, lanes)) {
      wave->lane = (unsigned)__builtin_ctz(lanes);
      ${t} *word = (${t} *)(memory + wave->address[wave->lane]), new;
      ${t} old = __atomic_load_n(word, __ATOMIC_RELAXED);
      do {
         new = old;
         for (uint32_t left = lanes; left; left &= left - 1) {
            unsigned l = (unsigned)__builtin_ctz(left);
            result[l] = new;
            new = (${t})npu_rmw_${base}(new, x[l], y[l]);
         }
      } while (!__atomic_compare_exchange_n(word, &old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
      return;
   }
   for (; lanes; lanes &= lanes - 1) {
      unsigned l = (unsigned)__builtin_ctz(lanes);
      wave->lane = l;
      result[l] = rmw_${name}((${t} *)(memory + wave->address[l]), x[l], y[l]);
   }
}
''')


def rmw_lanes(op, name):
    """The operation for all lanes, in local memory and in the window."""
    return RMW_LANES.render(name=name, base=f'{rmw_name(op)}_{op.type.name}', t=f'uint{op.type.bits}_t')


def main():
    sys.path.insert(0, sys.argv[1])
    import npu_isa
    isa = npu_isa.load(sys.argv[2])
    functions, vector, scalar, rmw, rmw_done = [], [], [], [], set()
    for op in isa.ops:
        if op.sem_kind == 'lane':
            functions.append(lane_vector(op, f'v_{op.cname}'))
            vector.append((op.enum, f'v_{op.cname}'))
            if op.scalar_form:
                functions.append(lane_scalar(op, f's_{op.cname}'))
                scalar.append((op.enum, f's_{op.cname}'))
        elif op.sem_kind == 'mask':
            functions.append(mask_op(op, f'm_{op.cname}'))
            vector.append((op.enum, f'm_{op.cname}'))
        elif op.sem_kind == 'wave':
            functions.append(wave_op(op, f'w_{op.cname}'))
            vector.append((op.enum, f'w_{op.cname}'))
        elif op.sem_kind == 'rmw':
            name = f'{rmw_name(op)}_{op.type.name}'
            if name not in rmw_done:
                rmw_done.add(name)
                functions.append(rmw_op(op, name))
                functions.append(rmw_lanes(op, name))
            rmw.append((op.enum, name))
    with open(sys.argv[3], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(functions=functions, vector=vector, scalar=scalar, rmw=rmw))


if __name__ == '__main__':
    main()
