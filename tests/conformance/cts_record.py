# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""The record of the OpenCL-CTS that the project keeps: tests/conformance/record.jsonl, and the page made of it.

A line is a JSON object: mode, name ("binary arguments : sub-test"), status, seconds, cpu_seconds, cts (version of the
suite) and commit (of this project; "-dirty" if the tree had changes). A sub-test has one line a mode, the last result.
"""

import json
from collections import Counter
from pathlib import Path

from cts_report import STATUSES, by_binary, count_row, table

PATH = Path(__file__).resolve().parent / 'record.jsonl'
MODES = {'online': 'Compiled online', 'spir-v': 'Compiled to SPIR-V beforehand (`--mode spir-v`)'}
DONE = ('pass', 'skip')

INTRODUCTION = """# Every sub-test of the conformance suite

Made by `tests/conformance/record` from `tests/conformance/record.jsonl`: the last run of each sub-test in full mode
(never wimpy). [conformance.md](conformance.md) says how to repeat it. Seconds are those of the clock and of the
processor, on two cores that had other work; the commit is this project's.
"""


def read(path):
    """(mode, name) -> line of the record; empty if there is no such file."""
    if not path.exists():
        return {}
    lines = map(json.loads, path.read_text(encoding='utf-8').splitlines())
    return {(line['mode'], line['name']): line for line in lines}


def write(path, record):
    lines = (json.dumps(record[key]) + '\n' for key in sorted(record))
    path.write_text(''.join(lines), encoding='utf-8')


def done(record, mode):
    """Names of the sub-tests that need not run again: they passed, or skipped."""
    return {name for (m, name), line in record.items() if m == mode and line['status'] in DONE}


def merge(record, results, mode, version):
    """Takes results of tests/conformance/run over; a pass or skip is not replaced by a timeout, which says nothing."""
    for name, result in results.items():
        old = record.get((mode, name))
        known = old and old['status'] in DONE
        if result.get('wimpy') or (known and result['status'] == 'timeout'):
            continue
        line = {'mode': mode, 'name': name, 'status': result['status'], 'seconds': result['seconds']}
        line |= {'cpu_seconds': result['cpu_seconds'], 'cts': version, 'commit': result['commit']}
        record[mode, name] = line


def subtests(group, lines):
    """The table of one binary."""
    versions = ', '.join(sorted({line['cts'] for line in lines}))
    text = [f'### {group}', '', f'Suite {versions}.', '']
    text += ['| sub-test | result | seconds | of processor | commit |', '|---|---|---:|---:|---|']
    for line in lines:
        name = line['name'].split(' : ')[1]
        text.append(f'| {name} | {line["status"]} | {line["seconds"]} | {line["cpu_seconds"]} | {line["commit"]} |')
    return text + ['']


def page(record):
    """The text of docs/conformance-subtests.md."""
    text = [INTRODUCTION]
    for mode, title in MODES.items():
        results = {name: line for (m, name), line in sorted(record.items()) if m == mode}
        if results:
            text += [f'## {title}', '', table(results) + count_row('**all**', results.values())]
            for group, lines in by_binary(results).items():
                text += subtests(group, lines)
    return '\n'.join(text).rstrip('\n') + '\n'


def summary(record):
    """One line for people: how many of each status."""
    count = Counter(line['status'] for line in record.values())
    return ', '.join(f'{count[status]} {status}' for status in STATUSES if count[status]) or 'the record is empty'
