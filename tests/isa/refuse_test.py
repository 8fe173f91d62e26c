# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""What npu_isa.py refuses. Usage: refuse_test.py DIRECTORY-OF-NPU_ISA.PY

A small table that is accepted is spoiled in one place for each case, and the message compared. Then the generators
themselves: a bad table ends them with "file: message", without a traceback and without an output file.
"""

import os
import subprocess
import sys
import tempfile

GOOD = '''<isa name="t" version="1">
<type name="i32" kind="int" bits="32"/>
<type name="f32" kind="float" bits="32"/>
<type name="mask" kind="mask" bits="1"/>
<latency name="alu" cycles="4">simple</latency>
<enum name="#round"><doc>Rounding.</doc><value val="0" name="rte">nearest</value><value val="1" name="rtz">zero</value></enum>
<sr name="lane" val="1" file="v" bits="32">lane</sr>
<reserved low="0" high="0">illegal</reserved>
<reserved low="900" high="1023">later</reserved>
<bitset name="#instruction" size="64">
   <field name="OPCODE" low="0" high="9" type="uint"/>
   <field name="M" pos="10" type="bool"/>
   <field name="X" pos="11" type="bool"/>
</bitset>
<bitset name="#alu" extends="#instruction">
   <doc>Two sources.</doc>
   <display>{NAME} {DST}, {SRC0}, {SRC1}</display>
   <field name="DST" low="12" high="19" type="#dst"/>
   <field name="SRC0" low="20" high="28" type="#src"/>
   <field name="SRC1" low="29" high="37" type="#src"/>
   <pattern low="38" high="63">00000000000000000000000000</pattern>
</bitset>
<op name="add" opcode="1" types="i32 f32" format="#alu" latency="alu" sig="T = T, T" flags="commutative">
   <doc>Sum.</doc>
   <sem>a + b</sem>
</op>
<op name="sub" opcode="3" types="i32" format="#alu" latency="alu" sig="T = T, T">
   <doc>Difference.</doc>
   <sem>a - b</sem>
</op>
</isa>
'''

OP_SUB = GOOD[GOOD.index('<op name="sub"'):GOOD.index('</isa>')]
ADD = '<op name="add" opcode="1" types="i32 f32" format="#alu" latency="alu" sig="T = T, T" flags="commutative">'
PATTERN = '<pattern low="38" high="63">00000000000000000000000000</pattern>'

# (name of the case, text to replace, replacement, message)
CASES = [
    ('two operations with one opcode', 'opcode="3"', 'opcode="2"',
     'operations "add.f32" and "sub.i32" overlap: both have opcode 2'),
    ('an opcode within a family\'s range', 'opcode="3"', 'opcode="1"',
     'operations "add.i32" and "sub.i32" overlap: both have opcode 1'),
    ('an operation defined twice', '</isa>', OP_SUB.replace('opcode="3"', 'opcode="9"') + '</isa>',
     'operation "sub.i32" is defined twice'),
    ('one C name for two operations', '</isa>',
     OP_SUB.replace('opcode="3"', 'opcode="9"').replace('"sub"', '"SUB"') + '</isa>',
     'operations "SUB.i32" and "sub.i32" have the same C name'),
    ('an opcode beyond the field', 'opcode="3"', 'opcode="1024"',
     'operation "sub.i32": opcode 1024 exceeds the 10-bit field'),
    ('a family that runs into a reserved range', 'opcode="1"', 'opcode="899"',
     'operation "add.f32": opcode 900 is reserved (later)'),
    ('opcode 0', 'opcode="3"', 'opcode="0"', 'operation "sub.i32": opcode 0 is reserved (illegal)'),
    ('an opcode that is no number', 'opcode="3"', 'opcode="three"',
     'operation "sub": attribute "opcode" is not a number: "three"'),
    ('no opcode', ' opcode="3"', '', 'operation "sub": attribute "opcode" is missing'),
    ('no semantics', '<sem>a - b</sem>', '', 'operation "sub.i32" has no semantics'),
    ('empty semantics', '<sem>a - b</sem>', '<sem> </sem>', 'operation "sub.i32" has no semantics'),
    ('semantics for one type only', '<sem>a + b</sem>', '<sem types="i32">a + b</sem>',
     'operation "add.f32" has no semantics'),
    ('an unknown kind of semantics', '<sem>a - b</sem>', '<sem kind="vector">a - b</sem>',
     'operation "sub.i32": unknown kind of semantics "vector"'),
    ('an unknown token', '<sem>a - b</sem>', '<sem>a - $Q</sem>',
     'operation "sub.i32": unknown token in the semantics: "$Q"'),
    ('no text', '<doc>Difference.</doc>', '', 'operation "sub.i32" has no text'),
    ('empty text', '<doc>Difference.</doc>', '<doc/>', 'operation "sub.i32" has no text'),
    ('no latency class', OP_SUB, OP_SUB.replace(' latency="alu"', ''), 'operation "sub.i32" has no latency class'),
    ('an unknown latency class', OP_SUB, OP_SUB.replace('latency="alu"', 'latency="fast"'),
     'operation "sub.i32": unknown latency class "fast"'),
    ('an unknown flag', 'flags="commutative"', 'flags="commutative shiny"', 'operation "add.i32": unknown flag "shiny"'),
    ('an unknown format', OP_SUB, OP_SUB.replace('#alu', '#alu-9'), 'operation "sub.i32": unknown format "#alu-9"'),
    ('no signature', OP_SUB, OP_SUB.replace(' sig="T = T, T"', ''), 'operation "sub.i32" has no signature'),
    ('a signature without "="', OP_SUB, OP_SUB.replace('sig="T = T, T"', 'sig="T, T"'),
     'operation "sub.i32": no "=" in the signature'),
    ('a source too few', OP_SUB, OP_SUB.replace('T = T, T', 'T = T'),
     'operation "sub.i32": source 1 does not fit format "#alu"'),
    ('a source too many', OP_SUB, OP_SUB.replace('T = T, T', 'T = T, T, T'),
     'operation "sub.i32": source 2 does not fit format "#alu"'),
    ('no destination', OP_SUB, OP_SUB.replace('T = T, T', '= T, T'),
     'operation "sub.i32": the destination does not fit format "#alu"'),
    ('an unknown type in a signature', OP_SUB, OP_SUB.replace('T = T, T', 'T = T, i77'),
     'operation "sub.i32": unknown type "i77" in the signature'),
    ('an unknown register file', OP_SUB, OP_SUB.replace('T = T, T', 'T = T, T:vq'),
     'operation "sub.i32": unknown register file "q" in the signature'),
    ('conversion from an unknown type', OP_SUB, OP_SUB.replace('types="i32"', 'types="i32" from="i99"'),
     'operation "sub.i32.i99": unknown type'),
    ('unowned bits', PATTERN, '<pattern low="38" high="61">000000000000000000000000</pattern>',
     'format "#alu": bits 62, 63 are not owned by a field or pattern'),
    ('overlapping fields', '<field name="SRC1" low="29"', '<field name="SRC1" low="28"',
     'format "#alu": bit 28 is owned by field SRC0 and field SRC1'),
    ('a field over a pattern', 'low="29" high="37"', 'low="29" high="38"',
     'format "#alu": bit 38 is owned by field SRC1 and pattern 38..63'),
    ('a field over the parent\'s', '<field name="DST" low="12"', '<field name="DST" low="11"',
     'format "#alu": bit 11 is owned by field X and field DST'),
    ('a field beyond the word', PATTERN, '<field name="IMM" low="38" high="64" type="int"/>',
     'format "#alu", field IMM: bits 38..64 exceed the 64-bit word'),
    ('a pattern beyond the word', PATTERN, '<pattern low="38" high="65">0</pattern>',
     'format "#alu", pattern: bits 38..65 exceed the 64-bit word'),
    ('a field upside down', 'low="29" high="37"', 'low="37" high="29"',
     'format "#alu", field SRC1: low 37 is above high 29'),
    ('a pattern of wrong length', PATTERN, '<pattern low="38" high="63">000</pattern>',
     'format "#alu", pattern 38..63: not 26 digits 0 or 1'),
    ('a pattern with don\'t-care bits', PATTERN, '<pattern low="38" high="63">xxxxxxxxxxxxxxxxxxxxxxxxxx</pattern>',
     'format "#alu", pattern 38..63: not 26 digits 0 or 1'),
    ('a field defined twice', '<field name="SRC1"', '<field name="SRC0"', 'format "#alu", field SRC0: defined twice'),
    ('a field of unknown type', 'high="37" type="#src"', 'high="37" type="#source"',
     'format "#alu", field SRC1: unknown type "#source"'),
    ('a display that names no field', '{SRC1}</display>', '{SRC7}</display>',
     'format "#alu": the display names {SRC7}, which is not a field'),
    ('an operation\'s display that names no field', '<doc>Difference.</doc>',
     '<doc>Difference.</doc><display>{NAME} {IMM}</display>',
     'operation "sub.i32": the display names {IMM}, which is not a field'),
    ('a format without display', '<display>{NAME} {DST}, {SRC0}, {SRC1}</display>', '', 'format "#alu" has no display'),
    ('a format without text', '<doc>Two sources.</doc>', '', 'format "#alu" has no text'),
    ('a format defined twice', '<bitset name="#alu" extends="#instruction">',
     '<bitset name="#alu" extends="#instruction"/><bitset name="#alu" extends="#instruction">',
     'format "#alu" is defined twice'),
    ('a format without parent', 'extends="#instruction"', 'extends="#nothing"',
     'format "#alu" extends "#nothing", which does not exist'),
    ('no opcode field', 'name="OPCODE" low="0" high="9"', 'name="CODE" low="0" high="9"',
     'format "#alu": no field OPCODE in bits 0..9'),
    ('an enum with equal values', 'val="1" name="rtz"', 'val="0" name="rtz"', 'enum "#round" has two values with one number'),
    ('a type defined twice', '<type name="f32"', '<type name="i32"', 'type "i32" is defined twice'),
    ('a type of unknown kind', 'kind="float"', 'kind="real"', 'type "f32": unknown kind "real"'),
    ('special registers with one number', '</isa>', '<sr name="other" val="1" file="s" bits="32">x</sr></isa>',
     'special register "other": number 1 is taken'),
    ('a special register of unknown file', 'val="1" file="v"', 'val="1" file="m"',
     'special register "lane": unknown file "m"'),
]


def refusals(tap, npu_isa):
    problems = []
    try:
        if [op.name for op in npu_isa.loads(GOOD).ops] != ['add.i32', 'add.f32', 'sub.i32']:
            problems.append('the operations are not those of the table')
    except npu_isa.IsaError as error:
        problems.append(f'refused: {error}')
    tap('the table that the cases spoil is good', problems)
    for name, old, new, message in CASES:
        if GOOD.count(old) != 1 and old != 'extends="#instruction"':
            tap(name, [f'the case spoils {GOOD.count(old)} places'])
            continue
        try:
            npu_isa.loads(GOOD.replace(old, new))
            got = '(accepted)'
        except npu_isa.IsaError as error:
            got = str(error)
        tap(name, [] if got == message else [f'expected: {message}', f'got:      {got}'])


def generators(tap, directory):
    """Each generator on a table with a mistake, and on one that is not XML."""
    names = sorted(name for name in os.listdir(directory) if name.startswith('npu_') and name.endswith('.py') and
                   'import npu_isa' in open(os.path.join(directory, name), encoding='utf-8').read())
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            problems = []
            for text, message in ((GOOD.replace('opcode="3"', 'opcode="2"'),
                                   'operations "add.f32" and "sub.i32" overlap: both have opcode 2'),
                                  ('<isa>', 'no element found: line 1, column 5')):
                table, out = os.path.join(work, 'bad.xml'), os.path.join(work, 'out')
                with open(table, 'w', encoding='utf-8') as f:
                    f.write(text)
                result = subprocess.run([sys.executable, os.path.join(directory, name), table, out],
                                        capture_output=True, text=True, timeout=60)
                if result.returncode != 1 or result.stderr != f'{table}: {message}\n':
                    problems.append(f'exit status {result.returncode}, says {result.stderr!r}')
                if os.path.exists(out):
                    problems.append('wrote its output')
            tap(f'{name} refuses a bad table', problems)


def main():
    sys.path.insert(0, sys.argv[1])
    sys.dont_write_bytecode = True
    import npu_isa
    results = []

    def tap(name, problems):
        results.append(not problems)
        for problem in problems:
            print(f'# {problem}')
        print(f'{"not ok" if problems else "ok"} {len(results)} - {name}', flush=True)

    refusals(tap, npu_isa)
    generators(tap, sys.argv[1])
    print(f'1..{len(results)}')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
