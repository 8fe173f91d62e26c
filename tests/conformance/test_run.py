#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Tests of tests/conformance/run and record, with a small suite of shell scripts in the place of the CTS, and of
cl-offline-compiler.

Prints TAP.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

RUN = Path(__file__).resolve().parent / 'run'
RECORD = RUN.parent / 'record'
COMPILER = RUN.parent / 'cl-offline-compiler'
SETTINGS = ('NPU_SIM', 'NPU_COMPILER_DEBUG')

# Behaves like a binary of the CTS: "--list" lists, any other last argument is a sub-test.
BINARY = """#!/bin/bash
if [ "$1" = --list ]; then printf '\\t%s\\n' good bad absent killed slow; exit 0; fi
echo "$*" >>"${0%/*}/calls"
echo "$LD_PRELOAD" >"${0%/*}/preloaded"
report= failed=0
say() { report="$report${report:+, }\\"$sub\\": \\"$1\\""; }
for sub; do
   case $sub in
   -*) ;;
   good) say pass ;;
   bad) echo "wrong by 3 ulp"; say fail; failed=1 ;;
   absent) say skip ;;
   killed) kill -SEGV $$ ;;
   slow) sleep 60 ;;
   *) echo "no sub-test $sub"; exit 1 ;;
   esac
done
echo "{\\"results\\": {$report}}" >"$CL_CONFORMANCE_RESULTS_FILENAME"
exit $failed
"""


class Suite:
    """A folder that looks like a build of the CTS, and what it takes to run it."""

    def __init__(self, folder, lines):
        self.folder = Path(folder)
        tests = self.folder / 'test_conformance/one'
        tests.mkdir(parents=True)
        (tests / 'test_one').write_text(BINARY, encoding='utf-8')
        (tests / 'test_one').chmod(0o755)
        self.csv('full', lines)

    def csv(self, name, lines):
        path = self.folder / f'test_conformance/opencl_conformance_tests_{name}.csv'
        path.write_text('\n'.join(lines) + '\n', encoding='utf-8')

    def run(self, *args, expect='', **variables):
        expectations = self.folder / 'expect.txt'
        expectations.write_text(expect, encoding='utf-8')
        command = [sys.executable, RUN, '--cts', self.folder, '--results', self.folder / 'results']
        command += ['--expect', expectations, '--time-limit', '2', *args]
        env = {name: value for name, value in os.environ.items() if name not in SETTINGS} | variables
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    def statuses(self):
        records = json.loads((self.folder / 'results/results.json').read_text(encoding='utf-8'))['results']
        return {record['name']: record['status'] for record in records}


ALL = ['# a comment', '', 'One thing, one/test_one']
EXPECT = """# name | status | reason
one : bad | fail | the reason
one : killed | crash | the reason
one : slow | timeout | the reason
one : absent | skip | the reason
"""


def last_line(done):
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ''


def test_statuses(folder):
    suite = Suite(folder, ALL)
    done = suite.run()
    want = {'good': 'pass', 'bad': 'fail', 'absent': 'skip', 'killed': 'crash', 'slow': 'timeout'}
    assert suite.statuses() == {f'one : {name}': status for name, status in want.items()}, suite.statuses()
    assert done.returncode == 1 and last_line(done) == '1 passed, 4 failed, 1 skipped', done.stdout
    assert 'one : bad: fail, expected pass' in done.stdout and 'wrong by 3 ulp' in done.stdout, done.stdout


def test_batches(folder):
    want = {'good': 'pass', 'bad': 'fail', 'absent': 'skip', 'killed': 'crash', 'slow': 'timeout'}
    suite = Suite(folder, ALL)
    done = suite.run('--batch', '3', '--jobs', '1')
    assert suite.statuses() == {f'one : {name}': status for name, status in want.items()}, suite.statuses()
    assert last_line(done) == '1 passed, 4 failed, 1 skipped', done.stdout
    calls = (suite.folder / 'test_conformance/one/calls').read_text(encoding='utf-8').splitlines()
    assert calls == ['absent bad good', 'absent', 'bad', 'killed slow', 'killed', 'slow'], calls


def test_expected(folder):
    done = Suite(folder, ALL).run(expect=EXPECT)
    assert done.returncode == 0 and last_line(done) == '1 passed, 0 failed, 1 skipped', done.stdout


def test_expected_of_all(folder):
    expect = 'one : * | skip | the reason\none : bad | fail | the reason\n'
    done = Suite(folder, ALL).run('--only', 'bad|absent', expect=expect)
    assert done.returncode == 0 and last_line(done) == '0 passed, 0 failed, 1 skipped', done.stdout
    done = Suite(Path(folder) / 'good', ALL).run('--only', 'good', expect=expect)
    assert done.returncode == 1 and 'passes, but is expected to skip: the reason' in done.stdout, done.stdout


def test_expected_in_mode(folder):
    expect = 'one : bad | crash | the reason\nspir-v one : bad | fail | the reason\n'
    suite = Suite(folder, ALL)
    suite.csv('full_spirv', ALL)
    done = suite.run('--only', 'bad', '--mode', 'spir-v', expect=expect)
    assert done.returncode == 0 and last_line(done) == '0 passed, 0 failed, 0 skipped', done.stdout


def test_unexpected_pass(folder):
    done = Suite(folder, ALL).run('--only', 'good', expect='one : good | fail | it never works\n')
    assert done.returncode == 1, done.stdout
    assert 'one : good: passes, but is expected to fail: it never works' in done.stdout, done.stdout


def test_patterns_and_arguments(folder):
    suite = Suite(folder, ['A, one/test_one go*', 'CL_DEVICE_TYPE_CPU, B, one/test_one bad', 'C, one/test_one x good'])
    done = suite.run('--show')
    assert done.stdout.split('\n')[:-1] == ['one : good', 'one x : good'], done.stdout


def test_wimpy_is_no_pass(folder):
    done = Suite(folder, ['A, one/test_one -w good']).run()
    assert last_line(done) == '0 passed, 0 failed, 0 skipped', done.stdout


def test_wimpy_option(folder):
    done = Suite(folder, ALL).run('--wimpy', '--only', 'good|absent', expect='one : absent | skip | the reason\n')
    assert last_line(done) == '0 passed, 0 failed, 1 skipped' and done.returncode == 0, done.stdout


def test_resume(folder):
    suite = Suite(folder, ALL)
    suite.run('--only', 'good')
    jsonl = suite.folder / 'results/results.jsonl'
    kept = jsonl.read_text(encoding='utf-8').replace('"pass"', '"crash"')
    jsonl.write_text(kept + '{"name": "cut off in the mid', encoding='utf-8')
    done = suite.run('--only', 'good|bad', '--resume')
    assert suite.statuses() == {'one : good': 'crash', 'one : bad': 'fail'}, (suite.statuses(), done.stderr)


def test_fast_libm(folder):
    suite = Suite(folder, ALL)
    done = suite.run('--only', 'good', '--fast-libm')
    libm = RUN.parents[2] / 'build/npu/tests/conformance/libnpu-cts-libm.so'
    assert last_line(done) == '1 passed, 0 failed, 0 skipped', done.stdout + done.stderr
    preloaded = (suite.folder / 'test_conformance/one/preloaded').read_text(encoding='utf-8')
    assert preloaded == f'{libm}\n', preloaded


def test_table(folder):
    suite = Suite(folder, ALL)
    suite.run('--only', 'good|absent')
    later = suite.folder / 'later'
    later.mkdir()
    (later / 'results.jsonl').write_text('{"name": "one : absent", "status": "crash", "seconds": 2}\n', encoding='utf-8')
    done = subprocess.run([RUN, '--table', suite.folder / 'results', later], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and last_line(done).startswith('| one | 1 | 0 | 1 | 0 | 0 | '), (done.stdout, done.stderr)


def keep(folder, *args):
    command = [RECORD, '--record', Path(folder) / 'record.jsonl', '--page', Path(folder) / 'page.md', *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_record(folder):
    suite = Suite(folder, ALL)
    suite.run('--only', 'good|absent|bad')
    done = keep(folder, '--add', suite.folder / 'results', '--cts-version', 'v7')
    assert done.returncode == 0 and last_line(done) == '1 pass, 1 fail, 1 skip', (done.stdout, done.stderr)
    page = (suite.folder / 'page.md').read_text(encoding='utf-8')
    assert '\n| **all** | 1 | 1 | 0 | 0 | 1 | ' in page and '\n| absent | skip | ' in page, page
    assert keep(folder, '--check').returncode == 0
    (suite.folder / 'page.md').write_text(page.replace('| bad | fail', '| bad | pass'), encoding='utf-8')
    done = keep(folder, '--check')
    assert done.returncode == 1 and '-| bad | pass' in done.stdout, done.stdout
    shown = suite.run('--show', '--missing', suite.folder / 'record.jsonl').stdout.split()
    assert shown == ['one', ':', 'bad', 'one', ':', 'killed', 'one', ':', 'slow'], shown


def test_record_keeps(folder):
    suite = Suite(folder, ALL)
    suite.run('--only', 'good')
    results = suite.folder / 'results'
    add = ['--add', results, '--cts-version', 'v7']
    assert last_line(keep(folder, *add)) == '1 pass'
    lines = (results / 'results.jsonl').read_text(encoding='utf-8')
    for status, want in (('timeout', '1 pass'), ('fail', '1 fail')):
        (results / 'results.jsonl').write_text(lines.replace('"pass"', f'"{status}"'), encoding='utf-8')
        assert last_line(keep(folder, *add)) == want, status
    assert last_line(keep(folder, *add, '--mode', 'spir-v')) == '2 fail'
    suite.run('--only', 'good', '--wimpy')
    assert last_line(keep(folder, *add)) == '2 fail'


def test_record_of_settings(folder):
    suite = Suite(folder, ['A, one/test_one', 'B, one/test_one -w good'])
    add = ['--cts-version', 'v7', '--add', suite.folder / 'results']
    suite.run('--only', ' (good|bad)$', NPU_SIM='interp', NPU_COMPILER_DEBUG='spill')
    done = keep(folder, *add)
    assert last_line(done) == '1 pass, 1 fail, 1 wimpy', done
    page = (suite.folder / 'page.md').read_text(encoding='utf-8')
    heading = '### `NPU_SIM=interp NPU_COMPILER_DEBUG=spill`, online\n'
    assert '## Compiled online' not in page and heading in page and '\n* one : bad: fail\n' in page, page
    assert '\n| one -w (1 more in wimpy mode) | 0 | 0 | ' in page, page
    missing = ['--show', '--missing', suite.folder / 'record.jsonl', '--only', ' good$']
    assert suite.run(*missing).stdout == 'one : good\none -w : good\n'
    assert suite.run(*missing, NPU_SIM='interp').stdout == 'one : good\none -w : good\n'
    assert suite.run(*missing, NPU_SIM='interp', NPU_COMPILER_DEBUG='spill').stdout == '\n'
    done = suite.run('--only', 'one : good$', '--resume')
    assert done.returncode == 2 and 'has results of another setting, NPU_SIM=interp NPU_COMP' in done.stderr, done.stderr
    later = suite.folder / 'later'
    suite.run('--only', 'one : good$', '--results', later)
    done = keep(folder, '--record', suite.folder / 'both.jsonl', *add, later)
    assert last_line(done) == '2 pass, 1 fail, 1 wimpy', done


def test_page_of_the_project(folder):
    done = subprocess.run([RECORD, '--check'], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compile_offline(folder, source, extensions):
    """The words of the SPIR-V, [] if there is none."""
    paths = {name: Path(folder) / name for name in ('source', 'output', 'cl-device-info')}
    paths['output'].unlink(missing_ok=True)
    paths['source'].write_text(source, encoding='utf-8')
    info = f'CL_DEVICE_ADDRESS_BITS=64\nCL_DEVICE_EXTENSIONS="{extensions}"\nCL_DEVICE_IL_VERSION="SPIR-V_1.4"\n'
    paths['cl-device-info'].write_text(info, encoding='utf-8')
    command = [COMPILER, '--mode=spir-v', *(f'--{name}={path}' for name, path in paths.items())]
    done = subprocess.run([*command, '--', '-cl-std=CL3.0'], capture_output=True, text=True, check=False)
    if done.returncode or not paths['output'].exists():
        return []
    return [word for word, in struct.iter_unpack('<I', paths['output'].read_bytes())]


def test_offline_compiler(folder):
    dot = 'kernel void f(global uint *a) { *a = dot_acc_sat_4x8packed_uu_uint(a[0], a[1], a[2]); }'
    words = compile_offline(folder, dot, 'cl_khr_fp16 cl_khr_integer_dot_product')
    name = b''.join(struct.pack('<I', word) for word in words)
    assert words[:1] == [0x07230203] and b'SPV_KHR_integer_dot_product\0' in name, words[:2]
    assert not compile_offline(folder, dot, 'cl_khr_fp16')
    assert not compile_offline(folder, 'kernel void f(', '')
    assert compile_offline(folder, 'kernel void f(global uint *a) { *a += 1; }', '')


def test_bad_input(folder):
    suite = Suite(folder, ALL)
    done = suite.run(expect='one : bad | broken | reason\n')
    assert done.returncode == 2 and 'expect.txt:1: status "broken" is none of' in done.stderr, done.stderr
    done = suite.run('--list', 'fast')
    assert done.returncode == 2 and 'no list "fast"' in done.stderr, done.stderr
    done = suite.run('--only', 'nothing')
    assert done.returncode == 2 and 'no sub-test matches --only' in done.stderr, done.stderr


def main():
    tests = [(name, value) for name, value in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix='npu-cts-') as folder:
            try:
                test(folder)
                print(f'ok {number} - {name}')
            except AssertionError as error:
                failed += 1
                print(f'not ok {number} - {name}')
                print('# ' + str(error).replace('\n', '\n# '))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
