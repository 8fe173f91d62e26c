# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""What to run: the CTS's own .csv lists, opened up into sub-tests by asking each binary for its list.

A line of such a list is "name, binary arguments" or "device type, name, binary arguments". Arguments that are
patterns of sub-test names (as "full*") choose; all others are handed on in front of the sub-test's name.
"""

import fnmatch
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from expectations import BadInput


@dataclass
class Test:
    """One sub-test of a binary with the arguments of its line."""

    binary: Path
    args: list
    subtest: str
    wimpy: bool = False
    env: list = field(default_factory=list)

    @property
    def name(self):
        return ' '.join([self.binary.name.removeprefix('test_')] + self.args) + ' : ' + self.subtest


# Modes that the frontend has no extension for: their binaries are still run, and skip by themselves.
DEVICE_TYPES = re.compile(r'CL_DEVICE_TYPE_\w+')


def find_list(args):
    """The path of the list that --list names."""
    if args.list.endswith('.csv'):
        return Path(args.list)
    wanted = 'full_spirv' if args.mode == 'spir-v' and args.list == 'full' else args.list
    for folder in (args.cts / 'test_conformance', args.cts):
        path = folder / f'opencl_conformance_tests_{wanted}.csv'
        if path.exists():
            return path
    raise BadInput(f'no list "{args.list}" in {args.cts}: give the path of a .csv file')


def read_lines(path):
    """Yields (binary, arguments) of every line that this device type has to run."""
    for line in path.read_text(encoding='utf-8').splitlines():
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        parts = [part.strip() for part in line.split(',')]
        if DEVICE_TYPES.fullmatch(parts[0]):
            if parts[0] not in ('CL_DEVICE_TYPE_ACCELERATOR', 'CL_DEVICE_TYPE_ALL'):
                continue
            parts.pop(0)
        if len(parts) != 2 or not parts[1]:
            raise BadInput(f'{path}: cannot read "{line}"')
        words = parts[1].split()
        yield words[0], words[1:]


def list_subtests(binary, top):
    done = subprocess.run(
        [top / 'tools/npu-env', binary, '--list'],
        capture_output=True, text=True, cwd=binary.parent, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )
    names = [line.strip() for line in done.stdout.splitlines() if re.fullmatch(r'\t\s*\S+', line)]
    if not names:
        raise BadInput(f'"{binary} --list" lists no sub-test:\n{done.stdout}{done.stderr}')
    return sorted(set(names))


def split_arguments(words, names):
    """Divides the arguments of a line into those to hand on and the sub-tests they choose."""
    rest, chosen, skip = [], [], False
    for index, word in enumerate(words):
        if skip:
            skip = False
        elif word.startswith('--compilation') or word == '--spirv-binaries-path':
            skip = True
            if word == '--spirv-binaries-path':
                rest += words[index : index + 2]
        elif word == 'all':
            chosen += names
        elif fnmatch.filter(names, word):
            chosen += fnmatch.filter(names, word)
        else:
            rest.append(word)
    return rest, chosen or names


def read_tests(args, top):
    """Every sub-test of the list that --only keeps, in the order of the list."""
    tests, cache = [], {}
    for program, words in read_lines(find_list(args)):
        binary = (args.cts / 'test_conformance' / program).absolute()
        if not binary.exists():
            continue
        if binary not in cache:
            cache[binary] = list_subtests(binary, top)
        rest, chosen = split_arguments(words, cache[binary])
        if args.wimpy and '-w' not in rest:
            rest.append('-w')
        for subtest in chosen:
            tests.append(Test(binary, rest, subtest, wimpy='-w' in rest))
    if not tests:
        raise BadInput(f'{args.cts}: none of the binaries of the list is there')
    kept = [t for t in tests if not args.only or any(re.search(p, t.name) for p in args.only)]
    if not kept:
        raise BadInput('no sub-test matches --only')
    return kept
