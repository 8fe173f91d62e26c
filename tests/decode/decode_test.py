#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# npu-decode: reports of real core dumps are as expected (dumps/*.txt; --update writes them), and damaged ones
# are told from whole ones.

import os
import subprocess
import sys

if len(sys.argv) < 2 or '--help' in sys.argv:
    sys.exit('usage: decode_test.py NPU-DECODE [--update]')
tool = sys.argv[1]
update = '--update' in sys.argv
dumps = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'dumps')
count = failed = 0


def case(good, name, detail=''):
    global count, failed
    count += 1
    failed += not good
    print(f'{"" if good else "not "}ok {count} - {name}')
    if not good:
        for line in detail.splitlines():
            print(f'# {line}')


def run(*args, text=None):
    result = subprocess.run([tool, *args], input=text, capture_output=True, text=True, errors='replace')
    return result.returncode, result.stdout, result.stderr


for name in sorted(f[:-5] for f in os.listdir(dumps) if f.endswith('.dump')):
    path = os.path.join(dumps, name)
    status, report, errors = run(path + '.dump')
    if update:
        with open(path + '.txt', 'w') as file:
            file.write(report)
    with open(path + '.txt') as file:
        case(status == 0 and not errors and report == file.read(), f'{name}: the report', errors + report)
    status, everything, _ = run('--all', path + '.dump')
    case(status == 0 and len(everything) > len(report), f'{name}: --all says more')

with open(os.path.join(dumps, 'stray.dump')) as file:
    good = file.read()
status, report, errors = run('-', text=good)
with open(os.path.join(dumps, 'stray.txt')) as file:
    case(status == 0 and report == file.read(), 'standard input', errors)

# What is wrong with it, the text, and a line of the report.
DAMAGED = [
    ('cut', good[:len(good) // 2], 'The dump is cut: its last line is missing.'),
    ('a line of nonsense', good.replace('pid:', 'pid'),
     f'1 lines were not understood, the first of them is line {good[:good.index("pid:")].count(chr(10)) + 1}'),
    ('no code', good.replace('[code]', '[kode]'), 'the dump does not have the instruction'),
    ('a wild pc', good.replace('\npc: 0x', '\npc: 0xfff'), 'Kernel      not in the dump, id 3'),
    ('a fault that is not known', good.replace('\ntype: 1\n', '\ntype: 200\n'),
     'Fault       fault of unknown type 200'),
]
for name, text, wanted in DAMAGED:
    status, report, errors = run('-', text=text)
    whole = name in ('no code', 'a wild pc', 'a fault that is not known')
    case(text != good and status == (0 if whole else 1) and wanted in report and not errors,
         f'{name}: "{wanted}"', errors + report)

for name, args, text, wanted in [
        ('an empty file', ['-'], '', 'npu-decode: standard input: this is no core dump of an NPU\n'),
        ('another file', ['-'], '[npu core dumb]\n', 'npu-decode: standard input: this is no core dump of an NPU\n'),
        ('no such file', ['/does/not/exist'], '',
         'npu-decode: cannot read /does/not/exist: No such file or directory\n'),
        ('two files', ['a', 'b'], '', 'npu-decode: more than one file\nTry "npu-decode --help".\n')]:
    status, report, errors = run(*args, text=text)
    case(status == 2 and not report and errors == wanted, f'{name} is refused', errors)
status, report, _ = run('--help')
case(status == 0 and report.startswith('usage: npu-decode '), '--help')
print(f'1..{count}')
sys.exit(failed != 0)
