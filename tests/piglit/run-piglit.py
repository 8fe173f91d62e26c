#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Runs piglit's OpenCL profile and compares every result with an expectations file; speaks TAP.

piglit is Debian's package of that name. Each of its tests is a process of its own: two run at a time, each
with a time limit. A test must pass unless the expectations file says otherwise, line by line:

    test name | fail, crash, skip or timeout | reason

A test that is expected to fail and passes is a failure of this run, as is a test of the file that piglit
does not have, a result that piglit does not explain, and a test without a result. With --shard=I/N only every
N-th test runs, starting with the I-th (1 <= I <= N): N runs cover all of them.
"""

import argparse
import bz2
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'expect'))

from expectations import EXPECTABLE, BadInput, read_expectations  # noqa: E402

RESULTS = EXPECTABLE + ('pass', 'warn')
EXPECTED = 'TODO'  # TAP's directive for a known failure


def list_tests(piglit):
    done = subprocess.run([piglit, 'print-cmd', 'cl'], capture_output=True, text=True)
    if done.returncode != 0:
        raise BadInput(f'"{piglit} print-cmd cl" failed:\n{done.stderr.strip()}')
    names = [line.split(' ::: ')[0] for line in done.stdout.splitlines() if ' ::: ' in line]
    if not names:
        raise BadInput(f'"{piglit} print-cmd cl" lists no test')
    return names


def choose(names, args):
    if args.shard:
        m = re.fullmatch(r'(\d+)/(\d+)', args.shard)
        if not m or not 1 <= int(m[1]) <= int(m[2]):
            raise BadInput(f'--shard={args.shard}: expected I/N with 1 <= I <= N')
        names = names[int(m[1]) - 1 :: int(m[2])]
    for pattern in args.test:
        if not any(re.search(pattern, name) for name in names):
            raise BadInput(f'no test matches "{pattern}"')
    return [name for name in names if not args.test or any(re.search(p, name) for p in args.test)]


def run_piglit(piglit, names, results, args):
    """Runs the tests; returns name -> record of piglit's result file."""
    test_list = results.parent / 'tests.txt'
    test_list.write_text('\n'.join(names) + '\n', encoding='utf-8')
    command = [piglit, 'run', '-c', '-j', str(args.jobs), '--timeout', str(args.timeout), '-o', '-l', 'dummy']
    command += ['--test-list', str(test_list), 'cl', str(results)]
    env = dict(os.environ)
    if args.icd:
        env['OCL_ICD_VENDORS'] = args.icd
    done = subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)
    packed = results / 'results.json.bz2'
    plain = results / 'results.json'
    if packed.exists():
        text = bz2.decompress(packed.read_bytes()).decode(errors='replace')
    elif plain.exists():
        text = plain.read_text(errors='replace')
    else:
        raise BadInput(f'piglit left no results (status {done.returncode}):\n{done.stdout}{done.stderr}')
    return json.loads(text)['tests']


def details(record):
    """What somebody wants to see of a test that went wrong: subtests that did not pass, last lines of text."""
    lines = [f'{name}: {result}' for name, result in sorted(record.get('subtests', {}).items())
             if name != '__type__' and result not in ('pass', 'skip')][:10]
    for stream in ('out', 'err'):
        text = [line for line in (record.get(stream) or '').splitlines() if line.strip()]
        lines += text[-12:]
    lines.append(f'command: {record.get("command", "?")}')
    return lines


def compare(names, records, expected):
    """Prints the TAP lines; returns the number of failures."""
    failures = 0
    for number, name in enumerate(names, 1):
        record = records.get(name) or records.get(name.lower())
        result = record['result'] if record else 'no result'
        want, reason = expected.get(name, ('pass', ''))
        title = name.replace('#', r'\#')
        got_pass = result in ('pass', 'warn')
        if got_pass and want == 'pass':
            print(f'ok {number} - {title}')
        elif got_pass:
            failures += 1
            print(f'ok {number} - {title} # {EXPECTED} passes, but is expected to {want}: {reason}')
        elif result == want == 'skip':
            print(f'ok {number} - {title} # SKIP {reason}')
        elif result == want:
            print(f'not ok {number} - {title} # {EXPECTED} {want}: {reason}')
        else:
            failures += 1
            print(f'not ok {number} - {title} ({result}, expected {want})')
            if record and result in RESULTS:
                for line in details(record):
                    print(f'# {line}')
    return failures


def print_new_expectations(names, records, expected):
    for name in names:
        result = records.get(name, {}).get('result', 'no result')
        if result not in ('pass', 'warn'):
            reason = expected[name][1] if expected.get(name, ('',))[0] == result else 'not explained yet'
            print(f'{name} | {result} | {reason}')


def main():
    parser = argparse.ArgumentParser(
        description="Runs piglit's OpenCL profile and compares it with the expectations; speaks TAP."
    )
    parser.add_argument('test', nargs='*', help='regular expressions: run only tests that match one')
    parser.add_argument('--expect', type=Path, help='expectations file (default: every test passes)')
    parser.add_argument('--icd', help='.icd file or directory: what OCL_ICD_VENDORS is set to')
    parser.add_argument('--jobs', type=int, default=2, help='tests at a time (default 2)')
    parser.add_argument('--timeout', type=int, default=60, help='seconds for one test (default 60)')
    parser.add_argument('--shard', help='I/N: only every N-th test, from the I-th on')
    parser.add_argument('--results', type=Path, help="keep piglit's result directory here")
    parser.add_argument('--piglit', default='piglit', help='the program (default: from PATH)')
    parser.add_argument('--list', action='store_true', help='print the names of the tests')
    parser.add_argument('--update', action='store_true', help='print lines for the expectations file instead of TAP')
    args = parser.parse_args()

    if not shutil.which(args.piglit):
        print(f'1..0 # SKIP {args.piglit} is not installed')
        return 0
    try:
        expected = read_expectations(args.expect, 'test | result | reason') if args.expect else {}
        everything = list_tests(args.piglit)
        unknown = sorted(set(expected) - set(everything))
        if unknown:
            raise BadInput(f'{args.expect}: piglit has no test "{unknown[0]}"' +
                           (f' (and {len(unknown) - 1} more)' if len(unknown) > 1 else ''))
        names = choose(everything, args)
        if args.list:
            print('\n'.join(names))
            return 0
        with tempfile.TemporaryDirectory(prefix='npu-piglit-') as scratch:
            results = (args.results or Path(scratch) / 'results').absolute()
            results.parent.mkdir(parents=True, exist_ok=True)
            records = run_piglit(args.piglit, names, results, args)
            if args.update:
                print_new_expectations(names, records, expected)
                return 0
            failures = compare(names, records, expected)
    except (BadInput, OSError) as error:
        print('Bail out! ' + str(error).replace('\n', '\n# '))
        return 1
    print(f'1..{len(names)}')
    print(f'# {len(names) - failures} as expected, {failures} not')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
