# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes docs/isa.md, the instruction-set manual. Usage: npu_manual.py npu.xml out.md"""

import sys
import textwrap

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
<%text># The NPU instruction set</%text>

Architecture version ${isa.version}. This manual is generated from `src/isa/npu.xml` by `src/isa/npu_manual.py`; a test fails
when the two differ. ${len(isa.ops)} operations.

<%text>## Contents</%text>

% for title, name in chapters:
* [${title}](#${anchor(title)})
% endfor
* [Types](#types)
* [Rounding modes](#rounding-modes)
* [Special registers](#special-registers)
* [Latency classes](#latency-classes)
* [Formats](#formats)
* [Operations](#operations): ${', '.join('[%s](#%s)' % (s, anchor(s)) for s, _ in sections)}
* [Opcodes](#opcodes)

% for title, name in chapters:
<%text>##</%text> ${title}

${isa.chapters[name]}

% endfor
<%text>## Types</%text>

| type | bits | kind |
|---|---|---|
% for t in isa.types.values():
| ${t.name} | ${t.bits} | ${kinds[t.kind]} |
% endfor

<%text>## Rounding modes</%text>

| value | suffix | rounding |
|---|---|---|
% for val, name, display, text in isa.enums['#round']:
| ${val} | .${display} | ${text} |
% endfor

<%text>## Special registers</%text>

| number | name | register | bits | content |
|---|---|---|---|---|
% for name, sr in isa.special_registers.items():
| ${sr['val']} | ${name} | ${'vector' if sr['file'] == 'v' else 'scalar'} | ${sr['bits']} | ${sr['text']} |
% endfor

<%text>## Latency classes</%text>

Typical cycles until a dependent instruction may start; what the compiler's scheduler and the timing model assume.

| class | cycles | what |
|---|---|---|
% for name, (cycles, text) in isa.latencies.items():
| ${name} | ${cycles} | ${text} |
% endfor

<%text>## Formats</%text>

Bits not listed are zero. Every format has OPCODE in bits 0-9, M in bit 10 and X in bit 11.

% for f in isa.formats.values():
<%text>###</%text> ${f.name[1:]}

${f.doc}

| bits | field |
|---|---|
% for bits, what in layout(f):
| ${bits} | ${what} |
% endfor

% endfor
<%text>## Operations</%text>

Each entry names the operations of a family with their opcodes, the operands with type and register files (v vector, s
scalar, m mask or exec, i inline constant or literal) and what is computed, in C, for operand values a, b, c of the
given types. In types and code, $T is the type of the operation, $N its bits, $S, $U, $W, $F the signed, unsigned,
double-width signed and floating C types, and $T2 and so on the same of the source of a conversion. Functions are those of
`src/isa/npu_isa/npu_sem_float.h` and `npu_sem_math.h`, which belong to the specification.

% for section, families in sections:
<%text>###</%text> ${section}

% for ops in families:
<%text>####</%text> ${title_of(ops)}

${facts(ops)}

`${syntax(ops[0])}`${operands(ops[0])}

${doc(ops)}

% for heading, kind, code in semantics(ops):
% if heading:
${heading}:

% endif
```${'' if kind == 'pseudo' else 'c'}
${code}
```

% endfor
% endfor
% endfor
<%text>## Opcodes</%text>

% for low, high, text in isa.reserved:
* ${low if low == high else '%d-%d' % (low, high)}: reserved, ${text}
% endfor
* all others that are not in the table: unassigned

| opcode | operation |
|---|---|
% for op in isa.ops:
| ${op.opcode} | ${op.name} |
% endfor
''')

CHAPTERS = [('Registers', 'overview'), ('Encoding', 'encoding'), ('Execution', 'execution'), ('Address spaces', 'memory'),
            ('Assembly language', 'syntax')]

KINDS = {'int': 'integer of either sign', 'uint': 'unsigned integer', 'float': 'IEEE 754 float (bf16: the high half of f32)',
         'bits': 'bits', 'mask': 'one bit for each lane', 'address': 'address or byte offset',
         'desc': 'DMA descriptor, two scalar registers'}

FILES = {'v': 'v', 's': 's', 'm': 'm', 'i': 'i'}

FACTS = [('commutative', 'commutative'), ('reads_exec', 'reads exec'), ('compare', 'vector form reads exec'),
         ('cross_lane', 'cross-lane'), ('side_effects', 'side effects'), ('fence', 'orders memory'),
         ('unmasked', 'never masked')]


def anchor(title):
    return ''.join(c for c in title.lower().replace(' ', '-') if c.isalnum() or c == '-')


def span(low, high):
    return str(low) if low == high else f'{low}-{high}'


def layout(format_):
    """Rows of the bit table: fields in ascending order, and constant bits that are not zero."""
    rows = [(f.low, f.high, f.name) for f in format_.fields.values() if f.low > 11]
    rows += [(low, high, f'constant {value}') for low, high, value in format_.patterns if value != 0]
    return [(span(low, high), what) for low, high, what in sorted(rows)] or [('12-63', 'zero')]


def sections_of(isa):
    """[(section, [operations of one family])], in order of the table."""
    sections = {}
    for element in isa.root:
        ops = [op for op in isa.ops if op.element is element]
        if ops:
            sections.setdefault(ops[0].section, []).append(ops)
    return list(sections.items())


def title_of(ops):
    """Names, with the types of a long family in braces."""
    if len(ops) <= 4:
        return ', '.join(op.name for op in ops)
    lists = [ops[0].element.get(a) for a in ('types', 'from')]
    return ops[0].element.get('name').replace('$OP', 'OP') + ''.join(
        '.{' + ', '.join(names.split()) + '}' for names in lists if names)


def facts(ops):
    op = ops[0]
    numbers = sorted(o.opcode for o in ops)
    where = span(numbers[0], numbers[-1])
    parts = [f'{"opcode" if len(ops) == 1 else "opcodes"} {where}', f'format {op.format.name[1:]}',
             f'latency class {op.latency}']
    loops = list(dict.fromkeys(item.split(':')[0] for item in (op.element.get('for') or '').split()))
    if loops:
        parts.insert(1, f'OP in {", ".join(loops)}')
    parts += [text for flag, text in FACTS if flag in op.flags]
    return ' · '.join(parts)


def plain(display):
    for field, text in (('{M}', '(m) '), ('{DST}', 'd'), ('{SRC0}', 'a'), ('{SRC1}', 'b'), ('{SRC2}', 'c'), ('{SRC3}', 'e'),
                        ('{SAT}', '[.sat]'), ('{ROUND}', '[.round]'), ('{WIDTH}', 'width'), ('{COUNT}', '[count]'),
                        ('{SPACE}', '[.space]'), ('{NORET}', '[.noret]'), ('{SX}', 'sx|zx'), ('{SCALE}', '<<scale'),
                        ('{IMM}', ' + imm'), ('{TARGET}', 'target'), ('{SR}', 'register'), ('{CODE}', 'code')):
        display = display.replace(field, text)
    return display


def syntax(op):
    display = op.display if len(op.srcs) > 3 else op.display.replace(', {SRC3}', '')
    display = display if op.maskable else display.replace('{M}', '')
    display = display.replace('{M}', '[(m)] ')
    return plain(display).replace('{NAME}', op.name)


def type_text(operand):
    if operand.type is None:
        return 'data'
    own = {'T': '$T', 'S': '$T, signed', 'U': '$T, unsigned', 'E': '$T', 'E2': '$T2', 'B': '$T'}
    return own.get(operand.token, operand.type.name)


def operands(op):
    rows = [('d', op.dst or op.data)] + list(zip('abce', op.srcs))
    texts = []
    for name, operand in rows:
        if operand is not None:
            texts.append(f'{name}: {type_text(operand)} in {" ".join(f for f in "vsmi" if f in operand.files)}')
    return ' with ' + '; '.join(texts) if texts else ''


def doc(ops):
    text = ' '.join(ops[0].element.find('doc').text.split())
    return text.replace('$OP', 'OP')


def semantics(ops):
    for sem in ops[0].element.findall('sem'):
        only = ' '.join(x for x in (sem.get('types'), sem.get('from') and 'from ' + sem.get('from')) if x)
        code = textwrap.dedent(sem.text.strip('\n').rstrip()).strip()
        yield f'For {only}' if only else '', sem.get('kind', 'lane'), code


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    text = TEMPLATE.render(isa=isa, chapters=CHAPTERS, anchor=anchor, kinds=KINDS, layout=layout,
                           sections=sections_of(isa), title_of=title_of, facts=facts, syntax=syntax, operands=operands,
                           doc=doc, semantics=semantics)
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(text)


if __name__ == '__main__':
    main()
