# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_pack.c: bits <-> struct npu_inst for each format. Usage: npu_pack.c.py npu.xml out.c

Only the placing of bits is here; the rules of operands are npu_inst_check()'s (npu_inst.c).
"""

import sys

from mako.template import Template

import npu_isa

# Field -> (member of struct npu_inst, how the field's unsigned value x becomes the member's value, and back).
PLAIN = ('{x}', '{m}')
FIELDS = {
    'M': ('masked', '{x}', '{m}'),
    'X': ('has_literal', '{x}', '{m}'),
    'DST': ('dst', *PLAIN),
    'SRC0': ('src[0]', *PLAIN),
    'SRC1': ('src[1]', *PLAIN),
    'SRC2': ('src[2]', *PLAIN),
    'SRC3': ('src[3]', *PLAIN),
    'ROUND': ('round', *PLAIN),
    'SAT': ('sat', *PLAIN),
    'WIDTH': ('width_log2', *PLAIN),
    'COUNT': ('count', '{x} + 1', '{m} - 1u'),
    'SPACE': ('space', *PLAIN),
    'SCALE': ('scale_log2', *PLAIN),
    'SX': ('sx', *PLAIN),
    'NORET': ('noret', *PLAIN),
    'IMM': ('imm', '(int16_t){x}', '(uint16_t){m}'),
    'TARGET': ('target', '(int32_t){x}', '(uint32_t){m}'),
    'SR': ('sr_or_code', *PLAIN),
    'CODE': ('sr_or_code', *PLAIN),
}

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_pack.c.py. */

#include "npu_isa/npu_pack.h"

static inline uint64_t
field(uint64_t word, unsigned low, unsigned bits)
{
   return word >> low & ((UINT64_C(1) << bits) - 1);
}

static inline uint64_t
place(uint64_t value, unsigned low, unsigned bits)
{
   return (value & ((UINT64_C(1) << bits) - 1)) << low;
}

uint64_t
npu_pack(enum npu_format format, const struct npu_inst *in)
{
   uint64_t w = place(in->op, 0, ${opcode_bits});

   switch (format) {
% for f in isa.formats.values():
   case ${f.enum}:
% if f.match:
      w |= UINT64_C(${hex(f.match)});
% endif
% for line in pack(f):
      ${line}
% endfor
      break;
% endfor
   case NPU_NUM_FORMATS:
      break;
   }
   return w;
}

bool
npu_unpack(enum npu_format format, uint64_t w, struct npu_inst *out)
{
   *out = (struct npu_inst){ .op = (enum npu_op)field(w, 0, ${opcode_bits}) };
   switch (format) {
% for f in isa.formats.values():
   case ${f.enum}:
% if f.pattern_mask:
      if ((w & UINT64_C(${hex(f.pattern_mask)})) != UINT64_C(${hex(f.match)}))
         return false;
% endif
% for line in unpack(f):
      ${line}
% endfor
      return true;
% endfor
   case NPU_NUM_FORMATS:
      break;
   }
   return false;
}
''')


def pack(format_):
    for f in format_.fields.values():
        if f.name == 'OPCODE':
            continue
        if f.name.startswith(('NEG', 'ABS')):
            yield f'w |= place(in->{f.name[:3].lower()} >> {f.name[3]} & 1, {f.low}, 1);'
            continue
        member, _, back = FIELDS[f.name]
        yield f'w |= place({back.format(m="in->" + member)}, {f.low}, {f.bits});'


def unpack(format_):
    for f in format_.fields.values():
        if f.name == 'OPCODE':
            continue
        if f.name.startswith(('NEG', 'ABS')):
            shift = f' << {f.name[3]}' if f.name[3] != '0' else ''
            yield f'out->{f.name[:3].lower()} |= field(w, {f.low}, 1){shift};'
            continue
        member, forth, _ = FIELDS[f.name]
        yield f'out->{member} = {forth.format(x=f"field(w, {f.low}, {f.bits})")};'
    # A base field that is a pattern holds an inline constant: give it as the decoded source.
    if 'SRC1' in format_.fields and 'SRC0' not in format_.fields:
        yield f'out->src[0] = field(w, 20, 9);'


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    for f in isa.formats.values():
        for name in f.fields:
            if name != 'OPCODE' and name not in FIELDS and not name.startswith(('NEG', 'ABS')):
                raise npu_isa.IsaError(f'format "{f.name}": struct npu_inst has no member for field {name}')
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(isa=isa, pack=pack, unpack=unpack, opcode_bits=npu_isa.OPCODE_BITS))


if __name__ == '__main__':
    main()
