# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Parser and checker of npu.xml, the one table of the instruction set.

`load(path)` gives an Isa: formats (bitsets of Mesa's isaspec vocabulary, with inheritance resolved), enums,
types, latency classes, special registers, and the list of operations with every family expanded. All
generators work on it and do no checks of their own: a table with a mistake is refused here, with a message
that names the element (class IsaError). Rules:

 * every bit of a format's 64 is owned by exactly one field or pattern; fields lie within the word;
 * names of operations, opcodes, formats, types, special registers are unique; opcodes lie outside the
   reserved ranges; so no word matches two operations;
 * an operation has a format, a latency class, a text (doc) and semantics (sem) for each of its types;
 * its operands match the fields of its format: as many sources as SRC fields, a destination if there is a
   DST field.

Vocabulary beyond isaspec:

 <type name kind bits/>            operand type; kind: int, uint, float, bits, mask, address, desc
 <latency name cycles>text         latency class
 <sr name val file bits>text       special register
 <reserved low high>text           opcodes nobody may take
 <chapter name>markdown            prose of the manual;  <section name/> heading for the operations after it
 <op name opcode types from for format latency sig flags>
    one family. Operation i of `types` has opcode + i; with `from` (source types of a conversion) each type has
    one opcode for each source type, and that of the same type stays unassigned; with `for` (a list of
    NAME or NAME:IDENTITY that replace $OP and $ID) each item has as many opcodes as there are types.
 <doc>text</doc>  <display>template</display>  <sem kind types from>C</sem>    see the comment before the operations in npu.xml
"""

import re
import sys
import textwrap
from xml.etree import ElementTree

WORD_BITS = 64
OPCODE_BITS = 10
SOURCE_FIELDS = ('SRC0', 'SRC1', 'SRC2', 'SRC3')
FILES = {'v': 'V', 's': 'S', 'm': 'M', 'i': 'IMM'}
KINDS = ('int', 'uint', 'float', 'bits', 'mask', 'address', 'desc')
SEM_KINDS = ('lane', 'mask', 'wave', 'rmw', 'pseudo')
FLAGS = ('commutative', 'compare', 'reads_exec', 'cross_lane', 'branch', 'ends', 'load', 'store', 'atomic',
         'side_effects', 'fence', 'dma', 'special', 'unmasked')


class IsaError(Exception):
    """A mistake in the table."""


def _text(element):
    return ' '.join((element.text or '').split())


def _required(element, name, what):
    value = element.get(name)
    if value is None:
        raise IsaError(f'{what}: attribute "{name}" is missing')
    return value


def _number(element, name, what):
    value = _required(element, name, what)
    try:
        return int(value, 0)
    except ValueError:
        raise IsaError(f'{what}: attribute "{name}" is not a number: "{value}"') from None


class Type:
    """An operand type. `signed` and `unsigned` are C integer types of the same width."""

    def __init__(self, name, kind, bits):
        self.name = name
        self.kind = kind
        self.bits = bits
        self.enum = f'NPU_TYPE_{name.upper()}'

    @property
    def signed(self):
        return f'int{self.bits}_t'

    @property
    def unsigned(self):
        return f'uint{self.bits}_t'

    @property
    def floating(self):
        return 'double' if self.bits == 64 else 'float'


class Field:
    """A field of a format: bits low..high."""

    def __init__(self, name, low, high, type_, display):
        self.name = name
        self.low = low
        self.high = high
        self.type = type_
        self.display = display

    @property
    def bits(self):
        return self.high - self.low + 1

    @property
    def mask(self):
        return ((1 << self.bits) - 1) << self.low


class Format:
    """An instruction format: all 64 bits, with those of its parents. `patterns`: (low, high, value) of constant bits."""

    def __init__(self, name, doc, display, fields, patterns):
        self.name = name
        self.doc = doc
        self.display = display
        self.fields = fields
        self.patterns = patterns
        self.match = sum(value << low for low, _, value in patterns)
        self.pattern_mask = sum(((1 << (high - low + 1)) - 1) << low for low, high, _ in patterns)
        self.enum = 'NPU_FORMAT_' + name.lstrip('#').upper().replace('-', '_')

    def has(self, field):
        return field in self.fields

    @property
    def group(self):
        """First word of the name: alu, cvt, mem, atom, ..."""
        return self.name.lstrip('#').split('-')[0]

    @property
    def float_mods(self):
        """Bit i set: source i has neg and abs."""
        return sum(1 << i for i in range(4) if f'NEG{i}' in self.fields)


class Operand:
    """An operand of an operation.

    field   encoding field: DST, SRC0 ..
    var     its name in the semantics: d, a, b, c
    type    a Type, or None for data whose width is in the instruction
    token   how the signature named the type (T, S, U, E, E2, B, data or a type's name)
    files   set of letters v s m i
    """

    def __init__(self, field, var, type_, token, files):
        self.field = field
        self.var = var
        self.type = type_
        self.token = token
        self.files = files

    @property
    def bits(self):
        return self.type.bits if self.type else 0

    @property
    def kind(self):
        if self.type is None:
            return 'data'
        if self.type.kind == 'int' and self.token == 'U':
            return 'uint'
        return self.type.kind

    @property
    def files_c(self):
        return ' | '.join(f'NPU_FILES_{FILES[f]}' for f in 'vsmi' if f in self.files) or '0'

    @property
    def ctype(self):
        """C type of the variable in lane semantics."""
        kind, bits = self.type.kind, self.bits
        if kind == 'mask':
            return 'bool'
        if kind == 'float':
            return 'uint16_t' if self.token == 'B' else self.type.floating
        if kind == 'int' and self.token not in ('T', 'U'):
            return f'int{bits}_t'
        return f'uint{bits}_t'


class Op:
    """One operation with one opcode.

    name        text, "iadd.i32"
    base        first part of the name, "iadd"
    suffixes    the parts after it
    type, type2 own type and, for conversions, source type (Type or None)
    opcode      number
    format      Format
    dst         Operand or None (no destination)
    data        Operand in the DST field that is read (stores) or None
    srcs        list of Operand or None (fixed field), index = number of the SRC field
    flags       set of FLAGS
    latency     name of a latency class
    display     template of the text, the format's unless the operation has its own
    doc, section  prose
    element     the op element, shared by the operations of a family
    sem, sem_kind C text with all $ tokens replaced; one of SEM_KINDS
    """

    def __init__(self, **kw):
        self.__dict__.update(kw)
        self.enum = 'NPU_OP_' + self.name.upper().replace('.', '_')
        self.base_enum = f'NPU_ALU_{self.base.upper()}'
        self.cname = self.name.replace('.', '_')

    @property
    def has_dst(self):
        return self.dst is not None

    @property
    def num_srcs(self):
        return len(self.srcs)

    @property
    def has_round(self):
        return self.format.has('ROUND')

    @property
    def has_sat(self):
        return self.format.has('SAT')

    @property
    def float_mods(self):
        return self.format.float_mods

    @property
    def is_pure(self):
        """Result depends on the sources only: foldable, removable, shareable."""
        return self.sem_kind in ('lane', 'mask')

    @property
    def scalar_form(self):
        """The operation exists with an s destination and uniform sources."""
        return self.sem_kind == 'lane' and 's' in self.dst.files

    @property
    def maskable(self):
        return self.has_dst and bool(self.dst.files & {'v', 'm'}) and 'unmasked' not in self.flags


class Isa:
    """The whole table."""

    def __init__(self, root):
        self.root = root
        self.version = int(root.get('version', '1'))
        self.chapters = {c.get('name'): textwrap.dedent(c.text or '').strip() for c in root.findall('chapter')}
        self.enums = self._parse_enums()
        self.types = self._parse_types()
        self.latencies = self._parse_latencies()
        self.special_registers = self._parse_special_registers()
        self.reserved = self._parse_reserved()
        self.formats = self._parse_formats()
        self.ops = self._parse_ops()
        self.by_name = {op.name: op for op in self.ops}
        self.by_opcode = {op.opcode: op for op in self.ops}
        self.bases = list(dict.fromkeys(op.base for op in self.ops))

    # ------------------------------------------------------------------------------------ small tables

    def _unique(self, table, name, what):
        if name in table:
            raise IsaError(f'{what} "{name}" is defined twice')

    def _parse_enums(self):
        enums = {}
        for element in self.root.findall('enum'):
            name = _required(element, 'name', 'enum')
            self._unique(enums, name, 'enum')
            values = []
            for v in element.findall('value'):
                what = f'value of enum "{name}"'
                values.append((_number(v, 'val', what), _required(v, 'name', what), v.get('display', ''), _text(v)))
            if len({v[0] for v in values}) != len(values):
                raise IsaError(f'enum "{name}" has two values with one number')
            enums[name] = values
        return enums

    def _parse_types(self):
        types = {}
        for element in self.root.findall('type'):
            name = _required(element, 'name', 'type')
            self._unique(types, name, 'type')
            kind = _required(element, 'kind', f'type "{name}"')
            if kind not in KINDS:
                raise IsaError(f'type "{name}": unknown kind "{kind}"')
            types[name] = Type(name, kind, _number(element, 'bits', f'type "{name}"'))
        return types

    def _parse_latencies(self):
        latencies = {}
        for element in self.root.findall('latency'):
            name = _required(element, 'name', 'latency')
            self._unique(latencies, name, 'latency class')
            latencies[name] = (_number(element, 'cycles', f'latency "{name}"'), _text(element))
        return latencies

    def _parse_special_registers(self):
        registers = {}
        for element in self.root.findall('sr'):
            name = _required(element, 'name', 'sr')
            self._unique(registers, name, 'special register')
            val = _number(element, 'val', f'special register "{name}"')
            if val in [r['val'] for r in registers.values()]:
                raise IsaError(f'special register "{name}": number {val} is taken')
            file_ = _required(element, 'file', f'special register "{name}"')
            if file_ not in ('v', 's'):
                raise IsaError(f'special register "{name}": unknown file "{file_}"')
            registers[name] = {'val': val, 'file': file_, 'text': _text(element),
                               'bits': _number(element, 'bits', f'special register "{name}"')}
        return registers

    def _parse_reserved(self):
        return [(_number(e, 'low', 'reserved'), _number(e, 'high', 'reserved'), _text(e))
                for e in self.root.findall('reserved')]

    # ------------------------------------------------------------------------------------ formats

    def _parse_range(self, element, what):
        if element.get('pos') is not None:
            low = high = _number(element, 'pos', what)
        else:
            low, high = _number(element, 'low', what), _number(element, 'high', what)
        if low > high:
            raise IsaError(f'{what}: low {low} is above high {high}')
        if low < 0 or high >= WORD_BITS:
            raise IsaError(f'{what}: bits {low}..{high} exceed the {WORD_BITS}-bit word')
        return low, high

    def _parse_formats(self):
        elements, parents = {}, set()
        for element in self.root.findall('bitset'):
            name = _required(element, 'name', 'bitset')
            self._unique(elements, name, 'format')
            elements[name] = element
            if element.get('extends'):
                parents.add(element.get('extends'))
        for name, element in elements.items():
            if element.get('extends') not in (None, *elements):
                raise IsaError(f'format "{name}" extends "{element.get("extends")}", which does not exist')
        formats = {}
        for name, element in elements.items():
            if name in parents:
                continue
            formats[name] = self._resolve_format(name, elements)
        return formats

    def _resolve_format(self, name, elements):
        chain, at = [], name
        while at is not None:
            if at in chain:
                raise IsaError(f'format "{name}" extends itself')
            chain.append(at)
            at = elements[at].get('extends')
        fields, owner, patterns = {}, [None] * WORD_BITS, []
        doc = display = ''

        def own(low, high, who):
            for bit in range(low, high + 1):
                if owner[bit] is not None:
                    raise IsaError(f'format "{name}": bit {bit} is owned by {owner[bit]} and {who}')
                owner[bit] = who

        for part in reversed(chain):
            element = elements[part]
            for child in element.findall('field'):
                field_name = _required(child, 'name', f'field of format "{name}"')
                what = f'format "{name}", field {field_name}'
                low, high = self._parse_range(child, what)
                if field_name in fields:
                    raise IsaError(f'{what}: defined twice')
                type_ = _required(child, 'type', what)
                if type_.startswith('#') and type_ not in self.enums and type_ not in ('#dst', '#src', '#sr'):
                    raise IsaError(f'{what}: unknown type "{type_}"')
                own(low, high, f'field {field_name}')
                fields[field_name] = Field(field_name, low, high, type_, child.get('display', ''))
            for child in element.findall('pattern'):
                low, high = self._parse_range(child, f'format "{name}", pattern')
                bits = (child.text or '').strip()
                if len(bits) != high - low + 1 or set(bits) - {'0', '1'}:
                    raise IsaError(f'format "{name}", pattern {low}..{high}: not {high - low + 1} digits 0 or 1')
                own(low, high, f'pattern {low}..{high}')
                patterns.append((low, high, int(bits, 2)))
            if element.find('doc') is not None:
                doc = _text(element.find('doc'))
            if element.find('display') is not None:
                display = _text(element.find('display'))
        unowned = [bit for bit in range(WORD_BITS) if owner[bit] is None]
        if unowned:
            raise IsaError(f'format "{name}": bits {", ".join(map(str, unowned))} are not owned by a field or pattern')
        if 'OPCODE' not in fields or (fields['OPCODE'].low, fields['OPCODE'].high) != (0, OPCODE_BITS - 1):
            raise IsaError(f'format "{name}": no field OPCODE in bits 0..{OPCODE_BITS - 1}')
        for reference in re.findall(r'\{(\w+)\}', display):
            if reference != 'NAME' and reference not in fields:
                raise IsaError(f'format "{name}": the display names {{{reference}}}, which is not a field')
        if not display:
            raise IsaError(f'format "{name}" has no display')
        if not doc:
            raise IsaError(f'format "{name}" has no text')
        return Format(name, doc, display, fields, patterns)

    # ------------------------------------------------------------------------------------ operations

    def _parse_ops(self):
        ops, section = [], ''
        for element in self.root:
            if element.tag == 'section':
                section = _required(element, 'name', 'section')
            elif element.tag == 'op':
                ops.extend(self._expand(element, section))
        self._check_ops(ops)
        return sorted(ops, key=lambda op: op.opcode)

    def _check_ops(self, ops):
        names, enums, opcodes = {}, {}, {}
        for op in ops:
            if op.name in names:
                raise IsaError(f'operation "{op.name}" is defined twice')
            if op.enum in enums:
                raise IsaError(f'operations "{op.name}" and "{enums[op.enum].name}" have the same C name')
            if op.opcode in opcodes:
                raise IsaError(f'operations "{opcodes[op.opcode].name}" and "{op.name}" overlap: '
                               f'both have opcode {op.opcode}')
            if not 0 <= op.opcode < 1 << OPCODE_BITS:
                raise IsaError(f'operation "{op.name}": opcode {op.opcode} exceeds the {OPCODE_BITS}-bit field')
            for low, high, text in self.reserved:
                if low <= op.opcode <= high:
                    raise IsaError(f'operation "{op.name}": opcode {op.opcode} is reserved ({text})')
            names[op.name] = enums[op.enum] = opcodes[op.opcode] = op

    def _expand(self, element, section):
        family = _required(element, 'name', 'op')
        what = f'operation "{family}"'
        base_opcode = _number(element, 'opcode', what)
        type_names = (element.get('types') or '').split() or [None]
        from_names = (element.get('from') or '').split() or [None]
        items = (element.get('for') or '').split() or [None]
        number = 0
        for item in items:
            loop_op, _, identity = (item or '').partition(':')
            for type_name in type_names:
                for from_name in from_names:
                    opcode = base_opcode + number
                    number += 1
                    if type_name is not None and type_name == from_name:
                        continue
                    base = family.replace('$OP', loop_op)
                    yield self._make_op(element, section, base, opcode, type_name, from_name, loop_op, identity)

    def _make_op(self, element, section, base, opcode, type_name, from_name, loop_op, identity):
        suffixes = [s for s in (type_name, from_name) if s is not None]
        name = '.'.join([base] + suffixes)
        what = f'operation "{name}"'
        type_ = self.types.get(type_name)
        type2 = self.types.get(from_name)
        if from_name is not None and (type_ is None or type2 is None):
            raise IsaError(f'{what}: unknown type')
        format_name = _required(element, 'format', what)
        if format_name not in self.formats:
            raise IsaError(f'{what}: unknown format "{format_name}"')
        format_ = self.formats[format_name]
        latency = element.get('latency')
        if latency is None:
            raise IsaError(f'{what} has no latency class')
        if latency not in self.latencies:
            raise IsaError(f'{what}: unknown latency class "{latency}"')
        flags = set((element.get('flags') or '').split())
        for flag in sorted(flags - set(FLAGS)):
            raise IsaError(f'{what}: unknown flag "{flag}"')
        doc_element = element.find('doc')
        if doc_element is None or not _text(doc_element):
            raise IsaError(f'{what} has no text')
        tokens = self._tokens(type_name, type_, type2, loop_op, identity)
        sem, sem_kind = self._semantics(element, what, type_name, from_name, tokens)
        dst, data, srcs = self._signature(element, what, type_, type2, format_)
        return Op(name=name, base=base, suffixes=suffixes, type=type_, type2=type2, opcode=opcode, format=format_,
                  dst=dst, data=data, srcs=srcs, flags=flags, latency=latency, section=section,
                  doc=self._replace(_text(doc_element), tokens), sem=sem, sem_kind=sem_kind,
                  display=self._op_display(element, what, format_),
                  element=element)

    def _op_display(self, element, what, format_):
        display = element.find('display')
        if display is None:
            return format_.display
        text = _text(display)
        for reference in re.findall(r'\{(\w+)\}', text):
            if reference != 'NAME' and reference not in format_.fields:
                raise IsaError(f'{what}: the display names {{{reference}}}, which is not a field')
        return text

    def _tokens(self, type_name, type_, type2, loop_op, identity):
        tokens = {'$OP': loop_op, '$T': type_name or ''}
        for suffix, t in (('', type_), ('2', type2)):
            if t is None:
                continue
            tokens['$T' + suffix] = t.name
            tokens['$N' + suffix] = str(t.bits)
            tokens['$S' + suffix] = t.signed
            tokens['$U' + suffix] = t.unsigned
            tokens['$F' + suffix] = t.floating
            tokens['$C' + suffix] = t.signed if t.kind == 'int' else t.unsigned
            tokens['$K' + suffix] = 'i64' if t.kind == 'int' else 'u64'
            tokens['$W' + suffix] = {8: 'int32_t', 16: 'int32_t', 32: 'int64_t', 64: '__int128'}.get(t.bits, '')
            tokens['$UW' + suffix] = {8: 'uint32_t', 16: 'uint32_t', 32: 'uint64_t',
                                      64: 'unsigned __int128'}.get(t.bits, '')
        # Names of constants such as NPU_F32_ONE are written NPU_$T_ONE.
        if type_ is not None:
            identity = identity.replace('NPU_$T', f'NPU_{type_.name.upper()}')
        tokens['$ID'] = self._replace(identity, {k: v for k, v in tokens.items()})
        return tokens

    @staticmethod
    def _replace(text, tokens):
        for token in sorted(tokens, key=len, reverse=True):
            text = text.replace(token, tokens[token])
        return text

    def _semantics(self, element, what, type_name, from_name, tokens):
        chosen = None
        for sem in element.findall('sem'):
            types, from_ = sem.get('types'), sem.get('from')
            if types is not None and type_name not in types.split():
                continue
            if from_ is not None and from_name not in from_.split():
                continue
            if chosen is None or types is not None or from_ is not None:
                chosen = sem
        if chosen is None or not (chosen.text or '').strip():
            raise IsaError(f'{what} has no semantics')
        kind = chosen.get('kind', 'lane')
        if kind not in SEM_KINDS:
            raise IsaError(f'{what}: unknown kind of semantics "{kind}"')
        text = self._replace(textwrap.dedent(chosen.text.strip('\n').rstrip()).strip(), tokens)
        if '$' in text:
            raise IsaError(f'{what}: unknown token in the semantics: "{text[text.index("$"):][:8]}"')
        return text, kind

    def _operand(self, text, what, field, var, type_, type2, default_files):
        token, _, files = text.partition(':')
        token = token.strip()
        files = set(files.strip() or default_files)
        if token == '-':
            return None
        own = {'T': type_, 'S': type_, 'U': type_, 'E': type_, 'B': type_, 'E2': type2}
        if token in own:
            operand_type = own[token]
        elif token == 'data':
            operand_type = None
        else:
            operand_type = self.types.get(token)
        if operand_type is None and token != 'data':
            raise IsaError(f'{what}: unknown type "{token}" in the signature')
        for file_ in sorted(files - set(FILES)):
            raise IsaError(f'{what}: unknown register file "{file_}" in the signature')
        return Operand(field, var, operand_type, token, files)

    def _signature(self, element, what, type_, type2, format_):
        sig = element.get('sig')
        if sig is None:
            raise IsaError(f'{what} has no signature')
        left, equals, right = sig.partition('=')
        if sig.strip() and not equals:
            raise IsaError(f'{what}: no "=" in the signature')
        left, right = left.strip(), right.strip()
        dst = data = None
        if left.startswith('!'):
            data = self._operand(left[1:], what, 'DST', 'd', type_, type2, 'v')
        elif left:
            dst = self._operand(left, what, 'DST', 'd', type_, type2, 'vs')
        if (dst is not None or data is not None) != format_.has('DST'):
            raise IsaError(f'{what}: the destination does not fit format "{format_.name}"')
        srcs = []
        for i, text in enumerate(right.split(',') if right else []):
            srcs.append(self._operand(text.strip(), what, SOURCE_FIELDS[i], 'abcd'[i], type_, type2, 'vsi'))
        for i, field in enumerate(SOURCE_FIELDS):
            given = i < len(srcs) and srcs[i] is not None
            # The atomics' fourth source is there for compare-and-exchange only; unused it is zero.
            optional = field == 'SRC3'
            if given != format_.has(field) and not (optional and not given):
                raise IsaError(f'{what}: source {i} does not fit format "{format_.name}"')
        return dst, data, srcs


def load(path):
    """Parses and checks the table in the file `path`. Raises IsaError or ElementTree.ParseError."""
    return Isa(ElementTree.parse(path).getroot())


def load_or_exit(path):
    """load() for generators: a mistake ends the program with "path: message"."""
    try:
        return load(path)
    except (IsaError, ElementTree.ParseError) as error:
        sys.exit(f'{path}: {error}')


def loads(text):
    """The same for a table in a string."""
    return Isa(ElementTree.fromstring(text))
