# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes the table as plain isaspec XML, for Mesa's own decode.py. Usage: npu_isaspec.xml.py npu.xml out.xml

The disassembler made of it shares nothing with ours but the table, so a test compares the two. What isaspec cannot
express is left: the literal is a word of its own and shows as "literal", blanks and parentheses differ.
"""

import re
import sys
from xml.sax.saxutils import escape

import npu_isa

# Operands. Widths of the bitsets are those of the fields.
OPERANDS = '''
<bitset name="#SET" size="SIZE"/>
<bitset name="#SET-v" extends="#SET">
   <display>VDISPLAY</display>
   <field name="REG" low="0" high="6" type="uint"/>
   <derived name="NEXT" type="uint"><expr>{REG} + 1</expr></derived>
   <pattern low="7" high="TOP">VPATTERN</pattern>
</bitset>
<bitset name="#SET-s" extends="#SET">
   <display>SDISPLAY</display>
   <field name="REG" low="0" high="5" type="uint"/>
   <derived name="NEXT" type="uint"><expr>{REG} + 1</expr></derived>
   <pattern low="6" high="TOP">SPATTERN</pattern>
</bitset>
<bitset name="#SET-m" extends="#SET">
   <display>m{REG}</display>
   <field name="REG" low="0" high="3" type="uint"/>
   <pattern low="4" high="TOP">MPATTERN</pattern>
</bitset>
<bitset name="#SET-exec" extends="#SET">
   <display>exec</display>
   <pattern low="0" high="TOP">EPATTERN</pattern>
</bitset>
'''

IMMEDIATES = '''
<bitset name="#SET-int" extends="#SET">
   <display>{VALUE}</display>
   <field name="RAW" low="0" high="6" type="uint"/>
   <derived name="VALUE" type="int" width="32"><expr>({RAW} - 64) &amp; 0xffffffff</expr></derived>
   <pattern low="7" high="8">10</pattern>
</bitset>
<bitset name="#SET-float" extends="#SET">
   <display>{VALUE}</display>
   <field name="VALUE" low="0" high="2" type="#inline-float"/>
   <pattern low="3" high="8">110000</pattern>
</bitset>
<bitset name="#SET-literal" extends="#SET">
   <display>literal</display>
   <pattern low="0" high="8">111111111</pattern>
</bitset>
'''

INLINE_FLOATS = ('0.5', '-0.5', '1.0', '-1.0', '2.0', '-2.0', '4.0', '-4.0')


def operand_set(name, size, v='v{REG}', s='s{REG}'):
    text = OPERANDS + (IMMEDIATES if size == 9 else '')
    zero = '0' * (size - 8)
    for old, new in (('SET', name), ('SIZE', str(size)), ('TOP', str(size - 1)), ('VDISPLAY', v), ('SDISPLAY', s),
                     ('VPATTERN', zero + '0'), ('SPATTERN', zero + '10'), ('MPATTERN', zero + '1100'),
                     ('EPATTERN', zero + '11010000')):
        text = text.replace(old, new)
    return text


def enum(name, values):
    lines = [f'   <value val="{number}" display="{escape(display) or " "}"/>' for number, display in values]
    return f'<enum name="#{name}">\n' + '\n'.join(lines) + '\n</enum>\n'


def source_type(operand):
    if operand.kind == 'desc':
        return '#src-desc'
    return '#src-addr' if operand.kind == 'address' else '#src'


def field_type(op, field):
    if field.name.startswith('SRC'):
        return source_type(op.srcs[int(field.name[3])])
    if field.name.startswith(('NEG', 'ABS')):
        return 'bool'
    return {'IMM': 'offset', 'TARGET': 'offset', 'SCALE': '#scale', 'SX': '#extension'}.get(field.name, field.type)


def field_display(field):
    if field.name.startswith('NEG'):
        return '-'
    if field.name.startswith('ABS'):
        return '|'
    return field.display


def display(op, has_result=True):
    text = op.display
    if len(op.srcs) < 4:
        text = text.replace(', {SRC3}', '')
    if not has_result:
        text = text.replace('{DST}, ', '')
    for i in range(4):
        if op.float_mods >> i & 1:
            text = text.replace(f'{{SRC{i}}}', f'{{NEG{i}}}{{ABS{i}}}{{SRC{i}}}{{ABS{i}}}')
    return escape(text)


def leaf(op):
    """One operation as a bitset with all 64 bits."""
    lines = [f'<bitset name="{op.name}" extends="#instruction">', f'   <display>{display(op)}</display>']
    if op.format.has('NORET'):
        lines.append(f'   <override><expr>{{NORET}}</expr><display>{display(op, False)}</display></override>')
    lines.append(f'   <pattern low="0" high="9">{op.opcode:010b}</pattern>')
    for low, high, value in op.format.patterns:
        lines.append(f'   <pattern low="{low}" high="{high}">{value:0{high - low + 1}b}</pattern>')
    for field in op.format.fields.values():
        where = f'low="{field.low}" high="{field.high}"'
        if field.name == 'OPCODE':
            continue
        if field.name == 'SRC3' and len(op.srcs) < 4:
            lines.append(f'   <pattern {where}>{"0" * field.bits}</pattern>')
            continue
        shown = field_display(field)
        attribute = f' display="{escape(shown)}"' if shown else ''
        lines.append(f'   <field name="{field.name}" {where} type="{field_type(op, field)}"{attribute}/>')
    return '\n'.join(lines + ['</bitset>\n'])


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<!-- Generated from npu.xml by npu_isaspec.xml.py. -->\n<isa>\n']
    for name, values in isa.enums.items():
        shown = [(val, '' if name == '#round' and val == 0 else ('.' if name == '#round' else '') + display_)
                 for val, _, display_, _ in values]
        parts.append(enum(name[1:], shown))
    parts.append(enum('sr', [(sr['val'], name) for name, sr in isa.special_registers.items()]))
    parts.append(enum('inline-float', list(enumerate(INLINE_FLOATS))))
    parts.append(enum('scale', [(n, f'<<{n}' if n else '') for n in range(8)]))
    parts.append(enum('extension', [(0, 'zx'), (1, 'sx')]))
    parts.append('<bitset name="#instruction" size="64"/>\n')
    parts.append(operand_set('dst', 8))
    parts.append(operand_set('src', 9))
    parts.append(operand_set('src-addr', 9, v='v{REG}:v{NEXT}'))
    parts.append(operand_set('src-desc', 9, s='s{REG}:s{NEXT}'))
    parts += [leaf(op) for op in isa.ops]
    parts.append('</isa>\n')
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(re.sub(r'\n{2,}', '\n', ''.join(parts)))


if __name__ == '__main__':
    main()
