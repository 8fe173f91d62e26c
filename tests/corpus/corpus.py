#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""The compiler's statistics over a fixed corpus: the kernels of bench/, examples/ and kernels/ here, compiled for any
launch ("any"), for one-dimensional work-groups ("row") and for those that are 16 wide ("tile").

    corpus.py NPU_COMPILE             compares with table.txt, prints TAP
    corpus.py NPU_COMPILE --update    writes table.txt and prints what changed

table.txt is checked in, so that a change of the compiler shows what it does to real kernels, better or worse;
the commit that changes it says why. The numbers are those of the code alone and the same on every machine.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
TABLE = HERE / 'table.txt'
COLUMNS = ['kernel', 'for', 'instrs', 'weight', 'bytes', 'V', 'S', 'M', 'spills', 'fills',
           'g.uni', 'g.unit', 'g.str', 'g.gath', 'l.uni', 'l.unit', 'l.str', 'l.gath', 'priv', 'atom']
OPTIONS = {'any': [], 'row': ['--row', '--few-groups'], 'tile': ['--width=16', '--few-groups']}
HEADER = """# Made by tests/corpus/corpus.py: numbers of the compiler over the kernels of bench/, examples/ and kernels/.
# weight: instructions times 8 for every loop they are in. V, S, M: registers. g, l: accesses to global and
# local memory by form (uniform, unit stride, strided, gather). priv: private memory. atom: atomics.
"""


def compile_file(npu_compile, path, variant):
    options = OPTIONS[variant]
    done = subprocess.run([npu_compile, '--stage=table', *options, str(path)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f'{path}: {done.stderr}')
    return [line.split(' ') for line in done.stdout.splitlines()]


def make_table(npu_compile):
    rows = []
    for directory in ('bench/kernels', 'examples', 'tests/corpus/kernels'):
        for path in sorted((TOP / directory).glob('*.cl')):
            for variant in OPTIONS:
                for name, *numbers in compile_file(npu_compile, path, variant):
                    rows.append([f'{directory.split("/")[0]}/{path.stem}:{name}', variant, *numbers])
    rows.sort()
    return rows


def text_of(rows):
    widths = [max(len(row[i]) for row in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
    lines = [' '.join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths)))
             for row in [COLUMNS, *rows]]
    return HEADER + '\n'.join(lines) + '\n'


def read_table():
    if not TABLE.exists():
        return {}
    lines = [line.split() for line in TABLE.read_text().splitlines() if not line.startswith('#')]
    return {(r[0], r[1]): r[2:] for r in lines[1:]}


def differences(rows):
    """One line per kernel whose numbers are not those of the table."""
    old = read_table()
    for name, variant, *numbers in rows:
        was = old.pop((name, variant), None)
        if was is None:
            yield f'{name} {variant}: new'
        elif was != numbers:
            changes = [f'{c} {a} -> {b}' for c, a, b in zip(COLUMNS[2:], was, numbers) if a != b]
            yield f'{name} {variant}: {", ".join(changes)}'
    for name, variant in old:
        yield f'{name} {variant}: gone'


def total(table, column):
    i = COLUMNS.index(column) - 2
    return sum(int(numbers[i]) for numbers in table.values())


def main():
    npu_compile = sys.argv[1]
    rows = make_table(npu_compile)
    changed = list(differences(rows))
    if sys.argv[2:] == ['--update']:
        old = read_table()
        TABLE.write_text(text_of(rows))
        new = read_table()
        print('\n'.join(changed))
        for column in ('instrs', 'weight', 'bytes', 'spills', 'fills', 'g.gath', 'l.gath', 'priv'):
            print(f'{column}: {total(old, column) if old else "-"} -> {total(new, column)}')
        return 0
    print('1..1')
    if not changed:
        print('ok 1 - the table is up to date')
        return 0
    print('not ok 1 - the table is up to date')
    for line in changed:
        print(f'# {line}')
    print('# if that is what the change is for: tests/corpus/corpus.py build/npu/src/tools/npu-compile --update')
    return 1


if __name__ == '__main__':
    sys.exit(main())
