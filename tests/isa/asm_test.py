# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Tests of npu-asm and npu-disasm. Usage: asm_test.py NPU-ASM NPU-DISASM [--update]

cases.txt     text and the words it must become, and back: pins the encoding
negative.txt  what is refused, with every message
and the command lines of the two tools. Output is TAP. --update rewrites the expectations of negative.txt from what
the assembler says; read the difference before committing it.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = re.compile(r'^   (\d+:\d+: .*)$')


class Tap:
    def __init__(self):
        self.cases = 0
        self.failed = 0

    def case(self, name, problems):
        self.cases += 1
        for problem in problems:
            for line in str(problem).splitlines():
                print(f'# {line}')
        self.failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {self.cases} - {name}', flush=True)

    def done(self):
        print(f'1..{self.cases}')
        return 1 if self.failed else 0


def run(command, data=b''):
    return subprocess.run(command, input=data, capture_output=True, timeout=20)


def read_cases(path):
    """Blocks of lines between empty lines, without comments at the top."""
    block = []
    with open(path, encoding='utf-8') as f:
        lines = f.read().split('\n')
    while lines and lines[0].startswith('#'):
        lines.pop(0)
    for line in lines + ['']:
        if line:
            block.append(line)
        elif block:
            yield block
            block = []


def errors_of(asm, text):
    result = run([asm, '--check'], text.encode())
    return result.returncode, [line.split(':', 1)[1] for line in result.stderr.decode().splitlines()]


def test_negative(tap, asm):
    for block in read_cases(os.path.join(HERE, 'negative.txt')):
        text = '\n'.join('' if line == '~' else line for line in block if not EXPECTED.match(line))
        expected = [EXPECTED.match(line).group(1) for line in block if EXPECTED.match(line)]
        status, got = errors_of(asm, text)
        problems = []
        if status != 1:
            problems.append(f'exit status {status}')
        if got != expected or not expected:
            problems += ['expected:'] + expected + ['got:'] + got
        tap.case('refused: ' + text.replace('\n', ' | ').replace('#', '\\#'), problems)


def update_negative(asm):
    path = os.path.join(HERE, 'negative.txt')
    with open(path, encoding='utf-8') as f:
        header = [line for line in f.read().split('\n\n')[0].split('\n') if line.startswith('#')]
    out = header[:]
    for block in read_cases(path):
        text = [line for line in block if not EXPECTED.match(line)]
        _, got = errors_of(asm, '\n'.join('' if line == '~' else line for line in text))
        out += [''] + text + [f'   {line}' for line in got]
    with open(path, 'w', encoding='utf-8') as f:
        f.write('\n'.join(out) + '\n')


def test_encodings(tap, asm, disasm):
    """Each line of cases.txt: one or two words in hexadecimal, a bar, the text."""
    for block in read_cases(os.path.join(HERE, 'cases.txt')):
        for line in block:
            words, _, text = line.partition('|')
            text = text.strip()
            problems = []
            got = run([asm, '--hex'], text.encode())
            if got.stdout.decode().split() != words.split():
                problems.append(f'expected {words.split()}, got {got.stdout.decode().split()} {got.stderr.decode()}')
            code = b''.join(struct.pack('<Q', int(word, 16)) for word in words.split())
            back = run([disasm], code)
            if back.stdout.decode().strip() != text:
                problems.append(f'disassembles to {back.stdout.decode().strip()}')
            tap.case(f'encoding: {text}', problems)


def expect(problems, what, result, status, stdout=None, stderr=None):
    if result.returncode != status:
        problems.append(f'{what}: exit status {result.returncode}, not {status}')
    if stdout is not None and result.stdout != stdout:
        problems.append(f'{what}: prints {result.stdout!r}')
    if stderr is not None and result.stderr.decode() != stderr:
        problems.append(f'{what}: says {result.stderr.decode()!r}')


def test_npu_asm(tap, asm):
    problems = []
    for option in ('--help', '-h'):
        result = run([asm, option])
        expect(problems, option, result, 0, stderr='')
        if not result.stdout.startswith(b'usage: npu-asm ') or b'\x1b' in result.stdout:
            problems.append(f'{option}: no usage text')
    tap.case('npu-asm --help', problems)

    problems = []
    with tempfile.TemporaryDirectory() as directory:
        source, code = os.path.join(directory, 'a.s'), os.path.join(directory, 'a.bin')
        with open(source, 'w', encoding='utf-8') as f:
            f.write('end\n')
        expect(problems, 'file', run([asm, '-o', code, source]), 0, b'', '')
        with open(code, 'rb') as f:
            if f.read() != struct.pack('<Q', 2):
                problems.append('wrong code in the file')
        expect(problems, 'standard input', run([asm, '-'], b'end\n'), 0, struct.pack('<Q', 2), '')
        expect(problems, 'nothing', run([asm], b'# nothing\n'), 0, b'', '')
        expect(problems, 'error in a file', run([asm, '--check', os.path.join(directory, 'b.s')]), 2, b'',
               f'npu-asm: cannot read {directory}/b.s: No such file or directory\n')
        expect(problems, 'directory', run([asm, directory]), 2, b'',
               f'npu-asm: cannot read {directory}: Is a directory\n')
        expect(problems, 'output', run([asm, '-o', os.path.join(directory, 'x', 'y'), source]), 2, b'',
               f'npu-asm: cannot write {directory}/x/y: No such file or directory\n')
        expect(problems, 'two files', run([asm, source, source]), 2, b'',
               'npu-asm: more than one file\nTry "npu-asm --help".\n')
        expect(problems, 'full disk', subprocess.run([asm, '-o', '/dev/full', source], capture_output=True, timeout=20), 2,
               b'', 'npu-asm: cannot write /dev/full: No space left on device\n')
    tap.case('npu-asm: files and exit status', problems)

    problems = []
    result = run([asm, '--check'], b'bad\n' * 250)
    if len(result.stderr.splitlines()) != 100 or result.returncode != 1:
        problems.append(f'{len(result.stderr.splitlines())} lines, exit status {result.returncode}')
    expect(problems, 'NUL byte', run([asm], b'end\0end\n'), 2, b'',
           'npu-asm: cannot read standard input: Invalid or incomplete multibyte or wide character\n')
    noise = bytes((i * 7919 + i // 251) % 255 + 1 for i in range(60000))
    if run([asm, '--check'], noise).returncode != 1:
        problems.append('random bytes are not refused')
    tap.case('npu-asm: many errors, NUL bytes, noise', problems)


def test_npu_disasm(tap, disasm):
    problems = []
    result = run([disasm, '--help'])
    expect(problems, '--help', result, 0, stderr='')
    if not result.stdout.startswith(b'usage: npu-disasm ') or b'\x1b' in result.stdout:
        problems.append('no usage text')
    tap.case('npu-disasm --help', problems)

    problems = []
    end, bad = struct.pack('<Q', 2), b'\xff' * 8
    expect(problems, 'code', run([disasm], end), 0, b'   end\n', '')
    expect(problems, 'options', run([disasm, '-a', '-w'], end), 0,
           b'/* 00000 */   end                                                      # 0000000000000002\n', '')
    expect(problems, 'bad word', run([disasm], bad + end), 1, b'   .word 0xffffffffffffffff   # unknown opcode\n   end\n',
           'npu-disasm: standard input: 1 of 2 words are no instructions\n')
    expect(problems, 'literal missing', run([disasm], bytes.fromhex('2408f01f00000000')), 1,
           b'   .word 0x000000001ff00824   # truncated instruction\n',
           'npu-disasm: standard input: 1 of 1 words are no instructions\n')
    expect(problems, 'reserved bits', run([disasm], struct.pack('<Q', 2 | 1 << 63)), 1,
           b'   .word 0x8000000000000002   # reserved bits are not zero\n', None)
    expect(problems, 'operands', run([disasm], struct.pack('<Q', 64 | 209 << 12)), 1,
           b'   .word 0x00000000000d1040   # illegal operands\n', None)
    expect(problems, 'odd size', run([disasm], end + b'abc'), 2, b'',
           'npu-disasm: standard input ends within a word (11 bytes)\n')
    expect(problems, 'empty', run([disasm]), 2, b'', 'npu-disasm: standard input is empty\n')
    expect(problems, 'no file', run([disasm, '/nonexistent']), 2, b'',
           'npu-disasm: cannot read /nonexistent: No such file or directory\n')
    expect(problems, 'two files', run([disasm, 'a', 'b']), 2, b'',
           'npu-disasm: more than one file\nTry "npu-disasm --help".\n')
    tap.case('npu-disasm: output and exit status', problems)


def main():
    asm, disasm = sys.argv[1:3]
    if '--update' in sys.argv[3:]:
        update_negative(asm)
        return 0
    tap = Tap()
    test_encodings(tap, asm, disasm)
    test_negative(tap, asm)
    test_npu_asm(tap, asm)
    test_npu_disasm(tap, disasm)
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
