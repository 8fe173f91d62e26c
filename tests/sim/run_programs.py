#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Runs every program in tests/sim/programs on the model: run_programs.py NPU_RUN ISA_DIRECTORY [CONFIGURATION...]

Each program checks itself with its @expect lines; it runs once for each configuration (as in NPU_SIM; none: the
default one). Programs in the subdirectory "errors" must be refused with the message in their second line. The last
case fails if there is an operation that no program executed, other than those that alu_test, memory_test and
atomic_test execute one by one: so a new operation cannot stay without a test. Output: TAP.
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def programs(directory):
    return sorted(name for name in os.listdir(directory) if name.endswith('.npuasm'))


class Tap:
    def __init__(self):
        self.cases = 0
        self.failed = 0

    def case(self, good, text, details=''):
        self.cases += 1
        self.failed += not good
        for line in details.splitlines():
            print(f'# {line}')
        print(f'{"ok" if good else "not ok"} {self.cases} - {text}', flush=True)

    def done(self):
        print(f'1..{self.cases}')
        return 1 if self.failed else 0


def run(command):
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return -1, 'not finished after 60 s'
    return result.returncode, result.stdout + result.stderr


def run_good(tap, npu_run, configurations, coverage):
    directory = os.path.join(HERE, 'programs')
    for name in programs(directory):
        for configuration in configurations:
            command = [npu_run, '--coverage', coverage, '--config', configuration, os.path.join(directory, name)]
            status, output = run(command)
            tap.case(status == 0, name.removesuffix('.npuasm') + (f' ({configuration})' if configuration else ''),
                     '' if status == 0 else f'exit status {status}\n{output}')


def run_wrong(tap, npu_run):
    directory = os.path.join(HERE, 'programs', 'errors')
    for name in programs(directory):
        path = os.path.join(directory, name)
        with open(path, encoding='utf-8') as file:
            file.readline()  # the licence
            wanted = file.readline().lstrip('# ').strip()
        status, output = run([npu_run, path])
        output = output.replace(directory + os.sep, '').strip()
        good = status == 2 and output == wanted
        tap.case(good, f'refused: {name}', '' if good else f'exit status {status}\n{output}\nexpected: {wanted}')


def check_coverage(tap, isa_directory, coverage):
    sys.path.insert(0, isa_directory)
    import npu_isa
    isa = npu_isa.load(os.path.join(isa_directory, 'npu.xml'))
    with open(coverage, encoding='utf-8') as file:
        executed = set(file.read().split())
    elsewhere = {op.name for op in isa.ops if op.is_pure or op.sem_kind in ('wave', 'rmw') or
                 {'load', 'store'} & op.flags}
    missing = [op.name for op in isa.ops if op.name not in executed | elsewhere]
    tap.case(not missing, 'every operation is executed by a test', f'not executed: {" ".join(missing)}' if missing else '')


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    npu_run, isa_directory, configurations = sys.argv[1], sys.argv[2], sys.argv[3:] or ['']
    tap = Tap()
    with tempfile.TemporaryDirectory() as directory:
        coverage = os.path.join(directory, 'coverage')
        run_good(tap, npu_run, configurations, coverage)
        run_wrong(tap, npu_run)
        check_coverage(tap, isa_directory, coverage)
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
