#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Generates from npu_regs.xml:
#   --header   npu_regs.h         offsets, fields, packets and structures; plain C for user space and kernel
#   --uapi     npu_regs_uapi.h    what the uAPI takes over: fault records, counters, and the proof that numbers
#                                 are the same
#   --decode   npu_regs_decode.h  tables of the same for tools that print registers and packets
#   --doc      registers.md       the reference part of docs/hardware
#
# The parser refuses overlapping registers, fields and members, unaligned members, packets with equal
# types and references to unknown enumerations.

import argparse
import re
import sys
import xml.etree.ElementTree as ET

TYPE_SIZES = {'u8': 1, 'u16': 2, 'u32': 4, 'u64': 8}
ACCESS = ('ro', 'rw', 'wo')


class Error(Exception):
    pass


def integer(element, name, default=None):
    text = element.get(name)
    if text is None:
        if default is None:
            raise Error(f'<{element.tag} name="{element.get("name")}">: attribute {name} is missing')
        return default
    try:
        return int(text, 0)
    except ValueError:
        raise Error(f'<{element.tag} name="{element.get("name")}">: {name}="{text}" is no number')


def doc_of(element):
    child = element.find('doc')
    text = (child.text if child is not None else element.text) or ''
    text = ' '.join(text.split())
    if not text and element.tag not in ('register', 'bits', 'enum', 'flags'):
        raise Error(f'<{element.tag} name="{element.get("name")}"> has no text')
    return text


class Field:
    """Bits hi..lo of a 64-bit word."""

    def __init__(self, element, where):
        self.name = element.get('name')
        match = re.fullmatch(r'(\d+):(\d+)', element.get('bits', ''))
        if not match:
            raise Error(f'{where}.{self.name}: bits must be "hi:lo"')
        self.hi, self.lo = int(match[1]), int(match[2])
        if not 0 <= self.lo <= self.hi <= 63:
            raise Error(f'{where}.{self.name}: bits {self.hi}:{self.lo} are out of range')
        self.enum = element.get('enum')
        self.uapi = element.get('uapi')
        self.of_wave = element.get('wave') == '1'
        self.doc = doc_of(element)

    @property
    def mask(self):
        return ((1 << (self.hi - self.lo + 1)) - 1) << self.lo


class Word:
    """A register, or a 64-bit word in memory: a name and fields."""

    def __init__(self, element, is_register):
        self.name = element.get('name')
        self.is_register = is_register
        if is_register:
            self.offset = integer(element, 'offset')
            self.count = integer(element, 'count', 1)
            self.stride = integer(element, 'stride', 8)
            self.access = element.get('access')
            if self.access not in ACCESS:
                raise Error(f'{self.name}: access must be one of {", ".join(ACCESS)}')
            if self.offset % 8 or self.stride % 8:
                raise Error(f'{self.name}: registers are 64 bits wide and aligned')
        self.fields = [Field(f, self.name) for f in element.findall('field')]
        used = 0
        for field in self.fields:
            if used & field.mask:
                raise Error(f'{self.name}.{field.name}: bits are used twice')
            used |= field.mask
        if not used:
            raise Error(f'{self.name}: no fields')

    def offsets(self):
        return [self.offset + i * self.stride for i in range(self.count)]


class Member:
    def __init__(self, element, where):
        self.name = element.get('name')
        self.type = element.get('type')
        if self.type not in TYPE_SIZES:
            raise Error(f'{where}.{self.name}: unknown type {self.type}')
        self.offset = integer(element, 'offset')
        self.count = integer(element, 'count', 0)
        self.doc = doc_of(element)
        if self.offset % TYPE_SIZES[self.type]:
            raise Error(f'{where}.{self.name}: offset {self.offset} is not aligned for {self.type}')

    @property
    def size(self):
        return TYPE_SIZES[self.type] * max(self.count, 1)


class Struct:
    """A packet (64 bytes, type and flags first) or another structure in memory."""

    def __init__(self, element):
        self.name = element.get('name')
        self.is_packet = element.tag == 'packet'
        self.size = 64 if self.is_packet else integer(element, 'size')
        self.doc = doc_of(element)
        self.members = [Member(m, self.name) for m in element.findall('member')]
        self.type = integer(element, 'type') if self.is_packet else None
        self.where = element.get('where')
        if self.is_packet and self.where not in ('ring', 'cmd', 'both'):
            raise Error(f'{self.name}: where must be ring, cmd or both')
        used = bytearray(self.size)
        if self.is_packet:
            used[0] = used[1] = 1
        for member in self.members:
            for i in range(member.offset, member.offset + member.size):
                if i >= self.size or used[i]:
                    raise Error(f'{self.name}.{member.name}: byte {i} is used twice or does not exist')
                used[i] = 1
        self.used = used

    def layout(self):
        """Members in order with reserved bytes filled in: (type, name, count, offset, doc)."""
        rows = []
        if self.is_packet:
            rows += [('u8', 'type', 0, 0, f'NPU_PACKET_{self.name.upper()}'),
                     ('u8', 'flags', 0, 1, 'NPU_PACKET_FLAG_*')]
        rows += [(m.type, m.name, m.count, m.offset, m.doc) for m in self.members]
        rows.sort(key=lambda row: row[3])
        out, position, pads = [], 0, 0
        for row in rows + [(None, None, 0, self.size, None)]:
            if row[3] > position:
                out.append(('u8', f'reserved{pads}' if pads else 'reserved', row[3] - position,
                            position, 'Zero.'))
                pads += 1
            if row[0]:
                out.append(row)
                position = row[3] + TYPE_SIZES[row[0]] * max(row[2], 1)
        return out


class Table:
    def __init__(self, path):
        root = ET.parse(path).getroot()
        self.constants = [(c.get('name'), c.get('value'), doc_of(c)) for c in root.findall('constant')]
        self.enums = {}
        # Enumerations that the uAPI has as well: name -> (prefix, {value name: name there}).
        self.uapi_enums = {}
        for e in root.findall('enum') + root.findall('flags'):
            values = [(v.get('name'), integer(v, 'value'), doc_of(v)) for v in e.findall('value')]
            if len({v[1] for v in values}) != len(values):
                raise Error(f'{e.get("name")}: a value stands twice')
            self.enums[e.get('name')] = (e.tag, values)
            if e.get('uapi'):
                names = {v.get('name'): v.get('uapi', v.get('name')) for v in e.findall('value')}
                self.uapi_enums[e.get('name')] = (e.get('uapi'), names)
        self.registers = [Word(r, True) for r in root.findall('register')]
        self.bits = [Word(b, False) for b in root.findall('bits')]
        self.structs = [Struct(s) for s in root.findall('struct')]
        self.packets = [Struct(p) for p in root.findall('packet')]
        self.check()

    def check(self):
        owners = {}
        for register in self.registers:
            for offset in register.offsets():
                if offset in owners:
                    raise Error(f'{register.name} and {owners[offset]} share offset {offset:#x}')
                owners[offset] = register.name
        types = {}
        for packet in self.packets:
            if packet.type in types:
                raise Error(f'packets {packet.name} and {types[packet.type]} have the same type')
            if packet.type == 0:
                raise Error(f'packet {packet.name}: type 0 is reserved')
            types[packet.type] = packet.name
        for word in self.registers + self.bits:
            for field in word.fields:
                if field.enum and field.enum not in self.enums:
                    raise Error(f'{word.name}.{field.name}: unknown enumeration {field.enum}')


BANNER = 'Generated from src/isa/npu_regs.xml by src/isa/npu_regs.py; do not edit.'


def comment(out, text, indent=''):
    width = 96 - len(indent)
    lines, line = [], ''
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f'{line} {word}'.strip()
    lines.append(line)
    if len(lines) == 1:
        out.append(f'{indent}/* {lines[0]} */')
    else:
        out.append(f'{indent}/* {lines[0]}')
        out.extend(f'{indent} * {line}' for line in lines[1:])
        out[-1] += ' */'


def define(out, name, value):
    out.append(f'#define {name:<44} {value}')


def emit_struct(out, struct, name):
    comment(out, struct.doc)
    out.append(f'struct {name} {{')
    for kind, member, count, offset, doc in struct.layout():
        comment(out, doc, '   ')
        array = f'[{count}]' if count else ''
        out.append(f'   uint{TYPE_SIZES[kind] * 8}_t {member}{array};')
    out.append('} __attribute__((packed, aligned(8)));')
    out.append(f'static_assert(sizeof(struct {name}) == {struct.size}, "size");')
    for kind, member, count, offset, doc in struct.layout():
        out.append(f'static_assert(offsetof(struct {name}, {member}) == {offset}, "offset");')
    out.append('')


def emit_header(table):
    out = ['/* SPDX-License-Identifier: MIT */', '/* Copyright © 2026 The NPU stack authors */',
           f'/* {BANNER} */', '', '#ifndef NPU_REGS_H', '#define NPU_REGS_H', '',
           '#ifdef __KERNEL__', '#include <linux/build_bug.h>', '#include <linux/stddef.h>',
           '#include <linux/types.h>', '#else', '#include <assert.h>', '#include <stddef.h>',
           '#include <stdint.h>', '#endif', '',
           '/* FIELD of a register or memory word: NPU_GET(value, NPU_CAPS_NUM_CORES), and',
           ' * NPU_SET(NPU_CAPS_NUM_CORES, 4) | NPU_SET(...) to build one. */',
           '#define NPU_GET(value, field) (((uint64_t)(value) & field##__MASK) >> field##__SHIFT)',
           '#define NPU_SET(field, value) (((uint64_t)(value) << field##__SHIFT) & field##__MASK)', '']
    for name, value, doc in table.constants:
        comment(out, doc)
        suffix = 'ull' if int(value, 0) > 0xffffffff else ''
        define(out, f'NPU_{name}', value + suffix)
    out.append('')
    for name, (tag, values) in table.enums.items():
        prefix = name.upper()
        if tag == 'enum':
            out.append(f'enum npu_{name} {{')
            for value, number, doc in values:
                comment(out, doc, '   ')
                out.append(f'   NPU_{prefix}_{value} = {number},')
            out += ['};', '']
        else:
            for value, number, doc in values:
                comment(out, doc)
                define(out, f'NPU_{prefix}_{value}', number)
            out.append('')
    for register in table.registers:
        text = {'ro': 'read only', 'rw': 'read and write', 'wo': 'write only'}[register.access]
        if register.count > 1:
            out.append(f'/* {register.name}, one of {register.count}: {text} */')
            out.append(f'#define NPU_REG_{register.name}(q) '
                       f'({register.offset:#06x}u + {register.stride:#x}u * (uint32_t)(q))')
        else:
            out.append(f'/* {register.name}: {text} */')
            define(out, f'NPU_REG_{register.name}', f'{register.offset:#06x}u')
        emit_fields(out, register)
    for word in table.bits:
        out.append(f'/* {word.name} */')
        emit_fields(out, word)
    for struct in table.structs:
        emit_struct(out, struct, f'npu_{struct.name}')
    out.append('enum npu_packet_type {')
    for packet in table.packets:
        out.append(f'   NPU_PACKET_{packet.name.upper()} = {packet.type},')
    out += ['};', '']
    for packet in table.packets:
        emit_struct(out, packet, f'npu_packet_{packet.name}')
    out += ['#endif', '']
    return '\n'.join(out)


def emit_fields(out, word):
    for field in word.fields:
        comment(out, field.doc)
        define(out, f'NPU_{word.name}_{field.name}__SHIFT', field.lo)
        define(out, f'NPU_{word.name}_{field.name}__MASK', f'{field.mask:#x}ull')
    out.append('')


def fault_registers(table):
    """The registers of a fault record, which must lie side by side: a record is read in one loop."""
    registers = [r for r in table.registers if re.match(r'FAULT_(?!STATUS|ACK)', r.name)]
    for before, register in zip(registers, registers[1:]):
        if register.offset != before.offset + 8:
            raise Error(f'{register.name} does not follow {before.name}')
    return registers


def emit_counters(table, out):
    out += ['/* A performance counter: its register, and its place in struct drm_npu_counter_info. */',
            'struct npu_counter_desc {', '   const char *name;', '   uint32_t reg, offset;', '};', '',
            '#define NPU_COUNTER_DESCS { \\']
    for register in table.registers:
        if register.name.startswith('COUNTER_'):
            member = register.fields[0].uapi
            out.append(f'   {{"{member}", NPU_REG_{register.name}, '
                       f'offsetof(struct drm_npu_counter_info, {member})}}, \\')
    out += ['}', '']


def emit_uapi(table):
    registers = fault_registers(table)
    out = ['/* SPDX-License-Identifier: MIT */', '/* Copyright © 2026 The NPU stack authors */',
           f'/* {BANNER}', ' *',
           ' * What the uAPI takes over from the registers: fault records and performance counters.', ' */',
           '', '#ifndef NPU_REGS_UAPI_H', '#define NPU_REGS_UAPI_H', '',
           '#include <drm/npu_accel.h>', '', '#include "npu_regs.h"', '']
    for name, (prefix, values) in table.uapi_enums.items():
        for value, uapi in values.items():
            drm, hw = f'DRM_NPU_{prefix}_{uapi}', f'NPU_{name.upper()}_{value}'
            out.append(f'static_assert((int){drm} == (int){hw}, "{name} {value}");')
        out.append('')
    out += ['/* A record is so many registers from NPU_REG_FAULT_INFO on, eight bytes apart. */',
            f'#define NPU_FAULT_RECORD_WORDS {len(registers)}', '',
            '/* Takes a record apart. Returns the context_id it names. */',
            'static inline uint32_t',
            'npu_fault_unpack(const uint64_t *words, struct drm_npu_fault *fault)', '{',
            '   *fault = (struct drm_npu_fault){']
    late, word = [], {r.name: f'words[{i}]' for i, r in enumerate(registers)}
    for register in registers:
        for field in register.fields:
            get = f'NPU_GET({word[register.name]}, NPU_{register.name}_{field.name})'
            if field.uapi and field.of_wave:
                late.append(f'      fault->{field.uapi} = {get};')
            elif field.uapi:
                out.append(f'      .{field.uapi} = {get},')
    out += ['   };', f'   if (NPU_GET({word["FAULT_INFO"]}, NPU_FAULT_INFO_IN_KERNEL)) {{',
            '      fault->flags = DRM_NPU_FAULT_IN_KERNEL;'] + late
    out += ['   }', f'   return NPU_GET({word["FAULT_CONTEXT"]}, NPU_FAULT_CONTEXT_CONTEXT_ID);', '}', '']
    emit_counters(table, out)
    out += ['#endif', '']
    return '\n'.join(out)


def emit_decode(table):
    out = ['/* SPDX-License-Identifier: MIT */', '/* Copyright © 2026 The NPU stack authors */',
           f'/* {BANNER}', ' *',
           ' * Tables to print registers, packets and enumerations. Include it in one file of a tool. */', '',
           '#ifndef NPU_REGS_DECODE_H', '#define NPU_REGS_DECODE_H', '', '#include "npu_regs.h"', '',
           '/* One field of a register: bits hi..lo; values: names of an enumeration or NULL. */',
           'struct npu_field_desc {', '   const char *name;', '   uint8_t hi, lo;',
           '   const char *const *values;', '   uint8_t num_values;', '};', '',
           '/* Register at offset, offset + stride, ... (count times); fields end with a NULL name. */',
           'struct npu_register_desc {', '   const char *name;', '   uint32_t offset, count, stride;',
           '   const struct npu_field_desc *fields;', '};', '',
           '/* Member of a packet at a byte offset: size_B 1, 2, 4 or 8, count of an array (1: none). */',
           'struct npu_member_desc {', '   const char *name;', '   uint8_t offset, size_B, count;', '};', '',
           '/* Packet; members end with a NULL name. reserved: bit b set = byte b must be zero. */',
           'struct npu_packet_desc {', '   const char *name;', '   uint8_t type;', '   uint8_t in_ring, in_cmd;',
           '   uint64_t reserved;', '   const struct npu_member_desc *members;', '};', '']
    for name, (tag, values) in table.enums.items():
        if tag != 'enum':
            continue
        out.append(f'static const char *const npu_{name}_names[] = {{')
        for value, number, doc in values:
            out.append(f'   [{number}] = "{value.lower().replace("_", " ")}",')
        out += ['};', '']
    for word in table.registers:
        out.append(f'static const struct npu_field_desc npu_{word.name.lower()}_fields[] = {{')
        for field in word.fields:
            names = f'npu_{field.enum}_names' if field.enum else '0'
            count = f'sizeof({names}) / sizeof({names}[0])' if field.enum else '0'
            out.append(f'   {{"{field.name}", {field.hi}, {field.lo}, {names}, {count}}},')
        out += ['   {0},', '};', '']
    out.append('static const struct npu_register_desc npu_register_descs[] = {')
    for word in table.registers:
        out.append(f'   {{"{word.name}", {word.offset:#06x}, {word.count}, {word.stride:#x}, '
                   f'npu_{word.name.lower()}_fields}},')
    out += ['};', '']
    for packet in table.packets:
        out.append(f'static const struct npu_member_desc npu_{packet.name}_members[] = {{')
        for member in packet.members:
            out.append(f'   {{"{member.name}", {member.offset}, {TYPE_SIZES[member.type]}, '
                       f'{max(member.count, 1)}}},')
        out += ['   {0},', '};', '']
    out.append('static const struct npu_packet_desc npu_packet_descs[] = {')
    for packet in table.packets:
        reserved = sum(1 << i for i in range(64) if not packet.used[i])
        out.append(f'   {{"{packet.name}", {packet.type}, {int(packet.where != "cmd")}, '
                   f'{int(packet.where != "ring")}, {reserved:#x}ull, npu_{packet.name}_members}},')
    out += ['};', '', '#endif', '']
    return '\n'.join(out)


def emit_doc(table):
    out = ['<!-- SPDX-License-Identifier: MIT -->', '<!-- Copyright © 2026 The NPU stack authors -->',
           f'<!-- {BANNER} -->', '', '# Registers, packets and structures', '',
           'The reference part of the [hardware specification](index.md), generated from '
           '`src/isa/npu_regs.xml`.', '', '## Constants', '', '| Name | Value | Meaning |', '|---|---|---|']
    out += [f'| {name} | {value} | {doc} |' for name, value, doc in table.constants]
    for name, (tag, values) in table.enums.items():
        title = f'Enumeration {name}' if tag == 'enum' else f'Flags {name}'
        out += ['', f'## {title}', '', '| Value | Name | Meaning |', '|---|---|---|']
        out += [f'| {number} | {value} | {doc} |' for value, number, doc in values]
    out += ['', '## Registers', '', 'All registers are 64 bits wide and are accessed with aligned 64-bit '
            'reads and writes. Offsets that are not listed, and bits that no field names, read as zero; '
            'writing them does nothing.']
    for register in table.registers:
        where = f'{register.offset:#06x}'
        if register.count > 1:
            where += f' + {register.stride:#x} * q, q = 0 to {register.count - 1}'
        out += ['', f'### {register.name}', '', f'Offset {where}; {register.access}.', '']
        out += field_rows(register)
    out += ['', '## Page table entry', '']
    for word in table.bits:
        out += field_rows(word)
    for struct in table.structs:
        out += ['', f'## Structure {struct.name}', '', f'{struct.doc} {struct.size} bytes.', '']
        out += member_rows(struct)
    out += ['', '## Packets', '', 'Every packet is 64 bytes. Byte 0 is the type, byte 1 the flags. Bytes '
            'that are not listed must be zero.']
    place = {'ring': 'rings', 'cmd': 'command buffers', 'both': 'rings and command buffers'}
    for packet in table.packets:
        out += ['', f'### {packet.name.upper()}', '', f'Type {packet.type}; in {place[packet.where]}. '
                f'{packet.doc}']
        if packet.members:
            out += [''] + member_rows(packet)
    return '\n'.join(out + [''])


def field_rows(word):
    rows = ['| Bits | Field | Meaning |', '|---|---|---|']
    for field in sorted(word.fields, key=lambda f: f.lo):
        bits = str(field.lo) if field.hi == field.lo else f'{field.hi}:{field.lo}'
        doc = f'{field.doc} (enumeration {field.enum})' if field.enum else field.doc
        rows.append(f'| {bits} | {field.name} | {doc} |')
    return rows


def member_rows(struct):
    rows = ['| Byte | Member | Type | Meaning |', '|---|---|---|---|']
    for member in sorted(struct.members, key=lambda m: m.offset):
        kind = f'{member.type}[{member.count}]' if member.count else member.type
        rows.append(f'| {member.offset} | {member.name} | {kind} | {member.doc} |')
    return rows


def main():
    parser = argparse.ArgumentParser(description='Generate register definitions from npu_regs.xml.')
    parser.add_argument('xml', help='the table')
    parser.add_argument('--header', metavar='FILE', help='write the C header')
    parser.add_argument('--uapi', metavar='FILE', help='write the C header of what the uAPI takes over')
    parser.add_argument('--decode', metavar='FILE', help='write the decoder tables')
    parser.add_argument('--doc', metavar='FILE', help='write the Markdown reference')
    args = parser.parse_args()
    try:
        table = Table(args.xml)
    except (Error, ET.ParseError, OSError) as error:
        sys.exit(f'npu_regs.py: {args.xml}: {error}')
    emitters = ((args.header, emit_header), (args.uapi, emit_uapi), (args.decode, emit_decode),
                (args.doc, emit_doc))
    for path, emit in emitters:
        if path:
            try:
                text = emit(table)
            except Error as error:
                sys.exit(f'npu_regs.py: {args.xml}: {error}')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)


if __name__ == '__main__':
    main()
