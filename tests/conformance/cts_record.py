# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""The record of the OpenCL-CTS that the project keeps: tests/conformance/record.jsonl, and the page made of it.

A line is a JSON object: mode, name ("binary arguments : sub-test"), status, seconds, cpu_seconds, cts (version of the
suite), commit (of this project; "-dirty" if the tree had changes), and setting if the environment chose another engine
or stressed the compiler ("NPU_SIM=interp"). A sub-test has one line a mode and setting, the last result. What ran in
wimpy mode has "wimpy" and is kept for settings only.
"""

import json
from collections import Counter
from pathlib import Path

from cts_report import STATUSES, by_binary, count_row, counted_as, table

PATH = Path(__file__).resolve().parent / 'record.jsonl'
MODES = {'online': 'Compiled online', 'spir-v': 'Compiled to SPIR-V beforehand (`--mode spir-v`)'}
DONE = ('pass', 'skip')

INTRODUCTION = """# Every sub-test of the conformance suite

Made by `tests/conformance/record` from `tests/conformance/record.jsonl`: the last run of each sub-test in full mode
(never wimpy). [conformance.md](conformance.md) says how to repeat it. Seconds are those of the clock and of the
processor, on two cores that had other work; the commit is this project's. What ran with another engine or with the
compiler under stress stands at the end, by binary; only there some of it is a sample in wimpy mode, counted apart.
"""


def read(path):
    """(mode, setting, name) -> line of the record; empty if there is no such file."""
    if not path.exists():
        return {}
    lines = map(json.loads, path.read_text(encoding='utf-8').splitlines())
    return {(line['mode'], line.get('setting', ''), line['name']): line for line in lines}


def write(path, record):
    lines = (json.dumps(record[key]) + '\n' for key in sorted(record))
    path.write_text(''.join(lines), encoding='utf-8')


def select(record, mode, setting):
    """name -> line of what ran so."""
    return {name: line for (*ran, name), line in sorted(record.items()) if ran == [mode, setting]}


def done(record, mode, setting):
    """Names of the sub-tests that need not run again: they passed, or skipped."""
    return {name for name, line in select(record, mode, setting).items() if line['status'] in DONE}


def merge(record, results, mode, version):
    """Takes results of tests/conformance/run over; a pass or skip is not replaced by a timeout, which says nothing."""
    for name, result in results.items():
        setting, wimpy = result.get('setting', ''), result.get('wimpy')
        old = record.get((mode, setting, name))
        known = old and old['status'] in DONE
        if (wimpy and not setting) or (known and result['status'] == 'timeout'):
            continue
        line = {'mode': mode, 'name': name, 'status': result['status'], 'seconds': result['seconds']}
        line |= {'cpu_seconds': result['cpu_seconds'], 'cts': version, 'commit': result['commit']}
        if setting:
            line['setting'] = setting
        if wimpy:
            line['wimpy'] = True
        record[mode, setting, name] = line


def subtests(group, lines):
    """The table of one binary."""
    versions = ', '.join(sorted({line['cts'] for line in lines}))
    text = [f'### {group}', '', f'Suite {versions}.', '']
    text += ['| sub-test | result | seconds | of processor | commit |', '|---|---|---:|---:|---|']
    for line in lines:
        name = line['name'].split(' : ')[1]
        text.append(f'| {name} | {line["status"]} | {line["seconds"]} | {line["cpu_seconds"]} | {line["commit"]} |')
    return text + ['']


def whole_table(results):
    return table(results) + count_row('**all**', results.values())


def other_settings(record):
    """The tables of what ran with another engine or a stressed compiler, and what did not pass there."""
    text = []
    for mode, setting in sorted({(mode, setting) for mode, setting, _ in record if setting}):
        results = select(record, mode, setting)
        text += [f'### `{setting}`, {mode}', '', whole_table(results)]
        not_good = [f'* {name}: {line["status"]}' for name, line in results.items() if line['status'] not in DONE]
        text += [*not_good, ''] if not_good else []
    return ['## Engines and compiler settings', '', *text] if text else []


def page(record):
    """The text of docs/conformance-subtests.md."""
    text = [INTRODUCTION]
    for mode, title in MODES.items():
        results = select(record, mode, '')
        if results:
            text += [f'## {title}', '', whole_table(results)]
            for group, lines in by_binary(results).items():
                text += subtests(group, lines)
    text += other_settings(record)
    return '\n'.join(text).rstrip('\n') + '\n'


def summary(record):
    """One line for people: how many of each status."""
    count = Counter(counted_as(line) for line in record.values())
    statuses = (*STATUSES, 'wimpy')
    return ', '.join(f'{count[status]} {status}' for status in statuses if count[status]) or 'the record is empty'
