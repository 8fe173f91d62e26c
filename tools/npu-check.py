# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Run every test of the project and count the cases inside the test programs.

Meson runs the test programs. Those that speak TAP say what each of their cases did, and those cases are
counted here, from the log that Meson leaves; a program that only has an exit status counts as one case.
With --vm, the cases of tools/vm-check are added to them.
A program that failed without a failed case (a crash, a time-out, cases missing from its plan) counts as one
failed case more. The state of the sources (tools/npu-format --check) is one more case.

The last line is "N passed, N failed, N skipped".
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get('NPU_BUILD_DIR', TOP / 'build')) / 'npu'

TAP_CASE = re.compile(r'^(not )?ok\b\s*(\d+)?\s*-?\s*((?:[^#\\]|\\.)*)(?:#\s*(\w+)\S*\s*(.*))?$', re.I)
TAP_BAIL = re.compile(r'^Bail out!\s*(.*)$')
TAP_PLAN = re.compile(r'^1\.\.(\d+)\s*(?:#\s*SKIP\S*\s*(.*))?$', re.I)

COLOUR = sys.stdout.isatty() and 'NO_COLOR' not in os.environ


def paint(code, text):
    return f'\033[{code}m{text}\033[0m' if COLOUR else text


class Outcome:
    """What one test program did."""

    def __init__(self, name, suite):
        self.name = name
        self.suite = suite
        self.passed = 0
        self.failures = []  # one text per failed case
        self.skips = []  # one reason per skipped case


def read_tap(text, outcome):
    """Count the cases of a TAP stream. Returns whether there were any."""
    seen = 0
    planned = None
    for line in text.splitlines():
        if m := TAP_PLAN.match(line):
            planned = int(m[1])
            if planned == 0:
                outcome.skips.append(m[2] or 'no reason given')
                return True
        elif m := TAP_BAIL.match(line):
            outcome.failures.append(f'gave up: {m[1]}')
            return True
        elif m := TAP_CASE.match(line):
            seen += 1
            failed, number, what, directive, why = m.groups()
            what = (what or '').strip() or f'case {number or seen}'
            directive = (directive or '').upper()
            if directive == 'SKIP':
                outcome.skips.append((why or '').strip() or f'{what}: no reason given')
            elif failed and directive != 'TODO':
                outcome.failures.append(what)
            elif directive == 'TODO' and not failed:
                outcome.failures.append(f'{what}: passed, but is expected to fail ({(why or "").strip()})')
            else:
                outcome.passed += 1
    if planned is not None and seen < planned:
        outcome.failures.append(f'{planned - seen} of {planned} planned cases did not run')
    return seen > 0 or planned is not None


def read_log(path):
    outcomes = []
    for line in path.read_text(errors='replace').splitlines():
        test = json.loads(line)
        # "suite+suite - project:name", or "project:name" outside any suite
        suite, _, name = test['name'].rpartition(' - ')
        outcome = Outcome(name.removeprefix('npu:'), suite.split('+')[0])
        result = test['result']
        is_tap = read_tap(test.get('stdout') or '', outcome)
        if not is_tap:
            if result in ('OK', 'EXPECTEDFAIL'):
                outcome.passed += 1
            elif result == 'SKIP':
                text = (test.get('stdout') or test.get('stderr') or '').strip().splitlines()
                outcome.skips.append(text[-1] if text else 'no reason given')
        if result not in ('OK', 'EXPECTEDFAIL', 'SKIP') and not outcome.failures:
            why = {'TIMEOUT': 'took too long', 'INTERRUPT': 'interrupted'}.get(result)
            outcome.failures.append(why or f'ended with status {test.get("returncode")}')
        outcomes.append(outcome)
    return outcomes


def run_meson(args):
    log = BUILD / 'meson-logs' / 'testlog.json'
    log.unlink(missing_ok=True)
    command = ['meson', 'test', '-C', str(BUILD), '--no-rebuild', '--print-errorlogs', '--no-suite', 'mesa']
    command += [word for suite in args.suite for word in ('--suite', suite)]
    command += ['--timeout-multiplier', str(args.timeout_multiplier)]
    command += args.test
    status = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    if not log.exists():
        return status, []
    return status, read_log(log)


def run_format():
    outcome = Outcome('format', 'sources')
    done = subprocess.run([str(TOP / 'tools' / 'npu-format'), '--check'], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode == 0:
        outcome.passed = 1
    else:
        outcome.failures.append(f'{len(lines)} problems; "make format" mends most of them:')
        outcome.failures[0] += ''.join(f'\n      {line}' for line in lines[:40])
    return outcome


def run_vm(args):
    """The kernel driver in virtual machines; tools/npu-check has installed what they need, if it could."""
    log = BUILD / 'meson-logs' / 'vm.json'
    log.unlink(missing_ok=True)
    problem = os.environ.get('NPU_CHECK_NO_VM')
    if problem:
        outcome = Outcome('machine', 'guest')
        outcome.skips.append(problem)
        return [outcome]
    factor = args.timeout_multiplier or 100
    subprocess.run([str(TOP / 'tools' / 'vm-check'), '--may-skip', '--json', str(log), '--time-factor', str(factor)],
                   stdin=subprocess.DEVNULL)
    if not log.exists():
        outcome = Outcome('vm-check', 'guest')
        outcome.failures.append('gave up')
        return [outcome]
    outcomes = []
    for name, result in json.loads(log.read_text()).items():
        outcome = Outcome(name, 'guest')
        outcome.passed = result['passed']
        outcome.failures = result['failures']
        outcome.skips = result['skips']
        outcomes.append(outcome)
    return outcomes


def report(outcomes, seconds):
    print()
    skips = Counter((f'{o.suite} {o.name}', reason) for o in outcomes for reason in o.skips)
    if skips:
        print('skipped:')
        for (who, reason), count in sorted(skips.items()):
            print(f'   {who}: {reason}' + (f' ({count} cases)' if count > 1 else ''))

    print('\nby suite:')
    suites = {}
    for o in outcomes:
        total = suites.setdefault(o.suite or 'other', [0, 0, 0])
        for i, n in enumerate((o.passed, len(o.failures), len(o.skips))):
            total[i] += n
    for suite, (passed, failed, skipped) in sorted(suites.items()):
        print(f'   {suite:<20} {passed:6} passed {failed:5} failed {skipped:5} skipped')
    print(f'   in {seconds:.0f} s\n')

    # Last, where one looks first, and where a cut log still has them.
    width = max([len(f'{o.suite} {o.name}') for o in outcomes], default=10)
    for o in outcomes:
        if not o.failures:
            continue
        print(paint('31', f'{o.suite} {o.name}'.ljust(width)), f'{len(o.failures)} failed')
        for what in o.failures[:20]:
            print(f'   {what}')
        if len(o.failures) > 20:
            print(f'   ... and {len(o.failures) - 20} more')

    passed = sum(o.passed for o in outcomes)
    failed = sum(len(o.failures) for o in outcomes)
    skipped = sum(len(o.skips) for o in outcomes)
    line = f'{passed} passed, {failed} failed, {skipped} skipped'
    print(line if not COLOUR else paint('31' if failed else '32', line))
    return failed


def main():
    parser = argparse.ArgumentParser(
        prog='tools/npu-check',
        description='Runs the tests, counts the cases inside them and ends with "N passed, N failed, N skipped".',
    )
    parser.add_argument('test', nargs='*', help='names of tests to run (default: all)')
    parser.add_argument('--suite', action='append', default=[], help='only this suite (isa, sim, winsys, compiler, opencl)')
    parser.add_argument('--timeout-multiplier', type=float, default=1, help='for slow machines (default 1, 0 for no limit)')
    parser.add_argument('--vm', action='store_true', help='also test the kernel driver in virtual machines (10 minutes)')
    args = parser.parse_args()

    # Nothing of the user's cache is used or filled.
    os.environ.setdefault('NPU_JIT_CACHE', str(BUILD / 'test-jit-cache'))
    start = time.monotonic()
    status, outcomes = run_meson(args)
    if not args.test and not args.suite:
        outcomes.append(run_format())
    if args.vm:
        outcomes += run_vm(args)
    if not outcomes:
        print('npu-check: no test ran', file=sys.stderr)
        return 1
    failed = report(outcomes, time.monotonic() - start)
    return 1 if failed or status else 0


if __name__ == '__main__':
    sys.exit(main())
