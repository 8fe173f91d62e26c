#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""The register table and its generator: regs_test.py ISA_DIRECTORY DOCS_HARDWARE_DIRECTORY

Mistakes in a table are refused with exact messages, and docs/hardware/registers.md is what the generator makes of
src/isa/npu_regs.xml. Output: TAP.
"""

import os
import sys
import tempfile

# A table that is right; each case changes one thing.
GOOD = '''<npu-regs version="1">
<enum name="kind"><value name="A" value="0">a</value><value name="B" value="1">b</value></enum>
<register name="ONE" offset="0x0" access="rw"><field name="LOW" bits="7:0" enum="kind">x</field>
<field name="HIGH" bits="63:8">x</field></register>
<register name="MANY" offset="0x10" count="4" stride="0x20" access="ro"><field name="V" bits="0:0">x</field></register>
<struct name="thing" size="16"><doc>x</doc><member name="a" offset="0" type="u64">x</member></struct>
<packet name="go" type="1" where="ring"><doc>x</doc><member name="va" offset="8" type="u64">x</member></packet>
<packet name="stop" type="2" where="cmd"><doc>x</doc><member name="n" offset="4" type="u32" count="2">x</member></packet>
</npu-regs>'''

CASES = [
    ('bits="63:8"', 'bits="63:7"', 'ONE.HIGH: bits are used twice'),
    ('bits="63:8"', 'bits="64:8"', 'ONE.HIGH: bits 64:8 are out of range'),
    ('bits="63:8"', 'bits="8"', 'ONE.HIGH: bits must be "hi:lo"'),
    ('offset="0x0"', 'offset="0x30"', 'MANY and ONE share offset 0x30'),
    ('offset="0x0"', 'offset="0x4"', 'ONE: registers are 64 bits wide and aligned'),
    ('offset="0x0"', 'offset="zero"', '<register name="ONE">: offset="zero" is no number'),
    ('offset="0x0" ', '', '<register name="ONE">: attribute offset is missing'),
    ('access="ro"', 'access="r"', 'MANY: access must be one of ro, rw, wo'),
    ('enum="kind"', 'enum="sort"', 'ONE.LOW: unknown enumeration sort'),
    ('value="1">b', 'value="0">b', 'kind: a value stands twice'),
    ('type="2"', 'type="1"', 'packets stop and go have the same type'),
    ('type="2"', 'type="0"', 'packet stop: type 0 is reserved'),
    ('where="cmd"', 'where="here"', 'stop: where must be ring, cmd or both'),
    ('offset="4" type="u32"', 'offset="6" type="u32"', 'stop.n: offset 6 is not aligned for u32'),
    ('offset="4" type="u32"', 'offset="60" type="u32"', 'stop.n: byte 64 is used twice or does not exist'),
    ('name="n" offset="4" type="u32" count="2"', 'name="n" offset="1" type="u8"',
     'stop.n: byte 1 is used twice or does not exist'),
    ('type="u32" count', 'type="u24" count', 'stop.n: unknown type u24'),
    ('type="u64">x</member></struct>', 'type="u64"></member></struct>', '<member name="a"> has no text'),
]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    isa_directory, docs = sys.argv[1:]
    sys.path.insert(0, isa_directory)
    import npu_regs
    number = failed = 0

    def case(good, text, detail=''):
        nonlocal number, failed
        number += 1
        failed += not good
        if not good and detail:
            print(f'# {detail}')
        print(f'{"ok" if good else "not ok"} {number} - {text}')

    def load(text):
        with tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
            file.write(text)
            file.flush()
            return npu_regs.Table(file.name)

    table = load(GOOD)
    header = npu_regs.emit_header(table)
    case('#define NPU_REG_MANY(q) (0x0010u + 0x20u * (uint32_t)(q))' in header and
         'static_assert(offsetof(struct npu_packet_stop, n) == 4, "offset");' in header, 'a good table')
    for old, new, wanted in CASES:
        assert GOOD.count(old) == 1, old
        try:
            load(GOOD.replace(old, new))
            message = 'no error'
        except npu_regs.Error as error:
            message = str(error)
        case(message == wanted, f'refused: {wanted}', f'message: {message}')

    xml = os.path.join(isa_directory, 'npu_regs.xml')
    table = npu_regs.Table(xml)
    fault = npu_regs.emit_uapi(table)
    numbers = sum(len(values) for _, values in table.uapi_enums.values())
    case(numbers > 15 and fault.count('static_assert') == numbers and
         '.type = NPU_GET(words[0], NPU_FAULT_INFO_TYPE),' in fault and
         'fault->lane_mask = NPU_GET(words[1], NPU_FAULT_CONTEXT_LANES);' in fault, 'fault records for the uAPI')
    with open(xml, encoding='utf-8') as file:
        moved = file.read().replace('name="FAULT_TIME" offset="0x00c8"', 'name="FAULT_TIME" offset="0x00d0"')
    try:
        npu_regs.emit_uapi(load(moved))
        message = 'no error'
    except npu_regs.Error as error:
        message = str(error)
    case(message == 'FAULT_TIME does not follow FAULT_SEQNO', 'refused: fault registers with a gap', message)
    with open(os.path.join(docs, 'registers.md'), encoding='utf-8') as file:
        current = file.read() == npu_regs.emit_doc(table)
    case(current, 'docs/hardware/registers.md is up to date',
         'make it with: src/isa/npu_regs.py src/isa/npu_regs.xml --doc docs/hardware/registers.md')
    print(f'1..{number}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
