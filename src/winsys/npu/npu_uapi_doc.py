#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Makes docs/uapi.md from the kernel-doc comments of include/uapi/drm/npu_accel.h, and refuses a header that
# breaks its own rules:
#   - everything is documented: each structure with each member, each enumeration with each value, each
#     constant
#   - members have fixed-size types and stand at multiples of their size, structures are multiples of 8
#     bytes long without hidden padding, so that 32-bit and 64-bit programs agree
#   - each ioctl has a number, a request macro and a structure, all three of the same name

import argparse
import re
import sys

SIZES = {'__u8': 1, '__u16': 2, '__u32': 4, '__u64': 8, '__s64': 8, 'char': 1}


class Error(Exception):
    pass


class Entity:
    """What one kernel-doc comment describes: kind is DOC, enum, struct or define."""

    def __init__(self, kind, name, line, purpose, body, params):
        self.kind, self.name, self.line = kind, name, line
        self.purpose, self.body, self.params = purpose, body, params
        self.offsets = {}  # of the members of a structure
        self.members = []  # (name, type, array length or None, doc); for enumerations (name, value, doc)


def strip_comment(lines):
    """Text of a comment without its decoration."""
    text = []
    for line in lines:
        line = re.sub(r'^\s*/\*\*', '', line)
        line = re.sub(r'\*/\s*$', '', line)
        text.append(re.sub(r'^\s*\* ?', '', line).rstrip())
    while text and not text[0]:
        text.pop(0)
    while text and not text[-1]:
        text.pop()
    return text


def parse_comment(lines, number):
    text = strip_comment(lines)
    head = text[0].strip()
    match = re.fullmatch(r'DOC: (.+)', head)
    if match:
        return Entity('DOC', match[1], number, '', text[1:], {})
    match = re.fullmatch(r'(enum|struct|define) (\w+) - (.+)', head)
    if not match:
        raise Error(f'line {number}: not a kernel-doc heading: {head}')

    params, body = {}, []
    for line in text[1:]:
        param = re.fullmatch(r'@(\w+): (.+)', line)
        if param:
            params[param[1]] = param[2]
        else:
            body.append(line)
    return Entity(match[1], match[2], number, match[3], body, params)


def member_comments(lines, start):
    """Yields (declaration line number, declaration, documentation) up to the closing brace."""
    doc, i = None, start
    while i < len(lines):
        line = lines[i].strip()
        if line.startswith('};'):
            return
        if line.startswith('/**'):
            comment = [lines[i]]
            while '*/' not in lines[i]:
                i += 1
                comment.append(lines[i])
            doc = ' '.join(part.strip() for part in strip_comment(comment) if part)
        elif line:
            yield i + 1, line, doc
            doc = None
        i += 1
    raise Error(f'line {start}: no closing brace')


def split_doc(doc, name, number):
    match = re.fullmatch(r'@(\w+): (.+)', doc or '')
    if not match or match[1] != name:
        raise Error(f'line {number}: {name} is not documented')
    return match[2]


def parse_enum(entity, lines, start):
    value = 0
    for number, line, doc in member_comments(lines, start):
        match = re.fullmatch(r'(\w+)(?: = (.+?))?,', line)
        if not match:
            raise Error(f'line {number}: not an enumeration value: {line}')
        if match[2]:
            value = eval(match[2], {'__builtins__': {}})
        entity.members.append((match[1], value, split_doc(doc, match[1], number)))
        value += 1


def parse_struct(entity, lines, start, structs):
    offset = 0
    for number, line, doc in member_comments(lines, start):
        match = re.fullmatch(r'(struct \w+|\w+) (\w+)(?:\[(\d+)\])?;', line)
        if not match:
            raise Error(f'line {number}: not a member: {line}')
        type_name, name, length = match[1], match[2], match[3]
        if type_name.startswith('struct '):
            if type_name[7:] not in structs:
                raise Error(f'line {number}: {type_name} is not known here')
            size, align = structs[type_name[7:]], 8
        elif type_name in SIZES:
            size = align = SIZES[type_name]
        else:
            raise Error(f'line {number}: {type_name} is no fixed-size type')
        if offset % align:
            raise Error(f'line {number}: {name} stands at {offset}, hidden padding before it')
        entity.offsets[name] = offset
        offset += size * int(length or 1)
        entity.members.append((name, type_name, length, split_doc(doc, name, number)))
    if offset % 8:
        raise Error(f'line {entity.line}: struct {entity.name} is {offset} bytes long')
    structs[entity.name] = offset


def parse(text):
    lines = text.split('\n')
    entities, structs, i = [], {}, 0
    while i < len(lines):
        if not lines[i].startswith('/**'):
            i += 1
            continue
        number, comment = i + 1, [lines[i]]
        while '*/' not in lines[i]:
            i += 1
            comment.append(lines[i])
        i += 1
        entity = parse_comment(comment, number)
        declaration = lines[i] if i < len(lines) else ''
        if entity.kind == 'define':
            match = re.match(rf'#define {entity.name}\b(.*)', declaration)
            if not match:
                raise Error(f'line {number}: {entity.name} does not follow its comment')
            entity.members.append((entity.name, match[1].rstrip(' \\').strip(), ''))
        elif entity.kind != 'DOC':
            if declaration != f'{entity.kind} {entity.name} {{':
                raise Error(f'line {number}: {entity.kind} {entity.name} does not follow its comment')
            if entity.kind == 'enum':
                parse_enum(entity, lines, i + 1)
            else:
                parse_struct(entity, lines, i + 1, structs)
        entities.append(entity)

    documented = {entity.name for entity in entities}
    for number, line in enumerate(lines, 1):
        match = re.match(r'(?:enum|struct) (\w+) \{', line)
        if match and match[1] not in documented:
            raise Error(f'line {number}: {match[1]} is not documented')
        match = re.match(r'#define (DRM_NPU_\w+)', line)
        if match and match[1] not in documented:
            raise Error(f'line {number}: {match[1]} is not documented')
    return entities, structs


def check_ioctls(text, entities, structs):
    """Returns [(name, number, structure, size)]."""
    ids = next(e for e in entities if e.name == 'drm_npu_ioctl_id').members
    requests = dict(re.findall(
        r'#define DRM_IOCTL_(NPU_\w+)\s*\\?\s*DRM_IOWR\(DRM_COMMAND_BASE \+ (DRM_NPU_\w+, struct \w+)\)',
        text))
    result = []
    for name, value, doc in ids:
        short = name[4:]
        wanted = f'{name}, struct {name.lower()}'
        if requests.pop(short, None) != wanted:
            raise Error(f'DRM_IOCTL_{short} is not DRM_IOWR(DRM_COMMAND_BASE + {wanted})')
        if name.lower() not in structs:
            raise Error(f'struct {name.lower()} does not exist')
        if doc != f'&struct {name.lower()}':
            raise Error(f'{name}: its comment must be "&struct {name.lower()}"')
        result.append((short, value, name.lower(), structs[name.lower()]))
    if requests:
        raise Error(f'{", ".join(requests)}: no number in enum drm_npu_ioctl_id')
    return result


# ------------------------------------------------------------------------------------ Markdown --


def inline(text):
    """Kernel-doc's references as Markdown."""
    text = re.sub(r'&struct (\w+)', r'[`struct \1`](#struct-\1)', text)
    text = re.sub(r'(?<![`\w])enum (drm_npu_\w+)', r'[`enum \1`](#enum-\1)', text)
    text = re.sub(r'%(\w+)', r'`\1`', text)
    text = re.sub(r'(?<![\w`])@(\w+)', r'`\1`', text)
    return text


def table_rows(lines):
    """A simple table of reStructuredText, two columns."""
    width = len(lines[0].split()[0]) + 1
    rows = [line for line in lines if not line.startswith('=')]
    out = []
    for i, row in enumerate(rows):
        out.append(f'| {row[:width].strip()} | {inline(row[width:].strip())} |')
        if i == 0:
            out.append('|---|---|')
    return out


def paragraphs(lines):
    out, table = [], []
    for line in lines:
        if line.startswith('==') or (table and line):
            table.append(line)
            continue
        if table:
            out += table_rows(table)
            table = []
        out.append(inline(line))
    if table:
        out += table_rows(table)
    return out


def anchor(kind, name):
    return f'<a id="{kind}-{name}"></a>'


def describe(entity):
    out = []
    if entity.kind == 'DOC':
        return [f'## {entity.name}'] + paragraphs(entity.body) + ['']
    heading = f'`{entity.kind} {entity.name}`' if entity.kind != 'define' else f'`{entity.name}`'
    purpose = entity.purpose.rstrip('.').replace('&struct ', '')
    out += [anchor(entity.kind, entity.name), '', f'### {heading} - {purpose}', '']
    body = paragraphs(entity.body)
    while body and not body[0]:
        body.pop(0)
    if body:
        out += body + ['']
    if entity.kind == 'enum':
        out += ['| Name | Value | Meaning |', '|---|---|---|']
        out += [f'| `{n}` | {v} | {inline(d)} |' for n, v, d in entity.members]
    elif entity.kind == 'struct':
        out += ['| Member | Type | Meaning |', '|---|---|---|']
        for name, type_name, length, doc in entity.members:
            suffix = f'[{length}]' if length else ''
            out.append(f'| `{name}` | `{type_name}{suffix}` | {inline(doc)} |')
    else:
        for name, doc in entity.params.items():
            out.append(f'* `{name}`: {inline(doc)}')
        value = entity.members[0][1]
        if value and not entity.params:
            out.append(f'`{value}`')
    return out + ['']


def markdown(entities, ioctls):
    out = [
        '<!-- SPDX-License-Identifier: MIT -->',
        '<!-- Copyright © 2026 The NPU stack authors -->',
        '<!-- Generated from include/uapi/drm/npu_accel.h by src/winsys/npu/npu_uapi_doc.py: do not edit. -->',
        '',
        '# The uAPI of the accelerator',
        '',
        'The interface between user space and the driver of the NPU, as the header',
        '`include/uapi/drm/npu_accel.h` documents it. Beside these ioctls the device answers the generic ones',
        'of DRM: `VERSION`, `GET_CAP`, `GEM_CLOSE`, `PRIME_HANDLE_TO_FD`, `PRIME_FD_TO_HANDLE` and',
        '`SYNCOBJ_*`. The test plan in `tests/winsys/plan_*.c` holds every transport to what stands here.',
        '',
        '## Ioctls',
        '',
        '| Request | Number | Argument | Bytes |',
        '|---|---|---|---|',
    ]
    for name, value, struct, size in ioctls:
        out.append(f'| `DRM_IOCTL_{name}` | 0x{0x40 + value:02x} | [`struct {struct}`](#struct-{struct}) | {size} |')
    out.append('')
    docs = [e for e in entities if e.kind == 'DOC']
    rest = [e for e in entities if e.kind != 'DOC' and e.name != 'drm_npu_ioctl_id']
    for entity in docs:
        out += describe(entity)
    out += ['## Constants and structures', '']
    for entity in rest:
        out += describe(entity)
    return '\n'.join(out).rstrip() + '\n'


def main():
    parser = argparse.ArgumentParser(description='Make docs/uapi.md from the uAPI header.')
    parser.add_argument('header', help='include/uapi/drm/npu_accel.h')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--output', metavar='FILE', help='write the document (default: standard output)')
    group.add_argument('--check', metavar='FILE', help='fail if FILE differs from the document')
    group.add_argument('--asserts', action='store_true',
                       help='print C that asserts the layout this script computed')
    options = parser.parse_args()

    with open(options.header, encoding='utf-8') as file:
        text = file.read()
    try:
        entities, structs = parse(text)
        document = markdown(entities, check_ioctls(text, entities, structs))
    except Error as error:
        sys.exit(f'{options.header}: {error}')

    if options.asserts:
        print('#include <stddef.h>')
        for name, size in structs.items():
            print(f'_Static_assert(sizeof(struct {name}) == {size}, "{name}");')
        for entity in entities:
            for name, offset in entity.offsets.items():
                print(f'_Static_assert(offsetof(struct {entity.name}, {name}) == {offset}, "{name}");')
    elif options.check:
        with open(options.check, encoding='utf-8') as file:
            if file.read() != document:
                sys.exit(f'{options.check} is not what {options.header} says: run {sys.argv[0]} '
                         f'{options.header} --output {options.check}')
    elif options.output:
        with open(options.output, 'w', encoding='utf-8') as file:
            file.write(document)
    else:
        sys.stdout.write(document)


if __name__ == '__main__':
    main()
